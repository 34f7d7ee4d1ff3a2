"""Receptive field: which pixels of the input each value of a net depends on.

Every operation has a rule that says what it does to the `Track` of each axis of the
input. An operation without a rule loses the tracks (None), so that what is reported
is never a guess. Normalisations that compute statistics from the image itself
(instance, group and layer norm) mix the axes that they average over, as they do in
truth; batch norm in evaluation mode does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeAlias

from .contraction import RULES as CONTRACTIONS
from .formulas import each
from .names import ELEMENTWISE, words
from .records import Op, Value
from .regroup import regrouped
from .selection import RULES as SELECTIONS
from .tracks import (
    Label,
    Track,
    Tracks,
    adaptive,
    mix,
    mixed,
    resampled,
    transposed_window,
    union,
    window,
)

Rule: TypeAlias = Callable[[Op, Tracks], Tracks]


class Fields:
    """The tracks of every tensor of a run, by the key of its `Value`."""

    def __init__(self) -> None:
        self.tracks: dict[int, Tracks] = {}
        self.slid: set[Label] = set()  # axes that a window has moved along

    def add_input(self, value: Value, group: int) -> None:
        """Start with an input of the model; inputs of one size share a group."""
        self.tracks[value.key] = {
            (group, axis): Track(extent=size, dims=(axis + 1,), count=size)
            for axis, size in enumerate(value.shape[1:])
        }

    def follow(self, op: Op) -> None:
        """Work out the tracks of the outputs of one operation."""
        before = [self.tracks.get(value.key, {}) for value in op.inputs]
        if op.name in _WINDOWS:
            self.slid |= _moved_along(op, before[0])
        for number, output in enumerate(op.outputs):
            after = _tracks_after(op, before, number)
            self.tracks[output.key] = _settled(after, output)


def _tracks_after(op: Op, before: list[Tracks], number: int) -> Tracks:
    if op.name in SELECTIONS:
        return SELECTIONS[op.name](op, before, number)
    if op.name in CONTRACTIONS:
        return CONTRACTIONS[op.name](op, before, number)
    stem = op.name[:-2] if op.name[-2:] in ("1d", "2d", "3d") else op.name
    rule = _RULES.get(stem)
    if rule is not None:
        return rule(op, before[0])
    if op.name in ELEMENTWISE:
        return _elementwise(op, before, number)
    return {label: None for tracks in before for label in tracks}


def _settled(tracks: Tracks, output: Value) -> Tracks:
    """Let the counts agree with the tensor, and lose what does not fit it."""
    axes = len(output.shape)
    result: Tracks = {}
    for label, track in tracks.items():
        if track is None or any(dim >= axes for dim in track.dims):
            result[label] = None
        elif track.alone and track.dims:
            result[label] = replace(track, count=output.shape[track.dims[0]])
        else:
            result[label] = track
    return result


# -- windows ------------------------------------------------------------------------


def _window_axes(op: Op) -> range:
    """Axes of the tensor that a layer of n dimensions slides along: the last n."""
    last = len(op.inputs[0].shape)
    return range(last - int(op.name[-2]), last)


def _moved_along(op: Op, tracks: Tracks) -> set[Label]:
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


# -- values that stay where they are ------------------------------------------------


def _elementwise(op: Op, before: list[Tracks], number: int) -> Tracks:
    """Join inputs value by value; axes of length 1 are stretched, as NumPy does."""
    result: Tracks = {}
    shape = op.outputs[number].shape
    for value, tracks in zip(op.inputs, before, strict=True):
        result = union(result, _stretched(tracks, value.shape, shape))
    return result


def _stretched(
    tracks: Tracks, before: tuple[int, ...], after: tuple[int, ...]
) -> Tracks:
    shift = len(after) - len(before)
    result: Tracks = {}
    for label, track in tracks.items():
        if track is None or shift < 0:
            result[label] = None
        elif any(before[dim] != after[dim + shift] for dim in track.dims):
            one = all(before[dim] == 1 for dim in track.dims)
            result[label] = replace(mixed(track), dims=()) if one else None
        else:
            result[label] = replace(track, dims=tuple(d + shift for d in track.dims))
    return result


def _last_axes(op: Op, tracks: Tracks) -> Tracks:
    shape = op.arguments.get("normalized_shape")
    count = len(shape) if isinstance(shape, list) else 1
    axes = len(op.inputs[0].shape)
    return mix(tracks, range(axes - count, axes), keep=True)


def _all_but_channels(op: Op, tracks: Tracks) -> Tracks:
    """Mix each channel with itself: statistics of one image."""
    return mix(tracks, range(1, len(op.inputs[0].shape)), keep=True)


def _batch_norm(op: Op, tracks: Tracks) -> Tracks:
    own_statistics = op.arguments.get("training") or not op.arguments.get(
        "running_mean"
    )
    return _all_but_channels(op, tracks) if own_statistics else tracks


def _along_one(op: Op, tracks: Tracks) -> Tracks:
    """Mix along one axis whose positions stay: softmax, cumulative sums."""
    dim = op.arguments.get("dim")
    axes = len(op.inputs[0].shape)
    dims = range(axes) if not isinstance(dim, int) else [dim % axes]
    return mix(tracks, dims, keep=True)


def _reshaped(op: Op, tracks: Tracks) -> Tracks:
    return regrouped(tracks, op.inputs[0].shape, op.outputs[0].shape)


_WINDOWS = words(
    " ".join(
        f"{kind}{n}d"
        for kind in words(
            "conv conv_transpose max_pool avg_pool lp_pool adaptive_avg_pool "
            "adaptive_max_pool"
        )
        for n in (1, 2, 3)
    )
)
_RULES: dict[str, Rule] = {
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
    "batch_norm": _batch_norm,
    "layer_norm": _last_axes,
    "rms_norm": _last_axes,
    "group_norm": _all_but_channels,
    "instance_norm": _all_but_channels,
    **dict.fromkeys(words("softmax log_softmax softmin cumsum normalize"), _along_one),
    "embedding": lambda op, tracks: tracks,
    **dict.fromkeys(words("view reshape flatten unflatten"), _reshaped),
    **dict.fromkeys(words("squeeze unsqueeze view_as reshape_as"), _reshaped),
}
