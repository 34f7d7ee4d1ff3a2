"""Follow tracks through ``view``, ``reshape`` and their kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .tracks import Track, Tracks, mixed

Shape = tuple[int, ...]
Group = tuple[tuple[int, ...], tuple[int, ...]]


def regrouped(tracks: Tracks, before: Shape, after: Shape) -> Tracks:
    """Follow the axes of the input through a change of shape.

    Axes that stay keep their tracks. Where axes are joined into one (flattening) their
    tracks share it; where one is cut into several a track runs along all of them.
    """
    groups = list(_groups(before, after))
    return {label: track and _follow(track, groups) for label, track in tracks.items()}


def _follow(track: Track, groups: list[Group]) -> Track | None:
    touched = [group for group in groups if set(group[0]) & set(track.dims)]
    if not touched:  # no axis, or only one of length 1
        return replace(mixed(track), dims=()) if track.dims else track
    dims = tuple(dim for _, new in touched for dim in new)
    if all(len(old) == len(new) == 1 for old, new in touched):
        return replace(track, dims=dims)
    joined = all(len(new) == 1 for _, new in touched)
    cut = all(len(old) == 1 for old, _ in touched)
    return replace(track, dims=dims, alone=False) if joined or cut else None


def _groups(before: Shape, after: Shape) -> Iterator[Group]:
    """Yield the smallest runs of axes, old and new, that hold the same values.

    Axes of length 1 carry nothing and are passed over.
    """
    old = [dim for dim, size in enumerate(before) if size != 1]
    new = [dim for dim, size in enumerate(after) if size != 1]
    while old and new:
        left, right = [old.pop(0)], [new.pop(0)]
        product, other = before[left[0]], after[right[0]]
        while product != other:
            if product < other:
                left.append(old.pop(0))
                product *= before[left[-1]]
            else:
                right.append(new.pop(0))
                other *= after[right[-1]]
        yield tuple(left), tuple(right)
