"""What an item of practice is: a question, its answer, its options, all plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from cnnlib.text import four_decimals, size

Form = Literal["number", "size", "shape", "row", "grid", "choice"]
"""What an answer looks like.

"number": an int or a float. "size": (height, width). "shape": a tuple of any length.
"row": a list of numbers. "grid": a list of rows. "choice": a string, one of the
options; such an item is never typed.
"""


@dataclass(frozen=True)
class Block:
    """What stands below the text of a question, as data.

    Attributes:
        kind: "grid" (numbers), "table" (words or numbers under a head) or "code".
        caption: what it is called in the text; of code nothing.
        rows: the rows of cells; each line of code is a row of one cell.
        head: the headings of a table's columns.
    """

    kind: Literal["grid", "table", "code"]
    caption: str
    rows: tuple[tuple[Any, ...], ...]
    head: tuple[str, ...] = ()


def grid(caption: str, rows: Any) -> Block:
    """Return a grid of numbers (H, W)."""
    return Block("grid", caption, tuple(map(tuple, rows)))


def table(caption: str, head: Any, rows: Any) -> Block:
    """Return a table with a head."""
    return Block("table", caption, tuple(map(tuple, rows)), tuple(head))


def code(*lines: str) -> Block:
    """Return lines of Python."""
    return Block("code", "", tuple((line,) for line in lines))


@dataclass(frozen=True)
class Show:
    """The picture that shows this very item.

    Attributes:
        call: "step_conv", "step_pool" or "explore_sizes".
        arguments: its keyword arguments, plain data.
        place: (row, column) of the number asked for, in the map that comes out.
    """

    call: Literal["step_conv", "step_pool", "explore_sizes"]
    arguments: Mapping[str, Any]
    place: tuple[int, int] | None = None


@dataclass(frozen=True)
class Option:
    """One possible answer.

    Attributes:
        value: the answer as data.
        text: the answer as it is shown.
        mistake: the name of the mistake that computes it; "" for the right answer.
        sentence: what went wrong; "" for the right answer. It begins with "Perhaps"
            where another known mistake gives the same value.
    """

    value: Any
    text: str
    mistake: str = ""
    sentence: str = ""

    @property
    def right(self) -> bool:
        """Whether this is the right answer."""
        return not self.mistake


@dataclass(frozen=True)
class Item:
    """A question drawn from a seed; everything in it is plain data.

    Attributes:
        kind: the name of its kind.
        level: 1 (easy) to 3.
        lesson: "00" to "09".
        heading: the heading of that lesson under which it is explained.
        text: the question.
        blocks: grids, tables and code below the text.
        form: what the answer looks like.
        answer: the right answer.
        options: for multiple choice: the right answer and some wrong ones, mixed.
        wrong: every wrong answer that a known mistake gives on this item, for an
            answer that is typed.
        steps: the worked solution; its last line has the answer.
        show: the picture of this item, if there is one.
        facts: the numbers that it is made of; all of them stand in the question.
    """

    kind: str
    level: int
    lesson: str
    heading: str
    text: str
    blocks: tuple[Block, ...]
    form: Form
    answer: Any
    options: tuple[Option, ...]
    wrong: tuple[Option, ...]
    steps: tuple[str, ...]
    show: Show | None
    facts: Mapping[str, Any] = field(repr=False)

    def as_data(self) -> dict[str, Any]:
        """Return dicts, tuples, numbers and strings that ``json`` can write."""
        return asdict(self)


def shown(value: Any, form: Form) -> str:
    """Write an answer as it is shown.

    >>> shown(20087, "number"), shown(0.5, "number"), shown((14, 12), "size")
    ('20,087', '0.5', '14x12')
    >>> shown((1, 3), "shape"), shown([[1, 2], [3, 4]], "grid")
    ('(1, 3)', '[1, 2], [3, 4]')
    """
    if form == "choice":
        return str(value)
    if form == "size":
        return size(*value)
    if form == "shape":
        return f"({', '.join(map(str, value))}{',' if len(value) == 1 else ''})"
    if form == "row":
        return f"[{', '.join(map(_number, value))}]"
    if form == "grid":
        return ", ".join(shown(row, "row") for row in value)
    return _number(value)


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else four_decimals(value)
