"""A paragraph that asks the reader to do something stands as a card.

In the lesson's text it begins with **Predict.**, **Try.** or **By hand**; in the
notebook it is a block quote, which JupyterLab, Colab, VS Code and GitHub set apart from
the text.
"""

from __future__ import annotations

import re

_CARD = re.compile(r"\*\*(?:Predict|Try|By hand)\b")


def with_cards(text: str) -> str:
    r"""Return a Markdown text with such paragraphs quoted; code is left as it is.

    >>> with_cards("Look.\n\n**Predict.** How many\nrows?\n\nThen run it.")
    'Look.\n\n> **Predict.** How many\n> rows?\n\nThen run it.'
    """
    lines, card, fence = [], False, False
    before = ""
    for line in text.split("\n"):
        if line.startswith("```"):
            fence = not fence
        begins = not before.strip() and bool(_CARD.match(line))
        card = not fence and bool(line.strip()) and (card or begins)
        lines.append(f"> {line}" if card else line)
        before = line
    return "\n".join(lines)
