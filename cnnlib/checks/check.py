"""The checker of one task, as a notebook's check cell calls it."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch

from .ask import ask
from .registry import questions
from .stale import stale_note

if TYPE_CHECKING:
    from cnnjudge.judge import KnownOutcomes
    from cnnjudge.verdict import Verdict

SEED = 0
"""The cases of a notebook's check cell are always the same ones."""

JUDGE = "cnnjudge"
"""The package that judges; it is never in the sandbox."""


def is_judged_outside() -> bool:
    """Tell whether answers are judged in another process: then a check does nothing.

    In the sandbox `cnngrade.inside` sets the judge's entry in ``sys.modules`` to None,
    which makes every import of it fail. Where the package is merely not installed, a
    check raises ImportError: nobody must take its silence for a pass.
    """
    return sys.modules.get(JUDGE, ...) is None


def _need_the_judge() -> None:
    """Raise ImportError with what to do where the package that judges is missing."""
    if JUDGE not in sys.modules and find_spec(JUDGE) is None:
        raise ImportError(
            f"Checks need the package {JUDGE}, which is not installed here, though "
            "cnnlib is: they come together. Install the course again: "
            "pip install --force-reinstall --no-deps cnnlib",
            name=JUDGE,
        )


class Wrong(AssertionError):
    """An answer that did not pass; notebooks show the message alone."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.text)
        self.verdict = verdict

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows in place of a traceback."""
        return list(_lines_for_a_notebook(self.verdict))


def _lines_for_a_notebook(verdict: Verdict) -> Iterator[str]:
    """Yield the message line by line, long sentences broken; grids stay as they are."""
    for number, paragraph in enumerate(verdict.paragraphs):
        if number:
            yield ""
        for piece in paragraph:
            for line in piece.split("\n"):
                is_sentence = piece != verdict.grids and not line.startswith(" ")
                yield from _wrapped(line) if is_sentence else [line]


def _wrapped(sentence: str) -> list[str]:
    """Break a sentence between words, where notebooks would break a word."""
    lines = textwrap.wrap(sentence, 88, break_long_words=False, break_on_hyphens=False)
    return lines or [""]


class Check:
    """Checks answers to one task: ``checks.conv2d(conv2d)``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"checks.{self.name}: call it with your answer"

    def __call__(self, answer: Any) -> float | None:
        """Print one line if the answer is right, else raise Wrong with the reason.

        When nbgrader grades, an answer that is right in part raises nothing: its points
        are the cell's result, which nbgrader takes for them.
        """
        if is_judged_outside():
            return None
        verdict = self.verdict(answer)
        if verdict.part_points and os.environ.get("NBGRADER_EXECUTION") == "autograde":
            print(verdict.text)
            return verdict.part_points
        if not verdict.passed:
            note = stale_note(self.name, answer)
            raise Wrong(replace(verdict, note=note) if note else verdict)
        print(verdict.text)
        return None

    def verdict(
        self,
        answer: Any,
        seed: int = SEED,
        *,
        watched: bool = True,
        known: KnownOutcomes | None = None,
    ) -> Verdict:
        """Return the verdict on an answer for the cases of a seed.

        Without `watched` forbidden calls are not noticed: the reference makes them, and
        must pass too. With `known`, its cases are asked in place of those of `seed`.
        """
        _need_the_judge()
        from cnnjudge.judge import judge  # late: not in the sandbox
        from cnnjudge.messages import not_callable
        from cnnjudge.tasks import task

        question = questions()[self.name]
        cases = known.cases if known else question.draw(seed)
        if not question.is_value and not callable(answer):
            type_name = "..." if answer is ... else type(answer).__name__
            return not_callable(self.name, type_name)
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
