"""A check says when the answer that it sees is older than the cell last run."""

import linecache

import pytest

from cnnlib.checks import stale

OLD = "def flatten(x, start_dim=1):\n    return x\n"


@pytest.fixture
def answer():
    linecache.cache["<an old cell>"] = (len(OLD), None, OLD.splitlines(True), "")
    names = {}
    exec(compile(OLD, "<an old cell>", "exec"), names)
    yield names["flatten"]
    del linecache.cache["<an old cell>"]


@pytest.mark.parametrize(
    ("ran", "said"),
    [
        ([OLD], ""),
        (["x = 1", OLD, "print(x)"], ""),
        ([OLD, "def flaten(x, start_dim=1):\n    return x[0]"], "`flaten`"),
        ([OLD, "def flatten(x, start_dim=1)\n    return x[0]"], "has a syntax error"),
        ([OLD, "%time\ndef flatten(x):\n    return x[0]"], ""),  # ran, and was undone
        ([OLD, "def helper(x):\n    return x[0]"], ""),
        (["def flaten(x):\n    return x", OLD], ""),
    ],
)
def test_the_note(answer, ran, said):
    note = stale._note("flatten", answer, ran)
    assert (said in note) if said else note == ""


def test_outside_a_notebook_nothing_is_said(answer):
    assert stale.stale_note("flatten", answer) == ""
    assert stale.stale_note("flatten", 3) == ""


def test_a_notebook_says_it(answer, monkeypatch):
    monkeypatch.setattr(stale, "_cells_that_ran", lambda: [OLD, "def flaten(x): pass"])
    from cnnlib import checks

    with pytest.raises(checks.Wrong, match=r"(?s)11 of 13 cases.*`flaten`"):
        checks.flatten(answer)


def test_the_cell_of_another_task_is_no_misspelling(answer):
    ran = [OLD, "def max_pool2d(x, kernel_size, stride=None):\n    return x"]
    assert stale._note("min_pool2d", answer, ran) == ""
    ran[1] = ran[1].replace("max_pool2d", "min_pol2d")
    assert "`min_pol2d`" in stale._note("min_pool2d", answer, ran)
