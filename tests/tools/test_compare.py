"""What counts as a difference between a committed notebook and a built one."""

import copy

import pytest

from cnnlib import step_conv
from tests.tools.test_hygiene import PICTURE, notebook, printed, raised, shown
from tools.build import compare


def differences(change, *found, tags=()):
    committed = notebook(*found, tags=tags)
    built = copy.deepcopy(committed)
    change(built)
    return [
        *compare.text_differences(built, committed),
        *compare.output_differences(built, committed),
    ]


def set_output(**data):
    return lambda nb: nb.cells[2].outputs[0].data.update(data)


SAME = [
    (lambda nb: None, [printed("a"), shown(**PICTURE)], ()),
    (set_output(**{"image/png": "BBBB"}), [shown(**PICTURE)], ()),
    (set_output(**{"text/html": "other"}), [shown(**PICTURE)], ()),
    (lambda nb: nb.cells[2].outputs.clear(), [printed("3 s")], ["nbval-ignore-output"]),
]


@pytest.mark.parametrize(("change", "found", "tags"), SAME)
def test_what_may_differ_from_machine_to_machine_is_no_difference(change, found, tags):
    assert differences(change, *found, tags=tags) == []


def set_cell(**values):
    return lambda nb: nb.cells[2].update(values)


DIFFERENT = [
    (set_cell(source="2"), [], "text differs"),
    (set_cell(metadata={"tags": ["raises-exception"]}), [], "metadata"),
    (set_cell(execution_count=7), [], "run as number 2"),
    (lambda nb: nb.metadata.update(cnnlib={"version": "2"}), [], "metadata"),
    (lambda nb: nb.cells[1].update(cell_type="markdown"), [], "markdown cell"),
    (set_cell(outputs=[printed("b")]), [printed("a")], "output differs"),
    (set_cell(outputs=[printed("a", "stderr")]), [printed("a")], "output differs"),
    (set_cell(outputs=[]), [printed("a")], "output differs"),
    (set_cell(outputs=[printed("a")]), [], "output differs"),
    (set_cell(outputs=[raised("b")]), [raised("a")], "output differs"),
    (set_output(**{"text/plain": "Other words."}), [shown(**PICTURE)], "output"),
    (
        lambda nb: nb.cells[2].outputs[0].data.pop("image/png"),
        [shown(**PICTURE)],
        "out",
    ),
    (set_output(**{"image/png": "BBBB"}), [shown(png="AAAA")], "output differs"),
    (set_output(**{"text/html": "b"}), [shown(html="a")], "output differs"),
]


@pytest.mark.parametrize(("change", "found", "message"), DIFFERENT)
def test_a_difference_is_told_with_its_cell(change, found, message):
    (difference,) = differences(change, *found)
    assert message in difference


def test_only_the_tag_for_it_makes_an_output_ignored():
    change = set_cell(outputs=[raised("b")])
    (difference,) = differences(change, raised("a"), tags=["raises-exception"])
    assert "-error: E: a" in difference


def test_the_diff_shows_the_lines_that_changed():
    (difference,) = differences(
        set_cell(outputs=[printed("one\nTWO\nthree")]), printed("one\ntwo\nthree")
    )
    assert "-stdout: two" in difference
    assert "+stdout: TWO" in difference
    assert "one\n" in difference


@pytest.mark.parametrize(
    "change", [list.pop, list.reverse, lambda cells: cells.clear()]
)
def test_other_cells_or_another_order_are_told_by_id(change):
    committed = notebook()
    built = copy.deepcopy(committed)
    change(built.cells)
    (difference,) = compare.text_differences(built, committed)
    assert committed.cells[-1].id in difference


PAGE = step_conv([[1, 2], [3, 4]], [[1]])._repr_html_()
OTHER = step_conv([[1, 2], [3, 5]], [[1]])._repr_html_()
LIVE = {"text/plain": "the same sentence", "text/html": PAGE}


@pytest.mark.parametrize("tags", [(), ["nbval-ignore-output"]])
def test_a_live_picture_has_the_script_and_style_of_the_package(tags):
    for old in ("function mount", "--page:"):
        assert old in PAGE
        page = PAGE.replace(old, f"{old} ", 1)
        change = set_output(**{"text/html": page})
        (found,) = differences(change, shown(**LIVE), tags=tags)
        assert "script or style" in found
    assert OTHER != PAGE
    assert differences(set_output(**{"text/html": OTHER}), shown(**LIVE)) == []
