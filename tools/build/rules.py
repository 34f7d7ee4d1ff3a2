"""What a lesson's text must keep to: the conventions in CONTRIBUTING.md.

Each rule is a function from a lesson to findings; ``RULES`` lists them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tools.build import code_rules, extras, markdown, markup
from tools.build.course import Course
from tools.build.problems import Finding, Problem
from tools.build.source import EXTRA_MARK, Lesson

LINE_LENGTH = 79
GOALS = 3
GOALS_START = "After this lesson you can"
OPENING_CELLS = 6  # before the goals, with the title and the first picture
LAST_SECTION = "What to remember"
NEEDED_SECTION = "When it breaks"

_TIME = re.compile(r"\*\*Time:\*\* [1-9]\d* minutes")
_ITEM = re.compile(r"(?:[-*]|\d+\.) +\S")
_PREDICT = re.compile(r"^\*\*Predict\.\*\*", re.M)
_UNDERLINE = re.compile(r"(?:=+|-+)\s*")

Rule = Callable[[Lesson], Iterator[Finding]]


def problems(lesson: Lesson, course: Course) -> list[Problem]:
    """Return every breach of the conventions, with its file line."""
    found = [lesson.at(finding) for rule in RULES for finding in rule(lesson)]
    found += [lesson.at(finding) for finding in _links(lesson, course)]
    found += line_problems(lesson)
    twins = [p for p in course.sources() if p.name[:2] == lesson.number]
    for twin in twins:
        if twin.name != lesson.path.name:
            message = f"{twin.name} has the number {lesson.number}, too"
            found.append(lesson.problem(0, message))
    return found


def line_problems(lesson: Lesson) -> Iterator[Problem]:
    """Yield tabs, and lines too wide to read beside each other.

    A table row, or a line with a web address, cannot be broken and may be wider; the
    mark of an extra is not counted.
    """
    for number, whole in enumerate(lesson.lines, 1):
        line = whole.removesuffix(f" {EXTRA_MARK}")
        if "\t" in line:
            yield lesson.problem(number, "a tab; indent with spaces")
        free = line.startswith("# |") or re.search(r"https?://", line)
        if len(line) > LINE_LENGTH and not free:
            message = f"{len(line)} columns wide; lesson text has {LINE_LENGTH}"
            yield lesson.problem(number, message)


def opening(lesson: Lesson) -> Iterator[Finding]:
    """Check the title with its number, the minutes, and the cells up to the goals."""
    first = lesson.cells[0]
    found = markdown.headings(first.text) if first.kind == "markdown" else []
    start = f"{lesson.number} "
    if not found or found[0].offset or found[0].level != 1:
        yield Finding(0, f"a lesson starts with a Markdown cell: '# {start}Title'")
        return
    if not found[0].text.startswith(start) or found[0].text == start.strip():
        yield Finding(0, f"the title is '# {start}Title', not '# {found[0].text}'")
    if not _TIME.search(first.text):
        yield Finding(0, "the first cell says '**Time:** N minutes'")
    yield from _goals(lesson)


def _goals(lesson: Lesson) -> Iterator[Finding]:
    """Check that three goals follow a question and the cell that draws a picture."""
    texts = [cell.text if cell.kind == "markdown" else "" for cell in lesson.cells]
    place = next((i for i, text in enumerate(texts) if GOALS_START in text), None)
    if place is None:
        yield Finding(0, f"no goals: '{GOALS_START}', after the first picture")
        return
    before, _, goals = texts[place].partition(GOALS_START)
    line = before.count("\n")
    count = sum(bool(_ITEM.match(line)) for line in goals.split("\n"))
    if count < GOALS:
        message = f"{count} goals after '{GOALS_START}'; {GOALS} are promised"
        yield Finding(place, message, line)
    drawn = any(cell.kind == "code" for cell in lesson.cells[:place])
    asked = "?" in "".join(texts[:place])
    if place > OPENING_CELLS or not (drawn and asked):
        message = (
            "a lesson begins with a question and a code cell that draws a picture; "
            f"the goals follow, in one of the first {OPENING_CELLS + 1} cells"
        )
        yield Finding(place, message, line)


def headings(lesson: Lesson) -> Iterator[Finding]:
    """Check that headings go down one level at a time from one title."""
    yield from heading_findings([(c.kind, c.text) for c in lesson.cells])


def heading_findings(cells: list[tuple[str, str]]) -> Iterator[Finding]:
    """Check the headings of (kind, text) cells, of a lesson or of a notebook."""
    level = 0
    for index, (kind, text) in enumerate(cells):
        for heading in markdown.headings(text) if kind == "markdown" else []:
            title = f"'{'#' * heading.level} {heading.text}'"
            if not heading.text:
                yield Finding(index, "a heading without words", heading.offset)
            if heading.level == 1 and level:
                message = f"a second title {title}; sections start with '##'"
                yield Finding(index, message, heading.offset)
            if heading.level > level + 1:
                message = f"{title} skips a level: the heading before has {level}"
                yield Finding(index, message, heading.offset)
            level = heading.level
    if not level:
        yield Finding(0, "no heading; a lesson starts with '# NN Title'")


def sections(lesson: Lesson) -> Iterator[Finding]:
    """Check the two sections that every lesson has, the last one last."""
    titles = [
        heading.text
        for cell in lesson.cells
        if cell.kind == "markdown"
        for heading in markdown.headings(cell.text)
        if heading.level == 2
    ]
    end = len(lesson.cells) - 1
    if NEEDED_SECTION not in titles:
        yield Finding(end, f"no section '## {NEEDED_SECTION}'")
    if titles[-1:] != [LAST_SECTION]:
        yield Finding(end, f"the last section is '## {LAST_SECTION}'")


def predictions(lesson: Lesson) -> Iterator[Finding]:
    """Check that the cell after ``**Predict.**`` computes the answer."""
    for index, cell in enumerate(lesson.cells):
        match = _PREDICT.search(cell.text) if cell.kind == "markdown" else None
        after = lesson.cells[index + 1 : index + 2]
        answered = (after and after[0].kind == "code") or "<details>" in cell.text
        if match and not answered:
            line = cell.text.count("\n", 0, match.start())
            message = "the cell after '**Predict.**' is code that answers it"
            yield Finding(index, message, line)


def prose(lesson: Lesson) -> Iterator[Finding]:
    """Check Markdown cells: text, pictures, underlines and folded answers."""
    for index, cell in enumerate(lesson.cells):
        if cell.kind != "markdown":
            continue
        if not cell.text.strip():
            yield Finding(index, "an empty cell")
        for line, message in markup.markdown_faults(cell.text):
            yield Finding(index, message, line)
        lines = markup.visible(cell.text).split("\n")
        for offset in range(1, len(lines)):
            if _UNDERLINE.fullmatch(lines[offset]) and lines[offset - 1].strip():
                message = "this underline turns the line above into a heading"
                yield Finding(index, message, offset)
        yield from _folded(index, lines)


def _folded(index: int, lines: list[str]) -> Iterator[Finding]:
    text = "\n".join(lines)
    counts = {text.count(f"<{tag}>") for tag in ("details", "summary")}
    counts |= {text.count(f"</{tag}>") for tag in ("details", "summary")}
    if len(counts) > 1:
        message = "<details>, <summary>, </summary> and </details> come in fours"
        yield Finding(index, message)
    for offset, line in enumerate(lines[:-1]):
        if "</summary>" in line and lines[offset + 1].strip():
            message = "Markdown after </summary> needs an empty line before it"
            yield Finding(index, message, offset)


def short_form(lesson: Lesson) -> Iterator[Finding]:
    """Check that a lesson without its extras is one, too."""
    made = extras.short(lesson)
    if made is not lesson:
        lines = {cell.line: place for place, cell in enumerate(lesson.cells)}
        for rule in (opening, headings, sections, predictions):
            for found in rule(made):
                place = lines[made.cells[found.cell].line]
                yield Finding(place, f"without the extras: {found.message}")


def _links(lesson: Lesson, course: Course) -> Iterator[Finding]:
    """Check that a link inside the course leads to one of its notebooks."""
    names = {course.notebook(path).name for path in course.sources()}
    exercises = [course.notebook(path).name for path in course.exercises()]
    names |= {f"../exercises/{name}" for name in exercises}
    for index, cell in enumerate(lesson.cells):
        if cell.kind != "markdown":
            continue
        for line, target in markup.links(cell.text):
            file = target.partition("#")[0]
            if file and not re.match(r"(?:https?|mailto):", file) and file not in names:
                message = f"the link to {target!r} leads to no notebook of the course"
                yield Finding(index, message, line)


RULES: list[Rule] = [
    *(opening, headings, sections, predictions, prose, code_rules.code),
    *(extras.findings, short_form),
]
