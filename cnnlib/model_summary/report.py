"""The summary of a model: rows and totals, as a text table and as an HTML table."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from html import escape
from typing import TypeAlias

from cnnlib.text import count

from .records import Shape, shape_text
from .rows import SummaryRow, folded

_MOST_WITH_FORMULAS = 48
"""Rows up to which a table has formulas, if nobody says whether it should."""


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
    rows: list[SummaryRow]
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
    def shown_rows(self) -> list[SummaryRow]:
        """The rows, those deeper than `depth` put together."""
        if self.depth is None:
            return self.rows
        return folded(self.rows, self.depth, self.kinds)

    @property
    def shows_formulas(self) -> bool:
        """Whether the table has formulas."""
        if self.formulas is None:
            return self.depth is None and len(self.rows) <= _MOST_WITH_FORMULAS
        return self.formulas

    def __str__(self) -> str:
        return _text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _html(self)

    def _repr_mimebundle_(
        self,
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
    ) -> dict[str, str]:
        forms = {"text/plain": str(self), "text/html": self._repr_html_()}
        return {
            kind: form
            for kind, form in forms.items()
            if (not include or kind in include) and (not exclude or kind not in exclude)
        }


# -- numbers and sizes in words -------------------------------------------------------


def _kind(row: SummaryRow) -> str:
    """Write the class of a layer; an operation's name tells its kind already."""
    return "operation" if row.functional else row.kind


def _has_run(row: SummaryRow) -> bool:
    """Whether there was an input, so that shapes and work are known."""
    return bool(row.output_shapes)


def _output(row: SummaryRow) -> str:
    """Write the shape of a row's output; several of the same are counted."""
    if not _has_run(row):
        return "-"
    first, *others = row.output_shapes or (row.output_shape,)
    if not others:
        return shape_text(first)
    if all(shape == first for shape in others):
        return f"{len(others) + 1} of {shape_text(first)}"
    return f"{shape_text(first)} and others"


def _params(row: SummaryRow) -> str:
    """Write the number of parameters."""
    return "shared" if _is_shared(row) else f"{row.params:,}"


def _is_shared(row: SummaryRow) -> bool:
    """Whether all of a row's parameters are counted in another row."""
    return not row.params and row.shared_with is not None and bool(row.params_formula)


def _work(row: SummaryRow) -> str:
    """Write the number of multiply-adds."""
    if not _has_run(row):
        return "-"
    return "not counted" if row.mult_adds is None else f"{row.mult_adds:,}"


def _share(part: float) -> str:
    """Write a share in percent; nothing for none."""
    if part == 0:
        return ""
    return f"{100 * part:.1f} %" if part >= 0.0005 else "< 0.1 %"


def _field(row: SummaryRow) -> str:
    """Write the receptive field."""
    if row.receptive_field is None:
        return "-"
    if row.whole_image:
        return "whole image"
    least = row.receptive_least or row.receptive_field
    return " x ".join(
        f"{most}" if few == most else f"{few} to {most}"
        for few, most in zip(least, row.receptive_field, strict=True)
    )


def _in_millions(count: int) -> str:
    """Write a count of multiply-adds in full and in M, where M says more."""
    if count < 10_000:
        return f"{count:,}"
    return f"{count:,} = {count / 1e6:,.2f} M"


def _memory(size: int) -> str:
    """Write a number of bytes in the unit that suits it (1 MB = 10^6 bytes)."""
    for unit, bytes_each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_each:
            return f"{size / bytes_each:,.2f} {unit}"
    return count(size, "byte")


def _title(summary: Summary) -> str:
    """Say what the table is about."""
    if not summary.input_shapes:
        return f"{summary.model_name}, without an input"
    sizes = ", ".join(shape_text(shape) for shape in summary.input_shapes)
    plural = "s" if len(summary.input_shapes) > 1 else ""
    return f"{summary.model_name}, input{plural} {sizes}"


def _totals(summary: Summary) -> list[tuple[str, str]]:
    """Write what stands below the table: names and values."""
    frozen = summary.total_params - summary.trainable_params
    trainable = (
        "all trainable" if not frozen else f"{summary.trainable_params:,} trainable"
    )
    one = "one image" if any(len(s) > 2 for s in summary.input_shapes) else "one input"
    convention = f"weights only (no bias), {one}, M = 10^6"
    params = ("Parameters", f"{summary.total_params:,} ({trainable})")
    if not summary.input_shapes:
        return [params]
    left_out = summary.not_counted
    without = ""
    if left_out:
        few = ", ".join(dict.fromkeys(left_out[:4]))
        more = f" and {len(left_out) - 4} more" if len(left_out) > 4 else ""
        without = f", without {few}{more} (not counted)"
    return [
        params,
        (
            "Mult-adds",
            f"{_in_millions(summary.total_mult_adds)}{without}; {convention}",
        ),
        ("Activations", f"{_memory(summary.activation_memory)} for {one}"),
    ]


# -- text -----------------------------------------------------------------------------

_WIDTH = 110
"""Most characters in a line of the table."""
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
"""Columns that hold shares."""
_RIGHT = (False, False, False, True, True, True, True, False)
"""Whether a column is set to the right."""

_Cells: TypeAlias = tuple[str, ...]
"""One line of the text table."""


def _text(summary: Summary) -> str:
    """Lay the summary out as a table, its totals, its notes and its formulas."""
    rows = summary.shown_rows
    cells = _fitted([_HEADER, *(_cells(row) for row in rows), _total_cells(summary)])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [_line(line, widths) for line in cells]
    rule = "-" * max(map(len, lines))
    parts = [_title(summary), rule, lines[0], rule, *lines[1:-1]]
    parts += [rule, lines[-1], rule, *_lines_below(summary)]
    if summary.shows_formulas:
        parts += _formula_lines(rows)
    return "\n".join(parts)


def _cells(row: SummaryRow) -> _Cells:
    return (
        row.name,
        _kind(row),
        _output(row),
        _params(row),
        _share(row.share_params),
        _work(row),
        _share(row.share_mult_adds),
        _field(row),
    )


def _total_cells(summary: Summary) -> _Cells:
    params, work = f"{summary.total_params:,}", _total_work(summary)
    return ("Total", "", "", params, "", work, "", "")


def _total_work(summary: Summary) -> str:
    return f"{summary.total_mult_adds:,}" if summary.input_shapes else "-"


def _fitted(cells: list[_Cells]) -> list[_Cells]:
    """Leave the shares out where the table gets too wide; then cut long names."""
    excess = _width(cells) - _WIDTH
    if excess <= 0:
        return cells
    cells = [tuple("" if n in _SHARES else c for n, c in enumerate(x)) for x in cells]
    excess = _width(cells) - _WIDTH
    room = max(max(len(line[0]) for line in cells) - max(excess, 0), 24)
    return [(_shortened(name, room), *others) for name, *others in cells]


def _width(cells: list[_Cells]) -> int:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return sum(width + 2 for width in widths if width) - 2


def _shortened(name: str, width: int) -> str:
    """Cut a name that is too long at its front: its end tells more."""
    return name if len(name) <= width else "..." + name[len(name) - width + 3 :]


def _line(cells: _Cells, widths: list[int]) -> str:
    placed = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, _RIGHT, strict=True)
        if width
    ]
    return "  ".join(placed).rstrip()


def _lines_below(summary: Summary) -> list[str]:
    pairs = _totals(summary)
    lines = [f"{name + ':':<13}{value}" for name, value in pairs]
    return lines + [f"Note: {note}" for note in summary.notes]


def _formula_lines(rows: list[SummaryRow]) -> list[str]:
    lines = ["", "How the numbers come about:"]
    for row in rows:
        formulas = {
            "size": row.shape_formula,
            "parameters": row.params_formula,
            "mult-adds": row.mult_adds_formula,
        }
        if any(formulas.values()):
            lines.append(
                f"  {row.name} ({row.kind})" if row.module else f"  {row.name}"
            )
        lines += [f"    {what:<12}{text}" for what, text in formulas.items() if text]
    return lines if len(lines) > 2 else []


# -- HTML, for a notebook in a light or a dark theme ----------------------------------

_COLUMNS = ("Layer", "Output", "Parameters", "Mult-adds", "Receptive field")
_MANY = 60
"""Rows above which the table scrolls in its own window."""

_PAGE = (
    "var(--jp-layout-color0, var(--vscode-editor-background, "
    "var(--colab-primary-surface-color, Canvas)))"
)
"""Colour of the page around: that of JupyterLab, VS Code, Colab, or the browser."""
# The class is written twice to outweigh the rules of JupyterLab for tables.
_STYLE = """
.S { max-width: 100%; margin: 0.5em 0; color: inherit; }
.S .scroll { overflow: auto; max-width: 100%; isolation: isolate; }
.S .many { max-height: 75vh; }
.S table { border-collapse: separate; border-spacing: 0; margin: 0;
  width: max-content; table-layout: auto; font-size: 13px; line-height: 1.35;
  font-variant-numeric: tabular-nums; color: inherit; border: 0; }
.S caption { caption-side: top; text-align: left; padding: 0 0 6px;
  font-size: 14px; font-weight: 600; color: inherit; }
.S table th, .S table td { padding: 5px 18px 5px 0;
  vertical-align: top; text-align: left; border: 0; color: inherit;
  border-bottom: 1px solid rgba(128, 128, 128, 0.3); background: PAGE;
  white-space: nowrap; max-width: none; font-weight: 400; }
.S caption span { position: sticky; left: 0; }
.S table thead th { position: sticky; top: 0; z-index: 2;
  font-weight: 600; border-bottom: 2px solid rgba(128, 128, 128, 0.6); }
.S table .number { text-align: right; }
.S table tbody th { font-weight: 600; }
.S table tr :first-child:is(th) { position: sticky; left: 0; z-index: 1; }
.S table thead tr :first-child:is(th) { z-index: 3; }
.S table tfoot th, .S table tfoot td { font-weight: 600;
  border-bottom: 0; border-top: 2px solid rgba(128, 128, 128, 0.6); }
.S table small { display: block; font-size: 11px; font-weight: 400;
  opacity: 0.8; white-space: normal; max-width: 27em; }
.S table br { display: none; }
.S .number small { margin-left: auto; }
.S .share { display: flex; align-items: center; gap: 6px;
  font-size: 11px; margin-top: 2px; }
.S .bar { flex: 1; height: 6px; min-width: 90px; border-radius: 2px;
  background: rgba(128, 128, 128, 0.25); overflow: hidden; }
.S .bar i { display: block; height: 100%; }
.S .share small { opacity: 1; margin: 0; min-width: 3.6em; white-space: nowrap; }
.S .params i { background: #3d85d9; }
.S .work i { background: #d97b1f; }
.S dl { display: grid; grid-template-columns: max-content 1fr;
  gap: 2px 12px; margin: 8px 0 0; font-size: 13px; }
.S dt, .S dd { float: none; width: auto; margin: 0;
  padding: 0; font-weight: 400; }
.S dt { opacity: 0.8; }
""".replace(".S ", ".cnnlib-summary.cnnlib-summary ").replace("PAGE", _PAGE)


def _html(summary: Summary) -> str:
    """Write the summary as a table with a caption, formulas, and bars for shares."""
    rows = summary.shown_rows
    many = " many" if len(rows) > _MANY else ""
    body = "".join(_html_row(row, summary.shows_formulas) for row in rows)
    return (
        f'<div class="cnnlib-summary"><style>{_STYLE}</style>'
        f'<div class="scroll{many}" tabindex="0" role="region" '
        f'aria-label="Summary of {escape(summary.model_name)}">'
        f"<table><caption><span>{escape(_title(summary))}</span></caption>"
        f"<thead><tr>{_html_head()}</tr></thead><tbody>{body}</tbody>"
        f"<tfoot>{_html_foot(summary)}</tfoot></table></div>{_html_below(summary)}</div>"
    )


def _html_head() -> str:
    kinds = ["", "", ' class="number"', ' class="number"', ""]
    return "".join(
        f'<th scope="col"{kind}>{name}</th>'
        for name, kind in zip(_COLUMNS, kinds, strict=True)
    )


def _html_row(row: SummaryRow, formulas: bool) -> str:
    size = row.shape_formula if formulas else ""
    params = row.params_formula if formulas else ""
    work = row.mult_adds_formula if formulas else ""
    return (
        f'<tr><th scope="row">{escape(row.name)}{_small(_kind(row))}</th>'
        f"<td>{escape(_output(row))}{_small(size)}</td>"
        f'<td class="number">{_params(row)}{_small(params)}'
        f"{_bar('params', row.share_params)}</td>"
        f'<td class="number">{_work(row)}{_small(work)}'
        f"{_bar('work', row.share_mult_adds)}</td>"
        f"<td>{escape(_field(row))}</td></tr>"
    )


def _small(text: str) -> str:
    """Write on a line of its own, also where a page takes the style away."""
    return f"<br><small>{escape(text)}</small>" if text else ""


def _bar(kind: str, share: float) -> str:
    """Draw a share as a bar, with its number beside it, on a line of its own."""
    if not share:
        return ""
    return (
        f'<br><span class="share {kind}"><span class="bar" aria-hidden="true">'
        f'<i style="width:{max(100 * share, 1):.1f}%"></i></span>'
        f"<small>{escape(_share(share))}</small></span>"
    )


def _html_foot(summary: Summary) -> str:
    return (
        '<tr><th scope="row">Total</th><td></td>'
        f'<td class="number">{summary.total_params:,}</td>'
        f'<td class="number">{_total_work(summary)}</td><td></td></tr>'
    )


def _html_below(summary: Summary) -> str:
    pairs = _totals(summary)
    pairs += [("Note", note) for note in summary.notes]
    lines = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs
    )
    return f"<dl>{lines}</dl>"
