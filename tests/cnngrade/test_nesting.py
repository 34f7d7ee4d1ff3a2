"""Folders around a class are no students; what can be read in two ways is asked."""

import pytest

from cnngrade.intake.intake import gather
from tests.cnngrade.conftest import answered, grade, rows
from tests.cnngrade.test_intake import notebook, packed, placed, put

SURE = {
    "a folder around": (
        ["class/anna/03_pooling.ipynb", "class/bob/03_pooling.ipynb"],
        {"anna", "bob"},
    ),
    "whatever it is called": (
        ["CS 231n/anna/03_pooling.ipynb", "CS 231n/bob/03_pooling.ipynb"],
        {"anna", "bob"},
    ),
    "two around": (
        ["x/CS1/anna/03_pooling.ipynb", "x/CS1/bob/03_pooling.ipynb"],
        {"anna", "bob"},
    ),
    "three around, and a week": (
        ["u/v/w/week 3/anna/x.ipynb", "u/v/w/week 3/bob/y.ipynb"],
        {"anna", "bob"},
    ),
    "notebooks in it": (
        ["class/anna.ipynb", "class/bob.ipynb"],
        {"anna", "bob"},
    ),
    "notebooks with the lesson's name": (
        ["CS1/anna_03_pooling.ipynb", "CS1/bob_03_pooling.ipynb"],
        {"anna", "bob"},
    ),
    "student numbers": (
        ["CS1/20231234/03_pooling.ipynb", "CS1/20231235/03_pooling.ipynb"],
        {"20231234", "20231235"},
    ),
    "groups": (
        ["group1/anna/x.ipynb", "group1/bob/x.ipynb", "group2/cara/x.ipynb"],
        {"anna", "bob", "cara"},
    ),
    "groups of other names": (
        ["red/anna/x.ipynb", "red/bob/x.ipynb", "blue/cara/x.ipynb"],
        {"anna", "bob", "cara"},
    ),
    "groups in a folder": (
        ["x/A1/anna/x.ipynb", "x/A1/bob/x.ipynb", "x/B2/cara/x.ipynb"],
        {"anna", "bob", "cara"},
    ),
    "groups of notebooks": (
        ["Gruppe 1/anna.ipynb", "Gruppe 1/bob.ipynb", "Gruppe 2/cara.ipynb"],
        {"anna", "bob", "cara"},
    ),
    "nbgrader's course in a folder": (
        ["cnn/submitted/anna/03_pooling/03_pooling.ipynb",
         "cnn/submitted/bob/03_pooling/03_pooling.ipynb",
         "cnn/source/03_pooling/03_pooling.ipynb"],
        {"anna", "bob"},
    ),
    "nbgrader's course in two": (
        ["home/cnn/submitted/anna/03_pooling/03_pooling.ipynb",
         "home/cnn/release/03_pooling/03_pooling.ipynb"],
        {"anna"},
    ),
    "Moodle's folders in two": (
        ["x/y/Anna A_1_assignsubmission_file_/x.ipynb",
         "x/y/Bob B_2_assignsubmission_file_/x.ipynb"],
        {"Anna A", "Bob B"},
    ),
    "Canvas's files in three": (
        ["a/b/c/annaa_1_7000_x.ipynb", "a/b/c/bobb_2_7001_x.ipynb"],
        {"annaa", "bobb"},
    ),
    "one who put a folder into hers": (
        ["CS1/anna/03/x.ipynb", "CS1/bob/x.ipynb", "CS1/bob/old/x.ipynb"],
        {"anna", "bob"},
    ),
    # layouts that were right before
    "a folder each": (["anna/x.ipynb", "bob/x.ipynb"], {"anna", "bob"}),
    "a notebook each": (["anna.ipynb", "bob.ipynb"], {"anna", "bob"}),
    "attempts": (
        ["anna/v1/x.ipynb", "anna/v2/x.ipynb", "bob/x.ipynb"],
        {"anna", "bob"},
    ),
    "odd names of folders": (
        ["anna/pool stuff/x.ipynb", "bob/abgabe fertig/x.ipynb", "cara/x.ipynb"],
        {"anna", "bob", "cara"},
    ),
    "a folder each with odd folders": (
        ["anna/pool stuff/x.ipynb", "bob/meins/x.ipynb"],
        {"anna", "bob"},
    ),
    "own names once more": (
        ["anna/anna_03_pooling.ipynb", "anna/anna_v2_03_pooling.ipynb",
         "bob/bob_03_pooling.ipynb"],
        {"anna", "bob"},
    ),
    "one student's folder": (
        ["anna/03_pooling.ipynb", "anna/03_pooling (1).ipynb"],
        {"anna"},
    ),
    "teams": (["team1/03_pooling.ipynb", "team2/03_pooling.ipynb"], {"team1", "team2"}),
}  # fmt: skip


@pytest.mark.parametrize("way", ["folder", "zip", "Windows's zip", "that one unpacked"])
@pytest.mark.parametrize("name", SURE)
def test_a_folder_around_students_is_no_student(tmp_path, name, way):
    files, students = SURE[name]
    given = tmp_path / "given"
    if way == "folder":
        for file in files:
            put(given, file, notebook("03"))
        put(given, "read me.txt", b"x")
    elif way == "that one unpacked":  # on Linux a backslash may be part of a name
        for file in files:
            put(given, file.replace("/", "\\"), notebook("03"))
    else:
        turn = "\\" if way != "zip" else "/"
        members = {file.replace("/", turn): notebook("03") for file in files}
        members["__MACOSX/" + files[0]] = b"junk"
        given = put(tmp_path, "given.zip", packed(members))
    found = gather(given)
    assert set(placed(found)) == students
    assert found.doubts == ()


DOUBTFUL = {
    "different depths": ["class/anna/x.ipynb", "class/bob/x.ipynb", "cara/x.ipynb"],
    "a notebook beside": ["CS1/anna/x.ipynb", "CS1/bob/x.ipynb", "cara.ipynb"],
    "notebooks of any names": ["CS1/anna.ipynb", "CS1/bob.ipynb"],
    "one student alone": ["CS1/anna/x.ipynb"],
    "each another lesson": ["CS1/anna/02_padding_and_stride.ipynb", "CS1/bob/x.ipynb"],
    "groups of one": ["group1/anna/x.ipynb", "group2/bob/x.ipynb"],
    "a name in two groups": ["A1/anna/x.ipynb", "A1/bob/x.ipynb", "B2/anna/x.ipynb"],
    "one around others": ["ben/x.ipynb", "anna/joe/x.ipynb", "anna/jim/x.ipynb"],
}  # fmt: skip


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_can_be_read_in_two_ways_is_said(tmp_path, name):
    for file in DOUBTFUL[name]:
        lesson = "02" if "02_" in file else "03"
        put(tmp_path / "given", file, notebook(lesson))
    assert gather(tmp_path / "given").doubts


def test_two_of_a_name_in_two_groups_are_both_graded(tmp_path):
    for file in DOUBTFUL["a name in two groups"]:
        put(tmp_path / "given", file, notebook(mark=file))
    found = gather(tmp_path / "given")
    assert set(placed(found)) == {"anna (A1)", "anna (B2)", "bob"}
    assert found.superseded == []


@pytest.mark.process
def test_students_are_told_before_the_grading_and_a_doubt_stops_it(tmp_path):
    files = {"CS1/anna.ipynb": answered(flatten=True), "CS1/bob.ipynb": answered()}
    zipped = put(tmp_path, "x.zip", packed({n: t.encode() for n, t in files.items()}))
    said = grade(zipped, tmp_path / "out", check=False)
    assert said.returncode == 2
    assert "2 students: anna, bob." in said.stdout
    assert "2 submissions of lessons: 03 (2)." in said.stdout
    assert "CS1 was taken for a folder around several students" in said.stdout
    assert "--yes" in said.stderr
    assert not (tmp_path / "out").exists()
    grade(zipped, tmp_path / "out", "--yes")
    points = {row["student"]: row["earned"] for row in rows(tmp_path / "out", "summary.csv")}  # fmt: skip # noqa: E501
    assert points == {"anna": "2", "bob": "0"}
