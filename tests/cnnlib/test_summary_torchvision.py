"""Torchvision's classifiers: parameters, shapes and work agree with PyTorch's own."""

import pytest
import torch

from cnnlib import summary
from tests.cnnlib.summary_oracles import half_flops, hooked_shapes, layer_shapes

pytestmark = pytest.mark.slow

torchvision = pytest.importorskip("torchvision")

CLASSIFIERS = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "densenet169",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "maxvit_t",
    "mnasnet0_5",
    "mnasnet1_3",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "regnet_y_400mf",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0",
    "squeezenet1_0",
    "squeezenet1_1",
    "swin_t",
    "swin_v2_t",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
    "vit_b_16",
    "vit_b_32",
    "vit_l_32",
    "wide_resnet50_2",
]


def build(name):
    """Without weights; without their initial values too, where that is possible."""
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    if name.startswith("regnet"):  # computes its widths with tensors
        return torchvision.models.get_model(name)
    with torch.device("meta"):
        return torchvision.models.get_model(name, **options)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifier(name):
    net = build(name).to("meta")
    size = (3, 299, 299) if name == "inception_v3" else (3, 224, 224)
    image = torch.empty(1, *size, device="meta")
    found = summary(net, size)
    assert found.notes == [] or name in ("googlenet", "inception_v3")
    assert found.not_counted == []
    assert found.total_params == sum(p.numel() for p in net.parameters())
    assert found.total_mult_adds == half_flops(net, image)
    assert layer_shapes(found.rows) == hooked_shapes(net, image)
    assert found.rows[-1].output_shape == (1000,)


def test_there_are_at_least_thirty():
    assert len(set(CLASSIFIERS)) >= 30


@pytest.mark.parametrize(
    ("name", "params", "mult_adds"),
    [
        ("alexnet", 61_100_840, 714_188_480),
        ("vgg16", 138_357_544, 15_470_264_320),
        ("resnet50", 25_557_032, 4_089_184_256),
    ],
)
def test_numbers_that_everyone_quotes(name, params, mult_adds):
    found = summary(build(name), (3, 224, 224))
    assert (found.total_params, found.total_mult_adds) == (params, mult_adds)


def test_receptive_fields_that_are_published():
    """VGG-16 and the Inception v3 head of Araujo, Norris and Sim (Distill, 2019)."""
    rows = summary(build("vgg16"), (3, 224, 224)).rows
    assert _field(rows, "features.30") == (212, 212)
    rows = summary(build("inception_v3"), (3, 299, 299)).rows
    assert _field(rows, "Mixed_7c.cat_3") == (1311, 1311)


def test_receptive_field_of_resnet50_by_hand():
    """Torchvision's strides stand in the 3x3 layers: (jump before, 3x3 layers)."""
    field = 7 + 2 * 2  # the first convolution, then pooling 3x3 at jump 2
    for jump, blocks in ((4, 3), (4, 1), (8, 3), (8, 1), (16, 5), (16, 1), (32, 2)):
        field += 2 * jump * blocks
    rows = summary(build("resnet50"), (3, 224, 224)).rows
    assert _field(rows, "layer4.2.relu") == (field, field) == (427, 427)


def _field(rows, name):
    [*_, row] = [row for row in rows if row.name == name]
    return row.receptive_field
