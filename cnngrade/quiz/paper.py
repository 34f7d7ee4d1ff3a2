"""A quiz on paper: sheets with boxes for the answers, a key, and the marking table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cnnlib.practice.items import Item

from . import words
from .answers import Row, marking_rows
from .draw import Quiz

MOST_WORKED = 8
"""Up to so many variants the key has the worked solutions, and a column for each."""


@dataclass(frozen=True)
class Sheet:
    """One variant on paper.

    Attributes:
        label: "Variant A", or whose sheet it is.
        person: the student's name, to be printed in the field; "" without one.
        rows: of each item the rows of the marking table.
    """

    label: str
    person: str
    items: tuple[Item, ...]
    rows: tuple[tuple[Row, ...], ...]


def sheets(quiz: Quiz) -> list[Sheet]:
    """Return the sheets of a quiz, one for each variant."""
    return [
        Sheet(
            label=name if quiz.people else f"Variant {name}",
            person=name if quiz.people else "",
            items=tuple(quiz.sheet(variant)),
            rows=tuple(
                tuple(marking_rows(name, number, item))
                for number, item in enumerate(quiz.sheet(variant), 1)
            ),
        )
        for variant, name in enumerate(quiz.names)
    ]


def sheets_html(quiz: Quiz, some: Sequence[Sheet]) -> str:
    """Return sheets as one page to print. It has no right answer, and no seed."""
    return _page("sheet.html", quiz=quiz, sheets=some)


def key_html(quiz: Quiz, some: Sequence[Sheet], origin: str) -> str:
    """Return the right answers, of few variants with the worked solutions.

    `origin` is a sentence that says what the quiz was drawn from.
    """
    few = len(some) <= MOST_WORKED
    return _page("key.html", quiz=quiz, sheets=some, origin=origin, few=few)


def marking_html(quiz: Quiz, some: Sequence[Sheet], origin: str) -> str:
    """Return the marking table: of each item the wrong values and what they mean."""
    return _page("marking.html", quiz=quiz, sheets=some, origin=origin)


def marking_csv(some: Sequence[Sheet]) -> str:
    """Return the marking table for a spreadsheet, a row to a value."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(
        ["variant", "item", "form", "answer", "mistake", "what it means", "within"]
    )
    for sheet in some:
        for row in (row for rows in sheet.rows for row in rows):
            within = f"{row.near:.6f}".rstrip("0").rstrip(".")
            writer.writerow(
                [
                    _text(row.variant),
                    row.number,
                    row.form,
                    _text(row.value),
                    row.mistake or "right",
                    row.meaning,
                    within,
                ]
            )
    return target.getvalue()


def _text(value: str) -> str:
    """Keep a spreadsheet from taking a text that is no number for a formula."""
    is_formula = value[:1] in "=+@\t" or (value[:1] == "-" and not _is_number(value))
    return f"'{value}" if is_formula else value


def _is_number(value: str) -> bool:
    return value.replace(",", "").replace(".", "").lstrip("-").isdigit()


def read_marking_csv(text: str) -> list[Row]:
    """Return the rows of a marking table that `marking_csv` wrote."""
    return [
        Row(
            variant=line["variant"],
            number=int(line["item"]),
            form=line["form"],  # type: ignore[arg-type]  # as it was written
            value=line["answer"],
            mistake="" if line["mistake"] == "right" else line["mistake"],
            meaning=line["what it means"],
            near=float(line["within"]),
        )
        for line in csv.DictReader(io.StringIO(text))
    ]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["css"] = _css
    environment.globals.update(
        question=lambda item: Markup(words.question(item)),
        answer=lambda value, form: Markup(words.answer(value, form)),
        solution=lambda item: Markup(words.solution(item)),
        inline=lambda text: Markup(words.inline(text)),
    )
    return environment


def _css(text: str) -> Markup:
    """Write a text so that it can stand in quotes in CSS."""
    kept = (c if c.isalnum() or c in " ,.-:()" else f"\\{ord(c):x} " for c in text)
    return Markup("".join(kept))


def _page(template: str, **given: object) -> str:
    return _environment().get_template(template).render(**given)
