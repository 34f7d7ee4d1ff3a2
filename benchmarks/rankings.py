"""The rankings that lesson 05 states, over ten seeds: schedules, and shuffled pixels.

With the lesson's nets, images and settings, on MNIST; one thread. Nothing of this is
asserted here; the lesson asserts it for its own seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from cnnlib import evaluate, fit, models
from cnnlib.data import load_mnist

SEEDS = range(10)
PART = 5_000
SCHEDULES = {
    "0.001, constant": {"lr": 0.001, "schedule": "constant"},
    "0.02, constant": {"lr": 0.02, "schedule": "constant"},
    "0.02, one cycle": {"lr": 0.02, "schedule": "one-cycle"},
}


def dense_net() -> nn.Sequential:
    """Return the lesson's fully connected net."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


NETS: dict[str, Callable[[], nn.Module]] = {"CNN": models.mnist_cnn, "dense": dense_net}


def main() -> None:
    """Print both tables, and in how many of the seeds each ranking holds."""
    torch.set_num_threads(1)
    digits = load_mnist()
    if digits.source != "mnist":
        print("MNIST is not here; the figures below are of the bundled digits.")
    x, y = digits.train_images[:PART], digits.train_labels[:PART]
    kept_back = digits.train_images[-10_000:], digits.train_labels[-10_000:]
    seen, unseen = digits.test_images[:2000], digits.test_labels[:2000]

    losses: dict[str, list[float]] = {name: [] for name in SCHEDULES}
    for seed in SEEDS:
        for name, settings in SCHEDULES.items():
            net = _trained(models.mnist_cnn, seed, x, y, {"epochs": 2} | settings)
            losses[name].append(evaluate(net, *kept_back).loss)
    _table("validation loss", losses)
    high = [_least(losses[name], losses["0.001, constant"], 0.6) for name in SCHEDULES]
    print(f"both at 0.02 below 0.6 of the loss at 0.001: {min(high[1:])} of 10")
    cycle = _least(losses["0.02, one cycle"], losses["0.02, constant"], 1)
    print(f"one cycle below constant, at 0.02: {cycle} of 10")

    torch.manual_seed(0)
    order = torch.randperm(28 * 28)
    right: dict[str, list[float]] = {}
    for seed in SEEDS:
        for name, build in NETS.items():
            for kind, change in {"": _same, " shuffled": _by(order)}.items():
                settings = {"epochs": 3, "batch_size": 64}
                net = _trained(build, seed, change(x), y, settings)
                share = 100 * evaluate(net, change(seen), unseen).accuracy
                right.setdefault(name + kind, []).append(share)
    _table("test images right, %", right)
    ends = [
        row["CNN shuffled"] == min(row.values()) and row["CNN"] == max(row.values())
        for row in (
            dict(zip(right, run, strict=True))
            for run in zip(*right.values(), strict=True)
        )
    ]
    print(f"CNN first, CNN on shuffled pixels last: {sum(ends)} of 10")


def _same(images: Tensor) -> Tensor:
    return images


def _by(order: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda images: images.flatten(1)[:, order].reshape(images.shape)


def _trained(
    build: Callable[[], nn.Module],
    seed: int,
    x: Tensor,
    y: Tensor,
    settings: Mapping[str, Any],
) -> nn.Module:
    torch.manual_seed(seed)
    net = build()
    fit(net, x, y, seed=seed, show=False, **settings)
    return net


def _least(ours: Sequence[float], theirs: Sequence[float], share: float) -> int:
    return sum(one < share * other for one, other in zip(ours, theirs, strict=True))


def _table(what: str, columns: Mapping[str, Sequence[float]]) -> None:
    print(f"{what}: median (least to greatest)")
    for name, values in columns.items():
        low, high = min(values), max(values)
        print(
            f"  {name:16} {median(values):7.3f} ({low:.3f} to {high:.3f})", flush=True
        )


if __name__ == "__main__":
    main()
