"""Checkers for the exercises: ``checks.conv2d(conv2d)``, one to every task.

Each puts its cases to the answer. If all is well it prints one line; if not it raises
an AssertionError that says which kind of case is wrong, shows the smallest such case,
and names the likely mistake, without giving the answer away.

What only shows from inside (an input changed in place, a forbidden call) is noticed as
far as it can be; nothing here keeps somebody from deceiving themselves.

Where things are. This package asks, and holds no right answer, since student code can
read it. `cnnjudge` knows the answers, and writes what a student reads.

- ``questions/lessonNN.py``: the tasks of a lesson: arguments, points, cases.
- ``question.py``: what a task and a case are; ``registry.py``: all tasks by name;
  ``nets.py``: nets for cases.
- ``check.py``: a notebook's check cell, and how a notebook shows a verdict.
- ``ask.py``: an answer is called on the cases; ``watch.py``: what is noticed meanwhile
  (forbidden calls, printing, time).
- ``values.py``: what came of it, as plain values; ``wire.py``: the same as lines of
  JSON, from the sandbox to the judge.

Tasks are attributes of this package, and so are its modules: no task has the name of
one (a test looks).
"""

from __future__ import annotations

from typing import Any

from .check import Check, Wrong
from .registry import questions

__all__ = ["Check", "Wrong", "names"]


def names() -> list[str]:
    """Return the names of all tasks, in the order of the lessons."""
    return list(questions())


def __getattr__(name: str) -> Any:
    if name.startswith("_") or name not in questions():
        known = "" if name.startswith("_") else f" There are: {', '.join(questions())}."
        raise AttributeError(f"No task is called {name!r}.{known}")
    return Check(name)


def __dir__() -> list[str]:
    return sorted([*__all__, *questions()])
