"""Sizes and multiply-adds of one operation, each with its formula.

The arithmetic of layers is that of `cnnlib.arithmetic`; here it is only fed with the
arguments that an operation was called with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import Any

from ..arithmetic import (
    Worked,
    conv_mult_adds,
    linear_mult_adds,
    output_size,
    pool_output_size,
    transposed_mult_adds,
    transposed_output_size,
)
from .products import attention
from .records import Op, Value

Shape = tuple[int, ...]


def each(value: Any, axes: int) -> tuple[Any, ...]:
    """Return one entry per axis: (2, 2) from 2, as PyTorch reads such arguments."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        entries = tuple(value)
        return entries * axes if len(entries) == 1 else entries
    return (value,) * axes


def tensors_of(arguments: dict[str, Any]) -> list[Value]:
    """All tensors among the arguments of an operation, in order."""
    return [item for item in _flat(arguments.values()) if isinstance(item, Value)]


def times(*factors: int) -> str:
    """Write a product without working it out."""
    return "*".join(map(str, factors)) or "1"


# -- multiply-adds ------------------------------------------------------------------


def mult_adds(op: Op) -> Worked | int | None:
    """Multiply-adds of one operation for one image; None where not counted."""
    for names, rule in _COUNTS:
        if op.name in names:
            return rule(op)
    if op.products is None:
        return 0
    if op.products.not_counted:
        return None
    return total(_factors(op.products.matrices))


def total(parts: Sequence[tuple[int, str]]) -> Worked | int:
    """Add up (number, expression) pairs to one number with one formula."""
    if not parts:
        return 0
    return Worked(sum(number for number, _ in parts), " + ".join(t for _, t in parts))


def expression(worked: Worked) -> str:
    """Left-hand side of a formula."""
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


def _factors(matrices: dict[Shape, int]) -> list[tuple[int, str]]:
    parts = []
    for sizes, count in matrices.items():
        factors = tuple(size for size in sizes if size != 1) or (1,)
        text = f"{count} * {times(*factors)}" if count > 1 else times(*factors)
        parts.append((count * prod(sizes), text))
    return parts


def _repeated(worked: Worked, count: int) -> Worked:
    if count == 1:
        return worked
    return Worked(count * worked, f"{count} * ({expression(worked)})")


def _convolution(op: Op) -> Worked:
    weight, shape = op.arguments["weight"].shape, op.outputs[0].shape
    axes = len(weight) - 2
    groups = op.arguments.get("groups", 1)
    one = conv_mult_adds(
        weight[1] * groups, weight[0], weight[2:], shape[-axes:], groups
    )
    return _repeated(one, prod(shape[: -axes - 1]))


def _transposed(op: Op) -> Worked:
    weight, shape = op.arguments["weight"].shape, op.arguments["input"].shape
    axes = len(weight) - 2
    groups = op.arguments.get("groups", 1)
    one = transposed_mult_adds(
        weight[0], weight[1] * groups, weight[2:], shape[-axes:], groups
    )
    return _repeated(one, prod(shape[: -axes - 1]))


def _linear(op: Op) -> Worked:
    *places, inputs = op.arguments["input"].shape
    outputs = op.outputs[0].shape[-1] if len(op.arguments["weight"].shape) > 1 else 1
    return linear_mult_adds(inputs, outputs, prod(places))


def _matmul(op: Op) -> Worked | int:
    left, right = (value.shape for value in tensors_of(op.arguments)[:2])
    inner = left[-1]
    sizes = (*op.outputs[0].shape[:-1], inner, *op.outputs[0].shape[-1:])
    if len(left) == 1 or len(right) == 1:
        sizes = (*op.outputs[0].shape, inner)
    return total(_factors({sizes: 1}))


def _flat(items: Any) -> list[Any]:
    found: list[Any] = []
    for item in items:
        found.extend(_flat(item) if isinstance(item, list | tuple) else [item])
    return found


def _attention(op: Op) -> Worked | int:
    values = tensors_of(op.arguments)
    products = attention(*(value.shape for value in values[:3]))
    return total([part for factors in products for part in _factors({factors: 1})])


def _recurrent(op: Op) -> Worked | int:
    """Every weight matrix is used once per step (and once per image)."""
    values = tensors_of(op.arguments)
    sequence = op.inputs[0].shape
    steps = prod(sequence[:-1])
    matrices = [v.shape for v in values if v.params and len(v.shape) == 2]
    if not matrices:
        return 0
    weights = grouped(matrices)
    return weights if steps == 1 else _repeated(weights, steps)


_COUNTS: list[tuple[set[str], Callable[[Op], Worked | int]]] = [
    ({"conv1d", "conv2d", "conv3d"}, _convolution),
    ({f"conv_transpose{n}d" for n in (1, 2, 3)}, _transposed),
    ({"linear"}, _linear),
    ({"matmul", "mm", "bmm", "mv", "dot"}, _matmul),
    ({"scaled_dot_product_attention"}, _attention),
    ({"lstm", "gru", "rnn_tanh", "rnn_relu"}, _recurrent),
    ({"lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"}, _recurrent),
]


# -- sizes ----------------------------------------------------------------------------


def shape_formula(op: Op, before: Shape, after: Shape) -> str:
    """How the output size follows from the input size; empty where it is the same.

    `before` and `after` are the shapes without the batch axis.
    """
    stem = op.name[:-2] if op.name[-2:] in ("1d", "2d", "3d") else op.name
    rule = _SIZES.get(stem)
    if rule is not None:
        return rule(op, before, after)
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


_SIZES: dict[str, Callable[[Op, Shape, Shape], str]] = {
    "conv": _convolution_size,
    "conv_transpose": _transposed_size,
    "max_pool": _pool_size,
    "avg_pool": _pool_size,
    "lp_pool": _pool_size,
    "adaptive_avg_pool": _adaptive_size,
    "adaptive_max_pool": _adaptive_size,
    "linear": _linear_size,
}
