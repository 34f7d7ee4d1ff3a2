"""The summary of a model: rows, totals, and the faces that show them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from .fold import folded
from .row import Row, Shape


@dataclass(repr=False)
class Summary:
    """What `summary` returns; it shows itself as a table.

    ``print`` gives the text table, a notebook shows the HTML table, and ``rows`` holds
    the numbers for a program. The last two fields only say what is shown.
    """

    model_name: str
    """Class of the model."""
    input_shapes: list[Shape]
    """Sizes of its inputs, without the batch axis."""
    rows: list[Row]
    """One for each operation that changes the tensor, in the order of the run."""
    total_params: int
    """All parameters of the model, those included that no row uses."""
    trainable_params: int
    """Those that require a gradient."""
    notes: list[str] = field(default_factory=list)
    """What one should know besides, in sentences."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Class of every module, by its qualified name."""
    depth: int | None = None
    """How deep the shown table looks into the model; None for all the way."""
    formulas: bool | None = None
    """Whether the shown table has formulas; None for: if there are few rows."""

    @property
    def total_mult_adds(self) -> int:
        """Multiply-adds of all rows that are counted, for one input, weights only."""
        return sum(row.mult_adds or 0 for row in self.rows)

    @property
    def not_counted(self) -> list[str]:
        """Names of the rows whose multiply-adds are not counted."""
        return [row.name for row in self.rows if row.mult_adds is None]

    @property
    def activation_memory(self) -> int:
        """Bytes that hold the outputs of all rows for one input, each stored once."""
        return sum(row.activation_bytes for row in self.rows if not row.reuses_memory)

    @property
    def shown_rows(self) -> list[Row]:
        """The rows, those deeper than `depth` put together."""
        if self.depth is None:
            return self.rows
        return folded(self.rows, self.depth, self.kinds)

    @property
    def shows_formulas(self) -> bool:
        """Whether the table has formulas."""
        if self.formulas is None:
            return self.depth is None and len(self.rows) <= 48
        return self.formulas

    def __str__(self) -> str:
        from .text import render_text

        return render_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .html import render_html

        return render_html(self)

    def _repr_mimebundle_(
        self,
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
    ) -> dict[str, str]:
        faces = {"text/plain": str(self), "text/html": self._repr_html_()}
        return {
            kind: face
            for kind, face in faces.items()
            if (not include or kind in include) and (not exclude or kind not in exclude)
        }
