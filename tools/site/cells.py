"""Cells as HTML, for decks and handouts: text, code in colours, and what it showed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from tools.site.math import mathml
from tools.site.notebooks import Reading

Kind = Literal["heading", "predict", "text", "fold", "code", "output"]
_STYLE = "a11y-high-contrast-light"
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]+>", re.S)
_OUTSIDE = re.compile(r'(<a href=")(\.\./exercises/[^":]*?)\.ipynb')
_NOTEBOOK = re.compile(r'(<a href=")([^":]*?)\.ipynb')
_SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.S)


@dataclass(frozen=True)
class Block:
    """A piece of a page that stays whole where it can; ``words`` is it read out."""

    kind: Kind
    html: str
    words: str = ""
    level: int = 0  # of a heading
    cell: int = 0  # which cell it comes from
    tags: frozenset[str] = frozenset()


def blocks(reading: Reading, suffix: str) -> Iterator[Block]:
    """Yield the blocks of a lesson; links to lessons get the ending ``suffix``."""
    for number, cell in enumerate(reading.notebook.cells):
        tags = frozenset(cell.metadata.get("tags", []))
        found = _text(cell, suffix) if cell.cell_type == "markdown" else _code(cell)
        for kind, text, words, level in found:
            yield Block(kind, text, words, level, number, tags)


_Found = Iterator[tuple[Kind, str, str, int]]


def _text(cell: NotebookNode, suffix: str) -> _Found:
    """Cut a Markdown cell at its top-level elements; a fold is one of them."""
    tokens = _markdown().parse(cell.source)
    start, depth, fold = 0, 0, 0
    for index, token in enumerate(tokens):
        depth += token.nesting
        if token.type == "html_block":
            fold += token.content.count("<details") - token.content.count("</details")
        if depth or fold:
            continue
        piece = tokens[start : index + 1]
        start = index + 1
        text = _markdown().renderer.render(piece, _markdown().options, {})
        text = _OUTSIDE.sub(r"\1\2.html", text)  # the exercises are pages alone
        text = _NOTEBOOK.sub(rf"\1\2{suffix}", text)
        words = plain(text)
        level = int(token.tag[1]) if token.type == "heading_close" else 0
        yield _kind_of(text, words, level), text, words, level


def _kind_of(text: str, words: str, level: int) -> Kind:
    if level:
        return "heading"
    if "<details" in text:
        return "fold"
    return "predict" if words.startswith("Predict.") else "text"


def _code(cell: NotebookNode) -> _Found:
    """Yield the code of a cell, then each of its outputs."""
    code = highlight(cell.source, PythonLexer(), _formatter())
    yield "code", code, cell.source, 0
    for output in cell.get("outputs", []):
        text, words = _output(output)
        if text:
            yield "output", f'<div class="output">{text}</div>', words, 0


_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""What colours text in a terminal."""


def _output(output: NotebookNode) -> tuple[str, str]:
    """Return an output as HTML and in words; of its faces the richest is taken."""
    if output.output_type == "stream":
        text = _COLOURS.sub("", output.text)
        return f"<pre>{html.escape(text.rstrip())}</pre>", text.strip()
    if output.output_type == "error":
        words = f"{output.ename}: {output.evalue}"
        return f"<pre>{html.escape(words)}</pre>", words
    data = output.get("data", {})
    words = data.get("text/plain", "").strip()
    return data.get("text/html") or f"<pre>{html.escape(words)}</pre>", words


def plain(text: str) -> str:
    """Return the words of a piece of HTML, without its tags.

    >>> plain("<p>Two <b>words</b> &amp; more</p>")
    'Two words & more'
    """
    return " ".join(html.unescape(_TAG.sub(" ", text)).split()).replace(" .", ".")


def words_of(text: str) -> str:
    """Return the words of a Markdown text.

    >>> words_of("A *kernel* of `3 x 3`.")
    'A kernel of 3 x 3.'
    """
    return plain(_markdown().render(text))


def unfolded(text: str) -> str:
    """Return a fold as an open box, its summary as its first line."""
    text = _SUMMARY.sub(r'<p class="fold-title">\1</p>', text)
    return text.replace("<details>", '<div class="fold">').replace(
        "</details>", "</div>"
    )


def code_style(scope: str) -> str:
    """Return the style sheet of highlighted code below ``scope``."""
    return _formatter().get_style_defs(scope)


@cache
def _formatter() -> HtmlFormatter:
    return HtmlFormatter(style=_STYLE, cssclass="code")


@cache
def _markdown() -> MarkdownIt:
    def formula(tex: str, options: dict[str, Any]) -> str:
        return mathml(tex, block=options["display_mode"])

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return parser.use(dollarmath_plugin, double_inline=True, renderer=formula)
