"""Charts of named points: places, names that do not cover one another, words."""

import itertools
import random

import pytest
from matplotlib.figure import Figure

from cnnlib.plots import plot_points

POINTS = {"a": (1, 50), "b": (10, 70.5), "c": (100, 60)}


def drawn(picture):
    (ax,) = picture.figure.axes
    (dots,) = ax.lines
    return ax, [tuple(xy) for xy in dots.get_xydata().tolist()]


def test_each_point_has_its_place_and_its_name():
    picture = plot_points(POINTS, xlabel="size", ylabel="right", title="T")
    ax, dots = drawn(picture)
    assert dots == list(POINTS.values())
    assert {text.get_text(): text.xy for text in ax.texts} == POINTS
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("size", "right", "T")
    assert picture.sentence == "T: right against size; a 1, 50; b 10, 70.5; c 100, 60."


def test_a_logarithmic_axis_spaces_powers_of_ten_evenly():
    for log_x, halfway in [(True, True), (False, False)]:
        ax, _ = drawn(plot_points(POINTS, xlabel="x", ylabel="y", log_x=log_x))
        ends = ax.transData.transform(list(POINTS.values()))[:, 0]
        assert (ends[1] == pytest.approx((ends[0] + ends[2]) / 2)) == halfway
    labels = [text.get_text() for text in ax.get_xticklabels()]
    assert not any("$" in text for text in labels)


@pytest.mark.parametrize("seed", range(8))
def test_names_keep_off_each_other_and_stay_inside(seed):
    draw = random.Random(seed)
    points = {
        f"name {i}": (10 ** draw.uniform(0, 2), draw.uniform(50, 90)) for i in range(10)
    }
    picture = plot_points(points, xlabel="x", ylabel="y", log_x=True)
    ax, _ = drawn(picture)
    picture.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) == 10
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    page = picture.figure.bbox
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)
    assert all(page.y0 <= box.y0 and box.y1 <= page.y1 for box in boxes)


def test_points_close_together_have_names_on_different_sides():
    pair = {"one": (1.0, 1.0), "other": (1.01, 1.0), "far": (3.0, 2.0)}
    ax, _ = drawn(plot_points(pair, xlabel="x", ylabel="y"))
    sides = {text.get_text(): text.get_ha() for text in ax.texts}
    assert sides["one"] != sides["other"]


def test_points_on_given_axes():
    ax = Figure(figsize=(6, 4)).subplots()
    assert plot_points(POINTS, xlabel="x", ylabel="y", ax=ax) is ax
    assert len(ax.texts) == 3


@pytest.mark.parametrize(
    ("points", "log_x", "words"),
    [
        ({}, False, "at least one point"),
        ({"a": (1, 2, 3)}, False, "two finite numbers; 'a'"),
        ({"a": (1, float("nan"))}, False, "two finite numbers; 'a'"),
        ({"a": (0, 2)}, True, "every x is positive; that of 'a' is 0"),
    ],
)
def test_points_refuse(points, log_x, words):
    with pytest.raises(ValueError, match=words):
        plot_points(points, xlabel="x", ylabel="y", log_x=log_x)
