"""What a task asks: its cases, and how an answer is put to them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class Case:
    """One call of an answer.

    Attributes:
        kind: what is special about it, in words that follow "with": "a 2x3 kernel".
        args, kwargs: handed over as deep copies.
        gradient: whether the gradient must flow from the result to the tensors given.
        facts_for_judge: plain facts that a judge needs besides the arguments.
        probe: what `observe` is handed after the arguments, and the answer never sees:
            weights to load, images to try.
    """

    kind: str
    args: tuple = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    gradient: bool = False
    facts_for_judge: Any = None
    probe: tuple = ()

    @property
    def size(self) -> int:
        """The numbers in it: a message shows the smallest case that failed."""
        arguments = [*self.args, *self.kwargs.values()]
        return sum(x.numel() for x in arguments if isinstance(x, torch.Tensor))


@dataclass(frozen=True)
class Part:
    """A kind of a task's cases: points that are earned if all of its cases are right.

    Attributes:
        name: what is asked there, a noun: "stride".
        points: what it earns: a multiple of a half.
        of: words; a case whose kind has one of them is of this part. The last part of a
            question has none: all other cases are of it.
    """

    name: str
    points: float
    of: tuple[str, ...] = ()


def result_only(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe what an answer returns, and nothing else."""
    return {"result": result}


def listed(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe a row of numbers: of a tensor or an array its entries, as a list."""
    return {"result": as_lists(result)}


def as_lists(item: Any) -> Any:
    """Return a tensor or an array with axes as lists; anything else as it is."""
    if isinstance(item, torch.Tensor | np.ndarray) and item.ndim:
        return item.tolist()
    return item


@dataclass(frozen=True)
class Question:
    """What a task asks, without the right answer: student code may see it.

    Attributes:
        name: the task's name, which is that of the answer.
        lesson: two digits.
        points: what a right answer earns.
        parts: how the points are shared among kinds of cases; empty: all or none.
        cases: the cases of a seed; always as many, whatever the seed.
        takes: the names of the arguments; empty for a value task, whose answer is no
            function but a value (``is_value``).
        observe: a function of (result, args) that returns the values to compare, by
            name; `args` are the arguments and then the case's `probe`. What it raises
            counts as raised by the answer.
        forbidden: functions of libraries that may not be called, by their last name.
        may_call: parts of `cnnlib` that an answer may call, by their folder's name:
            students have them from the lesson, and they do not give the answer.
        may_change: arguments that the answer is meant to change, such as a model that
            it trains: a change of them is not remarked on.
        call: how an answer is called on a case, where once is not enough: a function of
            (answer, args) that returns what `observe` gets as the result. Only what the
            first call does to the arguments is noticed: later ones are given copies.
        seconds: of computing, for all cases together; an answer that takes longer, or
            four times as long by the clock, is stopped.
    """

    name: str
    lesson: str
    points: int
    cases: Callable[[CaseRandom], list[Case]]
    takes: tuple[str, ...] = ()
    is_value: bool = False
    observe: Callable[[Any, Sequence[Any]], dict[str, Any]] = result_only
    forbidden: tuple[str, ...] = ()
    may_call: tuple[str, ...] = ()
    may_change: tuple[str, ...] = ()
    call: Callable[[Any, Sequence[Any]], Any] | None = None
    seconds: float = 10.0
    parts: tuple[Part, ...] = ()

    def part_of(self, case: Case) -> Part:
        """Return the part that a case is of: the first whose words its kind has."""
        return next(
            part
            for part in self.parts
            if not part.of or any(words in case.kind for words in part.of)
        )

    def draw(self, seed: int) -> list[Case]:
        """Return the cases of a seed, the same ones every time."""
        return self.cases(CaseRandom(seed))


class CaseRandom:
    """Random arguments of cases, repeatable under a seed on every machine."""

    def __init__(self, seed: int) -> None:
        self._numpy = np.random.Generator(np.random.PCG64(seed))
        self.random = random.Random(seed)

    def tensor(self, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
        """Draw normal numbers: negative, fractional, no two alike."""
        return torch.from_numpy(self._numpy.standard_normal(shape)).to(dtype)

    def whole(self, *shape: int, low: int = -9, high: int = 9) -> torch.Tensor:
        """Draw whole numbers low..high as float32, which are pleasant to read."""
        drawn = self._numpy.integers(low, high + 1, shape)
        return torch.from_numpy(drawn).to(torch.float32)

    def number(self, low: int, high: int) -> int:
        """Draw one whole number low..high."""
        return self.random.randint(low, high)
