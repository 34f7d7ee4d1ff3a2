"""Handwritten digits for the lessons: MNIST where it can be had, always something.

>>> digits = load_mnist()
>>> digits.train_images.shape
torch.Size([60000, 1, 28, 28])
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from . import _idx

BUNDLED = "bundled"


@dataclass(frozen=True, eq=False, repr=False)
class Digits:
    """Images of handwritten digits with their labels, ready for training.

    Attributes:
        train_images, test_images: float32 (N, 1, 28, 28), 0 is paper and 1 is ink.
        train_labels, test_labels: int64 (N,), values 0..9.
        source: "mnist", or "bundled" for the digits that come with scikit-learn.
        notice: one sentence that says which data these are and why.
        class_names: the name of each label, "0" to "9".
    """

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    source: str
    notice: str
    class_names: tuple[str, ...] = tuple("0123456789")

    def __repr__(self) -> str:
        name = "MNIST" if self.source == "mnist" else "scikit-learn's bundled digits"
        return (
            f"{name}: {len(self.train_labels):,} training and "
            f"{len(self.test_labels):,} test images, 28x28, grey"
        )


def load_mnist(root: str | Path | None = None, *, verbose: bool = True) -> Digits:
    """Load handwritten digits (first version: no download yet)."""
    folder = root or os.environ.get("CNNLIB_DATA")
    if folder and folder != BUNDLED:
        raw = Path(folder).expanduser() / "MNIST" / "raw"
        if _idx.complete(raw):
            return _from_raw(_idx.read_folder(raw))
    return _bundled(verbose)


def _from_raw(raw: _idx.Raw) -> Digits:
    return Digits(
        _images(raw.train_images),
        torch.from_numpy(raw.train_labels.astype(np.int64)),
        _images(raw.test_images),
        torch.from_numpy(raw.test_labels.astype(np.int64)),
        source="mnist",
        notice="These are the MNIST handwritten digits.",
    )


def _images(stored: np.ndarray) -> torch.Tensor:
    """Turn uint8 (N, 28, 28) in 0..255 into float32 (N, 1, 28, 28) in 0..1."""
    return torch.from_numpy(np.divide(stored, np.float32(255), dtype=np.float32))[
        :, None
    ]


def _bundled(verbose: bool) -> Digits:
    from . import _bundled_digits

    notice = "These are scikit-learn's bundled digits, not MNIST."
    if verbose:
        print(notice)
    return Digits(*_bundled_digits.load(), source=BUNDLED, notice=notice)
