"""What training left behind: one number per epoch, and the weights if wanted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor

from cnnlib.text import count, percent, sentence

from ._measure import told_metric

if TYPE_CHECKING:
    from cnnlib.picture import Picture


@dataclass(eq=False)
class History:
    """The course of a training run; lists have one entry per finished epoch.

    Attributes:
        train_loss: mean loss per image during each epoch, while the net still learned.
        validation_loss: loss on the validation images after each epoch, if given.
        validation_accuracy: share named rightly after each epoch, 0 to 1, if given.
        validation_metrics: other measures of the validation images by their names, a
            list with one entry per epoch each.
        step_loss: mean loss of the batch of each single step.
        learning_rate: the learning rate of each single step.
        seconds: how long training took, validation included.
        interrupted: whether the run was stopped by hand before its last epoch.
        stopped_early: whether the validation loss had no new lowest for too long.
        kept_epoch: with ``patience`` or ``keep_best``, the epoch whose weights the
            model has, counted from 1; else None.
        snapshots: with ``snapshots=True``, a copy of ``model.state_dict()`` on the CPU
            before training and after each epoch: one more than there are epochs.
        validation_predictions: with ``snapshots=True`` and validation images, what the
            model said of each, (N,), after each epoch.
    """

    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    validation_metrics: dict[str, list[float]] = field(default_factory=dict)
    step_loss: list[float] = field(default_factory=list, repr=False)
    learning_rate: list[float] = field(default_factory=list, repr=False)
    seconds: float = 0.0
    interrupted: bool = False
    stopped_early: bool = False
    kept_epoch: int | None = None
    snapshots: list[dict[str, Tensor]] = field(default_factory=list, repr=False)
    validation_predictions: list[Tensor] = field(default_factory=list, repr=False)

    @property
    def epochs(self) -> int:
        """How many epochs were finished."""
        return len(self.train_loss)

    def picture(self) -> Picture:
        """Draw the curves, as a notebook shows them."""
        from cnnlib.plots import plot_curves

        return cast("Picture", plot_curves(self))

    def __repr__(self) -> str:
        finished = count(self.epochs, "epoch")
        parts = [f"training loss {_numbers(self.train_loss)}"]
        if self.validation_loss:
            parts.append(f"validation loss {_numbers(self.validation_loss)}")
        if self.validation_accuracy:
            shares = ", ".join(map(_two_decimals, self.validation_accuracy))
            parts.append(f"validation accuracy {shares}")
        for name, values in self.validation_metrics.items():
            if name != "accuracy":
                parts.append(f"validation {name} {', '.join(_metric(name, values))}")
        if self.kept_epoch is not None:
            parts.append(f"the weights are those of epoch {self.kept_epoch}")
        stopped = " (stopped early)" if self.stopped_early else ""
        stopped = " (stopped by hand)" if self.interrupted else stopped
        if not self.train_loss:
            return f"No epoch finished{stopped}"
        return f"{finished}{stopped}: {'; '.join(parts)}"

    def _note(self) -> str:
        """Tell what a reader of the curves must know besides."""
        kept = ""
        if self.kept_epoch is not None:
            kept = f"the model has the weights of epoch {self.kept_epoch}."
        if self.interrupted:
            return f"Stopped by hand; {kept or 'the model keeps what it has learned.'}"
        if self.stopped_early:
            return f"Stopped early; {kept}"
        return sentence(kept) if kept else ""

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        if not self.train_loss:
            return {"text/plain": repr(self)}
        faces = self.picture()._repr_mimebundle_(**kwargs)
        if note := self._note():
            html = f"{faces['text/html']}<p>{note}</p>"
            return {"text/html": html, "text/plain": f"{faces['text/plain']} {note}"}
        return faces


def _metric(name: str, values: list[float]) -> list[str]:
    return [told_metric((name, value)).removeprefix(f"{name} ") for value in values]


def _two_decimals(share: float) -> str:
    """Write 0.9873 as "98.73 %"."""
    return percent(share, decimals=2)


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.4f}" for value in values)
