"""One changed number, until it is drawn: our pictures against Matplotlib's interact.

Ours are changed in Chromium through their own fields and buttons, in a page without a
kernel; counted is the time until the page is laid out anew. ``interact`` is changed by
a message to a running kernel, as its slider sends it; counted is the time until the
kernel has drawn and is idle: the way to the browser and its part come on top.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from jupyter_client.manager import start_new_kernel
from playwright.sync_api import Page

from cnnlib import explore_kernel, step_conv
from tests.browser.lab import chromium

FRAME = 16
"""Milliseconds that one picture may take at 60 a second."""
CHANGE = """(times) => {
    const field = document.querySelector('.editor input');
    return Array.from({ length: times }, (_, k) => {
        const start = performance.now();
        field.value = (k % 17) / 4 - 2;
        field.dispatchEvent(new Event('input', { bubbles: true }));
        document.body.offsetHeight;
        return performance.now() - start;
    });
}"""
STEP = """(times) => {
    const [back, forward] = ['Back', 'Forward'].map((words) => [
        ...document.querySelectorAll('.live button')]
        .find((button) => button.textContent.includes(words)));
    return Array.from({ length: times }, (_, k) => {
        const start = performance.now();
        (k % 40 < 20 ? forward : back).click();
        document.body.offsetHeight;
        return performance.now() - start;
    });
}"""
INTERACT = """
%matplotlib inline
import matplotlib.pyplot as plt, torch, torch.nn.functional as F
from ipywidgets import FloatSlider, interact
torch.manual_seed(0)
image, kernel = torch.rand(1, 1, 256, 256), torch.tensor([[-1.0, 0, 1]] * 3)
slider = FloatSlider(min=-2, max=2, step=0.25)

@interact(weight=slider)
def draw(weight):
    kernel[0, 0] = weight
    figure, axes = plt.subplots(1, 2)
    axes[0].imshow(image[0, 0], cmap="gray")
    response = F.conv2d(image, kernel[None, None], padding=1)[0, 0]
    axes[1].imshow(response, cmap="RdBu_r", vmin=-3, vmax=3)
    plt.show()
"""


def in_page(page: Page, html: str, script: str, times: int) -> list[float]:
    """Return the milliseconds of every change after ten that warm up."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "visual.html")
        path.write_text(html, encoding="utf-8")
        page.goto(path.as_uri())
        found: list[float] = page.evaluate(script, times + 10)
    return found[10:]


@contextmanager
def kernel() -> Iterator[Any]:
    """Start a Jupyter kernel; yield the client that speaks with it."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def through_kernel(client: Any, times: int) -> list[float]:
    """Return the milliseconds from a moved slider to an idle kernel."""
    reply = client.execute_interactive(INTERACT, output_hook=lambda message: None)
    assert reply["content"]["status"] == "ok", reply["content"]
    model = client.execute_interactive(
        "", user_expressions={"id": "slider.model_id"}, silent=False
    )["content"]["user_expressions"]["id"]["data"]["text/plain"].strip("'")
    found = []
    for k in range(times + 3):
        data = {"method": "update", "state": {"value": (k % 17) / 4 - 2}}
        start = time.perf_counter()
        drawn = send(client, {"comm_id": model, "data": data})
        found.append((time.perf_counter() - start) * 1000)
        assert drawn, "the kernel drew nothing"
    return found[3:]


def send(client: Any, content: dict[str, Any]) -> bool:
    """Send a widget's message, wait until the kernel is idle; say if a PNG came."""
    message = client.session.msg("comm_msg", content)
    client.shell_channel.send(message)
    own, drawn = message["header"]["msg_id"], False
    while True:
        heard = client.get_iopub_msg(timeout=60)
        if heard["parent_header"].get("msg_id") != own:
            continue
        drawn |= "image/png" in heard["content"].get("data", {})
        if heard["content"].get("execution_state") == "idle":
            return drawn


def main(times: int = 60) -> None:
    """Print quickest, median and 95th percentile, and how many times as fast."""
    torch.manual_seed(0)
    photo, grid = torch.rand(1, 256, 256), torch.randint(-9, 10, (3, 16, 16))
    weights = torch.randint(-9, 10, (3, 3, 3))
    ours = {
        "a weight of 3x3, image 256x256": (explore_kernel(photo), CHANGE),
        "a weight of 5x5, image 256x256": (explore_kernel(photo, torch.eye(5)), CHANGE),
        "a step, 3 channels of 16x16": (step_conv(grid, weights), STEP),
    }
    found = {}
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1100, "height": 1400})
        for name, (visual, script) in ours.items():
            found[name] = in_page(page, visual._repr_html_(), script, times)
    with kernel() as client:
        usual = through_kernel(client, times // 3)
    slow = statistics.median(usual)
    for name, values in (found | {"interact, a weight of 3x3": usual}).items():
        middle, high = statistics.median(values), statistics.quantiles(values, n=20)[-1]
        within = f"{sum(value < FRAME for value in values) / len(values):4.0%}"
        print(
            f"{name:32} {min(values):6.1f} {middle:6.1f} {high:6.1f} ms (quickest, "
            f"median, 95 %), {within} within {FRAME} ms, ratio {slow / middle:.0f}"
        )


if __name__ == "__main__":
    main()
