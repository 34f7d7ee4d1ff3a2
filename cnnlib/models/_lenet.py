"""LeNet-5, as it is built today and as it was published in 1998.

Source of both: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning
applied to document recognition", Proceedings of the IEEE 86 (11), 1998, section II.B.
Layers keep the paper's names: C convolution, S subsampling, F fully connected.
"""

from torch import nn

from ._common import named
from .lenet_1998 import (
    PartialConv2d,
    RBFOutput,
    ScaledTanh,
    Subsample,
    start_as_in_1998,
)


def lenet5() -> nn.Sequential:
    """Return LeNet-5 as it is usually built today: dense C3, average pooling, scores.

    Input (N, 1, 32, 32), output (N, 10), scores before the softmax; 61,706
    parameters::

        layer    what                              output shape   parameters
        c1       5x5 convolution, then tanh         6 x 28 x 28          156
        s2       2x2 average, stride 2              6 x 14 x 14            0
        c3       5x5 convolution, then tanh        16 x 10 x 10        2,416
        s4       2x2 average, stride 2             16 x  5 x  5            0
        c5       5x5 convolution, then tanh       120 x  1 x  1       48,120
        flatten                                             120
        f6       dense, then tanh                            84       10,164
        output   dense                                       10          850

    What differs from 1998: every C3 map sees every S2 map, the pooling has nothing to
    learn, the squashing function is plain tanh, and the output layer is learnt.
    A 28x28 digit is padded by 2 on each side to make 32x32.
    """
    return named(
        c1=nn.Conv2d(1, 6, 5),
        tanh1=nn.Tanh(),
        s2=nn.AvgPool2d(2),
        c3=nn.Conv2d(6, 16, 5),
        tanh3=nn.Tanh(),
        s4=nn.AvgPool2d(2),
        c5=nn.Conv2d(16, 120, 5),
        tanh5=nn.Tanh(),
        flatten=nn.Flatten(),
        f6=nn.Linear(120, 84),
        tanh6=nn.Tanh(),
        output=nn.Linear(84, 10),
    )


def lenet5_1998() -> nn.Sequential:
    """Return LeNet-5 as published in 1998, with 60,000 trainable parameters.

    Input (N, 1, 32, 32), output (N, 10): the squared distance to each digit's code,
    so the *smallest* value names the digit::

        layer    what                                 output shape   trainable
        c1       5x5 convolution                       6 x 28 x 28         156
        s2       2x2 sum, times a coefficient          6 x 14 x 14          12
        c3       5x5 convolution, 60 connections      16 x 10 x 10       1,516
        s4       2x2 sum, times a coefficient         16 x  5 x  5          32
        c5       5x5 convolution                     120 x  1 x  1      48,120
        flatten                                                120
        f6       dense                                          84      10,164
        output   squared distance to fixed codes                10           0

    Every layer up to F6 ends in 1.7159 tanh(2x/3), S2 and S4 included. The weights
    start as in the paper, uniform within 2.4 / (number of inputs of the unit). The
    paper's images are scaled so that white is -0.1 and black ink is 1.175.
    """
    net = named(
        c1=nn.Conv2d(1, 6, 5),
        squash1=ScaledTanh(),
        s2=Subsample(6),
        squash2=ScaledTanh(),
        c3=PartialConv2d(),
        squash3=ScaledTanh(),
        s4=Subsample(16),
        squash4=ScaledTanh(),
        c5=nn.Conv2d(16, 120, 5),
        squash5=ScaledTanh(),
        flatten=nn.Flatten(),
        f6=nn.Linear(120, 84),
        squash6=ScaledTanh(),
        output=RBFOutput(),
    )
    start_as_in_1998(net)
    return net
