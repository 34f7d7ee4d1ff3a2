"""The commands for a class: ``cnnlib grade``, ``export`` and ``autograder``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnngrade.files.exercise import FOLDER
from cnngrade.files.notebook import CannotGradeError, shown
from cnngrade.limits import CELL_SECONDS, TRAINING_CELL_SECONDS

from . import printing

if TYPE_CHECKING:
    from cnngrade.class_run.grade_class import ClassResults
    from cnngrade.export.marks import Marks

_NUMBERS = sorted(path.stem for path in FOLDER.glob("*.json"))
_LESSONS = f"{_NUMBERS[0]} to {_NUMBERS[-1]}"


def add(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(grade)
    app.command()(merge)
    app.command()(export)
    app.command()(autograder)


class Target(StrEnum):
    """Where points can go."""

    moodle = "moodle"
    canvas = "canvas"
    gradescope = "gradescope"
    moodle_feedback = "moodle-feedback"


class Level(StrEnum):
    """How student code is held."""

    full = "full"
    limits = "limits"
    none = "none"


def grade(
    submissions: Annotated[
        Path,
        typer.Argument(
            metavar="SUBMISSIONS",
            help="A folder, or a zip as Moodle or Canvas makes it.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="REPORT", help="The folder for the report.")
    ],
    lesson: Annotated[
        str, typer.Option(metavar="NN", help="Grade this lesson's exercise alone.")
    ] = "",
    workers: Annotated[
        int, typer.Option(min=0, help="How many at a time; 0: one to each core.")
    ] = 0,
    seed: Annotated[
        int | None,
        typer.Option(min=1, help="What the cases are drawn from; else drawn itself."),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(
            min=0,
            help=f"Seconds that one cell may compute; 0: {CELL_SECONDS:g}, or "
            f"{TRAINING_CELL_SECONDS:g} where nets are trained.",
        ),
    ] = 0.0,
    isolation: Annotated[
        Level, typer.Option(help="How student code is held; see docs/instructors.md.")
    ] = Level.full,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="A Dask cluster to grade on.")
    ] = "",
    regrade: Annotated[
        str,
        typer.Option(
            metavar="TASK", help="Grade one task, or all, again for everybody."
        ),
    ] = "",
    all_or_nothing: Annotated[
        bool,
        typer.Option(
            "--all-or-nothing", help="No points for a task that is right in part."
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Grade a doubtful layout without asking.")
    ] = False,
) -> None:
    """Grade a class: run the submissions shut away, judge them, write a report.

    First it says whom it took for students. Where the layout can be read in two ways
    it asks. Killed and started again it goes on where it was. A report takes folder
    after folder, zip after zip: nothing of before is lost. Exit code 0: all was graded;
    1: it was, but lines of instructor.txt have no effect; 2: it cannot be, and the
    reason is printed.
    """
    from cnngrade.class_run.grade_class import ClassOptions, grade_class

    from . import class_printing

    console = printing.console()
    options = ClassOptions(
        submissions=submissions,
        out=out,
        lesson=lesson,
        workers=workers,
        seed=seed,
        timeout=timeout,
        isolation=isolation.value,
        scheduler=scheduler,
        regrade=regrade,
        all_or_nothing=all_or_nothing,
    )
    with class_printing.Progress(console, yes=yes) as progress:
        try:
            graded = grade_class(options, progress)
            settled = _write_report(out, graded)
        except CannotGradeError as error:
            raise _refused(error) from None
        except KeyboardInterrupt:
            printing.problem(printing.console(error=True), class_printing.STOPPED)
            raise typer.Exit(130) from None
    console.print(class_printing.class_summary(settled.graded, out))
    if settled.settled.problems:
        raise typer.Exit(1)


def _write_report(out: Path, graded: ClassResults) -> Marks:
    """Write a report with the instructor's word in it; begin their file if need be."""
    from cnngrade.export.marks import marks  # else the template would wait
    from cnngrade.report.write import write
    from cnngrade.term.instructor import BEGINNING, NAME

    if not (out / NAME).exists():
        (out / NAME).write_text(BEGINNING, encoding="utf-8")
    settled = marks(out, graded)
    told = settled.graded
    write(out, told.settings, told.results, told.seconds, told.history, told.changes)
    return settled


def merge(
    reports: Annotated[
        list[Path], typer.Argument(metavar="REPORT ...", help="Two reports, or more.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="REPORT", help="A new folder for the whole.")
    ],
) -> None:
    """Make one report of several on parts of a class, or on different lessons.

    Nothing is graded again. Where two have the same student and lesson, both hand-ins
    are kept, and the newer one counts. The instructor's files are put together.
    """
    from cnngrade.export.merge import merged

    from . import class_printing

    try:
        graded, told = merged(reports, out)
    except CannotGradeError as error:
        raise _refused(error) from None
    settled = _write_report(out, graded)
    console = printing.console()
    for note in told:
        printing.problem(console, note)
    console.print(class_printing.class_summary(settled.graded, out))
    if settled.settled.problems:
        raise typer.Exit(1)


def export(
    report: Annotated[
        Path, typer.Argument(metavar="REPORT", help="The folder of a report.")
    ],
    to: Annotated[Target, typer.Option(help="The system that the file is for.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")],
    lesson: Annotated[
        str, typer.Option(metavar="NN", help="Needed if the report has several.")
    ] = "",
    class_list: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The class as Moodle or Canvas exports it (CSV)."
        ),
    ] = None,
    assignment: Annotated[
        str, typer.Option(metavar="NAME", help="The heading of Canvas's column.")
    ] = "",
) -> None:
    """Write a report's points as another system takes them.

    Whom the file leaves out is printed, with the reason.
    """
    from cnngrade.export.command import gradebook

    try:
        points = gradebook(report, to.value, lesson, class_list, assignment)
    except CannotGradeError as error:
        raise _refused(error) from None
    out.write_bytes(points.data)
    console = printing.console()
    for student, reason in points.unmatched:
        printing.problem(console, f"{student} is left out. {reason}")
    for person in points.absent:
        printing.problem(console, f"{person} is on the list and handed in nothing.")
    for person in points.uncertain:
        printing.problem(
            console,
            f"{person} is on the list and gets no points: what may be theirs is left "
            "out, for the reason above.",
        )
    for note in points.notes:
        printing.problem(console, note)
    console.print(f"Written: {printing.clean(shown(out))}")


def autograder(
    lesson: Annotated[
        str, typer.Argument(metavar="NN", help=f"The lesson: {_LESSONS}.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The zip to write.")],
    ref: Annotated[
        str,
        typer.Option(
            metavar="TAG",
            help="The tag or commit of the course that it installs; else the newest.",
        ),
    ] = "",
) -> None:
    """Write the zip that makes Gradescope grade a lesson's exercise."""
    from cnngrade.export.command import autograder_zip

    try:
        out.write_bytes(autograder_zip(lesson, ref))
    except CannotGradeError as error:
        raise _refused(error) from None
    printing.console().print(f"Written: {printing.clean(shown(out))}")


def _refused(error: CannotGradeError) -> typer.Exit:
    printing.problem(printing.console(error=True), str(error))
    return typer.Exit(2)
