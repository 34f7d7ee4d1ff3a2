"""The proof of the items finds what is wrong with one."""

import re
from contextlib import suppress
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from cnnlib.practice.items import Option, Show
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.practice.registry import LEVELS, draw, kinds
from tools.build.build import ROOT
from tools.practice_proof import (
    CALLS,
    HEADING,
    TABLE,
    Proof,
    by_the_checker,
    faults,
    prove,
    reading_faults,
    unknown_mistakes,
)

KIND = kinds()["output-size"]


def _found(item, kind=KIND):
    return " | ".join(faults(item, kind))


def _item(seed=0, kind=KIND):
    return draw(kind.name, seed, 2)


def _changed(**changed):
    return replace(_item(), **changed)


def _wrong(item, **changed):
    """Change the first wrong answer, among the options as well."""
    first = item.wrong[0]
    other = replace(first, **changed)

    def put(options):
        return tuple(other if option == first else option for option in options)

    return replace(item, wrong=put(item.wrong), options=put(item.options))


def test_an_item_as_it_is_drawn_has_no_fault():
    assert faults(_item(), KIND) == []


def _two_right(item):
    right = next(option for option in item.options if option.right)
    return replace(item, options=(*item.options[:2], right, right))


def _no_right(item):
    return replace(
        item, options=tuple(option for option in item.options if not option.right)
    )


BROKEN = {
    "two right options": (_two_right, "not exactly one option is right"),
    "no right option": (_no_right, "not exactly one option is right"),
    "another answer": (
        lambda item: replace(item, answer=item.answer + 1),
        "the right answer is not",
    ),
    "two options": (
        lambda item: replace(item, options=item.options[:2]),
        "there are 2 options",
    ),
    "the same option twice": (
        lambda item: replace(item, options=(*item.options[:3], item.options[0])),
        "two options are the same",
    ),
    "an option of nobody": (
        lambda item: replace(
            item, options=(*item.options[:-1], Option(99, "99", "made up", "Here."))
        ),
        "the wrong option 99 is no known wrong answer",
    ),
    "a wrong answer of another mistake": (
        lambda item: _wrong(item, mistake=item.wrong[1].mistake),
        "is not what",
    ),
    "a wrong answer left out": (
        lambda item: replace(item, wrong=item.wrong[1:]),
        "the wrong answers are not those that the mistakes give",
    ),
    "text and value apart": (
        lambda item: _wrong(item, text="1,000"),
        "is not what its value says",
    ),
    "a perhaps too many": (
        lambda item: _wrong(item, sentence="Perhaps so."),
        "has the causes",
    ),
    "steps that do not arrive": (
        lambda item: replace(item, steps=("Divide.",)),
        "the last step does not say",
    ),
    "a question without its numbers": (
        lambda item: replace(item, text="How high is the output?"),
        "the question does not show",
    ),
    "a picture that cannot be drawn": (
        lambda item: replace(
            item, show=Show("explore_sizes", {"left": {"size": 40, "kernel_size": 3}})
        ),
        "explore_sizes does not draw size=40",
    ),
    "a long question": (
        lambda item: replace(item, text=item.text + " And so on." * 20),
        "words",
    ),
    "a question in long words": (
        lambda item: replace(item, text=item.text + " Notwithstanding."),
        "long words: Notwithstanding",
    ),
    "a fact left in braces": (
        lambda item: _wrong(item, sentence="Here {p} is forgotten."),
        "a sign that does not belong",
    ),
}


@pytest.mark.parametrize(("broken", "fault"), BROKEN.values(), ids=BROKEN)
def test_a_broken_item_is_found(broken, fault):
    item = next(
        item
        for item in map(_item, range(50))
        if item.wrong[0] in item.options
        and not item.wrong[0].sentence.startswith("Perhaps")
        and len(item.options) == 4
        and not item.options[0].right
    )
    assert faults(item, KIND) == []
    assert fault in _found(broken(item))


def test_a_second_road_that_ends_elsewhere_is_found():
    kind = replace(KIND, again=lambda f: KIND.right(f) + (f.s > 1))
    items = [draw("output-size", seed, 2) for seed in range(20)]
    assert any("the second road gives" in _found(item, kind) for item in items)


@pytest.mark.parametrize("name", list(kinds()))
def test_a_mistake_taken_for_the_right_answer_is_found(name):
    """The kind is drawn with one of its mistakes as the right answer."""
    found = []
    for slip, level in product(kinds()[name].slips, LEVELS):
        broken = replace(kinds()[name], right=slip.answer)
        with suppress(TypeError, RuntimeError):  # it cannot be made on every item
            found.append(_found(broken(Random(0), level), broken))
    assert any("the second road gives" in faults for faults in found)


def test_a_mistake_that_is_not_the_checkers_is_found():
    """A slip named as the checker's, but with other arithmetic."""

    def other(slip):
        if slip.name != "padding on one side only":
            return slip
        return replace(slip, answer=lambda f: (f.n + f.p - f.k + 1) // f.s + 1)

    kind = replace(KIND, slips=tuple(map(other, KIND.slips)))
    items = [kind(Random(seed), 1) for seed in range(30)]
    assert any(
        "output_size's 'padding on one side only' gives" in _found(item, kind)
        for item in items
    )


def test_a_picture_of_another_item_is_found():
    kind = kinds()["window-sum"]
    item = draw("window-sum", 3, 2)
    assert faults(item, kind) == []
    assert item.show is not None
    shifted = dict(item.show.arguments) | {"bias": item.facts["bias"] + 1}
    wrong = replace(item, show=replace(item.show, arguments=shifted))
    assert "the picture shows" in _found(wrong, kind)


def test_two_causes_make_one_option_that_says_perhaps():
    def always(value, name):
        return Slip(name, lambda f: value, f"{name} happens")

    kind = Kind(
        name="toy",
        lesson="02",
        heading="The formula",
        form="number",
        draw=lambda random, level: {"n": 5},
        ask=lambda f: ("What is 5?",),
        right=lambda f: f.n,
        again=lambda f: 5,
        slips=(always(6, "one"), always(6, "two"), always(7, "three"), always(5, "no")),
        steps=lambda f, answer: (answer,),
    )
    item = kind(Random(0), 1)
    assert [option.text for option in item.wrong] == ["6", "7"]
    assert [option.sentence for option in item.wrong] == [
        "Perhaps one happens.",
        "Here three happens.",
    ]
    assert faults(item, kind) == []


def test_a_kind_without_wrong_answers_says_so():
    kind = replace(KIND, slips=KIND.slips[:1])
    with pytest.raises(RuntimeError, match="output-size at level 1: 200 draws"):
        kind(Random(0), 1)


def test_repeats_are_counted(monkeypatch):
    monkeypatch.setattr("tools.practice_proof.draw", lambda name, seed, level: _item())
    proof = prove("output-size", range(20))
    assert proof.fewest == 1
    assert any("1 different items in 20 seeds" in fault for fault in proof.failures)


def test_what_is_drawn_badly_is_a_failure(monkeypatch):
    def broken(name, seed, level):
        raise RuntimeError("nothing left")

    monkeypatch.setattr("tools.practice_proof.draw", broken)
    proof = prove("output-size", range(2))
    assert proof.items == 0
    assert len(proof.failures) == 6


def test_the_figures_are_added_up():
    proof = Proof("output-size")
    item = _item()
    proof.take(item, KIND)
    assert (proof.items, proof.wrong) == (1, len(item.wrong))
    assert proof.failures == []
    assert set(proof.mistakes) >= {option.mistake for option in item.wrong}


# ---- the checkers' mistakes -------------------------------------------------------


def test_every_mistake_said_to_be_a_tasks_is_one():
    assert unknown_mistakes() == []


def test_an_unknown_mistake_is_found(monkeypatch):
    slips = (Slip("no such", lambda f: 1, "x", of="output_size"),)
    kind = replace(KIND, slips=slips)
    monkeypatch.setattr("tools.practice_proof.kinds", lambda: {"output-size": kind})
    assert unknown_mistakes() == ["output-size: output_size has no mistake 'no such'"]


@pytest.mark.parametrize("name", CALLS)
def test_the_checkers_own_wrong_answers_are_asked(name):
    kind = kinds()[name]
    answered = set()
    for seed in range(30):
        item = draw(name, seed, 1 + seed % 3)
        facts = Facts(**item.facts)
        answered |= {
            slip.name
            for slip in kind.slips
            if by_the_checker(name, slip, facts) is not None
        }
    known = {slip.name for slip in kind.slips if slip.of == CALLS[name][0]}
    assert known
    assert answered == known


# ---- words ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("One two three four five six.", "6 words"),
        ("A b c. D e.", None),
        (" ".join(["word"] * 23), "a sentence of 23 words"),
        ("An incomprehensible one.", "long words: incomprehensible"),
        ("The parameters of a convolution.", None),
        ("Look at `optimizer.zero_grad(set_to_none=True)` here.", None),
        ("A 8x8 map.", "A 8x8"),
        ("An 8x8 map.", None),
        ("There are 1 maps.", "1 maps"),
        ("Row 1 has 11 maps.", None),
        ("It is {p}.", "a sign that does not belong in a sentence"),
        ("It is <b>bold</b>.", "a sign that does not belong in a sentence"),
    ],
)
def test_reading(text, fault):
    found = reading_faults(text, 5)
    assert found == [] if fault is None else fault in found


# ---- the page ---------------------------------------------------------------------


def test_the_page_is_of_these_kinds_and_without_failures():
    page = (ROOT / TABLE).read_text("utf-8").partition(HEADING)[2]
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|.* (\d+) \|$", page, re.MULTILINE)
    assert [name for name, _ in rows] == list(kinds())
    assert {failures for _, failures in rows} == {"0"}
    assert "drawn for 1,000 seeds" in page
    slips = sum(len(kind.slips) for kind in kinds().values())
    assert f"Mistakes of the items: {slips};" in page
