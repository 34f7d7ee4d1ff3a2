"""`cnngrade.intake.intake`: the submissions in what instructors and platforms have."""

import io
import json
import os
import re
import socket
import struct
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest

from cnngrade.files.notebook import CannotGradeError, parse, read
from cnngrade.intake import sources, zips
from cnngrade.intake.intake import Intake, Source, Submission, file_name, gather
from tests.exercise_files import ROOT

LESSONS = {
    path.stem[:2]: path.stem for path in sorted((ROOT / "exercises").glob("*.ipynb"))
}


def notebook(lesson: str = "02", mark: str = "") -> bytes:
    """An exercise as handed in; with a mark, so that one can be told from another."""
    raw = json.loads((ROOT / "exercises" / f"{LESSONS[lesson]}.ipynb").read_bytes())
    raw["metadata"]["mark"] = mark
    return json.dumps(raw).encode()


def nameless(lesson: str = "02") -> bytes:
    """An exercise that has lost what the course wrote in its metadata."""
    raw = json.loads(notebook(lesson))
    del raw["metadata"]["cnnlib"]
    return json.dumps(raw).encode()


def put(folder: Path, name: str, data: bytes = b"", time: float = 0.0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data or notebook())
    if time:
        os.utime(path, (time, time))
    return path


def packed(files: dict[str, bytes], years: dict[str, int] | None = None) -> bytes:
    """A zip of files, dated 1 May of the years given."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, ((years or {}).get(name, 2026), 5, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return made.getvalue()


def placed(found: Intake) -> dict[str, list[str]]:
    """Whose the submissions are that can be read, and of which lessons."""
    students: dict[str, list[str]] = {}
    for one in found.submissions:
        if one.problem:
            continue
        students.setdefault(one.student, []).append(one.lesson)
    return students


def labels(found: Intake) -> dict[tuple[str, str], str]:
    return {(s.student, s.lesson): s.source.label for s in found.submissions}


def mark(found: Intake, student: str, lesson: str = "02") -> str:
    """The mark in the notebook that counts, read as the grader will read it."""
    (one,) = (
        s for s in found.submissions if (s.student, s.lesson) == (student, lesson)
    )
    return parse(one.source.read(), Path("x")).metadata["mark"]


def what_is_wrong(one: Submission) -> str:
    """The reason why a submission cannot be read, without what to do about it."""
    said = one.problem.removeprefix(f"{one.source.label} ")
    return re.sub(
        r"( \(\.\w+\))?: (try to unpack|unpack it|ask for|rename).*", "", said
    )


def reasons(found: Intake) -> dict[str, str]:
    """Why files are not judged: those of nobody, and those that cannot be read."""
    assert len(dict(found.unplaced)) == len(found.unplaced)
    unread = {
        one.source.label: what_is_wrong(one) for one in found.submissions if one.problem
    }
    assert not unread.keys() & dict(found.unplaced).keys()
    return dict(found.unplaced) | unread


# ---- one notebook per student


def test_a_notebook_each_and_the_lesson_is_no_part_of_a_name(tmp_path):
    names = {
        "anna.ipynb": "anna",
        "02_padding_and_stride_ben.ipynb": "ben",
        "clara_02_padding_and_stride.ipynb": "clara",
        "02-Padding-and-Stride-Dora Maar.ipynb": "Dora Maar",
        "Copy of 02_padding_and_stride_emil (2).ipynb": "emil (2)",
        "02_padding_and_stride-Copy1_frida.ipynb": "frida",
        "12302_padding_and_stride.ipynb": "12302_padding_and_stride",
        "Gustav_9_777_final.ipynb": "Gustav_9_777_final",
        "02_padding_and_stride_20231234.ipynb": "20231234",
        "02_hanna.IPYNB": "02_hanna",
    }
    for name in names:
        put(tmp_path, name)
    found = gather(tmp_path)
    assert {s.source.label: s.student for s in found.submissions} == names
    assert {s.lesson for s in found.submissions} == {"02"}
    assert (found.unplaced, found.superseded) == ([], [])


def test_several_lessons_of_a_student_come_together_in_order(tmp_path):
    put(tmp_path, "ben_03_pooling.ipynb", notebook("03"))
    put(tmp_path, "anna_03_pooling.ipynb", notebook("03"))
    put(tmp_path, "02_padding_and_stride_anna.ipynb", notebook("02"))
    found = gather(tmp_path)
    order = [(s.student, s.lesson) for s in found.submissions]
    assert order == [("anna", "02"), ("anna", "03"), ("ben", "03")]


def test_the_lesson_is_what_the_notebook_is_not_what_its_name_says(tmp_path):
    put(tmp_path, "02_padding_and_stride_anna.ipynb", notebook("03"))
    put(tmp_path, "ben.ipynb", nameless("04"))
    assert placed(gather(tmp_path)) == {"anna": ["03"], "ben": ["04"]}


def test_a_lesson_that_is_not_asked_for_is_listed(tmp_path):
    put(tmp_path, "anna/x.ipynb", notebook("02"))
    put(tmp_path, "anna/y.ipynb", notebook("03"))
    found = gather(tmp_path, "02")
    assert placed(found) == {"anna": ["02"]}
    assert found.unplaced == [("anna/y.ipynb", "is of lesson 03")]


def test_a_file_without_a_students_name_is_nobodys(tmp_path):
    put(tmp_path, "anna.ipynb")
    put(tmp_path, "02_padding_and_stride.ipynb")
    put(tmp_path, "02_padding_and_stride (1).ipynb")
    found = gather(tmp_path)
    assert placed(found) == {"anna": ["02"]}
    assert len(found.unplaced) == 2
    assert all("names no student" in reason for _, reason in found.unplaced)


def test_one_notebook_and_one_students_folder_can_be_given(tmp_path):
    path = put(tmp_path, "anna/02_padding_and_stride.ipynb")
    assert placed(gather(path)) == {"02_padding_and_stride": ["02"]}
    assert gather(path).submissions[0].source.label == "02_padding_and_stride.ipynb"
    put(tmp_path, "anna/03_pooling.ipynb", notebook("03"))
    assert placed(gather(tmp_path / "anna")) == {"anna": ["02", "03"]}
    put(tmp_path, "anna/03_pooling (1).ipynb", notebook("03"))  # another student's?
    assert placed(gather(tmp_path / "anna")) == {}


# ---- one folder per student


def test_a_folder_each_with_folders_in_it(tmp_path):
    put(tmp_path, "anna/02_padding_and_stride.ipynb")
    put(tmp_path, "ben/week 2/final/solution.ipynb")
    put(tmp_path, "clara_02_padding_and_stride/x.ipynb")
    found = gather(tmp_path)
    assert placed(found) == {"anna": ["02"], "ben": ["02"], "clara": ["02"]}
    assert labels(found)["ben", "02"] == "ben/week 2/final/solution.ipynb"


def test_folders_of_lessons_hold_students(tmp_path):
    put(tmp_path, "02_padding_and_stride/anna.ipynb", notebook("02"))
    put(tmp_path, "02_padding_and_stride/ben/x.ipynb", notebook("02"))
    put(tmp_path, "03_pooling/anna.ipynb", notebook("03"))
    assert placed(gather(tmp_path)) == {"anna": ["02", "03"], "ben": ["02"]}


def test_the_newest_file_counts_and_the_others_are_told(tmp_path):
    put(tmp_path, "anna/b.ipynb", notebook(mark="old"), 1000)
    put(tmp_path, "anna/a.ipynb", notebook(mark="new"), 2000)
    found = gather(tmp_path)
    assert mark(found, "anna") == "new"
    assert found.submissions[0].modified == 2000
    why = "is older than anna/a.ipynb by the file's date"
    assert found.superseded == [("anna", "anna/b.ipynb", why)]


def test_of_equal_dates_the_file_with_the_exercises_name_counts_and_it_is_told(
    tmp_path,
):
    for name in ("Untitled.ipynb", "02_padding_and_stride.ipynb"):
        put(tmp_path, f"anna/{name}", notebook(mark=name), 1e9)
    put(tmp_path, "ben/a.ipynb", notebook(mark="old"), 1e9)
    put(tmp_path, "ben/b.ipynb", notebook(mark="new"), 2e9)
    found = gather(tmp_path)
    assert mark(found, "anna") == "02_padding_and_stride.ipynb"
    assert mark(found, "ben") == "new"
    (told,) = (one.told for one in found.submissions if one.student == "anna")
    assert told[0].startswith(
        "anna/02_padding_and_stride.ipynb was graded, and not anna/Untitled.ipynb"
    )
    (told,) = (one.told for one in found.submissions if one.student == "ben")
    assert told == ()


def test_equal_dates_leave_it_to_the_name_as_people_count(tmp_path):
    for number in (9, 10, 1):
        put(tmp_path, f"anna/v{number}.ipynb", notebook(mark=str(number)), 1000)
    found = gather(tmp_path)
    assert mark(found, "anna") == "10"
    assert [label for _, label, _ in found.superseded] == [
        "anna/v1.ipynb", "anna/v9.ipynb",
    ]  # fmt: skip
    assert {why for *_, why in found.superseded} == {
        "is older than anna/v10.ipynb by the file's name, the dates being equal"
    }


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("q.ipynb", "q (1).ipynb"),
        ("q.ipynb", "q-1.ipynb"),
        ("q.ipynb", "q-Copy1.ipynb"),
        ("q.ipynb", "q 2.ipynb"),
        ("q.ipynb", "q - Copy.ipynb"),
        ("q.ipynb", "q copy.ipynb"),
        ("q.ipynb", "q_v2.ipynb"),
        ("q.ipynb", "q_final.ipynb"),
        ("q.ipynb", "Copy of q.ipynb"),
        ("q - Copy.ipynb", "q - Copy (2).ipynb"),
        ("q (2).ipynb", "q (10).ipynb"),
        ("q-Copy9.ipynb", "q-Copy10.ipynb"),
        ("q_v1.ipynb", "q_V2.ipynb"),
        ("work/q.ipynb", "work (1)/q.ipynb"),
        ("attempt 9/q.ipynb", "attempt 10/q.ipynb"),
    ],
)
@pytest.mark.parametrize("given", ["folder", "zip"])
def test_of_equal_dates_the_later_copy_counts(tmp_path, older, newer, given):
    older, newer = f"anna/{older}", f"anna/{newer}"
    marks = {name: notebook(mark=name) for name in (newer, older)}
    marks["ben/x.ipynb"] = notebook()
    path = tmp_path
    if given == "zip":
        path = put(tmp_path, "x.zip", packed(marks))
    else:
        for name, data in marks.items():
            put(tmp_path, name, data, 1000)
    found = gather(path)
    assert mark(found, "anna") == newer
    why = f"is older than {newer} by the file's name, the dates being equal"
    assert found.superseded == [("anna", older, why)]


def test_of_two_zips_the_later_copy_counts(tmp_path):
    for name in ("work.zip", "work (1).zip"):
        put(tmp_path, f"anna/{name}", packed({"x.ipynb": notebook(mark=name)}))
    put(tmp_path, "ben/x.ipynb")
    assert mark(gather(tmp_path), "anna") == "work (1).zip"


# ---- nbgrader


def course(folder: Path) -> Path:
    for student, time in {"anna": "2026-03-01 10:00:00.5 UTC", "ben": ""}.items():
        place = f"submitted/{student}/02_padding_and_stride"
        put(folder, f"{place}/02_padding_and_stride.ipynb", notebook(mark=student))
        if time:
            put(folder, f"{place}/timestamp.txt", time.encode())
    for step in ("source/.", "release/.", "autograded/anna", "feedback/anna"):
        put(folder, f"{step}/02_padding_and_stride/02_padding_and_stride.ipynb")
    put(folder, "gradebook.db", b"SQLite")
    put(folder, "header.ipynb")
    return folder


@pytest.mark.parametrize("given", ["", "submitted"])
def test_nbgraders_folders(tmp_path, given):
    found = gather(course(tmp_path) / given)
    assert placed(found) == {"anna": ["02"], "ben": ["02"]}
    assert mark(found, "ben") == "ben"
    listed = reasons(found)
    if given:
        assert listed == {}
        return
    assert set(listed) == {
        "source", "release", "autograded", "feedback", "gradebook.db", "header.ipynb",
    }  # fmt: skip
    assert "another step" in listed["autograded"]
    assert listed["header.ipynb"] == "lies outside nbgrader's folder submitted"


def test_a_course_without_submissions_has_none(tmp_path):
    put(tmp_path, "source/02_padding_and_stride/02_padding_and_stride.ipynb")
    put(tmp_path, "nbgrader_config.py", b"c = get_config()")
    found = gather(tmp_path)
    assert found.submissions == []
    assert set(reasons(found)) == {"source", "nbgrader_config.py"}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2026-03-01 10:00:00.000000 UTC", "2026-03-01 10:00:00.000001 UTC"),
        ("2026-03-01 10:00:00", "2026-03-01 10:00:01"),
        ("2026-03-01 10:00:00 UTC", "2026-03-01 07:00:00 America/Los_Angeles"),
        ("2026-03-01 10:00:00 +0200", "2026-03-01 09:00:00 +0000"),
        ("2026-03-01 10:00:00+02:00", "2026-03-01 09:00:00 Nowhere/../../etc"),
        ("2026-03-01 10:00:00 UTC", "2026-03-01 10:00:01 America"),
    ],
)
def test_nbgraders_time_goes_before_the_files(tmp_path, older, newer):
    for attempt, time, date in (("first", older, 2000), ("again", newer, 1000)):
        folder = f"submitted/anna/{attempt}"
        put(tmp_path, f"{folder}/x.ipynb", notebook(mark=attempt), date)
        put(tmp_path, f"{folder}/timestamp.txt", time.encode() + b"\n")
    found = gather(tmp_path)
    assert mark(found, "anna") == "again"
    assert "by nbgrader's timestamp.txt" in found.superseded[0][2]
    assert found.unplaced == []


@pytest.mark.parametrize(
    "text", [b"yesterday", b"", b"\xff\xfe", b"9999-12-31 23:59:59 -2359", b"1 2 3 4"]
)
def test_a_time_that_cannot_be_read_is_listed(tmp_path, text):
    put(tmp_path, "anna/a.ipynb", notebook(mark="old"), 1000)
    put(tmp_path, "anna/b/b.ipynb", notebook(mark="new"), 2000)
    (tmp_path / "anna/timestamp.txt").write_bytes(text)
    found = gather(tmp_path)
    if text[:4] == b"9999" and not found.unplaced:
        return  # a date after all, where the system can tell it
    assert mark(found, "anna") == "new"
    assert "holds no date" in reasons(found)["anna/timestamp.txt"]


def test_a_timestamp_beside_no_notebook_is_a_file_like_others(tmp_path):
    put(tmp_path, "anna/x.ipynb")
    put(tmp_path, "ben/02/timestamp.txt", b"2026-03-01 10:00:00 UTC")
    assert reasons(gather(tmp_path)) == {"ben/02/timestamp.txt": "is no notebook"}


# ---- Moodle


MOODLE = {
    "Anna Muster_123_assignsubmission_file_/02_padding_and_stride.ipynb": notebook(),
    "Anna Muster_123_assignsubmission_file_/notes/plan.pdf": b"%PDF",
    "Ben Bär_124_assignsubmission_file_/sub/x.ipynb": notebook(),
    "Ben Bär_124_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
    "Clara_125_assignsubmission_file_my_file.ipynb": notebook(),
    "Clara_125_assignsubmission_onlinetext_onlinetext.html": b"<p>",
    "Default group_assignsubmission_file_/x.ipynb": notebook("03"),
}


@pytest.mark.parametrize("way", ["folder", "zip", "zip in a folder", "two zips"])
def test_moodles_downloads(tmp_path, way):
    if way == "folder":
        for name, data in MOODLE.items():
            put(tmp_path, name, data)
        found, before = gather(tmp_path), ""
    elif way == "zip":
        path = put(tmp_path, "CS-Exercise 2-77.zip", packed(MOODLE))
        found, before = gather(path), ""
    else:
        put(tmp_path, "CS-Exercise 2-77.zip", packed(MOODLE))
        if way == "two zips":
            put(tmp_path, "x.zip", packed({"Eve_7_assignsubmission_file_/x.ipynb": notebook()}))  # fmt: skip # noqa: E501
        found, before = gather(tmp_path), "CS-Exercise 2-77.zip/"
    expected = {"Anna Muster": ["02"], "Ben Bär": ["02"], "Clara": ["02"]}
    expected["Default group"] = ["03"]
    if way == "two zips":
        expected["Eve"] = ["02"]
    assert placed(found) == expected
    assert reasons(found) == {
        f"{before}Anna Muster_123_assignsubmission_file_/notes/plan.pdf": OTHER,
        f"{before}Ben Bär_124_assignsubmission_onlinetext_/onlinetext.html": TYPED,
        f"{before}Clara_125_assignsubmission_onlinetext_onlinetext.html": TYPED,
    }  # fmt: skip


OTHER = "is no notebook"
TYPED = "is text typed into the platform, no notebook"


def test_two_of_one_name_get_their_numbers_and_keep_their_files(tmp_path):
    for number in (123, 124):
        name = f"Anna Muster_{number}_assignsubmission_file_/x.ipynb"
        put(tmp_path, name, notebook(mark=str(number)))
    put(tmp_path, "Ben_5_assignsubmission_file_/x.ipynb")
    put(tmp_path, "Anna Muster.ipynb", notebook(mark="plain"))
    found = gather(tmp_path)
    assert set(placed(found)) == {
        "Anna Muster (123)", "Anna Muster (124)", "Anna Muster", "Ben",
    }  # fmt: skip
    assert mark(found, "Anna Muster (124)") == "124"
    assert mark(found, "Anna Muster") == "plain"
    assert found.superseded == []


def test_a_made_up_name_does_not_take_the_place_of_a_number(tmp_path):
    for number in (1, 2):
        put(tmp_path, f"Anna_{number}_assignsubmission_file_/x.ipynb", notebook())
    put(tmp_path, "Anna (1).ipynb")
    assert set(placed(gather(tmp_path))) == {"Anna (1)", "Anna (2)", "Anna (1) (2)"}


@pytest.mark.parametrize("numbers", [["7"], ["77", "8"], ["1234567", "9", "10"]])
@pytest.mark.parametrize("word", ["Participant", "Teilnehmerin", "Participante"])
def test_blind_marking_leaves_numbers_as_names(tmp_path, numbers, word):
    for number in numbers:
        put(tmp_path, f"{word}_{number}_assignsubmission_file_/x.ipynb")
    found = gather(tmp_path)
    assert set(placed(found)) == {f"{word} {number}" for number in numbers}
    assert {s.platform_id for s in found.submissions} == {f"moodle {n}" for n in numbers}  # fmt: skip # noqa: E501


# ---- Canvas


CANVAS = {
    "musteranna_123_4567_02_padding_and_stride-2.ipynb": notebook(),
    "bärben_LATE_124_4568_x.ipynb": notebook(),
    "clara_125_4569_work.zip": packed({"work/02.ipynb": notebook()}),
    "LATE_anon_a1B2c_4570_x.ipynb": notebook(),
    "dora_126_text.html": b"<p>",
    "emil_127_4571_essay.pdf": b"%PDF",
}


@pytest.mark.parametrize(
    "way", ["folder", "zip", "zip in a folder", "folder in a folder"]
)
def test_canvass_downloads(tmp_path, way):
    path, before = tmp_path, ""
    if way.startswith("zip"):
        path, before = (
            put(tmp_path, "submissions.zip", packed(CANVAS)),
            "submissions.zip/",
        )
    else:
        before = "week 2/" if "in" in way else ""
        for name, data in CANVAS.items():
            put(tmp_path, before + name, data)
    given, before = (tmp_path, before) if "in" in way else (path, "")
    found = gather(given)
    ids = {s.student: s.platform_id for s in found.submissions}
    assert ids["bärben"] == "canvas 124"
    assert ids["anon_a1B2c"] == ""
    students = {"musteranna", "bärben", "clara", "anon_a1B2c"}
    assert placed(found) == {student: ["02"] for student in students}
    assert (
        labels(found)["clara", "02"] == f"{before}clara_125_4569_work.zip/work/02.ipynb"
    )
    assert reasons(found) == {
        f"{before}dora_126_text.html": TYPED,
        f"{before}emil_127_4571_essay.pdf": "is no notebook",
    }


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (["a_1_4567_x-2.ipynb", "a_1_4567_x.ipynb", "a_1_4567_x-1.ipynb"], "added to"),
        (["a_1_4567_x-10.ipynb", "a_1_4567_x-9.ipynb"], "added to"),
        (["a_1_4568_y.ipynb", "a_1_4567_x-2.ipynb"], "gave the file"),
        (["a_LATE_1_10000_x-1.ipynb", "a_1_9999_x.ipynb"], "gave the file"),
    ],
)
def test_canvas_tells_the_newest_by_numbers(tmp_path, files, why):
    for age, name in enumerate(files):  # the newest has the oldest date
        put(tmp_path, name, notebook(mark=name), 1000 + age)
    found = gather(tmp_path)
    assert mark(found, "a") == files[0]
    assert {label for _, label, _ in found.superseded} == set(files[1:])
    assert all(why in reason for *_, reason in found.superseded)


def test_two_of_one_name_on_canvas_stay_two(tmp_path):
    for user in (1, 2):
        put(tmp_path, f"lee_{user}_100{user}_x.ipynb", notebook(mark=str(user)))
    found = gather(tmp_path)
    assert set(placed(found)) == {"lee (1)", "lee (2)"}
    assert mark(found, "lee (2)") == "2"


def test_dates_in_names_make_no_single_student_of_a_class(tmp_path):
    names = [f"work_2026_1120_{student}" for student in ("anna", "ben")]
    names += [f"Work_1_234_{student}" for student in ("clara", "dora")]
    names += [f"team_1_2_{student}" for student in ("emil", "frida")]
    for name in names:
        put(tmp_path, f"{name}.ipynb")
    assert sorted(placed(gather(tmp_path))) == sorted(names)


# ---- zips


def test_zips_of_students_and_folders_around_all(tmp_path):
    inner = packed({"02_padding_and_stride.ipynb": notebook(mark="inner")})
    files = {
        "class/anna.zip": inner,
        "class/ben/deep/work.zip": inner,
        "class/clara.ipynb": notebook(),
        "__MACOSX/class/._clara.ipynb": b"junk",
    }
    path = put(tmp_path, "class.zip", packed(files))
    found = gather(path)
    assert placed(found) == {"anna": ["02"], "ben": ["02"], "clara": ["02"]}
    assert mark(found, "anna") == mark(found, "ben") == "inner"
    label = "class/ben/deep/work.zip/02_padding_and_stride.ipynb"
    assert labels(found)["ben", "02"] == label
    assert found.unplaced == []
    put(tmp_path, "loose/dora.zip", inner)
    assert placed(gather(tmp_path / "loose")) == {"dora": ["02"]}


def test_a_students_folder_alone_is_not_taken_for_a_class(tmp_path):
    put(tmp_path, "anna/a.ipynb", notebook(mark="old"), 1000)
    put(tmp_path, "anna/b.ipynb", notebook(mark="new"), 2000)
    assert placed(gather(tmp_path)) == {"anna": ["02"]}


def test_the_dates_in_a_zip_tell_the_newest(tmp_path):
    files = {"anna/a.ipynb": notebook(mark="new"), "anna/b.ipynb": notebook(mark="old")}
    path = put(tmp_path, "x.zip", packed(files, {"anna/b.ipynb": 2020}))
    found = gather(path)
    assert mark(found, "anna") == "new"
    assert "file's date" in found.superseded[0][2]


def test_only_so_many_zips_in_zips(tmp_path):
    third = packed({"x.ipynb": notebook()})
    second = packed({"third.zip": third, "y.ipynb": notebook("03")})
    path = put(tmp_path, "class.zip", packed({"anna.zip": second}))
    found = gather(path)
    assert placed(found) == {"anna": ["03"]}
    assert "a zip in a zip in a zip" in reasons(found)["anna.zip/third.zip"]


def test_the_last_of_two_members_of_one_name_counts(tmp_path):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("anna.ipynb", notebook(mark="first"))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("anna.ipynb", notebook(mark="last"))
    found = gather(put(tmp_path, "x.zip", made.getvalue()))
    assert mark(found, "anna") == "last"
    assert "comes again" in reasons(found)["anna.ipynb"]


def test_names_in_zips_of_windows_and_macos(tmp_path):
    made = packed({"M?ller\\sub\\x.ipynb": notebook(), "B?r.ipynb": notebook()})
    made = made.replace(b"M?ller", "Mül".encode() + b"er").replace(b"B?r", b"B\x84r")
    found = gather(put(tmp_path, "x.zip", made))
    assert placed(found) == {"Müler": ["02"], "Bär": ["02"]}  # UTF-8 and code page 437
    assert found.submissions[1].source.read()


def test_a_zip_that_changes_is_read_anew(tmp_path):
    path = put(tmp_path, "x.zip", packed({"anna.ipynb": notebook(mark="a")}), 1000)
    assert mark(gather(path), "anna") == "a"
    path.write_bytes(packed({"anna.ipynb": notebook(mark="bb")}))
    assert mark(gather(path), "anna") == "bb"


def test_a_zip_is_opened_once_for_all_its_files(tmp_path, monkeypatch):
    times, opened = [], zips.opened

    def open_and_tell(file, label):
        times.append(label)
        return opened(file, label)

    monkeypatch.setattr(zips, "opened", open_and_tell)
    inner = packed({"x.ipynb": notebook("02"), "y.ipynb": notebook("03")})
    files = {"anna.zip": inner, "ben.ipynb": notebook(), "clara.ipynb": notebook()}
    found = gather(put(tmp_path, "class.zip", packed(files)))
    assert all(one.source.read() for one in found.submissions)
    assert len(found.submissions) == 4
    assert times == ["class.zip", "anna.zip"]


@pytest.mark.process
def test_a_forked_process_reads_a_zip_for_itself(tmp_path):
    files = {f"s{i}.ipynb": notebook(mark=f"{i}" * 1000) for i in range(40)}
    found = gather(put(tmp_path, "x.zip", packed(files)))
    expected = [mark(found, f"s{i}") for i in range(40)]
    pipe, told = os.pipe()
    child = os.fork()
    if child == 0:
        right = all(
            [mark(found, f"s{i}") for i in range(40)] == expected for _ in "abc"
        )
        os.write(told, b"y" if right else b"n")
        os._exit(0)
    for _ in "abc":
        assert [mark(found, f"s{i}") for i in range(40)] == expected
    os.waitpid(child, 0)
    assert os.read(pipe, 1) == b"y"
    os.close(pipe)
    os.close(told)


# ---- nobody hands in for somebody else


def test_what_a_student_puts_into_a_zip_stays_the_students(tmp_path):
    fake = {
        "ben_2_999999_x-9.ipynb": notebook(mark="fake"),
        "ben/x.ipynb": notebook(mark="fake"),
        "Ben_2_assignsubmission_file_/x.ipynb": notebook(mark="fake"),
        "submitted/ben/02/x.ipynb": notebook(mark="fake"),
    }
    for outer in ("anna_1_500_work.zip", "Anna_1_assignsubmission_file_work.zip"):
        folder = tmp_path / outer[:4]
        put(folder, outer, packed(fake, dict.fromkeys(fake, 2035)))
        put(folder, "ben_2_501_x.ipynb", notebook(mark="real"), 1000)
        found = gather(folder)
        assert set(placed(found)) == {outer[:4], "ben"}
        assert mark(found, "ben") == "real"
        assert {student for student, *_ in found.superseded} == {outer[:4]}


@pytest.mark.parametrize("beside", ["dora.ipynb", "dora/x.ipynb", "dora_4_502_x.ipynb"])
def test_a_download_beside_single_submissions_is_put_aside(tmp_path, beside):
    put(tmp_path, beside)
    put(tmp_path, "readme.txt")
    put(tmp_path, "CS 1-77.zip", packed(MOODLE))
    found = gather(tmp_path)
    assert placed(found) == {"dora": ["02"]}
    assert len(found.unplaced) == len(MOODLE) + 1
    assert sum("by itself" in reason for _, reason in found.unplaced) == 4
    (tmp_path / beside).unlink()  # what is no notebook does not matter
    assert len(gather(tmp_path).submissions) == 4


def test_a_students_folder_full_of_others_names_is_put_aside(tmp_path):
    fake = {"ben_2_999999_x-9.ipynb": notebook(), "carl_3_999999_x-9.ipynb": notebook()}
    put(tmp_path, "anna.zip", packed(fake))
    put(tmp_path, "ben/ben_2_501_x.ipynb", notebook(mark="real"))
    put(tmp_path, "carl/x.ipynb", notebook(mark="real"))
    found = gather(tmp_path)
    assert set(placed(found)) == {"ben", "carl"}
    assert mark(found, "ben") == mark(found, "carl") == "real"
    assert found.superseded == []
    assert set(reasons(found)) == {f"anna.zip/{name}" for name in fake}
    assert "by itself" in found.unplaced[0][1]


def test_what_lies_in_a_zip_casts_no_doubt_on_a_name_outside(tmp_path):
    fake = packed({"ben_2_501_y.ipynb": notebook(mark="fake")})
    put(tmp_path, "anna_1_500_work.zip", fake)
    put(tmp_path, "carl.zip", fake)
    put(tmp_path, "ben_2_501_x.ipynb", notebook(mark="real"))
    found = gather(tmp_path)
    assert set(placed(found)) == {"anna", "ben", "carl"}
    assert mark(found, "ben") == "real"


def test_a_file_name_on_moodle_cannot_name_another_student(tmp_path):
    name = "Anna_1_assignsubmission_file_Ben_2_assignsubmission_file_x.ipynb"
    put(tmp_path, name)
    assert placed(gather(tmp_path)) == {"Anna": ["02"]}


# ---- names


def test_names_that_look_alike_stay_apart(tmp_path):
    names = ["Anna", "anna", "Zoë", "Zoe"]
    path = put(
        tmp_path, "x.zip", packed({f"{n}.ipynb": notebook(mark=n) for n in names})
    )
    found = gather(path)
    assert set(placed(found)) == set(names)
    assert mark(found, "Zoë") == "Zoë"
    taken: set[str] = set()
    files = [file_name(s.student, taken) for s in found.submissions]
    assert len({name.casefold() for name in files}) == 4


def test_how_accents_are_stored_makes_no_other_student(tmp_path):
    composed, parted = (unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD"))
    files = {
        f"{composed}.ipynb": notebook("02", mark="old"),
        f"{parted}.ipynb": notebook("02", mark="new"),
        f"{parted}_03_pooling.ipynb": notebook("03"),
        unicodedata.normalize("NFD", "Bär.ipynb"): notebook(),
    }
    years = {f"{composed}.ipynb": 2020}
    found = gather(put(tmp_path, "x.zip", packed(files, years)))
    bear = unicodedata.normalize("NFD", "Bär")  # alone it stays as it was
    assert placed(found) == {composed: ["02", "03"], bear: ["02"]}
    assert mark(found, composed) == "new"
    assert [name for name, *_ in found.superseded] == [composed]


HOSTILE = [
    "=cmd('calc')", "\"quoted\" 'n' `x`", "<script>alert(1)</script>", "‮gnol‏",
    "--help", "anna;rm -rf ~", "+1", "@x", "a\\b" if os.sep == "/" else "ab", "李雷",
    "x" * 200,
]  # fmt: skip


def test_hostile_names_are_kept_but_for_control_characters(tmp_path):
    control = ["a\nb", "\x1b[31mred", "tab\there"]
    for name in [*HOSTILE, *control]:
        if "/" not in name:
            put(tmp_path, f"{name}.ipynb")
    found = gather(tmp_path)
    kept = {name for name in HOSTILE if "/" not in name}
    assert set(placed(found)) == kept | {"a�b", "�[31mred", "tab�here"}
    text = "".join(s.student + s.source.label for s in found.submissions)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text)
    assert all(s.source.read() for s in found.submissions)


def test_names_that_only_control_characters_tell_apart_stay_apart(tmp_path):
    for name in ("a\x01b", "a\x02b", "a�b"):
        put(tmp_path, f"{name}.ipynb", notebook(mark=name))
        put(tmp_path, f"{name}.txt", b"x")
    found = gather(tmp_path)
    assert set(placed(found)) == {"a�b", "a�b (2)", "a�b (3)"}
    marks = {mark(found, student) for student in placed(found)}
    assert marks == {"a\x01b", "a\x02b", "a�b"}
    assert found.unplaced == [("a�b.txt", "is no notebook")] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_a_name_that_is_no_text_can_be_written_in_a_report(tmp_path):
    with open(os.fsencode(tmp_path) + b"/\xff\xfe.ipynb", "wb") as file:
        file.write(notebook())
    (one,) = gather(tmp_path).submissions
    assert one.student == "��"
    one.source.label.encode()
    assert one.source.read()


def test_names_for_reports_are_safe_everywhere():
    names = [
        *HOSTILE, "", ".", "..", "../../etc/passwd", "a/b", "C:\\x", "con", "NUL.txt",
        "com1", "COM¹", "aux ", "lpt9.", ".hidden", "-rf", "a\0b", "x" * 300, "x" * 301,
        "Anna", "anna", "ANNA", "anna-2", "Åsa", "A\u030asa", "trailing.",
        "con." + "x" * 90,
        "🎓", "\ud800",
    ]  # fmt: skip
    taken: set[str] = set()
    made = [file_name(name, taken) for name in names]
    same = {unicodedata.normalize("NFC", name.casefold()) for name in made}
    assert len(same) == len(names)
    for name in made:
        assert 1 <= len(name.encode()) <= 120
        kinds = {unicodedata.category(sign) for sign in name if sign not in "._-"}
        assert kinds <= {"Lu", "Ll", "Lt", "Lo", "Lm", "Nd", "Mn", "Mc"}
        assert name[0] not in ".-_"
        assert name[-1] != "."
        assert name.split(".")[0].lower() not in {"con", "nul", "com1", "aux", "lpt9"}
    assert made[names.index("Åsa")] == "Åsa"
    assert made[names.index("李雷")] == "李雷"
    assert file_name("Maja Sørensen", set()) == "Maja_Sørensen"
    assert file_name("李 小龙", set()) == "李_小龙"
    assert len(file_name("a" + "\u0301" * 500, set())) == 2
    assert file_name("index", {"index"}) == "index-2"


# ---- hostile files


def test_what_cannot_be_read_is_a_submission_if_its_lesson_is_known(tmp_path):
    files = {
        "anna/02_padding_and_stride.ipynb": b"\x89PNG\r\n",
        "ben/03_pooling/mine.ipynb": b"{",
        "clara_04_parameter_counting.ipynb": b" ",
        "dora/05_x.ipynb": b"<!doctype html>",
        "emil/x.ipynb": b"[" * 100_000,
        "0212345.ipynb": b"{",
    }
    for name, data in files.items():
        put(tmp_path, name, data)
    found = gather(tmp_path)
    assert placed(found) == {
        "anna": ["02"],
        "ben": ["03"],
        "clara": ["04"],
        "dora": ["05"],
    }
    assert set(reasons(found)) == {"emil/x.ipynb", "0212345.ipynb"}
    assert reasons(found)["emil/x.ipynb"].startswith(
        "is not a notebook: it is not JSON"
    )
    asked = gather(tmp_path, "02")
    assert placed(asked) == {
        "anna": ["02"],
        "dora": ["02"],
        "emil": ["02"],
        "0212345": ["02"],
    }
    assert reasons(asked)["ben/03_pooling/mine.ipynb"] == "is of lesson 03"
    with pytest.raises(CannotGradeError, match="not UTF-8"):
        parse(asked.submissions[1].source.read(), Path("x.ipynb"))


def test_a_readable_notebook_of_no_exercise_says_why(tmp_path):
    put(
        tmp_path,
        "anna.ipynb",
        (ROOT / "notebooks/02_padding_and_stride.ipynb").read_bytes(),
    )
    empty = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    put(tmp_path, "ben.ipynb", json.dumps(empty).encode())
    listed = reasons(gather(tmp_path))
    assert listed["anna.ipynb"].startswith("is lesson 02 itself")
    assert listed["ben.ipynb"].startswith("is no exercise of this course")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_pipes_sockets_and_links_are_listed_and_never_opened(tmp_path):
    secret = put(tmp_path, "outside/secret.ipynb", notebook(mark="secret"))
    folder = tmp_path / "class"
    put(folder, "anna/x.ipynb")
    os.mkfifo(folder / "ben.ipynb")
    os.mkfifo(folder / "clara.zip")
    (folder / "dora.ipynb").symlink_to(secret)
    (folder / "emil").symlink_to(tmp_path / "outside")
    (folder / "frida.ipynb").symlink_to(tmp_path / "nowhere")
    (folder / "gustav").symlink_to(folder)
    (folder / "hanna.zip").symlink_to(
        put(tmp_path, "outside/y.zip", packed({"x": b"y"}))
    )
    (folder / "empty").mkdir()
    with socket.socket(socket.AF_UNIX) as plug:
        here = os.getcwd()
        os.chdir(folder)  # the names of sockets are short
        plug.bind("ivan.ipynb")
        os.chdir(here)
        found = gather(folder)
    assert placed(found) == {"anna": ["02"]}
    link = "is a symbolic link, which is not followed"
    assert reasons(found) == {
        "ben.ipynb": "is no ordinary file",
        "clara.zip": "is no ordinary file",
        "ivan.ipynb": "is no ordinary file",
        **dict.fromkeys(
            ["dora.ipynb", "emil", "frida.ipynb", "gustav", "hanna.zip"], link
        ),
        "empty": "is an empty folder",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_file_that_became_a_pipe_or_a_link_stays_shut(tmp_path):
    path = put(tmp_path, "anna.ipynb")
    (one,) = gather(tmp_path).submissions
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CannotGradeError, match="no ordinary file"):
        one.source.read()
    path.unlink()
    path.symlink_to(put(tmp_path, "secret.ipynb"))
    with pytest.raises(CannotGradeError, match="cannot be read"):
        one.source.read()
    path.unlink()
    with pytest.raises(
        CannotGradeError, match=r"^anna.ipynb cannot be read: No such file"
    ):
        one.source.read()


def test_clutter_is_passed_over_and_the_rest_is_listed(tmp_path):
    for name in (
        "anna/x.ipynb", "anna/.ipynb_checkpoints/x-checkpoint.ipynb", "anna/._x.ipynb",
        "__MACOSX/anna/x.ipynb", ".git/y.ipynb", "ben/.ipynb_checkpoints/x.ipynb",
        "anna/data.csv", "readme", "clara.ipynb.txt", ".dora/x.ipynb", "eva/.x.ipynb",
    ):  # fmt: skip
        put(tmp_path, name)
    inside = packed({"fred/.x.ipynb": notebook(), "._x": b"", ".git/x.ipynb": b""})
    put(tmp_path, "f.zip", inside)
    found = gather(tmp_path)
    assert placed(found) == {"anna": ["02"]}
    hidden = [".dora", "eva/.x.ipynb", "f.zip/fred/.x.ipynb"]
    why = "is hidden, since its name begins with a dot: rename it to have it graded"
    assert reasons(found) == dict.fromkeys(hidden, why) | {
        "readme": "is no notebook",
        "clara.ipynb.txt": "is named as no notebook is",
        "ben": "is an empty folder",
    }


def member(name: str, mode: int, data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, data)
        archive.writestr("anna.ipynb", notebook())
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "mode", "why"),
    [
        ("../evil.ipynb", 0o100644, "leads out"),
        ("ben/../../evil.ipynb", 0o100644, "leads out"),
        ("..\\evil.ipynb", 0o100644, "leads out"),
        ("/etc/evil.ipynb", 0o100644, "leads out"),
        ("\\\\host\\evil.ipynb", 0o100644, "leads out"),
        ("C:\\evil.ipynb", 0o100644, "leads out"),
        ("c:/evil.ipynb", 0o100644, "leads out"),
        (".", 0o100644, "leads out"),
        ("", 0o100644, "leads out"),
        ("evil.ipynb", 0o120777, "symbolic link"),
        ("evil.ipynb", 0o010644, "no ordinary file"),
        ("evil.ipynb", 0o020644, "no ordinary file"),
    ],
)
def test_members_that_lead_elsewhere_are_listed(tmp_path, name, mode, why):
    os.makedirs(tmp_path / "in/deep")
    path = put(tmp_path, "in/deep/x.zip", member(name, mode, notebook()))
    before = sorted(tmp_path.rglob("*"))
    for given in (
        path,
        put(tmp_path, "in/y.zip", packed({"a.zip": path.read_bytes()})),
    ):
        found = gather(given)
        assert len(found.submissions) == 1
        ((label, reason),) = found.unplaced
        assert why in reason
        assert not os.path.isabs(label)
    assert sorted(p for p in tmp_path.rglob("*") if p.name != "y.zip") == before


def test_a_locked_zip_is_said_to_be_locked(tmp_path):
    made = bytearray(packed({"anna.ipynb": notebook(), "02_padding_and_stride_ben.ipynb": notebook()}))  # fmt: skip # noqa: E501
    for sign, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := made.find(sign, at + 1)) >= 0:
            made[at + place] |= 1
    found = gather(put(tmp_path, "x.zip", bytes(made)))
    assert placed(found) == {"ben": ["02"]}
    assert "locked with a password" in reasons(found)["anna.ipynb"]
    with pytest.raises(CannotGradeError, match="locked with a password"):
        found.submissions[0].source.read()


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_python_unpacks_without_bounds_are_refused(tmp_path, way):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", way) as archive:
        archive.writestr("anna.ipynb", notebook())
    found = gather(put(tmp_path, "x.zip", made.getvalue()))
    assert "unusual way" in reasons(found)["anna.ipynb"]


def broken_zips() -> dict[str, bytes]:
    whole = packed({"a.ipynb": notebook(), "b.txt": b"x"})
    listed = whole.index(b"PK\1\2")
    return {
        "empty": b"",
        "junk": b"PK\3\4" + bytes(range(256)) * 20,
        "cut": whole[: len(whole) // 2],
        "no list": whole[:listed] + whole[-22:],
        "html": b"<!doctype html><title>Log in</title>",
    }


@pytest.mark.parametrize("kind", broken_zips())
def test_a_damaged_zip_is_listed_or_refused(tmp_path, kind):
    (tmp_path / "anna.zip").write_bytes(broken_zips()[kind])
    put(tmp_path, "ben.ipynb")
    found = gather(tmp_path)
    assert placed(found) == {"ben": ["02"]}
    assert reasons(found) == {"anna.zip": "is no zip file, or a damaged one"}
    with pytest.raises(
        CannotGradeError, match=r"anna.zip is no zip file, or a damaged one"
    ):
        gather(tmp_path / "anna.zip")


def test_a_list_that_points_elsewhere_gets_nothing_read(tmp_path):
    whole = packed({"a.ipynb": notebook(), "b.txt": b"x"})
    put(tmp_path, "anna.zip", whole[:-6] + b"\xff\xff\xff\x7f" + whole[-2:])
    listed = reasons(gather(tmp_path))
    assert "damaged" in listed["anna.zip/a.ipynb"]


def test_damage_within_a_zip_costs_one_file(tmp_path):
    made = bytearray(packed({"anna.ipynb": notebook(), "ben.ipynb": notebook()}))
    made[made.index(b"PK\3\4") + 60] ^= 0xFF
    found = gather(put(tmp_path, "x.zip", bytes(made)))
    assert placed(found) == {"ben": ["02"]}
    assert "damaged" in reasons(found)["anna.ipynb"]


@pytest.mark.process
def test_files_too_large_are_not_read(tmp_path, monkeypatch):
    for module in (zips, sources):
        monkeypatch.setattr(module, "FILE_BYTES", 200_000)
    large = notebook() + b" " * 200_001
    put(tmp_path, "anna_02_padding_and_stride.ipynb", large)
    put(tmp_path, "ben.ipynb", large)
    put(tmp_path, "clara.zip", packed({"x.ipynb": notebook()}))
    found = gather(tmp_path)
    assert placed(found) == {"anna": ["02"], "clara": ["02"]}
    assert reasons(found)["ben.ipynb"].startswith("is larger than")
    with pytest.raises(CannotGradeError, match="larger than"):
        found.submissions[0].source.read()
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:  # a member, and a zip in a zip
        archive.writestr("dora.ipynb", large)
        archive.writestr("emil.zip", packed({"x.ipynb": os.urandom(200_001)}))
    monkeypatch.setattr(zips, "ZIP_RATIO", 10)
    listed = reasons(gather(put(tmp_path, "y.zip", stored.getvalue())))
    assert listed["dora.ipynb"].startswith("is larger than")
    assert listed["emil.zip"].startswith("is larger than")


def test_a_notebook_that_would_fill_the_memory_is_not_parsed(tmp_path, monkeypatch):
    put(tmp_path, "anna.ipynb", b"[" + b"[]," * 1_500_000 + b"[]]")
    put(tmp_path, "ben.ipynb")
    parsed = []

    def parse_and_tell(data, path):
        parsed.append(path)
        return parse(data, path)

    monkeypatch.setattr("cnngrade.intake.intake.parse", parse_and_tell)
    found = gather(tmp_path)
    assert placed(found) == {"ben": ["02"]}
    assert "more than 3,000,000 parts" in reasons(found)["anna.ipynb"]
    assert parsed == [Path("ben.ipynb")]


def bomb(megabytes: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        zeros = bytes(1_000_000)
        for i in range(4):
            with archive.open(f"{i}.ipynb", "w") as file:
                for _ in range(megabytes // 4):
                    file.write(zeros)
    return made.getvalue()


def test_a_zip_bomb_is_refused_unread(tmp_path, monkeypatch):
    made = bomb(120)
    assert len(made) < 1_000_000
    put(tmp_path, "class/anna.zip", made)
    put(tmp_path, "class/ben.zip", packed({"work.zip": made, "02_padding_and_stride.ipynb": notebook()}))  # fmt: skip # noqa: E501
    read_members = []
    contents = zips.contents

    def read_and_tell(archive, name, label):
        read_members.append(name)
        return contents(archive, name, label)

    monkeypatch.setattr(zips, "contents", read_and_tell)
    found = gather(tmp_path / "class")
    assert placed(found) == {"ben": ["02"]}
    assert "would unpack to more than" in reasons(found)["anna.zip"]
    assert "would unpack to more than" in reasons(found)["ben.zip/work.zip"]
    assert set(read_members) == {"work.zip", "02_padding_and_stride.ipynb"}
    with pytest.raises(CannotGradeError, match="would unpack to more than"):
        gather(tmp_path / "class" / "anna.zip")


def test_a_zip_that_lies_about_sizes_gains_nothing(tmp_path):
    made = bytearray(bomb(120))
    for sign, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = -1
        while (at := made.find(sign, at + 1)) >= 0:
            made[at + place : at + place + 4] = struct.pack("<I", 1000)
    found = gather(put(tmp_path, "x.zip", bytes(made)))
    assert found.submissions == []
    assert all("damaged" in reason for reason in reasons(found).values())


@pytest.mark.process
def test_a_zip_of_countless_files_is_refused_before_it_is_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(zips, "ZIP_MEMBERS", 3)
    made = packed({f"{i}.ipynb": b"{}" for i in range(4)})
    put(tmp_path, "anna.zip", made)
    put(tmp_path, "ben.zip", packed({"x.ipynb": notebook()}))
    found = gather(tmp_path)
    assert placed(found) == {"ben": ["02"]}
    assert reasons(found) == {"anna.zip": "holds more than 3 files"}
    monkeypatch.setattr(zips, "ZIP_MEMBERS", 100)
    monkeypatch.setattr(zips, "ZIP_LIST_BYTES", 100)
    opened = []
    monkeypatch.setattr(zips, "ZipFile", lambda file: opened.append(file))
    for data in (made, made[:-2] + b"\5\0hello", with_large_numbers(made)):
        path = put(tmp_path, "x.zip", data)
        with pytest.raises(CannotGradeError, match="holds more than"):
            gather(path)
    assert opened == []


def with_large_numbers(made: bytes) -> bytes:
    """A zip whose end leaves the size of the list to a second record before it."""
    count, size, at = struct.unpack("<HII", made[-12:-2])
    numbers = (44, 45, 45, 0, 0, count, count, size, at)
    second = struct.pack("<4sQ2H2I4Q", b"PK\6\6", *numbers)
    pointer = struct.pack("<4sIQI", b"PK\6\7", 0, len(made) - 22, 1)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, 0, at, 0)
    return made[:-22] + second + pointer + end


def test_the_second_record_is_what_python_goes_by(tmp_path):
    made = with_large_numbers(packed({f"{i}.txt": b"{}" for i in range(4)}))
    assert len(zipfile.ZipFile(io.BytesIO(made)).namelist()) == 4
    listed = made.rindex(b"PK\6\6") - made.index(b"PK\1\2")
    assert zips._list_size(io.BytesIO(made)) == listed


@pytest.mark.process
def test_deep_folders_and_long_names_end(tmp_path):
    folder, made = (
        tmp_path,
        packed({"a/" * 5000 + "x.ipynb": notebook(), "b" * 60_000: b"x"}),
    )
    put(tmp_path, "anna.zip", made)
    here = os.getcwd()
    os.chdir(folder)
    for _ in range(1200):  # deeper than Python calls itself
        os.mkdir("d")
        os.chdir("d")
    Path("x.ipynb").write_bytes(notebook())
    os.chdir(here)
    found = gather(tmp_path)
    assert placed(found)["anna"] == ["02"]
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)


# ---- what cannot be taken at all


def test_paths_that_are_nothing(tmp_path):
    with pytest.raises(CannotGradeError, match="no file or folder"):
        gather(tmp_path / "nowhere")
    with pytest.raises(CannotGradeError, match="There is no file in"):
        gather(tmp_path)
    with pytest.raises(
        CannotGradeError, match="no folder, no zip file and no notebook"
    ):
        gather(put(tmp_path, "x.pdf"))
    with pytest.raises(CannotGradeError, match="There is no file in"):
        gather(put(tmp_path, "x.zip", packed({".gitkeep": b""})))
    with pytest.raises(CannotGradeError, match="no exercise of lesson 99"):
        gather(tmp_path, "99")


def test_a_folder_that_holds_no_notebook_lists_what_it_holds(tmp_path):
    put(tmp_path, "anna/x.pdf")
    found = gather(tmp_path)
    assert (found.submissions, found.unplaced) == (
        [],
        [("anna/x.pdf", "is no notebook")],
    )


def test_a_link_that_is_given_is_followed(tmp_path):
    put(tmp_path, "class/anna.ipynb")
    (tmp_path / "link").symlink_to(tmp_path / "class")
    assert placed(gather(tmp_path / "link")) == {"anna": ["02"]}


@pytest.mark.skipif(
    getattr(os, "geteuid", lambda: 0)() == 0, reason="root may open all"
)
def test_what_may_not_be_opened_is_listed(tmp_path):
    put(tmp_path, "anna.ipynb").chmod(0)
    put(tmp_path, "ben/x.ipynb").parent.chmod(0)
    put(tmp_path, "clara.zip", packed({"x.ipynb": notebook()})).chmod(0)
    found = gather(tmp_path)
    (tmp_path / "ben").chmod(0o700)
    assert set(reasons(found)) == {"anna.ipynb", "ben", "clara.zip"}
    assert all("Permission denied" in reason for reason in reasons(found).values())


def test_the_same_files_give_the_same_intake(tmp_path):
    for name in ("b/x.ipynb", "a/y.ipynb", "a/x.ipynb", "c.txt", "a/z.txt"):
        put(tmp_path, name, time=1000)
    assert repr(gather(tmp_path)) == repr(gather(tmp_path))
    assert gather(tmp_path).unplaced == sorted(gather(tmp_path).unplaced)


def test_bytes_are_parsed_as_the_file_is_read(tmp_path):
    path = put(tmp_path, "x.ipynb")
    assert parse(path.read_bytes(), path) == read(path)


@pytest.mark.process
def test_finding_submissions_needs_no_pytorch():
    code = "import cnngrade.intake.intake, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_sources_can_be_sent_to_another_process(tmp_path):
    import pickle

    inner = packed({"x.ipynb": notebook(mark="deep")})
    found = gather(put(tmp_path, "x.zip", packed({"anna.zip": inner})))
    (one,) = pickle.loads(pickle.dumps(found)).submissions
    assert isinstance(one.source, Source)
    assert parse(one.source.read(), Path("x")).metadata["mark"] == "deep"
    assert sources.NOTEBOOK_ITEMS > 1_000_000
