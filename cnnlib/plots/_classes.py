"""Which classes are taken for which: confusion matrix and mistakes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._picture import Picture
from ._arrays import read_shown_image, to_array, to_floats
from ._charts import chart
from ._images import draw_many
from ._style import INK, MUTED, TEXT, Scale, dress, ink_on
from ._words import count, number, percent, sentence


def plot_confusion(
    matrix: Any, class_names: Sequence[str] | None = None, *, ax: Axes | None = None
) -> Picture | Axes:
    """Show a confusion matrix: rows are true labels, columns are predictions.

    ``matrix``: (K, K) counts. The colour is that of the mistakes alone, so that the
    large numbers on the diagonal do not drown them; the diagonal is plain grey.
    """
    counts = to_floats(matrix, "confusion matrix")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(
            f"A confusion matrix is square, (classes, classes); got {counts.shape}."
        )
    if counts.min() < 0:
        raise ValueError("A confusion matrix holds counts, so none can be negative.")
    names = [str(n) for n in (class_names or range(len(counts)))]
    if len(names) != len(counts):
        raise ValueError(
            f"The matrix has {count(len(counts), 'class', 'classes')} but there "
            f"are {count(len(names), 'name')}."
        )
    figure, (ax,) = chart(1, 620, 560, ax)
    _draw_matrix(ax, counts, names)
    text = _describe(counts, names)
    return Picture(figure, text) if figure else ax


def _draw_matrix(ax: Axes, counts: np.ndarray, names: Sequence[str]) -> None:
    wrong = counts * (1 - np.eye(len(counts)))
    scale = Scale(0.0, float(wrong.max()) or 1.0, "YlOrBr")
    colours = scale.colours(wrong)
    colours[wrong == 0] = 255
    colours[np.arange(len(counts)), np.arange(len(counts))] = 226
    ax.imshow(colours)
    dress(ax)
    for spine in ax.spines.values():
        spine.set_visible(True)
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("predicted label", fontsize=TEXT, color=INK)
    ax.set_ylabel("true label", fontsize=TEXT, color=INK)
    for row in range(len(counts)):
        for col in range(len(counts)):
            value = counts[row, col]
            ax.text(
                col,
                row,
                f"{value:,.0f}" if float(value).is_integer() else number(value),
                fontsize=TEXT,
                ha="center",
                va="center",
                color=MUTED if value == 0 else ink_on(colours[row, col] / 255),
            )


def _describe(counts: np.ndarray, names: Sequence[str]) -> str:
    total, right = counts.sum(), np.trace(counts)
    text = f"{total:,.0f} images, {right:,.0f} of them right"
    if total:
        text += f" ({percent(right / total)})"
    wrong = counts * (1 - np.eye(len(counts)))
    if wrong.max() > 0:
        row, col = np.unravel_index(int(wrong.argmax()), wrong.shape)
        times = count(int(wrong.max()), "time")
        text += f"; most often {names[row]} is taken for {names[col]}, {times}"
    return sentence(f"Confusion matrix: {text}")


def plot_mistakes(
    images: Any,
    labels: Any,
    predictions: Any,
    *,
    probabilities: Any = None,
    class_names: Sequence[str] | None = None,
    limit: int = 24,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Show the images whose prediction is not their label, as "5 → 3, 71 %".

    ``images`` (N, C, H, W); ``labels`` and ``predictions`` (N,). ``probabilities``
    (N, K), or (N,) of the predicted class: then the surest mistakes come first and the
    percentage is shown. At most ``limit`` are drawn; the sentence counts all.
    """
    truth, guess = (
        to_array(v, n).ravel()
        for v, n in ((labels, "labels"), (predictions, "predictions"))
    )
    if not len(images) == len(truth) == len(guess):
        raise ValueError(
            "There must be one label and one prediction per image; got "
            f"{len(images)} images, {len(truth)} labels, {len(guess)} predictions."
        )
    wrong = np.flatnonzero(truth != guess)
    sure = None
    if probabilities is not None:
        table = to_floats(probabilities, "probabilities")
        sure = table if table.ndim == 1 else table[np.arange(len(guess)), guess]
        wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    name = (lambda k: class_names[k]) if class_names is not None else str
    shown = wrong[:limit]
    titles = [f"{name(truth[i])} → {name(guess[i])}" for i in shown]
    if sure is not None:
        titles = [
            f"{t}, {100 * sure[i]:.0f} %" for t, i in zip(titles, shown, strict=True)
        ]
    text = f"{count(len(wrong), 'mistake')} in {count(len(truth), 'image')}"
    if len(shown) < len(wrong):
        text += f", {len(shown)} of them shown"
    pictures = [read_shown_image(images[i]) for i in shown]
    if not pictures:
        figure, (own,) = chart(1, 400, 80, ax)
        own.set_axis_off()
        own.text(0.5, 0.5, "no mistakes", ha="center", va="center", color=INK)
        return Picture(figure, sentence(text)) if figure else own
    page = draw_many(pictures, titles, None, ax)
    return page.picture_or_ax(sentence(f"{text} (true label → prediction)"))
