"""Sizes as PyTorch's calls have them: one number for both sides, or one for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def down_and_across(value: Any) -> list[int]:
    """Return [down, across] of a kernel size, stride, padding or dilation.

    ``value`` is one whole number, or a sequence of one or two.

    >>> down_and_across(3), down_and_across((3, 1)), down_and_across([2])
    ([3, 3], [3, 1], [2, 2])
    """
    both = list(value) if isinstance(value, Sequence) else [value]
    return [int(both[0]), int(both[-1])]
