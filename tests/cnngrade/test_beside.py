"""Files beside a notebook: given with it, bounded, and never in anything's place."""

import pytest

from cnngrade.intake import beside as beside_module
from cnngrade.intake.intake import gather

from .test_intake import notebook, packed, put


def near(found, student):
    (one,) = [one for one in found.submissions if one.student == student]
    return {path: source.read() for path, source in one.beside}


def test_what_lies_in_a_students_folder_is_theirs(tmp_path):
    put(tmp_path, "anna/x.ipynb", notebook("03"))
    put(tmp_path, "anna/myconv.py", b"A = 1")
    put(tmp_path, "anna/data/shapes.json", b"{}")
    put(tmp_path, "ben/x.ipynb", notebook("03"))
    put(tmp_path, "ben/myconv.py", b"B = 1")
    put(tmp_path, "shared.csv", b"1,2")
    found = gather(tmp_path)
    assert near(found, "anna") == {"data/shapes.json": b"{}", "myconv.py": b"A = 1"}
    assert near(found, "ben") == {"myconv.py": b"B = 1"}
    assert dict(found.unplaced) == {"shared.csv": "is no notebook"}


@pytest.mark.parametrize("way", ["folder", "zip"])
def test_moodle_and_canvas_say_whose_a_file_is(tmp_path, way):
    files = {
        "Anna M_11_assignsubmission_file_/x.ipynb": notebook("03"),
        "Anna M_11_assignsubmission_file_/myconv.py": b"A",
        "Ben_12_assignsubmission_file_/x.ipynb": notebook("03"),
    }
    canvas = {
        "obrienséamus_LATE_1003_5001_x.ipynb": notebook("03"),
        "obrienséamus_LATE_1003_5002_myconv.py": b"old",
        "obrienséamus_LATE_1003_5003_myconv-1.py": b"new",
        "maiann_1004_5004_x.ipynb": notebook("03"),
        "maiann_1004_5005_other.py": b"M",
        "maiann_1004_text.html": b"typed",
    }
    for name, some in (("m", files), ("c", canvas)):
        if way == "zip":
            put(tmp_path, f"{name}.zip", packed(some))
        for file, data in some.items() if way == "folder" else ():
            put(tmp_path, f"{name}/{file}", data)
    end = ".zip" if way == "zip" else ""
    found = gather(tmp_path / f"m{end}")
    assert near(found, "Anna M") == {"myconv.py": b"A"}
    assert near(found, "Ben") == {}
    found = gather(tmp_path / f"c{end}")
    assert near(found, "obrienséamus") == {"myconv.py": b"new"}
    assert near(found, "maiann") == {"other.py": b"M"}
    late = {one.student: one.is_late for one in found.submissions}
    assert late == {"obrienséamus": True, "maiann": False}


def test_a_folder_of_one_student_and_a_zip_of_theirs(tmp_path):
    put(tmp_path, "anna/03_pooling.ipynb", notebook("03"))
    put(tmp_path, "anna/myconv.py", b"A")
    assert near(gather(tmp_path / "anna"), "anna") == {"myconv.py": b"A"}
    inside = {"hw/x.ipynb": notebook("03"), "hw/myconv.py": b"B", "up.py": b"C"}
    put(tmp_path, "all/ben.zip", packed(inside))
    put(tmp_path, "all/cy.zip", packed({"x.ipynb": notebook("03")}))
    found = gather(tmp_path / "all")
    assert near(found, "ben") == {"myconv.py": b"B"}
    assert dict(found.unplaced) == {"ben.zip/up.py": "is no notebook"}


def test_another_file_beside_it_is_another_hand_in(tmp_path):
    put(tmp_path, "anna/x.ipynb", notebook("03"))
    digests = [gather(tmp_path).submissions[0].digest]
    for name, data in (("a.py", b"1"), ("a.py", b"2"), ("b.py", b"2")):
        put(tmp_path, f"anna/{name}", data)
        digests.append(gather(tmp_path).submissions[0].digest)
    assert len(set(digests)) == 4


def test_what_is_too_much_is_left_and_told(tmp_path, monkeypatch):
    monkeypatch.setattr(beside_module, "BESIDE_BYTES", 100)
    monkeypatch.setattr(beside_module, "BESIDE_FILES", 3)
    put(tmp_path, "anna/x.ipynb", notebook("03"))
    for name, size in (("a", 60), ("b", 60), ("c", 30), ("d", 5), ("e", 1)):
        put(tmp_path, f"anna/{name}.bin", b"x" * size)
    put(tmp_path, "anna/" + "/".join("123456789") + "/deep.txt", b"x")
    found = gather(tmp_path)
    (one,) = found.submissions
    assert [path for path, _ in one.beside] == ["a.bin", "c.bin", "d.bin"]
    assert {path.rpartition("/")[2]: why for path, why in one.not_given} == {
        "b.bin": "the files beside it are more than 0 MB",
        "e.bin": "more than 3 files lie beside it",
        "deep.txt": "it lies too deep in folders",
    }
    assert len(found.unplaced) == 3


@pytest.mark.parametrize(
    "parts",
    [("..", "x"), ("a", "..", "x"), ("a\\b",), ("a\0b",), ("",), ("x" * 201,)],
)
def test_paths_that_could_mean_another_place_are_not_taken(parts):
    assert beside_module._unfit(parts)
    assert not beside_module._unfit(("data", "shapes.json"))


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("a.txt", True),
        ("d/e/f.txt", True),
        ("../up.txt", False),
        ("d/../../up.txt", False),
        ("/tmp/abs.txt", False),
        ("./a", False),
    ],
)
def test_the_session_itself_takes_no_path_that_leads_out(
    tmp_path, monkeypatch, path, taken
):
    from cnngrade.inside.steps import bring

    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "keep").write_text("mine")
    bring([(path, "aGk="), ("keep", "aGk=")])
    files = {p for p in tmp_path.rglob("*") if p.is_file()} - {work / "keep"}
    assert files == ({work / path} if taken else set())
    assert (work / "keep").read_text() == "mine"
