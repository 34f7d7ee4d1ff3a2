"""How large a map is after a convolution, a pooling or a transposed convolution."""

from __future__ import annotations

from typing import Any, TypeAlias, overload

import numpy as np

from .axis import convolved, no_text, pooled, same, sides, transposed, windows_over
from .inputs import IntOrPair, Pair, flag, is_sequence, pair
from .value import Worked

Padding: TypeAlias = IntOrPair | str


@overload
def output_size(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int | str = 0,
    dilation: int = 1,
) -> Worked: ...
@overload
def output_size(
    size: Pair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: Padding = 0,
    dilation: IntOrPair = 1,
) -> tuple[Worked, Worked]: ...
@overload
def output_size(
    size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: Padding = 0,
    dilation: IntOrPair = 1,
) -> Worked | tuple[Worked, Worked]: ...
def output_size(
    size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: Padding = 0,
    dilation: IntOrPair = 1,
) -> Worked | tuple[Worked, Worked]:
    """Size of the map that a convolution gives: floor((n + 2p - d(k-1) - 1)/s) + 1.

    With dilation 1 the kernel spans k pixels and the formula is the familiar
    floor((n + 2p - k)/s) + 1. `padding` is also ``"valid"`` (none) or ``"same"``
    (the map keeps its size; stride 1 only, as in PyTorch; an even kernel gets one
    pixel more at the end than at the start). Source: the shape section of
    ``torch.nn.Conv2d``.

    >>> output_size(28, 3, padding=1)
    floor((28 + 2*1 - 3)/1) + 1 = 28
    >>> output_size((32, 48), 3, stride=2, padding=1, dilation=2)[1]
    floor((48 + 2*1 - 2*(3-1) - 1)/2) + 1 = 23

    Raises ValueError where the kernel does not fit into the padded input.
    """
    sizes, kernels = pair(size, "size"), pair(kernel_size, "kernel_size")
    strides, dilations = pair(stride, "stride"), pair(dilation, "dilation")
    around = sides(padding, kernels, strides, dilations)
    height, width = (
        convolved(n, k, s, before_after, d)
        for n, k, s, before_after, d in zip(
            sizes, kernels, strides, around, dilations, strict=True
        )
    )
    many = any(map(is_sequence, (size, kernel_size, stride, padding, dilation)))
    return (height, width) if many else height


@overload
def pool_output_size(
    size: int,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> Worked: ...
@overload
def pool_output_size(
    size: Pair,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> tuple[Worked, Worked]: ...
@overload
def pool_output_size(
    size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> Worked | tuple[Worked, Worked]: ...
def pool_output_size(
    size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> Worked | tuple[Worked, Worked]:
    """Size of the map that max or average pooling gives; stride defaults to the window.

    With ``ceil_mode=True`` the division is rounded up, so that a last window may stick
    out; it is dropped again (the formula ends in ``- 1``) where it would start in
    the padding after the input. Source: the shape section of ``torch.nn.MaxPool2d``.

    >>> pool_output_size(5, 2)
    floor((5 + 2*0 - 2)/2) + 1 = 2
    >>> pool_output_size(5, 2, ceil_mode=True)
    ceil((5 + 2*0 - 2)/2) + 1 = 3

    Raises ValueError where no window fits or the padding exceeds half the window.
    """
    stride = kernel_size if stride is None else stride
    flag(ceil_mode, "ceil_mode")
    no_text(padding, "pooling")
    columns = (
        pair(size, "size"),
        pair(kernel_size, "kernel_size"),
        pair(stride, "stride"),
        pair(padding, "padding", 0),
        pair(dilation, "dilation"),
    )
    height, width = (
        pooled(n, k, s, p, d, ceil_mode) for n, k, s, p, d in zip(*columns, strict=True)
    )
    many = any(map(is_sequence, (size, kernel_size, stride, padding, dilation)))
    return (height, width) if many else height


@overload
def transposed_output_size(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> Worked: ...
@overload
def transposed_output_size(
    size: Pair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> tuple[Worked, Worked]: ...
@overload
def transposed_output_size(
    size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> Worked | tuple[Worked, Worked]: ...
def transposed_output_size(
    size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    output_padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> Worked | tuple[Worked, Worked]:
    """Size of the map that a transposed convolution gives: (n-1)s - 2p + d(k-1) + 1.

    `output_padding` is added on one side; it must be smaller than the stride or the
    dilation. Source: the shape section of ``torch.nn.ConvTranspose2d``.

    >>> transposed_output_size(14, 2, stride=2)
    (14-1)*2 - 2*0 + 2 = 28

    Raises ValueError where the padding eats the whole map.
    """
    no_text(padding, "a transposed convolution")
    columns = (
        pair(size, "size"),
        pair(kernel_size, "kernel_size"),
        pair(stride, "stride"),
        pair(padding, "padding", 0),
        pair(output_padding, "output_padding", 0),
        pair(dilation, "dilation"),
    )
    height, width = (
        transposed(n, k, s, p, extra, d)
        for n, k, s, p, extra, d in zip(*columns, strict=True)
    )
    arguments = (size, kernel_size, stride, padding, output_padding, dilation)
    return (height, width) if any(map(is_sequence, arguments)) else height


def full_convolution_size(n: IntOrPair, m: IntOrPair) -> Worked | tuple[Worked, Worked]:
    """Length of the full convolution of n and m values: n + m - 1.

    >>> full_convolution_size(5, 3)
    5 + 3 - 1 = 7
    """
    height, width = (
        Worked(a + b - 1, f"{a} + {b} - 1")
        for a, b in zip(pair(n, "n"), pair(m, "m"), strict=True)
    )
    return (height, width) if is_sequence(n) or is_sequence(m) else height


def same_padding(kernel_size: IntOrPair, dilation: IntOrPair = 1) -> tuple[Any, Any]:
    """Give the (before, after) padding that keeps the size at stride 1.

    An even kernel needs an odd number of pixels; PyTorch puts the extra one after.
    A pair of kernel sizes (or dilations) gives ((top, bottom), (left, right)).

    >>> same_padding(4)
    (floor((4-1)/2) = 1, ceil((4-1)/2) = 2)
    """
    kernels, dilations = pair(kernel_size, "kernel_size"), pair(dilation, "dilation")
    rows, columns = (same(k, d) for k, d in zip(kernels, dilations, strict=True))
    many = is_sequence(kernel_size) or is_sequence(dilation)
    return (rows, columns) if many else rows


def coverage(
    size: IntOrPair,
    kernel_size: IntOrPair,
    stride: IntOrPair = 1,
    padding: Padding = 0,
    dilation: IntOrPair = 1,
) -> np.ndarray:
    """How many windows of a convolution see each pixel of the input: (H, W), int64.

    Padding moves the windows and is not itself counted. One number for the size
    means a square.

    >>> coverage(4, 3)
    array([[1, 2, 2, 1],
           [2, 4, 4, 2],
           [2, 4, 4, 2],
           [1, 2, 2, 1]])
    """
    sizes, kernels = pair(size, "size"), pair(kernel_size, "kernel_size")
    strides, dilations = pair(stride, "stride"), pair(dilation, "dilation")
    around = sides(padding, kernels, strides, dilations)
    rows, columns = (
        windows_over(n, k, s, before_after, d)
        for n, k, s, before_after, d in zip(
            sizes, kernels, strides, around, dilations, strict=True
        )
    )
    return np.outer(rows, columns)
