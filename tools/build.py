"""Builds ``notebooks/`` from ``lessons/``: ``python -m tools.build [NN ...]``.

Every lesson's text is checked first. Then it is run, several side by side, and
its notebook is written only if it differs from the one that is there in text,
ids, metadata or in what its untagged cells print. So a second build changes
nothing, on any machine.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from tqdm import tqdm

from tools import compare, execute, hygiene, outputs, rules, source, stamp
from tools.course import Course
from tools.problems import LessonError, Problem

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Options:
    """How to build: see ``python -m tools.build --help``."""

    check: bool = False
    rewrite: bool = False
    workers: int = 2
    timeout: float = execute.CELL_TIMEOUT


@dataclass(frozen=True)
class Outcome:
    """What became of one lesson; ``failure`` says in full why it is not in order."""

    name: str
    summary: str
    failure: str = ""


def load_draft(path: Path, course: Course) -> stamp.Draft:
    """Reads and checks a lesson's text; raises ``LessonError`` with all problems."""
    lesson = source.read(path)
    problems = [*lesson.problems, *rules.problems(lesson, course)]
    if problems:
        raise LessonError(problems)
    return stamp.draft(lesson, course)


async def run_draft(draft: stamp.Draft, timeout: float, bar: tqdm) -> float:
    """Runs a draft in place and cleans its outputs; returns the seconds."""
    notebook = draft.notebook
    metadata = copy.deepcopy(notebook.metadata)
    try:
        seconds = await execute.execute_async(
            notebook, timeout=timeout, on_cell=bar.update
        )
    except execute.NotebookError as error:
        raise LessonError([draft.at(error.finding)]) from None
    notebook.metadata = metadata  # nbclient adds the interpreter's version
    outputs.clean(notebook)
    nbformat.validate(notebook)
    found = hygiene.findings(notebook)
    if found:
        raise LessonError(draft.at(finding) for finding in found)
    return seconds


async def build_lesson(
    path: Path, course: Course, options: Options, has_mnist: bool, bar: tqdm
) -> Outcome:
    """Builds one lesson, or checks it; a failure is returned, not raised."""
    try:
        draft = load_draft(path, course)
        target = course.notebook(path)
        committed = nbformat.read(target, 4) if target.exists() else None
        if "mnist" in draft.lesson.needs and not has_mnist:
            return _left_alone(path, draft, committed)
        seconds = await run_draft(draft, options.timeout, bar)
    except LessonError as error:
        return Outcome(path.stem, "failed", str(error))
    return _settle(path, target, draft.notebook, committed, seconds, options)


def _left_alone(
    path: Path, draft: stamp.Draft, committed: nbformat.NotebookNode | None
) -> Outcome:
    summary = "left alone: it is committed as run on MNIST, which is not here"
    differences = ["there is no notebook yet"]
    if committed is not None:
        differences = list(compare.text_differences(draft.notebook, committed))
    failure = ""
    if differences:
        failure = "\n".join(
            [f"{path.name} changed and its notebook needs MNIST to follow:"]
            + differences
        )
    return Outcome(path.stem, summary, failure)


def _settle(
    path: Path,
    target: Path,
    built: nbformat.NotebookNode,
    committed: nbformat.NotebookNode | None,
    seconds: float,
    options: Options,
) -> Outcome:
    """Writes the notebook if it says something new; with ``check`` only tells."""
    differences = ["there is no notebook yet"]
    if committed is not None:
        differences = list(compare.text_differences(built, committed))
        differences += (
            [] if differences else compare.output_differences(built, committed)
        )
    took = f"in {seconds:.1f} s"
    if options.check:
        if not differences:
            return Outcome(path.stem, f"in order {took}")
        failure = f"{target.name} is not what {path.name} builds:\n"
        return Outcome(path.stem, f"differs {took}", failure + "\n".join(differences))
    if differences or options.rewrite:
        target.parent.mkdir(exist_ok=True)
        nbformat.write(built, target)
        return Outcome(path.stem, f"written {took}")
    return Outcome(path.stem, f"unchanged {took}")


async def build_all(
    paths: Sequence[Path], course: Course, options: Options, has_mnist: bool
) -> list[Outcome]:
    """Builds lessons side by side, telling each as it is done."""
    gate = asyncio.Semaphore(options.workers)
    cells = sum(path.read_text("utf-8").count("\n# %%\n") + 2 for path in paths)
    with tqdm(total=cells, unit=" cells", disable=None) as bar:

        async def one(path: Path) -> Outcome:
            async with gate:
                outcome = await build_lesson(path, course, options, has_mnist, bar)
            bar.write(f"{outcome.name}: {outcome.summary}")
            return outcome

        return await asyncio.gather(*(one(path) for path in paths))


def real_mnist() -> bool:
    """Whether lessons find the real MNIST here, asked as they would ask."""
    program = (
        "from cnnlib.data import load_mnist\nprint(load_mnist(verbose=False).source)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.split()[-1:] == ["mnist"]


def select(course: Course, wanted: Sequence[str]) -> list[Path]:
    """The lessons asked for: ``5``, ``05`` or ``05_mnist_cnn``; all if none is."""
    sources = course.sources()
    if not wanted:
        return sources
    chosen = []
    for name in wanted:
        stem = Path(name).stem
        fits = [
            p
            for p in sources
            if stem in (p.stem, p.stem[:2], p.stem[:2].lstrip("0") or "0")
        ]
        if not fits:
            legal = ", ".join(path.stem for path in sources) or "none yet"
            raise SystemExit(f"no lesson is called {name!r}; there are: {legal}")
        chosen += fits
    return sorted(set(chosen))


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The command; returns 0 if everything is in order, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.build", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="NN", help="default: all")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, tell what differs"
    )
    parser.add_argument(
        "--rewrite",
        action="store_true",
        help="write even if only pictures or ignored outputs may differ",
    )
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--timeout", type=float, default=execute.CELL_TIMEOUT)
    given = parser.parse_args(arguments)
    course = Course(root)
    paths = select(course, given.lessons)
    options = Options(given.check, given.rewrite, max(1, given.workers), given.timeout)
    needs_mnist = any("# needs: mnist" in p.read_text("utf-8") for p in paths)
    has_mnist = needs_mnist and real_mnist()
    outcomes = asyncio.run(build_all(paths, course, options, has_mnist))
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    print("\n\n".join(failures), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
