"""The rows of a summary: what each operation does to the tensor, and what it costs.

`rows_of` makes them from the steps of a run; `folded` puts them together for a table
that fits the page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from math import prod
from typing import Any

from torch import nn
from torch.nn.parameter import UninitializedParameter

from cnnlib.arithmetic import Worked, batch_norm_params, conv_params, linear_params

from .counts import expression, grouped, mult_adds, shape_formula, total
from .operations import class_name, is_leaf
from .records import Shape, TracedStep, TracedTensor


@dataclass
class SummaryRow:
    """One operation that changes the tensor: a layer, or a call such as ``F.relu``.

    Shapes are those of one image: the batch axis is left out. ``mult_adds`` is None
    where the work is not counted, ``receptive_field`` and ``jump`` are None where
    they are not defined. Everything else is a number or a text, never None, except
    ``module`` (None for an operation that is not a layer) and ``shared_with``.
    """

    name: str
    """Qualified name, "features.0"; an operation without a layer is "block.relu"."""
    kind: str
    """Class of the layer ("Conv2d") or name of the operation ("relu", "flatten")."""
    depth: int
    """1 for the model's own layers and operations, 2 for those inside them, ..."""
    input_shape: Shape
    """Shape of the first input, without the batch axis."""
    output_shape: Shape
    """Shape of the first output, without the batch axis."""
    shape_formula: str = ""
    """How the output size follows, "floor((28 + 2*1 - 3)/1) + 1 = 28"; or empty."""
    params: int = 0
    """Parameters counted in this row; each one is counted once, where first used."""
    params_formula: str = ""
    """How many they are, "(3*3*1 + 1)*3 = 30"; or empty."""
    mult_adds: int | None = 0
    """Multiply-adds for one image, weights only; None where not counted."""
    mult_adds_formula: str = ""
    """How many they are, "3*3*1 * 3 * 100*100 = 270,000"; or empty."""
    receptive_field: Shape | None = None
    """Pixels of the input that one value of the output sees, along each axis."""
    jump: tuple[int | float, ...] | None = None
    """Input pixels between neighbours in the output, along each axis."""
    activation_bytes: int = 0
    """Bytes that hold the output for one image."""
    share_params: float = 0.0
    """Part of the model's parameters, 0 to 1."""
    share_mult_adds: float = 0.0
    """Part of the counted multiply-adds, 0 to 1."""
    module: nn.Module | None = field(default=None, repr=False)
    """The layer itself (of the model that was given), or None."""
    functional: bool = False
    """True for an operation that is not a layer."""
    shared_with: str | None = None
    """Name of the earlier row that counts this row's parameters, or None."""
    trainable_params: int = 0
    """Those of `params` that require a gradient."""
    input_shapes: tuple[Shape, ...] = ()
    """Shapes of all inputs, without the batch axis."""
    output_shapes: tuple[Shape, ...] = ()
    """Shapes of all outputs, without the batch axis."""
    receptive_start: tuple[int | float, ...] | None = None
    """First input pixel that the output's first value sees; negative in the padding."""
    whole_image: bool = False
    """True where every value sees as much of the image as the net can see at all."""
    reuses_memory: bool = field(default=False, repr=False)
    """True where the output is a view of the input, or overwrites it."""
    receptive_least: Shape | None = field(default=None, repr=False)
    """The fewest pixels that a value sees, where `receptive_field` is the most: after
    upsampling, values do not all see the same number. None where they do."""
    sources: tuple[int | None, ...] = field(default=(), repr=False)
    """Where each input comes from: the number of the row that made it, -1 for the
    model's first input, -2 for its second, None for what depends on no input."""


def rows_of(
    steps: list[TracedStep],
    inputs: list[TracedTensor],
    shapes: dict[int, Shape],
    parameters: Parameters,
    modules: dict[int, nn.Module],
) -> list[SummaryRow]:
    """One `SummaryRow` for each step.

    `inputs` are the model's, `shapes` those without the batch axis, by the key of the
    tensor; `modules` are the model's own, by the id of their copies.
    """
    rows = [_row_of(step, shapes, parameters, modules) for step in steps]
    _join(rows, steps, inputs)
    all_params = parameters.total
    all_work = sum(row.mult_adds or 0 for row in rows)
    for row in rows:
        row.share_params = row.params / all_params if all_params else 0.0
        row.share_mult_adds = (row.mult_adds or 0) / all_work if all_work else 0.0
    return rows


def rows_of_layers(model: nn.Module, parameters: Parameters) -> list[SummaryRow]:
    """One row for each layer, and for each module with parameters of its own.

    They have no shapes, since nothing has run.
    """
    rows = []
    for name, module in model.named_modules():
        own = [module] if is_leaf(module) else list(module.parameters(recurse=False))
        if not own:
            continue
        kind = class_name(module)
        path = name or kind
        row = SummaryRow(path, kind, path.count(".") + 1, (), (), module=module)
        row.mult_adds = None
        tensors = module.parameters(recurse=is_leaf(module))
        _add_params(row, [id(p) for p in tensors], module, parameters)
        rows.append(row)
    for row in rows:
        row.share_params = row.params / parameters.total if row.params else 0.0
    return rows


def _row_of(
    step: TracedStep,
    shapes: dict[int, Shape],
    parameters: Parameters,
    modules: dict[int, nn.Module],
) -> SummaryRow:
    module = None if step.module is None else modules.get(id(step.module), step.module)
    inputs = tuple(_shape(tensor, shapes) for tensor in step.inputs)
    outputs = tuple(_shape(tensor, shapes) for tensor in step.outputs)
    row = SummaryRow(
        name=step.name,
        kind=step.kind,
        depth=step.name.count(".") + 1,
        input_shape=inputs[0] if inputs else (),
        output_shape=outputs[0],
        input_shapes=inputs,
        output_shapes=outputs,
        module=module,
        functional=module is None,
        activation_bytes=sum(
            prod(shape) * tensor.dtype.itemsize
            for shape, tensor in zip(outputs, step.outputs, strict=True)
        ),
        reuses_memory=all(op.reuses_memory for op in step.ops),
    )
    _count_params(row, step, parameters)
    _count_work(row, step)
    _explain_size(row, step, shapes)
    row.shared_with = row.shared_with or step.called_before
    return row


def _join(
    rows: list[SummaryRow], steps: list[TracedStep], inputs: list[TracedTensor]
) -> None:
    """Say of each row which rows made its inputs.

    What was written to in part has no row of its own; it is that of the row before.
    """
    made = {tensor.key: -1 - place for place, tensor in enumerate(inputs)}
    for number, (row, step) in enumerate(zip(rows, steps, strict=True)):
        row.sources = tuple(
            made.get(tensor.key, number - 1) if tensor.active else None
            for tensor in step.inputs
        )
        made |= {tensor.key: number for tensor in step.outputs if tensor.active}


def _shape(tensor: TracedTensor, shapes: dict[int, Shape]) -> Shape:
    return shapes.get(tensor.key, tensor.shape)


def _count_params(row: SummaryRow, step: TracedStep, parameters: Parameters) -> None:
    used = [id(p) for p in row.module.parameters()] if row.module else []
    used += [key for op in step.ops for key in parameters.in_order(op.params)]
    _add_params(row, used, step.module, parameters)


def _add_params(
    row: SummaryRow, used: list[int], module: Any, parameters: Parameters
) -> None:
    fresh, row.shared_with = parameters.count_in(row.name, used)
    tensors = [parameters.all[key] for key in fresh]
    row.params = sum(p.numel() for p in tensors)
    row.trainable_params = sum(p.numel() for p in tensors if p.requires_grad)
    if row.params:
        worked = _params_of_layer(module)
        if worked is None or worked != row.params:
            worked = grouped([tuple(p.shape) for p in tensors])
        row.params_formula = worked.formula
        if row.shared_with:
            row.params_formula += f"; the others are shared with {row.shared_with}"
    elif row.shared_with:
        row.params_formula = f"shared with {row.shared_with}"


def _params_of_layer(module: Any) -> Worked | None:
    """Parameters by the formula that textbooks give for a layer, if there is one."""
    if isinstance(module, nn.modules.conv._ConvNd):
        return conv_params(
            module.in_channels,
            module.out_channels,
            module.kernel_size,
            module.bias is not None,
            module.groups,
        )
    if isinstance(module, nn.Linear):
        return linear_params(
            module.in_features, module.out_features, module.bias is not None
        )
    if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.affine:
        return batch_norm_params(module.num_features)
    return None


def _count_work(row: SummaryRow, step: TracedStep) -> None:
    counts = [mult_adds(op) for op in step.ops]
    if any(count is None for count in counts):
        row.mult_adds = None
        return
    parts = [(int(c), expression(c)) for c in counts if isinstance(c, Worked)]
    worked = total(parts)
    row.mult_adds = int(worked)
    row.mult_adds_formula = worked.formula if isinstance(worked, Worked) else ""


def _explain_size(row: SummaryRow, step: TracedStep, shapes: dict[int, Shape]) -> None:
    for op in step.ops:
        before = _shape(op.inputs[0], shapes)
        text = shape_formula(op, before, _shape(op.outputs[0], shapes))
        row.shape_formula = text or row.shape_formula


class Parameters:
    """The model's parameters; each is counted in one row, the first that uses it."""

    def __init__(self, model: nn.Module, copies: dict[int, nn.Parameter]) -> None:
        """Take the model's parameters; lazy ones have a size in their `copies` only."""
        named = {id(p): (name, p) for name, p in model.named_parameters()}
        self.names = {key: name for key, (name, _) in named.items()}
        sized = {
            key: copies.get(key, p) if isinstance(p, UninitializedParameter) else p
            for key, (_, p) in named.items()
        }
        self.all = {
            key: p
            for key, p in sized.items()
            if not isinstance(p, UninitializedParameter)
        }
        self.order = {key: position for position, key in enumerate(self.all)}
        self.counted_in: dict[int, str] = {}
        """Name of the row that counts a parameter, by the parameter's id."""

    @property
    def total(self) -> int:
        """How many numbers they hold."""
        return sum(p.numel() for p in self.all.values())

    @property
    def trainable(self) -> int:
        """How many of these require a gradient."""
        return sum(p.numel() for p in self.all.values() if p.requires_grad)

    def in_order(self, ids: frozenset[int]) -> list[int]:
        """Sort parameters as the model lists them; those of no model are left out."""
        return sorted(
            (key for key in ids if key in self.order), key=self.order.__getitem__
        )

    def count_in(self, name: str, used: list[int]) -> tuple[list[int], str | None]:
        """Count parameters in row `name` if no row has counted them.

        Returns the ids of those, and the name of the row that counts the first of the
        others, if there are any.
        """
        used = [key for key in dict.fromkeys(used) if key in self.all]
        fresh = [key for key in used if key not in self.counted_in]
        others = [self.counted_in[key] for key in used if key in self.counted_in]
        self.counted_in.update(dict.fromkeys(fresh, name))
        return fresh, others[0] if others else None

    def unused_notes(self) -> list[str]:
        """Say which parameters are in the total and in no row."""
        unused = {
            self.names[key]: parameter.numel()
            for key, parameter in self.all.items()
            if key not in self.counted_in
        }
        used = [self.names[key] for key in self.all if key in self.counted_in]
        sizes: dict[str, int] = {}
        for name, size in unused.items():
            module = _largest_unused(name, used)
            sizes[module] = sizes.get(module, 0) + size
        if not sizes:
            return []
        shown = [f"{module} ({size:,})" for module, size in list(sizes.items())[:4]]
        more = f" and {len(sizes) - 4} more places" if len(sizes) > 4 else ""
        return [
            f"{sum(sizes.values()):,} parameters are in the total but in no row, since "
            f"nothing in this run used them: {', '.join(shown)}{more}."
        ]


def _largest_unused(name: str, used: list[str]) -> str:
    """Name the largest module around a parameter that has no used parameter."""
    parts = name.split(".")
    for length in range(1, len(parts)):
        prefix = ".".join(parts[:length])
        if not any(other.startswith(f"{prefix}.") for other in used):
            return prefix
    return name


# -- fewer rows -----------------------------------------------------------------------


def folded(
    rows: list[SummaryRow], depth: int, kinds: dict[str, str]
) -> list[SummaryRow]:
    """Put rows that lie deeper than `depth` together, into one for their module.

    `kinds` are the classes of the modules, by name.
    """

    def module_of(row: SummaryRow) -> str:
        return ".".join(row.name.split(".")[:depth])

    shown: list[SummaryRow] = []
    for name, group in groupby(rows, module_of):
        inside = list(group)
        if all(row.depth <= depth for row in inside):
            shown.extend(inside)
        else:
            shown.append(_together(name, inside, depth, kinds))
    return shown


def _together(
    name: str, rows: list[SummaryRow], depth: int, kinds: dict[str, str]
) -> SummaryRow:
    first, last = rows[0], rows[-1]
    counted = [row.mult_adds for row in rows]
    return SummaryRow(
        name=name,
        kind=kinds.get(name, ""),
        depth=depth,
        input_shape=first.input_shape,
        output_shape=last.output_shape,
        input_shapes=first.input_shapes,
        output_shapes=last.output_shapes,
        params=sum(row.params for row in rows),
        trainable_params=sum(row.trainable_params for row in rows),
        mult_adds=None if None in counted else sum(count or 0 for count in counted),
        receptive_field=last.receptive_field,
        receptive_start=last.receptive_start,
        receptive_least=last.receptive_least,
        jump=last.jump,
        whole_image=last.whole_image,
        activation_bytes=sum(r.activation_bytes for r in rows if not r.reuses_memory),
        share_params=sum(row.share_params for row in rows),
        share_mult_adds=sum(row.share_mult_adds for row in rows),
    )
