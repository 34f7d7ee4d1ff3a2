"""Nets that were built and trained in the page by ``train_here``."""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

FORMAT = "cnnlib net 1"
_ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
_POOLS = {"max": nn.MaxPool2d, "avg": nn.AvgPool2d}


def page_net(blocks: Sequence[Mapping[str, Any]], classes: int = 10) -> nn.Sequential:
    """Build the net that ``train_here`` builds of these settings, for 28x28 images.

    Each block is a dict: kernels, size, stride, padding (whole numbers), norm (bool),
    activation ("relu", "tanh", "sigmoid" or "none"), pool ("max", "avg" or "none")
    and dropout (0 for none). In goes (N, 1, 28, 28), out come scores (N, classes).
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    channels, side = 1, 28
    for number, block in enumerate(blocks, 1):
        kernels, size, stride, padding = (
            int(block[name]) for name in ("kernels", "size", "stride", "padding")
        )
        conv = nn.Conv2d(channels, kernels, size, stride, padding)
        layers[f"conv{number}"] = conv
        channels, side = kernels, (side + 2 * padding - size) // stride + 1
        if block["norm"]:
            layers[f"norm{number}"] = nn.BatchNorm2d(channels)
        if (kind := block["activation"]) != "none":
            layers[f"{kind}{number}"] = _ACTIVATIONS[kind]()
        if block["pool"] != "none":
            layers[f"pool{number}"] = _POOLS[block["pool"]](2)
            side //= 2
        if block["dropout"]:
            layers[f"dropout{number}"] = nn.Dropout(float(block["dropout"]))
    layers["flatten"] = nn.Flatten()
    layers["fc"] = nn.Linear(channels * side * side, classes)
    return nn.Sequential(layers)


def load_net(path: str | Path) -> nn.Sequential:
    """Return the net of a file that ``train_here`` saved, with its trained weights.

    It takes images (N, 1, 28, 28) of 0..1, gives scores (N, 10), and is in evaluation
    mode.

    Raises:
        ValueError: if the file is not one that ``train_here`` saved.
    """
    path = Path(path)
    try:
        saved = json.loads(path.read_text("utf-8"))
        if saved["format"] != FORMAT:
            raise ValueError(saved["format"])
        net = page_net(saved["blocks"], saved["classes"])
        weights = {name: _tensor(**one) for name, one in saved["weights"].items()}
        net.load_state_dict(weights, strict=False)
        missing = {name for name in net.state_dict() if "num_batches" not in name}
        if missing - set(weights):
            raise ValueError(f"without {sorted(missing - set(weights))}")
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError(
            f"{path.name} is not a net that train_here saved (its button Save the "
            f"weights writes one): {str(error).splitlines()[0]}"
        ) from None
    return net.eval()


def _tensor(shape: Sequence[int], values: str) -> Tensor:
    """Read little-endian 64-bit floats in base64 as float32."""
    numbers = np.frombuffer(base64.b64decode(values), dtype="<f8")
    return torch.from_numpy(numbers.astype(np.float32)).reshape(tuple(shape))
