"""What the messages of fit, evaluate and predict advise is done, and then it works."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torch import Tensor, nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from torchvision.datasets import ImageFolder

from cnnlib.data import Digits, Pictures
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


def test_what_is_gone_through_once_becomes_a_tensor() -> None:
    """Generators and their like, of images and of labels."""
    for once in (iter, lambda many: (one for one in many)):
        for call in (_train, lambda **how: evaluate(_small(), **how)):
            for name, right in (("images", IMAGES), ("labels", LABELS)):
                both = {"images": IMAGES, "labels": LABELS} | {name: once(list(right))}
                message = _refusal(call, **both)
                assert "once only" in message
                code = re.search(r"torch\.\w+\(list\(\w+\)\)", message)
                assert code
                made = eval(code[0], {"torch": torch, name: both[name]})
                assert made.equal(right)
                assert call(**both | {name: made})


@pytest.mark.parametrize(
    ("targets", "outputs", "advised"),
    [
        (torch.rand(9), 1, "MSELoss"),
        (torch.rand(9, 3), 3, "MSELoss"),
        (torch.randint(2, (9, 5)), 5, "BCEWithLogitsLoss"),
        (torch.rand(9, 16), 16, "MSELoss"),
    ],
)
def test_other_targets_are_sent_to_the_loss_they_need(
    targets: Tensor, outputs: int, advised: str
) -> None:
    """Never to long(), which would make zeros of fractions."""
    for form in _forms(targets):
        message = _refusal(_train, labels=form)
        assert "argmax" not in message
        assert "long" not in message
        assert "astype(int)" not in message
        loss = eval(_found(rf"loss=(nn\.{advised}\(\))", message))
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, outputs))
        given = form[:, None] if form.ndim == 1 else form
        assert _train(labels=given, model=model, loss=loss).epochs == 1


def test_one_output_is_not_for_cross_entropy() -> None:
    for labels in (*_forms(LABELS > 0), *_forms(LABELS.float()), *_forms(LABELS)):
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))
        message = _refusal(_train, labels=labels, model=model)
        assert "is 0 whatever the number" in message
        losses = re.findall(r"loss=(nn\.\w+\(\))", message)
        given = eval(_advised("labels", message), {"labels": labels})
        assert len(losses) == 2
        assert _train(labels=given, model=model, loss=nn.MSELoss()).epochs == 1
        yes = given.clip(0, 1)
        assert _train(labels=yes, model=model, loss=eval(losses[0])).epochs == 1


def test_whole_floats_may_be_classes_or_amounts() -> None:
    message = _refusal(_train, labels=LABELS.float())
    assert "If they do: labels.long()" in message
    loss = eval(_found(r"amounts, .*loss=(nn\.MSELoss\(\))", message))
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))
    labels = LABELS.float()[:, None]
    assert _train(labels=labels, model=model, loss=loss).epochs == 1


def _found(pattern: str, text: str) -> Any:
    found = re.search(pattern, text)
    assert found, text
    return found[1]


class _Odd(nn.Module):
    """Gives the first of its channels without their axis."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)[:, 0]


@pytest.mark.parametrize(
    ("model", "labels", "loss"),
    [
        (_net(nn.Conv2d(1, 1, 4))[:2], torch.rand(9), nn.MSELoss()),
        (nn.Conv2d(1, 1, 3, padding=1), torch.rand(9, 4, 4), nn.L1Loss()),
        (_Odd(), torch.rand(9, 1, 4, 4), nn.MSELoss()),
        (nn.Conv2d(1, 1, 1), 255 * IMAGES.round(), nn.BCEWithLogitsLoss()),
        (nn.Conv2d(1, 2, 1), 255 * IMAGES[:, 0].round().long(), None),
        (nn.Conv2d(1, 2, 1), IMAGES.round().long(), None),
        (nn.Conv2d(1, 2, 1), IMAGES[:, 0].round(), None),
        (nn.Conv2d(1, 2, 1), IMAGES[:, 0, :, :, None].round().long(), None),
    ],
)
def test_the_form_of_other_targets(model: Any, labels: Tensor, loss: Any) -> None:
    loss = loss or nn.CrossEntropyLoss()
    for call in (_train, lambda **how: evaluate(how["model"], IMAGES, **_less(how))):
        for form in _forms(labels):
            message = _refusal(call, labels=form, model=model, loss=loss)
            code = re.search(r"labels( // 255| / 255|\[.*?\]|\.long\(\))", message)
            assert code, message
            numpy = code[0] == "labels.long()" and isinstance(form, np.ndarray)
            given = form.astype(int) if numpy else eval(code[0], {"labels": form})
            assert call(labels=given, model=model, loss=loss)


@pytest.mark.parametrize("kind", [torch.long, torch.float32, torch.uint8])
def test_one_hot_masks(kind: Any) -> None:
    masks = torch.randint(2, (9, 4, 4))
    labels = nn.functional.one_hot(masks, 2).permute(0, 3, 1, 2).to(kind)
    model = nn.Conv2d(1, 2, 1)
    for form in (labels, labels.numpy()):
        code = _advised("labels", _refusal(evaluate, model, IMAGES, form))
        assert evaluate(model, IMAGES, eval(code, {"labels": form})).labels.equal(masks)


def test_pictures_of_bytes_as_labels() -> None:
    model, pixels = nn.Conv2d(1, 1, 1), (255 * IMAGES).byte()
    for form in (pixels, pixels.numpy()):
        message = _refusal(_train, labels=form, model=model, loss=nn.MSELoss())
        code = _found(r"(labels\S+ / 255)", message)
        given = eval(code, {"labels": form})
        assert float(given.max()) <= 1
        assert _train(labels=given, model=model, loss=nn.MSELoss()).epochs == 1


def test_labels_of_which_none_counts() -> None:
    labels = torch.full((9, 4, 4), -100)
    assert "all of them are -100" in _refusal(
        _train, labels=labels, model=nn.Conv2d(1, 2, 1)
    )
    complex_ones = torch.ones(9, 1, dtype=torch.complex64)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))
    how = {"labels": complex_ones, "model": model, "loss": nn.MSELoss()}
    assert "complex numbers" in _refusal(_train, **how)


def test_a_loss_of_log_probabilities() -> None:
    with pytest.warns(UserWarning, match="logarithms of probabilities") as heard:
        _train(loss=nn.NLLLoss())
    text = str(heard[0].message)
    loss, last = _found(r"loss=(nn\.\w+\(\))", text), _found(r"with (nn\..*\))", text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _train(loss=eval(loss)).epochs == 1
        model = nn.Sequential(_small(), eval(last))
        assert _train(model=model, loss=nn.NLLLoss()).epochs == 1


def _less(how: dict[str, Any]) -> dict[str, Any]:
    return {name: how[name] for name in ("labels", "loss")}


def test_pixels_that_do_not_count() -> None:
    labels = torch.randint(2, (9, 4, 4))
    labels[:, 0] = 255
    model = nn.Conv2d(1, 2, 1)
    message = _refusal(_train, labels=labels, model=model)
    loss = eval(_found(r"loss=(nn\.\w+\(ignore_index=255\))", message))
    assert _train(labels=labels, model=model, loss=loss).epochs == 1
    labels[0, 1, 1] = 3
    message = _refusal(_train, labels=labels, model=model, loss=loss)
    assert "from 0 to 3, but the model gives 2 scores per pixel" in message


def test_maps_of_another_size_are_told() -> None:
    labels = torch.randint(2, (9, 4, 4))
    message = _refusal(_train, labels=labels, model=nn.Conv2d(1, 2, 3))
    assert "maps of (2, 2) for labels of (4, 4)" in message


def test_yes_or_no_is_0_or_1() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))
    labels = LABELS[:, None]
    message = _refusal(_train, labels=labels, model=model, loss=nn.BCEWithLogitsLoss())
    assert message.endswith("wants 0 for no and 1 for yes.")


def test_numbers_that_are_no_probabilities() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))
    torch.nn.init.constant_(list(model.parameters())[-1], 30)
    yes = (LABELS > 0).float()[:, None]
    message = _refusal(_train, labels=yes, model=model, loss=nn.BCELoss())
    loss = eval(_found(r"loss=(nn\.\w+\(\))", message))
    assert _train(labels=yes, model=model, loss=loss).epochs == 1


def test_a_sigmoid_twice() -> None:
    yes = (LABELS > 0).float()[:, None]
    model = nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(16, 1), nn.Sigmoid()))
    with pytest.warns(UserWarning, match="ends with a sigmoid") as heard:
        _train(labels=yes, model=model, loss=nn.BCEWithLogitsLoss())
    loss = eval(_found(r"loss=(nn\.\w+\(\))", str(heard[0].message)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _train(labels=yes, model=model, loss=loss).epochs == 1


def test_one_number_for_an_image_is_no_probability() -> None:
    model: nn.Module = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))
    code = _found(r"(model\.eval\(\)\(images\))", _refusal(predict, model, IMAGES))
    assert eval(code, {"model": model, "images": IMAGES}).shape == (9, 1)
    model = nn.Conv2d(1, 2, 1)
    code = _found(r"(model\.eval\(\)\(images\))", _refusal(predict, model, IMAGES))
    assert eval(code, {"model": model, "images": IMAGES}).shape == (9, 2, 4, 4)


def test_lists_become_tensors() -> None:
    names = {"np": np, "torch": torch}
    for labels in (["cat", "dog", "cow"] * 3, [0, 2, 1] * 3):
        message = _refusal(evaluate, _small(), IMAGES, labels)
        code = _found(r"((?:np|torch)\..*?\)(?:\[1\])?) (?:numbers|makes)", message)
        given = eval(code, names | {"labels": labels})
        assert evaluate(_small(), IMAGES, given).labels.tolist() == [0, 2, 1] * 3
    message = _refusal(evaluate, _small(), list(IMAGES), LABELS)
    given = eval(
        _found(r"(torch\.stack\(images\))", message),
        {"torch": torch, "images": list(IMAGES)},
    )
    assert evaluate(_small(), given, LABELS).labels.equal(LABELS)


def test_data_of_this_package_are_passed_in_their_parts() -> None:
    pixels = (255 * IMAGES).byte()
    pictures = Pictures(pixels, LABELS, ("a", "b", "c"), None, "")
    assert "pass its images and its labels" in _refusal(_train, pictures)
    assert "images.float() / 255" in _refusal(_train, pictures.images)
    assert _train(pictures.images.float() / 255, pictures.labels).epochs == 1
    digits = Digits(IMAGES, LABELS, IMAGES, LABELS)
    message = _refusal(evaluate, _small(), digits)
    assert "pass its train_images and its train_labels" in message
    assert evaluate(_small(), digits.train_images, digits.train_labels).loss


@pytest.mark.parametrize("number", [0, "out"])
def test_a_net_that_gives_several_things(number: Any) -> None:
    class Several(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = _small()

        def forward(self, x: Tensor) -> Any:
            return [self.net(x), x] if number == 0 else {"out": self.net(x), "aux": x}

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = Several()

        def forward(self, x: Tensor) -> Any:
            return eval(code, {"self": self, "x": x})

    code = _found(r"(self\.net\(x\)\[.*?\])", _refusal(_train, model=Several()))
    assert _train(model=Wrapped()).epochs == 1


# -- a DataLoader ---------------------------------------------------------------------


def _loader(count: int = 9, size: int = 4, **how: Any) -> Any:
    data = TensorDataset(IMAGES[:count], LABELS[:count])
    return DataLoader(data, batch_size=size, **how)


def test_what_a_loader_brings_is_left_out() -> None:
    assert "leave labels out" in _refusal(_train, _loader())
    how = {"model": _small(), "epochs": 1, "show": False}
    message = _refusal(fit, images=_loader(), batch_size=3, **how)
    assert "leave batch_size out" in message
    assert "pair (images, labels)" in _refusal(
        fit, images=DataLoader(TensorDataset(IMAGES)), **how
    )
    assert fit(images=_loader(), **how).epochs == 1
    message = _refusal(fit, images=TensorDataset(IMAGES, LABELS), **how)
    assert "torch.utils.data.DataLoader" in message
    assert "no batches" in _refusal(fit, images=_loader(2, drop_last=True), **how)
    assert "The labels should be" in _refusal(fit, images=IMAGES, **how)


@pytest.mark.parametrize("sizes", [(8, 8), (8, 9)])
def test_pictures_of_a_folder_become_tensors(tmp_path: Any, sizes: Any) -> None:
    for k, size in enumerate(sizes):
        (tmp_path / str(k)).mkdir()
        Image.new("RGB", (size, 8)).save(tmp_path / str(k) / "1.png")

    def train(**how: Any) -> Any:
        model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
        loader = DataLoader(ImageFolder(tmp_path, **how), batch_size=2)
        return fit(model, loader, epochs=1, show=False)

    code = _found(r"transform=(.*\))\.", _refusal(train))
    if sizes == (8, 9):  # the advice for pictures comes first, then that for sizes
        sized = _refusal(train, transform=eval(code, {"torchvision": torchvision}))
        code = _found(r"transform=(.*\))\.", sized)
    transform = eval(code, {"torchvision": torchvision})
    assert train(transform=transform).epochs == 1


def test_a_fault_of_a_data_set_is_its_own() -> None:
    class Faulty(TensorDataset):
        def __getitem__(self, index: int) -> Any:
            raise TypeError("my own fault")

    loader = DataLoader(Faulty(IMAGES, LABELS), batch_size=2)
    with pytest.raises(TypeError, match="my own fault"):
        fit(_small(), loader, epochs=1, show=False)


def test_a_loader_without_a_length() -> None:
    class Stream(IterableDataset):
        def __iter__(self) -> Any:
            return iter(zip(IMAGES, LABELS, strict=True))

    how = {"model": _small(), "epochs": 1, "show": False}
    message = _refusal(fit, images=DataLoader(Stream(), batch_size=3), **how)
    assert "__len__" in message

    class Counted(Stream):
        def __len__(self) -> int:
            return 9

    assert fit(images=DataLoader(Counted(), batch_size=3), **how).epochs == 1


def test_a_last_batch_of_one_from_a_loader() -> None:
    model = _net(nn.Conv2d(1, 2, 4), nn.BatchNorm2d(2))
    model(IMAGES)
    how = {"model": model, "epochs": 1, "show": False}
    assert "drop_last=True" in _refusal(fit, images=_loader(), **how)
    assert fit(images=_loader(drop_last=True), **how).epochs == 1


def test_a_later_batch_is_looked_at_too() -> None:
    labels = LABELS.clone()
    labels[8] = 7
    data = DataLoader(TensorDataset(IMAGES, labels), batch_size=4)
    assert "run from 7 to 7" in _refusal(evaluate, _small(), data)


# -- optimizer, schedule, early stopping ----------------------------------------------


def test_an_optimizer_is_handed_in_built() -> None:
    model = _small()
    message = _refusal(_train, model=model, optimizer=torch.optim.AdamW)
    code = _found(r"(torch\.optim\.RMSprop\(.*\))", message)
    optimizer = eval(code, {"torch": torch, "model": model})
    message = _refusal(_train, model=model, optimizer=optimizer, lr=0.1)
    assert "leave lr and weight_decay out" in message
    assert _train(model=model, optimizer=optimizer).epochs == 1


def test_an_optimizer_of_another_net() -> None:
    model, other = _small(), _small()
    optimizer = torch.optim.SGD(other.parameters(), 0.1)
    message = _refusal(_train, model=model, optimizer=optimizer)
    code = _found(r"with (model\.parameters\(\))", message)
    optimizer = torch.optim.SGD(eval(code), 0.1)
    assert _train(model=model, optimizer=optimizer).epochs == 1
    schedule = StepLR(optimizer, 1)
    assert "another optimizer" in _refusal(_train, schedule=schedule)
    assert _train(model=model, optimizer=optimizer, schedule=schedule).epochs == 1
    newton = torch.optim.LBFGS(model.parameters())
    assert "another optimizer" in _refusal(_train, model=model, optimizer=newton)


def test_a_schedule_that_is_none() -> None:
    assert "gives a share of lr" in _refusal(_train, schedule=StepLR)
    assert "gives NoneType" in _refusal(_train, schedule=lambda step, steps: None)
    assert _train(schedule=lambda step, steps: 1 - step / steps).epochs == 1


def test_patience_needs_validation_images() -> None:
    for how in ({"patience": 3}, {"keep_best": True}):
        assert "pass validation=(images, labels)" in _refusal(_train, **how)
        assert _train(validation=(IMAGES, LABELS), **how).epochs == 1
    assert "1 or more" in _refusal(_train, validation=(IMAGES, LABELS), patience=0)


def test_a_metric_that_is_none() -> None:
    assert "functions by their names" in _refusal(_train, metrics=len)
    held_out = IMAGES, LABELS
    how = {"validation": held_out, "metrics": {"odd": lambda outputs, labels: outputs}}
    assert "The metric 'odd' gives no number" in _refusal(_train, **how)


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
        (nn.MSELoss(), r"\(3,\), and the labels have \(\): MSELoss compares"),
        (nn.functional.mse_loss, "mse_loss compares them number by number"),
        (nn.BCEWithLogitsLoss(), r"name classes, .* loss=nn.CrossEntropyLoss\(\)"),
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
    assert "compares them number by number" in _refusal(
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
