"""Where a tensor came from, in words: for the sentences about shapes."""

from __future__ import annotations

from functools import cached_property
from math import prod

import torch

from .formulas import times
from .layers import is_leaf, is_pytorch
from .names import BY_FORMULA, class_name
from .records import Place, Step, Value

Shape = tuple[int, ...]


def is_layer(place: Place) -> bool:
    """Whether the run stopped in a layer, not in a function that a model calls."""
    module = place.module
    return module is not None and is_leaf(module) and is_pytorch(module)


def who(place: Place) -> str:
    """Name the layer, or the operation and the module it stands in."""
    module = place.module
    if module is not None and is_leaf(module) and (place.name or is_pytorch(module)):
        return (
            f"{place.name} ({class_name(module)})" if place.name else class_name(module)
        )
    what = place.op or "forward"
    return f"{what} in {place.name}" if place.name else what


class Scene:
    """What is known of a run where it stopped."""

    def __init__(self, steps: list[Step], inputs: list[Value], batch: int = 1) -> None:
        self._steps = steps
        self._inputs = {value.key: value for value in inputs}
        self._batch = batch

    @cached_property
    def _made(self) -> dict[int, Step]:
        """Which step made a value."""
        made = {value.key: step for step in self._steps for value in step.outputs}
        inner = [(op, step) for step in self._steps for op in step.ops]
        return {v.key: step for op, step in inner for v in op.outputs} | made

    def odd_input(self, axes: int, *, longer: bool) -> Shape | None:
        """Size of the only input if it has more, or fewer, than `axes` axes."""
        if len(self._inputs) != 1:
            return None
        size = next(iter(self._inputs.values())).shape[1:]
        odd = len(size) > axes if longer else len(size) < axes
        return size if odd else None

    def lacks_axis(self, value: Value) -> bool:
        """Whether the caller left an axis out.

        A layer takes a tensor with one axis less for a single image without batch. So
        it does where the model's inputs, which have a batch, have no more axes.
        """
        longest = max((len(given.shape) for given in self._inputs.values()), default=0)
        return value.shape[:1] == (self._batch,) and len(value.shape) >= longest

    def shape(self, value: Value) -> Shape:
        """Shape for one image."""
        return value.shape[1:] if value.shape[:1] == (self._batch,) else value.shape

    def input_size(self, value: Value) -> Shape | None:
        """Size that the caller gave, if the value is an input of the model."""
        found = self._inputs.get(value.key)
        return None if found is None else found.shape[1:]

    def input_number(self, value: Value) -> int | None:
        """Which input of the model a value is, or was before it changed its shape."""
        while value.key not in self._inputs:
            step = self._made.get(value.key)
            if step is None or len(step.inputs) != 1:
                return None
            if any(op.name in BY_FORMULA or op.params for op in step.ops):
                return None
            value = step.inputs[0]
        return list(self._inputs).index(value.key)

    def origin(self, value: Value) -> str:
        """Say where a value comes from, to be put after a comma."""
        if value.key in self._inputs:
            return f"from the input of size {self.input_size(value)}"
        step = self._made.get(value.key)
        if step is None:
            return "a parameter" if value.params else "a constant"
        return f"from {step.name} ({step.kind})" if step.module else f"from {step.name}"

    def dtype(self, value: Value) -> str:
        """Write a data type as float32."""
        return str(value.dtype).removeprefix("torch.")

    def wrong_dtype(self, place: Place, value: Value, weight: Value) -> str | None:
        """Say that values and weights are of different types, which cannot multiply."""
        if value.dtype == weight.dtype or torch.is_autocast_enabled():
            return None
        wanted, found = self.dtype(weight), self.dtype(value)
        return (
            f"{who(place)} has weights of {wanted} but gets {found}, "
            f"{self.origin(value)}. Pass dtypes=torch.{wanted}, or convert the model."
        )

    def flattened(self, value: Value) -> str:
        """Show the product that a flattened size is, " (2*25*25 after flatten)"."""
        step = self._made.get(value.key)
        if step is None or not step.inputs:
            return ""
        before = self.shape(step.inputs[0])
        after = self.shape(value)
        if len(after) != 1 or len(before) < 2 or prod(before) != after[0]:
            return ""
        return f" ({times(*before)})"
