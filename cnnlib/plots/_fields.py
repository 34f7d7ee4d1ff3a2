"""Where a network looks: coverage, receptive fields, heat over an image."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .._picture import Picture
from ._arrays import over_white, pair, read_map, read_shown_image
from ._panels import frame, sheet, show
from ._style import (
    GREY,
    HEAT,
    MUTED,
    TEXT,
    Scale,
    ink_on,
    outline,
    scale_for,
    set_title,
)
from ._words import an, count, number, percent, sentence, size


def plot_coverage(
    image_size: int | tuple[int, int],
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    *,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Show how many windows of a convolution see each pixel.

    Small grids have the count written into each cell.
    """
    from ..arithmetic import coverage

    counts = np.asarray(coverage(image_size, kernel_size, stride, padding, dilation))
    scale = Scale(0.0, float(counts.max()) or 1.0, HEAT)
    page = sheet([counts.shape], titles=False, bar=True, widest=420, ax=ax)
    show(page.axes[0], counts, scale)
    frame(page.axes[0], counts.shape)
    if max(counts.shape) <= 14:
        write_cells(page.axes[0], counts, scale)
    page.add_bar(scale, "windows that see the pixel")
    kernel = size(*pair(kernel_size, "kernel_size"))
    text = (
        f"how many {kernel} windows see each pixel of {an(size(*counts.shape))} image: "
        f"the corners {number(counts[0, 0])}, the centre "
        f"{number(counts[counts.shape[0] // 2, counts.shape[1] // 2])}, "
        f"between {number(counts.min())} and {number(counts.max())}"
    )
    return page.picture_or_ax(sentence(text))


def write_cells(ax: Axes, values: np.ndarray, scale: Scale) -> None:
    """Each value in its cell, black or white by the cell's luminance."""
    colours = scale.colours(values) / 255
    for (row, col), value in np.ndenumerate(values):
        ax.text(
            col,
            row,
            number(value),
            fontsize=TEXT,
            ha="center",
            va="center",
            color=ink_on(colours[row, col]),
        )


def plot_overlay(
    image: Any, heat: Any, *, title: str | None = None, ax: Axes | None = None
) -> Picture | Axes:
    """Lay a heat map (saliency, occlusion, Grad-CAM) over an image drawn in grey.

    ``heat`` (H', W') is stretched to the image when its size differs. Where the heat is
    zero the image shows through; signed heat is blue below zero and red above.
    """
    picture = read_shown_image(image)
    warm = read_map(heat, "heat")
    scale = scale_for(warm, unsigned=HEAT)
    shape = picture.shape[1:]
    page = sheet([shape], titles=bool(title), bar=True, widest=400, ax=ax)
    one = page.axes[0]
    draw_grey(one, picture)
    strength = np.abs(warm) / max(abs(scale.low), abs(scale.high))
    colours = np.dstack([scale.colours(warm) / 255, 0.15 + 0.65 * strength])
    extent = (-0.5, shape[1] - 0.5, shape[0] - 0.5, -0.5)
    smooth = "nearest" if warm.shape == shape else "bilinear"
    one.imshow(colours, extent=extent, interpolation=smooth)
    frame(one, shape)
    set_title(one, title)
    page.add_bar(scale)
    return page.picture_or_ax(_describe_heat(picture, warm, title))


def draw_grey(ax: Axes, picture: np.ndarray) -> None:
    """The image in grey, from its own darkest to its brightest value."""
    grey = over_white(picture).mean(axis=0)
    ax.imshow(grey, cmap=GREY, interpolation="antialiased")


def _describe_heat(picture: np.ndarray, warm: np.ndarray, title: str | None) -> str:
    row, col = np.unravel_index(int(np.abs(warm).argmax()), warm.shape)
    high, wide = picture.shape[1] / warm.shape[0], picture.shape[2] / warm.shape[1]
    text = (
        f"heat over {an(size(*picture.shape[1:]) + ' image')}, from {number(warm.min())} "
        f"to {number(warm.max())}, strongest at row {int((row + 0.5) * high)}, "
        f"column {int((col + 0.5) * wide)}"
    )
    return sentence(f"{title}: {text}" if title else text)


def plot_receptive_field(
    image: Any,
    box: tuple[int, int, int, int],
    *,
    heat: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Outline the part of an image that one unit sees.

    ``box`` is (row, column, height, width); it may stick out of the image, where the
    unit sees padding (hatched). ``heat`` (H, W), for example the size of the gradient,
    is laid over the image.
    """
    picture = read_shown_image(image)
    row, col, height, width = (int(v) for v in box)
    if height < 1 or width < 1:
        raise ValueError(f"The box must be at least 1x1; got {size(height, width)}.")
    rows, cols = picture.shape[1:]
    top, left = min(0, row), min(0, col)
    bottom, right = max(rows, row + height), max(cols, col + width)
    page = sheet(
        [(bottom - top, right - left)],
        titles=bool(title),
        bar=heat is not None,
        widest=400,
        ax=ax,
    )
    one = page.axes[0]
    one.set_facecolor("white")
    one.add_patch(
        Rectangle(
            (left - 0.5, top - 0.5),
            right - left,
            bottom - top,
            facecolor="white",
            edgecolor=MUTED,
            hatch="///",
            linewidth=0,
            zorder=0,
        )
    )
    draw_grey(one, picture)
    if heat is not None:
        warm = read_map(heat, "heat")
        scale = scale_for(warm, unsigned=HEAT)
        strength = np.abs(warm) / max(abs(scale.low), abs(scale.high))
        colours = np.dstack([scale.colours(warm) / 255, 0.15 + 0.65 * strength])
        one.imshow(colours, extent=(-0.5, cols - 0.5, rows - 0.5, -0.5))
        page.add_bar(scale)
    frame(one, (rows, cols))
    one.set(xlim=(left - 0.5, right - 0.5), ylim=(bottom - 0.5, top - 0.5))
    outline(one, (row, col, height, width))
    set_title(one, title)
    return page.picture_or_ax(_describe_box(picture, (row, col, height, width)))


def _describe_box(picture: np.ndarray, box: tuple[int, int, int, int]) -> str:
    row, col, height, width = box
    rows, cols = picture.shape[1:]
    seen_rows = max(0, min(rows, row + height) - max(0, row))
    seen_cols = max(0, min(cols, col + width) - max(0, col))
    share = seen_rows * seen_cols / (rows * cols)
    text = (
        f"the unit sees {size(height, width)} pixels from row {row}, column {col}: "
        f"{percent(share)} of the {size(rows, cols)} image"
    )
    outside = height * width - seen_rows * seen_cols
    if outside:
        text += f", and {count(outside, 'pixel')} of padding"
    return sentence(text)
