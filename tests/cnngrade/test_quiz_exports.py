"""What a quiz is exported to, by the rules of those who read it, for every kind."""

import io
import re
import zipfile
from collections import Counter
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from cnngrade.quiz.answers import (
    is_typed,
    marked,
    marking_rows,
    right_option,
    spellings,
    tolerances,
)
from cnngrade.quiz.canvas import canvas_zip
from cnngrade.quiz.draw import Key, make_quiz, read_names
from cnngrade.quiz.gift import gift_text
from cnngrade.quiz.moodle import moodle_xml
from cnngrade.quiz.words import block, inline
from cnnlib.practice.items import code, grid, table
from cnnlib.practice.registry import LEVELS, kinds

QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
CP = "{http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1}"
GRADES = {0, 5, 10, 11.11111, 12.5, 20, 25, 33.33333, 50, 100}
"""Fractions that Moodle knows, in percent."""


@cache
def quiz(level=2, variants=3):
    names, _ = read_names(variants, "")
    return make_quiz(Key(11), names, only=list(kinds()), level=level)


def every_item():
    for level in LEVELS:
        for place in quiz(level).places:
            yield from place.items


def text(element, path):
    found = element.find(path)
    assert found is not None, path
    return found.text or ""


# ---- answers ----------------------------------------------------------------------


def test_no_spelling_belongs_to_two_answers():
    for item in every_item():
        if not is_typed(item) or item.form == "number":
            continue
        values = [right_option(item).value, *(option.value for option in item.wrong)]
        typed = [word for value in values for word in spellings(value, item.form)]
        assert max(Counter(typed).values()) == 1, item
        assert not any("*" in word for word in typed)  # Moodle's wildcard


def test_no_number_is_near_two_answers():
    seen = set()
    for item in every_item():
        if item.form != "number":
            continue
        near = tolerances(item)
        options = {o.text: o.value for o in (*item.options, *item.wrong)}
        ends = sorted((v - near[t], v + near[t]) for t, v in options.items())
        assert all(one[1] < two[0] for one, two in pairwise(ends)), (item, ends)
        assert all(near[t] == 0 for t, v in options.items() if isinstance(v, int))
        seen |= set(near.values())
    assert {0.0, 0.005} < seen


def test_each_way_of_writing_is_read_as_its_answer():
    for item in every_item():
        rows = marking_rows("A", 1, item)
        for option in (right_option(item), *item.wrong):
            ways = [option.text]
            if item.form not in ("choice", "grid"):
                ways += spellings(option.value, item.form)
            for written in ways:
                row = marked(rows, written)
                assert row is not None, (item, written)
                assert row.mistake == option.mistake, (item, written)


@pytest.mark.parametrize(
    ("value", "form", "first"),
    [(20087, "number", "20087"), (0.5, "number", "0.5"), (-3.0, "number", "-3"),
     ((26,), "shape", "(26,)"), ([1, 2], "row", "[1, 2]"), ((3, 4), "size", "3x4")],
)  # fmt: skip
def test_the_first_spelling_is_the_usual_one(value, form, first):
    assert spellings(value, form)[0] == first


@pytest.mark.parametrize(("value", "form"), [([[1]], "grid"), ("conv1", "choice")])
def test_what_is_chosen_has_no_spelling(value, form):
    with pytest.raises(ValueError, match="is not typed"):
        spellings(value, form)


# ---- HTML -------------------------------------------------------------------------


def test_blocks_in_html():
    assert inline("`x[..., None]` < 3 & `a`") == (
        "<code>x[..., None]</code> &lt; 3 &amp; <code>a</code>"
    )
    assert block(code("if a < b:", "    c")) == (
        "<pre><code>if a &lt; b:\n    c</code></pre>"
    )
    shown = block(grid("image", [[1, -2.5], [0, 20000]]))
    assert "<caption>image</caption>" in shown
    assert re.findall(r"<td[^>]*>([^<]*)</td>", shown) == ["1", "-2.5", "0", "20,000"]
    shown = block(table("the net", ("name", "n"), [("`conv`", 3)]))
    assert re.findall(r'<th scope="col">(\w+)</th>', shown) == ["name", "n"]
    assert "<td><code>conv</code></td>" in shown


# ---- Moodle -----------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("choices", [False, True])
def test_moodle_xml_keeps_moodles_rules(level, choices):
    root = ElementTree.fromstring(moodle_xml(quiz(level), choices=choices))
    place, kinds_seen = None, Counter()
    places = iter(quiz(level).places)
    for question in root:
        kind = question.get("type")
        kinds_seen[kind] += 1
        if kind == "category":
            place = next(places)
            items = iter(place.different)
            path = text(question, "category/text")
            assert path.startswith("$course$/top/")
            assert path.endswith(f"/{place.number:02} {place.kind}")
            continue
        item = next(items)
        assert text(question, "name/text").startswith(f"{place.number:02} {item.kind}")
        assert inline(item.text) in text(question, "questiontext/text")
        assert inline(item.steps[-1]) in text(question, "generalfeedback/text")
        assert text(question, "hidden") == "0"
        answers = question.findall("answer")
        fractions = [float(answer.get("fraction")) for answer in answers]
        assert set(fractions) == {0, 100} <= GRADES
        if kind == "multichoice":
            assert fractions.count(100) == 1
            assert text(question, "single") == "true"
            assert len(answers) == len(item.options)
            told = {text(answer, "feedback/text") for answer in answers}
            chosen = [option for option in item.options if not option.right]
        else:
            assert kind == ("numerical" if item.form == "number" else "shortanswer")
            assert text(answers[-1], "text") == "*"  # else the rest is never reached
            rights = len(spellings(item.answer, item.form))
            assert fractions == [100] * rights + [0] * (len(answers) - rights)
            told = {text(answer, "feedback/text") for answer in answers}
            chosen = item.wrong
        for option in chosen:
            assert f"<p>{inline(option.sentence)}</p>" in told
        if kind == "numerical":
            for answer in answers[:-1]:
                assert float(text(answer, "text")) is not None
                assert 0 <= float(text(answer, "tolerance")) <= 0.005
    assert kinds_seen["category"] == len(kinds())
    assert (kinds_seen["numerical"] > 0) == (not choices)
    assert (kinds_seen["shortanswer"] > 0) == (not choices)
    assert kinds_seen["multichoice"] > 0


def test_names_and_numbers_in_the_question_bank_are_unique():
    root = ElementTree.fromstring(moodle_xml(quiz()))
    names = [question.findtext("name/text") for question in root.iter("question")]
    ids = [element.text for element in root.iter("idnumber")]
    names = [name for name in names if name]
    assert len(set(names)) == len(names) == len(ids) == len(set(ids))


# ---- GIFT -------------------------------------------------------------------------

_ESCAPED = re.compile(r"\\[~=#{}:n\\]")


@pytest.mark.parametrize("level", LEVELS)
def test_gift_has_no_loose_sign(level):
    blocks = gift_text(quiz(level)).strip().split("\n\n")
    questions = [block for block in blocks if not block.startswith("$CATEGORY: ")]
    assert len(blocks) - len(questions) == len(kinds())
    assert len(questions) == sum(len(place.different) for place in quiz(level).places)
    for question in questions:
        bare = _ESCAPED.sub("", question)
        assert "\\" not in bare
        assert bare.count("{") == bare.count("}") == 1
        assert bare.endswith("}")
        assert not any(line.lstrip().startswith("//") for line in bare.split("\n"))
        assert not any(line.strip() in ("", "0") for line in bare.split("\n"))
        head, _, answers = bare.partition("{")
        assert "\n" not in head  # Moodle trims lines: code would lose its indents
        assert re.fullmatch(r"::[^:]+::\[html\][^~=#:]+", head)
        assert "->" not in answers  # else Moodle takes it for a matching question
        numbers, _, solution = answers[:-1].rpartition("####")
        assert "#" not in solution
        first = [line.strip() for line in numbers.split("\n") if line.strip()]
        weights = [line[1:].split("%")[1] for line in first if line.startswith("=%")]
        if weights:
            assert weights == sorted(weights, key=lambda weight: weight != "100")
            assert set(weights) == {"100", "0"}
        if first[0] == "#":
            pattern = r"=%(100|0)%-?[\d.]+:[\d.]+#<p>[^~=#]+"
            assert all(re.fullmatch(pattern, line) for line in first[1:])
        else:
            assert all(re.fullmatch(r"[=~][^~=#]+#[^~=#]+", line) for line in first)
            is_choice = any(line.startswith("~") for line in first)
            rights = [line for line in first if line.startswith("=")]
            assert not is_choice or len(rights) == 1


# ---- Canvas -----------------------------------------------------------------------


@pytest.mark.parametrize("choices", [False, True])
def test_the_canvas_package_hangs_together(choices):
    data = canvas_zip(quiz(), choices=choices)
    assert data == canvas_zip(quiz(), choices=choices)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
        files = {file.get("href") for file in manifest.iter(f"{CP}file")}
        (path,) = (
            resource.find(f"{CP}file").get("href")
            for resource in manifest.iter(f"{CP}resource")
            if resource.get("type") == "imsqti_xmlv1p2"
        )
        root = ElementTree.fromstring(archive.read(path))
    assert files | {"imsmanifest.xml"} == names
    idents = {resource.get("identifier") for resource in manifest.iter(f"{CP}resource")}
    needed = {d.get("identifierref") for d in manifest.iter(f"{CP}dependency")}
    assert needed <= idents
    groups = root.findall(f"{QTI}assessment/{QTI}section/{QTI}section")
    assert len(groups) == len(kinds())
    seen = Counter()
    for group, place in zip(groups, quiz().places, strict=True):
        assert group.findtext(f".//{QTI}selection_number") == "1"
        assert group.findtext(f".//{QTI}points_per_item") == "1.0"
        questions = group.findall(f"{QTI}item")
        assert len(questions) == len(place.different)
        for question, item in zip(questions, place.different, strict=True):
            _keeps_canvas_rules(question, item, seen, choices=choices)
    ids = [item.get("ident") for item in root.iter(f"{QTI}item")]
    assert len(set(ids)) == len(ids)
    typed = {"numerical_question", "short_answer_question"}
    assert set(seen) == {"multiple_choice_question"} | (set() if choices else typed)


def _keeps_canvas_rules(question, item, seen, *, choices):
    labels = [label.text for label in question.iter(f"{QTI}fieldlabel")]
    entries = [entry.text for entry in question.iter(f"{QTI}fieldentry")]
    fields = dict(zip(labels, entries, strict=True))
    kind = fields["question_type"]
    seen[kind] += 1
    assert (kind == "multiple_choice_question") == (choices or not is_typed(item))
    feedback = {
        element.get("ident"): "".join(element.itertext())
        for element in question.iter(f"{QTI}itemfeedback")
    }
    linked = [e.get("linkrefid") for e in question.iter(f"{QTI}displayfeedback")]
    assert set(linked) == set(feedback)
    assert inline(item.steps[-1]) in feedback["general_fb"]
    scored = [
        condition
        for condition in question.iter(f"{QTI}respcondition")
        if condition.find(f"{QTI}setvar") is not None
    ]
    assert len(scored) == 1
    given = [element.text for element in scored[0].iter(f"{QTI}varequal")]
    if kind == "multiple_choice_question":
        shown = [label.get("ident") for label in question.iter(f"{QTI}response_label")]
        assert shown == fields["original_answer_ids"].split(",")
        (right,) = given
        assert item.options[shown.index(right)].right
        for number, option in zip(shown, item.options, strict=True):
            assert number.isdigit()
            assert option.right or inline(option.sentence) in feedback[f"{number}_fb"]
        assert f"{right}_fb" not in feedback
    elif kind == "short_answer_question":
        assert given == spellings(item.answer, item.form)
    else:
        low = float(scored[0].findtext(f".//{QTI}vargte"))
        high = float(scored[0].findtext(f".//{QTI}varlte"))
        assert low <= float(given[0]) <= high
        assert high - low <= 0.0101
        for option in item.wrong:
            assert not low <= option.value <= high
    if kind != "multiple_choice_question":
        for option in item.wrong:
            assert inline(option.sentence) in feedback["general_incorrect_fb"]
