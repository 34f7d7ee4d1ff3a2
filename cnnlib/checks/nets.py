"""Nets for cases: with drawn weights, and weights for nets that an answer returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from .question import CaseRandom


def drawn_net(draw: CaseRandom, build: Callable[[], nn.Module]) -> nn.Module:
    """Return a net whose weights and running averages are drawn.

    It is built without memory first, so that PyTorch's random state stays as it was.
    """
    with torch.device("meta"):
        net = build()
    net = net.to_empty(device="cpu")
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if not tensor.is_floating_point():
                tensor.zero_()
                continue
            tensor.copy_(draw.tensor(*tensor.shape))
            if name.endswith("running_var"):
                tensor.copy_(tensor.abs() + 0.5)
    return net


def weights(draw: CaseRandom) -> Tensor:
    """Draw the numbers for `fill_parameters`: a prime count, so no two rows repeat."""
    return draw.tensor(4099)


@torch.no_grad()
def fill_parameters(net: nn.Module, numbers: Tensor) -> None:
    """Fill the parameters of a net, each by its number of elements.

    So the names, the order, and whether a layer is written as a convolution or as a
    Linear layer do not matter. Several of one size are filled in their order. Every
    other bias is far below zero, so that an activation after it shows.
    """
    met: Counter[int] = Counter()
    for parameter in net.parameters():
        count = parameter.numel()
        start = 31 * count + 997 * met[count]
        met[count] += 1
        values = numbers[(torch.arange(count) + start) % len(numbers)]
        if parameter.dim() > 1:
            values = values / (count / parameter.shape[0]) ** 0.5
        else:
            values = values / 2 + 1 - 3 * (torch.arange(count) % 2)
        parameter.copy_(values.reshape(parameter.shape))


def materialize(net: nn.Module, example: Tensor) -> None:
    """Let lazy layers take their sizes from an example."""
    if any(is_lazy(parameter) for parameter in net.parameters()):
        net(example)
