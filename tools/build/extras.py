"""Extras: what a short form of a lesson leaves out.

In a lesson's text ``<!-- extra -->`` at the end of a heading marks its section, up to
the next heading of its level or above; at the end of another line of a Markdown cell,
the paragraph that begins there. The tag ``extra`` marks a cell. The whole form has them
all, without the marks; the short form (``extras`` in ``cnnlib/course.toml``) has none.
Ids of cells are the same in both.
"""

from __future__ import annotations

import ast
import builtins
import copy
import re
from collections.abc import Iterator

from tools import minutes
from tools.build import markdown
from tools.build.problems import Finding
from tools.build.source import Cell, Lesson

TAG = "extra"
_TIME = re.compile(r"\*\*Time:\*\* \d+ minutes")


def short(lesson: Lesson) -> Lesson:
    """Return a lesson without its extras, its minutes counted anew.

    A lesson that marks none comes back as it is.
    """
    kept = dict(_kept(lesson))
    if [*kept.values()] == [cell.text for cell in lesson.cells]:
        return lesson
    made = copy.copy(lesson)
    made.cells = []
    for place, text in kept.items():
        made.cells.append(copy.copy(lesson.cells[place]))
        made.cells[-1].text = text
    first = made.cells[0]
    total = minutes.of_cells(made.cells).minutes
    first.text = _TIME.sub(f"**Time:** {total} minutes", first.text, count=1)
    return made


def left_out(lesson: Lesson) -> list[str]:
    """Return the headings that the short form has not."""
    return [
        heading
        for heading in _headings(lesson)
        if heading not in set(_headings(short(lesson)))
    ]


def _headings(lesson: Lesson) -> list[str]:
    texts = [cell.text for cell in lesson.cells if cell.kind == "markdown"]
    return [found.text for text in texts for found in markdown.headings(text)]


def _kept(lesson: Lesson) -> Iterator[tuple[int, str]]:
    """Yield the place of each cell of which something is kept, and what is."""
    level = 0  # of the heading whose section is left out; 0: none is
    for place, cell in enumerate(lesson.cells):
        if cell.kind == "code":
            if not level and TAG not in cell.tags:
                yield place, cell.text
            continue
        level, lines = _kept_lines(cell, level)
        if any(line.strip() for line in lines):
            yield place, re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _kept_lines(cell: Cell, level: int) -> tuple[int, list[str]]:
    """Return the lines of a Markdown cell that are kept, and the level after it."""
    headings = {found.offset: found.level for found in markdown.headings(cell.text)}
    lines, paragraph = [], False
    for offset, line in enumerate(cell.text.split("\n")):
        marked = offset in cell.extra_lines
        if offset in headings:
            if not level or headings[offset] <= level:
                level = headings[offset] if marked else 0
            paragraph = False
        elif not line.strip():
            paragraph = False
        elif marked:
            paragraph = True
        if not (level or paragraph or TAG in cell.tags):
            lines.append(line)
    return level, lines


def findings(lesson: Lesson) -> Iterator[Finding]:
    """Yield what keeps a lesson from being read without its extras.

    That is a name that a kept cell uses, and that an extra was the last to set.
    """
    kept = {place for place, _ in _kept(lesson)}
    last: dict[str, int] = {}
    for place, cell in enumerate(lesson.cells):
        if cell.kind != "code":
            continue
        try:
            uses, sets = names(cell.text)
        except SyntaxError:  # told by another rule
            continue
        for name in sorted(uses if place in kept else ()):
            if name in last and last[name] not in kept:
                line = lesson.cells[last[name]].line
                yield Finding(
                    place,
                    f"without the extras this cell lacks `{name}`, which the extra "
                    f"cell in line {line} sets",
                )
        last |= dict.fromkeys(sets, place)


def names(code: str) -> tuple[set[str], set[str]]:
    r"""Return the names that a cell takes from cells above, and those that it sets.

    >>> names("total = 0\nfor x in xs:\n    total += x")[0]
    {'xs'}
    """
    tree = ast.parse(code)
    uses: set[str] = set()
    sets: set[str] = set()
    for statement in tree.body:
        used, own = _statement(statement)
        uses |= used - sets
        sets |= own
    return uses - set(dir(builtins)), sets


def _statement(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Return what a statement uses from outside itself, and what it sets."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        inner = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        own = {node.id for node in inner if isinstance(node.ctx, ast.Store)}
        own |= {n.arg for n in ast.walk(statement) if isinstance(n, ast.arg)}
        own |= {statement.name}
        return {node.id for node in inner} - own, {statement.name}
    used: set[str] = set()
    bound: set[str] = set()  # by a comprehension, a lambda or a loop: its own
    own = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            stored = isinstance(node.ctx, ast.Store)
            (own if stored else used).add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            used.add(node.target.id)
        elif isinstance(node, ast.alias):
            own.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.comprehension | ast.For):
            bound |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.ExceptHandler | ast.FunctionDef) and node.name:
            own.add(node.name)
            bound.add(node.name)
    if isinstance(statement, ast.For | ast.While | ast.With | ast.Try | ast.If):
        bound |= _set_first(statement)
    return used - bound, own


def _set_first(statement: ast.stmt) -> set[str]:
    """Return the names that a block sets before it first uses them, by line."""
    first: dict[str, tuple[int, bool]] = {}
    nodes = list(ast.walk(statement))
    added_to = {id(node.target) for node in nodes if isinstance(node, ast.AugAssign)}
    for node in nodes:
        if isinstance(node, ast.Name):
            stored = isinstance(node.ctx, ast.Store) and id(node) not in added_to
            there = first.get(node.id)
            if there is None or (node.lineno, stored) < there:
                first[node.id] = (node.lineno, stored)
    return {name for name, (_, stored) in first.items() if stored}
