"""Tell the batch axis from the others, and read receptive fields off the tracks."""

from __future__ import annotations

from math import ceil

from .field import Fields
from .records import Op, Step, Value
from .row import Row
from .trace import Tracer
from .tracks import Label, Number, Tracks

Shape = tuple[int, ...]


def values_of(steps: list[Step]) -> list[Value]:
    """All values of a run that depend on its input."""
    found = [value for step in steps for value in (*step.inputs, *step.outputs)]
    found += [
        value
        for step in steps
        for op in step.ops
        for value in (*op.inputs, *op.outputs)
    ]
    return [value for value in found if value.active]


def batch_is_first(steps: list[Step]) -> bool:
    """Whether every tensor of a run with one image has an axis of length 1 in front."""
    return all(value.shape[:1] == (1,) for value in values_of(steps))


def without_batch_axis(steps: list[Step]) -> set[int]:
    """Keys of the values that belong to a single image taken out of the batch."""
    found: set[int] = set()
    for op in (op for step in steps for op in step.ops):
        single = all(value.key in found for value in op.inputs)
        joined = op.name in ("stack", "unsqueeze") and not op.arguments.get("dim", 0)
        if _takes_one(op) or (single and op.inputs and not joined):
            found |= {value.key for value in op.outputs}
    return found


def _takes_one(op: Op) -> bool:
    """Whether an operation picks images out of the batch: ``for image in x``, x[0]."""
    if not op.inputs or op.inputs[0].shape[:1] != (1,):
        return False
    if op.name == "index":
        index = op.arguments.get("index")
        first = index[0] if isinstance(index, list) and index else index
        return isinstance(first, int) and not isinstance(first, bool)
    return op.name in ("unbind", "select") and op.arguments.get("dim", 0) == 0


def shapes_without_batch(
    one: list[Step], two: list[Step] | None = None
) -> dict[int, Shape]:
    """Shape for one image of every value, by its key.

    `two` is the same run with two images; then the axis that has doubled from 1 to 2
    is the batch, wherever it lies. Axes that doubled from more (images cut into
    windows) count what belongs to one image.
    """
    doubled = {value.key: value.shape for value in values_of(two or [])}
    single = without_batch_axis(one)
    return {
        value.key: _without_batch(
            value.shape, doubled.get(value.key), value.key in single
        )
        for value in values_of(one)
    }


def _without_batch(shape: Shape, doubled: Shape | None, single: bool) -> Shape:
    if doubled is None or len(doubled) != len(shape):
        return shape if single or shape[:1] != (1,) else shape[1:]
    return tuple(
        size
        for size, twice in zip(shape, doubled, strict=True)
        if (size, twice) != (1, 2)
    )


def same_course(one: Tracer, two: Tracer) -> bool:
    """Whether two runs went through the same operations."""
    return [step.name for step in one.steps] == [step.name for step in two.steps]


def add_receptive_fields(
    rows: list[Row], steps: list[Step], inputs: list[Value]
) -> None:
    """Fill in receptive field, jump and start of every row."""
    fields = Fields()
    sizes = [value.shape for value in inputs]
    for value in inputs:
        fields.add_input(value, sizes.index(value.shape))
    for step in steps:
        for op in step.ops:
            fields.follow(op)
    for row, step in zip(rows, steps, strict=True):
        tracks = fields.tracks.get(step.outputs[0].key, {})
        _report(row, tracks, fields.slid)


def _report(row: Row, tracks: Tracks, slid: set[Label]) -> None:
    labels = _spatial(tracks, slid)
    found = [tracks[label] for label in labels]
    known = [track for track in found if track is not None]
    if not known or len(known) < len(found):
        return
    row.receptive_field = tuple(ceil(track.size) for track in known)
    row.whole_image = all(track.whole for track in known)
    if all(track.dims and track.alone and not track.whole for track in known):
        row.jump = tuple(_number(track.jump) for track in known)
    starts = [track.start for track in known]
    if None not in starts:
        row.receptive_start = tuple(
            _number(start) for start in starts if start is not None
        )


def _spatial(tracks: Tracks, slid: set[Label]) -> list[Label]:
    """Axes of the first input seen that windows move along; else rows and columns."""
    groups = sorted({group for group, _ in tracks})
    own = sorted(label for label in tracks if label[0] == groups[0]) if groups else []
    windows = [label for label in own if label in slid]
    if windows or slid:
        return windows
    return [label for label in own if label[1] >= 1] if len(own) > 2 else []


def _number(value: Number) -> int | float:
    return int(value) if value == int(value) else float(value)
