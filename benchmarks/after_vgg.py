"""What lesson 08 says of deep nets, of a page of digits and of time, over ten seeds.

With the lesson's nets and settings: 1,437 bundled digits, one thread. Nothing of this
is asserted here; the lesson asserts it for its own seed, except for the times.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnlib import evaluate, fit, models, summary
from cnnlib.data import bundled_digits
from cnnlib.training import random_shift

SEEDS = range(10)
KINDS = {
    "no norm, plain": {"norm": False, "shortcuts": False},
    "no norm, shortcuts": {"norm": False, "shortcuts": True},
    "norm, plain": {"norm": True, "shortcuts": False},
    "norm, shortcuts": {"norm": True, "shortcuts": True},
}
SETTINGS = {"epochs": 4, "batch_size": 64, "lr": 0.01}


def main() -> None:
    """Print a table for each of the four."""
    torch.set_num_threads(1)
    _maps()
    _depth()
    _page()
    _time()


def _maps() -> None:
    """Print how different the maps of 64 digits are after the blocks of 20 layers."""
    images = bundled_digits.load()[0][:64]
    print("spread of the maps after blocks 1 and 9, and what a block leaves of it:")
    for name in ("no norm, plain", "norm, plain"):
        found = [_spreads(images, seed, KINDS[name]) for seed in SEEDS]
        share = [(last / first) ** (1 / 8) for first, last in found]
        first, last = zip(*found, strict=True)
        print(f"{name:15} {_span(first)}, {_span(last)}; {_span(share)}")
    print()


@torch.no_grad()
def _spreads(images: Tensor, seed: int, kind: dict[str, bool]) -> tuple[float, float]:
    """Return the mean deviation over the images after the first and the last block."""
    torch.manual_seed(seed)
    x, found = images, []
    for name, layer in models.deep_cnn(20, **kind).named_children():
        x = layer(x)
        if name.startswith("block"):
            found.append(float(x.std(dim=0).mean()))
    return found[0], found[-1]


def _depth() -> None:
    """Print loss, test accuracy and size of the gradient for each kind and depth."""
    digits = bundled_digits.load()
    head = "training loss, test digits right, gradient first / last, seconds"
    print(f"{'net':29} {head}; medians (least to greatest)")
    losses: dict[tuple[int, str], list[float]] = {}
    read: dict[tuple[int, str], list[float]] = {}
    for depth in (20, 40):
        for name, kind in KINDS.items():
            began = time.perf_counter()
            ends = [_one(digits, seed, depth, kind) for seed in SEEDS]
            seconds = (time.perf_counter() - began) / len(ends)
            columns = list(zip(*ends, strict=True))
            losses[depth, name], read[depth, name] = map(list, columns[:2])
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
    pairs = list(zip(read[40, plain], read[20, plain], strict=True))
    fewer = sum(a < b for a, b in pairs)
    print(f"plain: 40 read fewer test digits than 20: {fewer} of {len(pairs)}")


def _one(
    digits: Sequence[Tensor], seed: int, depth: int, kind: dict[str, bool]
) -> tuple[float, float, float]:
    """Return training loss, test accuracy, and the first gradient over the last."""
    images, labels, test_images, test_labels = digits
    torch.manual_seed(seed)
    net = models.deep_cnn(depth, **kind)
    ratio = _ratio(net, images, labels)
    history = fit(net, images, labels, seed=seed, device="cpu", show=False, **SETTINGS)
    right = evaluate(net, test_images, test_labels).accuracy
    return history.train_loss[-1], right, ratio


def _ratio(net: nn.Sequential, images: Tensor, labels: Tensor) -> float:
    """Return how large the gradient is in the first block, compared with the last."""
    scores = net.train()(images[:64])
    functional.cross_entropy(scores, labels[:64]).backward()
    sizes = [
        float(layer.weight.grad.norm())
        for layer in net.modules()
        if isinstance(layer, nn.Conv2d) and layer.weight.grad is not None
    ]
    net.zero_grad()
    return sizes[1] / sizes[-1]


def _span(values: Sequence[float]) -> str:
    """Return the median, then the least and the greatest."""
    low, high = min(values), max(values)
    return f"{median(values):.2g} ({low:.2g} to {high:.2g})"


def _page() -> None:
    """Print how many of six digits a net reads on a page that it slides over."""
    images, labels, test, test_labels = bundled_digits.load()
    pages = [_six(test, test_labels, start) for start in range(10)]
    found, extra = [], []
    for seed in SEEDS:
        net = _reader(images, labels, seed)
        read = [_read(net, page) for page, _ in pages]
        pairs = [(told, where) for told, (_, where) in zip(read, pages, strict=True)]
        found.append(sum(len(told & where) for told, where in pairs) / len(pages))
        extra.append(sum(len(told - where) for told, where in pairs) / len(pages))
    print("\nsix digits on a page, ten pages for each seed, means per page:")
    print(f"read right where they stand {_span(found)}, anything else {_span(extra)}")


Found = set[tuple[int, int, int]]
"""(digit, row, column) in steps of four pixels."""
CORNERS = [(0, 0), (12, 56), (0, 104), (64, 12), (80, 60), (60, 108)]


def _six(test: Tensor, labels: Tensor, start: int) -> tuple[Tensor, Found]:
    page = torch.zeros(1, 1, 112, 140)
    where = set()
    for i, (top, left) in enumerate(CORNERS):
        number = 30 * i + start
        page[0, 0, top : top + 28, left : left + 28] += test[number, 0]
        where.add((int(labels[number]), top // 4, left // 4))
    return page, where


def _reader(images: Tensor, labels: Tensor, seed: int) -> nn.Sequential:
    moves = [(9, -9, 0, 0), (-9, 9, 0, 0), (0, 0, 9, -9), (0, 0, -9, 9)]
    off = [functional.pad(images[i::4], move) for i, move in enumerate(moves)]
    seen = torch.cat([images, *off, torch.zeros(100, 1, 28, 28)])
    targets = torch.full((len(seen),), 10)
    targets[: len(labels)] = labels
    torch.manual_seed(seed)
    net = nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Conv2d(8, 32, 3, padding=1), nn.BatchNorm2d(32)),
        *(nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 7 * 7, 11)),
    )
    fit(net, seen, targets, epochs=6, augment=random_shift(2), seed=seed, show=False)
    return net


def _read(net: nn.Sequential, page: Tensor) -> Found:
    with torch.no_grad():
        kernel = net[9].weight.unflatten(1, (32, 7, 7))
        scores = functional.conv2d(net[:8](page), kernel, net[9].bias)
    chances = scores.softmax(1)[0]
    here = 1 - chances[10]
    peak = functional.max_pool2d(here[None], 5, stride=1, padding=2)[0]
    places = ((here == peak) & (peak > 0.5)).nonzero().tolist()
    return {(int(chances[:10, i, j].argmax()), i, j) for i, j in places}


def _time() -> None:
    """Print how much of its work a net gets done in a millisecond, ten times."""
    import torchvision

    photo = torch.rand(1, 3, 224, 224)
    print("\nmult-adds in a millisecond, one photograph, one thread:")
    nets = {}
    for name in ("vgg16", "resnet18", "mobilenet_v2"):
        net = getattr(torchvision.models, name)().eval()
        nets[name] = net, summary(net, (3, 224, 224)).total_mult_adds
    rates: dict[str, list[float]] = {name: [] for name in nets}
    for _ in SEEDS:
        for name, (net, work) in nets.items():
            rates[name].append(work / 1e6 / _milliseconds(net, photo))
    for name, values in rates.items():
        print(f"{name:13} {_span(values)} M")


def _milliseconds(net: nn.Module, x: Tensor) -> float:
    """Return the quickest of five runs."""
    times = []
    with torch.no_grad():
        for _ in range(5):
            start = time.perf_counter()
            net(x)
            times.append(time.perf_counter() - start)
    return 1000 * min(times)


if __name__ == "__main__":
    main()
