"""What a net does to its input, written down while it runs, as a page can repeat it.

The net runs once on a few images. Below its Python code PyTorch calls a small set of
operations, whether the net is made of layers or of functions; each one that touches
the images becomes a `PageOp`. What is computed from weights alone is a constant.

Why this is not the tracer of ``summary`` (cnnlib/model_summary/trace.py): that one
hears the functions that Python calls, ``F.linear`` or ``F.max_pool2d``, since its table
names them, and their shapes are enough for it. This one listens one floor below, where
PyTorch has turned all functions into the same few operations: the page must be able to
compute each of them, with the right numbers. So it sees what the other does not: into
which operations one function is taken apart (``linear`` is ``addmm`` with a transposed
weight), and every argument by name, also those that the caller left at their defaults.
It does not see to which layer an operation belongs, and it follows one kind of net
only: images (N, 1, 28, 28) in, scores (N, classes) out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from cnnlib.visuals.shared.sides import down_and_across


class NotExportableError(Exception):
    """The net cannot be taken along; the text says why, in a full sentence."""


@dataclass
class PageOp:
    """One step: ``kind``, the values it reads (0 is the input), numbers, arrays.

    Value k + 1 is the result of op k. ``weight`` is (rows, ...): a row for each output
    channel; ``vectors`` hold one number per channel, or one in all.
    """

    kind: str
    reads: list[int]
    numbers: dict[str, Any] = field(default_factory=dict)
    weight: Tensor | None = None
    vectors: dict[str, Tensor] = field(default_factory=dict)


def record(model: nn.Module, images: Tensor) -> list[PageOp]:
    """Return what ``model`` (on the CPU, evaluating) does to ``images`` (N, 1, H, W).

    Raises:
        NotExportableError: an operation is not known here.
    """
    recorder = _Recorder(images)
    with torch.no_grad(), recorder:
        result = model(images)
    at = recorder.places.get(id(result))
    if at is None:
        raise NotExportableError("The model's answer does not depend on the image.")
    if at != len(recorder.ops):
        recorder.ops.append(PageOp("same", [at]))
    return recorder.ops


class _Recorder(TorchDispatchMode):
    """Hear every operation; know which tensors come from the images."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.ops: list[PageOp] = []
        self.places = {id(images): 0}
        self._kept: list[Any] = [images]  # an id may not be given out again

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Spare the import of PyTorch's compiler, a second or more, for nothing."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        reads = [self.places[id(a)] for a in _tensors(args) if id(a) in self.places]
        result = func(*args, **(kwargs or {}))
        if reads:
            self._note(func, reads, args, kwargs or {}, result)
        return result

    def _note(
        self, func: Any, reads: list[int], args: Any, kwargs: Any, result: Any
    ) -> None:
        name = func.overloadpacket.__name__.rstrip("_").lstrip("_")
        first = result[0] if isinstance(result, tuple | list) else result
        self._kept.append(result)
        if name in ("clone", "detach", "alias", "contiguous", "to_copy"):
            self.places[id(first)] = reads[0]
            return
        reader = _READERS.get(name)
        if reader is None or (len(reads) > 1 and name != "add"):
            raise NotExportableError(_unknown(name))
        arguments = {a.name: a.default_value for a in func._schema.arguments}
        arguments |= dict(zip(arguments, args, strict=False)) | kwargs
        op = reader(_Call(name, arguments, first))
        op.reads = reads
        self.ops.append(op)
        self.places[id(first)] = len(self.ops)


@dataclass
class _Call:
    """An operation with its arguments by name, and its result."""

    name: str
    arguments: dict[str, Any]
    result: Tensor

    def __getitem__(self, argument: str) -> Any:
        return self.arguments[argument]

    def need(self, fulfilled: bool, what: str) -> None:
        if not fulfilled:
            raise NotExportableError(f"The page cannot compute {what}.")

    def pair(self, argument: str, default: Any = None) -> list[int]:
        """Return [down, across] of a size given once, twice or not at all."""
        value = self.arguments.get(argument)
        return down_and_across(default if value is None or value == [] else value)


def _convolution(call: _Call) -> PageOp:
    weight, bias = call["weight"], call["bias"]
    call.need(not call["transposed"], "a transposed convolution")
    call.need(weight.dim() == 4, "a convolution that is not over rows and columns")
    numbers = {name: call.pair(name) for name in ("stride", "padding", "dilation")}
    numbers |= {"groups": call["groups"], "kernel": list(weight.shape[2:])}
    vectors = {} if bias is None else {"bias": bias}
    return PageOp("conv", [], numbers, weight, vectors)


def _product(call: _Call) -> PageOp:
    """``addmm``, ``mm`` and ``linear``: a dense layer, its weight (out, in)."""
    arguments = call.arguments
    weight = arguments["weight"] if call.name == "linear" else arguments["mat2"].t()
    bias = arguments.get("bias") if call.name == "linear" else arguments.get("self")
    if call.name == "mm":
        bias = None
    call.need(
        arguments.get("beta", 1) == 1 == arguments.get("alpha", 1), "a scaled product"
    )
    call.need(call.result.dim() == 2, "a dense layer over more than one axis")
    call.need(bias is None or bias.dim() == 1, "a bias that is not one per output")
    return PageOp("dense", [], {}, weight, {} if bias is None else {"bias": bias})


def _pool(call: _Call) -> PageOp:
    call.need(not call["ceil_mode"], "pooling with ceil_mode=True")
    kernel = call.pair("kernel_size")
    numbers = {"kernel": kernel, "stride": call.pair("stride", kernel)}
    numbers["padding"] = call.pair("padding", 0)
    if call.name == "avg_pool2d":
        call.need(call["divisor_override"] is None, "pooling with its own divisor")
        return PageOp(
            "average", [], numbers | {"counts": bool(call["count_include_pad"])}
        )
    return PageOp("max", [], numbers | {"dilation": call.pair("dilation", 1)})


def _adaptive(call: _Call) -> PageOp:
    return PageOp("adaptive", [], {"size": list(call.result.shape[-2:])})


def _mean(call: _Call) -> PageOp:
    source = call["self"]
    axes = sorted(axis % source.dim() for axis in call.arguments.get("dim") or ())
    call.need(source.dim() == 4 and axes == [2, 3], "a mean that is not over H and W")
    shape = list(call.result.shape[1:])
    return PageOp("adaptive", [], {"size": [1, 1], "shape": shape})


def _norm(call: _Call) -> PageOp:
    mean, variance = call["running_mean"], call["running_var"]
    own = call.arguments.get("training", False) or mean is None
    call.need(not own, "a batch norm without running statistics")
    factor = (variance + call["eps"]).rsqrt()
    if call["weight"] is not None:
        factor = factor * call["weight"]
    shift = -mean * factor
    if call["bias"] is not None:
        shift = shift + call["bias"]
    return PageOp("affine", [], {}, None, {"factor": factor, "shift": shift})


def _shape(call: _Call) -> PageOp:
    same = call.result.shape[0] == call["self"].shape[0]
    call.need(same, "a change of shape that mixes images")
    return PageOp("shape", [], {"shape": list(call.result.shape[1:])})


def _arithmetic(call: _Call) -> PageOp:
    """``x + y`` of two results, or +, -, *, / with one number."""
    a, b = call["self"], call["other"]
    call.need(call.arguments.get("alpha", 1) == 1, "a sum with a factor")
    if call.name == "add" and _shape_of(a) == _shape_of(b):
        return PageOp("add", [])
    left = isinstance(a, Tensor) and a.shape == call.result.shape
    other = float(b if left else a) if _is_number(b if left else a) else None
    call.need(other is not None, f"the operation {call.name} with more than one number")
    call.need(left or call.name in ("add", "mul"), f"a number {call.name} a result")
    assert other is not None
    factor = {"mul": other, "div": 1 / other if other else 0.0}.get(call.name, 1.0)
    shift = {"add": other, "sub": -other}.get(call.name, 0.0)
    call.need(call.name != "div" or other != 0, "a division by zero")
    vectors = {"factor": torch.tensor([factor]), "shift": torch.tensor([shift])}
    return PageOp("affine", [], {}, None, vectors)


def _softmax(call: _Call) -> PageOp:
    flat = call.result.dim() == 2 and call["dim"] in (1, -1)
    call.need(flat, "a softmax that is not over the classes")
    return PageOp(call.name.replace("_", ""), [])


_READERS: dict[str, Callable[[_Call], PageOp]] = {
    "convolution": _convolution,
    "adaptive_avg_pool2d": _adaptive,
    "mean": _mean,
    **dict.fromkeys(("addmm", "mm", "linear"), _product),
    **dict.fromkeys(("max_pool2d_with_indices", "avg_pool2d"), _pool),
    **dict.fromkeys(
        ("native_batch_norm", "native_batch_norm_legit_no_training"), _norm
    ),
    **dict.fromkeys(("view", "unsafe_view", "squeeze", "unsqueeze"), _shape),
    **dict.fromkeys(("add", "sub", "mul", "div"), _arithmetic),
    **dict.fromkeys(("relu", "tanh", "sigmoid"), lambda call: PageOp(call.name, [])),
    **dict.fromkeys(("softmax", "log_softmax"), _softmax),
}


def _unknown(name: str) -> str:
    return (
        f"The page knows convolution, pooling, dense layers, batch norm, ReLU, tanh, "
        f"sigmoid and softmax, but not the operation {name}."
    )


def _is_number(value: Any) -> bool:
    return not isinstance(value, Tensor) or value.numel() == 1


def _shape_of(value: Any) -> Any:
    return value.shape if isinstance(value, Tensor) else None


def _tensors(values: Any) -> list[Tensor]:
    """Return the tensors among arguments, those in lists too, in order."""
    tensors: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            tensors.append(value)
        elif isinstance(value, list | tuple):
            tensors += _tensors(value)
    return tensors
