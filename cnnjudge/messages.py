"""The sentences of a verdict. None of them holds a right value.

A known mistake brings its own sentence, the hint that stands with it in `keys/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlib.checks.question import Case, Question
from cnnlib.checks.values import CaseOutcome, CodeLine, PlainValue
from cnnlib.settings import left_out
from cnnlib.text import count

from .compare import difference
from .errors import meaning
from .grids import facts_and_grids
from .key import Key, Task
from .verdict import Verdict

LIKELY, PERHAPS, SEEN = "Likely", "Perhaps", "What can be seen"
"""How sure a hint is: the words that stand before it."""
_LONGEST = 160
"""Characters of a line of a student's code that are shown."""

_TYPES = {
    "tensor": "a torch.Tensor",
    "array": "a NumPy array",
    "int": "an int",
    "float": "a float",
    "bool": "True or False",
    "str": "a str",
    "list": "a list or tuple",
    "dict": "a dict",
    "none": "None",
    "module": "an nn.Module",
    "type": "a class (an object made of it has parentheses: `Name()`)",
    "unsolved": "`...`",
}
_REMARKS = {
    "called": "it calls `{}`, the operation that you are to write yourself.",
    "cnnlib": "it calls `{}` of cnnlib. Write it with PyTorch alone.",
    "changed": "the values are right, but the call changes its input `{}`. "
    "Work on a new tensor: whoever calls it may need the old one.",
    "cut": "the values are right, but no gradient flows back to `{}`. "
    "`.item()`, `.detach()`, `.numpy()` or `torch.tensor(...)` on the way cuts it.",
    "lost:hook": "a hook that somebody else had put on the model is gone. Take away "
    "your own alone: `handle.remove()`.",
    "left:hook": "a hook is left on the model. Remove it when you are done: "
    "`handle.remove()`.",
    "left:grad": "a `.grad` is left behind. `torch.autograd.grad` leaves none.",
    "left:requires_grad": "the input is left with `requires_grad=True`. Work on a "
    "copy: `x.detach().clone()`.",
}
"""Sentences for what is noticed during a call, by the remark or its first word.

`cnngrade.report.class_facts` says the same in a few words, for a table of the class.
"""


@dataclass(frozen=True)
class Explanation:
    """What explains a wrong answer: its name, the sentence, and how sure it is."""

    name: str
    hint: str
    word: str = LIKELY


def one_change(sentence: str, is_typed: bool = False) -> str:
    """Return the sentence on a small change of a right answer's code, or of a sum."""
    if is_typed:
        return f"one slip in the calculation gives this: in it {sentence}"
    return f"one small change of a right answer gives these values: {sentence}"


def two_slips(one: str, other: str) -> str:
    """Return the sentence on two slips that were made at once."""
    first, second = (hint.rstrip(".") for hint in (one, other))
    return f"two things at once. One: {first}. And: {second}."


def passed(task: Task, cases: int) -> Verdict:
    """Return the verdict on a right answer, whose line never changes."""
    name = task.question.name
    if task.question.is_value:
        lead = f"{count(cases, 'value')} {'is' if cases == 1 else 'are'} right"
    else:
        verb = "agrees" if cases == 1 else "agree"
        lead = f"{count(cases, 'case')} {verb} with {task.key.source}"
    return Verdict(name, "passed", lead)


def unsolved(question: Question) -> Verdict:
    """Return the verdict on a stub."""
    lead = "is not written yet: its cell still raises NotImplementedError."
    if question.is_value:
        lead = "has no value yet: its cell still says `...`."
    return Verdict(question.name, "unsolved", lead, leads_with_task=True)


def not_callable(name: str, type_name: str) -> Verdict:
    """Return the verdict on what cannot be called, where a function must be.

    `type_name` is that of its type, or "..." if it is that, which no cell has replaced.
    """
    is_stub = type_name == "..."
    lead = f"must be a function; it is of type {'ellipsis' if is_stub else type_name}."
    status = "unsolved" if is_stub else "failed"
    return Verdict(name, status, lead, leads_with_task=True)


def too_long(question: Question) -> Verdict:
    """Return the verdict on an answer that was stopped."""
    lead = (
        f"was stopped after {question.seconds:.0f} seconds. Does a loop never end, or "
        "go over far more than its input?"
    )
    return Verdict(question.name, "timed out", lead, leads_with_task=True)


def remarked(question: Question, remark: str, case: Case | None) -> Verdict:
    """Return the verdict on an answer of which something was noticed during a call."""
    kind, _, name = remark.partition(":")
    lead = _REMARKS[remark if kind in ("left", "lost") else kind].format(name)
    return Verdict(
        question.name, "failed", lead, remark=remark, case=case.kind if case else ""
    )


def wrong(
    task: Task,
    cases: Sequence[Case],
    outcome: CaseOutcome,
    expected: CaseOutcome,
    *,
    wrong_cases: int,
    shown: int,
    explanation: Explanation | None,
) -> Verdict:
    """Return the verdict on an answer that is wrong on some cases.

    `outcome` and `expected` are those of the case that is shown, `shown` is its place.
    """
    question, key, case = task.question, task.key, cases[shown]
    lead, leads_with_task = _lead(question, wrong_cases, len(cases), case)
    facts, grids = "", ""
    if not question.is_value:
        observed = {} if outcome.error else _only_wrong(outcome, expected, key)
        facts, grids = facts_and_grids(question, case, observed)
    differing = "" if outcome.error else _how_they_differ(outcome, expected, task)
    mistake = explanation.name if explanation else ""
    if mistake in {known.name for known in key.mistakes}:
        differing = ""  # the hint says it
    return Verdict(
        question.name,
        "error" if outcome.error else "failed",
        lead,
        leads_with_task=leads_with_task,
        raised=_raised(question, outcome) if outcome.error else "",
        line=_own_line(question, outcome.line) if outcome.line else "",
        meaning=_meaning(question, outcome),
        facts=facts,
        grids=grids,
        hint=explanation.hint if explanation else "",
        hint_word=explanation.word if explanation else LIKELY,
        difference=differing,
        see=_see(question.lesson, key.heading(case, mistake)),
        mistake=mistake,
        case=case.kind,
    )


def _see(lesson: str, section: str) -> str:
    """Say where the lesson explains it; "" where the course's form of it does not."""
    if section in left_out(lesson):
        return ""
    return f"See lesson {lesson}, “{section}”."


def _own_line(question: Question, line: CodeLine) -> str:
    """Return a student's line as it is shown: text from strangers, on one line."""
    where = f"line {line.number}"
    if line.function not in (question.name, "<lambda>", "<module>"):
        where += f", in {line.function}"
    return f"{_printable(where, 60)}:  {_printable(line.text, _LONGEST)}"


def _printable(text: str, most: int) -> str:
    """Return text without what could break a line or steer a terminal."""
    shown = "".join(c if c.isprintable() else "�" for c in text[:most])
    return shown + ("…" if len(text) > most else "")


def _meaning(question: Question, outcome: CaseOutcome) -> str:
    """Return what an error means; of a value the question itself says what is wrong."""
    if not outcome.error or question.is_value:
        return ""
    return meaning(outcome.error, outcome.message)


def _lead(
    question: Question, wrong_cases: int, cases: int, case: Case
) -> tuple[str, bool]:
    """Return the first sentence, and whether the task's name is its subject."""
    if question.is_value:
        if cases == 1:
            return "is not right.", True
        return f"{wrong_cases} of {cases} wrong; first: {case.kind}.", False
    if cases == 1:
        return f"is wrong with {case.kind}.", True
    verb = "is" if wrong_cases == 1 else "are"
    number = f"{wrong_cases} of {cases} cases {verb}"
    if wrong_cases == cases:
        number = f"all {cases} cases are"
    return f"{number} wrong; the smallest with {case.kind}.", False


def _raised(question: Question, outcome: CaseOutcome) -> str:
    """Say what was raised; of a value, what is wrong with its form."""
    if question.is_value and outcome.message:
        quoted = outcome.error == "KeyError"  # whose text is a repr
        return outcome.message[1:-1] if quoted else outcome.message
    message = _printable(outcome.message, 300)
    colon = f": {message}" if message else ""
    return f"It raised {_printable(outcome.error, 100)}{colon}"


def _only_wrong(
    outcome: CaseOutcome, expected: CaseOutcome, key: Key
) -> dict[str, PlainValue]:
    """Leave out what was observed and is right: the fault is elsewhere."""
    right = expected.values
    return {
        name: value
        for name, value in outcome.values.items()
        if name not in right or difference(value, right[name], key)
    }


def _how_they_differ(outcome: CaseOutcome, expected: CaseOutcome, task: Task) -> str:
    """Say how the values differ, where no mistake is known that explains it."""
    for name, right in expected.values.items():
        value = outcome.values.get(name)
        if value is not None:
            it = "The result" if name == "result" else f"Its {name}"
            sentence = _how_it_differs(it, value, right, task)
            if sentence:
                return sentence
    return ""


def _how_it_differs(it: str, value: PlainValue, right: PlainValue, task: Task) -> str:
    """Return the sentence on one value; "" where only its numbers are wrong."""
    key, is_value = task.key, task.question.is_value
    word = difference(value, right, key)
    if word == "type":
        it, value, right = _first_of_other_type(it, value, right, key)
        return _other_type(it, value, right, is_value)
    if word == "dtype":
        means = _of_dtype(value.dtype, right.dtype)
        return f"{it} has dtype {value.dtype}; it must be {right.dtype}. {means}"
    if word == "shape" and not is_value:
        return f"{it} has shape {value.shape}; it must be {right.shape}."
    if word == "shape":
        return f"{it} has shape {value.shape}, which is not right."
    if word == "length":
        return f"{it} has {len(value.data)} entries, which is not right."
    if word == "keys":
        missing = [key for key in right.data if key not in value.data]
        if missing:
            return f"{it} lacks the key {missing[0]!r}."
        return f"{it} has keys that nobody asked for."
    return ""


def _of_dtype(dtype: str, wanted: str) -> str:
    """Return what a dtype that is not asked for means."""
    if "int" in dtype and wanted == "uint8":
        return "The numbers are whole, but no bytes: turn them into uint8."
    if "int" in wanted:
        return f"Whole numbers are asked for: turn them into {wanted}."
    if dtype == "bool":
        return "That is True and False, as a comparison gives; numbers are asked for."
    if "int" in dtype:
        return (
            "That holds whole numbers only (PyTorch also calls int64 Long): fractions "
            "are lost. Give the new tensor the dtype of what comes in."
        )
    return "Give the new tensor the dtype of what comes in."


def _other_type(it: str, value: PlainValue, right: PlainValue, is_value: bool) -> str:
    if value.type == "none":
        return f"{it} is None." + ("" if is_value else " Is `return` missing?")
    if (value.type, right.type) == ("float", "int"):
        return f"{it} is a float, {value.data}; it must be an int."
    return f"{it} is {_type(value)}; it must be {_type(right)}."


def _first_of_other_type(
    it: str, value: PlainValue, right: PlainValue, key: Key
) -> tuple[str, PlainValue, PlainValue]:
    """Go down from a list or dict to the entry that is of another type."""
    if value.type != right.type or value.type not in ("list", "dict"):
        return it, value, right
    names = value.data if value.type == "dict" else range(len(value.data))
    for name in names:
        one, other = value.data[name], right.data[name]
        if difference(one, other, key):
            entry = name + 1 if value.type == "list" else repr(name)
            it = f"Entry {entry} of {it[0].lower()}{it[1:]}"
            return _first_of_other_type(it, one, other, key)
    return it, value, right


def _type(value: PlainValue) -> str:
    return _TYPES.get(value.type, f"of type {value.type}")
