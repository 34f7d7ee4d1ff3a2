"""Items of lesson 09: stopping, dropout, rare classes, temperature."""

from __future__ import annotations

from math import exp
from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.metrics import recall_score
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from cnnlib.practice.compute import plain
from cnnlib.practice.items import grid, shown, table
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.text import count


def _curve(random: Random, level: int) -> dict[str, Any]:
    many = {1: 6, 2: 8, 3: 9}[level]
    down = random.randint(2, many - 3)
    losses, now = [], random.randint(80, 95)
    for epoch in range(many):
        rise = random.randint(-12, -3) if epoch < down else random.randint(-4, 9)
        now = max(10, now + rise)
        losses.append(now)
    while len(set(losses)) < many:  # no two alike
        place = random.randrange(many)
        losses[place] += random.choice((-1, 1))
    return {
        "losses": [value / 100 for value in losses],
        "patience": random.choice((2, 3)) if level > 1 else 2,
        "asks_best": level == 2 and random.random() < 0.5,
    }


def _run(f: Facts, patience: int | None = None) -> tuple[int, int]:
    """Return the best epoch and the epoch of the stop, counted from 1."""
    patience = f.patience if patience is None else patience
    best, waited = 0, 0
    for epoch, loss in enumerate(f.losses):
        if epoch == 0 or loss < f.losses[best]:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            return best + 1, epoch + 1
    return best + 1, len(f.losses)


def _by_looking_back(f: Facts) -> int:
    """Try each epoch as the stop: the lowest so far lies `patience` epochs back."""
    for stop in range(1, len(f.losses) + 1):
        seen = torch.tensor(f.losses[:stop], dtype=torch.float64)
        best = int(seen.argmin()) + 1
        if stop - best == f.patience:
            break
    return best if f.asks_best else stop


def _pick(f: Facts, pair: tuple[int, int]) -> int:
    return pair[0] if f.asks_best else pair[1]


def _lowest(f: Facts) -> int:
    return int(f.losses.index(min(f.losses))) + 1


def _stopped(f: Facts) -> bool:
    best, stop = _run(f)
    return stop - best == f.patience


STOPPING = Kind(
    name="early-stopping",
    lesson="09",
    heading="Early stopping",
    form="number",
    draw=_curve,
    ask=lambda f: (
        f"The validation losses of the epochs, counted from 1, would be "
        f"{shown(f.losses, 'row')}. Training stops early, with a patience of "
        f"{f.patience}. "
        + (
            "The weights of which epoch are kept?"
            if f.asks_best
            else "After which epoch does it stop?"
        ),
    ),
    right=_by_looking_back,
    again=lambda f: _pick(f, _run(f)),
    slips=(
        Slip(
            "stop one late",
            lambda f: _run(f, f.patience + 1)[1] if not f.asks_best else None,
            "one epoch more is trained",
            "The patience is over with epoch number {patience} after the lowest.",
            of="stop_epoch",
        ),
        Slip(
            "stop one early",
            lambda f: _run(f, f.patience - 1)[1] if not f.asks_best else None,
            "the stop comes one epoch too early",
            "Wait {patience} whole epochs after the lowest.",
            of="stop_epoch",
        ),
        Slip(
            "last for best",
            lambda f: _run(f)[1] if f.asks_best else None,
            "the epoch of the stop is given",
            "Kept are the weights of the lowest loss so far.",
            of="stop_epoch",
        ),
        Slip(
            "stop first",
            lambda f: _run(f)[0] if not f.asks_best else None,
            "the epoch with the lowest loss is given",
            "Its weights are kept; training goes on for the patience.",
            of="stop_epoch",
        ),
        Slip(
            "best of all losses, also of those after the stop",
            lambda f: _lowest(f) if f.asks_best else None,
            "losses after the stop are looked at",
            "They are never seen.",
            of="stop_epoch",
        ),
        Slip(
            "never stopped",
            lambda f: len(f.losses) if not f.asks_best else None,
            "training goes on to the end",
            "It stops when {patience} epochs bring no lower loss.",
            of="stop_epoch",
        ),
        Slip(
            "epochs counted from 0",
            lambda f: _pick(f, _run(f)) - 1,
            "the epochs are counted from 0",
            "Here the first one is epoch 1.",
        ),
        Slip(
            "patience of 1",
            lambda f: _pick(f, _run(f, 1)),
            "the first loss that is not lower ends it",
            "The patience is {patience}.",
            of="stop_epoch",
        ),
    ),
    steps=lambda f, answer: (
        f"The lowest loss before the stop is {f.losses[_run(f)[0] - 1]}, in epoch "
        f"{_run(f)[0]}.",
        (
            f"The next {f.patience} epochs bring no lower one: training stops after "
            f"epoch {_run(f)[1]}."
            if _stopped(f)
            else f"The losses end with epoch {_run(f)[1]}, before the patience does."
        ),
        f"The answer is {answer}.",
    ),
)


def _drop(random: Random, level: int) -> dict[str, Any]:
    if level == 3:
        return {
            "value": random.choice((1, 2, 4, 5, 8, 10)),
            "q": 0,
            "rate": random.choice((0.1, 0.2, 0.5)),
            "decay": random.choice((0.1, 0.5, 0.2, 1)),
            "steps": random.choice((1, 2)),
        }
    return {
        "value": random.choice((2, 3, 4, 6, 8, 10, 12)),
        "q": random.choice((0.5, 0.2) if level == 1 else (0.5, 0.2, 0.75, 0.6, 0.9)),
        "rate": 0,
        "decay": 0,
        "steps": 0,
    }


def _kept(f: Facts) -> Any:
    if f.q:
        torch.manual_seed(0)
        x = torch.full((64,), float(f.value), dtype=torch.float64)
        out = F.dropout(x, f.q)
        return plain(out[out != 0][0])
    weight = nn.Parameter(torch.tensor([float(f.value)], dtype=torch.float64))
    optimizer = torch.optim.AdamW([weight], lr=f.rate, weight_decay=f.decay)
    for _ in range(f.steps):
        weight.grad = torch.zeros_like(weight)
        optimizer.step()
    return plain(weight.item())


def _drop_or(dropped: Any, decayed: Any) -> Any:
    def given(f: Facts) -> Any:
        value = (dropped if f.q else decayed)(f)
        return None if value is None else plain(value)

    return given


FORGETTING = Kind(
    name="dropout-and-decay",
    lesson="09",
    heading="Dropout and weight decay",
    form="number",
    draw=_drop,
    ask=lambda f: (
        (
            f"In training, a value of {f.value} goes through dropout with the "
            f"probability {f.q}, and is kept. What comes out? Two decimals at most."
            if f.q
            else f"A weight is {f.value} and gets no gradient. The learning rate is "
            f"{f.rate}, the weight decay {f.decay}: a share of the weight goes at each "
            f"step. What is left of it after {count(f.steps, 'step')}?"
        ),
    ),
    right=lambda f: plain(round(_kept(f), 2 if f.q else 4)),
    again=_drop_or(
        lambda f: round(f.value / (1 - f.q), 2),
        lambda f: f.value * (1 - f.rate * f.decay) ** f.steps,
    ),
    slips=(
        Slip(
            "not divided",
            _drop_or(lambda f: f.value, lambda f: None),
            "the value is left as it was",
            "What is kept is divided by 1 - q, so that the mean stays.",
        ),
        Slip(
            "multiplied for divided",
            _drop_or(lambda f: f.value * (1 - f.q), lambda f: None),
            "it is multiplied by 1 - q",
            "What is kept makes up for what is dropped: it grows.",
        ),
        Slip(
            "divided by q",
            _drop_or(lambda f: round(f.value / f.q, 2), lambda f: None),
            "it is divided by q",
            "The share that is kept is 1 - q.",
        ),
        Slip(
            "dropped",
            _drop_or(lambda f: 0, lambda f: None),
            "the value is set to 0",
            "This one is kept.",
        ),
        Slip(
            "learning rate left out",
            _drop_or(lambda f: None, lambda f: f.value * (1 - f.decay) ** f.steps),
            "the learning rate is left out",
            "The share of each step is rate times decay.",
        ),
        Slip(
            "decay left out",
            _drop_or(lambda f: None, lambda f: f.value * (1 - f.rate) ** f.steps),
            "the weight decay is left out",
            "The share of each step is rate times decay.",
        ),
        Slip(
            "a fixed amount",
            _drop_or(lambda f: None, lambda f: f.value - f.rate * f.decay * f.steps),
            "the same amount goes at each step, however large the weight",
            "It is a share of the weight.",
        ),
        Slip(
            "the share that goes",
            _drop_or(
                lambda f: None,
                lambda f: f.value - f.value * (1 - f.rate * f.decay) ** f.steps,
            ),
            "what has gone is given",
            "Asked for is what is left.",
        ),
    ),
    steps=lambda f, answer: (
        (
            f"The share that is kept is 1 - {f.q} = {plain(1 - f.q)}.",
            f"{f.value}/{plain(1 - f.q)} is {answer}.",
        )
        if f.q
        else (
            f"A step takes {f.rate}*{f.decay} = {plain(f.rate * f.decay)} of the "
            f"weight; {plain(1 - f.rate * f.decay)} of it is left.",
            f"After {count(f.steps, 'step')}: {answer}.",
        )
    ),
)


def _classes(random: Random, level: int) -> dict[str, Any]:
    pools = {
        1: ((10, 30), (20, 60), (25, 75), (10, 40), (20, 30), (5, 20), (40, 60)),
        2: ((10, 20, 30), (50, 30, 20), (60, 30, 10), (40, 10, 25), (20, 4, 36)),
        3: ((80, 10, 10), (40, 20, 60), (100, 25, 25), (10, 4, 16), (5, 20, 50),
            (80, 16, 24)),
    }  # fmt: skip
    while True:
        counts = list(random.choice(pools[level]))
        random.shuffle(counts)
        asked = random.randrange(len(counts))
        if not is_tie(sum(counts) / len(counts) / counts[asked]):
            return {"counts": counts, "asked": asked}


def is_tie(share: float) -> bool:
    """Tell whether a number lies between two hundredths, where rounding is a choice."""
    return abs(share * 1000 % 10 - 5) < 1e-6


def _balanced(f: Facts) -> Any:
    labels = [label for label, count in enumerate(f.counts) for _ in range(count)]
    classes = torch.arange(len(f.counts)).numpy()
    weights = compute_class_weight("balanced", classes=classes, y=labels)
    return plain(round(float(weights[f.asked]), 2))


def _weight(value: Any) -> Any:
    return lambda f: plain(round(value(f), 2))


CLASS_WEIGHT = Kind(
    name="class-weight",
    lesson="09",
    heading="When classes are not equal",
    form="number",
    draw=_classes,
    ask=lambda f: (
        f"The classes have {shown(f.counts, 'row')} pictures. A class that is as large "
        "as the mean gets the weight 1 in the loss, one half as large the weight 2. "
        f"Which weight gets class {f.asked}? Classes count from 0; two decimals at "
        "most.",
    ),
    right=_balanced,
    again=_weight(lambda f: sum(f.counts) / len(f.counts) / f.counts[f.asked]),
    slips=(
        Slip(
            "K forgotten",
            _weight(lambda f: sum(f.counts) / f.counts[f.asked]),
            "the number of classes is left out",
            "Divide the mean of a class, not all pictures, by its count.",
            of="class_weights",
        ),
        Slip(
            "upside down",
            _weight(lambda f: f.counts[f.asked] * len(f.counts) / sum(f.counts)),
            "the count is divided by the mean",
            "Then rare classes would count less.",
            of="class_weights",
        ),
        Slip(
            "share for weight",
            _weight(lambda f: f.counts[f.asked] / sum(f.counts)),
            "the share of the class is given",
            "A rare class gets a large weight.",
            of="class_weights",
        ),
        Slip(
            "one minus the share",
            _weight(lambda f: 1 - f.counts[f.asked] / sum(f.counts)),
            "the share of the other classes is given",
            "Divide the mean of a class by its count.",
            of="class_weights",
        ),
        Slip(
            "largest count by the count",
            _weight(lambda f: max(f.counts) / f.counts[f.asked]),
            "the largest class is taken for the mean",
            "Add up all counts and divide by the classes.",
            of="class_weights",
        ),
        Slip(
            "smallest count by the count",
            _weight(lambda f: min(f.counts) / f.counts[f.asked]),
            "the smallest class is taken for the mean",
            "Add up all counts and divide by the classes.",
            of="class_weights",
        ),
        Slip(
            "the class before",
            lambda f: (
                _weight(
                    lambda f: sum(f.counts) / len(f.counts) / f.counts[f.asked - 1]
                )(f)
                if f.asked
                else None
            ),
            "the classes are counted from 1",
            "The first one is class 0.",
        ),
    ),
    steps=lambda f, answer: (
        f"All pictures: {sum(f.counts)}. The mean of the {len(f.counts)} classes: "
        f"{plain(round(sum(f.counts) / len(f.counts), 2))}.",
        f"Divided by {f.counts[f.asked]}: {answer}.",
    ),
)


def _matrix(random: Random, level: int) -> dict[str, Any]:
    while True:
        given = _some_matrix(random, level)
        rows, row = given["matrix"], given["row"]
        named = sum(each[row] for each in rows)
        if not is_tie(rows[row][row] / named) and not is_tie(
            rows[row][row] / sum(rows[row])
        ):
            return given


def _some_matrix(random: Random, level: int) -> dict[str, Any]:
    classes = 2 if level == 1 else 3
    rows = []
    for i in range(classes):
        total = random.choice((10, 20, 25, 50))
        right = random.randint(total // 3, total - 2)
        rest = total - right
        first = random.randint(0, rest) if classes == 3 else rest
        others = [first, rest - first] if classes == 3 else [rest]
        rows.append([*others[:i], right, *others[i:]])
    return {
        "matrix": rows,
        "row": random.randrange(classes),
        "precision": level == 3 and random.random() < 0.5,
    }


def _share(part: float, whole: float) -> Any:
    return plain(round(part / whole, 2)) if whole else None


def _row_sum(f: Facts) -> int:
    return int(sum(f.matrix[f.row]))


def _column_sum(f: Facts) -> int:
    return int(sum(row[f.row] for row in f.matrix))


def _hit(f: Facts) -> int:
    return int(f.matrix[f.row][f.row])


def _whole(f: Facts) -> int:
    return int(sum(map(sum, f.matrix)))


def _by_pictures(f: Facts) -> Any:
    """Write each picture down, and let scikit-learn count."""
    pairs = [
        (i, j)
        for i, row in enumerate(f.matrix)
        for j, count in enumerate(row)
        for _ in range(count)
    ]
    truth, said = zip(*pairs, strict=True)
    if f.precision:  # of what is named so: labels and predictions change places
        truth, said = said, truth
    found = recall_score(truth, said, labels=[f.row], average=None, zero_division=0.0)
    return plain(round(float(found[0]), 2))


def _only_recall(value: Any) -> Any:
    return lambda f: None if f.precision else value(f)


RECALL = Kind(
    name="recall-or-precision",
    lesson="09",
    heading="When classes are not equal",
    form="number",
    draw=_matrix,
    ask=lambda f: (
        f"Rows are labels, columns predictions. What is the "
        f"{'precision' if f.precision else 'recall'} of class {f.row}? Classes count "
        "from 0; two decimals.",
        grid("confusion matrix", f.matrix),
    ),
    right=_by_pictures,
    again=lambda f: _share(_hit(f), _column_sum(f) if f.precision else _row_sum(f)),
    slips=(
        Slip(
            "precision for recall",
            _only_recall(lambda f: _share(_hit(f), _column_sum(f))),
            "it is divided by what is named so",
            "Recall: of all that are of the class, how many are found?",
            of="recall_per_class",
        ),
        Slip(
            "recall for precision",
            lambda f: _share(_hit(f), _row_sum(f)) if f.precision else None,
            "it is divided by what is of the class",
            "Precision: of all that are named so, how many are?",
        ),
        Slip(
            "intersection over union",
            lambda f: _share(_hit(f), _row_sum(f) + _column_sum(f) - _hit(f)),
            "it is divided by row and column together",
            "One of the two is asked for.",
            of="recall_per_class",
        ),
        Slip(
            "share of all pictures",
            lambda f: _share(_hit(f), _whole(f)),
            "it is divided by all pictures",
            "Only one row or one column counts.",
            of="recall_per_class",
        ),
        Slip(
            "accuracy for each class",
            lambda f: _share(
                _whole(f) - _row_sum(f) - _column_sum(f) + 2 * _hit(f), _whole(f)
            ),
            "pictures that are rightly not named so are counted, too",
            "They have no part in it.",
            of="recall_per_class",
        ),
        Slip(
            "share of mistakes",
            _only_recall(lambda f: _share(_row_sum(f) - _hit(f), _row_sum(f))),
            "the share that is missed is given",
            "Recall is the share that is found.",
            of="recall_per_class",
        ),
        Slip(
            "the accuracy",
            lambda f: _share(
                sum(f.matrix[i][i] for i in range(len(f.matrix))), _whole(f)
            ),
            "the accuracy of the whole is given",
            "Asked for is class {row} alone.",
        ),
    ),
    steps=lambda f, answer: (
        (
            f"Column {f.row} holds all that are named so: {_column_sum(f)}."
            if f.precision
            else f"Row {f.row} holds all that are of the class: {_row_sum(f)}."
        ),
        f"On the diagonal stand {_hit(f)}: the share is {answer}.",
    ),
)

_EXPONENTIALS = {
    -2: 0.14, -1: 0.37, -0.5: 0.61, 0: 1, 0.5: 1.65, 1: 2.72, 1.5: 4.48, 2: 7.39,
    3: 20.09, 4: 54.6, 6: 403.43, 8: 2980.96, 12: 162754.79,
}  # fmt: skip


def _sure(random: Random, level: int) -> dict[str, Any]:
    temperature = 2 if level < 3 else random.choice((2, 0.5))
    pool: tuple[int, ...] = (0, 2, 4) if level == 1 else (0, 2, 4, 6, -2)
    if temperature == 0.5:
        pool = (0, 1, 2, -1)
    many = 2 if level == 1 else 3
    scores = [random.choice(pool) for _ in range(many)]
    return {
        "scores": scores,
        "t": temperature,
        "asked": random.randrange(many),
    }


def _softmax(scores: list[float], place: int) -> float:
    return exp(scores[place]) / sum(map(exp, scores))


def _at_temperature(f: Facts, t: float) -> Any:
    return plain(round(_softmax([score / t for score in f.scores], f.asked), 2))


def _power(f: Facts, score: float) -> float:
    return _EXPONENTIALS[plain(score / f.t)]


def _helps(f: Facts) -> Any:
    wanted = sorted({score / f.t for score in f.scores} | set(f.scores))
    known = [plain(score) for score in wanted if score in _EXPONENTIALS]
    return table(
        "exponentials, rounded",
        ("s", *map(str, known)),
        [("e to the s", *(_EXPONENTIALS[score] for score in known))],
    )


TEMPERATURE = Kind(
    name="temperature",
    lesson="09",
    heading="Calibration",
    form="number",
    draw=_sure,
    ask=lambda f: (
        f"The scores are {shown(f.scores, 'row')}. Which probability gets class "
        f"{f.asked} with the temperature {f.t}? Classes count from 0; two decimals.",
        _helps(f),
    ),
    right=lambda f: plain(
        round(
            (torch.tensor(f.scores, dtype=torch.float64) / f.t)
            .softmax(0)[f.asked]
            .item(),
            2,
        )
    ),
    again=lambda f: _at_temperature(f, f.t),
    slips=(
        Slip(
            "left at 1",
            lambda f: _at_temperature(f, 1),
            "the temperature is left out",
            "Divide all scores by it first.",
            of="temperature",
        ),
        Slip(
            "inverse temperature",
            lambda f: _at_temperature(f, 1 / f.t),
            "the scores are multiplied by the temperature",
            "Divide them: above 1 it moves the probabilities together.",
            of="temperature",
        ),
        Slip(
            "probability divided",
            lambda f: plain(round(_softmax(f.scores, f.asked) / f.t, 2)),
            "the probability is divided by the temperature",
            "Divide the scores, before the softmax.",
        ),
        Slip(
            "all alike",
            lambda f: plain(round(1 / len(f.scores), 2)),
            "all classes get the same share",
            "That is so only if all scores are equal.",
        ),
        Slip(
            "only its own score divided",
            lambda f: plain(
                round(
                    _softmax(
                        [
                            s / f.t if i == f.asked else s
                            for i, s in enumerate(f.scores)
                        ],
                        f.asked,
                    ),
                    2,
                )
            ),
            "only the score of the class is divided",
            "Divide all of them.",
        ),
        Slip(
            "classes counted from 1",
            lambda f: (
                plain(round(_softmax([s / f.t for s in f.scores], f.asked - 1), 2))
                if f.asked
                else None
            ),
            "the classes are counted from 1",
            "The first class is class 0.",
        ),
    ),
    steps=lambda f, answer: (
        f"Divide the scores by {f.t}: "
        f"{shown([plain(s / f.t) for s in f.scores], 'row')}.",
        "Their exponentials: "
        + ", ".join(f"{_power(f, s):g}" for s in f.scores)
        + f"; the sum is about {sum(_power(f, s) for s in f.scores):.2f}.",
        f"{_power(f, f.scores[f.asked]):g} divided by it is about {answer}.",
    ),
)

KINDS = (STOPPING, FORGETTING, CLASS_WEIGHT, RECALL, TEMPERATURE)
