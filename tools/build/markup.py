"""What HTML and Markdown load by themselves, and pictures nobody described."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from tools.build.markdown import prose

_LOADING = {"src", "srcset", "poster", "background", "data"}
_HREF_LOADS = {"link", "image", "use", "feimage", "base"}
_INLINE = ("data:", "#", "about:", "blob:")
_CSS_URL = re.compile(r"url\(\s*['\"]?([^'\")\s]+)|@import\s+['\"]([^'\"]+)")
_SCRIPT_URL = re.compile(r"['\"`]((?:https?:|wss?:)?//[^'\"`\s]+)")
_NAMESPACE = "http://www.w3.org/"
_CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.S)
_IMAGE = re.compile(r"!\[([^\]]*)\](?:\(\s*<?([^)\s>]*)|\[([^\]]*)\])")


class _Reader(HTMLParser):
    """Collects (line from 0, message) for every fault of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[tuple[int, str]] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            local = name.split(":")[-1]
            if name in _LOADING or (local == "href" and tag in _HREF_LOADS):
                self._loads(value)
        self._style(given.get("style", ""))
        if tag == "img" and not given.get("alt", "").strip():
            self._fault("a picture without alt text")
        self._inside = tag if tag in ("style", "script") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self._style(data)
        elif self._inside == "script":
            for match in _SCRIPT_URL.finditer(data):
                self._loads(match[1])

    def _style(self, text: str) -> None:
        for match in _CSS_URL.finditer(text):
            self._loads(match[1] or match[2])

    def _loads(self, url: str) -> None:
        local = url.strip().lower()
        if local and not local.startswith((*_INLINE, _NAMESPACE)):
            self._fault(f"the page would load {url.strip()[:80]!r} by itself")

    def _fault(self, message: str) -> None:
        self.faults.append((self.getpos()[0] - 1, message))


def html_faults(html: str) -> list[tuple[int, str]]:
    """Return (line from 0, message) for what a page loads or leaves undescribed.

    >>> html_faults('<img alt="a cat" src="https://example.org/cat.png">')
    [(0, "the page would load 'https://example.org/cat.png' by itself")]
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.faults


def markdown_faults(text: str) -> list[tuple[int, str]]:
    """Return the same for Markdown: its pictures, and the HTML inside it."""
    shown = visible(text)
    faults = html_faults(shown)
    for match in _IMAGE.finditer(shown):
        line = shown.count("\n", 0, match.start())
        if not match[1].strip():
            faults.append((line, "a picture without alt text"))
        url = match[2] or match[3] or ""
        if not url.startswith(("data:", "attachment:")):
            faults.append((line, f"the page would load {url[:80]!r} by itself"))
    return faults


def links(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line from 0, target) of the links in a Markdown text."""
    shown = visible(text)
    for match in re.finditer(r"(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]*)", shown):
        yield shown.count("\n", 0, match.start()), match[1]


def visible(text: str) -> str:
    """Return a Markdown text with all code in it blanked, its lines kept."""
    shown = "\n".join(prose(text))
    return _CODE_SPAN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), shown)
