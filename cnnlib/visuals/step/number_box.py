"""A box for one number of a worked example: the reader types theirs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from cnnlib.picture import Picture
from cnnlib.plots import plot_grids
from cnnlib.text import sentence
from cnnlib.visuals.shared.visual import Visual, numbers

from .step_conv import page_data
from .steps import WindowSteps, conv_steps, pool_steps

if TYPE_CHECKING:
    from cnnlib.worked import WorkedExample

TITLE = "Your number first"
POOLS = {"max_pool2d": "max", "avg_pool2d": "avg"}


class NumberBox(Visual):
    """A number to predict; made by ``WorkedExample.predict``."""

    title = TITLE
    module = "step/number_box"


def number_box(
    example: WorkedExample, place: tuple[int, ...], slips: Mapping[float, str]
) -> NumberBox:
    """Ask for ``example.correct``, or for its number at ``place`` (row, column).

    Raises ValueError where there is no one number to ask for, and IndexError for a
    place outside of the result.
    """
    correct = example.correct
    if example.op == "fact":
        if place or isinstance(correct, bool) or not isinstance(correct, (int, float)):
            raise ValueError(
                f"predict asks for one number; the answer of {example.id} is "
                f"{example.form}, and it has no rows and columns."
            )
        question = sentence(example.what)
        return _box(_words(question), question, correct, slips=slips)
    if len(place) != correct.ndim:
        raise ValueError(
            f"The result of {example.id} is {example.form}: predict takes a row and a "
            f"column, such as predict(0, 1); got {place}."
        )
    if not all(
        0 <= at < length for at, length in zip(place, correct.shape, strict=True)
    ):
        raise IndexError(f"{place} lies outside of {example.form}; both count from 0.")
    i, j = place
    steps = _steps(example)
    grids = [("input", example.input)]
    if example.kernel is not None:
        grids.append(("kernel", example.kernel))
    (how,) = example.card.lines
    question = f"{how}: which number comes out in row {i}, column {j}?"
    answer = numbers(correct[i, j].double().numpy())
    return _box(plot_grids(grids), question, answer, steps, (0, i, j))


def _steps(example: WorkedExample) -> WindowSteps | None:
    """Return the windows of an example, for the slips; None where none are known."""
    if example.op == "conv2d":
        return conv_steps(
            example.input,
            example.kernel,
            example.bias,
            example.stride,
            example.padding,
            1,
        )
    if example.op in POOLS:
        mode, stride = POOLS[example.op], example.stride
        return pool_steps(example.input, example.kernel_size, mode, stride, 0, 1)
    return None


def _box(
    still: Picture,
    question: str,
    answer: float,
    steps: WindowSteps | None = None,
    place: tuple[int, ...] = (),
    slips: Mapping[float, str] = MappingProxyType({}),
) -> NumberBox:
    data: dict[str, Any] = {"title": TITLE, "question": question, "answer": answer}
    data |= {"steps": steps and page_data(steps, TITLE), "place": list(place)}
    data["slips"] = [list(pair) for pair in slips.items()]
    run = "Run the cell, and here is a box for your number."
    return NumberBox(still, f"A box for your number. {question}", run, data)


def _words(question: str) -> Picture:
    """Draw the question alone: what stands where scripts do not run."""
    figure = Figure(figsize=(6, 0.5))
    figure.text(0.01, 0.5, question, va="center", wrap=True)
    return Picture(figure, question)
