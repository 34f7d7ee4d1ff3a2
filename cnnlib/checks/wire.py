"""Outcomes on their way from one process to another: lines of JSON, nothing that runs.

What comes in is data from beside a student's code, so every field is looked at before
anything is made of it; what is not exactly of this form raises `WireError`. An outcome
that goes out and comes in again is the same outcome.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import Any, TypeGuard

import numpy as np

from .values import CaseOutcome, CodeLine, PlainValue

MOST_BYTES = 64 * 2**20
"""Of one array; a larger one stays behind, and only its shape goes."""
_LONGEST = 10_000  # entries of a list or dict, characters of a text
_DEEPEST = 8
_BITS = 8_192  # of an int
_WORDS = 400  # characters of an error, a type, a remark
_NARROW = {"float16": "float32", "bfloat16": "float32"}
_DTYPE = re.compile(r"[<>=|]?[a-z]+[0-9]*")
_ARRAYS = ("tensor", "array")
_SCALARS = {"bool": bool, "int": int, "float": float, "str": str, "module": str}


class WireError(ValueError):
    """Something that came in is not what a `CaseOutcome` is sent as."""


def dumps(message: dict[str, Any]) -> bytes:
    """Return a message as one line."""
    return json.dumps(message).encode("ascii") + b"\n"


def loads(line: bytes) -> dict[str, Any]:
    """Return the message of a line; raise `WireError` if it is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not a line of JSON: {error}") from None
    if not isinstance(message, dict):
        raise WireError("a message is an object")
    return message


def pack(outcomes: list[CaseOutcome]) -> list[dict[str, Any]]:
    """Return outcomes as what JSON can hold."""
    return [
        {
            "values": {name: _pack(value) for name, value in outcome.values.items()},
            "error": outcome.error[:_WORDS],
            "message": outcome.message[:_WORDS],
            "remarks": [remark[:_WORDS] for remark in outcome.remarks],
            "line": _pack_line(outcome.line),
        }
        for outcome in outcomes
    ]


def _pack_line(line: CodeLine | None) -> list[Any] | None:
    if line is None:
        return None
    return [line.number, line.text[:_WORDS], line.function[:_WORDS]]


def unpack(sent: Any, count: int) -> list[CaseOutcome]:
    """Return the `count` outcomes that `pack` was given; raise `WireError` if wrong."""
    _expect(_is_small_list(sent) and len(sent) == count, f"{count} outcomes")
    return [_outcome(entry) for entry in sent]


def _outcome(sent: Any) -> CaseOutcome:
    keys = {"values", "error", "message", "remarks", "line"}
    _expect(isinstance(sent, dict) and sent.keys() == keys, f"the keys {keys}")
    _expect(_is_small_dict(sent["values"]), "values by name")
    _expect(_is_text(sent["error"], _WORDS), "an error in words")
    _expect(_is_text(sent["message"], _WORDS), "a message in words")
    remarks = sent["remarks"]
    _expect(_is_small_list(remarks), "a list of remarks")
    _expect(all(_is_text(remark, _WORDS) for remark in remarks), "remarks in words")
    values = {name: _unpack(value, _DEEPEST) for name, value in sent["values"].items()}
    line = _unpack_line(sent["line"])
    return CaseOutcome(values, sent["error"], sent["message"], tuple(remarks), line)


def _unpack_line(sent: Any) -> CodeLine | None:
    if sent is None:
        return None
    _expect(isinstance(sent, list) and len(sent) == 3, "a line of code")
    number, text, function = sent
    _expect(type(number) is int and 0 <= number < 10**6, "the number of a line")
    _expect(_is_text(text, _WORDS) and _is_text(function, _WORDS), "a line in words")
    return CodeLine(number, text, function)


def _pack(value: PlainValue) -> dict[str, Any]:
    """Return a value as JSON holds it; what is too large goes as its type alone."""
    kind, data = value.type[:_WORDS] or "a class without a name", value.data
    if data is None and kind in (*_ARRAYS, *_SCALARS, "list", "dict"):
        return {"type": f"a class called {kind}"}
    if kind in _ARRAYS:
        shape = "x".join(map(str, data.shape))
        if data.nbytes > MOST_BYTES:
            return {"type": f"{kind} of {shape} numbers, too large to be judged"}
        little = np.ascontiguousarray(data, data.dtype.newbyteorder("<"))
        return {
            "type": kind,
            "dtype": value.dtype,
            "shape": list(data.shape),
            "data": base64.b64encode(little.tobytes()).decode("ascii"),
        }
    if kind == "list":
        return {"type": kind, "data": [_pack(entry) for entry in data]}
    if kind == "dict":
        return {"type": kind, "data": {key: _pack(v) for key, v in data.items()}}
    if kind == "int" and data.bit_length() > _BITS:
        return {"type": f"int of {data.bit_length()} bits, too large to be judged"}
    return {"type": kind} if data is None else {"type": kind, "data": data}


def _unpack(sent: Any, deep: int) -> PlainValue:
    _expect(isinstance(sent, dict) and deep > 0, "a value")
    kind, data = sent.get("type"), sent.get("data")
    _expect(_is_text(kind, _WORDS) and kind != "", "the type of a value")
    if kind in _ARRAYS:
        return _array(kind, sent)
    _expect(sent.keys() <= {"type", "data"}, "a type and its data")
    if kind == "list":
        _expect(_is_small_list(data), "the entries of a list")
        return PlainValue(kind, [_unpack(entry, deep - 1) for entry in data])
    if kind == "dict":
        _expect(_is_small_dict(data), "the entries of a dict")
        return PlainValue(kind, {key: _unpack(v, deep - 1) for key, v in data.items()})
    if kind in _SCALARS:
        _expect(type(data) is _SCALARS[kind], f"the data of type {kind}")
        _expect(kind != "int" or data.bit_length() <= _BITS, "an int of some length")
        _expect(not isinstance(data, str) or len(data) <= _LONGEST, "a short text")
        return PlainValue(kind, data)
    _expect("data" not in sent, f"no data of type {kind}")
    return PlainValue(kind)


def _array(kind: str, sent: dict[str, Any]) -> PlainValue:
    """Return a tensor's or an array's value, whose bytes fill its shape exactly."""
    _expect(sent.keys() == {"type", "dtype", "shape", "data"}, "an array")
    name, shape, text = sent["dtype"], sent["shape"], sent["data"]
    dtype = _dtype(name, tensor=kind == "tensor")
    _expect(_is_small_list(shape) and len(shape) <= 32, "the shape of an array")
    sides = all(type(side) is int and 0 <= side < 2**40 for side in shape)
    _expect(sides, "the sides of an array")
    size = math.prod(shape) * dtype.itemsize
    _expect(size <= MOST_BYTES and isinstance(text, str), "a smaller array")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise WireError("The data of an array are not base64.") from None
    _expect(len(raw) == size, "as many numbers as the shape says")
    data = np.frombuffer(raw, dtype.newbyteorder("<")).reshape(shape)
    if dtype.kind == "b":
        _expect(max(raw, default=0) <= 1, "True or False as 1 or 0")
    return PlainValue(kind, data.astype(dtype), name)


def _dtype(name: Any, *, tensor: bool) -> np.dtype:
    """Return the dtype of the numbers; a tensor of float16 holds float32 here."""
    _expect(_is_text(name, 20) and _DTYPE.fullmatch(name) is not None, "a dtype")
    try:
        dtype = np.dtype(_NARROW.get(name, name) if tensor else name)
    except (TypeError, ValueError):
        raise WireError(f"There is no dtype {name!r}.") from None
    plain = dtype.kind in "biufc" and dtype.itemsize <= 32
    _expect(plain and (name in _NARROW or str(dtype) == name), "a dtype of numbers")
    return dtype


def _is_text(item: Any, longest: int) -> TypeGuard[str]:
    return isinstance(item, str) and len(item) <= longest


def _is_small_list(item: Any) -> TypeGuard[list]:
    return isinstance(item, list) and len(item) <= _LONGEST


def _is_small_dict(item: Any) -> TypeGuard[dict]:
    return isinstance(item, dict) and len(item) <= _LONGEST


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise WireError(f"Expected {what}, and something else came in.")
