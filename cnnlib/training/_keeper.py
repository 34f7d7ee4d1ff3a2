"""Early stopping, and the weights of the best epoch."""

from __future__ import annotations

import math

from torch import Tensor, nn

from ._history import History


class Keeper:
    """Remembers the weights of the epoch with the lowest validation loss so far.

    ``patience``: epochs without a new lowest loss after which it is time to stop; None
    for never. Equal is not lower.
    """

    def __init__(self, model: nn.Module, *, keep: bool, patience: int | None) -> None:
        self._model, self._patience = model, patience
        self._keep = keep or patience is not None
        self._lowest, self._weights = math.inf, dict[str, Tensor]()

    def is_time_to_stop(self, history: History) -> bool:
        """Look at the newest epoch; keep its weights where it is the best."""
        if not self._keep:
            return False
        if history.validation_loss[-1] < self._lowest:
            self._lowest = history.validation_loss[-1]
            self._weights = copy_of(self._model)
            history.kept_epoch = history.epochs
        waited = history.epochs - (history.kept_epoch or 0)
        return self._patience is not None and waited >= self._patience

    def bring_back(self) -> None:
        """Give the model the weights of the best epoch, where they are kept."""
        if self._weights:
            self._model.load_state_dict(self._weights)


def copy_of(model: nn.Module) -> dict[str, Tensor]:
    """Copy all weights and buffers to the CPU."""
    return {
        name: value.detach().to("cpu", copy=True)
        for name, value in model.state_dict().items()
    }
