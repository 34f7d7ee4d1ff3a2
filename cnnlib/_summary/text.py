"""The summary as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import Summary


def by(shape: tuple[int, ...]) -> str:
    """Write a shape as 3 x 28 x 28."""
    return " x ".join(map(str, shape)) or "1"


def render_text(summary: Summary) -> str:
    """Lay the rows out as a table of text."""
    lines = []
    for row in summary.rows:
        work = "not counted" if row.mult_adds is None else f"{row.mult_adds:,}"
        lines.append(
            f"{row.name:24} {row.kind:16} {by(row.output_shape):18} "
            f"{row.params:12,} {work:>16}"
        )
    lines.append(f"Total {summary.total_params:,} {summary.total_mult_adds:,}")
    return "\n".join(lines)
