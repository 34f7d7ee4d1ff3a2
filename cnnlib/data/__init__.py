"""Images for the lessons: handwritten digits, drawn signs, folders of pictures.

>>> digits = load_mnist()
>>> digits.train_images.shape
torch.Size([60000, 1, 28, 28])

MNIST where it can be had, and digits always. What needs PyTorch is imported at first
use, so that the set-up check can ask `places` and `mnist_files` where PyTorch is
missing or does not start.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .folder import load_folder
    from .load import TIME_LIMIT, Digits, load_mnist
    from .pictures import Pictures
    from .traffic_signs import signs

__all__ = ["TIME_LIMIT", "Digits", "Pictures", "load_folder", "load_mnist", "signs"]

_MODULES = {
    "Pictures": "pictures",
    "load_folder": "folder",
    "signs": "traffic_signs",
}  # the others stand in `load`


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f".{_MODULES.get(name, 'load')}", __name__)
    return getattr(module, name)


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
