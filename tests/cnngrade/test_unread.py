"""What was handed in and cannot be read has a row, with what to do about it."""

import pytest

from cnngrade.intake.intake import gather
from tests.cnngrade.conftest import answered, grade, rows
from tests.cnngrade.test_intake import notebook, packed, put

UNREAD = {
    "w.zip": (b"PK\3\4 broken", "try to unpack it by hand"),
    "w.Zip": (packed({}), "is a zip with no file in it"),
    "w.rar": (b"Rar!", "is packed (.rar): unpack it by hand, and grade again."),
    "w.7z": (b"7z", "is packed (.7z): unpack it by hand"),
    "w.tar.gz": (b"\x1f\x8b", "is packed (.tar.gz): unpack it by hand"),
    "w.tgz": (b"\x1f\x8b", "unpack it by hand"),
    "w.pdf": (b"%PDF", "is no notebook (.pdf): ask for the notebook itself"),
    "w.docx": (b"PK", "ask for the notebook itself"),
    "w.html": (b"<html>", "ask for the notebook itself"),
    "w.py": (b"x = 1", "ask for the notebook itself"),
    "w.ipynb.txt": (b"{}", "rename it so that it ends in .ipynb"),
    "w.ipynb": (b" ", "is empty"),
}


@pytest.mark.parametrize("place", ["dora/{}", "{}", "class/dora/{}", "{}platform"])
@pytest.mark.parametrize("name", UNREAD)
@pytest.mark.parametrize("lesson", ["", "03"])
def test_what_cannot_be_read_has_a_row(tmp_path, name, place, lesson):
    data, words = UNREAD[name]
    named = f"dora{name.removeprefix('w')}" if place == "{}" else name
    given = tmp_path / "given"
    around = "class/" if place.startswith("class") else ""
    if place.endswith("platform"):
        put(given, f"dora_1_assignsubmission_file_/{name}", data)
        put(given, "anna_2_assignsubmission_file_/x.ipynb", notebook("03"))
    else:
        put(given, place.format(named), data)
        put(given, f"{around}anna/x.ipynb", notebook("03"))
        put(given, f"{around}ben/x.ipynb", notebook("03"))
    found = gather(given, lesson)
    (dora,) = (s for s in found.submissions if s.student == "dora")
    assert dora.lesson == "03"
    if dora.problem or name != "w.ipynb":
        assert words in dora.problem
        assert dora.problem.startswith(dora.source.label)
    assert dora.source.label not in dict(found.unplaced)
    assert found.doubts == ()


def test_who_handed_in_a_notebook_too_has_one_row_and_the_rest_is_listed(tmp_path):
    for name in ("anna/x.ipynb", "ben/03_pooling.ipynb"):
        put(tmp_path, name, notebook("03"))
    put(tmp_path, "anna/plan.pdf", b"%PDF")
    put(tmp_path, "anna/work.rar", b"Rar!")
    put(tmp_path, "syllabus.pdf", b"%PDF")
    put(tmp_path, "data.zip", b"broken")
    found = gather(tmp_path)
    assert [s.student for s in found.submissions] == ["anna", "ben"]
    assert dict(found.unplaced) == {
        "anna/plan.pdf": "is no notebook",
        "anna/work.rar": "is packed (.rar): unpack it by hand, and grade again",
        "syllabus.pdf": "is no notebook",
        "data.zip": "is no zip file, or a damaged one.",
    }


def test_a_packed_file_of_another_lesson_has_a_row_of_its_own(tmp_path):
    put(tmp_path, "anna/x.ipynb", notebook("02"))
    put(tmp_path, "ben/x.ipynb", notebook("03"))
    put(tmp_path, "anna/03_pooling.rar", b"Rar!")
    put(tmp_path, "anna/04_parameter_counting.pdf", b"%PDF")
    found = gather(tmp_path)
    order = [(s.student, s.lesson, bool(s.problem)) for s in found.submissions]
    assert order == [("anna", "02", False), ("anna", "03", True), ("ben", "03", False)]


@pytest.mark.process
def test_the_report_has_it(tmp_path):
    put(tmp_path / "given", "anna/x.ipynb", answered(flatten=True).encode())
    put(tmp_path / "given", "ben/work.rar", b"Rar!")
    grade(tmp_path / "given", tmp_path / "out")
    table = {row["student"]: row for row in rows(tmp_path / "out", "summary.csv")}
    assert table["anna"]["earned"] == "2"
    assert (table["ben"]["earned"], table["ben"]["points"]) == ("0", "12")
    assert table["ben"]["problem"].startswith("ben/work.rar is packed (.rar): unpack")
    again = grade(tmp_path / "given", tmp_path / "out")
    assert "0 submissions to grade; 2 graded before are kept" in again.stdout
