"""The slips that the predict mode of the steppers names: none that is impossible."""

import json
import shutil
import subprocess

import pytest

from tools.build.build import ROOT

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node"),
]
DATA = {
    "mode": "conv",
    "input": [[[3, 5, 2, 7], [4, 1, 3, 8], [6, 3, 8, 2], [9, 6, 1, 5]]],
    "kernel": [[[1, 2], [2, 3]]],
    "bias": 1,
    "window": [2, 2],
    "stride": [1, 1],
    "dilation": [1, 1],
    "margins": [0, 0, 0, 0],
    "output": [[[25, 21, 47], [28, 38, 42], [49, 35, 30]]],
}


def slips(row, column, answer=None):
    """Return all slips at a place of the result, or those named for an answer."""
    file = (ROOT / "cnnlib/visuals/step/slips.js").as_uri()
    call = f"slips(data, 0, {row}, {column})"
    if answer is not None:
        call = f"nameSlips(data, {answer}, [0, {row}, {column}])"
    code = (
        f"import {{ slips, nameSlips }} from {json.dumps(file)};"
        f"const data = {json.dumps(DATA)}; console.log(JSON.stringify({call}));"
    )
    command = ["node", "--input-type=module", "-e", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("place", "impossible", "possible"),
    [
        ((0, 0), ["too far left", "too high"], ["too far right", "too low"]),
        ((0, 2), ["too far right", "too high"], ["too far left", "too low"]),
        ((2, 0), ["too far left", "too low"], ["too far right", "too high"]),
        ((2, 2), ["too far right", "too low"], ["too far left", "too high"]),
        ((1, 1), [], ["too far left", "too far right", "too high", "too low"]),
    ],
)
def test_a_window_is_never_told_to_lie_where_there_is_nothing(
    place, impossible, possible
):
    said = " ".join(words for _, words in slips(*place))
    assert not [words for words in impossible if words in said]
    assert [words for words in possible if words not in said] == []


def test_one_slip_is_not_told_twice_in_other_words():
    named = slips(1, 1, answer=DATA["output"][0][1][2])
    assert named == ["the window was one column too far right"]


def test_a_first_row_alone_is_told():
    assert slips(1, 1, answer=1 * 1 + 3 * 2 + 1) == [
        "only the first row of the window was added"
    ]
