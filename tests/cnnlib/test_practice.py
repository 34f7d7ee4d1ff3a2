"""The items of practice: what can be drawn, and that each is as it should be."""

import json
import re
from pathlib import Path

import pytest

import cnnlib
from cnnlib import practice
from cnnlib.practice.items import Option, shown
from cnnlib.practice.registry import LEVELS, kinds
from tools.practice_proof import faults

LESSONS = Path(__file__).parents[2] / "lessons"
SEEDS = 30


def _headings(lesson):
    """Return the headings of a lesson, as they stand in its source."""
    (source,) = [
        path
        for path in LESSONS.glob(f"{lesson}_*.py")
        if not path.stem.endswith("_exercise")
    ]
    titles = re.findall(r"^# #{2,3} (.+)$", source.read_text("utf-8"), re.MULTILINE)
    return [title.removesuffix(" <!-- extra -->") for title in titles]


def _some(kind):
    """Draw an item of each level."""
    return [practice.draw(kind, 7, level) for level in LEVELS]


@pytest.mark.parametrize("kind", list(kinds()))
def test_every_item_is_as_it_should_be(kind):
    found = []
    for seed in range(SEEDS):
        item = practice.draw(kind, seed, 1 + seed % 3)
        found += faults(item, kinds()[kind])
    assert found == []


@pytest.mark.parametrize("kind", list(kinds()))
def test_its_heading_stands_in_its_lesson_once(kind):
    assert _headings(kinds()[kind].lesson).count(kinds()[kind].heading) == 1


def test_there_are_enough_and_every_lesson_has_some():
    assert len(practice.items()) >= 40
    for lesson in (f"{number:02}" for number in range(8)):
        assert len(practice.items([lesson])) >= 5


def test_items_go_by_lesson():
    assert practice.items(["03", "01"]) == practice.items(["01"]) + practice.items(
        ["03"]
    )
    assert {practice.draw(kind, 0).lesson for kind in practice.items(["02"])} == {"02"}


def test_names_are_told_apart():
    assert len(practice.items()) == len(set(practice.items()))
    for kind in kinds().values():
        names = [slip.name for slip in kind.slips]
        assert len(names) == len(set(names)), kind.name


@pytest.mark.parametrize("kind", list(kinds()))
def test_the_same_seed_gives_the_same_item(kind):
    once, again = _some(kind), _some(kind)
    assert once == again
    others = [practice.draw(kind, seed, 2) for seed in range(8)]
    assert len({repr((item.text, item.blocks)) for item in others}) > 1


@pytest.mark.parametrize("kind", list(kinds()))
def test_an_item_is_plain_data(kind):
    for item in _some(kind):
        data = item.as_data()
        copy = json.loads(json.dumps(data))
        assert copy["text"] == item.text
        assert [option["text"] for option in copy["options"]] == [
            option.text for option in item.options
        ]


def test_the_right_option_stands_in_no_fixed_place():
    places = {
        [option.right for option in practice.draw("output-size", seed).options].index(
            True
        )
        for seed in range(40)
    }
    assert places == {0, 1, 2, 3}


def _with_pictures():
    return [kind for kind in kinds() if any(item.show for item in _some(kind))]


@pytest.mark.parametrize("kind", _with_pictures())
def test_its_picture_can_be_drawn(kind):
    item = next(item for item in _some(kind) if item.show)
    picture = getattr(cnnlib, item.show.call)(**item.show.arguments)
    assert str(picture)
    if item.show.place and item.form == "number":
        drawn = picture.output[0][item.show.place]
        assert drawn == pytest.approx(item.answer)


def test_many_kinds_have_a_picture():
    assert len(_with_pictures()) >= 15


def test_levels_differ():
    for kind in practice.items():
        texts = {
            level: {repr(practice.draw(kind, seed, level)) for seed in range(5)}
            for level in LEVELS
        }
        assert not texts[1] & texts[3], kind


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (20087, "number", "20,087"),
        (0.5, "number", "0.5"),
        (-0.25, "number", "-0.25"),
        ((14, 12), "size", "14x12"),
        ((3,), "shape", "(3,)"),
        ([1, 2.5], "row", "[1, 2.5]"),
        ([[1, 2], [3, 4]], "grid", "[1, 2], [3, 4]"),
        ("optimizer.step()", "choice", "optimizer.step()"),
    ],
)
def test_answers_are_written(value, form, text):
    assert shown(value, form) == text


def test_an_option_is_right_when_no_mistake_made_it():
    assert Option(3, "3").right
    assert not Option(4, "4", "one too many", "Here one is too many.").right


def test_what_there_is_not_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"no kind of item 'poling'; the kinds are"):
        practice.draw("poling", 0)
    with pytest.raises(ValueError, match="A level is 1, 2 or 3, but it is 4"):
        practice.draw("max-pool", 0, 4)
    with pytest.raises(ValueError, match="no items for lesson 12; there are for 00"):
        practice.items(["12"])


def test_its_public_names():
    assert dir(practice) == ["Item", "draw", "items"]
    assert "practice" not in cnnlib.__all__
