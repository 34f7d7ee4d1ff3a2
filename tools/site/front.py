"""What greets a visitor: thumbnails, the teaser, the social card, 404."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from pathlib import Path

import nbformat
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from cnnlib import images
from cnnlib.models.digit_bitmaps import BITMAPS
from cnnlib.plots.style import INK, MUTED, scale_for
from cnnlib.worked import worked_example
from tools.build.course import Course
from tools.site.cells import words_of
from tools.site.hero import correlate
from tools.site.notebooks import Reading, read

TEASER = "vn-quick-min"
THUMB = (480, 270)  # twice what is shown, for sharp screens
CARD = (1200, 630)  # what other sites show of a link to this one
_PNG = re.compile(r'<img [^>]*src="data:image/png;base64,([^"]+)"')


def first_picture(reading: Reading) -> bytes:
    """Return the first picture of a lesson as PNG.

    Raises ValueError for a lesson without a picture.
    """
    for cell in reading.notebook.cells:
        for output in cell.get("outputs", []):
            found = _PNG.search(output.get("data", {}).get("text/html", ""))
            if found:
                return base64.b64decode(found[1])
    raise ValueError(f"{reading.name} shows no picture, so it can have no thumbnail.")


def thumbnail(reading: Reading) -> bytes:
    """Return the first picture of a lesson as a small PNG on white."""
    with Image.open(io.BytesIO(first_picture(reading))) as image:
        drawn = image.convert("RGBA")
    white = Image.new("RGBA", drawn.size, "white")
    drawn = Image.alpha_composite(white, drawn).convert("RGB")
    scale = min(THUMB[0] / drawn.width, THUMB[1] / drawn.height)
    size = (max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale)))
    page = Image.new("RGB", THUMB, "white")
    page.paste(
        drawn.resize(size, Image.Resampling.LANCZOS),
        ((THUMB[0] - size[0]) // 2, (THUMB[1] - size[1]) // 2),
    )
    return _png(page.quantize(128))


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def teaser() -> str:
    """Return a printed grid with wrong numbers in it, to be found by a click."""
    example = worked_example(TEASER)
    assert example.input is not None
    printed, correct = example.printed.tolist(), example.correct.tolist()
    given = _table(
        [[_cell(value) for value in row] for row in example.input.tolist()], "input"
    )
    rows = [
        [_button(*pair) for pair in zip(*rows, strict=True)]
        for rows in zip(printed, correct, strict=True)
    ]
    return (
        f'<div class="teaser grids">{given}{_table(rows, "printed")}'
        '<p class="verdict" aria-live="polite"></p></div>'
    )


def _cell(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _button(printed: float, correct: float) -> str:
    right = "" if printed == correct else f' data-right="{_cell(correct)}"'
    return f'<button type="button"{right}>{_cell(printed)}</button>'


def _table(rows: list[list[str]], caption: str) -> str:
    lines = "".join(
        "<tr>" + "".join(f"<td>{word}</td>" for word in row) + "</tr>" for row in rows
    )
    return f"<table><caption>{caption}</caption>{lines}</table>"


def social_card() -> bytes:
    """Return the picture that other sites show beside a link: 1200 x 630."""
    figure = Figure(figsize=(CARD[0] / 100, CARD[1] / 100), dpi=100, facecolor="white")
    title, line = (
        "Convolutional neural networks",
        "by hand, in a loop of your own, in PyTorch",
    )
    figure.text(0.05, 0.83, title, fontsize=44, fontweight="bold", color=INK)
    figure.text(0.05, 0.74, line, fontsize=25, color=MUTED)
    photo = images.load("china", height=180, grey=True).astype(float) / 255
    for left, values in ((0.05, photo), (0.525, correlate(photo))):
        ax = figure.add_axes((left, 0.06, 0.425, 0.62))
        ax.set_axis_off()
        scale = scale_for(values, robust=True)
        ax.imshow(values, cmap=scale.cmap, vmin=scale.low, vmax=scale.high)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = Image.fromarray(np.array(canvas.buffer_rgba())).convert("RGB")
    return _png(drawn.quantize(256))


def not_found(address: str) -> str:
    """Return the page for an address that leads nowhere; it needs no other file."""
    pixels = np.hstack([_bitmap(digit) for digit in (4, 0, 4)])
    response = correlate(np.pad(pixels, ((2, 2), (2, 2))))
    colours = scale_for(response).colours(response)
    cells = "".join(
        f'<rect x="{x}" y="{y}" width="1" height="1" '
        f'fill="#{red:02x}{green:02x}{blue:02x}"/>'
        for (y, x), (red, green, blue) in (
            (place, colours[place]) for place in np.ndindex(*response.shape)
        )
    )
    high, wide = response.shape
    words = "404, correlated with a kernel for upright edges"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>No such page: CNN course</title><style>"
        "body{font:18px/1.5 system-ui,sans-serif;margin:12vh auto;max-width:36rem;"
        "padding:0 1rem;color:#1a1a1a;background:#fff}svg{width:100%}a{color:#00609c}"
        "@media(prefers-color-scheme:dark){body{color:#eee;background:#131416}"
        "a{color:#7cc4ff}}</style></head><body><main>"
        f'<svg viewBox="0 0 {wide} {high}" role="img" aria-label="{words}" '
        f'shape-rendering="crispEdges">{cells}</svg>'
        "<h1>No such page</h1><p>The kernel found its edges; we did not find the page. "
        f'<a href="{html.escape(address)}">Begin at the front</a>.</p></main>'
        "</body></html>"
    )


def _bitmap(digit: int) -> np.ndarray:
    rows = BITMAPS[digit].split()
    return np.array([[float(sign == "#") for sign in f".{row}."] for row in rows])


def search_texts(course: Course) -> str:
    """Return the prose of lessons, exercises and documents as a script, for search."""
    texts = {}
    for folder in ("notebooks", "exercises"):
        for path in sorted((course.root / folder).glob("*.ipynb")):
            cells = nbformat.read(path, as_version=4).cells
            prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
            texts[f"{folder}/{path.stem}"] = words_of("\n\n".join(prose))
    for path in sorted((course.root / "docs").glob("*.md")):
        texts[f"docs/{path.stem}"] = words_of(path.read_text("utf-8"))
    return f"window.courseTexts = {json.dumps(texts, ensure_ascii=False)};\n"


def write(course: Course, site: Path) -> None:
    """Write all of it into a built site."""
    folder = site / "thumbs"
    folder.mkdir(exist_ok=True)
    for path in sorted((course.root / "notebooks").glob("*.ipynb")):
        (folder / f"{path.stem}.png").write_bytes(thumbnail(read(path)))
    (site / "_static" / "card.png").write_bytes(social_card())
    (site / "_static" / "texts.js").write_text(search_texts(course), encoding="utf-8")
    (site / "404.html").write_text(not_found(course.pages), encoding="utf-8")
