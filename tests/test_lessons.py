"""What lessons do with the worked examples: by id, computed, errors in their place."""

import ast
import json
import re
from pathlib import Path

import jupytext
import pytest

import cnnlib
from cnnlib import worked_example
from tools import minutes
from tools.build import chosen, held
from tools.build.course import Course

ROOT = Path(__file__).parents[1]
COURSE = Course(ROOT)
ENTRIES = json.loads(
    (Path(cnnlib.__file__).parent / "worked" / "examples.json").read_text()
)
LESSONS = sorted({entry["lesson"] for entry in ENTRIES})


def calls(cell: str) -> tuple[set[str], bool]:
    """Return the ids a cell asks for, and whether it checks something."""
    ids, checks = set(), False
    for node in ast.walk(ast.parse(cell)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name == "worked_example":
            ids.add(ast.literal_eval(node.args[0]))
        checks |= name == "check"
    return ids, checks


def used(lesson: str) -> set[str]:
    """Return the ids that a lesson asks for, in the form that the course has."""
    cells = chosen.read(ROOT / "lessons" / f"{lesson}.py").cells
    texts = [cell.text for cell in cells if cell.kind == "code"]
    return set().union(*(calls(text)[0] for text in texts))


def outputs(lesson: str) -> str:
    """Return what the built notebook prints and shows as text."""
    notebook = held.read(ROOT / "notebooks" / f"{lesson}.ipynb")
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found.append(output.get("text", ""))
            found.append(output.get("data", {}).get("text/plain", ""))
    return "\n".join(found)


SHOWN = [entry for entry in ENTRIES if entry["id"] in used(entry["lesson"])]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_shows_examples_that_name_it(lesson):
    right = {e["id"] for e in ENTRIES if e["lesson"] == lesson and not e["erratum"]}
    assert not right or used(lesson) & right


@pytest.mark.parametrize("entry", SHOWN, ids=lambda entry: entry["id"])
def test_the_built_lesson_shows_the_verdict(entry):
    text = outputs(entry["lesson"])
    assert re.search(rf"^✓ {re.escape(entry['id'])}\b", text, re.M)


@pytest.mark.parametrize(
    "entry", [e for e in SHOWN if e["erratum"]], ids=lambda entry: entry["id"]
)
def test_an_erratum_stands_under_spot_the_error(entry):
    notebook = jupytext.read(ROOT / "lessons" / f"{entry['lesson']}.py")
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#{1,6} .*$", cell.source, re.M)
            heading = headings[-1] if headings else heading
        elif entry["id"] in calls(cell.source)[0]:
            break
    assert "spot the error" in heading.lower()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "lessons").glob("*.py")), ids=lambda path: path.stem
)
def test_a_lesson_shows_one_error_of_others_at_most(path):
    titles = re.findall(r"^# #+ (.*)$", path.read_text(encoding="utf-8"), re.M)
    assert sum("spot the error" in title.lower() for title in titles) <= 1


def test_every_id_that_a_lesson_asks_for_is_there():
    asked = set().union(*map(used, LESSONS))
    found = {worked_example(name).id for name in asked}
    assert found <= {entry["id"] for entry in ENTRIES}
    assert len(SHOWN) > 40


@pytest.mark.parametrize("lesson", sorted(COURSE.sources()), ids=lambda path: path.stem)
def test_a_lesson_states_the_minutes_that_it_takes(lesson):
    """By its words, cells and predictions: see ``tools/minutes.py``."""
    assert minutes.stated(lesson) == minutes.workload(lesson).minutes
    made = minutes.of_cells(chosen.read(lesson).cells).minutes  # as it is built
    readme = (ROOT / "README.md").read_text("utf-8")
    row = re.search(rf"\]\(notebooks/{lesson.stem}\.ipynb\) \| (\d+) \|", readme)
    assert row, f"{lesson.stem} has no row in README"
    assert int(row[1]) == made
