"""Items of lesson 00: the axis of the channels."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.practice.compute import some_grid
from cnnlib.practice.items import code, grid
from cnnlib.practice.kind import Facts, Kind, Slip


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
    CHANNEL_ORDER,
    CHANNELS,
)
