"""The files of a quiz, in one of the forms that it can be had in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import canvas, gift, moodle, paper, printing
from .draw import Key, Quiz

TARGETS = ("moodle", "gift", "canvas", "pdf", "html")
LETTERED = 26
"""Up to so many variants each sheet is a file of its own, to be printed n times."""


def write_quiz(
    quiz: Quiz, to: str, out: Path, key: Key, *, choices: bool = False
) -> list[Path]:
    """Write a quiz to a folder and return the files; students may get `sheet...` only.

    Args:
        quiz: what was drawn.
        to: one of `TARGETS`.
        out: the folder; it is made where there is none.
        key: what it was drawn from: its seed stands on the key, its secret nowhere.
        choices: no answer is typed, on a platform.

    Raises:
        QuizError: there is no browser that could print.
    """
    out.mkdir(parents=True, exist_ok=True)
    if to == "moodle":
        return [_write(out / "quiz.xml", moodle.moodle_xml(quiz, choices=choices))]
    if to == "gift":
        text = gift.gift_text(quiz, choices=choices)
        return [_write(out / "quiz.gift", text.encode())]
    if to == "canvas":
        return [_write(out / "quiz.zip", canvas.canvas_zip(quiz, choices=choices))]
    return _on_paper(quiz, to, out, origin(key))


def origin(key: Key) -> str:
    """Say what a quiz was drawn from, for the pages of whoever marks."""
    if key.secret:
        return f"Drawn from a secret and seed {key.seed}."
    return (
        f"Drawn from seed {key.seed} alone: whoever knows it can draw the same quiz. "
        "For an exam use a secret."
    )


def _on_paper(quiz: Quiz, to: str, out: Path, told: str) -> list[Path]:
    some = paper.sheets(quiz)
    pages = {"key": paper.key_html(quiz, some, told)}
    marking = paper.marking_html(quiz, some, told)
    if quiz.people or len(some) > LETTERED:
        pages["sheets"] = paper.sheets_html(quiz, some)
    else:
        for name, sheet in zip(quiz.names, some, strict=True):
            pages[f"sheet-{name}"] = paper.sheets_html(quiz, [sheet])
    written = [_write(out / "marking.csv", paper.marking_csv(some).encode())]
    if len(some) > LETTERED:  # a table of thousands of lines is searched, not printed
        written.append(_write(out / "marking.html", marking.encode()))
    else:
        pages["marking"] = marking
    save: Callable[[str, Path], object] = printing.write_pdf
    if to == "html":
        save = _save
    for name, text in pages.items():
        save(text, out / f"{name}.{to}")
        written.append(out / f"{name}.{to}")
    return sorted(written)


def _save(text: str, target: Path) -> None:
    target.write_text(text, encoding="utf-8")


def _write(target: Path, data: bytes) -> Path:
    target.write_bytes(data)
    return target
