"""The drawing of full, local and shared connections: its lines are the weights."""

import pytest
from matplotlib.collections import LineCollection
from torch import nn

from cnnlib.diagrams import draw_connections


def lines(picture):
    """Return (points, colour) of every line on the sheet."""
    found = []
    for ax in picture.figure.axes:
        for drawn in ax.collections:
            if isinstance(drawn, LineCollection):
                segments, colours = drawn.get_segments(), drawn.get_colors()
                assert len(colours) in (1, len(segments))
                found += [
                    (segment, tuple(colours[i % len(colours)]))
                    for i, segment in enumerate(segments)
                ]
    return found


def thirds(picture, units):
    """Return the lines to the hidden units of each drawing, left to right."""
    found = sorted(lines(picture), key=lambda line: line[0][0][0])
    starts = sorted({round(float(points[0][0]), 3) for points, _ in found})
    assert len(starts) == 6  # pixels and hidden units, three times
    by_start = [
        [line for line in found if round(float(line[0][0][0]), 3) == start]
        for start in starts
    ]
    assert [len(outputs) for outputs in by_start[1::2]] == [units] * 3
    return by_start[::2]


@pytest.mark.parametrize(("pixels", "units"), [(16, 4), (6, 2), (5, 1), (8, 8)])
def test_there_is_a_line_for_every_weight(pixels, units):
    full, local, shared = thirds(draw_connections(pixels, units), units)
    assert len(full) == nn.Linear(pixels, units).weight.numel()
    assert len(local) == len(shared) == pixels
    share = pixels // units
    assert len({colour for _, colour in shared}) == share
    one_set = nn.Conv1d(1, 1, share, stride=share).weight.numel()
    assert one_set == share


def test_a_local_unit_sees_its_own_pixels_and_no_others():
    _, local, _ = thirds(draw_connections(16, 4), 4)
    seen = {}
    for points, _ in local:
        seen.setdefault(round(float(points[1][1]), 3), set()).add(float(points[0][1]))
    assert [len(pixels) for pixels in seen.values()] == [4] * 4
    assert len(set().union(*seen.values())) == 16


def test_the_sentence_counts_what_is_drawn():
    text = draw_connections(6, 2).sentence
    assert "Full: 12 lines" in text
    assert "Local: 6 lines, 3 to a unit" in text
    assert "only 3 weights" in text


@pytest.mark.parametrize("sizes", [(16, 3), (16, 0), (16, 1), (18, 9), (0, 4)])
def test_what_cannot_be_drawn_is_refused(sizes):
    with pytest.raises(ValueError, match=f"got {sizes[0]} pixels and {sizes[1]} units"):
        draw_connections(*sizes)
