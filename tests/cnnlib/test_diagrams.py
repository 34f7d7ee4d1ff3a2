"""Drawings of nets: what they say is what the net does, and nothing overlaps."""

import itertools
import random
import re

import numpy as np
import pytest
import torch
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from torch import nn
from torch.nn import functional as F

import cnnlib
from cnnlib import Picture, models
from cnnlib.diagrams import boxes as boxes_module
from cnnlib.diagrams import draw_blocks, draw_volumes, links
from cnnlib.diagrams import rows as rows_module
from cnnlib.diagrams import solids as solids_module
from cnnlib.diagrams.net import read_net
from cnnlib.diagrams.window import window_of


class Functional(nn.Module):
    """A net as students write it: pooling, ReLU and flattening as calls."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.drop = nn.Dropout(0.25)
        self.fc2 = nn.Linear(120, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.relu(self.conv2(x)), kernel_size=(2, 2))
        x = self.drop(F.relu(self.fc1(x.view(x.size(0), -1))))
        return F.log_softmax(self.fc2(x), dim=1)


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1, 4, 3)
        self.b = nn.Conv2d(2, 4, 3)
        self.fc = nn.Linear(8 * 6 * 8, 5)

    def forward(self, x, y):
        return self.fc(torch.cat([self.a(x), self.b(y)], dim=1).flatten(1))


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(4, 6)
        self.left = nn.Linear(6, 5)
        self.right = nn.Linear(6, 3)

    def forward(self, x):
        x = self.trunk(x)
        return self.left(x), self.right(x)


def mixed():
    """All that a net of layers may have: other kernels, groups, norms, odd sizes."""
    return nn.Sequential(
        nn.BatchNorm2d(3),
        nn.Conv2d(3, 32, (3, 5), padding="same"),
        nn.BatchNorm2d(32),
        nn.PReLU(),
        nn.Conv2d(32, 32, 3, groups=32, dilation=2),
        nn.MaxPool2d((1, 2), stride=(1, 2)),
        nn.Conv2d(32, 64, 3, stride=(1, 2), padding=(1, 0), groups=4),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(64, 10),
        nn.Softmax(1),
    )


def decoder():
    return nn.Sequential(
        nn.Linear(8, 4 * 7 * 7),
        nn.Unflatten(1, (4, 7, 7)),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 2, 2, stride=2),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(2, 1, 3, padding=1),
        nn.Sigmoid(),
    )


def on_meta(build, *args, **kwargs):
    with torch.device("meta"):
        return build(*args, **kwargs)


CHAINS = {
    "plain_cnn": (models.plain_cnn, (1, 100, 100)),
    "pooled_cnn": (models.pooled_cnn, (1, 100, 100)),
    "table_net": (models.table_net, (3, 32, 32)),
    "mnist_cnn": (models.mnist_cnn, (1, 28, 28)),
    "strong": (models.strong_mnist_cnn, (1, 28, 28)),
    "lenet5": (models.lenet5, (1, 32, 32)),
    "lenet5_1998": (models.lenet5_1998, (1, 32, 32)),
    "alexnet": (models.alexnet, (3, 224, 224)),
    "one-tower": (lambda: models.alexnet("one-tower"), (3, 227, 227)),
    "two-tower": (lambda: models.alexnet("two-tower"), (3, 227, 227)),
    "vgg16": (models.vgg16, (3, 224, 224)),
    "functional": (Functional, (1, 32, 32)),
    "mixed": (mixed, (3, 20, 33)),
    "decoder": (decoder, (8,)),
    "conv1d": (
        lambda: nn.Sequential(nn.Conv1d(2, 8, 5), nn.ReLU(), nn.MaxPool1d(2)),
        (2, 100),
    ),
    "tokens": (lambda: nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 9)), (17, 64)),
    "linear": (lambda: nn.Linear(5, 3), (5,)),
    "relu": (lambda: nn.Sequential(nn.ReLU()), (3, 4, 4)),
}
LAYERS_ONLY = [name for name in CHAINS if name != "functional"]
DRAWINGS = {
    "volumes": draw_volumes,
    "volumes, activations": lambda *net: draw_volumes(
        *net, activations=True, title="What a net this is"
    ),
    "blocks": draw_blocks,
    "blocks, folded": lambda *net: draw_blocks(*net, fold=True, title="A net"),
    "blocks, no activations": lambda *net: draw_blocks(*net, activations=False),
}


def chain(name):
    build, size = CHAINS[name]
    return on_meta(build), size


def net_of(name):
    model, size = chain(name)
    return read_net(model, size, "test")


def resnet18():
    torchvision = pytest.importorskip("torchvision")
    return on_meta(torchvision.models.resnet18), (3, 224, 224)


def words(picture, kind):
    """The texts of a picture that carry this gid, in the order they were drawn."""
    found = picture.figure.axes[0].texts
    return [text.get_text() for text in found if text.get_gid() == kind]


def sizes_beside(picture):
    return [text for text in words(picture, "size") if text != "output size"]


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def measured(model, size):
    """(layer, output shape) of each leaf in order of execution, by hooks."""
    rows = []
    for layer in model.modules():
        if not list(layer.children()):
            layer.register_forward_hook(
                lambda layer, _, out: rows.append((layer, tuple(out.shape[1:])))
            )
    some = next(itertools.chain(model.parameters(), [torch.zeros(())]))
    model.eval()(torch.zeros(1, *size, device=some.device))
    return rows


QUIET = {"ReLU", "PReLU", "Tanh", "ScaledTanh", "Softmax", "Dropout", "Sigmoid"}
QUIET |= {"LocalResponseNorm", "BatchNorm2d", "LayerNorm"}


def is_quiet(layer):
    return type(layer).__name__ in QUIET


# --- nothing overlaps, nothing is cut off, nothing is too small ----------------------


def drawn(picture):
    """Boxes of all texts and all rectangles of the figure, in pixels."""
    figure = picture.figure
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    ax = figure.axes[0]
    texts = [(text, text.get_window_extent(renderer)) for text in ax.texts]
    texts = [(text, box) for text, box in texts if text.get_text()]
    (collection,) = [c for c in ax.collections if isinstance(c, PolyCollection)]
    solids = []
    for path, fill in zip(
        collection.get_paths(), np.asarray(collection.get_facecolor()), strict=True
    ):
        corners = ax.transData.transform(path.vertices[:-1])
        if len(corners) == 4 and fill[3] > 0:
            solids.append((*corners.min(axis=0), *corners.max(axis=0)))
    return texts, np.array(solids), figure.bbox


def overlap(first, second, slack=0.5):
    """Whether two (x0, y0, x1, y1) boxes share more than ``slack`` pixels."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    tall = min(first[3], second[3]) - max(first[1], second[1])
    return wide > slack and tall > slack


def inside(inner, outer):
    return (
        inner[0] >= outer[0]
        and inner[1] >= outer[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )


def check_layout(picture, widest=900):
    texts, solids, page = drawn(picture)
    for text, box in texts:
        assert text.get_fontsize() >= 8, text
        assert inside(box.extents, page.extents), f"{text} leaves the page"
    for (text, box), (other, its) in itertools.combinations(texts, 2):
        assert not overlap(box.extents, its.extents), f"{text} lies on {other}"
    for text, box in texts:
        if text.get_gid() == "box":
            assert any(inside(box.extents, solid) for solid in solids), text
        else:
            on = [solid for solid in solids if overlap(box.extents, solid)]
            assert not on, f"{text} lies on a body"
    for solid in solids:
        assert inside(solid, page.extents)
    assert page.width <= widest


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("drawing", DRAWINGS)
def test_words_are_apart_and_large_enough(name, drawing):
    check_layout(DRAWINGS[drawing](*chain(name)))


@pytest.mark.parametrize("fold", [False, True])
def test_words_are_apart_in_a_branching_net(fold):
    check_layout(draw_blocks(*resnet18(), fold=fold), widest=1.25 * 900)  # a long net


def test_the_check_of_the_layout_can_fail():
    picture = draw_volumes(*chain("lenet5"))
    first, second = picture.figure.axes[0].texts[:3:2]
    second.set_position(first.get_position())
    with pytest.raises(AssertionError, match="lies on"):
        check_layout(picture)


def test_bodies_of_one_drawing_do_not_overlap():
    items, _ = _steps_and_spots("vgg16")
    spans = [
        (spot.row, spot.middle - step.body.width / 2, step.body.width)
        for step, spot in items
    ]
    for (row, left, width), (other, right, _) in itertools.pairwise(spans):
        assert other > row or left + width < right


def _steps_and_spots(name):
    from cnnlib.diagrams.canvas import text_size
    from cnnlib.diagrams.steps import steps_of

    steps = steps_of(net_of(name))
    items = [
        rows_module.Widths(
            step.body.width,
            text_size(step.label(False))[0],
            text_size(step.between(False))[0],
        )
        for step in steps
    ]
    spots = rows_module.place_in_rows(items, 500)
    return list(zip(steps, spots, strict=True)), items


@pytest.mark.parametrize("seed", range(20))
def test_rows_keep_everything_apart_and_within_the_limit(seed):
    draw = random.Random(seed)
    items = [
        rows_module.Widths(
            draw.uniform(5, 90), draw.uniform(0, 90), draw.uniform(10, 90)
        )
        for _ in range(draw.randint(1, 25))
    ]
    spots = rows_module.place_in_rows(items, 400)
    assert len(spots) == len(items)
    for i, (before, spot) in enumerate(itertools.pairwise(spots), start=1):
        item, left = items[i], items[i - 1]
        assert spot.row in (before.row, before.row + 1)
        if spot.row == before.row:
            gap = spot.middle - item.extent / 2 - before.middle - left.extent / 2
            assert gap >= rows_module.APART - 1e-6
            body_gap = spot.middle - item.body / 2 - before.middle - left.body / 2
            assert body_gap >= rows_module.GAP - 1e-6
            if before.words:
                words_gap = spot.words - item.words / 2 - before.words - left.words / 2
                assert words_gap >= rows_module.APART - 1e-6
            middle = (before.middle + left.body / 2 + spot.middle - item.body / 2) / 2
            assert spot.words == pytest.approx(middle)
    assert all(spot.right <= 400 for spot in spots)
    assert all(
        spot.words - item.words / 2 >= -1e-6
        for spot, item in zip(spots[1:], items[1:], strict=True)
    )


# --- the numbers are those of the net --------------------------------------------


@pytest.mark.parametrize("name", LAYERS_ONLY)
def test_volumes_are_the_activations_that_hooks_measure(name):
    model, size = chain(name)
    rows = [row for row in measured(model, size) if not is_quiet(row[0])]
    labels = words(draw_volumes(*chain(name)), "size")
    assert len(labels) == 1 + len(rows)
    shown = [label.split("\n")[-1] for label in labels]
    for label, shape in zip(shown, [size, *(shape for _, shape in rows)], strict=True):
        found = numbers(label)
        if " x " in label:  # towers
            towers, maps, *sides = found
            assert towers > 1
            found = [towers * maps, *sides]
        assert tuple(found) == shape
        assert ("@" in label) == (len(shape) > 2)


@pytest.mark.parametrize("name", LAYERS_ONLY)
def test_blocks_are_the_layers_with_their_sizes_and_parameters(name):
    model, size = chain(name)
    rows = measured(model, size)
    picture = draw_blocks(*chain(name))
    shapes = [tuple(numbers(text)) for text in sizes_beside(picture)]
    assert shapes == [size, *(shape for _, shape in rows)]
    counts = [sum(p.numel() for p in layer.parameters()) for layer, _ in rows]
    shown = [text for text in words(picture, "params") if text != "parameters"]
    assert shown == [f"{count:,}" for count in counts if count]
    assert f"{sum(counts):,} parameters in all." in picture.sentence


@pytest.mark.parametrize("name", CHAINS)
def test_one_box_for_each_row_of_the_summary(name):
    model, size = chain(name)
    rows = cnnlib.summary(model, size).rows
    assert len(sizes_beside(draw_blocks(model, size))) == 1 + len(rows)
    named = words(draw_blocks(model, size), "name")
    layers = [row.name for row in rows if not row.functional]
    joined = [text.replace("\n", "").removeprefix("layer ") for text in named]
    assert joined == layers


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("draw", [draw_volumes, draw_blocks])
def test_the_sentence_says_what_the_picture_says(name, draw):
    picture = draw(*chain(name))
    sentence = picture.sentence
    last = 0
    for label in words(picture, "size"):
        if label != "output size":
            last = sentence.index(label.split("\n")[-1], last)
    for box in words(picture, "box"):
        assert box.replace("\n", " ").replace(",", "") in sentence.replace(",", "")
    for operation in words(picture, "operation"):
        first = operation.replace("\n", " ").split(" stride")[0].split(" dilation")[0]
        assert re.sub(r" \d+ groups", "", first) in sentence
    assert "\n" not in sentence
    assert "  " not in sentence


def test_lenet_in_words():
    assert draw_volumes(*chain("lenet5"), title="LeNet-5").sentence == (
        "LeNet-5: a net drawn as volumes, from left to right: input 1@32x32; "
        "c1, 5x5 convolution, 6@28x28; s2, 2x2 average pooling, 6@14x14; "
        "c3, 5x5 convolution, 16@10x10; s4, 2x2 average pooling, 16@5x5; "
        "c5, 5x5 convolution, 120@1x1; flatten, 120; f6, dense, 84; "
        "output, dense, 10. Not drawn: 4 Tanh. 61,706 parameters in all."
    )
    assert draw_blocks(*chain("mnist_cnn")).sentence == (
        "A net drawn as blocks, from top to bottom: Input, 1 x 28 x 28; "
        "conv1: 3x3 Conv (8), pad 1, 8 x 28 x 28, 80 parameters; "
        "relu1: ReLU, 8 x 28 x 28; pool1: 2x2 MaxPool, stride 2, 8 x 14 x 14; "
        "conv2: 3x3 Conv (16), pad 1, 16 x 14 x 14, 1,168 parameters; "
        "relu2: ReLU, 16 x 14 x 14; pool2: 2x2 MaxPool, stride 2, 16 x 7 x 7; "
        "flatten: Flatten, 784; fc: FC (10), 10, 7,850 parameters. "
        "9,098 parameters in all."
    )


def test_lenet_of_1998_in_words():
    sentence = draw_volumes(*chain("lenet5_1998")).sentence
    assert "s2, 2x2 subsampling, 6@14x14" in sentence
    assert "c3, 5x5 partial convolution, 16@10x10" in sentence
    assert "output, RBF output, 10. Not drawn: 6 Scaled tanh." in sentence


# --- the words of single layers ----------------------------------------------------

SINGLE = [
    (nn.Conv2d(3, 4, 3), "3x3 convolution", "3x3 Conv (4)"),
    (
        nn.Conv2d(3, 4, (2, 5), stride=(1, 2)),
        "2x5 convolution, stride 1x2",
        "2x5 Conv (4), stride 1x2",
    ),
    (
        nn.Conv2d(3, 4, 3, padding=(1, 2), dilation=2),
        "3x3 convolution, dilation 2",
        "3x3 Conv (4), pad 1x2, dilation 2",
    ),
    (nn.Conv2d(3, 4, 3, padding="valid"), "3x3 convolution", "3x3 Conv (4)"),
    (nn.Conv2d(3, 4, 3, padding="same"), "3x3 convolution", "3x3 Conv (4), pad same"),
    (
        nn.Conv2d(3, 6, 3, groups=3),
        "3x3 depthwise convolution",
        "3x3 Depthwise Conv (6)",
    ),
    (
        nn.ConvTranspose2d(3, 4, 2, 2),
        "2x2 transposed convolution, stride 2",
        "2x2 ConvTranspose (4), stride 2",
    ),
    (
        nn.MaxPool2d(3, 2, padding=1),
        "3x3 max pooling, stride 2",
        "3x3 MaxPool, stride 2, pad 1",
    ),
    (nn.AvgPool2d(2), "2x2 average pooling", "2x2 AvgPool, stride 2"),
    (nn.AdaptiveAvgPool2d((2, 3)), "average pooling to 2x3", "AvgPool to 2x3"),
    (nn.AdaptiveMaxPool2d(1), "global max pooling", "Global MaxPool"),
    (nn.Linear(8, 4), "dense", "FC (4)"),
    (nn.Flatten(), "flatten", "Flatten"),
    (nn.PixelUnshuffle(2), "pixel unshuffle", "PixelUnshuffle"),
    (nn.Upsample(scale_factor=2), "upsampling", "Upsample"),
]


@pytest.mark.parametrize(("layer", "between", "box"), SINGLE)
def test_words_of_a_layer(layer, between, box):
    net = nn.Sequential(layer)
    assert f"layer 0, {between}, " in draw_volumes(net, (3, 8, 8)).sentence
    assert f"layer 0: {box}, " in draw_blocks(net, (3, 8, 8)).sentence


@pytest.mark.parametrize(
    ("layer", "size", "between"),
    [
        (nn.Conv1d(3, 4, 3), (3, 9), "3-wide convolution, 4x7"),
        (nn.MaxPool1d(2), (3, 9), "2-wide max pooling, 3x4"),
        (nn.Conv3d(3, 4, 3), (3, 5, 6, 7), "3x3x3 convolution, 4@3x4x5"),
    ],
)
def test_words_along_one_axis_and_three(layer, size, between):
    assert f"layer 0, {between}. " in draw_volumes(nn.Sequential(layer), size).sentence


@pytest.mark.parametrize(
    ("layer", "box"),
    [
        (nn.ReLU(), "ReLU"),
        (nn.LeakyReLU(), "LeakyReLU"),
        (nn.Dropout2d(0.25), "Dropout 0.25"),
        (nn.BatchNorm2d(4), "BatchNorm"),
        (nn.GroupNorm(2, 4), "GroupNorm"),
        (nn.LocalResponseNorm(5), "LRN"),
        (nn.Softmax(1), "Softmax"),
    ],
)
def test_quiet_layers_are_named_only_where_they_are_wanted(layer, box):
    net, size = nn.Sequential(nn.Conv2d(4, 4, 1), layer), (4, 3, 3)
    plain, marked = draw_volumes(net, size), draw_volumes(net, size, activations=True)
    assert f"Not drawn: 1 {box}." in plain.sentence
    assert f"Not drawn: 1 {box}." in [t.get_text() for t in plain.figure.axes[0].texts]
    assert len(words(plain, "size")) == len(words(marked, "size")) == 2
    assert f"1x1 convolution + {box}, 4@3x3" in marked.sentence
    assert words(marked, "operation")[-1].endswith(f"\n+ {box}")
    assert "Not drawn" not in marked.sentence
    full, bare = draw_blocks(net, size), draw_blocks(net, size, activations=False)
    assert words(full, "box") == ["Input", "1x1 Conv (4)", box]
    assert words(bare, "box") == ["Input", "1x1 Conv (4)"]
    assert f"Not drawn: 1 {box}." in bare.sentence
    assert "Not drawn" not in full.sentence


def test_quiet_layers_before_the_first_body_stand_with_the_input():
    net = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 2, 3))
    picture = draw_volumes(net, (3, 8, 8), activations=True)
    assert words(picture, "size")[0] == "input\n3@8x8\n+ BatchNorm"
    assert "input 3@8x8 + BatchNorm; " in picture.sentence


class Call(nn.Module):
    """A net that is one functional call."""

    def __init__(self, call, *weights):
        super().__init__()
        self.call = call
        self.weights = nn.ParameterList(weights)

    def forward(self, x):
        return self.call(x, *self.weights)


WINDOWS = [
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "stride": 1},
    {"kernel_size": 3, "stride": (2, 1), "padding": (1, 0)},
    {"kernel_size": (2, 3), "stride": 2, "padding": 1, "ceil_mode": True},
]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(
    ("call", "layer"), [(F.max_pool2d, nn.MaxPool2d), (F.avg_pool2d, nn.AvgPool2d)]
)
@pytest.mark.parametrize("size", [(3, 9, 9), (3, 8, 11)])
def test_a_call_is_drawn_as_the_layer_is(call, layer, window, size):
    called = Call(lambda x: call(x, **window))
    built = nn.Sequential(layer(**window))
    for draw in (draw_volumes, draw_blocks):
        theirs = draw(called, size).sentence
        assert draw(built, size).sentence in (
            theirs.replace("; ", "; layer 0, ", 1),
            theirs.replace("; ", "; layer 0: ", 1),
        )


@pytest.mark.parametrize("stride", [1, 2, (2, 3)])
@pytest.mark.parametrize("padding", [0, (1, 2)])
@pytest.mark.parametrize("dilation", [1, 2, (1, 3)])
@pytest.mark.parametrize("groups", [1, 2, 8])
def test_a_called_convolution_is_read_from_its_summary(
    stride, padding, dilation, groups
):
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    layer = nn.Conv2d(16, 8, (3, 2), groups=groups, bias=False, **how)
    called = Call(lambda x, w: F.conv2d(x, w, groups=groups, **how), layer.weight)
    size = (16, 20, 17)
    mine, row = (cnnlib.summary(net, size).rows[0] for net in (layer, called))
    assert row.module is None or row.functional or row.kind == "Call"
    assert window_of(mine) == window_of(row)
    boxes = [words(draw_blocks(net, size), "box") for net in (layer, called)]
    assert boxes[0] == boxes[1]


# --- drawings change with the net ----------------------------------------------------


def small(conv=None, pool=None, act=None):
    return nn.Sequential(
        conv or nn.Conv2d(2, 4, 3, padding=1),
        act or nn.ReLU(),
        pool or nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 4, 3),
    )


@pytest.mark.parametrize(
    "other",
    [
        small(conv=nn.Conv2d(2, 4, 5, padding=2)),
        small(conv=nn.Conv2d(2, 4, 3, padding=1, groups=2)),
        small(pool=nn.AvgPool2d(2)),
        small(pool=nn.MaxPool2d(3, 2, padding=1)),
        small(act=nn.Tanh()),
    ],
)
@pytest.mark.parametrize("draw", [draw_volumes, draw_blocks])
def test_another_net_of_the_same_sizes_gives_another_drawing(draw, other):
    first, second = draw(small(), (2, 8, 8)), draw(other, (2, 8, 8))
    assert first.sentence != second.sentence
    assert first.png != second.png


@pytest.mark.parametrize("draw", [draw_volumes, draw_blocks])
def test_drawing_is_repeatable_and_leaves_the_model_alone(draw):
    model = small().train()
    before = torch.get_rng_state()
    first, second = draw(model, (2, 8, 8)), draw(model, (2, 8, 8))
    assert first.png == second.png
    assert model.training
    assert not any(layer._forward_hooks for layer in model.modules())
    assert torch.equal(torch.get_rng_state(), before)
    assert isinstance(first, Picture)


# --- sizes of the bodies -----------------------------------------------------------


def test_sides_shrink_slowly_and_in_order():
    sides = [solids_module.side(size, 224) for size in (224, 112, 56, 28, 14, 7, 1)]
    assert sides == sorted(sides, reverse=True)
    assert 3 < sides[0] / sides[5] < 9  # 224 against 7 is 32 to 1
    assert sides[-1] >= 7


def test_more_maps_give_more_sheets_all_of_them_up_to_eight():
    assert [solids_module.sheets(maps) for maps in range(1, 9)] == list(range(1, 9))
    counts = [solids_module.sheets(maps) for maps in (8, 16, 64, 512, 2048)]
    assert counts == sorted(set(counts))
    assert counts[-1] < 30


def test_more_values_give_higher_columns():
    heights = [solids_module.column_height((n,)) for n in (1, 10, 84, 4096, 25088)]
    assert heights == sorted(set(heights))
    assert heights[-1] < 80


def test_drawn_bodies_have_the_shape_of_the_map():
    body = solids_module.solid((4, 10, 40), 40)
    assert body.face[0] == pytest.approx(2 * body.face[1])  # 4 times as wide
    assert body.sheets == 4
    two = solids_module.solid((4, 10, 40), 40, towers=2)
    assert (two.sheets, two.height > 2 * two.face[1]) == (2, True)


def test_polygons_of_the_picture_are_the_sheets():
    _, solids, _ = drawn(draw_volumes(*chain("lenet5")))
    want = sum(solids_module.sheets(maps) for maps in (1, 6, 6, 16, 16, 120)) + 3
    assert len(solids) == want


def rectangles(picture):
    """(left, bottom, right, top) of the rectangles: those filled, those left open."""
    (collection,) = [
        c for c in picture.figure.axes[0].collections if isinstance(c, PolyCollection)
    ]
    found = {True: [], False: []}
    for path, fill in zip(
        collection.get_paths(), np.asarray(collection.get_facecolor()), strict=True
    ):
        corners = path.vertices[:-1]
        if len(corners) == 4:
            box = (*corners.min(axis=0), *corners.max(axis=0))
            found[bool(fill[3] > 0)].append(box)
    return found[True], found[False]


@pytest.mark.parametrize(
    ("layer", "on", "share"),
    [
        (nn.Conv2d(1, 1, (5, 10)), 0, (10 / 20, 5 / 20)),
        (nn.MaxPool2d((10, 5)), 0, (5 / 20, 10 / 20)),
        (nn.AdaptiveMaxPool2d(1), 0, (1, 1)),
        (nn.ConvTranspose2d(1, 1, 6), 1, (6 / 25, 6 / 25)),
    ],
)
def test_the_window_is_drawn_to_scale_where_it_slides(layer, on, share):
    bodies, (window,) = rectangles(draw_volumes(nn.Sequential(layer), (1, 20, 20)))
    left, low, right, top = bodies[on]
    assert inside(window, (left - 1e-6, low - 1e-6, right + 1e-6, top + 1e-6))
    wide, tall = (window[2] - window[0]), (window[3] - window[1])
    assert wide / (right - left) == pytest.approx(share[0])
    assert tall / (top - low) == pytest.approx(share[1])


def test_dense_layers_are_fans_and_flattening_joins_the_ends():
    assert len(arrows(draw_volumes(nn.Linear(4, 3), (4,)))) == 4
    assert len(arrows(draw_volumes(nn.Flatten(), (1, 4, 4)))) == 2


# --- towers ------------------------------------------------------------------------


def test_two_towers_of_alexnet():
    net = net_of("two-tower")
    names = ["input", *(row.name for row in net.rows)]
    apart = [name for name, towers in zip(names, net.towers, strict=True) if towers > 1]
    assert apart[0] == "conv1"
    assert apart[-1] == "pool5"
    assert "conv3" in apart
    assert "flatten" not in apart
    assert set(net.towers) == {1, 2}
    assert set(net_of("one-tower").towers) == {1}


def test_towers_are_drawn():
    volumes, blocks = (
        draw(*chain("two-tower")) for draw in (draw_volumes, draw_blocks)
    )
    assert "conv1\n2 x 48@55x55" in words(volumes, "size")
    assert "conv2, 5x5 convolution, 2 groups, 2 x 128@27x27" in volumes.sentence
    boxes = words(blocks, "box")
    assert boxes.count("5x5 Conv (128)\npad 2") == 2
    assert boxes.count("11x11 Conv (48)\nstride 4") == 2
    assert boxes.count("Flatten") == 1
    assert "conv2: 2 x 5x5 Conv (128), pad 2, 256 x 27 x 27, 307," in blocks.sentence
    assert "2 x" not in draw_volumes(*chain("one-tower")).sentence


def test_arrows_between_towers_cross_only_where_the_layer_mixes():
    net = nn.Sequential(
        nn.Conv2d(4, 8, 1, groups=2),
        nn.ReLU(),
        nn.Conv2d(8, 8, 1),
        nn.Conv2d(8, 8, 1, groups=2),
        nn.Flatten(),
    )
    picture = draw_blocks(net, (4, 2, 2))
    ends = [line[[0, -1], 0] for line in arrows(picture)]
    slanted = [end for end in ends if abs(end[0] - end[1]) > 1]
    # input-conv, conv-relu, relu-mixing conv (all pairs), conv-conv, conv-flatten
    assert len(ends) == 2 + 2 + 4 + 2 + 2
    assert len(slanted) == 2


def arrows(picture):
    (lines,) = [
        c for c in picture.figure.axes[0].collections if isinstance(c, LineCollection)
    ]
    return lines.get_segments()


@pytest.mark.parametrize(
    ("between", "crossing"),
    [
        (nn.ReLU(), 0),
        (nn.MaxPool2d(1), 0),
        (nn.Conv2d(8, 8, 1, groups=8), 0),
        (nn.AdaptiveAvgPool2d((1, 2)), 0),
        (nn.Conv2d(8, 8, 1), 2),
        (nn.Softmax(1), 2),
        (nn.LayerNorm([8, 2, 2]), 2),
        (nn.PixelShuffle(1), 2),
    ],
)
def test_what_mixes_channels_stands_between_crossing_arrows(between, crossing):
    grouped = [nn.Conv2d(8, 8, 1, groups=2) for _ in range(2)]
    picture = draw_blocks(nn.Sequential(grouped[0], between, grouped[1]), (8, 2, 2))
    ends = [line[[0, -1], 0] for line in arrows(picture)]
    assert sum(abs(end[0] - end[1]) > 1 for end in ends) == crossing
    bodies = draw_volumes(nn.Sequential(grouped[0], between, grouped[1]), (8, 2, 2))
    pairs = len(arrows(bodies)) / 2  # two lines for each pair of towers
    quiet = isinstance(between, nn.ReLU | nn.Softmax | nn.LayerNorm)
    if not quiet and hasattr(between, "kernel_size"):
        assert pairs == 2 + (4 if crossing else 2) + 2


def test_towers_lie_in_order_from_row_to_row():
    body = solids_module.solid((4, 9, 9), 9, towers=2)
    heights = [links.middle_of(body, tower) for tower in (0, 1)]
    assert heights[0] == -heights[1] > 0
    low = [body.front(tower)[1] for tower in (0, 1)]
    assert low[0] - low[1] == pytest.approx(heights[0] - heights[1])


def test_many_groups_are_named_and_not_drawn():
    net = nn.Sequential(nn.Conv2d(32, 64, 3, groups=8))
    assert read_net(net, (32, 9, 9), "test").towers == [1, 1]
    assert "3x3 Conv (64), 8 groups" in words(draw_blocks(net, (32, 9, 9)), "box")


# --- nets that branch --------------------------------------------------------------

BRANCHING = {
    "resnet18": (resnet18, "add"),
    "two inputs": (lambda: (TwoInputs(), [(1, 8, 10), (2, 8, 10)]), "'b'"),
    "two heads": (lambda: (TwoHeads(), (4,)), "'right'"),
}


@pytest.mark.parametrize("name", BRANCHING)
def test_branches_are_refused_by_volumes_and_drawn_by_blocks(name):
    build, where = BRANCHING[name]
    with pytest.raises(ValueError, match=f"(?s){where}.*breaks the chain.*draw_blocks"):
        draw_volumes(*build())
    picture = draw_blocks(*build())
    assert "not drawn" not in picture.sentence
    assert len(arrows(picture)) > len(sizes_beside(picture)) - 1


def taken(model, size, **options):
    """Return, for each box, the numbers of the boxes that it takes."""
    net = read_net(model, size, "test")
    boxes = boxes_module.boxes_of(net, options.get("activations", True))
    return [[place + step for step in box.above] for place, box in enumerate(boxes)]


class Skips(nn.Module):
    """0 input, 1 conv, 2 relu, 3 conv, 4 add of 1 and 3, 5 relu."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)

    def forward(self, x):
        x = self.first(x)
        return torch.relu(x + self.second(torch.relu(x)))


class TwoWays(nn.Module):
    """Two convolutions of the same input and the same size; the second one counts."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 1)

    def forward(self, x):
        self.left(x)
        return self.right(x)


def test_each_box_takes_what_the_net_gives_it():
    assert taken(Skips(), (2, 3, 3)) == [[], [0], [1], [2], [1, 3], [4]]
    assert taken(Skips(), (2, 3, 3), activations=False) == [[], [0], [1], [1, 2]]
    assert taken(TwoWays(), (2, 3, 3)) == [[], [0], [0]]
    assert taken(*BRANCHING["two inputs"][0]())[:2] == [[], []]


def test_what_is_changed_in_place_is_taken_as_it_was_then():
    class InPlace(nn.Module):
        def forward(self, x):
            y = x + 1
            y[..., 0] = 0  # box 2
            y.relu_()
            return x + y

    assert taken(InPlace(), (2, 3, 3))[-2:] == [[2], [0, 3]]


def test_a_shortcut_leaves_its_source_and_ends_in_an_arrow():
    picture = draw_blocks(Skips(), (2, 3, 3))
    lines = arrows(picture)
    upright = [line for line in lines if len(line) == 2 and line[0, 0] == line[1, 0]]
    (beside,) = [line for line in upright if line[0, 0] > lines[0][0, 0] + 1]
    into = [line for line in lines if line[0, 0] > line[-1, 0]]
    assert len(into) == 1
    assert into[0][0, 1] == pytest.approx(beside[:, 1].min())
    boxes = [text for text in texts_of(picture) if text.get_gid() == "box"]
    heights = [text.get_position()[1] for text in boxes]
    assert heights[2] < beside[:, 1].max() < heights[1]  # out of conv, box 1
    assert heights[4] < beside[:, 1].min() < heights[3]  # into add, box 4
    assert "Add, 2 inputs (takes first and second)" in picture.sentence


class Projected(nn.Module):
    """0 input, 1 and 2 conv, 3 and 4 the shortcut's layers, 5 add of 2 and 4, 6 relu.

    With ``outer`` 6 is another add, of 5 and of the input, whose line passes them all.
    """

    def __init__(self, *, outer: bool = False):
        super().__init__()
        self.one, self.two = nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 2, 1)
        self.way, self.norm = nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)
        self.outer = outer

    def forward(self, x):
        inside = self.two(self.one(x))
        y = self.norm(self.way(x)) + inside
        return y + x if self.outer else torch.relu(y)


def box_places(picture):
    """(x, y) of the middle of each box."""
    return [
        text.get_position() for text in texts_of(picture) if text.get_gid() == "box"
    ]


def test_a_shortcut_with_layers_stands_beside_the_column():
    picture = draw_blocks(Projected(), (2, 3, 3))
    x, y = zip(*box_places(picture), strict=True)
    assert x[0] == x[1] == x[2] == x[5] == x[6] < x[3] == x[4]
    lines = arrows(picture)
    passing = [line for line in lines if {*line[:, 0]} == {x[0]}]
    assert any(  # one arrow goes down the column, past the branch
        line[:, 1].max() < y[2] and line[:, 1].min() < y[4] < line[:, 1].max()
        for line in passing
    )
    corner = [line for line in lines if (x[3] == line[:, 0]).all()]
    heights = sorted(height for line in corner for height in line[:, 1])
    assert y[1] < heights[-1] < y[0]  # leaves below the middle of the input
    assert heights[0] == pytest.approx(y[5])  # and comes to the sum
    check_layout(picture)


def test_a_branch_stays_in_the_column_where_another_line_passes():
    x, _ = zip(*box_places(draw_blocks(Projected(outer=True), (2, 3, 3))), strict=True)
    assert len(set(x)) == 1


def test_a_long_net_has_columns_rather_than_branches_beside_one():
    from cnnlib.diagrams._block_sheet import block_columns

    model, size = resnet18()
    net = read_net(model, size, "test")
    boxes = boxes_module.boxes_of(net, True)
    columns = block_columns(boxes_module.grouped(boxes, False))
    assert len(columns) > 1
    assert not any(column.moved for column in columns)
    boxes = boxes_module.boxes_of(net, False)
    (column,) = block_columns(boxes_module.grouped(boxes, False))
    assert len(column.moved) == 3


def texts_of(picture):
    return picture.figure.axes[0].texts


def test_no_arrow_joins_a_box_to_one_that_it_does_not_take():
    picture = draw_blocks(TwoWays(), (2, 3, 3))
    down = [line for line in arrows(picture) if line[0, 0] == line[-1, 0]]
    assert len(down) == 2  # input to left, and the line beside the boxes
    assert "right: 1x1 Conv (2) (takes Input)" in picture.sentence


@pytest.mark.parametrize("fold", [False, True])
def test_no_column_ends_inside_a_branch(fold):
    from cnnlib.diagrams._block_sheet import block_columns

    model, size = resnet18()
    boxes = boxes_module.boxes_of(read_net(model, size, "test"), True)
    columns = block_columns(boxes_module.grouped(boxes, fold))
    assert len(columns) > 1
    for column in columns:
        for place, (box, _) in enumerate(column.spots):
            assert all(place + step >= -1 for step in box.above)


def test_lines_of_one_lane_do_not_touch():
    from cnnlib.diagrams import _lanes

    draw = random.Random(0)
    for _ in range(50):
        boxes = [
            boxes_module.OperationBox(
                "", "", "", "", "", "other", above=(-1, -draw.randint(1, place + 1))
            )
            for place in range(15)
        ]
        lines = _lanes.side_lines(boxes)
        ends = [(start, end) for line in lines for start in line.starts
                for end in line.ends]  # fmt: skip
        wanted = [(p + s, p) for p, b in enumerate(boxes) for s in b.above if s != -1]
        assert sorted(ends) == sorted(set(wanted))
        for one, other in itertools.combinations(lines, 2):
            if one.lane == other.lane:
                first, second = sorted([one.span, other.span])
                assert first[1] < second[0]


def test_a_net_of_very_many_branches_is_listed_in_order():
    class Dense(nn.Module):
        def forward(self, x):
            parts = [x]
            for _ in range(12):
                parts.append(torch.cat(parts, 1)[:, :1] * 2)
            return torch.cat(parts, 1)

    picture = draw_blocks(Dense(), (1, 3, 3))
    note = "Operations in the order in which they run; branches are not drawn."
    assert note in picture.sentence
    assert note in [text.get_text() for text in texts_of(picture)]
    assert arrows(picture) == []


def test_inputs_have_a_box_each():
    picture = draw_blocks(*BRANCHING["two inputs"][0]())
    assert words(picture, "box")[:2] == ["Input 1", "Input 2"]
    assert sizes_beside(picture)[:2] == ["1 x 8 x 10", "2 x 8 x 10"]
    assert "Concatenate, 2 inputs (takes a and b), 8 x 6 x 8" in picture.sentence


@pytest.mark.parametrize("name", CHAINS)
def test_chains_have_an_arrow_to_each_box(name):
    picture = draw_blocks(*chain(name))
    assert "order in which they run" not in picture.sentence
    assert len(arrows(picture)) >= len(sizes_beside(picture)) - 1


def test_a_shared_layer_is_counted_once_and_says_so():
    layer = nn.Linear(4, 4)
    picture = draw_blocks(nn.Sequential(layer, nn.ReLU(), layer), (4,))
    assert words(picture, "params")[1:] == ["20", "as layer 0"]


# --- repeats -----------------------------------------------------------------------


def unfolded(groups):
    return [box.text for group in groups for box in group.boxes * group.times]


@pytest.mark.parametrize("name", CHAINS)
def test_folding_leaves_nothing_out(name):
    boxes = boxes_module.boxes_of(net_of(name), True)
    groups = boxes_module.grouped(boxes, True)
    assert unfolded(groups) == [box.text for box in boxes]
    assert all(group.times == 1 for group in boxes_module.grouped(boxes, False))
    for group in groups:
        if group.times > 1 and len(group.boxes) > 1:
            assert group.boxes[0].role != "quiet"


def test_blocks_with_shortcuts_are_folded_whole():
    net = nn.Sequential(nn.Flatten(2, 3), nn.Unflatten(2, (3, 3)))
    net = nn.Sequential(net, Skips(), Skips(), Skips())
    picture = draw_blocks(net, (2, 3, 3), fold=True)
    assert words(picture, "repeat") == ["x 3"]
    assert "3 times (1.first: 1x1 Conv (2), 2 x 3 x 3" in picture.sentence
    assert picture.sentence.count("Add, 2 inputs") == 1


def test_a_repeat_that_a_branch_leaves_is_not_folded():
    class Joined(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Conv2d(2, 2, 1) for _ in range(3))

        def forward(self, x):
            parts = [x := layer(x) for layer in self.layers]
            return torch.cat(parts, 1)

    picture = draw_blocks(Joined(), (2, 3, 3), fold=True)
    assert words(picture, "repeat") == []
    assert picture.sentence.count("1x1 Conv") == 3


def test_repeats_of_vgg16_are_folded():
    picture = draw_blocks(*chain("vgg16"), fold=True)
    assert words(picture, "repeat") == ["x 2", "x 2", "x 3"]
    assert "3 times (block5.conv1: 3x3 Conv (512), pad 1, 512 x 14 x 14, " in (
        picture.sentence
    )
    assert words(draw_blocks(*chain("vgg16")), "repeat") == []


@pytest.mark.parametrize(
    "second",
    [nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1, bias=False)],
)
def test_only_what_is_the_same_is_folded(second):
    net = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), second)
    repeats = words(draw_blocks(net, (4, 5, 5), fold=True), "repeat")
    assert repeats == (["x 2"] if second.bias is not None else [])


# --- axes of someone else, and errors ----------------------------------------------


@pytest.mark.parametrize("draw", [draw_volumes, draw_blocks])
def test_axes_are_drawn_on_and_given_back(draw):
    figure = Figure(figsize=(9, 5))
    left, right = figure.subplots(1, 2)
    settings = dict(rcParams)
    assert draw(*chain("lenet5"), title="LeNet-5", ax=right) is right
    assert figure.axes == [left, right]
    assert not left.texts
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    boxes = [t.get_window_extent(renderer) for t in right.texts if t.get_text()]
    frame = right.bbox.padded(2).extents
    assert all(inside(box.extents, frame) for box in boxes)
    for first, second in itertools.combinations(boxes, 2):
        assert not overlap(first.extents, second.extents, slack=1.5)
    assert "LeNet-5" in [text.get_text() for text in right.texts]
    assert dict(rcParams) == settings


@pytest.mark.parametrize("draw", [draw_volumes, draw_blocks])
def test_pyplot_does_not_hear_of_the_figure(draw):
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    draw(*chain("mnist_cnn"))
    assert pyplot.get_fignums() == before


@pytest.mark.parametrize("draw", [draw_volumes, draw_blocks])
def test_errors_are_sentences(draw):
    with pytest.raises(ValueError, match=f"{draw.__name__} has nothing to draw.*"):
        draw(nn.Sequential(), (1, 4, 4))
    with pytest.raises(TypeError, match=r"torch\.nn\.Module"):
        draw(lambda x: x, (1, 4, 4))
    with pytest.raises(TypeError, match="input_size"):
        draw(nn.Linear(4, 4), "4")
    with pytest.raises(Exception, match=r"400|fc"):
        draw(models.mnist_cnn(), (1, 32, 32))
