"""explore_sizes in Python: where it starts, what it says, what it refuses."""

import pytest

from cnnlib import explore_sizes
from cnnlib.arithmetic import output_size


def test_it_starts_with_two_settings():
    visual = explore_sizes()
    assert visual.data["settings"] == [
        {"size": 7, "kernel": 3, "stride": 1, "padding": 0, "dilation": 1},
        {"size": 7, "kernel": 3, "stride": 2, "padding": 1, "dilation": 1},
    ]
    assert repr(visual) == (
        "Two settings. A: 7x7 input, 3x3 kernel, stride 1, padding 0: 5x5 output. "
        "B: 7x7 input, 3x3 kernel, stride 2, padding 1: 4x4 output."
    )


def test_settings_are_named_as_in_arithmetic():
    left = {"size": 9, "kernel_size": 3, "stride": 2, "padding": 2, "dilation": 2}
    visual = explore_sizes(left, {"size": 5})
    assert visual.data["settings"][0] == {
        "size": 9,
        "kernel": 3,
        "stride": 2,
        "padding": 2,
        "dilation": 2,
    }
    assert visual.data["settings"][1]["stride"] == 1  # given: the usual, not B's start
    side = output_size(**left)
    assert f"dilation 2: {side}x{side} output" in repr(visual)


REFUSED = [
    ("The left setting is a dict", lambda: explore_sizes(7)),
    ("the right one has also 'kernel'", lambda: explore_sizes(None, {"kernel": 3})),
    ("stride of the left must be at least 1", lambda: explore_sizes({"stride": 0})),
    ("size of the left must be a whole number", lambda: explore_sizes({"size": 7.5})),
    (
        "size of the left setting may be at most 16, but it is 100",
        lambda: explore_sizes({"size": 100}),
    ),
    ("arithmetic.output_size takes any", lambda: explore_sizes({"kernel_size": 25})),
    ("The kernel spans 9 pixels", lambda: explore_sizes({"kernel_size": 9})),
]


@pytest.mark.parametrize(("words", "call"), REFUSED)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(words, call):
    with pytest.raises((ValueError, TypeError), match=words) as refusal:
        call()
    assert str(refusal.value).endswith(".")
