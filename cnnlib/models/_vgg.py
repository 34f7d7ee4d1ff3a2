"""VGG: deep nets of small kernels, built of equal blocks.

Source: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale
image recognition", ICLR 2015; VGG-16 is configuration D of its table 1.
"""

from torch import nn

from ._common import named, whole_number


def vgg_block(num_convs: int, in_channels: int, out_channels: int) -> nn.Sequential:
    """Return ``num_convs`` 3x3 convolutions, each with ReLU, then 2x2 max pooling.

    (N, in_channels, H, W) -> (N, out_channels, H/2, W/2), sizes rounded down: padding
    1 keeps height and width, the pooling halves them. Layers are named conv1, relu1,
    conv2, ... and pool. ``vgg_block(2, 3, 64)`` has 1,792 + 36,928 parameters.
    """
    convs = whole_number("num_convs", num_convs)
    channels = whole_number("in_channels", in_channels)
    out = whole_number("out_channels", out_channels)
    layers: dict[str, nn.Module] = {}
    for i in range(1, convs + 1):
        layers[f"conv{i}"] = nn.Conv2d(channels, out, 3, padding=1)
        layers[f"relu{i}"] = nn.ReLU()
        channels = out
    return named(**layers, pool=nn.MaxPool2d(2))


def vgg16(num_classes: int = 1000) -> nn.Sequential:
    """Return VGG-16: thirteen convolutions in five blocks, then three dense layers.

    Input (N, 3, 224, 224), output (N, num_classes), scores before the softmax;
    138,357,544 parameters for 1,000 classes, 123,642,856 of them dense::

        block    convolutions     output shape     parameters
        block1   2                 64 x 112 x 112      38,720
        block2   2                128 x  56 x  56     221,440
        block3   3                256 x  28 x  28   1,475,328
        block4   3                512 x  14 x  14   5,899,776
        block5   3                512 x   7 x   7   7,079,424
        flatten                            25,088
        fc6      dense                      4,096 102,764,544
        fc7      dense                      4,096  16,781,312
        fc8      dense                      1,000   4,097,000

    ReLU and dropout 0.5 follow fc6 and fc7. Build it under ``torch.device("meta")``
    when only its sizes matter: no weights are allocated then.
    """
    classes = whole_number("num_classes", num_classes)
    return named(
        block1=vgg_block(2, 3, 64),
        block2=vgg_block(2, 64, 128),
        block3=vgg_block(3, 128, 256),
        block4=vgg_block(3, 256, 512),
        block5=vgg_block(3, 512, 512),
        flatten=nn.Flatten(),
        fc6=nn.Linear(512 * 7 * 7, 4096),
        relu6=nn.ReLU(),
        dropout6=nn.Dropout(0.5),
        fc7=nn.Linear(4096, 4096),
        relu7=nn.ReLU(),
        dropout7=nn.Dropout(0.5),
        fc8=nn.Linear(4096, classes),
    )
