"""A verdict, and what each of its readers makes of the same pieces."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cnngrade.cli import printing
from cnngrade.judging.judged import Judged
from cnngrade.record import Result, TaskResult
from cnngrade.report import marked, tables
from cnnjudge.verdict import Verdict, unjudged
from cnnlib.checks import Wrong

FULL = Verdict(
    "flatten",
    "failed",
    "3 of 11 cases are wrong; the smallest with one image.",
    facts="start_dim = 1",
    grids="x 1x2    yours 2\n1 2      1\n         2",
    hint="the batch axis is flattened, too.",
    see="See lesson 03, “Flatten”.",
    mistake="flattening the batch away",
    case="one image",
)
UNFINISHED = Verdict("flatten", "unsolved", "is not written yet.", leads_with_task=True)
BROKEN = unjudged("flatten", "error", "judging it raised Odd: one\ntwo")


def on_a_terminal(verdict: Verdict) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    judged = Judged(Path("03.ipynb"), "03", [TaskResult(verdict, 2)], [])
    console.print(printing.file_report(judged))
    return console.export_text()


def in_a_table(verdict: Verdict) -> str:
    result = Result("Ann", "03", "", (TaskResult(verdict, 2),))
    text = tables.grades([result]).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    return row["reason"]


def on_a_page(verdict: Verdict) -> list[tuple[str, str]]:
    return [(part.kind, part.text) for part in marked.message(verdict)]


def test_the_text_has_the_pieces_in_order_a_blank_line_between_paragraphs():
    assert FULL.text == (
        "✗ flatten: 3 of 11 cases are wrong; the smallest with one image.\n\n"
        "start_dim = 1\nx 1x2    yours 2\n1 2      1\n         2\n\n"
        "Likely: the batch axis is flattened, too.\n\n"
        "See lesson 03, “Flatten”."
    )
    assert UNFINISHED.text == "✗ flatten is not written yet."
    assert BROKEN.text == "✗ flatten: judging it raised Odd: one\ntwo"
    assert Verdict("t", "passed", "1 value is right").text == "✓ t: 1 value is right"


def test_a_notebook_shows_the_text():
    for verdict in (FULL, UNFINISHED, BROKEN):
        assert str(Wrong(verdict)) == verdict.text
        assert "\n".join(Wrong(verdict)._render_traceback_()) == verdict.text


def test_a_terminal_shows_the_first_sentence_and_below_it_what_is_longer():
    full, unfinished = on_a_terminal(FULL), on_a_terminal(UNFINISHED)
    assert "failed: 3 of 11 cases are wrong; the smallest with one image." in full
    assert FULL.text in full
    assert "unsolved: it is not written yet." in unfinished
    assert "✗" not in unfinished
    assert BROKEN.text in on_a_terminal(BROKEN)


def test_a_table_has_the_first_sentence_with_the_task():
    assert in_a_table(FULL) == FULL.text.split("\n")[0].removeprefix("✗ ")
    assert in_a_table(UNFINISHED) == "flatten is not written yet."
    assert in_a_table(BROKEN) == "flatten: judging it raised Odd: one"


def test_a_page_knows_the_kind_of_each_part():
    assert on_a_page(FULL) == [
        ("lead", "3 of 11 cases are wrong; the smallest with one image."),
        ("block", f"{FULL.facts}\n{FULL.grids}"),
        ("hint", FULL.hint),
        ("see", FULL.see),
    ]
    assert on_a_page(UNFINISHED) == [("lead", "flatten is not written yet.")]
    assert on_a_page(BROKEN) == [
        ("lead", "Judging it raised Odd: one"),
        ("text", "two"),
    ]


def test_a_result_comes_back_from_its_plain_form():
    task = TaskResult(FULL, 2, fingerprint="aa", code="x")
    result = Result("Ann", "03", "d", (task,), ("A note.",), ("y = 1",), "")
    assert Result.from_plain(result.plain()) == result


@pytest.mark.process
def test_a_verdict_needs_no_pytorch():
    code = "import sys, cnnjudge.verdict; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
