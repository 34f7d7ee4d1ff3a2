"""Charts, confusion, mistakes, coverage, overlays: values, places, words."""

import dataclasses
import types

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cnnlib import arithmetic
from cnnlib.plots import (
    plot_bars,
    plot_confusion,
    plot_coverage,
    plot_curves,
    plot_lines,
    plot_mistakes,
    plot_overlay,
    plot_receptive_field,
)
from cnnlib.plots._charts import running_mean
from cnnlib.plots.classes import mistake_colours
from cnnlib.plots.style import ink_on, luminance


def axes(picture):
    return picture.figure.axes


def line_data(ax):
    return {line.get_label(): line.get_xydata().tolist() for line in ax.lines}


# --- training curves ------------------------------------------------------------

HISTORY = {
    "train_loss": [2.0, 1.0, 0.5],
    "validation_loss": [1.5, 0.8, 0.9],
    "validation_accuracy": [0.5, 0.9, 0.75],
}


@dataclasses.dataclass
class History:
    train_loss: list
    validation_loss: list
    validation_accuracy: list


@pytest.mark.parametrize(
    "history",
    [
        HISTORY,
        History(**HISTORY),
        types.SimpleNamespace(**{k: torch.tensor(v) for k, v in HISTORY.items()}),
        {k: [torch.tensor(v) for v in values] for k, values in HISTORY.items()},
        {k: np.array(v) for k, v in HISTORY.items()},
    ],
)
def test_curves_show_losses_and_accuracy_in_two_panels(history):
    picture = plot_curves(history)
    losses, accuracy = axes(picture)
    np.testing.assert_allclose(
        line_data(losses)["training"], [(1, 2), (2, 1), (3, 0.5)]
    )
    assert set(line_data(losses)) == {"training", "validation"}
    (line,) = line_data(accuracy).values()
    np.testing.assert_allclose(line, [(1, 50), (2, 90), (3, 75)], rtol=1e-5)
    assert accuracy.get_ylabel() == "accuracy in %"
    assert picture.sentence == (
        "3 epochs: training loss from 2 to 0.5; validation loss from 1.5 to 0.9; "
        "validation accuracy from 50 % to 75 %, at best 90 % in epoch 2."
    )


def test_curves_without_validation_have_one_panel():
    for history in ({"train_loss": [1.0]}, History([1.0], [], [])):
        picture = plot_curves(history)
        (ax,) = axes(picture)
        assert line_data(ax) == {"training": [[1, 1]]}
        assert picture.sentence == "1 epoch: training loss 1."
        left, right = ax.get_xlim()
        assert [x for x in ax.get_xticks() if left <= x <= right] == [1]


def test_a_history_with_steps_shows_them_thin_with_their_running_mean():
    steps = np.r_[np.full(150, 2.0), np.full(150, 1.0)] + np.tile([0.5, -0.5], 150)
    picture = plot_curves({"train_loss": [2.0, 1.0], "step_loss": steps})
    (ax,) = axes(picture)
    thin, thick = ax.lines
    assert thin.get_linewidth() < thick.get_linewidth()
    np.testing.assert_allclose(thin.get_ydata(), steps)
    assert thick.get_xdata()[-1] == 2  # the end of epoch 2
    assert np.abs(thick.get_ydata()[20:120] - 2).max() < 0.1
    assert np.abs(thick.get_ydata()[180:-10] - 1).max() < 0.1
    assert "running mean" in picture.caption
    assert thick.get_marker() == ""


def test_a_running_mean_leaves_out_what_is_no_number():
    y = np.ones(100)
    y[40:60] = np.nan
    mean = running_mean(y)
    assert np.isnan(mean[45:55]).all()
    assert mean[38] == mean[61] == 1


def test_diverged_training_is_drawn_and_said():
    picture = plot_curves({"train_loss": [2.3, float("nan"), float("inf")]})
    assert picture.sentence == "3 epochs: training loss 2.3 (2 values not a number)."
    assert picture.png
    lost = plot_curves({"train_loss": [float("nan")], "validation_accuracy": [0.1]})
    assert "training loss without a finite value" in lost.sentence


def test_lines_differ_without_colour():
    (losses, _) = axes(plot_curves(HISTORY))
    train, validation = losses.lines
    assert train.get_linestyle() != validation.get_linestyle()
    assert train.get_marker() != validation.get_marker()
    legend = [text.get_text() for text in losses.get_legend().get_texts()]
    assert legend == ["training", "validation"]


@pytest.mark.parametrize(
    ("history", "error", "words"),
    [
        ({"train_loss": []}, ValueError, "no finished epoch"),
        ({"loss": [1]}, TypeError, "takes the History that fit returns.*got dict"),
        ([1, 2], TypeError, "got list"),
        ({"train_loss": np.ones((1, 2))}, ValueError, "must be a list of numbers"),
    ],
)
def test_curves_refuse(history, error, words):
    with pytest.raises(error, match=words):
        plot_curves(history)


def test_curves_on_given_axes():
    given = Figure().subplots(1, 2)
    assert plot_curves(HISTORY, ax=given) == list(given)


# --- lines and bars -------------------------------------------------------------


def test_lines():
    curves = {"a": [1.0, 2, 4], "b": torch.tensor([3.0, 2, 0])}
    picture = plot_lines(
        curves, x=[10, 20, 30], xlabel="step", ylabel="error", title="T"
    )
    (ax,) = axes(picture)
    assert line_data(ax) == {
        "a": [[10, 1], [20, 2], [30, 4]],
        "b": [[10, 3], [20, 2], [30, 0]],
    }
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("step", "error", "T")
    assert picture.sentence == "T: error over step; a from 1 to 4, b from 3 to 0."


def test_lines_count_from_zero_and_one_needs_no_legend():
    (ax,) = axes(plot_lines({"a": [5, 6]}, xlabel="x", ylabel="y"))
    assert line_data(ax) == {"a": [[0, 5], [1, 6]]}
    assert ax.get_legend() is None


def test_dots_lie_at_their_places_with_their_names():
    dots = {"here": (0.5, 5.5), "there": (1, 6)}
    picture = plot_lines({"a": [5, 6]}, xlabel="x", ylabel="y", dots=dots)
    (ax,) = axes(picture)
    _, *points = ax.lines
    assert [tuple(point.get_xydata()[0]) for point in points] == [*dots.values()]
    assert {text.get_text(): text.xy for text in ax.texts} == dots
    assert ax.get_legend() is None
    assert picture.sentence.endswith("here at 0.5, 5.5; there at 1, 6.")


def test_eight_lines_are_all_different():
    curves = {str(i): [i, i] for i in range(8)}
    (ax,) = axes(plot_lines(curves, xlabel="x", ylabel="y"))
    looks = {(x.get_color(), x.get_linestyle(), x.get_marker()) for x in ax.lines}
    without_colour = {(x.get_linestyle(), x.get_marker()) for x in ax.lines}
    assert len(looks) == len(without_colour) == 8


@pytest.mark.parametrize(
    ("curves", "x", "words"),
    [
        ({}, None, "at least one curve"),
        ({"a": [1, 2]}, [1], "curve 'a' has 2 values, but x has 1"),
        ({"a": np.ones((2, 2))}, None, "must be a list of numbers"),
    ],
)
def test_lines_refuse(curves, x, words):
    with pytest.raises(ValueError, match=words):
        plot_lines(curves, x=x, xlabel="x", ylabel="y")


@pytest.mark.parametrize(
    "values",
    [{"conv": 80, "linear": 320}, [("conv", 80), ("linear", torch.tensor(320))]],
)
def test_bars(values):
    picture = plot_bars(values, title="Parameters", share=True)
    (ax,) = axes(picture)
    assert [bar.get_width() for bar in ax.patches] == [80, 320]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["conv", "linear"]
    assert [t.get_text() for t in ax.texts] == ["80 (20 %)", "320 (80 %)"]
    assert picture.sentence == "Parameters: conv 80 (20 %), linear 320 (80 %)."
    first, second = (bar.get_y() for bar in ax.patches)
    below, above = ax.get_ylim()
    assert below > second > first > above  # the first one stands on top


def test_bars_below_zero_and_units():
    picture = plot_bars({"up": 3.5, "down": -1250}, title="Change", unit="ms")
    (ax,) = axes(picture)
    assert [t.get_text() for t in ax.texts] == ["3.5 ms", "−1,250 ms"]
    assert picture.sentence == "Change: up 3.5 ms, down -1,250 ms."
    up, down = (bar.get_facecolor() for bar in ax.patches)
    assert up[0] > up[2]  # orange-red above zero, blue below, as on maps
    assert down[2] > down[0]


@pytest.mark.parametrize("values", [{"a" * 30: 1, "b": 123456.0}, {"x": -1, "y": -22}])
def test_numbers_at_the_bars_stay_in_the_picture(values):
    picture = plot_bars(values, title="T", unit="parameters")
    assert picture.png
    (ax,) = axes(picture)
    renderer = ax.figure._get_renderer()
    inside = ax.get_window_extent(renderer)
    for text in ax.texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= inside.x0 - 1
        assert box.x1 <= inside.x1 + 1


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        ({}, {}, "at least one value"),
        ({"a": -1}, {"share": True}, "not negative and not all zero"),
        ({"a": 0}, {"share": True}, "not negative and not all zero"),
        ({"a": float("nan")}, {}, "finite"),
    ],
)
def test_bars_refuse(values, options, words):
    with pytest.raises(ValueError, match=words):
        plot_bars(values, title="T", **options)


# --- confusion ------------------------------------------------------------------

MATRIX = np.array([[90, 3, 0], [1, 80, 0], [0, 12, 1000]])


def cell_texts(ax):
    return {t.get_position(): t for t in ax.texts}


def test_confusion_has_true_labels_in_rows():
    picture = plot_confusion(MATRIX, ["cat", "dog", "cow"])
    (ax,) = axes(picture)
    cells = cell_texts(ax)
    for (row, column), value in np.ndenumerate(MATRIX):
        assert cells[(column, row)].get_text() == f"{value:,}"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted label", "true label")
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["cat", "dog", "cow"]
    assert picture.sentence == (
        "Confusion matrix of 3 classes: 1,170 of 1,186 images right (98.7 %); the most "
        "frequent mistake is cow taken for dog, 12 times."
    )


def test_confusion_shows_the_share_of_each_row():
    (ax,) = axes(plot_confusion(MATRIX))
    shares = [t.get_text() for t in ax.texts if "%" in t.get_text()]
    assert shares == ["96.8 %", "98.8 %", "98.8 %"]
    (ax,) = axes(plot_confusion([[0, 0], [0, 1]]))
    assert "none" in [t.get_text() for t in ax.texts]


def test_mistakes_are_not_drowned_by_the_diagonal():
    colours = mistake_colours(MATRIX.astype(float)) / 255
    assert (colours[0, 2] == 1).all()  # no mistake: white
    diagonal = colours[[0, 1, 2], [0, 1, 2]]
    assert (diagonal == diagonal[0]).all()
    assert diagonal[0, 2] > diagonal[0, 0] + 0.05  # blue
    assert colours[2, 1, 0] > colours[2, 1, 2] + 0.2  # and mistakes red
    light = [luminance(colours[i]) for i in ((2, 1), (0, 1), (1, 0), (0, 2))]
    assert light == sorted(light)  # 12, 3, 1, 0 mistakes: the more the darker
    assert light[0] < 0.3


def test_counts_can_be_read_on_their_colours():
    (ax,) = axes(plot_confusion(np.arange(100).reshape(10, 10)))
    colours = ax.images[0].get_array() / 255
    for (column, row), text in cell_texts(ax).items():
        if "%" in text.get_text():
            continue
        light = sorted(
            (luminance(colours[row, column]), luminance(to_rgb(text.get_color())))
        )
        assert (light[1] + 0.05) / (light[0] + 0.05) >= 4.5


def test_confusion_of_shares_and_of_a_perfect_net():
    shares = plot_confusion([[0.75, 0.25], [0.5, 0.5]])
    assert shares.sentence == (
        "Confusion matrix of 2 classes: 62 % right; the most frequent mistake is 1 "
        "taken for 0."
    )
    assert "0.25" in [t.get_text() for t in axes(shares)[0].texts]
    perfect = plot_confusion(torch.eye(2, dtype=torch.int64) * 5)
    assert perfect.sentence.endswith("10 of 10 images right (100 %).")


def test_a_hundred_classes_have_fewer_labels():
    (ax,) = axes(plot_confusion(np.eye(100)))
    assert not len(ax.texts)
    assert [t.get_text() for t in ax.get_xticklabels()][:3] == ["0", "5", "10"]


@pytest.mark.parametrize(
    ("matrix", "names", "words"),
    [
        (np.ones((2, 3)), None, r"shape \(classes, classes\); got \(2, 3\)"),
        (-np.ones((2, 2)), None, "none of them is negative"),
        (np.ones((2, 2)), ["a"], "2 classes, but there are 1 class name"),
    ],
)
def test_confusion_refuses(matrix, names, words):
    with pytest.raises(ValueError, match=words):
        plot_confusion(matrix, names)


# --- mistakes -------------------------------------------------------------------

IMAGES = torch.arange(5.0).reshape(5, 1, 1, 1) / 4 * torch.ones(5, 1, 4, 4)
LABELS, GUESSES = torch.tensor([1, 2, 3, 4, 0]), torch.tensor([1, 0, 3, 2, 2])


def shown_mistakes(picture):
    (ax,) = axes(picture)
    return [
        (float(image.get_array()[0, 0]), text.get_text())
        for image, text in zip(ax.images, ax.texts, strict=True)
    ]


def test_mistakes_in_the_order_of_the_images():
    picture = plot_mistakes(IMAGES, LABELS, GUESSES)
    assert shown_mistakes(picture) == [(0.25, "2 → 0"), (0.75, "4 → 2"), (1, "0 → 2")]
    assert picture.sentence == (
        "3 mistakes in 5 images (label → prediction): 2 → 0, 4 → 2, 0 → 2."
    )


def test_surest_mistakes_first_from_a_table_or_a_list():
    sure = torch.tensor([0.9, 0.3, 0.8, 0.71, 0.5])
    table = torch.zeros(5, 5)
    table[torch.arange(5), GUESSES] = sure
    table[1, 2] = 0.65  # the true label's share must not be taken
    for probabilities in (sure, table):
        picture = plot_mistakes(IMAGES, LABELS, GUESSES, probabilities=probabilities)
        assert shown_mistakes(picture) == [
            (0.75, "4 → 2, 71 %"),
            (1, "0 → 2, 50 %"),
            (0.25, "2 → 0, 30 %"),
        ]


def test_limit_and_names():
    picture = plot_mistakes(
        IMAGES[:, 0].numpy(), LABELS, GUESSES, limit=1, class_names=list("abcde")
    )
    assert shown_mistakes(picture) == [(0.25, "c → a")]
    assert picture.sentence.startswith("3 mistakes in 5 images, 1 of them shown")


def test_no_mistakes():
    assert plot_mistakes(IMAGES, LABELS, LABELS).sentence == "0 mistakes in 5 images."
    assert plot_mistakes(iter(IMAGES), LABELS, GUESSES).sentence == (
        plot_mistakes(IMAGES, LABELS, GUESSES).sentence
    )


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((IMAGES, LABELS[:3], GUESSES), {}, "5 images, 3 labels and 5 predictions"),
        ((IMAGES, LABELS, GUESSES), {"probabilities": [1.0]}, r"shape \(5, classes\)"),
    ],
)
def test_mistakes_refuse(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        plot_mistakes(*arguments, **options)


# --- coverage -------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [(5, 3), ((4, 7), (2, 3), 2, 1), (6, 2, (2, 1), 0, (1, 3))]
)
def test_coverage_draws_the_counts_of_arithmetic(arguments):
    counts = np.asarray(arithmetic.coverage(*arguments))
    ax = axes(plot_coverage(*arguments))[0]
    np.testing.assert_array_equal(ax.images[0].get_array(), counts)
    assert ax.images[0].get_clim() == (0, counts.max())
    cells = cell_texts(ax)
    assert len(cells) == counts.size
    for (row, column), value in np.ndenumerate(counts):
        assert cells[(column, row)].get_text() == str(value)
        colour = ax.images[0].cmap(value / counts.max())[:3]
        assert cells[(column, row)].get_color() == ink_on(colour)


def test_coverage_of_a_large_image_has_no_numbers():
    picture = plot_coverage(40, 3)
    assert not len(axes(picture)[0].texts)
    assert picture.sentence == (
        "How many 3x3 windows see each pixel of a 40x40 image: each corner 1, the "
        "centre 9, at most 9."
    )


def test_coverage_says_what_no_window_sees():
    picture = plot_coverage(4, 1, 2)
    assert picture.sentence.endswith("at most 1; 12 pixels seen by none.")


# --- overlay and receptive field ------------------------------------------------


def test_overlay_is_clear_where_the_heat_is_zero():
    heat = np.zeros((4, 4))
    heat[1, 2], heat[3, 0] = 4, 1
    picture = plot_overlay(np.ones((3, 4, 4)), heat, title="saliency")
    below, above = axes(picture)[0].images
    alpha = above.get_array()[..., 3]
    assert alpha[0, 0] == 0
    assert alpha[1, 2] > alpha[3, 0] > 0
    assert [*above.get_extent()] == [*below.get_extent()] == [-0.5, 3.5, 3.5, -0.5]
    assert picture.sentence == (
        "Saliency: heat over a 4x4 image, from 0 to 4, strongest at row 1, column 2."
    )


def test_small_heat_is_stretched_over_the_image():
    heat = np.zeros((7, 7))
    heat[6, 0] = 1
    picture = plot_overlay(np.ones((28, 28)), heat)
    above = axes(picture)[0].images[1]
    assert [*above.get_extent()] == [-0.5, 27.5, 27.5, -0.5]
    assert "stretched from 7x7" in picture.sentence
    assert picture.sentence.endswith("strongest at row 26, column 2.")


def test_signed_heat_is_blue_and_red():
    picture = plot_overlay(np.ones((1, 2)), [[-1, 1]])
    below, above = axes(picture)[0].images[1].get_array()[0]
    assert below[2] > below[0]
    assert above[0] > above[2]
    assert axes(picture)[1].get_ylim() == (-1, 1)


def white_box(ax):
    patch = next(p for p in ax.patches if p.get_edgecolor()[:3] == (1, 1, 1))
    return (*patch.get_xy(), patch.get_width(), patch.get_height())


def test_receptive_field_inside():
    picture = plot_receptive_field(np.eye(10), (2, 3, 4, 5))
    (ax,) = axes(picture)
    assert white_box(ax) == (2.5, 1.5, 5, 4)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-0.5, 9.5), (9.5, -0.5))
    assert picture.sentence == (
        "The unit sees 4x5 pixels from row 2, column 3 on, 20 % of the 10x10 image."
    )


def test_receptive_field_that_sticks_out_on_all_sides():
    picture = plot_receptive_field(np.eye(4), (-1, -2, 6, 8), title="big")
    (ax,) = axes(picture)
    assert white_box(ax) == (-2.5, -1.5, 8, 6)
    assert (ax.get_xlim(), ax.get_ylim()) == ((-2.5, 5.5), (4.5, -1.5))
    assert any(patch.get_hatch() for patch in ax.patches)
    assert picture.sentence == (
        "Big: the unit sees 6x8 pixels from row -1, column -2 on, 100 % of the 4x4 "
        "image and 32 pixels of padding."
    )


def test_receptive_field_with_heat():
    heat = np.zeros((6, 6))
    heat[2, 2] = 1
    picture = plot_receptive_field(torch.rand(1, 1, 6, 6), (1, 1, 3, 3), heat=heat)
    assert len(axes(picture)) == 2
    assert axes(picture)[0].images[1].get_array()[2, 2, 3] > 0.5


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (
            lambda: plot_receptive_field(np.eye(4), (0, 0, 0, 3)),
            "at least 1x1; got 0x3",
        ),
        (lambda: plot_overlay(np.eye(4), np.ones((2, 4, 4))), r"heat must have shape"),
        (
            lambda: plot_overlay(np.eye(4), np.full((4, 4), np.inf)),
            "heat must hold fin",
        ),
        (
            lambda: plot_overlay(np.ones((9, 5, 5)), np.eye(5)),
            "plot_feature_maps shows",
        ),
    ],
)
def test_fields_refuse(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()
