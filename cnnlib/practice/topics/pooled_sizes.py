"""Items of lesson 03: sizes after pooling."""

from __future__ import annotations

from math import ceil
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib import arithmetic
from cnnlib.practice.compute import own_count
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.text import an, size


def _pool_size(random: Random, level: int) -> dict[str, Any]:
    f = random.choice((2, 3) if level < 3 else (2, 3, 4))
    s = f if level == 1 else random.choice((2, 3))
    return {"n": random.randint(10, 60), "f": f, "s": s, "told": s != f}


POOL_SIZE = Kind(
    name="pool-size",
    lesson="03",
    heading="The stride is the window, unless you say otherwise",
    form="number",
    draw=_pool_size,
    ask=lambda f: (
        f"A map is {f.n}x{f.n}. How high is it after "
        + (
            f"`nn.MaxPool2d({f.f}, stride={f.s})`?"
            if f.told
            else f"`nn.MaxPool2d({f.f})`?"
        ),
    ),
    right=lambda f: int(
        arithmetic.pool_output_size(f.n, f.f, stride=f.s if f.told else None)
    ),
    again=lambda f: own_count(f.n, f.f, f.s),
    slips=(
        Slip(
            "default stride 1",
            lambda f: f.n - f.f + 1,
            "the window moves on by one cell",
            "Without a stride, a pooling moves on by its own window.",
            of="max_pool2d",
        ),
        Slip(
            "partial last window kept (ceil for floor)",
            lambda f: ceil((f.n - f.f) / f.s) + 1,
            "a window that sticks out is kept",
            "It is left out.",
            of="max_pool2d",
        ),
        Slip(
            "stride ignored",
            lambda f: f.n // f.f,
            "the window is taken for the stride",
            "Use the stride where it is given.",
            of="max_pool2d",
        ),
        Slip(
            "one too few",
            lambda f: (f.n - f.f) // f.s,
            "the + 1 is missing",
            "The first place of the window counts, too.",
            of="output_size",
        ),
        Slip(
            "only subtracted",
            lambda f: f.n - f.f,
            "the window is only taken away",
            "Divide by the stride, then add 1.",
        ),
    ),
    steps=lambda f, answer: (
        "Without a stride of its own a pooling moves on by its window."
        if not f.told
        else f"Here the stride is given: {f.s}.",
        f"floor(({f.n} - {f.f})/{f.s}) + 1 = {answer}",
    ),
)


def _conv_pool(random: Random, level: int) -> dict[str, Any]:
    return {
        "n": random.randint(12, 30)
        if level < 3
        else random.choice((28, 30, 32, 50, 64)),
        "k": random.choice((3, 5)),
        "p": 0 if level == 1 else random.choice((0, 1)),
        "f": 2 if level < 3 else random.choice((2, 3)),
        "twice": level == 3,
    }


def _chain(f: Facts, pool: Any = None, conv: Any = None) -> int:
    """Return the height behind convolution and pooling, once or twice."""
    conv = conv or (lambda n: n + 2 * f.p - f.k + 1)
    pool = pool or (lambda n: n // f.f)
    n = pool(conv(f.n))
    return int(pool(conv(n)) if f.twice else n)


CONV_POOL = Kind(
    name="convolve-then-pool",
    lesson="03",
    heading="Convolve, then pool",
    form="number",
    draw=_conv_pool,
    ask=lambda f: (
        f"{an(size(f.n, f.n)).capitalize()} image goes through a convolution "
        f"({f.k}x{f.k}, padding {f.p}) and a pooling ({f.f}x{f.f})"
        + (", then through both once more" if f.twice else "")
        + ". How high is the result?",
    ),
    right=lambda f: _run_chain(f),
    again=lambda f: _chain(f),
    slips=(
        Slip(
            "pooling leaves the size",
            lambda f: _chain(f, pool=lambda n: n),
            "the pooling leaves the size as it is",
            "It divides it by {f}.",
            of="layer_table",
        ),
        Slip(
            "input size for output size",
            lambda f: _chain(f, conv=lambda n: n),
            "the convolution leaves the size as it is",
            "It takes away k - 1, and padding gives back 2p.",
            of="layer_table",
        ),
        Slip(
            "pooling with stride 1",
            lambda f: _chain(f, pool=lambda n: n - f.f + 1),
            "the pooling moves on by one cell",
            "It moves on by its own window.",
            of="layer_table",
        ),
        Slip(
            "partial last window kept",
            lambda f: _chain(f, pool=lambda n: ceil(n / f.f)),
            "a window that sticks out is kept",
            "It is left out.",
            of="edge_then_pool",
        ),
        Slip(
            "one too small",
            lambda f: _chain(f, conv=lambda n: n + 2 * f.p - f.k),
            "the convolution takes away k, not k - 1",
            "The first place of the window counts, too.",
            of="layer_table",
        ),
    ),
    steps=lambda f, answer: (
        f"Convolution: {f.n} + 2*{f.p} - {f.k} + 1 = {f.n + 2 * f.p - f.k + 1}.",
        f"Pooling: floor({f.n + 2 * f.p - f.k + 1}/{f.f}) = "
        f"{(f.n + 2 * f.p - f.k + 1) // f.f}.",
        *(
            (
                "Once more: convolution "
                f"{_half(f) + 2 * f.p - f.k + 1}, pooling {_chain(f)}.",
            )
            if f.twice
            else ()
        ),
        f"The result is {answer} high.",
    ),
)


def _half(f: Facts) -> int:
    """Return the height behind the first pooling."""
    return int((f.n + 2 * f.p - f.k + 1) // f.f)


def _run_chain(f: Facts) -> int:
    block = [nn.Conv2d(1, 1, f.k, padding=f.p, device="meta"), nn.MaxPool2d(f.f)]
    net = nn.Sequential(*block * (2 if f.twice else 1))
    return int(net(torch.empty(1, 1, f.n, f.n, device="meta")).shape[-1])


KINDS = (
    POOL_SIZE,
    CONV_POOL,
)
