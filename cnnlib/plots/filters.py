"""An image above the responses of many filters, which are one mosaic."""

import numpy as np

from cnnlib.text import size

from .images import draw_panel, label, show
from .mosaic import MAP_GAP, fit_maps, mosaic_columns, tile
from .panels import (
    BAR_ROOM,
    EDGE,
    GAP,
    TICK_ROOM,
    TITLE_ROOM,
    Sheet,
    bar_axes,
    fitted,
    new_figure,
    place,
)
from .style import Scale, set_title

SINGLY = 16
"""Responses up to which each has axes of its own."""
NUMBER_ROOM = 36
"""Pixels for the number of the first filter of each row."""


def draw_mosaic(
    image: tuple[np.ndarray, Scale | None],
    name: str,
    responses: np.ndarray,
    scale: Scale,
    *,
    axis: bool,
) -> Sheet:
    """Draw the image, and below it all responses (N, H, W) on one scale."""
    columns = mosaic_columns(len(responses))
    maps = fit_maps(responses.astype(np.float32), columns)
    page = tile(maps, columns, MAP_GAP, fill=np.nan)
    high, wide = fitted(image[0].shape[:2], 250)
    left, top = EDGE + NUMBER_ROOM, EDGE + TITLE_ROOM
    below = top + high + (TICK_ROOM if axis else 0) + GAP + TITLE_ROOM
    across = left + max(wide, page.shape[1]) + GAP + BAR_ROOM
    figure = new_figure(across, below + max(page.shape[0], 100) + EDGE)
    draw_panel(place(figure, left, top, wide, high), *image, name, axis)
    mosaic = place(figure, left, below, page.shape[1], page.shape[0])
    show(mosaic, page, scale)
    mosaic.set_axis_off()
    each = f", each {size(*responses.shape[1:])}" if axis else ""
    set_title(mosaic, f"filters 0 to {len(responses) - 1}, by rows{each}")
    for row in range(-(-len(responses) // columns)):
        middle = row * (maps.shape[1] + MAP_GAP) + maps.shape[1] / 2 + 5
        label(mosaic, -8, middle, str(row * columns), ha="right")
    sheet = Sheet(figure, list(figure.axes), bar_axes(figure, below, EDGE))
    sheet.add_bar(scale)
    return sheet
