"""What ``fit`` is given, looked at before the first step."""

from __future__ import annotations

import warnings
from typing import Any

from torch import Tensor, nn

from cnnlib.text import listed, sentence

from ._batches import check_smallest_batch
from ._evaluate import Loss
from ._optimize import UNREGISTERED, unregistered
from .checks import at_least
from .loader import batches_of, is_loader
from .targets import checked

BATCH = 128
"""Images per step, where nothing else is said."""


def training_data(
    model: nn.Module, images: Any, labels: Any, loss: Loss, batch_size: int
) -> tuple[Tensor, Tensor]:
    """Check all images and labels, or the first batch of a DataLoader."""
    if is_loader(images):
        if batch_size != BATCH:
            raise ValueError(
                "A DataLoader has its own batch size: leave batch_size out, and give "
                "it to the DataLoader."
            )
        first = next(batches_of(images, labels, model, loss))
    else:
        first = checked(model, images, labels, loss)
        check_smallest_batch(model, first.images, batch_size)
    return first.images, first.labels


def check_patience(patience: int | None, keep_best: bool, validation: Any) -> None:
    """Raise ValueError where there is no validation loss to look at."""
    if patience is not None:
        at_least(1, "patience", patience)
    if validation is None and (keep_best or patience is not None):
        raise ValueError(
            "patience and keep_best look at the validation loss: pass "
            "validation=(images, labels) of images that are not trained on."
        )


def warn_of_plain_lists(model: nn.Module) -> None:
    """Warn of layers that training misses."""
    lists = unregistered(model)
    if lists and any(True for _ in model.parameters()):
        warnings.warn(
            sentence(UNREGISTERED.format(lists=listed(lists)))
            + " Training misses them.",
            stacklevel=3,
        )


def validation_data(model: nn.Module, validation: Any, loss: Loss) -> Any:
    """Check the validation images, a pair or a DataLoader."""
    if validation is None:
        return None
    if is_loader(validation):
        next(batches_of(validation, None, model, loss))
        return validation
    if not isinstance(validation, tuple | list) or len(validation) != 2:
        raise TypeError(
            "validation should be a pair (images, labels), "
            f"not {type(validation).__name__}."
        )
    held_out = checked(model, validation[0], validation[1], loss)
    return held_out.images, held_out.labels
