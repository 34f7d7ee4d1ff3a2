"""The bundled digits as text for a page: as they came, 8 x 8 counts of ink.

The page makes 28 x 28 images of them as ``cnnlib.data`` does: so they take a tenth of
the room.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch.nn.functional import interpolate

from cnnlib.data import bundled_digits

_CELLS = 8
_LETTER, _NO_SHIFT = ord("A"), ord("H")


@cache
def packed() -> dict[str, dict[str, Any]]:
    """Return the training and the test digits, as ``digits.js`` unpacks them."""
    cells, labels, test = bundled_digits.read()
    spread = _bicubic_weights()
    shifts = bundled_digits.shifts(bundled_digits.strokes(cells.float() / 16))
    return {
        name: {
            "cells": _letters(cells[part].flatten()),
            "labels": _letters(labels[part]),
            "shifts": _letters(shifts[part].flatten() + _NO_SHIFT - _LETTER),
            "spread": spread,
        }
        for name, part in (("train", ~test), ("test", test))
    }


def _letters(values: torch.Tensor) -> str:
    return "".join(chr(_LETTER + value) for value in values.tolist())


def _bicubic_weights() -> list[list[float]]:
    """Return how much each of 8 cells counts for each of 20 pixels, along one axis."""
    unit = torch.eye(_CELLS, dtype=torch.float64)[None, None]
    box = bundled_digits.BOX
    return interpolate(unit, size=(box, _CELLS), mode="bicubic")[0, 0].tolist()
