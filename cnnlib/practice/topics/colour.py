"""Items of lesson 01: several channels, bias and ReLU."""

from __future__ import annotations

from random import Random
from typing import Any

import torch

from cnnlib.practice.compute import (
    flat,
    plain,
    products,
    signed,
    some_grid,
    torch_number,
)
from cnnlib.practice.items import Show, grid, shown
from cnnlib.practice.kind import Facts, Kind, Slip


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
    right=lambda f: torch_number(f.image, f.kernel) + f.bias,
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
            lambda f: torch_number(f.image, [f.kernel[0]] * len(f.kernel)) + f.bias,
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

KINDS = (
    COLOUR,
    RELU,
)
