"""An item in HTML that Moodle and Canvas keep: plain tables, ``pre`` and ``code``."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from cnnlib.practice.items import Block, Form, Item, shown

_CODE = re.compile(r"`([^`]+)`")


def inline(text: str) -> str:
    """Return a sentence as HTML; what stands in backticks is code.

    >>> inline("Is `a < b` so?")
    'Is <code>a &lt; b</code> so?'
    """
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def question(item: Item) -> str:
    """Return the question as HTML: its text, then its grids, tables and code."""
    return f"<p>{inline(item.text)}</p>" + "".join(map(block, item.blocks))


def block(one: Block) -> str:
    """Return a grid, a table or code as HTML."""
    if one.kind == "code":
        lines = "\n".join(escape(str(row[0]), quote=False) for row in one.rows)
        return f"<pre><code>{lines}</code></pre>"
    head = "".join(f'<th scope="col">{inline(str(name))}</th>' for name in one.head)
    caption = f"<caption>{inline(one.caption)}</caption>" if one.caption else ""
    rows = (f"<tr>{head}</tr>" if head else "") + _rows(one.rows)
    table = f'<table border="1" cellpadding="4">{caption}<tbody>{rows}</tbody></table>'
    return (
        '<div style="display: inline-block; vertical-align: top; margin-right: 1em;">'
        f"{table}</div>"
    )


def _rows(rows: Any) -> str:
    return "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return f"<td>{inline(value)}</td>"
    return f'<td style="text-align: right;">{shown(value, "number")}</td>'


def answer(value: Any, form: Form) -> str:
    """Return an answer as HTML: a grid as a table, all else as text."""
    if form == "grid":
        return (
            f'<table border="1" cellpadding="4"><tbody>{_rows(value)}</tbody></table>'
        )
    return inline(shown(value, form))


def solution(item: Item) -> str:
    """Return the worked solution as HTML."""
    steps = "".join(f"<li>{inline(step)}</li>" for step in item.steps)
    read = f"Lesson {item.lesson}, {item.heading}"
    return f"<p>Step by step:</p><ol>{steps}</ol><p>{inline(read)}</p>"


UNKNOWN = (
    "<p>This is not right, and none of the mistakes that are known here gives it. "
    "Compare your steps with the worked solution.</p>"
)
HOW = {
    "number": "Type a number.",
    "size": "Type height x width, such as 14x12.",
    "shape": "Type the shape, such as (1, 3, 28).",
    "row": "Type the numbers in brackets, such as [1, 2, 3].",
}
"""How an answer is typed, below the question."""


def asked(item: Item, *, typed: bool) -> str:
    """Return the question for a platform; where the answer is typed it says how."""
    how = f"<p><em>{HOW[item.form]}</em></p>" if typed else ""
    return question(item) + how
