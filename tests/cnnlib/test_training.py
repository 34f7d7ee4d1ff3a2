"""Training, measured against loops written out by hand and against scikit-learn."""

# ruff: noqa: NPY002 - the global generator of NumPy is what is looked at

import copy
import random

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import nn
from torch.nn import functional

from cnnlib.data import load_mnist
from cnnlib.models import mnist_cnn, strong_mnist_cnn
from cnnlib.training import best_device, evaluate, fit, predict, seed_everything


def made_up(count=70, classes=3, size=(2, 6, 5), seed=0):
    """Images in which one row is bright, and which row that is."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (count,), generator=draw)
    images = torch.rand(count, *size, generator=draw)
    images[torch.arange(count), :, labels] += 1
    return images, labels


def full_net(seed=0):
    """A net with everything that behaves differently in training."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Flatten(),
        nn.Linear(120, 3),
    )


def plain_net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(48, 3))


class Viewing(nn.Module):
    """Flattens with view, which refuses batches that lie channels last in memory."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3)
        self.fc = nn.Linear(48, 3)

    def forward(self, x):
        x = self.conv(x).relu()
        return self.fc(x.view(x.size(0), -1))


def quiet(model, images, labels, **options):
    return fit(model, images, labels, **({"epochs": 2, "show": False} | options))


def weights(model):
    return [value.detach().clone() for value in model.state_dict().values()]


def same(ones, others):
    return all(torch.equal(a, b) for a, b in zip(ones, others, strict=True))


def close(ones, others):
    return all(
        torch.allclose(a, b, atol=1e-5) for a, b in zip(ones, others, strict=True)
    )


# --- learning --------------------------------------------------------------------


def test_a_net_learns_what_its_images_show():
    held = made_up(200, seed=1)
    model = full_net()
    history = quiet(model, *made_up(300), epochs=8, batch_size=32, validation=held)
    assert history.train_loss[-1] < 0.3 * history.train_loss[0]
    last = evaluate(model, *held)
    assert last.accuracy > 0.95
    assert history.validation_accuracy[-1] == last.accuracy
    assert history.validation_loss[-1] == pytest.approx(last.loss, rel=1e-5)
    assert len(history.train_loss) == len(history.validation_loss) == 8
    assert history.epochs == 8
    assert history.seconds > 0
    assert not history.interrupted


@pytest.mark.slow
def test_the_net_of_lesson_05_learns_the_bundled_digits(monkeypatch):
    monkeypatch.setenv("CNNLIB_DATA", "bundled")
    digits = load_mnist(verbose=False)
    seed_everything(0)
    model = mnist_cnn()
    quiet(model, digits.train_images, digits.train_labels, epochs=10, batch_size=32)
    assert evaluate(model, digits.test_images, digits.test_labels).accuracy >= 0.95


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_weights_are_those_of_a_loop_written_out(optimizer):
    images, labels = made_up()
    model, by_hand = plain_net(), plain_net()
    model(images).sum().backward()  # gradients that somebody left behind
    options = {"lr": 0.02, "weight_decay": 0.1}
    history = quiet(
        model,
        images,
        labels,
        epochs=5,
        batch_size=len(images),
        optimizer=optimizer,
        schedule="constant",
        **options,
    )
    if optimizer == "adam":
        stepper: torch.optim.Optimizer = torch.optim.AdamW(
            by_hand.parameters(), betas=(0.9, 0.99), **options
        )
    else:
        stepper = torch.optim.SGD(by_hand.parameters(), momentum=0.9, **options)
    losses = []
    for _ in range(5):
        loss = functional.cross_entropy(by_hand(images), labels)
        stepper.zero_grad()
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    assert close(weights(model), weights(by_hand))
    assert history.train_loss == pytest.approx(losses, rel=1e-4)


def test_the_loss_of_an_epoch_is_the_mean_over_images_not_over_batches():
    images, labels = made_up(10)
    images[3:] *= 20  # so that batches differ
    model = plain_net()
    with torch.no_grad():
        expected = functional.cross_entropy(model(images), labels).item()
    for size in (4, 9, 10, 99):
        history = quiet(copy.deepcopy(model), images, labels, batch_size=size, lr=1e-20)
        assert history.train_loss == pytest.approx([expected] * 2, rel=1e-5), size


def test_every_image_is_seen_once_per_epoch_in_a_new_order():
    images, labels = made_up(11)
    seen = []

    def look(batch):
        seen.append(batch[:, 0, 0, 0].clone())
        return batch

    quiet(plain_net(), images, labels, batch_size=4, augment=look)
    first, second = torch.cat(seen[:3]), torch.cat(seen[3:])
    assert [len(batch) for batch in seen] == [4, 4, 3] * 2
    assert first.sort().values.equal(images[:, 0, 0, 0].sort().values)
    assert second.sort().values.equal(first.sort().values)
    assert not second.equal(first)
    assert not first.equal(images[:, 0, 0, 0])


def test_images_keep_their_labels_when_shuffled():
    images = torch.rand(60, 1, 4, 4)
    labels = torch.arange(60) % 3
    images[:, 0, 0, 0] = labels.float()
    met = []

    def note(scores, wanted):
        met.append(wanted)
        return functional.cross_entropy(scores, wanted)

    def look(batch):
        first_pixels.append(batch[:, 0, 0, 0])
        return batch

    first_pixels = []
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    quiet(
        model,
        images,
        labels,
        batch_size=7,
        loss=note,
        augment=look,
    )
    assert torch.cat(met).equal(torch.cat(first_pixels).long())


def test_the_one_cycle_rate_rises_to_lr_and_falls_to_almost_nothing():
    rates = quiet(plain_net(), *made_up(), epochs=5, batch_size=8, lr=0.03)
    rates = rates.learning_rate
    top = rates.index(max(rates))
    assert len(rates) == 5 * 9
    assert max(rates) == pytest.approx(0.03, rel=0.05)
    assert rates[0] < 0.2 * max(rates)
    assert rates[-1] < 0.05 * max(rates)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


def test_a_single_step_trains():
    before = weights(plain_net())
    model = plain_net()
    history = quiet(model, *made_up(5), epochs=1)
    assert not same(before, weights(model))
    assert len(history.learning_rate) == len(history.step_loss) == 1


def test_step_losses_and_rates_are_of_each_step():
    model = plain_net()
    history = quiet(model, *made_up(10), batch_size=4, lr=0.5, schedule="constant")
    assert history.learning_rate == [0.5] * 6
    means = [
        (4 * a + 4 * b + 2 * c) / 10
        for a, b, c in (history.step_loss[:3], history.step_loss[3:])
    ]
    assert history.train_loss == pytest.approx(means)


def test_another_loss_is_the_one_that_is_lowered_and_reported():
    images, labels = made_up()
    held = images, labels
    smooth = nn.CrossEntropyLoss(label_smoothing=0.5)
    model = plain_net()
    history = quiet(model, images, labels, epochs=60, loss=smooth, validation=held)
    with torch.no_grad():
        expected = smooth(model(images), labels).item()
    assert history.validation_loss[-1] == pytest.approx(expected, rel=1e-5)
    assert evaluate(model, images, labels, loss=smooth).loss == pytest.approx(expected)
    # Smoothed by 0.5 over 3 classes, the best net is sure by 2/3 only.
    assert predict(model, images).amax(1).mean() < 0.75


# --- repeatability and what is left behind ------------------------------------------


def test_the_same_seed_gives_the_same_weights_and_another_does_not():
    images, labels = made_up()
    runs = []
    for seed in (3, 3, 4):
        torch.rand(seed)  # wherever the caller's generator stands
        model = full_net()
        history = quiet(model, images, labels, seed=seed, batch_size=16)
        runs.append((weights(model), history.train_loss))
    assert same(runs[0][0], runs[1][0])
    assert runs[0][1] == runs[1][1]
    assert not same(runs[0][0], runs[2][0])


def test_dropout_and_augmentation_are_drawn_from_the_seed():
    def noisy(batch):
        return batch + torch.rand_like(batch)

    results = []
    for run, seed in enumerate((0, 0, 1)):
        model = full_net()
        torch.manual_seed(run)  # the caller's generator stands elsewhere each time
        quiet(model, *made_up(16), augment=noisy, seed=seed, batch_size=16)
        results.append(weights(model))
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


def test_the_callers_random_numbers_are_not_touched():
    model = full_net()
    states = torch.get_rng_state(), np.random.get_state()[1], random.getstate()
    quiet(model, *made_up(), validation=made_up(9))
    evaluate(model, *made_up())
    predict(model, made_up()[0])
    assert torch.get_rng_state().equal(states[0])
    assert (np.random.get_state()[1] == states[1]).all()
    assert random.getstate() == states[2]


def test_the_callers_random_numbers_are_not_touched_when_training_fails():
    model = plain_net()
    state = torch.get_rng_state()

    def broken(batch):
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        quiet(model, *made_up(), augment=broken)
    assert torch.get_rng_state().equal(state)


def test_seed_everything_seeds_python_numpy_and_torch():
    drawn = []
    for _ in range(2):
        seed_everything(5)
        drawn.append((random.random(), np.random.rand(), torch.rand(1).item()))
    assert drawn[0] == drawn[1]


def test_a_trained_net_is_ready_to_be_used():
    images, labels = made_up()
    model = full_net()
    model(images).sum().backward()
    model[0].weight.requires_grad_(False)
    parameters = list(model.parameters())
    quiet(model, images, labels)
    assert not any(module.training for module in model.modules())
    assert all(weight.grad is None for weight in model.parameters())
    assert all(a is b for a, b in zip(parameters, model.parameters(), strict=True))
    assert all(weight.is_contiguous() for weight in model.parameters())
    model[0].weight.view(4, -1)


@pytest.mark.parametrize("channels", [1, 2])
def test_images_and_labels_are_not_changed(channels):
    images, labels = made_up()
    images = images[:, :channels] - 0.5
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.LazyLinear(3))
    before = images.clone(), labels.clone()
    quiet(model, images, labels, batch_size=len(images))
    evaluate(model, images, labels)
    assert images.equal(before[0])
    assert labels.equal(before[1])


def test_frozen_layers_stay_as_they_are_batch_statistics_included():
    model = full_net()
    for layer in model[:2]:
        layer.requires_grad_(False)
    before, free = weights(model[:2]), weights(model[2:])
    quiet(model, *made_up())
    assert same(before, weights(model[:2]))
    assert not same(free, weights(model[2:]))


def test_batch_statistics_of_layers_that_learn_do_move():
    model = full_net()
    before = model[1].running_mean.clone()
    quiet(model, *made_up(), validation=made_up(20))
    assert not model[1].running_mean.equal(before)


def test_dropout_acts_while_training_also_after_a_validation():
    model = nn.Sequential(nn.Dropout(0.5), plain_net()).eval()
    zeros = []
    model[1].register_forward_pre_hook(
        lambda layer, args: zeros.append((model.training, (args[0] == 0).any().item()))
    )
    quiet(model, *made_up(), batch_size=70, validation=made_up(5))
    training = [dropped for mode, dropped in zeros if mode]
    assert training == [True, True]
    assert not any(dropped for mode, dropped in zeros if not mode)


def test_snapshots_are_copies_from_before_training_and_after_each_epoch():
    model = full_net()
    before = weights(model)
    history = quiet(model, *made_up(), epochs=3, snapshots=True)
    assert len(history.snapshots) == 4
    assert same(history.snapshots[0].values(), before)
    assert same(history.snapshots[-1].values(), weights(model))
    assert not same(history.snapshots[1].values(), history.snapshots[2].values())
    kept = [value.clone() for value in history.snapshots[-1].values()]
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    assert same(history.snapshots[-1].values(), kept)
    again = full_net()
    again.load_state_dict(history.snapshots[0])
    assert same(weights(again), before)
    assert quiet(model, *made_up()).snapshots == []


def test_stopping_by_hand_keeps_the_finished_epochs_and_a_usable_net():
    calls = []

    def stop_in_third_epoch(batch):
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return batch

    model = full_net()
    before = weights(model)
    images, labels = made_up(30)
    history = quiet(
        model,
        images,
        labels,
        epochs=9,
        batch_size=10,
        validation=(images, labels),
        snapshots=True,
        augment=stop_in_third_epoch,
    )
    assert history.interrupted
    assert history.epochs == len(history.validation_accuracy) == 2
    assert len(history.step_loss) == len(history.learning_rate) == 6
    assert len(history.snapshots) == 3
    assert not model.training
    assert not same(before, weights(model))
    assert not same(history.snapshots[-1].values(), weights(model))
    assert "2 epochs (stopped by hand)" in repr(history)


def test_a_net_that_flattens_with_view_trains_too():
    images, labels = made_up(300)
    torch.manual_seed(0)
    model = Viewing()
    quiet(model, images, labels, epochs=8, batch_size=32)
    assert evaluate(model, images, labels).accuracy > 0.9


@pytest.mark.parametrize("size", [(7,), (2, 9), (2, 5, 6), (1, 4, 5, 3)])
def test_images_may_have_any_number_of_axes(size):
    torch.manual_seed(0)
    images, labels = torch.rand(12, *size), torch.arange(12) % 3
    numbers = images[0].numel()
    model = nn.Sequential(nn.Flatten(), nn.Linear(numbers, 3))
    quiet(model, images, labels)
    assert predict(model, images).shape == (12, 3)


def test_numpy_arrays_and_other_dtypes_train_the_same_net():
    images, labels = made_up()
    results = []
    for pixels, names in (
        (images, labels),
        (images.numpy().astype(np.float64), labels.numpy().astype(np.uint8)),
        (images.requires_grad_(), labels.int()),
    ):
        model = plain_net()
        quiet(model, pixels, names, validation=(pixels, names))
        results.append(weights(model))
        assert evaluate(model, pixels, names).labels.dtype == torch.int64
    assert same(results[0], results[1])
    assert same(results[0], results[2])


def test_a_double_net_is_trained_in_double():
    model = plain_net().double()
    quiet(model, *made_up())
    assert predict(model, made_up()[0]).dtype == torch.float64


def test_the_device_can_be_named():
    for device in (None, "cpu", torch.device("cpu"), best_device()):
        model = plain_net()
        quiet(model, *made_up(), device=device)
        assert {weight.device.type for weight in model.parameters()} == {"cpu"}
    assert best_device().type in ("cpu", "cuda", "mps")


# --- evaluate and predict -----------------------------------------------------------


def test_evaluate_agrees_with_counting_and_with_scikit_learn():
    images, labels = made_up(101, classes=5)
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(60, 6))
    found = evaluate(model, images, labels, batch_size=17)
    with torch.no_grad():
        scores = model(images)
    right = sum(int(s.argmax()) == int(t) for s, t in zip(scores, labels, strict=True))
    assert found.accuracy == right / 101
    assert found.predictions.equal(scores.argmax(1))
    assert found.labels.equal(labels)
    surprise = -found.probabilities[range(101), labels].log().mean()
    assert found.loss == pytest.approx(surprise.item(), rel=1e-5)
    matrix = metrics.confusion_matrix(labels, found.predictions, labels=range(6))
    assert (found.confusion_matrix.numpy() == matrix).all()
    assert (matrix != matrix.T).any()
    assert found.confusion_matrix.dtype == torch.int64


def test_the_result_does_not_depend_on_the_batches():
    images, labels = made_up(50)
    model = full_net()
    ones = evaluate(model, images, labels, batch_size=1)
    whole = evaluate(model, images, labels, batch_size=500)
    assert ones.loss == pytest.approx(whole.loss, rel=1e-5)
    assert torch.allclose(ones.probabilities, whole.probabilities, atol=1e-6)


def test_mistakes_come_most_confident_first():
    labels = torch.tensor([0, 1, 1, 0])
    images = torch.tensor([[3.0, 0], [9, 0], [4, 0], [0, 5]])
    found = evaluate(nn.Identity(), images, labels)
    assert found.mistakes.tolist() == [1, 3, 2]
    assert repr(found) == f"25.00 % right (1 of 4 images), loss {found.loss:.4f}"


def test_predict_gives_probabilities_of_the_net_in_evaluation_mode():
    images, _ = made_up(23)
    model = full_net().train()
    before = weights(model)
    probabilities = predict(model, images, batch_size=10)
    model.eval()
    with torch.no_grad():
        assert torch.allclose(probabilities, model(images).softmax(1), atol=1e-6)
    assert torch.allclose(probabilities.sum(1), torch.ones(23))
    assert not probabilities.requires_grad
    assert same(before, weights(model))


def test_evaluate_and_predict_leave_the_mode_of_every_part():
    model = full_net().train()
    model[1].eval()
    modes = [module.training for module in model.modules()]
    evaluate(model, *made_up())
    predict(model, made_up()[0])
    with pytest.raises(ValueError, match="labels run"):
        evaluate(model, made_up()[0], made_up()[1] + 7)
    assert [module.training for module in model.modules()] == modes


def test_a_history_says_what_happened_without_times():
    history = quiet(plain_net(), *made_up(), validation=made_up(9))
    a, b = history.train_loss
    assert repr(history).startswith(f"2 epochs: training loss {a:.4f}, {b:.4f}; ")
    assert f"{100 * history.validation_accuracy[1]:.2f} %" in repr(history)
    assert "second" not in repr(history)
    faces = history._repr_mimebundle_()
    assert faces["text/plain"] == history.picture().sentence
    assert "<img" in faces["text/html"]


def test_the_strong_net_has_the_layers_its_table_states():
    with torch.device("meta"):
        model = strong_mnist_cnn()
        x = torch.rand(2, 1, 28, 28)
    shapes, counts = {}, {}
    for name, layer in model.named_children():
        x = layer(x)
        shapes[name] = tuple(x.shape[1:])
        block = "conv" + name[-1] if name.startswith("norm") else name
        count = sum(weight.numel() for weight in layer.parameters())
        counts[block] = counts.get(block, 0) + count
    table = {
        "conv1": ((16, 28, 28), 432),
        "pool1": ((16, 14, 14), 0),
        "conv2": ((32, 14, 14), 4672),
        "conv3": ((32, 14, 14), 9280),
        "pool2": ((32, 7, 7), 0),
        "conv4": ((64, 5, 5), 18560),
        "conv5": ((64, 3, 3), 36992),
        "flatten": ((576,), 0),
        "fc": ((10,), 5770),
    }
    assert {name: (shapes[name], counts[name]) for name in table} == table
    assert sum(counts.values()) == 75706 < 100_000
    for number in "12345":
        kinds = [model.get_submodule(part + number) for part in ("norm", "relu")]
        assert [type(kind) for kind in kinds] == [nn.BatchNorm2d, nn.ReLU]


def test_the_order_of_the_images_depends_on_the_seed_alone():
    images, labels = made_up(20)
    orders = []

    def look(batch):
        orders[-1].append(batch[:, 0, 0, 0].clone())
        return batch

    def look_and_draw(batch):
        torch.rand(3)
        return look(batch)

    for model, augment, seed in (
        (plain_net(), look, 0),
        (full_net(), look_and_draw, 0),
        (plain_net(), look, 1),
    ):
        orders.append([])
        quiet(model, images, labels, augment=augment, seed=seed, batch_size=5)
    one, other, third = (torch.cat(order) for order in orders)
    assert one.equal(other)
    assert not one.equal(third)
