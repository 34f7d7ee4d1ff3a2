"""`cnnlib reset`: one task back to its start, everything else byte for byte."""

import json
import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnngrade.cli import student_commands
from cnngrade.files import reset as reset_module
from cnngrade.files.notebook import CannotGradeError
from cnngrade.files.reset import reset
from tests.exercise_files import ROOT, TASKS, Book

HANDED_OUT = (ROOT / "exercises" / "03_pooling.ipynb").read_text(encoding="utf-8")


@pytest.fixture
def solved() -> Book:
    return Book("solutions")


@pytest.fixture
def unsolved() -> Book:
    return Book("exercises")


def source(path: Path, name: str) -> str:
    cells = json.loads(path.read_text(encoding="utf-8-sig"))["cells"]
    return "".join(next(cell for cell in cells if cell["id"] == name)["source"])


def stub(name: str) -> str:
    return "".join(Book("exercises").cell(name)["source"])


def commented(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.split("\n"))


@pytest.mark.parametrize("task", TASKS)
def test_the_answer_becomes_the_stub_and_stays_as_a_comment(solved, tmp_path, task):
    answer = "".join(solved.cell(task)["source"])
    solved.cell(task)["outputs"] = [{"output_type": "stream", "text": "old"}]
    solved.cell(task)["execution_count"] = 7
    path = solved.save(tmp_path)
    said = reset(path, task)
    kept = "# Your answer before `cnnlib reset`:"
    text = f"{stub(task)}\n\n{kept}\n{commented(answer)}"
    assert source(path, task) == text
    assert said.startswith(f"{task} is back at its start; your answer stands below it")
    solved.write(task, text)
    solved.cell(task)["outputs"] = []
    solved.cell(task)["execution_count"] = None
    assert path.read_text() == solved.save(tmp_path, "expected.ipynb").read_text()


def test_a_second_reset_keeps_both_answers_and_a_third_does_nothing(solved, tmp_path):
    path = solved.save(tmp_path)
    reset(path, "flatten")
    first = source(path, "flatten")
    again = Book("solutions")
    again.raw = json.loads(path.read_text())
    again.write("flatten", first.replace("    raise NotImplementedError", "    pass\n"))
    path = again.save(tmp_path)
    reset(path, "flatten")
    second = source(path, "flatten")
    head, *kept = second.split("\n\n# Your answer before `cnnlib reset`:\n")
    assert head == stub("flatten")
    assert len(kept) == 2
    assert "#     pass" in kept[0]
    assert kept[1] == first.split("`:\n")[1]
    before = path.read_bytes()
    assert reset(path, "flatten").startswith("flatten is at its start already;")
    assert path.read_bytes() == before


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("gone", [["", "-check"], [""], ["-check"]])
def test_missing_cells_come_back_where_and_as_they_were(unsolved, tmp_path, task, gone):
    for end in gone:
        unsolved.drop(f"{task}{end}")
    path = unsolved.save(tmp_path)
    said = reset(path, task)
    assert path.read_text(encoding="utf-8") == HANDED_OUT
    assert ("answer cell" in said) == ("" in gone)
    assert ("check cell" in said) == ("-check" in gone)


def test_without_heading_and_check_an_answer_goes_after_the_course_s_cell(
    unsolved, tmp_path
):
    unsolved.raw["cells"] = [c for c in unsolved.cells if c["cell_type"] == "code"]
    whole = [cell["id"] for cell in unsolved.cells]
    for end in ("", "-check"):
        unsolved.drop(f"min_pool2d{end}")
    path = unsolved.save(tmp_path)
    reset(path, "min_pool2d")
    assert [cell["id"] for cell in json.loads(path.read_text())["cells"]] == whole


def test_an_answer_comes_back_right_above_its_check(unsolved, tmp_path):
    place = unsolved.place("flatten")
    unsolved.drop("flatten")
    for number in range(2):
        unsolved.add(place, f"mine = {number}", id=f"mine-{number}")
    path = unsolved.save(tmp_path)
    reset(path, "flatten")
    ids = [cell["id"] for cell in json.loads(path.read_text())["cells"]]
    assert ids[place : place + 4] == ["mine-1", "mine-0", "flatten", "flatten-check"]


@pytest.mark.parametrize("left", [[], ["flatten"]])
def test_where_little_is_left_the_cell_still_finds_a_place(unsolved, tmp_path, left):
    unsolved.raw["cells"] = [unsolved.cell(name) for name in left]
    path = unsolved.save(tmp_path)
    reset(path, "max_pool2d")
    ids = [cell["id"] for cell in json.loads(path.read_text())["cells"]]
    assert ids == ["max_pool2d", "max_pool2d-check", *left]


def test_an_edited_check_is_mended_also_below_a_cell_put_back(solved, tmp_path):
    solved.drop("flatten")
    solved.write("flatten-check", "pass")
    path = solved.save(tmp_path)
    said = reset(path, "flatten")
    assert source(path, "flatten-check") == "checks.flatten(flatten)"
    assert source(path, "flatten") == stub("flatten")
    assert "The check cell of flatten is as it was." in said
    for task in set(TASKS) - {"flatten"}:
        assert source(path, task) == "".join(solved.cell(task)["source"])
        assert source(path, f"{task}-check") == f"checks.{task}({task})"


def test_an_answer_that_lost_its_id_is_found_by_name(solved, tmp_path):
    answer = "".join(solved.cell("flatten")["source"])
    place = solved.place("flatten")
    solved.forget()
    path = solved.save(tmp_path)
    reset(path, "flatten")
    assert source(path, f"x{place}").startswith(stub("flatten"))
    assert commented(answer) in source(path, f"x{place}")


def test_a_file_without_ids_gets_none(solved, tmp_path):
    for cell in solved.cells:
        del cell["id"]
    solved.raw["nbformat_minor"] = 4
    solved.cells.pop()
    path = solved.save(tmp_path)
    del solved.raw["cells"][:]
    reset(path, "flatten")
    assert '"id"' not in path.read_text()
    path = solved.save(tmp_path)
    reset(path, "flatten")
    assert '"id"' not in path.read_text()
    assert "nbgrader" in path.read_text()


WRITERS = {
    "JupyterLab": {"indent": 1, "ensure_ascii": False},
    "Colab": {"indent": 2, "ensure_ascii": False},
    "ascii": {"indent": 1},
    "tabs": {"indent": "\t", "ensure_ascii": False},
    "one line": {"ensure_ascii": False},
    "tight": {"ensure_ascii": False, "separators": (",", ":")},
}


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("writer", WRITERS)
def test_the_file_is_written_as_its_program_writes(
    solved, tmp_path, writer, end, newline, mark
):
    solved.add(0, "sign = 'ü ✓'")
    solved.cell("flatten")["source"] = "def flatten(x):\n    return x"
    solved.cell("flatten")["execution_count"] = None

    def written(raw: dict) -> bytes:
        text = json.dumps(raw, **WRITERS[writer]) + end
        return mark + text.replace("\n", newline).encode()

    path = tmp_path / "03_pooling.ipynb"
    path.write_bytes(written(solved.raw))
    reset(path, "flatten")
    old = "# def flatten(x):\n#     return x"
    kept = "# Your answer before `cnnlib reset`:"
    solved.cell("flatten")["source"] = f"{stub('flatten')}\n\n{kept}\n{old}"
    assert path.read_bytes() == written(solved.raw)


def test_half_a_sign_is_written_so_that_it_can_be_read_again(solved, tmp_path):
    solved.cells[0]["source"] = ["half: \ud83d"]
    path = tmp_path / "03_pooling.ipynb"
    path.write_text(json.dumps(solved.raw, indent=1))
    reset(path, "flatten")
    found = json.loads(path.read_bytes().decode("utf-8"))
    assert found["cells"][0]["source"] == ["half: \ud83d"]


def test_an_unknown_task_is_told_the_legal_names(solved, tmp_path):
    path = solved.save(tmp_path)
    before = path.read_bytes()
    with pytest.raises(CannotGradeError) as caught:
        reset(path, "conv2d")
    assert "has no task called conv2d. It has: max_pool2d, avg_pool2d, " in str(
        caught.value
    )
    assert path.read_bytes() == before


def test_a_write_that_fails_leaves_the_file_whole_and_nothing_beside_it(
    solved, tmp_path, monkeypatch
):
    path = solved.save(tmp_path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(reset_module.os, name, full)
            with pytest.raises(
                CannotGradeError, match=r"No space left on device\. It was"
            ):
                reset(path, "flatten")
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == [path.name]


def test_rights_and_links_are_kept(solved, tmp_path):
    path = solved.save(tmp_path / "real")
    path.chmod(0o640)
    link = tmp_path / "link.ipynb"
    link.symlink_to(path)
    reset(link, "flatten")
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert "Your answer before" in path.read_text()


def invoke(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(student_commands.app, ["reset", *map(str, arguments)])
    return result.exit_code, " ".join(result.output.split())


def test_the_command_says_what_it_did(solved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    solved.save(tmp_path, "03[red].ipynb")
    code, output = invoke("03[red].ipynb", "flatten")
    assert code == 0
    assert output == (
        "flatten is back at its start; your answer stands below it as a comment. "
        "Reload 03[red].ipynb if it is open."
    )
    solved.save(tmp_path)
    code, output = invoke("03_pooling.ipynb", "flattn")
    assert code == 2
    assert output.startswith("✗ 03_pooling.ipynb has no task called flattn.")
    code, output = invoke("no.ipynb", "flatten")
    assert code == 2
    assert "There is no file no.ipynb." in output


def test_a_reset_file_is_a_valid_notebook(solved, tmp_path):
    import nbformat

    solved.drop("min_pool2d-check")
    path = solved.save(tmp_path)
    for task in TASKS:
        reset(path, task)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    metadata = next(c for c in notebook.cells if c.id == "min_pool2d-check").metadata
    assert metadata == Book("exercises").cell("min_pool2d-check")["metadata"]
