"""The summary as plain text, at most 110 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import phrases
from .row import Row

if TYPE_CHECKING:
    from .report import Summary

WIDTH = 110
_HEADER = (
    "Layer",
    "Kind",
    "Output",
    "Parameters",
    "",
    "Mult-adds",
    "",
    "Receptive field",
)
_RIGHT = (False, False, False, True, True, True, True, False)


def render_text(summary: Summary) -> str:
    """Lay the summary out as a table, its totals, its notes and its formulas."""
    rows = summary.shown_rows
    cells = [_HEADER, *(_cells(row) for row in rows)]
    cells.append(_total(summary))
    widths = _widths(cells)
    lines = [_line(line, widths) for line in cells]
    rule = "-" * max(len(line) for line in lines)
    parts = [
        phrases.title(summary),
        rule,
        lines[0],
        rule,
        *lines[1:-1],
        rule,
        lines[-1],
    ]
    parts += [rule, *_below(summary)]
    if summary.shows_formulas:
        parts += _formulas(rows)
    return "\n".join(parts)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        row.kind,
        phrases.output(row),
        phrases.params(row),
        phrases.share(row.share_params),
        phrases.work(row),
        phrases.share(row.share_mult_adds),
        phrases.field(row),
    )


def _total(summary: Summary) -> tuple[str, ...]:
    params, work = f"{summary.total_params:,}", f"{summary.total_mult_adds:,}"
    return ("Total", "", "", params, "", work, "", "")


def _widths(cells: list[tuple[str, ...]]) -> list[int]:
    """Width of every column; long names give way where the table would get too wide."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    excess = sum(widths) + 2 * (len(widths) - 1) - WIDTH
    for column in (0, 1):
        spare = min(max(excess, 0), max(widths[column] - 16, 0))
        widths[column] -= spare
        excess -= spare
    return widths


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    shown = [_fitted(cell, width) for cell, width in zip(cells, widths, strict=True)]
    placed = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(shown, widths, _RIGHT, strict=True)
    ]
    return "  ".join(placed).rstrip()


def _fitted(cell: str, width: int) -> str:
    """Cut a name that is too long at its front: its end tells more."""
    return cell if len(cell) <= width else "..." + cell[len(cell) - width + 3 :]


def _below(summary: Summary) -> list[str]:
    pairs = phrases.totals(summary)
    lines = [f"{name + ':':<13}{value}" for name, value in pairs]
    return lines + [f"Note: {note}" for note in summary.notes]


def _formulas(rows: list[Row]) -> list[str]:
    lines = ["", "How the numbers come about:"]
    for row in rows:
        found = [
            ("size", row.shape_formula),
            ("parameters", row.params_formula),
            ("mult-adds", row.mult_adds_formula),
        ]
        told = [(what, formula) for what, formula in found if formula]
        if told:
            lines.append(
                f"  {row.name} ({row.kind})" if row.module else f"  {row.name}"
            )
            lines += [f"    {what:<12}{formula}" for what, formula in told]
    return lines if len(lines) > 2 else []
