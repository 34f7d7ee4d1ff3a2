"""explore_kernel in Chromium: each response is torch's, and drawn within a frame."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from cnnlib import explore_kernel, images
from cnnlib.plots import plot_conv
from cnnlib.plots.style import Scale, scale_for

from .test_visuals_page import button, opened, photo

pytestmark = pytest.mark.browser

NOISE = np.random.default_rng(0)
MODES = ["zeros", "reflect", "replicate", "circular", "none"]


def conv2d(image, kernel, mode="zeros", stride=1):
    """(1, H, W), (n, n) -> (H', W'), by an nn.Conv2d layer in float64."""
    n = len(kernel)
    layer = torch.nn.Conv2d(
        1,
        1,
        n,
        stride,
        0 if mode == "none" else n // 2,
        bias=False,
        padding_mode="zeros" if mode == "none" else mode,
    ).double()
    layer.weight.data = torch.as_tensor(kernel).double()[None, None]
    return layer(image.double()[None]).detach()[0, 0]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of an image and a kernel; each is drawn once."""
    folder, known = tmp_path_factory.mktemp("explorers"), {}

    def page_of(image, *kernel):
        key = str([torch.as_tensor(one).tolist() for one in (image, *kernel)])
        if key not in known:
            known[key] = folder / f"{len(known)}.html"
            explore_kernel(image, *kernel).save(known[key])
        return known[key]

    return page_of


@pytest.fixture
def shown(browser, pages):
    """Open an explorer as a page: ``with shown(image, kernel) as page``."""
    return lambda *image, **options: opened(browser, pages(*image), **options)


def response(page):
    """The response as the page, or one visual of it, computed it, (H', W')."""
    found = page.locator(".live").first.evaluate(
        """(live) => {
            const one = live.closest('.cnnlib-visual').cnnlib.response();
            return [one.height, one.width, [...one.pixels]];
        }"""
    )
    return torch.tensor(found[2], dtype=torch.float64).reshape(found[0], found[1])


def drawn(page, which):
    """The pixels of a canvas, (H, W, 3)."""
    found = (
        page.locator("canvas[role=img]")
        .nth(which)
        .evaluate(
            """e => [e.height, e.width, [...e.getContext('2d')
            .getImageData(0, 0, e.width, e.height).data]]"""
        )
    )
    return np.array(found[2]).reshape(found[0], found[1], 4)[..., :3]


def fields(page):
    """The weights as they stand in the fields."""
    found = page.eval_on_selector_all(".editor input", "all => all.map(e => e.value)")
    side = int(len(found) ** 0.5)
    return torch.tensor([float(value) for value in found]).reshape(side, side)


def choose(page, label, name):
    """Choose from a menu by keyboard."""
    menu = page.get_by_label(label, exact=True)
    menu.focus()
    page.keyboard.press("Home")
    for _ in range(menu.locator("option").all_inner_texts().index(name)):
        page.keyboard.press("ArrowDown")
    assert menu.evaluate("e => e.selectedOptions[0].text") == name


def code(page):
    """The response that the lines of Python on the page give."""
    lines = page.locator(".codebox .line").all_inner_texts()
    names = {"torch": torch, "F": F, "image": photo()}
    exec("\n".join(lines), names)
    return names["response"]


def check(page, image, kernel, mode="zeros", stride=1):
    right = conv2d(image, kernel, mode, stride)
    found = response(page)
    torch.testing.assert_close(found, right, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(code(page).double(), right, rtol=1e-4, atol=1e-5)
    caption = page.locator(".pane .caption").nth(1).inner_text()
    rows, columns = right.shape
    assert caption.startswith(f"response, {rows} × {columns}, from ")
    low, high = (
        float(part.replace("−", "-"))
        for part in caption.split("from ")[1].split(" to ")
    )
    assert (low, high) == pytest.approx(
        (float(right.min()), float(right.max())), abs=1e-4
    )


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("mode", MODES)
def test_any_weights_padding_and_stride_give_torchs_response(shown, size, mode):
    torch.manual_seed(size)
    kernel = torch.randint(-9, 10, (size, size)) / 4
    with shown(photo(), torch.zeros(size, size)) as page:
        page.locator(".editor input").first.focus()
        for weight in kernel.flatten().tolist():
            page.keyboard.press("Control+a")
            page.keyboard.type(f"{weight:g}")
            page.keyboard.press("Tab")
        assert torch.equal(fields(page), kernel)
        choose(page, "Padding", "no padding" if mode == "none" else mode)
        check(page, photo(), kernel, mode)
        for stride in (2, 3, 4):
            choose(page, "Stride", str(stride))
            check(page, photo(), kernel, mode, stride)


def test_arrow_keys_change_a_weight_by_one(shown):
    with shown(photo(), torch.eye(3)) as page:
        page.locator(".editor input").nth(4).focus()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowDown")
        kernel = torch.eye(3)
        kernel[1, 1] = 2
        assert torch.equal(fields(page), kernel)
        check(page, photo(), kernel)
        spoken = page.locator(".spoken").inner_text()
        assert "Weight in row 1, column 1: 2." in spoken
        assert "The weights add up to 4" in spoken


def test_a_field_without_a_number_keeps_the_last_one(shown):
    with shown(photo(), torch.eye(3)) as page:
        page.locator(".editor input").first.focus()
        page.keyboard.press("Control+a")
        page.keyboard.type("-")
        assert (
            page.locator(".editor input").first.get_attribute("aria-invalid") == "true"
        )
        check(page, photo(), torch.eye(3))
        page.keyboard.type("2")
        kernel = torch.eye(3)
        kernel[0, 0] = -2
        check(page, photo(), kernel)


PRESETS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "mean": torch.full((3, 3), 1 / 9, dtype=torch.float64),
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "vertical edges": [[-1, 0, 1]] * 3,
    "horizontal edges": [[-1] * 3, [0] * 3, [1] * 3],
    "Sobel, vertical edges": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "shift by one column": [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
}


def test_presets_are_what_their_names_say_in_both_sizes(shown):
    with shown(photo(), torch.ones(3, 3)) as page:
        known = page.get_by_label("Kernel", exact=True).locator("option")
        assert known.all_inner_texts() == ["your own", *PRESETS]
        for name, kernel in PRESETS.items():
            choose(page, "Kernel", name)
            check(page, photo(), torch.as_tensor(kernel))
        # a constant picture: the last line of the tools says what becomes of it
        choose(page, "Size", "5 × 5")
        wide = known.all_inner_texts()[len(PRESETS) + 1 :]
        assert wide == ["wide blur", "wide mean"]
        for name, kernel in PRESETS.items():
            choose(page, "Kernel", name)
            check(page, photo(), F.pad(torch.as_tensor(kernel), (1, 1, 1, 1)))
        line = torch.tensor([1.0, 4, 6, 4, 1]).double()
        choose(page, "Kernel", "wide blur")
        check(page, photo(), torch.outer(line, line) / 256)
        choose(page, "Kernel", "wide mean")
        check(page, photo(), torch.full((5, 5), 1 / 25).double())
        choose(page, "Size", "3 × 3")
        check(page, photo(), torch.full((3, 3), 1 / 25).double())
        assert known.all_inner_texts() == ["your own", *PRESETS]


def test_shifting_by_a_column_moves_the_picture_to_the_right(shown):
    image = photo()
    with shown(image) as page:
        choose(page, "Kernel", "shift by one column")
        found = response(page)
    assert torch.equal(found[:, 1:].float(), image[0, :, :-1])


@pytest.mark.parametrize(
    ("kernel", "divisor", "words"),
    [
        ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], 16, "Divided by the sum."),
        ([[-1, 0, 1]] * 3, 3, "The sum is 0"),
        ([[0, 0, 0], [0, -2, 0], [0, 0, 0]], -2, "Divided by the sum."),
        ([[0, 0, 0]] * 3, 1, "nothing to divide by"),
    ],
)
def test_normalise(shown, kernel, divisor, words):
    kernel = torch.tensor(kernel).double()
    with shown(photo(), kernel) as page:
        button(page, "Normalise").press("Enter")
        check(page, photo(), kernel / divisor)
        assert words in page.locator(".spoken").inner_text()
        total = float(kernel.sum() / divisor)
        assert (
            f"The weights add up to {total:g}" in page.locator(".sum-of").inner_text()
        )
        button(page, "Normalise").press("Enter")  # once more changes nothing
        check(page, photo(), kernel / divisor)


def test_turn_and_start_over(shown):
    kernel = torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
    with shown(photo(), kernel) as page:
        button(page, "Turn by 180°").press("Enter")
        check(page, photo(), kernel.flip(0, 1))
        assert torch.equal(fields(page), kernel.flip(0, 1))
        button(page, "Start over").press("Enter")
        check(page, photo(), kernel)


@pytest.mark.parametrize(
    "kernel", [PRESETS["vertical edges"], PRESETS["blur"], PRESETS["sharpen"]]
)
def test_colours_are_those_of_plot_conv(shown, kernel):
    kernel = torch.as_tensor(kernel).float()
    right = plot_conv(photo(), kernel).figure.axes[1].images[0]
    values = np.asarray(right.get_array())
    low, high = right.get_clim()
    scale = Scale(low, high, right.get_cmap().name)
    with shown(photo(), kernel) as page:
        found, before = drawn(page, 1), drawn(page, 0)
        ends = page.locator(".ends").nth(1).inner_text().split()
    wanted = scale.colours(values).astype(int)
    off = np.abs(found - wanted).max(axis=-1)
    assert (off <= 3).mean() > 0.999  # the 99th percentile comes from a histogram
    assert off.max() <= 12
    shown_ends = [float(end.replace("−", "-")) for end in (ends[0], ends[-1])]
    assert shown_ends == pytest.approx([scale.low, scale.high], rel=0.01)
    grey = scale_for(photo().numpy()).colours(photo()[0].numpy())
    assert np.abs(before - grey.astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("mode", "stride"), [("zeros", 1), ("reflect", 2), ("none", 3)]
)
def test_the_arithmetic_of_any_number_comes_out(shown, mode, stride):
    image = photo()
    kernel = torch.tensor([[1.0, -2, 3], [0.5, 0, -1], [2, 2, -4]])
    right = conv2d(image, kernel, mode, stride)
    rows, columns = right.shape
    with shown(image, kernel) as page:
        choose(page, "Padding", "no padding" if mode == "none" else mode)
        choose(page, "Stride", str(stride))
        places = itertools.product((0, 5, rows - 1), (0, 7, columns - 1))
        for i, j in places:
            for name, value in (("row", i), ("column", j)):
                page.get_by_label(f"{name} of the response").focus()
                page.keyboard.press("Control+a")
                page.keyboard.type(str(value))
            *parts, total = page.locator(".probe .sum").all()
            name, terms, result = total.locator("span").all_inner_texts()
            assert name == f"response[{i}, {j}]"
            assert float(result[2:].replace("−", "-")) == pytest.approx(
                float(right[i, j]), abs=1e-4
            )
            assert eval(terms.replace("−", "-")) == pytest.approx(
                float(right[i, j]), abs=1e-3
            )
            sums = [part.locator(".terms").inner_text() for part in parts]
            values = [eval(s.replace("·", "*").replace("−", "-")) for s in sums]
            assert sum(values) == pytest.approx(float(right[i, j]), abs=2e-3)


def test_a_click_asks_for_the_number_under_it(shown):
    image = photo()
    with shown(image) as page:
        choose(page, "Stride", "2")
        for which, factor in ((1, 1), (0, 2)):
            canvas = page.locator("canvas[role=img]").nth(which)
            box = canvas.bounding_box()
            high, wide = canvas.evaluate("e => [e.height, e.width]")
            spot = {
                "x": box["width"] * (10.5 * factor) / wide,
                "y": box["height"] * (6.5 * factor) / high,
            }
            canvas.click(position=spot)
            values = [
                page.get_by_label(f"{name} of the response").input_value()
                for name in ("row", "column")
            ]
            assert values == ["6", "10"]


@pytest.mark.parametrize(("mode", "stride"), [("zeros", 1), ("none", 2)])
def test_the_frames_lie_on_the_window_and_on_its_number(shown, mode, stride):
    p = 0 if mode == "none" else 1
    with shown(photo()) as page:
        choose(page, "Padding", "no padding" if mode == "none" else mode)
        choose(page, "Stride", str(stride))
        for name, value in (("row", 6), ("column", 9)):
            page.get_by_label(f"{name} of the response").fill(str(value))
        boxes = page.evaluate(
            """() => [...document.querySelectorAll('.picture')].map((box) => {
                const canvas = box.querySelector('canvas');
                const style = box.querySelector('.window').style;
                const part = (name, of) => parseFloat(style[name]) / 100 * of;
                return [part('top', canvas.height), part('left', canvas.width),
                    part('height', canvas.height), part('width', canvas.width)];
            })"""
        )
    assert boxes[0] == pytest.approx([6 * stride - p, 9 * stride - p, 3, 3], abs=0.01)
    assert boxes[1] == pytest.approx([6, 9, 1, 1], abs=0.01)


def test_what_lies_outside_is_brought_inside(shown):
    with shown(photo()) as page:
        page.get_by_label("row of the response").focus()
        page.keyboard.press("Control+a")
        page.keyboard.type("999")
        rows = photo().shape[1]
        assert page.get_by_label("row of the response").input_value() == str(rows - 1)


def test_a_page_without_python_does_not_claim_one(shown):
    with shown(photo()) as page:
        page.wait_for_timeout(400)
        assert not page.locator(".told").is_visible()


@pytest.mark.parametrize("size", [3, 5])
def test_a_256x256_image_drawn_many_times_is_torchs(shown, size, record_property):
    torch.manual_seed(0)
    image = images.to_tensor(images.load("china", height=256, grey=True))[:, :, :256]
    kernel = torch.randn(size, size)
    with shown(image, kernel) as page:
        assert response(page).shape == (256, 256)
        times = page.evaluate(
            """() => {
                const one = document.querySelector('.cnnlib-visual').cnnlib;
                return Array.from({ length: 80 }, () => one.redraw())
                    .slice(20).sort((a, b) => a - b);
            }"""
        )
        # the whole way of a key press: fields, words, code, arithmetic
        key = page.evaluate(
            """() => {
                const field = document.querySelector('.editor input');
                return Array.from({ length: 60 }, (_, k) => {
                    field.value = k;
                    const start = performance.now();
                    field.dispatchEvent(new Event('input', { bubbles: true }));
                    document.body.offsetHeight;
                    return performance.now() - start;
                }).slice(20).sort((a, b) => a - b);
            }"""
        )
        kernel[0, 0] = 59
        right = conv2d(image, kernel)
        torch.testing.assert_close(response(page), right, rtol=1e-5, atol=1e-4)
    for name, list_ in (("redraw", times), ("key press", key)):
        median, worst = list_[len(list_) // 2], list_[-1]
        record_property(f"{name} {size}x{size} ms", round(median, 2))
        print(f"{name}, {size}x{size} on 256x256: {median:.2f} ms (worst {worst:.2f})")


def spot(page):
    """[row, column] of the number that is looked at."""
    return [
        int(page.get_by_label(f"{name} of the response").input_value())
        for name in ("row", "column")
    ]


def test_the_window_follows_a_drag_and_stays_where_it_is_let_go(shown):
    with shown(photo()) as page:
        canvas = page.locator("canvas[role=img]").first
        box = canvas.bounding_box()
        high, wide = canvas.evaluate("e => [e.height, e.width]")

        def at(row, column):
            x = box["x"] + box["width"] * (column + 0.5) / wide
            return x, box["y"] + box["height"] * (row + 0.5) / high

        page.mouse.move(*at(3, 4))
        page.mouse.down()
        assert spot(page) == [3, 4]
        page.mouse.move(*at(9, 12), steps=4)
        assert spot(page) == [9, 12]
        page.mouse.up()
        page.mouse.move(*at(2, 2), steps=4)
        assert spot(page) == [9, 12]


@pytest.mark.parametrize("width", [600, 660, 760])
def test_image_kernel_and_response_stand_side_by_side(shown, width):
    with shown(photo(), width=width) as page:
        parts = [".stage > .pane", ".editor", ".stage > .after .pane"]
        boxes = [page.locator(part).bounding_box() for part in parts]
        for before, after in itertools.pairwise(boxes):
            assert before["x"] + before["width"] <= after["x"]
            assert after["y"] < before["y"] + before["height"]
            assert before["y"] < after["y"] + after["height"]
        assert boxes[2]["width"] > 120
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0


def test_a_thumbnail_takes_its_kernel(shown):
    with shown(photo()) as page:
        before = response(page)
        page.get_by_role("button", name="outline").click()
        kernel = torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])
        image = explore_kernel(photo()).image
        torch.testing.assert_close(
            response(page), conv2d(image, kernel), atol=1e-4, rtol=1e-4
        )
        assert not torch.equal(response(page), before)
        pressed = page.locator(".thumb[aria-pressed=true]")
        assert pressed.get_attribute("aria-label") == "outline"


def test_a_photograph_of_ones_own_is_filtered_in_the_page(shown, tmp_path):
    """Its response is torch's; a file that is no picture is refused."""
    pixels = NOISE.integers(0, 256, (20, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "own.png")
    (tmp_path / "own.txt").write_text("no picture")
    with shown(photo()) as page:
        first = response(page)
        chooser = page.locator("input[type=file]")
        chooser.set_input_files(tmp_path / "own.txt")
        page.get_by_role("status").filter(has_text="is no picture").wait_for(
            state="attached"
        )
        assert torch.equal(response(page), first)
        chooser.set_input_files(tmp_path / "own.png")
        page.locator(".pane .caption", has_text="image, 20 × 30").wait_for()
        grey = torch.tensor(pixels.mean(axis=2) / 255)[None]
        expected = conv2d(grey, [[-1.0, 0, 1]] * 3)
        torch.testing.assert_close(response(page), expected, atol=1e-4, rtol=1e-4)
        assert "nothing is sent" in page.locator(".photograph").inner_text()
        button(page, "Start over").click()
        assert torch.equal(response(page), first)


def test_a_large_photograph_is_reduced(shown, tmp_path):
    """As a whole: its left half stays black, its right half white, the edge between."""
    pixels = np.zeros((450, 900, 3), np.uint8)
    pixels[:, 450:] = 255
    Image.fromarray(pixels).save(tmp_path / "large.png")
    with shown(photo()) as page:
        page.locator("input[type=file]").set_input_files(tmp_path / "large.png")
        page.locator(".pane .caption", has_text="image, 128 × 256").wait_for()
        found = response(page)
    assert tuple(found.shape) == (128, 256)
    inside = found[1:-1, 1:-1]  # at the border half of the window lies outside
    edge = inside.shape[1] // 2  # reducing makes it a little soft: 0, .., 1
    near = inside[:, edge - 4 : edge + 4]
    assert torch.allclose(near.sum(1), torch.tensor(6.0).to(found), atol=0.05)
    rest = torch.cat([inside[:, : edge - 4], inside[:, edge + 4 :]], dim=1)
    assert rest.abs().max() < 1e-4


def weights(page):
    fields = page.locator(".editor input")
    return [float(field.input_value()) for field in fields.all()]


def test_a_weight_is_dragged_up_and_down_and_a_click_leaves_it(shown):
    with shown(photo(), [[0, 0, 0], [0, 1, 0], [0, 0, 0]]) as page:
        box = page.get_by_label("weight, row 1, column 1").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y - 2)
        assert weights(page)[4] == 1
        page.mouse.move(x, y - 40, steps=5)
        assert weights(page)[4] == 2
        page.mouse.move(x, y + 60, steps=5)
        assert weights(page)[4] == -0.5
        page.mouse.up()
        page.mouse.move(x, y - 100, steps=5)
        assert weights(page) == [0, 0, 0, 0, -0.5, 0, 0, 0, 0]
        expected = conv2d(photo(), [[0, 0, 0], [0, -0.5, 0], [0, 0, 0]])
        np.testing.assert_allclose(response(page), expected, atol=1e-2)
        page.mouse.click(x, y)
        assert page.evaluate("document.activeElement.ariaLabel") == (
            "weight, row 1, column 1"
        )
        assert weights(page)[4] == -0.5


def test_weights_have_the_colours_of_their_signs(shown):
    with shown(photo(), [[0, 0, 0], [-1, 0, 2], [0, 0, 0]]) as page:
        rgb = page.locator(".editor input").evaluate_all(
            "all => all.map(e => getComputedStyle(e).backgroundColor"
            ".match(/\\d+/g).slice(0, 3).map(Number))"
        )
        (red, _, blue), (r, _, b) = rgb[5], rgb[3]
        assert red > blue
        assert b > r
        assert max(rgb[0]) - min(rgb[0]) < 8
