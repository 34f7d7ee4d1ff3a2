"""What a journal keeps of hand-in after hand-in, and which of them counts."""

import json
from dataclasses import replace

import pytest

from cnngrade.class_run.grade_class import class_results
from cnngrade.class_run.journal import Age, new_journal, read_journal
from cnngrade.export.merge import merged
from cnngrade.files.notebook import CannotGradeError
from cnngrade.report import write
from cnngrade.report.term_facts import class_mistakes, term_facts

from .examples import FLIPPED, ODD, failed, other, passed, result

SETTINGS = {"version": "1", "seed": 5, "timeout": 0.0, "isolation": "full"}


def handed_in(student, digest, *tasks, lesson="02", **more):
    return replace(result(student, *tasks, lesson=lesson, **more), digest=digest)


WRONG = (passed("output_size", 3), failed(FLIPPED))
RIGHT = (passed("output_size", 3), passed("conv2d", 5))


@pytest.fixture
def journal(tmp_path):
    return new_journal(tmp_path / "report", SETTINGS)


def again(journal):
    """Return the journal as another process reads it."""
    return read_journal(journal.path.parent)


def test_a_second_hand_in_counts_and_the_first_is_kept(journal):
    journal.add(handed_in("Ann", "a", *WRONG), {}, Age(file="old.ipynb"))
    journal.add(handed_in("Ann", "b", *RIGHT), {}, Age(file="new.ipynb"))
    read = again(journal)
    assert read.results["Ann", "02"].earned == 8
    assert [one.result.earned for one in read.attempts["Ann", "02"]] == [3, 8]
    told = class_results(read)
    assert [one.digest for one in told.history["Ann", "02"]] == ["a", "b"]
    (older,) = told.settings.superseded
    assert older[:2] == ("Ann", "old.ipynb")
    assert "3 of 8 points" in older[2]
    assert read.has("Ann", "02", "a")
    assert read.changes == journal.changes


def test_changes_say_from_what_to_what_and_why(journal):
    journal.add(handed_in("Ann", "a", *WRONG), {})
    journal.add(handed_in("Bob", "c", *WRONG), {})
    assert journal.changes == []
    journal.add(handed_in("Ann", "a", *RIGHT), {})
    journal.add(handed_in("Bob", "c", *WRONG), {})
    journal.add(handed_in("Bob", "d", other("output_size", "error"), WRONG[1]), {})
    facts = [
        (one.student, one.task, one.before, one.after, one.why)
        for one in again(journal).changes
    ]
    assert facts == [
        ("Ann", "conv2d", ("failed", 0), ("passed", 5), "graded again"),
        ("Bob", "output_size", ("passed", 3), ("error", 0), "handed in again"),
    ]
    assert class_results(journal, since=4).changed_now == 1
    assert class_results(journal, since=3).changed_now == 2


@pytest.mark.parametrize(
    ("one", "other", "by"),
    [
        (Age(stamp=5), Age(stamp=9), "nbgrader's time"),
        (Age(stamp=9, modified=1), Age(stamp=5, modified=99), ""),
        (Age(number=5), Age(number=6), "the number that Canvas gave the file"),
        (Age(number=6, modified=1), Age(number=5, modified=99), ""),
        (Age(modified=5), Age(modified=9), "the file's date"),
        (Age(modified=8), Age(modified=9), ""),
        (Age(modified=5, zipped=True), Age(modified=9), ""),
        (Age(), Age(modified=9), ""),
    ],
)
def test_an_attempt_is_older_only_where_that_is_certain(one, other, by):
    assert one.before(other) == by
    assert other.before(other) == ""


def test_an_older_file_that_comes_later_does_not_count(journal):
    journal.add(handed_in("Ann", "b", *RIGHT), {}, Age(modified=2000))
    journal.add(handed_in("Ann", "a", *WRONG), {}, Age(modified=1000))
    assert again(journal).results["Ann", "02"].digest == "b"
    assert journal.changes == []


def test_intakes_of_one_name_stay_apart_unless_they_share_a_file(journal):
    def intake(digest, unplaced):
        entry = [[name, "is no notebook"] for name in unplaced]
        return {
            "name": "submissions.zip",
            "digests": [digest, digest + "2"],
            "unplaced": entry,
            "superseded": [],
        }

    journal.note_intake(intake("a", ["x.pdf", "y.pdf"]))
    journal.note_intake(intake("b", ["z.pdf"]))
    journal.note_intake(intake("a", ["x.pdf"]))
    size = journal.path.stat().st_size
    journal.note_intake(intake("a", ["x.pdf"]))
    assert journal.path.stat().st_size == size
    names = [name for name, _ in class_results(again(journal)).settings.unplaced]
    assert names == ["submissions.zip: x.pdf", "submissions.zip: z.pdf"]


def test_a_journal_of_the_form_before_is_read(tmp_path, journal):
    journal.add(handed_in("Ann", "a", *WRONG), {})
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    lines[0]["format"] = 2
    del lines[1]["age"]
    for name in ("handed_in", "marked_late", "beside", "by_hand"):
        del lines[1]["result"][name]
    for task in lines[1]["result"]["tasks"]:
        del task["follows"]
    journal.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert again(journal).results == journal.results


# ---- several reports -----------------------------------------------------------------


def report(tmp_path, name, *results, seed=5, word=""):
    made = new_journal(tmp_path / name, SETTINGS | {"seed": seed})
    for one, age in results:
        made.add(one, {"conv2d": 1.0}, age)
    if word:
        (tmp_path / name / "instructor.txt").write_text(word)
    return tmp_path / name


def test_two_reports_of_parts_of_a_class_make_one(tmp_path):
    one = report(
        tmp_path,
        "one",
        (handed_in("Ann", "a", *WRONG), Age()),
        (handed_in("Kim Lee", "k", *RIGHT, platform_id="canvas 3"), Age()),
        word="comment | Ann | 02 | Good.\n",
    )
    two = report(
        tmp_path,
        "two",
        (handed_in("Bob", "b", *RIGHT), Age()),
        (handed_in("Kim Lee", "l", *WRONG, platform_id="canvas 4"), Age()),
        seed=6,
        word="# mine\ncomment | Ann | 02 | Good.\nexcuse | Bob | 02 | ill\n",
    )
    graded, told = merged([one, two], tmp_path / "all")
    earned = {r.student: r.earned for r in graded.results}
    assert earned == {"Ann": 3, "Bob": 8, "Kim Lee": 8, "Kim Lee (4)": 3}
    assert told == ["Kim Lee of two is called Kim Lee (4) here."]
    assert (graded.settings.seed, graded.settings.more_seeds) == (5, (6,))
    read = read_journal(tmp_path / "all")
    assert read.attempts["Bob", "02"][0].run["seed"] == 6
    assert read.attempts["Ann", "02"][0].run["seed"] == 5
    assert read.seconds["Bob", "02", "conv2d"] == 1.0
    word = (tmp_path / "all" / "instructor.txt").read_text()
    lines = [line for line in word.splitlines() if line and line[0] != "#"]
    assert lines == ["comment | Ann | 02 | Good.", "excuse | Bob | 02 | ill"]


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_hand_ins_in_two_reports_the_newer_counts(tmp_path, turned):
    one = report(tmp_path, "one", (handed_in("Ann", "a", *WRONG), Age(modified=10)))
    two = report(tmp_path, "two", (handed_in("Ann", "b", *RIGHT), Age(modified=99)))
    parts = [two, one] if turned else [one, two]
    graded, _ = merged(parts, tmp_path / "all")
    assert [r.digest for r in graded.results] == ["b"]
    assert len(graded.history["Ann", "02"]) == 2


def test_merging_is_refused_where_it_would_lose_something(tmp_path):
    one = report(tmp_path, "one", (handed_in("Ann", "a", *WRONG), Age()))
    with pytest.raises(CannotGradeError, match="two reports, or more"):
        merged([one], tmp_path / "all")
    with pytest.raises(CannotGradeError, match="holds a report"):
        merged([one, one], one)
    with pytest.raises(CannotGradeError, match="not the folder of a report"):
        merged([one, tmp_path], tmp_path / "all")
    assert not (tmp_path / "all").exists()


# ---- the term ------------------------------------------------------------------------


def facts_of(journal):
    told = class_results(journal)
    return term_facts(told.results, told.history), told


def test_a_mistake_is_fixed_comes_back_or_is_still_there(journal):
    flipped = failed(FLIPPED)
    journal.add(handed_in("Ann", "1", flipped), {})
    journal.add(handed_in("Ann", "2", passed("conv2d", 5)), {})
    journal.add(handed_in("Bob", "3", flipped), {})
    journal.add(handed_in("Bob", "4", flipped, passed("x", 1)), {})
    journal.add(handed_in("Cy", "5", flipped), {})
    journal.add(handed_in("Cy", "6", passed("conv2d", 5)), {})
    journal.add(handed_in("Cy", "7", flipped, lesson="03"), {})
    journal.add(handed_in("Dee", "8", flipped), {})
    journal.add(handed_in("Dee", "9", failed(ODD)), {})
    journal.add(handed_in("Dee", "10", flipped, passed("x", 1)), {})
    journal.add(handed_in("Eve", "11", flipped), {})
    journal.add(handed_in("Eve", "12", flipped, lesson="03"), {})
    journal.add(handed_in("Eve", "13", passed("conv2d", 5)), {})
    journal.add(handed_in("Eve", "14", passed("conv2d", 5), lesson="03"), {})
    terms, _ = facts_of(journal)
    states = {term.student: term.stories[0].state for term in terms}
    assert states == {
        "Ann": "fixed",
        "Bob": "still there",
        "Cy": "came back",
        "Dee": "came back",
        "Eve": "came back, then fixed",
    }
    (fact,) = class_mistakes(terms)
    assert (fact.mistake, fact.made, fact.fixed, fact.came_back, fact.still) == (
        *("kernel flipped", 5, 2, 3, 3),
    )


def test_the_term_page_and_table_have_everybody(journal, tmp_path):
    journal.add(handed_in("Ann", "1", *WRONG), {})
    journal.add(handed_in("Ann", "2", *RIGHT), {})
    journal.add(handed_in("Ann", "3", passed("max_pool2d", 3), lesson="03"), {})
    journal.add(handed_in("李 小龙", "4", passed("max_pool2d", 3), lesson="03"), {})
    told = class_results(journal)
    out = tmp_path / "out"
    write.write(out, told.settings, told.results, {}, told.history, told.changes)
    assert (out / "term.csv").read_text(encoding="utf-8-sig").splitlines() == [
        "student,lesson 02,lesson 03,earned,points",
        "Ann,8,3,11,11",
        "李 小龙,,3,3,3",
    ]
    changes = (out / "changes.csv").read_text(encoding="utf-8-sig").splitlines()
    assert changes[1:] == ["Ann,02,conv2d,0,5,failed,passed,handed in again"]
    page = (out / "term.html").read_text(encoding="utf-8")
    assert "8 of 8" in page
    assert "(2 hand-ins)" in page
    assert "<strong>fixed</strong>" in page
    own = (out / "feedback" / "Ann.html").read_text(encoding="utf-8")
    assert "the last of 2 hand-ins" in own
    assert "11 of 11 points in 2 lessons" in own
    assert (out / "feedback" / "李_小龙.html").exists()


def test_names_of_pages_stay_when_others_join(tmp_path):
    out = tmp_path / "out"
    told = class_results(_journal_of(tmp_path / "r", "anna", "O'Brien"))
    write.write(out, told.settings, told.results, {})
    assert write.read_names(out) == {"anna": "anna", "O'Brien": "O_Brien"}
    told = class_results(_journal_of(tmp_path / "s", "ANNA", "O Brien", "anna"))
    write.write(out, told.settings, told.results, {})
    assert write.read_names(out) == {
        "anna": "anna",
        "O'Brien": "O_Brien",
        "ANNA": "ANNA-2",
        "O Brien": "O_Brien-2",
    }
    page = (out / "feedback" / "anna.html").read_text(encoding="utf-8")
    assert "Feedback for anna" in page


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"Ann": "../Ann"}', '{"Ann": 3}', '{"Ann": ".x", "B": "a/b"}']
)
def test_spoilt_names_of_pages_are_made_anew(tmp_path, text):
    out = tmp_path / "out"
    (out / "feedback").mkdir(parents=True)
    (out / "feedback" / "names.json").write_text(text)
    told = class_results(_journal_of(tmp_path / "r", "Ann"))
    write.write(out, told.settings, told.results, {})
    assert write.read_names(out) == {"Ann": "Ann"}
    assert {path.name for path in tmp_path.iterdir()} == {"out", "r"}


def _journal_of(folder, *students):
    made = new_journal(folder, SETTINGS)
    for student in students:
        made.add(handed_in(student, student, *RIGHT), {})
    return made
