"""Batch norm and shortcuts: how deep nets learn with and without, over ten seeds.

What lesson 08 says of them, with the lesson's nets and settings: 1,437 bundled digits,
one thread. Nothing of this is asserted here; the lesson asserts it for its own seed.
"""

from __future__ import annotations

import os
import time
from statistics import median

import torch
from torch import nn
from torch.nn import functional

from cnnlib import evaluate, fit, models
from cnnlib.data import Digits

SEEDS = range(10)
KINDS = {
    "no norm, plain": {"norm": False, "shortcuts": False},
    "no norm, shortcuts": {"norm": False, "shortcuts": True},
    "norm, plain": {"norm": True, "shortcuts": False},
    "norm, shortcuts": {"norm": True, "shortcuts": True},
}
SETTINGS = {"epochs": 4, "batch_size": 64, "lr": 0.01}


def main() -> None:
    """Print loss, test accuracy and size of the gradient for each kind and depth."""
    torch.set_num_threads(1)
    os.environ["CNNLIB_DATA"] = "bundled"
    from cnnlib import data

    digits = data.load_mnist(verbose=False)
    print(
        f"{'net':28} {'training loss':>20} {'test digits right':>20} first / last   s"
    )
    losses: dict[tuple[int, str], list[float]] = {}
    for depth in (20, 40):
        for name, kind in KINDS.items():
            began = time.perf_counter()
            ends = [_one(digits, seed, depth, kind) for seed in SEEDS]
            seconds = (time.perf_counter() - began) / len(ends)
            columns = list(zip(*ends, strict=True))
            losses[depth, name] = list(columns[0])
            spans = [_span(values) for values in columns]
            print(
                f"{depth} layers, {name:18} {spans[0]:>20} {spans[1]:>20} {spans[2]} "
                f"{seconds:.1f}",
                flush=True,
            )
    plain, short = "norm, plain", "norm, shortcuts"
    for what, low, high in [
        ("20 layers: norm below no norm", (20, plain), (20, "no norm, plain")),
        ("plain: 20 below 40", (20, plain), (40, plain)),
        ("40 layers: shortcuts below plain", (40, short), (40, plain)),
        ("20 layers: shortcuts below plain", (20, short), (20, plain)),
    ]:
        pairs = list(zip(losses[low], losses[high], strict=True))
        held = sum(a < b for a, b in pairs)
        apart = min(b - a for a, b in pairs)
        print(f"{what}: {held} of {len(pairs)}, at least {apart:.2f} apart")


def _one(
    digits: Digits, seed: int, depth: int, kind: dict[str, bool]
) -> tuple[float, float, float]:
    """Return training loss, test accuracy, and the first gradient over the last."""
    torch.manual_seed(seed)
    net = models.deep_cnn(depth, **kind)
    ratio = _ratio(net, digits)
    history = fit(
        net,
        digits.train_images,
        digits.train_labels,
        seed=seed,
        device="cpu",
        show=False,
        **SETTINGS,
    )
    right = evaluate(net, digits.test_images, digits.test_labels).accuracy
    return history.train_loss[-1], right, ratio


def _ratio(net: nn.Sequential, digits: Digits) -> float:
    """Return how large the gradient is in the first block, compared with the last."""
    scores = net.train()(digits.train_images[:64])
    functional.cross_entropy(scores, digits.train_labels[:64]).backward()
    sizes = [
        float(layer.weight.grad.norm())
        for layer in net.modules()
        if isinstance(layer, nn.Conv2d) and layer.weight.grad is not None
    ]
    net.zero_grad()
    return sizes[1] / sizes[-1]


def _span(values: tuple[float, ...]) -> str:
    """Return the median, then the least and the greatest."""
    low, high = min(values), max(values)
    return f"{median(values):.2g} ({low:.2g} to {high:.2g})"


if __name__ == "__main__":
    main()
