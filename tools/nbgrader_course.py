"""Write a course folder for nbgrader: ``make nbgrader``.

The source notebooks come from the same text as ours, with nbgrader's own markers; it
makes the students' version and grades by the same check cells.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat

from tools.build import exercise, source
from tools.build.build import ROOT
from tools.build.course import Course

CONFIG = '''\
"""nbgrader's settings for this course; written by `make nbgrader`."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "cnnlib"
c.ClearSolutions.begin_solution_delimeter = "BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "END SOLUTION"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
# The longest check trains a net; nbgrader's own limit of 30 seconds is too short.
c.ExecutePreprocessor.timeout = 120
# A check cell that a student deleted comes back.
c.OverwriteCells.add_missing_cells = True
'''


def source_notebook(path: Path, course: Course) -> nbformat.NotebookNode:
    """Return nbgrader's source notebook of an exercise: solutions between markers."""
    lesson = source.read(path)
    solution = exercise.drafts(lesson, course)[0]
    texts = {cell.id: cell for cell in lesson.cells}
    notebook = solution.notebook
    for made in notebook.cells:
        made.metadata.pop("deletable", None)  # nbgrader sets these itself
        made.metadata.pop("editable", None)
        cell = texts.get(made.id)
        if cell is not None and cell.task:
            parts = exercise.cut(cell.text)
            region = [parts.indent + "### BEGIN SOLUTION", *parts.solution]
            region.append(parts.indent + "### END SOLUTION")
            made.source = "\n".join([*parts.before, *region, *parts.after])
        elif made.cell_type == "code" and "nbgrader" not in made.metadata:
            made.metadata["nbgrader"] = _read_only(made.id)
    return notebook


def _read_only(grade_id: str) -> dict:
    return {
        "schema_version": 3,
        "grade": False,
        "solution": False,
        "locked": True,
        "task": False,
        "grade_id": grade_id,
    }


def write(target: Path, course: Course) -> list[Path]:
    """Write the course folder and return its source notebooks."""
    shutil.rmtree(target / "source", ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    (target / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    written = []
    for path in sorted(course.exercises()):
        name = path.stem.removesuffix(source.EXERCISE)
        file = target / "source" / name / f"{name}.ipynb"
        file.parent.mkdir(parents=True)
        nbformat.write(source_notebook(path, course), file)
        written.append(file)
    return written


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.nbgrader_course", description=__doc__
    )
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build/nbgrader")
    folder = parser.parse_args(arguments).folder
    for file in write(folder, Course(ROOT)):
        print(file.relative_to(folder))
    print(f"Now: cd {folder} && nbgrader generate_assignment 01_convolution --create")
    return 0


if __name__ == "__main__":
    sys.exit(main())
