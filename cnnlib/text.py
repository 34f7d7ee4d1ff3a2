"""Numbers, sizes, shares and lists in words, for the sentences of the package."""

from collections.abc import Sequence

import numpy as np

_KINDS = {1: "grey", 3: "RGB", 4: "RGBA"}


def size(height: float, width: float) -> str:
    """Write a size, height first: ``size(28, 30)`` is ``"28x30"``."""
    return f"{height}x{width}"


def count(number: int, one: str, many: str | None = None) -> str:
    """Write how many: ``count(1, "map")`` is ``"1 map"``, 3 of them ``"3 maps"``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def number(value: float) -> str:
    """Write three significant digits, all digits of whole parts from 100 on.

    >>> [number(v) for v in (0, 2, -2.3149, 0.5, 99.96, 12345.6, 1e-7)]
    ['0', '2', '-2.31', '0.5', '100', '12,346', '1e-07']
    """
    value = float(value)
    if np.isnan(value):
        return "not a number"
    if np.isinf(value):
        return "infinity" if value > 0 else "-infinity"
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value + 0:.3g}"


def cell(value: float, decimals: int) -> str:
    """Write a number for a cell, with a real minus sign and without a minus zero.

    >>> [cell(v, 2) for v in (0.5, -0.25, -0.001, float("nan"))]
    ['0.50', '−0.25', '0.00', '']
    """
    if not np.isfinite(value):
        return "" if np.isnan(value) else "∞" if value > 0 else "−∞"
    text = f"{value:.{decimals}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")


def percent(share: float) -> str:
    """Write a share of 1 as percent; what is not none or all does not look like it.

    >>> [percent(share) for share in (0, 1, 0.9996, 0.987, 0.5, 0.004, 1 - 1e-5)]
    ['0 %', '100 %', '99.96 %', '98.7 %', '50 %', '0.4 %', 'over 99.99 %']
    """
    value = 100 * float(share)
    if value in (0, 100):
        return f"{value:.0f} %"
    if 0 < value < 0.01:
        return "under 0.01 %"
    if 99.99 < value < 100:
        return "over 99.99 %"
    digits = 0 if 1 <= value <= 95 else 1 if 0.1 <= value <= 99.9 else 2
    text = f"{value:.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


def values(data: np.ndarray) -> str:
    """Write ``"values from -2.31 to 1.87, 41 % of them negative"``."""
    low, high = float(data.min()), float(data.max())
    if low == high:
        return f"all values {number(low)}"
    text = f"values from {number(low)} to {number(high)}"
    share = negative_share(data)
    return text + (f", {percent(share)} of them negative" if share else "")


def negative_share(data: np.ndarray) -> float:
    """Return the share of values below zero, not counting rounding noise."""
    noise = 1e-6 * float(np.abs(data).max())
    return float((data < -noise).mean())


def kind(channels: int) -> str:
    """Name an image by its channels: grey, RGB, RGBA or ``"8-channel"``."""
    return _KINDS.get(channels, f"{channels}-channel")


def an(noun: str) -> str:
    """Put the article before a noun or a number, as they are spoken.

    >>> [an(noun) for noun in ("RGB image", "28x28 image", "18x2 image", "8x8 image")]
    ['an RGB image', 'a 28x28 image', 'an 18x2 image', 'an 8x8 image']
    """
    digits = noun[: len(noun) - len(noun.lstrip("0123456789"))]
    eleven = digits[:2] in ("11", "18") and len(digits) % 3 == 2
    vowel = digits.startswith("8") or eleven or noun.startswith(("RGB", *"aeiou"))
    return f"{'an' if vowel else 'a'} {noun}"


def listed(words: Sequence[str]) -> str:
    """Join words: ``"a"``, ``"a and b"``, ``"a, b and c"``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def sentence(text: str) -> str:
    """Give the text a capital first letter and one full stop."""
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:] + "."
