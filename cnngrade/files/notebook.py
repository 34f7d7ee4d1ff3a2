"""A notebook as a file: read leniently, since whatever can be judged shall be."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FORMAT = (4, 5)
"""The notebook format that this release knows; later minor ones are read alike."""


class CannotGradeError(Exception):
    """What was asked for cannot be done; the text is a sentence that the user reads."""


@dataclass(frozen=True)
class Cell:
    """One cell of a file; ``id`` is "" where the file has none.

    Attributes:
        ran: the number that Jupyter gave its last run, 0 if it gave none.
    """

    index: int
    kind: str
    id: str
    source: str
    metadata: dict[str, Any]
    outputs: list[Any] = field(default_factory=list)
    ran: int = 0

    @property
    def is_code(self) -> bool:
        """Whether it can be run."""
        return self.kind == "code"

    @property
    def title(self) -> str:
        """The first line that says something, to name the cell by."""
        lines = [line.strip() for line in self.source.split("\n")]
        telling = [line for line in lines if line and not line.startswith("#")]
        first = next(iter(telling or filter(None, lines)), "")
        return first if len(first) <= 40 else first[:37] + "..."


@dataclass(frozen=True)
class Notebook:
    """A notebook that was read: its cells, and the JSON they come from."""

    path: Path
    text: str
    raw: dict[str, Any]
    cells: list[Cell]

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the whole notebook."""
        return _mapping(self.raw.get("metadata"))

    @property
    def course(self) -> dict[str, Any]:
        """What the course wrote about it: lesson, version, kind."""
        return _mapping(self.metadata.get("cnnlib"))

    @property
    def minor(self) -> int:
        """The second number of its format."""
        minor = self.raw.get("nbformat_minor")
        return minor if isinstance(minor, int) else 0


def read(path: Path) -> Notebook:
    """Read a notebook; raise `CannotGradeError` with the reason if it is none."""
    return parse(_bytes(path), path)


def parse(data: bytes, path: Path) -> Notebook:
    """Return the notebook that a file's bytes are; `path` is what to call it."""
    text = _text(data, path)
    if not text.strip():
        raise CannotGradeError(
            f"{path} is empty. Was it saved, did the download break off? Take it again."
        )
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CannotGradeError(
            f"{path} is not a notebook: {_why(text, error)}"
        ) from None
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise CannotGradeError(
            f"{path} is not a notebook: it is JSON, but says nothing of a notebook's "
            "format. Take the .ipynb file itself."
        )
    if raw["nbformat"] > FORMAT[0]:
        raise CannotGradeError(
            f"{path} is of notebook format {raw['nbformat']}; this release of the "
            f"course reads format {FORMAT[0]}. Update it: pip install --upgrade cnnlib"
        )
    if raw["nbformat"] < FORMAT[0]:
        raise CannotGradeError(
            f"{path} is of the old notebook format {raw['nbformat']}. Open it in "
            "JupyterLab and save it, which brings it up to date."
        )
    cells = raw.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise CannotGradeError(f"{path} is not a notebook: it has no list of cells.")
    return Notebook(path, text, raw, [_cell(i, cell) for i, cell in enumerate(cells)])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CannotGradeError(
            f"There is no file {path}. Look at its name; this is the folder "
            f"{Path.cwd()}."
        ) from None
    except OSError as error:
        reason = error.strerror or error
        raise CannotGradeError(f"{path} cannot be read: {reason}.") from None


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CannotGradeError(
            f"{path} is not a notebook: it is not UTF-8 text. Was it packed, or saved "
            "by another program? Take the .ipynb file itself."
        ) from None


def _why(text: str, error: Exception) -> str:
    start = text.lstrip()[:200].lower()
    if start.startswith("<") and ("<html" in start or "<!doctype" in start):
        return (
            "it is a web page. Download the file itself (on GitHub: “Download raw "
            "file”), not the page that shows it."
        )
    if "\n<<<<<<< " in text:
        return (
            "git left the marks of a merge conflict in it (<<<<<<<). Take one of the "
            "two versions: git checkout --ours FILE, or --theirs."
        )
    where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
    return (
        f"it is not JSON{', see ' + where if where else ''}. A notebook is a .ipynb "
        "file as JupyterLab saves it; take that one."
    )


def _cell(index: int, raw: dict[str, Any]) -> Cell:
    source = raw.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    outputs, name = raw.get("outputs"), raw.get("id")
    ran = raw.get("execution_count")
    return Cell(
        index,
        str(raw.get("cell_type", "")),
        name if isinstance(name, str) else "",
        source.replace("\r\n", "\n") if isinstance(source, str) else "",
        _mapping(raw.get("metadata")),
        outputs if isinstance(outputs, list) else [],
        ran if isinstance(ran, int) and not isinstance(ran, bool) else 0,
    )


def _mapping(item: Any) -> dict[str, Any]:
    return item if isinstance(item, dict) else {}


def shown(path: Path) -> str:
    """Return a path as one would type it: from here, where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
