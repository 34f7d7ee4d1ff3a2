"""A quiz as GIFT, Moodle's format of plain text, which other systems read as well."""

from __future__ import annotations

from cnnlib.practice.items import Item, Option

from . import words
from .answers import is_typed, right_option, spellings, tolerances
from .draw import Quiz
from .moodle import category, question_name

_SIGNS = "~=#{}:"


def gift_text(quiz: Quiz, *, choices: bool = False) -> str:
    """Return the questions of a quiz, a category for each place.

    With `choices` no answer is typed.
    """
    parts = []
    for place in quiz.places:
        parts.append(f"$CATEGORY: {category(quiz, place)}")
        for variant, item in enumerate(place.different, 1):
            name = escaped(question_name(place, variant))
            parts.append(f"::{name}::{_question(item, choices=choices)}")
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    r"""Return a text with the signs that mean something in GIFT escaped.

    >>> escaped("a = {b}")
    'a \\= \\{b\\}'
    """
    text = text.replace("\\", "\\\\")
    for sign in _SIGNS:
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n")


def _question(item: Item, *, choices: bool) -> str:
    typed = is_typed(item) and not choices
    lines = [f"[html]{escaped(words.asked(item, typed=typed))}{{"]
    if typed and item.form == "number":
        lines[0] += "#"
        near = tolerances(item)
        for option in (right_option(item), *item.wrong):
            (value,) = spellings(option.value, "number")
            number = f"{value}:{near[option.text]:.6f}".rstrip("0").rstrip(".")
            number += "0" if number.endswith(":") else ""
            lines.append(f"\t={_weight(option)}{number}#{_said(option)}")
    elif typed:
        for option in (right_option(item), *item.wrong):
            for spelling in spellings(option.value, item.form):
                text = f"{_weight(option)}{escaped(spelling)}"
                lines.append(f"\t={text}#{_said(option)}")
        lines.append(f"\t=%0%*#{escaped(words.UNKNOWN)}")
    else:
        for option in item.options:
            text = escaped(words.answer(option.value, item.form))
            sign = "=" if option.right else "~"
            lines.append(f"\t{sign}{text}#{_said(option)}")
    lines.append(f"\t####{escaped(words.solution(item))}")
    return "\n".join(lines) + "\n}"


def _weight(option: Option) -> str:
    return "%100%" if option.right else "%0%"


def _said(option: Option) -> str:
    said = "Right." if option.right else words.inline(option.sentence)
    return escaped(f"<p>{said}</p>")
