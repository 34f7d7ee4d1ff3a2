"""The plan of the term is what the lessons make it."""

import re

from cnnlib.checks.registry import questions
from cnnlib.settings import settings
from tests.tools.conftest import GOOD, write
from tools import minutes, term_plan
from tools.build.build import ROOT
from tools.build.course import Course

COURSE = Course(ROOT)
ROWS = term_plan.rows(COURSE)


def test_the_committed_plan_is_the_computed_one():
    committed = (ROOT / term_plan.PAGE).read_text("utf-8")
    assert committed == term_plan.page(ROWS), "run python -m tools.term_plan"


def test_its_figures_are_those_of_the_lessons_and_the_questions():
    found = ROWS
    assert [row.name for row in found] == [path.stem for path in COURSE.sources()]
    assert sum(row.points for row in found) == sum(
        q.points for q in questions().values()
    )
    if settings().extras:
        for row, path in zip(found, COURSE.sources(), strict=True):
            assert row.lesson == minutes.stated(path) >= row.short
    (pooling,) = [row for row in found if row.number == "03"]
    assert pooling.short == 25
    guide = (ROOT / "docs" / "instructors.md").read_text("utf-8")
    assert f"03 takes {pooling.short} minutes then" in guide
    total = re.search(r"(\d+) minutes in class", term_plan.page(ROWS))
    assert int(total[1]) == sum(row.lesson for row in found)


def test_a_lesson_builds_on_those_it_names_and_whose_functions_it_uses(course):
    calls = "nn.One()\nnn.Two()"
    one = GOOD.replace("one = 1", calls)
    write(course.root, "01_sums", one)
    names = GOOD.replace("01 Sums", "02 Named").replace("We add.", "As lesson 01 said.")
    write(course.root, "02_named", names)
    uses = one.replace("01 Sums", "03 Used").replace("We add.", "Lesson 04 will add.")
    write(course.root, "03_used", uses)
    write(
        course.root,
        "04_once",
        GOOD.replace("01 Su", "04 Su").replace("one = 1", "nn.One()"),
    )
    on = {row.number: row.on for row in term_plan.rows(course)}
    assert on == {"01": (), "02": ("01",), "03": ("01",), "04": ()}
