"""What a unit deep in a network sees of the input: receptive field and jump."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any, NamedTuple

from cnnlib.table import html_table, text_table

from .inputs import is_sequence, pair
from .value import Worked

Sized = Worked | tuple[Worked, Worked]
LayerWindow = Sequence[Any]
"""(kernel, stride) or (kernel, stride, dilation) of a layer."""


class ReceptiveFieldRow(NamedTuple):
    """One layer and what its output sees; pairs are (height, width)."""

    kernel: int | tuple[int, int]
    stride: int | tuple[int, int]
    dilation: int | tuple[int, int]
    jump: Sized
    receptive_field: Sized


class ReceptiveFieldTable(list[ReceptiveFieldRow]):
    """A list of `ReceptiveFieldRow` that shows itself as a table."""

    def __repr__(self) -> str:
        return text_table(self._rows())

    def _repr_html_(self) -> str:
        return html_table("Jump and receptive field after each layer", self._rows())

    def _rows(self) -> list[tuple[str, ...]]:
        head = ("layer", "kernel", "stride", "dilation", "jump", "receptive field")
        return [head, *_cells(self)]


def receptive_field(layers: Iterable[LayerWindow]) -> Any:
    """Side of the patch of input that one output value depends on, in pixels.

    `layers` lists (kernel, stride) or (kernel, stride, dilation) from the input on,
    convolutions and poolings alike. Each layer adds (k-1) * dilation * jump, where
    the jump is the product of the strides before it (Araujo, Norris and Sim,
    "Computing receptive fields of convolutional neural networks", Distill 2019).
    Pairs give a pair; no layers give 1.

    >>> receptive_field([(3, 1), (2, 2), (3, 1)])
    1 + (3-1)*1 + (2-1)*1 + (3-1)*2 = 8
    """
    windows = _checked(layers)
    return _per_axis(windows, _field)


def jump(layers: Iterable[LayerWindow]) -> Any:
    """Input pixels between neighbouring output values: the product of the strides.

    >>> jump([(3, 1), (2, 2), (3, 2)])
    1*2*2 = 4
    """
    windows = _checked(layers)
    return _per_axis(windows, _jump)


def receptive_field_table(layers: Iterable[LayerWindow]) -> ReceptiveFieldTable:
    """Jump and receptive field after every layer, as a list of rows.

    >>> receptive_field_table([(3, 1), (2, 2)])[-1].receptive_field
    1 + (3-1)*1 + (2-1)*1 = 4
    """
    windows = _checked(layers)
    return ReceptiveFieldTable(
        ReceptiveFieldRow(
            _plain(kernel),
            _plain(stride),
            _plain(dilation),
            _per_axis(windows[:depth], _jump),
            _per_axis(windows[:depth], _field),
        )
        for depth, (kernel, stride, dilation) in enumerate(windows, start=1)
    )


def _checked(layers: Iterable[LayerWindow]) -> list[tuple[Any, Any, Any]]:
    """Check every layer and give it a dilation; what was a pair stays a pair."""
    checked = []
    for number, layer in enumerate(layers):
        if not is_sequence(layer) or len(layer) not in (2, 3):
            raise ValueError(
                f"Layer {number} must be (kernel, stride) or (kernel, stride, "
                f"dilation), but it is {layer!r}."
            )
        kernel, stride, dilation = (*layer, 1)[:3]
        for value, name in (
            (kernel, "kernel"),
            (stride, "stride"),
            (dilation, "dilation"),
        ):
            pair(value, f"{name} of layer {number}")
        checked.append((kernel, stride, dilation))
    return checked


def _per_axis(layers: list[tuple[Any, Any, Any]], rule: Any) -> Any:
    """Apply `rule` along rows and along columns; one answer if no layer has a pair."""
    axes = [
        [tuple(pair(value, "")[axis] for value in layer) for layer in layers]
        for axis in (0, 1)
    ]
    height, width = map(rule, axes)
    many = any(is_sequence(value) for layer in layers for value in layer)
    return (height, width) if many else height


def _field(layers: list[tuple[int, int, int]]) -> Worked:
    field, step, terms = 1, 1, ["1"]
    for kernel, stride, dilation in layers:
        field += (kernel - 1) * dilation * step
        spread = "" if dilation == 1 else f"*{dilation}"
        terms.append(f"({kernel}-1){spread}*{step}")
        step *= stride
    return Worked(field, " + ".join(terms))


def _jump(layers: list[tuple[int, int, int]]) -> Worked:
    strides = [stride for _, stride, _ in layers]
    return Worked(prod(strides), "*".join(map(str, strides)) or "1")


def _plain(value: Any) -> Any:
    return tuple(map(int, value)) if is_sequence(value) else int(value)


def _cells(rows: Iterable[ReceptiveFieldRow]) -> Iterable[tuple[str, ...]]:
    for number, row in enumerate(rows, start=1):
        field = row.receptive_field
        yield (
            str(number),
            *map(_short, row[:4]),
            _short(field) if is_sequence(field) else str(field),
        )


def _short(value: Any) -> str:
    return "x".join(map(_short, value)) if is_sequence(value) else f"{value}"
