"""Compare outcomes with the reference's and find the mistake that explains them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnnlib.checks.ask import ask
from cnnlib.checks.question import Case, Question
from cnnlib.checks.values import Outcome, Value, differs

from . import messages
from .key import Key, Mistake, Task

_STOPPERS = ("called:", "cnnlib:")


@dataclass(frozen=True)
class Verdict:
    """The verdict on an answer.

    Attributes:
        status: "passed", "failed", "error" (it raised), "timed out" or "unsolved".
        text: what the student reads; the whole message.
        mistake: the name of the mistake found, or "".
        case: the kind of the case that shows it, or "".
    """

    status: str
    text: str
    mistake: str = ""
    case: str = ""

    @property
    def passed(self) -> bool:
        """Whether the answer earns its points."""
        return self.status == "passed"


def judge(
    task: Task,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    known: Known | None = None,
) -> Verdict:
    """Return the verdict on the outcomes of an answer, case by case as asked.

    Who judges many answers to the same cases hands over one `Known` for all of them.
    """
    question = task.question
    known = known or Known(task, cases)
    if _unsolved(question, outcomes):
        return Verdict("unsolved", messages.unsolved(question))
    remarks = [remark for outcome in outcomes for remark in outcome.remarks]
    stopper = next((r for r in remarks if r.startswith(_STOPPERS)), "")
    if stopper:
        return Verdict("failed", messages.remark(question, stopper, None), stopper)
    if any(outcome.error == "TooLong" for outcome in outcomes):
        return Verdict("timed out", messages.too_long(question))
    wrong = [i for i in range(len(cases)) if not _accepts(known, i, outcomes[i])]
    if not wrong:
        return _without_fault(task, cases, outcomes)
    shown = min(wrong, key=lambda i: _telling(outcomes[i], cases[i], i))
    mistake = _find(known, outcomes, shown)
    expected = known.right(shown)
    text = messages.failure(task, cases, outcomes, expected, wrong, shown, mistake)
    status = "error" if outcomes[shown].error else "failed"
    return Verdict(status, text, mistake.name if mistake else "", cases[shown].kind)


class Known:
    """What the reference and the mistakes give on some cases, worked out when asked."""

    def __init__(self, task: Task, cases: Sequence[Case]) -> None:
        self.task, self.cases = task, cases
        self._outcomes: dict[tuple[int, int], Outcome] = {}

    def right(self, i: int) -> Outcome:
        """Return the reference's outcome of case `i`."""
        return self._outcome(self.task.key.reference, -1, i)

    def wrong(self, mistake: int, i: int) -> Outcome:
        """Return the outcome of case `i` with a mistake, named by its place."""
        return self._outcome(self.task.key.mistakes[mistake].answer, mistake, i)

    def _outcome(self, answer: Any, place: int, i: int) -> Outcome:
        if (place, i) not in self._outcomes:
            (found,) = ask(self.task.question, answer, [self.cases[i]], watched=False)
            self._outcomes[place, i] = found
        return self._outcomes[place, i]


def _telling(outcome: Outcome, case: Case, i: int) -> tuple[bool, bool, int, int]:
    """Order failed cases: those with a result first, then by how little they hold."""
    return bool(outcome.error), case.gradient, case.size, i


def _unsolved(question: Question, outcomes: Sequence[Outcome]) -> bool:
    if outcomes and outcomes[0].is_stub:
        return True
    value = outcomes[0].values.get("result") if outcomes else None
    return value is not None and _all_dots(value)


def _all_dots(value: Value) -> bool:
    if value.type in ("list", "dict") and value.data:
        entries = value.data.values() if value.type == "dict" else value.data
        return all(_all_dots(entry) for entry in entries)
    return value.type == "unsolved"


def _without_fault(
    task: Task, cases: Sequence[Case], outcomes: Sequence[Outcome]
) -> Verdict:
    """All values are right; what is left are the traces on the way."""
    for case, outcome in zip(cases, outcomes, strict=True):
        if outcome.remarks:
            remark = outcome.remarks[0]
            text = messages.remark(task.question, remark, case)
            return Verdict("failed", text, remark, case.kind)
    return Verdict("passed", messages.passed(task, len(cases)))


def _accepts(known: Known, i: int, found: Outcome) -> bool:
    """Tell whether an outcome of a case will do."""
    if found.error:
        return False
    key = known.task.key
    if key.accepts is not None:
        try:
            return bool(key.accepts(found.values, known.cases[i]))
        except Exception:  # values of a type that cannot be judged
            return False
    return alike(found, known.right(i), key)


def alike(found: Outcome, expected: Outcome, key: Key) -> bool:
    """Tell whether two outcomes are the same values, or both an error."""
    if bool(found.error) != bool(expected.error):
        return False
    if found.values.keys() != expected.values.keys():
        return False
    return not any(
        differs(
            found.values[name], expected.values[name], key.rtol, key.atol, key.any_dtype
        )
        for name in expected.values
    )


def _find(known: Known, outcomes: Sequence[Outcome], shown: int) -> Mistake | None:
    """Return the first mistake that gives the same values on every case."""
    key, cases = known.task.key, known.cases
    order = [shown, *(i for i in range(len(cases)) if i != shown)]
    if key.each:
        order = [shown]
    for place, mistake in enumerate(key.mistakes):
        if mistake.matches is not None:
            if not outcomes[shown].error and _matches(
                mistake, outcomes[shown], cases[shown]
            ):
                return mistake
        elif all(alike(outcomes[i], known.wrong(place, i), key) for i in order):
            return mistake
    return None


def _matches(mistake: Mistake, outcome: Outcome, case: Case) -> bool:
    assert mistake.matches is not None
    try:
        return bool(mistake.matches(outcome.values, case))
    except Exception:  # values of a type that the mistake does not fit
        return False
