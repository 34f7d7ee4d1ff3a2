"""Handwritten digits for the lessons: MNIST where it can be had, and digits always.

>>> digits = load_mnist()
>>> digits.train_images.shape
torch.Size([60000, 1, 28, 28])

`load` is imported at first use, so that the set-up check can ask `places` and
`mnist_files` where PyTorch is missing or does not start.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .load import TIME_LIMIT, Digits, load_mnist

__all__ = ["TIME_LIMIT", "Digits", "load_mnist"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import load

    return getattr(load, name)


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
