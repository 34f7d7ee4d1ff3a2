"""Points for a part of a task: what is right earns them, and nothing else does."""

import math
from functools import cache

import numpy as np
import pytest
import torch

from cnnjudge.judge import KnownOutcomes, earned_parts, judge
from cnnjudge.tasks import task
from cnnlib.checks.ask import ask
from cnnlib.checks.check import Check
from cnnlib.checks.question import Question
from cnnlib.checks.registry import questions
from tools import proof

SEEDS = 3
BY_CHANCE = {"ReLU6 for ReLU"}
"""Mistakes that show only where some drawn number is large enough."""
PARTED = {name: q for name, q in questions().items() if q.parts}


@pytest.fixture(params=PARTED)
def question(request) -> Question:
    return PARTED[request.param]


@cache
def rows_of(name):
    return list(proof.rows(name, seed=0))


def test_most_tasks_of_more_than_a_point_have_parts():
    whole = {n for n, q in questions().items() if q.points > 1 and not q.parts}
    assert len(whole) * 5 < len(questions()), whole


def test_parts_share_the_points_and_the_cases(question):
    assert sum(part.points for part in question.parts) == question.points
    assert all(part.points % 0.5 == 0 < part.points for part in question.parts)
    assert [bool(part.of) for part in question.parts[-2:]] == [True, False]
    names = [part.name for part in question.parts]
    assert len(set(names)) == len(names)
    for seed in range(5):
        found = {question.part_of(case).name for case in question.draw(seed)}
        assert found == set(names)


def test_every_word_of_a_part_is_in_the_kind_of_a_case_of_it(question):
    cases = question.draw(0)
    for part in question.parts:
        for words in part.of:
            kinds = [case.kind for case in cases if words in case.kind]
            assert kinds, (part.name, words)
            mine = [question.part_of(case) == part for case in cases
                    if words in case.kind]  # fmt: skip
            assert any(mine), (part.name, words)


@pytest.mark.slow
def test_a_mistake_loses_the_parts_that_it_breaks_whatever_the_seed(question):
    """The cases are compared here once more, by a program that knows no judge."""
    name = question.name
    key = task(name).key
    if key.accepts is not None or key.variants:
        return
    always: dict[str, set[str]] = {}
    for seed in range(SEEDS):
        cases = question.draw(seed)
        known = KnownOutcomes(task(name), cases)
        right = ask(question, key.reference, cases, watched=False)
        for mistake in key.mistakes:
            if mistake.remark.startswith(("called", "cnnlib")):
                continue
            got = ask(question, mistake.answer, cases)
            lost = {p for p, _, earned in earned_parts(known, got) if not earned}
            broken = {
                question.part_of(case).name
                for case, one, two in zip(cases, got, right, strict=True)
                if one.error or one.remarks or not same(one.values, two.values, key)
            }
            assert lost == broken, mistake.name
            first = always.setdefault(mistake.name, lost)
            if mistake.name in BY_CHANCE:
                assert first & lost, mistake.name
            else:
                assert first == lost, mistake.name


def same(one, two, key):
    return one.keys() == two.keys() and all(
        alike(one[name], two[name], key) for name in two
    )


def alike(one, two, key):
    """Numbers of one type near enough, an int for a float; all else the same."""
    if one.type != two.type and (one.type, two.type) != ("int", "float"):
        return False
    if isinstance(two.data, np.ndarray):
        floats = {"float32", "float64"}
        if one.data.shape != two.data.shape:
            return False
        if not (key.any_dtype or one.dtype == two.dtype
                or {one.dtype, two.dtype} <= floats):  # fmt: skip
            return False
        loose = "float32" in (one.dtype, two.dtype)
        return np.allclose(
            one.data.astype(float), two.data.astype(float),
            max(key.rtol, 1e-4 * loose), max(key.atol, 1e-4 * loose), equal_nan=True,
        )  # fmt: skip
    if two.type in ("float", "int"):
        return math.isclose(one.data, two.data, rel_tol=key.rtol, abs_tol=key.atol)
    if two.type == "list" and len(one.data) == len(two.data):
        pairs = zip(one.data, two.data, strict=True)
        return all(alike(mine, right, key) for mine, right in pairs)
    return one == two


@pytest.mark.slow
def test_a_right_answer_earns_all_without_a_word_of_parts(question):
    for row in rows_of(question.name):
        if row.right:
            assert (row.verdict.parts, row.verdict.points_line) == ((), "")


TRIVIAL = {
    "None": lambda *a, **k: None,
    "0": lambda *a, **k: 0,
    "1": lambda *a, **k: 1,
    "the first argument": lambda *a, **k: next(iter([*a, *k.values()]), None),
    "the second argument": lambda *a, **k: [*a, *k.values(), None, None][1],
    "a pair of zeros": lambda *a, **k: (0, 0),
    "zeros like the first": lambda *a, **k: torch.zeros_like(torch.as_tensor(a[0])),
    "ones like the first": lambda *a, **k: torch.ones_like(torch.as_tensor(a[0])),
    "a tensor of one zero": lambda *a, **k: torch.zeros(1),
    "the mean": lambda *a, **k: torch.as_tensor(a[0]).float().mean(),
}


@pytest.mark.slow
@pytest.mark.parametrize("answer", TRIVIAL)
def test_an_answer_without_an_idea_earns_nothing(question, answer):
    if question.is_value:
        return
    cases = question.draw(0)
    known = KnownOutcomes(task(question.name), cases)
    parts = earned_parts(known, ask(question, TRIVIAL[answer], cases))
    assert parts
    assert not any(earned for _, _, earned in parts)


def test_the_line_says_what_is_right_and_what_is_not():
    known = {m.name: m for m in task("output_size").key.mistakes}
    verdict = Check("output_size").verdict(known["padding ignored"].answer)
    assert verdict.points_line == (
        "2 of 3 points so far. Right: the kernel alone; stride; dilation. "
        "Not yet: padding; everything at once."
    )
    assert verdict.points_line in verdict.text


def test_a_call_that_is_not_allowed_earns_nothing():
    verdict = Check("conv2d").verdict(
        lambda x, w, b=None, stride=1, padding=0: torch.conv2d(x, w, b, stride, padding)
    )
    assert verdict.remark == "called:conv2d"
    assert verdict.part_points == 0


def test_right_values_with_a_remark_lose_its_part_alone():
    known = {m.name: m for m in task("conv2d").key.mistakes}
    verdict = Check("conv2d").verdict(known["gradient not able to flow"].answer)
    assert verdict.part_points == 4.5


def test_a_verdict_comes_back_from_plain_data_as_it_was():
    import json
    from dataclasses import asdict

    from cnnjudge.verdict import Verdict

    question = questions()["zero_pad"]
    cases = question.draw(3)
    outcomes = ask(question, lambda image, padding: image, cases)
    verdict = judge(task("zero_pad"), cases, outcomes,
                    KnownOutcomes(task("zero_pad"), cases))  # fmt: skip
    assert verdict.parts
    assert Verdict.from_plain(json.loads(json.dumps(asdict(verdict)))) == verdict


def test_a_gradient_is_not_missed_where_the_values_are_wrong():
    known = {m.name: m for m in task("conv2d").key.mistakes}
    line = Check("conv2d").verdict(known["stride ignored"].answer).points_line
    assert "Not yet: " in line
    assert "gradient" not in line.split("Not yet: ")[1]
    alone = Check("conv2d").verdict(known["gradient not able to flow"].answer)
    assert alone.points_line.endswith("Not yet: a gradient.")
