"""explore_network: the numbers are the model's own, and the model stays as it was."""

import base64
import copy
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnlib import explore_network, models
from cnnlib.visuals.network.inside import Inside
from cnnlib.visuals.network.sums import box, probe
from cnnlib.visuals.shared.answers import Answers
from cnnlib.visuals.shared.pack import DETAILS, EXACT, choose, pack


class Functional(nn.Module):
    """Convolutions of several kinds, functional calls, a skip, in-place operations."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, (3, 5), stride=(1, 2), padding=(1, 2))
        self.grouped = nn.Conv2d(4, 6, 3, padding="same", groups=2, bias=False)
        self.round = nn.Conv2d(6, 6, 3, padding=2, dilation=2, padding_mode="reflect")
        self.norm = nn.BatchNorm2d(6)
        self.drop = nn.Dropout(0.5)
        self.act = nn.ReLU(inplace=True)
        self.head = nn.Linear(6 * 5 * 4, 3)

    def forward(self, x):
        x = F.leaky_relu(self.first(x), 0.1)
        y = self.grouped(x)
        z = self.norm(self.round(self.act(y)))
        z += y
        z = F.max_pool2d(z, 3, stride=2, padding=1)
        return self.head(torch.flatten(self.drop(z), 1))


def functional():
    torch.manual_seed(0)
    model = Functional()
    model.norm.running_mean.add_(0.3)
    return model, torch.randn(2, 9, 15)


@pytest.fixture(scope="module")
def shown():
    model, image = functional()
    return model.eval(), image, explore_network(model, image)


def by_hand(model, x):
    """The same way, written out: name -> maps."""
    found = {}
    found["first"] = model.first(x)
    found["leaky_relu"] = F.leaky_relu(found["first"], 0.1)
    found["grouped"] = model.grouped(found["leaky_relu"])
    found["act"] = found["grouped"].relu()
    found["round"] = model.round(found["act"])
    found["norm"] = model.norm(found["round"])
    found["add"] = found["norm"] + found["act"]  # act has written over y
    found["max_pool2d"] = F.max_pool2d(found["add"], 3, 2, 1)
    found["flatten"] = found["max_pool2d"].flatten(1)
    found["head"] = model.head(found["flatten"])
    return found


def test_every_layer_and_call_is_there_with_the_models_own_numbers(shown):
    model, image, explorer = shown
    wanted = by_hand(model, image[None])
    assert explorer.layers == list(wanted)
    for name, maps in wanted.items():
        right = maps[0].detach().numpy()
        found = explorer.maps(name)
        assert found.shape == (*right.shape, 1, 1)[:3]
        np.testing.assert_allclose(found.reshape(right.shape), right, atol=1e-5)


def test_gradients_are_autograds(shown):
    model, image, explorer = shown
    for name, unit in [("round", (5, 4, 2)), ("max_pool2d", (3, 0, 3)), ("head", (2,))]:
        x = image[None].clone().requires_grad_()
        maps = by_hand(model, x)[name][0]
        (right,) = torch.autograd.grad(maps[unit], x)
        found = explorer.gradient(name, (*unit, 0, 0)[:3])
        np.testing.assert_allclose(found, right[0].numpy(), atol=1e-6)


def test_the_gradient_never_leaves_the_box_and_fills_it_somewhere():
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 2, (5, 3), stride=(2, 1))
    )
    inside = Inside(model, torch.randn(12, 14))
    layer = inside.layers[-1]
    for unit in [(0, 0, 0), (1, 2, 5), (0, 3, 11)]:
        ((gradient,),) = inside.gradients([(layer, [unit])])
        rows, columns = np.nonzero(gradient[0])
        region = box(layer, unit)
        assert region is not None
        top, left, high, wide = region
        seen = np.zeros((30, 30), bool)
        seen[max(top, 0) : top + high, max(left, 0) : left + wide] = True
        right = np.zeros((12, 14), bool)
        right[rows, columns] = True
        assert np.array_equal(seen[:12, :14], right)


@pytest.mark.parametrize("name", ["first", "grouped", "round", "head"])
def test_the_parts_of_a_sum_make_the_number(shown, name):
    explorer = shown[2]
    inside = explorer._inside
    layer = explorer._layer(name)
    torch.manual_seed(2)
    for _ in range(10):
        unit = tuple(int(torch.randint(n, ())) for n in layer.maps.shape)
        found = probe(inside, layer, unit)
        parts = [
            (np.array(term["window"]) * np.array(term["kernel"])).sum()
            for term in found["terms"]
        ]
        np.testing.assert_allclose(parts, [t["sum"] for t in found["terms"]], atol=1e-5)
        total = sum(parts) + found["others"]["sum"] + found.get("bias", 0)
        assert total == pytest.approx(float(layer.maps[unit]), abs=1e-5)
        assert found["value"] == pytest.approx(float(layer.maps[unit]), abs=1e-7)


def test_a_group_names_its_own_maps(shown):
    explorer = shown[2]
    layer = explorer._layer("grouped")
    for channel in range(6):
        found = probe(explorer._inside, layer, (channel, 3, 3))
        assert [t["map"] for t in found["terms"]] == ([0, 1] if channel < 3 else [2, 3])


def test_pooling_and_functions_name_what_they_saw(shown):
    explorer = shown[2]
    inside = explorer._inside
    found = probe(inside, explorer._layer("max_pool2d"), (1, 0, 0))
    window = [x for row in found["window"] for x in row if x is not None]
    assert len(window) == 4  # the rest is padding
    assert max(window) == found["value"]
    found = probe(inside, explorer._layer("add"), (2, 3, 3))
    assert sum(found["inputs"]) == pytest.approx(found["value"], abs=1e-6)
    found = probe(inside, explorer._layer("act"), (2, 3, 3))
    assert max(found["inputs"][0], 0) == found["value"]


def test_the_model_is_as_it_was():
    model, image = functional()
    model.train()
    model.act.eval()
    model.first.weight.grad = torch.ones_like(model.first.weight)
    heard = []
    model.first.register_forward_hook(lambda *given: heard.append(given))
    before = copy.deepcopy(model.state_dict())
    versions = [p._version for p in (*model.parameters(), *model.buffers())]
    original, state = image.clone(), torch.get_rng_state()
    explorer = explore_network(model, image)
    explorer.gradient("head", (0, 0, 0))
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert model.drop.training
    assert not model.act.training
    assert len(model.first._forward_hooks) == 1
    assert heard == []
    assert torch.equal(model.first.weight.grad, torch.ones_like(model.first.weight))
    assert model.head.weight.grad is None
    assert all(p.requires_grad for p in model.parameters())
    assert [p._version for p in (*model.parameters(), *model.buffers())] == versions
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    assert torch.equal(image, original)
    assert not image.requires_grad


def test_a_large_model_is_not_copied_and_not_changed(monkeypatch):
    monkeypatch.setattr("cnnlib.visuals.network.inside.COPIED", 10)
    model, image = functional()
    before = copy.deepcopy(model.state_dict())
    explorer = explore_network(model, image)
    copied = explorer._inside._copy.first.weight
    assert copied.data_ptr() == model.first.weight.data_ptr()
    assert all(p.requires_grad for p in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    explorer._answer({"layer": 0, "unit": [0, 0, 0]})
    with torch.no_grad():
        model.first.weight.add_(1)
    with pytest.raises(ValueError, match="weights of the model have changed"):
        explorer._answer({"layer": 0, "unit": [0, 0, 0]})


def test_the_same_net_and_image_give_the_same_page():
    faces = {explore_network(*functional())._repr_html_() for _ in range(2)}
    assert len(faces) == 1


@pytest.mark.parametrize("shape", [(2, 9, 15), (1, 2, 9, 15)])
def test_an_image_may_have_its_batch_axis(shape):
    model, image = functional()
    explorer = explore_network(model, image.reshape(shape).numpy())
    assert explorer.maps("head").shape == (3, 1, 1)


def test_double_precision_is_taken():
    model, image = functional()
    explorer = explore_network(model.double(), image)
    right = model.eval()(image[None].double())[0].detach().float().numpy()
    np.testing.assert_allclose(explorer.maps("head")[:, 0, 0], right, atol=1e-6)


class Raises(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x):
        if float(self.conv(x).sum()) < 1e9:
            raise RuntimeError("I do not like\nthis image")
        return x


class Nothing(nn.Module):
    def forward(self, x):
        return x


@pytest.mark.parametrize(
    ("model", "image", "kind", "words"),
    [
        (
            models.mnist_cnn(),
            torch.zeros(3, 28, 28),
            ValueError,
            "conv1.*Pass .1, 28, 28., or set",
        ),
        (models.mnist_cnn(), torch.zeros(1, 32, 32), ValueError, "fc"),
        (models.mnist_cnn(), torch.zeros(5, 1, 28, 28), ValueError, "batch of 5"),
        (models.mnist_cnn(), torch.zeros(28), ValueError, "must have shape"),
        (models.mnist_cnn(), torch.full((1, 28, 28), np.nan), ValueError, "finite"),
        (models.mnist_cnn(), "four", TypeError, "real numbers"),
        (nn.Conv2d, torch.zeros(1, 28, 28), TypeError, "nn.Module.*type|Conv2d"),
        (F.relu, torch.zeros(1, 28, 28), TypeError, "explore_network looks into"),
        (Raises(), torch.zeros(1, 28, 28), ValueError, "I do not like this image"),
        (Nothing(), torch.zeros(1, 28, 28), ValueError, "does nothing"),
        (nn.Conv2d(1, 1, 3, device="meta"), torch.zeros(1, 9, 9), ValueError, "meta"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(model, image, kind, words):
    with pytest.raises(kind, match=words) as caught:
        explore_network(model, image)
    assert str(caught.value).rstrip().endswith((".", "image"))


def test_unknown_layers_and_units_are_refused(shown):
    explorer = shown[2]
    with pytest.raises(ValueError, match="no layer 'last' here; there are first,"):
        explorer.maps("last")
    with pytest.raises(ValueError, match="below \\(4, 9, 8\\)"):
        explorer.gradient("first", (4, 0, 0))


def test_the_sentence_names_the_layers_and_their_range(shown):
    model, image, explorer = shown
    first = by_hand(model, image[None])["first"]
    assert explorer.sentence.startswith("Inside Functional, ")
    assert f"{sum(p.numel() for p in model.parameters()):,} parameters" in repr(
        explorer
    )
    assert f"4 maps of 9x8, from {float(first.detach().min()):.3g}" in repr(explorer)


def decoded(packed):
    kind = "<f4" if packed["exact"] else np.uint8
    data = np.frombuffer(base64.b64decode(packed["data"]), kind)
    return data.reshape(packed["size"])


def test_small_nets_are_in_the_page_as_they_are(shown):
    explorer = shown[2]
    for layer in explorer.data["layers"]:
        packed = explorer.data["values"][str(layer["key"])]
        assert packed["exact"]
        assert "maps" not in packed
        assert np.array_equal(decoded(packed), explorer.maps(layer["name"]))


def test_of_large_nets_the_page_holds_what_fits_and_says_what_not():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 96, 3), nn.ReLU(), nn.Conv2d(96, 40, 3))
    explorer = explore_network(model, torch.rand(100, 100))
    page = explorer._repr_html_()
    assert 100_000 < len(page) < 420_000
    packed = [
        explorer.data["values"][str(one["key"])] for one in explorer.data["layers"]
    ]
    most = {len(one["maps"]) for one in packed if "maps" in one}
    assert len(most) == 1
    assert f"at most {most.pop()} maps of a layer" in explorer.data["facts"]
    peaks = np.abs(explorer.maps("0")).max(axis=(1, 2))
    kept = packed[0]["maps"]
    assert min(peaks[kept]) >= max(np.delete(peaks, kept))
    start = explorer.data["layers"][0]["start"]
    strongest = explorer.data["layers"][0]["probes"][0]
    assert strongest["unit"] == start
    assert start[0] in kept
    assert abs(strongest["value"]) == pytest.approx(peaks.max())


def test_levels_keep_numbers_to_half_a_level_and_blocks_to_their_mean():
    torch.manual_seed(0)
    drawn = np.random.default_rng(0).normal(size=(3, 8, 8))
    for maps in (drawn.astype(np.float32), np.ones((3, 8, 8), np.float32)):
        ends = float(maps.min()), float(maps.max())
        packed = pack(maps, DETAILS[1], ends)
        zero, unit = (128, 127) if packed["signed"] else (0, 255)
        found = (decoded(packed).astype(float) - zero) / unit * packed["top"]
        assert np.abs(found - maps).max() <= packed["top"] / unit / 2 + 1e-6
        half = pack(maps, type(EXACT)(side=4, exact=True), ends)
        assert half["step"] == 2
        means = maps.reshape(3, 4, 2, 4, 2).mean(axis=(2, 4))
        np.testing.assert_allclose(decoded(half), means, atol=1e-6)


def test_detail_falls_only_as_far_as_it_must():
    shapes = [(64, 56, 56), (10, 1, 1)]
    sizes = [sum(level.size(shape) for shape in shapes) for level in DETAILS]
    assert sizes == sorted(sizes, reverse=True)
    for level, size in zip(DETAILS, sizes, strict=True):
        assert choose(shapes, size).size(shapes[0]) == level.size(shapes[0])
    assert choose(shapes, 1) is DETAILS[-1]


def test_python_answers_what_is_not_in_the_page():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 96, 3), nn.ReLU(), nn.Conv2d(96, 40, 3))
    explorer = explore_network(model, torch.rand(100, 100))
    asked = {"n": 3, "layer": 2, "unit": [7, 50, 60], "maps": True, "map": True}
    explorer._bridge.receive(json.dumps({"ask": asked}))
    answer = json.loads(explorer._bridge.last)
    assert answer["n"] == 3
    assert np.array_equal(decoded(answer["map"])[0], explorer.maps("2")[7])
    assert answer["probe"]["value"] == pytest.approx(explorer.maps("2")[7, 50, 60])
    assert answer["maps"]["size"][0] == 40
    gradient = explorer.gradient("2", (7, 50, 60)).sum(axis=0)
    assert answer["probe"]["gradient"]["box"] == [50, 60, 5, 5]
    assert answer["probe"]["gradient"]["top"] == pytest.approx(np.abs(gradient).max())


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"layer": 12, "unit": [0, 0, 0]}, "index"),
        ({"layer": 0, "unit": [0, 99, 0]}, "below"),
        ({}, "layer"),
    ],
)
def test_a_question_that_fails_is_answered_in_words(shown, question, words):
    shown[2]._bridge.receive(json.dumps({"ask": {"n": 1, **question}}))
    assert words in json.loads(shown[2]._bridge.last)["error"]


def test_what_is_no_question_is_not_answered():
    bridge = Answers("x", lambda question: {})
    for text in ("[]", "{}", '{"ask": null}', "nonsense"):
        bridge.receive(text)
    assert bridge.last == ""


def test_the_answer_stands_escaped_in_a_hidden_field():
    bridge = Answers("x", lambda question: {"text": "<b> & co"})
    field = bridge._make()
    assert field.layout.display == "none"
    assert "cnnlib-to-python-x" in field.children[0]._dom_classes
    field.children[0].value = json.dumps({"ask": {"n": 5}})
    assert "cnnlib-from-python-x" in field.children[1]._dom_classes
    value = field.children[1].value
    assert "<b>" not in value
    assert "&lt;b&gt; &amp; co" in value


# -- nets that are refused, or shown in part, in words --------------------------------


def _broken(layer, value):
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))
    with torch.no_grad():
        net[layer].weight[0] = value
    return net


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_the_reason(value):
    image = torch.rand(1, 8, 8)
    with pytest.raises(ValueError, match=r"not finite \(NaN or infinity\): its train"):
        explore_network(_broken(0, value).append(nn.Softmax(1)), image)
    visual = explore_network(_broken(3, value), image)
    assert "Not shown: 3 (NaN or infinity)." in str(visual.data)


def test_a_layer_that_is_left_out_in_the_middle():
    visual = explore_network(_broken(0, float("-inf")), torch.rand(1, 8, 8))
    assert "Not shown: 0 (NaN or infinity)." in str(visual.data)
    assert visual.layers == ["1", "2", "3"]


class _Two(nn.Module):
    def forward(self, a, b):
        return a + b


@pytest.mark.parametrize(
    ("net", "image", "says"),
    [
        (_Two(), (1, 8, 8), r"_Two\.forward takes \(a, b\), but .* one picture"),
        (nn.Bilinear(8, 8, 2), (1, 8, 8), r"takes \(input1, input2\), but .* one pic"),
        (nn.Conv1d(2, 2, 3), (2, 50), "channels x length, but .* one picture"),
        (nn.Conv3d(1, 2, 3), (1, 8, 8), "height x width, but .* one picture"),
        (nn.LazyConv2d(2, 3), (1, 8, 8), r"lazy layers.*model\(image\[None\]\)"),
        (nn.Sequential(nn.Flatten(), nn.LazyLinear(2)), (1, 8, 8), "lazy layers"),
    ],
)
def test_a_cure_is_one_of_explore_network_itself(net, image, says):
    with pytest.raises(ValueError, match=says) as caught:
        explore_network(net, torch.rand(image))
    assert "in a list" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_lazy_layers_are_shown_after_the_advice():
    net, image = nn.Sequential(nn.LazyConv2d(2, 3), nn.ReLU()), torch.rand(1, 8, 8)
    net(image[None])
    assert explore_network(net, image).layers == ["0", "1"]


class _Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 2, 2)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        y = self.conv(x).flatten(2).transpose(1, 2)
        y = y + self.attention(y, y, y)[0]
        heads = y.unflatten(2, (2, 2)).transpose(1, 2)
        return self.head((heads * torch.relu(heads)).mean((1, 2)).repeat(1, 2))


def test_a_net_with_attention():
    visual = explore_network(_Attention(), torch.rand(1, 8, 8))
    assert {"conv", "attention", "head"} <= set(visual.layers)


class _Hooked(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)

    def forward(self, x):
        maps = self.conv(x)
        maps.register_hook(lambda gradient: None)
        return maps.mean((2, 3))


def test_a_net_that_asks_for_gradients():
    net, image = _Hooked(), torch.rand(1, 8, 8)
    visual = explore_network(net, image)
    np.testing.assert_allclose(visual.maps("conv"), net.conv(image).detach(), atol=1e-6)
    assert visual.gradient("conv", (0, 0, 0)).shape == (1, 8, 8)
