"""The verdict on every task, from what came of the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnnlib.checks._check import SEED, Check
from cnnlib.checks._judge import judge
from cnnlib.checks._plain import Outcome
from cnnlib.checks._registry import questions, task
from cnnlib.checks._wire import WireError, unpack

from . import _code
from ._match import Match
from ._plan import Step
from ._run import Limits
from ._session import Done


@dataclass(frozen=True)
class TaskVerdict:
    """What became of one task.

    Attributes:
        status: passed, failed, error, timed out, died, missing, unsolved, not reached.
        text: the whole message for the student.
    """

    task: str
    points: int
    status: str
    text: str

    @property
    def passed(self) -> bool:
        """Whether it earns its points."""
        return self.status == "passed"

    @property
    def earned(self) -> int:
        """The points earned: all or none."""
        return self.points if self.passed else 0

    @property
    def sentence(self) -> str:
        """The first line, without its sign and without the name that leads it."""
        line = self.text.split("\n")[0].lstrip("✓✗ ").removeprefix(f"{self.task}")
        return line.removeprefix(": ") if line.startswith(":") else f"it{line}"

    @property
    def details(self) -> str:
        """The whole message, "" if the first line says all of it."""
        return self.text if "\n" in self.text else ""


def limits(cell: float) -> Limits:
    """Return the time limits of cells and of all questions."""
    return Limits(cell, {name: q.seconds for name, q in questions().items()})


def verdicts(
    match: Match, steps: Sequence[Step], done: dict[int, Done], limit: float
) -> list[TaskVerdict]:
    """Return the verdict on each task of the exercise, in order."""
    cells = {s.task: done.get(i) for i, s in enumerate(steps) if s.task and s.cell}
    made = []
    for number, step in enumerate(steps):
        if step.asks:
            found = done.get(number)
            status, text = _one(match, step.task, found, cells.get(step.task), limit)
            if not text.startswith(("✓", "✗")):
                text = f"✗ {step.task}: {text}"
            points = questions()[step.task].points
            made.append(TaskVerdict(step.task, points, status, text))
    return made


def _one(
    match: Match, name: str, found: Done | None, cell: Done | None, limit: float
) -> tuple[str, str]:
    """Return status and message of a task, from its asking and its answer cell."""
    if found is None:
        return "not reached", "it was not reached: too many cells ended Python."
    if found.state == "died":
        return "died", f"while it was called, {found.reason}."
    if found.state == "timed out":
        return _judged(name, [Outcome(error="TooLong")])
    answer = found.facts.get("answer")
    if answer == "missing":
        return _missing(match, name, cell, limit)
    if answer == "no function":
        kind = str(found.facts.get("type"))
        stand_in: Any = ... if kind == "..." else type(kind, (), {})()
        verdict = Check(name).verdict(stand_in)
        return verdict.status, verdict.text
    if answer == "raised":
        return "error", f"a call of it raised {raised(found)}."
    return _judged(name, found.facts.get("outcomes"))


def _judged(name: str, sent: Any) -> tuple[str, str]:
    cases = questions()[name].draw(SEED)
    try:
        if isinstance(sent, list) and sent and isinstance(sent[0], Outcome):
            outcomes = sent * len(cases)
        else:
            outcomes = unpack(sent, len(cases))
        verdict = judge(task(name), cases, outcomes)
    except WireError as error:
        return "error", f"what came back from it cannot be judged. {error}"
    return verdict.status, verdict.text


def _missing(
    match: Match, name: str, cell: Done | None, limit: float
) -> tuple[str, str]:
    """Say why there is no answer where it is asked for."""
    here = match.cell(name, "answer")
    if here is None:
        return "missing", (
            f"its answer cell is not in the file. `cnnlib reset FILE {name}` puts it "
            "back."
        )
    if cell is None:
        return "not reached", "it was not reached: too many cells ended Python."
    if cell.state == "died":
        return "died", f"it has no answer: while its cell ran, {cell.reason}."
    if cell.state == "timed out":
        return "timed out", (
            f"it has no answer: its cell was stopped after {limit:g} seconds. Does a "
            "loop never end?"
        )
    if cell.facts.get("raised"):
        return "error", f"it has no answer: its cell raised {raised(cell)}."
    others = sorted(_code.bound(here.source))
    made = f" It defines {', '.join(others)}." if others else ""
    return "missing", (
        f"its cell does not define it.{made} The answer must be called {name}."
    )


def raised(found: Done) -> str:
    """Return in words what a step raised."""
    error = found.facts.get("raised")
    if not isinstance(error, dict):
        return "an error"
    text = f": {error['text']}" if error.get("text") else ""
    where = f" (line {error['line']} of the cell)" if error.get("line") else ""
    return f"{error.get('type')}{text}{where}"
