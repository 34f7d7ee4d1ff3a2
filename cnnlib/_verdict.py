"""Judge a result of a worked example, and say what was right or wrong in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ._facts import READINGS, agrees, plain
from ._grid import Cells, Grid, by, html_card, html_grids, html_lines, number
from ._grid import text_grids as text_of

if TYPE_CHECKING:
    from ._worked import WorkedExample


class Verdict:
    """What a check found, as text and as HTML; it exists only for correct results.

    For an erratum it shows the printed value, the correct one, where they differ
    and why.
    """

    def __init__(self, title: str, lines: list[str], grids: list[Grid]) -> None:
        self.title = title
        self.lines = lines
        self._grids = grids

    @property
    def text(self) -> str:
        """The whole verdict in plain text; the same for every correct result."""
        grids = [text_of(self._grids)] if self._grids else []
        return "\n".join([self.title, *grids, *self.lines])

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        grids = [html_grids(self._grids)] if self._grids else []
        html = html_card(self.title, *grids, html_lines(self.lines))
        return {"text/plain": self.text, "text/html": html}


def judge(example: WorkedExample, result: Any) -> Verdict:
    """Return the verdict, or raise AssertionError saying what is wrong."""
    found = _wrong_fact if example.op == "fact" else _wrong_grid
    problem = found(example, result)
    if problem:
        raise AssertionError(f"{example.id}: {problem}")
    if example.erratum:
        return _erratum(example)
    note = [f"Note: {example.note}"] if example.note else []
    return Verdict(f"{example.id}: correct. {_praise(example)}", note, [])


def _praise(example: WorkedExample) -> str:
    if example.id == "polarsparc-accuracy":
        return f"It reaches the {example.printed} % that {example.source} reports."
    if example.op == "fact":
        told = "as printed by" if example.printed is not None else "not printed by"
        value = f"{_said(example.correct)}, {told} {example.source}"
        return f"{_sentence(example.what)}: {value}. Worked out: {example.how}."
    size = by(example.correct.shape)
    if example.matches:
        return f"The {size} result is the one printed by {example.source}."
    return f"The {size} result is right."


def _erratum(example: WorkedExample) -> Verdict:
    title = f"{example.id}: correct, and {example.source} is wrong here."
    why = [f"Why: {text}." for text in (example.how, example.note.rstrip(".")) if text]
    if example.op == "fact":
        told = [f"{_sentence(example.what)}."] if example.what else []
        values = [
            f"Printed: {_said(example.printed)}",
            f"Correct: {_said(example.correct)}",
        ]
        return Verdict(title, told + values + why, [])
    where, in_printed, in_correct = _where(example.printed, example.correct)
    grids = [
        Grid(
            "printed " + by(example.printed.shape), *_rows(example.printed, in_printed)
        ),
        Grid(
            "correct " + by(example.correct.shape), *_rows(example.correct, in_correct)
        ),
    ]
    return Verdict(title, [where, *why], grids)


def _where(printed: torch.Tensor, correct: torch.Tensor) -> tuple[str, Cells, Cells]:
    """Say where two grids differ, and which cells of each to mark."""
    if printed.shape == correct.shape:
        cells = _cells(printed != correct)
        return _differing(cells, printed, correct), cells, cells
    sizes = f"Printed is a {by(printed.shape)} grid, correct a {by(correct.shape)} one"
    rows, columns = printed.shape
    missing = torch.ones_like(correct, dtype=torch.bool)
    missing[:rows, :columns] = False
    if torch.equal(correct[:rows, :columns], printed):
        return f"{sizes}: the boxed cells are missing.", frozenset(), _cells(missing)
    return f"{sizes}.", frozenset(), frozenset()


def _differing(cells: Cells, printed: torch.Tensor, correct: torch.Tensor) -> str:
    count = f"{len(cells)} of {correct.numel()} cells differ (boxed)"
    if len(cells) > 4:
        return f"{count}."
    each = (
        f"row {row}, column {column} prints {number(printed[row, column])} "
        f"instead of {number(correct[row, column])}"
        for row, column in sorted(cells)
    )
    return f"{count}: {'; '.join(each)}."


def _wrong_fact(example: WorkedExample, result: Any) -> str:
    got = plain(result)
    if agrees(READINGS.get(example.id, example.correct), got) or got == example.correct:
        return ""
    problem = f"{_said(got)} is not right for {example.what}. "
    if example.erratum and agrees(example.printed, got):
        problem += f"It is what {example.source} prints, and that is wrong. "
    return problem + f"check() takes {example.form}; look at: {example.how}."


def _wrong_grid(example: WorkedExample, result: Any) -> str:
    size = by(example.correct.shape)
    values = _array(result)
    if values is None:
        return f"expected a {size} grid of numbers, but got {type(result).__name__}."
    shape = values.shape
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    if values.shape != tuple(example.correct.shape):
        return f"expected a {size} grid, but the result has shape {shape}."
    return _wrong_cells(example, values)


def _wrong_cells(example: WorkedExample, values: np.ndarray) -> str:
    correct = example.correct.double().numpy()
    # Sources round to four decimals; float32 adds about a millionth of the value.
    wrong = ~(np.abs(values - correct) <= 5e-5 + 1e-6 * np.abs(correct))
    if not wrong.any():
        return ""
    row, column = np.argwhere(wrong)[0]
    problem = (
        f"{wrong.sum()} of {wrong.size} cells are wrong, the first in row {row}, "
        f"column {column}: {values[row, column]:g} instead of {correct[row, column]:g}."
    )
    printed = example.printed.double().numpy()
    if example.erratum and np.array_equal(printed, values):
        problem += f" That grid is what {example.source} prints, and it is wrong."
    return problem


def _array(result: Any) -> np.ndarray | None:
    """Turn a grid of real numbers into float64, or None if it is not one."""
    if isinstance(result, torch.Tensor):
        result = result.detach().cpu()
        real = not (result.is_complex() or result.dtype == torch.bool)
        return result.double().numpy() if real else None
    try:
        array = np.asarray(result)
    except (TypeError, ValueError):
        return None
    return array.astype(np.float64) if array.dtype.kind in "iuf" else None


def _rows(grid: torch.Tensor, marked: Cells) -> tuple[list[list[float]], Cells]:
    return grid.tolist(), marked


def _cells(mask: torch.Tensor) -> Cells:
    return frozenset((int(row), int(column)) for row, column in mask.nonzero())


def _said(value: Any) -> str:
    """Write the value of a fact as one would read it out."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, dict):
        return "; ".join(f"{key} {_said(entry)}" for key, entry in value.items())
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
