"""The words of sentences: the examples of their docstrings, and their rounding."""

import doctest
import importlib

import numpy as np
import pytest

from cnnlib.text import four_decimals, percent


@pytest.mark.parametrize(
    "module",
    [
        "text",
        "plots.panels",
        "visuals.shared.sides",
        "visuals.sizes.explore_sizes",
        "visuals.step.words",
    ],
)
def test_the_examples_are_true(module):
    results = doctest.testmod(importlib.import_module(f"cnnlib.{module}"))
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("value", [0, 1, 0.9873, 0.5, 1e-5, 1 - 1e-5])
def test_a_percentage_has_the_decimals_that_were_asked_for(value):
    assert percent(value, decimals=2) == f"{100 * value:.2f} %"


def test_only_none_and_all_look_like_none_and_all():
    shares = np.concatenate([np.linspace(0, 1, 2001), 10.0 ** np.arange(-9, 0)])
    for share in (*shares, *(1 - shares)):
        assert (percent(share) == "0 %") == (share == 0)
        assert (percent(share) == "100 %") == (share == 1)


@pytest.mark.parametrize(
    ("value", "text"), [(-1e-9, "0"), (100, "100"), (0.1 + 0.2, "0.3"), (-2.50, "-2.5")]
)
def test_four_decimals_have_no_needless_zeros_and_no_minus_zero(value, text):
    assert four_decimals(value) == text
    assert four_decimals(np.float64(value)) == text
