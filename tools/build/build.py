"""Build the notebooks from ``lessons/``: ``python -m tools.build [NN ...]``.

The text of every lesson is checked first. Then the lessons are run, several side
by side, and a notebook is written only if it differs from the one that is there
in text, ids, metadata or in what its untagged cells print: a second build changes
nothing, on any machine.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from tqdm import tqdm

from cnnlib.settings import settings
from tools.build import (
    chosen,
    compare,
    execute,
    exercise,
    held,
    hygiene,
    outputs,
    rules,
    source,
    stamp,
)
from tools.build.course import Course
from tools.build.draft import Draft, make_draft
from tools.build.problems import LessonError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Options:
    """How to build: see ``python -m tools.build --help``."""

    check: bool = False
    rewrite: bool = False
    workers: int = 2
    timeout: int = execute.CELL_SECONDS


@dataclass(frozen=True)
class LessonResult:
    """What became of one lesson; ``failure`` says in full why it is not in order."""

    name: str
    summary: str
    failure: str = ""


def load_draft(path: Path, course: Course) -> Draft:
    """Read and check a lesson's text; raise ``LessonError`` with all problems."""
    lesson = source.read(path)
    problems = [*lesson.problems, *rules.problems(lesson, course)]
    lesson = chosen.form(lesson, settings())
    if problems:
        raise LessonError(problems)
    return make_draft(lesson, course)


def load_drafts(path: Path, course: Course) -> list[Draft]:
    """Do so for a text of either kind; an exercise makes two notebooks."""
    if path.stem.endswith(source.EXERCISE):
        return exercise.drafts(source.read(path), course)
    return [load_draft(path, course)]


def text_differences(draft: Draft, course: Course) -> list[str]:
    """Return how the committed notebook differs from the text, without a run."""
    committed = read_committed(draft)
    if committed is None:
        return ["there is no notebook yet"]
    differences = list(compare.text_differences(draft.notebook, committed))
    file = nbformat.read(draft.target, as_version=4)
    return differences + list(compare.held_differences(file))


def read_committed(draft: Draft) -> nbformat.NotebookNode | None:
    """Return the notebook that is there for a draft, if any, with all its outputs."""
    if not draft.target.exists():
        return None
    return held.read(draft.target)


async def run_draft(draft: Draft, course: Course, timeout: int, bar: tqdm) -> float:
    """Run a draft in place, clean and check its outputs; return the seconds."""
    notebook = draft.notebook
    metadata = copy.deepcopy(notebook.metadata)
    try:
        seconds = await execute.execute_async(
            notebook, timeout=timeout, on_cell=bar.update
        )
    except execute.CellFailedError as error:
        raise LessonError([draft.at(error.finding)]) from None
    notebook.metadata = metadata  # nbclient adds the interpreter's version
    outputs.clean(notebook)
    nbformat.validate(notebook)
    found = hygiene.findings(notebook)
    found += hygiene.local_paths(notebook, [course.root, Path(sys.prefix)])
    if found:
        raise LessonError(draft.at(finding) for finding in found)
    return seconds


async def build_lesson(
    draft: Draft, course: Course, options: Options, bar: tqdm
) -> LessonResult:
    """Run one lesson and write its notebook; with ``check`` only tell."""
    took = "not run"
    if draft.run:
        seconds = await run_draft(draft, course, options.timeout, bar)
        took = f"run in {seconds:.1f} s"
    built, committed = draft.notebook, read_committed(draft)
    differences = text_differences(draft, course)
    if committed is not None and not differences:
        differences = list(compare.output_differences(built, committed))
    if not draft.run:
        differences += _reference_differences(draft, course)
    if options.check and differences:
        file = draft.target.relative_to(course.root).as_posix()
        failure = f"{file} is not what its lesson builds:"
        failure = "\n".join([failure, *differences])
        return LessonResult(draft.name, f"differs ({took})", failure)
    if differences or options.rewrite:
        draft.target.parent.mkdir(exist_ok=True)
        held.hold(built)
        nbformat.write(built, draft.target)
        if not draft.run:
            path = exercise.handed_out_path(draft.lesson, course)
            path.parent.mkdir(exist_ok=True)
            path.write_text(exercise.handed_out_json(draft), encoding="utf-8")
        return LessonResult(draft.name, f"written, {took}")
    return LessonResult(draft.name, f"unchanged, {took}")


def _reference_differences(draft: Draft, course: Course) -> list[str]:
    path = exercise.handed_out_path(draft.lesson, course)
    there = path.exists() and path.read_text(encoding="utf-8")
    same = there == exercise.handed_out_json(draft)
    return [] if same else [f"{path.name} in cnnjudge/exercises differs"]


def leave_alone(draft: Draft, course: Course, *, check: bool = False) -> LessonResult:
    """Tell that a lesson stays as run on MNIST, and whether its text moved on.

    Where its code did not, the text around it is written: links, minutes, sentences.
    """
    name = draft.name
    summary = "left alone: its notebook shows MNIST, which is not on this machine"
    committed = read_committed(draft)
    differences = text_differences(draft, course)
    if differences and not check and committed and carry_outputs(draft, committed):
        summary = "its text written, its code left as run on MNIST"
        differences = text_differences(draft, course)
    if committed is not None:
        differences += [finding.message for finding in hygiene.scripts(committed)]
    if not differences:
        return LessonResult(name, summary)
    failure = f"notebooks/{name}.ipynb is not its lesson's text; build it with MNIST:"
    return LessonResult(name, summary, "\n".join([failure, *differences]))


def carry_outputs(draft: Draft, committed: nbformat.NotebookNode) -> bool:
    """Write a draft with the outputs that are there, if its code is the same.

    The cell that installs the course on Colab may differ: elsewhere it does nothing.
    """
    install = f"{draft.lesson.number}-install"

    def code(notebook: nbformat.NotebookNode) -> dict[str, str]:
        return {
            cell.id: "" if cell.id == install else cell.source
            for cell in notebook.cells
            if cell.cell_type == "code"
        }

    if code(draft.notebook) != code(committed):
        return False
    made = copy.deepcopy(draft.notebook)
    there = {cell.id: cell for cell in committed.cells}
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs = there[cell.id].outputs
            cell.execution_count = there[cell.id].execution_count
    held.hold(made)
    nbformat.write(made, draft.target)
    return True


async def build_all(
    drafts: Sequence[Draft], course: Course, options: Options
) -> list[LessonResult]:
    """Build lessons side by side and tell each when it is done."""
    gate = asyncio.Semaphore(options.workers)
    cells = [cell for draft in drafts if draft.run for cell in draft.notebook.cells]
    total = sum(cell.cell_type == "code" for cell in cells)
    with tqdm(total=total, unit="cell", disable=None, leave=False) as bar:

        async def one(draft: Draft) -> LessonResult:
            async with gate:
                result = await _settled(
                    build_lesson(draft, course, options, bar), draft
                )
            bar.write(f"{result.name}: {result.summary}")
            return result

        return await asyncio.gather(*(one(draft) for draft in drafts))


async def _settled(building: Awaitable[LessonResult], draft: Draft) -> LessonResult:
    """Turn whatever stops one lesson into its result: the others go on."""
    name = draft.name
    try:
        return await building
    except LessonError as error:
        return LessonResult(name, "failed", str(error))
    except Exception:
        return LessonResult(name, "failed", f"{name}: {traceback.format_exc()}")


def real_mnist() -> bool:
    """Tell whether lessons find the real MNIST here, asking as they would ask."""
    program = (
        "from cnnlib.data import load_mnist; print(load_mnist(verbose=False).source)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.split()[-1] == "mnist"


def select(course: Course, wanted: Sequence[str]) -> list[Path]:
    """Return the lessons asked for: ``5``, ``05`` or ``05_mnist_cnn``; else all."""
    sources = sorted([*course.sources(), *course.exercises()])
    chosen = set()
    for name in wanted:
        stem = Path(name).stem
        fits = {p for p in sources if stem in (p.stem, p.stem[:2], p.stem[1:2])}
        fits = {p for p in fits if len(stem) != 1 or p.stem[0] == "0"}
        if not fits:
            legal = ", ".join(path.stem for path in sources) or "none yet"
            raise SystemExit(f"no lesson is called {name!r}; there are: {legal}")
        chosen |= fits
    return sorted(chosen) if wanted else sources


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.build", description=__doc__)
    parser.add_argument(
        "lessons", nargs="*", metavar="NN", help="numbers of lessons; default: all"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing, tell what differs"
    )
    parser.add_argument(
        "--rewrite",
        action="store_true",
        help="write even if only pictures or ignored outputs may differ",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=min(2, os.cpu_count() or 1),
        help="lessons run side by side (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=int,
        default=execute.CELL_SECONDS,
        help="seconds that a cell may take (default: %(default)s)",
    )
    parser.add_argument(
        "--extras",
        choices=("yes", "no"),
        help="write into cnnlib/course.toml whether lessons have their extras",
    )
    return parser.parse_args(arguments)


def set_extras(word: str, file: Path) -> None:
    """Write the word into the settings, of which this process then reads the new."""
    text = file.read_text(encoding="utf-8")
    new, count = re.subn(r'(?m)^extras = "\w*"', f'extras = "{word}"', text)
    if count != 1:
        raise SystemExit(f'{file} has no line: extras = "yes"')
    if new != text:
        file.write_text(new, encoding="utf-8")
        settings.cache_clear()


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command; return 0 if everything is in order, else 1."""
    given = parse(arguments)
    course = Course(root)
    if given.extras:
        set_extras(given.extras, root / "cnnlib" / "course.toml")
    options = Options(given.check, given.rewrite, max(1, given.workers), given.timeout)
    drafts: list[Draft] = []
    results: list[LessonResult] = []
    for path in select(course, given.lessons):
        try:
            drafts += load_drafts(path, course)
        except LessonError as error:
            results.append(LessonResult(path.stem, "failed", str(error)))
    needing = [draft for draft in drafts if "mnist" in draft.lesson.needs]
    if needing and not real_mnist():
        drafts = [draft for draft in drafts if "mnist" not in draft.lesson.needs]
        results += [
            leave_alone(draft, course, check=options.check) for draft in needing
        ]
    for result in results:
        print(f"{result.name}: {result.summary}")
    try:
        results += asyncio.run(build_all(drafts, course, options))
    except KeyboardInterrupt:
        print("\nstopped; lessons that are not named are as they were", file=sys.stderr)
        return 130
    failures = [result.failure for result in results if result.failure]
    failures += _prose(course, check=options.check, alone=bool(given.lessons))
    for failure in failures:
        print(f"\n{failure}", file=sys.stderr)
    return 1 if failures else 0


def _prose(course: Course, *, check: bool, alone: bool) -> list[str]:
    """Write what pages say of the course; with `check` return which say it wrongly.

    Where some lessons were built `alone`, only what checks know of them is written.
    """
    pages = stamp.stamp_left_out(course, check=check)
    pages += [] if alone else stamp.stamp(course, check=check)
    if check:
        return [f"{page} does not say what is found: make build" for page in pages]
    for page in pages:
        print(f"{page}: written, by what is found")
    return []


if __name__ == "__main__":
    sys.exit(main())
