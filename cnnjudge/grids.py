"""Arguments and results of a case as facts and small grids, as a message shows them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from cnnlib.checks.question import Case, Question
from cnnlib.checks.values import PlainValue, plain

_MOST_CELLS = 8
"""Rows and columns of a grid that are shown."""
_MOST_FACTS = 8
_MOST_MAPS = 6
"""Maps of a tensor (its last two axes) that are shown; of more, only the first is."""
_MOST_SIGNS = 100
"""Characters of a result that is shown in a line."""
_LINE = 79
"""Characters of a line of grids."""


def facts_and_grids(
    question: Question, case: Case, observed: Mapping[str, PlainValue]
) -> tuple[str, str]:
    """Return a case's arguments and what an answer made of them, as lines of text.

    Tensors with axes are grids; everything else is a fact in a line of its own.
    """
    blocks, facts = [], []
    arguments = [*zip(question.takes, case.args, strict=False), *case.kwargs.items()]
    for name, item in arguments:
        if isinstance(item, torch.Tensor | np.ndarray) and item.ndim:
            blocks += _blocks(name, plain(item))
        elif isinstance(item, int | float | tuple | list | str | nn.Module | None):
            facts.append(f"{name} = {item}")
    for name, value in observed.items():
        title = "yours" if name == "result" else f"your {name}"
        if value.type in ("tensor", "array") and value.shape:
            blocks += _blocks(title, value)
        elif value.type in ("int", "float", "bool", "str", "list", "dict"):
            facts.append(f"{title}: {_short(value)}")
    return "\n".join(facts[:_MOST_FACTS]), "\n".join(_side_by_side(blocks))


def _short(value: PlainValue) -> str:
    text = str(_unwrapped(value))
    return text if len(text) <= _MOST_SIGNS else text[: _MOST_SIGNS - 3] + "..."


def _unwrapped(value: PlainValue) -> Any:
    if value.type == "list":
        return [_unwrapped(entry) for entry in value.data]
    if value.type == "dict":
        return {key: _unwrapped(entry) for key, entry in value.data.items()}
    if value.type in ("tensor", "array"):
        return value.data.tolist()
    return value.data if value.data is not None else value.type


def hidden_numbers(case: Case) -> int:
    """Return how many numbers of a case's arguments would not be shown."""
    tensors = [
        item
        for item in [*case.args, *case.kwargs.values()]
        if isinstance(item, torch.Tensor | np.ndarray)
    ]
    return sum(math.prod(item.shape) for item in tensors if not _is_shown_whole(item))


def _is_shown_whole(item: torch.Tensor | np.ndarray) -> bool:
    maps = math.prod(item.shape[:-2])
    return maps <= _MOST_MAPS and all(n <= _MOST_CELLS for n in item.shape[-2:])


def has_fractions(case: Case) -> bool:
    """Tell whether a number of a case's arguments is not whole."""
    return any(
        isinstance(item, torch.Tensor)
        and item.is_floating_point()
        and bool((item != item.round()).any())
        for item in [*case.args, *case.kwargs.values()]
    )


def _blocks(title: str, value: PlainValue) -> list[list[str]]:
    """Return a grid for each map of a tensor, or for the first of very many."""
    data = value.data
    if data.size == 0:
        return [[f"{title} ({_by(data.shape)}): empty"]]
    if data.ndim == 1:
        return [_grid(f"{title} (length {len(data)})", data[None])]
    if data.ndim == 2:
        return [_grid(f"{title} ({_by(data.shape)})", data)]
    maps = data.reshape(-1, *data.shape[-2:])
    places = list(np.ndindex(*data.shape[:-2]))
    if len(maps) <= _MOST_MAPS:
        size = _by(data.shape[-2:])
        return [
            _grid(f"{title}[{', '.join(map(str, place))}] ({size})", grid)
            for place, grid in zip(places, maps, strict=True)
        ]
    first = f"{title}[{', '.join(map(str, places[0]))}] of {_by(data.shape)}"
    return [_grid(first, maps[0])]


def _by(shape: Sequence[int]) -> str:
    """Write a shape: 2x3."""
    return "x".join(str(n) for n in shape)


def _grid(head: str, data: np.ndarray) -> list[str]:
    """Return a head, and numbers as lines of equal width."""
    rows = [
        [_cell(n) for n in row[:_MOST_CELLS]] for row in data[:_MOST_CELLS].tolist()
    ]
    width = max(len(text) for row in rows for text in row)
    lines = [" ".join(text.rjust(width) for text in row) for row in rows]
    if data.shape[1] > _MOST_CELLS:
        lines = [line + " ..." for line in lines]
    if data.shape[0] > _MOST_CELLS:
        lines.append("...")
    return [head, *lines]


def _cell(value: Any) -> str:
    """Write a number so that it fits a cell: whole, or with two digits."""
    if isinstance(value, bool | complex):
        return str(value)
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.2f}" if abs(value) < 1e4 else f"{value:.1e}"


def _side_by_side(blocks: Sequence[list[str]]) -> list[str]:
    """Set blocks side by side as long as a line has room, the others below."""
    lines: list[str] = []
    group: list[list[str]] = []
    for block in [*blocks, None]:
        widths = [max(map(len, b)) for b in [*group, *([block] if block else [])]]
        if block is not None and (not group or sum(widths) + 4 * len(group) <= _LINE):
            group.append(block)
            continue
        lines += _joined(group)
        group = [block] if block is not None else []
    return lines


def _joined(group: Sequence[list[str]]) -> list[str]:
    if not group:
        return []
    height = max(len(block) for block in group)
    columns = []
    for block in group:
        width = max(map(len, block))
        columns.append(
            [line.ljust(width) for line in [*block, *[""] * height]][:height]
        )
    return ["    ".join(parts).rstrip() for parts in zip(*columns, strict=True)]
