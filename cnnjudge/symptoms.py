"""What can be seen in wrong values where no mistake is known that gives them.

Each sentence is a fact about the values, or about which cases are wrong: it is found by
looking at them, so it is never false, and it says where to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from cnnlib.checks.question import Case
from cnnlib.checks.values import CaseOutcome, PlainValue

from .compare import difference
from .key import Task
from .twists import given


@dataclass(frozen=True)
class Symptom:
    """A fact: its name in a few words, and the sentence.

    A weak one helps to search and names nothing: its name is "".
    """

    name: str
    sentence: str


def symptom(
    task: Task,
    cases: Sequence[Case],
    outcomes: Sequence[CaseOutcome],
    expected: Sequence[CaseOutcome],
    wrong: Sequence[int],
    shown: int,
) -> Symptom | None:
    """Return what can be seen: in the values first, then in which cases are wrong."""
    of_values = _of_values(task, outcomes, expected, wrong, shown)
    of_cases = None
    if not task.question.is_value and len(wrong) < len(cases):
        of_cases = _of_cases(task, cases, wrong)
    if of_cases is not None and not of_cases.name and of_values and of_values.name:
        of_cases = None  # it would add nothing
    found = [fact for fact in (of_values, of_cases) if fact is not None]
    if not found:
        return None
    return Symptom(
        "; ".join(fact.name for fact in found if fact.name),
        " ".join(fact.sentence for fact in found),
    )


# -- values ---------------------------------------------------------------------------


def _of_values(
    task: Task,
    outcomes: Sequence[CaseOutcome],
    expected: Sequence[CaseOutcome],
    wrong: Sequence[int],
    shown: int,
) -> Symptom | None:
    """Return a fact that holds in every wrong case, or else one of the shown case."""
    pairs = [
        pair
        for i in wrong
        if not outcomes[i].error
        for pair in _wrong_pairs(outcomes[i], expected[i], task)
    ]
    here = list(_wrong_pairs(outcomes[shown], expected[shown], task))
    if outcomes[shown].error or not here:
        return None
    for facts in _FACTS:
        found = facts(*here[0])
        if found and all(facts(*pair) == found for pair in pairs):
            return Symptom(_named(found), _SENTENCES[found])
    for facts in _FACTS:
        found = facts(*here[0])
        if found:
            return Symptom(_named(found), f"In this case {_lower(_SENTENCES[found])}")
    return None


def _named(fact: str) -> str:
    is_weak = fact in _WEAK or fact.startswith("first wrong entry")
    return "" if is_weak else fact


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _wrong_pairs(
    outcome: CaseOutcome, expected: CaseOutcome, task: Task
) -> Iterator[tuple[PlainValue, PlainValue]]:
    """Yield (theirs, right) for each observed value that is wrong."""
    for name, right in expected.values.items():
        value = outcome.values.get(name)
        if value is not None and difference(value, right, task.key):
            yield value, right


def _arrays(
    value: PlainValue, right: PlainValue, same_shape: bool = True
) -> tuple[np.ndarray, np.ndarray] | None:
    both = value.type, right.type
    if both not in (("tensor", "tensor"), ("array", "array"), ("array", "tensor")):
        return None
    if same_shape and value.shape != right.shape:
        return None
    if value.data.dtype.kind not in "biuf" or right.data.dtype.kind not in "biuf":
        return None
    return np.asarray(value.data, float), np.asarray(right.data, float)


def _numbers(value: PlainValue, right: PlainValue) -> tuple[float, float] | None:
    numbers = ("int", "float")
    if value.type not in numbers or right.type not in numbers:
        return None
    return float(value.data), float(right.data)


def _close(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.allclose(one, other, 1e-4, 1e-4))


def _nans(value: PlainValue, right: PlainValue) -> str:
    both = _arrays(value, right)
    if both is None or not np.isnan(both[0]).any() or np.isnan(both[1]).any():
        return ""
    return "values never set"


def _shape(value: PlainValue, right: PlainValue) -> str:
    both = _arrays(value, right, same_shape=False)
    if both is None or value.shape == right.shape:
        return ""
    mine, wanted = value.shape, right.shape
    if len(mine) != len(wanted):
        if [n for n in mine if n != 1] == [n for n in wanted if n != 1]:
            return "axes of length one"
        return "axes too few" if len(mine) < len(wanted) else "axes too many"
    if sorted(mine) == sorted(wanted):
        return "axes in another order"
    steps = {one - other for one, other in zip(mine, wanted, strict=True)}
    if steps <= {0, -1}:
        return "one place too few"
    if steps <= {0, 1}:
        return "one place too many"
    if len(mine) in (2, 4) and (side := _one_side(mine, wanted)):
        return side
    if all(step <= 0 for step in steps):
        return "smaller"
    if all(step >= 0 for step in steps):
        return "larger"
    return "sides mixed up"


def _one_side(mine: Sequence[int], wanted: Sequence[int]) -> str:
    """Say which axis alone is of another length."""
    apart = [i for i, (a, b) in enumerate(zip(mine, wanted, strict=True)) if a != b]
    names = {-1: "columns", -2: "rows", -3: "channels", -4: "images"}
    if len(apart) != 1:
        return ""
    axis = apart[0]
    word = "few" if mine[axis] < wanted[axis] else "many"
    return f"too {word} {names[axis - len(mine)]}"


def _relation(value: PlainValue, right: PlainValue) -> str:
    both = _arrays(value, right)
    if both is None:
        return ""
    one, other = both
    if not one.any():
        return "zeros alone"
    if _close(one, other):
        return "nearly right"
    if one.size < 2:
        return "sign turned" if _close(one, -other) else ""
    if _close(one, -other):
        return "sign turned"
    if _close(np.abs(one), np.abs(other)):
        return "signs of some turned"
    if _close(np.sort(one, None), np.sort(other, None)):
        return "the right values in other places"
    apart = one - other
    if np.ptp(apart) <= 1e-4 * (1 + np.abs(apart).max()):
        return "all off by one number"
    with np.errstate(all="ignore"):
        share = one / other
    if np.isfinite(share).all() and np.ptp(share) <= 1e-4 * (1 + np.abs(share).max()):
        return "all off by one factor"
    return ""


def _where(value: PlainValue, right: PlainValue) -> str:
    """Say which part is wrong, where the rest is right."""
    both = _arrays(value, right)
    if both is None or both[0].ndim == 0:
        return ""
    one, other = both
    bad = ~np.isclose(one, other, 1e-4, 1e-4, equal_nan=True)
    if bad.all() or not bad.any():
        return _uniform(one, other)
    empty = not one[bad].any()
    tail = ", which are zeros" if empty else ""
    parts: list[tuple[str, Any]] = []
    if one.ndim >= 2:
        parts = [
            ("the last row", (..., slice(-1, None), slice(None))),
            ("the last column", (..., slice(-1, None))),
            ("the first row", (..., slice(0, 1), slice(None))),
            ("the first column", (..., slice(0, 1))),
        ]
    elif one.shape[0] > 1:
        parts = [("the last value", slice(-1, None)), ("the first value", slice(0, 1))]
    for words, place in parts:
        inside = np.zeros_like(bad)
        inside[place] = True
        if inside.all():  # there is nothing else that could be right
            continue
        if not bad[~inside].any():
            return f"wrong in {words} alone" + (", which is 0" if empty else "")
        if one.ndim >= 2 and bad[~inside].all() and not bad[inside].any():
            return f"right in {words} alone" + tail
    if one.ndim >= 3:
        for axis, words in ((1, "channel"), (0, "image")):
            if one.ndim > axis + 2 and one.shape[axis] > 1:
                first = np.take(bad, 0, axis)
                others = np.take(bad, range(1, one.shape[axis]), axis)
                if not first.any() and others.all():
                    return f"right in the first {words} alone"
    return "zeros where it is wrong" if empty else "some values right"


def _uniform(one: np.ndarray, other: np.ndarray) -> str:
    """Say on which side all values lie."""
    if one.size > 1 and np.ptp(one) == 0 and np.ptp(other) > 0:
        return "one number everywhere"
    if (one > other).all():
        return "all too large"
    if (one < other).all():
        return "all too small"
    if _close(np.round(other), one) or _close(np.floor(other), one):
        return "whole numbers alone"
    return ""


def _number(value: PlainValue, right: PlainValue) -> str:
    both = _numbers(value, right)
    if both is None:
        return ""
    one, other = both
    if value.type == "float" and right.type == "int":
        return "a float, and rounded it would be right" if round(one) == other else (
            "a float for an int")  # fmt: skip
    if one == -other:
        return "sign turned"
    return "too large" if one > other else "too small"


def _lists(value: PlainValue, right: PlainValue) -> str:
    if value.type != "list" or right.type != "list":
        return ""
    one, other = value.data, right.data
    if len(one) != len(other):
        return "too many entries" if len(one) > len(other) else "too few entries"
    if any(entry.type == "float" for entry in one):
        return "floats for ints"
    pairs = [(a.data, b.data) for a, b in zip(one, other, strict=True)]
    try:
        if sorted(a for a, _ in pairs) == sorted(b for _, b in pairs):
            return "the right entries in another order"
    except TypeError:
        return ""
    bad = [i for i, (a, b) in enumerate(pairs) if a != b]
    if not bad:
        return ""
    return "first wrong entry: " + str(1 + bad[0]) if bad[0] < _MOST else ""


_MOST = 12


def _flags(value: PlainValue, right: PlainValue) -> str:
    if value.type == right.type == "bool":
        return "a yes for a no" if value.data else "a no for a yes"
    return ""


_FACTS = (_nans, _shape, _relation, _where, _number, _lists, _flags)
_WEAK = {
    "all too large", "all too small", "too large", "too small", "some values right",
    "a yes for a no", "a no for a yes", "smaller", "larger",
}  # fmt: skip
"""Facts that leave open what is wrong."""
_LOOP = " Do your loops stop too early, or start too late?"
_SENTENCES = {
    "values never set": "Some values are NaN, which is no number. Perhaps places of "
    "`torch.empty` were never set, or only added to: it takes memory as it is, with "
    "whatever lies there (the check puts NaN there); `torch.zeros` starts from 0. "
    "Or something was divided by 0, or is the mean of nothing.",
    "axes of length one": "The numbers of axes differ, by axes of length 1 alone.",
    "axes too few": "The result has fewer axes than are asked for.",
    "axes too many": "The result has too many axes: one was not taken away, or one was "
    "added.",
    "axes in another order": "The lengths of the axes are right, and stand in another "
    "order.",
    "one place too few": "The result has one place too few where the lengths of "
    "the axes differ.",
    "one place too many": "The result has one place too many where the lengths of "
    "the axes differ.",
    "smaller": "The result is smaller than it should be.",
    "larger": "The result is larger than it should be.",
    "too small": "The number is too small.",
    "too large": "The number is too large.",
    "sides mixed up": "On one axis the result is too long, on another too short. Are "
    "height and width kept apart?",
    "zeros alone": "The result holds zeros alone: nothing was ever put into it, or it "
    "was put elsewhere.",
    "nearly right": "All values are nearly right: they differ from the fourth digit "
    "on. Is a small number, such as an `eps`, another one?",
    "sign turned": "Each value has the right size and the wrong sign.",
    "signs of some turned": "Each value has the right size; some signs are wrong.",
    "the right values in other places": "All the right values are there, in other "
    "places.",
    "all off by one number": "All values are off by the same number.",
    "all off by one factor": "All values are off by the same factor.",
    "one number everywhere": "The same number stands everywhere.",
    "all too large": "Every value is too large.",
    "all too small": "Every value is too small.",
    "whole numbers alone": "The values are rounded: a fraction got lost on the way.",
    "zeros where it is wrong": "Some values are right; where it is wrong there are "
    "zeros. Either these places were never filled (do your loops stop too early, or "
    "start too late?), or zeros were put there: was the result padded, and not what "
    "comes in?",
    "some values right": "Some values are right and others are not.",
    "a float, and rounded it would be right": "The number is a float; rounded it would "
    "be right.",
    "a float for an int": "The number is a float; a size or a count is an int.",
    "too many entries": "There are too many entries.",
    "too few entries": "There are too few entries.",
    "floats for ints": "Some entries are floats; whole numbers are asked for.",
    "the right entries in another order": "All the right entries are there, in another "
    "order.",
    "a yes for a no": "It is True where it should be False.",
    "a no for a yes": "It is False where it should be True.",
}
for _place in ("last row", "last column", "first row", "first column", "last value",
               "first value"):  # fmt: skip
    _SENTENCES[f"wrong in the {_place} alone"] = (
        f"Only the {_place} is wrong; all else is right."
    )
    _SENTENCES[f"wrong in the {_place} alone, which is 0"] = (
        f"Only the {_place} is wrong: it holds zeros.{_LOOP}"
    )
    _SENTENCES[f"right in the {_place} alone"] = (
        f"Only the {_place} is right. What is different in the others?"
    )
    _SENTENCES[f"right in the {_place} alone, which are zeros"] = (
        f"Only the {_place} is right; the rest holds zeros. Perhaps "
        "a loop ends too early, or skips the others, or `return` stands inside it."
    )
for _word in ("columns", "rows", "channels", "images"):
    for _much in ("few", "many"):
        _SENTENCES[f"too {_much} {_word}"] = (
            f"There are too {_much} {_word}; the other axes have the right length."
        )
for _word in ("channel", "image"):
    _SENTENCES[f"right in the first {_word} alone"] = (
        f"Only the first {_word} is right. What do the others meet that it does not?"
    )
for _entry in range(1, _MOST + 1):
    _SENTENCES[f"first wrong entry: {_entry}"] = (
        f"The first wrong entry is number {_entry}."
        if _entry > 1
        else "The first entry is wrong already."
    )


# -- cases ----------------------------------------------------------------------------


def _of_cases(
    task: Task, cases: Sequence[Case], wrong: Sequence[int]
) -> Symptom | None:
    """Return what all the wrong cases have and no right one has.

    Of one case alone much is true by chance: two of each kind must speak.
    """
    if min(len(wrong), len(cases) - len(wrong)) < 2:
        return None
    facts = [dict(_facts(task, case)) for case in cases]
    bad = set(wrong)
    for name in dict.fromkeys(name for fact in facts for name in fact):
        with_it = {i for i, fact in enumerate(facts) if fact.get(name)}
        if with_it == bad:
            return Symptom(
                f"wrong with {name}", f"Wrong are just the cases with {name}."
            )
    return None


def _facts(task: Task, case: Case) -> Iterator[tuple[str, bool]]:
    """Yield what is special about a case, in words that follow "with"."""
    defaults: Mapping[str, Any] = task.key.defaults
    arguments = given(task.question, case, defaults)
    for name, value in arguments.items():
        if name in defaults and not isinstance(value, torch.Tensor):
            default = defaults[name]
            yield f"a `{name}` other than {default}", value != default
            yield f"no `{name}`", value is None
        if isinstance(value, tuple):
            yield f"a `{name}` whose two numbers differ", len(set(value)) > 1
            yield f"a pair as `{name}`", True
        if isinstance(value, torch.Tensor):
            yield from _of_tensor(name, value)
    numbers = [v for v in arguments.values() if isinstance(v, torch.Tensor)]
    yield "float64 numbers", any(v.dtype == torch.float64 for v in numbers)
    yield (
        "fractions",
        any(v.is_floating_point() and bool((v != v.round()).any()) for v in numbers),
    )
    yield "a gradient", case.gradient


def _of_tensor(name: str, value: torch.Tensor) -> Iterator[tuple[str, bool]]:
    shape = value.shape
    if len(shape) >= 2:
        yield f"`{name}` that is not square", shape[-1] != shape[-2]
        yield f"`{name}` wider than high", shape[-1] > shape[-2]
        yield f"`{name}` higher than wide", shape[-1] < shape[-2]
        yield f"more than one row in `{name}`", shape[-2] > 1
        yield f"more than one column in `{name}`", shape[-1] > 1
    if len(shape) == 4:
        yield f"more than one channel (axis 1) in `{name}`", shape[1] > 1
        yield f"more than one entry along axis 0 of `{name}`", shape[0] > 1
    if len(shape) == 1:
        yield f"more than one entry in `{name}`", shape[0] > 1
