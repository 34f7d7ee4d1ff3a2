"""Items of lesson 02: which pixels are seen how often."""

from __future__ import annotations

from random import Random
from typing import Any

from cnnlib import arithmetic
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.practice.settings import frame, sizes_picture
from cnnlib.text import an, size


def _coverage(random: Random, level: int) -> dict[str, Any]:
    n, k = random.choice((5, 6, 7, 8)), random.choice((3,) if level == 1 else (2, 3, 4))
    return {
        "n": n,
        "k": k,
        "s": 1 if level < 3 else 2,
        "p": 0 if level == 1 else random.choice((0, 1)),
        "i": random.randrange(n),
        "j": random.randrange(n),
    }


def _seen(f: Facts, axis: int, p: int | None = None, s: int | None = None) -> int:
    """Count the windows along one axis that hold a pixel."""
    p, s = f.p if p is None else p, f.s if s is None else s
    starts = range(-p, f.n + p - f.k + 1, s)
    return sum(start <= axis < start + f.k for start in starts)


COVERAGE = Kind(
    name="coverage",
    lesson="02",
    heading="Who is seen how often?",
    form="number",
    draw=_coverage,
    ask=lambda f: (
        f"A {f.k}x{f.k} kernel moves over {an(size(f.n, f.n))} picture, {frame(f)}. "
        f"In how many windows does the pixel in row {f.i}, column {f.j} lie? Count "
        "from 0.",
    ),
    right=lambda f: int(
        arithmetic.coverage(f.n, f.k, stride=f.s, padding=f.p)[f.i, f.j]
    ),
    again=lambda f: sum(
        a <= f.i < a + f.k and b <= f.j < b + f.k
        for a in range(-f.p, f.n + f.p - f.k + 1, f.s)
        for b in range(-f.p, f.n + f.p - f.k + 1, f.s)
    ),
    slips=(
        Slip(
            "every pixel alike",
            lambda f: f.k * f.k,
            "each pixel is in as many windows as the kernel has cells",
            "Near the border fewer windows reach a pixel.",
        ),
        Slip(
            "rows and columns added",
            lambda f: _seen(f, f.i) + _seen(f, f.j),
            "the counts of rows and columns are added",
            "Each row of windows goes with each column: multiply.",
        ),
        Slip(
            "one axis only",
            lambda f: _seen(f, f.i),
            "only the rows are counted",
            "The windows move along the columns as well: multiply.",
        ),
        Slip(
            "counted from 1",
            lambda f: _seen(f, f.i - 1) * _seen(f, f.j - 1) if f.i and f.j else None,
            "rows and columns are counted from 1",
            "The first row and column have the index 0.",
        ),
        Slip(
            "padding ignored",
            lambda f: _seen(f, f.i, p=0) * _seen(f, f.j, p=0) if f.p else None,
            "the padding is left out",
            "With padding more windows reach the border.",
            of="output_size",
        ),
        Slip(
            "stride ignored",
            lambda f: _seen(f, f.i, s=1) * _seen(f, f.j, s=1) if f.s > 1 else None,
            "the stride is left out",
            "The window moves on by {s} pixels.",
            of="output_size",
        ),
    ),
    steps=lambda f, answer: (
        f"Windows that hold row {f.i}: {_seen(f, f.i)}.",
        f"Windows that hold column {f.j}: {_seen(f, f.j)}.",
        f"Each goes with each: {_seen(f, f.i)}*{_seen(f, f.j)} = {answer}",
    ),
    show=lambda f: sizes_picture(size=f.n, kernel_size=f.k, stride=f.s, padding=f.p),
)


def _rest(random: Random, level: int) -> dict[str, Any]:
    s = random.choice((2, 3) if level < 3 else (3, 4, 5))
    k = random.choice((2, 3) if level == 1 else (3, 4, 5))
    return {"n": random.randint(8, 30), "k": k, "s": s, "p": 0}


SKIPPED = Kind(
    name="pixels-left-over",
    lesson="02",
    heading="Padding so that a stride fits",
    form="number",
    draw=_rest,
    ask=lambda f: (
        f"A {f.k}x{f.k} kernel with stride {f.s} moves over a picture of "
        f"{f.n} columns, without padding. How many columns at the right edge are "
        "in no window?",
    ),
    right=lambda f: (
        f.n - (int(arithmetic.output_size(f.n, f.k, stride=f.s)) - 1) * f.s - f.k
    ),
    again=lambda f: (
        f.n - 1 - max(a + f.k - 1 for a in range(0, f.n, f.s) if a + f.k <= f.n)
    ),
    slips=(
        Slip(
            "input divided by the stride",
            lambda f: f.n % f.s,
            "the rest of width by stride is taken",
            "The kernel must be taken away first.",
            of="output_size",
        ),
        Slip(
            "kernel for stride",
            lambda f: f.n % f.k,
            "the rest of width by kernel is taken",
            "The window moves on by the stride.",
        ),
        Slip(
            "one too few",
            lambda f: (f.n - f.k + 1) % f.s,
            "one pixel is counted too many before the division",
            "The last window starts at the latest at column {n} - {k}.",
        ),
        Slip(
            "nothing left over",
            lambda f: 0,
            "it is taken for granted that the stride fits",
            "Divide {n} - {k} by {s} and look at the rest.",
        ),
        Slip(
            "partial last window kept (ceil for floor)",
            lambda f: (f.s - (f.n - f.k) % f.s) % f.s,
            "the columns that are missing for one more window are counted",
            "Asked for are those that are there and in no window.",
            of="conv2d",
        ),
    ),
    steps=lambda f, answer: (
        f"The windows start at 0, {f.s}, {2 * f.s} and so on, at the latest at "
        f"{f.n} - {f.k} = {f.n - f.k}.",
        f"{f.n - f.k} divided by {f.s} leaves the rest {answer}.",
    ),
    show=lambda f: sizes_picture(size=f.n, kernel_size=f.k, stride=f.s),
)

KINDS = (
    COVERAGE,
    SKIPPED,
)
