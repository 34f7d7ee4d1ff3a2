"""The instructor's file: what each line does, and what is told of bad ones."""

import csv
import io
import time
from dataclasses import replace

import pytest

from cnngrade.class_run.grade_class import class_results
from cnngrade.class_run.journal import new_journal, read_journal
from cnngrade.export import command, gradebooks, times
from cnngrade.export.marks import marks
from cnngrade.files.notebook import CannotGradeError
from cnngrade.report import pages, tables
from cnngrade.term.instructor import BEGINNING, NAME, moment, parse_word
from cnngrade.term.lateness import spoken
from cnngrade.term.settle import settle

from .examples import ODD, RUN, failed, passed, result
from .test_journal import SETTINGS

DUE = "due | 02 | 2026-11-03 23:59 | grace 15 min | 10 % a day | at most 50 %\n"
MOMENT = moment("2026-11-03 23:59+01:00")
HOUR = 3600.0


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def one(student="Ann Maier", lesson="02", **more):
    tasks = passed("same_padding", 4), failed(ODD)
    return result(student, *tasks, lesson=lesson, **more)


def settled(word, *results, **more):
    return settle(results or [one()], parse_word(word), **more)


def earned(word, *results, **more):
    return {
        (r.student, r.lesson): r.earned for r in settled(word, *results, **more).results
    }


# ---- what lines do -------------------------------------------------------------------


def test_points_of_a_task_are_the_instructors():
    made = settled("override | Ann Maier | 02 | conv2d | 2,5 | nearly right\n")
    (mine,) = made.results
    assert (mine.earned, mine.by_answers) == (6.5, 4)
    assert mine.words == ["conv2d: 2.5 points by the instructor: nearly right."]
    assert made.problems == []


def test_points_may_be_taken_away_too():
    word = "override | Ann Maier | 02 | same_padding | 0 | copied\n"
    assert earned(word) == {("Ann Maier", "02"): 0}


def test_points_of_a_whole_lesson_count_as_they_stand_late_or_not():
    word = DUE + "override | Ann Maier | 02 | all | 8 | oral exam\n"
    late = one(handed_in=MOMENT + 30 * HOUR)
    assert earned(word, late) == {("Ann Maier", "02"): 8}


@pytest.mark.parametrize(
    ("hours", "points"),
    [(-1, 4), (0.2, 4), (0.3, 3.6), (24, 3.6), (24.1, 3.2), (5 * 24, 2), (999, 2)],
)
def test_each_day_begun_takes_off_up_to_the_cap(hours, points):
    late = one(handed_in=MOMENT + hours * HOUR)
    assert earned(DUE, late) == {("Ann Maier", "02"): points}


def test_what_is_taken_off_is_of_the_points_that_the_instructor_gives():
    word = DUE + "override | Ann Maier | 02 | conv2d | 5 | right\n"
    late = one(handed_in=MOMENT + 2 * HOUR)
    (mine,) = settled(word, late).results
    assert mine.earned == 8.1
    assert mine.by_answers == 4
    assert "Late by 2 h 0 min: 10% of the points earned taken off." in mine.words


def test_an_extension_is_time_for_one_student_alone():
    word = DUE + "extension | Ann Maier | 02 | 2026-11-10 23:59 | ill\n"
    at = MOMENT + 6 * 24 * HOUR
    both = [one(handed_in=at), one("Bob", handed_in=at)]
    assert earned(word, *both) == {("Ann Maier", "02"): 4, ("Bob", "02"): 2}
    (mine, _) = settled(word, *both).results
    assert mine.words == ["Extension until 2026-11-10 23:59 (ill)."]
    later = one(handed_in=MOMENT + 7 * 24 * HOUR + HOUR)
    assert earned(word, later) == {("Ann Maier", "02"): 3.6}


def test_a_mark_of_the_platform_is_a_day_where_no_time_is_known():
    (mine,) = settled(DUE, one(marked_late=True)).results
    assert mine.earned == 3.6
    assert "counts as one day late" in mine.by_hand[0]
    known = {("Ann Maier", "02"): MOMENT + 50 * HOUR}
    (mine,) = settled(DUE, one(marked_late=True), times=known).results
    assert (mine.earned, mine.by_hand) == (2.8, ())
    word = DUE + "extension | Ann Maier | 02 | 2026-11-10 | ill\n"
    (mine,) = settled(word, one(marked_late=True)).results
    assert mine.earned == 4
    assert "nothing was taken off" in mine.by_hand[0]
    assert earned("", one(marked_late=True)) == {("Ann Maier", "02"): 4}


def test_an_excuse_a_comment_and_who_is_left_out():
    word = (
        "excuse | Ann Maier | 02 | ill\ncomment | Ann Maier | 03 | Good | \n"
        "comment | Ann Maier | 03 | Well | said\n"
        "comment | Ann Maier | 03 | Very good.\n"
        "leave out | Test User | 02 | is no student\n"
    )
    made = settled(word, one(), one(lesson="03"), one("Test User"))
    first, second = made.results
    assert first.said.excused == "ill"
    assert second.said.comments == ("Very good.",)
    assert made.left_out == [("Test User", "02", "is no student")]
    assert len(made.problems) == 2  # a comment with a bar in it is told, not cut


def test_two_names_of_one_person_are_joined():
    word = "same | Kim Lee (77) | Kim Lee (3)\n"
    results = one("Kim Lee (3)"), one("Kim Lee (77)", lesson="03")
    assert earned(word, *results) == {
        ("Kim Lee (3)", "02"): 4,
        ("Kim Lee (3)", "03"): 4,
    }
    made = settled(word, *results, one("Kim Lee (77)"))
    assert "both handed in lesson 02" in made.problems[0]
    assert len(made.results) == 3


# ---- whom a line means ---------------------------------------------------------------


@pytest.mark.parametrize(
    "who", ["Ann Maier", "ann  maier", "Maier, Ann", "canvas 12", "Ann Mai\u0308er"]
)
def test_names_that_fit(who):
    word = f"override | {who} | 02 | conv2d | 5 | right\n"
    mine = one(platform_id="canvas 12")
    fits = settled(word, mine, one("Bob")).problems == []
    assert fits


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (
            "Anna Mayer",
            "line 1: “Anna Mayer” fits nobody in the report. Is it Ann Maier?",
        ),
        ("Zoe", "line 1: “Zoe” fits nobody in the report."),
        ("Kim Lee", "line 1: “Kim Lee” fits 2 students: Kim Lee (3), Kim Lee (4)."),
        ("lee kim", "line 1: “lee kim” fits 2 students: Kim Lee (3), Kim Lee (4)."),
        ("Bob", "line 1: Bob has handed in nothing of lesson 02."),
    ],
)
def test_who_fits_nobody_or_two_is_told(who, words):
    made = settled(
        f"override | {who} | 02 | conv2d | 5 | right\n",
        *(one(), one("Kim Lee (3)"), one("Kim Lee (4)"), one("Bob", lesson="03")),
    )
    assert made.problems == [f"{NAME}, {words}"]
    assert made.blocking == made.problems
    assert all(r.earned == 4 for r in made.results)


def test_an_extension_for_somebody_who_handed_in_nothing_blocks_nothing():
    made = settled(DUE + "extension | Zoe | 02 | 2026-11-10 | ill\n")
    assert made.problems == [f"{NAME}, line 2: “Zoe” fits nobody in the report."]
    assert made.blocking == []


# ---- bad lines -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("overide | Ann Maier | 02 | conv2d | 3 | x", "“overide” is nothing that"),
        ("override | Ann Maier | 02 | conv2d | 3", "it must be: override | WHO |"),
        ("override | Ann Maier | 02 | conv2d | 3 |", "it must be: override"),
        ("override | Ann Maier | 02 | conv3d | 3 | x", "lesson 02 has no task conv3d"),
        ("override | Ann Maier | 22 | conv2d | 3 | x", "no exercise of lesson “22”"),
        ("override | Ann Maier | 02 | conv2d | -3 | x", "“-3” is no number of points"),
        ("override | Ann Maier | 02 | conv2d | 6 | x", "conv2d has 5 points, not 6."),
        ("override | Ann Maier | 02 | all | 10 | x", "lesson 02 has 9 points, not 10."),
        ("extension | Ann Maier | 02 | 10.11.2026 | x", "is no date of the form"),
        ("extension | Ann Maier | 02 | 2026-13-10 | x", "is no date of the form"),
        ("extension | Ann Maier | 02 | 2026-11-10 | x", "has no line “due”"),
        ("due | 02 | 2026-11-10 | 10% per week", "“10% per week” is none of"),
        ("due | 02 | 2026-11-10 | 110 % a day", "is more than 100 %"),
        ("due | 02 | 2026-11-10 | 5 % a day | 9 % a day", "is there twice"),
        ("Ann Maier: 3 points", "is nothing that a line can begin with"),
    ],
)
def test_bad_lines_are_told_with_their_number_and_do_nothing(line, words):
    made = settled(f"# a note\n\n{line}\n")
    (problem,) = made.problems
    assert problem.startswith(f"{NAME}, line 3: ")
    assert words in problem
    assert made.results[0].earned == 4


def test_two_lines_on_one_thing_are_told():
    line = "override | Ann Maier | 02 | conv2d | {} | x\n"
    made = settled(line.format(3) + line.format(4))
    assert made.problems == [
        f"{NAME}, line 2: line 1 says something of the same already. Remove one of the "
        "two."
    ]
    assert made.results[0].earned == 7


def test_the_file_to_begin_with_says_nothing_and_names_each_kind():
    word = parse_word(BEGINNING)
    assert (word.orders, word.policies, word.problems) == ([], {}, [])
    assert all(f"# {kind} | " in BEGINNING for kind in ("due", "same", "override"))


def test_a_file_that_is_no_text_is_told(tmp_path):
    told = report(tmp_path, b"comment | Ann Maier | 02 | sch\xf6n\n")
    assert told.settled.problems == [
        f"{NAME}, line 1: it is not UTF-8 text, so nothing in the file was taken. Save "
        "it as that."
    ]


# ---- in pages, tables and exports ----------------------------------------------------


def report(tmp_path, word, *results):
    made = new_journal(tmp_path / "report", SETTINGS)
    for mine in results or [one()]:
        made.add(mine, {})
    data = word if isinstance(word, bytes) else word.encode()
    (tmp_path / "report" / NAME).write_bytes(data)
    return marks(tmp_path / "report", class_results(made))


WORD = (
    DUE + "override | Ann Maier | 02 | conv2d | 5 | said it at the board\n"
    "comment | Ann Maier | 02 | Well argued.\nexcuse | Bob | 02 | ill\n"
)


def test_it_is_shown_as_such_and_the_journal_keeps_what_answers_earned(tmp_path):
    late = one(handed_in=MOMENT + HOUR)
    told = report(tmp_path, WORD, late, one("Bob"))
    page = pages.feedback(RUN, "Ann Maier", told.results[:1])
    for words in (
        "8.1 of 9 points",
        "By the instructor",
        "5 by the instructor: said it at the board",
        "10% of the points earned taken off",
        "By the answers alone: 4 of 9.",
        "Well argued.",
    ):
        assert words in page
    rows = list(
        csv.DictReader(io.StringIO(tables.summary(told.results).decode("utf-8-sig")))
    )
    assert [row["earned"] for row in rows] == ["8.1", "excused"]
    assert rows[0]["by the answers"] == "4"
    assert "said it at the board" in rows[0]["instructor"]
    assert rows[0]["comments"] == "Well argued."
    grades = tables.grades(told.results).decode("utf-8-sig")
    assert "5: said it at the board" in grades
    journal = (tmp_path / "report" / "journal.jsonl").read_text()
    assert "board" not in journal


def test_exports_take_the_same_marks_and_refuse_bad_lines(tmp_path):
    report(tmp_path, WORD, one(handed_in=MOMENT + HOUR), one("Bob"))
    folder = tmp_path / "report"
    made = command.gradebook(folder, "canvas", "02", None, "")
    rows = list(csv.DictReader(io.StringIO(made.data.decode("utf-8-sig"))))
    assert [row["Lesson 02"] for row in rows[1:]] == ["8.1", "EX"]
    made = command.gradebook(folder, "moodle", "02", None, "")
    assert b"8.1" in made.data
    assert b"Bob" not in made.data
    assert ("Bob", "Does not count: ill.") in made.unmatched
    with (folder / NAME).open("a") as file:
        file.write("override | Nobody | 02 | conv2d | 5 | x\n")
    with pytest.raises(CannotGradeError, match="line 5: “Nobody” fits nobody"):
        command.gradebook(folder, "canvas", "02", None, "")


def test_two_of_a_name_who_never_meet_in_a_lesson_are_told(tmp_path):
    kims = one("Kim Lee (3)"), one("Kim Lee (77)", lesson="03"), one("Ann")
    told = report(tmp_path, "", *kims)
    (words,) = told.graded.settings.problems
    assert "Kim Lee (3) and Kim Lee (77) have one name" in words
    line = words.partition("join them: ")[2]
    assert line == "same | Kim Lee (77) | Kim Lee (3)"
    assert told.settled.problems == []  # nothing in the file is wrong
    (tmp_path / "report" / NAME).write_text(line)
    again = marks(tmp_path / "report", class_results(read_journal(tmp_path / "report")))
    assert again.graded.settings.problems == ()
    both = [one("Kim Lee (3)"), one("Kim Lee (4)")]
    assert report(tmp_path, "", *both).graded.settings.problems == ()


# ---- the platform's times ------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Tuesday, 3 November 2026, 11:59 PM",
        "3 November 2026, 23:59",
        "Dienstag, 3. November 2026, 23:59",
        "mardi 3 novembre 2026, 23:59",
        "martes, 3 de noviembre de 2026, 23:59",
        "2026-11-03 23:59",
        "2026-11-03T22:59:00Z",
        "Tuesday, 3\u00a0November 2026, 11:59\u202fPM",
    ],
)
def test_times_as_platforms_write_them(text):
    assert times.read_time(text) == MOMENT


@pytest.mark.parametrize(
    "text", ["-", "", "3 Nivôse 2026, 23:59", "31 June 2026, 1:00"]
)
def test_what_is_no_time_is_none(text):
    assert times.read_time(text) == 0


WORKSHEET = """\
Identifier,Full name,Status,Grade,Last modified (submission)
Participant 501,Ann Maier,Submitted for grading,,"Wednesday, 4 November 2026, 1:59 AM"
Participant 502,Bob,Submitted for grading - 1 day 2 hours late,,-
Participant 503,Cy,Submitted for grading,,-
"""


def test_times_come_from_the_worksheet_by_line(tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "sheet.csv").write_text(WORKSHEET)
    told = report(
        tmp_path,
        DUE + "times | 02 | sheet.csv\n",
        one(platform_id="moodle 501"),
        one("Bob", platform_id="moodle 502"),
        one("Cy", platform_id="moodle 503"),
    )
    assert {r.student: r.earned for r in told.results} == {
        "Ann Maier": 3.6,
        "Bob": 3.2,
        "Cy": 4,
    }
    assert told.settled.problems == [f"{NAME}, line 2: sheet.csv tells no time for Cy."]
    told = report(tmp_path, DUE + "times | 02 | gone.csv\n")
    assert "gone.csv cannot be read" in told.settled.problems[0]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(60, "1 min"), (61, "2 min"), (2 * HOUR, "2 h 0 min"), (27 * HOUR, "1 d 3 h")],
)
def test_times_in_words(seconds, words):
    assert spoken(seconds) == words


def test_results_of_the_journal_have_none_of_it():
    mine = one()
    assert replace(mine, said=mine.said) == mine
    assert gradebooks.canvas([mine], "02").data.count(b"Ann Maier") == 1
