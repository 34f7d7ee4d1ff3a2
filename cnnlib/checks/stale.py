"""Notice in a notebook that a check sees an older answer than the cell last written.

A cell with a syntax error does not run, and one that defines another name leaves the
old answer where it was: the check then judges what stood there before, and its message
speaks of code that nobody sees any more.
"""

from __future__ import annotations

import ast
import difflib
import linecache
import re
import sys
from collections.abc import Sequence
from typing import Any

from .registry import questions

_LAST = 3
"""So many cells before the check are looked at, the newest first."""
_LIKE = 0.75


def stale_note(name: str, answer: Any) -> str:
    """Return the sentence on an answer that is older than its cell, or ""."""
    try:
        return _note(name, answer, _cells_that_ran())
    except Exception:  # a shell, or an answer, of another kind: nothing is said
        return ""


def _cells_that_ran() -> list[str]:
    """Return the texts of the cells that were run, without the one that runs now."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    ran = shell.user_ns.get("In", []) if shell is not None else []
    return [str(text) for text in ran][:-1]


def _note(name: str, answer: Any, ran: Sequence[str]) -> str:
    code = getattr(answer, "__code__", None)
    if code is None:
        return ""
    source = "".join(linecache.getlines(code.co_filename))
    for text in list(reversed(ran))[:_LAST]:
        defined = re.findall(r"^def\s+(\w+)", text, re.M)
        if text.strip() and text.strip() == source.strip():
            return ""
        if name in defined and not _can_run(text):
            return (
                f"The cell with `def {name}` has a syntax error, so it did not run: "
                f"the "
                f"check still saw the {name} from before."
            )
        slips = [other for other in defined if other not in questions()]
        near = difflib.get_close_matches(name, slips, 1, _LIKE)
        if near and name not in defined:
            return (
                f"A cell that you ran just before defines `{near[0]}`. The check is of "
                f"`{name}`, which is an older one: is the name spelled right?"
            )
    return ""


def _can_run(text: str) -> bool:
    """Tell whether a cell is Python; a line of IPython's own is none, and does run."""
    plain = re.sub(r"^\s*[%!].*$", "", text, flags=re.M)
    try:
        ast.parse(plain)
    except SyntaxError:
        return False
    return True
