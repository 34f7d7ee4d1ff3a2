"""Lesson 07: what a layer answers, and which pixels mattered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from cnnlib.checks.nets import drawn_net
from cnnlib.checks.question import Case, CaseRandom, Part, Question

_F32, _F64 = torch.float32, torch.float64


def _plain(channels: int = 1) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 3, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4),
    )  # fmt: skip


def _in_place() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(2, 2, 2),
        nn.Flatten(1), nn.AdaptiveAvgPool1d(3),
    )  # fmt: skip


def _named() -> nn.Module:
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 2, 2),
            relu1=nn.ReLU(),
            conv10=nn.Conv2d(2, 3, 2),
            relu10=nn.ReLU(),
        )
    )


class _Nested(nn.Module):
    """Layers in blocks, as in the nets that have been published."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Sequential(nn.Conv2d(2, 3, 2, padding=1), nn.Tanh()),
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 2, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Give scores (N, 2)."""
        return self.classifier(self.features(x)).flatten(1)


class _Residual(nn.Module):
    """A layer's input goes round it and is added to its output."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 3, padding=1)
        self.second = nn.Conv2d(2, 2, 3, padding=1)
        self.after = nn.Conv2d(2, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Give scores (N, 2)."""
        x = self.first(x)
        return self.after(x + self.second(x)).mean(dim=(2, 3))


def _of_somebody_else(layer: nn.Module, inputs: tuple, output: Tensor) -> None:
    """Listen, and do nothing: it must still be there when the answer is done."""


def _layers(draw: CaseRandom) -> list[Case]:
    def case(
        kind: str,
        build: Callable[[], nn.Module],
        name: str,
        *shape: int,
        dtype: torch.dtype = _F32,
        hooked: bool = False,
    ) -> Case:
        model = drawn_net(draw, build).to(dtype).eval()
        if hooked:  # somebody else listens, too
            model.get_submodule(name).register_forward_hook(_of_somebody_else)
        return Case(kind, (model, draw.tensor(*shape, dtype=dtype), name))

    return [
        case("the first layer", _plain, "0", 1, 1, 3, 4),
        case("a layer in the middle", _plain, "2", 1, 1, 4, 4),
        case("a ReLU", _plain, "1", 1, 1, 4, 4),
        case("the last layer", _plain, "5", 1, 1, 4, 5),
        case("names in which one is a part of the other", _named, "conv1", 1, 1, 4, 5),
        case("a layer that has a name", _named, "conv10", 1, 1, 5, 5),
        case("a layer inside a block", _Nested, "features.1", 1, 1, 4, 6),
        case("a layer two blocks deep", _Nested, "features.3.0", 1, 1, 4, 6),
        case("a whole block", _Nested, "features", 1, 1, 6, 4),
        case("two images", _plain, "2", 2, 1, 4, 4),
        case("a model that skips a layer and adds", _Residual, "after", 1, 1, 4, 6),
        case("a ReLU that works in place", _in_place, "0", 1, 1, 4, 5),
        case("a hook of somebody else", _plain, "2", 1, 1, 4, 6, hooked=True),
        case("float64", _Nested, "classifier.1", 3, 1, 4, 4, dtype=_F64),
    ]


def _reader(channels: int, height: int, width: int, norm: bool) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, 6, 3, padding=1),
        *([nn.BatchNorm2d(6)] if norm else []),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6 * height * width, 4),
    )


def _asked(
    draw: CaseRandom,
    shape: tuple[int, int, int],
    dtype: torch.dtype = _F64,
    norm: bool = False,
    frozen: bool = False,
) -> tuple[nn.Module, Tensor]:
    """Return a small net and an image, about which it is anything but sure."""
    model = drawn_net(draw, lambda: _reader(*shape, norm)).to(dtype).eval()
    weight, bias = list(model.parameters())[-2:]
    with torch.no_grad():
        weight.div_(weight.shape[1] ** 0.5)
        bias.div_(weight.shape[1] ** 0.5)
    return model.requires_grad_(not frozen), draw.tensor(1, *shape, dtype=dtype)


def _slopes(draw: CaseRandom) -> list[Case]:
    d = draw
    grey, colour = _asked(d, (1, 2, 3)), _asked(d, (3, 3, 3))
    return [
        Case("a grey image of 2x3", (*grey, 0)),
        Case("the same image and another target", (*grey, 1)),
        Case("a colour image", (*colour, 2)),
        Case("a colour image and another target", (*colour, 3)),
        Case("a colour image that is not square", (*_asked(d, (3, 4, 3)), 1)),
        Case("two channels", (*_asked(d, (2, 3, 4)), 0)),
        Case("a single row", (*_asked(d, (2, 1, 7)), 3)),
        Case(
            "a colour image and weights that are frozen",
            (*_asked(d, (3, 4, 4), frozen=True), 2),
        ),
        Case("a colour image and batch norm", (*_asked(d, (3, 3, 5), norm=True), 1)),
        Case("float32", (*_asked(d, (3, 5, 4), _F32), 0)),
    ]


def _covers(draw: CaseRandom) -> list[Case]:
    d = draw
    grey, colour = _asked(d, (1, 2, 4)), _asked(d, (3, 4, 6))
    return [
        Case("windows of 2 on a 2x4 image", (*grey, 0, 2)),
        Case("another target", (*grey, 1, 2)),
        Case("windows of a single pixel", (*_asked(d, (1, 2, 3)), 2, 1)),
        Case("windows of 2 on a 4x4 image", (*_asked(d, (1, 4, 4)), 1, 2)),
        Case("an image that is higher than wide", (*_asked(d, (1, 6, 4)), 3, 2)),
        Case("windows that do not fit", (*_asked(d, (1, 5, 7)), 0, 2)),
        Case("windows of 3", (*_asked(d, (1, 7, 6)), 2, 3)),
        Case("a window as large as the image", (*_asked(d, (1, 3, 3)), 1, 3)),
        Case("three channels", (*colour, 3, 2)),
        Case("two channels and windows of 3", (*_asked(d, (2, 6, 3)), 0, 3)),
        Case(
            "a 4x5 image and weights that are frozen",
            (*_asked(d, (1, 4, 5), frozen=True), 2, 2),
        ),
        Case("two channels and batch norm", (*_asked(d, (2, 4, 4), norm=True), 1, 2)),
        Case("float32", (*_asked(d, (3, 4, 6), _F32), 0, 2)),
    ]


QUESTIONS = [
    Question(
        "feature_maps",
        "07",
        3,
        _layers,
        ("model", "x", "layer_name"),
        parts=(
            Part("layers inside blocks, and skips", 1, ("block", "skips", "float64")),
            Part("hooks of others, ReLU in place", 0.5, ("hook", "in place")),
            Part("layers of a plain net", 1.5),
        ),
    ),
    Question(
        "saliency",
        "07",
        3,
        _slopes,
        ("model", "x", "target"),
        parts=(
            Part(
                "several channels", 1, ("colour", "channels", "single row", "float32")
            ),
            Part("one channel", 2),
        ),
    ),
    Question(
        "occlusion_map",
        "07",
        3,
        _covers,
        ("model", "x", "target", "size"),
        parts=(
            Part("several channels", 1, ("channels", "float32")),
            Part("windows that do not fit", 1, ("not fit", "windows of 3", "4x5")),
            Part("windows that fit", 1),
        ),
    ),
]
