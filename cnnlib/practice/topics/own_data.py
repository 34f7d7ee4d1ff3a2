"""Items of lesson 09: parts, margins, mean and deviation, changes that keep a label."""

from __future__ import annotations

from math import sqrt
from random import Random
from statistics import pstdev, pvariance, stdev
from typing import Any

import torch
from sklearn.model_selection import train_test_split

from cnnlib.practice.compute import plain
from cnnlib.practice.items import shown
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.practice.topics.norms import EVEN_SPREADS

_PARTS = ("training", "validation", "test")


def _pictures(random: Random, level: int) -> dict[str, Any]:
    shares = random.choice(
        ([60, 20, 20], [80, 10, 10]) if level == 1 else ([70, 20, 10], [60, 30, 10])
    )
    first, second = random.sample(range(2, 15 if level < 3 else 30), 2)
    return {
        "counts": [10 * first, 10 * second],
        "shares": shares,
        "part": random.choice(_PARTS if level == 1 else _PARTS[1:]),
        "label": random.randrange(2),
    }


def _percent(f: Facts) -> int:
    return int(f.shares[_PARTS.index(f.part)])


def _share_of(f: Facts, whole: float) -> Any:
    return plain(whole * _percent(f) / 100)


def _dealt(f: Facts) -> int:
    """Deal the pictures out class by class, by scikit-learn, and count them."""
    labels = [label for label, count in enumerate(f.counts) for _ in range(count)]
    whole = len(labels)
    first = round(whole * f.shares[0] / 100)
    second = round(whole * f.shares[1] / 100)
    train, rest = train_test_split(
        labels, train_size=first, stratify=labels, random_state=0
    )
    validation, test = train_test_split(
        rest, train_size=second, stratify=rest, random_state=0
    )
    return int((train, validation, test)[_PARTS.index(f.part)].count(f.label))


SPLIT = Kind(
    name="split-sizes",
    lesson="09",
    heading="Three parts",
    form="number",
    draw=_pictures,
    ask=lambda f: (
        f"There are {f.counts[0]} pictures of class 0 and {f.counts[1]} of class 1. "
        f"They are dealt out class by class: {f.shares[0]} % for training, "
        f"{f.shares[1]} % for validation, {f.shares[2]} % for the test. How many "
        f"pictures of class {f.label} are in the {f.part} part?",
    ),
    right=_dealt,
    again=lambda f: _share_of(f, f.counts[f.label]),
    slips=(
        Slip(
            "all classes counted",
            lambda f: _share_of(f, sum(f.counts)),
            "the pictures of both classes are counted",
            "Asked for is one class.",
        ),
        Slip(
            "not stratified",
            lambda f: _share_of(f, sum(f.counts) / 2),
            "each class gets the same number of places",
            "Each class is dealt out by itself.",
            of="split",
        ),
        Slip(
            "parts of equal size",
            lambda f: plain(round(f.counts[f.label] / 3, 2)),
            "all parts are of the same size",
            "The shares say how large each part is.",
            of="split",
        ),
        Slip(
            "fractions of what is left",
            lambda f: (
                plain(
                    f.counts[f.label]
                    * (100 - sum(f.shares[: _PARTS.index(f.part)]))
                    / 100
                    * _percent(f)
                    / 100
                )
                if f.part != "training"
                else None
            ),
            "the share is taken of what is left",
            "Each share is one of all pictures of the class.",
            of="split",
        ),
        Slip(
            "the other class",
            lambda f: _share_of(f, f.counts[1 - f.label]),
            "the other class is counted",
            "Asked for is class {label}.",
        ),
        Slip(
            "the rest of the class",
            lambda f: plain(f.counts[f.label] - _share_of(f, f.counts[f.label])),
            "what is left for the other parts is given",
            "Asked for is the part itself.",
        ),
    ),
    steps=lambda f, answer: (
        f"Class {f.label} has {f.counts[f.label]} pictures; the part gets "
        f"{_percent(f)} % of them.",
        f"{f.counts[f.label]}*{_percent(f)}/100 = {answer}",
    ),
)

_ROOTS = {50: 0.5, 80: 0.4, 90: 0.3, 20: 0.4, 10: 0.3}
"""Shares in percent whose p(1 - p) has a plain root."""


def _tested(random: Random, level: int) -> dict[str, Any]:
    sides = {1: (10, 20), 2: (10, 15, 20, 30), 3: (5, 10, 15, 20, 25, 30, 40)}
    return {
        "percent": random.choice((50, 80, 90) if level < 3 else tuple(_ROOTS)),
        "n": random.choice(sides[level]) ** 2,
        "less": random.randrange(2, 9),
    }


def _margin(f: Facts) -> float:
    spread = torch.distributions.Bernoulli(
        torch.tensor(f.percent / 100, dtype=torch.float64)
    ).stddev
    return 100 * float(spread) / sqrt(f.n)


MARGIN = Kind(
    name="margin-of-a-test",
    lesson="09",
    heading="Three parts",
    form="number",
    draw=_tested,
    ask=lambda f: (
        f"{f.percent} % of {f.n} test pictures are right; there are {f.less} classes. "
        "How far is that off, typically? Answer in percent, two decimals at most.",
    ),
    right=lambda f: plain(round(_margin(f), 2)),
    again=lambda f: plain(
        round(
            100 * sqrt(f.percent / 100 * (100 - f.percent) / 100 / f.n),
            2,
        )
    ),
    slips=(
        Slip(
            "root forgotten",
            lambda f: plain(round(f.percent * (100 - f.percent) / 100 / f.n, 2)),
            "the root is left out",
            "Take it of the whole: p(1 - p)/n.",
        ),
        Slip(
            "1 - p forgotten",
            lambda f: plain(round(100 * sqrt(f.percent / 100 / f.n), 2)),
            "1 - p is left out",
            "Where nearly all is right, the share moves less.",
        ),
        Slip(
            "n outside the root",
            lambda f: plain(round(100 * _ROOTS[f.percent] / f.n, 2)),
            "it is divided by n, not by its root",
            "Four times the pictures only halve the margin.",
        ),
        Slip(
            "n forgotten",
            lambda f: plain(100 * _ROOTS[f.percent]),
            "the number of pictures is left out",
            "More pictures make a smaller margin.",
        ),
        Slip(
            "one by the root",
            lambda f: plain(round(100 / sqrt(f.n), 2)),
            "the share itself is left out",
            "The margin is largest for 50 %.",
        ),
        Slip(
            "divided by the classes",
            lambda f: plain(round(100 * _ROOTS[f.percent] / sqrt(f.n) / f.less, 2)),
            "it is divided by the number of classes",
            "The classes have no part in it.",
        ),
    ),
    steps=lambda f, answer: (
        f"p(1 - p) = {f.percent / 100:g}*{1 - f.percent / 100:g} = "
        f"{plain(f.percent / 100 * (1 - f.percent / 100))}; its root is "
        f"{_ROOTS[f.percent]}.",
        f"The root of {f.n} is {round(sqrt(f.n))}: {_ROOTS[f.percent]}/"
        f"{round(sqrt(f.n))} is {answer} %.",
    ),
)


def _pixels(random: Random, level: int) -> dict[str, Any]:
    spread = random.choice(EVEN_SPREADS[min(level, 2)])
    middle = random.randint(max(2, -min(spread)), 9 - max(spread)) / 10
    values = [round(middle + step / 10, 1) for step in random.sample(spread, 4)]
    return {
        "values": values,
        "pixel": random.choice(values) if level > 1 else 0,
        "asks_pixel": level > 1,
    }


def _fitting(random: Random, level: int) -> dict[str, Any]:
    while True:
        try:
            return _pixels(random, level)
        except ValueError:  # a spread that leaves no room in 0..1
            continue


def _asked(f: Facts, mean: float, deviation: float) -> Any:
    if not f.asks_pixel:
        return plain(deviation)
    return plain(round((f.pixel - mean) / deviation, 2))


def _mean(f: Facts) -> float:
    return float(sum(f.values) / 4)


def _in_torch(f: Facts) -> Any:
    pixels = torch.tensor(f.values, dtype=torch.float64)
    deviation = pixels.std(correction=0)
    if not f.asks_pixel:
        return plain(deviation)
    return plain(round(float((f.pixel - pixels.mean()) / deviation), 2))


def _absolute(f: Facts) -> float:
    return sum(abs(value - _mean(f)) for value in f.values) / 4


DEVIATION = Kind(
    name="channel-deviation",
    lesson="09",
    heading="Mean and deviation",
    form="number",
    draw=_fitting,
    ask=lambda f: (
        f"A channel has four pixels: {shown(f.values, 'row')}. "
        + (
            "It is brought to mean 0 and deviation 1. What becomes of "
            f"{f.pixel}? Two decimals at most."
            if f.asks_pixel
            else "What is its standard deviation?"
        ),
    ),
    right=_in_torch,
    again=lambda f: _asked(f, _mean(f), pstdev(f.values)),
    slips=(
        Slip(
            "variance for deviation",
            lambda f: _asked(f, _mean(f), pvariance(f.values)),
            "the variance is used",
            "The deviation is its root.",
            of="channel_stats",
        ),
        Slip(
            "unbiased deviation",
            lambda f: _asked(f, _mean(f), stdev(f.values)),
            "the squares are divided by 3",
            "There are four pixels: divide by 4.",
            of="channel_stats",
        ),
        Slip(
            "mean absolute deviation",
            lambda f: _asked(f, _mean(f), _absolute(f)),
            "the mean distance is used",
            "Take the mean of the squares, then the root.",
            of="channel_stats",
        ),
        Slip(
            "root of the mean square",
            lambda f: _asked(f, _mean(f), sqrt(sum(v * v for v in f.values) / 4)),
            "the mean is not taken off before the squares",
            "The deviation says how far pixels are from their mean.",
            of="channel_stats",
        ),
        Slip(
            "mean not taken off",
            lambda f: _asked(f, 0.0, pstdev(f.values)) if f.asks_pixel else None,
            "the mean is not taken off",
            "Take it off, then divide.",
        ),
        Slip(
            "not divided",
            lambda f: plain(f.pixel - _mean(f)) if f.asks_pixel else None,
            "it is not divided by the deviation",
            "Only then is the deviation 1.",
        ),
        Slip(
            "largest minus smallest",
            lambda f: (
                plain(max(f.values) - min(f.values)) if not f.asks_pixel else None
            ),
            "the smallest is taken from the largest",
            "All pixels have a say.",
        ),
    ),
    steps=lambda f, answer: (
        f"Mean: {plain(_mean(f))}. Squared distances: "
        f"{shown([plain((v - _mean(f)) ** 2) for v in f.values], 'row')}.",
        f"Their mean is {plain(pvariance(f.values))}; its root is the deviation, "
        f"{plain(pstdev(f.values))}.",
        *(
            (f"({f.pixel} - {plain(_mean(f))})/{plain(pstdev(f.values))} = {answer}",)
            if f.asks_pixel
            else ()
        ),
    ),
)

_PAIRS = {
    "mirrored": (
        ("an arrow to the left", "an arrow to the right"),
        ("a left hand", "a right hand"),
        ("a left shoe", "a right shoe"),
        ("the letter b", "the letter d"),
        ("the letter p", "the letter q"),
        ("a bend to the left", "a bend to the right"),
        ("a car that drives to the left", "one that drives to the right"),
        ("a fish that swims to the left", "one that swims to the right"),
    ),
    "turned by 180 degrees": (
        ("the digit 6", "the digit 9"),
        ("the letter b", "the letter q"),
        ("the letter d", "the letter p"),
        ("the letter u", "the letter n"),
        ("the letter M", "the letter W"),
        ("an arrow up", "an arrow down"),
        ("a ball above a line", "a ball below a line"),
    ),
    "other colours": (
        ("a red light", "a green light"),
        ("an unripe tomato", "a ripe tomato"),
        ("a blue car", "a red car"),
        ("a green leaf", "a brown leaf"),
        ("a white flower", "a yellow flower"),
        ("a black cat", "a white cat"),
    ),
    "made larger": (
        ("a car far away", "a car close by"),
        ("a boat far away", "a boat close by"),
        ("a small stone", "a large stone"),
    ),
}
"""Of each change the classes of which it makes another one."""
_HARMLESS = (
    "moved by 2 pixels",
    "a little darker",
    "a little brighter",
    "turned by 5 degrees",
    "a little blurred",
    "a little noise added",
)


_SIGNS = ("the letter", "the digit", "an arrow", "a bend")


def _changes(random: Random, level: int) -> dict[str, Any]:
    harm, (first, second) = random.choice(
        [(change, pair) for change, pairs in _PAIRS.items() for pair in pairs]
    )
    harmless = random.sample(_HARMLESS, 3)
    near = [change for change in _PAIRS if _keeps(first, second, change)]
    if level == 3 and near:
        harmless[0] = random.choice(near)
    order = random.sample([harm, *harmless], 4)
    return {"first": first, "second": second, "changes": order, "harmless": harmless}


def _keeps(first: str, second: str, change: str) -> bool:
    """Tell whether a change keeps apart what these two classes differ in."""
    makes_another = any({first, second} & set(pair) for pair in _PAIRS[change])
    is_sign = first.startswith(_SIGNS)
    kept_by = {"other colours", "made larger"} if is_sign else {"mirrored"}
    return not makes_another and change in kept_by


def _harmful(f: Facts) -> str:
    (change,) = set(f.changes) - set(f.harmless)
    return str(change)


def _from_pairs(f: Facts) -> str:
    """Look the classes up."""
    (found,) = [
        change for change, pairs in _PAIRS.items() if (f.first, f.second) in pairs
    ]
    return found


def _takes(number: int) -> Slip:
    return Slip(
        ("first", "second", "third")[number] + " harmless change",
        lambda f: f.harmless[number],
        "a change is chosen that leaves the label as it is",
        "After it, {first} is still {first}.",
    )


KEEPS_LABEL = Kind(
    name="keeps-the-label",
    lesson="09",
    heading="Augmentation",
    form="choice",
    draw=_changes,
    ask=lambda f: (
        f"A net is to tell {f.first} from {f.second}. Which of these changes must not "
        "be made to its pictures?",
    ),
    right=_harmful,
    again=_from_pairs,
    slips=tuple(_takes(number) for number in range(3)),
    steps=lambda f, answer: (
        "Ask of each change whether the label is still true after it.",
        f"Only one can make {f.second} of {f.first}: {answer}.",
    ),
)

KINDS = (SPLIT, MARGIN, DEVIATION, KEEPS_LABEL)
