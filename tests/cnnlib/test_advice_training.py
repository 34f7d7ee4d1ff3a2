"""What the messages of fit, evaluate and predict advise is done, and then it works."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cnnlib.training import evaluate, fit, predict

IMAGES = torch.rand(9, 1, 4, 4)
LABELS = torch.arange(9) % 3


def _net(*layers: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(3))


def _small() -> nn.Module:
    net = _net()
    net(IMAGES)
    return net


def _conv(channels: int = 1) -> nn.Module:
    net = _net(nn.Conv2d(channels, 2, 3))
    net(torch.zeros(1, channels, 4, 4))
    return net


def _train(images: Any = IMAGES, labels: Any = LABELS, **how: Any) -> Any:
    how = {"model": None, "epochs": 1, "show": False} | how
    model = how.pop("model") or _small()
    return fit(model, images, labels, **how)


def _refusal(call: Callable[..., Any], *args: Any, **how: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as caught:
        call(*args, **how)
    return str(caught.value)


def _advised(name: str, message: str) -> str:
    """Find the code that a message advises for `name`: it begins with the name."""
    code = rf"{name}(?:\.\w+\((?:[^()]|\({name}\))*\)|\[[^\]]*\])+"
    found = re.search(rf"np\.unique\(.*?\)\[1\]|\b{code}", message)
    assert found, message
    return found[0]


def _forms(values: Any) -> list[Any]:
    tensor = torch.as_tensor(values)
    return [tensor, tensor.numpy()]


@pytest.mark.parametrize("numpy", [False, True])
@pytest.mark.parametrize(
    "labels",
    [
        LABELS[:, None],
        LABELS[None],
        LABELS[:, None, None],
        LABELS[:, None].float(),
        LABELS.float(),
        LABELS.double(),
        LABELS > 0,
        (LABELS > 0)[:, None],
        torch.eye(3)[LABELS],
        torch.eye(3)[LABELS] > 0,
        torch.eye(3, dtype=torch.long)[LABELS],
    ],
)
def test_labels_become_what_they_should_be(labels: Tensor, numpy: bool) -> None:
    given: Any = labels.numpy() if numpy else labels
    right = LABELS > 0 if set(labels.unique().tolist()) == {0, 1} else LABELS
    if labels.shape == (9, 3):
        right = LABELS
    for _ in range(3):
        try:
            result = evaluate(_small(), IMAGES, given)
        except ValueError as error:
            given = eval(_advised("labels", str(error)), {"labels": given})
    assert result.labels.equal(right.long())


def test_names_of_classes_become_numbers() -> None:
    labels = np.array(["cat", "dog", "cow"] * 3)
    code = _advised("labels", _refusal(evaluate, _small(), IMAGES, labels))
    numbers = eval(code, {"np": np, "labels": labels})
    assert evaluate(_small(), IMAGES, numbers).labels.tolist() == [0, 2, 1] * 3


@pytest.mark.parametrize(
    "targets",
    [torch.rand(9), torch.rand(9, 3), torch.randint(2, (9, 5)), torch.rand(9, 4, 4)],
)
def test_other_targets_are_sent_to_the_loop(targets: Tensor) -> None:
    for form in _forms(targets):
        message = _refusal(_train, labels=form)
        assert "for classifiers" in message
        assert "argmax" not in message
        assert "long" not in message


@pytest.mark.parametrize("numpy", [False, True])
def test_whole_numbers_become_fractions(numpy: bool) -> None:
    images: Any = (IMAGES * 255).byte()
    images = images.numpy() if numpy else images
    found = re.search(r"images\S+ / 255", _refusal(predict, _small(), images))
    assert found
    assert predict(_small(), eval(found[0], {"images": images})).shape == (9, 3)


@pytest.mark.parametrize("numpy", [False, True])
@pytest.mark.parametrize(
    ("model", "images"),
    [
        (lambda: _conv(), IMAGES[:, 0]),
        (lambda: _conv(), torch.rand(9, 4, 4, 1)),
        (lambda: _conv(3), torch.rand(9, 4, 4, 3)),
        (lambda: nn.Sequential(nn.Linear(16, 3)), IMAGES),
    ],
)
def test_the_axes_of_the_images(model: Any, images: Tensor, numpy: bool) -> None:
    given: Any = images.numpy() if numpy else images
    code = _advised("images", _refusal(predict, model(), given))
    assert predict(model(), eval(code, {"images": given})).shape == (9, 3)


# -- the loss -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call", [_train, lambda **how: evaluate(_small(), IMAGES, LABELS, **how)]
)
@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (nn.CrossEntropyLoss, r"build one, CrossEntropyLoss\(\)"),
        (nn.MSELoss, r"build one, MSELoss\(\)"),
        ("mse", "not str"),
        (None, "not NoneType"),
        (nn.MSELoss(), "MSELoss cannot be applied to scores .* for classifiers"),
        (nn.functional.mse_loss, "mse_loss cannot be applied"),
        (nn.BCEWithLogitsLoss(), "BCEWithLogitsLoss cannot be applied"),
        (nn.CrossEntropyLoss(weight=torch.ones(5)), "CrossEntropyLoss cannot be"),
        (nn.CrossEntropyLoss(reduction="none"), "one number per image"),
        (lambda scores, labels: 3.0, "of type float"),
    ],
)
def test_a_loss_that_is_none(call: Any, loss: Any, says: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert re.search(says, _refusal(call, loss=loss))


def test_a_loss_that_fits_after_the_advice() -> None:
    assert _train(loss=nn.CrossEntropyLoss(reduction="mean")).epochs == 1
    assert _train(loss=nn.CrossEntropyLoss(weight=torch.ones(3))).epochs == 1


def test_a_square_batch_does_not_hide_a_wrong_loss() -> None:
    assert "cannot be applied" in _refusal(
        _train, IMAGES[:3], LABELS[:3], loss=nn.MSELoss()
    )


# -- models ---------------------------------------------------------------------------


def test_a_class_is_no_model() -> None:
    for call in (_train, lambda **how: predict(how["model"], IMAGES)):
        assert "build a net of it first" in _refusal(call, model=nn.Linear)
    assert "not function" in _refusal(_train, model=lambda x: x)


@pytest.mark.parametrize(("count", "size"), [(9, 4), (9, 8), (3, 1), (2, 1), (5, 2)])
def test_a_last_batch_of_one_and_the_size_that_helps(count: int, size: int) -> None:
    model = _net(nn.Conv2d(1, 2, 4), nn.BatchNorm2d(2))
    model(IMAGES)
    data = IMAGES[:count], LABELS[:count]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    message = _refusal(_train, *data, model=model, batch_size=size)
    found = re.search(r"Choose batch_size=(\d+)", message)
    assert found
    for name, value in model.state_dict().items():
        assert value.equal(before[name])
    assert _train(*data, model=model, batch_size=int(found[1])).epochs == 1


def test_a_batch_of_one_where_it_does_no_harm() -> None:
    model = _net(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    model(IMAGES)
    assert _train(model=model, batch_size=4).epochs == 1
    assert "two images at least" in _refusal(
        _train,
        IMAGES[:1],
        LABELS[:1],
        model=nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16)),
    )


def test_an_augment_that_changes_the_size() -> None:
    message = _refusal(_train, augment=lambda batch: batch[..., 1:])
    assert "(9, 1, 4, 3)" in message
    assert "keeps it" in message


class _Listed(nn.Module):
    def __init__(self, kind: Any, *, head: bool) -> None:
        super().__init__()
        self.layers = kind([nn.Flatten(), nn.Linear(16, 3)])
        self.head = nn.Linear(3, 3) if head else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


def test_layers_in_a_plain_list() -> None:
    message = _refusal(_train, model=_Listed(list, head=False))
    assert (
        "plain list or dict are not registered (layers); use nn.ModuleList" in message
    )
    with pytest.warns(UserWarning, match=r"\(layers\).*Training misses them"):
        _train(model=_Listed(list, head=True))
    for head in (False, True):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert _train(model=_Listed(nn.ModuleList, head=head)).epochs == 1


def test_frozen_weights_learn_after_the_advice() -> None:
    model = _small().requires_grad_(False)
    assert "model.requires_grad_(True)" in _refusal(_train, model=model)
    assert _train(model=model.requires_grad_(True)).epochs == 1


def test_an_optimizer_is_not_printed_in_full() -> None:
    model = _small()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    assert len(_refusal(_train, model=model, optimizer=optimizer)) < 80


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_net_whose_weights_are_no_numbers(value: float) -> None:
    model = _small()
    with torch.no_grad():
        next(model.parameters())[0, 0] = value
    for call in (
        lambda: evaluate(model, IMAGES, LABELS),
        lambda: predict(model, IMAGES),
    ):
        assert "9 of 9 images the model gives numbers that are not" in _refusal(call)


def test_a_class_that_is_ruled_out_is_no_fault() -> None:
    model = _small()
    with torch.no_grad():
        model[-1].bias[2] = float("-inf")
    assert predict(model, IMAGES)[:, 2].sum() == 0


class _Hooked(nn.Module):
    """Keeps the gradient of its maps, as nets for Grad-CAM do."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 3, 4), nn.Flatten()

    def forward(self, x: Tensor) -> Tensor:
        maps = self.conv(x)
        maps.register_hook(lambda gradient: None)
        return self.head(maps)


def test_a_net_that_asks_for_gradients() -> None:
    model = _Hooked()
    assert _train(model=model).epochs == 1
    assert not evaluate(model, IMAGES, LABELS).probabilities.requires_grad


# -- NumPy ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [">f4", ">f8", "<f4", np.longdouble, np.float16])
@pytest.mark.parametrize("whole", [">i8", ">i2", ">u4", np.uint8])
def test_numbers_in_any_order_of_bytes(kind: Any, whole: Any) -> None:
    images, labels = IMAGES.numpy().astype(kind), LABELS.numpy().astype(whole)
    assert evaluate(_small(), images, labels).labels.equal(LABELS)
    assert torch.allclose(
        predict(_small(), images), predict(_small(), IMAGES), atol=1e-3
    )


def test_reversed_and_read_only_arrays() -> None:
    images = IMAGES.numpy()[::-1, :, ::-1]
    images.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = predict(_small(), images)
    assert result.allclose(predict(_small(), IMAGES.flip(0, 2)))


def test_arrays_of_anything_else_are_refused() -> None:
    images = np.full((9, 1, 4, 4), "0.5")
    assert "no numbers (dtype <U3)." in _refusal(predict, _small(), images)
    assert "no numbers (dtype object)" in _refusal(
        predict, _small(), images.astype(object)
    )
