"""Headings and prose of a Markdown cell, code fences left out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_FENCE = re.compile(r"\s*(```+|~~~+)")
_HEADING = re.compile(r"(#{1,6})(?:\s+(.*?))?\s*#*\s*")
_SLUG_LENGTH = 48


@dataclass(frozen=True)
class Heading:
    """A heading: its level (1 to 6), its words, its line in the cell (from 0)."""

    level: int
    text: str
    offset: int


def prose(text: str) -> list[str]:
    """Return the lines of a Markdown text, those of fenced code made empty."""
    lines, fence = [], ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        inside = bool(fence)
        if match and not fence:
            fence = match[1]
        elif match and match[1].startswith(fence):
            fence = ""
        lines.append("" if inside or match else line)
    return lines


def headings(text: str) -> list[Heading]:
    """Return the headings (``# Title``) of a Markdown text, in order."""
    found = []
    for offset, line in enumerate(prose(text)):
        match = _HEADING.fullmatch(line)
        if match:
            found.append(Heading(len(match[1]), (match[2] or "").strip(), offset))
    return found


def slug(text: str) -> str:
    """Return lower-case words joined by '-', 48 characters at most, cut at a word.

    >>> slug("Why `same` fails: even kernels")
    'why-same-fails-even-kernels'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())
    while len("-".join(words)) > _SLUG_LENGTH and len(words) > 1:
        words.pop()
    return "-".join(words)[:_SLUG_LENGTH]
