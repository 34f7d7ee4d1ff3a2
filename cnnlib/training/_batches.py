"""Batches taken from memory, in a new order every epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ._augment import Augment

_WHOLE_ON_DEVICE = 2**30  # bytes of images that may move to an accelerator at once


class Batches:
    """Labelled images, dealt out in batches; each iteration is one epoch.

    The order depends on the seed alone: neither dropout nor augmentation changes it.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        size: int,
        *,
        seed: int,
        device: torch.device,
        augment: Augment | Sequence[Augment] | None = None,
    ) -> None:
        fits = images.numel() * images.element_size() <= _WHOLE_ON_DEVICE
        home = device if fits else images.device
        self._images, self._labels = images.to(home), labels.to(home)
        self._size, self._device = size, device
        self._order = torch.Generator().manual_seed(seed)
        self._augments = [augment] if callable(augment) else list(augment or ())

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self._images), generator=self._order)
        for picked in order.to(self._images.device).split(self._size):
            batch = self._images[picked].to(self._device)
            yield self._changed(batch), self._labels[picked].to(self._device)

    def _changed(self, batch: Tensor) -> Tensor:
        for augment in self._augments:
            changed = augment(batch)
            if not isinstance(changed, Tensor) or len(changed) != len(batch):
                raise ValueError(
                    f"augment was given a batch of shape {tuple(batch.shape)} and gave "
                    f"back {_described(changed)}: expected as many images."
                )
            batch = changed
        return batch


def _described(value: object) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return type(value).__name__
