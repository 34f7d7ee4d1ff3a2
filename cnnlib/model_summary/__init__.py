"""What a model does to its input, row by row, with the arithmetic in view.

A copy of the model without weights is run once, on the meta device, while every call
of a PyTorch function is written down; that becomes rows. The modules, in the order in
which one reads them:

- `feed`: the inputs of a run, from the sizes that the caller gives
- `records`: what is written down: tensors, operations, steps, where a run stopped
- `operations`: names of PyTorch's operations and of their arguments; which layers make
  one row
- `tensors`: what is known about each tensor, and how it stays on the meta device
- `names`: under which of its names a module is called
- `trace`: watching a run
- `untouched`: the copy that is run; nothing of the user's changes
- `errors`, `misfits`: where a run stopped, and the sentence for shapes that do not fit
- `run`: the runs themselves, with or without weights, and the batch axis
- `counts`: multiply-adds and sizes of one operation, with formulas
- `rows`: the rows
- `tracks`, `mixing`, `fields`: receptive fields: one axis of the input in one tensor,
  rules for operations that mix or move values, rules for windows
- `report`: the summary, as text and as HTML
"""

from __future__ import annotations

from typing import Any

from torch import nn

from .feed import read_feed
from .fields import add_receptive_fields
from .operations import class_name, described
from .report import Summary
from .rows import Parameters, SummaryRow, rows_of, rows_of_layers
from .run import observe

__all__ = ["Summary", "SummaryRow", "summary"]


def summary(
    model: nn.Module,
    input_size: Any = None,
    *,
    input_data: Any = None,
    dtypes: Any = None,
    depth: int | None = None,
    formulas: bool | None = None,
) -> Summary:
    """Table of everything that `model` does to one input of size `input_size`.

    One row for each operation that changes the tensor: layers under their own names,
    and calls such as ``F.relu(x)`` or ``x + y`` under the name of the module they
    stand in. Each row shows shape, parameters and multiply-adds with their formulas,
    the receptive field, and the shares of all parameters and of all the work.

    ``input_size`` leaves the batch out: (1, 28, 28) is one grey image. A model with
    several inputs takes a list of sizes, or a dict by keyword. ``input_data`` takes
    tensors (with their batch axis) instead, of which only shape and type are used.
    ``dtypes`` is one torch.dtype, or one for each input; without it inputs are of the
    model's precision, and whole numbers where an embedding looks them up. ``depth``
    puts rows together that lie deeper in the model, in what is shown; ``rows`` always
    has them all. ``formulas`` shows or hides them; by default a long table hides them.

    Multiply-adds count weights only (no bias), for one input, as half of what
    ``torch.utils.flop_counter`` reports for convolutions and matrix products.
    Attention and recurrent layers are counted too. Work with no rule is marked "not
    counted". Parameters are counted once, where they are first used; those that
    nothing uses are in the total, and a note says so. The model is described in
    evaluation mode.

    Receptive fields are theoretical: they may reach into the padding and beyond the
    image. Where branches join, the larger one counts. Once an operation has mixed all
    positions (a linear layer after flattening, global pooling, attention) the field
    is the whole image, clipped to what the net can reach. Where an operation moves
    pixels in a way that is not followed, the field is None and stays so.

    The model is not touched: a copy without weights is run on the meta device. Only
    where the code of the model looks at values, a copy with weights is run, and a
    note says so.

    >>> net = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU())
    >>> summary(net, (1, 28, 28)).rows[0].mult_adds_formula
    '3*3*1 * 3 * 28*28 = 21,168'

    Without a size there is no run: the table has the layers with their parameters.

    Raises ValueError, naming the layer, the two numbers and the cure, where the input
    does not fit the model; TypeError where an argument is not of a legal kind.
    """
    model = described(model)
    if depth is not None and (isinstance(depth, bool) or depth < 1):
        raise ValueError(f"depth must be 1 or more, or None for all; got {depth!r}.")
    if input_size is None and input_data is None:
        return _without_run(model, depth, formulas)
    feed = read_feed(model, input_size, input_data, dtypes)
    run = observe(model, feed)
    parameters = Parameters(run.model, run.parameters)
    rows = rows_of(run.steps, run.inputs, run.shapes, parameters, run.modules)
    add_receptive_fields(rows, run.steps, run.inputs)
    return Summary(
        model_name=type(model).__name__,
        input_shapes=[slot.size for slot in feed.tensors],
        rows=rows,
        total_params=parameters.total,
        trainable_params=parameters.trainable,
        notes=[*run.notes, *parameters.unused_notes()],
        kinds={name: class_name(module) for name, module in run.model.named_modules()},
        depth=depth,
        formulas=formulas,
    )


def _without_run(model: nn.Module, depth: int | None, formulas: bool | None) -> Summary:
    """Show what is known without an input: the layers and their parameters."""
    parameters = Parameters(model, {})
    return Summary(
        model_name=type(model).__name__,
        input_shapes=[],
        rows=rows_of_layers(model, parameters),
        total_params=parameters.total,
        trainable_params=parameters.trainable,
        notes=[
            "Without the size of an input only the parameters are known. With it, as "
            "in summary(model, (1, 28, 28)), the table also has shapes, work and "
            "receptive fields."
        ],
        kinds={name: class_name(module) for name, module in model.named_modules()},
        depth=depth,
        formulas=formulas,
    )
