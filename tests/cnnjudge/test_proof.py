"""Every checker against every right and wrong answer that is known."""

from functools import cache

import pytest

from cnnjudge.keys import lesson05
from cnnjudge.tasks import task
from cnnlib.checks.check import Check
from cnnlib.checks.registry import questions
from tools import proof
from tools.build import markdown, source
from tools.build.build import ROOT

TASKS = list(questions())


@cache
def rows_of(name):
    return list(proof.rows(name, seed=0))


@pytest.fixture(params=TASKS)
def found(request):
    return rows_of(request.param)


@pytest.mark.slow
def test_right_answers_pass_and_mistakes_are_named(found):
    assert [(r.answer, r.verdict.text) for r in found if not r.as_it_should] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in TASKS if n != "trained_model"])
def test_verdicts_do_not_hang_on_the_seed(name):
    seed = 1 + TASKS.index(name)
    rows = list(proof.rows(name, seed))
    assert [(r.answer, r.verdict.text) for r in rows if not r.as_it_should] == []


@pytest.mark.slow
def test_a_known_answer_may_load_data_while_it_is_asked():
    lesson05._examples.cache_clear()
    name = "trained without shifts"
    (mistake,) = [m for m in task("trained_model").key.mistakes if m.name == name]
    assert Check("trained_model").verdict(mistake.answer).mistake == name


@pytest.mark.slow
def test_every_hint_can_be_shown(found):
    """Its own answer is told by it; a mistake that is only noticed has no hint."""
    shown = {row.answer: row.verdict.hint for row in found if not row.right}
    for mistake in task(found[0].task).key.mistakes:
        assert shown[mistake.name].startswith(mistake.hint)
        assert mistake.tells or mistake.hint == shown[mistake.name]
        assert bool(mistake.hint) != bool(mistake.remark)


@pytest.mark.slow
def test_at_least_two_other_right_answers(found):
    right = sum(r.right for r in found)
    assert right >= 3, f"the reference and two other right answers or more, not {right}"


def test_mistakes_have_names_of_their_own():
    for name in TASKS:
        names = [mistake.name for mistake in task(name).key.mistakes]
        assert len(names) == len(set(names)), f"{name}: two mistakes have one name"
        assert len(names) >= 3, f"{name}: three mistakes or more, not {len(names)}"


@pytest.mark.parametrize("name", TASKS)
def test_a_verdict_points_to_a_heading_of_the_lesson(name):
    found = task(name)
    lesson = next(
        path
        for path in (ROOT / "lessons").glob(f"{found.question.lesson}_*.py")
        if not path.stem.endswith("_exercise")
    )
    cells = source.read(lesson).cells
    texts = [cell.text for cell in cells if cell.kind == "markdown"]
    titles = [heading.text for text in texts for heading in markdown.headings(text)]
    assert {found.key.section, *found.key.elsewhere.values()} <= set(titles)


@pytest.mark.parametrize("name", TASKS)
def test_the_cases_are_as_many_and_of_the_same_kinds_for_every_seed(name):
    kinds = [[c.kind for c in questions()[name].draw(seed)] for seed in (0, 1, 99)]
    assert kinds[0] == kinds[1] == kinds[2]
    assert len(set(kinds[0])) == len(kinds[0])


@pytest.mark.slow
def test_the_table_is_the_one_that_is_committed():
    rows = [row for name in TASKS for row in rows_of(name)]
    committed = (ROOT / proof.TABLE).read_text(encoding="utf-8")
    first, _, second = committed.partition(f"\n{proof.MUTANTS}")
    assert first == proof.markdown(rows), "run `make proof ARGS=--quick`"
    assert second
