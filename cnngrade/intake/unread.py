"""What was handed in and cannot be read: it must not vanish from the class.

A student who handed in nothing else gets a row of it, with what is to be done.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cnngrade.files.exercise import handed_out

from . import naming
from .attempts import Attempt
from .layout import Layout, Ownership
from .nesting import is_nobodys
from .sources import NO_NOTEBOOK, FoundFile, digest

_ARCHIVE = re.compile(r"\.(rar|7z|tar|tgz|tbz2?|txz|(tar\.)?(gz|bz2|xz|zst))$", re.I)
_RENAMED = re.compile(r"\.ipynb\.[a-z0-9]+$", re.I)
_DOCUMENT = re.compile(
    r"\.(pdf|docx?|odt|rtf|pages|html?|py|pptx?|xlsx|png|jpe?g|heic)$", re.I
)
_SUFFIXES = re.compile(r"(\.ipynb\.\w+|\.tar\.\w+|\.\w+)$", re.I)
_SHUT = (
    *("is no zip file", "is a zip with no file", "is a zip in a zip", "would unpack"),
    *("holds more than", "is larger than", "cannot be", "is locked", "is packed"),
)
"""How reasons begin for which a zip was not opened, though it is one, or should be."""
_ASK = "ask for the notebook itself, the file that ends in .ipynb"


def advice(file: FoundFile) -> str:
    """Return what a file that is no notebook is and what to do, or "" if nothing is."""
    name, trouble = "".join(file.parts[-1:]), file.trouble
    if name.lower().endswith(".zip") and trouble.startswith(_SHUT):
        return f"{trouble.rstrip('.')}: try to unpack it by hand, or {_ASK}"
    if trouble != NO_NOTEBOOK:
        return ""
    if found := _ARCHIVE.search(name):
        return f"is packed ({found[0].lower()}): unpack it by hand, and grade again"
    if _RENAMED.search(name):
        return "is named as no notebook is: rename it so that it ends in .ipynb"
    if found := _DOCUMENT.search(name):
        return f"is no notebook ({found[0].lower()}): {_ASK}"
    return ""


def is_packed(file: FoundFile) -> bool:
    """Tell whether a file may hold notebooks that were not seen."""
    name = "".join(file.parts[-1:]).lower()
    if name.endswith(".zip"):
        return file.trouble.startswith(_SHUT)
    return file.trouble == NO_NOTEBOOK and bool(_ARCHIVE.search(name))


def unread(
    found: Sequence[FoundFile],
    refused: Mapping[str, tuple[FoundFile, Ownership, str]],
    attempts: Sequence[Attempt],
    layout: Layout,
    wanted: str,
) -> list[Attempt]:
    """Return an attempt for each student of whom nothing can be read.

    `refused` are notebooks that are of no lesson: (file, place, reason), by label.
    """
    lessons = Counter(one.lesson for one in attempts)
    usual = wanted or (lessons.most_common(1)[0][0] if lessons else "")
    have = {(one.place.owner, one.lesson) for one in attempts}
    active = {owner for owner, _ in have}
    made: dict[tuple[object, str], Attempt] = {}
    for file, place, reason in [*refused.values(), *_placed(found, layout)]:
        told = _lesson(file)
        lesson = told or usual
        is_notebook = is_packed(file) or _RENAMED.search(file.parts[-1])
        is_new = place.owner not in active
        is_due = is_new or (told and is_notebook and (place.owner, lesson) not in have)
        if lesson and wanted in ("", lesson) and is_due:
            problem = f"{file.source.label} {reason.rstrip('.')}."
            if not told and not wanted and len(lessons) > 1:
                problem += f" It stands with lesson {lesson}; nothing tells its lesson."
            key = digest(problem.encode())
            one = Attempt(file, place, lesson, key, problem=problem)
            made.setdefault((place.owner, told if not is_new else ""), one)
    return list(made.values())


def _placed(
    found: Sequence[FoundFile], layout: Layout
) -> list[tuple[FoundFile, Ownership, str]]:
    """Return the files that are no notebooks with whose they are, the packed first."""
    placed = []
    for file in sorted(found, key=lambda one: (not is_packed(one), one.parts)):
        reason = advice(file)
        if not reason or layout.other_step(file) or layout.aside(file):
            continue
        stem = _SUFFIXES.sub("", file.parts[-1])
        as_notebook = (*file.parts[:-1], f"{stem}.ipynb")
        seeming = replace(file, parts=as_notebook, trouble="")
        place = None if layout.aside(seeming) else layout.place(seeming)
        loose = len(layout.path(file)) == 1 and not naming.upload(file.parts[-1])
        if place and not place.others and not (loose and is_nobodys(stem)):
            placed.append((file, place, reason))
    return placed


def _lesson(file: FoundFile) -> str:
    told = next(filter(None, map(naming.lesson, reversed(file.parts))), "")
    first = naming.first_number(file.parts[-1])
    return told or (first if first in handed_out() else "")
