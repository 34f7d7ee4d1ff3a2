"""Items of lesson 07: Grad-CAM, and a dead unit."""

from __future__ import annotations

from random import Random
from typing import Any

import torch

from cnnlib.practice.compute import flat, plain, signed, some_grid
from cnnlib.practice.items import Show, grid, shown
from cnnlib.practice.kind import Facts, Kind, Slip


def _cam(random: Random, level: int) -> dict[str, Any]:
    channels = 2 if level < 3 else 3
    weights = [random.choice((-2, -1, 1, 2)) for _ in range(channels)]
    gradients = []
    for mean in weights:
        a, b = random.choice(((0, 0), (1, 2), (2, -1), (1, -1)))
        cells = [mean + a, mean - a, mean + b, mean - b]
        if level > 1:
            random.shuffle(cells)
        gradients.append([cells[:2], cells[2:]])
    return {
        "maps": [some_grid(random, 2, 2, 0, 4) for _ in range(channels)],
        "gradients": gradients,
        "i": random.choice((0, 1)),
        "j": random.choice((0, 1)),
    }


def _means(f: Facts) -> list[float]:
    return [plain(sum(flat(g)) / 4) for g in f.gradients]


def _mixed(f: Facts, weights: list[float]) -> Any:
    total = sum(w * m[f.i][f.j] for w, m in zip(weights, f.maps, strict=True))
    return plain(total)


CAM = Kind(
    name="grad-cam-number",
    lesson="07",
    heading="Third answer: Grad-CAM",
    form="number",
    draw=_cam,
    ask=lambda f: (
        f"Grad-CAM of {len(f.maps)} maps. Below stand the maps and the gradient of the "
        f"score for each of their numbers. What is its number in row {f.i}, column "
        f"{f.j}?",
        *(grid(f"map {c}", rows) for c, rows in enumerate(f.maps)),
        *(grid(f"gradient {c}", rows) for c, rows in enumerate(f.gradients)),
    ),
    right=lambda f: _grad_cam(f),
    again=lambda f: max(_mixed(f, _means(f)), 0),
    slips=(
        Slip(
            "not cut off",
            lambda f: _mixed(f, _means(f)),
            "a negative number is kept",
            "Grad-CAM keeps only what is positive.",
        ),
        Slip(
            "sum for mean",
            lambda f: max(_mixed(f, [4 * w for w in _means(f)]), 0),
            "the gradients are added, and no mean is taken",
            "A channel's weight is the mean of its gradient.",
            of="global_avg_pool",
        ),
        Slip(
            "weight of the place",
            lambda f: max(_mixed(f, [g[f.i][f.j] for g in f.gradients]), 0),
            "the gradient of this place is used alone",
            "A channel's weight is the mean over all places.",
        ),
        Slip(
            "maps added without weights",
            lambda f: sum(m[f.i][f.j] for m in f.maps),
            "the maps are added without weights",
            "Each map is multiplied by the mean of its gradient.",
        ),
        Slip(
            "only the first channel",
            lambda f: max(plain(_means(f)[0] * f.maps[0][f.i][f.j]), 0),
            "only the first map is used",
            "All maps are added.",
            of="feature_maps",
        ),
        Slip(
            "signs of the weights lost",
            lambda f: _mixed(f, [abs(w) for w in _means(f)]),
            "the minus signs of the weights are left out",
            "A channel may speak against the class.",
        ),
    ),
    steps=lambda f, answer: (
        f"The means of the gradients: {shown(_means(f), 'row')}.",
        "At this place: "
        + " + ".join(
            f"{signed(w)}*{m[f.i][f.j]}" for w, m in zip(_means(f), f.maps, strict=True)
        )
        + f" = {_mixed(f, _means(f))}.",
        f"Keep what is positive, make 0 of the rest: {answer}.",
    ),
)


def _grad_cam(f: Facts) -> Any:
    """Do the four steps of the lesson; the score is the maps times their gradients."""
    a = torch.tensor([f.maps], dtype=torch.float64, requires_grad=True)
    score = (a * torch.tensor([f.gradients], dtype=torch.float64)).sum()
    (gradient,) = torch.autograd.grad(score, a)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return plain((weights * a).sum(dim=1).relu()[0].detach())[f.i][f.j]


def _channel(random: Random, level: int) -> dict[str, Any]:
    side = 2 if level == 1 else 3
    rows = some_grid(random, side, side, -2, 2)
    return {"kernel": rows, "bias": random.choice((-8, -6, -5, -4, -3, -2, 1))}


DEAD = Kind(
    name="largest-answer",
    lesson="07",
    heading="Dead on purpose",
    form="number",
    draw=_channel,
    ask=lambda f: (
        f"Pixels lie between 0 and 1. What is the largest number that this kernel with "
        f"the bias {f.bias} can give to any image, before the ReLU?",
        grid("kernel", f.kernel),
    ),
    right=lambda f: int(
        torch.tensor(f.kernel).clamp(min=0).sum() + torch.tensor(f.bias)
    ),
    again=lambda f: _best(f),
    slips=(
        Slip(
            "all weights added",
            lambda f: sum(flat(f.kernel)) + f.bias,
            "the negative weights are added, too",
            "Where a weight is negative, the best pixel is 0.",
        ),
        Slip(
            "bias forgotten",
            lambda f: sum(w for w in flat(f.kernel) if w > 0),
            "the bias is forgotten",
            "It is added once, after the sum.",
            of="correlate2d",
        ),
        Slip(
            "signs not seen",
            lambda f: sum(map(abs, flat(f.kernel))) + f.bias,
            "the minus signs are left out",
            "No pixel is negative, so a negative weight cannot help.",
        ),
        Slip(
            "largest weight alone",
            lambda f: max(flat(f.kernel)) + f.bias,
            "only the largest weight is used",
            "All pixels under positive weights can be 1.",
        ),
        Slip(
            "negative responses cut off",
            lambda f: max(0, sum(w for w in flat(f.kernel) if w > 0) + f.bias),
            "a negative number is replaced by 0",
            "That is the ReLU, which comes later.",
            of="conv2d_channels",
        ),
    ),
    steps=lambda f, answer: (
        "The best image has 1 under each positive weight and 0 elsewhere.",
        f"The positive weights add up to {sum(w for w in flat(f.kernel) if w > 0)}.",
        f"Add the bias {f.bias}: {answer}"
        + (". The channel is dead." if _best(f) <= 0 else "."),
    ),
    show=lambda f: Show(
        "step_conv",
        {
            "image": [[int(w > 0) for w in row] for row in f.kernel],
            "kernel": f.kernel,
            "bias": f.bias,
        },
        (0, 0),
    ),
)


def _best(f: Facts) -> int:
    """Try every image of zeros and ones, cell by cell: each cell stands for itself."""
    best = f.bias
    for weight in flat(f.kernel):
        best += max(pixel * weight for pixel in (0, 1))
    return int(best)


KINDS = (
    CAM,
    DEAD,
)
