"""One picture file of any kind, read as colours of one size."""

import os
import stat
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

_HEIC = (".heic", ".heif")
_CLEAR = ("RGBA", "LA", "PA", "RGBa", "La")


class UnreadableError(Exception):
    """A file is no picture that can be read; the text says what it is instead."""


def read_picture(file: Path, height: int, width: int, *, crop: bool) -> np.ndarray:
    """Read a picture of any kind as uint8 (height, width, 3).

    It is turned as its camera says, what is transparent becomes white, 16 bits become
    8, and of several frames or pages the first is taken.

    Raises:
        UnreadableError: for whatever reason there is no picture in the end.
    """
    enough = 2 * max(height, width)
    try:
        _check_file(file)
        with Image.open(file) as opened:
            if opened.format == "EPS":  # reading it would start a program
                raise UnreadableError("a drawing of lines (EPS)")
            opened.draft(None, (enough, enough))  # quicker, where it is JPEG
            turned = ImageOps.exif_transpose(opened)
            picture = _colours(turned)
    except UnreadableError:
        raise
    except Exception as error:  # a damaged file makes Pillow raise almost anything
        raise UnreadableError(_reason(file, error)) from error
    if crop:
        picture = ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)
    else:
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    return np.array(picture)


def _check_file(file: Path) -> None:
    found = os.stat(file)
    if not stat.S_ISREG(found.st_mode):  # a pipe would wait for ever
        raise UnreadableError("no ordinary file")
    if found.st_size == 0:
        raise UnreadableError("empty")


def _colours(picture: Image.Image) -> Image.Image:
    """Bring a picture of any mode to RGB."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return _from_wide_values(np.array(picture)).convert("RGB")
    if picture.mode in _CLEAR or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    try:
        return picture.convert("RGB")
    except ValueError as error:
        raise UnreadableError(
            f"of a kind that Pillow does not bring to RGB ({picture.mode})"
        ) from error


def _from_wide_values(values: np.ndarray) -> Image.Image:
    """Bring grey values of 16 bits, or fractions 0..1, to 8 bits."""
    low, high = float(values.min()), float(values.max())
    most = 1.0 if values.dtype.kind == "f" else 65_535.0
    if not (low >= 0 and high <= most):
        raise UnreadableError(
            f"with values from {low:g} to {high:g} in place of 0 to {most:g}"
        )
    return Image.fromarray(np.rint(values * (255 / most)).astype(np.uint8))


def _reason(file: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "a link to nothing"
    if isinstance(error, PermissionError):
        return "not for you to open"
    if isinstance(error, Image.DecompressionBombError | MemoryError):
        return "of more pixels than Pillow reads"
    if file.suffix.lower() in _HEIC:
        return "HEIC, which Pillow does not read; save it as JPEG"
    if isinstance(error, UnidentifiedImageError):
        return "no picture"
    if "truncated" in str(error).lower():
        return "cut off before its end"
    return "damaged"
