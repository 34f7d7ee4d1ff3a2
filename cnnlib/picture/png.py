"""PNG files that are small, because a notebook keeps each picture twice."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

_BANDS = 10
"""Error, of 255, that shows as a band if 0.3 % of the image has it."""
_WORST = 6.0
"""Mean error above which 256 colours are too few."""


def encode_png(
    image: Image.Image, ramps: Sequence[np.ndarray] = (), most: int = 256
) -> bytes:
    """Return PNG bytes without metadata: grey, palette or full colour.

    Up to 256 colours and pure grey are kept exactly. Other images get a palette of
    256 colours, unless that would show. ``ramps`` are colours (k, 3), bytes, that
    must look right: the colour scales of a figure. White stays white. ``most`` is how
    many colours a palette may have.
    """
    image = image.convert("RGB")
    pixels = np.asarray(image)
    if (pixels[..., :1] == pixels).all():
        small = image.convert("L")
    elif (colours := image.getcolors(most)) is not None:
        small = _exact(pixels, [colour for _, colour in colours])
    else:
        small = _near(image, pixels, ramps, most)
    buffer = io.BytesIO()
    small.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def encode_indexed(places: np.ndarray, palette: np.ndarray) -> bytes:
    """Return PNG bytes of (H, W) places in a palette (256, 3) of bytes."""
    image = Image.fromarray(places)
    image.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=6)
    return buffer.getvalue()


def _exact(pixels: np.ndarray, colours: Sequence) -> Image.Image:
    """Return the same image with a palette of its own colours."""
    palette = np.array(sorted(colours), np.uint8)
    places = np.searchsorted(_codes(palette), _codes(pixels))
    image = Image.fromarray(places.astype(np.uint8))
    image.putpalette(palette.tobytes())
    return image


def _codes(pixels: np.ndarray) -> np.ndarray:
    """One whole number per colour, in the order of (red, green, blue)."""
    red, green, blue = np.moveaxis(pixels.astype(np.int32), -1, 0)
    return red << 16 | green << 8 | blue


def _near(
    image: Image.Image, pixels: np.ndarray, ramps: Sequence[np.ndarray], most: int
) -> Image.Image:
    """Return the image in few colours, dithered if need be; unchanged if that shows."""
    kept = np.unique(np.vstack([[[255, 255, 255], [0, 0, 0]], *ramps]), axis=0)
    kept = kept[-192:].astype(np.uint8)
    rest = _common_colours(pixels, kept, most - len(kept))
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.vstack([kept, rest]).tobytes())
    small = image.quantize(palette=palette, dither=Image.Dither.NONE)
    error = np.abs(np.array(small.convert("RGB")).astype(np.int16) - pixels)
    if error.mean() > _WORST:
        return image
    if (error > _BANDS).mean() > 0.003:
        if (pixels[:, 1:] == pixels[:, :-1]).all(axis=-1).mean() > 0.75:
            # even areas: dots would spoil them, and full colour packs well
            return small if error.mean() < 2 else image
        small = image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    places = np.array(small)
    places[(pixels == 255).all(axis=-1)] = len(kept) - 1  # white is the last one kept
    small = Image.fromarray(places)
    small.putpalette(palette.getpalette() or [])
    return small


def _common_colours(pixels: np.ndarray, kept: np.ndarray, number: int) -> np.ndarray:
    """Return up to ``number`` colours for what the ``kept`` ones do not cover.

    Colours are counted in cells of 8x8x8 levels; a cell counts by the square root of
    its pixels, so that a small area keeps its colours beside a large sky.
    """
    code = _codes(pixels >> 3).ravel()
    code = (code >> 6 & 0x7C00) | (code >> 3 & 0x03E0) | (code & 0x1F)
    counts = np.bincount(code, minlength=1 << 15)
    sums = [np.bincount(code, channel, 1 << 15) for channel in pixels.reshape(-1, 3).T]
    filled = counts > 0
    mean = np.stack(sums, axis=1)[filled] / counts[filled, None]
    far = ((mean[:, None] - kept[None].astype(float)) ** 2).sum(axis=2).min(axis=1) > 36
    weights = np.sqrt(counts[filled][far]).astype(int)
    strip = np.repeat(mean[far].round().astype(np.uint8), weights, axis=0)
    if not len(strip):
        return kept[:0]
    sample = Image.fromarray(strip[None])
    found = sample.quantize(number, method=Image.Quantize.MEDIANCUT)
    palette = np.array(found.getpalette(), np.uint8).reshape(-1, 3)
    return palette[: len(found.getcolors(256) or [])]
