"""Thirty made-up students on two variants, marked by the table that is printed."""

import re
from collections import Counter
from random import Random

import pytest

from cnngrade.quiz.answers import marked, spellings
from cnngrade.quiz.draw import Key, make_quiz
from cnngrade.quiz.paper import (
    marking_csv,
    marking_html,
    read_marking_csv,
    sheets,
    sheets_html,
)
from cnngrade.quiz.words import inline

STUDENTS = 30
LESSONS = ["01", "02", "03", "04", "08", "09"]


def handwriting(option, form, random):
    """Write an answer as one student or another would."""
    if form == "choice":
        return option.text
    if form == "grid":
        rows = [" ".join(map(str, row)) for row in option.value]
        return random.choice([option.text, "\n".join(rows), f"[{option.text}]"])
    written = random.choice([option.text, *spellings(option.value, form)])
    return random.choice([written, f" {written} ", written.replace("-", "−")])


@pytest.fixture(scope="module")
def papers():
    """Return the marking table, and (variant, item, written, planted) of everybody."""
    quiz = make_quiz(Key(21), ["A", "B"], lessons=LESSONS, count_items=24)
    random = Random(3)
    papers = []
    for student in range(STUDENTS):
        variant = student % 2
        for number, item in enumerate(quiz.sheet(variant), 1):
            right = next(option for option in item.options if option.right)
            options = item.options if item.form == "choice" else item.wrong
            wrong = [option for option in options if not option.right]
            option = random.choice(wrong) if random.random() < 0.5 else right
            written = handwriting(option, item.form, random)
            papers.append((quiz.names[variant], number, written, option))
    return quiz, marking_csv(sheets(quiz)), papers


def test_every_planted_mistake_is_named(papers):
    _, table, answers = papers
    rows = read_marking_csv(table)
    planted, told = Counter(), Counter()
    for variant, number, written, option in answers:
        here = [row for row in rows if (row.variant, row.number) == (variant, number)]
        row = marked(here, written)
        assert row is not None, (variant, number, written)
        assert row.mistake == option.mistake
        assert row.meaning == option.sentence
        planted[option.mistake] += 1
        told[row.mistake] += 1
    assert planted == told
    assert sum(planted.values()) == STUDENTS * 24
    assert planted.total() - planted[""] > 300
    assert len(planted) > 60


def test_by_the_other_variants_table_they_are_not(papers):
    """The table is of a variant: what is a mistake on one is another thing on two."""
    _, table, answers = papers
    rows = read_marking_csv(table)
    agree = 0
    for variant, number, written, option in answers:
        other = {"A": "B", "B": "A"}[variant]
        here = [row for row in rows if (row.variant, row.number) == (other, number)]
        row = marked(here, written)
        agree += row is not None and row.mistake == option.mistake
    assert agree < len(answers) / 3


def test_what_nobody_knows_is_no_known_mistake(papers):
    _, table, _ = papers
    rows = read_marking_csv(table)
    for number in range(1, 25):
        here = [row for row in rows if (row.variant, row.number) == ("A", number)]
        assert [row.mistake == "" for row in here] == [True] + [False] * (len(here) - 1)
        for written in ("", "I do not know", "987654321", "?"):
            assert marked(here, written) is None


@pytest.mark.parametrize(
    ("written", "is_it"),
    [("4,050", True), ("4050", True), ("4050.0", True), ("= 4050", True),
     ("4051", False), ("4", False), ("40 50", False), ("-4050", False)],
)  # fmt: skip
def test_numbers_as_they_are_written(papers, written, is_it):
    _, table, _ = papers
    (row,) = [row for row in read_marking_csv(table) if row.form == "number"][:1]
    row = type(row)("A", 1, "number", "4,050", "", "", 0.0)
    assert (marked([row], written) is row) == is_it


def test_the_printed_table_says_the_same(papers):
    quiz, table, _ = papers
    page = marking_html(quiz, sheets(quiz), "")
    shown = re.findall(r"<td>((?:(?!</td>).)*)</td><td>((?:(?!</td>).)*)</td>", page)
    rows = read_marking_csv(table)
    assert shown == [
        (inline(row.value), inline(row.meaning) if row.mistake else "right")
        for row in rows
    ]


def test_a_sheet_has_a_box_for_each_item(papers):
    quiz, _, _ = papers
    for sheet in sheets(quiz):
        page = sheets_html(quiz, [sheet])
        assert page.count("<article>") == 24
        chosen = [item for item in sheet.items if item.form == "choice"]
        assert page.count('<ol class="choices">') == len(chosen)
        assert page.count('class="tick"') == sum(len(i.options) for i in chosen)
        boxes = re.findall(r'<div class="answer( high)?">', page)
        assert len(boxes) == 24 - len(chosen)
        assert sheet.label in page


def test_a_spreadsheet_takes_no_answer_for_a_formula(papers):
    """Every cell that begins with a sign is a number, or marked as text."""
    _, table, _ = papers
    cells = re.findall(r"(?:^|,)\"?([=+@-][^,\"\n]*)", table)
    assert cells
    assert all(re.fullmatch(r"-[\d.]+", cell) for cell in cells)
