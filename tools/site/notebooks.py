"""What a built notebook becomes before it is shown as a page, a deck or a handout."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.build import folded, held
from tools.build.draft import RUN
from tools.build.live_scripts import unpacked

_TITLE = re.compile(r"^# (.+)$", re.M)
_LAUNCH = re.compile(r"^\*\*Open in\*\* .+$", re.M)
_TIME = re.compile(r"\*\*Time:\*\* (\d+) minutes")
_REGION = re.compile(r'role="region"')


@dataclass(frozen=True)
class Reading:
    """A notebook to be read: what its first cell says, and the cells worth showing."""

    name: str  # NN_topic
    title: str
    summary: str
    minutes: int
    launch: str
    notebook: NotebookNode


def read(path: Path) -> Reading:
    """Read a built notebook; raise ValueError if its first cell lacks title or time."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if held.put_back(cell):
            cell.metadata.setdefault("tags", []).append("hide-output")
        if folded.is_folded(cell):
            cell.metadata.setdefault("tags", []).append("hide-input")
    notebook.cells[0].source = notebook.cells[0].source.replace(RUN, "")
    first = notebook.cells[0].source
    title, time = _TITLE.search(first), _TIME.search(first)
    if not title or not time:
        raise ValueError(
            f"{path.parent.name}/{path.name} must start with '# Title' and say "
            "'**Time:** N minutes' in its first cell."
        )
    launch = _LAUNCH.search(first)
    parts = first[title.end() :].replace(launch[0] if launch else "", "").strip()
    notebook.cells = [cell for cell in notebook.cells if not _is_install(cell)]
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            _describe(output)
    summary = " ".join(parts.split("\n\n")[0].split())
    words = launch[0] if launch else ""
    return Reading(path.stem, title[1], summary, int(time[1]), words, notebook)


def _is_install(cell: NotebookNode) -> bool:
    """Whether this is the cell that only Colab needs."""
    return cell.cell_type == "code" and cell.get("id", "").endswith("-install")


def _describe(output: NotebookNode) -> None:
    """Give a bare PNG its sentence as alt text; unpack the scripts of live pictures.

    Landmarks are for the page itself: an output has none.
    """
    data = output.get("data", {})
    if "image/png" in data and "text/html" not in data:
        words = html.escape(data.get("text/plain", "").strip() or "A picture")
        source = f"data:image/png;base64,{data['image/png'].strip()}"
        data["text/html"] = f'<img alt="{words}" src="{source}">'
    if "text/html" in data:
        page = unpacked(data["text/html"])
        data["text/html"] = _REGION.sub('role="group"', page)
