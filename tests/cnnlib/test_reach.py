"""The pyramid of the cells that a unit sees: counted by PyTorch's own gradient."""

import pytest
import torch
from matplotlib.collections import LineCollection
from torch import nn

from cnnlib import arithmetic
from cnnlib.diagrams import draw_reach

STACKS = [
    [(3, 1), (2, 2), (3, 1), (2, 2)],
    [(3, 1)],
    [(5, 2), (3, 1)],
]


def numbers(picture):
    """Return the rows of numbers, from the pixels up."""
    (ax,) = picture.figure.axes
    rows = {}
    for text in ax.texts:
        if text.get_text().isdigit():
            x, y = text.get_position()
            rows.setdefault(round(y, 4), []).append((x, int(text.get_text())))
    return [[n for _, n in sorted(rows[y])] for y in sorted(rows)]


def by_gradient(layers):
    """Return how often each pixel counts in the one unit, with all weights 1."""
    wide = int(arithmetic.receptive_field(layers))
    row = torch.zeros(1, 1, wide, requires_grad=True)
    out = row
    for kernel, stride in layers:
        out = nn.functional.conv1d(out, torch.ones(1, 1, kernel), stride=stride)
    assert out.shape == (1, 1, 1)
    out.sum().backward()
    return row.grad[0, 0].int().tolist()


@pytest.mark.parametrize("layers", STACKS)
def test_the_lowest_row_has_the_paths_to_the_unit(layers):
    rows = numbers(draw_reach(layers))
    assert rows[0] == by_gradient(layers)
    assert rows[-1] == [1]
    for level in range(len(layers)):
        assert len(rows[level]) == arithmetic.receptive_field(layers[level:])


def test_the_names_stand_beside_their_rows_and_in_the_sentence():
    picture = draw_reach([(3, 1), (2, 2)], ["conv", "pool"])
    (ax,) = picture.figure.axes
    places = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert places["pixels"] < places["conv"] < places["pool: one unit"]
    assert picture.sentence == (
        "One unit of pool and what it depends on, downwards: 2 of conv and 4 of the "
        "pixels. Paths from each pixel: 1, 2, 2 and 1."
    )


def test_no_word_is_cut_off():
    picture = draw_reach(STACKS[0], ["a long name of a layer"] * 4)
    (ax,) = picture.figure.axes
    picture.figure.draw_without_rendering()
    page = picture.figure.bbox
    for text in ax.texts:
        box = text.get_window_extent()
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1


@pytest.mark.parametrize(
    ("layers", "names", "words"),
    [
        ([], None, "one layer and more"),
        ([(3, 1)] * 12, None, "see 25"),
        ([(2, 3)], None, "not smaller than their strides"),
        ([(3, 1)], ["a", "b"], "got 2 for 1"),
    ],
)
def test_refusals(layers, names, words):
    with pytest.raises(ValueError, match=words):
        draw_reach(layers, names)


@pytest.mark.parametrize("layers", STACKS)
def test_two_lines_join_each_cell_to_the_ends_of_its_window(layers):
    picture = draw_reach(layers)
    (ax,) = picture.figure.axes
    rows = numbers(picture)
    (lines,) = (one for one in ax.collections if isinstance(one, LineCollection))
    paths = lines.get_segments()
    assert len(paths) == 2 * sum(map(len, rows[1:]))
    places = [t.get_position() for t in ax.texts if t.get_text().isdigit()]
    low = min(y for _, y in places)
    pixels = sorted(x for x, y in places if y == low)
    cell = pixels[1] - pixels[0]
    left, top = pixels[0] - cell / 2, low + cell / 2
    reached = sorted(
        (x - left) / cell for _, (x, y) in paths if y == pytest.approx(top)
    )
    kernel, stride = layers[0]
    starts = range(0, len(rows[1]) * stride, stride)
    ends = sorted(end for start in starts for end in (start, start + kernel))
    assert reached == pytest.approx(ends)
