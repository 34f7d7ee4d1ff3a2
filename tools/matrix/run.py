"""Run the course in an environment of the matrix, and say what failed there."""

from __future__ import annotations

import json
import os
import subprocess
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

NBVAL = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300"]
# The tests of the package; those of the repository need its tools, at their versions.
PACKAGE_TESTS = ["cnnlib/test_*.py", "cnngrade/test_cli_*.py"]
Cell = tuple[str, int]  # a notebook's name, and the number of a code cell in it


@dataclass
class StepResult:
    """One thing that was run: how many parts it has, what failed, how long it took."""

    name: str
    count: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        bad = f", {len(self.failures)} failures" if self.failures else ""
        return f"{self.count:,}{bad}, {self.seconds:.0f} s"


def notebooks(python: Path, course: Path, folder: str) -> StepResult:
    """Run every notebook of a folder; in exercises only their checks are to fail."""
    step = StepResult(folder)
    expected = _check_cells(course / folder) if folder == "exercises" else set()
    cells = _code_cells(course / folder)
    step.count = len({name for name, _ in cells})
    results = _pytest(python, course, [*NBVAL, folder], step)
    failed = {cell for cell, bad in _by_cell(results).items() if bad}
    missing = cells - _by_cell(results).keys()
    step.failures = [
        *(f"{name}, code cell {n}: failed" for name, n in sorted(failed - expected)),
        *(f"{name}, code cell {n}: passed" for name, n in sorted(expected - failed)),
        *(f"{name}, code cell {n}: was not run" for name, n in sorted(missing)),
    ]
    return step


def unit_tests(python: Path, course: Path) -> StepResult:
    """Run the tests of the package there; in words, those of `PACKAGE_TESTS`."""
    step = StepResult("unit tests")
    files = package_tests(course)
    results = _pytest(python, course, ["-m", "not browser", *files], step)
    step.count = len(results)
    step.failures = [f"{case}::{name}" for (case, name), bad in results.items() if bad]
    if not results:
        step.failures = ["no test was run"]
    return step


def package_tests(course: Path) -> list[str]:
    """Return the test files that `PACKAGE_TESTS` names."""
    tests = course / "tests"
    named = [path for part in PACKAGE_TESTS for path in sorted(tests.glob(part))]
    return [path.relative_to(course).as_posix() for path in named]


def _pytest(
    python: Path, course: Path, options: list[str], step: StepResult
) -> dict[tuple[str, str], bool]:
    """Run pytest in the course's folder; return which of its tests failed."""
    log = python.parents[1] / f"{step.name.replace(' ', '-')}.log"
    report = log.with_suffix(".xml")
    report.unlink(missing_ok=True)
    started = time.perf_counter()
    with log.open("w", encoding="utf-8") as output:
        # A warning of somebody else's old or new package is no failure of the course.
        command = [str(python), "-m", "pytest", "-q", "-o", "filterwarnings=default"]
        command += ["-p", "no:cacheprovider", f"--junit-xml={report}", *options]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        subprocess.run(
            command, cwd=course, stdout=output, stderr=output, env=environment
        )
    step.seconds = time.perf_counter() - started
    if not report.exists():
        return {}
    return {
        (case.get("classname", ""), case.get("name", "")): any(
            child.tag in ("failure", "error") for child in case
        )
        for case in ET.parse(report).getroot().iter("testcase")
    }


def _by_cell(results: dict[tuple[str, str], bool]) -> dict[Cell, bool]:
    """Return nbval's results by notebook and code cell, as it names its tests."""
    return {
        (case.removesuffix(".ipynb").rpartition(".")[2], int(name.split()[-1])): bad
        for (case, name), bad in results.items()
        if name.startswith("Cell ")
    }


def _code_cells(folder: Path, ending: str = "") -> set[Cell]:
    """Return a folder's code cells, or those whose ids end so."""
    found = set()
    for path in folder.glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        for number, cell in enumerate(code):
            if cell["id"].endswith(ending):
                found.add((path.stem, number))
    return found


def _check_cells(folder: Path) -> set[Cell]:
    return _code_cells(folder, "-check")
