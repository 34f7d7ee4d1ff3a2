"""Receptive fields through operations that choose, order, join or multiply values.

Each rule gets the operation, the tracks of its inputs, and the number of the output
whose tracks it returns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from .records import TracedOp, TracedTensor, tensors_of
from .tracks import (
    Track,
    Tracks,
    lost,
    mix,
    mixed,
    moved,
    union,
    window,
    without_pattern,
)

MixingRule: TypeAlias = Callable[[TracedOp, list[Tracks], int], Tracks]


def _axis(op: TracedOp) -> int:
    return op.arguments.get("dim", 0) % len(op.inputs[0].shape)


# -- order of the axes -------------------------------------------------------------


def _permute(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    axes = len(op.inputs[0].shape)
    order = op.arguments.get("dims")
    if not isinstance(order, list):
        return dict.fromkeys(before[0])
    return moved(before[0], {old % axes: new for new, old in enumerate(order)})


def _transpose(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    axes = len(op.inputs[0].shape)
    one = op.arguments.get("dim0", -1) % axes
    two = op.arguments.get("dim1", -2) % axes
    new = {dim: dim for dim in range(axes)} | {one: two, two: one}
    return moved(before[0], new)


# -- a part of an axis -------------------------------------------------------------


def _cut(track: Track, first: int, step: int = 1) -> Track | None:
    """Keep every `step`-th position, from `first` on."""
    if track.whole:
        return track
    if not track.alone:
        return None
    if track.pattern is not None:
        return window(replace(track, hull=None), 1, step, -first, 1)
    start = None if track.start is None else track.start + first * track.jump
    return replace(track, start=start, jump=track.jump * step, hull=None)


def _cut_along(tracks: Tracks, dim: int, first: int, step: int = 1) -> Tracks:
    return {
        label: _cut(track, first, step) if track and dim in track.dims else track
        for label, track in tracks.items()
    }


def _split(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """Follow the n-th part of a tensor that was split."""
    dim = _axis(op)
    first = sum(output.shape[dim] for output in op.outputs[:number])
    return _cut_along(before[0], dim, first)


def _narrow(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    start = op.arguments.get("start")
    if not isinstance(start, int):
        return dict.fromkeys(before[0])
    dim = _axis(op)
    return _cut_along(before[0], dim, start % op.inputs[0].shape[dim])


def _without(tracks: Tracks, dim: int, position: int) -> Tracks:
    """Take one position of an axis, which is then gone."""
    result: Tracks = {}
    for label, track in tracks.items():
        cut = _cut(track, position) if track and dim in track.dims else None
        if cut is not None:
            left = tuple(d - (d > dim) for d in cut.dims if d != dim)
            result[label] = replace(mixed(replace(cut, count=1)), dims=left)
        elif track is None or dim in track.dims:
            result[label] = None
        else:
            dims = tuple(d - (d > dim) for d in track.dims)
            result[label] = replace(track, dims=dims)
    return result


def _unbind(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    return _without(before[0], _axis(op), number)


def _select(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    index, axis = op.arguments.get("index"), _axis(op)
    if not isinstance(index, int):
        return dict.fromkeys(before[0])
    return _without(before[0], axis, index % op.inputs[0].shape[axis])


def _index(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    index = op.arguments.get("index")
    entries = index if isinstance(index, list) else [index]
    sizes, tracks, dim = list(op.inputs[0].shape), before[0], 0
    missing = len(sizes) - sum(not (e is None or e is ...) for e in entries)
    for entry in entries:
        if entry is None:
            tracks, dim = _with_new_axis(tracks, dim), dim + 1
        elif entry is ...:
            dim += missing
            del sizes[:missing]
        elif isinstance(entry, slice):
            first, _, step = entry.indices(sizes.pop(0))
            tracks, dim = _cut_along(tracks, dim, first, step), dim + 1
        elif isinstance(entry, int) and not isinstance(entry, bool):
            tracks = _without(tracks, dim, entry % sizes.pop(0))
        elif _picks_along_one(entry, entries):
            tracks = {
                label: None if track and dim in track.dims else track
                for label, track in tracks.items()
            }
            sizes.pop(0)
            dim += 1
        else:
            return dict.fromkeys(tracks)
    return tracks


def _picks_along_one(entry: object, entries: list[object]) -> bool:
    """Whether an entry of an index is the only list or tensor, along one axis."""
    lists = [e for e in entries if isinstance(e, list | TracedTensor)]
    if len(lists) != 1 or entry is not lists[0]:
        return False
    if isinstance(entry, list):
        return not any(isinstance(e, list | TracedTensor) for e in entry)
    return isinstance(entry, TracedTensor) and len(entry.shape) == 1


def _index_select(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """Pick positions of one axis in any order; other axes stay as they are."""
    dim = _axis(op)
    return {
        label: None if track and dim in track.dims else track
        for label, track in before[0].items()
    }


def _with_new_axis(tracks: Tracks, dim: int) -> Tracks:
    return {
        label: track and replace(track, dims=tuple(d + (d >= dim) for d in track.dims))
        for label, track in tracks.items()
    }


# -- joined tensors ------------------------------------------------------------------


def _cat(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    dim = op.arguments.get("dim", 0) % len(op.outputs[0].shape)
    result: Tracks = {}
    for tracks in before:
        result = union(result, _unaligned(tracks, dim))
    return result


def _unaligned(tracks: Tracks, dim: int) -> Tracks:
    """Forget where positions lie along an axis that gets longer."""
    result: Tracks = {}
    for label, track in tracks.items():
        if track is None or dim not in track.dims or not track.alone:
            result[label] = track
        else:
            known = without_pattern(track)
            result[label] = known and replace(known, start=None, count=0)
    return result


def _stack(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    dim = op.arguments.get("dim", 0) % len(op.outputs[0].shape)
    result: Tracks = {}
    for tracks in before:
        result = union(result, _with_new_axis(tracks, dim))
    return result


def _reordered(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """Roll or flip: sizes stay, but positions lie elsewhere."""
    return {
        label: known and replace(known, start=None)
        for label, track in before[0].items()
        for known in [track and without_pattern(track)]
    }


def _repeat(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """Repeat along axes; those that carry a track must stay as they are."""
    old, new = op.inputs[0].shape, op.outputs[number].shape
    shift = len(new) - len(old)
    result: Tracks = {}
    for label, track in before[0].items():
        same = track is not None and all(old[d] == new[d + shift] for d in track.dims)
        if track is None or (not same and any(old[d] != 1 for d in track.dims)):
            result[label] = None
        elif same:
            result[label] = replace(track, dims=tuple(d + shift for d in track.dims))
        else:
            result[label] = replace(mixed(track), dims=())
    return result


# -- sums over axes -------------------------------------------------------------------


def _reduce(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """Sum, mean, maximum: over the axes `dim`, or over all of them."""
    if len(op.inputs) > 1:  # torch.max(x, y)
        return lost(before)
    axes = len(op.inputs[0].shape)
    dim = op.arguments.get("dim")
    dims = dim if isinstance(dim, list) and dim else [dim]
    if dim is None or dim == []:
        return mix(before[0], range(axes))
    gone = {d % axes for d in dims if isinstance(d, int)}
    result = mix(before[0], gone)
    if len(op.outputs[number].shape) == axes:
        return result
    kept = [dim for dim in range(axes) if dim not in gone]
    return moved(result, {old: new for new, old in enumerate(kept)})


# -- products of matrices, attention, recurrent layers ---------------------------------


def _linear(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    if len(op.inputs) > 1:
        return lost(before)
    return mix(before[0], [len(op.inputs[0].shape) - 1])


def _matmul(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """Mix the last axis of the first factor with the last but one of the second."""
    left = op.arguments.get("input")
    axes = len(op.outputs[0].shape)
    result: Tracks = {}
    for position, (value, tracks) in enumerate(zip(op.inputs, before, strict=True)):
        rank = len(value.shape)
        is_left = value is left and position == 0
        inner = rank - 1 if is_left or rank == 1 else rank - 2
        result = union(result, _aligned_at_end(mix(tracks, [inner]), rank, axes))
    return result


def _aligned_at_end(tracks: Tracks, rank: int, axes: int) -> Tracks:
    """Move the tracks of a tensor of `rank` axes to the last of `axes` axes."""
    shift = axes - rank
    if shift < 0:
        return {
            label: None if track is None or track.dims else track
            for label, track in tracks.items()
        }
    return moved(tracks, {dim: dim + shift for dim in range(rank)})


def _attention(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """Every query sees all keys and values; features are mixed by the products."""
    result: Tracks = {}
    for value, tracks in zip(op.inputs, before, strict=True):
        rank = len(value.shape)
        over = [rank - 2, rank - 1]
        result = union(result, mix(tracks, over, keep=value is op.inputs[0]))
    return result


def _multi_head(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """As attention, on (sequence, batch, features)."""
    if number:
        return lost(before)
    result: Tracks = {}
    for value, tracks in zip(op.inputs, before, strict=True):
        over = [0, len(value.shape) - 1]
        result = union(result, mix(tracks, over, keep=value is op.inputs[0]))
    return result


def _recurrent(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    """Mix all steps: the last one has seen the whole sequence."""
    rank = len(op.inputs[0].shape)
    rest = op.arguments.get("rest") or []
    batch_first = bool(rest and rest[-1] is True)
    sequence = 0 if rank == 2 or not batch_first else 1
    mixed_features = mix(before[0], [rank - 1])
    if number == 0:
        return mix(mixed_features, [sequence], keep=True)
    return {
        label: track and replace(track, dims=())
        for label, track in mix(mixed_features, range(rank)).items()
    }


def _einsum(op: TracedOp, before: list[Tracks], number: int) -> Tracks:
    equation = op.arguments.get("equation", op.arguments.get("input"))
    if not isinstance(equation, str) or "." in equation or "->" not in equation:
        return lost(before)
    terms, output = equation.replace(" ", "").split("->")
    operands = tensors_of(op.arguments)
    result: Tracks = {}
    for value, term in zip(operands, terms.split(","), strict=False):
        if value not in op.inputs:
            continue
        tracks = before[op.inputs.index(value)]
        gone = [dim for dim, letter in enumerate(term) if letter not in output]
        new = {
            dim: output.index(letter)
            for dim, letter in enumerate(term)
            if letter in output
        }
        result = union(result, moved(mix(tracks, gone), new))
    return result


RULES: dict[str, MixingRule] = {
    "permute": _permute,
    "transpose": _transpose,
    "mT": _transpose,
    "t": _transpose,
    "chunk": _split,
    "split": _split,
    "narrow": _narrow,
    "select": _select,
    "unbind": _unbind,
    "index": _index,
    "index_select": _index_select,
    "cat": _cat,
    "stack": _stack,
    "roll": _reordered,
    "flip": _reordered,
    "repeat": _repeat,
    "expand": _repeat,
    "expand_as": _repeat,
    "mean": _reduce,
    "sum": _reduce,
    "amax": _reduce,
    "amin": _reduce,
    "max": _reduce,
    "min": _reduce,
    "prod": _reduce,
    "std": _reduce,
    "var": _reduce,
    "norm": _reduce,
    "logsumexp": _reduce,
    "argmax": _reduce,
    "argmin": _reduce,
    "linear": _linear,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head,
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _recurrent),
    **dict.fromkeys(
        ("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"), _linear
    ),
}
