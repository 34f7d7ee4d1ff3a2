"""Lesson 08: backward through a convolution, and a dense layer that is slid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnjudge.key import Key, Mistake, noticed
from cnnlib.checks.question import Case

# --- conv_backward -------------------------------------------------------------------

Two = tuple[Tensor, Tensor]


def _backward_by_torch(x: Tensor, weight: Tensor, grad: Tensor) -> Two:
    """Let autograd work out both."""
    image, kernel = (t.detach().clone().requires_grad_() for t in (x, weight))
    out = F.conv2d(image[None, None], kernel[None, None])[0, 0]
    for_x, for_weight = torch.autograd.grad(out, (image, kernel), grad)
    return for_x, for_weight


def _correlated(image: Tensor, kernel: Tensor, pad: Sequence[int] = (0, 0)) -> Tensor:
    """Return the correlation of two grids; `pad` is (height, width)."""
    frame = (pad[1], pad[1], pad[0], pad[0])
    windows = F.pad(image, frame)
    windows = windows.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)
    return torch.einsum("ijab,ab->ij", windows, kernel)


def _full(grad: Tensor, kernel: Tensor) -> Tensor:
    return _correlated(grad, kernel, (kernel.shape[0] - 1, kernel.shape[1] - 1))


def _for_x(x: Tensor, weight: Tensor, grad: Tensor) -> Tensor:
    return _full(grad, weight.flip(0, 1))


def _for_weight(x: Tensor, weight: Tensor, grad: Tensor) -> Tensor:
    return _correlated(x, grad)


Gradient = Callable[[Tensor, Tensor, Tensor], Tensor]


def _gradients(
    for_x: Gradient = _for_x, for_weight: Gradient = _for_weight
) -> Callable[..., Two]:
    """Return a `conv_backward`, right or wrong."""
    return lambda x, weight, grad: (
        for_x(x, weight, grad),
        for_weight(x, weight, grad),
    )


def _walk(x: Tensor, weight: Tensor, grad: Tensor, add: bool = True) -> Two:
    """Go through the windows, and put each one's part into its place."""
    for_x, for_weight = torch.zeros_like(x), torch.zeros_like(weight)
    kh, kw = weight.shape
    for i in range(grad.shape[0]):
        for j in range(grad.shape[1]):
            window = (slice(i, i + kh), slice(j, j + kw))
            if not add:
                for_x[window], for_weight = grad[i, j] * weight, grad[i, j] * x[window]
                continue
            for_x[window] += grad[i, j] * weight
            for_weight += grad[i, j] * x[window]
    return for_x, for_weight


def _walk_numbers(x: Tensor, weight: Tensor, grad: Tensor) -> list[Tensor]:
    """Go number by number, as the sum is written."""
    for_x, for_weight = torch.zeros_like(x), torch.zeros_like(weight)
    for i in range(grad.shape[0]):
        for j in range(grad.shape[1]):
            for a in range(weight.shape[0]):
                for b in range(weight.shape[1]):
                    for_x[i + a, j + b] += weight[a, b] * grad[i, j]
                    for_weight[a, b] += x[i + a, j + b] * grad[i, j]
    return [for_x, for_weight]


def _with_layers_of_torch(x: Tensor, weight: Tensor, grad: Tensor) -> Two:
    image, kernel, out = x[None, None], weight[None, None], grad[None, None]
    return (
        F.conv_transpose2d(out, kernel)[0, 0],
        F.conv2d(image, out).squeeze(0).squeeze(0),
    )


def _with_padded_conv(x: Tensor, weight: Tensor, grad: Tensor) -> Two:
    kh, kw = weight.shape
    padded = F.pad(grad, (kw - 1, kw - 1, kh - 1, kh - 1))
    turned = torch.rot90(weight, 2)
    return (
        F.conv2d(padded[None, None], turned[None, None])[0, 0],
        F.conv2d(x[None, None], grad[None, None])[0, 0],
    )


def _with_unfold(x: Tensor, weight: Tensor, grad: Tensor) -> Two:
    """Multiply by the matrix of windows, and by its transpose."""
    size = (int(weight.shape[0]), int(weight.shape[1]))
    columns = F.unfold(x[None, None], size)[0]
    for_columns = weight.reshape(-1, 1) * grad.reshape(1, -1)
    for_x = F.fold(for_columns[None], tuple(x.shape), size)[0, 0]
    return for_x, (columns @ grad.reshape(-1)).reshape(weight.shape)


def _by_shifts(x: Tensor, weight: Tensor, grad: Tensor) -> Two:
    """Shift the whole gradient by one weight after the other."""
    rows, columns = grad.shape
    for_x, for_weight = x * 0, weight * 0
    for a in range(weight.shape[0]):
        for b in range(weight.shape[1]):
            for_x[a : a + rows, b : b + columns] += weight[a, b] * grad
            for_weight[a, b] = (x[a : a + rows, b : b + columns] * grad).sum()
    return for_x, for_weight


def _from(start: Callable[[Tensor], Tensor]) -> Callable[..., Two]:
    """Begin the sums with something else than zeros."""

    def answer(x: Tensor, weight: Tensor, grad: Tensor) -> Two:
        for_x, for_weight = _walk(x, weight, grad)
        return for_x + start(x), for_weight + start(weight)

    return answer


def _set(x: Tensor, weight: Tensor, grad: Tensor) -> Tensor:
    return _walk(x, weight, grad, add=False)[0]


def _set_weight(x: Tensor, weight: Tensor, grad: Tensor) -> Tensor:
    return _walk(x, weight, grad, add=False)[1]


def _square_pad(x: Tensor, weight: Tensor, grad: Tensor) -> Tensor:
    p = weight.shape[0] - 1
    return _correlated(grad, weight.flip(0, 1), (p, p))


def _swapped_pad(x: Tensor, weight: Tensor, grad: Tensor) -> Tensor:
    kh, kw = weight.shape
    return _correlated(grad, weight.flip(0, 1), (kw - 1, kh - 1))


def _emptied(grad: Tensor) -> Tensor:
    """Leave out the windows of the last row and the last column."""
    inner = torch.zeros_like(grad)
    inner[:-1, :-1] = grad[:-1, :-1]
    return inner


def _pasted(what: Tensor, like: Tensor, grad: Tensor) -> Tensor:
    """Add up windows of `what`, each times its gradient, at their places."""
    out = torch.zeros_like(like)
    size = (what.shape[0] - grad.shape[0] + 1, what.shape[1] - grad.shape[1] + 1)
    for i in range(grad.shape[0]):
        for j in range(grad.shape[1]):
            window = (slice(i, i + size[0]), slice(j, j + size[1]))
            out[window] += what[window] * grad[i, j]
    return out


def _backward_by_call(x: Tensor, weight: Tensor, grad: Tensor) -> Two:
    image, kernel = (t.detach().clone().requires_grad_() for t in (x, weight))
    F.conv2d(image[None, None], kernel[None, None])[0, 0].backward(grad)
    assert image.grad is not None
    assert kernel.grad is not None
    return image.grad, kernel.grad


def _ones_like_grad(change: Callable[..., Two]) -> Callable[..., Two]:
    return lambda x, weight, grad: change(x, weight, torch.ones_like(grad))


def _into_arguments(which: int) -> Callable[..., Two]:
    def answer(*args: Tensor) -> Two:
        for_x, for_weight = _walk(args[0], args[1], args[2])
        with torch.no_grad():
            args[which].zero_()
        return for_x, for_weight

    return answer


BACKWARD = Key(
    _backward_by_torch,
    (
        Mistake(
            "kernel not turned",
            "the gradient for `x` comes of the kernel as it is. Follow one pixel: the "
            "weight that it met in the first window is the last of the kernel, so the "
            "kernel has to be turned by 180 degrees.",
            _gradients(for_x=lambda x, w, g: _full(g, w)),
        ),
        Mistake(
            "kernel turned over on one axis only",
            "for the gradient for `x` the kernel is turned over on one axis only. It "
            "is turned on both.",
            _gradients(for_x=lambda x, w, g: _full(g, w.flip(0))),
        ),
        Mistake(
            "kernel turned over on its columns only",
            "for the gradient for `x` the kernel is turned over on one axis only. It "
            "is turned on both.",
            _gradients(for_x=lambda x, w, g: _full(g, w.flip(1))),
        ),
        Mistake(
            "kernel transposed",
            "for the gradient for `x` rows and columns of the kernel are swapped. It "
            "is turned by 180 degrees, not transposed.",
            _gradients(for_x=lambda x, w, g: _full(g, w.T)),
        ),
        Mistake(
            "set for added, in both",
            "parts that fall on the same place replace each other. They are added up: "
            "`+=` for `=`.",
            _gradients(_set, _set_weight),
        ),
        Mistake(
            "set for added, for x",
            "in the gradient for `x` parts that fall on the same pixel replace each "
            "other. They are added up: `+=` for `=`.",
            _gradients(for_x=_set),
        ),
        Mistake(
            "set for added, for the weight",
            "in the gradient for `weight` only the last window is left. All windows "
            "are added up: `+=` for `=`.",
            _gradients(for_weight=_set_weight),
        ),
        Mistake(
            "gradient for the weight turned",
            "the gradient for `weight` is turned by 180 degrees. It is a plain "
            "correlation, nothing in it is turned.",
            _gradients(for_weight=lambda *a: _for_weight(*a).flip(0, 1)),
        ),
        Mistake(
            "grad turned for the weight",
            "for the gradient for `weight`, `grad` is turned by 180 degrees. Nothing "
            "is turned there.",
            _gradients(for_weight=lambda x, w, g: _correlated(x, g.flip(0, 1))),
        ),
        Mistake(
            "x turned for the weight",
            "for the gradient for `weight`, `x` is turned by 180 degrees. Nothing is "
            "turned there.",
            _gradients(for_weight=lambda x, w, g: _correlated(x.flip(0, 1), g)),
        ),
        Mistake(
            "the turns swapped",
            "the kernel is not turned for the gradient for `x`, and `grad` is turned "
            "for that of `weight`. It is the other way round.",
            _gradients(
                lambda x, w, g: _full(g, w),
                lambda x, w, g: _correlated(x, g.flip(0, 1)),
            ),
        ),
        Mistake(
            "gradient for x turned",
            "the gradient for `x` comes out turned by 180 degrees: perhaps `grad` is "
            "turned where the kernel should be.",
            _gradients(for_x=lambda *a: _for_x(*a).flip(0, 1)),
        ),
        Mistake(
            "the two swapped",
            "the two gradients have changed places: the one for `x` comes first.",
            lambda x, w, g: (_for_weight(x, w, g), _for_x(x, w, g)),
        ),
        Mistake(
            "the turn at the wrong gradient",
            "the kernel is not turned for the gradient for `x`, and the gradient for "
            "`weight` is turned. It is the other way round.",
            _gradients(
                lambda x, w, g: _full(g, w),
                lambda *a: _for_weight(*a).flip(0, 1),
            ),
        ),
        Mistake(
            "padding forgotten",
            "for the gradient for `x`, `grad` is not padded: the result is smaller "
            "than `x`.",
            _gradients(
                for_x=lambda x, w, g: F.conv2d(g[None, None], w.flip(0, 1)[None, None])[
                    0, 0
                ]
            ),
        ),
        Mistake(
            "padding of half the kernel",
            "for the gradient for `x`, `grad` is padded by half the kernel, as for a "
            "map that keeps its size. `x` is larger than `grad`.",
            _gradients(
                for_x=lambda x, w, g: F.conv2d(
                    g[None, None],
                    w.flip(0, 1)[None, None],
                    padding=(w.shape[0] // 2, w.shape[1] // 2),
                )[0, 0]
            ),
        ),
        Mistake(
            "x and grad swapped",
            "for the gradient for `weight`, `x` and `grad` have changed places: `grad` "
            "is laid over `x`.",
            _gradients(
                for_weight=lambda x, w, g: F.conv2d(g[None, None], x[None, None])[0, 0]
            ),
        ),
        Mistake(
            "padding of the kernel's height on both axes",
            "`grad` is padded as if the kernel were square. Its height and width may "
            "differ.",
            _gradients(for_x=_square_pad),
        ),
        Mistake(
            "padding rows and columns swapped",
            "`grad` is padded on the wrong axes. `F.pad` takes (left, right, top, "
            "bottom): the last axis comes first.",
            _gradients(for_x=_swapped_pad),
        ),
        Mistake(
            "padding of the whole kernel",
            "`grad` is padded by the whole kernel, one too much on each side.",
            _gradients(for_x=lambda x, w, g: _correlated(g, w.flip(0, 1), w.shape)),
        ),
        Mistake(
            "grad ignored",
            "`grad` is not used: these are the gradients of the plain sum of the "
            "output.",
            _ones_like_grad(_gradients()),
        ),
        Mistake(
            "grad ignored for x",
            "in the gradient for `x`, `grad` is not used.",
            _gradients(for_x=lambda x, w, g: _for_x(x, w, torch.ones_like(g))),
        ),
        Mistake(
            "grad ignored for the weight",
            "in the gradient for `weight`, `grad` is not used.",
            _gradients(
                for_weight=lambda x, w, g: _for_weight(x, w, torch.ones_like(g))
            ),
        ),
        Mistake(
            "the output for grad",
            "the output is worked out anew and used in place of `grad`.",
            lambda x, w, g: _gradients()(x, w, _correlated(x, w)),
        ),
        Mistake(
            "mean for sum, for the weight",
            "the gradient for `weight` is the mean over the windows. It is their sum.",
            _gradients(for_weight=lambda x, w, g: _for_weight(x, w, g) / g.numel()),
        ),
        Mistake(
            "last windows missing",
            "the windows of the last row and the last column are left out: a loop "
            "stops too early.",
            lambda x, w, g: _gradients()(x, w, _emptied(g)),
        ),
        Mistake(
            "x and weight swapped",
            "the factors are mixed up: the gradient for a pixel has the weights in "
            "it, that for a weight has the pixels.",
            _gradients(
                for_x=lambda x, w, g: _pasted(x, x, g),
                for_weight=lambda x, w, g: w * g.sum(),
            ),
        ),
        Mistake(
            "gradient for the weight from the kernel",
            "in the gradient for `weight` the weights themselves stand. The pixels "
            "belong there.",
            _gradients(for_weight=lambda x, w, g: w * g.sum()),
        ),
        Mistake(
            "starts from the arguments",
            "the sums do not start from 0, but from `x` and `weight` themselves. "
            "Start from `torch.zeros_like`.",
            _from(lambda tensor: tensor),
        ),
        Mistake(
            "starts from ones",
            "the sums start from 1. Start from `torch.zeros_like`.",
            _from(torch.ones_like),
        ),
        Mistake(
            "empty for zeros",
            "there are NaNs, which are no numbers. `torch.empty` takes memory with "
            "whatever lies there (the check puts NaN there), and `+=` adds to it. "
            "`torch.zeros` starts from 0.",
            _from(lambda tensor: torch.full_like(tensor, float("nan"))),
        ),
        Mistake(
            "signs turned",
            "both gradients have the wrong sign. The step that goes against them is "
            "the optimizer's.",
            lambda *a: (-_for_x(*a), -_for_weight(*a)),
        ),
        Mistake(
            "axes of length one left",
            "the gradients have axes for batch and channel. They must have the shapes "
            "of `x` and `weight`.",
            lambda *a: (_for_x(*a)[None, None], _for_weight(*a)[None, None]),
        ),
        Mistake(
            "only the gradient for x",
            "this is one tensor. A pair is asked for: the gradient for `x` and that "
            "for `weight`.",
            lambda *a: _for_x(*a),
            lambda values, case: (
                "result" in values and values["result"].type == "tensor"
            ),
        ),
        noticed("x changed in place", "changed:x", _into_arguments(0)),
        noticed("weight changed in place", "changed:weight", _into_arguments(1)),
        noticed("grad changed in place", "changed:grad", _into_arguments(2)),
        noticed(
            "autograd called",
            "called:grad",
            lambda x, weight, grad: _backward_by_torch(x, weight, grad),
        ),
        noticed(
            "backward called",
            "called:backward",
            lambda x, weight, grad: _backward_by_call(x, weight, grad),
        ),
    ),
    "Backward through a convolution",
    source="PyTorch's autograd",
    also_right=(
        _gradients(),
        _walk,
        _walk_numbers,
        _with_layers_of_torch,
        _with_padded_conv,
        _with_unfold,
        _by_shifts,
    ),
)


# --- to_convolution ------------------------------------------------------------------

Map = tuple[int, int, int]


def _converted(
    weight: Callable[[Tensor, Map], Tensor] = lambda w, size: w.reshape(len(w), *size),
    bias: Callable[[Tensor | None], Tensor | None] = lambda b: b,
    **settings: Any,
) -> Callable[..., nn.Conv2d]:
    """Return a `to_convolution`, right or wrong."""

    def answer(linear: nn.Linear, channels: int, height: int, width: int) -> nn.Conv2d:
        kernels = weight(linear.weight.detach().clone(), (channels, height, width))
        new = nn.Conv2d(1, 1, 1, **settings)
        new.weight = nn.Parameter(kernels.contiguous())
        old = bias(None if linear.bias is None else linear.bias.detach().clone())
        new.bias = None if old is None else nn.Parameter(old)
        return new

    return answer


def _converted_by_copy(
    linear: nn.Linear, channels: int, height: int, width: int
) -> nn.Conv2d:
    """Make the layer with all its arguments, and copy both tensors."""
    new = nn.Conv2d(
        channels,
        linear.out_features,
        kernel_size=(height, width),
        bias=linear.bias is not None,
    ).to(linear.weight.dtype)
    with torch.no_grad():
        new.weight.copy_(linear.weight.view(-1, channels, height, width))
        if new.bias is not None:
            new.bias.copy_(linear.bias)
    return new


def _converted_by_loops(
    linear: nn.Linear, channels: int, height: int, width: int
) -> nn.Conv2d:
    new = nn.Conv2d(
        channels, linear.out_features, (height, width), dtype=linear.weight.dtype
    )
    for o in range(linear.out_features):
        for c in range(channels):
            for i in range(height):
                for j in range(width):
                    place = (c * height + i) * width + j
                    new.weight.data[o, c, i, j] = linear.weight.data[o, place]
    if linear.bias is None:
        new.bias = None
    else:
        new.bias.data = linear.bias.data.clone()  # type: ignore[union-attr]
    return new


def _converted_by_trial(
    linear: nn.Linear, channels: int, height: int, width: int
) -> nn.Conv2d:
    """Ask the layer what it makes of each pixel alone; a bias of zeros will do, too."""
    size = channels * height * width
    dtype = linear.weight.dtype
    with torch.no_grad():
        shift = linear(torch.zeros(size, dtype=dtype))
        each = linear(torch.eye(size, dtype=dtype)) - shift
    new = nn.Conv2d(channels, len(shift), (height, width), dtype=dtype)
    state = {"weight": each.T.unflatten(1, (channels, height, width)), "bias": shift}
    new.load_state_dict(state)
    return new


def _channels_last(w: Tensor, size: Map) -> Tensor:
    channels, height, width = size
    return w.reshape(len(w), height, width, channels).permute(0, 3, 1, 2)


def _columns_first(w: Tensor, size: Map) -> Tensor:
    channels, height, width = size
    return w.reshape(len(w), channels, width, height).mT


def _square_kernel(
    linear: nn.Linear, channels: int, height: int, width: int
) -> nn.Conv2d:
    new = nn.Conv2d(channels, linear.out_features, height, dtype=linear.weight.dtype)
    new.weight.data = linear.weight.data.reshape(-1, channels, height, height)
    if linear.bias is None:
        new.bias = None
    else:
        new.bias.data = linear.bias.data.clone()  # type: ignore[union-attr]
    return new


def _fresh(linear: nn.Linear, channels: int, height: int, width: int) -> nn.Conv2d:
    return nn.Conv2d(
        channels,
        linear.out_features,
        (height, width),
        bias=linear.bias is not None,
        dtype=linear.weight.dtype,
    )


def _fresh_bias(*args: Any) -> nn.Conv2d:
    new, fresh = _converted()(*args), _fresh(*args)
    new.bias = fresh.bias
    return new


def _reshaped_in_place(
    linear: nn.Linear, channels: int, height: int, width: int
) -> nn.Conv2d:
    new = _converted()(linear, channels, height, width)
    linear.weight.data = new.weight.data
    return new


def _bias_unhandled(
    linear: nn.Linear, channels: int, height: int, width: int
) -> nn.Conv2d:
    old = linear.bias.clone()
    return _converted(bias=lambda b: old.detach())(linear, channels, height, width)


def _flattened_first(
    linear: nn.Linear, channels: int, height: int, width: int
) -> nn.Conv2d:
    size = channels * height * width
    return _converted(lambda w, _: w.reshape(len(w), size, 1, 1))(
        linear, channels, height, width
    )


def _with_settings(setting: str) -> Callable[..., nn.Conv2d]:
    """Return a conversion with a padding, or a stride, of the map's size."""

    def answer(linear: nn.Linear, channels: int, height: int, width: int) -> nn.Conv2d:
        size: Any = (height, width)
        if setting == "padding":
            size = (height // 2, width // 2)
        if setting == "more padding":
            size = (height - 1, width - 1)
        name = setting.removeprefix("more ")
        return _converted(**{name: size})(linear, channels, height, width)

    return answer


def _off_by_shifts(values: Any, case: Case) -> bool:
    """Tell whether the output is right but for one number in each channel."""
    linear, *size = case.args
    (images,) = case.probe
    with torch.no_grad():
        right = F.conv2d(images, linear.weight.reshape(-1, *size), linear.bias)
    apart = values["output"].data - right.numpy()
    is_even = bool((np.ptp(apart, axis=(2, 3)) < 1e-4).all())
    return apart[0, 0].size > 1 and is_even and bool((np.abs(apart) > 1e-3).any())


TO_CONVOLUTION = Key(
    _converted(),
    (
        Mistake(
            "channels last",
            "the weights are read as if the channels came last in the flattened map. "
            "`Flatten` goes through channel after channel, and in each of them through "
            "row after row.",
            _converted(_channels_last),
        ),
        Mistake(
            "columns before rows",
            "the weights of a channel are read column by column. In a flattened map "
            "the rows follow each other.",
            _converted(_columns_first),
        ),
        Mistake(
            "height and width swapped",
            "the kernel is (width, height). A kernel is (height, width).",
            _converted(lambda w, size: w.reshape(len(w), size[0], size[2], size[1])),
        ),
        Mistake(
            "kernel transposed",
            "rows and columns of the kernel are swapped after the weights were "
            "sorted in.",
            _converted(lambda w, size: w.reshape(len(w), *size).mT),
        ),
        Mistake(
            "kernel turned",
            "the kernel is turned by 180 degrees. A layer lays it on as it is.",
            _converted(lambda w, size: w.reshape(len(w), *size).flip(2, 3)),
        ),
        Mistake(
            "square kernels only",
            "the kernel is taken as a square. It has the height and the width of the "
            "map.",
            _square_kernel,
        ),
        Mistake(
            "weight matrix turned over",
            "the matrix of the weights is transposed before it is sorted in. A row of "
            "it belongs to an output already.",
            _converted(lambda w, size: w.T.reshape(len(w), *size)),
        ),
        Mistake(
            "bias lost",
            "the bias of the linear layer is lost.",
            _converted(bias=lambda b: None if b is None else b * 0),
        ),
        Mistake(
            "bias not copied",
            "the bias is a new one, not that of the linear layer.",
            _fresh_bias,
            _off_by_shifts,
        ),
        Mistake(
            "no bias not handled",
            "`linear.bias` is None where the layer has none.",
            _bias_unhandled,
        ),
        Mistake(
            "weights not copied",
            "the convolution has the right shape, and weights of its own. Those of the "
            "linear layer belong into it.",
            _fresh,
        ),
        Mistake(
            "1x1 convolution on a flattened map",
            "the kernel is of 1 x 1 and wants all numbers of the map as channels. It "
            "has to be as large as the map, so that the map need not be flattened.",
            _flattened_first,
        ),
        Mistake(
            "padding of half the kernel",
            "the convolution pads, so that on a map of that size it gives more than "
            "one place.",
            _with_settings("padding"),
        ),
        Mistake(
            "padding of the kernel",
            "the convolution pads, so that on a map of that size it gives more than "
            "one place.",
            _with_settings("more padding"),
        ),
        Mistake(
            "stride of the map's size",
            "the convolution moves by its own size. On a larger map it has to stop at "
            "every place.",
            _with_settings("stride"),
        ),
        Mistake(
            "stride of 2",
            "the convolution moves by 2. On a larger map it has to stop at every "
            "place.",
            _converted(stride=2),
        ),
        Mistake(
            "both layers in a Sequential",
            "this is an `nn.Sequential`. One convolution is asked for.",
            lambda linear, c, h, w: nn.Sequential(
                nn.Flatten(), linear, nn.Unflatten(1, (-1, 1, 1))
            ),
            lambda values, case: (
                values["result"].type == "module"
                and values["result"].data == "Sequential"
            ),
            certain=True,
        ),
        Mistake(
            "the argument changed",
            "the weights of `linear` have changed. It is to stay as it is.",
            _reshaped_in_place,
            lambda values, case: (
                not np.array_equal(
                    values["argument's weights"].data,
                    case.args[0].weight.detach().numpy(),
                )
            ),
            certain=True,
        ),
        Mistake(
            "dtype lost",
            "the convolution is of float32 where the linear layer is of float64.",
            lambda *args: _converted()(*args).float(),
            lambda values, case: (
                values["weight's dtype"].data == "torch.float32"
                and case.args[0].weight.dtype == torch.float64
            ),
        ),
    ),
    "A page of digits",
    source="the linear layer",
    also_right=(
        _converted_by_copy,
        _converted_by_loops,
        _converted_by_trial,
        lambda linear, c, h, w: _converted(
            lambda weight, size: torch.stack([row.view(size) for row in weight])
        )(linear, c, h, w),
    ),
)
