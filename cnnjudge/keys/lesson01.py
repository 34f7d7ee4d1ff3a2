"""Lesson 01: references and mistakes of convolution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnjudge.key import Key, Mistake, noticed
from cnnlib.checks.question import Case
from cnnlib.checks.values import PlainValue

Sliding = Callable[..., Tensor]
Match = Callable[[Mapping[str, PlainValue], Case], bool]
_FLOATS = {"float32", "float64"}
_RTOL, _ATOL = 1e-4, 1e-5
"""An answer may work in float32 on the way, as the lesson's loop does."""


def _found(values: Mapping[str, PlainValue]) -> np.ndarray | None:
    """Return the result as an array of float64, or None if it is no such tensor."""
    value = values["result"]
    if value.type != "tensor" or value.dtype not in _FLOATS:
        return None
    return np.asarray(value.data, dtype=np.float64)


def _same(found: np.ndarray | None, other: Tensor) -> bool:
    """Tell whether an array is a tensor's, as nearly as float32 can be."""
    if found is None or found.shape != tuple(other.shape):
        return False
    return bool(np.allclose(found, other.double().numpy(), 1e-4, 1e-4))


# -- vectors --------------------------------------------------------------------------


def _full(a: Tensor, b: Tensor) -> Tensor:
    """Add each shifted multiple of b; written without any library's convolution."""
    rows = torch.zeros(len(a), len(a) + len(b) - 1, dtype=a.dtype)
    for i in range(len(a)):
        rows[i, i : i + len(b)] = a[i] * b
    return rows.sum(0)


def _full_by_library(a: Tensor, b: Tensor) -> Tensor:
    turned = b.flip(0)[None, None]
    return F.conv1d(a[None, None], turned, padding=len(b) - 1)[0, 0]


def _full_by_fft(a: Tensor, b: Tensor) -> Tensor:
    n = len(a) + len(b) - 1
    return torch.fft.irfft(torch.fft.rfft(a, n) * torch.fft.rfft(b, n), n)


def _full_by_formula(a: Tensor, b: Tensor) -> Tensor:
    out = []
    for k in range(len(a) + len(b) - 1):
        pairs = [(i, k - i) for i in range(len(a)) if 0 <= k - i < len(b)]
        out.append(sum(a[i].item() * b[j].item() for i, j in pairs))
    return torch.tensor(out, dtype=a.dtype)


def _full_by_windows(a: Tensor, b: Tensor) -> Tensor:
    m = len(b)
    padded = torch.cat([torch.zeros(m - 1).to(a), a, torch.zeros(m - 1).to(a)])
    return padded.unfold(0, m, 1) @ b.flip(0)


def _wrapping(a: Tensor, b: Tensor) -> Tensor:
    """Let negative indices count from the end, as Python does."""
    out = torch.zeros(len(a) + len(b) - 1, dtype=a.dtype)
    for k in range(len(out)):
        for i in range(len(a)):
            if k - i < len(b):
                out[k] += a[i] * b[k - i]
    return out


def _around(a: Tensor, b: Tensor) -> Tensor:
    """Convolve on a circle as long as the longer vector."""
    n = max(len(a), len(b))
    full = F.pad(_full(a, b), (0, n))
    return full[:n] + full[n : 2 * n]


def _as_if_equal(a: Tensor, b: Tensor) -> Tensor:
    out = torch.zeros(2 * len(a) - 1, dtype=a.dtype)
    for i in range(len(a)):
        for j in range(len(b)):
            out[i + j] += a[i] * b[j]
    return out


def _overwritten(a: Tensor, b: Tensor) -> Tensor:
    out = torch.zeros(len(a) + len(b) - 1, dtype=a.dtype)
    for i in range(len(a)):
        for j in range(len(b)):
            out[i + j] = a[i] * b[j]
    return out


def _zeroed(x: Tensor, result: Tensor) -> Tensor:
    """Return a result that does not hang on x, and spoil x."""
    result = result.clone()
    with torch.no_grad():
        x.zero_()
    return result


def _is_overwritten(values: Mapping[str, PlainValue], case: Case) -> bool:
    a, b = case.args
    found = _found(values)
    return any(_same(found, x) for x in (_overwritten(a, b), _overwritten(b, a)))


def _is_valid_part(values: Mapping[str, PlainValue], case: Case) -> bool:
    """Only whole overlaps: of the turned vector, or of it as it is."""
    a, b = case.args
    found = _found(values)
    short, long = sorted((len(a), len(b)))
    inner = slice(short - 1, long)
    return any(_same(found, _full(a, x)[inner]) for x in (b, b.flip(0)))


def _valid_part(a: Tensor, b: Tensor) -> Tensor:
    return _full(a, b)[len(b) - 1 : len(a)]


def _is_same_part(values: Mapping[str, PlainValue], case: Case) -> bool:
    a, b = case.args
    found = _found(values)
    full, n = _full(a, b), max(len(a), len(b))
    cut = len(full) - n
    return any(_same(found, full[i : i + n]) for i in (cut // 2, (cut + 1) // 2))


def _same_part(a: Tensor, b: Tensor) -> Tensor:
    n = max(len(a), len(b))
    start = (len(a) + len(b) - 1 - n) // 2
    return _full(a, b)[start : start + n]


def _left_zero(x: Tensor) -> Tensor:
    out = x.clone()
    out[-1] = 0
    return out


_FULL = Key(
    _full_by_library,
    (
        Mistake(
            "kernel not flipped",
            "this is the cross-correlation: one vector slides as it is. A convolution "
            "turns it first.",
            lambda a, b: _full(a, b.flip(0)),
        ),
        Mistake(
            "result reversed",
            "the result stands back to front, or the first vector was turned.",
            lambda a, b: _full(a, b).flip(0),
        ),
        Mistake(
            "first vector flipped",
            "the first vector is turned, the second is not, and the formula turns "
            "nothing else. Compare its indices with yours.",
            lambda a, b: _full(a.flip(0), b),
        ),
        Mistake(
            "negative index counts from the end",
            "the index k - i becomes negative, and Python then counts from the end. "
            "Such products must be left out.",
            _wrapping,
        ),
        Mistake(
            "one value too many",
            "the result has one value too many. Lay two short vectors over each other "
            "and count the places where they meet.",
            lambda a, b: F.pad(_full(a, b), (0, 1)),
        ),
        Mistake(
            "last value missing",
            "the last value is missing: the two last entries meet, too.",
            lambda a, b: _full(a, b)[:-1],
        ),
        Mistake(
            "last value left at zero",
            "the last value is never filled: does your loop stop one too early?",
            lambda a, b: _left_zero(_full(a, b)),
        ),
        Mistake(
            "as long as if both were equal",
            "the length is worked out from the first vector alone. The two need not "
            "be equally long.",
            _as_if_equal,
        ),
        Mistake(
            "cut off at the first vector's length",
            "the result is cut off: it is only as long as the first vector.",
            lambda a, b: _full(a, b)[: len(a)],
        ),
        Mistake(
            "wraps around",
            "what runs over the end comes in again at the start. The result needs "
            "room for it instead.",
            _around,
        ),
        Mistake(
            "products never added",
            "every product stands by itself. Those that fall on the same place are "
            "to be added.",
            lambda a, b: torch.outer(a, b).flatten(),
        ),
        Mistake(
            "whole numbers only",
            "the result holds whole numbers: fractions are cut off. Give the new "
            "tensor the dtype of `a`.",
            lambda a, b: _full(a, b).long(),
        ),
        Mistake(
            "set for added",
            "a later product replaces an earlier one at the same place. Do you set "
            "where you should add?",
            _overwritten,
            _is_overwritten,
        ),
        Mistake(
            "whole overlaps only",
            "only the places where one vector lies wholly over the other are counted. "
            "The full convolution begins with a single pair.",
            _valid_part,
            _is_valid_part,
        ),
        Mistake(
            "middle part only",
            "only the middle part is returned, as long as the longer vector. The "
            "full convolution is longer.",
            _same_part,
            _is_same_part,
        ),
        noticed(
            "input changed in place",
            "changed:a",
            lambda a, b: _zeroed(a, _full(a, b)),
        ),
        noticed(
            "second input changed in place",
            "changed:b",
            lambda a, b: _zeroed(b, _full(a, b)),
        ),
    ),
    "Correlation and convolution",
    rtol=_RTOL,
    atol=_ATOL,
    also_right=(_full, _full_by_fft, _full_by_formula, _full_by_windows),
)

# -- one image, one kernel ------------------------------------------------------------


def _library2d(image: Tensor, kernel: Tensor, bias: float = 0.0) -> Tensor:
    return F.conv2d(image[None, None], kernel[None, None])[0, 0] + bias


def _correlate(image: Tensor, kernel: Tensor, bias: float = 0.0) -> Tensor:
    """Add the image, shifted and weighted, for every cell of the kernel."""
    (kh, kw), h = kernel.shape, image.shape[0] - kernel.shape[0] + 1
    w = image.shape[1] - kw + 1
    out = torch.zeros(h, w, dtype=image.dtype)
    for a in range(kh):
        for b in range(kw):
            out = out + kernel[a, b] * image[a : a + h, b : b + w]
    return out + bias


def _turned(kernel: Tensor) -> Tensor:
    return kernel.flip(0, 1)


def _by_item(image: Tensor, kernel: Tensor, bias: float = 0.0) -> Tensor:
    (height, width), (kh, kw) = image.shape, kernel.shape
    x, k = image.tolist(), kernel.tolist()
    rows = []
    for i in range(height - kh + 1):
        row = []
        for j in range(width - kw + 1):
            cells = [(a, b) for a in range(kh) for b in range(kw)]
            row.append(sum(x[i + a][j + b] * k[a][b] for a, b in cells) + bias)
        rows.append(row)
    return torch.tensor(rows, dtype=image.dtype)


def _by_window(image: Tensor, kernel: Tensor, bias: float = 0.0) -> Tensor:
    kh, kw = kernel.shape
    out = torch.empty(image.shape[0] - kh + 1, image.shape[1] - kw + 1)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + kh, j : j + kw] * kernel).sum() + bias
    return out


def _by_einsum(image: Tensor, kernel: Tensor, bias: float = 0.0) -> Tensor:
    windows = image.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)
    return torch.einsum("ijab,ab->ij", windows, kernel) + bias


def _by_columns(image: Tensor, kernel: Tensor, bias: float = 0.0) -> Tensor:
    columns = F.unfold(image[None, None], tuple(kernel.shape))[0]
    out = (kernel.reshape(1, -1) @ columns)[0]
    return out.reshape(image.shape[0] - kernel.shape[0] + 1, -1) + bias


def _by_spectrum(image: Tensor, kernel: Tensor) -> Tensor:
    """Convolve through the Fourier transform and keep the whole overlaps."""
    size = [n + k - 1 for n, k in zip(image.shape, kernel.shape, strict=True)]
    product = torch.fft.rfft2(image, size) * torch.fft.rfft2(kernel, size)
    full = torch.fft.irfft2(product, size)
    (kh, kw), (height, width) = kernel.shape, image.shape
    return full[kh - 1 : height, kw - 1 : width]


def _sizes(image: Tensor, kernel: Tensor) -> tuple[int, int, int, int]:
    """Return the size of the result and that of the kernel."""
    kh, kw = kernel.shape
    return image.shape[0] - kh + 1, image.shape[1] - kw + 1, kh, kw


def _walk(
    image: Tensor, kernel: Tensor, rows: int, columns: int, kh: int, kw: int
) -> Tensor:
    """Walk over rows x columns windows of kh x kw cells, wherever that leads."""
    out = torch.zeros(rows, columns, dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = (image[i : i + kh, j : j + kw] * kernel).sum()
    return out


def _square_image(image: Tensor, kernel: Tensor) -> Tensor:
    _, _, kh, kw = _sizes(image, kernel)
    height = image.shape[0]
    return _walk(image, kernel, height - kh + 1, height - kw + 1, kh, kw)


def _square_image_by_width(image: Tensor, kernel: Tensor) -> Tensor:
    _, _, kh, kw = _sizes(image, kernel)
    width = image.shape[1]
    return _walk(image, kernel, width - kh + 1, width - kw + 1, kh, kw)


def _square_kernel(image: Tensor, kernel: Tensor) -> Tensor:
    kh = kernel.shape[0]
    rows, columns = image.shape[0] - kh + 1, image.shape[1] - kh + 1
    return _walk(image, kernel, rows, columns, kh, kh)


def _square_kernel_by_width(image: Tensor, kernel: Tensor) -> Tensor:
    kw = kernel.shape[1]
    rows, columns = image.shape[0] - kw + 1, image.shape[1] - kw + 1
    return _walk(image, kernel, rows, columns, kw, kw)


def _both_square(image: Tensor, kernel: Tensor) -> Tensor:
    kh = kernel.shape[0]
    rows = image.shape[0] - kh + 1
    return _walk(image, kernel, rows, rows, kh, kh)


def _three_by_three(image: Tensor, kernel: Tensor) -> Tensor:
    return _walk(image, kernel, image.shape[0] - 2, image.shape[1] - 2, 3, 3)


def _three_in_the_slice(image: Tensor, kernel: Tensor) -> Tensor:
    rows, columns, _, _ = _sizes(image, kernel)
    return _walk(image, kernel, rows, columns, 3, 3)


def _end_not_moved(image: Tensor, kernel: Tensor) -> Tensor:
    rows, columns, kh, kw = _sizes(image, kernel)
    out = torch.zeros(rows, columns, dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = (image[i:kh, j:kw] * kernel).sum()
    return out


def _last_product(image: Tensor, kernel: Tensor) -> Tensor:
    _, _, kh, kw = _sizes(image, kernel)
    return image[kh - 1 :, kw - 1 :] * kernel[-1, -1]


def _sizes_swapped(image: Tensor, kernel: Tensor) -> Tensor:
    _, _, kh, kw = _sizes(image, kernel)
    rows, columns = image.shape[0] - kw + 1, image.shape[1] - kh + 1
    return _walk(image, kernel, rows, columns, kh, kw)


def _window_at_j_i(image: Tensor, kernel: Tensor) -> Tensor:
    rows, columns, kh, kw = _sizes(image, kernel)
    out = torch.zeros(rows, columns, dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = (image[j : j + kh, i : i + kw] * kernel).sum()
    return out


def _matrix_product(image: Tensor, kernel: Tensor) -> Tensor:
    rows, columns, kh, kw = _sizes(image, kernel)
    out = torch.zeros(rows, columns, dtype=image.dtype)
    for i in range(rows):
        for j in range(columns):
            out[i, j] = (image[i : i + kh, j : j + kw] @ kernel).sum()
    return out


def _jumping(image: Tensor, kernel: Tensor) -> Tensor:
    kh, kw = kernel.shape
    return _correlate(image, kernel)[::kh, ::kw]


def _left_empty(x: Tensor) -> Tensor:
    out = x.clone()
    out[-1], out[:, -1] = 0, 0
    return out


def _first_row_only(x: Tensor) -> Tensor:
    out = torch.zeros_like(x)
    out[0] = x[0]
    return out


def _padded(x: Tensor, kernel: Tensor) -> Tensor:
    """Put the result into zeros as large as the image was."""
    return F.pad(x, (0, kernel.shape[1] - 1, 0, kernel.shape[0] - 1))


def _framed(image: Tensor, kernel: Tensor) -> Tensor:
    """Put so many zeros around an image that every overlap counts."""
    h, w = kernel.shape[0] - 1, kernel.shape[1] - 1
    return F.pad(image, (w, w, h, h))


def _bias_of(case: Case) -> float:
    given = case.args[2] if len(case.args) > 2 else 0.0
    return float(case.kwargs.get("bias", given))


def _is_image_sized(values: Mapping[str, PlainValue], case: Case) -> bool:
    found = _found(values)
    image, kernel = case.args[:2]
    return (
        found is not None and found.shape == tuple(image.shape) and kernel.numel() > 1
    )


def _is_full_sized(values: Mapping[str, PlainValue], case: Case) -> bool:
    found = _found(values)
    pairs = zip(case.args[0].shape, case.args[1].shape, strict=True)
    wanted = tuple(n + k - 1 for n, k in pairs)
    return found is not None and found.shape == wanted and case.args[1].numel() > 1


def _is_started_only(turn: Callable[[Tensor], Tensor]) -> Match:
    """Match a result with nothing but zeros behind its first value or row."""

    def matches(values: Mapping[str, PlainValue], case: Case) -> bool:
        found = _found(values)
        image, kernel = case.args[:2]
        right = _correlate(image, turn(kernel), _bias_of(case))
        if found is None or found.shape != tuple(right.shape) or found[1:].any():
            return False
        first = torch.zeros_like(right)
        first[0, 0] = right[0, 0]
        return _same(found, _first_row_only(right)) or _same(found, first)

    return matches


def _by_indices_transposed(image: Tensor, kernel: Tensor) -> Tensor:
    rows, columns, kh, kw = _sizes(image, kernel)
    out = torch.zeros(rows, columns, dtype=image.dtype)
    for a in range(kh):
        for b in range(kw):
            out = out + kernel[b, a] * image[a : a + rows, b : b + columns]
    return out


def _sliding_mistakes(turn: Callable[[Tensor], Tensor]) -> tuple[Mistake, ...]:
    """Return the mistakes of both tasks; the kernel is turned by `turn` first."""

    def of(made: Callable[[Tensor, Tensor], Tensor]) -> Sliding:
        def answer(image: Tensor, kernel: Tensor, bias: float = 0.0) -> Tensor:
            return made(image, turn(kernel)) + bias

        return answer

    def spoils(which: int) -> Sliding:
        def answer(image: Tensor, kernel: Tensor, bias: float = 0.0) -> Tensor:
            result = _correlate(image, turn(kernel), bias)
            return _zeroed((image, kernel)[which], result)

        return answer

    def after(change: Callable[[Tensor], Tensor]) -> Sliding:
        def answer(image: Tensor, kernel: Tensor, bias: float = 0.0) -> Tensor:
            return change(_correlate(image, turn(kernel), bias))

        return answer

    def not_reset(image: Tensor, kernel: Tensor) -> Tensor:
        right = _correlate(image, kernel)
        return right.flatten().cumsum(0).reshape(right.shape)

    return (
        Mistake(
            "result transposed",
            "rows and columns of the result are swapped.",
            after(lambda x: x.T),
        ),
        Mistake(
            "window at (j, i)",
            "the window goes down where it should go right: rows and columns of its "
            "place are swapped.",
            of(_window_at_j_i),
        ),
        Mistake(
            "square images only",
            "the height of the image is used for its width, too. Images need not be "
            "square.",
            of(_square_image),
        ),
        Mistake(
            "square images only, by width",
            "the width of the image is used for its height, too. Images need not be "
            "square.",
            of(_square_image_by_width),
        ),
        Mistake(
            "square kernels only",
            "the height of the kernel is used for its width, too. Kernels need not be "
            "square.",
            of(_square_kernel),
        ),
        Mistake(
            "square kernels only, by width",
            "the width of the kernel is used for its height, too. Kernels need not be "
            "square.",
            of(_square_kernel_by_width),
        ),
        Mistake(
            "square images and kernels only",
            "heights are used for widths, too, in the image and in the kernel. "
            "Neither need be square.",
            of(_both_square),
        ),
        Mistake(
            "kernels of 3x3 only",
            "the size 3 is written into the code. Ask the kernel for its size.",
            of(_three_by_three),
        ),
        Mistake(
            "a slice of 3x3 whatever the kernel",
            "the slice is 3 x 3 whatever the kernel is; the size of the result is "
            "right. "
            "Ask the kernel for its size there, too.",
            of(_three_in_the_slice),
        ),
        Mistake(
            "end of the slice does not move",
            "the start of the slice moves with the window, its end does not.",
            of(_end_not_moved),
        ),
        Mistake(
            "last product only",
            "of each window only the last product is left. Is it set (`=`) where it "
            "should be added (`+=`)?",
            of(_last_product),
        ),
        Mistake(
            "empty for zeros",
            "all values are NaN, which is no number. `torch.empty` takes memory with "
            "whatever lies there (the check puts NaN there), and `+=` adds to it. "
            "`torch.zeros` starts from 0.",
            of(lambda image, kernel: _correlate(image, kernel) * float("nan")),
        ),
        Mistake(
            "kernel's height and width swapped in the size",
            "in the size of the result the kernel's height and width are swapped.",
            of(_sizes_swapped),
        ),
        Mistake(
            "mean for sum",
            "this is the mean of each window's products; their sum is asked for.",
            of(lambda image, kernel: _correlate(image, kernel) / kernel.numel()),
        ),
        Mistake(
            "matrix product",
            "`@` is the matrix product. The window and the kernel are multiplied cell "
            "by cell.",
            of(_matrix_product),
        ),
        Mistake(
            "last row and column missing",
            "the last row and column are missing: count the places of the window once "
            "more.",
            after(lambda x: x[:-1, :-1]),
        ),
        Mistake(
            "last row and column left empty",
            "the last row and column are never filled: do your loops stop one too "
            "early?",
            after(_left_empty),
        ),
        Mistake(
            "window jumps",
            "the window jumps by its own size. It should move by one cell.",
            of(_jumping),
        ),
        Mistake(
            "sum not reset",
            "each value holds the earlier ones, too. Does the sum start again from "
            "zero for every window?",
            of(not_reset),
        ),
        Mistake(
            "whole numbers only",
            "the result holds whole numbers: fractions are cut off. Give the new "
            "tensor the dtype of `image`.",
            after(lambda x: x.long()),
        ),
        noticed(
            "input changed in place",
            "changed:image",
            spoils(0),
        ),
        noticed(
            "kernel changed in place",
            "changed:kernel",
            spoils(1),
        ),
        Mistake(
            "return inside the loop",
            "the rest of the result is empty: `return` is indented too far and ends "
            "the loop, or the loop skips the other rows.",
            after(_first_row_only),
            _is_started_only(turn),
        ),
        Mistake(
            "as large as the image",
            "the result is as large as the image. Nothing is put around it here: only "
            "windows that lie wholly inside count.",
            lambda image, kernel, bias=0.0: _padded(
                _correlate(image, turn(kernel), bias), kernel
            ),
            _is_image_sized,
        ),
        Mistake(
            "full size",
            "the result is larger than the image: windows that reach over the edge "
            "are counted. Only those that lie wholly inside count.",
            of(lambda image, kernel: _correlate(_framed(image, kernel), kernel)),
            _is_full_sized,
        ),
    )


_CORRELATE = Key(
    _library2d,
    (
        Mistake(
            "kernel flipped",
            "the kernel is turned before it slides. Cross-correlation lays it down as "
            "it is.",
            lambda image, kernel, bias=0.0: _correlate(image, _turned(kernel), bias),
        ),
        Mistake(
            "bias forgotten",
            "the bias is left out.",
            lambda image, kernel, bias=0.0: _correlate(image, kernel),
        ),
        Mistake(
            "bias once per weight",
            "the bias is added once for every weight. It is added once for every "
            "window, after the sum.",
            lambda image, kernel, bias=0.0: _correlate(
                image, kernel, bias * kernel.numel()
            ),
        ),
        Mistake(
            "bias only once",
            "only the first value gets the bias. Every value gets it.",
            lambda image, kernel, bias=0.0: _first_biased(
                _correlate(image, kernel), bias
            ),
        ),
        *_sliding_mistakes(lambda kernel: kernel),
        Mistake(
            "kernel transposed",
            "rows and columns of the kernel are swapped.",
            lambda image, kernel, bias=0.0: _correlate(image, kernel.T, bias),
        ),
        Mistake(
            "kernel's indices swapped",
            "where a number of the kernel is taken, its row and column are swapped.",
            lambda image, kernel, bias=0.0: (
                _by_indices_transposed(image, kernel) + bias
            ),
        ),
    ),
    "Our own loop",
    rtol=_RTOL,
    atol=_ATOL,
    also_right=(_correlate, _by_item, _by_window, _by_einsum, _by_columns),
    defaults={"bias": 0.0},
)


def _first_biased(x: Tensor, bias: float) -> Tensor:
    x[0, 0] += bias
    return x


_CONVOLVE = Key(
    lambda image, kernel: _library2d(image, _turned(kernel)),
    (
        Mistake(
            "kernel not flipped",
            "the kernel slides as it is: that is the cross-correlation. The true "
            "convolution turns it first. (`flip` gives a new tensor and leaves the old "
            "one as it is.)",
            _correlate,
        ),
        Mistake(
            "only rows flipped",
            "the kernel is turned upside down only. Half a turn changes the order of "
            "the columns, too.",
            lambda image, kernel: _correlate(image, kernel.flip(0)),
        ),
        Mistake(
            "only columns flipped",
            "the kernel is turned left to right only. Half a turn changes the order "
            "of the rows, too.",
            lambda image, kernel: _correlate(image, kernel.flip(1)),
        ),
        Mistake(
            "image turned",
            "it is the image that is turned, not the kernel.",
            lambda image, kernel: _correlate(_turned(image), kernel),
        ),
        Mistake(
            "image and kernel turned",
            "this is the cross-correlation, turned by 180 degrees: the result was "
            "turned, or image and kernel both. Turn the kernel alone, before it "
            "slides.",
            lambda image, kernel: _correlate(_turned(image), _turned(kernel)),
        ),
        *_sliding_mistakes(_turned),
        Mistake(
            "kernel transposed",
            "the kernel is transposed. That is no half turn: mark a corner of the "
            "kernel and see where it goes.",
            lambda image, kernel: _correlate(image, kernel.T),
        ),
        Mistake(
            "quarter turn to the left",
            "the kernel is turned by 90 degrees, to the left. Half a turn is 180.",
            lambda image, kernel: _correlate(image, torch.rot90(kernel, 1)),
        ),
        Mistake(
            "quarter turn to the right",
            "the kernel is turned by 90 degrees, to the right. Half a turn is 180.",
            lambda image, kernel: _correlate(image, torch.rot90(kernel, -1)),
        ),
        Mistake(
            "kernel turned and transposed",
            "the kernel is turned, and transposed as well. The turn alone will do.",
            lambda image, kernel: _correlate(image, _turned(kernel).T),
        ),
    ),
    "What the turn does",
    rtol=_RTOL,
    atol=_ATOL,
    also_right=(
        lambda image, kernel: _correlate(image, torch.rot90(kernel, 2)),
        lambda image, kernel: _by_item(image, _turned(kernel)),
        lambda image, kernel: _turned(_correlate(_turned(image), kernel)),
        _by_spectrum,
    ),
)

# -- batches, channels and several kernels --------------------------------------------


def _layer(images: Tensor, weight: Tensor, bias: Tensor | float = 0.0) -> Tensor:
    """Add the shifted images for every cell; (O,) becomes (O, 1, 1) for the bias."""
    h = images.shape[2] - weight.shape[2] + 1
    w = images.shape[3] - weight.shape[3] + 1
    out = torch.zeros(len(images), len(weight), h, w, dtype=images.dtype)
    for a in range(weight.shape[2]):
        for b in range(weight.shape[3]):
            part = images[:, :, a : a + h, b : b + w]
            out = out + torch.einsum("nchw,oc->nohw", part, weight[:, :, a, b])
    return out + (bias[:, None, None] if isinstance(bias, Tensor) else bias)


def _layer_by_stacks(images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    batch = []
    for image in images:
        maps = []
        for one, b in zip(weight, bias, strict=True):
            slices = zip(image, one, strict=True)
            maps.append(torch.stack([_correlate(x, k) for x, k in slices]).sum(0) + b)
        batch.append(torch.stack(maps))
    return torch.stack(batch)


def _layer_by_loops(images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    kh, kw = weight.shape[2:]
    h, w = images.shape[2] - kh + 1, images.shape[3] - kw + 1
    out = torch.zeros(len(images), len(weight), h, w, dtype=images.dtype)
    for n in range(len(images)):
        for o in range(len(weight)):
            for i in range(h):
                for j in range(w):
                    window = images[n, :, i : i + kh, j : j + kw]
                    out[n, o, i, j] = (window * weight[o]).sum() + bias[o]
    return out


def _layer_by_columns(images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    columns = F.unfold(images, tuple(weight.shape[2:]))
    out = weight.flatten(1) @ columns + bias[:, None]
    h = images.shape[2] - weight.shape[2] + 1
    return out.reshape(len(images), len(weight), h, -1)


def _layer_by_windows(images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    windows = images.unfold(2, weight.shape[2], 1).unfold(3, weight.shape[3], 1)
    maps = torch.tensordot(windows, weight, dims=([1, 4, 5], [1, 2, 3]))
    return maps.movedim(-1, 1) + bias.reshape(1, -1, 1, 1)


def _image_by_image(
    walk: Callable[[Tensor, Tensor], Tensor],
) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Build a layer from a walk over one image with one kernel slice."""

    def answer(images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        batch = []
        for image in images:
            maps = []
            for one, b in zip(weight, bias, strict=True):
                slices = zip(image, one, strict=True)
                maps.append(torch.stack([walk(x, k) for x, k in slices]).sum(0) + b)
            batch.append(torch.stack(maps))
        return torch.stack(batch)

    return answer


def _weight_at_c_o(images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    batch = []
    for image in images:
        maps = []
        for o in range(len(weight)):
            parts = [_correlate(image[c], weight[c, o]) for c in range(len(image))]
            maps.append(torch.stack(parts).sum(0) + bias[o])
        batch.append(torch.stack(maps))
    return torch.stack(batch)


def _is_images_sized(values: Mapping[str, PlainValue], case: Case) -> bool:
    found = _found(values)
    images, weight = case.args[:2]
    wanted = (len(images), len(weight), *images.shape[2:])
    return found is not None and found.shape == wanted and weight[0, 0].numel() > 1


def _layer_spoiling(which: int) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    def answer(images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        result = _layer(images, weight, bias)
        return _zeroed((images, weight, bias)[which], result)

    return answer


_CHANNELS = Key(
    lambda images, weight, bias: F.conv2d(images, weight, bias),
    (
        Mistake(
            "kernel flipped",
            "the kernels are turned before they slide. Deep learning's convolution "
            "lays them down as they are.",
            lambda images, weight, bias: _layer(images, weight.flip(2, 3), bias),
        ),
        Mistake(
            "bias forgotten",
            "the bias is left out.",
            lambda images, weight, bias: _layer(images, weight),
        ),
        Mistake(
            "bias once per channel",
            "the bias is added once for every input channel. Add it once, after the "
            "sum over the channels.",
            lambda images, weight, bias: _layer(images, weight, bias * weight.shape[1]),
        ),
        Mistake(
            "bias once per weight",
            "the bias is added once for every weight. Add it once, after all sums.",
            lambda images, weight, bias: _layer(
                images, weight, bias * weight[0].numel()
            ),
        ),
        Mistake(
            "one bias for all kernels",
            "every kernel gets the first bias. Each has one of its own.",
            lambda images, weight, bias: _layer(images, weight) + bias[0],
        ),
        Mistake(
            "all biases added to each map",
            "each map gets the sum of all biases. Each kernel has one of its own.",
            lambda images, weight, bias: _layer(images, weight) + bias.sum(),
        ),
        Mistake(
            "bias along the columns",
            "the bias is spread over the columns: (O,) meets the last axis. It "
            "belongs to the axis of the kernels.",
            lambda images, weight, bias: _layer(images, weight) + bias,
        ),
        Mistake(
            "bias along the rows",
            "the bias is spread over the rows. It belongs to the axis of the kernels.",
            lambda images, weight, bias: _layer(images, weight) + bias[:, None],
        ),
        Mistake(
            "bias along the batch",
            "the bias is spread over the images of the batch. It belongs to the axis "
            "of the kernels.",
            lambda images, weight, bias: (
                _layer(images, weight) + bias[:, None, None, None]
            ),
        ),
        Mistake(
            "only the first channel",
            "only the first input channel is used. All of them add to each map.",
            lambda images, weight, bias: _layer(images[:, :1], weight[:, :1], bias),
        ),
        Mistake(
            "only the last channel",
            "only the last input channel is used. Does each channel replace the one "
            "before, where it should be added?",
            lambda images, weight, bias: _layer(images[:, -1:], weight[:, -1:], bias),
        ),
        Mistake(
            "one slice for all channels",
            "a kernel's first slice is used on every channel. Each channel has a "
            "slice of its own.",
            lambda images, weight, bias: _layer(
                images, weight[:, :1].expand_as(weight), bias
            ),
        ),
        Mistake(
            "first channel under every slice",
            "every slice slides over the first channel. Each has a channel of its own.",
            lambda images, weight, bias: _layer(
                images[:, :1].expand_as(images), weight, bias
            ),
        ),
        Mistake(
            "mean over channels",
            "the channels are averaged; their sum is asked for.",
            lambda images, weight, bias: _layer(images, weight / weight.shape[1], bias),
        ),
        Mistake(
            "mean for sum",
            "this is the mean of all products; their sum is asked for.",
            lambda images, weight, bias: _layer(
                images, weight / weight[0].numel(), bias
            ),
        ),
        Mistake(
            "channels kept apart",
            "the result still has an axis for the input channels. They are to be "
            "added up.",
            lambda images, weight, bias: (
                torch.stack(
                    [
                        _layer(images[:, [c]], weight[:, [c]])
                        for c in range(images.shape[1])
                    ],
                    2,
                )
                + bias[:, None, None, None]
            ),
        ),
        Mistake(
            "only the first kernel",
            "only the first kernel's map comes back. Every kernel makes one.",
            lambda images, weight, bias: _layer(images, weight[:1], bias[:1]),
        ),
        Mistake(
            "maps of all kernels added",
            "the maps of the kernels are added up. Each is an output channel.",
            lambda images, weight, bias: _layer(images, weight, bias).sum(
                1, keepdim=True
            ),
        ),
        Mistake(
            "only the first image",
            "only the first image of the batch comes back.",
            lambda images, weight, bias: _layer(images[:1], weight, bias),
        ),
        Mistake(
            "axes of images and kernels swapped",
            "the first two axes of the result are swapped: images first, then kernels.",
            lambda images, weight, bias: _layer(images, weight, bias).transpose(0, 1),
        ),
        Mistake(
            "weight's axes swapped",
            "the weight is read as (C, O, ...). It comes as (O, C, ...).",
            lambda images, weight, bias: _layer(images, weight.transpose(0, 1), bias),
        ),
        Mistake(
            "weight taken at (c, o)",
            "the weight is indexed by (channel, kernel). Its axes are (O, C, kh, kw): "
            "the "
            "kernel comes first.",
            _weight_at_c_o,
        ),
        Mistake(
            "kernel transposed",
            "rows and columns of the kernels are swapped.",
            lambda images, weight, bias: _layer(images, weight.mT, bias),
        ),
        Mistake(
            "result transposed",
            "rows and columns of the maps are swapped.",
            lambda images, weight, bias: _layer(images, weight, bias).mT,
        ),
        Mistake(
            "square images only",
            "the height of the images is used for their width, too. Images need not "
            "be square.",
            _image_by_image(_square_image),
        ),
        Mistake(
            "square images only, by width",
            "the width of the images is used for their height, too. Images need not "
            "be square.",
            _image_by_image(_square_image_by_width),
        ),
        Mistake(
            "square kernels only",
            "the height of the kernels is used for their width, too. Kernels need not "
            "be square.",
            _image_by_image(_square_kernel),
        ),
        Mistake(
            "square kernels only, by width",
            "the width of the kernels is used for their height, too. Kernels need not "
            "be square.",
            _image_by_image(_square_kernel_by_width),
        ),
        Mistake(
            "square images and kernels only",
            "heights are used for widths, too, in the images and in the kernels. "
            "Neither need be square.",
            _image_by_image(_both_square),
        ),
        Mistake(
            "last row and column missing",
            "the last row and column are missing: count the places of the window once "
            "more.",
            lambda images, weight, bias: _layer(images, weight, bias)[..., :-1, :-1],
        ),
        Mistake(
            "negative responses cut off",
            "negative values have become 0. The ReLU is a layer of its own and comes "
            "later.",
            lambda images, weight, bias: _layer(images, weight, bias).relu(),
        ),
        noticed(
            "input changed in place",
            "changed:images",
            _layer_spoiling(0),
        ),
        noticed(
            "weight changed in place",
            "changed:weight",
            _layer_spoiling(1),
        ),
        noticed(
            "gradient not able to flow",
            "cut:images",
            lambda images, weight, bias: _layer(images, weight, bias).detach(),
        ),
        noticed(
            "gradient not able to flow to the weight",
            "cut:weight",
            lambda images, weight, bias: _layer(images, weight.detach(), bias),
        ),
        noticed(
            "gradient not able to flow to the bias",
            "cut:bias",
            lambda images, weight, bias: _layer(images, weight, bias.detach()),
        ),
        Mistake(
            "as large as the images",
            "the maps are as large as the images. Nothing is put around them here: "
            "only windows that lie wholly inside count.",
            lambda images, weight, bias: _padded(
                _layer(images, weight, bias), weight[0, 0]
            ),
            _is_images_sized,
        ),
    ),
    "The equation in PyTorch's documentation",
    rtol=_RTOL,
    atol=_ATOL,
    also_right=(
        _layer,
        _layer_by_stacks,
        _layer_by_loops,
        _layer_by_columns,
        _layer_by_windows,
    ),
)

# -- a kernel that is judged by what it does ------------------------------------------


def _response(kernel: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Return the cross-correlation of a picture with a 3x3 kernel."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3))
    return np.asarray((windows * kernel).sum((-2, -1)))


def _kernel_in(values: Mapping[str, PlainValue]) -> np.ndarray:
    """Return the kernel as float64; raises ValueError if it is no 3x3 tensor."""
    value = values["kernel"]
    if value.type != "tensor" or value.shape != (3, 3) or value.data.dtype.kind == "c":
        raise ValueError("no kernel of 3x3")
    return np.asarray(value.data, dtype=np.float64)


def _fits(kernel: np.ndarray, wanted: str, picture: np.ndarray) -> bool:
    """Tell whether the response is nothing ("flat"), or positive at the "edge".

    At the edge of a row some value must be above zero, and none anywhere below.
    """
    little = 1e-5 * np.abs(kernel).sum() * np.abs(picture).max()
    response = _response(kernel, picture)
    if wanted == "flat":
        return bool((np.abs(response) <= little).all())
    contrast = 1e-3 * np.abs(kernel).sum() * (picture.max() - picture.min())
    return bool((response.max(1) > contrast).all() and (response >= -little).all())


def _kernel_fits(values: Mapping[str, PlainValue], case: Case) -> bool:
    return _fits(
        _kernel_in(values), case.facts_for_judge, case.probe[0].double().numpy()
    )


def _finds(kernel: np.ndarray) -> bool:
    """Tell whether a kernel finds vertical edges, and only from dark to bright."""
    ones = np.ones((4, 4))
    right, below = np.arange(4.0) * ones, np.arange(4.0)[:, None] * ones
    flat = [ones, (below >= 2) * ones]
    return all(_fits(kernel, "flat", picture) for picture in flat) and _fits(
        kernel, "edge", (right >= 2) * ones
    )


def _is_kernel(told: Callable[[np.ndarray], bool]) -> Match:
    return lambda values, case: told(_kernel_in(values))


def _sums_to_zero(kernel: np.ndarray) -> bool:
    return bool(abs(kernel.sum()) <= 1e-5 * np.abs(kernel).sum())


def _rows_sum_to_zero(kernel: np.ndarray) -> bool:
    return bool((np.abs(kernel.sum(1)) <= 1e-5 * np.abs(kernel).sum()).all())


def _is_outline(kernel: np.ndarray) -> bool:
    same = np.allclose(kernel, kernel[::-1, ::-1]) and np.allclose(kernel, kernel.T)
    return same and _sums_to_zero(kernel) and not _rows_sum_to_zero(kernel)


def _made(*rows: list[float]) -> Callable[[], Tensor]:
    return lambda: torch.tensor(rows, dtype=torch.float32)


def _kernel_mistake(
    name: str, hint: str, told: Callable[[np.ndarray], bool], *rows: list[float]
) -> Mistake:
    return Mistake(name, hint, _made(*rows), _is_kernel(told))


_VERTICAL = Key(
    _made([-1, 0, 1], [-1, 0, 1], [-1, 0, 1]),
    (
        _kernel_mistake(
            "all zeros",
            "a kernel of zeros answers to nothing, so it finds no edge either.",
            lambda k: not k.any(),
            [0, 0, 0], [0, 0, 0], [0, 0, 0],
        ),
        _kernel_mistake(
            "other sign",
            "it finds vertical edges, but its answer is negative where dark turns "
            "bright. The well-known kernel is made for the convolution that turns it; "
            "here nothing is turned.",
            lambda k: _finds(-k),
            [1, 0, -1], [1, 0, -1], [1, 0, -1],
        ),
        _kernel_mistake(
            "kernel transposed",
            "it finds horizontal edges: rows and columns of the kernel are swapped.",
            lambda k: _finds(k.T) or _finds(-k.T),
            [-1, -1, -1], [0, 0, 0], [1, 1, 1],
        ),
        _kernel_mistake(
            "weights do not add up to zero",
            "it answers to a flat picture, where there is no edge. Which sum makes "
            "that answer?",
            lambda k: not _sums_to_zero(k),
            [-1, 0, 1], [-1, 1, 1], [-1, 0, 1],
        ),
        _kernel_mistake(
            "outline kernel",
            "it answers to edges of every direction. Vertical ones alone are asked "
            "for.",
            _is_outline,
            [-1, -1, -1], [-1, 8, -1], [-1, -1, -1],
        ),
        _kernel_mistake(
            "answers to horizontal edges, too",
            "it answers to horizontal edges, too. Lay each row of it on a row of "
            "equal pixels: what should come out?",
            lambda k: not _rows_sum_to_zero(k),
            [-2, -1, 0], [-1, 0, 1], [0, 1, 2],
        ),
        _kernel_mistake(
            "rows cancel",
            "its rows cancel one another: on a vertical edge nothing is left.",
            lambda k: bool((np.abs(k.sum(0)) <= 1e-5 * np.abs(k).sum()).all()),
            [-1, 0, 1], [0, 0, 0], [1, 0, -1],
        ),
        _kernel_mistake(
            "line for edge",
            "at the same edge its answer is positive at one place and negative at "
            "the next, as on a thin line. An edge gets one sign.",
            lambda k: bool(k[:, 2].sum() * k[:, 1:].sum() < 0),
            [-1, 2, -1], [-1, 2, -1], [-1, 2, -1],
        ),
    ),
    "A kernel on a photograph",
    any_dtype=True,
    accepts=_kernel_fits,
    source="what such a kernel must do",
    also_right=(
        _made([-1, 0, 1], [-2, 0, 2], [-1, 0, 1]),
        _made([-3, 0, 3], [-10, 0, 10], [-3, 0, 3]),
        _made([0, 0, 0], [-1, 1, 0], [0, 0, 0]),
        _made([0, -0.1, 0.1], [0, -0.1, 0.1], [0, -0.1, 0.1]),
        lambda: torch.tensor([[-1, 0, 1]] * 3),
        lambda: [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
        lambda: np.array([[-0.3, 0, 0.3]] * 3),
    ),
)  # fmt: skip

# -- counting -------------------------------------------------------------------------

_COUNTS = {"fully_connected": 73, "locally_connected": 25, "fruit_net": 790_021}


def _count(key: str, name: str, hint: str, value: int) -> Mistake:
    return Mistake(f"{key}: {name}", hint, {**_COUNTS, key: value})


_PARAMETER_COUNTS = Key(
    _COUNTS,
    (
        _count(
            "fully_connected",
            "no biases, or no output layer",
            "these are the weights alone, or the hidden layer alone. Every unit has a "
            "bias, and the output is a layer, too.",
            68,
        ),
        _count(
            "fully_connected",
            "layers multiplied, or hidden weights alone",
            "either the widths of all layers are multiplied, or this is the hidden "
            "layer's weights only. Work out each layer by itself and add.",
            64,
        ),
        _count(
            "fully_connected",
            "output bias forgotten",
            "the bias of one unit is missing: the output has one, too.",
            72,
        ),
        _count(
            "fully_connected",
            "hidden biases forgotten",
            "biases are missing: each hidden unit has its own.",
            69,
        ),
        _count(
            "fully_connected",
            "one bias to a layer",
            "each layer has only one bias here. Each *unit* has its own.",
            70,
        ),
        _count(
            "fully_connected",
            "biases of the inputs",
            "the inputs have biases here. They are only numbers that come in.",
            89,
        ),
        _count(
            "fully_connected",
            "units counted",
            "these are the units. Count the weights between them, and the biases.",
            21,
        ),
        _count(
            "locally_connected",
            "no biases, or no output layer",
            "either the biases or the output unit's parameters are missing.",
            20,
        ),
        _count(
            "locally_connected",
            "hidden weights alone",
            "this is only the weights of the hidden units. There are biases, and an "
            "output unit.",
            16,
        ),
        _count(
            "locally_connected",
            "output bias forgotten",
            "one bias is missing: that of the output unit.",
            24,
        ),
        _count(
            "locally_connected",
            "hidden biases forgotten",
            "the biases of the hidden units are missing, each has one.",
            21,
        ),
        _count(
            "locally_connected",
            "one bias to a layer",
            "the hidden units share one bias here. Each has its own.",
            22,
        ),
        _count(
            "locally_connected",
            "weights shared",
            "the hidden units share their weights here. That is a convolution; "
            "locally connected units each have their own.",
            10,
        ),
        _count(
            "locally_connected",
            "every unit sees all inputs",
            "here every hidden unit still sees all inputs. It should see four.",
            73,
        ),
        _count(
            "fruit_net",
            "widths multiplied",
            "the widths of all layers are multiplied, as the article does. Each layer "
            "joins its own two sides only, and layers add.",
            1024 * 512 * 512 * 5,
        ),
        _count(
            "fruit_net",
            "no biases",
            "these are the weights alone. Every unit has a bias, too.",
            788_992,
        ),
        _count(
            "fruit_net",
            "output layer forgotten",
            "the last layer is missing.",
            787_456,
        ),
        _count(
            "fruit_net",
            "output biases forgotten",
            "the biases of the last layer are missing.",
            790_016,
        ),
        _count(
            "fruit_net",
            "one bias to a layer",
            "every layer has only one bias here. Every *unit* has its own.",
            788_995,
        ),
        _count(
            "fruit_net",
            "second hidden layer forgotten",
            "the layer from 512 to 512 is missing.",
            527_365,
        ),
        _count(
            "fruit_net",
            "biases of the inputs, too",
            "the inputs have biases here. They bring none.",
            791_045,
        ),
        _count(
            "fruit_net",
            "units for parameters",
            "these are the units. Count what joins them, and their biases.",
            2053,
        ),
    ),
    "Why not fully connected?",
    also_right=(
        {
            "fully_connected": 16 * 4 + 4 + 4 * 1 + 1,
            "locally_connected": 4 * (4 + 1) + (4 + 1),
            "fruit_net": (1024 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 5,
        },
        {
            "fruit_net": np.int64(790_021),
            "locally_connected": np.int32(25),
            "fully_connected": sum(
                p.numel()
                for p in nn.Sequential(nn.Linear(16, 4), nn.Linear(4, 1)).parameters()
            ),
        },
    ),
    each_case_alone=True,
)

# -- learning -------------------------------------------------------------------------


def _solved(inputs: Tensor, outputs: Tensor) -> Tensor:
    """Return the kernel that explains the pairs best, by least squares."""
    windows = inputs[:, 0].double().unfold(1, 3, 1).unfold(2, 3, 1).reshape(-1, 9)
    answers = outputs.double().reshape(-1, 1)
    return torch.linalg.lstsq(windows, answers).solution.reshape(3, 3).float()


def _by_normal_equations(inputs: Tensor, outputs: Tensor) -> Tensor:
    columns = F.unfold(inputs, 3).transpose(1, 2).reshape(-1, 9)
    square = columns.T @ columns
    return torch.linalg.solve(square, columns.T @ outputs.flatten()).reshape(3, 3)


def _descended(inputs: Tensor, outputs: Tensor, steps: int = 40) -> Tensor:
    """Learn as the lesson does."""
    learner = nn.Conv2d(1, 1, kernel_size=3, bias=False)
    nn.init.zeros_(learner.weight)
    for _ in range(steps):
        learner.zero_grad()
        F.mse_loss(learner(inputs), outputs).backward()
        _step(learner, 0.2)
    return learner.weight.detach()[0, 0]


def _step(learner: nn.Conv2d, rate: float) -> None:
    assert learner.weight.grad is not None
    with torch.no_grad():
        learner.weight -= rate * learner.weight.grad


def _by_optimizer(inputs: Tensor, outputs: Tensor) -> Tensor:
    learner = nn.Conv2d(1, 1, kernel_size=3)
    optimizer = torch.optim.SGD(learner.parameters(), lr=0.2)
    for _ in range(60):
        optimizer.zero_grad()
        F.mse_loss(learner(inputs), outputs).backward()
        optimizer.step()
    return learner.weight[0, 0]


def _without_zero_grad(inputs: Tensor, outputs: Tensor) -> Tensor:
    learner = nn.Conv2d(1, 1, kernel_size=3, bias=False)
    nn.init.zeros_(learner.weight)
    for _ in range(5):
        F.mse_loss(learner(inputs), outputs).backward()
        _step(learner, 0.2)
    return learner.weight.detach()[0, 0]


def _without_gradient(inputs: Tensor, outputs: Tensor) -> Tensor:
    learner = nn.Conv2d(1, 1, kernel_size=3, bias=False)
    F.mse_loss(learner(inputs), outputs).backward()
    learner.zero_grad()
    with torch.no_grad():
        learner.weight -= 0.2 * learner.weight.grad  # type: ignore[operator]
    return learner.weight.detach()[0, 0]


def _is_as_new(values: Mapping[str, PlainValue], case: Case) -> bool:
    """Tell whether all weights lie within 1/3: for nine inputs they begin there."""
    found = _found(values)
    return found is not None and found.shape == (3, 3) and np.abs(found).max() <= 1 / 3


def _too_fast(inputs: Tensor, outputs: Tensor) -> Tensor:
    learner = nn.Conv2d(1, 1, kernel_size=3, bias=False)
    nn.init.zeros_(learner.weight)
    for _ in range(20):
        learner.zero_grad()
        F.mse_loss(learner(inputs), outputs).backward()
        _step(learner, 5.0)
    return learner.weight.detach()[0, 0]


def _is_diverged(values: Mapping[str, PlainValue], case: Case) -> bool:
    found = _found(values)
    if found is None or found.shape != (3, 3):
        return False
    return bool(not np.isfinite(found).all() or np.abs(found).max() > 1e3)


def _is_on_its_way(values: Mapping[str, PlainValue], case: Case) -> bool:
    """Tell whether it points to the right kernel and is shorter."""
    found, right = _found(values), _solved(*case.args).double().numpy()
    if found is None or found.shape != (3, 3) or not found.any():
        return False
    length = np.linalg.norm(found)
    cosine = (found * right).sum() / (length * np.linalg.norm(right))
    return bool(cosine > 0.8 and length < 1.02 * np.linalg.norm(right))


def _with_bias_untrained(inputs: Tensor, outputs: Tensor) -> Tensor:
    learner = nn.Conv2d(1, 1, kernel_size=3)
    for _ in range(60):
        learner.zero_grad()
        F.mse_loss(learner(inputs), outputs).backward()
        _step(learner, 0.2)
    return learner.weight.detach()[0, 0]


def _is_best_with_a_constant(values: Mapping[str, PlainValue], case: Case) -> bool:
    """Tell whether the kernel is the best one if a constant is added to each value.

    There the errors of the kernel, seen from each weight, are those of a constant.
    """
    found = _found(values)
    if found is None or found.shape != (3, 3) or not np.isfinite(found).all():
        return False
    inputs, outputs = (x.double() for x in case.args)
    windows = inputs[:, 0].unfold(1, 3, 1).unfold(2, 3, 1).reshape(-1, 9).numpy()
    errors = outputs.reshape(-1).numpy() - windows @ found.reshape(-1)
    ours, constant = windows.T @ errors, windows.sum(0)
    lengths = np.linalg.norm(ours) * np.linalg.norm(constant)
    return bool(lengths > 0 and abs(ours @ constant) > 0.98 * lengths)


def _is_some_kernel(values: Mapping[str, PlainValue], case: Case) -> bool:
    found = _found(values)
    return found is not None and found.shape == (3, 3)


def _left_requiring(inputs: Tensor, outputs: Tensor) -> Tensor:
    inputs.requires_grad_()
    return _solved(inputs.detach(), outputs)


def _whole_layer(inputs: Tensor, outputs: Tensor) -> Any:
    return nn.Conv2d(1, 1, 3)


_LEARN = Key(
    _solved,
    (
        Mistake(
            "kernel flipped",
            "the kernel is turned by 180 degrees. The pairs are made by "
            "cross-correlation, which turns nothing.",
            lambda x, y: _turned(_solved(x, y)),
        ),
        Mistake(
            "kernel transposed",
            "rows and columns of the kernel are swapped.",
            lambda x, y: _solved(x, y).T,
        ),
        Mistake(
            "rounded",
            "these are whole numbers. The hidden kernel's need not be.",
            lambda x, y: _solved(x, y).round(),
        ),
        Mistake(
            "sign turned",
            "the sign is wrong everywhere. In which direction do your steps go?",
            lambda x, y: -_solved(x, y),
        ),
        Mistake(
            "axes of length one kept",
            "the weight of a layer has four axes; the kernel alone has two.",
            lambda x, y: _solved(x, y)[None, None],
        ),
        Mistake(
            "the layer for its weight",
            "the layer itself comes back. Its weight holds the kernel.",
            _whole_layer,
        ),
        Mistake(
            "always the kernel of the lesson",
            "this is the same kernel for all pairs. Other pairs hide another one.",
            lambda x, y: torch.tensor([[-1.0, 0, 1]] * 3),
        ),
        noticed(
            "input changed in place",
            "changed:inputs",
            lambda x, y: _zeroed(x, _solved(x, y)),
        ),
        noticed(
            "requires_grad left behind",
            "left:requires_grad",
            _left_requiring,
        ),
        Mistake(
            "steps too large",
            "the numbers have grown without end. Are the steps too large, or do they "
            "go against the wrong sign?",
            _too_fast,
            _is_diverged,
        ),
        Mistake(
            "bias left untrained",
            "this is the best kernel for a layer that adds a constant to every value: "
            "does the layer have a bias that no step trains? Then more steps change "
            "nothing. The hidden kernel has none.",
            _with_bias_untrained,
            _is_best_with_a_constant,
        ),
        Mistake(
            "not there yet",
            "it is on its way, but not within 0.01 yet. Too few steps do that, steps "
            "that are too small, a `return` inside the loop, and pairs that take no "
            "part. Print the error as it falls.",
            lambda x, y: _descended(x, y, 3),
            _is_on_its_way,
        ),
        Mistake(
            "zero_grad after backward",
            "the step finds no gradient. `backward` makes one and `zero_grad` takes it "
            "away: does `backward` stand between `zero_grad` and the step?",
            _without_gradient,
        ),
        Mistake(
            "weights never moved",
            "these numbers are as small as those of a new layer: the steps have "
            "changed them little, or not at all. Does `backward` stand between "
            "`zero_grad` and the step?",
            lambda x, y: nn.Conv2d(1, 1, 3, bias=False).weight.detach()[0, 0],
            _is_as_new,
        ),
        Mistake(
            "zero_grad forgotten",
            "this kernel does not explain the pairs. Print the error every few steps: "
            "does it fall? Are the old gradients cleared before each new one?",
            _without_zero_grad,
            _is_some_kernel,
        ),
    ),
    "Learning a kernel back",
    rtol=0.0,
    atol=0.01,
    source="the hidden kernel",
    also_right=(_by_normal_equations, _descended, _by_optimizer),
)

KEYS = {
    "full_convolve1d": _FULL,
    "correlate2d": _CORRELATE,
    "convolve2d": _CONVOLVE,
    "conv2d_channels": _CHANNELS,
    "vertical_edge_kernel": _VERTICAL,
    "parameter_counts": _PARAMETER_COUNTS,
    "learn_kernel": _LEARN,
}
