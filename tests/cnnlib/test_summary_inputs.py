"""What one hands to `summary`: tensors, nested inputs, types, nets that want more."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlib import summary


class _Net(nn.Module):
    def __init__(self, forward: Callable[..., Any]) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.conv = nn.Conv2d(1, 4, 3)
        self.table = nn.Parameter(torch.zeros(10, 4))
        self.work = forward

    def forward(self, *inputs: Any) -> Any:
        return self.work(self, *inputs)


def _refusal(model: nn.Module, *args: Any, **how: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as caught:
        summary(model, *args, **how)
    return str(caught.value)


# -- nested ---------------------------------------------------------------------------

_THREE = torch.zeros(3, 4)


@pytest.mark.parametrize(
    ("forward", "data"),
    [
        (lambda net, x, more: net.linear(more["b"]), [_THREE, {"b": _THREE}]),
        (lambda net, more: net.linear(more["b"]), [{"b": _THREE}]),
        (lambda net, more: net.linear(more[1]["b"][0]), [(5, {"b": [_THREE]})]),
        (lambda net, more: net.linear(more[1]), [[None, _THREE]]),
    ],
)
def test_nested_inputs_have_their_batch_taken_off(forward: Any, data: Any) -> None:
    found = summary(_Net(forward), input_data=data)
    assert found.total_mult_adds == 16
    assert [row.output_shape for row in found.rows] == [(4,)]
    assert set(found.input_shapes) == {(4,)}


# -- a tensor where a size belongs ----------------------------------------------------


@pytest.mark.parametrize(
    ("argument", "cure"),
    [
        (torch.zeros(1, 1, 28, 28), "input_data=..., with its batch axis"),
        ([torch.zeros(1, 1, 28, 28)], "in a list. Pass it by name"),
        ({"input": torch.zeros(1, 1, 28, 28)}, "in a dict. Pass it by name"),
        (np.zeros((1, 28, 28)), "input_data=torch.as_tensor(array)[None]"),
        (np.zeros((5, 1, 28, 28)), "(1, 28, 28)."),
        (np.array([1, 28, 28]), "tuple(size.tolist())"),
        (torch.tensor([1, 28, 28]), "tuple(size.tolist())"),
    ],
)
def test_a_tensor_for_a_size_is_named_in_one_line(argument: Any, cure: str) -> None:
    sentence = _refusal(nn.Conv2d(1, 1, 3), argument)
    assert cure in sentence
    assert len(sentence) < 250


def test_a_long_argument_is_not_printed_in_full() -> None:
    assert len(_refusal(nn.Conv2d(1, 1, 3), ["x"] * 5000)) < 250


@pytest.mark.parametrize(
    ("shape", "index"),
    [((1, 28, 28), "None"), ((28, 28), "None, None"), ((5, 28, 28), ":, None")],
)
def test_the_axis_that_input_data_lacks(shape: tuple[int, ...], index: str) -> None:
    net, data = nn.Conv2d(1, 1, 3), torch.zeros(shape)
    assert f"Pass input_data[{index}]" in _refusal(net, input_data=data)
    fixed = {
        "None": data[None],
        "None, None": data[None, None],
        ":, None": data[:, None],
    }
    assert summary(net, input_data=fixed[index]).input_shapes == [(1, 28, 28)]


def test_channels_last_in_input_data() -> None:
    data = torch.zeros(5, 28, 28, 1)
    assert "input_data.movedim(-1, 1)" in _refusal(nn.Conv2d(1, 1, 3), input_data=data)
    summary(nn.Conv2d(1, 1, 3), input_data=data.movedim(-1, 1))


# -- types ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("forward", "came"),
    [
        (lambda net, x: net.linear(x - torch.zeros(1, dtype=torch.float64)), "float64"),
        (lambda net, x: net.linear(x.double()), "float64"),
        (lambda net, x: net.linear(x.argsort()), "int64"),
        (lambda net, x: net.linear(x > 0), "bool"),
    ],
)
def test_a_type_from_inside_is_cured_inside(forward: Any, came: str) -> None:
    sentence = _refusal(_Net(forward), (4,))
    assert came in sentence
    assert "inside the model" in sentence
    assert "dtypes" not in sentence


def test_layers_of_two_types() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4).half())
    assert "inside the model" in _refusal(net, (4,))


def test_the_type_of_the_right_one_of_two_inputs() -> None:
    net = _Net(lambda net, x, y: net.linear(x) + net.linear(y))
    sizes, types = [(4,), (4,)], [torch.float32, torch.long]
    sentence = _refusal(net, sizes, dtypes=types)
    assert "Pass dtypes=[torch.float32, torch.float32]." in sentence
    summary(net, sizes, dtypes=[torch.float32, torch.float32])


def test_dtypes_hold_for_input_data_too() -> None:
    data = torch.zeros(1, 1, 9, 9, dtype=torch.uint8)
    net = nn.Conv2d(1, 1, 3)
    assert _refusal(net, input_data=data).endswith("Pass dtypes=torch.float32.")
    assert summary(net, input_data=data, dtypes=torch.float32).total_mult_adds == 441


@pytest.mark.parametrize(
    "forward",
    [
        lambda net, x: net.table[x],
        lambda net, x: torch.gather(net.table, 0, x[:, None, None].flatten(1)),
        lambda net, x: torch.take_along_dim(net.table, x[None, :, 0], 0),
        lambda net, x: net.table.index_select(0, x.flatten()),
        lambda net, x: F.cross_entropy(net.table[:1], x[:, 0]),
        lambda net, x: F.one_hot(x, 10),
    ],
)
def test_an_input_that_is_an_index_is_whole_numbers(forward: Any) -> None:
    assert summary(_Net(forward), (1,)).rows


@pytest.mark.parametrize(
    "forward",
    [
        lambda net, x: net.table[net.linear(x)],
        lambda net, x: F.embedding(x * 2.5, net.table),
        lambda net, x: torch.gather(net.table, 0, net.linear(x)),
    ],
)
def test_an_index_from_inside_is_made_whole_inside(forward: Any) -> None:
    assert _refusal(_Net(forward), (4,)).endswith("before, with x.long().")


# -- gradients inside of forward ------------------------------------------------------


def _hooked(net: Any, x: Tensor) -> Tensor:
    maps = net.conv(x)
    maps.register_hook(lambda gradient: None)
    return net.linear(maps.mean((2, 3)))


def _retained(net: Any, x: Tensor) -> Tensor:
    maps = net.conv(x)
    maps.retain_grad()
    scores = net.linear(maps.mean((2, 3)))
    scores[:, 0].sum().backward(retain_graph=True)
    return scores


def _grad_cam(net: Any, x: Tensor) -> Tensor:
    maps = net.conv(x)
    score = net.linear(maps.mean((2, 3))).amax(1).sum()
    (gradient,) = torch.autograd.grad(score, maps)
    return (maps * gradient.mean((2, 3), keepdim=True)).sum(1)


def _of_the_image(net: Any, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    scores = net.linear(net.conv(x).mean((2, 3)))
    scores[0, int(scores[0].argmax())].backward()
    return x * x.grad


@pytest.mark.parametrize("forward", [_hooked, _retained, _grad_cam, _of_the_image])
def test_a_net_that_asks_for_gradients(forward: Any) -> None:
    net = _Net(forward)
    found = summary(net, (1, 9, 9))
    assert found.rows[0].name == "conv"
    assert found.total_mult_adds == 4 * 9 * 49 + 16
    assert all(parameter.grad is None for parameter in net.parameters())


# -- parameters that get their size in the first run ----------------------------------


class _Made(nn.Module):
    """Makes its last layer, or the weight of it, when it sees the first input."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.last: Any = None
        if how == "uninitialized":
            self.weight: Any = nn.UninitializedParameter()
        else:
            self.register_parameter("weight", None)

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "layer":
            self.last = self.last or nn.Linear(x.shape[1], 3, bias=False)
            return self.last(x)
        if self.weight is None or isinstance(self.weight, nn.UninitializedParameter):
            self.weight = nn.Parameter(torch.zeros(3, x.shape[1]))
        return F.linear(x, self.weight)


@pytest.mark.parametrize("how", ["layer", "uninitialized", "none"])
@pytest.mark.parametrize(
    "inputs", [{"input_size": (5,)}, {"input_data": torch.zeros(2, 5)}]
)
def test_parameters_that_the_first_run_makes(how: str, inputs: Any) -> None:
    net = _Made(how)
    found = summary(net, **inputs)
    assert (found.total_params, found.total_mult_adds) == (15, 15)
    assert [row.params for row in found.rows] == [15]
    assert net.last is None


def test_lazy_layers_that_nothing_uses() -> None:
    net = _Net(lambda net, x: net.linear(x))
    net.idle = nn.LazyLinear(3)
    assert summary(net, input_data=torch.zeros(2, 4)).total_mult_adds == 16


# -- how often a net is run ----------------------------------------------------------


class _LooksAtValues(nn.Module):
    """As detectors do: what is computed depends on the numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x if x.mean() > -1e9 else x * 2


def test_a_heavy_net_costs_one_run_and_a_light_one_may_cost_two(monkeypatch):
    ran: list[int] = []
    forward = _LooksAtValues.forward

    def counted(self: _LooksAtValues, x: Tensor) -> Tensor:
        if not x.is_meta:
            ran.append(x.shape[-1])
        return forward(self, x)

    monkeypatch.setattr(_LooksAtValues, "forward", counted)
    summary(_LooksAtValues(), (3, 1200, 1200))
    assert ran.count(1200) == 1
    ran.clear()
    summary(_LooksAtValues(), (3, 16, 16))
    assert ran.count(16) > 1
