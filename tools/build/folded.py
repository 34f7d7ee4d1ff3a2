"""Cells whose code is folded, so that a lesson begins with a picture and not with code.

What they show is to be seen; the code is one click away. In a lesson's text they have
the tag ``folded``; the cell that installs the course on Colab is folded in each lesson.
"""

from __future__ import annotations

from nbformat import NotebookNode

TAG = "folded"
_KEYS = ("jupyter", "cellView")


def fold(cell: NotebookNode) -> None:
    """Fold a code cell's source, in place, for each program that can.

    JupyterLab and Notebook read ``source_hidden``, Colab ``cellView``. VS Code folds no
    cell by what a file says (microsoft/vscode#158716): there the code is in sight.
    """
    cell.metadata["jupyter"] = {"source_hidden": True}
    cell.metadata["cellView"] = "form"


def is_folded(cell: NotebookNode) -> bool:
    """Whether a cell is folded as ``fold`` does it."""
    hidden = cell.metadata.get("jupyter") == {"source_hidden": True}
    return hidden and cell.metadata.get("cellView") == "form"


def metadata_keys(cell: NotebookNode) -> set[str]:
    """Return the keys of a cell's metadata that folding it needs; none if it is not."""
    return set(_KEYS) if is_folded(cell) else set()
