"""Sizes that do not fit: the sentence names the layer, both numbers and the cure."""

import traceback

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnlib import summary


class Net(nn.Module):
    """A net whose forward is given as a function of the net and its inputs."""

    def __init__(self, function, **layers):
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, *inputs):
        return self.function(self, *inputs)


def bare(*shape):
    return nn.Parameter(torch.zeros(shape))


def says(model, size, *parts, **given):
    """Summarise, expect a ValueError, and look for the parts in its sentence."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the parts are the match
        summary(model, size, **given)
    sentence = str(caught.value)
    for part in parts:
        assert part in sentence
    shown = "".join(traceback.format_exception(caught.value))
    assert "another exception occurred" not in shown
    assert "direct cause" not in shown
    return sentence


CONV_POOL = [
    nn.Conv2d(1, 3, 3, padding=1),
    nn.MaxPool2d(2),
    nn.Conv2d(3, 2, 3, padding=1),
]


def test_between_flatten_and_linear():
    net = nn.Sequential(*CONV_POOL, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(20_000, 1))
    assert says(net, (1, 100, 100)) == (
        "5 (Linear) expects 20000 input features (in_features=20000) but gets 1250 "
        "(2*25*25), from 4 (Flatten). "
        "Set in_features=1250: nn.Linear(in_features=1250, out_features=1)."
    )


def test_the_cure_cures():
    net = nn.Sequential(*CONV_POOL, nn.Flatten(), nn.Linear(7, 3))
    sentence = says(net, (1, 11, 13))
    net[-1] = eval(sentence.split(": ")[1].rstrip("."), {"nn": nn})
    assert summary(net, (1, 11, 13)).rows[-1].output_shape == (3,)


def test_a_linear_layer_on_a_map():
    net = nn.Sequential(*CONV_POOL, nn.Linear(5_000, 1))
    says(net, (1, 100, 100), "3 (Linear)", "5000", "2 x 50 x 50", "nn.Flatten()")
    net[-1] = nn.Linear(30, 1)
    says(net, (1, 100, 100), "in_features=30", "Flatten first", "in_features=5000")


def test_wrong_channels():
    net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Conv2d(16, 6, 3))
    says(net, (3, 9, 9), "1 (Conv2d)", "in_channels=16", "gets 6", "Set in_channels=6")
    says(net, (1, 9, 9), "0 (Conv2d)", "in_channels=3", "gets 1", "(3, 9, 9)")
    says(nn.ConvTranspose2d(4, 2, 2), (3, 9, 9), "in_channels=4", "gets 3")
    says(nn.Conv2d(4, 4, 3, groups=2), (2, 9, 9), "in_channels=4", "gets 2")


def test_channels_last():
    says(nn.Conv2d(3, 6, 3), (28, 29, 3), "channels first", "pass (3, 28, 29)")


def test_forgotten_channel_axis():
    net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU())
    says(net, (28, 29), "0 (Conv2d)", "input_size (28, 29)", "pass (1, 28, 29)")
    net = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(1, 6, 3))
    says(net, (28, 29), "1 (Conv2d)", "pass (1, 28, 29)")
    net = nn.Sequential(nn.ReLU(), nn.Conv2d(1, 6, 3))
    says(net, (28, 29), "1 (Conv2d)", "pass (1, 28, 29)")


@pytest.mark.parametrize("batch", [1, 64])
def test_the_batch_is_left_out(batch):
    size = (batch, 1, 28, 29)
    says(nn.Conv2d(1, 6, 3), size, "without the batch", "pass (1, 28, 29)")
    says(nn.MaxPool2d(2), size, "without the batch", "pass (1, 28, 29)")
    says(nn.Conv1d(1, 6, 3), (batch, 1, 28), "pass (1, 28)")
    net = nn.Sequential(nn.ReLU(), nn.Conv2d(1, 6, 3))
    says(net, size, "1 (Conv2d)", "without the batch", "pass (1, 28, 29)")


def test_one_axis_too_few_or_too_many_inside_the_net():
    net = nn.Sequential(nn.Flatten(), nn.Conv2d(1, 6, 3))
    says(net, (1, 8, 8), "1 (Conv2d)", "channels x height x width", "gets 64")


def test_nothing_left_of_the_map():
    net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.MaxPool2d(4), nn.MaxPool2d(4))
    says(net, (1, 10, 10), "4 x 4 window", "2 (MaxPool2d)", "2 x 2", "1 (MaxPool2d)")
    net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Conv2d(6, 6, 7, padding=1))
    says(net, (1, 8, 8), "7 x 7 kernel", "1 (Conv2d)", "4 x 4 (6 x 6 with its padding)")
    says(nn.Conv2d(1, 6, 3, dilation=3), (1, 6, 9), "7 x 7 kernel", "6 x 9")
    says(nn.AvgPool2d((1, 5)), (1, 6, 4), "1 x 5 window", "6 x 4")
    says(nn.ConvTranspose2d(1, 1, 2, padding=4), (1, 2, 2), "ConvTranspose2d")


def test_normalisation():
    net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.BatchNorm2d(5))
    says(net, (1, 8, 8), "1 (BatchNorm2d)", "num_features=5", "Set num_features=6")
    net[1] = nn.BatchNorm1d(6)
    says(net, (1, 8, 8), "1 (BatchNorm1d)", "6 x 4 x 4", "use BatchNorm2d")
    net[1] = nn.GroupNorm(2, 8)
    says(net, (1, 8, 8), "1 (GroupNorm)", "num_channels=8", "Set num_channels=6")
    net[1] = nn.GroupNorm(4, 4)
    says(net, (1, 8, 8), "1 (GroupNorm)", "4", "6")
    net[1] = nn.LayerNorm((6, 4, 5))
    says(net, (1, 8, 8), "1 (LayerNorm)", "6 x 4 x 5", "6 x 4 x 4")
    says(nn.InstanceNorm2d(3, affine=True), (2, 8, 8), "InstanceNorm2d", "3", "2")


def test_recurrent_and_attention():
    says(nn.LSTM(4, 6), (5, 8), "LSTM", "input_size=4", "Set input_size=8")
    says(nn.GRUCell(4, 6), (8,), "GRUCell", "input_size=4", "Set input_size=8")
    layer = nn.TransformerEncoderLayer(6, 2)
    says(layer, (5, 8), "self_attn (MultiheadAttention)", "embed_dim=6", "gets 8")


def test_joining():
    one, other = nn.Conv2d(1, 3, 3), nn.Conv2d(1, 3, 3, padding=1)
    net = Net(lambda net, x: net.a(x) + net.b(x), a=one, b=other)
    says(net, (1, 8, 8), "add", "3 x 6 x 6", "a (Conv2d)", "3 x 8 x 8", "b (Conv2d)")
    net = Net(lambda net, x: torch.cat([net.a(x), net.b(x)], 1), a=one, b=other)
    says(net, (1, 8, 8), "cat", "3 x 6 x 6", "3 x 8 x 8", "axis 1")


def test_functions_and_bare_parameters():
    net = Net(lambda net, x: x.flatten(1) @ net.w, w=bare(60, 10))
    says(net, (1, 8, 8), "matmul", "64", "60 x 10", "a parameter")
    net = Net(lambda net, x: F.linear(x.flatten(1), net.w), w=bare(10, 60))
    says(net, (1, 8, 8), "linear", "in_features=60", "in_features=64")
    net = Net(lambda net, x: F.conv2d(x, net.w), w=bare(2, 3, 3, 3))
    says(net, (1, 8, 8), "conv2d", "expects 3 input channels", "gets 1")
    net = Net(lambda net, x: net.fc(x.view(-1, 60)), fc=nn.Linear(60, 10))
    says(net, (1, 8, 8), "view", "(-1, 60)", "64", "x.flatten(1)", "in_features=64")


def test_deep_inside():
    inner = Net(lambda net, x: net.fc(F.relu(x).flatten(1)), fc=nn.Linear(9, 2))
    net = nn.ModuleDict(
        {"body": nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(inner))}
    )
    model = Net(lambda model, x: model.net["body"](x), net=net)
    says(
        model,
        (1, 8, 8),
        "net.body.1.0.fc (Linear)",
        "9",
        "72 (2*6*6)",
        "in_features=72",
    )


def test_types():
    says(nn.Linear(4, 4), (4,), "float32", "float64", dtypes=torch.float64)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Embedding(3, 4))
    says(net, (1, 8, 8), "1 (Embedding)", "whole numbers", "0 (Conv2d)")


def test_the_number_of_inputs():
    net = Net(lambda net, x: x)
    net.forward = lambda image, vector: image
    says(net, (1, 8, 8), "(image, vector)", "1 input was given", "in a list")
    says(nn.Linear(2, 2), [(2,), (2,)], "2 inputs were given")


def test_what_pytorch_says_is_passed_on_where_there_is_no_better_sentence():
    says(nn.Sequential(nn.PixelShuffle(2)), (3, 8, 8), "0 (PixelShuffle)", "3 x 8 x 8")

    def ten(net, x):
        assert x.shape[-1] == 10, "the image must be 10 wide"

    says(Net(ten), (1, 8, 8), "the image must be 10 wide")


def test_a_misfit_in_a_model_that_looks_at_values():
    def forward(net, x):
        return net.fc(x.flatten(1)) if x.sum().item() > -1 else x

    net = Net(forward, fc=nn.Linear(60, 10))
    says(net, (1, 8, 8), "fc (Linear)", "60", "in_features=64")


def test_an_error_in_the_model_itself_stays_what_it_is():
    with pytest.raises(AttributeError, match="undefined"):
        summary(Net(lambda net, x: x.undefined), (1, 8, 8))
    with pytest.raises(NameError, match="undefined") as caught:
        summary(nn.Sequential(Net(lambda net, x: undefined)), (1, 8, 8))  # noqa: F821
    assert "the layer '0'" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("arguments", "error", "part"),
    [
        (((0, 8, 8),), ValueError, "at least 1"),
        (((-1, 8, 8),), ValueError, "at least 1"),
        (((1, 8.0, 8),), TypeError, "(1, 28, 28)"),
        (((True, 8, 8),), TypeError, "(1, 28, 28)"),
        (("1x8x8",), TypeError, "(1, 28, 28)"),
        ((torch.zeros(1, 8, 8),), TypeError, "(1, 28, 28)"),
        ((), TypeError, "input_size"),
    ],
)
def test_sizes_that_are_none(arguments, error, part):
    with pytest.raises(error) as caught:
        summary(nn.Conv2d(1, 1, 1), *arguments)
    assert part in str(caught.value)


def test_other_arguments():
    conv = nn.Conv2d(1, 1, 1)
    with pytest.raises(TypeError, match=r"torch\.nn\.Module"):
        summary(nn.Conv2d, (1, 8, 8))
    with pytest.raises(TypeError, match="either input_size"):
        summary(conv, (1, 8, 8), input_data=torch.zeros(1, 1, 8, 8))
    with pytest.raises(TypeError, match="input_data"):
        summary(conv, input_data="image")
    with pytest.raises(ValueError, match="dtypes"):
        summary(conv, (1, 8, 8), dtypes=[torch.float32, torch.float32])
    with pytest.raises(ValueError, match="depth"):
        summary(conv, (1, 8, 8), depth=0)
