"""Exports read by programs that are not ours; each test skips where its reader is not.

The readers lie in the folder that ``CNNLIB_PEERS`` names, and are no part of
the course. It has

- ``moodle``, with Moodle's files ``question/format.php``, ``lib/xmlize.php`` and
  ``question/format/xml/format.php``, ``question/format/gift/format.php``; it needs PHP
  with its XML and mbstring extensions;
- ``QTIMigrationTool``: Instructure's repository of that name, which Canvas runs when it
  imports QTI; the DTD of QTI 1.2.1 and the schema of packages are in it; it needs lxml;
- ``node_modules/gift-pegjs``: a parser of GIFT (npm); it needs Node.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cnngrade.quiz.answers import is_typed, right_option, spellings
from cnngrade.quiz.canvas import canvas_zip
from cnngrade.quiz.draw import Key, make_quiz
from cnngrade.quiz.gift import gift_text
from cnngrade.quiz.moodle import moodle_xml, question_name
from cnngrade.quiz.words import answer, asked, inline, solution
from cnnlib.practice.registry import kinds

pytestmark = pytest.mark.process

HERE = Path(__file__).parent / "peers"
PEERS = Path(os.environ.get("CNNLIB_PEERS", "no such folder"))
QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"
IMS = "{http://www.imsglobal.org/xsd/imsqti_v2p1}"


def peer(*parts):
    path = PEERS.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{Path(*parts)} is not in the folder CNNLIB_PEERS")
    return path


def program(name):
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


@pytest.fixture(scope="module", params=[2, 3])
def quiz(request):
    return make_quiz(Key(31), ["A", "B"], only=list(kinds()), level=request.param)


def items(quiz):
    for place in quiz.places:
        for variant, item in enumerate(place.different, 1):
            yield question_name(place, variant), item


def typed_answers(item):
    """Return (what may be typed, the share of the points, what is said) of an item."""
    for option in (right_option(item), *item.wrong):
        said = "Right." if option.right else inline(option.sentence)
        for word in spellings(option.value, item.form):
            yield word, int(option.right), f"<p>{said}</p>"


# ---- Moodle's own import code -----------------------------------------------------


def read_by_moodle(path):
    told = subprocess.run(
        [program("php"), HERE / "moodle_reader.php", peer("moodle"), path],
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    assert not told.stderr
    return json.loads(told.stdout)


@pytest.mark.parametrize("kind", ["xml", "gift"])
def test_moodles_own_code_reads_what_was_meant(tmp_path, quiz, kind):
    path = tmp_path / f"quiz.{kind}"
    data = moodle_xml(quiz) if kind == "xml" else gift_text(quiz).encode()
    path.write_bytes(data)
    read = read_by_moodle(path)
    questions = [one for one in read if one["qtype"] != "category"]
    assert len(read) - len(questions) == len(quiz.places)
    known = dict(items(quiz))
    assert [one["name"] for one in questions] == list(known)
    kinds_read = Counter()
    for one in questions:
        item = known[one["name"]]
        kinds_read[one["qtype"]] += 1
        assert one["questiontext"] == asked(item, typed=is_typed(item))
        assert one["generalfeedback"] == solution(item)
        assert one["questiontextformat"] == 1  # HTML
        said = [feedback["text"] for feedback in one["feedback"]]
        found = list(zip(one["answer"], one["fraction"], said, strict=True))
        if one["qtype"] == "multichoice":
            assert not is_typed(item)
            assert one["single"] == 1
            assert [(entry["text"], share, told) for entry, share, told in found] == [
                (
                    answer(option.value, item.form),
                    int(option.right),
                    f"<p>{'Right.' if option.right else inline(option.sentence)}</p>",
                )
                for option in item.options
            ]
            continue
        number = item.form == "number"
        assert one["qtype"] == ("numerical" if number else "shortanswer")
        *known_ones, last = found
        if kind == "gift" and number:
            known_ones = found  # no catch-all there: other readers stumble over it
        else:
            assert last[:2] == ("*", 0)
        assert known_ones == list(typed_answers(item))
        if number:
            near = [float(tolerance) for tolerance in one["tolerance"]]
            values = [float(value) for value, _, _ in known_ones]
            assert all(0 <= tolerance <= 0.005 for tolerance in near)
            first = [
                abs(value - values[0]) <= tolerance
                for value, tolerance in zip(values, near, strict=False)
            ]
            assert first == [True] + [False] * (len(values) - 1)
    assert set(kinds_read) == {"multichoice", "numerical", "shortanswer"}


@pytest.mark.parametrize(
    "broken",
    ["::a::[html]b{=1#c", "::a::[html]b{~1#x}", "::a::[html]b{#=%100%one:x#c}"],
)
def test_moodles_code_refuses_what_is_broken(tmp_path, broken):
    path = tmp_path / "quiz.gift"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(AssertionError, match="Exception: "):
        read_by_moodle(path)


# ---- another parser of GIFT -------------------------------------------------------

READ_GIFT = """
const {parse} = require(process.argv[1]);
const text = require("fs").readFileSync(0, "utf8");
console.log(JSON.stringify(parse(text)));
"""


def test_a_parser_of_gift_reads_every_question(quiz):
    path = peer("node_modules", "gift-pegjs")
    told = subprocess.run(
        [program("node"), "-e", READ_GIFT, str(path)],
        input=gift_text(quiz),
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    questions = [one for one in json.loads(told.stdout) if one["type"] != "Category"]
    known = dict(items(quiz))
    assert [one["title"] for one in questions] == list(known)
    for one in questions:
        item = known[one["title"]]
        typed = is_typed(item)
        assert one["stem"]["text"] == asked(item, typed=typed)
        assert one["globalFeedback"]["text"] == solution(item)
        assert one["type"] == (
            "MC" if not typed else "Numerical" if item.form == "number" else "Short"
        )
        said = [choice["feedback"]["text"] for choice in one["choices"]]
        options = item.options if not typed else (right_option(item), *item.wrong)
        assert set(said) - {said[-1]} <= {
            f"<p>{'Right.' if option.right else inline(option.sentence)}</p>"
            for option in options
        }
        if item.form == "number":
            values = [choice["text"]["number"] for choice in one["choices"]]
            assert values == [float(word) for word, _, _ in typed_answers(item)]
            assert [choice["weight"] for choice in one["choices"]] == [100] + [0] * (
                len(values) - 1
            )


# ---- Canvas: the schema, and the converter that it runs ---------------------------


def unpacked(quiz, folder, *, choices=False):
    with zipfile.ZipFile(io.BytesIO(canvas_zip(quiz, choices=choices))) as archive:
        archive.extractall(folder)
    (path,) = [p for p in folder.glob("*/*.xml") if p.name != "assessment_meta.xml"]
    return path


def without_namespace(path):
    """Return a tree as the DTD has it, without Canvas's own ``points_per_item``."""
    etree = pytest.importorskip("lxml.etree")
    root = etree.parse(path).getroot()
    for element in list(root.iter(f"{QTI}selection_extension")):
        element.getparent().remove(element)
    for element in root.iter():
        element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(root)
    return etree.fromstring(etree.tostring(root))


@pytest.mark.parametrize("choices", [False, True])
def test_the_questions_keep_the_dtd_of_qti(tmp_path, quiz, choices):
    etree = pytest.importorskip("lxml.etree")
    dtd = etree.DTD(peer("QTIMigrationTool", "schemas", "ims_qtiasiv1p2p1.dtd"))
    root = without_namespace(unpacked(quiz, tmp_path, choices=choices))
    assert dtd.validate(root), list(dtd.error_log)[:5]
    item = root.find(".//item")
    item.append(item[0])  # what the DTD forbids is found
    assert not dtd.validate(root)


def test_the_manifest_keeps_the_schema_of_packages(tmp_path, quiz):
    """Put into the schema's own namespace: Canvas writes that of Common Cartridge."""
    etree = pytest.importorskip("lxml.etree")
    schema = peer("QTIMigrationTool", "schemas", "imscp_v1p1.xsd").read_bytes()
    schema = schema.replace(b"http://www.w3.org/2001/03/xml.xsd", b"xml.xsd")
    (tmp_path / "imscp.xsd").write_bytes(schema)
    (tmp_path / "xml.xsd").write_text(
        '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'targetNamespace="http://www.w3.org/XML/1998/namespace">'
        '<xsd:attribute name="lang" type="xsd:language"/>'
        '<xsd:attribute name="base" type="xsd:anyURI"/></xsd:schema>',
        encoding="utf-8",
    )
    rules = etree.XMLSchema(etree.parse(tmp_path / "imscp.xsd"))
    unpacked(quiz, tmp_path / "package")
    text = (tmp_path / "package" / "imsmanifest.xml").read_bytes()
    text = text.replace(b"imsccv1p1/imscp_v1p1", b"imscp_v1p1")
    root = etree.fromstring(text)
    assert rules.validate(root), list(rules.error_log)[:5]
    resource = next(root.iter("{http://www.imsglobal.org/xsd/imscp_v1p1}resource"))
    del resource.attrib["type"]
    assert not rules.validate(root)


def test_the_converter_of_canvas_reads_what_was_meant(tmp_path, quiz):
    pytest.importorskip("lxml")
    tool = peer("QTIMigrationTool", "migrate.py")
    unpacked(quiz, tmp_path / "package")
    out = tmp_path / "out"
    told = subprocess.run(
        [sys.executable, tool, "--ucvars", "--nogui", f"--cpout={out}",
         tmp_path / "package"],
        capture_output=True, text=True, cwd=tool.parent,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-2000:]
    (test,) = (out / "assessmentTests").glob("*.xml")
    groups = (
        ElementTree.parse(test)
        .getroot()
        .findall(f".//{IMS}assessmentSection/{IMS}assessmentSection")
    )
    assert len(groups) == len(quiz.places)
    for group, place in zip(groups, quiz.places, strict=True):
        assert group.find(f"{IMS}selection").get("select") == "1"
        refs = group.findall(f"{IMS}assessmentItemRef")
        assert len(refs) == len(place.different)
        for ref, item in zip(refs, place.different, strict=True):
            path = (test.parent / ref.get("href")).resolve()
            _is_read_by_canvas(ElementTree.parse(path).getroot(), item)


def _is_read_by_canvas(root, item):
    text = root.findtext(f"{IMS}itemBody/{IMS}div")
    assert text == asked(item, typed=is_typed(item))
    feedback = {
        one.get("identifier"): "".join(one.itertext()).strip()
        for one in root.iter(f"{IMS}modalFeedback")
    }
    assert feedback["general_fb"] == solution(item)
    scored = [
        one.find(f"{IMS}responseIf")
        for one in root.iter(f"{IMS}responseCondition")
        if one.find(f"{IMS}responseIf/{IMS}setOutcomeValue[@identifier='SCORE']")
        is not None
        and one.find(f"{IMS}responseIf/{IMS}gt") is None
    ]
    assert len(scored) == 1
    given = [value.text for value in scored[0].iter(f"{IMS}baseValue")][:-1]
    if is_typed(item):
        assert feedback["general_incorrect_fb"]
        if item.form != "number":
            assert given == spellings(item.answer, item.form)
            return
        exact, low, high = map(float, given)
        assert low <= exact <= high
        assert exact == pytest.approx(item.answer)
        return
    shown = {
        choice.get("identifier"): choice.findtext(f"{IMS}div")
        for choice in root.iter(f"{IMS}simpleChoice")
    }
    assert list(shown.values()) == [answer(o.value, item.form) for o in item.options]
    (right,) = given
    assert shown[right] == answer(item.answer, item.form)
    for name, option in zip(shown, item.options, strict=True):
        told = feedback.get(name.replace("RESPONSE_", "FEEDBACK_") + "_fb")
        assert told == (None if option.right else f"<p>{inline(option.sentence)}</p>")
