"""Lesson 03: references and mistakes of pooling and flatten."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from cnnjudge.key import Key, Mistake, noticed

Size = int | tuple[int, int]
_Pair = tuple[int, int]


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)  # type: ignore[return-value]


def _pool(kind: str) -> Callable[..., Tensor]:
    """Return PyTorch's pooling; the minimum is the maximum of the negative."""

    def pool(x: Tensor, kernel_size: Size, stride: Size | None = None) -> Tensor:
        if kind == "min":
            return -F.max_pool2d(-x, kernel_size, stride)
        if kind == "avg":
            return F.avg_pool2d(x, kernel_size, stride)
        return F.max_pool2d(x, kernel_size, stride)

    return pool


def _reduced(windows: Tensor, kind: str, dim: int) -> Tensor:
    if kind == "avg":
        return windows.mean(dim)
    return windows.amax(dim) if kind == "max" else windows.amin(dim)


def _by_unfold(kind: str) -> Callable[..., Tensor]:
    def pool(x: Tensor, kernel_size: Size, stride: Size | None = None) -> Tensor:
        (h, w), (sh, sw) = _pair(kernel_size), _pair(stride or kernel_size)
        windows = x.unfold(2, h, sh).unfold(3, w, sw).flatten(4)
        return _reduced(windows, kind, -1)

    return pool


def _by_loops(kind: str) -> Callable[..., Tensor]:
    def pool(x: Tensor, kernel_size: Size, stride: Size | None = None) -> Tensor:
        (h, w), (sh, sw) = _pair(kernel_size), _pair(stride or kernel_size)
        rows = []
        for i in range(0, x.shape[2] - h + 1, sh):
            row = []
            for j in range(0, x.shape[3] - w + 1, sw):
                window = x[:, :, i : i + h, j : j + w].reshape(*x.shape[:2], -1)
                row.append(_reduced(window, kind, 2))
            rows.append(torch.stack(row, dim=2))
        return torch.stack(rows, dim=2)

    return pool


def _pool_mistakes(kind: str) -> tuple[Mistake, ...]:
    pool = _by_unfold(kind)

    def swap(size: Size) -> tuple[int, int]:
        return _pair(size)[::-1]

    def partial(x: Tensor, kernel_size: Size, stride: Size | None = None) -> Tensor:
        (h, w), (sh, sw) = _pair(kernel_size), _pair(stride or kernel_size)
        rows = []
        for i in range(0, x.shape[2], sh):
            row = [
                _by_loops(kind)(part, part.shape[2:])[:, :, 0, 0]
                for j in range(0, x.shape[3], sw)
                for part in [x[:, :, i : i + h, j : j + w]]
            ]
            rows.append(torch.stack(row, dim=2))
        return torch.stack(rows, dim=2)

    def over_channels(
        x: Tensor, kernel_size: Size, stride: Size | None = None
    ) -> Tensor:
        return _reduced(pool(x, kernel_size, stride), kind, 1)[:, None]

    def in_place(x: Tensor, kernel_size: Size, stride: Size | None = None) -> Tensor:
        result = pool(x, kernel_size, stride)
        with torch.no_grad():
            x.zero_()
        return result

    def walked(
        place: Callable[[int, int], int] = lambda i, step: i * step,
        turned: bool = False,
        longer: int = 0,
        moved_by: Callable[[_Pair, _Pair], _Pair] = lambda kernel, stride: stride,
        wide: Callable[[_Pair, _Pair], _Pair] = lambda kernel, stride: kernel,
        axes: tuple[int, ...] = (2, 3),
    ) -> Callable[..., Tensor]:
        """Return a walk over the places of the result with something done otherwise."""

        def answer(x: Tensor, kernel_size: Size, stride: Size | None = None) -> Tensor:
            (h, w), (sh, sw) = _pair(kernel_size), _pair(stride or kernel_size)
            rows, columns = (x.shape[2] - h) // sh + 1, (x.shape[3] - w) // sw + 1
            out = torch.zeros(*x.shape[:2], rows, columns, dtype=x.dtype)
            (sh, sw), (h, w) = moved_by((h, w), (sh, sw)), wide((h, w), (sh, sw))
            if turned:
                h, w = w, h
            h, w = h + longer, w + longer
            for i in range(rows):
                for j in range(columns):
                    top, left = place(i, sh), place(j, sw)
                    window = x[:, :, top : top + h, left : left + w]
                    kept = [n for n in range(4) if n not in axes]
                    flat = window.permute(*kept, *axes).flatten(len(kept))
                    value = _reduced(flat, kind, -1)
                    out[:, :, i, j] = value
            return out

        return answer

    others = {"max": "avg", "avg": "max", "min": "max"}
    other = others[kind]
    said = {"max": "largest", "avg": "mean", "min": "smallest"}
    mistakes = [
        Mistake(
            "default stride 1",
            "without a stride the window moves by 1. It should move by its own size.",
            lambda x, k, stride=None: pool(x, k, 1 if stride is None else stride),
        ),
        Mistake(
            "partial last window kept (ceil for floor)",
            "a window that reaches over the edge is pooled all the same. Only whole "
            "windows count.",
            partial,
        ),
        Mistake(
            "stride ignored",
            "the window always moves by its own size, whatever `stride` says.",
            lambda x, k, stride=None: pool(x, k),
        ),
        Mistake(
            "stride for rows only",
            "the step along the columns is that of the rows. A stride can be "
            "(height, width).",
            lambda x, k, stride=None: pool(
                x, k, (_pair(k if stride is None else stride)[0],) * 2
            ),
        ),
        Mistake(
            "window rows and columns swapped",
            "a window of (height, width) is taken as (width, height).",
            lambda x, k, stride=None: pool(
                x, swap(k), swap(k) if stride is None else stride
            ),
        ),
        Mistake(
            "stride rows and columns swapped",
            "a stride of (height, width) is taken as (width, height).",
            lambda x, k, stride=None: pool(x, k, swap(k if stride is None else stride)),
        ),
        Mistake(
            "square windows only",
            "the window is as wide as it is high. A window can be (height, width).",
            lambda x, k, stride=None: pool(
                x, _pair(k)[0], _pair(k)[0] if stride is None else stride
            ),
        ),
        Mistake(
            "map transposed",
            "rows and columns of the result are swapped.",
            lambda x, k, stride=None: pool(x, k, stride).transpose(2, 3),
        ),
        Mistake(
            "pooling across channels",
            "the channels are pooled, too. Every channel is pooled by itself.",
            over_channels,
        ),
        Mistake(
            "only the first channel",
            "only the first channel comes back. Every channel is pooled by itself.",
            lambda x, k, stride=None: pool(x[:, :1], k, stride),
        ),
        Mistake(
            "only the first image",
            "only the first image of the batch comes back.",
            lambda x, k, stride=None: pool(x[:1], k, stride),
        ),
        Mistake(
            f"{other} for {kind}",
            f"this is the {said[other]} of each window; the {said[kind]} is asked for.",
            lambda x, k, stride=None: _by_unfold(other)(x, k, stride),
        ),
        Mistake(
            "window not moved by the stride",
            "the result has the size for this stride, but its windows lie side by side "
            "by 1. The window of place i starts at i times the stride.",
            walked(lambda i, step: i),
        ),
        Mistake(
            "windows of 2 x 2 side by side, always",
            "the size of the result is right, but its windows are always 2 x 2 and "
            "move by 2, as in the lesson.",
            walked(moved_by=lambda k, s: (2, 2), wide=lambda k, s: (2, 2)),
        ),
        Mistake(
            "windows of 2 x 2, moved by the stride",
            "each window is 2 x 2, whatever `kernel_size` is.",
            walked(wide=lambda k, s: (2, 2)),
        ),
        Mistake(
            "windows moved by their own size",
            "the size of the result is right, but the windows move by their own size, "
            "not by the stride.",
            walked(moved_by=lambda k, s: k),
        ),
        Mistake(
            "windows as large as the stride",
            "each window is as large as the stride. The stride says where it starts, "
            "`kernel_size` how large it is.",
            walked(wide=lambda k, s: s),
        ),
        Mistake(
            "windows one too large",
            "each window is one row and one column too large: the stop of a slice is "
            "not in it.",
            walked(longer=1),
        ),
        Mistake(
            "windows one too small",
            "each window is one row and one column too small: the stop of a slice is "
            "not in it.",
            walked(longer=-1),
        ),
        Mistake(
            "height and width of the slice swapped",
            "the slice is as high as the window is wide, and as wide as it is high.",
            walked(turned=True),
        ),
        Mistake(
            "over all images",
            "the windows of all images and channels are thrown together, and every map "
            "gets the same number. Each map is pooled by itself: which axes of the "
            "slice belong to the window?",
            walked(axes=(0, 1, 2, 3)),
        ),
        Mistake(
            "over the images, channels apart",
            "the windows of all images are thrown together. Each image is pooled by "
            "itself.",
            walked(axes=(0, 2, 3)),
        ),
        Mistake(
            "empty for zeros",
            "all values are NaN, which is no number. `torch.empty` takes memory with "
            "whatever lies there (the check puts NaN there), and what is only added "
            "to, "
            "or never set, stays so. `torch.zeros` starts from 0.",
            lambda x, k, stride=None: pool(x, k, stride) * float("nan"),
        ),
        noticed(
            "input changed in place",
            "changed:x",
            in_place,
        ),
        noticed(
            "gradient not able to flow",
            "cut:x",
            lambda x, k, stride=None: pool(x.detach(), k, stride),
        ),
    ]
    if kind == "max":
        mistakes.append(
            Mistake(
                "maximum that starts from zero",
                "the maximum starts from 0, so that it is wrong where all numbers are "
                "negative.",
                lambda x, k, stride=None: pool(x, k, stride).clamp(min=0),
            )
        )
    if kind == "min":
        mistakes.append(
            Mistake(
                "minimum that starts from zero",
                "the minimum starts from 0, so that it is wrong where all numbers are "
                "positive.",
                lambda x, k, stride=None: pool(x, k, stride).clamp(max=0),
            )
        )
        mistakes.append(
            Mistake(
                "sign turned afterwards only",
                "this is the largest number with its sign turned. The smallest is "
                "found "
                "if the sign is turned before, too.",
                lambda x, k, stride=None: -_by_unfold("max")(x, k, stride),
            )
        )
        mistakes.append(
            Mistake(
                "sign not turned back",
                "the sign of the result is wrong: what was turned before has to be "
                "turned back.",
                lambda x, k, stride=None: _by_unfold("max")(-x, k, stride),
            )
        )
    if kind == "avg":
        mistakes.append(
            Mistake(
                "sum for mean",
                "this is the sum of each window; the mean is asked for.",
                lambda x, k, stride=None: (
                    pool(x, k, stride) * (_pair(k)[0] * _pair(k)[1])
                ),
            )
        )
        mistakes.append(
            Mistake(
                "divided by four always",
                "the sum is divided by 4 whatever the window. A window has its own "
                "number of cells.",
                lambda x, k, stride=None: (
                    pool(x, k, stride) * (_pair(k)[0] * _pair(k)[1]) / 4
                ),
            )
        )
        mistakes.append(
            Mistake(
                "whole-number division",
                "the mean is rounded down: `//` is not `/`.",
                lambda x, k, stride=None: pool(x, k, stride).floor(),
            )
        )
    return tuple(mistakes)


def _global(x: Tensor) -> Tensor:
    return x.mean(dim=(2, 3))


_GLOBAL = Key(
    lambda x: F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0],
    (
        Mistake(
            "mean over everything",
            "this is one mean over all. Each channel of each image has a mean of "
            "its own.",
            lambda x: x.mean(),
        ),
        Mistake(
            "mean over the channels, too",
            "the channels are averaged, too. Each has a mean of its own.",
            lambda x: x.mean(dim=(1, 2, 3)),
        ),
        Mistake(
            "mean over the batch, too",
            "the images of the batch are averaged, too.",
            lambda x: x.mean(dim=(0, 2, 3)),
        ),
        Mistake(
            "axes of length one kept",
            "the result still has axes of length 1; (N, C) is asked for.",
            lambda x: x.mean(dim=(2, 3), keepdim=True),
        ),
        Mistake(
            "squeeze of everything",
            "`squeeze()` takes away the batch axis of a single image, too.",
            lambda x: x.mean(dim=(2, 3), keepdim=True).squeeze(),
        ),
        Mistake(
            "maximum for mean",
            "this is the largest value of each map; the mean is asked for.",
            lambda x: x.amax(dim=(2, 3)),
        ),
        Mistake(
            "sum for mean",
            "this is the sum of each map; the mean is asked for.",
            lambda x: x.sum(dim=(2, 3)),
        ),
        Mistake(
            "mean of one axis only",
            "only one of the two axes of the map is averaged.",
            lambda x: x.mean(dim=2),
        ),
        Mistake(
            "sum divided by the height",
            "the sum of each map is divided by its height alone. A map has height "
            "times width cells.",
            lambda x: x.sum(dim=(2, 3)) / x.shape[2],
        ),
        Mistake(
            "sum divided by the width",
            "the sum of each map is divided by its width alone. A map has height "
            "times width cells.",
            lambda x: x.sum(dim=(2, 3)) / x.shape[3],
        ),
        Mistake(
            "square maps only",
            "the sum is divided by the square of the height. Maps need not be square.",
            lambda x: x.sum(dim=(2, 3)) / x.shape[2] ** 2,
        ),
        noticed(
            "input changed in place",
            "changed:x",
            lambda x: _changed(x, _global(x)),
        ),
        noticed(
            "gradient not able to flow",
            "cut:x",
            lambda x: _global(x.detach()),
        ),
    ),
    "Global average pooling",
    also_right=(
        lambda x: x.mean(dim=(2, 3)),
        lambda x: x.reshape(x.shape[0], x.shape[1], -1).mean(-1),
        lambda x: torch.einsum("nchw->nc", x) / (x.shape[2] * x.shape[3]),
    ),
)


def _changed(x: Tensor, result: Tensor) -> Tensor:
    with torch.no_grad():
        x.zero_()
    return result


def _tail(x: Tensor, start_dim: int) -> list[int]:
    return list(x.shape[: start_dim % x.dim()])


_FLATTEN = Key(
    lambda x, start_dim=1: torch.flatten(x, start_dim),
    (
        Mistake(
            "flattening the batch away",
            "the batch axis is flattened, too. Each image keeps a row of its own.",
            lambda x, start_dim=1: x.reshape(-1),
        ),
        Mistake(
            "start_dim ignored",
            "`start_dim` is not used: axes before it must stay.",
            lambda x, start_dim=1: x.reshape(x.shape[0], -1),
        ),
        Mistake(
            "column by column",
            "the numbers are read column by column; rows come first.",
            lambda x, start_dim=1: x.transpose(-1, -2).reshape(
                *_tail(x, start_dim), -1
            ),
        ),
        Mistake(
            "batch axis last",
            "the batch axis has gone to the end: each column is an image.",
            lambda x, start_dim=1: (
                x.reshape(*_tail(x, start_dim), -1).mT
                if start_dim % x.dim()
                else x.reshape(-1)
            ),
        ),
        Mistake(
            "images mixed",
            "the numbers of different images are mixed: the rows are filled from the "
            "whole batch, column by column.",
            lambda x, start_dim=1: (
                x.reshape(-1, *_tail(x, start_dim)).movedim(0, -1)
                if start_dim % x.dim()
                else x.reshape(-1)
            ),
        ),
        noticed(
            "gradient not able to flow",
            "cut:x",
            lambda x, start_dim=1: x.detach().reshape(*_tail(x, start_dim), -1),
        ),
        noticed(
            "input changed in place",
            "changed:x",
            lambda x, start_dim=1: _changed(
                x, x.reshape(*_tail(x, start_dim), -1).clone()
            ),
        ),
    ),
    "Flatten",
    defaults={"start_dim": 1},
    also_right=(
        lambda x, start_dim=1: x.reshape(*x.shape[: start_dim % x.dim()], -1),
        lambda x, start_dim=1: x.contiguous().view(*_tail(x, start_dim), -1),
    ),
)

_DIGIT = torch.tensor(
    [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 43, 43, 0, 0],
        [0, 30, 250, 230, 125, 251, 0],
        [0, 191, 38, 0, 0, 81, 0],
        [0, 241, 0, 35, 119, 250, 0],
        [0, 49, 193, 198, 83, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ],
    dtype=torch.float32,
)
_EDGES = torch.tensor([[1.0, 0.0, -1.0]] * 3)


def _filtered(kernel: Tensor = _EDGES, image: Tensor = _DIGIT) -> Tensor:
    return F.conv2d(image[None, None], kernel[None, None])


def _max(x: Tensor, stride: int = 2, ceil: bool = False) -> Tensor:
    return F.max_pool2d(x, 2, stride, ceil_mode=ceil)[0, 0]


_EDGE_MISTAKES = (
    Mistake(
        "pooled the printed grid",
        "these are the numbers that the slide printed, pooled, and those are wrong. "
        "They also come out if one weight of the kernel has lost its minus sign.",
        torch.tensor([[34.0, 206.0], [657.0, 294.0]]),
    ),
    Mistake(
        "kernel flipped",
        "the kernel was turned round, as in the true convolution. `conv2d` does not "
        "turn it.",
        _max(_filtered(-_EDGES)),
    ),
    Mistake(
        "kernel transposed",
        "the kernel was transposed: this answers to horizontal edges.",
        _max(_filtered(_EDGES.T)),
    ),
    Mistake(
        "not pooled",
        "this is the filtered digit, not pooled yet.",
        _filtered()[0, 0],
    ),
    Mistake(
        "pooled before the kernel",
        "the digit was pooled first. Filter first, then pool.",
        _filtered(image=_max(_DIGIT[None, None]))[0, 0],
    ),
    Mistake(
        "average for max",
        "this is the mean of each window; the largest number is asked for.",
        F.avg_pool2d(_filtered(), 2)[0, 0],
    ),
    Mistake(
        "minimum for max",
        "this is the smallest number of each window; the largest is asked for.",
        -_max(-_filtered()),
    ),
    Mistake(
        "stride 1 in pooling",
        "the pooling window moves by 1; it should move by its own size.",
        _max(_filtered(), stride=1),
    ),
    Mistake(
        "partial last window kept",
        "windows that reach over the edge were pooled, too. Only whole windows count.",
        _max(_filtered(), ceil=True),
    ),
    Mistake(
        "axes of length one left",
        "the numbers are right, but there are axes of length 1 for batch and channel. "
        "A "
        "grid (rows, columns) is asked for.",
        _max(_filtered())[None, None],
    ),
    Mistake(
        "one axis of length one left",
        "the numbers are right, but there is an axis of length 1 for the channel. A "
        "grid (rows, columns) is asked for.",
        _max(_filtered())[None],
    ),
    Mistake(
        "absolute values",
        "the signs are lost. Pooling takes the largest number, and any positive one "
        "is larger than a negative one.",
        _max(_filtered().abs()),
    ),
    Mistake(
        "maximum that starts from zero",
        "a window of negative numbers has a negative maximum; here it became 0.",
        _max(_filtered()).clamp(min=0),
    ),
)

KEYS = {
    **{
        f"{kind}_pool2d": Key(
            _pool(kind),
            _pool_mistakes(kind),
            section,
            also_right=(_by_unfold(kind), _by_loops(kind)),
            defaults={"stride": None},
        )
        for kind, section in [
            ("max", "Our own loop"),
            ("avg", "Average and minimum"),
            ("min", "The minimum"),
        ]
    },
    "global_avg_pool": _GLOBAL,
    "flatten": _FLATTEN,
    "edge_then_pool": Key(
        _max(_filtered()),
        _EDGE_MISTAKES,
        "Spot the error: the grey-scale digit",
        any_dtype=True,
        also_right=(
            _max(_filtered()).double(),
            _by_loops("max")(_filtered().long(), 2)[0, 0],
        ),
    ),
}
