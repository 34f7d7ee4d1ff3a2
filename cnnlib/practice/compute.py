"""Numbers for items: PyTorch's answers as plain lists, and the second roads.

What is called ``torch_...`` asks PyTorch; what is called ``own_...`` counts or loops in
plain Python, so that the proof has two roads that share nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import torch
import torch.nn.functional as F

Rows = list[list[int]]


def plain(values: Any) -> Any:
    """Turn a tensor into nested lists, whole numbers into ints, others rounded to 4."""
    return _rounded(values.tolist() if isinstance(values, torch.Tensor) else values)


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    near = round(value, 4)
    return int(near) if near == int(near) else near


def torch_conv(
    image: Any,
    kernel: Any,
    bias: float = 0,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
) -> Any:
    """Return the map (H', W') of an image (H, W) or (C, H, W), by ``F.conv2d``."""
    x = torch.tensor(image, dtype=torch.float64)
    weight = torch.tensor(kernel, dtype=torch.float64)
    x = x[None] if x.dim() == 2 else x
    weight = weight[None] if weight.dim() == 2 else weight
    added = torch.tensor([bias], dtype=torch.float64)
    out = F.conv2d(x[None], weight[None], added, stride, padding, dilation)
    return plain(out[0, 0])


def torch_number(image: Any, kernel: Any) -> Any:
    """Return the one number of a kernel as large as the image, without a bias."""
    return torch_conv(image, kernel)[0][0]


def own_conv(
    image: Rows, kernel: Rows, bias: float = 0, stride: int = 1, padding: int = 0
) -> Any:
    """Return the same for an image (H, W), by loops."""
    wide = len(image[0]) + 2 * padding
    padded = [[0] * wide for _ in range(padding)]
    padded += [[0] * padding + row + [0] * padding for row in image]
    padded += [[0] * wide for _ in range(padding)]
    high, across = len(kernel), len(kernel[0])
    out = []
    for i in range(0, len(padded) - high + 1, stride):
        row = []
        for j in range(0, wide - across + 1, stride):
            total = bias
            for a in range(high):
                for b in range(across):
                    total += padded[i + a][j + b] * kernel[a][b]
            row.append(total)
        out.append(row)
    return out


def own_count(n: int, k: int, s: int = 1, p: int = 0, d: int = 1) -> int:
    """Count the places of a window along one axis, one by one."""
    places, start = 0, -p
    while start + d * (k - 1) <= n + p - 1:
        places += 1
        start += s
    return places


def torch_size(n: int, k: int, s: int = 1, p: int = 0, d: int = 1) -> int:
    """Return the length that ``F.conv1d`` gives, without computing a number."""
    x = torch.empty(1, 1, n, device="meta")
    weight = torch.empty(1, 1, k, device="meta")
    return F.conv1d(x, weight, stride=s, padding=p, dilation=d).shape[-1]


def windows_of(rows: Rows, size: int, stride: int) -> list[list[list[int]]]:
    """Return the numbers under each window that fits: [i][j] is one list."""
    starts_down = range(0, len(rows) - size + 1, stride)
    starts_across = range(0, len(rows[0]) - size + 1, stride)
    return [
        [[rows[i + a][j + b] for a in range(size) for b in range(size)]
         for j in starts_across]
        for i in starts_down
    ]  # fmt: skip


def turned(kernel: Rows) -> Rows:
    """Turn a kernel by 180 degrees."""
    return [row[::-1] for row in kernel[::-1]]


def transposed(rows: Any) -> Any:
    """Swap rows and columns."""
    return [list(column) for column in zip(*rows, strict=True)]


def at(rows: Any, place: Sequence[int]) -> Any:
    """Return the number at (row, column), or None where there is none."""
    i, j = place
    inside = 0 <= i < len(rows) and 0 <= j < len(rows[0])
    return rows[i][j] if inside else None


def some_grid(random: Random, high: int, wide: int, low: int, top: int) -> Rows:
    """Draw a grid of whole numbers from low to top."""
    return [[random.randint(low, top) for _ in range(wide)] for _ in range(high)]


def products(cells: Sequence[int], weights: Sequence[int]) -> str:
    """Write a sum of products: "2*1 + 0*(-1)"."""
    return " + ".join(f"{c}*{signed(w)}" for c, w in zip(cells, weights, strict=True))


def signed(value: float) -> str:
    """Write a number, a negative one in parentheses."""
    return f"({value:g})" if value < 0 else f"{value:g}"


def patch(rows: Rows, top: int, left: int, high: int, wide: int) -> list[int]:
    """Return the numbers of a part of a grid, row by row."""
    return [rows[top + i][left + j] for i in range(high) for j in range(wide)]


def flat(rows: Rows) -> list[int]:
    """Return the numbers of a grid, row by row."""
    return [value for row in rows for value in row]
