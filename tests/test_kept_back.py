"""What exercises 02 and 03 ask for is not printed by their lessons."""

import re
from pathlib import Path

import pytest

from cnnjudge.tasks import task
from cnnlib.arithmetic import output_size
from tools.build import held

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SETTINGS = {
    "quiz": (4, 3),
    "big_kernel": (100, 51),
    "big_kernel_padded": (100, 51, 1, 25),
    "strided": (100, 25, 3),
    "wrong_slide": (7, 3, 2, 1),
    "dilated": ((32, 48), 3, 2, 1, 2),
}


def shown(lesson):
    """Return a built lesson as it is read: text, code, and what the code prints."""
    (path,) = NOTEBOOKS.glob(f"{lesson}_*.ipynb")
    pieces = []
    for cell in held.read(path).cells:
        pieces.append(cell.source)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            pieces.append(output.get("text") or data.get("text/plain", ""))
    return "\n".join(pieces)


def sizes(text):
    """Return the names of the sizes of task ``shapes`` that a text gives away."""
    found = []
    for name, setting in SETTINGS.items():
        rows, columns = pair = task("shapes").key.reference[name]
        size = output_size(*setting)
        worked = [str(size)] if isinstance(size, int) else [str(one) for one in size]
        worked += [f"({rows}, {columns})", f"{rows} by {columns}"] * (pair != (4, 4))
        if any(one in text for one in worked):
            found.append(name)
    return found


def test_one_size_of_the_table_at_most_is_printed():
    assert sizes(shown("02")) == ["quiz"]


@pytest.mark.parametrize(("name", "setting"), SETTINGS.items())
def test_a_size_that_is_printed_would_be_found(name, setting):
    size = output_size(*setting)
    assert sizes(str(size if isinstance(size, int) else size[1])) == [name]


def row(numbers):
    """Match a row of a grid as it is printed: [7, 6], 7 6, [7] [6], [7., 6.]."""
    return r"[^\d-]" + r"[\].,]*\s+\[?".join(f"{n:g}" for n in numbers) + r"\b"


@pytest.mark.parametrize(
    ("lesson", "name", "rows"),
    [("02", "corrected_output", [2]), ("03", "edge_then_pool", [0, 1])],
)
def test_no_row_of_an_answer_is_printed(lesson, name, rows):
    answer = task(name).key.reference.tolist()
    for number in rows:
        looked_for = row(answer[number])
        assert not re.search(looked_for, shown(lesson))
        left, right = answer[number]
        assert re.search(looked_for, f" tensor([[{left:g}., {right:g}.]])")
        assert re.search(looked_for, f"  {left:g}   {right:g}")
        assert re.search(looked_for, f" [{left:g}]  [{right:g}]")
