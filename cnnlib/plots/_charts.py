"""Charts of numbers: training curves, bars, lines."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .._picture import DPI, Picture
from ._arrays import to_floats
from ._panels import given_axes
from ._style import DASHES, INK, LINES, MARKERS, TEXT, dress, set_title
from ._words import count, number, percent, sentence


def chart(
    panels: int, width: int, height: int, ax: Any
) -> tuple[Figure | None, list[Axes]]:
    """Axes for charts side by side: our own (and their figure), or the caller's."""
    if ax is not None:
        return None, given_axes(ax, panels)
    figure = Figure(
        figsize=(width / DPI, height / DPI),
        dpi=DPI,
        facecolor="white",
        edgecolor="white",
        layout="constrained",
    )
    return figure, list(np.ravel(figure.subplots(1, panels)))


def draw_lines(ax: Axes, curves: Mapping[str, tuple[Any, np.ndarray]]) -> None:
    """Curves that differ by colour, dash and marker, each named at its end."""
    for index, (name, (x, y)) in enumerate(curves.items()):
        few = len(y) <= 40
        ax.plot(
            x,
            y,
            color=LINES[index % len(LINES)],
            linestyle=DASHES[index % len(DASHES)],
            marker=MARKERS[index % len(MARKERS)] if few else "",
            markersize=4,
            linewidth=1.6,
            label=name,
        )
    if len(curves) > 1:
        legend = ax.legend(fontsize=TEXT, frameon=False, labelcolor=INK, handlelength=3)
        legend.set_title(None)


def plot_lines(
    curves: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float] | None = None,
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Draw one line per entry of ``curves``, all over the same ``x`` (0, 1, 2, ...).

    Lines differ by colour, dash and marker. NaN leaves a gap.
    """
    if not curves:
        raise ValueError("plot_lines needs at least one curve; got none.")
    data = {str(name): _series(y, f"curve {name!r}") for name, y in curves.items()}
    for name, y in data.items():
        if x is not None and len(x) != len(y):
            raise ValueError(
                f"The curve {name!r} has {count(len(y), 'value')} but x has {len(x)}."
            )
    places = {name: np.arange(len(y)) if x is None else x for name, y in data.items()}
    figure, (ax,) = chart(1, 620, 340, ax)
    draw_lines(ax, {name: (places[name], y) for name, y in data.items()})
    _label(ax, xlabel, ylabel, title)
    parts = [f"{name} {_course(y)}" for name, y in data.items()]
    head = f"{title}: " if title else ""
    text = sentence(f"{head}{ylabel} against {xlabel}; {', '.join(parts)}")
    return Picture(figure, text) if figure else ax


def plot_curves(history: Any, *, ax: Any = None) -> Picture | list[Axes]:
    """Draw how a training went: the loss per epoch and, beside it, the accuracy.

    ``history``: what ``fit`` returns, or anything with lists ``train_loss``,
    ``validation_loss`` and ``validation_accuracy`` (0..1), as attributes or as keys;
    empty or missing validation leaves its curve and panel out.
    """
    train, loss, accuracy = (
        _field(history, name)
        for name in ("train_loss", "validation_loss", "validation_accuracy")
    )
    if not len(train):
        raise ValueError("The history has no epochs: its train_loss is empty.")
    panels = 1 + bool(len(accuracy))
    figure, axes = chart(panels, 420 * panels, 320, ax)
    losses = {"training": train} | ({"validation": loss} if len(loss) else {})
    draw_lines(axes[0], {n: (1 + np.arange(len(y)), y) for n, y in losses.items()})
    _label(axes[0], "epoch", "loss", "Loss")
    if len(accuracy):
        x = 1 + np.arange(len(accuracy))
        draw_lines(axes[1], {"validation": (x, 100 * accuracy)})
        _label(axes[1], "epoch", "accuracy in %", "Validation accuracy")
    for one in axes:
        one.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    text = _describe_history(train, loss, accuracy)
    return Picture(figure, text) if figure else axes


def plot_bars(
    values: Mapping[str, float] | Sequence[tuple[str, float]],
    *,
    title: str,
    unit: str = "",
    share: bool = False,
    ax: Axes | None = None,
) -> Picture | Axes:
    """Draw labelled horizontal bars with their values written at the ends.

    ``share=True`` writes each value's share of the total beside it. ``unit`` follows
    the numbers.
    """
    pairs = list(values.items()) if isinstance(values, Mapping) else list(values)
    if not pairs:
        raise ValueError("plot_bars needs at least one value; got none.")
    labels = [str(label) for label, _ in pairs]
    heights = to_floats([value for _, value in pairs], "values")
    total = float(heights.sum())
    if share and (total <= 0 or heights.min() < 0):
        raise ValueError("Shares need values that are not negative and not all zero.")
    written = [_written(h, unit, total if share else None) for h in heights]
    figure, (ax,) = chart(1, 620, 70 + 26 * len(labels), ax)
    bars = ax.barh(range(len(labels)), heights, color=LINES[0], height=0.66)
    ax.set_yticks(range(len(labels)), labels)
    ax.invert_yaxis()
    ax.bar_label(bars, written, padding=4, fontsize=TEXT, color=INK)
    dress(ax)
    ax.margins(x=0.22)
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    set_title(ax, title)
    parts = [f"{label} {text}" for label, text in zip(labels, written, strict=True)]
    text = sentence(f"{title}: {', '.join(parts)}")
    return Picture(figure, text) if figure else ax


def _written(value: float, unit: str, total: float | None) -> str:
    text = f"{value:,.0f}" if float(value).is_integer() else number(value)
    text += f" {unit}" if unit else ""
    return text if total is None else f"{text} ({percent(value / total)})"


def _label(ax: Axes, xlabel: str, ylabel: str, title: str | None) -> None:
    dress(ax, grid="y")
    ax.set_xlabel(xlabel, fontsize=TEXT, color=INK)
    ax.set_ylabel(ylabel, fontsize=TEXT, color=INK)
    set_title(ax, title)


def _field(history: Any, name: str) -> np.ndarray:
    if isinstance(history, Mapping):
        values = history.get(name)
    else:
        values = getattr(history, name, None)
    if values is None:
        if name == "train_loss":
            raise TypeError(
                "plot_curves takes a History as fit returns it, or a dict with the "
                f"list train_loss; got {type(history).__name__}."
            )
        return np.zeros(0)
    return _series(values, name)


def _series(values: Any, name: str) -> np.ndarray:
    array = np.asarray([float(v) for v in values], dtype=float)
    return array.reshape(-1)


def _course(y: np.ndarray) -> str:
    """``"from 0.31 to 0.05"`` over the finite values."""
    good = y[np.isfinite(y)]
    if not len(good):
        return "has no finite value"
    return f"from {number(good[0])} to {number(good[-1])}"


def _describe_history(train: np.ndarray, loss: np.ndarray, accuracy: np.ndarray) -> str:
    parts = [f"training loss {_course(train)}"]
    if len(loss):
        parts.append(f"validation loss {_course(loss)}")
    if len(accuracy):
        best = int(np.nanargmax(accuracy))
        parts.append(
            f"validation accuracy from {percent(accuracy[0])} to "
            f"{percent(accuracy[-1])}, best {percent(accuracy[best])} in epoch {best + 1}"
        )
    return sentence(f"{count(len(train), 'epoch')}: {'; '.join(parts)}")
