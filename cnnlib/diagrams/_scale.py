"""Several nets drawn to one scale: each layer a box, as high as its maps."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from cnnlib.model_summary import SummaryRow
from cnnlib.picture import Picture
from cnnlib.plots.style import INK, LINES, MUTED, TITLE
from cnnlib.text import count, listed

from .canvas import LINE_HEIGHT, Canvas, text_size
from .net import read_net

MARGIN = 6.0
HEIGHT = 0.34
"""Points for one pixel of a map's height."""
LENGTH = 0.033
"""Points for one map, or for one number of a dense layer."""
THINNEST = 1.2
"""Points that the thinnest box has, so that it can be seen."""
GAP = 2.4
KINDS = {
    "Conv2d": ("convolution", LINES[0]),
    "Linear": ("dense", LINES[1]),
    "input": ("photograph or digit", MUTED),
}


def draw_to_scale(nets: Mapping[str, tuple[nn.Module, Any]]) -> Picture:
    """Draw the ``Conv2d`` and ``Linear`` layers of several nets, all to one scale.

    ``nets``: what to call it -> (model, size of one image), with images (C, H, W). A
    box is as high as the layer's maps, 1 for a dense layer, and as long as it has maps
    or numbers; one that would be too thin to see is drawn as a line. Under each name
    stand its parameters.

    Raises ValueError for no nets, and what ``cnnlib.summary`` raises.
    """
    if not nets:
        raise ValueError("draw_to_scale needs at least one net; got none.")
    sheet, width, y, told = Canvas(), 0.0, 0.0, []
    for name, (model, size) in nets.items():
        net = read_net(model, size, "draw_to_scale")
        boxes = [("input", net.input_shapes[0]), *map(_box, filter(_kept, net.rows))]
        words = f"{name}: {net.total_params:,} parameters"
        y -= TITLE * LINE_HEIGHT
        sheet.text(0, y, words, align="left", valign="bottom", size=TITLE, gid="net")
        tall = HEIGHT * max(_height(shape) for _, shape in boxes)
        y -= 4 + tall
        width = max(width, text_size(words, TITLE)[0], _draw(sheet, boxes, y, tall))
        y -= 14
        told.append(f"{name}, {net.total_params:,} parameters: {_told(boxes)}")
    width = max(width, _legend(sheet, y))
    y -= TITLE * LINE_HEIGHT
    whole = Canvas()
    whole.add(sheet, MARGIN, MARGIN - y)
    figure = whole.to_figure(width + 2 * MARGIN, 2 * MARGIN - y)
    sentence = f"{count(len(nets), 'net')} to one scale. {'. '.join(told)}."
    caption = "A box is as high as the maps, and as long as there are maps."
    return Picture(figure, sentence, caption=caption)


def _kept(row: SummaryRow) -> bool:
    """Whether a row is drawn: a convolution or a dense layer."""
    return row.kind in KINDS


def _box(row: SummaryRow) -> tuple[str, tuple[int, ...]]:
    return row.kind, row.output_shape


def _height(shape: tuple[int, ...]) -> int:
    """Rows of a map (C, H, W); a vector (C,) is a single row."""
    return shape[1] if len(shape) == 3 else 1


def _draw(
    sheet: Canvas, boxes: list[tuple[str, tuple[int, ...]]], y: float, tall: float
) -> float:
    """Draw boxes beside each other, centred on one line; return where they end."""
    x = 0.0
    for kind, shape in boxes:
        long = max(THINNEST, LENGTH * shape[0])
        high = max(THINNEST, HEIGHT * _height(shape))
        colour = KINDS[kind][1]
        sheet.box(x, y + (tall - high) / 2, long, high, colour, colour)
        x += long + GAP
    return x


def _legend(sheet: Canvas, y: float) -> float:
    """Write what the colours mean, below ``y``; return where it ends."""
    x = 0.0
    for kind in ("input", "Conv2d", "Linear"):
        word, colour = KINDS[kind]
        low = y - TITLE * LINE_HEIGHT
        sheet.box(x, low + 2, 6, 6, colour, colour)
        sheet.text(x + 10, low + 5, word, align="left", colour=INK)
        x += 10 + text_size(word)[0] + 16
    return x


def _told(boxes: list[tuple[str, tuple[int, ...]]]) -> str:
    """Say each box: "6 maps of 28, ..., dense 84"."""
    parts = []
    for kind, shape in boxes:
        side = _height(shape)
        what = f"dense {shape[0]}" if kind == "Linear" else f"{shape[0]}@{side}"
        parts.append("input " + what if kind == "input" else what)
    return listed(parts)
