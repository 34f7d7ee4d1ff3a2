"""`summary` without a size; receptive fields where no pixel moves."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlib import summary


class _Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(5), requires_grad=False)
        self.conv = nn.Conv2d(1, 2, 3)
        self.again = self.conv


def test_without_a_size_there_are_the_parameters() -> None:
    found = summary(nn.Sequential(_Own(), nn.ReLU(), nn.LazyLinear(3)))
    rows = {row.name: (row.kind, row.params, row.mult_adds) for row in found.rows}
    assert rows == {
        "0": ("_Own", 5, None),
        "0.conv": ("Conv2d", 20, None),
        "1": ("ReLU", 0, None),
        "2": ("LazyLinear", 0, None),
    }
    assert (found.total_params, found.trainable_params) == (25, 20)
    text, page = str(found), found._repr_html_()
    assert "Sequential, without an input" in text
    assert "(3*3*1 + 1)*2 = 20" in text
    assert "summary(model, (1, 28, 28))" in text
    assert "Mult-adds:" not in text
    assert "not counted" not in text + page
    folded = summary(nn.Sequential(_Own(), nn.ReLU()), depth=1)
    assert [(row.name, row.params) for row in folded.shown_rows] == [
        ("0", 25),
        ("1", 0),
    ]


class _After(nn.Module):
    def __init__(self, work: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.work = nn.Conv2d(3, 3, 3, padding=1), work

    def forward(self, x: Tensor) -> Tensor:
        return self.work(self.conv(x))


@pytest.mark.parametrize(
    "work",
    [
        lambda x: 1 / x,
        lambda x: 2**x,
        F.logsigmoid,
        lambda x: x[:, [1, 0]],
        lambda x: x[:, torch.tensor([2, 0, 1])],
        lambda x: x[:, [True, False, True]],
        lambda x: x.index_select(1, torch.tensor([0, 2])),
        torch.sinh,
        lambda x: torch.fmax(x, -x),
        lambda x: x.clamp_min(0).frac(),
    ],
)
def test_no_pixel_moves(work: Callable[[Tensor], Tensor]) -> None:
    row = summary(_After(work), (3, 8, 8)).rows[-1]
    assert (row.receptive_field, row.jump) == ((3, 3), (1, 1))


@pytest.mark.parametrize(
    "work",
    [
        lambda x: x[:, :, [1, 0]],
        lambda x: x.index_select(2, torch.tensor([3, 0])),
        lambda x: x[:, [1, 0], [0, 1]],
    ],
)
def test_pixels_that_are_picked_in_any_order_are_not_followed(
    work: Callable[[Tensor], Tensor],
) -> None:
    assert summary(_After(work), (3, 8, 8)).rows[-1].receptive_field is None
