"""The summary of a model: rows, totals, and the faces that show them."""

from __future__ import annotations

from dataclasses import dataclass, field

from .row import Row, Shape


@dataclass
class Summary:
    """What `summary` returns; it shows itself as a table.

    ``str`` gives the text table, Jupyter shows the HTML table, and ``rows`` holds
    the numbers for a program.
    """

    model_name: str
    input_shapes: list[Shape]
    rows: list[Row] = field(repr=False)
    total_params: int
    trainable_params: int
    notes: list[str] = field(default_factory=list)

    @property
    def total_mult_adds(self) -> int:
        """Multiply-adds of all rows that are counted, for one image."""
        return sum(row.mult_adds or 0 for row in self.rows)

    @property
    def not_counted(self) -> list[str]:
        """Names of the rows whose multiply-adds are not counted."""
        return [row.name for row in self.rows if row.mult_adds is None]

    @property
    def activation_memory(self) -> int:
        """Bytes that hold the outputs of all rows for one image, each stored once."""
        return sum(row.activation_bytes for row in self.rows if not row.reuses_memory)

    def __str__(self) -> str:
        from .text import render_text

        return render_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .html import render_html

        return render_html(self)
