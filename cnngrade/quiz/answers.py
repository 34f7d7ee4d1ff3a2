"""Answers that are typed: their spellings, how near they must be, their marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnnlib.practice.items import Form, Item, Option
from cnnlib.text import four_decimals

WIDEST = 0.005
"""The widest tolerance: half of the second decimal."""
_NUMBER = r"-?(?:\d+(?:\.\d*)?|\.\d+)"


def right_option(item: Item) -> Option:
    """Return the option that is right."""
    return next(option for option in item.options if option.right)


def is_typed(item: Item, *, on_paper: bool = False) -> bool:
    """Tell whether an answer is typed (or written) rather than chosen.

    On a platform a grid, and a row with fractions, have too many spellings: they are
    chosen there.
    """
    if item.form in ("choice", "grid"):
        return on_paper and item.form == "grid"
    if item.form == "row" and not on_paper:
        values = [item.answer, *(option.value for option in item.wrong)]
        return all(isinstance(entry, int) for row in values for entry in row)
    return True


def spellings(value: Any, form: Form) -> list[str]:
    """Return how an answer may be typed, the usual spelling first.

    >>> spellings((14, 12), "size")[:4]
    ['14x12', '14 x 12', '14×12', '14 × 12']
    >>> spellings((1, 28), "shape")[:3]
    ['(1, 28)', '(1,28)', '[1, 28]']

    Raises ValueError for a grid or a choice, which are not typed.
    """
    if form == "number":
        return [_plain_number(value)]
    if form not in ("size", "shape", "row"):
        raise ValueError(f"An answer of the form {form!r} is not typed.")
    parts = [_plain_number(part) for part in value]
    loose, tight = ", ".join(parts), ",".join(parts)
    if form == "size":
        found = [sign.join(parts) for sign in ("x", " x ", "×", " × ", " by ")]
        found += [f"({loose})", f"({tight})", loose, tight]
    else:
        brackets = ("()", "[]", "") if form == "shape" else ("[]", "()", "")
        ends = [(pair[:1], pair[1:]) for pair in brackets]
        found = [f"{a}{text}{b}" for a, b in ends for text in (loose, tight)]
        if form == "row":
            found += [" ".join(parts), f"[{' '.join(parts)}]"]
        else:
            found += ["x".join(parts), " x ".join(parts), f"torch.Size([{loose}])"]
        if len(parts) == 1:
            found.insert(0, f"({parts[0]},)")
    return list(dict.fromkeys(found))


def _plain_number(value: Any) -> str:
    return str(value) if isinstance(value, int) else four_decimals(value)


def tolerances(item: Item) -> dict[str, float]:
    """Return how far a typed number may lie from each answer, by the answer's text.

    Whole numbers must be exact. Around the others no two answers overlap.
    """
    values = {option.text: option.value for option in (*item.options, *item.wrong)}
    found = {}
    for text, value in values.items():
        gaps = [abs(value - other) for name, other in values.items() if name != text]
        near = min(gaps, default=1.0)
        found[text] = 0.0 if isinstance(value, int) else min(WIDEST, 0.49 * near)
    return found


# ---- marking ----------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A row of the marking table.

    Attributes:
        variant: whose sheet.
        number: the place.
        value: an answer as it is shown.
        mistake: the name of the mistake that gives it; "" for the right answer.
        meaning: what went wrong.
        near: how far a number may lie from it.
    """

    variant: str
    number: int
    form: Form
    value: str
    mistake: str
    meaning: str
    near: float = 0.0


def marking_rows(variant: str, number: int, item: Item) -> list[Row]:
    """Return what can be answered to an item: the right answer, then the wrong ones."""
    near = tolerances(item) if item.form == "number" else {}
    return [
        Row(
            variant,
            number,
            item.form,
            option.text,
            option.mistake,
            option.sentence,
            near.get(option.text, 0.0),
        )
        for option in (right_option(item), *item.wrong)
    ]


def marked(rows: Sequence[Row], written: str) -> Row | None:
    """Return the row that what somebody wrote belongs to, or None.

    Spaces, brackets and signs between numbers do not count: 14x12 is (14, 12).
    """
    return next((row for row in rows if _agrees(row, written)), None)


def _agrees(row: Row, written: str) -> bool:
    if row.form == "choice":
        return written.strip().casefold() == row.value.casefold()
    if row.form == "grid":
        return _grid(written) == _grid(row.value)
    given, asked = _numbers(written, row.form), _numbers(row.value, row.form)
    if row.form == "number":
        return len(given) == 1 and abs(given[0] - asked[0]) <= row.near + 1e-9
    return given == asked


def _numbers(text: str, form: Form) -> list[float]:
    text = text.replace("−", "-")
    if form == "number":
        text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    return [float(number) for number in re.findall(_NUMBER, text)]


def _grid(text: str) -> list[list[float]]:
    rows = re.findall(r"\[([^\[\]]*)\]", text) or text.strip().splitlines()
    return [_numbers(row, "row") for row in rows]
