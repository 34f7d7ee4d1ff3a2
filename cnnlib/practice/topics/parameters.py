"""Items of lesson 04: parameters of a layer."""

from __future__ import annotations

from random import Random
from typing import Any

from torch import nn

from cnnlib import arithmetic
from cnnlib.practice.items import code
from cnnlib.practice.kind import Kind, Slip


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
        "does it have?",
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
            "It has one for each channel that goes in.",
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
        f"How many parameters does `nn.Linear({f.a}, {f.b}"
        + ("" if f.bias else ", bias=False")
        + ")` have?",
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

KINDS = (
    CONV_PARAMS,
    LINEAR_PARAMS,
)
