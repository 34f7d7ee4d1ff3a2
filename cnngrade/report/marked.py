"""Code and messages as they stand on a page: highlighted, split into their parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from cnngrade.record import TaskResult
from cnngrade.visible import cut_lines, visible

_FORMATTER = HtmlFormatter(nowrap=True)
_LEXER = PythonLexer(stripnl=False, ensurenl=False)
_BACKTICKS = re.compile(r"`([^`\n]+)`")
_LINES = 300
"""Lines of a cell or a message that a page shows."""
_LONGEST = 20_000
"""Characters of a cell that are worth the time of highlighting them."""


@dataclass(frozen=True)
class Part:
    """A part of a message: ``kind`` is "lead", "block", "hint", "see" or "text"."""

    kind: str
    text: str


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


def message(task: TaskResult) -> list[Part]:
    """Return the message of a task, part by part.

    Its first line leads; lines that belong together (grids, errors) are kept as a
    block; a hint is one only where a known mistake was found, since an error's own
    text may claim to be one.
    """
    text = cut_lines(task.text, _LINES)
    first, _, rest = text.partition("\n")
    lead = first.lstrip("✓✗ ").removeprefix(f"{task.task}: ")
    if not lead.startswith(task.task):
        lead = lead[:1].upper() + lead[1:]
    return [Part("lead", lead), *_parts(rest.strip("\n"), task)]


def _parts(text: str, task: TaskResult) -> Iterator[Part]:
    paragraphs = [part.strip("\n") for part in re.split(r"\n\s*\n", text)]
    for number, part in enumerate(filter(None, paragraphs)):
        last = number == len(paragraphs) - 1
        if task.mistake and part.startswith("Likely: "):
            yield Part("hint", part.removeprefix("Likely: "))
        elif last and part.startswith("See lesson "):
            yield Part("see", part)
        else:
            yield Part("block" if "\n" in part else "text", part)
