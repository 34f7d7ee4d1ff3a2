"""Inside VGG-16: explore_network beside hooks and Matplotlib, and a mosaic drawn."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.mosaic import one_axes_per_map
from cnnlib import explore_network, images, models

REDRAW = """() => {
    const one = document.querySelector('.cnnlib-visual').cnnlib;
    return Array.from({ length: 80 }, () => one.mosaic()).slice(20);
}"""


def photo() -> Tensor:
    """Return a photograph as VGG takes it, (3, 224, 224)."""
    return images.to_tensor(images.load("china", height=224))[:, :, :224].contiguous()


def forward(net: nn.Module, image: Tensor) -> None:
    """Run the net once and keep nothing: what any look inside has to wait for."""
    with torch.no_grad():
        net(image[None])


def by_hooks(net: nn.Module, image: Tensor) -> bytes:
    """Record every layer with a hook; draw the 64 maps of the first, as usual."""
    maps: dict[str, Tensor] = {}
    handles = [
        layer.register_forward_hook(
            lambda _layer, _given, found, name=name: maps.update({name: found.clone()})
        )
        for name, layer in net.named_modules()
        if not list(layer.children())
    ]
    forward(net, image)
    for handle in handles:
        handle.remove()
    return one_axes_per_map(next(iter(maps.values()))[0])


def page_of(net: nn.Module, image: Tensor) -> str:
    """Return the page that shows every layer of the net."""
    return explore_network(net, image)._repr_html_()


def seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def mosaic_times() -> list[float]:
    """Return the milliseconds in which Chromium draws 64 maps of 45x45, 60 times."""
    from tests.browser.lab import chromium

    torch.manual_seed(0)
    explorer = explore_network(nn.Conv2d(1, 64, 3, padding=1), torch.rand(45, 45))
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder, "mosaic.html")
        explorer.save(path)
        page = browser.new_page()
        page.goto(path.as_uri())
        return sorted(page.evaluate(REDRAW))


def opening_times(html: str, rounds: int) -> list[float]:
    """Return the seconds until Chromium has loaded a page and drawn its picture."""
    from tests.browser.lab import chromium

    drawn = "!!document.querySelector('.cnnlib-visual').cnnlib"
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder, "net.html")
        path.write_text(html, encoding="utf-8")
        found = []
        for _ in range(rounds):
            page = browser.new_page()
            start = time.perf_counter()
            page.goto(path.as_uri())
            page.wait_for_function(drawn)
            found.append(time.perf_counter() - start)
            page.close()
        return found


def main(rounds: int = 5) -> None:
    """Print medians, taken in turn: forward pass, explorer, hooks; then the mosaic."""
    torch.manual_seed(0)
    net, image = models.vgg16().eval(), photo()
    works = {
        "forward pass alone": lambda: forward(net, image),
        "explore_network, page": lambda: page_of(net, image),
        "hooks, Matplotlib, 1 layer": lambda: by_hooks(net, image),
    }
    for work in works.values():  # warms all
        work()
    found = [[seconds(work) for work in works.values()] for _ in range(rounds)]
    for name, times in zip(works, zip(*found, strict=True), strict=True):
        print(f"{name:27}{statistics.median(times):7.2f} s (best {min(times):.2f})")
    html = page_of(net, image)
    print(f"{len(html) / 1000:.0f} kB (VGG-16, 224x224, of {rounds})")
    opened = opening_times(html, rounds)
    print(
        f"opened in Chromium in {statistics.median(opened):.2f} s "
        f"(worst {max(opened):.2f})"
    )
    drawn = mosaic_times()
    print(
        f"64 maps in Chromium {drawn[30]:.2f} ms (median of 60, worst {drawn[-1]:.2f})"
    )


if __name__ == "__main__":
    main()
