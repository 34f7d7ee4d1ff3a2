"""Draw a digit and see, while drawing, what nets make of it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.visuals.shared.answers import Answers
from cnnlib.visuals.shared.visual import Visual

from .centring import SIDE, levels, read_digit
from .models import example_digits, first_line, read_nets, trials
from .still import describe, still

CENTRING_RULE = (
    "MNIST's rule (LeCun, Bottou, Bengio, Haffner 1998): the digit is scaled into a "
    "20 × 20 box, keeping its aspect, and its centre of mass is put in the middle of "
    "28 × 28 pixels."
)


class DrawDigit(Visual):
    """A pad to draw digits on, and the nets that read them; made by ``draw_digit``.

    ``image`` is what the nets see now, float32 (1, 28, 28), where a Jupyter kernel
    runs; else what the pad started with. ``probabilities`` is what they make of it:
    (10,), or such a row for each name where there are several nets.
    """

    title = "Draw a digit"
    module = "digit/draw_digit"

    def __init__(self, model: Any, image: Any, centre: bool) -> None:
        examples = example_digits()
        self._start = None if image is None else _start(image)
        self._centre = bool(centre)
        self._named = isinstance(model, Mapping)
        self._nets = read_nets(model, examples)
        empty = torch.zeros(1, SIDE, SIDE)
        self.image = empty if self._start is None else self._start
        shown = examples[5] if self._start is None else self._start
        names = [net.name for net in self._nets]
        answers = torch.cat([net.ask(shown[None]) for net in self._nets])
        what = "An example, a 5" if image is None else "The digit on the pad"
        super().__init__(
            still(shown[0].numpy(), names, answers),
            describe(what, names, answers),
            f"A digit of 28 × 28 pixels, and the probabilities of the digits 0 to 9. "
            f"{CENTRING_RULE}",
            self._data(examples),
        )
        self._bridge = Answers("", self._hear)
        self._bridge.name = self.data["bridge"] = self.key

    @property
    def probabilities(self) -> Tensor | dict[str, Tensor]:
        """What the nets make of ``image``, (10,), or such a row for each name."""
        rows = {net.name: net.ask(self.image[None])[0] for net in self._nets}
        return rows if self._named else rows[""]

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)
        self._bridge.show()

    def _hear(self, question: dict[str, Any]) -> dict[str, Any]:
        """Take over the image of the page, and ask the nets about it."""
        image = _decoded(question.get("image"))
        if image is None:
            return {"error": "Python was sent no image of 28x28 pixels."}
        self.image = image
        try:
            rows = torch.cat([net.ask(image[None]) for net in self._nets])
        except Exception as error:  # the learner changed the net: the page says so
            return {"error": f"The model cannot read it any more: {first_line(error)}"}
        if not torch.isfinite(rows).all():
            return {"error": "The model gives numbers that are not finite."}
        return {"answers": rows.tolist()}

    def _data(self, examples: Tensor) -> dict[str, Any]:
        images = trials(examples)
        return {
            "title": self.title,
            "facts": "Draw with the mouse, a finger or the keys, or load an example. "
            "The bars follow.",
            "rule": CENTRING_RULE,
            "nets": [net.page_data(images) for net in self._nets],
            "examples": [_encoded(one) for one in examples],
            "start": None if self._start is None else _encoded(self._start),
            "centre": self._centre,
            "told": ["ask"],
        }


def draw_digit(
    model: nn.Module | Mapping[str, nn.Module],
    image: Any = None,
    *,
    centre: bool = True,
) -> DrawDigit:
    """Show a pad to draw a digit on, what a net sees of it, and how it reads it.

    In the page: pen, undo, examples; pen thickness, turning and moving; the 28x28
    pixels that the net sees, and a bar for each digit that follows while one draws.
    ``centre`` switches MNIST's centring on (``centre_digit`` does it in Python).

    Where a Jupyter kernel runs the page asks the model there, which may be trained on
    meanwhile. Elsewhere it runs the net itself, with the weights of now, rounded so
    that every probability is right to 0.001; a net that is too large for that, or does
    what the page cannot, is said to need the kernel. The model stays as it is: mode,
    device, gradients, random numbers.

    Args:
        model: takes (N, 1, 28, 28) and gives (N, 10), scores or, if it ends in a
            softmax, probabilities. A dict of names and models sets up to three of them
            side by side.
        image: (28, 28) or (1, 28, 28), 0 paper and 1 ink, to start with.
        centre: whether the switch for centring is on at the start.

    Raises:
        TypeError: the model is none.
        ValueError: the model or the image is of another size; the sentence says how.

    >>> pad = draw_digit(net)  # doctest: +SKIP
    >>> pad  # in a notebook: draw  # doctest: +SKIP
    >>> pad.image, pad.probabilities  # what is drawn now  # doctest: +SKIP
    """
    return DrawDigit(model, image, centre)


def _start(image: Any) -> Tensor:
    """Return an image to start with, float32 (1, 28, 28), in 256 levels."""
    pixels = read_digit(image)
    if pixels.shape != (SIDE, SIDE):
        raise ValueError(
            f"The image to start with has 28x28 pixels, but this one has "
            f"{pixels.shape[0]}x{pixels.shape[1]}; visuals.centre_digit(image) brings "
            "a digit to 28x28."
        )
    return levels(pixels)


def _encoded(image: Tensor) -> str:
    """Write an image (1, 28, 28) as its 784 levels, 0 to 255, in base64."""
    whole = (image * 255).round().to(torch.uint8).numpy()
    return base64.b64encode(whole.tobytes()).decode("ascii")


def _decoded(text: Any) -> Tensor | None:
    """Read an image that the page sent; None if it is none."""
    try:
        whole = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None
    if len(whole) != SIDE * SIDE:
        return None
    pixels = np.frombuffer(whole, np.uint8).reshape(1, SIDE, SIDE)
    return torch.from_numpy(pixels.astype(np.float32) / 255)
