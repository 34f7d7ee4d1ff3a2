"""Mutants of right answers, and answers that look alike."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnjudge.changes import _pair, changed_workings, changes
from cnnjudge.judge import KnownOutcomes
from cnnjudge.messages import LIKELY
from cnnjudge.tasks import task
from cnnjudge.verdict import Verdict
from cnnjudge.workings import WORKINGS
from cnnlib import checks
from cnnlib.checks.registry import every_question, questions
from tools import lookalikes, mutants, proof
from tools.build.build import ROOT
from tools.codings import CODINGS

PAGE = (ROOT / proof.TABLE).read_text(encoding="utf-8")
ROWS = {
    name: [int(n) for n in re.findall(r"\d+", rest)]
    for name, rest in re.findall(r"^\| `(\w+)` ((?:\| \d+ )+\|.*%.*)$", PAGE, re.M)
}
"""Of each task: tried, passing, refused, one number for each kind, named, percent."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WORKINGS])
def test_a_working_passes_its_check(name):
    for text in WORKINGS[name]:
        names = {"torch": torch, "F": F, "nn": nn, "pair": _pair}
        exec(text, names)
        assert checks.Check(name).verdict(names[name]).passed


@pytest.mark.slow
@pytest.mark.parametrize("name", [*CODINGS])
def test_a_coding_passes_its_check(name):
    for text in CODINGS[name]:
        assert checks.Check(name).verdict(mutants.answer(name, text)).passed


def test_the_changes_of_a_line():
    found = {c.words for c in changes("def f(x, n):\n    return x[1:n] + 2\n")}
    assert "line 2: Add becomes Sub" in found
    assert "line 2: 2 becomes 3" in found
    assert "line 2: the upper of a slice lost" in found
    assert "line 2: the left side alone" in found


def test_names_that_are_mixed_up():
    text = "def f(x):\n    h, w = x.shape\n    return h\n"
    (change,) = [c for c in changes(text) if "becomes" in c.words]
    assert change.words == "line 3: h becomes w"
    names = {}
    exec(compile(change.tree, "", "exec"), names)
    assert names["f"](torch.zeros(2, 3)) == 3


@pytest.mark.parametrize("name", [*WORKINGS])
def test_each_change_has_a_name_of_its_own_and_a_sentence_without_code(name):
    found = changed_workings(name)
    assert len({one.name for one in found}) == len(found) > 5
    for one in found:
        assert one.sentence.endswith(".")
        assert "return" not in one.sentence.replace("`return` stands", "")


def test_of_every_task_four_of_five_refused_mutants_are_named():
    asked = set(questions()) - mutants.TRAINED
    assert asked <= set(ROWS) <= set(every_question())  # a fork leaves some out
    low = {name: row for name, row in ROWS.items() if 5 * row[-2] < 4 * row[2]}
    assert low == {}


def test_no_hint_was_false():
    found = re.search(r"Hints given: (\d+); false: (\d+)\.", PAGE)
    assert int(found[1]) > 1000
    assert int(found[2]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["flatten", "linear_params", "vgg_block"])
def test_the_committed_row_is_what_comes_out(name):
    tally = mutants.tally(name, list(mutants.rows(name)))
    assert tally.line() in PAGE.split("\n"), "run `make proof`"


def test_a_hint_that_is_of_another_mistake_is_found_false():
    """The net under the proof: a wrong name must not get through it."""
    name = "correlate2d"
    others = [KnownOutcomes(task(name), questions()[name].draw(101))]
    by_name = {m.name: m for m in task(name).key.mistakes}
    flipped = by_name["kernel flipped"]
    verdict = Verdict(
        name, "failed", "", hint="x", hint_word=LIKELY, mistake="kernel flipped"
    )
    assert lookalikes._why_false(name, flipped.answer, verdict, others) == ""
    for other in ("kernel transposed", "mean for sum", "bias forgotten"):
        answer = by_name[other].answer
        assert "other cases" in lookalikes._why_false(name, answer, verdict, others)


@pytest.mark.slow
def test_no_hint_on_our_own_loop_is_false():
    found = list(lookalikes.rows("zero_pad"))
    assert len(found) > 50
    assert [row for row in found if row.false] == []
