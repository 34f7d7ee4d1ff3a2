"""AlexNet in the three variants that people mean by the name.

Sources: A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep
convolutional neural networks", NeurIPS 2012, for the original; A. Krizhevsky, "One
weird trick for parallelizing convolutional neural networks", arXiv:1404.5997, 2014,
for the narrower net that torchvision ships.
"""

from torch import nn

from ._common import named, whole_number

VARIANTS = ("torchvision", "one-tower", "two-tower")


def alexnet(
    variant: str = "torchvision",
    num_classes: int = 1000,
    *,
    input_size: int | None = None,
) -> nn.Sequential:
    """Return AlexNet: five convolutions, three max poolings, three dense layers.

    ``variant`` is one of::

        "two-tower"     the net of 2012: conv2, conv4 and conv5 are split in two
                        groups (one per graphics card)            60,965,224
        "one-tower"     the same widths without the split         62,378,344
        "torchvision"   narrower, no normalisation, any size      61,100,840

    Output (N, num_classes), scores before the softmax. The layouts of 2012 pad
    nothing in conv1 and need a fixed ``input_size``, 227 if not given, which sets
    the width of the first dense layer. Heights and widths, layer by layer::

                      conv1 pool1 conv2 pool2 conv3 conv4 conv5 pool5  flatten
        2012, 227        55    27    27    13    13    13    13     6    9,216
        2012, 224        54    26    26    12    12    12    12     5    6,400
        torchvision, 224 55    27    27    13    13    13    13     6    9,216

    The paper says 224, yet (224 - 11)/4 + 1 is not whole: 227 gives its 55 exactly.
    All variants overlap their pooling (3x3 windows, stride 2) and use ReLU and
    dropout 0.5. Those of 2012 normalise after conv1 and conv2 as the paper writes
    it, b = a / (2 + 0.0001 * sum of a**2 over 5 neighbouring maps)**0.75. In
    the two-tower net the towers meet in conv3 and in the dense layers (and, at the
    two maps on either side of the border, in the normalisation).

    Raises ValueError for another variant or a size that leaves nothing after pool5.
    """
    classes = whole_number("num_classes", num_classes)
    if variant == "torchvision":
        if input_size is not None:
            raise ValueError(
                "input_size belongs to the layouts of 2012 ('one-tower', 'two-tower'); "
                "the torchvision variant takes images of any size from 63 on."
            )
        return _alexnet_2014(classes)
    if variant not in VARIANTS:
        legal = ", ".join(repr(name) for name in VARIANTS)
        raise ValueError(f"variant must be one of {legal}, but it is {variant!r}.")
    size = whole_number("input_size", 227 if input_size is None else input_size, 67)
    return _alexnet_2012(classes, size, groups=2 if variant == "two-tower" else 1)


def _alexnet_2012(num_classes: int, input_size: int, groups: int) -> nn.Sequential:
    """Return the paper's layout for square images of ``input_size``."""
    size = _after_pool(_after_pool(_after_pool((input_size - 11) // 4 + 1)))
    return named(
        conv1=nn.Conv2d(3, 96, 11, stride=4),
        relu1=nn.ReLU(),
        norm1=_response_norm(),
        pool1=nn.MaxPool2d(3, 2),
        conv2=nn.Conv2d(96, 256, 5, padding=2, groups=groups),
        relu2=nn.ReLU(),
        norm2=_response_norm(),
        pool2=nn.MaxPool2d(3, 2),
        conv3=nn.Conv2d(256, 384, 3, padding=1),
        relu3=nn.ReLU(),
        conv4=nn.Conv2d(384, 384, 3, padding=1, groups=groups),
        relu4=nn.ReLU(),
        conv5=nn.Conv2d(384, 256, 3, padding=1, groups=groups),
        relu5=nn.ReLU(),
        pool5=nn.MaxPool2d(3, 2),
        flatten=nn.Flatten(),
        fc6=nn.Linear(256 * size * size, 4096),
        relu6=nn.ReLU(),
        dropout6=nn.Dropout(0.5),
        fc7=nn.Linear(4096, 4096),
        relu7=nn.ReLU(),
        dropout7=nn.Dropout(0.5),
        fc8=nn.Linear(4096, num_classes),
    )


def _alexnet_2014(num_classes: int) -> nn.Sequential:
    """Return torchvision's layout: dropout stands before the dense layers there."""
    return named(
        conv1=nn.Conv2d(3, 64, 11, stride=4, padding=2),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(3, 2),
        conv2=nn.Conv2d(64, 192, 5, padding=2),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(3, 2),
        conv3=nn.Conv2d(192, 384, 3, padding=1),
        relu3=nn.ReLU(),
        conv4=nn.Conv2d(384, 256, 3, padding=1),
        relu4=nn.ReLU(),
        conv5=nn.Conv2d(256, 256, 3, padding=1),
        relu5=nn.ReLU(),
        pool5=nn.MaxPool2d(3, 2),
        avgpool=nn.AdaptiveAvgPool2d(6),
        flatten=nn.Flatten(),
        dropout6=nn.Dropout(0.5),
        fc6=nn.Linear(256 * 6 * 6, 4096),
        relu6=nn.ReLU(),
        dropout7=nn.Dropout(0.5),
        fc7=nn.Linear(4096, 4096),
        relu7=nn.ReLU(),
        fc8=nn.Linear(4096, num_classes),
    )


def _response_norm() -> nn.LocalResponseNorm:
    """Return the paper's normalisation; PyTorch divides alpha by the 5 neighbours."""
    return nn.LocalResponseNorm(size=5, alpha=5 * 1e-4, beta=0.75, k=2.0)


def _after_pool(size: int) -> int:
    """Return the side of a map after a 3x3 maximum with stride 2."""
    return (size - 3) // 2 + 1
