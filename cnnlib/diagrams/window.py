"""The sliding window of an operation: its kernel, stride, padding and dilation.

A layer says them itself. A call such as ``F.max_pool2d(x, 2)`` leaves no layer
behind, and there they are read from the size formula of its summary row.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnnlib.model_summary import SummaryRow

_SIZE = re.compile(
    r"(?:floor|ceil)\(\(\d+ \+ 2\*(?P<padding>\d+) - "
    r"(?:(?P<kernel>\d+)|(?P<dilation>\d+)\*\((?P<dilated>\d+)-1\) - 1)\)"
    r"/(?P<stride>\d+)\) \+ 1(?: - 1)? = "
)
"""The formula of `cnnlib.arithmetic` for the size after a window, along one axis."""


@dataclass(frozen=True)
class Window:
    """One number per axis, height before width; padding may also be "same"."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]

    @property
    def size(self) -> str:
        """``"5x5"``, or ``"5-wide"`` along one axis."""
        text = "x".join(map(str, self.kernel))
        return text if len(self.kernel) > 1 else f"{text}-wide"


def window_of(row: SummaryRow) -> Window | None:
    """Return the window that the row's operation slides, or None if it slides none."""
    axes = len(row.output_shape) - 1
    if axes < 1:
        return None
    if hasattr(row.module, "kernel_size"):
        return _of_layer(row.module, axes)
    return _of_formula(row.shape_formula, axes)


def short(numbers: Sequence[int] | str) -> str:
    """``short((2, 2))`` is ``"2"``, ``short((1, 2))`` is ``"1x2"``."""
    if isinstance(numbers, str) or len(set(numbers)) > 1:
        return numbers if isinstance(numbers, str) else "x".join(map(str, numbers))
    return str(numbers[0])


def _of_layer(layer: Any, axes: int) -> Window | None:
    kernel = _each(layer.kernel_size, axes)
    stride = _each(getattr(layer, "stride", 1), axes)
    padding = getattr(layer, "padding", 0)
    if padding == "valid":
        padding = 0
    if not isinstance(padding, str):
        padding = _each(padding, axes)
    dilation = _each(getattr(layer, "dilation", 1), axes)
    if kernel is None or stride is None or padding is None or dilation is None:
        return None
    return Window(kernel, stride, padding, dilation)


def _each(value: Any, axes: int) -> tuple[int, ...] | None:
    """Give every axis its number; None where the layer means something else by it."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,) * axes
    whole = all(isinstance(number, int) for number in values)
    return values if whole and len(values) == axes else None


def _of_formula(formula: str, axes: int) -> Window | None:
    """Read ``"floor((28 + 2*0 - 2)/2) + 1 = 14"``, one or one per axis."""
    parts = formula.split("; ") if formula else []
    if len(parts) == 1:
        parts = parts * axes
    matches = [match for match in map(_SIZE.match, parts) if match]
    if len(matches) != axes or len(parts) != axes:
        return None
    numbers = [
        {name: int(text) for name, text in match.groupdict().items() if text}
        for match in matches
    ]
    return Window(
        tuple(axis.get("kernel", axis.get("dilated", 1)) for axis in numbers),
        tuple(axis["stride"] for axis in numbers),
        tuple(axis["padding"] for axis in numbers),
        tuple(axis.get("dilation", 1) for axis in numbers),
    )
