"""Items of lesson 04: the size that a dense layer must take."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.practice.compute import own_count
from cnnlib.practice.items import code
from cnnlib.practice.kind import Facts, Kind, Slip


def _head(random: Random, level: int) -> dict[str, Any]:
    n = random.choice((12, 16, 20, 28, 32) if level < 3 else (20, 24, 28, 32))
    return {
        "n": n,
        "cin": 1 if level == 1 else 3,
        "cout": random.choice((4, 8, 10, 16)),
        "k": random.choice((3, 5)),
        "p": 0 if level == 1 else random.choice((0, 1)),
        "f": 2,
        "twice": level == 3,
    }


def _layers(f: Facts) -> list[str]:
    """Write the layers up to Flatten as code."""
    first = f"nn.Conv2d({f.cin}, {f.cout}, {f.k}, padding={f.p})"
    second = f"nn.Conv2d({f.cout}, {f.cout}, {f.k}, padding={f.p})"
    block = [f"{first}, nn.ReLU(), nn.MaxPool2d({f.f}),"]
    if f.twice:
        block.append(f"{second}, nn.ReLU(), nn.MaxPool2d({f.f}),")
    return block


def _features(f: Facts) -> nn.Sequential:
    channels = [f.cin, f.cout, f.cout] if f.twice else [f.cin, f.cout]
    layers: list[nn.Module] = []
    for a, b in pairwise(channels):
        layers += [nn.Conv2d(a, b, f.k, padding=f.p, device="meta"), nn.ReLU()]
        layers.append(nn.MaxPool2d(f.f))
    return nn.Sequential(*layers, nn.Flatten())


def _height(f: Facts, *, last_pool: bool = True) -> int:
    n = f.n
    for last in [False, True] if f.twice else [True]:
        n = own_count(n, f.k, 1, f.p)
        n = n // f.f if last_pool or not last else n
    return int(n)


HEAD = Kind(
    name="first-linear",
    lesson="04",
    heading="When it breaks",
    form="number",
    draw=_head,
    ask=lambda f: (
        f"Pictures of the shape ({f.cin}, {f.n}, {f.n}) go through this net. Which "
        "number must stand for the question mark?",
        code(
            "nn.Sequential(",
            *(f"    {line}" for line in _layers(f)),
            "    nn.Flatten(), nn.Linear(?, 10),",
            ")",
        ),
    ),
    right=lambda f: int(
        _features(f)(torch.empty(1, f.cin, f.n, f.n, device="meta")).shape[1]
    ),
    again=lambda f: f.cout * _height(f) * _height(f),
    slips=(
        Slip(
            "one channel only",
            lambda f: _height(f) ** 2,
            "one channel of the last map is counted",
            "There are {cout} of them.",
            of="mend",
        ),
        Slip(
            "channels only",
            lambda f: f.cout,
            "only the channels are counted",
            "Each of them has height times width numbers.",
            of="mend",
        ),
        Slip(
            "the picture's size with the map's channels",
            lambda f: f.cout * f.n * f.n,
            "height and width are those of the picture",
            "The layers in between make the map smaller.",
            of="mend",
        ),
        Slip(
            "the picture's size",
            lambda f: f.cin * f.n * f.n,
            "the numbers of the picture are counted",
            "What is flattened is the last map.",
            of="mend",
        ),
        Slip(
            "Linear from the map before the pooling",
            lambda f: f.cout * _height(f, last_pool=False) ** 2,
            "the last pooling is left out",
            "It comes before the flattening.",
            of="layer_table",
        ),
        Slip(
            "side for size",
            lambda f: f.cout * _height(f),
            "the side of the map is used for its area",
            "A map has height times width numbers.",
            of="layer_table",
        ),
    ),
    steps=lambda f, answer: (
        f"Behind the last pooling a map is {_height(f)} high and as wide.",
        f"There are {f.cout} channels: {f.cout}*{_height(f)}*{_height(f)} = {answer}",
    ),
)


def _guessed(random: Random, level: int) -> dict[str, Any]:
    given = _head(random, min(level, 2))
    return given | {
        "rows": 1 if level == 1 else random.choice((16, 32, 64)),
        "guess": random.choice((100, 120, 128, 500, 784, 1000)),
        "outs": random.choice((10, 84)),
    }


@lru_cache(maxsize=64)
def _product_message(rows: int, features: int, guess: int, outs: int) -> str:
    try:
        torch.empty(rows, features) @ torch.empty(guess, outs)
    except RuntimeError as error:
        return str(error).splitlines()[0]
    raise AssertionError("the sizes fit")


def _features_of(f: Facts) -> int:
    return f.cout * _height(f) ** 2


def _not_fitting(random: Random, level: int) -> dict[str, Any]:
    while True:
        given = _guessed(random, level)
        if _features_of(Facts(**given)) != given["guess"]:
            return {"features": _features_of(Facts(**given)), "rows": given["rows"],
                    "guess": given["guess"], "outs": given["outs"]}  # fmt: skip


MAT_ERROR = Kind(
    name="product-error",
    lesson="04",
    heading="When it breaks",
    form="number",
    draw=_not_fitting,
    ask=lambda f: (
        "A net stops at its first `Linear` layer with this message. Which "
        "`in_features` must the layer have?",
        code(_product_message(f.rows, f.features, f.guess, f.outs)),
    ),
    right=lambda f: _found_out(f),
    again=lambda f: int(
        _product_message(f.rows, f.features, f.guess, f.outs)
        .split("(")[1]
        .split(" and ")[0]
        .split("x")[1]
    ),
    slips=(
        Slip(
            "nothing mended",
            lambda f: f.guess,
            "the layer keeps the number it has",
            "The second pair is the weight as it is now.",
            of="mend",
        ),
        Slip(
            "the length of the batch",
            lambda f: f.rows,
            "the number of pictures is taken",
            "The first pair is rows x numbers in a row.",
            of="mend",
        ),
        Slip(
            "the outputs",
            lambda f: f.outs,
            "the number of outputs is taken",
            "The second pair is the weight: inputs x outputs.",
        ),
        Slip(
            "rows and numbers multiplied",
            lambda f: f.rows * f.features,
            "the numbers of all pictures are taken",
            "Each picture is a row of its own.",
        ),
        Slip(
            "the difference",
            lambda f: abs(f.features - f.guess),
            "the two numbers are subtracted",
            "The layer must take all numbers of a row.",
        ),
    ),
    steps=lambda f, answer: (
        f"The first pair is the data: {f.rows} row{'s' * (f.rows > 1)} of "
        f"{f.features} numbers.",
        f"The second pair is the layer: it takes {f.guess}.",
        f"The layer must take what comes: {answer}.",
    ),
)


def _found_out(f: Facts) -> int:
    """Let a layer find out by itself how many numbers it gets."""
    layer = nn.LazyLinear(f.outs)
    layer(torch.zeros(f.rows, f.features))
    return int(layer.in_features)


KINDS = (
    HEAD,
    MAT_ERROR,
)
