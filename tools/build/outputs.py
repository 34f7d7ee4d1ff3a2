"""What a cell's outputs keep: text, HTML and PNG, free of what changes by itself.

The file stays small: a PNG that the HTML beside it holds is kept there alone, where it
has its alt text, and the scripts of live pictures are packed.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable, Iterator

from nbformat import NotebookNode

from tools.build.live_scripts import packed

KEPT = ("text/plain", "text/html", "image/png")
DROPPED = ("application/vnd.jupyter.widget-view+json",)

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PICTURE_CHUNKS = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"pHYs"}
PICTURE_CHUNKS |= {b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"iCCP"}
_DATA_PNG = re.compile(r"(data:image/png;base64,)([A-Za-z0-9+/=\s]+)")


def clean(notebook: NotebookNode) -> None:
    """Leave in every output what is kept; other kinds stay, to be reported."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for output in cell.outputs:
                _clean_output(output)
            cell.outputs = [
                output
                for output in _joined(cell.outputs)
                if "data" not in output or output.data
            ]


def _clean_output(output: NotebookNode) -> None:
    if "data" not in output:
        return
    for kind in DROPPED:
        output.data.pop(kind, None)
    output.metadata = {k: v for k, v in output.metadata.items() if k in KEPT}
    if "image/png" in output.data:
        png = base64.b64decode(output.data["image/png"])
        output.data["image/png"] = _encode(strip_png(png))
    if "text/html" in output.data:
        html = map_png(output.data["text/html"], strip_png)
        if output.data.get("image/png") in map(_encode, inline_pngs(html)):
            del output.data["image/png"]
        output.data["text/html"] = packed(html)


def _joined(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Join neighbouring pieces of one stream: where it was cut is chance."""
    last: NotebookNode | None = None
    for output in outputs:
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last.text += output.text
        else:
            last = output
            yield output


def map_png(html: str, change: Callable[[bytes], bytes]) -> str:
    """Return the HTML with every PNG in it put through ``change``."""

    def replace(match: re.Match[str]) -> str:
        return match[1] + _encode(change(base64.b64decode(match[2])))

    return _DATA_PNG.sub(replace, html)


def inline_pngs(html: str) -> list[bytes]:
    """Return the PNGs that a piece of HTML carries inline."""
    return [base64.b64decode(match[2]) for match in _DATA_PNG.finditer(html)]


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def png_chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks of a PNG: (type, whole chunk with length and checksum)."""
    if not png.startswith(_SIGNATURE):
        raise ValueError("an image/png output is not a PNG")
    place = len(_SIGNATURE)
    while place + 12 <= len(png):
        (length,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place : place + 12 + length]
        place += 12 + length


def strip_png(png: bytes) -> bytes:
    """Return the picture without texts, times and tool names; pixels untouched.

    What is no PNG comes back as it is; the hygiene checks report it.
    """
    if not png.startswith(_SIGNATURE):
        return png
    kept = (chunk for kind, chunk in png_chunks(png) if kind in PICTURE_CHUNKS)
    return _SIGNATURE + b"".join(kept)
