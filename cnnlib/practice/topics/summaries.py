"""Items of lesson 04: reading a summary."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.model_summary import summary
from cnnlib.practice.compute import own_count
from cnnlib.practice.items import shown, table
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.text import count


def _small_net(random: Random, level: int) -> dict[str, Any]:
    return {
        "side": random.choice((8, 10, 12, 14, 16, 20)),
        "cin": random.choice((1, 3)),
        "c1": random.choice((4, 6, 8)),
        "c2": random.choice((5, 10, 16)),
        "p": random.choice((0, 1)),
        "ask": random.choice(("conv1", "conv2") if level == 1 else ("conv2", "fc"))
        if level < 3
        else "fc",
        "what": "params" if level < 3 else random.choice(("params", "shape")),
    }


def _net(f: Facts) -> nn.Sequential:
    last = (f.side + 2 * f.p - 2) // 2 + 2 * f.p - 2
    net = nn.Sequential()
    with torch.device("meta"):
        net.add_module("conv1", nn.Conv2d(f.cin, f.c1, 3, padding=f.p))
        net.add_module("pool", nn.MaxPool2d(2))
        net.add_module("conv2", nn.Conv2d(f.c1, f.c2, 3, padding=f.p))
        net.add_module("flatten", nn.Flatten())
        net.add_module("fc", nn.Linear(f.c2 * last * last, 10))
    return net


@lru_cache(maxsize=1024)
def _rows(side: int, cin: int, c1: int, c2: int, p: int) -> Any:
    f = Facts(side=side, cin=cin, c1=c1, c2=c2, p=p)
    report = summary(_net(f), (cin, side, side))
    return [
        (r.name, r.kind, tuple(r.output_shape), int(r.params), int(r.mult_adds or 0))
        for r in report.rows
    ]


def _summary_rows(f: Facts) -> Any:
    return _rows(f.side, f.cin, f.c1, f.c2, f.p)


def _table(f: Facts) -> Any:
    rows = [
        (
            name,
            kind,
            shown(shape, "shape"),
            "?" if name == f.ask else f"{params:,}" if params else "",
        )
        for name, kind, shape, params, _ in _summary_rows(f)
    ]
    return table("the net", ("name", "layer", "output shape", "parameters"), rows)


def _before(f: Facts) -> int:
    """Return the channels (or numbers) that go into the asked layer."""
    return {"conv1": f.cin, "conv2": f.c1, "fc": _flat_numbers(f)}[f.ask]


def _flat_numbers(f: Facts) -> int:
    last = own_count(own_count(f.side, 3, 1, f.p) // 2, 3, 1, f.p)
    return int(f.c2 * last * last)


def _after(f: Facts) -> int:
    return {"conv1": f.c1, "conv2": f.c2, "fc": 10}[f.ask]


def _area(f: Facts) -> int:
    return 1 if f.ask == "fc" else 9


def _summary_facts(random: Random, level: int) -> dict[str, Any]:
    given = _small_net(random, level)
    given.pop("what")
    return given


SUMMARY_ROW = Kind(
    name="summary-row",
    lesson="04",
    heading="`summary`: the arithmetic of a net",
    form="number",
    draw=_summary_facts,
    ask=lambda f: (
        f"`summary` of a net for pictures of the shape ({f.cin}, {f.side}, {f.side}); "
        f"kernels are 3x3, padding {f.p}. Which number stands in the row `{f.ask}`?",
        _table(f),
    ),
    right=lambda f: next(r[3] for r in _summary_rows(f) if r[0] == f.ask),
    again=lambda f: (_area(f) * _before(f) + 1) * _after(f),
    slips=(
        Slip(
            "bias forgotten",
            lambda f: _area(f) * _before(f) * _after(f),
            "the biases are forgotten",
            "There is one for each channel or output.",
            of="layer_table",
        ),
        Slip(
            "one bias for the layer",
            lambda f: _area(f) * _before(f) * _after(f) + 1,
            "the layer has one bias",
            "There is one for each channel or output.",
            of="layer_table",
        ),
        Slip(
            "the picture's channels everywhere",
            lambda f: (9 * f.cin + 1) * f.c2 if f.ask == "conv2" else None,
            "the channels of the picture go into the second layer",
            "The maps of the layer before go into it.",
            of="layer_table",
        ),
        Slip(
            "C_in forgotten",
            lambda f: (9 + 1) * _after(f) if f.ask != "fc" else None,
            "a kernel has one slice only",
            "It has one for each channel that goes in.",
            of="layer_table",
        ),
        Slip(
            "Linear from the channels only",
            lambda f: (f.c2 + 1) * 10 if f.ask == "fc" else None,
            "only the channels go into the `Linear` layer",
            "All numbers of the last map do.",
            of="layer_table",
        ),
        Slip(
            "activation size wrong",
            lambda f: prod(next(r[2] for r in _summary_rows(f) if r[0] == f.ask)),
            "the numbers that come out are counted",
            "Parameters are weights and biases.",
            of="layer_table",
        ),
    ),
    steps=lambda f, answer: (
        f"What goes into `{f.ask}`: "
        + count(_before(f), "number" if f.ask == "fc" else "channel")
        + ".",
        f"({_area(f)}*{_before(f)} + 1)*{_after(f)} = {answer}",
    ),
)

_WHERE = ("conv1", "conv2", "fc")


def _where_facts(random: Random, level: int) -> dict[str, Any]:
    given = _summary_facts(random, level)
    given.pop("ask")
    return given | {"work": level > 1 and random.random() < 0.7}


def _counts(f: Facts, *, work: bool) -> dict[str, int]:
    """Count parameters, or mult-adds, of the three layers."""
    return {r[0]: r[4 if work else 3] for r in _summary_rows(f) if r[0] in _WHERE}


def _most(counts: dict[str, int]) -> str:
    return max(counts, key=lambda name: counts[name])


def _counted(f: Facts) -> dict[str, int]:
    """Count parameters, or mult-adds, from the sizes alone."""
    first = own_count(f.side, 3, 1, f.p)
    second = own_count(first // 2, 3, 1, f.p)
    weights = {
        "conv1": 9 * f.cin * f.c1,
        "conv2": 9 * f.c1 * f.c2,
        "fc": f.c2 * second**2 * 10,
    }
    places = {"conv1": first**2, "conv2": second**2, "fc": 1}
    biases = {"conv1": f.c1, "conv2": f.c2, "fc": 10}
    if f.work:
        return {name: weights[name] * places[name] for name in _WHERE}
    return {name: weights[name] + biases[name] for name in _WHERE}


WHERE = Kind(
    name="most-work-or-parameters",
    lesson="04",
    heading="Dense = parameters, convolution = work",
    form="choice",
    draw=_where_facts,
    ask=lambda f: (
        f"A net for pictures of the shape ({f.cin}, {f.side}, {f.side}); padding "
        f"{f.p}. Which layer "
        + ("does the most work (mult-adds)?" if f.work else "has the most parameters?"),
        table(
            "the net",
            ("name", "layer", "output shape"),
            [
                (name, _words(f, name, kind), shown(shape, "shape"))
                for name, kind, shape, *_ in _summary_rows(f)
            ],
        ),
    ),
    right=lambda f: _most(_counts(f, work=f.work)),
    again=lambda f: _most(_counted(f)),
    slips=(
        Slip(
            "weights counted, not work",
            lambda f: _most(_counts(f, work=not f.work)),
            "parameters are taken for work, or work for parameters",
            "A shared weight is one parameter and works at every place.",
            of="conv_macs",
        ),
        Slip(
            "the first layer",
            lambda f: "conv1",
            "the layer with the largest map is taken",
            "Count weights; for the work multiply by the places.",
        ),
        Slip(
            "the most channels",
            lambda f: _most({"conv1": f.c1, "conv2": f.c2, "fc": 10}),
            "the layer with the most channels is taken",
            "Count weights; for the work multiply by the places.",
        ),
        Slip(
            "always the dense layer",
            lambda f: "fc",
            "the dense layer is taken, as if it were always the largest",
            "It is large only if the last map is large.",
        ),
        Slip(
            "slices forgotten",
            lambda f: _most({"conv1": 9 * f.c1, "conv2": 9 * f.c2, "fc": 10}),
            "only kernels and their area are counted",
            "Count all weights; for the work multiply by the places.",
        ),
    ),
    steps=lambda f, answer: (
        *(
            f"{name}: {count:,} " + ("mult-adds." if f.work else "parameters.")
            for name, count in _counted(f).items()
        ),
        f"The most: {answer}.",
    ),
)


def _words(f: Facts, name: str, kind: str) -> str:
    return {
        "conv1": f"Conv2d({f.cin}, {f.c1}, 3)",
        "conv2": f"Conv2d({f.c1}, {f.c2}, 3)",
        "pool": "MaxPool2d(2)",
        "fc": f"Linear({_flat_numbers(f)}, 10)",
    }.get(name, kind)


KINDS = (
    SUMMARY_ROW,
    WHERE,
)
