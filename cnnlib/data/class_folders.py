"""A folder with a folder for each class: which classes there are, and which files.

The classes, their order and the order of the files are those of torchvision's
``ImageFolder``, which is what finds them here. Two things differ: what is hidden or
belongs to the system is passed over, and a link back to a folder above is not followed
round and round.
"""

import difflib
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from torchvision.datasets import ImageFolder

from cnnlib.text import count, listed

MOST_NAMES = 10
"""Files that are named in one sentence; of the others their number is told."""

_SYSTEM = {"__macosx", "__pycache__", "@eadir", "$recycle.bin", "lost+found"}
_SYSTEM |= {"system volume information", "thumbs.db", "desktop.ini", "icon\r"}
_PARTS = {"train", "training", "val", "valid", "validation", "test", "testing", "dev"}
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".rar", ".7z")


class Listing(NamedTuple):
    """What lies in a folder: its classes, its files with their labels, remarks."""

    classes: tuple[str, ...]
    files: list[tuple[Path, int]]
    remarks: list[str]


class _ClassFolders(ImageFolder):
    """torchvision's reading of a folder, without what is hidden."""

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        names = [folder.name for folder in _visible(Path(directory), folders=True)]
        return names, {name: label for label, name in enumerate(names)}

    @staticmethod
    def make_dataset(
        directory: str | Path, class_to_idx: dict[str, int], *_: object, **__: object
    ) -> list[tuple[str, int]]:
        home = Path(os.path.realpath(directory))
        above = {str(folder) for folder in (home, *home.parents)}
        return [
            (str(file), label)
            for name, label in class_to_idx.items()
            for file in _files_below(Path(directory, name), above)
        ]


def class_folders(given: str) -> Listing:
    """Find the classes and the files of a folder, as the user named it.

    Raises:
        FileNotFoundError: there is no such folder.
        NotADirectoryError: it is a file.
        ValueError: it does not hold at least two folders, one for each class.
    """
    home = Path(os.path.expanduser(given))
    _check_folder(home, given)
    folders, beside = _visible(home, folders=True), _visible(home, folders=False)
    _check_classes(home, given, folders, beside)
    found = _ClassFolders(str(home))
    files = [(Path(file), label) for file, label in found.samples]
    remarks = [*_beside(beside), *_nested(home, files), *_alike(found.classes)]
    return Listing(tuple(found.classes), files, remarks)


def shown(path: Path) -> str:
    """Write a name so that it can be printed, whatever it was made of."""
    text = os.fsencode(path.as_posix()).decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def named(paths: list[str]) -> str:
    """Name some files, the first of them where they are many."""
    more = len(paths) - MOST_NAMES
    return listed(paths if more <= 0 else [*paths[:MOST_NAMES], f"{more:,} more"])


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in _SYSTEM


def _visible(folder: Path, *, folders: bool) -> list[Path]:
    """List the folders in a folder, or its files, by name; not the hidden ones."""
    try:
        entries = [
            entry.name
            for entry in os.scandir(folder)
            if entry.is_dir() == folders and not _is_hidden(entry.name)
        ]
    except OSError:
        return []
    return [folder / name for name in sorted(entries)]


def _files_below(folder: Path, above: set[str]) -> Iterator[Path]:
    """All files of a class; a link to a folder above leads nowhere."""
    real = os.path.realpath(folder)
    if real in above:
        return
    yield from _visible(folder, folders=False)
    for inner in _visible(folder, folders=True):
        yield from _files_below(inner, above | {real})


def _check_folder(home: Path, given: str) -> None:
    if os.path.isdir(home):
        try:
            os.scandir(home).close()
        except OSError as error:
            raise PermissionError(
                f"The folder {given!r} may not be opened by you: change its rights, or "
                "copy it to a folder of your own."
            ) from error
        return
    if not os.path.exists(home):
        raise FileNotFoundError(f"There is no folder {given!r}.{_close(home)}")
    if home.name.lower().endswith(_PACKED):
        raise NotADirectoryError(
            f"{given!r} is a packed file. Unpack it, and give the folder that comes "
            "out of it."
        )
    raise NotADirectoryError(
        f"{given!r} is a file. load_folder takes a folder that has a folder of "
        "pictures for each class."
    )


def _close(home: Path) -> str:
    """Where a path ends, and what has nearly that name there."""
    there = home.parent
    while not os.path.isdir(there) and there != there.parent:
        there = there.parent
    missing = home.relative_to(there).parts[0]
    near = difflib.get_close_matches(
        missing, [folder.name for folder in _visible(there, folders=True)], n=1
    )
    if near:
        return f" Perhaps {str(there / near[0])!r} is meant."
    if not home.is_absolute():
        return (
            " Such a path begins at the folder that Python works in, in a notebook the "
            'notebook\'s own; "../name" is a folder beside it.'
        )
    return ""


def _check_classes(
    home: Path, given: str, folders: list[Path], beside: list[Path]
) -> None:
    names = [shown(Path(folder.name)) for folder in folders]
    wanted = "load_folder expects a folder for each class, such as cat and dog"
    if not folders and not beside:
        raise ValueError(f"The folder {given!r} is empty; {wanted}.")
    if not folders:
        raise ValueError(
            f"The folder {given!r} holds {count(len(beside), 'file')} and no folders; "
            f"{wanted}. Make one for each class and move its pictures there."
        )
    inside = {folder: _visible(folder, folders=True) for folder in folders}
    if all(folder.name.lower() in _PARTS and inside[folder] for folder in folders):
        first = os.path.join(given, names[0])
        raise ValueError(
            f"The folders in {given!r} have the names of parts ({listed(names)}) and "
            f"hold the classes. Load each part by itself: load_folder({first!r})."
        )
    if len(folders) == 1 and len(inside[folders[0]]) > 1:
        inner = os.path.join(given, names[0])
        raise ValueError(
            f"The only folder in {given!r} is {names[0]!r}, which holds folders "
            f"itself. Perhaps these are the classes: load_folder({inner!r})."
        )
    if len(folders) == 1:
        raise ValueError(
            f"There is one class alone in {given!r}, {names[0]!r}. A net learns to "
            "tell classes apart: put a second folder with other pictures beside it."
        )


def _beside(files: list[Path]) -> list[str]:
    if not files:
        return []
    names = named([shown(Path(file.name)) for file in files])
    return [f"Left out, beside the class folders: {names}."]


def _nested(home: Path, files: list[tuple[Path, int]]) -> list[str]:
    inner = {file.parent for file, _ in files if len(file.relative_to(home).parts) > 2}
    if not inner:
        return []
    names = named(sorted(shown(folder.relative_to(home)) for folder in inner))
    return [f"What lies in folders within a class counts to the class: {names}."]


def _alike(classes: list[str]) -> list[str]:
    first: dict[str, str] = {}
    pairs = []
    for name in classes:
        key = unicodedata.normalize("NFKC", name).casefold().strip()
        if key in first:
            pairs.append(f"{shown(Path(first[key]))!r} and {shown(Path(name))!r}")
        first.setdefault(key, name)
    if not pairs:
        return []
    return [f"Perhaps one class has two folders: {listed(pairs)}."]
