"""Pictures of pictures: one image, or many with small titles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._picture import Picture
from ._arrays import over_white, read_shown_image
from ._mosaic import mosaic_columns
from ._panels import Sheet, canvas, fitted, frame, sheet, show
from ._style import GREY, INK, TEXT, WIDTH, Scale, scale_for, set_title
from ._words import an, count, kind, sentence, size, values


def drawable(
    image: np.ndarray, signed: bool | None = None
) -> tuple[np.ndarray, Scale | None]:
    """(C, H, W) as pixels and their scale; colour needs none.

    Colour outside 0..1 is stretched so that its lowest value becomes 0 and its
    highest 1 (``stretched`` tells).
    """
    if image.shape[0] == 1:
        return image[0], scale_for(image, unsigned=GREY, signed=signed)
    if stretched(image):
        low, high = float(image[:3].min()), float(image[:3].max())
        image = (image[:3] - low) / (high - low or 1.0)
    return over_white(image).clip(0, 1).transpose(1, 2, 0), None


def stretched(image: np.ndarray) -> bool:
    """Whether a colour image has values outside 0..1 that colour cannot show."""
    return image.shape[0] > 1 and (image.min() < -1e-6 or image.max() > 1 + 1e-6)


def plot_image(
    image: Any,
    *,
    title: str | None = None,
    axis: bool = False,
    signed: bool | None = None,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Show one image: grey, RGB, RGBA (over white), or signed values.

    ``image`` has shape (H, W), (C, H, W), (1, C, H, W) or (H, W, 3), from NumPy or
    torch. A single channel with negative values is drawn on a blue-white-red scale
    with zero in the middle and a colour bar; ``signed`` forces or forbids that scale.
    ``axis=True`` writes the height and the width at the edges. Colour outside 0..1 is
    stretched to fit, and the sentence says so.
    """
    data = read_shown_image(image)
    pixels, scale = drawable(data, signed)
    bar = scale is not None and scale.signed
    page = sheet(
        [data.shape[1:]], titles=bool(title), ticks=axis, bar=bar, widest=440, ax=ax
    )
    draw_panel(page.axes[0], pixels, scale, title, axis)
    if bar and scale is not None:
        page.add_bar(scale)
    return page.picture_or_ax(_describe(data, title))


def draw_panel(
    ax: Axes,
    pixels: np.ndarray,
    scale: Scale | None,
    title: str | None,
    axis: bool = False,
) -> None:
    """One framed image with its title."""
    show(ax, pixels, scale)
    frame(ax, pixels.shape[:2], axis=axis)
    set_title(ax, title)


def _describe(data: np.ndarray, title: str | None) -> str:
    text = f"{an(kind(data.shape[0]) + ' image')} of {size(*data.shape[1:])} pixels"
    if title:
        text = f"{title}: {text}"
    text += f", {values(data)}"
    if stretched(data):
        text += "; colours stretched to fit"
    return sentence(text)


def plot_images(
    images: Any,
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Show many images as one mosaic, each with a small title if there are titles.

    ``images``: an array or tensor (N, H, W), (N, C, H, W) or (N, H, W, 3), or a list of
    single images as for ``plot_image``, also of different sizes. ``columns`` is the
    number of images in a row.
    """
    shown = [read_shown_image(image, f"image {i}") for i, image in enumerate(images)]
    if not shown:
        raise ValueError("plot_images needs at least one image; got none.")
    if titles is not None and len(titles) != len(shown):
        raise ValueError(
            f"There must be one title per image: got {count(len(titles), 'title')} for "
            f"{count(len(shown), 'image')}."
        )
    words = None if titles is None else [str(title) for title in titles]
    page = draw_many(shown, words, columns, ax)
    sizes = {size(*image.shape[1:]) for image in shown}
    of = f" of {next(iter(sizes))} pixels" if len(sizes) == 1 else " of several sizes"
    text = count(len(shown), "image") + of
    if words and len(words) <= 12:
        text += ": " + ", ".join(words)
    return page.picture_or_ax(sentence(text))


def draw_many(
    images: Sequence[np.ndarray],
    titles: Sequence[str] | None,
    columns: int | None,
    ax: Axes | None,
) -> Sheet:
    """All images on one axes, in screen pixels, each fitted into its slot."""
    columns = min(columns or mosaic_columns(len(images)), len(images))
    rows = -(-len(images) // columns)
    gap, above = 10, 20 if titles else 0
    slot = min(200 if len(images) <= 4 else 110, (WIDTH - 16) // columns - gap)
    boxes = [fitted(image.shape[1:], slot, slot) for image in images]
    tall = max(height for height, _ in boxes)
    width, height = columns * (slot + gap) - gap, rows * (tall + above + gap) - gap
    page = canvas(width, height, ax)
    for index, (image, box) in enumerate(zip(images, boxes, strict=True)):
        row, column = divmod(index, columns)
        left = column * (slot + gap) + (slot - box[1]) / 2
        top = row * (tall + above + gap) + above + (tall - box[0]) / 2
        pixels, scale = drawable(image)
        show(
            page.axes[0],
            pixels,
            scale,
            extent=(left, left + box[1], top + box[0], top),
        )
        if titles:
            page.axes[0].text(
                column * (slot + gap) + slot / 2,
                top - 4,
                titles[index],
                fontsize=TEXT,
                color=INK,
                ha="center",
                va="bottom",
            )
    page.axes[0].set(xlim=(0, width), ylim=(height, 0))
    return page
