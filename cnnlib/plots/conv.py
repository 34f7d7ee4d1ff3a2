"""An image beside what convolution makes of it: plot_conv and plot_convs."""

import warnings
from typing import Any

import numpy as np
import torch
from torch import nn

from cnnlib.text import an, count, kind, number, sentence, size, values

from ._correlate import correlate, read_kernel
from .arrays import SHOWN_CHANNELS, read_image, read_shown_image, to_floats
from .filters import SINGLY, draw_mosaic
from .images import draw_panel, drawable, stretched
from .panels import Drawn, Sheet, sheet
from .style import Scale, scale_for

Panel = tuple[np.ndarray, Scale | None]
ConvLayer = nn.Conv2d | nn.ConvTranspose2d


def plot_conv(
    image: Any,
    kernel: Any,
    *,
    bias: float = 0.0,
    padding: str | int | tuple[int, int] = "same",
    title: str | None = None,
    ax: Any = None,
) -> Drawn:
    """Show an image next to its filtered version.

    ``image``: (H, W), (C, H, W), (1, C, H, W) or (H, W, 3); NumPy or torch; ``uint8``
    counts as 0..1, other types keep their values. ``kernel`` slides over it as in deep
    learning: multiply and add, without a turn by 180 degrees (cross-correlation).

    - A kernel (kh, kw) filters each channel alone, so a blurred colour photograph is a
      colour photograph. Colour cannot show negative values: where there are any, the
      mean over the channels is drawn, which is the response of the grey picture.
    - A kernel (C, kh, kw) or (1, C, kh, kw) gives one map, the sum over the channels,
      as one filter of ``nn.Conv2d`` does.

    ``bias`` is added to each response. ``padding``: "same" (zeros around, the size
    stays; of an odd number of zeros the spare one is below or right, as in PyTorch),
    "valid" (none), an int or a (height, width) pair. ``title`` stands over the
    response.

    Negative responses are blue, positive ones red, zero is white; the scale is centred
    on zero, and its ends are pointed where a few extremes lie beyond. A response
    without negative values is grey, on the scale of the image if it fits there.
    ``ax``: two Axes to draw on; they are returned instead of a Picture.
    """
    picture = read_shown_image(image)
    weight = read_kernel(kernel)
    response = correlate(picture, weight, float(bias), padding)
    mixed = response.shape[0] > 1 and scale_for(response).signed
    if mixed:
        response = response.mean(axis=0, keepdims=True)
    shown = drawable(picture)
    panels = [shown, response_panel(response, shown[1])]
    name = title or f"response to a {size(*weight.shape[-2:])} kernel"
    page = draw_row(panels, ["image", name], ax)
    text = f"{_image_words(picture)} and its response to a {size(*weight.shape[-2:])}"
    text += f" kernel ({title})" if title else " kernel"
    text += ", mean of the channels" if mixed else ""
    text += f": {size(*response.shape[1:])}, {values(response)}"
    return page.result(sentence(text + _ends_words(panels[-1][1], response)))


def response_panel(response: np.ndarray, image_scale: Scale | None) -> Panel:
    """Return what is drawn of (1, H, W) or (3, H, W), and its scale."""
    if response.shape[0] > 1:
        return drawable(response)
    scale = scale_for(response, robust=True)
    if image_scale and not scale.signed and scale.high <= image_scale.high:
        scale = image_scale
    return response[0], scale


def draw_row(
    panels: list[Panel], titles: list[str], ax: Any, axis: bool = False
) -> Sheet:
    """Draw all panels with their titles, and the colour bar of the last one's scale."""
    scale = panels[-1][1]
    sizes = [pixels.shape[:2] for pixels, _ in panels]
    page = sheet(sizes, ticks=axis, bar=scale is not None, ax=ax)
    for one, (pixels, own), title in zip(page.axes, panels, titles, strict=True):
        draw_panel(one, pixels, own, title, axis)
    if scale is not None:
        page.add_bar(scale)
    return page


def _image_words(picture: np.ndarray) -> str:
    return an(f"{size(*picture.shape[1:])} {kind(picture.shape[0])} image")


def _ends_words(scale: Scale | None, response: np.ndarray) -> str:
    """Say where the picture cannot show all values."""
    if scale is None:
        return ", stretched to fit the range of colours" if stretched(response) else ""
    if scale.extend == "neither":
        return ""
    return f"; the colours end at -{number(scale.high)} and {number(scale.high)}"


def plot_convs(
    image: Any, conv_layer: nn.Module, axis: bool = False, *, ax: Any = None
) -> Drawn:
    """Show an image and the response of every filter of a convolution layer.

    The layer computes them itself, so its padding, stride, dilation, groups, padding
    mode and bias are honoured, on its device and in its number type; hooks are not
    called and nothing about the layer changes. ``image`` as for ``plot_conv``, with as
    many channels as the layer takes; other than 1, 3 or 4 channels are shown by their
    mean. All responses share one colour scale, as in ``plot_conv``. ``axis=True``
    writes each panel's true height and width at its corners. More than 16 responses
    are one mosaic, numbered by rows.
    ``ax``: 1 + number of filters Axes; they are returned instead of a Picture.
    """
    if not isinstance(conv_layer, ConvLayer):
        raise TypeError(
            "plot_convs takes a 2-D convolution layer, nn.Conv2d or "
            f"nn.ConvTranspose2d; got {type(conv_layer).__name__}."
        )
    picture = read_image(image, channels=conv_layer.in_channels)
    responses = _run(picture, conv_layer)
    scale = scale_for(responses, robust=True)
    few = picture.shape[0] in SHOWN_CHANNELS
    panels = [
        drawable(picture if few else picture.mean(axis=0, keepdims=True)),
        *((response, scale) for response in responses),
    ]
    first = "image" if few else f"mean of {picture.shape[0]} channels"
    if len(responses) > SINGLY and ax is None:
        page = draw_mosaic(panels[0], first, responses, scale, axis=axis)
    else:
        titles = [first, *(f"filter {i}" for i in range(len(responses)))]
        page = draw_row(panels, titles, ax, axis)
    text = _describe(picture, conv_layer, responses) + _ends_words(scale, responses)
    return page.result(sentence(text))


def _run(picture: np.ndarray, layer: ConvLayer) -> np.ndarray:
    """Return (O, H', W') from (C, H, W) by the layer's own forward, without hooks."""
    weight = layer.weight
    if isinstance(weight, nn.UninitializedParameter) or weight.is_meta:
        raise ValueError("The weights of the layer have no values yet.")
    channels = picture.shape[0]
    if layer.in_channels != channels:
        hint = " (the fourth channel is alpha)" if channels == 4 else ""
        raise ValueError(
            f"The layer takes {count(layer.in_channels, 'channel')}, but the image has "
            f"{channels}{hint}: its shape (C, H, W) is {picture.shape}."
        )
    x = torch.from_numpy(np.array(picture, order="C")).to(weight.device, weight.dtype)[
        None
    ]
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "same" with an even kernel makes a copy
            result = layer.forward(x)
    except RuntimeError as error:
        raise ValueError(
            f"The layer {layer} cannot be applied to an image of size "
            f"{size(*picture.shape[1:])}: {str(error).splitlines()[0]}"
        ) from None
    return to_floats(result[0], "response of the layer")


def _describe(picture: np.ndarray, layer: ConvLayer, responses: np.ndarray) -> str:
    each = " each" if len(responses) > 1 else ""
    filters = count(len(responses), "filter")
    kernel = size(layer.kernel_size[0], layer.kernel_size[1])
    text = f"{_image_words(picture)} and its response to {filters} of {kernel}"
    return f"{text}: {size(*responses.shape[1:])}{each}, {values(responses)}"
