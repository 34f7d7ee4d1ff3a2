"""Training: the article's recipe as published, and ours, side by side on MNIST.

    python -m benchmarks.training            five seeds, about a quarter of an hour
    python -m benchmarks.training --quick    one seed, the article for one epoch

The article is PolarSPARC's on convolutional networks in PyTorch (2025), whose accuracy
is the worked example "polarsparc-accuracy": torchvision's MNIST through a DataLoader,
PIL images made tensors one by one, batches of 64, Adam at 0.001, ten epochs, one
evaluation at the end. The net is the same on both sides: 9,098 parameters. Loading,
training and evaluating are timed; building the net and importing libraries are not.
Each seed runs both sides, one after the other, so that a busy machine slows both.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from cnnlib import evaluate, fit
from cnnlib.data import Digits, load_mnist
from cnnlib.models import mnist_cnn, strong_mnist_cnn
from cnnlib.training import seed_everything, small_turns

GOAL = 0.9873  # what the article reports
STRONG_GOAL = 0.994
ARTICLE_EPOCHS = 10


class Result(NamedTuple):
    """One run: seconds with loading and evaluation, and test accuracy, 0 to 1."""

    seconds: float
    accuracy: float


def article(seed: int, root: str, epochs: int = ARTICLE_EPOCHS) -> Result:
    """Train as the article does; with fewer epochs, multiply their time."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(784, 10),
    )
    start = time.perf_counter()
    train_set = datasets.MNIST(root, train=True, transform=transforms.ToTensor())
    test_set = datasets.MNIST(root, train=False, transform=transforms.ToTensor())
    train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=64)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    begun = time.perf_counter()
    for _ in range(epochs):
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = loss_function(model(images), labels)
            loss.backward()
            optimizer.step()
    spent = time.perf_counter() - begun
    model.eval()
    right = 0
    with torch.no_grad():
        for images, labels in test_loader:
            right += (model(images).argmax(1) == labels).sum().item()
    rest = spent * (ARTICLE_EPOCHS / epochs - 1)
    return Result(time.perf_counter() - start + rest, right / len(test_set))


RECIPES: dict[str, dict[str, Any]] = {
    "ours, one epoch": {
        "epochs": 1,
        "batch_size": 64,
        "lr": 0.02,
        "loss": nn.CrossEntropyLoss(label_smoothing=0.04),
    },
    "ours, lesson 05": {"epochs": 2, "batch_size": 128, "lr": 0.02},
}
STRONG = {
    "epochs": 3,
    "batch_size": 128,
    "lr": 0.01,
    "augment": small_turns(10, zoom=0.1, pixels=2),
}


def ours(build: Callable[[], nn.Module], recipe: dict[str, Any], seed: int) -> Result:
    """Load, train with ``fit`` and evaluate, against the clock."""
    seed_everything(seed)
    model = build()
    start = time.perf_counter()
    digits = load_mnist(verbose=False)
    images, labels = digits.train_images, digits.train_labels
    fit(model, images, labels, seed=seed, device="cpu", show=False, **recipe)
    found = evaluate(model, digits.test_images, digits.test_labels)
    return Result(time.perf_counter() - start, found.accuracy)


def write_idx(digits: Digits, root: str) -> None:
    """Write MNIST to disk where torchvision looks for it."""
    folder = Path(root, "MNIST", "raw")
    folder.mkdir(parents=True)
    for part, images, labels in (
        ("train", digits.train_images, digits.train_labels),
        ("t10k", digits.test_images, digits.test_labels),
    ):
        pixels = (images * 255).round().to(torch.uint8)[:, 0]
        for kind, values in (("images-idx3", pixels), ("labels-idx1", labels)):
            head = [0x800 + values.dim(), *values.shape]
            (folder / f"{part}-{kind}-ubyte").write_bytes(
                np.array(head, ">i4").tobytes()
                + values.to(torch.uint8).numpy().tobytes()
            )


def warm_up(digits: Digits, root: str) -> None:
    """Import what both sides import late, so that neither is charged for it."""
    few = digits.few(2)
    fit(mnist_cnn(), few.train_images, few.train_labels, epochs=1, show=False)
    datasets.MNIST(root, train=False, transform=transforms.ToTensor())[0]


def run(seeds: int, epochs: int, root: str) -> dict[str, list[Result]]:
    """Measure the article and our recipes in turn, seed by seed."""
    results: dict[str, list[Result]] = {}
    for seed in range(seeds):
        note(results, "article", seed, article(seed, root, epochs))
        for name, recipe in RECIPES.items():
            note(results, name, seed, ours(mnist_cnn, recipe, seed))
        note(results, "strong net", seed, ours(strong_mnist_cnn, STRONG, seed))
    return results


def note(
    results: dict[str, list[Result]], name: str, seed: int, result: Result
) -> None:
    """Keep a result and print it."""
    results.setdefault(name, []).append(result)
    seconds, accuracy = result
    print(f"  seed {seed}  {name:<16} {seconds:7.2f} s  {accuracy:8.2%}", flush=True)


def report(results: dict[str, list[Result]]) -> None:
    """Print medians, and how much quicker than the article each recipe is."""
    published = median(results["article"])
    print(f"\n{'median of':<16} {'seconds':>8} {'accuracy':>9}  of the article's time")
    for name, runs in results.items():
        seconds, accuracy = median(runs)
        share = f"1/{published.seconds / seconds:.1f}"
        reached = ", ".join(
            f"{'reaches' if accuracy >= goal else 'does NOT reach'} {goal:.2%} ({what})"
            for goal, what in goals(name, published.accuracy)
        )
        print(f"{name:<16} {seconds:8.2f} {accuracy:9.2%}  {share:<7} {reached}")


def goals(name: str, published: float) -> list[tuple[float, str]]:
    """Return what a recipe is measured against, and who says so."""
    if name == "article":
        return [(GOAL, "as printed")]
    if name == "strong net":
        return [(STRONG_GOAL, "our goal")]
    return [(published, "the article's here"), (GOAL, "as printed")]


def median(runs: list[Result]) -> Result:
    """Return the median of the seconds and that of the accuracies."""
    return Result(*(statistics.median(values) for values in zip(*runs, strict=True)))


def main(arguments: Sequence[str] = ()) -> None:
    """Run and print the comparison."""
    parser = argparse.ArgumentParser(prog="benchmarks.training", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one seed, one epoch x 10")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args(arguments)
    digits = load_mnist(verbose=False)
    if digits.source != "mnist":
        sys.exit(f"This benchmark needs MNIST. {digits.notice}")
    seeds, epochs = (1, 1) if options.quick else (options.seeds, ARTICLE_EPOCHS)
    threads = torch.get_num_threads()
    print(f"{threads} threads, {seeds} seed(s), article run for {epochs} epoch(s)")
    with tempfile.TemporaryDirectory() as root:
        write_idx(digits, root)
        warm_up(digits, root)
        report(run(seeds, epochs, root))


if __name__ == "__main__":
    main(sys.argv[1:])
