"""Lesson 03: pooling and flatten."""

from __future__ import annotations

import torch

from cnnlib.checks.question import Case, CaseRandom, Part, Question

_F32, _F64 = torch.float32, torch.float64


def _pooling(draw: CaseRandom) -> list[Case]:
    """Windows and strides, square and not; maps that are all negative; worked ones.

    Elsewhere than in plain windows all numbers are above 0: a maximum that starts from
    zero is then wrong in one part of the task, and always in that one.
    """
    d = draw
    negative = -1 - d.tensor(1, 1, 4, 6).abs()

    def above(*shape: int) -> torch.Tensor:
        return d.whole(*shape, low=1, high=19)

    def fractions(*shape: int, dtype: torch.dtype = _F64) -> torch.Tensor:
        return 0.1 + d.tensor(*shape, dtype=dtype).abs()

    return [
        Case("a 2x2 window on a 4x4 map", (d.whole(1, 1, 4, 4), 2)),
        Case("numbers that are all negative", (negative, 2)),
        Case("a map of 4x6", (d.whole(1, 1, 4, 6), 2)),
        Case("a window of (3, 2)", (above(1, 1, 6, 4), (3, 2))),
        Case("a window of (1, 3)", (above(1, 1, 2, 6), (1, 3))),
        Case("a stride of 1", (above(1, 1, 4, 5), 2), {"stride": 1}),
        Case("a stride of (1, 2)", (above(1, 1, 4, 6), 2), {"stride": (1, 2)}),
        Case("a stride of (2, 1)", (above(1, 1, 6, 4), 2), {"stride": (2, 1)}),
        Case("a window of 3 and a stride of 2", (above(1, 1, 7, 7), 3, 2)),
        Case("a stride larger than the window", (above(1, 1, 7, 8), 2, 3)),
        Case("a last window that is not whole", (above(1, 1, 5, 7), 2)),
        Case("a window of (2, 3) that is not whole", (above(1, 1, 5, 8), (2, 3))),
        Case("a window as large as the map", (above(1, 1, 3, 4), (3, 4))),
        Case("a window of 1", (d.whole(1, 1, 2, 3), 1)),
        Case("a single row", (above(1, 1, 1, 6), (1, 2))),
        Case("three channels", (above(1, 3, 4, 4), 2)),
        Case("two images", (above(2, 1, 4, 4), 2)),
        Case("two images of three channels", (fractions(2, 3, 4, 6), 2)),
        Case("float32 fractions", (fractions(2, 2, 4, 6, dtype=_F32), 2)),
        Case("a gradient", (fractions(1, 2, 4, 4), 2), gradient=True),
    ]


def _global(draw: CaseRandom) -> list[Case]:
    d = draw
    return [
        Case("one map of 2x2", (d.whole(1, 1, 2, 2),)),
        Case("one map of 2x3", (d.whole(1, 1, 2, 3),)),
        Case("three channels", (d.whole(1, 3, 3, 2),)),
        Case("two images", (d.whole(2, 1, 2, 4),)),
        Case("two images of three channels", (d.tensor(2, 3, 4, 5),)),
        Case("a single pixel", (d.tensor(2, 3, 1, 1),)),
        Case("float32 fractions", (d.tensor(3, 2, 4, 4, dtype=_F32),)),
        Case("a gradient", (d.tensor(2, 2, 3, 3),), gradient=True),
    ]


def _flatten(draw: CaseRandom) -> list[Case]:
    d = draw
    grid = torch.tensor([[[2.0, 4.0], [3.0, 1.0], [3.0, 4.0]]])
    return [
        Case("the 3x2 grid of the lesson", (grid,)),
        Case("a batch of two grids", (d.whole(2, 3, 2),)),
        Case("a batch of one image", (d.whole(1, 2, 2, 3),)),
        Case("two images of three channels", (d.tensor(2, 3, 2, 4),)),
        Case("start_dim=0", (d.whole(2, 3, 2),), {"start_dim": 0}),
        Case("start_dim=2", (d.whole(2, 3, 2, 2),), {"start_dim": 2}),
        Case("start_dim=-2", (d.whole(2, 3, 2, 2),), {"start_dim": -2}),
        Case("start_dim=-1", (d.whole(2, 3, 2, 2),), {"start_dim": -1}),
        Case("start_dim=-3", (d.whole(2, 3, 2, 2),), {"start_dim": -3}),
        Case("nothing to flatten", (d.whole(2, 5),)),
        Case(
            "numbers that lie in another order in memory",
            (_turned(d.tensor(2, 3, 2, 4)),),
        ),
        Case("float32 numbers", (d.tensor(2, 2, 3, dtype=_F32),)),
        Case("a gradient", (d.tensor(2, 2, 3),), gradient=True),
    ]


def _turned(x: torch.Tensor) -> torch.Tensor:
    return x.to(memory_format=torch.channels_last)


def _one_value(draw: CaseRandom) -> list[Case]:
    return [Case("the grid")]


_POOLING = ("x", "kernel_size", "stride")

QUESTIONS = [
    Question(
        "max_pool2d", "03", 3, _pooling, _POOLING,
        forbidden=("max_pool2d", "max_pool2d_with_indices", "adaptive_max_pool2d",
                   "max_pool1d", "max_pool3d", "fractional_max_pool2d"),
        parts=(
            Part("several channels and images, a gradient", 0.5,
                 ("channels", "images", "float32", "gradient")),
            Part("stride", 1, ("stride",)),
            Part("windows that are not square or not whole", 0.5,
                 ("(", "not whole", "single row", "as large")),
            Part("square windows side by side", 1),
        ),
    ),
    Question(
        "avg_pool2d", "03", 2, _pooling, _POOLING,
        forbidden=("avg_pool2d", "adaptive_avg_pool2d", "avg_pool1d", "avg_pool3d",
                   "lp_pool2d"),
        parts=(
            Part("several channels and images, a gradient", 0.5,
                 ("channels", "images", "float32", "gradient")),
            Part("stride", 0.5, ("stride",)),
            Part("windows that are not square or not whole", 0.5,
                 ("(", "not whole", "single row", "as large")),
            Part("square windows side by side", 0.5),
        ),
    ),
    Question("min_pool2d", "03", 1, _pooling, _POOLING),
    Question(
        "global_avg_pool", "03", 2, _global, ("x",), forbidden=("adaptive_avg_pool2d",),
        parts=(
            Part("several channels and images, a gradient", 1,
                 ("channels", "images", "float32", "pixel", "gradient")),
            Part("one map", 1),
        ),
    ),
    Question(
        "flatten", "03", 2, _flatten, ("x", "start_dim"),
        forbidden=("flatten", "ravel"),
        parts=(
            Part("`start_dim`", 1, ("start_dim",)),
            Part("each picture a row, a gradient", 1),
        ),
    ),
    Question("edge_then_pool", "03", 2, _one_value, is_value=True),
]  # fmt: skip
