"""What is asked for, and what is refused in a sentence."""

import numpy as np
import pytest

from cnnlib.worked import worked_example, worked_examples

GRIDS = [one for one in worked_examples() if one.op in ("conv2d", "max_pool2d")]


@pytest.mark.parametrize("example", GRIDS, ids=lambda one: one.id)
def test_the_windows_for_the_slips_give_the_correct_grid(example):
    """Else a right number would be told to be wrong, or a slip named in its place."""
    box = example.predict(0, 0)
    assert box.data["answer"] == example.correct[0, 0]
    np.testing.assert_allclose(box.data["steps"]["output"][0], example.correct)


def test_a_place_is_a_row_and_a_column():
    example = worked_example("hzdr-same")
    assert "row 1, column 2" in example.predict(1, 2).sentence
    for place in ((), (1,), (1, 2, 3)):
        with pytest.raises(ValueError, match="a row and a column"):
            example.predict(*place)
    for row, column in ((4, 0), (0, 4), (-1, 0)):
        with pytest.raises(IndexError, match="outside of a 4x4 grid"):
            example.predict(row, column)


@pytest.mark.parametrize(
    "name", ["alexnet-params", "hzdr-k51-even-claim", "alexnet-224"]
)
def test_only_one_number_can_be_asked_for(name):
    with pytest.raises(ValueError, match="predict asks for one number"):
        worked_example(name).predict()


def test_a_fact_has_no_place():
    assert worked_example("hzdr-fc-73").predict().data["answer"] == 73
    with pytest.raises(ValueError, match="no rows and columns"):
        worked_example("hzdr-fc-73").predict(0, 0)


def test_an_id_that_gives_the_answer_away_can_be_cut():
    assert worked_example("hzdr-local").id == "hzdr-local-25"
    with pytest.raises(ValueError, match="no worked example 'hzdr-conv'"):
        worked_example("hzdr-conv")  # two begin so


def test_wrong_numbers_of_a_fact_can_have_their_slips():
    box = worked_example("hzdr-local").predict(slips={20: "the output is missing"})
    assert box.data["slips"] == [[20, "the output is missing"]]
