"""Targets that are not one class an image: trained on, measured, and when to stop."""

import copy
import math
from typing import Any

import pytest
import torch
from sklearn import metrics
from torch import nn
from torch.nn import functional
from torch.optim.lr_scheduler import (
    ExponentialLR,
    OneCycleLR,
    ReduceLROnPlateau,
)
from torch.utils.data import DataLoader, TensorDataset

from cnnlib.training import Evaluation, Measurement, evaluate, fit


def spots(count=200, size=8, seed=0):
    """Images with a bright square, and where it is: masks (N, size, size)."""
    draw = torch.Generator().manual_seed(seed)
    masks = torch.zeros(count, size, size, dtype=torch.long)
    for mask, (y, x) in zip(
        masks, torch.randint(size - 2, (count, 2), generator=draw), strict=True
    ):
        mask[y : y + 3, x : x + 3] = 1
    noise = torch.rand(count, 1, size, size, generator=draw)
    return 0.4 * noise + 0.6 * masks[:, None], masks


IMAGES, MASKS = spots()
PLACES = torch.stack(  # row and column of the square's middle, in pixels
    [(MASKS.sum(dim).float() @ torch.arange(8.0)) / 9 for dim in (2, 1)], dim=1
)
UP = (PLACES[:, :1] < 3.5).float()
SIDES = torch.cat([UP, (PLACES[:, 1:] < 3.5).float()], dim=1)
HELD_OUT = slice(150, 200)


def dense(outputs):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, outputs)
    )


def per_pixel(outputs):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, outputs, 3, padding=1)
    )


def learn(model, labels, loss, images=IMAGES, **how):
    held_out = images[HELD_OUT], labels[HELD_OUT]
    how = {"epochs": 30, "batch_size": 32, "show": False, "validation": held_out} | how
    return fit(model, images[:150], labels[:150], loss=loss, **how)


def test_regression():
    model = dense(2)
    history = learn(model, PLACES, nn.MSELoss())
    result = evaluate(model, IMAGES[HELD_OUT], PLACES[HELD_OUT], loss=nn.MSELoss())
    assert isinstance(result, Measurement)
    assert result.metrics["R2"] > 0.9
    ours, true = result.outputs.numpy(), PLACES[HELD_OUT].numpy()
    assert result.loss == pytest.approx(metrics.mean_squared_error(true, ours))
    error = metrics.mean_absolute_error(true, ours)
    assert result.metrics["mean absolute error"] == pytest.approx(error)
    share = metrics.r2_score(true, ours, multioutput="variance_weighted")
    assert result.metrics["R2"] == pytest.approx(share)
    assert math.isnan(result.accuracy)
    assert history.validation_accuracy == []
    assert history.validation_metrics["R2"][-1] == pytest.approx(share)
    assert repr(result) == (
        f"loss {result.loss:.4f}, mean absolute error {error:.4f}, R2 {share:.4f} "
        "(50 images)"
    ).replace(f"{error:.4f}", f"{error:.4f}".rstrip("0")).replace(
        f"{share:.4f}", f"{share:.4f}".rstrip("0")
    )
    assert "validation R2 " in repr(history)


@pytest.mark.parametrize(
    ("loss", "last"), [(nn.BCEWithLogitsLoss(), []), (nn.BCELoss(), [nn.Sigmoid()])]
)
def test_one_output_for_yes_or_no(loss, last):
    model = nn.Sequential(*dense(1), *last)
    history = learn(model, UP, loss)
    result = evaluate(model, IMAGES[HELD_OUT], UP[HELD_OUT], loss=loss)
    ours = (result.outputs >= (0.5 if last else 0)).int()
    right = metrics.accuracy_score(UP[HELD_OUT], ours)
    assert result.accuracy == pytest.approx(right)
    assert right > 0.9
    assert "all right" not in result.metrics
    assert history.validation_accuracy[-1] == pytest.approx(right)
    assert f"accuracy {100 * right:.2f} %" in repr(result)


def test_several_labels():
    model = dense(2)
    learn(model, SIDES, functional.binary_cross_entropy_with_logits)
    result = evaluate(
        model,
        IMAGES[HELD_OUT],
        SIDES[HELD_OUT].numpy().astype("int16"),
        loss=functional.binary_cross_entropy_with_logits,
    )
    ours = (result.outputs >= 0).int().numpy()
    true = SIDES[HELD_OUT].numpy().astype(int)
    assert result.metrics["all right"] == pytest.approx(
        metrics.accuracy_score(true, ours)
    )
    assert result.accuracy == pytest.approx((ours == true).mean())
    assert result.accuracy > 0.9
    assert result.metrics["all right"] <= result.accuracy


def test_segmentation():
    model = per_pixel(2)
    history = learn(model, MASKS, functional.cross_entropy)
    result = evaluate(model, IMAGES[HELD_OUT], MASKS[HELD_OUT])
    ours, true = result.outputs.argmax(1).flatten(), MASKS[HELD_OUT].flatten()
    assert result.accuracy == pytest.approx(metrics.accuracy_score(true, ours))
    share = metrics.jaccard_score(true, ours, average="macro")
    assert result.metrics["mean IoU"] == pytest.approx(share)
    assert share > 0.9
    assert history.validation_accuracy[-1] == pytest.approx(result.accuracy)
    assert f"mean IoU {100 * share:.2f} %" in repr(result)


def test_pixels_that_do_not_count_are_not_measured():
    masks = MASKS.clone()
    masks[:, :4] = 255
    loss = nn.CrossEntropyLoss(ignore_index=255)
    model = per_pixel(2)
    result = evaluate(model, IMAGES, masks, loss=loss)
    below = model(IMAGES).argmax(1)[:, 4:].flatten()
    share = metrics.jaccard_score(MASKS[:, 4:].flatten(), below, average="macro")
    assert result.metrics["mean IoU"] == pytest.approx(share)
    right = metrics.accuracy_score(MASKS[:, 4:].flatten(), below)
    assert result.accuracy == pytest.approx(right)


def test_masks_for_yes_or_no():
    model = per_pixel(1)
    masks = MASKS[:, None].float()
    learn(model, masks, nn.BCEWithLogitsLoss(), lr=0.03)
    result = evaluate(model, IMAGES, masks, loss=nn.BCEWithLogitsLoss())
    assert result.accuracy > 0.95


def test_an_autoencoder():
    model = nn.Sequential(dense(64), nn.Unflatten(1, (1, 8, 8)))
    history = learn(model, IMAGES, nn.MSELoss())
    assert history.validation_loss[-1] < history.validation_loss[0] / 1.5
    assert evaluate(model, IMAGES, IMAGES, loss=nn.MSELoss()).metrics["R2"] > 0.3


def test_a_loss_of_ones_own_and_a_metric_of_ones_own():
    def apart(outputs, labels):
        return (outputs - labels).abs().pow(1.5).mean()

    def largest(outputs, labels):
        return (outputs - labels).abs().max()

    model = dense(2)
    history = learn(model, PLACES, apart, metrics={"largest": largest})
    result = evaluate(model, IMAGES, PLACES, loss=apart, metrics={"largest": largest})
    assert result.loss == pytest.approx(apart(model(IMAGES), PLACES).item())
    assert result.metrics["largest"] == pytest.approx(
        largest(model(IMAGES), PLACES).item()
    )
    assert len(history.validation_metrics["largest"]) == 30
    assert history.validation_loss[-1] < history.validation_loss[0]


def test_a_metric_of_ones_own_for_classes():
    labels = UP[:, 0].long()
    model = dense(2)
    own = {"of the best": lambda scores, labels: scores.amax(1).mean()}
    result = evaluate(model, IMAGES, labels, metrics=own)
    assert isinstance(result, Evaluation)
    mean = model(IMAGES).amax(1).mean().item()
    assert result.metrics["of the best"] == pytest.approx(mean)
    assert f"of the best {mean:.4f}".rstrip("0") in repr(result)


def test_shares_of_classes_as_mixed_images_have_them():
    """Cross-entropy takes them; the loss is that of both classes by their shares."""
    first, second = UP[:, 0].long(), SIDES[:, 1].long()
    shares = 0.7 * functional.one_hot(first, 2) + 0.3 * functional.one_hot(second, 2)
    model = dense(2)
    history = learn(model, shares, nn.CrossEntropyLoss())
    result = evaluate(model, IMAGES, shares.numpy())
    with torch.no_grad():
        scores = model(IMAGES)
        parts = [functional.cross_entropy(scores, each) for each in (first, second)]
    assert result.loss == pytest.approx(float(0.7 * parts[0] + 0.3 * parts[1]))
    right = float((scores.argmax(1) == first).double().mean())
    assert result.accuracy == pytest.approx(right)
    assert history.validation_loss[-1] < history.validation_loss[0]


def test_of_other_losses_no_measure_is_made_up():
    result = evaluate(dense(2), IMAGES, 2 * SIDES - 1, loss=nn.SoftMarginLoss())
    assert result.metrics == {}
    assert repr(result) == f"loss {result.loss:.4f} (200 images)"


def test_numbers_are_brought_to_the_precision_of_the_model():
    places = PLACES.double().numpy()
    one, other = dense(2), dense(2)
    learn(one, places, nn.MSELoss(), epochs=2)
    learn(other, PLACES, nn.MSELoss(), epochs=2)
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert a.equal(b)
    whole = PLACES.round().long()
    assert evaluate(one, IMAGES, whole, loss=nn.MSELoss()).labels.dtype == torch.float32


def test_equal_targets_have_no_share_of_their_variance():
    result = evaluate(dense(2), IMAGES, torch.ones(200, 2), loss=nn.L1Loss())
    assert list(result.metrics) == ["mean absolute error"]


# -- classes of very different size ---------------------------------------------------


def test_the_rarest_class_is_told_where_accuracy_hides_it():
    labels = torch.zeros(200, dtype=torch.long)
    labels[:10] = 1
    model = dense(2)
    with torch.no_grad():
        model[-1].bias[0] = 100
    result = evaluate(model, IMAGES, labels)
    assert repr(result).startswith("95.00 % right")
    assert repr(result).endswith("; of the rarest class, 1, 0.00 % of 10")
    assert result.recall.tolist() == [1, 0]
    labels[:50] = 1
    assert "rarest" not in repr(evaluate(model, IMAGES, labels))
    recall = evaluate(dense(3), IMAGES, labels).recall
    assert math.isnan(recall[2])


# -- optimizer and schedule -----------------------------------------------------------


def test_an_optimizer_of_ones_own_makes_the_same_steps_as_a_loop_written_out():
    ours, theirs = dense(2), dense(2)
    optimizer = torch.optim.RMSprop(ours.parameters(), 0.003, momentum=0.5)
    learn(ours, PLACES, nn.MSELoss(), optimizer=optimizer, schedule="constant",
          epochs=2, batch_size=150)  # fmt: skip
    loop = torch.optim.RMSprop(theirs.parameters(), 0.003, momentum=0.5)
    order = torch.Generator().manual_seed(0)
    for _ in range(2):
        picked = torch.randperm(150, generator=order)
        loss = functional.mse_loss(theirs(IMAGES[picked]), PLACES[picked])
        loop.zero_grad()
        loss.backward()
        loop.step()
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)
    assert optimizer.param_groups[0]["lr"] == 0.003


def test_the_one_cycle_rate_of_an_optimizer_of_ones_own():
    """Its own rate is the highest, and it has it again afterwards."""
    model = dense(2)
    body = {"params": model[:2].parameters(), "lr": 0.001}
    head = {"params": model[2:].parameters(), "lr": 0.02}
    optimizer = torch.optim.SGD([body, head])
    first = learn(model, PLACES, nn.MSELoss(), optimizer=optimizer, epochs=4)
    again = learn(model, PLACES, nn.MSELoss(), optimizer=optimizer, epochs=4)
    assert first.learning_rate == again.learning_rate
    assert 0.0009 < max(first.learning_rate) <= 0.001
    assert [group["lr"] for group in optimizer.param_groups] == [0.001, 0.02]


def test_a_schedule_as_a_function():
    history = learn(
        dense(2),
        PLACES,
        nn.MSELoss(),
        epochs=2,
        lr=0.02,
        schedule=lambda step, steps: 1 - step / steps,
    )
    assert history.learning_rate == pytest.approx(
        [0.02 * (1 - step / 10) for step in range(10)]
    )


def test_schedules_of_pytorch_go_on_by_epochs_or_by_steps():
    def rates(make):
        model = dense(2)
        optimizer = torch.optim.SGD(model.parameters(), 0.01)
        return learn(
            model,
            PLACES,
            nn.MSELoss(),
            epochs=3,
            optimizer=optimizer,
            schedule=make(optimizer),
        ).learning_rate

    by_epochs = rates(lambda optimizer: ExponentialLR(optimizer, 0.1))
    assert by_epochs == pytest.approx([0.01] * 5 + [0.001] * 5 + [0.0001] * 5)
    by_steps = rates(lambda optimizer: OneCycleLR(optimizer, 0.05, 15))
    assert len(set(by_steps)) == 15
    stuck = rates(
        lambda optimizer: ReduceLROnPlateau(optimizer, patience=0, threshold=1e9)
    )
    assert stuck[0] > stuck[-1], "no epoch is better by that much"


# -- early stopping -------------------------------------------------------------------


class Scripted(nn.Module):
    """Takes 1 off its weight in each step; its validation loss is as told."""

    epoch: torch.Tensor

    def __init__(self, losses):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.losses = losses
        self.register_buffer("epoch", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        if self.training:
            self.epoch.add_(1)
            return self.weight.expand(len(x), 1)
        told = self.losses[min(int(self.epoch), len(self.losses)) - 1]
        return torch.full((len(x), 1), float(told)) + 0 * self.weight


def scripted(losses, **how):
    model: Any = Scripted(losses)
    images, labels = torch.rand(2, 3), torch.zeros(2, 1)
    history = fit(
        model,
        images,
        labels,
        epochs=len(losses),
        loss=lambda outputs, labels: (outputs - labels).mean(),
        validation=(images, labels),
        optimizer=torch.optim.SGD(model.parameters(), 1.0),
        schedule="constant",
        show=False,
        **how,
    )
    return model, history


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "kept"),
    [
        ([5, 4, 3, 4, 5, 6], 2, 5, 3),
        ([5, 4, 3, 3, 3, 1], 2, 5, 3),  # equal is not lower
        ([5, 4, 5, 3, 5, 5], 2, 6, 4),
        ([5, 6], 1, 2, 1),
        ([1, 2, 3], 5, 3, 1),
        ([3, float("nan"), 2, 4], 2, 4, 3),
    ],
)
def test_training_stops_when_the_loss_has_no_new_lowest(losses, patience, epochs, kept):
    model, history = scripted(losses, patience=patience)
    assert history.epochs == epochs
    assert history.kept_epoch == kept
    assert model.weight.item() == -kept, "each step takes 1 off"
    assert int(model.epoch) == kept, "buffers come back as well"
    assert history.stopped_early == (epochs < len(losses))
    assert f"the weights are those of epoch {kept}" in repr(history)
    assert ("stopped early" in repr(history)) == (epochs < len(losses))
    html = history._repr_mimebundle_()["text/html"]
    assert f"the model has the weights of epoch {kept}." in html.replace("The", "the")


def test_the_best_weights_without_stopping():
    model, history = scripted([5, 2, 4, 3], keep_best=True)
    assert history.epochs == 4
    assert (history.kept_epoch, model.weight.item()) == (2, -2)
    model, history = scripted([5, 2, 4, 3])
    assert (history.kept_epoch, model.weight.item()) == (None, -4)
    assert "epoch 4" not in repr(history)


# -- a DataLoader ---------------------------------------------------------------------


def test_a_loader_in_the_order_of_the_images_trains_as_a_loop_written_out():
    ours, theirs = dense(2), dense(2)
    loader = DataLoader(TensorDataset(IMAGES, PLACES), batch_size=64)
    history = fit(
        ours, loader, epochs=2, lr=0.05, optimizer="sgd", schedule="constant",
        loss=nn.MSELoss(), show=False,
    )  # fmt: skip
    loop = torch.optim.SGD(theirs.parameters(), 0.05, momentum=0.9)
    losses = []
    for _ in range(2):
        for images, labels in loader:
            loss = functional.mse_loss(theirs(images), labels)
            losses.append(loss.item())
            loop.zero_grad()
            loss.backward()
            loop.step()
    assert history.step_loss == pytest.approx(losses, rel=1e-4)
    mean = sum(a * b for a, b in zip(losses[4:], (64, 64, 64, 8), strict=True)) / 200
    assert history.train_loss[-1] == pytest.approx(mean, rel=1e-4)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("kind", ["classes", "numbers", "masks"])
def test_a_loader_is_measured_as_its_tensors_are(kind):
    model, labels, loss = {
        "classes": (dense(2), UP[:, 0].long(), functional.cross_entropy),
        "numbers": (dense(2), PLACES, nn.MSELoss()),
        "masks": (per_pixel(2), MASKS, nn.CrossEntropyLoss()),
    }[kind]
    loader = DataLoader(TensorDataset(IMAGES, labels), batch_size=33)
    a, b = (
        evaluate(model, *given, loss=loss) for given in ([loader], [IMAGES, labels])
    )
    assert a.loss == pytest.approx(b.loss, rel=1e-5)
    assert a.accuracy == pytest.approx(b.accuracy, nan_ok=True)
    assert a.labels.equal(b.labels)
    history = fit(
        model, loader, epochs=2, loss=loss, validation=loader, show=False, lr=0.0001
    )
    after = evaluate(model, loader, loss=loss)
    assert history.validation_loss[-1] == pytest.approx(after.loss, rel=1e-5)


def test_a_loader_that_shuffles_is_repeatable_and_draws_nothing_of_the_callers():
    loader = DataLoader(TensorDataset(IMAGES, PLACES), batch_size=50, shuffle=True)
    models = [dense(2) for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        before = torch.get_rng_state()
        fit(model, loader, epochs=2, loss=nn.MSELoss(), seed=seed, show=False)
        assert torch.get_rng_state().equal(before)
    one, two, other = (model[1].weight for model in models)
    assert one.equal(two)
    assert not one.equal(other)


def test_augmentation_works_with_a_loader():
    seen = []

    def look(batch):
        seen.append(len(batch))
        return batch.flip(3)

    loader = DataLoader(TensorDataset(IMAGES, MASKS), batch_size=80)
    plain, flipped = per_pixel(2), per_pixel(2)
    fit(plain, loader, epochs=1, show=False)
    fit(flipped, loader, epochs=1, augment=look, show=False)
    assert seen == [80, 80, 40]
    assert not plain[0].weight.equal(flipped[0].weight)


def test_the_model_is_as_before_when_something_is_refused():
    model = dense(2)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match="labels"):
        fit(model, IMAGES, PLACES[:, :1], epochs=1, loss=nn.MSELoss(), show=False)
    for name, value in model.state_dict().items():
        assert value.equal(before[name])
