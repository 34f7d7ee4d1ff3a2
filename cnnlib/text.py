"""Numbers, sizes, shares and lists in words, for the sentences of the package.

Plain text has a hyphen for a minus sign and ``3x3`` for a size, so that it can be
copied into code. Only ``cell``, for what is drawn, has the typographic signs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

_KINDS = {1: "grey", 3: "RGB", 4: "RGBA"}


def size(height: float, width: float) -> str:
    """Write a size, height first.

    >>> size(28, 30)
    '28x30'
    """
    return f"{height}x{width}"


def count(number: int, one: str, many: str | None = None) -> str:
    """Write how many there are of something; ``many`` is its plural without an s.

    >>> count(1, "map"), count(3, "map"), count(1200, "child", "children")
    ('1 map', '3 maps', '1,200 children')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def number(value: float) -> str:
    """Write a number with three significant digits; from 100 on as a whole number.

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


def four_decimals(value: Any) -> str:
    """Write a number with at most four decimals and no needless zeros.

    >>> four_decimals(2.0), four_decimals(1.66667), four_decimals(-0.5)
    ('2', '1.6667', '-0.5')
    """
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def percent(share: float, decimals: int | None = None) -> str:
    """Write a share of 1 as percent.

    Without ``decimals`` there are as many as the number needs. A share that is neither
    none nor all is not rounded to 0 or 100.

    >>> [percent(share) for share in (0, 1, 0.9996, 0.987, 0.5, 0.004, 1 - 1e-5)]
    ['0 %', '100 %', '99.96 %', '98.7 %', '50 %', '0.4 %', 'over 99.99 %']
    >>> percent(0.98734, decimals=2)
    '98.73 %'
    """
    value = 100 * float(share)
    if decimals is not None:
        return f"{value:.{decimals}f} %"
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
    """Say between which values an array lies, and what share of them is negative.

    >>> values(np.array([-2.314, 0.5, 1.869]))
    'values from -2.31 to 1.87, 33 % of them negative'
    """
    low, high = float(data.min()), float(data.max())
    if low == high:
        return f"all values {number(low)}"
    text = f"values from {number(low)} to {number(high)}"
    share = negative_share(data)
    return text + (f", {percent(share)} of them negative" if share else "")


def negative_share(data: np.ndarray) -> float:
    """Return the share of values below zero, 0 to 1.

    What is nearer to zero than a millionth of the largest absolute value is taken for
    a rounding error, and is not negative.
    """
    noise = 1e-6 * float(np.abs(data).max())
    return float((data < -noise).mean())


def kind(channels: int) -> str:
    """Name the kind of an image with so many channels.

    >>> [kind(channels) for channels in (1, 3, 4, 8)]
    ['grey', 'RGB', 'RGBA', '8-channel']
    """
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
    """Join words with commas and "and"; there must be at least one.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


_PLAIN = {
    **{"−": "-", "≈": "~", "→": "->", "←": "<-", "·": "*", "∗": "*", "×": "x"},
    **{"∞": "infinity", "…": "...", "≤": "<=", "≥": ">="},
}
"""What stands for a sign where it cannot be written."""


def printable(text: str, encoding: str | None) -> str:
    """Write text for an output that perhaps cannot write every sign.

    >>> printable("3 → 5", "utf-8"), printable("3 → 5, 71 %", "cp1252")
    ('3 → 5', '3 -> 5, 71 %')
    """
    return "".join(
        sign if _can_be_written(sign, encoding or "utf-8") else _PLAIN.get(sign, "?")
        for sign in text
    )


def _can_be_written(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def sentence(text: str) -> str:
    """Give the text a capital first letter, and one full stop at its end."""
    text = text.strip().rstrip(".")
    return text[:1].upper() + text[1:] + "."


def shortened(text: str, most: int) -> str:
    """Cut a text that is longer than `most` characters, and show that it was cut.

    >>> shortened("[0, 0, 0, 0]", 20), shortened("[0, 0, 0, 0]", 8)
    ('[0, 0, 0, 0]', '[0, 0...')
    """
    return text if len(text) <= most else text[: most - 3] + "..."
