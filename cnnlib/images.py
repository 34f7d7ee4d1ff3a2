"""Photographs that are already on disk, carried by packages the course needs anyway.

>>> load("flower").shape
(427, 640, 3)
>>> load("flower", height=64, grey=True).shape
(64, 96)
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw

from cnnlib.data.places import package_folder


class Credit(NamedTuple):
    """Whose picture it is, and what may be done with it."""

    author: str
    licence: str
    package: str
    file: str

    def __str__(self) -> str:
        return f"{self.author}; {self.licence}; {self.file} in {self.package}"


class _Picture(NamedTuple):
    open: Callable[[], Image.Image]
    credit: Credit


def _scikit_learn(file: str) -> Image.Image:
    folder = package_folder("sklearn", "scikit-learn")
    return Image.open(folder / "datasets" / "images" / file)


def _matplotlib(file: str) -> Image.Image:
    return Image.open(Path(matplotlib.get_data_path()) / "sample_data" / file)


def _sticker() -> Image.Image:
    """Cut the flower out along a circle: 100x100 pixels, transparent outside."""
    scale, size, box = 8, 100, (180, 95, 434, 349)
    picture = _scikit_learn("flower.jpg").convert("RGB").crop(box)
    mask = Image.new("L", (scale * size, scale * size), 0)
    edge = scale * size - 1
    ImageDraw.Draw(mask).ellipse((0, 0, edge, edge), fill=255)
    picture = picture.resize((size, size), Image.Resampling.LANCZOS)
    picture.putalpha(mask.resize((size, size), Image.Resampling.BOX))
    return picture


_CC_BY_2 = "Creative Commons Attribution 2.0 Generic (CC BY 2.0)"
_FLOWER = Credit("vultilion (Flickr)", _CC_BY_2, "scikit-learn", "flower.jpg")

_PICTURES = {
    "china": _Picture(
        lambda: _scikit_learn("china.jpg"),
        Credit("danielbuechele (Flickr)", _CC_BY_2, "scikit-learn", "china.jpg"),
    ),
    "flower": _Picture(lambda: _scikit_learn("flower.jpg"), _FLOWER),
    "hopper": _Picture(
        lambda: _matplotlib("grace_hopper.jpg"),
        Credit(
            "United States Navy (official portrait)",
            "public domain (work of the United States government)",
            "matplotlib",
            "grace_hopper.jpg",
        ),
    ),
    "sticker": _Picture(
        _sticker,
        _FLOWER._replace(licence=f"{_CC_BY_2}; cut out along a circle and reduced"),
    ),
}


def names() -> tuple[str, ...]:
    """List the pictures that `load` knows, in alphabetical order."""
    return tuple(sorted(_PICTURES))


def credit(name: str) -> Credit:
    """Tell author, licence, package and file of a picture."""
    return _find(name).credit


def load(name: str, *, height: int | None = None, grey: bool = False) -> np.ndarray:
    """Load a picture as uint8 values, 0 (dark) to 255 (bright).

    Args:
        name: one of `names()`.
        height: rows of the result; the width follows, so that the picture keeps its
            proportions. None keeps the size of the file.
        grey: one brightness per pixel in place of colours (0.299 red + 0.587 green +
            0.114 blue); a transparent part counts as white.

    Returns:
        An array of shape (H, W, 3), of shape (H, W) with `grey`, or of shape (H, W, 4)
        for "sticker", whose fourth channel is its opacity.

    Raises:
        ValueError: unknown name, or a height below 1.
        TypeError: a height that is not an integer.
    """
    picture = _find(name).open()
    picture = picture.convert("RGBA" if picture.mode == "RGBA" else "RGB")
    if grey and picture.mode == "RGBA":
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture).convert("RGB")
    if grey:
        picture = picture.convert("L")
    if height is not None:
        picture = _resize(picture, _checked_height(height))
    return np.array(picture)


def to_tensor(array: np.ndarray) -> torch.Tensor:
    """Turn a picture, channels last, into what PyTorch expects.

    Args:
        array: uint8 values 0..255, or floating-point values 0..1, of shape (H, W) or
            (H, W, C).

    Returns:
        float32 values 0..1 of shape (C, H, W), (1, H, W) for a grey picture; for a
        network that expects images in batches, add the batch axis: `tensor[None]`.

    Raises:
        TypeError: values that are neither uint8 nor floating-point.
        ValueError: not two or three axes, or floating-point values outside 0..1.
    """
    array = _checked_picture(np.asarray(array))
    scale = 255 if array.dtype == np.uint8 else 1
    channels_last = array[..., None] if array.ndim == 2 else array
    values = np.divide(channels_last, scale, dtype=np.float32, casting="same_kind")
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))


def _find(name: str) -> _Picture:
    if name not in _PICTURES:
        known = ", ".join(repr(known) for known in names())
        raise ValueError(f"There is no picture named {name!r}. The names are {known}.")
    return _PICTURES[name]


def _checked_height(height: int) -> int:
    if isinstance(height, bool) or not isinstance(height, int | np.integer):
        raise TypeError(
            f"The height is a whole number of pixels, but {height!r} was given."
        )
    if height < 1:
        raise ValueError(f"The height is 1 pixel or more, but {height} was given.")
    return int(height)


def _checked_picture(array: np.ndarray) -> np.ndarray:
    if array.ndim not in (2, 3):
        raise ValueError(
            f"A picture has shape (height, width) or (height, width, channels), "
            f"but this array has shape {array.shape}."
        )
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        raise TypeError(
            f"Expected uint8 values (0..255) or floating-point values (0..1), "
            f"but this array holds {array.dtype}."
        )
    floating = array.dtype != np.uint8
    if floating and array.size and not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(
            f"Floating-point values lie between 0 and 1, but these range from "
            f"{array.min():g} to {array.max():g}. Divide by 255, or pass uint8 values."
        )
    return array


def _resize(picture: Image.Image, height: int) -> Image.Image:
    width = max(1, round(picture.width * height / picture.height))
    return picture.resize((width, height), Image.Resampling.LANCZOS)
