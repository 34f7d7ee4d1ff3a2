"""A summary changes nothing: not the model, not the process."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnlib import summary


class Busy(nn.Module):
    """Writes to itself, draws random numbers, has hooks and buffers."""

    calls: torch.Tensor

    def __init__(self, *, looks=False, breaks=False):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(5 if breaks else 4, 2)
        self.register_buffer("calls", torch.zeros(()))
        self.seen, self.count, self.looks = [], 0, looks
        self.last = self.conv(torch.rand(1, 1, 8, 8))  # not a leaf of the graph

    def forward(self, x):
        self.calls += 1
        self.count += 1
        self.seen.append(x)
        self.conv.weight.data.clamp_(-0.1, 0.1)
        x = self.drop(F.relu(self.norm(self.conv(x))))
        x = x * random.random() * np.random.rand() + torch.rand(1)  # noqa: NPY002
        if self.looks:
            x = x * x.sum().item()
        return self.fc(x.mean((2, 3)))


def busy(**options):
    torch.manual_seed(0)
    net = Busy(**options)
    net(torch.rand(3, 1, 8, 8)).sum().backward()
    net.norm.eval()
    net.fc.bias.requires_grad_(False)
    return net


def state_of(net):
    """Everything that a summary could have changed."""
    tensors = {**dict(net.named_parameters()), **dict(net.named_buffers())}
    return {
        "values": {name: t.detach().clone() for name, t in tensors.items()},
        "identities": {name: id(t) for name, t in tensors.items()},
        "versions": {name: t._version for name, t in tensors.items()},
        "grads": {
            n: t.grad and t.grad.clone()
            for n, t in tensors.items()
            if t.is_leaf and t.grad is None
        },
        "requires_grad": {name: t.requires_grad for name, t in tensors.items()},
        "training": [module.training for module in net.modules()],
        "attributes": [sorted(vars(module)) for module in net.modules()],
        "marks": [sorted(vars(t)) for t in tensors.values()],
        "hooks": [len(m._forward_hooks) for m in net.modules()],
        "count": (net.count, len(net.seen)),
        "python": random.getstate(),
        "numpy": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "torch": torch.get_rng_state(),
        "modes": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "default": (torch.get_default_dtype(), torch.get_default_device()),
    }


def assert_same(before, after):
    assert before.keys() == after.keys()
    for key, value in before.items():
        _compare(value, after[key])


def _compare(one, other):
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            _compare(one[key], other[key])
    else:
        assert one == other


@pytest.mark.parametrize("looks", [False, True])
def test_nothing_changes(looks):
    net = busy(looks=looks)
    before = state_of(net)
    found = summary(net, (1, 8, 8))
    assert_same(before, state_of(net))
    assert bool(found.notes) == looks
    gradients = [p.grad for p in net.parameters() if p is not net.fc.bias]
    assert all(gradient is not None for gradient in gradients)


@pytest.mark.parametrize("looks", [False, True])
def test_nothing_changes_when_it_fails(looks):
    net = Busy(looks=looks, breaks=True)
    before = state_of(net)
    with pytest.raises(ValueError, match="fc"):
        summary(net, (1, 8, 8))
    assert_same(before, state_of(net))


def test_gradients_stay():
    net = busy()
    before = [None if p.grad is None else p.grad.clone() for p in net.parameters()]
    summary(net, (1, 8, 8))
    for old, parameter in zip(before, net.parameters(), strict=True):
        assert (old is None) == (parameter.grad is None)
        assert old is None or torch.equal(old, parameter.grad)


def test_hooks_of_the_user_do_not_run():
    net, calls = busy(), []
    for module in net.modules():
        module.register_forward_hook(lambda *_: calls.append(1))
        module.register_forward_pre_hook(lambda *_: calls.append(1))
        module.register_full_backward_hook(lambda *_: calls.append(1))
    everywhere = nn.modules.module.register_module_forward_hook(
        lambda *_: calls.append(1)
    )
    summary(net, (1, 8, 8))
    assert calls == []
    try:
        net.conv(torch.rand(1, 1, 8, 8))
        assert len(calls) == 3
    finally:
        everywhere.remove()


def test_a_forward_that_was_replaced_by_a_closure():
    net = busy()
    plain = net.forward
    net.forward = lambda x: 2 * plain(x)
    before = state_of(net)
    found = summary(net, (1, 8, 8))
    after = state_of(net)
    for changing in ("values", "versions", "count", "marks"):  # its own forward ran
        before.pop(changing), after.pop(changing)
    assert_same(before, after)
    assert found.rows[-1].kind == "mul"
    assert found.total_mult_adds == 9 * 4 * 36 + 8


@pytest.mark.parametrize("train", [True, False])
def test_statistics_of_batch_norm_stay(train):
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).train(train)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    summary(net, (1, 8, 8))
    _compare(before, dict(net.state_dict()))
    assert net.training == net[1].training == train


def test_modes_of_the_caller_do_not_matter():
    net = busy().eval()
    expected = str(summary(net, (1, 8, 8)))
    with torch.no_grad():
        assert str(summary(net, (1, 8, 8))) == expected
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        assert str(summary(net, (1, 8, 8))) == expected
    with torch.device("meta"):
        assert str(summary(net, (1, 8, 8))) == expected
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert summary(net, (1, 8, 8)).total_mult_adds == 9 * 4 * 36 + 8


def test_models_on_the_meta_device_stay_there():
    with torch.device("meta"):
        net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 3))
    assert summary(net, (1, 8, 8)).total_mult_adds == 9 * 2 * 36 + 72 * 3
    assert all(parameter.is_meta for parameter in net.parameters())


def test_no_weights_are_allocated(monkeypatch):
    """A net of 400 GB can be described."""
    with torch.device("meta"):
        net = nn.Sequential(nn.Flatten(), nn.Linear(10**6, 10**5))
    assert summary(net, (1, 1000, 1000)).total_params == 10**11 + 10**5


def test_tensors_outside_the_model_are_not_marked():
    scale = torch.rand(8)
    net = nn.Module()
    net.forward = lambda x: x * scale.contiguous()
    assert [row.kind for row in summary(net, (1, 8, 8)).rows] == ["mul"]
    assert vars(scale) == {}


def test_input_data_is_not_touched():
    data = torch.rand(2, 1, 8, 8, requires_grad=True)
    before = data.detach().clone()
    summary(busy(), input_data=data)
    assert torch.equal(data, before)
    assert data.grad is None
    assert vars(data) == {}


def test_what_cannot_be_copied_is_shared():
    import threading

    class Locked(nn.Module):
        def __init__(self):
            super().__init__()
            self.lock, self.lines = threading.Lock(), (n for n in range(3))
            self.conv = nn.Conv2d(1, 2, 3)

        def forward(self, x):
            with self.lock:
                return self.conv(x)

    assert summary(Locked(), (1, 8, 8)).total_mult_adds == 9 * 2 * 36
