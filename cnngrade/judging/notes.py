"""What was found odd in a notebook. None of it changes a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cnngrade.files import code
from cnngrade.files.match import Match
from cnngrade.files.notebook import FORMAT, Cell
from cnngrade.files.plan import Step, answers_below
from cnngrade.record import TaskResult
from cnngrade.sessions.session import StepOutcome

from .verdicts import raised

_TAGS = {
    "raises-exception",
    "skip-execution",
    "nbval-skip",
    "nbval-raises-exception",
    "nbval-ignore-output",
}


def notes_on_file(match: Match) -> list[str]:
    """Return what the file itself shows, a sentence each."""
    return [*_file(match), *_cells(match), *_copies(match), *_skip_marks(match)]


def notes_on_run(
    match: Match,
    steps: Sequence[Step],
    done: dict[int, StepOutcome],
    results: Sequence[TaskResult],
) -> list[str]:
    """Return what showed when the cells were run, a sentence each."""
    return [
        *_failures(steps, done, results),
        *_defined_below_check(match, steps, results),
        *_stale_outputs(match, results),
    ]


def _file(match: Match) -> Iterator[str]:
    notebook, exercise = match.notebook, match.exercise
    version = notebook.course.get("version")
    if version is not None and version != exercise.version:
        yield (
            f"The file is of release {version} of the course; it was judged by "
            f"release {exercise.version}."
        )
    if notebook.minor > FORMAT[1]:
        yield (
            f"The file is of notebook format 4.{notebook.minor}, newer than "
            f"{FORMAT[0]}.{FORMAT[1]}; what is new in it was not looked at."
        )
    if notebook.path.stem != exercise.name:
        yield (
            f"The file is called {notebook.path.name}; it was handed out as "
            f"{exercise.name}.ipynb."
        )
    present = [part for part in exercise.parts if part.id in match.cell_of]
    lost = [part for part in present if part.id in match.without_id]
    if lost:
        count = "All" if len(lost) == len(present) else f"{len(lost)} of {len(present)}"
        yield (
            f"{count} cells of the exercise have lost their ids, as happens in Colab. "
            "They were known by their marks, names or code."
        )


def _cells(match: Match) -> Iterator[str]:
    tasks, cell_of = match.exercise.tasks, match.cell_of
    outside = {cell.id: cell for cell in match.notebook.cells if not cell.is_code}
    for task in tasks:
        part = match.exercise.part(task, "answer")
        if part.id in outside and part.id not in cell_of:
            yield (
                f"The answer cell of {task} is of type {outside[part.id].kind}. Make "
                "it a code cell again (in JupyterLab: select it, press Y)."
            )
    missing = [t for t in tasks if match.cell(t, "check") is None]
    if missing:
        yield f"Check cells are not in the file: {', '.join(missing)}. {_BACK}"
    pairs = [
        (t, match.exercise.part(t, "check"), match.cell(t, "check")) for t in tasks
    ]
    edited = [
        t for t, p, cell in pairs if cell and not code.same(p.source, cell.source)
    ]
    if edited:
        yield f"Check cells were edited: {', '.join(edited)}. {_BACK}"
    for part in match.exercise.parts:
        cell = cell_of.get(part.id)
        if cell and not part.role and not code.same(part.source, cell.source):
            yield (
                f"The course's cell {_quoted(cell)} was edited. It ran as the course "
                "wrote it: put what you add into a cell of your own."
            )
    order = [
        cell_of[part.id].index for part in match.exercise.parts if part.id in cell_of
    ]
    if order != sorted(order):
        yield "Cells of the exercise were moved. They ran in the order of the course."


_BACK = "`cnnlib reset FILE TASK` puts one back."


def _copies(match: Match) -> Iterator[str]:
    checks = _unique(p.task for _, p in match.copies if p.role == "check")
    answers = _unique(p.task for _, p in match.copies if p.role == "answer")
    if checks:
        yield f"Check cells are there more than once: {', '.join(checks)}."
    if answers:
        yield (
            f"More than one cell answers {', '.join(answers)}. All of them ran, in "
            "order; what counts is the last one that ran."
        )


def _skip_marks(match: Match) -> Iterator[str]:
    """Name the tags and comments that tell a program to skip or excuse a cell."""
    sources = {part.id: part.source for part in match.exercise.parts}
    for cell in match.notebook.cells:
        tags = cell.metadata.get("tags")
        tags = tags if isinstance(tags, list) else []
        marks = [tag for tag in tags if isinstance(tag, str) and tag in _TAGS]
        if code.marks(cell.source) != code.marks(sources.get(cell.id, "")):
            marks += code.marks(cell.source)
        if marks and cell.is_code:
            yield (
                f"The cell {_quoted(cell)} is marked {', '.join(map(str, marks))}, "
                "which was ignored."
            )
    execution = match.notebook.metadata.get("execution")
    if isinstance(execution, dict) and execution.get("allow_errors"):
        yield "The notebook is marked allow_errors, which was ignored."


def _failures(
    steps: Sequence[Step], done: dict[int, StepOutcome], results: Sequence[TaskResult]
) -> Iterator[str]:
    """Tell which cells did not run to their end, unless a verdict says so."""
    statuses = {result.task: result.verdict.status for result in results}
    for number, step in enumerate(steps):
        ran = done.get(number)
        if step.asks or ran is None:
            continue
        whose = (
            f"The cell {_quoted(step.cell)}" if step.cell else "A cell of the course"
        )
        if step.task and statuses.get(step.task) in ("error", "died", "timed out"):
            continue
        if ran.state == "died":
            yield f"{whose} was left out: while it ran, {ran.reason}."
        elif ran.state == "timed out":
            yield f"{whose} took too long and was left out."
        elif ran.facts.get("raised"):
            yield f"{whose} raised {raised(ran)}."


def _defined_below_check(
    match: Match, steps: Sequence[Step], results: Sequence[TaskResult]
) -> Iterator[str]:
    """Tell where an answer is defined again below its check, and which one counts."""
    asked = {step.task: i for i, step in enumerate(steps) if step.asks}
    below = answers_below(match)
    for result in results:
        if result.task in below:
            yield (
                f"{result.task} is answered once more below its check cell, and that "
                "cell ran last: it counts. Better is one answer, in the answer cell."
            )
            continue
        later = steps[asked[result.task] + 1 :] if not result.passed else []
        for step in later:
            if step.cell and result.task in code.bound(step.cell.source):
                yield (
                    f"{result.task} is defined once more below its check cell. Nothing "
                    "shows that it ran after the answer cell, so that one counts. Move "
                    "the other into it if it is the one you mean."
                )
                break


def _stale_outputs(match: Match, results: Sequence[TaskResult]) -> Iterator[str]:
    """Tell where the saved output of a check cell contradicts the verdict."""
    stale = []
    for result in results:
        cell = match.cell(result.task, "check")
        text = _printed(cell) if cell else ""
        saved = re.search(rf"([✓✗]) {re.escape(result.task)}\b", text)
        if saved and (saved[1] == "✓") != result.passed:
            stale.append(result.task)
    if stale:
        yield (
            f"The saved output of a check says something else: {', '.join(stale)}. "
            "What counts is the verdict here; in the notebook, run all cells again."
        )


def _printed(cell: Cell) -> str:
    texts: list[str] = []
    for output in cell.outputs:
        if isinstance(output, dict):
            parts = [output.get("text"), output.get("evalue"), output.get("traceback")]
            for part in parts:
                lines = part if isinstance(part, list) else [part]
                texts += [line for line in lines if isinstance(line, str)]
    return "\n".join(texts)


def _quoted(cell: Cell) -> str:
    return f"“{cell.title}”" if cell.title else "without code"


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
