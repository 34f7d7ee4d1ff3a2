"""How numbers, sizes and shares are written, in text and in HTML alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .row import Row

if TYPE_CHECKING:
    from .report import Summary


def by(shape: Iterable[int | float]) -> str:
    """Write a shape as 3 x 28 x 28."""
    return " x ".join(f"{size:g}" for size in shape) or "1"


def kind(row: Row) -> str:
    """Write the class of a layer; an operation's name tells its kind already."""
    return "operation" if row.functional else row.kind


def output(row: Row) -> str:
    """Write the shape of a row's output; several of the same are counted."""
    first, *others = row.output_shapes or (row.output_shape,)
    if not others:
        return by(first)
    if all(shape == first for shape in others):
        return f"{len(others) + 1} of {by(first)}"
    return f"{by(first)} and others"


def params(row: Row) -> str:
    """Write the number of parameters."""
    return "shared" if is_shared(row) else f"{row.params:,}"


def is_shared(row: Row) -> bool:
    """Whether all of a row's parameters are counted in another row."""
    return not row.params and row.shared_with is not None and bool(row.params_formula)


def work(row: Row) -> str:
    """Write the number of multiply-adds."""
    return "not counted" if row.mult_adds is None else f"{row.mult_adds:,}"


def share(part: float) -> str:
    """Write a share in percent; nothing for none."""
    if part == 0:
        return ""
    return f"{100 * part:.1f} %" if part >= 0.0005 else "< 0.1 %"


def field(row: Row) -> str:
    """Write the receptive field."""
    if row.receptive_field is None:
        return "-"
    return "whole image" if row.whole_image else by(row.receptive_field)


def millions(count: int) -> str:
    """Write a count of multiply-adds in full and in M, where M says more."""
    if count < 10_000:
        return f"{count:,}"
    return f"{count:,} = {count / 1e6:,.2f} M"


def memory(size: int) -> str:
    """Write a number of bytes in the unit that suits it (1 MB = 10^6 bytes)."""
    for unit, bytes_each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_each:
            return f"{size / bytes_each:,.2f} {unit}"
    return f"{size} byte{'s' if size != 1 else ''}"


def title(summary: Summary) -> str:
    """Say what the table is about."""
    sizes = ", ".join(by(shape) for shape in summary.input_shapes)
    plural = "s" if len(summary.input_shapes) > 1 else ""
    return f"{summary.model_name}, input{plural} {sizes}"


def totals(summary: Summary) -> list[tuple[str, str]]:
    """Write what stands below the table: names and values."""
    frozen = summary.total_params - summary.trainable_params
    trainable = (
        "all trainable" if not frozen else f"{summary.trainable_params:,} trainable"
    )
    one = "one image" if any(len(s) > 2 for s in summary.input_shapes) else "one input"
    convention = f"weights only (no bias), {one}, M = 10^6"
    left_out = summary.not_counted
    without = ""
    if left_out:
        few = ", ".join(dict.fromkeys(left_out[:4]))
        more = f" and {len(left_out) - 4} more" if len(left_out) > 4 else ""
        without = f", without {few}{more} (not counted)"
    return [
        ("Parameters", f"{summary.total_params:,} ({trainable})"),
        ("Mult-adds", f"{millions(summary.total_mult_adds)}{without}; {convention}"),
        ("Activations", f"{memory(summary.activation_memory)} for {one}"),
    ]
