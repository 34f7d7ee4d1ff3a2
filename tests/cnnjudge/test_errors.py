"""Errors that students meet, raised for real, and the sentence on each."""

# The code is wrong on purpose.
# mypy: disable-error-code="assignment,attr-defined,name-defined,call-arg"

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnjudge.errors import MEANINGS, meaning

X, K = torch.arange(9.0).reshape(3, 3), torch.ones(2, 2)


def set_window():
    out = torch.zeros(2, 2)
    out[0, 0] = X[:2, :2] * K


def long_tensor():
    out = torch.zeros(2, dtype=torch.int64)
    out += torch.ones(2) / 2


def twice():
    weight = torch.ones(1, requires_grad=True)
    loss = (weight * 2).exp().sum()
    for _ in range(2):
        loss.backward()


def grow_in_place():
    s = torch.tensor(1.0)
    s += K


def a_pair_of_tensors():
    out = torch.zeros(2)
    out[:] = K.max(dim=-1)


def no_bias(bias=None):
    return K + bias


def own_sum():
    out = torch.zeros(2, 2)
    out[0, 0] = sum(X[:2, :2])


def set_a_number(count=2):
    count[0] = 1


def before_its_value():
    def inside():
        return later

    inside()
    later = 1


RAISED = [
    (set_window, "A tensor with several numbers is put into a single place"),
    (own_sum, "Python's own `sum`"),
    (lambda: float(X[:2]), "A tensor with several numbers stands where one number"),
    (long_tensor, "Long is `torch.int64`"),
    (twice, "A loss is good for one step"),
    (grow_in_place, "`s = s + ...` makes a new tensor"),
    (a_pair_of_tensors, "gives two tensors"),
    (no_bias, "Something is None here"),
    (lambda: no_bias.__call__(None)[0], "Something is None here"),
    (
        lambda: X[3, 0],
        "Axis 0 has 3 entries, so its indices go from 0 to 2; 3 was asked",
    ),
    (lambda: X[:2] * X[:, :2], "combined cell by cell, and on axis 1 one is 3 long"),
    (lambda: X[:0].max(), "the window is empty"),
    (lambda: X.reshape(X.shape[:1], -1), "A star takes the numbers out of a tuple"),
    (lambda: X.reshape(2, 4), "9 numbers cannot be laid out as (2, 4)"),
    (lambda: X.T.view(-1), "`reshape` can"),
    (lambda: F.conv2d(K[None, None], X[None, None]), "The kernel is larger"),
    (lambda: F.conv2d(X, K[None, None]), "another number of axes"),
    (lambda: nn.Conv2d(3, 1, 2)(X[None, None]), "made for 3 channels, and 1 come in"),
    (lambda: nn.Linear(4, 2)(X), "gets 3 numbers and was made for 4"),
    (lambda: nn.Linear(3, 2)(X.double()), "different dtypes"),
    (lambda: nn.Conv2d(1, 1, 2)(X[None, None].byte()), "different dtypes"),
    (lambda: torch.zeros(-1), "A size has come out negative"),
    (lambda: torch.zeros(4 / 2), "`//` divides whole numbers"),
    (lambda: range(4 / 2), "`//` divides whole numbers"),
    (lambda: X[: 4 / 2], "`//` divides whole numbers"),
    (lambda: bool(X), "is asked whether it is true"),
    (lambda: (2, 3) + 1, "A pair (height, width) came"),
    (lambda: 2 * 3 + (1, 2), "A pair (height, width) came"),
    (lambda: [n + 1 for n in 3], "One int came where several numbers"),
    (lambda: torch.stack([]), "did the loop that fills it ever run"),
    (lambda: torch.cat([]), "did the loop that fills it ever run"),
    (set_a_number, "A value of type int stands where a list or a tensor"),
    (before_its_value, "`later` has no value yet"),
    (lambda: X.reshape(-2, 3), "a single -1"),
    (lambda: torch.tensor([1.0, None]), "A None stands among the numbers"),
    (lambda: torch.stack([X, K]), "have different shapes"),
    (lambda: 1 / 0, "divided by 0"),
    (lambda: nn.Sequential(nn.ReLU), "`nn.ReLU()`"),
    (lambda: [1][2], "Indices begin with 0"),
    (lambda: X.mean(dim=5), "There is no axis of this number"),
    (lambda: torch.ones(2, requires_grad=True).numpy(), "`.detach()` first"),
    (lambda: torch.ones(2).sum().backward(), "cuts the tie"),
    (lambda: torch.ones(2, requires_grad=True).backward(), "from a single number"),
    (lambda: torch.ones(2, requires_grad=True).add_(1), "with torch.no_grad():"),
    (lambda: undefined, "Nothing is called `undefined` here"),  # noqa: F821
    (lambda: X.summ(), "has nothing called `summ`"),
    (lambda: torch.summ(X), "`torch` has nothing called `summ`"),
    (lambda: torch.arange(3).mean(), "it needs a tensor of floats"),
    (lambda: torch.arange(3).std(), "it needs a tensor of floats"),
    (lambda: X.unfold(0, 5, 1), "A window of 5 is wanted on axis 0, which is only 3"),
    (lambda: exit(), "`return` ends a function"),
    (lambda: bool(np.ones(2)), "An array with several numbers"),
    (lambda: (lambda a: a)(1, 2), "differ in how many arguments"),
    (lambda: (lambda a: a)(b=2), "names an argument `b`"),
]


@pytest.mark.parametrize(("code", "words"), RAISED)
def test_a_real_error_has_its_sentence(code, words):
    with pytest.raises((Exception, SystemExit)) as caught:
        code()
    text = str(caught.value).strip().split("\n")[0]
    assert words in meaning(caught.type.__name__, text), text


def test_an_error_of_no_kind_that_is_known_has_no_sentence():
    assert meaning("OddError", "something else") == ""
    assert meaning("RuntimeError", "something else") == ""
    assert meaning("ValueError", "my own words") == ""


def test_sentences_begin_and_end_as_sentences_do():
    for _, _, say in MEANINGS:
        if isinstance(say, str):
            assert say[0].isupper() or say[0] == "`"
            assert say[-1] in ".?:", say
