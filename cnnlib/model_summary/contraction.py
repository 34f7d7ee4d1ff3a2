"""Receptive fields through matrix products, attention and recurrent layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from .formulas import tensors_of
from .records import Op
from .tracks import Tracks, mix, moved, union

Rule: TypeAlias = Callable[[Op, list[Tracks], int], Tracks]


def _linear(op: Op, before: list[Tracks], number: int) -> Tracks:
    if len(op.inputs) > 1:
        return _lost(before)
    return mix(before[0], [len(op.inputs[0].shape) - 1])


def _matmul(op: Op, before: list[Tracks], number: int) -> Tracks:
    """Mix the last axis of the first factor with the last but one of the second."""
    left = op.arguments.get("input")
    axes = len(op.outputs[0].shape)
    result: Tracks = {}
    for place, (value, tracks) in enumerate(zip(op.inputs, before, strict=True)):
        rank = len(value.shape)
        is_left = value is left and place == 0
        inner = rank - 1 if is_left or rank == 1 else rank - 2
        result = union(result, _placed(mix(tracks, [inner]), rank, axes))
    return result


def _placed(tracks: Tracks, rank: int, axes: int) -> Tracks:
    """Count the axes from the end, as matrix products do."""
    shift = axes - rank
    if shift < 0:
        return {
            label: None if track is None or track.dims else track
            for label, track in tracks.items()
        }
    return moved(tracks, {dim: dim + shift for dim in range(rank)})


def _attention(op: Op, before: list[Tracks], number: int) -> Tracks:
    """Every query sees all keys and values; features are mixed by the products."""
    result: Tracks = {}
    for value, tracks in zip(op.inputs, before, strict=True):
        rank = len(value.shape)
        over = [rank - 2, rank - 1]
        result = union(result, mix(tracks, over, keep=value is op.inputs[0]))
    return result


def _multi_head(op: Op, before: list[Tracks], number: int) -> Tracks:
    """As attention, on (sequence, batch, features)."""
    if number:
        return _lost(before)
    result: Tracks = {}
    for value, tracks in zip(op.inputs, before, strict=True):
        over = [0, len(value.shape) - 1]
        result = union(result, mix(tracks, over, keep=value is op.inputs[0]))
    return result


def _recurrent(op: Op, before: list[Tracks], number: int) -> Tracks:
    """Mix all steps: the last one has seen the whole sequence."""
    rank = len(op.inputs[0].shape)
    rest = op.arguments.get("rest") or []
    batch_first = bool(rest and rest[-1] is True)
    sequence = 0 if rank == 2 or not batch_first else 1
    seen = mix(before[0], [rank - 1])
    if number == 0:
        return mix(seen, [sequence], keep=True)
    return {
        label: track and replace(track, dims=())
        for label, track in mix(seen, range(rank)).items()
    }


def _einsum(op: Op, before: list[Tracks], number: int) -> Tracks:
    equation = op.arguments.get("equation", op.arguments.get("input"))
    if not isinstance(equation, str) or "." in equation or "->" not in equation:
        return _lost(before)
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


def _lost(before: list[Tracks]) -> Tracks:
    return {label: None for tracks in before for label in tracks}


RULES: dict[str, Rule] = {
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
