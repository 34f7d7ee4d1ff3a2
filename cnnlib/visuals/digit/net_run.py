"""Run recorded steps in Python: what the page does, to check it before it is given out.

Values are (N, ...). ``net_run.js`` does the same for one image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .net_record import PageOp


def run(ops: Sequence[PageOp], images: Tensor) -> Tensor:
    """Return the last value for images (N, 1, H, W): scores (N, classes)."""
    values = [images]
    with torch.no_grad():
        for op in ops:
            values.append(_RUN[op.kind](op, *(values[k] for k in op.reads)))
    return values[-1]


def _conv(op: PageOp, x: Tensor) -> Tensor:
    assert op.weight is not None
    settings = {n: op.numbers[n] for n in ("stride", "padding", "dilation", "groups")}
    return F.conv2d(x, op.weight, op.vectors.get("bias"), **settings)


def _dense(op: PageOp, x: Tensor) -> Tensor:
    assert op.weight is not None
    return F.linear(x, op.weight, op.vectors.get("bias"))


def _affine(op: PageOp, x: Tensor) -> Tensor:
    ones = (1,) * (x.dim() - 2)
    factor, shift = (op.vectors[n].view(-1, *ones) for n in ("factor", "shift"))
    return x * factor + shift


def _max(op: PageOp, x: Tensor) -> Tensor:
    n = op.numbers
    return F.max_pool2d(x, n["kernel"], n["stride"], n["padding"], n["dilation"])


def _average(op: PageOp, x: Tensor) -> Tensor:
    n = op.numbers
    pads = n["counts"]
    return F.avg_pool2d(
        x, n["kernel"], n["stride"], n["padding"], count_include_pad=pads
    )


def _adaptive(op: PageOp, x: Tensor) -> Tensor:
    pooled = F.adaptive_avg_pool2d(x, op.numbers["size"])
    return pooled.reshape(len(x), *op.numbers.get("shape", pooled.shape[1:]))


_RUN: dict[str, Callable[..., Tensor]] = {
    "conv": _conv,
    "dense": _dense,
    "affine": _affine,
    "max": _max,
    "average": _average,
    "adaptive": _adaptive,
    "shape": lambda op, x: x.reshape(len(x), *op.numbers["shape"]),
    "add": lambda op, x, y: x + y,
    "same": lambda op, x: x,
    "relu": lambda op, x: x.relu(),
    "tanh": lambda op, x: x.tanh(),
    "sigmoid": lambda op, x: x.sigmoid(),
    "softmax": lambda op, x: x.softmax(1),
    "logsoftmax": lambda op, x: x.log_softmax(1),
}
