"""Write ``docs/summary-vs-torchinfo.md``: both tools on the same nets, and the truth.

``python -m tests.cnnlib.torchinfo_differences`` writes the file again;
a test compares it with what is computed, so no figure in it is typed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
import torchinfo
from torch import nn

from cnnlib import models, summary
from tests.cnnlib.summary_oracles import half_flops

PAGE = Path(__file__).parents[2] / "docs" / "summary-vs-torchinfo.md"


@dataclass
class Case:
    """One net on which the two tools disagree, and why."""

    title: str
    reason: str
    make: Callable[[], nn.Module]
    size: tuple[int, ...]
    dtype: torch.dtype = torch.float32
    work: int | None = None  # where PyTorch's counter cannot see the products
    figures: dict[str, tuple[int, int]] = field(default_factory=dict)

    def measure(self) -> Case:
        """Fill in (parameters, mult-adds) by torchinfo, by cnnlib, and in truth."""
        net = self.make().eval()
        ours = summary(net, self.size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = torchinfo.summary(
                net, (1, *self.size), dtypes=[self.dtype], verbose=0
            )
        work = self.work
        if work is None:
            work = int(half_flops(net, torch.zeros(1, *self.size, dtype=self.dtype)))
        self.figures = {
            "torchinfo": (theirs.total_params, theirs.total_mult_adds),
            "cnnlib": (ours.total_params, ours.total_mult_adds),
            "truth": (sum(p.numel() for p in net.parameters()), work),
        }
        return self


# -- nets ------------------------------------------------------------------------------


class Net(nn.Module):
    """A net whose forward is a function of the net and its input."""

    def __init__(self, forward: Callable[..., torch.Tensor], **parts: object) -> None:
        super().__init__()
        self.steps = forward
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Call the function."""
        return self.steps(self, x)


def _tied() -> nn.Module:
    net = nn.Sequential(nn.Embedding(11, 6), nn.Linear(6, 11))
    net[1].weight = net[0].weight
    return net


def _shared_block() -> nn.Module:
    block = nn.Sequential(nn.Linear(5, 5), nn.ReLU())
    rest = nn.Sequential(block, nn.Linear(5, 5))
    return Net(lambda net, x: net.rest(net.block(x)), block=block, rest=rest)


def _shared_relu() -> nn.Module:
    relu = nn.ReLU()
    blocks = [nn.Sequential(nn.Linear(5, 5), relu) for _ in range(2)]
    return nn.Sequential(*blocks)


def _functions() -> nn.Module:
    def forward(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        x = F.max_pool2d(F.relu(F.conv2d(x, net.weight)), 2)
        return net.fc(x.flatten(1))

    weight = nn.Parameter(torch.rand(4, 1, 3, 3))
    return Net(forward, weight=weight, fc=nn.Linear(4 * 9 * 9, 2))


def _attention() -> nn.Module:
    layer = nn.MultiheadAttention(8, 2, batch_first=True)
    return Net(lambda net, x: net.attend(x, x, x)[0], attend=layer)


def _vit() -> nn.Module:
    import torchvision

    return torchvision.models.vit_b_16()


CASES = [
    Case(
        "Convolution with bias",
        "A bias is added, not multiplied; torchinfo counts it at every position.",
        lambda: nn.Conv2d(3, 100, 3, padding=1),
        (3, 100, 100),
    ),
    Case(
        "Linear layer with bias",
        "The same.",
        lambda: nn.Linear(20_000, 1),
        (20_000,),
    ),
    Case(
        "The 20,087-parameter net",
        "The sum of these three biases.",
        models.plain_cnn,
        (1, 100, 100),
    ),
    Case(
        "Transposed convolution",
        "Each *input* value meets the whole kernel; torchinfo takes the output size.",
        lambda: nn.ConvTranspose2d(16, 8, 2, stride=2),
        (16, 16, 16),
    ),
    Case(
        "Linear layer on a sequence",
        "The weights are used once per position; torchinfo counts one position.",
        lambda: nn.Linear(10, 5, bias=False),
        (7, 10),
    ),
    Case(
        "Batch norm",
        "No matrix product: one scale and one shift per value, as cheap as an "
        "activation. torchinfo counts its parameters once.",
        lambda: nn.BatchNorm2d(8),
        (8, 16, 16),
    ),
    Case(
        "Embedding",
        "Rows are looked up, nothing is multiplied.",
        lambda: nn.Embedding(100, 8),
        (10,),
        torch.long,
    ),
    Case(
        "Weights as a bare nn.Parameter",
        "torchinfo counts layers, not the products that they stand for.",
        lambda: Net(
            lambda net, x: net.fc(x @ net.weight),
            weight=nn.Parameter(torch.rand(5, 4)),
            fc=nn.Linear(4, 6),
        ),
        (5,),
    ),
    Case(
        "F.conv2d, F.relu, F.max_pool2d, flatten",
        "Functions are invisible to torchinfo: no rows, no work.",
        _functions,
        (1, 20, 20),
    ),
    Case(
        "One layer called twice",
        "Only the bias; both count the work twice and the parameters once.",
        lambda: Net(lambda net, x: net.fc(net.fc(x)), fc=nn.Linear(5, 5)),
        (5,),
    ),
    Case(
        "One ReLU shared by two blocks",
        "Biases again; the totals are right, but torchinfo adds rows marked "
        "(recursive) for blocks that were never called twice.",
        _shared_relu,
        (5,),
    ),
    Case(
        "One block used in two places",
        "torchinfo counts the parameters of the block twice.",
        _shared_block,
        (5,),
    ),
    Case(
        "Tied weights (embedding and output layer)",
        "One tensor under two names is one tensor. The work follows the sequence.",
        _tied,
        (4,),
        torch.long,
    ),
    Case(
        "A layer that forward never calls",
        "In the parameters of both; cnnlib says so in a note, torchinfo has no row. "
        "The work differs by a bias.",
        lambda: Net(
            lambda net, x: net.used(x), used=nn.Linear(3, 10), spare=nn.Linear(9, 10)
        ),
        (3,),
    ),
    Case(
        "Weight norm",
        "torchinfo loses the work of a layer whose weight is computed.",
        lambda: nn.Sequential(
            nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3, bias=False))
        ),
        (3, 8, 8),
    ),
    Case(
        "LSTM",
        "Biases again. The truth here is steps times weight matrices, by hand.",
        lambda: nn.LSTM(28, 64, batch_first=True),
        (28, 28),
        work=28 * (4 * 64 * 28 + 4 * 64 * 64),
    ),
    Case(
        "Multi-head attention",
        "torchinfo counts nothing: the weights are used by a function.",
        _attention,
        (5, 8),
    ),
    Case(
        "ViT-B/16",
        "Attention, and linear layers on 197 positions.",
        _vit,
        (3, 224, 224),
    ),
    Case(
        "VGG-16",
        "Biases only.",
        lambda: models.vgg16(),
        (3, 224, 224),
    ),
]

HEAD = """\
# Where `summary` and torchinfo differ

Both print a table of a model. They agree on the shapes of layers, and on the
parameters of most nets. Where their totals differ, this page says why.

Its figures are computed by `python -m tests.cnnlib.torchinfo_differences`, with
torchinfo {version}; a test compares them with this file. Another test compares cnnlib's
figures with the truth: `sum(p.numel())` for parameters, and for multiply-adds half of
`torch.utils.flop_counter`, which sees every convolution and matrix product that PyTorch
runs. torchinfo's figures that differ from the truth are in bold.

The convention of `summary`: weights only (no bias), one image, M = 10^6.

"""

TAIL = """\

## Other differences

- **Size.** `summary(model, (1, 28, 28))` leaves the batch out; torchinfo takes
  `(1, 1, 28, 28)`. Shapes are printed without the batch, too.
- **Rows.** One for each operation that changes the tensor, functions and operators
  included. torchinfo has one for each module, containers included.
- **Formulas, receptive field, shares.** torchinfo has none of the first two.
- **Unit.** Mult-adds are printed in full and in M. torchinfo 1.8 prints
  `(Units.MEGABYTES)` on Python 3.11.
- **Misfits.** A size that does not fit gives one sentence with the layer, both numbers
  and the fix. torchinfo says which layers it has executed; the reason is in the
  exception before it.
- **Weights.** The model is not run: a copy without weights goes through PyTorch's
  meta device. torchinfo runs the model on real numbers.
- **Side effects.** Hooks of the user do not run, and random number generators stay
  where they are.
"""


def table(cases: list[Case]) -> str:
    """Write the figures as a table, torchinfo's wrong ones in bold."""
    lines = [
        "| Net | Parameters: torchinfo | cnnlib "
        "| Mult-adds: torchinfo | cnnlib | Why |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for case in cases:
        cells = [case.title]
        for them, own, true in zip(*case.figures.values(), strict=True):
            cells += [f"**{them:,}**" if them != true else f"{them:,}", f"{own:,}"]
        lines.append(f"| {' | '.join(cells)} | {case.reason} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """Compute the whole page."""
    cases = [case.measure() for case in CASES]
    head = HEAD.format(version=torchinfo.__version__)
    return head + table(cases) + TAIL


if __name__ == "__main__":
    PAGE.write_text(page())
