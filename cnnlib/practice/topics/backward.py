"""Items of lesson 08: backward through a convolution, and the transposed one."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from cnnlib.practice.compute import (
    Rows,
    own_conv,
    plain,
    products,
    some_grid,
    transposed,
    turned,
)
from cnnlib.practice.items import grid
from cnnlib.practice.kind import Facts, Kind, Slip


def _backward(random: Random, level: int) -> dict[str, Any]:
    asks_x = level == 3 or (level == 2 and random.random() < 0.5)
    place = [random.randrange(3 if asks_x else 2) for _ in range(2)]
    if asks_x and level == 3:
        place[random.randrange(2)] = 1
    return {
        "x": some_grid(random, 3, 3, 0, 3),
        "w": some_grid(random, 2, 2, -2, 3),
        "g": some_grid(random, 2, 2, -2, 2),
        "place": place,
        "asks_x": asks_x,
    }


def _gradients(f: Facts) -> tuple[Any, Any]:
    x, w, g = (torch.tensor(rows, dtype=torch.float64) for rows in (f.x, f.w, f.g))
    x.requires_grad_()
    w.requires_grad_()
    F.conv2d(x[None, None], w[None, None]).backward(g[None, None])
    assert x.grad is not None
    assert w.grad is not None
    return plain(x.grad), plain(w.grad)


def _slid(f: Facts, kernel: Rows) -> Any:
    """Let the gradient, padded by one, meet a kernel."""
    return own_conv(f.g, kernel, padding=1)


def _at(f: Facts, rows: Any) -> Any:
    i, j = f.place
    return rows[i][j]


def _for(f: Facts, x: Any = None, w: Any = None) -> Any:
    """Return the number asked for of whichever gradient it is, or None."""
    rows = x if f.asks_x else w
    return None if rows is None else _at(f, rows(f))


def _last_for_x(f: Facts) -> Rows:
    """Write each product in place of adding it: the last one stays."""
    out = [[0] * 3 for _ in range(3)]
    for i in range(2):
        for j in range(2):
            for a in range(2):
                for b in range(2):
                    out[i + a][j + b] = f.g[i][j] * f.w[a][b]
    return out


BACKWARD = Kind(
    name="backward-number",
    lesson="08",
    heading="Backward through a convolution",
    form="number",
    draw=_backward,
    ask=lambda f: (
        "A convolution lays the kernel on the image, without padding. Below stands "
        "the gradient that comes back for its four outputs. What is the gradient for "
        f"the {'pixel of the image' if f.asks_x else 'weight of the kernel'} in row "
        f"{f.place[0]}, column {f.place[1]}? Count from 0.",
        grid("image", f.x),
        grid("kernel", f.w),
        grid("gradient", f.g),
    ),
    right=lambda f: _at(f, _gradients(f)[0 if f.asks_x else 1]),
    again=lambda f: _for(
        f,
        x=lambda f: _slid(f, turned(f.w)),
        w=lambda f: own_conv(f.x, f.g),
    ),
    slips=(
        Slip(
            "kernel not turned",
            lambda f: _for(f, x=lambda f: _slid(f, f.w)),
            "the kernel is not turned",
            "For the image it meets the gradient turned by 180 degrees.",
            of="conv_backward",
        ),
        Slip(
            "kernel transposed",
            lambda f: _for(f, x=lambda f: _slid(f, transposed(f.w))),
            "rows and columns of the kernel are swapped",
            "It is turned by 180 degrees instead.",
            of="conv_backward",
        ),
        Slip(
            "set for added, for x",
            lambda f: _for(f, x=_last_for_x),
            "only the last use of the pixel counts",
            "Add up what comes back from each output that used it.",
            of="conv_backward",
        ),
        Slip(
            "grad ignored for x",
            lambda f: _for(
                f, x=lambda f: own_conv([[1, 1], [1, 1]], turned(f.w), padding=1)
            ),
            "the gradient that comes back is left out",
            "Each weight is multiplied by the gradient of its output.",
            of="conv_backward",
        ),
        Slip(
            "grad turned for the weight",
            lambda f: _for(f, w=lambda f: own_conv(f.x, turned(f.g))),
            "the gradient is turned",
            "For the kernel it slides over the image as it is.",
            of="conv_backward",
        ),
        Slip(
            "gradient for the weight turned",
            lambda f: _for(f, w=lambda f: turned(own_conv(f.x, f.g))),
            "the number of the opposite corner is given",
            "For row i, column j the gradient lies i rows down, j columns right.",
            of="conv_backward",
        ),
        Slip(
            "mean for sum, for the weight",
            lambda f: _for(
                f,
                w=lambda f: [[plain(v / 4) for v in row] for row in own_conv(f.x, f.g)],
            ),
            "the mean of the four uses is taken",
            "Each use counts: add them up.",
            of="conv_backward",
        ),
        Slip(
            "grad ignored for the weight",
            lambda f: _for(f, w=lambda f: own_conv(f.x, [[1, 1], [1, 1]])),
            "the gradient that comes back is left out",
            "Each pixel is multiplied by the gradient of its output.",
            of="conv_backward",
        ),
    ),
    steps=lambda f, answer: _backward_steps(f, answer),
)


def _backward_steps(f: Facts, answer: str) -> tuple[str, ...]:
    i, j = f.place
    if not f.asks_x:
        cells = [f.x[i + a][j + b] for a in range(2) for b in range(2)]
        flat = [value for row in f.g for value in row]
        return (
            f"The weight met the pixels {cells}, once for each output.",
            f"Multiply by the gradients and add: {products(cells, flat)} = {answer}",
        )
    pairs = [
        (f.g[i - a][j - b], f.w[a][b])
        for a in range(2)
        for b in range(2)
        if 0 <= i - a < 2 and 0 <= j - b < 2
    ]
    grads, weights = zip(*pairs, strict=True)
    return (
        f"The pixel was used in {len(pairs)} of the four outputs.",
        "Multiply each gradient by the weight that met the pixel, and add.",
        f"{products(grads, weights)} = {answer}",
    )


def _larger(random: Random, level: int) -> dict[str, Any]:
    s = random.choice((2, 3)) if level > 1 else random.choice((1, 2))
    k = random.choice((2, 3, 4, 5))
    return {
        "n": random.randint(4, 14),
        "k": k,
        "s": s,
        "p": 0 if level == 1 else random.randint(1, max(1, k // 2)),
        "o": 1 if level == 3 else 0,
    }


def _extras(f: Facts) -> str:
    return f", output padding {f.o}" if f.o else ""


def _own_transposed(f: Facts) -> int:
    """Mark where the kernels lie, cut the padding off, and count."""
    reached = {i * f.s + a for i in range(f.n) for a in range(f.k)}
    last = max(reached) + f.o - f.p
    return int(last - f.p + 1)


TRANSPOSED = Kind(
    name="transposed-size",
    lesson="08",
    heading="The transposed convolution",
    form="number",
    draw=_larger,
    ask=lambda f: (
        f"A transposed convolution with a {f.k}x{f.k} kernel, stride {f.s}, padding "
        f"{f.p}{_extras(f)} gets a map of {f.n}x{f.n}. How high is the map that comes "
        "out?",
    ),
    right=lambda f: int(
        nn.ConvTranspose2d(1, 1, f.k, f.s, f.p, f.o, device="meta")(
            torch.empty(1, 1, f.n, f.n, device="meta")
        ).shape[-1]
    ),
    again=_own_transposed,
    slips=(
        Slip(
            "n times stride",
            lambda f: f.n * f.s + f.k - 2 * f.p + f.o,
            "the stride is taken {n} times",
            "Between {n} places there are one fewer steps.",
            of="transposed_size",
        ),
        Slip(
            "padding added",
            lambda f: (f.n - 1) * f.s + f.k + 2 * f.p + f.o if f.p else None,
            "the padding is added",
            "Here padding cuts off: it takes away on both sides.",
            of="transposed_size",
        ),
        Slip(
            "padding on one side only",
            lambda f: (f.n - 1) * f.s + f.k - f.p + f.o if f.p else None,
            "the padding is cut off on one side",
            "It is cut off on both.",
            of="transposed_size",
        ),
        Slip(
            "padding ignored",
            lambda f: (f.n - 1) * f.s + f.k + f.o if f.p else None,
            "the padding is left out",
            "It cuts off {p} on each side.",
            of="transposed_size",
        ),
        Slip(
            "forward formula",
            lambda f: (f.n + 2 * f.p - f.k) // f.s + 1,
            "the formula of the usual convolution is used",
            "A transposed one makes a map larger: it goes backwards.",
            of="transposed_size",
        ),
        Slip(
            "kernel forgotten",
            lambda f: (f.n - 1) * f.s - 2 * f.p + f.o,
            "the kernel is left out",
            "The last one begins there and is {k} long.",
            of="transposed_size",
        ),
        Slip(
            "output padding ignored",
            lambda f: (f.n - 1) * f.s + f.k - 2 * f.p if f.o else None,
            "the output padding is left out",
            "It is added at one side.",
            of="transposed_size",
        ),
        Slip(
            "n times stride, and nothing else",
            lambda f: f.n * f.s,
            "the size is only multiplied by the stride",
            "Kernel and padding have a say, too.",
            of="transposed_size",
        ),
    ),
    steps=lambda f, answer: (
        f"The last kernel begins at ({f.n} - 1)*{f.s} = {(f.n - 1) * f.s} and is "
        f"{f.k} long.",
        f"{(f.n - 1) * f.s} + {f.k} - 2*{f.p}"
        + (f" + {f.o}" if f.o else "")
        + f" = {answer}",
    ),
)


def _page(random: Random, level: int) -> dict[str, Any]:
    larger = level == 3 or (level == 2 and random.random() < 0.5)
    return {
        "c": random.choice((2, 4, 8, 16)),
        "h": random.choice((3, 4, 5, 7)),
        "classes": random.choice((3, 5, 10)),
        "more": random.randint(1, 9) if larger else 0,
        "larger": larger,
    }


def _size_of_page(f: Facts) -> int:
    return int(f.h + f.more)


def _dense_as_conv(f: Facts) -> nn.Conv2d:
    return nn.Conv2d(f.c, f.classes, f.h, device="meta")


DENSE_AS_CONV = Kind(
    name="dense-as-convolution",
    lesson="08",
    heading="A page of digits",
    form="shape",
    draw=_page,
    ask=lambda f: (
        f"A dense layer makes {f.classes} scores of {f.c} maps of {f.h}x{f.h}. It "
        "becomes a convolution that gives the same. "
        + (
            f"What shape does that convolution make of {f.c} maps of "
            f"{_size_of_page(f)}x{_size_of_page(f)}, {f.more} more each way?"
            if f.larger
            else "What is the shape of its weight?"
        ),
    ),
    right=lambda f: tuple(
        _dense_as_conv(f)(
            torch.empty(1, f.c, _size_of_page(f), _size_of_page(f), device="meta")
        ).shape[1:]
        if f.larger
        else _dense_as_conv(f).weight.shape
    ),
    again=lambda f: (
        (
            f.classes,
            *(len(own_conv([[0] * _size_of_page(f)], [[0] * f.h])[0]),) * 2,
        )
        if f.larger
        else (f.classes, f.c, f.h, f.h)
    ),
    slips=(
        Slip(
            "1x1 convolution on a flattened map",
            lambda f: None if f.larger else (f.classes, f.c * f.h * f.h, 1, 1),
            "the maps are flattened first",
            "Then places are lost. The kernel is as large as the map.",
            of="to_convolution",
        ),
        Slip(
            "in and out swapped",
            lambda f: None if f.larger else (f.c, f.classes, f.h, f.h),
            "the channels that go in stand first",
            "The weight begins with the number of kernels.",
        ),
        Slip(
            "channels last",
            lambda f: None if f.larger else (f.classes, f.h, f.h, f.c),
            "the channels stand last",
            "They stand before the rows.",
            of="to_convolution",
        ),
        Slip(
            "one answer only",
            lambda f: (f.classes, 1, 1) if f.larger else None,
            "there is one answer for the whole page",
            "The kernel fits at several places, and answers at each.",
        ),
        Slip(
            "padding of half the kernel",
            lambda f: (
                (f.classes, *(_size_of_page(f) + 2 * (f.h // 2) - f.h + 1,) * 2)
                if f.larger
                else None
            ),
            "the map is padded",
            "The dense layer saw no zeros around its maps.",
            of="to_convolution",
        ),
        Slip(
            "one too few",
            lambda f: (f.classes, f.more, f.more) if f.larger else None,
            "the + 1 is missing",
            "The first place of the window counts, too.",
            of="output_size",
        ),
        Slip(
            "channels for classes",
            lambda f: (f.c, f.more + 1, f.more + 1) if f.larger else None,
            "the channels that go in are counted",
            "There is a map for each score.",
        ),
    ),
    steps=lambda f, answer: (
        f"The kernel is as large as the map: {f.h}x{f.h}, with {f.c} slices; there is "
        f"one for each score.",
        (
            f"{_size_of_page(f)} - {f.h} + 1 = {f.more + 1} places in each direction: "
            f"{answer}."
            if f.larger
            else f"Kernels, slices, rows, columns: {answer}."
        ),
    ),
)

KINDS = (BACKWARD, TRANSPOSED, DENSE_AS_CONV)
