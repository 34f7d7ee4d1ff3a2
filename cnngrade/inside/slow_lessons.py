"""Which lessons have a task for which something is trained: they need more time."""

from __future__ import annotations

from cnnlib.checks.question import Question
from cnnlib.checks.registry import questions


def has_slow_question(lesson: str) -> bool:
    """Tell whether some question of a lesson may take longer than most."""
    mine = [question for question in questions().values() if question.lesson == lesson]
    return any(question.seconds > Question.seconds for question in mine)
