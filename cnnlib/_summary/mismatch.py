"""Sentences for shapes that do not fit: the layer, the two numbers, and the cure.

Each rule looks at the arguments that an operation was called with and returns a
sentence if they cannot work, else None. Nothing is read out of PyTorch's messages.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from torch import nn

from .formulas import each, times
from .names import class_name, words
from .source import Scene, by
from .trace import Place, Value


def mismatch(place: Place, scene: Scene) -> str | None:
    """Say what does not fit in the operation at `place`; None if that is not clear."""
    stem = place.op[:-2] if place.op[-2:] in ("1d", "2d", "3d") else place.op
    rule = _RULES.get(stem)
    if rule is not None:
        return rule(place, scene)
    if not place.op and place.module is not None:
        return _module_mismatch(place, scene)
    values = [v for v in place.arguments.values() if isinstance(v, Value)]
    if place.op in _JOINING and len(values) == 2:
        return _broadcast(place, scene, values)
    return None


def _who(place: Place, op_kind: str) -> str:
    """Name the layer, or the operation and the module it stands in."""
    module = place.module
    if module is not None and place.name and not module._modules:
        return f"{place.name} ({class_name(module)})"
    where = f" in {place.name}" if place.name else ""
    return f"{op_kind}{where}"


def _layer(place: Place, name: str) -> str:
    """Class to name in a cure: that of the layer, or PyTorch's own."""
    module = place.module
    return class_name(module) if isinstance(module, nn.Linear) else name


# -- linear -------------------------------------------------------------------------


def _linear(place: Place, scene: Scene) -> str | None:
    value, weight = place.arguments.get("input"), place.arguments.get("weight")
    if not isinstance(value, Value) or not isinstance(weight, Value):
        return None
    wanted = weight.shape[-1]
    found = value.shape[-1] if value.shape else 1
    if found == wanted:
        return None
    who = _who(place, "linear")
    shape = scene.shape(value)
    said = f"{who} expects {wanted} input features (in_features={wanted}) but gets "
    if len(shape) > 2:
        every = prod(shape)
        cure = f"Flatten first, with nn.Flatten(): {times(*shape)} = {every} values"
        cure += "." if every == wanted else f", and set in_features={every}."
        return f"{said}{by(shape)}, {scene.origin(value)}, and acts on the last axis. {cure}"
    outputs = f", out_features={weight.shape[0]}" if len(weight.shape) > 1 else ""
    worked = scene.flattened(value)
    return (
        f"{said}{found}{worked}, {scene.origin(value)}. "
        f"Set in_features={found}: nn.Linear(in_features={found}{outputs})."
    )


# -- convolution and pooling --------------------------------------------------------

_AXES = {1: "length", 2: "height x width", 3: "depth x height x width"}


def _convolution(place: Place, scene: Scene) -> str | None:
    value, weight = place.arguments.get("input"), place.arguments.get("weight")
    if not isinstance(value, Value) or not isinstance(weight, Value):
        return None
    transposed = "transpose" in place.op
    groups = place.arguments.get("groups", 1)
    channels = weight.shape[0] if transposed else weight.shape[1] * groups
    axes = len(weight.shape) - 2
    return (
        _wrong_rank(place, scene, value, axes, channels)
        or _wrong_channels(place, scene, value, axes, channels)
        or (None if transposed else _too_small(place, scene, value, weight.shape[2:]))
    )


def _wrong_rank(
    place: Place, scene: Scene, value: Value, axes: int, channels: int | None
) -> str | None:
    if len(value.shape) == axes + 2:
        return None
    if len(value.shape) == axes + 1 and not scene.lacks_axis(value):
        return None  # PyTorch takes a single image too
    who = _who(place, place.op)
    need = f"{who} needs {axes + 1} axes for one input, channels x {_AXES[axes]}, "
    size = scene.input_size(value)
    if size is None:
        return f"{need}but gets {by(scene.shape(value))}, {scene.origin(value)}."
    if len(size) == axes + 2:
        return (
            f"{need}but input_size {size} has {len(size)}. input_size is that of one "
            f"input, without the batch: pass {size[1:]}."
        )
    if len(size) == axes:
        full = (channels or 1, *size)
        return f"{need}but input_size {size} has {len(size)}: pass {full}."
    return f"{need}but input_size {size} has {len(size)}."


def _wrong_channels(
    place: Place, scene: Scene, value: Value, axes: int, channels: int
) -> str | None:
    found = value.shape[-axes - 1]
    if found == channels:
        return None
    size = scene.input_size(value)
    said = (
        f"{_who(place, place.op)} expects {channels} input channels "
        f"(in_channels={channels}) but gets {found}, {scene.origin(value)}. "
    )
    if size is not None and len(size) == axes + 1:
        if size[-1] == channels:
            return (
                f"{said}PyTorch puts the channels first: pass {(size[-1], *size[:-1])}."
            )
        right = (channels, *size[1:])
        return f"{said}Pass {right} as input_size, or set in_channels={found}."
    return f"{said}Set in_channels={found}."


def _too_small(
    place: Place, scene: Scene, value: Value, kernel: tuple[int, ...]
) -> str | None:
    axes = len(kernel)
    padding = place.arguments.get("padding", 0)
    if isinstance(padding, str):
        return None
    sizes = value.shape[-axes:]
    around = each(padding or 0, axes)
    dilation = each(place.arguments.get("dilation") or 1, axes)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if all(n + 2 * p >= s for n, p, s in zip(sizes, around, spans, strict=True)):
        return None
    with_padding = by([n + 2 * p for n, p in zip(sizes, around, strict=True)])
    what = "kernel" if place.op.startswith("conv") else "window"
    padded = f" ({with_padding} with its padding)" if any(around) else ""
    return (
        f"The {by(spans)} {what} of {_who(place, place.op)} does not fit into its input "
        f"of {by(sizes)}{padded}, {scene.origin(value)}. Use a larger image, more "
        f"padding, a smaller {what}, or fewer poolings and strides before it."
    )


def _pool(place: Place, scene: Scene) -> str | None:
    value, kernel = place.arguments.get("input"), place.arguments.get("kernel_size")
    if not isinstance(value, Value) or kernel is None:
        return None
    axes = int(place.op[-2])
    return _wrong_rank(place, scene, value, axes, None) or _too_small(
        place, scene, value, each(kernel, axes)
    )


def _adaptive(place: Place, scene: Scene) -> str | None:
    value = place.arguments.get("input")
    if not isinstance(value, Value):
        return None
    return _wrong_rank(place, scene, value, int(place.op[-2]), None)


# -- normalisation --------------------------------------------------------------------


def _batch_norm(place: Place, scene: Scene) -> str | None:
    value = place.arguments.get("input")
    held = [place.arguments.get(name) for name in ("running_mean", "weight", "bias")]
    sizes = [entry.shape[0] for entry in held if isinstance(entry, Value)]
    if not isinstance(value, Value) or not sizes or len(value.shape) < 2:
        return None
    wanted, found = sizes[0], value.shape[1]
    if wanted == found:
        return None
    return (
        f"{_who(place, place.op)} expects {wanted} channels (num_features={wanted}) but "
        f"gets {found}, {scene.origin(value)}. Set num_features={found}."
    )


def _layer_norm(place: Place, scene: Scene) -> str | None:
    value, wanted = (
        place.arguments.get("input"),
        place.arguments.get("normalized_shape"),
    )
    if not isinstance(value, Value) or not isinstance(wanted, list):
        return None
    found = value.shape[-len(wanted) :]
    if tuple(wanted) == found:
        return None
    return (
        f"{_who(place, place.op)} normalises the last axes {by(wanted)} but its input "
        f"ends in {by(found)}, {scene.origin(value)}. Set normalized_shape={found}."
    )


def _group_norm(place: Place, scene: Scene) -> str | None:
    value, groups = place.arguments.get("input"), place.arguments.get("num_groups")
    weight = place.arguments.get("weight")
    if not isinstance(value, Value) or len(value.shape) < 2:
        return None
    found, who = value.shape[1], _who(place, place.op)
    if isinstance(weight, Value) and weight.shape[0] != found:
        return (
            f"{who} expects {weight.shape[0]} channels (num_channels="
            f"{weight.shape[0]}) but gets {found}, {scene.origin(value)}. "
            f"Set num_channels={found}."
        )
    if isinstance(groups, int) and found % groups:
        return f"{who} cannot cut {found} channels into {groups} equal groups."
    return None


# -- joining, products, reshaping -------------------------------------------------------

_JOINING = words("add sub mul div pow maximum minimum eq ne lt le gt ge")


def _broadcast(place: Place, scene: Scene, values: list[Value]) -> str | None:
    one, other = (value.shape for value in values)
    pairs = zip(reversed(one), reversed(other), strict=False)
    if all(a == b or 1 in (a, b) for a, b in pairs):
        return None
    shapes = [by(scene.shape(value)) for value in values]
    first, second = (scene.origin(value) for value in values)
    return (
        f"{_who(place, place.op)} joins {shapes[0]}, {first}, and {shapes[1]}, {second}: "
        f"the sizes differ. Give both branches the same channels, stride and padding."
    )


def _cat(place: Place, scene: Scene) -> str | None:
    tensors, dim = place.arguments.get("tensors"), place.arguments.get("dim", 0)
    if not isinstance(tensors, list) or len(tensors) < 2 or not isinstance(dim, int):
        return None
    values = [value for value in tensors if isinstance(value, Value)]
    first = values[0]
    for value in values[1:]:
        rank = len(first.shape)
        wrong = len(value.shape) != rank or any(
            a != b and axis != dim % rank
            for axis, (a, b) in enumerate(zip(first.shape, value.shape, strict=True))
        )
        if wrong:
            return (
                f"{_who(place, place.op)} joins {by(scene.shape(first))}, "
                f"{scene.origin(first)}, and {by(scene.shape(value))}, "
                f"{scene.origin(value)}, along axis {dim}: all other sizes must agree."
            )
    return None


def _matmul(place: Place, scene: Scene) -> str | None:
    left, right = place.arguments.get("input"), place.arguments.get("other")
    if not isinstance(left, Value) or not isinstance(right, Value):
        return None
    if not left.shape or not right.shape:
        return None
    inner, outer = left.shape[-1], right.shape[max(len(right.shape) - 2, 0)]
    if inner == outer:
        return None
    return (
        f"{_who(place, place.op)} multiplies {by(scene.shape(left))}, "
        f"{scene.origin(left)}, by {by(scene.shape(right))}, {scene.origin(right)}: the "
        f"last size of the first, {inner}, and the first of the second, {outer}, must "
        f"be equal."
    )


def _reshape(place: Place, scene: Scene) -> str | None:
    value, wanted = place.arguments.get("input"), place.arguments.get("shape")
    if not isinstance(value, Value) or not isinstance(wanted, list):
        return None
    if not all(isinstance(size, int) for size in wanted):
        return None
    fixed = prod(size for size in wanted if size != -1)
    held = prod(value.shape)
    if held == fixed or (-1 in wanted and fixed and held % fixed == 0):
        return None
    shape = scene.shape(value)
    return (
        f"{_who(place, place.op)} asks for {tuple(wanted)}, but its input holds "
        f"{held} values for one image ({times(*shape)}), {scene.origin(value)}. "
        f"x.flatten(1) fits any size; a next Linear layer then needs "
        f"in_features={prod(shape)}."
    )


# -- checks that layers make themselves ---------------------------------------------------


def _module_mismatch(place: Place, scene: Scene) -> str | None:
    module, value = place.module, place.inputs[0] if place.inputs else None
    if value is None or not value.shape:
        return None
    who, found = _who(place, ""), value.shape[-1]
    if isinstance(module, nn.RNNBase | nn.RNNCellBase) and module.input_size != found:
        return (
            f"{who} expects {module.input_size} features per step (input_size="
            f"{module.input_size}) but gets {found}, {scene.origin(value)}. "
            f"Set input_size={found}."
        )
    if isinstance(module, nn.MultiheadAttention) and module.embed_dim != found:
        return (
            f"{who} expects {module.embed_dim} features (embed_dim={module.embed_dim}) "
            f"but gets {found}, {scene.origin(value)}. Set embed_dim={found}."
        )
    return _norm_rank(module, value, who, scene)


def _norm_rank(module: Any, value: Value, who: str, scene: Scene) -> str | None:
    kinds = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)
    if not isinstance(module, kinds):
        return None
    axes = len(value.shape) - 2
    return (
        f"{who} does not take an input of shape {by(scene.shape(value))}, "
        f"{scene.origin(value)}. For {max(axes, 0)} spatial axes use "
        f"{type(module).__name__[:-2]}{max(axes, 1)}d."
    )


_RULES: dict[str, Callable[[Place, Scene], str | None]] = {
    "linear": _linear,
    "conv": _convolution,
    "conv_transpose": _convolution,
    "max_pool": _pool,
    "avg_pool": _pool,
    "lp_pool": _pool,
    "adaptive_avg_pool": _adaptive,
    "adaptive_max_pool": _adaptive,
    "batch_norm": _batch_norm,
    "instance_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "cat": _cat,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "view": _reshape,
    "reshape": _reshape,
}
