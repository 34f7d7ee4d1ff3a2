"""The picture of practice: what the page is given, and that it leads to the lessons."""

import base64
import hashlib
import json
import re
import zlib
from pathlib import Path

import pytest
from docutils.nodes import make_id

from cnnlib import explore_sizes, practice, step_conv, step_pool
from cnnlib.practice.registry import LEVELS, kinds
from cnnlib.visuals import Practice
from cnnlib.visuals import practice as show_practice
from cnnlib.visuals.items import packing
from cnnlib.visuals.items.lessons import LESSONS, anchor, page
from cnnlib.visuals.items.practice import PLACEMENT
from cnnlib.visuals.shared.bundle import bundle, style

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "cnnlib" / "visuals" / "items" / "vendor" / "ts-fsrs"


@pytest.fixture(scope="module")
def everything():
    return show_practice()


def unpacked(picture):
    return json.loads(zlib.decompress(base64.b64decode(picture.data["items"])))


def sources():
    files = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.py"))
    return [path for path in files if not path.stem.endswith("_exercise")]


def test_the_lessons_are_those_of_the_course():
    titles = {
        path.stem[:2]: (
            path.stem[3:],
            re.search(r"^# # \d\d (.+)$", path.read_text("utf-8"), re.M)[1],
        )
        for path in sources()
    }
    assert titles == LESSONS
    assert page("03") == "03_pooling.html"


def test_anchors_are_those_that_docutils_makes():
    headings = [
        heading
        for path in sources()
        for heading in re.findall(r"^# #{2,3} (.+)$", path.read_text("utf-8"), re.M)
    ]
    assert len(headings) > 100
    for heading in [*headings, "1 x 1 convolutions", "Röntgen: 3 × 3"]:
        assert anchor(heading) == make_id(heading)


def test_every_kind_is_there_at_every_level_without_repeats(everything):
    items = unpacked(everything)
    assert list(items) == practice.items() == list(everything.data["kinds"])
    for name, levels in items.items():
        assert len(levels) == len(LEVELS)
        for some in levels:
            asked = [json.dumps([item["text"], item["blocks"]]) for item in some]
            assert len(set(asked)) == len(asked) >= 5, name


def test_an_item_in_the_page_is_the_item_that_python_draws(everything):
    items = unpacked(everything)
    for name in ("max-pool", "missing-line", "receptive-field", "weight-shape"):
        item = practice.draw(name, 0, 2)
        found = items[name][1][0]
        assert found["text"] == item.text
        assert found["answer"] == json.loads(json.dumps(item.answer))
        assert found["steps"] == list(item.steps)
        assert [wrong[1:] for wrong in found["wrong"]] == [
            [option.text, option.sentence] for option in item.wrong
        ]
        shown = [
            found["right"] if place < 0 else found["wrong"][place][1]
            for place in found["options"]
        ]
        assert shown == [option.text for option in item.options]
        assert found["blocks"] == json.loads(
            json.dumps(
                [
                    {"kind": b.kind, "rows": b.rows}
                    | ({"caption": b.caption} if b.caption else {})
                    | ({"head": b.head} if b.head else {})
                    for b in item.blocks
                ]
            )
        )


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("window-sum", step_conv),
        ("strided-number", step_conv),
        ("colour-window", step_conv),
        ("max-pool", step_pool),
        ("overlapping-pool", step_pool),
    ],
)
def test_the_picture_of_an_item_is_the_one_of_the_lessons(name, make):
    item = practice.draw(name, 0, 3)
    data = packing.for_page(item)["show"]["data"]
    assert data == make(**item.show.arguments).data


def test_sizes_stand_on_both_sides():
    item = practice.draw("output-size", 0, 1)
    left = item.show.arguments["left"]
    data = packing.for_page(item)["show"]["data"]
    assert data == explore_sizes(left, left).data


def test_the_page_for_all_lessons_is_small(everything, tmp_path):
    everything.save(tmp_path / "all.html")
    assert (tmp_path / "all.html").stat().st_size < 1_000_000


def test_the_placement_goes_through_the_lessons_in_order(everything):
    lessons = [kinds()[name].lesson for name in PLACEMENT]
    assert len(PLACEMENT) == len(set(PLACEMENT)) == 10
    assert lessons == [f"{number:02}" for number in range(10)]
    assert everything.data["placement"] == list(PLACEMENT)
    assert show_practice("03").data["placement"] == []


def test_one_lesson_has_its_own_items_alone():
    picture = show_practice("03", address="../notebooks/")
    assert isinstance(picture, Practice)
    assert list(picture.data["kinds"]) == practice.items(["03"])
    assert picture.data["lessons"] == [
        ["03", "Pooling", "../notebooks/03_pooling.html"]
    ]
    assert "03 Pooling" in picture.sentence
    assert picture.title == picture.data["title"] == "Practice: 03 Pooling"


def test_links_lead_to_the_published_course():
    [[_, _, address]] = show_practice("03").data["lessons"]
    assert re.fullmatch(r"https://[\w.-]+/[\w-]+/notebooks/03_pooling\.html", address)


@pytest.mark.parametrize("lesson", ["12", "3", 3, "pooling"])
def test_a_lesson_without_items_is_refused_in_a_sentence(lesson):
    with pytest.raises(ValueError, match="practice takes a lesson such as '00', or"):
        show_practice(lesson)


def test_the_schedule_is_as_it_was_published():
    told = (VENDOR / "README.md").read_text("utf-8")
    digest = hashlib.sha256((VENDOR / "index.mjs").read_bytes()).hexdigest()
    assert digest in told
    assert (VENDOR / "LICENSE").read_text("utf-8").startswith("MIT License")


def test_a_library_and_a_picture_keep_their_names_to_themselves():
    code = bundle("items/practice")
    assert "const fsrs = (() => {" in code
    assert "const renderStep = (() => {" in code
    assert code.count("function mount(") == 1
    assert code.count("function numberGrid(") == 1
    rules = style("items/practice")
    assert rules.count(".V .window {") == style("step/step_conv").count(".V .window {")
    assert ".V .pair" in rules
    assert ".V .worked" in rules
