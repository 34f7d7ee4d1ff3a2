"""A table of words as aligned text and as HTML that suits light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_LINE = "1px solid rgba(128,128,128,.5)"
TABLE = "border-collapse:collapse;margin:0;width:auto;table-layout:auto"
CAPTION = "caption-side:top;text-align:left;padding:0 0 .3em;color:inherit"
CELL = f"border:{_LINE};padding:.2em .55em;min-width:1.3em"
PLAIN_ROW = "background:none"  # a notebook's stripes would hide the grid lines

Row = Sequence[str]


def text_table(rows: Sequence[Row], gap: str = "  ") -> str:
    """Write rows of words as columns of equal width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        gap.join(
            word.ljust(size) for word, size in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def html_table(caption: str, rows: Sequence[Row]) -> str:
    """Write the first row as column headers and the others as cells."""
    head, *body = rows
    names = "".join(
        f'<th scope="col" style="{CELL};text-align:left">{escape(word)}</th>'
        for word in head
    )
    lines = "".join(
        f'<tr style="{PLAIN_ROW}">' + "".join(map(_cell, row)) + "</tr>" for row in body
    )
    return (
        f'<table style="{TABLE}"><caption style="{CAPTION}">{escape(caption)}</caption>'
        f'<thead><tr style="{PLAIN_ROW}">{names}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def _cell(word: str) -> str:
    return f'<td style="{CELL};text-align:left">{escape(word)}</td>'
