"""Items of lesson 08: bottleneck, Inception, separable, global pooling, patches."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib import arithmetic, summary
from cnnlib.practice.compute import own_count
from cnnlib.practice.items import table
from cnnlib.practice.kind import Facts, Kind, Slip


def _squeezed(random: Random, level: int) -> dict[str, Any]:
    middle = random.choice((2, 3, 4, 5) if level < 3 else (4, 6, 8, 10))
    side = random.choice((2, 3, 4, 5, 10))
    return {
        "c": middle * random.choice((2, 3, 4)),
        "m": middle,
        "h": side,
        "w": side if level == 1 else random.choice((2, 3, 6, 8, 10)),
    }


def _bottleneck(f: Facts) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(f.c, f.m, 1, bias=False, device="meta"),
        nn.Conv2d(f.m, f.m, 3, padding=1, bias=False, device="meta"),
        nn.Conv2d(f.m, f.c, 1, bias=False, device="meta"),
    )


def _ends(f: Facts) -> int:
    return int(2 * f.c * f.m)


def _middle(f: Facts) -> int:
    return int(9 * f.m * f.m)


BOTTLENECK = Kind(
    name="bottleneck-work",
    lesson="08",
    heading="1 x 1 convolutions and the bottleneck",
    form="number",
    draw=_squeezed,
    ask=lambda f: (
        f"A bottleneck: 1x1 from {f.c} to {f.m} channels, 3x3 with padding 1, 1x1 back "
        f"to {f.c}; no biases. How many mult-adds does it need on a {f.h}x{f.w} map?",
    ),
    right=lambda f: int(summary(_bottleneck(f), (f.c, f.h, f.w)).total_mult_adds),
    again=lambda f: f.h * f.w * (f.c * f.m + f.m * 9 * f.m + f.m * f.c),
    slips=(
        Slip(
            "parameters for mult-adds",
            lambda f: _ends(f) + _middle(f),
            "the weights are counted",
            "Each of them is used at every place.",
            of="bottleneck_macs",
        ),
        Slip(
            "one 1x1 convolution forgotten",
            lambda f: (f.c * f.m + _middle(f)) * f.h * f.w,
            "one of the 1x1 convolutions is left out",
            "One makes fewer channels, one as many as before.",
            of="bottleneck_macs",
        ),
        Slip(
            "both 1x1 convolutions forgotten",
            lambda f: _middle(f) * f.h * f.w,
            "both 1x1 convolutions are left out",
            "They have weights, too.",
            of="bottleneck_macs",
        ),
        Slip(
            "3x3 in the bottleneck forgotten",
            lambda f: _ends(f) * f.h * f.w,
            "the 3x3 convolution is left out",
            "It stands in the middle.",
            of="bottleneck_macs",
        ),
        Slip(
            "3x3 in the bottleneck at full width",
            lambda f: (_ends(f) + 9 * f.c * f.c) * f.h * f.w,
            "the 3x3 convolution has {c} channels",
            "It stands in the middle, where there are {m}.",
            of="bottleneck_macs",
        ),
        Slip(
            "1x1 counted as 3x3",
            lambda f: 9 * (_ends(f) + f.m * f.m) * f.h * f.w,
            "all kernels are 3x3",
            "The outer ones are 1x1: one weight for each channel.",
            of="bottleneck_macs",
        ),
        Slip(
            "multiply-adds doubled",
            lambda f: 2 * (_ends(f) + _middle(f)) * f.h * f.w,
            "products and sums are counted apart",
            "A mult-add is both together.",
            of="bottleneck_macs",
        ),
    ),
    steps=lambda f, answer: (
        f"The two 1x1: 2*{f.c}*{f.m} = {_ends(f):,} weights. The 3x3: 9*{f.m}*{f.m} = "
        f"{_middle(f):,}.",
        f"There are {f.h}*{f.w} = {f.h * f.w} places, and all keep the size.",
        f"{_ends(f) + _middle(f):,}*{f.h * f.w} = {answer}",
    ),
)


def _branches(random: Random, level: int) -> dict[str, Any]:
    return {
        "cin": random.choice((16, 24, 32, 40, 64)),
        "one": random.choice((4, 8, 12, 16)),
        "before3": random.choice((2, 4, 6)),
        "three": random.choice((10, 14, 20)),
        "before5": random.choice((2, 3, 5)),
        "five": random.choice((6, 9, 11)),
        "pool": random.choice((1, 5, 7)) if level < 3 else 0,
        "n": random.choice((7, 14, 28)),
    }


def _outputs(f: Facts) -> list[int]:
    return [f.one, f.three, f.five, f.pool or f.cin]


def _joined(f: Facts) -> int:
    def conv(given: int, made: int, k: int) -> nn.Module:
        return nn.Conv2d(given, made, k, padding=k // 2, device="meta")

    pooled: list[nn.Module] = [nn.MaxPool2d(3, 1, 1)]
    if f.pool:
        pooled.append(conv(f.cin, f.pool, 1))
    branches = [
        conv(f.cin, f.one, 1),
        nn.Sequential(conv(f.cin, f.before3, 1), conv(f.before3, f.three, 3)),
        nn.Sequential(conv(f.cin, f.before5, 1), conv(f.before5, f.five, 5)),
        nn.Sequential(*pooled),
    ]
    x = torch.empty(1, f.cin, f.n, f.n, device="meta")
    return int(torch.cat([branch(x) for branch in branches], dim=1).shape[1])


INCEPTION = Kind(
    name="inception-channels",
    lesson="08",
    heading="Inception's branches",
    form="number",
    draw=_branches,
    ask=lambda f: (
        f"{f.cin} maps of {f.n}x{f.n} go into an Inception block with these four "
        "branches. All keep the size. How many channels come out of the block?",
        table(
            "the branches",
            ("branch", "first", "then"),
            [
                ("a", f"1x1, {f.one} kernels", ""),
                ("b", f"1x1, {f.before3} kernels", f"3x3, {f.three} kernels"),
                ("c", f"1x1, {f.before5} kernels", f"5x5, {f.five} kernels"),
                ("d", "max pooling", f"1x1, {f.pool} kernels" if f.pool else ""),
            ],
        ),
    ),
    right=_joined,
    again=lambda f: sum(_outputs(f)),
    slips=(
        Slip(
            "inner channels counted",
            lambda f: sum(_outputs(f)) + f.before3 + f.before5,
            "the channels inside a branch are counted, too",
            "Only what leaves a branch is joined.",
        ),
        Slip(
            "added, not joined",
            lambda f: max(_outputs(f)),
            "the branches are added place by place",
            "Inception joins them: the channels stand side by side.",
        ),
        Slip(
            "input joined, too",
            lambda f: sum(_outputs(f)) + f.cin,
            "the input is joined to the branches",
            "Only what the branches give is joined.",
        ),
        Slip(
            "pooling branch forgotten",
            lambda f: sum(_outputs(f)[:3]),
            "the branch with the pooling is left out",
            "It gives channels like the others.",
        ),
        Slip(
            "pooling makes one channel",
            lambda f: sum(_outputs(f)[:3]) + 1 if not f.pool else None,
            "the pooling gives one channel",
            "It works on each channel by itself and keeps all {cin}.",
        ),
        Slip(
            "first kernels counted",
            lambda f: f.one + f.before3 + f.before5 + (f.pool or f.cin),
            "the first kernels of each branch are counted",
            "What leaves a branch are the maps of its last layer.",
        ),
    ),
    steps=lambda f, answer: (
        "What leaves the branches: " + ", ".join(map(str, _outputs(f))) + ".",
        "They are joined, channel behind channel: "
        + " + ".join(map(str, _outputs(f)))
        + f" = {answer}",
    ),
)


def _separable(random: Random, level: int) -> dict[str, Any]:
    cin = random.choice((3, 4, 5, 8, 10) if level == 1 else (8, 10, 16, 20, 32))
    return {
        "cin": cin,
        "cout": random.choice([c for c in (6, 12, 20, 24, 30) if c != cin]),
        "k": 3 if level == 1 else random.choice((3, 5)),
        "n": random.choice((4, 5, 7, 8, 10)),
        "work": level == 3,
    }


def _pair(f: Facts) -> nn.Module:
    k = f.k
    return nn.Sequential(
        nn.Conv2d(f.cin, f.cin, k, 1, k // 2, groups=f.cin, bias=False, device="meta"),
        nn.Conv2d(f.cin, f.cout, 1, bias=False, device="meta"),
    )


def _times(f: Facts, weights: int) -> int:
    return weights * f.n * f.n if f.work else weights


def _of_separable(name: str, count: Any, says: str, why: str) -> Slip:
    return Slip(name, lambda f: _times(f, count(f)), says, why, of="separable_conv")


SEPARABLE = Kind(
    name="separable-cost",
    lesson="08",
    heading="Depthwise separable convolution",
    form="number",
    draw=_separable,
    ask=lambda f: (
        f"A depthwise convolution of {f.k}x{f.k}, then a pointwise one of 1x1, make "
        f"{f.cout} channels of {f.cin}. There are no biases, and maps of {f.n}x{f.n} "
        "keep their size. "
        + (
            "How many mult-adds do the two need together?"
            if f.work
            else "How many weights do the two have together?"
        ),
    ),
    right=lambda f: int(
        getattr(
            summary(_pair(f), (f.cin, f.n, f.n)),
            "total_mult_adds" if f.work else "total_params",
        )
    ),
    again=lambda f: _times(
        f,
        sum(f.k * f.k for _ in range(f.cin)) + sum(f.cin for _ in range(f.cout)),
    ),
    slips=(
        _of_separable(
            "a full convolution",
            lambda f: f.k * f.k * f.cin * f.cout,
            "the two are counted as one full convolution",
            "Depthwise, a kernel sees one channel; pointwise, one place.",
        ),
        _of_separable(
            "pointwise forgotten",
            lambda f: f.k * f.k * f.cin,
            "the pointwise convolution is left out",
            "It has a weight for each pair of channels.",
        ),
        _of_separable(
            "depthwise forgotten",
            lambda f: f.cin * f.cout,
            "the depthwise convolution is left out",
            "It has one kernel of {k}x{k} for each channel.",
        ),
        _of_separable(
            "groups forgotten",
            lambda f: f.k * f.k * f.cin * f.cin + f.cin * f.cout,
            "each depthwise kernel sees all channels",
            "It sees one channel only.",
        ),
        _of_separable(
            "pointwise first",
            lambda f: f.k * f.k * f.cout + f.cin * f.cout,
            "the pointwise convolution comes first",
            "Depthwise comes first, on {cin} channels.",
        ),
        _of_separable(
            "the kernel in both convolutions",
            lambda f: f.k * f.k * f.cin + f.k * f.k * f.cin * f.cout,
            "the second kernel is {k}x{k}, too",
            "Pointwise means 1x1.",
        ),
        Slip(
            "biases in both",
            lambda f: (
                f.k * f.k * f.cin + f.cin * f.cout + f.cin + f.cout
                if not f.work
                else None
            ),
            "biases are counted",
            "There are none here.",
            of="separable_conv",
        ),
        Slip(
            "weights counted, not work",
            lambda f: f.k * f.k * f.cin + f.cin * f.cout if f.work else None,
            "the weights are counted",
            "Each of them is used at every place.",
            of="conv_macs",
        ),
    ),
    steps=lambda f, answer: (
        f"Depthwise: {f.k}*{f.k}*{f.cin} = {f.k * f.k * f.cin:,} weights. Pointwise: "
        f"{f.cin}*{f.cout} = {f.cin * f.cout:,}.",
        *((f"Each is used at {f.n}*{f.n} = {f.n * f.n} places.",) if f.work else ()),
        f"Together: {answer}.",
    ),
)


def _head(random: Random, level: int) -> dict[str, Any]:
    return {
        "c": random.choice((8, 16, 20, 32) if level == 1 else (64, 100, 128, 512)),
        "h": random.choice((4, 5, 7)),
        "w": random.choice((4, 5, 7)) if level == 3 else 0,
        "classes": random.choice((2, 3, 5, 10) if level < 3 else (10, 20, 100)),
    }


def _wide(f: Facts) -> int:
    return int(f.w or f.h)


GLOBAL_POOLING = Kind(
    name="global-pooling-params",
    lesson="08",
    heading="Global pooling",
    form="number",
    draw=_head,
    ask=lambda f: (
        f"A net ends in {f.c} maps of {f.h}x{_wide(f)}. Each is averaged to one "
        f"number; then comes a dense layer for {f.classes} classes. How many "
        "parameters does that layer have?",
    ),
    right=lambda f: sum(
        p.numel()
        for p in nn.Linear(
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())(
                torch.empty(1, f.c, f.h, _wide(f), device="meta")
            ).shape[1],
            f.classes,
            device="meta",
        ).parameters()
    ),
    again=lambda f: sum(f.c + 1 for _ in range(f.classes)),
    slips=(
        Slip(
            "flattened",
            lambda f: (f.c * f.h * _wide(f) + 1) * f.classes,
            "the maps are flattened",
            "Averaged, each map gives one number.",
        ),
        Slip(
            "bias forgotten",
            lambda f: f.c * f.classes,
            "the biases are left out",
            "Each output has one.",
            of="linear_params",
        ),
        Slip(
            "a bias for each input",
            lambda f: f.c * f.classes + f.c,
            "there is a bias for each input",
            "There is one for each output.",
            of="linear_params",
        ),
        Slip(
            "one bias for the layer",
            lambda f: f.c * f.classes + 1,
            "the layer has one bias",
            "Each of its {classes} outputs has one.",
            of="linear_params",
        ),
        Slip(
            "places averaged over channels",
            lambda f: (f.h * _wide(f) + 1) * f.classes,
            "the channels are averaged at each place",
            "Each map becomes one number, so {c} numbers are left.",
        ),
    ),
    steps=lambda f, answer: (
        f"Each of the {f.c} maps becomes one number, however large it is.",
        f"{f.c}*{f.classes} weights + {f.classes} biases = {answer}",
    ),
)


def _picture(random: Random, level: int) -> dict[str, Any]:
    patch = random.choice((4, 8, 16, 32)) if level > 1 else random.choice((8, 16))
    high = random.choice((2, 3, 4, 5, 6, 7, 8, 10, 12, 14))
    return {
        "p": patch,
        "h": patch * high,
        "w": patch * (high if level == 1 else random.choice((2, 3, 4, 6, 9))),
        "d": random.choice((10, 16, 32, 64, 100)),
        "asks": {1: "patches", 2: "patches", 3: "parameters"}[level],
    }


def _patches(f: Facts) -> int:
    conv = nn.Conv2d(3, f.d, f.p, f.p, device="meta")
    if f.asks == "parameters":
        return sum(parameter.numel() for parameter in conv.parameters())
    out = conv(torch.empty(1, 3, f.h, f.w, device="meta"))
    return int(out.shape[2] * out.shape[3])


def _patches_or(count: Any, parameters: Any) -> Any:
    return lambda f: (parameters if f.asks == "parameters" else count)(f)


PATCHES = Kind(
    name="patches",
    lesson="08",
    heading="A vision transformer begins with a convolution",
    form="number",
    draw=_picture,
    ask=lambda f: (
        f"A colour picture (3 channels) of {f.h}x{f.w} is cut into patches of "
        f"{f.p}x{f.p}, side by side. One convolution makes {f.d} numbers of each "
        "patch. "
        + (
            "How many parameters does it have?"
            if f.asks == "parameters"
            else "How many patches are there?"
        ),
    ),
    right=_patches,
    again=_patches_or(
        lambda f: own_count(f.h, f.p, f.p) * own_count(f.w, f.p, f.p),
        lambda f: arithmetic.linear_params(3 * f.p * f.p, f.d),
    ),
    slips=(
        Slip(
            "patches along one side",
            _patches_or(lambda f: f.h // f.p, lambda f: (3 * f.p + 1) * f.d),
            "one side is used for the area",
            "A patch has rows and columns, and so has the picture.",
        ),
        Slip(
            "both sides added",
            _patches_or(lambda f: f.h // f.p + f.w // f.p, lambda f: None),
            "rows and columns are added",
            "Each row of patches has all columns: multiply.",
        ),
        Slip(
            "stride ignored",
            _patches_or(lambda f: (f.h - f.p + 1) * (f.w - f.p + 1), lambda f: None),
            "the window moves on by one pixel",
            "Patches lie side by side: the stride is {p}.",
            of="output_size",
        ),
        Slip(
            "C_in forgotten",
            _patches_or(lambda f: None, lambda f: (f.p * f.p + 1) * f.d),
            "a kernel has one slice only",
            "A colour picture has 3 channels.",
            of="conv_params",
        ),
        Slip(
            "channels counted as patches",
            _patches_or(lambda f: 3 * f.h * f.w // f.p // f.p, lambda f: None),
            "each channel has patches of its own",
            "A patch holds all 3 channels.",
        ),
        Slip(
            "bias forgotten",
            _patches_or(lambda f: None, lambda f: 3 * f.p * f.p * f.d),
            "the biases are left out",
            "Each kernel has one.",
            of="conv_params",
        ),
        Slip(
            "a matrix for each patch",
            _patches_or(
                lambda f: None,
                lambda f: (3 * f.p * f.p + 1) * f.d * (f.h // f.p) * (f.w // f.p),
            ),
            "each patch has weights of its own",
            "All patches share the same kernels.",
        ),
    ),
    steps=lambda f, answer: _patch_steps(f, answer),
)


def _patch_steps(f: Facts, answer: str) -> tuple[str, ...]:
    if f.asks == "parameters":
        return (
            f"A patch holds 3*{f.p}*{f.p} = {3 * f.p * f.p:,} numbers: so many weights "
            "has a kernel, and a bias.",
            f"({3 * f.p * f.p:,} + 1)*{f.d} = {answer}",
        )
    return (
        f"Down: {f.h}/{f.p} = {f.h // f.p}. Across: {f.w}/{f.p} = {f.w // f.p}.",
        f"{f.h // f.p}*{f.w // f.p} = {answer}",
    )


KINDS = (BOTTLENECK, INCEPTION, SEPARABLE, GLOBAL_POOLING, PATCHES)
