"""What a task's judge knows besides its question: the reference and the mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnlib.checks.question import Case, Question
from cnnlib.checks.values import CaseOutcome, PlainValue


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that students really give.

    Attributes:
        name: the mistake in a few words, for the table of the proof: "kernel flipped".
        hint: the sentence that a student reads. It says what is wrong, not the answer.
        answer: a wrong implementation (or value) in which this mistake is made.
        matches: for tasks judged by what the answer does, not by equality: whether
            the observed values of a failed case show this mistake.
        remark: for a mistake of `noticed`: the remark that is made of it.
        certain: whether `matches` leaves no other cause: then it is said as "likely"
            also of values that are not those of `answer`. False: never, since other
            causes give the very values of `answer`, too.
        tells: the sentence with a number of the answer in it, from the values of the
            case that is shown; `hint` is what stands in its place in the proof.
    """

    name: str
    hint: str
    answer: Any
    matches: Callable[[Mapping[str, PlainValue], Case], bool] | None = None
    remark: str = ""
    certain: bool | None = None
    tells: Callable[[Mapping[str, PlainValue], Case], str] | None = None

    def sentence(self, outcome: CaseOutcome, case: Case) -> str:
        """Return what a student reads on an outcome of a case."""
        return self.tells(outcome.values, case) if self.tells else self.hint


def noticed(name: str, remark: str, answer: Any) -> Mistake:
    """Return a mistake that shows in no value, but in what is noticed during a call.

    It has no hint of its own: a student reads the sentence for the remark, which
    `cnnjudge.messages` has. The remarks are those of `cnnlib.checks.ask`.
    """
    return Mistake(name, "", answer, remark=remark)


@dataclass(frozen=True)
class Key:
    """The judge's side of a task.

    Attributes:
        reference: a right answer; PyTorch itself where there is one.
        mistakes: the more telling one first where two look alike on some cases.
        section: where the lesson explains it: a heading of the lesson.
        elsewhere: headings for what stands in a place of its own: a word of the case
            that is shown, or of the mistake that is told, -> the heading.
        rtol, atol: how far numbers may be from the reference's.
        accepts: for tasks judged by what the answer does: whether the observed values
            of a case will do. Without it they must equal the reference's.
        any_dtype: whether tensors of any dtype will do, as for a value task.
        source: what the success line says the cases agree with.
        also_right: other right answers, for the proof.
        variants: right answers that give other values than the reference, where the
            text leaves a choice; an answer may agree with any one of them.
        defaults: of the arguments that may be left out, for `cnnjudge.twists`.
        each_case_alone: cases stand for themselves (the entries of a value): a mistake
            is named by the first case that fails, not by all of them. Of a function
            that is said with "perhaps", unless all cases agree.
        makes_nets: whether an answer makes a net. What it raises must then say the same
            as the mistake that is told, since the sizes in it show which layers do not
            fit; and two slips at once are not looked for: to run so many nets is slow.
    """

    reference: Any
    mistakes: tuple[Mistake, ...]
    section: str
    rtol: float = 1e-6
    atol: float = 1e-8
    any_dtype: bool = False
    accepts: Callable[[Mapping[str, PlainValue], Case], bool] | None = None
    source: str = "PyTorch"
    also_right: tuple[Any, ...] = field(default=())
    variants: tuple[Any, ...] = field(default=())
    defaults: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    each_case_alone: bool = False
    makes_nets: bool = False

    def heading(self, case: Case, mistake: str = "") -> str:
        """Return the lesson's heading to look at, for a case and a mistake's name."""
        words = f"{case.kind} {mistake}".split()
        found = (head for word, head in self.elsewhere.items() if word in words)
        return next(found, self.section)


@dataclass(frozen=True)
class Task:
    """A question and its key."""

    question: Question
    key: Key
