"""Sentences for shapes that do not fit: the layer, the two numbers, and the cure.

Each rule looks at the arguments that an operation was called with and returns a
sentence if they cannot work, else None. Nothing is read out of PyTorch's messages.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from torch import nn

from .formulas import tensors_of, times
from .misfit_norms import RULES as NORMS
from .misfit_norms import norm_rank
from .misfit_windows import RULES as WINDOWS
from .names import words
from .phrases import by
from .records import Place, Value
from .source import Scene, is_layer, who


def mismatch(place: Place, scene: Scene) -> str | None:
    """Say what does not fit in the operation at `place`; None if that is not clear."""
    stem = place.op[:-2] if place.op[-2:] in ("1d", "2d", "3d") else place.op
    rule = _RULES.get(stem)
    if rule is not None:
        return rule(place, scene)
    values = tensors_of(place.arguments)
    if place.op in _JOINING and len(values) == 2:
        return _broadcast(place, scene, values)
    return _layer_mismatch(place, scene, [*values, *place.inputs])


# -- linear -------------------------------------------------------------------------


def _linear(place: Place, scene: Scene) -> str | None:
    value, weight = place.arguments.get("input"), place.arguments.get("weight")
    if not isinstance(value, Value) or not isinstance(weight, Value):
        return None
    wanted = weight.shape[-1]
    found = value.shape[-1] if value.shape else 1
    if found == wanted:
        return scene.wrong_dtype(place, value, weight)
    layer = is_layer(place)
    named = f" (in_features={wanted})" if layer else ""
    said = f"{who(place)} expects {wanted} input features{named} but gets "
    shape = scene.shape(value)
    if len(shape) > 2:
        every = prod(shape)
        cure = f"Flatten first, with nn.Flatten(): {times(*shape)} = {every} values"
        if every != wanted:
            right = f"set in_features={every}" if layer else _weight(weight, every)
            cure += f", and {right}"
        cure += "."
        return f"{said}{by(shape)}, {scene.origin(value)}. {cure}"
    outputs = f", out_features={weight.shape[0]}" if len(weight.shape) > 1 else ""
    cure = f"Set in_features={found}: nn.Linear(in_features={found}{outputs})."
    if not layer:
        cure = f"G{_weight(weight, found)[1:]}."
    return f"{said}{found}{scene.flattened(value)}, {scene.origin(value)}. {cure}"


def _weight(weight: Value, features: int) -> str:
    return f"give it a weight of shape {(*weight.shape[:-1], features)}"


# -- joining, products, reshaping -----------------------------------------------------

_JOINING = words("add sub mul div pow maximum minimum eq ne lt le gt ge")


def _broadcast(place: Place, scene: Scene, values: list[Value]) -> str | None:
    one, other = (value.shape for value in values)
    pairs = zip(reversed(one), reversed(other), strict=False)
    if all(a == b or 1 in (a, b) for a, b in pairs):
        return None
    shapes = [by(scene.shape(value)) for value in values]
    first, second = (scene.origin(value) for value in values)
    return (
        f"{who(place)} joins {shapes[0]}, {first}, and {shapes[1]}, {second}: "
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
                f"{who(place)} joins {by(scene.shape(first))}, "
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
        f"{who(place)} multiplies {by(scene.shape(left))}, "
        f"{scene.origin(left)}, by {by(scene.shape(right))}, {scene.origin(right)}: "
        f"the last size of the first, {inner}, and the first of the second, {outer}, "
        f"must be equal."
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
        f"{who(place)} asks for {tuple(wanted)}, but its input holds "
        f"{held} values for one image ({times(*shape)}), {scene.origin(value)}. "
        f"x.flatten(1) fits any size; a next Linear layer then needs "
        f"in_features={prod(shape)}."
    )


# -- layers that look at their input themselves ---------------------------------------


def _layer_mismatch(place: Place, scene: Scene, values: list[Value]) -> str | None:
    module, value = place.module, next(iter(values), None)
    if value is None or not value.shape:
        return None
    if isinstance(module, nn.RNNBase | nn.RNNCellBase):
        return _features(place, scene, value, "input_size", module.input_size)
    if isinstance(module, nn.MultiheadAttention):
        return _features(place, scene, value, "embed_dim", module.embed_dim)
    return norm_rank(place, scene) if place.inputs else None


def _features(
    place: Place, scene: Scene, value: Value, name: str, wanted: int
) -> str | None:
    found = value.shape[-1]
    if found == wanted:
        return None
    return (
        f"{who(place)} expects {wanted} features per position ({name}={wanted}) but "
        f"gets {found}, {scene.origin(value)}. Set {name}={found}."
    )


def _embedding(place: Place, scene: Scene) -> str | None:
    value = place.arguments.get("input")
    if not isinstance(value, Value) or not value.dtype.is_floating_point:
        return None
    return (
        f"{who(place)} looks up whole numbers but gets {scene.dtype(value)}, "
        f"{scene.origin(value)}. Pass whole numbers, with dtypes=torch.long."
    )


_RULES: dict[str, Callable[[Place, Scene], str | None]] = {
    **WINDOWS,
    **NORMS,
    "linear": _linear,
    "cat": _cat,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "view": _reshape,
    "reshape": _reshape,
    "embedding": _embedding,
}
