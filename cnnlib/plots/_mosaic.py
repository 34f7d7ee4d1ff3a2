"""Many maps in one image: coloured and tiled with NumPy, not one axes per map."""

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from PIL import Image, ImageDraw, ImageFont

from .._picture import DPI, Picture, encode_png
from ._arrays import to_floats
from ._style import HEAT, INK, RULE, TEXT, WIDTH, Scale, scale_for
from ._words import count, number, sentence, size, values


def plot_feature_maps(
    maps: Any,
    *,
    columns: int | None = None,
    title: str | None = None,
    scale: str = "common",
    ax: Axes | None = None,
) -> Picture | Axes:
    """Show all channels of a layer's output as one mosaic.

    ``maps``: (C, H, W) or (1, C, H, W), also a single (H, W). Maps with negative
    values share a blue-white-red scale centred on zero, others a scale from 0 up.
    ``scale="common"`` gives all maps one scale (their strengths compare);
    ``scale="own"`` gives each map its own (faint maps become visible).
    """
    data = read_maps(maps)
    if scale not in ("common", "own"):
        raise ValueError(f'scale must be "common" or "own"; got {scale!r}.')
    signed = scale_for(data, unsigned=HEAT).signed
    common = scale_for(data, unsigned=HEAT)
    scales = [
        common if scale == "common" else scale_for(m, unsigned=HEAT, signed=signed)
        for m in data
    ]
    columns = columns or mosaic_columns(len(data), data.shape[2] / data.shape[1])
    coloured = np.stack([s.colours(m) for s, m in zip(scales, data, strict=True)])
    text = _describe(data, title, scale)
    if ax is not None:
        ax.imshow(tile(coloured, columns))
        ax.set_axis_off()
        return ax
    return Picture(_finish(coloured, columns, common, scale, title), text)


def read_maps(maps: Any) -> np.ndarray:
    """(C, H, W) floats from (H, W), (C, H, W) or (1, C, H, W)."""
    data = to_floats(maps, "feature maps")
    if data.ndim == 4 and data.shape[0] != 1:
        raise ValueError(
            f"plot_feature_maps shows the maps of one image, but the shape {data.shape} "
            f"holds {data.shape[0]} images. Choose one, for example maps[0]."
        )
    data = data[0] if data.ndim == 4 else data[None] if data.ndim == 2 else data
    if data.ndim != 3:
        raise ValueError(
            f"Feature maps must have shape (C, H, W) or (1, C, H, W); got {data.shape}."
        )
    return data


def mosaic_columns(maps: int, aspect: float = 1.0) -> int:
    """Columns of a mosaic a little wider than high: 8 for 16, 32 and 64 maps."""
    if maps <= 8:
        return maps
    return min(maps, 8 if maps <= 64 else 16)


def tile(
    images: np.ndarray, columns: int, *, gap: int = 1, ground: int = 255
) -> np.ndarray:
    """(N, H, W, 3) bytes laid out in rows of ``columns`` with white gaps."""
    total, height, width, colours = images.shape
    rows = -(-total // columns)
    page = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, colours),
        ground,
        np.uint8,
    )
    for index, image in enumerate(images):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        page[top : top + height, left : left + width] = image
    return page


def _finish(
    coloured: np.ndarray, columns: int, scale: Scale, which: str, title: str | None
) -> bytes:
    """Enlarge, tile, add the title and the colour bar; PNG bytes."""
    height, width = coloured.shape[1:3]
    gap = 4
    room = WIDTH - 90 - gap * (columns - 1)
    zoom = min(room / columns / width, 140 / max(height, width))
    if zoom >= 1:
        zoom = int(zoom)
        coloured = coloured.repeat(zoom, axis=1).repeat(zoom, axis=2)
    else:
        small = (max(1, int(width * zoom)), max(1, int(height * zoom)))
        coloured = np.stack(
            [
                np.asarray(Image.fromarray(m).resize(small, Image.Resampling.BOX))
                for m in coloured
            ]
        )
    body = tile(coloured, columns, gap=gap)
    top = 30 if title else 8
    page = Image.new(
        "RGB", (body.shape[1] + 98, max(body.shape[0], 110) + top + 10), "white"
    )
    page.paste(Image.fromarray(body), (8, top))
    draw = ImageDraw.Draw(page)
    if title:
        draw.text((8 + body.shape[1] / 2, 15), title, INK, font(9), anchor="mm")
    _draw_bar(
        page, draw, scale, which, body.shape[1] + 20, top, max(body.shape[0], 110)
    )
    return encode_png(page)


def _draw_bar(
    page: Image.Image,
    draw: ImageDraw.ImageDraw,
    scale: Scale,
    which: str,
    x: int,
    top: int,
    room: int,
) -> None:
    tall = min(room - 16, 220)
    top = top + (room - tall) // 2
    ramp = scale.colours(np.linspace(scale.high, scale.low, tall))
    page.paste(Image.fromarray(np.repeat(ramp[:, None], 12, axis=1)), (x, top))
    draw.rectangle((x - 1, top - 1, x + 12, top + tall), outline=RULE)
    labels = {"own": ["max", "min"], "common": [number(scale.high), number(scale.low)]}
    high, low = labels[which]
    if scale.signed and which == "own":
        high, low = "+max", "−max"
    marks = [(high, top), (low, top + tall)]
    if scale.signed:
        marks.append(("0", top + tall // 2))
    for text, y in marks:
        draw.text((x + 18, y), text.replace("-", "−"), INK, font(TEXT), anchor="lm")


def font(points: float) -> ImageFont.FreeTypeFont:
    """Matplotlib's own DejaVu Sans, so that mosaics and figures look alike."""
    path = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"
    return ImageFont.truetype(path, round(points * DPI / 72))


def _describe(data: np.ndarray, title: str | None, which: str) -> str:
    text = (
        f"{count(len(data), 'feature map')} of {size(*data.shape[1:])}, {values(data)}"
    )
    dead = int((np.abs(data).reshape(len(data), -1).max(axis=1) == 0).sum())
    if dead:
        text += f"; {count(dead, 'map is', 'maps are')} zero everywhere"
    if which == "own":
        text += "; each map on its own scale"
    elif len(data) > 1:
        text += "; one scale for all"
    return sentence(f"{title}: {text}" if title else text)
