"""Run a copy of the model and see what happened, whatever the model does.

At the end stands how the batch axis is told from the others.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

from cnnlib.text import listed

from .counts import mult_adds
from .errors import Scene, refusal
from .feed import Feed
from .misfits import fractions_as_indices, mismatch
from .records import Misfit, Shape, TracedOp, TracedStep, TracedTensor
from .tensors import tensors_in
from .trace import Tracer
from .untouched import buffers_kept, nothing_changed, runnable_copy


@dataclass
class Observation:
    """What a run has shown."""

    model: nn.Module
    """The model; a copy with all its layers, where it makes some while it runs."""
    steps: list[TracedStep]
    inputs: list[TracedTensor]
    shapes: dict[int, Shape]
    """Shape without the batch axis of every tensor, by its key."""
    modules: dict[int, nn.Module]
    """The model's own module, by the id of its copy."""
    parameters: dict[int, nn.Parameter]
    """The copy of a parameter, by the id of the model's own; lazy ones have sizes."""
    notes: list[str] = field(default_factory=list)
    """What the caller should know besides, in sentences."""


@dataclass
class _TracedRun:
    """One run of a copy, to its end or to an error."""

    tracer: Tracer
    feed: Feed
    inputs: list[TracedTensor]
    outputs: list[TracedTensor] = field(default_factory=list)
    error: Exception | None = None

    @property
    def scene(self) -> Scene:
        batch = self.inputs[0].shape[0] if self.inputs else 1
        return Scene(self.tracer.steps, self.inputs, self.feed, batch)

    def explained(self) -> str | None:
        """Sentence about the shapes that stopped the run, if that is what it was."""
        if isinstance(self.error, Misfit):
            return str(self.error)
        stop = self.tracer.stop
        return mismatch(stop, self.scene) if stop is not None else None


def observe(model: nn.Module, feed: Feed) -> Observation:
    """Run the model once with one input, on the meta device if it can be.

    Raises ValueError with a sentence where the input does not fit the model.
    """
    _check_signature(model, feed)
    with nothing_changed(model):
        return _observe(model, feed)


_WAYS = ((True, False), (False, False), (True, True), (False, True))
"""Ways to run a model, (on the meta device, with gradients): the cheapest first.

Numbers are needed where a model looks at values, gradients where it asks for them.
"""


class _Copy:
    """A copy of the model that can be run again and again, in one way."""

    def __init__(
        self, model: nn.Module, feed: Feed, *, meta: bool, gradients: bool
    ) -> None:
        self.model = model
        self.module, self.owners = runnable_copy(model, meta=meta)
        pairs = zip(self.module.modules(), model.modules(), strict=True)
        self._pairs = list(pairs)
        self._feed, self._meta, self._gradients = feed, meta, gradients

    def run(self, batch: int = 1) -> _TracedRun:
        """Run the copy on `batch` inputs, to its end or to an error."""
        device = torch.device("meta") if self._meta else _device_of(self.model)
        kept = nullcontext() if self._meta else buffers_kept(self.model)
        with kept, torch.set_grad_enabled(self._gradients):
            return _traced_run(self, self._feed, device, batch)

    @property
    def has_grown(self) -> bool:
        """Whether a run has made parameters that the model does not have."""
        return any(id(p) not in self.owners for p in self.module.parameters())

    @property
    def modules(self) -> dict[int, nn.Module]:
        """The model's own modules, by the id of their copies."""
        return {id(module): own for module, own in self._pairs}

    @property
    def parameters(self) -> dict[int, nn.Parameter]:
        """Copies of the parameters, by the id of the model's own."""
        copies = dict(self.module.named_parameters())
        own = self.model.named_parameters()
        return {id(p): copies[name] for name, p in own if name in copies}


def _observe(model: nn.Module, feed: Feed, *, may_grow: bool = True) -> Observation:
    notes: list[str] = []
    for meta, gradients in _WAYS:
        copied = _Copy(model, feed, meta=meta, gradients=gradients)
        run = copied.run()
        while run.error is not None and _turned_to_whole_numbers(run, feed):
            run = copied.run()
        if run.error is None:
            break
        sentence = run.explained()
        if sentence is not None:
            raise ValueError(sentence) from None
    if run.error is not None:
        raise refusal(run.error, run.tracer.stop, run.explained())
    if not meta:
        notes.append(
            "The model looks at values while it runs, so a copy was run with real "
            "numbers; another input may take another course."
        )
    if may_grow and copied.has_grown:
        grown = _observe(copied.module, feed, may_grow=False)
        grown.notes.append(
            "The model makes parameters while it runs; it has been given those that "
            "this input asks for."
        )
        return grown
    if meta or _work(run) <= _MOST_WORK:
        shapes = _shapes(run, lambda: copied.run(batch=2), notes)
    else:
        shapes = shapes_without_batch(run.tracer.steps)
    notes += _notes_on_parameters(run.tracer, model)
    return Observation(
        model,
        run.tracer.steps,
        run.inputs,
        shapes,
        copied.modules,
        copied.parameters,
        notes,
    )


_MOST_WORK = 1e9
"""Multiply-adds of a run with real numbers up to which another one finds the batch."""


def _work(run: _TracedRun) -> int:
    ops = (op for step in run.tracer.steps for op in step.ops)
    return sum(int(mult_adds(op) or 0) for op in ops)


def _notes_on_parameters(tracer: Tracer, model: nn.Module) -> list[str]:
    notes = []
    if tracer.foreign:
        notes.append(
            f"{', '.join(sorted(tracer.foreign))}: uses parameters that are not the "
            f"model's, so training would miss them. Layers in a plain list or dict are "
            f"not registered; use nn.ModuleList or nn.ModuleDict."
        )
    if any(isinstance(p, UninitializedParameter) for p in model.parameters()):
        notes.append(
            "The lazy layers have been given the sizes that this input asks for."
        )
    return notes


def _traced_run(
    copied: _Copy, feed: Feed, device: torch.device, batch: int
) -> _TracedRun:
    tensors, args, kwargs = feed.make(batch, device)
    tracer = Tracer(copied.module, copied.owners, meta=device.type == "meta")
    inputs = [tracer.mark_input(tensor) for tensor in tensors]
    run = _TracedRun(tracer, feed, inputs)
    tracer.check = lambda stop: mismatch(stop, run.scene)
    try:
        with tracer.watching(copied.module):
            result = copied.module(*args, **kwargs)
    except Exception as error:
        run.error = error
    else:
        run.outputs = [tracer.ledger.traced(tensor) for tensor in tensors_in(result)]
    return run


def _device_of(model: nn.Module) -> torch.device:
    tensors = (*model.parameters(), *model.buffers())
    return next((tensor.device for tensor in tensors), torch.device("cpu"))


def _turned_to_whole_numbers(run: _TracedRun, feed: Feed) -> bool:
    """Let the input that an operation has refused as indices be whole numbers.

    False where the run stopped for another reason.
    """
    stop = run.tracer.stop
    indices = None if stop is None else fractions_as_indices(stop)
    number = None if indices is None else run.scene.decisive_input(indices)
    if number is None:
        return False
    feed.tensors[number].dtype = torch.long
    return True


def _shapes(
    run: _TracedRun, run_two_inputs: Callable[[], _TracedRun], notes: list[str]
) -> dict[int, Shape]:
    """Shapes without the batch axis.

    Where that axis is not in front of all tensors, a second run, with two inputs,
    finds it.
    """
    steps = run.tracer.steps
    if _batch_is_first(steps):
        return shapes_without_batch(steps)
    second = run_two_inputs()
    if second.error is not None:
        sentence = second.explained()
        if sentence is not None:
            notes.append(
                f"The model takes only one input at a time. With two, "
                f"{sentence.split('. ')[0]}. An operation before it joins the batch "
                f"with other axes; x.flatten(1) leaves the batch apart."
            )
        return shapes_without_batch(steps)
    if not _same_operations(steps, second.tracer.steps):
        return shapes_without_batch(steps)
    if not notes:  # else sizes may depend on values
        notes += _notes_on_output(run, second)
    return shapes_without_batch(steps, second.tracer.steps)


def _notes_on_output(run: _TracedRun, second: _TracedRun) -> list[str]:
    for one, two in zip(run.outputs, second.outputs, strict=False):
        if one.shape and two.shape and 1 < one.shape[0] != two.shape[0]:
            return [
                f"The output has {one.shape[0]} rows for one input: a view or reshape "
                f"put a part of each input into the batch axis."
            ]
    return []


def _check_signature(model: nn.Module, feed: Feed) -> None:
    try:
        signature = inspect.signature(model.forward)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*feed.args, **feed.kwargs)
    except TypeError:
        names = ", ".join(signature.parameters)
        given = len(feed.args) + len(feed.kwargs)
        cure = _right_number(signature, feed)
        if any(slot.given for slot in feed.tensors):
            cure = "Pass input_data=[...] with one entry for each input, or a dict."
        raise ValueError(
            f"{type(model).__name__}.forward takes ({names}), but {given} "
            f"input{'s were' if given != 1 else ' was'} given. {cure}"
        ) from None


def _right_number(signature: inspect.Signature, feed: Feed) -> str:
    """Say how to pass as many sizes as a forward takes."""
    sizes = [slot.size for slot in feed.tensors]
    needed = [
        name
        for name, taken in signature.parameters.items()
        if taken.default is taken.empty and taken.kind is taken.POSITIONAL_OR_KEYWORD
    ]
    if len(signature.parameters) == 1 and len(sizes) > 1:
        return f"Pass one size alone: {sizes[0]}."
    if len(sizes) == 1 and len(needed) > 1:
        return (
            f"Pass one size for each of {listed(needed)}, in a list; where all are of "
            f"this size: {sizes * len(needed)}."
        )
    return "Pass one size for each input, in a list: [(1, 28, 28), (10,)]."


# -- the batch axis ------------------------------------------------------------------


def shapes_without_batch(
    one: list[TracedStep], two: list[TracedStep] | None = None
) -> dict[int, Shape]:
    """Shape without the batch axis of every tensor, by its key.

    `one` are the steps of a run with one image. `two` is the same run with two
    images, if there was one: then the axis that grew from 1 to 2 is the batch,
    wherever it lies. An axis that grew from 4 to 8 (an image cut into windows) is not:
    it stays, with the length for one image.
    """
    doubled = {tensor.key: tensor.shape for tensor in _active_tensors(two or [])}
    single = _single_images(one)
    return {
        tensor.key: _without_batch(
            tensor.shape, doubled.get(tensor.key), tensor.key in single
        )
        for tensor in _active_tensors(one)
    }


def _without_batch(shape: Shape, doubled: Shape | None, single: bool) -> Shape:
    if doubled is None or len(doubled) != len(shape):
        return shape if single or shape[:1] != (1,) else shape[1:]
    return tuple(
        size
        for size, twice in zip(shape, doubled, strict=True)
        if (size, twice) != (1, 2)
    )


def _active_tensors(steps: list[TracedStep]) -> list[TracedTensor]:
    """All tensors of a run that depend on its input."""
    ops = [op for step in steps for op in step.ops]
    calls: list[TracedStep | TracedOp] = [*steps, *ops]
    tensors = [tensor for call in calls for tensor in (*call.inputs, *call.outputs)]
    return [tensor for tensor in tensors if tensor.active]


def _batch_is_first(steps: list[TracedStep]) -> bool:
    """Whether every tensor of a run with one image has an axis of length 1 in front."""
    return all(tensor.shape[:1] == (1,) for tensor in _active_tensors(steps))


def _single_images(steps: list[TracedStep]) -> set[int]:
    """Keys of the tensors that belong to one image taken out of the batch."""
    keys: set[int] = set()
    for op in (op for step in steps for op in step.ops):
        single = all(tensor.key in keys for tensor in op.inputs)
        joined = op.name in ("stack", "unsqueeze") and not op.arguments.get("dim", 0)
        if _takes_image_out(op) or (single and op.inputs and not joined):
            keys |= {tensor.key for tensor in op.outputs}
    return keys


def _takes_image_out(op: TracedOp) -> bool:
    """Whether an operation picks images out of the batch: ``for image in x``, x[0]."""
    if not op.inputs or op.inputs[0].shape[:1] != (1,):
        return False
    if op.name == "index":
        index = op.arguments.get("index")
        first = index[0] if isinstance(index, list) and index else index
        return isinstance(first, int) and not isinstance(first, bool)
    return op.name in ("unbind", "select") and op.arguments.get("dim", 0) == 0


def _same_operations(one: list[TracedStep], two: list[TracedStep]) -> bool:
    """Whether two runs went through the same operations."""
    return [step.name for step in one] == [step.name for step in two]
