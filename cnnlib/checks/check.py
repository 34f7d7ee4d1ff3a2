"""The checker of one task, as a notebook's check cell calls it."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from .ask import ask
from .registry import questions

if TYPE_CHECKING:
    from cnnjudge.judge import Known, Verdict

SEED = 0
"""The cases of a notebook's check cell are always the same ones."""

_WHOLE_WORDS: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
JUDGE = "cnnjudge"
"""The package that judges: not there beside a class's submissions."""


def is_judged_outside() -> bool:
    """Tell whether no judge may be seen here: then checks do nothing.

    `cnngrade.inside` says so in Python's own way: the package's entry in
    ``sys.modules`` is None, and nothing can import it. Where the package is merely
    missing, a check fails, as it must.
    """
    return sys.modules.get(JUDGE, ...) is None


class Wrong(AssertionError):
    """An answer that did not pass; notebooks show the message alone."""

    def _render_traceback_(self) -> list[str]:
        return [part for line in str(self).split("\n") for part in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    """Break a sentence where notebooks would break a word; leave grids as they are."""
    is_grid = "   " in line or line.startswith(" ")
    return [line] if is_grid else textwrap.wrap(line, 88, **_WHOLE_WORDS) or [""]


class Check:
    """Checks answers to one task: ``checks.conv2d(conv2d)``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"checks.{self.name}: call it with your answer"

    def __call__(self, answer: Any) -> None:
        """Print one line if the answer is right, else raise Wrong with the reason."""
        if is_judged_outside():
            return
        verdict = self.verdict(answer)
        if not verdict.passed:
            raise Wrong(verdict.text)
        print(verdict.text)

    def verdict(
        self,
        answer: Any,
        seed: int = SEED,
        *,
        watched: bool = True,
        known: Known | None = None,
    ) -> Verdict:
        """Return the verdict on an answer for the cases of a seed.

        Without `watched` forbidden calls go unnoticed: so the reference, which makes
        them, can be put to its own question. With `known` the cases are its own.
        """
        from cnnjudge.judge import Verdict, judge  # not beside a class's submissions
        from cnnjudge.tasks import task

        question = questions()[self.name]
        cases = known.cases if known else question.draw(seed)
        if not question.is_value and not callable(answer):
            kind = type(answer).__name__
            text = f"✗ {self.name} must be a function; it is of type {kind}."
            return Verdict("unsolved" if answer is ... else "failed", text)
        with _one_thread():
            outcomes = ask(question, answer, cases, watched=watched)
            return judge(task(self.name), cases, outcomes, known)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Give PyTorch one thread: for cases this small, more of them only wait."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
