"""Many maps in one image: coloured and tiled with NumPy, not one axes per map."""

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from PIL import Image, ImageDraw, ImageFont

from .._picture import DPI, Picture
from .._png import encode_png
from ._arrays import to_floats
from ._panels import EDGE, WIDTH, Drawn, given_axes
from ._style import HEAT, INK, RULE, TEXT, TITLE, Scale, scale_for, set_title
from ._words import count, listed, number, sentence, size, values

GAP = 4


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
    common = scale_for(data, unsigned=HEAT)
    if columns is None:
        large = data.shape[2] > 60 and len(data) <= 16
        columns = 4 if large else mosaic_columns(len(data))
    columns = min(columns, len(data))
    coloured = _coloured(data, common, own=scale == "own")
    if ax is not None:
        (ax,) = given_axes(ax, 1)
        ax.imshow(tile(coloured, columns), interpolation="nearest")
        ax.set_axis_off()
        set_title(ax, title)
        return ax
    ends = _ends(common, own=scale == "own")
    page = _page(_enlarged(coloured, columns), columns, title, common, ends)
    return Picture(encode_png(page), _describe(data, title, scale))


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


def tile(images: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Lay (N, H, W, 3) bytes out in rows of ``columns`` with white gaps between.

    The result is (rows * (H + gap) - gap, columns * (W + gap) - gap, 3).
    """
    total, height, width, _ = images.shape
    rows = -(-total // columns)
    page = np.full((rows, height + gap, columns, width + gap, 3), 255, np.uint8)
    full = np.full((rows * columns, height, width, 3), 255, np.uint8)
    full[:total] = images
    page[:, :height, :, :width] = full.reshape(
        rows, columns, height, width, 3
    ).swapaxes(1, 2)
    flat = page.reshape(rows * (height + gap), columns * (width + gap), 3)
    return flat[: flat.shape[0] - gap, : flat.shape[1] - gap]


def _coloured(data: np.ndarray, common: Scale, *, own: bool) -> np.ndarray:
    """Return RGB bytes (C, H, W, 3); with ``own`` each map reaches its full range."""
    if own:
        top = np.abs(data).max(axis=(1, 2), keepdims=True)
        full = max(abs(common.low), abs(common.high))
        data = data * (full / np.where(top == 0, 1, top))
    return common.colours(data)


def _enlarged(coloured: np.ndarray, columns: int) -> np.ndarray:
    """Return the maps in screen size: a whole number of times larger, or reduced."""
    height, width = coloured.shape[1:3]
    room = (WIDTH - 120 - GAP * (columns - 1)) // columns
    rows = -(-len(coloured) // columns)
    zoom = min(room / width, max(20, min(180, 900 // rows)) / height)
    if zoom >= 1:
        return coloured.repeat(int(zoom), axis=1).repeat(int(zoom), axis=2)
    small = max(1, int(width * zoom)), max(1, int(height * zoom))
    box = Image.Resampling.BOX
    return np.stack([np.array(Image.fromarray(m).resize(small, box)) for m in coloured])


def _page(
    maps: np.ndarray, columns: int, title: str | None, scale: Scale, ends: list[str]
) -> Image.Image:
    """Return the mosaic with its title, the number of each row's first map, a bar."""
    body = tile(maps, columns, GAP)
    high, wide = body.shape[:2]
    numbered = len(maps) > columns
    left = EDGE + (10 * len(str(len(maps))) + 6 if numbered else 0)
    top = 30 if title else EDGE
    tall = min(max(high, 70), 220)
    text = _font(TEXT)
    right = 20 + max(int(text.getlength(end)) for end in ends) + EDGE
    below = max(0, tall - high)
    size = (left + wide + 14 + right, top + high + below + EDGE)
    page = Image.new("RGB", size, "white")
    page.paste(Image.fromarray(body), (left, top))
    draw = ImageDraw.Draw(page)
    if title:
        draw.text((left + wide / 2, 15), title, INK, _font(TITLE), anchor="mm")
    for row in range(-(-len(maps) // columns) if numbered else 0):
        middle = top + row * (maps.shape[1] + GAP) + maps.shape[1] / 2
        draw.text((left - 6, middle), f"{row * columns}", INK, text, anchor="rm")
    bar = left + wide + 14, top + max(0, (high - tall) // 2)
    _draw_bar(page, draw, scale, ends, bar, tall)
    return page


def _draw_bar(
    page: Image.Image,
    draw: ImageDraw.ImageDraw,
    scale: Scale,
    ends: list[str],
    corner: tuple[int, int],
    tall: int,
) -> None:
    x, top = corner
    ramp = scale.colours(np.linspace(scale.high, scale.low, tall))
    page.paste(Image.fromarray(np.repeat(ramp[:, None], 12, axis=1)), (x, top))
    draw.rectangle((x - 1, top - 1, x + 12, top + tall), outline=RULE)
    places = np.linspace(top + 6, top + tall - 6, len(ends))
    for end, y in zip(ends, places, strict=True):
        draw.text((x + 18, float(y)), end, INK, _font(TEXT), anchor="lm")


def _ends(scale: Scale, *, own: bool) -> list[str]:
    """Return the words beside the bar, from top to bottom."""
    if own:
        return ["its max", "0", "−its max"] if scale.signed else ["its max", "0"]
    ends = [scale.high, 0.0, scale.low] if scale.signed else [scale.high, scale.low]
    return [number(end).replace("-", "−") for end in ends]


def _font(points: float) -> ImageFont.FreeTypeFont:
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
