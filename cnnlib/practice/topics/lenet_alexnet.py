"""Items of lesson 06: LeNet and AlexNet."""

from __future__ import annotations

from math import ceil
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.practice.compute import own_count
from cnnlib.practice.items import code, table
from cnnlib.practice.kind import Facts, Kind, Slip


def _lenet(random: Random, level: int) -> dict[str, Any]:
    n = random.randrange(20, 61, 4) if level < 3 else random.randrange(28, 65, 2)
    asked = random.choice({1: (1, 2), 2: (2, 3), 3: (3, 4)}[level])
    padded = level == 3 and random.random() < 0.5
    return {"n": n, "asked": asked, "p": 2 if padded else 0,
            "maps": random.choice((6, 8, 10))}  # fmt: skip


_ROWS = ("C1", "S2", "C3", "S4")


def _heights(f: Facts, conv: Any = None, pool: Any = None) -> list[int]:
    """Return the heights after each of the four layers."""
    conv = conv or (lambda n, p: n + 2 * p - 4)
    pool = pool or (lambda n: n // 2)
    first = conv(f.n, f.p)
    second = pool(first)
    third = conv(second, 0)
    return [first, second, third, pool(third)]


def _lenet_net(f: Facts) -> list[nn.Module]:
    return [
        nn.Conv2d(1, f.maps, 5, padding=f.p, device="meta"),
        nn.AvgPool2d(2),
        nn.Conv2d(f.maps, 16, 5, device="meta"),
        nn.AvgPool2d(2),
    ]


LENET = Kind(
    name="lenet-size",
    lesson="06",
    heading="LeNet-5 (1998)",
    form="number",
    draw=_lenet,
    ask=lambda f: (
        f"A net in the manner of LeNet gets pictures of {f.n}x{f.n}. How high are the "
        f"maps behind {_ROWS[f.asked - 1]}?",
        table(
            "the layers",
            ("layer", "window", "stride", "padding", "maps"),
            [
                ("C1 convolution", "5x5", 1, f.p, f.maps),
                ("S2 average pooling", "2x2", 2, 0, f.maps),
                ("C3 convolution", "5x5", 1, 0, 16),
                ("S4 average pooling", "2x2", 2, 0, 16),
            ],
        ),
    ),
    right=lambda f: int(
        nn.Sequential(*_lenet_net(f)[: f.asked])(
            torch.empty(1, 1, f.n, f.n, device="meta")
        ).shape[-1]
    ),
    again=lambda f: _counted(f),
    slips=(
        Slip(
            "pooling with stride 1",
            lambda f: _heights(f, pool=lambda n: n - 1)[f.asked - 1],
            "the pooling moves on by one cell",
            "Its stride is 2.",
            of="lenet5",
        ),
        Slip(
            "one too small",
            lambda f: _heights(f, conv=lambda n, p: n + 2 * p - 5)[f.asked - 1],
            "a convolution takes away 5, not 4",
            "The first place of the window counts, too.",
            of="layer_table",
        ),
        Slip(
            "the wrong 5x5 pooling row",
            lambda f: _heights(f, pool=lambda n: n - 4)[f.asked - 1],
            "the window of the pooling is taken to be 5x5 with stride 1",
            "It is 2x2 with stride 2.",
            of="lenet5",
        ),
        Slip(
            "input size for output size",
            lambda f: _heights(f, conv=lambda n, p: n)[f.asked - 1],
            "a convolution leaves the size as it is",
            "Without padding it takes away 4.",
            of="layer_table",
        ),
        Slip(
            "one layer too early",
            lambda f: _heights(f)[f.asked - 2] if f.asked > 1 else f.n,
            "the size before the layer is given",
            "Asked for is the size behind it.",
        ),
        Slip(
            "padding on one side only",
            lambda f: (
                _heights(f, conv=lambda n, p: n + p - 4)[f.asked - 1] if f.p else None
            ),
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="output_size",
        ),
    ),
    steps=lambda f, answer: (
        *_lenet_steps(f),
        f"So the maps are {answer} high.",
    ),
)


def _lenet_steps(f: Facts) -> list[str]:
    before = [f.n, *_heights(f)]
    padded = f" + 2*{f.p}" if f.p else ""
    return [
        f"{_ROWS[k]}: {before[k]} / 2, rounded down: {before[k + 1]}."
        if k % 2
        else f"{_ROWS[k]}: {before[k]}{'' if k else padded} - 5 + 1 = {before[k + 1]}."
        for k in range(f.asked)
    ]


def _counted(f: Facts) -> int:
    n = f.n
    for number in range(f.asked):
        n = (
            own_count(n, 2, 2)
            if number % 2
            else own_count(n, 5, 1, f.p * (number == 0))
        )
    return int(n)


def _alexnet(random: Random, level: int) -> dict[str, Any]:
    k, s = (11, 4) if level < 3 else random.choice(((11, 4), (7, 2), (11, 3)))
    p = 0 if level == 1 else random.choice((0, 1, 2))
    return {"n": random.choice((224, 227, *range(191, 260, 3))), "k": k,
            "s": s, "p": p, "pool": level == 3}  # fmt: skip


def _first_layer(f: Facts, conv: Any = None, pool: Any = None) -> Any:
    conv = conv or (lambda: (f.n + 2 * f.p - f.k) // f.s + 1)
    pool = pool or (lambda n: (n - 3) // 2 + 1)
    return pool(conv()) if f.pool else conv()


ALEXNET = Kind(
    name="alexnet-first-layer",
    lesson="06",
    heading="AlexNet (2012)",
    form="number",
    draw=_alexnet,
    ask=lambda f: (
        f"Pictures of {f.n}x{f.n} go through a first layer as in AlexNet: {f.k}x{f.k}, "
        f"stride {f.s}, padding {f.p}"
        + (", then a pooling of 3x3 with stride 2" if f.pool else "")
        + ". How high are the maps?",
    ),
    right=lambda f: int(
        nn.Sequential(
            nn.Conv2d(3, 96, f.k, f.s, f.p, device="meta"),
            *([nn.MaxPool2d(3, 2)] if f.pool else []),
        )(torch.empty(1, 3, f.n, f.n, device="meta")).shape[-1]
    ),
    again=lambda f: (
        own_count(own_count(f.n, f.k, f.s, f.p), 3, 2)
        if f.pool
        else own_count(f.n, f.k, f.s, f.p)
    ),
    slips=(
        Slip(
            "ceil for floor",
            lambda f: _first_layer(f, lambda: ceil((f.n + 2 * f.p - f.k) / f.s) + 1),
            "the division is rounded up",
            "A window that does not fit wholly is left out.",
            of="alexnet_sizes",
        ),
        Slip(
            "off by one",
            lambda f: _first_layer(f, lambda: (f.n + 2 * f.p - f.k) // f.s),
            "the + 1 is missing",
            "The first place of the window counts, too.",
            of="alexnet_sizes",
        ),
        Slip(
            "padding on one side",
            lambda f: _first_layer(f, lambda: (f.n + f.p - f.k) // f.s + 1),
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="alexnet_sizes",
        ),
        Slip(
            "input divided by the stride",
            lambda f: _first_layer(f, lambda: f.n // f.s),
            "the picture is only divided by the stride",
            "The kernel takes something away first.",
            of="output_size",
        ),
        Slip(
            "pooling by its own size",
            lambda f: _first_layer(f, pool=lambda n: n // 3) if f.pool else None,
            "the pooling moves on by its own window",
            "Its stride is 2: the windows overlap.",
            of="alexnet_sizes",
        ),
        Slip(
            "not rounded",
            lambda f: round((f.n + 2 * f.p - f.k) / f.s + 1, 2) if not f.pool else None,
            "the division is not rounded",
            "There are only whole windows, so round down.",
            of="alexnet_sizes",
        ),
    ),
    steps=lambda f, answer: (
        f"({f.n} + 2*{f.p} - {f.k})/{f.s} = {(f.n + 2 * f.p - f.k) / f.s:g}; round it "
        f"down and add 1: {(f.n + 2 * f.p - f.k) // f.s + 1}.",
        *((_alexnet_pooling((f.n + 2 * f.p - f.k) // f.s + 1),) if f.pool else ()),
        f"The maps are {answer} high.",
    ),
)


def _alexnet_pooling(n: int) -> str:
    return f"The pooling: floor(({n} - 3)/2) + 1 = {(n - 3) // 2 + 1}."


def _towers(random: Random, level: int) -> dict[str, Any]:
    groups = 2 if level < 3 else random.choice((2, 4))
    return {
        "cin": groups * random.choice((2, 4, 6, 8)),
        "cout": groups * random.choice((2, 3, 5, 10)),
        "k": random.choice((3, 5)) if level > 1 else 3,
        "groups": groups,
    }


GROUPS = Kind(
    name="grouped-params",
    lesson="06",
    heading="The two towers",
    form="number",
    draw=_towers,
    ask=lambda f: (
        "How many parameters does this layer have?",
        code(f"nn.Conv2d({f.cin}, {f.cout}, kernel_size={f.k}, groups={f.groups})"),
    ),
    right=lambda f: sum(
        p.numel()
        for p in nn.Conv2d(
            f.cin, f.cout, f.k, groups=f.groups, device="meta"
        ).parameters()
    ),
    again=lambda f: sum(f.k * f.k * (f.cin // f.groups) + 1 for _ in range(f.cout)),
    slips=(
        Slip(
            "groups ignored",
            lambda f: (f.k * f.k * f.cin + 1) * f.cout,
            "the groups are left out",
            "A kernel sees only the channels of its own group.",
            of="conv_params",
        ),
        Slip(
            "groups divide the biases, too",
            lambda f: (f.k * f.k * f.cin + 1) * f.cout // f.groups,
            "the biases are divided, too",
            "Each kernel keeps its bias.",
            of="conv_params",
        ),
        Slip(
            "groups divide the channels twice",
            lambda f: (f.k * f.k * f.cin // f.groups + 1) * (f.cout // f.groups),
            "only one of the groups is counted",
            "There are {cout} kernels in all.",
            of="conv_params",
        ),
        Slip(
            "bias forgotten",
            lambda f: f.k * f.k * f.cin // f.groups * f.cout,
            "the biases are forgotten",
            "Each kernel has one.",
            of="conv_params",
        ),
        Slip(
            "groups multiply",
            lambda f: f.k * f.k * f.cin * f.cout * f.groups + f.cout,
            "the weights are multiplied by the groups",
            "A kernel sees fewer channels, so there are fewer weights.",
            of="conv_params",
        ),
    ),
    steps=lambda f, answer: (
        f"A kernel sees {f.cin}/{f.groups} = {f.cin // f.groups} channels: "
        f"{f.k * f.k * f.cin // f.groups} weights and a bias.",
        f"({f.k * f.k * f.cin // f.groups} + 1)*{f.cout} = {answer}",
    ),
)

KINDS = (
    LENET,
    ALEXNET,
    GROUPS,
)
