"""Training a net on images, and finding out how good it is.

``fit`` trains, ``evaluate`` measures, ``predict`` gives probabilities. Images are
tensors or NumPy arrays of fractions, (N, C, H, W) for a convolutional net; labels are
whole numbers, (N,), counted from 0. The net gives one score per class, before the
softmax: (N, classes). With another ``loss`` both take other targets as well: numbers,
yes or no, a class for each pixel, pictures. A repeated call with the same seed on the
same machine gives the same weights.
"""

from ._augment import random_shift, small_turns
from ._evaluate import Evaluation, evaluate, predict
from ._fit import fit
from ._history import History
from ._measure import Measurement
from .device import best_device, seed_everything

__all__ = [
    "Evaluation",
    "History",
    "Measurement",
    "best_device",
    "evaluate",
    "fit",
    "predict",
    "random_shift",
    "seed_everything",
    "small_turns",
]


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
