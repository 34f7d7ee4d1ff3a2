"""Lesson 08: batch norm, blocks, a backward pass, dense layers as convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cnnlib.checks.nets import drawn_net, materialize, weights
from cnnlib.checks.question import Case, CaseRandom, Part, Question, listed

_F32, _F64 = torch.float32, torch.float64


# -- batch_norm -----------------------------------------------------------------------


def _batch_norm(draw: CaseRandom) -> list[Case]:
    """Channels whose means and spreads differ, and images that differ in them."""
    d = draw

    def given(n: int, c: int, h: int, w: int, dtype: torch.dtype = _F32) -> tuple:
        x = d.whole(n, c, h, w, low=-4, high=4).to(dtype)
        if dtype == _F64:
            x = x + d.tensor(n, c, h, w) / 9
        x = x + 4 * torch.arange(c, dtype=dtype)[:, None, None]
        x = x + 14 * torch.arange(n, dtype=dtype)[:, None, None, None]
        x[0, :, 0, 0] += 7  # so no channel is flat, and no two images have one mean
        return x, _away_from_0(d, c).to(dtype), _away_from_0(d, c).to(dtype) / 2

    def case(kind: str, arguments: tuple, **kwargs: float) -> Case:
        return Case(kind, arguments, kwargs, probe=(arguments[0].clone(),))

    flat = given(2, 2, 2, 2)
    flat[0][:, 1] = 0.25  # small: x * scale + shift would lose digits of a large one
    flat[2][1] += 0.25  # what comes out is no whole number, which noise would round
    still = given(2, 2, 2, 2)
    still = (still[0], torch.ones(2), torch.zeros(2))
    narrow = given(1, 1, 2, 2)
    narrow = (torch.tensor([[[[3.0, 4.0], [4.0, 3.0]]]]), *narrow[1:])
    traced = given(2, 2, 2, 2, dtype=_F64)
    return [
        case("one image of four numbers", given(1, 1, 2, 2)),
        case("two channels, a scale of 1 and a shift of 0", still),
        case("two images of one channel", given(2, 1, 2, 2)),
        case("one image of three channels", given(1, 3, 2, 2)),
        case("two images of two channels", given(2, 2, 2, 2)),
        case("images that are not square", given(2, 2, 1, 4)),
        case("as many columns as channels", given(2, 3, 2, 3)),
        case("images of one pixel", given(4, 2, 1, 1)),
        case("a channel in which all numbers are the same", flat),
        case("an eps of 1, by its name", given(2, 2, 2, 2), eps=1.0),
        case("an eps of 0.5, by its place", (*given(3, 1, 2, 2), 0.5)),
        case("an eps larger than the variance", narrow, eps=1.0),
        case("float64 fractions", given(3, 4, 2, 3, dtype=_F64)),
        Case(
            "a gradient",
            traced,
            gradient=True,
            probe=(d.tensor(2, 2, 2, 2), traced[0].clone()),
        ),
    ]


def _away_from_0(draw: CaseRandom, count: int) -> Tensor:
    """Draw whole numbers of either sign, none of them -1, 0 or 1, no two alike."""
    numbers = [n for n in range(-5, 6) if abs(n) > 1]
    return torch.tensor([float(n) for n in draw.random.sample(numbers, count)])


def _normed_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe the result, the images after it, and a gradient that is to be found.

    Args end with the images as they came in, and before them the factors for the loss.
    """
    x, before = args[0], args[-1]
    found = {"result": result, "x as it was": torch.equal(x.detach(), before)}
    if not isinstance(result, Tensor) or not x.requires_grad:
        return found
    grad = None
    if result.requires_grad and result.shape == x.shape:
        loss = (result * args[-2]).sum()
        (grad,) = torch.autograd.grad(loss, x, retain_graph=True, allow_unused=True)
    return found | {"gradient for x": grad}


# -- fold_batch_norm ------------------------------------------------------------------


def _fold(draw: CaseRandom) -> list[Case]:
    """Convolutions of every setting, each with a norm that has seen data."""

    def case(
        kind: str,
        *conv: Any,
        eps: float = 1e-5,
        dtype: torch.dtype = _F32,
        training: bool = True,
        **settings: Any,
    ) -> Case:
        def build() -> nn.Module:
            layer = nn.Conv2d(*conv, **settings)
            return nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels, eps=eps))

        net = drawn_net(draw, build).to(dtype).train(training)
        assert isinstance(net, nn.Sequential)
        side = 1 if conv[2] == 1 else 5
        images = draw.tensor(1, conv[0], side, side + 1, dtype=dtype)
        return Case(kind, (net[0], net[1]), probe=(images,))

    return [
        case("a kernel of 1x1 and no bias", 1, 2, 1, bias=False),
        case("a kernel of 1x1 and a bias", 1, 2, 1),
        case("no bias", 2, 4, 3, bias=False),
        case("a bias", 2, 4, 3),
        case("as many channels out as in, and as the kernel is wide", 3, 3, 3),
        case("a kernel of (1, 3)", 2, 3, (1, 3)),
        case("an eps of 0.5", 2, 4, 3, eps=0.5),
        case("an eps of 0.5 and no bias", 2, 3, 1, eps=0.5, bias=False),
        case("a stride of 2", 2, 3, 3, stride=2),
        case("a stride of (1, 2) and a padding of (2, 0)", 2, 3, 3, (1, 2), (2, 0)),
        case("a padding of 1 and no bias", 2, 3, 3, padding=1, bias=False),
        case("a padding of 'same'", 2, 3, 5, padding="same"),
        case("a dilation of 2", 2, 3, 3, dilation=2),
        case("two groups", 4, 6, 3, groups=2),
        case("a group for each channel, no bias", 3, 6, 3, groups=3, bias=False),
        case("weights of float64", 2, 3, 3, dtype=_F64),
        case("layers in evaluation mode", 2, 4, 3, training=False),
        case(
            "everything at once",
            *(4, 2, (2, 3), (2, 1), (1, 2), (2, 1), 2),
            eps=0.3,
        ),
    ]


def _folded_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe what the new convolution gives, and whether the layers are as before."""
    conv, norm, images = args
    before = {
        "argument's weights": _joined([conv], "parameters"),
        "argument's norm": _joined([norm], "parameters"),
        "argument's running averages": _joined([norm], "buffers"),
        "argument's training flags": [conv.training, norm.training],
    }
    if not isinstance(result, nn.Conv2d):
        return {"result": result}
    return {
        "result": nn.Module(),
        "result is the argument": result is conv,
        **_of_conv(result, images),
        **before,
    }


def _of_conv(conv: nn.Conv2d, images: Tensor) -> dict[str, Any]:
    """Observe a convolution: its numbers, its dtype, and what it gives in float64."""
    if nn.parameter.is_lazy(conv.weight):
        raise ValueError("The convolution has no size yet: it is a lazy one.")
    found = {
        "weight": conv.weight.detach().clone(),
        "bias": None if conv.bias is None else conv.bias.detach().clone(),
        "weight's dtype": str(conv.weight.dtype),
    }
    with torch.no_grad():
        inner = [conv.weight] if conv.bias is None else [conv.weight, conv.bias]
        kept = [tensor.data for tensor in inner]
        for tensor in inner:
            tensor.data = tensor.data.double()
        try:
            output = conv(images.double())
        finally:
            for tensor, data in zip(inner, kept, strict=True):
                tensor.data = data
    return found | {"output": output.to(images.dtype)}


# -- basic_block and separable_conv ---------------------------------------------------


def _basic_block(draw: CaseRandom) -> list[Case]:
    """Ask for blocks that keep their input's shape, and for ones that do not."""
    numbers = weights(draw)

    def case(kind: str, what: str, given: tuple, *size: int, **kwargs: int) -> Case:
        images = draw.tensor(*size, dtype=_F32) / 3
        return Case(kind, given, kwargs, probe=(what, numbers, images))

    far = 60 * draw.tensor(1, 2, 4, 4, dtype=_F32)

    return [
        case("as many channels as before", "run", (2, 2), 1, 2, 4, 4),
        case("more channels than before", "run", (2, 4), 1, 2, 4, 4),
        case("fewer channels than before", "run", (4, 3), 1, 4, 4, 3),
        case("a stride of 2", "run", (3, 3, 2), 1, 3, 6, 6),
        case("a stride of 2, more channels", "run", (2, 4), 1, 2, 6, 8, stride=2),
        case("a stride of 2, an odd size", "run", (2, 3, 2), 1, 2, 7, 9),
        case("a stride of 3", "run", (2, 2, 3), 1, 2, 7, 6),
        case("two images that are not square", "run", (3, 3), 2, 3, 4, 7),
        Case("pixels far from 0", (2, 2), probe=("run", numbers, far)),
        case("training mode", "train", (2, 2), 3, 2, 4, 4),
        case("training mode, more channels", "train", (2, 3), 3, 2, 3, 4),
        case("training mode, a stride of 2", "train", (2, 2, 2), 2, 2, 6, 6),
        case("its running averages looked at", "averages", (2, 2), 3, 2, 4, 4),
        case("a step backward", "step", (2, 2), 2, 2, 4, 4),
        case("a step backward, a stride of 2", "step", (2, 3, 2), 2, 2, 4, 4),
    ]


def _block_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe one side of a block: args end with (what, numbers, images)."""
    if not isinstance(result, nn.Module):
        return {"result": result}
    what, numbers, images = args[-3:]
    if any(_is_of_torchvision(module) for module in result.modules()):
        raise TypeError("This is torchvision's block. Write yours from its layers.")
    materialize(result, images)
    _fill(result, numbers)
    seen: dict[str, Any] = {
        "result": nn.Module(),
        "number of parameters": _count(result),
    }
    if what == "step":
        return seen | _step(result.train(), images)
    given = images.clone()
    with torch.no_grad():
        output = result.train(what != "run")(given)
    if what == "averages":
        return {"sum of its running averages": _averages(result)}
    seen |= {"output": output, "input as it was": torch.equal(given, images)}
    if what == "run":
        seen["all weights are used"] = _uses_all(result, result(images * 1))
    return seen


def _is_of_torchvision(module: nn.Module) -> bool:
    return str(type(module).__module__).startswith("torchvision")


@torch.no_grad()
def _fill(net: nn.Module, numbers: Tensor) -> None:
    """Fill parameters by their number of elements alone, and norms by their size.

    Two of one size get the same numbers: in which order a net was written down does
    not matter, and that each has a use of its own is seen in the gradient. All are
    small: what comes out of small images is small, too, so that only large ones show
    an activation with a ceiling.
    """
    for tensor in net.parameters():
        count = tensor.numel()
        values = numbers[(torch.arange(count) + 31 * count) % len(numbers)]
        if tensor.dim() > 1:
            values = values / (count / tensor.shape[0]) ** 0.5
        tensor.copy_(values.reshape(tensor.shape))
    for norm in net.modules():
        if isinstance(norm, _BatchNorm):
            size = norm.num_features
            rows = numbers[: 4 * size].reshape(4, size).abs().clamp(max=2)
            if norm.weight is not None:
                norm.weight.copy_(0.3 + 0.1 * rows[0])
                norm.bias.copy_(numbers[5 * size : 6 * size].clamp(-2, 2) / 4)
            if norm.running_mean is not None and norm.running_var is not None:
                norm.running_mean.copy_(numbers[7 * size : 8 * size] / 6)
                norm.running_var.copy_(0.4 + 0.4 * rows[3])


def _uses_all(net: nn.Module, output: Any) -> bool:
    """Tell whether a gradient comes from an output to every parameter of a net."""
    if not isinstance(output, Tensor) or not output.requires_grad:
        return False
    weights = list(net.parameters())
    try:
        grads = torch.autograd.grad(output.sum(), weights, allow_unused=True)
    except RuntimeError:  # something was changed in place on the way
        return False
    return all(grad is not None for grad in grads)


def _step(net: nn.Module, images: Tensor) -> dict[str, Any]:
    """Observe the gradient for the input."""
    x = images.clone().requires_grad_()
    output = net(x * 1)  # not a leaf: what changes it in place is seen elsewhere
    if output.requires_grad:
        factors = torch.linspace(-1, 1, output.numel()).reshape(output.shape)
        (output * factors).sum().backward()
    return {"gradient for the input": x.grad}


def _averages(net: nn.Module) -> Tensor:
    """Return the running means, then the running variances, of all norms added up."""
    rows = [
        torch.stack([norm.running_mean, norm.running_var]).detach()
        for norm in net.modules()
        if isinstance(norm, _BatchNorm)
        and norm.running_mean is not None
        and norm.running_var is not None
    ]
    if len({row.shape for row in rows}) != 1:
        return torch.zeros(0)
    return torch.stack(rows).sum(0)


def _count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def _separable(draw: CaseRandom) -> list[Case]:
    numbers = weights(draw)

    def case(kind: str, given: tuple[int, int, int], *size: int) -> Case:
        images = draw.tensor(*size, dtype=_F32)
        return Case(kind, given, probe=(numbers, images))

    return [
        case("a kernel of 3, more channels than before", (2, 3, 3), 1, 2, 4, 4),
        case("a kernel of 3, as many channels", (3, 3, 3), 1, 3, 4, 4),
        case("a kernel of 3, twice as many channels", (2, 4, 3), 1, 2, 4, 5),
        case("a kernel of 3, fewer channels than before", (4, 2, 3), 1, 4, 4, 4),
        case("a kernel of 5", (2, 4, 5), 1, 2, 6, 6),
        case("a kernel of 7", (3, 2, 7), 1, 3, 5, 8),
        case("a kernel of 1", (2, 3, 1), 1, 2, 3, 3),
        case("one channel to begin with", (1, 4, 3), 1, 1, 4, 4),
        case("one channel in the end", (4, 1, 3), 1, 4, 4, 4),
        case("two images that are not square", (3, 6, 5), 2, 3, 5, 8),
    ]


def _separable_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    if not isinstance(result, nn.Module):
        return {"result": result}
    numbers, images = args[-2:]
    materialize(result, images)
    _fill(result, numbers)
    output = result.train()(images)
    return {
        "result": nn.Module(),
        "number of parameters": _count(result),
        "output": output,
        "all weights are used": _uses_all(result, output),
    }


# -- counting -------------------------------------------------------------------------


def _bottleneck(draw: CaseRandom) -> list[Case]:
    n = draw.number
    return [
        Case("four channels, one in the middle, a map of 1x1", (4, 1, 1, 1)),
        Case("four channels, two in the middle, a map of 2x3", (4, 2, 2, 3)),
        Case("a square map", (8, 2, 5, 5)),
        Case("a wide map", (n(6, 9), n(2, 4), n(3, 5), n(7, 9))),
        Case("a high map", (n(6, 9), n(2, 4), n(7, 9), n(3, 5))),
        Case("as many channels in the middle", (3, 3, 2, 4)),
        Case("more channels in the middle", (2, 5, 3, 2)),
        Case("a block of ResNet-50", (256, 64, 56, 56)),
        Case("some block", (16 * n(4, 9), 4 * n(3, 9), n(10, 20), n(21, 30))),
    ]


def _transposed(draw: CaseRandom) -> list[Case]:
    """Let every part of the formula have a say, and all of them at once."""
    n = draw.number
    return [
        Case("a kernel of 3", (n(4, 9), 3)),
        Case("an even kernel", (n(4, 9), 4)),
        Case("a kernel of 1", (n(4, 9), 1)),
        Case("one cell", (1, n(3, 7))),
        Case("a stride of 2", (n(4, 9), 3), {"stride": 2}),
        Case("a stride of 2 and a kernel of 2", (n(4, 9), 2, 2)),
        Case("a stride larger than the kernel", (n(4, 9), 2), {"stride": 5}),
        Case("a padding", (n(6, 9), 3), {"padding": 1}),
        Case("a padding of 2", (n(6, 9), 4), {"padding": 2}),
        Case("a stride and a padding", (n(4, 9), 5, 3, 1)),
        Case(
            "an output padding",
            (n(4, 9), 3),
            {"stride": 2, "padding": 1, "output_padding": 1},
        ),
        Case("an output padding of 2", (n(4, 9), 4, 3, 1, 2)),
        Case("a dilation", (n(4, 9), 3), {"dilation": 2}),
        Case("a dilation of an even kernel", (n(4, 9), 4), {"dilation": 3}),
        Case("a dilation and a kernel of 1", (n(4, 9), 1), {"dilation": 3}),
        Case("everything at once", (n(5, 9), 4, 3, 2, 1, 2)),
        Case(
            "everything, by name",
            (),
            {
                "n": n(5, 9),
                "kernel": 3,
                "stride": 4,
                "padding": 1,
                "output_padding": 3,
                "dilation": 3,
            },
        ),
    ]


# -- conv_backward --------------------------------------------------------------------


def _backward(draw: CaseRandom) -> list[Case]:
    """Pictures and kernels, square and not; whole numbers, so that it can be redone."""
    d = draw

    def case(kind: str, h: int, w: int, kh: int, kw: int) -> Case:
        shapes = (h, w), (kh, kw), (h - kh + 1, w - kw + 1)
        return Case(kind, tuple(_whole_not_0(d, *shape) for shape in shapes))

    fractions = d.tensor(4, 6), d.tensor(2, 3), d.tensor(3, 4)
    return [
        case("a 2x2 kernel on a 3x3 image", 3, 3, 2, 2),
        case("a kernel of 1x1", 2, 3, 1, 1),
        case("a kernel as large as the image", 2, 3, 2, 3),
        case("a wide image", 3, 5, 2, 2),
        case("a high image", 5, 3, 2, 2),
        case("a 2x3 kernel", 4, 4, 2, 3),
        case("a 3x2 kernel", 4, 4, 3, 2),
        case("a 3x3 kernel", 4, 5, 3, 3),
        case("a kernel of one row", 3, 4, 1, 3),
        case("a kernel of one column", 4, 3, 3, 1),
        case("a kernel larger than the result", 4, 5, 3, 4),
        Case("float64 fractions", fractions),
        Case("float32 fractions", tuple(tensor.to(_F32) for tensor in fractions)),
    ]


def _whole_not_0(draw: CaseRandom, *shape: int) -> Tensor:
    numbers = draw.whole(*shape, low=-5, high=4)
    return numbers + (numbers >= 0)


def _gradients_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe the two gradients of a pair; one tensor as it is."""
    if isinstance(result, Tensor) or result is ...:
        return {"result": result}
    if result is None:
        raise TypeError("None came back. Is `return` missing?")
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise TypeError("A pair is asked for: (gradient for x, gradient for weight).")
    return {"gradient for x": result[0], "gradient for weight": result[1]}


# -- to_convolution -------------------------------------------------------------------


def _to_convolution(draw: CaseRandom) -> list[Case]:
    """Linear layers after maps of all shapes, on maps of that size and larger ones."""

    def case(
        kind: str,
        shape: tuple[int, int, int],
        outputs: int,
        larger: tuple[int, int] = (0, 0),
        dtype: torch.dtype = _F32,
        bias: bool = True,
        count: int = 1,
    ) -> Case:
        channels, height, width = shape
        inputs = channels * height * width
        layer = drawn_net(draw, lambda: nn.Linear(inputs, outputs, bias=bias))
        size = count, channels, height + larger[0], width + larger[1]
        images = draw.tensor(*size, dtype=dtype)
        return Case(kind, (layer.to(dtype), *shape), probe=(images,))

    return [
        case("a map that is one column wider", (1, 2, 2), 1, larger=(0, 1)),
        case("a map of 2x2 and one channel", (1, 2, 2), 1),
        case("three outputs", (1, 2, 2), 3),
        case("two channels", (2, 2, 2), 2),
        case("three channels of 3x3", (3, 3, 3), 3),
        case("a wide map", (2, 2, 4), 3),
        case("a high map", (2, 4, 2), 3),
        case("a map of one row", (3, 1, 4), 2),
        case("maps of 1x1", (4, 1, 1), 3),
        case("a layer without a bias", (2, 3, 2), 3, bias=False),
        case("three maps at once", (2, 2, 3), 4, count=3),
        case("a larger map", (2, 3, 2), 3, larger=(2, 3)),
        case("a map twice as large", (2, 3, 3), 2, larger=(3, 3), count=2),
        case("weights of float64", (2, 2, 3), 3, dtype=_F64),
    ]


def _convolution_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe what the convolution gives, and whether the argument is as it was."""
    linear, _, _, _, images = args
    if not isinstance(result, nn.Conv2d):
        return {"result": result}
    found = _of_conv(result, images)
    if found["bias"] is None:  # as good as zeros
        found["bias"] = torch.zeros_like(result.weight[:, 0, 0, 0])
    return {
        "result": nn.Module(),
        **found,
        "argument's weights": linear.weight.detach().clone(),
    }


def _joined(layers: Sequence[nn.Module], kind: str) -> Tensor:
    """Return all parameters, or all buffers, as one row of float64."""
    tensors = [
        tensor.detach().double().flatten()
        for layer in layers
        for tensor in getattr(layer, kind)()
    ]
    return torch.cat([torch.zeros(0, dtype=torch.float64), *tensors])


QUESTIONS = [
    Question(
        "batch_norm", "08", 3, _batch_norm, ("x", "weight", "bias", "eps"),
        observe=_normed_seen,
        forbidden=(
            "batch_norm", "native_batch_norm", "instance_norm", "group_norm",
            "layer_norm",
        ),
        parts=(
            Part("a gradient", 0.5, ("gradient",)),
            Part("`eps`", 0.5, ("eps", "all numbers")),
            Part("several channels", 1, ("channels", "square", "pixel", "float64")),
            Part("one channel", 1),
        ),
    ),
    Question(
        "fold_batch_norm", "08", 4, _fold, ("conv", "norm"), observe=_folded_seen,
        forbidden=("fuse_conv_bn_eval", "fuse_conv_bn_weights"),
        parts=(
            Part("stride, padding, dilation, groups", 1,
                 ("stride", "padding", "dilation", "group", "everything")),
            Part("another `eps`, dtype, mode", 1, ("eps", "float64", "evaluation")),
            Part("no bias", 1, ("no bias",)),
            Part("a bias", 1),
        ),
    ),
    Question(
        "basic_block", "08", 4, _basic_block,
        ("in_channels", "out_channels", "stride"), observe=_block_seen,
        parts=(
            Part("training mode", 1, ("training", "averages", "backward")),
            Part("stride", 1, ("stride",)),
            Part("other channels", 1, ("more channels", "fewer channels")),
            Part("as many channels", 1),
        ),
    ),
    Question(
        "separable_conv", "08", 3, _separable,
        ("in_channels", "out_channels", "kernel_size"), observe=_separable_seen,
        parts=(
            Part("larger kernels", 1, ("kernel of 5", "kernel of 7", "square")),
            Part("kernels of 1, one channel", 0.5, ("kernel of 1", "one channel")),
            Part("kernels of 3", 1.5),
        ),
    ),
    Question(
        "bottleneck_macs", "08", 2, _bottleneck,
        ("channels", "squeezed", "height", "width"), observe=listed,
        parts=(
            Part("maps that are not square", 1,
                 ("2x3", "wide", "high", "channels in the middle", "some block")),
            Part("square maps", 1),
        ),
    ),
    Question(
        "transposed_size", "08", 2, _transposed,
        ("n", "kernel", "stride", "padding", "output_padding", "dilation"),
        parts=(
            Part("everything at once", 0.5, ("everything",)),
            Part("padding", 0.5, ("padding",)),
            Part("dilation", 0.5, ("dilation",)),
            Part("kernel and stride", 0.5),
        ),
    ),
    Question(
        "conv_backward", "08", 4, _backward, ("x", "weight", "grad"),
        observe=_gradients_seen,
        forbidden=(
            "grad", "backward", "vjp", "jacobian", "conv2d_input", "conv2d_weight",
            "convolution_backward",
        ),
        parts=(
            Part("kernels that are not square, fractions", 1.5,
                 ("2x3", "3x2", "one row", "one column", "as large", "larger",
                  "fractions")),
            Part("images that are not square", 1, ("wide", "high", "3x3 kernel")),
            Part("small kernels", 1.5),
        ),
    ),
    Question(
        "to_convolution", "08", 3, _to_convolution,
        ("linear", "channels", "height", "width"), observe=_convolution_seen,
        parts=(
            Part("larger maps", 1, ("wider", "larger", "twice")),
            Part("no bias, float64", 0.5, ("without a bias", "float64")),
            Part("maps that are not square", 0.5,
                 ("wide map", "high map", "one row", "at once")),
            Part("square maps", 1),
        ),
    ),
]  # fmt: skip
