"""A small net that the reader builds, and that learns in the page itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnnlib.data import bundled_digits
from cnnlib.picture import Picture
from cnnlib.plots import plot_images
from cnnlib.visuals.shared.visual import Visual

from .digits import packed

CHOICES: dict[str, tuple[Any, ...]] = {
    "kernels": (2, 4, 8, 12, 16),
    "size": (1, 3, 5, 7, 9),
    "stride": (1, 2, 3),
    "padding": (0, 1, 2, 3),
    "norm": (False, True),
    "activation": ("relu", "tanh", "sigmoid", "none"),
    "pool": ("max", "avg", "none"),
    "dropout": (0, 0.25, 0.5),
}
"""What a convolution of the net may be, as the page offers it."""
START = {
    "kernels": 8,
    "size": 3,
    "stride": 1,
    "padding": 1,
    "norm": False,
    "activation": "relu",
    "pool": "max",
    "dropout": 0,
}
LEARNING = {"optimizer": "adam", "rate": 0.01, "batch": 32, "seed": 0}
_AS_THEY_ARE = {"few": 0, "labels": "true", "pixels": "true", "zero": True, "test": ""}
_SAYS = (
    "A net to build and to train in the page, on 1,437 handwritten digits; 360 others "
    "test it. It begins with {}."
)


class TrainHere(Visual):
    """A net that learns in the page; made by ``train_here``."""

    title = "Train a net here"
    module = "train/train_here"

    def __init__(self, blocks: Sequence[Mapping[str, Any]], building: bool) -> None:
        parts = [
            f"{one['kernels']} kernels of {one['size']}x{one['size']}" for one in blocks
        ]
        settings = {"blocks": [dict(one) for one in blocks], "open": building}
        settings |= LEARNING | _AS_THEY_ARE
        super().__init__(
            _still(),
            _SAYS.format(" and then ".join(parts)),
            "Some of the digits that the net learns from.",
            {
                "title": self.title,
                "facts": "It learns in this page: no Python, no network.",
                "settings": settings,
                "digits": packed(),
            },
        )


def train_here(
    blocks: Sequence[Mapping[str, Any]] | None = None, *, building: bool = False
) -> TrainHere:
    """Show a small CNN that the reader builds and trains in the page.

    ``blocks``: one or two dicts, what the net begins with; each may set any of
    ``kernels``, ``size``, ``stride``, ``padding``, ``norm`` (batch norm),
    ``activation``, ``pool`` (2x2) and ``dropout``. What is not set is 8 kernels of
    3x3 (in the second block 16), stride 1, padding 1, ReLU and max pooling. A dense
    layer to ten scores follows. ``building``: whether the controls that build the net
    are open at once.

    It learns from the bundled digits, in a worker beside the page: no kernel and no
    network is needed. Loss, kernels, maps, the confusion table and the mistakes move
    with it. What can be tried (labels or pixels shuffled, few images, no
    ``zero_grad``, too high a rate, test digits shifted or turned) asks for a
    prediction first. A digit can be drawn for the net as it is at that moment. The
    page gives the PyTorch code of the run, and the weights as a file for
    ``models.load_net``.

    Raises ValueError for settings that the page does not offer.
    """
    if blocks is None:
        blocks = [{}, {}]
    if not 1 <= len(blocks) <= 2:
        raise ValueError(
            f"train_here takes one or two convolutions; got {len(blocks)}."
        )
    net = [_block(one, number) for number, one in enumerate(blocks)]
    return TrainHere(net, building)


def _block(given: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return all settings of a convolution, or refuse in a sentence."""
    block = START | ({"kernels": 16} if number else {}) | dict(given)
    for name, value in block.items():
        if name not in CHOICES:
            raise ValueError(
                f"A convolution has {', '.join(CHOICES)}; there is no {name!r}."
            )
        if value not in CHOICES[name]:
            offered = ", ".join(map(str, CHOICES[name]))
            raise ValueError(f"{name} may be {offered}; got {value!r}.")
    return block


def _still() -> Picture:
    """Draw ten of the digits, one of each class."""
    images, labels, *_ = bundled_digits.load()
    firsts = [int((labels == digit).nonzero()[0, 0]) for digit in range(10)]
    return plot_images([images[k, 0] for k in firsts], [str(k) for k in range(10)])
