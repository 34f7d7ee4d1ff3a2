"""Items of lesson 02: the size that comes out."""

from __future__ import annotations

from math import ceil
from random import Random
from typing import Any

from cnnlib import arithmetic
from cnnlib.practice.compute import (
    own_count,
    torch_size,
)
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.practice.settings import frame, sizes_picture


def _setting(random: Random, level: int) -> dict[str, Any]:
    k = random.choice((3, 5) if level == 1 else (2, 3, 4, 5, 7))
    s = 1 if level == 1 else random.choice((1, 2, 2, 3) if level == 2 else (2, 3, 4))
    p = random.choice((0, 1, 2) if level == 1 else (0, 1, 2, 3))
    n = random.choice((7, 8, 9, 10, 12, 14, 16, 20, 24, 28, 32))
    if level == 3:
        n = random.choice((15, 16, 27, 28, 31, 32, 33, 64, 100))
    return {"n": n, "k": k, "s": s, "p": p}


def _whole(value: float) -> Any:
    return int(value) if value == int(value) else round(value, 4)


SIZE = Kind(
    name="output-size",
    lesson="02",
    heading="The formula",
    form="number",
    draw=_setting,
    ask=lambda f: (
        f"A convolution has a {f.k}x{f.k} kernel, {frame(f)}. The input is "
        f"{f.n}x{f.n}. How high is the output?",
    ),
    right=lambda f: torch_size(f.n, f.k, f.s, f.p),
    again=lambda f: own_count(f.n, f.k, f.s, f.p),
    slips=(
        Slip(
            "padding on one side only",
            lambda f: (f.n + f.p - f.k) // f.s + 1 if f.p else None,
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="output_size",
        ),
        Slip(
            "one too few",
            lambda f: (f.n + 2 * f.p - f.k) // f.s,
            "the + 1 is missing",
            "The first place of the window counts, too.",
            of="output_size",
        ),
        Slip(
            "padding ignored",
            lambda f: (f.n - f.k) // f.s + 1 if f.p else None,
            "the padding is left out",
            "It makes the input larger by 2*{p}.",
            of="output_size",
        ),
        Slip(
            "stride ignored",
            lambda f: f.n + 2 * f.p - f.k + 1 if f.s > 1 else None,
            "the stride is left out",
            "The window moves on by {s} pixels.",
            of="output_size",
        ),
        Slip(
            "ceil for floor",
            lambda f: ceil((f.n + 2 * f.p - f.k) / f.s) + 1,
            "the division is rounded up",
            "A window that does not fit wholly is left out, so round down.",
            of="output_size",
        ),
        Slip(
            "1 added before the division",
            lambda f: (f.n + 2 * f.p - f.k + 1) // f.s,
            "the 1 is added before the division",
            "First divide, then add 1.",
            of="output_size",
        ),
        Slip(
            "not rounded",
            lambda f: _whole((f.n + 2 * f.p - f.k) / f.s + 1),
            "the division is not rounded",
            "There are only whole windows, so round down.",
            of="output_size",
        ),
        Slip(
            "one too many",
            lambda f: (f.n + 2 * f.p - f.k) // f.s + 2,
            "one place is counted too many",
            "Add 1, and nothing else, after the division.",
            of="output_size",
        ),
    ),
    steps=lambda f, answer: (
        "Output size: floor((n + 2p - k)/s) + 1.",
        f"With the numbers: floor(({f.n} + 2*{f.p} - {f.k})/{f.s}) + 1 = {answer}",
    ),
    show=lambda f: sizes_picture(size=f.n, kernel_size=f.k, stride=f.s, padding=f.p),
)


def _two_axes(random: Random, level: int) -> dict[str, Any]:
    h, w = random.sample((8, 10, 12, 16, 20, 24, 28, 32), 2)
    kh, kw = random.sample((1, 3, 5), 2) if level > 1 else (3, 3)
    ph, pw = (random.sample((0, 1, 2), 2)) if level > 1 else (1, 1)
    sh, sw = random.sample((1, 2, 3), 2) if level != 2 else (2, 2)
    return {"h": h, "w": w, "kh": kh, "kw": kw, "ph": ph, "pw": pw, "sh": sh,
            "sw": sw}  # fmt: skip


def _axes(f: Facts, p: int = 2, swap: str = "") -> tuple[int, int]:
    """Return (height, width), perhaps with the pairs in `swap` the other way round."""
    kernel, pad, stride = (f.kh, f.kw), (f.ph, f.pw), (f.sh, f.sw)
    kernel = kernel[::-1] if "k" in swap else kernel
    pad = pad[::-1] if "p" in swap else pad
    stride = stride[::-1] if "s" in swap else stride
    first, second = (
        (n + p * around - k) // s + 1
        for n, k, around, s in zip((f.h, f.w), kernel, pad, stride, strict=True)
    )
    return first, second


AXES = Kind(
    name="two-axes",
    lesson="02",
    heading="Rows and columns may differ",
    form="size",
    draw=_two_axes,
    ask=lambda f: (
        f"The input is {f.h}x{f.w}, height first. The kernel is {f.kh}x{f.kw}, the "
        f"padding ({f.ph}, {f.pw}), the stride ({f.sh}, {f.sw}). What is the size of "
        "the output?",
    ),
    right=lambda f: tuple(
        int(n)
        for n in arithmetic.output_size(
            (f.h, f.w), (f.kh, f.kw), (f.sh, f.sw), (f.ph, f.pw)
        )
    ),
    again=lambda f: (
        own_count(f.h, f.kh, f.sh, f.ph),
        own_count(f.w, f.kw, f.sw, f.pw),
    ),
    slips=(
        Slip(
            "stride rows and columns swapped",
            lambda f: _axes(f, swap="s"),
            "the two strides are swapped",
            "The first number is for the rows.",
            of="conv2d",
        ),
        Slip(
            "padding rows and columns swapped",
            lambda f: _axes(f, swap="p"),
            "the two paddings are swapped",
            "The first number is for the rows: above and below.",
            of="conv2d",
        ),
        Slip(
            "kernel's height and width swapped in the size",
            lambda f: _axes(f, swap="k"),
            "height and width of the kernel are swapped",
            "The height comes first.",
            of="correlate2d",
        ),
        Slip(
            "padding on one side only",
            lambda f: _axes(f, p=1),
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="output_size",
        ),
        Slip(
            "padding ignored",
            lambda f: _axes(f, p=0),
            "the padding is left out",
            "It makes the input larger.",
            of="output_size",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: _axes(f)[::-1],
            "height and width of the result are swapped",
            "The height comes first.",
            of="conv2d",
        ),
    ),
    steps=lambda f, answer: (
        f"Height: floor(({f.h} + 2*{f.ph} - {f.kh})/{f.sh}) + 1 = {_axes(f)[0]}.",
        f"Width: floor(({f.w} + 2*{f.pw} - {f.kw})/{f.sw}) + 1 = {_axes(f)[1]}.",
        f"The output is {answer}.",
    ),
)

KINDS = (
    AXES,
    SIZE,
)
