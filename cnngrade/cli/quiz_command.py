"""The command ``cnnlib quiz``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cnngrade.files.notebook import shown

from . import printing

PLATFORM_VARIANTS, PAPER_VARIANTS = 10, 1


class Target(StrEnum):
    """What a quiz is made for."""

    moodle = "moodle"
    gift = "gift"
    canvas = "canvas"
    pdf = "pdf"
    html = "html"


def quiz(
    to: Annotated[Target, typer.Option(help="The system, or the paper, it is for.")],
    lessons: Annotated[
        str,
        typer.Option(metavar="NN,NN", help="The lessons, such as 02,03; all without."),
    ] = "",
    items: Annotated[
        int | None, typer.Option(min=1, help="How many items; 12 without it.")
    ] = None,
    kinds: Annotated[
        str,
        typer.Option(
            metavar="KIND,KIND",
            help="These kinds of items, in this order, in place of lessons.",
        ),
    ] = "",
    level: Annotated[
        int, typer.Option(min=1, max=3, help="1 (easy) to 3; 2 without it.")
    ] = 2,
    variants: Annotated[
        int,
        typer.Option(
            min=0,
            help=f"How many versions of each item; {PLATFORM_VARIANTS} for a platform, "
            f"{PAPER_VARIANTS} on paper.",
        ),
    ] = 0,
    students: Annotated[
        str,
        typer.Option(
            metavar="FILE|N",
            help="A sheet for each: a text file with a name a line, or how many.",
        ),
    ] = "",
    seed: Annotated[
        int | None,
        typer.Option(min=1, help="What it is drawn from; else drawn itself, and told."),
    ] = None,
    secret: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="For an exam: a file with a secret, without which nobody can draw "
            "the same quiz; or the variable CNNLIB_QUIZ_SECRET.",
        ),
    ] = None,
    choices: Annotated[
        bool, typer.Option("--choices", help="No answer is typed: choices throughout.")
    ] = False,
    title: Annotated[str, typer.Option(help="Its title.")] = "",
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the files are written.")
    ] = Path("quiz"),
) -> None:
    """Make a quiz of practice items: for Moodle, Canvas, as GIFT, or on paper.

    Each wrong answer that a known mistake gives says what went wrong. On paper there
    are sheets, a key, and a table that names the mistake behind a wrong value.
    """
    from cnngrade.quiz.draw import QuizError, make_quiz, read_key, read_names
    from cnngrade.quiz.draw import told_repeats as repeats
    from cnngrade.quiz.write import write_quiz

    is_paper = to in (Target.pdf, Target.html)
    try:
        if variants and students:
            raise QuizError(
                "--students and --variants both say how many versions there are; one "
                "of them is expected, but both came."
            )
        key = read_key(seed, secret)
        many = variants or (PAPER_VARIANTS if is_paper else PLATFORM_VARIANTS)
        names, people = read_names(many, students)
        made = make_quiz(
            key,
            names,
            lessons=_listed(lessons) or None,
            only=_listed(kinds),
            count_items=items,
            level=level,
            title=" ".join(title.split()),
            people=people,
        )
        written = write_quiz(made, to.value, out, key, choices=choices)
    except QuizError as error:
        printing.problem(printing.console(error=True), str(error))
        raise typer.Exit(2) from None
    console = printing.console()
    for path in written:
        console.print(f"Written: {printing.clean(shown(path))}")
    for note in repeats(made):
        printing.problem(console, note)
    if key.secret:
        console.print(f"Drawn from the secret and seed {key.seed}.")
    else:
        console.print(
            f"Drawn from seed {key.seed}: whoever knows it can draw the same quiz. For "
            "an exam use --secret.",
        )


def _listed(text: str) -> list[str]:
    """Split "02, 03" into its parts."""
    return [part for part in (word.strip() for word in text.split(",")) if part]
