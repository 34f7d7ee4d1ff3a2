"""Where a network looks: coverage, receptive fields, heat over an image."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cnnlib.arithmetic import coverage
from cnnlib.text import an, count, number, percent, sentence, size

from .arrays import over_white, pair, read_map, read_shown_image
from .images import show
from .panels import Drawn, frame, sheet
from .style import (
    GREY,
    HEAT,
    RULE,
    TEXT,
    TITLE,
    Scale,
    ink_on,
    outline,
    scale_for,
    set_title,
)

OVERLAY = "inferno"
NUMBERED = 16
"""Rows and columns up to which each cell has its number."""


def plot_coverage(
    image_size: int | tuple[int, int],
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Show how many windows of a convolution see each pixel of the image.

    Arguments as for ``arithmetic.coverage``. Grids of up to 16x16 have the count
    written into each cell.
    """
    counts = np.asarray(coverage(image_size, kernel_size, stride, padding, dilation))
    scale = Scale(0.0, float(counts.max()) or 1.0, HEAT)
    page = sheet([counts.shape], bar=True, widest=400, ax=ax)
    show(page.axes[0], counts, scale)
    frame(page.axes[0], counts.shape)
    set_title(page.axes[0], title or "windows that see each pixel")
    if max(counts.shape) <= NUMBERED:
        write_cells(page.axes[0], counts, scale)
    page.add_bar(scale)
    text = _describe_coverage(counts, size(*pair(kernel_size, "kernel_size")))
    return page.result(sentence(f"{title}: {text}" if title else text), single=True)


def write_cells(ax: Axes, values: np.ndarray, scale: Scale) -> None:
    """Write each value into its cell, black or white by the cell's luminance."""
    colours = scale.colours(values) / 255
    for (row, column), value in np.ndenumerate(values):
        ink = ink_on(colours[row, column])
        text = number(value).replace("-", "−")
        points = TITLE if len(values) <= 10 else TEXT
        ax.text(column, row, text, fontsize=points, color=ink, ha="center", va="center")


def _describe_coverage(counts: np.ndarray, kernel: str) -> str:
    rows, columns = counts.shape
    corners = counts[[0, 0, -1, -1], [0, -1, 0, -1]]
    image = an(f"{size(rows, columns)} image")
    text = f"how many {kernel} windows see each pixel of {image}: "
    if corners.min() == corners.max():
        text += f"each corner {corners[0]}"
    else:
        text += f"the corners {corners.min()} to {corners.max()}"
    text += f", the centre {counts[rows // 2, columns // 2]}, at most {counts.max()}"
    unseen = int((counts == 0).sum())
    return text + (f"; {count(unseen, 'pixel')} seen by none" if unseen else "")


def plot_overlay(
    image: Any, heat: Any, *, title: str | None = None, ax: Axes | None = None
) -> Drawn:
    """Lay a heat map (saliency, occlusion, Grad-CAM) over an image drawn in grey.

    ``heat`` (H', W') is stretched over the image when its size differs. Where it is
    zero the image shows through; signed heat is blue below zero and red above.
    """
    picture = read_shown_image(image)
    warm = read_map(heat, "heat")
    page = sheet([picture.shape[1:]], titles=bool(title), bar=True, widest=400, ax=ax)
    one = page.axes[0]
    scale = lay_heat(one, picture, warm)
    frame(one, picture.shape[1:])
    set_title(one, title)
    page.add_bar(scale)
    text = _describe_heat(picture.shape[1:], warm)
    return page.result(sentence(f"{title}: {text}" if title else text), single=True)


def lay_heat(ax: Axes, picture: np.ndarray, warm: np.ndarray) -> Scale:
    """Draw the image dimmed and the heat over it, the stronger the less transparent."""
    scale = scale_for(warm, unsigned_map=OVERLAY)
    strength = np.abs(warm) / scale.largest
    colours = np.dstack([scale.colours(warm) / 255, 0.9 * np.sqrt(strength)])
    rows, columns = picture.shape[1:]
    place = (-0.5, columns - 0.5, rows - 0.5, -0.5)
    draw_grey(ax, picture, dim=0.7)
    same = warm.shape == (rows, columns)
    interpolation = "nearest" if same else "bilinear"
    ax.imshow(colours, extent=place, interpolation=interpolation, origin="upper")
    return scale


def draw_grey(ax: Axes, picture: np.ndarray, dim: float = 1.0) -> None:
    """Draw the image in grey, from its darkest to its brightest value."""
    grey = over_white(picture).mean(axis=0)
    low, high = float(grey.min()), float(grey.max())
    high = high if high > low else low + 1
    show(ax, grey, Scale(low, low + (high - low) / dim, GREY))


def _describe_heat(shape: tuple[int, ...], warm: np.ndarray) -> str:
    row, column = divmod(int(np.abs(warm).argmax()), warm.shape[1])
    down, across = shape[0] / warm.shape[0], shape[1] / warm.shape[1]
    text = f"heat over {an(size(*shape) + ' image')}"
    if warm.shape != shape:
        text += f", stretched from {size(*warm.shape)}"
    text += f", from {number(warm.min())} to {number(warm.max())}, strongest at "
    return (
        text + f"row {int((row + 0.5) * down)}, column {int((column + 0.5) * across)}"
    )


def plot_receptive_field(
    image: Any,
    box: tuple[int, int, int, int],
    *,
    heat: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Outline the part of an image that one unit sees.

    ``box`` is (row, column, height, width); it may stick out of the image, where the
    unit sees padding (hatched). ``heat``, for example the size of the gradient, is laid
    over the image as in ``plot_overlay``.
    """
    picture = read_shown_image(image)
    row, column, height, width = (int(number) for number in box)
    if height < 1 or width < 1:
        raise ValueError(f"The box must be at least 1x1; got {size(height, width)}.")
    rows, columns = picture.shape[1:]
    top, left = min(0, row), min(0, column)
    shape = max(rows, row + height) - top, max(columns, column + width) - left
    page = sheet([shape], titles=bool(title), bar=heat is not None, widest=400, ax=ax)
    one = page.axes[0]
    if heat is None:
        draw_grey(one, picture)
    else:
        page.add_bar(lay_heat(one, picture, read_map(heat, "heat")))
    frame(one, shape)
    _hatch(one, top, left, shape)
    one.set(xlim=(left - 0.5, left + shape[1] - 0.5))
    one.set(ylim=(top + shape[0] - 0.5, top - 0.5))
    outline(one, (row, column, height, width))
    set_title(one, title)
    text = _describe_box((rows, columns), (row, column, height, width))
    return page.result(sentence(f"{title}: {text}" if title else text), single=True)


def _hatch(ax: Axes, top: int, left: int, shape: tuple[int, int]) -> None:
    """Hatch the whole panel behind the image: what shows is padding."""
    ax.add_patch(
        Rectangle(
            (left - 0.5, top - 0.5),
            shape[1],
            shape[0],
            facecolor="white",
            edgecolor=RULE,
            hatch="////",
            linewidth=0,
            zorder=-1,
        )
    )


def _describe_box(shape: tuple[int, int], box: tuple[int, int, int, int]) -> str:
    row, column, height, width = box
    inside = [
        max(0, min(length, start + extent) - max(0, start))
        for length, start, extent in zip(
            shape, (row, column), (height, width), strict=True
        )
    ]
    seen = inside[0] * inside[1]
    text = (
        f"the unit sees {size(height, width)} pixels from row {row}, column {column} on"
    )
    text += f", {percent(seen / (shape[0] * shape[1]))} of the {size(*shape)} image"
    outside = height * width - seen
    return text + (f" and {count(outside, 'pixel')} of padding" if outside else "")
