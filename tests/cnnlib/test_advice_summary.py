"""What the messages of `summary` advise is done, and then it works."""

import re
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import summary


def _refusal(model: nn.Module, *args: Any, **how: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as caught:
        summary(model, *args, **how)
    return str(caught.value)


def _found(pattern: str, text: str) -> Any:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (nn.Conv2d(1, 2, 3), (28, 28)),
        (nn.Conv2d(3, 2, 3), (28, 28)),
        (nn.Conv2d(1, 2, 3), (5, 1, 28, 28)),
        (nn.Conv2d(3, 2, 3), (28, 28, 3)),
        (nn.Conv2d(3, 2, 3), (1, 28, 28)),
        (nn.Conv1d(2, 2, 3), (50,)),
        (nn.Conv3d(1, 2, 3), (8, 8, 8)),
        (nn.ConvTranspose2d(2, 2, 3), (8, 8)),
    ],
)
def test_the_size_that_is_advised(layer: nn.Module, size: tuple[int, ...]) -> None:
    advised = eval(_found(r"[Pp]ass (\([\d, ]+\))", _refusal(layer, size)))
    assert summary(layer, advised).input_shapes == [advised]


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda n: nn.Linear(n, 3), (7,)),
        (lambda n: nn.Sequential(nn.Flatten(), nn.Linear(n, 3)), (2, 4, 4)),
        (lambda n: nn.Conv2d(n, 6, 3), (5, 8, 8)),
        (lambda n: nn.Sequential(nn.ReLU(), nn.Conv2d(n, 6, 3)), (5, 8, 8)),
        (lambda n: nn.BatchNorm2d(n), (5, 8, 8)),
        (lambda n: nn.LSTM(n, 3), (4, 5)),
        (lambda n: nn.GRUCell(n, 3), (5,)),
        (lambda n: nn.LayerNorm(n), (3, 7)),
        (lambda n: nn.GroupNorm(1, n), (6, 4, 4)),
    ],
)
def test_the_argument_of_a_layer_that_is_advised(make: Any, size: Any) -> None:
    message = _refusal(make(9), size)
    advised = _found(r"[Ss]et \w+=\(?(\d+)", message)
    assert summary(make(int(advised)), size).rows


@pytest.mark.parametrize("dtype", [torch.long, torch.float64, torch.float16])
@pytest.mark.parametrize("layer", [nn.Linear(4, 4), nn.Conv1d(4, 4, 1)])
def test_the_type_that_is_advised(layer: nn.Module, dtype: Any) -> None:
    size = (4,) if isinstance(layer, nn.Linear) else (4, 6)
    message = _refusal(layer, size, dtypes=dtype)
    advised = eval(_found(r"dtypes=([\w.]+\w)", message), {"torch": torch})
    assert summary(layer, size, dtypes=advised).rows
    if "convert the model" in message:
        assert summary(layer.to(dtype), size, dtypes=dtype).rows
        layer.to(torch.float32)


class _Net(nn.Module):
    def __init__(self, work: Any) -> None:
        super().__init__()
        self.linear, self.work = nn.Linear(4, 4), work
        self.table = nn.Parameter(torch.zeros(9, 4))

    def forward(self, x: Any, *more: Any) -> Any:
        return self.work(self, x, *more)


@pytest.mark.parametrize(
    "made", [lambda x: x.double(), lambda x: x > 0, lambda x: x.argsort()]
)
def test_the_conversion_that_is_advised(made: Any) -> None:
    message = _refusal(_Net(lambda net, x: net.linear(made(x))), (4,))
    code = _found(r"with (x\.to\([\w.]+\))", message)
    fixed = _Net(lambda net, x: net.linear(eval(code, {"x": made(x), "torch": torch})))
    assert summary(fixed, (4,)).rows


@pytest.mark.parametrize(
    "look_up",
    [
        lambda net, index: net.table[index],
        lambda net, index: F.embedding(index, net.table),
        lambda net, index: torch.gather(net.table, 0, index),
    ],
)
def test_the_whole_numbers_that_are_advised(look_up: Any) -> None:
    message = _refusal(_Net(lambda net, x: look_up(net, net.linear(x))), (4,))
    code = _found(r"with (x\.long\(\))", message)
    fixed = _Net(lambda net, x: look_up(net, eval(code, {"x": net.linear(x)})))
    assert summary(fixed, (4,)).rows


def test_the_number_of_inputs_that_is_advised() -> None:
    net = nn.Bilinear(4, 5, 2)
    assert "each of input1 and input2, in a list; where all" in _refusal(net, (4,))
    alone = _refusal(nn.Linear(4, 2), [(4,), (5,)])
    assert summary(nn.Linear(4, 2), eval(_found(r"alone: (\(4,\))", alone))).rows
    assert summary(net, [(4,), (5,)]).rows
    data = torch.zeros(1, 4), torch.zeros(1, 5)
    assert "input_data=[...]" in _refusal(net, input_data=data[0])
    assert summary(net, input_data=list(data)).rows


@pytest.mark.parametrize(
    "net",
    [nn.MultiheadAttention(8, 2), nn.Transformer(8, 2, 1, 1, 16, batch_first=True)],
)
def test_the_list_of_sizes_that_is_advised(net: nn.Module) -> None:
    sizes = eval(_found(r"this size: (\[.*?\])", _refusal(net, (5, 8))))
    assert summary(net, sizes).rows


def test_the_axes_that_are_advised_before_a_linear_layer() -> None:
    message = _refusal(nn.Linear(9, 3), (2, 4, 4))
    features = int(_found(r"set in_features=(\d+)", message))
    assert "nn.Flatten()" in message
    net = nn.Sequential(nn.Flatten(), nn.Linear(features, 3))
    assert summary(net, (2, 4, 4)).rows


def test_the_norm_for_other_axes_that_is_advised() -> None:
    message = _refusal(nn.BatchNorm1d(2), (2, 8, 8))
    kind = getattr(nn, _found(r"use (\w+)\.", message))
    assert summary(kind(2), (2, 8, 8)).rows
