"""What is known of PyTorch beforehand: its operations' names, and its layers.

``x + y``, ``torch.add(x, y)`` and ``x += y`` are all "add"; ``F.relu`` and
``x.relu_()`` are both "relu". Built-in functions have no signature that Python could
read, so the order of their arguments is written down here. At the end stands which
modules make one row of a summary, and which are looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize


def words(text: str) -> frozenset[str]:
    """Return the words of a text, as a set."""
    return frozenset(text.split())


QUERIES = words(
    """
    size dim ndimension numel nelement stride storage_offset is_floating_point
    is_complex is_contiguous element_size get_device requires_grad_ shape
    dtype device ndim layout is_cuda is_meta is_cpu is_mps is_sparse
    is_quantized requires_grad grad grad_fn is_leaf retain_grad register_hook
    names itemsize nbytes output_nr set_grad_enabled parse_to
    has_compatible_shallow_copy_type untyped_storage data_ptr is_nested set
    """
)
"""What is only asked of a tensor."""

SAME_VALUES = words(
    """
    contiguous detach clone to float double half bfloat16 type type_as cpu
    cuda data alias positive requires_grad_ resolve_conj resolve_neg
    assert_async
    """
)
"""What gives the same numbers again, perhaps in another place or precision."""

FACTORIES = words(
    """
    zeros_like ones_like full_like empty_like rand_like randn_like randint_like
    new_zeros new_ones new_full new_empty new_tensor
    """
)
"""What takes a tensor only as a pattern for a new one."""

CONVERSIONS = words("tensor as_tensor asarray")
"""What makes a tensor of plain numbers."""

BY_FORMULA = words(
    """
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d
    linear matmul mm bmm mv dot scaled_dot_product_attention lstm gru rnn_tanh
    rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell
    """
)
"""Operations whose multiply-adds follow from their arguments."""

ELEMENTWISE = words(
    """
    relu relu6 leaky_relu prelu rrelu elu celu selu gelu silu mish softplus softsign
    hardtanh hardswish hardsigmoid hardshrink softshrink tanhshrink threshold glu
    sigmoid logsigmoid tanh dropout dropout1d dropout2d dropout3d alpha_dropout
    feature_alpha_dropout add sub mul div pow neg abs exp log log1p expm1 sqrt rsqrt
    reciprocal square sin cos tan atan erf sign round floor ceil clamp maximum minimum
    where lerp addcmul addcdiv masked_fill tril triu eq ne lt le gt ge logical_not
    logical_and logical_or floordiv floor_divide mod remainder invert isnan isinf
    nan_to_num local_response_norm stochastic_depth log_sigmoid logit erfc erfinv exp2
    log2 log10 sinh cosh asin acos asinh acosh atanh atan2 frac trunc sgn fmod fmax fmin
    float_power clamp_min clamp_max logaddexp hypot copysign heaviside xlogy sinc lgamma
    digamma isfinite logical_xor bernoulli isclose conj real imag angle deg2rad rad2deg
    """
)
"""Operations in which a value depends on the values at its own place only."""

PLAIN = (
    ELEMENTWISE
    | SAME_VALUES
    | words(
        """
        softmax log_softmax softmin mean sum amax amin max min prod std var logsumexp
        norm argmax argmin sort topk cumsum max_pool1d max_pool2d max_pool3d avg_pool1d
        avg_pool2d avg_pool3d lp_pool1d lp_pool2d lp_pool3d adaptive_avg_pool1d
        adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
        adaptive_max_pool2d adaptive_max_pool3d fractional_max_pool2d
        fractional_max_pool3d max_unpool1d max_unpool2d max_unpool3d batch_norm
        layer_norm group_norm instance_norm rms_norm normalize flatten unflatten view
        reshape view_as reshape_as permute transpose mT t movedim squeeze unsqueeze
        expand expand_as repeat repeat_interleave tile cat stack hstack vstack chunk
        split unbind narrow select index assign index_select gather roll flip pad
        interpolate pixel_shuffle pixel_unshuffle channel_shuffle unfold unfold_axis
        fold embedding embedding_bag one_hot zeros ones empty full arange zeros_like
        ones_like empty_like full_like rand randn rand_like randn_like fill zero copy
        """
    )
)
"""Operations without a matrix product; all others are looked into."""

OWN_TYPE = words(
    """
    argmax argmin argsort sort topk one_hot nonzero bincount searchsorted bucketize
    eq ne lt le gt ge logical_not logical_and logical_or isnan isinf isfinite
    """
)
"""Operations whose results, or some of them, are of a type that no input decides."""

_SAME_NAME = {
    "multiply": "mul",
    "subtract": "sub",
    "divide": "div",
    "truediv": "div",
    "rdiv": "div",
    "true_divide": "div",
    "negative": "neg",
    "absolute": "abs",
    "concat": "cat",
    "concatenate": "cat",
    "swapaxes": "transpose",
    "swapdims": "transpose",
    "moveaxis": "movedim",
    "T": "t",
    "getitem": "index",
    "setitem": "assign",
    "clip": "clamp",
    "upsample": "interpolate",
    "split_with_sizes": "split",
    "tensor_split": "split",
}
_OPERATORS = words("add sub mul truediv matmul pow floordiv mod and or xor")
_SAME_NAME |= {f"r{name}": _SAME_NAME.get(name, name) for name in _OPERATORS}
_SAME_NAME |= {f"i{name}": _SAME_NAME.get(name, name) for name in _OPERATORS}

_ARGUMENTS = {
    "conv": "input weight bias stride padding dilation groups",
    "conv_transpose": (
        "input weight bias stride padding output_padding groups dilation"
    ),
    "linear": "input weight bias",
    "max_pool": "input kernel_size stride padding dilation ceil_mode",
    "avg_pool": "input kernel_size stride padding ceil_mode",
    "lp_pool": "input norm_type kernel_size stride ceil_mode",
    "adaptive_avg_pool": "input output_size",
    "adaptive_max_pool": "input output_size",
    "flatten": "input start_dim end_dim",
    "unflatten": "input dim sizes",
    "interpolate": "input size scale_factor mode",
    "pad": "input pad mode",
    "batch_norm": "input running_mean running_var weight bias training",
    "layer_norm": "input normalized_shape weight bias",
    "group_norm": "input num_groups weight bias",
    "embedding": "input weight",
    "softmax": "input dim",
    "log_softmax": "input dim",
    "cat": "tensors dim",
    "stack": "tensors dim",
    "transpose": "input dim0 dim1",
    "squeeze": "input dim",
    "unsqueeze": "input dim",
    "chunk": "input chunks dim",
    "split": "input sizes dim",
    "unbind": "input dim",
    "narrow": "input dim start length",
    "select": "input dim index",
    "index": "input index",
    "gather": "input dim index",
    "index_select": "input dim index",
    "take_along_dim": "input indices dim",
    "take": "input index",
    "scatter": "input dim index src",
    "scatter_add": "input dim index src",
    "pixel_shuffle": "input factor",
    "pixel_unshuffle": "input factor",
    "unfold": "input kernel_size dilation padding stride",
    "matmul": "input other",
    "mm": "input other",
    "bmm": "input other",
    "roll": "input shifts dim",
    "einsum": "equation operands",
    "norm": "input p dim keepdim",
    "normalize": "input p dim",
    "cumsum": "input dim",
    "instance_norm": "input running_mean running_var weight bias training",
    "rms_norm": "input normalized_shape weight",
}
for _name in words("mean sum amax amin max min prod std var logsumexp argmax argmin"):
    _ARGUMENTS[_name] = "input dim keepdim"
_VARIADIC = {
    "permute": "dims",
    "flip": "dims",
    "view": "shape",
    "reshape": "shape",
    "expand": "shape",
    "repeat": "shape",
}
_ORDER = {name: tuple(order.split()) for name, order in _ARGUMENTS.items()}
_ORDER |= {name: ("input", many) for name, many in _VARIADIC.items()}
_KEYWORDS = {"axis": "dim", "keepdims": "keepdim", "kernel": "kernel_size"}
_op_names: dict[Any, str] = {}
"""What `op_name` has returned before, by function."""


def op_name(func: Callable[..., Any]) -> str:
    """Name of an operation, the same for all ways to write it.

    >>> op_name(torch.Tensor.__radd__), op_name(torch.relu_)
    ('add', 'relu')
    """
    try:
        return _op_names[func]
    except KeyError:
        return _op_names.setdefault(func, _plain_name(func))
    except TypeError:  # not hashable
        return _plain_name(func)


def _plain_name(func: Callable[..., Any]) -> str:
    name = getattr(func, "__name__", type(func).__name__)
    if name == "__get__":
        name = getattr(func.__self__, "__name__", name)  # type: ignore[attr-defined]
    if func is torch.Tensor.unfold:
        return "unfold_axis"
    name = name.strip("_").removesuffix("_with_indices")
    return _SAME_NAME.get(name, name)


def bind(func: Any, name: str, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Give every argument its name; those without one are listed under "rest"."""
    if name in _VARIADIC and len(args) > 1:
        many = args[1] if isinstance(args[1], list) else list(args[1:])
        args = [args[0], many]
    order = _ORDER.get(name) or _ORDER.get(name[:-2]) or _python_order(func)
    bound = dict(zip(order, args, strict=False))
    if len(args) > len(order):
        bound["rest"] = list(args[len(order) :])
    for key, value in kwargs.items():
        bound[_KEYWORDS.get(key, key)] = value
    return bound


def _python_order(func: Any) -> tuple[str, ...]:
    code = getattr(func, "__code__", None)
    if code is None:
        return ("input",)
    return code.co_varnames[: code.co_argcount] or ("input",)


# -- layers ---------------------------------------------------------------------------


def class_name(module: nn.Module) -> str:
    """Class of a layer; "Conv2d" also where a parametrization has wrapped it."""
    kind = type(module)
    if parametrize.is_parametrized(module):
        kind = kind.__bases__[0]
    return kind.__name__


def described(model: Any) -> nn.Module:
    """Return the module to describe: what ``torch.compile`` and the like wrap."""
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"summary describes a torch.nn.Module, such as nn.Conv2d(1, 3, 3); got "
            f"{model if isinstance(model, type) else type(model).__name__}."
        )
    if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
        return described(model.module)
    if "_orig_mod" in model._modules:
        return described(model._orig_mod)
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise TypeError(
            "summary cannot look into a TorchScript module; pass the model that it was "
            "made from."
        )
    return model


_LIGHT = words(
    """
    add sub mul div pow neg square sqrt rsqrt abs index squeeze unsqueeze
    permute transpose movedim expand expand_as
    """
)
"""Arithmetic and changes of order that do not deserve a row inside a layer."""
_VIEWS = words("view reshape flatten unflatten")
"""Changes of shape; together with another operation they deserve a row."""
_LOOP = 16
"""More operations than this in a layer without layers inside are a Python loop."""


def is_one_row(module: nn.Module, kinds: Sequence[str]) -> bool:
    """Tell whether a call of `module`, which ran operations `kinds`, becomes one row.

    Every layer of PyTorch does. A layer that somebody else wrote does if it has no
    layers inside and runs one operation that counts; otherwise its operations get a
    row each.
    """
    if not is_leaf(module):
        return False
    if isinstance(module, nn.Sequential | nn.ModuleList | nn.ModuleDict):
        return False
    if is_pytorch(module) or len(kinds) > _LOOP:
        return True
    views = sum(kind in _VIEWS for kind in kinds)
    others = sum(kind not in _LIGHT | _VIEWS for kind in kinds)
    return others == 0 or (others == 1 and views == 0)


def is_leaf(module: nn.Module) -> bool:
    """Tell whether a module is a layer: no modules inside but parametrizations.

    Multi-head attention has one inside, but uses its weights only.
    """
    if isinstance(module, nn.MultiheadAttention):
        return is_pytorch(module)
    return all(name == "parametrizations" for name in module._modules)


def is_pytorch(module: nn.Module) -> bool:
    """Tell whether PyTorch itself wrote the module's ``forward``."""
    forward = type(module).forward
    written = (forward.__module__ or "").startswith("torch.nn.")
    return written and forward is not nn.Module.forward
