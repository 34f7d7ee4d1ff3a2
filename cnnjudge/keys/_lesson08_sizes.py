"""Lesson 08: the work of a bottleneck, the size of a transposed convolution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnnjudge.key import Key, Mistake

# --- bottleneck_macs -----------------------------------------------------------------


def _macs_by_torch(
    channels: int, squeezed: int, height: int, width: int
) -> tuple[int, int]:
    """Let PyTorch build the layers without memory, and count."""

    def work(i: int, o: int, k: int) -> int:
        layer = nn.Conv2d(i, o, k, padding=k // 2, bias=False, device="meta")
        x = torch.empty(1, i, height, width, device="meta")
        return layer.weight.numel() * layer(x)[0, 0].numel()

    layers = [(channels, squeezed, 1), (squeezed, squeezed, 3), (squeezed, channels, 1)]
    return work(channels, channels, 3), sum(work(*layer) for layer in layers)


@dataclass(frozen=True)
class _Macs:
    """The arguments of `bottleneck_macs`, and the parts of the two counts."""

    c: int
    s: int
    h: int
    w: int

    @property
    def places(self) -> int:
        return self.h * self.w

    @property
    def plain(self) -> int:
        return 9 * self.c * self.c * self.places

    @property
    def one(self) -> int:
        """The work of one of the 1 x 1 convolutions."""
        return self.c * self.s * self.places

    @property
    def three(self) -> int:
        return 9 * self.s * self.s * self.places

    @property
    def narrow(self) -> int:
        return 2 * self.one + self.three

    def times(self, places: int) -> tuple[int, int]:
        """Return both counts for another number of places."""
        return self.plain // self.places * places, self.narrow // self.places * places


def _macs(change: Callable[[_Macs], Any]) -> Callable[..., Any]:
    return lambda channels, squeezed, height, width: change(
        _Macs(channels, squeezed, height, width)
    )


MACS = Key(
    _macs_by_torch,
    (
        Mistake(
            "parameters for mult-adds",
            "these are the parameters. Each weight is used at every place of the map.",
            _macs(lambda m: m.times(1)),
        ),
        Mistake(
            "multiply-adds doubled",
            "a multiplication and its addition are counted as two. Here they are one.",
            _macs(lambda m: (2 * m.plain, 2 * m.narrow)),
        ),
        Mistake(
            "bias counted",
            "the biases are counted, too. The layers have none.",
            _macs(
                lambda m: (
                    m.plain + m.c * m.places,
                    m.narrow + (2 * m.s + m.c) * m.places,
                )
            ),
        ),
        Mistake(
            "one 1x1 convolution forgotten",
            "only one of the two 1 x 1 convolutions is counted. One leads down, one "
            "leads up again.",
            _macs(lambda m: (m.plain, m.one + m.three)),
        ),
        Mistake(
            "both 1x1 convolutions forgotten",
            "of the bottleneck only the 3 x 3 convolution is counted.",
            _macs(lambda m: (m.plain, m.three)),
        ),
        Mistake(
            "3x3 in the bottleneck forgotten",
            "of the bottleneck only the two 1 x 1 convolutions are counted.",
            _macs(lambda m: (m.plain, 2 * m.one)),
        ),
        Mistake(
            "3x3 in the bottleneck at full width",
            "the 3 x 3 convolution of the bottleneck is counted with `channels`. "
            "It works on the squeezed map.",
            _macs(lambda m: (m.plain, 2 * m.one + m.plain)),
        ),
        Mistake(
            "3x3 in the bottleneck squeezed on one side",
            "the 3 x 3 convolution of the bottleneck is counted with `channels` on one "
            "side. What comes in and what goes out are both squeezed.",
            _macs(lambda m: (m.plain, 2 * m.one + 9 * m.one)),
        ),
        Mistake(
            "1x1 up with its channels squeezed",
            "the last 1 x 1 convolution is counted as if it stayed squeezed. It leads "
            "back to `channels`.",
            _macs(lambda m: (m.plain, m.one + m.three + m.s * m.s * m.places)),
        ),
        Mistake(
            "C_in forgotten",
            "each kernel is counted as if it covered one channel. It covers all that "
            "come in.",
            _macs(
                lambda m: (
                    9 * m.c * m.places,
                    (m.s + 9 * m.s + m.c) * m.places,
                )
            ),
        ),
        Mistake(
            "1x1 counted as 3x3",
            "the 1 x 1 convolutions are counted with nine cells. They have one.",
            _macs(lambda m: (m.plain, 18 * m.one + m.three)),
        ),
        Mistake(
            "side for area",
            "the kernel's side is counted where its cells should be: 3 for 9.",
            _macs(lambda m: (m.plain // 3, 2 * m.one + m.three // 3)),
        ),
        Mistake(
            "square maps only",
            "the map is taken as a square. It has a height and a width.",
            _macs(lambda m: m.times(m.h * m.h)),
        ),
        Mistake(
            "square maps only, the width",
            "the map is taken as a square. It has a height and a width.",
            _macs(lambda m: m.times(m.w * m.w)),
        ),
        Mistake(
            "height and width added",
            "height and width are added. How many places does the map have?",
            _macs(lambda m: m.times(m.h + m.w)),
        ),
        Mistake(
            "map shrinks",
            "the 3 x 3 convolutions are counted as if the map lost a frame. Its size "
            "is kept.",
            _macs(
                lambda m: (
                    9 * m.c**2 * max(m.h - 2, 0) * max(m.w - 2, 0),
                    m.one
                    + (9 * m.s**2 + m.c * m.s) * max(m.h - 2, 0) * max(m.w - 2, 0),
                )
            ),
        ),
        Mistake(
            "the padded map",
            "the 3 x 3 convolutions are counted at the places of the padded map. The "
            "result has `height` x `width` places.",
            _macs(
                lambda m: (
                    9 * m.c**2 * (m.h + 2) * (m.w + 2),
                    2 * m.one + 9 * m.s**2 * (m.h + 2) * (m.w + 2),
                )
            ),
        ),
        Mistake(
            "parentheses lost",
            "only the last of the three layers is multiplied by the places of the map: "
            "`*` binds more tightly than `+`.",
            _macs(
                lambda m: (
                    m.plain,
                    m.c * m.s + 9 * m.s**2 + m.one,
                )
            ),
        ),
        Mistake(
            "parentheses lost behind the 1x1 convolutions",
            "only the 3 x 3 convolution of the bottleneck is multiplied by the places "
            "of the map: `*` binds more tightly than `+`.",
            _macs(lambda m: (m.plain, 2 * m.c * m.s + m.three)),
        ),
        Mistake(
            "the two swapped",
            "the two numbers have changed places: the plain 3 x 3 convolution comes "
            "first.",
            _macs(lambda m: (m.narrow, m.plain)),
        ),
        Mistake(
            "the layers multiplied",
            "the work of the three layers is multiplied. It is added.",
            _macs(lambda m: (m.plain, m.one * m.three * m.one)),
        ),
        Mistake(
            "two 3x3 for the first number",
            "the first number counts two 3 x 3 convolutions. One is asked for.",
            _macs(lambda m: (2 * m.plain, m.narrow)),
        ),
        Mistake(
            "the work of each layer",
            "these are the parts one by one. A pair is asked for, the second number "
            "their sum.",
            _macs(lambda m: (m.plain, m.one, m.three, m.one)),
        ),
        Mistake(
            "how many times less",
            "this is a ratio. Both numbers are asked for.",
            _macs(lambda m: m.plain / m.narrow),
            lambda values, case: values["result"].type == "float",
        ),
        Mistake(
            "the difference",
            "this is one number. Both are asked for, as a pair.",
            _macs(lambda m: m.plain - m.narrow),
            lambda values, case: values["result"].type == "int",
        ),
        Mistake(
            "a float for an int",
            "the numbers are right, but they are floats. Work is counted in ints.",
            _macs(lambda m: (float(m.plain), float(m.narrow))),
        ),
    ),
    "1 x 1 convolutions and the bottleneck",
    also_right=(
        _macs(lambda m: (m.plain, m.narrow)),
        _macs(lambda m: [m.plain, m.places * m.s * (2 * m.c + 9 * m.s)]),
        _macs(lambda m: np.array([m.plain, m.narrow])),
        _macs(lambda m: torch.tensor([m.plain, m.narrow])),
    ),
)  # fmt: skip


# --- transposed_size -----------------------------------------------------------------


def _transposed_by_torch(
    n: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    row, cells = torch.zeros(1, 1, n), torch.zeros(1, 1, kernel)
    out = F.conv_transpose1d(
        row, cells, None, stride, padding, output_padding, 1, dilation
    )
    return out.shape[-1]


@dataclass(frozen=True)
class _Spread:
    """The arguments of `transposed_size`, and what goes into the formula."""

    n: int
    kernel: int
    stride: int
    padding: int
    more: int
    dilation: int

    @property
    def starts(self) -> int:
        return (self.n - 1) * self.stride

    @property
    def reach(self) -> int:
        return self.dilation * (self.kernel - 1) + 1

    @property
    def size(self) -> int:
        return self.starts + self.reach - 2 * self.padding + self.more


def _spread(change: Callable[[_Spread], Any]) -> Callable[..., Any]:
    """Return a `transposed_size`, right or wrong."""

    def answer(
        n: int,
        kernel: int,
        stride: int = 1,
        padding: int = 0,
        output_padding: int = 0,
        dilation: int = 1,
    ) -> Any:
        return change(_Spread(n, kernel, stride, padding, output_padding, dilation))

    return answer


def _cells_covered(s: _Spread) -> int:
    """Mark each cell that a kernel reaches, and cut the padding off."""
    cells = {i * s.stride + s.dilation * j for i in range(s.n) for j in range(s.kernel)}
    return len(range(s.padding, max(cells) + 1 - s.padding)) + s.more


def _size_with_zeros(s: _Spread) -> int:
    """Count as if zeros were put in between, and a convolution laid over them."""
    spread = s.n + (s.n - 1) * (s.stride - 1)
    frame = s.dilation * (s.kernel - 1) - s.padding
    return spread + 2 * frame + s.more - s.dilation * (s.kernel - 1)


TRANSPOSED = Key(
    _transposed_by_torch,
    (
        Mistake(
            "n times stride",
            "the input is counted as `n * stride`. From the first cell to the last "
            "there is one step less than there are cells.",
            _spread(lambda s: s.size + s.stride),
        ),
        Mistake(
            "n times stride, less one",
            "the input is counted as `n * stride`, less 1. That fits a stride of 1 "
            "alone: from the first cell to the last there are `n - 1` steps.",
            _spread(lambda s: s.size + s.stride - 1),
        ),
        Mistake(
            "n times stride, less one, and nothing else",
            "`padding`, `output_padding` and `dilation` have no effect; and the input "
            "is counted as `n * stride`, less 1, where there are `n - 1` steps.",
            _spread(lambda s: s.n * s.stride + s.kernel - 1),
        ),
        Mistake(
            "n, kernel and stride alone",
            "`n`, `kernel` and `stride` count, and the other arguments have no effect.",
            _spread(lambda s: replace(s, padding=0, more=0, dilation=1).size),
        ),
        Mistake(
            "n times stride, and nothing else",
            "this is `n * stride`. Kernel and padding count, too.",
            _spread(lambda s: s.n * s.stride),
        ),
        Mistake(
            "padding added",
            "the padding makes the result larger here. In a transposed convolution it "
            "is cut off.",
            _spread(lambda s: s.size + 4 * s.padding),
        ),
        Mistake(
            "padding on one side only",
            "the padding is cut off once. It is cut off on both sides.",
            _spread(lambda s: s.size + s.padding),
        ),
        Mistake(
            "padding ignored",
            "`padding` has no effect.",
            _spread(lambda s: s.size + 2 * s.padding),
        ),
        Mistake(
            "n times stride, and padding added",
            "two things: the input is counted as `n * stride`, where there is one step "
            "less than cells; and the padding is added, where it is cut off.",
            _spread(lambda s: s.size + s.stride + 4 * s.padding),
        ),
        Mistake(
            "padding times stride",
            "the padding is multiplied by the stride. It is counted in cells of the "
            "result.",
            _spread(lambda s: s.size + 2 * s.padding - 2 * s.padding * s.stride),
        ),
        Mistake(
            "forward formula",
            "this is the size of a convolution. The transposed one goes the other way, "
            "from the small to the large.",
            _spread(lambda s: (s.n + 2 * s.padding - s.reach) // s.stride + 1),
        ),
        Mistake(
            "forward formula, output padding added",
            "this is the size of a convolution, plus `output_padding`. The transposed "
            "one goes the other way, from the small to the large.",
            _spread(lambda s: (s.n + 2 * s.padding - s.reach) // s.stride + 1 + s.more),
        ),
        Mistake(
            "one too few",
            "one cell is missing: a kernel reaches from its first cell to its last, "
            "and both count.",
            _spread(lambda s: s.size - 1),
        ),
        Mistake(
            "one too many",
            "there is one cell too many: count the cells of one kernel alone, with "
            "`n` = 1.",
            _spread(lambda s: s.size + 1),
        ),
        Mistake(
            "stride ignored",
            "`stride` has no effect.",
            _spread(lambda s: replace(s, stride=1).size),
        ),
        Mistake(
            "kernel times stride",
            "the kernel is stretched by the stride. The stride moves it.",
            _spread(lambda s: s.size + (s.reach - 1) * (s.stride - 1)),
        ),
        Mistake(
            "kernel forgotten",
            "the kernel's own width is left out: the last one reaches further.",
            _spread(lambda s: s.size - s.reach),
        ),
        Mistake(
            "kernel forgotten but for its first cell",
            "only the first cell of the last kernel is counted. It reaches further.",
            _spread(lambda s: s.size - s.reach + 1),
        ),
        Mistake(
            "as many zeros in between as the stride",
            "`stride` zeros are counted between two cells. With a stride of 1 there "
            "are none.",
            _spread(lambda s: s.size + s.n - 1),
        ),
        Mistake(
            "output padding ignored",
            "`output_padding` has no effect.",
            _spread(lambda s: s.size - s.more),
        ),
        Mistake(
            "output padding on both sides",
            "`output_padding` is added twice. It is added on one side alone.",
            _spread(lambda s: s.size + s.more),
        ),
        Mistake(
            "output padding subtracted",
            "`output_padding` makes the result smaller. It makes it larger.",
            _spread(lambda s: s.size - 2 * s.more),
        ),
        Mistake(
            "output padding times stride",
            "`output_padding` is multiplied by the stride. It is counted in cells of "
            "the result.",
            _spread(lambda s: s.size - s.more + s.more * s.stride),
        ),
        Mistake(
            "dilation ignored",
            "`dilation` has no effect.",
            _spread(lambda s: replace(s, dilation=1).size),
        ),
        Mistake(
            "dilation times kernel",
            "a dilated kernel is taken as `dilation * kernel` wide. The gaps lie "
            "between its cells, there is none after the last.",
            _spread(lambda s: s.size - s.reach + s.dilation * s.kernel),
        ),
        Mistake(
            "dilation added to the kernel",
            "the kernel is made wider by `dilation - 1` in all. Each gap between two "
            "cells grows by that much.",
            _spread(lambda s: s.size - s.reach + s.kernel + s.dilation - 1),
        ),
        Mistake(
            "parentheses of n - 1 lost",
            "only the 1 is multiplied by the stride: `*` binds more tightly than `-`. "
            "Put `n - 1` into parentheses.",
            _spread(lambda s: s.size - s.starts + s.n - s.stride),
        ),
        Mistake(
            "padding and output_padding swapped in the first line",
            "the call by position goes wrong, the call by name does not: have "
            "`padding` and `output_padding` changed places in the line with `def`?",
            lambda n, kernel, stride=1, output_padding=0, padding=0, dilation=1: (
                _spread(lambda s: s.size)(
                    n, kernel, stride, padding, output_padding, dilation
                )
            ),
        ),
        Mistake(
            "padding and stride swapped in the first line",
            "the call by position goes wrong, the call by name does not: have `stride` "
            "and `padding` changed places in the line with `def`?",
            lambda n, kernel, padding=0, stride=1, output_padding=0, dilation=1: (
                _spread(lambda s: s.size)(
                    n, kernel, stride, padding, output_padding, dilation
                )
            ),
        ),
        Mistake(
            "a float for an int",
            "the number is right, but it is a float. A size is an int.",
            _spread(lambda s: float(s.size)),
        ),
        Mistake(
            "the other formula turned round, stride divided",
            "the stride divides. In a transposed convolution the cells move apart by "
            "the stride.",
            _spread(lambda s: (s.n - 1) // s.stride + s.reach - 2 * s.padding + s.more),
        ),
    ),
    "The transposed convolution",
    defaults={"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1},
    also_right=(
        _spread(lambda s: s.size),
        _spread(_cells_covered),
        _spread(_size_with_zeros),
    ),
)
