"""Items of lesson 06: LeNet, AlexNet, VGG, transfer learning."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from random import Random
from typing import Any

import torch
from torch import nn

from cnnlib import arithmetic

from .compute import own_count
from .items import code, table
from .kind import Facts, Kind, Slip

# ---- LeNet ------------------------------------------------------------------------


def _lenet(random: Random, level: int) -> dict[str, Any]:
    n = random.randrange(20, 61, 4) if level < 3 else random.randrange(28, 65, 2)
    asked = random.choice({1: (1, 2), 2: (2, 3), 3: (3, 4)}[level])
    padded = level == 3 and random.random() < 0.5
    return {"n": n, "asked": asked, "p": 2 if padded else 0,
            "maps": random.choice((6, 8, 10))}  # fmt: skip


_ROWS = ("C1", "S2", "C3", "S4")


def _heights(f: Facts, conv: Any = None, pool: Any = None) -> list[int]:
    """Return the heights after each of the four layers."""
    conv = conv or (lambda n, p: n + 2 * p - 4)
    pool = pool or (lambda n: n // 2)
    first = conv(f.n, f.p)
    second = pool(first)
    third = conv(second, 0)
    return [first, second, third, pool(third)]


def _lenet_net(f: Facts) -> list[nn.Module]:
    return [
        nn.Conv2d(1, f.maps, 5, padding=f.p, device="meta"),
        nn.AvgPool2d(2),
        nn.Conv2d(f.maps, 16, 5, device="meta"),
        nn.AvgPool2d(2),
    ]


LENET = Kind(
    name="lenet-size",
    lesson="06",
    heading="LeNet-5 (1998)",
    form="number",
    draw=_lenet,
    ask=lambda f: (
        f"A net in the manner of LeNet gets pictures of {f.n}x{f.n}. How high are the "
        f"maps behind {_ROWS[f.asked - 1]}?",
        table(
            "the layers",
            ("layer", "window", "stride", "padding", "maps"),
            [
                ("C1 convolution", "5x5", 1, f.p, f.maps),
                ("S2 average pooling", "2x2", 2, 0, f.maps),
                ("C3 convolution", "5x5", 1, 0, 16),
                ("S4 average pooling", "2x2", 2, 0, 16),
            ],
        ),
    ),
    right=lambda f: int(
        nn.Sequential(*_lenet_net(f)[: f.asked])(
            torch.empty(1, 1, f.n, f.n, device="meta")
        ).shape[-1]
    ),
    again=lambda f: _counted(f),
    slips=(
        Slip(
            "pooling with stride 1",
            lambda f: _heights(f, pool=lambda n: n - 1)[f.asked - 1],
            "the pooling moves on by one cell",
            "Its stride is 2.",
            of="lenet5",
        ),
        Slip(
            "one too small",
            lambda f: _heights(f, conv=lambda n, p: n + 2 * p - 5)[f.asked - 1],
            "a convolution takes away 5, not 4",
            "The first place of the window counts, too.",
            of="layer_table",
        ),
        Slip(
            "the wrong 5x5 pooling row",
            lambda f: _heights(f, pool=lambda n: n - 4)[f.asked - 1],
            "the window of the pooling is taken to be 5x5 with stride 1",
            "It is 2x2 with stride 2.",
            of="lenet5",
        ),
        Slip(
            "input size for output size",
            lambda f: _heights(f, conv=lambda n, p: n)[f.asked - 1],
            "a convolution leaves the size as it is",
            "Without padding it takes away 4.",
            of="layer_table",
        ),
        Slip(
            "one layer too early",
            lambda f: _heights(f)[f.asked - 2] if f.asked > 1 else f.n,
            "the size before the layer is given",
            "Asked for is the size behind it.",
        ),
        Slip(
            "padding on one side only",
            lambda f: (
                _heights(f, conv=lambda n, p: n + p - 4)[f.asked - 1] if f.p else None
            ),
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="output_size",
        ),
    ),
    steps=lambda f, answer: (
        *(
            f"{name}: {height}."
            for name, height in zip(_ROWS[: f.asked], _heights(f), strict=False)
        ),
        f"So the maps are {answer} high.",
    ),
)


def _counted(f: Facts) -> int:
    n = f.n
    for number in range(f.asked):
        n = (
            own_count(n, 2, 2)
            if number % 2
            else own_count(n, 5, 1, f.p * (number == 0))
        )
    return int(n)


# ---- AlexNet ----------------------------------------------------------------------


def _alexnet(random: Random, level: int) -> dict[str, Any]:
    k, s = (11, 4) if level < 3 else random.choice(((11, 4), (7, 2), (11, 3)))
    p = 0 if level == 1 else random.choice((0, 1, 2))
    return {"n": random.choice((224, 227, *range(191, 260, 3))), "k": k,
            "s": s, "p": p, "pool": level == 3}  # fmt: skip


def _first_layer(f: Facts, conv: Any = None, pool: Any = None) -> Any:
    conv = conv or (lambda: (f.n + 2 * f.p - f.k) // f.s + 1)
    pool = pool or (lambda n: (n - 3) // 2 + 1)
    return pool(conv()) if f.pool else conv()


ALEXNET = Kind(
    name="alexnet-first-layer",
    lesson="06",
    heading="AlexNet (2012)",
    form="number",
    draw=_alexnet,
    ask=lambda f: (
        f"Pictures of {f.n}x{f.n} go through a first layer as in AlexNet: {f.k}x{f.k}, "
        f"stride {f.s}, padding {f.p}"
        + (", then a pooling of 3x3 with stride 2" if f.pool else "")
        + ". How high are the maps?",
    ),
    right=lambda f: int(
        nn.Sequential(
            nn.Conv2d(3, 96, f.k, f.s, f.p, device="meta"),
            *([nn.MaxPool2d(3, 2)] if f.pool else []),
        )(torch.empty(1, 3, f.n, f.n, device="meta")).shape[-1]
    ),
    again=lambda f: (
        own_count(own_count(f.n, f.k, f.s, f.p), 3, 2)
        if f.pool
        else own_count(f.n, f.k, f.s, f.p)
    ),
    slips=(
        Slip(
            "ceil for floor",
            lambda f: _first_layer(f, lambda: ceil((f.n + 2 * f.p - f.k) / f.s) + 1),
            "the division is rounded up",
            "A window that does not fit wholly is left out.",
            of="alexnet_sizes",
        ),
        Slip(
            "off by one",
            lambda f: _first_layer(f, lambda: (f.n + 2 * f.p - f.k) // f.s),
            "the + 1 is missing",
            "The first place of the window counts, too.",
            of="alexnet_sizes",
        ),
        Slip(
            "padding on one side",
            lambda f: _first_layer(f, lambda: (f.n + f.p - f.k) // f.s + 1),
            "the padding is counted on one side only",
            "It lies on both sides, so it counts twice.",
            of="alexnet_sizes",
        ),
        Slip(
            "input divided by the stride",
            lambda f: _first_layer(f, lambda: f.n // f.s),
            "the picture is only divided by the stride",
            "The kernel takes something away first.",
            of="output_size",
        ),
        Slip(
            "pooling by its own size",
            lambda f: _first_layer(f, pool=lambda n: n // 3) if f.pool else None,
            "the pooling moves on by its own window",
            "Here its stride is 2: the windows overlap.",
            of="alexnet_sizes",
        ),
        Slip(
            "not rounded",
            lambda f: round((f.n + 2 * f.p - f.k) / f.s + 1, 2) if not f.pool else None,
            "the division is not rounded",
            "There are only whole windows, so round down.",
            of="alexnet_sizes",
        ),
    ),
    steps=lambda f, answer: (
        f"({f.n} + 2*{f.p} - {f.k})/{f.s} = {(f.n + 2 * f.p - f.k) / f.s:g}; round it "
        f"down and add 1: {(f.n + 2 * f.p - f.k) // f.s + 1}.",
        *(("The pooling: floor((n - 3)/2) + 1.",) if f.pool else ()),
        f"The maps are {answer} high.",
    ),
)


def _towers(random: Random, level: int) -> dict[str, Any]:
    groups = 2 if level < 3 else random.choice((2, 4))
    return {
        "cin": groups * random.choice((2, 4, 6, 8)),
        "cout": groups * random.choice((2, 3, 5, 10)),
        "k": random.choice((3, 5)) if level > 1 else 3,
        "groups": groups,
    }


GROUPS = Kind(
    name="grouped-params",
    lesson="06",
    heading="The two towers",
    form="number",
    draw=_towers,
    ask=lambda f: (
        "How many parameters has this layer?",
        code(f"nn.Conv2d({f.cin}, {f.cout}, kernel_size={f.k}, groups={f.groups})"),
    ),
    right=lambda f: sum(
        p.numel()
        for p in nn.Conv2d(
            f.cin, f.cout, f.k, groups=f.groups, device="meta"
        ).parameters()
    ),
    again=lambda f: sum(f.k * f.k * (f.cin // f.groups) + 1 for _ in range(f.cout)),
    slips=(
        Slip(
            "groups ignored",
            lambda f: (f.k * f.k * f.cin + 1) * f.cout,
            "the groups are left out",
            "A kernel sees only the channels of its own group.",
            of="conv_params",
        ),
        Slip(
            "groups divide the biases, too",
            lambda f: (f.k * f.k * f.cin + 1) * f.cout // f.groups,
            "the biases are divided, too",
            "Each kernel keeps its bias.",
            of="conv_params",
        ),
        Slip(
            "groups divide the channels twice",
            lambda f: (f.k * f.k * f.cin // f.groups + 1) * (f.cout // f.groups),
            "only one of the groups is counted",
            "There are {cout} kernels in all.",
            of="conv_params",
        ),
        Slip(
            "bias forgotten",
            lambda f: f.k * f.k * f.cin // f.groups * f.cout,
            "the biases are forgotten",
            "Each kernel has one.",
            of="conv_params",
        ),
        Slip(
            "groups multiply",
            lambda f: f.k * f.k * f.cin * f.cout * f.groups + f.cout,
            "the weights are multiplied by the groups",
            "A kernel sees fewer channels, so there are fewer weights.",
            of="conv_params",
        ),
    ),
    steps=lambda f, answer: (
        f"A kernel sees {f.cin}/{f.groups} = {f.cin // f.groups} channels: "
        f"{f.k * f.k * f.cin // f.groups} weights and a bias.",
        f"({f.k * f.k * f.cin // f.groups} + 1)*{f.cout} = {answer}",
    ),
)

# ---- VGG --------------------------------------------------------------------------


def _blocks(random: Random, level: int) -> dict[str, Any]:
    return {
        "n": random.choice((32, 64, 96) if level == 1 else (96, 160, 192, 224)),
        "first": random.choice((8, 16, 32, 64)),
        "blocks": random.choice((2, 3) if level == 1 else (3, 4, 5)),
        "most": 512 if level < 3 else random.choice((64, 128, 256)),
    }


def _vgg(f: Facts, n: Any = None, channels: Any = None) -> tuple[int, int, int]:
    """Return the shape behind the blocks."""
    side = n if n is not None else f.n // 2**f.blocks
    wide = channels if channels is not None else min(
        f.first * 2 ** (f.blocks - 1), f.most
    )  # fmt: skip
    return int(wide), int(side), int(side)


VGG = Kind(
    name="vgg-blocks",
    lesson="06",
    heading="Blocks",
    form="shape",
    draw=_blocks,
    ask=lambda f: (
        f"A picture of the shape (3, {f.n}, {f.n}) goes through {f.blocks} blocks. "
        "Each has 3x3 convolutions with padding 1 and ends in a 2x2 pooling. The first "
        f"block has {f.first} channels; from block to block they double, up to "
        f"{f.most}. What shape comes out?",
    ),
    right=lambda f: _built(f),
    again=lambda f: _vgg(f),
    slips=(
        Slip(
            "padding forgotten",
            lambda f: _vgg(f, n=_unpadded(f)),
            "each convolution takes two pixels away",
            "With padding 1 it keeps the size.",
            of="vgg_block",
        ),
        Slip(
            "pooling left out",
            lambda f: _vgg(f, n=f.n),
            "the poolings are left out",
            "Each block halves height and width.",
            of="vgg_block",
        ),
        Slip(
            "channels doubled once more",
            lambda f: _vgg(f, channels=min(f.first * 2**f.blocks, f.most)),
            "the channels double in the first block, too",
            "The first block has {first}.",
        ),
        Slip(
            "no limit to the channels",
            lambda f: _vgg(f, channels=f.first * 2 ** (f.blocks - 1)),
            "the channels double without a limit",
            "They go up to {most}.",
        ),
        Slip(
            "one pooling only",
            lambda f: _vgg(f, n=f.n // 2),
            "only one pooling is counted",
            "Each block ends in one.",
        ),
        Slip(
            "halved for each convolution",
            lambda f: _vgg(f, n=f.n // 4**f.blocks) if f.n >= 4**f.blocks else None,
            "each pooling divides by 4",
            "It halves the height and it halves the width.",
        ),
    ),
    steps=lambda f, answer: (
        f"The height is halved {f.blocks} times: {f.n} / {2**f.blocks} = "
        f"{f.n // 2**f.blocks}.",
        f"The channels: {', '.join(map(str, _channels(f)[1:]))}.",
        f"The shape is {answer}.",
    ),
)


def _channels(f: Facts) -> list[int]:
    return [3, *(min(f.first * 2**b, f.most) for b in range(f.blocks))]


def _built(f: Facts) -> tuple[int, ...]:
    layers: list[nn.Module] = []
    for a, b in pairwise(_channels(f)):
        layers += [nn.Conv2d(a, b, 3, padding=1, device="meta"), nn.MaxPool2d(2)]
    out = nn.Sequential(*layers)(torch.empty(1, 3, f.n, f.n, device="meta"))
    return tuple(out.shape[1:])


def _unpadded(f: Facts) -> int:
    n = f.n
    for _ in range(f.blocks):
        n = (n - 2) // 2
    return int(n)


def _stacks(random: Random, level: int) -> dict[str, Any]:
    layers = 2 if level == 1 else random.choice((2, 3))
    return {
        "c": random.randint(2, 20)
        if level == 1
        else random.choice((*range(3, 33), 64)),
        "layers": layers,
        "large": 2 * layers + 1,
        "single": level > 1 and random.random() < 0.4,
    }


STACK = Kind(
    name="stack-or-single",
    lesson="06",
    heading="VGG (2014)",
    form="number",
    draw=_stacks,
    ask=lambda f: (
        (
            f"One {f.large}x{f.large} layer sees as far as {f.layers} layers of 3x3. "
            "How many weights has this single layer"
            if f.single
            else f"{f.layers} layers of 3x3, one behind the other, see as far as one "
            f"{f.large}x{f.large} layer. How many weights have these {f.layers} layers"
        )
        + f" with {f.c} channels in and out, without biases?",
    ),
    right=lambda f: int(
        arithmetic.conv_params(f.c, f.c, f.large, bias=False)
        if f.single
        else f.layers * arithmetic.conv_params(f.c, f.c, 3, bias=False)
    ),
    again=lambda f: sum(
        nn.Conv2d(f.c, f.c, k, bias=False, device="meta").weight.numel()
        for k in ([f.large] if f.single else [3] * f.layers)
    ),
    slips=(
        Slip(
            "the two swapped",
            lambda f: f.layers * 9 * f.c * f.c if f.single else f.large**2 * f.c * f.c,
            "the other one of the two is counted",
            "Two are compared, and one of them is asked for.",
            of="stack_or_single",
        ),
        Slip(
            "one 3x3 only",
            lambda f: 9 * f.c * f.c,
            "a single 3x3 layer is counted",
            "Look again at what is asked for.",
            of="stack_or_single",
        ),
        Slip(
            "C_in forgotten",
            lambda f: (f.large**2 if f.single else 9 * f.layers) * f.c,
            "a kernel has one slice only",
            "It has one for each of the {c} channels that go in.",
            of="stack_or_single",
        ),
        Slip(
            "bias counted",
            lambda f: (
                f.large**2 * f.c * f.c + f.c
                if f.single
                else f.layers * (9 * f.c * f.c + f.c)
            ),
            "biases are counted",
            "There are none here.",
            of="stack_or_single",
        ),
        Slip(
            "side for area",
            lambda f: (f.large if f.single else 3 * f.layers) * f.c * f.c,
            "the side of the kernel is used for its area",
            "A slice of k x k has k*k weights.",
            of="stack_or_single",
        ),
        Slip(
            "the difference",
            lambda f: abs(f.large**2 - 9 * f.layers) * f.c * f.c,
            "the difference of the two is given",
            "One of the two is asked for.",
            of="stack_or_single",
        ),
    ),
    steps=lambda f, answer: (
        f"One layer of k x k has k*k*{f.c}*{f.c} weights.",
        (
            f"{f.large}*{f.large}*{f.c}*{f.c} = {answer}"
            if f.single
            else f"{f.layers}*3*3*{f.c}*{f.c} = {answer}"
        ),
    ),
)

# ---- transfer ---------------------------------------------------------------------


def _frozen_facts(random: Random, level: int) -> dict[str, Any]:
    return {
        "c": random.choice((4, 5, 8, 10, 16)),
        "side": random.choice((1, 2, 3, 4, 5)),
        "classes": random.choice((2, 5, 10, 20) if level > 1 else (2, 3, 5)),
        "hidden": random.choice((10, 20, 50)) if level == 3 else 0,
    }


def _flat(f: Facts) -> int:
    """Return how many numbers are flattened."""
    return int(f.c * f.side * f.side)


def _trainable(f: Facts) -> int:
    """Freeze all of a net, give it a new last layer, and count what may learn."""
    with torch.device("meta"):
        head: list[nn.Module] = [nn.Linear(_flat(f), 100)]
        if f.hidden:
            head = [nn.Linear(_flat(f), f.hidden), nn.ReLU(), nn.Linear(f.hidden, 100)]
        net = nn.Sequential(
            nn.Conv2d(3, f.c, 3),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(f.side),
            nn.Flatten(),
            *head,
        )
        net.requires_grad_(False)
        net[-1] = nn.Linear(f.hidden or _flat(f), f.classes)
    return sum(p.numel() for p in net.parameters() if p.requires_grad)


FROZEN = Kind(
    name="frozen-params",
    lesson="06",
    heading="Transfer learning",
    form="number",
    draw=_frozen_facts,
    ask=lambda f: (
        "All parameters of this net are frozen. Then its last layer is replaced by a "
        f"new one for {f.classes} classes. How many parameters can learn?",
        code(
            "nn.Sequential(",
            f"    nn.Conv2d(3, {f.c}, 3), nn.ReLU(),",
            f"    nn.AdaptiveAvgPool2d({f.side}), nn.Flatten(),",
            *(
                (
                    f"    nn.Linear({_flat(f)}, {f.hidden}), nn.ReLU(),",
                    f"    nn.Linear({f.hidden}, 100),",
                )
                if f.hidden
                else (f"    nn.Linear({_flat(f)}, 100),",)
            ),
            ")",
        ),
    ),
    right=_trainable,
    again=lambda f: sum((f.hidden or _flat(f)) + 1 for _ in range(f.classes)),
    slips=(
        Slip(
            "bias of the last layer frozen",
            lambda f: (f.hidden or _flat(f)) * f.classes,
            "the biases of the new layer are left out",
            "They can learn, too.",
            of="freeze_features",
        ),
        Slip(
            "the old layer kept",
            lambda f: ((f.hidden or _flat(f)) + 1) * 100,
            "the old number of classes is used",
            "The new layer has {classes} outputs.",
        ),
        Slip(
            "everything frozen",
            lambda f: 0,
            "everything is taken to be frozen",
            "The new layer comes after the freezing, and it can learn.",
            of="freeze_features",
        ),
        Slip(
            "all Linear layers train",
            lambda f: (
                (_flat(f) + 1) * f.hidden + (f.hidden + 1) * f.classes
                if f.hidden
                else None
            ),
            "both `Linear` layers are counted",
            "Only the last one is new.",
            of="freeze_features",
        ),
        Slip(
            "nothing frozen",
            lambda f: (
                (27 + 1) * f.c
                + ((f.hidden or _flat(f)) + 1) * f.classes
                + ((_flat(f) + 1) * f.hidden if f.hidden else 0)
            ),
            "the frozen layers are counted, too",
            "What is frozen does not learn.",
            of="freeze_features",
        ),
    ),
    steps=lambda f, answer: (
        "Only the new layer can learn; it comes after the freezing.",
        f"{f.hidden or _flat(f)}*{f.classes} + {f.classes} = {answer}",
    ),
)

KINDS = (LENET, ALEXNET, GROUPS, STACK, VGG, FROZEN)
