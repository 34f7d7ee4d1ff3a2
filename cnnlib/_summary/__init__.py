"""What a model does to its input, row by row, with the arithmetic in view."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from .build import Parameters, rows_of
from .copying import runnable_copy
from .report import Summary
from .row import Row
from .sizes import floating_dtype, read_data, read_sizes
from .state import nothing_changed
from .trace import Tracer

__all__ = ["Row", "Summary", "summary"]


def summary(
    model: nn.Module,
    input_size: Any = None,
    *,
    input_data: Any = None,
    dtypes: Any = None,
) -> Summary:
    """Table of everything that `model` does to one input of size `input_size`."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"summary needs a torch.nn.Module; got {type(model).__name__}.")
    if input_data is not None:
        sizes, dtypes = read_data(input_data)
    else:
        sizes = read_sizes(input_size)
    if dtypes is None:
        dtypes = [floating_dtype(model)] * len(sizes)
    with nothing_changed():
        copied, owners = runnable_copy(model, meta=True)
        tracer = Tracer(copied, owners, meta=True)
        inputs = [
            torch.empty((1, *size), dtype=dtype, device="meta")
            for size, dtype in zip(sizes, dtypes, strict=True)
        ]
        with torch.no_grad(), tracer.watching(copied):
            for tensor in inputs:
                tracer.mark_input(tensor)
            copied(*inputs)
    values = [v for step in tracer.steps for v in (*step.inputs, *step.outputs)]
    values += [
        v for s in tracer.steps for op in s.ops for v in (*op.inputs, *op.outputs)
    ]
    shapes = {
        v.key: v.shape[1:] if v.shape[:1] == (1,) else v.shape
        for v in values
        if v.key >= 0
    }
    modules = dict(zip(map(id, copied.modules()), model.modules(), strict=True))
    parameters = Parameters(model)
    rows = rows_of(tracer.steps, shapes, parameters, modules)
    return Summary(
        type(model).__name__,
        sizes,
        rows,
        sum(p.numel() for p in model.parameters()),
        sum(p.numel() for p in model.parameters() if p.requires_grad),
    )
