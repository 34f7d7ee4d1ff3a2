"""The verdict on every task, from what came of the steps."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from cnngrade.files import code
from cnngrade.files.match import Match
from cnngrade.files.plan import Step
from cnngrade.record import TaskVerdict
from cnngrade.sessions.patience import Patience
from cnngrade.sessions.session import Done
from cnnjudge.judge import Known, Verdict, judge
from cnnjudge.tasks import task
from cnnlib.checks.check import SEED, Check
from cnnlib.checks.registry import questions
from cnnlib.checks.values import Outcome, Value
from cnnlib.checks.wire import WireError, unpack

_NOT_REACHED = (
    "it was not reached: other cells took too long, or too many ended Python."
)


def limits(cell: float) -> Patience:
    """Return the time limits of cells and of all questions."""
    return Patience(cell, {name: q.seconds for name, q in questions().items()})


def verdicts(
    match: Match,
    steps: Sequence[Step],
    done: dict[int, Done],
    limit: float,
    seed: int = SEED,
) -> list[TaskVerdict]:
    """Return the verdict on each task of the exercise, in order."""
    cells = {s.task: done.get(i) for i, s in enumerate(steps) if s.task and s.cell}
    made = []
    for number, step in enumerate(steps):
        if step.asks:
            name, found = step.task, done.get(number)
            said, answer = _one(match, name, found, cells.get(name), limit, seed)
            text = said.text
            if not text.startswith(("✓", "✗")):
                text = f"✗ {name}: {text}"
            points = questions()[name].points
            made.append(
                TaskVerdict(
                    *(name, points, said.status, text),
                    *(said.mistake, said.case, answer),
                )
            )
    return made


def _one(
    match: Match,
    name: str,
    found: Done | None,
    cell: Done | None,
    limit: float,
    seed: int,
) -> tuple[Verdict, str]:
    """Return the verdict on a task, and what `_same` says of a wrong answer."""
    if found is None:
        return Verdict("not reached", _NOT_REACHED), ""
    if found.state == "died":
        return Verdict("died", f"while it was called, {found.reason}."), ""
    if found.state == "timed out":
        return _judged(name, [Outcome(error="TooLong")], seed)
    answer = found.facts.get("answer")
    if answer == "missing":
        return Verdict(*_missing(match, name, cell, limit)), ""
    if answer == "no function":
        kind = str(found.facts.get("type"))
        stand_in: Any = ... if kind == "..." else type(kind, (), {})()
        return Check(name).verdict(stand_in), ""
    if answer == "raised":
        return Verdict("error", f"a call of it raised {raised(found)}."), ""
    return _judged(name, found.facts.get("outcomes"), seed)


@lru_cache(maxsize=256)
def known(name: str, seed: int) -> Known:
    """Return what is known of a task's cases: one for all answers to them."""
    return Known(task(name), questions()[name].draw(seed))


def _judged(name: str, sent: Any, seed: int) -> tuple[Verdict, str]:
    about = known(name, seed)
    try:
        if isinstance(sent, list) and sent and isinstance(sent[0], Outcome):
            outcomes = sent * len(about.cases)
        else:
            outcomes = unpack(sent, len(about.cases))
        verdict = judge(about.task, about.cases, outcomes, about)
        return verdict, _same(outcomes) if verdict.status == "failed" else ""
    except Exception as error:  # values that no checker was made for
        why = error if isinstance(error, WireError) else type(error).__name__
        text = f"what came back from it cannot be judged. {why}"
        return Verdict("error", text), ""


def _same(outcomes: Sequence[Outcome]) -> str:
    """Return a word that is the same for outcomes that are the same, about."""
    made = hashlib.sha256()
    for outcome in outcomes:
        made.update(repr((outcome.error, outcome.remarks)).encode())
        for name, value in sorted(outcome.values.items()):
            made.update(f"{name} {_rough(value)}".encode())
    return made.hexdigest()[:12]


def _rough(value: Value) -> str:
    """Return a value in words, its numbers to four digits."""
    data = value.data
    if value.type in ("tensor", "array"):
        numbers = np.asarray(data).reshape(-1)[:10_000]
        return f"{value.shape} {[_digits(number) for number in numbers.tolist()]}"
    if value.type in ("list", "dict"):
        entries = data.items() if value.type == "dict" else enumerate(data)
        return str([(str(key), _rough(entry)) for key, entry in entries])
    return f"{value.type} {_digits(data)}"


def _digits(data: Any) -> str:
    return f"{data + 0.0:.4g}" if isinstance(data, float) else repr(data)


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
        return "not reached", _NOT_REACHED
    if cell.state == "died":
        return "died", f"it has no answer: while its cell ran, {cell.reason}."
    if cell.state == "timed out":
        return "timed out", (
            f"it has no answer: its cell was stopped after {limit:g} seconds. Does a "
            "loop never end?"
        )
    if cell.facts.get("raised"):
        return "error", f"it has no answer: its cell raised {raised(cell)}."
    others = sorted(code.bound(here.source))
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
