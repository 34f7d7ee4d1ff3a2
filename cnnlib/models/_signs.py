"""The small net of lesson 09, for pictures in colour."""

from torch import nn

from ._common import named, whole_number


def signs_cnn(classes: int = 8, dropout: float = 0.0) -> nn.Sequential:
    """Return the net of lesson 09, which tells traffic signs apart.

    Input (N, 3, 32, 32) or larger, output (N, classes), scores before the softmax;
    14,576 parameters for eight classes::

        layer    what                              output shape   parameters
        conv1    5x5, stride 2, padding 2, ReLU    12 x 16 x 16          912
        conv2    3x3, padding 1, then ReLU         24 x 16 x 16        2,616
        pool2    2x2 maximum, stride 2             24 x  8 x  8            0
        conv3    3x3, padding 1, then ReLU         32 x  8 x  8        6,944
        pool3    2x2 maximum, stride 2             32 x  4 x  4            0
        pool4    mean, to 4x4 whatever comes       32 x  4 x  4            0
        flatten                                             512
        dropout                                             512            0
        fc       dense                                  classes        4,104

    Args:
        classes: how many classes there are.
        dropout: share of the 512 values that is set to 0 while training.
    """
    classes = whole_number("classes", classes)
    return named(
        conv1=nn.Conv2d(3, 12, 5, stride=2, padding=2),
        relu1=nn.ReLU(),
        conv2=nn.Conv2d(12, 24, 3, padding=1),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
        conv3=nn.Conv2d(24, 32, 3, padding=1),
        relu3=nn.ReLU(),
        pool3=nn.MaxPool2d(2),
        pool4=nn.AdaptiveAvgPool2d(4),
        flatten=nn.Flatten(),
        dropout=nn.Dropout(dropout),
        fc=nn.Linear(32 * 4 * 4, classes),
    )
