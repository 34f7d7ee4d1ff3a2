"""Items of lesson 01: a kernel on a photograph."""

from __future__ import annotations

from random import Random
from typing import Any

import torch

from cnnlib.practice.compute import (
    flat,
    plain,
    signed,
    torch_conv,
    torch_number,
    transposed,
    turned,
)
from cnnlib.practice.items import Show, grid
from cnnlib.practice.kind import Facts, Kind, Slip

KERNELS = {
    "blur": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "vertical edges": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "horizontal edges": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "the picture itself": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
}
_EFFECTS = {
    "blur": "It makes the picture soft: each pixel becomes a mean of its neighbours.",
    "vertical edges": "It answers where bright and dark lie side by side.",
    "horizontal edges": "It answers where bright and dark lie one above the other.",
    "outline": "It answers to edges of every direction, and not to flat parts.",
    "the picture itself": "It changes nothing but the brightness.",
}  # fmt: skip


def _kernel(random: Random, level: int) -> dict[str, Any]:
    name = random.choice(list(KERNELS))
    rows = [list(row) for row in KERNELS[name]]
    if level > 1 and "edges" in name:
        middle = random.randint(1, 4)
        rows = [
            [w * (middle if 1 in (i, j) and i != j else 1) for j, w in enumerate(row)]
            for i, row in enumerate(rows)
        ]
        if level == 3 and random.random() < 0.5:
            rows = turned(rows)
    if level > 1 and name == "outline":
        rows = (
            [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
            if random.random() < 0.5
            else ([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
        )
    if name == "blur" and level > 1:
        rows = random.choice(
            ([[1, 2, 1], [2, 4, 2], [1, 2, 1]], [[0, 1, 0], [1, 1, 1], [0, 1, 0]], rows)
        )
    times = random.randint(1, 5)
    return {"kernel": [[times * w for w in row] for row in rows]}  # fmt: skip


def _answers(kernel: Any) -> dict[str, bool]:
    """Tell whether a kernel answers to a flat part, and to each kind of edge."""
    step = [[0, 0, 0, 6, 6, 6]] * 6
    return {
        "flat": any(flat(torch_conv([[6] * 5] * 5, kernel))),
        "vertical": any(flat(torch_conv(step, kernel))),
        "horizontal": any(flat(torch_conv(transposed(step), kernel))),
    }


def _effect(kernel: Any) -> str:
    """Name what a kernel does by what it answers to."""
    answers = _answers(kernel)
    if answers["flat"]:
        alone = [w for w in flat(kernel) if w]
        return _EFFECTS["the picture itself" if len(alone) == 1 else "blur"]
    if answers["vertical"] and answers["horizontal"]:
        return _EFFECTS["outline"]
    return _EFFECTS["vertical edges" if answers["vertical"] else "horizontal edges"]


def _along(f: Facts, kind: str) -> str | None:
    """Name the edges of one kind, if they get an answer and a flat part gets none."""
    answers = _answers(f.kernel)
    return _EFFECTS[f"{kind} edges"] if answers[kind] and not answers["flat"] else None


def _by_sums(f: Facts) -> str:
    """Name the same from the sums of the kernel's rows and columns alone."""
    rows = [sum(row) for row in f.kernel]
    columns = [sum(row[j] for row in f.kernel) for j in range(3)]
    if sum(rows):
        is_one = sum(w != 0 for w in flat(f.kernel)) == 1
        return _EFFECTS["the picture itself" if is_one else "blur"]
    if any(rows) and any(columns):
        return _EFFECTS["outline"]
    return _EFFECTS["vertical edges" if any(columns) else "horizontal edges"]


EFFECT = Kind(
    name="kernel-effect",
    lesson="01",
    heading="A kernel on a photograph",
    form="choice",
    draw=_kernel,
    ask=lambda f: (
        "What does this kernel do to a photograph?",
        grid("kernel", f.kernel),
    ),
    right=lambda f: _effect(f.kernel),
    again=_by_sums,
    slips=(
        Slip(
            "kernel transposed",
            lambda f: _effect(transposed(f.kernel)),
            "rows and columns of the kernel are swapped",
            "Where the numbers change from left to right, the kernel looks for a "
            "change from left to right.",
            of="vertical_edge_kernel",
        ),
        Slip(
            "all edges alike",
            lambda f: (
                _EFFECTS["outline"]
                if not _answers(f.kernel)["flat"]
                else _EFFECTS["the picture itself"]
            ),
            "only the sum of the weights is looked at",
            "Look also at how the weights lie.",
        ),
        Slip(
            "signs not seen",
            lambda f: _effect([[abs(w) for w in row] for row in f.kernel]),
            "the minus signs are not seen",
            "Weights of both signs compare, weights of one sign add up.",
        ),
        Slip(
            "sum taken for zero",
            lambda f: _EFFECTS["outline"] if _answers(f.kernel)["flat"] else None,
            "it is taken for a kernel whose weights add up to 0",
            "These weights do not, so a flat part gives an answer.",
        ),
        Slip(
            "only left and right compared",
            lambda f: _along(f, "vertical"),
            "only the change from left to right is looked at",
            "Look at the change from top to bottom as well.",
        ),
        Slip(
            "only top and bottom compared",
            lambda f: _along(f, "horizontal"),
            "only the change from top to bottom is looked at",
            "Look at the change from left to right as well.",
        ),
    ),
    steps=lambda f, answer: (
        f"The weights add up to {sum(flat(f.kernel))}: a flat part gives "
        + ("an answer." if sum(flat(f.kernel)) else "0."),
        "Weights of one sign add up the pixels under them."
        if sum(flat(f.kernel))
        else "Look where the signs change: from left to right, from top to bottom, or "
        "both.",
        answer,
    ),
)


def _flat(random: Random, level: int) -> dict[str, Any]:
    name = random.choice(("blur", "vertical edges", "outline", "the picture itself"))
    rows = [[w * random.choice((1, 1, 2)) for w in row] for row in KERNELS[name]]
    return {"kernel": rows, "value": random.choice((2, 3, 4, 5, 10)),
            "bias": random.choice((1, 2, 3)) if level > 1 else 0}  # fmt: skip


FLAT = Kind(
    name="flat-response",
    lesson="01",
    heading="A kernel on a photograph",
    form="number",
    draw=_flat,
    ask=lambda f: (
        f"All nine pixels under this kernel are {f.value}. The bias is {f.bias}. What "
        "is the response?",
        grid("kernel", f.kernel),
    ),
    right=lambda f: torch_number([[f.value] * 3] * 3, f.kernel) + f.bias,
    again=lambda f: f.value * sum(flat(f.kernel)) + f.bias,
    slips=(
        Slip(
            "signs not seen",
            lambda f: f.value * sum(map(abs, flat(f.kernel))) + f.bias,
            "the minus signs are left out",
            "Negative weights take away.",
        ),
        Slip(
            "mean for sum",
            lambda f: plain(f.value * sum(flat(f.kernel)) / 9 + f.bias),
            "the mean of the nine products is taken",
            "The nine products are added.",
            of="correlate2d",
        ),
        Slip(
            "bias forgotten",
            lambda f: f.value * sum(flat(f.kernel)),
            "the bias is forgotten",
            "It is added once, after the sum.",
            of="correlate2d",
        ),
        Slip(
            "centre only",
            lambda f: f.value * f.kernel[1][1] + f.bias,
            "only the weight in the middle is used",
            "All nine weights count.",
        ),
        Slip(
            "weights added alone",
            lambda f: sum(flat(f.kernel)) + f.bias,
            "the weights are added without the pixels",
            "Each weight is multiplied by its pixel.",
        ),
    ),
    steps=lambda f, answer: (
        "All pixels are equal, so add the weights first: "
        f"{' + '.join(map(signed, flat(f.kernel)))} = {sum(flat(f.kernel))}.",
        f"{f.value}*{signed(sum(flat(f.kernel)))} + {f.bias} = {answer}",
    ),
    show=lambda f: Show(
        "step_conv",
        {"image": [[f.value] * 3] * 3, "kernel": f.kernel, "bias": f.bias},
        (0, 0),
    ),
)


def _shift(random: Random, level: int) -> dict[str, Any]:
    i, j = random.sample(range(3, 7), 2)
    down, right = random.sample((1, 2, 3), 2)
    if level == 1:
        down = 0
    if level == 3:
        down, right = -down, -right if random.random() < 0.5 else right
    return {"i": i, "j": j, "down": down, "right": right}


def _moved(f: Facts) -> tuple[int, int]:
    """Find the strongest response of a 3x3 kernel to a dot, after the shift."""
    x = torch.zeros(1, 1, 14, 14)
    x[0, 0, f.i + 1, f.j + 1] = 1
    x = torch.roll(x, (f.down, f.right), (2, 3))
    weight = torch.full((1, 1, 3, 3), 0.1)
    weight[0, 0, 1, 1] = 1
    row, column = divmod(int(torch.conv2d(x, weight).argmax()), 12)
    return row, column


def _way(f: Facts) -> str:
    down = f"{abs(f.down)} pixel{'s' * (abs(f.down) != 1)} "
    down += "down" if f.down > 0 else "up"
    right = f"{abs(f.right)} pixel{'s' * (abs(f.right) != 1)} to the "
    right += "right" if f.right > 0 else "left"
    return " and ".join([*([down] if f.down else []), right])


SHIFT = Kind(
    name="shift",
    lesson="01",
    heading="Shift the input, and the output shifts",
    form="shape",
    draw=_shift,
    ask=lambda f: (
        f"The strongest response of a map is at ({f.i}, {f.j}): row, column. The input "
        f"is shifted by {_way(f)}; stride 1. Where is the strongest response now?",
    ),
    right=_moved,
    again=lambda f: (f.i + f.down, f.j + f.right),
    slips=(
        Slip(
            "the other way",
            lambda f: (f.i - f.down, f.j - f.right),
            "the response moves the other way",
            "It moves with the input.",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: (f.i + f.right, f.j + f.down),
            "rows and columns are swapped",
            "Down is a later row, right is a later column.",
        ),
        Slip(
            "not moved",
            lambda f: (f.i, f.j),
            "the response stays where it was",
            "The map shifts as its input does.",
        ),
        Slip(
            "up for down",
            lambda f: (f.i - f.down, f.j + f.right) if f.down else None,
            "rows are counted upwards",
            "Row 0 is at the top, so down is a later row.",
        ),
    ),
    steps=lambda f, answer: (
        "The map shifts as the input does.",
        f"Row {f.i} + {signed(f.down)}, column {f.j} + {signed(f.right)}: {answer}.",
    ),
)

KINDS = (
    EFFECT,
    FLAT,
    SHIFT,
)
