"""The instructor's word: one plain text file in the report's folder, a line a thing.

    due       | 02 | 2026-11-03 23:59 | grace 15 min | 10 % a day | at most 50 %
    times     | 02 | worksheet02.csv
    override  | Anna Maier | 02 | conv2d | 4 | explained it at the board
    override  | Anna Maier | 02 | all | 15 | oral exam
    comment   | Anna Maier | 02 | Well argued.
    extension | Anna Maier | 02 | 2026-11-10 23:59 | ill
    excuse    | Kim Lee (1003) | 03 | ill
    leave out | Test User | 02 | is no student
    same      | Kim Lee (2007) | Kim Lee (1003)

Lines that begin with # are notes. The file is read anew each time and never written to.
A line that cannot be read, or that fits nobody or two, is told with its number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cnngrade.files.exercise import handed_out

NAME = "instructor.txt"
_SECONDS = {"min": 60.0, "h": 3600.0, "d": 86400.0}
_FIELDS = {
    "override": "WHO | LESSON | TASK or all | POINTS | REASON",
    "comment": "WHO | LESSON | TEXT",
    "extension": "WHO | LESSON | YYYY-MM-DD HH:MM | REASON",
    "excuse": "WHO | LESSON | REASON",
    "leave out": "WHO | LESSON | REASON",
    "same": "WHO | THE OTHER NAME",
    "due": "LESSON | YYYY-MM-DD HH:MM | grace N min | N % a day | at most N %",
    "times": "LESSON | FILE",
}
_OPTIONAL = {"extension": 1, "due": 3}
"""How many of the last fields may be left out."""
_ONCE = ("override", "extension", "excuse", "leave out", "same")
"""Kinds that may say one thing of one student, lesson and task."""

BEGINNING = f"""\
# The instructor's word on the marks of this report: a line a thing. It is read at every
# `cnnlib grade` and `cnnlib export`, and never written to. What a line can be:
#
{"".join(f"# {kind} | {fields}{chr(10)}" for kind, fields in _FIELDS.items())}#
# WHO is a student's name as the report has it. docs/instructors.md says more.
"""


@dataclass(frozen=True)
class Order:
    """One line about a student.

    Attributes:
        number: of the line in the file.
        task: for "override": the task, or "all".
        points: for "override".
        when: for "extension": until when, in seconds since 1970.
        text: the reason or the comment; for "same" the other name.
    """

    number: int
    kind: str
    who: str
    lesson: str = ""
    task: str = ""
    points: float = 0.0
    when: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class Policy:
    """When a lesson is due, and what it costs to be late.

    Attributes:
        due: in seconds since 1970.
        grace: seconds after which it is late only.
        per_day: the share of the points earned that each day begun takes off.
        most: the share that is taken off at most.
    """

    number: int
    due: float
    grace: float = 0.0
    per_day: float = 0.0
    most: float = 1.0


@dataclass
class Word:
    """What the file says.

    Attributes:
        policies: by lesson.
        times: by lesson, the number of the line and the file with the platform's times.
        problems: lines that have no effect: (number, why), a sentence each.
    """

    orders: list[Order] = field(default_factory=list)
    policies: dict[str, Policy] = field(default_factory=dict)
    times: dict[str, tuple[int, str]] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)


class _LineError(Exception):
    """A line that cannot be read; the text says why."""


def read_word(folder: Path) -> Word:
    """Return what a report's file says; nothing if there is no such file."""
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return Word()
    except OSError as error:
        return Word(problems=[(0, f"it cannot be read: {error.strerror}.")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        why = "it is not UTF-8 text, so nothing in the file was taken. Save it as that."
        return Word(problems=[(number, why)])
    return parse_word(text)


def parse_word(text: str) -> Word:
    """Return what the text of such a file says."""
    made = Word()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                _take(made, number, line)
            except _LineError as error:
                made.problems.append((number, str(error)))
    return made


def _take(made: Word, number: int, line: str) -> None:
    kind, *fields = (part.strip() for part in line.split("|"))
    kind = " ".join(kind.casefold().split())
    if kind not in _FIELDS:
        raise _LineError(
            f"“{kind}” is nothing that a line can begin with; there are "
            f"{', '.join(_FIELDS)}."
        )
    wanted = _FIELDS[kind].count("|") + 1
    least = wanted - _OPTIONAL.get(kind, 0)
    if not least <= len(fields) <= wanted or not all(fields[:least]):
        raise _LineError(f"it must be: {kind} | {_FIELDS[kind]}.")
    if kind == "due":
        lesson = _lesson(fields[0])
        if lesson in made.policies:
            raise _LineError(_twice(made.policies[lesson].number))
        made.policies[lesson] = _policy(number, fields[1:])
    elif kind == "times":
        lesson = _lesson(fields[0])
        if lesson in made.times:
            raise _LineError(_twice(made.times[lesson][0]))
        made.times[lesson] = number, fields[1]
    else:
        order = _order(number, kind, fields)
        for one in made.orders if kind in _ONCE else ():
            if _subject(one) == _subject(order):
                raise _LineError(_twice(one.number))
        made.orders.append(order)


def _subject(one: Order) -> tuple[str, ...]:
    return one.kind, one.who.casefold(), one.lesson, one.task


def _twice(number: int) -> str:
    return f"line {number} says something of the same already. Remove one of the two."


def _order(number: int, kind: str, fields: Sequence[str]) -> Order:
    who, text = fields[0], fields[-1]
    if kind == "same":
        return Order(number, kind, who, text=text)
    lesson = _lesson(fields[1])
    if kind == "override":
        task, points = fields[2], _number(fields[3])
        if task.casefold() == "all":
            task = "all"
        elif task not in handed_out()[lesson].tasks:
            raise _LineError(
                f"lesson {lesson} has no task {task}; there are "
                f"{', '.join(handed_out()[lesson].tasks)}, or all."
            )
        return Order(number, kind, who, lesson, task, points, text=text)
    if kind == "extension":
        reason = fields[3] if len(fields) > 3 else ""
        return Order(number, kind, who, lesson, when=moment(fields[2]), text=reason)
    return Order(number, kind, who, lesson, text=text)


def _lesson(text: str) -> str:
    if text not in handed_out():
        raise _LineError(
            f"there is no exercise of lesson “{text}”; there are "
            f"{', '.join(handed_out())}."
        )
    return text


def _number(text: str) -> float:
    if not re.fullmatch(r"\d+([.,]\d+)?", text):
        raise _LineError(f"“{text}” is no number of points, such as 3 or 2.5.")
    return float(text.replace(",", "."))


def moment(text: str) -> float:
    """Return seconds since 1970; a time without a zone is this machine's."""
    if not re.match(r"\d{4}-\d\d-\d\d", text):
        raise _LineError(f"“{text}” is no date of the form 2026-11-03 23:59.")
    is_day = re.fullmatch(r"\d{4}-\d\d-\d\d", text)
    try:
        return datetime.fromisoformat(
            f"{text} 23:59:59" if is_day else text
        ).timestamp()
    except (ValueError, OverflowError, OSError):
        raise _LineError(f"“{text}” is no date of the form 2026-11-03 23:59.") from None


def _policy(number: int, fields: Sequence[str]) -> Policy:
    facts = {"grace": 0.0, "per_day": 0.0, "most": 1.0}
    seen = set()
    for text in fields[1:]:
        plain = " ".join(text.casefold().split())
        if found := re.fullmatch(r"grace (\d+(?:\.\d+)?) ?(min|h|d)", plain):
            name, value = "grace", float(found[1]) * _SECONDS[found[2]]
        elif found := re.fullmatch(r"(\d+(?:\.\d+)?) ?% (?:a|per) day", plain):
            name, value = "per_day", float(found[1]) / 100
        elif found := re.fullmatch(r"at most (\d+(?:\.\d+)?) ?%", plain):
            name, value = "most", float(found[1]) / 100
        else:
            raise _LineError(
                f"“{text}” is none of: grace 15 min (or h, or d), 10 % a day, "
                "at most 50 %."
            )
        if name in seen or (name != "grace" and value > 1):
            raise _LineError(f"“{text}” is there twice, or is more than 100 %.")
        seen.add(name)
        facts[name] = value
    return Policy(number, moment(fields[0]), **facts)
