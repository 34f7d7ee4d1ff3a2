"""The command line ``cnnlib``: a student's commands; see `class_commands` as well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnngrade.files.notebook import CannotGradeError, shown
from cnngrade.judging.judged import Judged, check_file, notebooks
from cnngrade.limits import CHECK_CELL_SECONDS

from . import class_commands, printing, quiz_command

if TYPE_CHECKING:
    from rich.console import Console

    from cnngrade.files.plan import Step

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Judge exercises, start a task again, check the set-up, grade a class, make "
    "a quiz.",
)


@app.command()
def check(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...|FOLDER", help="Exercise notebooks, or folders."
        ),
    ],
    seconds: Annotated[
        float, typer.Option(min=1, help="How long one cell may run.")
    ] = CHECK_CELL_SECONDS,
) -> None:
    """Run the answers in exercise notebooks and say of each task whether it is right.

    Exit code 0: every task passed; 1: not every one; 2: a file cannot be judged.
    """
    console = printing.console()
    judged: list[Judged] = []
    refused: list[tuple[str, str]] = []
    files = _files(paths, refused)
    for path in files:
        try:
            judged.append(_check(path, seconds, console))
        except CannotGradeError as error:
            refused.append((shown(path), str(error)))
            continue
        console.print(printing.file_report(judged[-1]))
        console.print()
    if len(judged) + len(refused) > 1:
        console.print(printing.totals(judged, refused))
    for _, sentence in refused:
        printing.problem(printing.console(error=True), sentence)
    if refused:
        raise typer.Exit(2)
    right = all(one.passed == len(one.results) for one in judged)
    raise typer.Exit(0 if right else 1)


def _files(paths: list[Path], refused: list[tuple[str, str]]) -> list[Path]:
    """Return the files to judge, each once."""
    files: dict[Path, Path] = {}
    for path in paths:
        try:
            for file in notebooks(path):
                files.setdefault(file.resolve(), file)
        except CannotGradeError as error:
            refused.append((shown(path), str(error)))
    return list(files.values())


def _check(path: Path, seconds: float, console: Console) -> Judged:
    """Judge a file; on a terminal say meanwhile what is being run."""
    if not console.is_terminal:
        return check_file(path, seconds)
    with console.status(f"{shown(path)}: starting Python") as status:

        def watch(step: Step) -> None:
            what = f"asking {step.task}" if step.asks else "running cells"
            status.update(f"{shown(path)}: {what}")

        return check_file(path, seconds, watch)


@app.command()
def reset(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An exercise notebook.")],
    task: Annotated[str, typer.Argument(metavar="TASK", help="The name of a task.")],
) -> None:
    """Put one task back to its start; your answer stays below it as a comment."""
    from cnngrade.files.reset import reset as put_back

    try:
        sentence = put_back(file, task)
    except CannotGradeError as error:
        printing.problem(printing.console(error=True), str(error))
        raise typer.Exit(2) from None
    printing.console().print(printing.clean(sentence))


@app.command()
def doctor() -> None:
    """Say what is missing or does not fit on this machine, and how to fix it.

    Exit code 0: everything is ready; 1: something needs fixing.
    """
    from cnnlib.setup import doctor as setup

    raise typer.Exit(setup.examine())


class_commands.add(app)
app.command()(quiz_command.quiz)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
