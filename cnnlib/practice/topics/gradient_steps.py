"""Items of lesson 05: one step, and the gradient."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.practice.compute import signed
from cnnlib.practice.items import shown
from cnnlib.practice.kind import Facts, Kind, Slip


def _one_step(random: Random, level: int) -> dict[str, Any]:
    return {
        "w": random.choice((1, 2, 3) if level == 1 else (-2, -1, 0.5, 1, 2)),
        "g": random.choice((2, 3, 4, 5) if level == 1 else (-4, -3, -2, 3, 4, 5)),
        "lr": random.choice((0.1, 0.2) if level == 1 else (0.1, 0.2, 0.5, 0.01)),
        "steps": 1 if level < 3 else 2,
    }


SGD = Kind(
    name="sgd-step",
    lesson="05",
    heading="One step",
    form="number",
    draw=_one_step,
    ask=lambda f: (
        f"A weight is {f.w}, its gradient {f.g}"
        + (" at each step" if f.steps > 1 else "")
        + f". Plain gradient descent with lr {f.lr} takes {f.steps} "
        f"step{'s' * (f.steps > 1)}. What is the weight then?",
    ),
    right=lambda f: _stepped(f),
    again=lambda f: round(f.w - f.steps * f.lr * f.g, 4),
    slips=(
        Slip(
            "sign turned",
            lambda f: round(f.w + f.steps * f.lr * f.g, 4),
            "the weight moves with the gradient",
            "A step goes against it.",
            of="learn_kernel",
        ),
        Slip(
            "steps too large",
            lambda f: f.w - f.steps * f.g,
            "the learning rate is left out",
            "The step is lr times the gradient.",
            of="learn_kernel",
        ),
        Slip(
            "the step for the weight",
            lambda f: round(-f.steps * f.lr * f.g, 4),
            "the step is given",
            "Add it to the weight.",
        ),
        Slip(
            "size of the gradient left out",
            lambda f: round(f.w - f.steps * f.lr * (1 if f.g > 0 else -1), 4),
            "only the sign of the gradient is used",
            "That is about what Adam does in its first step.",
        ),
        Slip(
            "one step only",
            lambda f: round(f.w - f.lr * f.g, 4),
            "only one step is taken",
            "There are {steps}.",
        ),
    ),
    steps=lambda f, answer: (
        f"A step moves the weight by -lr times the gradient: -{f.lr}*{signed(f.g)} = "
        f"{round(-f.lr * f.g, 4):g}.",
        f"{f.w} + "
        + (f"{f.steps}*" if f.steps > 1 else "")
        + f"{signed(round(-f.lr * f.g, 4))} = {answer}",
    ),
)


def _stepped(f: Facts) -> float:
    w = nn.Parameter(torch.tensor([float(f.w)], dtype=torch.float64))
    optimizer = torch.optim.SGD([w], lr=f.lr)
    for _ in range(f.steps):
        w.grad = torch.tensor([float(f.g)], dtype=torch.float64)
        optimizer.step()
    return round(float(w.detach()[0]), 4)


def _gradients(random: Random, level: int) -> dict[str, Any]:
    many = {1: 2, 2: 3, 3: 4}[level]
    low = 1 if level == 1 else -5
    return {"gradients": [random.choice([g for g in range(low, 7) if g])
                          for _ in range(many)]}  # fmt: skip


ACCUMULATED = Kind(
    name="gradients-add-up",
    lesson="05",
    heading="When a line is forgotten",
    form="number",
    draw=_gradients,
    ask=lambda f: (
        f"Somebody forgot `zero_grad()`. The losses of {len(f.gradients)} batches give "
        f"a weight these gradients: {shown(f.gradients, 'row')}. What stands in its "
        "`.grad` after the last `backward()`?",
    ),
    right=lambda f: _grad_of(f),
    again=lambda f: sum(f.gradients),
    slips=(
        Slip(
            "the last one alone",
            lambda f: f.gradients[-1],
            "only the last gradient is there",
            "PyTorch adds each new one to what is there.",
        ),
        Slip(
            "the mean",
            lambda f: round(sum(f.gradients) / len(f.gradients), 4),
            "the mean of the gradients is taken",
            "PyTorch adds them.",
        ),
        Slip(
            "the first one kept",
            lambda f: f.gradients[0],
            "the first gradient stays",
            "PyTorch adds each new one to it.",
        ),
        Slip(
            "wiped out at the end",
            lambda f: 0,
            "the gradient is wiped out",
            "That is what `zero_grad()` would do.",
        ),
        Slip(
            "the last two",
            lambda f: sum(f.gradients[-2:]),
            "only the last two gradients are added",
            "All of them add up.",
        ),
    ),
    steps=lambda f, answer: (
        "`backward()` adds to what `.grad` holds; `zero_grad()` would wipe it out.",
        " + ".join(map(signed, f.gradients)) + f" = {answer}",
    ),
)


def _grad_of(f: Facts) -> int:
    w = torch.zeros(1, requires_grad=True)
    for g in f.gradients:
        (w * g).sum().backward()
    assert w.grad is not None
    return int(w.grad[0])


KINDS = (
    SGD,
    ACCUMULATED,
)
