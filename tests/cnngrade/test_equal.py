"""Equal hand-ins are a hint: found whatever their names and layout, and only they."""

import json

import pytest

from cnngrade.record import TaskResult
from cnngrade.report import equal, pages, write
from cnngrade.report.equal import equal_hand_ins, tree
from cnnjudge.verdict import Verdict
from tests.exercise_files import ROOT

from .examples import RUN, result

ONE = '''
def conv2d(images, weight, stride=1):
    """Slide it."""
    n, c, h, w = images.shape
    out = torch.zeros(n, c, h, w)
    for i in range(0, h, stride):  # rows
        for j in range(0, w, stride):
            window = images[:, :, i : i + 3, j : j + 3]
            out[:, :, i, j] = (window * weight).sum((2, 3))
    return out
'''
RENAMED = """
def conv2d(x, k, stride=1):
    a, b, d, e = x.shape
    result = torch.zeros(a, b, d, e)
    for row in range(0, d, stride):
        for col in range(0, e, stride):
            part = x[:, :, row:row+3, col:col+3]
            result[:, :, row, col] = (part * k).sum((2, 3))
    return result
""".replace("stride", "step")
OTHER = ONE.replace("(window * weight).sum((2, 3))", "(weight * window).sum((2, 3))")


def handed_in(student, code, lesson="02", status="passed", task="conv2d"):
    verdict = Verdict(task, status, "it is so")
    more = Verdict("zero_pad", "passed", "it is so")
    same = ONE.replace("conv2d", "zero_pad")  # what all of them have
    tasks = TaskResult(verdict, 5, code=code), TaskResult(more, 2, code=same)
    return result(student, *tasks, lesson=lesson)


def groups(*results):
    return [one.students for one in equal_hand_ins(results)]


def test_names_comments_and_layout_make_no_difference():
    ann, bob = handed_in("Ann", ONE), handed_in("Bob", RENAMED)
    (group,) = equal_hand_ins([ann, bob, handed_in("Cy", OTHER)])
    assert group.students == ("Ann", "Bob")
    assert group.tasks == ("conv2d", "zero_pad")
    assert not group.published
    (first, code), (second, other) = group.pair
    assert (first, second) == ("Ann", "Bob")
    assert code.startswith(ONE.strip("\n"))
    assert other.startswith(RENAMED.strip("\n"))
    assert code.endswith("out")


@pytest.mark.parametrize(
    "change",
    [
        ("range(0, h", "range(1, h"),
        ("i : i + 3, j : j + 3", "j : j + 3, i : i + 3"),
        ("torch.zeros", "torch.empty"),
        ("stride=1", "stride=2"),
        ("(2, 3))", "(3, 2))"),
    ],
)
def test_what_says_something_else_is_not_equal(change):
    assert change[0] in ONE
    assert groups(handed_in("A", ONE), handed_in("B", ONE.replace(*change))) == []


def test_short_answers_unsolved_ones_and_other_lessons_say_nothing():
    short = "def conv2d(x, k):\n    return x * k"
    assert groups(handed_in("A", short), handed_in("B", short)) == []
    stub = {"status": "unsolved"}
    assert groups(handed_in("A", ONE, **stub), handed_in("B", ONE, **stub)) == []
    assert groups(handed_in("A", ONE), handed_in("B", ONE, lesson="01")) == []
    assert groups(handed_in("A", "def ("), handed_in("B", "def (")) == []
    assert groups(handed_in("A", "x = (" * 5000), handed_in("B", "x = (" * 5000)) == []


def _solved(student, lesson, name):
    raw = json.loads((ROOT / "solutions" / f"{name}.ipynb").read_text())
    sources = {cell["id"]: "".join(cell["source"]) for cell in raw["cells"]}
    exercise = equal.handed_out()[lesson]
    tasks = tuple(
        TaskResult(
            Verdict(task, "passed", "it is so"),
            1,
            code=sources[exercise.part(task, "answer").id],
        )
        for task in exercise.tasks
    )
    return result(student, *tasks, lesson=lesson)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_copies_of_the_published_solution_are_told(path):
    lesson = path.stem[:2]
    if lesson not in equal.handed_out():
        pytest.skip("an exercise that this release does not judge")
    (group,) = equal_hand_ins([_solved("Ann", lesson, path.stem)])
    assert group.published
    assert group.students == ("Ann",)
    (group,) = equal_hand_ins([_solved(who, lesson, path.stem) for who in ("A", "B")])
    assert group.students == ("A", "B")


def test_the_page_shows_two_side_by_side_and_calls_it_a_hint():
    both = [handed_in("Ann", ONE), handed_in("Bob", RENAMED + "# <b>")]
    page = pages.class_page(RUN, both, write.feedback_names(both))
    shown = page.partition('id="same"')[2].partition("</section>")[0]
    assert "a hint to look, no verdict" in shown
    assert shown.count('class="code"') == 2
    assert "<b>" not in shown
    assert "No two hand-ins are equal" in pages.class_page(RUN, both[:1], {"Ann": "A"})


def test_a_tree_has_its_size():
    assert tree("x = 1", "x")[1] == 5
    assert tree("x = 1", "x")[0] != tree("x = 2", "x")[0]
