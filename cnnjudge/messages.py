"""The sentences of a verdict. None of them holds a right value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from cnnlib.checks.question import Case, Question
from cnnlib.checks.values import Outcome, Value, differs, plain

from .key import Key, Mistake, Task

_MOST = 8
"""Rows and columns of a grid that are shown."""
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


def passed(task: Task, count: int) -> str:
    """Return the line that never changes."""
    what = "value" if task.question.is_value else "case"
    if task.question.is_value:
        verb = "is right" if count == 1 else "are right"
        return f"✓ {task.question.name}: {count} {what}{'s' * (count > 1)} {verb}"
    verb = "agrees" if count == 1 else "agree"
    plural = what + "s" * (count > 1)
    return f"✓ {task.question.name}: {count} {plural} {verb} with {task.key.source}"


def unsolved(question: Question) -> str:
    """Return the sentence for a stub."""
    if question.is_value:
        return f"✗ {question.name} has no value yet: its cell still says `...`."
    return (
        f"✗ {question.name} is not written yet: its cell still raises "
        "NotImplementedError."
    )


def too_long(question: Question) -> str:
    """Return the sentence for an answer that was stopped."""
    return (
        f"✗ {question.name} was stopped after {question.seconds:.0f} seconds. Does a "
        "loop never end, or go over far more than its input?"
    )


def remark(question: Question, code: str, case: Case | None) -> str:
    """Return the sentence for something seen while the answer ran."""
    kind, _, name = code.partition(":")
    sentence = {
        "called": f"it calls `{name}`, the operation that you are to write yourself.",
        "cnnlib": f"it calls `{name}` of cnnlib. Write it with PyTorch alone.",
        "changed": f"the values are right, but the call changes its input `{name}`. "
        "Work on a new tensor: whoever calls it may need the old one.",
        "cut": f"the values are right, but no gradient flows back to `{name}`. "
        "`.item()`, `.detach()`, `.numpy()` or `torch.tensor(...)` on the way cuts it.",
        "prints": "it prints more than anybody reads. Take the `print` out.",
    }.get(kind)
    if kind == "left":
        sentence = {
            "hook": "a hook is left on the model. Remove it when you are done: "
            "`handle.remove()`.",
            "grad": "a `.grad` is left behind. `torch.autograd.grad` leaves none.",
            "requires_grad": "the input is left with `requires_grad=True`. Work on a "
            "copy: `x.detach().clone()`.",
        }[name]
    return f"✗ {question.name}: {sentence}"


def failure(
    task: Task,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    expected: Outcome,
    wrong: Sequence[int],
    shown: int,
    mistake: Mistake | None,
) -> str:
    """Return the whole message for an answer that is wrong on some cases."""
    question, found, case = task.question, outcomes[shown], cases[shown]
    lines = [_headline(question, len(wrong), len(cases), case)]
    if found.error:
        lines.append(_raised(question, found))
    if not question.is_value and not found.error:
        grids = _grids(question, case, _only_wrong(found, expected, task.key))
        lines += ["", grids] if grids else []
    if mistake is not None:
        lines += ["", f"Likely: {mistake.hint}"]
    elif not found.error:
        sentence = _difference(found, expected, task)
        lines += ["", sentence] if sentence else []
    lines += ["", f"See lesson {question.lesson}, “{task.key.section}”."]
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def _headline(question: Question, wrong: int, count: int, case: Case) -> str:
    if question.is_value:
        if count == 1:
            return f"✗ {question.name} is not right."
        return f"✗ {question.name}: {wrong} of {count} wrong; first: {case.kind}."
    where = f"with {case.kind}"
    if count == 1:
        return f"✗ {question.name} is wrong {where}."
    if wrong == count:
        return f"✗ {question.name}: all {count} cases are wrong; the smallest {where}."
    verb = "is" if wrong == 1 else "are"
    return (
        f"✗ {question.name}: {wrong} of {count} cases {verb} wrong; "
        f"the smallest {where}."
    )


def _raised(question: Question, found: Outcome) -> str:
    """Say what was raised; of a value, what is wrong with its form."""
    if question.is_value and found.message:
        quoted = found.error == "KeyError"  # whose text is a repr
        return found.message[1:-1] if quoted else found.message
    colon = f": {found.message}" if found.message else ""
    return f"It raised {found.error}{colon}"


def _difference(found: Outcome, expected: Outcome, task: Task) -> str:
    """Say how the values differ, where no mistake is known that explains it."""
    for name, right in expected.values.items():
        value = found.values.get(name)
        if value is None:
            continue
        word = differs(value, right, task.key.rtol, task.key.atol, task.key.any_dtype)
        it = "The result" if name == "result" else f"Its {name}"
        if word == "type":
            it, value, right = _first_apart(it, value, right, task.key)
            if value.type == "none":
                more = "" if task.question.is_value else " Is `return` missing?"
                return f"{it} is None.{more}"
            if (value.type, right.type) == ("float", "int"):
                return f"{it} is a float, {value.data}; it must be an int."
            return f"{it} is {_type(value)}; it must be {_type(right)}."
        if word == "dtype":
            return f"{it} has dtype {value.dtype}; it must be {right.dtype}."
        if word == "shape" and not task.question.is_value:
            return f"{it} has shape {value.shape}; it must be {right.shape}."
        if word == "shape":
            return f"{it} has shape {value.shape}, which is not right."
        if word == "length":
            return f"{it} has {len(value.data)} entries, which is not right."
        if word == "keys":
            missing = [key for key in right.data if key not in value.data]
            return (
                f"{it} lacks the key {missing[0]!r}."
                if missing
                else (f"{it} has keys that nobody asked for.")
            )
    return ""


def _first_apart(
    it: str, value: Value, right: Value, key: Key
) -> tuple[str, Value, Value]:
    """Go down from a list or dict to the entry that is of another type."""
    if value.type != right.type or value.type not in ("list", "dict"):
        return it, value, right
    names = value.data if value.type == "dict" else range(len(value.data))
    for name in names:
        one, other = value.data[name], right.data[name]
        if differs(one, other, key.rtol, key.atol, key.any_dtype):
            entry = name + 1 if value.type == "list" else repr(name)
            it = f"Entry {entry} of {it[0].lower()}{it[1:]}"
            return _first_apart(it, one, other, key)
    return it, value, right


def _type(value: Value) -> str:
    return _TYPES.get(value.type, f"of type {value.type}")


def _only_wrong(found: Outcome, expected: Outcome, key: Key) -> dict[str, Value]:
    """Leave out what was observed and is right: the fault is elsewhere."""
    right = expected.values
    return {
        name: value
        for name, value in found.values.items()
        if name not in right
        or differs(value, right[name], key.rtol, key.atol, key.any_dtype)
    }


def _grids(question: Question, case: Case, found: dict[str, Value]) -> str:
    """Return input, kernel and what the answer made of them, as small grids."""
    blocks, facts = [], []
    given = [*zip(question.takes, case.args, strict=False), *case.kwargs.items()]
    for name, item in given:
        if isinstance(item, torch.Tensor) and item.dim():
            blocks.append(_block(name, plain(item)))
        elif isinstance(item, int | float | tuple | list | str | nn.Module | None):
            facts.append(f"{name} = {item}")
    for name, value in found.items():
        title = "yours" if name == "result" else f"your {name}"
        if value.type in ("tensor", "array") and value.shape:
            blocks.append(_block(title, value))
        elif value.type in ("int", "float", "bool", "str", "list", "dict"):
            facts.append(f"{title}: {_short(value)}")
    return "\n".join([*(facts[:8]), *_beside(blocks)])


def _short(value: Value) -> str:
    text = str(_unwrapped(value))
    return text if len(text) <= 100 else text[:97] + "..."


def _unwrapped(value: Value) -> Any:
    if value.type == "list":
        return [_unwrapped(entry) for entry in value.data]
    if value.type == "dict":
        return {key: _unwrapped(entry) for key, entry in value.data.items()}
    if value.type in ("tensor", "array"):
        return value.data.tolist()
    return value.data if value.data is not None else value.type


def _block(title: str, value: Value) -> list[str]:
    """Return a title, and the first map of a tensor as lines of equal width."""
    data = value.data
    shape = "x".join(str(n) for n in data.shape)
    if data.size == 0:
        return [f"{title} ({shape}): empty"]
    where = ""
    if data.ndim > 2:
        where = f"[{', '.join('0' for _ in range(data.ndim - 2))}]"
        data = data.reshape(-1, *data.shape[-2:])[0]
    data = np.atleast_2d(data)
    rows = [[number(n) for n in row[:_MOST]] for row in data[:_MOST].tolist()]
    width = max(len(text) for row in rows for text in row)
    lines = [" ".join(text.rjust(width) for text in row) for row in rows]
    if data.shape[1] > _MOST:
        lines = [line + " ..." for line in lines]
    if data.shape[0] > _MOST:
        lines.append("...")
    return [f"{title}{where} {shape}", *lines]


def number(value: Any) -> str:
    """Write a number so that it fits a cell: whole, or with two digits."""
    if isinstance(value, bool | complex):
        return str(value)
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.2f}" if abs(value) < 1e4 else f"{value:.1e}"


def _beside(blocks: Sequence[list[str]], room: int = 79) -> list[str]:
    """Set blocks side by side as long as the line has room, then below."""
    lines: list[str] = []
    group: list[list[str]] = []
    for block in [*blocks, None]:
        widths = [max(map(len, b)) for b in [*group, *([block] if block else [])]]
        if block is not None and (not group or sum(widths) + 4 * len(group) <= room):
            group.append(block)
            continue
        lines += _row(group)
        group = [block] if block is not None else []
    return lines


def _row(group: Sequence[list[str]]) -> list[str]:
    if not group:
        return []
    height = max(len(block) for block in group)
    columns = []
    for block in group:
        width = max(map(len, block))
        columns.append(
            [line.ljust(width) for line in [*block, *[""] * height]][:height]
        )
    return ["    ".join(parts).rstrip() for parts in zip(*columns, strict=True)]
