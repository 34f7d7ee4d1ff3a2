"""Lesson 02: references and mistakes of padding, stride and dilation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from cnnjudge.key import Key, Mistake, noticed

Size = int | tuple[int, int]


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])


# --- output_size ---------------------------------------------------------------------


def _size_by_torch(
    n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    row, cells = torch.zeros(1, 1, n), torch.zeros(1, 1, kernel)
    return F.conv1d(row, cells, None, stride, padding, dilation).shape[-1]


def _size_by_places(
    n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Count the places at which the last cell of the kernel is still inside."""
    last = dilation * (kernel - 1)
    return len(range(0, n + 2 * padding - last, stride))


def _size_by_steps(
    n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    count, start = 0, -padding
    while start + dilation * (kernel - 1) < n + padding:
        count, start = count + 1, start + stride
    return count


@dataclass(frozen=True)
class _Setting:
    """The arguments of `output_size`, and what goes into the formula."""

    n: int
    kernel: int
    stride: int
    padding: int
    dilation: int

    @property
    def reach(self) -> int:
        return self.dilation * (self.kernel - 1) + 1

    @property
    def left(self) -> int:
        """What is left beside the kernel."""
        return self.n + 2 * self.padding - self.reach

    @property
    def size(self) -> int:
        return self.left // self.stride + 1


def _size(change: Callable[[_Setting], Any]) -> Callable[..., Any]:
    """Return a wrong `output_size`."""

    def answer(
        n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
    ) -> Any:
        return change(_Setting(n, kernel, stride, padding, dilation))

    return answer


_OUTPUT_SIZE = Key(
    _size_by_torch,
    (
        Mistake(
            "one too few",
            "the steps are counted, but not the place where the kernel starts.",
            _size(lambda s: s.size - 1),
        ),
        Mistake(
            "one too many",
            "there is one place too many: the kernel must end inside, too.",
            _size(lambda s: s.size + 1),
        ),
        Mistake(
            "ceil for floor",
            "a fraction of a step is rounded up. A window that does not fit any more "
            "is left out.",
            _size(lambda s: math.ceil(s.left / s.stride) + 1),
        ),
        Mistake(
            "rounded to the nearest",
            "a fraction of a step is rounded to the nearest whole number. Half a step, "
            "or most of one, is none.",
            _size(lambda s: round(s.left / s.stride) + 1),
        ),
        Mistake(
            "not rounded",
            "nothing is rounded: `/` gives a float with a fraction.",
            _size(lambda s: s.left / s.stride + 1),
        ),
        Mistake(
            "a float for an int",
            "the number is right, but it is a float. A size is an int.",
            _size(lambda s: float(s.size)),
        ),
        Mistake(
            "1 added before the division",
            "the 1 for the start is divided by the stride, too.",
            _size(lambda s: (s.left + 1) // s.stride),
        ),
        Mistake(
            "padding on one side only",
            "the padding is counted once. It lies on both sides.",
            _size(lambda s: (s.left - s.padding) // s.stride + 1),
        ),
        Mistake(
            "padding ignored",
            "`padding` has no effect.",
            _size(lambda s: replace(s, padding=0).size),
        ),
        Mistake(
            "padding added after the stride",
            "the padding is added to the result. The kernel steps over it as it does "
            "over the input.",
            _size(lambda s: replace(s, padding=0).size + 2 * s.padding),
        ),
        Mistake(
            "padding subtracted",
            "padding makes the result smaller here. It adds cells to the input.",
            _size(lambda s: replace(s, padding=-s.padding).size),
        ),
        Mistake(
            "numerator without parentheses",
            "only the last term is divided: `//` binds more tightly than `+` and `-`.",
            _size(lambda s: s.n + 2 * s.padding - s.reach // s.stride + 1),
        ),
        Mistake(
            "only the 1 divided",
            "only the 1 before it is divided: `//` binds more tightly than `+` and "
            "`-`. "
            "Put all that is left beside the kernel into parentheses.",
            _size(lambda s: s.n + 2 * s.padding - (s.reach - 1) - 1 // s.stride + 1),
        ),
        Mistake(
            "padding and stride swapped in the first line",
            "the call by position goes wrong, the call by name does not: have `stride` "
            "and `padding` changed places in the line with `def`?",
            lambda n, kernel, padding=0, stride=1, dilation=1: _size(lambda s: s.size)(
                n, kernel, stride, padding, dilation
            ),
        ),
        Mistake(
            "stride ignored",
            "`stride` has no effect.",
            _size(lambda s: replace(s, stride=1).size),
        ),
        Mistake(
            "input divided by the stride",
            "this is the input's size over the stride. The kernel and the padding "
            "count, too.",
            _size(lambda s: s.n // s.stride),
        ),
        Mistake(
            "dilation ignored",
            "`dilation` has no effect.",
            _size(lambda s: replace(s, dilation=1).size),
        ),
        Mistake(
            "dilation times kernel",
            "a dilated kernel is taken as `dilation * kernel` wide. The gaps lie "
            "between its cells, there is none after the last.",
            _size(lambda s: replace(s, kernel=s.dilation * s.kernel, dilation=1).size),
        ),
        Mistake(
            "dilation added to the kernel",
            "the kernel is made wider by `dilation - 1` in all. Each gap between two "
            "cells grows by that much.",
            _size(
                lambda s: replace(s, kernel=s.kernel + s.dilation - 1, dilation=1).size
            ),
        ),
        Mistake(
            "dilation in place of its gaps",
            "the kernel is made wider by `dilation` for each gap. Dilation 1 means no "
            "gap at all.",
            _size(lambda s: replace(s, kernel=s.reach + s.kernel - 1, dilation=1).size),
        ),
        Mistake(
            "a negative size kept at 0",
            "there is no output here where the kernel is larger than the input. "
            "Padding can make room for it.",
            _size(lambda s: 0 if s.kernel > s.n else s.size),
        ),
    ),
    "The formula",
    elsewhere={"dilation": "Dilation: a kernel with holes"},
    defaults={"stride": 1, "padding": 0, "dilation": 1},
    also_right=(
        _size_by_places,
        _size_by_steps,
        _size(lambda s: int(s.left / s.stride + 1)),
        _size(lambda s: math.floor(s.left / s.stride) + 1),
    ),
)


# --- zero_pad ------------------------------------------------------------------------


def _frame(image: Tensor, top: int, bottom: int, left: int, right: int) -> Tensor:
    """Return an image with zeros around it, by concatenation."""
    above = image.new_zeros(top, image.shape[1])
    below = image.new_zeros(bottom, image.shape[1])
    image = torch.cat([above, image, below])
    before = image.new_zeros(image.shape[0], left)
    after = image.new_zeros(image.shape[0], right)
    return torch.cat([before, image, after], dim=1)


def _framed(image: Tensor, padding: Size) -> Tensor:
    h, w = _pair(padding)
    return _frame(image, h, h, w, w)


def _padded(change: Callable[[Tensor, int, int], Any]) -> Callable[..., Any]:
    """Return a `zero_pad`, right or wrong, that knows its padding as a pair."""
    return lambda image, padding: change(image, *_pair(padding))


def _into_zeros(image: Tensor, h: int, w: int) -> Tensor:
    rows, columns = image.shape
    out = torch.zeros(rows + 2 * h, columns + 2 * w, dtype=image.dtype)
    out[h : h + rows, w : w + columns] = image
    return out


def _negative_slice(image: Tensor, h: int, w: int) -> Tensor:
    out = image.new_zeros(image.shape[0] + 2 * h, image.shape[1] + 2 * w)
    out[h:-h, w:-w] = image
    return out


def _by_matrices(image: Tensor, h: int, w: int) -> Tensor:
    """Move the rows down and the columns to the right by products."""
    rows, columns = image.shape
    down = torch.eye(rows + 2 * h, dtype=image.dtype)[:, h : h + rows]
    right = torch.eye(columns + 2 * w, dtype=image.dtype)[w : w + columns]
    return down @ image @ right


def _by_cells(image: Tensor, h: int, w: int) -> Tensor:
    rows, columns = image.shape
    out = image.new_zeros(rows + 2 * h, columns + 2 * w)
    for i in range(rows):
        for j in range(columns):
            out[i + h, j + w] = image[i, j]
    return out


def _edge(image: Tensor, h: int, w: int) -> Tensor:
    rows = torch.arange(-h, image.shape[0] + h).clamp(0, image.shape[0] - 1)
    columns = torch.arange(-w, image.shape[1] + w).clamp(0, image.shape[1] - 1)
    return image[rows][:, columns]


def _changed(x: Tensor, result: Tensor) -> Tensor:
    with torch.no_grad():
        x.zero_()
    return result


def _ints_only(image: Tensor, padding: Any) -> Tensor:
    return _framed(image, padding + 0)


def _pairs_only(image: Tensor, padding: Any) -> Tensor:
    h, w = padding
    return _framed(image, (h, w))


_ZERO_PAD = Key(
    lambda image, padding: F.pad(image, [_pair(padding)[i] for i in (1, 1, 0, 0)]),
    (
        Mistake(
            "padding on one side only, before",
            "there are zeros above and on the left only. They belong on all four "
            "sides.",
            _padded(lambda x, h, w: _frame(x, h, 0, w, 0)),
        ),
        Mistake(
            "padding on one side only, after",
            "there are zeros below and on the right only. All four sides get them.",
            _padded(lambda x, h, w: _frame(x, 0, h, 0, w)),
        ),
        Mistake(
            "rows only",
            "only rows of zeros are added. Columns are asked for, too.",
            _padded(lambda x, h, w: _frame(x, h, h, 0, 0)),
        ),
        Mistake(
            "columns only",
            "only columns of zeros are added. Rows are asked for, too.",
            _padded(lambda x, h, w: _frame(x, 0, 0, w, w)),
        ),
        Mistake(
            "rows and columns swapped",
            "a padding of (height, width) is taken as (width, height).",
            _padded(lambda x, h, w: _frame(x, w, w, h, h)),
        ),
        Mistake(
            "square padding only, the height",
            "columns get as many zeros as rows. A padding can be (height, width).",
            _padded(lambda x, h, w: _frame(x, h, h, h, h)),
        ),
        Mistake(
            "square padding only, the width",
            "rows get as many zeros as columns. A padding can be (height, width).",
            _padded(lambda x, h, w: _frame(x, w, w, w, w)),
        ),
        Mistake(
            "pair taken as (before, after)",
            "the two numbers of a pair are taken as before and after. They are "
            "(height, width), each on both sides.",
            _padded(lambda x, a, b: _frame(x, a, b, a, b)),
        ),
        Mistake(
            "padding split in two",
            "the padding is shared between the two sides. Each side gets all of it.",
            _padded(lambda x, h, w: _frame(x, h // 2, h - h // 2, w // 2, w - w // 2)),
        ),
        Mistake(
            "padded twice",
            "each side gets twice the zeros asked for.",
            _padded(lambda x, h, w: _frame(x, 2 * h, 2 * h, 2 * w, 2 * w)),
        ),
        Mistake(
            "image in the upper left corner",
            "the size is right, but the image lies in the upper left corner, not in "
            "the middle.",
            _padded(lambda x, h, w: _frame(x, 0, 2 * h, 0, 2 * w)),
        ),
        Mistake(
            "image in the lower right corner",
            "the size is right, but the image lies in the lower right corner, not in "
            "the middle.",
            _padded(lambda x, h, w: _frame(x, 2 * h, 0, 2 * w, 0)),
        ),
        Mistake(
            "edge repeated",
            "the frame repeats the edge of the image. It must be zeros.",
            _padded(_edge),
        ),
        Mistake(
            "frame of ones",
            "the frame is of ones. It must be zeros.",
            _padded(
                lambda x, h, w: _framed(x, (h, w)) + 1 - _framed(x * 0 + 1, (h, w))
            ),
        ),
        Mistake(
            "empty for zeros",
            "the frame is NaN, which is no number. `torch.empty` takes memory with "
            "whatever lies there (the check puts NaN there); `torch.zeros` starts "
            "from 0.",
            _padded(
                lambda x, h, w: _framed(x, (h, w)) + (0 / _framed(x * 0 + 1, (h, w)))
            ),
        ),
        Mistake(
            "only the frame",
            "there are zeros alone: the image is missing in the middle.",
            _padded(lambda x, h, w: _framed(x, (h, w)) * 0),
        ),
        Mistake(
            "result transposed",
            "rows and columns of the result are swapped.",
            lambda image, padding: _framed(image, padding).T,
        ),
        Mistake(
            "axes of length one left",
            "the result has axes for batch and channel. An image (H, W) comes in and "
            "one goes out.",
            lambda image, padding: _framed(image, padding)[None, None],
        ),
        Mistake(
            "cut to whole numbers",
            "the result has a dtype for whole numbers. Take that of the image.",
            lambda image, padding: _framed(image, padding).long(),
        ),
        Mistake(
            "negative slice with a padding of 0",
            "a slice like `p:-p` is empty when `p` is 0. Say where the image ends by "
            "its own size.",
            _padded(_negative_slice),
        ),
        Mistake(
            "pair not handled",
            "`padding` is not always one int. It may be a pair (height, width).",
            _ints_only,
        ),
        Mistake(
            "int not handled",
            "`padding` is not always a pair. It may be one int for both axes.",
            _pairs_only,
        ),
        noticed(
            "input changed in place",
            "changed:image",
            lambda image, padding: _changed(image, _framed(image, padding).clone()),
        ),
        noticed(
            "gradient not able to flow",
            "cut:image",
            lambda image, padding: _framed(image.detach(), padding),
        ),
    ),
    "Padding: zeros around the picture",
    also_right=(
        _framed,
        _padded(_into_zeros),
        _padded(_by_matrices),
        _padded(_by_cells),
    ),
)


# --- conv2d --------------------------------------------------------------------------


@dataclass(frozen=True)
class _Given:
    """The arguments of `conv2d`, with pairs for stride and padding."""

    images: Tensor
    weight: Tensor
    bias: Tensor | None
    stride: tuple[int, int]
    padding: tuple[int, int]

    @property
    def padded(self) -> Tensor:
        ph, pw = self.padding
        return F.pad(self.images, (pw, pw, ph, ph))


def _windows(g: _Given) -> Tensor:
    """Return all windows (N, C, rows, columns, kh, kw)."""
    (kh, kw), (sh, sw) = g.weight.shape[2:], g.stride
    return g.padded.unfold(2, kh, sh).unfold(3, kw, sw)


def _plus(out: Tensor, bias: Tensor | None, times: float = 1) -> Tensor:
    return out if bias is None else out + times * bias[:, None, None]


def _conv(g: _Given) -> Tensor:
    out = torch.einsum("nchwij,ocij->nohw", _windows(g), g.weight)
    return _plus(out, g.bias)


def _cell_by_cell(g: _Given) -> Tensor:
    """Multiply the whole picture, shifted, by one weight after the other."""
    (kh, kw), (sh, sw), x = g.weight.shape[2:], g.stride, g.padded
    rows, columns = (x.shape[2] - kh) // sh + 1, (x.shape[3] - kw) // sw + 1
    out: Tensor | int = 0
    for i in range(kh):
        for j in range(kw):
            part = x[:, :, i : i + sh * rows : sh, j : j + sw * columns : sw]
            part = part[:, :, :rows, :columns]
            weight = g.weight[:, :, i, j]
            out = out + (part[:, None] * weight[:, :, None, None]).sum(2)
    assert isinstance(out, Tensor)
    return _plus(out, g.bias)


def _window_by_window(g: _Given) -> Tensor:
    (kh, kw), (sh, sw), x = g.weight.shape[2:], g.stride, g.padded
    rows = []
    for i in range(0, x.shape[2] - kh + 1, sh):
        row = []
        for j in range(0, x.shape[3] - kw + 1, sw):
            window = x[:, None, :, i : i + kh, j : j + kw]
            row.append((window * g.weight).sum(dim=(2, 3, 4)))
        rows.append(torch.stack(row, dim=2))
    return _plus(torch.stack(rows, dim=2), g.bias)


def _as_matrix(g: _Given) -> Tensor:
    x, (kh, kw), (sh, sw) = g.padded, g.weight.shape[2:], g.stride
    columns = F.unfold(x, (kh, kw), stride=(sh, sw))
    out = g.weight.flatten(1) @ columns
    rows = (x.shape[2] - kh) // sh + 1
    return _plus(out.unflatten(2, (rows, -1)), g.bias)


def _by_fourier(g: _Given) -> Tensor:
    x, (kh, kw), (sh, sw) = g.padded, g.weight.shape[2:], g.stride
    size = (x.shape[2] + kh - 1, x.shape[3] + kw - 1)
    turned = torch.fft.rfft2(g.weight.flip(2, 3), size)
    product = torch.einsum("nchw,ochw->nohw", torch.fft.rfft2(x, size), turned)
    full = torch.fft.irfft2(product, size)
    return _plus(full[:, :, kh - 1 : x.shape[2], kw - 1 : x.shape[3]][
        :, :, ::sh, ::sw], g.bias)  # fmt: skip


def _number_by_number(g: _Given) -> Tensor:
    """Sum up as the definition says; quick enough, for the cases are small."""
    (n, c), (o, _, kh, kw), x = g.images.shape[:2], g.weight.shape, g.padded
    rows = (x.shape[2] - kh) // g.stride[0] + 1
    columns = (x.shape[3] - kw) // g.stride[1] + 1
    out = x.new_zeros(n, o, rows, columns)
    for a in range(n):
        for b in range(o):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * g.stride[0], j * g.stride[1]
                    for k in range(c):
                        window = x[a, k, top : top + kh, left : left + kw]
                        out[a, b, i, j] += (window * g.weight[b, k]).sum()
                    if g.bias is not None:
                        out[a, b, i, j] += g.bias[b]
    return out


def _conv2d(change: Callable[[_Given], Tensor]) -> Callable[..., Tensor]:
    """Return a `conv2d`, right or wrong."""

    def answer(
        images: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Size = 1,
        padding: Size = 0,
    ) -> Tensor:
        return change(_Given(images, weight, bias, _pair(stride), _pair(padding)))

    return answer


def _partial_windows(g: _Given) -> Tensor:
    """Fill up with zeros until the last step, too, ends inside."""
    kernel, stride = g.weight.shape[2:], g.stride
    spare = [
        -(size - k) % s
        for size, k, s in zip(g.padded.shape[2:], kernel, stride, strict=True)
    ]
    more = F.pad(g.padded, (0, spare[1], 0, spare[0]))
    return _conv(replace(g, images=more, padding=(0, 0)))


def _one_sided(g: _Given) -> Tensor:
    ph, pw = g.padding
    return _conv(replace(g, images=F.pad(g.images, (pw, 0, ph, 0)), padding=(0, 0)))


def _edges(g: _Given) -> Tensor:
    ph, pw = g.padding
    images = F.pad(g.images, (pw, pw, ph, ph), mode="replicate")
    return _conv(replace(g, images=images, padding=(0, 0)))


def _square_kernels(g: _Given) -> Tensor:
    k, (sh, sw) = g.weight.shape[2], g.stride
    windows = g.padded.unfold(2, k, sh).unfold(3, k, sw)
    return _plus(torch.einsum("nchwij,ocij->nohw", windows, g.weight), g.bias)


def _square_images(g: _Given) -> Tensor:
    """Count the columns as if the picture were as wide as it is high."""
    (kh, kw), (sh, sw), x = g.weight.shape[2:], g.stride, g.padded
    rows = (x.shape[2] - kh) // sh + 1
    columns = (x.shape[2] - kw) // sw + 1
    out = x.new_zeros(x.shape[0], g.weight.shape[0], rows, columns)
    for i in range(rows):
        for j in range(columns):
            window = x[:, None, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
            out[:, :, i, j] = (window * g.weight).sum(dim=(2, 3, 4))
    return _plus(out, g.bias)


def _over_kernels(g: _Given) -> Tensor:
    """Add up each window's products for all kernels, and keep the channels apart."""
    (kh, kw), (sh, sw) = g.weight.shape[2:], g.stride
    windows = g.padded.unfold(2, kh, sh).unfold(3, kw, sw)
    return _plus(torch.einsum("nchwij,ocij->nchw", windows, g.weight), g.bias)


def _one_sum(g: _Given) -> Tensor:
    """Add up each window's products for all images and kernels at once."""
    (kh, kw), (sh, sw) = g.weight.shape[2:], g.stride
    windows = g.padded.unfold(2, kh, sh).unfold(3, kw, sw)
    total = torch.einsum("nchwij,ocij->hw", windows, g.weight)
    shape = len(g.images), len(g.weight), *total.shape
    return _plus(total.expand(shape), g.bias)


def _walked(
    g: _Given,
    place: Callable[[int, int], int] = lambda i, step: i * step,
    padding: tuple[int, int] | None = None,
    every: bool = False,
    start: float = 0.0,
) -> Tensor:
    """Walk over the places of the result; `place` says where a window starts."""
    (kh, kw), (sh, sw) = g.weight.shape[2:], g.stride
    x = g.padded if padding is None else replace(g, padding=padding).padded
    rows = (g.padded.shape[2] - kh) // sh + 1
    columns = (g.padded.shape[3] - kw) // sw + 1
    out = x.new_full((len(x), len(g.weight), rows, columns), start)
    for i in range(0, rows, sh if every else 1):
        for j in range(0, columns, sw if every else 1):
            top, left = place(i, sh), place(j, sw)
            window = x[:, None, :, top : top + kh, left : left + kw]
            out[:, :, i, j] += (window * g.weight).sum(dim=(2, 3, 4))
    return _plus(out, g.bias)


def _detached(g: _Given) -> Tensor | None:
    return None if g.bias is None else g.bias.detach()


def _only_ints(
    images: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
) -> Tensor:
    return _conv2d(_conv)(images, weight, bias, stride + 0, padding + 0)


def _only_pairs(
    images: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = (1, 1),
    padding: Any = (0, 0),
) -> Tensor:
    sizes = (stride[0], stride[1]), (padding[0], padding[1])
    return _conv2d(_conv)(images, weight, bias, *sizes)


def _along_columns(g: _Given) -> Tensor:
    out = _conv(replace(g, bias=None))
    return out if g.bias is None else out + g.bias


def _always_bias(g: _Given) -> Tensor:
    out = _conv(replace(g, bias=None))
    return out + g.bias[:, None, None]  # type: ignore[index]  # as with students


_CONV2D = Key(
    F.conv2d,
    (
        Mistake(
            "kernel flipped",
            "the kernel is turned by 180 degrees. In deep learning it is laid on as "
            "it is.",
            _conv2d(lambda g: _conv(replace(g, weight=g.weight.flip(2, 3)))),
        ),
        Mistake(
            "kernel transposed",
            "rows and columns of the kernel are swapped.",
            _conv2d(lambda g: _conv(replace(g, weight=g.weight.mT))),
        ),
        Mistake(
            "rows and columns swapped",
            "rows and columns of the result are swapped.",
            _conv2d(lambda g: _conv(g).mT),
        ),
        Mistake(
            "square kernels only",
            "the kernel is taken to be as wide as it is high. `weight` is "
            "(O, C, kh, kw).",
            _conv2d(_square_kernels),
        ),
        Mistake(
            "square images only",
            "the images are taken to be as wide as they are high.",
            _conv2d(_square_images),
        ),
        Mistake(
            "stride ignored",
            "`stride` has no effect: the window moves by 1.",
            _conv2d(lambda g: _conv(replace(g, stride=(1, 1)))),
        ),
        Mistake(
            "stride for rows only",
            "the stride acts on the rows; along the columns the window moves by 1.",
            _conv2d(lambda g: _conv(replace(g, stride=(g.stride[0], 1)))),
        ),
        Mistake(
            "stride for columns only",
            "the stride acts on the columns; down the rows the window moves by 1.",
            _conv2d(lambda g: _conv(replace(g, stride=(1, g.stride[1])))),
        ),
        Mistake(
            "square strides only",
            "the step along the columns is that of the rows. A stride can be "
            "(height, width).",
            _conv2d(lambda g: _conv(replace(g, stride=(g.stride[0],) * 2))),
        ),
        Mistake(
            "stride rows and columns swapped",
            "a stride of (height, width) is taken as (width, height).",
            _conv2d(lambda g: _conv(replace(g, stride=g.stride[::-1]))),
        ),
        Mistake(
            "window not moved by the stride",
            "the result has the size for this stride, but its windows lie side by side "
            "by 1. The window of place i starts at i times the stride.",
            _conv2d(lambda g: _walked(g, lambda i, step: i)),
        ),
        Mistake(
            "loop over the result with the stride",
            "only every so many places of the result are filled: the stride is the "
            "step "
            "of the loop over the *result*. It belongs to the window's place in the "
            "image.",
            _conv2d(lambda g: _walked(g, lambda i, step: i, every=True)),
        ),
        Mistake(
            "F.pad's order, the size right",
            "the padding lies on the wrong axis. `F.pad` takes (left, right, top, "
            "bottom): the last axis comes first.",
            _conv2d(lambda g: _walked(g, padding=g.padding[::-1])),
        ),
        Mistake(
            "empty for zeros",
            "all values are NaN, which is no number. `torch.empty` takes memory with "
            "whatever lies there (the check puts NaN there), and `+=` adds to it. "
            "`torch.zeros` starts from 0.",
            _conv2d(lambda g: _walked(g, start=float("nan"))),
        ),
        Mistake(
            "pixels skipped before the convolution",
            "the stride thins out the picture before the kernel sees it. The window "
            "jumps, but inside it all pixels count.",
            _conv2d(
                lambda g: _conv(
                    replace(
                        g,
                        images=g.padded[:, :, :: g.stride[0], :: g.stride[1]],
                        stride=(1, 1),
                        padding=(0, 0),
                    )
                )
            ),
        ),
        Mistake(
            "partial last window kept (ceil for floor)",
            "a window that reaches over the edge still gives a value. Only whole "
            "windows count.",
            _conv2d(_partial_windows),
        ),
        Mistake(
            "last row and column missing (off by one)",
            "the last row and the last column of the result are missing. Count the "
            "places once more.",
            _conv2d(lambda g: _conv(g)[:, :, :-1, :-1]),
        ),
        Mistake(
            "padding ignored",
            "`padding` has no effect.",
            _conv2d(lambda g: _conv(replace(g, padding=(0, 0)))),
        ),
        Mistake(
            "padding for rows only",
            "there is padding above and below, but none on the left and right.",
            _conv2d(lambda g: _conv(replace(g, padding=(g.padding[0], 0)))),
        ),
        Mistake(
            "padding for columns only",
            "there is padding on the left and right, but none above and below.",
            _conv2d(lambda g: _conv(replace(g, padding=(0, g.padding[1])))),
        ),
        Mistake(
            "square padding only",
            "the columns are padded like the rows. A padding can be (height, width).",
            _conv2d(lambda g: _conv(replace(g, padding=(g.padding[0],) * 2))),
        ),
        Mistake(
            "padding rows and columns swapped",
            "a padding of (height, width) is taken as (width, height). Mind that "
            "`F.pad` starts with the last axis.",
            _conv2d(lambda g: _conv(replace(g, padding=g.padding[::-1]))),
        ),
        Mistake(
            "padding on one side only",
            "there is padding above and on the left, but none below and on the right.",
            _conv2d(_one_sided),
        ),
        Mistake(
            "padding by repeating the edge",
            "the frame repeats the edge of the image. It must be zeros.",
            _conv2d(_edges),
        ),
        Mistake(
            "bias forgotten",
            "`bias` has no effect.",
            _conv2d(lambda g: _conv(replace(g, bias=None))),
        ),
        Mistake(
            "bias added once per channel",
            "the bias is added for every input channel. It comes once per value.",
            _conv2d(
                lambda g: _plus(_conv(replace(g, bias=None)), g.bias, g.weight.shape[1])
            ),
        ),
        Mistake(
            "bias added once per weight",
            "the bias is added for every weight of the kernel. One value gets it once.",
            _conv2d(
                lambda g: _plus(
                    _conv(replace(g, bias=None)), g.bias, g.weight[0].numel()
                )
            ),
        ),
        Mistake(
            "bias of the first kernel for all",
            "all kernels get the first one's bias. Each has its own.",
            _conv2d(
                lambda g: _conv(replace(g, bias=None if g.bias is None else g.bias[:1]))
            ),
        ),
        Mistake(
            "bias along the columns",
            "the bias is laid along the columns of the result. It belongs to the axis "
            "of the kernels.",
            _conv2d(_along_columns),
        ),
        Mistake(
            "truth of the bias",
            "`if bias` asks a tensor whether it is true. Ask whether it is None.",
            _conv2d(lambda g: _conv(g if g.bias else replace(g, bias=None))),
        ),
        Mistake(
            "no bias not handled",
            "`bias` may be None: then nothing is added.",
            _conv2d(_always_bias),
        ),
        Mistake(
            "only the first channel",
            "only the first channel of the images is looked at.",
            _conv2d(
                lambda g: _conv(
                    replace(g, images=g.images[:, :1], weight=g.weight[:, :1])
                )
            ),
        ),
        Mistake(
            "C_in forgotten: one kernel slice for all channels",
            "the kernel's first slice is laid on every channel. Each channel has a "
            "slice of its own.",
            _conv2d(
                lambda g: _conv(replace(g, weight=g.weight[:, :1].expand_as(g.weight)))
            ),
        ),
        Mistake(
            "mean over the channels",
            "the channels are averaged. They are summed up.",
            _conv2d(
                lambda g: _plus(
                    _conv(replace(g, bias=None)) / g.weight.shape[1], g.bias
                )
            ),
        ),
        Mistake(
            "mean of each window",
            "the products are averaged. They are summed up.",
            _conv2d(
                lambda g: _plus(
                    _conv(replace(g, bias=None)) / g.weight[0].numel(), g.bias
                )
            ),
        ),
        Mistake(
            "only the first kernel",
            "only the first kernel is used. Each gives a channel of the result.",
            _conv2d(lambda g: _conv(g)[:, :1]),
        ),
        Mistake(
            "kernels summed up",
            "the results of all kernels are added up. Each is a channel of its own.",
            _conv2d(lambda g: _conv(g).sum(1, keepdim=True)),
        ),
        Mistake(
            "sum over the kernels, not the channels",
            "the sum runs over the kernels and leaves the channels apart. Each kernel "
            "gives one map: add up its products over channels, rows and columns.",
            _conv2d(_over_kernels),
        ),
        Mistake(
            "one sum for all kernels and images",
            "every map gets the same number: `.sum()` also adds up the images and the "
            "kernels. Which axes of the product belong to one window?",
            _conv2d(_one_sum),
        ),
        Mistake(
            "only the first image",
            "only the first image of the batch comes back.",
            _conv2d(lambda g: _conv(g)[:1]),
        ),
        Mistake(
            "batch and channels swapped",
            "the axes of batch and channels are swapped. (N, O, rows, columns) is "
            "asked for.",
            _conv2d(lambda g: _conv(g).transpose(0, 1)),
        ),
        Mistake(
            "squeeze of everything",
            "`squeeze()` takes away axes that belong to the result: there are always "
            "four.",
            _conv2d(lambda g: _conv(g).squeeze()),
        ),
        Mistake(
            "pairs not handled",
            "`stride` and `padding` are not always ints. Each may be a pair "
            "(height, width).",
            _only_ints,
        ),
        Mistake(
            "ints not handled",
            "`stride` and `padding` are not always pairs. Each may be one int.",
            _only_pairs,
        ),
        noticed(
            "input changed in place",
            "changed:images",
            _conv2d(lambda g: _changed(g.images, _conv(g))),
        ),
        noticed(
            "weight changed in place",
            "changed:weight",
            _conv2d(lambda g: _changed(g.weight, _conv(g))),
        ),
        noticed(
            "gradient not able to flow",
            "cut:images",
            _conv2d(lambda g: _conv(g).detach()),
        ),
        noticed(
            "gradient not able to flow to the weight",
            "cut:weight",
            _conv2d(lambda g: _conv(replace(g, weight=g.weight.detach()))),
        ),
        noticed(
            "gradient not able to flow to the bias",
            "cut:bias",
            _conv2d(lambda g: _conv(replace(g, bias=_detached(g)))),
        ),
    ),
    "Padding and stride together",
    defaults={"bias": None, "stride": 1, "padding": 0},
    also_right=(
        _conv2d(_conv),
        _conv2d(_window_by_window),
        _conv2d(_cell_by_cell),
        _conv2d(_as_matrix),
        _conv2d(_by_fourier),
        _conv2d(_number_by_number),
    ),
)


# --- same_padding --------------------------------------------------------------------


def _same_by_torch(kernel_size: int, dilation: int = 1) -> tuple[int, int]:
    """Look where the first weight, alone not zero, carries the first pixel to."""
    total = dilation * (kernel_size - 1)
    row, cells = torch.zeros(1, 1, total + 1), torch.zeros(1, 1, kernel_size)
    row[..., 0] = cells[..., 0] = 1
    out = F.conv1d(row, cells, padding="same", dilation=dilation)
    before = int(out.argmax())
    return before, total - before


_SAME_PADDING = Key(
    _same_by_torch,
    (
        Mistake(
            "k // 2 on both sides",
            "`kernel_size // 2` on both sides is a well known rule, but it holds for "
            "odd kernels only, and without dilation.",
            lambda k, dilation=1: (k // 2, k // 2),
        ),
        Mistake(
            "d * (k // 2) on both sides",
            "both sides get `dilation * (kernel_size // 2)`. That is too much for an "
            "even kernel.",
            lambda k, dilation=1: (dilation * (k // 2),) * 2,
        ),
        Mistake(
            "both sides rounded down",
            "both sides are rounded down: the result is one short when an odd number "
            "is to be shared.",
            lambda k, dilation=1: (dilation * (k - 1) // 2,) * 2,
        ),
        Mistake(
            "both sides rounded up",
            "both sides are rounded up: the result is one too long when an odd number "
            "is to be shared.",
            lambda k, dilation=1: (-(-dilation * (k - 1) // 2),) * 2,
        ),
        Mistake(
            "both sides rounded down, without dilation",
            "both sides are rounded down, and `dilation` has no effect.",
            lambda k, dilation=1: ((k - 1) // 2,) * 2,
        ),
        Mistake(
            "extra one before",
            "the odd one is on the wrong side. Look where PyTorch puts it.",
            lambda k, dilation=1: (
                dilation * (k - 1) - dilation * (k - 1) // 2,
                dilation * (k - 1) // 2,
            ),
        ),
        Mistake(
            "extra one before, without dilation",
            "the odd one is on the wrong side, and `dilation` has no effect.",
            lambda k, dilation=1: (k // 2, (k - 1) // 2),
        ),
        Mistake(
            "dilation ignored",
            "`dilation` has no effect: a kernel with gaps reaches further.",
            lambda k, dilation=1: ((k - 1) // 2, k // 2),
        ),
        Mistake(
            "halved before the dilation",
            "the padding is halved first and stretched by the dilation afterwards, so "
            "that the sides differ by too much.",
            lambda k, dilation=1: (dilation * ((k - 1) // 2), dilation * (k // 2)),
        ),
        Mistake(
            "dilation times kernel",
            "a dilated kernel is taken as `dilation * kernel_size` wide. There is no "
            "gap after its last cell.",
            lambda k, dilation=1: ((dilation * k - 1) // 2, dilation * k // 2),
        ),
        Mistake(
            "dilation added to the kernel",
            "the kernel is made wider by `dilation - 1` in all. Each gap between two "
            "cells grows by that much.",
            lambda k, dilation=1: ((k + dilation - 2) // 2, (k + dilation - 1) // 2),
        ),
        Mistake(
            "floats",
            "the halves are floats, with a fraction for even kernels. Padding is "
            "counted in whole cells.",
            lambda k, dilation=1: (dilation * (k - 1) / 2,) * 2,
        ),
        Mistake(
            "floats with the right values",
            "the numbers are right, but at least one is a float. They must be ints.",
            lambda k, dilation=1: (
                float(dilation * (k - 1) // 2),
                float(-(-dilation * (k - 1) // 2)),
            ),
        ),
        Mistake(
            "all of it on each side",
            "each side gets all that is missing. The two sides share it.",
            lambda k, dilation=1: (dilation * (k - 1),) * 2,
        ),
        Mistake(
            "all of it after",
            "everything is added after. The two sides should differ by 1 at most.",
            lambda k, dilation=1: (0, dilation * (k - 1)),
        ),
        Mistake(
            "all of it before",
            "everything is added before. The two sides should differ by 1 at most.",
            lambda k, dilation=1: (dilation * (k - 1), 0),
        ),
        Mistake(
            "the whole kernel in place of k - 1",
            "the whole reach of the kernel is shared. Its first cell costs nothing.",
            lambda k, dilation=1: (
                (dilation * (k - 1) + 1) // 2,
                dilation * (k - 1) // 2 + 1,
            ),
        ),
        Mistake(
            "one number",
            "this is one number. A pair (before, after) is asked for.",
            lambda k, dilation=1: dilation * (k - 1) // 2,
            lambda values, case: values["result"].type in ("int", "float"),
        ),
        Mistake(
            "four numbers",
            "these are four numbers. One axis has two sides: (before, after).",
            lambda k, dilation=1: (dilation * (k - 1) // 2,) * 4,
            lambda values, case: values["result"].type in ("list", "array", "tensor"),
        ),
    ),
    '"valid" and "same"',
    defaults={"dilation": 1},
    also_right=(
        lambda k, dilation=1: [dilation * (k - 1) // 2, -(-dilation * (k - 1) // 2)],
        lambda k, dilation=1: (
            math.floor(dilation * (k - 1) / 2),
            math.ceil(dilation * (k - 1) / 2),
        ),
        lambda k, dilation=1: (
            len(range(1, dilation * (k - 1), 2)),
            len(range(0, dilation * (k - 1), 2)),
        ),
    ),
)


# --- shapes --------------------------------------------------------------------------

_SHAPES: dict[str, Any] = {
    "quiz": (2, 2),
    "big_kernel": (50, 50),
    "big_kernel_padded": (100, 100),
    "strided": (26, 26),
    "wrong_slide": (4, 4),
    "dilated": (15, 23),
}


def _but(name: str, height: Any, width: Any, what: str, hint: str) -> Mistake:
    """Return the right dict with one wrong entry."""
    return Mistake(f"{name}: {what}", hint, {**_SHAPES, name: (height, width)})


_START = "counts the steps of the kernel, but not the place where it starts."
_KEPT = "is the size of the input. Without padding the kernel has to fit inside it."

_SHAPES_KEY = Key(
    _SHAPES,
    (
        _but("quiz", 1, 1, "one too few", f"`quiz` {_START}"),
        _but("quiz", 3, 3, "the kernel", "`quiz` is the size of the kernel."),
        _but("quiz", 4, 4, "input size", f"`quiz` {_KEPT}"),
        _but("big_kernel", 49, 49, "one too few", f"`big_kernel` {_START}"),
        _but(
            "big_kernel", 51, 51, "one too many",
            "`big_kernel` has one place too many: the kernel must end inside, too.",
        ),
        _but("big_kernel", 100, 100, "input size", f"`big_kernel` {_KEPT}"),
        _but(
            "big_kernel_padded", 75, 75, "padding on one side only",
            "`big_kernel_padded` has padding on one side only.",
        ),
        _but(
            "big_kernel_padded", 50, 50, "padding ignored",
            "`big_kernel_padded` lacks its padding.",
        ),
        _but(
            "big_kernel_padded", 99, 99, "one too few",
            f"`big_kernel_padded` {_START}",
        ),
        _but("strided", 25, 25, "one too few", f"`strided` {_START}"),
        _but(
            "strided", 76, 76, "stride ignored",
            "`strided` is the size for a stride of 1.",
        ),
        _but(
            "strided", 33, 33, "kernel forgotten",
            "`strided` is the input's size over the stride: the kernel is left out.",
        ),
        _but(
            "strided", 34, 34, "kernel forgotten, rounded up",
            "`strided` counts every third pixel: the kernel is left out.",
        ),
        _but(
            "wrong_slide", 3, 3, "the slide's size",
            "`wrong_slide` is what the slide prints. Put the call's own stride and "
            "padding, on both sides, into the formula.",
        ),
        _but(
            "wrong_slide", 7, 7, "stride ignored",
            "`wrong_slide` is the size for a stride of 1.",
        ),
        _but(
            "wrong_slide", 5, 5, "one too many",
            "`wrong_slide` has one place too many.",
        ),
        _but(
            "dilated", 16, 24, "dilation ignored, or rounded up",
            "`dilated` is too large: either the gaps of the kernel are missing, or a "
            "half step is rounded up.",
        ),
        _but(
            "dilated", 15.5, 23.5, "not rounded",
            "`dilated` is not rounded.",
        ),
        _but(
            "dilated", 14, 22, "one too few",
            "`dilated` is too small: either the padding is missing, or the place where "
            "the kernel starts.",
        ),
        _but(
            "dilated", 30, 46, "stride ignored",
            "`dilated` is the size for a stride of 1.",
        ),
        _but(
            "dilated", 23, 15, "rows and columns swapped",
            "`dilated` has height and width swapped: the picture is wider than high.",
        ),
        _but(
            "dilated", 15, 15, "square inputs only",
            "`dilated` has the height twice: the picture is not square.",
        ),
        _but(
            "dilated", 23, 23, "square inputs only, the width",
            "`dilated` has the width twice: the picture is not square.",
        ),
    ),
    "The formula",
    each_case_alone=True,
    also_right=(
        {name: list(pair) for name, pair in _SHAPES.items()},
        {name: torch.Size(pair) for name, pair in _SHAPES.items()} | {"more": 1},
    ),
)  # fmt: skip


# --- corrected_output ----------------------------------------------------------------

_INPUT = torch.tensor(
    [[2.0, 4, 2], [3, 3, 4], [3, 2, 0], [4, 0, 4], [1, 4, 0]],
)
_KERNEL = torch.tensor([[1.0, 0, 1], [1, 1, 1], [0, 1, 0]])


def _grid(
    bias: float = 2,
    stride: Size = 2,
    padding: Size = 1,
    change: Callable[[_Given], Tensor] = _conv,
) -> Tensor:
    """Return the worked example's grid, or that of another setting."""
    image, kernel = _INPUT[None, None], _KERNEL[None, None]
    return _conv2d(change)(image, kernel, torch.tensor([bias]), stride, padding)[0, 0]


def _with_last(row: Tensor) -> Tensor:
    return torch.cat([_grid()[:2], row[None]])


_CORRECTED = Key(
    _grid(),
    (
        Mistake(
            "the printed grid",
            "this is the grid as the slide prints it. How many rows fit?",
            torch.tensor([[11.0, 12], [14, 11]]),
        ),
        Mistake(
            "stride ignored",
            "this is the grid of stride 1.",
            _grid(stride=1),
        ),
        Mistake(
            "stride for rows only",
            "the rows are skipped as they should be, the columns are not.",
            _grid(stride=(2, 1)),
        ),
        Mistake(
            "stride for columns only",
            "the columns are skipped as they should be, the rows are not.",
            _grid(stride=(1, 2)),
        ),
        Mistake(
            "padding ignored",
            "the padding is missing.",
            _grid(padding=0),
        ),
        Mistake(
            "padding on one side only",
            "there is padding above and on the left only.",
            _grid(change=_one_sided),
        ),
        Mistake(
            "padding for rows only",
            "there is padding above and below only.",
            _grid(padding=(1, 0)),
        ),
        Mistake(
            "padding for columns only",
            "there is padding on the left and right only.",
            _grid(padding=(0, 1)),
        ),
        Mistake(
            "padding by repeating the edge",
            "the frame repeats the edge of the picture. It must be zeros.",
            _grid(change=_edges),
        ),
        Mistake(
            "bias forgotten",
            "the bias is missing.",
            _grid(bias=0),
        ),
        Mistake(
            "bias forgotten in the last row",
            "the last row lacks its bias.",
            _with_last(_grid(bias=0)[2]),
        ),
        Mistake(
            "bias added once per weight",
            "the bias is added for every weight of the kernel. It comes once.",
            _grid(bias=18),
        ),
        Mistake(
            "kernel flipped",
            "the kernel is turned by 180 degrees. Lay it on as it is.",
            _grid(change=lambda g: _conv(replace(g, weight=g.weight.flip(2, 3)))),
        ),
        Mistake(
            "kernel transposed",
            "rows and columns of the kernel are swapped.",
            _grid(change=lambda g: _conv(replace(g, weight=g.weight.mT))),
        ),
        Mistake(
            "one step too short at the end",
            "the last row is that of a window one row too high: the stride holds for "
            "every step.",
            _with_last(_grid(stride=(1, 2))[3]),
        ),
        Mistake(
            "last row without the columns' stride",
            "the last row is taken from windows beside each other: it has a stride, "
            "too.",
            _with_last(_grid(stride=1)[4, :2]),
        ),
        Mistake(
            "rows and columns swapped",
            "rows and columns of the result are swapped.",
            _grid().T,
        ),
        Mistake(
            "axes of length one left",
            "the numbers are right, but there are axes of length 1 for batch and "
            "channel. A grid (rows, columns) is asked for.",
            _grid()[None, None],
        ),
        Mistake(
            "one axis of length one left",
            "the numbers are right, but there is an axis of length 1 for the channel. "
            "A grid (rows, columns) is asked for.",
            _grid()[None],
        ),
    ),
    "Padding and stride together",
    any_dtype=True,
    also_right=(_grid().long(), _grid(change=_window_by_window).double()),
)

KEYS = {
    "output_size": _OUTPUT_SIZE,
    "zero_pad": _ZERO_PAD,
    "conv2d": _CONV2D,
    "same_padding": _SAME_PADDING,
    "shapes": _SHAPES_KEY,
    "corrected_output": _CORRECTED,
}
