"""The nets of the course: names, sizes, parameters, and what the papers say."""

import inspect
import json
from pathlib import Path

import pytest
import torch
from torch import nn

import cnnlib
from cnnlib import models
from cnnlib.models.lenet_1998 import C3_PAIRS, C3_TABLE, PartialConv2d, ScaledTanh

EXAMPLES = {
    example["id"]: example["correct"]
    for example in json.loads(
        (Path(cnnlib.__file__).parent / "worked" / "examples.json").read_text()
    )
}


def parameters(model):
    return sum(p.numel() for p in model.parameters())


def on_meta(build, *args, **kwargs):
    with torch.device("meta"):
        return build(*args, **kwargs)


def measured(model, input_size):
    """(name, output shape without the batch, parameters) of each leaf, by hooks."""
    rows = []

    def note(name):
        return lambda layer, _, out: rows.append(
            (name, tuple(out.shape[1:]), parameters(layer))
        )

    for name, layer in model.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(note(name))
    device = next(model.parameters()).device
    model.eval()(torch.zeros(2, *input_size, device=device))
    return rows


def outputs(model, x):
    """The output of each leaf in order of execution, Flatten and Dropout left out."""
    taken = []
    handles = [
        layer.register_forward_hook(lambda _, __, out: taken.append(out.clone()))
        for layer in model.modules()
        if not list(layer.children()) and not isinstance(layer, nn.Flatten | nn.Dropout)
    ]
    with torch.no_grad():
        model.eval()(x)
    for handle in handles:
        handle.remove()
    return taken


# --- the small nets ---------------------------------------------------------------

SMALL = {
    models.plain_cnn: (
        (1, 100, 100),
        EXAMPLES["hzdr-cnn-20087"],
        [
            ("conv1", (3, 100, 100), 30),
            ("relu1", (3, 100, 100), 0),
            ("conv2", (2, 100, 100), 56),
            ("relu2", (2, 100, 100), 0),
            ("flatten", (20000,), 0),
            ("fc", (1,), 20001),
        ],
    ),
    models.pooled_cnn: (
        (1, 100, 100),
        EXAMPLES["hzdr-pooled-1337"],
        [
            ("conv1", (3, 100, 100), 30),
            ("relu1", (3, 100, 100), 0),
            ("pool1", (3, 50, 50), 0),
            ("conv2", (2, 50, 50), 56),
            ("relu2", (2, 50, 50), 0),
            ("pool2", (2, 25, 25), 0),
            ("flatten", (1250,), 0),
            ("fc", (1,), 1251),
        ],
    ),
    models.mnist_cnn: (
        (1, 28, 28),
        EXAMPLES["polarsparc-cnn-9098"],
        [
            ("conv1", (8, 28, 28), 80),
            ("relu1", (8, 28, 28), 0),
            ("pool1", (8, 14, 14), 0),
            ("conv2", (16, 14, 14), 1168),
            ("relu2", (16, 14, 14), 0),
            ("pool2", (16, 7, 7), 0),
            ("flatten", (784,), 0),
            ("fc", (10,), 7850),
        ],
    ),
    models.lenet5: (
        (1, 32, 32),
        EXAMPLES["lenet-params"],
        [
            ("c1", (6, 28, 28), 156),
            ("tanh1", (6, 28, 28), 0),
            ("s2", (6, 14, 14), 0),
            ("c3", (16, 10, 10), 2416),
            ("tanh3", (16, 10, 10), 0),
            ("s4", (16, 5, 5), 0),
            ("c5", (120, 1, 1), 48120),
            ("tanh5", (120, 1, 1), 0),
            ("flatten", (120,), 0),
            ("f6", (84,), 10164),
            ("tanh6", (84,), 0),
            ("output", (10,), 850),
        ],
    ),
    models.lenet5_1998: (
        (1, 32, 32),
        EXAMPLES["lenet-1998-params"],
        [
            ("c1", (6, 28, 28), 156),
            ("squash1", (6, 28, 28), 0),
            ("s2", (6, 14, 14), 12),
            ("squash2", (6, 14, 14), 0),
            ("c3", (16, 10, 10), 1516),
            ("squash3", (16, 10, 10), 0),
            ("s4", (16, 5, 5), 32),
            ("squash4", (16, 5, 5), 0),
            ("c5", (120, 1, 1), 48120),
            ("squash5", (120, 1, 1), 0),
            ("flatten", (120,), 0),
            ("f6", (84,), 10164),
            ("squash6", (84,), 0),
            ("output", (10,), 0),
        ],
    ),
}


@pytest.mark.parametrize("build", SMALL, ids=lambda build: build.__name__)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_layer_by_layer(build, device):
    input_size, total, rows = SMALL[build]
    with torch.device(device):
        model = build()
    assert measured(model, input_size) == rows
    assert parameters(model) == total
    assert all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("build", SMALL, ids=lambda build: build.__name__)
def test_docstring_states_each_parameter_count(build):
    _, total, rows = SMALL[build]
    text = inspect.getdoc(build)
    for number in [total, *(count for _, _, count in rows if count)]:
        assert f"{number:,}" in text


def test_table_net_is_the_table_of_the_slide():
    model = models.table_net()
    rows = measured(model, (3, 32, 32))
    shown = [row for row in rows if not row[0].startswith(("relu", "flatten"))]
    table = EXAMPLES["glasgow-table"]
    sizes = [3 * 32 * 32, *(torch.Size(shape).numel() for _, shape, _ in shown)]
    assert sizes == table["sizes"]
    assert [0, *(count for _, _, count in shown)] == table["params"]
    names = ["conv1", "pool1", "conv2", "pool2", "fc3", "fc4", "output"]
    assert [name for name, _, _ in shown] == names
    assert parameters(model) == sum(table["params"]) == 62_958
    assert "62,958" in inspect.getdoc(models.table_net)


@pytest.mark.parametrize(
    "build",
    [models.plain_cnn, models.pooled_cnn, models.mnist_cnn, models.table_net],
)
def test_small_nets_rectify_and_take_the_maximum(build):
    kinds = {"relu": nn.ReLU, "pool": nn.MaxPool2d}
    for name, layer in build().named_children():
        kind = name.rstrip("0123456789")
        assert type(layer) is kinds.get(kind, type(layer))


@pytest.mark.parametrize("build", [*SMALL, models.table_net])
def test_scores_are_not_squashed_at_the_end(build):
    last = list(build().children())[-1]
    assert not isinstance(last, nn.ReLU | nn.Tanh | nn.Softmax | nn.Sigmoid)


def test_lenet5_squashes_by_tanh_and_pools_by_the_mean():
    model = models.lenet5()
    x = torch.randn(3, 1, 32, 32)
    maps = torch.tanh(nn.functional.conv2d(x, model.c1.weight, model.c1.bias))
    means = maps.view(3, 6, 14, 2, 14, 2).mean((3, 5))
    torch.testing.assert_close(model[:3](x), means)
    kinds = [type(layer).__name__ for layer in model]
    assert kinds.count("Tanh") == 4
    assert "ReLU" not in kinds


# --- LeNet-5 of 1998 --------------------------------------------------------------


def test_c3_table_is_table_1_of_the_paper():
    printed = """
        X...XXX..XXXX.XX
        XX...XXX..XXXX.X
        XXX...XXX..X.XXX
        .XXX..XXXX..X.XX
        ..XXX..XXXX.XX.X
        ...XXX..XXXX.XXX
    """
    rows = printed.split()
    columns = [{s2 for s2 in range(6) if rows[s2][c3] == "X"} for c3 in range(16)]
    assert [set(row) for row in C3_TABLE] == columns
    assert [len(row) for row in C3_TABLE] == [3] * 6 + [4] * 9 + [6]
    uses = [sum(s2 in row for row in C3_TABLE) for s2 in range(6)]
    assert uses == [10] * 6
    assert len(C3_PAIRS) == len(set(C3_PAIRS)) == 60


def test_c3_adds_up_exactly_the_connected_maps():
    layer = PartialConv2d().double()
    x = torch.randn(2, 6, 14, 12, dtype=torch.float64)
    kernels = dict(zip(C3_PAIRS, layer.weight, strict=True))
    maps = []
    for out in range(16):
        total = layer.bias[out].expand(2, 10, 8)
        for into in C3_TABLE[out]:
            kernel = kernels[out, into][None, None]
            total = total + nn.functional.conv2d(x[:, [into]], kernel)[:, 0]
        maps.append(total)
    torch.testing.assert_close(layer(x), torch.stack(maps, dim=1))


def test_no_gradient_between_unconnected_maps():
    layer = PartialConv2d()
    x = torch.randn(1, 6, 14, 14, requires_grad=True)
    for out in range(16):
        (slope,) = torch.autograd.grad(layer(x)[0, out].sum(), x)
        seen = {into for into in range(6) if slope[0, into].abs().sum() > 0}
        assert seen == set(C3_TABLE[out])
    layer(x).square().sum().backward()
    assert all(kernel.abs().sum() > 0 for kernel in layer.weight.grad)


def test_subsampling_is_sum_times_coefficient_plus_bias():
    model = models.lenet5_1998()
    with torch.no_grad():
        model.s2.coefficient.copy_(torch.arange(1.0, 7))
        model.s2.bias.copy_(torch.arange(6.0) / 10)
    x = torch.arange(6 * 4 * 6.0).view(1, 6, 4, 6)
    windows = x.view(1, 6, 2, 2, 3, 2).sum((3, 5))
    want = windows * torch.arange(1.0, 7).view(6, 1, 1) + torch.arange(6.0).view(
        6, 1, 1
    ).div(10)
    torch.testing.assert_close(model.s2(x), want)
    assert want[0, 1, 0, 0] == 2 * (24 + 25 + 30 + 31) + 0.1


def test_squashing_is_1_at_1_and_saturates_at_the_amplitude():
    squash = models.lenet5_1998().squash1
    points = torch.tensor([-100.0, -1.0, 0.0, 0.5, 1.0, 100.0], dtype=torch.float64)
    values = [-1.7159, -1.0, 0.0, 1.7159 * 0.3215127375, 1.0, 1.7159]
    want = torch.tensor(values, dtype=torch.float64)
    torch.testing.assert_close(squash(points), want, atol=1e-5, rtol=0)


def test_every_layer_up_to_f6_is_squashed():
    net = models.lenet5_1998()
    names = [name for name, _ in net.named_children()]
    for i, layer in enumerate(["c1", "s2", "c3", "s4", "c5", "f6"], start=1):
        assert names[names.index(layer) + 1] == f"squash{i}"
        assert type(net.get_submodule(f"squash{i}")) is ScaledTanh


def test_codes_are_ten_distinct_bitmaps_that_nothing_trains():
    output = models.lenet5_1998().output
    assert output.codes.shape == (10, 7 * 12)
    assert set(output.codes.unique().tolist()) == {-1.0, 1.0}
    assert not list(output.parameters())
    assert "codes" in output.state_dict()
    apart = torch.cdist(output.codes, output.codes) ** 2 / 4
    assert (apart + 84 * torch.eye(10)).min() >= 10  # cells that differ, at the least


def test_output_is_the_squared_distance_to_each_code():
    output = models.lenet5_1998().output
    x = torch.randn(4, 84)
    want = torch.stack([((x - code) ** 2).sum(1) for code in output.codes], dim=1)
    torch.testing.assert_close(output(x), want)
    found = output(output.codes)
    assert found.diagonal().tolist() == [0.0] * 10
    assert found.argmin(1).tolist() == list(range(10))


def test_a_seven_looks_like_a_seven():
    picture = models.lenet5_1998().output.codes[7].view(12, 7)
    assert picture[0].tolist() == [1.0] * 7  # its bar
    assert (picture[6:, 5:] == -1).all()  # nothing under the bar's right end


def test_weights_of_1998_start_within_2_4_over_fan_in():
    torch.manual_seed(0)
    model = models.lenet5_1998()
    bounds = {"c1": 2.4 / 25, "s2": 2.4 / 4, "s4": 2.4 / 4}
    bounds |= {"c5": 2.4 / 400, "f6": 2.4 / 120}
    for name, bound in bounds.items():
        values = torch.cat(
            [p.flatten() for p in model.get_submodule(name).parameters()]
        )
        assert 0.7 * bound < values.abs().max() <= bound
    for (out, _), kernel in zip(C3_PAIRS, model.c3.weight, strict=True):
        bound = 2.4 / (25 * len(C3_TABLE[out]))
        assert 0.4 * bound < kernel.abs().max() <= bound


def test_lenet5_1998_learns():
    torch.manual_seed(0)
    model = models.lenet5_1998()
    labels = torch.arange(10)
    images = nn.functional.interpolate(
        model.output.codes.view(10, 1, 12, 7), size=(32, 32)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(40):
        loss = nn.functional.cross_entropy(-model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert model(images).argmin(1).tolist() == labels.tolist()


# --- AlexNet ----------------------------------------------------------------------

SIDES = ["conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5"]
LAYOUT_2012 = {227: [55, 27, 27, 13, 13, 13, 13, 6], 224: [54, 26, 26, *[12] * 4, 5]}


@pytest.mark.parametrize(
    ("variant", "example"),
    [
        ("two-tower", "two-tower (grouped, 2012)"),
        ("one-tower", "one-tower, original widths"),
        ("torchvision", "torchvision"),
    ],
)
def test_alexnet_counts(variant, example):
    model = on_meta(models.alexnet, variant)
    assert parameters(model) == EXAMPLES["alexnet-params"][example]
    assert f"{parameters(model):,}" in inspect.getdoc(models.alexnet)


@pytest.mark.parametrize("variant", ["one-tower", "two-tower"])
@pytest.mark.parametrize("size", [227, 224])
def test_alexnet_2012_sizes(variant, size):
    model = on_meta(models.alexnet, variant, input_size=size)
    shapes = {name: shape for name, shape, _ in measured(model, (3, size, size))}
    assert [shapes[name][1] for name in SIDES] == LAYOUT_2012[size]
    assert [shapes[name][2] for name in SIDES] == LAYOUT_2012[size]
    widths = [shapes[f"conv{i}"][0] for i in range(1, 6)]
    assert widths == [96, 256, 384, 384, 256]
    assert shapes["flatten"] == {227: (9216,), 224: (6400,)}[size]
    assert [shapes[f"fc{i}"] for i in (6, 7, 8)] == [(4096,), (4096,), (1000,)]


def test_alexnet_2012_takes_227_unless_told():
    plain = on_meta(models.alexnet, "one-tower")
    assert plain.fc6.in_features == 9216
    with pytest.raises(RuntimeError, match="6400"):
        plain(torch.zeros(1, 3, 224, 224, device="meta"))


@pytest.mark.parametrize("size", [67, 80, 160, 224, 227, 256])
def test_alexnet_2012_at_any_size(size):
    model = on_meta(models.alexnet, "one-tower", 7, input_size=size)
    assert model(torch.zeros(2, 3, size, size, device="meta")).shape == (2, 7)


@pytest.mark.parametrize("size", [63, 100, 224, 227])
def test_alexnet_of_torchvision_takes_any_size(size):
    model = on_meta(models.alexnet, num_classes=5)
    shapes = {name: shape for name, shape, _ in measured(model, (3, size, size))}
    if size == 224:
        assert [shapes[name][1] for name in SIDES] == LAYOUT_2012[227]
    assert shapes["avgpool"] == (256, 6, 6)
    assert shapes["fc8"] == (5,)


def test_alexnet_layers_of_2012():
    model = on_meta(models.alexnet, "two-tower")
    kinds = [type(layer).__name__ for layer in model]
    counted = ("Conv2d", "MaxPool2d", "Linear", "LocalResponseNorm", "Dropout", "ReLU")
    assert [kinds.count(kind) for kind in counted] == [5, 3, 3, 2, 2, 7]
    groups = [model.get_submodule(f"conv{i}").groups for i in range(1, 6)]
    assert groups == [1, 2, 1, 2, 2]
    for name in ("pool1", "pool2", "pool5"):
        pool = model.get_submodule(name)
        assert (pool.kernel_size, pool.stride) == (3, 2)  # windows overlap
    names = [name for name, _ in model.named_children()]
    for i in ("1", "2"):
        start = names.index(f"conv{i}")
        block = [f"{kind}{i}" for kind in ("conv", "relu", "norm", "pool")]
        assert names[start : start + 4] == block
    dense = ["fc6", "relu6", "dropout6", "fc7", "relu7", "dropout7", "fc8"]
    assert names[-8:] == ["flatten", *dense]
    assert "LocalResponseNorm" not in repr(on_meta(models.alexnet))
    one = on_meta(models.alexnet, "one-tower")
    assert repr(one) == repr(model).replace(", groups=2", "")


def test_response_norm_is_the_formula_of_the_paper():
    a = 30 * torch.rand(1, 96, 3, 2, dtype=torch.float64)
    want = torch.empty_like(a)
    for i in range(96):
        near = a[:, max(0, i - 2) : min(95, i + 2) + 1]
        want[:, i] = a[:, i] / (2 + 1e-4 * near.square().sum(1)) ** 0.75
    norm = on_meta(models.alexnet, "two-tower").norm1
    torch.testing.assert_close(norm(a), want)


@pytest.mark.parametrize("name", ["conv2", "conv4", "conv5"])
def test_the_towers_do_not_see_each_other(name):
    layer = on_meta(models.alexnet, "two-tower").get_submodule(name)
    layer = layer.to_empty(device="cpu").requires_grad_(False)
    nn.init.normal_(layer.weight)
    x = torch.randn(1, layer.in_channels, 3, 3, requires_grad=True)
    half = layer.in_channels // 2
    first, second = layer(x).chunk(2, dim=1)
    for out, own, other in (
        (first, slice(0, half), slice(half, None)),
        (second, slice(half, None), slice(0, half)),
    ):
        (slope,) = torch.autograd.grad(out.sum(), x, retain_graph=True)
        assert (slope[:, own] != 0).all()
        assert (slope[:, other] == 0).all()


# --- VGG --------------------------------------------------------------------------


def test_vgg16_layer_by_layer():
    model = on_meta(models.vgg16)
    rows = measured(model, (3, 224, 224))
    convs = [(shape, count) for name, shape, count in rows if "conv" in name]
    widths = [64] * 2 + [128] * 2 + [256] * 3 + [512] * 6
    sides = [224] * 2 + [112] * 2 + [56] * 3 + [28] * 3 + [14] * 3
    assert [shape for shape, _ in convs] == [
        (width, side, side) for width, side in zip(widths, sides, strict=True)
    ]
    before = [3, *widths[:-1]]
    assert [count for _, count in convs] == [
        (9 * into + 1) * out for into, out in zip(before, widths, strict=True)
    ]
    dense = [count for name, _, count in rows if name.startswith("fc")]
    assert dense == [25088 * 4096 + 4096, 4096 * 4096 + 4096, 4096 * 1000 + 1000]
    assert parameters(model) == EXAMPLES["vgg16-params"]
    text = inspect.getdoc(models.vgg16)
    for _, child in model.named_children():
        assert f"{parameters(child):,}" in text
    assert "block3.conv2" in [name for name, _, _ in rows]


def test_vgg_block_for_odd_sizes_and_any_widths():
    block = models.vgg_block(3, 2, 5)
    assert block(torch.zeros(2, 2, 9, 14)).shape == (2, 5, 4, 7)
    names = [name for name, _ in block.named_children()]
    assert names == ["conv1", "relu1", "conv2", "relu2", "conv3", "relu3", "pool"]
    assert parameters(block) == (9 * 2 + 1) * 5 + 2 * (9 * 5 + 1) * 5
    assert (block(torch.randn(1, 2, 8, 8)) >= 0).all()


# --- side by side with torchvision ------------------------------------------------


def pair(name):
    """Our net and torchvision's with the same weights in memory once, in eval mode."""
    torchvision = pytest.importorskip("torchvision")
    with torch.device("meta"):
        ours = getattr(models, name)()
        theirs = getattr(torchvision.models, name)(weights=None)
    return ours.eval(), theirs.eval()


def share_weights(ours, theirs, *, scale=0.02):
    """Give both the same small random weights, each tensor held once."""
    torch.manual_seed(0)
    for layer, other in zip(learned(ours), learned(theirs), strict=True):
        for key in ("weight", "bias"):
            shape = getattr(layer, key).shape
            same = nn.Parameter(torch.randn(shape) * scale, requires_grad=False)
            setattr(layer, key, same)
            setattr(other, key, same)


def learned(model):
    return [m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)]


@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_parameter_shapes_are_torchvisions(name):
    ours, theirs = pair(name)
    mine = [p.shape for p in ours.parameters()]
    assert mine == [p.shape for p in theirs.parameters()]


@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_layers_are_torchvisions_one_by_one(name):
    def described(model):
        skip = nn.Flatten | nn.AdaptiveAvgPool2d | nn.Dropout
        leaves = [m for m in model.modules() if not list(m.children())]
        kept = [repr(m) for m in leaves if not isinstance(m, skip)]
        return [text.replace("inplace=True", "") for text in kept]

    ours, theirs = pair(name)
    assert described(ours) == described(theirs)


def test_alexnet_gives_torchvisions_outputs_at_each_layer():
    ours, theirs = pair("alexnet")
    share_weights(ours, theirs)
    x = torch.randn(1, 3, 224, 224)
    for mine, yours in zip(outputs(ours, x), outputs(theirs, x), strict=True):
        torch.testing.assert_close(mine, yours, rtol=0, atol=0)


def test_vgg16_gives_torchvisions_outputs_at_each_layer():
    """The convolutions at 32x32; the dense layers are compared as text above."""
    ours, theirs = pair("vgg16")
    mine = nn.Sequential(*(ours.get_submodule(f"block{i}") for i in range(1, 6)))
    share_weights(mine, theirs.features, scale=0.05)
    x = torch.randn(2, 3, 32, 32)
    compared = list(zip(outputs(mine, x), outputs(theirs.features, x), strict=True))
    assert len(compared) == 13 + 13 + 5
    assert compared[-1][0].abs().sum() > 0
    for left, right in compared:
        torch.testing.assert_close(left, right, rtol=0, atol=0)


# --- wrong arguments --------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda: models.alexnet("grouped"), ValueError, "'two-tower'.*'grouped'"),
        (lambda: models.alexnet("one-tower", 0), ValueError, "num_classes.* 0"),
        (lambda: models.alexnet("one-tower", 2.5), TypeError, "num_classes.*2.5"),
        (lambda: models.alexnet("two-tower", input_size=66), ValueError, "67.* 66"),
        (lambda: models.alexnet(input_size=224), ValueError, "torchvision variant"),
        (lambda: models.vgg16(-1), ValueError, "num_classes.*-1"),
        (lambda: models.vgg16(True), TypeError, "num_classes.*True"),
        (lambda: models.vgg_block(0, 3, 64), ValueError, "num_convs.* 0"),
        (lambda: models.vgg_block(1, "3", 64), TypeError, "in_channels.*'3'"),
        (lambda: models.vgg_block(1, 3, -4), ValueError, "out_channels.*-4"),
    ],
)
def test_wrong_arguments_get_a_sentence(call, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        call()
    assert str(caught.value).endswith(".")


def test_public_names_are_complete():
    functions = {name for name, one in vars(models).items() if inspect.isfunction(one)}
    built = functions - {"__dir__"}
    assert sorted(built) == sorted(models.__all__) == models.__all__
