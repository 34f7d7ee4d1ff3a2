"""Where one number of a layer comes from: the sum of a convolution, a window, a value.

`how` describes a layer's operation for the page, which can then work out any unit of a
net that it holds; `probe` works out one unit here, with the layer's own numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnnlib.arithmetic.axis import sides
from cnnlib.model_summary.operations import words

from .inside import Inside, Layer, Unit

TERMS = 4
"""Input maps whose products are shown; of the others, their sum."""
POOLS = {"max_pool2d": "max", "avg_pool2d": "mean"}
EACH = words("relu tanh sigmoid leaky_relu gelu elu silu hardswish relu6")


def how(inside: Inside, layer: Layer) -> dict[str, Any] | None:
    """Say how the numbers of a layer are made, or None where that is not followed.

    ``kind`` is "sum" (convolution, linear), "max", "mean", "each" or "add".
    """
    name, inputs = layer.op.name, [value.key for value in layer.op.inputs]
    if any(key not in inside.kept for key in inputs) or not inputs:
        return None
    if name == "conv2d":
        return _conv(inside, layer, inputs[0])
    if name == "linear" and layer.maps.shape[1:] == (1, 1):
        return _window("sum", inputs[0], (1, 1)) | {"groups": 1}
    if name in POOLS:
        return _pool(inside, layer, inputs[0])
    same = all(inside.values(key).shape == layer.maps.shape for key in inputs)
    if name in EACH and same:
        return {"kind": "each", "name": name, "input": inputs[0]}
    if name == "add" and same and len(inputs) == 2 and "alpha" not in layer.call:
        return {"kind": "add", "input": inputs[0], "other": inputs[1]}
    return None


def _window(kind: str, key: int, kernel: tuple[int, int], **more: Any) -> dict:
    usual = {"stride": [1, 1], "padding": [0, 0], "dilation": [1, 1]}
    return {"kind": kind, "input": key, "kernel": list(kernel), **usual, **more}


def _conv(inside: Inside, layer: Layer, key: int) -> dict[str, Any]:
    call, kernel = layer.call, tuple(layer.call["weight"].shape[2:])
    stride, dilation = _pair(call.get("stride", 1)), _pair(call.get("dilation", 1))
    padding = call.get("padding", 0)
    if isinstance(padding, tuple | list):
        padding = tuple(_pair(padding))
    rows, columns = sides(padding, kernel, _both(stride), _both(dilation))
    return _window(
        "sum",
        key,
        kernel,
        stride=stride,
        dilation=dilation,
        padding=[int(rows[0]), int(columns[0])],
        groups=int(call.get("groups", 1)),
    )


def _pool(inside: Inside, layer: Layer, key: int) -> dict[str, Any] | None:
    call = layer.call
    kernel, padding = _pair(call["kernel_size"]), _pair(call.get("padding", 0))
    mean = layer.op.name == "avg_pool2d"
    if call.get("ceil_mode") or (mean and (any(padding) or _odd(call))):
        return None
    stride = call.get("stride")
    return _window(
        POOLS[layer.op.name],
        key,
        (kernel[0], kernel[1]),
        stride=kernel if stride is None or stride == [] else _pair(stride),
        padding=padding,
        dilation=_pair(call.get("dilation", 1)) if not mean else [1, 1],
    )


def _odd(call: dict[str, Any]) -> bool:
    rest = [*call.get("rest", []), call.get("divisor_override")]
    return any(type(value) is int for value in rest)


def weights(layer: Layer) -> np.ndarray:
    """Return the kernels (maps out, maps in, kh, kw) of a convolution or linear."""
    weight = layer.call["weight"].detach().float().cpu().numpy()
    return weight if weight.ndim == 4 else weight[:, :, None, None]


def biases(layer: Layer) -> np.ndarray | None:
    """Return the biases (maps out,), or None."""
    bias = layer.call.get("bias")
    return None if bias is None else bias.detach().float().cpu().numpy()


def probe(inside: Inside, layer: Layer, unit: Unit) -> dict[str, Any]:
    """Return one unit: its value and, where it is followed, what makes it."""
    found = {"unit": list(unit), "value": short(layer.maps[unit])}
    made = how(inside, layer)
    if made is None:
        return found
    if made["kind"] in ("each", "add"):
        keys = [made[name] for name in ("input", "other") if name in made]
        found["inputs"] = [short(inside.values(key)[unit]) for key in keys]
        return found
    data = inside.values(made["input"])
    if made["kind"] == "sum":
        return found | _sum(layer, made, data, unit)
    return found | {
        "window": _numbers(_cells(data[unit[0] : unit[0] + 1], made, unit)[0])
    }


def _sum(layer: Layer, made: dict, data: np.ndarray, unit: Unit) -> dict[str, Any]:
    kernels, bias = weights(layer)[unit[0]].astype(np.float64), biases(layer)
    first = unit[0] * made["groups"] // len(layer.maps) * len(kernels)
    part = data[first : first + len(kernels)].astype(np.float64)
    windows = np.nan_to_num(_cells(part, made, unit))
    sums = (windows * kernels).sum(axis=(1, 2))
    shown = np.sort(np.argsort(-np.abs(sums), kind="stable")[:TERMS])
    terms = [
        {
            "map": int(first + k),
            "window": _numbers(windows[k]),
            "kernel": _numbers(kernels[k]),
            "sum": short(sums[k]),
        }
        for k in shown
    ]
    others = {
        "count": len(sums) - len(shown),
        "sum": short(np.delete(sums, shown).sum()),
    }
    result: dict[str, Any] = {"terms": terms, "others": others}
    return result if bias is None else result | {"bias": short(bias[unit[0]])}


def _cells(data: np.ndarray, made: dict[str, Any], unit: Unit) -> np.ndarray:
    """Return the windows (C, kh, kw) of maps under a unit; NaN in the padding."""
    places = []
    for axis in (0, 1):
        at = unit[1 + axis] * made["stride"][axis] - made["padding"][axis]
        places.append(at + np.arange(made["kernel"][axis]) * made["dilation"][axis])
    sizes = data.shape[1:]
    inside = [(p >= 0) & (p < n) for p, n in zip(places, sizes, strict=True)]
    rows, columns = (p.clip(0, n - 1) for p, n in zip(places, sizes, strict=True))
    cells = data[:, rows[:, None], columns]
    return np.where(inside[0][:, None] & inside[1], cells, np.nan)


def field(layer: Layer) -> dict[str, Any] | None:
    """Return what a unit sees: size, jump and start along rows and columns."""
    row = layer.row
    if row.receptive_field is None or len(row.receptive_field) != 2:
        return None
    known = {"size": list(row.receptive_field)}
    if row.receptive_start is None or (row.jump is None and not row.whole_image):
        return known
    jump = [0, 0] if row.jump is None else list(row.jump)
    return known | {"start": list(row.receptive_start), "jump": jump}


def box(layer: Layer, unit: Unit) -> tuple[int, int, int, int] | None:
    """Return (row, column, height, width) of the pixels that a unit can see."""
    seen = field(layer)
    if seen is None or "start" not in seen:
        return None
    top, left = (
        math.floor(seen["start"][axis] + unit[1 + axis] * seen["jump"][axis])
        for axis in (0, 1)
    )
    return top, left, seen["size"][0], seen["size"][1]


def short(value: Any) -> float:
    """Return a number with the nine digits that tell 32-bit floats apart."""
    return float(f"{float(value):.9g}")


def _numbers(array: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(x) else short(x) for x in row] for row in array]


def _pair(value: Any) -> list[int]:
    both = list(value) if isinstance(value, tuple | list) else [value]
    return [int(both[0]), int(both[-1])]


def _both(pair: list[int]) -> tuple[int, int]:
    return pair[0], pair[1]
