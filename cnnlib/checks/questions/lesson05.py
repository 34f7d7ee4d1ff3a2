"""Lesson 05: a CNN for handwritten digits, built, trained and judged."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from cnnlib.checks.nets import drawn_net, fill_parameters, materialize, weights
from cnnlib.checks.question import Case, CaseRandom, Part, Question

_F32, _F64 = torch.float32, torch.float64


def _a_net(draw: CaseRandom) -> list[Case]:
    """Return images to try, and the weights to try them with."""

    def case(kind: str, images: Tensor) -> Case:
        return Case(kind, probe=(images, weights(draw)))

    return [
        case("one image", _noise(draw, 1)),
        case("three images", _noise(draw, 3)),
        case("pixels far from 0", 60 * draw.tensor(1, 1, 28, 28, dtype=_F32)),
        case("pixels of either sign", draw.tensor(2, 1, 28, 28, dtype=_F32)),
        case("a blank image", torch.zeros(1, 1, 28, 28)),
    ]


def _noise(draw: CaseRandom, count: int) -> Tensor:
    return draw.whole(count, 1, 28, 28, low=0, high=255) / 255


def _look_at_net(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Count the parameters, fill them, and let the net answer."""
    images, numbers = args
    _demand_module("build_cnn() returns", result)
    result.eval()
    with torch.no_grad():
        materialize(result, images)
        fill_parameters(result, numbers)
        return {
            "parameters": sum(p.numel() for p in result.parameters()),
            "scores": result(images),
        }


def _demand_module(where: str, found: Any) -> None:
    if isinstance(found, nn.Module):
        return
    if found is None:
        raise TypeError(f"{where} None. Is `return` missing?")
    if isinstance(found, type):
        raise TypeError(
            f"{where} the class {found.__name__} itself. A net is made by calling it: "
            f"{found.__name__}()."
        )
    raise TypeError(
        f"{where} an object of type {type(found).__name__}; it must be an nn.Module."
    )


class _Counting(torch.optim.Optimizer):
    """Counts its steps, so that it can be seen whether any was taken."""

    steps = 0

    def step(self, closure: Any = None) -> Any:
        self.steps += 1
        return super().step(closure)


class _SGD(_Counting, torch.optim.SGD):
    """Gradient descent that counts."""


class _Adam(_Counting, torch.optim.Adam):
    """Adam that counts."""


def _flat() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(16, 5, bias=False), nn.BatchNorm1d(5), nn.ReLU(),
        nn.Linear(5, 3),
    )  # fmt: skip


def _convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(),
        nn.Linear(8, 3),
    )  # fmt: skip


def _dropping() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(16, 6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 3)
    )


def _reading() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 3))


def _normed() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16), nn.Linear(16, 3))


def _loader(draw: CaseRandom, sizes: tuple[int, int], dtype: torch.dtype) -> DataLoader:
    """Return so many images of 4x4 with labels 0..2, in batches, always in order."""
    count, batch = sizes
    images = draw.tensor(count, 1, 4, 4, dtype=dtype)
    labels = torch.tensor([draw.number(0, 2) for _ in range(count)])
    return DataLoader(TensorDataset(images, labels), batch_size=batch)


def _epochs(draw: CaseRandom) -> list[Case]:
    def case(
        kind: str,
        sizes: tuple[int, int],
        build: Callable[[], nn.Module] = _flat,
        loss: Any = None,
        dtype: torch.dtype = _F32,
        optimizer: Callable[..., Any] = _SGD,
        lr: float = 0.2,
    ) -> Case:
        model = drawn_net(draw, build).to(dtype).eval()
        tuned = optimizer(model.parameters(), lr=lr)
        loss = loss or nn.CrossEntropyLoss()
        return Case(kind, (model, _loader(draw, sizes, dtype), tuned, loss))

    return [
        case("a single batch", (4, 4)),
        case("two batches of four images", (8, 4)),
        case("a last batch that is shorter", (10, 4)),
        case("a last batch of one image", (7, 3), _convolutional),
        case("a convolutional model and float64", (11, 4), _convolutional, dtype=_F64),
        case("Adam", (10, 4), dtype=_F64, optimizer=_Adam, lr=0.1),
        case("dropout", (10, 4), _dropping),
        case("a loss that is not cross-entropy", (10, 4), loss=nn.MultiMarginLoss()),
        case("F.cross_entropy, a function, as the loss", (5, 2), loss=F.cross_entropy,
             build=_convolutional),
    ]  # fmt: skip


def _look_at_epoch(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    model, _, optimizer, _ = args
    state = [t for t in model.state_dict().values() if t.is_floating_point()]
    return {
        "loss": result,
        "weights": torch.cat([t.flatten() for t in state]),
        "steps": optimizer.steps,
    }


def _judged(draw: CaseRandom) -> list[Case]:
    def case(
        kind: str,
        sizes: tuple[int, int],
        build: Callable[[], nn.Module] = _flat,
        dtype: torch.dtype = _F32,
        training: bool = True,
    ) -> Case:
        model = drawn_net(draw, build).to(dtype).train(training)
        return Case(kind, (model, _loader(draw, sizes, dtype)))

    return [
        case("a single batch", (23, 23)),
        case("as many images in a batch as classes", (24, 3), _reading),
        case("two batches of equal size", (26, 13), _reading),
        case("a last batch that is shorter", (37, 15)),
        case("a last batch of one image", (29, 7), _convolutional),
        case("a convolutional model and float64", (31, 9), _convolutional, dtype=_F64),
        case("dropout", (34, 12), _dropping),
        case(
            "a model that is in evaluation mode already",
            (33, 10),
            _normed,
            training=False,
        ),
        case("a model that is right every time", (19, 8), _reading),
    ]


def _readable(cases: list[Case]) -> list[Case]:
    """Write the labels of some cases into their images, and let the model see them.

    In one of them some of the second batch's are written wrong: no batch is like all.
    """
    _, turning = cases[1].args
    turning.dataset.tensors[1].copy_(torch.tensor([1, 2, 0]).repeat(8))
    for case in (cases[1], cases[2], cases[-1]):
        model, loader = case.args
        images, labels = loader.dataset.tensors
        written = labels.clone()
        if case is cases[2]:
            written[18:] = (labels[18:] + 1) % 3
        images[:, 0, 0, :3] = F.one_hot(written, 3).to(images.dtype) * 9
        with torch.no_grad():
            model[1].weight.copy_(torch.eye(3, 16))
            model[1].bias.zero_()
    _far_from_its_averages(cases[-2])
    return cases


def _far_from_its_averages(case: Case) -> None:
    """Let a model with batch norm say 0 to all images, in training mode what is right.

    Its averages are 0 and 1; one pixel of all images is far from that.
    """
    model, loader = case.args
    images, labels = loader.dataset.tensors
    labels.copy_(torch.tensor([1, 2, 0]).repeat(len(labels) // 3))
    images[:, 0, 0, :3] = F.one_hot(labels, 3).to(images.dtype)
    images[:, 0, 0, 0] += 50
    _, norm, linear = model
    with torch.no_grad():
        for tensor, value in (
            (norm.weight, 1), (norm.bias, 0), (norm.running_mean, 0),
            (norm.running_var, 1), (linear.bias, 0),
        ):  # fmt: skip
            tensor.fill_(value)
        linear.weight.copy_(torch.eye(3, 16))


def _pairs(draw: CaseRandom) -> list[Case]:
    def drawn(count: int, classes: int) -> Tensor:
        return torch.tensor([draw.number(0, classes - 1) for _ in range(count)])

    right = torch.cat([drawn(3, 4), torch.arange(4)])
    four = torch.tensor([0, 0, 0, 1])  # drawn numbers may be symmetrical by chance
    hand = torch.tensor([1, 2, 0, 0])
    return [
        Case("four images and three classes", (four, hand, 3)),
        Case("two classes", (drawn(9, 2), drawn(9, 2), 2)),
        Case("one image", (torch.tensor([2]), torch.tensor([0]), 3)),
        Case("predictions that are all right", (right, right.clone(), 4)),
        Case("a pair that comes four times", (four[[3] * 4], hand[[1] * 4], 3)),
        Case("a pair that comes 460 times", (four[[3] * 460], hand[[1] * 460], 3)),
        Case("classes that never occur", (drawn(8, 3), drawn(8, 3), 6)),
        Case("thirty images and five classes", (drawn(30, 5), drawn(30, 5), 5)),
        Case("ten classes", (drawn(60, 10), drawn(60, 10), 10)),
    ]


@cache
def _digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    from cnnlib.data import bundled_digits

    return bundled_digits.load()


SHIFT, TURN = 2, 10
OF_BOTH_PARTS = "digits of the test part and of the training part"
"""The case that shows which of the two a model was trained on: 720 of the first."""


def _handwriting(draw: CaseRandom) -> list[Case]:
    """Return the bundled test digits: as they are, moved, turned, and both (twice)."""
    known, known_labels, images, labels = _digits()

    def case(kind: str, changed: Tensor, more: Tensor | None = None) -> Case:
        note = tuple((labels.repeat(len(changed) // len(labels))).tolist())
        if more is not None:
            changed = torch.cat([changed, more])
            note += tuple(known_labels.tolist())
        return Case(kind, probe=(changed,), facts_for_judge=note)

    def both(images: Tensor = images) -> Tensor:
        return _moved(draw, images, SHIFT, TURN)

    return [
        case("digits as they are", images),
        case(f"digits moved by up to {SHIFT} pixels", _moved(draw, images, SHIFT, 0)),
        case(f"digits turned by up to {TURN} degrees", _moved(draw, images, 0, TURN)),
        case("digits moved and turned", torch.cat([both(), both()])),
        case(OF_BOTH_PARTS, torch.cat([both(), both()]), both(known)),
    ]


def _moved(draw: CaseRandom, images: Tensor, pixels: float, degrees: float) -> Tensor:
    """Turn each image about its centre and move it, by amounts of its own."""
    seed = draw.number(0, 2**31)
    drawn = np.random.Generator(np.random.PCG64(seed)).uniform(-1, 1, (3, len(images)))
    turn, across, down = torch.from_numpy(drawn).float()
    angle = turn * math.radians(degrees)
    reach = 2 * pixels / images.shape[3]  # from edge to edge it is 2
    rows = [
        torch.stack([angle.cos(), -angle.sin(), across * reach], dim=1),
        torch.stack([angle.sin(), angle.cos(), down * reach], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(images.shape), False)
    return F.grid_sample(images, grid, align_corners=False)


def _look_at_trained(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Let the model read, first as it stands and then in evaluation mode."""
    if result is ...:
        return {"result": result}
    _demand_module("trained_model is", result)
    modes = [(module, module.training) for module in result.modules()]
    first = next(result.parameters(), torch.empty(0))
    images = args[0].to(first.device, first.dtype)
    before = copy.deepcopy(result.state_dict())
    try:
        with torch.no_grad():
            few = images[:60]
            as_it_stands = _read(result, few)
            result.load_state_dict(before)
            result.eval()
            same = _close(as_it_stands, _read(result, few))
            return {"scores": _read(result, images), "same": same}
    finally:
        for module, mode in modes:
            module.training = mode


def _read(model: nn.Module, images: Tensor) -> Any:
    try:
        return model(images)
    except Exception as error:
        text = str(error).strip().split("\n")[0]
        raise ValueError(
            f"trained_model cannot take images of shape (N, 1, 28, 28). It raised "
            f"{type(error).__name__}: {text}"
        ) from error


def _close(one: Any, other: Any) -> bool:
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return True
    return one.shape == other.shape and torch.allclose(
        one, other, 1e-3, 1e-3, equal_nan=True
    )


QUESTIONS = [
    Question("build_cnn", "05", 3, _a_net, observe=_look_at_net),
    Question(
        "train_epoch", "05", 4, _epochs, ("model", "loader", "optimizer", "loss_fn"),
        observe=_look_at_epoch, may_change=("model", "optimizer"),
        parts=(
            Part("batches of one size", 2, ("a single batch", "two batches")),
            Part("other losses, optimizers, nets", 1,
                 ("Adam", "dropout", "entropy", "float64")),
            Part("a last batch that is shorter", 1),
        ),
    ),
    Question(
        "accuracy", "05", 3, lambda draw: _readable(_judged(draw)),
        ("model", "loader"),
        forbidden=("accuracy_score", "balanced_accuracy_score"),
        parts=(
            Part("batches of one size", 2,
                 ("a single batch", "as many images", "two batches")),
            Part("a last batch that is shorter", 1),
        ),
    ),
    Question(
        "confusion_matrix", "05", 2, _pairs, ("labels", "predictions", "num_classes"),
        forbidden=("confusion_matrix", "multilabel_confusion_matrix"),
        parts=(
            Part("pairs that come again", 1,
                 ("comes", "never", "thirty", "ten", "two classes")),
            Part("each pair once", 1),
        ),
    ),
    Question(
        "trained_model", "05", 4, _handwriting, is_value=True,
        observe=_look_at_trained, seconds=30.0,
    ),
]  # fmt: skip
