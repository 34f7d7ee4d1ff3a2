"""Checkers for the exercises: ``checks.conv2d(conv2d)``, one to every task.

Each puts its cases to the answer. If all is well it prints one line; if not it raises
an AssertionError that says which kind of case is wrong, shows the smallest such case,
and names the likely mistake, without giving the answer away.

What only shows from inside (an input changed in place, a forbidden call) is noticed as
far as it can be; nothing here keeps somebody from deceiving themselves.
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
