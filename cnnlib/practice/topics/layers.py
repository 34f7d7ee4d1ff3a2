"""Items of lesson 01: a whole layer."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib import arithmetic
from cnnlib.practice.kind import Kind, Slip
from cnnlib.text import count


def _layer(random: Random, level: int) -> dict[str, Any]:
    cin, cout = random.sample((1, 3, 8, 16), 2)
    high, wide = random.sample((12, 20, 28, 32, 64), 2)
    k = random.choice((3, 5))
    n = random.choice((1, 8, 10)) if level > 1 else 1
    return {"n": n, "cin": cin, "cout": cout, "h": high,
            "w": wide if level == 3 else high, "k": k}  # fmt: skip


CHANNELS_OUT = Kind(
    name="layer-shape",
    lesson="01",
    heading="Several kernels: output channels",
    form="shape",
    draw=_layer,
    ask=lambda f: (
        f"A batch of the shape ({f.n}, {f.cin}, {f.h}, {f.w}) goes through "
        f"`nn.Conv2d({f.cin}, {f.cout}, kernel_size={f.k})`. What shape comes out?",
    ),
    right=lambda f: tuple(
        nn.Conv2d(f.cin, f.cout, f.k, device="meta")(
            torch.empty(f.n, f.cin, f.h, f.w, device="meta")
        ).shape
    ),
    again=lambda f: (f.n, f.cout, f.h - f.k + 1, f.w - f.k + 1),
    slips=(
        Slip(
            "channels kept",
            lambda f: (f.n, f.cin, f.h - f.k + 1, f.w - f.k + 1),
            "the channels stay as many as before",
            "Each kernel makes one channel.",
        ),
        Slip(
            "as large as the images",
            lambda f: (f.n, f.cout, f.h, f.w),
            "the map is as large as the image",
            "Without padding the window has fewer places.",
            of="conv2d_channels",
        ),
        Slip(
            "channels multiplied",
            lambda f: (f.n, f.cin * f.cout, f.h - f.k + 1, f.w - f.k + 1),
            "each kernel makes one map for each channel",
            "A kernel adds up its channels and makes one map.",
        ),
        Slip(
            "one place too few",
            lambda f: (f.n, f.cout, f.h - f.k, f.w - f.k),
            "the window has one place too few in each direction",
            "There are n - k + 1 places: the first one counts, too.",
        ),
        Slip(
            "maps of all kernels added",
            lambda f: (f.n, 1, f.h - f.k + 1, f.w - f.k + 1),
            "the maps of all kernels are added to one",
            "Each kernel makes a channel of its own.",
            of="conv2d_channels",
        ),
    ),
    steps=lambda f, answer: (
        f"Height: {f.h} - {f.k} + 1 = {f.h - f.k + 1}. Width: {f.w} - {f.k} + 1 = "
        f"{f.w - f.k + 1}.",
        f"Channels: one for each kernel, so {f.cout}. The batch stays: {answer}.",
    ),
)


def _widths(random: Random, level: int) -> dict[str, Any]:
    ins = random.choice((10, 20, 50, 100, 400))
    hidden = random.choice((5, 10, 20, 30))
    outs = random.choice((1, 2, 3) if level == 1 else (3, 4, 10))
    return {"ins": ins, "hidden": hidden, "outs": outs}


DENSE = Kind(
    name="dense-net-params",
    lesson="01",
    heading="Why not fully connected?",
    form="number",
    draw=_widths,
    ask=lambda f: (
        f"A fully connected net has {f.ins} inputs, {f.hidden} hidden units and "
        f"{f.outs} output{'s' * (f.outs > 1)}. All units have a bias. How many "
        "parameters does it have?",
    ),
    right=lambda f: sum(
        p.numel()
        for layer in (
            nn.Linear(f.ins, f.hidden, device="meta"),
            nn.Linear(f.hidden, f.outs, device="meta"),
        )
        for p in layer.parameters()
    ),
    again=lambda f: (
        sum(f.ins + 1 for _ in range(f.hidden))
        + sum(f.hidden + 1 for _ in range(f.outs))
    ),
    slips=(
        Slip(
            "fully_connected: output bias forgotten",
            lambda f: f.hidden * (f.ins + 1) + f.outs * f.hidden,
            "the biases of the outputs are forgotten",
            "Every unit has a bias, the outputs, too.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: hidden biases forgotten",
            lambda f: f.hidden * f.ins + f.outs * (f.hidden + 1),
            "the biases of the hidden units are forgotten",
            "Every unit has a bias.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: no biases, or no output layer",
            lambda f: f.hidden * f.ins + f.outs * f.hidden,
            "no bias is counted",
            "Every unit has one.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: one bias to a layer",
            lambda f: f.hidden * f.ins + 1 + f.outs * f.hidden + 1,
            "each layer has one bias",
            "Each unit has one.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: biases of the inputs",
            lambda f: f.hidden * f.ins + f.ins + f.outs * f.hidden + f.hidden,
            "the biases belong to the units that a layer gets its numbers from",
            "A bias belongs to the unit that adds up.",
            of="parameter_counts",
        ),
        Slip(
            "fully_connected: units counted",
            lambda f: f.ins + f.hidden + f.outs,
            "the units are counted",
            "Each pair of connected units has a weight.",
            of="parameter_counts",
        ),
    ),
    steps=lambda f, answer: (
        f"Hidden: {f.ins}*{f.hidden} weights + {f.hidden} biases = "
        f"{arithmetic.linear_params(f.ins, f.hidden):,}.",
        f"Outputs: {f.hidden}*{f.outs} weights + {count(f.outs, 'bias', 'biases')} = "
        f"{arithmetic.linear_params(f.hidden, f.outs):,}.",
        f"Together: {answer}.",
    ),
)

KINDS = (
    DENSE,
    CHANNELS_OUT,
)
