"""Answers as plain values: what leaves the student's code, and all a judge sees.

A plain value is numbers, text and NumPy arrays with the name of their type. Nothing in
it can run, so an object that claims to equal everything is only "of type Liar".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import nn

_LONGEST = 10_000
"""Entries of a list or dict beyond which it is no longer copied."""


@dataclass(frozen=True)
class PlainValue:
    """One value: its type in a word, its data, and for arrays the dtype.

    ``type`` is one of tensor, array, int, float, bool, str, none, list, dict, module,
    unsolved (the value ``...``), or the name of any other type, whose data is None.
    """

    type: str
    data: Any = None
    dtype: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a tensor or an array, else ()."""
        return self.data.shape if self.type in ("tensor", "array") else ()


@dataclass(frozen=True)
class CodeLine:
    """A line of a student's own code: its number in the cell, its text, the function.

    All of it comes from beside student code: it is shown, and nothing is made of it.
    """

    number: int
    text: str
    function: str


@dataclass(frozen=True)
class CaseOutcome:
    """What came of one case.

    ``values`` holds what was observed, by name; ``error`` and ``message`` the type and
    the text of an exception, or ""; ``line`` the student's own line that raised it, if
    there is one; ``remarks`` what was noticed during the call (see `ask.ask`).
    """

    values: dict[str, PlainValue] = field(default_factory=dict)
    error: str = ""
    message: str = ""
    remarks: tuple[str, ...] = ()
    line: CodeLine | None = None

    @property
    def is_stub(self) -> bool:
        """Whether a stub raised it: PyTorch's own error of that name has a text."""
        return self.error == "NotImplementedError" and not self.message


def plain(item: Any, depth: int = 4) -> PlainValue:
    """Return an object as a plain value; containers are followed `depth` deep."""
    kind = type(item)
    if item is ...:
        return PlainValue("unsolved")
    if item is None:
        return PlainValue("none")
    if kind is bool or kind is np.bool_:
        return PlainValue("bool", bool(item))
    if kind is int or isinstance(item, np.integer):
        return PlainValue("int", int(item))
    if kind is float or isinstance(item, np.floating):
        return PlainValue("float", float(item))
    if kind is str:
        return PlainValue("str", item[:_LONGEST])
    if isinstance(item, torch.Tensor):
        return _tensor(item)
    if kind is np.ndarray and item.dtype.kind in "biufc":
        return PlainValue("array", item.copy(), str(item.dtype))
    if isinstance(item, nn.Module):
        return PlainValue("module", kind.__name__)
    if depth and isinstance(item, list | tuple):
        first = islice(item[:_LONGEST], _LONGEST)
        return PlainValue("list", [plain(entry, depth - 1) for entry in first])
    if depth and isinstance(item, Mapping) and len(item) <= _LONGEST:
        entries = islice(item.items(), _LONGEST)  # its length may be a lie
        return PlainValue("dict", {str(k): plain(v, depth - 1) for k, v in entries})
    return _other(kind)


_OUR_TYPES = {"tensor", "array", "int", "float", "bool", "str", "none", "list", "dict"}
_OUR_TYPES |= {"module", "unsolved"}


def _other(kind: type) -> PlainValue:
    """Name any other type, so that it cannot pass for one of ours."""
    name = kind.__name__
    return PlainValue(f"{name} (a class of yours)" if name in _OUR_TYPES else name)


def _tensor(item: torch.Tensor) -> PlainValue:
    """Copy a tensor to an array; float16 and bfloat16 become float32."""
    name = str(item.dtype).removeprefix("torch.")
    with torch._C.DisableTorchFunctionSubclass():
        data = item.detach().cpu().resolve_conj().resolve_neg()
        if data.is_sparse or data.is_quantized:
            return _other(type(item))
        if data.dtype in (torch.float16, torch.bfloat16):
            data = data.float()
        return PlainValue("tensor", np.array(data.numpy()), name)
