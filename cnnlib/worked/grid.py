"""Small grids of numbers, side by side, as aligned text and as HTML tables.

Nothing depends on colour: a marked cell stands in brackets (text) or in a thick box
(HTML). Rows and columns are numbered from 0, as they are indexed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from typing import Any, NamedTuple

from cnnlib.table import CAPTION, CELL, PLAIN_ROW, TABLE
from cnnlib.text import four_decimals

Cells = frozenset[tuple[int, int]]

_SIDE_BY_SIDE = (
    "display:flex;flex-wrap:wrap;align-items:flex-start;gap:.4em 1.8em;margin:.4em 0"
)
_INDEX = "border:0;padding:.2em .55em;font-weight:normal;opacity:.75"
_MARK = "outline:2px solid;outline-offset:-2px;font-weight:bold"


class Grid(NamedTuple):
    """A caption, rows of numbers, and the cells (row, column) to mark."""

    caption: str
    rows: Sequence[Sequence[Any]]
    marked: Cells = frozenset()


@dataclass(frozen=True)
class Card:
    """A title, grids side by side and lines below, as text and as HTML.

    ``heading`` stands in place of the title where people read: without the id.
    """

    title: str
    grids: tuple[Grid, ...]
    lines: tuple[str, ...]
    heading: str = ""

    @property
    def text(self) -> str:
        """The card in plain text."""
        grids = [_text_grids(self.grids)] if self.grids else []
        return "\n".join([self.title, *grids, *self.lines])

    @property
    def html(self) -> str:
        """The card in HTML that takes its colours from the page."""
        grids = "".join(map(_html_grid, self.grids))
        side_by_side = f'<div style="{_SIDE_BY_SIDE}">{grids}</div>' if grids else ""
        lines = "<br/>".join(map(escape, self.lines))
        return (
            f'<div><p title="{escape(self.title)}"><strong>'
            f"{escape(self.heading or self.title)}</strong></p>{side_by_side}"
            + (f"<p>{lines}</p>" if lines else "")
            + "</div>"
        )

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def _text_grids(grids: Sequence[Grid]) -> str:
    blocks = [_text_grid(grid) for grid in grids]
    widths = [max(map(len, block)) for block in blocks]
    return "\n".join(
        "    ".join(
            part.ljust(width) for part, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in zip_longest(*blocks, fillvalue="")
    )


def _text_grid(grid: Grid) -> list[str]:
    cells = [
        [_bracketed(grid, row, column) for column in range(len(values))]
        for row, values in enumerate(grid.rows)
    ]
    width = max(len(cell) for row in cells for cell in row)
    return [grid.caption, *(" ".join(c.rjust(width) for c in row) for row in cells)]


def _bracketed(grid: Grid, row: int, column: int) -> str:
    text = four_decimals(grid.rows[row][column])
    if not grid.marked:
        return text
    return f"[{text}]" if (row, column) in grid.marked else f" {text} "


def _html_grid(grid: Grid) -> str:
    columns = range(len(grid.rows[0]))
    head = "".join(_header("col", column) for column in columns)
    body = "".join(
        f'<tr style="{PLAIN_ROW}">{_header("row", row)}'
        + "".join(_html_cell(grid, row, column) for column in columns)
        + "</tr>"
        for row in range(len(grid.rows))
    )
    return (
        f'<table style="{TABLE}"><caption style="{CAPTION}">{escape(grid.caption)}'
        f'</caption><thead style="border:0"><tr style="{PLAIN_ROW}">'
        f'<td style="border:0"></td>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _header(scope: str, index: int) -> str:
    return f'<th scope="{scope}" style="{_INDEX};text-align:right">{index}</th>'


def _html_cell(grid: Grid, row: int, column: int) -> str:
    mark = _MARK if (row, column) in grid.marked else ""
    text = four_decimals(grid.rows[row][column])
    return f'<td style="{CELL};text-align:right;{mark}">{text}</td>'
