"""The process beside a student's cells: runs them and asks, judges nothing.

It reads one line from its input (the steps, and which of them to run), then writes one
before and one after every step; when its input is closed, it ends. Whatever the cells
print goes nowhere.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from cnnlib.checks._ask import ask
from cnnlib.checks._registry import questions
from cnnlib.checks._wire import dumps, loads, pack


class Shell(InteractiveShell):
    """IPython as in a notebook, with nobody in front of it."""

    def ask_exit(self) -> None:
        """Ignore `exit` and `quit`: what follows is to be judged, too."""

    def enable_gui(self, gui: str | None = None) -> None:
        """Ignore windows: ``%matplotlib inline`` asks for none."""


def main() -> None:
    """Run the steps that the input names and tell what came of them."""
    wire, control = os.fdopen(os.dup(1), "wb"), os.dup(0)
    given = loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with, args=(control,), daemon=True).start()
    known = questions()  # imports torch, while what goes wrong can still be heard

    def tell(step: int, **facts: Any) -> None:
        wire.write(dumps({"step": step} | facts))
        wire.flush()

    shell = _shell()
    _silence()
    sys.path.insert(0, "")  # a notebook imports what lies beside it
    for number in given["run"]:
        step = given["steps"][number]
        tell(number, state="start")
        if step["source"] is None:
            facts = _asked(known[step["task"]], shell.user_ns, given["seed"])
        else:
            facts = {"raised": _run(shell, step["source"])}
        tell(number, state="done", **facts)


def _end_with(control: int) -> None:
    """End when whoever started this process does: an endless loop would stay behind."""
    os.read(control, 1)
    os._exit(1)


def _shell() -> Shell:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return Shell.instance(config=config)


def _silence() -> None:
    """Point input, output and errors at nothing, also for programs that cells start."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)


def _run(shell: Shell, source: str) -> dict[str, Any] | None:
    """Run a cell; return what it raised, if anything."""
    try:
        result = shell.run_cell(source, silent=True)
    except BaseException as error:
        return _described(error)
    found = result.error_before_exec or result.error_in_exec
    return None if found is None else _described(found)


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


def _asked(question: Any, names: dict[str, Any], seed: int) -> dict[str, Any]:
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


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)  # nothing that a cell left running is waited for
