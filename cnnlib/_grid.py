"""Small grids of numbers, side by side, as aligned text and as HTML tables.

Nothing depends on colour: a marked cell stands in brackets (text) or in a thick box
(HTML). Rows and columns are numbered from 0, as they are indexed. The HTML inherits
the page's own colours, so it reads on light and on dark backgrounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import zip_longest
from typing import Any, NamedTuple

Cells = frozenset[tuple[int, int]]

_LINE = "1px solid rgba(128,128,128,.5)"
_ROW = "display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start;margin:.4em 0"
_TABLE = "border-collapse:collapse;margin:0;width:auto;table-layout:auto"
_CAPTION = "caption-side:top;text-align:left;padding:0 0 .3em;color:inherit"
_CELL = f"border:{_LINE};padding:.2em .55em;text-align:right;min-width:1.3em"
_INDEX = "border:0;padding:.2em .55em;text-align:right;font-weight:normal;opacity:.7"
_MARK = ";outline:2px solid;outline-offset:-2px;font-weight:bold"


class Grid(NamedTuple):
    """A caption, rows of numbers, and the cells (row, column) to mark."""

    caption: str
    rows: Sequence[Sequence[Any]]
    marked: Cells = frozenset()


def number(value: Any) -> str:
    """Write a number with at most four decimals and no needless zeros.

    >>> number(2.0), number(1.66667), number(-0.5)
    ('2', '1.6667', '-0.5')
    """
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def by(sizes: Iterable[int]) -> str:
    """Write a size as 3x3."""
    return "x".join(str(int(size)) for size in sizes)


def text_grids(grids: Sequence[Grid]) -> str:
    """Grids side by side in plain text, each under its caption."""
    blocks = [_text_block(grid) for grid in grids]
    widths = [max(map(len, block)) for block in blocks]
    lines = zip_longest(*blocks, fillvalue="")
    return "\n".join(
        "    ".join(part.ljust(width) for part, width in zip(line, widths, strict=True))
        for line in lines
    ).replace(" \n", "\n")


def html_grids(grids: Sequence[Grid]) -> str:
    """Grids side by side as HTML tables with captions and numbered headers."""
    return f'<div style="{_ROW}">{"".join(map(_html_table, grids))}</div>'


def html_card(title: str, *parts: str) -> str:
    """Put a bold title line over parts that are already HTML."""
    return f"<div><p><strong>{escape(title)}</strong></p>{''.join(parts)}</div>"


def html_lines(lines: Iterable[str]) -> str:
    """Write each line as a paragraph."""
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _text_block(grid: Grid) -> list[str]:
    cells = [
        [_bracketed(grid, row, column) for column in range(len(values))]
        for row, values in enumerate(grid.rows)
    ]
    width = max(len(cell) for row in cells for cell in row)
    return [grid.caption, *(" ".join(c.rjust(width) for c in row) for row in cells)]


def _bracketed(grid: Grid, row: int, column: int) -> str:
    text = number(grid.rows[row][column])
    if not grid.marked:
        return text
    return f"[{text}]" if (row, column) in grid.marked else f" {text} "


def _html_table(grid: Grid) -> str:
    columns = range(len(grid.rows[0]))
    head = "".join(_header("col", column) for column in columns)
    body = "".join(
        f'<tr style="background:none">{_header("row", row)}'
        + "".join(_html_cell(grid, row, column) for column in columns)
        + "</tr>"
        for row in range(len(grid.rows))
    )
    return (
        f'<table style="{_TABLE}"><caption style="{_CAPTION}">{escape(grid.caption)}'
        f'</caption><thead style="border:0"><tr style="background:none">'
        f'<td style="border:0"></td>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _header(scope: str, index: int) -> str:
    return f'<th scope="{scope}" style="{_INDEX}">{index}</th>'


def _html_cell(grid: Grid, row: int, column: int) -> str:
    mark = _MARK if (row, column) in grid.marked else ""
    return f'<td style="{_CELL}{mark}">{number(grid.rows[row][column])}</td>'
