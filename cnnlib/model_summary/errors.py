"""Where a run stopped, in words, and the error that the caller sees.

The sentences for shapes that do not fit are in `misfits`.
"""

from __future__ import annotations

from functools import cached_property
from math import prod

import torch

from cnnlib.arithmetic.value import times

from .feed import Feed
from .operations import BY_FORMULA, OWN_TYPE, class_name, is_leaf, is_pytorch
from .records import Shape, Stop, TracedStep, TracedTensor, shape_text, tensors_of


def is_layer(stop: Stop) -> bool:
    """Whether the run stopped in a layer, not in a function that a model calls."""
    module = stop.module
    return module is not None and is_leaf(module) and is_pytorch(module)


def name_of(stop: Stop) -> str:
    """Name the layer, or the operation and the module it stands in."""
    module = stop.module
    if module is not None and is_leaf(module) and (stop.name or is_pytorch(module)):
        return (
            f"{stop.name} ({class_name(module)})" if stop.name else class_name(module)
        )
    what = stop.op or "forward"
    return f"{what} in {stop.name}" if stop.name else what


class Scene:
    """What is known of a run where it stopped; `batch` is the length of its batch."""

    def __init__(
        self,
        steps: list[TracedStep],
        inputs: list[TracedTensor],
        feed: Feed,
        batch: int = 1,
    ) -> None:
        self._steps = steps
        self._feed = feed
        self.inputs = {value.key: value for value in inputs}
        self._batch = batch

    @cached_property
    def _sources(self) -> dict[int, TracedStep]:
        """The step that a tensor comes from, by the tensor's key."""
        inner = {
            tensor.key: step
            for step in self._steps
            for op in step.ops
            for tensor in op.outputs
        }
        outer = {tensor.key: step for step in self._steps for tensor in step.outputs}
        return inner | outer

    def odd_input(self, axes: int, *, longer: bool) -> Shape | None:
        """Size of the only input if it has more, or fewer, than `axes` axes."""
        if len(self.inputs) != 1:
            return None
        size = next(iter(self.inputs.values())).shape[1:]
        odd = len(size) > axes if longer else len(size) < axes
        return size if odd else None

    def lacks_axis(self, value: TracedTensor) -> bool:
        """Whether a tensor has a batch axis, so that it lacks another one.

        PyTorch takes a tensor with one axis less than usual for one image without a
        batch. But the model's inputs have a batch. A tensor that begins with the
        length of the batch, and has no fewer axes than any input, has it too.
        """
        longest = max((len(tensor.shape) for tensor in self.inputs.values()), default=0)
        return value.shape[:1] == (self._batch,) and len(value.shape) >= longest

    def shape(self, value: TracedTensor) -> Shape:
        """Shape for one image."""
        return value.shape[1:] if value.shape[:1] == (self._batch,) else value.shape

    def input_size(self, value: TracedTensor) -> Shape | None:
        """Size that the caller gave, if the value is an input of the model."""
        model_input = self.inputs.get(value.key)
        return None if model_input is None else model_input.shape[1:]

    def input_number(self, value: TracedTensor) -> int | None:
        """Tell which input of the model a tensor is, perhaps in another shape."""
        while value.key not in self.inputs:
            step = self._sources.get(value.key)
            if step is None or len(step.inputs) != 1:
                return None
            if any(op.name in BY_FORMULA or op.params for op in step.ops):
                return None
            value = step.inputs[0]
        return list(self.inputs).index(value.key)

    def given(self, value: TracedTensor | None = None) -> Shape | None:
        """Shape of the tensor that the caller gave for an input, if it was one.

        Without `value` that of the only input.
        """
        number = 0 if value is None else list(self.inputs).index(value.key)
        return self._feed.tensors[number].given

    def decisive_input(self, value: TracedTensor) -> int | None:
        """Tell the input of the model that gives a tensor its type, if one does."""
        while value.key not in self.inputs:
            step = self._sources.get(value.key)
            if step is None or len(step.inputs) != 1:
                return None
            if any(op.name in BY_FORMULA | OWN_TYPE or op.params for op in step.ops):
                return None
            if step.inputs[0].dtype != value.dtype:
                return None
            value = step.inputs[0]
        if self.inputs[value.key].dtype != value.dtype:
            return None  # the model has converted it
        return list(self.inputs).index(value.key)

    def origin(self, value: TracedTensor) -> str:
        """Say where a tensor comes from, to be put after a comma: "from 3 (ReLU)"."""
        if value.key in self.inputs:
            return f"from the input of size {self.input_size(value)}"
        step = self._sources.get(value.key)
        if step is None:
            return "a parameter" if value.params else "a constant"
        return f"from {step.name} ({step.kind})" if step.module else f"from {step.name}"

    def dtype(self, value: TracedTensor) -> str:
        """Write a data type as float32."""
        return str(value.dtype).removeprefix("torch.")

    def wrong_dtype(
        self, stop: Stop, value: TracedTensor, weight: TracedTensor
    ) -> str | None:
        """Say that values and weights are of different types, which cannot multiply."""
        if value.dtype == weight.dtype or torch.is_autocast_enabled():
            return None
        wanted = self.dtype(weight)
        found = self.dtype(value)
        start = (
            f"{name_of(stop)} has weights of {wanted} but gets {found}, "
            f"{self.origin(value)}. "
        )
        number = self.decisive_input(value)
        if number is None:
            return (
                f"{start}The type comes about inside the model: convert the values "
                f"before this layer, with x.to(torch.{wanted})."
            )
        both = ", or convert the model" if value.dtype.is_floating_point else ""
        return f"{start}Pass {self._with_dtype(number, wanted)}{both}."

    def _with_dtype(self, number: int, wanted: str) -> str:
        """Write the argument that gives one input of the model another type."""
        types = [self.dtype(value) for value in self.inputs.values()]
        types[number] = wanted
        if len(types) == 1:
            return f"dtypes=torch.{wanted}"
        return f"dtypes=[{', '.join(f'torch.{dtype}' for dtype in types)}]"

    def flattened(self, value: TracedTensor) -> str:
        """Show the product that a flattened size is, " (2*25*25 after flatten)"."""
        step = self._sources.get(value.key)
        if step is None or not step.inputs:
            return ""
        before = self.shape(step.inputs[0])
        after = self.shape(value)
        if len(after) != 1 or len(before) < 2 or prod(before) != after[0]:
            return ""
        return f" ({times(*before)})"


# -- the error ------------------------------------------------------------------------

_ABOUT_INPUT = (RuntimeError, ValueError, AssertionError, IndexError, TypeError)
"""Errors that PyTorch, or a model, raises where an input does not suit it."""


def refusal(error: Exception, stop: Stop | None, sentence: str | None) -> Exception:
    """Return a ValueError in words if the input is at fault, else the error itself."""
    if sentence is None and not _is_about_input(error, stop):
        if stop is not None and stop.name:
            error.add_note(f"while summary ran the layer {stop.name!r}")
        return error
    refused = ValueError(sentence or _in_general(error, stop))
    refused.__suppress_context__ = True
    return refused


def _is_about_input(error: Exception, stop: Stop | None) -> bool:
    if isinstance(error, TypeError):
        return stop is not None and bool(stop.op)
    return isinstance(error, _ABOUT_INPUT)


def _in_general(error: Exception, stop: Stop | None) -> str:
    message = " ".join(str(error).split()) or type(error).__name__
    if stop is None:
        return f"The model does not take an input of this size: {message}"
    kind = class_name(stop.module) if stop.module is not None else "operation"
    where = f"{stop.name} ({kind})" if stop.name else kind
    what = f", in {stop.op}" if stop.op not in ("", "assert") else ""
    values = tensors_of(stop.arguments)
    shapes = [shape_text(v.shape) for v in values or stop.inputs if v.active]
    gets = f", which gets {' and '.join(shapes)} with the batch" if shapes else ""
    return f"The model stops at {where}{what}{gets}: {message}"
