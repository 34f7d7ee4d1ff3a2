"""Number grids and the style they share: texts, boxes, padding, contrast."""

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cnnlib.plots import plot_grids
from cnnlib.plots.grids import HIGH_CELL, cell_texts, tints
from cnnlib.plots.style import GREY, HEAT, SIGNED, Scale, ink_on, luminance, outline


def contrast(one, other):
    """The contrast of WCAG 2 between two colours, 1 to 21."""
    light, dark = sorted((luminance(one) + 0.05, luminance(other) + 0.05), reverse=True)
    return light / dark


def texts(picture):
    """What is written, with place and colour."""
    return [
        (t.get_text(), *t.get_position(), t.get_color(), t.get_fontsize())
        for t in picture.figure.axes[0].texts
    ]


def boxes(picture, colour="white"):
    """The rectangles of that colour: (x, y, width, height) in pixels."""
    return [
        (*patch.get_xy(), patch.get_width(), patch.get_height())
        for patch in picture.figure.axes[0].patches
        if isinstance(patch, Rectangle) and patch.get_edgecolor()[:3] == to_rgb(colour)
    ]


# --- contrast -------------------------------------------------------------------


@pytest.mark.parametrize("name", [GREY, HEAT, SIGNED, "YlOrBr", "inferno"])
def test_numbers_can_be_read_on_every_colour_of_a_scale(name):
    colours = Scale(0, 1, name).colours(np.linspace(0, 1, 256)) / 255
    worst = min(contrast(colour, to_rgb(ink_on(colour))) for colour in colours)
    assert worst >= 4.5


def test_numbers_can_be_read_on_every_tint():
    colours = tints(np.linspace(-7, 7, 201)[None])[0]
    assert min(contrast(c, to_rgb(ink_on(c))) for c in colours) >= 4.5
    assert all(ink_on(c) == "black" for c in colours)


def test_luminance_is_that_of_wcag():
    assert luminance((0, 0, 0)) == 0
    assert luminance((1, 1, 1)) == pytest.approx(1)
    assert luminance((1, 0, 0)) == pytest.approx(0.2126)
    assert luminance((0.5, 0.5, 0.5)) == pytest.approx(0.2140, abs=1e-4)


def test_a_box_can_be_seen_on_light_and_dark():
    ax = Figure().add_subplot()
    outline(ax, (2, 3, 4, 5))
    black, white = ax.patches
    assert to_rgb(black.get_edgecolor()) == (0, 0, 0)
    assert to_rgb(white.get_edgecolor()) == (1, 1, 1)
    assert black.get_linewidth() > white.get_linewidth()
    assert white.get_zorder() > black.get_zorder()
    for patch in (black, white):
        assert isinstance(patch, Rectangle)
        assert (patch.get_xy(), patch.get_width(), patch.get_height()) == (
            (2.5, 1.5),
            5,
            4,
        )


def test_tints_show_the_sign():
    below, zero, above = tints(np.array([[-2.0, 0, 2]]))[0]
    assert below[2] > below[0]
    assert above[0] > above[2]
    assert np.ptp(zero) < 0.02
    assert tints(np.zeros((1, 2))).min() > 0.95


# --- cells ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([[1, -2], [30, 0]], [["1", "−2"], ["30", "0"]]),
        ([[0.5, 2]], [["0.5", "2.0"]]),
        ([[1 / 16, 2 / 16]], [["0.0625", "0.1250"]]),
        ([[1 / 3, -2 / 3]], [["0.3333", "−0.6667"]]),
        ([[0.30000001, 0.1]], [["0.3", "0.1"]]),
        ([[-1e-9, 1]], [["0", "1"]]),
        ([[np.nan, 3]], [["", "3"]]),
        ([[np.inf, -np.inf]], [["∞", "−∞"]]),
        ([[255, 1000]], [["255", "1000"]]),
    ],
)
def test_cells_are_written_with_as_few_decimals_as_needed(values, written):
    assert cell_texts(np.array(values, float)) == written


def test_all_numbers_stand_in_their_places():
    values = np.arange(6).reshape(2, 3)
    found = {text: (x, y) for text, x, y, *_ in texts(plot_grids([("a", values)]))}
    for number in range(6):
        row, column = divmod(number, 3)
        x, y = found[str(number)]
        assert x - found["0"][0] == column * HIGH_CELL
        assert y - found["0"][1] == row * HIGH_CELL
    assert found["a"][1] < found["0"][1]


@pytest.mark.parametrize(
    "array",
    [
        torch.ones(1, 1, 2, 3, requires_grad=True),
        torch.ones(1, 2, 3, dtype=torch.uint8),
        np.ones((2, 3), bool),
        [[1, 1, 1], [1, 1, 1]],
    ],
)
def test_forms_of_a_panel(array):
    assert plot_grids([("a", array)]).sentence == "A (2x3): 1 1 1 / 1 1 1."


def test_vector_is_one_row():
    assert plot_grids([("v", [1, 2.5])]).sentence == "V (1x2): 1.0 2.5."


def test_long_numbers_do_not_leave_their_cells():
    picture = plot_grids([("a", np.full((3, 3), -0.3333)), ("b", [[1]])])
    renderer = FigureCanvasAgg(picture.figure).get_renderer()
    ax = picture.figure.axes[0]
    places = [x for text, x, *_ in texts(picture) if text == "−0.3333"]
    wide = sorted(set(places))[1] - sorted(set(places))[0]
    for text in ax.texts:
        if text.get_text() == "−0.3333":
            assert text.get_window_extent(renderer).width <= wide - 2


@pytest.mark.parametrize("shape", [(5, 5), (7, 7), (2, 3), (28, 28)])
def test_sizes_and_type_stay_readable(shape):
    picture = plot_grids([("a", np.full(shape, 255)), ("b", np.ones((3, 3)))])
    assert picture.size[0] <= 900
    assert min(points for *_, points in texts(picture)) >= 8


def test_panels_wrap_when_they_do_not_fit():
    grid = np.full((4, 12), 7)
    picture = plot_grids([("one", grid), ("two", grid), ("three", grid)])
    heights = {text: y for text, _, y, *_ in texts(picture) if len(text) > 1}
    assert heights["one"] < heights["two"] < heights["three"]
    assert picture.size[0] <= 900


# --- boxes, padding, signs ------------------------------------------------------


def test_boxes_stand_around_their_cells():
    values = np.arange(25).reshape(5, 5)
    picture = plot_grids(
        [("input", values), ("output", values[:3, :3] + 100)],
        highlight={"input": (1, 2, 3, 2), "output": [(0, 0, 1, 1), (2, 1, 1, 2)]},
    )
    found = {text: (x, y) for text, x, y, *_ in texts(picture)}

    def inside(box):
        left, top, width, height = box
        return [
            int(text)
            for text, (x, y) in found.items()
            if text.isdigit() and left < x < left + width and top < y < top + height
        ]

    assert [inside(box) for box in boxes(picture)] == [
        [7, 8, 12, 13, 17, 18],
        [100],
        [111, 112],
    ]
    assert boxes(picture, "black") == boxes(picture)
    assert boxes(picture)[0][2:] == (2 * HIGH_CELL, 3 * HIGH_CELL)
    assert "a box of 3x2 at row 1, column 2" in picture.sentence


@pytest.mark.parametrize(
    ("padding", "free"),
    [
        (0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        (1, [5, 6]),
        ((0, 1), [1, 2, 5, 6, 9, 10]),
        ((1, 0, 0, 2), [4, 5, 8, 9]),
    ],
)
def test_padding_cells_are_hatched_pale_and_white(padding, free):
    values = np.arange(12).reshape(3, 4)
    picture = plot_grids([("a", values, {"padding": padding})])
    dark = [int(text) for text, *_, ink, _ in texts(picture)[:-1] if ink == "black"]
    assert dark == free
    ax = picture.figure.axes[0]
    cells = ax.images[0].get_array().reshape(12, 3)
    assert all((cells[i] == 1).all() for i in range(12) if i not in free)
    rules = len(ax.collections[0].get_segments())
    assert rules == (3 + 1) + (4 + 1) + 4 * (12 - len(free))
    assert ("padding around" in picture.sentence) == (padding != 0)


def test_empty_cells_are_not_computed_yet():
    values = np.array([[12, np.nan]])
    picture = plot_grids([("so far", values)])
    assert picture.sentence == "So far (1x2): 12 ?."
    assert (picture.figure.axes[0].images[0].get_array()[0, 1] == 1).all()


def test_operators_stand_between_the_panels():
    grid = [[1, 1]]
    picture = plot_grids([("a", grid), ("b", grid), ("c", grid)], operators=["∗", "="])
    x = {text: place for text, place, *_ in texts(picture)}
    assert x["a"] < x["∗"] < x["b"] < x["="] < x["c"]


def test_large_grids_are_described_by_size_alone():
    picture = plot_grids([("a", np.ones((9, 9))), ("b", [[1]])])
    assert picture.sentence == "A (9x9). B (1x1)."


def test_own_axes():
    ax = Figure().add_subplot()
    assert plot_grids([("a", [[1]])], ax=ax) is ax
    assert [text.get_text() for text in ax.texts] == ["1", "a"]


@pytest.mark.parametrize(
    ("panels", "options", "error", "words"),
    [
        ([], {}, ValueError, "at least one panel"),
        ([("a",)], {}, TypeError, r"is \(title, array\)"),
        ([("a", np.ones((2, 3, 3)))], {}, ValueError, "each channel a panel"),
        ([("a", [[1]], {"pad": 1})], {}, ValueError, 'only option .* is "padding"'),
        ([("a", [[1]], {"padding": "1"})], {}, TypeError, "padding of the panel 'a'"),
        ([("a", "abc")], {}, TypeError, "array of the panel 'a' must hold real"),
        (
            [("a", [[1]])],
            {"highlight": {"b": (0, 0, 1, 1)}},
            ValueError,
            "'b', but .*'a'",
        ),
        (
            [("a", [[1]])],
            {"highlight": {"a": (0, 0, 2, 1)}},
            ValueError,
            "does not lie",
        ),
        (
            [("a", [[1]])],
            {"highlight": {"a": (-1, 0, 1, 1)}},
            ValueError,
            "does not lie",
        ),
        (
            [("a", [[1]])],
            {"highlight": {"a": (0, 0, 0, 1)}},
            ValueError,
            "does not lie",
        ),
        ([("a", [[1]])], {"operators": ["="]}, ValueError, "0 operators"),
        (
            [("a", np.full((2, 40), 0.1234))],
            {},
            ValueError,
            "cannot be read side by side",
        ),
    ],
)
def test_refusals(panels, options, error, words):
    with pytest.raises(error, match=words):
        plot_grids(panels, **options)
