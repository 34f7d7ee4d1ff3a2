"""Change a kernel and see what it makes of an image."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from cnnlib.plots.arrays import over_white, read_shown_image, to_floats
from cnnlib.plots.conv import draw_row, response_panel
from cnnlib.plots.images import drawable
from cnnlib.text import sentence, size, values
from cnnlib.visuals.shared.bridge import Bridge
from cnnlib.visuals.shared.visual import Visual, numbers

VERTICAL_EDGES = ((-1.0, 0.0, 1.0),) * 3
LARGEST_SIDE = 256
"""Rows and columns of the largest image; a larger one is reduced."""
SMALLEST_SIDE = 5
PADDING_MODES = ("zeros", "reflect", "replicate", "circular", "none")


class ExploreKernel(Visual):
    """An image and a kernel to change; made by ``explore_kernel``.

    ``image`` is what is shown and filtered, a float32 tensor (1, H, W). ``kernel``,
    ``stride`` and ``padding_mode`` are those of the page, where a Jupyter kernel runs;
    else those it started with. ``response`` is what PyTorch makes of them.
    """

    title = "Change the kernel"
    module = "kernel/explore_kernel"

    def __init__(self, image: Any, kernel: Any) -> None:
        grey, self._about = _reduced(_grey(image))
        self._levels, self._low, self._high = _levels(grey)
        span = self._high - self._low
        exact = self._low + span * self._levels.astype(np.float64) / 255
        self.image = torch.from_numpy(exact.astype(np.float32))[None]
        self._state = {
            "kernel": _kernel(kernel).tolist(),
            "stride": 1,
            "padding_mode": "zeros",
        }
        self._bridge = Bridge("", self._hear)
        self._draw()
        self._bridge.name = self.data["bridge"] = self.key

    @property
    def kernel(self) -> torch.Tensor:
        """The kernel as it stands now, float32 (3, 3) or (5, 5)."""
        return torch.tensor(self._state["kernel"], dtype=torch.float32)

    @property
    def stride(self) -> int:
        """The stride as it stands now."""
        return int(self._state["stride"])

    @property
    def padding_mode(self) -> str:
        """What stands around the image, by its name in ``nn.Conv2d``, or "none"."""
        return str(self._state["padding_mode"])

    @property
    def response(self) -> torch.Tensor:
        """The response of the image to the kernel, float32 (H', W')."""
        kernel, mode, x = self.kernel, self.padding_mode, self.image[None]
        if mode != "none":
            p = len(kernel) // 2
            fill = "constant" if mode == "zeros" else mode
            x = F.pad(x, (p, p, p, p), mode=fill)
        return F.conv2d(x, kernel[None, None], stride=self.stride)[0, 0]

    def save(self, path: Any) -> None:
        """Write the page (``.html``) or the still picture with the kernel of now."""
        self._draw()
        super().save(path)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        self._draw()
        display(self._repr_mimebundle_(), raw=True)
        self._bridge.show()

    def _hear(self, state: dict[str, Any]) -> None:
        """Take over what the page says, if it can be."""
        mode, stride = state.get("padding_mode"), state.get("stride")
        if mode not in PADDING_MODES or stride not in (1, 2, 3, 4):
            return
        try:
            kernel = _kernel(state.get("kernel")).tolist()
        except (TypeError, ValueError):
            return
        self._state = {"kernel": kernel, "stride": stride, "padding_mode": mode}

    def _draw(self) -> None:
        """Make the still picture, the sentence and the data of the state of now."""
        response = self.response.numpy()[None]
        shown = drawable(self.image.numpy())
        panels = [shown, response_panel(response, shown[1])]
        still = draw_row(panels, ["image", "response"], None).result("Image, response.")
        super().__init__(still, self._describe(response), self._caption(), self._data())

    def _describe(self, response: np.ndarray) -> str:
        rows = "; ".join(" ".join(map(_short, row)) for row in self._state["kernel"])
        text = f"{self._caption()} Kernel by rows: {rows}. "
        text += f"Padding: {self.padding_mode}, stride {self.stride}. "
        text += f"Response of {size(*response.shape[1:])}: {values(response)}"
        return sentence(text)

    def _caption(self) -> str:
        kernel = size(*self.kernel.shape)
        image = size(*self.image.shape[1:])
        return sentence(f"an image of {image} and its response to a {kernel} kernel")

    def _data(self) -> dict[str, Any]:
        scale = drawable(self.image.numpy())[1]
        assert scale is not None  # a grey image has one
        height, width = self._levels.shape
        facts = "Choose a kernel or type your own weights: the response follows."
        return {
            "title": self.title,
            "facts": f"{facts} {self._about}".strip(),
            "image": {
                "height": height,
                "width": width,
                "levels": base64.b64encode(self._levels.tobytes()).decode("ascii"),
                "low": self._low,
                "high": self._high,
            },
            "scale": {"low": scale.low, "high": scale.high, "signed": scale.signed},
            **self._state,
            "kernel": numbers(np.array(self._state["kernel"])),
            "told": list(self._state),
            "bridge": self._bridge.name,
        }


def explore_kernel(image: Any, kernel: Any = VERTICAL_EDGES) -> ExploreKernel:
    """Show an image and what a kernel makes of it; change the kernel and watch.

    ``image``: as for ``plot_conv``; colours are shown in grey (the mean of the
    channels), and an image of more than 256x256 pixels is reduced, which the page says.
    ``kernel``: (3, 3) or (5, 5), to start with; else the one for vertical edges.

    In the page: presets, nine or 25 weights, size, padding, stride; turn, normalise;
    the arithmetic of any pixel; the colours of ``plot_conv``, centred on zero. The page
    computes by itself, in float64 from pixels of 256 levels, and rounds to float32.

    >>> explorer = explore_kernel(photo)  # doctest: +SKIP
    >>> explorer  # in a notebook: change it  # doctest: +SKIP
    >>> explorer.kernel  # the weights as they stand in the page  # doctest: +SKIP

    Without a running kernel ``explorer.kernel`` is the first one, and the page shows
    the lines of Python for the one you made.
    """
    return ExploreKernel(image, kernel)


def _grey(image: Any) -> np.ndarray:
    """Return one image as floats (H, W): the mean of its channels."""
    grey = over_white(read_shown_image(image)).mean(axis=0)
    if min(grey.shape) < SMALLEST_SIDE:
        raise ValueError(
            f"The image must have at least {SMALLEST_SIDE} rows and columns, so that "
            f"a {size(SMALLEST_SIDE, SMALLEST_SIDE)} kernel fits; this one is "
            f"{size(*grey.shape)}."
        )
    return grey


def _reduced(grey: np.ndarray) -> tuple[np.ndarray, str]:
    """Return an image of at most 256x256, by means of blocks, and words about it."""
    factor = math.ceil(max(grey.shape) / LARGEST_SIDE)
    if factor == 1:
        return grey, ""
    small = F.avg_pool2d(torch.from_numpy(grey.copy())[None], factor)[0].numpy()
    if min(small.shape) < SMALLEST_SIDE:
        raise ValueError(
            f"The image is {size(*grey.shape)}; reduced to {LARGEST_SIDE} pixels on "
            "its longer side nothing is left of the other. Show a part of it."
        )
    block = size(factor, factor)
    return small, f"The image is reduced: each pixel is the mean of {block} pixels."


def _levels(grey: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return the pixels as 256 levels, and the values of levels 0 and 255.

    Pixels that came from bytes, 0..255 or 0..1 in steps of 1/255, are kept exactly.
    """
    for low, high in ((0.0, 1.0), (0.0, 255.0)):
        levels = (grey.astype(np.float64) - low) / (high - low) * 255
        whole = levels.round()
        inside = whole.min() >= 0 and whole.max() <= 255
        if inside and np.abs(levels - whole).max() < 1e-4:
            return whole.astype(np.uint8), low, high
    low, high = float(grey.min()), float(grey.max())
    high = high if high > low else low + 1.0
    levels = ((grey - low) / (high - low) * 255).round()
    return levels.astype(np.uint8), low, high


def _kernel(kernel: Any) -> np.ndarray:
    """Return the weights as float64 (n, n), n being 3 or 5."""
    weights = to_floats(kernel, "kernel").astype(np.float64)
    while weights.ndim > 2 and weights.shape[0] == 1:
        weights = weights[0]
    if weights.shape not in ((3, 3), (5, 5)):
        raise ValueError(
            "explore_kernel takes a kernel of 3x3 or 5x5 weights; this one has shape "
            f"{weights.shape}."
        )
    return weights


def _short(weight: float) -> str:
    return f"{weight:.4g}"
