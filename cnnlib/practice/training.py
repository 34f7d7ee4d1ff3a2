"""Items of lesson 05: loss, gradient, steps."""

from __future__ import annotations

from math import ceil, exp, log
from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from .compute import plain, signed
from .items import code, shown, table
from .kind import Facts, Kind, Slip

# ---- softmax and cross-entropy ----------------------------------------------------

_EXPONENTIALS = {-1: 0.37, 0: 1.0, 1: 2.72, 2: 7.39, 3: 20.09}


def _scores(random: Random, level: int) -> dict[str, Any]:
    values = list(_EXPONENTIALS)[1:] if level == 1 else list(_EXPONENTIALS)
    scores = [random.choice(values) for _ in range(3 if level < 3 else 4)]
    return {"scores": scores, "asked": random.randrange(len(scores))}


def _exponentials(f: Facts) -> Any:
    known = sorted(set(f.scores))
    return table(
        "exponentials, rounded",
        ("s", *map(str, known)),
        [("e to the s", *(_EXPONENTIALS[s] for s in known))],
    )


def _share(values: list[float], place: int) -> float | None:
    total = sum(values)
    return round(values[place] / total, 2) if total else None


SOFTMAX = Kind(
    name="softmax",
    lesson="05",
    heading="How wrong? Cross-entropy from scores",
    form="number",
    draw=_scores,
    ask=lambda f: (
        f"The scores are {shown(f.scores, 'row')}. Which probability does the softmax "
        f"give to class {f.asked}? Classes count from 0; two decimals.",
        _exponentials(f),
    ),
    right=lambda f: round(
        float(torch.tensor(f.scores, dtype=torch.float64).softmax(0)[f.asked]), 2
    ),
    again=lambda f: round(exp(f.scores[f.asked]) / sum(map(exp, f.scores)), 2),
    slips=(
        Slip(
            "scores not exponentiated",
            lambda f: _share([float(s) for s in f.scores], f.asked),
            "the scores are divided by their sum",
            "First take e to the power of each score.",
        ),
        Slip(
            "divided by the largest",
            lambda f: round(exp(f.scores[f.asked]) / max(map(exp, f.scores)), 2),
            "it is divided by the largest exponential",
            "Divide by the sum of all.",
        ),
        Slip(
            "own exponential left out of the sum",
            lambda f: round(
                exp(f.scores[f.asked])
                / (sum(map(exp, f.scores)) - exp(f.scores[f.asked])),
                2,
            ),
            "its own exponential is left out of the sum",
            "Divide by the sum of all.",
        ),
        Slip(
            "classes counted from 1",
            lambda f: (
                _share([exp(s) for s in f.scores], f.asked - 1) if f.asked else None
            ),
            "the classes are counted from 1",
            "The first class is class 0.",
        ),
        Slip(
            "all alike",
            lambda f: round(1 / len(f.scores), 2),
            "all classes get the same share",
            "That is so only if all scores are equal.",
        ),
    ),
    steps=lambda f, answer: (
        "Exponentials: "
        + ", ".join(f"{_EXPONENTIALS[s]:g}" for s in f.scores)
        + f". Their sum is about {sum(_EXPONENTIALS[s] for s in f.scores):.2f}.",
        f"{_EXPONENTIALS[f.scores[f.asked]]:g} divided by it is about {answer}.",
    ),
)

_LOGS = {0.05: 3.0, 0.1: 2.3, 0.2: 1.61, 0.25: 1.39, 0.3: 1.2, 0.4: 0.92, 0.5: 0.69,
         0.6: 0.51, 0.7: 0.36, 0.8: 0.22}  # fmt: skip
_PARTS = {
    1: ((0.7, 0.2, 0.1), (0.5, 0.3, 0.2), (0.6, 0.3, 0.1), (0.5, 0.4, 0.1)),
    2: ((0.8, 0.1, 0.05, 0.05), (0.4, 0.3, 0.2, 0.1), (0.5, 0.25, 0.2, 0.05)),
    3: (
        (0.4, 0.25, 0.2, 0.1, 0.05),
        (0.5, 0.2, 0.2, 0.05, 0.05),
        (0.6, 0.25, 0.05, 0.1),
    ),
}


def _probabilities(random: Random, level: int) -> dict[str, Any]:
    parts = list(random.choice(_PARTS[level]))
    random.shuffle(parts)
    return {"p": parts, "label": random.randrange(len(parts))}


CROSS_ENTROPY = Kind(
    name="cross-entropy",
    lesson="05",
    heading="How wrong? Cross-entropy from scores",
    form="number",
    draw=_probabilities,
    ask=lambda f: (
        f"After the softmax the probabilities are {shown(f.p, 'row')}. The right class "
        f"is {f.label}, counted from 0. What is the cross-entropy? Two decimals.",
        table(
            "natural logarithms",
            ("p", *sorted(set(f.p))),
            [("log p", *(-_LOGS[p] for p in sorted(set(f.p))))],
        ),
    ),
    right=lambda f: round(
        float(
            F.cross_entropy(
                torch.tensor([f.p], dtype=torch.float64).log(), torch.tensor([f.label])
            )
        ),
        2,
    ),
    again=lambda f: round(-log(f.p[f.label]), 2),
    slips=(
        Slip(
            "sign forgotten",
            lambda f: round(log(f.p[f.label]), 2),
            "the minus sign is forgotten",
            "A loss is never below 0.",
        ),
        Slip(
            "largest probability",
            lambda f: round(-log(max(f.p)), 2),
            "the largest probability is taken",
            "What counts is the probability of the right class.",
        ),
        Slip(
            "classes counted from 1",
            lambda f: round(-log(f.p[f.label - 1]), 2) if f.label else None,
            "the classes are counted from 1",
            "The first class is class 0.",
        ),
        Slip(
            "one minus p",
            lambda f: round(1 - f.p[f.label], 2),
            "the probability is taken away from 1",
            "The cross-entropy is -log p.",
        ),
        Slip(
            "the probability itself",
            lambda f: f.p[f.label],
            "the probability itself is given",
            "The cross-entropy is -log p.",
        ),
    ),
    steps=lambda f, answer: (
        f"The right class has the probability {f.p[f.label]}.",
        f"-log {f.p[f.label]} = {answer}",
    ),
)

SCORE_GRADIENT = Kind(
    name="score-gradient",
    lesson="05",
    heading="What the gradient says",
    form="row",
    draw=_probabilities,
    ask=lambda f: (
        f"The softmax of the scores is {shown(f.p, 'row')}, and the right class is "
        f"{f.label}, counted from 0. What is the gradient of the cross-entropy with "
        "respect to the scores?",
    ),
    right=lambda f: _score_gradient(f),
    again=lambda f: [round(p - (n == f.label), 2) for n, p in enumerate(f.p)],
    slips=(
        Slip(
            "sign turned",
            lambda f: [round((n == f.label) - p, 2) for n, p in enumerate(f.p)],
            "the sign is turned round",
            "It is what the net says minus what is true.",
        ),
        Slip(
            "1 at every class",
            lambda f: [round(p - 1, 2) for p in f.p],
            "1 is taken away at every class",
            "Take it away at the right class only.",
        ),
        Slip(
            "only the right class",
            lambda f: [
                round(p - 1, 2) if n == f.label else 0 for n, p in enumerate(f.p)
            ],
            "only the right class has a gradient",
            "The other scores have their probability as gradient.",
        ),
        Slip(
            "nothing taken away",
            lambda f: list(f.p),
            "nothing is taken away at the right class",
            "There, take away 1.",
        ),
        Slip(
            "classes counted from 1",
            lambda f: (
                [round(p - (n == f.label - 1), 2) for n, p in enumerate(f.p)]
                if f.label
                else None
            ),
            "the classes are counted from 1",
            "The first class is class 0.",
        ),
    ),
    steps=lambda f, answer: (
        "The gradient is the probabilities, minus 1 at the right class.",
        f"At class {f.label}: {f.p[f.label]} - 1 = {round(f.p[f.label] - 1, 2)}.",
        f"The others stay: {answer}.",
    ),
)


def _score_gradient(f: Facts) -> list[float]:
    scores = torch.tensor([f.p], dtype=torch.float64).log().requires_grad_()
    loss = F.cross_entropy(scores, torch.tensor([f.label]))
    (gradient,) = torch.autograd.grad(loss, scores)
    return [round(g, 2) for g in gradient[0].tolist()]


def _classes(random: Random, level: int) -> dict[str, Any]:
    most = {
        1: (2, 5, 10, 20, 50, 100),
        2: (3, 4, 8, 26, 36, 200),
        3: (7, 12, 15, 62, 1000),
    }
    return {
        "classes": random.choice(most[level]),
        "batch": random.choice((16, 32, 64, 128)),
    }


START_LOSS = Kind(
    name="loss-of-a-new-net",
    lesson="05",
    heading="One step",
    form="number",
    draw=_classes,
    ask=lambda f: (
        f"An untrained net finds each of {f.classes} classes equally likely. About "
        f"what is its cross-entropy on a batch of {f.batch} images? Two decimals.",
        table(
            "natural logarithms",
            ("n", str(f.classes), str(f.batch)),
            [("log n", round(log(f.classes), 2), round(log(f.batch), 2))],
        ),
    ),
    right=lambda f: round(
        float(
            F.cross_entropy(
                torch.zeros(f.batch, f.classes), torch.zeros(f.batch, dtype=torch.long)
            )
        ),
        2,
    ),
    again=lambda f: round(-log(1 / f.classes), 2),
    slips=(
        Slip(
            "the probability itself",
            lambda f: round(1 / f.classes, 2),
            "the probability is given",
            "The cross-entropy is -log p.",
        ),
        Slip(
            "sum over the images",
            lambda f: round(f.batch * log(f.classes), 2),
            "the losses of all images are added",
            "The loss of a batch is the mean.",
            of="train_epoch",
        ),
        Slip(
            "the batch for the classes",
            lambda f: round(log(f.batch), 2),
            "the number of images is taken for the number of classes",
            "The size of the batch does not matter.",
        ),
        Slip(
            "sign forgotten",
            lambda f: round(log(1 / f.classes), 2),
            "the minus sign is forgotten",
            "A loss is never below 0.",
        ),
        Slip(
            "no loss yet",
            lambda f: 0,
            "it is taken for granted that there is no loss yet",
            "A net that guesses is often wrong.",
        ),
    ),
    steps=lambda f, answer: (
        f"Each class has the probability 1/{f.classes}.",
        f"-log(1/{f.classes}) = log({f.classes}) = {answer}",
    ),
)

# ---- one step ---------------------------------------------------------------------


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
        f"{f.w} + {f.steps}*{signed(round(-f.lr * f.g, 4))} = {answer}",
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


# ---- the loop ---------------------------------------------------------------------

_LOOP = (
    "for images, labels in loader:",
    "    scores = net(images)",
    "    loss = F.cross_entropy(scores, labels)",
    "    optimizer.zero_grad()",
    "    loss.backward()",
    "    optimizer.step()",
)
_LINES = {
    "zero_grad": "optimizer.zero_grad()",
    "backward": "loss.backward()",
    "step": "optimizer.step()",
    "loss": "loss = F.cross_entropy(scores, labels)",
    "scores": "scores = net(images)",
}
_SIGNS = {
    "zero_grad": "Without `zero_grad()` the gradients of all steps add up.",
    "backward": "Without `backward()` no weight moves, and every `.grad` is `None`.",
    "step": "Without `step()` no weight moves, but every `.grad` holds numbers.",
}


def _loop(random: Random, level: int) -> dict[str, Any]:
    names = ("net", "model", "cnn")
    return {
        "missing": random.choice(("zero_grad", "backward", "step")),
        "net": random.choice(names),
        "optimizer": random.choice(
            ("optimizer", "sgd") if level == 3 else ("optimizer", "adam")
        ),
        "last": level > 1 and random.random() < 0.5,
        "sign": level == 3,
        "images": random.choice(("images", "x", "pictures")),
        **(_run(random) if level == 3 else {}),
    }


def _run(random: Random) -> dict[str, Any]:
    """Draw a loss g * w, whose gradient is g at every step, and a learning rate."""
    g = random.choice((2, 3, 4, 5, -2, -3))
    return {"w": random.choice((1, 2, 3, 10)), "g": g, "lr": random.choice((0.1, 0.5))}


def _course(f: Facts) -> list[tuple[Any, Any]]:
    """Run the loop without its line: the weight and its `.grad` after each step."""
    w = nn.Parameter(torch.tensor([float(f.w)], dtype=torch.float64))
    optimizer = torch.optim.SGD([w], lr=f.lr)
    rows = []
    for _ in range(3):
        if f.missing != "zero_grad":
            optimizer.zero_grad()
        if f.missing != "backward":
            (f.g * w).sum().backward()
        if f.missing != "step":
            optimizer.step()
        grad = None if w.grad is None else plain(w.grad)[0]
        rows.append((plain(w.detach())[0], grad))
    return rows


def _by_course(f: Facts) -> str:
    """Tell the missing line from the figures alone."""
    weights, grads = zip(*_course(f), strict=True)
    if grads[-1] is None:
        return _line(f, "backward")
    return _line(f, "step" if len(set(weights)) == 1 else "zero_grad")


def _written(f: Facts, missing: str | None = None) -> list[str]:
    """Write the loop with the names of this item, without the missing line."""
    order = list(_LOOP)
    if f.last:  # zero_grad at the end of a step does as well
        order.append(order.pop(3))
    left_out = _LINES[missing or f.missing]
    lines = [line for line in order if left_out not in line]
    return [_named(f, line) for line in lines]


def _named(f: Facts, line: str) -> str:
    line = line.replace("optimizer", f.optimizer).replace("images", f.images)
    return line.replace("net(", f"{f.net}(")


def _line(f: Facts, name: str) -> str:
    return _named(f, _LINES[name])


def _missing(f: Facts) -> str:
    """Find the missing line by what a run of the written loop leaves behind."""
    w = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([w], lr=0.1)
    calls = {
        "zero_grad": optimizer.zero_grad,
        "backward": lambda: (2 * w).sum().backward(),
        "step": optimizer.step,
    }
    grads: list[float | None] = []
    for _ in range(2):
        for line in _written(f):
            for name, call in calls.items():
                if name in line:
                    call()
            if "backward" in line:
                grads.append(None if w.grad is None else float(w.grad[0]))
    if not grads:
        return _line(f, "backward")
    return _line(f, "step" if float(w.detach()[0]) == 1 else "zero_grad")


MISSING = Kind(
    name="missing-line",
    lesson="05",
    heading="When a line is forgotten",
    form="choice",
    draw=_loop,
    ask=lambda f: (
        (
            f"A weight starts at {f.w}. The gradient of the loss is {f.g} at each "
            f"step, and plain gradient descent has lr {f.lr}. One line of the loop is "
            "missing. Which, if this is what happens?"
            if f.sign
            else "One line of this training loop is missing. Which?"
        ),
        table(
            "after each step",
            ("step", "weight", ".grad"),
            [(n, w, str(g)) for n, (w, g) in enumerate(_course(f), start=1)],
        )
        if f.sign
        else code(*_written(f)),
    ),
    right=_missing,
    again=lambda f: _by_course(f) if f.sign else _line(f, f.missing),
    slips=(
        Slip(
            "step forgotten",
            lambda f: _line(f, "step"),
            "the line that moves the weights is looked for",
            "Without it no weight moves, but every `.grad` holds numbers.",
            of="train_epoch",
        ),
        Slip(
            "zero_grad forgotten",
            lambda f: _line(f, "zero_grad"),
            "the line that wipes out old gradients is looked for",
            "Without it the gradients of all steps add up.",
            of="train_epoch",
        ),
        Slip(
            "backward forgotten",
            lambda f: _line(f, "backward"),
            "the line that computes the gradients is looked for",
            "Without it every `.grad` is `None`.",
        ),
        Slip(
            "loss looked for",
            lambda f: _line(f, "loss"),
            "the line that computes the loss is looked for",
            "Without it Python would stop with an error.",
        ),
    ),
    steps=lambda f, answer: (
        "A step is: scores, loss, `zero_grad`, `backward`, `step`.",
        _SIGNS[f.missing],
        f"So this line is missing: {answer}",
    ),
)


def _epoch(random: Random, level: int) -> dict[str, Any]:
    batch = random.choice((10, 20, 25, 50, 100) if level == 1 else (32, 64, 50, 100))
    images = random.choice(
        (100, 200, 500, 1000) if level == 1 else (300, 500, 1000, 1200, 2000, 10_000)
    )
    return {
        "images": images + (random.choice((0, 30, 60)) if level == 1 else 0),
        "batch": batch,
        "epochs": random.choice((2, 3, 5, 10)) if level > 1 else random.choice((1, 2)),
    }


STEPS = Kind(
    name="steps-and-epochs",
    lesson="05",
    heading="Batches and epochs",
    form="number",
    draw=_epoch,
    ask=lambda f: (
        f"{f.images:,} images are dealt out in batches of {f.batch}; a last batch may "
        f"be smaller. How many steps does the optimizer take in {f.epochs} "
        f"epoch{'s' * (f.epochs > 1)}?",
    ),
    right=lambda f: f.epochs * len(torch.arange(f.images).split(f.batch)),
    again=lambda f: sum(
        1 for _ in range(f.epochs) for _ in range(0, f.images, f.batch)
    ),
    slips=(
        Slip(
            "short last batch left out",
            lambda f: f.epochs * (f.images // f.batch),
            "the last, smaller batch is left out",
            "It makes a step, too.",
            of="train_epoch",
        ),
        Slip(
            "epochs forgotten",
            lambda f: ceil(f.images / f.batch) if f.epochs > 1 else None,
            "the steps of one epoch are given",
            "There are {epochs} epochs.",
        ),
        Slip(
            "one step for the whole epoch",
            lambda f: f.epochs,
            "there is one step for each epoch",
            "Each batch has a step of its own.",
            of="train_epoch",
        ),
        Slip(
            "one step an image",
            lambda f: f.epochs * f.images,
            "there is one step for each image",
            "A whole batch makes one step.",
        ),
        Slip(
            "the batch's size",
            lambda f: f.epochs * f.batch,
            "the size of a batch is taken for their number",
            "Divide the images by the size of a batch.",
        ),
        Slip(
            "left-over images joined over the epochs",
            lambda f: ceil(f.epochs * f.images / f.batch),
            "the rest of one epoch is joined with the next",
            "Each epoch deals out anew.",
        ),
    ),
    steps=lambda f, answer: (
        f"{f.images:,} / {f.batch} = {f.images / f.batch:g}, so an epoch has "
        f"{ceil(f.images / f.batch)} batches.",
        f"Times {f.epochs}: {answer}.",
    ),
)


def _last_facts(random: Random, level: int) -> dict[str, Any]:
    batch = random.choice((20, 30, 40, 50) if level == 1 else (32, 64, 128))
    whole = random.randint(2, 6 if level == 1 else 20)
    rest = random.randrange(1, batch)
    if level == 1:
        rest = rest // 5 * 5 or 5
    return {"images": whole * batch + rest, "batch": batch}


LAST_BATCH = Kind(
    name="last-batch",
    lesson="05",
    heading="Batches and epochs",
    form="number",
    draw=_last_facts,
    ask=lambda f: (
        f"{f.images:,} images are dealt out in batches of {f.batch}. How many images "
        "has the last batch?",
    ),
    right=lambda f: len(torch.arange(f.images).split(f.batch)[-1]),
    again=lambda f: f.images % f.batch or f.batch,
    slips=(
        Slip(
            "every batch taken for a full one",
            lambda f: f.batch,
            "the last batch is taken for a full one",
            "It gets what is left.",
            of="train_epoch",
        ),
        Slip(
            "what is missing",
            lambda f: f.batch - f.images % f.batch,
            "the images that are missing in it are counted",
            "Count those that are there.",
        ),
        Slip(
            "the number of batches",
            lambda f: ceil(f.images / f.batch),
            "the batches are counted",
            "Asked for are the images of the last one.",
        ),
        Slip(
            "the full batches",
            lambda f: f.images // f.batch,
            "the full batches are counted",
            "Asked for are the images of the last batch.",
        ),
    ),
    steps=lambda f, answer: (
        f"{f.images // f.batch} full batches hold {f.images // f.batch}*{f.batch} = "
        f"{f.images // f.batch * f.batch:,} images.",
        f"{f.images:,} - {f.images // f.batch * f.batch:,} = {answer}",
    ),
)


def _losses(random: Random, level: int) -> dict[str, Any]:
    size = random.choice((10, 20))
    short = size // 2 if level < 3 else random.choice((size // 5, size // 2))
    many = 2 if level < 3 else 3
    sizes = [size] * (many - 1) + [short]
    losses = random.sample((0.2, 0.4, 0.5, 0.8, 1.0, 1.2, 2.0), many)
    return {"sizes": sizes, "losses": losses}


EPOCH_LOSS = Kind(
    name="loss-of-an-epoch",
    lesson="05",
    heading="The training loop",
    form="number",
    draw=_losses,
    ask=lambda f: (
        "An epoch has these batches. What is the mean loss per image? Two decimals.",
        table(
            "the batches",
            ("images", "mean loss"),
            list(zip(f.sizes, f.losses, strict=True)),
        ),
    ),
    right=lambda f: round(
        float(
            torch.cat(
                [
                    torch.full((n,), loss, dtype=torch.float64)
                    for n, loss in zip(f.sizes, f.losses, strict=True)
                ]
            ).mean()
        )
        + 1e-12,
        2,
    ),
    again=lambda f: round(_weighted(f) / sum(f.sizes) + 1e-12, 2),
    slips=(
        Slip(
            "mean of batch means",
            lambda f: round(sum(f.losses) / len(f.losses) + 1e-12, 2),
            "all batches count the same",
            "Each image should count the same.",
            of="train_epoch",
        ),
        Slip(
            "sum of the batches' losses",
            lambda f: round(sum(f.losses), 2),
            "the losses of the batches are added",
            "The mean per image is asked for.",
            of="train_epoch",
        ),
        Slip(
            "sum over the images",
            lambda f: round(_weighted(f), 2),
            "the losses of all images are added",
            "Divide by the number of images.",
            of="train_epoch",
        ),
        Slip(
            "loss of the last batch",
            lambda f: f.losses[-1],
            "the loss of the last batch is given",
            "All images count.",
            of="train_epoch",
        ),
        Slip(
            "every batch taken for a full one",
            lambda f: round(_weighted(f) / (len(f.sizes) * f.sizes[0]) + 1e-12, 2),
            "the last batch is taken for a full one in the number of images",
            "Count its images as they are.",
            of="train_epoch",
        ),
    ),
    steps=lambda f, answer: (
        "Weigh each loss by its images: "
        + " + ".join(f"{n}*{x}" for n, x in zip(f.sizes, f.losses, strict=True))
        + f" = {_weighted(f):g}.",
        f"Divide by {sum(f.sizes)} images: {answer}.",
    ),
)


def _weighted(f: Facts) -> float:
    return round(
        sum(n * loss for n, loss in zip(f.sizes, f.losses, strict=True)), 6
    )  # fmt: skip


KINDS = (
    SOFTMAX,
    CROSS_ENTROPY,
    SCORE_GRADIENT,
    START_LOSS,
    SGD,
    STEPS,
    LAST_BATCH,
    EPOCH_LOSS,
    ACCUMULATED,
    MISSING,
)
