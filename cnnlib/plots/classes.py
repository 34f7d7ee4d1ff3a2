"""Which classes are taken for which: confusion matrix and mistakes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from cnnlib.text import count, number, percent, sentence

from .arrays import read_shown_image, to_array, to_floats
from .images import draw_many
from .panels import Drawn, Sheet, canvas, given_axes, new_figure, place
from .style import (
    INK,
    MUTED,
    RULE,
    SIGNED,
    TEXT,
    TITLE,
    Scale,
    ink_on,
    set_title,
    style_ticks,
)

NUMBERED = 20
"""Classes up to which each cell has its number."""


def plot_confusion(
    matrix: Any, class_names: Sequence[str] | None = None, *, ax: Axes | None = None
) -> Drawn:
    """Show a confusion matrix: rows are true labels, columns are predictions.

    ``matrix``: (K, K) counts. The colour is that of the mistakes alone, so that the
    large numbers on the diagonal, on pale blue, do not drown them. The percentage at
    the right is the share of a row that is right.
    """
    counts = to_floats(matrix, "confusion matrix")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(
            f"A confusion matrix has shape (classes, classes); got {counts.shape}."
        )
    if counts.min() < 0:
        raise ValueError("A confusion matrix holds counts; none of them is negative.")
    classes = len(counts)
    names = [
        str(name) for name in (range(classes) if class_names is None else class_names)
    ]
    if len(names) != classes:
        raise ValueError(
            f"The matrix has {count(classes, 'class', 'classes')}, but there are "
            f"{count(len(names), 'class name')}."
        )
    page = _room_for(classes, max(map(len, names)), ax)
    _draw_matrix(page.axes[0], counts, names)
    return page.result(_describe(counts, names), single=True)


def _room_for(classes: int, longest: int, ax: Any) -> Sheet:
    """Return axes with room for labels of that length at the left and below."""
    if ax is not None:
        return Sheet(None, given_axes(ax, 1))
    left = 44 + 8 * longest
    below = 52 if longest <= 4 else 44 + 6 * longest
    wide = max(120, min(46 * classes, 470))
    high = round(0.88 * wide)
    figure = new_figure(left + wide + 70, 28 + high + below)
    return Sheet(figure, [place(figure, left, 28, wide, high)])


def mistake_colours(counts: np.ndarray) -> np.ndarray:
    """Return cell colours (K, K, 3), bytes: white, red by mistakes, a blue diagonal.

    The hues are those of signed maps, and of the matrix in ``watch_training``.
    """
    wrong = _mistakes(counts)
    most = max(float(wrong.max()), 1e-9)
    scale = Scale(-1.25 * most, 1.25 * most, SIGNED)
    colours = scale.colours(np.where(wrong > 0, wrong + 0.1 * most, 0))
    colours[wrong == 0] = 255
    colours[np.diag_indices(len(counts))] = scale.colours(np.array(-0.35 * most))
    return colours


def _mistakes(counts: np.ndarray) -> np.ndarray:
    return counts * (1 - np.eye(len(counts)))


def _draw_matrix(ax: Axes, counts: np.ndarray, names: Sequence[str]) -> None:
    colours = mistake_colours(counts)
    classes = len(counts)
    ax.imshow(colours, interpolation="nearest", aspect="auto", origin="upper")
    ax.grid(False)
    style_ticks(ax)
    for spine in ax.spines.values():
        spine.set(visible=True, color=RULE, linewidth=0.8)
    step = -(-classes // NUMBERED)
    places = range(0, classes, step)
    ax.set_xticks(places, [names[i] for i in places])
    ax.set_yticks(places, [names[i] for i in places])
    if max(map(len, names)) > 4:
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")
    ax.set_xlabel("predicted label", fontsize=TITLE, color=INK)
    ax.set_ylabel("true label", fontsize=TITLE, color=INK)
    set_title(ax, "blue: right, red: mistakes")
    if classes > NUMBERED:
        return
    for (row, column), value in np.ndenumerate(counts):
        plain = value == 0 and row != column
        ink = MUTED if plain else ink_on(colours[row, column] / 255)
        _write(ax, column, row, _count_text(value), ink)
    for row, total in enumerate(counts.sum(axis=1)):
        right = f"{100 * counts[row, row] / total:.1f} %" if total else "none"
        ax.text(classes - 0.42, row, right, fontsize=TEXT, color=INK, va="center")


def _count_text(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else number(value)


def _write(ax: Axes, x: float, y: float, text: str, ink: str) -> None:
    ax.text(x, y, text, fontsize=TEXT, color=ink, ha="center", va="center")


def _describe(counts: np.ndarray, names: Sequence[str]) -> str:
    total, right = float(counts.sum()), float(np.trace(counts))
    text = f"confusion matrix of {count(len(names), 'class', 'classes')}"
    whole = bool((counts == counts.round()).all())
    if total and whole:
        text += f": {right:,.0f} of {count(int(total), 'image')} right"
    if total:
        text += (
            f" ({percent(right / total)})"
            if whole
            else f": {percent(right / total)} right"
        )
    wrong = _mistakes(counts)
    if wrong.max() > 0:
        row, column = divmod(int(wrong.argmax()), len(counts))
        text += f"; the most frequent mistake is {names[row]} taken for {names[column]}"
        text += f", {count(int(wrong.max()), 'time')}" if whole else ""
    return sentence(text)


def plot_mistakes(
    images: Any,
    labels: Any,
    predictions: Any,
    *,
    probabilities: Any = None,
    class_names: Sequence[str] | None = None,
    limit: int = 24,
    ax: Axes | None = None,
) -> Drawn:
    """Show the images whose prediction is not their label, as "5 → 3, 71 %".

    ``images`` (N, C, H, W) or (N, H, W); ``labels`` and ``predictions`` (N,) class
    numbers. ``probabilities`` (N, K) of all classes, or (N,) of the predicted one: then
    the surest mistakes come first and the percentage is shown. At most ``limit`` images
    are drawn; the sentence counts all.
    """
    truth = to_array(labels, "labels").ravel()
    guess = to_array(predictions, "predictions").ravel()
    images = images if hasattr(images, "__len__") else list(images)
    if not len(images) == len(truth) == len(guess):
        raise ValueError(
            "There must be one label and one prediction per image; got "
            f"{count(len(images), 'image')}, {count(len(truth), 'label')} and "
            f"{count(len(guess), 'prediction')}."
        )
    wrong = np.flatnonzero(truth != guess)
    sure = _certainty(probabilities, guess)
    if sure is not None:
        wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    shown = wrong[: max(0, limit)]
    titles = [
        f"{_name(truth[i], class_names)} → {_name(guess[i], class_names)}"
        for i in shown
    ]
    if sure is not None:
        titles = [
            f"{t}, {100 * sure[i]:.0f} %" for t, i in zip(titles, shown, strict=True)
        ]
    text = f"{count(len(wrong), 'mistake')} in {count(len(truth), 'image')}"
    if not len(shown):
        page = canvas(300, 60, ax=ax)
        _write(page.axes[0], 150, 30, "no mistakes" if not len(wrong) else text, INK)
        return page.result(sentence(text), single=True)
    if len(shown) < len(wrong):
        order = "the surest " if sure is not None else ""
        text += f", {order}{len(shown)} of them shown"
    pictures = [read_shown_image(images[int(i)], f"image {i}") for i in shown]
    page = draw_many(pictures, titles, None, ax)
    parts = ", ".join(titles) if sure is None else "; ".join(titles)
    return page.result(sentence(f"{text} (label → prediction): {parts}"), single=True)


def _certainty(probabilities: Any, guess: np.ndarray) -> np.ndarray | None:
    """Return the probability of each predicted class, (N,)."""
    if probabilities is None:
        return None
    table = to_floats(probabilities, "probabilities")
    if table.ndim not in (1, 2) or len(table) != len(guess):
        raise ValueError(
            f"The probabilities must have shape ({len(guess)}, classes) or "
            f"({len(guess)},); got {table.shape}."
        )
    return table if table.ndim == 1 else table[np.arange(len(guess)), guess]


def _name(label: Any, class_names: Sequence[str] | None) -> str:
    return str(label) if class_names is None else str(class_names[int(label)])
