"""What the code cells of a lesson must keep to."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from tools.build.problems import Finding
from tools.build.source import Cell, Lesson

CELL_LINES = 12  # CONTRIBUTING asks for 2 to 8; only more than this is refused
ANSWER_LINES = 26  # with markers, signature and docstring

_MARKER = re.compile(r"^\s*#+\s*(?:NBVAL_|PYTEST_VALIDATE_)", re.M)


def code(lesson: Lesson) -> Iterator[Finding]:
    """Check every code cell of a lesson."""
    for index, cell in enumerate(lesson.cells):
        if cell.kind == "code":
            for offset, message in _faults(cell):
                yield Finding(index, message, offset)


def _faults(cell: Cell) -> Iterator[tuple[int, str]]:
    try:
        tree = _parsed(cell.text)
    except SyntaxError as error:
        reason = f"not plain Python: {error.msg} (magics are left to the build)"
        yield (error.lineno or 1) - 1, reason
        return
    if not tree.body:
        yield 0, "an empty cell"
        return
    lines = sum(bool(line.strip()) for line in cell.text.split("\n"))
    most = ANSWER_LINES if cell.task else CELL_LINES
    if lines > most:
        yield 0, f"{lines} lines of code; a cell has 2 to 8, {most} at most"
    marker = _MARKER.search(cell.text)
    if marker:
        message = 'mark the cell in its header: # %% tags=["nbval-ignore-output"]'
        yield cell.text.count("\n", 0, marker.start()), message
    yield from _silenced(cell.text, tree.body[-1])
    for node in ast.walk(tree):
        message = _refused(node)
        if message:
            yield getattr(node, "lineno", 1) - 1, message


def _parsed(text: str) -> ast.Module:
    """Parse and compile a cell; what Python only warns about is an error, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(text, "<cell>", "exec", dont_inherit=True)
        return ast.parse(text)


def _silenced(text: str, last: ast.stmt) -> Iterator[tuple[int, str]]:
    """Find a ';' at the cell's end: it hides the value in Jupyter, not in nbval."""
    line = (last.end_lineno or 1) - 1
    rest = text.split("\n")[line].encode()[last.end_col_offset or 0 :].decode()
    if rest.lstrip().startswith(";"):
        yield line, "a ';' at the end hides the value in Jupyter only; assign it to _"


def _refused(node: ast.AST) -> str:
    """Return why lessons do without this piece of Python, or nothing."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="show")) if (
            owner in ("plt", "pyplot")
        ):
            return "no plt.show(): end the cell with the figure that shall be seen"
        case ast.Name(id="rcParams") | ast.Attribute(attr="rcParams"):
            return "no rcParams: they change every figure after this one"
        case ast.ImportFrom(names=[ast.alias(name="*")]):
            return "no star imports: say which names are used"
        case ast.Call(func=ast.Name(id="input" | "get_ipython" as name)):
            return f"no {name}(): a lesson runs by itself from top to bottom"
    return ""
