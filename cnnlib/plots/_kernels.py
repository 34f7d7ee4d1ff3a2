"""The weights of a convolution layer, one small picture per kernel slice."""

from typing import Any

from matplotlib.axes import Axes
from torch import nn

from .._picture import Picture
from ._arrays import to_floats
from ._fields import write_cells
from ._panels import frame, sheet, show
from ._style import scale_for, set_title
from ._words import count, sentence, size, values


def plot_kernels(
    weight_or_layer: Any, *, colour: bool | None = None, ax: Any = None
) -> Picture | list[Axes]:
    """Show the kernels of a layer, or of a weight (out, in, kh, kw).

    One panel per filter and input channel; zero is white, negative blue, positive red,
    on one scale. Kernels over three channels larger than 3x3 are drawn in colour, where
    mid-grey is zero (``colour`` forces or forbids it).
    """
    weight = weight_or_layer
    if isinstance(weight, nn.Module):
        weight = getattr(weight, "weight", None)
        if weight is None:
            raise TypeError(
                f"A {type(weight_or_layer).__name__} layer has no weight to show."
            )
    data = to_floats(weight, "weight")
    data = data[(None,) * (4 - data.ndim)] if data.ndim < 4 else data
    if data.ndim != 4:
        raise ValueError(
            f"Kernels have shape (out, in, height, width); got {data.shape}."
        )
    out, inner, height, width = data.shape
    if colour is None:
        colour = inner == 3 and height * width > 9
    scale = scale_for(data, signed=True)
    flat = data.reshape(out * inner, height, width)
    page = sheet(
        [(height, width)] * len(flat),
        columns=inner if 1 < inner <= 16 else min(len(flat), 8),
        widest=120,
        bar=True,
        ax=ax,
    )
    for index, (one, kernel) in enumerate(zip(page.axes, flat, strict=True)):
        show(one, kernel, scale)
        frame(one, kernel.shape)
        filter_, channel = divmod(index, inner)
        set_title(one, f"{filter_}" + (f", channel {channel}" if inner > 1 else ""))
        if kernel.size <= 9 and len(flat) <= 16:
            write_cells(one, kernel, scale)
    page.add_bar(scale)
    kernels = count(out, "filter")
    text = f"{kernels} of {size(height, width)} over {count(inner, 'channel')}: {values(data)}"
    return page.picture(sentence(text))
