"""Items of lesson 06: VGG."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib import arithmetic
from cnnlib.practice.kind import Facts, Kind, Slip


def _blocks(random: Random, level: int) -> dict[str, Any]:
    return {
        "n": random.choice((32, 64, 96) if level == 1 else (96, 160, 192, 224)),
        "first": random.choice((8, 16, 32, 64)),
        "blocks": random.choice((2, 3) if level == 1 else (3, 4, 5)),
        "most": 512 if level < 3 else random.choice((64, 128, 256)),
    }


def _vgg(f: Facts, n: Any = None, channels: Any = None) -> tuple[int, int, int]:
    """Return the shape behind the blocks."""
    side = n if n is not None else f.n // 2**f.blocks
    wide = channels if channels is not None else min(
        f.first * 2 ** (f.blocks - 1), f.most
    )  # fmt: skip
    return int(wide), int(side), int(side)


VGG = Kind(
    name="vgg-blocks",
    lesson="06",
    heading="Blocks",
    form="shape",
    draw=_blocks,
    ask=lambda f: (
        f"A picture of the shape (3, {f.n}, {f.n}) goes through {f.blocks} blocks. "
        "Each has 3x3 convolutions with padding 1 and ends in a 2x2 pooling. The first "
        f"block has {f.first} channels; from block to block they double, up to "
        f"{f.most}. What shape comes out?",
    ),
    right=lambda f: _built(f),
    again=lambda f: _vgg(f),
    slips=(
        Slip(
            "padding forgotten",
            lambda f: _vgg(f, n=_unpadded(f)),
            "each convolution takes two pixels away",
            "With padding 1 it keeps the size.",
            of="vgg_block",
        ),
        Slip(
            "pooling left out",
            lambda f: _vgg(f, n=f.n),
            "the poolings are left out",
            "Each block halves height and width.",
            of="vgg_block",
        ),
        Slip(
            "channels doubled once more",
            lambda f: _vgg(f, channels=min(f.first * 2**f.blocks, f.most)),
            "the channels double in the first block, too",
            "The first block has {first}.",
        ),
        Slip(
            "no limit to the channels",
            lambda f: _vgg(f, channels=f.first * 2 ** (f.blocks - 1)),
            "the channels double without a limit",
            "They go up to {most}.",
        ),
        Slip(
            "one pooling only",
            lambda f: _vgg(f, n=f.n // 2),
            "only one pooling is counted",
            "Each block ends in one.",
        ),
        Slip(
            "halved for each convolution",
            lambda f: _vgg(f, n=f.n // 4**f.blocks) if f.n >= 4**f.blocks else None,
            "each pooling divides by 4",
            "It halves the height and it halves the width.",
        ),
    ),
    steps=lambda f, answer: (
        f"The height is halved {f.blocks} times: {f.n} / {2**f.blocks} = "
        f"{f.n // 2**f.blocks}.",
        f"The channels: {', '.join(map(str, _channels(f)[1:]))}.",
        f"The shape is {answer}.",
    ),
)


def _channels(f: Facts) -> list[int]:
    return [3, *(min(f.first * 2**b, f.most) for b in range(f.blocks))]


def _built(f: Facts) -> tuple[int, ...]:
    layers: list[nn.Module] = []
    for a, b in pairwise(_channels(f)):
        layers += [nn.Conv2d(a, b, 3, padding=1, device="meta"), nn.MaxPool2d(2)]
    out = nn.Sequential(*layers)(torch.empty(1, 3, f.n, f.n, device="meta"))
    return tuple(out.shape[1:])


def _unpadded(f: Facts) -> int:
    n = f.n
    for _ in range(f.blocks):
        n = (n - 2) // 2
    return int(n)


def _stacks(random: Random, level: int) -> dict[str, Any]:
    layers = 2 if level == 1 else random.choice((2, 3))
    return {
        "c": random.randint(2, 20)
        if level == 1
        else random.choice((*range(3, 33), 64)),
        "layers": layers,
        "large": 2 * layers + 1,
        "single": level > 1 and random.random() < 0.4,
    }


STACK = Kind(
    name="stack-or-single",
    lesson="06",
    heading="VGG (2014)",
    form="number",
    draw=_stacks,
    ask=lambda f: (
        (
            f"One {f.large}x{f.large} layer sees as far as {f.layers} layers of 3x3. "
            "How many weights does this single layer have"
            if f.single
            else f"{f.layers} layers of 3x3, one behind the other, see as far as one "
            f"{f.large}x{f.large} layer. How many weights do these {f.layers} have"
        )
        + f", with {f.c} channels in and out, without biases?",
    ),
    right=lambda f: int(
        arithmetic.conv_params(f.c, f.c, f.large, bias=False)
        if f.single
        else f.layers * arithmetic.conv_params(f.c, f.c, 3, bias=False)
    ),
    again=lambda f: sum(
        nn.Conv2d(f.c, f.c, k, bias=False, device="meta").weight.numel()
        for k in ([f.large] if f.single else [3] * f.layers)
    ),
    slips=(
        Slip(
            "the two swapped",
            lambda f: f.layers * 9 * f.c * f.c if f.single else f.large**2 * f.c * f.c,
            "the other one of the two is counted",
            "Two are compared, and one of them is asked for.",
            of="stack_or_single",
        ),
        Slip(
            "one 3x3 only",
            lambda f: 9 * f.c * f.c,
            "a single 3x3 layer is counted",
            "Look again at what is asked for.",
            of="stack_or_single",
        ),
        Slip(
            "C_in forgotten",
            lambda f: (f.large**2 if f.single else 9 * f.layers) * f.c,
            "a kernel has one slice only",
            "It has one for each channel that goes in.",
            of="stack_or_single",
        ),
        Slip(
            "bias counted",
            lambda f: (
                f.large**2 * f.c * f.c + f.c
                if f.single
                else f.layers * (9 * f.c * f.c + f.c)
            ),
            "biases are counted",
            "There are none here.",
            of="stack_or_single",
        ),
        Slip(
            "side for area",
            lambda f: (f.large if f.single else 3 * f.layers) * f.c * f.c,
            "the side of the kernel is used for its area",
            "A slice of k x k has k*k weights.",
            of="stack_or_single",
        ),
        Slip(
            "the difference",
            lambda f: abs(f.large**2 - 9 * f.layers) * f.c * f.c,
            "the difference of the two is given",
            "One of the two is asked for.",
            of="stack_or_single",
        ),
    ),
    steps=lambda f, answer: (
        f"One layer of k x k has k*k*{f.c}*{f.c} weights.",
        (
            f"{f.large}*{f.large}*{f.c}*{f.c} = {answer}"
            if f.single
            else f"{f.layers}*3*3*{f.c}*{f.c} = {answer}"
        ),
    ),
)

KINDS = (
    STACK,
    VGG,
)
