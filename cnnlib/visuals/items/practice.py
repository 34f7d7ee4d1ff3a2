"""Practice without end: items one after the other, and when each is due again."""

from __future__ import annotations

from importlib import metadata
from typing import Any

from matplotlib.figure import Figure

from cnnlib.picture import Picture
from cnnlib.practice import items
from cnnlib.practice.registry import kinds
from cnnlib.text import listed
from cnnlib.visuals.shared.visual import Visual

from .lessons import LESSONS, anchor, page
from .packing import packed

PLACEMENT = (
    "to-torch-shape",
    "window-sum",
    "output-size",
    "max-pool",
    "conv-params",
    "gradients-add-up",
    "vgg-blocks",
    "hook-shape",
    "batch-norm-params",
    "recall-or-precision",
)
"""The ten items that say where to begin: one of each lesson."""


class Practice(Visual):
    """Items to practise; made by ``practice``."""

    title = "Practice"
    module = "items/practice"

    def __init__(self, lessons: tuple[str, ...], address: str) -> None:
        names = tuple(items(lessons))
        all_lessons = len(lessons) > 1
        about = (
            f"{len(names)} kinds of question about "
            f"{'all lessons' if all_lessons else 'lesson ' + _named(lessons[0])}."
        )
        if not all_lessons:
            self.title = f"Practice: {_named(lessons[0])}"
        sentence = f"Practice: {about} Each answer is judged at once."
        super().__init__(
            _still(sentence),
            sentence,
            "Questions to practise on: they stand here where scripts run.",
            {
                "title": self.title,
                "facts": "Answer, and learn at once what went wrong. "
                "What is kept stays in this browser.",
                "lessons": [
                    [number, LESSONS[number][1], address + page(number)]
                    for number in lessons
                ],
                "kinds": {name: _goal(name) for name in names},
                "placement": [name for name in PLACEMENT if all_lessons],
                "items": packed(names),
            },
        )


def practice(lesson: str | None = None, *, address: str | None = None) -> Practice:
    """Show items to practise, of one lesson or of all.

    ``lesson``: such as "03"; None: all lessons, and ten items that say where to begin.
    ``address``: where the lessons' pages are, for the links; None: the course's site.

    Each item is judged at once: a wrong answer that a known mistake gives is met with
    that mistake. The solution comes step by step, and where there is one, the picture
    of this very item. The page keeps in the browser when each kind is due again, by
    FSRS; that can be saved as a file, loaded elsewhere, and forgotten. No kernel and no
    network is needed.

    Raises ValueError for a lesson that has no items.
    """
    known = tuple(sorted({kind.lesson for kind in kinds().values()}))
    if lesson is not None and lesson not in known:
        raise ValueError(
            f"practice takes a lesson such as {known[0]!r}, or nothing for all of "
            f"them; there are items for {listed(list(known))}; got {lesson!r}."
        )
    lessons = known if lesson is None else (lesson,)
    return Practice(lessons, _site() if address is None else address)


def _named(lesson: str) -> str:
    return f"{lesson} {LESSONS[lesson][1]}"


def _goal(name: str) -> list[Any]:
    """Return (lesson, heading, its anchor, form) of a kind."""
    kind = kinds()[name]
    return [kind.lesson, kind.heading, anchor(kind.heading), kind.form]


def _site() -> str:
    """Return where the lessons are published: beside the repository, on its pages."""
    urls = metadata.metadata("cnnlib").get_all("Project-URL") or []
    for url in urls:
        name, _, address = url.partition(", ")
        if name == "Repository":
            owner, _, course = address.removeprefix("https://github.com/").partition(
                "/"
            )
            return f"https://{owner.lower()}.github.io/{course}/notebooks/"
    return "../notebooks/"


def _still(words: str) -> Picture:
    """Draw the sentence alone: what stands where scripts do not run."""
    figure = Figure(figsize=(6, 0.5))
    figure.text(0.01, 0.5, words, va="center", wrap=True)
    return Picture(figure, words)
