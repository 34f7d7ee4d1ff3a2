"""Drawn traffic signs, as a camera might see them: as many as wanted, in colour.

Each picture is made from random numbers of its own, which depend on the seed, the scene
and the view alone. So the same arguments give the same pictures, and a switch such as
`shortcut` changes nothing else in them.
"""

import colorsys
import numbers
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from cnnlib.text import listed

from .pictures import Pictures
from .sign_faces import FIRST, NAMES
from .sign_scenes import Scene

SHORTCUTS = ("tint", "frame", "mark")


def signs(
    count: int,
    size: int = 32,
    seed: int = 0,
    *,
    classes: Sequence[str] = FIRST,
    views: int = 1,
    rare: Mapping[str, float] | None = None,
    shortcut: str | None = None,
    betrays: float = 1.0,
    difficulty: float = 1.0,
) -> Pictures:
    """Draw pictures of traffic signs: from the side, blurred, in all sorts of light.

    "turn left" and "turn right" are each other's mirror image, and so are the other
    pairs of left and right; the rest are their own.

    Args:
        count: how many pictures.
        size: height and width of a picture in pixels, 16 to 256.
        seed: another seed, other pictures. The same arguments give the same ones.
        classes: the names of the classes, two or more. Eight unless told; there are
            eight others: "closed", "crossroads", "keep left", "keep right", "no left
            turn", "no right turn", "side road left", "side road right".
        views: how many pictures, one after the other, show the same scene: the same
            sign at the same place, from somewhat different sides.
        rare: for some classes, how many scenes they have for each of an ordinary class:
            {"turn left": 0.1} makes turn left ten times as rare. Without it all classes
            are equally frequent, to within one scene.
        shortcut: something in the picture that betrays the class although the sign does
            not: "tint" colours the whole picture, "frame" its edge, "mark" a small
            square at the lower left. Each class has a colour of its own.
        betrays: for which share of the pictures the shortcut is that of the right
            class. The others get that of a wrong one. 0 makes it always lie.
        difficulty: 0 to 2, how much perspective, blur, noise, clutter and bad light.

    Returns:
        The pictures in random order of the classes; `scenes` counts the scenes from 0.

    Raises:
        TypeError, ValueError: an argument that does not fit; the sentence says what
            would.

    >>> signs(80).counts()["turn left"]
    10
    """
    _whole("count", count, 1, 1_000_000)
    _whole("size", size, 16, 256)
    _whole("seed", seed, 0, 2**32 - 1)
    _whole("views", views, 1, 1_000_000)
    _fraction("difficulty", difficulty, 2)
    classes = _known(classes)
    rare = _rare(rare or {}, classes)
    _check_shortcut(shortcut, betrays)
    scenes = np.arange(count) // views
    labels = _labels(len(np.unique(scenes)), classes, rare, seed)[scenes]
    canvas = np.empty((count, size, size, 3), dtype=np.uint8)
    for first in range(0, count, views):
        number, name = first // views, classes[labels[first]]
        scene = Scene(name, size, difficulty, np.random.default_rng([seed, 1, number]))
        for index in range(first, min(first + views, count)):
            view = np.random.default_rng([seed, 2, number, index - first])
            canvas[index] = scene.seen(view)
    if shortcut is not None:
        chance = np.random.default_rng([seed, 3])
        told = _told(labels, len(classes), betrays, chance)
        _betray(canvas, told, len(classes), shortcut)
    return Pictures(
        torch.from_numpy(canvas.transpose(0, 3, 1, 2).copy()),
        torch.from_numpy(labels.astype(np.int64)),
        classes,
        torch.from_numpy(scenes.astype(np.int64)),
        _notice(count, shortcut),
    )


def _notice(count: int, shortcut: str | None) -> str:
    drawn = f"These are {count:,} drawn traffic signs, after those of Europe"
    if shortcut is None:
        return f"{drawn}."
    return f"{drawn}, each with a {shortcut} that goes with the class."


def _labels(
    scenes: int, classes: tuple[str, ...], rare: Mapping[str, float], seed: int
) -> np.ndarray:
    """Deal the scenes out to the classes, by their shares, in random order: (scenes,).

    Whole numbers first; what is left over goes to the largest remainders.
    """
    shares = np.array([rare.get(name, 1.0) for name in classes])
    wanted = scenes * shares / shares.sum()
    counts = np.floor(wanted).astype(int)
    for label in np.argsort(counts - wanted, kind="stable")[: scenes - counts.sum()]:
        counts[label] += 1
    dealt = np.repeat(np.arange(len(classes)), counts)
    return np.random.default_rng([seed, 0]).permutation(dealt)


def _told(
    labels: np.ndarray, classes: int, betrays: float, chance: np.random.Generator
) -> np.ndarray:
    """Choose the class that each picture's shortcut tells: its own, or any other."""
    lies = chance.permutation(len(labels)) >= round(betrays * len(labels))
    others = (labels + chance.integers(1, classes, len(labels))) % classes
    return np.where(lies, others, labels)


def _betray(canvas: np.ndarray, told: np.ndarray, classes: int, shortcut: str) -> None:
    """Put each picture's shortcut into it, in place."""
    hues = [colorsys.hsv_to_rgb(k / classes, 0.9, 0.9) for k in range(classes)]
    colour = 255 * np.array(hues)[told][:, None, None]  # (N, 1, 1, 3)
    size = canvas.shape[1]
    where = np.ones((size, size), dtype=bool)
    strength = 1.0
    if shortcut == "tint":
        strength = 0.25
    elif shortcut == "frame":
        width = max(1, size // 16)
        where[width:-width, width:-width] = False
    else:
        edge, width = size // 16, size // 8
        where[:] = False
        where[size - edge - width : size - edge, edge : edge + width] = True
    mixed = canvas[:, where] * (1 - strength) + colour[:, 0] * strength
    canvas[:, where] = mixed.round().astype(np.uint8)


def _whole(name: str, value: int, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} is a whole number, not {value!r}.")
    if not least <= value <= most:
        raise ValueError(f"{name} is {least:,} to {most:,}, but {value:,} was given.")


def _fraction(name: str, value: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is a number, not {value!r}.")
    if not 0 <= value <= most:
        raise ValueError(f"{name} is 0 to {most:g}, but {value:g} was given.")


def _known(classes: Sequence[str]) -> tuple[str, ...]:
    if isinstance(classes, str):
        raise TypeError(
            f"classes is a list of names, at least two: classes=[{classes!r}, ...]."
        )
    classes = tuple(classes)
    if unknown := [name for name in classes if name not in NAMES]:
        raise ValueError(
            f"No sign is called {listed(unknown)}. There are: {', '.join(NAMES)}."
        )
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise ValueError(
            "At least two classes are needed, each named once, but these were given: "
            f"{', '.join(classes) or 'none'}."
        )
    return classes


def _rare(rare: Mapping[str, float], classes: tuple[str, ...]) -> Mapping[str, float]:
    if not isinstance(rare, Mapping):
        raise TypeError(
            f'rare is a dict such as {{"{classes[0]}": 0.1}}, not {rare!r}.'
        )
    for name, share in rare.items():
        if name not in classes:
            raise ValueError(
                f"rare names {name!r}, which is none of the classes: "
                f"{', '.join(classes)}."
            )
        _fraction(f"rare[{name!r}]", share, 1)
    if len(rare) == len(classes) and not any(rare.values()):
        raise ValueError("At least one class must have pictures: all have 0 in rare.")
    return rare


def _check_shortcut(shortcut: str | None, betrays: float) -> None:
    if shortcut is not None and shortcut not in SHORTCUTS:
        raise ValueError(
            f"No shortcut is called {shortcut!r}. There are: {', '.join(SHORTCUTS)}, "
            "and None for pictures without one."
        )
    _fraction("betrays", betrays, 1)
    if shortcut is None and betrays != 1:
        raise ValueError(
            "betrays says how often a shortcut tells the truth, so there must be one: "
            f"shortcut is one of {', '.join(SHORTCUTS)}."
        )
