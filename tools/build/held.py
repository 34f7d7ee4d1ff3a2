"""The answer to a **Predict** waits until the reader runs the cell.

The cells between a text with a **Predict** and the next text answer it. A committed
lesson holds what they printed in their metadata, where no reader meets it: JupyterLab,
Colab and VS Code show such a cell as one that was not run yet. Strict nbval, the site,
the decks and the tests put it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

PREDICT = "**Predict"
QUESTION = ".predict("  # a box for the reader's own number: it asks, so it is shown


def answers(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Yield the code cells that answer a **Predict**."""
    asked = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            asked = PREDICT in cell.source
        elif asked and QUESTION not in cell.source:
            yield cell


def hold(notebook: NotebookNode) -> None:
    """Take the outputs of all answers out of sight, in place."""
    for cell in answers(notebook):
        if cell.outputs:
            cell.metadata["cnnlib"] = {
                "held": cell.outputs,
                "run": cell.execution_count,
            }
            cell.outputs = []
            cell.execution_count = None


def put_back(cell: NotebookNode) -> bool:
    """Give a cell its held outputs back, in place; tell whether it had any."""
    held = cell.metadata.get("cnnlib", {})
    if cell.cell_type != "code" or "held" not in held:
        return False
    cell.outputs, cell.execution_count = held["held"], held["run"]
    del cell.metadata["cnnlib"]
    return True


def read(path: Path) -> NotebookNode:
    """Read a notebook with all its outputs, as it was run."""
    return put_all_back(nbformat.read(path, as_version=4))


def put_all_back(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with all its outputs, as it was run; changed in place."""
    for cell in notebook.cells:
        put_back(cell)
    return notebook
