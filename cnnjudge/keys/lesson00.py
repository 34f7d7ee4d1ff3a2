"""Lesson 00: references and mistakes of pictures as tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnjudge.key import Key, Mistake, noticed
from cnnlib.checks.question import Case
from cnnlib.checks.values import PlainValue

Array = np.ndarray


# --- to_batch ------------------------------------------------------------------------


def _colours(image: Array) -> Array:
    """Return (H, W, 1) or (H, W, 3): alpha left out, the axis of channels there."""
    return image[:, :, None] if image.ndim == 2 else image[:, :, :3]


def _float(array: Array) -> Tensor:
    return torch.from_numpy(array.astype(np.float32)) / 255


def _batch(image: Array) -> Tensor:
    return _float(_colours(image)).permute(2, 0, 1)[None]


def _batch_by_numpy(image: Array) -> Tensor:
    if image.ndim == 2:
        image = np.stack([image], axis=-1)
    first = np.moveaxis(image[..., :3], -1, 0).astype("float32") / np.float32(255)
    return torch.tensor(first).unsqueeze(0)


def _batch_by_case(image: Array) -> Tensor:
    x = torch.from_numpy(image).float().div(255)
    if x.dim() == 2:
        return x[None, None]
    return x.permute(2, 0, 1)[:3].unsqueeze(0).contiguous()


def _batch_by_transpose(image: Array) -> Tensor:
    x = torch.tensor(_colours(image), dtype=torch.float32)
    return x.transpose(0, 2).transpose(1, 2)[None] / 255


def _on_white(image: Array) -> Tensor:
    x = _float(image)
    if image.ndim == 2 or image.shape[2] == 3:
        return _batch(image)
    alpha = x[:, :, 3:]
    return (alpha * x[:, :, :3] + 1 - alpha).permute(2, 0, 1)[None]


def _as_redrawn(image: Array) -> Tensor:
    x = _float(_colours(image))
    return x.reshape(1, x.shape[2], x.shape[0], x.shape[1])


def _with_alpha(image: Array) -> Tensor:
    return _batch(image) if image.ndim == 2 else _float(image).permute(2, 0, 1)[None]


def _first_dropped(image: Array) -> Tensor:
    return _batch(image[:, :, 1:] if image.ndim == 3 and image.shape[2] == 4 else image)


def _goes_below_zero(values: Mapping[str, PlainValue], case: Case) -> bool:
    found, right = values["result"], _batch(case.args[0]).numpy()
    if found.type != "tensor":
        return False
    return bool(found.data.min() < 0 or np.allclose(found.data, 2 * right - 1))


def _lacks_a_colour(values: Mapping[str, PlainValue], case: Case) -> bool:
    found, (image,) = values["result"].shape, case.args
    return image.ndim == 3 and found in [(1, c, *image.shape[:2]) for c in (1, 2)]


def _is_in_another_order(values: Mapping[str, PlainValue], case: Case) -> bool:
    found, right = values["result"].shape, tuple(_batch(case.args[0]).shape)
    return found != right and found[:1] == (1,) and sorted(found) == sorted(right)


def _scaled_by_its_own(image: Array) -> Tensor:
    x = _batch(image)
    return x / x.max()


_TO_BATCH = Key(
    _batch,
    (
        Mistake(
            "not divided by 255",
            "the values still go up to 255. Divide them.",
            lambda x: 255 * _batch(x),
        ),
        Mistake(
            "left as bytes",
            "the numbers are still bytes. Make floats of them, then divide by 255.",
            lambda x: (255 * _batch(x)).round().to(torch.uint8),
        ),
        Mistake(
            "reshape for permute",
            "`reshape` keeps the numbers in their order and draws new borders: the "
            "picture is scrambled. Which function moves axes?",
            _as_redrawn,
        ),
        Mistake(
            "rows and columns swapped",
            "rows and columns are swapped: the picture lies on its side. In which "
            "order do you name height and width?",
            lambda x: _batch(x).transpose(2, 3),
        ),
        Mistake(
            "channels left last",
            "the channels are still the last axis. PyTorch wants them before the rows.",
            lambda x: _float(_colours(x))[None],
        ),
        Mistake(
            "an axis of length 1 missing",
            "an axis of length 1 is missing, and (N, C, H, W) has four. One picture is "
            "a batch of one, and a grey picture has one channel.",
            lambda x: _batch(x)[0],
        ),
        Mistake(
            "alpha kept",
            "alpha is still there: four channels go in, and only red, green and blue "
            "are asked for.",
            _with_alpha,
        ),
        Mistake(
            "the first of four dropped",
            "the wrong channel is left out of four. Alpha is the last one.",
            _first_dropped,
        ),
        Mistake(
            "laid on white",
            "alpha is used to mix the picture with white. Here it is only left out.",
            _on_white,
        ),
        Mistake(
            "float64",
            "the numbers are right, but of type float64, which is NumPy's. A layer "
            "starts with float32 and takes nothing else.",
            lambda x: _batch_of_doubles(x),
        ),
        Mistake(
            "whole division",
            "only whole numbers are left. `//` cuts off the fraction; so does a "
            "conversion to bytes after the division.",
            lambda x: 255 * _batch(x // 255),
        ),
        Mistake(
            "divided by its own maximum",
            "each picture is divided by its own largest value. A dark picture has to "
            "stay dark: divide all of them by the same number.",
            _scaled_by_its_own,
        ),
        Mistake(
            "divided by 256",
            "the values are a little too small. The largest byte is to become 1; which "
            "number is the largest byte?",
            lambda x: _batch(x) * 255 / 256,
        ),
        Mistake(
            "red and blue swapped",
            "red and blue have changed places. In these pictures red comes first.",
            lambda x: _batch(x).flip(1),
        ),
        Mistake(
            "three channels for grey",
            "a grey picture has one channel, not the same one three times.",
            lambda x: _batch(x).expand(-1, 3, -1, -1),
        ),
        Mistake(
            "batch axis behind the channels",
            "the axis of length 1 stands behind the channels. The batch comes first.",
            lambda x: _batch(x).transpose(0, 1),
        ),
        Mistake(
            "multiplied by 255",
            "the values are multiplied by 255. To come down to 0..1, divide.",
            lambda x: _batch(x) * 255 * 255,
        ),
        Mistake(
            "moved below zero",
            "some values are below 0. Here black is 0 and white is 1: nothing is to be "
            "subtracted.",
            lambda x: (_batch(x) - 0.5) / 0.5,
            _goes_below_zero,
        ),
        Mistake(
            "a colour left out",
            "a colour is missing: there are three, numbered 0, 1 and 2. A slice ends "
            "before its second number.",
            lambda x: _batch(x)[:, :2],
            _lacks_a_colour,
        ),
        Mistake(
            "axes in another order",
            "the axes stand in another order than (N, C, H, W). `permute` is told of "
            "each new axis which old one it was.",
            lambda x: _batch(x) if x.ndim == 2 else _batch(x).permute(0, 3, 1, 2),
            _is_in_another_order,
        ),
    ),
    "(H, W, C) against (N, C, H, W)",
    each_case_alone=True,
    atol=1e-6,
    source="what a layer expects",
    also_right=(_batch_by_numpy, _batch_by_case, _batch_by_transpose),
)  # fmt: skip


def _batch_of_doubles(image: Array) -> Tensor:
    return torch.from_numpy(_colours(image) / 255).permute(2, 0, 1)[None]


# --- to_image ------------------------------------------------------------------------


def _plain_first(tensor: Tensor) -> Tensor:
    """Return (C, H, W) without a gradient."""
    return tensor.detach()[0] if tensor.dim() == 4 else tensor.detach()


def _as_picture(x: Tensor) -> Array:
    """Turn (C, H, W) into (H, W) or (H, W, 3), in the type it has."""
    return (x[0] if len(x) == 1 else x.permute(1, 2, 0)).numpy()


def _bytes_of(x: Tensor) -> Tensor:
    return (x.clamp(0, 1) * 255).round().to(torch.uint8)


def _image(tensor: Tensor) -> Array:
    return _as_picture(_bytes_of(_plain_first(tensor)))


def _image_by_numpy(tensor: Tensor) -> Array:
    array = tensor.detach().numpy()
    array = array.reshape(array.shape[-3:]).transpose(1, 2, 0)
    array = np.rint(np.clip(255 * array, 0, 255)).astype(np.uint8)
    return array[:, :, 0] if array.shape[2] == 1 else array


def _image_by_half(tensor: Tensor) -> Array:
    x = (tensor.detach().clip(0, 1) * 255 + 0.5).byte()
    if x.dim() == 4:
        x = x.squeeze(0)
    return (
        np.asarray(x.squeeze(0))
        if x.shape[0] == 1
        else np.asarray(x).transpose(1, 2, 0)
    )


def _as_they_are(scaled: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Array]:
    """Return an answer that makes bytes of (C, H, W) in another way."""
    return lambda tensor: _as_picture(scaled(_plain_first(tensor)))


def _run_over(x: Tensor) -> Tensor:
    """Bytes without a limit: 256 is 0 again, and -1 is 255."""
    return (x * 255).round().long().remainder(256).to(torch.uint8)


def _is_run_over(values: Mapping[str, PlainValue], case: Case) -> bool:
    """Tell whether all values inside 0..1 are right, and others are not.

    What becomes of a number that fits in no byte depends on the machine; on one that
    stops at 0 and 255 by itself the answer is right.
    """
    found, right = values["result"], _image(case.args[0])
    x = _plain_first(case.args[0])
    inside = _as_picture((x >= 0) & (x <= 1))
    if (found.type, found.dtype) != ("array", "uint8") or inside.all():
        return False
    if found.shape != right.shape:
        return False
    well = found.data == right
    run_over = found.data == _as_picture(_run_over(x))
    return bool(well[inside].all() and (well | run_over).all())


def _with_gradient(tensor: Tensor) -> Array:
    x = tensor[0] if tensor.dim() == 4 else tensor
    return _as_picture((x.clamp(0, 1) * 255).round()).astype(np.uint8)


def _stretched(x: Tensor) -> Tensor:
    return (255 * (x - x.min()) / (x.max() - x.min())).round().to(torch.uint8)


def _squeezed(tensor: Tensor) -> Array:
    x = _bytes_of(tensor.detach()).squeeze()
    return (x.permute(1, 2, 0) if x.dim() == 3 else x).numpy()


def _redrawn(tensor: Tensor) -> Array:
    x = _bytes_of(_plain_first(tensor))
    return (x[0] if len(x) == 1 else x.reshape(*x.shape[1:], 3)).numpy()


def _channels_kept(tensor: Tensor) -> Array:
    x = _bytes_of(_plain_first(tensor))
    return (x[0] if len(x) == 1 else x).numpy()


def _one_channel_kept(tensor: Tensor) -> Array:
    return _bytes_of(_plain_first(tensor)).permute(1, 2, 0).numpy()


def _batch_kept(tensor: Tensor) -> Array:
    return _image(tensor)[None] if tensor.dim() == 4 else _image(tensor)


def _swapped(tensor: Tensor) -> Array:
    return np.ascontiguousarray(_image(tensor).swapaxes(0, 1))


def _moved_on(tensor: Tensor) -> Array:
    x = _bytes_of(_plain_first(tensor))
    return (x[0] if len(x) == 1 else x.permute(2, 0, 1)).numpy()


def _has_one_in_front(values: Mapping[str, PlainValue], case: Case) -> bool:
    return values["result"].shape == (1, *_image(case.args[0]).shape)


def _is_reordered(values: Mapping[str, PlainValue], case: Case) -> bool:
    """Tell whether the axes are as long as they should be, in another order."""
    found, right = values["result"].shape, _image(case.args[0]).shape
    return found != right and len(found) == 3 and sorted(found) == sorted(right)


def _clipped_in_place(tensor: Tensor) -> Array:
    tensor.detach().clamp_(0, 1)
    return _image(tensor)


_TO_IMAGE = Key(
    _image,
    (
        Mistake(
            "gradient not cut off",
            "only the tensor that needs a gradient goes wrong. Does the error come "
            "from NumPy, which knows no gradients? Then detach the tensor first.",
            _with_gradient,
        ),
        Mistake(
            "cut off, not rounded",
            "fractions are cut off. Making bytes does not round: do it before.",
            _as_they_are(lambda x: (x.clamp(0, 1) * 255).to(torch.uint8)),
        ),
        Mistake(
            "not multiplied by 255",
            "only 0 and 1 are left: bytes go up to 255. Scale the values before you "
            "round them.",
            _as_they_are(lambda x: x.clamp(0, 1).round().to(torch.uint8)),
        ),
        Mistake(
            "not multiplied by 255, cut off",
            "nearly everything is 0: bytes go up to 255. Scale the values before you "
            "make bytes of them.",
            _as_they_are(lambda x: x.clamp(0, 1).to(torch.uint8)),
        ),
        Mistake(
            "clipped to 0..1 after scaling",
            "everything bright ends at 1. After the multiplication by 255 the limit is "
            "another one.",
            _as_they_are(lambda x: (x * 255).clamp(0, 1).round().to(torch.uint8)),
        ),
        Mistake(
            "stretched",
            "the smallest value becomes 0 and the largest 255: the picture is "
            "stretched. 0 is black and 1 is white, whatever the others are.",
            _as_they_are(_stretched),
        ),
        Mistake(
            "absolute values",
            "negative values have lost their sign. They are darker than black, so "
            "they become 0.",
            _as_they_are(lambda x: _bytes_of(x.abs())),
        ),
        Mistake(
            "multiplied by 256",
            "the values are a little too large. The largest byte is not 256.",
            _as_they_are(
                lambda x: (x.clamp(0, 1) * 256).round().clamp(0, 255).to(torch.uint8)
            ),
        ),
        Mistake(
            "squeezed too much",
            "an axis of the picture itself is lost: with a single row or column it "
            "has length 1, too. `squeeze()` drops every axis of that length; take off "
            "the axes that you mean by their place.",
            _squeezed,
        ),
        Mistake(
            "reshape for permute",
            "`reshape` keeps the numbers in their order: the colours are scrambled. "
            "Which function moves axes?",
            _redrawn,
        ),
        Mistake(
            "channels left first",
            "the channels are still the first axis. A picture file has them last.",
            _channels_kept,
        ),
        Mistake(
            "axis of one channel kept",
            "the axis of channels is still there. A grey picture is (H, W).",
            _one_channel_kept,
        ),
        Mistake(
            "axes in another order",
            "the axes stand in another order than (H, W, C). `permute` is told of each "
            "new axis which old one it was.",
            _moved_on,
            _is_reordered,
        ),
        Mistake(
            "rounded up",
            "fractions are rounded up. To the nearest is asked for.",
            _as_they_are(lambda x: (x.clamp(0, 1) * 255).ceil().to(torch.uint8)),
        ),
        Mistake(
            "axis of length 1 kept in front",
            "an axis of length 1 still stands in front. One picture comes back: (H, W) "
            "if it is grey, (H, W, 3) if it has colours.",
            _batch_kept,
            _has_one_in_front,
        ),
        Mistake(
            "rows and columns swapped",
            "rows and columns are swapped: the picture lies on its side.",
            _swapped,
        ),
        Mistake(
            "red and blue swapped",
            "red and blue have changed places. Red comes first, there and here.",
            lambda tensor: _image(tensor.flip(-3)),
        ),
        Mistake(
            "left as floats",
            "the numbers are right, but still floats. A picture file has bytes.",
            lambda tensor: _image(tensor).astype(np.float32),
        ),
        Mistake(
            "left as a tensor",
            "the numbers are right, but still in a tensor. Ask it for an array.",
            lambda tensor: torch.from_numpy(_image(tensor)),
        ),
        Mistake(
            "not clipped",
            "what lies outside 0..1 is wrong: it fits in no byte and runs over, as "
            "200 + 100 does. Is it clipped at both ends, before it becomes bytes?",
            _as_they_are(_run_over),
            _is_run_over,
        ),
        noticed("input changed in place", "changed:tensor", _clipped_in_place),
    ),
    "Back to a picture",
    each_case_alone=True,
    rtol=0.0,
    atol=0.0,
    source="the picture it was",
    also_right=(_image_by_numpy, _image_by_half),
)  # fmt: skip


# --- fitting_conv --------------------------------------------------------------------


def _conv(x: Tensor, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(x.shape[-3], out_channels, kernel_size=3, dtype=x.dtype)


def _conv_by_dim(x: Tensor, out_channels: int) -> nn.Conv2d:
    channels = x.shape[1] if x.dim() == 4 else x.shape[0]
    return nn.Conv2d(channels, out_channels, (3, 3), padding=1, bias=False).to(x.dtype)


def _conv_by_size(x: Tensor, out_channels: int) -> nn.Conv2d:
    layer = nn.Conv2d(x.size(-3), out_channels, 3, padding="same")
    return layer.to(x)


def _conv_by_lazy(x: Tensor, out_channels: int) -> nn.Conv2d:
    return nn.LazyConv2d(out_channels, 3, dtype=x.dtype)


def _takes_it(values: Mapping[str, PlainValue], case: Case) -> bool:
    """Tell whether a 3 x 3 layer of that many kernels took the picture."""
    if "output shape" not in values:
        return False
    x, out_channels = case.args
    sides, shape = _lengths(values["kernel_size"]), _lengths(values["output shape"])
    return sides == [3, 3] and len(shape) == x.dim() and shape[-3] == out_channels


def _lengths(value: PlainValue) -> list[int]:
    return [length.data for length in value.data]


def _of(channels: Callable[[Tensor], int]) -> Callable[[Tensor, int], nn.Conv2d]:
    """Return an answer that takes the channels from elsewhere."""
    return lambda x, out: nn.Conv2d(channels(x), out, 3, dtype=x.dtype)


_FITTING = Key(
    _conv,
    (
        Mistake(
            "channels from axis 1",
            "axis 1 is taken for the channels; without a batch axis it is the "
            "height. From the back, the channels are at the same place in both.",
            _of(lambda x: x.shape[1]),
        ),
        Mistake(
            "channels from axis 0",
            "axis 0 is taken for the channels; in a batch it counts the pictures. "
            "Counted from the back, the channels are at the same place in both.",
            _of(lambda x: x.shape[0]),
        ),
        Mistake(
            "channels from the last axis",
            "the last axis is taken for the channels, as in a file. In PyTorch it is "
            "the width.",
            _of(lambda x: x.shape[-1]),
        ),
        Mistake(
            "always three channels",
            "the layer always takes three channels. The picture says how many it has.",
            _of(lambda x: 3),
        ),
        Mistake(
            "always one channel",
            "the layer always takes one channel. The picture says how many it has.",
            _of(lambda x: 1),
        ),
        Mistake(
            "number type left as it is",
            "a new layer is float32, and this picture is not. Give the layer the "
            "type of the picture.",
            lambda x, out: nn.Conv2d(x.shape[-3], out, 3),
        ),
        Mistake(
            "always float64",
            "the layer is always float64. Give it the type of the picture.",
            lambda x, out: nn.Conv2d(x.shape[-3], out, 3).double(),
        ),
        Mistake(
            "in and out swapped",
            "channels in and channels out are swapped: `in_channels` comes first.",
            lambda x, out: nn.Conv2d(out, x.shape[-3], 3, dtype=x.dtype),
        ),
        Mistake(
            "out_channels ignored",
            "another number of channels comes out than `out_channels` says.",
            lambda x, out: nn.Conv2d(x.shape[-3], x.shape[-3], 3, dtype=x.dtype),
        ),
        Mistake(
            "another kernel",
            "the kernel is not 3 x 3.",
            lambda x, out: nn.Conv2d(x.shape[-3], out, 1, dtype=x.dtype),
            lambda values, case: _lengths(values["kernel_size"]) != [3, 3],
        ),
        Mistake(
            "no nn.Conv2d",
            "what comes back is no `nn.Conv2d`. Is `return` there, and that layer?",
            lambda x, out: nn.ConvTranspose2d(x.shape[-3], out, 3, dtype=x.dtype),
            lambda values, case: values["result"].type != "tensor",
        ),
        Mistake(
            "the result for the layer",
            "this is what the layer gives. The layer itself is asked for.",
            lambda x, out: _conv(x, out)(x).detach(),
            lambda values, case: values["result"].type == "tensor",
        ),
    ),
    "When it breaks",
    each_case_alone=True,
    accepts=_takes_it,
    source="their inputs",
    also_right=(_conv_by_dim, _conv_by_size, _conv_by_lazy),
)  # fmt: skip


# --- axis_sizes ----------------------------------------------------------------------

_AXES: dict[str, Any] = {
    "grey_batch": (1, 1, 28, 20),
    "colour_to_torch": (3, 32, 48),
    "channel": (8, 5, 7),
    "kept": (8, 1, 5, 7),
    "squeezed": (1, 1, 5),
}


def _but(name: str, shape: tuple[int, ...], what: str, hint: str) -> Mistake:
    """Return the right dict with one wrong entry."""
    return Mistake(f"{name}: {what}", hint, {**_AXES, name: shape})


_LAST = "has its channels last. That is the order of files."
_SIDES = "has height and width swapped: the height comes first."
_INDEX = "Which axis does the second index belong to?"

_AXIS_SIZES = Key(
    _AXES,
    (
        _but(
            "grey_batch",
            (1, 28, 20),
            "one axis of two",
            "`grey_batch` lacks an axis: a batch of one, and one channel, are an axis "
            "each.",
        ),
        _but(
            "grey_batch",
            (28, 20),
            "no new axis",
            "`grey_batch` is the picture alone. A batch has an axis for the pictures, "
            "and one for the channels.",
        ),
        _but("grey_batch", (1, 28, 20, 1), "channels last", f"`grey_batch` {_LAST}"),
        _but("grey_batch", (1, 1, 20, 28), "sides swapped", f"`grey_batch` {_SIDES}"),
        _but(
            "grey_batch",
            (1, 3, 28, 20),
            "three channels",
            "`grey_batch` has three channels. A grey picture has one.",
        ),
        _but(
            "colour_to_torch",
            (32, 48, 3),
            "channels last",
            f"`colour_to_torch` {_LAST}",
        ),
        _but(
            "colour_to_torch",
            (3, 48, 32),
            "sides swapped",
            f"`colour_to_torch` {_SIDES}",
        ),
        _but(
            "colour_to_torch",
            (1, 3, 32, 48),
            "a batch axis",
            "`colour_to_torch` has a batch axis, and nobody put one in.",
        ),
        _but(
            "channel",
            (8, 1, 5, 7),
            "the axis kept",
            "`channel` still has the axis of channels. A whole number as index takes "
            "its axis away.",
        ),
        _but(
            "channel",
            (3, 5, 7),
            "the first axis",
            f"`channel` lost its first axis. {_INDEX}",
        ),
        _but(
            "channel",
            (8, 3, 7),
            "the third axis",
            f"`channel` lost its third axis. {_INDEX}",
        ),
        _but(
            "channel",
            (5, 7),
            "two axes lost",
            "`channel` lost two axes: `:` keeps its own.",
        ),
        _but(
            "kept",
            (8, 5, 7),
            "the axis lost",
            "`kept` lost an axis. A slice keeps its axis, even for a single entry.",
        ),
        _but(
            "kept",
            (8, 2, 5, 7),
            "two channels",
            "`kept` has two channels. Does a slice end before its second number, or "
            "with it?",
        ),
        _but(
            "kept",
            (1, 3, 5, 7),
            "the first axis",
            f"`kept` has one picture left. {_INDEX}",
        ),
        _but(
            "squeezed",
            (5,),
            "all axes lost",
            "`squeezed` lost all axes of length 1. `squeeze(0)` names one of them.",
        ),
        _but(
            "squeezed",
            (1, 5),
            "two axes lost",
            "`squeezed` lost two axes. `squeeze(0)` names one.",
        ),
        _but(
            "squeezed",
            (1, 1, 1, 5),
            "none lost",
            "`squeezed` is as it was. The axis that is named has length 1, so it goes.",
        ),
    ),
    "`image[None, None]`",
    each_case_alone=True,
    also_right=(
        {name: list(shape) for name, shape in _AXES.items()},
        {name: torch.Size(shape) for name, shape in _AXES.items()} | {"more": 1},
    ),
)

KEYS = {
    "to_batch": _TO_BATCH,
    "to_image": _TO_IMAGE,
    "fitting_conv": _FITTING,
    "axis_sizes": _AXIS_SIZES,
}
