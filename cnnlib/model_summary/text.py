"""The summary as plain text, at most 110 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from . import phrases
from .row import Row

if TYPE_CHECKING:
    from .report import Summary

Cells: TypeAlias = tuple[str, ...]

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
_SHARES = (4, 6)
_RIGHT = (False, False, False, True, True, True, True, False)


def render_text(summary: Summary) -> str:
    """Lay the summary out as a table, its totals, its notes and its formulas."""
    rows = summary.shown_rows
    cells = _fitted([_HEADER, *(_cells(row) for row in rows), _total(summary)])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(line, widths) for line in cells]
    rule = "-" * max(map(len, lines))
    parts = [phrases.title(summary), rule, lines[0], rule, *lines[1:-1]]
    parts += [rule, lines[-1], rule, *_below(summary)]
    if summary.shows_formulas:
        parts += _formulas(rows)
    return "\n".join(parts)


def _cells(row: Row) -> Cells:
    return (
        row.name,
        phrases.kind(row),
        phrases.output(row),
        phrases.params(row),
        phrases.share(row.share_params),
        phrases.work(row),
        phrases.share(row.share_mult_adds),
        phrases.field(row),
    )


def _total(summary: Summary) -> Cells:
    params, work = f"{summary.total_params:,}", f"{summary.total_mult_adds:,}"
    return ("Total", "", "", params, "", work, "", "")


def _fitted(cells: list[Cells]) -> list[Cells]:
    """Leave the shares out where the table gets too wide; then cut long names."""
    excess = _width(cells) - WIDTH
    if excess <= 0:
        return cells
    cells = [tuple("" if n in _SHARES else c for n, c in enumerate(x)) for x in cells]
    excess = _width(cells) - WIDTH
    room = max(max(len(line[0]) for line in cells) - max(excess, 0), 24)
    return [(_shortened(name, room), *others) for name, *others in cells]


def _width(cells: list[Cells]) -> int:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return sum(width + 2 for width in widths if width) - 2


def _shortened(name: str, width: int) -> str:
    """Cut a name that is too long at its front: its end tells more."""
    return name if len(name) <= width else "..." + name[len(name) - width + 3 :]


def _line(cells: Cells, widths: list[int]) -> str:
    placed = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, _RIGHT, strict=True)
        if width
    ]
    return "  ".join(placed).rstrip()


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
