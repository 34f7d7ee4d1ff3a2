"""Lesson 04: references and mistakes of counting, and of mending a net."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import torch
from torch import nn

from cnnjudge.key import Key, Mistake
from cnnlib.checks.question import Case

Size = int | tuple[int, int]


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _area(size: Size) -> int:
    return prod(_pair(size))


def _squared(size: Any) -> int:
    return size * size  # a pair raises TypeError, as with students


def _unpacked(size: Any) -> int:
    height, width = size  # and so does an int
    return height * width


def _count(layer: nn.Module) -> int:
    return sum(parameter.numel() for parameter in layer.parameters())


def _conv_layer(
    in_channels: int,
    out_channels: int,
    kernel_size: Size,
    bias: bool = True,
    groups: int = 1,
) -> int:
    """Let PyTorch build the layer, without memory, and count."""
    layer = nn.Conv2d(
        in_channels, out_channels, kernel_size, bias=bias, groups=groups, device="meta"
    )
    return _count(layer)


def _conv_formula(c: int, o: int, k: Size, bias: bool = True, groups: int = 1) -> int:
    return (_area(k) * (c // groups) + int(bias)) * o


def _conv_by_parts(c: int, o: int, k: Size, bias: bool = True, groups: int = 1) -> int:
    height, width = (k, k) if isinstance(k, int) else k
    total = 0
    for _ in range(groups):
        total += (c // groups) * (o // groups) * height * width
    return total + o if bias else total


_CONV_PARAMS = Key(
    _conv_layer,
    (
        Mistake(
            "bias forgotten",
            "the biases are not counted. Each kernel has one, unless `bias` is False.",
            lambda c, o, k, bias=True, groups=1: _area(k) * c // groups * o,
        ),
        Mistake(
            "bias always counted",
            "the biases are counted although `bias` is False.",
            lambda c, o, k, bias=True, groups=1: (_area(k) * c // groups + 1) * o,
        ),
        Mistake(
            "bias counted when False",
            "`bias` is taken the wrong way round: True means that there are biases.",
            lambda c, o, k, bias=True, groups=1: (
                _area(k) * c // groups + (not bias)
            ) * o,
        ),
        Mistake(
            "one bias for the layer",
            "only one bias is counted for the whole layer.",
            lambda c, o, k, bias=True, groups=1: _area(k) * c // groups * o + int(bias),
        ),
        Mistake(
            "bias added once per channel",
            "a bias is counted for each channel that a kernel covers. A kernel has "
            "one bias, however many channels it covers.",
            lambda c, o, k, bias=True, groups=1: (_area(k) + bias) * (c // groups) * o,
        ),
        Mistake(
            "a bias for each input channel",
            "the biases are counted by the channels that come in. Have `in_channels` "
            "and `out_channels` changed places?",
            lambda c, o, k, bias=True, groups=1: (
                _area(k) * c // groups * o + (c if bias else 0)
            ),
        ),
        Mistake(
            "bias added once per weight",
            "a bias is counted for every weight.",
            lambda c, o, k, bias=True, groups=1: (
                _area(k) * c // groups * o * (2 if bias else 1)
            ),
        ),
        Mistake(
            "C_in forgotten",
            "`in_channels` is not used: a kernel has weights for every channel that "
            "it covers.",
            lambda c, o, k, bias=True, groups=1: (_area(k) + bias) * o,
        ),
        Mistake(
            "C_out forgotten",
            "only one kernel is counted.",
            lambda c, o, k, bias=True, groups=1: _area(k) * c // groups + bias,
        ),
        Mistake(
            "side of the kernel for its area",
            "the kernel's side is counted where its cells should be.",
            lambda c, o, k, bias=True, groups=1: (
                _pair(k)[0] * c // groups + bias
            ) * o,
        ),
        Mistake(
            "sum of the sides for the area",
            "the kernel's height and width are added. How many cells does it have?",
            lambda c, o, k, bias=True, groups=1: (
                sum(_pair(k)) * c // groups + bias
            ) * o,
        ),
        Mistake(
            "square kernels only",
            "the kernel is counted as a square. It can be (height, width).",
            lambda c, o, k, bias=True, groups=1: _conv_formula(
                c, o, _pair(k)[0], bias, groups
            ),
        ),
        Mistake(
            "pairs not taken",
            "a `kernel_size` that is a pair (height, width) is not dealt with.",
            lambda c, o, k, bias=True, groups=1: (
                _squared(k) * c // groups + bias
            ) * o,
        ),
        Mistake(
            "whole numbers not taken",
            "a `kernel_size` that is one whole number is not dealt with: it cannot be "
            "unpacked.",
            lambda c, o, k, bias=True, groups=1: (
                _unpacked(k) * c // groups + bias
            ) * o,
        ),
        Mistake(
            "groups ignored",
            "`groups` is not used: a kernel covers only the channels of its own group.",
            lambda c, o, k, bias=True, groups=1: _conv_formula(c, o, k, bias),
        ),
        Mistake(
            "groups divide the channels twice",
            "`groups` divides the channels in and the channels out, and then only one "
            "of the groups is counted.",
            lambda c, o, k, bias=True, groups=1: _conv_formula(
                c // groups, o // groups, k, bias
            ),
        ),
        Mistake(
            "weights of one group only",
            "the weights of only one group are counted, with the biases of all.",
            lambda c, o, k, bias=True, groups=1: (
                _area(k) * (c // groups) * (o // groups) + (o if bias else 0)
            ),
        ),
        Mistake(
            "groups divide the biases, too",
            "`groups` divides the number of biases, too. Every kernel keeps its own.",
            lambda c, o, k, bias=True, groups=1: (
                _area(k) * c // groups * o + (o // groups if bias else 0)
            ),
        ),
        Mistake(
            "groups multiply",
            "`groups` makes the count larger. A kernel that sees fewer channels has "
            "fewer weights.",
            lambda c, o, k, bias=True, groups=1: (_area(k) * c * groups + bias) * o,
        ),
        Mistake(
            "a float for an int",
            "the number is right, but it is a float, and a count is an int. "
            "`/` makes floats; `//` does not.",
            lambda c, o, k, bias=True, groups=1: float(
                _conv_formula(c, o, k, bias, groups)
            ),
        ),
    ),
    "A convolution's parameters",
    also_right=(_conv_formula, _conv_by_parts),
    defaults={"bias": True, "groups": 1},
)  # fmt: skip


def _linear_layer(in_features: int, out_features: int, bias: bool = True) -> int:
    return _count(nn.Linear(in_features, out_features, bias=bias, device="meta"))


_LINEAR_PARAMS = Key(
    _linear_layer,
    (
        Mistake(
            "bias forgotten",
            "the biases are not counted. Each output has one, unless `bias` is False.",
            lambda i, o, bias=True: i * o,
        ),
        Mistake(
            "bias always counted",
            "the biases are counted although `bias` is False.",
            lambda i, o, bias=True: i * o + o,
        ),
        Mistake(
            "bias counted when False",
            "`bias` is taken the wrong way round: True means that there are biases.",
            lambda i, o, bias=True: i * o + (0 if bias else o),
        ),
        Mistake(
            "a bias for each input",
            "the biases are counted by the inputs. An output has one, whatever comes "
            "in.",
            lambda i, o, bias=True: i * o + (i if bias else 0),
        ),
        Mistake(
            "one bias for the layer",
            "only one bias is counted for the whole layer.",
            lambda i, o, bias=True: i * o + int(bias),
        ),
        Mistake(
            "bias added once per weight",
            "a bias is counted for every weight.",
            lambda i, o, bias=True: i * o * (2 if bias else 1),
        ),
        Mistake(
            "units added, not multiplied",
            "inputs and outputs are added. Every output has a weight for every input.",
            lambda i, o, bias=True: i + o + (o if bias else 0),
        ),
        Mistake(
            "a float for an int",
            "the number is right, but it is a float, and a count is an int.",
            lambda i, o, bias=True: float(i * o + (o if bias else 0)),
        ),
    ),
    "A whole net, row by row",
    defaults={"bias": True},
    also_right=(
        lambda i, o, bias=True: (i + bias) * o,
        lambda i, o, bias=True: sum(i + 1 if bias else i for _ in range(o)),
    ),
)


def _macs_of_layer(
    c: int, o: int, k: Size, height: int, width: int, groups: int = 1
) -> int:
    """Let PyTorch build the layer, run it without memory, and say how large it is."""
    kh, kw = _pair(k)
    layer = nn.Conv2d(c, o, (kh, kw), groups=groups, bias=False, device="meta")
    x = torch.empty(1, c, height + kh - 1, width + kw - 1, device="meta")
    return layer.weight.numel() * layer(x)[0, 0].numel()


def _macs(c: int, o: int, k: Size, h: int, w: int, groups: int = 1) -> int:
    return _area(k) * (c // groups) * o * h * w


def _macs_by_steps(c: int, o: int, k: Size, h: int, w: int, groups: int = 1) -> int:
    kh, kw = (k, k) if isinstance(k, int) else k
    one_number = sum(kh * kw for _ in range(c // groups))
    return int(torch.tensor([one_number, o, h, w], dtype=torch.int64).prod())


_CONV_MACS = Key(
    _macs_of_layer,
    (
        Mistake(
            "input size for output size",
            "this is the work at the *input's* places. The kernel is applied once for "
            "each number of the output.",
            lambda c, o, k, h, w, groups=1: _macs(
                c, o, k, h + _pair(k)[0] - 1, w + _pair(k)[1] - 1, groups
            ),
        ),
        Mistake(
            "multiply-adds doubled",
            "a multiplication and its addition are counted as two. Here they are one.",
            lambda c, o, k, h, w, groups=1: 2 * _macs(c, o, k, h, w, groups),
        ),
        Mistake(
            "bias counted",
            "the biases are counted, too. Only the weights are, here.",
            lambda c, o, k, h, w, groups=1: (_area(k) * (c // groups) + 1) * o * h * w,
        ),
        Mistake(
            "C_in forgotten",
            "`in_channels` is not used: a kernel multiplies in every channel that it "
            "covers.",
            lambda c, o, k, h, w, groups=1: _area(k) * o * h * w,
        ),
        Mistake(
            "C_out forgotten",
            "the work of only one output channel is counted.",
            lambda c, o, k, h, w, groups=1: _area(k) * (c // groups) * h * w,
        ),
        Mistake(
            "weights counted, not work",
            "each weight is counted once. It is used at every place of the output.",
            lambda c, o, k, h, w, groups=1: _area(k) * (c // groups) * o,
        ),
        Mistake(
            "kernel's area forgotten",
            "the kernel's cells are not counted: each is multiplied.",
            lambda c, o, k, h, w, groups=1: (c // groups) * o * h * w,
        ),
        Mistake(
            "square outputs only",
            "the output is taken as a square. It has a height and a width.",
            lambda c, o, k, h, w, groups=1: _macs(c, o, k, h, h, groups),
        ),
        Mistake(
            "one row of the output only",
            "the work for only one row or column of the output is counted.",
            lambda c, o, k, h, w, groups=1: _macs(c, o, k, h, 1, groups),
        ),
        Mistake(
            "square kernels only",
            "the kernel is counted as a square. It can be (height, width).",
            lambda c, o, k, h, w, groups=1: _macs(c, o, _pair(k)[0], h, w, groups),
        ),
        Mistake(
            "side of the kernel for its area",
            "the kernel's side is counted where its cells should be.",
            lambda c, o, k, h, w, groups=1: (
                _pair(k)[0] * (c // groups) * o * h * w
            ),
        ),
        Mistake(
            "pairs not taken",
            "a `kernel_size` that is a pair (height, width) is not dealt with.",
            lambda c, o, k, h, w, groups=1: (
                _squared(k) * (c // groups) * o * h * w
            ),
        ),
        Mistake(
            "whole numbers not taken",
            "a `kernel_size` that is one whole number is not dealt with: it cannot be "
            "unpacked.",
            lambda c, o, k, h, w, groups=1: (
                _unpacked(k) * (c // groups) * o * h * w
            ),
        ),
        Mistake(
            "groups ignored",
            "`groups` is not used: a kernel covers only the channels of its own group.",
            lambda c, o, k, h, w, groups=1: _macs(c, o, k, h, w),
        ),
        Mistake(
            "groups divide the channels twice",
            "`groups` divides the channels in and the channels out, and then only one "
            "of the groups is counted.",
            lambda c, o, k, h, w, groups=1: _macs(c // groups, o // groups, k, h, w),
        ),
        Mistake(
            "a float for an int",
            "the number is right, but it is a float, and a count is an int. "
            "`/` makes floats; `//` does not.",
            lambda c, o, k, h, w, groups=1: float(_macs(c, o, k, h, w, groups)),
        ),
    ),
    "Work: mult-adds",
    also_right=(_macs, _macs_by_steps, _macs_of_layer),
    defaults={"groups": 1},
)  # fmt: skip


def _full(layer: tuple) -> tuple[int, int, int]:
    kernel, stride, dilation = (*layer, 1)[:3]
    return kernel, stride, dilation


def _field(layers: Sequence[tuple]) -> int:
    """Go through the layers, with the size and the jump."""
    size, jump = 1, 1
    for kernel, stride, dilation in map(_full, layers):
        size += (kernel - 1) * dilation * jump
        jump *= stride
    return size


def _backwards(layers: Sequence[tuple]) -> int:
    """Go back from one unit: so many units of the map below it needs."""
    size = 1
    for kernel, stride, dilation in map(_full, reversed(layers)):
        size = (size - 1) * stride + (kernel - 1) * dilation + 1
    return size


def _with_cells(layers: Sequence[tuple]) -> int:
    """Go back from one unit, pixel by pixel."""
    cells = {0}
    for layer in reversed(layers):
        kernel, stride, dilation = _full(layer)
        cells = {i * stride + j * dilation for i in cells for j in range(kernel)}
    return max(cells) - min(cells) + 1


def _walk(
    grow: Callable[[int, int, int, int], int],
    leap: Callable[[int, int, int], int] = lambda jump, stride, dilation: jump * stride,
    start: int = 1,
    first: int = 1,
) -> Callable[[Sequence[tuple]], int]:
    """Return the walk through the layers with other steps."""

    def field(layers: Sequence[tuple]) -> int:
        size, jump = start, first
        for kernel, stride, dilation in map(_full, layers):
            size += grow(kernel, stride, dilation, jump)
            jump = leap(jump, stride, dilation)
        return size

    return field


def _only_two(layers: Sequence[tuple]) -> int:
    size, jump = 1, 1
    for kernel, stride in layers:  # a third number raises ValueError
        size += (kernel - 1) * jump
        jump *= stride
    return size


def _only_three(layers: Sequence[tuple]) -> int:
    size, jump = 1, 1
    for kernel, stride, dilation in layers:
        size += (kernel - 1) * dilation * jump
        jump *= stride
    return size


_RECEPTIVE_FIELD = Key(
    _with_cells,
    (
        Mistake(
            "stride ignored",
            "the strides are not used. After a stride, neighbours in the map are "
            "further apart on the input.",
            _walk(lambda k, s, d, j: (k - 1) * d, lambda j, s, d: 1),
        ),
        Mistake(
            "own stride taken too early",
            "a layer's stride is used for that layer itself. It matters only for the "
            "layers after it.",
            _walk(lambda k, s, d, j: (k - 1) * d * j * s),
        ),
        Mistake(
            "last stride only",
            "the jump is the stride of one layer. Strides of all the layers before "
            "come together.",
            _walk(lambda k, s, d, j: (k - 1) * d * j, lambda j, s, d: s),
        ),
        Mistake(
            "strides added",
            "the strides are added up. A stride of 2 after a stride of 2: how far "
            "apart are two neighbours on the input?",
            _walk(
                lambda k, s, d, j: (k - 1) * d * j, lambda j, s, d: j + s - 1
            ),
        ),
        Mistake(
            "layers from last to first",
            "the layers are gone through from the last to the first, with the steps "
            "that belong to the other direction.",
            lambda layers: _field(layers[::-1]),
        ),
        Mistake(
            "dilation ignored",
            "the dilation is not used: it moves a kernel's cells apart.",
            _walk(lambda k, s, d, j: (k - 1) * j),
        ),
        Mistake(
            "dilation times kernel",
            "a kernel with a dilation is counted too wide: there is no gap after its "
            "last cell.",
            _walk(lambda k, s, d, j: (k * d - 1) * j),
        ),
        Mistake(
            "one gap of the dilation only",
            "only one gap between a kernel's cells is widened by the dilation.",
            _walk(lambda k, s, d, j: (k + d - 2) * j),
        ),
        Mistake(
            "dilation taken for a stride",
            "the dilation changes the jump, too. It moves the cells of one kernel "
            "apart, not the units of the map.",
            _walk(lambda k, s, d, j: (k - 1) * d * j, lambda j, s, d: j * s * d),
        ),
        Mistake(
            "starts from zero",
            "it starts from 0. A unit sees itself before there is any layer.",
            _walk(lambda k, s, d, j: (k - 1) * d * j, start=0),
        ),
        Mistake(
            "kernel added whole",
            "each layer adds its whole kernel. The windows overlap.",
            _walk(lambda k, s, d, j: ((k - 1) * d + 1) * j),
        ),
        Mistake(
            "k for k - 1",
            "each layer adds as much as its whole kernel. The first cell of a window "
            "is "
            "there before: a kernel of 1 adds nothing.",
            _walk(lambda k, s, d, j: k * d * j),
        ),
        Mistake(
            "d + 1 for d",
            "the cells of a kernel are counted one too far apart. With dilation 1 they "
            "are neighbours; with dilation d they lie d apart.",
            _walk(lambda k, s, d, j: (k - 1) * (d + 1) * j),
        ),
        Mistake(
            "dilation plus one where there is one",
            "where a layer has a dilation its cells are counted one too far apart: "
            "with "
            "dilation d they lie d apart, with d - 1 cells in between.",
            lambda layers: _walk(lambda k, s, d, j: (k - 1) * d * j)(
                [(*one[:2], one[2] + 1) if len(one) == 3 else one for one in layers]
            ),
        ),
        Mistake(
            "kernels added up",
            "the kernels' sizes are added up, and nothing else.",
            lambda layers: sum(layer[0] for layer in layers),
        ),
        Mistake(
            "kernels multiplied",
            "the kernels' sizes are multiplied.",
            lambda layers: prod(layer[0] for layer in layers),
        ),
        Mistake(
            "the jump returned",
            "this is the jump, the product of the strides, and not the field.",
            lambda layers: prod(layer[1] for layer in layers),
        ),
        Mistake(
            "the area returned",
            "this is the number of pixels in the field. Its side is asked for.",
            lambda layers: _field(layers) ** 2,
        ),
        Mistake(
            "three numbers not taken",
            "a layer of three numbers, (kernel, stride, dilation), is not dealt with.",
            _only_two,
        ),
        Mistake(
            "two numbers not taken",
            "a layer of two numbers, (kernel, stride), is not dealt with.",
            _only_three,
        ),
        Mistake(
            "a float for an int",
            "the number is right, but it is a float, and pixels are counted in ints.",
            lambda layers: float(_field(layers)),
        ),
    ),
    "How far a unit sees",
    source="what a unit sees, cell by cell",
    also_right=(_field, _backwards),
)  # fmt: skip

Rows = list[tuple[Any, Any]]

_MAPS = [(3, 32, 32), (8, 28, 28), (8, 14, 14), (16, 10, 10), (16, 5, 5)]
_WIDTHS = (120, 84, 10)


def _rows(
    maps: Sequence[tuple] = _MAPS,
    widths: Sequence[int] = _WIDTHS,
    kernel: Callable[[int, int], int] = lambda c, o: (25 * c + 1) * o,
    dense: Callable[[int, int], int] = lambda i, o: i * o + o,
    flat: int | None = None,
    pooling: int = 0,
    size: Callable[[tuple], int] = prod,
) -> Rows:
    """Return the table, with other steps for a mistake."""
    params = [0, kernel(maps[0][0], 8), pooling, kernel(8, 16), pooling]
    table = [(size(shape), count) for shape, count in zip(maps, params, strict=True)]
    before = prod(maps[-1]) if flat is None else flat
    for width in widths:
        table.append((width, dense(before, width)))
        before = width
    return table


_RIGHT = _rows()


def _wrong_in(row: int, entry: Any) -> Rows:
    table = list(_RIGHT)
    table[row] = entry
    return table


def _half_right(right: str, wrong: str) -> Callable[..., bool]:
    """Say that one entry of a row is right and the other another whole number."""
    names = ("activation size", "number of parameters")

    def matches(values: Any, case: Any) -> bool:
        row = dict(zip(names, _RIGHT[case.args[0]], strict=True))
        same = values[right].type == "int" and values[right].data == row[right]
        return same and values[wrong].type == "int"

    return matches


_WRONG_PARAMETERS = _half_right("activation size", "number of parameters")

_LAYER_TABLE = Key(
    _RIGHT,
    (
        Mistake(
            "channels left out",
            "the activation size counts one channel only: height times width.",
            _rows(size=lambda shape: shape[1] * shape[2]),
        ),
        Mistake(
            "side for size",
            "the activation size is only the side of the map. It is how many numbers "
            "there are in all its channels.",
            _rows(size=lambda shape: shape[1]),
        ),
        Mistake(
            "channels for size",
            "the activation size is only the number of channels.",
            _rows(size=lambda shape: shape[0]),
        ),
        Mistake(
            "input size for output size",
            "the map is as large as what comes in. Without padding a 5 x 5 window has "
            "fewer places.",
            _rows([(3, 32, 32), (8, 32, 32), (8, 16, 16), (16, 16, 16), (16, 8, 8)]),
        ),
        Mistake(
            "one too small",
            "the map is one too small: the window has one place more than that.",
            _rows([(3, 32, 32), (8, 27, 27), (8, 13, 13), (16, 8, 8), (16, 4, 4)]),
        ),
        Mistake(
            "pooling leaves the size",
            "the map is as large as before. A 2 x 2 pooling moves by its own size.",
            _rows([(3, 32, 32), (8, 28, 28), (8, 28, 28), (16, 24, 24), (16, 24, 24)]),
        ),
        Mistake(
            "second pooling leaves the size",
            "the map is as large as before the second pooling.",
            _rows([*_MAPS[:4], (16, 10, 10)], flat=400),
        ),
        Mistake(
            "pooling halves once",
            "the pooling has halved the size once. It halves the height and the width.",
            _rows([*_MAPS[:2], (8, 14, 28), (16, 10, 10), (16, 5, 10)]),
        ),
        Mistake(
            "pooling with stride 1",
            "the pooling has moved by 1. It moves by its own size.",
            _rows([*_MAPS[:2], (8, 27, 27), (16, 23, 23), (16, 22, 22)]),
        ),
        Mistake(
            "bytes for numbers",
            "the activation size is in bytes. The numbers are to be counted.",
            [(4 * size, count) for size, count in _RIGHT],
        ),
        Mistake(
            "pooling with parameters",
            "a pooling is given parameters. What would there be to learn in a maximum?",
            _rows(pooling=4),
            lambda values, case: (
                case.args[0] in (2, 4) and _WRONG_PARAMETERS(values, case)
            ),
        ),
        Mistake(
            "the picture with parameters",
            "the picture is given parameters. It is data; nothing in it is learnt.",
            _wrong_in(0, (3072, 3072)),
            lambda values, case: case.args[0] == 0 and _WRONG_PARAMETERS(values, case),
        ),
        Mistake(
            "bias forgotten",
            "the biases are missing in the parameters.",
            _rows(kernel=lambda c, o: 25 * c * o, dense=lambda i, o: i * o),
        ),
        Mistake(
            "one bias for the layer",
            "only one bias is counted for the whole layer.",
            _rows(kernel=lambda c, o: 25 * c * o + 1, dense=lambda i, o: i * o + 1),
        ),
        Mistake(
            "bias added once per channel",
            "a bias is counted for each channel that a kernel covers. A kernel has "
            "one.",
            _rows(kernel=lambda c, o: 26 * c * o),
        ),
        Mistake(
            "a bias for each input",
            "the biases are counted by the inputs of the Linear layer.",
            _rows(dense=lambda i, o: i * o + i),
        ),
        Mistake(
            "C_in forgotten",
            "the parameters are those of kernels that cover one channel. How many "
            "does this layer get?",
            _rows(kernel=lambda c, o: 26 * o),
        ),
        Mistake(
            "side of the kernel for its area",
            "the kernel's side is counted where its cells should be.",
            _rows(kernel=lambda c, o: (5 * c + 1) * o),
        ),
        Mistake(
            "the picture's channels everywhere",
            "the kernels cover as many channels as the picture has. What do they get "
            "from the layer before?",
            _rows(kernel=lambda c, o: (25 * 3 + 1) * o),
        ),
        Mistake(
            "Linear from the channels only",
            "the first Linear layer is given one input for each channel. It gets the "
            "whole flattened map.",
            _rows(flat=16),
        ),
        Mistake(
            "Linear from the map before the pooling",
            "the first Linear layer is given the map from before the pooling.",
            _rows(flat=1600),
        ),
        Mistake(
            "Linear from the map above",
            "the first Linear layer is given the wrong map.",
            _rows(flat=3072),
        ),
        Mistake(
            "the slide's 128",
            "128 is a misprint that one version of the slide has. How many numbers "
            "does the layer before give?",
            _wrong_in(6, (84, 128 * 84 + 84)),
        ),
        Mistake(
            "layers skipped",
            "this Linear layer gets its inputs from the layer just before it.",
            [*_RIGHT[:6], (84, 400 * 84 + 84), (10, 400 * 10 + 10)],
        ),
        Mistake(
            "sizes and parameters swapped",
            "the row is turned round: the activation size comes first.",
            [(count, size) for size, count in _RIGHT],
        ),
        Mistake(
            "activation size wrong",
            "the parameters of this row are right. Its activation size is not.",
            _wrong_in(3, (1601, 3216)),
            _half_right("number of parameters", "activation size"),
        ),
        Mistake(
            "parameters wrong",
            "the activation size of this row is right. Its parameters are not.",
            _wrong_in(3, (1600, 3217)),
            _WRONG_PARAMETERS,
        ),
    ),
    "A whole net, row by row",
    also_right=(
        [list(row) for row in _RIGHT],
        tuple(_RIGHT),
        np.array(_RIGHT),
        torch.tensor(_RIGHT),
        [(torch.Size([size]).numel(), count) for size, count in _RIGHT],
    ),
    each_case_alone=True,
)


def _place(model: Any, wanted: int = 0) -> int:
    """Return where the first Linear layer stands, or another."""
    places = [i for i, layer in enumerate(model) if isinstance(layer, nn.Linear)]
    return places[wanted]


def _flat(model: Any, shape: Sequence[int], place: int) -> int:
    """Run the layers before a place on one blank picture, those that change sizes."""
    x = torch.zeros(1, *shape, dtype=next(model.parameters()).dtype)
    with torch.no_grad():
        for layer in model[:place]:
            if not isinstance(layer, nn.BatchNorm2d | nn.Dropout):
                x = layer(x)
    return x.shape[1]


def _like(old: nn.Linear, in_features: int, **changed: Any) -> nn.Linear:
    given = {"bias": old.bias is not None, "dtype": old.weight.dtype, **changed}
    return nn.Linear(in_features, old.out_features, **given)


def _mend(model: Any, input_shape: Sequence[int]) -> nn.Sequential:
    mended = copy.deepcopy(model)
    place = _place(mended)
    mended[place] = _like(mended[place], _flat(model, input_shape, place))
    return mended


def _mend_by_parts(model: Any, input_shape: Sequence[int]) -> nn.Sequential:
    """Do it with a list of layers, and a Sequential made anew."""
    layers = copy.deepcopy(list(model))
    place = _place(model)
    weight = layers[place].weight
    x = torch.zeros(2, *input_shape).to(weight)
    for layer in copy.deepcopy(layers[:place]):
        x = layer(x)
    has_bias = layers[place].bias is not None
    layers[place] = nn.Linear(x[0].numel(), len(weight), bias=has_bias).to(weight)
    return nn.Sequential(*layers)


def _mend_by_summary(model: Any, input_shape: Sequence[int]) -> nn.Sequential:
    """Let the course's own summary say how large the flattened map is."""
    from cnnlib import summary

    mended = copy.deepcopy(model)
    place = _place(mended)
    before = copy.deepcopy(model[:place]).eval()
    x = summary(before, tuple(input_shape)).rows[-1].output_shape
    mended[place] = _like(mended[place], prod(x))
    return mended


def _mend_lazily(model: Any, input_shape: Sequence[int]) -> nn.Sequential:
    """Do it with a layer that finds its size out, run once in evaluation mode."""
    mended = copy.deepcopy(model)
    place = _place(mended)
    old = mended[place]
    mended[place] = nn.LazyLinear(
        len(old.weight), bias=old.bias is not None, dtype=old.weight.dtype
    )
    mended.eval()(torch.zeros(1, *input_shape, dtype=old.weight.dtype))
    return mended.train(model.training)


def _with_size(
    size: Callable[[nn.Sequential, Any, int], int],
) -> Callable[..., nn.Sequential]:
    """Return a mending that gets in_features in another way."""

    def mend(model: Any, input_shape: Sequence[int]) -> nn.Sequential:
        mended = copy.deepcopy(model)
        place = _place(mended)
        mended[place] = _like(mended[place], size(model, input_shape, place))
        return mended

    return mend


def _then(
    change: Callable[[nn.Sequential, nn.Sequential, Any, int], Any],
) -> Callable[..., nn.Sequential]:
    """Return a mending that does something wrong besides: (mended, model, ...)."""

    def mend(model: Any, input_shape: Sequence[int]) -> nn.Sequential:
        mended = _mend(model, input_shape)
        change(mended, model, input_shape, _place(model))
        return mended

    return mend


def _map_shape(model: Any, shape: Sequence[int], place: int) -> Sequence[int]:
    """Return the shape of what is flattened: (channels, height, width)."""
    x = torch.zeros(1, *shape, dtype=next(model.parameters()).dtype)
    with torch.no_grad():
        for layer in model[:place]:
            if isinstance(layer, nn.Flatten):
                break
            if not isinstance(layer, nn.BatchNorm2d | nn.Dropout):
                x = layer(x)
    return x.shape[1:]


def _one_channel(model: Any, shape: Any, place: int) -> int:
    _, height, width = _map_shape(model, shape, place)
    return height * width


def _without_batch(model: Any, shape: Any, place: int) -> int:
    trial = copy.deepcopy(model[:place])
    return trial(torch.zeros(shape, dtype=next(model.parameters()).dtype)).shape[-1]


def _square_map(model: Any, shape: Any, place: int) -> int:
    channels, height, _ = _map_shape(model, shape, place)
    return channels * height * height


def _trial_in_float32(model: Any, shape: Any, place: int) -> int:
    trial = copy.deepcopy(model[:place]).eval()
    return trial(torch.zeros(1, *shape)).shape[1]


def _mend_last(model: Any, input_shape: Any) -> nn.Sequential:
    mended = copy.deepcopy(model)
    place = _place(model, -1)
    size = _flat(model, input_shape, _place(model))
    mended[place] = _like(mended[place], size)
    return mended


def _mend_all(model: Any, input_shape: Any) -> nn.Sequential:
    mended = _mend(model, input_shape)
    for place, layer in enumerate(mended):
        if isinstance(layer, nn.Linear):
            mended[place] = _like(layer, layer.in_features)
    return mended


def _mend_itself(model: Any, input_shape: Any) -> nn.Sequential:
    place = _place(model)
    model[place] = _like(model[place], _flat(model, input_shape, place))
    return model


def _mend_sharing(model: Any, input_shape: Any) -> nn.Sequential:
    place = _place(model)
    new = _like(model[place], _flat(model, input_shape, place))
    return nn.Sequential(*model[:place], new, *model[place + 1 :])


def _fresh(mended: Any, *_: Any) -> None:
    for layer in mended:
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()


def _run(net: Any, shape: Any, place: int) -> None:
    dtype = next(net.parameters()).dtype
    with torch.no_grad():
        net[:place](torch.zeros(1, *shape, dtype=dtype))


def _joined(layers: Any, kind: str = "parameters") -> np.ndarray:
    tensors = [tensor.detach().double() for tensor in getattr(layers, kind)()]
    return np.concatenate([np.zeros(0), *(tensor.flatten() for tensor in tensors)])


Looks = Callable[[Any, Case], bool]


def _lost(before: bool) -> Looks:
    """Say that weights are others: before the first Linear layer, or only after it."""

    def looks(values: Any, case: Case) -> bool:
        model = case.args[0]
        place = _place(model)
        found = values["other weights"].data
        first, second = _joined(model[:place]), _joined(model[place + 1 :])
        if len(found) != len(first) + len(second):
            return False
        same = np.array_equal(found[: len(first)], first)
        if before:
            return not same
        return same and not np.array_equal(found[len(first) :], second)

    return looks


def _sized(size: Callable[[nn.Sequential, Any, int], int]) -> Looks:
    """Say that in_features, and the weight with it, has been got in this way."""

    def looks(values: Any, case: Case) -> bool:
        model, shape = case.args
        found = {values["in_features"].data, values["weight's shape"].data[1].data}
        return found == {size(model, shape, _place(model))} and not _is_right(
            "in_features", values, case
        )

    return looks


def _is_right(name: str, values: Any, case: Case) -> bool:
    model, shape = case.args
    return values[name].data == _flat(model, shape, _place(model))


def _has_bias(wanted: bool) -> Looks:
    def looks(values: Any, case: Case) -> bool:
        head = case.args[0][_place(case.args[0])]
        found = values["Linear layer has a bias"].data
        return found is wanted and found != (head.bias is not None)

    return looks


def _moved(copied: bool, given: bool) -> Looks:
    """Say that running averages have moved: of the copy, of the argument."""

    def looks(values: Any, case: Case) -> bool:
        old = _joined(case.args[0], "buffers")
        return (
            np.array_equal(values["running averages"].data, old) != copied
            and np.array_equal(values["argument's running averages"].data, old) != given
        )

    return looks


def _left(name: str, training: bool) -> Looks:
    """Say that all layers are in one mode, and those of the argument were not."""

    def looks(values: Any, case: Case) -> bool:
        flags = {flag.data for flag in values[name].data}
        return flags == {training} and case.args[0].training is not training

    return looks


def _remade(**changed: Any) -> Callable[..., None]:
    def change(mended: Any, model: Any, shape: Any, place: int) -> None:
        mended[place] = _like(mended[place], mended[place].in_features, **changed)

    return change


def _attribute_only(model: Any, input_shape: Any) -> nn.Sequential:
    mended = copy.deepcopy(model)
    place = _place(model)
    mended[place].in_features = _flat(model, input_shape, place)
    return mended


def _both_run(mended: Any, model: Any, shape: Any, place: int) -> None:
    _run(model, shape, place)
    _run(mended, shape, place)


_MEND = Key(
    _mend,
    (
        Mistake(
            "argument mended in place",
            "the argument itself is changed. A copy is asked for: somebody may still "
            "need the old net.",
            _mend_itself,
            lambda values, case: (
                values["argument's in_features"].data
                != case.args[0][_place(case.args[0])].in_features
            ),
        ),
        Mistake(
            "layers shared with the argument",
            "the new net uses the very layers of the old one: training the one would "
            "change the other. A copy is asked for.",
            _mend_sharing,
            lambda values, case: not values["net has layers of its own"].data,
        ),
        Mistake(
            "attribute only",
            "`in_features` says one thing and the weight has the shape of another. "
            "Setting the number does not make a new weight.",
            _attribute_only,
            lambda values, case: (
                values["in_features"].data != values["weight's shape"].data[1].data
            ),
        ),
        Mistake(
            "one channel only",
            "`in_features` counts one channel of the last map. Has the trial picture "
            "no batch axis? `Flatten` then keeps the first axis, the channels.",
            _with_size(_without_batch),
            _sized(_one_channel),
        ),
        Mistake(
            "square maps only",
            "`in_features` takes the last map for a square. Its height and width may "
            "differ.",
            _with_size(_square_map),
            _sized(_square_map),
        ),
        Mistake(
            "channels only",
            "`in_features` is the number of channels of the last map. All its numbers "
            "are flattened.",
            _with_size(lambda *given: _map_shape(*given)[0]),
            _sized(lambda *given: _map_shape(*given)[0]),
        ),
        Mistake(
            "the length of the batch",
            "`in_features` is the length of the batch axis of the trial run.",
            _with_size(lambda *given: 1),
            _sized(lambda *given: 1),
        ),
        Mistake(
            "the picture's size",
            "`in_features` is the size of the picture. The layers in between make "
            "another size of it.",
            _with_size(lambda model, shape, place: prod(shape)),
            _sized(lambda model, shape, place: prod(shape)),
        ),
        Mistake(
            "the picture's size with the map's channels",
            "`in_features` takes the height and width of the picture. The layers in "
            "between may change them.",
            _with_size(
                lambda *given: _map_shape(*given)[0] * given[1][1] * given[1][2]
            ),
            _sized(lambda *given: _map_shape(*given)[0] * given[1][1] * given[1][2]),
        ),
        Mistake(
            "nothing mended",
            "`in_features` is what it was.",
            lambda model, shape: copy.deepcopy(model),
            lambda values, case: (
                values["in_features"].data == case.args[0][-1].in_features
                and _place(case.args[0]) == _place(case.args[0], -1)
            ),
        ),
        Mistake(
            "trial picture of float32 always",
            "a net with weights of float64 is not dealt with: its trial picture must "
            "have the dtype of the weights.",
            _with_size(_trial_in_float32),
        ),
        Mistake(
            "last Linear layer for the first",
            "where there are several Linear layers, the last one is mended. The first "
            "one comes after the flattening.",
            _mend_last,
        ),
        Mistake(
            "all Linear layers new",
            "the Linear layers after the first one have lost their weights.",
            _mend_all,
            _lost(before=False),
        ),
        Mistake(
            "all layers new",
            "the other layers have lost their weights.",
            _then(_fresh),
            _lost(before=True),
        ),
        Mistake(
            "later layers lost",
            "the layers after the first Linear layer are gone.",
            lambda model, shape: _mend(model, shape)[: _place(model) + 1],
        ),
        Mistake(
            "bias always there",
            "the new Linear layer has a bias where the old one had none.",
            _then(_remade(bias=True)),
            _has_bias(True),
        ),
        Mistake(
            "bias lost",
            "the new Linear layer has no bias, but the old one had one.",
            _then(_remade(bias=False)),
            _has_bias(False),
        ),
        Mistake(
            "dtype lost",
            "the new Linear layer is of float32 in a net of float64.",
            _then(_remade(dtype=torch.float32)),
            lambda values, case: (
                values["weight's dtype"].data == "torch.float32"
                and next(case.args[0].parameters()).dtype == torch.float64
            ),
        ),
        Mistake(
            "running averages of both moved",
            "the running averages of batch norm have moved, in the argument and in the "
            "copy: a trial run in training mode does that.",
            _then(_both_run),
            _moved(True, True),
        ),
        Mistake(
            "running averages of the copy moved",
            "the running averages of batch norm have moved in the copy: a trial run in "
            "training mode does that.",
            _then(lambda mended, model, shape, place: _run(mended, shape, place)),
            _moved(True, False),
        ),
        Mistake(
            "running averages of the argument moved",
            "the running averages of batch norm have moved in the argument: a trial "
            "run in training mode does that.",
            _then(lambda mended, model, shape, place: _run(model, shape, place)),
            _moved(False, True),
        ),
        Mistake(
            "copy left in evaluation mode",
            "the copy is in evaluation mode, but the argument is in training mode.",
            _then(lambda mended, *_: mended.eval()),
            _left("training flags", False),
        ),
        Mistake(
            "copy left in training mode",
            "the copy is in training mode, but the argument is in evaluation mode.",
            _then(lambda mended, *_: mended.train()),
            _left("training flags", True),
        ),
        Mistake(
            "argument left in evaluation mode",
            "the argument is left in evaluation mode. It was in training mode.",
            _then(lambda mended, model, *_: model.eval()),
            _left("argument's training flags", False),
        ),
    ),
    "When it breaks",
    source="what the layers before give",
    also_right=(_mend_by_parts, _mend_lazily, _mend_by_summary),
)

KEYS = {
    "conv_params": _CONV_PARAMS,
    "linear_params": _LINEAR_PARAMS,
    "layer_table": _LAYER_TABLE,
    "conv_macs": _CONV_MACS,
    "receptive_field": _RECEPTIVE_FIELD,
    "mend": _MEND,
}
