"""Items of lesson 01: a window, and the map that it makes."""

from __future__ import annotations

from random import Random
from typing import Any

from cnnlib.practice.compute import (
    at,
    flat,
    own_conv,
    patch,
    products,
    some_grid,
    torch_conv,
    transposed,
    turned,
)
from cnnlib.practice.items import Show, grid, shown
from cnnlib.practice.kind import Facts, Kind, Slip


def _window(random: Random, level: int) -> dict[str, Any]:
    k = 2 if level == 1 else 3
    side = 4 if level < 3 else 5
    i, j = random.randint(0, side - k), random.randint(0, side - k)
    return {
        "image": some_grid(random, side, side, 0, 5),
        "kernel": some_grid(random, k, k, -1 if level < 3 else -2, 2),
        "bias": 0 if level == 1 else random.choice((-3, -2, 2, 3, 4)),
        "i": i,
        "j": j,
    }


def _one(f: Facts, **changed: Any) -> Any:
    """Return the number of the map asked for, with something done otherwise."""
    kernel = changed.get("kernel", f.kernel)
    bias = changed.get("bias", f.bias)
    place = changed.get("place", (f.i, f.j))
    return at(torch_conv(changed.get("image", f.image), kernel, bias), place)


def _cells(f: Facts) -> list[int]:
    return patch(f.image, f.i, f.j, len(f.kernel), len(f.kernel[0]))


WINDOW = Kind(
    name="window-sum",
    lesson="01",
    heading="One window: multiply, then add",
    form="number",
    draw=_window,
    ask=lambda f: (
        f"A convolution layer has this kernel and the bias {f.bias}; stride 1, no "
        f"padding. Which number stands in row {f.i}, column {f.j} of its map? Count "
        "from 0.",
        grid("image", f.image),
        grid("kernel", f.kernel),
    ),
    right=_one,
    again=lambda f: own_conv(f.image, f.kernel, f.bias)[f.i][f.j],
    slips=(
        Slip(
            "kernel flipped",
            lambda f: _one(f, kernel=turned(f.kernel)),
            "the kernel is turned by 180 degrees",
            "A convolution layer lays the kernel on the image as it is.",
            of="correlate2d",
        ),
        Slip(
            "bias forgotten",
            lambda f: _one(f, bias=0),
            "the bias is forgotten",
            "It is added once, after the sum.",
            of="correlate2d",
        ),
        Slip(
            "window at (j, i)",
            lambda f: _one(f, place=(f.j, f.i)),
            "the window lies at row {j}, column {i}",
            "The row comes first.",
            of="correlate2d",
        ),
        Slip(
            "counted from 1",
            lambda f: _one(f, place=(f.i - 1, f.j - 1)),
            "the window lies one row and one column too early",
            "Rows and columns are counted from 0.",
        ),
        Slip(
            "bias once per weight",
            lambda f: _one(f, bias=f.bias * len(flat(f.kernel))),
            "the bias is added for each weight",
            "It is added once, after the sum.",
            of="correlate2d",
        ),
        Slip(
            "kernel transposed",
            lambda f: _one(f, kernel=transposed(f.kernel)),
            "rows and columns of the kernel are swapped",
            "Each weight meets the pixel that lies under it.",
            of="correlate2d",
        ),
        Slip(
            "window jumps",
            lambda f: at(
                torch_conv(f.image, f.kernel, f.bias, stride=len(f.kernel)),
                (f.i, f.j),
            ),
            "the window moves on by its own width",
            "With stride 1 it moves on by one pixel.",
            of="correlate2d",
        ),
    ),
    steps=lambda f, answer: (
        f"The window begins at row {f.i}, column {f.j}: {shown(_cells(f), 'row')}.",
        f"Multiply and add: {products(_cells(f), flat(f.kernel))} = "
        f"{_one(f, bias=0):g}.",
        f"Add the bias {f.bias}, once: {answer}.",
    ),
    show=lambda f: Show(
        "step_conv",
        {"image": f.image, "kernel": f.kernel, "bias": f.bias},
        (f.i, f.j),
    ),
)


def _map(random: Random, level: int) -> dict[str, Any]:
    high, wide = {1: (3, 3), 2: (3, 4), 3: (4, 4)}[level]
    kernel = some_grid(random, 2, 2, -1, 2) if level < 3 else (
        some_grid(random, 3, 3, -1, 1)
    )  # fmt: skip
    return {"image": some_grid(random, high, wide, 0, 4), "kernel": kernel}


MAP = Kind(
    name="whole-map",
    lesson="01",
    heading="Our own loop",
    form="grid",
    draw=_map,
    ask=lambda f: (
        "What map does a convolution layer with this kernel give? Stride 1, no "
        "padding, no bias.",
        grid("image", f.image),
        grid("kernel", f.kernel),
    ),
    right=lambda f: torch_conv(f.image, f.kernel),
    again=lambda f: own_conv(f.image, f.kernel),
    slips=(
        Slip(
            "kernel flipped",
            lambda f: torch_conv(f.image, turned(f.kernel)),
            "the kernel is turned by 180 degrees",
            "A convolution layer lays the kernel on the image as it is.",
            of="correlate2d",
        ),
        Slip(
            "result transposed",
            lambda f: transposed(torch_conv(f.image, f.kernel)),
            "rows and columns of the map are swapped",
            "The windows of the first row give the first row of the map.",
            of="correlate2d",
        ),
        Slip(
            "kernel transposed",
            lambda f: torch_conv(f.image, transposed(f.kernel)),
            "rows and columns of the kernel are swapped",
            "Each weight meets the pixel that lies under it.",
            of="correlate2d",
        ),
        Slip(
            "window jumps",
            lambda f: torch_conv(f.image, f.kernel, stride=2),
            "the window moves on by two pixels",
            "With stride 1 it moves on by one.",
            of="correlate2d",
        ),
        Slip(
            "negative responses cut off",
            lambda f: [
                [max(v, 0) for v in row] for row in torch_conv(f.image, f.kernel)
            ],
            "negative numbers are replaced by 0",
            "That is the work of a ReLU, and there is none.",
            of="conv2d_channels",
        ),
    ),
    steps=lambda f, answer: (
        "Lay the kernel on the top left corner, multiply cell by cell, and add.",
        "The first window gives "
        + products(patch(f.image, 0, 0, len(f.kernel), len(f.kernel)), flat(f.kernel))
        + f" = {torch_conv(f.image, f.kernel)[0][0]:g}.",
        "Move on by one pixel to the right, then start again one row lower.",
        f"The map is {answer}.",
    ),
    show=lambda f: Show("step_conv", {"image": f.image, "kernel": f.kernel}),
)

KINDS = (
    WINDOW,
    MAP,
)
