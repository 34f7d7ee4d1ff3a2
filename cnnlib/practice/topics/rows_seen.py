"""Items of lesson 07: what a unit sees."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.practice.items import shown, table
from cnnlib.practice.kind import Facts, Kind, Slip


def _unit(random: Random, level: int) -> dict[str, Any]:
    layers = [[random.choice((3, 5)), 1, random.choice((0, 1))], [2, 2, 0]]
    if level > 1:
        layers.append([3, 1, random.choice((0, 1))])
    if level == 3:
        layers.append([2, 2, 0])
    return {"layers": layers, "unit": random.randint(2, 6)}


def _span(f: Facts, use_padding: bool = True, unit: int | None = None) -> list[int]:
    """Walk from a unit back to the input: its first and its last row."""
    first = last = f.unit if unit is None else unit
    for kernel, stride, padding in reversed(f.layers):
        around = padding if use_padding else 0
        first = first * stride - around
        last = last * stride - around + kernel - 1
    return [first, last]


def _forward(f: Facts) -> tuple[int, int, int]:
    """Go from the input on: the start, the field and the jump behind all layers."""
    start, field, jump = 0, 1, 1
    for kernel, stride, padding in f.layers:
        start -= padding * jump
        field += (kernel - 1) * jump
        jump *= stride
    return start, field, jump


def _by_gradient(f: Facts) -> list[int]:
    """Ask the gradient which rows change the unit; all weights are 1."""
    net = nn.Sequential()
    for kernel, stride, padding in f.layers:
        conv = nn.Conv2d(1, 1, (kernel, 1), stride=(stride, 1), padding=(padding, 0))
        nn.init.ones_(conv.weight)
        net.append(conv)
    x = torch.zeros(1, 1, 90, 1, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(x)[0, 0, f.unit, 0], x)
    rows = gradient.flatten().nonzero().flatten()
    return [int(rows[0]), int(rows[-1])]


def _inside_facts(random: Random, level: int) -> dict[str, Any]:
    """Draw a unit that sees no padding."""
    while True:
        given = _unit(random, level)
        if _span(Facts(**given))[0] >= 0:
            return given


SEEN = Kind(
    name="rows-seen",
    lesson="07",
    heading="How far a unit sees",
    form="row",
    draw=_inside_facts,
    ask=lambda f: (
        f"Rows count from 0. Which rows of the image does the unit in row {f.unit} "
        "behind these layers see? Give the first and the last.",
        table(
            "the layers",
            ("window", "stride", "padding"),
            [(f"{k}x{k}", s, p) for k, s, p in f.layers],
        ),
    ),
    right=_by_gradient,
    again=lambda f: [
        _forward(f)[0] + f.unit * _forward(f)[2],
        _forward(f)[0] + f.unit * _forward(f)[2] + _forward(f)[1] - 1,
    ],
    slips=(
        Slip(
            "padding ignored",
            lambda f: _span(f, use_padding=False),
            "the padding is left out",
            "It moves the first window out of the image.",
            of="output_size",
        ),
        Slip(
            "unit counted from 1",
            lambda f: _span(f, unit=f.unit - 1),
            "the unit is counted from 1",
            "The first unit has the index 0.",
        ),
        Slip(
            "one row too many",
            lambda f: [_span(f)[0], _span(f)[1] + 1],
            "one row is counted too many",
            "From a to b there are b - a + 1 rows.",
        ),
        Slip(
            "centred on its own index",
            lambda f: [
                f.unit - _forward(f)[1] // 2,
                f.unit - _forward(f)[1] // 2 + _forward(f)[1] - 1,
            ],
            "the unit is taken to lie over the row of its own number",
            "Behind strides a unit lies further down in the image: use the jump.",
        ),
        Slip(
            "stride ignored",
            lambda f: [
                f.unit - sum(p for _, _, p in f.layers),
                f.unit
                - sum(p for _, _, p in f.layers)
                + sum(k - 1 for k, _, _ in f.layers),
            ],
            "the strides are left out",
            "Each stride multiplies the jump.",
            of="receptive_field",
        ),
    ),
    steps=lambda f, answer: (
        f"Unit 0 starts at row {_forward(f)[0]}; each further unit {_forward(f)[2]} "
        "rows later.",
        f"Unit {f.unit} starts at {_forward(f)[0]} + {f.unit}*{_forward(f)[2]} = "
        f"{_span(f)[0]} and sees {_forward(f)[1]} rows.",
        f"The rows from first to last: {answer}.",
    ),
)


def _paths_facts(random: Random, level: int) -> dict[str, Any]:
    if level == 1:
        kernels = random.choices((2, 3, 4, 5), k=2)
    elif level == 2:
        kernels = random.choices((2, 3), k=3)
    else:
        kernels = random.choice(
            ([3, 3, 3], [5, 3, 2], [2, 2, 2, 3], [5, 5, 2], [3, 3, 5])
        )
    wide = sum(kernels) - len(kernels) + 1
    return {"kernels": list(kernels), "pixel": random.randrange(wide)}


def _paths(kernels: list[int]) -> list[int]:
    """Count the paths by adding up: each layer is a window of ones."""
    counts = [1]
    for kernel in kernels:
        longer = [0] * (len(counts) + kernel - 1)
        for place, many in enumerate(counts):
            for step in range(kernel):
                longer[place + step] += many
        counts = longer
    return counts


def _path_gradient(f: Facts) -> int:
    """Ask autograd: with all weights 1 the gradient counts the paths."""
    counts = _paths(f.kernels)
    x = torch.zeros(1, 1, len(counts), dtype=torch.float64, requires_grad=True)
    out = x
    for kernel in f.kernels:
        out = torch.conv1d(out, torch.ones(1, 1, kernel, dtype=torch.float64))
    (gradient,) = torch.autograd.grad(out.sum(), x)
    return round(float(gradient[0, 0, f.pixel]))


PATHS = Kind(
    name="paths-to-a-unit",
    lesson="07",
    heading="What the gradient says",
    form="number",
    draw=_paths_facts,
    ask=lambda f: (
        f"In one dimension, a unit lies behind layers with the windows "
        f"{shown(f.kernels, 'row')}, all with stride 1. By how many paths does pixel "
        f"{f.pixel} of its receptive field reach it? Count from 0.",
    ),
    right=_path_gradient,
    again=lambda f: _paths(f.kernels)[f.pixel],
    slips=(
        Slip(
            "every pixel alike",
            lambda f: 1,
            "every pixel has one path",
            "More paths lead through the middle.",
        ),
        Slip(
            "all pixels together",
            lambda f: sum(_paths(f.kernels)),
            "the paths of all pixels are counted",
            "Asked for is one pixel.",
        ),
        Slip(
            "counted from 1",
            lambda f: _paths(f.kernels)[f.pixel - 1] if f.pixel else None,
            "the pixels are counted from 1",
            "The first pixel has the index 0.",
        ),
        Slip(
            "the middle",
            lambda f: max(_paths(f.kernels)),
            "the paths of a pixel in the middle are counted",
            "Further out there are fewer.",
        ),
        Slip(
            "the last layer left out",
            lambda f: (
                _paths(f.kernels[:-1])[f.pixel]
                if f.pixel < len(_paths(f.kernels[:-1]))
                else None
            ),
            "the last layer is left out",
            "Each layer spreads the paths once more.",
        ),
    ),
    steps=lambda f, answer: (
        "Each layer is a window of ones; combine them by full convolution.",
        f"Paths from first to last pixel: {shown(_paths(f.kernels), 'row')}.",
        f"Pixel {f.pixel} has {answer}.",
    ),
)

KINDS = (
    SEEN,
    PATHS,
)
