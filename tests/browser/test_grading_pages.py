"""The grader's pages in Chromium: nothing asked for, nothing wide, nothing barred."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from cnngrade.report.write import write
from tests.cnngrade.examples import CLASS, HOSTILE, HOSTILE_RUN, RUN, TIMINGS

from .lab import keep_inside

pytestmark = pytest.mark.browser
WIDTHS = (375, 1280)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The folder of a report on an ordinary class, and of one that means harm."""
    folder = tmp_path_factory.mktemp("report")
    write(folder / "class", RUN, CLASS, TIMINGS)
    write(folder / "hostile", HOSTILE_RUN, HOSTILE, {})
    return folder


@pytest.fixture(params=["light", "dark"])
def page(browser, report, request):
    """A page; requests for anything but the report's files are kept and stopped."""
    context = browser.new_context(color_scheme=request.param)
    page = context.new_page()
    page.foreign, page.said = keep_inside(page, report.as_uri()), []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("dialog", lambda dialog: page.said.append(dialog.message))
    yield page
    context.close()


def pages(folder):
    """Some pages of each kind."""
    return [
        folder / "index.html",
        folder / "timings.html",
        *sorted((folder / "feedback").glob("*.html")),
    ]


def opened(page, path, width: int) -> list[str]:
    """Open a page with all that can be unfolded; return what it asked for."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(path.as_uri())
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    return asked


@pytest.mark.parametrize("kind", ["class", "hostile"])
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_are_sound(page, report, kind, width):
    for path in pages(report / kind):
        asked = opened(page, path, width)
        assert asked == [path.as_uri()]
        assert not page.foreign
        assert not page.said
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path.name


@pytest.mark.parametrize("kind", ["class", "hostile"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_violation(page, report, kind, width):
    for path in pages(report / kind)[:6]:
        opened(page, path, width)
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()


def test_no_cell_or_name_hides_another(page, report):
    for path in pages(report / "hostile")[:6]:
        opened(page, path, 375)
        outside = page.evaluate(
            """() => [...document.querySelectorAll('h1, h2, h3, p, li, .card')]
                .filter(e => e.scrollWidth > e.clientWidth + 1
                    && getComputedStyle(e).display !== 'inline')
                .map(e => e.outerHTML.slice(0, 200))"""
        )
        assert not outside, path.name


def test_scrolling_parts_can_be_reached_by_keyboard(page, report):
    opened(page, report / "class" / "feedback" / "Ann.html", 375)
    barred = page.evaluate(
        """() => [...document.querySelectorAll('*')]
            .filter(e => e.scrollWidth > e.clientWidth + 1
                && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
                && (e.tabIndex < 0 || !e.getAttribute('aria-label')))
            .map(e => e.outerHTML.slice(0, 200))"""
    )
    assert not barred


def test_every_link_of_the_class_page_leads_somewhere(page, report):
    index = report / "class" / "index.html"
    opened(page, index, 1280)
    links = page.eval_on_selector_all("a", "all => all.map(a => a.href)")
    assert len(links) > 20
    for link in set(links):
        if link.endswith(".html"):
            page.goto(link)
            assert page.locator("h1").count() == 1
        elif "#" in link:
            page.goto(link)
            assert page.locator(f"#{link.split('#')[1]}").count() == 1
    assert not page.foreign


def test_paper_is_white(page, report):
    page.emulate_media(media="print")
    opened(page, report / "class" / "feedback" / "Ann.html", 794)
    colours = page.evaluate(
        """() => ['body', '.card', 'pre', 'h1'].map(name =>
            getComputedStyle(document.querySelector(name)))
            .map(style => [style.backgroundColor, style.color])"""
    )
    white, ink = "rgb(255, 255, 255)", "rgb(29, 33, 37)"
    assert [back for back, _ in colours[:3]] == [white] * 3
    assert {front for _, front in colours} == {ink}
