"""Every mistake in calling fit, evaluate or predict is answered by a sentence."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from cnnlib.models import mnist_cnn
from cnnlib.training import evaluate, fit, predict

IMAGES = torch.rand(12, 1, 28, 28)
LABELS = torch.arange(12) % 10


def net():
    torch.manual_seed(0)
    return mnist_cnn()


def call(images=IMAGES, labels=LABELS, model=None, **options):
    model = net() if model is None else model
    return fit(model, images, labels, **({"epochs": 1, "show": False} | options))


WRONG_DATA = {
    "bytes": ((IMAGES * 255).byte(), LABELS, r"whole numbers \(uint8\).*/ 255"),
    "booleans": (IMAGES > 0.5, LABELS, r"whole numbers \(bool\)"),
    "no images": (IMAGES[:0], LABELS[:0], r"no image in .* \(0, 1, 28, 28\)"),
    "a number": (torch.tensor(1.0), LABELS, "no image"),
    "NaN": (IMAGES * float("nan"), LABELS, "not finite"),
    "infinity": (IMAGES / 0, LABELS, "not finite"),
    "fewer labels": (IMAGES, LABELS[:5], "12 images but 5 labels"),
    "label too high": (IMAGES, LABELS + 1, "from 1 to 10.*10 scores.*0 to 9"),
    "label too low": (IMAGES, LABELS - 1, "from -1 to 8.*0 to 9"),
    "floating labels": (IMAGES, LABELS.float(), r"float32.*labels\.long\(\)"),
    "one-hot": (IMAGES, torch.eye(10)[LABELS], r"\(12, 10\).*argmax\(1\)"),
    "one label": (IMAGES, LABELS[0], r"\(\), expected \(12,\)"),
    "another size": (IMAGES[:, :, 1:], LABELS, r"\(1, 27, 28\): fc \(Linear\).* 784"),
    "colours": (IMAGES.repeat(1, 3, 1, 1), LABELS, r"\(3, 28, 28\): conv1 .* gets 3"),
    "no channel axis": (IMAGES[:, 0], LABELS, r"images\[:, None\]"),
}


@pytest.mark.parametrize("case", WRONG_DATA)
def test_wrong_data_is_refused_by_fit_and_evaluate(case):
    images, labels, message = WRONG_DATA[case]
    for action in (call, lambda x, y: evaluate(net(), x, y)):
        with pytest.raises(ValueError, match=message):
            action(images, labels)
    with pytest.raises(ValueError, match=message):
        call(validation=(images, labels))


@pytest.mark.parametrize(
    "case", ["bytes", "no images", "NaN", "another size", "no channel axis"]
)
def test_wrong_images_are_refused_by_predict(case):
    images, _, message = WRONG_DATA[case]
    with pytest.raises(ValueError, match=message):
        predict(net(), images)


def test_one_image_without_a_batch_axis_is_told_so():
    with pytest.raises(ValueError, match=r"image\[None\]"):
        predict(net(), IMAGES[0])


def test_lists_are_not_images():
    for images, labels, name in (
        (IMAGES.tolist(), LABELS, "images"),
        (IMAGES, LABELS.tolist(), "labels"),
    ):
        with pytest.raises(TypeError, match=f"{name} should be a torch tensor.* list"):
            call(images, labels)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs should be 1 or more, not 0"),
        ({"epochs": 1.5}, TypeError, "epochs should be a whole number, not float"),
        ({"epochs": True}, TypeError, "epochs should be a whole number, not bool"),
        ({"batch_size": 0}, ValueError, "batch_size should be 1 or more"),
        ({"seed": None}, TypeError, "seed should be a whole number"),
        ({"seed": -1}, ValueError, "seed should be 0 or more"),
        ({"lr": 0}, ValueError, "lr should be a finite number above 0, not 0"),
        ({"lr": float("nan")}, ValueError, "lr should be a finite number"),
        ({"lr": "fast"}, TypeError, "lr should be a number, not str"),
        ({"weight_decay": -1}, ValueError, "weight_decay should be"),
        ({"optimizer": "adagrad"}, ValueError, r"\('adam', 'sgd'\), not 'adagrad'"),
        ({"schedule": "cosine"}, ValueError, r"'one-cycle', 'constant'.*'cosine'"),
        ({"augment": 3}, TypeError, "augment should be a function"),
        ({"augment": lambda b: b[:3]}, ValueError, r"back a tensor of shape \(3,"),
        ({"augment": lambda b: None}, ValueError, "gave back NoneType"),
        ({"validation": IMAGES}, TypeError, r"pair \(images, labels\), not Tensor"),
        ({"device": "abacus"}, ValueError, "cannot compute on the device 'abacus'"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_learned(options, error, message):
    model = net()
    before = [weight.clone() for weight in model.parameters()]
    with pytest.raises(error, match=message):
        call(model=model, **options)
    for old, new in zip(before, model.parameters(), strict=True):
        assert old.equal(new)


def test_the_options_of_evaluate_and_predict_are_checked():
    with pytest.raises(ValueError, match="batch_size should be 1 or more"):
        predict(net(), IMAGES, batch_size=0)
    with pytest.raises(ValueError, match="cannot compute on the device"):
        evaluate(net(), IMAGES, LABELS, device="abacus")


def test_a_loss_per_image_is_not_enough():
    with pytest.raises(ValueError, match=r"one number per image, expected one number"):
        call(loss=nn.CrossEntropyLoss(reduction="none"))


def test_a_net_that_gives_maps_instead_of_scores_is_told_so():
    with pytest.raises(ValueError, match=r"gives \(1, 4, 28, 28\), expected \(1, cl"):
        call(model=nn.Conv2d(1, 4, 3, padding=1))


def test_a_net_that_gives_no_tensor_is_told_so():
    class Pair(nn.Module):
        def forward(self, x):
            return x, x

    with pytest.raises(ValueError, match=r"gives .*tuple.*, expected"):
        predict(Pair(), IMAGES)


def test_a_net_without_anything_to_learn_is_told_so():
    for model in (nn.Flatten(), net().requires_grad_(False)):
        with pytest.raises(ValueError, match="nothing to learn"):
            call(model=model, labels=LABELS)


@pytest.mark.parametrize("images_per_step", [1, 12])
def test_a_loss_that_is_no_number_names_the_epoch_and_the_likely_cause(
    images_per_step,
):
    calls = 0

    def explode(scores, labels):
        nonlocal calls
        calls += 1
        loss = nn.functional.cross_entropy(scores, labels)
        return loss * (float("nan") if calls > 24 // images_per_step else 1)

    with pytest.raises(ValueError, match=r"In epoch 3 .* too high .* lr=0\.5"):
        call(epochs=4, batch_size=images_per_step, lr=0.5, loss=explode)


def test_a_rate_far_too_high_ends_in_that_sentence():
    images = torch.from_numpy(np.random.default_rng(0).random((64, 1, 28, 28)))
    with pytest.raises(ValueError, match="loss stopped being a finite number"):
        call(images, torch.arange(64) % 10, epochs=5, lr=1e30, optimizer="sgd")


SOFTMAX = nn.Sequential(net(), nn.Softmax(dim=1))


@pytest.mark.parametrize(
    ("model", "images", "words"),
    [
        (SOFTMAX, IMAGES, "leave the softmax out"),
        (net(), 255 * torch.rand(12, 1, 28, 28), "Perhaps they are bytes made floats"),
    ],
)
def test_what_trains_without_an_error_but_badly_is_warned_of(model, images, words):
    with pytest.warns(UserWarning, match=words):
        call(images, model=model)


@pytest.mark.parametrize(
    ("model", "images", "loss"),
    [
        (net(), IMAGES, nn.functional.cross_entropy),
        (nn.Sequential(net(), nn.LogSoftmax(1)), IMAGES, nn.functional.cross_entropy),
        (nn.Sequential(net(), nn.Sigmoid()), IMAGES, nn.functional.cross_entropy),
        (SOFTMAX, IMAGES, lambda scores, labels: -scores[0, labels[0]].log()),
        (net(), 30 * torch.randn(12, 1, 28, 28), nn.functional.cross_entropy),
    ],
)
def test_what_is_meant_so_is_not_warned_of(model, images, loss):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        call(images, model=model, loss=loss)
    assert [str(one.message) for one in warned] == []
