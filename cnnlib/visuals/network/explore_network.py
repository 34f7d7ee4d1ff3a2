"""Look inside a net: what every layer answers to an image, and why."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlib.text import listed
from cnnlib.visuals.shared.answers import Answers
from cnnlib.visuals.shared.pack import EXACT, choose, pack
from cnnlib.visuals.shared.visual import Visual

from .data import network_data, pack_layer, probed
from .inside import Inside, Layer, Unit
from .still import describe, still

ANSWER_BYTES = 400_000
"""Bytes of numbers in one answer of Python to the page."""


class ExploreNetwork(Visual):
    """A net and an image to look into; made by ``explore_network``.

    ``layers`` are the names of the layers that are shown. ``maps(name)`` is what a
    layer answers, a float32 array (C, H, W), a vector as (C, 1, 1).
    ``gradient(name, unit)`` is how one unit, (map, row, column), changes with the
    image, (C, H, W).
    """

    title = "Inside the network"
    module = "network/explore_network"

    def __init__(self, model: Any, image: Any) -> None:
        self._inside = Inside(model, image)
        self.layers = [layer.name for layer in self._inside.layers]
        self._bridge = Answers("", self._answer)
        super().__init__(
            still(self._inside),
            describe(self._inside),
            "Some layers of the net, each with its strongest maps.",
            {**network_data(self._inside), "title": self.title},
        )
        self._bridge.name = self.data["bridge"] = self.key

    def maps(self, name: str) -> np.ndarray:
        """Return what a layer answers to the image, float32 (C, H, W)."""
        return self._layer(name).maps

    def gradient(self, name: str, unit: Unit) -> np.ndarray:
        """Return how one unit (map, row, column) changes with the image (C, H, W)."""
        layer = self._layer(name)
        ((gradient,),) = self._inside.gradients([(layer, [_checked(unit, layer)])])
        return gradient

    def _layer(self, name: str) -> Layer:
        if name not in self.layers:
            raise ValueError(
                f"There is no layer {name!r} here; there are {listed(self.layers)}."
            )
        return self._inside.layers[self.layers.index(name)]

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self._repr_mimebundle_(), raw=True)
        self._bridge.show()

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer the page: a layer's maps, one map as it is, one unit."""
        layer = self._inside.layers[int(question["layer"])]
        unit = _checked(question["unit"], layer)
        if self._inside.changed():
            raise ValueError(
                "The weights of the model have changed since this picture was made. "
                "Run the cell again."
            )
        answer: dict[str, Any] = {"probe": probed(self._inside, layer, unit)}
        if question.get("maps"):
            answer["maps"] = pack_layer(layer, choose([layer.maps.shape], ANSWER_BYTES))
        if question.get("map"):
            answer["map"] = pack(layer.maps[unit[0]][None], EXACT, layer.ends)
        return answer


def explore_network(model: Any, image: Any) -> ExploreNetwork:
    """Show what every layer of a net answers to an image; ask any number where from.

    ``model``: any ``nn.Module`` that takes one image (1, C, H, W); calls such as
    ``F.relu(x)`` are shown, too. ``image``: (C, H, W), (1, C, H, W) or (H, W), as the
    model takes it; NumPy or torch. The model runs in evaluation mode, as a copy,
    and is as before afterwards: mode, gradients, hooks, random numbers.

    In the page: the layers in a row, all maps of one of them, and for one unit the
    pixels that it can see, how it changes with each of them (its gradient), and the
    sum, maximum or function that made it.

    >>> explore_network(net, digits.test_images[0])  # doctest: +SKIP

    A page has room for a small net as it is. Of a larger one it holds fewer and
    smaller maps, and says so; with Python running it asks for the rest.

    Raises TypeError and ValueError in a sentence where the model is no module, or does
    not take the image.
    """
    return ExploreNetwork(model, image)


def _checked(unit: Any, layer: Layer) -> Unit:
    """Return (map, row, column) as ints, or refuse what lies outside of the layer."""
    place = tuple(int(index) for index in unit)
    limits = layer.maps.shape
    inside = (0 <= index < size for index, size in zip(place, limits, strict=False))
    if len(place) != 3 or not all(inside):
        raise ValueError(
            f"A unit is (map, row, column), in {layer.name} below {limits}; got "
            f"{place}."
        )
    return place[0], place[1], place[2]
