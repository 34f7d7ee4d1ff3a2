"""How a plain value differs from the expected one, within the tolerance of a key."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnlib.checks.values import PlainValue

from .key import Key


def difference(value: PlainValue, expected: PlainValue, key: Key) -> str:
    """Say in a word how a value differs from the expected one, or "" if it does not.

    The words: "type", "dtype", "shape", "length", "keys", "values". Tensors of either
    float type will do, and those of whole numbers too if the key says `any_dtype`; the
    tolerance is that of the less exact one.
    """
    if value.type != expected.type:
        if (value.type, expected.type) != ("int", "float"):
            return "type"
        value = PlainValue("float", float(value.data))
    if expected.type in ("tensor", "array"):
        return _difference_of_arrays(value, expected, key)
    if expected.type == "float":
        return (
            "" if _is_close(value.data, expected.data, key.rtol, key.atol) else "values"
        )
    if expected.type == "list":
        if len(value.data) != len(expected.data):
            return "length"
        pairs: Sequence = list(zip(value.data, expected.data, strict=True))
    elif expected.type == "dict":
        if value.data.keys() != expected.data.keys():
            return "keys"
        pairs = [(value.data[name], expected.data[name]) for name in expected.data]
    else:
        return "" if value.data == expected.data else "values"
    words = (difference(one, other, key) for one, other in pairs)
    return next((word for word in words if word), "")


def _difference_of_arrays(value: PlainValue, expected: PlainValue, key: Key) -> str:
    dtypes = {"float32", "float64"}
    if key.any_dtype:
        dtypes |= {"int8", "int16", "int32", "int64", "uint8"}
    if value.dtype != expected.dtype and not {value.dtype, expected.dtype} <= dtypes:
        return "dtype"
    if value.shape != expected.shape:
        return "shape"
    rtol, atol = key.rtol, key.atol
    if "float32" in (value.dtype, expected.dtype):
        rtol, atol = max(rtol, 1e-4), max(atol, 1e-5 * _scale(expected.data))
    return "" if _is_close(value.data, expected.data, rtol, atol) else "values"


def _is_close(
    data: float | np.ndarray, expected: float | np.ndarray, rtol: float, atol: float
) -> bool:
    return bool(np.isclose(data, expected, rtol, atol, equal_nan=True).all())


def _scale(data: np.ndarray) -> float:
    """Return the largest finite absolute value, at least 1."""
    finite = data[np.isfinite(data)] if data.dtype.kind == "f" else data
    return max(1.0, float(np.abs(finite).max(initial=0)))
