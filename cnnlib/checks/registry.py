"""All questions by name, loaded when one is first asked for."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from . import questions as lessons
from .question import Question


@cache
def questions() -> dict[str, Question]:
    """Return all questions by name, in the order of the lessons.

    Each module in ``questions/`` has those of one lesson; none is listed by hand.
    """
    by_name: dict[str, Question] = {}
    for name in sorted(entry.name for entry in pkgutil.iter_modules(lessons.__path__)):
        module = import_module(f"{lessons.__name__}.{name}")
        by_name |= {question.name: question for question in module.QUESTIONS}
    return by_name
