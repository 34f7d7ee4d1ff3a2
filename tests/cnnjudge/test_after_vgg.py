"""Exercise 08: right answers of another form, and wrong ones with what they hear."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.grad import conv2d_input, conv2d_weight

from cnnlib import checks


def verdict(name, answer):
    return checks.Check(name).verdict(answer)


def said(name, answer):
    found = verdict(name, answer)
    assert not found.passed
    return " ".join(found.text.split())


class Block(nn.Module):
    """A block as torchvision writes it, to change in one place."""

    def __init__(self, i, o, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(o)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or i != o:
            self.downsample = nn.Sequential(
                nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o)
            )

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += identity
        return self.relu(out)


def changed(**layers):
    """Return blocks of which some layers are others: name = (i, o, stride) -> layer."""

    class Changed(Block):
        def __init__(self, i, o, stride=1):
            super().__init__(i, o, stride)
            for name, make in layers.items():
                setattr(self, name, make(i, o, stride))

    return Changed


def going(forward):
    return type("Going", (Block,), {"forward": forward})


# -- right in another form


class SeparatelyNamed(nn.Sequential):
    def __init__(self, i, o, k):
        super().__init__()
        self.add_module("spread", nn.Conv2d(i, i, k, 1, "same", groups=i, bias=False))
        self.add_module("mix", nn.Conv2d(i, o, (1, 1), bias=False))


def channel_by_channel(x, weight, bias, eps=1e-5):
    maps = []
    for c in range(x.shape[1]):
        z = (x[:, c] - x[:, c].mean()) / (x[:, c].var(correction=0) + eps) ** 0.5
        maps.append(z * weight[c] + bias[c])
    return torch.stack(maps, 1)


def zero_bias(linear, channels, height, width):
    """Give the new layer a bias always: zeros where the old one has none."""
    conv = nn.Conv2d(channels, linear.out_features, (height, width))
    conv.to(linear.weight.dtype)
    nn.init.zeros_(conv.bias)
    conv.weight.data = linear.weight.data.view_as(conv.weight)
    if linear.bias is not None:
        conv.bias.data.copy_(linear.bias.data)
    return conv


def by_differences(x, weight, grad):
    """Try each number one larger: the loss is linear in each, so that is exact."""

    def loss(image, kernel):
        return (F.conv2d(image[None, None], kernel[None, None])[0, 0] * grad).sum()

    found = []
    for place, tensor in enumerate((x, weight)):
        out = torch.zeros_like(tensor)
        for index in range(tensor.numel()):
            step = torch.zeros_like(tensor)
            step.view(-1)[index] = 1
            moved = [x, weight]
            moved[place] = tensor + step
            out.view(-1)[index] = loss(*moved) - loss(x, weight)
        found.append(out)
    return found


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("basic_block", Block),
        ("basic_block", changed(relu=lambda i, o, s: nn.ReLU())),
        ("basic_block", changed(bn1=lambda i, o, s: nn.LazyBatchNorm2d())),
        ("separable_conv", SeparatelyNamed),
        ("batch_norm", channel_by_channel),
        ("to_convolution", zero_bias),
        ("conv_backward", by_differences),
        (
            "conv_backward",
            lambda x, weight, grad: [
                F.conv_transpose2d(grad[None, None], weight[None, None])[0, 0],
                F.conv2d(x[None, None], grad[None, None])[0, 0],
            ],
        ),
    ],
)
def test_right_answers_of_another_form_pass(name, answer):
    found = verdict(name, answer)
    assert found.passed, found.text


# -- blocks


def first_twice(self, x):
    out = self.bn1(self.conv2(self.relu(self.bn1(self.conv1(x)))))
    return self.relu(out + (x if self.downsample is None else self.downsample(x)))


def changes_x(self, x):
    out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
    if self.downsample is not None:
        x = self.downsample(x)
    x += out
    return self.relu(x)


def no_return(self, x):
    F.relu(self.bn1(self.conv1(x)))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (going(first_twice), "the first norm stands twice in `forward`"),
        (going(changes_x), "the block changes the pictures that come in"),
        (going(no_return), "`forward` gives None back"),
        (changed(relu=lambda i, o, s: nn.ReLU6()), "ReLU6 stops at 6"),
        (
            changed(more=lambda i, o, s: nn.Conv2d(o, o, 3, bias=False)),
            "a layer with weights is built and never used",
        ),
        (changed(conv2=lambda i, o, s: nn.Conv2d(o, o, 3)), "Print both shapes"),
        (lambda i, o, stride=1: Block, "a class (an object made of it"),
        (lambda i, o, stride=1: nn.Sequential(nn.Conv2d(i, o, 3)), "must be"),
    ],
)
def test_slips_of_a_block(answer, words):
    assert words in said("basic_block", answer)


def test_torchvisions_own_block_is_refused():
    from torchvision.models.resnet import BasicBlock

    def basic_block(i, o, stride=1):
        return BasicBlock(i, o, stride, Block(i, o, stride).downsample)

    assert "Write yours from its layers" in said("basic_block", basic_block)


@pytest.mark.parametrize(
    "layers",
    [
        {"conv2": lambda i, o, s: nn.Conv2d(i, o, 3, 1, 1, bias=False)},
        {"bn1": lambda i, o, s: nn.BatchNorm2d(i)},
        {"conv1": lambda i, o, s: nn.Conv2d(i, o, 3, s, bias=False)},
    ],
)
def test_layers_that_do_not_fit_are_not_told_as_something_else(layers):
    """An error has many causes: what is told must be the same error."""
    text = said("basic_block", changed(**layers))
    assert "have changed places" not in text
    assert "one too large" not in text
    assert "always added as it is" not in text


def test_values_that_are_nearly_right_are_not_told_to_have_wrong_signs():
    norm = changed(
        bn1=lambda i, o, s: nn.BatchNorm2d(o, eps=1e-3),
        bn2=lambda i, o, s: nn.BatchNorm2d(o, eps=1e-3),
    )
    text = said("basic_block", norm)
    assert "nearly right" in text
    assert "signs" not in text


# -- batch norm


def normed(x, weight, bias, eps, mean, var):
    z = (x - mean) / (var + eps).sqrt()
    return z * weight[:, None, None] + bias[:, None, None]


AXES = {"dim": (0, 2, 3), "keepdim": True}


def on_itself(x, weight, bias, eps=1e-5):
    x -= x.mean(**AXES)
    return normed(x, weight, bias, eps, 0, x.square().mean(**AXES))


def on_a_new_one(x, weight, bias, eps=1e-5):
    x = x - x.mean(**AXES)
    x /= (x.square().mean(**AXES) + eps).sqrt()
    x *= weight[:, None, None]
    return x + bias[:, None, None]


def held(x, weight, bias, eps=1e-5):
    with torch.no_grad():
        mean, var = x.mean(**AXES), x.var(correction=0, **AXES)
    return normed(x, weight, bias, eps, mean, var)


def of_images(x, weight, bias, eps=1e-5):
    """Forget which axes, and that `.var` divides by the count less 1."""
    axes = {"dim": (2, 3), "keepdim": True}
    return normed(x, weight, bias, eps, x.mean(**axes), x.var(**axes))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (on_itself, "changes the images that came in"),
        (held, "something cuts the gradient on the way to them"),
        (of_images, "two things: the variance is divided by the count less 1"),
        (F.batch_norm, "it calls `batch_norm`"),
    ],
)
def test_slips_of_batch_norm(answer, words):
    def batch_norm(x, weight, bias, eps=1e-5):
        if answer is F.batch_norm:
            return F.batch_norm(x, None, None, weight, bias, True, eps=eps)
        return answer(x, weight, bias, eps)

    assert words in said("batch_norm", batch_norm)


def test_a_change_of_a_new_tensor_is_not_told_as_one_of_the_input():
    text = said("batch_norm", on_a_new_one)
    assert "modified by an inplace operation" in text
    assert "changes the images that came in" not in text


# -- folding


def folded(conv, norm):
    new = copy.deepcopy(conv)
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    old = torch.zeros_like(scale) if conv.bias is None else conv.bias
    new.weight = nn.Parameter(conv.weight * scale[:, None, None, None])
    new.bias = nn.Parameter((old - norm.running_mean) * scale + norm.bias)
    return new


def shallow(conv, norm):
    new, right = copy.copy(conv), folded(conv, norm)
    new.weight, new.bias = right.weight, right.bias
    return new


def mode_left(conv, norm):
    norm.eval()
    return folded(conv, norm)


def library(conv, norm):
    layers = copy.deepcopy(conv).eval(), copy.deepcopy(norm).eval()
    return nn.utils.fusion.fuse_conv_bn_eval(*layers)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (shallow, "`copy.copy` shares the weights"),
        (mode_left, "an argument is in another mode"),
        (library, "it calls `fuse_conv_bn_eval`"),
        (lambda conv, norm: nn.Sequential(conv, norm), "this is an `nn.Sequential`"),
        (
            lambda conv, norm: folded(conv, norm).float(),
            "of float32 where the old one is of float64",
        ),
    ],
)
def test_slips_of_folding(answer, words):
    assert verdict("fold_batch_norm", folded).passed
    assert words in said("fold_batch_norm", answer)


# -- a backward pass


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, weight, grad: None, "Is `return` missing?"),
        (lambda x, weight, grad: {"x": x, "weight": weight}, "A pair is asked for"),
        (lambda x, weight, grad: x * 0, "A pair is asked for"),
    ],
)
def test_what_is_no_pair_is_told(answer, words):
    text = said("conv_backward", answer)
    assert words.lower() in text.lower()


def traced(way):
    def conv_backward(x, weight, grad):
        leaves = [t.clone().requires_grad_() for t in (x, weight)]
        out = F.conv2d(*(t[None, None] for t in leaves))[0, 0]
        if way == "backward":
            out.backward(grad)
            return [t.grad for t in leaves]
        return torch.autograd.grad(out, leaves, grad)

    return conv_backward


def of_torch_nn_grad(x, weight, grad):
    x, weight, grad = (t[None, None] for t in (x, weight, grad))
    return (
        conv2d_input(x.shape, weight, grad)[0, 0],
        conv2d_weight(x, weight.shape, grad)[0, 0],
    )


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (traced("backward"), "backward"),
        (traced("grad"), "grad"),
        (of_torch_nn_grad, "conv2d_input"),
    ],
)
def test_autograd_is_refused(answer, name):
    assert f"it calls `{name}`" in said("conv_backward", answer)
