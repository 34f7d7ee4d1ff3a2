"""One axis at a time: the rules that rows and columns follow alike.

Names here are PyTorch's, shortened: n is the size of the input along the axis, k the
kernel, s the stride, p the padding on each side, d the dilation.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from .inputs import Pair, pair
from .value import Worked

Sides: TypeAlias = tuple[Pair, Pair]  # ((top, bottom), (left, right))


def windows_over(n: int, k: int, s: int, sides: Pair, d: int) -> np.ndarray:
    """Count, for each of n pixels along an axis, the windows that have a tap on it."""
    windows = int(convolved(n, k, s, sides, d))
    first = np.arange(windows)[:, None] * s - sides[0]
    touched = (first + np.arange(k) * d).ravel()
    return np.bincount(touched[(touched >= 0) & (touched < n)], minlength=n)


def convolved(n: int, k: int, s: int, sides: Pair, d: int) -> Worked:
    """Size after a convolution with `sides` = (before, after) padding."""
    before, after = sides
    room = n + before + after - _span(k, d)
    padding = f"2*{before}" if before == after else f"{before} + {after}"
    if room < 0:
        raise ValueError(
            f"The kernel spans {_span(k, d)} pixels (kernel_size {k}, dilation {d}), "
            f"but the padded input has only {n + before + after} ({n} + {padding}): "
            f"use a smaller kernel or more padding."
        )
    return Worked(room // s + 1, f"floor(({n} + {padding} - {_less(k, d)})/{s}) + 1")


def pooled(n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> Worked:
    """Size after a pooling; what rounding up adds may be dropped again."""
    if p > k // 2:
        raise ValueError(
            f"padding must be at most half of the pooling window, but {p} is more "
            f"than half of {k}."
        )
    room = n + 2 * p - _span(k, d)
    count = (-(-room // s) if ceil_mode else room // s) + 1
    dropped = ceil_mode and (count - 1) * s >= n + p
    if count - dropped < 1:
        raise ValueError(
            f"The pooling window spans {_span(k, d)} pixels (kernel_size {k}, "
            f"dilation {d}), but the padded input has only {n + 2 * p} ({n} + 2*{p}): "
            f"use a smaller window."
        )
    rounding = "ceil" if ceil_mode else "floor"
    formula = f"{rounding}(({n} + 2*{p} - {_less(k, d)})/{s}) + 1"
    return Worked(count - dropped, formula + (" - 1" if dropped else ""))


def transposed(n: int, k: int, s: int, p: int, extra: int, d: int) -> Worked:
    """Size after a transposed convolution with `extra` output padding."""
    if extra >= max(s, d):
        raise ValueError(
            f"output_padding must be smaller than the stride or the dilation, but "
            f"{extra} is not smaller than {s} or {d}."
        )
    size = (n - 1) * s - 2 * p + _span(k, d) + extra
    kernel = f"{k}" if d == 1 else f"{d}*({k}-1) + 1"
    formula = f"({n}-1)*{s} - 2*{p} + {kernel}" + (f" + {extra}" if extra else "")
    if size < 1:
        raise ValueError(
            f"Nothing is left of the map: {formula} = {size}. "
            f"Use less padding or a larger input."
        )
    return Worked(size, formula)


def same(k: int, d: int) -> tuple[Worked, Worked]:
    """Give the padding before and after that makes up for the kernel's span."""
    total = d * (k - 1)
    text = f"({k}-1)" if d == 1 else f"{d}*({k}-1)"
    before, after = total // 2, total - total // 2
    return Worked(before, f"floor({text}/2)"), Worked(after, f"ceil({text}/2)")


def sides(padding: Any, kernels: Pair, strides: Pair, dilations: Pair) -> Sides:
    """Give the padding before and after, for rows and for columns."""
    if padding == "same":
        if strides != (1, 1):
            raise ValueError(
                f"padding='same' needs stride 1, but stride is {strides}: with a "
                f"larger stride the map cannot keep its size."
            )
        rows, columns = map(same, kernels, dilations)
        return rows, columns
    if isinstance(padding, str) and padding != "valid":
        raise ValueError(
            f"padding must be a whole number, a pair (height, width), 'valid' or "
            f"'same', but it is {padding!r}."
        )
    rows_, columns_ = (0, 0) if padding == "valid" else pair(padding, "padding", 0)
    return (rows_, rows_), (columns_, columns_)


def no_text(padding: Any, what: str) -> None:
    """Refuse 'same' and 'valid' where PyTorch has no such padding."""
    if isinstance(padding, str):
        raise TypeError(
            f"padding of {what} must be a whole number or a pair (height, width); "
            f"words such as {padding!r} exist for convolutions only."
        )


def _span(k: int, d: int) -> int:
    """Pixels from the first to the last tap of a dilated kernel."""
    return d * (k - 1) + 1


def _less(k: int, d: int) -> str:
    """Write the span so that it can follow a minus sign."""
    return f"{k}" if d == 1 else f"{d}*({k}-1) - 1"
