"""Every file there is in a folder or zip of submissions, and how to read it.

Nothing is unpacked to disk, no link is followed, and nothing but an ordinary file is
opened. What cannot be read stays in the list, with the reason.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from zipfile import ZipFile

from cnngrade.files.notebook import CannotGradeError
from cnngrade.limits import FILE_BYTES, NOTEBOOK_ITEMS

from . import zips
from .naming import clean

NO_NOTEBOOK = "is no notebook"
_HIDDEN = "is hidden, since its name begins with a dot: rename it to have it graded"
_CLUTTER = {
    *("__MACOSX", ".DS_Store", ".localized", ".directory", ".thumbnails"),
    *(".git", ".gitignore", ".gitattributes", ".gitkeep", ".github", ".svn", ".hg"),
    *(".ipynb_checkpoints", ".virtual_documents", ".jupyter", ".ipython", ".python"),
    *(".cache", ".config", ".local", ".npm", ".conda", ".venv", ".env", ".vscode"),
    *(".idea", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".Rhistory"),
}
"""What systems, editors and tools leave beside a notebook."""


@dataclass(frozen=True)
class Source:
    """Where the bytes of a file are.

    Attributes:
        path: a file on the disk.
        member: its name in the zip that `path` is, or "".
        inner: its name in the zip that `member` is, or "".
        label: what to call it in reports: its path in the submissions. It makes no
            difference to what a source is.
    """

    path: Path
    label: str = field(compare=False)
    member: str = ""
    inner: str = ""

    def read(self) -> bytes:
        """Return the bytes; raise `CannotGradeError` with the reason if it cannot."""
        data = self._bytes()
        if sum(map(data.count, (b",", b"[", b"{"))) > NOTEBOOK_ITEMS:
            raise CannotGradeError(
                f"{self.label} has more than {NOTEBOOK_ITEMS:,} parts, so it was not "
                "read."
            )
        return data

    def archive(self) -> ZipFile:
        """Return the zip that this is, open to be read."""
        if self.inner:
            raise CannotGradeError(
                f"{self.label} is a zip in a zip in a zip; unpack one of them by hand."
            )
        return _opened(self, _stamp(self.path, self.label), os.getpid())

    def _bytes(self) -> bytes:
        if not self.member:
            return _contents(self.path, self.label)
        around = Source(self.path, self.label, self.member if self.inner else "")
        return zips.contents(around.archive(), self.inner or self.member, self.label)


def digest(data: bytes) -> str:
    """Return what tells the bytes of one file from those of any other."""
    return hashlib.sha256(data).hexdigest()


@lru_cache(maxsize=4)
def _opened(source: Source, stamp: tuple[int, ...], process: int) -> ZipFile:
    """Open a zip, once for all its members; anew after it changed or after a fork."""
    file = source._bytes() if source.member else source.path
    return zips.opened(file, source.label)


def _stamp(path: Path, label: str) -> tuple[int, ...]:
    try:
        found = path.lstat()
    except OSError as error:
        raise CannotGradeError(f"{label} {_unreadable(error)}") from None
    if not stat.S_ISREG(found.st_mode):
        raise CannotGradeError(f"{label} is no ordinary file.")
    return found.st_ino, found.st_size, found.st_mtime_ns


def _contents(path: Path, label: str) -> bytes:
    """Return what a file on the disk holds; open no link, and wait for no pipe."""
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise CannotGradeError(f"{label} is no ordinary file.")
            if found.st_size > FILE_BYTES:
                raise CannotGradeError(zips.too_large(label))
            return file.read(found.st_size + 1)
    except OSError as error:
        raise CannotGradeError(f"{label} {_unreadable(error)}") from None


def _unreadable(error: OSError) -> str:
    return f"cannot be read: {error.strerror or 'the system gives no reason'}."


@dataclass(frozen=True)
class FoundFile:
    """A file that is there: a notebook, or else `trouble` says why it is not read.

    Attributes:
        parts: its path in the submissions, a zip counted as a folder.
        modified: when it was changed, in seconds.
    """

    parts: tuple[str, ...]
    source: Source
    modified: float = 0.0
    trouble: str = ""


def files(path: Path) -> list[FoundFile]:
    """Find every file in a folder or zip, but for clutter; or the one that it is.

    Raise `CannotGradeError` if the path itself cannot be taken.
    """
    root = Path(os.path.realpath(path))
    try:
        found = root.stat()
    except (OSError, ValueError):
        raise CannotGradeError(
            f"There is no file or folder {clean(str(path))}. Look at its name; this is "
            f"the folder {Path.cwd()}."
        ) from None
    source = Source(root, clean(root.name))
    if stat.S_ISDIR(found.st_mode):
        if not os.access(root, os.R_OK | os.X_OK):
            raise CannotGradeError(f"The folder {clean(str(path))} cannot be opened.")
        return list(_folder(root))
    suffix = root.suffix.lower()
    if stat.S_ISREG(found.st_mode) and suffix == ".zip":
        return list(_members(source, source.archive(), (), ""))
    if stat.S_ISREG(found.st_mode) and suffix == ".ipynb":
        return [FoundFile((root.name,), source, found.st_mtime)]
    raise CannotGradeError(
        f"{clean(str(path))} is no folder, no zip file and no notebook (.ipynb)."
    )


def _folder(root: Path) -> Iterator[FoundFile]:
    """Go through a folder and those in it."""
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        source = _on_disk(root, parts)
        try:
            with os.scandir(source.path) as entries:
                seen = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield FoundFile(parts, source, trouble=_unreadable(error))
            continue
        shown = [entry for entry in seen if not _clutter(entry.name)]
        if parts and not shown:
            yield FoundFile(parts, source, trouble="is an empty folder")
        for entry in shown:
            here = (*parts, entry.name)
            below = (*parts, *_pieces(entry.name, seen))
            if entry.name.startswith("."):
                yield FoundFile(below, _on_disk(root, here), trouble=_HIDDEN)
            elif entry.is_dir(follow_symlinks=False) and not _junction(entry):
                waiting.append(here)
            else:
                yield from _entry(entry, _on_disk(root, here), below)


def _pieces(name: str, beside: Sequence[os.DirEntry[str]]) -> list[str]:
    r"""Return a file's name, or the path that it is.

    Some programs pack zips with backslashes, and some unpack those into files with
    names such as ``class\anna\x.ipynb``. A single one may be somebody's idea.
    """
    if os.sep == "\\" or sum("\\" in entry.name for entry in beside) < 2:
        return [name]
    return [piece for piece in name.split("\\") if piece] or [name]


def _on_disk(root: Path, parts: tuple[str, ...]) -> Source:
    return Source(root.joinpath(*parts), clean("/".join(parts)))


def _clutter(name: str) -> bool:
    """Tell whether a system or a tool left a file or folder: no need to list it."""
    return name in _CLUTTER or name.startswith(("._", ".~", ".#", ".Trash", ".nfs"))


def _junction(entry: os.DirEntry[str]) -> bool:
    """Tell whether a folder is a link of the kind that Windows has for folders."""
    return bool(getattr(entry, "is_junction", bool)())


def _entry(
    entry: os.DirEntry[str], source: Source, parts: tuple[str, ...]
) -> Iterator[FoundFile]:
    """Take one entry of a folder that is no folder itself."""
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError as error:
        yield FoundFile(parts, source, trouble=_unreadable(error))
        return
    if entry.is_symlink() or _junction(entry):
        yield FoundFile(parts, source, trouble=zips.LINK)
    elif not stat.S_ISREG(found.st_mode):
        yield FoundFile(parts, source, trouble="is no ordinary file")
    else:
        yield from _file(FoundFile(parts, source, found.st_mtime))


def _file(found: FoundFile) -> Iterator[FoundFile]:
    """Take a file; if it is a zip, what is in it."""
    name = found.parts[-1].lower()
    if name.endswith(".ipynb"):
        yield found
    elif not name.endswith(".zip"):
        yield replace(found, trouble=NO_NOTEBOOK)
    else:
        source, inside = found.source, []
        try:
            archive = source.archive()
            inside = list(_members(source, archive, found.parts, f"{source.label}/"))
            trouble = "is a zip with no file in it"
        except CannotGradeError as error:
            trouble = str(error).removeprefix(f"{source.label} ")
        yield from inside or [replace(found, trouble=trouble)]


def _members(
    zipped: Source, archive: ZipFile, above: tuple[str, ...], label: str
) -> Iterator[FoundFile]:
    """Go through a zip, and the zips in it."""
    for member in zips.members(archive):
        if not member.trouble and any(map(_clutter, member.parts)):
            continue
        hidden = any(part.startswith(".") for part in member.parts)
        name = clean(label + ("/".join(member.parts) or "?"))
        if zipped.member:
            source = Source(zipped.path, name, zipped.member, inner=member.name)
        else:
            source = Source(zipped.path, name, member.name)
        trouble = member.trouble or (_HIDDEN if hidden else "")
        found = FoundFile((*above, *member.parts), source, member.modified, trouble)
        yield from [found] if trouble else _file(found)
