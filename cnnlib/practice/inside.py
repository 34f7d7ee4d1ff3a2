"""Items of lesson 07: looking inside a net."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
from torch import nn

from .compute import flat, own_count, plain, signed, some_grid
from .items import Show, grid, shown, table
from .kind import Facts, Kind, Slip

# ---- how far a unit sees ----------------------------------------------------------


def _unit(random: Random, level: int) -> dict[str, Any]:
    layers = [[random.choice((3, 5)), 1, random.choice((0, 1))], [2, 2, 0]]
    if level > 1:
        layers.append([3, 1, random.choice((0, 1))])
    if level == 3:
        layers.append([2, 2, 0])
    return {"layers": layers, "unit": random.randint(2, 6)}


def _span(f: Facts, use_padding: bool = True, unit: int | None = None) -> list[int]:
    """Walk from a unit back to the input: its first and its last row."""
    first = last = f.unit if unit is None else unit
    for kernel, stride, padding in reversed(f.layers):
        around = padding if use_padding else 0
        first = first * stride - around
        last = last * stride - around + kernel - 1
    return [first, last]


def _forward(f: Facts) -> tuple[int, int, int]:
    """Go from the input on: the start, the field and the jump behind all layers."""
    start, field, jump = 0, 1, 1
    for kernel, stride, padding in f.layers:
        start -= padding * jump
        field += (kernel - 1) * jump
        jump *= stride
    return start, field, jump


def _by_gradient(f: Facts) -> list[int]:
    """Ask the gradient which rows change the unit; all weights are 1."""
    net = nn.Sequential()
    for kernel, stride, padding in f.layers:
        conv = nn.Conv2d(1, 1, (kernel, 1), stride=(stride, 1), padding=(padding, 0))
        nn.init.ones_(conv.weight)
        net.append(conv)
    x = torch.zeros(1, 1, 90, 1, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(x)[0, 0, f.unit, 0], x)
    rows = gradient.flatten().nonzero().flatten()
    return [int(rows[0]), int(rows[-1])]


def _inside_facts(random: Random, level: int) -> dict[str, Any]:
    """Draw a unit that sees no padding."""
    while True:
        given = _unit(random, level)
        if _span(Facts(**given))[0] >= 0:
            return given


SEEN = Kind(
    name="rows-seen",
    lesson="07",
    heading="How far a unit sees",
    form="row",
    draw=_inside_facts,
    ask=lambda f: (
        f"Rows count from 0. Which rows of the image does the unit in row {f.unit} "
        "behind these layers see? Give the first and the last.",
        table(
            "the layers",
            ("window", "stride", "padding"),
            [(f"{k}x{k}", s, p) for k, s, p in f.layers],
        ),
    ),
    right=_by_gradient,
    again=lambda f: [
        _forward(f)[0] + f.unit * _forward(f)[2],
        _forward(f)[0] + f.unit * _forward(f)[2] + _forward(f)[1] - 1,
    ],
    slips=(
        Slip(
            "padding ignored",
            lambda f: _span(f, use_padding=False),
            "the padding is left out",
            "It moves the first window out of the image.",
            of="output_size",
        ),
        Slip(
            "unit counted from 1",
            lambda f: _span(f, unit=f.unit - 1),
            "the unit is counted from 1",
            "The first unit has the index 0.",
        ),
        Slip(
            "one row too many",
            lambda f: [_span(f)[0], _span(f)[1] + 1],
            "one row is counted too many",
            "From a to b there are b - a + 1 rows.",
        ),
        Slip(
            "centred on its own index",
            lambda f: [
                f.unit - _forward(f)[1] // 2,
                f.unit - _forward(f)[1] // 2 + _forward(f)[1] - 1,
            ],
            "the unit is taken to lie over the row of its own number",
            "Behind strides a unit lies further down in the image: use the jump.",
        ),
        Slip(
            "stride ignored",
            lambda f: [
                f.unit - sum(p for _, _, p in f.layers),
                f.unit
                - sum(p for _, _, p in f.layers)
                + sum(k - 1 for k, _, _ in f.layers),
            ],
            "the strides are left out",
            "Each stride multiplies the jump.",
            of="receptive_field",
        ),
    ),
    steps=lambda f, answer: (
        f"Unit 0 starts at row {_forward(f)[0]}; each further unit {_forward(f)[2]} "
        "rows later.",
        f"Unit {f.unit} starts at {_forward(f)[0]} + {f.unit}*{_forward(f)[2]} = "
        f"{_span(f)[0]} and sees {_forward(f)[1]} rows.",
        f"The rows from first to last: {answer}.",
    ),
)


def _paths_facts(random: Random, level: int) -> dict[str, Any]:
    if level == 1:
        kernels = random.choices((2, 3, 4, 5), k=2)
    elif level == 2:
        kernels = random.choices((2, 3), k=3)
    else:
        kernels = random.choice(
            ([3, 3, 3], [5, 3, 2], [2, 2, 2, 3], [5, 5, 2], [3, 3, 5])
        )
    wide = sum(kernels) - len(kernels) + 1
    return {"kernels": list(kernels), "pixel": random.randrange(wide)}


def _paths(kernels: list[int]) -> list[int]:
    """Count the paths by adding up: each layer is a window of ones."""
    counts = [1]
    for kernel in kernels:
        longer = [0] * (len(counts) + kernel - 1)
        for place, many in enumerate(counts):
            for step in range(kernel):
                longer[place + step] += many
        counts = longer
    return counts


def _path_gradient(f: Facts) -> int:
    """Ask autograd: with all weights 1 the gradient counts the paths."""
    counts = _paths(f.kernels)
    x = torch.zeros(1, 1, len(counts), dtype=torch.float64, requires_grad=True)
    out = x
    for kernel in f.kernels:
        out = torch.conv1d(out, torch.ones(1, 1, kernel, dtype=torch.float64))
    (gradient,) = torch.autograd.grad(out.sum(), x)
    return round(float(gradient[0, 0, f.pixel]))


PATHS = Kind(
    name="paths-to-a-unit",
    lesson="07",
    heading="What the gradient says",
    form="number",
    draw=_paths_facts,
    ask=lambda f: (
        f"In one dimension, a unit lies behind layers with the windows "
        f"{shown(f.kernels, 'row')}, all with stride 1. By how many paths does pixel "
        f"{f.pixel} of its receptive field reach it? Count from 0.",
    ),
    right=_path_gradient,
    again=lambda f: _paths(f.kernels)[f.pixel],
    slips=(
        Slip(
            "every pixel alike",
            lambda f: 1,
            "every pixel has one path",
            "More paths lead through the middle.",
        ),
        Slip(
            "all pixels together",
            lambda f: sum(_paths(f.kernels)),
            "the paths of all pixels are counted",
            "Asked for is one pixel.",
        ),
        Slip(
            "counted from 1",
            lambda f: _paths(f.kernels)[f.pixel - 1] if f.pixel else None,
            "the pixels are counted from 1",
            "The first pixel has the index 0.",
        ),
        Slip(
            "the middle",
            lambda f: max(_paths(f.kernels)),
            "the paths of a pixel in the middle are counted",
            "Further out there are fewer.",
        ),
        Slip(
            "the last layer left out",
            lambda f: (
                _paths(f.kernels[:-1])[f.pixel]
                if f.pixel < len(_paths(f.kernels[:-1]))
                else None
            ),
            "the last layer is left out",
            "Each layer spreads the paths once more.",
        ),
    ),
    steps=lambda f, answer: (
        "Each layer is a window of ones; combine them by full convolution.",
        f"Paths from first to last pixel: {shown(_paths(f.kernels), 'row')}.",
        f"Pixel {f.pixel} has {answer}.",
    ),
)

# ---- maps -------------------------------------------------------------------------


def _hook(random: Random, level: int) -> dict[str, Any]:
    return {
        "n": random.choice((1, 4, 8)) if level > 1 else 1,
        "side": random.choice((20, 24, 28, 32)),
        "c1": random.choice((4, 6, 8)),
        "c2": random.choice((12, 16, 20)),
        "k": random.choice((3, 5)),
        "same": level > 1 and random.random() < 0.5,
        "asked": random.choice(_LAYERS[1:3] if level == 1 else _LAYERS[1:]),
    }


def _recorded(f: Facts) -> dict[str, tuple[int, ...]]:
    """Hang a hook on each layer, run the net once, and return the shapes."""
    p = (f.k - 1) // 2 if f.same else 0
    net = nn.Sequential()
    with torch.device("meta"):
        net.add_module("conv1", nn.Conv2d(1, f.c1, f.k, padding=p))
        net.add_module("pool1", nn.MaxPool2d(2))
        net.add_module("conv2", nn.Conv2d(f.c1, f.c2, f.k, padding=p))
        net.add_module("pool2", nn.MaxPool2d(2))
        shapes = {}
        for name, layer in net.named_children():
            layer.register_forward_hook(
                lambda _layer, _inputs, out, name=name: shapes.update(
                    {name: tuple(out.shape)}
                )
            )
        net(torch.empty(f.n, 1, f.side, f.side))
    return shapes


def _shape(f: Facts, *, conv: Any = None, pool: Any = None, name: str = "") -> Any:
    """Work the shape out by hand, with something done otherwise."""
    p = (f.k - 1) // 2 if f.same else 0
    conv = conv or (lambda n: own_count(n, f.k, 1, p))
    pool = pool or (lambda n: n // 2)
    n, c = f.side, 1
    for layer, channels in (("conv1", f.c1), ("pool1", 0), ("conv2", f.c2),
                            ("pool2", 0)):  # fmt: skip
        n, c = (conv(n), channels) if channels else (pool(n), c)
        if layer == (name or f.asked):
            break
    return (f.n, c, n, n)


_LAYERS = ("conv1", "pool1", "conv2", "pool2")
_BEFORE = {"pool1": "conv1", "conv2": "pool1", "pool2": "conv2"}

HOOK = Kind(
    name="hook-shape",
    lesson="07",
    heading="One digit through every layer",
    form="shape",
    draw=_hook,
    ask=lambda f: (
        f"A batch of the shape ({f.n}, 1, {f.side}, {f.side}) runs through this net. "
        f"What shape does a forward hook on `{f.asked}` record?",
        table(
            "the net",
            ("name", "layer"),
            [
                ("conv1", f"Conv2d(1, {f.c1}, {f.k}{_same(f)})"),
                ("pool1", "MaxPool2d(2)"),
                ("conv2", f"Conv2d({f.c1}, {f.c2}, {f.k}{_same(f)})"),
                ("pool2", "MaxPool2d(2)"),
            ],
        ),
    ),
    right=lambda f: _recorded(f)[f.asked],
    again=lambda f: _shape(f),
    slips=(
        Slip(
            "input for output",
            lambda f: _shape(f, name=_BEFORE[f.asked]),
            "what goes into the layer is recorded",
            "The hook is given the output, too, and that is what we keep.",
            of="feature_maps",
        ),
        Slip(
            "pooling leaves the size",
            lambda f: _shape(f, pool=lambda n: n),
            "a pooling leaves the size as it is",
            "It halves height and width.",
            of="layer_table",
        ),
        Slip(
            "padding ignored",
            lambda f: _shape(f, conv=lambda n: n - f.k + 1) if f.same else None,
            "the padding is left out",
            'With `padding="same"` a convolution keeps the size.',
            of="output_size",
        ),
        Slip(
            "as large as the images",
            lambda f: _shape(f, conv=lambda n: n) if not f.same else None,
            "a convolution leaves the size as it is",
            "Without padding it takes away k - 1.",
            of="conv2d_channels",
        ),
        Slip(
            "axes of length one gone",
            lambda f: _shape(f)[1:] if f.n == 1 else None,
            "the batch axis is missing",
            "A hook records the whole batch.",
            of="feature_maps",
        ),
        Slip(
            "only the first channel",
            lambda f: (f.n, 1, *_shape(f)[2:]),
            "only one channel is there",
            "All maps of the layer are recorded.",
            of="feature_maps",
        ),
        Slip(
            "only the first image",
            lambda f: (1, *_shape(f)[1:]) if f.n > 1 else None,
            "only one image is there",
            "The whole batch is recorded.",
            of="feature_maps",
        ),
    ),
    steps=lambda f, answer: (
        *(
            f"`{name}`: {shown(_shape(f, name=name)[1:], 'shape')} for each image."
            for name in _LAYERS[: _LAYERS.index(f.asked) + 1]
        ),
        f"With the batch: {answer}.",
    ),
)


def _same(f: Facts) -> str:
    return ', padding="same"' if f.same else ""


# ---- occlusion --------------------------------------------------------------------


def _occlusion(random: Random, level: int) -> dict[str, Any]:
    window = random.choice((3, 4, 5, 6, 7, 8))
    return {
        "h": random.choice((16, 18, 20, 24, 28, 30, 32)),
        "w": random.choice((16, 20, 24, 28)) if level == 3 else 0,
        "window": window,
        "step": window if level == 1 else random.choice((2, 3, 4)),
    }


def _sides(f: Facts) -> tuple[int, int]:
    return f.h, f.w or f.h


WINDOWS = Kind(
    name="occlusion-windows",
    lesson="07",
    heading="Second answer: occlusion",
    form="number",
    draw=_occlusion,
    ask=lambda f: (
        f"An occlusion map covers a {_sides(f)[0]}x{_sides(f)[1]} image with a "
        f"{f.window}x{f.window} window that moves by {f.step} and stays inside. How "
        "many covered copies of the image does the net see?",
    ),
    right=lambda f: int(
        torch.zeros(_sides(f))
        .unfold(0, f.window, f.step)
        .unfold(1, f.window, f.step)
        .shape[:2]
        .numel()
    ),
    again=lambda f: (
        own_count(_sides(f)[0], f.window, f.step)
        * own_count(_sides(f)[1], f.window, f.step)
    ),
    slips=(
        Slip(
            "one axis only",
            lambda f: own_count(_sides(f)[0], f.window, f.step),
            "only one column of windows is counted",
            "The window moves along both axes: multiply.",
        ),
        Slip(
            "one place too few",
            lambda f: (
                ((_sides(f)[0] - f.window) // f.step)
                * ((_sides(f)[1] - f.window) // f.step)
            ),
            "one place is missing in each direction",
            "The first place of the window counts, too.",
        ),
        Slip(
            "windows side by side",
            lambda f: (_sides(f)[0] // f.window) * (_sides(f)[1] // f.window),
            "the windows lie side by side",
            "The window moves by {step}.",
        ),
        Slip(
            "windows that overlap",
            lambda f: (_sides(f)[0] - f.window + 1) * (_sides(f)[1] - f.window + 1),
            "the window moves by one pixel",
            "It moves by {step}.",
            of="occlusion_map",
        ),
        Slip(
            "input divided by the stride",
            lambda f: (_sides(f)[0] // f.step) * (_sides(f)[1] // f.step),
            "the size of the window is left out",
            "It stays inside the image.",
            of="output_size",
        ),
        Slip(
            "axes added",
            lambda f: (
                own_count(_sides(f)[0], f.window, f.step)
                + own_count(_sides(f)[1], f.window, f.step)
            ),
            "the places of both axes are added",
            "Each row goes with each column: multiply.",
        ),
    ),
    steps=lambda f, answer: (
        f"Down: floor(({_sides(f)[0]} - {f.window})/{f.step}) + 1 = "
        f"{own_count(_sides(f)[0], f.window, f.step)} places. Across: "
        f"{own_count(_sides(f)[1], f.window, f.step)}.",
        f"Multiply: {answer}.",
    ),
)


def _drops(random: Random, level: int) -> dict[str, Any]:
    before = random.choice((0.9, 0.8, 0.95))
    side = 2 if level == 1 else 3
    rows = [
        [round(random.choice(range(10, 100, 5)) / 100, 2) for _ in range(side)]
        for _ in range(side)
    ]
    if level < 3:
        rows = [[min(v, before) for v in row] for row in rows]
    return {"before": before, "rows": rows, "i": random.randrange(side),
            "j": random.randrange(side)}  # fmt: skip


DROP = Kind(
    name="occlusion-drop",
    lesson="07",
    heading="Second answer: occlusion",
    form="number",
    draw=_drops,
    ask=lambda f: (
        f"A net gives an image the probability {f.before}. The grid holds the "
        "probability with each window covered. What is the drop for the window in row "
        f"{f.i}, column {f.j}? Count from 0.",
        grid("with the window covered", f.rows),
    ),
    right=lambda f: plain(f.before - torch.tensor(f.rows, dtype=torch.float64))[f.i][
        f.j
    ],
    again=lambda f: (round(100 * f.before) - round(100 * f.rows[f.i][f.j])) / 100,
    slips=(
        Slip(
            "sign reversed",
            lambda f: round(f.rows[f.i][f.j] - f.before, 4),
            "the sign is turned round",
            "A drop is before minus after.",
            of="occlusion_map",
        ),
        Slip(
            "probability for drop",
            lambda f: f.rows[f.i][f.j],
            "the probability that is left is given",
            "The drop is before minus after.",
            of="occlusion_map",
        ),
        Slip(
            "rows and columns swapped",
            lambda f: round(f.before - f.rows[f.j][f.i], 4),
            "row and column are swapped",
            "The row comes first.",
            of="occlusion_map",
        ),
        Slip(
            "negative drops cut off",
            lambda f: max(0, round(f.before - f.rows[f.i][f.j], 4)),
            "a negative drop is replaced by 0",
            "Covering may raise the probability: the drop is negative then.",
            of="occlusion_map",
        ),
        Slip(
            "measured from 1",
            lambda f: round(1 - f.rows[f.i][f.j], 4),
            "the drop is measured from 1",
            "Before, the probability was {before}.",
        ),
    ),
    steps=lambda f, answer: (
        f"Before: {f.before}. With the window covered: {f.rows[f.i][f.j]}.",
        f"Before minus after: {answer}.",
    ),
)

# ---- Grad-CAM, a dead unit --------------------------------------------------------


def _cam(random: Random, level: int) -> dict[str, Any]:
    channels = 2 if level < 3 else 3
    weights = [random.choice((-2, -1, 1, 2)) for _ in range(channels)]
    gradients = []
    for mean in weights:
        a, b = random.choice(((0, 0), (1, 2), (2, -1), (1, -1)))
        cells = [mean + a, mean - a, mean + b, mean - b]
        if level > 1:
            random.shuffle(cells)
        gradients.append([cells[:2], cells[2:]])
    return {
        "maps": [some_grid(random, 2, 2, 0, 4) for _ in range(channels)],
        "gradients": gradients,
        "i": random.choice((0, 1)),
        "j": random.choice((0, 1)),
    }


def _means(f: Facts) -> list[float]:
    return [plain(sum(flat(g)) / 4) for g in f.gradients]


def _mixed(f: Facts, weights: list[float]) -> Any:
    total = sum(w * m[f.i][f.j] for w, m in zip(weights, f.maps, strict=True))
    return plain(total)


CAM = Kind(
    name="grad-cam-number",
    lesson="07",
    heading="Third answer: Grad-CAM",
    form="number",
    draw=_cam,
    ask=lambda f: (
        f"Grad-CAM of {len(f.maps)} maps. Below stand the maps and the gradient of the "
        f"score for each of their numbers. What is its number in row {f.i}, column "
        f"{f.j}?",
        *(grid(f"map {c}", rows) for c, rows in enumerate(f.maps)),
        *(grid(f"gradient {c}", rows) for c, rows in enumerate(f.gradients)),
    ),
    right=lambda f: _grad_cam(f),
    again=lambda f: max(_mixed(f, _means(f)), 0),
    slips=(
        Slip(
            "not cut off",
            lambda f: _mixed(f, _means(f)),
            "a negative number is kept",
            "Grad-CAM keeps only what is positive.",
        ),
        Slip(
            "sum for mean",
            lambda f: max(_mixed(f, [4 * w for w in _means(f)]), 0),
            "the gradients are added, and no mean is taken",
            "A channel's weight is the mean of its gradient.",
            of="global_avg_pool",
        ),
        Slip(
            "weight of the place",
            lambda f: max(_mixed(f, [g[f.i][f.j] for g in f.gradients]), 0),
            "the gradient of this place is used alone",
            "A channel's weight is the mean over all places.",
        ),
        Slip(
            "maps added without weights",
            lambda f: sum(m[f.i][f.j] for m in f.maps),
            "the maps are added without weights",
            "Each map is multiplied by the mean of its gradient.",
        ),
        Slip(
            "only the first channel",
            lambda f: max(plain(_means(f)[0] * f.maps[0][f.i][f.j]), 0),
            "only the first map is used",
            "All maps are added.",
            of="feature_maps",
        ),
        Slip(
            "signs of the weights lost",
            lambda f: _mixed(f, [abs(w) for w in _means(f)]),
            "the minus signs of the weights are left out",
            "A channel may speak against the class.",
        ),
    ),
    steps=lambda f, answer: (
        f"The means of the gradients: {shown(_means(f), 'row')}.",
        "At this place: "
        + " + ".join(
            f"{signed(w)}*{m[f.i][f.j]}" for w, m in zip(_means(f), f.maps, strict=True)
        )
        + f" = {_mixed(f, _means(f))}.",
        f"Keep what is positive, make 0 of the rest: {answer}.",
    ),
)


def _grad_cam(f: Facts) -> Any:
    """Do the four steps of the lesson; the score is the maps times their gradients."""
    a = torch.tensor([f.maps], dtype=torch.float64, requires_grad=True)
    score = (a * torch.tensor([f.gradients], dtype=torch.float64)).sum()
    (gradient,) = torch.autograd.grad(score, a)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return plain((weights * a).sum(dim=1).relu()[0].detach())[f.i][f.j]


def _channel(random: Random, level: int) -> dict[str, Any]:
    side = 2 if level == 1 else 3
    rows = some_grid(random, side, side, -2, 2)
    return {"kernel": rows, "bias": random.choice((-8, -6, -5, -4, -3, -2, 1))}


DEAD = Kind(
    name="largest-answer",
    lesson="07",
    heading="Dead on purpose",
    form="number",
    draw=_channel,
    ask=lambda f: (
        f"Pixels lie between 0 and 1. What is the largest number that this kernel with "
        f"the bias {f.bias} can give to any image, before the ReLU?",
        grid("kernel", f.kernel),
    ),
    right=lambda f: int(
        torch.tensor(f.kernel).clamp(min=0).sum() + torch.tensor(f.bias)
    ),
    again=lambda f: _best(f),
    slips=(
        Slip(
            "all weights added",
            lambda f: sum(flat(f.kernel)) + f.bias,
            "the negative weights are added, too",
            "Where a weight is negative, the best pixel is 0.",
        ),
        Slip(
            "bias forgotten",
            lambda f: sum(w for w in flat(f.kernel) if w > 0),
            "the bias is forgotten",
            "It is added once, after the sum.",
            of="correlate2d",
        ),
        Slip(
            "signs not seen",
            lambda f: sum(map(abs, flat(f.kernel))) + f.bias,
            "the minus signs are left out",
            "No pixel is negative, so a negative weight cannot help.",
        ),
        Slip(
            "largest weight alone",
            lambda f: max(flat(f.kernel)) + f.bias,
            "only the largest weight is used",
            "All pixels under positive weights can be 1.",
        ),
        Slip(
            "negative responses cut off",
            lambda f: max(0, sum(w for w in flat(f.kernel) if w > 0) + f.bias),
            "a negative number is replaced by 0",
            "That is the ReLU, which comes later.",
            of="conv2d_channels",
        ),
    ),
    steps=lambda f, answer: (
        "The best image has 1 under each positive weight and 0 elsewhere.",
        f"The positive weights add up to {sum(w for w in flat(f.kernel) if w > 0)}.",
        f"Add the bias {f.bias}: {answer}"
        + (". The channel is dead." if _best(f) <= 0 else "."),
    ),
    show=lambda f: Show(
        "step_conv",
        {
            "image": [[int(w > 0) for w in row] for row in f.kernel],
            "kernel": f.kernel,
            "bias": f.bias,
        },
        (0, 0),
    ),
)


def _best(f: Facts) -> int:
    """Try every image of zeros and ones, cell by cell: each cell stands for itself."""
    best = f.bias
    for weight in flat(f.kernel):
        best += max(pixel * weight for pixel in (0, 1))
    return int(best)


KINDS = (SEEN, PATHS, HOOK, WINDOWS, DROP, CAM, DEAD)
