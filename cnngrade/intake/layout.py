"""How submissions are laid out in folders and zips: whose a file is.

The outermost name that tells a student decides: what lies further in was named by
students, who may have named it after somebody else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from . import naming
from .naming import Owner, Upload, clean
from .nesting import COURSE_FILES, Prefix, nesting
from .nesting import COURSE_FOLDER as SUBMITTED
from .sources import FoundFile

_OTHER_STEPS = frozenset(
    {"source", "source_with_tests", "release", "autograded", "feedback", "solution"}
)
_WRAPPERS = frozenset({"submissions"})


@dataclass(frozen=True)
class Ownership:
    """Whose a file is.

    Attributes:
        name: what the student called the file.
        number: Canvas's own of the file, or 0.
        again: the number that Canvas added to the name, or 0.
        is_late: whether Canvas wrote "LATE" into the name.
        others: students whom names further in tell, as Moodle and Canvas write them.
    """

    owner: Owner
    name: str
    number: int = 0
    again: int = 0
    others: frozenset[Owner] = frozenset()
    is_late: bool = False


class Layout:
    """What only all the files together tell of how they are ordered."""

    def __init__(
        self,
        found: Sequence[FoundFile],
        name: str,
        lesson_of: Callable[[FoundFile], str],
    ) -> None:
        depth = _wrapped(found, name)
        tops = {file.parts[depth] for file in found if file.parts[depth + 1 :]}
        files = {file.parts[depth] for file in found if len(file.parts) == depth + 1}
        is_course = SUBMITTED in tops or bool(files & COURSE_FILES)
        handed_in = [] if is_course else [f for f in found if not f.trouble]
        self._nesting = nesting(handed_in, depth, lesson_of)
        if is_course and depth:
            self._nesting.wrappers.add(found[0].parts[:depth])
        paths = [path for file in found if (path := self.path(file))]
        self._doubtful = _doubtful(paths)
        tops = {path[0] for path in paths if len(path) > 1}
        self._has_submitted = SUBMITTED in tops
        loose = {path[0] for path in paths if len(path) == 1}
        self._is_course = self._has_submitted or bool(loose & COURSE_FILES)
        self._holds_downloads = all(
            self._is_in_download(path)
            for file in found
            if (path := self.path(file)) and (path[1:] or not file.trouble)
        )

    def _is_in_download(self, path: Sequence[str]) -> bool:
        """Tell whether a file may lie in a folder or zip as the platforms make them.

        Where all files do, that is what they lie in. Where some do, a student may have
        made it look so.
        """
        if not path[1:] or self._upload(path[0], 0):
            return False
        return self._upload(path[1], 1) is not None

    def path(self, file: FoundFile) -> tuple[str, ...]:
        """Return a file's path without folders that only wrap everything."""
        return self._nesting.rest(file.parts)

    def around(self, file: FoundFile) -> Prefix:
        """Return the folders that only wrap a file with others'."""
        return file.parts[: len(file.parts) - len(self.path(file))]

    @property
    def doubts(self) -> tuple[str, ...]:
        """What can be read in two ways, a sentence each."""
        return tuple(self._nesting.doubts)

    def other_step(self, file: FoundFile) -> str:
        """Return the folder of an nbgrader course that a file is in, if any but one."""
        path = self.path(file)
        if self._is_course and path[1:] and path[0] in _OTHER_STEPS:
            return clean("/".join((*self.around(file), path[0])))
        return ""

    def aside(self, file: FoundFile) -> str:
        """Return why a file was not handed in to be judged, or ""."""
        path = self.path(file)
        if self._has_submitted:
            outside = path[:1] != (SUBMITTED,) and not file.trouble
            return "lies outside nbgrader's folder submitted" if outside else ""
        told = self._first_upload(path, 0)
        is_typed = told is not None and told.typed
        return "is text typed into the platform, no notebook" if is_typed else ""

    def place(self, file: FoundFile) -> Ownership | None:
        """Return whose a notebook is, or None if no name tells a student."""
        path = self.path(file)
        if self._has_submitted:
            return Ownership(Owner(path[1]), path[-1]) if path[2:] else None
        for depth, part in enumerate(path):
            rest = path[depth + 1 :]
            told = self._upload(part, depth)
            if told:
                name = rest[-1] if rest else told.file
                return Ownership(
                    told.owner,
                    name,
                    told.number,
                    told.again,
                    is_late=told.is_late,
                )
            is_download = depth == 0 and rest and self._holds_downloads
            student = "" if is_download else naming.student(part)
            if student:
                told = self._first_upload(path, depth + 1)
                others = frozenset({told.owner} if told else ())
                return Ownership(Owner(student), path[-1], others=others)
        return None

    def _upload(self, part: str, depth: int) -> Upload | None:
        told = naming.upload(part)
        if told and (depth, told.owner, told.number) in self._doubtful:
            return None
        return told

    def _first_upload(self, path: Sequence[str], depth: int) -> Upload | None:
        """Return what the first name from some depth on tells, if one does."""
        parts = enumerate(path[depth:], depth)
        return next((u for i, part in parts if (u := self._upload(part, i))), None)


def _wrapped(found: Sequence[FoundFile], name: str) -> int:
    """Return how many folders are around everything, such as zip programs add."""
    depth = 0
    while True:
        tops = {file.parts[depth : depth + 1] for file in found}
        top = "".join(tops.pop()) if len(tops) == 1 else ""
        deeper = all(len(file.parts) > depth + 1 for file in found)
        if not (deeper and _stem(top) in _WRAPPERS | {_stem(name)}):
            return depth
        depth += 1


def _stem(name: str) -> str:
    return re.sub(r"\.zip$", "", name, flags=re.I)


def _doubtful(paths: Iterable[tuple[str, ...]]) -> set[tuple[int, Owner, int]]:
    """Find what looks like Canvas's number of a file, but stands for two files.

    So names such as ``work_2026_1120_anna.ipynb`` make no single student of a class.
    Names further in cast no doubt on those further out.
    """
    files: dict[tuple[int, Owner, int], set[str]] = defaultdict(set)
    for depth, part in {pair for path in paths for pair in enumerate(path[:2])}:
        told = naming.upload(part)
        if told and told.number:
            files[depth, told.owner, told.number].add(told.file)
    return {key for key, names in files.items() if len(names) > 1}
