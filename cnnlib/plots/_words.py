"""The words of the sentences: sizes, numbers, shares, one or many."""

from collections.abc import Sequence

import numpy as np

_KINDS = {1: "grey", 3: "RGB", 4: "RGBA"}


def size(height: int, width: int) -> str:
    """``size(28, 30)`` is ``"28x30"``: height first."""
    return f"{height}x{width}"


def count(number: int, one: str, many: str | None = None) -> str:
    """``count(1, "map")`` is ``"1 map"``, ``count(3, "map")`` is ``"3 maps"``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def number(value: float) -> str:
    """Three significant digits, no exponent where people would not write one.

    >>> [number(v) for v in (0, 2, -2.3149, 0.5, 12345.6, 1e-7)]
    ['0', '2', '-2.31', '0.5', '12,346', '1e-07']
    """
    value = float(value)
    if not np.isfinite(value):
        return "not a number" if np.isnan(value) else ("-" * (value < 0) + "infinity")
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return "0" if float(text) == 0 else text


def percent(share: float) -> str:
    """``percent(0.414)`` is ``"41 %"``; small shares keep digits, none shows as 0.

    >>> [percent(s) for s in (0, 1, 0.9996, 0.987, 0.5, 0.004, 0.00001)]
    ['0 %', '100 %', '99.96 %', '98.7 %', '50 %', '0.4 %', 'under 0.01 %']
    """
    value = 100 * float(share)
    if value <= 0 or value == 100:
        return f"{value:.0f} %"
    if value < 0.01:
        return "under 0.01 %"
    digits = 0 if 1 <= value <= 95 else 1 if 0.1 <= value <= 99.9 else 2
    text = f"{value:.{digits}f}"
    if text.startswith("100"):
        return "over 99.99 %" if digits == 2 else f"{value:.2f} %"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


def values(data: np.ndarray) -> str:
    """``"values from -2.31 to 1.87, 41 % of them negative"``."""
    low, high = float(data.min()), float(data.max())
    if low == high:
        return f"all values {number(low)}"
    text = f"values from {number(low)} to {number(high)}"
    share = negative_share(data)
    return text + (f", {percent(share)} of them negative" if share else "")


def negative_share(data: np.ndarray) -> float:
    """The share of values below zero; rounding noise around zero is not counted."""
    noise = 1e-6 * float(np.abs(data).max())
    return float((data < -noise).mean())


def kind(channels: int) -> str:
    """``"grey"``, ``"RGB"``, ``"RGBA"`` or ``"8-channel"``."""
    return _KINDS.get(channels, f"{channels}-channel")


def an(noun: str) -> str:
    """The noun with its article: ``an("RGB image")`` is ``"an RGB image"``."""
    vowel = noun[0] in "aeiouAEIOU" or noun.startswith(("RGB", "8", "11-", "18"))
    return f"{'an' if vowel else 'a'} {noun}"


def listed(words: Sequence[str]) -> str:
    """``"a"``, ``"a and b"``, ``"a, b and c"``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def sentence(text: str) -> str:
    """The text with a capital first letter and one full stop."""
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:] + "."
