"""Lesson 01: convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from cnnlib.checks.question import Case, CaseRandom, Part, Question
from cnnlib.worked import worked_example

_F32, _F64 = torch.float32, torch.float64
_READY_MADE = (
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "conv_tbc", "convolution", "convolve", "convolve1d",
    "convolve2d", "correlate", "correlate1d", "correlate2d", "fftconvolve",
    "oaconvolve", "polymul", "filter2D", "sepFilter2D", "lfilter",
)  # fmt: skip


_DIFFERENT = 18


def _kernel(draw: CaseRandom, *shape: int) -> torch.Tensor:
    """Draw whole numbers, no two alike and none of them 0, so that every turn shows.

    There are 18 of them, and no more.
    """
    numbers = [n for n in range(-9, 10) if n]
    drawn = draw.random.sample(numbers, torch.Size(shape).numel())
    return torch.tensor(drawn, dtype=_F32).reshape(shape)


def _vectors(draw: CaseRandom) -> list[Case]:
    d = draw
    lesson = torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 10])
    return [
        Case("the vectors of the lesson", lesson),
        Case("lengths 2 and 2", (_kernel(d, 2), _kernel(d, 2))),
        Case("lengths 4 and 2", (_kernel(d, 4), _kernel(d, 2))),
        Case("lengths 2 and 4", (_kernel(d, 2), _kernel(d, 4))),
        Case("lengths 3 and 3", (_kernel(d, 3), _kernel(d, 3))),
        Case("lengths 1 and 1", (_kernel(d, 1), _kernel(d, 1))),
        Case("lengths 4 and 1", (_kernel(d, 4), _kernel(d, 1))),
        Case("lengths 1 and 4", (_kernel(d, 1), _kernel(d, 4))),
        Case("fractions, lengths 6 and 3", (d.tensor(6), d.tensor(3))),
        Case("fractions, lengths 3 and 7", (d.tensor(3), d.tensor(7))),
        Case("float32 fractions", (d.tensor(5, dtype=_F32), d.tensor(4, dtype=_F32))),
    ]


def _grids(draw: CaseRandom) -> list[Case]:
    """Images and kernels, square and not, down to a single row or cell."""
    d = draw
    return [
        Case("a 2x2 kernel on a 3x3 image", (d.whole(3, 3), _kernel(d, 2, 2))),
        Case("an image of 3x5", (d.whole(3, 5), _kernel(d, 2, 2))),
        Case("an image of 5x3", (d.whole(5, 3), _kernel(d, 2, 2))),
        Case("a kernel of 2x3", (d.whole(4, 4), _kernel(d, 2, 3))),
        Case("a kernel of 3x2", (d.whole(4, 4), _kernel(d, 3, 2))),
        Case("a kernel of 1x3", (d.whole(3, 5), _kernel(d, 1, 3))),
        Case("a kernel of 3x1", (d.whole(5, 4), _kernel(d, 3, 1))),
        Case("a kernel of 1x1", (d.whole(3, 5), _kernel(d, 1, 1))),
        Case("an image of a single row", (d.tensor(1, 18), d.tensor(1, 3))),
        Case("an image of a single column", (d.tensor(18, 1), d.tensor(2, 1))),
        Case("a kernel as large as the image", (d.tensor(3, 4), d.tensor(3, 4))),
        Case("fractions and a 3x3 kernel", (d.tensor(5, 6), d.tensor(3, 3))),
        Case("fractions and a 2x4 kernel", (d.tensor(6, 5), d.tensor(2, 4))),
        Case(
            "float32 fractions",
            (d.tensor(5, 5, dtype=_F32), d.tensor(4, 4, dtype=_F32)),
        ),
    ]


def _correlation(draw: CaseRandom) -> list[Case]:
    d = draw
    names = ("hzdr-5x5", "als-5x5", "vn-kernel-2x3", "vn-practice-conv-bias")
    return [
        *_grids(draw),
        Case("a bias of 1", (d.whole(3, 3), _kernel(d, 2, 2), 1.0)),
        Case("a bias of -2.5", (d.tensor(4, 5), d.tensor(2, 3)), {"bias": -2.5}),
        *(_worked(name, biased=True) for name in names),
    ]


def _convolution(draw: CaseRandom) -> list[Case]:
    return [*_grids(draw), *(_worked(name) for name in ("hzdr-5x5", "vn-kernel-2x3"))]


def _worked(name: str, biased: bool = False) -> Case:
    example = worked_example(name)
    given = {"bias": example.bias} if biased and example.bias else {}
    return Case(
        f"the worked example {name}", (example.input, example.kernel), kwargs=given
    )


def _layers(draw: CaseRandom) -> list[Case]:
    d = draw

    def case(kind: str, images: tuple, weight: tuple, **more: Any) -> Case:
        small = torch.Size(weight).numel() <= _DIFFERENT
        kernels = _kernel(d, *weight) if small else d.whole(*weight)
        drawn = d.whole(*images)
        # The kernel's own negative: some response is below 0, whatever the bias.
        drawn[0, 0, : weight[2], : weight[3]] = -3 * kernels[0, 0].sign()
        return Case(kind, (drawn, kernels, _kernel(d, weight[0])), **more)

    def fractions(
        kind: str,
        images: tuple,
        weight: tuple,
        dtype: torch.dtype = _F64,
        **more: Any,
    ) -> Case:
        shapes = images, weight, (weight[0],)
        return Case(kind, tuple(d.tensor(*s, dtype=dtype) for s in shapes), **more)

    return [
        case("one image, one channel, one kernel", (1, 1, 3, 3), (1, 1, 2, 2)),
        case("two channels", (1, 2, 3, 3), (1, 2, 2, 2)),
        case("two kernels", (1, 1, 3, 4), (2, 1, 2, 2)),
        case("two images", (2, 1, 3, 3), (1, 1, 2, 2)),
        case("two channels and two kernels", (1, 2, 3, 4), (2, 2, 2, 2)),
        case("as many kernels as columns", (1, 2, 3, 4), (3, 2, 2, 2)),
        case("as many kernels as images", (2, 3, 3, 3), (2, 3, 2, 2)),
        case("images of 3x5", (1, 2, 3, 5), (2, 2, 2, 2)),
        case("images of 5x3", (1, 2, 5, 3), (2, 2, 2, 2)),
        case("kernels of 2x3", (1, 2, 4, 4), (2, 2, 2, 3)),
        case("kernels of 3x1", (1, 2, 4, 3), (2, 2, 3, 1)),
        fractions("kernels of 1x1", (2, 3, 2, 2), (2, 3, 1, 1)),
        fractions("images of a single row", (1, 2, 1, 9), (2, 2, 1, 3)),
        fractions("kernels as large as the image", (2, 2, 2, 3), (3, 2, 2, 3)),
        fractions("fractions", (2, 3, 4, 5), (2, 3, 3, 2)),
        fractions("float32 fractions", (2, 2, 4, 4), (3, 2, 3, 3), _F32),
        fractions(
            "a gradient", (2, 2, 3, 4), (3, 2, 2, 2), gradient=True
        ),
    ]  # fmt: skip


def _pictures(draw: CaseRandom) -> list[Case]:
    """Pictures to try the kernel on; the note says what is wanted of its response."""
    d = draw
    dark, bright = d.number(1, 40), d.number(60, 200)
    one = torch.ones(6, 7)
    rows, columns = torch.arange(6.0)[:, None] * one, torch.arange(7.0) * one

    def edge(where: torch.Tensor, low: float, high: float) -> torch.Tensor:
        return low + (high - low) * where

    top, left = d.number(2, 4), d.number(2, 5)
    pictures = [
        ("a flat picture", "flat", one),
        ("a flat and bright picture", "flat", bright * one),
        ("a flat picture of a fraction", "flat", (dark / 64) * one),
        ("a horizontal edge from dark to bright", "flat",
         edge((rows >= top) * one, dark, bright)),
        ("a horizontal edge from bright to dark", "flat",
         edge((rows < top) * one, dark, bright)),
        ("a horizontal line", "flat", edge((rows == top) * one, dark, bright)),
        ("a vertical edge from dark to bright, left to right", "edge",
         edge((columns >= 3) * one, 0.0, 1.0)),
        ("such an edge of other brightness", "edge",
         edge((columns >= left) * one, dark, bright)),
        ("such an edge of little contrast", "edge",
         edge((columns >= left) * one, 0.5, 0.625)),
    ]  # fmt: skip
    return [
        Case(kind, probe=(picture,), facts_for_judge=wanted)
        for kind, wanted, picture in pictures
    ]


def _tried(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Take the kernel from a tensor, an array or lists, and try it on the picture."""
    if isinstance(result, list | tuple):
        result = torch.tensor(result)
    elif type(result).__name__ == "ndarray":
        result = torch.as_tensor(result.copy())
    found = {"kernel": result}
    if isinstance(result, torch.Tensor) and result.shape == (3, 3):
        windows = args[0].double().unfold(0, 3, 1).unfold(1, 3, 1)
        found["response"] = (windows * result.double()).sum((2, 3))
    return found


def _pairs(draw: CaseRandom) -> list[Case]:
    """Pairs with a hidden kernel of nine numbers that are well apart."""
    d = draw
    edges = torch.tensor([[-1.0, 0, 1]] * 3)

    def hidden() -> torch.Tensor:
        numbers = [-2.4, -1.7, -1.2, -0.6, 0.3, 0.8, 1.4, 1.9, 2.6]
        d.random.shuffle(numbers)
        return torch.tensor(numbers).reshape(3, 3)

    def case(kind: str, kernel: torch.Tensor, *shape: int) -> Case:
        inputs = d.tensor(*shape, dtype=_F32) + 1 / 3  # else a bias would hardly show
        return Case(kind, (inputs, F.conv2d(inputs, kernel[None, None])))

    return [
        case("the kernel of the lesson", edges, 8, 1, 8, 8),
        case("another kernel", hidden(), 8, 1, 8, 8),
        case("pictures of 5x4", hidden(), 24, 1, 5, 4),
    ]


def _counts(draw: CaseRandom) -> list[Case]:
    keys = ("fully_connected", "locally_connected", "fruit_net")
    return [Case(f"`{key}`", (key,)) for key in keys]


def _entry(answer: Any, args: Sequence[Any]) -> dict[str, Any]:
    if answer is ...:
        return {"result": answer}
    if not isinstance(answer, dict):
        kind = type(answer).__name__
        raise TypeError(f"parameter_counts must be a dict; it is of type {kind}")
    if args[0] not in answer:
        raise LookupError(f"parameter_counts has no key {args[0]!r}")
    return {"result": answer[args[0]]}


QUESTIONS = [
    Question(
        "full_convolve1d", "01", 2, _vectors, ("a", "b"), forbidden=_READY_MADE,
        parts=(
            Part("a second vector that is longer", 0.5,
                 ("lengths 2 and 4", "lengths 1 and 4", "lengths 3 and 7")),
            Part("fractions", 0.5, ("fractions",)),
            Part("a first vector that is as long or longer", 1),
        ),
    ),
    Question(
        "correlate2d", "01", 3, _correlation, ("image", "kernel", "bias"),
        forbidden=_READY_MADE,
        parts=(
            Part("a bias and a kernel that is not square", 0.5, ("example vn-",)),
            Part("a bias", 0.5, ("a bias",)),
            Part("images and kernels that are not square", 1,
                 ("3x5", "5x3", "2x3", "3x2", "1x3", "3x1", "single", "2x4",
                  "as large")),
            Part("square ones", 1),
        ),
    ),
    Question(
        "convolve2d", "01", 2, _convolution, ("image", "kernel"),
        forbidden=_READY_MADE,
        parts=(
            Part("images and kernels that are not square", 1,
                 ("3x5", "5x3", "2x3", "3x2", "1x3", "3x1", "single", "2x4",
                  "as large")),
            Part("square ones", 1),
        ),
    ),
    Question(
        "conv2d_channels", "01", 4, _layers, ("images", "weight", "bias"),
        forbidden=_READY_MADE,
        parts=(
            Part("a gradient", 0.5, ("gradient",)),
            Part("several channels, kernels and images at once", 1,
                 ("and two kernels", "as many kernels", "fractions", "1x1")),
            Part("sizes that are not square", 0.5,
                 ("3x5", "5x3", "2x3", "3x1", "single row", "as large")),
            Part("two channels, kernels or images", 1, ("two ",)),
            Part("one of each", 1),
        ),
    ),
    Question("vertical_edge_kernel", "01", 2, _pictures, observe=_tried),
    Question(
        "parameter_counts", "01", 2, _counts, is_value=True, observe=_entry,
        parts=(
            Part("`fully_connected`", 0.5, ("fully_connected",)),
            Part("`locally_connected`", 0.5, ("locally_connected",)),
            Part("`fruit_net`", 1),
        ),
    ),
    Question(
        "learn_kernel", "01", 3, _pairs, ("inputs", "outputs"), seconds=60.0,
    ),
]  # fmt: skip
