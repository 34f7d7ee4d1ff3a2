"""Run a model once and write down every operation that its input goes through.

Operations are seen where Python calls them, through a ``TorchFunctionMode``; layers
are seen through their ``forward``. What is written down holds shapes, never tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter
from torch.overrides import TorchFunctionMode

from . import names
from .layers import is_one_row, is_pytorch
from .products import Products, counted_products
from .shortcuts import CHECKED, shortcut

MARK = "_cnnlib_value"
FOREIGN = -1  # stands for a parameter that the model does not know
_UNSIZED = (UninitializedParameter, UninitializedBuffer)
_CHECKED = names.BY_FORMULA | CHECKED


@dataclass(slots=True)
class Value:
    """What is known about one tensor: its shape, and where it came from."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    key: int = -1  # names the values that depend on the input; -1 for the others
    params: frozenset[int] = frozenset()  # ids of the parameters a constant is made of

    @property
    def active(self) -> bool:
        """Whether the tensor depends on the input of the model."""
        return self.key >= 0


@dataclass(slots=True)
class Op:
    """One call of a PyTorch function; tensors among the arguments are `Value`s."""

    name: str
    arguments: dict[str, Any]
    inputs: list[Value]
    outputs: list[Value]
    params: frozenset[int]
    products: Products | None = None
    reuses_memory: bool = False


@dataclass(slots=True)
class Step:
    """What becomes one row: a layer with the operations in it, or one operation."""

    name: str
    kind: str
    module: nn.Module | None
    ops: list[Op]
    inputs: list[Value]
    outputs: list[Value]
    repeated: bool = False


@dataclass
class Place:
    """Where the run stopped: the layer, the operation and its arguments."""

    name: str
    module: nn.Module | None
    op: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    inputs: list[Value] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    name: str
    module: nn.Module
    inputs: list[Value]
    start: int
    repeated: bool


class Misfit(ValueError):
    """Raised inside a run when an operation is about to get what it cannot take."""


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
        self._parameters = parameters
        self._meta = meta
        self._frames: list[_Frame] = []
        self._values = 0
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
        return self._mark(tensor, active=True)

    # -- layers ---------------------------------------------------------------

    def _watched(self, module: nn.Module) -> Callable[..., Any]:
        forward = module.forward

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
        inputs = [self.value(tensor) for tensor in tensors_in(given)]
        frame = _Frame(name, module, inputs, len(self.steps), calls > 0)
        self._frames.append(frame)
        return frame

    def _leave(self, frame: _Frame, result: Any) -> None:
        inside = self.steps[frame.start :]
        if len(self._frames) == 0 and inside and not is_pytorch(frame.module):
            return  # the whole model, written by hand: look into it
        if not is_one_row(frame.module, [step.kind for step in inside]):
            return
        name = frame.name or names.class_name(frame.module)
        outputs = [self.value(tensor) for tensor in tensors_in(result)]
        active = [value for value in frame.inputs if value.active]
        if not outputs or not (inside or active):
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
            frame.repeated,
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
        name = names.op_name(func)
        if name in names.QUERIES or any(isinstance(arg, _UNSIZED) for arg in args):
            return func(*args, **kwargs)
        if self._meta:
            args, kwargs, done = self._stay_on_meta(name, args, kwargs)
            if done:
                return args[0]
        seen = self._seen(args), self._seen(kwargs)
        try:
            if name in _CHECKED:
                self._refuse_misfit(self._place(name, func, *seen))
            result, products = self._run(name, func, args, kwargs)
        except Exception:
            if self.failure is None:
                self.failure = self._place(name, func, *seen)
            raise
        self._record(name, func, args, seen, result, products)
        return result

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
        if args and result is args[0] and result._base is not None:
            found.append(result._base)  # written to through a view
        given = list(_values_in(seen))
        inputs = [value for value in given if value.active]
        if name in names.FACTORIES:
            inputs = []
        params = frozenset().union(*(value.params for value in given))
        if inputs and name in names.SAME_VALUES:
            for tensor in found:
                self._mark(tensor, key=inputs[0].key)
            return
        storages = {_storage(tensor) for tensor in tensors_in(args)}
        reuses = all(_storage(tensor) in storages for tensor in found)
        outputs = [
            self._mark(tensor, bool(inputs), frozenset() if inputs else params)
            for tensor in found
        ]
        if not inputs and not _multiplies(name, given, products):
            return
        arguments = names.bind(func, name, *seen)
        if any(_is_foreign(value) for value in given):
            self.foreign.add(name)
        op = Op(name, arguments, inputs or given, outputs, params, products, reuses)
        self.steps.append(
            Step(self._free_name(name), name, None, [op], inputs, outputs)
        )

    def _stay_on_meta(self, name: str, args: Any, kwargs: Any) -> tuple[Any, Any, bool]:
        """Keep a run on the meta device there, whatever device the code names."""
        first = args[0] if args else None
        moved = isinstance(first, Tensor) and first.is_meta
        if moved and name in ("cpu", "cuda"):
            return args, kwargs, True
        if moved and name == "to":
            args, kwargs = _without_device(args), _without_device(kwargs)
            return args, kwargs, len(args) == 1 and not kwargs
        on_meta = any(tensor.is_meta for tensor in tensors_in((args, kwargs)))
        if on_meta:
            args, kwargs = self._to_meta(args), self._to_meta(kwargs)
        return args, kwargs, False

    def _to_meta(self, item: Any) -> Any:
        if isinstance(item, Tensor):
            if item.is_meta or item.dim() == 0:
                return item
            moved = torch.empty_like(item, device="meta")
            setattr(moved, MARK, self.value(item))
            return moved
        if isinstance(item, dict):
            return {key: self._to_meta(entry) for key, entry in item.items()}
        if type(item) in (tuple, list):
            return type(item)(self._to_meta(entry) for entry in item)
        return item

    # -- tensors ------------------------------------------------------------------

    def _mark(
        self,
        tensor: Tensor,
        active: bool = True,
        params: frozenset[int] = frozenset(),
        key: int | None = None,
    ) -> Value:
        if key is None:
            key = self._values if active else -1
            self._values += active
        value = _describe(tensor, key, params)
        setattr(tensor, MARK, value)
        return value

    def value(self, tensor: Tensor) -> Value:
        """Tell what is known about a tensor."""
        value = getattr(tensor, MARK, None)
        if value is None:
            original = self._parameters.get(id(tensor))
            if original is None and isinstance(tensor, nn.Parameter):
                original = FOREIGN
            params = frozenset() if original is None else frozenset([original])
            value = _describe(tensor, -1, params)
        return value

    def _seen(self, item: Any) -> Any:
        if isinstance(item, Tensor):
            return self.value(item)
        if isinstance(item, dict):
            return {key: self._seen(entry) for key, entry in item.items()}
        if isinstance(item, tuple | list):
            return [self._seen(entry) for entry in item]
        return item

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


def tensors_in(item: Any) -> Iterator[Tensor]:
    """Yield the tensors in a result or in arguments, however they are nested."""
    if isinstance(item, Tensor):
        yield item
    elif isinstance(item, dict):
        for entry in item.values():
            yield from tensors_in(entry)
    elif isinstance(item, tuple | list):
        for entry in item:
            yield from tensors_in(entry)


def _values_in(item: Any) -> Iterator[Value]:
    if isinstance(item, Value):
        yield item
    elif isinstance(item, dict):
        for entry in item.values():
            yield from _values_in(entry)
    elif isinstance(item, tuple | list):
        for entry in item:
            yield from _values_in(entry)


def _is_foreign(value: Value) -> bool:
    return FOREIGN in value.params


def _multiplies(name: str, given: list[Value], products: Products | None) -> bool:
    """Whether an operation on weights alone is a product of matrices."""
    if products is not None:
        return any(len(factors) > 2 for factors in products.matrices)
    return name in names.BY_FORMULA and all(len(v.shape) > 1 for v in given[:2])


def _describe(tensor: Tensor, key: int, params: frozenset[int]) -> Value:
    with torch._C.DisableTorchFunction():
        if isinstance(tensor, _UNSIZED):
            return Value((), tensor.dtype, key, params)
        return Value(tuple(tensor.shape), tensor.dtype, key, params)


def _storage(tensor: Tensor) -> int:
    try:
        return tensor.untyped_storage()._cdata
    except (NotImplementedError, RuntimeError):  # sparse and other odd tensors
        return id(tensor)


def _without_device(given: Any) -> Any:
    """Arguments of ``Tensor.to`` without the device among them."""
    if isinstance(given, dict):
        return {key: entry for key, entry in given.items() if key != "device"}
    tensor, *rest = given
    kept = [
        entry.dtype if isinstance(entry, Tensor) else entry
        for entry in rest
        if not isinstance(entry, str | torch.device) and entry is not None
    ]
    return (tensor, *kept)
