"""The site, the decks and a handout in Chromium, from the file system, without network.

The site is built once; every page is looked at on a wide light screen and on a narrow
dark one.
"""

import re
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tools import slides
from tools.build.course import Course
from tools.build.launch_links import BRANCH
from tools.handout import page as handout_page
from tools.handout import write_pdf
from tools.site.notebooks import read
from tools.site.site import ROOT, build

from .lab import keep_inside

pytestmark = pytest.mark.browser

COURSE = Course(ROOT)
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Without preload axe does not fetch style sheets, which the file system forbids.
AXE = {"preload": False, "resultTypes": ["violations"]}
# Code is in the same colours everywhere, and axe takes long over each word of it: it
# looks at code on one page of each kind.
WITH_CODE = {"00_images_as_tensors", "03_pooling", "errata", "data"}
SCREENS = {"wide and light": (1280, "light"), "narrow and dark": (375, "dark")}
HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
    .filter(e => !e.closest('.cnnlib-visual')).map(e => Number(e.tagName[1]))"""
UNFOLD = "all => all.forEach(one => one.open = true)"
UNFOLD = """() => new Promise((done) => {
    document.querySelectorAll('details').forEach((one) => { one.open = true; });
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50)));
})"""
UNREACHED = """() => [...document.querySelectorAll('body *')]
    .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth
        && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
        && e.tabIndex < 0 && !e.querySelector('a, button, input, [tabindex]'))
    .map(e => e.outerHTML.slice(0, 80))"""
OUTSIDE = """() => {
    const found = [];
    for (let i = 0; i < Reveal.getTotalSlides(); i++) {
        Reveal.slide(i, 0, 99);
        const slide = Reveal.getCurrentSlide();
        const sheet = slide.querySelector('.sheet').getBoundingClientRect();
        const said = slide.querySelector('aside.notes').textContent.trim();
        if (!said.startsWith('Minute')) found.push([i, 'no notes']);
        for (const el of slide.querySelectorAll('.body *')) {
            const scrolls = el.closest('.live .scroll, .cnnlib-visual .spoken');
            const box = el.getBoundingClientRect();
            if (scrolls || !box.width) continue;
            const cut = el.matches('pre') && el.scrollWidth > el.clientWidth + 1;
            if (cut || box.bottom > sheet.bottom + 1 || box.right > sheet.right + 1)
                found.push([i, el.tagName, el.textContent.slice(0, 40)]);
        }
    }
    return found;
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built once."""
    target = tmp_path_factory.mktemp("site") / "site"
    assert build(COURSE, target) == 0
    return target


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """The folder of all decks."""
    folder = tmp_path_factory.mktemp("decks")
    for path in LESSONS:
        text = slides.page(read(path))
        (folder / f"{path.stem}.html").write_text(text, encoding="utf-8")
    return folder


@contextmanager
def opened(browser, folder: Path, width=1280, scheme="light"):
    """A page that may load files of a folder, and says nothing."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.foreign = keep_inside(page, folder.as_uri(), "data:", "blob:")
    page.said = []
    page.on("console", lambda m: m.type != "log" and page.said.append(m.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    try:
        yield page
        assert page.foreign == []
        assert page.said == []
    finally:
        context.close()


def pages(site: Path) -> list[Path]:
    """Return every page that Sphinx wrote."""
    found = sorted(site.rglob("*.html"))
    other = (site / "_static", site / "slides")
    return [path for path in found if not set(other) & set(path.parents)]


def faults(page, name: str) -> list[str]:
    """Return what is wrong with the page that is open, and with what it folds."""
    page.evaluate(UNFOLD)
    found = [f"out of reach: {part}" for part in page.evaluate(UNREACHED)]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        found.append(f"{wide} pixels too wide")
    if page.evaluate("document.documentElement.lang") != "en":
        found.append("no language")
    levels = page.evaluate(HEADINGS)
    steps = pairwise(levels)
    if levels.count(1) != 1 or any(after > before + 1 for before, after in steps):
        found.append(f"headings {levels}")
    looked_at = None if name in WITH_CODE else {"exclude": [["pre"]]}
    for violation in Axe().run(page, looked_at, AXE).response["violations"]:
        where = [node["target"] for node in violation["nodes"][:3]]
        found.append(f"{violation['id']}: {where}")
    return found


@pytest.mark.parametrize("screen", list(SCREENS))
def test_every_page_is_sound(browser, site, screen):
    width, scheme = SCREENS[screen]
    found = {}
    assert len(pages(site)) > 2 * len(LESSONS)
    with opened(browser, site, width, scheme) as page:
        for path in pages(site):
            page.goto(path.as_uri())
            page.eval_on_selector_all(
                "details", "all => all.forEach(e => e.open = true)"
            )
            if wrong := faults(page, path.stem) + page.said + page.foreign:
                found[str(path.relative_to(site))] = wrong
    assert found == {}


def test_links_inside_the_site_lead_somewhere(site):
    lost = set()
    for path in pages(site):
        for target in re.findall(r'<a [^>]*?href="([^"#?]+)', path.read_text("utf-8")):
            inside = not re.match(r"\w+:", target)
            if inside and not (path.parent / target).exists():
                lost.add((str(path.relative_to(site)), target))
    assert lost == set()


def test_search_finds_padding(browser, site):
    with opened(browser, site) as page:
        page.goto((site / "index.html").as_uri())
        page.locator("input[name=q]").fill("padding")
        page.locator("input[name=q]").press("Enter")
        page.wait_for_selector("#search-results li a")
        titles = page.locator("#search-results li a").all_inner_texts()
        assert any("02 Padding and stride" in title for title in titles)
        assert not Axe().run(page, options=AXE).violations_count
        page.goto(f"{(site / 'search.html').as_uri()}?q=xylophone")
        page.wait_for_selector("#search-results p.search-summary")
        page.wait_for_function(
            "!document.querySelector('#search-results').innerText.includes('Searching')"
        )
        assert page.locator("#search-results li").count() == 0


def test_search_shows_lessons_first_with_the_words_around(browser, site):
    with opened(browser, site) as page:
        page.goto(f"{(site / 'search.html').as_uri()}?q=receptive+field")
        first = page.locator("#search-results li").first
        first.locator("mark").wait_for()
        links = page.eval_on_selector_all(
            "#search-results li > a", "all => all.map(a => a.getAttribute('href'))"
        )
        folders = [link.partition("/")[0] for link in links]
        assert folders[0] == "notebooks"
        assert "notebooks" not in folders[folders.index("exercises") :]
        assert first.locator("mark").inner_text().lower() == "receptive field"


def test_a_lesson_counts_predictions_and_remembers_them(browser, site):
    lesson = (site / "notebooks" / "01_convolution.html").as_uri()
    with opened(browser, site) as page:
        page.goto(lesson)
        total = page.locator("blockquote.predict").count()
        line = page.locator("p.progress")
        assert line.inner_text() == f"Predicted 0 of {total}."
        card = page.locator("blockquote.predict", has=page.locator("form.say")).nth(1)
        answer = card.locator("xpath=following::details[1]")
        card.locator("button").click()  # nothing is typed: nothing counts
        assert not answer.evaluate("e => e.open")
        card.locator("input").fill("the blur")
        card.locator("input").press("Enter")
        assert answer.evaluate("e => e.open")
        assert line.inner_text() == f"Predicted 1 of {total}."
        page.evaluate("document.querySelector('#our-own-loop').scrollIntoView()")
        page.wait_for_function("localStorage['cnn-course'].includes('our-own-loop')")
        page.reload()
        assert "You said: the blur" in page.locator("article").inner_text()
        assert "Go on where you stopped: Our own loop" in line.inner_text()
        page.goto((site / "index.html").as_uri())
        kept = page.locator(".lesson", has_text="01 Convolution").locator(".kept")
        assert f"predicted 1 of {total}" in kept.inner_text()
        page.locator("p.progress button").click()
        assert page.locator(".kept").count() == 0
        assert page.evaluate("localStorage.length") == 0


def test_the_errata_teaser_tells_wrong_from_right(browser, site):
    with opened(browser, site) as page:
        page.goto((site / "index.html").as_uri())
        verdict = page.locator(".teaser .verdict")
        page.locator(".teaser button:not([data-right])").first.click()
        assert "is right" in verdict.inner_text()
        page.locator(".teaser button[data-right]").first.click()
        assert "should be" in verdict.inner_text()


def test_launch_links_of_every_lesson_and_exercise(browser, site):
    owner, name = COURSE.owner_and_name
    with opened(browser, site) as page:
        for folder in ("notebooks", "exercises"):
            for path in sorted((ROOT / folder).glob("*.ipynb")):
                page.goto((site / folder / f"{path.stem}.html").as_uri())
                links = page.eval_on_selector_all(
                    ".launch a", "all => all.map(a => a.href)"
                )
                colab, binder, file = links[:3]
                here = f"{folder}/{path.name}"
                assert colab.startswith("https://colab.research.google.com/github/")
                assert colab.endswith(f"/{owner}/{name}/blob/{BRANCH}/{here}")
                assert binder.startswith(f"https://mybinder.org/v2/gh/{owner}/{name}/")
                assert here in binder.replace("%2F", "/")
                saved = Path(file.removeprefix("file://"))
                assert saved.read_bytes() == path.read_bytes()


def test_a_picture_is_alive_and_follows_the_theme(browser, site):
    with opened(browser, site) as page:
        page.goto((site / "index.html").as_uri())
        visual = page.locator(".cnnlib-explore_kernel")
        before = visual.inner_text()
        visual.locator("select").first.select_option(index=3)
        assert visual.inner_text() != before
        page.locator(".theme-toggle:visible").first.press("Enter")
        page.locator(".theme-toggle:visible").first.press("Enter")
        theme = page.evaluate("document.body.dataset.theme")
        page.wait_for_function(
            "theme => document.querySelector('.cnnlib-explore_kernel').dataset.theme"
            " === theme",
            arg=theme,
        )


def test_every_step_picture_of_the_lessons_can_be_stepped(browser, site):
    stepped = 0
    with opened(browser, site) as page:
        for path in LESSONS:
            page.goto((site / "notebooks" / f"{path.stem}.html").as_uri())
            alive = page.locator(".cnnlib-visual > .live").count()
            assert alive == page.locator(".cnnlib-visual").count(), path.stem
            page.evaluate(UNFOLD)  # the answers to predictions
            for forward in page.locator(".live button", has_text="Forward").all():
                live = forward.locator("xpath=ancestor::div[@class='live']")
                before = live.inner_text()
                forward.press("Enter")
                assert live.inner_text() != before
                cell = live.locator(".cell").first.bounding_box()
                assert cell["height"] > 30, "the page's own rules squeeze the picture"
                stepped += 1
    assert stepped > 0


def test_the_goals_of_practice_lead_to_headings_that_are_there(browser, site):
    with opened(browser, site) as page:
        page.goto((site / "practice" / "index.html").as_uri())
        page.locator(".card").wait_for()
        page.locator(".goals-fold summary").click()
        links = page.locator(".goals a")
        found = [link.get_attribute("href") for link in links.all()]
    assert len(found) > 60
    for link in found:
        file, _, anchor = link.partition("#")
        text = (site / "practice" / file).resolve().read_text(encoding="utf-8")
        assert f'id="{anchor}"' in text, link


def test_hints_are_folded_and_open_by_keyboard(browser, site):
    with opened(browser, site) as page:
        page.goto((site / "exercises" / "03_pooling.html").as_uri())
        hint = page.locator("details", has_text="Hint").first
        assert not hint.evaluate("e => e.open")
        assert hint.locator("p").first.is_hidden()
        hint.locator("summary").press("Enter")
        assert hint.locator("p").first.is_visible()


def test_formulas_are_set_in_their_own_font(browser, site):
    with opened(browser, site) as page:
        page.goto((site / "notebooks" / "02_padding_and_stride.html").as_uri())
        page.wait_for_function("document.fonts.check('16px \"Course Math\"')")
        fraction = page.locator("mfrac").first.bounding_box()
        bracket = page.locator("mrow:has(> mfrac) > mo").first.bounding_box()
        assert bracket["height"] > 0.9 * fraction["height"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:2])
def test_nothing_leaves_a_slide_and_every_slide_has_notes(browser, decks, path):
    with opened(browser, decks) as page:
        page.goto((decks / f"{path.stem}.html").as_uri())
        page.wait_for_function("window.Reveal?.isReady()")
        assert page.evaluate(OUTSIDE) == []
        kept = page.locator(".reveal .code").count()
        source = (decks / f"{path.stem}.html").read_text("utf-8")
        assert kept >= source.count('<div class="code">') > 5
        assert page.locator(".cnnlib-visual .live").count() == len(
            re.findall(r'<div class="cnnlib-visual" data-cnnlib="', source)
        )


def test_a_deck_goes_by_keyboard_and_shows_answers_at_a_key(browser, decks):
    with opened(browser, decks) as page:
        page.goto((decks / f"{LESSONS[2].stem}.html").as_uri())
        page.wait_for_function("window.Reveal?.isReady()")
        where = "Reveal.getState().indexh"
        page.keyboard.press("ArrowRight")
        assert page.evaluate(where) == 1
        index = page.evaluate(
            """[...document.querySelectorAll('.slides > section')]
                .findIndex(e => e.querySelector('.predict + .speaker-note, .predict')
                    && e.querySelector('.output.fragment'))"""
        )
        page.evaluate(f"Reveal.slide({index})")
        answer = page.locator("section.present .output.fragment").first
        assert answer.evaluate("e => getComputedStyle(e).visibility") == "hidden"
        assert "It shows:" in page.evaluate("Reveal.getSlideNotes()")
        page.keyboard.press("ArrowRight")
        assert answer.evaluate("e => getComputedStyle(e).visibility") == "visible"
        assert page.evaluate(where) == index
        assert not Axe().run(page, options=AXE).violations_count


def test_the_speaker_window_opens_from_the_file_system(browser, decks):
    with opened(browser, decks) as page:
        page.goto((decks / f"{LESSONS[0].stem}.html").as_uri())
        page.wait_for_function("window.Reveal?.isReady()")
        with page.expect_popup() as popup:
            page.keyboard.press("s")
        popup.value.wait_for_selector(".speaker-controls-notes:not(.hidden)")
        assert "Minute" in popup.value.locator(".speaker-controls-notes").inner_text()


def test_a_handout_is_a_tagged_pdf_with_an_outline(browser, tmp_path):
    reading = read(LESSONS[0])
    target = tmp_path / "handout.pdf"
    write_pdf(browser, handout_page(reading, COURSE), reading.title, target)
    data = target.read_bytes()
    assert data.startswith(b"%PDF")
    for mark in (b"/StructTreeRoot", b"/Outlines", b"/Lang", b"/Alt"):
        assert mark in data
    assert len(re.findall(rb"/Type\s*/Page\b", data)) > 3
