"""explore_sizes in Chromium: sizes, formulas and coverage against torch."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnlib import explore_sizes
from cnnlib.arithmetic import coverage, output_size

from .test_visuals_page import opened

pytestmark = pytest.mark.browser

NAMES = ["size", "kernel", "stride", "padding", "dilation"]
SETTINGS = [
    (7, 3, 1, 0, 1),
    (7, 3, 2, 1, 1),
    (8, 3, 3, 0, 1),
    (9, 3, 2, 2, 2),
    (16, 5, 3, 4, 3),
    (5, 1, 4, 0, 1),
    (6, 2, 5, 1, 4),
    (1, 1, 1, 0, 1),
    (1, 3, 2, 1, 1),
    (16, 9, 1, 4, 1),
    (4, 2, 8, 3, 2),
    (10, 4, 3, 0, 2),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("sizes") / "sizes.html"
    explore_sizes().save(path)
    return path


@pytest.fixture
def page(browser, path):
    with opened(browser, path, width=1200) as page:
        yield page


def card(page, which):
    return page.locator(".setting").nth(which)


def put(page, which, setting):
    """Move the five sliders of A or B, as keys and fingers do."""
    order = ["padding", "size", "kernel", "stride", "dilation"]
    values = dict(zip(NAMES, setting, strict=True))
    for name in order:
        label = f"{'AB'[which]}: {'input' if name == 'size' else name}"
        page.get_by_role("slider", name=label).evaluate(
            "(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }",
            values[name],
        )


def grid_numbers(page, which):
    """The counts in the map, and where the real cells lie among all."""
    return (
        card(page, which)
        .locator(".maps svg")
        .first.evaluate(
            """svg => {
            const real = [...svg.querySelectorAll('rect')].filter((e) =>
                e.getAttribute('fill') !== 'none');
            const parts = (name) => (svg.querySelector(name).getAttribute('d')
                .match(/M/g) ?? []).length;
            return {
                counts: [...svg.querySelectorAll('text')].map((e) => +e.textContent),
                cells: real.length + parts('.around'),
                crosses: parts('.cross'),
                first: ['y', 'x'].map((name) => +real[0].getAttribute(name)),
                last: ['y', 'x'].map((name) => +real.at(-1).getAttribute(name)),
            };
        }"""
        )
    )


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("setting", SETTINGS)
def test_sizes_formula_and_coverage(page, which, setting):
    n, k, s, p, d = setting
    put(page, which, setting)
    side = int(output_size(n, k, s, p, d))
    image = torch.ones(1, 1, n, n, requires_grad=True)
    out = F.conv2d(image, torch.ones(1, 1, k, k), None, s, p, d)
    out.sum().backward()
    assert out.shape[-1] == side
    text = card(page, which).locator(".formula").inner_text()
    assert text.endswith(f"= {side}")
    for part in text.split("="):  # each part of the equation gives the size
        python = re.sub(r"⌊(.*)⌋", r"math.floor(\1)", part)
        python = python.replace("·", "*").replace("−", "-")
        assert eval(python, {"math": __import__("math")}) == side
    found = grid_numbers(page, which)
    seen = image.grad[0, 0].int().flatten().tolist()
    assert found["counts"] == seen == coverage(n, k, s, p, d).flatten().tolist()
    assert found["cells"] == (n + 2 * p) ** 2
    assert found["first"] == [p * 26 + 3] * 2
    assert found["last"] == [(p + n - 1) * 26 + 3] * 2
    padded = coverage(n + 2 * p, k, s, 0, d)
    around = np.ones_like(padded, bool)
    around[p : p + n, p : p + n] = False
    assert found["crosses"] == int((around & (padded == 0)).sum())
    caption = card(page, which).locator(".maps .caption").nth(1).inner_text()
    assert caption == f"output {side} × {side}"
    output = card(page, which).locator(".maps svg").nth(1).locator(".real")
    assert output.get_attribute("d").count("M") == side**2


@pytest.mark.parametrize("setting", SETTINGS)
def test_windows_along_one_axis_lie_where_torch_has_them(page, setting):
    n, k, s, p, d = setting
    put(page, 0, setting)
    taps = (
        card(page, 0)
        .locator(".strip rect.tapped")
        .evaluate_all(
            "all => all.map((e) => [+e.getAttribute('y'), +e.getAttribute('x')])"
        )
    )
    rows = sorted({y for y, _ in taps})
    places = [[round((x - 3) / 26) for y, x in taps if y == row] for row in rows]
    index = torch.arange(n + 2 * p)
    span = d * (k - 1) + 1
    assert places == index.unfold(0, span, s)[:, ::d].tolist()
    numbers = card(page, 0).locator(".strip text").all_text_contents()
    assert numbers == [str(i) for i in range(n)]
    unseen = coverage(n + 2 * p, k, s, 0, d).any(axis=0)
    crosses = card(page, 0).locator(".strip .cross").count()
    assert crosses == int((~unseen).sum())


def test_words_about_what_is_skipped(page):
    notes = card(page, 0).locator(".notes")
    put(page, 0, (8, 3, 3, 0, 1))
    assert notes.inner_text() == (
        "Rows and columns 6 and 7 of the input are seen by no window. The division "
        "leaves a rest of 2, and the floor drops it. The top left corner lies in 1 "
        "window, the centre in 1 window."
    )
    put(page, 0, (4, 3, 2, 1, 1))
    assert "The last row and column of padding are never reached." in notes.inner_text()
    assert "a rest of 1" in notes.inner_text()
    put(page, 0, (7, 3, 2, 0, 1))
    assert notes.inner_text().startswith("Every cell is seen.")
    put(page, 0, (9, 3, 2, 2, 2))
    assert notes.inner_text().startswith("Rows and columns 1, 3, 5 and 7 of the input")


def test_what_does_not_fit_is_said_in_words(page):
    put(page, 1, (3, 5, 1, 0, 2))
    text = card(page, 1).locator(".formula").inner_text()
    assert text == (
        "The kernel spans 9 cells, but the padded input has only 3: no window fits."
    )
    assert card(page, 1).locator(".maps").count() == 0
    assert page.locator(".verdicts").inner_text() == ""
    put(page, 1, (9, 5, 1, 0, 2))
    assert card(page, 1).locator(".formula").inner_text().endswith("= 1")


def test_the_two_are_compared(page):
    assert page.locator(".verdicts").inner_text() == (
        "A makes 5 × 5 = 25 values, B 4 × 4 = 16: B has 64 % as many as A."
    )
    put(page, 0, (5, 3, 2, 0, 1))
    assert page.locator(".verdicts").inner_text() == (
        "A makes 2 × 2 = 4 values, B 4 × 4 = 16: A has 25 % as many as B."
    )
    put(page, 0, (7, 3, 2, 1, 1))
    assert page.locator(".verdicts").inner_text().endswith("B 4 × 4 = 16: as many.")


def test_by_keyboard_alone_with_words_for_the_ear(page):
    setting = dict(zip(NAMES, (7, 3, 1, 0, 1), strict=True))
    for name, key, value in [
        ("input", "ArrowRight", 8),
        ("kernel", "ArrowLeft", 2),
        ("stride", "ArrowUp", 2),
        ("padding", "ArrowRight", 1),
        ("dilation", "ArrowRight", 2),
    ]:
        page.get_by_role("slider", name=f"A: {name}").focus()
        page.keyboard.press(key)
        setting["size" if name == "input" else name] = value
        side = int(output_size(*(setting[n] for n in NAMES)))
        spoken = page.locator(".spoken").inner_text()
        assert spoken.startswith(f"A: output {side} by {side}. ")
        shown = card(page, 0).locator(".formula strong").inner_text()
        assert shown == f"= {side}"
    assert card(page, 1).locator(".formula strong").inner_text() == "= 4"  # untouched


def test_a_slider_moved_many_times_ends_with_its_own_sizes(page, record_property):
    put(page, 0, (16, 3, 1, 4, 1))
    put(page, 1, (16, 3, 1, 4, 1))
    times = page.evaluate(
        """() => {
            const one = document.querySelector('.setting input');
            return Array.from({ length: 60 }, (_, k) => {
                one.value = 15 + k % 2;
                const start = performance.now();
                one.dispatchEvent(new Event('input'));
                document.body.offsetHeight;
                return performance.now() - start;
            }).slice(10).sort((a, b) => a - b);
        }"""
    )
    median = times[len(times) // 2]
    record_property("sizes_ms", round(median, 2))
    print(f"a slider of 24x24 cells: {median:.2f} ms (worst {times[-1]:.2f})")
    seen = coverage(16, 3, 1, 4, 1).flatten().tolist()
    assert grid_numbers(page, 0)["counts"] == seen
