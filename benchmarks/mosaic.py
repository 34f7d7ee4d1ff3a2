"""64 feature maps: our mosaic against one Matplotlib axes per map, as usual."""

import io
import statistics
import time
from collections.abc import Callable

import torch
from matplotlib.figure import Figure

from cnnlib.data import load_mnist
from cnnlib.plots import plot_feature_maps


def feature_maps() -> torch.Tensor:
    """Return the 64 maps (64, 28, 28) that an untrained layer makes of a digit."""
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(1, 64, kernel_size=3, padding=1)
    digit = load_mnist(verbose=False).test_images[:1]
    return torch.relu(layer(digit))[0].detach()


def one_axes_per_map(maps: torch.Tensor) -> bytes:
    """Return the PNG of a figure with a row of eight axes for every eight maps."""
    figure = Figure(figsize=(7, 7))
    for ax, one in zip(figure.subplots(8, 8).ravel(), maps, strict=True):
        ax.imshow(one, vmin=0, vmax=float(maps.max()))
        ax.axis("off")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def mosaic(maps: torch.Tensor) -> bytes:
    """Return the PNG of our mosaic, with its colour bar and row numbers."""
    return plot_feature_maps(maps).png


def seconds(draw: Callable[[torch.Tensor], bytes], maps: torch.Tensor) -> float:
    """Return the time of one drawing, from tensor to PNG."""
    start = time.perf_counter()
    draw(maps)
    return time.perf_counter() - start


def main(rounds: int = 9) -> None:
    """Print the medians of both, taken in turn, their ratio, and the file sizes."""
    maps = feature_maps()
    usual, ours = one_axes_per_map(maps), mosaic(maps)  # warms both
    pairs = [
        (seconds(one_axes_per_map, maps), seconds(mosaic, maps)) for _ in range(rounds)
    ]
    slow, quick = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"one axes per map {slow * 1000:8.1f} ms {len(usual) / 1000:6.1f} kB")
    print(f"mosaic           {quick * 1000:8.1f} ms {len(ours) / 1000:6.1f} kB")
    print(
        f"ratio            {slow / quick:8.1f} (64 maps of 28x28, median of {rounds})"
    )


if __name__ == "__main__":
    main()
