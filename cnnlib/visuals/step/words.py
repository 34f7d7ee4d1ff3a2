"""A stepper in words: the sentence that stands for it, and every sum in a table."""

from __future__ import annotations

from html import escape

import numpy as np

from cnnlib.table import html_table
from cnnlib.text import an, count, four_decimals, sentence, size

from .steps import Pair, WindowSteps

MOST_PRODUCTS = 12
"""Products that are written out in one line; of more, the sums of the rows."""
MOST_SUMS = 64
"""Rows of the table of all sums."""


def describe(steps: WindowSteps) -> str:
    """Say what slides over what, and the first sum: the others are to be found."""
    channels, rows, columns = steps.output.shape
    text = f"step by step: {what(steps)}; {count(steps.output.size, 'window')} make "
    text += an(f"{size(rows, columns)} output")
    text += f" of {channels} channels" if channels > 1 else ""
    text += f". The first, row 0, column 0: {arithmetic(steps, 0, 0, 0)}"
    return sentence(text).replace("−", "-")


def what(steps: WindowSteps) -> str:
    """Say what slides over what, and how."""
    channels = f"{len(steps.image)}-channel " if len(steps.image) > 1 else ""
    image = f"{size(*steps.image.shape[1:])} {channels}input"
    if steps.mode == "conv":
        thing = an(f"{size(*steps.window)} kernel")
        settings = [f"bias {four_decimals(steps.bias)}"]
    else:
        kind = "max" if steps.mode == "max" else "average"
        thing = an(f"{size(*steps.window)} window of {kind} pooling")
        settings = []
    settings.append(f"stride {_both(steps.stride)}")
    settings.append(f"padding {_around(steps.margins)}")
    if steps.dilation != (1, 1):
        settings.append(f"dilation {_both(steps.dilation)}")
    return f"{thing} slides over {an(image)}, {', '.join(settings)}"


def arithmetic(steps: WindowSteps, channel: int, row: int, column: int) -> str:
    """Write the sum, maximum or mean that makes output[channel, row, column]."""
    cells = steps.cells(row, column)
    result = _equal(float(steps.output[channel, row, column]))
    if steps.kernel is not None:
        parts = _parts(cells, steps.kernel)
        parts += [signed(steps.bias)] if steps.bias else []
        return f"{' + '.join(parts)} {result}"
    own = cells[channel].ravel()
    listed = [_with_minus(value) for value in own]
    if steps.mode == "max":
        return f"max({', '.join(listed)}) {result}"
    terms = " + ".join(signed(value) for value in own)
    return f"({terms}) / {own.size} {result}"


def all_sums(steps: WindowSteps) -> str:
    """Return the sums of all windows as a folded HTML table, for pages without JS."""
    places = list(np.ndindex(*steps.output.shape))
    many = len(steps.output) > 1
    rows = [
        (f"[{c}, {i}, {j}]" if many else f"[{i}, {j}]", arithmetic(steps, c, i, j))
        for c, i, j in places[:MOST_SUMS]
    ]
    many_sums = len(places) > MOST_SUMS
    shown = f"the first {MOST_SUMS} of {len(places)}" if many_sums else "all"
    table = html_table("Output, window by window", [("Place", "Arithmetic"), *rows])
    return (
        f"<details><summary>{escape(sentence(f'{shown} windows in numbers'))}"
        f'</summary><div style="overflow-x:auto">{table}</div></details>'
    )


def signed(value: float) -> str:
    """Write a number as it stands in a sum: a negative one in parentheses.

    >>> signed(2.5), signed(-1.0)
    ('2.5', '(−1)')
    """
    text = _with_minus(value)
    return f"({text})" if text.startswith("−") else text


def _parts(cells: np.ndarray, kernel: np.ndarray) -> list[str]:
    """Return the products; or their sums by row, or by channel, if there are many."""
    if cells.size <= MOST_PRODUCTS:
        pairs = zip(cells.ravel(), kernel.ravel(), strict=True)
        return [f"{signed(x)}·{signed(weight)}" for x, weight in pairs]
    axes = (1, 2) if len(cells) > 1 else (0, 2)
    return [signed(part) for part in (cells * kernel).sum(axis=axes)]


def _with_minus(value: float) -> str:
    """Write a number with a real minus sign; infinity is a sign, too."""
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    return four_decimals(value).replace("-", "−")


def _equal(value: float) -> str:
    """Write "= 2.5" or "≈ 1.6667": whether four decimals say it all."""
    text = four_decimals(value)
    close = abs(float(text) - value) <= 1e-6 * max(1.0, abs(value))
    return f"{'=' if close else '≈'} {text.replace('-', '−')}"


def _both(both: Pair) -> str:
    """Write (2, 2) as "2" and (2, 1) as "2x1"."""
    return str(both[0]) if both[0] == both[1] else size(*both)


def _around(margins: tuple[int, int, int, int]) -> str:
    above, below, left, right = margins
    if (above, left) == (below, right):
        return _both((above, left))
    return f"{above} above, {below} below, {left} left, {right} right"
