"""A term of 120 made-up students, every mark recomputed by a second, simple program.

Four lessons from Moodle and Canvas, late zips, hand-ins by mail, older ones that come
again, a mended checker, overrides, extensions, exports each week; killed ten times, the
last line of the journal torn. Only the sandbox is left out: what an answer is worth is
drawn from the bytes of its file.
"""

import contextlib
import csv
import hashlib
import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cnngrade.class_run import grade_class as module
from cnngrade.class_run.grade_class import ClassOptions, grade_class
from cnngrade.export.command import gradebook
from cnngrade.export.marks import marks
from cnngrade.files.exercise import handed_out
from cnngrade.record import Result, TaskResult
from cnngrade.report.write import write
from cnngrade.term.instructor import NAME
from cnnjudge.verdict import Verdict
from cnnlib.checks.registry import questions

pytestmark = pytest.mark.slow

LESSONS = ("00", "01", "02", "03")
MENDED = "max_pool2d"
POINTS = {name: question.points for name, question in questions().items()}
KILLS = 10


# ---- what an answer is worth ---------------------------------------------------------


def is_right(data: bytes, task: str, mended: bool) -> bool:
    drawn = hashlib.sha256(data + task.encode()).digest()[0]
    return drawn % 3 > 0 or (mended and task == MENDED and drawn % 2 == 0)


class FakePool:
    """Grades without a sandbox, in any order, and is killed when it is told to."""

    def __init__(self, chance: random.Random, state: dict[str, Any]) -> None:
        self._chance, self._state = chance, state

    def ask(self, *_: object) -> list[str]:
        return ["Nothing is run."]

    def each(self, jobs):
        listed = list(jobs)
        self._chance.shuffle(listed)
        kill = self._chance.randrange(len(listed)) if self._state.pop("kill", 0) else -1
        for place, job in enumerate(listed):
            if place == kill:
                raise KeyboardInterrupt
            yield job, self._result(job).plain(), {}

    def _result(self, job) -> Result:
        tasks = [
            TaskResult(
                Verdict(
                    task,
                    "passed"
                    if is_right(job.data, task, self._state["mended"])
                    else "failed",
                    "it is so",
                    mistake=f"slip {task[:3]}",
                ),
                POINTS[task],
                code=task,
            )
            for task in handed_out()[job.lesson].tasks
            if job.only in ("", task)
        ]
        return Result(
            job.student,
            job.lesson,
            job.digest,
            tuple(tasks),
            platform_id=job.platform_id,
            handed_in=job.handed_in,
            marked_late=job.marked_late,
        )


class Silent:
    def found(self, intake):
        pass

    def begin(self, jobs, kept):
        pass

    def isolated(self, level, facts):
        pass

    def count_one(self, result):
        pass


# ---- what is handed in ---------------------------------------------------------------


def book(lesson: str, mark: str) -> bytes:
    facts = {"cnnlib": {"lesson": lesson, "kind": "exercise"}, "mark": mark}
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": facts, "cells": []}
    return json.dumps(whole).encode()


class Term:
    """The class, what it hands in, and the simple program that marks it."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        first = ["Ann", "Bo", "Cy", "Dé", "Éva", "Fu", "Gil", "Ida", "小龙", "Jo"]
        last = ["Maier", "O'Brien", "Sørensen", "van 't Hoff", "李", "Núñez Ortega"]
        names = [f"{one} {two}" for one in first for two in last]
        self.moodle = [*names[:58], "Kim Lee", "Kim Lee"]
        flat = ["".join(x for x in name.lower() if x.isalpha()) for name in names]
        self.canvas = [*flat[:58], "leekim", "leekim"]
        self.held: dict[tuple[int, str], tuple[float, bytes, str]] = {}
        self.mended_for: set[tuple[int, str]] = set()
        self.late: set[tuple[int, str]] = set()
        self.sent: dict[str, dict[str, bytes]] = {}

    def person(self, platform: str, place: int) -> int:
        return place + (60 if platform == "canvas" else 0)

    def zip_of(self, platform: str, lesson: str, hand_ins, year: int) -> Path:
        """Write a platform's download: (place, mark, late) each, dated that year."""
        files = {}
        for place, mark, late in hand_ins:
            data, who = book(lesson, mark), self.person(platform, place)
            if platform == "moodle":
                number = 1000 * (1 + LESSONS.index(lesson)) + place
                top = f"{self.moodle[place]}_{number}_assignsubmission_file_"
                files[f"{top}/work.ipynb"] = data
            else:
                name, added = self.canvas[place], "_LATE" if late else ""
                number = 5000 + 100 * year + place
                files[f"{name}{added}_{900 + place}_{number}_work.ipynb"] = data
            self._take(who, lesson, (year, data, platform), late)
        path = self.folder / f"{platform}{lesson}-{year}" / "submissions.zip"
        path.parent.mkdir()
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(zipfile.ZipInfo(name, (year, 5, 1, 0, 0, 0)), data)
        return path

    def _take(self, who: int, lesson: str, new, late: bool) -> None:
        """Let a hand-in count, unless the one that does is newer, of its kind."""
        before = self.held.get((who, lesson))
        if before and before[1] == new[1]:
            return
        if before and before[2] == new[2] and before[0] > new[0]:
            return
        self.held[who, lesson] = new
        self.mended_for.discard((who, lesson))
        (self.late.add if late else self.late.discard)((who, lesson))

    def mail(self, lesson: str, places, year: int) -> Path:
        """Write a folder of hand-ins that came by mail, by name alone."""
        folder = self.folder / f"mail{lesson}-{year}"
        for place in places:
            data = book(lesson, f"mail {place} {lesson} {year}")
            path = folder / self.moodle[place] / "work.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
            self._take(place, lesson, (0.0, data, "mail"), False)
        return folder

    def earned(self, who: int, lesson: str) -> float:
        """Mark a hand-in, by a loop over its tasks."""
        data = self.held[who, lesson][1]
        fixed = self.everything_is_mended or (who, lesson) in self.mended_for
        total = 0
        for task in handed_out()[lesson].tasks:
            if is_right(data, task, fixed):
                total += POINTS[task]
        return total

    everything_is_mended = False


# ---- the term ------------------------------------------------------------------------


def test_a_term_is_marked_as_a_simple_program_marks_it(tmp_path, monkeypatch):
    chance = random.Random(15)
    state: dict[str, Any] = {"mended": False}

    @contextlib.contextmanager
    def workers(*_):
        yield FakePool(chance, state)

    monkeypatch.setattr(module, "_workers", workers)
    term, out = Term(tmp_path, chance), tmp_path / "report"
    names: dict[int, str] = {}
    killed = [0]

    def run(path: Path, regrade: str = "") -> None:
        options = ClassOptions(path, out, isolation="none", regrade=regrade)
        while True:
            state["kill"] = killed[0] < KILLS and chance.random() < 0.6
            try:
                graded = grade_class(options, Silent())
            except KeyboardInterrupt:
                killed[0] += 1
                journal = out / "journal.jsonl"
                whole = journal.read_bytes()
                last = whole[:-1].rpartition(b"\n")[2]
                if chance.random() < 0.5 and b'"result"' in last:
                    journal.write_bytes(whole[: -chance.randrange(1, len(last))])
                continue
            told = marks(out, graded).graded
            write(out, told.settings, told.results, {}, told.history, told.changes)
            return

    def expected() -> dict[tuple[str, str], float]:
        return {
            (names[who], lesson): term.earned(who, lesson) for who, lesson in term.held
        }

    def compare(change=lambda made: made) -> None:
        rows = read((out / "summary.csv").read_bytes())
        found = {(r["student"], r["lesson"]): r["earned"] for r in rows}
        wanted = change(expected())
        shown = {
            key: value if isinstance(value, str) else f"{value:g}"
            for key, value in wanted.items()
        }
        assert shown == found
        assert len(rows) == len(wanted)
        by_student: dict[str, float] = {}
        for (student, _), value in wanted.items():
            value = 0 if value == "excused" else value
            by_student[student] = round(by_student.get(student, 0) + value, 2)
        whole = read((out / "term.csv").read_bytes())
        assert {row["student"]: float(row["earned"]) for row in whole} == by_student
        pages = {path.stem for path in (out / "feedback").glob("*.html")}
        kept = json.loads((out / "feedback" / "names.json").read_text())
        assert {kept[student] for student in by_student} <= pages
        assert len(set(kept.values())) == len(kept)

    for place in range(58):
        names[place] = term.moodle[place]
        names[60 + place] = term.canvas[place]
    names |= {118: "leekim (958)", 119: "leekim (959)"}
    names |= {58: "Kim Lee (1058)", 59: "Kim Lee (1059)"}
    # Moodle's numbers tell two of one name apart in one assignment: joined by hand.
    same = [
        f"same | Kim Lee ({1000 * week + place}) | Kim Lee ({1000 + place})\n"
        for week in (2, 3, 4)
        for place in (58, 59)
    ]
    everybody = range(60)
    page_names: dict[str, str] = {}
    for week, lesson in enumerate(LESSONS, 1):
        if week > 1:
            word = "".join(same[: 2 * (week - 1)])
            (out / NAME).write_text(word)
        for platform in ("moodle", "canvas"):
            always = {58, 59}
            first = [n for n in everybody if n in always or chance.random() < 0.85]
            on_time = [(n, f"{platform} {n} {lesson}", False) for n in first]
            run(term.zip_of(platform, lesson, on_time, 2020))
            again = {n for n in first if chance.random() < 0.2}
            late = [n for n in everybody if n not in first and chance.random() < 0.6]
            second = [
                (n, f"{platform} {n} {lesson}" + (" b" if n in again else ""), False)
                for n in first
            ] + [(n, f"{platform} {n} {lesson} late", True) for n in late]
            chance.shuffle(second)
            run(term.zip_of(platform, lesson, second, 2021))
        run(term.mail(lesson, [1, 3, 5], 2021))
        compare()
        run(tmp_path / f"moodle{lesson}-2020" / "submissions.zip")  # by mistake
        older = [(n, f"moodle {n} {lesson} first try", False) for n in (0, 2, 4, 6)]
        run(term.zip_of("moodle", lesson, older, 2019))  # never graded, and too old
        compare()
        for to in ("moodle", "canvas"):
            made = gradebook(out, to, lesson, None, "")
            rows = read(made.data)[1 if to == "canvas" else 0 :]
            key = "Identifier" if to == "moodle" else "ID"
            points = {
                row[key]: row["Grade" if to == "moodle" else f"Lesson {lesson}"]
                for row in rows
                if row[key]
            }
            start = 60 if to == "canvas" else 0
            wanted = {}
            for who, of in term.held:
                if of == lesson and start <= who < start + 60:
                    place = who - start
                    number = 1000 * week + place
                    key = (
                        f"Participant {number}" if to == "moodle" else str(900 + place)
                    )
                    if term.held[who, of][2] != "mail":
                        wanted[key] = str(term.earned(who, of))
            assert points == wanted
        kept = json.loads((out / "feedback" / "names.json").read_text())
        assert page_names.items() <= kept.items()
        page_names = kept
    assert killed[0] == KILLS

    # A checker is mended: of those in the zip, whose file counts, one task changes.
    state["mended"] = True
    path = tmp_path / "moodle03-2021" / "submissions.zip"
    run(path, MENDED)
    term.mended_for |= {
        key
        for key, (_, data, _) in term.held.items()
        if key[1] == "03" and key[0] < 60 and data in _files(path)
    }
    compare()
    changed = read((out / "changes.csv").read_bytes())
    regraded = [row for row in changed if row["why"] == "graded again"]
    assert {row["task"] for row in regraded} == {MENDED}
    mended_names = {
        names[who]
        for who, lesson in term.mended_for
        if is_right(term.held[who, lesson][1], MENDED, True)
        and not is_right(term.held[who, lesson][1], MENDED, False)
    }
    assert {row["student"] for row in regraded} == mended_names
    assert mended_names

    # The instructor's word.
    late = [who for who, lesson in sorted(term.late) if lesson == "02" and who >= 60]
    extended = names[late[0]]
    given = names[next(who for who, lesson in term.held if lesson == "01")]
    excused = names[next(who for who, lesson in term.held if lesson == "03")]
    word = "".join(same) + (
        "due | 02 | 2020-06-01 | 10 % a day | at most 50 %\n"
        f"extension | {extended} | 02 | 2022-01-01 | ill\n"
        f"override | {given} | 01 | all | 1.5 | oral exam\n"
        f"excuse | {excused} | 03 | ill\n"
    )
    (out / NAME).write_text(word)
    run(path)

    def with_word(made):
        for who, lesson in term.late:
            key = names[who], lesson
            if lesson == "02" and names[who] != extended and who >= 60:
                made[key] = round(made[key] * 0.9, 2)
        made[given, "01"] = 1.5
        made[excused, "03"] = "excused"
        return made

    assert len(late) > 1
    compare(with_word)


def _files(path: Path) -> set[bytes]:
    with zipfile.ZipFile(path) as archive:
        return {archive.read(name) for name in archive.namelist()}


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
