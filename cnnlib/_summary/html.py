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

_PAGE = "var(--jp-layout-color0, var(--vscode-editor-background, Canvas))"
_STYLE = """
.cnnlib-summary { max-width: 100%; margin: 0.5em 0; }
.cnnlib-summary .scroll { overflow: auto; max-width: 100%; }
.cnnlib-summary .many { max-height: 75vh; }
.cnnlib-summary table { border-collapse: collapse; margin: 0; width: auto;
  font-size: 13px; line-height: 1.35; font-variant-numeric: tabular-nums; }
.cnnlib-summary caption { caption-side: top; text-align: left; padding: 0 0 6px;
  font-weight: 600; color: inherit; }
.cnnlib-summary th, .cnnlib-summary td { padding: 5px 12px 5px 0; vertical-align: top;
  text-align: left; border: 0; border-bottom: 1px solid rgba(128, 128, 128, 0.3);
  background: PAGE; color: inherit; white-space: nowrap; max-width: none; }
.cnnlib-summary thead th { position: sticky; top: 0; z-index: 1;
  border-bottom: 2px solid rgba(128, 128, 128, 0.6); }
.cnnlib-summary .number { text-align: right; }
.cnnlib-summary tbody th { font-weight: 600; }
.cnnlib-summary tfoot th, .cnnlib-summary tfoot td { font-weight: 600;
  border-bottom: 0; border-top: 2px solid rgba(128, 128, 128, 0.6); }
.cnnlib-summary small { font-size: 11px; font-weight: 400; opacity: 0.8; }
.cnnlib-summary .bar { display: block; height: 5px; margin-top: 3px;
  background: rgba(128, 128, 128, 0.22); border-radius: 2px; overflow: hidden;
  min-width: 110px; }
.cnnlib-summary .bar i { display: block; height: 100%; }
.cnnlib-summary .params i { background: #3d85d9; }
.cnnlib-summary .work i { background: #d97b1f; }
.cnnlib-summary dl { display: grid; grid-template-columns: max-content 1fr;
  gap: 2px 12px; margin: 8px 0 0; font-size: 13px; }
.cnnlib-summary dt, .cnnlib-summary dd { margin: 0; padding: 0; font-weight: 400; }
.cnnlib-summary dt { opacity: 0.8; }
""".replace("PAGE", _PAGE)


def render_html(summary: Summary) -> str:
    """Write the summary as a table with a caption, formulas, and bars for shares."""
    rows = summary.shown_rows
    many = " many" if len(rows) > _MANY else ""
    body = "".join(_row(row, summary.shows_formulas) for row in rows)
    return (
        f'<div class="cnnlib-summary"><style>{_STYLE}</style>'
        f'<div class="scroll{many}" tabindex="0" role="region" '
        f'aria-label="Summary of {escape(summary.model_name)}">'
        f"<table><caption>{escape(phrases.title(summary))}</caption>"
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
    """Draw a share as a bar, with its number for those who cannot see it."""
    if not share:
        return ""
    return (
        f"{_small(phrases.share(share))}"
        f'<span class="bar {kind}" aria-hidden="true">'
        f'<i style="width:{max(100 * share, 0.5):.1f}%"></i></span>'
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
