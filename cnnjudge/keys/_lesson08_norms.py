"""Lesson 08: batch norm, by hand and folded into a convolution."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from cnnjudge.key import Key, Mistake, noticed
from cnnlib.checks.question import Case

# --- batch_norm ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Given:
    """The arguments of `batch_norm`, and what is worked out from them."""

    x: Tensor
    weight: Tensor
    bias: Tensor
    eps: float
    dims: tuple[int, ...] = (0, 2, 3)

    @property
    def mean(self) -> Tensor:
        return self.x.mean(self.dims, keepdim=True)

    @property
    def centred(self) -> Tensor:
        return self.x - self.mean

    @property
    def var(self) -> Tensor:
        return self.centred.square().mean(self.dims, keepdim=True)

    @property
    def root(self) -> Tensor:
        return (self.var + self.eps).sqrt()

    @property
    def scale(self) -> Tensor:
        return self.weight[:, None, None]

    @property
    def shift(self) -> Tensor:
        return self.bias[:, None, None]

    @property
    def count(self) -> int:
        return self.x.numel() // self.x.shape[1]

    def over(self, *dims: int) -> _Given:
        return replace(self, dims=dims)

    def done(self, divisor: Tensor | None = None) -> Tensor:
        """Return the result; with another divisor that of a mistake."""
        below = self.root if divisor is None else divisor
        return self.centred / below * self.scale + self.shift


def _norm(change: Callable[[_Given], Tensor]) -> Callable[..., Tensor]:
    """Return a `batch_norm`, right or wrong."""

    def answer(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
        return change(_Given(x, weight, bias, eps))

    return answer


def _norm_by_torch(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5
) -> Tensor:
    return F.batch_norm(x, None, None, weight, bias, training=True, eps=eps)


def _norm_by_channels(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5
) -> Tensor:
    """Take one channel after the other, with plain sums."""
    out = torch.zeros_like(x)
    for c in range(x.shape[1]):
        channel = x[:, c]
        mean = channel.sum() / channel.numel()
        var = ((channel - mean) ** 2).sum() / channel.numel()
        out[:, c] = weight[c] * (channel - mean) / torch.sqrt(var + eps) + bias[c]
    return out


def _norm_by_rows(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Lay each channel into a row first, and bring it back."""
    rows = x.transpose(0, 1).flatten(1)
    var, mean = torch.var_mean(rows, dim=1, correction=0, keepdim=True)
    rows = (rows - mean) * torch.rsqrt(var + eps) * weight[:, None] + bias[:, None]
    return rows.unflatten(1, (len(x), *x.shape[2:])).transpose(0, 1)


def _norm_as_line(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Make of it a factor and a summand for each channel."""
    shape = (1, -1, 1, 1)
    mean = x.mean(dim=[0, 2, 3])
    var = (x**2).mean(dim=[0, 2, 3]) - mean**2
    factor = weight / (var + eps) ** 0.5
    return x * factor.view(shape) + (bias - mean * factor).view(shape)


def _norm_by_std(x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5) -> Tensor:
    std = x.std(dim=(0, 2, 3), unbiased=False, keepdim=True)
    mean = torch.mean(x, (0, 2, 3), keepdim=True)
    z = (x - mean) / torch.sqrt(std.pow(2) + eps)
    return torch.einsum("nchw,c->nchw", z, weight) + bias.reshape(1, -1, 1, 1)


def _unbiased(g: _Given) -> Tensor:
    return g.var * g.count / (g.count - 1)


def _along_columns(g: _Given) -> Tensor:
    return g.centred / g.root * g.weight + g.bias


def _without_axes(g: _Given) -> Tensor:
    """Forget `keepdim`: a row of C numbers is laid along the columns."""
    mean = g.x.mean((0, 2, 3))
    var = g.x.var((0, 2, 3), correction=0)
    return (g.x - mean) / (var + g.eps).sqrt() * g.scale + g.shift


def _all_along_columns(g: _Given) -> Tensor:
    mean = g.x.mean((0, 2, 3))
    var = g.x.var((0, 2, 3), correction=0)
    return (g.x - mean) / (var + g.eps).sqrt() * g.weight + g.bias


def _along_rows(g: _Given) -> Tensor:
    """Lay scale and shift along the rows, as one more axis than too few does."""
    return g.centred / g.root * g.weight[:, None] + g.bias[:, None]


def _features(g: _Given) -> Tensor:
    """Norm as if the images were features (N, C)."""
    mean = g.x.mean(dim=0)
    variance = ((g.x - mean) ** 2).mean(dim=0)
    return g.weight * (g.x - mean) / torch.sqrt(variance + g.eps) + g.bias


def _held(g: _Given, mean: bool = True, root: bool = True) -> Tensor:
    """Let no gradient through to the mean, or to the root."""
    middle = g.mean.detach() if mean else g.mean
    below = g.root.detach() if root else g.root
    return (g.x - middle) / below * g.scale + g.shift


_COUNT_LESS_1 = (
    "two things: the variance is divided by the count less 1, as `.var` does if nobody "
    "says otherwise; and "
)


def _unbiased_over(*dims: int) -> Callable[..., Tensor]:
    """Return the norm over other axes, with the variance as `.var` gives it."""

    def change(g: _Given) -> Tensor:
        var = g.x.var(dims, keepdim=True)
        mean = g.x.mean(dims, keepdim=True)
        return (g.x - mean) / (var + g.eps).sqrt() * g.scale + g.shift

    return _norm(change)


def _norm_in_place(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float = 1e-5
) -> Tensor:
    x -= x.mean((0, 2, 3), keepdim=True)
    x /= (x.square().mean((0, 2, 3), keepdim=True) + eps).sqrt()
    return x * weight[:, None, None] + bias[:, None, None]


def _scaled_before(g: _Given) -> Tensor:
    scaled = replace(g, x=g.x * g.scale + g.shift)
    return scaled.centred / scaled.root


def _of_first_image(g: _Given) -> Tensor:
    first = replace(g, x=g.x[:1])
    return (g.x - first.mean) / first.root * g.scale + g.shift


def _averaged(g: _Given) -> Tensor:
    """Normalise by running averages after one batch, as they begin: 0 and 1."""
    mean, var = 0.1 * g.mean, 0.9 + 0.1 * _unbiased(g)
    return (g.x - mean) / (var + g.eps).sqrt() * g.scale + g.shift


BATCH_NORM = Key(
    _norm_by_torch,
    (
        Mistake(
            "unbiased variance",
            "the variance is divided by the count less 1, as `.var` does if nobody "
            "says otherwise. Here it is the plain mean of the squares.",
            _norm(lambda g: g.done((_unbiased(g) + g.eps).sqrt())),
        ),
        Mistake(
            "unbiased deviation, eps forgotten",
            "the deviation is divided by the count less 1, as `.std` does if nobody "
            "says otherwise, and `eps` is not used.",
            _norm(lambda g: g.done(_unbiased(g).sqrt())),
        ),
        Mistake(
            "eps outside the root",
            "`eps` is added to the deviation, outside the root. It is added to the "
            "variance.",
            _norm(lambda g: g.done(g.var.sqrt() + g.eps)),
        ),
        Mistake(
            "eps forgotten",
            "`eps` is not used: a channel in which all numbers are the same is divided "
            "by 0.",
            _norm(lambda g: g.done(g.var.sqrt())),
        ),
        Mistake(
            "eps fixed",
            "`eps` has no effect: 1e-5 is used whatever it is.",
            _norm(lambda g: replace(g, eps=1e-5).done()),
        ),
        Mistake(
            "root forgotten",
            "the centred numbers are divided by the variance. It still needs its root.",
            _norm(lambda g: g.done(g.var + g.eps)),
        ),
        Mistake(
            "sum of squares for their mean",
            "the squares are summed up and not divided by how many there are.",
            _norm(lambda g: g.done((g.var * g.count + g.eps).sqrt())),
        ),
        Mistake(
            "mean deviation for the root of the variance",
            "the divisor is the mean of the absolute deviations. The variance is the "
            "mean of their squares.",
            _norm(
                lambda g: g.done(g.centred.abs().mean((0, 2, 3), keepdim=True) + g.eps)
            ),
        ),
        Mistake(
            "mean not subtracted",
            "the numbers are divided by their deviation, but the mean is not taken "
            "away before.",
            _norm(lambda g: g.x / g.root * g.scale + g.shift),
        ),
        Mistake(
            "variance not centred",
            "the variance is the mean of the squared numbers. The mean has to be taken "
            "away before they are squared.",
            _norm(
                lambda g: g.done(
                    (g.x.square().mean((0, 2, 3), keepdim=True) + g.eps).sqrt()
                )
            ),
        ),
        Mistake(
            "not divided",
            "the mean is taken away, but nothing is divided by the deviation.",
            _norm(lambda g: g.centred * g.scale + g.shift),
        ),
        Mistake(
            "only the mean divided",
            "only the mean is divided by the deviation: `/` binds more tightly than "
            "`-`. Put the difference into parentheses.",
            _norm(lambda g: g.x - g.mean / g.root * g.scale + g.shift),
        ),
        Mistake(
            "normalised over each image alone (instance norm)",
            "mean and variance are taken of each image alone. Here all images of the "
            "batch count together.",
            _norm(lambda g: g.over(2, 3).done()),
        ),
        Mistake(
            "normalised over the channels, too (layer norm)",
            "mean and variance are taken over all channels of an image. Here each "
            "channel has its own, over all images.",
            _norm(lambda g: g.over(1, 2, 3).done()),
        ),
        Mistake(
            "normalised over the whole batch",
            "one mean and one variance are taken for all channels together. Each "
            "channel has its own.",
            _norm(lambda g: g.over(0, 1, 2, 3).done()),
        ),
        Mistake(
            "normalised over the batch axis alone",
            "mean and variance are taken over the images alone, for each pixel by "
            "itself. Rows and columns count, too.",
            _norm(lambda g: g.over(0).done()),
        ),
        Mistake(
            "normalised over the channel axis alone",
            "mean and variance are taken over the channels of each pixel.",
            _norm(lambda g: g.over(1).done()),
        ),
        Mistake(
            "one axis of the picture missing, the columns",
            "mean and variance are taken over images and rows, for each column by "
            "itself. The columns count, too.",
            _norm(lambda g: g.over(0, 2).done()),
        ),
        Mistake(
            "one axis of the picture missing, the rows",
            "mean and variance are taken over images and columns, for each row by "
            "itself. The rows count, too.",
            _norm(lambda g: g.over(0, 3).done()),
        ),
        Mistake(
            "variance of each image averaged",
            "the variance is worked out for each image and then averaged. The images "
            "differ from the common mean, too, and that counts.",
            _norm(
                lambda g: g.done(
                    (g.over(2, 3).var.mean(0, keepdim=True) + g.eps).sqrt()
                )
            ),
        ),
        Mistake(
            "keepdim forgotten",
            "mean and variance are rows of C numbers and are laid along the *columns* "
            "of the images. `keepdim=True`, or `[:, None, None]`, puts them on the "
            "axis of the channels.",
            _norm(_without_axes),
        ),
        Mistake(
            "scale and shift along the columns",
            "`weight` and `bias` are laid along the columns of the images. They belong "
            "to the axis of the channels: `[:, None, None]`.",
            _norm(_along_columns),
        ),
        Mistake(
            "scale and shift along the rows",
            "`weight` and `bias` are laid along the rows of the images. They belong "
            "to the axis of the channels: `[:, None, None]`.",
            _norm(_along_rows),
        ),
        Mistake(
            "norm of features",
            "mean and variance are taken over the images alone, and `weight` and "
            "`bias` are laid along the columns: so it fits features (N, C). Images "
            "(N, C, H, W) have rows and columns, which count, too.",
            _norm(_features),
        ),
        Mistake(
            "scale and shift forgotten",
            "`weight` and `bias` have no effect.",
            _norm(lambda g: g.centred / g.root),
        ),
        Mistake(
            "scale forgotten",
            "`weight` has no effect.",
            _norm(lambda g: g.centred / g.root + g.shift),
        ),
        Mistake(
            "shift forgotten",
            "`bias` has no effect.",
            _norm(lambda g: g.centred / g.root * g.scale),
        ),
        Mistake(
            "shift before the scale",
            "`bias` is added before `weight` multiplies. It is added last.",
            _norm(lambda g: (g.centred / g.root + g.shift) * g.scale),
        ),
        Mistake(
            "scale and shift swapped",
            "`weight` is added and `bias` multiplies. It is the other way round.",
            _norm(lambda g: g.centred / g.root * g.shift + g.scale),
        ),
        Mistake(
            "scale added to 1",
            "the factor is 1 + `weight`. It is `weight` itself.",
            _norm(lambda g: g.centred / g.root * (1 + g.scale) + g.shift),
        ),
        Mistake(
            "scale and shift before the norm",
            "`weight` and `bias` act on the images before these are normalised, and "
            "the norm takes that away again.",
            _norm(_scaled_before),
        ),
        Mistake(
            "running averages used in training",
            "nothing of this batch is used: the values are those of the mean 0 and the "
            "variance 1 with which running averages begin. In training mode mean and "
            "variance come from the batch.",
            _norm(lambda g: g.x / math.sqrt(1 + g.eps) * g.scale + g.shift),
        ),
        Mistake(
            "running averages after one batch",
            "the values are those of running averages after one batch, a tenth of the "
            "way from 0 and 1. In training mode the batch's own mean and variance "
            "count.",
            _norm(_averaged),
        ),
        Mistake(
            "first image only",
            "mean and variance are those of the first image. All images count.",
            _norm(_of_first_image),
        ),
        Mistake(
            "first channel for all",
            "mean and variance are those of the first channel. Each has its own.",
            _norm(lambda g: (g.x - g.mean[:, :1]) / g.root[:, :1] * g.scale + g.shift),
        ),
        Mistake(
            "mean, variance, scale and shift along the columns",
            "mean, variance, `weight` and `bias` are rows of C numbers and are laid "
            "along the *columns* of the images. `[:, None, None]` puts them on the "
            "axis of the channels.",
            _norm(_all_along_columns),
        ),
        Mistake(
            "unbiased variance, scale and shift forgotten",
            f"{_COUNT_LESS_1}`weight` and `bias` have no effect.",
            _norm(lambda g: g.centred / (_unbiased(g) + g.eps).sqrt()),
        ),
        Mistake(
            "unbiased variance, root forgotten",
            f"{_COUNT_LESS_1}it still needs its root.",
            _norm(lambda g: g.done(_unbiased(g) + g.eps)),
        ),
        Mistake(
            "unbiased variance, eps outside the root",
            f"{_COUNT_LESS_1}`eps` is added outside the root.",
            _norm(lambda g: g.done(_unbiased(g).sqrt() + g.eps)),
        ),
        Mistake(
            "unbiased variance of each image alone",
            f"{_COUNT_LESS_1}mean and variance are taken of each image alone, where "
            "all images of the batch count together.",
            _unbiased_over(2, 3),
        ),
        Mistake(
            "unbiased variance over the channels, too",
            f"{_COUNT_LESS_1}mean and variance are taken over all channels of an "
            "image, where each channel has its own.",
            _unbiased_over(1, 2, 3),
        ),
        Mistake(
            "unbiased variance of the whole batch",
            f"{_COUNT_LESS_1}one mean and one variance are taken for all channels "
            "together.",
            _unbiased_over(0, 1, 2, 3),
        ),
        Mistake(
            "unbiased variance over the batch axis alone",
            f"{_COUNT_LESS_1}mean and variance are taken over the images alone, for "
            "each pixel by itself.",
            _unbiased_over(0),
        ),
        Mistake(
            "root of the deviation",
            "the root is drawn twice: `.std` is a root already.",
            _norm(lambda g: g.done((g.var.sqrt() + g.eps).sqrt())),
        ),
        Mistake(
            "root of the unbiased deviation",
            "two things: the root is drawn twice, since `.std` is a root already; and "
            "`.std` divides by the count less 1 if nobody says otherwise.",
            _norm(lambda g: g.done((_unbiased(g).sqrt() + g.eps).sqrt())),
        ),
        Mistake(
            "eps squared",
            "`eps` is squared before it is added. It is added as it is.",
            _norm(lambda g: g.done((g.var + g.eps**2).sqrt())),
        ),
        Mistake(
            "eps as the least variance",
            "`eps` is the least that the variance may be here. It is added to it.",
            _norm(lambda g: g.done(g.var.clamp(min=g.eps).sqrt())),
        ),
        Mistake(
            "input changed in place",
            "`-=`, `/=` or the like changes the images that came in. Work on a new "
            "tensor: `x = x - ...`.",
            _norm_in_place,
            lambda values, case: not values["x as it was"].data,
            certain=True,
        ),
        Mistake(
            "mean and variance detached",
            "the values are right, and the gradient is not: mean and variance hang on "
            "the images, too, and something cuts the gradient on the way to them "
            "(`no_grad`, `.detach()`, `.item()`).",
            _norm(_held),
        ),
        Mistake(
            "variance detached",
            "the values are right, and the gradient is not: the variance hangs on the "
            "images, too, and something cuts the gradient on the way to it "
            "(`no_grad`, `.detach()`, `.item()`).",
            _norm(lambda g: _held(g, mean=False)),
        ),
        Mistake(
            "mean detached",
            "the values are right, and the gradient is not: the mean hangs on the "
            "images, too, and something cuts the gradient on the way to it "
            "(`no_grad`, `.detach()`, `.item()`).",
            _norm(lambda g: _held(g, root=False)),
        ),
        Mistake(
            "gradient not able to flow",
            "the values are right, but no gradient flows back to `x`. `.item()`, "
            "`.detach()`, `no_grad` or `torch.tensor(...)` on the way cuts it.",
            _norm(lambda g: replace(g, x=g.x.detach()).done()),
            lambda values, case: values["gradient for x"].type == "none",
        ),
        noticed(
            "gradient not able to flow to the weight",
            "cut:weight",
            _norm(lambda g: replace(g, weight=g.weight.detach()).done()),
        ),
        noticed(
            "gradient not able to flow to the bias",
            "cut:bias",
            _norm(lambda g: replace(g, bias=g.bias.detach()).done()),
        ),
    ),
    "Batch norm by hand",
    atol=1e-5,  # so that an eps of 1e-5 shows in no case but that of equal numbers
    defaults={"eps": 1e-5},
    also_right=(
        _norm(lambda g: g.done()),
        _norm_by_channels,
        _norm_by_rows,
        _norm_as_line,
        _norm_by_std,
    ),
)


# --- fold_batch_norm -----------------------------------------------------------------


@dataclass(frozen=True)
class _Layers:
    """A convolution and its norm, and what folding needs of them."""

    conv: nn.Conv2d
    norm: nn.BatchNorm2d

    @property
    def weight(self) -> Tensor:
        return self.conv.weight.detach()

    @property
    def bias(self) -> Tensor:
        """The convolution's bias, or zeros."""
        if self.conv.bias is None:
            return torch.zeros_like(self.shift)
        return self.conv.bias.detach()

    @property
    def mean(self) -> Tensor:
        assert self.norm.running_mean is not None
        return self.norm.running_mean

    @property
    def var(self) -> Tensor:
        assert self.norm.running_var is not None
        return self.norm.running_var

    @property
    def gamma(self) -> Tensor:
        return self.norm.weight.detach()

    @property
    def shift(self) -> Tensor:
        return self.norm.bias.detach()

    @property
    def scale(self) -> Tensor:
        return self.gamma / (self.var + self.norm.eps).sqrt()


Part = Callable[[_Layers], Tensor]


def _scaled(scale: Callable[[_Layers], Tensor]) -> Callable[..., nn.Conv2d]:
    """Return a folding with another scale for weights and bias."""
    return _folding(
        lambda f: f.weight * scale(f)[:, None, None, None],
        lambda f: (f.bias - f.mean) * scale(f) + f.shift,
    )


def _folding(
    weight: Part = lambda f: f.weight * f.scale[:, None, None, None],
    bias: Part = lambda f: (f.bias - f.mean) * f.scale + f.shift,
    **settings: Any,
) -> Callable[..., Any]:
    """Return a `fold_batch_norm`, right or wrong, that makes a new layer."""

    def answer(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
        f = _Layers(conv, norm)
        of_conv = ("stride", "padding", "dilation", "groups")
        given = {name: getattr(conv, name) for name in of_conv}
        new = nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]
            **given | settings,
        )
        new.weight, new.bias = nn.Parameter(weight(f)), nn.Parameter(bias(f))
        return new

    return answer


def _fold_by_torch(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Module:
    layers = copy.deepcopy(conv).eval(), copy.deepcopy(norm).eval()
    return fuse_conv_bn_eval(*layers)


def _fold_a_copy(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Change a deep copy, one kernel after the other."""
    new = copy.deepcopy(conv)
    old = torch.zeros(conv.out_channels) if conv.bias is None else conv.bias.detach()
    new.bias = nn.Parameter(old.to(conv.weight.dtype).clone())
    for c in range(conv.out_channels):
        std = math.sqrt(float(norm.running_var[c]) + norm.eps)  # type: ignore[index]
        factor = norm.weight[c].item() / std
        new.weight.data[c] *= factor
        mean = norm.running_mean[c]  # type: ignore[index]
        new.bias.data[c] = factor * (new.bias.data[c] - mean) + norm.bias.data[c]
    return new


def _fold_by_matrix(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Multiply the kernels, as rows, by a diagonal matrix; fill a layer with it."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.div(torch.sqrt(norm.running_var + norm.eps))
    new = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        kernel_size=conv.kernel_size,  # type: ignore[arg-type]
        stride=conv.stride,  # type: ignore[arg-type]
        padding=conv.padding,  # type: ignore[arg-type]
        dilation=conv.dilation,  # type: ignore[arg-type]
        groups=conv.groups,
        bias=True,
        dtype=conv.weight.dtype,
    )
    assert new.bias is not None
    with torch.no_grad():
        rows = torch.mm(torch.diag(scale), conv.weight.flatten(1))
        new.weight.copy_(rows.view_as(conv.weight))
        new.bias.copy_(norm.bias - norm.running_mean * scale)
        if conv.bias is not None:
            new.bias += conv.bias * scale
    return new


def _fold_by_trial(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Read the bias off what the norm makes of the old one, the scale of 0 and 1."""
    frozen, new = copy.deepcopy(norm).eval(), copy.deepcopy(conv)
    with torch.no_grad():
        zeros = torch.zeros(1, conv.out_channels, 1, 1, dtype=conv.weight.dtype)
        shift = frozen(zeros)
        scale = frozen(zeros + 1) - shift
        old = zeros if conv.bias is None else conv.bias[None, :, None, None]
        new.weight.mul_(scale.transpose(0, 1))
        new.bias = nn.Parameter(frozen(old).flatten())
    return new


def _no_bias_unhandled(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    return _folding(
        bias=lambda f: (f.conv.bias.detach() - f.mean) * f.scale + f.shift  # type: ignore[union-attr]
    )(conv, norm)


def _fold_keeping_no_bias(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    new = _folding()(conv, norm)
    if conv.bias is None:
        new.bias = None
    return new


def _fold_itself(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    new = _folding()(conv, norm)
    conv.weight, conv.bias = new.weight, new.bias
    return conv


def _fold_shallow(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    folded, new = _folding()(conv, norm), copy.copy(conv)
    new.weight, new.bias = folded.weight, folded.bias  # and of conv, too
    return new


def _fold_then(change: Callable[[Any, Any], Any]) -> Callable[..., nn.Conv2d]:
    """Return a folding that does something to its arguments besides."""

    def answer(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
        new = _folding()(conv, norm)
        change(conv, norm)
        return new

    return answer


def _fold_groups_copied(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Copy the weights into a layer without groups, which broadcasts some."""
    f, right = _Layers(conv, norm), _folding()(conv, norm)
    new = _folding(weight=lambda f: f.weight, groups=1)(conv, norm)
    size = conv.out_channels, conv.in_channels, *f.weight.shape[2:]
    new.weight = nn.Parameter(torch.zeros(size, dtype=f.weight.dtype))
    new.weight.data.copy_(right.weight.data)
    return new


def _square_copied(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    right = _folding()(conv, norm)
    height = right.weight.shape[2]
    square = torch.zeros(*right.weight.shape[:3], height, dtype=right.weight.dtype)
    square.copy_(right.weight.detach())
    right.weight = nn.Parameter(square)
    return right


def _run_once(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    size = 2, conv.out_channels, 2, 2
    norm(torch.ones(size, dtype=norm.weight.dtype))


def _along(axes: Callable[[Tensor], Tensor]) -> Callable[..., nn.Conv2d]:
    return _folding(weight=lambda f: f.weight * axes(f.scale))


def _were(layers: Sequence[nn.Module], kind: str) -> np.ndarray:
    tensors = [t for layer in layers for t in getattr(layer, kind)()]
    rows = [t.detach().double().flatten().numpy() for t in tensors]
    return np.concatenate([np.zeros(0), *rows])


def _has_changed(name: str, place: int, kind: str) -> Callable[[Any, Case], bool]:
    """Tell whether an argument's numbers are no longer what they were."""

    def looks(values: Any, case: Case) -> bool:
        before, now = _were([case.args[place]], kind), values[name].data
        return before.shape != now.shape or not np.array_equal(before, now)

    return looks


def _flags_changed(values: Any, case: Case) -> bool:
    flags = [flag.data for flag in values["argument's training flags"].data]
    return flags != [layer.training for layer in case.args]


FOLD = Key(
    _fold_by_torch,
    (
        Mistake(
            "the argument changed and returned",
            "what comes back is the convolution that came in, changed. A new one is "
            "asked for: whoever calls it may still need the old one.",
            _fold_itself,
            lambda values, case: bool(values["result is the argument"].data),
            certain=True,
        ),
        Mistake(
            "the argument's weights changed",
            "the weights of `conv` are no longer what they were. It is to stay as it "
            "is. (`copy.copy` shares the weights with the old layer; `copy.deepcopy` "
            "does not.)",
            _fold_shallow,
            _has_changed("argument's weights", 0, "parameters"),
            certain=True,
        ),
        Mistake(
            "the norm changed",
            "scale or shift of `norm` are no longer what they were.",
            _fold_then(lambda conv, norm: norm.reset_parameters()),
            _has_changed("argument's norm", 1, "parameters"),
            certain=True,
        ),
        Mistake(
            "running averages moved",
            "the running averages of `norm` have moved: data run through it in "
            "training mode do that.",
            _fold_then(_run_once),
            _has_changed("argument's running averages", 1, "buffers"),
        ),
        Mistake(
            "norm left in evaluation mode",
            "an argument is in another mode than before: perhaps `.eval()` was called "
            "on it. The running averages can be read without that.",
            _fold_then(lambda conv, norm: norm.eval()),
            _flags_changed,
        ),
        Mistake(
            "both layers in a Sequential",
            "this is an `nn.Sequential`. One convolution is asked for that does the "
            "work of both layers.",
            lambda conv, norm: nn.Sequential(conv, norm).eval(),
            lambda values, case: (
                values["result"].type == "module"
                and values["result"].data == "Sequential"
            ),
            certain=True,
        ),
        Mistake(
            "numbers for a layer",
            "these are the new weight and bias themselves. A convolution that holds "
            "them is asked for.",
            lambda conv, norm: (
                _folding()(conv, norm).weight,
                _folding()(conv, norm).bias,
            ),
            lambda values, case: values["result"].type in ("list", "tensor"),
        ),
        Mistake(
            "eps forgotten",
            "the norm's `eps` is not used.",
            _scaled(lambda f: f.gamma / f.var.sqrt()),
        ),
        Mistake(
            "eps fixed",
            "1e-5 is used in place of the norm's own `eps`.",
            _scaled(lambda f: f.gamma / (f.var + 1e-5).sqrt()),
        ),
        Mistake(
            "eps outside the root",
            "`eps` is added outside the root. It is added to the variance.",
            _scaled(lambda f: f.gamma / (f.var.sqrt() + f.norm.eps)),
        ),
        Mistake(
            "root forgotten",
            "the scale is divided by the variance. It still needs its root.",
            _scaled(lambda f: f.gamma / (f.var + f.norm.eps)),
        ),
        Mistake(
            "root multiplied",
            "the scale is multiplied by the deviation. The norm divides by it.",
            _scaled(lambda f: f.gamma * (f.var + f.norm.eps).sqrt()),
        ),
        Mistake(
            "norm's scale forgotten",
            "the scale of the norm (its `weight`) is not used.",
            _scaled(lambda f: 1 / (f.var + f.norm.eps).sqrt()),
        ),
        Mistake(
            "deviation forgotten",
            "only the norm's scale is used. Its running variance divides.",
            _scaled(lambda f: f.gamma),
        ),
        Mistake(
            "norm's shift forgotten",
            "the shift of the norm (its `bias`) is not used.",
            _folding(bias=lambda f: (f.bias - f.mean) * f.scale),
        ),
        Mistake(
            "norm's scale and shift forgotten",
            "scale and shift of the norm (its `weight` and `bias`) are not used.",
            _folding(
                lambda f: f.weight / (f.var + f.norm.eps).sqrt()[:, None, None, None],
                lambda f: (f.bias - f.mean) / (f.var + f.norm.eps).sqrt(),
            ),
        ),
        Mistake(
            "mean forgotten",
            "the running mean is not taken away.",
            _folding(bias=lambda f: f.bias * f.scale + f.shift),
        ),
        Mistake(
            "mean added",
            "the running mean is added. The norm takes it away.",
            _folding(bias=lambda f: (f.bias + f.mean) * f.scale + f.shift),
        ),
        Mistake(
            "mean not scaled",
            "the running mean is taken away without the norm's scale. It is taken away "
            "first, and what is left is scaled.",
            _folding(bias=lambda f: f.bias * f.scale - f.mean + f.shift),
        ),
        Mistake(
            "convolution's bias forgotten",
            "where the convolution has a bias it is lost.",
            _folding(bias=lambda f: f.shift - f.mean * f.scale),
        ),
        Mistake(
            "all but the convolution's bias forgotten",
            "where the convolution has a bias, this is all that is left of the new "
            "one: is `=` there for `+=`? The norm's shift and its mean belong to it, "
            "too.",
            _folding(
                bias=lambda f: (
                    f.shift - f.mean * f.scale
                    if f.conv.bias is None
                    else f.bias * f.scale
                )
            ),
        ),
        Mistake(
            "convolution's bias and the mean forgotten",
            "the new bias is the norm's shift alone. The convolution's own bias and "
            "the running mean go into it, too.",
            _folding(bias=lambda f: f.shift),
        ),
        Mistake(
            "convolution's bias not scaled",
            "the convolution's bias is added as it is. The norm scales it as it does "
            "everything that comes out of the convolution.",
            _folding(bias=lambda f: f.bias + f.shift - f.mean * f.scale),
        ),
        Mistake(
            "bias not scaled at all",
            "the bias is (old bias − mean + shift), without the scale.",
            _folding(bias=lambda f: f.bias - f.mean + f.shift),
        ),
        Mistake(
            "shift scaled, too",
            "the norm's shift is scaled, too. It is added last.",
            _folding(bias=lambda f: (f.bias - f.mean + f.shift) * f.scale),
        ),
        Mistake(
            "bias left as it was",
            "the weights are folded, and the bias is what it was.",
            _folding(bias=lambda f: f.bias),
        ),
        Mistake(
            "weights not scaled",
            "the bias is folded, and the weights are what they were.",
            _folding(weight=lambda f: f.weight),
        ),
        Mistake(
            "scale along the kernel's columns",
            "the scale is laid along the last axis of the weights, the kernel's "
            "columns. It belongs to the first, that of the kernels: "
            "`[:, None, None, None]`.",
            _along(lambda scale: scale),
        ),
        Mistake(
            "scale along the channels in",
            "the scale is laid along the axis of the channels that come in. It belongs "
            "to the first axis, that of the kernels: `[:, None, None, None]`.",
            _along(lambda scale: scale[:, None, None]),
        ),
        Mistake(
            "no bias not handled",
            "`conv.bias` is None where the convolution has no bias.",
            _no_bias_unhandled,
        ),
        Mistake(
            "no bias where there was none",
            "where the old convolution has no bias, the new one has none either. The "
            "norm's shift has to go somewhere.",
            _fold_keeping_no_bias,
        ),
        Mistake(
            "stride lost",
            "the new convolution moves by 1. It has to keep the stride.",
            _folding(stride=1),
        ),
        Mistake(
            "padding lost",
            "the new convolution does not pad. It has to keep the padding.",
            _folding(padding=0),
        ),
        Mistake(
            "dilation lost",
            "the new convolution has no gaps. It has to keep the dilation.",
            _folding(dilation=1),
        ),
        Mistake(
            "groups lost",
            "the new convolution has one group. It has to keep the groups.",
            _folding(groups=1),
        ),
        Mistake(
            "groups lost, weights copied",
            "the new convolution has one group. It has to keep the groups.",
            _fold_groups_copied,
        ),
        Mistake(
            "stride and padding lost",
            "the new convolution moves by 1 and does not pad. It has to keep stride "
            "and padding.",
            _folding(stride=1, padding=0),
        ),
        Mistake(
            "stride, padding and dilation lost",
            "the new convolution has a stride of 1, no padding and no dilation. It has "
            "to keep all three.",
            _folding(stride=1, padding=0, dilation=1),
        ),
        Mistake(
            "dilation and groups lost",
            "the new convolution has no gaps and one group. It has to keep dilation "
            "and groups.",
            _folding(dilation=1, groups=1),
        ),
        Mistake(
            "square kernels only",
            "a kernel that is not square is not dealt with. It has a height and a "
            "width: `kernel_size` is a pair.",
            _square_copied,
        ),
        Mistake(
            "all settings lost",
            "the new convolution has a stride of 1, no padding, no gaps and one group. "
            "It has to keep what the old one had.",
            _folding(stride=1, padding=0, dilation=1, groups=1),
        ),
        Mistake(
            "dtype lost",
            "the new convolution is of float32 where the old one is of float64.",
            lambda conv, norm: _folding()(conv, norm).float(),
            lambda values, case: (
                values["weight's dtype"].data == "torch.float32"
                and case.args[0].weight.dtype == torch.float64
            ),
        ),
        Mistake(
            "a mere copy",
            "the new convolution is a copy of the old one: nothing of the norm is in "
            "it.",
            _folding(lambda f: f.weight, lambda f: f.bias),
        ),
    ),
    "Folding batch norm into the convolution",
    source="norm(conv(x))",
    also_right=(
        _folding(),
        _fold_a_copy,
        _fold_by_matrix,
        _fold_by_trial,
    ),
)
