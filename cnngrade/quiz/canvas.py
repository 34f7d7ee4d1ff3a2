"""A quiz for Canvas: QTI 1.2 in a zip, a group of questions for each place."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cnnlib.practice.items import Item

from . import words
from .answers import is_typed, right_option, spellings, tolerances
from .draw import Place, Quiz, item_id
from .moodle import question_name

_QTI = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
_PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
_CANVAS = "http://canvas.instructure.com/xsd/cccv1p0"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The date of all files in the zip: the same quiz gives the same bytes."""


def canvas_zip(quiz: Quiz, *, choices: bool = False) -> bytes:
    """Return the package that Canvas imports as "QTI .zip file".

    Each place is a group from which Canvas picks one question for each student. With
    `choices` no answer is typed.
    """
    items = [item_id(item) for place in quiz.places for item in place.different]
    name = "g" + sha256("/".join([quiz.title, *items]).encode()).hexdigest()[:32]
    files = {
        "imsmanifest.xml": _manifest(quiz, name),
        f"{name}/{name}.xml": assessment(quiz, name, choices=choices),
        f"{name}/assessment_meta.xml": _settings(quiz, name),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, root in files.items():
            indent(root)
            data = tostring(root, encoding="UTF-8", xml_declaration=True)
            info = zipfile.ZipInfo(path, _LONG_AGO)
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def assessment(quiz: Quiz, name: str, *, choices: bool = False) -> Element:
    """Return the questions, a section for each place."""
    root = Element("questestinterop", xmlns=_QTI)
    whole = SubElement(root, "assessment", ident=name, title=quiz.title)
    _fields(whole, {"cc_maxattempts": "1"})
    section = SubElement(whole, "section", ident="root_section")
    for place in quiz.places:
        title = f"{place.number:02} {place.kind}"
        group = SubElement(section, "section", ident=f"{name}_{place.number}")
        group.set("title", title)
        ordering = SubElement(group, "selection_ordering")
        selection = SubElement(ordering, "selection")
        _plain(selection, "selection_number", "1")
        extension = SubElement(selection, "selection_extension")
        _plain(extension, "points_per_item", "1.0")
        for variant, item in enumerate(place.different, 1):
            group.append(_question(place, variant, item, choices=choices))
    return root


def _question(place: Place, variant: int, item: Item, *, choices: bool) -> Element:
    typed = is_typed(item) and not choices
    kind = "multiple_choice_question"
    if typed:
        kind = f"{'numerical' if item.form == 'number' else 'short_answer'}_question"
    ident = f"g{place.number:02}{item_id(item)}"
    question = Element("item", ident=ident, title=question_name(place, variant))
    numbers = [str(1000 + number) for number in range(len(item.options))]
    fields = {"question_type": kind, "points_possible": "1.0"}
    if not typed:
        fields["original_answer_ids"] = ",".join(numbers)
    fields["assessment_question_identifierref"] = f"{ident}_ref"
    _fields(SubElement(question, "itemmetadata"), fields)
    presentation = SubElement(question, "presentation")
    _material(presentation, words.asked(item, typed=typed))
    process = Element("resprocessing")
    outcomes = SubElement(process, "outcomes")
    SubElement(
        outcomes,
        "decvar",
        {
            "maxvalue": "100",
            "minvalue": "0",
            "varname": "SCORE",
            "vartype": "Decimal",
        },
    )
    _says(process, "general_fb")
    feedback = {"general_fb": words.solution(item)}
    if typed:
        _typed(presentation, process, item)
        _says(process, "general_incorrect_fb")
        feedback["general_incorrect_fb"] = known_mistakes(item)
    else:
        _choices(presentation, process, item, numbers)
        for number, option in zip(numbers, item.options, strict=True):
            if not option.right:
                feedback[f"{number}_fb"] = f"<p>{words.inline(option.sentence)}</p>"
    question.append(process)
    for name, text in feedback.items():
        element = SubElement(question, "itemfeedback", ident=name)
        _material(SubElement(element, "flow_mat"), text)
    return question


def _choices(
    presentation: Element, process: Element, item: Item, numbers: list[str]
) -> None:
    asked = SubElement(presentation, "response_lid", ident="response1")
    asked.set("rcardinality", "Single")
    shown = SubElement(asked, "render_choice")
    for number, option in zip(numbers, item.options, strict=True):
        label = SubElement(shown, "response_label", ident=number)
        _material(label, words.answer(option.value, item.form))
        if not option.right:
            _condition(process, [number], says=f"{number}_fb")
    for number, option in zip(numbers, item.options, strict=True):
        if option.right:
            _condition(process, [number], right=True)


def _typed(presentation: Element, process: Element, item: Item) -> None:
    asked = SubElement(presentation, "response_str", ident="response1")
    asked.set("rcardinality", "Single")
    shown = SubElement(asked, "render_fib")
    label = SubElement(shown, "response_label", ident="answer1")
    if item.form != "number":
        label.set("rshuffle", "No")
        _condition(process, spellings(item.answer, item.form), right=True)
        return
    shown.set("fibtype", "Decimal")
    near = tolerances(item)[right_option(item).text]
    condition = SubElement(process, "respcondition", {"continue": "No"})
    either = SubElement(SubElement(condition, "conditionvar"), "or")
    (exact,) = spellings(item.answer, "number")
    SubElement(either, "varequal", respident="response1").text = exact
    both = SubElement(either, "and")
    for name, bound in (("vargte", item.answer - near), ("varlte", item.answer + near)):
        SubElement(both, name, respident="response1").text = f"{bound:.6f}"
    _score(condition)


def known_mistakes(item: Item) -> str:
    """Return what wrong answers mean, as HTML, for whoever typed one of them."""
    rows = "".join(
        f"<li>{words.answer(option.value, item.form)}: {words.inline(option.sentence)}"
        "</li>"
        for option in item.wrong
    )
    return f"<p>If your answer was one of these:</p><ul>{rows}</ul>"


def _condition(
    process: Element, values: list[str], *, right: bool = False, says: str = ""
) -> None:
    condition = SubElement(
        process, "respcondition", {"continue": "No" if right else "Yes"}
    )
    given = SubElement(condition, "conditionvar")
    for value in values:
        SubElement(given, "varequal", respident="response1").text = value
    if right:
        _score(condition)
    if says:
        _display(condition, says)


def _says(process: Element, name: str) -> None:
    """Show a feedback whatever the answer is."""
    condition = SubElement(process, "respcondition", {"continue": "Yes"})
    SubElement(SubElement(condition, "conditionvar"), "other")
    _display(condition, name)


def _display(condition: Element, name: str) -> None:
    SubElement(condition, "displayfeedback", feedbacktype="Response", linkrefid=name)


def _score(condition: Element) -> None:
    score = SubElement(condition, "setvar", action="Set", varname="SCORE")
    score.text = "100"


def _material(parent: Element, text: str) -> None:
    material = SubElement(parent, "material")
    SubElement(material, "mattext", texttype="text/html").text = text


def _fields(parent: Element, fields: dict[str, str]) -> None:
    data = SubElement(parent, "qtimetadata")
    for label, entry in fields.items():
        field = SubElement(data, "qtimetadatafield")
        _plain(field, "fieldlabel", label)
        _plain(field, "fieldentry", entry)


def _manifest(quiz: Quiz, name: str) -> Element:
    root = Element("manifest", identifier=f"{name}_manifest", xmlns=_PACKAGE)
    metadata = SubElement(root, "metadata")
    _plain(metadata, "schema", "IMS Content")
    _plain(metadata, "schemaversion", "1.1.3")
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    questions = SubElement(resources, "resource", identifier=name)
    questions.set("type", "imsqti_xmlv1p2")
    SubElement(questions, "file", href=f"{name}/{name}.xml")
    SubElement(questions, "dependency", identifierref=f"{name}_settings")
    settings = SubElement(resources, "resource", identifier=f"{name}_settings")
    settings.set(
        "type", "associatedcontent/imscc_xmlv1p1/learning-application-resource"
    )
    settings.set("href", f"{name}/assessment_meta.xml")
    SubElement(settings, "file", href=f"{name}/assessment_meta.xml")
    return root


def _settings(quiz: Quiz, name: str) -> Element:
    root = Element("quiz", identifier=name, xmlns=_CANVAS)
    settings = {
        "title": quiz.title,
        "description": "",
        "shuffle_answers": "true",
        "scoring_policy": "keep_highest",
        "quiz_type": "assignment",
        "points_possible": f"{len(quiz.places)}.0",
        "show_correct_answers": "true",
        "allowed_attempts": "1",
        "available": "false",
    }
    for field, value in settings.items():
        _plain(root, field, value)
    return root


def _plain(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
