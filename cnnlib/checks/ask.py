"""Put a question to an answer: run it on the cases and keep what came as plain data."""

from __future__ import annotations

import contextlib
import copy
import linecache
import os
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from .question import Case, Question
from .values import CaseOutcome, CodeLine, PlainValue, plain
from .watch import TooLong, Watch

_LONGEST_LINE = 160
"""Characters of a line of code that are kept."""


def ask(
    question: Question, answer: Any, cases: Sequence[Case], *, watched: bool = True
) -> list[CaseOutcome]:
    """Return the outcome of every case; a case that is not reached has an error.

    Nothing is compared here, and no reference is needed. What was noticed on the way
    stands in the outcomes' remarks:

    - ``called:NAME``: a forbidden function; ``cnnlib:NAME``: one of the course's own;
    - ``changed:NAME``: an argument was changed in place;
    - ``left:grad``, ``left:requires_grad``, ``left:hook``: left on an argument;
    - ``lost:hook``: somebody else's hook was taken off an argument;
    - ``cut:NAME``: no gradient flows to that argument.

    What is printed is not kept: a `print` left over from a search costs nothing.

    Without `watched` nothing is noticed: so references and mistakes are asked.
    """
    watch = Watch(question.forbidden, question.seconds, watched, question.may_call)
    outcomes: list[CaseOutcome] = []
    for case in cases:
        outcomes.append(_ask_case(question, answer, case, watch))
        if outcomes[-1].error == "TooLong" or outcomes[-1].is_stub:
            rest = len(cases) - len(outcomes)
            return outcomes + [CaseOutcome(error="NotReached")] * rest
    return outcomes


def _ask_case(question: Question, answer: Any, case: Case, watch: Watch) -> CaseOutcome:
    args, kwargs, probe = copy.deepcopy((case.args, case.kwargs, case.probe))
    if case.gradient:
        for tensor in _tensors([*args, *kwargs.values()]):
            tensor.requires_grad_(tensor.is_floating_point())
    before_call = _BeforeCall([*args, *kwargs.values()])
    names = (*question.takes[: len(args)], *kwargs)
    before = frozenset(watch.seen)
    left_behind: list[str] = []
    try:
        with watch.running():
            result = _called(question, answer, args, kwargs)
            left_behind = [
                remark
                for name, remark in before_call.left(names, case.gradient)
                if name not in question.may_change
            ]
            observed = question.observe(result, (*args, *kwargs.values(), *probe))
    except TooLong:
        return CaseOutcome(error="TooLong", remarks=_remarks(watch, before))
    except (Exception, SystemExit) as error:
        text = _shortened(str(error).strip().split("\n")[0])
        return CaseOutcome(
            error=type(error).__name__,
            message=text,
            remarks=_remarks(watch, before),
            line=_own_line(error, answer),
        )
    remarks = [*_remarks(watch, before), *left_behind]
    if case.gradient:
        remarks += _cuts(result, [*args, *kwargs.values()], names)
    return CaseOutcome(
        {name: _plain(value) for name, value in observed.items()},
        remarks=tuple(remarks),
    )


def _shortened(text: str, most: int = 300) -> str:
    """Cut a text after a whole word."""
    if len(text) <= most:
        return text
    return text[:most].rpartition(" ")[0] + " …"


def _called(
    question: Question, answer: Any, args: tuple, kwargs: dict[str, Any]
) -> Any:
    """Call an answer, or take it as it is; a net that is one itself makes none."""
    if question.is_value:
        return answer
    if isinstance(answer, nn.Module):
        raise TypeError(
            "this is a net. A function is asked for that makes one: the net is what "
            "`return` gives."
        )
    if question.call is not None:
        return question.call(answer, args)
    return answer(*args, **kwargs)


def _own_line(error: BaseException, answer: Any) -> CodeLine | None:
    """Return the last line of the student's code on the way to an error.

    Theirs is what a notebook's cells define, and the module of the answer. A file is
    read for its text only if it is a plain one: a device has no end.
    """
    try:
        own = {"__main__", getattr(answer, "__module__", "__main__")}
        for frame, number in reversed([*traceback.walk_tb(error.__traceback__)]):
            if frame.f_globals.get("__name__") in own:
                code = frame.f_code
                known = code.co_filename in linecache.cache
                if not known and not os.path.isfile(code.co_filename):
                    return None
                text = linecache.getline(code.co_filename, number).strip()
                return CodeLine(number, text[:_LONGEST_LINE], code.co_name[:100])
    except Exception:  # an answer that objects to being looked at
        return None
    return None


def _plain(value: Any) -> PlainValue:
    try:
        return plain(value)
    except Exception:  # an object that objects to being looked at
        return PlainValue(f"{type(value).__name__} (cannot be read)")


def _remarks(watch: Watch, before: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(watch.seen - before))


def _tensors(items: Sequence[Any]) -> list[torch.Tensor]:
    return [item for item in items if isinstance(item, torch.Tensor)]


def _cuts(result: Any, arguments: Sequence[Any], names: Sequence[str]) -> Iterator[str]:
    """Yield a remark for each tensor to which no gradient flows from the result."""
    pairs = [
        (name, item)
        for name, item in zip(names, arguments, strict=False)
        if isinstance(item, torch.Tensor) and item.requires_grad
    ]
    if not isinstance(result, torch.Tensor):
        return
    grads: Sequence[torch.Tensor | None] = [None] * len(pairs)
    if result.requires_grad and result.numel():
        inputs = [item for _, item in pairs]
        with contextlib.suppress(RuntimeError):  # an input was changed on the way
            grads = torch.autograd.grad(result.sum(), inputs, allow_unused=True)
    for (name, _), grad in zip(pairs, grads, strict=True):
        if grad is None:
            yield f"cut:{name}"


class _BeforeCall:
    """What the arguments were like before, to see what an answer left behind."""

    def __init__(self, arguments: Sequence[Any]) -> None:
        self._arguments = arguments
        self._before = [
            item.detach().clone() if isinstance(item, torch.Tensor) else None
            for item in arguments
        ]
        self._hooks = [_hooks(item) for item in arguments]
        self._grads = [_grads(item) for item in arguments]

    def left(self, names: Sequence[str], gradient: bool) -> Iterator[tuple[str, str]]:
        """Yield (argument, remark) for every trace that the answer left."""
        for i, item in enumerate(self._arguments):
            name = names[i] if i < len(names) else f"argument {i + 1}"
            old = self._before[i]
            if isinstance(item, torch.Tensor) and old is not None:
                now = item.detach()
                if now.shape != old.shape or not torch.equal(
                    now.nan_to_num(), old.nan_to_num()
                ):
                    yield name, f"changed:{name}"
                if item.requires_grad and not gradient:
                    yield name, "left:requires_grad"
                if item.grad is not None:
                    yield name, "left:grad"
            if _hooks(item) > self._hooks[i]:
                yield name, "left:hook"
            if _hooks(item) < self._hooks[i]:
                yield name, "lost:hook"
            if _grads(item) - self._grads[i]:
                yield name, "left:grad"


def _hooks(item: Any) -> int:
    if not isinstance(item, nn.Module):
        return 0
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    return sum(
        len(getattr(module, name)) for module in item.modules() for name in names
    )


def _grads(item: Any) -> set[str]:
    if not isinstance(item, nn.Module):
        return set()
    return {name for name, p in item.named_parameters() if p.grad is not None}
