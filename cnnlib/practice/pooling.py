"""Items of lesson 03: pooling and flattening."""

from __future__ import annotations

from math import ceil
from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from cnnlib import arithmetic

from .compute import at, own_count, plain, some_grid, transposed, windows_of
from .items import Show, grid, shown
from .kind import Facts, Kind, Slip

# ---- windows ----------------------------------------------------------------------


def _pooled(
    rows: Any, window: int, stride: int | None = None, mode: str = "max"
) -> Any:
    """Pool a grid by PyTorch."""
    x = torch.tensor(rows, dtype=torch.float64)[None]
    if mode == "min":
        return plain(-F.max_pool2d(-x, window, stride)[0])
    pool = F.max_pool2d if mode == "max" else F.avg_pool2d
    return plain(pool(x, window, stride)[0])


def _four(random: Random, level: int) -> dict[str, Any]:
    side, window = {1: (4, 2), 2: (5, 2), 3: (6, 3)}[level]
    return {"image": some_grid(random, side, side, -4 if level > 1 else 0, 9),
            "f": window}  # fmt: skip


MAX = Kind(
    name="max-pool",
    lesson="03",
    heading="One window, one number",
    form="grid",
    draw=_four,
    ask=lambda f: (
        f"What does `F.max_pool2d(x, {f.f})` make of this map?",
        grid("x", f.image),
    ),
    right=lambda f: _pooled(f.image, f.f),
    again=lambda f: [[max(w) for w in row] for row in windows_of(f.image, f.f, f.f)],
    slips=(
        Slip(
            "default stride 1",
            lambda f: _pooled(f.image, f.f, 1),
            "the window moves on by one cell",
            "A pooling moves on by its own window, unless told otherwise.",
            of="max_pool2d",
        ),
        Slip(
            "avg for max",
            lambda f: _pooled(f.image, f.f, mode="avg"),
            "the mean of each window is taken",
            "Max pooling keeps the largest number.",
            of="max_pool2d",
        ),
        Slip(
            "min for max",
            lambda f: _pooled(f.image, f.f, mode="min"),
            "the smallest number of each window is taken",
            "Max pooling keeps the largest one.",
        ),
        Slip(
            "map transposed",
            lambda f: transposed(_pooled(f.image, f.f)),
            "rows and columns of the result are swapped",
            "The upper windows give the upper row.",
            of="max_pool2d",
        ),
        Slip(
            "partial last window kept (ceil for floor)",
            lambda f: plain(
                F.max_pool2d(
                    torch.tensor(f.image, dtype=torch.float64)[None],
                    f.f,
                    ceil_mode=True,
                )[0]
            ),
            "windows that stick out are kept",
            "They are left out.",
            of="max_pool2d",
        ),
    ),
    steps=lambda f, answer: (
        f"Windows of {f.f}x{f.f} side by side; a row or column that is left over is "
        "dropped.",
        f"The first window holds {shown(windows_of(f.image, f.f, f.f)[0][0], 'row')}: "
        f"its largest number is {max(windows_of(f.image, f.f, f.f)[0][0])}.",
        f"The result is {answer}.",
    ),
    show=lambda f: Show("step_pool", {"image": f.image, "window": f.f}),
)


def _for_mean(random: Random, level: int) -> dict[str, Any]:
    """Draw a map; the mean asked for has at most two decimals."""
    side, window = (4, 2) if level < 3 else (6, 3)
    while True:
        given = {
            "image": some_grid(random, side, side, 0 if level == 1 else -4, 8),
            "f": window,
            "i": random.choice((0, 1)),
            "j": random.choice((0, 1)),
        }
        if level < 3 or sum(_mean_window(Facts(**given))) % 9 == 0:
            return given


def _mean_window(f: Facts) -> list[int]:
    found: list[int] = windows_of(f.image, f.f, f.f)[f.i][f.j]
    return found


MEAN = Kind(
    name="average-pool",
    lesson="03",
    heading="Average and minimum",
    form="number",
    draw=_for_mean,
    ask=lambda f: (
        f"`F.avg_pool2d(x, {f.f})` pools this map. Which number stands in row {f.i}, "
        f"column {f.j} of the result? Count from 0.",
        grid("x", f.image),
    ),
    right=lambda f: _pooled(f.image, f.f, mode="avg")[f.i][f.j],
    again=lambda f: plain(sum(_mean_window(f)) / (f.f * f.f)),
    slips=(
        Slip(
            "default stride 1",
            lambda f: _pooled(f.image, f.f, 1, "avg")[f.i][f.j],
            "the window moves on by one cell",
            "A pooling moves on by its own window, unless told otherwise.",
            of="avg_pool2d",
        ),
        Slip(
            "sum for mean",
            lambda f: sum(_mean_window(f)),
            "the sum of the window is taken",
            "Divide it by the number of cells.",
            of="avg_pool2d",
        ),
        Slip(
            "max for avg",
            lambda f: max(_mean_window(f)),
            "the largest number of the window is taken",
            "Average pooling takes the mean.",
            of="avg_pool2d",
        ),
        Slip(
            "whole-number division",
            lambda f: sum(_mean_window(f)) // (f.f * f.f),
            "only whole numbers are kept",
            "A mean may have a fraction.",
            of="avg_pool2d",
        ),
        Slip(
            "divided by the side",
            lambda f: plain(sum(_mean_window(f)) / f.f),
            "the sum is divided by the side of the window",
            "Divide it by the number of cells.",
        ),
        Slip(
            "map transposed",
            lambda f: _pooled(f.image, f.f, mode="avg")[f.j][f.i],
            "row and column are swapped",
            "The row comes first.",
            of="avg_pool2d",
        ),
    ),
    steps=lambda f, answer: (
        f"The window holds {shown(_mean_window(f), 'row')}.",
        f"Sum {sum(_mean_window(f))}, divided by {f.f}*{f.f} = {f.f * f.f} cells: "
        f"{answer}.",
    ),
    show=lambda f: Show(
        "step_pool", {"image": f.image, "window": f.f, "mode": "avg"}, (f.i, f.j)
    ),
)


def _overlap(random: Random, level: int) -> dict[str, Any]:
    f, s = {1: (2, 1), 2: (3, 2), 3: (3, 2)}[level]
    side = f + s if level < 3 else f + 2 * s
    most = (side - f) // s
    return {
        "image": some_grid(random, side, side, 0 if level == 1 else -5, 9),
        "f": f,
        "s": s,
        "i": random.randint(0, most),
        "j": random.randint(1, most),
    }


OVERLAP = Kind(
    name="overlapping-pool",
    lesson="03",
    heading="Overlapping windows",
    form="number",
    draw=_overlap,
    ask=lambda f: (
        f"Max pooling with a {f.f}x{f.f} window and stride {f.s}. Which number stands "
        f"in row {f.i}, column {f.j} of the result? Count from 0.",
        grid("map", f.image),
    ),
    right=lambda f: _pooled(f.image, f.f, f.s)[f.i][f.j],
    again=lambda f: max(windows_of(f.image, f.f, f.s)[f.i][f.j]),
    slips=(
        Slip(
            "stride ignored",
            lambda f: at(_pooled(f.image, f.f), (f.i, f.j)),
            "the window moves on by its own width",
            "Here the stride is given: {s}.",
            of="max_pool2d",
        ),
        Slip(
            "stride 1 in pooling",
            lambda f: _pooled(f.image, f.f, 1)[f.i][f.j],
            "the window moves on by one cell",
            "Here the stride is given: {s}.",
            of="edge_then_pool",
        ),
        Slip(
            "avg for max",
            lambda f: _pooled(f.image, f.f, f.s, "avg")[f.i][f.j],
            "the mean of the window is taken",
            "Max pooling keeps the largest number.",
            of="max_pool2d",
        ),
        Slip(
            "map transposed",
            lambda f: _pooled(f.image, f.f, f.s)[f.j][f.i],
            "row and column are swapped",
            "The row comes first.",
            of="max_pool2d",
        ),
        Slip(
            "centre of the window",
            lambda f: f.image[f.i * f.s + 1][f.j * f.s + 1] if f.f == 3 else None,
            "the cell in the middle of the window is taken",
            "Look for the largest number of the whole window.",
        ),
    ),
    steps=lambda f, answer: (
        f"The window begins at row {f.i}*{f.s} = {f.i * f.s}, column {f.j}*{f.s} = "
        f"{f.j * f.s}.",
        f"It holds {shown(windows_of(f.image, f.f, f.s)[f.i][f.j], 'row')}: {answer}.",
    ),
    show=lambda f: Show(
        "step_pool", {"image": f.image, "window": f.f, "stride": f.s}, (f.i, f.j)
    ),
)

# ---- sizes ------------------------------------------------------------------------


def _pool_size(random: Random, level: int) -> dict[str, Any]:
    f = random.choice((2, 3) if level < 3 else (2, 3, 4))
    s = f if level == 1 else random.choice((2, 3))
    return {"n": random.randint(10, 60), "f": f, "s": s, "told": s != f}


POOL_SIZE = Kind(
    name="pool-size",
    lesson="03",
    heading="The stride is the window, unless you say otherwise",
    form="number",
    draw=_pool_size,
    ask=lambda f: (
        f"A map is {f.n}x{f.n}. How high is it after "
        + (
            f"`nn.MaxPool2d({f.f}, stride={f.s})`?"
            if f.told
            else f"`nn.MaxPool2d({f.f})`?"
        ),
    ),
    right=lambda f: int(
        arithmetic.pool_output_size(f.n, f.f, stride=f.s if f.told else None)
    ),
    again=lambda f: own_count(f.n, f.f, f.s),
    slips=(
        Slip(
            "default stride 1",
            lambda f: f.n - f.f + 1,
            "the window moves on by one cell",
            "Without a stride, a pooling moves on by its own window.",
            of="max_pool2d",
        ),
        Slip(
            "partial last window kept (ceil for floor)",
            lambda f: ceil((f.n - f.f) / f.s) + 1,
            "a window that sticks out is kept",
            "It is left out.",
            of="max_pool2d",
        ),
        Slip(
            "stride ignored",
            lambda f: f.n // f.f,
            "the window is taken for the stride",
            "Use the stride where it is given.",
            of="max_pool2d",
        ),
        Slip(
            "one too few",
            lambda f: (f.n - f.f) // f.s,
            "the + 1 is missing",
            "The first place of the window counts, too.",
            of="output_size",
        ),
        Slip(
            "only subtracted",
            lambda f: f.n - f.f,
            "the window is only taken away",
            "Divide by the stride, then add 1.",
        ),
    ),
    steps=lambda f, answer: (
        "Without a stride of its own a pooling moves on by its window."
        if not f.told
        else f"Here the stride is given: {f.s}.",
        f"floor(({f.n} - {f.f})/{f.s}) + 1 = {answer}",
    ),
)


def _conv_pool(random: Random, level: int) -> dict[str, Any]:
    return {
        "n": random.randint(12, 30)
        if level < 3
        else random.choice((28, 30, 32, 50, 64)),
        "k": random.choice((3, 5)),
        "p": 0 if level == 1 else random.choice((0, 1)),
        "f": 2 if level < 3 else random.choice((2, 3)),
        "twice": level == 3,
    }


def _chain(f: Facts, pool: Any = None, conv: Any = None) -> int:
    """Return the height behind convolution and pooling, once or twice."""
    conv = conv or (lambda n: n + 2 * f.p - f.k + 1)
    pool = pool or (lambda n: n // f.f)
    n = pool(conv(f.n))
    return int(pool(conv(n)) if f.twice else n)


CONV_POOL = Kind(
    name="convolve-then-pool",
    lesson="03",
    heading="Convolve, then pool",
    form="number",
    draw=_conv_pool,
    ask=lambda f: (
        f"A {f.n}x{f.n} image goes through a convolution ({f.k}x{f.k}, padding {f.p}) "
        f"and a pooling ({f.f}x{f.f})"
        + (", then through both once more" if f.twice else "")
        + ". How high is the result?",
    ),
    right=lambda f: _run_chain(f),
    again=lambda f: _chain(f),
    slips=(
        Slip(
            "pooling leaves the size",
            lambda f: _chain(f, pool=lambda n: n),
            "the pooling leaves the size as it is",
            "It divides it by {f}.",
            of="layer_table",
        ),
        Slip(
            "input size for output size",
            lambda f: _chain(f, conv=lambda n: n),
            "the convolution leaves the size as it is",
            "It takes away k - 1, and padding gives back 2p.",
            of="layer_table",
        ),
        Slip(
            "pooling with stride 1",
            lambda f: _chain(f, pool=lambda n: n - f.f + 1),
            "the pooling moves on by one cell",
            "It moves on by its own window.",
            of="layer_table",
        ),
        Slip(
            "partial last window kept",
            lambda f: _chain(f, pool=lambda n: ceil(n / f.f)),
            "a window that sticks out is kept",
            "It is left out.",
            of="edge_then_pool",
        ),
        Slip(
            "one too small",
            lambda f: _chain(f, conv=lambda n: n + 2 * f.p - f.k),
            "the convolution takes away k, not k - 1",
            "The first place of the window counts, too.",
            of="layer_table",
        ),
    ),
    steps=lambda f, answer: (
        f"Convolution: {f.n} + 2*{f.p} - {f.k} + 1 = {f.n + 2 * f.p - f.k + 1}.",
        f"Pooling: floor({f.n + 2 * f.p - f.k + 1}/{f.f}) = "
        f"{(f.n + 2 * f.p - f.k + 1) // f.f}.",
        *(
            (
                "Once more: convolution "
                f"{_half(f) + 2 * f.p - f.k + 1}, pooling {_chain(f)}.",
            )
            if f.twice
            else ()
        ),
        f"The result is {answer} high.",
    ),
)


def _half(f: Facts) -> int:
    """Return the height behind the first pooling."""
    return int((f.n + 2 * f.p - f.k + 1) // f.f)


def _run_chain(f: Facts) -> int:
    block = [nn.Conv2d(1, 1, f.k, padding=f.p, device="meta"), nn.MaxPool2d(f.f)]
    net = nn.Sequential(*block * (2 if f.twice else 1))
    return int(net(torch.empty(1, 1, f.n, f.n, device="meta")).shape[-1])


# ---- channels, flatten ------------------------------------------------------------


def _maps(random: Random, level: int) -> dict[str, Any]:
    channels = 2 if level == 1 else 3
    wide = 2 if level < 3 else 4
    low = 0 if level == 1 else -3
    return {"maps": [_with_plain_mean(random, wide, low) for _ in range(channels)]}


def _with_plain_mean(random: Random, wide: int, low: int) -> Any:
    """Draw a map whose mean is a whole number, or a half."""
    while True:
        rows = some_grid(random, 2, wide, low, 8)
        if sum(map(sum, rows)) % wide == 0:
            return rows


def _numbers(f: Facts) -> list[list[int]]:
    return [[v for row in rows for v in row] for rows in f.maps]


GLOBAL = Kind(
    name="global-average",
    lesson="03",
    heading="Global average pooling",
    form="row",
    draw=_maps,
    ask=lambda f: (
        f"What does global average pooling make of these {len(f.maps)} maps?",
        *(grid(f"map {c}", rows) for c, rows in enumerate(f.maps)),
    ),
    right=lambda f: plain(torch.tensor(f.maps, dtype=torch.float64).mean(dim=(1, 2))),
    again=lambda f: [plain(sum(v) / len(v)) for v in _numbers(f)],
    slips=(
        Slip(
            "mean over the channels, too",
            lambda f: [plain(float(torch.tensor(f.maps).double().mean()))],
            "one mean is taken over all maps",
            "Each map gives a number of its own.",
            of="global_avg_pool",
        ),
        Slip(
            "maximum for mean",
            lambda f: [max(v) for v in _numbers(f)],
            "the largest number of each map is taken",
            "The mean is asked for.",
            of="global_avg_pool",
        ),
        Slip(
            "sum for mean",
            lambda f: [sum(v) for v in _numbers(f)],
            "the sum of each map is taken",
            "Divide it by the number of cells.",
            of="global_avg_pool",
        ),
        Slip(
            "mean of one axis only",
            lambda f: [
                plain(sum(column) / len(column))
                for rows in f.maps
                for column in transposed(rows)
            ],
            "each column has a mean of its own",
            "The mean goes over all rows and columns of a map.",
            of="global_avg_pool",
        ),
        Slip(
            "divided by the width",
            lambda f: [plain(sum(v) / len(f.maps[0][0])) for v in _numbers(f)],
            "the sum of each map is divided by its width",
            "Divide it by the number of cells.",
        ),
    ),
    steps=lambda f, answer: (
        *(
            f"Map {c}: {sum(v)} / {len(v)} = {plain(sum(v) / len(v))}."
            for c, v in enumerate(_numbers(f))
        ),
        f"One number for each map: {answer}.",
    ),
)


def _place(random: Random, level: int) -> dict[str, Any]:
    c = 1 if level == 1 else random.choice((3, 4, 8))
    h, w = random.sample((3, 4, 5, 6, 7), 2)
    return {
        "c": c,
        "h": h,
        "w": w,
        "at": [random.randrange(c), random.randrange(h), random.randrange(w)],
    }


FLATTEN_INDEX = Kind(
    name="flatten-index",
    lesson="03",
    heading="Flatten",
    form="number",
    draw=_place,
    ask=lambda f: (
        f"Maps of the shape ({f.c}, {f.h}, {f.w}) are flattened to one row. At which "
        f"index does the number of channel {f.at[0]}, row {f.at[1]}, column "
        f"{f.at[2]} stand? Count from 0.",
    ),
    right=lambda f: int(torch.arange(f.c * f.h * f.w).view(f.c, f.h, f.w)[tuple(f.at)]),
    again=lambda f: [
        (c, i, j) for c in range(f.c) for i in range(f.h) for j in range(f.w)
    ].index(tuple(f.at)),
    slips=(
        Slip(
            "column by column",
            lambda f: f.at[0] * f.h * f.w + f.at[2] * f.h + f.at[1],
            "the numbers are read column by column",
            "Flatten reads row by row.",
            of="flatten",
        ),
        Slip(
            "channels last",
            lambda f: (f.at[1] * f.w + f.at[2]) * f.c + f.at[0] if f.c > 1 else None,
            "the channels are read first at each place",
            "One channel after the other is read.",
        ),
        Slip(
            "counted from 1",
            lambda f: f.at[0] * f.h * f.w + f.at[1] * f.w + f.at[2] + 1,
            "the index is counted from 1",
            "The first number has the index 0.",
        ),
        Slip(
            "channel left out",
            lambda f: f.at[1] * f.w + f.at[2] if f.c > 1 else None,
            "the channels before are left out",
            "Each of them has {h}*{w} numbers.",
        ),
        Slip(
            "height for width",
            lambda f: f.at[0] * f.h * f.w + f.at[1] * f.h + f.at[2],
            "a row is taken to be as long as the height",
            "A row has {w} numbers.",
        ),
    ),
    steps=lambda f, answer: (
        f"Channels before: {f.at[0]}*{f.h}*{f.w} = {f.at[0] * f.h * f.w} numbers.",
        f"Rows before: {f.at[1]}*{f.w} = {f.at[1] * f.w}. Then {f.at[2]} in the row.",
        f"Together: {answer}.",
    ),
)


def _batch(random: Random, level: int) -> dict[str, Any]:
    n = random.choice((4, 8, 10, 16, 32, 64))
    c, h, w = random.choice((2, 4, 8, 16)), random.choice((3, 4, 5, 7)), 0
    w = h if level == 1 else random.choice([v for v in (2, 3, 4, 5, 6) if v != h])
    start = 1 if level < 3 else random.choice((1, 2))
    return {"n": n, "c": c, "h": h, "w": w, "start": start}


FLATTEN_SHAPE = Kind(
    name="flatten-shape",
    lesson="03",
    heading="Leave the batch axis alone",
    form="shape",
    draw=_batch,
    ask=lambda f: (
        f"What is the shape of `x.flatten({f.start})` if `x` has the shape "
        f"({f.n}, {f.c}, {f.h}, {f.w})?",
    ),
    right=lambda f: tuple(
        torch.empty(f.n, f.c, f.h, f.w, device="meta").flatten(f.start).shape
    ),
    again=lambda f: (f.n, f.c * f.h * f.w) if f.start == 1 else (f.n, f.c, f.h * f.w),
    slips=(
        Slip(
            "flattening the batch away",
            lambda f: (f.n * f.c * f.h * f.w,),
            "all images are joined to one row",
            "The axes before number {start} stay.",
            of="flatten",
        ),
        Slip(
            "start_dim ignored",
            lambda f: (f.n, f.c * f.h * f.w),
            "axis 1 is taken for the start",
            "The axes before number {start} stay.",
            of="flatten",
        ),
        Slip(
            "channels kept",
            lambda f: (f.n, f.c, f.h * f.w),
            "the channels keep their axis",
            "All axes from number {start} on become one.",
        ),
        Slip(
            "batch axis last",
            lambda f: (f.c * f.h * f.w, f.n) if f.start == 1 else None,
            "the batch axis stands last",
            "It stays where it is, in front.",
            of="flatten",
        ),
        Slip(
            "one channel only",
            lambda f: (f.n, f.h * f.w),
            "the channels are lost",
            "Every number is kept.",
            of="mend",
        ),
    ),
    steps=lambda f, answer: (
        f"Axes from number {f.start} on become one; axis 0 is the batch.",
        (
            f"{f.c}*{f.h}*{f.w} = {f.c * f.h * f.w}"
            if f.start == 1
            else f"{f.h}*{f.w} = {f.h * f.w}"
        )
        + f", so the shape is {answer}.",
    ),
)

KINDS = (
    MAX,
    MEAN,
    POOL_SIZE,
    OVERLAP,
    CONV_POOL,
    FLATTEN_INDEX,
    FLATTEN_SHAPE,
    GLOBAL,
)
