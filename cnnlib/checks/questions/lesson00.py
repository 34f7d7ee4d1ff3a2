"""Lesson 00: from a picture to a tensor and back, and a layer that takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from cnnlib.checks.question import Case, CaseRandom, Part, Question

_F32, _F64, _BF16 = torch.float32, torch.float64, torch.bfloat16


def _bytes(draw: CaseRandom, *shape: int) -> np.ndarray:
    """Draw a picture of bytes: dark ones and bright ones, and none of 255."""
    numbers = draw.whole(*shape, low=1, high=250).numpy().astype(np.uint8)
    first = (0,) * len(shape)
    numbers[first] = draw.number(100, 200)  # a whole division leaves nothing of it
    return numbers


def _photos(draw: CaseRandom) -> list[Case]:
    """Pictures as files have them: grey, colour, with alpha; no two sides alike."""
    d = draw

    def case(kind: str, *shape: int) -> Case:
        return Case(kind, (_bytes(d, *shape),))

    return [
        case("a grey picture of 2x3", 2, 3),
        case("a grey picture of 4x3", 4, 3),
        case("a grey picture of a single row", 1, 5),
        case("a colour picture of 2x4", 2, 4, 3),
        case("a colour picture of 5x2", 5, 2, 3),
        case("a colour picture of a single column", 4, 1, 3),
        case("a colour picture as high as it has channels", 3, 5, 3),
        case("a picture of 2x3 with alpha", 2, 3, 4),
        case("a picture of 4x5 with alpha", 4, 5, 4),
        case("a grey picture of 28x28", 28, 28),
    ]


def _with_dtype(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe a tensor and its number type: a layer takes one type only."""
    found = {"result": result}
    if isinstance(result, torch.Tensor):
        found["dtype"] = str(result.dtype)
    return found


def _values(draw: CaseRandom, *shape: int, outside: bool = True) -> torch.Tensor:
    """Draw float32 numbers that are bytes / 255 and a fraction, and none half-way."""
    low, high = (-40, 295) if outside else (1, 253)
    bytes_ = draw.whole(*shape, low=low, high=high).double()
    parts = torch.tensor([-0.4, -0.3, 0.2, 0.4], dtype=_F64)
    count = bytes_.numel()
    picked = torch.tensor([draw.number(0, 3) for _ in range(count)])
    found = bytes_ + parts[picked].reshape(shape)
    found.view(-1)[0] = draw.number(20, 100) - 0.3  # it is rounded up
    found.view(-1)[1] = draw.number(150, 220) + 0.2
    found.view(-1)[2] = draw.number(5, 40) + 0.2  # dark, and not rounded up
    if outside:
        found.view(-1)[-1] = draw.number(270, 290) + 0.2
        found.view(-1)[-2] = -draw.number(10, 30) + 0.2
    return (found / 255).to(_F32)


def _tensors(draw: CaseRandom) -> list[Case]:
    """Draw what nets give: with a batch axis or without, beyond 0..1, with gradient."""
    d = draw

    def case(kind: str, *shape: int, **more: bool) -> Case:
        gradient = more.pop("gradient", False)
        return Case(kind, (_values(d, *shape, **more),), gradient=gradient)

    return [
        case("values in 0..1", 1, 2, 3, outside=False),
        case("values outside 0..1", 1, 2, 3),
        case("one channel", 1, 4, 3),
        case("one channel and a batch axis", 1, 1, 3, 2),
        case("one channel, a single row", 1, 1, 8),
        case("one channel, a single column", 1, 7, 1),
        case("three channels", 3, 2, 4),
        case("three channels and a batch axis", 1, 3, 4, 2),
        case("three channels, a single row", 1, 3, 1, 5),
        case("three channels, a single column", 3, 4, 1),
        case("as many rows as channels", 3, 3, 5),
        case("a gradient still on it", 1, 1, 2, 2, gradient=True),
    ]


def _inputs(draw: CaseRandom) -> list[Case]:
    """Batches and single pictures of several channels and number types."""
    d = draw

    def case(kind: str, out: int, *shape: int, dtype: torch.dtype = _F32) -> Case:
        return Case(kind, (d.tensor(*shape, dtype=dtype), out))

    return [
        case("one picture of two channels", 5, 1, 2, 4, 6),
        case("a batch of four", 2, 4, 3, 5, 6),
        case("a batch of three", 4, 3, 1, 6, 7),
        case("no batch axis", 3, 2, 5, 4),
        case("no batch axis and one channel", 2, 1, 4, 5),
        case("float64", 3, 1, 3, 4, 5, dtype=_F64),
        case("float64 and no batch axis", 6, 4, 5, 7, dtype=_F64),
        case("bfloat16", 2, 2, 3, 5, 6, dtype=_BF16),
        case("as many kernels as channels", 3, 2, 3, 4, 5),
    ]


def _fitted(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe the layer, and what PyTorch says when it is given the picture."""
    if not isinstance(result, nn.Conv2d):
        return {"result": result}
    x, _ = args
    found: dict[str, Any] = {}
    try:
        with torch.no_grad():
            found["output shape"] = list(result(x).shape)
    except RuntimeError as error:
        _, expected, rest = str(error).partition("expected input")
        found["error"] = f"{expected}{rest}" or str(error).split("\n")[0]
    found["in_channels"] = result.in_channels
    found["out_channels"] = result.out_channels
    found["kernel_size"] = list(result.kernel_size)
    found["dtype"] = str(result.weight.dtype)
    return found


_AXES = ("grey_batch", "colour_to_torch", "channel", "kept", "squeezed")


def _axes(draw: CaseRandom) -> list[Case]:
    return [Case(f"`{key}`", (key,)) for key in _AXES]


def _entry(answer: Any, args: Sequence[Any]) -> dict[str, Any]:
    if answer is ...:
        return {"result": answer}
    if not isinstance(answer, dict):
        kind = type(answer).__name__
        raise TypeError(f"axis_sizes must be a dict; it is of type {kind}")
    if args[0] not in answer:
        raise LookupError(f"axis_sizes has no key {args[0]!r}")
    return {"result": answer[args[0]]}


QUESTIONS = [
    Question(
        "to_batch",
        "00",
        3,
        _photos,
        ("image",),
        observe=_with_dtype,
        parts=(
            Part("pictures with alpha", 1, ("alpha",)),
            Part("colour pictures", 1, ("colour",)),
            Part("grey pictures", 1),
        ),
    ),
    Question(
        "to_image",
        "00",
        3,
        _tensors,
        ("tensor",),
        parts=(
            Part("a tensor that needs a gradient", 0.5, ("gradient",)),
            Part("three channels", 1, ("three channels", "as many rows")),
            Part("one channel", 1.5),
        ),
    ),
    Question(
        "fitting_conv",
        "00",
        2,
        _inputs,
        ("x", "out_channels"),
        observe=_fitted,
        parts=(
            Part("other number types", 0.5, ("float64", "bfloat16")),
            Part("no batch axis", 0.5, ("no batch axis",)),
            Part("batches of float32", 1),
        ),
    ),
    Question(
        "axis_sizes",
        "00",
        2,
        _axes,
        is_value=True,
        observe=_entry,
        parts=(
            Part("`grey_batch`", 0.5, ("grey_batch",)),
            Part("`colour_to_torch`", 0.5, ("colour_to_torch",)),
            Part("`channel` and `kept`", 0.5, ("channel", "kept")),
            Part("`squeezed`", 0.5),
        ),
    ),
]
