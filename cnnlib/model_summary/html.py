"""The summary as an HTML table, for a notebook in a light or a dark theme."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from . import phrases
from .row import Row

if TYPE_CHECKING:
    from .report import Summary

_COLUMNS = ("Layer", "Output", "Parameters", "Mult-adds", "Receptive field")
_MANY = 60  # rows above which the table scrolls in its own window

_PAGE = (
    "var(--jp-layout-color0, var(--vscode-editor-background, "
    "var(--colab-primary-surface-color, Canvas)))"
)
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


def render_html(summary: Summary) -> str:
    """Write the summary as a table with a caption, formulas, and bars for shares."""
    rows = summary.shown_rows
    many = " many" if len(rows) > _MANY else ""
    body = "".join(_row(row, summary.shows_formulas) for row in rows)
    return (
        f'<div class="cnnlib-summary"><style>{_STYLE}</style>'
        f'<div class="scroll{many}" tabindex="0" role="region" '
        f'aria-label="Summary of {escape(summary.model_name)}">'
        f"<table><caption><span>{escape(phrases.title(summary))}</span></caption>"
        f"<thead><tr>{_head()}</tr></thead><tbody>{body}</tbody>"
        f"<tfoot>{_foot(summary)}</tfoot></table></div>{_below(summary)}</div>"
    )


def _head() -> str:
    kinds = ["", "", ' class="number"', ' class="number"', ""]
    return "".join(
        f'<th scope="col"{kind}>{name}</th>'
        for name, kind in zip(_COLUMNS, kinds, strict=True)
    )


def _row(row: Row, formulas: bool) -> str:
    told = (row.shape_formula, row.params_formula, row.mult_adds_formula)
    size, params, work = told if formulas else ("", "", "")
    return (
        f'<tr><th scope="row">{escape(row.name)}{_small(phrases.kind(row))}</th>'
        f"<td>{escape(phrases.output(row))}{_small(size)}</td>"
        f'<td class="number">{phrases.params(row)}{_small(params)}'
        f"{_bar('params', row.share_params)}</td>"
        f'<td class="number">{phrases.work(row)}{_small(work)}'
        f"{_bar('work', row.share_mult_adds)}</td>"
        f"<td>{escape(phrases.field(row))}</td></tr>"
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
        f"<small>{escape(phrases.share(share))}</small></span>"
    )


def _foot(summary: Summary) -> str:
    return (
        '<tr><th scope="row">Total</th><td></td>'
        f'<td class="number">{summary.total_params:,}</td>'
        f'<td class="number">{summary.total_mult_adds:,}</td><td></td></tr>'
    )


def _below(summary: Summary) -> str:
    pairs = phrases.totals(summary)
    pairs += [("Note", note) for note in summary.notes]
    lines = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in pairs
    )
    return f"<dl>{lines}</dl>"
