"""The box for a number: what is right, what is wrong, and which slip it was."""

import pytest

from cnnlib import worked_example

from .test_visuals_page import opened

pytestmark = pytest.mark.browser
# 3 5 2 7 / 4 1 3 8 / 6 3 8 2 / 9 6 1 5 under 1 2 1 / 2 1 2 / 1 1 2, padded by one:
# 52 stands in row 1, column 2; the numbers beside it are 55 and 40.
ANSWERS = [
    ("52", "right", "52 is right."),
    (" 52.0 ", "right", "52 is right."),
    ("55", "wrong", "one column too far left"),
    ("40", "wrong", "one column too far right"),
    ("1000", "wrong", "Go through the window once more, cell by cell."),
    ("fifty", "ask", "Type a number"),
    ("", "ask", "Type a number"),
]


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    path = tmp_path_factory.mktemp("box") / "box.html"
    worked_example("hzdr-same").predict(1, 2).save(path)
    with opened(browser, path) as page:
        yield page


@pytest.mark.parametrize(("typed", "kind", "words"), ANSWERS)
def test_a_number_is_judged_and_its_slip_named(page, typed, kind, words):
    page.reload()
    page.locator(".live input").fill(typed)
    page.keyboard.press("Enter")
    verdict = page.locator(".verdict")
    assert words in verdict.inner_text()
    assert kind in verdict.get_attribute("class").split()


def test_a_second_try_is_counted_and_the_answer_is_shown_on_demand_alone(page):
    page.reload()
    assert "52" not in page.locator(".live").inner_text()
    page.locator(".live input").fill("55")
    page.keyboard.press("Enter")
    page.locator(".live input").fill("52")
    page.get_by_role("button", name="Check").click()
    assert "52 is right. At try 2." in page.locator(".verdict").inner_text()
    page.reload()
    page.get_by_role("button", name="Show it").click()
    assert "It is 52." in page.locator(".verdict").inner_text()
    assert not page.get_by_role("button", name="Show it").is_visible()


def test_a_fact_has_no_slips(browser, tmp_path):
    worked_example("hzdr-fc-73").predict().save(tmp_path / "fact.html")
    with opened(browser, tmp_path / "fact.html") as page:
        for typed, words in (("68", "Count once more."), ("73", "73 is right.")):
            page.locator(".live input").fill(typed)
            page.keyboard.press("Enter")
            assert words in page.locator(".verdict").inner_text()
