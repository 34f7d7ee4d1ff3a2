"""Items of lesson 04: mult-adds and memory."""

from __future__ import annotations

from random import Random
from typing import Any

import torch

from cnnlib import arithmetic
from cnnlib.practice.compute import own_count
from cnnlib.practice.items import code
from cnnlib.practice.kind import Facts, Kind, Slip


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
            "It has one for each channel that goes in.",
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
            "There are rows of places, and columns as well.",
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
    heading="Memory",
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


KINDS = (
    MACS,
    MEMORY,
)
