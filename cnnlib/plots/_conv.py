"""An image beside what convolution makes of it: plot_conv and plot_convs."""

import warnings
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import nn
from torch.nn import functional as F

from .._picture import Picture
from ._arrays import over_white, pair, read_image, read_shown_image, to_floats
from ._images import draw_panel, drawable
from ._panels import Sheet, sheet
from ._style import Scale, scale_for
from ._words import an, count, kind, sentence, size, values


def plot_conv(
    image: Any,
    kernel: Any,
    *,
    bias: float = 0.0,
    padding: str | int | tuple[int, int] = "same",
    title: str | None = None,
    ax: Any = None,
) -> Picture | list[Axes]:
    """Show an image next to its filtered version.

    ``image``: (H, W), (C, H, W), (1, C, H, W) or (H, W, 3); NumPy or torch; ``uint8``
    counts as 0..1. ``kernel`` slides over it as deep learning does it: multiply and
    add, not turned by 180 degrees (cross-correlation).

    - A kernel (kh, kw) filters each channel alone, so a blurred photograph stays a
      photograph. When the result has negative values, which colour cannot show, the
      mean over the channels is drawn: the response of the grey picture.
    - A kernel (C, kh, kw) or (1, C, kh, kw) gives one map, the sum over the channels,
      as one filter of ``nn.Conv2d`` does.

    ``padding``: "same" (zeros around, the size stays; an odd number of zeros puts the
    spare one below and right, as PyTorch does), "valid" (none), an int or a pair.
    Negative responses are blue, positive red, zero white; a response without
    negatives is grey, on the image's own scale 0..1 if it fits. ``title`` stands over
    the filtered version. ``ax``: two Axes to draw on; then these are returned.
    """
    picture = read_shown_image(image)
    weight = _read_kernel(kernel)
    response = correlate(picture, weight, float(bias), padding)
    if response.shape[0] > 1 and scale_for(response).signed:
        response = response.mean(axis=0, keepdims=True)
    kernel_size = size(*weight.shape[-2:])
    titles = ["image", title or f"response to a {kernel_size} kernel"]
    pixels, scale = drawable(response)
    page = _draw_row([drawable(picture), (pixels, scale)], titles, ax)
    return page.picture(_describe_conv(picture, weight, response, title))


def correlate(
    image: np.ndarray,
    kernel: np.ndarray,
    bias: float,
    padding: str | int | tuple[int, int],
) -> np.ndarray:
    """Cross-correlation of (C, H, W): (kh, kw) -> (C, H', W'), (C, kh, kw) -> (1, ...).

    Shapes that do not fit are refused in words.
    """
    if image.shape[0] == 4 and not (kernel.ndim == 3 and kernel.shape[0] == 4):
        image = over_white(image)
    if kernel.ndim == 3 and kernel.shape[0] != image.shape[0]:
        raise ValueError(
            f"The kernel has {count(kernel.shape[0], 'channel')} but the image has "
            f"{image.shape[0]}. Give one (kh, kw) slice per image channel, shape "
            f"({image.shape[0]}, kh, kw), or a single (kh, kw) for every channel."
        )
    kind_of = np.result_type(image, kernel)
    x = torch.from_numpy(np.ascontiguousarray(image, dtype=kind_of))[None]
    w = torch.from_numpy(np.ascontiguousarray(kernel, dtype=kind_of))
    x = F.pad(x, _margins(padding, kernel.shape[-2:]))
    if any(n < k for n, k in zip(x.shape[-2:], w.shape[-2:], strict=True)):
        raise ValueError(
            f"The kernel {size(*w.shape[-2:])} is larger than the image with its "
            f"padding, {size(*x.shape[-2:])}, so there is no place to put it."
        )
    if w.ndim == 3:
        return (F.conv2d(x, w[None])[0] + bias).numpy()
    return (F.conv2d(x.transpose(0, 1), w[None, None])[:, 0] + bias).numpy()


def _margins(padding: Any, kernel_size: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Left, right, top, bottom, in the order of ``F.pad``."""
    if padding == "same":
        (top, bottom), (left, right) = (
            ((k - 1) // 2, (k - 1) - (k - 1) // 2) for k in kernel_size
        )
        return left, right, top, bottom
    if padding == "valid":
        return 0, 0, 0, 0
    if isinstance(padding, str):
        raise ValueError(
            f'padding must be "same", "valid", an int or a (height, width) pair; '
            f"got {padding!r}."
        )
    up, side = pair(padding, "padding")
    if min(up, side) < 0:
        raise ValueError(f"padding must not be negative; got {padding!r}.")
    return side, side, up, up


def _read_kernel(kernel: Any) -> np.ndarray:
    """(kh, kw) or (C, kh, kw) floats."""
    weight = to_floats(kernel, "kernel")
    if weight.ndim == 4 and weight.shape[0] == 1:
        weight = weight[0]
    if weight.ndim == 4:
        raise ValueError(
            f"The kernel of shape {weight.shape} holds {weight.shape[0]} filters; "
            "plot_conv draws one. Choose one, kernel[0], or use plot_convs with a "
            "Conv2d layer."
        )
    if weight.ndim not in (2, 3):
        raise ValueError(
            "The kernel must have shape (kh, kw), (C, kh, kw) or (1, C, kh, kw); got "
            f"{weight.shape}."
        )
    return weight


def _draw_row(
    panels: list[tuple[np.ndarray, Scale | None]],
    titles: list[str],
    ax: Any,
    axis: bool = False,
) -> Sheet:
    """All panels with their titles, and the colour bar of the last one's scale."""
    scale = panels[-1][1]
    sizes = [pixels.shape[:2] for pixels, _ in panels]
    page = sheet(sizes, ticks=axis, bar=scale is not None, ax=ax)
    for one, (pixels, own), title in zip(page.axes, panels, titles, strict=True):
        draw_panel(one, pixels, own, title, axis)
    if scale is not None:
        page.add_bar(scale)
    return page


def _describe_conv(
    picture: np.ndarray, weight: np.ndarray, response: np.ndarray, title: str | None
) -> str:
    image = an(f"{size(*picture.shape[1:])} {kind(picture.shape[0])} image")
    name = f" ({title})" if title else ""
    text = f"{image} and its response to a {size(*weight.shape[-2:])} kernel{name}"
    if response.shape[0] == 1 and picture.shape[0] > 1 and weight.ndim == 2:
        text += ", mean of the channels"
    return sentence(f"{text}: {size(*response.shape[1:])}, {values(response)}")


def plot_convs(
    image: Any, conv_layer: nn.Module, axis: bool = False, *, ax: Any = None
) -> Picture | list[Axes]:
    """Show an image and the response of every filter of a convolution layer.

    The layer computes them itself, so its padding, stride, dilation, groups, padding
    mode and bias are honoured, on its device and in its number type; hooks are not
    called and nothing about the layer changes. ``image`` as for ``plot_conv``, with
    as many channels as the layer takes; an image with other than 1, 3 or 4 channels
    is shown as the mean of its channels. ``axis=True`` writes each panel's true height
    and width at its edges. All responses share one colour scale. ``ax``: 1 + number of
    filters Axes; then these are returned.
    """
    if not isinstance(conv_layer, nn.Conv2d | nn.ConvTranspose2d):
        raise TypeError(
            "plot_convs takes a 2-D convolution layer such as nn.Conv2d; got "
            f"{type(conv_layer).__name__}."
        )
    picture = read_image(image)
    responses = _run(picture, conv_layer)
    scale = scale_for(responses)
    first = drawable(picture if picture.shape[0] in (1, 3, 4) else _mean(picture))
    panels: list[tuple[np.ndarray, Scale | None]] = [first]
    panels += [(response, scale) for response in responses]
    titles = ["image"] + [f"filter {i}" for i in range(len(responses))]
    page = _draw_row(panels, titles, ax, axis)
    return page.picture(_describe_convs(picture, conv_layer, responses))


def _mean(picture: np.ndarray) -> np.ndarray:
    return picture.mean(axis=0, keepdims=True)


def _run(picture: np.ndarray, layer: nn.Conv2d | nn.ConvTranspose2d) -> np.ndarray:
    """(C, H, W) -> (O, H', W') through the layer's own forward, without hooks."""
    if layer.in_channels != picture.shape[0]:
        raise ValueError(
            f"The layer takes {count(layer.in_channels, 'channel')} but the image has "
            f"{picture.shape[0]} (shape {picture.shape})."
        )
    weight = layer.weight
    if weight.is_meta:
        raise ValueError("The layer is on the meta device: its weights have no values.")
    x = torch.tensor(picture, device=weight.device, dtype=weight.dtype)[None]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = layer.forward(x)[0]
        except RuntimeError as error:
            raise ValueError(
                f"The layer {layer} cannot be applied to an image of shape "
                f"{picture.shape}: {error}"
            ) from None
    return to_floats(result, "response of the layer")


def _describe_convs(
    picture: np.ndarray, layer: nn.Conv2d | nn.ConvTranspose2d, responses: np.ndarray
) -> str:
    image = an(f"{size(*picture.shape[1:])} {kind(picture.shape[0])} image")
    filters = count(len(responses), "filter")
    each = "" if len(responses) == 1 else " each"
    kernel = size(*layer.kernel_size)
    return sentence(
        f"{image} and its response to {filters} of {kernel}{each}: "
        f"{size(*responses.shape[1:])}{each}, {values(responses)}"
    )
