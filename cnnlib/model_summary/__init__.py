"""What a model does to its input, row by row, with the arithmetic in view.

How it works: a copy of the model, with every tensor on the meta device (`copying`), is
run once (`run`) while `trace` writes down what Python calls; `build` and `formulas`
turn that into rows, `field` adds receptive fields, `report`, `text` and `html` show
them. Where the run stops, `mismatch` finds the words.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from .build import Parameters, rows_of
from .feed import read_feed
from .layers import described
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

    Raises ValueError, naming the layer, the two numbers and the cure, where the input
    does not fit the model; TypeError where an argument is not of a legal kind.
    """
    model = described(model)
    if depth is not None and (isinstance(depth, bool) or depth < 1):
        raise ValueError(f"depth must be 1 or more, or None for all; got {depth!r}.")
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
