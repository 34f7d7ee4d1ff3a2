"""What every pytest run here shares, strict nbval over ``notebooks/`` included."""

import os
from pathlib import Path

import pytest
from nbformat import NotebookNode


def pytest_configure() -> None:
    """Give notebooks the data that the caller names, else the bundled digits.

    A notebook's kernel runs in the notebook's folder, so a path is made absolute.
    """
    data = os.environ.setdefault("CNNLIB_DATA", "bundled")
    if data != "bundled":
        os.environ["CNNLIB_DATA"] = str(Path(data).expanduser().resolve())


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Compare a picture by its sentence only: its HTML holds the PNG, too."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html",)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Compare an answer under a **Predict**, too: the file holds it out of sight."""
    if isinstance(cell := getattr(item, "cell", None), NotebookNode):
        kept = cell.metadata.get("cnnlib", {})  # see tools/build/held.py
        cell.outputs = kept.get("held", cell.outputs)
        cell.execution_count = kept.get("run", cell.execution_count)
