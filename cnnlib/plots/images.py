"""Pictures of pictures: one image, or many with small titles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cnnlib.text import an, count, kind, listed, number, sentence, size, values

from .arrays import over_white, read_shown_image, to_array
from .mosaic import mosaic_columns
from .panels import FIGURE_WIDTH, Drawn, Sheet, canvas, fitted, frame, sheet
from .style import INK, RULE, SIGNED, TEXT, Scale, scale_for, set_title

GAP = 10


def plot_image(
    image: Any,
    *,
    title: str | None = None,
    axis: bool = False,
    signed: bool | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Show one image: grey, RGB, RGBA (over white), or signed values.

    ``image`` has shape (H, W), (C, H, W), (1, C, H, W) or (H, W, 3); NumPy or torch.
    One channel with negative values is drawn in blue, white and red with zero in the
    middle and a colour bar; ``signed`` forces or forbids that. Grey values above 1 get
    a colour bar too, but ``uint8`` is drawn from 0, black, to 255, white.
    ``axis=True`` writes height and width at the corners. Colour outside 0..1 is
    stretched to fit, and the sentence says so.
    """
    data = read_shown_image(image)
    pixels, scale = drawable(data, signed)
    bar = scale is not None and (scale.signed or scale.high != 1)
    page = sheet(
        [pixels.shape[:2]], titles=bool(title), ticks=axis, bar=bar, widest=400, ax=ax
    )
    draw_panel(page.axes[0], pixels, scale, title, axis)
    if bar and scale is not None:
        page.add_bar(scale)
    return page.result(_describe(image, data, title), single=True)


def plot_images(
    images: Any,
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    say_values: bool = False,
    ax: Axes | None = None,
) -> Drawn:
    """Show many images as one mosaic, each with a small title if there are titles.

    ``images``: an array or tensor (N, H, W), (N, C, H, W) or (N, H, W, 3), or a list of
    single images as for ``plot_image``, also of different sizes. ``columns`` is the
    number of images in a row. Images with negative values share one scale centred on
    zero and have a colour bar. With ``say_values`` the sentence says the values, too:
    of up to six images each one's range, and the place of its largest size.
    """
    data = [read_shown_image(image, f"image {i}") for i, image in enumerate(images)]
    if not data:
        raise ValueError("plot_images needs at least one image; got none.")
    titles = None if titles is None else list(titles)
    if titles is not None and len(titles) != len(data):
        raise ValueError(
            f"There must be one title per image: got {count(len(titles), 'title')} for "
            f"{count(len(data), 'image')}."
        )
    words = None if titles is None else [str(title) for title in titles]
    page = draw_many(data, words, columns, ax)
    text = _describe_many(data, words)
    if say_values:
        text = f"{text} {_describe_values(data, words)}"
    return page.result(text, single=True)


def drawable(
    image: np.ndarray, signed: bool | None = None
) -> tuple[np.ndarray, Scale | None]:
    """Return what ``imshow`` draws of (C, H, W), and its scale; colour has none."""
    if image.shape[0] == 1:
        return image[0], scale_for(image, signed=signed)
    if stretched(image):
        low, high = float(image[:3].min()), float(image[:3].max())
        image = (image[:3] - low) / (high - low or 1.0)
    return over_white(image).clip(0, 1).transpose(1, 2, 0), None


def stretched(image: np.ndarray) -> bool:
    """Tell whether a colour image has values outside 0..1, which colour cannot show."""
    return image.shape[0] > 1 and bool(image.min() < -1e-6 or image.max() > 1 + 1e-6)


def show(ax: Axes, pixels: np.ndarray, scale: Scale | None, **more: Any) -> None:
    """Draw (H, W) through the scale, or (H, W, 3) as it is; enlarged pixels are square.

    A reduced image is averaged in its colours, so that thin edges of either sign stay.
    """
    if scale is not None:
        more |= {"cmap": scale.cmap, "vmin": scale.low, "vmax": scale.high}
    interpolation = "nearest" if ax.bbox.width >= pixels.shape[1] else "antialiased"
    more = {"interpolation": interpolation, "interpolation_stage": "rgba"} | more
    ax.imshow(pixels, origin="upper", **more)


def draw_panel(
    ax: Axes,
    pixels: np.ndarray,
    scale: Scale | None,
    title: str | None,
    axis: bool = False,
) -> None:
    """Draw one framed image with its title."""
    show(ax, pixels, scale)
    frame(ax, pixels.shape, axis=axis)
    set_title(ax, title)


def draw_many(
    images: Sequence[np.ndarray],
    titles: Sequence[str] | None,
    columns: int | None,
    ax: Axes | None,
) -> Sheet:
    """Draw all images (C, H, W) on one axes, each in the middle of its slot."""
    panels = [drawable(image) for image in images]
    common = _common_scale(panels)
    columns = min(columns or mosaic_columns(len(images)), len(images))
    room = (FIGURE_WIDTH - (90 if common else 16)) // columns - GAP
    most = 250 if len(images) <= 3 else 180 if len(images) <= 6 else 110
    boxes = [fitted(image.shape[1:], min(most, room)) for image in images]
    tall, wide = (max(lengths) for lengths in zip(*boxes, strict=True))
    longest = max(map(len, titles)) if titles else 0
    wide = max(wide, min(8 * longest, room))
    above = 20 if titles else 0
    across = columns * (wide + GAP) - GAP
    down = -(-len(images) // columns) * (tall + above + GAP) - GAP
    page = canvas(across, down, bar=common is not None, ax=ax)
    for index, ((pixels, scale), box) in enumerate(zip(panels, boxes, strict=True)):
        row, column = divmod(index, columns)
        middle = column * (wide + GAP) + wide // 2
        top = row * (tall + above + GAP) + above + (tall - box[0]) // 2
        use = common if scale and scale.signed else scale
        _put(page.axes[0], pixels, use, (top, middle - box[1] // 2), box)
        if titles:
            label(page.axes[0], middle, top - 5, titles[index])
    page.axes[0].set(xlim=(0, across), ylim=(down, 0))
    if common:
        page.add_bar(common)
    return page


def _common_scale(panels: Sequence[tuple[np.ndarray, Scale | None]]) -> Scale | None:
    """Return the scale that all signed images share, if there are any."""
    tops = [scale.high for _, scale in panels if scale and scale.signed]
    return Scale(-max(tops), max(tops), SIGNED) if tops else None


def _put(
    ax: Axes,
    pixels: np.ndarray,
    scale: Scale | None,
    corner: tuple[int, int],
    box: tuple[int, int],
) -> None:
    """Draw a framed image in a box (height, width) with its corner at (top, left)."""
    top, left = corner
    interpolation = "nearest" if box[1] >= pixels.shape[1] else "antialiased"
    place = (left, left + box[1], top + box[0], top)
    show(ax, pixels, scale, extent=place, interpolation=interpolation)
    border = Rectangle((left, top), box[1], box[0], fill=False, clip_on=False)
    border.set(edgecolor=RULE, linewidth=0.6)
    ax.add_patch(border)


def label(ax: Axes, x: float, y: float, text: str, ha: str = "center") -> None:
    """Write small text that stands on (x, y)."""
    ax.text(x, y, text, fontsize=TEXT, color=INK, ha=ha, va="bottom")


def _describe(given: Any, data: np.ndarray, title: str | None) -> str:
    """Say what is shown, with the values as they were given: bytes up to 255."""
    numbers = to_array(given, "image")
    numbers = numbers if numbers.dtype == np.uint8 else data
    image = an(f"{size(*data.shape[1:])} {kind(data.shape[0])} image")
    text = f"{image}, {values(numbers)}"
    if stretched(data):
        text += ", stretched to fit the range of colours"
    return sentence(f"{title}: {text}" if title else text)


def _describe_values(images: Sequence[np.ndarray], titles: Sequence[str] | None) -> str:
    """Say what values images have: of few one by one, with the place of the largest."""
    if len(images) > 6:
        low = min(image.min() for image in images)
        high = max(image.max() for image in images)
        return f"Values from {number(low)} to {number(high)}."
    parts = []
    for index, image in enumerate(images):
        name = titles[index] if titles else f"image {index}"
        _, row, column = np.unravel_index(np.abs(image).argmax(), image.shape)
        span = f"from {number(image.min())} to {number(image.max())}"
        parts.append(f"{name} {span}, strongest at row {row}, column {column}")
    return f"Values: {'; '.join(parts)}."


def _describe_many(images: Sequence[np.ndarray], titles: Sequence[str] | None) -> str:
    sizes = list(dict.fromkeys(size(*image.shape[1:]) for image in images))
    text = count(len(images), "image")
    text += f" of {listed(sizes)} pixels" if len(sizes) <= 3 else " of different sizes"
    return sentence(f"{text}: {', '.join(titles)}" if titles else text)
