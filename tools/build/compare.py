"""Whether a committed notebook is the one that the lesson's text builds.

Compared are sources, ids and metadata, and the text that untagged cells print:
what holds on every machine. Pictures are compared by their sentence, and those that
can be operated by their script and style, too.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator

from nbformat import NotebookNode

from tools.build import held
from tools.build.live_scripts import code_and_styles
from tools.build.outputs import KEPT

IGNORE = "nbval-ignore-output"


def text_differences(built: NotebookNode, committed: NotebookNode) -> Iterator[str]:
    """Yield how the committed cells and metadata differ, outputs left out."""
    if committed.metadata != built.metadata:
        yield f"metadata: expected {built.metadata}, committed {committed.metadata}"
    expected = [cell.id for cell in built.cells]
    ids = [cell.get("id") for cell in committed.cells]
    if ids != expected:
        yield "cells: " + _diff(expected, [str(name) for name in ids])
        return
    for new, old in zip(built.cells, committed.cells, strict=True):
        if old.cell_type != new.cell_type:
            yield f"{new.id}: expected a {new.cell_type} cell, not {old.cell_type}"
        elif old.source != new.source:
            yield f"{new.id}: text differs\n{_diff(*_lines(new.source, old.source))}"
        if old.metadata != new.metadata:
            yield f"{new.id}: metadata {old.metadata}, expected {new.metadata}"


def held_differences(file: NotebookNode) -> Iterator[str]:
    """Yield the cells of a file whose outputs are shown or held, against the rule."""
    right = held.put_all_back(copy.deepcopy(file))
    held.hold(right)
    for cell, wanted in zip(file.cells, right.cells, strict=True):
        if cell.metadata.get("cnnlib", {}) != wanted.metadata.get("cnnlib", {}):
            how = "held" if "held" in wanted.metadata.get("cnnlib", {}) else "shown"
            yield f"{cell.id}: its output is to be {how}: see tools/build/held.py"


def output_differences(built: NotebookNode, committed: NotebookNode) -> Iterator[str]:
    """Yield how the outputs of untagged cells differ; both hold the same cells."""
    for new, old in zip(built.cells, committed.cells, strict=True):
        if new.cell_type != "code":
            continue
        if new.execution_count != old.execution_count:
            yield f"{new.id}: run as number {old.execution_count} in the committed one"
        if _scripts(new) != _scripts(old):
            yield f"{new.id}: a picture's script or style is not that of the package"
        if IGNORE in new.metadata.get("tags", []):
            continue
        fresh, kept = strict_outputs(new), strict_outputs(old)
        if fresh != kept:
            yield f"{new.id}: output differs\n{_diff(fresh, kept)}"


def strict_outputs(cell: NotebookNode) -> list[str]:
    """Return the lines that come out the same wherever the cell is run.

    A rich output counts by its text/plain; one that has none counts as a whole.
    """
    lines = []
    for output in cell.outputs:
        if output.output_type == "stream":
            lines += [f"{output.name}: {line}" for line in output.text.split("\n")]
        elif output.output_type == "error":
            lines.append(f"error: {output.ename}: {output.evalue}")
        else:
            kinds = [k for k in KEPT if k in output.data]
            strict = ["text/plain"] if "text/plain" in output.data else kinds
            for kind in strict:
                text = output.data[kind].split("\n")
                lines += [f"{kind}: {line}" for line in text]
            lines.append(f"({output.output_type} of {', '.join(kinds)})")
    return lines


def _scripts(cell: NotebookNode) -> list[tuple[str, str, str]]:
    """Return the code and the style of a cell's live pictures, without their data."""
    pages = [output.get("data", {}).get("text/html", "") for output in cell.outputs]
    return [found for page in pages for found in code_and_styles(page)]


def _lines(*texts: str) -> list[list[str]]:
    return [text.split("\n") for text in texts]


def _diff(new: list[str], old: list[str]) -> str:
    """Return a unified diff from committed to built, without its file header."""
    lines = list(difflib.unified_diff(old, new, lineterm="", n=1))[2:]
    return "\n".join(f"    {line[:200]}" for line in lines)
