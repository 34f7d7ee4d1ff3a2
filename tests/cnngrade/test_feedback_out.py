"""What goes back into the platform: Moodle's zip and comments, Canvas's own columns."""

import csv
import io
import zipfile
from dataclasses import replace

import pytest

from cnngrade.class_run.grade_class import class_results
from cnngrade.class_run.journal import new_journal
from cnngrade.export import command, gradebooks
from cnngrade.export.class_list import read_class_list
from cnngrade.files.notebook import CannotGradeError
from cnngrade.intake.naming import upload
from cnngrade.record import Said
from cnngrade.report import write

from .examples import FLIPPED, failed, passed, result
from .test_journal import SETTINGS


def report(folder, *results):
    made = new_journal(folder, SETTINGS)
    for one in results:
        made.add(one, {})
    told = class_results(made)
    write.write(folder, told.settings, told.results, {})
    return folder


def handed_in(student, number, **more):
    tasks = passed("output_size", 3), failed(FLIPPED)
    return replace(result(student, *tasks, platform_id=number), **more)


def moodle_reads(name):
    """Return participant and file name as Moodle's importziplib.php takes them."""
    info = name.split("/")[-1].split("_", 4)
    assert len(info) == 5
    assert (info[2], info[3]) == ("assignfeedback", "file")
    return int(info[1]), info[4]


def test_moodle_gets_each_page_under_its_own_number(tmp_path):
    folder = report(
        tmp_path / "report",
        handed_in("Anna_Maria O'Brien", "moodle 11"),
        handed_in("李 小龙", "moodle 12"),
        handed_in("Zoe", ""),
        replace(handed_in("Anna_Maria O'Brien", "moodle 77"), lesson="03"),
    )
    made = command.gradebook(folder, "moodle-feedback", "02", None, "")
    with zipfile.ZipFile(io.BytesIO(made.data)) as file:
        pages = {moodle_reads(name): file.read(name) for name in file.namelist()}
    assert set(pages) == {(11, "lesson-02.html"), (12, "lesson-02.html")}
    assert b"Anna_Maria O&#39;Brien" in pages[11, "lesson-02.html"]
    assert "李 小龙".encode() in pages[12, "lesson-02.html"]
    assert [who for who, _ in made.unmatched] == ["Zoe"]
    made = command.gradebook(folder, "moodle-feedback", "03", None, "")
    with zipfile.ZipFile(io.BytesIO(made.data)) as file:
        assert [moodle_reads(name)[0] for name in file.namelist()] == [77]
    again = command.gradebook(folder, "moodle-feedback", "03", None, "")
    assert again.data == made.data


def test_without_numbers_or_pages_it_is_refused(tmp_path):
    folder = report(tmp_path / "a", handed_in("Zoe", "canvas 3"))
    with pytest.raises(CannotGradeError, match="None of these came by Moodle"):
        command.gradebook(folder, "moodle-feedback", "02", None, "")
    folder = report(tmp_path / "b", handed_in("Zoe", "moodle 3"))
    (folder / "feedback" / "Zoe.html").unlink()
    with pytest.raises(CannotGradeError, match="page of Zoe is not in"):
        command.gradebook(folder, "moodle-feedback", "02", None, "")


SHEET = """\
Identifier,Full name,Grade,Last modified (grade),{}
Participant 11,Ann,,-,
Participant 12,Bob,,-,Please come and see me.
Participant 13,Cy,,-,cnnlib: 0 of 8 points
"""


@pytest.mark.parametrize("heading", ["Feedback comments", "Feedback als Kommentar"])
def test_the_worksheets_comments_are_filled_and_a_persons_stay(tmp_path, heading):
    (tmp_path / "list.csv").write_text(SHEET.format(heading))
    listed = read_class_list(tmp_path / "list.csv")
    said = Said(comments=("Ask <me> & Bob.",))
    results = [
        handed_in("Ann", "moodle 11", said=said),
        handed_in("Bob", "moodle 12"),
        handed_in("Cy", "moodle 13"),
    ]
    ids = {"Ann": "11", "Bob": "12", "Cy": "13"}
    made = gradebooks.moodle(results, "02", listed, ids)
    rows = list(csv.DictReader(io.StringIO(made.data.decode("utf-8-sig"))))
    assert [row[heading] for row in rows] == [
        "cnnlib: 3 of 8 points · conv2d 0 of 5: 27 of 28 cases are wrong; the smallest "
        "with a 2x2 kernel. · Ask &lt;me&gt; &amp; Bob.",
        "Please come and see me.",
        "cnnlib: 3 of 8 points · conv2d 0 of 5: 27 of 28 cases are wrong; the smallest "
        "with a 2x2 kernel.",
    ]
    assert "Comments that a person wrote stay: Bob." in made.notes


def test_names_under_username_are_told():
    made = gradebooks.moodle([handed_in("Ann Maier", "")], "02")
    assert "stand in the column “Username”" in made.notes[0]


NAMES = {
    "obrienséamus": ("O'Brien, Séamus", 1003),
    "vanthoffjan": ("van 't Hoff, Jan", 1004),
    "garcíamárquezgabriel": ("García Márquez, Gabriel", 1005),
    "delacruzana": ("de la Cruz, Ana", 1006),
    "alhassanomar": ("Al Hassan, Omar", 1007),
    "dasilvajoão": ("Da Silva, João", 1008),
    "smithjonesamy": ("Smith-Jones, Amy", 1009),
    "lee": ("Lee", 1010),
}
LIST = "Student,ID,SIS User ID,SIS Login ID,Section,{}\n" + "".join(
    f'"{name}",{number},,,A,\n' for name, number in NAMES.values()
)


@pytest.mark.parametrize("by_id", [True, False])
def test_canvas_has_everybody_whatever_their_names(tmp_path, by_id):
    files = [
        upload(f"{name}_LATE_{number}_5003_x.ipynb")
        for name, (_, number) in NAMES.items()
    ]
    results = [
        handed_in(told.owner.name, f"canvas {told.owner.id}" if by_id else "")
        for told in files
    ]
    (tmp_path / "list.csv").write_text(LIST.format("02 Padding and stride (77)"))
    folder = report(tmp_path / "report", *results)
    made = command.gradebook(folder, "canvas", "", tmp_path / "list.csv", "")
    rows = list(csv.DictReader(io.StringIO(made.data.decode("utf-8-sig"))))[1:]
    assert {row["ID"] for row in rows} == {str(n) for _, n in NAMES.values()}
    assert made.unmatched == ()
    assert {row["02 Padding and stride (77)"] for row in rows} == {"3"}


@pytest.mark.parametrize(
    ("columns", "heading", "words"),
    [
        (["Padding and Stride (9)", "03 Pooling (8)"], "Padding and Stride (9)", "for"),
        (["Exercise 2 (9)", "Exercise 3 (8)"], "Exercise 2 (9)", "for Canvas's"),
        (["Lesson 02 (9)", "Exam (2)"], "Lesson 02 (9)", "for Canvas's"),
        (["Lesson 02 (9)", "Quiz 02 (8)"], "Lesson 02", "Several columns"),
        (["Lesson 12 (2)", "Current Score"], "Lesson 02", "for a new assignment"),
        (["Lesson 02"], "Lesson 02", "for a new assignment"),
    ],
)
def test_canvas_has_its_own_column_or_is_told_why_not(columns, heading, words):
    found, note = gradebooks.canvas_column(columns, "02")
    assert found == heading
    assert words in note


def test_ids_are_those_of_the_lesson(tmp_path):
    folder = report(
        tmp_path / "report",
        handed_in("Ann", "moodle 11"),
        replace(handed_in("Ann", "moodle 77"), lesson="03"),
    )
    for lesson, number in (("02", "11"), ("03", "77")):
        made = command.gradebook(folder, "moodle", lesson, None, "")
        assert f"Participant {number},Ann".encode() in made.data
