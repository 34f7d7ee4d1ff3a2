"""Judge a result of a worked example, and say what was right or wrong in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F

from cnnlib.arithmetic import output_size
from cnnlib.text import four_decimals, size

from .fact_values import agrees, as_text, capitalized, plain
from .grid import Card, Cells, Grid
from .readings import READINGS

if TYPE_CHECKING:
    from .example import WorkedExample


class Confirmation(Card):
    """What a check found, as text and as HTML; it exists only for correct results.

    For an erratum it shows the printed value, the correct one, where they differ
    and why. Its text is the same for every correct result.
    """


def check_result(example: WorkedExample, result: Any) -> Confirmation:
    """Return what to show for a correct result, else raise AssertionError."""
    fact = example.op == "fact"
    problem = (_wrong_fact if fact else _wrong_grid)(example, result)
    if problem:
        raise AssertionError(f"{example.id}: {problem}")
    if not example.erratum:
        title = f"✓ {example.id}: correct."
        if fact:
            return Confirmation(title, (), _right_fact(example), "✓ Correct.")
        grid = _named("result", example.correct, frozenset())
        return Confirmation(title, (grid,), _right_grid(example), "✓ Correct.")
    told = f"It is {example.source} that is wrong here."
    title, heading = f"✓ {example.id}: correct. {told}", f"✓ Correct. {told}"
    if fact:
        return Confirmation(title, (), _erratum_lines(example), heading)
    where, *marked = _where(example)
    pair = zip(("printed", "correct"), marked, strict=True)
    grids = (_named(name, getattr(example, name), cells) for name, cells in pair)
    return Confirmation(title, tuple(grids), (where, *_why(example)), heading)


def _right_grid(example: WorkedExample) -> tuple[str, ...]:
    return (f"The same as {example.source} prints.",) if example.matches else ()


def _right_fact(example: WorkedExample) -> tuple[str, ...]:
    what, printed = capitalized(example.what), as_text(example.printed)
    if example.id == "polarsparc-accuracy":
        return (what, f"It reaches the {printed} % of {example.source}.")
    if example.id == "polarsparc-initial-loss":
        near = f"Near log(10) = 2.3026, as the {printed} of {example.source}."
        return (what, near, f"Why: {example.how}.")
    told = "which is left open by" if example.printed is None else "as printed by"
    value = f"Value: {as_text(example.correct)}, {told} {example.source}."
    return (what, value, f"Worked out: {example.how}.")


def _erratum_lines(example: WorkedExample) -> tuple[str, ...]:
    what = capitalized(example.what)
    if example.printed is True:
        return (what, example.claim, "It is false, as you found.", *_why(example))
    right = f"Right is: {as_text(example.correct)}"
    return (what, example.claim, right, *_why(example))


def _why(example: WorkedExample) -> tuple[str, ...]:
    """Give the reason and, for a fact, how the right value is worked out."""
    how = (f"Worked out: {example.how}.",) if example.how else ()
    return (*how, f"Why: {example.why}", *filter(None, [example.history]))


def _named(name: str, grid: torch.Tensor, cells: Cells) -> Grid:
    return Grid(f"{name} {size(*grid.shape)}", grid.tolist(), cells)


def _where(example: WorkedExample) -> tuple[str, Cells, Cells]:
    """Say where printed and correct differ, and which cells of each to mark."""
    printed, correct = example.printed, example.correct
    if printed.shape == correct.shape:
        cells = _cells(printed != correct)
        return _differing(cells, printed, correct), cells, cells
    lengths = (
        f"The printed grid is {size(*printed.shape)}, but {_size_formula(example)}."
    )
    rows, columns = printed.shape
    missing = torch.ones_like(correct, dtype=torch.bool)
    missing[:rows, :columns] = False
    if torch.equal(correct[:rows, :columns], printed):
        return f"{lengths} The boxed cells are missing.", frozenset(), _cells(missing)
    return lengths + _other_stride(example), frozenset(), frozenset()


def _size_formula(example: Any) -> str:
    height, width = output_size(
        tuple(example.input.shape),
        example.kernel_size,
        example.stride,
        example.padding,
    )
    lengths = f"{height.formula} rows, {width.formula} columns"
    return f"it must be {height}x{width}: {lengths}"


def _other_stride(example: Any) -> str:
    """Find the stride, if any, with which the printed grid would be right."""
    for stride in range(1, max(example.input.shape)):
        settings = {"stride": stride, "padding": example.padding}
        batch = example.input[None, None], example.kernel[None, None]
        grid = F.conv2d(*batch, **settings)[0, 0] + example.bias
        if torch.equal(grid, example.printed):
            return f" With stride {stride} the printed grid would be right."
    return ""


def _differing(cells: Cells, printed: torch.Tensor, correct: torch.Tensor) -> str:
    count = f"{len(cells)} of {correct.numel()} cells differ (boxed)"
    if len(cells) > 4:
        return f"{count}."
    each = (
        f"row {row}, column {column} prints {four_decimals(printed[row, column])} "
        f"instead of {four_decimals(correct[row, column])}"
        for row, column in sorted(cells)
    )
    return f"{count}: {'; '.join(each)}."


def _wrong_fact(example: WorkedExample, result: Any) -> str:
    got = plain(result)
    reading = READINGS.get(example.id)
    right, printed = [example.correct], [example.printed]
    if reading is not None:
        right, printed = [*right, reading.correct], [*printed, reading.printed]
    if any(agrees(value, got) for value in right):
        return ""
    problem = f"{as_text(got)} is not right for {example.what}. "
    if example.erratum and any(agrees(v, got) for v in printed if v is not None):
        problem += f"It is what {example.source} prints, and that is wrong. "
    return problem + f"check() takes {example.form}; look at: {example.how}."


def _wrong_grid(example: WorkedExample, result: Any) -> str:
    wanted = size(*example.correct.shape)
    values = _array(result)
    if values is None:
        return f"expected a {wanted} grid of numbers, but got {type(result).__name__}."
    shape = values.shape
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    if values.ndim == 1 and example.op == "flatten":
        values = values[None]
    if values.shape != tuple(example.correct.shape):
        return f"expected a {wanted} grid, but the result has shape {shape}."
    return _wrong_cells(example, values)


def _wrong_cells(example: WorkedExample, values: np.ndarray) -> str:
    correct = example.correct.double().numpy()
    wrong = ~_near(values, correct)
    if example.exact is not None:
        wrong &= ~_near(values, example.exact.double().numpy())
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


def _near(values: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """Four decimals are enough; float32 adds about a millionth of the value."""
    return np.abs(values - correct) <= 5e-5 + 1e-6 * np.abs(correct)


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


def _cells(mask: torch.Tensor) -> Cells:
    return frozenset((int(row), int(column)) for row, column in mask.nonzero())
