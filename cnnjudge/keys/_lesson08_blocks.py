"""Lesson 08: the basic block of ResNet, and the separable convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnjudge.key import Key, Mistake

# --- basic_block ---------------------------------------------------------------------

Layers = list[nn.Module]


def _norm2d(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels)


def _projection(i: int, o: int, stride: int, bias: bool = False) -> nn.Module:
    return nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=bias), nn.BatchNorm2d(o))


def _needed(i: int, o: int, stride: int) -> bool:
    return stride != 1 or i != o


class _Block(nn.Module):
    """A basic block, or what a mistake makes of it."""

    def __init__(
        self,
        i: int,
        o: int,
        stride: int = 1,
        *,
        strides: Callable[[int], tuple[int, int]] = lambda stride: (stride, 1),
        middle: int = 0,
        kernel: int = 3,
        pads: tuple[int, int] | None = None,
        bias: bool = False,
        norm: Callable[[int], nn.Module] = _norm2d,
        act: Callable[[Tensor], Tensor] = F.relu,
        projects: Callable[[int, int, int], bool] = _needed,
        projection: Callable[[int, int, int], nn.Module] = _projection,
        forward: Callable[[Any, Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        first, second = strides(stride)
        middle = middle or o
        before, after = pads or (kernel // 2, kernel // 2)
        self.conv1 = nn.Conv2d(i, middle, kernel, first, before, bias=bias)
        self.norm1 = norm(middle)
        self.conv2 = nn.Conv2d(middle, o, kernel, second, after, bias=bias)
        self.norm2 = norm(o)
        self.shortcut: nn.Module = nn.Identity()
        if projects(i, o, stride):
            self.shortcut = projection(i, o, stride)
        self.act, self.way = act, forward

    def forward(self, x: Tensor) -> Tensor:
        if self.way is not None:
            return self.way(self, x)
        return self.act(self.branch(x) + self.shortcut(x))

    def branch(self, x: Tensor) -> Tensor:
        return self.norm2(self.conv2(self.act(self.norm1(self.conv1(x)))))


def _block(**changed: Any) -> Callable[..., nn.Module]:
    return lambda i, o, stride=1: _Block(i, o, stride, **changed)


def _way(forward: Callable[[Any, Tensor], Tensor]) -> Callable[..., nn.Module]:
    return _block(forward=forward)


class _BlockOfParts(nn.Module):
    """The block with a Sequential for each branch, the shortcut first, ReLU a layer."""

    def __init__(self, i: int, o: int, stride: int = 1) -> None:
        super().__init__()
        self.skip = nn.Sequential()
        if stride != 1 or i != o:
            self.skip = nn.Sequential(
                nn.Conv2d(i, o, kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(o),
            )
        self.body = nn.Sequential(
            nn.Conv2d(i, o, kernel_size=3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(o),
            nn.ReLU(inplace=True),
            nn.Conv2d(o, o, kernel_size=3, padding="same", bias=False),
            nn.BatchNorm2d(o),
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        out = self.body(x)
        out += self.skip(x)
        return self.relu(out)


class _BlockOfSequential(nn.Sequential):
    """A Sequential that adds its input in the end; no shortcut is None."""

    def __init__(self, i: int, o: int, stride: int) -> None:
        super().__init__(
            nn.LazyConv2d(o, 3, stride, 1, bias=False),
            nn.LazyBatchNorm2d(),
            nn.ReLU(),
            nn.LazyConv2d(o, 3, 1, 1, bias=False),
            nn.LazyBatchNorm2d(),
        )
        self.downsample = None
        if (i, stride) != (o, 1):
            self.downsample = nn.Sequential(
                nn.LazyConv2d(o, (1, 1), (stride, stride), bias=False),
                nn.LazyBatchNorm2d(),
            )

    def forward(self, x: Tensor) -> Tensor:
        out = x
        for name, layer in self.named_children():
            if name != "downsample":
                out = layer(out)
        identity = x if self.downsample is None else self.downsample(x)
        return torch.add(out, identity).clamp(min=0)


class _BlockOfWeights(nn.Module):
    """The block with its weights as bare parameters, the second one first."""

    def __init__(self, i: int, o: int, stride: int = 1) -> None:
        super().__init__()
        self.second = nn.Parameter(torch.randn(o, o, 3, 3))
        self.first = nn.Parameter(torch.randn(o, i, 3, 3))
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _ in range(2))
        self.stride = stride
        if stride > 1 or o != i:
            self.third = nn.Parameter(torch.randn(o, i, 1, 1))
            self.norms.append(nn.BatchNorm2d(o))

    def forward(self, x: Tensor) -> Tensor:
        y = F.conv2d(x, self.first, stride=self.stride, padding=1)
        y = F.conv2d(torch.relu(self.norms[0](y)), self.second, padding=1)
        y = self.norms[1](y)
        if len(self.norms) == 3:
            x = self.norms[2](F.conv2d(x, self.third, stride=self.stride))
        return torch.maximum(x + y, torch.zeros_like(y))


def _padded_shortcut(b: Any, x: Tensor) -> Tensor:
    """Skip pixels and add channels of zeros: a shortcut without weights."""
    out = b.branch(x)
    step = b.conv1.stride[0]
    skipped = x[:, : out.shape[1], ::step, ::step]
    missing = out.shape[1] - skipped.shape[1]
    return F.relu(out + F.pad(skipped, (0, 0, 0, 0, 0, missing)))


def _pre_activation(i: int, o: int, stride: int = 1) -> nn.Module:
    def way(b: Any, x: Tensor) -> Tensor:
        y = b.conv1(F.relu(b.norm1(x)))
        return b.conv2(F.relu(b.norm2(y))) + b.shortcut(x)

    block = _Block(i, o, stride, forward=way)
    block.norm1 = nn.BatchNorm2d(i)
    return block


def _one_conv(i: int, o: int, stride: int = 1) -> nn.Module:
    """Use one convolution, and its norm, twice, where the channels allow it."""
    block = _Block(i, o, stride)
    if i == o and stride == 1:
        block.conv2, block.norm2 = block.conv1, block.norm1
    return block


def _one_norm(i: int, o: int, stride: int = 1) -> nn.Module:
    block = _Block(i, o, stride)
    block.norm2 = block.norm1
    return block


def _without(*names: str) -> Callable[..., nn.Module]:
    """Return blocks in which some layers are left out."""

    def make(i: int, o: int, stride: int = 1) -> nn.Module:
        block = _Block(i, o, stride)
        for name in names:
            setattr(block, name, nn.Identity())
        if "in shortcut" in names and isinstance(block.shortcut, nn.Sequential):
            block.shortcut = block.shortcut[0]
        return block

    return make


def _late_channels(i: int, o: int, stride: int = 1) -> nn.Module:
    return _Block(i, o, stride, middle=i)


def _changes_input(b: Any, x: Tensor) -> Tensor:
    out = b.branch(x)
    if isinstance(b.shortcut, nn.Identity):
        x += out
        return F.relu(x)
    return F.relu(out + b.shortcut(x))


def _twice(conv: str, norm: str) -> Callable[..., nn.Module]:
    """Use a layer in the second place, too, and leave another one unused."""

    def way(b: Any, x: Tensor) -> Tensor:
        first = F.relu(b.norm1(b.conv1(x)))
        second = getattr(b, norm)(getattr(b, conv)(first))
        return F.relu(second + b.shortcut(x))

    return _way(way)


def _with_another(i: int, o: int, stride: int = 1) -> nn.Module:
    block = _Block(i, o, stride)
    block.conv3 = nn.Conv2d(o, o, 3, padding=1, bias=False)
    return block


def _added_where_projected(b: Any, x: Tensor) -> Tensor:
    if isinstance(b.shortcut, nn.Identity):
        return F.relu(b.branch(x))
    return F.relu(b.branch(x) + b.shortcut(x))


def _second_bias(i: int, o: int, stride: int, place: str) -> nn.Module:
    block = _Block(i, o, stride)
    conv = getattr(block, place)
    conv.bias = nn.Parameter(torch.zeros(o))
    return block


_SHORTCUT = (
    "Where the stride is not 1, or the channels differ, the input goes through a "
    "convolution of 1 x 1 with that stride, and a norm."
)

BASIC_BLOCK = Key(
    _Block,
    (
        Mistake(
            "forward returns nothing",
            "`forward` gives None back. Is its `return` missing?",
            _way(lambda b, x: None),  # type: ignore[arg-type,return-value]
            lambda values, case: values["output"].type == "none",
            certain=True,
        ),
        Mistake(
            "input changed in place",
            "the block changes the pictures that come in: `+=`, or a ReLU with "
            "`inplace=True`, acts on the input itself.",
            _way(_changes_input),
            lambda values, case: not values["input as it was"].data,
            certain=True,
        ),
        Mistake(
            "ReLU before the addition",
            "the last ReLU comes before the input is added. It comes after.",
            _way(lambda b, x: F.relu(b.branch(x)) + b.shortcut(x)),
        ),
        Mistake(
            "ReLU before and after the addition",
            "there is a ReLU after the second norm, too. The sum alone has one.",
            _way(lambda b, x: F.relu(F.relu(b.branch(x)) + b.shortcut(x))),
        ),
        Mistake(
            "no ReLU in the end",
            "there is no ReLU after the addition.",
            _way(lambda b, x: b.branch(x) + b.shortcut(x)),
        ),
        Mistake(
            "no ReLU in between",
            "there is no ReLU between the two convolutions.",
            _way(
                lambda b, x: F.relu(
                    b.norm2(b.conv2(b.norm1(b.conv1(x)))) + b.shortcut(x)
                )
            ),
        ),
        Mistake(
            "no ReLU at all",
            "there is no ReLU.",
            _block(act=lambda x: x),
        ),
        Mistake(
            "ReLU6 for ReLU",
            "large numbers are cut off: the activation has a ceiling (ReLU6 stops at "
            "6). Plain ReLU has none.",
            _block(act=F.relu6),
        ),
        Mistake(
            "leaky ReLU for ReLU",
            "negative numbers are made small, but not 0: the activation is a leaky "
            "ReLU.",
            _block(act=F.leaky_relu),
        ),
        Mistake(
            "shortcut forgotten",
            "the input is not added: this is a plain block.",
            lambda i, o, stride=1: _Block(
                i, o, stride, projects=lambda *_: False,
                forward=lambda b, x: F.relu(b.branch(x)),
            ),
        ),
        Mistake(
            "shortcut built and not added",
            "the layers of the shortcut are there, and what they give is not added.",
            _way(lambda b, x: F.relu(b.branch(x))),
        ),
        Mistake(
            "the result added to itself",
            "what is added is not the input, but what the layers made of it: has one "
            "name been used for both? Keep the input under a name of its own.",
            lambda i, o, stride=1: _Block(
                i, o, stride, projects=lambda *_: False,
                forward=lambda b, x: F.relu(2 * b.branch(x)),
            ),
        ),
        Mistake(
            "the shortcut takes the result",
            "what goes through the shortcut is not the input, but what the layers made "
            "of it: has one name been used for both?",
            _way(lambda b, x: F.relu((y := b.branch(x)) + b.shortcut(y))),
        ),
        Mistake(
            "the shortcut takes the result, and is added to itself",
            "what is added is not the input: has one name been used for all of it? "
            "Keep the input under a name of its own.",
            _way(lambda b, x: F.relu(2 * b.shortcut(b.branch(x)))),
        ),
        Mistake(
            "added only behind a projection",
            "where the shapes are alike nothing is added. There, too, the input is "
            "added, as it is.",
            _way(_added_where_projected),
        ),
        Mistake(
            "shortcut forgotten, and the ReLU in the end",
            "the input is not added, and there is no ReLU in the end.",
            lambda i, o, stride=1: _Block(
                i, o, stride, projects=lambda *_: False,
                forward=lambda b, x: b.branch(x),
            ),
        ),
        Mistake(
            "multiplied, not added",
            "the input is multiplied with what the layers give. It is added.",
            _way(lambda b, x: F.relu(b.branch(x) * b.shortcut(x))),
        ),
        Mistake(
            "joined, not added",
            "the input is joined to the channels (`torch.cat`). It is added, number by "
            "number.",
            _way(lambda b, x: F.relu(torch.cat([b.branch(x), b.shortcut(x)], 1))),
        ),
        Mistake(
            "subtracted",
            "the input is subtracted. It is added.",
            _way(lambda b, x: F.relu(b.branch(x) - b.shortcut(x))),
        ),
        Mistake(
            "added before the second norm",
            "the input is added before the second norm. It is added after.",
            _way(
                lambda b, x: F.relu(
                    b.norm2(
                        b.conv2(F.relu(b.norm1(b.conv1(x)))) + b.shortcut(x)
                    )
                )
            ),
        ),
        Mistake(
            "biases in the convolutions of 3x3",
            "the convolutions of 3 x 3 have biases. The norm behind would take them "
            "away again; they have none here.",
            _block(bias=True),
        ),
        Mistake(
            "biases in all convolutions",
            "the convolutions have biases. The norm behind would take them away "
            "again; they have none here.",
            _block(
                bias=True, projection=lambda i, o, s: _projection(i, o, s, bias=True)
            ),
        ),
        Mistake(
            "bias in the first convolution",
            "the first convolution has a bias. The norm behind would take it away "
            "again; it has none here.",
            lambda i, o, stride=1: _second_bias(i, o, stride, "conv1"),
        ),
        Mistake(
            "bias in the second convolution",
            "the second convolution has a bias. The norm behind would take it away "
            "again; it has none here.",
            lambda i, o, stride=1: _second_bias(i, o, stride, "conv2"),
        ),
        Mistake(
            "bias in the shortcut",
            "the convolution of the shortcut has a bias. The norm behind would take it "
            "away again; it has none here.",
            _block(projection=lambda i, o, s: _projection(i, o, s, bias=True)),
        ),
        Mistake(
            "projection always",
            "the input goes through layers even where its shape would do as it is.",
            _block(projects=lambda i, o, s: True),
        ),
        Mistake(
            "projection never",
            f"the input is always added as it is. {_SHORTCUT}",
            _block(projects=lambda i, o, s: False),
        ),
        Mistake(
            "projection for a stride only",
            "where the channels differ and the stride is 1 the input is added as it "
            f"is. {_SHORTCUT}",
            _block(projects=lambda i, o, s: s != 1),
        ),
        Mistake(
            "projection for other channels only",
            "where the stride is not 1 and the channels are as many the input is added "
            f"as it is. {_SHORTCUT}",
            _block(projects=lambda i, o, s: i != o),
        ),
        Mistake(
            "projection only where both differ",
            f"the input is added as it is where only one of both holds. {_SHORTCUT}",
            _block(projects=lambda i, o, s: i != o and s != 1),
        ),
        Mistake(
            "projection for a stride of 2 only",
            "a stride of 3, too, needs the convolution in the shortcut: any stride "
            "that is not 1.",
            _block(projects=lambda i, o, s: i != o or s == 2),
        ),
        Mistake(
            "projection only for more channels",
            "with fewer channels than before, too, the shortcut needs its convolution.",
            _block(projects=lambda i, o, s: o > i or s != 1),
        ),
        Mistake(
            "no norm in the shortcut",
            "the convolution of the shortcut has no norm behind it.",
            _without("in shortcut"),
        ),
        Mistake(
            "no norm in the shortcut, but a bias",
            "the convolution of the shortcut has a bias and no norm behind it. It is "
            "the other way round.",
            _block(projection=lambda i, o, s: nn.Conv2d(i, o, 1, s)),
        ),
        Mistake(
            "ReLU in the shortcut",
            "there is a ReLU in the shortcut. It has a convolution and a norm alone.",
            _block(
                projection=lambda i, o, s: nn.Sequential(
                    *_projection(i, o, s).children(), nn.ReLU()
                )
            ),
        ),
        Mistake(
            "a shortcut of 3x3",
            "the convolution of the shortcut is of 3 x 3. It is of 1 x 1.",
            _block(
                projection=lambda i, o, s: nn.Sequential(
                    nn.Conv2d(i, o, 3, s, 1, bias=False), nn.BatchNorm2d(o)
                )
            ),
        ),
        Mistake(
            "stride of the shortcut forgotten",
            "the convolution of the shortcut moves by 1, where that of the block moves "
            "by `stride`.",
            _block(projection=lambda i, o, s: _projection(i, o, 1)),
        ),
        Mistake(
            "stride of the shortcut fixed",
            "the convolution of the shortcut always moves by 2. It moves by `stride`.",
            _block(projection=lambda i, o, s: _projection(i, o, 2)),
        ),
        Mistake(
            "a shortcut of 3x3 with a bias",
            "the convolution of the shortcut is of 3 x 3 and has a bias. It is of "
            "1 x 1 and has none.",
            _block(
                projection=lambda i, o, s: nn.Sequential(
                    nn.Conv2d(i, o, 3, s, 1), nn.BatchNorm2d(o)
                )
            ),
        ),
        Mistake(
            "pooling in the shortcut",
            "the shortcut pools and then changes the channels. Its convolution has the "
            "stride itself.",
            _block(
                projection=lambda i, o, s: nn.Sequential(
                    nn.AvgPool2d(s, ceil_mode=True),
                    nn.Conv2d(i, o, 1, bias=False),
                    nn.BatchNorm2d(o),
                )
            ),
        ),
        Mistake(
            "a shortcut without weights",
            "the shortcut leaves pixels out and fills up with channels of zeros. "
            "Here it has a convolution and a norm where the shapes differ.",
            lambda i, o, stride=1: _Block(
                i, o, stride, projects=lambda *_: False, forward=_padded_shortcut
            ),
        ),
        Mistake(
            "stride in the second convolution",
            "the second convolution has the stride. The first one has it.",
            _block(strides=lambda s: (1, s)),
        ),
        Mistake(
            "stride in both convolutions",
            "both convolutions have the stride. The first one alone has it.",
            _block(
                strides=lambda s: (s, s),
                projection=lambda i, o, s: _projection(i, o, s * s),
            ),
        ),
        Mistake(
            "stride in both convolutions, once in the shortcut",
            "both convolutions of 3 x 3 have the stride. The first one alone has it.",
            _block(strides=lambda s: (s, s)),
        ),
        Mistake(
            "stride ignored",
            "`stride` has no effect: the map keeps its size.",
            _block(
                strides=lambda s: (1, 1),
                projection=lambda i, o, s: _projection(i, o, 1),
            ),
        ),
        Mistake(
            "stride ignored, the projection, too",
            "`stride` has no effect: the map keeps its size.",
            _block(
                strides=lambda s: (1, 1),
                projects=lambda i, o, s: i != o,
                projection=lambda i, o, s: _projection(i, o, 1),
            ),
        ),
        Mistake(
            "channels change in the second convolution",
            "the number of channels changes in the second convolution. It changes in "
            "the first.",
            _late_channels,
        ),
        Mistake(
            "no norm after the second convolution",
            "the second convolution has no norm behind it.",
            _without("norm2"),
        ),
        Mistake(
            "no norm after the first convolution",
            "the first convolution has no norm behind it.",
            _without("norm1"),
        ),
        Mistake(
            "no norm at all",
            "there is no norm.",
            _without("norm1", "norm2", "in shortcut"),
        ),
        Mistake(
            "no norm in the branch",
            "there is no norm behind the two convolutions of 3 x 3.",
            _without("norm1", "norm2"),
        ),
        Mistake(
            "ReLU before the norm",
            "the ReLU in between comes before the norm. The order is convolution, "
            "norm, ReLU.",
            _way(
                lambda b, x: F.relu(
                    b.norm2(b.conv2(b.norm1(F.relu(b.conv1(x))))) + b.shortcut(x)
                )
            ),
        ),
        Mistake(
            "norm and ReLU before the convolution",
            "norm and ReLU come before each convolution, as in a later version of the "
            "net. Here they come behind.",
            _pre_activation,
        ),
        Mistake(
            "one convolution used twice",
            "where the channels are as many, one convolution and its norm are used "
            "twice. Each has weights of its own: make two.",
            _one_conv,
        ),
        Mistake(
            "one norm for both convolutions",
            "one norm is used behind both convolutions. Each has its own: make two.",
            _one_norm,
        ),
        Mistake(
            "first convolution used twice",
            "the first convolution stands twice in `forward`, and the second one is "
            "never used.",
            _twice("conv1", "norm2"),
        ),
        Mistake(
            "first norm used twice",
            "the first norm stands twice in `forward`, and the second one is never "
            "used.",
            _twice("conv2", "norm1"),
        ),
        Mistake(
            "first convolution and norm used twice",
            "the first convolution and its norm stand twice in `forward`, and the "
            "second ones are never used.",
            _twice("conv1", "norm1"),
        ),
        Mistake(
            "a layer never used",
            "a layer with weights is built and never used, or what it gives is cut "
            "off: no gradient reaches it.",
            _with_another,
            lambda values, case: not values["all weights are used"].data,
        ),
        Mistake(
            "padding forgotten",
            "the convolutions of 3 x 3 do not pad: the map shrinks.",
            _block(pads=(0, 0)),
        ),
        Mistake(
            "padding forgotten in the first convolution",
            "the first convolution does not pad: the map shrinks.",
            _block(pads=(0, 1)),
        ),
        Mistake(
            "padding forgotten in the second convolution",
            "the second convolution does not pad: the map shrinks.",
            _block(pads=(1, 0)),
        ),
        Mistake(
            "kernels of 1x1",
            "the two convolutions are of 1 x 1. They are of 3 x 3.",
            _block(kernel=1),
        ),
        Mistake(
            "kernels of 5x5",
            "the two convolutions are of 5 x 5. They are of 3 x 3.",
            _block(kernel=5),
        ),
        Mistake(
            "batch statistics in evaluation mode",
            "in evaluation mode the norms still use the batch: they keep no running "
            "averages.",
            _block(norm=lambda c: nn.BatchNorm2d(c, track_running_stats=False)),
        ),
        Mistake(
            "norm without scale and shift",
            "the norms have no scale and shift (`affine=False`).",
            _block(norm=lambda c: nn.BatchNorm2d(c, affine=False)),
        ),
        Mistake(
            "another norm",
            "the norms are no batch norms: images are normalised one by one.",
            _block(norm=lambda c: nn.GroupNorm(1, c)),
        ),
        Mistake(
            "instance norm",
            "the norms are no batch norms: each channel of each image is normalised by "
            "itself.",
            _block(norm=lambda c: nn.InstanceNorm2d(c, affine=True)),
        ),
        Mistake(
            "momentum of 0.9",
            "the running averages follow each batch too fast, or too slowly. Leave the "
            "norm's `momentum` as PyTorch has it.",
            _block(norm=lambda c: nn.BatchNorm2d(c, momentum=0.9)),
        ),
        Mistake(
            "shortcut detached",
            "the values are right, but no gradient flows through the shortcut: "
            "`.detach()`, `.data` or `no_grad` on the way cuts it.",
            _way(lambda b, x: F.relu(b.branch(x) + b.shortcut(x.detach()))),
        ),
    ),
    "The basic block",
    source="the block of ResNet",
    makes_nets=True,
    defaults={"stride": 1},
    also_right=(
        _BlockOfParts,
        lambda i, o, stride=1: _BlockOfSequential(i, o, stride),
        _BlockOfWeights,
        _way(lambda b, x: (b.shortcut(x) + b.branch(x)).relu()),
    ),
)  # fmt: skip


# --- separable_conv ------------------------------------------------------------------


def _depthwise(c: int, k: int, **changed: Any) -> nn.Module:
    given = {"padding": k // 2, "groups": c, "bias": False, **changed}
    return nn.Conv2d(c, c, k, **given)


def _pointwise(i: int, o: int, **changed: Any) -> nn.Module:
    given = {"kernel_size": 1, "bias": False, **changed}
    return nn.Conv2d(i, o, **given)


def _separable(i: int, o: int, k: int) -> nn.Sequential:
    return nn.Sequential(_depthwise(i, k), _pointwise(i, o))


def _with_layers(layers: Callable[[int, int, int], Layers]) -> Callable[..., nn.Module]:
    return lambda i, o, k: nn.Sequential(*layers(i, o, k))


Both = Callable[[int, int, int, bool], Layers]


def _no_groups(i: int, o: int, k: int, bias: bool) -> Layers:
    return [_depthwise(i, k, groups=1, bias=bias), _pointwise(i, o, bias=bias)]


def _mixed_first(i: int, o: int, k: int, bias: bool) -> Layers:
    return [_pointwise(i, o, bias=bias), _depthwise(o, k, bias=bias)]


def _not_padded(i: int, o: int, k: int, bias: bool) -> Layers:
    return [_depthwise(i, k, padding=0, bias=bias), _pointwise(i, o, bias=bias)]


def _padded_by_1(i: int, o: int, k: int, bias: bool) -> Layers:
    return [_depthwise(i, k, padding=1, bias=bias), _pointwise(i, o, bias=bias)]


def _full_first(i: int, o: int, k: int, bias: bool) -> Layers:
    full = _pointwise(i, o, kernel_size=k, padding=k // 2, bias=bias)
    return [full, _pointwise(o, o, bias=bias)]


def _also_biased(name: str, hint: str, both: Both) -> tuple[Mistake, Mistake]:
    """Return a mistake, and the same where the biases are left in, too."""
    biased = hint[0].lower() + hint[1:]
    return (
        Mistake(name, hint, lambda i, o, k: nn.Sequential(*both(i, o, k, False))),
        Mistake(
            f"{name}, with biases",
            f"two things: the convolutions have biases; and {biased}",
            lambda i, o, k: nn.Sequential(*both(i, o, k, True)),
        ),
    )


class _SeparableClass(nn.Module):
    """As a class, with bare weights, the pointwise part as a sum over the channels."""

    def __init__(self, i: int, o: int, k: int) -> None:
        super().__init__()
        self.mix = nn.Parameter(torch.randn(o, i, 1, 1))
        self.spread = nn.Parameter(torch.randn(i, 1, k, k))

    def forward(self, x: Tensor) -> Tensor:
        maps = F.conv2d(x, self.spread, padding="same", groups=x.shape[1])
        return torch.einsum("nchw,oc->nohw", maps, self.mix[:, :, 0, 0])


class _SeparableSequential(nn.Sequential):
    """A Sequential of one's own, with names for its layers."""

    def __init__(self, i: int, o: int, k: int) -> None:
        super().__init__()
        self.add_module(
            "depthwise", nn.Conv2d(i, i, k, 1, "same", groups=i, bias=False)
        )
        self.add_module("pointwise", nn.LazyConv2d(o, (1, 1), bias=False))


SEPARABLE = Key(
    _separable,
    (
        *_also_biased(
            "groups forgotten",
            "the first convolution is a full one: it mixes the channels. With a group "
            "for each channel it does not.",
            _no_groups,
        ),
        *_also_biased(
            "pointwise first",
            "the 1 x 1 convolution comes first. It comes after the depthwise one.",
            _mixed_first,
        ),
        Mistake(
            "biases in both",
            "the convolutions have biases. Here they have none.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k, bias=True),
                                 _pointwise(i, o, bias=True)]
            ),
        ),
        Mistake(
            "bias in the depthwise convolution",
            "the depthwise convolution has a bias. Here it has none.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k, bias=True), _pointwise(i, o)]
            ),
        ),
        Mistake(
            "bias in the pointwise convolution",
            "the 1 x 1 convolution has a bias. Here it has none.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k), _pointwise(i, o, bias=True)]
            ),
        ),
        *_also_biased(
            "padding forgotten",
            "the map shrinks: the first convolution lacks its padding.",
            _not_padded,
        ),
        *_also_biased(
            "padding of 1 for every kernel",
            "the padding is 1 whatever the kernel is. How much keeps the size of a "
            "kernel of 5?",
            _padded_by_1,
        ),
        Mistake(
            "too much padding",
            "the map grows: the padding is as wide as the kernel, less 1, on each "
            "side. Half of that keeps the size.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k, padding=k - 1), _pointwise(i, o)]
            ),
        ),
        Mistake(
            "padding in both convolutions",
            "the 1 x 1 convolution pads, too. Its kernel never leaves the map.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k), _pointwise(i, o, padding=k // 2)]
            ),
        ),
        Mistake(
            "kernel_size ignored",
            "the kernel is of 3 x 3 whatever `kernel_size` says.",
            _with_layers(lambda i, o, k: [_depthwise(i, 3), _pointwise(i, o)]),
        ),
        Mistake(
            "the kernel in both convolutions",
            "both convolutions have the kernel. The second one is of 1 x 1.",
            _with_layers(
                lambda i, o, k: [
                    _depthwise(i, k), _pointwise(i, o, kernel_size=k, padding=k // 2)
                ]
            ),
        ),
        Mistake(
            "pointwise forgotten",
            "the convolution that mixes the channels is missing: there are as many "
            "channels as before.",
            _with_layers(lambda i, o, k: [_depthwise(i, k)]),
        ),
        Mistake(
            "depthwise forgotten",
            "there is a 1 x 1 convolution alone: nothing looks at a pixel's "
            "neighbours.",
            _with_layers(lambda i, o, k: [_pointwise(i, o)]),
        ),
        Mistake(
            "a full convolution",
            "this is one full convolution. Two are asked for that do less work "
            "together.",
            _with_layers(
                lambda i, o, k: [_pointwise(i, o, kernel_size=k, padding=k // 2)]
            ),
        ),
        *_also_biased(
            "full convolution with all channels, then 1x1",
            "the first convolution is a full one and gives the new number of channels "
            "already. It keeps each channel by itself.",
            _full_first,
        ),
        Mistake(
            "channels change in the depthwise convolution",
            "the number of channels changes in the first convolution. It changes in "
            "the second.",
            _with_layers(
                lambda i, o, k: [
                    _pointwise(i, o, kernel_size=k, padding=k // 2, groups=i),
                    _pointwise(o, o),
                ]
            ),
        ),
        Mistake(
            "groups in the pointwise convolution, too",
            "the 1 x 1 convolution has groups, too, so that the channels never meet.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k), _pointwise(i, o, groups=i)]
            ),
        ),
        Mistake(
            "groups in the pointwise convolution only",
            "the groups stand in the 1 x 1 convolution. They belong to the first one.",
            _with_layers(
                lambda i, o, k: [
                    _depthwise(i, k, groups=1), _pointwise(i, o, groups=i)
                ]
            ),
        ),
        Mistake(
            "ReLU in between",
            "there is a ReLU between the two convolutions. Here there are the two "
            "alone.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k), nn.ReLU(), _pointwise(i, o)]
            ),
        ),
        Mistake(
            "ReLU in the end",
            "there is a ReLU behind the two convolutions. Here there are the two "
            "alone.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k), _pointwise(i, o), nn.ReLU()]
            ),
        ),
        Mistake(
            "ReLU after each convolution",
            "there is a ReLU behind each convolution. Here there are the two alone.",
            _with_layers(
                lambda i, o, k: [
                    _depthwise(i, k), nn.ReLU(), _pointwise(i, o), nn.ReLU()
                ]
            ),
        ),
        Mistake(
            "norms and ReLUs, as in MobileNet",
            "there are norms and ReLUs, as in a whole net. Here there are the two "
            "convolutions alone.",
            _with_layers(
                lambda i, o, k: [
                    _depthwise(i, k), nn.BatchNorm2d(i), nn.ReLU(),
                    _pointwise(i, o), nn.BatchNorm2d(o), nn.ReLU(),
                ]
            ),
        ),
        Mistake(
            "norm in between",
            "there is a norm between the two convolutions. Here there are the two "
            "alone.",
            _with_layers(
                lambda i, o, k: [
                    _depthwise(i, k), nn.BatchNorm2d(i), _pointwise(i, o)
                ]
            ),
        ),
        Mistake(
            "depthwise alone, to all channels",
            "this is one convolution with groups. The channels never meet: the 1 x 1 "
            "convolution is missing.",
            _with_layers(
                lambda i, o, k: [
                    _pointwise(i, o, kernel_size=k, padding=k // 2, groups=i)
                ]
            ),
        ),
        Mistake(
            "as many groups as channels out",
            "the first convolution has `out_channels` groups. A group for each "
            "channel that comes in.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k, groups=o), _pointwise(i, o)]
            ),
        ),
        Mistake(
            "padding by mirroring",
            "the frame around the map is no frame of zeros.",
            _with_layers(
                lambda i, o, k: [
                    _depthwise(i, k, padding_mode="reflect"), _pointwise(i, o)
                ]
            ),
        ),
        Mistake(
            "rows and columns apart",
            "the kernel is split into one column and one row. Here the channels are "
            "kept apart first and mixed afterwards.",
            _with_layers(
                lambda i, o, k: [
                    nn.Conv2d(i, o, (k, 1), padding=(k // 2, 0), bias=False),
                    nn.Conv2d(o, o, (1, k), padding=(0, k // 2), bias=False),
                ]
            ),
        ),
        Mistake(
            "channels in and out swapped",
            "`in_channels` and `out_channels` have changed places.",
            lambda i, o, k: _separable(o, i, k),
        ),
        Mistake(
            "stride of the kernel",
            "the first convolution moves by its own size. It moves by 1.",
            _with_layers(
                lambda i, o, k: [_depthwise(i, k, stride=k), _pointwise(i, o)]
            ),
        ),
    ),
    "Depthwise separable convolution",
    makes_nets=True,
    also_right=(
        _with_layers(
            lambda i, o, k: [
                nn.Conv2d(i, i, (k, k), padding=(k - 1) // 2, groups=i, bias=False),
                nn.Conv2d(i, o, 1, bias=False),
            ]
        ),
        _SeparableClass,
        _SeparableSequential,
    ),
)  # fmt: skip
