"""Items of lesson 06: transfer learning."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.practice.items import code
from cnnlib.practice.kind import Facts, Kind, Slip


def _frozen_facts(random: Random, level: int) -> dict[str, Any]:
    return {
        "c": random.choice((4, 5, 8, 10, 16)),
        "side": random.choice((1, 2, 3, 4, 5)),
        "classes": random.choice((2, 5, 10, 20) if level > 1 else (2, 3, 5)),
        "hidden": random.choice((10, 20, 50)) if level == 3 else 0,
    }


def _flat(f: Facts) -> int:
    """Return how many numbers are flattened."""
    return int(f.c * f.side * f.side)


def _trainable(f: Facts) -> int:
    """Freeze all of a net, give it a new last layer, and count what may learn."""
    with torch.device("meta"):
        head: list[nn.Module] = [nn.Linear(_flat(f), 100)]
        if f.hidden:
            head = [nn.Linear(_flat(f), f.hidden), nn.ReLU(), nn.Linear(f.hidden, 100)]
        net = nn.Sequential(
            nn.Conv2d(3, f.c, 3),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(f.side),
            nn.Flatten(),
            *head,
        )
        net.requires_grad_(False)
        net[-1] = nn.Linear(f.hidden or _flat(f), f.classes)
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


FROZEN = Kind(
    name="frozen-params",
    lesson="06",
    heading="Transfer learning",
    form="number",
    draw=_frozen_facts,
    ask=lambda f: (
        "All parameters of this net are frozen. Then its last layer is replaced by a "
        f"new one for {f.classes} classes. How many parameters can learn?",
        code(
            "nn.Sequential(",
            f"    nn.Conv2d(3, {f.c}, 3), nn.ReLU(),",
            f"    nn.AdaptiveAvgPool2d({f.side}), nn.Flatten(),",
            *(
                (
                    f"    nn.Linear({_flat(f)}, {f.hidden}), nn.ReLU(),",
                    f"    nn.Linear({f.hidden}, 100),",
                )
                if f.hidden
                else (f"    nn.Linear({_flat(f)}, 100),",)
            ),
            ")",
        ),
    ),
    right=_trainable,
    again=lambda f: sum((f.hidden or _flat(f)) + 1 for _ in range(f.classes)),
    slips=(
        Slip(
            "bias of the last layer frozen",
            lambda f: (f.hidden or _flat(f)) * f.classes,
            "the biases of the new layer are left out",
            "They can learn, too.",
            of="freeze_features",
        ),
        Slip(
            "the old layer kept",
            lambda f: ((f.hidden or _flat(f)) + 1) * 100,
            "the old number of classes is used",
            "The new layer has {classes} outputs.",
        ),
        Slip(
            "everything frozen",
            lambda f: 0,
            "everything is taken to be frozen",
            "The new layer comes after the freezing, and it can learn.",
            of="freeze_features",
        ),
        Slip(
            "all Linear layers train",
            lambda f: (
                (_flat(f) + 1) * f.hidden + (f.hidden + 1) * f.classes
                if f.hidden
                else None
            ),
            "both `Linear` layers are counted",
            "Only the last one is new.",
            of="freeze_features",
        ),
        Slip(
            "nothing frozen",
            lambda f: (
                (27 + 1) * f.c
                + ((f.hidden or _flat(f)) + 1) * f.classes
                + ((_flat(f) + 1) * f.hidden if f.hidden else 0)
            ),
            "the frozen layers are counted, too",
            "What is frozen does not learn.",
            of="freeze_features",
        ),
    ),
    steps=lambda f, answer: (
        "Only the new layer can learn; it comes after the freezing.",
        f"{f.hidden or _flat(f)}*{f.classes} + {f.classes} = {answer}",
    ),
)

KINDS = (FROZEN,)
