"""Compare outcomes with the reference's and find the mistake that explains them."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from cnnlib.checks.ask import ask
from cnnlib.checks.question import Case
from cnnlib.checks.values import CaseOutcome, PlainValue

from . import messages
from .changes import OF_A_CALCULATION, changed_workings
from .compare import difference
from .grids import has_fractions, hidden_numbers
from .key import Key, Mistake, Task
from .messages import LIKELY, PERHAPS, SEEN, Explanation, one_change, two_slips
from .symptoms import symptom
from .twists import (
    MOST_PAIRS,
    OF_RESULTS,
    Twist,
    is_for,
    of_arguments,
    twistable,
    twisted,
)
from .verdict import Verdict

_STOPPERS = ("called:", "cnnlib:")
"""Remarks that decide alone, whatever the values are."""
_OF_A_CALL = re.compile(r"positional argument|unexpected keyword argument")
_LEFT_OUT = re.compile(r"left out|not used|forgotten|is ignored")
_OF_FRACTIONS = 12
"""So many numbers more a case may have that is chosen for being of whole numbers."""


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
    wrong = _wrong_cases(known, outcomes)
    parts = earned_parts(known, outcomes, wrong)
    if not wrong:
        return replace(_with_right_values(task, cases, outcomes), parts=parts)
    shown = min(wrong, key=lambda i: _readability(outcomes[i], cases[i], i))
    verdict = messages.wrong(
        task,
        cases,
        outcomes[shown],
        known.of_reference(shown),
        wrong_cases=len(wrong),
        shown=shown,
        explanation=_explanation(known, outcomes, wrong, shown),
    )
    return replace(verdict, parts=parts)


def earned_parts(
    known: KnownOutcomes,
    outcomes: Sequence[CaseOutcome],
    wrong: Sequence[int] | None = None,
) -> tuple[tuple[str, float, bool], ...]:
    """Return which parts of a task are earned: all of their cases are right.

    None where the task has no parts, and where all is right. `wrong` are the places of
    the wrong cases, where they are known already.
    """
    question, cases = known.task.question, known.cases
    if not question.parts:
        return ()
    if wrong is None:
        wrong = _wrong_cases(known, outcomes)
    faulty = {*wrong, *(i for i, one in enumerate(outcomes) if one.remarks)}
    lost = {question.part_of(cases[i]) for i in faulty}
    if not lost:
        return ()
    found = [(part.name, part.points, part not in lost) for part in question.parts]
    return tuple(reversed(found))  # the plain cases first


def _wrong_cases(known: KnownOutcomes, outcomes: Sequence[CaseOutcome]) -> list[int]:
    """Return the places of the wrong cases: against the reference, or a variant.

    An answer that agrees with one variant in all cases is right.
    """
    cases = range(len(known.cases))
    wrong = [i for i in cases if not _accepts(known, i, outcomes[i])]
    key = known.task.key
    for variant in key.variants if wrong else ():
        right = (known.of(("variant", variant), variant, i) for i in cases)
        pairs = zip(outcomes, right, strict=True)
        if all(not one.error and is_alike(one, two, key) for one, two in pairs):
            return []
    return wrong


class KnownOutcomes:
    """What the reference and the mistakes give on some cases, each asked once at most.

    Nothing is asked before it is needed: a right answer needs no mistake's outcome.
    """

    def __init__(self, task: Task, cases: Sequence[Case]) -> None:
        self.task, self.cases = task, cases
        self._outcomes: dict[tuple[Hashable, int], CaseOutcome] = {}
        self._twists: tuple[Twist, ...] | None = None

    def of_reference(self, i: int) -> CaseOutcome:
        """Return the reference's outcome of case `i`."""
        return self.of("reference", self.task.key.reference, i)

    def of_mistake(self, mistake: int, i: int) -> CaseOutcome:
        """Return the outcome of case `i` with the mistake at a place in the key."""
        return self.of(mistake, self.task.key.mistakes[mistake].answer, i)

    def of(self, name: Hashable, answer: Any, i: int) -> CaseOutcome:
        """Return the outcome of case `i` with an answer, which is known by its name."""
        if (name, i) not in self._outcomes:
            (outcome,) = ask(self.task.question, answer, [self.cases[i]], watched=False)
            self._outcomes[name, i] = outcome
        return self._outcomes[name, i]

    @property
    def twists(self) -> tuple[Twist, ...]:
        """The twists of the question's arguments, and those of results."""
        if self._twists is None:
            question, defaults = self.task.question, self.task.key.defaults
            self._twists = (
                *of_arguments(question, self.cases, defaults),
                *OF_RESULTS,
            )
        return self._twists

    def of_twists(
        self, i: int, *twists: Twist, mistake: int | None = None
    ) -> CaseOutcome:
        """Return the outcome of case `i` with twists in the reference or a mistake."""
        key = self.task.key
        base = key.reference if mistake is None else key.mistakes[mistake].answer
        name = (mistake, *(twist.name for twist in twists))
        answer = twisted(base, self.task.question, key.defaults, *twists)
        return self.of(("twists", name), answer, i)


def _readability(
    outcome: CaseOutcome, case: Case, i: int
) -> tuple[bool, bool, int, int, int]:
    """Order wrong cases, the one to show first.

    It has a result, all of its numbers are shown, and few of them: it can be worked out
    again by hand. Fractions are shown to two digits, so whole numbers come first.
    """
    size = case.size + (_OF_FRACTIONS if has_fractions(case) else 0)
    return bool(outcome.error), case.gradient, hidden_numbers(case), size, i


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
    return is_alike(outcome, known.of_reference(i), key)


def is_alike(outcome: CaseOutcome, other: CaseOutcome, key: Key) -> bool:
    """Tell whether two outcomes are the same values, or errors of the same type."""
    if bool(outcome.error) != bool(other.error) or outcome.error != other.error:
        return False
    if outcome.values.keys() != other.values.keys():
        return False
    return not any(
        difference(outcome.values[name], value, key)
        for name, value in other.values.items()
    )


def _explanation(
    known: KnownOutcomes,
    outcomes: Sequence[CaseOutcome],
    wrong: Sequence[int],
    shown: int,
) -> Explanation | None:
    """Return what explains an answer: a mistake, slips, or what can be seen.

    A mistake that gives the same values on every case is likely the one that was made.
    All else is less: it is said with "perhaps", or only what can be seen is said.
    """
    search = _Search(known, outcomes, wrong, shown)
    found = (
        search.mistake()
        or search.mistake_of_the_shown_case()
        or search.mistake_that_raises()
    )
    if found is not None or search.is_of_another_type():
        return found
    return search.twist() or search.change() or search.pair() or search.symptom()


class _Search:
    """The search for what explains the outcomes of one answer."""

    def __init__(
        self,
        known: KnownOutcomes,
        outcomes: Sequence[CaseOutcome],
        wrong: Sequence[int],
        shown: int,
    ) -> None:
        self._known, self._outcomes = known, outcomes
        self._wrong, self._shown = wrong, shown
        self._key = known.task.key
        self._order = [shown, *(i for i in range(len(outcomes)) if i != shown)]
        if self._key.each_case_alone and known.task.question.is_value:
            self._order = [shown]

    def _agrees(self, of_case: Callable[[int], CaseOutcome]) -> bool:
        """Tell whether the outcomes are these, the shown case first.

        Many a slip raises in every case, and many a slip of a net in some. Then the
        errors must say the same, too.
        """
        wordless = all(outcome.error for outcome in self._outcomes)
        by_words = wordless or self._key.makes_nets
        return all(self._is_alike(i, of_case(i), by_words) for i in self._order)

    def _is_alike(self, i: int, other: CaseOutcome, by_words: bool) -> bool:
        outcome = self._outcomes[i]
        if by_words and outcome.error and _said(outcome) != _said(other):
            return False
        return is_alike(outcome, other, self._key)

    def _agrees_where_both_give(self, of_case: Callable[[int], CaseOutcome]) -> bool:
        """Tell the same without the cases in which one of the two raises.

        Two codings of one slip differ where nothing fits any more: one raises, the
        other gives a result of no rows. More than half of the cases must speak.
        """
        spoken = 0
        for i in self._order:
            other = of_case(i)
            if self._outcomes[i].error or other.error:
                continue
            if not is_alike(self._outcomes[i], other, self._key):
                return False
            spoken += 1
        return 2 * spoken > len(self._order)

    def mistake(self) -> Explanation | None:
        """Return the first mistake that gives the same values, or whose signs show."""
        shown = self._outcomes[self._shown]
        for place, mistake in enumerate(self._key.mistakes):
            if mistake.remark:
                continue
            same = self._agrees(partial(self._known.of_mistake, place))
            if mistake.matches is None:
                if same:
                    word = LIKELY if self._raises_alike(place) else PERHAPS
                    return Explanation(mistake.name, mistake.hint, word)
            elif not shown.error and _holds(
                mistake.matches, shown, self._known.cases[self._shown]
            ):
                sure = same if mistake.certain is None else mistake.certain
                word = LIKELY if sure else PERHAPS
                return Explanation(
                    mistake.name,
                    mistake.sentence(shown, self._known.cases[self._shown]),
                    word,
                )
        return None

    def _raises_alike(self, place: int) -> bool:
        """Tell whether what is raised says the same: one error has many causes."""
        return all(
            _said(outcome) == _said(self._known.of_mistake(place, i))
            for i, outcome in enumerate(self._outcomes)
            if outcome.error
        )

    def mistake_of_the_shown_case(self) -> Explanation | None:
        """Return a mistake that gives the shown case, if its key says that will do."""
        if not self._key.each_case_alone:
            return None
        for place, mistake in enumerate(self._key.mistakes):
            plain = not mistake.remark and mistake.matches is None
            other = self._known.of_mistake(place, self._shown) if plain else None
            if other and is_alike(self._outcomes[self._shown], other, self._key):
                return Explanation(mistake.name, mistake.hint, PERHAPS)
        return None

    def mistake_that_raises(self) -> Explanation | None:
        """Return a mistake that fails in the same cases, if with another error.

        It must be right, or wrong in the same way, in all others, of which there are.
        """
        raises = [i for i in self._order if self._outcomes[i].error]
        if not raises or len(raises) == len(self._order):
            return None
        if self._key.makes_nets or self._is_of_the_call(raises[0]):
            return None
        for place, mistake in enumerate(self._key.mistakes):
            if mistake.remark or mistake.matches is not None:
                continue
            if all(
                bool(self._outcomes[i].error) == bool(other.error)
                and (i in raises or is_alike(self._outcomes[i], other, self._key))
                for i in self._order
                for other in [self._known.of_mistake(place, i)]
            ):
                return Explanation(mistake.name, mistake.hint, PERHAPS)
        return None

    def _is_of_the_call(self, i: int) -> bool:
        """Tell whether the answer could not even be called: that has its own cause."""
        outcome = self._outcomes[i]
        return outcome.error == "TypeError" and bool(_OF_A_CALL.search(outcome.message))

    def is_of_another_type(self) -> bool:
        """Tell whether the shown values are of another type or dtype: that is said."""
        shown = self._outcomes[self._shown]
        right = self._known.of_reference(self._shown).values
        return any(
            difference(value, right[name], self._key) in ("type", "dtype")
            for name, value in shown.values.items()
            if name in right
        )

    def _can_twist(self) -> bool:
        question, cases = self._known.task.question, self._known.cases
        return is_for(question) and all(map(twistable, cases)) and (
            self._key.accepts is None
        )  # fmt: skip

    def twist(self) -> Explanation | None:
        """Return the one slip that gives the same values."""
        has_values = any(not self._outcomes[i].error for i in self._wrong)
        if not self._can_twist() or not has_values:
            return None
        found = [
            twist
            for twist in self._known.twists
            if self._agrees(lambda i, t=twist: self._known.of_twists(i, t))  # type: ignore[misc]
        ]
        if not found:
            return None
        of_result = [twist for twist in found if twist.result is not None]
        twist = (of_result or found)[0]
        word = LIKELY if len(found) == 1 else PERHAPS
        return Explanation(twist.name, twist.hint, word)

    def change(self) -> Explanation | None:
        """Return the one change of a right answer's code that gives the same values."""
        if self._outcomes[self._shown].error:
            return None
        name = self._known.task.question.name
        # numbers that were typed, and no code that gave them
        is_typed = self._key.each_case_alone and self._known.task.question.is_value
        for changed in changed_workings(name):
            if "`_" in changed.sentence:  # a helper of ours, which no student has
                continue
            if is_typed and changed.sentence not in OF_A_CALCULATION:
                continue
            of_case = partial(self._known.of, ("change", changed.name), changed.answer)
            if self._agrees(of_case):
                hint = one_change(changed.sentence, is_typed)
                return Explanation(changed.sentence, hint, PERHAPS)
        return None

    def pair(self) -> Explanation | None:
        """Return two slips that give the same values together.

        Much comes out alike by chance. So each of the two must speak for itself, too:
        some wrong case is what it gives alone, and not what the other gives. Where no
        case is right that cannot be; then one of the two must be a thing left out.
        """
        can_twist = self._can_twist() and not self._key.makes_nets
        if not can_twist or self._outcomes[self._shown].error:
            return None
        for one, other, of_case in islice(self._pairs(), MOST_PAIRS):
            left_out = any(_LEFT_OUT.search(slip.hint) for slip in (one, other))
            agrees = self._agrees_where_both_give if left_out else self._agrees
            if agrees(of_case) and self._each_counts(one, other):
                name = f"{one.name}, and {other.name}"
                return Explanation(name, two_slips(one.hint, other.hint), PERHAPS)
        return None

    def _each_counts(self, one: Mistake | Twist, other: Twist) -> bool:
        """Tell whether each slip alone gives a wrong case that the other does not."""
        if len(self._wrong) == len(self._outcomes):
            return any(_LEFT_OUT.search(slip.hint) for slip in (one, other))
        firsts, seconds = (
            {i for i in self._wrong if is_alike(self._outcomes[i], of(i), self._key)}
            for of in (self._alone(one), self._alone(other))
        )
        return bool(firsts - seconds) and bool(seconds - firsts)

    def _alone(self, slip: Mistake | Twist) -> Callable[[int], CaseOutcome]:
        if isinstance(slip, Twist):
            return lambda i: self._known.of_twists(i, slip)
        place = self._key.mistakes.index(slip)
        return partial(self._known.of_mistake, place)

    def _pairs(
        self,
    ) -> Iterator[tuple[Mistake | Twist, Twist, Callable[[int], CaseOutcome]]]:
        """Yield two slips and what they give: a mistake with a twist, two twists."""
        known = self._known
        plain = [
            (place, mistake)
            for place, mistake in enumerate(self._key.mistakes)
            if not mistake.remark and mistake.matches is None
        ]
        for twist in known.twists:
            for place, mistake in plain:
                yield (
                    mistake,
                    twist,
                    partial(self._twisted_mistake, place, twist),
                )
        for n, one in enumerate(known.twists):
            for two in known.twists[n + 1 :]:
                yield one, two, partial(self._two_twists, one, two)

    def _twisted_mistake(self, place: int, twist: Twist, i: int) -> CaseOutcome:
        return self._known.of_twists(i, twist, mistake=place)

    def _two_twists(self, one: Twist, two: Twist, i: int) -> CaseOutcome:
        return self._known.of_twists(i, one, two)

    def symptom(self) -> Explanation | None:
        """Return what can be seen in the values, and in which cases are wrong."""
        if self._key.accepts is not None:
            return None
        known, everywhere = self._known, range(len(self._outcomes))
        expected = [known.of_reference(i) for i in everywhere]
        found = symptom(
            known.task, known.cases, self._outcomes, expected, self._wrong, self._shown
        )
        if found is None:
            return None
        return Explanation(found.name, found.sentence, SEEN)


def _said(outcome: CaseOutcome) -> tuple[str, list[str]]:
    """Return an error's words and its numbers, in whatever order they stand."""
    numbers = sorted(re.findall(r"\d+", outcome.message))
    return re.sub(r"\d+", "", outcome.message), numbers


def _holds(
    condition: Callable[[Any, Case], bool], outcome: CaseOutcome, case: Case
) -> bool:
    """Tell whether a condition holds; it does not if it raises on odd values."""
    try:
        return bool(condition(outcome.values, case))
    except Exception:
        return False
