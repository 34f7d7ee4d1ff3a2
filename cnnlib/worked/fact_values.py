"""Whether a result agrees with a fact: a number, a size, a claim, a list or a table.

Text in the source has a structured reading, so that nothing has to be typed letter
by letter: "2 by 2" and "5x5" are the pairs (2, 2) and (5, 5), and the facts whose
correct value is a sentence, or a number the source rounds, are listed in `READINGS`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import torch

from .readings import READINGS, AtLeast, Containing, Near, Rounded


def expected_form(example_id: str, correct: Any) -> str:
    """Say what a check of this fact takes."""
    if example_id in READINGS:
        return READINGS[example_id].form
    if isinstance(correct, bool):
        return "True or False"
    if isinstance(correct, Mapping):
        return "a dict with the keys " + ", ".join(repr(key) for key in correct)
    if isinstance(correct, list):
        return f"a list or tuple of {len(correct)} numbers"
    return "a number" if as_size(correct) is None else "a pair (height, width)"


def agrees(expected: Any, got: Any) -> bool:
    """Compare a result, made `plain`, with the expected value or reading."""
    if isinstance(expected, Rounded):
        return _is_number(got) and _rounds_to(expected, got)
    if isinstance(expected, AtLeast):
        return _is_number(got) and expected.bound <= got <= 100
    if isinstance(expected, Near):
        return _is_number(got) and abs(got - expected.value) <= expected.margin
    if isinstance(expected, Containing):
        return isinstance(got, str) and expected.words in got
    if isinstance(expected, Mapping):
        return isinstance(got, Mapping) and _same_entries(expected, got)
    if isinstance(expected, bool):
        return isinstance(got, bool) and got == expected
    if isinstance(expected, Real):
        return _is_number(got) and _same_number(expected, got)
    if isinstance(expected, str):
        return _same_text(expected, got)
    return _same_items(list(expected), got)


def plain(value: Any) -> Any:
    """Turn tensors, arrays, sizes and `Worked` numbers into plain Python values."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().tolist()
    elif isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {plain(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return int(value) if _is_number(value) and isinstance(value, int) else value


def as_size(value: Any) -> list[int] | None:
    """Read "2 by 2", "5x5" or a pair as [height, width]; None if it is neither.

    >>> as_size("10x12"), as_size((2, 3)), as_size("2 FC + softmax")
    ([10, 12], [2, 3], None)
    """
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d+)\s*(?:x|×|by)\s*(\d+)\s*", value)
        return [int(side) for side in match.groups()] if match else None
    pair = isinstance(value, list | tuple) and len(value) == 2
    return list(value) if pair and all(map(_is_number, value)) else None


def as_text(value: Any) -> str:
    """Write the value of a fact as one would read it out.

    >>> as_text({"size": "5x5", "stride": 2}), as_text([50, 1000]), as_text(1000)
    ('size 5x5; stride 2', '50, 1000', '1,000')
    """
    if isinstance(value, dict):
        return "; ".join(f"{key} {as_text(entry)}" for key, entry in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if _is_number(value) else str(value)


def capitalized(text: str) -> str:
    """Start with a capital."""
    return text[:1].upper() + text[1:]


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _same_number(expected: Real, got: Any) -> bool:
    """Whole numbers must be equal; sums of millions may be off in the last bits."""
    if isinstance(expected, int):
        return bool(got == expected)
    return math.isclose(got, expected, rel_tol=1e-9)


def _rounds_to(expected: Rounded, got: Any) -> bool:
    exact = float(expected.exact)
    allowed = [exact, *(round(exact, decimals) for decimals in range(2, 9))]
    return any(abs(got - value) < 1e-9 for value in allowed)


def _same_text(expected: str, got: Any) -> bool:
    size = as_size(expected)
    if size is not None:
        return as_size(got) == size
    return isinstance(got, str) and got.split() == expected.split()


def _same_items(expected: list[Any], got: Any) -> bool:
    return (
        isinstance(got, list)
        and len(got) == len(expected)
        and all(map(agrees, expected, got))
    )


def _same_entries(expected: Mapping[Any, Any], got: Mapping[Any, Any]) -> bool:
    """Match entries by key; the first word of a long key is enough."""
    short = {_first_word(key): key for key in expected}
    renamed = {short.get(key, key): value for key, value in got.items()}
    return (
        len(renamed) == len(got)
        and set(renamed) == set(expected)
        and all(agrees(expected[key], renamed[key]) for key in expected)
    )


def _first_word(key: Any) -> Any:
    return re.split(r"[ ,]", key, maxsplit=1)[0] if isinstance(key, str) else key
