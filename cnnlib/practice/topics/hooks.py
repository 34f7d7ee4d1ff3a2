"""Items of lesson 07: the maps of every layer."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.practice.compute import own_count
from cnnlib.practice.items import shown, table
from cnnlib.practice.kind import Facts, Kind, Slip


def _hook(random: Random, level: int) -> dict[str, Any]:
    return {
        "n": random.choice((1, 4, 8)) if level > 1 else 1,
        "side": random.choice((20, 24, 28, 32)),
        "c1": random.choice((4, 6, 8)),
        "c2": random.choice((12, 16, 20)),
        "k": random.choice((3, 5)),
        "same": level > 1 and random.random() < 0.5,
        "asked": random.choice(_LAYERS[1:3] if level == 1 else _LAYERS[1:]),
    }


def _recorded(f: Facts) -> dict[str, tuple[int, ...]]:
    """Hang a hook on each layer, run the net once, and return the shapes."""
    p = (f.k - 1) // 2 if f.same else 0
    net = nn.Sequential()
    with torch.device("meta"):
        net.add_module("conv1", nn.Conv2d(1, f.c1, f.k, padding=p))
        net.add_module("pool1", nn.MaxPool2d(2))
        net.add_module("conv2", nn.Conv2d(f.c1, f.c2, f.k, padding=p))
        net.add_module("pool2", nn.MaxPool2d(2))
        shapes = {}
        for name, layer in net.named_children():
            layer.register_forward_hook(
                lambda _layer, _inputs, out, name=name: shapes.update(
                    {name: tuple(out.shape)}
                )
            )
        net(torch.empty(f.n, 1, f.side, f.side))
    return shapes


def _shape(f: Facts, *, conv: Any = None, pool: Any = None, name: str = "") -> Any:
    """Work the shape out by hand, with something done otherwise."""
    p = (f.k - 1) // 2 if f.same else 0
    conv = conv or (lambda n: own_count(n, f.k, 1, p))
    pool = pool or (lambda n: n // 2)
    n, c = f.side, 1
    for layer, channels in (("conv1", f.c1), ("pool1", 0), ("conv2", f.c2),
                            ("pool2", 0)):  # fmt: skip
        n, c = (conv(n), channels) if channels else (pool(n), c)
        if layer == (name or f.asked):
            break
    return (f.n, c, n, n)


_LAYERS = ("conv1", "pool1", "conv2", "pool2")
_BEFORE = {"pool1": "conv1", "conv2": "pool1", "pool2": "conv2"}

HOOK = Kind(
    name="hook-shape",
    lesson="07",
    heading="One digit through every layer",
    form="shape",
    draw=_hook,
    ask=lambda f: (
        f"A batch of the shape ({f.n}, 1, {f.side}, {f.side}) runs through this net. "
        f"What shape does a forward hook on `{f.asked}` record?",
        table(
            "the net",
            ("name", "layer"),
            [
                ("conv1", f"Conv2d(1, {f.c1}, {f.k}{_same(f)})"),
                ("pool1", "MaxPool2d(2)"),
                ("conv2", f"Conv2d({f.c1}, {f.c2}, {f.k}{_same(f)})"),
                ("pool2", "MaxPool2d(2)"),
            ],
        ),
    ),
    right=lambda f: _recorded(f)[f.asked],
    again=lambda f: _shape(f),
    slips=(
        Slip(
            "input for output",
            lambda f: _shape(f, name=_BEFORE[f.asked]),
            "what goes into the layer is recorded",
            "The hook is given the output, too, and that is what we keep.",
            of="feature_maps",
        ),
        Slip(
            "pooling leaves the size",
            lambda f: _shape(f, pool=lambda n: n),
            "a pooling leaves the size as it is",
            "It halves height and width.",
            of="layer_table",
        ),
        Slip(
            "padding ignored",
            lambda f: _shape(f, conv=lambda n: n - f.k + 1) if f.same else None,
            "the padding is left out",
            'With `padding="same"` a convolution keeps the size.',
            of="output_size",
        ),
        Slip(
            "as large as the images",
            lambda f: _shape(f, conv=lambda n: n) if not f.same else None,
            "a convolution leaves the size as it is",
            "Without padding it takes away k - 1.",
            of="conv2d_channels",
        ),
        Slip(
            "axes of length one gone",
            lambda f: _shape(f)[1:] if f.n == 1 else None,
            "the batch axis is missing",
            "A hook records the whole batch.",
            of="feature_maps",
        ),
        Slip(
            "only the first channel",
            lambda f: (f.n, 1, *_shape(f)[2:]),
            "only one channel is there",
            "All maps of the layer are recorded.",
            of="feature_maps",
        ),
        Slip(
            "only the first image",
            lambda f: (1, *_shape(f)[1:]) if f.n > 1 else None,
            "only one image is there",
            "The whole batch is recorded.",
            of="feature_maps",
        ),
    ),
    steps=lambda f, answer: (
        *(
            f"`{name}`: {shown(_shape(f, name=name)[1:], 'shape')} for each image."
            for name in _LAYERS[: _LAYERS.index(f.asked) + 1]
        ),
        f"With the batch: {answer}.",
    ),
)


def _same(f: Facts) -> str:
    return ', padding="same"' if f.same else ""


KINDS = (HOOK,)
