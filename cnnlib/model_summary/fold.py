"""Put the rows of a module together into one, for a table that fits the page."""

from __future__ import annotations

from itertools import groupby

from .row import Row


def folded(rows: list[Row], depth: int, kinds: dict[str, str]) -> list[Row]:
    """Rows that lie deeper than `depth` become one row for their module."""

    def module_of(row: Row) -> str:
        return ".".join(row.name.split(".")[:depth])

    found: list[Row] = []
    for name, group in groupby(rows, module_of):
        inside = list(group)
        if all(row.depth <= depth for row in inside):
            found.extend(inside)
        else:
            found.append(_together(name, inside, depth, kinds))
    return found


def _together(name: str, rows: list[Row], depth: int, kinds: dict[str, str]) -> Row:
    first, last = rows[0], rows[-1]
    counted = [row.mult_adds for row in rows]
    return Row(
        name=name,
        kind=kinds.get(name, ""),
        depth=depth,
        input_shape=first.input_shape,
        output_shape=last.output_shape,
        input_shapes=first.input_shapes,
        output_shapes=last.output_shapes,
        params=sum(row.params for row in rows),
        trainable_params=sum(row.trainable_params for row in rows),
        mult_adds=None if None in counted else sum(count or 0 for count in counted),
        receptive_field=last.receptive_field,
        receptive_start=last.receptive_start,
        jump=last.jump,
        whole_image=last.whole_image,
        activation_bytes=sum(r.activation_bytes for r in rows if not r.reuses_memory),
        share_params=sum(row.share_params for row in rows),
        share_mult_adds=sum(row.share_mult_adds for row in rows),
    )
