"""Items of lesson 04: parameters, work, memory, receptive field."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, pairwise
from math import prod
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib import arithmetic
from cnnlib.model_summary import summary

from .compute import own_count
from .items import code, shown, table
from .kind import Facts, Kind, Slip

# ---- parameters -------------------------------------------------------------------


def _conv(random: Random, level: int) -> dict[str, Any]:
    k = random.choice((3, 5) if level == 1 else (1, 3, 5))
    return {
        "cin": random.choice((1, 3, 4) if level == 1 else (3, 8, 10, 16, 20)),
        "cout": random.choice((2, 5, 8, 10) if level == 1 else (4, 6, 16, 32)),
        "kh": k,
        "kw": k if level < 3 else random.choice((1, 3, 5, 7)),
        "bias": level < 3 or random.random() < 0.6,
        "side": random.choice((28, 32, 64, 100)),
    }


CONV_PARAMS = Kind(
    name="conv-params",
    lesson="04",
    heading="A convolution's parameters",
    form="number",
    draw=_conv,
    ask=lambda f: (
        f"Pictures of {f.side}x{f.side} go through this layer. How many parameters "
        "has it?",
        code(
            f"nn.Conv2d({f.cin}, {f.cout}, kernel_size=({f.kh}, {f.kw})"
            + ("" if f.bias else ", bias=False")
            + ")"
        ),
    ),
    right=lambda f: sum(
        p.numel()
        for p in nn.Conv2d(
            f.cin, f.cout, (f.kh, f.kw), bias=f.bias, device="meta"
        ).parameters()
    ),
    again=lambda f: sum(
        sum(1 for _ in range(f.kh * f.kw * f.cin)) + f.bias for _ in range(f.cout)
    ),
    slips=(
        Slip(
            "bias forgotten",
            lambda f: f.kh * f.kw * f.cin * f.cout,
            "the biases are forgotten",
            "Each kernel has one.",
            of="conv_params",
        ),
        Slip(
            "bias counted when False",
            lambda f: (f.kh * f.kw * f.cin + 1) * f.cout,
            "biases are counted",
            "`bias=False` says that there are none.",
            of="conv_params",
        ),
        Slip(
            "C_in forgotten",
            lambda f: (f.kh * f.kw + f.bias) * f.cout,
            "a kernel has one slice only",
            "It has one for each of the {cin} channels that go in.",
            of="conv_params",
        ),
        Slip(
            "one bias for the layer",
            lambda f: f.kh * f.kw * f.cin * f.cout + 1 if f.bias else None,
            "the layer has one bias",
            "Each of its {cout} kernels has one.",
            of="conv_params",
        ),
        Slip(
            "bias added once per channel",
            lambda f: (f.kh * f.kw + 1) * f.cin * f.cout if f.bias else None,
            "each slice has a bias",
            "A kernel has one bias, however many slices.",
            of="conv_params",
        ),
        Slip(
            "C_out forgotten",
            lambda f: f.kh * f.kw * f.cin + f.bias,
            "only one kernel is counted",
            "There are {cout} of them.",
            of="conv_params",
        ),
        Slip(
            "a bias for each input channel",
            lambda f: f.kh * f.kw * f.cin * f.cout + f.cin if f.bias else None,
            "there is a bias for each channel that goes in",
            "There is one for each channel that comes out.",
            of="conv_params",
        ),
        Slip(
            "side of the kernel for its area",
            lambda f: (f.kh * f.cin + f.bias) * f.cout,
            "the side of the kernel is used for its area",
            "A slice has {kh}*{kw} weights.",
            of="conv_params",
        ),
        Slip(
            "the picture counted",
            lambda f: (f.kh * f.kw * f.cin + f.bias) * f.cout * f.side * f.side,
            "the weights are counted again at every place",
            "All places use the same ones; the picture's size does not matter.",
        ),
    ),
    steps=lambda f, answer: (
        f"A kernel has {f.kh}*{f.kw}*{f.cin} = {f.kh * f.kw * f.cin} weights"
        + (" and one bias." if f.bias else " and no bias."),
        f"There are {f.cout} kernels: "
        f"{arithmetic.conv_params(f.cin, f.cout, (f.kh, f.kw), bias=f.bias).formula}",
        f"The layer has {answer} parameters.",
    ),
)


def _linear(random: Random, level: int) -> dict[str, Any]:
    return {
        "a": random.choice(
            (10, 20, 30, 50, 84, 100, 120) if level < 3 else (256, 400, 784)
        ),
        "b": random.randint(2, 12)
        if level == 1
        else random.choice((10, 20, 30, 50, 84)),
        "bias": level < 3 or random.random() < 0.5,
    }


LINEAR_PARAMS = Kind(
    name="linear-params",
    lesson="04",
    heading="A whole net, row by row",
    form="number",
    draw=_linear,
    ask=lambda f: (
        f"How many parameters has `nn.Linear({f.a}, {f.b}"
        + ("" if f.bias else ", bias=False")
        + ")`?",
    ),
    right=lambda f: sum(
        p.numel() for p in nn.Linear(f.a, f.b, bias=f.bias, device="meta").parameters()
    ),
    again=lambda f: sum(f.a + f.bias for _ in range(f.b)),
    slips=(
        Slip(
            "bias forgotten",
            lambda f: f.a * f.b,
            "the biases are forgotten",
            "Each output has one.",
            of="linear_params",
        ),
        Slip(
            "bias counted when False",
            lambda f: f.a * f.b + f.b,
            "biases are counted",
            "`bias=False` says that there are none.",
            of="linear_params",
        ),
        Slip(
            "a bias for each input",
            lambda f: f.a * f.b + f.a if f.bias else None,
            "there is a bias for each input",
            "A bias belongs to an output.",
            of="linear_params",
        ),
        Slip(
            "one bias for the layer",
            lambda f: f.a * f.b + 1 if f.bias else None,
            "the layer has one bias",
            "Each output has one.",
            of="linear_params",
        ),
        Slip(
            "units added, not multiplied",
            lambda f: f.a + f.b + (f.b if f.bias else 0),
            "the two numbers are added",
            "Each output has a weight for each input: multiply.",
            of="linear_params",
        ),
    ),
    steps=lambda f, answer: (
        f"Each of the {f.b} outputs has {f.a} weights"
        + (" and a bias." if f.bias else " and no bias."),
        f"{arithmetic.linear_params(f.a, f.b, bias=f.bias).formula}",
        f"The layer has {answer} parameters.",
    ),
)

# ---- the first Linear layer -------------------------------------------------------


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


# ---- a summary's row --------------------------------------------------------------


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
        f"Into `{f.ask}` go {_before(f):,} "
        + ("numbers." if f.ask == "fc" else "channels."),
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


# ---- work, memory -----------------------------------------------------------------


def _macs(random: Random, level: int) -> dict[str, Any]:
    n = random.choice((10, 12, 20, 22, 32, 52))
    k = random.choice((3, 5))
    same = level == 1
    return {
        "n": n,
        "k": k,
        "p": (k - 1) // 2 if same else 0,
        "s": 1 if level < 3 else 2,
        "cin": random.choice((1, 2, 3)),
        "cout": random.choice((2, 4, 8, 10)),
    }


def _out(f: Facts) -> int:
    return own_count(f.n, f.k, f.s, f.p)


MACS = Kind(
    name="mult-adds",
    lesson="04",
    heading="Work: mult-adds",
    form="number",
    draw=_macs,
    ask=lambda f: (
        f"How many mult-adds does this layer cost for one {f.n}x{f.n} picture? Biases "
        "are not counted.",
        code(
            f"nn.Conv2d({f.cin}, {f.cout}, kernel_size={f.k}, padding={f.p}, "
            f"stride={f.s})"
        ),
    ),
    right=lambda f: int(
        arithmetic.conv_mult_adds(
            f.cin,
            f.cout,
            f.k,
            int(arithmetic.output_size(f.n, f.k, stride=f.s, padding=f.p)),
        )
    ),
    again=lambda f: sum(
        f.k * f.k * f.cin for _ in range(f.cout) for _ in range(_out(f) ** 2)
    ),
    slips=(
        Slip(
            "input size for output size",
            lambda f: f.k * f.k * f.cin * f.cout * f.n * f.n,
            "the size of the input is used",
            "The layer works at the places of the output.",
            of="conv_macs",
        ),
        Slip(
            "weights counted, not work",
            lambda f: f.k * f.k * f.cin * f.cout,
            "only the weights are counted",
            "Each of them works at every place of the output.",
            of="conv_macs",
        ),
        Slip(
            "C_in forgotten",
            lambda f: f.k * f.k * f.cout * _out(f) ** 2,
            "a kernel has one slice only",
            "It has one for each of the {cin} channels that go in.",
            of="conv_macs",
        ),
        Slip(
            "C_out forgotten",
            lambda f: f.k * f.k * f.cin * _out(f) ** 2,
            "only one kernel is counted",
            "There are {cout} of them.",
            of="conv_macs",
        ),
        Slip(
            "multiply-adds doubled",
            lambda f: 2 * f.k * f.k * f.cin * f.cout * _out(f) ** 2,
            "multiplications and additions are counted apart",
            "A mult-add is one of each together.",
            of="conv_macs",
        ),
        Slip(
            "bias counted",
            lambda f: (f.k * f.k * f.cin + 1) * f.cout * _out(f) ** 2,
            "the biases are counted",
            "By our rule only weights are.",
            of="conv_macs",
        ),
        Slip(
            "one row of the output only",
            lambda f: f.k * f.k * f.cin * f.cout * _out(f),
            "only one row of places is counted",
            "There are {n}*{n} pixels, and rows as well as columns of windows.",
            of="conv_macs",
        ),
    ),
    steps=lambda f, answer: (
        f"The output is {_out(f)}x{_out(f)}, with {f.cout} channels.",
        f"Each number costs {f.k}*{f.k}*{f.cin} = {f.k * f.k * f.cin} mult-adds.",
        f"{f.k * f.k * f.cin}*{f.cout}*{_out(f)}*{_out(f)} = {answer}",
    ),
)


def _memory(random: Random, level: int) -> dict[str, Any]:
    return {
        "c": random.choice((1, 2, 3, 8, 10, 16)),
        "h": random.choice((10, 20, 25, 50, 100)),
        "w": random.choice((10, 20, 25, 50, 100)),
        "n": 1 if level == 1 else random.choice((2, 8, 10, 32)),
        "each": 4 if level < 3 else 2,
    }


MEMORY = Kind(
    name="map-memory",
    lesson="04",
    heading="Memory: the maps in between",
    form="number",
    draw=_memory,
    ask=lambda f: (
        f"A layer makes {f.c} map{'s' * (f.c > 1)} of {f.h}x{f.w} for each picture. "
        f"How many bytes hold them for a batch of {f.n}? A number takes {f.each} "
        "bytes.",
    ),
    right=lambda f: int(arithmetic.activation_memory((f.n, f.c, f.h, f.w), f.each)),
    again=lambda f: _bytes(f),
    slips=(
        Slip(
            "numbers for bytes",
            lambda f: f.n * f.c * f.h * f.w,
            "the numbers are counted, not their bytes",
            "Each number takes {each} bytes.",
        ),
        Slip(
            "channels left out",
            lambda f: f.n * f.h * f.w * f.each,
            "only one map is counted",
            "There are {c} for each picture.",
            of="layer_table",
        ),
        Slip(
            "batch left out",
            lambda f: f.c * f.h * f.w * f.each,
            "only one picture is counted",
            "The maps of all pictures are kept.",
        ),
        Slip(
            "bits for bytes",
            lambda f: f.n * f.c * f.h * f.w * f.each * 8,
            "bits are counted",
            "A byte has 8 bits; bytes are asked for.",
        ),
        Slip(
            "sides added",
            lambda f: f.n * f.c * (f.h + f.w) * f.each,
            "height and width are added",
            "A map has height times width numbers.",
        ),
    ),
    steps=lambda f, answer: (
        f"Numbers: {f.n}*{f.c}*{f.h}*{f.w} = {f.n * f.c * f.h * f.w:,}.",
        f"Each takes {f.each} bytes: {answer}.",
    ),
)


def _bytes(f: Facts) -> int:
    dtype = {4: torch.float32, 2: torch.float16}[f.each]
    x = torch.empty(f.n, f.c, f.h, f.w, dtype=dtype, device="meta")
    return int(x.element_size() * x.numel())


# ---- receptive field --------------------------------------------------------------


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
    CONV_PARAMS,
    LINEAR_PARAMS,
    SUMMARY_ROW,
    MACS,
    WHERE,
    MEMORY,
    FIELD,
    DEPTH,
    HEAD,
    MAT_ERROR,
)
