"""An exercise with other points, and without a task: from one line of settings."""

import json

import pytest

from cnnjudge import messages
from cnnjudge.tasks import task
from cnnlib import settings
from cnnlib.checks import registry
from cnnlib.settings import Settings
from tools import nbgrader_course
from tools.build import chosen, exercise, source, stamp
from tools.build.build import ROOT
from tools.build.course import Course
from tools.build.problems import LessonError

COURSE = Course(ROOT)
EXERCISE = ROOT / "lessons" / "03_pooling_exercise.py"
FEWER = {"edge_then_pool": 0, "max_pool2d": 5, "conv2d": 9}


@pytest.fixture
def course_with(monkeypatch):
    """Make the whole course one with such settings."""

    def make(**given):
        made = Settings(**given)
        for module in (chosen, exercise, registry):
            monkeypatch.setattr(module, "settings", lambda: made)
        known = registry.weighted(registry.every_question(), made.points)
        monkeypatch.setattr(registry, "questions", lambda: known)

    return make


def test_without_settings_the_text_is_as_it_is_written():
    whole = source.read(EXERCISE)
    assert chosen.form(whole, Settings()) is whole
    assert chosen.form(whole, Settings(points={"conv2d": 9, "flatten": 2})) is whole


def test_heading_and_head_follow_the_points():
    made = chosen.read(EXERCISE, Settings(points=FEWER))
    first = made.cells[0].text
    names = ["max_pool2d", "avg_pool2d", "min_pool2d", "global_avg_pool", "flatten"]
    assert [cell.task for cell in made.cells if cell.task] == names
    assert "**Time:** 40 minutes. **Points:** 12." in first  # 10 of 12 points are left
    assert "Five tasks to lesson 03: `max_pool2d`," in first
    assert "six" not in first.lower()
    text = "\n".join(cell.text for cell in made.cells)
    assert "## max_pool2d (5 points)" in text
    assert "## avg_pool2d (2 points)" in text
    assert "edge_then_pool" not in text
    assert "digit = torch" not in text  # the data of its section is gone, too


def test_notebooks_nbgrader_and_the_grader_follow(course_with):
    course_with(points=FEWER)
    solution, handed_out = exercise.drafts(source.read(EXERCISE), COURSE)
    nbgraders = nbgrader_course.source_notebook(EXERCISE, COURSE)
    known = json.loads(exercise.handed_out_json(handed_out))
    tasks = [cell["task"] for cell in known["cells"] if cell.get("role") == "answer"]
    assert "edge_then_pool" not in tasks
    assert len(tasks) == 5
    for notebook in (solution.notebook, handed_out.notebook, nbgraders):
        points = {
            cell.metadata["nbgrader"]["grade_id"]: cell.metadata["nbgrader"]["points"]
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        }
        assert sum(points.values()) == 12
        assert points["max_pool2d-check"] == 5


def test_a_task_whose_answer_another_one_uses_is_not_left_out_unseen(course_with):
    course_with(points={"max_pool2d": 0})
    with pytest.raises(LessonError, match="uses max_pool2d, which course"):
        exercise.drafts(source.read(EXERCISE), COURSE)


def test_an_exercise_keeps_one_task_at_least():
    none = {cell.task: 0 for cell in source.read(EXERCISE).cells if cell.task}
    with pytest.raises(LessonError, match="leaves out every task"):
        chosen.read(EXERCISE, Settings(points=none))


@pytest.fixture
def headings(tmp_path, monkeypatch):
    """A course of which the file of headings alone is another one."""
    (tmp_path / "cnnlib").mkdir()
    (tmp_path / "lessons").symlink_to(ROOT / "lessons")
    file = tmp_path / "cnnlib" / "left_out.json"
    file.write_text("{}")
    monkeypatch.setattr(settings, "HEADINGS", file)
    settings.left_out.cache_clear()
    yield Course(tmp_path)
    settings.left_out.cache_clear()


def test_a_check_points_to_no_heading_that_the_lesson_has_not(course_with, headings):
    section = task("edge_then_pool").key.section
    course_with(extras=False)
    assert stamp.stamp_left_out(headings, check=True) == ["cnnlib/left_out.json"]
    assert messages._see("03", section) == f"See lesson 03, “{section}”."
    stamp.stamp_left_out(headings)
    settings.left_out.cache_clear()
    assert messages._see("03", section) == ""
    assert messages._see("03", "Flatten") == "See lesson 03, “Flatten”."
    assert stamp.stamp_left_out(headings) == []
    course_with()
    assert stamp.stamp_left_out(headings) == ["cnnlib/left_out.json"]
    assert settings.HEADINGS.read_text() == "{}\n"
