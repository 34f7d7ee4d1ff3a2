"""All kinds of items, by name, in the order of the lessons."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from cnnlib.text import listed

from .items import Item
from .kind import Kind
from .topics import (
    backward,
    channels,
    cheap_blocks,
    colour,
    fields,
    flat_sizes,
    flattening,
    frames,
    grad_cam,
    gradient_steps,
    hooks,
    inverse,
    judging,
    layers,
    lenet_alexnet,
    loops,
    losses,
    norms,
    occlusion,
    own_data,
    own_training,
    parameters,
    photographs,
    pixels,
    pooled_sizes,
    pooling,
    residual,
    rows_seen,
    seen,
    shapes,
    sizes,
    summaries,
    transfer,
    turned,
    vgg,
    windows,
    work,
)

LEVELS = (1, 2, 3)
_TOPICS = (
    pixels,
    shapes,
    channels,
    windows,
    turned,
    colour,
    layers,
    photographs,
    sizes,
    inverse,
    seen,
    frames,
    pooling,
    pooled_sizes,
    flattening,
    parameters,
    flat_sizes,
    summaries,
    work,
    fields,
    losses,
    gradient_steps,
    loops,
    judging,
    lenet_alexnet,
    vgg,
    transfer,
    rows_seen,
    hooks,
    occlusion,
    grad_cam,
    norms,
    residual,
    cheap_blocks,
    backward,
    own_data,
    own_training,
)


def kinds() -> dict[str, Kind]:
    """Return all kinds by name."""
    return {kind.name: kind for topic in _TOPICS for kind in topic.KINDS}


def items(lessons: Sequence[str] | None = None) -> list[str]:
    """Return the names of the kinds of item, of all lessons or of some.

    >>> items(["03"])[:2]
    ['max-pool', 'average-pool']

    Raises ValueError, naming the lessons, if one of them has no items.
    """
    found = kinds().values()
    known = sorted({kind.lesson for kind in found})
    asked = known if lessons is None else list(lessons)
    if unknown := sorted(set(asked) - set(known)):
        raise ValueError(
            f"There are no items for lesson {listed(unknown)}; there are for "
            f'{listed(known)}. Lessons are written as "03".'
        )
    return [kind.name for kind in found if kind.lesson in asked]


def draw(kind: str, seed: int, level: int = 1) -> Item:
    """Return the item of this kind, seed and level; the same each time.

    Raises ValueError for a kind that there is not, or a level other than 1, 2 or 3.
    """
    if kind not in kinds():
        raise ValueError(
            f"There is no kind of item {kind!r}; the kinds are {listed(list(kinds()))}."
        )
    if level not in LEVELS:
        raise ValueError(f"A level is 1, 2 or 3, but it is {level!r}.")
    return kinds()[kind](Random(f"{kind}/{level}/{seed}"), level)
