"""The files that a hand-in brings beside its notebook: a helper, a table of numbers.

They are given to the code as they lie there, the notebook's folder being the one it
works in: so `cnnlib check` and `cnnlib grade` see the same. What is too much, or has a
path that could mean another place, is not given, and the reason is told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cnngrade.files.notebook import CannotGradeError
from cnngrade.limits import BESIDE_BYTES, BESIDE_FILES

from . import naming
from .attempts import STAMP, Attempt
from .layout import Layout
from .naming import Owner, clean
from .sources import NO_NOTEBOOK, FoundFile, Source

_NOT_READ = re.compile(
    r"\.(rar|7z|tar|tgz|tbz2?|txz|gz|bz2|xz|zst|zip|pdf|docx?|odt|rtf|pages|html?|"
    r"pptx?|xlsx?)$|\.ipynb\.[a-z0-9]+$",
    re.I,
)
"""What no notebook reads, and a person should: it stays in the list of such files."""
_LONGEST_PART = 200
_DEEPEST = 8


@dataclass(frozen=True)
class Beside:
    """What lies beside one notebook.

    Attributes:
        given: by the path that the notebook's code knows it by, with where it is.
        left: what is not given: (path, reason).
        labels: what the given files are called in lists.
    """

    given: tuple[tuple[str, Source], ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    labels: frozenset[str] = frozenset()


def beside(
    attempt: Attempt, found: Sequence[FoundFile], layout: Layout, *, alone: bool
) -> Beside:
    """Return what a student handed in beside a notebook, in its folder and below.

    `alone`: the whole folder is this student's.
    """
    folder, owner = attempt.file.parts[:-1], attempt.place.owner
    flat = naming.upload(attempt.file.parts[-1]) is not None
    named: dict[tuple[str, ...], tuple[int, int, FoundFile]] = {}
    for file in found:
        if file.trouble != NO_NOTEBOOK or file.parts[: len(folder)] != folder:
            continue
        if file.parts[-1] == STAMP or _NOT_READ.search(file.parts[-1]):
            continue
        path, order = _path(file, folder, owner, layout, flat=flat, alone=alone)
        if path and order >= named.get(path, (-1, -1))[:2]:
            named[path] = *order, file
    return _bounded({path: file for path, (*_, file) in named.items()})


def _path(
    file: FoundFile,
    folder: tuple[str, ...],
    owner: Owner,
    layout: Layout,
    *,
    flat: bool,
    alone: bool,
) -> tuple[tuple[str, ...], tuple[int, int]]:
    """Return a file's path beside the notebook, if it is this student's, or ()."""
    rest = file.parts[len(folder) :]
    if flat:
        told = naming.upload(rest[0]) if len(rest) == 1 else None
        if told is None or told.owner != owner or told.typed:
            return (), (0, 0)
        return (told.file,), (told.number, told.again)
    if alone:
        return rest, (0, 0)
    place = layout.place(file) if len(layout.path(file)) > 1 else None
    is_own = place is not None and place.owner.name == owner.name
    return (rest if is_own else ()), (0, 0)


def _bounded(files: dict[tuple[str, ...], FoundFile]) -> Beside:
    given: list[tuple[str, Source]] = []
    left: list[tuple[str, str]] = []
    labels: set[str] = set()
    size = 0
    for parts, file in sorted(files.items()):
        path = "/".join(parts)
        if why := _unfit(parts):
            left.append((clean(path), why))
            continue
        try:
            length = len(file.source.read())
        except CannotGradeError as error:
            left.append((path, str(error)))
            continue
        if len(given) == BESIDE_FILES:
            left.append((path, f"more than {BESIDE_FILES} files lie beside it"))
        elif size + length > BESIDE_BYTES:
            most = f"{BESIDE_BYTES // 1_000_000} MB"
            left.append((path, f"the files beside it are more than {most}"))
        else:
            size += length
            given.append((path, file.source))
            labels.add(file.source.label)
    return Beside(tuple(given), tuple(left), frozenset(labels))


def _unfit(parts: Sequence[str]) -> str:
    """Say why a path is not taken over, or "" if it is."""
    if len(parts) > _DEEPEST:
        return "it lies too deep in folders"
    for part in parts:
        try:
            length = len(part.encode())
        except UnicodeEncodeError:
            return "its name is no text"
        is_odd = part in ("", ".", "..") or clean(part) != part
        if is_odd or set(part) & set("/\\\0") or length > _LONGEST_PART:
            return "its name could mean another place"
    return ""


def digest_with(digest: str, files: Sequence[tuple[str, bytes]]) -> str:
    """Return what tells a hand-in from any other: the notebook's, if it is all."""
    if not files:
        return digest
    made = hashlib.sha256(digest.encode())
    for path, data in files:
        made.update(f"\n{len(path)} {path} {hashlib.sha256(data).hexdigest()}".encode())
    return made.hexdigest()
