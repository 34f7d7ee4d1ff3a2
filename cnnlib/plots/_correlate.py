"""Cross-correlation of one image with one kernel, as plot_conv draws it."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from cnnlib.text import count, size

from .arrays import over_white, pair, to_floats


def correlate(
    image: np.ndarray,
    kernel: np.ndarray,
    bias: float,
    padding: str | int | tuple[int, int],
) -> np.ndarray:
    """Slide a kernel over an image (C, H, W): multiply, add, and add the bias.

    A kernel (kh, kw) gives (C, H', W'), every channel alone; (C, kh, kw) gives their
    sum (1, H', W'). RGBA is laid over white unless the kernel has four channels. A
    kernel with the wrong channels, or larger than the padded image, is refused.
    """
    if image.shape[0] == 4 and not (kernel.ndim == 3 and kernel.shape[0] == 4):
        image = over_white(image)
    channels = image.shape[0]
    if kernel.ndim == 3 and kernel.shape[0] != channels:
        raise ValueError(
            f"The kernel has {count(kernel.shape[0], 'channel')} but the image has "
            f"{channels}. Give a kernel of shape ({channels}, kh, kw), one slice for "
            "each channel, or (kh, kw), the same for every channel."
        )
    dtype = np.result_type(image, kernel)
    x = torch.from_numpy(np.ascontiguousarray(image, dtype))[None]
    w = torch.from_numpy(np.ascontiguousarray(kernel, dtype))
    x = F.pad(x, _margins(padding, kernel.shape[-2:]))
    if any(n < k for n, k in zip(x.shape[-2:], w.shape[-2:], strict=True)):
        raise ValueError(
            f"The {size(*w.shape[-2:])} kernel does not fit into the image with its "
            f"padding, which is {size(*x.shape[-2:])}."
        )
    if w.ndim == 2:  # each channel is a picture of its own: (C, 1, H, W)
        x, w = x.transpose(0, 1), w[None]
    return (F.conv2d(x, w[None])[:, 0] + bias).numpy()


def _margins(padding: Any, kernel_size: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return the zeros left, right, above, below: the order of ``F.pad``."""
    if padding == "same":
        up, left = ((length - 1) // 2 for length in kernel_size)
        return left, kernel_size[1] - 1 - left, up, kernel_size[0] - 1 - up
    if padding == "valid":
        return 0, 0, 0, 0
    if isinstance(padding, str):
        raise ValueError(
            'padding must be "same", "valid", an int or a (height, width) pair; got '
            f"{padding!r}."
        )
    up, side = pair(padding, "padding")
    if min(up, side) < 0:
        raise ValueError(f"padding must not be negative; got {padding!r}.")
    return side, side, up, up


def read_kernel(kernel: Any) -> np.ndarray:
    """Return floats (kh, kw) or (C, kh, kw)."""
    weight = to_floats(kernel, "kernel")
    if weight.ndim == 4 and weight.shape[0] > 1:
        raise ValueError(
            f"The kernel of shape {weight.shape} holds {weight.shape[0]} filters, but "
            "plot_conv shows one. Choose one, for example kernel[0], or show them all "
            "with plot_convs and a Conv2d layer."
        )
    weight = weight[0] if weight.ndim == 4 else weight
    if weight.ndim not in (2, 3):
        raise ValueError(
            "The kernel must have shape (kh, kw), (C, kh, kw) or (1, C, kh, kw); got "
            f"{weight.shape}."
        )
    return weight
