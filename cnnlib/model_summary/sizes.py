"""Size of what one operation gives, with its formula."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from cnnlib.arithmetic import (
    Worked,
    output_size,
    pool_output_size,
    transposed_output_size,
)

from .formulas import Shape, each, tensors_of, times
from .records import Op


def shape_formula(op: Op, before: Shape, after: Shape) -> str:
    """How the output size follows from the input size; empty where it is the same.

    `before` and `after` are the shapes without the batch axis.
    """
    stem = op.name[:-2] if op.name[-2:] in ("1d", "2d", "3d") else op.name
    rule = _SIZES.get(stem)
    if rule is not None:
        try:
            return rule(op, before, after)
        except (LookupError, TypeError, ValueError):
            return ""  # called in a way that the rule does not know
    if len(after) == 1 < len(before) and prod(before) == after[0]:
        return Worked(after[0], times(*before)).formula
    return ""


def _axes(op: Op) -> int:
    return int(op.name[-2])


def _joined(sizes: list[Worked]) -> str:
    return "; ".join(dict.fromkeys(size.formula for size in sizes))


def _windows(op: Op, defaults: dict[str, Any]) -> list[dict[str, Any]]:
    """Arguments along each axis of a layer that slides a window."""
    axes = _axes(op)
    given = {
        name: each(
            default if op.arguments.get(name) is None else op.arguments[name], axes
        )
        for name, default in defaults.items()
    }
    sizes = op.arguments["input"].shape[-axes:]
    return [
        {"size": sizes[axis]} | {name: entry[axis] for name, entry in given.items()}
        for axis in range(axes)
    ]


def _convolution_size(op: Op, before: Shape, after: Shape) -> str:
    kernel = op.arguments["weight"].shape[2:]
    defaults = {"stride": 1, "padding": 0, "dilation": 1}
    windows = _windows(op, defaults)
    return _joined(
        [output_size(kernel_size=k, **w) for k, w in zip(kernel, windows, strict=True)]
    )


def _transposed_size(op: Op, before: Shape, after: Shape) -> str:
    kernel = op.arguments["weight"].shape[2:]
    defaults = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
    windows = _windows(op, defaults)
    return _joined(
        [
            transposed_output_size(kernel_size=k, **w)
            for k, w in zip(kernel, windows, strict=True)
        ]
    )


def _pool_size(op: Op, before: Shape, after: Shape) -> str:
    kernel = each(op.arguments["kernel_size"], _axes(op))
    stride = op.arguments.get("stride")
    defaults = {"stride": kernel if stride in (None, [], ()) else stride, "padding": 0}
    windows = _windows(op, defaults | {"dilation": 1, "ceil_mode": False})
    for axis, window in enumerate(windows):
        window["stride"] = each(defaults["stride"], _axes(op))[axis]
        window["ceil_mode"] = bool(window["ceil_mode"])
    return _joined(
        [
            pool_output_size(kernel_size=k, **w)
            for k, w in zip(kernel, windows, strict=True)
        ]
    )


def _linear_size(op: Op, before: Shape, after: Shape) -> str:
    return f"out_features = {after[-1]}" if after else ""


def _adaptive_size(op: Op, before: Shape, after: Shape) -> str:
    return "size asked for: " + " x ".join(map(str, after[-_axes(op) :]))


def _cat_size(op: Op, before: Shape, after: Shape) -> str:
    axis = op.arguments.get("dim", 0)
    sizes = [value.shape[axis] for value in tensors_of(op.arguments)]
    return Worked(sum(sizes), " + ".join(map(str, sizes))).formula


def _interpolated_size(op: Op, before: Shape, after: Shape) -> str:
    sizes = [
        Worked(new, f"{old}*{new // old}" if new >= old else f"{old}/{old // new}")
        for old, new in zip(before[1:], after[1:], strict=True)
        if old != new and (new % old == 0 or old % new == 0)
    ]
    return _joined(sizes)


def _padded_size(op: Op, before: Shape, after: Shape) -> str:
    amounts = op.arguments["pad"]
    pairs = zip(amounts[::2], amounts[1::2], reversed(before), strict=False)
    sizes = [Worked(n + a + b, f"{n} + {a} + {b}") for a, b, n in pairs]
    return _joined(sizes[::-1])


_SIZES: dict[str, Callable[[Op, Shape, Shape], str]] = {
    "conv": _convolution_size,
    "conv_transpose": _transposed_size,
    "max_pool": _pool_size,
    "avg_pool": _pool_size,
    "lp_pool": _pool_size,
    "adaptive_avg_pool": _adaptive_size,
    "adaptive_max_pool": _adaptive_size,
    "linear": _linear_size,
    "cat": _cat_size,
    "interpolate": _interpolated_size,
    "pad": _padded_size,
}
