"""Items of lesson 01: windows, kernels, channels."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import torch
from torch import nn

from cnnlib import arithmetic

from .compute import (
    at,
    flat,
    own_conv,
    patch,
    plain,
    products,
    signed,
    some_grid,
    torch_conv,
    transposed,
    turned,
)
from .items import Show, grid, shown
from .kind import Facts, Kind, Slip

# ---- one window -------------------------------------------------------------------


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

# ---- a whole map ------------------------------------------------------------------


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

# ---- the turned kernel ------------------------------------------------------------


def _turn(random: Random, level: int) -> dict[str, Any]:
    side = 2 if level == 1 else 3
    return {
        "image": some_grid(random, side, side, 0, 4),
        "kernel": some_grid(random, side, side, -1, 2 if level < 3 else 3),
    }


def _sum(image: Any, kernel: Any) -> Any:
    return torch_conv(image, kernel)[0][0]


TURN = Kind(
    name="true-convolution",
    lesson="01",
    heading="What the turn does",
    form="number",
    draw=_turn,
    ask=lambda f: (
        "In mathematics, convolution turns the kernel first. Which number does true "
        "convolution give where the kernel lies fully on this image?",
        grid("image", f.image),
        grid("kernel", f.kernel),
    ),
    right=lambda f: _sum(f.image, torch.tensor(f.kernel).flip(0, 1).tolist()),
    again=lambda f: sum(
        a * b for a, b in zip(flat(f.image), reversed(flat(f.kernel)), strict=True)
    ),
    slips=(
        Slip(
            "kernel not flipped",
            lambda f: _sum(f.image, f.kernel),
            "the kernel lies as it is",
            "That is correlation, which a layer of PyTorch does.",
            of="convolve2d",
        ),
        Slip(
            "only rows flipped",
            lambda f: _sum(f.image, f.kernel[::-1]),
            "only the order of the rows is turned round",
            "Half a turn changes the order of the columns, too.",
            of="convolve2d",
        ),
        Slip(
            "only columns flipped",
            lambda f: _sum(f.image, [row[::-1] for row in f.kernel]),
            "only the order of the columns is turned round",
            "Half a turn changes the order of the rows, too.",
            of="convolve2d",
        ),
        Slip(
            "kernel transposed",
            lambda f: _sum(f.image, transposed(f.kernel)),
            "rows and columns of the kernel are swapped",
            "A turn by 180 degrees is another thing.",
            of="convolve2d",
        ),
        Slip(
            "quarter turn to the right",
            lambda f: _sum(f.image, transposed(f.kernel[::-1])),
            "the kernel is turned by 90 degrees",
            "True convolution turns it by 180 degrees.",
            of="convolve2d",
        ),
    ),
    steps=lambda f, answer: (
        f"The kernel, turned by 180 degrees: {shown(turned(f.kernel), 'grid')}.",
        f"Multiply and add: {products(flat(f.image), flat(turned(f.kernel)))} = "
        f"{answer}",
    ),
    show=lambda f: Show(
        "step_conv", {"image": f.image, "kernel": turned(f.kernel)}, (0, 0)
    ),
)


def _vectors(random: Random, level: int) -> dict[str, Any]:
    longer = {1: 3, 2: 3, 3: 4}[level]
    shorter = {1: 2, 2: 3, 3: 3}[level]
    return {
        "a": [random.randint(0, 4) for _ in range(longer)],
        "b": [random.randint(-1 if level > 1 else 0, 3) for _ in range(shorter)],
    }


def _convolved(a: list[int], b: list[int], mode: Any = "full") -> list[int]:
    return [int(value) for value in np.convolve(a, b, mode)]


def _spread(f: Facts) -> list[int]:
    """Add up a copy of b for each number of a."""
    out = [0] * (len(f.a) + len(f.b) - 1)
    for i, first in enumerate(f.a):
        for j, second in enumerate(f.b):
            out[i + j] += first * second
    return out


FULL = Kind(
    name="full-convolution",
    lesson="01",
    heading="Correlation and convolution",
    form="row",
    draw=_vectors,
    ask=lambda f: (
        f"What is the full convolution of {shown(f.a, 'row')} and {shown(f.b, 'row')}, "
        "as `np.convolve` gives it?",
    ),
    right=lambda f: _convolved(f.a, f.b),
    again=_spread,
    slips=(
        Slip(
            "kernel not flipped",
            lambda f: _convolved(f.a, f.b[::-1]),
            "the second list is not turned round",
            "As a window, it must slide along backwards.",
            of="full_convolve1d",
        ),
        Slip(
            "whole overlaps only",
            lambda f: _convolved(f.a, f.b, "valid"),
            "only whole overlaps are counted",
            "Full means that partial overlaps at both ends count as well.",
            of="full_convolve1d",
        ),
        Slip(
            "middle part only",
            lambda f: _convolved(f.a, f.b, "same"),
            "only the middle part is given",
            "Full means that partial overlaps at both ends count as well.",
            of="full_convolve1d",
        ),
        Slip(
            "result reversed",
            lambda f: _convolved(f.a, f.b)[::-1],
            "the result is turned round",
            "Its first number is the product of the two first numbers.",
            of="full_convolve1d",
        ),
        Slip(
            "last value missing",
            lambda f: _convolved(f.a, f.b)[:-1],
            "the last number is missing",
            "n and m numbers give n + m - 1.",
            of="full_convolve1d",
        ),
    ),
    steps=lambda f, answer: (
        f"{len(f.a)} and {len(f.b)} numbers give {len(f.a)} + {len(f.b)} - 1 = "
        f"{arithmetic.full_convolution_size(len(f.a), len(f.b))}.",
        "Each number of the first list adds a copy of the second, one place later "
        "each time.",
        f"Add them up: {answer}.",
    ),
)

# ---- colour, ReLU -----------------------------------------------------------------


def _colours(random: Random, level: int) -> dict[str, Any]:
    channels = 2 if level == 1 else 3
    return {
        "image": [some_grid(random, 2, 2, 0, 4) for _ in range(channels)],
        "kernel": [some_grid(random, 2, 2, -1, 2) for _ in range(channels)],
        "bias": random.randint(1, 5) if level > 1 else 0,
    }


def _products(f: Facts) -> list[int]:
    return [
        sum(a * b for a, b in zip(flat(x), flat(k), strict=True))
        for x, k in zip(f.image, f.kernel, strict=True)
    ]


COLOUR = Kind(
    name="colour-window",
    lesson="01",
    heading="Colour: three products, one sum",
    form="number",
    draw=_colours,
    ask=lambda f: (
        f"A window of {len(f.image)} channels lies under a kernel with a slice for "
        f"each. The bias is {f.bias}. Which number comes out?",
        *(grid(f"channel {c}", x) for c, x in enumerate(f.image)),
        *(grid(f"slice {c}", k) for c, k in enumerate(f.kernel)),
    ),
    right=lambda f: _sum(f.image, f.kernel) + f.bias,
    again=lambda f: sum(_products(f)) + f.bias,
    slips=(
        Slip(
            "only the first channel",
            lambda f: _products(f)[0] + f.bias,
            "only the first channel is used",
            "All channels are added up.",
            of="conv2d_channels",
        ),
        Slip(
            "mean over channels",
            lambda f: plain(sum(_products(f)) / len(f.image) + f.bias),
            "the mean of the channels is taken",
            "Their products are added.",
            of="conv2d_channels",
        ),
        Slip(
            "one slice for all channels",
            lambda f: _sum(f.image, [f.kernel[0]] * len(f.kernel)) + f.bias,
            "the first slice is used for all channels",
            "Each channel has a slice of its own.",
            of="conv2d_channels",
        ),
        Slip(
            "bias once per channel",
            lambda f: sum(_products(f)) + f.bias * len(f.image),
            "the bias is added for each channel",
            "A kernel has one bias, however many slices.",
            of="conv2d_channels",
        ),
        Slip(
            "bias forgotten",
            lambda f: sum(_products(f)),
            "the bias is forgotten",
            "It is added once, after the sum.",
            of="conv2d_channels",
        ),
        Slip(
            "only the last channel",
            lambda f: _products(f)[-1] + f.bias,
            "only the last channel is used",
            "All channels are added up.",
            of="conv2d_channels",
        ),
    ),
    steps=lambda f, answer: (
        *(
            f"Channel {c}: {products(flat(x), flat(k))} = {p}."
            for c, (x, k, p) in enumerate(
                zip(f.image, f.kernel, _products(f), strict=True)
            )
        ),
        f"Add them, and the bias {f.bias} once: "
        + " + ".join(map(signed, [*_products(f), f.bias]))
        + f" = {answer}",
    ),
    show=lambda f: Show(
        "step_conv",
        {"image": f.image, "kernel": f.kernel, "bias": f.bias},
        (0, 0),
    ),
)


def _relu(random: Random, level: int) -> dict[str, Any]:
    """Draw sums; at least one of them is below zero with its bias."""
    wide = 3 if level < 3 else 4
    bias = random.choice((-3, -2, -1, 1, 2, 3) if level > 1 else (1, 2, 3))
    while True:
        sums = [random.randint(-6, 6) for _ in range(wide)]
        if min(sums) + bias < 0:
            return {"sums": sums, "bias": bias}


RELU = Kind(
    name="bias-then-relu",
    lesson="01",
    heading="A full layer: weights, bias, ReLU",
    form="row",
    draw=_relu,
    ask=lambda f: (
        f"The sums of products of {len(f.sums)} windows are {shown(f.sums, 'row')}. "
        f"The layer adds the bias {f.bias} and then takes the ReLU. What comes out?",
    ),
    right=lambda f: plain(torch.relu(torch.tensor(f.sums) + f.bias)),
    again=lambda f: [v + f.bias if v + f.bias > 0 else 0 for v in f.sums],
    slips=(
        Slip(
            "ReLU before the bias",
            lambda f: [max(v, 0) + f.bias for v in f.sums],
            "the ReLU comes before the bias",
            "First the bias, then the ReLU.",
        ),
        Slip(
            "ReLU forgotten",
            lambda f: [v + f.bias for v in f.sums],
            "the ReLU is forgotten",
            "It replaces every negative number by 0.",
        ),
        Slip(
            "bias forgotten",
            lambda f: [max(v, 0) for v in f.sums],
            "the bias is forgotten",
            "It is added to every number of the map.",
            of="conv2d_channels",
        ),
        Slip(
            "absolute values",
            lambda f: [abs(v + f.bias) for v in f.sums],
            "the minus signs are left out",
            "A ReLU makes 0 of a negative number.",
            of="edge_then_pool",
        ),
        Slip(
            "bias only once",
            lambda f: [
                max(v + (f.bias if n == 0 else 0), 0) for n, v in enumerate(f.sums)
            ],
            "the bias is added to the first number only",
            "It is added to every number of the map.",
            of="correlate2d",
        ),
    ),
    steps=lambda f, answer: (
        f"Add the bias: {shown([v + f.bias for v in f.sums], 'row')}.",
        f"Every negative number becomes 0: {answer}.",
    ),
)

# ---- sizes and counts -------------------------------------------------------------


def _layer(random: Random, level: int) -> dict[str, Any]:
    cin, cout = random.sample((1, 3, 8, 16), 2)
    high, wide = random.sample((12, 20, 28, 32, 64), 2)
    k = random.choice((3, 5))
    n = random.choice((1, 8, 10)) if level > 1 else 1
    return {"n": n, "cin": cin, "cout": cout, "h": high,
            "w": wide if level == 3 else high, "k": k}  # fmt: skip


CHANNELS_OUT = Kind(
    name="layer-shape",
    lesson="01",
    heading="Several kernels: output channels",
    form="shape",
    draw=_layer,
    ask=lambda f: (
        f"A batch of the shape ({f.n}, {f.cin}, {f.h}, {f.w}) goes through "
        f"`nn.Conv2d({f.cin}, {f.cout}, kernel_size={f.k})`. What shape comes out?",
    ),
    right=lambda f: tuple(
        nn.Conv2d(f.cin, f.cout, f.k, device="meta")(
            torch.empty(f.n, f.cin, f.h, f.w, device="meta")
        ).shape
    ),
    again=lambda f: (f.n, f.cout, f.h - f.k + 1, f.w - f.k + 1),
    slips=(
        Slip(
            "channels kept",
            lambda f: (f.n, f.cin, f.h - f.k + 1, f.w - f.k + 1),
            "the channels stay as many as before",
            "Each kernel makes one channel.",
        ),
        Slip(
            "as large as the images",
            lambda f: (f.n, f.cout, f.h, f.w),
            "the map is as large as the image",
            "Without padding the window has fewer places.",
            of="conv2d_channels",
        ),
        Slip(
            "channels multiplied",
            lambda f: (f.n, f.cin * f.cout, f.h - f.k + 1, f.w - f.k + 1),
            "each kernel makes one map for each channel",
            "A kernel adds up its channels and makes one map.",
        ),
        Slip(
            "one place too few",
            lambda f: (f.n, f.cout, f.h - f.k, f.w - f.k),
            "the window has one place too few in each direction",
            "There are n - k + 1 places: the first one counts, too.",
        ),
        Slip(
            "maps of all kernels added",
            lambda f: (f.n, 1, f.h - f.k + 1, f.w - f.k + 1),
            "the maps of all kernels are added to one",
            "Each kernel makes a channel of its own.",
            of="conv2d_channels",
        ),
    ),
    steps=lambda f, answer: (
        f"Height: {f.h} - {f.k} + 1 = {f.h - f.k + 1}. Width: {f.w} - {f.k} + 1 = "
        f"{f.w - f.k + 1}.",
        f"{f.cout} kernels make {f.cout} channels, and the batch stays: {answer}.",
    ),
)


def _widths(random: Random, level: int) -> dict[str, Any]:
    ins = random.choice((10, 20, 50, 100, 400))
    hidden = random.choice((5, 10, 20, 30))
    outs = random.choice((1, 2, 3) if level == 1 else (3, 4, 10))
    return {"ins": ins, "hidden": hidden, "outs": outs}


DENSE = Kind(
    name="dense-net-params",
    lesson="01",
    heading="Why not fully connected?",
    form="number",
    draw=_widths,
    ask=lambda f: (
        f"A fully connected net has {f.ins} inputs, {f.hidden} hidden units and "
        f"{f.outs} output{'s' * (f.outs > 1)}. All units have a bias. How many "
        "parameters has it?",
    ),
    right=lambda f: sum(
        p.numel()
        for layer in (
            nn.Linear(f.ins, f.hidden, device="meta"),
            nn.Linear(f.hidden, f.outs, device="meta"),
        )
        for p in layer.parameters()
    ),
    again=lambda f: (
        sum(f.ins + 1 for _ in range(f.hidden))
        + sum(f.hidden + 1 for _ in range(f.outs))
    ),
    slips=(
        Slip(
            "fully_connected: output bias forgotten",
            lambda f: f.hidden * (f.ins + 1) + f.outs * f.hidden,
            "the biases of the outputs are forgotten",
            "Every unit has a bias, the outputs, too.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: hidden biases forgotten",
            lambda f: f.hidden * f.ins + f.outs * (f.hidden + 1),
            "the biases of the hidden units are forgotten",
            "Every unit has a bias.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: no biases, or no output layer",
            lambda f: f.hidden * f.ins + f.outs * f.hidden,
            "no bias is counted",
            "Every unit has one.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: one bias to a layer",
            lambda f: f.hidden * f.ins + 1 + f.outs * f.hidden + 1,
            "each layer has one bias",
            "Each unit has one.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: biases of the inputs",
            lambda f: f.hidden * f.ins + f.ins + f.outs * f.hidden + f.hidden,
            "the biases belong to the units that a layer gets its numbers from",
            "A bias belongs to the unit that adds up.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: units counted",
            lambda f: f.ins + f.hidden + f.outs,
            "the units are counted",
            "Each pair of connected units has a weight.",
            of="parameter_counts",
        ),
    ),
    steps=lambda f, answer: (
        f"Hidden: {f.ins}*{f.hidden} weights + {f.hidden} biases = "
        f"{arithmetic.linear_params(f.ins, f.hidden):,}.",
        f"Outputs: {f.hidden}*{f.outs} weights + {f.outs} biases = "
        f"{arithmetic.linear_params(f.hidden, f.outs):,}.",
        f"Together: {answer}.",
    ),
)

# ---- a kernel on a photograph -----------------------------------------------------

KERNELS = {
    "blur": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "vertical edges": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "horizontal edges": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "the picture itself": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}
_EFFECTS = {
    "blur": "It makes the picture soft: each pixel becomes a mean of its neighbours.",
    "vertical edges": "It answers where bright and dark lie side by side.",
    "horizontal edges": "It answers where bright and dark lie one above the other.",
    "outline": "It answers to edges of every direction, and not to flat parts.",
    "the picture itself": "It changes nothing but the brightness.",
}  # fmt: skip


def _kernel(random: Random, level: int) -> dict[str, Any]:
    name = random.choice(list(KERNELS))
    rows = [list(row) for row in KERNELS[name]]
    if level > 1 and "edges" in name:
        middle = random.randint(1, 4)
        rows = [
            [w * (middle if 1 in (i, j) and i != j else 1) for j, w in enumerate(row)]
            for i, row in enumerate(rows)
        ]
        if level == 3 and random.random() < 0.5:
            rows = turned(rows)
    if level > 1 and name == "outline":
        rows = (
            [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
            if random.random() < 0.5
            else ([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
        )
    if name == "blur" and level > 1:
        rows = random.choice(
            ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], [[0, 1, 0], [1, 1, 1], [0, 1, 0]], rows)
        )
    times = random.randint(1, 5)
    return {"kernel": [[times * w for w in row] for row in rows]}  # fmt: skip


def _answers(kernel: Any) -> dict[str, bool]:
    """Tell whether a kernel answers to a flat part, and to each kind of edge."""
    step = [[0, 0, 0, 6, 6, 6]] * 6
    return {
        "flat": any(flat(torch_conv([[6] * 5] * 5, kernel))),
        "vertical": any(flat(torch_conv(step, kernel))),
        "horizontal": any(flat(torch_conv(transposed(step), kernel))),
    }


def _effect(kernel: Any) -> str:
    """Name what a kernel does by what it answers to."""
    answers = _answers(kernel)
    if answers["flat"]:
        alone = [w for w in flat(kernel) if w]
        return _EFFECTS["the picture itself" if len(alone) == 1 else "blur"]
    if answers["vertical"] and answers["horizontal"]:
        return _EFFECTS["outline"]
    return _EFFECTS["vertical edges" if answers["vertical"] else "horizontal edges"]


def _by_sums(f: Facts) -> str:
    """Name the same from the sums of the kernel's rows and columns alone."""
    rows = [sum(row) for row in f.kernel]
    columns = [sum(row[j] for row in f.kernel) for j in range(3)]
    if sum(rows):
        is_one = sum(w != 0 for w in flat(f.kernel)) == 1
        return _EFFECTS["the picture itself" if is_one else "blur"]
    if any(rows) and any(columns):
        return _EFFECTS["outline"]
    return _EFFECTS["vertical edges" if any(columns) else "horizontal edges"]


EFFECT = Kind(
    name="kernel-effect",
    lesson="01",
    heading="A kernel on a photograph",
    form="choice",
    draw=_kernel,
    ask=lambda f: (
        "What does this kernel do to a photograph?",
        grid("kernel", f.kernel),
    ),
    right=lambda f: _effect(f.kernel),
    again=_by_sums,
    slips=(
        Slip(
            "kernel transposed",
            lambda f: _effect(transposed(f.kernel)),
            "rows and columns of the kernel are swapped",
            "Where the numbers change from left to right, the kernel looks for a "
            "change from left to right.",
            of="vertical_edge_kernel",
        ),
        Slip(
            "all edges alike",
            lambda f: (
                _EFFECTS["outline"]
                if not _answers(f.kernel)["flat"]
                else _EFFECTS["the picture itself"]
            ),
            "only the sum of the weights is looked at",
            "Look also at how the weights lie.",
        ),
        Slip(
            "signs not seen",
            lambda f: _effect([[abs(w) for w in row] for row in f.kernel]),
            "the minus signs are not seen",
            "Weights of both signs compare, weights of one sign add up.",
        ),
        Slip(
            "sum taken for zero",
            lambda f: _EFFECTS["outline"] if _answers(f.kernel)["flat"] else None,
            "it is taken for a kernel whose weights add up to 0",
            "These weights do not, so a flat part gives an answer.",
        ),
        Slip(
            "one row for the kernel",
            lambda f: _effect([[0] * 3, f.kernel[1], [0] * 3]),
            "only the middle row is looked at",
            "All nine weights count.",
        ),
        Slip(
            "only the middle column",
            lambda f: _effect([[0, row[1], 0] for row in f.kernel]),
            "only the middle column is looked at",
            "All nine weights count.",
        ),
    ),
    steps=lambda f, answer: (
        f"The weights add up to {sum(flat(f.kernel))}: a flat part gives "
        + ("an answer." if sum(flat(f.kernel)) else "0."),
        "Weights of one sign add up the pixels under them."
        if sum(flat(f.kernel))
        else "Look where the signs change: from left to right, from top to bottom, or "
        "both.",
        answer,
    ),
)


def _flat(random: Random, level: int) -> dict[str, Any]:
    name = random.choice(("blur", "vertical edges", "outline", "the picture itself"))
    rows = [[w * random.choice((1, 1, 2)) for w in row] for row in KERNELS[name]]
    return {"kernel": rows, "value": random.choice((2, 3, 4, 5, 10)),
            "bias": random.choice((1, 2, 3)) if level > 1 else 0}  # fmt: skip


FLAT = Kind(
    name="flat-response",
    lesson="01",
    heading="A kernel on a photograph",
    form="number",
    draw=_flat,
    ask=lambda f: (
        f"All nine pixels under this kernel are {f.value}. The bias is {f.bias}. What "
        "is the response?",
        grid("kernel", f.kernel),
    ),
    right=lambda f: _sum([[f.value] * 3] * 3, f.kernel) + f.bias,
    again=lambda f: f.value * sum(flat(f.kernel)) + f.bias,
    slips=(
        Slip(
            "signs not seen",
            lambda f: f.value * sum(map(abs, flat(f.kernel))) + f.bias,
            "the minus signs are left out",
            "Negative weights take away.",
        ),
        Slip(
            "mean for sum",
            lambda f: plain(f.value * sum(flat(f.kernel)) / 9 + f.bias),
            "the mean of the nine products is taken",
            "The nine products are added.",
            of="correlate2d",
        ),
        Slip(
            "bias forgotten",
            lambda f: f.value * sum(flat(f.kernel)),
            "the bias is forgotten",
            "It is added once, after the sum.",
            of="correlate2d",
        ),
        Slip(
            "centre only",
            lambda f: f.value * f.kernel[1][1] + f.bias,
            "only the weight in the middle is used",
            "All nine weights count.",
        ),
        Slip(
            "weights added alone",
            lambda f: sum(flat(f.kernel)) + f.bias,
            "the weights are added without the pixels",
            "Each weight is multiplied by its pixel.",
        ),
    ),
    steps=lambda f, answer: (
        "All pixels are equal, so add the weights first: "
        f"{' + '.join(map(signed, flat(f.kernel)))} = {sum(flat(f.kernel))}.",
        f"{f.value}*{signed(sum(flat(f.kernel)))} + {f.bias} = {answer}",
    ),
    show=lambda f: Show(
        "step_conv",
        {"image": [[f.value] * 3] * 3, "kernel": f.kernel, "bias": f.bias},
        (0, 0),
    ),
)


def _shift(random: Random, level: int) -> dict[str, Any]:
    i, j = random.sample(range(3, 7), 2)
    down, right = random.sample((1, 2, 3), 2)
    if level == 1:
        down = 0
    if level == 3:
        down, right = -down, -right if random.random() < 0.5 else right
    return {"i": i, "j": j, "down": down, "right": right}


def _moved(f: Facts) -> tuple[int, int]:
    """Find the strongest response of a 3x3 kernel to a dot, after the shift."""
    x = torch.zeros(1, 1, 14, 14)
    x[0, 0, f.i + 1, f.j + 1] = 1
    x = torch.roll(x, (f.down, f.right), (2, 3))
    weight = torch.full((1, 1, 3, 3), 0.1)
    weight[0, 0, 1, 1] = 1
    row, column = divmod(int(torch.conv2d(x, weight).argmax()), 12)
    return row, column


def _way(f: Facts) -> str:
    down = f"{abs(f.down)} pixel{'s' * (abs(f.down) != 1)} "
    down += "down" if f.down > 0 else "up"
    right = f"{abs(f.right)} pixel{'s' * (abs(f.right) != 1)} to the "
    right += "right" if f.right > 0 else "left"
    return " and ".join([*([down] if f.down else []), right])


SHIFT = Kind(
    name="shift",
    lesson="01",
    heading="Shift the input, and the output shifts",
    form="shape",
    draw=_shift,
    ask=lambda f: (
        f"The strongest response of a map is at ({f.i}, {f.j}): row, column. The input "
        f"is shifted by {_way(f)}; stride 1. Where is the strongest response now?",
    ),
    right=_moved,
    again=lambda f: (f.i + f.down, f.j + f.right),
    slips=(
        Slip(
            "the other way",
            lambda f: (f.i - f.down, f.j - f.right),
            "the response moves the other way",
            "It moves with the input.",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: (f.i + f.right, f.j + f.down),
            "rows and columns are swapped",
            "Down is a later row, right is a later column.",
        ),
        Slip(
            "not moved",
            lambda f: (f.i, f.j),
            "the response stays where it was",
            "The map shifts as its input does.",
        ),
        Slip(
            "up for down",
            lambda f: (f.i - f.down, f.j + f.right) if f.down else None,
            "rows are counted upwards",
            "Row 0 is at the top, so down is a later row.",
        ),
    ),
    steps=lambda f, answer: (
        "The map shifts as the input does.",
        f"Row {f.i} + {signed(f.down)}, column {f.j} + {signed(f.right)}: {answer}.",
    ),
)

KINDS = (
    DENSE,
    WINDOW,
    MAP,
    FULL,
    TURN,
    EFFECT,
    FLAT,
    COLOUR,
    CHANNELS_OUT,
    RELU,
    SHIFT,
)
