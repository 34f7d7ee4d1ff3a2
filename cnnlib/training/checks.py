"""What goes into training, checked before the first step: errors in sentences."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.model_summary import summary

from .device import device_of

_CURE = (
    "Give it images of the size it was built for, or build it for images of this size."
)
_AXES = (
    "A batch has shape (N, C, H, W): grey images (N, H, W) get their channel axis by "
    "images[:, None], one image (C, H, W) its batch axis by image[None]."
)
OTHER_TASKS = (
    "The loss is one for classes, with one for each image. For other targets pass the "
    "loss that they need, such as loss=nn.MSELoss() for numbers and "
    "loss=nn.BCEWithLogitsLoss() for yes or no."
)


def as_model(model: Any) -> nn.Module:
    """Return `model` if it is a net, else raise TypeError."""
    if isinstance(model, nn.Module):
        return model
    if isinstance(model, type):
        name = model.__name__
        raise TypeError(f"{name} is a class: build a net of it first, {name}(...).")
    raise TypeError(f"The model should be an nn.Module, not {type(model).__name__}.")


def as_images(images: Any, model: nn.Module) -> Tensor:
    """Return `images` as a floating tensor (N, ...) of the model's own dtype.

    Raises:
        TypeError: not a tensor or NumPy array of numbers.
        ValueError: whole numbers, no images, or values that are not finite.
    """
    given, images = images, as_tensor(images, "images")
    if images.dtype == torch.bool or not images.is_floating_point():
        floats = in_code(given, ".float()", '.astype("float32")')
        raise ValueError(
            f"The images hold whole numbers ({_name(images)}), but a net computes with "
            f"fractions: images{floats} / 255 brings 0..255 to 0..1."
        )
    if images.dim() < 2 or len(images) == 0:
        raise ValueError(
            f"There is no image in a tensor of shape {tuple(images.shape)}: expected "
            "(N, C, H, W) with N at least 1."
        )
    if not torch.isfinite(images.sum()) and not torch.isfinite(images).all():
        raise ValueError("Some pixels are not finite numbers (NaN or infinity).")
    return images.detach().to(float_dtype(model))


def as_labels(labels: Any, count: int) -> Tensor:
    """Return `labels` as an int64 tensor (count,).

    Raises:
        TypeError: not a tensor or NumPy array of numbers.
        ValueError: not whole numbers, not one axis, or not `count` of them.
    """
    given, labels = labels, as_tensor(labels, "labels")
    whole = in_code(given, ".long()", ".astype(int)")
    if labels.dim() != 1:
        raise ValueError(
            f"The labels have shape {tuple(labels.shape)}, expected ({count},): one "
            f"whole number per image. {_to_one_axis(labels, count, whole)}"
        )
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        fractions = labels.is_complex() or (
            labels.is_floating_point() and bool((labels != labels.floor()).any())
        )
        cure = f"If they do: labels{whole}. If they are amounts, to be told as "
        cure += "numbers: loss=nn.MSELoss(), and a net with one output."
        if labels.dtype == torch.bool:
            cure = f"If False is class 0 and True is class 1: labels{whole}."
        raise ValueError(
            f"The labels are {_name(labels)}, expected whole numbers 0, 1, 2 ... that "
            f"name the classes. {OTHER_TASKS if fractions else cure}"
        )
    if len(labels) != count:
        raise ValueError(
            f"There are {count} images but {len(labels)} labels: each image needs one."
        )
    return labels.long()


def _to_one_axis(labels: Tensor, count: int, whole: str) -> str:
    """Say how labels of another shape become (count,), where that can be told."""
    if labels.dim() == 2 and labels.shape[1] == 1:
        return "The second axis goes away by labels[:, 0]."
    if labels.numel() == count:
        return "They become that by labels.reshape(-1)."
    if labels.dim() == 2 and len(labels) == count:
        numbers = labels.double() if not labels.is_complex() else labels
        if ((numbers == 0) | (numbers == 1)).all() and (numbers.sum(1) == 1).all():
            first = whole if labels.dtype == torch.bool else ""
            return f"A one-hot table becomes that by labels{first}.argmax(1)."
    return OTHER_TASKS


def check_is_loss(loss: Any) -> None:
    """Raise TypeError unless `loss` can be called with outputs and labels."""
    if isinstance(loss, type):
        name = loss.__name__
        raise TypeError(f"The loss {name} is a class: build one, {name}().")
    if not callable(loss):
        raise TypeError(
            "The loss should be a function of scores and labels, such as "
            f"nn.CrossEntropyLoss(), not {type(loss).__name__}."
        )


def check_loss(loss: Any, classes: int, model: nn.Module) -> None:
    """Raise ValueError unless `loss` is one of scores and labels.

    PyTorch's own losses are tried, on zeros; others are not called before they have to.
    """
    if isinstance(loss, nn.Module) and type(loss).__module__.startswith("torch.nn"):
        own = [*loss.buffers(), *loss.parameters()]
        device = own[0].device if own else torch.device("cpu")
        scores = torch.zeros(classes + 1, classes, dtype=float_dtype(model))
        labels = torch.zeros(classes + 1, dtype=torch.long)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            apply_loss(loss, scores.to(device), labels.to(device))


def apply_loss(loss: Any, scores: Tensor, labels: Tensor) -> Tensor:
    """Return the loss, one number; raise ValueError where it is none."""
    try:
        value = loss(scores, labels)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise ValueError(
            f"The loss {name_of(loss)} cannot be applied to scores of shape "
            f"{tuple(scores.shape)} and labels of shape {tuple(labels.shape)}: "
            f"{_first_line(error)}{_for_shares(loss, scores)}"
        ) from error
    if not isinstance(value, Tensor):
        raise ValueError(
            f"The loss of a batch is of type {type(value).__name__}, expected a tensor "
            "with one number."
        )
    if value.dim() != 0:
        each = value.shape == labels.shape
        got = "one number per image" if each else f"shape {tuple(value.shape)}"
        raise ValueError(
            f"The loss gives {got}, expected one number for all: the mean over the "
            'images (reduction="mean").'
        )
    return value


def _for_shares(loss: Any, scores: Tensor) -> str:
    """Say what helps where a loss of probabilities is given other numbers."""
    shares = isinstance(loss, nn.BCELoss) or loss is nn.functional.binary_cross_entropy
    if shares and bool(((scores < 0) | (scores > 1)).any()):
        return (
            " Where the model gives no probabilities: loss=nn.BCEWithLogitsLoss(), "
            "which makes them of its numbers."
        )
    return ""


def name_of(loss: Any) -> str:
    """Name a loss as one writes it."""
    return getattr(loss, "__name__", type(loss).__name__)


def check_range(labels: Tensor, classes: int) -> None:
    """Raise ValueError unless all labels are 0 to classes - 1."""
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise ValueError(
            f"The labels run from {low} to {high}, but the model gives {classes} "
            f"scores per image: legal labels are 0 to {classes - 1}."
        )


def count_classes(model: nn.Module, images: Tensor, given: Any = None) -> int:
    """Return the number of scores that `model` gives per image, by trying one image.

    The model is asked in evaluation mode; its mode is kept. `given` is what the caller
    handed over as images.

    Raises:
        ValueError: the model cannot take such an image, or does not give (N, classes).
    """
    output = one_answer(model, images, given)
    return check_scores(
        output,
        tuple(images.shape[1:]),
        "model.eval()(images) gives what a net gives that tells no classes.",
    )


def one_answer(model: nn.Module, images: Tensor, given: Any = None) -> Tensor:
    """Return what `model` gives for the first of the images: (1, ...).

    Raises:
        ValueError: it cannot take such an image, or gives something else.
    """
    sample = images[:1].to(device_of(model), copy=True)
    shape = tuple(sample.shape[1:])
    try:
        output: Any = answer(model, sample)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise ValueError(
            f"The model cannot take images of shape {shape}: "
            f"{_reason(model, shape, error)} {_fix(model, images, given)}"
        ) from error
    if not isinstance(output, Tensor) or output.dim() == 0 or len(output) != 1:
        tensor = isinstance(output, Tensor)
        got = tuple(output.shape) if tensor else type(output).__name__
        raise ValueError(
            f"For one image of shape {shape} the model gives {got}, expected a tensor "
            "(1, ...), with the batch in front." + _for_several(output)
        )
    return output


def _for_several(output: Any) -> str:
    if not isinstance(output, tuple | list | dict):
        return ""
    which = repr(next(iter(output), "out")) if isinstance(output, dict) else "0"
    return (
        " Wrap it in a net whose forward gives the part to be trained, such as "
        f"self.net(x)[{which}]."
    )


def check_scores(
    output: Tensor, shape: tuple[int, ...], advice: str = OTHER_TASKS
) -> int:
    """Return the number of classes of an answer (1, classes), else raise ValueError."""
    if output.dim() != 2:
        raise ValueError(
            f"For one image of shape {shape} the model gives {tuple(output.shape)}, "
            f"expected (1, classes): one row of scores per image. {advice}"
        )
    return output.shape[1]


def answer(model: nn.Module, batch: Tensor) -> Tensor:
    """Return what the model gives in evaluation mode, without gradients.

    A model that asks for gradients in its own forward gets them.
    """
    with evaluating(model):
        try:
            with torch.no_grad():
                return model(batch)
        except RuntimeError:
            with torch.enable_grad():
                scores = model(batch)
            return scores.detach() if isinstance(scores, Tensor) else scores


def _fix(model: nn.Module, images: Tensor, given: Any) -> str:
    """Say what makes images of them that the model takes: what has been tried."""
    sample = images[:1].to(device_of(model), copy=True)
    last = in_code(given, ".permute(0, 3, 1, 2)", ".transpose(0, 3, 1, 2)")
    flat = in_code(given, ".flatten(1)", ".reshape(len(images), -1)")
    if images.dim() == 3:
        return _AXES
    if images.dim() == 4 and _takes(model, sample.permute(0, 3, 1, 2)):
        return f"PyTorch puts the channels first: pass images{last}."
    if images.dim() > 2 and _takes(model, sample.flatten(1)):
        return f"Pass images{flat}, or begin the model with nn.Flatten()."
    return _CURE


def _takes(model: nn.Module, batch: Tensor) -> bool:
    try:
        answer(model, batch)
    except (RuntimeError, ValueError, IndexError, TypeError):
        return False
    return True


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put `model` into evaluation mode inside; afterwards every part is as before."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def at_least(least: int, name: str, value: Any) -> int:
    """Return `value` if it is a whole number of `least` or more, else raise."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(
            f"{name} should be a whole number, not {type(value).__name__} ({value!r})."
        )
    if value < least:
        raise ValueError(f"{name} should be {least} or more, not {value}.")
    return int(value)


def positive(name: str, value: Any, *, or_zero: bool = False) -> float:
    """Return `value` if it is a finite number above 0 (or 0), else raise."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} should be a number, not {type(value).__name__}.")
    if not (0 < value < float("inf") or (or_zero and value == 0)):
        least = "of 0 or more" if or_zero else "above 0"
        raise ValueError(f"{name} should be a finite number {least}, not {value}.")
    return float(value)


def as_tensor(value: Any, name: str) -> Tensor:
    """Return a tensor or an array as a tensor, else raise TypeError."""
    if isinstance(value, np.ndarray):
        return _from_numpy(value, name)
    if not isinstance(value, Tensor):
        raise TypeError(
            f"The {name} should be a torch tensor or a NumPy array, "
            f"not {type(value).__name__}{_for_kind(value, name)}."
        )
    return value


def _for_kind(value: Any, name: str) -> str:
    """Say what makes a tensor of lists, iterators and this package's data sets."""
    if isinstance(value, Iterator):
        make = "torch.stack" if name == "images" else "torch.tensor"
        return (
            ", which can be gone through once only: "
            f"{make}(list({name})) makes a tensor of what it gives"
        )
    if isinstance(value, list | tuple) and value:
        if all(isinstance(one, str) for one in value):
            return f": np.unique({name}, return_inverse=True)[1] numbers the classes"
        if all(isinstance(one, int | float) for one in value):
            return f": torch.tensor({name}) makes one of it"
        if all(isinstance(one, Tensor) for one in value):
            return f": torch.stack({name}) makes one of it"
    if hasattr(value, "images") and hasattr(value, "labels"):
        return ": pass its images and its labels"
    if hasattr(value, "train_images"):
        return ": pass its train_images and its train_labels"
    if hasattr(value, "__getitem__") and hasattr(value, "__len__"):
        return ": a data set goes into a torch.utils.data.DataLoader, and that in here"
    return ""


def _from_numpy(array: np.ndarray, name: str) -> Tensor:
    """Read an array of numbers, in whatever order of bytes it lies in memory."""
    if array.dtype.kind not in "buifc":
        cure = (
            ": np.unique(labels, return_inverse=True)[1] numbers the classes"
            if name == "labels"
            else ""
        )
        raise TypeError(f"The {name} are no numbers (dtype {array.dtype}){cure}.")
    dtype = array.dtype.newbyteorder("=")
    if dtype.itemsize > 8 and dtype.kind == "f":
        dtype = np.dtype(np.float64)  # longdouble, which PyTorch does not have
    copy = None if array.flags.writeable else True
    return torch.from_numpy(np.array(array, dtype, order="C", copy=copy))


def in_code(value: Any, torch_code: str, numpy_code: str) -> str:
    """Return what one writes for a tensor, or for an array."""
    return numpy_code if isinstance(value, np.ndarray) else torch_code


def float_dtype(model: nn.Module) -> torch.dtype:
    """Return the precision that a model computes in: that of its first weights."""
    for parameter in model.parameters():
        if parameter.is_floating_point():
            return parameter.dtype
    return torch.get_default_dtype()


def _name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _reason(model: nn.Module, shape: tuple[int, ...], error: BaseException) -> str:
    """Say which layer does not fit, as ``summary`` names it, else what PyTorch said."""
    if len(shape) == 3:
        try:
            summary(model, shape)
        except ValueError as refusal:
            return str(refusal).split(". ")[0].removesuffix(".") + "."
        except Exception:  # what summary cannot follow is no reason to say less
            return _first_line(error)
    return _first_line(error)


def _first_line(error: BaseException) -> str:
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return text if text.endswith(".") else text + "."
