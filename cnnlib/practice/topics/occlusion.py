"""Items of lesson 07: occlusion."""

from __future__ import annotations

from random import Random
from typing import Any

import torch

from cnnlib.practice.compute import own_count, plain
from cnnlib.practice.items import grid
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.text import an, size


def _occlusion(random: Random, level: int) -> dict[str, Any]:
    window = random.choice((3, 4, 5, 6, 7, 8))
    return {
        "h": random.choice((16, 18, 20, 24, 28, 30, 32)),
        "w": random.choice((16, 20, 24, 28)) if level == 3 else 0,
        "window": window,
        "step": window if level == 1 else random.choice((2, 3, 4)),
    }


def _sides(f: Facts) -> tuple[int, int]:
    return f.h, f.w or f.h


WINDOWS = Kind(
    name="occlusion-windows",
    lesson="07",
    heading="Second answer: occlusion",
    form="number",
    draw=_occlusion,
    ask=lambda f: (
        f"An occlusion map covers {an(size(*_sides(f)))} image with "
        f"{an(size(f.window, f.window))} window that moves by {f.step} and stays "
        "inside. How many covered copies of the image does the net see?",
    ),
    right=lambda f: int(
        torch.zeros(_sides(f))
        .unfold(0, f.window, f.step)
        .unfold(1, f.window, f.step)
        .shape[:2]
        .numel()
    ),
    again=lambda f: (
        own_count(_sides(f)[0], f.window, f.step)
        * own_count(_sides(f)[1], f.window, f.step)
    ),
    slips=(
        Slip(
            "one axis only",
            lambda f: own_count(_sides(f)[0], f.window, f.step),
            "only one column of windows is counted",
            "The window moves along both axes: multiply.",
        ),
        Slip(
            "one place too few",
            lambda f: (
                ((_sides(f)[0] - f.window) // f.step)
                * ((_sides(f)[1] - f.window) // f.step)
            ),
            "one place is missing in each direction",
            "The first place of the window counts, too.",
        ),
        Slip(
            "windows side by side",
            lambda f: (_sides(f)[0] // f.window) * (_sides(f)[1] // f.window),
            "the windows lie side by side",
            "The window moves by {step}.",
        ),
        Slip(
            "windows that overlap",
            lambda f: (_sides(f)[0] - f.window + 1) * (_sides(f)[1] - f.window + 1),
            "the window moves by one pixel",
            "It moves by {step}.",
            of="occlusion_map",
        ),
        Slip(
            "input divided by the stride",
            lambda f: (_sides(f)[0] // f.step) * (_sides(f)[1] // f.step),
            "the size of the window is left out",
            "It stays inside the image.",
            of="output_size",
        ),
        Slip(
            "axes added",
            lambda f: (
                own_count(_sides(f)[0], f.window, f.step)
                + own_count(_sides(f)[1], f.window, f.step)
            ),
            "the places of both axes are added",
            "Each row goes with each column: multiply.",
        ),
    ),
    steps=lambda f, answer: (
        f"Down: floor(({_sides(f)[0]} - {f.window})/{f.step}) + 1 = "
        f"{own_count(_sides(f)[0], f.window, f.step)} places. Across: "
        f"{own_count(_sides(f)[1], f.window, f.step)}.",
        f"Multiply: {answer}.",
    ),
)


def _drops(random: Random, level: int) -> dict[str, Any]:
    before = random.choice((0.9, 0.8, 0.95))
    side = 2 if level == 1 else 3
    rows = [
        [round(random.choice(range(10, 100, 5)) / 100, 2) for _ in range(side)]
        for _ in range(side)
    ]
    if level < 3:
        rows = [[min(v, before) for v in row] for row in rows]
    return {"before": before, "rows": rows, "i": random.randrange(side),
            "j": random.randrange(side)}  # fmt: skip


DROP = Kind(
    name="occlusion-drop",
    lesson="07",
    heading="Second answer: occlusion",
    form="number",
    draw=_drops,
    ask=lambda f: (
        f"A net gives an image the probability {f.before}. The grid holds the "
        "probability with each window covered. What is the drop for the window in row "
        f"{f.i}, column {f.j}? Count from 0.",
        grid("with the window covered", f.rows),
    ),
    right=lambda f: plain(f.before - torch.tensor(f.rows, dtype=torch.float64))[f.i][
        f.j
    ],
    again=lambda f: (round(100 * f.before) - round(100 * f.rows[f.i][f.j])) / 100,
    slips=(
        Slip(
            "sign reversed",
            lambda f: round(f.rows[f.i][f.j] - f.before, 4),
            "the sign is turned round",
            "A drop is before minus after.",
            of="occlusion_map",
        ),
        Slip(
            "probability for drop",
            lambda f: f.rows[f.i][f.j],
            "the probability that is left is given",
            "The drop is before minus after.",
            of="occlusion_map",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: round(f.before - f.rows[f.j][f.i], 4),
            "row and column are swapped",
            "The row comes first.",
            of="occlusion_map",
        ),
        Slip(
            "negative drops cut off",
            lambda f: max(0, round(f.before - f.rows[f.i][f.j], 4)),
            "a negative drop is replaced by 0",
            "Covering may raise the probability: the drop is negative then.",
            of="occlusion_map",
        ),
        Slip(
            "measured from 1",
            lambda f: round(1 - f.rows[f.i][f.j], 4),
            "the drop is measured from 1",
            "Before, the probability was {before}.",
        ),
    ),
    steps=lambda f, answer: (
        f"Before: {f.before}. With the window covered: {f.rows[f.i][f.j]}.",
        f"Before minus after: {answer}.",
    ),
)

KINDS = (
    WINDOWS,
    DROP,
)
