"""One image's way through a model: every layer's numbers, and where each comes from.

The model is run as ``summary`` runs it, as a copy without hooks, but on the image
itself: what `TensorRecorder` adds to the tracer is that it keeps the numbers.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.model_summary.feed import read_feed
from cnnlib.model_summary.fields import add_receptive_fields
from cnnlib.model_summary.operations import bind, described, words
from cnnlib.model_summary.records import Products, TracedOp, TracedStep
from cnnlib.model_summary.rows import Parameters, SummaryRow, rows_of
from cnnlib.model_summary.run import observe, shapes_without_batch
from cnnlib.model_summary.tensors import UNSIZED, tensors_in
from cnnlib.model_summary.trace import FunctionCall, Tracer
from cnnlib.model_summary.untouched import (
    buffers_kept,
    nothing_changed,
    runnable_copy,
)
from cnnlib.plots.arrays import read_image

COPIED = 5_000_000
"""Weights up to which the model is copied; a larger one is used where it lies."""
QUIET = words("Dropout Dropout1d Dropout2d Dropout3d AlphaDropout Identity")
QUIET |= words("FeatureAlphaDropout StochasticDepth dropout alpha_dropout")
"""What gives back its input in evaluation mode; it is left out."""

BROKEN = "NaN or infinity"
"""Why a layer is left out whose numbers are not finite."""

Unit = tuple[int, int, int]
"""(map, row, column) of one number in a layer's output."""


class _EnoughError(BaseException):
    """All that was asked for has been seen; no model catches it."""


class TensorRecorder(Tracer):
    """A tracer that keeps the tensors themselves: all, or copies of those in `only`.

    With `only` the run ends where the last of them has been seen.
    """

    def __init__(
        self, model: nn.Module, owners: dict[int, int], x: Tensor, only: set[int]
    ) -> None:
        super().__init__(model, owners, meta=False)
        self.kept: dict[int, Tensor] = {}
        self.calls: dict[int, dict[str, Any]] = {}
        self.input = self.mark_input(x)
        self._only = only

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if not self._only and args and _writes(func, args, kwargs or {}):
            self._save(args[0])
        return super().__torch_function__(func, types, args, kwargs)

    def _save(self, target: Any) -> None:
        """Copy what is about to be overwritten, wherever it is kept."""
        if isinstance(target, Tensor):
            memory = target.untyped_storage().data_ptr()
            for key, tensor in self.kept.items():
                if tensor.untyped_storage().data_ptr() == memory:
                    self.kept[key] = tensor.clone()

    def _record(
        self, call: FunctionCall, result: Any, products: Products | None
    ) -> None:
        before = len(self.steps)
        super()._record(call, result, products)
        for step in self.steps[before:]:
            results = tensors_in(call.args[0] if call.writes_into else result)
            self._keep(step.ops[0], list(results), call)

    def _keep(self, op: TracedOp, results: list[Tensor], call: FunctionCall) -> None:
        for tensor, traced in zip(results, op.outputs, strict=False):
            if not self._only and traced.active:
                self.kept[traced.key] = tensor
                arguments = bind(call.func, call.name, call.args, call.kwargs)
                arguments.pop("input", None)
                self.calls[traced.key] = arguments
            elif traced.key in self._only:
                self.kept[traced.key] = tensor.clone()
        if self._only and len(self.kept) == len(self._only):
            raise _EnoughError


def _writes(func: Any, args: Any, kwargs: dict[str, Any]) -> bool:
    """Tell whether a call may write over its first argument."""
    name = getattr(func, "__name__", "")
    if name.startswith("__"):
        return name.startswith(("__i", "__set"))
    return name.endswith("_") or any(a is True for a in (*args, *kwargs.values()))


@dataclass(frozen=True)
class Layer:
    """One row of the summary with its numbers: maps (C, H, W), or (C, 1, 1)."""

    name: str
    kind: str
    key: int
    maps: np.ndarray
    row: SummaryRow
    op: TracedOp
    call: dict[str, Any]

    peaks: np.ndarray
    """(C,): for each map how far its strongest unit is from zero."""
    ends: tuple[float, float]
    """The smallest and the largest number."""

    @property
    def strongest(self) -> Unit:
        """The unit that is furthest from zero."""
        return self.strongest_of(int(self.peaks.argmax()))

    def strongest_of(self, channel: int) -> Unit:
        """Return the unit of one map that is furthest from zero."""
        row, column = divmod(
            int(np.abs(self.maps[channel]).argmax()), self.maps.shape[2]
        )
        return channel, row, column

    def foremost(self, count: int) -> np.ndarray:
        """Return the numbers of the ``count`` maps with the highest peaks, in order."""
        return np.sort(np.argsort(-self.peaks, kind="stable")[:count])


class Inside:
    """A model's answers to one image, layer by layer.

    ``image`` is (C, H, W), float32. ``layers`` are those with numbers for one image;
    ``left_out`` names the others.
    """

    def __init__(self, model: Any, image: Any) -> None:
        self.model = _checked(model)
        self.image = read_image(image, "image")
        size = self.image.shape
        _check_one_image(self.model)
        feed = read_feed(self.model, size, None, None)
        try:
            observe(self.model, feed)
        except ValueError as error:
            raise ValueError(_in_own_words(str(error))) from None
        self._dtype = feed.tensors[0].dtype
        copied, self._owners = runnable_copy(self.model, meta=False, largest=COPIED)
        self._copy = copied.requires_grad_(False)
        self.versions = self._versions()
        try:
            recorder = self._recorded(gradients=False)
        except ValueError as error:
            try:  # a model may ask for gradients in its forward
                recorder = self._recorded(gradients=True)
            except ValueError:
                raise error from None
        self.kept = recorder.kept
        self.kept[recorder.input.key] = self._tensor()
        self.input_key = recorder.input.key
        rows, self.parameters = self._rows(recorder)
        self.layers: list[Layer] = []
        self.left_out: list[str] = []
        for row, step in zip(rows, recorder.steps, strict=True):
            self._add(row, step, recorder)
        if not self.layers and any(BROKEN in name for name in self.left_out):
            raise ValueError(
                f"The layers of {type(self.model).__name__} give numbers that are not "
                "finite (NaN or infinity): its training went wrong, or its weights "
                "were never set. Build the model anew, and train it with a lower lr."
            )
        if not self.layers:
            raise ValueError(
                f"{type(self.model).__name__} does nothing to its image that could be "
                "shown: explore_network shows what the layers of a net give."
            )

    def has_maps(self, key: int) -> bool:
        """Whether the run has kept a tensor, and it is maps of finite numbers."""
        maps = as_maps(self.kept[key]) if key in self.kept else None
        return maps is not None and bool(torch.isfinite(maps).all())

    def values(self, key: int) -> np.ndarray:
        """Return the numbers (C, H, W) of a tensor that the run has kept."""
        maps = as_maps(self.kept[key])
        assert maps is not None
        return maps.numpy()

    def gradients(self, wanted: list[tuple[Layer, list[Unit]]]) -> list[np.ndarray]:
        """Return how units change with the image: (units, C, H, W) for each layer.

        The net is run once more, up to the last layer asked for, with gradients of the
        image alone.
        """
        keys = {layer.key for layer, _ in wanted}
        with torch.enable_grad():
            x = self._tensor().requires_grad_()
            with self._running(x, keys) as recorder, suppress(_EnoughError):
                self._copy(x)
            kept = {
                layer.key: recorder.kept[layer.key].reshape(layer.maps.shape)
                for layer, _ in wanted
            }
            return [_gradients(kept[layer.key], units, x) for layer, units in wanted]

    def _recorded(self, *, gradients: bool) -> TensorRecorder:
        x = self._tensor().requires_grad_(gradients)
        grad_mode = torch.set_grad_enabled(gradients)
        with grad_mode, self._running(x, set()) as recorder:
            self._copy(x)
        return recorder

    def changed(self) -> bool:
        """Tell whether the weights that were used are not the model's any more."""
        return self.versions != self._versions()

    def _versions(self) -> list[int]:
        return [p._version for p in (*self.model.parameters(), *self.model.buffers())]

    @contextmanager
    def _running(self, x: Tensor, only: set[int]) -> Iterator[TensorRecorder]:
        """Watch one run with chance switched off; put everything back afterwards."""
        recorder = TensorRecorder(self._copy, self._owners, x, only)
        with nothing_changed(self.model), buffers_kept(self._copy):
            torch.manual_seed(0)
            try:
                with recorder.watching(self._copy):
                    yield recorder
            except Exception as error:
                stop = recorder.stop
                where = f" at {stop.name!r}" if stop and stop.name else ""
                raise ValueError(
                    f"{type(self.model).__name__} stops{where} on this image: "
                    f"{' '.join(str(error).split()) or type(error).__name__}"
                ) from error

    def _tensor(self) -> Tensor:
        """Return the image as the model takes it: its own (1, C, H, W)."""
        own = (*self._copy.parameters(), *self._copy.buffers())
        device = own[0].device if own else torch.device("cpu")
        return torch.from_numpy(np.array(self.image))[None].to(device, self._dtype)

    def _rows(self, recorder: TensorRecorder) -> tuple[list[SummaryRow], int]:
        steps, owners = recorder.steps, self._owners
        modules = dict(
            zip(map(id, self._copy.modules()), self.model.modules(), strict=True)
        )
        copies = {owners[id(p)]: p for p in self._copy.parameters()}
        parameters = Parameters(self.model, copies)
        shapes = shapes_without_batch(steps)
        rows = rows_of(steps, [recorder.input], shapes, parameters, modules)
        add_receptive_fields(rows, steps, [recorder.input])
        return rows, parameters.total

    def _add(self, row: SummaryRow, step: TracedStep, recorder: TensorRecorder) -> None:
        key = step.outputs[0].key if step.outputs else -1
        kept = recorder.kept.get(key)
        maps = None if kept is None else as_maps(kept)
        if maps is None:
            self.left_out.append(row.name)
        elif step.kind not in QUIET:
            low, high = maps.flatten(1).amin(1), maps.flatten(1).amax(1)
            ends = float(low.min()), float(high.max())
            if not np.isfinite(ends).all():
                self.left_out.append(f"{row.name} ({BROKEN})")
                return
            peaks = torch.maximum(-low, high).numpy()
            op = next(o for o in step.ops if any(v.key == key for v in o.outputs))
            self.layers.append(
                Layer(
                    name=row.name,
                    kind=row.kind,
                    key=key,
                    maps=maps.numpy(),
                    row=row,
                    op=op,
                    call=recorder.calls[key],
                    peaks=peaks,
                    ends=ends,
                )
            )


def _gradients(maps: Tensor, units: list[Unit], x: Tensor) -> np.ndarray:
    """Return the gradients (units, C, H, W) of some units of a layer; all at once."""
    chosen = torch.stack([maps[unit] for unit in units])
    if not chosen.requires_grad:
        return np.zeros((len(units), *x.shape[1:]), np.float32)
    each = torch.eye(len(units), dtype=chosen.dtype, device=chosen.device)
    more = {"retain_graph": True, "allow_unused": True, "materialize_grads": True}
    try:
        (batch,) = torch.autograd.grad(chosen, x, each, is_grads_batched=True, **more)
    except RuntimeError:  # some operations cannot be done for several at once
        parts = [torch.autograd.grad(chosen, x, one, **more)[0] for one in each]
        batch = torch.stack(parts)
    return batch[:, 0].detach().float().cpu().numpy()


def as_maps(tensor: Tensor) -> Tensor | None:
    """Return maps (C, H, W) of one image, a vector as (C, 1, 1); None if it is none."""
    if tensor.shape[:1] != (1,) or not tensor.is_floating_point() or not tensor.numel():
        return None
    one = tensor[0].detach().float().cpu()
    if one.dim() == 2:
        one = one[None]
    if one.dim() == 1:
        one = one[:, None, None]
    return one if one.dim() == 3 else None


def _checked(model: Any) -> nn.Module:
    if not isinstance(model, nn.Module):
        raise TypeError(
            "explore_network looks into a torch.nn.Module, such as models.mnist_cnn(); "
            f"got {model if isinstance(model, type) else type(model).__name__}."
        )
    if any(p.is_meta for p in model.parameters()):
        raise ValueError(
            "The model is on the meta device: its weights have no values, so no layer "
            "has an answer. Build it without torch.device('meta')."
        )
    if any(isinstance(p, UNSIZED) for p in (*model.parameters(), *model.buffers())):
        raise ValueError(
            "The model has lazy layers, whose weights have no values yet. Give it one "
            "image first: model(image[None])."
        )
    return described(model)


def _check_one_image(model: nn.Module) -> None:
    """Raise ValueError where the model takes something else than one input."""
    try:
        signature = inspect.signature(model.forward)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(None)
    except TypeError:
        raise ValueError(
            f"{type(model).__name__}.forward takes ({', '.join(signature.parameters)}),"
            f" but explore_network gives it {_ONE_PICTURE}."
        ) from None


_ONE_PICTURE = "one picture (C, H, W) and nothing else"


def _in_own_words(sentence: str) -> str:
    """Take out of a sentence of ``summary`` what one can pass to that alone."""
    start, odd_axes, _ = sentence.partition(", but input_size ")
    if odd_axes:
        return f"{start}, but explore_network gives it {_ONE_PICTURE}."
    return sentence.replace(" as input_size", "")
