"""Targets of every kind: classes, numbers, yes or no, masks; checked against the loss.

One rule decides. Cross-entropy wants classes: whole numbers (N,), or (N, H, W) for one
class a pixel. The losses that compare number by number (squares, distances, yes or no)
want targets of the shape of the outputs. Any other loss is tried as it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .checks import (
    apply_loss,
    as_images,
    as_labels,
    as_tensor,
    check_is_loss,
    check_loss,
    check_range,
    check_scores,
    float_dtype,
    in_code,
    name_of,
    one_answer,
)

_CLASSES = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss)
_CLASSES_F = (functional.cross_entropy, functional.nll_loss)
_LOGITS = (nn.BCEWithLogitsLoss, functional.binary_cross_entropy_with_logits)
_SHARES = (nn.BCELoss, functional.binary_cross_entropy)
_NUMBERS = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss)
_NUMBERS_F = (
    functional.mse_loss,
    functional.l1_loss,
    functional.smooth_l1_loss,
    functional.huber_loss,
)
_BYTE = 255


def is_of_classes(loss: Any) -> bool:
    """Whether a loss wants the number of the right class."""
    return isinstance(loss, _CLASSES) or loss in _CLASSES_F


def yes_from(loss: Any) -> float | None:
    """From which output on a net says yes, for a loss of yes or no; else None."""
    if isinstance(loss, _LOGITS[0]) or loss is _LOGITS[1]:
        return 0.0
    if isinstance(loss, _SHARES[0]) or loss is _SHARES[1]:
        return 0.5
    return None


class Data(NamedTuple):
    """Images and their targets, which fit each other, the model and the loss.

    ``classes`` is how many there are, where each image has one; else None.
    """

    images: Tensor
    labels: Tensor
    classes: int | None


def checked(model: nn.Module, images: Any, targets: Any, loss: Any) -> Data:
    """Return images and targets as tensors that fit each other, model and loss.

    Raises:
        TypeError: one of them is of a kind that nothing can be made of.
        ValueError: they do not fit; the sentence says what would.
    """
    check_is_loss(loss)
    given, images = images, as_images(images, model)
    output = one_answer(model, images, given)
    if _are_classes(loss, output, targets):
        classes = check_scores(output, tuple(images.shape[1:]))
        if classes == 1 and is_of_classes(loss):
            raise ValueError(_ONE_OUTPUT.format(floats=_floats(targets)))
        labels = as_labels(targets, len(images))
        check_range(labels, classes)
        check_loss(loss, classes, model)
        return Data(images, labels, classes)
    wanted = as_targets(targets, len(images), loss, model)
    if compares_numbers(loss):
        _check_same_shape(output, wanted, loss)
        _check_yes_or_no(wanted, loss)
    elif is_of_classes(loss) and not _same_floats(output, wanted):
        _check_masks(output, wanted, loss)
    sample = output.expand(2, *output.shape[1:]).contiguous()
    apply_loss(loss, sample, wanted[:1].expand(2, *wanted.shape[1:]).to(output.device))
    return Data(images, wanted, None)


def checked_again(
    first: Data, model: nn.Module, images: Any, targets: Any, loss: Any
) -> Data:
    """Check a later batch of a DataLoader, of which `first` was the first."""
    images = as_images(images, model)
    if first.classes is not None:
        labels = as_labels(targets, len(images))
        check_range(labels, first.classes)
        return Data(images, labels, first.classes)
    labels = as_targets(targets, len(images), loss, model)
    _check_yes_or_no(labels, loss)
    return Data(images, labels, None)


_ONE_OUTPUT = (
    "The model gives one number for each image, and cross-entropy of one class is 0 "
    "whatever the number. For yes or no pass loss=nn.BCEWithLogitsLoss() and "
    "labels{floats}; for numbers pass loss=nn.MSELoss() and the same."
)


def compares_numbers(loss: Any) -> bool:
    """Whether a loss compares each output with the target in its place."""
    alone = isinstance(loss, _NUMBERS) or loss in _NUMBERS_F
    return alone or yes_from(loss) is not None


def as_targets(targets: Any, count: int, loss: Any, model: nn.Module) -> Tensor:
    """Return targets (count, ...) in the model's precision, or as whole numbers."""
    given, targets = targets, as_tensor(targets, "labels")
    if targets.dim() == 0 or len(targets) != count:
        found = 1 if targets.dim() == 0 else len(targets)
        raise ValueError(
            f"There are {count} images but {found} labels: each image needs one."
        )
    if targets.is_complex():
        raise ValueError("The labels are complex numbers, expected real ones.")
    if targets.is_floating_point() and not torch.isfinite(targets).all():
        raise ValueError("Some labels are not finite numbers (NaN or infinity).")
    pictures = targets.dtype == torch.uint8 and targets.dim() > 2
    if pictures and compares_numbers(loss) and bool((targets > 1).any()):
        raise ValueError(
            "The labels are pictures of whole numbers (uint8), and the model gives "
            f"fractions: labels{_floats(given)} / 255 brings 0..255 to 0..1."
        )
    if targets.is_floating_point() or compares_numbers(loss):
        return targets.detach().to(float_dtype(model))
    return targets.detach().long()


def _are_classes(loss: Any, output: Tensor, targets: Any) -> bool:
    """Whether each image has one class: what fit and evaluate were made for."""
    axes = getattr(targets, "ndim", 1)
    if is_of_classes(loss):
        return not _are_shares(output, targets) and (output.dim() <= 2 or axes == 1)
    if compares_numbers(loss) or output.dim() != 2 or axes != 1:
        return False
    return isinstance(targets, Tensor) is False or not targets.is_floating_point()


def _are_shares(output: Tensor, targets: Any) -> bool:
    """Whether targets are a probability of each class, and not simply 0 and 1.

    Cross-entropy takes them; mixed images have such.
    """
    if getattr(targets, "ndim", 1) != 2 or output.dim() != 2:
        return False
    if targets.shape[1] != output.shape[1]:
        return False
    shares = as_tensor(targets, "labels")
    if not shares.is_floating_point() or bool(((shares == 0) | (shares == 1)).all()):
        return False
    sums = shares.double().sum(dim=1)
    return bool((shares >= 0).all()) and torch.allclose(
        sums, torch.ones_like(sums), atol=1e-3
    )


def _same_floats(output: Tensor, targets: Tensor) -> bool:
    """Whether targets are a share of each class, (N, classes) or (N, classes, H, W)."""
    same = targets.shape[1:] == output.shape[1:]
    return same and targets.is_floating_point() and not _is_one_hot(targets)


def _check_same_shape(output: Tensor, targets: Tensor, loss: Any) -> None:
    got, wanted = tuple(output.shape[1:]), tuple(targets.shape[1:])
    if got == wanted:
        return
    told = (
        f"For each image the model gives numbers of shape {got}, and the labels have "
        f"{wanted}: {name_of(loss)} compares them number by number. "
    )
    if got == (1, *wanted):
        raise ValueError(f"{told}Pass labels[:, None].")
    if wanted == (1, *got):
        raise ValueError(f"{told}Pass labels[:, 0].")
    if not wanted and len(got) == 1:
        raise ValueError(
            f"{told}Where the labels name classes, cross-entropy is the loss for "
            "them: loss=nn.CrossEntropyLoss(). Else build the model with one output "
            "and pass labels[:, None]."
        )
    raise ValueError(f"{told}Build the model for labels of this shape.")


def _check_yes_or_no(targets: Tensor, loss: Any) -> None:
    if yes_from(loss) is None:
        return
    low, high = float(targets.min()), float(targets.max())
    if low >= 0 and high <= 1:
        return
    both = bool(((targets == 0) | (targets == _BYTE)).all())
    raise ValueError(
        f"The labels go from {low:g} to {high:g}, but {name_of(loss)} wants 0 for no "
        f"and 1 for yes{': pass labels / 255' if both else ''}."
    )


def _check_masks(output: Tensor, targets: Tensor, loss: Any) -> None:
    """Look at one class for each pixel: outputs (N, C, H, W), targets (N, H, W)."""
    got, wanted = tuple(output.shape[2:]), tuple(targets.shape[1:])
    if wanted == (1, *got):
        raise ValueError(
            f"The labels have shape {tuple(targets.shape)}, with an axis of channels "
            "that one class a pixel does not have: pass labels[:, 0]."
        )
    told = (
        f"The model gives maps of {got} for labels of {wanted}: cross-entropy wants "
        "one class for each place of the maps."
    )
    if wanted == (*got, 1):
        raise ValueError(f"{told} Pass labels[..., 0].")
    if wanted == (output.shape[1], *got) and _is_one_hot(targets):
        raise ValueError(f"{told} A one-hot table becomes that by labels.argmax(1).")
    if got != wanted:
        raise ValueError(told)
    if targets.is_floating_point():
        raise ValueError(
            "The labels are fractions, expected whole numbers 0, 1, 2 ... that name "
            "the class of each pixel. If they are whole: labels.long()."
        )
    ignored = getattr(loss, "ignore_index", -100)
    counted = targets[targets != ignored]
    if not counted.numel():
        raise ValueError(
            f"No label counts: all of them are {ignored}, which the loss leaves out."
        )
    low, high = int(counted.min()), int(counted.max())
    if low >= 0 and high < output.shape[1]:
        return
    cure = ""
    if bool(((counted == 0) | (counted == _BYTE)).all()):
        cure = " Pass labels // 255."
    elif high == _BYTE and bool((counted[counted < _BYTE] < output.shape[1]).all()):
        cure = (
            " Where 255 marks what does not count: "
            "loss=nn.CrossEntropyLoss(ignore_index=255)."
        )
    raise ValueError(
        f"The labels run from {low} to {high}, but the model gives {output.shape[1]} "
        f"scores per pixel: legal labels are 0 to {output.shape[1] - 1}.{cure}"
    )


def _is_one_hot(targets: Tensor) -> bool:
    ones = bool(((targets == 0) | (targets == 1)).all())
    return ones and bool((targets.sum(dim=1) == 1).all())


def _floats(targets: Any) -> str:
    axis = "[:, None]" if getattr(targets, "ndim", 1) == 1 else ""
    return in_code(targets, ".float()", '.astype("float32")') + axis
