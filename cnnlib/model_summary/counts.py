"""Multiply-adds of one operation, with their formula.

The arithmetic of layers is that of `cnnlib.arithmetic`; here it is only fed with the
arguments that an operation was called with.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from cnnlib.arithmetic import (
    Worked,
    conv_mult_adds,
    linear_mult_adds,
    transposed_mult_adds,
)

from .formulas import Shape, expression, grouped, tensors_of, times, total
from .products import attention
from .records import Op


def mult_adds(op: Op) -> Worked | int | None:
    """Multiply-adds of one operation for one image; None where not counted."""
    for names, rule in _COUNTS:
        if op.name in names:
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
