"""explore_network in Chromium: every number is torch's, by keyboard, with no kernel."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from axe_playwright_python.sync_playwright import Axe
from torch import nn

from cnnlib import explore_network, images

from .test_visuals_page import LIVE, opened, tabbed

pytestmark = pytest.mark.browser

ONE = "document.querySelector('.cnnlib-visual').cnnlib"


class Small(nn.Module):
    """Two convolutions with their ReLU called in forward, a pooling and a score."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 3, padding=1)
        self.conv2 = nn.Conv2d(3, 6, 3, stride=2, dilation=2, padding=2)
        self.fc = nn.Linear(6 * 5 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        return self.fc(torch.flatten(F.relu(self.conv2(x)), 1))


def small():
    torch.manual_seed(0)
    return Small(), torch.rand(1, 18, 14)


def large():
    torch.manual_seed(0)
    photo = images.to_tensor(images.load("china", height=96))[:, :, :96]
    return nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(inplace=True),
    ), photo


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Explorers and their pages, made once: name -> (explorer, path)."""
    folder = tmp_path_factory.mktemp("network")
    made = {}
    for name, make in (("small", small), ("large", large)):
        made[name] = explore_network(*make()), folder / f"{name}.html"
        made[name][0].save(made[name][1])
    return made


@pytest.fixture
def shown(browser, pages):
    def show(name="small", **options):
        return opened(browser, pages[name][1], **options)

    return show


def number(text):
    return float(re.split("[=≈]", text)[-1].strip().replace("−", "-"))


def layer(page, name):
    """Go to a layer's tab by keyboard, from wherever the tabs are now."""
    names = page.locator(".tab-name").all_inner_texts()
    page.locator("[role=tab][aria-selected=true]").focus()
    page.keyboard.press("Home")
    for _ in range(names.index(name)):
        page.keyboard.press("ArrowRight")
    chosen = page.locator("[role=tab][aria-selected=true]")
    assert chosen.locator(".tab-name").inner_text() == name
    assert chosen.evaluate("e => e === document.activeElement")


def unit(page, place):
    """Type a place into the fields."""
    for name, value in zip(("map", "row", "column"), place, strict=False):
        field = page.get_by_label(name, exact=True)
        if field.is_visible():
            field.focus()
            page.keyboard.press("Control+a")
            page.keyboard.type(str(value))


def test_every_layer_shows_the_number_of_any_unit(shown, pages):
    explorer = pages["small"][0]
    torch.manual_seed(5)
    with shown() as page:
        assert page.locator(".tab-name").all_inner_texts() == explorer.layers
        for name in explorer.layers:
            layer(page, name)
            maps = explorer.maps(name)
            for _ in range(3):
                place = [int(torch.randint(n, ())) for n in maps.shape]
                unit(page, place)
                right = float(maps[tuple(place)])
                found = page.evaluate(f"{ONE}.explained()")
                assert found["value"] == pytest.approx(right, abs=1e-6)
                text = page.locator(".why").inner_text()
                head = place if maps.shape[1:] != (1, 1) else place[:1]
                assert f"{name}[{', '.join(map(str, head))}]" in text
                last = text.replace("How", "\n").splitlines()
                told = [number(one) for one in last if re.search("[=≈]", one)]
                assert told[-1] == pytest.approx(right, abs=5.1e-5), text


def test_what_is_no_place_does_not_stay_in_a_field(shown):
    with shown() as page:
        layer(page, "conv1")
        unit(page, (1, 2, 3))
        for typed in ("1.5", "", "2e9", "-1"):
            field = page.get_by_label("row", exact=True)
            field.focus()
            page.keyboard.press("Control+a")
            page.keyboard.press("Delete")
            page.keyboard.type(typed)
            page.keyboard.press("Tab")
            place = page.evaluate(f"{ONE}.explained()")["unit"]
            assert field.input_value() == str(place[1]), typed
            assert f"conv1[{', '.join(map(str, place))}]" in (
                page.locator(".why").inner_text()
            )


def grids(page):
    """The windows and kernels as they are written: two lists of arrays."""
    found = page.eval_on_selector_all(
        ".term .cells",
        """all => all.map(one => [one.style.getPropertyValue('--columns'),
            [...one.querySelectorAll('.cell')].map(cell => cell.textContent)])""",
    )
    arrays = [
        np.array([float(x.replace("−", "-")) for x in cells]).reshape(-1, int(columns))
        for columns, cells in found
    ]
    return arrays[::2], arrays[1::2]


def test_the_window_the_kernel_and_the_sum_of_a_convolution_are_torchs(shown):
    model, image = small()
    x = F.max_pool2d(F.relu(model.conv1(image[None])), 2)
    padded = F.pad(x, (2, 2, 2, 2))[0].detach()
    with shown() as page:
        layer(page, "conv2")
        for place in [(0, 0, 0), (5, 4, 3), (2, 2, 1)]:
            unit(page, place)
            channel, row, column = place
            windows, kernels = grids(page)
            assert len(windows) == len(kernels) == 3
            for k in range(3):
                seen = padded[k, 2 * row : 2 * row + 5 : 2, 2 * column :][:, :5:2]
                np.testing.assert_allclose(windows[k], seen, atol=0.0051)
                kernel = model.conv2.weight[channel, k].detach()
                np.testing.assert_allclose(kernels[k], kernel, atol=0.0051)
                makes = page.locator(".makes").nth(k).inner_text()
                assert number(makes) == pytest.approx(
                    float((seen * kernel).sum()), abs=5.1e-5
                )
            total = page.locator(".sum.total .terms").inner_text()
            parts = [
                float(part.replace(" ", ""))
                for part in re.findall(r"[+-]? ?[\d.]+", total.replace("−", "-"))
            ]
            right = float(model.conv2(x).detach()[0][place])
            assert sum(parts) == pytest.approx(right, abs=3e-4)


def drawn(page):
    """The mosaic's pixels (H, W, 4)."""
    found = page.locator(".mosaic .picture canvas").evaluate(
        """e => {
            const copy = new OffscreenCanvas(e.width, e.height).getContext('2d');
            copy.drawImage(e, 0, 0);
            return [e.height, e.width,
                [...copy.getImageData(0, 0, e.width, e.height).data]];
        }"""
    )
    return np.array(found[2]).reshape(found[0], found[1], 4)


@pytest.mark.parametrize("own", [False, True])
def test_the_mosaic_has_the_colours_of_plots(shown, pages, own):
    from cnnlib.plots.style import HEAT, SIGNED, Scale

    explorer = pages["small"][0]
    with shown() as page:
        for name in ("conv1", "relu_2"):
            layer(page, name)
            page.get_by_label("Colours").select_option("own" if own else "common")
            maps, seen = explorer.maps(name), drawn(page)
            high, wide = maps.shape[1:]
            top = np.abs(maps).max()
            for k, one in enumerate(maps):
                reach = (np.abs(one).max() or 1) if own else top
                signed = name == "conv1"
                low = -reach if signed else 0.0
                scale = Scale(low, float(reach), SIGNED if signed else HEAT)
                right = scale.colours(one).astype(int)
                row, column = divmod(k, min(4, len(maps)))
                part = seen[row * (high + 1) :, column * (wide + 1) :][:high, :wide]
                assert np.abs(part[..., :3] - right).max() <= 6
                assert (part[..., 3] == 255).all()


def framed(page, where):
    """The place of a pane's frame, in pixels of its image: [row, column, h, w]."""
    return page.locator(where).evaluate(
        """e => {
            const image = e.parentElement.querySelector('img, canvas');
            const [high, wide] = [image.naturalHeight || image.height,
                image.naturalWidth || image.width];
            const part = (name, whole) => parseFloat(e.style[name]) / 100 * whole;
            return [part('top', high), part('left', wide), part('height', high),
                part('width', wide)];
        }"""
    )


def test_field_and_gradient_are_torchs(shown, pages):
    explorer = pages["small"][0]
    with shown() as page:
        layer(page, "relu_2")
        found = page.evaluate(
            f"{ONE}.pickUnit({list(map(int, explorer._layer('relu_2').strongest))})"
        )
        assert found is None
        place = explorer._layer("relu_2").strongest
        gradient = explorer.gradient("relu_2", place)[0]
        # conv1 3x3, pool 2, conv2 3x3 dilated by 2: 1 + 2 + 1 + 4*2; starts at -1-4
        box = [-5 + 4 * place[1], -5 + 4 * place[2], 12, 12]
        assert framed(page, ".closer .pane:last-child .window") == pytest.approx(
            box, abs=1e-2
        )
        heat = page.locator("canvas.heat").evaluate(
            """e => [...e.getContext('2d')
                .getImageData(0, 0, e.width, e.height).data]"""
        )
        heat = np.array(heat).reshape(*gradient.shape, 4)
        strong = np.abs(gradient) > 0.02 * np.abs(gradient).max()
        assert (heat[..., 3][strong] > 0).all()
        assert (heat[..., 3][gradient == 0] == 0).all()
        red = heat[..., 0].astype(int) > heat[..., 2]
        clear = np.abs(gradient) > 0.1 * np.abs(gradient).max()
        assert (red[clear] == (gradient[clear] > 0)).all()
        words = page.locator(".closer .note").inner_text()
        assert f"not zero at {(gradient != 0).sum()} pixels" in words
        assert f"{np.abs(gradient).max():.3g}" in words


def test_a_click_on_the_mosaic_and_on_the_map_choose_the_unit(shown, pages):
    with shown() as page:
        layer(page, "conv2")
        canvas = page.locator(".mosaic .picture canvas")
        box, size = canvas.bounding_box(), drawn(page).shape
        # six maps of 5x4 in rows of four with gaps of one: map 5 is at row 1, column 1
        down, across = (6 + 3.5) / size[0], (5 + 1.5) / size[1]
        canvas.click(position={"x": across * box["width"], "y": down * box["height"]})
        assert page.evaluate(f"{ONE}.state.unit") == [5, 3, 1]
        assert page.get_by_label("row", exact=True).input_value() == "3"
        assert framed(page, ".mosaic .window") == pytest.approx([6, 5, 5, 4], abs=1e-3)
        large_map = page.locator(".closer .pane:first-child canvas")
        box = large_map.bounding_box()
        large_map.click(
            position={"x": 3.5 / 4 * box["width"], "y": 0.5 / 5 * box["height"]}
        )
        assert page.evaluate(f"{ONE}.state.unit") == [5, 0, 3]
        assert "conv2[5, 0, 3]" in page.locator(".spoken").inner_text()


def test_what_lies_outside_is_brought_inside_and_the_strongest_comes_back(shown):
    with shown() as page:
        layer(page, "conv1")
        start = page.evaluate(f"{ONE}.state.unit")
        unit(page, (99, 99, 99))
        assert page.evaluate(f"{ONE}.state.unit") == [2, 17, 13]
        page.get_by_role("button", name="Strongest unit").press("Enter")
        assert page.evaluate(f"{ONE}.state.unit") == start


def test_a_large_net_says_what_is_left_out_and_keeps_the_strongest_unit(shown, pages):
    explorer = pages["large"][0]
    with shown("large") as page:
        assert "The net is large" in page.locator(".facts").inner_text()
        for name in explorer.layers:
            layer(page, name)
            strongest = explorer._layer(name).strongest
            right = float(explorer.maps(name)[strongest])
            found = page.evaluate(f"{ONE}.explained()")
            assert found["value"] == pytest.approx(right, rel=1e-6)
            caption = page.locator(".mosaic .caption").inner_text()
            assert caption == "32 of 64 maps, reduced to 24 × 24"
        layer(page, "2")
        terms = page.evaluate(f"{ONE}.explained()")
        parts = sum(one["sum"] for one in terms["terms"]) + terms["others"]["sum"]
        assert terms["others"]["count"] == 60
        assert parts + terms["bias"] == pytest.approx(terms["value"], abs=1e-5)
        unit(page, (0, 0, 0))
        assert "not on this page" in page.locator(".why").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1000])
def test_axe_keyboard_and_width(shown, scheme, width):
    for name, tab in (("small", "conv2"), ("small", "fc"), ("large", "2")):
        with shown(name, width=width, color_scheme=scheme) as page:
            layer(page, tab)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0
            found = Axe().run(page)
            assert not found.violations_count, found.generate_report()
            small_ones = page.eval_on_selector_all(
                f"{LIVE} :is(button, select, input)",
                """all => all.filter(e => e.offsetParent)
                    .map(e => e.getBoundingClientRect())
                    .filter(box => box.width < 44 || box.height < 44).length""",
            )
            assert small_ones == 0
            page.locator("h1").evaluate("e => { e.tabIndex = -1; e.focus(); }")
            found = tabbed(page)
            assert all(now["ring"] and now["seen"] and now["live"] for now in found)
            reached = [now["name"].split("\n")[0] for now in found]
            assert tab in reached
            assert "map" in reached
            assert "Strongest unit" in reached
            assert "Colours" in reached


def test_without_scripts_and_in_print_stand_the_picture_and_its_sentence(shown, pages):
    explorer = pages["small"][0]
    with shown(width=375, java_script_enabled=False) as page:
        assert page.locator("img").is_visible()
        assert page.locator("img").get_attribute("alt") == explorer.sentence
    with shown() as page:
        still = page.locator(".still img")
        assert not still.is_visible()
        page.emulate_media(media="print")
        assert still.is_visible()
        assert not page.locator(LIVE).is_visible()


def test_a_mosaic_drawn_again_is_the_same(browser, tmp_path, record_property):
    torch.manual_seed(0)
    explorer = explore_network(nn.Conv2d(1, 64, 3, padding=1), torch.rand(45, 45))
    explorer.save(tmp_path / "mosaic.html")
    with opened(browser, tmp_path / "mosaic.html") as page:
        before = drawn(page)
        assert before.shape[:2] == (8 * 46 - 1, 8 * 46 - 1)
        times = page.evaluate(
            f"""() => Array.from({{ length: 60 }}, () => {ONE}.mosaic())
                .slice(20).sort((a, b) => a - b)"""
        )
        assert (drawn(page) == before).all()
    record_property("mosaic ms", round(times[20], 2))
    print(f"64 maps of 45x45: {times[20]:.2f} ms (worst {times[-1]:.2f})")


def test_two_explorers_on_one_page_do_not_disturb_each_other(browser, pages, tmp_path):
    face = pages["small"][0]._repr_html_()
    path = tmp_path / "two.html"
    path.write_text(f"<!doctype html><title>two</title><body>{face}{face}", "utf-8")
    with opened(browser, path) as page:
        lives = page.locator(LIVE)
        assert lives.count() == 2
        lives.nth(0).locator("[role=tab]").nth(3).click()
        chosen = "[role=tab][aria-selected=true] .tab-name"
        assert lives.nth(1).locator(chosen).inner_text() == "conv1"
        assert lives.nth(0).locator(chosen).inner_text() != "conv1"
