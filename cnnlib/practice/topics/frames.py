"""Items of lesson 02: numbers of a padded or strided map, and holes."""

from __future__ import annotations

from random import Random
from typing import Any

from cnnlib.practice.compute import (
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
from cnnlib.practice.items import Show, grid, shown
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.practice.settings import frame, sizes_picture


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
        f"Multiply and add: {products(_under(f), flat(f.kernel))} = "
        f"{torch_conv(f.image, f.kernel, padding=1)[f.i][f.j]}.",
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
    """Draw a setting; the kernel with its holes fits into the input."""
    k = random.choice((3,) if level == 1 else (3, 4, 5))
    d = random.choice((2, 3)) if level < 3 else 2
    sizes = (9, 10, 12, 14, 15, 16, 20, 28, 32)
    return {
        "n": random.choice([n for n in sizes if n > d * (k - 1) + 1]),
        "k": k,
        "s": 1 if level < 3 else 2,
        "p": 0 if level == 1 else random.choice((1, 2)),
        "d": d,
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
    PADDED,
    STRIDED,
    DILATED,
)
