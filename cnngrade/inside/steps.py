"""One step of a submission, in the process beside student code: run a cell, or ask.

Nothing is judged here. What the cells print goes nowhere.
"""

from __future__ import annotations

import base64
import contextlib
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from cnnlib.checks.ask import ask
from cnnlib.checks.check import JUDGE
from cnnlib.checks.question import Question
from cnnlib.checks.registry import questions
from cnnlib.checks.wire import pack


class Shell(InteractiveShell):
    """IPython as in a notebook, with nobody in front of it."""

    def ask_exit(self) -> None:
        """Ignore `exit` and `quit`: what follows is to be judged, too."""

    def enable_gui(self, gui: str | None = None) -> None:
        """Ignore windows: ``%matplotlib inline`` asks for none."""


class StepRunner:
    """Does steps one after another, in one name space, as a notebook does.

    Attributes:
        slack: how many times as long as its question says an answer may take here.
    """

    def __init__(self, slack: float = 1.0) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self._shell = Shell.instance(config=config)
        self._known = questions()
        self.slack = slack
        sys.modules[JUDGE] = None  # type: ignore[assignment]  # checks are silent

    def do(self, step: dict[str, Any], seed: int) -> dict[str, Any]:
        """Run a step's cell, or ask its task; return what came of it."""
        if step["source"] is not None:
            return {"raised": self._run(step["source"])}
        question = self._known[step["task"]]
        patient = replace(question, seconds=question.seconds * self.slack)
        return _asked(patient, self._shell.user_ns, seed)

    def _run(self, source: str) -> dict[str, Any] | None:
        """Run a cell; return what it raised, if anything."""
        try:
            result = self._shell.run_cell(source, silent=True)
        except BaseException as error:
            return _described(error)
        found = result.error_before_exec or result.error_in_exec
        return None if found is None else _described(found)


def repeatable() -> None:
    """Let every run draw the same numbers where a student sets no seed."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002, what students draw from
    torch.manual_seed(0)


def bring(files: Sequence[tuple[str, str]]) -> None:
    """Put the files that lie beside a notebook into the folder to work in.

    It is done with a student's rights: what cannot be written is left out. A path that
    leads out of the folder is not taken, whoever gave it.
    """
    for path, text in files:
        parts = path.split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in parts):
            continue
        with contextlib.suppress(OSError):
            if parts[1:]:
                os.makedirs("/".join(parts[:-1]), exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            with open(os.open(path, flags, 0o644), "wb") as file:
                file.write(base64.b64decode(text))


def silence() -> None:
    """Point input, output and errors at nothing, also for programs that cells start."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


def _asked(question: Question, names: dict[str, Any], seed: int) -> dict[str, Any]:
    if question.name not in names:
        return {"answer": "missing"}
    answer = names[question.name]
    if not question.is_value and not callable(answer):
        kind = "..." if answer is ... else type(answer).__name__
        return {"answer": "no function", "type": kind[:100]}
    try:
        outcomes = pack(ask(question, answer, question.draw(seed)))
    except BaseException as error:  # what `ask` lets through: KeyboardInterrupt
        return {"answer": "raised", "raised": _described(error)}
    return {"answer": "asked", "outcomes": outcomes}


def _described(error: BaseException) -> dict[str, Any]:
    line = error.lineno if isinstance(error, SyntaxError) else None
    text = error.msg if isinstance(error, SyntaxError) else _text(error)
    return {
        "type": type(error).__name__[:100],
        "text": str(text)[:300],
        "line": line if isinstance(line, int) else 0,
    }


def _text(error: BaseException) -> str:
    try:
        return (str(error).strip().split("\n") or [""])[0]
    except BaseException:  # an error that cannot even say what it is
        return ""
