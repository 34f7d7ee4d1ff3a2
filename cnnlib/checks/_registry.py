"""All tasks by name, loaded when one is first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from ._question import Question

if TYPE_CHECKING:
    from ._key import Task

LESSONS = ("01", "02", "03", "04", "05", "06", "07")


@cache
def questions() -> dict[str, Question]:
    """Return all questions by name, in the order of the lessons."""
    found: dict[str, Question] = {}
    for number in LESSONS:
        module = import_module(f"cnnlib.checks._questions.lesson{number}")
        found |= {question.name: question for question in module.QUESTIONS}
    return found


@cache
def task(name: str) -> Task:
    """Return a task: its question, and the key from the judge's side."""
    from ._key import Task  # not there beside a class's submissions

    question = questions()[name]
    module = import_module(f"cnnlib.checks._keys.lesson{question.lesson}")
    return Task(question, module.KEYS[name])
