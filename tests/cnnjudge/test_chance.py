"""Tasks in which chance is drawn: judged by what holds of it, not by the numbers.

Each right answer here draws in another way; each wrong one breaks one promise.
"""

import random
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnlib import checks
from cnnlib.checks.ask import ask
from cnnlib.checks.question import Case, Question

SEEDS = [0, 1, 2]


def verdict(name, answer, seed=0):
    return checks.Check(name).verdict(answer, seed)


def chosen(coins, images):
    heads = coins.view(-1, 1, 1, 1)
    return torch.where(heads, images.flip(-1), images)


def by_bernoulli(images, p, generator):
    chances = torch.full((len(images),), p, dtype=torch.float64)
    return chosen(torch.bernoulli(chances, generator=generator) == 1, images)


def by_multinomial(images, p, generator):
    odds = torch.tensor([1 - p, p])
    drawn = torch.multinomial(odds, len(images), True, generator=generator)
    return chosen(drawn == 1, images)


def by_normal(images, p, generator):
    """Turn normal numbers into even ones."""
    drawn = torch.randn(len(images), generator=generator)
    return chosen(0.5 * (1 + torch.erf(drawn / 2**0.5)) < p, images)


def from_above(images, p, generator):
    return chosen(torch.rand(len(images), generator=generator) > 1 - p, images)


def one_by_one_backwards(images, p, generator):
    out = images.clone()
    for i in range(len(images) - 1, -1, -1):
        if torch.rand(1, generator=generator).item() <= p:
            for column in range(images.shape[3]):
                out[i, :, :, column] = images[i, :, :, -1 - column]
    return out


def with_coins_to_spare(images, p, generator):
    """Draw more coins than are used."""
    coins = torch.rand(3, len(images), generator=generator)[1]
    return chosen(coins < p, images)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "answer",
    [by_bernoulli, by_multinomial, by_normal, from_above, one_by_one_backwards,
     with_coins_to_spare],
)  # fmt: skip
def test_coins_may_be_drawn_in_any_way(answer, seed):
    assert verdict("flip_some", answer, seed).passed


def every_other(images, p, generator):
    """Take as many as p says, spread evenly from a random start."""
    start = torch.rand(1, generator=generator)
    steps = torch.arange(len(images)) * p + start
    return chosen(steps.floor() != (steps - p).floor(), images)


def in_pairs(images, p, generator):
    coins = torch.rand((len(images) + 1) // 2, generator=generator) < p
    return chosen(coins.repeat_interleave(2)[: len(images)], images)


def of_python(images, p, generator):
    random.seed(0)
    return chosen(torch.tensor([random.random() < p for _ in images]), images)


def rounded(images, p, generator):
    return chosen(torch.rand(len(images), generator=generator) < round(p), images)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (every_other, ""),
        (of_python, "the same coins in each call"),
        (rounded, "no coin"),
    ],
)
def test_coins_that_are_none_are_told(answer, mistake, seed):
    found = verdict("flip_some", answer, seed)
    assert not found.passed
    assert found.mistake == mistake or not mistake


def fair(labels, fractions, chance):
    """Deal each class out by its cuts; `chance` puts a list into an order."""
    parts = [[] for _ in fractions]
    for label in sorted(set(labels.tolist())):
        places = chance([i for i, own in enumerate(labels.tolist()) if own == label])
        start = 0
        for k in range(len(fractions)):
            stop = round(sum(fractions[: k + 1]) * len(places))
            parts[k] += places[start:stop]
            start = stop
    return [torch.tensor(part, dtype=torch.int64) for part in parts]


def of_random(labels, fractions, seed):
    rng = random.Random(seed)
    return fair(labels, fractions, lambda places: rng.sample(places, len(places)))


def of_numpy(labels, fractions, seed):
    rng = np.random.RandomState(seed)
    return tuple(fair(labels, fractions, lambda p: rng.permutation(p).tolist()))


def of_global_torch(labels, fractions, seed):
    torch.manual_seed(seed)
    order = torch.rand(len(labels)).argsort().tolist()
    return fair(labels, fractions, lambda p: [i for i in order if i in set(p)])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("answer", [of_random, of_numpy, of_global_torch])
def test_a_split_may_be_drawn_in_any_way(answer, seed):
    assert verdict("split", answer, seed).passed


def same_members(labels, fractions, seed):
    """Shuffle within each part alone: who is in it hangs on nothing."""
    rng = random.Random(seed)
    parts = fair(labels, fractions, lambda places: places)
    return [part[rng.sample(range(len(part)), len(part))] for part in parts]


def order_of_the_moment(labels, fractions, seed):
    """Put the pictures of a fair part into an order that the seed does not hold."""
    parts = of_random(labels, fractions, seed)
    return [part[torch.randperm(len(part))] for part in parts]


def overwritten(labels, fractions, seed):
    rng = random.Random(seed)

    def mixed(places):
        row = torch.tensor(places)
        rng.shuffle(row)  # swaps views of one memory
        return row.tolist()

    return fair(labels, fractions, mixed)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (same_members, "They have to be shuffled before"),
        (order_of_the_moment, "two calls with the same seed give different parts"),
        (overwritten, "`random.shuffle`"),
    ],
)
def test_what_a_split_lacks_is_told(answer, words):
    found = verdict("split", answer)
    assert words in found.hint


def to_the_last(labels, fractions, seed, of_all=True):
    """The way it is mostly written: what is left goes to the last part."""
    rng = random.Random(seed)
    parts = [[] for _ in fractions]
    for label in labels.unique():
        places = torch.where(labels == label)[0].tolist()
        rng.shuffle(places)
        count = len(places)
        for k, fraction in enumerate(fractions[:-1]):
            size = int(fraction * (count if of_all else len(places)))
            parts[k] += places[:size]
            places = places[size:]
        parts[-1] += places
    return [torch.tensor(part) for part in parts]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_remainder_for_the_last_part_is_too_much_and_named(seed):
    found = verdict("split", to_the_last, seed)
    assert found.mistake == "what is left goes to the last part"
    found = verdict("split", partial(to_the_last, of_all=False), seed)
    assert found.mistake == "fractions of what is left"


def test_what_a_later_call_does_to_its_own_copies_is_not_remarked():
    def often(answer, args):
        (x,) = args
        return [answer(x), answer(x.clone())]

    question = Question(
        "f", "09", 1, lambda d: [Case("a tensor", (torch.zeros(2),))], ("x",),
        observe=lambda result, args: {"results": result}, call=often,
    )  # fmt: skip
    seen = []

    def second_only(x):
        seen.append(x)
        return x.add_(1) if len(seen) > 1 else x + 0

    (outcome,) = ask(question, second_only, question.draw(0))
    assert outcome.remarks == ()
    assert [one.data.tolist() for one in outcome.values["results"].data] == [
        [0.0, 0.0],
        [1.0, 1.0],
    ]
    (outcome,) = ask(question, lambda x: x.add_(1), question.draw(0))
    assert outcome.remarks == ("changed:x",)


# -- a search for a number


def descent_on_the_logarithm(scores, labels):
    log_t = torch.zeros((), dtype=scores.dtype, requires_grad=True)
    adam = torch.optim.Adam([log_t], lr=0.1)
    for _ in range(150):
        adam.zero_grad()
        F.cross_entropy(scores / log_t.exp(), labels).backward()
        adam.step()
    return log_t.exp().item()


def fine_grid(scores, labels):
    grid = torch.arange(0.1, 10, 0.002).tolist()
    losses = [F.cross_entropy(scores / t, labels).item() for t in grid]
    return grid[losses.index(min(losses))]


def of_probabilities(scores, labels):
    grid = torch.arange(0.1, 10, 0.01).tolist()
    losses = [F.nll_loss((scores / t).softmax(1), labels).item() for t in grid]
    return grid[losses.index(min(losses))]


def from_one_up(scores, labels):
    grid = torch.arange(1, 10, 0.005).tolist()
    losses = [F.cross_entropy(scores / t, labels).item() for t in grid]
    return grid[losses.index(min(losses))]


@pytest.mark.slow
@pytest.mark.parametrize("answer", [descent_on_the_logarithm, fine_grid])
def test_a_temperature_may_be_searched_in_any_way(answer):
    assert verdict("temperature", answer).passed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (of_probabilities, "T is far too small, perhaps the smallest one that was"),
        (from_one_up, "Does the search go below 1?"),
    ],
)
def test_a_search_that_ends_in_the_wrong_place_is_told(answer, words):
    assert words in verdict("temperature", answer).hint


def test_errors_alone_are_no_slip():
    """A twist that raises, too, explains nothing."""

    def detached(scores, labels):
        F.cross_entropy(scores / 1.5, labels).backward()

    found = verdict("temperature", detached)
    assert found.status == "error"
    assert found.hint == ""
