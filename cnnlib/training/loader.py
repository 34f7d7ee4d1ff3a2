"""A DataLoader in place of images and labels: its batches, checked one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ._augment import Augment
from ._batches import augmented, augments
from .targets import Data, checked, checked_again


class LoaderBatches:
    """The batches of a DataLoader on a device; each iteration is one epoch."""

    def __init__(
        self,
        loader: Any,
        model: nn.Module,
        loss: Any,
        *,
        device: torch.device,
        augment: Augment | Sequence[Augment] | None = None,
    ) -> None:
        self._loader, self._model, self._loss = loader, model, loss
        self._device, self._augments = device, augments(augment)

    def __len__(self) -> int:
        return length(self._loader)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for data in batches_of(self._loader, None, self._model, self._loss):
            images = augmented(data.images.to(self._device), self._augments)
            yield images, data.labels.to(self._device)


def is_loader(images: Any) -> bool:
    """Whether images come in batches, with their labels."""
    return isinstance(images, DataLoader)


def length(loader: Any) -> int:
    """Return how many batches there are.

    Raises:
        ValueError: none, or it does not know.
    """
    try:
        batches = len(loader)
    except TypeError as error:
        raise ValueError(
            "The DataLoader does not know how many batches it has: give its data set a "
            "__len__, since the learning rate is planned for all steps."
        ) from error
    if not batches:
        raise ValueError("The DataLoader has no batches: its data set is too small.")
    return batches


def batches_of(loader: Any, labels: Any, model: nn.Module, loss: Any) -> Iterator[Data]:
    """Give the batches, the first checked in full and the others in brief."""
    if labels is not None:
        raise TypeError("A DataLoader brings its labels: leave labels out.")
    length(loader)
    first: Data | None = None
    for batch in _batches(loader):
        images, known = _pair(batch)
        if first is None:
            data = first = checked(model, images, known, loss)
        else:
            data = checked_again(first, model, images, known, loss)
        yield data


_PICTURES = (
    "The data set gives pictures, which have to become tensors: build it with "
    "transform=torchvision.transforms.ToTensor()."
)
_SIZES = (
    "The images differ in size, so they make no batch: build the data set with "
    "transform=torchvision.transforms.Compose([torchvision.transforms.ToTensor(), "
    "torchvision.transforms.Resize((64, 64))])."
)


def _batches(loader: Any) -> Iterator[Any]:
    """Give the batches; say what helps where images make none."""
    try:
        yield from loader
    except (TypeError, RuntimeError) as error:
        if "found <class 'PIL." in str(error):
            raise ValueError(_PICTURES) from error
        if "to be equal size" in str(error):
            raise ValueError(_SIZES) from error
        raise


def _pair(batch: Any) -> tuple[Any, Any]:
    if isinstance(batch, list | tuple) and len(batch) == 2:
        return batch[0], batch[1]
    kind = type(batch).__name__
    if isinstance(batch, list | tuple):
        kind += f" of {len(batch)}"
    raise TypeError(
        "Each batch of the DataLoader should be a pair (images, labels), as of "
        f"TensorDataset(images, labels); this one gives {kind}."
    )
