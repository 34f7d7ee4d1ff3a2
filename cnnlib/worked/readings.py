"""What a check takes where the correct value is a sentence, or where it is rounded.

A fact whose value is a number, a list, a table or a size such as "2 by 2" needs no
reading. A reading may also say what the printed words amount to, so that a result as
the source has it can be told so.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple


class Rounded(NamedTuple):
    """A value that the source rounds; exact, or with two or more decimals, is right."""

    exact: Fraction


class AtLeast(NamedTuple):
    """A percentage to be reached."""

    bound: float


class Near(NamedTuple):
    """A value that depends on chance: a number at most `margin` away."""

    value: float
    margin: float


class Containing(NamedTuple):
    """A text, such as an error's, in which these words stand."""

    words: str


class Reading(NamedTuple):
    """What to type, in words; the correct value, and the printed one, as data."""

    form: str
    correct: Any
    printed: Any = None


def _megabytes(*numbers: int) -> list[Rounded]:
    """Read 4 bytes for each number, in MB of 2^20 bytes, and their sum at the end."""
    each = [Fraction(4 * number, 2**20) for number in numbers]
    return [Rounded(value) for value in (*each, sum(each, Fraction()))]


_MILLIONS = "a number, in millions"
_MB = "a list of 4 numbers, in MB"

READINGS = {
    "hzdr-cnn-macs": Reading(_MILLIONS, 0.83),
    "hzdr-pooled-macs": Reading(_MILLIONS, Rounded(Fraction(406_250, 10**6))),
    "hzdr-shrink-16x": Reading("a number", Rounded(Fraction(20_001, 1_251))),
    "hzdr-cnn-memory": Reading(_MB, _megabytes(10_000, 2 * 50_001, 20_087)),
    "hzdr-pooled-memory": Reading(_MB, _megabytes(10_000, 2 * 35_001, 1_337)),
    "hzdr-edges-lost": Reading("the number of pixels in no window", 0),
    "hzdr-none-none-rgba": Reading("a shape", [1, 1, 100, 100, 4]),
    "polarsparc-accuracy": Reading("a percentage, for example 98.91", AtLeast(98.73)),
    "polarsparc-initial-loss": Reading(
        "the loss of an untrained net", Near(math.log(10), 0.1)
    ),
    "polarsparc-shape-comment": Reading("what the printed expression gives", 24),
    "polarsparc-shape-comment-2": Reading("what the printed expression gives", 10),
    "polarsparc-1st-5th-9th": Reading(
        "a list of the three places, the first digit being 1", [2, 6, 10], [1, 5, 9]
    ),
    "glasgow-max-caption": Reading("a pair (f, s)", [3, 1], [2, 2]),
    "glasgow-k-th-filter": Reading(
        "how many values k takes for Conv2d(3, 10, 3)", 3, 10
    ),
    "glasgow-alexnet-cut": Reading("into how many groups a layer is cut", 2),
    "glasgow-lenet-tanh": Reading("the name of a function", "tanh"),
    "alexnet-224": Reading(
        "a dict from the size of the input to the size of the first map",
        {224: 54, 227: 55},
    ),
    "alexnet-layers": Reading("the number of fully connected layers", 3, 2),
    "als-size-formula": Reading("the size for stride 2", 4, 3),
    "vn-ceil-formula": Reading("a pair (height, width)", "2 by 2", "3 by 3"),
    "vn-bias-0d": Reading(
        "the text of the error", Containing("expected bias to be 1-dimensional")
    ),
    "vn-softmax-850": Reading("the number of parameters of nn.Softmax", 0),
}
