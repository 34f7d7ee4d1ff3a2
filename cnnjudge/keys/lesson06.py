"""Lesson 06: references and mistakes of the classic nets."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnjudge.key import Key, Mistake
from cnnlib.checks.question import Case

Layers = list[nn.Module]


def _lenet(
    act: type[nn.Module] = nn.Tanh,
    pool: Callable[..., nn.Module] = lambda: nn.AvgPool2d(2),
    s4: Callable[..., nn.Module] | None = None,
    without_act: Sequence[str] = (),
    pool_first: bool = False,
    act_after_pool: bool = False,
    padding: int = 0,
    channels: int = 1,
    kernel: int = 5,
    conv_bias: bool = True,
    bias: bool = True,
    c5: int | None = None,
    widths: tuple[int, int] = (120, 84),
    dropout: bool = False,
    extra_layers: Layers | None = None,
) -> nn.Sequential:
    """Return LeNet-5, or what a mistake makes of it; `c5` inputs make C5 Linear."""

    def stage(name: str, conv: nn.Conv2d, pooling: nn.Module) -> Layers:
        middle: Layers = [act()] if name not in without_act else []
        after: Layers = [act()] if act_after_pool else []
        pooled = [pooling, *middle] if pool_first else [*middle, pooling, *after]
        return [conv, *pooled]

    given: dict[str, Any] = {"bias": conv_bias and bias}
    first = nn.Conv2d(channels, 6, kernel, padding=padding, **given)
    layers = stage("c1", first, pool())
    layers += stage("c3", nn.Conv2d(6, 16, kernel, **given), (s4 or pool)())
    if c5 is None:
        layers += [nn.Conv2d(16, widths[0], 5, **given)]
        layers += [act()] if "c5" not in without_act else []
        layers += [nn.Flatten()]
    else:
        layers += [nn.Flatten(), nn.Linear(c5, widths[0], bias=bias)]
        layers += [act()] if "c5" not in without_act else []
    layers += [nn.Dropout(0.5)] if dropout else []
    layers += [nn.Linear(*widths, bias=bias)]
    layers += [act()] if "f6" not in without_act else []
    layers += [nn.Linear(widths[1], 10, bias=bias), *(extra_layers or [])]
    return nn.Sequential(*layers)


class _ScaledTanh(nn.Module):
    """The activation of the paper: 1.7159 tanh(2x / 3)."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 * x / 3)


class _LeNetClass(nn.Module):
    """The net as a class, in another order, with functions for what has no weights."""

    def __init__(self, cut: bool = False) -> None:
        super().__init__()
        self.out = nn.Linear(84, 10)
        self.dense = nn.ModuleList([nn.Linear(16 * 5 * 5, 120), nn.Linear(120, 84)])
        self.first, self.second = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.cut = cut

    def forward(self, x: Tensor) -> Tensor:
        for conv in (self.first, self.second):
            x = F.avg_pool2d(torch.tanh(conv(x)), 2)
        x = x.flatten(1)
        if self.cut:
            x = x.detach()
        for layer in self.dense:
            x = layer(x).tanh()
        return self.out(x)


def _lenet_lazy() -> nn.Sequential:
    """Return the net with sizes left to PyTorch, and sums in place of means."""
    return nn.Sequential(
        nn.LazyConv2d(6, 5), nn.Tanh(), nn.AvgPool2d((2, 2), stride=(2, 2)),
        nn.LazyConv2d(16, 5), nn.Tanh(), nn.AdaptiveAvgPool2d(5), nn.Flatten(),
        nn.LazyLinear(120), nn.Tanh(), nn.LazyLinear(84), nn.Tanh(), nn.LazyLinear(10),
    )  # fmt: skip


def _without_act(layer: str, hint: str) -> Mistake:
    return Mistake(
        f"no activation after {layer}",
        hint,
        lambda: _lenet(without_act=[layer.lower()]),
    )


_LENET5 = Key(
    _lenet,
    (
        Mistake(
            "max for average pooling",
            "the pooling takes the largest value. This net of 1998 took the mean.",
            lambda: _lenet(pool=lambda: nn.MaxPool2d(2)),
        ),
        Mistake(
            "ReLU for tanh",
            "the activation is ReLU, which came into use later.",
            lambda: _lenet(act=nn.ReLU),
        ),
        Mistake(
            "ReLU and max pooling",
            "the activation is ReLU and the pooling takes the largest value: so it is "
            "built today. The net of 1998 had neither.",
            lambda: _lenet(act=nn.ReLU, pool=lambda: nn.MaxPool2d(2)),
        ),
        Mistake(
            "sigmoid for tanh",
            "the activation is the sigmoid: it gives 0 to 1. LeNet's gives -1 to 1.",
            lambda: _lenet(act=nn.Sigmoid),
        ),
        Mistake(
            "softmax at the end",
            "a softmax stands at the end. Logits are asked for; the loss does what "
            "is left.",
            lambda: _lenet(extra_layers=[nn.Softmax(dim=1)]),
        ),
        Mistake(
            "log-softmax at the end",
            "a log-softmax stands at the end. Logits are asked for, as they come out "
            "of the last layer.",
            lambda: _lenet(extra_layers=[nn.LogSoftmax(dim=1)]),
        ),
        Mistake(
            "activation after the output",
            "an activation follows the output. Logits may be of any size.",
            lambda: _lenet(extra_layers=[nn.Tanh()]),
        ),
        Mistake(
            "no activation at all",
            "there is no activation at all. The drawing leaves them out; the table "
            "has them.",
            lambda: _lenet(without_act=["c1", "c3", "c5", "f6"]),
        ),
        _without_act("C1", "an activation is left out after the first convolution."),
        _without_act("C3", "an activation is left out after the second convolution."),
        _without_act("C5", "an activation is left out between C5 and F6."),
        _without_act("F6", "an activation is left out between F6 and the output."),
        Mistake(
            "pooling before the activation",
            "the pooling comes before the activation. The mean of what is squashed is "
            "not the squashed mean.",
            lambda: _lenet(pool_first=True),
        ),
        Mistake(
            "scaled tanh",
            "the activation is a tanh with a factor, as in the paper of 1998. Here "
            "plain "
            "tanh is asked for.",
            lambda: _lenet(act=_ScaledTanh),
        ),
        Mistake(
            "scaled tanh after the pooling, too",
            "the activation is a tanh with a factor, as in the paper of 1998. Here "
            "plain "
            "tanh is asked for.",
            lambda: _lenet(act=_ScaledTanh, act_after_pool=True),
        ),
        Mistake(
            "made for 28x28",
            "the net takes pictures of 28 x 28, because it pads them in C1. Here "
            "they come as 32 x 32.",
            lambda: _lenet(padding=2, c5=16 * 5 * 5),
        ),
        Mistake(
            "padding in C1",
            "C1 pads the picture, and the layers after it have been fitted to that. "
            "From 32 x 32 it should give 28 x 28.",
            lambda: _lenet(padding=2, c5=16 * 6 * 6),
        ),
        Mistake(
            "the wrong 5x5 pooling row",
            "S4 is a window of 5 x 5 with stride 1: that is the misprinted row of "
            "the table.",
            lambda: _lenet(s4=lambda: nn.AvgPool2d(5, 1)),
        ),
        Mistake(
            "the wrong 5x5 pooling row, with C5 fitted to it",
            "S4 is a window of 5 x 5 with stride 1, the misprinted row of the table, "
            "and C5 has been fitted to it.",
            lambda: _lenet(s4=lambda: nn.AvgPool2d(5, 1), c5=16 * 6 * 6),
        ),
        Mistake(
            "pooling with stride 1",
            "the pooling moves by 1. In LeNet-5 its windows do not overlap.",
            lambda: _lenet(pool=lambda: nn.AvgPool2d(2, 1)),
        ),
        Mistake(
            "convolutions without bias",
            "the convolutions have no bias.",
            lambda: _lenet(conv_bias=False),
        ),
        Mistake("no bias at all", "no layer has a bias.", lambda: _lenet(bias=False)),
        Mistake(
            "128 for 120",
            "C5 has too many maps: look into its row of the table.",
            lambda: _lenet(widths=(128, 84)),
        ),
        Mistake(
            "80 for 84",
            "F6 has too few units: look into its row of the table.",
            lambda: _lenet(widths=(120, 80)),
        ),
        Mistake(
            "kernels of 3x3",
            "the first two convolutions are of 3 x 3. Those came with VGG.",
            lambda: _lenet(kernel=3, c5=16 * 6 * 6),
        ),
        Mistake(
            "colour pictures",
            "the net takes pictures of three channels. Digits are grey: they have one.",
            lambda: _lenet(channels=3),
        ),
        Mistake(
            "dropout or batch norm",
            "the net behaves differently in training and in evaluation mode. Dropout "
            "and batch norm are of a later time.",
            lambda: _lenet(dropout=True),
            lambda values, case: not values["training and evaluation agree"].data,
        ),
        Mistake(
            "gradient not able to flow",
            "no gradient reaches some of its parameters: something on the way cuts it "
            "off.",
            lambda: _LeNetClass(cut=True),
        ),
    ),
    "LeNet-5 (1998)",
    source="LeNet-5",
    variants=(lambda: _lenet(act_after_pool=True),),
    also_right=(
        _LeNetClass,
        _lenet_lazy,
        lambda: _lenet(c5=16 * 5 * 5),
        lambda: _lenet(act_after_pool=True),
    ),
)

Step = tuple[int, int, int]
_CONV1, _CONV2, _CONV, _POOL = (11, 4, 0), (5, 1, 2), (3, 1, 1), (3, 2, 0)
_PLAN: tuple[Step, ...] = (
    _CONV1, _POOL, _CONV2, _POOL, _CONV, _CONV, _CONV, _POOL,
)  # fmt: skip


def _alexnet_run(input_size: int) -> list[int]:
    """Let PyTorch run it, with one channel and without memory."""
    x, sizes = torch.empty(1, 1, input_size, 1, device="meta"), []
    for kernel, stride, padding in _PLAN:
        layer = nn.Conv2d(
            1, 1, (kernel, 1), (stride, 1), (padding, 0), device="meta"
        )  # a pooling has the same places
        x = layer(x)
        sizes.append(x.shape[2])
    return sizes


def _places(size: Any, kernel: int, stride: int, padding: int) -> Any:
    return (size + 2 * padding - kernel) // stride + 1


def _sizes(
    plan: Sequence[Step] = _PLAN, places: Callable[..., Any] = _places
) -> Callable[[int], list]:
    """Return the walk through the layers, with another plan or another formula."""

    def sizes(input_size: int) -> list:
        found, size = [], input_size
        for step in plan:
            size = places(size, *step)
            found.append(size)
        return found

    return sizes


def _plan(**changed: Step) -> tuple[Step, ...]:
    steps = {"conv1": _CONV1, "pool": _POOL, "conv2": _CONV2, "conv": _CONV, **changed}
    order = "conv1 pool conv2 pool conv conv conv pool"
    return tuple(steps[name] for name in order.split())


def _alexnet_by_hand(input_size: int) -> tuple[int, ...]:
    conv1 = (input_size - 11) // 4 + 1
    pool1 = (conv1 - 1) // 2
    pool2 = (pool1 - 1) // 2
    return (conv1, pool1, pool1, pool2, pool2, pool2, pool2, (pool2 - 1) // 2)


_RIGHT_SIZES = _sizes()
_ALEXNET_SIZES = Key(
    _alexnet_run,
    (
        Mistake(
            "padding in conv1",
            "conv1 pads by 2, as torchvision's net does. The one of 2012 pads nothing "
            "there.",
            _sizes(_plan(conv1=(11, 4, 2))),
        ),
        Mistake(
            "ceil for floor",
            "what does not come out even is rounded up. A window that is not whole "
            "does not count.",
            _sizes(places=lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        ),
        Mistake(
            "rounded to the nearest",
            "what does not come out even is rounded to the nearest number. Only "
            "whole steps count.",
            _sizes(places=lambda n, k, s, p: round((n + 2 * p - k) / s) + 1),
        ),
        Mistake(
            "not rounded",
            "what does not come out even is not rounded. A map has a whole number of "
            "places.",
            _sizes(places=lambda n, k, s, p: (n + 2 * p - k) / s + 1),
        ),
        Mistake(
            "a float for an int",
            "the numbers are right, but they are floats. `//` gives ints.",
            lambda n: [float(size) for size in _RIGHT_SIZES(n)],
        ),
        Mistake(
            "off by one",
            "the first place of the window is not counted: n steps have n + 1 places.",
            _sizes(places=lambda n, k, s, p: (n + 2 * p - k) // s),
        ),
        Mistake(
            "padding on one side",
            "the padding is added on one side only.",
            _sizes(places=lambda n, k, s, p: (n + p - k) // s + 1),
        ),
        Mistake(
            "conv2 without padding",
            "conv2 shrinks the map. It pads by 2.",
            _sizes(_plan(conv2=(5, 1, 0))),
        ),
        Mistake(
            "conv2 with padding 1",
            "conv2 shrinks the map a little. Its kernel is 5 x 5.",
            _sizes(_plan(conv2=(5, 1, 1))),
        ),
        Mistake(
            "conv3 to conv5 without padding",
            "conv3 to conv5 shrink the map. They pad by 1.",
            _sizes(_plan(conv=(3, 1, 0))),
        ),
        Mistake(
            "no padding anywhere",
            "no layer pads. Only conv1 and the poolings do not.",
            _sizes(_plan(conv2=(5, 1, 0), conv=(3, 1, 0))),
        ),
        Mistake(
            "pooling of 2x2",
            "the poolings are of 2 x 2. Those of AlexNet overlap.",
            _sizes(_plan(pool=(2, 2, 0))),
        ),
        Mistake(
            "pooling by its own size",
            "the poolings move by 3, their own size. Those of AlexNet overlap.",
            _sizes(_plan(pool=(3, 3, 0))),
        ),
        Mistake(
            "pooling with padding",
            "the poolings pad. They do not.",
            _sizes(_plan(pool=(3, 2, 1))),
        ),
        Mistake(
            "stride of conv1 forgotten",
            "conv1 moves by 1. It moves by 4.",
            _sizes(_plan(conv1=(11, 1, 0))),
        ),
        Mistake(
            "the picture's size included",
            "the list starts with the picture. It starts with conv1.",
            lambda n: [n, *_RIGHT_SIZES(n)],
        ),
        Mistake(
            "poolings left out",
            "the poolings are not in the list, or there are none.",
            _sizes([_CONV1, _CONV2, _CONV, _CONV, _CONV]),
        ),
        Mistake(
            "poolings not listed",
            "only the convolutions are in the list. The poolings have sizes, too.",
            lambda n: [_RIGHT_SIZES(n)[i] for i in (0, 2, 4, 5, 6)],
        ),
        Mistake(
            "last pooling left out",
            "the last pooling is missing.",
            lambda n: _RIGHT_SIZES(n)[:-1],
        ),
        Mistake(
            "a pooling after each convolution",
            "a pooling follows each of the convolutions. It follows three of them.",
            _sizes([_CONV1, _POOL, _CONV2, _POOL, _CONV, _POOL, _CONV, _POOL]),
        ),
        Mistake(
            "flattened map added",
            "the list ends with the length of the flattened map. It ends with pool5.",
            lambda n: [*_RIGHT_SIZES(n), 256 * _RIGHT_SIZES(n)[-1] ** 2],
        ),
    ),
    "Three nets with one name",
    also_right=(
        _RIGHT_SIZES,
        _alexnet_by_hand,
        lambda n: np.array(_RIGHT_SIZES(n)),
        lambda n: torch.tensor(_RIGHT_SIZES(n)),
    ),
)  # fmt: skip


def _block(
    num_convs: int,
    in_channels: int,
    out_channels: int,
    *,
    relus: Callable[[int], bool] = lambda i: True,
    act: type[nn.Module] = nn.ReLU,
    pool: Callable[[], Layers] = lambda: [nn.MaxPool2d(2)],
    between: Callable[[int], Layers] = lambda channels: [],
    pool_each: bool = False,
    inputs: Callable[[int], int] | None = None,
    outputs: Callable[[int], int] = lambda i: 0,
    **conv: Any,
) -> nn.Sequential:
    """Return a block, or what a mistake makes of it."""
    given = {"kernel_size": 3, "padding": 1, **conv}
    layers: Layers = []
    for i in range(num_convs):
        before = in_channels if i == 0 else out_channels
        before = inputs(i) if inputs else before
        after = outputs(i) or out_channels
        layers += [nn.Conv2d(before, after, **given), *between(after)]
        layers += [act()] if relus(i) else []
        layers += pool() if pool_each and i < num_convs - 1 else []
    return nn.Sequential(*layers, *pool())


def _block_from(**changed: Any) -> Callable[..., nn.Sequential]:
    return lambda n, i, o: _block(n, i, o, **changed)


class _BlockClass(nn.Module):
    """The block as a class; ReLU and the maximum may change places."""

    def __init__(self, num_convs: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        channels = [in_channels, *[out_channels] * num_convs]
        self.convs = nn.ModuleList(
            nn.Conv2d(one, other, (3, 3), padding="same")
            for one, other in pairwise(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        for conv in self.convs[:-1]:
            x = conv(x).clamp(min=0)
        return F.relu(F.max_pool2d(self.convs[-1](x), 2))


def _block_recursive(
    num_convs: int, in_channels: int, out_channels: int
) -> nn.Sequential:
    """Add one convolution at a time to the front, with ReLUs in place."""
    if num_convs == 0:
        return nn.Sequential(nn.MaxPool2d(kernel_size=2, stride=2))
    rest = _block_recursive(num_convs - 1, out_channels, out_channels)
    first = nn.Conv2d(in_channels, out_channels, 3, 1, 1)
    return nn.Sequential(first, nn.ReLU(inplace=True), *rest)


def _shared_block(num_convs: int, in_channels: int, out_channels: int) -> nn.Sequential:
    first = nn.Conv2d(in_channels, out_channels, 3, padding=1)
    again = nn.Conv2d(out_channels, out_channels, 3, padding=1)
    layers: Layers = [first, nn.ReLU(), *[again, nn.ReLU()] * (num_convs - 1)]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def _strided_block(
    num_convs: int, in_channels: int, out_channels: int
) -> nn.Sequential:
    layers = list(_block(num_convs, in_channels, out_channels))[:-1]
    layers[-2].stride = (2, 2)  # type: ignore[assignment]
    return nn.Sequential(*layers)


_VGG_BLOCK = Key(
    _block,
    (
        Mistake(
            "no ReLU at all",
            "there is no ReLU. Drawings leave it out; every convolution has one.",
            _block_from(relus=lambda i: False),
        ),
        Mistake(
            "no ReLU after the last convolution",
            "the last convolution has no ReLU after it.",
            lambda n, i, o: _block(n, i, o, relus=lambda place: place < n - 1),
        ),
        Mistake(
            "ReLU after the last convolution only",
            "only the last convolution has a ReLU. Without one in between, two "
            "convolutions are no more than a larger one.",
            lambda n, i, o: _block(n, i, o, relus=lambda place: place == n - 1),
        ),
        Mistake(
            "ReLU before the convolution",
            "the ReLU comes before the convolution.",
            lambda n, i, o: nn.Sequential(
                nn.ReLU(),
                *_block(n, i, o, relus=lambda place: place < n - 1),
            ),
        ),
        Mistake(
            "tanh for ReLU",
            "the activation is tanh. VGG has another.",
            _block_from(act=nn.Tanh),
        ),
        Mistake(
            "padding forgotten",
            "the convolutions shrink the map: they lack their padding.",
            _block_from(padding=0),
        ),
        Mistake(
            "kernels of 5x5",
            "the kernels are of 5 x 5. In VGG they are smaller.",
            _block_from(kernel_size=5, padding=2),
        ),
        Mistake(
            "bias forgotten",
            "the convolutions have no bias.",
            _block_from(bias=False),
        ),
        Mistake(
            "num_convs ignored",
            "there is one convolution whatever `num_convs` says.",
            lambda n, i, o: _block(1, i, o),
        ),
        Mistake(
            "one convolution too many",
            "there is one convolution too many.",
            lambda n, i, o: _block(n + 1, i, o),
        ),
        Mistake(
            "in_channels for each convolution",
            "every convolution takes `in_channels`. What comes out of the first goes "
            "into the second.",
            lambda n, i, o: _block(n, i, o, inputs=lambda place: i),
        ),
        Mistake(
            "channels change in the last convolution",
            "the number of channels changes in the last convolution. It changes in the "
            "first.",
            lambda n, i, o: _block(
                n, i, o, inputs=lambda place: i,
                outputs=lambda place: i if place < n - 1 else o,
            ),
        ),
        Mistake(
            "one convolution used again",
            "one convolution is used several times over. Each has weights of its own: "
            "make a new one for each.",
            _shared_block,
        ),
        Mistake(
            "pooling left out",
            "there is no pooling.",
            _block_from(pool=lambda: []),
        ),
        Mistake(
            "pooling after each convolution",
            "a pooling follows each of the convolutions. A block has one, at its end.",
            _block_from(pool_each=True),
        ),
        Mistake(
            "average for max pooling",
            "the pooling takes the mean. VGG takes the largest value.",
            _block_from(pool=lambda: [nn.AvgPool2d(2)]),
        ),
        Mistake(
            "pooling with stride 1",
            "the pooling moves by 1, so that the map is not halved.",
            _block_from(pool=lambda: [nn.MaxPool2d(2, 1)]),
        ),
        Mistake(
            "overlapping pooling",
            "the pooling is of 3 x 3 with stride 2, as in AlexNet.",
            _block_from(pool=lambda: [nn.MaxPool2d(3, 2)]),
        ),
        Mistake(
            "pooling of 3x3 with padding",
            "the pooling is of 3 x 3 and pads, so that the size comes out right. VGG's "
            "windows are of 2 x 2 and do not overlap.",
            _block_from(pool=lambda: [nn.MaxPool2d(3, 2, 1)]),
        ),
        Mistake(
            "pooling of 3x3 by its own size",
            "the pooling is of 3 x 3 and moves by 3. VGG's halves the map.",
            _block_from(pool=lambda: [nn.MaxPool2d(3)]),
        ),
        Mistake(
            "ReLU6 for ReLU",
            "large numbers are cut off: the activation has a ceiling (ReLU6 stops at "
            "6). "
            "Plain ReLU has none.",
            _block_from(act=nn.ReLU6),
        ),
        Mistake(
            "batch norm in place of the bias",
            "there is a batch norm after each convolution, and no bias. The VGG of "
            "2014 "
            "has biases and no batch norm.",
            _block_from(
                between=lambda channels: [nn.BatchNorm2d(channels)], bias=False
            ),
        ),
        Mistake(
            "partial last window kept",
            "the pooling keeps a last window that is not whole.",
            _block_from(pool=lambda: [nn.MaxPool2d(2, ceil_mode=True)]),
        ),
        Mistake(
            "stride for pooling",
            "the last convolution has a stride of 2 in place of a pooling.",
            _strided_block,
        ),
        Mistake(
            "pooling first",
            "the pooling comes first. It is the end of the block.",
            lambda n, i, o: nn.Sequential(
                nn.MaxPool2d(2), *list(_block(n, i, o))[:-1]
            ),
        ),
        Mistake(
            "batch norm added",
            "there is a batch norm after each convolution. The VGG of 2014 has none.",
            _block_from(between=lambda channels: [nn.BatchNorm2d(channels)]),
        ),
    ),
    "Blocks",
    also_right=(_BlockClass, _block_recursive),
)  # fmt: skip


def _two_and_one(channels: int) -> tuple[int, int]:
    """Let PyTorch build the layers, without memory, and count."""
    counts = [
        nn.Conv2d(channels, channels, size, bias=False, device="meta").weight.numel()
        for size in (3, 5)
    ]
    return 2 * counts[0], counts[1]


_STACK_OR_SINGLE = Key(
    _two_and_one,
    (
        Mistake(
            "one 3x3 only",
            "only one of the two 3 x 3 layers is counted.",
            lambda c: (9 * c**2, 25 * c**2),
        ),
        Mistake(
            "bias counted",
            "the biases are counted, too. Here the layers have none.",
            lambda c: (18 * c**2 + 2 * c, 25 * c**2 + c),
        ),
        Mistake(
            "C_in forgotten",
            "the kernels are counted as if they covered one channel. Each covers all "
            "that come in.",
            lambda c: (18 * c, 25 * c),
        ),
        Mistake(
            "channels forgotten",
            "this is the count for one channel in and one out, whatever `channels` "
            "says.",
            lambda c: (18, 25),
        ),
        Mistake(
            "the two swapped",
            "the two numbers have changed places: the 3 x 3 layers come first.",
            lambda c: (25 * c**2, 18 * c**2),
        ),
        Mistake(
            "second layer squared",
            "the parameters of the two layers are multiplied. They are added.",
            lambda c: ((9 * c**2) ** 2, 25 * c**2),
        ),
        Mistake(
            "channels double",
            "the second layer is counted with twice the channels. Both have as many.",
            lambda c: (9 * c**2 + 9 * c * 2 * c, 25 * c**2),
        ),
        Mistake(
            "side for area",
            "the kernels' sides are counted where their cells should be.",
            lambda c: (6 * c**2, 5 * c**2),
        ),
        Mistake(
            "the difference",
            "this is how many the stack saves. Both numbers are asked for.",
            lambda c: 7 * c**2,
        ),
        Mistake(
            "a float for an int",
            "the numbers are right, but they are floats. Parameters are counted in "
            "ints.",
            lambda c: (18.0 * c**2, 25.0 * c**2),
        ),
    ),
    "VGG (2014)",
    also_right=(
        lambda c: (2 * 3 * 3 * c * c, 5 * 5 * c * c),
        lambda c: [sum(k * k * c * c for k in kernels) for kernels in ([3, 3], [5])],
        lambda c: np.array([18 * c**2, 25 * c**2]),
        lambda c: torch.tensor([18 * c**2, 25 * c**2]),
    ),
)


def _linears(model: nn.Module) -> list[nn.Linear]:
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear)]


def _still(model: nn.Module, kinds: Any = nn.modules.batchnorm._BatchNorm) -> None:
    for layer in model.modules():
        if isinstance(layer, kinds):
            layer.eval()


def _freeze(model: nn.Module) -> nn.Module:
    model.requires_grad_(False)
    _linears(model)[-1].requires_grad_(True)
    _still(model)
    return model


def _freeze_by_eval(model: nn.Module) -> nn.Module:
    """Put the whole model in evaluation mode, and go by the names of parameters."""
    last = [name for name, m in model.named_modules() if isinstance(m, nn.Linear)][-1]
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name in (f"{last}.weight", f"{last}.bias")
    return model.eval()


def _freeze_by_momentum(model: nn.Module) -> nn.Module:
    """Keep the averages still by a momentum of zero, in training mode."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = 0.0
    kept = {id(parameter) for parameter in _linears(model)[-1].parameters()}
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in kept)
    return model


def _freeze_one_by_one(model: nn.Module) -> nn.Module:
    """Go through the layers once, the last Linear layer first."""
    layers = list(model.modules())[::-1]
    head = next(layer for layer in layers if isinstance(layer, nn.Linear))
    for layer in layers:
        for parameter in layer.parameters(recurse=False):
            parameter.requires_grad = layer is head
        if "BatchNorm" in type(layer).__name__:
            layer.train(False)
    return model


def _trains(
    pick: Callable[[nn.Module], list[nn.Parameter]],
) -> Callable[[nn.Module], nn.Module]:
    """Return a freezing that leaves other parameters to train."""

    def freeze(model: nn.Module) -> nn.Module:
        picked = {id(parameter) for parameter in pick(model)}
        for parameter in model.parameters():
            parameter.requires_grad_(id(parameter) in picked)
        _still(model)
        return model

    return freeze


def _names(model: nn.Module, picked: list[nn.Parameter]) -> list[str]:
    ids = {id(parameter) for parameter in picked}
    return [name for name, p in model.named_parameters() if id(p) in ids]


def _picks(
    name: str,
    hint: str,
    pick: Callable[[nn.Module], list[nn.Parameter]],
) -> Mistake:
    """Return the mistake in which these parameters train."""

    def looks(values: Any, case: Case) -> bool:
        model = case.args[0]
        found = [entry.data for entry in values["parameters that train"].data]
        right = _names(model, list(_linears(model)[-1].parameters()))
        return found == _names(model, pick(model)) and found != right

    return Mistake(name, hint, _trains(pick), looks)


def _all(model: nn.Module) -> list[nn.Parameter]:
    return list(model.parameters())


def _still_frozen(model: nn.Module) -> list[nn.Parameter]:
    last = _linears(model)[-1].parameters()
    return [parameter for parameter in last if parameter.requires_grad]


def _last_child(model: Any) -> list[nn.Parameter]:
    return list(model[-1].parameters())


def _not_convs(model: nn.Module) -> list[nn.Parameter]:
    norms = [
        m for m in model.modules() if isinstance(m, nn.modules.batchnorm._NormBase)
    ]
    kept = [*norms, _linears(model)[-1]]
    return [parameter for layer in kept for parameter in layer.parameters()]


def _of_linears(model: nn.Module, chosen: slice) -> list[nn.Parameter]:
    layers = _linears(model)[chosen]
    return [parameter for layer in layers for parameter in layer.parameters()]


def _frozen_but(change: Callable[[nn.Module], Any]) -> Callable[..., nn.Module]:
    def freeze(model: nn.Module) -> nn.Module:
        _freeze(model)
        change(model)
        return model

    return freeze


def _new_head(model: Any) -> None:
    last = _linears(model)[-1]
    last.reset_parameters()


def _reset(model: nn.Module) -> None:
    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._NormBase):
            layer.reset_running_stats()


def _still_children(model: nn.Module) -> nn.Module:
    _freeze(model).train()
    for layer in model.children():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.eval()
    return model


def _still_two_d(model: nn.Module) -> nn.Module:
    _freeze(model).train()
    _still(model, nn.BatchNorm2d)
    return model


def _moving(model: nn.Module) -> nn.Module:
    was = model.training
    return _freeze(model).train(was)


def _right_ones_train(values: Any, case: Case) -> bool:
    last = list(_linears(case.args[0])[-1].parameters())
    found = [entry.data for entry in values["parameters that train"].data]
    return found == _names(case.args[0], last)


_FREEZE_FEATURES = Key(
    _freeze,
    (
        Mistake(
            "a copy returned",
            "what is returned is not the argument. The model is to be frozen in place, "
            "and returned itself.",
            lambda model: _freeze(copy.deepcopy(model)),
            lambda values, case: (
                values["result"].type == "module"
                and not values["result is the argument"].data
            ),
        ),
        Mistake(
            "weights changed",
            "weights have changed: the last layer is not to be made anew, only to "
            "train from where it is.",
            _frozen_but(_new_head),
            lambda values, case: bool(
                (
                    values["weights"].data
                    != torch.cat(
                        [p.detach().double().flatten() for p in _all(case.args[0])]
                    ).numpy()
                ).any()
            ),
        ),
        Mistake(
            "running averages reset",
            "the running averages of batch norm are not what they were. They are to "
            "stay.",
            _frozen_but(_reset),
        ),
        Mistake(
            "left frozen where it was frozen",
            "the last Linear layer does not train if the model was frozen before. It "
            "has to be set free.",
            lambda model: _trains(_still_frozen)(model),
            lambda values, case: (
                not values["parameters that train"].data
                and not any(p.requires_grad for p in _all(case.args[0]))
            ),
        ),
        _picks(
            "all Linear layers train",
            "Linear layers before the last one train, too.",
            lambda model: _of_linears(model, slice(None)),
        ),
        _picks(
            "nothing frozen",
            "nothing is frozen: all parameters still train. `requires_grad` is a "
            "switch of parameters; a layer has the method `requires_grad_`.",
            _all,
        ),
        Mistake(
            "last entry of the model taken",
            "the last layer of the model need not be a Linear layer. Look for the last "
            "one that is.",
            _trains(_last_child),
            lambda values, case: (
                [entry.data for entry in values["parameters that train"].data]
                == _names(case.args[0], _last_child(case.args[0]))
                and not _linears(case.args[0][-1])
            ),
        ),
        _picks(
            "everything frozen",
            "nothing trains at all. The last Linear layer must.",
            lambda model: [],
        ),
        _picks(
            "first Linear layer for the last",
            "the first Linear layer trains, and the last one does not.",
            lambda model: _of_linears(model, slice(1)),
        ),
        _picks(
            "bias of the last layer frozen",
            "the weight of the last Linear layer trains, but its bias does not.",
            lambda model: list(_linears(model)[-1].parameters())[:1],
        ),
        _picks(
            "weight of the last layer frozen",
            "the bias of the last Linear layer trains, but its weight does not.",
            lambda model: [p for p in _linears(model)[-1].parameters() if p.dim() == 1],
        ),
        _picks(
            "scale and shift of batch norm train",
            "batch norm has parameters, too, a scale and a shift, and they still "
            "train.",
            _not_convs,
        ),
        _picks(
            "last two parameters taken",
            "the last two parameters train. They need not be those of the last Linear "
            "layer: it may have no bias, and other layers may follow.",
            lambda model: _all(model)[-2:],
        ),
        Mistake(
            "momentum of 0",
            "the running averages of batch norm rest, but the layer does not use them: "
            "it still takes mean and variance from each batch. In which mode does it "
            "use its averages?",
            _freeze_by_momentum,
            lambda values, case: (
                not values["batch norm uses its averages"].data
                and not values["running averages move"].data
                and values["running averages"].data.size != 0
                and _right_ones_train(values, case)
            ),
        ),
        Mistake(
            "batch norm of pictures only",
            "the running averages of `BatchNorm1d` still move. Batch norm comes in "
            "several kinds.",
            _still_two_d,
        ),
        Mistake(
            "top layers only",
            "a batch norm within a block is missed: its averages still move. "
            "`model.modules()` goes into blocks.",
            _still_children,
        ),
        Mistake(
            "weights frozen but batch statistics not",
            "the weights are frozen, but the running averages of batch norm still move "
            "with every batch: they are no parameters, and `requires_grad` does not "
            "hold them. In which mode do they rest?",
            _moving,
            lambda values, case: (
                bool(values["running averages move"].data)
                and _right_ones_train(values, case)
            ),
        ),
    ),
    "Transfer learning",
    source="what may train",
    also_right=(_freeze_by_eval, _freeze_one_by_one),
)

KEYS = {
    "lenet5": _LENET5,
    "alexnet_sizes": _ALEXNET_SIZES,
    "vgg_block": _VGG_BLOCK,
    "stack_or_single": _STACK_OR_SINGLE,
    "freeze_features": _FREEZE_FEATURES,
}
