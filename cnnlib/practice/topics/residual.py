"""Items of lesson 08: the shortcut and the basic block."""

from __future__ import annotations

from math import prod
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.practice.compute import own_count, plain, signed, torch_size
from cnnlib.practice.kind import Facts, Kind, Slip


def _chain(random: Random, level: int) -> dict[str, Any]:
    slopes = {
        1: (0.5, 1, 2, 3, 0.1, 0.2),
        2: (0.5, 0.1, 0.2, -0.5, 2),
        3: (0.5, 0.1, -0.5, -0.2, 0.2, 2),
    }
    blocks = 2 if level == 1 else 3
    return {"slopes": [random.choice(slopes[level]) for _ in range(blocks)]}


def _way_back(f: Facts) -> float:
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    y = x * 1
    for slope in f.slopes:
        y = y + slope * y
    y.backward()
    assert x.grad is not None
    return x.grad.item()


def _pathways(f: Facts) -> float:
    """Add up all ways through the blocks: each goes through some of the f."""
    total = 0.0
    for chosen in range(2 ** len(f.slopes)):
        through = [s for place, s in enumerate(f.slopes) if chosen >> place & 1]
        total += prod(through)
    return total


SHORTCUT = Kind(
    name="shortcut-gradient",
    lesson="08",
    heading="The shortcut",
    form="number",
    draw=_chain,
    ask=lambda f: (
        f"A value goes through {len(f.slopes)} blocks, one after the other, each with "
        "a shortcut: `y = x + f(x)`. The slopes of the `f` are "
        f"{' and '.join(map(str, f.slopes))}. What is the slope of the whole?",
    ),
    right=lambda f: plain(_way_back(f)),
    again=lambda f: plain(_pathways(f)),
    slips=(
        Slip(
            "shortcut forgotten",
            lambda f: plain(prod(f.slopes)),
            "the shortcuts are left out",
            "Each adds 1 to the slope of its block.",
            of="basic_block",
        ),
        Slip(
            "one shortcut for all",
            lambda f: plain(1 + prod(f.slopes)),
            "one shortcut passes all blocks",
            "Each block has its own: add 1 to each slope.",
        ),
        Slip(
            "slopes added",
            lambda f: plain(1 + sum(f.slopes)),
            "the slopes are added",
            "What stands one behind the other is multiplied.",
        ),
        Slip(
            "blocks added",
            lambda f: plain(sum(1 + slope for slope in f.slopes)),
            "the blocks are added",
            "What stands one behind the other is multiplied.",
        ),
        Slip(
            "subtracted",
            lambda f: plain(prod(1 - slope for slope in f.slopes)),
            "the slope is taken off the 1",
            "In `x + f(x)` the two are added.",
            of="basic_block",
        ),
        Slip(
            "one block only",
            lambda f: plain(1 + f.slopes[0]),
            "only the first block is counted",
            "The value goes through all of them.",
        ),
    ),
    steps=lambda f, answer: (
        "A block has the slope 1 + that of its `f`: "
        + ", ".join(f"{plain(1 + slope)}" for slope in f.slopes)
        + ".",
        "One behind the other: "
        + "*".join(signed(plain(1 + slope)) for slope in f.slopes)
        + f" = {answer}",
    ),
)


def _block(random: Random, level: int) -> dict[str, Any]:
    widths = (3, 4, 5, 6, 8, 10, 12, 15, 16, 20, 24, 30, 32, 40, 50, 64)
    cin = cout = random.choice(widths)
    if level == 2 or (level == 3 and random.random() < 0.5):
        cout = random.choice([width for width in widths if width != cin])
    return {"cin": cin, "cout": cout, "s": 1 if level < 3 else 2}


def _layers(f: Facts) -> list[nn.Module]:
    layers: list[nn.Module] = [
        nn.Conv2d(f.cin, f.cout, 3, f.s, 1, bias=False, device="meta"),
        nn.BatchNorm2d(f.cout, device="meta"),
        nn.Conv2d(f.cout, f.cout, 3, 1, 1, bias=False, device="meta"),
        nn.BatchNorm2d(f.cout, device="meta"),
    ]
    if f.s != 1 or f.cin != f.cout:
        shortcut = nn.Conv2d(f.cin, f.cout, 1, f.s, bias=False, device="meta")
        layers += [shortcut, nn.BatchNorm2d(f.cout, device="meta")]
    return layers


def _has_projection(f: Facts) -> bool:
    return f.s != 1 or f.cin != f.cout


def _block_count(
    f: Facts,
    *,
    norms: int = 2,
    projection: bool | None = None,
    side: int = 1,
    norm_beside: bool = True,
    biases: bool = False,
) -> int:
    """Count the numbers of a block, with the named parts as they are given."""
    count = 9 * f.cin * f.cout + 9 * f.cout * f.cout + norms * 2 * f.cout
    count += 2 * f.cout if biases else 0
    if _has_projection(f) if projection is None else projection:
        count += side * side * f.cin * f.cout
        count += 2 * f.cout if norm_beside and norms else 0
        count += f.cout if biases else 0
    return int(count)


BLOCK_PARAMS = Kind(
    name="block-params",
    lesson="08",
    heading="The basic block",
    form="number",
    draw=_block,
    ask=lambda f: (
        f"A basic block of ResNet gets {f.cin} channels and gives {f.cout}; its stride "
        f"is {f.s}. The kernels are 3x3 without biases, and a batch norm follows each "
        "convolution. The shortcut is 1x1 where one is needed. How many parameters "
        "does the block have?",
    ),
    right=lambda f: sum(p.numel() for layer in _layers(f) for p in layer.parameters()),
    again=lambda f: _block_count(f),
    slips=(
        Slip(
            "no norm at all",
            lambda f: _block_count(f, norms=0),
            "the batch norms are left out",
            "Each learns two numbers for each channel.",
            of="basic_block",
        ),
        Slip(
            "projection never",
            lambda f: _block_count(f, projection=False) if _has_projection(f) else None,
            "the convolution in the shortcut is left out",
            "The input does not fit what it is added to.",
            of="basic_block",
        ),
        Slip(
            "projection always",
            lambda f: (
                _block_count(f, projection=True) if not _has_projection(f) else None
            ),
            "the shortcut has a convolution",
            "The input fits as it is: nothing is needed there.",
            of="basic_block",
        ),
        Slip(
            "no norm in the shortcut",
            lambda f: (
                _block_count(f, norm_beside=False) if _has_projection(f) else None
            ),
            "the norm in the shortcut is left out",
            "One follows each convolution.",
            of="basic_block",
        ),
        Slip(
            "a shortcut of 3x3",
            lambda f: _block_count(f, side=3) if _has_projection(f) else None,
            "the kernels in the shortcut are 3x3",
            "They are 1x1.",
            of="basic_block",
        ),
        Slip(
            "biases in all convolutions",
            lambda f: _block_count(f, biases=True),
            "the convolutions have biases",
            "A batch norm follows, so they have none.",
            of="basic_block",
        ),
        Slip(
            "first convolution used twice",
            lambda f: 9 * f.cin * f.cout + 2 * f.cout * 2 if f.cin == f.cout else None,
            "one convolution is counted",
            "There are two, each with kernels of its own.",
            of="basic_block",
        ),
    ),
    steps=lambda f, answer: (
        f"First convolution: 9*{f.cin}*{f.cout} = {9 * f.cin * f.cout:,}; second: "
        f"9*{f.cout}*{f.cout} = {9 * f.cout * f.cout:,}.",
        f"Two batch norms: 2*2*{f.cout} = {4 * f.cout}.",
        (
            f"Shortcut: {f.cin}*{f.cout} = {f.cin * f.cout:,}, and its batch norm: "
            f"2*{f.cout} = {2 * f.cout}."
            if _has_projection(f)
            else "The shortcut needs nothing."
        ),
        f"Together: {answer}.",
    ),
)


def _maps(random: Random, level: int) -> dict[str, Any]:
    cin = random.choice((8, 16, 32, 64))
    return {
        "cin": cin,
        "cout": cin * 2,
        "n": random.randrange(8, 65, 4) if level < 3 else random.randrange(7, 40, 2),
        "s": 1 if level == 1 else 2,
    }


BLOCK_SHAPE = Kind(
    name="block-shape",
    lesson="08",
    heading="The basic block",
    form="shape",
    draw=_maps,
    ask=lambda f: (
        f"A map of the shape ({f.cin}, {f.n}, {f.n}) goes through a basic block: two "
        f"3x3 convolutions with padding 1, the first with stride {f.s} and {f.cout} "
        "kernels. What shape comes out?",
    ),
    right=lambda f: (
        f.cout,
        *(torch_size(torch_size(f.n, 3, f.s, 1), 3, 1, 1),) * 2,
    ),
    again=lambda f: (
        f.cout,
        *(own_count(own_count(f.n, 3, f.s, 1), 3, 1, 1),) * 2,
    ),
    slips=(
        Slip(
            "stride in both convolutions",
            lambda f: (
                (f.cout, *(own_count(own_count(f.n, 3, 2, 1), 3, 2, 1),) * 2)
                if f.s == 2
                else None
            ),
            "both convolutions have the stride",
            "Only the first has it.",
            of="basic_block",
        ),
        Slip(
            "stride ignored",
            lambda f: (f.cout, f.n, f.n) if f.s == 2 else None,
            "the stride is left out",
            "With stride 2 the map gets half as high and wide.",
            of="basic_block",
        ),
        Slip(
            "padding forgotten",
            lambda f: (f.cout, *(own_count(f.n, 3, f.s) - 2,) * 2),
            "the padding is left out",
            "With padding 1 a 3x3 kernel keeps the size.",
            of="basic_block",
        ),
        Slip(
            "joined, not added",
            lambda f: (f.cin + f.cout, *(own_count(f.n, 3, f.s, 1),) * 2),
            "the channels of the shortcut are joined to the others",
            "They are added, place by place.",
            of="basic_block",
        ),
        Slip(
            "channels left as they were",
            lambda f: (f.cin, *(own_count(f.n, 3, f.s, 1),) * 2),
            "the channels stay as they were",
            "There are as many as kernels: {cout}.",
        ),
        Slip(
            "rounded down",
            lambda f: (f.cout, f.n // 2, f.n // 2) if f.n % 2 and f.s == 2 else None,
            "half of {n} is rounded down",
            "With padding 1 the first place counts, too: it is rounded up.",
        ),
    ),
    steps=lambda f, answer: (
        f"First convolution: floor(({f.n} + 2*1 - 3)/{f.s}) + 1 = "
        f"{own_count(f.n, 3, f.s, 1)}.",
        "The second one keeps the size, and so does the addition.",
        f"The channels are the kernels, {f.cout}: {answer}.",
    ),
)

KINDS = (SHORTCUT, BLOCK_PARAMS, BLOCK_SHAPE)
