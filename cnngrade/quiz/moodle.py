"""A quiz as Moodle XML: a category for each place, from which Moodle draws."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cnnlib.practice.items import Item, Option

from . import words
from .answers import is_typed, right_option, spellings, tolerances
from .draw import Place, Quiz, item_id

_RIGHT, _WRONG = "100", "0"


def moodle_xml(quiz: Quiz, *, choices: bool = False) -> bytes:
    """Return the questions of a quiz for Moodle's question bank.

    Each place is a category with one question for each variant. With `choices` no
    answer is typed.
    """
    root = Element("quiz")
    for place in quiz.places:
        heading = SubElement(root, "question", type="category")
        _text(heading, "category", category(quiz, place))
        for variant, item in enumerate(place.different, 1):
            root.append(_question(place, variant, item, choices=choices))
    indent(root)
    data: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return data


def category(quiz: Quiz, place: Place) -> str:
    """Return the path of a place's category; a slash within a name is written twice."""
    title = quiz.title.replace("/", "//")
    return f"$course$/top/{title}/{place.number:02} {place.kind}"


def question_name(place: Place, variant: int) -> str:
    """Return the name under which a question stands in the question bank."""
    return f"{place.number:02} {place.kind} {variant:03}"


def _question(place: Place, variant: int, item: Item, *, choices: bool) -> Element:
    typed = is_typed(item) and not choices
    kind = "numerical" if item.form == "number" else "shortanswer"
    question = Element("question", type=kind if typed else "multichoice")
    _text(question, "name", question_name(place, variant))
    _text(question, "questiontext", words.asked(item, typed=typed), html=True)
    _text(question, "generalfeedback", words.solution(item), html=True)
    _plain(question, "defaultgrade", "1")
    _plain(question, "penalty", "0.3333333")
    _plain(question, "hidden", "0")
    _plain(question, "idnumber", f"{place.number:02}-{item_id(item)}")
    if typed and kind == "numerical":
        _numerical(question, item)
    elif typed:
        _short(question, item)
    else:
        _multiple(question, item)
    tags = SubElement(question, "tags")
    for tag in (f"lesson {item.lesson}", item.kind, f"level {item.level}"):
        _text(tags, "tag", tag)
    return question


def _numerical(question: Element, item: Item) -> None:
    near = tolerances(item)
    for option in (right_option(item), *item.wrong):
        (spelling,) = spellings(option.value, "number")
        answer = _answer(question, spelling, option)
        _plain(answer, "tolerance", f"{near[option.text]:.6f}".rstrip("0").rstrip("."))
    _answer(question, "*", None)
    _plain(question, "unitgradingtype", "0")
    _plain(question, "unitpenalty", "0.1")
    _plain(question, "showunits", "3")
    _plain(question, "unitsleft", "0")


def _short(question: Element, item: Item) -> None:
    _plain(question, "usecase", "0")
    for option in (right_option(item), *item.wrong):
        for spelling in spellings(option.value, item.form):
            _answer(question, spelling, option)
    _answer(question, "*", None)


def _multiple(question: Element, item: Item) -> None:
    _plain(question, "single", "true")
    _plain(question, "shuffleanswers", "true")
    _plain(question, "answernumbering", "abc")
    for option in item.options:
        text = words.answer(option.value, item.form)
        _answer(question, text, option, html=True)


def _answer(
    question: Element, text: str, option: Option | None, *, html: bool = False
) -> Element:
    """Add an answer; without an option it is whatever else may be typed."""
    is_right = option is not None and option.right
    answer = SubElement(question, "answer", fraction=_RIGHT if is_right else _WRONG)
    answer.set("format", "html" if html else "moodle_auto_format")
    _plain(answer, "text", text)
    said = (
        words.UNKNOWN if option is None else f"<p>{words.inline(option.sentence)}</p>"
    )
    _text(answer, "feedback", "<p>Right.</p>" if is_right else said, html=True)
    return answer


def _text(parent: Element, name: str, text: str, *, html: bool = False) -> None:
    element = SubElement(parent, name)
    if html:
        element.set("format", "html")
    _plain(element, "text", text)


def _plain(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
