"""Modules that stand in several places of a model: rows under the right names."""

from typing import Any

import pytest
import torch
from torch import nn

from cnnlib import summary


class _Twice(nn.Module):
    def __init__(self, p: nn.Module) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.p(self.p(x))


class _Loop(nn.Module):
    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(2):
            for layer in self.layers:
                x = layer(x)
        return x


class _Aliases(nn.Module):
    def __init__(self, forward: Any) -> None:
        super().__init__()
        self.act1 = nn.ReLU()
        self.act2 = self.act1
        self.conv = nn.Conv2d(1, 1, 1)
        self.inner = _Twice(self.act1)
        self.work = forward

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.work(self, x)


def _names(model: nn.Module, **how: Any) -> list[str]:
    return [row.name for row in summary(model, (1, 64, 64), **how).shown_rows]


def test_a_second_call_in_the_first_block_stays_in_that_block() -> None:
    pool = nn.MaxPool2d(2)
    net = nn.Sequential(_Twice(pool), nn.Conv2d(1, 1, 1), _Twice(pool))
    assert _names(net) == ["0.p", "0.p", "1", "2.p", "2.p"]
    assert _names(net, depth=1) == ["0", "1", "2"]


def test_the_work_is_booked_on_the_block_that_does_it() -> None:
    conv = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    net = nn.Sequential(_Twice(conv), nn.ReLU(), _Twice(conv))
    rows = summary(net, (1, 8, 8), depth=1).shown_rows
    assert [row.mult_adds for row in rows] == [1152, 0, 1152]
    assert [row.params for row in rows] == [9, 0, 0]


def test_a_block_that_stands_in_two_places_takes_its_layers_along() -> None:
    block = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())
    net = nn.Sequential(_Twice(block), nn.Tanh(), block)
    assert _names(net) == ["0.p.0", "0.p.1", "0.p.0", "0.p.1", "1", "2.0", "2.1"]
    assert summary(net, (1, 8, 8)).rows[-2].shared_with == "0.p.0"


@pytest.mark.parametrize(
    ("work", "names"),
    [
        (lambda net, x: net.act1(net.conv(net.act1(x))), ["act1", "conv", "act1"]),
        (lambda net, x: net.act2(net.conv(net.act1(x))), ["act1", "conv", "act2"]),
        (lambda net, x: net.act1(net.conv(net.act2(x))), ["act2", "conv", "act1"]),
        (lambda net, x: net.act2(net.inner(x)), ["inner.p", "inner.p", "act2"]),
        (lambda net, x: net.inner.p(net.act1(x)), ["act1", "inner.p"]),
    ],
)
def test_an_alias_is_shown_where_the_code_uses_it(work: Any, names: list[str]) -> None:
    assert _names(_Aliases(work)) == names


def test_loops_go_through_the_names_in_their_order() -> None:
    relu = nn.ReLU()
    net = nn.Sequential(_Loop([relu, nn.Conv2d(1, 1, 1), relu]), relu)
    once = ["0.layers.0", "0.layers.1", "0.layers.2"]
    assert _names(net) == [*once, *once, "1"]


def test_the_submodules_of_the_model_are_as_before() -> None:
    relu = nn.ReLU()
    net = nn.Sequential(relu, nn.Sequential(relu))
    kinds = [type(module._modules) for module in net.modules()]
    summary(net, (1, 8, 8))
    assert [type(module._modules) for module in net.modules()] == kinds
