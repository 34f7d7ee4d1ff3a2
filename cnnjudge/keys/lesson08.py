"""Lesson 08: references and mistakes; each pair of tasks has a module of its own."""

from __future__ import annotations

from ._lesson08_blocks import BASIC_BLOCK, SEPARABLE
from ._lesson08_gradients import BACKWARD, TO_CONVOLUTION
from ._lesson08_norms import BATCH_NORM, FOLD
from ._lesson08_sizes import MACS, TRANSPOSED

KEYS = {
    "batch_norm": BATCH_NORM,
    "fold_batch_norm": FOLD,
    "basic_block": BASIC_BLOCK,
    "separable_conv": SEPARABLE,
    "bottleneck_macs": MACS,
    "transposed_size": TRANSPOSED,
    "conv_backward": BACKWARD,
    "to_convolution": TO_CONVOLUTION,
}
