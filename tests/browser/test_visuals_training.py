"""watch_training in Chromium: every epoch's numbers, by keyboard, with no kernel."""

import itertools
import re

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

from cnnlib import evaluate, watch_training
from tests.cnnlib.test_visuals_training import digits, net

from .test_visuals_page import LIVE, opened, tabbed

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    film = watch_training(net(), digits(), epochs=3, lr=0.005, show=False)
    path = tmp_path_factory.mktemp("training") / "film.html"
    film.save(path)
    return film, path


@pytest.fixture
def shown(browser, made):
    return lambda **options: opened(browser, made[1], **options)


def go(page, epoch):
    """Move the slider by keyboard."""
    page.get_by_label("Epoch").focus()
    page.keyboard.press("Home")
    for _ in range(epoch):
        page.keyboard.press("ArrowRight")


def canvas(page, selector):
    found = page.locator(selector).evaluate(
        """e => {
            const copy = new OffscreenCanvas(e.width, e.height).getContext('2d');
            copy.drawImage(e, 0, 0);
            return [e.height, e.width,
                [...copy.getImageData(0, 0, e.width, e.height).data]];
        }"""
    )
    return np.array(found[2]).reshape(found[0], found[1], 4)


def test_each_epoch_shows_its_own_numbers(shown, made):
    film, data = made[0], digits()
    twin = net()
    with shown() as page:
        seen = []
        for k, epoch in enumerate(film.epochs):
            go(page, k)
            twin.load_state_dict(film.history.snapshots[epoch])
            right = evaluate(twin, data.test_images, data.test_labels)
            cells = page.locator(".confusion .cell").all_inner_texts()
            counts = [0 if text == "·" else int(text) for text in cells]
            assert counts == right.confusion_matrix.flatten().tolist()
            moment = page.locator(".moment").inner_text()
            assert f"{100 * right.accuracy:.4g} %" in moment
            assert ("Before training" if epoch == 0 else f"epoch {epoch}:") in moment
            assert page.locator(".spoken").inner_text() == moment or k == 3
            bars = page.locator(".score-row .value").all_inner_texts()
            with torch.no_grad():
                chances = twin(data.test_images[:1]).softmax(1)[0] * 100
            assert [float(bar.split()[0]) for bar in bars] == pytest.approx(
                chances.tolist(), abs=0.51
            )
            seen.append(canvas(page, ".part:first-child .changing .picture canvas"))
        assert all(
            (a != b).any() for a, b in itertools.pairwise(seen)
        )  # the kernels move


def test_kernels_and_maps_have_the_colours_of_plots(shown, made):
    from cnnlib.plots.style import SIGNED, Scale

    film, twin = made[0], net()
    top = max(float(s["0.weight"].abs().max()) for s in film.history.snapshots)
    with shown() as page:
        for k in (0, 3):
            go(page, k)
            twin.load_state_dict(film.history.snapshots[k])
            seen = canvas(page, ".part:first-child .changing .picture canvas")
            for n, kernel in enumerate(twin[0].weight.detach()[:, 0].numpy()):
                right = Scale(-top, top, SIGNED).colours(kernel).astype(int)
                row, column = divmod(n, 4)
                part = seen[4 * row :, 4 * column :][:3, :3, :3]
                assert np.abs(part - right).max() <= 6
            page.get_by_label("Maps of", exact=True).select_option("1")
            maps = canvas(page, ".part .of .picture canvas")
            assert maps.shape[:2] == (2 * 3 - 1, 4 * 3 - 1)  # six maps of 2x2


def test_a_cell_shows_its_images(shown, made):
    film, data = made[0], digits()
    counts = film.confusion[1].clone()
    row, column = divmod(int(counts.argmax()), 4)
    with shown() as page:
        go(page, 1)
        for _ in range(40):  # on to the matrix, by Tab and arrows
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.className").startswith("cell"):
                break
        for _ in range(row):
            page.keyboard.press("ArrowDown")
        for _ in range(column):
            page.keyboard.press("ArrowRight")
        if row == column == 0:
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowLeft")
        words = page.locator(".part.wide .caption").inner_text()
        names = "abcd"
        assert words.startswith(f"{names[row]}, ")
        assert names[column] in words
        assert f": {int(counts[row, column])} image" in words
        shown_numbers = [
            int(text.split()[1])
            for text in page.locator(".examples figcaption").all_inner_texts()
        ]
        assert len(shown_numbers) == min(8, counts[row, column])
        assert f"{len(shown_numbers)} of them here" in words
        for k, number in enumerate(shown_numbers):
            pixels = canvas(page, f".examples figure:nth-child({k + 1}) canvas")
            right = data.test_images[number, 0].numpy() * 255
            assert np.abs(pixels[..., 0] - right).max() <= 9
            label = page.locator(".examples canvas").nth(k).get_attribute("aria-label")
            assert label == f"a {names[row]}, read as {names[column]}, image {number}"
        go(page, 3)  # the cell stays, its images are those of the epoch
        words = page.locator(".part.wide .caption").inner_text()
        assert words.startswith(f"{names[row]}, ")
        assert re.search(
            rf": ({int(film.confusion[3][row, column]) or 'none'})\b", words
        )


def test_play_goes_through_all_epochs_and_stops(shown):
    with shown(reduced_motion="no-preference") as page:
        page.get_by_role("button", name="Play").press("Enter")
        assert page.get_by_role("button", name="Pause").is_visible()
        assert "Before training" in page.locator(".moment").inner_text()
        page.wait_for_function(
            "document.querySelector('.moment').textContent.includes('epoch 3')",
            timeout=8000,
        )
        page.get_by_role("button", name="Play").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1000])
def test_axe_keyboard_and_width(shown, scheme, width):
    with shown(width=width, color_scheme=scheme) as page:
        page.locator(".confusion .cell").nth(0).click()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        page.locator("h1").evaluate("e => { e.tabIndex = -1; e.focus(); }")
        found = tabbed(page)
        assert all(now["ring"] and now["seen"] and now["live"] for now in found)
        reached = [now["name"] for now in found]
        assert {"Epoch", "Maps of"} <= set(reached)
        assert any("read as" in name for name in reached)


def test_without_scripts_stand_the_picture_and_its_sentence(shown, made):
    with shown(width=375, java_script_enabled=False) as page:
        assert page.locator("img").first.is_visible()
        assert page.locator("img").first.get_attribute("alt") == made[0].sentence
        assert page.locator(LIVE).count() == 0
