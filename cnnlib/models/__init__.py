"""The nets of the course, built of named layers.

Every builder returns a ``torch.nn.Module`` whose layers carry the names that the
lessons use, so a row of ``cnnlib.summary`` reads "conv1" or "pool1". All of them work
under ``torch.device("meta")``, where sizes are known and no weights are allocated.
"""

from ._alexnet import alexnet
from ._lenet import lenet5, lenet5_1998
from ._page_net import load_net
from ._residual import deep_cnn, resnet18
from ._signs import signs_cnn
from ._small import mnist_cnn, plain_cnn, pooled_cnn, table_net
from ._strong import strong_mnist_cnn
from ._vgg import vgg16, vgg_block

__all__ = [
    "alexnet",
    "deep_cnn",
    "lenet5",
    "lenet5_1998",
    "load_net",
    "mnist_cnn",
    "plain_cnn",
    "pooled_cnn",
    "resnet18",
    "signs_cnn",
    "strong_mnist_cnn",
    "table_net",
    "vgg16",
    "vgg_block",
]


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
