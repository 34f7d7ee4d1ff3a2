"""The verdict on every task, from what came of the steps."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from cnngrade.files import code
from cnngrade.files.match import Match
from cnngrade.files.plan import Step, answers_below
from cnngrade.limits import KEPT_CHARACTERS
from cnngrade.record import TaskResult
from cnngrade.safe_text import cut
from cnngrade.sessions.patience import Patience
from cnngrade.sessions.session import StepOutcome
from cnnjudge.judge import KnownOutcomes, judge
from cnnjudge.messages import not_callable
from cnnjudge.tasks import task
from cnnjudge.verdict import Verdict, unjudged
from cnnlib.checks.check import SEED
from cnnlib.checks.registry import questions
from cnnlib.checks.values import CaseOutcome, PlainValue
from cnnlib.checks.wire import WireError, unpack

_NOT_REACHED = (
    "it was not reached: other cells took too long, or too many ended Python."
)


def question_seconds() -> dict[str, float]:
    """Return how long the answers to each question may compute, by its name."""
    return {name: question.seconds for name, question in questions().items()}


def check_patience(cell: float) -> Patience:
    """Return how long `cnnlib check` waits for a cell, and for each question."""
    return Patience(cell, question_seconds())


def judge_steps(
    match: Match,
    steps: Sequence[Step],
    done: dict[int, StepOutcome],
    limit: float,
    seed: int = SEED,
) -> list[TaskResult]:
    """Return the result of each task of the exercise, in order."""
    cells = {s.task: done.get(i) for i, s in enumerate(steps) if s.task and s.cell}
    results = []
    for number, step in enumerate(steps):
        if step.asks:
            name, asked = step.task, done.get(number)
            if asked is not None and asked.facts.get("answer") == "missing":
                before = [one.source or "" for one in steps[:number]]
                verdict = _missing(match, name, cells.get(name), limit, before)
                fingerprint = ""
            else:
                verdict, fingerprint = _judge_answer(name, asked, seed)
                if verdict.remark.startswith("cut:"):
                    verdict = _without_gradients(verdict, steps[:number])
            points = questions()[name].points
            results.append(TaskResult(verdict, points, fingerprint))
    order = match.exercise.tasks
    results.sort(key=lambda result: order.index(result.task))
    return _with_code(match, results)


def _with_code(match: Match, results: Sequence[TaskResult]) -> list[TaskResult]:
    """Give results their code, and the lost tasks that this code uses."""
    below = answers_below(match)
    lost = {result.task for result in results if not result.passed}
    made = []
    for result in results:
        cell = below.get(result.task) or match.cell(result.task, "answer")
        source = cell.source if cell else ""
        is_lost = not result.passed and result.verdict.status != "unsolved"
        uses = code.used(source) & lost - {result.task} if is_lost else set()
        follows = tuple(name for name in match.exercise.tasks if name in uses)
        kept = cut(source, KEPT_CHARACTERS)
        made.append(replace(result, code=kept, follows=follows))
    return made


def _judge_answer(
    name: str, asked: StepOutcome | None, seed: int
) -> tuple[Verdict, str]:
    """Return the verdict on a task, and the fingerprint of a wrong answer."""
    if asked is None:
        return unjudged(name, "not reached", _NOT_REACHED), ""
    if asked.state == "died":
        return unjudged(name, "died", f"while it was called, {asked.reason}."), ""
    if asked.state == "timed out":
        return _judge_outcomes(name, [CaseOutcome(error="TooLong")], seed)
    answer = asked.facts.get("answer")
    if answer == "no function":
        return not_callable(name, str(asked.facts.get("type"))), ""
    if answer == "raised":
        return unjudged(name, "error", f"a call of it raised {raised(asked)}."), ""
    return _judge_outcomes(name, asked.facts.get("outcomes"), seed)


@lru_cache(maxsize=256)
def known_outcomes(name: str, seed: int) -> KnownOutcomes:
    """Return what is known of a task's cases: one for all answers to them."""
    return KnownOutcomes(task(name), questions()[name].draw(seed))


def _judge_outcomes(name: str, sent: Any, seed: int) -> tuple[Verdict, str]:
    known = known_outcomes(name, seed)
    try:
        if isinstance(sent, list) and sent and isinstance(sent[0], CaseOutcome):
            outcomes = sent * len(known.cases)
        else:
            outcomes = unpack(sent, len(known.cases))
        verdict = judge(known.task, known.cases, outcomes, known)
        is_compared = verdict.status == "failed"
        return verdict, _fingerprint(outcomes) if is_compared else ""
    except Exception as error:  # values that no checker was made for
        why = error if isinstance(error, WireError) else type(error).__name__
        text = f"what came back from it cannot be judged. {why}"
        return unjudged(name, "error", text), ""


def _fingerprint(outcomes: Sequence[CaseOutcome]) -> str:
    """Return a word that is the same for outcomes that are nearly the same."""
    digest = hashlib.sha256()
    for outcome in outcomes:
        digest.update(repr((outcome.error, outcome.remarks)).encode())
        for name, value in sorted(outcome.values.items()):
            digest.update(f"{name} {_rough(value)}".encode())
    return digest.hexdigest()[:12]


def _rough(value: PlainValue) -> str:
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


def _without_gradients(verdict: Verdict, before: Sequence[Step]) -> Verdict:
    """Name what switches gradients off, where a cell does that for all that follows."""
    of_task = [step for step in before if step.task == verdict.task and step.cell]
    others = [step for step in before if step.cell and step not in of_task]
    for steps, pattern in ((of_task, _NO_GRADIENTS), (others, _OFF)):
        for step in steps:
            found = pattern.search(_no_comments(step.source or ""))
            if found and step.cell:
                said = verdict.lead.partition(" `.item()`")[0]
                where = "its cell" if step in of_task else "another cell"
                reason = f"The likely reason is `{found[0]}` in {where}: it switches "
                return replace(verdict, lead=f"{said} {reason}gradients off.")
    return verdict


_OFF = re.compile(
    r"(torch\.|autograd\.|_C\._?)*set_grad_enabled\(\s*(mode=)?False\s*\)"
)
_NO_GRADIENTS = re.compile(
    rf"{_OFF.pattern}|@?(torch\.|autograd\.)*(no_grad|inference_mode)\b(\(\))?"
)


def _no_comments(source: str) -> str:
    return re.sub(r"#.*", "", source)


def _missing(
    match: Match,
    name: str,
    cell: StepOutcome | None,
    limit: float,
    before: Sequence[str],
) -> Verdict:
    """Return the verdict where there is no answer: it says why."""
    here = match.cell(name, "answer")
    if here is None:
        return unjudged(
            name,
            "missing",
            f"its answer cell is not in the file. `cnnlib reset FILE {name}` puts it "
            "back.",
        )
    if cell is None:
        return unjudged(name, "not reached", _NOT_REACHED)
    if cell.state == "died":
        reason = f"it has no answer: while its cell ran, {cell.reason}."
        return unjudged(name, "died", reason)
    if cell.state == "timed out":
        return unjudged(
            name,
            "timed out",
            f"it has no answer: its cell was stopped after {limit:g} seconds. Does a "
            "loop never end?",
        )
    if cell.facts.get("raised"):
        reason = f"it has no answer: its cell raised {raised(cell)}."
        return unjudged(name, "error", reason)
    magic = re.match(r"\s*%%(\w+)", here.source)
    if magic and magic[1] not in ("time", "capture", "prun"):
        reason = (
            f"`%%{magic[1]}` keeps what its cell defines to itself. Remove that line."
        )
        return unjudged(name, "missing", reason)
    if name in code.bound(here.source):
        return unjudged(
            name, "missing", f"its cell defines it, but {_lost(name, before)}"
        )
    others = sorted(code.bound(here.source))
    defines = f" It defines {', '.join(others)}." if others else ""
    return unjudged(
        name,
        "missing",
        f"its cell does not define it.{defines} The answer must be called {name}.",
    )


def _lost(name: str, before: Sequence[str]) -> str:
    """Return why a name that a cell defines is not there when it is asked for."""
    ran = [_no_comments(source) for source in before]
    deleted = rf"^[ \t]*del\b[^\n]*\b{re.escape(name)}\b"
    if any(re.search(deleted, source, re.M) for source in ran):
        return f"`del` takes {name} away again. Remove that line."
    wiped = re.search(r"%reset\w*|globals\(\)\.(clear|pop)", "\n".join(ran))
    if wiped:
        return f"`{wiped[0]}` takes it away again. Remove that line."
    return (
        f"when it was called {name} was not there. Is it under an `if` that is "
        "never true, or is the name deleted later?"
    )


def raised(step: StepOutcome) -> str:
    """Return in words what a step raised."""
    error = step.facts.get("raised")
    if not isinstance(error, dict):
        return "an error"
    text = f": {error['text']}" if error.get("text") else ""
    where = f" (line {error['line']} of the cell)" if error.get("line") else ""
    return f"{error.get('type')}{text}{where}"
