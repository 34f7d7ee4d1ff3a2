"""Lesson 06: LeNet-5, AlexNet's sizes, VGG's blocks, and frozen features."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cnnlib.checks.nets import drawn_net, fill_parameters, materialize, weights
from cnnlib.checks.question import Case, CaseRandom, Part, Question, listed

_F32 = torch.float32


def _lenet5(draw: CaseRandom) -> list[Case]:
    """Ask for the same net every time, and look at other sides of it."""
    numbers = weights(draw)

    def case(kind: str, what: str, count: int) -> Case:
        images = draw.tensor(count, 1, 32, 32, dtype=_F32)
        return Case(kind, probe=(what, numbers, images))

    return [
        case("its parameters counted", "count", 1),
        case("one picture", "run", 1),
        case("a batch of three pictures", "run", 3),
        case("pictures of several sizes", "sizes", 1),
        case("a step of training", "train", 2),
    ]


def _lenet_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe one side of the net: args are (what, numbers, images)."""
    if not isinstance(result, nn.Module):
        return {"result": result}
    what, numbers, images = args
    materialize(result, images)
    fill_parameters(result, numbers)
    seen: dict[str, Any] = {"result": nn.Module()}
    if what == "count":
        return seen | {"number of parameters": _count(result)}
    if what == "run":
        with torch.no_grad():
            return seen | {"output": result.eval()(images)}
    if what == "sizes":
        return seen | {"heights and widths taken": _accepted_sizes(result)}
    return seen | _training(result, images)


def _count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def _accepted_sizes(net: nn.Module) -> list[int]:
    """Return [32] if the net takes images of 32x32, else the other sizes it takes.

    Tried are 30, 28 and 15. A net that takes none raises its own error, for 32x32.
    """
    taken = []
    with torch.no_grad():
        for size in (32, 30, 28, 15):
            try:
                net(torch.zeros(1, 1, size, size))
            except (RuntimeError, ValueError):
                continue
            if size == 32:
                return [32]
            taken.append(size)
        if not taken:
            net(torch.zeros(1, 1, 32, 32))  # and so the error is told
    return taken


def _training(net: nn.Module, images: Tensor) -> dict[str, Any]:
    output = net.train()(images)
    if output.requires_grad:
        output.square().sum().backward()
    reached = all(parameter.grad is not None for parameter in net.parameters())
    with torch.no_grad():
        evaluated = net.eval()(images)
    same = evaluated.shape == output.shape and torch.allclose(
        evaluated, output, atol=1e-5
    )
    return {"gradient reaches all": reached, "training and evaluation agree": same}


def _alexnet_sizes(draw: CaseRandom) -> list[Case]:
    """Sizes at which every division leaves something over, and drawn ones."""
    n = draw.number
    return [
        Case("pictures of 67", (67,)),
        Case("pictures of 99, all divisions even", (99,)),
        Case("pictures of 70", (70,)),
        Case("pictures of 73", (73,)),
        Case("pictures of 128", (128,)),
        Case("pictures of 224", (224,)),
        Case("pictures of 226", (226,)),
        Case("pictures of 227", (227,)),
        Case("pictures of 230", (230,)),
        Case("a size drawn at random", (n(100, 199),)),
        Case("a larger size drawn at random", (n(300, 500),)),
    ]


def _vgg_block(draw: CaseRandom) -> list[Case]:
    numbers = weights(draw)

    def case(
        kind: str, given: tuple[int, int, int], *size: int, scale: float = 1.0
    ) -> Case:
        images = scale * draw.tensor(size[0], given[1], *size[1:], dtype=_F32)
        return Case(kind, given, probe=(numbers, images))

    return [
        case("one convolution", (1, 1, 4), 1, 4, 4),
        case("one convolution, as many channels as before", (1, 3, 3), 1, 6, 6),
        case("two convolutions", (2, 1, 4), 1, 6, 6),
        case("two convolutions, as many channels as before", (2, 4, 4), 1, 6, 6),
        case("two convolutions, fewer channels than before", (2, 5, 2), 1, 6, 8),
        case("three convolutions", (3, 2, 4), 1, 8, 8),
        case("three convolutions, as many channels as before", (3, 4, 4), 1, 8, 6),
        case("a picture that is not square", (2, 2, 6), 1, 4, 10),
        case("a picture of odd size", (1, 2, 4), 1, 7, 9),
        case("a batch of two", (2, 3, 6), 2, 6, 8),
        case("pixels far from 0", (1, 2, 3), 1, 6, 4, scale=60.0),
        case("four convolutions", (4, 3, 5), 1, 6, 6),
    ]


def _vgg_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    if not isinstance(result, nn.Module):
        return {"result": result}
    numbers, images = args[-2:]
    materialize(result, images)
    fill_parameters(result, numbers)
    with torch.no_grad():
        output = result(images)
    return {
        "result": nn.Module(),
        "number of parameters": _count(result),
        "output": output,
    }


def _stack_or_single(draw: CaseRandom) -> list[Case]:
    return [
        Case("one channel", (1,)),
        Case("two channels", (2,)),
        Case("three channels", (3,)),
        Case("some channels", (draw.number(4, 60),)),
        Case("64 channels", (64,)),
        Case("512 channels", (512,)),
    ]


def _freeze(draw: CaseRandom) -> list[Case]:
    """Nets with and without batch norm; the last Linear layer not always last."""
    d = draw

    def case(
        kind: str,
        *layers: nn.Module,
        trains: bool = True,
        training: bool = True,
    ) -> Case:
        net = drawn_net(d, lambda: nn.Sequential(*layers))
        net.requires_grad_(trains).train(training)
        return Case(kind, (net,), probe=(d.tensor(3, 2, 4, 4, dtype=_F32),))

    with torch.device("meta"):
        return [
            case("a convolution and a Linear layer",
                 nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4)),
            case("batch norm after a convolution",
                 nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(),
                 nn.Linear(12, 4)),
            case("two Linear layers",
                 nn.Flatten(), nn.Linear(32, 5), nn.ReLU(), nn.Linear(5, 3)),
            case("batch norm after a Linear layer",
                 nn.Flatten(), nn.Linear(32, 5), nn.BatchNorm1d(5), nn.ReLU(),
                 nn.Linear(5, 3)),
            case("a layer after the last Linear layer",
                 nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4),
                 nn.LogSoftmax(dim=1)),
            case("a last Linear layer without a bias",
                 nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(12, 4, bias=False)),
            case("layers within layers",
                 nn.Sequential(OrderedDict(
                     conv=nn.Conv2d(2, 3, 3), norm=nn.BatchNorm2d(3), relu=nn.ReLU())),
                 nn.Flatten(),
                 nn.Sequential(nn.Dropout(0.5), nn.Linear(12, 4))),
            case("batch norm after the last Linear layer",
                 nn.Flatten(), nn.Linear(32, 4), nn.BatchNorm1d(4)),
            case("a net that is frozen already",
                 nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(),
                 nn.Linear(12, 4), trains=False),
            case("a net in evaluation mode",
                 nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(),
                 nn.Linear(12, 4), training=False),
        ]  # fmt: skip


def _frozen_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe who trains, and whether a pass in this state moves an average."""
    model, images = args
    trains = [name for name, p in model.named_parameters() if p.requires_grad]
    found = _joined(p for p in model.parameters())
    before = _averages(model)
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    with torch.no_grad():
        model(images)
    return {
        "result": nn.Module() if isinstance(result, nn.Module) else result,
        "result is the argument": result is model,
        "parameters that train": trains,
        "weights": found,
        "running averages": before,
        "running averages move": not torch.equal(before, _averages(model)),
        "batch norm uses its averages": all(
            not norm.training and norm.running_mean is not None for norm in norms
        ),
    }


def _averages(net: nn.Module) -> Tensor:
    """Return the running means and variances, not the count of the batches."""
    return _joined(b for b in net.buffers() if b.is_floating_point())


def _joined(tensors: Any) -> Tensor:
    rows = [tensor.detach().double().flatten() for tensor in tensors]
    return torch.cat([torch.zeros(0, dtype=torch.float64), *rows])


QUESTIONS = [
    Question(
        "lenet5", "06", 4, _lenet5, observe=_lenet_seen,
        parts=(
            Part("the number of parameters", 1, ("counted",)),
            Part("what it gives, and which pictures it takes", 3),
        ),
    ),
    Question(
        "alexnet_sizes", "06", 3, _alexnet_sizes, ("input_size",), observe=listed,
        parts=(
            Part("sizes at which all divisions are even", 1, ("67", "99", "227")),
            Part("sizes at which something is left over", 2),
        ),
    ),
    Question(
        "vgg_block", "06", 3, _vgg_block,
        ("num_convs", "in_channels", "out_channels"), observe=_vgg_seen,
        parts=(
            Part("one convolution", 1, ("one convolution", "odd size", "far from 0")),
            Part("several convolutions", 2),
        ),
    ),
    Question(
        "stack_or_single", "06", 2, _stack_or_single, ("channels",), observe=listed
    ),
    Question(
        "freeze_features", "06", 2, _freeze, ("model",), observe=_frozen_seen,
        may_change=("model",),
        parts=(
            Part("batch norm", 1,
                 ("batch norm", "within", "frozen already", "evaluation")),
            Part("nets without it", 1),
        ),
    ),
]  # fmt: skip
