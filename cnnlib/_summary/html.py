"""The summary as an HTML table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import Summary


def render_html(summary: Summary) -> str:
    return f"<pre>{escape(str(summary))}</pre>"
