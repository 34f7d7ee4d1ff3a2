"""All questions by name, loaded when one is first asked for."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from . import questions as question_modules
from .question import Question


@cache
def questions() -> dict[str, Question]:
    """Return all questions by name, in the order of the lessons.

    Each module in ``questions/`` has those of one lesson; none is listed by hand.
    """
    by_name: dict[str, Question] = {}
    found = pkgutil.iter_modules(question_modules.__path__)
    for name in sorted(entry.name for entry in found):
        module = import_module(f"{question_modules.__name__}.{name}")
        by_name |= {question.name: question for question in module.QUESTIONS}
    return by_name
