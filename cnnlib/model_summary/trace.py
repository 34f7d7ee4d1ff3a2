"""Run a model once and write down every operation that its input goes through.

Operations are seen where Python calls them, through a ``TorchFunctionMode``; layers
are seen through their ``forward``. What is written down holds shapes, never tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from . import names
from .layers import is_one_row, is_pytorch
from .ledger import FOREIGN, Ledger
from .products import Products, counted_products
from .records import Misfit, Op, Place, Step, Value
from .shortcuts import CHECKED, shortcut
from .tensors import (
    UNSIZED,
    stays_itself,
    storage_of,
    tensors_in,
    to_meta,
    values_in,
    without_device,
)

_CHECKED = names.BY_FORMULA | CHECKED | {"embedding"}  # PyTorch 2.11 lets floats pass


@dataclass(slots=True)
class _Frame:
    name: str
    module: nn.Module
    inputs: list[Value]
    start: int
    called_before: str | None


class Tracer(TorchFunctionMode):
    """Records the `steps` of one run of `model`, a copy that may be changed."""

    def __init__(
        self, model: nn.Module, parameters: dict[int, int], *, meta: bool
    ) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.failure: Place | None = None
        self.check: Callable[[Place], str | None] = lambda place: None
        self.foreign: set[str] = set()  # operations that use unregistered parameters
        self.ledger = Ledger(parameters)
        self._meta = meta
        self._frames: list[_Frame] = []
        self._calls: dict[int, int] = {}
        self._names: dict[int, list[str]] = {}
        for name, module in model.named_modules(remove_duplicate=False):
            self._names.setdefault(id(module), []).append(name)
        self._taken = {name for found in self._names.values() for name in found}

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """See every call of a layer inside `model`, and every operation."""
        modules = list(model.modules())
        before = [module.__dict__.get("forward") for module in modules]
        for module in modules:
            module.__dict__["forward"] = self._watched(module)
        try:
            with self:
                yield
        finally:
            for module, forward in zip(modules, before, strict=True):
                module.__dict__.pop("forward")
                if forward is not None:
                    module.__dict__["forward"] = forward

    def mark_input(self, tensor: Tensor) -> Value:
        """Say that `tensor` is an input of the model."""
        return self.ledger.mark(tensor, active=True)

    # -- layers ---------------------------------------------------------------

    def _watched(self, module: nn.Module) -> Callable[..., Any]:
        # What torch.compile wraps is called as it is; the wrapper knows no copies.
        forward = module._modules.get("_orig_mod") or module.forward

        def watched(*args: Any, **kwargs: Any) -> Any:
            frame = self._enter(module, (args, kwargs))
            try:
                result = forward(*args, **kwargs)
            except Exception:
                if self.failure is None:
                    self.failure = Place(frame.name, module, inputs=frame.inputs)
                raise
            finally:
                self._frames.pop()
            self._leave(frame, result)
            return result

        return watched

    def _enter(self, module: nn.Module, given: Any) -> _Frame:
        calls = self._calls.get(id(module), 0)
        self._calls[id(module)] = calls + 1
        known = self._names.get(id(module)) or [type(module).__name__]
        name = known[min(calls, len(known) - 1)]
        tensors = list(tensors_in(given))
        if not self._meta:
            self.ledger.mark_strangers(tensors)
        inputs = [self.ledger.value(tensor) for tensor in tensors]
        frame = _Frame(
            name, module, inputs, len(self.steps), known[0] if calls else None
        )
        self._frames.append(frame)
        return frame

    def _leave(self, frame: _Frame, result: Any) -> None:
        inside = self.steps[frame.start :]
        if not self._frames and not is_pytorch(frame.module):
            return  # the whole model, written by hand: look into it
        if not is_one_row(frame.module, [step.kind for step in inside]):
            return
        name = frame.name or names.class_name(frame.module)
        outputs = [self.ledger.value(tensor) for tensor in tensors_in(result)]
        active = [value for value in frame.inputs if value.active]
        if not outputs or not (inside or frame.inputs):
            return
        ops = [op for step in inside for op in step.ops]
        kind = names.class_name(frame.module)
        step = Step(
            name,
            kind,
            frame.module,
            ops,
            active or frame.inputs,
            outputs,
            frame.called_before,
        )
        self.steps[frame.start :] = [step]

    # -- operations -------------------------------------------------------------

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        target = args[0] if args else None
        name = names.op_name(func)
        if name in names.QUERIES or any(isinstance(arg, UNSIZED) for arg in args):
            return func(*args, **kwargs)
        if self._meta:
            args, kwargs = without_device(name, args, kwargs)
            if stays_itself(name, args, kwargs):
                return args[0]
            if any(tensor.is_meta for tensor in tensors_in((args, kwargs))):
                args, kwargs = to_meta((args, kwargs), self.ledger.on_meta)
        seen = self.ledger.seen(args), self.ledger.seen(kwargs)
        try:
            if name in _CHECKED:
                self._refuse_misfit(self._place(name, func, *seen))
            result, products = self._run(name, func, args, kwargs)
        except Exception:
            if self.failure is None:
                self.failure = self._place(name, func, *seen)
            raise
        self._record(name, func, args, seen, result, products)
        written = name == "assign" or (bool(args) and result is args[0])
        if written and isinstance(target, Tensor):
            self._mark_written(target, args[0])
        return result

    def _mark_written(self, target: Tensor, stand_in: Tensor) -> None:
        """Take what was written to, and what it is a view of, for new values."""
        if not self.ledger.value(stand_in).active:
            return
        if target is not stand_in:
            self.ledger.mark(target)
        if target._base is not None:
            self.ledger.mark(target._base)

    def _refuse_misfit(self, place: Place) -> None:
        """Stop before an operation that the meta device would let pass."""
        sentence = self.check(place)
        if sentence is not None:
            raise Misfit(sentence)

    def _run(
        self, name: str, func: Callable[..., Any], args: Any, kwargs: Any
    ) -> tuple[Any, Products | None]:
        if name in names.PLAIN or name in names.BY_FORMULA:
            known = shortcut(name, func, args, kwargs) if self._meta else None
            return func(*args, **kwargs) if known is None else known, None
        with counted_products(func) as products:
            return func(*args, **kwargs), products

    def _record(
        self,
        name: str,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        seen: tuple[Any, Any],
        result: Any,
        products: Products | None,
    ) -> None:
        if name == "assign":
            result = args[0]
        found = list(tensors_in(result))
        if not found:
            return
        given = list(values_in(seen))
        inputs = [value for value in given if value.active]
        if name in names.FACTORIES:
            inputs = []
        if name in names.CONVERSIONS and not self._meta:
            for tensor in found:  # made of values that may be the input's
                self.ledger.mark(tensor)
            return
        params = frozenset().union(*(value.params for value in given))
        if inputs and name in names.SAME_VALUES:
            for tensor in found:
                self.ledger.mark(tensor, key=inputs[0].key)
            return
        if not inputs:
            outputs = self.ledger.mark_constants(found, params, args)
            if not _multiplies(name, given, products):
                return
        else:
            outputs = [self.ledger.mark(tensor) for tensor in found]
        storages = {storage_of(tensor) for tensor in tensors_in(args)}
        reuses = all(storage_of(tensor) in storages for tensor in found)
        arguments = names.bind(func, name, *seen)
        if any(FOREIGN in value.params for value in given):
            self.foreign.add(name)
        op = Op(name, arguments, inputs or given, outputs, params, products, reuses)
        self.steps.append(
            Step(self._free_name(name), name, None, [op], inputs, outputs)
        )

    def _free_name(self, name: str) -> str:
        path = self._frames[-1].name if self._frames else ""
        stem = f"{path}.{name}" if path else name
        found, number = stem, 1
        while found in self._taken:
            number += 1
            found = f"{stem}_{number}"
        self._taken.add(found)
        return found

    def _place(self, name: str, func: Any, args: Any, kwargs: Any) -> Place:
        frame = self._frames[-1] if self._frames else None
        return Place(
            frame.name if frame else "",
            frame.module if frame else None,
            name,
            names.bind(func, name, args, kwargs),
        )


def _multiplies(name: str, given: list[Value], products: Products | None) -> bool:
    """Whether an operation on weights alone is a product of matrices."""
    if products is not None:
        return any(len(factors) > 2 for factors in products.matrices)
    return name in names.BY_FORMULA and all(len(v.shape) > 1 for v in given[:2])
