"""Turn what stopped a run into the error that the caller sees."""

from __future__ import annotations

from .formulas import tensors_of
from .names import class_name
from .phrases import by
from .records import Place

_ABOUT_INPUT = (RuntimeError, ValueError, AssertionError, IndexError, TypeError)


def refusal(error: Exception, place: Place | None, sentence: str | None) -> Exception:
    """Return a ValueError in words if the input is at fault, else the error itself."""
    if sentence is None and not _is_about_input(error, place):
        if place is not None and place.name:
            error.add_note(f"while summary ran the layer {place.name!r}")
        return error
    refused = ValueError(sentence or _in_general(error, place))
    refused.__suppress_context__ = True
    return refused


def _is_about_input(error: Exception, place: Place | None) -> bool:
    if isinstance(error, TypeError):
        return place is not None and bool(place.op)
    return isinstance(error, _ABOUT_INPUT)


def _in_general(error: Exception, place: Place | None) -> str:
    message = " ".join(str(error).split()) or type(error).__name__
    if place is None:
        return f"The model does not take an input of this size: {message}"
    kind = class_name(place.module) if place.module is not None else "operation"
    where = f"{place.name} ({kind})" if place.name else kind
    what = f", in {place.op}" if place.op not in ("", "assert") else ""
    values = tensors_of(place.arguments)
    shapes = [by(v.shape) for v in values or place.inputs if v.active]
    gets = f", which gets {' and '.join(shapes)} with the batch" if shapes else ""
    return f"The model stops at {where}{what}{gets}: {message}"
