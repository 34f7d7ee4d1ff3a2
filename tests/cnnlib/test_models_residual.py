"""ResNet-18 beside torchvision's, and the deep nets of lesson 08."""

import inspect

import pytest
import torch
from torch import nn

from cnnlib import models, summary
from cnnlib.data import bundled_digits
from cnnlib.models._residual import BasicBlock

torchvision = pytest.importorskip("torchvision")


def parameters(model):
    return sum(p.numel() for p in model.parameters())


def randomised(model):
    """Give each parameter and running average another number, none of them 0 or 1."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                spread = 0.2 if "conv" in name else 0.5
                tensor.copy_(spread * torch.randn(tensor.shape))
                if "running_var" in name:
                    tensor.abs_().add_(0.5)
    return model


def maps_of(model, x):
    """What each layer gives, in order, copied before a later one can change it."""
    taken, handles = [], []
    for layer in model.modules():
        if not list(layer.children()) and not isinstance(layer, nn.Flatten):
            keep = lambda layer, given, made: taken.append(made.clone())  # noqa: E731
            handles.append(layer.register_forward_hook(keep))
    with torch.no_grad():
        model(x)
    for handle in handles:
        handle.remove()
    return taken


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_resnet18_gives_torchvisions_maps_at_each_layer(mode):
    ours, theirs = models.resnet18(7), torchvision.models.resnet18(num_classes=7)
    theirs.load_state_dict(randomised(ours).state_dict())
    for model in (ours, theirs):
        getattr(model.double(), mode)()
    x = torch.randn(2, 3, 65, 97, dtype=torch.float64)
    pairs = list(zip(maps_of(ours, x), maps_of(theirs, x), strict=True))
    assert len(pairs) == 60
    for mine, yours in pairs:
        assert yours.abs().max() > 0
        torch.testing.assert_close(mine, yours, rtol=0, atol=1e-10)


def test_resnet18_takes_torchvisions_weights():
    theirs = randomised(torchvision.models.resnet18())
    ours = models.resnet18()
    ours.load_state_dict(theirs.state_dict())
    for model in (ours, theirs):
        model.eval()
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)


def test_resnet18_has_the_sizes_of_the_paper():
    with torch.device("meta"):
        net = models.resnet18()
    assert parameters(net) == 11_689_512
    table = summary(net, (3, 224, 224))
    sizes = [row.output_shape for row in table.rows if row.name.endswith("add")]
    assert list(dict.fromkeys(sizes)) == [
        (64, 56, 56),
        (128, 28, 28),
        (256, 14, 14),
        (512, 7, 7),
    ]
    assert len(sizes) == 8
    text = inspect.getdoc(models.resnet18)
    for _, child in net.named_children():
        assert f"{parameters(child):,}" in text


def test_resnet18_begins_with_weights_of_the_right_spread():
    torch.manual_seed(0)
    net = models.resnet18(2)
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            fan = layer.out_channels * layer.kernel_size[0] ** 2
            assert layer.weight.std().item() == pytest.approx((2 / fan) ** 0.5, rel=0.1)


@pytest.mark.parametrize(
    ("given", "projected"), [((4, 4), False), ((4, 6), True), ((4, 4, 2), True)]
)
def test_a_block_projects_only_where_it_must(given, projected):
    block = BasicBlock(*given)
    assert (block.downsample is not None) == projected
    stride = given[2] if len(given) > 2 else 1
    assert block(torch.randn(2, 4, 7, 9)).shape == (
        2,
        given[1],
        -(-7 // stride),
        -(-9 // stride),
    )


# --- deep nets for digits ----------------------------------------------------------


def weighted(net):
    return [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


@pytest.mark.parametrize("shortcuts", [False, True])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("layers", [4, 20, 40])
def test_deep_cnn_has_as_many_layers_as_asked(layers, norm, shortcuts):
    net = models.deep_cnn(layers, norm=norm, shortcuts=shortcuts, channels=6)
    assert len(weighted(net)) == layers
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == (layers - 1 if norm else 0)
    biases = [m.bias is not None for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert set(biases) == {not norm}
    assert net(torch.rand(2, 1, 28, 28)).shape == (2, 10)
    rows = summary(net, (1, 28, 28)).rows
    added = [row for row in rows if row.kind == "add"]
    assert len(added) == ((layers - 2) // 2 if shortcuts else 0)
    assert {row.output_shape for row in rows[1:-3]} == {(6, 7, 7)}


def test_shortcuts_cost_nothing_and_add_the_input():
    plain, short = models.deep_cnn(20), models.deep_cnn(20, shortcuts=True)
    short.load_state_dict(plain.state_dict())
    assert parameters(plain) == parameters(short) == 42_650
    assert parameters(models.deep_cnn(40)) == 89_370
    text = inspect.getdoc(models.deep_cnn)
    assert "42,650" in text
    assert "89,370" in text
    x = torch.rand(2, 16, 7, 7)
    plain.eval(), short.eval()
    layers = short.block1
    inside = layers.norm1(layers.conv1(x)).relu()
    inside = layers.norm2(layers.conv2(inside))
    assert (inside < 0).any()
    assert torch.equal(plain.block1(x), inside.relu())
    assert torch.equal(short.block1(x), (x + inside).relu())


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ({"norm": False}, 0, 1e-12),  # it vanishes on its way back
        ({}, 100, 1000),  # it grows
        ({"shortcuts": True}, 2, 20),  # it stays
    ],
)
def test_the_gradient_of_forty_layers_is_as_lesson_08_says(kind, low, high):
    torch.manual_seed(0)
    net = models.deep_cnn(40, **kind)
    images = bundled_digits.load()[0][:64]
    labels = bundled_digits.load()[1][:64]
    nn.functional.cross_entropy(net(images), labels).backward()
    sizes = [m.weight.grad.norm() for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert low < sizes[1] / sizes[-1] < high


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: models.resnet18(0), ValueError, "num_classes.* 0"),
        (lambda: models.deep_cnn(21), ValueError, "even.* 21"),
        (lambda: models.deep_cnn(2), ValueError, "layers must be 4 or more.* 2"),
        (lambda: models.deep_cnn(20.0), TypeError, "layers.*20.0"),
        (lambda: models.deep_cnn(4, channels=0), ValueError, "channels.* 0"),
    ],
)
def test_wrong_arguments_get_a_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence):
        call()
