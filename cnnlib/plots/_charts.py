"""Charts of numbers: training curves, bars, lines."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cnnlib.text import count, number, percent, sentence

from .arrays import to_array, to_floats
from .panels import Drawn, Sheet, given_axes, new_figure
from .style import DASHES, INK, LINES, MARKERS, TEXT, TITLE, dress, set_title

LONG = 100
"""Values from which on a curve is drawn thin, with its running mean over it."""
MARKED = 40
"""Values up to which a curve has markers: more would hide which are data."""
CHART_WIDTH = 620
"""Pixels across of a chart with one panel."""


def chart(panels: int, width: int, height: int, ax: Any) -> Sheet:
    """Return axes for charts side by side, with room for what is written around."""
    if ax is not None:
        return Sheet(None, given_axes(ax, panels))
    figure = new_figure(width, height, constrained=True)
    return Sheet(figure, list(np.ravel(figure.subplots(1, panels))))


def plot_lines(
    curves: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float] | None = None,
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    dots: Mapping[str, tuple[float, float]] | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """Draw one line per entry of ``curves``, all over the same ``x`` (0, 1, 2, ...).

    Lines differ by colour, dash and marker. NaN leaves a gap. Of a curve of 100 values
    and more the values are thin, and the thick line is their running mean. ``dots``
    are single points with a name beside them: name -> (x, y).
    """
    if not curves:
        raise ValueError("plot_lines needs at least one curve; got none.")
    data = {str(name): _series(y, f"curve {name!r}") for name, y in curves.items()}
    places = None if x is None else _series(x, "x")
    for name, y in data.items():
        if places is not None and len(places) != len(y):
            raise ValueError(
                f"The curve {name!r} has {count(len(y), 'value')}, but x has "
                f"{len(places)}."
            )
    page = chart(1, CHART_WIDTH, 330, ax)
    lines = {
        n: (np.arange(len(y)) if places is None else places, y) for n, y in data.items()
    }
    draw_lines(page.axes[0], lines)
    label_axes(page.axes[0], xlabel, ylabel, title)
    for name, (across, up) in (dots or {}).items():
        page.axes[0].plot(across, up, "o", color=INK, markersize=7, label="_dot")
        page.axes[0].annotate(
            name, (across, up), (8, 4), textcoords="offset points", fontsize=TEXT
        )
    parts = [
        f"{name} {_course(y)}" if len(data) > 1 else _course(y)
        for name, y in data.items()
    ]
    text = f"{title}: " if title else ""
    text += f"{ylabel} over {xlabel}; {', '.join(parts)}"
    for name, (across, up) in (dots or {}).items():
        text += f"; {name} at {number(across)}, {number(up)}"
    long = any(len(y) >= LONG for y in data.values())
    note = "Thin: each value. Thick: a running mean." if long else ""
    return page.result(sentence(text), caption=note, single=True)


def running_mean(y: np.ndarray) -> np.ndarray:
    """Return the mean of the values around each place, (n,) -> (n,), over n / 25.

    At the ends the window is cut off; NaN is left out, and stays where all are NaN.
    """
    half = max(2, len(y) // 50)
    known = np.isfinite(y)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, y, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    places = np.arange(len(y))
    low, high = np.maximum(places - half, 0), np.minimum(places + half + 1, len(y))
    number = counts[high] - counts[low]
    total = sums[high] - sums[low]
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def draw_lines(ax: Axes, curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw curves that differ by colour, dash and marker, with a legend if several."""
    for index, (name, (x, y)) in enumerate(curves.items()):
        colour = LINES[index % len(LINES)]
        if len(y) >= LONG:
            ax.plot(x, y, color=colour, linewidth=0.7, alpha=0.45, label=f"_{name}")
            y = running_mean(y)
        ax.plot(
            x,
            y,
            color=colour,
            linestyle=DASHES[index % len(DASHES)],
            marker=MARKERS[index % len(MARKERS)] if len(y) <= MARKED else "",
            markevery=max(1, len(y) // 12),
            markersize=4.5,
            linewidth=1.6 if len(y) < LONG else 2.2,
            label=name,
        )
    if len(curves) > 1:
        beside = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
        ax.legend(
            fontsize=TEXT,
            frameon=False,
            labelcolor=INK,
            handlelength=3.2,
            **(beside if len(curves) > 2 else {"loc": "best"}),
        )
    places = np.concatenate([x for x, _ in curves.values()])
    if (places == places.round()).all():
        whole = MaxNLocator(integer=True, nbins=8, min_n_ticks=1)
        ax.xaxis.set_major_locator(whole)
    if np.ptp(places) == 0:
        ax.set_xlim(places[0] - 0.5, places[0] + 0.5)


def plot_curves(history: Any, *, ax: Any = None) -> Drawn:
    """Draw how a training went: the loss per epoch and, beside it, the accuracy.

    ``history``: what ``fit`` returns, or anything with lists ``train_loss``,
    ``validation_loss`` and ``validation_accuracy`` (0..1), as attributes or as keys.
    Without validation there is one panel with one curve. NaN leaves a gap. Where the
    history has ``step_loss``, the training loss is drawn step by step, with its
    running mean.
    """
    train, loss, accuracy = (
        _field(history, name)
        for name in ("train_loss", "validation_loss", "validation_accuracy")
    )
    if not len(train):
        raise ValueError("The history has no finished epoch: its train_loss is empty.")
    panels = 1 + bool(len(accuracy))
    page = chart(panels, 420 * panels, 300, ax)
    losses = {"training": train} | ({"validation": loss} if len(loss) else {})
    lines: dict[str, tuple[np.ndarray, np.ndarray]]
    lines = {n: (1 + np.arange(len(y)), y) for n, y in losses.items()}
    steps = _field(history, "step_loss")
    by_step = len(steps) >= LONG
    if by_step:
        ends = len(train) * (1 + np.arange(len(steps))) / len(steps)  # in epochs
        lines["training"] = (ends, steps)
    draw_lines(page.axes[0], lines)
    label_axes(page.axes[0], "epoch", "loss", "Loss")
    if len(accuracy):
        line = {"validation": (1 + np.arange(len(accuracy)), 100 * accuracy)}
        draw_lines(page.axes[1], line)
        label_axes(page.axes[1], "epoch", "accuracy in %", "Validation accuracy")
    note = "Thin: the loss of each batch. Thick: a running mean." if by_step else ""
    return page.result(_describe_history(train, loss, accuracy), caption=note)


def plot_bars(
    values: Mapping[str, float] | Sequence[tuple[str, float]],
    *,
    title: str,
    unit: str = "",
    share: bool = False,
    ax: Axes | None = None,
) -> Drawn:
    """Draw labelled horizontal bars with their values written at the ends.

    ``values``: label -> number, or (label, number) pairs, in the order given. ``unit``
    follows the numbers. ``share=True`` adds each one's share of the total.
    """
    pairs = list(values.items()) if isinstance(values, Mapping) else list(values)
    if not pairs:
        raise ValueError("plot_bars needs at least one value; got none.")
    labels = [str(label) for label, _ in pairs]
    heights = to_floats([float(value) for _, value in pairs], "list of values")
    total = float(heights.sum())
    if share and (total <= 0 or heights.min() < 0):
        raise ValueError("Shares need values that are not negative and not all zero.")
    written = [_written(h, unit, total if share else None) for h in heights]
    page = chart(1, CHART_WIDTH, 50 + 28 * len(labels), ax)
    _draw_bars(page.axes[0], labels, heights, written)
    set_title(page.axes[0], title)
    parts = [f"{label} {text}" for label, text in zip(labels, written, strict=True)]
    return page.result(sentence(f"{title}: {', '.join(parts)}"), single=True)


def _draw_bars(
    ax: Axes, labels: list[str], heights: np.ndarray, written: list[str]
) -> None:
    """Draw the bars with room for the labels beside and the numbers at the ends.

    Where some are below zero, orange-red is above and blue below, as on maps.
    """
    above = LINES[1] if heights.min() < 0 else LINES[0]
    colours = [above if height >= 0 else LINES[0] for height in heights]
    bars = ax.barh(range(len(labels)), heights, color=colours, height=0.68)
    texts = [text.replace("-", "−") for text in written]
    ax.bar_label(bars, texts, padding=4, fontsize=TEXT, color=INK)
    dress(ax)
    ax.set_yticks(range(len(labels)), labels)
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    ax.xaxis.set_visible(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.axvline(0, color=INK, linewidth=0.8)
    low, high = min(0.0, float(heights.min())), max(0.0, float(heights.max()))
    pixels = 8.0 * max(map(len, texts)) + 10  # that the longest number takes
    beside = 8 * max(map(len, labels)) + 40 + pixels * (1 + (low < 0))
    length = max(CHART_WIDTH - beside, 60)
    room = pixels / length * (high - low or 1.0)
    ax.set_xlim(low - room * (low < 0), high + room)


def _written(value: float, unit: str, total: float | None) -> str:
    text = f"{value:,.0f}" if float(value).is_integer() else number(value)
    text += f" {unit}" if unit else ""
    return text if total is None else f"{text} ({percent(value / total)})"


def label_axes(ax: Axes, xlabel: str, ylabel: str, title: str | None) -> None:
    """Name both axes, and the chart."""
    dress(ax, grid="y")
    ax.set_xlabel(xlabel, fontsize=TITLE, color=INK)
    ax.set_ylabel(ylabel, fontsize=TITLE, color=INK)
    set_title(ax, title)


def _field(history: Any, name: str) -> np.ndarray:
    """Return one list of the history as floats; empty if it has none."""
    keyed = isinstance(history, Mapping)
    values = history.get(name) if keyed else getattr(history, name, None)
    if values is None and name == "train_loss":
        raise TypeError(
            "plot_curves takes the History that fit returns, or an object or dict with "
            f"the list train_loss; got {type(history).__name__}."
        )
    return np.zeros(0) if values is None else _series(values, name)


def _series(values: Any, name: str) -> np.ndarray:
    """Return numbers in a row as floats; NaN and none at all are allowed."""
    if isinstance(values, Sequence) and not isinstance(values, str):
        values = [float(value) for value in values]
    array = to_array(values, name).astype(float)
    if array.ndim != 1:
        raise ValueError(f"The {name} must be a list of numbers; got {array.shape}.")
    return array


def _course(y: np.ndarray) -> str:
    """Say where a curve starts and ends, over its finite values."""
    good = y[np.isfinite(y)]
    if not len(good):
        return "without a finite value"
    text = (
        f"from {number(good[0])} to {number(good[-1])}"
        if len(good) > 1
        else number(good[0])
    )
    lost = len(y) - len(good)
    return text + (f" ({count(lost, 'value')} not a number)" if lost else "")


def _describe_history(train: np.ndarray, loss: np.ndarray, accuracy: np.ndarray) -> str:
    parts = [f"training loss {_course(train)}"]
    if len(loss):
        parts.append(f"validation loss {_course(loss)}")
    good = accuracy[np.isfinite(accuracy)]
    if len(good):
        best = int(np.nanargmax(accuracy))
        course = percent(good[-1])
        if len(good) > 1:
            course = f"from {percent(good[0])} to {course}"
        parts.append(f"validation accuracy {course}")
        if best < len(accuracy) - 1:
            parts[-1] += f", at best {percent(accuracy[best])} in epoch {best + 1}"
    return sentence(f"{count(len(train), 'epoch')}: {'; '.join(parts)}")
