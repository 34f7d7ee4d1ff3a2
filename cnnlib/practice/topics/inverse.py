"""Items of lesson 02: the formula of the size, turned round."""

from __future__ import annotations

from math import ceil
from random import Random
from typing import Any

from cnnlib import arithmetic
from cnnlib.practice.compute import (
    own_count,
    torch_size,
)
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.practice.settings import frame, sizes_picture
from cnnlib.text import an, size


def _padding(random: Random, level: int) -> dict[str, Any]:
    k = random.choice((3, 5, 7) if level == 1 else (2, 3, 4, 5, 6, 7))
    s = 1 if level < 3 else 2
    p = random.randint(1, 3) if level == 1 else random.randint(0, 4)
    n = random.choice((10, 12, 14, 16, 20, 24, 28))
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
        f"A {f.k}x{f.k} kernel with stride {f.s} makes {f.out}x{f.out} of "
        f"{an(size(f.n, f.n))} input. What is the smallest padding that does this?",
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
            "The output is to be {out}: use the formula.",
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
        f"A layer with {frame(f)} makes {f.out}x{f.out} of {an(size(f.n, f.n))} input. "
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
        f"A layer keeps {an(size(f.n, f.n))} input at its size. The kernel is "
        f"{f.k}x{f.k}, the dilation {f.d}, the stride 1. Which padding (above, below) "
        'does `padding="same"` take?',
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

KINDS = (
    WHICH_KERNEL,
    WHICH_PADDING,
    SAME,
)
