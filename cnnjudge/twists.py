"""Slips that can be made in any task: an argument or the result taken otherwise.

A mistake of a key is one that was met. A twist needs no list: the reference is called
with an argument changed (left at its default, turned, its pair the other way round), or
its result is changed (transposed, one row short, its sign turned). Where the values of
an answer are those that come out so, that is said; and two twists, or a twist and a
mistake, are two slips made at once.

The sentences say what comes out, not what was typed: they are true whatever was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cnnlib.checks.question import Case, Question

Arguments = dict[str, Any]
MOST_PAIRS = 1500
"""Pairs of slips that are tried on one answer; so many take about a second."""


class DoesNotApplyError(Exception):
    """A twist has nothing to change in a case: it leaves it as it is."""


@dataclass(frozen=True)
class Twist:
    """A slip: `arguments` changes what goes in, or `result` what comes out.

    Either returns something new, or raises `DoesNotApplyError`.
    """

    name: str
    hint: str
    arguments: Callable[[Arguments], Arguments] | None = None
    result: Callable[[Any], Any] | None = None


def given(question: Question, case: Case, defaults: Mapping[str, Any]) -> Arguments:
    """Return the arguments of a case by name, with the defaults of those left out."""
    named = dict(zip(question.takes, case.args, strict=False))
    return {**defaults, **named, **case.kwargs}


def twisted(
    answer: Callable[..., Any],
    question: Question,
    defaults: Mapping[str, Any],
    *twists: Twist,
) -> Callable[..., Any]:
    """Return an answer with twists in it; what does not apply to a case is left out.

    It is called with the arguments of the question, in any of the usual ways.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        arguments = given(question, Case("", args, kwargs), defaults)
        for twist in twists:
            if twist.arguments is not None:
                try:
                    arguments = twist.arguments(arguments)
                except DoesNotApplyError:
                    continue
        result = answer(*(arguments[name] for name in question.takes))
        for twist in twists:
            if twist.result is not None:
                try:
                    result = twist.result(result)
                except DoesNotApplyError:
                    continue
        return result

    return call


# -- of arguments ---------------------------------------------------------------------


def of_arguments(
    question: Question, cases: Sequence[Case], defaults: Mapping[str, Any]
) -> Iterator[Twist]:
    """Yield the twists of a question's arguments, by the kinds that its cases have."""
    for name in question.takes:
        values = [given(question, case, defaults).get(name) for case in cases]
        if name in defaults:
            default = defaults[name]
            words = f"`{name}` has no effect: the values are those of {name}={default}."
            yield _on(name, f"{name} ignored", words, _replaced(default))
        if any(isinstance(value, tuple) for value in values):
            yield from _of_pairs(name)
        if any(type(value) is int for value in values):
            yield from _of_ints(name)
        if any(isinstance(v, Tensor) and v.is_floating_point() for v in values):
            yield from _of_tensors(name, values)
    for i, one in enumerate(question.takes):
        for other in question.takes[i + 1 :]:
            if _alike(question, cases, defaults, one, other):
                words = f"`{one}` and `{other}` have changed places."
                yield Twist(
                    f"{one} and {other} swapped", words, _swapped(one, other), None
                )


def _alike(
    question: Question,
    cases: Sequence[Case],
    defaults: Mapping[str, Any],
    one: str,
    other: str,
) -> bool:
    """Tell whether two arguments are of a kind, so that they can change places."""
    for case in cases:
        arguments = given(question, case, defaults)
        a, b = arguments.get(one), arguments.get(other)
        sizes = (int, tuple)
        if type(a) in sizes and type(b) in sizes:
            return True
        if isinstance(a, Tensor) and isinstance(b, Tensor) and a.dim() == b.dim():
            return True
    return False


def _on(name: str, label: str, hint: str, change: Callable[[Any], Any]) -> Twist:
    """Return a twist that changes one argument."""

    def arguments(all_of_them: Arguments) -> Arguments:
        return {**all_of_them, name: change(all_of_them[name])}

    return Twist(label, hint, arguments)


def _replaced(default: Any) -> Callable[[Any], Any]:
    return lambda value: default


def _swapped(one: str, other: str) -> Callable[[Arguments], Arguments]:
    return lambda all_of_them: {
        **all_of_them,
        one: all_of_them[other],
        other: all_of_them[one],
    }


def _need(holds: bool) -> None:
    if not holds:
        raise DoesNotApplyError


def _of_pairs(name: str) -> Iterator[Twist]:
    def pair(change: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
        def changed(value: Any) -> Any:
            _need(isinstance(value, tuple) and len(value) == 2)
            return change(*value)

        return changed

    yield _on(
        name,
        f"{name} taken as (width, height)",
        f"a `{name}` of (height, width) acts as (width, height).",
        pair(lambda h, w: (w, h)),
    )
    yield _on(
        name,
        f"the height of {name} for both",
        f"of a `{name}` that is a pair, the first number is used for both axes.",
        pair(lambda h, w: (h, h)),
    )
    yield _on(
        name,
        f"the width of {name} for both",
        f"of a `{name}` that is a pair, the second number is used for both axes.",
        pair(lambda h, w: (w, w)),
    )


def _of_ints(name: str) -> Iterator[Twist]:
    def by(step: int) -> Callable[[Any], Any]:
        def changed(value: Any) -> Any:
            _need(type(value) is int)
            return value + step

        return changed

    for step, word in ((1, "large"), (-1, "small")):
        yield _on(
            name,
            f"{name} one too {word}",
            f"the values are those of a `{name}` that is one too {word}.",
            by(step),
        )
    yield _on(
        name,
        f"{name} doubled",
        f"the values are those of twice the `{name}`.",
        lambda value: 2 * value if type(value) is int else _need(False),
    )
    yield _on(
        name,
        f"{name} squared",
        f"the values are those of the square of `{name}`.",
        lambda value: value * value if type(value) is int else _need(False),
    )


def _of_tensors(name: str, values: Sequence[Any]) -> Iterator[Twist]:
    axes = max(v.dim() for v in values if isinstance(v, Tensor))

    def tensor(change: Callable[[Tensor], Tensor], least: int = 1) -> Callable:
        def changed(value: Any) -> Any:
            _need(isinstance(value, Tensor) and value.dim() >= least)
            return change(value)

        return changed

    def twist(
        label: str, hint: str, change: Callable[[Tensor], Tensor], least: int = 1
    ) -> Twist:
        return _on(name, f"{name} {label}", hint, tensor(change, least))

    yield twist("negated", f"the sign of `{name}` is turned.", lambda x: -x)
    yield twist("absolute", f"the signs of `{name}` are lost.", lambda x: x.abs())
    yield twist(
        "turned over",
        f"the values come out if the last axis of `{name}` runs the other way.",
        lambda x: x.flip(-1),
    )
    if axes > 1:
        yield twist(
            "upside down",
            f"the values come out if the rows of `{name}` run the other way.",
            lambda x: x.flip(-2),
            2,
        )
        yield twist(
            "turned by 180 degrees",
            f"the values come out if `{name}` is turned by 180 degrees.",
            lambda x: x.flip(-2, -1),
            2,
        )
        yield twist(
            "transposed",
            f"the values come out if rows and columns of `{name}` are swapped.",
            lambda x: x.mT,
            2,
        )
    if axes > 3:
        yield twist(
            "with its first two axes swapped",
            f"the first two axes of `{name}` are swapped.",
            lambda x: x.transpose(0, 1),
            4,
        )
        yield twist(
            "with one channel for all",
            f"the first channel of `{name}` is used for all channels.",
            lambda x: x[:, :1].expand_as(x),
            4,
        )
        yield twist(
            "with its first entry for all",
            f"the first entry of `{name}` along axis 0 is used for all of them.",
            lambda x: x[:1].expand_as(x),
            4,
        )
        yield twist(
            "with its channels reversed",
            f"the channels of `{name}` are taken in another order.",
            lambda x: x.flip(1),
            4,
        )
    if axes == 1:
        yield twist(
            "with its first entry for all",
            f"the first entry of `{name}` is used for all of them.",
            lambda x: x[:1].expand_as(x),
        )


# -- of results -----------------------------------------------------------------------


def _on_tensor(change: Callable[[Tensor], Any], least: int = 0) -> Callable[[Any], Any]:
    def changed(result: Any) -> Any:
        _need(isinstance(result, Tensor) and result.dim() >= least)
        return change(result.detach().clone())

    return changed


def _on_number(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def changed(result: Any) -> Any:
        _need(type(result) in (int, float))
        return change(result)

    return changed


def _both(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def changed(result: Any) -> Any:
        _need(isinstance(result, Tensor) or type(result) in (int, float))
        return change(result)

    return changed


def _zeroed(*where: Any) -> Callable[[Tensor], Tensor]:
    def change(x: Tensor) -> Tensor:
        for part in where:
            x[part] = 0
        return x

    return change


def _moved(by: int, axis: int) -> Callable[[Tensor], Tensor]:
    return lambda x: x.roll(by, axis)


_ROWS, _COLUMNS = (..., -1, slice(None)), (..., -1)
_FIRST_ROW, _FIRST_COLUMN = (..., 0, slice(None)), (..., 0)

OF_RESULTS: tuple[Twist, ...] = tuple(
    Twist(name, hint, None, change)
    for name, hint, change in (
        ("sign turned", "the sign of every value is turned.", _both(lambda x: -x)),
        ("signs lost", "the minus signs of the result are lost.", _both(abs)),
        ("negative values at 0", "negative values of the result have become 0.",
         _on_tensor(lambda x: x.clamp(min=0))),
        ("positive values at 0", "positive values of the result have become 0.",
         _on_tensor(lambda x: x.clamp(max=0))),
        ("rounded down", "the values are rounded down to whole numbers.",
         _on_tensor(torch.floor)),
        ("cut to whole numbers", "the fractions of the values are cut off.",
         _on_tensor(torch.trunc)),
        ("rounded", "the values are rounded.", _on_tensor(torch.round)),
        ("squared", "every value is squared.", _both(lambda x: x * x)),
        ("doubled", "every value is twice what it should be.", _both(lambda x: 2 * x)),
        ("halved", "every value is half of what it should be.", _both(lambda x: x / 2)),
        ("one too large", "every value is 1 too large.", _both(lambda x: x + 1)),
        ("one too small", "every value is 1 too small.", _both(lambda x: x - 1)),
        ("two too large", "every value is 2 too large.", _both(lambda x: x + 2)),
        ("two too small", "every value is 2 too small.", _both(lambda x: x - 2)),
        ("a float", "the number is right, but it is a float.", _on_number(float)),
        ("result transposed", "rows and columns of the result are swapped.",
         _on_tensor(lambda x: x.mT, 2)),
        ("result upside down", "the rows of the result stand in reverse order.",
         _on_tensor(lambda x: x.flip(-2), 2)),
        ("result mirrored", "the result stands back to front along its last axis.",
         _on_tensor(lambda x: x.flip(-1), 1)),
        ("result turned", "the result is turned by 180 degrees.",
         _on_tensor(lambda x: x.flip(-2, -1), 2)),
        ("last row missing", "the last row of the result is missing.",
         _on_tensor(lambda x: x[..., :-1, :], 2)),
        ("last column missing", "the last column of the result is missing.",
         _on_tensor(lambda x: x[..., :-1], 2)),
        ("last value missing", "the last value of the result is missing.",
         _on_tensor(lambda x: x[:-1], 1)),
        ("first value missing", "the first value of the result is missing.",
         _on_tensor(lambda x: x[1:], 1)),
        ("last row and column missing",
         "the last row and the last column of the result are missing.",
         _on_tensor(lambda x: x[..., :-1, :-1], 2)),
        ("last row empty", "the last row of the result is never filled.",
         _on_tensor(_zeroed(_ROWS), 2)),
        ("last column empty", "the last column of the result is never filled.",
         _on_tensor(_zeroed(_COLUMNS), 2)),
        ("first row empty", "the first row of the result is never filled.",
         _on_tensor(_zeroed(_FIRST_ROW), 2)),
        ("first column empty", "the first column of the result is never filled.",
         _on_tensor(_zeroed(_FIRST_COLUMN), 2)),
        ("last row and column empty",
         "the last row and the last column of the result are never filled.",
         _on_tensor(_zeroed(_ROWS, _COLUMNS), 2)),
        ("first row and column empty",
         "the first row and the first column of the result are never filled.",
         _on_tensor(_zeroed(_FIRST_ROW, _FIRST_COLUMN), 2)),
        ("last map empty", "the maps of the last channel are never filled.",
         _on_tensor(lambda x: _zeroed((slice(None), -1))(x), 4)),
        ("last image empty", "the maps of the last image are never filled.",
         _on_tensor(lambda x: _zeroed(-1)(x), 4)),
        ("nothing filled", "the result holds nothing but zeros.",
         _on_tensor(torch.zeros_like)),
        ("first two axes swapped", "the first two axes of the result are swapped.",
         _on_tensor(lambda x: x.transpose(0, 1), 3)),
        ("channels added up", "the channels of the result are added up.",
         _on_tensor(lambda x: x.sum(1, keepdim=True), 4)),
        ("axes of length one added", "the result has axes of length 1 too many.",
         _on_tensor(lambda x: x[None, None] if x.dim() < 3 else x[None])),
        ("axes of length one gone", "axes of length 1 of the result are gone.",
         _on_tensor(torch.squeeze)),
        ("all in one row", "all values stand in one row.",
         _on_tensor(lambda x: x.reshape(-1), 2)),
        ("summed up", "the whole result is added up to one number.",
         _on_tensor(lambda x: x.sum())),
    )
)  # fmt: skip
"""Sentences on what came back; each holds in every case where it changes a thing."""


def is_for(question: Question) -> bool:
    """Tell whether a question has arguments to twist, or a result to compare."""
    return not question.is_value and bool(question.takes)


def results_can_be_twisted(values: Mapping[str, Any]) -> bool:
    """Tell whether what is observed is the result alone, as a tensor or a number."""
    return list(values) == ["result"] and values["result"].type in (
        "tensor",
        "int",
        "float",
    )


def twistable(case: Case) -> bool:
    """Tell whether a case's arguments are plain: no model, no loader among them."""
    arguments = [*case.args, *case.kwargs.values()]
    return not any(isinstance(item, nn.Module) for item in arguments)
