"""What a built notebook must be free of, and what it must have.

Each check is a function from a notebook to findings; ``CHECKS`` lists them all.
The build runs them on what it is about to write, the tests on what is committed.
"""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.build import folded, live_scripts, markup, outputs
from tools.build.problems import Finding
from tools.build.rules import heading_findings

NOTEBOOK_BYTES = 1_000_000

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{7,}\b")
_PATH = re.compile(
    r"(?<![\w.:/])/(?:home|root|Users|tmp|private|var/folders)/[\w.-]+"
    r"|\b[A-Za-z]:\\+(?:Users|Windows|Program)"
    r"|(?:site|dist)-packages|lib(?:64)?/python3|ipykernel_\d+"
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_DATA_URI = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]+")

Check = Callable[[NotebookNode], Iterator[Finding]]


def findings(notebook: NotebookNode) -> list[Finding]:
    """Return every fault of a notebook that was run."""
    return [finding for check in CHECKS for finding in check(notebook)]


def code_outputs(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Yield (cell number, output) for all outputs."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            yield index, output


def shown_texts(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield (cell number, text) of all outputs, without the pictures they carry.

    What went to stderr is left out: that it is there is the fault.
    """
    for index, output in code_outputs(notebook):
        if output.output_type == "stream" and output.name != "stderr":
            yield index, output.text
        if output.output_type == "error":
            text = "\n".join([output.evalue, *output.traceback])
            yield index, _COLOURS.sub("", text)
        for kind, value in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield index, _DATA_URI.sub("", live_scripts.unpacked(value))


def pages(notebook: NotebookNode) -> Iterator[tuple[int, str]]:
    """Yield (cell number, HTML) of the outputs that have any, scripts unpacked."""
    for index, output in code_outputs(notebook):
        if "text/html" in output.get("data", {}):
            yield index, live_scripts.unpacked(output.data["text/html"])


def metadata(notebook: NotebookNode) -> Iterator[Finding]:
    """Check for a lean header: kernel and language named, no widget state."""
    if "widgets" in notebook.metadata:
        yield Finding(0, "the notebook holds widget state")
    if notebook.metadata.get("language_info") != {"name": "python"}:
        yield Finding(0, "language_info is exactly {'name': 'python'}")
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield Finding(0, "the kernel is python3")
    for index, cell in enumerate(notebook.cells):
        kept = {"tags"} | folded.metadata_keys(cell)
        if "cnnlib" in cell.metadata:  # an answer cell or a check cell
            kept |= {"cnnlib", "nbgrader", "deletable", "editable"}
        extra = set(cell.metadata) - kept
        if extra:
            yield Finding(index, f"cell metadata {sorted(extra)}; only tags stay")


def executed_in_order(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that every code cell was run, from 1 to n."""
    count = 0
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            count += 1
            if cell.execution_count != count:
                message = f"run as number {cell.execution_count}, expected {count}"
                yield Finding(index, message)


def errors(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that a cell ends in an error if, and only if, it is tagged so."""
    for index, cell in enumerate(notebook.cells):
        kinds = [output.output_type for output in cell.get("outputs", [])]
        tagged = "raises-exception" in cell.metadata.get("tags", [])
        if "error" in kinds and not tagged:
            yield Finding(index, "the cell ended in an error")
        if tagged and "error" not in kinds:
            yield Finding(index, "tagged raises-exception, but nothing was raised")


def warnings(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that nothing was written to stderr, where warnings go."""
    for index, output in code_outputs(notebook):
        if output.get("name") == "stderr":
            yield Finding(index, f"written to stderr: {output.text.strip()[:300]}")


def kinds(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that rich outputs are text, HTML and PNG, and that they have words.

    Words are all that is compared of a picture, and all that some readers get.
    """
    for index, output in code_outputs(notebook):
        data = output.get("data", {})
        other = sorted(set(data) - set(outputs.KEPT))
        if other:
            legal = ", ".join(outputs.KEPT)
            yield Finding(index, f"output of kind {', '.join(other)}; kept are {legal}")
        words = data.get("text/plain", "")
        drawn = "image/png" in data or outputs.inline_pngs(data.get("text/html", ""))
        if drawn and not is_sentence(words):
            yield Finding(index, f"a picture needs a sentence; it has {words[:60]!r}")
        elif "text/html" in data and (not words or words.startswith("<")):
            yield Finding(index, f"HTML needs text beside it; it has {words[:60]!r}")


def is_sentence(text: str) -> bool:
    """Tell whether a text says something: a word among three, not ``<Figure>``."""
    has_word = re.search(r"[^\W\d_]{3,}", text)
    return bool(has_word) and len(text.split()) >= 3 and not text.startswith("<")


def leaks(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that no output tells a memory address or a path of the machine."""
    for index, text in shown_texts(notebook):
        address = _ADDRESS.search(text)
        if address:
            yield Finding(index, f"the output shows a memory address: {address[0]}")
        path = _PATH.search(text)
        if path:
            yield Finding(index, f"the output shows a machine path: {path[0]}")


def local_paths(notebook: NotebookNode, folders: list[Path]) -> Iterator[Finding]:
    """Check that no output tells one of the folders in use here, wherever they lie."""
    known = [str(f) for f in (*folders, Path.home(), Path(tempfile.gettempdir()))]
    for index, text in shown_texts(notebook):
        for name in known:
            if len(name) > 4 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
                yield Finding(index, f"the output shows a machine path: {name}")


def self_loading(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that the page loads nothing by itself and every picture has alt text."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            for line, message in markup.markdown_faults(cell.source):
                yield Finding(index, message, line)
    for index, html in pages(notebook):
        for _, message in markup.html_faults(html):
            yield Finding(index, f"in the HTML of an output: {message}")


def pictures(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that PNGs, inline ones included, hold the picture and nothing else."""
    images = [
        (index, base64.b64decode(output.data["image/png"]))
        for index, output in code_outputs(notebook)
        if "image/png" in output.get("data", {})
    ]
    images += [
        (index, png)
        for index, html in pages(notebook)
        for png in outputs.inline_pngs(html)
    ]
    for index, png in images:
        try:
            found = {kind for kind, _ in outputs.png_chunks(png)}
        except ValueError as error:
            yield Finding(index, str(error))
            continue
        extra = sorted(found - outputs.PICTURE_CHUNKS)
        if extra:
            names = b", ".join(extra).decode()
            yield Finding(index, f"a PNG holds more than the picture: {names}")


def scripts(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that the scripts of live pictures are those of the package as it is now."""
    for index, output in code_outputs(notebook):
        for name in live_scripts.stale(output.get("data", {}).get("text/html", "")):
            message = f"the script or style of {name} is not that of the package"
            yield Finding(index, message)


def headings(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that headings go down one level at a time from one title."""
    cells = [(cell.cell_type, cell.source) for cell in notebook.cells]
    return heading_findings(cells)


def size(notebook: NotebookNode) -> Iterator[Finding]:
    """Check that the file stays small; the largest cell is named."""
    length = len(nbformat.writes(notebook).encode())
    if length > NOTEBOOK_BYTES:
        sizes = [len(str(cell.get("outputs", ""))) for cell in notebook.cells]
        largest = sizes.index(max(sizes))
        message = (
            f"the notebook has {length:,} bytes, {NOTEBOOK_BYTES:,} at most; "
            f"the output of this cell alone has {sizes[largest]:,}: draw it smaller"
        )
        yield Finding(largest, message)


CHECKS: list[Check] = [
    metadata,
    executed_in_order,
    errors,
    warnings,
    kinds,
    leaks,
    self_loading,
    pictures,
    scripts,
    headings,
    size,
]
