"""Run a copy of the model and see what happened, whatever the model does.

At the end stands how the batch axis is told from the others.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

from .errors import Scene, refusal
from .feed import Feed
from .misfits import mismatch
from .records import Misfit, Shape, TracedOp, TracedStep, TracedTensor
from .tensors import tensors_in
from .trace import Tracer
from .untouched import buffers_kept, nothing_changed, runnable_copy


@dataclass
class Observation:
    """What a run has shown."""

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
    inputs: list[TracedTensor]
    outputs: list[TracedTensor] = field(default_factory=list)
    error: Exception | None = None

    @property
    def scene(self) -> Scene:
        batch = self.inputs[0].shape[0] if self.inputs else 1
        return Scene(self.tracer.steps, self.inputs, batch)

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


def _observe(model: nn.Module, feed: Feed) -> Observation:
    notes: list[str] = []
    device = torch.device("meta")
    copied, owners = runnable_copy(model, meta=True)
    run = _traced_run(copied, owners, feed, device)
    while run.error is not None and _turned_to_whole_numbers(run, feed):
        run = _traced_run(copied, owners, feed, device)
    if run.error is not None:
        sentence = run.explained()
        if sentence is not None:
            raise ValueError(sentence) from None
        device = _device_of(model)
        copied, owners = runnable_copy(model, meta=False)
        with buffers_kept(model):
            run = _traced_run(copied, owners, feed, device)
        if run.error is not None:
            raise refusal(run.error, run.tracer.stop, run.explained())
        notes.append(
            "The model looks at values while it runs, so a copy was run with real "
            "numbers; another input may take another course."
        )
    shapes = _shapes(
        run, lambda: _traced_run(copied, owners, feed, device, batch=2), notes
    )
    modules = dict(zip(map(id, copied.modules()), model.modules(), strict=True))
    notes += _notes_on_parameters(run.tracer, model)
    return Observation(
        run.tracer.steps,
        run.inputs,
        shapes,
        modules,
        {owners[id(p)]: p for p in copied.parameters()},
        notes,
    )


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
    copied: nn.Module,
    owners: dict[int, int],
    feed: Feed,
    device: torch.device,
    batch: int = 1,
) -> _TracedRun:
    tensors, args, kwargs = feed.make(batch, device)
    tracer = Tracer(copied, owners, meta=device.type == "meta")
    run = _TracedRun(tracer, [tracer.mark_input(tensor) for tensor in tensors])
    tracer.check = lambda stop: mismatch(stop, run.scene)
    try:
        with torch.no_grad(), tracer.watching(copied):
            result = copied(*args, **kwargs)
    except Exception as error:
        run.error = error
    else:
        run.outputs = [tracer.ledger.traced(tensor) for tensor in tensors_in(result)]
    return run


def _device_of(model: nn.Module) -> torch.device:
    tensors = (*model.parameters(), *model.buffers())
    return next((tensor.device for tensor in tensors), torch.device("cpu"))


def _turned_to_whole_numbers(run: _TracedRun, feed: Feed) -> bool:
    """Let the input that an embedding has refused be whole numbers from now on.

    False where the run stopped for another reason.
    """
    stop = run.tracer.stop
    if stop is None or stop.op not in ("embedding", "embedding_bag", "one_hot"):
        return False
    indices = stop.arguments.get("input")
    if not isinstance(indices, TracedTensor) or not indices.dtype.is_floating_point:
        return False
    number = run.scene.input_number(indices)
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
    args = [slot for slot in feed.slots if slot.name is None]
    kwargs: dict[str, Any] = {slot.name: slot for slot in feed.slots if slot.name}
    try:
        signature = inspect.signature(model.forward)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        names = ", ".join(signature.parameters)
        raise ValueError(
            f"{type(model).__name__}.forward takes ({names}), but {len(feed.slots)} "
            f"input{'s were' if len(feed.slots) != 1 else ' was'} given. Pass one size "
            f"for each input, in a list: [(1, 28, 28), (10,)]."
        ) from None


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
