"""Run a copy of the model and see what happened, whatever the model does."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

from .copying import runnable_copy
from .feed import Feed
from .mismatch import mismatch
from .records import Misfit, Step, Value
from .refusal import refusal
from .source import Scene
from .state import buffers_kept, nothing_changed
from .tensors import tensors_in
from .trace import Tracer
from .view import batch_is_first, same_course, shapes_without_batch

Shape = tuple[int, ...]


@dataclass
class Observation:
    """One run: its steps, and the shapes of all values without the batch."""

    steps: list[Step]
    inputs: list[Value]
    shapes: dict[int, Shape]
    modules: dict[int, nn.Module]
    parameters: dict[int, nn.Parameter]
    notes: list[str] = field(default_factory=list)


@dataclass
class _Attempt:
    tracer: Tracer
    inputs: list[Value]
    outputs: list[Value] = field(default_factory=list)
    error: Exception | None = None

    @property
    def scene(self) -> Scene:
        batch = self.inputs[0].shape[0] if self.inputs else 1
        return Scene(self.tracer.steps, self.inputs, batch)

    def explained(self) -> str | None:
        """Sentence about the shapes that stopped the run, if that is what it was."""
        if isinstance(self.error, Misfit):
            return str(self.error)
        place = self.tracer.failure
        return mismatch(place, self.scene) if place is not None else None


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
    attempt = _attempt(copied, owners, feed, device)
    while attempt.error is not None and _needs_whole_numbers(attempt, feed):
        attempt = _attempt(copied, owners, feed, device)
    if attempt.error is not None:
        sentence = attempt.explained()
        if sentence is not None:
            raise ValueError(sentence) from None
        device = _device_of(model)
        copied, owners = runnable_copy(model, meta=False)
        with buffers_kept(model):
            attempt = _attempt(copied, owners, feed, device)
        if attempt.error is not None:
            raise refusal(attempt.error, attempt.tracer.failure, attempt.explained())
        notes.append(
            "The model looks at values while it runs, so a copy was run with real "
            "numbers; another input may take another course."
        )
    shapes = _shapes(
        attempt, lambda: _attempt(copied, owners, feed, device, batch=2), notes
    )
    modules = dict(zip(map(id, copied.modules()), model.modules(), strict=True))
    notes += _notes_on_parameters(attempt.tracer, model)
    return Observation(
        attempt.tracer.steps,
        attempt.inputs,
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


def _attempt(
    copied: nn.Module,
    owners: dict[int, int],
    feed: Feed,
    device: torch.device,
    batch: int = 1,
) -> _Attempt:
    tensors, args, kwargs = feed.make(batch, device)
    tracer = Tracer(copied, owners, meta=device.type == "meta")
    attempt = _Attempt(tracer, [tracer.mark_input(tensor) for tensor in tensors])
    tracer.check = lambda place: mismatch(place, attempt.scene)
    try:
        with torch.no_grad(), tracer.watching(copied):
            result = copied(*args, **kwargs)
    except Exception as error:
        attempt.error = error
    else:
        attempt.outputs = [tracer.ledger.value(tensor) for tensor in tensors_in(result)]
    return attempt


def _device_of(model: nn.Module) -> torch.device:
    tensors = (*model.parameters(), *model.buffers())
    return next((tensor.device for tensor in tensors), torch.device("cpu"))


def _needs_whole_numbers(attempt: _Attempt, feed: Feed) -> bool:
    """Give whole numbers to an input that turned out to be looked up in a table."""
    place = attempt.tracer.failure
    if place is None or place.op not in ("embedding", "embedding_bag", "one_hot"):
        return False
    value = place.arguments.get("input")
    if not isinstance(value, Value) or not value.dtype.is_floating_point:
        return False
    number = attempt.scene.input_number(value)
    if number is None:
        return False
    feed.tensors[number].dtype = torch.long
    return True


def _shapes(
    attempt: _Attempt, with_two: Callable[[], _Attempt], notes: list[str]
) -> dict[int, Shape]:
    """Shapes without the batch; a second run finds it where it is not in front."""
    steps = attempt.tracer.steps
    if batch_is_first(steps):
        return shapes_without_batch(steps)
    second = with_two()
    if second.error is not None:
        why = second.explained()
        if why is not None:
            notes.append(
                f"The model takes only one input at a time. With two, "
                f"{why.split('. ')[0]}. An operation before it joins the batch with "
                f"other axes; x.flatten(1) leaves the batch apart."
            )
        return shapes_without_batch(steps)
    if not same_course(attempt.tracer, second.tracer):
        return shapes_without_batch(steps)
    if not notes:  # else sizes may depend on values
        notes += _notes_on_rows(attempt, second)
    return shapes_without_batch(steps, second.tracer.steps)


def _notes_on_rows(attempt: _Attempt, second: _Attempt) -> list[str]:
    for one, two in zip(attempt.outputs, second.outputs, strict=False):
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
