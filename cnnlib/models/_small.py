"""The small nets that lessons 04 and 05 count, draw and train."""

from torch import nn

from ._common import named


def plain_cnn() -> nn.Sequential:
    """Return the net that lesson 04 counts: two convolutions, then one dense layer.

    Input (N, 1, 100, 100), output (N, 1); 20,087 parameters::

        layer    what                              output shape   parameters
        conv1    3x3, padding 1, then ReLU         3 x 100 x 100          30
        conv2    3x3, padding 1, then ReLU         2 x 100 x 100          56
        flatten                                           20,000
        fc       dense                                         1      20,001

    Source: the HZDR course on convolutional networks (2025).
    """
    return named(
        conv1=nn.Conv2d(1, 3, 3, padding=1),
        relu1=nn.ReLU(),
        conv2=nn.Conv2d(3, 2, 3, padding=1),
        relu2=nn.ReLU(),
        flatten=nn.Flatten(),
        fc=nn.Linear(2 * 100 * 100, 1),
    )


def pooled_cnn() -> nn.Sequential:
    """Return ``plain_cnn`` with 2x2 max pooling after each ReLU.

    Input (N, 1, 100, 100), output (N, 1); 1,337 parameters, because the dense layer
    now reads 1,250 values instead of 20,000::

        layer    what                              output shape   parameters
        conv1    3x3, padding 1, then ReLU         3 x 100 x 100          30
        pool1    2x2 maximum, stride 2             3 x  50 x  50           0
        conv2    3x3, padding 1, then ReLU         2 x  50 x  50          56
        pool2    2x2 maximum, stride 2             2 x  25 x  25           0
        flatten                                            1,250
        fc       dense                                         1       1,251

    Source: the HZDR course on convolutional networks (2025).
    """
    return named(
        conv1=nn.Conv2d(1, 3, 3, padding=1),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(3, 2, 3, padding=1),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        fc=nn.Linear(2 * 25 * 25, 1),
    )


def table_net() -> nn.Sequential:
    """Return the LeNet-like net for 32x32 colour images whose table lesson 04 fills in.

    Input (N, 3, 32, 32), output (N, 10), scores before the softmax; 62,958
    parameters::

        layer    what                          output shape   values   parameters
        input                                   3 x 32 x 32    3,072            0
        conv1    5x5, then ReLU                 8 x 28 x 28    6,272          608
        pool1    2x2 maximum, stride 2          8 x 14 x 14    1,568            0
        conv2    5x5, then ReLU                16 x 10 x 10    1,600        3,216
        pool2    2x2 maximum, stride 2         16 x  5 x  5      400            0
        fc3      dense, then ReLU                       120      120       48,120
        fc4      dense, then ReLU                        84       84       10,164
        output   dense                                   10       10          850

    Source: the Glasgow course on deep learning (2025).
    """
    return named(
        conv1=nn.Conv2d(3, 8, 5),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(8, 16, 5),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        fc3=nn.Linear(16 * 5 * 5, 120),
        relu3=nn.ReLU(),
        fc4=nn.Linear(120, 84),
        relu4=nn.ReLU(),
        output=nn.Linear(84, 10),
    )


def mnist_cnn() -> nn.Sequential:
    """Return the net of lesson 05, which reads handwritten digits.

    Input (N, 1, 28, 28), output (N, 10), scores before the softmax; 9,098
    parameters::

        layer    what                              output shape   parameters
        conv1    3x3, padding 1, then ReLU          8 x 28 x 28           80
        pool1    2x2 maximum, stride 2              8 x 14 x 14            0
        conv2    3x3, padding 1, then ReLU         16 x 14 x 14        1,168
        pool2    2x2 maximum, stride 2             16 x  7 x  7            0
        flatten                                             784
        fc       dense                                       10        7,850

    Source: the PolarSPARC article on convolutional networks in PyTorch (2025).
    """
    return named(
        conv1=nn.Conv2d(1, 8, 3, padding=1),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(8, 16, 3, padding=1),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        fc=nn.Linear(16 * 7 * 7, 10),
    )
