"""Items of lesson 02: sizes, padding, stride, dilation."""

from __future__ import annotations

from math import ceil
from random import Random
from typing import Any

from cnnlib import arithmetic

from .compute import (
    at,
    flat,
    own_conv,
    own_count,
    patch,
    products,
    some_grid,
    torch_conv,
    torch_size,
    turned,
)
from .items import Show, grid, shown
from .kind import Facts, Kind, Slip

_LARGEST = {"size": 16, "kernel_size": 9, "stride": 8, "padding": 4, "dilation": 4}
"""What ``explore_sizes`` can draw."""


def sizes_picture(**setting: int) -> Show | None:
    """Show a setting in ``explore_sizes``, where it is small enough to be drawn."""
    if any(value > _LARGEST[name] for name, value in setting.items()):
        return None
    return Show("explore_sizes", {"left": setting})


def frame(f: Facts) -> str:
    """Say what padding, stride and dilation a layer has."""
    words = [f"padding {f.p}", f"stride {f.s}"]
    if getattr(f, "d", 1) != 1:
        words.append(f"dilation {f.d}")
    return ", ".join(words[:-1]) + f" and {words[-1]}"


# ---- the formula ------------------------------------------------------------------


def _setting(random: Random, level: int) -> dict[str, Any]:
    k = random.choice((3, 5) if level == 1 else (2, 3, 4, 5, 7))
    s = 1 if level == 1 else random.choice((1, 2, 2, 3) if level == 2 else (2, 3, 4))
    p = random.choice((0, 1, 2) if level == 1 else (0, 1, 2, 3))
    n = random.choice((7, 8, 9, 10, 12, 14, 16, 20, 24, 28, 32))
    if level == 3:
        n = random.choice((15, 16, 27, 28, 31, 32, 33, 64, 100))
    return {"n": n, "k": k, "s": s, "p": p}


def _whole(value: float) -> Any:
    return int(value) if value == int(value) else round(value, 4)


SIZE = Kind(
    name="output-size",
    lesson="02",
    heading="The formula",
    form="number",
    draw=_setting,
    ask=lambda f: (
        f"A convolution has a {f.k}x{f.k} kernel, {frame(f)}. The input is "
        f"{f.n}x{f.n}. How high is the output?",
    ),
    right=lambda f: torch_size(f.n, f.k, f.s, f.p),
    again=lambda f: own_count(f.n, f.k, f.s, f.p),
    slips=(
        Slip(
            "padding on one side only",
            lambda f: (f.n + f.p - f.k) // f.s + 1 if f.p else None,
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="output_size",
        ),
        Slip(
            "one too few",
            lambda f: (f.n + 2 * f.p - f.k) // f.s,
            "the + 1 is missing",
            "The first place of the window counts, too.",
            of="output_size",
        ),
        Slip(
            "padding ignored",
            lambda f: (f.n - f.k) // f.s + 1 if f.p else None,
            "the padding is left out",
            "It makes the input larger by 2*{p}.",
            of="output_size",
        ),
        Slip(
            "stride ignored",
            lambda f: f.n + 2 * f.p - f.k + 1 if f.s > 1 else None,
            "the stride is left out",
            "The window moves on by {s} pixels.",
            of="output_size",
        ),
        Slip(
            "ceil for floor",
            lambda f: ceil((f.n + 2 * f.p - f.k) / f.s) + 1,
            "the division is rounded up",
            "A window that does not fit wholly is left out, so round down.",
            of="output_size",
        ),
        Slip(
            "1 added before the division",
            lambda f: (f.n + 2 * f.p - f.k + 1) // f.s,
            "the 1 is added before the division",
            "First divide, then add 1.",
            of="output_size",
        ),
        Slip(
            "not rounded",
            lambda f: _whole((f.n + 2 * f.p - f.k) / f.s + 1),
            "the division is not rounded",
            "There are only whole windows, so round down.",
            of="output_size",
        ),
        Slip(
            "one too many",
            lambda f: (f.n + 2 * f.p - f.k) // f.s + 2,
            "one place is counted too many",
            "Add 1, and nothing else, after the division.",
            of="output_size",
        ),
    ),
    steps=lambda f, answer: (
        "Output size: floor((n + 2p - k)/s) + 1.",
        f"With the numbers: floor(({f.n} + 2*{f.p} - {f.k})/{f.s}) + 1 = {answer}",
    ),
    show=lambda f: sizes_picture(size=f.n, kernel_size=f.k, stride=f.s, padding=f.p),
)


def _two_axes(random: Random, level: int) -> dict[str, Any]:
    h, w = random.sample((8, 10, 12, 16, 20, 24, 28, 32), 2)
    kh, kw = random.sample((1, 3, 5), 2) if level > 1 else (3, 3)
    ph, pw = (random.sample((0, 1, 2), 2)) if level > 1 else (1, 1)
    sh, sw = random.sample((1, 2, 3), 2) if level != 2 else (2, 2)
    return {"h": h, "w": w, "kh": kh, "kw": kw, "ph": ph, "pw": pw, "sh": sh,
            "sw": sw}  # fmt: skip


def _axes(f: Facts, p: int = 2, swap: str = "") -> tuple[int, int]:
    """Return (height, width), perhaps with the pairs in `swap` the other way round."""
    kernel, pad, stride = (f.kh, f.kw), (f.ph, f.pw), (f.sh, f.sw)
    kernel = kernel[::-1] if "k" in swap else kernel
    pad = pad[::-1] if "p" in swap else pad
    stride = stride[::-1] if "s" in swap else stride
    first, second = (
        (n + p * around - k) // s + 1
        for n, k, around, s in zip((f.h, f.w), kernel, pad, stride, strict=True)
    )
    return first, second


AXES = Kind(
    name="two-axes",
    lesson="02",
    heading="Rows and columns may differ",
    form="size",
    draw=_two_axes,
    ask=lambda f: (
        f"The input is {f.h}x{f.w}, height first. The kernel is {f.kh}x{f.kw}, the "
        f"padding ({f.ph}, {f.pw}), the stride ({f.sh}, {f.sw}). What size has the "
        "output?",
    ),
    right=lambda f: tuple(
        int(n)
        for n in arithmetic.output_size(
            (f.h, f.w), (f.kh, f.kw), (f.sh, f.sw), (f.ph, f.pw)
        )
    ),
    again=lambda f: (
        own_count(f.h, f.kh, f.sh, f.ph),
        own_count(f.w, f.kw, f.sw, f.pw),
    ),
    slips=(
        Slip(
            "stride rows and columns swapped",
            lambda f: _axes(f, swap="s"),
            "the two strides are swapped",
            "The first number is for the rows.",
            of="conv2d",
        ),
        Slip(
            "padding rows and columns swapped",
            lambda f: _axes(f, swap="p"),
            "the two paddings are swapped",
            "The first number is for the rows: above and below.",
            of="conv2d",
        ),
        Slip(
            "kernel's height and width swapped in the size",
            lambda f: _axes(f, swap="k"),
            "height and width of the kernel are swapped",
            "The height comes first.",
            of="correlate2d",
        ),
        Slip(
            "padding on one side only",
            lambda f: _axes(f, p=1),
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="output_size",
        ),
        Slip(
            "padding ignored",
            lambda f: _axes(f, p=0),
            "the padding is left out",
            "It makes the input larger.",
            of="output_size",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: _axes(f)[::-1],
            "height and width of the result are swapped",
            "The height comes first.",
            of="conv2d",
        ),
    ),
    steps=lambda f, answer: (
        f"Height: floor(({f.h} + 2*{f.ph} - {f.kh})/{f.sh}) + 1 = {_axes(f)[0]}.",
        f"Width: floor(({f.w} + 2*{f.pw} - {f.kw})/{f.sw}) + 1 = {_axes(f)[1]}.",
        f"The output is {answer}.",
    ),
)

# ---- the formula, turned round ----------------------------------------------------


def _padding(random: Random, level: int) -> dict[str, Any]:
    k = random.choice((3, 5, 7) if level == 1 else (2, 3, 4, 5, 6, 7))
    s = 1 if level < 3 else 2
    p = random.randint(1, 3) if level == 1 else random.randint(0, 4)
    n = random.choice((8, 10, 12, 14, 16, 20, 28))
    return {"n": n, "k": k, "s": s, "out": own_count(n, k, s, p)}


def _least_padding(f: Facts) -> int | None:
    """Return the least padding that gives the output, by trying each."""
    fitting = (
        p for p in range(20)
        if arithmetic.output_size(f.n, f.k, stride=f.s, padding=p) == f.out
    )  # fmt: skip
    return next(fitting, None)


WHICH_PADDING = Kind(
    name="which-padding",
    lesson="02",
    heading="Padding: zeros around the picture",
    form="number",
    draw=_padding,
    ask=lambda f: (
        f"A {f.k}x{f.k} kernel with stride {f.s} makes {f.out}x{f.out} of a "
        f"{f.n}x{f.n} input. What is the least padding with which it does so?",
    ),
    right=_least_padding,
    again=lambda f: max(0, ceil(((f.out - 1) * f.s + f.k - f.n) / 2)),
    slips=(
        Slip(
            "all of it on each side",
            lambda f: _positive((f.out - 1) * f.s + f.k - f.n),
            "all the zeros stand on each side",
            "Half of them stand on each side.",
            of="same_padding",
        ),
        Slip(
            "one too few",
            lambda f: _positive(ceil((f.out * f.s + f.k - f.n) / 2)),
            "the + 1 of the formula is forgotten",
            "The first place of the window counts, too.",
            of="output_size",
        ),
        Slip(
            "the whole kernel in place of k - 1",
            lambda f: f.k,
            "the padding is as large as the kernel",
            "Solve n + 2p - k = (output - 1) * s for p.",
            of="same_padding",
        ),
        Slip(
            "k // 2 on both sides",
            lambda f: f.k // 2,
            "the padding is the one that keeps the size at stride 1",
            "Here the output is {out}, so use the formula.",
            of="same_padding",
        ),
        Slip(
            "stride ignored",
            lambda f: _positive(ceil((f.out - 1 + f.k - f.n) / 2)) if f.s > 1 else None,
            "the stride is left out",
            "{out} windows lie {s} pixels apart.",
            of="output_size",
        ),
        Slip(
            "difference of the sizes",
            lambda f: abs(f.out - f.n),
            "the sizes are only subtracted",
            "The kernel, too, takes something away.",
        ),
    ),
    steps=lambda f, answer: (
        f"{f.out} windows, {f.s} apart, reach over {f.out - 1}*{f.s} + {f.k} = "
        f"{(f.out - 1) * f.s + f.k} pixels.",
        f"The input has {f.n}. What is missing stands half on each side: {answer}.",
    ),
    show=lambda f: sizes_picture(
        size=f.n, kernel_size=f.k, stride=f.s, padding=_least_padding(f) or 0
    ),
)


def _positive(value: float) -> int | None:
    return int(value) if value >= 0 else None


def _which_kernel(random: Random, level: int) -> dict[str, Any]:
    k = random.choice((2, 3, 4, 5, 6, 7, 9))
    p = 0 if level == 1 else random.choice((1, 2, 3))
    d = 1 if level < 3 else 2
    n = random.choice((12, 14, 16, 20, 24, 28, 32))
    if d == 2:
        k = random.choice((2, 3, 4, 5))
    return {"n": n, "p": p, "s": 1, "d": d, "out": own_count(n, k, 1, p, d)}


WHICH_KERNEL = Kind(
    name="which-kernel",
    lesson="02",
    heading="Why the map shrinks",
    form="number",
    draw=_which_kernel,
    ask=lambda f: (
        f"A layer with {frame(f)} makes {f.out}x{f.out} of a {f.n}x{f.n} input. "
        "How high is its square kernel?",
    ),
    right=lambda f: next(
        k for k in range(1, 40) if torch_size(f.n, k, 1, f.p, f.d) == f.out
    ),
    again=lambda f: (f.n + 2 * f.p - f.out) // f.d + 1,
    slips=(
        Slip(
            "one too few",
            lambda f: (f.n + 2 * f.p - f.out) // f.d,
            "the kernel is one too small",
            "A kernel of k takes away k - 1 pixels, not k.",
            of="output_size",
        ),
        Slip(
            "padding ignored",
            lambda f: (f.n - f.out) // f.d + 1 if f.p and f.n >= f.out else None,
            "the padding is left out",
            "It makes the input larger by 2*{p}.",
            of="output_size",
        ),
        Slip(
            "padding on one side only",
            lambda f: (f.n + f.p - f.out) // f.d + 1 if f.p and f.n >= f.out else None,
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="output_size",
        ),
        Slip(
            "dilation ignored",
            lambda f: f.n + 2 * f.p - f.out + 1 if f.d > 1 else None,
            "the holes are counted as part of the kernel",
            "With dilation 2 every second pixel is skipped.",
            of="output_size",
        ),
        Slip(
            "one too many",
            lambda f: (f.n + 2 * f.p - f.out) // f.d + 2,
            "the kernel is one too large",
            "A kernel of k takes away k - 1 pixels.",
            of="output_size",
        ),
    ),
    steps=lambda f, answer: (
        f"The padded input is {f.n} + 2*{f.p} = {f.n + 2 * f.p} high.",
        f"The map is {f.n + 2 * f.p - f.out} smaller: that is "
        + ("k - 1." if f.d == 1 else f"{f.d}*(k - 1)."),
        f"So k = {answer}.",
    ),
)


def _same(random: Random, level: int) -> dict[str, Any]:
    k = random.choice((3, 5, 7, 9, 11, 13, 15)) if level < 3 else (
        random.choice((2, 4, 6, 8, 10))
    )  # fmt: skip
    d = random.choice((2, 3, 4)) if level == 2 else random.choice((1, 3))
    return {"k": k, "d": d if level > 1 else 1, "n": random.choice((20, 28, 32, 64))}


def _both_sides(f: Facts) -> tuple[int, int]:
    """Find the padding by trying: both sides equal, or one more at the end."""
    for before in range(60):
        for after in (before, before + 1):
            if f.n + before + after - f.d * (f.k - 1) == f.n:
                return before, after
    raise AssertionError("no padding keeps the size")


SAME = Kind(
    name="same-padding",
    lesson="02",
    heading='"valid" and "same"',
    form="shape",
    draw=_same,
    ask=lambda f: (
        f"A layer keeps a {f.n}x{f.n} input at its size. The kernel is {f.k}x{f.k}, "
        f"the dilation {f.d}, the stride 1. Which padding (above, below) does "
        '`padding="same"` take?',
    ),
    right=lambda f: tuple(int(side) for side in arithmetic.same_padding(f.k, f.d)),
    again=_both_sides,
    slips=(
        Slip(
            "d * (k // 2) on both sides",
            lambda f: (f.d * (f.k // 2),) * 2,
            "half of the kernel, rounded down, stands on both sides",
            "Both sides together need d*(k - 1) zeros.",
            of="same_padding",
        ),
        Slip(
            "all of it on each side",
            lambda f: (f.d * (f.k - 1),) * 2,
            "all the zeros stand on each side",
            "They are shared out between the two sides.",
            of="same_padding",
        ),
        Slip(
            "dilation ignored",
            lambda f: ((f.k - 1) // 2, f.k // 2) if f.d > 1 else None,
            "the dilation is left out",
            "The kernel reaches over {d}*({k} - 1) + 1 pixels.",
            of="same_padding",
        ),
        Slip(
            "extra one before",
            lambda f: (f.d * (f.k - 1) - f.d * (f.k - 1) // 2, f.d * (f.k - 1) // 2),
            "the odd pixel stands at the beginning",
            "PyTorch puts it at the end.",
            of="same_padding",
        ),
        Slip(
            "the whole kernel in place of k - 1",
            lambda f: ((f.d * (f.k - 1) + 1) // 2, f.d * (f.k - 1) // 2 + 1),
            "the whole reach of the kernel is shared out",
            "Its first cell takes nothing away.",
            of="same_padding",
        ),
        Slip(
            "all of it after",
            lambda f: (0, f.d * (f.k - 1)),
            "all the zeros stand at the end",
            "They are shared out between the two sides.",
            of="same_padding",
        ),
    ),
    steps=lambda f, answer: (
        f"The kernel takes away {f.d}*({f.k} - 1) = {f.d * (f.k - 1)} pixels.",
        "Half of them stand above, half below; an odd one stands below.",
        f"The padding is {answer}.",
    ),
)

# ---- who is seen ------------------------------------------------------------------


def _coverage(random: Random, level: int) -> dict[str, Any]:
    n, k = random.choice((5, 6, 7, 8)), random.choice((3,) if level == 1 else (2, 3, 4))
    return {
        "n": n,
        "k": k,
        "s": 1 if level < 3 else 2,
        "p": 0 if level == 1 else random.choice((0, 1)),
        "i": random.randrange(n),
        "j": random.randrange(n),
    }


def _seen(f: Facts, axis: int, p: int | None = None, s: int | None = None) -> int:
    """Count the windows along one axis that hold a pixel."""
    p, s = f.p if p is None else p, f.s if s is None else s
    starts = range(-p, f.n + p - f.k + 1, s)
    return sum(start <= axis < start + f.k for start in starts)


COVERAGE = Kind(
    name="coverage",
    lesson="02",
    heading="Who is seen how often?",
    form="number",
    draw=_coverage,
    ask=lambda f: (
        f"A {f.k}x{f.k} kernel moves over a {f.n}x{f.n} picture, {frame(f)}. In how "
        f"many windows does the pixel in row {f.i}, column {f.j} lie? Count from 0.",
    ),
    right=lambda f: int(
        arithmetic.coverage(f.n, f.k, stride=f.s, padding=f.p)[f.i, f.j]
    ),
    again=lambda f: sum(
        a <= f.i < a + f.k and b <= f.j < b + f.k
        for a in range(-f.p, f.n + f.p - f.k + 1, f.s)
        for b in range(-f.p, f.n + f.p - f.k + 1, f.s)
    ),
    slips=(
        Slip(
            "every pixel alike",
            lambda f: f.k * f.k,
            "each pixel is in as many windows as the kernel has cells",
            "Near the border fewer windows reach a pixel.",
        ),
        Slip(
            "rows and columns added",
            lambda f: _seen(f, f.i) + _seen(f, f.j),
            "the counts of rows and columns are added",
            "Each row of windows goes with each column: multiply.",
        ),
        Slip(
            "one axis only",
            lambda f: _seen(f, f.i),
            "only the rows are counted",
            "The windows move along the columns as well: multiply.",
        ),
        Slip(
            "counted from 1",
            lambda f: _seen(f, f.i - 1) * _seen(f, f.j - 1) if f.i and f.j else None,
            "rows and columns are counted from 1",
            "The first row and column have the index 0.",
        ),
        Slip(
            "padding ignored",
            lambda f: _seen(f, f.i, p=0) * _seen(f, f.j, p=0) if f.p else None,
            "the padding is left out",
            "With padding more windows reach the border.",
            of="output_size",
        ),
        Slip(
            "stride ignored",
            lambda f: _seen(f, f.i, s=1) * _seen(f, f.j, s=1) if f.s > 1 else None,
            "the stride is left out",
            "The window moves on by {s} pixels.",
            of="output_size",
        ),
    ),
    steps=lambda f, answer: (
        f"Windows that hold row {f.i}: {_seen(f, f.i)}.",
        f"Windows that hold column {f.j}: {_seen(f, f.j)}.",
        f"Each goes with each: {_seen(f, f.i)}*{_seen(f, f.j)} = {answer}",
    ),
    show=lambda f: sizes_picture(size=f.n, kernel_size=f.k, stride=f.s, padding=f.p),
)


def _rest(random: Random, level: int) -> dict[str, Any]:
    s = random.choice((2, 3) if level < 3 else (3, 4, 5))
    k = random.choice((2, 3) if level == 1 else (3, 4, 5))
    return {"n": random.randint(8, 30), "k": k, "s": s, "p": 0}


SKIPPED = Kind(
    name="pixels-left-over",
    lesson="02",
    heading="Padding so that a stride fits",
    form="number",
    draw=_rest,
    ask=lambda f: (
        f"A {f.k}x{f.k} kernel with stride {f.s} moves over a picture of "
        f"{f.n} columns, without padding. How many columns at the right edge are "
        "in no window?",
    ),
    right=lambda f: (
        f.n - (int(arithmetic.output_size(f.n, f.k, stride=f.s)) - 1) * f.s - f.k
    ),
    again=lambda f: (
        f.n - 1 - max(a + f.k - 1 for a in range(0, f.n, f.s) if a + f.k <= f.n)
    ),
    slips=(
        Slip(
            "input divided by the stride",
            lambda f: f.n % f.s,
            "the rest of width by stride is taken",
            "The kernel must be taken away first.",
            of="output_size",
        ),
        Slip(
            "kernel for stride",
            lambda f: f.n % f.k,
            "the rest of width by kernel is taken",
            "The window moves on by the stride.",
        ),
        Slip(
            "one too few",
            lambda f: (f.n - f.k + 1) % f.s,
            "one pixel is counted too many before the division",
            "The last window starts at the latest at column {n} - {k}.",
        ),
        Slip(
            "nothing left over",
            lambda f: 0,
            "it is taken for granted that the stride fits",
            "Divide {n} - {k} by {s} and look at the rest.",
        ),
        Slip(
            "partial last window kept (ceil for floor)",
            lambda f: (f.s - (f.n - f.k) % f.s) % f.s,
            "the columns that are missing for one more window are counted",
            "Asked for are those that are there and in no window.",
            of="conv2d",
        ),
    ),
    steps=lambda f, answer: (
        f"The windows start at 0, {f.s}, {2 * f.s} and so on, at the latest at "
        f"{f.n} - {f.k} = {f.n - f.k}.",
        f"{f.n - f.k} divided by {f.s} leaves the rest {answer}.",
    ),
    show=lambda f: sizes_picture(size=f.n, kernel_size=f.k, stride=f.s),
)

# ---- numbers of a padded or strided map -------------------------------------------


def _framed(random: Random, level: int) -> dict[str, Any]:
    side = 3 if level == 1 else 4
    out = side  # 3x3 kernel, padding 1
    edge = (0, out - 1)
    i, j = random.choice(edge), random.choice(range(out) if level > 1 else edge)
    return {
        "image": some_grid(random, side, side, 1, 5),
        "kernel": some_grid(random, 3, 3, -1, 2),
        "bias": random.choice((1, 2, 3)) if level == 3 else 0,
        "i": i,
        "j": j,
    }


def _edge_repeated(image: Any) -> Any:
    wide = [[row[0], *row, row[-1]] for row in image]
    return [wide[0], *wide, wide[-1]]


PADDED = Kind(
    name="padded-number",
    lesson="02",
    heading="Padding: zeros around the picture",
    form="number",
    draw=_framed,
    ask=lambda f: (
        f"This image goes through the kernel below: padding 1, stride 1, bias "
        f"{f.bias}. Which number stands in row {f.i}, column {f.j} of the map?",
        grid("image", f.image),
        grid("kernel", f.kernel),
    ),
    right=lambda f: torch_conv(f.image, f.kernel, f.bias, padding=1)[f.i][f.j],
    again=lambda f: own_conv(f.image, f.kernel, f.bias, padding=1)[f.i][f.j],
    slips=(
        Slip(
            "padding ignored",
            lambda f: at(torch_conv(f.image, f.kernel, f.bias), (f.i, f.j)),
            "the padding is left out",
            "With padding 1 the first window hangs over the corner.",
            of="conv2d",
        ),
        Slip(
            "padding by repeating the edge",
            lambda f: torch_conv(_edge_repeated(f.image), f.kernel, f.bias)[f.i][f.j],
            "the frame repeats the pixels of the edge",
            "It is made of zeros.",
            of="conv2d",
        ),
        Slip(
            "kernel flipped",
            lambda f: torch_conv(f.image, turned(f.kernel), f.bias, padding=1)[f.i][
                f.j
            ],
            "the kernel is turned by 180 degrees",
            "A convolution layer lays it on the image as it is.",
            of="conv2d",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: torch_conv(f.image, f.kernel, f.bias, padding=1)[f.j][f.i],
            "row and column are swapped",
            "The row comes first.",
            of="conv2d",
        ),
        Slip(
            "bias forgotten",
            lambda f: torch_conv(f.image, f.kernel, padding=1)[f.i][f.j],
            "the bias is forgotten",
            "It is added once, after the sum.",
            of="conv2d",
        ),
        Slip(
            "kernel moved into the image",
            lambda f: torch_conv(f.image, f.kernel, f.bias)[min(f.i, len(f.image) - 3)][
                min(f.j, len(f.image) - 3)
            ],
            "the window is moved until it lies inside the image",
            "It hangs over the edge, and the zeros lie under it.",
        ),
    ),
    steps=lambda f, answer: (
        f"With the frame of zeros the window holds {shown(_under(f), 'row')}.",
        f"Multiply and add: {products(_under(f), flat(f.kernel))}.",
        f"With the bias {f.bias}: {answer}.",
    ),
    show=lambda f: Show(
        "step_conv",
        {"image": f.image, "kernel": f.kernel, "bias": f.bias, "padding": 1},
        (f.i, f.j),
    ),
)


def _under(f: Facts) -> list[int]:
    zeros = [0] * (len(f.image) + 2)
    padded = [zeros, *([0, *row, 0] for row in f.image), zeros]
    return patch(padded, f.i, f.j, 3, 3)


def _strided(random: Random, level: int) -> dict[str, Any]:
    s = 2 if level < 3 else random.choice((2, 3))
    k = 2 if level == 1 else 3
    side = k + s + random.choice((0, 1))
    return {
        "image": some_grid(random, side, side, 0, 5),
        "kernel": some_grid(random, k, k, -1, 2),
        "s": s,
        "i": random.choice((0, 1)),
        "j": 1,
    }


STRIDED = Kind(
    name="strided-number",
    lesson="02",
    heading="Stride: skip on purpose",
    form="number",
    draw=_strided,
    ask=lambda f: (
        f"This image goes through the kernel below with stride {f.s}, no padding, no "
        f"bias. Which number stands in row {f.i}, column {f.j} of the map? Count "
        "from 0.",
        grid("image", f.image),
        grid("kernel", f.kernel),
    ),
    right=lambda f: torch_conv(f.image, f.kernel, stride=f.s)[f.i][f.j],
    again=lambda f: own_conv(f.image, f.kernel, stride=f.s)[f.i][f.j],
    slips=(
        Slip(
            "stride ignored",
            lambda f: torch_conv(f.image, f.kernel)[f.i][f.j],
            "the stride is left out",
            "The window moves on by {s} pixels.",
            of="conv2d",
        ),
        Slip(
            "kernel flipped",
            lambda f: torch_conv(f.image, turned(f.kernel), stride=f.s)[f.i][f.j],
            "the kernel is turned by 180 degrees",
            "A convolution layer lays it on the image as it is.",
            of="conv2d",
        ),
        Slip(
            "stride for rows only",
            lambda f: torch_conv(f.image, f.kernel, stride=(f.s, 1))[f.i][f.j],
            "the stride counts for the rows only",
            "It counts along the columns, too.",
            of="conv2d",
        ),
        Slip(
            "stride for columns only",
            lambda f: torch_conv(f.image, f.kernel, stride=(1, f.s))[f.i][f.j],
            "the stride counts for the columns only",
            "It counts along the rows, too.",
            of="conv2d",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: torch_conv(f.image, f.kernel, stride=f.s)[f.j][f.i],
            "row and column are swapped",
            "The row comes first.",
            of="conv2d",
        ),
    ),
    steps=lambda f, answer: (
        f"The window begins at row {f.i}*{f.s} = {f.i * f.s}, column {f.j}*{f.s} = "
        f"{f.j * f.s}.",
        "Multiply and add: "
        + products(
            patch(f.image, f.i * f.s, f.j * f.s, len(f.kernel), len(f.kernel)),
            flat(f.kernel),
        )
        + f" = {answer}",
    ),
    show=lambda f: Show(
        "step_conv",
        {"image": f.image, "kernel": f.kernel, "stride": f.s},
        (f.i, f.j),
    ),
)


def _dilated(random: Random, level: int) -> dict[str, Any]:
    return {
        "n": random.choice((9, 10, 12, 14, 15, 16, 20, 28, 32)),
        "k": random.choice((3,) if level == 1 else (3, 4, 5)),
        "s": 1 if level < 3 else 2,
        "p": 0 if level == 1 else random.choice((1, 2)),
        "d": random.choice((2, 3)) if level < 3 else 2,
    }


DILATED = Kind(
    name="dilated-size",
    lesson="02",
    heading="Dilation: a kernel with holes",
    form="number",
    draw=_dilated,
    ask=lambda f: (
        f"A convolution has a {f.k}x{f.k} kernel, {frame(f)}. The input is "
        f"{f.n}x{f.n}. How high is the output?",
    ),
    right=lambda f: torch_size(f.n, f.k, f.s, f.p, f.d),
    again=lambda f: own_count(f.n, f.k, f.s, f.p, f.d),
    slips=(
        Slip(
            "dilation ignored",
            lambda f: own_count(f.n, f.k, f.s, f.p),
            "the dilation is left out",
            "The kernel reaches over {d}*({k} - 1) + 1 pixels.",
            of="output_size",
        ),
        Slip(
            "dilation times kernel",
            lambda f: (f.n + 2 * f.p - f.d * f.k) // f.s + 1,
            "the kernel reaches over d*k pixels",
            "There are only k - 1 gaps: d*(k - 1) + 1.",
            of="output_size",
        ),
        Slip(
            "dilation added to the kernel",
            lambda f: (f.n + 2 * f.p - f.k - f.d + 1) // f.s + 1,
            "the kernel is made wider by d - 1 in all",
            "Each of the k - 1 gaps grows.",
            of="output_size",
        ),
        Slip(
            "padding on one side only",
            lambda f: own_count(f.n - f.p, f.k, f.s, f.p, f.d) if f.p else None,
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="output_size",
        ),
        Slip(
            "one too few",
            lambda f: (f.n + 2 * f.p - f.d * (f.k - 1) - 1) // f.s,
            "the last + 1 is missing",
            "The first place of the window counts, too.",
            of="output_size",
        ),
    ),
    steps=lambda f, answer: (
        f"The kernel reaches over {f.d}*({f.k} - 1) + 1 = {f.d * (f.k - 1) + 1} "
        "pixels.",
        f"floor(({f.n} + 2*{f.p} - {f.d * (f.k - 1) + 1})/{f.s}) + 1 = {answer}",
    ),
    show=lambda f: sizes_picture(
        size=f.n, kernel_size=f.k, stride=f.s, padding=f.p, dilation=f.d
    ),
)

KINDS = (
    WHICH_KERNEL,
    COVERAGE,
    PADDED,
    WHICH_PADDING,
    AXES,
    SAME,
    STRIDED,
    SIZE,
    SKIPPED,
    DILATED,
)
