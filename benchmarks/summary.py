"""``cnnlib.summary`` against torchinfo: the table of three nets, taken in turn."""

import statistics
import time
from collections.abc import Callable

import torchinfo
import torchvision
from torch import nn

import cnnlib
from cnnlib import models

Size = tuple[int, int, int]


def ours(model: nn.Module, size: Size) -> str:
    """Return our table of the model."""
    return str(cnnlib.summary(model, size))


def theirs(model: nn.Module, size: Size) -> str:
    """Return torchinfo's, with the columns that come closest to ours."""
    columns = ("input_size", "output_size", "num_params", "mult_adds")
    return str(torchinfo.summary(model, (1, *size), col_names=columns, verbose=0))


def milliseconds(table: Callable[..., str], model: nn.Module, size: Size) -> float:
    """Return how long one table takes."""
    start = time.perf_counter()
    table(model, size)
    return 1000 * (time.perf_counter() - start)


def medians(model: nn.Module, size: Size, rounds: int) -> tuple[float, float]:
    """Return the median of both, in milliseconds, after a round that is not counted."""
    pairs = [
        (milliseconds(ours, model, size), milliseconds(theirs, model, size))
        for _ in range(rounds + 1)
    ]
    own, other = zip(*pairs[1:], strict=True)
    return statistics.median(own), statistics.median(other)


def main(rounds: int = 15) -> None:
    """Print a line for each net: both times, their ratio and their difference."""
    nets = {
        "LeNet-5": (models.lenet5(), (1, 32, 32)),
        "VGG-16": (torchvision.models.vgg16(), (3, 224, 224)),
        "ResNet-50": (torchvision.models.resnet50(), (3, 224, 224)),
    }
    print(f"{'net':<12}{'cnnlib':>12}{'torchinfo':>12}{'ratio':>12}{'difference':>14}")
    for name, (model, size) in nets.items():
        own, other = medians(model, size, rounds)
        print(
            f"{name:<12}{own:>9.1f} ms{other:>9.1f} ms{other / own:>11.1f}x"
            f"{own - other:>+11.1f} ms"
        )
    print(f"(medians of {rounds}; ratio: how many times as fast as torchinfo)")


if __name__ == "__main__":
    main()
