"""Zip files from strangers: read in memory, never unpacked, never believed."""

from __future__ import annotations

import calendar
import io
import re
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from cnngrade.files.notebook import CannotGradeError
from cnngrade.limits import FILE_BYTES, ZIP_LIST_BYTES, ZIP_MEMBERS, ZIP_RATIO

LINK = "is a symbolic link, which is not followed"

_DAMAGE = (
    BadZipFile,
    LargeZipFile,
    NotImplementedError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class Member:
    """A file in a zip: `name` as the zip has it, `parts` its path as one reads it.

    A member that must not be read says why in `trouble`.
    """

    name: str
    parts: tuple[str, ...]
    modified: float
    trouble: str = ""


def opened(file: Path | bytes, label: str) -> ZipFile:
    """Open a zip; raise `CannotGradeError` if it is none or would cost too much."""
    try:
        with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as raw:
            size, listed = raw.seek(0, io.SEEK_END), _list_size(raw)
        if listed > ZIP_LIST_BYTES:
            raise CannotGradeError(f"{label} holds more than {ZIP_MEMBERS:,} files.")
        archive = ZipFile(io.BytesIO(file) if isinstance(file, bytes) else file)
    except PermissionError:
        raise CannotGradeError(f"{label} cannot be read: Permission denied.") from None
    except _DAMAGE:
        raise CannotGradeError(f"{label} is no zip file, or a damaged one.") from None
    infos = archive.infolist()
    if len(infos) > ZIP_MEMBERS:
        raise CannotGradeError(f"{label} holds more than {ZIP_MEMBERS:,} files.")
    total = sum(info.file_size for info in infos)
    if total > max(FILE_BYTES, ZIP_RATIO * size):
        raise CannotGradeError(
            f"{label} would unpack to more than {ZIP_RATIO} times its size, which "
            "zips that are made to do harm do. Nothing in it was read."
        )
    return archive


def _list_size(file: BinaryIO) -> int:
    """Return how many bytes the list of members is said to take, before it is read.

    The record at the end of a zip says so; where a second one with room for larger
    numbers stands before it, that one counts.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 70_000))
    tail = file.read()
    at = len(tail) - 22
    if at < 0 or tail[at : at + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        at = tail.rfind(b"PK\5\6")  # a comment follows it
    if at < 0:
        return 0
    if at >= 76 and tail[at - 20 : at - 16] == b"PK\6\7":
        return int(struct.unpack_from("<Q", tail, at - 36)[0])
    return int(struct.unpack_from("<I", tail, at + 12)[0])


def members(archive: ZipFile) -> Iterator[Member]:
    """Go through the files in a zip in their order there."""
    infos = archive.infolist()
    last = {info.filename: info for info in infos}
    for info in infos:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.filename.endswith("/") or kind == stat.S_IFDIR:
            continue
        name = _name(info)
        pieces = re.split(r"[/\\]", name)
        parts = tuple(piece for piece in pieces if piece not in ("", "."))
        absolute = re.match(r"[/\\]|[A-Za-z]:[/\\]", name)
        trouble = ""
        if absolute or not parts or ".." in parts:
            trouble = "has a path that leads out of the zip"
        elif kind == stat.S_IFLNK:
            trouble = LINK
        elif kind not in (0, stat.S_IFREG):
            trouble = "is no ordinary file"
        elif last[info.filename] is not info:
            trouble = "comes again later in the zip, and that one counts"
        yield Member(info.filename, parts, _date(info), trouble)


def _name(info: ZipInfo) -> str:
    """Return a member's name; macOS writes UTF-8 without saying so."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _date(info: ZipInfo) -> float:
    """Return when a member was changed; zips have no time zone: it counts as UTC."""
    try:
        return float(calendar.timegm((*info.date_time, 0, 0, 0)))
    except (ValueError, OverflowError):
        return 0.0


def contents(archive: ZipFile, name: str, label: str) -> bytes:
    """Return what a member holds; raise `CannotGradeError` if it cannot be had."""
    try:
        info = archive.getinfo(name)
        if info.flag_bits & 0x1:
            raise CannotGradeError(
                f"{label} is locked with a password. Unpack it by hand, and give the "
                "folder instead."
            )
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise CannotGradeError(
                f"{label} is packed in an unusual way. Unpack it by hand, and give the "
                "folder instead."
            )
        if info.file_size > FILE_BYTES:
            raise CannotGradeError(too_large(label))
        with archive.open(info) as file:
            return file.read(info.file_size + 1)
    except _DAMAGE:
        raise CannotGradeError(
            f"{label} cannot be unpacked: the zip that it is in is damaged."
        ) from None


def too_large(label: str) -> str:
    """Return the sentence on a file that is too large to be read."""
    return f"{label} is larger than {FILE_BYTES // 1_000_000} MB, so it was not read."
