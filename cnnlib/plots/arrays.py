"""What people hand over as an image, brought to one form: (C, H, W) floats."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

SHOWN_CHANNELS = (1, 3, 4)
"""Channel numbers that can be looked at: grey, RGB, RGBA."""


def to_array(data: Any, name: str) -> np.ndarray:
    """Return numbers from torch on any device, NumPy, PIL or lists as a NumPy array."""
    if isinstance(data, torch.Tensor):
        if data.is_meta:
            raise ValueError(f"The {name} is on the meta device: it has no values.")
        data = data.detach().cpu()
        if data.dtype in (torch.bfloat16, torch.float16):
            data = data.float()
        array = data.resolve_conj().resolve_neg().numpy()
    else:
        if np.ma.isMaskedArray(data) and np.ma.count_masked(data):
            raise ValueError(
                f"The {name} is a masked array with {np.ma.count_masked(data)} masked "
                f"values, and none can be left out here. Fill them, for example with "
                f"{name}.filled(0)."
            )
        try:
            array = np.asarray(data)
        except ValueError:
            raise ValueError(
                f"The {name} has rows of different lengths, so it is no array."
            ) from None
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)  # longdouble, which PyTorch does not have
    if array.dtype.kind not in "buif":
        raise TypeError(
            f"The {name} must hold real numbers (a NumPy array, a torch tensor or "
            f"nested lists); got {_named(data, array)}."
        )
    return array


def to_floats(data: Any, name: str, *, finite: bool = True) -> np.ndarray:
    """Return floats of 32 bits or more; empty or not ``finite`` data is refused."""
    array = to_array(data, name)
    dtype = np.result_type(array.dtype, np.float32).newbyteorder("=")
    array = array.astype(dtype, copy=not array.flags.writeable)
    if array.size == 0:
        raise ValueError(f"The {name} is empty: its shape is {array.shape}.")
    if finite and not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"The {name} must hold finite numbers, but it has {array[where]} at "
            f"index {where}."
        )
    return array


def read_image(
    image: Any, name: str = "image", *, channels: int | None = None
) -> np.ndarray:
    """Return one image as floats (C, H, W); grey has C = 1.

    Accepted: (H, W), (C, H, W), (1, C, H, W), and (H, W, C) as image files have it.
    With three axes the channels come first when the first axis is ``channels``, 1, 3
    or 4 long, else last when the last axis is. ``uint8`` values 0..255 become 0..1;
    all other types keep their values.
    """
    raw = to_array(image, name)
    array = to_floats(image, name)
    if raw.dtype == np.uint8:
        array = array / np.float32(255)
    if array.ndim == 4:
        if array.shape[0] != 1:
            raise ValueError(
                f"The {name} must be one picture, but its shape {array.shape} is a "
                f"batch of {array.shape[0]}. Choose one, for example {name}[0]."
            )
        array = array[0]
    if array.ndim == 2:
        return array[None]
    if array.ndim != 3:
        raise ValueError(
            f"The {name} must have shape (H, W), (C, H, W), (1, C, H, W) or "
            f"(H, W, 3); got {array.shape}."
        )
    first, _, last = array.shape
    if first not in (channels, *SHOWN_CHANNELS) and last in SHOWN_CHANNELS:
        return array.transpose(2, 0, 1)
    return array


def read_shown_image(image: Any, name: str = "image") -> np.ndarray:
    """Read an image that can be looked at: 1, 3 or 4 channels."""
    array = read_image(image, name)
    if array.shape[0] not in SHOWN_CHANNELS:
        raise ValueError(
            f"The {name} must have 1 (grey), 3 (RGB) or 4 (RGBA) channels to be shown; "
            f"its shape {array.shape} has {array.shape[0]}. "
            "plot_feature_maps shows any number of channels."
        )
    return array


def read_map(data: Any, name: str) -> np.ndarray:
    """Return one map (H, W) as floats; leading axes of length 1 are dropped."""
    array = to_floats(data, name)
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim != 2:
        raise ValueError(
            f"The {name} must have shape (H, W); got {tuple(np.shape(array))}."
        )
    return array


def over_white(image: np.ndarray) -> np.ndarray:
    """Lay RGBA (4, H, W) over white as RGB (3, H, W); leave other images unchanged."""
    if image.shape[0] != 4:
        return image
    alpha = image[3:].clip(0, 1)
    return image[:3] * alpha + (1 - alpha)


def pair(value: Any, name: str) -> tuple[int, int]:
    """Return an int or a (height, width) pair as a pair of ints."""
    both = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or not all(isinstance(v, int | np.integer) for v in both):
        raise TypeError(
            f"The {name} must be an int or a (height, width) pair of ints; "
            f"got {value!r}."
        )
    return int(both[0]), int(both[1])


def _named(data: Any, array: np.ndarray) -> str:
    if isinstance(data, Iterator):
        return (
            f"a {type(data).__name__}, which can be gone through once only. "
            "list(...) around it makes a list of its numbers"
        )
    whole = isinstance(data, torch.Tensor | np.ndarray)
    return f"{array.dtype} values" if whole else type(data).__name__
