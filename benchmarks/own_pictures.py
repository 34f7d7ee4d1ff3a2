"""What lesson 09 claims, over ten seeds: every figure with its spread.

A seed decides the pictures, the first weights and the order of the training pictures.
"New" pictures are drawn with other seeds and were seen in no training.
Run some of the sections: python -m benchmarks.own_pictures leakage fine_tuning.
"""

import copy
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnlib import data, evaluate, fit, models
from cnnlib.data import Pictures
from cnnlib.data.sign_faces import FIRST, OTHERS
from cnnlib.training import History, small_turns

SEEDS = 10
NEW = 10_000  # added to a seed: pictures that no training has seen
TWINS = {4: 5, 5: 4, 6: 7, 7: 6}  # by number, what a mirror makes of FIRST
EXCHANGED = torch.tensor([TWINS.get(label, label) for label in range(8)])
PAIRED = torch.arange(8) != EXCHANGED

Figures = dict[str, float]


def dealt(numbers: Tensor, parts: int = 3) -> Tensor:
    """Deal pictures out like cards, class by class: the part of each, (N,)."""
    part = torch.empty_like(numbers)
    part[numbers.argsort(stable=True)] = torch.arange(len(numbers)) % parts
    return part


class Ready:
    """Pictures as a net wants them, by the mean and deviation of the training part."""

    def __init__(self, train: Pictures) -> None:
        values = train.images / 255
        self._mean = values.mean(dim=(0, 2, 3), keepdim=True)
        self._deviation = values.std(dim=(0, 2, 3), keepdim=True)

    def __call__(self, pictures: Pictures) -> Tensor:
        """Bring uint8 (N, 3, H, W) to floats around 0."""
        return (pictures.images / 255 - self._mean) / self._deviation


def trained(
    x: Tensor, y: Tensor, seed: int, *, classes: int = 8, dropout: float = 0, **more
) -> tuple[nn.Module, History]:
    """Train the net of the lesson with its settings; return it and its history."""
    torch.manual_seed(seed)
    net = models.signs_cnn(classes, dropout)
    settings = {"epochs": 16, "batch_size": 32, "lr": 0.005, "show": False} | more
    return net, fit(net, x, y, seed=seed, **settings)


def right_share(net: nn.Module, x: Tensor, y: Tensor) -> float:
    """Share of the pictures that the net names right."""
    accuracy = evaluate(net, x, y).accuracy
    assert accuracy is not None  # it is None for other tasks than classes
    return accuracy


def other_light(batch: Tensor) -> Tensor:
    """Change contrast and brightness, for each picture its own."""
    stretch = 1 + 0.3 * (2 * torch.rand(len(batch), 1, 1, 1) - 1)
    return batch * stretch + 0.5 * (2 * torch.rand(len(batch), 1, 1, 1) - 1)


CHANGES = [small_turns(10, zoom=0.1, pixels=3), other_light]


def leakage(seed: int) -> Figures:
    """Test by frames of known scenes, and by unknown ones."""
    video = data.signs(480, views=8, seed=seed)
    new = data.signs(600, seed=seed + NEW)
    found = {}
    for name, part in {
        "pictures": torch.arange(480) % 3,
        "scenes": video.scenes % 3,
    }.items():
        train, test = video[part > 0], video[part == 0]
        net, _ = trained(train.images / 255, train.labels, seed)
        found[f"by {name}: test"] = right_share(net, test.images / 255, test.labels)
        found[f"by {name}: new"] = right_share(net, new.images / 255, new.labels)
        off = found[f"by {name}: test"] - found[f"by {name}: new"]
        found[f"by {name}: off by"] = abs(off)
    return found


def _three_parts(seed: int) -> tuple[Pictures, Pictures, Pictures, Ready]:
    pictures = data.signs(900, seed=seed)
    part = dealt(pictures.labels)
    train, validation, test = (pictures[part == number] for number in range(3))
    return train, validation, test, Ready(train)


def augmentation(seed: int) -> Figures:
    """Change pictures so that the label stays, and mirror them, so that it does not."""
    train, validation, _, ready = _three_parts(seed)
    x, y = ready(train), train.labels
    both = torch.cat([x, x.flip(-1)])
    runs = {
        "as they are": (x, y, {}),
        "moved and lit": (x, y, {"augment": CHANGES}),
        "mirrored, labels kept": (both, torch.cat([y, y]), {"epochs": 8}),
        "mirrored, labels exchanged": (
            both,
            torch.cat([y, EXCHANGED[y]]),
            {"epochs": 8},
        ),
    }
    found = {}
    for name, (images, labels, more) in runs.items():
        net, _ = trained(images, labels, seed, **more)
        result = evaluate(net, ready(validation), validation.labels)
        right = (result.predictions == result.labels).float()
        found[name] = right.mean().item()
        found[f"{name}: arrows in pairs"] = right[PAIRED[result.labels]].mean().item()
        found[f"{name}: the others"] = right[~PAIRED[result.labels]].mean().item()
    return found


def learning_rate(seed: int) -> Figures:
    """Train four epochs with each rate."""
    train, validation, _, ready = _three_parts(seed)
    found = {}
    for rate in (0.0002, 0.001, 0.005, 0.025, 0.125):
        net, _ = trained(ready(train), train.labels, seed, epochs=4, lr=rate)
        result = evaluate(net, ready(validation), validation.labels)
        found[f"loss, rate {rate:g}"] = result.loss
    return found


def stopping(seed: int) -> Figures:
    """Early stopping, dropout, weight decay, and the temperature of the first net."""
    train, validation, test, ready = _three_parts(seed)
    held_out, steady = (ready(validation), validation.labels), {"schedule": "constant"}
    runs = {
        "plain": {},
        "dropout": {"dropout": 0.5},
        "decay": {"weight_decay": 1.0},
    }
    found = {}
    for name, more in runs.items():
        net, history = trained(
            ready(train),
            train.labels,
            seed,
            epochs=30,
            lr=0.003,
            validation=held_out,
            snapshots=name == "plain",
            **steady,
            **more,
        )
        losses, right = history.validation_loss, history.validation_accuracy
        best = losses.index(min(losses))
        found |= {
            f"{name}: lowest loss after epoch": best + 1,
            f"{name}: lowest loss": losses[best],
            f"{name}: last loss": losses[-1],
            f"{name}: right at the lowest": right[best],
            f"{name}: right at the end": right[-1],
            f"{name}: training loss": history.train_loss[-1],
            f"{name}: length of fc": net.fc.weight.detach().norm().item(),
        }
        if name == "plain":
            found |= _calibrated(net, *held_out, ready(test), test.labels)
            net.load_state_dict(history.snapshots[best + 1])
            stopped = evaluate(net, ready(test), test.labels)
            assert stopped.accuracy is not None
            found["stopped: test loss"] = stopped.loss
            found["stopped: right"] = stopped.accuracy
    return found


def _calibrated(net, x, y, new_x, new_y) -> Figures:
    with torch.no_grad():
        scores, new = net(x), net(new_x)
    tried = [0.5 * k for k in range(1, 13)]
    losses = [F.cross_entropy(scores / t, y).item() for t in tried]
    t = tried[losses.index(min(losses))]
    found = {"temperature": t}
    for name, judged in {"before": new, "after": new / t}.items():
        p = judged.softmax(dim=1)
        sure, says = p.max(dim=1)
        found[f"{name}: test loss"] = F.cross_entropy(judged, new_y).item()
        found[f"{name}: sure"] = sure.mean().item()
        found[f"{name}: right"] = (says == new_y).float().mean().item()
    return found


def imbalance(seed: int) -> Figures:
    """Recall of a class that is ten times as rare as the others."""
    train = data.signs(600, seed=seed, rare={"turn left": 0.1})
    new = data.signs(800, seed=seed + NEW)
    ready = Ready(train)
    x, y = ready(train), train.labels
    rights = x[y == FIRST.index("turn right")].flip(-1)
    weight = torch.ones(8)
    weight[FIRST.index("turn left")] = 10
    runs = {
        "as they are": (x, y, {}),
        "weight 10": (x, y, {"loss": nn.CrossEntropyLoss(weight=weight)}),
        "mirrored rights": (
            torch.cat([x, rights]),
            torch.cat([y, torch.full((len(rights),), FIRST.index("turn left"))]),
            {},
        ),
    }
    found = {"pictures of turn left": (y == FIRST.index("turn left")).sum().item()}
    for name, (images, labels, more) in runs.items():
        net, _ = trained(images, labels, seed, epochs=10, **more)
        result = evaluate(net, ready(new), new.labels)
        right = (result.predictions == result.labels).float()
        found[f"{name}: all"] = right.mean().item()
        for sign in ("turn left", "turn right"):
            ours = result.labels == FIRST.index(sign)
            found[f"{name}: recall of {sign}"] = right[ours].mean().item()
    return found


def shortcut(seed: int) -> Figures:
    """Train on a mark that betrays the class; ask without it, and look inside."""
    train = data.signs(600, seed=seed, shortcut="mark")
    ready = Ready(train)
    net, _ = trained(ready(train), train.labels, seed, epochs=8)
    found = {}
    for name, more in {
        "marked": {"shortcut": "mark"},
        "without a mark": {},
        "with a lying mark": {"shortcut": "mark", "betrays": 0},
    }.items():
        new = data.signs(400, seed=seed + NEW, **more)
        found[name] = right_share(net, ready(new), new.labels)
    found |= _looked_inside(
        net, ready, data.signs(100, seed=seed + NEW, shortcut="mark")
    )
    covered = copy.deepcopy(train)
    covered.images[:, :, 24:, :8] = 127
    net, _ = trained(ready(covered), train.labels, seed, epochs=8)
    new = data.signs(400, seed=seed + NEW)
    new.images[:, :, 24:, :8] = 127
    found["learned with the corner covered"] = right_share(net, ready(new), new.labels)
    return found


def _looked_inside(net, ready, marked) -> Figures:
    """Occlusion by 8x8 windows, and saliency: the corner against the rest."""
    x, rows = ready(marked), torch.arange(len(marked))
    with torch.no_grad():
        before = net(x).softmax(dim=1)[rows, marked.labels]
        drops = torch.zeros(4, 4)
        for i in range(4):
            for j in range(4):
                covered = x.clone()
                covered[:, :, 8 * i : 8 * i + 8, 8 * j : 8 * j + 8] = 0
                after = net(covered).softmax(dim=1)[rows, marked.labels]
                drops[i, j] = (before - after).mean()
    corner = drops[3, 0].item()
    drops[3, 0] = -1
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(net(x)[rows, marked.labels].sum(), x)
    heat = gradient.abs().amax(dim=1).sum(dim=0)
    return {
        "drop when the corner is covered": corner,
        "largest drop elsewhere": drops.max().item(),
        "share of saliency on the mark (1.6 % of the pixels)": (
            heat[26:30, 2:6].sum() / heat.sum()
        ).item(),
    }


def fine_tuning(seed: int) -> Figures:
    """Learn eight new signs from few pictures, with a borrowed body and without."""
    base = data.signs(1600, seed=seed)
    ready = Ready(base)
    body, _ = trained(
        ready(base), base.labels, seed, epochs=6, batch_size=64, augment=CHANGES[0]
    )
    new = data.signs(400, seed=seed + 2 * NEW, classes=OTHERS)
    asked = ready(new), new.labels
    found = {}
    for each in (5, 20):
        few = data.signs(8 * each, seed=seed + NEW, classes=OTHERS)
        for name, right in _borrowed(body, ready(few), few.labels, asked, seed).items():
            found[f"{each} of each: {name}"] = right
    return found


def _borrowed(
    body: nn.Module, x: Tensor, y: Tensor, asked: tuple[Tensor, Tensor], seed: int
) -> Figures:
    def right(net: nn.Module, epochs: int, lr: float) -> float:
        fit(net, x, y, epochs=epochs, batch_size=20, lr=lr, seed=seed, show=False)
        return right_share(net, *asked)

    torch.manual_seed(seed + NEW)
    fresh = models.signs_cnn()
    net, chance = headed(body, seed), headed(fresh, seed)
    found = {"frozen": right(net, 30, 0.01)}
    hasty = copy.deepcopy(net).requires_grad_(True)
    found["thawed, rate 0.001"] = right(net.requires_grad_(True), 15, 0.001)
    found["thawed, rate 0.03"] = right(hasty, 15, 0.03)
    found["from scratch"] = right(fresh, 40, 0.005)
    found["random, frozen"] = right(chance, 30, 0.01)
    return found


def headed(net: nn.Module, seed: int) -> nn.Module:
    """Copy a net, freeze it, and give it a new last layer, which is free."""
    torch.manual_seed(seed)
    net = copy.deepcopy(net).requires_grad_(False)
    net.fc = nn.Linear(512, 8)
    return net


SECTIONS: dict[str, Callable[[int], Figures]] = {
    "leakage": leakage,
    "augmentation": augmentation,
    "learning_rate": learning_rate,
    "stopping": stopping,
    "imbalance": imbalance,
    "shortcut": shortcut,
    "fine_tuning": fine_tuning,
}
# What the lesson says: the first figure is larger than the second.
CLAIMS = {
    "leakage": [
        ("by pictures: test", "by pictures: new"),
        ("by pictures: off by", "by scenes: off by"),
    ],
    "augmentation": [
        ("moved and lit", "as they are"),
        ("as they are", "mirrored, labels kept"),
        ("mirrored, labels exchanged", "as they are"),
    ],
    "learning_rate": [
        *((f"loss, rate {rate}", "loss, rate 0.005") for rate in (0.0002, 0.001)),
        *((f"loss, rate {rate}", "loss, rate 0.005") for rate in (0.025, 0.125)),
    ],
    "stopping": [
        ("plain: last loss", "plain: lowest loss"),
        ("plain: last loss", "dropout: last loss"),
        ("plain: last loss", "decay: last loss"),
        ("dropout: right at the end", "plain: right at the end"),
        ("dropout: training loss", "plain: training loss"),
        ("plain: length of fc", "decay: length of fc"),
        ("before: test loss", "after: test loss"),
        ("before: test loss", "stopped: test loss"),
        ("before: sure", "before: right"),
    ],
    "imbalance": [
        ("as they are: recall of turn right", "as they are: recall of turn left"),
        ("weight 10: recall of turn left", "as they are: recall of turn left"),
        ("mirrored rights: recall of turn left", "weight 10: recall of turn left"),
    ],
    "shortcut": [
        ("marked", "without a mark"),
        ("without a mark", "with a lying mark"),
        ("learned with the corner covered", "without a mark"),
        ("drop when the corner is covered", "largest drop elsewhere"),
    ],
    "fine_tuning": [
        ("5 of each: frozen", "5 of each: from scratch"),
        ("5 of each: frozen", "5 of each: random, frozen"),
        ("5 of each: thawed, rate 0.001", "5 of each: frozen"),
        ("5 of each: thawed, rate 0.001", "5 of each: thawed, rate 0.03"),
        ("20 of each: frozen", "20 of each: from scratch"),
        ("20 of each: frozen", "20 of each: random, frozen"),
        ("20 of each: thawed, rate 0.001", "20 of each: frozen"),
        ("20 of each: thawed, rate 0.03", "20 of each: frozen"),
        ("20 of each: from scratch", "20 of each: random, frozen"),
    ],
}


def lines(section: str, runs: list[Figures]) -> Iterator[str]:
    """Each figure from the least to the most, then in how many seeds a claim holds."""
    for name in runs[0]:
        values = [run[name] for run in runs]
        middle = statistics.median(values)
        yield f"{name:52}{min(values):8.3f}{middle:8.3f}{max(values):8.3f}"
    for more, less in CLAIMS[section]:
        held = [run[more] > run[less] for run in runs]
        ratios = [run[more] / max(run[less], 1e-9) for run in runs]
        yield f"  {more} > {less}: {sum(held)} of {len(held)}, ratio {min(ratios):.2f}"


def main(wanted: list[str] | None = None) -> None:
    """Print least, median and most of every figure over the seeds."""
    torch.set_num_threads(1)
    for section in wanted or SECTIONS:
        started, runs = time.perf_counter(), []
        for seed in range(SEEDS):
            runs.append(SECTIONS[section](seed))
        seconds = (time.perf_counter() - started) / SEEDS
        print(f"\n{section}, {SEEDS} seeds, {seconds:.1f} s each", flush=True)
        for line in lines(section, runs):
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
