"""Compare outcomes with the reference's and find the mistake that explains them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cnnlib.checks.ask import ask
from cnnlib.checks.question import Case
from cnnlib.checks.values import CaseOutcome, PlainValue

from . import messages
from .compare import difference
from .key import Key, Mistake, Task
from .verdict import Verdict

_STOPPERS = ("called:", "cnnlib:")
"""Remarks that decide alone, whatever the values are."""


def judge(
    task: Task,
    cases: Sequence[Case],
    outcomes: Sequence[CaseOutcome],
    known: KnownOutcomes | None = None,
) -> Verdict:
    """Return the verdict on the outcomes of an answer, case by case as asked.

    To judge many answers to the same cases, pass one `KnownOutcomes` for all of them.
    """
    question = task.question
    known = known or KnownOutcomes(task, cases)
    if _is_unsolved(outcomes):
        return messages.unsolved(question)
    remarks = [remark for outcome in outcomes for remark in outcome.remarks]
    stopper = next((r for r in remarks if r.startswith(_STOPPERS)), "")
    if stopper:
        return messages.remarked(question, stopper, None)
    if any(outcome.error == "TooLong" for outcome in outcomes):
        return messages.too_long(question)
    wrong = [i for i in range(len(cases)) if not _accepts(known, i, outcomes[i])]
    if not wrong:
        return _with_right_values(task, cases, outcomes)
    shown = min(wrong, key=lambda i: _readability(outcomes[i], cases[i], i))
    return messages.wrong(
        task,
        cases,
        outcomes[shown],
        known.of_reference(shown),
        wrong_cases=len(wrong),
        shown=shown,
        mistake=_explanation(known, outcomes, shown),
    )


class KnownOutcomes:
    """What the reference and the mistakes give on some cases, each asked once at most.

    Nothing is asked before it is needed: a right answer needs no mistake's outcome.
    """

    def __init__(self, task: Task, cases: Sequence[Case]) -> None:
        self.task, self.cases = task, cases
        self._outcomes: dict[tuple[int | None, int], CaseOutcome] = {}

    def of_reference(self, i: int) -> CaseOutcome:
        """Return the reference's outcome of case `i`."""
        return self._outcome(None, self.task.key.reference, i)

    def of_mistake(self, mistake: int, i: int) -> CaseOutcome:
        """Return the outcome of case `i` with the mistake at a place in the key."""
        return self._outcome(mistake, self.task.key.mistakes[mistake].answer, i)

    def _outcome(self, place: int | None, answer: Any, i: int) -> CaseOutcome:
        if (place, i) not in self._outcomes:
            (outcome,) = ask(self.task.question, answer, [self.cases[i]], watched=False)
            self._outcomes[place, i] = outcome
        return self._outcomes[place, i]


def _readability(
    outcome: CaseOutcome, case: Case, i: int
) -> tuple[bool, bool, int, int]:
    """Order wrong cases, the one to show first: it has a result, and few numbers."""
    return bool(outcome.error), case.gradient, case.size, i


def _is_unsolved(outcomes: Sequence[CaseOutcome]) -> bool:
    if outcomes and outcomes[0].is_stub:
        return True
    value = outcomes[0].values.get("result") if outcomes else None
    return value is not None and _all_dots(value)


def _all_dots(value: PlainValue) -> bool:
    """Tell whether a value is `...`, or a list or dict of nothing else."""
    if value.type in ("list", "dict") and value.data:
        entries = value.data.values() if value.type == "dict" else value.data
        return all(_all_dots(entry) for entry in entries)
    return value.type == "unsolved"


def _with_right_values(
    task: Task, cases: Sequence[Case], outcomes: Sequence[CaseOutcome]
) -> Verdict:
    """Return the verdict on right values: passed, if nothing else was remarked."""
    for case, outcome in zip(cases, outcomes, strict=True):
        if outcome.remarks:
            return messages.remarked(task.question, outcome.remarks[0], case)
    return messages.passed(task, len(cases))


def _accepts(known: KnownOutcomes, i: int, outcome: CaseOutcome) -> bool:
    """Tell whether the outcome of case `i` is right."""
    if outcome.error:
        return False
    key = known.task.key
    if key.accepts is not None:
        return _holds(key.accepts, outcome, known.cases[i])
    return _is_alike(outcome, known.of_reference(i), key)


def _is_alike(outcome: CaseOutcome, other: CaseOutcome, key: Key) -> bool:
    """Tell whether two outcomes are the same values, or both an error."""
    if bool(outcome.error) != bool(other.error):
        return False
    if outcome.values.keys() != other.values.keys():
        return False
    return not any(
        difference(outcome.values[name], value, key)
        for name, value in other.values.items()
    )


def _explanation(
    known: KnownOutcomes, outcomes: Sequence[CaseOutcome], shown: int
) -> Mistake | None:
    """Return the first mistake that gives the same values on every case."""
    key, cases = known.task.key, known.cases
    order = [shown, *(i for i in range(len(cases)) if i != shown)]
    if key.each_case_alone:
        order = [shown]
    for place, mistake in enumerate(key.mistakes):
        if mistake.matches is not None:
            if not outcomes[shown].error and _holds(
                mistake.matches, outcomes[shown], cases[shown]
            ):
                return mistake
        elif not mistake.remark and all(
            _is_alike(outcomes[i], known.of_mistake(place, i), key) for i in order
        ):
            return mistake
    return None


def _holds(
    condition: Callable[[Any, Case], bool], outcome: CaseOutcome, case: Case
) -> bool:
    """Tell whether a condition holds; it does not if it raises on odd values."""
    try:
        return bool(condition(outcome.values, case))
    except Exception:
        return False
