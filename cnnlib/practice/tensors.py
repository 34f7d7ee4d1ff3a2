"""Items of lesson 00: pictures as tensors."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any

import numpy as np
import torch
from torch import nn

from .compute import at, some_grid
from .items import code, grid, shown
from .kind import Facts, Kind, Slip

# ---- a pixel by row and column ----------------------------------------------------


def _pixel(random: Random, level: int) -> dict[str, Any]:
    high, wide = random.choice(((3, 4), (4, 3), (4, 5), (5, 4)))
    values = random.sample(range(10, 100), high * wide)
    rows = [values[i * wide : (i + 1) * wide] for i in range(high)]
    least = 1 if level > 1 else 0
    i, j = random.randint(least, high - 1), random.randint(least, wide - 1)
    return {"rows": rows, "i": i, "j": j}


PIXEL = Kind(
    name="pixel",
    lesson="00",
    heading="Pixels are numbers",
    form="number",
    draw=_pixel,
    ask=lambda f: (
        f"The grid is a tensor `image` of {len(f.rows)} rows and {len(f.rows[0])} "
        f"columns. What is `image[{f.i}, {f.j}]`?",
        grid("image", f.rows),
    ),
    right=lambda f: int(torch.tensor(f.rows)[f.i, f.j]),
    again=lambda f: f.rows[f.i][f.j],
    slips=(
        Slip(
            "rows and columns swapped",
            lambda f: at(f.rows, (f.j, f.i)),
            "the column is named first",
            "The row comes first, then the column.",
        ),
        Slip(
            "counted from 1",
            lambda f: at(f.rows, (f.i - 1, f.j - 1)),
            "rows and columns are counted from 1",
            "The first row and the first column have the index 0.",
        ),
        Slip(
            "rows counted from below",
            lambda f: at(f.rows, (len(f.rows) - 1 - f.i, f.j)),
            "the rows are counted from below",
            "Row 0 is at the top.",
        ),
        Slip(
            "only the row counted from 1",
            lambda f: at(f.rows, (f.i - 1, f.j)),
            "the row is counted from 1",
            "Both indices start at 0.",
        ),
    ),
    steps=lambda f, answer: (
        f"Row {f.i}, counted from 0 at the top: {shown(f.rows[f.i], 'row')}.",
        f"Column {f.j} of it, counted from 0 on the left: {answer}.",
    ),
)

# ---- bytes ------------------------------------------------------------------------


def _two_bytes(random: Random, level: int) -> dict[str, Any]:
    step = {1: 10, 2: 5, 3: 1}[level]
    a = random.randrange(130, 251, step)
    return {"a": a, "b": random.randrange(260 - a, 251, step)}


BYTES = Kind(
    name="bytes-overflow",
    lesson="00",
    heading="uint8 0 to 255, float 0 to 1",
    form="number",
    draw=_two_bytes,
    ask=lambda f: (
        f"Two pixels are of type `uint8`: {f.a} and {f.b}. What is their sum, again "
        "as `uint8`?",
    ),
    right=lambda f: int((torch.tensor([f.a]).byte() + torch.tensor([f.b]).byte())[0]),
    again=lambda f: (f.a + f.b) % 256,
    slips=(
        Slip(
            "clipped at 255",
            lambda f: min(f.a + f.b, 255),
            "the sum stops at 255",
            "A byte does not stop there; it starts again from 0.",
        ),
        Slip(
            "room without an end",
            lambda f: f.a + f.b,
            "the sum is what it would be without a limit",
            "A byte has room for 0 to 255 only.",
        ),
        Slip(
            "starts again at 1",
            lambda f: f.a + f.b - 255,
            "255 is taken away",
            "There are 256 different bytes, since 0 is one of them.",
        ),
    ),
    steps=lambda f, answer: (
        f"Without a limit: {f.a} + {f.b} = {f.a + f.b}.",
        "A byte ends at 255, then it starts again from 0: take away 256.",
        f"{f.a + f.b} - 256 = {answer}",
    ),
)


def _brightness(random: Random, level: int) -> dict[str, Any]:
    tenths = random.choice((2, 4, 6, 8) if level == 1 else range(1, 10))
    value = 255 * tenths / 10
    if value != int(value):
        tenths, value = random.choice(((2, 51), (4, 102), (6, 153), (8, 204)))
    high, wide = random.sample(range(20, 100), 2)
    back = level == 3
    asked = tenths / 10 if back else int(value)
    return {"asked": asked, "back": back, "high": high, "wide": wide}


BRIGHTNESS = Kind(
    name="brightness",
    lesson="00",
    heading="uint8 0 to 255, float 0 to 1",
    form="number",
    draw=_brightness,
    ask=lambda f: (
        f"A picture of {f.high}x{f.wide} pixels is brought from bytes (0 to 255) to "
        "floats (0 to 1). "
        + (
            f"A pixel is now {f.asked}. Which byte was it?"
            if f.back
            else f"Which float does the byte {f.asked} become?"
        ),
    ),
    right=lambda f: _scaled(f, 255),
    again=lambda f: (
        next(b for b in range(256) if abs(b / 255 - f.asked) < 1e-9)
        if f.back
        else next(t / 10 for t in range(11) if 51 * t == 2 * f.asked)
    ),
    slips=(
        Slip(
            "divided by 256",
            lambda f: _scaled(f, 256),
            "255 is taken for 256",
            "The largest byte, 255, is to become exactly 1.",
            of="to_batch",
        ),
        Slip(
            "per cent",
            lambda f: _scaled(f, 100),
            "100 is taken for the largest byte",
            "The largest byte is 255.",
        ),
        Slip(
            "divided by the size of the picture",
            lambda f: _scaled(f, f.wide),
            "the width of the picture is used",
            "The size of the picture has no part in it; 255 has.",
        ),
        Slip(
            "subtracted from 1",
            lambda f: (
                255 - round(f.asked * 255) if f.back else round(1 - f.asked / 255, 4)
            ),
            "dark and bright are swapped",
            "0 is black in both, and the largest value is white.",
        ),
    ),
    steps=lambda f, answer: (
        "The byte 255 becomes 1, so "
        + ("multiply" if f.back else "divide")
        + " by 255.",
        f"{f.asked} {'*' if f.back else '/'} 255 = {answer}",
    ),
)


def _scaled(f: Facts, largest: int) -> Any:
    if f.back:
        found = round(float(torch.tensor(f.asked, dtype=torch.float64) * largest), 4)
        return int(found) if found == int(found) else found
    return round(float(torch.tensor(f.asked, dtype=torch.float64) / largest), 4)


# ---- shapes -----------------------------------------------------------------------


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
        f"There are {f.cout} kernels, one for each channel that comes out.",
        f"Each has a slice for each of the {f.cin} channels that go in.",
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

# ---- an error message -------------------------------------------------------------


@lru_cache(maxsize=1024)
def _refused(cin: int, got: int, cout: int, k: int, side: int) -> str:
    """Return what PyTorch says of a picture with too many or too few channels."""
    try:
        nn.Conv2d(cin, cout, k)(torch.zeros(1, got, side, side))
    except RuntimeError as error:
        return str(error).splitlines()[0]
    raise AssertionError("the layer takes this picture")


def _message(f: Facts) -> str:
    return _refused(f.cin, f.got, f.cout, f.k, f.side)


def _taken(f: Facts) -> int:
    """Let a layer find out by itself how many channels it gets."""
    layer = nn.LazyConv2d(f.cout, f.k)
    layer(torch.zeros(1, f.got, f.k, f.k))
    return int(layer.in_channels)


def _channels(random: Random, level: int) -> dict[str, Any]:
    cin, got = random.sample((1, 3, 4) if level == 1 else (1, 2, 3, 4, 6), 2)
    cout = random.choice([n for n in (5, 8, 10, 16, 32) if n not in (cin, got)])
    side = random.choice((28, 32, 64, 100))
    return {"cin": cin, "got": got, "cout": cout, "k": random.choice((3, 5)),
            "side": side}  # fmt: skip


CHANNELS = Kind(
    name="channel-error",
    lesson="00",
    heading="When it breaks",
    form="number",
    draw=_channels,
    ask=lambda f: (
        "A layer refuses a picture with this message. The picture is to stay as it "
        "is. Which `in_channels` must the layer have?",
        code(*_lines(_message(f))),
    ),
    right=_taken,
    again=lambda f: int(_message(f).split("but got ")[1].split()[0]),
    slips=(
        Slip(
            "the number expected",
            lambda f: f.cin,
            "the layer stays as it is",
            "What the layer expects now is just what does not fit.",
        ),
        Slip(
            "the number of kernels",
            lambda f: f.cout,
            "the number of kernels is taken",
            "The first number of the weight is the channels that come out.",
        ),
        Slip(
            "the batch",
            lambda f: 1,
            "the length of the batch axis is taken",
            "In (N, C, H, W) the channels stand second.",
        ),
        Slip(
            "the side of the picture",
            lambda f: f.side,
            "the side of the picture is taken",
            "Height and width stand last.",
        ),
    ),
    steps=lambda f, answer: (
        "Read the message from its end: what was expected, and what came.",
        f"The layer expects {f.cin}; the picture has {answer}.",
    ),
)


def _lines(message: str, width: int = 64) -> list[str]:
    """Break a message into lines."""
    lines, line = [], ""
    for word in message.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def _as_read(random: Random, level: int) -> dict[str, Any]:
    rows = some_grid(random, 2, 2 if level == 1 else 3, 0, 9)
    other = some_grid(random, 2, len(rows[0]), 0, 9)
    return {"red": rows, "green": other}


CHANNEL_ORDER = Kind(
    name="reshape-or-permute",
    lesson="00",
    heading="(H, W, C) against (N, C, H, W)",
    form="grid",
    draw=_as_read,
    ask=lambda f: (
        f"A picture `x` of the shape (2, {len(f.red[0])}, 2) has two channels; each "
        "is a grid below. What does `x.permute(2, 0, 1)[0]` give?",
        grid("x[..., 0]", f.red),
        grid("x[..., 1]", f.green),
    ),
    right=lambda f: _stacked(f).permute(2, 0, 1)[0].tolist(),
    again=lambda f: [list(row) for row in f.red],
    slips=(
        Slip(
            "reshape for permute",
            lambda f: _stacked(f).reshape(2, 2, -1)[0].tolist(),
            "the numbers stay in their order and only get new borders",
            "That is `reshape`; `permute` moves the axes.",
            of="to_batch",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: _stacked(f).permute(2, 1, 0)[0].tolist(),
            "rows and columns are swapped",
            "Behind the channels, the old axes 0 and 1 keep their order.",
            of="to_batch",
        ),
        Slip(
            "the other channel",
            lambda f: [list(row) for row in f.green],
            "the other channel is taken",
            "Index 0 is the first channel.",
        ),
    ),
    steps=lambda f, answer: (
        "`permute(2, 0, 1)` puts the old axis 2, the channels, in front.",
        f"Index 0 then takes the first channel as it is: {answer}.",
    ),
)


def _stacked(f: Facts) -> torch.Tensor:
    return torch.stack([torch.tensor(f.red), torch.tensor(f.green)], dim=-1)


KINDS = (
    PIXEL,
    BYTES,
    BRIGHTNESS,
    TO_BATCH,
    CHANNEL_ORDER,
    INDEXED,
    WEIGHT,
    SQUEEZED,
    CHANNELS,
)
