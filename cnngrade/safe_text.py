"""Text from strangers, made fit to be looked at: nothing steers, nothing hides.

Whatever a submission brings (names, code, messages) goes through here before it stands
in a report: control characters become pictures of themselves, what turns the reading
direction or breaks a file becomes U+FFFD, and what is too long is cut and says so.
"""

from __future__ import annotations

import re
import unicodedata

from cnnlib.text import count

_REPLACED = "�"
_HIDDEN = re.compile(
    "[\x80-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
_BREAKS_SHOWN = {code: _PICTURES[code] for code in (9, 10)}
_MARKS = 4
"""Accents on one letter that are shown; a tower of them covers its neighbours."""


def visible(text: str) -> str:
    """Return text in which every character but line ends and tabs can be seen."""
    text = text.replace("\r\n", "\n")
    text = _CONTROL.sub(lambda control: chr(_PICTURES[ord(control[0])]), text)
    if text.isascii():
        return text
    return _untowered(_HIDDEN.sub(_REPLACED, text))


def one_line(text: str, most: int = 300) -> str:
    """Return text as a single line of at most about `most` characters."""
    return visible(cut(text, most)).translate(_BREAKS_SHOWN)


def cut(text: str, most: int) -> str:
    """Return text, shortened if need be, with a note of how much is left out."""
    left = len(text) - most
    return text if left <= 0 else f"{text[:most]}… ({count(left, 'character')} more)"


def cut_lines(text: str, lines: int = 200, width: int = 400) -> str:
    """Return text of at most `lines` lines, each of about `width` characters."""
    split = text.replace("\r\n", "\n").split("\n")
    kept = [cut(line, width) for line in split[:lines]]
    if len(split) > lines:
        kept.append(f"… ({count(len(split) - lines, 'line')} more)")
    return "\n".join(kept)


def _untowered(text: str) -> str:
    """Leave out the accents of a letter beyond the first few."""
    kept, marks = [], 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks <= _MARKS:
            kept.append(letter)
    return "".join(kept)
