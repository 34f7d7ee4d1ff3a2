"""What the page of ``explore_network`` gets to work with."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlib.text import count, size
from cnnlib.visuals.shared.pack import (
    EXACT,
    Detail,
    choose,
    in_base64,
    levels,
    nine_digits,
    pack,
    pack_image,
)

from .inside import Inside, Layer, Unit
from .still import shape
from .sums import biases, field, origin, probe, weights

PAGE_BYTES = 135_000
"""Bytes of numbers in a page; as text they are a third more."""
GRADIENT_MULT_ADDS = 150_000_000
"""Multiply-adds that may go into gradients for the page; more wait for a question."""
PROBED_MAPS = 16
"""Maps of a layer whose strongest unit comes with its gradient, if all fits."""


def network_data(inside: Inside) -> dict[str, Any]:
    """Return image, layers, numbers, and some units worked out in advance."""
    detail = choose([layer.maps.shape for layer in inside.layers], PAGE_BYTES)
    values = {layer.key: pack_layer(layer, detail) for layer in inside.layers}
    entries = [_entry(inside, layer) for layer in inside.layers]
    if detail.exact:
        for key in _sources(entries) | {inside.input_key}:
            values.setdefault(key, _pack_all(inside.values(key)))
        _add_weights(
            inside, entries, PAGE_BYTES - sum(_bytes(v) for v in values.values())
        )
    _add_probes(inside, entries, detail)
    return {
        "facts": _facts(inside, detail),
        "image": pack_image(inside.image),
        "height": inside.image.shape[1],
        "width": inside.image.shape[2],
        "input": inside.input_key,
        "layers": entries,
        "values": {str(key): value for key, value in values.items()},
        "told": ["ask"],
        "ask": None,
        "bridge": "",
    }


def pack_layer(layer: Layer, detail: Detail) -> dict[str, Any]:
    """Return a layer for the page: its maps, or those of them that answer most."""
    maps, most = layer.maps, detail.most(layer.maps.shape)
    if len(maps) <= most:
        return pack(maps, detail, layer.ends)
    kept = layer.foremost(most)
    return pack(maps[kept], detail, layer.ends) | {"maps": kept.tolist()}


def _pack_all(maps: np.ndarray) -> dict[str, Any]:
    return pack(maps, EXACT, (float(maps.min()), float(maps.max())))


def probed(inside: Inside, layer: Layer, unit: Unit) -> dict[str, Any]:
    """Return one unit: what makes it, and its gradient."""
    ((gradient,),) = inside.gradients([(layer, [unit])])
    return probe(inside, layer, unit) | {"gradient": heat(gradient)}


def heat(gradient: np.ndarray) -> dict[str, Any]:
    """Return a gradient (C, H, W), added over the channels, cut to what is not zero."""
    # Beyond a layer whose numbers are not finite there is no gradient to show.
    signed = np.nan_to_num(gradient, nan=0, posinf=0, neginf=0).sum(axis=0)
    rows, columns = np.nonzero(signed)
    if not len(rows):
        return {"box": [0, 0, 0, 0], "top": 0, "pixels": 0, "data": ""}
    top, left = int(rows.min()), int(columns.min())
    part = signed[top : rows.max() + 1, left : columns.max() + 1]
    largest = float(np.abs(part).max())
    return {
        "box": [top, left, *part.shape],
        "top": nine_digits(largest),
        "pixels": len(rows),
        "data": in_base64(levels(part, largest, signed=True)),
    }


def _entry(inside: Inside, layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "key": layer.key,
        "maps": list(layer.maps.shape),
        "shape": list(shape(layer)),
        "settings": _settings(layer),
        "field": field(layer),
        "how": origin(inside, layer),
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
    sources = [entry["how"] for entry in entries if entry["how"]]
    names = ("input", "other")
    return {source[name] for source in sources for name in names if name in source}


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
        entry["weights"] = in_base64(kernels)
        if bias is not None:
            entry["bias"] = in_base64(bias)


def _add_probes(inside: Inside, entries: list[dict[str, Any]], detail: Detail) -> None:
    """Work out the strongest units, and their gradients while that is little work."""
    work, left, wanted = 0, GRADIENT_MULT_ADDS, []
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
    answers = inside.gradients([(layer, units) for layer, units, _ in wanted])
    for (_, _, probes), gradients in zip(wanted, answers, strict=True):
        for one, gradient in zip(probes, gradients, strict=True):
            one["gradient"] = heat(gradient)


def _held(entry: dict[str, Any]) -> bool:
    """Tell whether the page can work out a layer's units by itself."""
    source = entry["how"]
    return source is None or source["kind"] != "sum" or "weights" in entry


def _units(layer: Layer) -> list[Unit]:
    """Return the strongest unit of each of the strongest maps; of long vectors one."""
    many = len(layer.maps) > PROBED_MAPS and layer.maps[0].size == 1
    return [
        layer.strongest_of(int(k)) for k in layer.foremost(1 if many else PROBED_MAPS)
    ]


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


def _bytes(packed: dict[str, Any]) -> int:
    return len(packed["data"]) * 3 // 4
