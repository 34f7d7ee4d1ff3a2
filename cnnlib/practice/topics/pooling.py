"""Items of lesson 03: a window, and the number that is left of it."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
import torch.nn.functional as F

from cnnlib.practice.compute import at, plain, some_grid, transposed, windows_of
from cnnlib.practice.items import Show, grid, shown
from cnnlib.practice.kind import Facts, Kind, Slip


def _pooled(
    rows: Any, window: int, stride: int | None = None, mode: str = "max"
) -> Any:
    """Pool a grid by PyTorch."""
    x = torch.tensor(rows, dtype=torch.float64)[None]
    if mode == "min":
        return plain(-F.max_pool2d(-x, window, stride)[0])
    pool = F.max_pool2d if mode == "max" else F.avg_pool2d
    return plain(pool(x, window, stride)[0])


def _four(random: Random, level: int) -> dict[str, Any]:
    side, window = {1: (4, 2), 2: (5, 2), 3: (6, 3)}[level]
    return {"image": some_grid(random, side, side, -4 if level > 1 else 0, 9),
            "f": window}  # fmt: skip


MAX = Kind(
    name="max-pool",
    lesson="03",
    heading="One window, one number",
    form="grid",
    draw=_four,
    ask=lambda f: (
        f"What does `F.max_pool2d(x, {f.f})` make of this map?",
        grid("x", f.image),
    ),
    right=lambda f: _pooled(f.image, f.f),
    again=lambda f: [[max(w) for w in row] for row in windows_of(f.image, f.f, f.f)],
    slips=(
        Slip(
            "default stride 1",
            lambda f: _pooled(f.image, f.f, 1),
            "the window moves on by one cell",
            "A pooling moves on by its own window, unless told otherwise.",
            of="max_pool2d",
        ),
        Slip(
            "avg for max",
            lambda f: _pooled(f.image, f.f, mode="avg"),
            "the mean of each window is taken",
            "Max pooling keeps the largest number.",
            of="max_pool2d",
        ),
        Slip(
            "min for max",
            lambda f: _pooled(f.image, f.f, mode="min"),
            "the smallest number of each window is taken",
            "Max pooling keeps the largest one.",
        ),
        Slip(
            "map transposed",
            lambda f: transposed(_pooled(f.image, f.f)),
            "rows and columns of the result are swapped",
            "The upper windows give the upper row.",
            of="max_pool2d",
        ),
        Slip(
            "partial last window kept (ceil for floor)",
            lambda f: plain(
                F.max_pool2d(
                    torch.tensor(f.image, dtype=torch.float64)[None],
                    f.f,
                    ceil_mode=True,
                )[0]
            ),
            "windows that stick out are kept",
            "They are left out.",
            of="max_pool2d",
        ),
    ),
    steps=lambda f, answer: (
        f"Windows of {f.f}x{f.f} side by side; a row or column that is left over is "
        "dropped.",
        f"The first window holds {shown(windows_of(f.image, f.f, f.f)[0][0], 'row')}: "
        f"its largest number is {max(windows_of(f.image, f.f, f.f)[0][0])}.",
        f"The result is {answer}.",
    ),
    show=lambda f: Show("step_pool", {"image": f.image, "window": f.f}),
)


def _for_mean(random: Random, level: int) -> dict[str, Any]:
    """Draw a map; the mean asked for has at most two decimals."""
    side, window = (4, 2) if level < 3 else (6, 3)
    while True:
        given = {
            "image": some_grid(random, side, side, 0 if level == 1 else -4, 8),
            "f": window,
            "i": random.choice((0, 1)),
            "j": random.choice((0, 1)),
        }
        if level < 3 or sum(_mean_window(Facts(**given))) % 9 == 0:
            return given


def _mean_window(f: Facts) -> list[int]:
    found: list[int] = windows_of(f.image, f.f, f.f)[f.i][f.j]
    return found


MEAN = Kind(
    name="average-pool",
    lesson="03",
    heading="Average and minimum",
    form="number",
    draw=_for_mean,
    ask=lambda f: (
        f"`F.avg_pool2d(x, {f.f})` pools this map. Which number stands in row {f.i}, "
        f"column {f.j} of the result? Count from 0.",
        grid("x", f.image),
    ),
    right=lambda f: _pooled(f.image, f.f, mode="avg")[f.i][f.j],
    again=lambda f: plain(sum(_mean_window(f)) / (f.f * f.f)),
    slips=(
        Slip(
            "default stride 1",
            lambda f: _pooled(f.image, f.f, 1, "avg")[f.i][f.j],
            "the window moves on by one cell",
            "A pooling moves on by its own window, unless told otherwise.",
            of="avg_pool2d",
        ),
        Slip(
            "sum for mean",
            lambda f: sum(_mean_window(f)),
            "the sum of the window is taken",
            "Divide it by the number of cells.",
            of="avg_pool2d",
        ),
        Slip(
            "max for avg",
            lambda f: max(_mean_window(f)),
            "the largest number of the window is taken",
            "Average pooling takes the mean.",
            of="avg_pool2d",
        ),
        Slip(
            "whole-number division",
            lambda f: sum(_mean_window(f)) // (f.f * f.f),
            "only whole numbers are kept",
            "A mean may have a fraction.",
            of="avg_pool2d",
        ),
        Slip(
            "divided by the side",
            lambda f: plain(sum(_mean_window(f)) / f.f),
            "the sum is divided by the side of the window",
            "Divide it by the number of cells.",
        ),
        Slip(
            "map transposed",
            lambda f: _pooled(f.image, f.f, mode="avg")[f.j][f.i],
            "row and column are swapped",
            "The row comes first.",
            of="avg_pool2d",
        ),
    ),
    steps=lambda f, answer: (
        f"The window holds {shown(_mean_window(f), 'row')}.",
        f"Sum {sum(_mean_window(f))}, divided by {f.f}*{f.f} = {f.f * f.f} cells: "
        f"{answer}.",
    ),
    show=lambda f: Show(
        "step_pool", {"image": f.image, "window": f.f, "mode": "avg"}, (f.i, f.j)
    ),
)


def _overlap(random: Random, level: int) -> dict[str, Any]:
    f, s = {1: (2, 1), 2: (3, 2), 3: (3, 2)}[level]
    side = f + s if level < 3 else f + 2 * s
    most = (side - f) // s
    return {
        "image": some_grid(random, side, side, 0 if level == 1 else -5, 9),
        "f": f,
        "s": s,
        "i": random.randint(0, most),
        "j": random.randint(1, most),
    }


OVERLAP = Kind(
    name="overlapping-pool",
    lesson="03",
    heading="Overlapping windows",
    form="number",
    draw=_overlap,
    ask=lambda f: (
        f"Max pooling with a {f.f}x{f.f} window and stride {f.s}. Which number stands "
        f"in row {f.i}, column {f.j} of the result? Count from 0.",
        grid("map", f.image),
    ),
    right=lambda f: _pooled(f.image, f.f, f.s)[f.i][f.j],
    again=lambda f: max(windows_of(f.image, f.f, f.s)[f.i][f.j]),
    slips=(
        Slip(
            "stride ignored",
            lambda f: at(_pooled(f.image, f.f), (f.i, f.j)),
            "the window moves on by its own width",
            "The stride that is given is {s}.",
            of="max_pool2d",
        ),
        Slip(
            "stride 1 in pooling",
            lambda f: _pooled(f.image, f.f, 1)[f.i][f.j],
            "the window moves on by one cell",
            "The stride that is given is {s}.",
            of="edge_then_pool",
        ),
        Slip(
            "avg for max",
            lambda f: _pooled(f.image, f.f, f.s, "avg")[f.i][f.j],
            "the mean of the window is taken",
            "Max pooling keeps the largest number.",
            of="max_pool2d",
        ),
        Slip(
            "map transposed",
            lambda f: _pooled(f.image, f.f, f.s)[f.j][f.i],
            "row and column are swapped",
            "The row comes first.",
            of="max_pool2d",
        ),
        Slip(
            "centre of the window",
            lambda f: f.image[f.i * f.s + 1][f.j * f.s + 1] if f.f == 3 else None,
            "the cell in the middle of the window is taken",
            "Look for the largest number of the whole window.",
        ),
    ),
    steps=lambda f, answer: (
        f"The window begins at row {f.i}*{f.s} = {f.i * f.s}, column {f.j}*{f.s} = "
        f"{f.j * f.s}.",
        f"It holds {shown(windows_of(f.image, f.f, f.s)[f.i][f.j], 'row')}: {answer}.",
    ),
    show=lambda f: Show(
        "step_pool", {"image": f.image, "window": f.f, "stride": f.s}, (f.i, f.j)
    ),
)

KINDS = (
    MAX,
    MEAN,
    OVERLAP,
)
