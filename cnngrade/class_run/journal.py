"""Results as they come, kept so that nothing is graded twice or lost.

One line of JSON each in `journal.jsonl`, on the disk before the next is waited for. The
last line may be half written when the power fails; it is left out when read again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnngrade.files.notebook import CannotGradeError
from cnngrade.record import Result

NAME = "journal.jsonl"
FORMAT = 2
"""The version of a journal; it grows when a line changes its form."""


@dataclass
class Journal:
    """The journal of a report folder.

    Attributes:
        settings: how the class is graded; the same for every line.
        results: by student and lesson, the newest of each.
        seconds: by student, lesson and task.
    """

    path: Path
    settings: dict[str, Any]
    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    seconds: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def has(self, student: str, lesson: str, digest: str) -> bool:
        """Tell whether this very file was graded."""
        found = self.results.get((student, lesson))
        return found is not None and found.digest == digest

    def add(self, result: Result, seconds: Mapping[str, float]) -> None:
        """Keep a result, on the disk, too."""
        self._write({"result": result.plain(), "seconds": dict(seconds)})
        self._take(result, seconds)

    def _take(self, result: Result, seconds: Mapping[str, float]) -> None:
        self.results[result.student, result.lesson] = result
        for task, spent in seconds.items():
            self.seconds[result.student, result.lesson, task] = spent

    def _write(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry).encode("ascii") + b"\n"
        with open(self.path, "ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def open_journal(folder: Path, settings: dict[str, Any]) -> Journal:
    """Return the journal of a report folder, a new one if there is none.

    `settings` say how the class is to be graded; their "seed" may be None: then the
    journal's is kept.

    Raises:
        CannotGradeError: the folder holds the results of another run, or other files.
    """
    path = folder / NAME
    lines = _lines(path)
    if not lines:
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        made = Journal(path, settings)
        made._write({"format": FORMAT, "run": settings})
        return made
    journal = _filled(path, lines)
    _same_settings(folder, journal.settings, settings)
    return journal


def read_journal(folder: Path) -> Journal:
    """Return the journal of a report; raise `CannotGradeError` if there is none."""
    lines = _lines(folder / NAME)
    if not lines:
        raise CannotGradeError(
            f"{folder} is not the folder of a report: no {NAME} there."
        )
    return _filled(folder / NAME, lines)


def _filled(path: Path, lines: list[dict[str, Any]]) -> Journal:
    settings = lines[0].get("run")
    if not isinstance(settings, dict):
        raise CannotGradeError(
            f"{path} is not the journal of a grading. Take another folder for --out."
        )
    if lines[0].get("format") != FORMAT:
        raise CannotGradeError(
            f"{path} was written by a release of the course that keeps results in "
            "another form. Grade again into another folder for --out."
        )
    journal = Journal(path, settings)
    for line in lines[1:]:
        journal._take(Result.from_plain(line["result"]), line["seconds"])
    return journal


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a journal, and cut off what is not one."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with open(path, "r+b") as file:
            file.truncate(len(whole))
    try:
        return [json.loads(line) for line in whole.splitlines()]
    except ValueError:
        raise CannotGradeError(
            f"{path} is damaged: it holds a line that is not JSON. Take another folder "
            "for --out, or remove that line."
        ) from None


_WORDS = {
    "version": "release {} of the course",
    "seed": "--seed {}",
    "timeout": "--timeout {}",
    "isolation": "--isolation {}",
    "all_or_nothing": "--all-or-nothing: {}",
}


def _same_settings(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    for name, words in _WORDS.items():
        wanted, had = now[name], before.get(name, False)
        if wanted is not None and wanted != had:
            raise CannotGradeError(
                f"{folder} was graded with {words.format(had)}, not "
                f"{words.format(wanted)}. Grade again into another folder, or go on "
                "with what it was begun with."
            )
