"""Figures that prose states about the course are those that are found in it.

Lessons are the texts in ``lessons/``, tasks and points the questions in
``cnnlib/checks/questions/``; nothing is listed by hand. Where one of these tests fails,
the prose that it names is to be changed, not the test.
"""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
from typer import Typer
from typer.main import get_group

from cnngrade import limits
from cnngrade.cli import class_commands
from cnnlib.checks.registry import questions
from tools.build.claims import claims
from tools.build.course import Course
from tools.site.notebooks import read

ROOT = Path(__file__).parents[1]
COURSE = Course(ROOT)
LESSONS = [path.stem for path in COURSE.sources()]
EXERCISES = [path.stem for path in COURSE.exercises()]
QUESTIONS = questions().values()
MNIST = [p.stem for p in COURSE.sources() if p.read_text().startswith("# needs: mnist")]
FOUND = {
    "lesson": {len(LESSONS)},
    "exercise": {len(EXERCISES)},
    "notebook": {len(LESSONS), len(EXERCISES)},
    "task": {len(QUESTIONS)},
    "point": {sum(question.points for question in QUESTIONS)},
}
SPANS = {(names[0][:2], names[-1][:2]) for names in (LESSONS, EXERCISES, MNIST)}
SPAN = re.compile(r"\b(\d\d) to (\d\d)\b(?! (?:minutes|ms|%))")
PAGES = [
    *("*.md", "docs/*.md", "benchmarks/*.md", "deploy/**/*.*", "site/**/*.md"),
    *("site/**/*.j2", "cnngrade/**/*.html", ".github/**/*.*", ".devcontainer/*.*"),
    *("pyproject.toml", "environment.yml", "Makefile", "start", "postBuild"),
]
# Written by a command from what is found, or about something else than the course.
MADE = {"docs/proof.md", "docs/errata.md", "docs/term-plan.md"}
OTHERS = {"point": {"cnnlib/diagrams/solids.py"}}  # of a printer, 1/72 inch


def prose() -> dict[str, str]:
    """Return every text that people read about the course, by its path.

    Pages in Markdown, the texts in settings and scripts, and the docstrings and texts
    of the packages; not the lessons themselves, whose numbers are about nets (what an
    exercise says of its own tasks and points is checked when it is built).
    """
    paths = {path for pattern in PAGES for path in ROOT.glob(pattern)}
    found = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths
    }
    for folder in ("cnnlib", "cnnjudge", "cnngrade"):
        for path in (ROOT / folder).rglob("*.py"):
            found[path.relative_to(ROOT).as_posix()] = python_texts(path)
    return {name: found[name] for name in sorted(found.keys() - MADE)}


def python_texts(path: Path) -> str:
    """Return all the texts in a Python file, docstrings among them."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    return "\n\n".join(text for text in constants if isinstance(text, str))


PROSE = prose()


def wrong(name: str, text: str) -> list[tuple[int, str]]:
    """Return the counts in a text that are not those of the course."""
    return [
        (number, noun)
        for number, noun in claims(text)
        if number not in FOUND[noun] and name not in OTHERS.get(noun, ())
    ]


def test_the_prose_is_all_there():
    names = {"README.md", "docs/instructors.md", "site/index.md", "pyproject.toml"}
    names |= {"CONTRIBUTING.md", "cnngrade/cli/student_commands.py", "start"}
    assert names <= PROSE.keys()
    stated = {
        (noun, number) for text in PROSE.values() for number, noun in claims(text)
    }
    for noun in ("lesson", "task", "point", "notebook"):
        assert any((noun, number) in stated for number in FOUND[noun]), noun


def test_counts_in_prose_are_those_of_the_course():
    found = {name: wrong(name, text) for name, text in PROSE.items()}
    assert {name: counts for name, counts in found.items() if counts} == {}


def test_spans_of_lessons_begin_and_end_where_the_lessons_do():
    """ "Lessons 05 to 07" are those that need MNIST, 00 to 07 those with exercises."""
    found = {
        (name, *span) for name, text in PROSE.items() for span in SPAN.findall(text)
    }
    about_lessons = {(name, *span) for name, *span in found if span[0].startswith("0")}
    assert len(about_lessons) > 3
    assert {one for one in about_lessons if one[1:] not in SPANS} == set()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Ninety-nine lessons take convolution apart", 99),
        ("a ninety-nine-lesson course", 99),
        ("The 999 tasks", 999),
        ("ninety-nine\ntasks", 99),
        ("999 points", 999),
        ("Ninety-nine exercise notebooks", 99),
        ("998 small tasks", 998),
    ],
)
def test_a_wrong_count_is_found(text, number):
    assert [one for one, _ in wrong("README.md", text)] == [number]


def test_the_readme_has_a_row_for_each_lesson():
    rows = re.findall(
        r"^\| (\d\d) \| \[(.+?)\]\(notebooks/(\w+)\.ipynb\) \| (\d+) \| .+ \|$",
        PROSE["README.md"],
        re.M,
    )
    readings = [read(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    assert rows == [
        (one.name[:2], one.title[3:], one.name, str(one.minutes)) for one in readings
    ]
    assert [row[2] for row in rows] == LESSONS


def test_the_guide_knows_how_long_lessons_take():
    minutes = [read(COURSE.notebook(path)).minutes for path in COURSE.sources()]
    said = re.search(r"takes (\d+) to (\d+) minutes", PROSE["docs/instructors.md"])
    assert [int(number) for number in said.groups()] == [min(minutes), max(minutes)]


def test_the_guide_and_the_help_say_how_long_a_cell_may_compute():
    usual, training = limits.CELL_SECONDS, limits.TRAINING_CELL_SECONDS
    said = re.search(
        r"without it (\d+) seconds, (\d+) in", PROSE["docs/instructors.md"]
    )
    assert [float(number) for number in said.groups()] == [usual, training]
    app = Typer()
    class_commands.add(app)
    grade = get_group(app).commands["grade"]
    helps = {one.name: vars(one).get("help") for one in grade.params}
    said = re.search(r"0: (\d+), or (\d+) where", helps["timeout"])
    assert [float(number) for number in said.groups()] == [usual, training]


def test_every_place_that_the_table_for_changes_names_is_there():
    rows = re.findall(r"^\| .+ \| (.+) \|$", PROSE["CONTRIBUTING.md"], re.M)
    quoted = [name for places in rows for name in re.findall(r"`([^`]+)`", places)]
    paths = [name for name in quoted if "/" in name and " " not in name]
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_what_belongs_to_a_lesson_has_its_number():
    """A module of questions has those of its own lesson, and there is a key to each."""
    numbers = {name[:2] for name in EXERCISES}
    for folder in ("cnnlib/checks/questions", "cnnjudge/keys"):
        modules = {path.stem for path in (ROOT / folder).glob("lesson*.py")}
        assert modules == {f"lesson{number}" for number in numbers}, folder
    saved = {path.stem for path in (ROOT / "cnnjudge" / "exercises").glob("*.json")}
    assert saved == numbers
    for number in numbers:
        module = import_module(f"cnnlib.checks.questions.lesson{number}")
        assert {question.lesson for question in module.QUESTIONS} == {number}
        keys = import_module(f"cnnjudge.keys.lesson{number}").KEYS
        assert set(keys) == {question.name for question in module.QUESTIONS}
