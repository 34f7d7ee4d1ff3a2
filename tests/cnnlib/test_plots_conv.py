"""plot_conv and plot_convs: what is drawn is what PyTorch computes, signs visible."""

import warnings

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

from cnnlib import Picture, plot_conv, plot_convs
from cnnlib.plots.style import scale_for

OUTLINE = -torch.ones(3, 3)
OUTLINE[1, 1] = 8


def random(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def drawn(picture):
    """The arrays of all images of a figure, panel by panel."""
    axes = picture.figure.axes if isinstance(picture, Picture) else picture
    return [ax.images[0].get_array() for ax in axes if ax.images]


def layer(*arguments, seed=0, **options):
    torch.manual_seed(seed)
    return nn.Conv2d(*arguments, **options)


# --- what is drawn is what PyTorch computes -------------------------------------


@pytest.mark.parametrize(
    "kernel_size", [(3, 3), (1, 1), (2, 2), (4, 3), (5, 2), (1, 6)]
)
def test_response_is_torchs_same_convolution(kernel_size):
    image, kernel = random(9, 12), random(*kernel_size, seed=1) - 0.6
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns about even kernels
        expected = F.conv2d(image[None, None], kernel[None, None], padding="same")[0, 0]
    before, after = drawn(plot_conv(image, kernel))
    np.testing.assert_allclose(before, image)
    np.testing.assert_allclose(after, expected, atol=1e-5)


@pytest.mark.parametrize("padding", ["valid", 0, 2, (1, 3), [0, 2]])
def test_padding_and_bias(padding):
    image, kernel = random(8, 10), random(3, 2, seed=1) - 0.5
    expected = F.conv2d(
        image[None, None],
        kernel[None, None],
        torch.tensor([0.25]),
        padding=tuple(padding) if isinstance(padding, list) else padding,
    )
    after = drawn(plot_conv(image, kernel, bias=0.25, padding=padding))[1]
    np.testing.assert_allclose(after, expected[0, 0], atol=1e-5)


def test_colour_and_plain_kernel_stays_colour():
    image, blur = random(3, 8, 9), torch.ones(3, 3) / 9
    expected = F.conv2d(image[:, None], blur[None, None], padding=1)[:, 0]
    after = drawn(plot_conv(image, blur))[1]
    np.testing.assert_allclose(after, expected.permute(1, 2, 0), atol=1e-6)


def test_colour_with_negative_responses_is_the_mean_over_channels():
    image = random(3, 8, 9)
    grey = image.mean(0)
    expected = F.conv2d(grey[None, None], OUTLINE[None, None], padding=1)[0, 0] + 0.5
    picture = plot_conv(image, OUTLINE, bias=0.5)
    np.testing.assert_allclose(drawn(picture)[1], expected, atol=1e-5)
    assert "mean of the channels" in picture.sentence


@pytest.mark.parametrize("axes", [3, 4])
def test_kernel_with_channels_gives_their_sum(axes):
    image, kernel = random(3, 8, 9), random(3, 2, 3, seed=1) - 0.5
    expected = F.conv2d(image[None], kernel[None])[0, 0]
    shaped = kernel if axes == 3 else kernel[None]
    after = drawn(plot_conv(image, shaped, padding="valid"))[1]
    np.testing.assert_allclose(after, expected, atol=1e-5)


BYTES = np.arange(7 * 6 * 3, dtype=np.uint8).reshape(7, 6, 3) * 2
UNIT = BYTES.astype(np.float32) / 255


@pytest.mark.parametrize(
    "image",
    [
        BYTES,
        UNIT,
        torch.from_numpy(BYTES),
        UNIT.transpose(2, 0, 1),
        UNIT.transpose(2, 0, 1)[None],
        torch.from_numpy(UNIT).permute(2, 0, 1).double().requires_grad_(),
        UNIT.astype(np.float16),
        UNIT.tolist(),
        np.asfortranarray(UNIT)[::-1][::-1],
    ],
)
def test_every_form_of_an_image_gives_the_same_picture(image):
    kernel = torch.tensor([[0.25, 0.75]])
    before, after = drawn(plot_conv(image, kernel))
    padded = np.pad(UNIT, ((0, 0), (0, 1), (0, 0)))
    np.testing.assert_allclose(before, UNIT, atol=1e-3)
    expected = 0.25 * padded[:, :-1] + 0.75 * padded[:, 1:]
    np.testing.assert_allclose(after, expected, atol=1e-3)


@pytest.mark.parametrize("form", [(1, 1, 5, 7), (1, 5, 7), (5, 7), (5, 7, 1)])
def test_grey_image_with_axes_of_length_one(form):
    image = random(5, 7)
    before, after = drawn(plot_conv(image.reshape(form), OUTLINE))
    np.testing.assert_allclose(before, image)
    assert after.shape == (5, 7)


def test_whole_numbers_keep_their_values():
    grid = np.array([[3, 3, 2], [0, 0, 1], [3, 1, 2]])
    after = drawn(plot_conv(grid, [[0, 1], [2, -2]], padding="valid"))[1]
    np.testing.assert_array_equal(after, [[3, 0], [4, -1]])


def test_alpha_is_laid_over_white_or_filtered_with_its_own_slice():
    image = random(4, 6, 6)
    white = image[:3] * image[3:] + 1 - image[3:]
    np.testing.assert_allclose(
        drawn(plot_conv(image, [[0.5]]))[1], 0.5 * white.permute(1, 2, 0), atol=1e-6
    )
    kernel = random(4, 1, 1, seed=1)
    expected = F.conv2d(image[None], kernel[None])[0, 0]
    np.testing.assert_allclose(drawn(plot_conv(image, kernel))[1], expected, atol=1e-6)


# --- signs ----------------------------------------------------------------------


def colour_scale(picture):
    image = picture.figure.axes[1].images[0]
    return image.cmap.name, *image.get_clim()


def test_signed_response_has_a_scale_centred_on_zero():
    name, low, high = colour_scale(plot_conv(random(9, 9), [[-1, 1.2]]))
    assert name == "RdBu_r"
    assert low == -high < 0


def test_negative_responses_are_blue_and_positive_red():
    image = np.zeros((5, 8))
    image[:, 3:6] = 1
    picture = plot_conv(image, [[-1, 1]], padding="valid")
    shown = picture.figure.axes[1].images[0]
    edge = shown.cmap(shown.norm(np.array([-1.0, 0.0, 1.0])))
    assert edge[0, 2] > 2 * edge[0, 0]  # blue
    assert edge[2, 0] > 2 * edge[2, 2]  # red
    assert edge[1, :3].min() > 0.95  # white
    np.testing.assert_array_equal(shown.get_array()[0], [0, 0, 1, 0, 0, -1, 0])


def test_blur_keeps_the_scale_of_the_image():
    picture = plot_conv(random(9, 9) / 2, np.ones((3, 3)) / 9)
    assert colour_scale(picture) == ("gray", 0, 1)
    assert "negative" not in picture.sentence


def test_positive_response_beyond_the_image_gets_its_own_scale():
    name, low, high = colour_scale(plot_conv(np.ones((5, 5)), np.ones((3, 3))))
    assert (name, low, high) == ("gray", 0, 9)


def test_a_few_extremes_do_not_hide_the_rest():
    image = np.full((100, 100), 0.5)
    image[::2] = 0.6
    image[50, 50] = 100
    picture = plot_conv(image, [[-1], [1]], padding="valid")
    low, high = picture.figure.axes[1].images[0].get_clim()
    assert low == -high
    assert 0.09 < high < 0.11
    assert "colours end at -0.1 and 0.1" in picture.sentence


def test_scale_without_extremes_reaches_all_values():
    values = np.linspace(-3, 2, 100)
    assert scale_for(values, robust=True).high == 3
    assert scale_for(values, robust=True).extend == "neither"


@pytest.mark.parametrize(
    ("values", "extend"), [([-9, 5], "both"), ([-9, 0], "min"), ([0, 9], "max")]
)
def test_pointed_ends_where_values_lie_beyond(values, extend):
    usual = np.tile([-0.1, 0.1], 500)
    assert scale_for(np.append(usual, values), robust=True).extend == extend


def test_rounding_noise_is_not_negative():
    assert not scale_for(np.array([1.0, -1e-9])).signed
    assert scale_for(np.array([1.0, -1e-3])).signed


# --- sentences ------------------------------------------------------------------


def test_sentence_of_plot_conv():
    image = np.zeros((4, 5))
    image[:, 2:] = 1
    picture = plot_conv(image, [[-2, 1]], padding="valid", title="edges")
    np.testing.assert_array_equal(drawn(picture)[1], [[0, 1, -1, -1]] * 4)
    assert picture.sentence == (
        "A 4x5 grey image and its response to a 1x2 kernel (edges): 4x4, values from "
        "-1 to 1, 50 % of them negative."
    )


@pytest.mark.parametrize(
    ("filters", "words"), [(1, "1 filter of"), (3, "3 filters of")]
)
def test_sentence_of_plot_convs(filters, words):
    conv = layer(3, filters, (3, 5), stride=2)
    with torch.no_grad():
        conv.weight.fill_(1)
        conv.bias.fill_(0)
    each = " each" if filters > 1 else ""
    assert plot_convs(torch.ones(3, 9, 11), conv).sentence == (
        f"A 9x11 RGB image and its response to {words} 3x5: 4x4{each}, all values 45."
    )


# --- axes of one's own ----------------------------------------------------------


def test_given_axes_are_drawn_on_and_returned():
    axes = Figure().subplots(1, 2)
    back = plot_conv(random(6, 6), OUTLINE, ax=axes)
    assert [a is b for a, b in zip(back, axes, strict=True)] == [True, True]
    assert drawn(back)[1].shape == (6, 6)


def test_wrong_axes_are_refused():
    figure = Figure()
    with pytest.raises(ValueError, match="2 panels, so ax must hold 2 Axes; got 3"):
        plot_conv(random(6, 6), OUTLINE, ax=figure.subplots(1, 3))
    with pytest.raises(TypeError, match="ax must be a Matplotlib Axes"):
        plot_conv(random(6, 6), OUTLINE, ax="left")


# --- plot_convs -----------------------------------------------------------------


def panels(picture):
    return [ax for ax in picture.figure.axes if ax.images]


@pytest.mark.parametrize("filters", [1, 2, 3, 16])
def test_one_panel_per_filter_with_the_layers_own_response(filters):
    conv, image = layer(1, filters, 3), random(8, 9)
    picture = plot_convs(image, conv)
    arrays = drawn(picture)
    assert len(arrays) == 1 + filters
    expected = conv(image[None, None])[0].detach()
    np.testing.assert_allclose(np.stack(arrays[1:]), expected, atol=1e-6)
    titles = [ax.get_title() for ax in panels(picture)]
    assert titles == ["image", *(f"filter {i}" for i in range(filters))]


LAYERS = [
    layer(3, 4, 3, padding=1),
    layer(3, 2, (2, 4), padding="same"),
    layer(3, 2, (3, 5), stride=(2, 1), padding=(0, 2), padding_mode="reflect"),
    layer(3, 3, 3, dilation=2, padding=3, padding_mode="circular", bias=False),
    layer(3, 6, 3, groups=3, padding_mode="replicate", padding=1),
    layer(3, 2, 3).double(),
    layer(3, 2, 3).to(torch.bfloat16),
    nn.ConvTranspose2d(3, 2, 3, stride=2),
]


@pytest.mark.parametrize("conv", LAYERS, ids=str)
def test_settings_device_and_number_type_of_the_layer_are_honoured(conv):
    image = random(3, 9, 12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = conv(image.to(conv.weight.dtype)[None])[0].detach().float()
    arrays = drawn(plot_convs(image, conv))
    np.testing.assert_allclose(np.stack(arrays[1:]), expected, atol=1e-5)


def test_even_kernel_with_same_padding_does_not_warn():
    conv = layer(1, 1, 2, padding="same")
    torch.set_warn_always(True)  # else torch warns once in a process
    try:
        with pytest.warns(UserWarning, match="even kernel"):
            conv(random(1, 1, 5, 5))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            plot_convs(random(5, 5), conv)
    finally:
        torch.set_warn_always(False)


def test_bias_is_shown_as_it_is():
    conv = layer(1, 2, 1)
    with torch.no_grad():
        conv.weight.fill_(1)
        conv.bias[:] = torch.tensor([-3.0, 2])
    arrays = drawn(plot_convs(torch.zeros(4, 4), conv))
    assert arrays[1].min() == arrays[1].max() == -3
    assert arrays[2].min() == arrays[2].max() == 2


def test_all_filters_share_one_signed_scale():
    conv = layer(1, 3, 1, bias=False)
    with torch.no_grad():
        conv.weight[:] = torch.tensor([1.0, -3, 2]).reshape(3, 1, 1, 1)
    image = torch.full((9, 9), 0.5)
    shown = [ax.images[0] for ax in panels(plot_convs(image, conv))[1:]]
    assert [one.get_clim() for one in shown] == [(-1.5, 1.5)] * 3
    assert {one.cmap.name for one in shown} == {"RdBu_r"}


def test_axis_writes_the_true_sizes():
    picture = plot_convs(random(3, 20, 31), layer(3, 2, 5, stride=3), axis=True)
    sizes = [
        [label.get_text() for label in (ax.get_yticklabels() + ax.get_xticklabels())]
        for ax in panels(picture)
    ]
    assert sizes == [["0", "20", "0", "31"]] + 2 * [["0", "6", "0", "9"]]
    without = panels(plot_convs(random(3, 20, 31), layer(3, 2, 5)))
    assert all(len(ax.get_xticks()) == len(ax.get_yticks()) == 0 for ax in without)


def test_layer_is_left_alone():
    conv, calls = layer(1, 2, 3), []
    conv.register_forward_hook(lambda *_: calls.append(1))
    before = {name: value.clone() for name, value in conv.state_dict().items()}
    image = random(6, 6).requires_grad_()
    state = torch.get_rng_state()
    plot_convs(image, conv)
    assert calls == []
    assert image.grad is None
    assert all(p.grad is None and p.requires_grad for p in conv.parameters())
    assert all(torch.equal(before[n], v) for n, v in conv.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_many_channels_are_shown_by_their_mean():
    maps = random(8, 7, 7)
    picture = plot_convs(maps, layer(8, 2, 3))
    np.testing.assert_allclose(drawn(picture)[0], maps.mean(0), atol=1e-6)
    assert panels(picture)[0].get_title() == "mean of 8 channels"
    assert "7x7 8-channel image" in picture.sentence


def test_channels_come_first_where_the_layer_says_so():
    conv, maps = layer(8, 1, 1), random(8, 3, 4)
    expected = conv(maps[None])[0, 0].detach()
    np.testing.assert_allclose(drawn(plot_convs(maps, conv))[1], expected, atol=1e-6)
    conv, photo = layer(3, 1, 1), random(8, 5, 3)
    expected = conv(photo.permute(2, 0, 1)[None])[0, 0].detach()
    np.testing.assert_allclose(drawn(plot_convs(photo, conv))[1], expected, atol=1e-6)


def test_alpha_goes_into_a_layer_of_four_channels():
    conv, image = layer(4, 1, 1), random(4, 5, 5)
    expected = conv(image[None])[0, 0].detach()
    np.testing.assert_allclose(drawn(plot_convs(image, conv))[1], expected, atol=1e-6)


def test_own_axes_for_plot_convs():
    axes = Figure().subplots(2, 2)
    back = plot_convs(random(6, 6), layer(1, 3, 3), ax=axes)
    assert back == list(axes.ravel())


# --- refusals -------------------------------------------------------------------

NOT_FINITE = np.ones((4, 4))
NOT_FINITE[1, 2] = np.nan


@pytest.mark.parametrize(
    ("image", "kernel", "error", "words"),
    [
        (np.ones((2, 3, 8, 8)), OUTLINE, ValueError, "batch of 2. Choose one"),
        (np.ones((0, 4)), OUTLINE, ValueError, "image is empty"),
        (NOT_FINITE, OUTLINE, ValueError, r"it has nan at index \(1, 2\)"),
        (np.ones((5, 8, 8)), OUTLINE, ValueError, "1 .grey., 3 .RGB. or 4 .RGBA. chan"),
        (np.ones(5), OUTLINE, ValueError, r"must have shape \(H, W\), \(C, H, W\)"),
        ("cat.png", OUTLINE, TypeError, "must hold real numbers.*got str"),
        (np.ones((4, 4), complex), OUTLINE, TypeError, "real numbers.*complex128"),
        (np.ones((4, 4)), OUTLINE * np.inf, ValueError, "kernel must hold finite"),
        (np.ones((4, 4)), [], ValueError, "kernel is empty"),
        (np.ones((4, 4)), [1, 2], ValueError, r"kernel must have shape \(kh, kw\)"),
        (np.ones((4, 4)), [[1, 2], [3]], ValueError, "rows of different lengths"),
        (np.ones((3, 4, 4)), np.ones((2, 3, 3)), ValueError, "has 2 channels.* has 3"),
        (np.ones((4, 4)), np.ones((3, 3, 3)), ValueError, "3 channels but.* has 1"),
        (np.ones((4, 4)), np.ones((2, 1, 3, 3)), ValueError, "holds 2 filters"),
        (torch.ones(4, 4, device="meta"), OUTLINE, ValueError, "has no values"),
    ],
)
def test_plot_conv_refuses_in_words(image, kernel, error, words):
    with pytest.raises(error, match=words):
        plot_conv(image, kernel)


@pytest.mark.parametrize(
    ("padding", "error", "words"),
    [
        ("full", ValueError, '"same", "valid", an int or a .*got \'full\''),
        (-1, ValueError, "must not be negative"),
        (1.5, TypeError, "an int or a .height, width. pair"),
        ((1, 2, 3), TypeError, "an int or a .height, width. pair"),
    ],
)
def test_wrong_padding_is_refused(padding, error, words):
    with pytest.raises(error, match=words):
        plot_conv(np.ones((5, 5)), OUTLINE, padding=padding)


def test_kernel_larger_than_the_image_is_refused_unless_padded():
    with pytest.raises(ValueError, match=r"5x5 kernel does not fit .* which is 4x4"):
        plot_conv(np.ones((4, 4)), np.ones((5, 5)), padding="valid")
    assert drawn(plot_conv(np.ones((4, 4)), np.ones((5, 5))))[1].shape == (4, 4)


@pytest.mark.parametrize(
    ("image", "conv", "error", "words"),
    [
        (np.ones((4, 9, 9)), layer(3, 8, 3), ValueError, "3 channels, but .*4 .*alpha"),
        (np.ones((9, 9)), layer(3, 8, 3), ValueError, "takes 3 channels, but .*has 1"),
        (
            np.ones((3, 9, 9)),
            layer(1, 8, 3),
            ValueError,
            "takes 1 channel, but .*has 3",
        ),
        (np.ones((9, 9)), nn.Linear(9, 9), TypeError, "got Linear"),
        (np.ones((9, 9)), OUTLINE, TypeError, "got Tensor"),
        (np.ones((3, 3)), layer(1, 1, 5), ValueError, "cannot be applied to an image"),
        (np.ones((9, 9)), nn.LazyConv2d(1, 3), ValueError, "no values yet"),
        (np.ones((9, 9)), layer(1, 1, 3, device="meta"), ValueError, "no values yet"),
    ],
)
def test_plot_convs_refuses_in_words(image, conv, error, words):
    with pytest.raises(error, match=words):
        plot_convs(image, conv)


def test_nothing_of_pyplot_is_needed():
    assert mpl.get_backend().lower() == "agg"
    assert isinstance(plot_conv(np.eye(4), OUTLINE).figure, Figure)


# --- many filters ---------------------------------------------------------------


@pytest.mark.parametrize(("filters", "columns"), [(17, 8), (64, 8), (70, 16)])
def test_many_responses_are_one_mosaic_numbered_by_rows(filters, columns):
    conv, image = layer(1, filters, 3), random(40, 42)
    picture = plot_convs(image, conv, axis=True)
    _, mosaic = drawn(picture)
    expected = conv(image[None, None])[0].detach().numpy()
    high, wide = (
        (length + 4) // number - 4
        for length, number in zip(
            mosaic.shape, (-(-filters // columns), columns), strict=True
        )
    )
    tiles = [
        mosaic[row : row + high, column : column + wide]
        for row in range(0, mosaic.shape[0], high + 4)
        for column in range(0, mosaic.shape[1], wide + 4)
    ]
    means = [one.mean() for one in tiles[:filters]]
    np.testing.assert_allclose(means, expected.mean((1, 2)), atol=0.02)
    last = panels(picture)[1]
    rows = [text.get_text() for text in last.texts]
    assert rows == [str(row) for row in range(0, filters, columns)]
    assert last.get_title() == f"filters 0 to {filters - 1}, by rows, each 38x40"
    assert f"{filters} filters of 3x3: 38x40 each" in picture.sentence


def test_a_mosaic_of_responses_has_one_scale_and_white_gaps():
    conv = layer(1, 20, 1, bias=False)
    with torch.no_grad():
        conv.weight.copy_(torch.linspace(-1, 1, 20).view(20, 1, 1, 1))
    picture = plot_convs(torch.ones(2, 2), conv)
    (mosaic,) = [ax.images[0] for ax in panels(picture)[1:]]
    assert mosaic.get_clim() == (-1, 1)
    page = np.ma.filled(mosaic.get_array(), np.nan)
    np.testing.assert_allclose(
        np.unique(page[~np.isnan(page)]), conv.weight.detach().flatten(), atol=1e-6
    )
    assert np.isnan(page[-1, -1])


# --- NumPy's forms --------------------------------------------------------------


def test_masked_values_are_refused_and_none_masked_are_not():
    masked = np.ma.masked_array(np.ones((5, 5)), mask=np.eye(5))
    with pytest.raises(ValueError, match=r"5 masked values.*image\.filled\(0\)"):
        plot_conv(masked, np.ones((3, 3)))
    assert plot_conv(np.ma.masked_array(np.ones((5, 5))), np.ones((3, 3))).png


FORMS = {
    "reversed": lambda array: array[..., ::-1],
    "upside down": lambda array: array[..., ::-1, :],
    "other order of bytes": lambda array: array.astype(">f4"),
    "longdouble": lambda array: array.astype(np.longdouble),
    "columns first": np.asfortranarray,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_arrays_as_they_lie_in_memory(form):
    image, kernel = form(random(3, 8, 9).numpy()), form(random(3, 3).numpy())
    image.flags.writeable = kernel.flags.writeable = False
    conv = layer(3, 2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        maps = drawn(plot_convs(image, conv))[1:]
        plot_conv(image, kernel)
    expected = conv(torch.tensor(image.astype(np.float32).copy())[None])[0].detach()
    np.testing.assert_allclose(np.stack(maps), expected, atol=1e-5)
