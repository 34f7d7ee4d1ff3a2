"""What every builder of a net needs: named layers and a check of its numbers."""

from collections import OrderedDict
from numbers import Integral

from torch import nn


def named(**layers: nn.Module) -> nn.Sequential:
    """Return the layers as an ``nn.Sequential`` that keeps their names, in order.

    ``named(conv1=nn.Conv2d(1, 3, 3), relu1=nn.ReLU()).conv1`` is the convolution.
    """
    return nn.Sequential(OrderedDict(layers))


def whole_number(name: str, value: int, least: int = 1) -> int:
    """Return ``value`` as an int, or say in a sentence what it should have been."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(
            f"{name} must be a whole number, but it is {value!r} "
            f"({type(value).__name__})."
        )
    if value < least:
        raise ValueError(f"{name} must be {least} or more, but it is {value}.")
    return int(value)
