"""Code and messages as they stand on a page: highlighted, split into their parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from cnngrade.safe_text import cut_lines, visible
from cnnjudge.verdict import Verdict

_FORMATTER = HtmlFormatter(nowrap=True)
_LEXER = PythonLexer(stripnl=False, ensurenl=False)
_BACKTICKS = re.compile(r"`([^`\n]+)`")
_LINES = 300
"""Lines of a cell or a message that a page shows."""
_LONGEST = 20_000
"""Characters of a cell that are worth the time of highlighting them."""


@dataclass(frozen=True)
class MessagePart:
    """A part of a message.

    Its ``kind`` is "lead", "block", "hint", "points", "see" or "text".
    A hint has a ``word`` that says how sure it is.
    """

    kind: str
    text: str
    word: str = ""


@lru_cache(maxsize=4096)
def code(source: str) -> Markup:
    """Return Python code as HTML, a ``span`` around each line."""
    shown = visible(cut_lines(source.strip("\n"), _LINES)).split("\n")
    notes = [escape(note) for note in shown[_LINES:]]
    html = _highlighted("\n".join(shown[:_LINES]))
    lines = html.removesuffix("\n").split("\n")
    marked = [Markup(f'<span class="line">{line}</span>') for line in lines]
    return Markup("\n").join([*marked, *notes])


def _highlighted(text: str) -> str:
    """Return code as HTML; what is far too long for a cell stays plain."""
    if len(text) > _LONGEST:
        return str(escape(text))
    return highlight(text, _LEXER, _FORMATTER)


def prose(text: str) -> Markup:
    """Return a sentence as HTML, what stands in backticks as code."""
    parts = _BACKTICKS.split(visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def message(verdict: Verdict) -> list[MessagePart]:
    """Return the message of a verdict, part by part; what has lines is a block."""
    lead = cut_lines(verdict.headline, _LINES)
    if not verdict.leads_with_task:
        lead = cut_lines(verdict.lead, _LINES)
        lead = lead[:1].upper() + lead[1:]
    pieces = [
        ("text", verdict.raised),
        ("block", verdict.line),
        ("text", verdict.meaning),
        ("text", "\n".join(filter(None, [verdict.facts, verdict.grids]))),
        ("text", verdict.difference),
        ("hint", verdict.hint),
        ("points", verdict.points_line),
        ("see", verdict.see),
    ]
    parts = [
        MessagePart(
            "block" if kind == "text" and "\n" in piece else kind,
            piece,
            verdict.hint_word if kind == "hint" else "",
        )
        for kind, piece in ((kind, cut_lines(text, _LINES)) for kind, text in pieces)
        if piece
    ]
    return [MessagePart("lead", lead), *parts]
