"""Items of lesson 05: the training loop."""

from __future__ import annotations

from math import ceil
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib.practice.compute import plain
from cnnlib.practice.items import code, table
from cnnlib.practice.kind import Facts, Kind, Slip

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
        f"So this line is missing: `{answer}`",
    ),
)


def _epoch(random: Random, level: int) -> dict[str, Any]:
    """Draw more images than a batch has."""
    batch = random.choice((10, 20, 25, 50, 100) if level == 1 else (32, 64, 50, 100))
    some = (200, 300, 500, 1000) if level == 1 else (300, 500, 1000, 1200, 2000, 10_000)
    return {
        "images": random.choice(some)
        + (random.choice((0, 30, 60)) if level == 1 else 0),
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
        "are in the last batch?",
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
    STEPS,
    LAST_BATCH,
    EPOCH_LOSS,
    MISSING,
)
