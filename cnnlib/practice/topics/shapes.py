"""Items of lesson 00: shapes of tensors."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import torch
from torch import nn

from cnnlib.practice.items import code, shown
from cnnlib.practice.kind import Facts, Kind, Slip


def _to_batch(random: Random, level: int) -> dict[str, Any]:
    high, wide = random.sample(range(20, 201, 10), 2)
    number = 1 if level == 1 else random.choice((8, 16, 32, 64))
    channels = 3 if level < 3 else random.choice((3, 4))
    return {"h": high, "w": wide, "c": channels, "n": number}


TO_BATCH = Kind(
    name="to-torch-shape",
    lesson="00",
    heading="(H, W, C) against (N, C, H, W)",
    form="shape",
    draw=_to_batch,
    ask=lambda f: (
        f"A picture file has the shape ({f.h}, {f.w}, {f.c}): height, width, channels. "
        f"You make a batch of {f.n} such picture{'s' * (f.n > 1)} for a layer of "
        "PyTorch. What is its shape?",
    ),
    right=lambda f: tuple(
        torch.empty(f.n, f.h, f.w, f.c, device="meta").permute(0, 3, 1, 2).shape
    ),
    again=lambda f: (
        np.moveaxis(np.broadcast_to(np.uint8(0), (f.n, f.h, f.w, f.c)), -1, 1).shape
    ),
    slips=(
        Slip(
            "channels left last",
            lambda f: (f.n, f.h, f.w, f.c),
            "the channels are still the last axis",
            "PyTorch wants them before the rows.",
            of="to_batch",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: (f.n, f.c, f.w, f.h),
            "height and width are swapped",
            "The height stays before the width.",
            of="to_batch",
        ),
        Slip(
            "an axis of length 1 missing",
            lambda f: (f.c, f.h, f.w) if f.n == 1 else None,
            "the batch axis is missing",
            "One picture is a batch of one.",
            of="to_batch",
        ),
        Slip(
            "batch axis behind the channels",
            lambda f: (f.c, f.n, f.h, f.w),
            "the batch axis stands behind the channels",
            "The batch comes first.",
            of="to_batch",
        ),
    ),
    steps=lambda f, answer: (
        f"The channels move to the front: ({f.c}, {f.h}, {f.w}).",
        f"A batch axis comes before them: {answer}.",
    ),
)

_SHAPES = {
    "x[None]": 2,
    "x[None, None]": 2,
    "x[:, None]": 3,
    "x[..., None]": 3,
    "x[0]": 4,
    "x[:, 1]": 4,
    "x[:, 1:2]": 4,
    "x[:, :2]": 4,
    "x[0, 1]": 4,
    "x[0, None]": 3,
}
_BY_LEVEL = {
    1: ("x[None]", "x[None, None]", "x[:, None]"),
    2: ("x[:, None]", "x[..., None]", "x[0]", "x[:, 1]", "x[:, 1:2]"),
    3: ("x[:, 1]", "x[:, 1:2]", "x[:, :2]", "x[0, 1]", "x[0, None]"),
}


def _indexed(random: Random, level: int) -> dict[str, Any]:
    expression = random.choice(_BY_LEVEL[level])
    axes = _SHAPES[expression]
    tail = random.sample(range(4, 30), 2)
    head = [random.choice((2, 8, 16)), random.choice((3, 4))]
    return {"shape": [*head[: axes - 2], *tail], "expression": expression}


def _index(f: Facts, expression: str, axes: int | None = None) -> Any:
    """Return the shape of an indexed tensor; None if the index does not fit it."""
    if axes is not None and len(f.shape) < axes:
        return None
    inside = expression.removeprefix("x[").removesuffix("]")
    entries: list[Any] = []
    for entry in inside.split(", "):
        if ":" in entry:
            first, last = entry.split(":")
            entries.append(slice(int(first or 0), int(last) if last else None))
        else:
            special = {"None": None, "...": Ellipsis}
            entries.append(special[entry] if entry in special else int(entry))
    x = torch.empty(f.shape, device="meta")
    return tuple(x[tuple(entries)].shape)


def _by_hand(f: Facts) -> tuple[int, ...]:
    """Work out the same shape entry by entry, without a tensor."""
    entries = f.expression[2:-1].split(", ")
    left, out = list(f.shape), []
    for place, entry in enumerate(entries):
        if entry == "None":
            out.append(1)
        elif entry == "...":
            keep = sum(e != "None" for e in entries[place + 1 :])
            while len(left) > keep:
                out.append(left.pop(0))
        elif ":" in entry:
            length = left.pop(0)
            first, last = entry.split(":")
            out.append(min(int(last or length), length) - int(first or 0))
        else:
            left.pop(0)
    return tuple(out + left)


INDEXED = Kind(
    name="indexed-shape",
    lesson="00",
    heading="`image[None, None]`",
    form="shape",
    draw=_indexed,
    ask=lambda f: (
        f"The tensor `x` has the shape {shown(f.shape, 'shape')}. What is the shape of "
        f"`{f.expression}`?",
    ),
    right=lambda f: _index(f, f.expression),
    again=_by_hand,
    slips=(
        Slip(
            "the new axis at the end",
            lambda f: (
                (*f.shape, *(1,) * f.expression.count("None"))
                if "None" in f.expression
                else None
            ),
            "the new axis stands at the end",
            "`None` puts an axis where it stands.",
        ),
        Slip(
            "the new axis in front",
            lambda f: (1, *f.shape) if "None" in f.expression else None,
            "one new axis stands in front of all others",
            "Each `None` puts one axis where it stands.",
        ),
        Slip(
            "one axis of length 1 too many",
            lambda f: (1, *_by_hand(f)),
            "there is an axis of length 1 too many",
            "Count the entries that are `None`.",
        ),
        Slip(
            "a number keeps its axis",
            lambda f: (
                (1, *f.shape[1:])
                if f.expression[2:4] in ("0]", "0,")
                else (f.shape[0], 1, *f.shape[2:])
                if f.expression == "x[:, 1]"
                else None
            ),
            "the index 0 or 1 keeps an axis of length 1",
            "A whole number as index takes its axis away.",
        ),
        Slip(
            "a slice takes its axis away",
            lambda f: (
                (f.shape[0], *f.shape[2:])
                if f.expression in ("x[:, 1:2]", "x[:, :2]")
                else None
            ),
            "the slice takes its axis away",
            "A slice keeps its axis, even for a single entry.",
        ),
        Slip(
            "the end of a slice counts",
            lambda f: (
                (
                    f.shape[0],
                    {"x[:, 1:2]": 2, "x[:, :2]": 3}[f.expression],
                    *f.shape[2:],
                )
                if f.expression in ("x[:, 1:2]", "x[:, :2]")
                else None
            ),
            "the last number of the slice is counted, too",
            "A slice ends before its second number.",
        ),
        Slip(
            "nothing changes",
            lambda f: tuple(f.shape),
            "the shape stays as it was",
            "The index does something to the axes.",
        ),
        Slip(
            "only the last axes left",
            lambda f: tuple(f.shape[2:]) if len(f.shape) == 4 else None,
            "two axes are gone",
            "Each whole number takes away one axis, and nothing else does.",
        ),
    ),
    steps=lambda f, answer: (
        f"Go through the index from left to right: `{f.expression[2:-1]}`.",
        "`None` puts in an axis of length 1. A whole number takes an axis away.",
        "A slice keeps its axis. Axes that are not named stay as they are.",
        f"The shape is {answer}.",
    ),
)


def _weight(random: Random, level: int) -> dict[str, Any]:
    ins, outs = random.sample((1, 3, 6, 8, 16, 32), 2)
    kh, kw = random.sample((1, 3, 5, 7), 2)
    return {"cin": ins, "cout": outs, "kh": kh, "kw": kh if level == 1 else kw}


WEIGHT = Kind(
    name="weight-shape",
    lesson="00",
    heading="The kernel is a tensor too",
    form="shape",
    draw=_weight,
    ask=lambda f: (
        "What is the shape of the weight of this layer?",
        code(f"nn.Conv2d({f.cin}, {f.cout}, kernel_size=({f.kh}, {f.kw}))"),
    ),
    right=lambda f: tuple(
        nn.Conv2d(f.cin, f.cout, (f.kh, f.kw), device="meta").weight.shape
    ),
    again=lambda f: (f.cout, f.cin, f.kh, f.kw),
    slips=(
        Slip(
            "in and out swapped",
            lambda f: (f.cin, f.cout, f.kh, f.kw),
            "the channels that go in stand first",
            "The weight begins with the number of kernels: the channels that come out.",
            of="fitting_conv",
        ),
        Slip(
            "kernel first",
            lambda f: (f.kh, f.kw, f.cin, f.cout),
            "the sides of the kernel stand first",
            "They are the last two axes, as in a picture.",
        ),
        Slip(
            "kernel's height and width swapped",
            lambda f: (f.cout, f.cin, f.kw, f.kh),
            "height and width of the kernel are swapped",
            "The height comes first.",
        ),
        Slip(
            "one slice for all channels",
            lambda f: (f.cout, f.kh, f.kw),
            "the axis of the incoming channels is missing",
            "Each kernel has a slice for each channel that goes in.",
            of="conv2d_channels",
        ),
    ),
    steps=lambda f, answer: (
        f"There is a kernel for each channel that comes out: {f.cout}.",
        f"Each has a slice for each channel that goes in: {f.cin}.",
        f"A slice is {f.kh} high and {f.kw} wide: {answer}.",
    ),
)


def _thin(random: Random, level: int) -> dict[str, Any]:
    high, wide = random.randint(2, 40), random.randint(2, 40)
    shapes = {
        1: ((1, 1, high, wide), (1, high, wide)),
        2: ((1, 3, high, wide), (1, 3, 1, wide), (4, 1, high, wide)),
        3: ((1, 1, 1, wide), (1, 1, high, 1), (8, 1, 1, wide), (1, 3, high, 1)),
    }
    return {"shape": list(random.choice(shapes[level]))}


SQUEEZED = Kind(
    name="squeezed-shape",
    lesson="00",
    heading="Back to a picture",
    form="shape",
    draw=_thin,
    ask=lambda f: (
        f"The tensor `out` has the shape {shown(f.shape, 'shape')}. What is the shape "
        "of `out.squeeze()`?",
    ),
    right=lambda f: tuple(torch.empty(f.shape, device="meta").squeeze().shape),
    again=lambda f: tuple(length for length in f.shape if length != 1),
    slips=(
        Slip(
            "one axis alone",
            lambda f: tuple(f.shape[1:]) if f.shape[0] == 1 else None,
            "the first axis alone is dropped",
            "`squeeze()` drops every axis of length 1.",
        ),
        Slip(
            "picture axes kept",
            lambda f: (*(n for n in f.shape[:-2] if n != 1), *f.shape[-2:]),
            "height and width are kept, whatever they are",
            "`squeeze()` does not know which axis is the height.",
        ),
        Slip(
            "nothing dropped",
            lambda f: tuple(f.shape),
            "nothing is dropped",
            "An axis of length 1 goes.",
        ),
        Slip(
            "only the picture left",
            lambda f: tuple(f.shape[-2:]),
            "only the last two axes are left",
            "What counts is the length 1, not the place.",
        ),
        Slip(
            "all in one row",
            lambda f: (int(np.prod(f.shape)),),
            "all numbers are put in one row",
            "That is what `flatten` does.",
        ),
    ),
    steps=lambda f, answer: (
        f"The lengths are {', '.join(map(str, f.shape))}.",
        f"Every 1 is dropped, wherever it stands: {answer}.",
    ),
)

KINDS = (
    TO_BATCH,
    INDEXED,
    WEIGHT,
    SQUEEZED,
)
