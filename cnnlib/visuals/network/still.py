"""What stands for the explorer of a net where no script runs: one PNG, one sentence."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from cnnlib.picture import Picture
from cnnlib.picture.png import encode_indexed
from cnnlib.plots.mosaic import GAP, LEVELS, _font, _levels, _table, tile
from cnnlib.plots.style import SIGNED, TEXT, Scale
from cnnlib.text import count, number, sentence, size

from .inside import Inside, Layer
from .pack import shrunk

ROWS = 6
SHOWN = 8
SIDE = 44
STEP = SIDE + 14
LABEL = 150


def still(inside: Inside) -> Picture:
    """Draw up to six layers, from the first to the last, with the 8 strongest maps.

    Each layer has its own scale, blue for negative and red for positive numbers.
    """
    layers = [one for one in inside.layers if one.maps[0].size > 1] or inside.layers
    places = np.linspace(0, len(layers) - 1, min(ROWS, len(layers))).round()
    chosen = [layers[int(place)] for place in places]
    rows = [
        (one.name, " × ".join(map(str, shape(one))), one.maps[one.foremost(SHOWN)])
        for one in chosen
    ]
    return labelled_rows(rows, "The strongest maps of some layers.")


def labelled_rows(rows: list[tuple[str, str, np.ndarray]], words: str) -> Picture:
    """Draw rows of maps (C, H, W), each with a name and a note at its left."""
    widest = max(min(len(maps), SHOWN) for _, _, maps in rows)
    wide = LABEL + widest * (SIDE + GAP)
    page = Image.new("L", (wide, len(rows) * STEP), 255)
    draw = ImageDraw.Draw(page)
    for k, (name, note, _) in enumerate(rows):
        draw.text((4, k * STEP + 8), _fitting(name), 0, _font(TEXT + 1))
        draw.text((4, k * STEP + 27), note, 90, _font(TEXT))
    greys = 255 - LEVELS
    cells = np.asarray(page).astype(np.uint16) * greys // 255 + LEVELS
    for k, (_, _, maps) in enumerate(rows):
        row = _row(maps[:SHOWN])
        top = k * STEP + 4
        cells[top : top + row.shape[0], LABEL : LABEL + row.shape[1]] = row
    png = encode_indexed(cells.astype(np.uint8), _table(Scale(-1, 1, SIGNED)))
    return Picture(png, words)


def _row(maps: np.ndarray) -> np.ndarray:
    """Return maps side by side, on a scale of their own, as places on the scale."""
    maps = shrunk(maps, -(-max(maps.shape[1:]) // SIDE))
    maps = maps / (np.abs(maps).max() or 1.0)
    zoom = max(1, SIDE // max(maps.shape[1:]))
    large = maps.repeat(zoom, axis=1).repeat(zoom, axis=2)[:, :SIDE, :SIDE]
    return tile(_levels(large, Scale(-1, 1, SIGNED)), len(large), GAP)


def _fitting(name: str) -> str:
    return name if len(name) <= 18 else f"…{name[-17:]}"


def shape(layer: Layer) -> tuple[int, ...]:
    """Return (C, H, W), of a vector (C,)."""
    full = layer.maps.shape
    return (
        full if full[1] * full[2] > 1 or len(layer.row.output_shape) > 1 else full[:1]
    )


def describe(inside: Inside) -> str:
    """Say what the net is, what it was shown, and what its layers answer."""
    name, image = type(inside.model).__name__, size(*inside.image.shape[1:])
    text = f"inside {name}, {count(inside.parameters, 'parameter')}, shown an image of "
    text += f"{image}: {count(len(inside.layers), 'layer')}. "
    told = [_told(layer) for layer in inside.layers[:10]]
    more = len(inside.layers) - len(told)
    text += "; ".join(told)
    return sentence(text + (f"; and {more} more" if more else ""))


def _told(layer: Layer) -> str:
    maps = layer.maps
    low, high = map(number, layer.ends)
    if len(shape(layer)) == 1:
        what = count(len(maps), "number")
    else:
        what = f"{count(len(maps), 'map')} of {size(*maps.shape[1:])}"
    return f"{layer.name} ({layer.kind}): {what}, from {low} to {high}"
