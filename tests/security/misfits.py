"""Files that are no notebooks or somebody else's, and names that mean harm."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.exercise_files import Book
from tests.security.attack import ALL, FILE, Attack, World


def _raw(data: bytes) -> Callable[[Path, World], None]:
    def write(folder: Path, world: World) -> None:
        folder.mkdir()
        (folder / FILE).write_bytes(data)

    return write


def _like(change: Callable[[dict], object]) -> Callable[[Path, World], None]:
    """Return what writes the solved notebook, its JSON changed."""

    def write(folder: Path, world: World) -> None:
        raw = Book("solutions").raw
        change(raw)
        folder.mkdir()
        (folder / FILE).write_text(json.dumps(raw))

    return write


def _link(target: str) -> Callable[[Path, World], None]:
    def write(folder: Path, world: World) -> None:
        folder.mkdir()
        (folder / FILE).symlink_to(target)

    return write


def _hard_link(folder: Path, world: World) -> None:
    folder.symlink_to("anna", target_is_directory=True)


def _fifo(folder: Path, world: World) -> None:
    folder.mkdir()
    os.mkfifo(folder / FILE)


def _zip(names: list[str], data: bytes, link: bool = False) -> Callable:
    def write(folder: Path, world: World) -> None:
        folder.mkdir()
        with zipfile.ZipFile(folder / "work.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            for name in names:
                member = zipfile.ZipInfo(name)
                member.compress_type = zipfile.ZIP_DEFLATED
                member.external_attr = (0o120777 if link else 0o100644) << 16
                packed.writestr(member, data)

    return write


_SOLVED = json.dumps(Book("solutions").raw).encode()

FILES = [
    Attack("binary junk", "no grade for the class", file=_raw(bytes(range(256)) * 999)),
    Attack("empty file", "no grade for the class", file=_raw(b"")),
    Attack("not JSON", "no grade for the class", file=_raw(_SOLVED[:-50])),
    Attack("web page", "no grade for the class", file=_raw(b"<!DOCTYPE html>" * 99)),
    Attack("UTF-16", "no grade", file=_raw(_SOLVED.decode().encode("utf-16"))),
    Attack("deep JSON", "the grader's stack", file=_raw(b"[" * 10**6)),
    Attack("many parts", "the memory", file=_raw(b"[" + b"0," * 4_000_000 + b"0]")),
    Attack("huge number", "time", file=_raw(b'{"nbformat": ' + b"9" * 10**5 + b"}")),
    Attack("a list", "no grade", file=_raw(b"[" + _SOLVED + b"]")),
    Attack(
        "cells of numbers", "no grade", file=_like(lambda r: r.update(cells=[1, 2]))
    ),
    Attack("no cells", "no grade", file=_like(lambda r: r.update(cells={"a": 1}))),
    Attack(
        "sources of numbers",
        "no grade for the class",
        file=_like(lambda raw: [c.update(source=7, outputs=7) for c in raw["cells"]]),
    ),
    Attack(
        "metadata of numbers",
        "no grade for the class",
        file=_like(lambda raw: [c.update(metadata=7, id=7) for c in raw["cells"]]),
        passes=ALL,
    ),
    Attack(
        "null bytes",
        "no grade for the class",
        file=_like(lambda raw: raw["cells"].insert(3, _cell("\0\ud800"))),
        passes=ALL,
    ),
    Attack(
        "deep metadata",
        "the grader's stack",
        file=_like(lambda raw: raw["metadata"].update(a=_deep(400))),
        passes=ALL,
    ),
    Attack(
        "somebody's file", "anna's points", file=_link(f"../anna/{FILE}"), graded=False
    ),
    Attack("somebody's folder", "anna's points", file=_hard_link, graded=False),
    Attack("a system's file", "its text", file=_link("/etc/passwd"), graded=False),
    Attack("a pipe", "time: it is never read to its end", file=_fifo, graded=False),
    Attack(
        "zip that leads out",
        "files anywhere",
        file=_zip([f"../{FILE}", f"/tmp/{FILE}", "../../x.ipynb"], _SOLVED),
        graded=False,
    ),
    Attack(
        "zip with links",
        "anna's points",
        file=_zip([FILE], f"../anna/{FILE}".encode(), link=True),
        graded=False,
    ),
    Attack("zip bomb", "the disk", file=_zip([FILE], b"\0" * 200_000_000)),
]


def _cell(source: str) -> dict:
    return {"cell_type": "code", "id": "x", "metadata": {}, "outputs": [],
            "source": source}  # fmt: skip


def _deep(depth: int) -> list:
    return [_deep(depth - 1)] if depth else []


# ---- names that mean harm; the answers are right -------------------------------------

NAMES = [
    Attack(name, "whoever reads or opens the report", base="solutions", passes=ALL)
    for name in (
        "=HYPERLINK('http:evil.example')",
        "+1",
        "-rf",
        "@SUM(1)",
        "quote\" and 'quotes'",
        "new\nline\r\nand more",
        "comma, semicolon; tab\t=1",
        "<img src=x onerror=alert(1)>",
        "up..%2f..%2fetc%2fpasswd",
        "up\\..\\..\\up",
        "\u202egnp.exe\u2066",
        "\U0001f98a \u200d\ufe0f",
        "n" * 200,
        "\x1b[2J\x1b]0;title\x07",
        "$(touch x) `touch y` ; touch z",
        "{{ 7 * 7 }}{% x %}",
        "con",
        "\udcff\udcfe not UTF-8",
    )
]
