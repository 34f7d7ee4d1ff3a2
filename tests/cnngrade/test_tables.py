"""Files for spreadsheets and machines: what is in them, and that nothing runs."""

import csv
import io
import json
import random
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from cnngrade.record import STATUSES, Result
from cnngrade.report import tables
from cnngrade.safe_text import cut, cut_lines, one_line, visible

from .examples import (
    CLASS,
    FLIPPED_TEXT,
    HOSTILE,
    HOSTILE_RUN,
    RUN,
    TIMINGS,
    other,
    result,
)


def read(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


# --- text ---------------------------------------------------------------------------


def test_control_characters_can_be_seen():
    assert visible("a\x1b[31m\x00\x7f\rb") == "a␛[31m␀␡␍b"
    assert visible("a\tb\r\nc") == "a\tb\nc"
    assert one_line("a\tb\nc") == "a␉b␊c"


def test_what_turns_or_hides_text_is_replaced():
    assert visible("\u202eabc\u2069\ud800\ufffe\U000e0041\x9b") == "�abc�����"
    assert visible("Jürgen नमस्ते 👩‍🔬 שלום") == "Jürgen नमस्ते 👩‍🔬 שלום"


def test_towers_of_accents_are_cut():
    assert visible("e" + "\u0301" * 99 + "x") == "e" + "\u0301" * 4 + "x"


def test_cut_text_says_how_much_is_missing():
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "abc… (1 character more)"
    assert cut_lines("a\nb\nc", lines=2) == "a\nb\n… (1 line more)"
    assert cut_lines("x" * 1_400) == "x" * 400 + "… (1,000 characters more)"


# --- CSV ----------------------------------------------------------------------------


def test_grades_have_a_row_per_task():
    rows = read(tables.grades(CLASS))
    assert len(rows) == sum(len(one.tasks) for one in CLASS) + 1
    ann = [row for row in rows if row["student"] == "Ann"]
    assert [row["task"] for row in ann] == ["output_size", "conv2d", "max_pool2d"]
    assert ann[1] == {
        "student": "Ann",
        "lesson": "02",
        "task": "conv2d",
        "points": "5",
        "earned": "0",
        "status": "failed",
        "reason": "conv2d: 27 of 28 cases are wrong; the smallest with a 2x2 kernel.",
        "instructor": "",
    }


def test_a_notebook_that_cannot_be_judged_has_a_row():
    (row,) = [row for row in read(tables.grades(CLASS)) if row["student"] == "Gus"]
    assert (row["task"], row["status"], row["earned"]) == ("", "cannot be judged", "0")
    assert row["reason"] == "02.ipynb is not a notebook: it is a web page."


def test_summary_has_a_row_per_student_and_lesson():
    rows = read(tables.summary(CLASS))
    assert len(rows) == len(CLASS)
    assert list(rows[0].values()) == [
        *("Ann", "02", "3", "8", "1", "2", ""),
        *("3", "", ""),
    ]
    assert list(rows[1].values()) == [
        *("Ann", "03", "3", "3", "1", "1", ""),
        *("3", "", ""),
    ]


def test_timings_have_their_own_file():
    rows = read(tables.timings_table(TIMINGS))
    assert rows[0] == {
        "student": "Ann",
        "lesson": "02",
        "task": "conv2d",
        "seconds": "0.25",
    }
    assert b"0.25" not in tables.grades(CLASS) + tables.summary(CLASS)


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example","x")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        " =1+1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        '"=1+1',
        "x;=1+1",
        "x; '=1+1",
        "\n=1",
    ],
)
def test_no_cell_is_a_formula(text):
    told = [result(text, other("t", "failed", text))]
    for data in (tables.grades(told), tables.summary(told)):
        for row in read(data):
            for part in row["student"].split(";"):
                assert part.lstrip(' "')[:1] not in "=+-@＝＋－＠\t\r\n"


def test_harmless_text_and_numbers_stay_as_they_are():
    for text in ("Anna-Lena O'Connor", "-", "a = b", "x; y", "2-3", "jane@uni.example"):
        assert tables.cell(text) == text
    told = tables.table(("a", "b"), [(-1.5, 3)])
    assert told == b"\xef\xbb\xbfa,b\r\n-1.5,3\r\n"


def test_cells_are_single_lines_that_end():
    data = tables.grades(HOSTILE)
    rows = read(data)
    assert len(data.decode("utf-8-sig").splitlines()) == len(rows) + 1
    assert all(len(cell) < 1_100 for row in rows for cell in row.values())
    assert not any(
        ord(letter) < 32 for row in rows for c in row.values() for letter in c
    )


# --- JUnit --------------------------------------------------------------------------


def test_junit_has_a_suite_per_submission_and_a_case_per_task():
    root = ET.fromstring(tables.junit(CLASS))
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites][:2] == [
        "Ann, lesson 02",
        "Ann, lesson 03",
    ]
    cases = suites[0].findall("testcase")
    assert [case.get("name") for case in cases] == ["output_size", "conv2d"]
    assert cases[1].find("failure").text == FLIPPED_TEXT
    assert root.get("tests") == str(len(root.findall("*/testcase")))
    assert root.get("failures") == str(len(root.findall("*/*/failure")))
    assert root.get("errors") == str(len(root.findall("*/*/error")))


@pytest.mark.parametrize("status", STATUSES)
def test_only_passed_tasks_are_green(status):
    root = ET.fromstring(tables.junit([result("A", other("t", status))]))
    found = list(root.find("testsuite/testcase"))
    broke = status in ("error", "timed out", "died", "not reached")
    if status == "passed":
        assert not found
    else:
        assert [child.tag for child in found] == ["error" if broke else "failure"]
        assert found[0].get("type") == status


def test_junit_tells_of_a_notebook_that_cannot_be_judged():
    root = ET.fromstring(tables.junit([result("A", problem="It is\nempty.")]))
    error = root.find("testsuite/testcase/error")
    assert (error.get("message"), error.text) == ("It is", "It is\nempty.")


def test_junit_is_xml_whatever_was_handed_in():
    root = ET.fromstring(tables.junit(HOSTILE))
    assert len(root.findall("testsuite")) == len(HOSTILE)
    assert len(tables.junit(HOSTILE)) < 1_000_000
    texts = [node.text or "" for node in root.iter("failure")]
    assert any("]]>" in text for text in texts)


# --- JSON ---------------------------------------------------------------------------


def test_report_holds_everything():
    told = json.loads(tables.report(RUN, CLASS))
    assert told["format"] == 1
    assert told["run"]["seed"] == RUN.seed
    assert told["run"]["superseded"] == [list(entry) for entry in RUN.superseded]
    ordered = tables.ordered(CLASS)
    for entry, one in zip(told["results"], ordered, strict=True):
        assert (entry.pop("earned"), entry.pop("points")) == (one.earned, one.points)
        assert entry.pop("by_answers") == one.by_answers
        assert (entry.pop("instructor"), entry.pop("comments")) == ([], [])
        tasks = zip(entry.pop("tasks"), one.tasks, strict=True)
        for told_task, task in tasks:
            assert told_task == {
                "task": task.task,
                "points": task.points,
                "earned": task.earned,
                "parts": [list(part) for part in task.verdict.parts],
                "status": task.verdict.status,
                "text": task.verdict.text,
                "mistake": task.verdict.mistake or task.verdict.remark,
                "case": task.verdict.case,
                "answer": task.fingerprint,
                "code": task.code,
            }
        assert Result.from_plain({**entry, "tasks": []}) == replace(one, tasks=())


def test_report_holds_hostile_text_as_it_was():
    told = json.loads(tables.report(HOSTILE_RUN, HOSTILE))
    texts = {entry["student"] for entry in told["results"]}
    assert texts == {one.student for one in HOSTILE}


# --- all ----------------------------------------------------------------------------


def test_the_order_of_results_makes_no_difference():
    turned = CLASS[:]
    random.Random(1).shuffle(turned)
    assert turned != CLASS
    for made in (tables.grades, tables.summary, tables.junit):
        assert made(turned) == made(CLASS)
    assert tables.report(RUN, turned) == tables.report(RUN, CLASS)
