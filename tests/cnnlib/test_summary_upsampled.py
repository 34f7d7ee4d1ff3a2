"""Receptive fields after upsampling, against what the gradient says pixel by pixel."""

import pytest
import torch
from torch import Tensor, nn

from cnnlib import summary
from cnnlib.model_summary import SummaryRow

UP = nn.ConvTranspose1d


class _UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.low = nn.Conv1d(1, 1, 3, 2, 1), nn.Conv1d(1, 1, 5, 1, 2)
        self.up, self.last = UP(1, 1, 2, 2), nn.Conv1d(1, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.up(self.low(self.down(x))) + x)


NETS = {
    "k4 s2": [UP(1, 1, 4, 2, 1)],
    "k3 s2": [UP(1, 1, 3, 2)],
    "k5 s3": [UP(1, 1, 5, 3, 1)],
    "k2 s3, gaps": [UP(1, 1, 2, 3)],
    "k3 s2 d2": [UP(1, 1, 3, 2, 0, dilation=2)],
    "k3 s2 d3": [UP(1, 1, 3, 2, 1, dilation=3)],
    "two": [UP(1, 1, 3, 2), UP(1, 1, 4, 3)],
    "between convolutions": [nn.Conv1d(1, 1, 3), UP(1, 1, 4, 2, 1), nn.Conv1d(1, 1, 3)],
    "strided after": [UP(1, 1, 3, 2), nn.Conv1d(1, 1, 4, 3)],
    "strided before": [nn.Conv1d(1, 1, 5, 3, 1), UP(1, 1, 5, 3), nn.Conv1d(1, 1, 2)],
    "pooled": [UP(1, 1, 4, 2), nn.AvgPool1d(3, 2), UP(1, 1, 3, 2)],
    "nearest": [nn.Upsample(scale_factor=2), nn.Conv1d(1, 1, 2)],
    "nearest by three": [nn.Upsample(scale_factor=3), nn.Conv1d(1, 1, 5, dilation=2)],
    "dilated after": [UP(1, 1, 3, 2), nn.Conv1d(1, 1, 3, dilation=3)],
    "skip": [_UNet()],
}


def _by_gradient(net: nn.Module, size: int) -> tuple[int, int]:
    """Fewest and most pixels that values far from the edges depend on."""
    net = net.double()
    for parameter in net.parameters():
        nn.init.uniform_(parameter, 0.5, 1.0)
    x = torch.rand(1, 1, size, dtype=torch.float64, requires_grad=True)
    out = net(x).flatten()
    seen = set()
    for place in range(len(out) // 3, len(out) - len(out) // 3):
        (gradient,) = torch.autograd.grad(out[place], x, retain_graph=True)
        where = gradient.flatten().nonzero().flatten().tolist()
        seen.add(where[-1] - where[0] + 1 if where else 0)
    return min(seen), max(seen)


def _claimed(row: SummaryRow) -> tuple[int, int]:
    assert row.receptive_field is not None
    (most,) = row.receptive_field
    (least,) = row.receptive_least or (most,)
    return least, most


@pytest.mark.parametrize("layers", NETS.values(), ids=NETS)
def test_the_fewest_and_the_most_pixels(layers: list[nn.Module]) -> None:
    net = nn.Sequential(*layers)
    row = summary(net, (1, 120)).rows[-1]
    assert _claimed(row) == _by_gradient(net, 120)


def test_the_table_says_from_where_to_where() -> None:
    net = nn.Sequential(nn.ConvTranspose2d(1, 1, 3, 2), nn.Conv2d(1, 1, (3, 1)))
    assert "2 to 3 x 1 to 2" in str(summary(net, (1, 20, 20)))


def test_where_the_pixels_are_not_known_nothing_is_claimed() -> None:
    net = nn.Sequential(UP(1, 1, 3, 2), nn.Upsample(scale_factor=1.5, mode="linear"))
    assert summary(net, (1, 20)).rows[-1].receptive_field is None
