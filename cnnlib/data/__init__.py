"""Handwritten digits for the lessons: MNIST where it can be had, and digits always.

>>> digits = load_mnist()
>>> digits.train_images.shape
torch.Size([60000, 1, 28, 28])
"""

from .load import TIME_LIMIT, Digits, load_mnist

__all__ = ["TIME_LIMIT", "Digits", "load_mnist"]


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
