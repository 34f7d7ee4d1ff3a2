"""Sentences for shapes that do not fit: the layer, the two numbers, and the fix.

Each rule looks at the arguments that an operation was called with and returns a
sentence if they cannot work, else None. Nothing is read out of PyTorch's messages.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from torch import nn

from cnnlib.arithmetic.value import times

from .errors import Scene, is_layer, name_of
from .operations import words
from .records import Shape, Stop, TracedTensor, base_name, each, shape_text, tensors_of


def mismatch(stop: Stop, scene: Scene) -> str | None:
    """Say what does not fit in the operation at `stop`; None if that is not clear."""
    rule = _RULES.get(base_name(stop.op))
    if rule is not None:
        return rule(stop, scene)
    values = tensors_of(stop.arguments)
    if stop.op in _JOINING and len(values) == 2:
        return _broadcast(stop, scene, values)
    return _layer_mismatch(stop, scene, [*values, *stop.inputs])


# -- linear -------------------------------------------------------------------------


def _linear(stop: Stop, scene: Scene) -> str | None:
    value, weight = stop.arguments.get("input"), stop.arguments.get("weight")
    if not isinstance(value, TracedTensor) or not isinstance(weight, TracedTensor):
        return None
    wanted = weight.shape[-1]
    found = value.shape[-1] if value.shape else 1
    if found == wanted:
        return scene.wrong_dtype(stop, value, weight)
    layer = is_layer(stop)
    named = f" (in_features={wanted})" if layer else ""
    start = f"{name_of(stop)} expects {wanted} input features{named} but gets "
    shape = scene.shape(value)
    if len(shape) > 2:
        every = prod(shape)
        fix = f"Flatten first, with nn.Flatten(): {times(*shape)} = {every} values"
        if every != wanted:
            right = f"set in_features={every}" if layer else _weight(weight, every)
            fix += f", and {right}"
        fix += "."
        return f"{start}{shape_text(shape)}, {scene.origin(value)}. {fix}"
    outputs = f", out_features={weight.shape[0]}" if len(weight.shape) > 1 else ""
    fix = f"Set in_features={found}: nn.Linear(in_features={found}{outputs})."
    if not layer:
        fix = f"G{_weight(weight, found)[1:]}."
    return f"{start}{found}{scene.flattened(value)}, {scene.origin(value)}. {fix}"


def _weight(weight: TracedTensor, features: int) -> str:
    return f"give it a weight of shape {(*weight.shape[:-1], features)}"


# -- joining, products, reshaping -----------------------------------------------------

_JOINING = words("add sub mul div pow maximum minimum eq ne lt le gt ge")


def _broadcast(stop: Stop, scene: Scene, values: list[TracedTensor]) -> str | None:
    one, other = (value.shape for value in values)
    pairs = zip(reversed(one), reversed(other), strict=False)
    if all(a == b or 1 in (a, b) for a, b in pairs):
        return None
    shapes = [shape_text(scene.shape(value)) for value in values]
    first, second = (scene.origin(value) for value in values)
    return (
        f"{name_of(stop)} joins {shapes[0]}, {first}, and {shapes[1]}, {second}: "
        f"the sizes differ. Give both branches the same channels, stride and padding."
    )


def _cat(stop: Stop, scene: Scene) -> str | None:
    tensors, dim = stop.arguments.get("tensors"), stop.arguments.get("dim", 0)
    if not isinstance(tensors, list) or len(tensors) < 2 or not isinstance(dim, int):
        return None
    values = [value for value in tensors if isinstance(value, TracedTensor)]
    first = values[0]
    for value in values[1:]:
        rank = len(first.shape)
        wrong = len(value.shape) != rank or any(
            a != b and axis != dim % rank
            for axis, (a, b) in enumerate(zip(first.shape, value.shape, strict=True))
        )
        if wrong:
            return (
                f"{name_of(stop)} joins {shape_text(scene.shape(first))}, "
                f"{scene.origin(first)}, and {shape_text(scene.shape(value))}, "
                f"{scene.origin(value)}, along axis {dim}: all other sizes must agree."
            )
    return None


def _matmul(stop: Stop, scene: Scene) -> str | None:
    left, right = stop.arguments.get("input"), stop.arguments.get("other")
    if not isinstance(left, TracedTensor) or not isinstance(right, TracedTensor):
        return None
    if not left.shape or not right.shape:
        return None
    inner, outer = left.shape[-1], right.shape[max(len(right.shape) - 2, 0)]
    if inner == outer:
        return None
    return (
        f"{name_of(stop)} multiplies {shape_text(scene.shape(left))}, "
        f"{scene.origin(left)}, by {shape_text(scene.shape(right))}, "
        f"{scene.origin(right)}: the last size of the first, {inner}, and the first "
        f"of the second, {outer}, must be equal."
    )


def _reshape(stop: Stop, scene: Scene) -> str | None:
    value, wanted = stop.arguments.get("input"), stop.arguments.get("shape")
    if not isinstance(value, TracedTensor) or not isinstance(wanted, list):
        return None
    if not all(isinstance(size, int) for size in wanted):
        return None
    fixed = prod(size for size in wanted if size != -1)
    held = prod(value.shape)
    if held == fixed or (-1 in wanted and fixed and held % fixed == 0):
        return None
    shape = scene.shape(value)
    return (
        f"{name_of(stop)} asks for {tuple(wanted)}, but its input holds "
        f"{held} values for one image ({times(*shape)}), {scene.origin(value)}. "
        f"x.flatten(1) fits any size; a next Linear layer then needs "
        f"in_features={prod(shape)}."
    )


# -- layers that look at their input themselves ---------------------------------------


def _layer_mismatch(stop: Stop, scene: Scene, values: list[TracedTensor]) -> str | None:
    module, value = stop.module, next(iter(values), None)
    if value is None or not value.shape:
        return None
    if isinstance(module, nn.RNNBase | nn.RNNCellBase):
        return _features(stop, scene, value, "input_size", module.input_size)
    if isinstance(module, nn.MultiheadAttention):
        return _features(stop, scene, value, "embed_dim", module.embed_dim)
    return _norm_rank(stop, scene) if stop.inputs else None


def _features(
    stop: Stop, scene: Scene, value: TracedTensor, name: str, wanted: int
) -> str | None:
    found = value.shape[-1]
    if found == wanted:
        return None
    return (
        f"{name_of(stop)} expects {wanted} features per position ({name}={wanted}) but "
        f"gets {found}, {scene.origin(value)}. Set {name}={found}."
    )


_INDICES = {
    "index": "index",
    "embedding": "input",
    "embedding_bag": "input",
    "one_hot": "tensor",
    "cross_entropy": "target",
    "nll_loss": "target",
    "take_along_dim": "indices",
    **dict.fromkeys(words("gather index_select take scatter scatter_add"), "index"),
    **dict.fromkeys(words("index_add index_copy index_fill"), "index"),
}
"""The argument of an operation that says, in whole numbers, what it picks."""


def fractions_as_indices(stop: Stop) -> TracedTensor | None:
    """Return the tensor of fractions by which an operation should look values up."""
    name = _INDICES.get(stop.op.removesuffix("_"), "")
    unnamed = [stop.arguments.get("rest", ()), stop.arguments.get("input")]
    tensors = tensors_of([stop.arguments.get(name, unnamed)]) if name else []
    fractions = [value for value in tensors if value.dtype.is_floating_point]
    return fractions[-1] if fractions else None


def _indices(stop: Stop, scene: Scene) -> str | None:
    value = fractions_as_indices(stop)
    if value is None:
        return None
    return (
        f"{name_of(stop)} looks up whole numbers but gets {scene.dtype(value)}, "
        f"{scene.origin(value)}. Make it whole numbers before, with x.long()."
    )


# -- convolutions and poolings ---------------------------------------------------------

_AXES = {1: "length", 2: "height x width", 3: "depth x height x width"}


def _convolution(stop: Stop, scene: Scene) -> str | None:
    value, weight = stop.arguments.get("input"), stop.arguments.get("weight")
    if not isinstance(value, TracedTensor) or not isinstance(weight, TracedTensor):
        return None
    transposed = "transpose" in stop.op
    groups = stop.arguments.get("groups", 1)
    channels = weight.shape[0] if transposed else weight.shape[1] * groups
    axes = len(weight.shape) - 2
    return (
        scene.wrong_dtype(stop, value, weight)
        or _wrong_rank(stop, scene, value, axes, channels)
        or _wrong_channels(stop, scene, value, axes, channels)
        or (None if transposed else _too_small(stop, scene, value, weight.shape[2:]))
    )


def _wrong_rank(
    stop: Stop, scene: Scene, value: TracedTensor, axes: int, channels: int | None
) -> str | None:
    if len(value.shape) == axes + 2:
        return None
    if len(value.shape) == axes + 1 and not scene.lacks_axis(value):
        return None  # PyTorch takes a single image too
    need = (
        f"{name_of(stop)} needs {axes + 1} axes for one input, "
        f"channels x {_AXES[axes]}, "
    )
    size = scene.input_size(value)
    if size is None:  # perhaps an operation before let it pass
        size = scene.odd_input(axes + 1, longer=len(value.shape) > axes + 2)
    if size is None:
        return (
            f"{need}but gets {shape_text(scene.shape(value))}, {scene.origin(value)}."
        )
    given = scene.given(value if value.key in scene.inputs else None)
    if given is not None:
        return f"{need}but input_data has shape {given}. {_data_fix(given, axes)}"
    if len(size) == axes + 2:
        return (
            f"{need}but input_size {size} has {len(size)}. input_size is that of one "
            f"input, without the batch: pass {size[1:]}."
        )
    if len(size) == axes:
        full = (channels or 1, *size)
        return f"{need}but input_size {size} has {len(size)}: pass {full}."
    return f"{need}but input_size {size} has {len(size)}."


def _data_fix(given: Shape, axes: int) -> str:
    """Say how a tensor gets the axes (N, C, ...) with `axes` after the channels."""
    missing = axes + 2 - len(given)
    if missing < 0:
        return f"Pass a tensor with {axes + 2} axes, the batch first."
    if missing == 1 and given[0] != 1:
        return "Pass input_data[:, None]: the axis of the channels is missing."
    index = ", ".join(["None"] * missing)
    return f"Pass input_data[{index}]: the batch is an axis of its own, in front."


_MOVED = "input_data.movedim(-1, 1)"


def _wrong_channels(
    stop: Stop, scene: Scene, value: TracedTensor, axes: int, channels: int
) -> str | None:
    found = value.shape[-axes - 1]
    if found == channels:
        return None
    size = scene.input_size(value)
    fix = _channels_fix(stop, found)
    named = f" (in_channels={channels})" if is_layer(stop) else ""
    start = (
        f"{name_of(stop)} expects {channels} input channels{named} but gets {found}, "
        f"{scene.origin(value)}. "
    )
    if size is not None and len(size) == axes + 1:
        if scene.given(value) is not None:
            if size[-1] == channels:
                return f"{start}PyTorch puts the channels first: pass {_MOVED}."
            return f"{start}Pass input_data with {channels} channels, or {fix}."
        if size[-1] == channels:
            right = (size[-1], *size[:-1])
            return f"{start}PyTorch puts the channels first: pass {right}."
        right = (channels, *size[1:])
        return f"{start}Pass {right} as input_size, or {fix}."
    return f"{start}{fix[0].upper()}{fix[1:]}."


def _channels_fix(stop: Stop, found: int) -> str:
    """Say what to set so that `found` channels are taken, in as many groups."""
    groups, shape = stop.arguments.get("groups", 1), stop.arguments["weight"].shape
    transposed = "transpose" in stop.op
    outputs = shape[1] * groups if transposed else shape[0]
    regroup = f"set groups to a common divisor of {found} and {outputs}"
    if is_layer(stop):
        return (
            f"set in_channels={found}{f' and {regroup[4:]}' if found % groups else ''}"
        )
    if found % groups:
        return f"give it a weight for {found} input channels, and {regroup}"
    right = (
        (found, *shape[1:]) if transposed else (shape[0], found // groups, *shape[2:])
    )
    return f"give it a weight of shape {right}"


def _too_small(
    stop: Stop, scene: Scene, value: TracedTensor, kernel: Shape
) -> str | None:
    axes = len(kernel)
    padding = stop.arguments.get("padding", 0)
    if isinstance(padding, str):
        return None
    sizes = value.shape[-axes:]
    around = each(padding or 0, axes)
    dilation = each(stop.arguments.get("dilation") or 1, axes)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if all(n + 2 * p >= s for n, p, s in zip(sizes, around, spans, strict=True)):
        return None
    with_padding = shape_text([n + 2 * p for n, p in zip(sizes, around, strict=True)])
    what = "kernel" if stop.op.startswith("conv") else "window"
    padded = f" ({with_padding} with its padding)" if any(around) else ""
    return (
        f"The {shape_text(spans)} {what} of {name_of(stop)} does not fit into its "
        f"input of {shape_text(sizes)}{padded}, {scene.origin(value)}. Use a larger "
        f"image, more padding, a smaller {what}, or fewer poolings and strides before "
        f"it."
    )


def _pool(stop: Stop, scene: Scene) -> str | None:
    value, kernel = stop.arguments.get("input"), stop.arguments.get("kernel_size")
    if not isinstance(value, TracedTensor) or kernel is None:
        return None
    axes = int(stop.op[-2])
    return _wrong_rank(stop, scene, value, axes, None) or _too_small(
        stop, scene, value, each(kernel, axes)
    )


def _adaptive(stop: Stop, scene: Scene) -> str | None:
    value = stop.arguments.get("input")
    if not isinstance(value, TracedTensor):
        return None
    return _wrong_rank(stop, scene, value, int(stop.op[-2]), None)


# -- normalisation --------------------------------------------------------------------

_RANKED = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


def _batch_norm(stop: Stop, scene: Scene) -> str | None:
    value = stop.arguments.get("input")
    held = [stop.arguments.get(name) for name in ("running_mean", "weight", "bias")]
    sizes = [entry.shape[0] for entry in held if isinstance(entry, TracedTensor)]
    if not isinstance(value, TracedTensor) or not sizes or len(value.shape) < 2:
        return None
    return _norm_channels(stop, scene, value, sizes[0])


def _norm_channels(
    stop: Stop, scene: Scene, value: TracedTensor, wanted: int
) -> str | None:
    found = value.shape[1]
    if wanted == found:
        return None
    return (
        f"{name_of(stop)} expects {wanted} channels (num_features={wanted}) but "
        f"gets {found}, {scene.origin(value)}. Set num_features={found}."
    )


def _layer_norm(stop: Stop, scene: Scene) -> str | None:
    value, wanted = (
        stop.arguments.get("input"),
        stop.arguments.get("normalized_shape"),
    )
    if not isinstance(value, TracedTensor) or not isinstance(wanted, list):
        return None
    found = value.shape[-len(wanted) :]
    if tuple(wanted) == found:
        return None
    return (
        f"{name_of(stop)} normalises the last axes {shape_text(wanted)} but its input "
        f"ends in {shape_text(found)}, {scene.origin(value)}. "
        f"Set normalized_shape={found}."
    )


def _group_norm(stop: Stop, scene: Scene) -> str | None:
    value, groups = stop.arguments.get("input"), stop.arguments.get("num_groups")
    weight = stop.arguments.get("weight")
    if not isinstance(value, TracedTensor) or len(value.shape) < 2:
        return None
    found, name = value.shape[1], name_of(stop)
    uneven = isinstance(groups, int) and found % groups != 0
    divisor = f"num_groups to a divisor of {found}"
    if isinstance(weight, TracedTensor) and weight.shape[0] != found:
        return (
            f"{name} expects {weight.shape[0]} channels (num_channels="
            f"{weight.shape[0]}) but gets {found}, {scene.origin(value)}. "
            f"Set num_channels={found}{f', and {divisor}' if uneven else ''}."
        )
    if uneven:
        return (
            f"{name} cannot cut {found} channels into {groups} equal groups. "
            f"Set {divisor}."
        )
    return None


def _norm_rank(stop: Stop, scene: Scene) -> str | None:
    """Say that a layer is made for another number of axes."""
    module, value = stop.module, stop.inputs[0]
    if not isinstance(module, _RANKED) or len(value.shape) < 2:
        return None
    axes = len(value.shape) - 2
    if f"{axes}d" == type(module).__name__[-2:]:
        return _norm_channels(stop, scene, value, module.num_features)
    kind = f"{type(module).__name__[:-2]}{max(axes, 1)}d"
    return (
        f"{name_of(stop)} does not take an input of shape "
        f"{shape_text(scene.shape(value))}, {scene.origin(value)}. "
        f"For {max(axes, 0)} spatial axes use {kind}."
    )


_RULES: dict[str, Callable[[Stop, Scene], str | None]] = {
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
    "linear": _linear,
    "cat": _cat,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "view": _reshape,
    "reshape": _reshape,
    **dict.fromkeys(_INDICES, _indices),
}
