"""All visuals on plain pages: nothing asked for, nothing wide, nothing barred.

The other browser tests of visuals take their helpers from here.
"""

from contextlib import contextmanager

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

from cnnlib import (
    explore_kernel,
    explore_sizes,
    images,
    step_conv,
    step_pool,
    train_here,
    worked_example,
)
from cnnlib.visuals import practice

from .lab import keep_inside

pytestmark = pytest.mark.browser

LIVE = ".cnnlib-visual .live"
ACTIVE = """() => {
    const el = document.activeElement;
    const box = el.getBoundingClientRect();
    const style = getComputedStyle(el);
    return {
        name: el.getAttribute('aria-label') || el.innerText || el.tagName,
        tag: el.tagName,
        ring: parseFloat(style.outlineWidth) > 1 && style.outlineStyle !== 'none',
        seen: box.width > 0 && box.height > 0,
        live: Boolean(el.closest('.live')),
    };
}"""


def grid(*shape, seed=0, low=-9, high=10):
    torch.manual_seed(seed)
    return torch.randint(low, high, shape).double()


def photo(height=48):
    return images.to_tensor(images.load("china", height=height, grey=True))


VISUALS = {
    "conv": lambda: step_conv(grid(5, 5), grid(3, 3, seed=1), bias=2, padding=1),
    "channels": lambda: step_conv(grid(3, 4, 5), grid(3, 2, 2, seed=1), bias=-1),
    "wide": lambda: step_conv(
        torch.randn(12, 14), torch.randn(3, 3), padding=1, dilation=2
    ),
    "pool": lambda: step_pool(grid(2, 5, 5), 3, "avg", stride=1, padding=1),
    "box": lambda: worked_example("hzdr-same").predict(1, 2),
    "fact": lambda: worked_example("hzdr-fc-73").predict(),
    "train": lambda: train_here([{"kernels": 2}], building=True),
    "practice": lambda: practice("03"),
    "kernel": lambda: explore_kernel(photo()),
    "kernel5": lambda: explore_kernel(photo(), torch.eye(5)),
    "sizes": lambda: explore_sizes(
        {"size": 8, "stride": 3},
        {"size": 16, "kernel_size": 5, "padding": 4, "dilation": 2},
    ),
}
every = pytest.mark.parametrize("name", list(VISUALS))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of each visual; made once."""
    folder = tmp_path_factory.mktemp("visuals")
    for name, make in VISUALS.items():
        torch.manual_seed(0)
        make().save(folder / f"{name}.html")
    return folder


IDLE = {}
"""Blank pages by their options: to start one costs more than most tests."""


@contextmanager
def opened(browser, path, *, width=1000, **options):
    """A page with the file open; .foreign and .said are what it asked for and said.

    A page that a test is through with goes blank and is used again for the next one
    with the same options; after a failure it is closed.
    """
    size = {"width": width, "height": 900}
    options = {"viewport": size, "reduced_motion": "reduce"} | options
    idle = IDLE.setdefault(repr(sorted(options.items())), [])
    page = idle.pop() if idle else new_page(browser, options)
    page.foreign, page.said[:] = keep_inside(page, path.as_uri()), []
    page.mouse.move(0, 0)
    page.goto(path.as_uri())
    try:
        yield page
        assert page.foreign == []
        assert page.said == []
    except BaseException:
        page.context.close()
        raise
    page.emulate_media(media="null")  # as it was before a test of printing
    page.unroute_all()
    page.goto("about:blank")
    idle.append(page)


def new_page(browser, options):
    page = browser.new_context(**options).new_page()
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    return page


def button(page, words):
    return page.locator("button:visible", has_text=words)


def tabbed(page, limit=120):
    """Press Tab until the focus leaves the page; return what had it."""
    found = []
    for _ in range(limit):
        page.keyboard.press("Tab")
        now = page.evaluate(ACTIVE)
        if now["tag"] == "BODY":
            return found
        found.append(now)
    raise AssertionError(f"the focus never leaves: {found[-3:]}")


@every
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_axe_finds_no_violation_and_nothing_is_wide(
    browser, pages, name, scheme, width
):
    path = pages / f"{name}.html"
    with opened(browser, path, width=width, color_scheme=scheme) as page:
        assert page.locator(".cnnlib-visual").get_attribute("data-theme") == scheme
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        if button(page, "Predict").count():
            button(page, "Predict").click()
            page.locator(".quiz input").fill("12345")
            button(page, "Check").click()
            assert page.locator(".verdict.wrong").is_visible()
            found = Axe().run(page)
            assert not found.violations_count, found.generate_report()
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0


@every
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_where_axe_cannot_tell(browser, pages, name, scheme):
    """Axe gives up on hatched cells and on SVG: compare their ink and paper here."""
    with opened(browser, pages / f"{name}.html", color_scheme=scheme) as page:
        weak = page.evaluate(
            """() => {
                const light = (text) => {
                    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3)
                        .map((x) => x / 255)
                        .map((c) => c <= 0.04045 ? c / 12.92
                            : ((c + 0.055) / 1.055) ** 2.4);
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                const ratio = (a, b) => {
                    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
                    return (x + 0.05) / (y + 0.05);
                };
                const weak = [];
                for (const cell of document.querySelectorAll('.cell.padding')) {
                    const ink = getComputedStyle(cell).color;
                    for (const paper of ['rgb(210,210,210)', 'rgb(244,244,244)']) {
                        if (ratio(ink, paper) < 4.5) weak.push(['padding', ink]);
                    }
                }
                const page = getComputedStyle(
                    document.querySelector('.cnnlib-visual')).backgroundColor;
                for (const text of document.querySelectorAll('svg text')) {
                    const below = text.previousElementSibling;
                    const paper = text.classList.contains('index') ? page
                        : getComputedStyle(below).fill;
                    const ink = getComputedStyle(text).fill;
                    if (ratio(ink, paper) < 4.5) weak.push([text.textContent, ink]);
                }
                return weak;
            }"""
        )
        assert weak == []


@every
@pytest.mark.parametrize("width", [375, 1280])
def test_what_is_touched_is_large_enough(browser, pages, name, width):
    with opened(browser, pages / f"{name}.html", width=width) as page:
        if button(page, "Predict").count():
            button(page, "Predict").click()
        small = page.eval_on_selector_all(
            f"{LIVE} :is(button, select, input)",
            """all => all.filter(e => e.offsetParent)
                .map(e => [e.getAttribute('aria-label') || e.innerText || e.type,
                    e.getBoundingClientRect()])
                .filter(([, box]) => box.width < 44 || box.height < 44)
                .map(([name, box]) => [name, box.width, box.height])""",
        )
        assert small == []


@every
@pytest.mark.parametrize("width", [375, 1280])
def test_every_part_is_reached_by_keyboard_and_the_focus_is_seen(
    browser, pages, name, width
):
    with opened(browser, pages / f"{name}.html", width=width) as page:
        if button(page, "Predict").count():
            button(page, "Predict").press("Enter")
            page.locator("h1").evaluate("e => { e.tabIndex = -1; e.focus(); }")
        wanted = page.eval_on_selector_all(
            f"{LIVE} :is(button, select, input)",
            """all => all.filter(e => e.offsetParent)
                .map(e => e.getAttribute('aria-label') || e.innerText || e.tagName)""",
        )
        found = tabbed(page)
        assert all(one["seen"] and one["ring"] and one["live"] for one in found)
        reached = [one["name"] for one in found]
        assert all(reached.count(name) >= wanted.count(name) for name in wanted)
        scrolling = page.evaluate(
            """() => [...document.querySelectorAll('.live *')]
                .filter(e => e.scrollWidth > e.clientWidth + 1
                    && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX))
                .map(e => [e.tabIndex, e.getAttribute('aria-label')])"""
        )
        assert all(index == 0 and label for index, label in scrolling)


@every
def test_without_scripts_stand_the_picture_and_its_sentence(browser, pages, name):
    path = pages / f"{name}.html"
    with opened(browser, path, width=375, java_script_enabled=False) as page:
        picture = page.locator("img")
        assert picture.is_visible()
        assert len(picture.get_attribute("alt")) > 60
        assert picture.bounding_box()["width"] <= 375
        assert page.locator("figcaption").is_visible()
        assert page.locator(LIVE).count() == 0


@every
def test_print_shows_the_still_picture(browser, pages, name):
    with opened(browser, pages / f"{name}.html") as page:
        assert not page.locator("img").is_visible()
        page.emulate_media(media="print")
        assert page.locator("img").is_visible()
        assert not page.locator(LIVE).is_visible()


def test_all_together_and_each_twice(browser, tmp_path):
    """One page with every visual two times: each has a life of its own."""
    torch.manual_seed(0)
    faces = [make()._repr_html_() for make in VISUALS.values()]
    path = tmp_path / "all.html"
    body = "\n".join(faces * 2)
    path.write_text(f"<!doctype html><title>all</title><body>{body}", "utf-8")
    with opened(browser, path) as page:
        lives = page.locator(LIVE)
        assert lives.count() == 2 * len(VISUALS)
        assert page.locator("[id]").count() == 0
        first, again = page.locator(LIVE).nth(0), page.locator(LIVE).nth(len(VISUALS))
        before = again.inner_text()
        assert first.inner_text() == before
        button(first, "Forward").click()
        assert first.inner_text() != before
        assert again.inner_text() == before


def test_a_script_that_runs_elsewhere_finds_its_place(browser, tmp_path):
    """VS Code runs the scripts of an output from outside of it."""
    face = VISUALS["conv"]()._repr_html_()
    markup, _, rest = face.partition("<script>")
    script = rest.removesuffix("</script></div>")
    path = tmp_path / "elsewhere.html"
    path.write_text(f"<body>{markup}</div>{markup}</div><script>{script}</script>")
    with opened(browser, path) as page:
        assert page.locator(LIVE).count() == 2


def test_a_page_saved_while_alive_comes_to_life_again(browser, tmp_path):
    path = tmp_path / "live.html"
    VISUALS["conv"]().save(path)
    with opened(browser, path) as page:
        button(page, "Forward").click()
        saved = page.content()
    path.write_text(saved, "utf-8")
    with opened(browser, path) as page:
        assert page.locator(LIVE).count() == page.locator(f"{LIVE} .total").count() == 1
        button(page, "Forward").click()
        assert "output[0, 1]" in page.locator(".total").inner_text()


def test_a_fault_in_the_script_leaves_the_still_picture(browser, tmp_path):
    path = tmp_path / "broken.html"
    VISUALS["conv"]().save(path)
    text = path.read_text("utf-8").replace('"output":[[[', '"nothing":[[[')
    path.write_text(text, "utf-8")
    with opened(browser, path) as page:
        assert page.locator("img").is_visible()
        assert page.locator(LIVE).count() == 0
        assert len(page.said) == 1
        page.said.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_of_the_page_is_followed_when_it_changes(browser, tmp_path, theme):
    """A dark notebook on a light system, and the other way round."""
    face = VISUALS["conv"]()._repr_html_()
    path = tmp_path / "theme.html"
    style = (
        "<style>[data-jp-theme-light=true]{--jp-layout-color0:#fff}"
        "[data-jp-theme-light=false]{--jp-layout-color0:#111}</style>"
    )
    light = str(theme == "light").lower()
    path.write_text(f"{style}<body data-jp-theme-light={light}>{face}")
    other = {"light": "dark", "dark": "light"}[theme]
    with opened(browser, path, color_scheme=other) as page:
        host = page.locator(".cnnlib-visual")
        assert host.get_attribute("data-theme") == theme
        assert host.evaluate("e => getComputedStyle(e).colorScheme") == theme
        flipped = str(theme != "light").lower()
        page.evaluate(f"document.body.dataset.jpThemeLight = {flipped!r}")
        page.wait_for_function(
            f"document.querySelector('.cnnlib-visual').dataset.theme === {other!r}"
        )
