"""Writing formulas: products, sums, and the arguments that they are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from cnnlib.arithmetic import Worked

from .records import Value

Shape = tuple[int, ...]


def each(value: Any, axes: int) -> tuple[Any, ...]:
    """Return one entry per axis: (2, 2) from 2, as PyTorch reads such arguments."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        entries = tuple(value)
        return entries * axes if len(entries) == 1 else entries
    return (value,) * axes


def tensors_of(arguments: dict[str, Any]) -> list[Value]:
    """All tensors among the arguments of an operation, in order."""
    return [item for item in _flat(arguments.values()) if isinstance(item, Value)]


def times(*factors: int) -> str:
    """Write a product without working it out."""
    return "*".join(map(str, factors)) or "1"


def total(parts: Sequence[tuple[int, str]]) -> Worked | int:
    """Add up (number, expression) pairs to one number with one formula."""
    if not parts:
        return 0
    return Worked(sum(number for number, _ in parts), " + ".join(t for _, t in parts))


def expression(worked: Worked) -> str:
    """Left-hand side of a formula."""
    return worked.formula.rsplit(" = ", 1)[0]


def grouped(shapes: Iterable[Shape]) -> Worked:
    """Add up the sizes of tensors, equal ones together: "2 * 64*32 + 2 * 64 = ..."."""
    counts = Counter(shapes)
    parts = [
        (
            count * prod(shape),
            times(*shape) if count == 1 else f"{count} * {times(*shape)}",
        )
        for shape, count in counts.items()
    ]
    return Worked(sum(n for n, _ in parts), " + ".join(text for _, text in parts))


def _flat(items: Any) -> list[Any]:
    found: list[Any] = []
    for item in items:
        found.extend(_flat(item) if isinstance(item, list | tuple) else [item])
    return found
