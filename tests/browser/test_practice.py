"""Practice in Chromium: judged at once, due by FSRS, kept, and worked by keyboard.

The schedule is put beside py-fsrs, which other people wrote.
"""

import itertools
import json
import random
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from fsrs import Card, Rating, Scheduler, State

from cnnlib.practice.registry import kinds
from cnnlib.visuals import practice
from cnnlib.visuals.items.practice import PLACEMENT
from cnnlib.visuals.shared.bundle import bundle

from .lab import keep_inside
from .test_visuals_page import tabbed

pytestmark = pytest.mark.browser

API = "document.querySelector('.cnnlib-visual').cnnlib"
ITEM = f"() => {API}.state.card?.item"
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("practice")
    practice(address="../notebooks/").save(path / "all.html")
    practice("03", address="../notebooks/").save(path / "03.html")
    return path


@contextmanager
def opened(browser, path, at=NOON, width=1000, **options):
    """A page of a browser that knows nothing yet, at a time that stands still."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, reduced_motion="reduce", **options
    )
    page = context.new_page()
    page.foreign, page.said = keep_inside(page, path.parent.as_uri()), []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.clock.set_fixed_time(at)
    page.goto(path.as_uri())
    page.locator(".card").wait_for()
    try:
        yield page
        assert page.foreign == []
        assert page.said == []
    finally:
        context.close()


def ask(page, kind, level=1, turn=0):
    """Ask an item of a kind; return it."""
    page.evaluate(f"(a) => {API}.ask(...a)", [kind, {"level": level, "turn": turn}])
    return page.evaluate(ITEM)


def typed(form, value):
    """Write an answer as a student may type it."""
    if form == "grid":
        return "\n".join(" ".join(map(str, row)) for row in value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def answer(page, value, form="number"):
    field = page.locator(".card .typed")
    field.fill(typed(form, value))
    field.press("Control+Enter" if form == "grid" else "Enter")


def said(page):
    return page.locator(".said").inner_text().replace("\n", " ")


def kept(page):
    return page.evaluate("JSON.parse(localStorage.getItem('cnnlib-practice')).kinds")


def press(page, words):
    page.get_by_role("button", name=words, exact=True).click()


# ---- the schedule -----------------------------------------------------------------


def reviews(seed=5, cards=50, each=20):
    """Yield (card, rating, time): gaps of minutes, or of whole days.

    py-fsrs counts spans of 24 hours, ts-fsrs the dates in between; of these gaps both
    count the same number of days.
    """
    dice = random.Random(seed)
    for card in range(cards):
        now = NOON
        for _ in range(each):
            days = dice.choice([0, 0, 1, 2, 3, 7, 20, 60])
            minutes = dice.choice([1, 6, 10])
            now += timedelta(days=days) if days else timedelta(minutes=minutes)
            yield card, dice.choices([1, 2, 3], [2, 1, 5])[0], now


def milliseconds(at):
    return int(at.timestamp() * 1000)


def test_the_schedule_is_that_of_py_fsrs_on_a_thousand_reviews(browser, tmp_path):
    scheduler, cards = Scheduler(enable_fuzzing=False), {}
    told, wanted = [], []
    for name, rating, now in reviews():
        before = cards.get(name, Card(card_id=name + 1))
        after, _ = scheduler.review_card(before, Rating(rating), now)
        cards[name] = after
        told.append([name, rating, milliseconds(now)])
        wanted.append((before.state, rating, after))
    path = tmp_path / "engine.html"
    path.write_text(
        "<!doctype html><title>x</title><script>window.rated = (() => {"
        f"{bundle('items/schedule')} return rated; }})();</script>",
        "utf-8",
    )
    page = browser.new_page()
    page.goto(path.as_uri())
    found = page.evaluate(
        "(told) => { const cards = {}; return told.map(([name, rating, now]) =>"
        " (cards[name] = window.rated(cards[name], rating, now))); }",
        told,
    )
    page.close()
    assert len(found) == 1000
    same_due = 0
    for (state, rating, card), mine in zip(wanted, found, strict=True):
        assert mine["state"] == card.state.value
        assert mine["stability"] == pytest.approx(card.stability, rel=1e-6)
        assert mine["difficulty"] == pytest.approx(card.difficulty, abs=1e-6)
        later = mine["due"] - milliseconds(card.due)
        if state == State.Review and rating == Rating.Good:
            # ts-fsrs, as Anki: a good answer comes at least a day after a hard one
            assert later in (0, 86_400_000)
        elif state == State.Learning and rating == Rating.Hard:
            # ts-fsrs: the mean of both steps at every step, in whole minutes
            assert abs(later) <= 4 * 60_000
        else:
            assert later == 0
        same_due += later == 0
    assert same_due > 800


PICK = """([due, last, ahead]) => {
    const kinds = { a: ["00"], b: ["00"], c: ["01"], d: ["01"] };
    const kept = Object.fromEntries(Object.entries(due).map(([name, minutes]) =>
        [name, { card: { due: 60000 * minutes, state: 1 } }]));
    const random = () => 0;
    const names = Object.keys(kinds);
    return window.pick({ kinds, names, kept, now: 0, last, ahead, random }) ?? null;
}"""


@pytest.mark.parametrize(
    ("due", "last", "ahead", "wanted"),
    [
        ({}, "d", False, "a"),
        ({}, "a", False, "c"),
        ({"a": -9, "c": -5}, "d", False, "a"),
        ({"a": -9, "c": -5}, "b", False, "c"),
        ({"a": -9, "b": -5}, "a", False, "b"),
        ({"a": 5}, "b", False, "c"),
        ({"a": -5}, "a", False, "c"),
        ({"a": 8, "b": 7, "c": 9, "d": 30}, "d", False, "b"),
        ({"a": 40, "b": 50, "c": 60, "d": 30}, "a", False, None),
        ({"a": 40, "b": 50, "c": 60, "d": 30}, "a", True, "d"),
    ],
)
def test_what_is_due_comes_first_and_lessons_are_mixed(
    browser, tmp_path, due, last, ahead, wanted
):
    path = tmp_path / "pick.html"
    path.write_text(
        "<!doctype html><title>x</title><script>window.pick = (() => {"
        f"{bundle('items/schedule')} return nextKind; }})();</script>",
        "utf-8",
    )
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate(PICK, [due, last, ahead]) == wanted
    page.close()


# ---- answers ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def any_page(browser, folder):
    """A page on which items of any kind are asked; what it keeps does not matter."""
    with opened(browser, folder / "all.html") as page:
        yield page


@pytest.mark.parametrize("kind", [k for k, v in kinds().items() if v.form != "choice"])
def test_right_and_wrong_answers_of_every_kind_are_told_apart(any_page, kind):
    page, form = any_page, kinds()[kind].form
    for level in (1, 2, 3):
        item = ask(page, kind, level, level)
        for value, text, sentence in item["wrong"]:
            ask(page, kind, level, level)
            answer(page, value, form)
            assert "is not it." in said(page), text
            assert re.split(r"[`*-]", sentence)[0].strip() in said(page)
            assert page.locator(".card .typed").get_attribute("readonly") is None
        ask(page, kind, level, level)
        answer(page, item["answer"], form)
        assert "is right." in said(page)


@pytest.mark.parametrize("kind", list(kinds()))
def test_every_kind_can_be_answered_by_choosing(any_page, kind):
    page = any_page
    if page.get_by_role("button", name="Choose answers instead").count():
        press(page, "Choose answers instead")
    item = ask(page, kind, 2, 1)
    options = page.locator(".card .option")
    assert options.count() == len(item["options"]) >= 3
    wrong = next(k for k, place in enumerate(item["options"]) if place >= 0)
    options.nth(wrong).click()
    assert "is not it." in said(page)
    assert options.nth(wrong).get_attribute("aria-disabled") == "true"
    options.nth(item["options"].index(-1)).click()
    assert "is right." in said(page)
    assert options.nth(0).get_attribute("aria-disabled") == "true"


READ = [
    ("20,087", "number", [20.087, 20087]),
    ("4,25", "number", [4.25]),
    ("\u22123", "number", [-3]),
    ("50 %", "number", [0.5, 50]),
    ("17/4", "number", [4.25]),
    ("(5*5*3 + 1)*8", "number", [608]),
    ("2 - 5", "number", [-3]),
    ("400 bytes", "number", [400]),
    ("fifty", "number", []),
    ("(2", "number", []),
    ("", "number", []),
    ("14 x 12", "size", [[14, 12]]),
    ("(8, 3, 14, 14)", "shape", [[8, 3, 14, 14]]),
    ("[1, 2.5, -3]", "row", [[1, 2.5, -3]]),
    ("0,5 0,25", "row", [[0.5, 0.25]]),
    ("1 2\n3 4", "grid", [[[1, 2], [3, 4]]]),
    ("[1, 2], [3, 4]", "grid", [[[1, 2], [3, 4]]]),
    ("1, x", "row", []),
]


def test_what_a_person_types_is_read(browser, tmp_path):
    path = tmp_path / "reading.html"
    path.write_text(
        "<!doctype html><title>x</title><script>window.read = (() => {"
        f"{bundle('items/reading')} return {{ readings, judged }}; }})();</script>",
        "utf-8",
    )
    page = browser.new_page()
    page.goto(path.as_uri())
    for text, form, wanted in READ:
        found = page.evaluate("([t, f]) => window.read.readings(t, f)", [text, form])
        assert found == wanted, text
    judged = (
        "([answer, wrong, text]) =>"
        " window.read.judged({answer, wrong}, 'number', text).kind"
    )
    for right, wrong, text, kind in (
        (0.67, [[0.7, "0.7", ""]], "2/3", "right"),
        (0.67, [[0.7, "0.7", ""]], "0.7", "wrong"),
        (0.67, [[0.672, "0.672", ""]], "0.672", "wrong"),
        (0.3333, [], "0.3", "ask"),
        (0.3333, [], "0.34", "wrong"),
        (1250, [[1.25, "1.25", ""]], "1,250", "right"),
        (16, [], "16.2", "wrong"),
        (2.5, [], "2.50%", "right"),
        (0.025, [], "2.5 %", "right"),
        (2.5, [], "0.025", "wrong"),
    ):
        assert page.evaluate(judged, [right, wrong, text]) == kind, text
    place = judged.replace(".kind", ".wrong")
    known = [[1.8663, "1.8663", ""], [3.1, "3.1", ""]]
    for text, wanted in (("1.87", 0), ("1.866", 0), ("1.8663", 0), ("1.86", -1)):
        assert page.evaluate(place, [2.1547, known, text]) == wanted, text
    two = [[1.8663, "1.8663", ""], [1.8704, "1.8704", ""]]
    assert page.evaluate(place, [2.1547, two, "1.87"]) == -1
    page.close()


# ---- what an answer is worth ------------------------------------------------------


def due_in(page, kind):
    """Minutes until a kind is due."""
    return (kept(page)[kind]["card"]["due"] - milliseconds(NOON)) / 60_000


def test_a_right_first_answer_is_good_a_helped_one_hard_a_wrong_one_again(
    browser, folder
):
    with opened(browser, folder / "all.html") as page:
        item = ask(page, "conv-params")
        answer(page, item["answer"])
        assert due_in(page, "conv-params") == 10
        assert kept(page)["conv-params"]["level"] == 2
        assert "Comes again in 10 minutes." in said(page)

        item = ask(page, "linear-params")
        press(page, "A hint")
        assert page.locator(".worked li").count() == 1
        answer(page, item["answer"])
        assert due_in(page, "linear-params") == 6

        item = ask(page, "mult-adds", 2)
        answer(page, 1)
        page.keyboard.press("Enter")  # pressed twice: not another try
        assert due_in(page, "mult-adds") == 1
        assert kept(page)["mult-adds"]["level"] == 1
        answer(page, item["answer"])
        assert due_in(page, "mult-adds") == 6
        assert kept(page)["mult-adds"]["card"]["reps"] == 1

        item = ask(page, "map-memory")
        answer(page, 1)
        answer(page, 2)
        answer(page, item["answer"])
        assert due_in(page, "map-memory") == 1

        ask(page, "receptive-field")
        press(page, "Show the solution")
        assert due_in(page, "receptive-field") == 1
        assert page.locator(".worked li").count() == len(page.evaluate(ITEM)["steps"])


def test_a_hint_never_gives_the_answer_and_the_steps_go_on_after_it(browser, folder):
    with opened(browser, folder / "all.html") as page:
        item = ask(page, "receptive-field")
        count = len(item["steps"])
        press(page, "A hint")
        for _ in range(count - 2):
            press(page, "One more hint")
        assert page.get_by_role("button", name="One more hint").count() == 0
        assert page.locator(".worked li").count() == count - 1
        answer(page, item["answer"])
        press(page, f"Step {count} of {count}")
        assert page.locator(".worked li").count() == count


@pytest.mark.parametrize("kind", ["window-sum", "overlapping-pool", "output-size"])
def test_the_picture_is_of_this_very_item(browser, folder, kind):
    with opened(browser, folder / "all.html") as page:
        item = ask(page, kind)
        assert not page.get_by_role("button", name="Show the picture").is_visible()
        answer(page, item["answer"])
        press(page, "Show the picture")
        shown = page.locator(".shown-picture")
        if kind == "output-size":
            assert f"= {item['answer']}" in shown.locator(".formula").first.inner_text()
        else:
            data, (i, j) = item["show"]["data"], item["show"]["place"]
            assert data["output"][0][i][j] == item["answer"]
            count = len(data["output"][0]) * len(data["output"][0][0])
            at = i * len(data["output"][0][0]) + j + 1
            assert f"{at} of {count}" in shown.locator(".bar").inner_text()
        press(page, "Hide the picture")
        assert not shown.is_visible()


def test_a_heading_is_linked_once_the_item_is_answered(browser, folder):
    with opened(browser, folder / "03.html") as page:
        item = ask(page, "max-pool")
        assert not page.locator(".read a").is_visible()
        answer(page, item["answer"], "grid")
        assert (
            page.locator(".read a").get_attribute("href")
            == "../notebooks/03_pooling.html#one-window-one-number"
        )


# ---- the order, and what is kept --------------------------------------------------


def work(page, right=lambda k: True):
    """Answer what is asked by keyboard alone; return the kind."""
    kind = page.evaluate(f"() => {API}.state.kind")
    item, form = page.evaluate(ITEM), kinds()[kind].form
    k = page.evaluate("() => (window.worked = (window.worked ?? 0) + 1)")
    if form == "choice":
        place = item["options"].index(-1)
        for _ in range(place):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    else:
        value = item["answer"] if right(k) else item["wrong"][0][0]
        page.keyboard.insert_text(typed(form, value))
        page.keyboard.press("Control+Enter" if form == "grid" else "Enter")
        if not right(k):
            page.keyboard.press("Control+A")
            page.keyboard.insert_text(typed(form, item["answer"]))
            page.keyboard.press("Control+Enter" if form == "grid" else "Enter")
    assert "is right." in said(page)
    page.keyboard.press("Enter")
    return kind


def test_a_hundred_items_are_worked_by_keyboard_alone(browser, folder):
    with opened(browser, folder / "all.html") as page:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('.typed, .option')"):
                break
        asked = []
        for k in range(100):
            page.clock.set_fixed_time(NOON + timedelta(minutes=k))
            asked.append(work(page, right=lambda k: k % 5))
        lessons = [kinds()[kind].lesson for kind in asked]
        assert len(set(asked)) > 40
        assert all(one != next_ for one, next_ in itertools.pairwise(asked))
        mixed = sum(one != other for one, other in itertools.pairwise(lessons))
        assert mixed > 80


def test_it_survives_a_reload_and_comes_back_when_it_is_due(browser, folder):
    with opened(browser, folder / "03.html") as page:
        ask(page, "pool-size")
        answer(page, page.evaluate(ITEM)["answer"])
        before = kept(page)
        page.reload()
        page.locator(".card").wait_for()
        assert kept(page) == before
        assert "begun 1" in page.locator(".counts").inner_text()
        page.clock.set_fixed_time(NOON + timedelta(minutes=11))
        page.reload()
        page.locator(".card").wait_for()
        assert page.evaluate(f"() => {API}.state.kind") == "pool-size"
        assert "level 2 of 3 · seen before" in page.locator(".meta").inner_text()
        answer(page, page.evaluate(ITEM)["answer"])
        assert "Comes again in 2 days." in said(page)


def test_when_all_is_done_it_says_when_the_next_comes(browser, folder):
    with opened(browser, folder / "03.html") as page:
        count = len(page.evaluate(f"() => Object.keys({API}.state.items)"))
        for k in range(2 * count):
            page.clock.set_fixed_time(NOON + timedelta(minutes=k))
            kind = page.evaluate(f"() => {API}.state.kind")
            answer(page, page.evaluate(ITEM)["answer"], kinds()[kind].form)
            press(page, "Next")
        assert (
            "Nothing is due; the next item comes in 2 days."
            in page.locator(".card").inner_text()
        )
        press(page, "Practise all the same")
        assert page.evaluate(ITEM)
        page.clock.set_fixed_time(NOON + timedelta(days=2, hours=-5))  # that morning
        page.reload()
        page.locator(".card").wait_for()
        assert "due now 8" in page.locator(".counts").inner_text()


def test_it_moves_by_file_and_is_forgotten_on_demand(browser, folder, tmp_path):
    with opened(browser, folder / "all.html") as page:
        for kind in ("conv-params", "pool-size"):
            ask(page, kind)
            answer(page, page.evaluate(ITEM)["answer"])
        before = kept(page)
        with page.expect_download() as download:
            press(page, "Save as a file")
        file = tmp_path / "mine.json"
        download.value.save_as(file)
        press(page, "Forget everything")
        press(page, "No, keep it")
        assert kept(page) == before
        press(page, "Forget everything")
        press(page, "Yes, forget it")
        assert kept(page) == {}
        assert page.locator(".counts").inner_text().endswith("all new.")
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_text("Loaded:").wait_for()
        assert kept(page) == before
    assert json.loads(file.read_text())["format"] == "cnnlib practice 1"
    with opened(browser, folder / "all.html") as page:
        assert page.locator(".offer").is_visible()
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_text("Loaded:").wait_for()
        assert kept(page) == before
        for text, words in (("{}", "not one of practice"), ("?", "holds no JSON")):
            file.write_text(text)
            page.locator("input[type=file]").set_input_files(file)
            page.get_by_text(words).wait_for()
        assert kept(page) == before


def test_of_two_pages_the_later_answer_counts(browser, folder):
    with opened(browser, folder / "all.html") as page:
        other = page.context.new_page()
        other.goto((folder / "all.html").as_uri())
        other.locator(".card").wait_for()
        for one, kind in ((page, "conv-params"), (other, "pool-size")):
            ask(one, kind)
            answer(one, one.evaluate(ITEM)["answer"])
        assert set(kept(page)) == {"conv-params", "pool-size"}
        page.clock.set_fixed_time(NOON + timedelta(minutes=5))  # of both pages
        later = ask(other, "conv-params", 2)
        answer(other, later["answer"])
        ask(page, "linear-params")
        answer(page, page.evaluate(ITEM)["answer"])
        assert kept(page)["conv-params"]["level"] == 3
        page.clock.set_fixed_time(NOON + timedelta(minutes=6))
        press(page, "Forget everything")
        press(page, "Yes, forget it")
        page.clock.set_fixed_time(NOON + timedelta(minutes=7))
        ask(other, "max-pool")
        answer(other, other.evaluate(ITEM)["answer"], "grid")
        assert set(kept(page)) == {"max-pool"}
        other.close()


def test_a_lesson_that_was_forgotten_stays_so_on_other_pages(browser, folder):
    with opened(browser, folder / "all.html") as page:
        other = page.context.new_page()
        other.goto((folder / "03.html").as_uri())
        other.locator(".card").wait_for()
        for kind in ("conv-params", "pool-size"):
            ask(page, kind)
            answer(page, page.evaluate(ITEM)["answer"])
        page.clock.set_fixed_time(NOON + timedelta(minutes=5))
        press(other, "Forget this lesson")
        press(other, "Yes, forget it")
        page.clock.set_fixed_time(NOON + timedelta(minutes=6))
        ask(page, "linear-params")
        answer(page, page.evaluate(ITEM)["answer"])
        assert set(kept(page)) == {"conv-params", "linear-params"}
        other.close()


def test_where_the_browser_keeps_nothing_it_works_and_says_so(browser, folder):
    refuse = "{ get() { throw Error(); } }"
    blocked = f"Object.defineProperty(window, 'localStorage', {refuse})"
    context = browser.new_context()
    context.add_init_script(blocked)
    page = context.new_page()
    page.goto((folder / "03.html").as_uri())
    page.locator(".card").wait_for()
    assert "This browser keeps nothing here" in page.locator(".kept").inner_text()
    ask(page, "pool-size")
    answer(page, page.evaluate(ITEM)["answer"])
    assert "is right." in said(page)
    press(page, "Next")
    assert "begun 1" in page.locator(".counts").inner_text()
    context.close()


def test_goals_show_what_is_mastered(browser, folder):
    with opened(browser, folder / "03.html") as page:
        for day in (0, 0.01, 2, 14):
            page.clock.set_fixed_time(NOON + timedelta(days=day))
            known = f"{API}.memory.kept.kinds"
            before = page.evaluate(f"() => {known}['pool-size'] ?? null")
            page.evaluate(
                f"(b) => {API}.ask('pool-size', b ?? {{level: 1, turn: 0}})", before
            )
            answer(page, page.evaluate(ITEM)["answer"])
        page.get_by_text("What you know").click()
        row = page.locator(".goals tr", has_text="The stride is the window")
        assert "1 of 1" in row.inner_text()
        assert (
            "Mastered 1 of 8, begun 1, due now 0."
            in page.locator(".counts").inner_text()
        )


# ---- where to begin ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("missed", "words", "chosen"),
    [
        ((), "10 of 10 items were right. You know it all: practise.", 10),
        (("conv-params", "vgg-blocks"), "Begin with lesson 04", 4),
        (("to-torch-shape", "window-sum", "output-size"), "Begin with lesson 00", 10),
        (("window-sum", "vgg-blocks", "hook-shape"), "Begin with lesson 06", 6),
        (("recall-or-precision",), "Begin with lesson 09", 9),
        (("window-sum",), "You know most of it", 10),
    ],
)
def test_ten_items_say_where_to_begin(browser, folder, missed, words, chosen):
    with opened(browser, folder / "all.html") as page:
        press(page, "Find where to begin")
        for kind in PLACEMENT:
            assert page.evaluate(f"() => {API}.state.kind") == kind
            if kind in missed:
                press(page, "I do not know")
            else:
                answer(page, page.evaluate(ITEM)["answer"], kinds()[kind].form)
            press(page, "Next")
        told = page.locator(".placed").inner_text()
        assert words in told
        if missed == ("window-sum", "vgg-blocks", "hook-shape"):
            assert "01 One window: multiply, then add" in told
        pressed = page.locator(".chip[aria-pressed=true]")
        assert pressed.count() == chosen
        assert set(kept(page)) == set(PLACEMENT) - set(missed)
        page.locator(".card button").last.click()
        assert page.evaluate(ITEM)


def test_none_of_the_ten_items_is_passed_over_by_the_bar(browser, folder):
    with opened(browser, folder / "all.html") as page:
        press(page, "Find where to begin")
        for words in ("Choose answers instead", "Type answers instead"):
            press(page, words)
            assert page.evaluate(f"() => {API}.state.kind") == PLACEMENT[0]
        page.locator(".chip").first.click()
        assert page.evaluate(f"() => {API}.state.kind") == PLACEMENT[0]
        assert page.evaluate(f"() => {API}.state.trial.place") == 1


# ---- for everybody ----------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_axe_finds_no_violation_and_nothing_is_wide(browser, folder, scheme, width):
    wide = "document.documentElement.scrollWidth - innerWidth"
    with opened(browser, folder / "all.html", width=width, color_scheme=scheme) as page:
        assert page.locator(".cnnlib-visual").get_attribute("data-theme") == scheme
        for kind in ("max-pool", "missing-line", "summary-row", "colour-window"):
            item = ask(page, kind, 3)
            if kinds()[kind].form == "choice":
                page.locator(".option").nth(item["options"].index(0)).click()
            else:
                answer(page, item["wrong"][0][0], kinds()[kind].form)
            press(page, "Show the solution")
            if item.get("show"):
                press(page, "Show the picture")
            assert page.evaluate(wide) <= 0, kind
            found = Axe().run(page)
            assert not found.violations_count, found.generate_report()
        page.get_by_text("What you know").click()
        assert page.evaluate(wide) <= 0
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()


@pytest.mark.parametrize("kind", list(kinds()))
def test_no_item_is_wider_than_a_phone(phone, kind):
    for level in (1, 2, 3):
        item = ask(phone, kind, level, level)
        press(phone, "Show the solution")
        if item.get("show"):
            press(phone, "Show the picture")
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert phone.evaluate(wide) <= 0


@pytest.fixture(scope="module")
def phone(browser, folder):
    with opened(browser, folder / "all.html", width=375) as page:
        yield page


def test_every_control_is_reached_and_large_enough(browser, folder):
    with opened(browser, folder / "all.html", width=375) as page:
        ask(page, "max-pool")
        reached = tabbed(page)
        assert all(one["ring"] and one["seen"] for one in reached if one["live"])
        names = " ".join(one["name"] for one in reached)
        for name in ("Find where to begin", "Lesson 03", "Check", "A hint", "Save as"):
            assert name in names
        small = page.evaluate(
            "() => [...document.querySelectorAll('.live :is(button, summary, .typed)')]"
            ".filter((e) => e.offsetParent && e.getBoundingClientRect().height < 44)"
            ".map((e) => e.textContent)"
        )
        assert small == []


def test_what_is_right_and_wrong_is_said_not_only_coloured(browser, folder):
    with opened(browser, folder / "all.html", forced_colors="active") as page:
        item = ask(page, "missing-line")
        assert page.get_by_role("group", name=item["text"]).count() == 1
        status = page.locator(".said")
        assert status.get_attribute("role") == "status"
        page.locator(".option").nth(item["options"].index(0)).click()
        assert page.locator(".option.wrong .mark").inner_text() == "✗"
        page.locator(".option").nth(item["options"].index(-1)).click()
        assert page.locator(".option.right .mark").inner_text() == "✓"
        assert status.inner_text().startswith("✓")
