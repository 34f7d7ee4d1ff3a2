"""What stands for the explorer of a net where no script runs: one PNG, one sentence."""

from __future__ import annotations

import numpy as np

from cnnlib.picture import Picture
from cnnlib.text import count, number, sentence, size
from cnnlib.visuals.shared.rows import MAPS_PER_ROW, labelled_rows

from .inside import Inside, Layer

LAYERS_DRAWN = 6
"""Layers in the picture, chosen evenly from the first to the last."""
LAYERS_NAMED = 10
"""Layers whose maps and numbers are in the sentence; of more, how many there are."""


def still(inside: Inside) -> Picture:
    """Draw up to six layers, from the first to the last, with the 8 strongest maps.

    Each layer has its own scale, blue for negative and red for positive numbers.
    """
    layers = [one for one in inside.layers if one.maps[0].size > 1] or inside.layers
    places = np.linspace(0, len(layers) - 1, min(LAYERS_DRAWN, len(layers))).round()
    chosen = [layers[int(place)] for place in places]
    rows = [
        (
            one.name,
            " × ".join(map(str, shape(one))),
            one.maps[one.foremost(MAPS_PER_ROW)],
        )
        for one in chosen
    ]
    return labelled_rows(rows, "The strongest maps of some layers.")


def shape(layer: Layer) -> tuple[int, ...]:
    """Return (C, H, W), of a vector (C,)."""
    full = layer.maps.shape
    return (
        full if full[1] * full[2] > 1 or len(layer.row.output_shape) > 1 else full[:1]
    )


def describe(inside: Inside) -> str:
    """Say what the net is, what it was shown, and what its layers answer."""
    name, image = type(inside.model).__name__, size(*inside.image.shape[1:])
    text = f"inside {name}, {count(inside.parameters, 'parameter')}, shown an image of "
    text += f"{image}: {count(len(inside.layers), 'layer')}. "
    parts = [_words_of(layer) for layer in inside.layers[:LAYERS_NAMED]]
    more = len(inside.layers) - len(parts)
    text += "; ".join(parts)
    return sentence(text + (f"; and {more} more" if more else ""))


def _words_of(layer: Layer) -> str:
    maps = layer.maps
    low, high = map(number, layer.ends)
    if len(shape(layer)) == 1:
        what = count(len(maps), "number")
    else:
        what = f"{count(len(maps), 'map')} of {size(*maps.shape[1:])}"
    return f"{layer.name} ({layer.kind}): {what}, from {low} to {high}"
