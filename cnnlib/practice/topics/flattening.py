"""Items of lesson 03: flattening, and the mean of a map."""

from __future__ import annotations

from random import Random
from typing import Any

import torch

from cnnlib.practice.compute import plain, some_grid, transposed
from cnnlib.practice.items import grid
from cnnlib.practice.kind import Facts, Kind, Slip


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
    FLATTEN_INDEX,
    FLATTEN_SHAPE,
    GLOBAL,
)
