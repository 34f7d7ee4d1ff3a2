"""watch_training: fit's own training, and a film whose numbers are the net's own."""

import base64

import numpy as np
import pytest
import torch
from torch import nn

from cnnlib import evaluate, fit, watch_training
from cnnlib.data import Digits
from cnnlib.visuals import WatchTraining
from cnnlib.visuals.film.film import saved


def digits(train=240, test=90):
    """Images whose class is the quarter in which they are bright."""
    torch.manual_seed(0)
    labels = torch.arange(train + test) % 4
    images = 0.3 * torch.rand(train + test, 1, 8, 8)
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 2)
        image[0, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 0.3
    parts = images[:train], labels[:train], images[train:], labels[train:]
    return Digits(*parts, "bundled", "made up", ("a", "b", "c", "d"))


def net():
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 5, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(5, 6, 3),
        nn.Flatten(),
        nn.Linear(24, 4),
    )


@pytest.fixture(scope="module")
def film():
    return watch_training(net(), digits(), epochs=3, lr=0.005, show=False)


def decoded(packed):
    kind = "<f4" if packed["exact"] else np.uint8
    data = np.frombuffer(base64.b64decode(packed["data"]), kind)
    return data.reshape(packed["size"])


def test_it_trains_as_fit_does_and_leaves_the_model_trained():
    made, other, data = net(), net(), digits()
    film = watch_training(made, data, epochs=2, lr=0.01, batch_size=32, show=False)
    test = data.test_images, data.test_labels
    history = fit(
        other,
        data.train_images,
        data.train_labels,
        epochs=2,
        lr=0.01,
        batch_size=32,
        validation=test,
        show=False,
    )
    assert film.history.step_loss == history.step_loss
    for mine, theirs in zip(made.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
        assert mine.requires_grad
    assert not made.training
    assert len(film.history.snapshots) == 3


def test_each_epoch_has_its_own_accuracy_confusion_kernels_and_scores(film):
    data, twin = digits(), net()
    assert isinstance(film, WatchTraining)
    assert film.epochs == [0, 1, 2, 3]
    for k, epoch in enumerate(film.epochs):
        twin.load_state_dict(film.history.snapshots[epoch])
        right = evaluate(twin, data.test_images, data.test_labels)
        assert film.accuracy[k] == pytest.approx(right.accuracy)
        assert torch.equal(film.confusion[k], right.confusion_matrix)
        assert film.data["confusion"][k] == right.confusion_matrix.tolist()
        kernels = decoded(film.data["kernels"][k])
        assert np.array_equal(kernels, twin[0].weight[:, 0].detach().numpy())
        with torch.no_grad():
            scores = twin(data.test_images[:1])[0]
            maps = twin[:4](data.test_images[:1])[0].numpy()
        np.testing.assert_allclose(film.data["scores"][k], scores, atol=1e-5)
        assert film.data["layers"] == ["0", "3"]
        np.testing.assert_allclose(decoded(film.data["maps"][k][1]), maps, atol=1e-5)
    assert film.accuracy[3] == film.history.validation_accuracy[2]
    assert film.accuracy[0] < film.accuracy[3]


def test_a_layer_has_one_scale_for_all_epochs(film):
    for place in (0, 1):
        packed = [epoch[place] for epoch in film.data["maps"]]
        assert len({one["top"] for one in packed}) == 1
        largest = max(np.abs(decoded(one)).max() for one in packed)
        assert packed[0]["top"] == pytest.approx(largest)


def test_the_images_of_a_cell_belong_to_it(film):
    data = digits()
    numbers, twin = film.data["numbers"], net()
    assert len(numbers) == len(set(numbers)) <= 160
    for k, cells in enumerate(film.data["cells"]):
        twin.load_state_dict(film.history.snapshots[film.epochs[k]])
        said = evaluate(twin, data.test_images, data.test_labels).predictions
        counts = film.confusion[k]
        assert {cell for cell, places in cells.items() if places} == {
            f"{r},{c}" for r, c in counts.nonzero().tolist()
        }
        for cell, places in cells.items():
            row, column = map(int, cell.split(","))
            assert len(places) == min(8, counts[row, column])
            assert len(places) == len(set(places))
            for place in places:
                assert data.test_labels[numbers[place]] == row
                assert said[numbers[place]] == column


def test_the_images_are_in_the_page_in_16_levels(film):
    packed = film.data["examples"]
    pairs = np.frombuffer(base64.b64decode(packed["data"]), np.uint8)
    levels = np.stack([pairs >> 4, pairs & 15], 1).ravel() / 15
    levels = levels.reshape(packed["size"])
    right = digits().test_images[film.data["numbers"], 0].numpy()
    assert levels.shape == right.shape
    assert np.abs(levels - right).max() <= 0.5 / 15 + 1e-6


def test_the_sentence_tells_the_course(film):
    first, last = (100 * film.accuracy[k] for k in (0, 3))
    assert f"right of 90 test images: {first:.0f} % before training" in repr(film)
    assert f"{last:.0f} % after epoch 3" in repr(film)


def test_of_many_epochs_the_film_shows_some_with_both_ends():
    assert saved(3, 11) == [0, 1, 2, 3]
    assert saved(10, 11) == list(range(11))
    assert saved(0, 11) == [0]
    for epochs in (11, 17, 60):
        chosen = saved(epochs, 11)
        assert chosen[0] == 0
        assert chosen[-1] == epochs
        assert len(chosen) == 11
        steps = np.diff(chosen)
        assert steps.max() - steps.min() <= 1


def test_a_run_stopped_by_hand_shows_what_was_finished(monkeypatch):
    calls = []
    forward = nn.Linear.forward

    def stop_later(self, x):
        if self.training and len(calls) == 3:
            raise KeyboardInterrupt
        calls.extend([1] * self.training)
        return forward(self, x)

    monkeypatch.setattr(nn.Linear, "forward", stop_later)
    film = watch_training(net(), digits(), epochs=5, show=False, batch_size=120)
    assert film.history.interrupted
    assert film.epochs == [0, 1]
    assert film.data["last"] == 1


def test_the_same_run_gives_the_same_page(film):
    again = watch_training(net(), digits(), epochs=3, lr=0.005, show=False)
    assert again._repr_html_() == film._repr_html_()
    assert len(film._repr_html_()) < 400_000


@pytest.mark.parametrize(
    ("model", "data", "options", "kind", "words"),
    [
        (net(), torch.zeros(3, 1, 8, 8), {}, TypeError, "Tensor has no train_images"),
        ("net", digits(), {}, TypeError, "torch.nn.Module.*got str"),
        (
            nn.Sequential(nn.Flatten(), nn.Linear(64, 4)),
            digits(),
            {},
            ValueError,
            "Sequential has no nn.Conv2d",
        ),
        (net(), digits(), {"snapshots": False}, TypeError, "itself gives snapshots"),
        (net(), digits(), {"epochs": 0}, ValueError, "epochs should be 1 or more"),
        (nn.Conv2d(3, 4, 8), digits(), {}, ValueError, "cannot take images"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(model, data, options, kind, words):
    with pytest.raises(kind, match=words):
        watch_training(model, data, **{"show": False, **options})


def test_fit_keeps_predictions_with_snapshots_only():
    data = digits()
    test = data.test_images, data.test_labels
    for snapshots in (False, True):
        model = net()
        history = fit(
            model,
            data.train_images,
            data.train_labels,
            epochs=2,
            validation=test,
            snapshots=snapshots,
            show=False,
        )
        kept = history.validation_predictions
        assert len(kept) == (2 if snapshots else 0)
    assert torch.equal(kept[-1], evaluate(model, *test).predictions)
