"""What a model does to its input, row by row, with the arithmetic in view."""

from __future__ import annotations

from typing import Any

from torch import nn

from .build import Parameters, rows_of
from .feed import read_feed
from .names import class_name
from .report import Summary
from .row import Row
from .run import observe
from .view import add_receptive_fields

__all__ = ["Row", "Summary", "summary"]


def summary(
    model: nn.Module,
    input_size: Any = None,
    *,
    input_data: Any = None,
    dtypes: Any = None,
    depth: int | None = None,
    formulas: bool | None = None,
) -> Summary:
    """Table of everything that `model` does to one input of size `input_size`."""
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"summary describes a torch.nn.Module; got {type(model).__name__}."
        )
    feed = read_feed(model, input_size, input_data, dtypes)
    seen = observe(model, feed)
    parameters = Parameters(model, seen.parameters)
    rows = rows_of(seen.steps, seen.shapes, parameters, seen.modules)
    add_receptive_fields(rows, seen.steps, seen.inputs)
    return Summary(
        model_name=type(model).__name__,
        input_shapes=[slot.size for slot in feed.tensors],
        rows=rows,
        total_params=parameters.total,
        trainable_params=parameters.trainable,
        notes=[*seen.notes, *parameters.unused_notes()],
        kinds={name: class_name(module) for name, module in model.named_modules()},
        depth=depth,
        formulas=formulas,
    )
