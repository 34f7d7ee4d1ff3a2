"""Receptive fields through windows that slide, and through changes of resolution."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

from .formulas import each
from .names import words
from .records import Op
from .tracks import (
    Label,
    Track,
    Tracks,
    adaptive,
    mix,
    resampled,
    transposed_window,
    window,
)

Rule: TypeAlias = Callable[[Op, Tracks], Tracks]


def _window_axes(op: Op) -> range:
    """Axes of the tensor that a layer of n dimensions slides along: the last n."""
    last = len(op.inputs[0].shape)
    return range(last - int(op.name[-2]), last)


def moved_along(op: Op, tracks: Tracks) -> set[Label]:
    """Axes of the input that the window of an operation slides along."""
    axes = set(_window_axes(op))
    return {label for label, track in tracks.items() if track and axes & {*track.dims}}


def _slide(
    op: Op, tracks: Tracks, change: Callable[[Track, int], Track | None]
) -> Tracks:
    """Apply `change(track, n)` to the track along the n-th axis of the window."""
    axes = _window_axes(op)
    result = dict(tracks)
    for label, track in tracks.items():
        if track is None or not set(axes) & set(track.dims):
            continue
        alone = track.alone and len(track.dims) == 1
        result[label] = change(track, track.dims[0] - axes[0]) if alone else None
    return result


def _given(op: Op, name: str, default: Any) -> tuple[Any, ...]:
    value = op.arguments.get(name)
    unset = value is None or value == []
    return each(default if unset else value, int(op.name[-2]))


def _convolution(op: Op, tracks: Tracks) -> Tracks:
    kernel = op.arguments["weight"].shape[2:]
    stride, dilation = _given(op, "stride", 1), _given(op, "dilation", 1)
    padding = op.arguments.get("padding", 0)
    if padding == "same":
        before = [d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)]
    else:
        before = [0 if p == "valid" else p for p in _given(op, "padding", 0)]
    slid = _slide(
        op,
        tracks,
        lambda track, n: window(track, kernel[n], stride[n], before[n], dilation[n]),
    )
    return mix(slid, [_window_axes(op)[0] - 1])


def _transposed(op: Op, tracks: Tracks) -> Tracks:
    kernel = op.arguments["weight"].shape[2:]
    stride, dilation = _given(op, "stride", 1), _given(op, "dilation", 1)
    before = _given(op, "padding", 0)
    slid = _slide(
        op,
        tracks,
        lambda track, n: transposed_window(
            track, kernel[n], stride[n], before[n], dilation[n]
        ),
    )
    return mix(slid, [_window_axes(op)[0] - 1])


def _pool(op: Op, tracks: Tracks) -> Tracks:
    kernel = _given(op, "kernel_size", 1)
    stride, dilation = _given(op, "stride", kernel), _given(op, "dilation", 1)
    before = _given(op, "padding", 0)
    return _slide(
        op,
        tracks,
        lambda track, n: window(track, kernel[n], stride[n], before[n], dilation[n]),
    )


def _adaptive(op: Op, tracks: Tracks) -> Tracks:
    sizes = op.outputs[0].shape[-int(op.name[-2]) :]
    return _slide(op, tracks, lambda track, n: adaptive(track, sizes[n]))


# -- change of resolution -----------------------------------------------------------

_REACH = {"nearest": 0, "nearest-exact": 0, "bicubic": 3}


def _interpolate(op: Op, tracks: Tracks) -> Tracks:
    mode = op.arguments.get("mode", "nearest")
    before, after = op.inputs[0].shape, op.outputs[0].shape
    if op.arguments.get("antialias"):
        return dict.fromkeys(tracks)
    result = dict(tracks)
    for label, track in tracks.items():
        if track is None or not any(dim >= 2 for dim in track.dims):
            continue
        if not track.alone:
            result[label] = None
            continue
        old, new = (shape[track.dims[0]] for shape in (before, after))
        if mode == "area":
            result[label] = adaptive(track, new)
        elif old != new:
            uneven = bool(new % old and old % new)
            step, reach = Fraction(old, new), _REACH.get(mode, 1)
            result[label] = resampled(track, reach, step, irregular=uneven)
    return result


def _pixel_shuffle(op: Op, tracks: Tracks) -> Tracks:
    return _rescaled(op, tracks, 0)


def _pixel_unshuffle(op: Op, tracks: Tracks) -> Tracks:
    """Gather each block of pixels into channels; a position sees the whole block."""
    return _rescaled(op, tracks, op.arguments["factor"] - 1)


def _rescaled(op: Op, tracks: Tracks, reach: int) -> Tracks:
    before, after = op.inputs[0].shape, op.outputs[0].shape
    result = mix(tracks, [len(before) - 3])
    for label, track in result.items():
        if track is not None and track.dims:
            dim = track.dims[0]
            step = Fraction(before[dim], after[dim])
            result[label] = resampled(track, reach, step) if track.alone else None
    return result


def _pad(op: Op, tracks: Tracks) -> Tracks:
    amounts, axes = op.arguments["pad"], len(op.inputs[0].shape)
    result = dict(tracks)
    for number, amount in enumerate(amounts[::2]):
        for label, track in tracks.items():
            if track is not None and axes - 1 - number in track.dims:
                result[label] = window(track, 1, 1, amount, 1) if track.alone else None
    return result


WINDOWS = words(
    " ".join(
        f"{kind}{n}d"
        for kind in words(
            "conv conv_transpose max_pool avg_pool lp_pool adaptive_avg_pool "
            "adaptive_max_pool"
        )
        for n in (1, 2, 3)
    )
)
"""Operations that slide a window."""
RULES: dict[str, Rule] = {
    "conv": _convolution,
    "conv_transpose": _transposed,
    "max_pool": _pool,
    "avg_pool": _pool,
    "lp_pool": _pool,
    "adaptive_avg_pool": _adaptive,
    "adaptive_max_pool": _adaptive,
    "interpolate": _interpolate,
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
    "pad": _pad,
}
