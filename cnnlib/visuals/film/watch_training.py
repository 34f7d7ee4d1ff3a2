"""Watch a net learn: the live curve, and afterwards a film of its epochs."""

from __future__ import annotations

from typing import Any

from torch import nn

from cnnlib.text import count, percent, sentence
from cnnlib.training import History, fit
from cnnlib.visuals.shared.rows import labelled_rows
from cnnlib.visuals.shared.visual import Visual

from .data import class_names, film_data
from .film import FilmFrame, frames, saved

DIGITS_FIELDS = ("train_images", "train_labels", "test_images", "test_labels")
"""What the digits must have, as data.load_mnist() returns them."""
SET_HERE = ("validation", "snapshots")
"""Arguments of fit that watch_training gives itself."""
MOST_EPOCHS = 11
"""Epochs that the film shows, the first and the last among them."""


class WatchTraining(Visual):
    """A training run to look back on; made by ``watch_training``.

    ``history`` is what ``fit`` returns, with a snapshot of the weights for each epoch.
    ``epochs`` are those that can be gone through: 0 is before training.
    ``accuracy`` and ``confusion`` (classes, classes) belong to each of them, on the
    test images.
    """

    title = "Watching it learn"
    module = "film/watch_training"

    def __init__(self, model: nn.Module, digits: Any, history: History) -> None:
        self.history = history
        self.epochs = saved(history.epochs, MOST_EPOCHS)
        shown = frames(model, digits, history, self.epochs)
        self.accuracy = [frame.accuracy for frame in shown]
        self.confusion = [frame.confusion for frame in shown]
        rows = [
            (f"epoch {frame.epoch}", f"{percent(frame.accuracy)} right", frame.kernels)
            for frame in (shown[k] for k in saved(len(shown) - 1, 6))
        ]
        super().__init__(
            labelled_rows(rows, "Kernels of the first layer, by epoch."),
            _describe(model, digits, shown),
            "The first layer's kernels, before training and after some epochs.",
            {"title": self.title, **film_data(model, digits, history, shown)},
        )


def watch_training(
    model: nn.Module, digits: Any, *, epochs: int = 5, show: bool = True, **options: Any
) -> WatchTraining:
    """Train `model` on `digits` with a live curve; return a film of its epochs.

    It is ``fit`` that trains, with the test images as validation and a snapshot after
    each epoch; ``options`` go to it: lr, batch_size, optimizer, augment and so on. The
    model has learned afterwards, as after ``fit``.

    In the film a slider moves through the epochs: the kernels of the first
    convolution, the maps that one test image makes, and the confusion matrix, of which
    each cell shows its images. It needs no Python.

    ``digits``: as ``data.load_mnist()`` returns them.

    >>> film = watch_training(net, digits, epochs=3)  # doctest: +SKIP
    >>> film.history.validation_accuracy  # doctest: +SKIP

    Raises TypeError and ValueError as ``fit`` does; and where the net has no
    convolution.
    """
    if missing := [name for name in DIGITS_FIELDS if not hasattr(digits, name)]:
        raise TypeError(
            "watch_training takes digits as data.load_mnist() returns them, with "
            f"training and test images; {type(digits).__name__} has no {missing[0]}."
        )
    if taken := [name for name in SET_HERE if name in options]:
        raise TypeError(
            f"watch_training itself gives {taken[0]} to fit: the test images, and a "
            "snapshot after each epoch. Use fit to choose it."
        )
    if not isinstance(model, nn.Module):
        raise TypeError(
            "watch_training trains a torch.nn.Module, such as models.mnist_cnn(); got "
            f"{type(model).__name__}."
        )
    if not any(isinstance(layer, nn.Conv2d) for layer in model.modules()):
        raise ValueError(
            f"watch_training shows kernels and maps, but {type(model).__name__} has no "
            "nn.Conv2d. Use fit to train it."
        )
    test = digits.test_images, digits.test_labels
    history = fit(
        model,
        digits.train_images,
        digits.train_labels,
        epochs=epochs,
        validation=test,
        snapshots=True,
        show=show,
        **options,
    )
    return WatchTraining(model, digits, history)


def _describe(model: nn.Module, digits: Any, shown: list[FilmFrame]) -> str:
    last = shown[-1]
    text = f"{type(model).__name__} learns for {count(last.epoch, 'epoch')}; "
    text += f"right of {count(len(digits.test_labels), 'test image')}: "
    course = [f"{percent(one.accuracy)} after epoch {one.epoch}" for one in shown[1:]]
    text += "; ".join([f"{percent(shown[0].accuracy)} before training", *course])
    wrong = last.confusion.clone().fill_diagonal_(0)
    if wrong.sum():
        row, column = divmod(int(wrong.argmax()), wrong.shape[1])
        names = class_names(digits, len(wrong))
        text += f". Most frequent mistake at the end: {names[row]} read as "
        text += f"{names[column]}, {count(int(wrong.max()), 'time')}"
    return sentence(text)
