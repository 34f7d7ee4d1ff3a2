"""What the page of ``explore_network`` gets to work with."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from cnnlib.plots.arrays import CHANNELS, over_white
from cnnlib.text import count, number, size

from .inside import Inside, Layer, Unit
from .pack import EXACT, ROOM, Detail, choose, levels, pack, pack_layer, text
from .still import shape
from .sums import biases, field, how, probe, short, weights

WORK = 150_000_000
"""Multiply-adds that may go into gradients for the page; more wait for a question."""
PROBED = 16
"""Maps of a layer whose strongest unit comes with its gradient, if all fits."""


def network_data(inside: Inside) -> dict[str, Any]:
    """Return image, layers, numbers, and some units worked out in advance."""
    detail = choose([layer.maps.shape for layer in inside.layers], ROOM)
    values = {layer.key: pack_layer(layer, detail) for layer in inside.layers}
    entries = [_entry(inside, layer) for layer in inside.layers]
    if detail.exact:
        for key in _sources(entries) | {inside.input_key}:
            values.setdefault(key, _pack_all(inside.values(key)))
        _add_weights(inside, entries, ROOM - sum(_bytes(v) for v in values.values()))
    _add_probes(inside, entries, detail)
    return {
        "facts": _facts(inside, detail),
        "image": _picture(inside.image),
        "height": inside.image.shape[1],
        "width": inside.image.shape[2],
        "input": inside.input_key,
        "layers": entries,
        "values": {str(key): value for key, value in values.items()},
        "told": ["ask"],
        "ask": None,
        "bridge": "",
    }


def _pack_all(maps: np.ndarray) -> dict[str, Any]:
    return pack(maps, EXACT, (float(maps.min()), float(maps.max())))


def probed(inside: Inside, layer: Layer, unit: Unit) -> dict[str, Any]:
    """Return one unit: what makes it, and its gradient."""
    ((gradient,),) = inside.gradients([(layer, [unit])])
    return probe(inside, layer, unit) | {"gradient": heat(gradient)}


def heat(gradient: np.ndarray) -> dict[str, Any]:
    """Return a gradient (C, H, W), added over the channels, cut to what is not zero."""
    signed = gradient.sum(axis=0)
    rows, columns = np.nonzero(signed)
    if not len(rows):
        return {"box": [0, 0, 0, 0], "top": 0, "pixels": 0, "data": ""}
    top, left = int(rows.min()), int(columns.min())
    part = signed[top : rows.max() + 1, left : columns.max() + 1]
    largest = float(np.abs(part).max())
    return {
        "box": [top, left, *part.shape],
        "top": short(largest),
        "pixels": len(rows),
        "data": text(levels(part, largest, signed=True)),
    }


def _entry(inside: Inside, layer: Layer) -> dict[str, Any]:
    made = how(inside, layer)
    return {
        "name": layer.name,
        "kind": layer.kind,
        "key": layer.key,
        "maps": list(layer.maps.shape),
        "shape": list(shape(layer)),
        "settings": _settings(layer),
        "field": field(layer),
        "how": made,
        "start": list(layer.strongest),
    }


def _settings(layer: Layer) -> str:
    """Say what kind of layer it is, with the numbers that it was made with."""
    if layer.op.name == "conv2d":
        call, (kh, kw) = layer.call, layer.call["weight"].shape[2:]
        words = [f"{count(len(layer.maps), 'kernel')} of {size(kh, kw)}"]
        words += [f"stride {call['stride']}"] if _beyond(call, "stride", 1) else []
        words += [f"padding {call['padding']}"] if _beyond(call, "padding", 0) else []
        words += (
            [f"dilation {call['dilation']}"] if _beyond(call, "dilation", 1) else []
        )
        words += [f"groups {call['groups']}"] if call.get("groups", 1) != 1 else []
        return ", ".join(words)
    if layer.op.name in ("max_pool2d", "avg_pool2d"):
        return f"window {layer.call['kernel_size']}"
    return ""


def _beyond(call: dict[str, Any], name: str, usual: int) -> bool:
    value = call.get(name, usual)
    if isinstance(value, tuple | list) and len(set(value)) == 1:
        call[name] = value = value[0]
    return bool(value != usual)


def _sources(entries: list[dict[str, Any]]) -> set[int]:
    """Return the keys of all tensors that some layer's numbers are made of."""
    made = [entry["how"] for entry in entries if entry["how"]]
    return {how[name] for how in made for name in ("input", "other") if name in how}


def _add_weights(inside: Inside, entries: list[dict[str, Any]], room: int) -> None:
    """Give the page the kernels, the smaller ones first, while there is room."""
    summed = [
        (weights(layer), biases(layer), entry)
        for layer, entry in zip(inside.layers, entries, strict=True)
        if entry["how"] and entry["how"]["kind"] == "sum"
    ]
    for kernels, bias, entry in sorted(summed, key=lambda one: one[0].size):
        room -= 4 * kernels.size
        if room < 0:
            return
        entry["weights"] = text(kernels)
        if bias is not None:
            entry["bias"] = text(bias)


def _add_probes(inside: Inside, entries: list[dict[str, Any]], detail: Detail) -> None:
    """Work out the strongest units, and their gradients while that is little work."""
    work, left, wanted = 0, WORK, []
    for layer, entry in zip(inside.layers, entries, strict=True):
        work += layer.row.mult_adds or 0
        units = _units(layer) if detail.exact else [layer.strongest]
        held = detail.exact and _held(entry)
        entry["probes"] = [
            {"unit": list(unit)} if held else probe(inside, layer, unit)
            for unit in units
        ]
        left -= work * 2 * len(units)
        if left >= 0:
            wanted.append((layer, units, entry["probes"]))
    found = inside.gradients([(layer, units) for layer, units, _ in wanted])
    for (_, _, probes), gradients in zip(wanted, found, strict=True):
        for one, gradient in zip(probes, gradients, strict=True):
            one["gradient"] = heat(gradient)


def _held(entry: dict[str, Any]) -> bool:
    """Tell whether the page can work out a layer's units by itself."""
    made = entry["how"]
    return made is None or made["kind"] != "sum" or "weights" in entry


def _units(layer: Layer) -> list[Unit]:
    """Return the strongest unit of each of the strongest maps; of long vectors one."""
    many = len(layer.maps) > PROBED and layer.maps[0].size == 1
    return [layer.strongest_of(int(k)) for k in layer.foremost(1 if many else PROBED)]


def _facts(inside: Inside, detail: Detail) -> str:
    name, image = type(inside.model).__name__, size(*inside.image.shape[1:])
    text = f"{name}, {count(inside.parameters, 'parameter')}, and what it makes of an "
    text += f"image of {image}."
    if inside.left_out:
        text += f" Not shown: {', '.join(inside.left_out[:4])}"
        text += " and more." if len(inside.left_out) > 4 else "."
    return text + ("" if detail.exact else f" {_left_out(detail)}")


def _left_out(detail: Detail) -> str:
    """Say what of a large net is not in the page."""
    parts = []
    if detail.maps is not None:
        parts.append(f"at most {detail.maps} maps of a layer, those that answer most")
    if detail.side is not None:
        parts.append(f"each at most {detail.side} pixels wide")
    text = "; ".join(parts) or "every number in 255 levels"
    return f"The net is large, so this page holds {text}."


def _picture(image: np.ndarray) -> dict[str, Any]:
    """Return the image (C, H, W) as it can be looked at: a file, and its range."""
    shown = image if image.shape[0] in CHANNELS else image.mean(axis=0, keepdims=True)
    shown = over_white(shown)
    low, high = float(image.min()), float(image.max())
    plain = low >= 0 and high <= 1
    bottom, span = (0.0, 1.0) if plain else (low, (high - low) or 1.0)
    pixels = ((shown - bottom) / span * 255).round().clip(0, 255).astype(np.uint8)
    picture = Image.fromarray(
        pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
    )
    buffer = io.BytesIO()
    kind = "PNG" if max(image.shape[1:]) <= 64 else "JPEG"
    picture.save(buffer, format=kind, **({"quality": 85} if kind == "JPEG" else {}))
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return {
        "source": f"data:image/{kind.lower()};base64,{data}",
        "range": "" if plain else f", from {number(low)} to {number(high)}",
    }


def _bytes(packed: dict[str, Any]) -> int:
    return len(packed["data"]) * 3 // 4
