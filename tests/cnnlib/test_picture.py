"""Picture: three faces, no metadata, nothing left behind; small, true PNG files."""

import base64
import gc
import html.parser
import io
import weakref

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from cnnlib import Picture, plots
from cnnlib.picture.picture import CHART_COLOURS, DPI, SHARP, _render
from cnnlib.picture.png import encode_png


def small_figure(facecolor="white"):
    figure = Figure(figsize=(2, 1), facecolor=facecolor)
    figure.add_axes((0, 0, 1, 1)).imshow([[0, 1], [2, 3]], aspect="auto")
    return figure


def opened(png):
    return Image.open(io.BytesIO(png))


class Tags(html.parser.HTMLParser):
    """Collects the tags with their attributes, and the text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = {}, ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = dict(attrs)

    def handle_data(self, data):
        self.text += data


def test_three_faces_tell_the_same():
    picture = Picture(small_figure(), "Four cells.")
    faces = picture._repr_mimebundle_()
    assert set(faces) == {"text/plain", "text/html", "image/png"}
    assert faces["text/plain"] == repr(picture) == picture.sentence == "Four cells."
    assert base64.b64decode(faces["image/png"]) == picture.sharp
    html_face = Tags(faces["text/html"])
    assert html_face.tags["img"]["alt"] == "Four cells."
    assert html_face.text == "Four cells."
    source = html_face.tags["img"]["src"]
    assert source.removeprefix("data:image/png;base64,") == faces["image/png"]


def test_a_caption_of_its_own_stands_below_and_the_sentence_stays_the_alt_text():
    short = Picture(small_figure(), "Four cells: 0, 1, 2, 3.", caption="Four <cells>.")
    face = Tags(short._repr_html_())
    assert (face.tags["img"]["alt"], face.text) == (short.sentence, "Four <cells>.")
    bare = Tags(Picture(small_figure(), "Four cells.", caption="")._repr_html_())
    assert "figcaption" not in bare.tags
    assert bare.tags["img"]["alt"] == "Four cells."


def test_html_says_the_size_fits_the_page_and_is_read_out_once():
    tags = Tags(Picture(small_figure(), "Four cells.")._repr_html_()).tags
    assert (tags["img"]["width"], tags["img"]["height"]) == ("240", "120")
    assert "max-width:100%" in tags["img"]["style"]
    assert tags["figcaption"]["aria-hidden"] == "true"
    assert "color" not in tags["figcaption"]["style"]  # dark and light pages


def test_sentence_is_escaped():
    sentence = 'Is 1 < 2 & "3" > 2? <script>'
    face = Tags(Picture(small_figure(), sentence)._repr_html_())
    assert face.tags["img"]["alt"] == face.text == sentence
    assert "script" not in face.tags


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ({"include": ["text/plain"]}, {"text/plain"}),
        ({"exclude": ["text/html"]}, {"text/plain", "image/png"}),
        ({"include": None, "exclude": None}, {"text/plain", "text/html", "image/png"}),
    ],
)
def test_mimebundle_honours_include_and_exclude(wanted, kinds):
    assert set(Picture(small_figure(), "x")._repr_mimebundle_(**wanted)) == kinds


def test_png_has_the_size_of_the_figure_and_no_metadata():
    image = opened(Picture(small_figure(), "x", dpi=50).png)
    assert image.size == (100, 50)
    assert image.info.keys() <= {"transparency"}


def test_what_a_notebook_shows_has_twice_the_pixels_and_the_same_size():
    picture = Picture(small_figure(), "x", dpi=50)
    assert picture.size == opened(picture.png).size == (100, 50)
    assert opened(picture.sharp).size == (200, 100)
    image = Tags(picture._repr_html_()).tags["img"]
    assert (image["width"], image["height"]) == ("100", "50")
    assert base64.b64decode(image["src"].partition(",")[2]) == picture.sharp
    drawn = Picture(picture.png, "x")  # bytes stay as they are
    assert drawn.sharp is drawn.png is picture.png


def test_same_input_gives_the_same_bytes():
    image = np.random.default_rng(0).random((30, 40, 3))
    kernel = np.ones((3, 3)) / 9
    first, second = (plots.plot_conv(image, kernel).png for _ in range(2))
    assert first == second


def test_png_is_drawn_once_and_figure_left_as_it_was():
    figure = small_figure()
    canvas, dpi = figure.canvas, figure.dpi
    picture = Picture(figure, "x", dpi=300)
    assert picture.png is picture.png
    assert figure.canvas is canvas
    assert figure.dpi == dpi


@pytest.mark.parametrize(("alpha", "grey"), [(0, 255), (0.5, 127), (1, 0)])
def test_transparent_figure_lies_on_white(alpha, grey):
    figure = Figure(figsize=(1, 1), facecolor=(0, 0, 0, alpha))
    red, green, blue = opened(Picture(figure, "x").png).convert("RGB").getpixel((5, 5))
    assert red == green == blue == pytest.approx(grey, abs=2)


def test_bytes_are_shown_as_they_are(tmp_path):
    png = Picture(small_figure(), "x").png
    picture = Picture(png, "Again.")
    assert picture.png is png
    assert picture.figure is None
    picture.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == png


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((b"GIF89a", "x"), ValueError, "not a PNG"),
        (("figure.png", "x"), TypeError, "got str"),
        ((b"\x89PNG\r\n\x1a\n", "  "), ValueError, "needs a sentence"),
        ((b"\x89PNG\r\n\x1a\n", None), ValueError, "got None"),
    ],
)
def test_wrong_arguments_are_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        Picture(*arguments)


def test_save_refuses_another_format(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.png"):
        Picture(small_figure(), "x").save(tmp_path / "a.jpg")


def test_pyplot_figure_does_not_appear_twice():
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    picture = Picture(figure, "A line.")
    assert plt.get_fignums() == []
    assert opened(picture.png).size == tuple(figure.get_size_inches() * 120)


def test_helpers_leave_no_figure_and_no_settings_behind():
    before = dict(mpl.rcParams)
    assert plots.plot_conv(np.eye(9), -np.ones((3, 3))).png
    assert plots.plot_curves({"train_loss": [1, 2]}).png
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


STYLE = {
    "axes.grid": True,
    "axes.titlesize": 30,
    "figure.facecolor": "black",
    "savefig.facecolor": "black",
    "savefig.bbox": "tight",
    "text.color": "white",
    "axes.labelcolor": "white",
    "axes.edgecolor": "red",
    "xtick.color": "white",
    "xtick.labelsize": 30,
    "ytick.color": "white",
    "image.cmap": "jet",
    "image.interpolation": "bilinear",
    "image.origin": "lower",
    "figure.dpi": 50,
    "savefig.dpi": 50,
}


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.plot_conv(np.eye(9), -np.ones((3, 3))),
        lambda: plots.plot_image(np.eye(5), axis=True, title="eye"),
        lambda: plots.plot_images([np.eye(5), -np.eye(5)], ["eye", "minus"]),
        lambda: plots.plot_grids([("eye", np.eye(3))], highlight={"eye": (0, 0, 1, 1)}),
        lambda: plots.plot_kernels(-np.eye(3)),
        lambda: plots.plot_feature_maps(np.eye(5)[None], title="eye"),
        lambda: plots.plot_confusion([[3, 1], [0, 2]]),
        lambda: plots.plot_curves({"train_loss": [1, 2], "validation_loss": [3, 4]}),
        lambda: plots.plot_bars({"a": 1, "b": 2}, title="Bars"),
        lambda: plots.plot_lines({"a": [1, 2]}, xlabel="x", ylabel="y", title="t"),
        lambda: plots.plot_coverage(5, 3),
        lambda: plots.plot_overlay(np.eye(5), np.eye(5), title="heat"),
        lambda: plots.plot_receptive_field(np.eye(5), (-1, 0, 3, 3)),
    ],
)
def test_a_dark_style_of_the_reader_changes_no_picture(draw):
    plain = draw().png
    with mpl.rc_context(STYLE):
        assert draw().png == plain


def test_a_picture_that_is_gone_leaves_nothing_in_memory():
    image = np.random.default_rng(0).random((28, 28))
    gone = []
    for kernel in ([[-1.0, 0, 1]], [[1.0, 1]]):
        picture = plots.plot_conv(image, kernel)
        picture._repr_mimebundle_()
        gone += [weakref.ref(picture), weakref.ref(picture.figure)]
        gone += [weakref.ref(ax) for ax in picture.figure.axes]
    del picture
    gc.collect()
    assert [ref() for ref in gone] == [None] * len(gone)


def noise(colours, low=0, high=256):
    """80x80 pixels of random colours, at most so many different ones."""
    generator = np.random.default_rng(0)
    table = generator.integers(low, high, (colours, 3), np.uint8)
    return table[generator.integers(0, colours, (80, 80))]


@pytest.mark.parametrize(
    "pixels",
    [
        noise(200),
        noise(2),
        noise(200, 100, 110),
        np.full((4, 4, 3), 255, np.uint8),
        np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2),
        np.eye(3, dtype=np.uint8)[None] * 255,
    ],
)
def test_few_colours_and_greys_are_kept_exactly(pixels):
    back = opened(encode_png(Image.fromarray(pixels))).convert("RGB")
    np.testing.assert_array_equal(np.asarray(back), pixels)


def test_photograph_gets_smaller_and_stays_like_itself():
    rows, columns = np.mgrid[:200, :300]
    photo = np.dstack([rows, columns * 0.8, 255 - rows]).clip(0, 255)
    photo = photo + np.random.default_rng(0).normal(0, 6, photo.shape)
    photo = photo.clip(0, 255).astype(np.uint8)
    photo[:, :20] = 255
    plain = io.BytesIO()
    Image.fromarray(photo).save(plain, "PNG")
    small = encode_png(Image.fromarray(photo))
    assert len(small) < 0.6 * len(plain.getvalue())
    back = np.asarray(opened(small).convert("RGB")).astype(int)
    assert np.abs(back - photo).mean() < 8
    assert (back[:, :20] == 255).all()


def test_too_many_colours_stay_full_colour():
    pixels = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    back = opened(encode_png(Image.fromarray(pixels))).convert("RGB")
    np.testing.assert_array_equal(np.asarray(back), pixels)


def test_colour_scales_of_a_figure_are_among_its_colours():
    ramp = np.array([[i, 255 - i, 40] for i in range(0, 256, 4)], np.uint8)
    photo = np.random.default_rng(0).normal(128, 20, (200, 200, 3))
    photo = photo.clip(0, 255).astype(np.uint8)
    photo[0, : len(ramp)] = ramp
    with_ramp = opened(encode_png(Image.fromarray(photo), [ramp]))
    back = np.asarray(with_ramp.convert("RGB")).astype(int)
    assert with_ramp.mode == "P"
    assert np.abs(back[0, : len(ramp)] - ramp).max() <= 40
    palette = set(map(tuple, np.reshape(with_ramp.getpalette(), (-1, 3)).tolist()))
    assert set(map(tuple, ramp.tolist())) <= palette


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "utf-8"])
def test_a_sentence_can_be_printed_on_any_console(encoding, monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", console)
    picture = Picture(Figure(), "5 → 3: 2·(−1) ≈ −2, 71 % 日")
    print(picture)
    console.flush()
    written = console.buffer.getvalue().decode(encoding)
    assert written.split("71 %")[0].replace("→", "->").startswith("5 -> 3")
    assert picture._repr_mimebundle_()["text/plain"] == picture.sentence
    if encoding == "utf-8":
        assert written == picture.sentence + "\n"


def test_a_sharp_chart_has_few_colours_and_looks_the_same():
    curves = {f"curve {k}": np.sin(np.arange(60) / 9 + k) for k in range(4)}
    picture = plots.plot_lines(curves, xlabel="x", ylabel="y")
    few = opened(picture.sharp).convert("RGB")
    whole = _render(picture.figure, SHARP * DPI)
    assert len(few.getcolors(1 << 20)) <= CHART_COLOURS < len(whole.getcolors(1 << 20))
    off = np.abs(np.array(few).astype(int) - np.array(whole).astype(int))
    assert off.mean() < 1
    white = (np.array(whole) == 255).all(axis=-1)
    assert (np.array(few)[white] == 255).all()
