"""What the functions accept, and the sentences that refuse the rest."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

Whole: TypeAlias = int
Pair: TypeAlias = tuple[int, int]
IntOrPair: TypeAlias = int | Sequence[int]


def whole(value: Any, name: str, least: int = 1) -> int:
    """Return `value` as an int of at least `least`, or refuse it in a sentence.

    NumPy integers and integer tensors of one element count as ints; booleans,
    floats (28.0 too) and text do not.
    """
    number = _index(value)
    if number is None:
        raise TypeError(
            f"{name} must be a whole number, and {_shown(value)} is not one"
            f"{_cure(value)}."
        )
    if number < least:
        raise ValueError(f"{name} must be at least {least}, but it is {number}.")
    return number


def is_sequence(value: Any) -> bool:
    """Tell a pair, list or torch.Size from a single value."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def pair(value: Any, name: str, least: int = 1) -> Pair:
    """Return (height, width) from one number for both or from two numbers."""
    if not is_sequence(value):
        number = whole(value, name, least)
        return number, number
    if len(value) != 2:
        raise ValueError(
            f"{name} must be one whole number or a pair (height, width), "
            f"but it has {len(value)} entries: {tuple(value)}."
        )
    height, width = value
    return (
        whole(height, f"the height of {name}", least),
        whole(width, f"the width of {name}", least),
    )


def extents(value: Any, name: str, axes: int = 2) -> tuple[int, ...]:
    """Return one size per axis; a single number stands for all `axes` of them.

    Layers that slide along one, two or three axes exist (Conv1d, Conv2d, Conv3d), so
    a sequence may have one to three entries.
    """
    if not is_sequence(value):
        return (whole(value, name),) * axes
    if not 1 <= len(value) <= 3:
        raise ValueError(
            f"{name} must be one whole number, a pair (height, width), or one to "
            f"three entries for other layers, but it has {len(value)} entries."
        )
    return tuple(whole(entry, f"each entry of {name}") for entry in value)


def divisible(channels: int, name: str, groups: int) -> None:
    """Refuse channels that cannot be shared out evenly among the groups."""
    if channels % groups:
        raise ValueError(
            f"{name} must be divisible by groups, but {channels} channels cannot be "
            f"split into {groups} equal groups."
        )


def flag(value: Any, name: str) -> bool:
    """Return `value` if it is True or False, and refuse anything else."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {_shown(value)}.")
    return value


def _index(value: Any) -> int | None:
    if isinstance(value, bool) or "bool" in str(getattr(value, "dtype", "")):
        return None
    try:
        return int(operator.index(value))
    except TypeError:
        return None


def _shown(value: Any) -> str:
    return f"{value!r} ({type(value).__name__})"


def _cure(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"; write {int(value)}"
    if isinstance(value, float):
        return "; divide with // instead of /, or round first"
    return ""
