"""The worked examples of lecture decks and articles, to be computed and checked.

Each has an id, the numbers the source gives, what the source prints and what is
correct. A lesson shows one, computes it and closes with ``example.check(result)``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import torch

from cnnlib.text import size

from .check_result import Confirmation, check_result
from .fact_values import as_text, capitalized, expected_form
from .grid import Card, Grid

if TYPE_CHECKING:
    from cnnlib.visuals.step.number_box import NumberBox

IntOrPair = int | tuple[int, int]
_OPERATIONS = {
    "multiply": "input * other, cell by cell",
    "flatten": "flatten, row after row",
}
_WORDS = ("what", "how", "why", "history", "see")


@dataclass(frozen=True, eq=False, repr=False)
class WorkedExample:
    """One worked example: what goes in, what the source prints, what is correct.

    Grids (`input`, `kernel`, and `printed` and `correct` unless `op` is "fact") are
    float32 tensors (H, W). A fact has `what` and `how` in words instead, and its
    `printed` and `correct` are a number, a list, a dict or text. What does not
    apply is None; `printed` is None too where the source leaves a question open.
    `exact` is the grid in four decimals where the source rounds more. An erratum has
    a `why`, and where more is known the `history` of the error and an address to
    `see`. The file's notes for authors are not read.
    """

    id: str
    source: str
    lesson: str
    op: str
    input: torch.Tensor | None
    kernel: torch.Tensor | None
    bias: float | None
    padding: IntOrPair | None
    stride: IntOrPair | None
    kernel_size: IntOrPair | None
    printed: Any
    correct: Any
    exact: torch.Tensor | None
    matches: bool
    erratum: bool
    what: str
    how: str
    why: str
    history: str
    see: str

    def check(self, result: Any) -> Confirmation:
        """Compare `result` with the correct value; raise AssertionError if it is not.

        A grid may be a tensor, an array or nested lists, with leading axes of size 1
        (batch, channels); values may differ from the printed ones in what four
        decimals cannot show. A fact takes what `form` says: numbers (`Worked`, NumPy
        and 0-d tensors too), pairs for "5x5" and "2 by 2", lists or tuples, dicts by
        the source's keys or their first words. Numbers that the source rounds may
        be exact, or rounded as there or to two decimals or more.
        """
        return check_result(self, result)

    def predict(
        self, *place: int, slips: Mapping[float, str] | None = None
    ) -> NumberBox:
        """Ask the reader for the number at ``place`` (row, column), or for the answer.

        The box works in the page, with no kernel and no network. It says whether the
        number is right, and names the likely slip where one gives that number: the
        kernel turned, the window misplaced, the bias forgotten. A fact is asked for
        without a place; ``slips`` says for wrong numbers what they are.

        Raises ValueError where the answer is not one number, or the place has not two;
        IndexError for a place outside of the result.
        """
        from cnnlib.visuals.step.number_box import number_box

        return number_box(self, place, slips or {})

    @property
    def form(self) -> str:
        """What `check` takes, in words."""
        if self.op == "fact":
            return expected_form(self.id, self.correct)
        return f"a {size(*self.correct.shape)} grid"

    @property
    def title(self) -> str:
        """The heading of the example: its id and source."""
        return f"{self.id} ({self.source})"

    @property
    def card(self) -> Card:
        """What the reader starts from; for a wrong source also what it prints."""
        grids = () if self.op == "fact" else self._grids()
        return Card(self.title, grids, self._lines(), f"From {self.source}")

    def __str__(self) -> str:
        return self.card.text

    def __repr__(self) -> str:
        return f"<worked example {self.id}: {self.op}, {self.source}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self.card._repr_mimebundle_()

    def _grids(self) -> tuple[Grid, ...]:
        kernel = "other" if self.op == "multiply" else "kernel"
        named = {"input": self.input, kernel: self.kernel}
        if self.erratum:
            named["printed"] = self.printed
        return tuple(
            Grid(f"{name} {size(*grid.shape)}", grid.tolist())
            for name, grid in named.items()
            if grid is not None
        )

    def _lines(self) -> tuple[str, ...]:
        if self.op != "fact":
            return (_OPERATIONS.get(self.op) or self._with_settings(),)
        return (capitalized(self.what), *([self.claim] if self.erratum else []))

    @property
    def claim(self) -> str:
        """What the source says of this fact, as a sentence."""
        if self.printed is True:
            return f"{self.source} says that this is true."
        return f"{self.source} prints: {as_text(self.printed)}"

    def _with_settings(self) -> str:
        return f"{self.op} with {', '.join(self._settings())}"

    def _settings(self) -> list[str]:
        if self.op == "conv2d":
            return [f"bias {self.bias:g}", f"padding {self.padding}", self._stride()]
        return [f"kernel_size {self.kernel_size}", self._stride()]

    def _stride(self) -> str:
        return f"stride {self.stride}"


def worked_example(id: str) -> WorkedExample:
    """Return the worked example with this id; what only one id begins with will do.

    So "hzdr-fc" is "hzdr-fc-73", of which the number would give the answer away.

    Raises ValueError, naming the closest ids, if there is none.
    """
    entries = _entries()
    begun = [name for name in entries if name.startswith(f"{id}-")]
    if id not in entries and len(begun) == 1:
        return _build(entries[begun[0]])
    if id not in entries:
        close = get_close_matches(str(id).lower(), entries, n=3)
        which = "the closest ids are" if close else "the ids are"
        raise ValueError(
            f"There is no worked example {id!r}; {which} "
            f"{', '.join(close or sorted(entries))}."
        )
    return _build(entries[id])


def worked_examples(lesson: str | None = None) -> list[WorkedExample]:
    """Return all worked examples, or those of one lesson such as "03_pooling".

    Raises ValueError, naming the lessons, if none has that name.
    """
    every = [_build(entry) for entry in _entries().values()]
    lessons = sorted({example.lesson for example in every})
    if lesson is not None and lesson not in lessons:
        raise ValueError(
            f"No lesson {lesson!r} has worked examples; those that do are "
            f"{', '.join(lessons)}."
        )
    return [example for example in every if lesson in (None, example.lesson)]


@cache
def _entries() -> dict[str, dict[str, Any]]:
    text = files("cnnlib.worked").joinpath("examples.json").read_text("utf-8")
    return {entry["id"]: entry for entry in json.loads(text)}


def _build(entry: dict[str, Any]) -> WorkedExample:
    """Make tensors and pairs of the lists in one entry of the file."""
    fact = entry["op"] == "fact"
    kernel = _grid(entry.get("kernel"))
    bias = entry.get("bias")
    return WorkedExample(
        id=entry["id"],
        source=entry["source"],
        lesson=entry["lesson"],
        op=entry["op"],
        input=_grid(entry.get("input")),
        kernel=kernel,
        bias=None if bias is None else float(bias),
        padding=None if fact else _setting(entry.get("padding", 0)),
        stride=_setting(entry.get("stride")),
        kernel_size=_setting(
            entry.get("kernel_size") if kernel is None else list(kernel.shape)
        ),
        printed=deepcopy(entry["printed"]) if fact else _grid(entry["printed"]),
        correct=deepcopy(entry["correct"]) if fact else _grid(entry["correct"]),
        exact=_grid(entry.get("exact")),
        matches=entry["matches"],
        erratum=entry["erratum"],
        **{name: entry.get(name, "") for name in _WORDS},
    )


def _grid(rows: list[list[float]] | None) -> torch.Tensor | None:
    return None if rows is None else torch.tensor(rows, dtype=torch.float32)


def _setting(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
