"""Images, mosaics and kernels: what is drawn, where, and on which scale."""

import io

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import nn

from cnnlib.plots import plot_feature_maps, plot_image, plot_images, plot_kernels
from cnnlib.plots.mosaic import mosaic_columns, tile
from cnnlib.plots.panels import fitted
from cnnlib.plots.style import HEAT, SIGNED, Scale


def pixels(picture):
    """The PNG as RGB bytes (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB"))


# --- one image ------------------------------------------------------------------


def test_grey_image_from_black_to_white_without_a_bar():
    picture = plot_image(np.array([[0, 128], [255, 64]], np.uint8))
    (ax,) = picture.figure.axes
    np.testing.assert_allclose(ax.images[0].get_array() * 255, [[0, 128], [255, 64]])
    assert ax.images[0].get_clim() == (0, 1)
    shown = pixels(picture)
    assert shown[60, 60].tolist() == [0, 0, 0]
    assert shown[-60, 60].tolist() == [255, 255, 255]
    assert picture.sentence == "A 2x2 grey image, values from 0 to 255."


def test_the_sentence_has_the_values_as_they_were_given():
    colour = np.full((2, 3, 3), 51, np.uint8)
    assert plot_image(colour).sentence == "A 2x3 RGB image, all values 51."
    assert plot_image(colour / 255).sentence == "A 2x3 RGB image, all values 0.2."
    grey = torch.tensor([[0, 128], [7, 64]], dtype=torch.uint8)
    assert plot_image(grey).sentence == "A 2x2 grey image, values from 0 to 128."


def test_values_above_one_get_a_bar():
    picture = plot_image(np.arange(6).reshape(2, 3))
    assert len(picture.figure.axes) == 2
    assert picture.figure.axes[0].images[0].get_clim() == (0, 5)


def test_signed_image_and_its_override():
    image = np.array([[-0.5, 0.25]])
    signed = plot_image(image).figure.axes
    assert signed[0].images[0].get_clim() == (-0.5, 0.5)
    assert signed[0].images[0].cmap.name == SIGNED
    assert len(signed) == 2
    plain = plot_image(image, signed=False).figure.axes
    assert (plain[0].images[0].cmap.name, len(plain)) == ("gray", 1)
    forced = plot_image(abs(image), signed=True).figure.axes
    assert forced[0].images[0].get_clim() == (-0.5, 0.5)


def test_colour_bar_marks_zero():
    bar = plot_image(np.array([[-0.5, 0.25]])).figure.axes[1]
    assert "0" in [label.get_text() for label in bar.get_yticklabels()]


def test_colour_out_of_range_is_stretched_and_said():
    picture = plot_image(torch.tensor([-1.0, 0, 1]).reshape(3, 1, 1))
    np.testing.assert_allclose(
        picture.figure.axes[0].images[0].get_array(), [[[0, 0.5, 1]]]
    )
    assert "stretched" in picture.sentence
    assert "stretched" not in plot_image(torch.rand(3, 2, 2)).sentence


def test_alpha_lets_white_through():
    image = np.zeros((2, 2, 4), np.uint8)
    image[0, 0, 3] = 255
    shown = plot_image(image).figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(shown[..., 0], [[0, 1], [1, 1]])


def test_channels_first_wins_when_both_are_possible():
    shown = plot_image(np.random.default_rng(0).random((3, 5, 3)))
    assert "5x3 RGB" in shown.sentence
    assert "7x5 RGB" in plot_image(np.ones((7, 5, 3))).sentence
    assert "5x3 grey" in plot_image(np.ones((1, 5, 3))).sentence


def test_axis_and_title():
    ax = plot_image(np.ones((28, 30)), axis=True, title="one").figure.axes[0]
    assert ax.get_title() == "one"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0", "30"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0", "28"]
    assert list(ax.get_xticks()) == [-0.5, 29.5]


@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (3, 300), (300, 3), (10, 7)])
def test_small_pixels_are_whole_screen_pixels(shape):
    height, width = fitted(shape, 400)
    assert width <= 400
    assert height <= 480
    if min(height / shape[0], width / shape[1]) >= 2:
        assert (height % shape[0], width % shape[1]) == (0, 0)


def test_enlarged_pixels_have_hard_edges():
    checks = np.indices((28, 28)).sum(axis=0) % 2
    shown = pixels(plot_image(checks))[20:-20, 20:-20]
    assert set(np.unique(shown)) == {0, 255}


@pytest.mark.parametrize("draw", [plot_image, lambda x, ax: plot_images([x], ax=ax)])
def test_given_axes(draw):
    ax = Figure().add_subplot()
    assert draw(np.eye(3), ax=ax) is ax
    np.testing.assert_array_equal(ax.images[0].get_array(), np.eye(3))


# --- many images ----------------------------------------------------------------


def test_images_stand_in_rows_with_their_titles():
    images = np.arange(10).reshape(10, 1, 1, 1) / 10 * np.ones((10, 1, 4, 4))
    picture = plot_images(images, list("abcdefghij"), columns=4)
    (ax,) = picture.figure.axes
    corners = [image.get_extent()[::3] for image in ax.images]
    assert [corners.index(c) for c in sorted(corners, key=lambda c: c[::-1])] == [
        *range(10)
    ]
    assert len({x for x, _ in corners}) == 4
    assert len({y for _, y in corners}) == 3
    for image, text, corner in zip(ax.images, ax.texts, corners, strict=True):
        left, right, *_ = image.get_extent()
        assert text.get_position()[0] == pytest.approx((left + right) / 2, abs=1)
        assert text.get_position()[1] < corner[1]
    assert [text.get_text() for text in ax.texts] == list("abcdefghij")
    assert picture.sentence == "10 images of 4x4 pixels: a, b, c, d, e, f, g, h, i, j."


def test_generators_are_taken_or_told_what_becomes_of_them():
    pictures = [np.eye(2), np.zeros((2, 2))]
    picture = plot_images((one for one in pictures), (title for title in "ab"))
    assert picture.sentence == "2 images of 2x2 pixels: a, b."
    with pytest.raises(TypeError, match=r"gone through once only. list\(...\)"):
        plot_image(iter([[0, 1], [1, 0]]))
    assert plot_image(list(iter([[0, 1], [1, 0]])))


def test_the_sentence_can_say_the_values():
    one, two = torch.zeros(1, 3, 4), torch.ones(3, 4)
    one[0, 1, 2] = -2.5
    two[2, 0] = 4
    told = plot_images([one, two], ["a", "b"], say_values=True).sentence
    assert told == (
        "2 images of 3x4 pixels: a, b. Values: a from -2.5 to 0, strongest at row 1, "
        "column 2; b from 1 to 4, strongest at row 2, column 0."
    )
    assert plot_images([one] * 6 + [two], say_values=True).sentence == (
        "7 images of 3x4 pixels. Values from -2.5 to 4."
    )
    assert "Values" not in plot_images([one, two]).sentence


def test_signed_images_share_a_scale_and_a_bar():
    picture = plot_images([np.full((2, 2), -1.0), np.full((2, 2), -3.0), np.eye(2)])
    images = picture.figure.axes[0].images
    assert [image.get_clim() for image in images] == [(-3, 3), (-3, 3), (0, 1)]
    assert len(picture.figure.axes) == 2


def test_a_white_image_can_be_told_from_the_page():
    picture = plot_images([np.ones((2, 3)), np.ones((4, 4))])
    (ax,) = picture.figure.axes
    for image, border in zip(ax.images, ax.patches, strict=True):
        left, right, bottom, top = image.get_extent()
        assert border.get_bbox().bounds == (left, top, right - left, bottom - top)
    grey = pixels(picture).mean(axis=2) < 240
    assert grey.any(axis=0).sum() > 100
    assert grey.any(axis=1).sum() > 100


def test_images_of_different_sizes_and_kinds():
    picture = plot_images([np.ones((2, 3)), np.ones((3, 5, 4))])
    assert picture.sentence == "2 images of 2x3 and 5x4 pixels."


@pytest.mark.parametrize(
    ("images", "titles", "words"),
    [
        ([], None, "at least one image"),
        ([np.eye(2)], ["a", "b"], "got 2 titles for 1 image"),
        ([np.eye(2), np.ones((2, 2, 2))], None, "image 1 must have 1 .grey., 3"),
    ],
)
def test_refusals_of_many(images, titles, words):
    with pytest.raises(ValueError, match=words):
        plot_images(images, titles)


# --- feature maps ---------------------------------------------------------------


def test_tile_puts_every_map_in_its_place():
    maps = np.arange(30, dtype=np.uint8).reshape(5, 2, 3)
    page = tile(maps, columns=2, gap=1)
    assert page.shape == (3 * 3 - 1, 2 * 4 - 1)
    for index in range(5):
        row, column = divmod(index, 2)
        block = page[row * 3 : row * 3 + 2, column * 4 : column * 4 + 3]
        np.testing.assert_array_equal(block, maps[index])
    assert (page[:, 3] == 255).all()
    assert (page[6:, 4:] == 255).all()


def test_mosaic_shows_the_values_by_the_scale():
    maps = np.zeros((8, 4, 4))
    maps[:, 1, 2] = np.linspace(1, 3, 8)
    picture = plot_feature_maps(maps)
    shown = pixels(picture)
    scale = Scale(0, 3, HEAT)
    size = (shown.shape[0] - 16) // 4
    for index in range(8):
        left = 8 + index * (4 * size + 4)
        cell = shown[8 + int(1.5 * size), left + int(2.5 * size)]
        expected = scale.colours(np.array([maps[index, 1, 2]]))[0]
        assert np.abs(cell.astype(int) - expected).max() <= 8


def test_own_scale_makes_faint_maps_visible():
    maps = np.zeros((2, 4, 4))
    maps[0, 0, 0], maps[1, 0, 0] = 100, 1
    brightest = Scale(0, 1, HEAT).colours(np.array([1.0]))[0]
    shown = pixels(plot_feature_maps(maps, scale="own"))
    common = pixels(plot_feature_maps(maps))

    def bright(page):  # corner cells of the two maps
        second = 8 + (page.shape[0] - 16) + 4 + 5
        return [(page[12, x] == brightest).all() for x in (12, second)]

    assert bright(common) == [True, False]
    assert bright(shown) == [True, True]


def test_negative_maps_are_blue():
    maps = np.stack([np.full((4, 4), -1.0), np.full((4, 4), 1.0)])
    shown = pixels(plot_feature_maps(maps))
    left, right = shown[20, 20].astype(int), shown[20, 8 + (shown.shape[0] - 16) + 20]
    assert left[2] > left[0] + 40  # blue
    assert right[0] > int(right[2]) + 40  # red


@pytest.mark.parametrize("shape", [(1, 5, 6, 7), (5, 6, 7), (6, 7)])
def test_forms_of_maps(shape):
    number = 1 if len(shape) == 2 else 5
    picture = plot_feature_maps(torch.rand(shape, requires_grad=True))
    kind = "maps" if number > 1 else "map"
    assert picture.sentence.startswith(f"{number} feature {kind} of 6x7, values from")


def test_sentence_names_dead_maps():
    maps = np.ones((6, 2, 2))
    maps[[1, 4]] = 0
    picture = plot_feature_maps(maps, title="conv1")
    assert picture.sentence == (
        "Conv1: 6 feature maps of 2x2, values from 0 to 1; zero everywhere: maps 1 "
        "and 4."
    )
    assert "map 1." in plot_feature_maps(maps[:3]).sentence
    many = plot_feature_maps(np.concatenate([np.zeros((7, 2, 2)), maps])).sentence
    assert "9 of them are zero everywhere" in many


@pytest.mark.parametrize(
    ("shape", "limit"),
    [((64, 28, 28), 900), ((512, 7, 7), 900), ((3, 200, 300), 900), ((1, 1, 1), 900)],
)
def test_mosaic_fits_the_page(shape, limit):
    width, height = plot_feature_maps(np.random.default_rng(0).random(shape)).size
    assert width <= limit
    assert height <= 1100


def test_columns_can_be_chosen_and_are_sensible():
    assert [mosaic_columns(n) for n in (1, 8, 9, 64, 65)] == [1, 8, 8, 8, 16]
    tall = plot_feature_maps(np.ones((6, 4, 4)), columns=1).size
    wide = plot_feature_maps(np.ones((6, 4, 4)), columns=6).size
    assert tall[1] > tall[0]
    assert wide[0] > wide[1]


def test_maps_on_given_axes():
    ax = Figure().add_subplot()
    assert plot_feature_maps(np.ones((4, 5, 5)), columns=2, ax=ax) is ax
    assert ax.images[0].get_array().shape == (11, 11, 3)


def test_a_mosaic_makes_no_axes(monkeypatch):
    """That is why it takes 15 ms, and 64 axes a second: benchmarks/mosaic.py."""

    def refuse(*args, **kwargs):
        raise AssertionError("axes were made")

    monkeypatch.setattr("matplotlib.axes.Axes.__init__", refuse)
    maps = np.random.default_rng(0).random((64, 28, 28))
    assert plot_feature_maps(maps).figure is None


@pytest.mark.parametrize(
    ("maps", "options", "words"),
    [
        (np.ones((2, 3, 4, 4)), {}, "holds 2 images"),
        (np.ones(4), {}, r"shape \(C, H, W\)"),
        (np.ones((0, 4, 4)), {}, "is empty"),
        (np.full((1, 2, 2), np.nan), {}, "finite"),
        (np.ones((2, 4, 4)), {"scale": "each"}, '"common" or "own"'),
        (np.ones((2, 4, 4)), {"columns": 0}, "at least 1"),
    ],
)
def test_refusals_of_maps(maps, options, words):
    with pytest.raises(ValueError, match=words):
        plot_feature_maps(maps, **options)


# --- kernels --------------------------------------------------------------------


def test_kernels_of_one_channel_stand_side_by_side_with_their_numbers():
    weight = torch.tensor([[[[1.0, -2.0]]], [[[0.0, 4.0]]]])
    picture = plot_kernels(weight)
    written = [text.get_text() for text in picture.figure.axes[0].texts]
    assert written == ["filter 0", "1", "−2", "filter 1", "0", "4"]
    assert picture.sentence == (
        "2 filters of 1x2 over 1 channel: values from -2 to 4, 25 % of them negative."
    )


def test_kernel_cells_have_the_colours_of_the_scale():
    weight = np.array([[-4.0, 0, 4]])
    picture = plot_kernels(weight)
    image = picture.figure.axes[0].images[0].get_array()
    colours = {tuple(c) for c in image.reshape(-1, 3)}
    expected = {tuple(c) for c in Scale(-4, 4, SIGNED).colours(weight[0])}
    assert expected <= colours
    bar = picture.figure.axes[1]
    assert bar.get_ylim() == (-4, 4)


def test_layer_with_channels_has_a_row_per_filter():
    picture = plot_kernels(nn.Conv2d(3, 2, 2))
    names = [t.get_text() for t in picture.figure.axes[0].texts if "l" in t.get_text()]
    assert names == ["channel 0", "filter 0", "channel 1", "channel 2", "filter 1"]


def test_transposed_layer_counts_its_filters_the_other_way_round():
    sentence = plot_kernels(nn.ConvTranspose2d(3, 2, 2)).sentence
    assert sentence.startswith("2 filters of 2x2 over 3 channels")


def test_numbers_that_do_not_fit_are_left_out():
    texts = plot_kernels([[1234.5, 1]]).figure.axes[0].texts
    assert [text.get_text() for text in texts] == ["filter 0"]


def test_first_layer_in_colour():
    weight = torch.zeros(2, 3, 5, 5)
    weight[0, 0, 0, 0] = 1
    picture = plot_kernels(weight)
    assert "mid-grey is zero" in picture.sentence
    assert len(picture.figure.axes) == 1
    shown = picture.figure.axes[0].images[0].get_array()
    colours = {tuple(int(v) for v in c) for c in shown.reshape(-1, 3)}
    assert {(255, 128, 128), (128, 128, 128)} <= colours
    assert len(plot_kernels(weight, colour=False).figure.axes) == 2


def test_large_layers_are_cut_and_say_so():
    picture = plot_kernels(torch.randn(128, 64, 3, 3))
    assert picture.sentence.endswith("; 64 filters and 32 channels are drawn.")
    assert picture.size[0] <= 900


@pytest.mark.parametrize(
    ("weight", "options", "error", "words"),
    [
        (nn.ReLU(), {}, TypeError, "A ReLU layer has no convolution kernels"),
        (nn.Linear(2, 2), {}, TypeError, "A Linear layer has no convolution kernels"),
        (np.ones(3), {}, ValueError, r"shape \(out, in, kh, kw\)"),
        (np.ones((2, 2, 3, 3)), {"colour": True}, ValueError, "these have 2"),
    ],
)
def test_refusals_of_kernels(weight, options, error, words):
    with pytest.raises(error, match=words):
        plot_kernels(weight, **options)
