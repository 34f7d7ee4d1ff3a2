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


def refusal(model, size, **given):
    """Summarise, expect a ValueError without a chain of others, return its sentence."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - callers compare it all
        summary(model, size, **given)
    shown = "".join(traceback.format_exception(caught.value))
    assert "another exception occurred" not in shown
    assert "direct cause" not in shown
    return str(caught.value)


CONV_POOL = [
    nn.Conv2d(1, 3, 3, padding=1),
    nn.MaxPool2d(2),
    nn.Conv2d(3, 2, 3, padding=1),
]


def test_between_flatten_and_linear():
    net = nn.Sequential(*CONV_POOL, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(20_000, 1))
    assert refusal(net, (1, 100, 100)) == (
        "5 (Linear) expects 20000 input features (in_features=20000) but gets 1250 "
        "(2*25*25), from 4 (Flatten). "
        "Set in_features=1250: nn.Linear(in_features=1250, out_features=1)."
    )


def test_the_cure_cures():
    net = nn.Sequential(*CONV_POOL, nn.Flatten(), nn.Linear(7, 3))
    sentence = refusal(net, (1, 11, 13))
    net[-1] = eval(sentence.split(": ")[1].rstrip("."), {"nn": nn})
    assert summary(net, (1, 11, 13)).rows[-1].output_shape == (3,)


def test_a_linear_layer_on_a_map():
    net = nn.Sequential(*CONV_POOL, nn.Linear(5_000, 1))
    assert refusal(net, (1, 100, 100)) == (
        "3 (Linear) expects 5000 input features (in_features=5000) but gets 2 x 50 x "
        "50, from 2 (Conv2d). Flatten first, with nn.Flatten(): 2*50*50 = 5000 values."
    )
    net[-1] = nn.Linear(30, 1)
    assert refusal(net, (1, 100, 100)) == (
        "3 (Linear) expects 30 input features (in_features=30) but gets 2 x 50 x 50, "
        "from 2 (Conv2d). Flatten first, with nn.Flatten(): 2*50*50 = 5000 values, "
        "and set in_features=5000."
    )


def test_wrong_channels():
    net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Conv2d(16, 6, 3))
    assert refusal(net, (3, 9, 9)) == (
        "1 (Conv2d) expects 16 input channels (in_channels=16) but gets 6, from 0 "
        "(Conv2d). Set in_channels=6."
    )
    assert refusal(net, (1, 9, 9)) == (
        "0 (Conv2d) expects 3 input channels (in_channels=3) but gets 1, from the "
        "input of size (1, 9, 9). Pass (3, 9, 9) as input_size, or set in_channels=1."
    )
    assert refusal(nn.ConvTranspose2d(4, 2, 2), (3, 9, 9)) == (
        "ConvTranspose2d expects 4 input channels (in_channels=4) but gets 3, from "
        "the input of size (3, 9, 9). Pass (4, 9, 9) as input_size, or set "
        "in_channels=3."
    )
    assert refusal(nn.Conv2d(4, 4, 3, groups=2), (2, 9, 9)) == (
        "Conv2d expects 4 input channels (in_channels=4) but gets 2, from the input "
        "of size (2, 9, 9). Pass (4, 9, 9) as input_size, or set in_channels=2."
    )


@pytest.mark.parametrize("make", [nn.Conv2d, nn.ConvTranspose2d])
@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@pytest.mark.parametrize("found", [1, 2, 3, 4, 5])
def test_a_cure_is_one_that_pytorch_takes(make, groups, found):
    sentence = refusal(make(6, 6, 3, groups=groups), (found, 9, 9))
    assert f"set in_channels={found}" in sentence
    if found % groups:
        with pytest.raises(ValueError, match="divisible by groups"):
            make(found, 6, 3, groups=groups)
        assert sentence.endswith(f"groups to a common divisor of {found} and 6.")
    else:
        summary(make(found, 6, 3, groups=groups), (found, 9, 9))
        assert sentence.endswith(f"set in_channels={found}.")


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("found", [2, 3, 6, 8])
def test_a_group_norm_is_cured_with_its_groups(groups, found):
    sentence = refusal(nn.GroupNorm(groups, 4), (found, 9, 9))
    if found % groups:
        with pytest.raises(ValueError, match="divisible by num_groups"):
            nn.GroupNorm(groups, found)
        cure = f"Set num_channels={found}, and num_groups to a divisor of {found}."
    else:
        summary(nn.GroupNorm(groups, found), (found, 9, 9))
        cure = f"Set num_channels={found}."
    assert sentence.endswith(cure)


@pytest.mark.parametrize(
    ("function", "wrong", "right", "size"),
    [
        (F.conv2d, (2, 3, 3, 3), (2, 1, 3, 3), (1, 8, 8)),
        (F.conv_transpose2d, (2, 3, 3, 3), (5, 3, 3, 3), (5, 8, 8)),
        (lambda x, w: F.conv2d(x, w, groups=2), (2, 3, 3, 3), (2, 2, 3, 3), (4, 8, 8)),
        (lambda x, w: F.linear(x.flatten(1), w), (10, 60), (10, 64), (1, 8, 8)),
        (lambda x, w: F.linear(x.flatten(1), w), (60,), (64,), (1, 8, 8)),
    ],
)
def test_a_function_is_cured_by_its_weight(function, wrong, right, size):
    net = Net(lambda net, x: function(x, net.w), w=bare(*wrong))
    assert refusal(net, size).endswith(f"ive it a weight of shape {right}.")
    net.w = bare(*right)
    assert summary(net, size).rows[-1].functional


def test_a_group_norm_without_weights_is_cured_by_its_groups():
    assert refusal(nn.GroupNorm(4, 8, affine=False), (6, 8, 8)) == (
        "GroupNorm cannot cut 6 channels into 4 equal groups. "
        "Set num_groups to a divisor of 6."
    )


def test_channels_last():
    assert refusal(nn.Conv2d(3, 6, 3), (28, 29, 3)) == (
        "Conv2d expects 3 input channels (in_channels=3) but gets 28, from the input "
        "of size (28, 29, 3). PyTorch puts the channels first: pass (3, 28, 29)."
    )


def test_forgotten_channel_axis():
    net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU())
    assert refusal(net, (28, 29)) == (
        "0 (Conv2d) needs 3 axes for one input, channels x height x width, but "
        "input_size (28, 29) has 2: pass (1, 28, 29)."
    )
    net = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(1, 6, 3))
    assert refusal(net, (28, 29)) == (
        "1 (Conv2d) needs 3 axes for one input, channels x height x width, but "
        "input_size (28, 29) has 2: pass (1, 28, 29)."
    )
    net = nn.Sequential(nn.ReLU(), nn.Conv2d(1, 6, 3))
    assert refusal(net, (28, 29)) == (
        "1 (Conv2d) needs 3 axes for one input, channels x height x width, but "
        "input_size (28, 29) has 2: pass (1, 28, 29)."
    )


@pytest.mark.parametrize("batch", [1, 64])
def test_the_batch_is_left_out(batch):
    size = (batch, 1, 28, 29)
    assert refusal(nn.Conv2d(1, 6, 3), size) == (
        "Conv2d needs 3 axes for one input, channels x height x width, but input_size "
        f"({batch}, 1, 28, 29) has 4. input_size is that of one input, without the "
        "batch: pass (1, 28, 29)."
    )
    assert refusal(nn.MaxPool2d(2), size) == (
        "MaxPool2d needs 3 axes for one input, channels x height x width, but "
        f"input_size ({batch}, 1, 28, 29) has 4. input_size is that of one input, "
        "without the batch: pass (1, 28, 29)."
    )
    assert refusal(nn.Conv1d(1, 6, 3), (batch, 1, 28)) == (
        "Conv1d needs 2 axes for one input, channels x length, but input_size "
        f"({batch}, 1, 28) has 3. input_size is that of one input, without the batch: "
        "pass (1, 28)."
    )
    net = nn.Sequential(nn.ReLU(), nn.Conv2d(1, 6, 3))
    assert refusal(net, size) == (
        "1 (Conv2d) needs 3 axes for one input, channels x height x width, but "
        f"input_size ({batch}, 1, 28, 29) has 4. input_size is that of one input, "
        "without the batch: pass (1, 28, 29)."
    )


def test_one_axis_too_few_or_too_many_inside_the_net():
    net = nn.Sequential(nn.Flatten(), nn.Conv2d(1, 6, 3))
    assert refusal(net, (1, 8, 8)) == (
        "1 (Conv2d) needs 3 axes for one input, channels x height x width, but gets "
        "64, from 0 (Flatten)."
    )


def test_nothing_left_of_the_map():
    net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.MaxPool2d(4), nn.MaxPool2d(4))
    assert refusal(net, (1, 10, 10)) == (
        "The 4 x 4 window of 2 (MaxPool2d) does not fit into its input of 2 x 2, from "
        "1 (MaxPool2d). Use a larger image, more padding, a smaller window, or fewer "
        "poolings and strides before it."
    )
    net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.Conv2d(6, 6, 7, padding=1))
    assert refusal(net, (1, 8, 8)) == (
        "The 7 x 7 kernel of 1 (Conv2d) does not fit into its input of 4 x 4 (6 x 6 "
        "with its padding), from 0 (Conv2d). Use a larger image, more padding, a "
        "smaller kernel, or fewer poolings and strides before it."
    )
    assert refusal(nn.Conv2d(1, 6, 3, dilation=3), (1, 6, 9)) == (
        "The 7 x 7 kernel of Conv2d does not fit into its input of 6 x 9, from the "
        "input of size (1, 6, 9). Use a larger image, more padding, a smaller kernel, "
        "or fewer poolings and strides before it."
    )
    assert refusal(nn.AvgPool2d((1, 5)), (1, 6, 4)) == (
        "The 1 x 5 window of AvgPool2d does not fit into its input of 6 x 4, from the "
        "input of size (1, 6, 4). Use a larger image, more padding, a smaller window, "
        "or fewer poolings and strides before it."
    )
    layer = nn.ConvTranspose2d(1, 1, 2, padding=4)
    assert refusal(layer, (1, 2, 2)).startswith(  # the rest are PyTorch's words
        "The model stops at ConvTranspose2d, in conv_transpose2d, which gets 1 x 1 x "
        "2 x 2 with the batch: Given input size per channel: (2 x 2)."
    )


def test_normalisation():
    net = nn.Sequential(nn.Conv2d(1, 6, 5), nn.BatchNorm2d(5))
    assert refusal(net, (1, 8, 8)) == (
        "1 (BatchNorm2d) expects 5 channels (num_features=5) but gets 6, from 0 "
        "(Conv2d). Set num_features=6."
    )
    net[1] = nn.BatchNorm1d(6)
    assert refusal(net, (1, 8, 8)) == (
        "1 (BatchNorm1d) does not take an input of shape 6 x 4 x 4, from 0 (Conv2d). "
        "For 2 spatial axes use BatchNorm2d."
    )
    net[1] = nn.GroupNorm(2, 8)
    assert refusal(net, (1, 8, 8)) == (
        "1 (GroupNorm) expects 8 channels (num_channels=8) but gets 6, from 0 "
        "(Conv2d). Set num_channels=6."
    )
    net[1] = nn.GroupNorm(4, 4)
    assert refusal(net, (1, 8, 8)) == (
        "1 (GroupNorm) expects 4 channels (num_channels=4) but gets 6, from 0 "
        "(Conv2d). Set num_channels=6, and num_groups to a divisor of 6."
    )
    net[1] = nn.LayerNorm((6, 4, 5))
    assert refusal(net, (1, 8, 8)) == (
        "1 (LayerNorm) normalises the last axes 6 x 4 x 5 but its input ends in 6 x 4 "
        "x 4, from 0 (Conv2d). Set normalized_shape=(6, 4, 4)."
    )
    assert refusal(nn.InstanceNorm2d(3, affine=True), (2, 8, 8)) == (
        "InstanceNorm2d expects 3 channels (num_features=3) but gets 2, from the "
        "input of size (2, 8, 8). Set num_features=2."
    )


def test_recurrent_and_attention():
    assert refusal(nn.LSTM(4, 6), (5, 8)) == (
        "LSTM expects 4 features per position (input_size=4) but gets 8, from the "
        "input of size (5, 8). Set input_size=8."
    )
    assert refusal(nn.GRUCell(4, 6), (8,)) == (
        "GRUCell expects 4 features per position (input_size=4) but gets 8, from the "
        "input of size (8,). Set input_size=8."
    )
    layer = nn.TransformerEncoderLayer(6, 2)
    assert refusal(layer, (5, 8)) == (
        "self_attn (MultiheadAttention) expects 6 features per position (embed_dim=6) "
        "but gets 8, from the input of size (5, 8). Set embed_dim=8."
    )


def test_joining():
    one, other = nn.Conv2d(1, 3, 3), nn.Conv2d(1, 3, 3, padding=1)
    net = Net(lambda net, x: net.a(x) + net.b(x), a=one, b=other)
    assert refusal(net, (1, 8, 8)) == (
        "add joins 3 x 6 x 6, from a (Conv2d), and 3 x 8 x 8, from b (Conv2d): the "
        "sizes differ. Give both branches the same channels, stride and padding."
    )
    net = Net(lambda net, x: torch.cat([net.a(x), net.b(x)], 1), a=one, b=other)
    assert refusal(net, (1, 8, 8)) == (
        "cat joins 3 x 6 x 6, from a (Conv2d), and 3 x 8 x 8, from b (Conv2d), along "
        "axis 1: all other sizes must agree."
    )


def test_functions_and_bare_parameters():
    net = Net(lambda net, x: x.flatten(1) @ net.w, w=bare(60, 10))
    assert refusal(net, (1, 8, 8)) == (
        "matmul multiplies 64, from flatten, by 60 x 10, a parameter: the last size "
        "of the first, 64, and the first of the second, 60, must be equal."
    )
    net = Net(lambda net, x: F.linear(x.flatten(1), net.w), w=bare(10, 60))
    assert refusal(net, (1, 8, 8)) == (
        "linear expects 60 input features but gets 64 (1*8*8), from flatten. Give it "
        "a weight of shape (10, 64)."
    )
    net = Net(lambda net, x: F.conv2d(x, net.w), w=bare(2, 3, 3, 3))
    assert refusal(net, (1, 8, 8)) == (
        "conv2d expects 3 input channels but gets 1, from the input of size (1, 8, "
        "8). Pass (3, 8, 8) as input_size, or give it a weight of shape (2, 1, 3, 3)."
    )
    net = Net(lambda net, x: net.fc(x.view(-1, 60)), fc=nn.Linear(60, 10))
    assert refusal(net, (1, 8, 8)) == (
        "view asks for (-1, 60), but its input holds 64 values for one image (1*8*8), "
        "from the input of size (1, 8, 8). x.flatten(1) fits any size; a next Linear "
        "layer then needs in_features=64."
    )


def test_deep_inside():
    inner = Net(lambda net, x: net.fc(F.relu(x).flatten(1)), fc=nn.Linear(9, 2))
    net = nn.ModuleDict(
        {"body": nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(inner))}
    )
    model = Net(lambda model, x: model.net["body"](x), net=net)
    assert refusal(model, (1, 8, 8)) == (
        "net.body.1.0.fc (Linear) expects 9 input features (in_features=9) but gets "
        "72 (2*6*6), from net.body.1.0.flatten. Set in_features=72: "
        "nn.Linear(in_features=72, out_features=2)."
    )


def test_types():
    assert refusal(nn.Linear(4, 4), (4,), dtypes=torch.float64) == (
        "Linear has weights of float32 but gets float64, from the input of size (4,). "
        "Pass dtypes=torch.float32, or convert the model."
    )
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Embedding(3, 4))
    assert refusal(net, (1, 8, 8)) == (
        "1 (Embedding) looks up whole numbers but gets float32, from 0 (Conv2d). Make "
        "it whole numbers before, with x.long()."
    )


def test_the_number_of_inputs():
    net = Net(lambda net, x: x)
    vars(net)["forward"] = lambda image, vector: image
    assert refusal(net, (1, 8, 8)) == (
        "Net.forward takes (image, vector), but 1 input was given. Pass one size for "
        "each of image and vector, in a list; where all are of this size: [(1, 8, 8), "
        "(1, 8, 8)]."
    )
    assert refusal(nn.Linear(2, 2), [(2,), (2,)]) == (
        "Linear.forward takes (input), but 2 inputs were given. Pass one size "
        "alone: (2,)."
    )


def test_what_pytorch_says_is_passed_on_where_there_is_no_better_sentence():
    sentence = refusal(nn.Sequential(nn.PixelShuffle(2)), (3, 8, 8))
    start = (
        "The model stops at 0 (PixelShuffle), in pixel_shuffle, which gets "
        "1 x 3 x 8 x 8 with the batch: "
    )
    with pytest.raises(RuntimeError) as theirs:
        nn.PixelShuffle(2)(torch.zeros(1, 3, 8, 8))
    assert sentence == start + str(theirs.value).split("\n")[0]

    def ten(net, x):
        if x.shape[-1] != 10:
            raise AssertionError("the image must be 10 wide")

    assert refusal(Net(ten), (1, 8, 8)) == (
        "The model stops at Net, which gets 1 x 1 x 8 x 8 with the batch: the image "
        "must be 10 wide"
    )


def test_a_misfit_in_a_model_that_looks_at_values():
    def forward(net, x):
        return net.fc(x.flatten(1)) if x.sum().item() > -1 else x

    net = Net(forward, fc=nn.Linear(60, 10))
    assert refusal(net, (1, 8, 8)) == (
        "fc (Linear) expects 60 input features (in_features=60) but gets 64 (1*8*8), "
        "from flatten. Set in_features=64: nn.Linear(in_features=64, out_features=10)."
    )


def test_an_error_in_the_model_itself_stays_what_it_is():
    with pytest.raises(AttributeError, match="undefined"):
        summary(Net(lambda net, x: x.undefined), (1, 8, 8))
    with pytest.raises(NameError, match="undefined") as caught:
        summary(nn.Sequential(Net(lambda net, x: eval("undefined"))), (1, 8, 8))
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
