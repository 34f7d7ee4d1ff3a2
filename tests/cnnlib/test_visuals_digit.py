"""draw_digit in Python: centring, nets that go into the page, nets left as they are."""

import base64
import copy
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnlib import draw_digit, models
from cnnlib.visuals import centre_digit
from cnnlib.visuals.digit import net_export as exporting
from cnnlib.visuals.digit.models import example_digits, trials
from cnnlib.visuals.digit.net_export import MOST_CHARACTERS, export
from cnnlib.visuals.digit.net_record import NotExportableError, record
from cnnlib.visuals.digit.net_run import run

from .digit_nets import NETS, build


def softmax(scores):
    return scores.softmax(1)


def bar(height, width, top, left, side=28):
    image = torch.zeros(side, side)
    image[top : top + height, left : left + width] = 1
    return image


def mass(image):
    """The centre of mass (row, column) of an image (1, H, W), in pixels from 0."""
    at = torch.arange(image.shape[-1], dtype=torch.float64)
    image = image[0].double()
    return (
        float((image.sum(1) @ at) / image.sum()),
        float((image.sum(0) @ at) / image.sum()),
    )


# -- centring ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("height", "width"), [(20, 4), (10, 2), (5, 20), (8, 8), (28, 7), (3, 1)]
)
def test_a_bar_fills_twenty_pixels_keeps_its_aspect_and_lies_in_the_middle(
    height, width
):
    image = centre_digit(bar(height, width, 0, 28 - width))
    assert image.shape == (1, 28, 28)
    assert image.dtype == torch.float32
    scale = 20 / max(height, width)
    # so much ink as the scaled bar has area, as high and as wide as it
    assert float(image.sum()) == pytest.approx(
        scale**2 * height * width, rel=0.01, abs=0.5
    )
    extent = [float(image[0].amax(dim=axis).sum()) for axis in (1, 0)]
    assert extent == pytest.approx([scale * height, scale * width], abs=0.05)
    assert mass(image) == pytest.approx((14, 14), abs=0.02)


def test_where_a_digit_was_drawn_does_not_matter():
    torch.manual_seed(0)
    blot = torch.rand(9, 6)
    found = []
    for top, left in ((0, 0), (19, 22), (7, 3)):
        image = torch.zeros(28, 28)
        image[top : top + 9, left : left + 6] = blot
        found.append(centre_digit(image))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_a_larger_drawing_gives_the_same_pixels():
    torch.manual_seed(0)
    image = torch.zeros(40, 40, dtype=torch.float64)
    image[3:22, 10:20] = torch.rand(19, 10, dtype=torch.float64).clamp(0.2)
    large = image.repeat_interleave(4, 0).repeat_interleave(4, 1)
    assert torch.equal(centre_digit(image), centre_digit(large))


def test_an_uneven_digit_stays_whole():
    """A heavy foot would push a thin neck out of the image."""
    image = torch.zeros(28, 28)
    image[0:20, 13] = 0.5
    image[16:20, 5:20] = 1
    centred = centre_digit(image)[0]
    assert float(centred.sum()) == pytest.approx(float(image.sum()), rel=0.01)
    assert centred[:2].sum() > 0


def test_faint_smudges_do_not_count_as_the_digit():
    image = bar(10, 4, 9, 12)
    image[0, 0] = 0.09
    clean = centre_digit(bar(10, 4, 9, 12))
    assert (centre_digit(image) - clean).abs().max() < 0.2


def test_mnist_like_digits_hardly_change():
    for digit in example_digits():
        centred = centre_digit(digit)
        assert F.cosine_similarity(centred.flatten(), digit.flatten(), dim=0) > 0.8
        levels = centred * 255
        assert torch.allclose(levels, levels.round(), atol=1e-4)


def test_an_empty_image_stays_empty():
    assert centre_digit(torch.zeros(28, 28)).sum() == 0


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (torch.zeros(3, 28, 28), "one grey image .* has 3 channels"),
        (torch.full((28, 28), 255.0), "from 0 \\(paper\\) to 1 \\(ink\\)"),
        (torch.zeros(2, 1, 28, 28), "one picture"),
        (-torch.ones(28, 28), "from -1 to -1"),
    ],
)
def test_what_is_no_digit_is_refused_in_a_sentence(image, words):
    with pytest.raises(ValueError, match=words):
        centre_digit(image)


# -- nets as steps ----------------------------------------------------------------


@pytest.mark.parametrize("name", NETS)
def test_the_steps_of_a_net_give_its_scores(name):
    net = build(name)
    torch.manual_seed(1)
    images = torch.rand(5, 1, 28, 28)
    with torch.no_grad():
        right = net(images)
    steps = record(net, torch.rand(2, 1, 28, 28))
    torch.testing.assert_close(run(steps, images), right, rtol=1e-4, atol=1e-5)


def unpacked(net):
    """The weights of an export, read back bit by bit."""
    data = base64.b64decode(net["weights"])
    text = "".join(f"{byte:08b}" for byte in data)
    bits, half = net["bits"], 2 ** (net["bits"] - 1)
    whole = [
        int(text[at : at + bits], 2) - half
        for at in range(0, len(text) - bits + 1, bits)
    ]
    return np.array(whole, dtype=float)


def test_the_text_holds_every_weight_to_the_last_step():
    net = build("lesson")
    images = trials(example_digits())
    page = export(net, images, softmax)
    floats = np.frombuffer(base64.b64decode(page["floats"]), "<f4")
    whole = unpacked(page)
    at = taken = 0
    for step in page["steps"]:
        if "rows" not in step:
            continue
        rows, columns = step["rows"], step["columns"]
        worth = floats[taken : taken + rows]
        count = rows * columns
        weight = whole[at : at + count].reshape(rows, columns) * worth[:, None]
        layer = [net.conv1, net.conv2, net.fc][at > 0 and 1 + (rows == 10)]
        right = layer.weight.detach().flatten(1).numpy()
        assert np.abs(weight - right).max() <= worth.max() / 2 + 1e-7
        bias = floats[taken + rows : taken + 2 * rows]
        np.testing.assert_array_equal(bias, layer.bias.detach().numpy())
        at, taken = at + count, taken + 2 * rows
    assert taken == len(floats)
    assert 0 <= len(whole) - at < 2  # at most the padding of the last byte


def test_every_bit_width_is_close_and_the_narrowest_of_these_is_taken(monkeypatch):
    net, images = build("lesson"), trials(example_digits())
    with torch.no_grad():
        right = softmax(net(images))
    taken = export(net, images, softmax)["bits"]
    off = {}
    for bits in exporting.WEIGHT_BITS:
        ops = [exporting._floats(op) for op in record(net, images[:2].clone())]
        rounded = [exporting._rounded(op, bits) for op in ops]
        off[bits] = float((softmax(run(rounded, images)) - right).abs().max())
    close = [bits for bits, miss in off.items() if miss <= exporting.LARGEST_MISS]
    assert taken == min(close)
    assert off[16] < 1e-4 < off[8]


def test_the_strong_net_fits_into_its_room():
    net = build("strong")
    page = export(net, trials(example_digits()), softmax)
    assert len(page["weights"]) + len(page["floats"]) <= MOST_CHARACTERS


def test_a_large_net_is_refused_before_it_is_run():
    class Large(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(200, 1000))

        def forward(self, x):
            raise AssertionError("it was run")

    with pytest.raises(NotExportableError, match=r"200,000 parameters.*at most 200 kB"):
        export(Large(), torch.zeros(1, 1, 28, 28), softmax)


class Gelu(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(784, 10), nn.GELU())


class Fickle(nn.Module):
    """Takes another course for images with much ink."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, x):
        scores = self.fc(x.flatten(1))
        return scores if x.mean() < 0.19 else -scores


class Noisy(nn.Module):
    """Multiplies its scores by chance."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc(x.flatten(1)) * torch.rand(1)


class Mixing(nn.Module):
    """Subtracts the mean image of the batch."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc((x - x.mean(0, keepdim=True)).flatten(1))


REFUSED = [
    (Gelu, "not the operation gelu"),
    (Fickle, "a mean that is not over H and W"),
    (Noisy, "by the same steps"),
    (Mixing, "a mean that is not over H and W"),
    (
        lambda: nn.Sequential(
            nn.BatchNorm2d(1, track_running_stats=False),
            nn.Flatten(),
            nn.Linear(784, 10),
        ),
        "batch norm without running statistics",
    ),
    (
        lambda: nn.Sequential(
            nn.MaxPool2d(3, ceil_mode=True), nn.Flatten(), nn.Linear(100, 10)
        ),
        "pooling with ceil_mode=True",
    ),
]


@pytest.mark.parametrize(("make", "words"), REFUSED)
def test_what_the_page_cannot_compute_is_said_and_needs_python(make, words):
    torch.manual_seed(0)
    pad = draw_digit(make())
    (net,) = pad.data["nets"]
    assert net["net"] is None
    assert words in net["why"]
    assert net["why"].endswith(".")
    row = torch.tensor(pad._hear({"image": pad.data["examples"][3]})["answers"])
    assert row.sum() == pytest.approx(1)


# -- asking the model -------------------------------------------------------------


class Watched(nn.Module):
    """A net that uses random numbers and keeps a buffer, with parts in two modes."""

    calls: torch.Tensor

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4 * 26 * 26, 10)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        noise = torch.rand(1) + random.random() + np.random.rand()  # noqa: NPY002
        return self.fc(self.drop(self.conv(x).relu()).flatten(1)) + 0 * noise.item()


def test_the_model_stays_as_it_is():
    torch.manual_seed(0)
    net = Watched()
    net.train()
    net.drop.eval()
    net.fc(torch.rand(1, 4 * 26 * 26)).sum().backward()
    hooks = net.conv.register_forward_hook(lambda *_: None)
    before = copy.deepcopy(net.state_dict())
    grads = [None if p.grad is None else p.grad.clone() for p in net.parameters()]
    states = torch.get_rng_state(), random.getstate()
    numbers = np.random.get_state()[1].copy()  # noqa: NPY002
    pad = draw_digit(net)
    pad._hear({"image": pad.data["examples"][1]})
    _ = pad.probabilities
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    for old, p in zip(grads, net.parameters(), strict=True):
        assert (old is None and p.grad is None) or torch.equal(old, p.grad)
        assert p.requires_grad
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1] == random.getstate()
    assert (numbers == np.random.get_state()[1]).all()  # noqa: NPY002
    assert [net.training, net.drop.training, net.fc.training] == [True, False, True]
    assert list(net.conv._forward_hooks) == [hooks.id]
    assert not net.fc._forward_hooks


def test_a_net_in_training_is_asked_as_it_will_be_used():
    """Without dropout, and with the running statistics of its batch norms."""
    net = build("layers")
    with torch.no_grad():
        right = net(example_digits()[6][None])
    net.train()
    pad = draw_digit(net)
    found = pad._hear({"image": pad.data["examples"][6]})["answers"]
    torch.testing.assert_close(torch.tensor(found), right)
    assert pad.data["nets"][0]["net"]


def test_python_answers_with_the_net_as_it_is_now():
    net = build("lesson")
    pad = draw_digit(net)
    image = example_digits()[4]
    first = pad._hear({"image": pad.data["examples"][4]})["answers"]
    with torch.no_grad():
        right = net(image[None]).softmax(1)
        torch.testing.assert_close(torch.tensor(first), right)
        torch.testing.assert_close(pad.image, image)
        torch.testing.assert_close(pad.probabilities, right[0])
        net.fc.bias.add_(5 * torch.arange(10.0))
        later = pad._hear({"image": pad.data["examples"][4]})["answers"]
        torch.testing.assert_close(torch.tensor(later), net(image[None]).softmax(1))
    assert torch.tensor(later).argmax() != torch.tensor(first).argmax()


@pytest.mark.parametrize("image", [None, 3, "", "no base64!", "AAAA", [1]])
def test_what_is_no_image_is_answered_by_a_sentence(image):
    pad = draw_digit(build("lesson"))
    assert pad._hear({"image": image})["error"].endswith(".")
    assert pad.image.sum() == 0


def test_a_net_that_breaks_later_is_no_traceback():
    net = build("lesson")
    pad = draw_digit(net)
    net.fc = nn.Linear(3, 10)
    said = pad._hear({"image": pad.data["examples"][0]})
    assert said["error"].startswith("The model cannot read it any more: ")
    net.fc = nn.Linear(784, 10)
    net.fc.bias.data[0] = torch.nan
    said = pad._hear({"image": pad.data["examples"][0]})
    assert said["error"] == "The model gives numbers that are not finite."


def test_double_precision_is_asked_in_double_and_exported():
    net = build("lesson").double()
    pad = draw_digit(net)
    assert pad.data["nets"][0]["net"]
    with torch.no_grad():
        right = net(pad.image.double()[None]).softmax(1)[0].float()
    torch.testing.assert_close(pad.probabilities, right)
    assert net.fc.weight.dtype == torch.float64


@pytest.mark.parametrize("ending", [nn.Softmax(1), nn.LogSoftmax(1)])
def test_probabilities_are_not_put_through_a_softmax_again(ending):
    plain = build("lesson")
    ended = nn.Sequential(plain, ending)
    one, other = draw_digit(plain), draw_digit(ended)
    gives = {nn.Softmax: "probabilities", nn.LogSoftmax: "scores"}[type(ending)]
    assert other.data["nets"][0]["gives"] == gives
    question = {"image": one.data["examples"][7]}
    torch.testing.assert_close(
        torch.tensor(one._hear(question)["answers"]),
        torch.tensor(other._hear(question)["answers"]),
    )


# -- the picture ------------------------------------------------------------------


def test_the_sentence_says_how_each_net_reads_the_digit():
    first, second = build("lesson"), build("functions")
    image = example_digits()[2].roll(5, dims=2)
    pad = draw_digit({"one": first, "two": second}, image, centre=False)
    rows = pad.probabilities
    assert set(rows) == {"one", "two"}
    for name, row in rows.items():
        best = row.topk(2).indices.tolist()
        assert f"{name} reads it as {best[0]} with" in pad.sentence
    assert pad.data["centre"] is False
    sent = np.frombuffer(base64.b64decode(pad.data["start"]), np.uint8)
    np.testing.assert_array_equal(sent, (image.flatten() * 255).round().numpy())


def test_the_same_net_gives_the_same_bytes_and_other_weights_others():
    net = build("lesson")
    pad = draw_digit(net)
    assert pad._repr_html_() == draw_digit(net)._repr_html_()
    assert len(pad._repr_html_()) < 150_000
    assert "http" not in pad._repr_html_().replace("http://www.w3.org/", "")
    with torch.no_grad():
        net.fc.weight.mul_(1.1)
    assert pad.key != draw_digit(net).key


def scores(classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, classes))


class Broken(nn.Module):
    def forward(self, x):
        return x.flatten(1)[:, :10] * torch.nan


BAD = [
    ("plain", TypeError, "an nn.Module.*got a value of type str"),
    (models.mnist_cnn, TypeError, "got a value of type function"),
    (nn.Flatten, TypeError, r"got the class Flatten. Build one first: model\(\)"),
    ({"a": 3}, TypeError, "type int under the name 'a'"),
    ({3: scores(10)}, TypeError, "under the name 3"),
    ({}, ValueError, "one to 3 nets; 0 were given"),
    ({str(n): scores(10) for n in range(4)}, ValueError, "one to 3 nets; 4"),
    (scores(7), ValueError, "gives 7 scores for an image; draw_digit needs 10"),
    (models.lenet5(), ValueError, r"cannot take images of shape \(1, 28, 28\)"),
    (Broken(), ValueError, "not finite"),
]


@pytest.mark.parametrize(("model", "kind", "words"), BAD)
def test_what_is_no_reader_of_digits_is_refused_in_a_sentence(model, kind, words):
    with pytest.raises(kind, match=words):
        draw_digit(model)


def test_a_net_without_weights_is_refused():
    with torch.device("meta"):
        net = models.mnist_cnn()
    with pytest.raises(ValueError, match='on the device "meta"'):
        draw_digit(net)


def test_an_image_of_another_size_is_refused():
    with pytest.raises(ValueError, match="28x28 pixels, but this one has 32x30"):
        draw_digit(build("lesson"), torch.zeros(32, 30))
