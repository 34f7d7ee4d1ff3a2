"""Where one number of a layer comes from: the sum of a convolution, a window, a value.

`origin` describes the operation that makes a layer's numbers. With it, and with the
numbers, the page can work out any unit by itself; `probe` works out one unit here, for
pages that do not hold the numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnnlib.arithmetic.axis import sides
from cnnlib.model_summary.operations import words
from cnnlib.visuals.shared.pack import nine_digits
from cnnlib.visuals.shared.sides import down_and_across

from .inside import Inside, Layer, Unit

MAPS_WRITTEN_OUT = 4
"""Input maps whose products are shown; of the others, their sum."""
POOLINGS = {"max_pool2d": "max", "avg_pool2d": "mean"}
FUNCTIONS = words("relu tanh sigmoid leaky_relu gelu elu silu hardswish relu6")


def origin(inside: Inside, layer: Layer) -> dict[str, Any] | None:
    """Say how the numbers of a layer are made, or None where that is not followed.

    ``kind`` is "sum" (convolution, linear), "max", "mean", "each" or "add".
    """
    name, inputs = layer.op.name, [value.key for value in layer.op.inputs]
    if not inputs or not all(inside.has_maps(key) for key in inputs):
        return None
    if name == "conv2d":
        return _conv(inside, layer, inputs[0])
    if name == "linear" and layer.maps.shape[1:] == (1, 1):
        return _window("sum", inputs[0], (1, 1)) | {"groups": 1}
    if name in POOLINGS:
        return _pool(inside, layer, inputs[0])
    same = all(inside.values(key).shape == layer.maps.shape for key in inputs)
    if name in FUNCTIONS and same:
        return {"kind": "each", "name": name, "input": inputs[0]}
    if name == "add" and same and len(inputs) == 2 and "alpha" not in layer.call:
        return {"kind": "add", "input": inputs[0], "other": inputs[1]}
    return None


def _window(kind: str, key: int, kernel: tuple[int, int], **more: Any) -> dict:
    usual = {"stride": [1, 1], "padding": [0, 0], "dilation": [1, 1]}
    return {"kind": kind, "input": key, "kernel": list(kernel), **usual, **more}


def _conv(inside: Inside, layer: Layer, key: int) -> dict[str, Any]:
    call, kernel = layer.call, tuple(layer.call["weight"].shape[2:])
    stride = down_and_across(call.get("stride", 1))
    dilation = down_and_across(call.get("dilation", 1))
    padding = call.get("padding", 0)
    if isinstance(padding, tuple | list):
        padding = tuple(down_and_across(padding))
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
    kernel = down_and_across(call["kernel_size"])
    padding = down_and_across(call.get("padding", 0))
    mean = layer.op.name == "avg_pool2d"
    if call.get("ceil_mode") or (mean and (any(padding) or _counts_otherwise(call))):
        return None
    stride = call.get("stride")
    return _window(
        POOLINGS[layer.op.name],
        key,
        (kernel[0], kernel[1]),
        stride=kernel if stride is None or stride == [] else down_and_across(stride),
        padding=padding,
        dilation=down_and_across(call.get("dilation", 1)) if not mean else [1, 1],
    )


def _counts_otherwise(call: dict[str, Any]) -> bool:
    """Tell whether a mean is divided by another number than the cells of its window."""
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
    result = {"unit": list(unit), "value": nine_digits(layer.maps[unit])}
    source = origin(inside, layer)
    if source is None:
        return result
    if source["kind"] in ("each", "add"):
        keys = [source[name] for name in ("input", "other") if name in source]
        result["inputs"] = [nine_digits(inside.values(key)[unit]) for key in keys]
        return result
    data = inside.values(source["input"])
    if source["kind"] == "sum":
        return result | _sum(layer, source, data, unit)
    return result | {
        "window": _numbers(_cells(data[unit[0] : unit[0] + 1], source, unit)[0])
    }


def _sum(layer: Layer, source: dict, data: np.ndarray, unit: Unit) -> dict[str, Any]:
    kernels, bias = weights(layer)[unit[0]].astype(np.float64), biases(layer)
    first = unit[0] * source["groups"] // len(layer.maps) * len(kernels)
    part = data[first : first + len(kernels)].astype(np.float64)
    windows = np.nan_to_num(_cells(part, source, unit))
    sums = (windows * kernels).sum(axis=(1, 2))
    shown = np.sort(np.argsort(-np.abs(sums), kind="stable")[:MAPS_WRITTEN_OUT])
    terms = [
        {
            "map": int(first + k),
            "window": _numbers(windows[k]),
            "kernel": _numbers(kernels[k]),
            "sum": nine_digits(sums[k]),
        }
        for k in shown
    ]
    others = {
        "count": len(sums) - len(shown),
        "sum": nine_digits(np.delete(sums, shown).sum()),
    }
    result: dict[str, Any] = {"terms": terms, "others": others}
    return result if bias is None else result | {"bias": nine_digits(bias[unit[0]])}


def _cells(data: np.ndarray, source: dict[str, Any], unit: Unit) -> np.ndarray:
    """Return the windows (C, kh, kw) of maps under a unit; NaN in the padding."""
    places = []
    for axis in (0, 1):
        at = unit[1 + axis] * source["stride"][axis] - source["padding"][axis]
        places.append(at + np.arange(source["kernel"][axis]) * source["dilation"][axis])
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


def _numbers(array: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(x) else nine_digits(x) for x in row] for row in array]


def _both(pair: list[int]) -> tuple[int, int]:
    return pair[0], pair[1]
