"""Many maps in one image: coloured and tiled with NumPy, not one axes per map."""

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from PIL import Image, ImageDraw, ImageFont

from cnnlib.picture import DPI, Picture
from cnnlib.picture.png import encode_indexed
from cnnlib.text import count, listed, number, sentence, size, values

from .arrays import to_floats
from .panels import EDGE, FIGURE_WIDTH, Drawn, given_axes
from .style import HEAT, TEXT, TITLE, Scale, scale_for, set_title

MAP_GAP = 4
"""Pixels between two maps."""
SCALE_COLOURS = 240
"""Colours of the scale in a mosaic; the other 16 are greys, for the letters."""


def plot_feature_maps(
    maps: Any,
    *,
    columns: int | None = None,
    title: str | None = None,
    scale: str = "common",
    ax: Axes | None = None,
) -> Drawn:
    """Show all channels of a layer's output as one mosaic, numbered by rows.

    ``maps``: (C, H, W) or (1, C, H, W), also a single (H, W). Maps with negative values
    are drawn in blue, white and red with zero in the middle, others from 0 up.
    ``scale="common"`` gives all maps one scale, so that strengths compare;
    ``scale="own"`` gives each its own, so that faint maps become visible.
    The mosaic has no Matplotlib figure unless ``ax`` is given.
    """
    data = read_maps(maps)
    if scale not in ("common", "own"):
        raise ValueError(f'scale must be "common" or "own"; got {scale!r}.')
    if columns is not None and columns < 1:
        raise ValueError(f"columns must be at least 1; got {columns}.")
    common = scale_for(data, unsigned_map=HEAT)
    text = _describe(data, title, scale)
    if columns is None:
        large = data.shape[2] > 60 and len(data) <= 16
        columns = 4 if large else mosaic_columns(len(data))
    columns = min(columns, len(data))
    if scale == "own":
        top = np.abs(data).max(axis=(1, 2), keepdims=True)
        data = data * (common.largest / np.where(top == 0, 1, top))
    if ax is not None:
        (ax,) = given_axes(ax, 1)
        page = tile(scale_levels(data, common), columns)
        ax.imshow(colour_table(common)[page], interpolation="nearest", origin="upper")
        ax.set_axis_off()
        set_title(ax, title)
        return ax
    levels = scale_levels(fit_maps(data, columns), common)
    page = _page(levels, columns, title, _ends(common, own=scale == "own"))
    return Picture(encode_indexed(page, colour_table(common)), text, caption="")


def read_maps(maps: Any) -> np.ndarray:
    """Return floats (C, H, W) from (H, W), (C, H, W) or (1, C, H, W)."""
    data = to_floats(maps, "stack of feature maps")
    if data.ndim == 4 and data.shape[0] != 1:
        raise ValueError(
            "plot_feature_maps shows the maps of one image, but the shape "
            f"{data.shape} holds {data.shape[0]} images. Choose one, such as maps[0]."
        )
    data = data[0] if data.ndim == 4 else data[None] if data.ndim == 2 else data
    if data.ndim != 3:
        raise ValueError(
            f"Feature maps must have shape (C, H, W) or (1, C, H, W); got {data.shape}."
        )
    return data


def mosaic_columns(images: int) -> int:
    """Choose the columns: one row of up to 8, then 8, from 65 on 16."""
    return images if images <= 8 else 8 if images <= 64 else 16


def tile(
    images: np.ndarray, columns: int, gap: int = 1, fill: float = 255
) -> np.ndarray:
    """Lay (N, H, W) out in rows of ``columns``; gaps and free places are ``fill``.

    The result is (rows * (H + gap) - gap, columns * (W + gap) - gap).
    """
    total, height, width = images.shape
    rows = -(-total // columns)
    full = np.full((rows * columns, height + gap, width + gap), fill, images.dtype)
    full[:total, :height, :width] = images
    grid = full.reshape(rows, columns, height + gap, width + gap).swapaxes(1, 2)
    page = grid.reshape(rows * (height + gap), columns * (width + gap))
    return page[: page.shape[0] - gap, : page.shape[1] - gap]


def colour_table(scale: Scale) -> np.ndarray:
    """Return the 256 colours of a mosaic: the scale, then greys from ink to white."""
    values = np.linspace(scale.low, scale.high, SCALE_COLOURS)
    greys = np.linspace(26, 255, 256 - SCALE_COLOURS).round().astype(np.uint8)
    return np.vstack([scale.colours(values), np.repeat(greys[:, None], 3, axis=1)])


def scale_levels(data: np.ndarray, scale: Scale) -> np.ndarray:
    """Return the place of each value among the colours of the scale, as bytes."""
    return (scale.place(data) * (SCALE_COLOURS - 1)).round().astype(np.uint8)


def fit_maps(data: np.ndarray, columns: int) -> np.ndarray:
    """Return the maps in screen size: a whole number of times larger, or averaged."""
    height, width = data.shape[1:]
    room = (FIGURE_WIDTH - 120 - MAP_GAP * (columns - 1)) // columns
    rows = -(-len(data) // columns)
    zoom = min(room / width, max(20, min(180, 900 // rows)) / height)
    if zoom >= 1:
        return data.repeat(int(zoom), axis=1).repeat(int(zoom), axis=2)
    small = max(1, int(width * zoom)), max(1, int(height * zoom))
    box = Image.Resampling.BOX
    maps = (Image.fromarray(one.astype(np.float32)) for one in data)
    return np.stack([np.array(one.resize(small, box)) for one in maps])


def _page(
    levels: np.ndarray, columns: int, title: str | None, ends: list[str]
) -> np.ndarray:
    """Return the mosaic with its title, the number of each row's first map, a bar."""
    body = tile(levels, columns, MAP_GAP)
    high, wide = body.shape
    numbered = len(levels) > columns
    left = EDGE + (10 * len(str(len(levels))) + 6 if numbered else 0)
    top = 30 if title else EDGE
    tall = min(max(high, 70), 220)
    small = sans_font(TEXT)
    right = 34 + max(int(small.getlength(end)) for end in ends) + EDGE
    page = Image.new("L", (left + wide + right, top + max(high, tall) + EDGE), 255)
    draw = ImageDraw.Draw(page)
    if title:
        draw.text((left + wide / 2, 15), title, 0, sans_font(TITLE), anchor="mm")
    for row in range(-(-len(levels) // columns) if numbered else 0):
        middle = top + row * (levels.shape[1] + MAP_GAP) + levels.shape[1] / 2
        draw.text((left - 6, middle), f"{row * columns}", 0, small, anchor="rm")
    bar, start = left + wide + 14, top + max(0, (high - tall) // 2)
    for end, y in zip(
        ends, np.linspace(start + 6, start + tall - 6, len(ends)), strict=True
    ):
        draw.text((bar + 18, float(y)), end, 0, small, anchor="lm")
    greys = 255 - SCALE_COLOURS
    places = SCALE_COLOURS + (np.asarray(page).astype(np.uint16) * greys // 255).astype(
        np.uint8
    )
    places[top : top + high, left : left + wide] = body
    ramp = np.linspace(SCALE_COLOURS - 1, 0, tall).round().astype(np.uint8)
    places[start : start + tall, bar : bar + 12] = ramp[:, None]
    return places


def _ends(scale: Scale, *, own: bool) -> list[str]:
    """Return the words beside the bar, from top to bottom."""
    if own:
        return ["its max", "0", "−its max"] if scale.signed else ["its max", "0"]
    ends = [scale.high, 0.0, scale.low] if scale.signed else [scale.high, scale.low]
    return [number(end).replace("-", "−") for end in ends]


def sans_font(points: float) -> ImageFont.FreeTypeFont:
    """Return Matplotlib's own DejaVu Sans: mosaics and figures have one type."""
    path = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"
    return ImageFont.truetype(path, round(points * DPI / 72))


def _describe(data: np.ndarray, title: str | None, scale: str) -> str:
    text = (
        f"{count(len(data), 'feature map')} of {size(*data.shape[1:])}, {values(data)}"
    )
    dead = np.flatnonzero(np.abs(data).max(axis=(1, 2)) == 0)
    if 0 < len(dead) <= 5 and len(data) > 1:
        maps = "maps" if len(dead) > 1 else "map"
        text += f"; zero everywhere: {maps} {listed([str(i) for i in dead])}"
    elif len(dead) and len(data) > 1:
        text += f"; {len(dead)} of them are zero everywhere"
    if scale == "own":
        text += "; each map on its own scale"
    return sentence(f"{title}: {text}" if title else text)
