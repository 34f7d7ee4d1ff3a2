"""Items of lesson 05: softmax, cross-entropy and its gradient."""

from __future__ import annotations

from math import exp, log
from random import Random
from typing import Any

import torch
import torch.nn.functional as F

from cnnlib.practice.items import shown, table
from cnnlib.practice.kind import Facts, Kind, Slip

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

KINDS = (
    SOFTMAX,
    CROSS_ENTROPY,
    SCORE_GRADIENT,
    START_LOSS,
)
