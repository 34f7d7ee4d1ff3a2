"""Receptive field: which pixels of the input each value of a net depends on.

Every operation has a rule that says what it does to the `Track` of each axis of the
input. An operation without a rule loses the tracks (None), so that what is reported
is never a guess. Normalisations that compute statistics from the image itself
(instance, group and layer norm) mix the axes that they average over, as they do in
truth; batch norm in evaluation mode does not.
"""

from __future__ import annotations

from dataclasses import replace

from .contraction import RULES as CONTRACTIONS
from .names import ELEMENTWISE, words
from .records import Op, Value
from .regroup import regrouped
from .selection import RULES as SELECTIONS
from .tracks import Label, Track, Tracks, mix, mixed, union
from .windows import RULES as SLIDING
from .windows import WINDOWS, Rule, moved_along


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
        if op.name in WINDOWS:
            self.slid |= moved_along(op, before[0])
        for number, output in enumerate(op.outputs):
            try:
                after = _tracks_after(op, before, number)
            except (LookupError, TypeError, ValueError):
                after = _lost(before)  # called in a way that its rule does not know
            self.tracks[output.key] = _settled(after, output)


def _tracks_after(op: Op, before: list[Tracks], number: int) -> Tracks:
    if op.name in SELECTIONS:
        return SELECTIONS[op.name](op, before, number)
    if op.name in CONTRACTIONS:
        return CONTRACTIONS[op.name](op, before, number)
    stem = op.name[:-2] if op.name[-2:] in ("1d", "2d", "3d") else op.name
    rule = _RULES.get(stem)
    if rule is not None:  # made for one input; weights that depend on it are too much
        return rule(op, before[0]) if len(before) == 1 else _lost(before)
    if op.name in ELEMENTWISE:
        return _elementwise(op, before, number)
    return _lost(before)


def _lost(before: list[Tracks]) -> Tracks:
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


_RULES: dict[str, Rule] = {
    **SLIDING,
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
