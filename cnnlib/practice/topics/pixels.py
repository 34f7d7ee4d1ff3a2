"""Items of lesson 00: pixels and bytes."""

from __future__ import annotations

from random import Random
from typing import Any

import torch

from cnnlib.practice.compute import at
from cnnlib.practice.items import grid, shown
from cnnlib.practice.kind import Facts, Kind, Slip


def _pixel(random: Random, level: int) -> dict[str, Any]:
    high, wide = random.choice(((3, 4), (4, 3), (4, 5), (5, 4)))
    values = random.sample(range(10, 100), high * wide)
    rows = [values[i * wide : (i + 1) * wide] for i in range(high)]
    least = 1 if level > 1 else 0
    i, j = random.randint(least, high - 1), random.randint(least, wide - 1)
    return {"rows": rows, "i": i, "j": j}


PIXEL = Kind(
    name="pixel",
    lesson="00",
    heading="Pixels are numbers",
    form="number",
    draw=_pixel,
    ask=lambda f: (
        f"The grid is a tensor `image` of {len(f.rows)} rows and {len(f.rows[0])} "
        f"columns. What is `image[{f.i}, {f.j}]`?",
        grid("image", f.rows),
    ),
    right=lambda f: int(torch.tensor(f.rows)[f.i, f.j]),
    again=lambda f: f.rows[f.i][f.j],
    slips=(
        Slip(
            "rows and columns swapped",
            lambda f: at(f.rows, (f.j, f.i)),
            "the column is named first",
            "The row comes first, then the column.",
        ),
        Slip(
            "counted from 1",
            lambda f: at(f.rows, (f.i - 1, f.j - 1)),
            "rows and columns are counted from 1",
            "The first row and the first column have the index 0.",
        ),
        Slip(
            "rows counted from below",
            lambda f: at(f.rows, (len(f.rows) - 1 - f.i, f.j)),
            "the rows are counted from below",
            "Row 0 is at the top.",
        ),
        Slip(
            "only the row counted from 1",
            lambda f: at(f.rows, (f.i - 1, f.j)),
            "the row is counted from 1",
            "Both indices start at 0.",
        ),
    ),
    steps=lambda f, answer: (
        f"Row {f.i}, counted from 0 at the top: {shown(f.rows[f.i], 'row')}.",
        f"Column {f.j} of it, counted from 0 on the left: {answer}.",
    ),
)


def _two_bytes(random: Random, level: int) -> dict[str, Any]:
    step = {1: 10, 2: 5, 3: 1}[level]
    a = random.randrange(130, 251, step)
    return {"a": a, "b": random.randrange(260 - a, 251, step)}


BYTES = Kind(
    name="bytes-overflow",
    lesson="00",
    heading="uint8 0 to 255, float 0 to 1",
    form="number",
    draw=_two_bytes,
    ask=lambda f: (
        f"Two pixels are of type `uint8`: {f.a} and {f.b}. What is their sum, again "
        "as `uint8`?",
    ),
    right=lambda f: int((torch.tensor([f.a]).byte() + torch.tensor([f.b]).byte())[0]),
    again=lambda f: (f.a + f.b) % 256,
    slips=(
        Slip(
            "clipped at 255",
            lambda f: min(f.a + f.b, 255),
            "the sum stops at 255",
            "A byte does not stop there; it starts again from 0.",
        ),
        Slip(
            "room without an end",
            lambda f: f.a + f.b,
            "the sum is what it would be without a limit",
            "A byte has room for 0 to 255 only.",
        ),
        Slip(
            "starts again at 1",
            lambda f: f.a + f.b - 255,
            "255 is taken away",
            "There are 256 different bytes, since 0 is one of them.",
        ),
    ),
    steps=lambda f, answer: (
        f"Without a limit: {f.a} + {f.b} = {f.a + f.b}.",
        "A byte ends at 255, then it starts again from 0: take away 256.",
        f"{f.a + f.b} - 256 = {answer}",
    ),
)


def _brightness(random: Random, level: int) -> dict[str, Any]:
    tenths = random.choice((2, 4, 6, 8) if level == 1 else range(1, 10))
    value = 255 * tenths / 10
    if value != int(value):
        tenths, value = random.choice(((2, 51), (4, 102), (6, 153), (8, 204)))
    high, wide = random.sample(range(20, 100), 2)
    back = level == 3
    asked = tenths / 10 if back else int(value)
    return {"asked": asked, "back": back, "high": high, "wide": wide}


BRIGHTNESS = Kind(
    name="brightness",
    lesson="00",
    heading="uint8 0 to 255, float 0 to 1",
    form="number",
    draw=_brightness,
    ask=lambda f: (
        f"A picture of {f.high}x{f.wide} pixels is brought from bytes (0 to 255) to "
        "floats (0 to 1). "
        + (
            f"A pixel is now {f.asked}. Which byte was it?"
            if f.back
            else f"Which float does the byte {f.asked} become?"
        ),
    ),
    right=lambda f: _scaled(f, 255),
    again=lambda f: (
        next(b for b in range(256) if abs(b / 255 - f.asked) < 1e-9)
        if f.back
        else next(t / 10 for t in range(11) if 51 * t == 2 * f.asked)
    ),
    slips=(
        Slip(
            "divided by 256",
            lambda f: _scaled(f, 256),
            "255 is taken for 256",
            "The largest byte, 255, is to become exactly 1.",
            of="to_batch",
        ),
        Slip(
            "per cent",
            lambda f: _scaled(f, 100),
            "100 is taken for the largest byte",
            "The largest byte is 255.",
        ),
        Slip(
            "divided by the size of the picture",
            lambda f: _scaled(f, f.wide),
            "the width of the picture is used",
            "The size of the picture has no part in it; 255 has.",
        ),
        Slip(
            "subtracted from 1",
            lambda f: (
                255 - round(f.asked * 255) if f.back else round(1 - f.asked / 255, 4)
            ),
            "dark and bright are swapped",
            "0 is black in both, and the largest value is white.",
        ),
    ),
    steps=lambda f, answer: (
        "The byte 255 becomes 1, so "
        + ("multiply" if f.back else "divide")
        + " by 255.",
        f"{f.asked} {'*' if f.back else '/'} 255 = {answer}",
    ),
)


def _scaled(f: Facts, largest: int) -> Any:
    if f.back:
        found = round(float(torch.tensor(f.asked, dtype=torch.float64) * largest), 4)
        return int(found) if found == int(found) else found
    return round(float(torch.tensor(f.asked, dtype=torch.float64) / largest), 4)


KINDS = (
    PIXEL,
    BYTES,
    BRIGHTNESS,
)
