"""Put one task of an exercise back to its start, and leave the rest as it is."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

from . import code
from .exercise import ExercisePart
from .match import Match, identify, match
from .notebook import CannotGradeError, Notebook, read, shown

KEPT = "# Your answer before `cnnlib reset`:"


def reset(path: Path, task: str) -> str:
    """Reset a task in a file; return in a sentence what was done.

    Its answer cell becomes the stub, with the old answer below as a comment; an answer
    or check cell that is not there is put back at its place, an edited check mended.
    """
    notebook = read(path)
    exercise = identify(notebook)
    if task not in exercise.tasks:
        raise CannotGradeError(
            f"{shown(path)} has no task called {task}. It has: "
            f"{', '.join(exercise.tasks)}."
        )
    made = match(notebook, exercise)
    style = _Style(notebook)
    answer, said = _answer(made, task)
    what = " ".join(filter(None, [said, _check(made, task, answer)]))
    if not what:
        return f"{task} is at its start already; {shown(path)} was left as it is."
    _write(path.resolve(), style.text(notebook.raw))
    return f"{what} Reload {shown(path)} if it is open."


def _answer(made: Match, task: str) -> tuple[dict[str, Any], str]:
    """Reset the answer cell; return it as it stands in the file, and what was done."""
    part, cell = made.exercise.part(task, "answer"), made.cell(task, "answer")
    cells = made.notebook.raw["cells"]
    if cell is None:
        new = _new(made.notebook, part)
        cells.insert(_place(made, part), new)
        return new, f"The answer cell of {task} is back in its place."
    answer, mark, before = cell.source.partition(KEPT)
    if code.same(answer, part.source):
        return cells[cell.index], ""
    old = "\n".join(f"# {line}".rstrip() for line in answer.strip().split("\n"))
    text = f"{part.source}\n\n{KEPT}\n{old}"
    _fill(cells[cell.index], f"{text}\n\n{mark}{before}" if mark else text)
    return cells[cell.index], (
        f"{task} is back at its start; your answer stands below it as a comment."
    )


def _check(made: Match, task: str, answer: dict[str, Any]) -> str:
    """Put the check cell below the answer, or mend it; return what was done."""
    part, cell = made.exercise.part(task, "check"), made.cell(task, "check")
    cells = made.notebook.raw["cells"]
    if cell is None:
        here = next(i for i, other in enumerate(cells) if other is answer)
        cells.insert(here + 1, _new(made.notebook, part))
        return f"The check cell of {task} is back in its place."
    if code.same(cell.source, part.source):
        return ""
    inserted = made.cell(task, "answer") is None  # then the cells below have moved on
    _fill(cells[cell.index + inserted], part.source)
    return f"The check cell of {task} is as it was."


def _place(made: Match, part: ExercisePart) -> int:
    """Return where a missing answer cell belongs among the cells of the file."""
    check = made.cell(part.task, "check")
    if check is not None:
        return check.index
    heading = re.compile(rf"#+ {re.escape(part.task)} \(")
    found = [cell.index for cell in made.notebook.cells if heading.match(cell.source)]
    parts = made.exercise.parts
    place = parts.index(part)
    earlier = [made.cell_of[p.id].index for p in parts[:place] if p.id in made.cell_of]
    if found or earlier:
        return max([*found[:1], *earlier[-1:]]) + 1
    later = [made.cell_of[p.id].index for p in parts[place:] if p.id in made.cell_of]
    return min(later, default=len(made.notebook.cells))


def _new(notebook: Notebook, part: ExercisePart) -> dict[str, Any]:
    """Return a cell as the exercise was handed out with it."""
    from cnnlib.checks.registry import questions

    is_check = part.role == "check"
    known: dict[str, Any] = {
        "grade": is_check,
        "grade_id": part.id,
        "locked": is_check,
        "schema_version": 3,
        "solution": not is_check,
        "task": False,
    }
    if is_check:
        known["points"] = questions()[part.task].points
    metadata: dict[str, Any] = {"cnnlib": {"role": part.role, "task": part.task}}
    metadata["deletable"] = False
    if is_check:
        metadata["editable"] = False
    metadata["nbgrader"] = dict(sorted(known.items()))
    cell: dict[str, Any] = {"cell_type": "code", "execution_count": None}
    if notebook.minor >= 5:
        cell["id"] = part.id
    cell |= {"metadata": metadata, "outputs": [], "source": []}
    _fill(cell, part.source)
    return cell


def _fill(cell: dict[str, Any], text: str) -> None:
    """Give a cell another source, in the form that it has, and no outputs."""
    as_lines = not isinstance(cell.get("source"), str)
    cell["source"] = text.splitlines(keepends=True) if as_lines else text
    cell["outputs"], cell["execution_count"] = [], None


class _Style:
    """How a notebook was written, so that what is not changed stays byte for byte."""

    def __init__(self, notebook: Notebook) -> None:
        text = notebook.text
        first = re.match(r"\s*\{(\r?\n([ \t]*))?", text)
        indent = first[2] if first and first[1] else None
        self._newline = "\r\n" if first and (first[1] or "").startswith("\r") else "\n"
        self._end = text[len(text.rstrip()) :]
        self._options: dict[str, Any] = {"indent": indent, "ensure_ascii": False}
        separators: list[tuple[str, str] | None] = [None, (",", ":")]
        for ascii_only, between in product((False, True), separators):
            options = {
                "indent": indent,
                "ensure_ascii": ascii_only,
                "separators": between,
            }
            if self._dump(notebook.raw, options) == text:
                self._options = options

    def text(self, raw: dict[str, Any]) -> str:
        """Return a notebook's text in this style."""
        return self._dump(raw, self._options)

    def _dump(self, raw: dict[str, Any], options: dict[str, Any]) -> str:
        body = json.dumps(raw, **options)
        if any("\ud800" <= sign <= "\udfff" for sign in body):  # UTF-8 has none
            body = json.dumps(raw, **options | {"ensure_ascii": True})
        return body.replace("\n", self._newline) + self._end


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    mark = b"\xef\xbb\xbf" if path.read_bytes().startswith(b"\xef\xbb\xbf") else b""
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(mark + text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            shutil.copymode(path, name)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        reason = error.strerror or error
        raise CannotGradeError(
            f"{path} cannot be written: {reason}. It was left as it is."
        ) from None
