"""Sentences about normalisation layers whose input does not fit."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from .phrases import by
from .records import Place, Value
from .source import Scene, who

_RANKED = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


def _batch_norm(place: Place, scene: Scene) -> str | None:
    value = place.arguments.get("input")
    held = [place.arguments.get(name) for name in ("running_mean", "weight", "bias")]
    sizes = [entry.shape[0] for entry in held if isinstance(entry, Value)]
    if not isinstance(value, Value) or not sizes or len(value.shape) < 2:
        return None
    return _channels(place, scene, value, sizes[0])


def _channels(place: Place, scene: Scene, value: Value, wanted: int) -> str | None:
    found = value.shape[1]
    if wanted == found:
        return None
    return (
        f"{who(place)} expects {wanted} channels (num_features={wanted}) but "
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
        f"{who(place)} normalises the last axes {by(wanted)} but its input "
        f"ends in {by(found)}, {scene.origin(value)}. Set normalized_shape={found}."
    )


def _group_norm(place: Place, scene: Scene) -> str | None:
    value, groups = place.arguments.get("input"), place.arguments.get("num_groups")
    weight = place.arguments.get("weight")
    if not isinstance(value, Value) or len(value.shape) < 2:
        return None
    found, name = value.shape[1], who(place)
    uneven = isinstance(groups, int) and found % groups != 0
    divisor = f"num_groups to a divisor of {found}"
    if isinstance(weight, Value) and weight.shape[0] != found:
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


def norm_rank(place: Place, scene: Scene) -> str | None:
    """Say that a layer is made for another number of axes."""
    module, value = place.module, place.inputs[0]
    if not isinstance(module, _RANKED) or len(value.shape) < 2:
        return None
    axes = len(value.shape) - 2
    if f"{axes}d" == type(module).__name__[-2:]:
        return _channels(place, scene, value, module.num_features)
    kind = f"{type(module).__name__[:-2]}{max(axes, 1)}d"
    return (
        f"{who(place)} does not take an input of shape {by(scene.shape(value))}, "
        f"{scene.origin(value)}. For {max(axes, 0)} spatial axes use {kind}."
    )


RULES: dict[str, Callable[[Place, Scene], str | None]] = {
    "batch_norm": _batch_norm,
    "instance_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
}
