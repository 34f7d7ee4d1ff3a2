"""Items of lesson 08: batch norm, its parameters, and how it is folded away."""

from __future__ import annotations

from math import sqrt
from random import Random
from statistics import fmean, pstdev, pvariance, variance
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from cnnlib.practice.compute import plain, signed
from cnnlib.practice.items import code, shown, table
from cnnlib.practice.kind import Facts, Kind, Slip

EVEN_SPREADS = {
    1: ((-1, -1, 1, 1), (-2, -2, 2, 2), (-3, -3, 3, 3), (-1, 1, 1, -1)),
    2: ((-3, -1, -1, 5), (-5, 1, 1, 3), (-2, -2, 2, 2), (-3, -3, 3, 3)),
    3: ((-3, -1, -1, 5), (-5, 1, 1, 3), (-10, 2, 2, 6), (-6, -2, -2, 10)),
}
"""Four numbers of mean 0 whose deviation is a whole number, for each level."""


def _four(random: Random, level: int) -> dict[str, Any]:
    spread = random.choice(EVEN_SPREADS[level])
    mean = random.randint(1, 6)
    values = [mean + step for step in random.sample(spread, 4)]
    deviation = int(pstdev(values))
    times = random.choice((2, 3)) if level > 1 else random.choice((1, 2))
    return {
        "values": values,
        "weight": deviation * times,
        "bias": random.choice((1, 2, 3, 4) if level < 3 else (-3, -2, 2, 5)),
        "value": random.choice(values),
    }


def _normed(f: Facts, deviation: float) -> float:
    return (f.value - fmean(f.values)) / deviation


BATCH_NORM = Kind(
    name="batch-norm",
    lesson="08",
    heading="Batch norm by hand",
    form="number",
    draw=_four,
    ask=lambda f: (
        f"In training, a channel has the values {shown(f.values, 'row')}, one for each "
        f"of four pictures. Batch norm has the weight {f.weight} and the bias "
        f"{f.bias}; leave `eps` out. What becomes of {f.value}?",
    ),
    right=lambda f: plain(
        F.batch_norm(
            torch.tensor(f.values, dtype=torch.float64)[:, None],
            None,
            None,
            torch.tensor([f.weight], dtype=torch.float64),
            torch.tensor([f.bias], dtype=torch.float64),
            training=True,
            eps=1e-12,
        )[f.values.index(f.value), 0]
    ),
    again=lambda f: plain(f.weight * _normed(f, pstdev(f.values)) + f.bias),
    slips=(
        Slip(
            "root forgotten",
            lambda f: plain(f.weight * _normed(f, pvariance(f.values)) + f.bias),
            "it is divided by the variance",
            "Divide by its root, the deviation.",
            of="batch_norm",
        ),
        Slip(
            "unbiased variance",
            lambda f: plain(f.weight * _normed(f, sqrt(variance(f.values))) + f.bias),
            "the squares are divided by 3 for the variance",
            "Four values: batch norm divides by 4 in training.",
            of="batch_norm",
        ),
        Slip(
            "mean not subtracted",
            lambda f: plain(f.weight * f.value / pstdev(f.values) + f.bias),
            "the mean is not taken off",
            "Take it off before you divide.",
            of="batch_norm",
        ),
        Slip(
            "scale and shift forgotten",
            lambda f: plain(_normed(f, pstdev(f.values))),
            "weight and bias are left out",
            "After the division multiply by the weight, then add the bias.",
            of="batch_norm",
        ),
        Slip(
            "scale forgotten",
            lambda f: plain(_normed(f, pstdev(f.values)) + f.bias),
            "the weight is left out",
            "Multiply by it before you add the bias.",
            of="batch_norm",
        ),
        Slip(
            "shift forgotten",
            lambda f: plain(f.weight * _normed(f, pstdev(f.values))),
            "the bias is left out",
            "It is added at the end.",
            of="batch_norm",
        ),
        Slip(
            "shift before the scale",
            lambda f: plain(f.weight * (_normed(f, pstdev(f.values)) + f.bias)),
            "the bias is added before the weight",
            "Multiply first, then add.",
            of="batch_norm",
        ),
        Slip(
            "scale and shift swapped",
            lambda f: plain(f.bias * _normed(f, pstdev(f.values)) + f.weight),
            "weight and bias have changed places",
            "The weight multiplies, the bias is added.",
            of="batch_norm",
        ),
    ),
    steps=lambda f, answer: (
        f"Mean: {plain(fmean(f.values))}. Squared distances: "
        f"{shown([plain((v - fmean(f.values)) ** 2) for v in f.values], 'row')}.",
        f"Their mean is the variance, {plain(pvariance(f.values))}; its root is the "
        f"deviation, {plain(pstdev(f.values))}.",
        f"{f.weight}*({f.value} - {plain(fmean(f.values))})/{plain(pstdev(f.values))} "
        f"+ {signed(f.bias)} = {answer}",
    ),
)


def _running(random: Random, level: int) -> dict[str, Any]:
    spread = random.choice(EVEN_SPREADS[2])
    mean = random.choice((2, 3, 4, 5, 6, 8))
    return {
        "values": [mean + step for step in random.sample(spread, 4)],
        "before": 0 if level == 1 else random.choice((1, 2, 3, 7, 9, 10)),
        "momentum": 0.1 if level < 3 else random.choice((0.2, 0.5, 0.3)),
    }


def _moved(f: Facts) -> float:
    layer = nn.BatchNorm1d(1, momentum=f.momentum, dtype=torch.float64)
    assert layer.running_mean is not None
    layer.running_mean.fill_(f.before)
    layer(torch.tensor(f.values, dtype=torch.float64)[:, None])
    return layer.running_mean.item()


RUNNING_MEAN = Kind(
    name="running-mean",
    lesson="08",
    heading="Training and evaluation",
    form="number",
    draw=_running,
    ask=lambda f: (
        f"The running mean of a channel is {f.before}. In training comes a batch with "
        f"the values {shown(f.values, 'row')} in this channel; momentum {f.momentum}. "
        "What is the running mean now?",
    ),
    right=lambda f: plain(_moved(f)),
    again=lambda f: plain(
        f.before + f.momentum * (sum(f.values) / len(f.values) - f.before)
    ),
    slips=(
        Slip(
            "momentum the wrong way round",
            lambda f: plain(f.momentum * f.before + (1 - f.momentum) * fmean(f.values)),
            "the momentum is given to the old mean",
            "In PyTorch it is the share of the new batch.",
        ),
        Slip(
            "the batch's mean",
            lambda f: plain(fmean(f.values)),
            "the mean of the batch is given",
            "The running mean moves only a part of the way.",
        ),
        Slip(
            "not moved",
            lambda f: f.before,
            "the running mean is left as it was",
            "In training each batch moves it.",
        ),
        Slip(
            "the old mean kept whole",
            lambda f: plain(f.before + f.momentum * fmean(f.values)),
            "the old mean keeps its full weight",
            "What the batch gains, the old mean loses.",
        ),
        Slip(
            "halfway",
            lambda f: plain((f.before + fmean(f.values)) / 2),
            "the old mean and the new one count the same",
            "The new one counts {momentum}.",
        ),
        Slip(
            "sum for mean",
            lambda f: plain((1 - f.momentum) * f.before + f.momentum * sum(f.values)),
            "the sum of the batch is used for its mean",
            "Divide by the number of values.",
        ),
    ),
    steps=lambda f, answer: (
        f"The mean of the batch: {plain(fmean(f.values))}.",
        f"{plain(1 - f.momentum)}*{f.before} + {f.momentum}*{plain(fmean(f.values))} = "
        f"{answer}",
    ),
)


def _layer(random: Random, level: int) -> dict[str, Any]:
    return {
        "cin": random.choice((3, 4, 8, 16, 32)),
        "cout": random.choice((6, 8, 10, 16, 20, 32, 64)),
        "k": random.choice((1, 3, 5)),
        "n": random.choice((7, 14, 28, 32)),
        "kept": level == 2,
        "conv": level == 3,
    }


def _learned(f: Facts, per_channel: int, convolution: int) -> int:
    return per_channel * f.cout + (convolution if f.conv else 0)


def _weights(f: Facts) -> int:
    return int(f.cin * f.cout * f.k * f.k)


def _counted_in_torch(f: Facts) -> int:
    norm = nn.BatchNorm2d(f.cout, device="meta")
    if f.kept:
        return sum(b.numel() for b in norm.buffers() if b.dim())
    layers: list[nn.Module] = [norm]
    if f.conv:
        conv = nn.Conv2d(f.cin, f.cout, f.k, bias=False, device="meta")
        layers.append(conv)
    return sum(p.numel() for layer in layers for p in layer.parameters())


NORM_PARAMS = Kind(
    name="batch-norm-params",
    lesson="08",
    heading="Training and evaluation",
    form="number",
    draw=_layer,
    ask=lambda f: (
        (
            f"Pictures of {f.n}x{f.n} go through these layers. How many parameters do "
            "they learn?"
            if f.conv
            else f"Maps of {f.n}x{f.n} go through this layer; {f.cin} channels were "
            f"there before, with kernels of {f.k}x{f.k}. How many numbers does it "
            "keep, but not learn? Leave the count of batches out."
            if f.kept
            else f"Maps of {f.n}x{f.n} go through this layer; {f.cin} channels were "
            f"there before, with kernels of {f.k}x{f.k}. How many parameters does it "
            "learn?"
        ),
        code(
            *(
                (f"nn.Conv2d({f.cin}, {f.cout}, kernel_size={f.k}, bias=False),",)
                if f.conv
                else ()
            ),
            f"nn.BatchNorm2d({f.cout})",
        ),
    ),
    right=_counted_in_torch,
    again=lambda f: sum(2 for _ in range(f.cout)) + (_weights(f) if f.conv else 0),
    slips=(
        Slip(
            "learned and kept together",
            lambda f: _learned(f, 4, _weights(f)),
            "the learned and the kept numbers are counted together",
            "Two are learned for each channel, two are kept.",
        ),
        Slip(
            "one number for a channel",
            lambda f: _learned(f, 1, _weights(f)),
            "each channel has one number",
            "It has two of each sort.",
        ),
        Slip(
            "numbers for each place",
            lambda f: _learned(f, 2 * f.n * f.n, _weights(f)),
            "each place of the map has numbers of its own",
            "A channel has the same numbers at all places.",
        ),
        Slip(
            "two numbers in all",
            lambda f: 2 + (_weights(f) if f.conv else 0),
            "all channels have the same two numbers",
            "Each channel has its own.",
        ),
        Slip(
            "channels that go in",
            lambda f: 2 * f.cin + (_weights(f) if f.conv else 0),
            "the channels before the convolution are counted",
            "The layer has {cout} channels.",
        ),
        Slip(
            "a bias in the convolution",
            lambda f: _learned(f, 3, _weights(f)) if f.conv else None,
            "the convolution has biases",
            "`bias=False`: batch norm takes the mean off again.",
        ),
        Slip(
            "the norm left out",
            lambda f: _weights(f) if f.conv else None,
            "only the convolution is counted",
            "Batch norm learns a weight and a bias for each channel.",
        ),
    ),
    steps=lambda f, answer: (
        *(
            (f"The convolution: {f.k}*{f.k}*{f.cin}*{f.cout} = {_weights(f):,}.",)
            if f.conv
            else ()
        ),
        (
            f"For each channel a running mean and a running variance: 2*{f.cout} = "
            f"{2 * f.cout:,}."
            if f.kept
            else f"Batch norm: a weight and a bias for each channel, 2*{f.cout} = "
            f"{2 * f.cout:,}."
        ),
        f"The answer is {answer}.",
    ),
)


def _folded(random: Random, level: int) -> dict[str, Any]:
    deviation = random.choice((2, 3, 4)) if level > 1 else 2
    return {
        "w": random.choice((1, 2, 3, 5) if level == 1 else (-2, 2, 3, 4, 5)),
        "b": 0 if level == 1 else random.choice((1, 2, 3, 4)),
        "mean": random.choice((1, 2, 3, 5)),
        "var": deviation**2,
        "scale": deviation * random.choice((2, 3) if level > 1 else (1, 2, 3)),
        "shift": random.choice((1, 2, 3, 4, 6)),
        "asks_bias": level == 3 or (level == 2 and random.random() < 0.5),
    }


def _fused(f: Facts) -> tuple[float, float]:
    def one(value: float) -> torch.Tensor:
        return torch.tensor([value], dtype=torch.float64)

    weight, bias = fuse_conv_bn_weights(
        one(f.w).view(1, 1, 1, 1),
        one(f.b),
        one(f.mean),
        one(f.var),
        0.0,
        one(f.scale),
        one(f.shift),
    )
    return weight.item(), bias.item()


def _either(weight: Any, bias: Any) -> Any:
    """Return what a slip gives for the weight or for the bias, whichever is asked."""
    return lambda f: plain(float((bias if f.asks_bias else weight)(f)))


def _factor(f: Facts) -> float:
    return float(f.scale / sqrt(f.var))


def _by_probes(f: Facts) -> float:
    """Send 0 and 1 through both layers: what comes out tells bias and weight."""
    norm = nn.BatchNorm1d(1, eps=0.0, dtype=torch.float64).eval()
    with torch.no_grad():
        norm.weight.fill_(f.scale)
        norm.bias.fill_(f.shift)
        norm.running_mean.fill_(f.mean)  # type: ignore[union-attr]
        norm.running_var.fill_(f.var)  # type: ignore[union-attr]
        given = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
        at_0, at_1 = norm(f.w * given + f.b).flatten().tolist()
    return float(at_0 if f.asks_bias else at_1 - at_0)


FOLDED = Kind(
    name="folded-norm",
    lesson="08",
    heading="Folding batch norm into the convolution",
    form="number",
    draw=_folded,
    ask=lambda f: (
        "Batch norm in evaluation is to be folded into the 1x1 convolution before it; "
        f"leave `eps` out. Which {'bias' if f.asks_bias else 'weight'} has the new "
        "convolution?",
        table(
            "the two layers",
            ("layer", "weight", "bias", "running mean", "running variance"),
            [
                ("convolution", f.w, f.b, "", ""),
                ("batch norm", f.scale, f.shift, f.mean, f.var),
            ],
        ),
    ),
    right=lambda f: plain(_fused(f)[f.asks_bias]),
    again=lambda f: plain(_by_probes(f)),
    slips=(
        Slip(
            "root forgotten",
            _either(
                lambda f: f.w * f.scale / f.var,
                lambda f: (f.b - f.mean) * f.scale / f.var + f.shift,
            ),
            "it is divided by the variance",
            "Divide by its root, the deviation.",
            of="fold_batch_norm",
        ),
        Slip(
            "deviation forgotten",
            _either(
                lambda f: f.w * f.scale,
                lambda f: (f.b - f.mean) * f.scale + f.shift,
            ),
            "it is not divided by the deviation",
            "The factor is {scale} divided by the root of {var}.",
            of="fold_batch_norm",
        ),
        Slip(
            "norm's scale forgotten",
            _either(
                lambda f: f.w / sqrt(f.var),
                lambda f: (f.b - f.mean) / sqrt(f.var) + f.shift,
            ),
            "the weight of the norm is left out",
            "It multiplies all that went before.",
            of="fold_batch_norm",
        ),
        Slip(
            "weights not scaled",
            lambda f: f.w if not f.asks_bias else None,
            "the weight is left as it was",
            "The norm multiplies what the convolution gives.",
            of="fold_batch_norm",
        ),
        Slip(
            "shift added to the weight",
            lambda f: plain(f.w * _factor(f) + f.shift) if not f.asks_bias else None,
            "the bias of the norm is added to the weight",
            "What is added belongs to the new bias.",
        ),
        Slip(
            "mean forgotten",
            lambda f: plain(f.b * _factor(f) + f.shift) if f.asks_bias else None,
            "the running mean is left out",
            "The norm takes it off first.",
            of="fold_batch_norm",
        ),
        Slip(
            "mean added",
            lambda f: (
                plain((f.b + f.mean) * _factor(f) + f.shift) if f.asks_bias else None
            ),
            "the running mean is added",
            "The norm takes it off.",
            of="fold_batch_norm",
        ),
        Slip(
            "norm's shift forgotten",
            lambda f: plain((f.b - f.mean) * _factor(f)) if f.asks_bias else None,
            "the bias of the norm is left out",
            "It is added at the end.",
            of="fold_batch_norm",
        ),
        Slip(
            "convolution's bias forgotten",
            lambda f: plain(f.shift - f.mean * _factor(f)) if f.asks_bias else None,
            "the old bias of the convolution is left out",
            "It goes through the norm, too.",
            of="fold_batch_norm",
        ),
        Slip(
            "bias left as it was",
            lambda f: f.b if f.asks_bias else None,
            "the bias is left as it was",
            "The norm changes it, too.",
            of="fold_batch_norm",
        ),
    ),
    steps=lambda f, answer: (
        f"The norm multiplies by {f.scale} and divides by the root of {f.var}: the "
        f"factor is {plain(_factor(f))}.",
        (
            f"({f.b} - {f.mean})*{plain(_factor(f))} + {f.shift} = {answer}"
            if f.asks_bias
            else f"{signed(f.w)}*{plain(_factor(f))} = {answer}"
        ),
    ),
)

KINDS = (BATCH_NORM, RUNNING_MEAN, NORM_PARAMS, FOLDED)
