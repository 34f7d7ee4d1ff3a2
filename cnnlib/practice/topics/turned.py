"""Items of lesson 01: the turned kernel."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import torch

from cnnlib import arithmetic
from cnnlib.practice.compute import (
    flat,
    products,
    some_grid,
    torch_number,
    transposed,
    turned,
)
from cnnlib.practice.items import Show, grid, shown
from cnnlib.practice.kind import Facts, Kind, Slip


def _turn(random: Random, level: int) -> dict[str, Any]:
    side = 2 if level == 1 else 3
    return {
        "image": some_grid(random, side, side, 0, 4),
        "kernel": some_grid(random, side, side, -1, 2 if level < 3 else 3),
    }


TURN = Kind(
    name="true-convolution",
    lesson="01",
    heading="What the turn does",
    form="number",
    draw=_turn,
    ask=lambda f: (
        "In mathematics, convolution turns the kernel first. Which number does true "
        "convolution give where the kernel lies fully on this image?",
        grid("image", f.image),
        grid("kernel", f.kernel),
    ),
    right=lambda f: torch_number(f.image, torch.tensor(f.kernel).flip(0, 1).tolist()),
    again=lambda f: sum(
        a * b for a, b in zip(flat(f.image), reversed(flat(f.kernel)), strict=True)
    ),
    slips=(
        Slip(
            "kernel not flipped",
            lambda f: torch_number(f.image, f.kernel),
            "the kernel lies as it is",
            "That is correlation, which a layer of PyTorch does.",
            of="convolve2d",
        ),
        Slip(
            "only rows flipped",
            lambda f: torch_number(f.image, f.kernel[::-1]),
            "only the order of the rows is turned round",
            "Half a turn changes the order of the columns, too.",
            of="convolve2d",
        ),
        Slip(
            "only columns flipped",
            lambda f: torch_number(f.image, [row[::-1] for row in f.kernel]),
            "only the order of the columns is turned round",
            "Half a turn changes the order of the rows, too.",
            of="convolve2d",
        ),
        Slip(
            "kernel transposed",
            lambda f: torch_number(f.image, transposed(f.kernel)),
            "rows and columns of the kernel are swapped",
            "A turn by 180 degrees is another thing.",
            of="convolve2d",
        ),
        Slip(
            "quarter turn to the right",
            lambda f: torch_number(f.image, transposed(f.kernel[::-1])),
            "the kernel is turned by 90 degrees",
            "True convolution turns it by 180 degrees.",
            of="convolve2d",
        ),
    ),
    steps=lambda f, answer: (
        f"The kernel, turned by 180 degrees: {shown(turned(f.kernel), 'grid')}.",
        f"Multiply and add: {products(flat(f.image), flat(turned(f.kernel)))} = "
        f"{answer}",
    ),
    show=lambda f: Show(
        "step_conv", {"image": f.image, "kernel": turned(f.kernel)}, (0, 0)
    ),
)


def _vectors(random: Random, level: int) -> dict[str, Any]:
    longer = {1: 3, 2: 3, 3: 4}[level]
    shorter = {1: 2, 2: 3, 3: 3}[level]
    return {
        "a": [random.randint(0, 4) for _ in range(longer)],
        "b": [random.randint(-1 if level > 1 else 0, 3) for _ in range(shorter)],
    }


def _convolved(a: list[int], b: list[int], mode: Any = "full") -> list[int]:
    return [int(value) for value in np.convolve(a, b, mode)]


def _spread(f: Facts) -> list[int]:
    """Add up a copy of b for each number of a."""
    out = [0] * (len(f.a) + len(f.b) - 1)
    for i, first in enumerate(f.a):
        for j, second in enumerate(f.b):
            out[i + j] += first * second
    return out


FULL = Kind(
    name="full-convolution",
    lesson="01",
    heading="Correlation and convolution",
    form="row",
    draw=_vectors,
    ask=lambda f: (
        f"What is the full convolution of {shown(f.a, 'row')} and {shown(f.b, 'row')}, "
        "as `np.convolve` gives it?",
    ),
    right=lambda f: _convolved(f.a, f.b),
    again=_spread,
    slips=(
        Slip(
            "kernel not flipped",
            lambda f: _convolved(f.a, f.b[::-1]),
            "the second list is not turned round",
            "As a window, it must slide along backwards.",
            of="full_convolve1d",
        ),
        Slip(
            "whole overlaps only",
            lambda f: _convolved(f.a, f.b, "valid"),
            "only whole overlaps are counted",
            "Full means that partial overlaps at both ends count as well.",
            of="full_convolve1d",
        ),
        Slip(
            "middle part only",
            lambda f: _convolved(f.a, f.b, "same"),
            "only the middle part is given",
            "Full means that partial overlaps at both ends count as well.",
            of="full_convolve1d",
        ),
        Slip(
            "result reversed",
            lambda f: _convolved(f.a, f.b)[::-1],
            "the result is turned round",
            "Its first number is the product of the two first numbers.",
            of="full_convolve1d",
        ),
        Slip(
            "last value missing",
            lambda f: _convolved(f.a, f.b)[:-1],
            "the last number is missing",
            "n and m numbers give n + m - 1.",
            of="full_convolve1d",
        ),
    ),
    steps=lambda f, answer: (
        f"{len(f.a)} and {len(f.b)} numbers give {len(f.a)} + {len(f.b)} - 1 = "
        f"{arithmetic.full_convolution_size(len(f.a), len(f.b))}.",
        "Each number of the first list adds a copy of the second, one place later "
        "each time.",
        f"Add them up: {answer}.",
    ),
)

KINDS = (
    FULL,
    TURN,
)
