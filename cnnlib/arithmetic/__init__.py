"""The arithmetic of convolutional networks, each answer with its formula.

Every function returns a `Worked`: a whole number that also carries the formula with
its numbers filled in. A cell that ends in ``output_size(28, 3, padding=1)`` shows
``floor((28 + 2*1 - 3)/1) + 1 = 28``, and the value can be used like any other int.

Sizes, kernels, strides, paddings and dilations are a whole number or a pair
(height, width). As soon as one of them is a pair, the size comes back as a pair of
`Worked`. Operands are written as one would type them; only the value after the equals
sign has commas between its thousands. Terms that change nothing (dilation 1, one
group, no bias) are left out.
"""

from ._counts import (
    activation_memory,
    batch_norm_params,
    conv_mult_adds,
    conv_params,
    linear_mult_adds,
    linear_params,
    transposed_mult_adds,
)
from ._receptive import (
    ReceptiveFieldRow,
    ReceptiveFieldTable,
    jump,
    receptive_field,
    receptive_field_table,
)
from ._sizes import (
    coverage,
    full_convolution_size,
    output_size,
    pool_output_size,
    same_padding,
    transposed_output_size,
)
from .value import Worked

__all__ = [
    "ReceptiveFieldRow",
    "ReceptiveFieldTable",
    "Worked",
    "activation_memory",
    "batch_norm_params",
    "conv_mult_adds",
    "conv_params",
    "coverage",
    "full_convolution_size",
    "jump",
    "linear_mult_adds",
    "linear_params",
    "output_size",
    "pool_output_size",
    "receptive_field",
    "receptive_field_table",
    "same_padding",
    "transposed_mult_adds",
    "transposed_output_size",
]


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
