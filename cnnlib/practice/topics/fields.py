"""Items of lesson 04: the receptive field."""

from __future__ import annotations

from itertools import accumulate
from math import prod
from random import Random
from typing import Any

from cnnlib import arithmetic
from cnnlib.practice.items import shown, table
from cnnlib.practice.kind import Facts, Kind, Slip


def _stack(random: Random, level: int) -> dict[str, Any]:
    pool = [2, 2]
    convs = (
        [[2, 1], [3, 1], [5, 1], [7, 1]]
        if level < 3
        else [[3, 1], [3, 2], [5, 1], [5, 2]]
    )
    if level == 1:
        some = random.choices((2, 3, 4, 5, 7), k=random.choice((2, 3)))
        layers = [[k, 1] for k in some]
    else:
        layers = [random.choice(convs)]
        for _ in range(random.choice((1, 2))):
            layers += [pool, random.choice(convs)]
    return {"layers": [list(layer) for layer in layers]}


def _field(layers: list[list[int]]) -> int:
    """Walk from one unit back to the input: each layer widens what it needs."""
    wide = 1
    for kernel, stride in reversed(layers):
        wide = (wide - 1) * stride + kernel
    return wide


def _walk(f: Facts, jumps: list[int], start: int = 1) -> int:
    return start + sum((k - 1) * j for (k, _), j in zip(f.layers, jumps, strict=False))


def _jumps(f: Facts) -> list[int]:
    return list(accumulate((s for _, s in f.layers), lambda a, b: a * b, initial=1))


FIELD = Kind(
    name="receptive-field",
    lesson="04",
    heading="How far a unit sees",
    form="number",
    draw=_stack,
    ask=lambda f: (
        "How many pixels wide is the receptive field of a unit behind these layers?",
        table(
            "the layers",
            ("layer", "window", "stride"),
            [
                (number, f"{k}x{k}", s)
                for number, (k, s) in enumerate(f.layers, start=1)
            ],
        ),
    ),
    right=lambda f: int(arithmetic.receptive_field([tuple(x) for x in f.layers])),
    again=lambda f: _field(f.layers),
    slips=(
        Slip(
            "stride ignored",
            lambda f: 1 + sum(k - 1 for k, _ in f.layers),
            "the strides are left out",
            "Behind a stride, neighbours lie further apart on the input.",
            of="receptive_field",
        ),
        Slip(
            "own stride taken too early",
            lambda f: _walk(f, _jumps(f)[1:]),
            "a layer's own stride is used before its window",
            "The jump is the product of the strides before it.",
            of="receptive_field",
        ),
        Slip(
            "kernels added up",
            lambda f: sum(k for k, _ in f.layers),
            "the windows are added",
            "They overlap: each adds k - 1 jumps.",
            of="receptive_field",
        ),
        Slip(
            "kernels multiplied",
            lambda f: prod(k for k, _ in f.layers),
            "the windows are multiplied",
            "They overlap: each adds k - 1 jumps.",
            of="receptive_field",
        ),
        Slip(
            "starts from zero",
            lambda f: _walk(f, _jumps(f), 0),
            "the pixel that one starts with is left out",
            "Without any layer a unit sees 1 pixel.",
            of="receptive_field",
        ),
        Slip(
            "layers from last to first",
            lambda f: _field(f.layers[::-1]),
            "the layers are taken from last to first",
            "The jump grows from the input on.",
            of="receptive_field",
        ),
        Slip(
            "the jump returned",
            lambda f: _jumps(f)[-1],
            "the jump is given",
            "That is how far apart two neighbours look.",
            of="receptive_field",
        ),
    ),
    steps=lambda f, answer: (
        "Start with 1 pixel. Each layer adds (k - 1) jumps; a stride multiplies the "
        "jump.",
        f"The jumps before the layers: {shown(_jumps(f)[:-1], 'row')}.",
        arithmetic.receptive_field([tuple(x) for x in f.layers]).formula,
        f"The unit sees {answer} pixels in each direction.",
    ),
)


def _depth(random: Random, level: int) -> dict[str, Any]:
    k = 3 if level == 1 else random.choice((3, 5, 7))
    depth = random.randint(2, 20 if level == 1 else 12)
    want = 1 + depth * (k - 1)
    return {"k": k, "want": want - (random.choice((0, 1)) if level == 3 else 0)}


def _deep_enough(f: Facts) -> int:
    return next(
        depth
        for depth in range(1, 60)
        if arithmetic.receptive_field([(f.k, 1)] * depth) >= f.want
    )


DEPTH = Kind(
    name="how-many-layers",
    lesson="04",
    heading="How far a unit sees",
    form="number",
    draw=_depth,
    ask=lambda f: (
        f"Layers of {f.k}x{f.k} with stride 1 lie one behind the other. How many does "
        f"it take until a unit sees at least {f.want} pixels in each direction?",
    ),
    right=_deep_enough,
    again=lambda f: -(-(f.want - 1) // (f.k - 1)),
    slips=(
        Slip(
            "kernel added whole",
            lambda f: -(-f.want // f.k),
            "each layer is taken to add {k} pixels",
            "It adds k - 1 of them, since the windows overlap.",
            of="receptive_field",
        ),
        Slip(
            "first layer forgotten",
            lambda f: -(-(f.want - f.k) // (f.k - 1)) if f.want > f.k else None,
            "the first layer is not counted",
            "Start with 1 pixel, before any layer.",
        ),
        Slip(
            "one pixel a layer",
            lambda f: f.want - 1,
            "each layer is taken to add one pixel",
            "It adds k - 1.",
        ),
        Slip(
            "half a kernel a layer",
            lambda f: -(-(f.want - 1) // (f.k // 2)),
            "only one side of the window is counted",
            "A layer sees further on both sides.",
        ),
        Slip(
            "one too many",
            lambda f: -(-(f.want - 1) // (f.k - 1)) + 1,
            "one layer is counted too many",
            "Start with 1 pixel, before any layer.",
        ),
    ),
    steps=lambda f, answer: (
        f"Start with 1 pixel; each layer adds {f.k} - 1 = {f.k - 1}.",
        f"({f.want} - 1)/{f.k - 1} = {(f.want - 1) / (f.k - 1):g}, so it takes "
        f"{answer}.",
    ),
)

KINDS = (
    FIELD,
    DEPTH,
)
