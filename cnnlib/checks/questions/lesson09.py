"""Lesson 09: pictures of one's own, split, changed, weighed, and fine-tuned on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.checks.nets import drawn_net
from cnnlib.checks.question import Case, CaseRandom, Part, Question, listed

_F32, _F64 = torch.float32, torch.float64

# split

OTHER_SEEDS = 5
"""Further seeds with which `split` is called on each case."""


def _labels(draw: CaseRandom, *counts: int, names: Sequence[int] = ()) -> Tensor:
    """Return so many labels of each class, in a drawn order that is not sorted."""
    labels = [
        label
        for label, count in zip(names or range(len(counts)), counts, strict=True)
        for _ in range(count)
    ]
    while labels == sorted(labels):
        draw.random.shuffle(labels)
    return torch.tensor(labels)


def _parts(draw: CaseRandom) -> list[Case]:
    def case(
        kind: str,
        counts: tuple[int, ...],
        fractions: Sequence[float],
        names: Sequence[int] = (),
    ) -> Case:
        labels = _labels(draw, *counts, names=names)
        return Case(kind, (labels, fractions, draw.number(1, 999)))

    n = draw.number
    return [
        case("two and six pictures of two classes", (2, 6), (0.5, 0.25, 0.25)),
        case("two parts, five pictures of one class and three of the other", (5, 3),
             (0.5, 0.5)),
        case("classes of three and of seven pictures", (3, 7), (0.5, 0.25, 0.25)),
        case("fractions of which two are small", (13, 24), (0.7, 0.2, 0.1)),
        case("shares that are no whole numbers", (7, n(12, 13), 9), [0.6, 0.2, 0.2]),
        case("a class of a single picture", (1, n(11, 13), 9), (0.6, 0.2, 0.2)),
        case("two classes that divide evenly", (4, 8), (0.5, 0.25, 0.25)),
        case("numbers of classes that leave some out", (10, 15, 5), (0.6, 0.2, 0.2),
             names=(0, 2, 5)),
        case("many pictures, in classes that leave some out", (60, 40, 20),
             (0.5, 0.25, 0.25), names=(1, 4, 7)),
        case("four parts of equal size", (18, 30), (0.25,) * 4),
        case("four parts of unequal size", (10, n(11, 15), 13), [0.4, 0.3, 0.2, 0.1]),
        case("one class that is much larger than the others", (n(85, 90), 12, 6),
             (0.8, 0.1, 0.1)),
        case("five classes of forty pictures", (40,) * 5, (0.7, 0.15, 0.15)),
    ]  # fmt: skip


def _split_often(answer: Callable[..., Any], args: Sequence[Any]) -> list[Any]:
    """Call it twice with the seed of the case, and with other seeds."""
    labels, fractions, seed = args
    kept = labels.clone()
    found = [answer(labels, fractions, seed)]
    for other in (seed, *range(seed + 1, seed + 1 + OTHER_SEEDS)):
        found.append(answer(kept.clone(), fractions, other))
    return found


def _parts_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    first, again, *others = result
    found = {"result": first}
    if not _are_tensors(first):
        return found
    found["repeat with the same seed"] = _are_tensors(again) and _same_parts(
        first, again
    )
    if _are_places(first, len(args[0])):  # labels and masks are the same by nature
        others = [other for other in others if _are_tensors(other)]
        found["other parts with another seed"] = not all(
            _same_parts(_sorted(first), _sorted(other)) for other in others
        )
    return found


def _are_tensors(parts: Any) -> bool:
    return isinstance(parts, list | tuple) and all(
        isinstance(part, Tensor) for part in parts
    )


def _are_places(parts: Sequence[Tensor], count: int) -> bool:
    """Tell whether they hold each place from 0 to count - 1, once."""
    flat = [part.flatten() for part in parts]
    every = torch.cat(flat) if flat else torch.empty(0)
    return every.dtype != torch.bool and torch.equal(
        every.sort().values, torch.arange(count).to(every.dtype)
    )


def _sorted(parts: Sequence[Tensor]) -> list[Tensor]:
    return [part.flatten().sort().values for part in parts]


def _same_parts(one: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


# channel_stats


def _bytes(draw: CaseRandom, *shape: int, low: int = 0, high: int = 255) -> Tensor:
    return draw.whole(*shape, low=low, high=high).to(torch.uint8)


def _channels(draw: CaseRandom) -> list[Case]:
    d = draw
    grey = torch.tensor([0, 51, 102, 255], dtype=torch.uint8)
    grey = grey[torch.tensor(d.random.sample(range(4), 4))].reshape(1, 1, 2, 2)
    dark, bright = _bytes(d, 1, 1, 2, 2, high=60), _bytes(d, 1, 1, 2, 2, low=190)
    black = torch.tensor([[[[0, 1, 0], [1, 0, 0]]]], dtype=torch.uint8)
    unit = torch.from_numpy(np.round(_bytes(d, 2, 1, 2, 3).numpy() / 255, 2))
    return [
        Case("a grey picture of 2x2", (grey,)),
        Case("a dark and a bright grey picture", (torch.cat([dark, bright]),)),
        Case("a picture that is nearly black", (black,)),
        Case("two colour pictures", (_bytes(d, 2, 3, 2, 3, high=240),)),
        Case("floats in 0..1", (unit.to(_F32),)),
        Case("floats on both sides of 0", (d.whole(2, 1, 2, 2) / 2,)),
        Case("colour pictures of floats that go beyond 1",
             (3 * d.tensor(3, 3, 4, 2, dtype=_F32) + 1,)),
        Case("float64", (d.tensor(2, 2, 3, 4).abs(),)),
        Case("thirty colour pictures", (_bytes(d, 30, 3, 6, 5, high=240),)),
    ]  # fmt: skip


def _pair_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe the two things that are asked for; one tensor may hold both as rows."""
    is_row = isinstance(result, list | tuple) and len(result) == 2
    is_tensor = isinstance(result, Tensor) and result.dim() > 1 and len(result) == 2
    if not is_row and not is_tensor:
        return {"result": result}
    mean, deviation = result
    return {"mean": mean, "deviation": deviation}


# flip_some

FLIP_CALLS, FLIP_COINS = 20, 60
"""So many further calls follow, with copies of the pictures: so many or some more."""
ITSELF, MIRRORED = "as it was", "mirrored"
UPSIDE_DOWN, TURNED = "upside down", "half a turn"
TRANSPOSED, REVERSED = "rows in place of columns", "channels in reverse order"
BY_CHANNEL, BY_ROW = "mirrored in some channels", "mirrored in some rows"
BY_PIXEL, OF_ANOTHER = "pixels of it and of its mirror", "another picture"
OTHER = "something else"


def _distinct(draw: CaseRandom, *shape: int, dtype: torch.dtype = _F32) -> Tensor:
    """Return pictures none of which has a number twice: so a mirror always shows."""
    size = int(np.prod(shape[1:]))
    rows = [draw.random.sample(range(100), size) for _ in range(shape[0])]
    return torch.tensor(rows).reshape(shape).to(dtype)


def _coins(draw: CaseRandom) -> list[Case]:
    def case(kind: str, p: float, *shape: int, dtype: torch.dtype = _F32) -> Case:
        generator = torch.Generator().manual_seed(draw.number(0, 2**31))
        return Case(kind, (_distinct(draw, *shape, dtype=dtype), p, generator))

    return [
        case("six pictures and p = 0.25", 0.25, 6, 1, 2, 3),
        case("one picture", 0.4, 1, 1, 2, 3),
        case("six pictures and p = 0.8", 0.8, 6, 1, 2, 2),
        case("square colour pictures", 0.3, 5, 3, 3, 3),
        case("colour pictures and p = 0.5", 0.5, 8, 3, 3, 4),
        case("pictures of a single row", 0.7, 12, 1, 1, 3),
        case("bytes", 0.6, 7, 2, 2, 3, dtype=torch.uint8),
        case("float64", 0.4, 10, 1, 3, 2, dtype=_F64),
    ]


def _flip_often(answer: Callable[..., Any], args: Sequence[Any]) -> tuple[Any, ...]:
    """Call it again: with the same generator, with p = 0 and 1, from the same state.

    Of a few pictures little can be told: further calls get copies of them, too.
    """
    images, p, generator = args
    kept, seed = images.clone(), generator.initial_seed()
    first = answer(images, p, generator)
    copies = kept.repeat(-(-FLIP_COINS // len(kept)), 1, 1, 1)
    later = [answer(copies.clone(), p, generator) for _ in range(FLIP_CALLS)]
    again = torch.Generator().manual_seed(seed)
    answer(kept.clone(), p, again)
    repeated = answer(copies.clone(), p, again)
    ends = [answer(copies.clone(), end, generator) for end in (0.0, 1.0)]
    return kept, copies, first, later, repeated, ends


def _coins_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    kept, copies, first, later, repeated, (never, always) = result
    found = {"result": first}
    many = (*later, repeated, never, always)
    if not _is_like(kept, first) or not all(_is_like(copies, one) for one in many):
        counts = [len(one) if isinstance(one, Tensor | list) else -1 for one in later]
        return {
            **found,
            "number that comes back, call by call": counts,
            "number of pictures in these calls": len(copies),
        }
    coins = torch.stack([_are(copies.flip(-1), one) for one in later])
    fine = torch.stack([_are(copies, one) for one in later]) | coins
    odd = (
        [] if fine.all() else _became(copies, later[int((~fine).any(1).int().argmax())])
    )
    return {
        **found,
        "pictures": _became(kept, first),
        "pictures of a later call": odd,
        "number mirrored, call by call": coins.sum(1).tolist(),
        "number of pictures in these calls": len(copies),
        "same coins in each call": bool((coins == coins[0]).all()),
        "repeat from the same state of the generator": torch.equal(later[0], repeated),
        "pictures with p = 0": sorted(set(_became(copies, never))),
        "pictures with p = 1": sorted(set(_became(copies, always))),
    }


def _is_like(kept: Tensor, one: Any) -> bool:
    return isinstance(one, Tensor) and one.shape == kept.shape


def _are(kept: Tensor, now: Tensor) -> Tensor:
    """Tell of each picture whether it is this one."""
    return kept.eq(now).flatten(1).all(1)


def _became(kept: Tensor, now: Tensor) -> list[str]:
    """Say of each picture in words what has become of it."""
    mirror = kept.flip(-1)
    words = [
        ITSELF if is_same else MIRRORED if is_mirrored else ""
        for is_same, is_mirrored in zip(
            _are(kept, now).tolist(), _are(mirror, now).tolist(), strict=True
        )
    ]
    return [
        word or _odd(kept[i], now[i], torch.cat([kept, mirror]))
        for i, word in enumerate(words)
    ]


def _odd(one: Tensor, new: Tensor, others: Tensor) -> str:
    """Say what has become of a picture that is neither as it was nor mirrored."""
    changed = [(UPSIDE_DOWN, one.flip(-2)), (TURNED, one.flip(-2, -1))]
    changed.append((REVERSED, one.flip(0)))
    if one.shape[-1] == one.shape[-2]:
        changed.append((TRANSPOSED, one.mT))
    for word, other in changed:
        if torch.equal(new, other):
            return word
    same, turned = new == one, new == one.flip(-1)
    for word, axes in ((BY_CHANNEL, (-2, -1)), (BY_ROW, (-1,)), (BY_PIXEL, ())):
        if (_all(same, axes) | _all(turned, axes)).all():
            return word
    return OF_ANOTHER if _are(others, new).any() else OTHER


def _all(true: Tensor, axes: Sequence[int]) -> Tensor:
    return true.all(dim=tuple(axes)) if axes else true


# class_weights and recall_per_class


def _unequal(draw: CaseRandom) -> list[Case]:
    n = draw.number
    return [
        Case("two classes", (_labels(draw, 1, 3), 2)),
        Case("three classes", (_labels(draw, 4, 1, 2), 3)),
        Case("no picture of the class in the middle",
             (_labels(draw, 2, 5, names=(0, 2)), 3)),
        Case("no picture of the first class", (_labels(draw, 3, 4, names=(1, 2)), 3)),
        Case("no picture of the last two classes", (_labels(draw, 5, 2), 4)),
        Case("pictures of one class alone", (torch.tensor([1, 1, 1]), 2)),
        Case("classes of equal size", (_labels(draw, 2, 2, 2), 3)),
        Case("ten classes", (_labels(draw, *(n(1, 12) for _ in range(10))), 10)),
        Case("classes of very unequal size", (_labels(draw, 180, n(5, 9), 1), 3)),
    ]  # fmt: skip


def _counts(draw: CaseRandom, *rows: Sequence[int]) -> Tensor:
    """Return a matrix of counts, each larger than the one given by 0 to 3."""
    return torch.tensor([[x + draw.number(0, 3) if x else 0 for x in r] for r in rows])


def _matrices(draw: CaseRandom) -> list[Case]:
    d = draw
    drawn = d.whole(10, 10, low=0, high=9).long() + 40 * torch.eye(10).long()
    return [
        Case("two classes", (_counts(d, [9, 1], [5, 10]),)),
        Case("three classes", (_counts(d, [20, 1, 6], [10, 30, 1], [5, 15, 40]),)),
        Case("a class without pictures", (_counts(d, [8, 1, 5], [0, 0, 0],
                                                  [1, 6, 10]),)),
        Case("a class that is never said", (_counts(d, [8, 0, 2], [9, 0, 4],
                                                    [1, 0, 14]),)),
        Case("a class that neither is there nor is said",
             (_counts(d, [12, 0, 1], [0, 0, 0], [6, 0, 20]),)),
        Case("no mistake", (torch.diag(_counts(d, [5, 9, 2])[0]),)),
        Case("a class that is read wrong every time",
             (_counts(d, [0, 7], [1, 20]),)),
        Case("counts as floats", (_counts(d, [10, 3], [1, 18]).to(_F32),)),
        Case("ten classes", (drawn,)),
    ]  # fmt: skip


# stop_epoch


def _losses(draw: CaseRandom) -> list[Case]:
    """Return curves that are given by rank: what is equal there is equal."""

    def case(kind: str, ranks: Sequence[int], patience: int, least: int = 10) -> Case:
        drawn = draw.random.sample(range(least, least + 90), max(ranks) + 1)
        levels = sorted(drawn)
        return Case(kind, ([levels[rank] / 100 for rank in ranks], patience))

    def noisy() -> list[int]:
        return [max(0, 40 - 3 * e) + draw.number(0, 12) for e in range(40)]

    return [
        case("one epoch", [0], 2),
        case("losses that only fall", [3, 2, 1, 0], 2),
        case("losses that only rise", [0, 1, 2, 3, 4], 2),
        case("a patience of 1", [3, 2, 1, 4, 0, 5], 1),
        case("an end before the patience is over", [3, 1, 2, 4], 5),
        case("a patience that is over just at the end", [4, 2, 1, 3, 5], 2),
        case("a lowest loss that comes again", [4, 1, 2, 1, 1, 3, 5], 3),
        case("a new lowest loss at the last moment", [5, 3, 4, 6, 2, 7, 8, 9], 3),
        case("a lower loss after the stop", [4, 2, 3, 5, 6, 1, 0], 3),
        case("losses that fall again, but not to a new lowest",
             [6, 1, 5, 4, 3, 2, 0], 3),
        case("a lowest loss in the first epoch", [1, 2, 4, 3, 0, 5], 3),
        case("an end soon after a fall to no new lowest", [3, 0, 4, 1, 2], 4),
        case("losses above 1", [5, 3, 4, 2, 6, 7, 8], 2, least=110),
        case("forty noisy epochs", noisy(), 4),
    ]  # fmt: skip


# temperature


def _scored(
    draw: CaseRandom, count: int, classes: int, factor: float, dtype: torch.dtype = _F64
) -> tuple[Tensor, Tensor]:
    """Draw scores, and labels as often as the scores, divided by a factor, say."""
    factor *= draw.random.uniform(0.9, 1.1)
    calm = 2 * draw.tensor(count, classes)
    chances = calm.softmax(dim=1).tolist()
    labels = [draw.random.choices(range(classes), row)[0] for row in chances]
    return (factor * calm).to(dtype), torch.tensor(labels)


def _sure(draw: CaseRandom, count: int) -> tuple[Tensor, Tensor]:
    """Return scores of two classes, always as far apart, and one wrong answer."""
    apart, wrong = draw.number(2, 4), draw.number(0, count - 1)
    said = [draw.number(0, 1) for _ in range(count)]
    low = [draw.number(-3, 3) for _ in range(count)]
    rows = [
        [n + apart, n] if word == 0 else [n, n + apart]
        for n, word in zip(low, said, strict=True)
    ]
    labels = [word if i != wrong else 1 - word for i, word in enumerate(said)]
    return torch.tensor(rows, dtype=_F32), torch.tensor(labels)


def _tempers(draw: CaseRandom) -> list[Case]:
    d = draw
    return [
        Case("four pictures and two classes", _sure(d, 4)),
        Case("scores that are too sure", _scored(d, 120, 3, 2.0)),
        Case("scores that are not sure enough", _scored(d, 120, 4, 0.5, _F32)),
        Case("scores that are much too sure", _scored(d, 150, 10, 4.0, _F32)),
        Case("scores that are hardly apart", _scored(d, 150, 3, 0.2)),
    ]


# fine_tune_groups


def _two_blocks() -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            body=nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()),
            head=nn.Sequential(nn.Flatten(), nn.Linear(8, 3)),
        )
    )


def _published() -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            features=nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten()),
            classifier=nn.Sequential(
                nn.Dropout(0.5), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2)
            ),
        )
    )


def _alike() -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            headless=nn.Conv2d(1, 2, 3),
            flat=nn.Flatten(),
            head2=nn.Linear(8, 4),
            head=nn.Linear(4, 2),
        )
    )


def _numbered() -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten(), nn.Linear(4, 3)]
    layers += [nn.Identity() for _ in range(8)]
    return nn.Sequential(*layers, nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2))


def _inner() -> nn.Module:
    block = nn.Sequential(OrderedDict(neck=nn.Linear(4, 3), head=nn.Linear(3, 3)))
    return nn.Sequential(
        OrderedDict(flat=nn.Flatten(), body=block, head=nn.Linear(3, 2))
    )


class _WithToken(nn.Module):
    """A net with a parameter of its own, as vision transformers have."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(4))
        self.body = nn.Linear(4, 3)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Give scores (N, 2)."""
        return self.head(self.body(x + self.token))


class _Tied(nn.Module):
    """Two layers of the body share one weight, once they are tied."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.second = nn.Linear(3, 3)
        self.head = nn.Linear(3, 2)

    def tie(self) -> None:
        """Give the second layer the weight of the first."""
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        """Give scores (N, 2)."""
        return self.head(self.second(self.first(x)))


def _tunable(draw: CaseRandom) -> list[Case]:
    def case(
        kind: str, build: Callable[[], nn.Module], head: str, *frozen: str
    ) -> Case:
        model = drawn_net(draw, build)
        if isinstance(model, _Tied):  # memory is given to each weight alone
            model.tie()
        for name in frozen:
            model.get_submodule(name).requires_grad_(False)
        low = draw.random.choice([1e-4, 2e-4, 3e-4, 5e-4])
        return Case(kind, (model, head, low, draw.random.choice([5, 10, 20]) * low))

    return [
        case("two blocks", _two_blocks, "head"),
        case("a head inside a block", _published, "classifier.3"),
        case("a whole block as the head", _published, "classifier"),
        case("names that only begin like the head's", _alike, "head"),
        case("a number for a name, and another that begins like it", _numbered, "1"),
        case("another layer of the head's name inside the body", _inner, "head"),
        case("a head that stands first", _alike, "headless"),
        case("a frozen layer in the body", _two_blocks, "head", "body.0"),
        case("a body that is frozen as a whole", _two_blocks, "head", "body"),
        case("a frozen layer in the head", _published, "classifier", "classifier.1"),
        case("a parameter of the net itself", _WithToken, "head"),
        case("a weight that two layers of the body share", _Tied, "head"),
    ]


_STRANGER = "(no parameter of this net)"


def _groups_seen(result: Any, args: Sequence[Any]) -> dict[str, Any]:
    """Observe by name which parameters stand in which group, and the rates."""
    model = args[0]
    if isinstance(result, torch.optim.Optimizer):
        return {"groups": "an optimizer"}
    if not isinstance(result, list | tuple):
        return {"result": result}
    if not all(isinstance(group, dict) for group in result):
        return {"groups": [f"of type {type(group).__name__}" for group in result]}
    if not all("params" in group for group in result):
        return {"groups": [f"keys {', '.join(map(str, group))}" for group in result]}
    names = {id(p): name for name, p in model.named_parameters()}
    groups = [_named(group["params"], names) for group in result]
    if len(groups) != 2:
        return {"groups": groups}
    return {
        "body": groups[0],
        "head": groups[1],
        "rates": [group.get("lr") for group in result],
        "parameters that train": [
            name for name, p in model.named_parameters() if p.requires_grad
        ],
    }


def _named(params: Any, names: dict[int, str]) -> list[str]:
    """Return the names of a group's parameters, in the order of the net.

    An optimizer takes one tensor, any row of tensors, or pairs of a name and a tensor.
    """
    if isinstance(params, set):  # whose order may change from run to run
        return ["(a set, which an optimizer refuses)"]
    items = [params] if isinstance(params, Tensor) else list(params)
    items = [item[1] if isinstance(item, tuple) else item for item in items]
    order = {name: place for place, name in enumerate(names.values())}
    found = [
        f"{item!r} (a name)"
        if isinstance(item, str)
        else names.get(id(item), _STRANGER)
        for item in items
    ]
    return sorted(found, key=lambda name: order.get(name, -1))


QUESTIONS = [
    Question(
        "split", "09", 4, _parts, ("labels", "fractions", "seed"), observe=_parts_seen,
        forbidden=("train_test_split",), call=_split_often,
        parts=(
            Part("shares that are whole numbers", 1.5, ("evenly", "forty")),
            Part("numbers of classes that leave some out", 0.5, ("leave some",)),
            Part("shares that are no whole numbers", 2),
        ),
    ),
    Question(
        "channel_stats", "09", 2, _channels, ("images",), observe=_pair_seen,
        parts=(
            Part("floats", 0.5, ("float",)),
            Part("colour pictures", 0.5, ("colour",)),
            Part("grey pictures of bytes", 1),
        ),
    ),
    Question(
        "flip_some", "09", 2, _coins, ("images", "p", "generator"),
        observe=_coins_seen, call=_flip_often,
        parts=(
            Part("bytes and float64", 0.5, ("bytes", "float64")),
            Part("float32", 1.5),
        ),
    ),
    Question(
        "class_weights", "09", 2, _unequal, ("labels", "num_classes"),
        forbidden=("compute_class_weight", "compute_sample_weight"),
        parts=(
            Part("classes without pictures", 1, ("no picture", "alone")),
            Part("classes with pictures", 1),
        ),
    ),
    Question(
        "recall_per_class", "09", 2, _matrices, ("matrix",),
        parts=(
            Part("classes without pictures", 0.5, ("without", "neither")),
            Part("classes with pictures", 1.5),
        ),
    ),
    Question(
        "stop_epoch", "09", 3, _losses, ("losses", "patience"), observe=listed,
        parts=(
            Part("a lowest loss that comes again, noise", 0.5,
                 ("comes again", "not to a new lowest", "noisy")),
            Part("an end before the patience is over", 1,
                 ("only fall", "an end", "one epoch")),
            Part("a stop", 1.5),
        ),
    ),
    Question(
        "temperature", "09", 3, _tempers, ("scores", "labels"), seconds=60.0
    ),
    Question(
        "fine_tune_groups", "09", 2, _tunable,
        ("model", "head", "body_lr", "head_lr"), observe=_groups_seen, seconds=30.0,
        parts=(
            Part("frozen layers", 0.5, ("frozen",)),
            Part("names that look alike", 0.5,
                 ("only begin", "begins like", "of the head's name")),
            Part("a body and a head that train", 1),
        ),
    ),
]  # fmt: skip
