"""What the page of ``watch_training`` gets to work with."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor, nn

from cnnlib.text import count
from cnnlib.training import History
from cnnlib.visuals.shared.pack import (
    EXACT,
    choose,
    in_base64,
    nine_digits,
    pack,
    pack_image,
    shrunk,
)

from .film import FilmFrame

MAPS_BYTES = 60_000
"""Bytes for the maps of all epochs."""
MOST_IMAGES = 110
"""Test images in the page, shared by all cells of all epochs."""
IMAGES_PER_CELL = 8
"""Test images that stand behind a cell of the confusion matrix, at most."""
IMAGE_SIDE = 28
"""Pixels along the longer side of such an image; larger ones are reduced."""
CURVE_POINTS = 200
"""Points of the curve of the loss, at most; each is the mean of some steps."""


def film_data(
    model: nn.Module, digits: Any, history: History, shown: list[FilmFrame]
) -> dict[str, Any]:
    """Return curve, kernels, maps, confusion matrices and the images behind them."""
    classes = len(shown[0].scores)
    chosen, cells = _examples(shown)
    trained = count(len(digits.train_labels), "image")
    return {
        "facts": f"{type(model).__name__}, trained on {trained} for "
        f"{count(history.epochs, 'epoch')}; measured on "
        f"{count(len(digits.test_labels), 'test image')}.",
        "classes": class_names(digits, classes),
        "epochs": [frame.epoch for frame in shown],
        "last": history.epochs,
        "accuracy": [nine_digits(frame.accuracy) for frame in shown],
        "loss": _curve(history.step_loss),
        "kernels": _kernels(shown),
        "layers": [layer.name for layer in shown[0].layers],
        "maps": _maps(shown),
        "scores": [[nine_digits(x) for x in frame.scores] for frame in shown],
        "image": pack_image(digits.test_images[0].cpu().numpy()),
        "label": int(digits.test_labels[0]),
        "confusion": [frame.confusion.tolist() for frame in shown],
        "cells": cells,
        "examples": _images(digits.test_images[chosen]),
        "numbers": chosen,
    }


def class_names(digits: Any, classes: int) -> list[str]:
    """Return the names of the classes: those of the digits, else their numbers."""
    names = [str(name) for name in getattr(digits, "class_names", ())]
    return names if len(names) == classes else [str(k) for k in range(classes)]


def _curve(losses: list[float]) -> list[float]:
    """Return at most 200 means of the loss, one after the other."""
    if not losses:
        return []
    parts = np.array_split(np.array(losses), min(CURVE_POINTS, len(losses)))
    return [float(f"{part.mean():.4g}") for part in parts]


def _kernels(shown: list[FilmFrame]) -> list[dict[str, Any]]:
    """Pack the kernels of all epochs on one scale."""
    top = max(float(np.abs(frame.kernels).max()) for frame in shown)
    return [pack(frame.kernels, EXACT, (-top, top)) for frame in shown]


def _maps(shown: list[FilmFrame]) -> list[list[dict[str, Any]]]:
    """Pack the maps, epoch by epoch and layer by layer; a layer has one scale."""
    shapes = [layer.maps.shape for frame in shown for layer in frame.layers]
    detail = choose(shapes, MAPS_BYTES)
    scales = [
        (min(one.ends[0] for one in layers), max(one.ends[1] for one in layers))
        for layers in zip(*(frame.layers for frame in shown), strict=True)
    ]
    kept = [layer.foremost(detail.most(layer.maps.shape)) for layer in shown[-1].layers]
    return [
        [
            pack(layer.maps[which], detail, scale) | {"maps": which.tolist()}
            for layer, which, scale in zip(frame.layers, kept, scales, strict=True)
        ]
        for frame in shown
    ]


def _examples(shown: list[FilmFrame]) -> tuple[list[int], list[dict[str, list[int]]]]:
    """Choose images for the cells of the confusion matrices.

    Returns the numbers of the test images, and for each epoch "row,column" with places
    in that list. Each cell gets a first image before any gets a second; the last
    epochs come first; an image that is there already costs nothing.
    """
    members = [_members(frame) for frame in shown]
    places: dict[int, int] = {}
    chosen: list[dict[str, list[int]]] = [{} for _ in shown]
    for _ in range(IMAGES_PER_CELL):
        for epoch in reversed(range(len(shown))):
            for cell, numbers in members[epoch].items():
                mine = chosen[epoch].setdefault(cell, [])
                rest = [n for n in numbers if n not in mine]
                known = [n for n in rest if n in places]
                if known or (rest and len(places) < MOST_IMAGES):
                    mine.append((known or rest)[0])
                    places.setdefault(mine[-1], len(places))
    listed = [
        {cell: [places[n] for n in numbers] for cell, numbers in cells.items()}
        for cells in chosen
    ]
    return list(places), listed


def _members(frame: FilmFrame) -> dict[str, list[int]]:
    """Return the first test images of each cell, "row,column"."""
    members: dict[str, list[int]] = {}
    pairs = zip(frame.labels.tolist(), frame.predictions.tolist(), strict=True)
    for number, (label, prediction) in enumerate(pairs):
        numbers = members.setdefault(f"{label},{prediction}", [])
        if len(numbers) < 4 * IMAGES_PER_CELL:
            numbers.append(number)
    return members


def _images(images: Tensor) -> dict[str, Any]:
    """Pack images (N, C, H, W) as grey in 16 levels, two pixels in each byte."""
    grey = images.detach().float().cpu().mean(dim=1)
    small = shrunk(grey.numpy(), -(-max(grey.shape[1:]) // IMAGE_SIDE))
    low, high = min(0.0, float(small.min())), max(1.0, float(small.max()))
    levels = ((small - low) / (high - low) * 15).round().astype(np.uint8).ravel()
    levels = np.append(levels, 0) if len(levels) % 2 else levels
    pairs = levels[::2] << 4 | levels[1::2]
    return {"size": list(small.shape), "data": in_base64(pairs.astype(np.uint8))}
