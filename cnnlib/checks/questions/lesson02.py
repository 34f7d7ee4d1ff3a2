"""Lesson 02: padding, stride and dilation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from cnnlib.checks.question import Case, CaseRandom, Part, Question

_F32 = torch.float32


def _sizes(draw: CaseRandom) -> list[Case]:
    """Let every part of the formula have a say, and all of them at once.

    What is left over is never just half a stride, so that rounding has one meaning.
    """
    n, by = draw.number, draw.number(1, 5)
    odd = 2 * n(3, 6) + 1
    return [
        Case("a 3-wide kernel", (n(6, 12), 3)),
        Case("an even kernel", (n(6, 12), 4)),
        Case("a kernel as wide as the input", (odd, odd)),
        Case("a padding", (n(6, 12), 3), {"padding": 2}),
        Case("a stride that fits", (4 * by + 3, 3), {"stride": 4}),
        Case("a stride that leaves 1 over", (3 * by + 5, 4), {"stride": 3}),
        Case("a stride that leaves 2 over", (3 * by + 6, 4), {"stride": 3}),
        Case("a stride that leaves 4 over", (5 * by + 7, 3), {"stride": 5}),
        Case("a stride of 2 that fits", (2 * by + 3, 3), {"stride": 2}),
        Case("a stride larger than the kernel", (4 * by + 3, 2), {"stride": 4}),
        Case("a dilation", (n(9, 14), 3), {"dilation": 2}),
        Case("a dilation of an even kernel", (n(12, 16), 4), {"dilation": 3}),
        Case("a 1-wide kernel", (n(5, 9), 1), {"dilation": 3}),
        Case("a stride and a padding", (4 * by + 2, 3, 4, 1)),
        Case("the example of the lesson", (100, 25, 3)),
        Case("a kernel larger than the input", (4, 5), {"padding": n(1, 3)}),
        Case("everything at once", (5 * by + 9, 3, 5, 2, 3)),
        Case("everything, by name", (), {
            "n": 3 * by + 9, "kernel": 4, "stride": 3, "padding": 1, "dilation": 2}),
    ]  # fmt: skip


def _frames(draw: CaseRandom) -> list[Case]:
    d = draw
    grid = torch.tensor([[3.0, 5, 2, 7], [4, 1, 3, 8], [6, 3, 8, 2], [9, 6, 1, 5]])
    return [
        Case("a padding of 1", (d.whole(2, 3), 1)),
        Case("a padding of 2", (d.whole(3, 2), 2)),
        Case("the 4x4 grid of the lesson", (grid, 1)),
        Case("a padding of (2, 1)", (d.whole(3, 3), (2, 1))),
        Case("a padding of (1, 3)", (d.whole(2, 2), (1, 3))),
        Case("a padding of (0, 2)", (d.whole(3, 4), (0, 2))),
        Case("a padding of (2, 0)", (d.whole(4, 3), (2, 0))),
        Case("a padding of 0", (d.whole(3, 4), 0)),
        Case("a padding larger than the image", (d.tensor(2, 2), 4)),
        Case("a single row", (d.whole(1, 5), 2)),
        Case("a single column", (d.whole(4, 1), (1, 2))),
        Case("a single pixel", (1 + d.tensor(1, 1).abs(), 1)),
        Case("float32 fractions", (d.tensor(3, 5, dtype=_F32), (1, 2))),
        Case("float64 fractions", (d.tensor(4, 3), (2, 1))),
        Case("a gradient", (d.tensor(2, 3), 1), gradient=True),
    ]


def _convolutions(draw: CaseRandom) -> list[Case]:
    """Ints and pairs in every combination, with a bias and without."""
    d, w = draw, draw.whole

    def three(*shape: int) -> tuple[torch.Tensor, ...]:
        """Return whole images, a 3x3 kernel for each of two channels, and a bias."""
        return w(1, 2, *shape), w(2, 2, 3, 3, low=-3, high=3), _bias(d, 2)

    images, weight, bias = three(4, 5)
    grid = torch.tensor([[3.0, 5, 2, 7], [4, 1, 3, 8], [6, 3, 8, 2], [9, 6, 1, 5]])
    kernel = torch.tensor([[1.0, 2, 1], [2, 1, 2], [1, 1, 2]])
    many = d.tensor(2, 3, 4, 5), d.tensor(2, 3, 2, 3), d.tensor(2)
    return [
        Case("a 2x2 kernel on a 3x3 image", (w(1, 1, 3, 3), w(1, 1, 2, 2))),
        Case("a wide image", (w(1, 1, 3, 5), w(1, 1, 2, 2))),
        Case("a high image", (w(1, 1, 5, 3), w(1, 1, 2, 2))),
        Case("a 2x3 kernel", (w(1, 1, 4, 4), w(1, 1, 2, 3))),
        Case("a 3x2 kernel", (w(1, 1, 4, 4), w(1, 1, 3, 2))),
        Case("a 1x1 kernel on a single row", (w(1, 1, 1, 4), w(1, 1, 1, 1, low=2))),
        Case("a kernel as large as the image",
             (d.tensor(1, 1, 3, 4), d.tensor(1, 1, 3, 4))),
        Case("the 4x4 grid of the lesson, padding 1",
             (grid[None, None], kernel[None, None]), {"padding": 1}),
        Case("a bias", (w(1, 1, 3, 4), w(1, 1, 3, 3), _bias(d, 1))),
        Case("two channels", (w(1, 2, 3, 3), w(1, 2, 2, 2))),
        Case("three kernels", (w(1, 1, 3, 3), w(3, 1, 2, 2))),
        Case("two images", (w(2, 1, 3, 3), w(1, 1, 2, 2))),
        Case("three kernels and a bias", (w(1, 2, 3, 3), w(3, 2, 2, 2), _bias(d, 3))),
        Case("a stride of 2", (w(1, 1, 5, 4), w(1, 1, 2, 2)), {"stride": 2}),
        Case("a stride of 3", (w(1, 1, 7, 6), w(1, 1, 2, 2)), {"stride": 3}),
        Case("a stride of (1, 2)", (w(1, 1, 4, 5), w(1, 1, 2, 2)), {"stride": (1, 2)}),
        Case("a stride of (2, 1)", (w(1, 1, 5, 4), w(1, 1, 2, 2)), {"stride": (2, 1)}),
        Case("a padding of 1 on a single row", (w(1, 1, 1, 4), w(1, 1, 3, 3)),
             {"padding": 1}),
        Case("a padding of (1, 0)", (w(1, 1, 3, 3), w(1, 1, 2, 2)),
             {"padding": (1, 0)}),
        Case("a padding of (0, 2)", (w(1, 1, 3, 3), w(1, 1, 2, 2)),
             {"padding": (0, 2)}),
        Case("a stride of 2 and a padding of 1", (images, weight, None, 2, 1)),
        Case("a stride of 2, a padding of (0, 1) and a bias",
             (images, weight, bias, 2, (0, 1))),
        Case("a stride of (2, 1) and a padding of 1",
             (images, weight), {"stride": (2, 1), "padding": 1}),
        Case("a stride of (1, 2), a padding of (2, 1) and a bias",
             (images, weight, bias), {"stride": (1, 2), "padding": (2, 1)}),
        Case("two images of three channels, two kernels and a bias", many),
        Case("float32 fractions", tuple(x.to(_F32) for x in many)),
        Case("a gradient", three(3, 4), gradient=True),
        Case("a gradient through stride and padding, no bias",
             three(3, 4)[:2], {"stride": 2, "padding": 1}, gradient=True),
    ]  # fmt: skip


def _bias(draw: CaseRandom, count: int) -> torch.Tensor:
    """Draw a bias that cannot be overlooked: no value is 0, no two are alike."""
    return torch.tensor([float(n) for n in draw.random.sample(range(1, 10), count)])


def _sames(draw: CaseRandom) -> list[Case]:
    odd, even = 2 * draw.number(4, 7) + 1, 2 * draw.number(4, 7)
    sizes = [3, 4, 1, 2, 5, 6, 7]
    plain = [Case(f"a kernel size of {size}", (size,)) for size in sizes]
    plain += [Case("a large odd kernel", (odd,)), Case("a large even kernel", (even,))]
    dilated = [
        Case(f"kernel size {size}, dilation {d}", (size,), {"dilation": d})
        for size, d in [(3, 2), (4, 2), (4, 3), (2, 3), (5, 3), (1, 4)]
    ]
    wide = Case("an even kernel, far apart", (6,), {"dilation": draw.number(3, 5)})
    return [*plain, *dilated, wide]


def _sides(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe both entries of a pair; one number and four numbers as they are."""
    if result is None:
        return {"before": None}
    entries = _entries(result)
    if len(entries) == 2:
        return {"before": entries[0], "after": entries[1]}
    if len(entries) == 4 or isinstance(result, int | float | np.number):
        return {"result": result}
    raise ValueError("it must return a pair (before, after)")


def _entries(item: Any) -> list[Any]:
    """Return what a list, tuple or array holds; of anything else, nothing."""
    if not isinstance(item, list | tuple | np.ndarray | torch.Tensor):
        return []
    return list(item) if np.ndim(item) else []


def _rows(draw: CaseRandom) -> list[Case]:
    names = "quiz big_kernel big_kernel_padded strided wrong_slide dilated"
    return [Case(name, (name,)) for name in names.split()]


def _entry(answer: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe the height and the width of one entry of a dict."""
    (name,) = args
    if answer is ...:
        return {"result": answer}
    if not isinstance(answer, Mapping):
        raise TypeError("It must be a dict: {name: (height, width), ...}.")
    if answer and all(entry is ... for entry in answer.values()):
        return {"result": ...}
    if name not in answer:
        raise ValueError(f"The key {name!r} is missing.")
    if answer[name] is ...:
        raise ValueError(f"The entry {name!r} still says `...`.")
    entries = _entries(answer[name])
    if len(entries) != 2:
        raise ValueError(f"The entry {name!r} must be a pair (height, width).")
    return {"height": entries[0], "width": entries[1]}


def _grid(draw: CaseRandom) -> list[Case]:
    return [Case("the grid")]


_POOLS = ("max_pool1d", "max_pool2d", "max_pool1d_with_indices", "avg_pool1d",
          "max_pool2d_with_indices", "avg_pool2d")  # fmt: skip
_CONVOLUTIONS = (
    "conv1d", "conv2d", "conv3d", "convolution", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d", "mkldnn_convolution", "thnn_conv2d",
    "convolve", "convolve1d", "convolve2d", "fftconvolve", "oaconvolve", "correlate",
    "correlate1d", "correlate2d",
)  # fmt: skip

QUESTIONS = [
    Question(
        "output_size", "02", 3, _sizes,
        ("n", "kernel", "stride", "padding", "dilation"),
        forbidden=(*_CONVOLUTIONS, *_POOLS),
        parts=(
            Part("everything at once", 0.5, ("everything", "a stride and a padding")),
            Part("dilation", 0.5, ("dilation", "1-wide")),
            Part("padding", 0.5, ("padding", "larger than the input")),
            Part("stride", 1, ("stride", "example of the lesson")),
            Part("the kernel alone", 0.5),
        ),
    ),
    Question(
        "zero_pad", "02", 2, _frames, ("image", "padding"),
        forbidden=("pad", "constant_pad_nd", "copyMakeBorder"),
        parts=(
            Part("one padding for height, another for width", 1,
                 ("(", "column", "fractions")),
            Part("one padding for all sides, a gradient", 1),
        ),
    ),
    Question(
        "conv2d", "02", 5, _convolutions,
        ("images", "weight", "bias", "stride", "padding"), forbidden=_CONVOLUTIONS,
        parts=(
            Part("a gradient", 0.5, ("gradient",)),
            Part("stride and padding together", 0.5, ("and a padding", ", a padding")),
            Part("stride", 1, ("stride",)),
            Part("padding", 1, ("padding",)),
            Part("a bias; several channels, kernels, images", 1,
                 ("bias", "channels", "kernels", "two images", "float32")),
            Part("windows", 1),
        ),
    ),
    Question(
        "same_padding", "02", 2, _sames, ("kernel_size", "dilation"), observe=_sides,
        forbidden=_CONVOLUTIONS,
        parts=(
            Part("dilation", 1, ("dilation", "far apart")),
            Part("even kernels", 0.5, ("of 2", "of 4", "of 6", "even")),
            Part("odd kernels", 0.5),
        ),
    ),
    Question(
        "shapes", "02", 3, _rows, is_value=True, observe=_entry,
        parts=(
            Part("`quiz`", 0.5, ("quiz",)),
            Part("`big_kernel_padded`", 0.5, ("big_kernel_padded",)),
            Part("`big_kernel`", 0.5, ("big_kernel",)),
            Part("`strided`", 0.5, ("strided",)),
            Part("`wrong_slide`", 0.5, ("wrong_slide",)),
            Part("`dilated`", 0.5),
        ),
    ),
    Question("corrected_output", "02", 2, _grid, is_value=True),
]  # fmt: skip
