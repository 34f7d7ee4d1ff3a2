"""Multiply-adds of one operation and the size of what it gives, with formulas.

The arithmetic of layers is that of `cnnlib.arithmetic`; here it only gets the
arguments that an operation was called with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import Any

from cnnlib.arithmetic import (
    Worked,
    conv_mult_adds,
    linear_mult_adds,
    output_size,
    pool_output_size,
    transposed_mult_adds,
    transposed_output_size,
)
from cnnlib.arithmetic.value import times

from .records import Shape, TracedOp, attention_products, base_name, each, tensors_of

# -- multiply-adds --------------------------------------------------------------------


def mult_adds(op: TracedOp) -> Worked | int | None:
    """Multiply-adds of one operation for one image; None where not counted."""
    rule = _COUNTS.get(op.name)
    if rule is not None:
        try:
            return rule(op)
        except (LookupError, TypeError, ValueError):
            return None  # called in a way that the rule does not know
    if op.products is None:
        return 0
    if op.products.not_counted:
        return None
    return total(_factors(op.products.matrices))


def _factors(matrices: dict[Shape, int]) -> list[tuple[int, str]]:
    """Multiply-adds of matrix products and their formulas, from sizes and how often."""
    parts = []
    for sizes, count in matrices.items():
        factors = tuple(size for size in sizes if size != 1) or (1,)
        text = f"{count} * {times(*factors)}" if count > 1 else times(*factors)
        parts.append((count * prod(sizes), text))
    return parts


def _repeated(worked: Worked, count: int) -> Worked:
    """Multiply a number, and its formula, by `count`."""
    if count == 1:
        return worked
    return Worked(count * worked, f"{count} * ({expression(worked)})")


def _convolution(op: TracedOp) -> Worked:
    weight, shape = op.arguments["weight"].shape, op.outputs[0].shape
    axes = len(weight) - 2
    groups = op.arguments.get("groups", 1)
    one = conv_mult_adds(
        weight[1] * groups, weight[0], weight[2:], shape[-axes:], groups
    )
    return _repeated(one, prod(shape[: -axes - 1]))


def _transposed(op: TracedOp) -> Worked:
    weight, shape = op.arguments["weight"].shape, op.arguments["input"].shape
    axes = len(weight) - 2
    groups = op.arguments.get("groups", 1)
    one = transposed_mult_adds(
        weight[0], weight[1] * groups, weight[2:], shape[-axes:], groups
    )
    return _repeated(one, prod(shape[: -axes - 1]))


def _linear(op: TracedOp) -> Worked:
    *places, inputs = op.arguments["input"].shape
    outputs = op.outputs[0].shape[-1] if len(op.arguments["weight"].shape) > 1 else 1
    return linear_mult_adds(inputs, outputs, prod(places))


def _matmul(op: TracedOp) -> Worked | int:
    left, right = (value.shape for value in tensors_of(op.arguments)[:2])
    inner = left[-1]
    sizes = (*op.outputs[0].shape[:-1], inner, *op.outputs[0].shape[-1:])
    if len(left) == 1 or len(right) == 1:
        sizes = (*op.outputs[0].shape, inner)
    return total(_factors({sizes: 1}))


def _attention(op: TracedOp) -> Worked | int:
    query, key, value = tensors_of(op.arguments)[:3]
    products = attention_products(query.shape, key.shape, value.shape)
    return total([part for factors in products for part in _factors({factors: 1})])


def _recurrent(op: TracedOp) -> Worked | int:
    """Every weight matrix is used once per step (and once per image)."""
    values = tensors_of(op.arguments)
    sequence = op.inputs[0].shape
    steps = prod(sequence[:-1])
    matrices = [v.shape for v in values if v.params and len(v.shape) == 2]
    if not matrices:
        return 0
    weights = grouped(matrices)
    return weights if steps == 1 else _repeated(weights, steps)


_COUNTS: dict[str, Callable[[TracedOp], Worked | int]] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **{f"conv_transpose{axes}d": _transposed for axes in (1, 2, 3)},
    "linear": _linear,
    **dict.fromkeys(("matmul", "mm", "bmm", "mv", "dot"), _matmul),
    "scaled_dot_product_attention": _attention,
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _recurrent),
    **dict.fromkeys(
        ("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"), _recurrent
    ),
}


# -- size of the output ---------------------------------------------------------------


def shape_formula(op: TracedOp, before: Shape, after: Shape) -> str:
    """How the output size follows from the input size; empty where it is the same.

    `before` and `after` are the shapes without the batch axis.
    """
    rule = _SIZES.get(base_name(op.name))
    if rule is not None:
        try:
            return rule(op, before, after)
        except (LookupError, TypeError, ValueError):
            return ""  # called in a way that the rule does not know
    if len(after) == 1 < len(before) and prod(before) == after[0]:
        return Worked(after[0], times(*before)).formula
    return ""


def _axes(op: TracedOp) -> int:
    return int(op.name[-2])


def _formulas_text(sizes: list[Worked]) -> str:
    return "; ".join(dict.fromkeys(size.formula for size in sizes))


def _window_arguments(op: TracedOp, defaults: dict[str, Any]) -> list[dict[str, Any]]:
    """Size and arguments along each axis of a layer that slides a window."""
    axes = _axes(op)
    arguments = {
        name: each(
            default if op.arguments.get(name) is None else op.arguments[name], axes
        )
        for name, default in defaults.items()
    }
    sizes = op.arguments["input"].shape[-axes:]
    return [
        {"size": sizes[axis]} | {name: entry[axis] for name, entry in arguments.items()}
        for axis in range(axes)
    ]


def _convolution_size(op: TracedOp, before: Shape, after: Shape) -> str:
    kernel = op.arguments["weight"].shape[2:]
    defaults = {"stride": 1, "padding": 0, "dilation": 1}
    windows = _window_arguments(op, defaults)
    return _formulas_text(
        [output_size(kernel_size=k, **w) for k, w in zip(kernel, windows, strict=True)]
    )


def _transposed_size(op: TracedOp, before: Shape, after: Shape) -> str:
    kernel = op.arguments["weight"].shape[2:]
    defaults = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}
    windows = _window_arguments(op, defaults)
    return _formulas_text(
        [
            transposed_output_size(kernel_size=k, **w)
            for k, w in zip(kernel, windows, strict=True)
        ]
    )


def _pool_size(op: TracedOp, before: Shape, after: Shape) -> str:
    kernel = each(op.arguments["kernel_size"], _axes(op))
    stride = op.arguments.get("stride")
    defaults = {"stride": kernel if stride in (None, [], ()) else stride, "padding": 0}
    windows = _window_arguments(op, defaults | {"dilation": 1, "ceil_mode": False})
    for axis, window in enumerate(windows):
        window["stride"] = each(defaults["stride"], _axes(op))[axis]
        window["ceil_mode"] = bool(window["ceil_mode"])
    return _formulas_text(
        [
            pool_output_size(kernel_size=k, **w)
            for k, w in zip(kernel, windows, strict=True)
        ]
    )


def _linear_size(op: TracedOp, before: Shape, after: Shape) -> str:
    return f"out_features = {after[-1]}" if after else ""


def _adaptive_size(op: TracedOp, before: Shape, after: Shape) -> str:
    return "size asked for: " + " x ".join(map(str, after[-_axes(op) :]))


def _cat_size(op: TracedOp, before: Shape, after: Shape) -> str:
    axis = op.arguments.get("dim", 0)
    sizes = [value.shape[axis] for value in tensors_of(op.arguments)]
    return Worked(sum(sizes), " + ".join(map(str, sizes))).formula


def _interpolated_size(op: TracedOp, before: Shape, after: Shape) -> str:
    sizes = [
        Worked(new, f"{old}*{new // old}" if new >= old else f"{old}/{old // new}")
        for old, new in zip(before[1:], after[1:], strict=True)
        if old != new and (new % old == 0 or old % new == 0)
    ]
    return _formulas_text(sizes)


def _padded_size(op: TracedOp, before: Shape, after: Shape) -> str:
    amounts = op.arguments["pad"]
    pairs = zip(amounts[::2], amounts[1::2], reversed(before), strict=False)
    sizes = [Worked(n + a + b, f"{n} + {a} + {b}") for a, b, n in pairs]
    return _formulas_text(sizes[::-1])


_SIZES: dict[str, Callable[[TracedOp, Shape, Shape], str]] = {
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


# -- formulas -------------------------------------------------------------------------


def total(parts: Sequence[tuple[int, str]]) -> Worked | int:
    """Add up (number, expression) pairs to one number with one formula."""
    if not parts:
        return 0
    return Worked(sum(number for number, _ in parts), " + ".join(t for _, t in parts))


def expression(worked: Worked) -> str:
    """Left-hand side of a formula, before its equals sign."""
    return worked.formula.rsplit(" = ", 1)[0]


def grouped(shapes: Iterable[Shape]) -> Worked:
    """Add up the sizes of tensors, equal ones together: "2 * 64*32 + 2 * 64 = ..."."""
    counts = Counter(shapes)
    parts = [
        (
            count * prod(shape),
            times(*shape) if count == 1 else f"{count} * {times(*shape)}",
        )
        for shape, count in counts.items()
    ]
    return Worked(sum(n for n, _ in parts), " + ".join(text for _, text in parts))
