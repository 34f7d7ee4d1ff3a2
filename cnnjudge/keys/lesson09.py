"""Lesson 09: references and mistakes of working with pictures of one's own."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnjudge.key import Key, Mistake, noticed
from cnnlib.checks.question import Case
from cnnlib.checks.questions import lesson09 as asked
from cnnlib.checks.values import PlainValue, plain

Values = Mapping[str, PlainValue]

# split


def _rounded(fractions: Sequence[float], n: int) -> list[int]:
    """Return where n pictures are cut, the last cut behind all of them."""
    return [round(sum(fractions[: k + 1]) * n) for k in range(len(fractions))]


def _floor(fractions: Sequence[float], n: int) -> list[int]:
    """Round each part down, and give what is left to the last."""
    sizes = [int(fraction * n + 1e-9) for fraction in fractions[:-1]]
    return [sum(sizes[: k + 1]) for k in range(len(sizes))] + [n]


def _first_takes_the_rest(fractions: Sequence[float], n: int) -> list[int]:
    return [n - cut for cut in _floor(fractions[::-1], n)[::-1][1:]] + [n]


def _each_size_rounded(fractions: Sequence[float], n: int) -> list[int]:
    """Round each size by itself, and give what is left to the last part."""
    sizes = [round(fraction * n) for fraction in fractions[:-1]]
    return [min(sum(sizes[: k + 1]), n) for k in range(len(sizes))] + [n]


def _of_the_rest(fractions: Sequence[float], n: int) -> list[int]:
    """Take each fraction of what is left, and give the rest to the last part."""
    cuts = [0]
    for fraction in fractions[:-1]:
        cuts.append(cuts[-1] + round(fraction * (n - cuts[-1])))
    return [*cuts[1:], n]


def _equal(fractions: Sequence[float], n: int) -> list[int]:
    return _rounded([1 / len(fractions)] * len(fractions), n)


def _truncated(fractions: Sequence[float], n: int) -> list[int]:
    """Round running sums down: 0.7 + 0.2 + 0.1 is a little less than 1."""
    return [int(float(cut) * n) for cut in np.cumsum(fractions)]


def _shuffled(places: Tensor, generator: torch.Generator) -> Tensor:
    return places[torch.randperm(len(places), generator=generator)]


def _classes(labels: Tensor) -> list[Tensor]:
    """Return where the pictures of each class stand."""
    return [(labels == label).nonzero().flatten() for label in labels.unique()]


def _by_class(
    cuts: Callable[[Sequence[float], int], list[int]] = _rounded,
    order: Callable[[Tensor, torch.Generator], Tensor] = _shuffled,
    seeded: Callable[[int], torch.Generator] = lambda seed: (
        torch.Generator().manual_seed(seed)
    ),
    give: Callable[[list[Tensor], Tensor], Any] = lambda parts, labels: parts,
    groups: Callable[[Tensor], list[Tensor]] = _classes,
) -> Callable[..., Any]:
    """Return a split, class by class, with something done differently."""

    def split(labels: Tensor, fractions: Sequence[float], seed: int) -> Any:
        generator = seeded(seed)
        parts: list[list[Tensor]] = [[] for _ in fractions]
        for places in groups(labels):
            places = order(places, generator)
            start = 0
            for part, stop in zip(parts, cuts(fractions, len(places)), strict=False):
                part.append(places[start:stop])
                start = stop
        return give([torch.cat(part) for part in parts], labels)

    return split


def _mixed_again(labels: Tensor, fractions: Sequence[float], seed: int) -> Any:
    """Shuffle with NumPy, class by class, and each part once more."""
    rng = np.random.default_rng(seed)
    parts: list[list[int]] = [[] for _ in fractions]
    for label in sorted(set(labels.tolist())):
        places = np.flatnonzero(labels.numpy() == label)
        rng.shuffle(places)
        cuts = np.round(np.cumsum(fractions)[:-1] * len(places)).astype(int)
        for part, piece in zip(parts, np.split(places, cuts), strict=True):
            part += piece.tolist()
    for part in parts:
        rng.shuffle(part)
    return tuple(torch.tensor(part) for part in parts)


def _largest_remainders(labels: Tensor, fractions: Sequence[float], seed: int) -> Any:
    """Round down, and give what is left to the parts that lost most."""
    chance = random.Random(seed)
    parts: list[list[int]] = [[] for _ in fractions]
    for label in range(int(labels.max()) + 1):
        places = [i for i, own in enumerate(labels) if own == label]
        chance.shuffle(places)
        shares = [fraction * len(places) for fraction in fractions]
        sizes = [math.floor(share + 1e-9) for share in shares]
        lost = sorted(range(len(shares)), key=lambda k: sizes[k] - shares[k])
        for k in lost[: len(places) - sum(sizes)]:
            sizes[k] += 1
        for part, size in zip(parts, sizes, strict=True):
            part += places[:size]
            places = places[size:]
    return [torch.tensor(sorted(part), dtype=torch.int32) for part in parts]


def _dealt(labels: Tensor, fractions: Sequence[float], seed: int) -> Any:
    """Deal the pictures one by one to the part that lacks most of their class."""
    torch.manual_seed(seed)
    parts: list[list[int]] = [[] for _ in fractions]
    dealt: dict[int, list[int]] = {}
    for i in torch.randperm(len(labels)).tolist():
        had = dealt.setdefault(int(labels[i]), [0] * len(fractions))
        turn = sum(had) + 1
        k = max(range(len(had)), key=lambda k: fractions[k] * turn - had[k])
        had[k] += 1
        parts[k].append(i)
    return [torch.tensor(part) for part in parts]


def _all_together(
    cuts: Callable[[Sequence[float], int], list[int]] = _rounded,
) -> Callable[..., Any]:
    """Return a split that does not look at the classes."""
    return _by_class(cuts=cuts, groups=lambda labels: [torch.arange(len(labels))])


def _fresh(seed: int) -> torch.Generator:
    """Return a generator whose state comes from PyTorch's own chance."""
    return torch.Generator().manual_seed(int(torch.randint(2**31, (1,))))


def _one_drawn_twice(parts: list[Tensor], labels: Tensor) -> list[Tensor]:
    parts[0][1] = parts[0][0]
    return parts


def _last_class_alone(labels: Tensor, fractions: Sequence[float], seed: int) -> Any:
    parts = _by_class()(labels, fractions, seed)
    return [part[labels[part] == labels.max()] for part in parts]


def _all_in_the_first(parts: list[Tensor], labels: Tensor) -> list[Tensor]:
    return [torch.arange(len(labels)), *parts[1:]]


def _places_within(parts: list[Tensor], labels: Tensor) -> list[Tensor]:
    within = torch.zeros(len(labels), dtype=torch.int64)
    for label in labels.unique():
        of_class = labels == label
        within[of_class] = torch.arange(int(of_class.sum()))
    return [within[part] for part in parts]


def _masks(parts: list[Tensor], labels: Tensor) -> list[Tensor]:
    return [torch.isin(torch.arange(len(labels)), part) for part in parts]


def _counted_classes(labels: Tensor) -> list[Tensor]:
    seen = len(labels.unique())
    return [(labels == label).nonzero().flatten() for label in range(seen)]


def _marks_labels(labels: Tensor, fractions: Sequence[float], seed: int) -> Any:
    parts = _by_class()(labels, fractions, seed)
    for part in parts:
        labels[part] = -1
    return parts


class _Found:
    """What was found of a split, for its conditions."""

    def __init__(self, values: Values, case: Case) -> None:
        self.entries = values["result"].data
        self.is_list = values["result"].type == "list"
        self.labels = case.args[0].numpy()
        self.fractions = list(case.args[1])
        self.count = len(self.labels)

    @property
    def are_tensors(self) -> bool:
        return self.is_list and all(part.type == "tensor" for part in self.entries)

    @property
    def are_whole(self) -> bool:
        """Whether the parts are rows of whole numbers."""
        return self.are_tensors and all(
            part.data.ndim == 1
            and (part.dtype.startswith(("int", "uint")) or not part.data.size)
            for part in self.entries
        )

    @property
    def parts(self) -> list[np.ndarray]:
        return [np.asarray(part.data).astype(np.int64) for part in self.entries]

    @property
    def all(self) -> np.ndarray:
        return np.concatenate([np.zeros(0, dtype=np.int64), *self.parts])

    @property
    def exist(self) -> bool:
        return bool(((self.all >= 0) & (self.all < self.count)).all())

    @property
    def missing(self) -> np.ndarray:
        return np.setdiff1d(np.arange(self.count), self.all)

    @property
    def covers(self) -> bool:
        """Whether each picture is in just one part, of as many as fractions."""
        right_count = len(self.entries) == len(self.fractions)
        is_each_once = np.array_equal(np.sort(self.all), np.arange(self.count))
        return self.are_whole and right_count and is_each_once

    def shares(self) -> Iterator[tuple[int, list[int], list[float]]]:
        """Yield each class with its pictures in each part, and its shares."""
        for label in np.unique(self.labels):
            had = [int((self.labels[part] == label).sum()) for part in self.parts]
            whole = int((self.labels == label).sum())
            yield int(label), had, [fraction * whole for fraction in self.fractions]

    @property
    def is_shared_out(self) -> bool:
        return all(
            abs(a - b) <= 1 + 1e-6
            for _, had, shares in self.shares()
            for a, b in zip(had, shares, strict=True)
        )

    def is_cut(self, cuts: Callable[[Sequence[float], int], list[int]]) -> bool:
        """Tell whether each class is cut in this way."""
        for _, had, _ in self.shares():
            if np.cumsum(had).tolist() != cuts(self.fractions, sum(had)):
                return False
        return True


def _when(condition: Callable[[_Found], bool]) -> Callable[[Values, Case], bool]:
    return lambda values, case: condition(_Found(values, case))


def _splits(values: Values, case: Case) -> bool:
    found = _Found(values, case)
    return (
        found.covers
        and found.is_shared_out
        and values["repeat with the same seed"].data is True
        and not _is_the_same_with_another_seed(values, case)
    )


def _is_the_same_with_another_seed(values: Values, case: Case) -> bool:
    """Tell it of parts that hold each picture once; of others it is not observed."""
    found = values.get("other parts with another seed")
    return found is not None and found.data is False


def _is_in_order(values: Values, case: Case) -> bool:
    """Tell whether each class is cut as its pictures stand."""
    found = _Found(values, case)
    if not found.covers or not _is_the_same_with_another_seed(values, case):
        return False
    for label in np.unique(found.labels):
        ends = [part[found.labels[part] == label] for part in found.parts]
        ends = [piece for piece in ends if len(piece)]
        if any(a.max() > b.min() for a, b in itertools.pairwise(ends)):
            return False
    return True


def _in_a_part(word: str) -> Callable[[Values, Case], str]:
    def tells(values: Values, case: Case) -> str:
        found = _Found(values, case)
        label, part, had, share = next(
            (label, k + 1, had[k], shares[k])
            for label, had, shares in found.shares()
            for k in range(len(had))
            if abs(had[k] - shares[k]) > 1 + 1e-6
        )
        return (
            f"{word} Part {part} has {had} of class {label} here; its share is "
            f"{share:.4g}."
        )

    return tells


def _is_unstratified(found: _Found) -> bool:
    sizes = [len(part) for part in found.parts]
    shares = [fraction * found.count for fraction in found.fractions]
    fits = all(abs(a - b) <= 1 + 1e-6 for a, b in zip(sizes, shares, strict=True))
    return found.covers and fits and not found.is_shared_out


def _twice(found: _Found) -> bool:
    return any(len(np.unique(part)) < len(part) for part in found.parts)


def _second_part_empty(fractions: Sequence[float], n: int) -> list[int]:
    """Leave the second part empty, or a first of two too large."""
    cuts = _rounded(fractions, n)
    return (
        [(cuts[0] + n) // 2, *cuts[1:]]
        if len(cuts) < 3
        else [cuts[1], cuts[1], *cuts[2:]]
    )


def _is_of_the_rest(found: _Found) -> bool:
    """Tell it, rounded either way: to the nearest, or down."""

    def down(fractions: Sequence[float], n: int) -> list[int]:
        cuts = [0]
        for fraction in fractions[:-1]:
            cuts.append(cuts[-1] + int(fraction * (n - cuts[-1])))
        return [*cuts[1:], n]

    is_cut = found.covers and (found.is_cut(_of_the_rest) or found.is_cut(down))
    return is_cut and not found.is_shared_out


_NOT_STRATIFIED = (
    "each part is as large as asked, within one picture, but a class has too many or "
    "too few pictures in one of them. Is each class divided by itself, and do the "
    "numbers belong to `labels` as they came?"
)
_SHARE = (
    "the pictures of a class are not shared out as the fractions say, within one "
    "picture."
)
_SPLIT = Key(
    _by_class(),
    (
        Mistake(
            "masks for numbers of pictures",
            "the parts hold True and False; the numbers of the pictures are asked "
            "for. Which method of a tensor gives the places that are True?",
            _by_class(give=_masks),
            _when(
                lambda found: (
                    found.are_tensors
                    and any(part.dtype == "bool" for part in found.entries)
                )
            ),
            certain=True,
        ),
        Mistake(
            "an axis too many",
            "the parts have more than one axis. `nonzero()` gives a column (n, 1); a "
            "row (n,) is asked for.",
            _by_class(give=lambda parts, labels: [part[:, None] for part in parts]),
            _when(
                lambda found: (
                    found.are_tensors
                    and any(part.data.ndim > 1 for part in found.entries)
                )
            ),
        ),
        Mistake(
            "floats for numbers of pictures",
            "a part holds floats, and a float is no index.",
            _by_class(give=lambda parts, labels: [part.float() for part in parts]),
            _when(
                lambda found: (
                    found.are_tensors
                    and not found.are_whole
                    and any(part.dtype.startswith("float") for part in found.entries)
                )
            ),
            certain=True,
        ),
        Mistake(
            "lists for tensors",
            "the parts are lists; tensors are asked for.",
            _by_class(give=lambda parts, labels: [part.tolist() for part in parts]),
            _when(
                lambda found: (
                    found.is_list
                    and len(found.entries) > 0
                    and all(part.type == "list" for part in found.entries)
                )
            ),
            certain=True,
        ),
        Mistake(
            "arrays for tensors",
            "the parts are NumPy arrays; tensors are asked for. `torch.from_numpy` "
            "makes one.",
            _by_class(give=lambda parts, labels: [part.numpy() for part in parts]),
            _when(
                lambda found: (
                    found.is_list
                    and any(part.type == "array" for part in found.entries)
                )
            ),
            certain=True,
        ),
        Mistake(
            "another number of parts",
            "there is not one part for each fraction. There may be two fractions, "
            "three, or more.",
            lambda labels, fractions, seed: _by_class()(
                labels, [*fractions[:2], 1 - sum(fractions[:2])], seed
            )[:3],
            _when(
                lambda found: (
                    found.are_whole and len(found.entries) != len(found.fractions)
                )
            ),
            certain=True,
        ),
        Mistake(
            "places within a class for numbers of pictures",
            "the numbers count the pictures of each class from 0. The places that the "
            "pictures have in `labels` are asked for.",
            _by_class(give=_places_within),
            _when(
                lambda found: (
                    found.are_whole
                    and np.array_equal(
                        np.sort(found.all),
                        np.sort(
                            np.concatenate(
                                [
                                    np.arange((found.labels == label).sum())
                                    for label in np.unique(found.labels)
                                ]
                            )
                        ),
                    )
                )
            ),
        ),
        Mistake(
            "labels for numbers of pictures",
            "the parts hold labels; the places at which the pictures stand are asked "
            "for.",
            _by_class(give=lambda parts, labels: [labels[part] for part in parts]),
            _when(
                lambda found: (
                    found.are_whole
                    and np.array_equal(np.sort(found.all), np.sort(found.labels))
                )
            ),
        ),
        Mistake(
            "numbers that no picture has",
            "some numbers are not those of a picture: they go from 0 to one less than "
            "there are labels.",
            _by_class(give=lambda parts, labels: [part + 1 for part in parts]),
            _when(lambda found: found.are_whole and not found.exist),
            certain=True,
        ),
        Mistake(
            "a picture twice in one part",
            "a picture comes more than once in the same part. That is so if it is "
            "drawn with replacement, or if `random.shuffle` works on a tensor: it is "
            "made for lists, and writes one entry of a tensor over another.",
            _by_class(give=_one_drawn_twice),
            _when(lambda found: found.are_whole and _twice(found)),
            certain=True,
        ),
        Mistake(
            "parts that overlap",
            "the same picture stands in two parts: what is measured on one is then "
            "known from the other.",
            _by_class(give=_all_in_the_first),
            _when(
                lambda found: (
                    found.are_whole and len(np.unique(found.all)) < len(found.all)
                )
            ),
            certain=True,
        ),
        Mistake(
            "classes counted, not looked up",
            "pictures are missing. Of n classes the labels need not be 0 to n - 1: a "
            "number may be left out.",
            _by_class(groups=_counted_classes),
            _when(
                lambda found: (
                    found.are_whole
                    and len(found.missing) > 0
                    and np.array_equal(
                        found.missing,
                        np.flatnonzero(found.labels >= len(np.unique(found.labels))),
                    )
                )
            ),
        ),
        Mistake(
            "a class that is lost",
            "all pictures of a class are missing. Do the parts keep what the other "
            "classes have brought?",
            _last_class_alone,
            _when(
                lambda found: (
                    found.are_whole
                    and len(found.missing) > 0
                    and not np.isin(
                        found.labels[found.missing], found.labels[found.all]
                    ).any()
                )
            ),
            certain=True,
        ),
        Mistake(
            "parts that lose a picture",
            "a picture is in no part. What becomes of those that are left over when "
            "sizes are rounded? (0.7 + 0.2 + 0.1 is a little less than 1 for a "
            "computer.)",
            _by_class(cuts=_truncated),
            _when(lambda found: found.are_whole and len(found.missing) > 0),
            certain=True,
        ),
        Mistake(
            "chance that the seed does not hold",
            "two calls with the same seed give different parts. Does all chance come "
            "from a generator that is set to `seed`?",
            _by_class(seeded=_fresh),
            lambda values, case: values["repeat with the same seed"].data is False,
            certain=True,
        ),
        Mistake(
            "fractions in another order",
            "the parts come in another order than the fractions.",
            lambda labels, fractions, seed: _by_class()(labels, fractions[::-1], seed),
            _when(
                lambda found: (
                    found.covers
                    and not found.is_shared_out
                    and found.is_cut(lambda f, n: _rounded(f[::-1], n))
                )
            ),
        ),
        Mistake(
            "parts of equal size",
            "the parts are of equal size, whatever the fractions are.",
            _by_class(cuts=_equal),
            _when(
                lambda found: (
                    found.covers and not found.is_shared_out and found.is_cut(_equal)
                )
            ),
        ),
        Mistake(
            "what is left goes to the last part",
            "each part is rounded down, and all that is left goes to the last one: "
            "that can be nearly two pictures of a class. Where do the cuts between the "
            "parts lie, if each is rounded by itself?",
            _by_class(cuts=_floor),
            _when(
                lambda found: (
                    found.covers and not found.is_shared_out and found.is_cut(_floor)
                )
            ),
        ),
        Mistake(
            "what is left goes to the first part",
            "each part is rounded down, and all that is left goes to the first one: "
            "that can be nearly two pictures of a class. Where do the cuts between the "
            "parts lie, if each is rounded by itself?",
            _by_class(cuts=_first_takes_the_rest),
            _when(
                lambda found: (
                    found.covers
                    and not found.is_shared_out
                    and found.is_cut(_first_takes_the_rest)
                )
            ),
        ),
        Mistake(
            "fractions of what is left",
            "a fraction is taken of the pictures that are left, not of all pictures of "
            "the class. How many of them are there when the first part is gone?",
            _by_class(cuts=_of_the_rest),
            _when(_is_of_the_rest),
        ),
        Mistake(
            "each size rounded by itself",
            "each size is rounded by itself, and the last part gets what is left: the "
            "errors of all the others add up in it. Where do the cuts between the "
            "parts lie, if each is rounded by itself?",
            _by_class(cuts=_each_size_rounded),
            _when(
                lambda found: (
                    found.covers
                    and not found.is_shared_out
                    and found.is_cut(_each_size_rounded)
                )
            ),
        ),
        Mistake(
            "not stratified",
            _NOT_STRATIFIED,
            _all_together(),
            _when(_is_unstratified),
            tells=_in_a_part(_NOT_STRATIFIED),
        ),
        Mistake(
            "a class not shared out",
            _SHARE,
            _all_together(cuts=_second_part_empty),
            _when(lambda found: found.covers and not found.is_shared_out),
            certain=True,
            tells=_in_a_part(_SHARE),
        ),
        Mistake(
            "not shuffled",
            "each class is cut as its pictures stand, whatever the seed: the first "
            "ones are always in the first part. They have to be shuffled before.",
            _by_class(order=lambda places, generator: places),
            _is_in_order,
        ),
        Mistake(
            "seed ignored",
            "another seed gives the same parts. Which numbers are drawn must hang on "
            "`seed`.",
            _by_class(seeded=lambda seed: torch.Generator().manual_seed(0)),
            _is_the_same_with_another_seed,
            certain=True,
        ),
        noticed("input changed in place", "changed:labels", _marks_labels),
    ),
    "Three parts",
    source="what a fair split is",
    accepts=_splits,
    also_right=(_mixed_again, _largest_remainders, _dealt),
)

# channel_stats

_OVER = (0, 2, 3)


def _scaled(images: Tensor) -> Tensor:
    return images / 255 if images.dtype == torch.uint8 else images


def _channel_stats(images: Tensor) -> tuple[Tensor, Tensor]:
    x = _scaled(images)
    return x.mean(dim=_OVER), x.std(dim=_OVER, correction=0)


def _stats(
    mean: Callable[[Tensor], Any] = lambda x: x.mean(dim=_OVER),
    deviation: Callable[[Tensor], Any] = lambda x: x.std(dim=_OVER, correction=0),
    scale: Callable[[Tensor], Tensor] = _scaled,
) -> Callable[[Tensor], Any]:
    """Return statistics with something done differently."""

    def channel_stats(images: Tensor) -> tuple[Any, Any]:
        x = scale(images)
        return mean(x), deviation(x)

    return channel_stats


def _stats_by_squares(images: Tensor) -> Any:
    """Return both in one tensor (2, C), from the mean of the squares."""
    x = images.double() / 255 if images.dtype == torch.uint8 else images.double()
    mean = x.mean(dim=(0, 2, 3))
    square = x.square().mean(dim=(0, 2, 3))
    return torch.stack([mean, (square - mean**2).clamp(min=0).sqrt()])


def _stats_by_numpy(images: Tensor) -> Any:
    x = images.numpy().astype(np.float64)
    if not images.is_floating_point():
        x /= 255
    rows = np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)
    mean, deviation = rows.mean(axis=1), rows.std(axis=1)
    return [torch.from_numpy(mean), torch.tensor(deviation, dtype=torch.float32)]


def _stats_by_loop(images: Tensor) -> Any:
    means, deviations = [], []
    for channel in range(images.shape[1]):
        x = images[:, channel].float()
        if images.dtype == torch.uint8:
            x = x / 255
        apart = x - x.mean()
        means.append(x.mean())
        deviations.append((apart**2).mean().sqrt())
    return torch.stack(means), torch.stack(deviations)


def _as_pairs(images: Tensor) -> Any:
    mean, deviation = _channel_stats(images)
    return torch.stack([mean, deviation], dim=1)


def _scaled_in_place(images: Tensor) -> Any:
    found = _channel_stats(images)
    images -= found[0].to(images.dtype)[:, None, None]
    return found


_STATS = Key(
    _channel_stats,
    (
        Mistake(
            "not scaled",
            "bytes are taken as they are, 0 to 255. They count as 0 to 1.",
            _stats(scale=lambda x: x.float() if x.dtype == torch.uint8 else x),
        ),
        Mistake(
            "floats divided by 255, too",
            "floats are divided by 255, too. They count as they come: only bytes are "
            "scaled.",
            _stats(scale=lambda x: x / 255),
        ),
        Mistake(
            "scaled where the largest value is above 1",
            "whether to divide is decided by the largest value. A dark picture of "
            "bytes may have none above 1, and floats may go beyond it: ask for the "
            "dtype.",
            _stats(
                scale=lambda x: (
                    x / 255
                    if x.max() > 1
                    else x.to(torch.get_default_dtype())
                    if x.dtype == torch.uint8
                    else x
                )
            ),
        ),
        Mistake(
            "divided by its own maximum",
            "the pictures are divided by their own largest value. Bytes count as 0 to "
            "1 by 255, and floats as they come.",
            _stats(scale=lambda x: x / x.max()),
        ),
        Mistake(
            "bytes divided by their own maximum",
            "bytes are divided by the largest one that occurs. 255 counts as 1, "
            "whether it occurs or not.",
            _stats(scale=lambda x: x / x.max() if x.dtype == torch.uint8 else x),
        ),
        Mistake(
            "divided by 256",
            "bytes are divided by 256. 255 is the largest, and counts as 1.",
            _stats(scale=lambda x: x / 256 if x.dtype == torch.uint8 else x),
        ),
        Mistake(
            "bytes left as bytes",
            "bytes have no mean before they are floats, and they count as 0 to 1.",
            lambda images: (
                images.mean(dim=_OVER),
                images.std(dim=_OVER, correction=0),
            ),
        ),
        Mistake(
            "bytes left as bytes, and the unbiased deviation",
            "two things at once: bytes have no mean before they are floats, and the "
            "deviation of floats is divided by one less than there are pixels, as "
            "`std` does by itself.",
            lambda images: (images.mean(dim=_OVER), images.std(dim=_OVER)),
        ),
        Mistake(
            "reshape for permute",
            "the channels are mixed up: `reshape` deals the numbers out anew. Before "
            "the pixels of a channel stand in one row, the channel's axis must come "
            "first.",
            _stats(
                lambda x: x.reshape(-1, x.shape[1]).mean(dim=0),
                lambda x: x.reshape(-1, x.shape[1]).std(dim=0, correction=0),
            ),
        ),
        Mistake(
            "whole division",
            "bytes are divided with `//`: all but 255 become 0.",
            _stats(scale=lambda x: (x // 255).float() if x.dtype == torch.uint8 else x),
        ),
        Mistake(
            "unbiased deviation",
            "it is divided by one less than there are pixels, as `std` does by "
            "itself: that estimates. The deviation of these very pixels is asked for.",
            _stats(deviation=lambda x: x.std(dim=_OVER)),
        ),
        Mistake(
            "not scaled, and the unbiased deviation",
            "two things at once: bytes are taken as 0 to 255, not 0 to 1, and it is "
            "divided by one less than there are pixels, as `std` does by itself.",
            _stats(
                deviation=lambda x: x.std(dim=_OVER),
                scale=lambda x: x.float() if x.dtype == torch.uint8 else x,
            ),
        ),
        Mistake(
            "mean of the pictures' deviations",
            "the deviation is found for each picture, and then averaged. How far the "
            "pictures are from each other is lost.",
            _stats(deviation=lambda x: x.std(dim=(2, 3), correction=0).mean(dim=0)),
        ),
        Mistake(
            "mean of the pictures' unbiased deviations",
            "the deviation is found for each picture, with one pixel less in the "
            "denominator, and then averaged. It is asked for over all pixels at once.",
            _stats(deviation=lambda x: x.std(dim=(2, 3)).mean(dim=0)),
        ),
        Mistake(
            "deviation of the pictures' means",
            "this is how far the pictures' means are apart. All pixels count.",
            _stats(deviation=lambda x: x.mean(dim=(2, 3)).std(dim=0, correction=0)),
        ),
        Mistake(
            "variance for deviation",
            "this is the variance; the deviation is its root.",
            _stats(deviation=lambda x: x.var(dim=_OVER, correction=0)),
        ),
        Mistake(
            "unbiased variance",
            "this is the variance, and with one pixel less in the denominator; the "
            "deviation is the root of the one with all of them.",
            _stats(deviation=lambda x: x.var(dim=_OVER)),
        ),
        Mistake(
            "root of the mean square",
            "the mean is not taken off before the squares: this is how far the pixels "
            "are from 0.",
            _stats(deviation=lambda x: x.square().mean(dim=_OVER).sqrt()),
        ),
        Mistake(
            "mean absolute deviation",
            "this is the mean of how far the pixels are from the mean; squares are "
            "asked for, and their root.",
            _stats(
                deviation=lambda x: (
                    (x - x.mean(dim=_OVER, keepdim=True)).abs().mean(dim=_OVER)
                )
            ),
        ),
        Mistake(
            "one number for all channels",
            "the channels are taken together. Each has a mean and a deviation of its "
            "own.",
            _stats(lambda x: x.mean(), lambda x: x.std(correction=0)),
        ),
        Mistake(
            "one number for all channels, unbiased",
            "the channels are taken together, and the deviation is the unbiased one. "
            "Each channel has a mean and a deviation of its own.",
            _stats(lambda x: x.mean(), lambda x: x.std()),
        ),
        Mistake(
            "only the first channel",
            "only the first channel is looked at.",
            _stats(
                lambda x: x[:, :1].mean(dim=_OVER),
                lambda x: x[:, :1].std(dim=_OVER, correction=0),
            ),
        ),
        Mistake(
            "only the first picture",
            "only the first picture is looked at; all of them count.",
            _stats(
                lambda x: x[0].mean(dim=(1, 2)),
                lambda x: x[0].std(dim=(1, 2), correction=0),
            ),
        ),
        Mistake(
            "for each picture",
            "each picture has numbers of its own, (N, C). One for each channel, over "
            "all pictures, is asked for.",
            _stats(
                lambda x: x.mean(dim=(2, 3)), lambda x: x.std(dim=(2, 3), correction=0)
            ),
        ),
        Mistake(
            "for each picture, over its channels",
            "there is one number for each picture, over its channels: one for each "
            "channel is asked for, over all pictures.",
            _stats(
                lambda x: x.mean(dim=(1, 2, 3)),
                lambda x: x.std(dim=(1, 2, 3), correction=0),
            ),
        ),
        Mistake(
            "for each place",
            "each place of the picture has numbers of its own. One for each channel "
            "is asked for, over all places.",
            _stats(lambda x: x.mean(dim=0), lambda x: x.std(dim=0, correction=0)),
        ),
        Mistake(
            "for each column",
            "the channels are taken for the last axis. They are axis 1: (N, C, H, W).",
            _stats(
                lambda x: x.mean(dim=(0, 1, 2)),
                lambda x: x.std(dim=(0, 1, 2), correction=0),
            ),
        ),
        Mistake(
            "axes of length one kept",
            "axes of length 1 are left over. The shape (C,) is asked for.",
            _stats(
                lambda x: x.mean(dim=_OVER, keepdim=True),
                lambda x: x.std(dim=_OVER, correction=0, keepdim=True),
            ),
        ),
        Mistake(
            "deviation first",
            "the two have changed places: the mean comes first.",
            lambda images: _channel_stats(images)[::-1],
        ),
        Mistake(
            "pairs for each channel",
            "the two come back as one tensor (C, 2). The mean is asked for, then the "
            "deviation.",
            _as_pairs,
        ),
        Mistake(
            "the mean alone",
            "there is one thing where two are asked for, the mean and the deviation.",
            lambda images: _channel_stats(images)[0],
        ),
        Mistake(
            "no result",
            "nothing comes back. Is `return` missing?",
            lambda images: None,
            lambda values, case: values["result"].type == "none",
            certain=True,
        ),
        Mistake(
            "lists for tensors",
            "lists come back; two tensors (C,) are asked for.",
            _stats(
                lambda x: x.mean(dim=_OVER).tolist(),
                lambda x: x.std(dim=_OVER, correction=0).tolist(),
            ),
        ),
        Mistake(
            "arrays for tensors",
            "NumPy arrays come back; two tensors (C,) are asked for. "
            "`torch.from_numpy` makes one.",
            _stats(
                lambda x: x.mean(dim=_OVER).numpy(),
                lambda x: x.std(dim=_OVER, correction=0).numpy(),
            ),
        ),
        noticed("input changed in place", "changed:images", _scaled_in_place),
    ),
    "Mean and deviation",
    rtol=1e-5,
    also_right=(_stats_by_squares, _stats_by_numpy, _stats_by_loop),
)

# flip_some


def _flip_some(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    heads = torch.rand(len(images), generator=generator) < p
    return torch.where(heads[:, None, None, None], images.flip(-1), images)


def _flipped(
    change: Callable[[Tensor], Tensor] = lambda x: x.flip(-1),
    heads: Callable[[Tensor, float, torch.Generator], Tensor] = lambda x, p, g: (
        torch.rand(len(x), 1, 1, 1, generator=g) < p
    ),
    give: Callable[[Tensor], Any] = lambda x: x,
) -> Callable[..., Any]:
    """Return a flip with something done differently."""

    def flip_some(images: Tensor, p: float, generator: torch.Generator) -> Any:
        coins = heads(images, p, generator)
        return give(torch.where(coins, change(images), images))

    return flip_some


def _flip_by_loop(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    out = images.clone()
    for i in range(images.shape[0]):
        if torch.rand(1, generator=generator).item() < p:
            out[i] = images[i].flip(2)
    return out


def _flip_by_bernoulli(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    chances = torch.full((len(images),), float(p))
    heads = torch.bernoulli(chances, generator=generator).bool()
    out = images.clone()
    out[heads] = images[heads][..., torch.arange(images.shape[-1] - 1, -1, -1)]
    return out


def _flip_backwards(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    """Toss the coins from the last picture to the first, of another kind."""
    out = list(images)
    for i in reversed(range(len(out))):
        tails = torch.rand((), dtype=torch.float64, generator=generator) >= p
        out[i] = out[i] if tails else torch.flip(out[i], (-1,))
    return torch.stack(out)


def _flip_by_numpy(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    """Seed NumPy's chance with a number that the generator draws."""
    seed = int(torch.randint(0, 2**31, (1,), generator=generator))
    heads = np.random.default_rng(seed).random(len(images)) <= p
    out = images.numpy().copy()
    out[heads] = out[heads, :, :, ::-1]
    return torch.from_numpy(out)


def _flip_by_uniform(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    heads = torch.empty(len(images)).uniform_(generator=generator) > 1 - p
    keep = (~heads).view(-1, 1, 1, 1).to(images.dtype)
    return keep * images + (1 - keep) * images.flip(3)


def _flip_fixed_share(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    order = torch.randperm(len(images), generator=generator)
    heads = order[: round(p * len(images))]
    out = images.clone()
    out[heads] = images[heads].flip(-1)
    return out


def _flip_joined(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    heads = torch.rand(len(images), generator=generator) < p
    return torch.cat([images[heads].flip(-1), images[~heads]])


def _flip_alone(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    heads = torch.rand(len(images), generator=generator) < p
    return images[heads].flip(-1)


def _flip_in_place(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    heads = torch.rand(len(images), generator=generator) < p
    images[heads] = images[heads].flip(-1)
    return images


def _flip_of_seed(images: Tensor, p: float, generator: torch.Generator) -> Tensor:
    again = torch.Generator().manual_seed(generator.initial_seed())
    return _flip_some(images, p, again)


def _as_tensor_of(dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    return lambda x: x if x.is_floating_point() else x.to(dtype)


def _words(values: Values, name: str) -> set[str]:
    return {entry.data for entry in values[name].data}


def _became(values: Values) -> set[str]:
    """Return the words for what became of pictures, in all calls that are looked at."""
    words = [name for name in values if name.startswith("pictures")]
    return set().union(*(_words(values, name) for name in words))


_RIGHT = {asked.ITSELF, asked.MIRRORED}


def _was_done(word: str, more: Sequence[str] = ()) -> Callable[[Values, Case], bool]:
    """Tell whether this became of a picture, and of the others nothing else."""
    return lambda values, case: (
        word in _became(values) and _became(values) <= {asked.ITSELF, word, *more}
    )


def _calls(values: Values) -> np.ndarray:
    """Return how many pictures were mirrored in each call."""
    return np.array(
        [entry.data for entry in values["number mirrored, call by call"].data]
    )


def _coins(values: Values) -> int:
    """Return how many pictures there were in each of these calls."""
    return int(values["number of pictures in these calls"].data)


def _apart(values: Values, p: float) -> float:
    """Return by how many standard deviations the mirrored ones are not p of all."""
    coins = len(_calls(values)) * _coins(values)
    gap = abs(float(_calls(values).sum()) - p * coins)
    return gap / math.sqrt(coins * p * (1 - p))


_FAR, _NEAR = 6.0, 4.5
"""A right answer is so far from p once in 500 million checks; see `_apart`."""


def _varies(values: Values, p: float) -> bool:
    """Tell whether the calls' counts vary as those of independent coins do.

    Their mean square over 20 calls is between a twelfth of what is expected and five
    times as much in all but two checks of a hundred million.
    """
    count = _coins(values)
    apart = _calls(values) - p * count
    return 1 / 12 < float((apart**2).mean()) / (count * p * (1 - p)) < 5


def _ends(values: Values) -> tuple[set[str], set[str]]:
    """Return what became of pictures with p = 0, and with p = 1."""
    return _words(values, "pictures with p = 0"), _words(values, "pictures with p = 1")


_TRUE_ENDS = ({asked.ITSELF}, {asked.MIRRORED})


def _turns(values: Values, case: Case) -> bool:
    return (
        values["result"].dtype == _dtype_of(case.args[0])
        and _became(values) <= _RIGHT
        and _ends(values) == _TRUE_ENDS
        and values["repeat from the same state of the generator"].data is True
        and values["same coins in each call"].data is False
        and _apart(values, case.args[1]) < _FAR
        and _varies(values, case.args[1])
    )


def _dtype_of(tensor: Tensor) -> str:
    return plain(tensor).dtype


def _by_mirrors(
    condition: Callable[[Values, Case], bool],
) -> Callable[[Values, Case], bool]:
    """Tell whether it holds of pictures of which each is as it was or mirrored."""
    return lambda values, case: _became(values) <= _RIGHT and condition(values, case)


def _all_or_none(values: Values, case: Case) -> bool:
    return set(_calls(values).tolist()) <= {0, _coins(values)}


_FLIP = Key(
    _flip_some,
    (
        Mistake(
            "only the mirrored ones",
            "pictures are missing: those that are not mirrored come back, too, as they "
            "are.",
            _flip_alone,
            lambda values, case: (
                values["result"].type == "tensor"
                and any(
                    0 <= count.data < _coins(values)
                    for count in values["number that comes back, call by call"].data
                )
            ),
            certain=True,
        ),
        Mistake(
            "a list for a tensor",
            "the pictures come back as a list; a tensor (N, C, H, W) is asked for. "
            "`torch.stack` makes one.",
            _flipped(give=list),
            lambda values, case: values["result"].type == "list",
            certain=True,
        ),
        Mistake(
            "bytes have become floats",
            "the dtype has changed. The pictures come back in the dtype in which they "
            "came.",
            _flipped(give=_as_tensor_of(torch.float32)),
            lambda values, case: (
                values["result"].type == "tensor"
                and values["result"].dtype != _dtype_of(case.args[0])
            ),
            certain=True,
        ),
        Mistake(
            "upside down",
            "pictures stand upside down. Left and right should change places: which "
            "axis of (N, C, H, W) runs from left to right?",
            _flipped(lambda x: x.flip(-2)),
            _was_done(asked.UPSIDE_DOWN, [asked.MIRRORED]),
            certain=True,
        ),
        Mistake(
            "turned by 180 degrees",
            "pictures are turned by 180 degrees: both axes run the other way. Left and "
            "right alone should change places.",
            _flipped(lambda x: x.flip(-2, -1)),
            _was_done(asked.TURNED, [asked.MIRRORED]),
            certain=True,
        ),
        Mistake(
            "rows and columns swapped",
            "rows and columns of pictures are swapped. A mirrored picture keeps its "
            "rows; each of them runs the other way.",
            _flipped(lambda x: x.mT if x.shape[2] == x.shape[3] else x.flip(-1)),
            _was_done(asked.TRANSPOSED, [asked.MIRRORED]),
            certain=True,
        ),
        Mistake(
            "order of the pictures changed",
            "a picture stands where another was. Its label would no longer be its own.",
            _flip_joined,
            lambda values, case: asked.OF_ANOTHER in _became(values),
            certain=True,
        ),
        Mistake(
            "a coin for each channel",
            "some channels of a picture are mirrored and others are not. A picture has "
            "one coin.",
            _flipped(
                heads=lambda x, p, g: torch.rand(*x.shape[:2], 1, 1, generator=g) < p
            ),
            _was_done(asked.BY_CHANNEL, [asked.MIRRORED]),
            certain=True,
        ),
        Mistake(
            "a coin for each row",
            "some rows of a picture are mirrored and others are not. A picture has one "
            "coin.",
            _flipped(
                heads=lambda x, p, g: torch.rand(*x.shape[:3], 1, generator=g) < p
            ),
            _was_done(asked.BY_ROW, [asked.MIRRORED, asked.BY_CHANNEL]),
            certain=True,
        ),
        Mistake(
            "a coin for each pixel",
            "pixels of a picture and of its mirror are mixed. A picture has one coin.",
            _flipped(heads=lambda x, p, g: torch.rand(x.shape, generator=g) < p),
            lambda values, case: (
                asked.BY_PIXEL in _became(values) and asked.OTHER not in _became(values)
            ),
            certain=True,
        ),
        Mistake(
            "something else than a mirror",
            "a picture is neither as it was nor its mirror image.",
            _flipped(lambda x: x.roll(1, -1)),
            lambda values, case: asked.OTHER in _became(values),
            certain=True,
        ),
        Mistake(
            "never mirrored",
            "no picture is ever mirrored, not even with p = 1. Does the axis run from "
            "left to right? `flip` returns a new tensor: does it get into the result?",
            _flipped(lambda x: x),
            _by_mirrors(
                lambda values, case: (
                    not _calls(values).any() and _ends(values)[1] == {asked.ITSELF}
                )
            ),
        ),
        Mistake(
            "always mirrored",
            "each picture is mirrored in each call, with p = 0, too.",
            _flipped(heads=lambda x, p, g: torch.ones(len(x), 1, 1, 1) > 0),
            _by_mirrors(
                lambda values, case: (
                    bool((_calls(values) == _coins(values)).all())
                    and _ends(values)[0] == {asked.MIRRORED}
                )
            ),
            certain=True,
        ),
        Mistake(
            "no coin",
            "nothing is left to chance: with this p the same is done to all pictures "
            "in each call.",
            _flipped(heads=lambda x, p, g: torch.full((len(x), 1, 1, 1), p > 0.5)),
            _by_mirrors(
                lambda values, case: (
                    bool(values["same coins in each call"].data)
                    and _all_or_none(values, case)
                )
            ),
            certain=True,
        ),
        Mistake(
            "chance that does not come from the generator",
            "with the generator in the same state other pictures are mirrored. Does "
            "all chance come from it?",
            _flipped(heads=lambda x, p, g: torch.rand(len(x), 1, 1, 1) < p),
            _by_mirrors(
                lambda values, case: (
                    not values["repeat from the same state of the generator"].data
                )
            ),
            certain=True,
        ),
        Mistake(
            "one coin for all",
            "in each call all pictures are mirrored, or none. Each picture has a coin "
            "of its own.",
            _flipped(heads=lambda x, p, g: torch.rand(1, generator=g) < p),
            _by_mirrors(_all_or_none),
            certain=True,
        ),
        Mistake(
            "the same coins in each call",
            "each call mirrors the same pictures: the generator is where it was. It "
            "goes on if it draws the coins itself, and is not set anew.",
            _flip_of_seed,
            _by_mirrors(
                lambda values, case: bool(values["same coins in each call"].data)
            ),
            certain=True,
        ),
        Mistake(
            "a fixed share",
            "each call mirrors just as many pictures. With a coin for each picture the "
            "number varies.",
            _flip_fixed_share,
            _by_mirrors(lambda values, case: len(set(_calls(values).tolist())) == 1),
            certain=True,
        ),
        Mistake(
            "p the wrong way round",
            "pictures are mirrored as often as they should be left alone: with 1 - p "
            "for p.",
            _flipped(
                heads=lambda x, p, g: torch.rand(len(x), 1, 1, 1, generator=g) >= p
            ),
            _by_mirrors(
                lambda values, case: (
                    _ends(values) == _TRUE_ENDS[::-1]
                    and _apart(values, 1 - case.args[1]) < _NEAR
                )
            ),
        ),
        Mistake(
            "p ignored",
            "pictures are mirrored in about half of the cases, whatever p is.",
            _flipped(
                heads=lambda x, p, g: torch.rand(len(x), 1, 1, 1, generator=g) < 0.5
            ),
            _by_mirrors(
                lambda values, case: (
                    _ends(values) != _TRUE_ENDS and _apart(values, 0.5) < _NEAR
                )
            ),
        ),
        Mistake(
            "another probability",
            "pictures are mirrored too often or too seldom for this p.",
            _flipped(
                heads=lambda x, p, g: (
                    (torch.rand(len(x), 1, 1, 1, generator=g) < p)
                    & (torch.rand(len(x), 1, 1, 1, generator=g) < p)
                )
            ),
            _by_mirrors(lambda values, case: _apart(values, case.args[1]) >= _FAR),
            certain=True,
        ),
        noticed("input changed in place", "changed:images", _flip_in_place),
    ),
    "Augmentation",
    source="what coins do",
    accepts=_turns,
    also_right=(
        _flipped(),
        _flip_by_loop,
        _flip_by_bernoulli,
        _flip_backwards,
        _flip_by_numpy,
        _flip_by_uniform,
    ),
)

# class_weights


def _class_weights(labels: Tensor, num_classes: int) -> Tensor:
    counts = torch.bincount(labels, minlength=num_classes)
    weights = len(labels) / (num_classes * counts)
    return torch.where(counts > 0, weights, 0.0)


def _weighed(
    weigh: Callable[[Tensor, int, int], Any],
    empty: float | None = 0.0,
    give: Callable[[Tensor], Any] = lambda weights: weights,
) -> Callable[[Tensor, int], Any]:
    """Return weights from (counts, N, K), with something done differently."""

    def class_weights(labels: Tensor, num_classes: int) -> Any:
        counts = torch.bincount(labels, minlength=num_classes).double()
        weights = weigh(counts, len(labels), num_classes)
        if empty is not None:
            weights = torch.where(counts > 0, weights, empty)
        return give(weights)

    return class_weights


def _weights_by_loop(labels: Tensor, num_classes: int) -> Tensor:
    weights = torch.zeros(num_classes)
    for k in range(num_classes):
        count = (labels == k).sum().item()
        if count > 0:
            weights[k] = len(labels) / (num_classes * count)
    return weights


def _weights_by_numpy(labels: Tensor, num_classes: int) -> Tensor:
    counts = np.bincount(labels.numpy(), minlength=num_classes)
    weights = np.zeros(num_classes)
    there = counts > 0
    weights[there] = labels.numel() / num_classes / counts[there]
    return torch.from_numpy(weights)


def _weights_by_one_hot(labels: Tensor, num_classes: int) -> Tensor:
    shares = F.one_hot(labels, num_classes).float().mean(dim=0)
    weights = 1 / (num_classes * shares)
    weights[torch.isinf(weights)] = 0
    return weights


def _of_seen_classes(labels: Tensor, num_classes: int) -> Tensor:
    counts = torch.bincount(labels).double()
    return torch.where(counts > 0, len(labels) / (num_classes * counts), 0.0)


def _without_empty(labels: Tensor, num_classes: int) -> Tensor:
    _, counts = labels.unique(return_counts=True)
    return len(labels) / (num_classes * counts)


def _sorted_in_place(labels: Tensor, num_classes: int) -> Tensor:
    found = _class_weights(labels, num_classes)
    labels.sub_(1)
    return found


def _there(counts: Tensor) -> int:
    return int((counts > 0).sum())


def _is_huge_where_empty(values: Values, case: Case) -> bool:
    found = values["result"].data
    empty = ~np.isin(np.arange(case.args[1]), case.args[0].numpy())
    rest, right = found[~empty], _class_weights(*case.args).numpy()[~empty]
    huge = np.isfinite(found[empty]) & (found[empty] > 100 * right.max())
    return bool(empty.any() and huge.all() and np.allclose(rest, right, 1e-2))


_WEIGHTS = Key(
    _class_weights,
    (
        Mistake(
            "infinite for an empty class",
            "a class without pictures has an infinite weight: something is divided by "
            "0. Its weight is 0.",
            _weighed(lambda c, n, k: n / (k * c), empty=None),
        ),
        Mistake(
            "as many classes as are seen, infinite for an empty class",
            "the last classes are missing, for the weights end with the largest label "
            "that occurs; and a class without pictures has an infinite weight.",
            lambda labels, k: len(labels) / (k * torch.bincount(labels)),
        ),
        Mistake(
            "a huge weight for an empty class",
            "a class without pictures has a huge weight, as if it had a tiny part of "
            "one. Its weight is 0.",
            _weighed(lambda c, n, k: n / (k * (c + 1e-8)), empty=None),
            _is_huge_where_empty,
            certain=True,
        ),
        Mistake(
            "count taken as 1 for an empty class",
            "a class without pictures gets a weight as if it had one. Its weight is 0.",
            _weighed(lambda c, n, k: n / (k * c.clamp(min=1)), empty=None),
        ),
        Mistake(
            "1 for an empty class",
            "a class without pictures gets the weight 1. Its weight is 0.",
            _weighed(lambda c, n, k: n / (k * c), empty=1.0),
        ),
        Mistake(
            "nan for an empty class",
            "a class without pictures gets nan, which is no number, and makes the loss "
            "one. Its weight is 0.",
            _weighed(lambda c, n, k: n / (k * c), empty=math.nan),
        ),
        Mistake(
            "one added to each count",
            "1 is added to each count, so that nothing is divided by 0. That changes "
            "the weight of every class.",
            _weighed(lambda c, n, k: n / (k * (c + 1)), empty=None),
        ),
        Mistake(
            "one added to each count, 0 for an empty class",
            "1 is added to each count, and that changes the weight of every class.",
            _weighed(lambda c, n, k: n / (k * (c + 1))),
        ),
        Mistake(
            "share for weight",
            "this is each class's share of the pictures: the large classes get the "
            "large weights. A rare class should weigh more.",
            _weighed(lambda c, n, k: c / n),
        ),
        Mistake(
            "count for weight",
            "this is how many pictures each class has. A rare class should weigh more.",
            _weighed(lambda c, n, k: c),
        ),
        Mistake(
            "upside down",
            "the fraction is the wrong way round: K * count / N. A rare class should "
            "weigh more.",
            _weighed(lambda c, n, k: k * c / n),
        ),
        Mistake(
            "one minus the share",
            "this is 1 minus each class's share; N / (K * count) is asked for.",
            _weighed(lambda c, n, k: 1 - c / n, empty=None),
        ),
        Mistake(
            "one minus the share, 0 for an empty class",
            "this is 1 minus the share of each class that has pictures; "
            "N / (K * count) is asked for.",
            _weighed(lambda c, n, k: 1 - c / n),
        ),
        Mistake(
            "K forgotten",
            "this is N / count: the number of classes is forgotten.",
            _weighed(lambda c, n, k: n / c),
        ),
        Mistake(
            "K forgotten, infinite for an empty class",
            "this is N / count: the number of classes is forgotten, and a class "
            "without pictures has an infinite weight.",
            _weighed(lambda c, n, k: n / c, empty=None),
        ),
        Mistake(
            "N forgotten",
            "this is 1 / (K * count): the number of pictures is forgotten.",
            _weighed(lambda c, n, k: 1 / (k * c)),
        ),
        Mistake(
            "one by the count",
            "this is 1 / count: the numbers of pictures and of classes are forgotten.",
            _weighed(lambda c, n, k: 1 / c),
        ),
        Mistake(
            "one by the count, infinite for an empty class",
            "this is 1 / count: the numbers of pictures and of classes are forgotten, "
            "and a class without pictures has an infinite weight.",
            _weighed(lambda c, n, k: 1 / c, empty=None),
        ),
        Mistake(
            "N and K swapped",
            "the numbers of pictures and of classes have changed places: this is "
            "K / (N * count).",
            _weighed(lambda c, n, k: k / (n * c)),
        ),
        Mistake(
            "multiplied by K",
            "the number of classes stands above the fraction line, not below: "
            "`n / k * count` and `n / (k * count)` are not the same.",
            _weighed(lambda c, n, k: k * n / c),
        ),
        Mistake(
            "multiplied by the count",
            "this is N / K times the count. The count stands below the fraction line, "
            "too: `n / (k * count)` has parentheses.",
            _weighed(lambda c, n, k: n / k * c),
        ),
        Mistake(
            "only classes with pictures counted",
            "K is taken to be the number of classes that have pictures. It is "
            "`num_classes`.",
            _weighed(lambda c, n, k: n / (_there(c) * c)),
        ),
        Mistake(
            "shares of the weights",
            "the weights add up to 1. Leave them as N / (K * count) gives them.",
            _weighed(lambda c, n, k: (1 / c) / (1 / c[c > 0]).sum()),
        ),
        Mistake(
            "weights that add up to K",
            "the weights are stretched so that they add up to the number of classes. "
            "Leave them as N / (K * count) gives them.",
            _weighed(lambda c, n, k: k * (1 / c) / (1 / c[c > 0]).sum()),
        ),
        Mistake(
            "weights that add up to the classes with pictures",
            "the weights are stretched so that their mean over the classes with "
            "pictures is 1. Leave them as N / (K * count) gives them.",
            _weighed(lambda c, n, k: _there(c) * (1 / c) / (1 / c[c > 0]).sum()),
        ),
        Mistake(
            "largest count by the count",
            "the weights are taken from the largest class, which gets 1. N / (K * "
            "count) is asked for.",
            _weighed(lambda c, n, k: c.max() / c),
        ),
        Mistake(
            "smallest count by the count",
            "the weights are taken from the smallest class, which gets 1. N / (K * "
            "count) is asked for.",
            _weighed(lambda c, n, k: c[c > 0].min() / c),
        ),
        Mistake(
            "root of the weight",
            "this is the root of the weight. N / (K * count) itself is asked for.",
            _weighed(lambda c, n, k: (n / (k * c)).sqrt()),
        ),
        Mistake(
            "whole-number division",
            "the weights are rounded down to whole numbers: `//` is not `/`.",
            _weighed(lambda c, n, k: n // (k * c)),
        ),
        Mistake(
            "as many classes as are seen",
            "the last classes are missing: the weights end with the largest label that "
            "occurs. `num_classes` says how many there should be.",
            _of_seen_classes,
        ),
        Mistake(
            "empty classes left out",
            "classes without pictures have no place at all, so that the weights of "
            "those behind them move up. They have the weight 0.",
            _without_empty,
        ),
        Mistake(
            "a weight for each picture",
            "there is a weight for each picture; one for each class is asked for.",
            lambda labels, k: _class_weights(labels, k)[labels],
        ),
        Mistake(
            "a list for a tensor",
            "the weights come back as a list; a tensor is asked for.",
            _weighed(
                lambda c, n, k: n / (k * c), give=lambda weights: weights.tolist()
            ),
        ),
        noticed("input changed in place", "changed:labels", _sorted_in_place),
    ),
    "When classes are not equal",
    rtol=1e-5,
    source="a count class by class",
    also_right=(_weights_by_loop, _weights_by_numpy, _weights_by_one_hot),
)

# recall_per_class


def _recall(matrix: Tensor) -> Tensor:
    return matrix.diag() / matrix.sum(dim=1)


def _recall_by_loop(matrix: Tensor) -> Tensor:
    recalls = torch.full((len(matrix),), float("nan"))
    for k in range(len(matrix)):
        total = matrix[k].sum()
        if total > 0:
            recalls[k] = matrix[k, k] / total
    return recalls


def _recall_by_list(matrix: Tensor) -> Tensor:
    rows = enumerate(matrix.tolist())
    found = [row[k] / sum(row) if sum(row) else math.nan for k, row in rows]
    return torch.tensor(found, dtype=torch.float64)


def _recall_by_numpy(matrix: Tensor) -> Tensor:
    counts = matrix.numpy().astype(float)
    with np.errstate(invalid="ignore"):
        return torch.from_numpy(np.diag(counts) / counts.sum(1))


def _recall_of_shares(matrix: Tensor) -> Tensor:
    shares = matrix / matrix.sum(dim=1, keepdim=True)
    return torch.diagonal(shares)


def _ratio(above: Any, below: Any) -> Tensor:
    return torch.as_tensor(above).double() / torch.as_tensor(below).double()


def _right_and_all(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the right ones of each class, its pictures, its answers, and all."""
    m = matrix.double()
    return m.diag(), m.sum(dim=1), m.sum(dim=0), m.sum()


def _judged(
    give: Callable[[Tensor, Tensor, Tensor, Tensor], Any],
) -> Callable[[Tensor], Any]:
    """Return something else of (right, pictures, answers, all)."""
    return lambda matrix: give(*_right_and_all(matrix))


def _row_by_row(matrix: Tensor) -> Tensor:
    rows = matrix / matrix.sum(dim=1, keepdim=True)
    return rows.amax(dim=1)


def _emptied(matrix: Tensor) -> Tensor:
    found = _recall(matrix).clone()
    matrix.fill_diagonal_(0)
    return found


_RECALL = Key(
    _recall,
    (
        Mistake(
            "zero for an empty class",
            "a class without pictures gets 0, as if each of its pictures had been "
            "read wrong. Nothing is known of it: nan is asked for.",
            lambda matrix: _recall(matrix).nan_to_num(0),
        ),
        Mistake(
            "one for an empty class",
            "a class without pictures gets 1, as if each of its pictures had been "
            "read right. Nothing is known of it: nan is asked for.",
            lambda matrix: _recall(matrix).nan_to_num(1),
        ),
        Mistake(
            "precision for recall",
            "this is the precision: of all pictures that were given a class, how many "
            "are of it. Recall asks how many of a class were found. Rows are the true "
            "labels.",
            _judged(lambda right, true, said, n: right / said),
        ),
        Mistake(
            "precision, zero for a class that is never said",
            "this is the precision, by columns, with 0 where nothing was said. Recall "
            "goes by rows: they are the true labels.",
            _judged(lambda right, true, said, n: (right / said).nan_to_num(0)),
        ),
        Mistake(
            "F1 for recall",
            "this is the F1 score, made of precision and recall. Recall alone is asked "
            "for.",
            _judged(lambda right, true, said, n: 2 * right / (true + said)),
        ),
        Mistake(
            "intersection over union",
            "the pictures that were given a class by mistake stand below the fraction "
            "line, too. Only pictures that are of the class count.",
            _judged(lambda right, true, said, n: right / (true + said - right)),
        ),
        Mistake(
            "accuracy for each class",
            "pictures of other classes that were rightly not given this one are "
            "counted, too. Only pictures that are of the class count.",
            _judged(lambda right, true, said, n: (n - true - said + 2 * right) / n),
        ),
        Mistake(
            "specificity",
            "this is how many pictures of the *other* classes were rightly not given "
            "this one. How many of this class were found is asked for.",
            _judged(
                lambda right, true, said, n: (n - true - said + right) / (n - true)
            ),
        ),
        Mistake(
            "share of all pictures",
            "the right ones are divided by the number of all pictures; by those of the "
            "class is asked for.",
            _judged(lambda right, true, said, n: right / n),
        ),
        Mistake(
            "share of the right ones",
            "the right ones are divided by all that are right; by the pictures of the "
            "class is asked for.",
            _judged(lambda right, true, said, n: right / right.sum()),
        ),
        Mistake(
            "share of the classes",
            "this is how large a share of all pictures each class is.",
            _judged(lambda right, true, said, n: true / n),
        ),
        Mistake(
            "right by wrong",
            "the right ones are divided by the wrong ones. Below the fraction line "
            "stand all pictures of the class, right and wrong.",
            _judged(lambda right, true, said, n: right / (true - right)),
        ),
        Mistake(
            "share of mistakes",
            "this is the share of the pictures of a class that are read wrong.",
            _judged(lambda right, true, said, n: (true - right) / true),
        ),
        Mistake(
            "upside down",
            "the fraction is the wrong way round: how many of the class were right "
            "stands above.",
            _judged(lambda right, true, said, n: true / right),
        ),
        Mistake(
            "counts for shares",
            "this is how many pictures of each class are right; their share of the "
            "class is asked for.",
            _judged(lambda right, true, said, n: right),
        ),
        Mistake(
            "percent for fraction",
            "this is in percent; a fraction from 0 to 1 is asked for.",
            lambda matrix: 100 * _recall(matrix),
        ),
        Mistake(
            "whole-number division",
            "the fractions are rounded down to whole numbers: `//` is not `/`.",
            _judged(lambda right, true, said, n: right // true),
        ),
        Mistake(
            "rounded",
            "the fractions are rounded. Leave rounding to whoever prints them.",
            lambda matrix: (_recall(matrix) * 100).round() / 100,
        ),
        Mistake(
            "one added below",
            "1 is added below the fraction line, so that nothing is divided by 0. That "
            "changes the recall of every class.",
            _judged(lambda right, true, said, n: right / (true + 1)),
        ),
        Mistake(
            "the largest of each row",
            "the largest number of a row is taken for the right ones. The right ones "
            "stand on the diagonal.",
            _row_by_row,
        ),
        Mistake(
            "the other diagonal",
            "this is the diagonal from the upper right to the lower left. The right "
            "ones stand on the one from the upper left.",
            lambda matrix: matrix.flip(1).diag() / matrix.sum(dim=1),
        ),
        Mistake(
            "the mean over the classes",
            "there is one number, the mean over the classes; one for each class is "
            "asked for.",
            lambda matrix: _recall(matrix).nanmean(),
        ),
        Mistake(
            "the accuracy",
            "there is one number, the share of all pictures that are read right; one "
            "for each class is asked for.",
            _judged(lambda right, true, said, n: right.sum() / n),
        ),
        Mistake(
            "empty classes left out",
            "a class without pictures has no place at all. It has one, with nan in it.",
            lambda matrix: _recall(matrix)[matrix.sum(dim=1) > 0],
        ),
        Mistake(
            "the whole matrix of shares",
            "each cell is divided by the sum of its row. The cells on the diagonal are "
            "asked for.",
            lambda matrix: matrix / matrix.sum(dim=1, keepdim=True),
        ),
        Mistake(
            "a column for a row",
            "the result has two axes; (K,) is asked for.",
            lambda matrix: _recall(matrix)[:, None],
        ),
        Mistake(
            "a list for a tensor",
            "the shares come back as a list; a tensor is asked for.",
            lambda matrix: _recall(matrix).tolist(),
        ),
        noticed("input changed in place", "changed:matrix", _emptied),
    ),
    "When classes are not equal",
    rtol=1e-5,
    source="a count row by row",
    also_right=(
        _recall_by_loop,
        _recall_by_list,
        _recall_by_numpy,
        _recall_of_shares,
    ),
)

# stop_epoch


def _stop_epoch(losses: Sequence[float], patience: int) -> tuple[int, int]:
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


def _stopped(
    give: Callable[[int, int, Sequence[float]], Any] = lambda best, stop, losses: (
        best,
        stop,
    ),
    is_better: Callable[[float, float], bool] = lambda new, old: new < old,
    is_over: Callable[[int, int], bool] = lambda waited, patience: waited >= patience,
    resets: bool = True,
    against_last: bool = False,
    first: float | None = None,
    never: Callable[[int, Sequence[float]], Any] | None = None,
) -> Callable[..., Any]:
    """Return a stop with something done differently."""

    def stop_epoch(losses: Sequence[float], patience: int) -> Any:
        best, waited = 0, 0
        lowest = losses[0] if first is None else first
        start = 1 if first is None else 0
        if start and is_over(0, patience):
            return give(0, 0, losses)
        for epoch in range(start, len(losses)):
            if is_better(losses[epoch], lowest):
                best, lowest = epoch, losses[epoch]
                waited = 0 if resets else waited
            else:
                waited += 1
                lowest = losses[epoch] if against_last else lowest
            if is_over(waited, patience):
                return give(best, epoch, losses)
        if never is not None:
            return never(best, losses)
        return give(best, len(losses) - 1, losses)

    return stop_epoch


def _lowest(losses: Sequence[float]) -> int:
    return min(range(len(losses)), key=lambda epoch: losses[epoch])


def _of_all(losses: Sequence[float], patience: int) -> Any:
    return _lowest(losses), _stop_epoch(losses, patience)[1]


def _from_the_lowest_of_all(losses: Sequence[float], patience: int) -> Any:
    best = _lowest(losses)
    return best, min(best + patience, len(losses) - 1)


def _past_the_end(losses: Sequence[float], patience: int) -> Any:
    best, _ = _stop_epoch(losses, patience)
    return best, best + patience


def _rises_in_a_row(losses: Sequence[float], patience: int) -> Any:
    """Count how often the loss has risen in a row; the best is the lowest so far."""
    rises = 0
    for epoch in range(1, len(losses)):
        rises = rises + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if rises >= patience:
            return _lowest(losses[: epoch + 1]), epoch
    return _lowest(losses), len(losses) - 1


def _stop_by_slices(losses: Sequence[float], patience: int) -> list[int]:
    for stop in range(len(losses)):
        so_far = losses[: stop + 1]
        if stop - so_far.index(min(so_far)) == patience:
            return [so_far.index(min(so_far)), stop]
    return [losses.index(min(losses)), len(losses) - 1]


def _stop_by_while(losses: Sequence[float], patience: int) -> Tensor:
    epoch, best, lowest, waited = -1, 0, float("inf"), 0
    while waited < patience and epoch + 1 < len(losses):
        epoch, waited = epoch + 1, waited + 1
        if losses[epoch] < lowest:
            best, lowest, waited = epoch, losses[epoch], 0
    return torch.tensor([best, epoch])


def _stop_by_numpy(losses: Sequence[float], patience: int) -> Any:
    lowest = np.minimum.accumulate(losses)
    best = np.array([np.argmin(losses[: e + 1]) for e in range(len(lowest))])
    over = np.flatnonzero(np.arange(len(losses)) - best >= patience)
    stop = over[0] if len(over) else len(losses) - 1
    return best[stop], stop


def _first_waits(losses: Sequence[float], patience: int) -> Any:
    return _counting_up(losses, patience, 0, lambda loss, lowest: True)


def _equal_not_counted(losses: Sequence[float], patience: int) -> Any:
    return _counting_up(losses, patience, 1, lambda loss, lowest: loss > lowest)


def _counting_up(
    losses: Sequence[float],
    patience: int,
    first: int,
    counts: Callable[[float, float], bool],
) -> tuple[int, int]:
    best, waited = 0, 0
    for epoch in range(first, len(losses)):
        if losses[epoch] < losses[best]:
            best, waited = epoch, 0
        elif counts(losses[epoch], losses[best]):
            waited += 1
        if waited >= patience:
            return best, epoch
    return best, len(losses) - 1


def _before_the_rises(losses: Sequence[float], patience: int) -> Any:
    _, stop = _rises_in_a_row(losses, patience)
    rises = losses[max(stop - patience, 0) : stop + 1]
    if len(rises) > patience and rises == sorted(rises):
        return stop - patience, stop
    return _lowest(losses), stop


_STOP = Key(
    _stop_epoch,
    (
        Mistake(
            "stop one late",
            "it stops one epoch late: `patience` epochs without a new lowest loss are "
            "enough.",
            _stopped(is_over=lambda waited, patience: waited > patience),
        ),
        Mistake(
            "stop one early",
            "it stops one epoch early: the epoch of the lowest loss is none of those "
            "without a new lowest.",
            _stopped(is_over=lambda waited, patience: waited >= patience - 1),
        ),
        Mistake(
            "equal counted as better",
            "a loss that equals the lowest one counts as better. It must be lower.",
            _stopped(is_better=lambda new, old: new <= old),
        ),
        Mistake(
            "last for best",
            "the epoch of the stop stands for the best one. The best one is that of "
            "the lowest loss.",
            _stopped(lambda best, stop, losses: (stop, stop)),
        ),
        Mistake(
            "best of all losses, also of those after the stop",
            "the best epoch is looked for in all losses. Those after the stop are not "
            "known yet when one stops.",
            _of_all,
        ),
        Mistake(
            "patience counted from the lowest of all losses",
            "the lowest loss of all is taken, and the patience counted from there. "
            "Training may have stopped before: go through the epochs one by one.",
            _from_the_lowest_of_all,
        ),
        Mistake(
            "a stop after the last epoch",
            "the patience is added to the best epoch, also where the losses end "
            "before. It is the last epoch then.",
            _past_the_end,
        ),
        Mistake(
            "compared with the loss before",
            "each loss is compared with the one just before it. What counts is whether "
            "it is lower than all before.",
            _rises_in_a_row,
        ),
        Mistake(
            "compared with the loss before, for the best, too",
            "a loss that is lower than the one just before it counts as the best. It "
            "must be lower than all before.",
            _stopped(against_last=True),
        ),
        Mistake(
            "waiting not begun anew",
            "epochs without a new lowest loss are counted from the beginning. A new "
            "lowest loss begins the count anew.",
            _stopped(resets=False),
        ),
        Mistake(
            "the first epoch counted as one without a new lowest",
            "the first epoch counts as one without a new lowest loss. It has the "
            "lowest so far.",
            _first_waits,
        ),
        Mistake(
            "an equal loss not counted",
            "an epoch whose loss equals the lowest does not count as one without a "
            "new lowest. It is no new lowest, so it does.",
            _equal_not_counted,
        ),
        Mistake(
            "patience added to the lowest of all losses",
            "the lowest loss of all is taken, and the patience added to it, even "
            "beyond the last epoch. Go through the epochs one by one.",
            lambda losses, patience: (_lowest(losses), _lowest(losses) + patience),
        ),
        Mistake(
            "rises in a row, the best before them",
            "it stops when the loss has risen so many times in a row, and takes the "
            "epoch before that for the best. What counts is whether a loss is lower "
            "than all before.",
            _before_the_rises,
        ),
        Mistake(
            "a count that never grows",
            "the count of epochs without a new lowest loss never goes beyond 1. Is 1 "
            "added to it, or is it set to 1?",
            lambda losses, patience: _stop_epoch(
                losses, patience if patience == 1 else len(losses)
            ),
        ),
        Mistake(
            "highest for lowest",
            "the highest loss is taken for the best, as if it were an accuracy.",
            _stopped(is_better=lambda new, old: new > old),
        ),
        Mistake(
            "a lowest loss that starts from 0",
            "no loss is ever below 0: if the lowest one starts from 0, none is a new "
            "lowest.",
            _stopped(first=0.0),
        ),
        Mistake(
            "a lowest loss that starts from 1",
            "the lowest loss so far starts from 1, and a loss may be higher in the "
            "first epoch.",
            _stopped(first=1.0),
        ),
        Mistake(
            "epochs counted from 1",
            "the epochs are counted from 1. The first one is 0.",
            _stopped(lambda best, stop, losses: (best + 1, stop + 1)),
        ),
        Mistake(
            "number of epochs for the last",
            "the stop is how many epochs were trained; the number of the last one is "
            "asked for, counted from 0.",
            _stopped(lambda best, stop, losses: (best, stop + 1)),
        ),
        Mistake(
            "the epoch after the stop",
            "where it stops the number is one too large, and at the end it is right. "
            "The epoch at which the patience is over is asked for.",
            lambda losses, patience: (
                _stopped(
                    lambda best, stop, losses: (best, stop + 1),
                    never=lambda best, losses: (best, len(losses) - 1),
                )
            )(losses, patience),
        ),
        Mistake(
            "losses counted for the last epoch",
            "if it never stops the number of losses comes back. The last epoch is one "
            "less: they are counted from 0.",
            _stopped(never=lambda best, losses: (best, len(losses))),
        ),
        Mistake(
            "no stop, no epoch",
            "if it never stops there is no epoch at which it does. The last one is "
            "asked for then.",
            _stopped(never=lambda best, losses: (best, None)),
        ),
        Mistake(
            "-1 for the last epoch",
            "if it never stops -1 comes back. The number of the last epoch is asked "
            "for then.",
            _stopped(never=lambda best, losses: (best, -1)),
        ),
        Mistake(
            "nothing returned where it never stops",
            "where it never stops nothing comes back. Is there a `return` behind the "
            "loop?",
            _stopped(never=lambda best, losses: None),
        ),
        Mistake(
            "loss for its epoch",
            "the lowest loss itself comes back; its epoch is asked for.",
            _stopped(lambda best, stop, losses: (losses[best], stop)),
        ),
        Mistake(
            "stop first",
            "the two have changed places: the best epoch comes first.",
            _stopped(lambda best, stop, losses: (stop, best)),
        ),
        Mistake(
            "epochs waited for the stop",
            "how many epochs passed since the best one comes back; the epoch of the "
            "stop is asked for, counted from the beginning.",
            _stopped(lambda best, stop, losses: (best, stop - best)),
        ),
        Mistake(
            "the epoch before the stop for the best",
            "the epoch just before the stop stands for the best one.",
            _stopped(lambda best, stop, losses: (max(stop - 1, 0), stop)),
        ),
        Mistake(
            "never stopped",
            "it always goes on to the last epoch.",
            _stopped(is_over=lambda waited, patience: False),
        ),
        Mistake(
            "patience of 1",
            "it stops at the first epoch without a new lowest loss, whatever "
            "`patience` is.",
            _stopped(is_over=lambda waited, patience: waited >= 1),
        ),
        Mistake(
            "the best alone",
            "one number comes back; the best epoch and that of the stop are asked for.",
            _stopped(lambda best, stop, losses: best),
        ),
        Mistake(
            "the stop alone",
            "one number comes back, that of the stop; the best epoch and that of the "
            "stop are asked for.",
            _stopped(lambda best, stop, losses: stop),
        ),
    ),
    "Early stopping",
    source="epoch after epoch",
    also_right=(_stopped(), _stop_by_slices, _stop_by_while, _stop_by_numpy),
)

# temperature


def _temperature(scores: Tensor, labels: Tensor) -> float:
    """Halve the range of 1 / T in which the derivative of the loss turns its sign."""
    s = scores.double()
    right = s.gather(1, labels[:, None]).mean()
    low, high = 1e-3, 1e3
    for _ in range(60):
        middle = math.sqrt(low * high)
        mean = ((s * middle).softmax(dim=1) * s).sum(dim=1).mean()
        low, high = (low, middle) if mean > right else (middle, high)
    return 1 / low


_GRID = np.geomspace(0.05, 20, 600)


def _least(
    loss: Callable[[Tensor, Tensor, float], Tensor],
    give: Callable[[float], Any] = lambda t: t,
    grid: Sequence[float] = tuple(_GRID),
) -> Callable[..., Any]:
    """Return what has the least of a loss of (scores, labels, T), by a grid."""

    def temperature(scores: Tensor, labels: Tensor) -> Any:
        losses = [float(loss(scores.double(), labels, t)) for t in grid]
        return give(float(grid[int(np.nanargmin(losses))]))

    return temperature


def _cross_entropy(scores: Tensor, labels: Tensor, t: float) -> Tensor:
    return F.cross_entropy(scores / t, labels)


def _by_lbfgs(scores: Tensor, labels: Tensor) -> float:
    log_t = torch.zeros(1, dtype=scores.dtype, requires_grad=True)
    tuned = torch.optim.LBFGS([log_t], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        tuned.zero_grad()
        loss = F.cross_entropy(scores / log_t.exp(), labels)
        loss.backward()
        return loss

    tuned.step(closure)
    return log_t.exp().item()


def _by_adam(scores: Tensor, labels: Tensor) -> float:
    t = nn.Parameter(torch.ones(()))
    adam = torch.optim.Adam([t], lr=0.1)
    for _ in range(300):
        adam.zero_grad()
        F.cross_entropy(scores / t.clamp(min=0.01), labels).backward()
        adam.step()
    return float(t)


def _by_newton(scores: Tensor, labels: Tensor) -> Any:
    """Find the inverse temperature, of which the loss is convex, by Newton's steps."""
    s, beta = scores.numpy().astype(float), 1e-3
    right = s[np.arange(len(s)), labels.numpy()].mean()
    for _ in range(60):
        z = beta * s
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        mean = (p * s).sum(axis=1)
        curve = ((p * s * s).sum(axis=1) - mean**2).mean()
        beta = min(max(beta + (right - mean.mean()) / curve, beta / 2), 2 * beta)
    return np.float64(1 / beta)


def _by_thirds(scores: Tensor, labels: Tensor) -> float:
    """Throw away the worse third of the range of log T, again and again."""
    low, high = math.log(0.05), math.log(20)
    for _ in range(40):
        one, two = low + (high - low) / 3, high - (high - low) / 3
        losses = [
            -(scores / math.exp(t))
            .log_softmax(dim=1)[range(len(labels)), labels]
            .mean()
            .item()
            for t in (one, two)
        ]
        low, high = (low, two) if losses[0] < losses[1] else (one, high)
    return math.exp((low + high) / 2)


def _by_scipy(scores: Tensor, labels: Tensor) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda t: F.cross_entropy(scores / t, labels).item(), bounds=(0.05, 20)
    )
    return found.x


def _by_descent(steps: int, rate: float) -> Callable[..., float]:
    def temperature(scores: Tensor, labels: Tensor) -> float:
        t = torch.ones((), dtype=scores.dtype, requires_grad=True)
        tuned = torch.optim.SGD([t], lr=rate)
        for _ in range(steps):
            tuned.zero_grad()
            F.cross_entropy(scores / t, labels).backward()
            tuned.step()
        return t.item()

    return temperature


def _brier(scores: Tensor, labels: Tensor, t: float) -> Tensor:
    truth = F.one_hot(labels, scores.shape[1])
    return ((scores / t).softmax(dim=1) - truth).square().sum(dim=1).mean()


def _gap(scores: Tensor, labels: Tensor, t: float) -> Tensor:
    sure = (scores / t).softmax(dim=1).amax(dim=1).mean()
    return (sure - (scores.argmax(dim=1) == labels).double().mean()).abs()


def _each_class_alone(scores: Tensor, labels: Tensor, t: float) -> Tensor:
    truth = F.one_hot(labels, scores.shape[1]).to(scores.dtype)
    return F.binary_cross_entropy_with_logits(scores / t, truth)


def _without_softmax(scores: Tensor, labels: Tensor, t: float) -> Tensor:
    return F.nll_loss(scores / t, labels)


def _scaled_in_place_by(scores: Tensor, labels: Tensor) -> float:
    found = _temperature(scores, labels)
    scores.div_(found)
    return found


def _ratio_to_right(values: Values, case: Case) -> float:
    return float(values["result"].data) / _temperature(*case.args)


def _is_on_a_grid(values: Values, case: Case) -> bool:
    """Tell whether it is the nearest, or nearly so, of a grid of equal steps."""
    found, right = float(values["result"].data), _temperature(*case.args)
    for step in (0.05, 0.1, 0.2, 0.25, 0.5, 1.0):
        is_of_grid = abs(found / step - round(found / step)) < 1e-6
        if is_of_grid and abs(found - right) < 0.6 * step:
            return True
    return False


def _is_at_an_end(values: Values, case: Case) -> bool:
    """Tell whether it is round, and too far off for a grid with steps of that size."""
    found, right = float(values["result"].data), _temperature(*case.args)
    step = 10.0 ** math.floor(math.log10(found))
    is_round = abs(found / step * 2 - round(found / step * 2)) < 1e-6
    is_far = abs(found - right) > 0.6 * step / 2 and 0.4 < found / right < 2.5
    return is_round and is_far and abs(found - 1) > 1e-6


def _is_on_the_way(values: Values, case: Case) -> bool:
    found, right = math.log(values["result"].data), math.log(_temperature(*case.args))
    return 0 < found / right < 1


def _loss_at(values: Values, case: Case) -> str:
    scores, labels = case.args
    found = float(values["result"].data)
    here = float(F.cross_entropy(scores.double() / found, labels))
    at_1 = float(F.cross_entropy(scores.double(), labels))
    return f"{_NOT_LEAST} Here it is {here:.4f} with this T, and {at_1:.4f} with T = 1."


_NOT_LEAST = (
    "the cross-entropy of scores / T is lower for another T, more than 1 % away."
)
_TEMPERATURE = Key(
    _temperature,
    (
        Mistake(
            "inverse temperature",
            "this is 1 / T. The scores are divided by T, not multiplied.",
            lambda scores, labels: 1 / _temperature(scores, labels),
        ),
        Mistake(
            "left at 1",
            "T is 1, which leaves the scores as they are. Does the search ever change "
            "it, and does it come back?",
            lambda scores, labels: 1.0,
        ),
        Mistake(
            "logarithm of T",
            "this is the logarithm of T. T itself is asked for.",
            lambda scores, labels: math.log(_temperature(scores, labels)),
        ),
        Mistake(
            "square of T",
            "this is the square of T.",
            lambda scores, labels: _temperature(scores, labels) ** 2,
        ),
        Mistake(
            "root of T",
            "this is the root of T.",
            lambda scores, labels: _temperature(scores, labels) ** 0.5,
        ),
        Mistake(
            "loss for temperature",
            "this is the least cross-entropy; the T that gives it is asked for.",
            lambda scores, labels: float(
                _cross_entropy(scores, labels, _temperature(scores, labels))
            ),
        ),
        Mistake(
            "squared error",
            "this T gives the least squared error of the probabilities. The least "
            "cross-entropy is asked for.",
            _least(_brier),
        ),
        Mistake(
            "mean confidence for cross-entropy",
            "with this T the mean of the largest probabilities is the accuracy. The "
            "least cross-entropy is asked for.",
            _least(_gap),
        ),
        Mistake(
            "each class by itself",
            "this T gives the least binary cross-entropy, each class by itself. The "
            "probabilities are those of a softmax.",
            _least(_each_class_alone),
        ),
        Mistake(
            "softmax over the pictures",
            "the softmax runs over the pictures. It runs over the classes of each "
            "picture.",
            _least(lambda s, y, t: F.nll_loss((s / t).log_softmax(dim=0), y)),
        ),
        Mistake(
            "softmax before cross-entropy",
            "the scores go through a softmax before the cross-entropy, which takes it "
            "itself.",
            _least(lambda s, y, t: F.cross_entropy((s / t).softmax(dim=1), y)),
        ),
        Mistake(
            "a tensor for a float",
            "T is a tensor; a float is asked for. `.item()` makes one.",
            lambda scores, labels: torch.tensor([_temperature(scores, labels)]),
            lambda values, case: values["result"].type == "tensor",
            certain=True,
        ),
        Mistake(
            "not above 0",
            "T is not above 0. Scores that are divided by a T below 0 turn round: the "
            "class that was least likely is then the most likely one.",
            lambda scores, labels: -_temperature(scores, labels),
            lambda values, case: values["result"].data <= 0,
            certain=True,
        ),
        Mistake(
            "far too small",
            "T is far too small, perhaps the smallest one that was tried. So it is if "
            "the loss falls for ever as T goes to 0: with scores that no softmax has "
            "seen, with probabilities for scores, with answers for labels.",
            _least(_without_softmax),
            lambda values, case: _ratio_to_right(values, case) < 0.4,
            certain=False,
        ),
        Mistake(
            "the end of the range",
            "this T is a round number, and the loss still falls beyond it: is it the "
            "last one that was tried?",
            _least(_cross_entropy, grid=tuple(np.arange(50, 151) / 100)),
            _is_at_an_end,
        ),
        Mistake(
            "never below 1",
            "T is 1 here, and a smaller one is better. Does the search go below 1?",
            _least(_cross_entropy, grid=tuple(np.geomspace(1, 20, 600))),
            lambda values, case: (
                abs(values["result"].data - 1) < 0.012
                and _ratio_to_right(values, case) > 1.01
            ),
        ),
        Mistake(
            "a grid too coarse",
            "this T lies on a grid of round numbers, and a better one lies between "
            "them, or beyond the last that was tried. 1 % of a T of 1.2 is 0.012.",
            _least(_cross_entropy, grid=tuple(np.arange(1, 101) / 10)),
            _is_on_a_grid,
        ),
        Mistake(
            "stopped on the way",
            "this T lies between 1 and the one with the least loss. A search that "
            "begins at 1 and takes too few steps, or too small ones, ends there.",
            _by_descent(20, 0.05),
            _is_on_the_way,
        ),
        Mistake(
            "not the least",
            _NOT_LEAST,
            lambda scores, labels: 1.1 * _temperature(scores, labels) ** 1.1 + 0.05,
            lambda values, case: values["result"].data > 0,
            certain=True,
            tells=_loss_at,
        ),
        noticed("input changed in place", "changed:scores", _scaled_in_place_by),
    ),
    "Calibration",
    rtol=0.01,
    atol=0,
    source="the least cross-entropy",
    also_right=(
        _least(_cross_entropy),
        _by_lbfgs,
        _by_adam,
        _by_newton,
        _by_thirds,
        _by_scipy,
    ),
)

# fine_tune_groups

Params = list[tuple[str, nn.Parameter]]


def _is_inside(name: str, head: str) -> bool:
    return name.startswith(f"{head}.")


def _tuned(
    inside: Callable[[str, str], bool] = _is_inside,
    all_of: Callable[[nn.Module], Params] = lambda model: list(
        model.named_parameters()
    ),
    kept: Callable[[nn.Parameter, bool], bool] = lambda p, is_head: p.requires_grad,
    body_too: bool = False,
    give: Callable[[Params, Params, float, float], Any] | None = None,
    before: Callable[[nn.Module, str], Any] | None = None,
) -> Callable[..., Any]:
    """Return groups with something done differently."""

    def fine_tune_groups(
        model: nn.Module, head: str, body_lr: float, head_lr: float
    ) -> Any:
        if before is not None:
            before(model, head)
        named = all_of(model)
        of_head = [(n, p) for n, p in named if inside(n, head) and kept(p, True)]
        body = [
            (n, p)
            for n, p in named
            if (body_too or not inside(n, head)) and kept(p, False)
        ]
        return (give or _two_dicts)(body, of_head, body_lr, head_lr)

    return fine_tune_groups


def _plain(params: Params) -> list[nn.Parameter]:
    return [p for _, p in params]


def _two_dicts(body: Params, head: Params, low: float, high: float) -> Any:
    return [
        {"params": _plain(body), "lr": low},
        {"params": _plain(head), "lr": high},
    ]


def _groups_by_id(model: Any, head: str, body_lr: float, head_lr: float) -> Any:
    of_head = {id(p) for p in model.get_submodule(head).parameters()}
    split: tuple[list, list] = ([], [])
    for p in model.parameters():
        if p.requires_grad:
            split[id(p) in of_head].append(p)
    return tuple(
        {"params": part, "lr": lr}
        for part, lr in zip(split, (body_lr, head_lr), strict=True)
    )


def _groups_by_filter(model: Any, head: str, body_lr: float, head_lr: float) -> Any:
    block = dict(model.named_modules())[head]
    own = set(block.parameters())
    body = (p for p in model.parameters() if p.requires_grad and p not in own)
    of_head = filter(lambda p: p.requires_grad, block.parameters())
    return [
        {"params": body, "lr": body_lr, "name": "body"},
        {"params": of_head, "lr": head_lr, "name": "head"},
    ]


def _groups_with_names(model: Any, head: str, body_lr: float, head_lr: float) -> Any:
    """Give pairs of a name and a parameter, which an optimizer takes, too."""
    pairs = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    depth = len(head.split("."))
    is_head = [name.split(".")[:depth] == head.split(".") for name, _ in pairs]
    return [
        {"lr": lr, "params": [q for q, h in zip(pairs, is_head, strict=True) if h is w]}
        for w, lr in ((False, body_lr), (True, head_lr))
    ]


def _groups_by_modules(model: Any, head: str, body_lr: float, head_lr: float) -> Any:
    """Walk through the modules, and take the parameters that each has itself."""
    body: list = []
    of_head: list = []
    seen: list[int] = []
    for name, module in model.named_modules():
        group = of_head if f"{name}.".startswith(f"{head}.") else body
        for p in module.parameters(recurse=False):
            if p.requires_grad and id(p) not in seen:
                seen.append(id(p))
                group.append(p)
    return [{"params": body, "lr": body_lr}, {"params": of_head, "lr": head_lr}]


def _of_children(model: nn.Module) -> Params:
    """Return what is in a layer, not what the net has itself."""
    own = {id(p) for p in model.parameters(recurse=False)}
    return [(n, p) for n, p in model.named_parameters() if id(p) not in own]


def _by_attribute(model: Any, head: str, body_lr: float, head_lr: float) -> Any:
    getattr(model, head)
    return _tuned()(model, head, body_lr, head_lr)


def _groups_by_children(model: Any, head: str, body_lr: float, head_lr: float) -> Any:
    parts: tuple[list, list] = ([], [])
    for name, child in model.named_children():
        parts[name == head].extend(p for p in child.parameters() if p.requires_grad)
    return [{"params": parts[0], "lr": body_lr}, {"params": parts[1], "lr": head_lr}]


def _groups_by_blocks(model: Any, head: str, body_lr: float, head_lr: float) -> Any:
    parts: tuple[list, list] = ([], [])
    for name, module in model.named_modules():
        is_head = f"{name}.".startswith(f"{head}.")
        parts[is_head].extend(p for p in module.parameters() if p.requires_grad)
    return [{"params": parts[0], "lr": body_lr}, {"params": parts[1], "lr": head_lr}]


def _without_empty_groups(body: Params, head: Params, low: float, high: float) -> Any:
    return [group for group in _two_dicts(body, head, low, high) if group["params"]]


def _all_free(model: nn.Module, head: str) -> None:
    model.requires_grad_(True)


def _body_frozen(model: nn.Module, head: str) -> None:
    for name, p in model.named_parameters():
        if not _is_inside(name, head):
            p.requires_grad_(False)


def _one_for_each(body: Params, head: Params, low: float, high: float) -> Any:
    return [{"params": [p], "lr": low} for p in _plain(body)] + [
        {"params": [p], "lr": high} for p in _plain(head)
    ]


def _copied(params: Params) -> list[Tensor]:
    return [p.detach().clone().requires_grad_() for p in _plain(params)]


_GROUPS = Key(
    _tuned(),
    (
        Mistake(
            "frozen parameters in a group",
            "parameters that are frozen stand in a group, too. Whether one trains is "
            "its `requires_grad`.",
            _tuned(kept=lambda p, is_head: True),
        ),
        Mistake(
            "frozen parameters of the body in its group",
            "frozen parameters of the body stand in its group, too.",
            _tuned(kept=lambda p, is_head: p.requires_grad or not is_head),
        ),
        Mistake(
            "frozen parameters of the head in its group",
            "frozen parameters of the head stand in its group, too.",
            _tuned(kept=lambda p, is_head: p.requires_grad or is_head),
        ),
        Mistake(
            "only frozen parameters",
            "the parameters that are frozen stand in the groups, and those that train "
            "do not.",
            _tuned(kept=lambda p, is_head: not p.requires_grad),
        ),
        Mistake(
            "the head in both groups",
            "the parameters of the head stand in both groups, and an optimizer refuses "
            "that.",
            _tuned(body_too=True),
        ),
        Mistake(
            "the head in both groups, frozen ones, too",
            "the first group holds all parameters of the net, those of the head and "
            "frozen ones among them. An optimizer refuses a parameter in two groups.",
            _tuned(body_too=True, kept=lambda p, is_head: True),
        ),
        Mistake(
            "a name that only begins like the head's",
            "a layer whose name only begins like the head's is taken for a part of it. "
            "What stands between the name of a block and that of a layer in it?",
            _tuned(inside=lambda name, head: name.startswith(head)),
        ),
        Mistake(
            "a name that contains the head's",
            "a layer whose name contains the head's somewhere is taken for a part of "
            "it. The head's parameters have names that *begin* with it and a dot.",
            _tuned(inside=lambda name, head: head in name),
        ),
        Mistake(
            "the head's name and a dot anywhere",
            "a layer deeper in the net that has the head's name is taken for the head, "
            "too. The head's parameters have names that *begin* with it and a dot.",
            _tuned(inside=lambda name, head: f"{head}." in name),
        ),
        Mistake(
            "one of the names between the dots",
            "the head's name is looked for among the names between the dots. A layer "
            "deeper in the net may have it, too, and a head inside a block has a dot "
            "in its own.",
            _tuned(inside=lambda name, head: head in name.split(".")),
        ),
        Mistake(
            "the first of the names between the dots",
            "only what stands before the first dot is compared with the head's name. A "
            "head inside a block, such as `classifier.3`, has a dot in its own name.",
            _tuned(inside=lambda name, head: name.split(".")[0] == head),
        ),
        Mistake(
            "a head of one layer only",
            "only what stands before the last dot is compared with the head's name. A "
            "head may be a block of several layers.",
            _tuned(inside=lambda name, head: name.rpartition(".")[0] == head),
        ),
        Mistake(
            "the last layer for the head",
            "the last layer of the net is taken for the head. Which one it is says "
            "`head`.",
            lambda model, head, low, high: _tuned()(
                model,
                list(model.named_parameters())[-1][0].rpartition(".")[0],
                low,
                high,
            ),
        ),
        Mistake(
            "a name that only begins like the head's, and frozen parameters",
            "two things at once: a layer whose name only begins like the head's is "
            "taken for a part of it, and frozen parameters stand in a group, too.",
            _tuned(
                inside=lambda name, head: name.startswith(head),
                kept=lambda p, is_head: True,
            ),
        ),
        Mistake(
            "a name that contains the head's, and frozen parameters",
            "two things at once: a layer whose name contains the head's somewhere is "
            "taken for a part of it, and frozen parameters stand in a group, too.",
            _tuned(
                inside=lambda name, head: head in name, kept=lambda p, is_head: True
            ),
        ),
        Mistake(
            "the first of the names between the dots, and frozen parameters",
            "two things at once: only what stands before the first dot is compared "
            "with the head's name, which may have a dot itself; and frozen parameters "
            "stand in a group, too.",
            _tuned(
                inside=lambda name, head: name.split(".")[0] == head,
                kept=lambda p, is_head: True,
            ),
        ),
        Mistake(
            "the net's own children alone",
            "the net's own children are gone through, by name. A head inside a block "
            "is none of them, a parameter may belong to the net itself, and two "
            "children may share one.",
            _groups_by_children,
        ),
        Mistake(
            "a parameter for each block that it is in",
            "a parameter comes once for each block that it is in: `named_modules` goes "
            "down into blocks, and `parameters` of a block does so again.",
            _groups_by_blocks,
        ),
        Mistake(
            "getattr for a name with dots",
            "`getattr` knows the net's own children alone. A head inside a block has a "
            "dot in its name; `get_submodule` goes down to it.",
            _by_attribute,
        ),
        Mistake(
            "parameters of the net itself forgotten",
            "a parameter that belongs to the net itself, to none of its layers, is "
            "missing.",
            _tuned(all_of=_of_children),
        ),
        Mistake(
            "a shared parameter twice",
            "a weight that two layers share stands twice in its group.",
            _tuned(
                all_of=lambda model: list(
                    model.named_parameters(remove_duplicate=False)
                )
            ),
        ),
        Mistake(
            "biases left out",
            "the biases are missing: they train, too.",
            _tuned(
                all_of=lambda model: [
                    (n, p) for n, p in model.named_parameters() if "bias" not in n
                ]
            ),
        ),
        Mistake(
            "rates swapped",
            "the rates have changed places: `body_lr` is that of the first group.",
            _tuned(
                give=lambda body, head, low, high: _two_dicts(body, head, high, low)
            ),
        ),
        Mistake(
            "head first",
            "the groups have changed places: the body comes first.",
            _tuned(
                give=lambda body, head, low, high: _two_dicts(head, body, high, low)
            ),
        ),
        Mistake(
            "the head's parameters with the body's rate, and the other way round",
            "the parameters have changed places: those of the body stand in the second "
            "group, with the head's rate.",
            _tuned(
                give=lambda body, head, low, high: _two_dicts(head, body, low, high)
            ),
        ),
        Mistake(
            "the body's rate for both",
            "both groups have the rate of the body.",
            _tuned(give=lambda body, head, low, high: _two_dicts(body, head, low, low)),
        ),
        Mistake(
            "the head's rate for both",
            "both groups have the rate of the head.",
            _tuned(
                give=lambda body, head, low, high: _two_dicts(body, head, high, high)
            ),
        ),
        Mistake(
            "rates left out",
            "the groups have no rate. An optimizer looks for it under the key `lr`.",
            _tuned(
                give=lambda body, head, low, high: [
                    {"params": _plain(body)},
                    {"params": _plain(head)},
                ]
            ),
        ),
        Mistake(
            "the head alone",
            "there is one group, that of the head. The body has one, too.",
            _tuned(
                give=lambda body, head, low, high: [
                    {"params": _plain(head), "lr": high}
                ]
            ),
        ),
        Mistake(
            "an empty group left out",
            "a group is missing where nothing in it trains. There are always two, and "
            "one may be empty.",
            _tuned(give=_without_empty_groups),
        ),
        Mistake(
            "a group for each parameter",
            "each parameter has a group of its own. There are two groups.",
            _tuned(give=_one_for_each),
        ),
        Mistake(
            "frozen ones set free",
            "frozen parameters train now. The net is to be left as it is.",
            _tuned(before=_all_free),
        ),
        Mistake(
            "body frozen",
            "the body is frozen now. The net is to be left as it is: a small rate "
            "keeps it near.",
            _tuned(before=_body_frozen),
        ),
        Mistake(
            "names for parameters",
            "the groups hold the names of the parameters; an optimizer takes the "
            "parameters themselves.",
            _tuned(
                give=lambda body, head, low, high: [
                    {"params": [n for n, _ in body], "lr": low},
                    {"params": [n for n, _ in head], "lr": high},
                ]
            ),
        ),
        Mistake(
            "copies for parameters",
            "the groups hold copies: if they learn, the net does not.",
            _tuned(
                give=lambda body, head, low, high: [
                    {"params": _copied(body), "lr": low},
                    {"params": _copied(head), "lr": high},
                ]
            ),
        ),
        Mistake(
            "a set of parameters",
            "the parameters of a group are a set, whose order may change from run to "
            "run. An optimizer takes a list.",
            _tuned(
                give=lambda body, head, low, high: [
                    {"params": set(_plain(body)), "lr": low},
                    {"params": set(_plain(head)), "lr": high},
                ]
            ),
        ),
        Mistake(
            "lists for groups",
            "the two are lists of parameters. A group is a dict with the keys "
            "`params` and `lr`.",
            _tuned(give=lambda body, head, low, high: [_plain(body), _plain(head)]),
        ),
        Mistake(
            "an optimizer for groups",
            "an optimizer comes back. The two groups that it is given are asked for.",
            _tuned(
                give=lambda body, head, low, high: torch.optim.SGD(
                    _two_dicts(body, head, low, high)
                )
            ),
        ),
        Mistake(
            "a dict for groups",
            "a dict comes back. A list of two groups is asked for, each a dict of its "
            "own.",
            _tuned(
                give=lambda body, head, low, high: dict(
                    zip(
                        ("body", "head"), _two_dicts(body, head, low, high), strict=True
                    )
                )
            ),
            lambda values, case: values["result"].type == "dict",
        ),
        Mistake(
            "what trains is changed",
            "which parameters train is not what it was before the call. The net is to "
            "be left as it is.",
            _tuned(before=_body_frozen, kept=lambda p, is_head: True),
            lambda values, case: (
                [name.data for name in values["parameters that train"].data]
                != [n for n, p in case.args[0].named_parameters() if p.requires_grad]
            ),
            certain=True,
        ),
        Mistake(
            "the head's rate in the first group",
            "the first group has the head's rate, and the second the body's. The "
            "body comes first.",
            _tuned(
                inside=lambda name, head: name.startswith(head),
                give=lambda body, head, low, high: _two_dicts(head, body, high, low),
            ),
            lambda values, case: (
                [rate.data for rate in values["rates"].data] == [*case.args[:1:-1]]
            ),
            certain=True,
        ),
    ),
    "Fine-tuning",
    source="what an optimizer is given",
    also_right=(
        _groups_by_id,
        _groups_by_filter,
        _groups_with_names,
        _groups_by_modules,
    ),
)

KEYS = {
    "split": _SPLIT,
    "channel_stats": _STATS,
    "flip_some": _FLIP,
    "class_weights": _WEIGHTS,
    "recall_per_class": _RECALL,
    "stop_epoch": _STOP,
    "temperature": _TEMPERATURE,
    "fine_tune_groups": _GROUPS,
}
