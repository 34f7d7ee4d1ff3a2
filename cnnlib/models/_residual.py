"""ResNet-18, and small nets of any depth to see what its shortcuts are for.

Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition",
CVPR 2016; ResNet-18 is the first column of its table 1, with the 1x1 projections of its
option B where a map changes its size.
"""

from collections import OrderedDict

import torch
from torch import nn

from ._common import named, whole_number


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm, beside them a shortcut; added, then ReLU.

    (N, in_channels, H, W) -> (N, out_channels, H/stride, W/stride), sizes rounded up.
    The first convolution takes the stride. Where the stride is not 1, or the channels
    differ, the input cannot be added as it is: ``downsample`` is then a 1x1 convolution
    with the same stride and a norm; else it is None. No convolution has a bias, since
    the norm behind it has one. Layers carry torchvision's names.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = _conv3x3(in_channels, out_channels, stride)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU()
        self.conv2 = _conv3x3(out_channels, out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return relu(shortcut(x) + f(x))."""
        inside = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        beside = x if self.downsample is None else self.downsample(x)
        return self.relu(beside + inside)


def resnet18(num_classes: int = 1000) -> nn.Sequential:
    """Return ResNet-18: one convolution, eight basic blocks, one dense layer.

    Input (N, 3, H, W), 224x224 in the paper, output (N, num_classes), scores before the
    softmax; 11,689,512 parameters for 1,000 classes::

        layer    what                                output shape   parameters
        conv1    7x7, stride 2, no bias             64 x 112 x 112        9,408
        bn1      batch norm, then ReLU              64 x 112 x 112          128
        maxpool  3x3 maximum, stride 2              64 x  56 x  56            0
        layer1   2 blocks                           64 x  56 x  56      147,968
        layer2   2 blocks, the first with stride 2 128 x  28 x  28      525,568
        layer3   2 blocks, the first with stride 2 256 x  14 x  14    2,099,712
        layer4   2 blocks, the first with stride 2 512 x   7 x   7    8,393,728
        avgpool  global average                       512 x  1 x  1            0
        fc       dense                                       1,000      513,000

    Names and order of the parameters are torchvision's, so ``load_state_dict`` takes
    the weights of its ``resnet18``, and that one takes these. They begin as in the
    paper: normal numbers of variance 2 / (out_channels * kh * kw) in convolutions.
    """
    classes = whole_number("num_classes", num_classes)
    net = named(
        conv1=nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
        bn1=nn.BatchNorm2d(64),
        relu=nn.ReLU(),
        maxpool=nn.MaxPool2d(3, stride=2, padding=1),
        layer1=_stage(64, 64, stride=1),
        layer2=_stage(64, 128, stride=2),
        layer3=_stage(128, 256, stride=2),
        layer4=_stage(256, 512, stride=2),
        avgpool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        fc=nn.Linear(512, classes),
    )
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return net


def deep_cnn(
    layers: int, *, norm: bool = True, shortcuts: bool = False, channels: int = 16
) -> nn.Sequential:
    """Return a net for 28x28 digits as deep as asked, with shortcuts or plain.

    Input (N, 1, 28, 28), output (N, 10), scores before the softmax. ``layers`` counts
    what has weights, convolutions and the dense layer, and is even, 4 or more::

        layer    what                                          output shape
        conv1    5x5, stride 4, padding 2, norm, ReLU     channels x 7 x 7
        block1   3x3, norm, ReLU, 3x3, norm, ReLU         channels x 7 x 7
        ...      (layers - 2) / 2 such blocks             channels x 7 x 7
        pool     global average                           channels x 1 x 1
        fc       dense                                                  10

    With ``shortcuts`` a block adds its input before its last ReLU; that costs no
    parameter, so both nets have the same. Without ``norm`` there is no batch norm, and
    the convolutions have biases. With 16 channels, 20 layers have 42,650 parameters
    and 40 layers 89,370. Weights begin as PyTorch draws them.
    """
    depth = whole_number("layers", layers, least=4)
    if depth % 2:
        raise ValueError(
            f"layers must be even, since a block has two: 20 or 40, but it is {depth}."
        )
    width = whole_number("channels", channels)
    blocks = {
        f"block{i}": _DeepBlock(width, norm=norm, shortcut=shortcuts)
        for i in range(1, depth // 2)
    }
    return named(
        conv1=nn.Conv2d(1, width, 5, stride=4, padding=2, bias=not norm),
        **({"norm1": nn.BatchNorm2d(width)} if norm else {}),
        relu1=nn.ReLU(),
        **blocks,
        pool=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        fc=nn.Linear(width, 10),
    )


class _DeepBlock(nn.Sequential):
    """Two 3x3 convolutions of as many channels out as in, with or without a shortcut.

    (N, channels, H, W) -> (N, channels, H, W). The last layer is a ReLU; before it the
    shortcut adds the input.
    """

    def __init__(self, channels: int, *, norm: bool, shortcut: bool) -> None:
        layers: dict[str, nn.Module] = {}
        for i in (1, 2):
            layers[f"conv{i}"] = nn.Conv2d(
                channels, channels, 3, padding=1, bias=not norm
            )
            if norm:
                layers[f"norm{i}"] = nn.BatchNorm2d(channels)
            layers[f"relu{i}"] = nn.ReLU()
        super().__init__(OrderedDict(layers))
        self.shortcut = shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return relu(x + f(x)), or relu(f(x)) without the shortcut."""
        *layers, last = self
        inside = x
        for layer in layers:
            inside = layer(inside)
        result: torch.Tensor = last(x + inside if self.shortcut else inside)
        return result


def _stage(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    """Return two basic blocks, the first with the stride."""
    return nn.Sequential(
        BasicBlock(in_channels, out_channels, stride),
        BasicBlock(out_channels, out_channels),
    )


def _conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
