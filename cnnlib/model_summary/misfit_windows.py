"""Sentences about convolutions and poolings whose input does not fit."""

from __future__ import annotations

from collections.abc import Callable

from .formulas import each
from .phrases import by
from .records import Place, Value
from .source import Scene, is_layer, who

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
        scene.wrong_dtype(place, value, weight)
        or _wrong_rank(place, scene, value, axes, channels)
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
    need = (
        f"{who(place)} needs {axes + 1} axes for one input, channels x {_AXES[axes]}, "
    )
    size = scene.input_size(value)
    if size is None:  # perhaps an operation before let it pass
        size = scene.odd_input(axes + 1, longer=len(value.shape) > axes + 2)
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
    cure = _channels_cure(place, found)
    named = f" (in_channels={channels})" if is_layer(place) else ""
    said = (
        f"{who(place)} expects {channels} input channels{named} but gets {found}, "
        f"{scene.origin(value)}. "
    )
    if size is not None and len(size) == axes + 1:
        if size[-1] == channels:
            return (
                f"{said}PyTorch puts the channels first: pass {(size[-1], *size[:-1])}."
            )
        right = (channels, *size[1:])
        return f"{said}Pass {right} as input_size, or {cure}."
    return f"{said}{cure[0].upper()}{cure[1:]}."


def _channels_cure(place: Place, found: int) -> str:
    """Say what to set so that `found` channels are taken, in as many groups."""
    groups, shape = place.arguments.get("groups", 1), place.arguments["weight"].shape
    transposed = "transpose" in place.op
    outputs = shape[1] * groups if transposed else shape[0]
    regroup = f"set groups to a common divisor of {found} and {outputs}"
    if is_layer(place):
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
        f"The {by(spans)} {what} of {who(place)} does not fit into its input "
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


RULES: dict[str, Callable[[Place, Scene], str | None]] = {
    "conv": _convolution,
    "conv_transpose": _convolution,
    "max_pool": _pool,
    "avg_pool": _pool,
    "lp_pool": _pool,
    "adaptive_avg_pool": _adaptive,
    "adaptive_max_pool": _adaptive,
}
