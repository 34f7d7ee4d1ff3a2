"""All questions by name, loaded when one is first asked for."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from functools import cache
from importlib import import_module

from cnnlib.settings import settings

from . import questions as question_modules
from .question import Question


@cache
def questions() -> dict[str, Question]:
    """Return the questions of the course by name, in the order of the lessons.

    Those that ``course.toml`` leaves out are not among them, and points are those that
    it gives.
    """
    return weighted(every_question(), settings().points)


@cache
def every_question() -> dict[str, Question]:
    """Return all questions as they are written, those that are left out, too.

    Each module in ``questions/`` has those of one lesson; none is listed by hand.
    """
    by_name: dict[str, Question] = {}
    found = pkgutil.iter_modules(question_modules.__path__)
    for name in sorted(entry.name for entry in found):
        module = import_module(f"{question_modules.__name__}.{name}")
        by_name |= {question.name: question for question in module.QUESTIONS}
    return by_name


def weighted(known: dict[str, Question], points: dict[str, int]) -> dict[str, Question]:
    """Return questions with other points: without those that have 0 then.

    Raises ValueError for a task that there is not.
    """
    if unknown := sorted(set(points) - set(known)):
        raise ValueError(
            f"course.toml gives points to {unknown[0]!r}, which is no task."
        )
    made = {
        name: _with_points(question, points.get(name, question.points))
        for name, question in known.items()
    }
    return {name: question for name, question in made.items() if question.points}


def _with_points(question: Question, points: int) -> Question:
    """Share other points out among a question's parts, in halves, as they were.

    A half goes first to the part that is furthest below its share. Where there are
    fewer halves than parts, the task has no parts: all or nothing.
    """
    if points == question.points:
        return question
    halves = 2 * points
    if halves < len(question.parts):
        return replace(question, points=points, parts=())
    shares = [part.points / question.points * halves for part in question.parts]
    given = [1] * len(shares)  # no part is worth nothing
    while shares and sum(given) < halves:
        short = [share - got for share, got in zip(shares, given, strict=True)]
        given[short.index(max(short))] += 1
    parts = tuple(
        replace(part, points=got / 2)
        for part, got in zip(question.parts, given, strict=True)
    )
    return replace(question, points=points, parts=parts)
