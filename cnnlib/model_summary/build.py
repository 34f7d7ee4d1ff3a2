"""Turn what a run wrote down into rows."""

from __future__ import annotations

from math import prod
from typing import Any

from torch import nn
from torch.nn.parameter import UninitializedParameter

from cnnlib.arithmetic import Worked, batch_norm_params, conv_params, linear_params

from . import formulas
from .counts import mult_adds
from .records import Step, Value
from .row import Row, Shape
from .sizes import shape_formula


class Parameters:
    """The model's parameters, each handed out once, to the row that uses it first."""

    def __init__(self, model: nn.Module, copies: dict[int, nn.Parameter]) -> None:
        """Take the model's parameters; lazy ones have a size in their `copies` only."""
        named = {id(p): (name, p) for name, p in model.named_parameters()}
        self.names = {key: name for key, (name, _) in named.items()}
        self.all = {
            key: copies[key] if isinstance(p, UninitializedParameter) else p
            for key, (_, p) in named.items()
            if not isinstance(copies[key], UninitializedParameter)
        }
        self.owner: dict[int, str] = {}

    @property
    def total(self) -> int:
        """How many numbers they hold."""
        return sum(p.numel() for p in self.all.values())

    @property
    def trainable(self) -> int:
        """How many of these require a gradient."""
        return sum(p.numel() for p in self.all.values() if p.requires_grad)

    def take(self, wanted: list[int], name: str) -> tuple[list[int], str | None]:
        """Give row `name` those that no row has yet; tell who has the others."""
        wanted = [key for key in dict.fromkeys(wanted) if key in self.all]
        fresh = [key for key in wanted if key not in self.owner]
        others = [self.owner[key] for key in wanted if key in self.owner]
        self.owner.update(dict.fromkeys(fresh, name))
        return fresh, others[0] if others else None

    def unused_notes(self) -> list[str]:
        """Say which parameters are in the total and in no row."""
        unused = {
            self.names[key]: parameter.numel()
            for key, parameter in self.all.items()
            if key not in self.owner
        }
        used = [self.names[key] for key in self.all if key in self.owner]
        sizes: dict[str, int] = {}
        for name, size in unused.items():
            place = _largest_unused(name, used)
            sizes[place] = sizes.get(place, 0) + size
        if not sizes:
            return []
        shown = [f"{place} ({size:,})" for place, size in list(sizes.items())[:4]]
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


def rows_of(
    steps: list[Step],
    shapes: dict[int, Shape],
    parameters: Parameters,
    modules: dict[int, nn.Module],
) -> list[Row]:
    """One `Row` per step; `modules` maps the copy's layers to the model's own."""
    rows = [_row(step, shapes, parameters, modules) for step in steps]
    all_params = parameters.total
    all_work = sum(row.mult_adds or 0 for row in rows)
    for row in rows:
        row.share_params = row.params / all_params if all_params else 0.0
        row.share_mult_adds = (row.mult_adds or 0) / all_work if all_work else 0.0
    return rows


def _row(
    step: Step,
    shapes: dict[int, Shape],
    parameters: Parameters,
    modules: dict[int, nn.Module],
) -> Row:
    module = None if step.module is None else modules.get(id(step.module), step.module)
    inputs = tuple(_shape(value, shapes) for value in step.inputs)
    outputs = tuple(_shape(value, shapes) for value in step.outputs)
    row = Row(
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
            prod(shape) * value.dtype.itemsize
            for shape, value in zip(outputs, step.outputs, strict=True)
        ),
        reuses_memory=all(op.reuses_memory for op in step.ops),
    )
    _count_params(row, step, parameters)
    _count_work(row, step)
    _explain_size(row, step, shapes)
    row.shared_with = row.shared_with or step.called_before
    return row


def _shape(value: Value, shapes: dict[int, Shape]) -> Shape:
    return shapes.get(value.key, value.shape)


def _count_params(row: Row, step: Step, parameters: Parameters) -> None:
    used = [id(p) for p in row.module.parameters()] if row.module else []
    used += [key for op in step.ops for key in sorted(op.params)]
    fresh, row.shared_with = parameters.take(used, row.name)
    tensors = [parameters.all[key] for key in fresh]
    row.params = sum(p.numel() for p in tensors)
    row.trainable_params = sum(p.numel() for p in tensors if p.requires_grad)
    if row.params:
        worked = _known_params(step.module)
        if worked is None or worked != row.params:
            worked = formulas.grouped([tuple(p.shape) for p in tensors])
        row.params_formula = worked.formula
        if row.shared_with:
            row.params_formula += f"; the others are shared with {row.shared_with}"
    elif row.shared_with:
        row.params_formula = f"shared with {row.shared_with}"


def _known_params(module: Any) -> Worked | None:
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


def _count_work(row: Row, step: Step) -> None:
    counts = [mult_adds(op) for op in step.ops]
    if any(count is None for count in counts):
        row.mult_adds = None
        return
    parts = [(int(c), formulas.expression(c)) for c in counts if isinstance(c, Worked)]
    worked = formulas.total(parts)
    row.mult_adds = int(worked)
    row.mult_adds_formula = worked.formula if isinstance(worked, Worked) else ""


def _explain_size(row: Row, step: Step, shapes: dict[int, Shape]) -> None:
    for op in step.ops:
        before = _shape(op.inputs[0], shapes)
        text = shape_formula(op, before, _shape(op.outputs[0], shapes))
        row.shape_formula = text or row.shape_formula
