"""The nets of a drawing pad: read once, asked again and again, left as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.data.bundled_digits import to_mnist_form
from cnnlib.data.places import package_folder
from cnnlib.model_summary.untouched import buffers_kept, nothing_changed
from cnnlib.training.checks import as_images, count_classes, evaluating
from cnnlib.training.device import device_of
from cnnlib.training.traps import are_probabilities

from .net_export import export
from .net_record import NotExportableError

CLASSES = 10
EXAMPLE_ROWS = (79, 93, 22, 13, 41, 71, 16, 94, 148, 39)
"""Rows of scikit-learn's file with a 0, a 1, ... that anyone can read."""
MOST_NETS = 3
"""Nets side by side; there are three colours for their bars."""


class DigitReader:
    """A net that reads digits, under a name.

    ``gives`` says what its ten numbers are: "scores", before the softmax, or
    "probabilities", where the net ends in one.
    """

    def __init__(self, name: str, model: nn.Module, images: Tensor) -> None:
        self.name = name
        self.model = model
        _check(model, images[:1])
        answers = self._answers(images)
        if not torch.isfinite(answers).all():
            raise ValueError(
                f"{_called(name)} gives numbers that are not finite (NaN or infinity): "
                "its training went wrong, or its weights were never set."
            )
        self.gives = "probabilities" if are_probabilities(answers) else "scores"

    def ask(self, images: Tensor) -> Tensor:
        """Return the probabilities (N, 10) for images (N, 1, 28, 28), on the CPU."""
        return self.judge(self._answers(images))

    def judge(self, answers: Tensor) -> Tensor:
        """Turn the model's numbers (N, 10) into probabilities."""
        return answers if self.gives == "probabilities" else answers.softmax(dim=1)

    def page_data(self, images: Tensor) -> dict[str, Any]:
        """Return what a page knows: the net itself, or why it cannot have it."""
        data: dict[str, Any] = {"name": self.name, "gives": self.gives}
        try:
            with nothing_changed(self.model):
                return data | {"net": export(self.model, images, self.judge)}
        except NotExportableError as error:
            return data | {"net": None, "why": str(error)}
        except Exception as error:  # a copy that cannot be made or run as it is
            why = f"A copy of it could not be run: {first_line(error)}"
            return data | {"net": None, "why": why}

    def _answers(self, images: Tensor) -> Tensor:
        """Ask the model itself: evaluating, without gradients, random state kept."""
        model = self.model
        batch = as_images(images, model).to(device_of(model))
        with (
            nothing_changed(model),
            buffers_kept(model),
            evaluating(model),
            torch.no_grad(),
        ):
            answers: Tensor = model(batch)
        return answers.detach().float().cpu()


def read_nets(model: Any, images: Tensor) -> list[DigitReader]:
    """Return the nets of ``draw_digit(model)``: one, or up to three by name.

    Raises:
        TypeError: not a net, nor names with nets.
        ValueError: too many nets, or one that does not read 28x28 digits.
    """
    named = model if isinstance(model, Mapping) else {"": model}
    if not 1 <= len(named) <= MOST_NETS:
        raise ValueError(
            f"draw_digit shows one to {MOST_NETS} nets; {len(named)} were given."
        )
    for name, one in named.items():
        if isinstance(one, nn.Module) and isinstance(name, str):
            continue
        hint = " Build one first: model()." if isinstance(one, type) else ""
        raise TypeError(
            "draw_digit takes a model (an nn.Module), or a dict of names and models; "
            f"got {_described(name, one, isinstance(model, Mapping))}.{hint}"
        )
    return [DigitReader(name, one, images) for name, one in named.items()]


def example_digits() -> Tensor:
    """Return ten bundled digits, 0 to 9 in order, as images (10, 1, 28, 28)."""
    file = package_folder("sklearn", "scikit-learn") / "datasets/data/digits.csv.gz"
    rows = np.loadtxt(file, delimiter=",", dtype=np.int64, max_rows=150)
    cells = torch.from_numpy(rows)[list(EXAMPLE_ROWS), :-1].reshape(-1, 8, 8)
    return (to_mnist_form(cells.float() / 16) * 255).round() / 255


def trials(examples: Tensor) -> Tensor:
    """Return images to check an export with: the examples, moved, turned, thickened."""
    moved = examples.roll((3, -6), dims=(2, 3))
    thick = torch.nn.functional.max_pool2d(examples, 3, stride=1, padding=1)
    return torch.cat([examples, moved, thick.transpose(2, 3)])


def _check(model: nn.Module, image: Tensor) -> None:
    """Raise ValueError unless the model takes a digit and gives ten numbers."""
    if any(tensor.is_meta for tensor in model.parameters()):
        raise ValueError(
            'The model is on the device "meta" and has no weights to compute with.'
        )
    with nothing_changed(model), buffers_kept(model):
        classes = count_classes(model, as_images(image, model))
    if classes != CLASSES:
        raise ValueError(
            f"The model gives {classes} scores for an image; draw_digit needs "
            f"{CLASSES}, one for each digit."
        )


def _called(name: str) -> str:
    return f"The model {name!r}" if name else "The model"


def _described(name: Any, model: Any, by_name: bool) -> str:
    what = f"the class {model.__name__}" if isinstance(model, type) else ""
    what = what or f"a value of type {type(model).__name__}"
    return f"{what} under the name {name!r}" if by_name else what


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, as a sentence."""
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return text.rstrip(".") + "."
