"""How many parameters, multiply-adds and bytes a layer needs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from .inputs import IntOrPair, divisible, extents, flag, is_sequence, whole
from .value import Worked, times


def conv_params(
    in_channels: int,
    out_channels: int,
    kernel_size: IntOrPair,
    bias: bool = True,
    groups: int = 1,
) -> Worked:
    """Parameters of a convolution: (kh * kw * C_in / groups + 1) * C_out.

    The ``+ 1`` is the bias, one per output channel. A transposed convolution without
    bias has as many. Kernels of Conv1d and Conv3d are given as (k,) and (d, h, w).

    >>> conv_params(3, 2, 3)
    (3*3*3 + 1)*2 = 56
    """
    inputs, outputs, groups = _channels(in_channels, out_channels, groups)
    kernel = extents(kernel_size, "kernel_size")
    weights = _per_group(times(*kernel, inputs), groups)
    per_filter = prod(kernel) * inputs // groups
    if flag(bias, "bias"):
        return Worked((per_filter + 1) * outputs, f"({weights} + 1)*{outputs}")
    return Worked(per_filter * outputs, f"{weights}*{outputs}")


def linear_params(in_features: int, out_features: int, bias: bool = True) -> Worked:
    """Parameters of a fully connected layer: in * out, and out biases.

    >>> linear_params(400, 120)
    400*120 + 120 = 48,120
    """
    inputs = whole(in_features, "in_features")
    outputs = whole(out_features, "out_features")
    if flag(bias, "bias"):
        return Worked(inputs * outputs + outputs, f"{inputs}*{outputs} + {outputs}")
    return Worked(inputs * outputs, f"{inputs}*{outputs}")


def batch_norm_params(num_features: int) -> Worked:
    """Trainable parameters of a batch norm: one scale and one shift per channel.

    The running mean and variance are buffers, not parameters.

    >>> batch_norm_params(16)
    2*16 = 32
    """
    features = whole(num_features, "num_features")
    return Worked(2 * features, f"2*{features}")


def conv_mult_adds(
    in_channels: int,
    out_channels: int,
    kernel_size: IntOrPair,
    output_size: IntOrPair,
    groups: int = 1,
) -> Worked:
    """Multiply-adds of a convolution on one image: weights times output positions.

    Biases are not counted. `output_size` is (height, width) of the result, or one
    number for a square. Equals half of what ``torch.utils.flop_counter`` reports.

    >>> conv_mult_adds(1, 3, 3, (100, 100))
    3*3*1 * 3 * 100*100 = 270,000
    """
    inputs, outputs, groups = _channels(in_channels, out_channels, groups)
    kernel = extents(kernel_size, "kernel_size")
    places = _positions(output_size, "output_size", kernel)
    weights = _per_group(times(*kernel, inputs), groups)
    count = prod(kernel) * inputs // groups * outputs * prod(places)
    return Worked(count, f"{weights} * {outputs} * {times(*places)}")


def transposed_mult_adds(
    in_channels: int,
    out_channels: int,
    kernel_size: IntOrPair,
    input_size: IntOrPair,
    groups: int = 1,
) -> Worked:
    """Multiply-adds of a transposed convolution on one image.

    Every input value is multiplied by a whole kernel for each output channel, so it
    is the size of the input, not of the output, that counts.

    >>> transposed_mult_adds(16, 8, 2, (14, 14))
    2*2*8 * 16 * 14*14 = 100,352
    """
    inputs, outputs, groups = _channels(in_channels, out_channels, groups)
    kernel = extents(kernel_size, "kernel_size")
    places = _positions(input_size, "input_size", kernel)
    weights = _per_group(times(*kernel, outputs), groups)
    count = prod(kernel) * outputs // groups * inputs * prod(places)
    return Worked(count, f"{weights} * {inputs} * {times(*places)}")


def linear_mult_adds(in_features: int, out_features: int, positions: int = 1) -> Worked:
    """Multiply-adds of a fully connected layer on one image: one per weight.

    `positions` counts the vectors of one image that pass through the layer (1 after
    flattening).

    >>> linear_mult_adds(20_000, 1)
    20000*1 = 20,000
    """
    inputs = whole(in_features, "in_features")
    outputs = whole(out_features, "out_features")
    places = whole(positions, "positions")
    expression = f"{inputs}*{outputs}" + (f" * {places}" if places != 1 else "")
    return Worked(inputs * outputs * places, expression)


def activation_memory(shape: int | Sequence[int], bytes_per_value: int = 4) -> Worked:
    """Bytes that hold the values of one tensor; 4 bytes per value is float32.

    >>> activation_memory((3, 100, 100))
    3*100*100 values * 4 bytes = 120,000 bytes
    """
    entries = tuple(shape) if is_sequence(shape) else (shape,)  # type: ignore[arg-type]
    sizes = [whole(entry, "each entry of shape") for entry in entries] or [1]
    each = whole(bytes_per_value, "bytes_per_value")
    values = "value" if prod(sizes) == 1 else "values"
    unit = "byte" if each == 1 else "bytes"
    total = prod(sizes) * each
    return Worked(
        total,
        f"{times(*sizes)} {values} * {each} {unit}",
        "byte" if total == 1 else "bytes",
    )


def _channels(inputs: int, outputs: int, groups: int) -> tuple[int, int, int]:
    inputs = whole(inputs, "in_channels")
    outputs = whole(outputs, "out_channels")
    groups = whole(groups, "groups")
    divisible(inputs, "in_channels", groups)
    divisible(outputs, "out_channels", groups)
    return inputs, outputs, groups


def _positions(size: IntOrPair, name: str, kernel: tuple[int, ...]) -> tuple[int, ...]:
    places = extents(size, name, len(kernel))
    if len(places) != len(kernel):
        raise ValueError(
            f"{name} must have as many entries as the kernel has axes "
            f"({len(kernel)}), but it has {len(places)}: leave out batch and channels."
        )
    return places


def _per_group(product: str, groups: int) -> str:
    """Write a product divided by the number of groups, if there are several."""
    return product if groups == 1 else f"{product}/{groups}"
