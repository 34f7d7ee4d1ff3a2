"""Items of lesson 05: how good a net is."""

from __future__ import annotations

from random import Random
from typing import Any

import torch

from cnnlib.practice.compute import transposed
from cnnlib.practice.items import grid, shown
from cnnlib.practice.kind import Facts, Kind, Slip


def _answers(random: Random, level: int) -> dict[str, Any]:
    many = {1: 5, 2: 7, 3: 8}[level]
    classes = 2 if level == 1 else 3
    truth = [random.randrange(classes) for _ in range(many)]
    said = [t if random.random() < 0.55 else random.randrange(classes) for t in truth]
    return {"truth": truth, "said": said, "classes": classes}


def _counted(truth: list[int], said: list[int], classes: int) -> list[list[int]]:
    counts = torch.tensor(truth) * classes + torch.tensor(said)
    matrix = torch.bincount(counts, minlength=classes * classes)
    return [[int(v) for v in row] for row in matrix.view(classes, classes).tolist()]


def _by_pairs(f: Facts) -> list[list[int]]:
    pairs = list(zip(f.truth, f.said, strict=True))
    many = range(f.classes)
    return [[pairs.count((row, column)) for column in many] for row in many]


CONFUSION = Kind(
    name="confusion-matrix",
    lesson="05",
    heading="How good is it?",
    form="grid",
    draw=_answers,
    ask=lambda f: (
        f"The labels are {shown(f.truth, 'row')}, the predictions "
        f"{shown(f.said, 'row')}. What is the confusion matrix of the {f.classes} "
        "classes? Rows are labels.",
    ),
    right=lambda f: _counted(f.truth, f.said, f.classes),
    again=_by_pairs,
    slips=(
        Slip(
            "confusion matrix transposed",
            lambda f: transposed(_by_pairs(f)),
            "rows and columns are swapped",
            "A row is a true label, a column a prediction.",
            of="confusion_matrix",
        ),
        Slip(
            "each pair counted once",
            lambda f: [[min(v, 1) for v in row] for row in _by_pairs(f)],
            "each pair is counted once, however often it occurs",
            "Each image adds 1.",
            of="confusion_matrix",
        ),
        Slip(
            "only the right answers",
            lambda f: [
                [v if i == j else 0 for j, v in enumerate(row)]
                for i, row in enumerate(_by_pairs(f))
            ],
            "only the right answers are counted",
            "Wrong ones stand beside the diagonal.",
            of="confusion_matrix",
        ),
        Slip(
            "only the mistakes",
            lambda f: [
                [v if i != j else 0 for j, v in enumerate(row)]
                for i, row in enumerate(_by_pairs(f))
            ],
            "only the wrong answers are counted",
            "Right ones stand on the diagonal.",
            of="confusion_matrix",
        ),
        Slip(
            "first image left out",
            lambda f: _counted(f.truth[1:], f.said[1:], f.classes),
            "the first image is left out",
            "Every image adds 1.",
            of="confusion_matrix",
        ),
    ),
    steps=lambda f, answer: (
        "Each image adds 1 in the row of its label and the column of its prediction.",
        f"The first one: row {f.truth[0]}, column {f.said[0]}.",
        f"All of them: {answer}.",
    ),
)


def _matrix(random: Random, level: int) -> dict[str, Any]:
    classes = 2 if level == 1 else 3
    total = {1: 20, 2: 50, 3: 50}[level]
    rows = [
        [random.randint(3, 9) if i == j else random.randint(0, 4)
         for j in range(classes)]
        for i in range(classes)
    ]  # fmt: skip
    rows[0][0] += max(0, total - sum(map(sum, rows)))
    row = random.randrange(classes) if level == 3 else 0
    return {"matrix": rows, "row": row, "recall": level == 3}


def _part(part: float, whole: float) -> float | None:
    return round(part / whole, 2) if whole else None


def _right(f: Facts) -> int:
    return sum(f.matrix[i][i] for i in range(len(f.matrix)))


def _all(f: Facts) -> int:
    return sum(map(sum, f.matrix))


ACCURACY = Kind(
    name="accuracy-from-matrix",
    lesson="05",
    heading="How good is it?",
    form="number",
    draw=_matrix,
    ask=lambda f: (
        (
            f"Rows are labels, columns predictions. Which share of the images of class "
            f"{f.row} is recognized? Two decimals."
            if f.recall
            else "Rows are labels, columns predictions. What is the accuracy? Two "
            "decimals."
        ),
        grid("confusion matrix", f.matrix),
    ),
    right=lambda f: _from_labels(f),
    again=lambda f: (
        _part(f.matrix[f.row][f.row], sum(f.matrix[f.row]))
        if f.recall
        else _part(_right(f), _all(f))
    ),
    slips=(
        Slip(
            "share of mistakes",
            lambda f: _part(_all(f) - _right(f), _all(f)),
            "the share of all wrong answers is given",
            "Right answers stand on the diagonal.",
            of="accuracy",
        ),
        Slip(
            "shares of each column",
            lambda f: _part(
                f.matrix[f.row][f.row], sum(row[f.row] for row in f.matrix)
            ),
            "column {row} is used",
            "A column holds one prediction, a row one label.",
            of="confusion_matrix",
        ),
        Slip(
            "the accuracy",
            lambda f: _part(_right(f), _all(f)),
            "all classes are counted",
            "Asked for is class {row} alone.",
        ),
        Slip(
            "shares of all",
            lambda f: _part(f.matrix[f.row][f.row], _all(f)),
            "one cell is divided by the number of all images",
            "Choose the images that are asked for, on both sides.",
            of="confusion_matrix",
        ),
        Slip(
            "one row only",
            lambda f: _part(f.matrix[0][0], sum(f.matrix[0])),
            "only the first row is used",
            "Each row is one label.",
        ),
        Slip(
            "right divided by wrong",
            lambda f: _part(_right(f), _all(f) - _right(f)),
            "right answers are divided by wrong ones",
            "Divide by the number of images.",
        ),
    ),
    steps=lambda f, answer: (
        (
            f"Row {f.row} has {sum(f.matrix[f.row])} images, {f.matrix[f.row][f.row]} "
            "of them on the diagonal."
            if f.recall
            else f"The diagonal adds up to {_right(f)}, all cells to {_all(f)}."
        ),
        f"The share is {answer}.",
    ),
)


def _from_labels(f: Facts) -> float:
    """Write every image down, and let PyTorch compare labels and predictions."""
    pairs = [
        (i, j)
        for i, row in enumerate(f.matrix)
        for j, count in enumerate(row)
        for _ in range(count)
        if not f.recall or i == f.row
    ]
    labels, said = torch.tensor(pairs).T
    return round(float((labels == said).double().mean()), 2)


KINDS = (CONFUSION, ACCURACY)
