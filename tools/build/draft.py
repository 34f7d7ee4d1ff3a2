"""The notebook of a lesson before it is run: its cells, and what every one gets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.build import extras, folded
from tools.build.cards import with_cards
from tools.build.colab_install import install_source
from tools.build.course import Course
from tools.build.launch_links import launch_line
from tools.build.problems import Finding, Problem
from tools.build.source import Lesson

RUN = (
    "\n\n*Run every cell, from the top down, with Shift+Enter. Where you see three "
    "dots, code is folded: run it, too.*"
)


@dataclass(frozen=True)
class Draft:
    """A notebook that was not run yet, and where each of its cells comes from."""

    lesson: Lesson
    notebook: nbformat.NotebookNode
    origins: list[int]  # per notebook cell: the lesson's cell, its place in the list
    target: Path
    run: bool = True

    @property
    def name(self) -> str:
        """What the build calls it: the lesson, or the folder and the exercise."""
        folder = self.target.parent.name
        return (
            self.lesson.path.stem
            if folder == "notebooks"
            else f"{folder}/{self.lesson.topic}"
        )

    def at(self, finding: Finding) -> Problem:
        """Return a finding about the notebook's cells with its line in the source."""
        origin = self.origins[finding.cell]
        return self.lesson.at(Finding(origin, finding.message, finding.offset))


def make_draft(
    lesson: Lesson, course: Course, folder: str = "notebooks", *, run: bool = True
) -> Draft:
    """Return the lesson's notebook: launch links, install cell, kernel, version."""
    number = lesson.number
    cells = [
        new_markdown_cell(_with_links(lesson, course, folder), id=lesson.cells[0].id)
    ]
    cells.append(new_code_cell(install_source(course), id=f"{number}-install"))
    if folder == "notebooks":
        folded.fold(cells[-1])
    for cell in lesson.cells[1:]:
        if cell.kind == "code":
            cells.append(new_code_cell(cell.text, id=cell.id))
        else:
            cells.append(new_markdown_cell(with_cards(cell.text), id=cell.id))
        if tags := [tag for tag in cell.tags if tag != extras.TAG]:
            cells[-1].metadata["tags"] = tags
        if folded.TAG in cell.tags:
            folded.fold(cells[-1])
    metadata = {
        "cnnlib": {"lesson": number, "version": course.version},
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    notebook = new_notebook(cells=cells, metadata=metadata)
    notebook.nbformat_minor = 5
    origins = [0, 0, *range(1, len(lesson.cells))]
    target = course.notebook(lesson.path, folder)
    return Draft(lesson, notebook, origins, target, run)


def _with_links(lesson: Lesson, course: Course, folder: str) -> str:
    title, _, rest = lesson.cells[0].text.partition("\n")
    line = launch_line(f"{folder}/{lesson.topic}.ipynb", course)
    run = RUN if folder == "notebooks" else ""
    return f"{title}\n\n{line}\n\n{rest.lstrip()}{run}"
