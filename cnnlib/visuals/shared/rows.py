"""Rows of maps under each other, as one PNG: a still picture of a net."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from cnnlib.picture import Picture
from cnnlib.picture.png import encode_indexed
from cnnlib.plots.mosaic import (
    MAP_GAP,
    SCALE_COLOURS,
    colour_table,
    sans_font,
    scale_levels,
    tile,
)
from cnnlib.plots.style import SIGNED, TEXT, Scale

from .pack import shrunk

MAPS_PER_ROW = 8
"""Maps of a row that are drawn; the others are left out."""
MAP_SIDE = 44
"""Pixels along the longer side of a map, at most."""
ROW_HEIGHT = MAP_SIDE + 14
LABEL_WIDTH = 150
"""Pixels at the left of a row, for its name and note."""
LONGEST_NAME = 18
"""Characters of a name; of a longer one the end is shown."""


def labelled_rows(rows: list[tuple[str, str, np.ndarray]], words: str) -> Picture:
    """Draw rows of maps (C, H, W), each with a name and a note at its left."""
    widest = max(min(len(maps), MAPS_PER_ROW) for _, _, maps in rows)
    wide = LABEL_WIDTH + widest * (MAP_SIDE + MAP_GAP)
    page = Image.new("L", (wide, len(rows) * ROW_HEIGHT), 255)
    draw = ImageDraw.Draw(page)
    for k, (name, note, _) in enumerate(rows):
        draw.text((4, k * ROW_HEIGHT + 8), _fitting(name), 0, sans_font(TEXT + 1))
        draw.text((4, k * ROW_HEIGHT + 27), note, 90, sans_font(TEXT))
    greys = 255 - SCALE_COLOURS
    cells = np.asarray(page).astype(np.uint16) * greys // 255 + SCALE_COLOURS
    for k, (_, _, maps) in enumerate(rows):
        row = _row(maps[:MAPS_PER_ROW])
        top = k * ROW_HEIGHT + 4
        cells[top : top + row.shape[0], LABEL_WIDTH : LABEL_WIDTH + row.shape[1]] = row
    png = encode_indexed(cells.astype(np.uint8), colour_table(Scale(-1, 1, SIGNED)))
    return Picture(png, words)


def _row(maps: np.ndarray) -> np.ndarray:
    """Return maps side by side, on a scale of their own, as places on the scale."""
    maps = shrunk(maps, -(-max(maps.shape[1:]) // MAP_SIDE))
    maps = maps / (np.abs(maps).max() or 1.0)
    zoom = max(1, MAP_SIDE // max(maps.shape[1:]))
    large = maps.repeat(zoom, axis=1).repeat(zoom, axis=2)[:, :MAP_SIDE, :MAP_SIDE]
    return tile(scale_levels(large, Scale(-1, 1, SIGNED)), len(large), MAP_GAP)


def _fitting(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"
