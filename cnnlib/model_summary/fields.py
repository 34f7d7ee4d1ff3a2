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
from math import ceil
from typing import Any, TypeAlias

from .mixing import RULES as MIXING_RULES
from .operations import ELEMENTWISE, words
from .records import Shape, TracedOp, TracedStep, TracedTensor, base_name, each
from .rows import SummaryRow
from .tracks import (
    Label,
    Number,
    Track,
    Tracks,
    adaptive,
    lost,
    mix,
    mixed,
    regrouped,
    resampled,
    transposed_window,
    union,
    window,
)

TrackRule: TypeAlias = Callable[[TracedOp, Tracks], Tracks]
"""Tracks of the output of an operation on one tensor, from those of its input."""

_WINDOWS = frozenset(
    f"{kind}{axes}d"
    for kind in words(
        "conv conv_transpose max_pool avg_pool lp_pool adaptive_avg_pool "
        "adaptive_max_pool"
    )
    for axes in (1, 2, 3)
)
"""Operations that slide a window."""


def add_receptive_fields(
    rows: list[SummaryRow], steps: list[TracedStep], inputs: list[TracedTensor]
) -> None:
    """Fill in receptive field, jump and start of every row."""
    fields = Fields()
    shapes = [tensor.shape for tensor in inputs]
    for tensor in inputs:
        fields.add_input(tensor, shapes.index(tensor.shape))
    for step in steps:
        for op in step.ops:
            fields.follow(op)
    for row, step in zip(rows, steps, strict=True):
        tracks = fields.tracks.get(step.outputs[0].key, {})
        _fill_in(row, [tracks[label] for label in _shown_axes(tracks, fields.slid)])


def _fill_in(row: SummaryRow, tracks: list[Track | None]) -> None:
    """Write the tracks of a row's output into the row; nothing where one is lost."""
    known = [track for track in tracks if track is not None]
    if not known or len(known) < len(tracks):
        return
    row.receptive_field = tuple(ceil(track.size) for track in known)
    least = tuple(ceil(_least(track)) for track in known)
    row.receptive_least = least if least != row.receptive_field else None
    row.whole_image = all(track.whole for track in known)
    if all(track.dims and track.alone and not track.whole for track in known):
        row.jump = tuple(_number(track.jump) for track in known)
    starts = [track.start for track in known if track.start is not None]
    if len(starts) == len(known):
        row.receptive_start = tuple(_number(start) for start in starts)


def _least(track: Track) -> Number:
    """Return how many pixels the position sees that sees the fewest."""
    if track.pattern is None or track.whole:
        return track.size
    return min(size for _, size in track.pattern)


def _shown_axes(tracks: Tracks, slid: set[Label]) -> list[Label]:
    """Axes of the input that a row reports.

    Those along which a window slides; rows and columns where none does. Of inputs of
    several sizes the first counts that the tensor depends on.
    """
    groups = sorted({group for group, _ in tracks})
    own = sorted(label for label in tracks if label[0] == groups[0]) if groups else []
    windows = [label for label in own if label in slid]
    if windows or slid:
        return windows
    return [label for label in own if label[1] >= 1] if len(own) > 2 else []


def _number(value: Number) -> int | float:
    return int(value) if value == int(value) else float(value)


class Fields:
    """The tracks of every tensor of a run, by the key of its `TracedTensor`."""

    def __init__(self) -> None:
        self.tracks: dict[int, Tracks] = {}
        self.slid: set[Label] = set()
        """Axes of the input that a window has moved along."""

    def add_input(self, tensor: TracedTensor, group: int) -> None:
        """Start with an input of the model; inputs of one size share a group."""
        self.tracks[tensor.key] = {
            (group, axis): Track(extent=size, dims=(axis + 1,), count=size)
            for axis, size in enumerate(tensor.shape[1:])
        }

    def follow(self, op: TracedOp) -> None:
        """Work out the tracks of the outputs of one operation."""
        before = [self.tracks.get(tensor.key, {}) for tensor in op.inputs]
        if op.name in _WINDOWS:
            self.slid |= _moved_along(op, before[0])
        for number, output in enumerate(op.outputs):
            try:
                after = _tracks_after(op, before, number)
            except (LookupError, TypeError, ValueError):
                after = lost(before)  # called in a way that its rule does not know
            self.tracks[output.key] = _settled(after, output)


def _tracks_after(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    if op.name in MIXING_RULES:
        return MIXING_RULES[op.name](op, before, number)
    rule = _RULES.get(base_name(op.name))
    if rule is not None:  # made for one input: weights must not depend on it
        return rule(op, before[0]) if len(before) == 1 else lost(before)
    if op.name in ELEMENTWISE:
        return _elementwise(op, before, number)
    return lost(before)


def _settled(tracks: Tracks, output: TracedTensor) -> Tracks:
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


# -- windows that slide ----------------------------------------------------------------


def _window_axes(op: TracedOp) -> range:
    """Axes of the tensor that a layer of n dimensions slides along: the last n."""
    last = len(op.inputs[0].shape)
    return range(last - int(op.name[-2]), last)


def _moved_along(op: TracedOp, tracks: Tracks) -> set[Label]:
    """Axes of the input that the window of an operation slides along."""
    axes = set(_window_axes(op))
    return {label for label, track in tracks.items() if track and axes & {*track.dims}}


def _slide(
    op: TracedOp, tracks: Tracks, change: Callable[[Track, int], Track | None]
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


def _argument(op: TracedOp, name: str, default: Any) -> tuple[Any, ...]:
    value = op.arguments.get(name)
    unset = value is None or value == []
    return each(default if unset else value, int(op.name[-2]))


def _convolution(op: TracedOp, tracks: Tracks) -> Tracks:
    kernel = op.arguments["weight"].shape[2:]
    stride, dilation = _argument(op, "stride", 1), _argument(op, "dilation", 1)
    padding = op.arguments.get("padding", 0)
    if padding == "same":
        before = [d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)]
    else:
        before = [0 if p == "valid" else p for p in _argument(op, "padding", 0)]
    slid = _slide(
        op,
        tracks,
        lambda track, n: window(track, kernel[n], stride[n], before[n], dilation[n]),
    )
    return mix(slid, [_window_axes(op)[0] - 1])


def _transposed(op: TracedOp, tracks: Tracks) -> Tracks:
    kernel = op.arguments["weight"].shape[2:]
    stride, dilation = _argument(op, "stride", 1), _argument(op, "dilation", 1)
    before = _argument(op, "padding", 0)
    slid = _slide(
        op,
        tracks,
        lambda track, n: transposed_window(
            track, kernel[n], stride[n], before[n], dilation[n]
        ),
    )
    return mix(slid, [_window_axes(op)[0] - 1])


def _pool(op: TracedOp, tracks: Tracks) -> Tracks:
    kernel = _argument(op, "kernel_size", 1)
    stride, dilation = _argument(op, "stride", kernel), _argument(op, "dilation", 1)
    before = _argument(op, "padding", 0)
    return _slide(
        op,
        tracks,
        lambda track, n: window(track, kernel[n], stride[n], before[n], dilation[n]),
    )


def _adaptive(op: TracedOp, tracks: Tracks) -> Tracks:
    sizes = op.outputs[0].shape[-int(op.name[-2]) :]
    return _slide(op, tracks, lambda track, n: adaptive(track, sizes[n]))


# -- change of resolution -----------------------------------------------------------

_REACH = {"nearest": 0, "nearest-exact": 0, "bicubic": 3}
"""Input positions besides one that an output sees, by mode; 1 in all others."""


def _interpolate(op: TracedOp, tracks: Tracks) -> Tracks:
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
            factor, rest = divmod(new, old)
            if mode.startswith("nearest") and not rest:
                result[label] = transposed_window(track, factor, factor, 0, 1)
                continue
            uneven = bool(new % old and old % new)
            step, reach = Fraction(old, new), _REACH.get(mode, 1)
            result[label] = resampled(track, reach, step, irregular=uneven)
    return result


def _pixel_shuffle(op: TracedOp, tracks: Tracks) -> Tracks:
    return _rescaled(op, tracks, 0)


def _pixel_unshuffle(op: TracedOp, tracks: Tracks) -> Tracks:
    """Gather each block of pixels into channels; a position sees the whole block."""
    return _rescaled(op, tracks, op.arguments["factor"] - 1)


def _rescaled(op: TracedOp, tracks: Tracks, reach: int) -> Tracks:
    before, after = op.inputs[0].shape, op.outputs[0].shape
    result = mix(tracks, [len(before) - 3])
    for label, track in result.items():
        if track is not None and track.dims:
            dim = track.dims[0]
            step = Fraction(before[dim], after[dim])
            if not reach and track.alone and step.numerator == 1:
                factor = step.denominator
                result[label] = transposed_window(track, factor, factor, 0, 1)
                continue
            result[label] = resampled(track, reach, step) if track.alone else None
    return result


def _pad(op: TracedOp, tracks: Tracks) -> Tracks:
    amounts, axes = op.arguments["pad"], len(op.inputs[0].shape)
    result = dict(tracks)
    for number, amount in enumerate(amounts[::2]):
        for label, track in tracks.items():
            if track is not None and axes - 1 - number in track.dims:
                result[label] = window(track, 1, 1, amount, 1) if track.alone else None
    return result


# -- values that stay where they are ------------------------------------------------


def _elementwise(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """Join inputs value by value; axes of length 1 are stretched, as NumPy does."""
    result: Tracks = {}
    shape = op.outputs[number].shape
    for value, tracks in zip(op.inputs, before, strict=True):
        result = union(result, _stretched(tracks, value.shape, shape))
    return result


def _stretched(tracks: Tracks, before: Shape, after: Shape) -> Tracks:
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


def _last_axes(op: TracedOp, tracks: Tracks) -> Tracks:
    shape = op.arguments.get("normalized_shape")
    count = len(shape) if isinstance(shape, list) else 1
    axes = len(op.inputs[0].shape)
    return mix(tracks, range(axes - count, axes), keep=True)


def _all_but_channels(op: TracedOp, tracks: Tracks) -> Tracks:
    """Mix each channel with itself: statistics of one image."""
    return mix(tracks, range(1, len(op.inputs[0].shape)), keep=True)


def _batch_norm(op: TracedOp, tracks: Tracks) -> Tracks:
    own_statistics = op.arguments.get("training") or not op.arguments.get(
        "running_mean"
    )
    return _all_but_channels(op, tracks) if own_statistics else tracks


def _along_one(op: TracedOp, tracks: Tracks) -> Tracks:
    """Mix along one axis whose positions stay: softmax, cumulative sums."""
    dim = op.arguments.get("dim")
    axes = len(op.inputs[0].shape)
    dims = range(axes) if not isinstance(dim, int) else [dim % axes]
    return mix(tracks, dims, keep=True)


def _reshaped(op: TracedOp, tracks: Tracks) -> Tracks:
    return regrouped(tracks, op.inputs[0].shape, op.outputs[0].shape)


_RULES: dict[str, TrackRule] = {
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
