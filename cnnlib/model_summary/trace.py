"""Run a model once and write down every operation that its input goes through.

Operations are seen where Python calls them, through a ``TorchFunctionMode``; layers
are seen through their ``forward``. What is written down holds shapes, never tensors.

Some operations (``torch.einsum``, attention) are made of matrix products that Python
never calls one by one. For those alone, a ``TorchDispatchMode`` one level below notes
the sizes that are multiplied. Down there an operation has neither the name nor the
arguments that the caller wrote, so one watcher cannot do the work of the other.
`cnnlib.visuals.digit.net_record` watches that lower level too: a page can repeat the
few operations there, but not the many that Python may call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from . import operations
from .names import Names
from .operations import is_one_row, is_pytorch
from .records import (
    Misfit,
    Products,
    Shape,
    Stop,
    TracedOp,
    TracedStep,
    TracedTensor,
    attention_products,
    tensors_of,
)
from .tensors import (
    FOREIGN,
    NORMS,
    UNSIZED,
    Ledger,
    norm_result,
    stays_itself,
    storage_of,
    tensors_in,
    to_meta,
    without_device,
)

_CHECKED = operations.BY_FORMULA | NORMS | {"embedding", "index_select"}
"""Operations to check before they run, since the meta device lets wrong input pass.

Among them those that look up, for which PyTorch 2.11 takes floats.
"""


@dataclass(slots=True)
class _LayerCall:
    """A call of a layer that has not come to its end."""

    name: str
    module: nn.Module
    inputs: list[TracedTensor]
    start: int
    """How many steps there were before it."""
    called_before: str | None


@dataclass(slots=True)
class FunctionCall:
    """A call of a PyTorch function: as it is made, and as it is written down."""

    name: str
    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    traced_args: list[Any]
    traced_kwargs: dict[str, Any]

    @property
    def arguments(self) -> dict[str, Any]:
        """All arguments by name, with a `TracedTensor` in place of each tensor."""
        return operations.bind(
            self.func, self.name, self.traced_args, self.traced_kwargs
        )

    @property
    def tensors(self) -> list[TracedTensor]:
        """What is known about the tensors among the arguments, in order."""
        return tensors_of([self.traced_args, self.traced_kwargs])

    @property
    def writes_into(self) -> bool:
        """Whether it is ``x[...] = y``, which returns None and changes x."""
        return self.name == "assign"


class Tracer(TorchFunctionMode):
    """Writes down the `steps` of one run of `model`, a copy that may be changed.

    `parameters` maps the id of a parameter (of the copy or of the model) to the id of
    the model's own; `meta` says that the run is one on the meta device.
    """

    def __init__(
        self, model: nn.Module, parameters: dict[int, int], *, meta: bool
    ) -> None:
        super().__init__()
        self.steps: list[TracedStep] = []
        self.stop: Stop | None = None
        """Where the run stopped, if it did."""
        self.check: Callable[[Stop], str | None] = lambda stop: None
        """Finds the sentence that refuses an operation before it runs."""
        self.foreign: set[str] = set()
        """Operations that use parameters which the model has not registered."""
        self.ledger = Ledger(parameters)
        self._meta = meta
        self._names = Names(model)
        self._first_calls: dict[int, str] = {}  # names, by id of the module

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """See every call of a layer inside `model`, and every operation."""
        modules = list(model.modules())
        before = [module.__dict__.get("forward") for module in modules]
        for module in modules:
            module.__dict__["forward"] = self._watched(module)
        try:
            with self, self._names.watching(model):
                yield
        finally:
            for module, forward in zip(modules, before, strict=True):
                module.__dict__.pop("forward")
                if forward is not None:
                    module.__dict__["forward"] = forward

    def mark_input(self, tensor: Tensor) -> TracedTensor:
        """Say that `tensor` is an input of the model."""
        return self.ledger.mark(tensor, active=True)

    # -- layers ---------------------------------------------------------------

    def _watched(self, module: nn.Module) -> Callable[..., Any]:
        # What torch.compile wraps is called as it is; the wrapper knows no copies.
        forward = module._modules.get("_orig_mod") or module.forward

        def watched(*args: Any, **kwargs: Any) -> Any:
            with self._names.call(module) as name:
                call = self._enter(name, module, (args, kwargs))
                try:
                    result = forward(*args, **kwargs)
                except Exception:
                    if self.stop is None:
                        self.stop = Stop(name, module, inputs=call.inputs)
                    raise
            self._leave(call, result)
            return result

        return watched

    def _enter(self, name: str, module: nn.Module, arguments: Any) -> _LayerCall:
        tensors = list(tensors_in(arguments))
        if not self._meta:
            self.ledger.mark_strangers(tensors)
        called_before = self._first_calls.get(id(module))
        self._first_calls.setdefault(id(module), name)
        return _LayerCall(
            name,
            module,
            [self.ledger.traced(tensor) for tensor in tensors],
            len(self.steps),
            called_before,
        )

    def _leave(self, call: _LayerCall, result: Any) -> None:
        inside = self.steps[call.start :]
        if not self._names.frames and not is_pytorch(call.module):
            return  # the whole model, written by hand: look into it
        if not is_one_row(call.module, [step.kind for step in inside]):
            return
        outputs = [self.ledger.traced(tensor) for tensor in tensors_in(result)]
        if not outputs or not (inside or call.inputs):
            return
        kind = operations.class_name(call.module)
        active = [tensor for tensor in call.inputs if tensor.active]
        step = TracedStep(
            call.name or kind,
            kind,
            call.module,
            [op for step in inside for op in step.ops],
            active or call.inputs,
            outputs,
            call.called_before,
        )
        self.steps[call.start :] = [step]

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
        name = operations.op_name(func)
        if name in operations.QUERIES or any(isinstance(arg, UNSIZED) for arg in args):
            return func(*args, **kwargs)
        if self._meta:
            args, kwargs = without_device(name, args, kwargs)
            if stays_itself(name, args, kwargs):
                return args[0]
            if any(tensor.is_meta for tensor in tensors_in((args, kwargs))):
                args, kwargs = to_meta((args, kwargs), self.ledger.on_meta)
        traced_args = self.ledger.traced_arguments(args)
        traced_kwargs = self.ledger.traced_arguments(kwargs)
        call = FunctionCall(name, func, args, kwargs, traced_args, traced_kwargs)
        try:
            if name in _CHECKED:
                self._refuse_misfit(call)
            result, products = self._run(call)
        except Exception:
            if self.stop is None:
                self.stop = self._stop_at(call)
            raise
        self._record(call, result, products)
        written = call.writes_into or (bool(args) and result is args[0])
        if written and isinstance(target, Tensor):
            self._mark_written(target, args[0])
        return result

    def _mark_written(self, target: Tensor, stand_in: Tensor) -> None:
        """Say that what was written to, and what it is a view of, has new values."""
        if not self.ledger.traced(stand_in).active:
            return
        if target is not stand_in:
            self.ledger.mark(target)
        if target._base is not None:
            self.ledger.mark(target._base)

    def _refuse_misfit(self, call: FunctionCall) -> None:
        """Stop before an operation that the meta device would let pass."""
        sentence = self.check(self._stop_at(call))
        if sentence is not None:
            raise Misfit(sentence)

    def _run(self, call: FunctionCall) -> tuple[Any, Products | None]:
        if call.name in operations.PLAIN or call.name in operations.BY_FORMULA:
            result = norm_result(call.name, call.args) if self._meta else None
            if result is None:
                result = call.func(*call.args, **call.kwargs)
            return result, None
        with counted_products(call.func) as products:
            return call.func(*call.args, **call.kwargs), products

    def _record(
        self, call: FunctionCall, result: Any, products: Products | None
    ) -> None:
        """Write down a call that has returned, if it does something to the input."""
        name = call.name
        results = list(tensors_in(call.args[0] if call.writes_into else result))
        if not results:
            return
        operands = call.tensors
        inputs = [tensor for tensor in operands if tensor.active]
        if name in operations.FACTORIES:
            inputs = []
        if name in operations.CONVERSIONS and not self._meta:
            for tensor in results:  # its numbers may come from the input
                self.ledger.mark(tensor)
            return
        params = frozenset().union(*(tensor.params for tensor in operands))
        if inputs and name in operations.SAME_VALUES:
            for tensor in results:
                self.ledger.mark(tensor, key=inputs[0].key)
            return
        if not inputs:
            outputs = self.ledger.mark_constants(results, params, call.args)
            if not _multiplies(name, operands, products):
                return
        else:
            outputs = [self.ledger.mark(tensor) for tensor in results]
        storages = {storage_of(tensor) for tensor in tensors_in(call.args)}
        reuses = all(storage_of(tensor) in storages for tensor in results)
        if any(FOREIGN in tensor.params for tensor in operands):
            self.foreign.add(name)
        op = TracedOp(
            name, call.arguments, inputs or operands, outputs, params, products, reuses
        )
        row_name = self._free_name(name)
        self.steps.append(TracedStep(row_name, name, None, [op], inputs, outputs))

    def _free_name(self, op_name: str) -> str:
        """Name for the row of an operation: "block.relu", the next "block.relu_2"."""
        path = self._names.frames[-1].name if self._names.frames else ""
        stem = f"{path}.{op_name}" if path else op_name
        name, number = stem, 1
        while name in self._names.taken:
            number += 1
            name = f"{stem}_{number}"
        self._names.taken.add(name)
        return name

    def _stop_at(self, call: FunctionCall) -> Stop:
        layer = self._names.frames[-1] if self._names.frames else None
        return Stop(
            layer.name if layer else "",
            layer.module if layer else None,
            call.name,
            call.arguments,
        )


def _multiplies(
    name: str, operands: list[TracedTensor], products: Products | None
) -> bool:
    """Whether an operation on weights alone is a product of matrices."""
    if products is not None:
        return any(len(factors) > 2 for factors in products.matrices)
    matrices = all(len(tensor.shape) > 1 for tensor in operands[:2])
    return name in operations.BY_FORMULA and matrices


# -- matrix products ------------------------------------------------------------------


@contextmanager
def counted_products(func: Callable[..., Any]) -> Iterator[Products]:
    """Note the matrix products that run inside the block."""
    products = Products()
    with _ProductCounter(products):
        yield products
    namespace = getattr(func, "namespace", None) or _packet_namespace(func)
    if namespace not in ("aten", "prims", None):
        products.not_counted.add(str(func))


class _ProductCounter(TorchDispatchMode):
    def __init__(self, products: Products) -> None:
        super().__init__()
        self._products = products

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if name in _FACTORS:
            for factors in _FACTORS[name](args, result):
                self._products.matrices[factors] += 1
        elif name.startswith("_scaled_dot_product"):
            query, key, value = (tuple(item.shape) for item in args[:3])
            for factors in attention_products(query, key, value):
                self._products.matrices[factors] += 1
        elif name.startswith(_UNKNOWN):
            self._products.not_counted.add(name)
        return result


def _product(first: int) -> Callable[[Any, Any], list[Shape]]:
    """Sizes of a product of the arguments number `first` and `first` + 1."""

    def factors(args: Any, result: Any) -> list[Shape]:
        left, right = args[first].shape, args[first + 1].shape
        return [(*left, *right[len(left) - 1 :])]

    return factors


def _convolution(args: Any, result: Any) -> list[Shape]:
    image, weight, transposed = args[0], args[1], args[6]
    places = (image if transposed else result).shape
    return [(*weight.shape, places[0] * prod(places[2:]))]


_FACTORS: dict[str, Callable[[Any, Any], list[Shape]]] = {
    "mm": _product(0),
    "bmm": _product(0),
    "addmm": _product(1),
    "baddbmm": _product(1),
    "mv": _product(0),
    "addmv": _product(1),
    "dot": lambda args, result: [tuple(args[0].shape)],
    "vdot": lambda args, result: [tuple(args[0].shape)],
    "convolution": _convolution,
}
"""Sizes of the matrix products of an operation, from its arguments and its result."""
_UNKNOWN: tuple[str, ...] = (
    *("linalg_", "_linalg", "cholesky", "triangular_solve", "fft_", "_fft"),
    *("_cdist", "_trilinear", "mkldnn_rnn", "_thnn"),
)
"""How operations begin that multiply much, and for which there is no rule."""


def _packet_namespace(func: Any) -> str | None:
    name = getattr(func, "_qualified_op_name", None)
    return name.split("::")[0] if isinstance(name, str) else None
