"""Read a lesson: py:percent text to cells that know their file line and their id.

jupytext turns the text into cells. It keeps no line numbers and forgives
malformed cell headers, so the headers are read here, and whatever is not of the
one documented form is a problem.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import jupytext

from tools.build import markdown
from tools.build.problems import Finding, LessonError, Problem

KNOWN_TAGS = {
    "extra": "is left out of the lesson's short form",
    "folded": "its code is folded, what it shows is not: the lesson's first picture",
    "nbval-ignore-output": "depends on data, hardware or thread count; not compared",
    "raises-exception": "must end in an error, which is shown and compared",
    "slide-new": "begins a slide in the deck",
    "slide-notes": "stands in the deck's speaker notes alone",
    "slide-skip": "is left out of the deck",
}
FOR_TEXT = {"extra", "slide-new", "slide-notes", "slide-skip"}
EXTRA_MARK = "<!-- extra -->"  # at a line's end: see ``extras``
KNOWN_NEEDS = {"mnist"}
EXERCISE = "_exercise"
Kind = Literal["markdown", "code"]
ID_LENGTH = 64

# jupytext would else turn comments that begin like commands ("# copy ...") to code.
_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
_FILE_NAME = re.compile(r"(\d\d)_[a-z0-9]+(?:_[a-z0-9]+)*\.py")
_VALUE = r'"[^"\\]*"|\["[^"\\]*"(?:, ?"[^"\\]*")*\]'
_OPTION = re.compile(rf"([a-z_]+)=({_VALUE})")
_HEADER = re.compile(rf"# %%(?: \[markdown\])?((?: [a-z_]+=(?:{_VALUE}))*)")
_HEADER_LIKE = re.compile(r"\s*#\s*(?:%%|In\[|<codecell>)")
_NEEDS = re.compile(r"# needs: (\S+)")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass
class Cell:
    """A cell of a lesson; ``line`` is where its text starts in the file."""

    kind: Kind
    text: str
    line: int
    tags: tuple[str, ...] = ()
    slug: str | None = None
    id: str = ""
    task: str | None = None  # in an exercise: the task that it answers,
    check: str | None = None  # or whose answer it checks
    extra_lines: frozenset[int] = frozenset()  # those that bear the mark of an extra


@dataclass
class Lesson:
    """A lesson's cells and what its first lines declare."""

    path: Path
    cells: list[Cell] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    needs: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)

    @property
    def number(self) -> str:
        """The two digits that its file name starts with."""
        return self.path.name[:2]

    @property
    def is_exercise(self) -> bool:
        """Whether this is the text of an exercise: its file name says so."""
        return self.path.stem.endswith(EXERCISE)

    @property
    def topic(self) -> str:
        """The name of the lesson, NN_topic, which an exercise shares."""
        return self.path.stem.removesuffix(EXERCISE)

    def at(self, finding: Finding) -> Problem:
        """Return the finding with the file line it is about."""
        cell = self.cells[finding.cell]
        return self.problem(cell.line + finding.offset, finding.message)

    def problem(self, line: int, message: str) -> Problem:
        """Return a problem in this lesson's file."""
        return Problem(f"{self.path.parent.name}/{self.path.name}", line, message)


def read(path: Path) -> Lesson:
    """Read the cells of a lesson and give each its id.

    Problems of form (headers, tags, ids) are collected in ``lesson.problems``;
    only text that cannot be split into cells at all raises ``LessonError``.
    """
    lesson = Lesson(path)
    if not _FILE_NAME.fullmatch(path.name):
        lesson.problems.append(
            lesson.problem(0, "a lesson is called NN_topic.py: two digits, then words")
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LessonError([lesson.problem(0, f"not UTF-8 text: {error}")]) from None
    lesson.lines = lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if _HEADER_LIKE.match(line)]
    _read_preamble(lesson, lines[: starts[0] if starts else len(lines)])
    _read_cells(lesson, lines, starts)
    _assign_ids(lesson)
    return lesson


def _read_preamble(lesson: Lesson, lines: list[str]) -> None:
    for number, line in enumerate(lines, 1):
        match = _NEEDS.fullmatch(line)
        if match and match[1] in KNOWN_NEEDS:
            lesson.needs |= {match[1]}
        elif line.strip():
            legal = ", ".join(f"'# needs: {name}'" for name in sorted(KNOWN_NEEDS))
            message = f"before the first cell only {legal} may stand, not {line!r}"
            lesson.problems.append(lesson.problem(number, message))


def _read_cells(lesson: Lesson, lines: list[str], starts: list[int]) -> None:
    if not starts:
        message = "no cells: a lesson needs at least one '# %%' line"
        raise LessonError([lesson.problem(0, message)])
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        first = start + 1
        while first < end - 1 and not lines[first].strip():
            first += 1
        cell = Cell("code", "", first + 1)
        for message in _read_header(lines[start], cell):
            lesson.problems.append(lesson.problem(start + 1, message))
        if cell.kind == "markdown":
            _check_comments(lesson, first, lines[first:end])
        lesson.cells.append(cell)
    _read_texts(lesson, lines, starts)


def _read_texts(lesson: Lesson, lines: list[str], starts: list[int]) -> None:
    """Let jupytext split and uncomment; it sees headers in their plainest form."""
    plain = lines.copy()
    for start, cell in zip(starts, lesson.cells, strict=True):
        plain[start] = "# %% [markdown]" if cell.kind == "markdown" else "# %%"
    read = jupytext.reads("\n".join(plain[starts[0] :]), fmt=_FORMAT).cells
    if len(read) != len(starts):
        message = (
            f"{len(starts)} lines look like cell headers, but jupytext reads "
            f"{len(read)} cells; is there a '# %%' inside a string?"
        )
        raise LessonError([lesson.problem(0, message)])
    for cell, found in zip(lesson.cells, read, strict=True):
        text = found.source.strip("\n")
        if cell.kind == "markdown" and EXTRA_MARK in text:
            marked = text.split("\n")
            at = [n for n, line in enumerate(marked) if line.endswith(EXTRA_MARK)]
            cell.extra_lines = frozenset(at)
            text = re.sub(rf" *{re.escape(EXTRA_MARK)}$", "", text, flags=re.M)
        cell.text = text


def _read_header(line: str, cell: Cell) -> Iterator[str]:
    """Read kind, tags and id into the cell and yield what is wrong with them."""
    match = _HEADER.fullmatch(line.rstrip())
    cell.kind = "markdown" if "[markdown]" in line else "code"
    if not match:
        yield (
            "a cell starts with '# %%' or '# %% [markdown]', then tags=[\"...\"] or "
            f'id="...", not {line!r}'
        )
        return
    given = _OPTION.findall(match[1])
    options = {key: json.loads(value) for key, value in given}
    if len(options) < len(given):
        yield f"twice in a cell header: {given[-1][0]}"
    for key in sorted(set(options) - {"tags", "id", "task", "check"}):
        yield f"unknown in a cell header: {key}; legal are tags, id, task and check"
    yield from _read_task(options, cell)
    tags, slug = options.get("tags", []), options.get("id")
    if isinstance(tags, str):
        yield f'tags are a list: tags=["{tags}"]'
        tags = []
    for tag in tags:
        if tag not in KNOWN_TAGS:
            yield f"unknown tag {tag!r}; legal are {', '.join(KNOWN_TAGS)}"
    if cell.kind == "markdown" and (wrong := sorted(set(tags) - FOR_TEXT)):
        legal = ", ".join(sorted(FOR_TEXT))
        yield f"{wrong[0]} is a tag for code cells; a Markdown cell may have {legal}"
    if slug is not None and not (isinstance(slug, str) and _SLUG.fullmatch(slug)):
        yield f"an id is lower-case words and digits joined by '-', not {slug!r}"
        slug = None
    cell.tags, cell.slug = tuple(tags), slug


def _read_task(options: dict, cell: Cell) -> Iterator[str]:
    given = [key for key in ("task", "check") if key in options]
    if given and cell.kind == "markdown":
        yield f"{given[0]} is for code cells"
    if len(given) == 2 or (given and "id" in options):
        yield "one cell header has one of task, check and id"
    for key in given:
        name = options[key]
        if not (isinstance(name, str) and name.isidentifier()):
            yield f"a {key} is the name of a task, not {name!r}"
        else:
            setattr(cell, key, name)


def _check_comments(lesson: Lesson, first: int, lines: list[str]) -> None:
    for number, line in enumerate(lines, first + 1):
        if line.strip() and not re.match(r"#( |$)", line):
            message = "each line of a Markdown cell starts with '# '"
            lesson.problems.append(lesson.problem(number, message))


def _assign_ids(lesson: Lesson) -> None:
    """Name each cell after its nearest heading above and its place below it."""
    section, section_line, counts = "", 1, Counter[str]()
    lines: dict[str, int] = {}
    for cell in lesson.cells:
        headings = markdown.headings(cell.text) if cell.kind == "markdown" else []
        own = section
        for place, heading in enumerate(headings):
            section = markdown.slug(heading.text.removeprefix(lesson.number))
            section_line = cell.line + heading.offset
            own = section if place == 0 else own
            if section in lines:
                message = (
                    f"this heading makes the same name ('{section}') as the one in "
                    f"line {lines[section]}; give it other words"
                )
                lesson.problems.append(lesson.problem(section_line, message))
            lines[section] = section_line
        counts[own] += 1
        cell.id = "-".join(filter(None, [lesson.number, own, str(counts[own])]))
        if cell.slug:
            cell.id = f"{lesson.number}-{cell.slug}"
        if cell.task or cell.check:
            cell.id = cell.task or f"{cell.check}-check"
    _check_ids(lesson)


def _check_ids(lesson: Lesson) -> None:
    taken: dict[str, int] = {}
    for cell in lesson.cells:
        if cell.id in taken:
            message = f"cell id '{cell.id}' is taken by the cell in line "
            message += str(taken[cell.id])
            lesson.problems.append(lesson.problem(cell.line, message))
        taken.setdefault(cell.id, cell.line)
        if len(cell.id) > ID_LENGTH:
            message = f"cell id '{cell.id}' is over {ID_LENGTH} characters"
            lesson.problems.append(lesson.problem(cell.line, message))
