"""How the axes of the input run through the tensors of a net.

A `Track` follows one axis of the input (the rows of an image, say) through one
tensor: along which of the tensor's axes it runs, and which stretch of the input each
position sees. Sizes, jumps and starts are counted in pixels of the input; jumps are
fractions after upsampling.

With size r, jump j and start b, position i sees the pixels b + i*j ... b + i*j + r - 1.
A window of k positions that starts p positions earlier and moves by s gives
r + (k-1)*j, j*s and b - p*j: the recurrences of Araujo, Norris and Sim, "Computing
Receptive Fields of Convolutional Neural Networks" (Distill, 2019).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, gcd, lcm
from typing import TypeAlias

from .records import Shape

Number: TypeAlias = int | Fraction
Label: TypeAlias = tuple[int, int]
"""(group of inputs of one size, axis of the input)."""


Pattern: TypeAlias = tuple[tuple[Number, Number], ...]
"""(first pixel, number of pixels) of each of some neighbouring positions."""


@dataclass(frozen=True, slots=True)
class Track:
    """One axis of the input in one tensor."""

    extent: int
    """Size of the input along the axis."""
    dims: tuple[int, ...]
    """Axes of the tensor that it runs along; none where it has been mixed away."""
    count: int
    """How many positions there are."""
    alone: bool = True
    """Whether it has one axis of the tensor, and has it for itself."""
    size: Number = 1
    jump: Number = 1
    start: Number | None = 0
    """None where it differs from position to position in no regular way."""
    whole: bool = False
    """Whether every position sees all that any of them sees."""
    irregular: bool = False
    """Whether neighbours lie at uneven distances: windows cannot be followed."""
    hull: tuple[Number, Number] | None = None
    """First pixel and number of pixels that all positions see together, if known."""
    pattern: Pattern | None = None
    """What positions see where that repeats with every few of them; `size` is the
    most. The next group sees the same, ``len(pattern) * jump`` pixels further."""

    def seen(self, position: int) -> tuple[Number, Number]:
        """First pixel and number of pixels that one position sees."""
        assert self.pattern is not None
        round_, place = divmod(position, len(self.pattern))
        start, size = self.pattern[place]
        return start + round_ * len(self.pattern) * self.jump, size


Tracks: TypeAlias = dict[Label, Track | None]
"""None marks an axis that could not be followed; it stays lost."""


def window(
    track: Track, kernel: int, stride: int, before: Number, dilation: int
) -> Track | None:
    """Slide a window along the track; `before` is the padding in front."""
    if track.whole:
        return track
    if track.irregular and kernel > 1:
        return None
    if track.pattern is not None and before == int(before):
        places = range(len(track.pattern) // gcd(len(track.pattern), stride))
        seen = tuple(
            _together(
                track.seen(place * stride - int(before) + tap * dilation)
                for tap in range(kernel)
            )
            for place in places
        )
        return _patterned(track, seen, track.jump * stride)
    start = None if track.start is None else track.start - before * track.jump
    return replace(
        track,
        size=track.size + dilation * (kernel - 1) * track.jump,
        jump=track.jump * stride,
        start=start,
    )


def transposed_window(
    track: Track, kernel: int, stride: int, before: int, dilation: int
) -> Track | None:
    """Slide the window of a transposed convolution.

    An output o sees the inputs i whose kernel covers it: o = i*s - p + t*d for a tap t.
    With a stride s these are not as many for every o, which repeats after s of them.
    """
    if stride == 1:
        return window(track, kernel, 1, dilation * (kernel - 1) - before, dilation)
    if track.whole:
        return resampled(track, 0, Fraction(1, stride))
    if track.pattern is None and track.start is not None and not track.irregular:
        track = replace(track, pattern=((track.start, track.size),))
    if track.pattern is None:
        return None
    seen = tuple(
        _together(
            track.seen((place + before - tap * dilation) // stride)
            for tap in range(kernel)
            if (place + before - tap * dilation) % stride == 0
        )
        for place in range(len(track.pattern) * stride)
    )
    together = mixed(track)
    hull = None if together.start is None else (together.start, together.size)
    return _patterned(replace(track, hull=hull), seen, track.jump / Fraction(stride))


def _together(parts: Iterable[tuple[Number, Number]]) -> tuple[Number, Number]:
    """Return what several positions see together; no pixel where there are none."""
    some = [(start, size) for start, size in parts if size]
    if not some:
        return 0, 0
    first = min(start for start, _ in some)
    return first, max(start + size for start, size in some) - first


def _patterned(track: Track, pattern: Pattern, jump: Number) -> Track:
    most = max(size for _, size in pattern)
    return replace(track, size=most, jump=jump, start=None, pattern=pattern)


def without_pattern(track: Track) -> Track | None:
    """Forget which position sees what; None where they see different numbers."""
    if track.pattern is None or track.whole:
        return track
    if len({size for _, size in track.pattern}) > 1:
        return None
    return replace(track, pattern=None, irregular=True)


def resampled(
    track: Track, reach: int, step: Fraction, *, irregular: bool = False
) -> Track | None:
    """Move on by `step` positions per output, each seeing `reach` positions more."""
    together = mixed(track)
    hull = None if together.start is None else (together.start, together.size)
    if track.whole:
        return replace(track, start=None, hull=hull)
    known = without_pattern(track)
    if known is None:
        return None
    track = known
    if track.irregular and reach:
        return None
    return replace(
        track,
        size=track.size + reach * track.jump,
        jump=track.jump * step,
        start=None,
        irregular=track.irregular or irregular,
        hull=hull,
    )


def adaptive(track: Track, count: int) -> Track | None:
    """Pool all positions into `count` windows of nearly equal length."""
    if count == track.count:
        return track
    if count == 1:
        return replace(mixed(track), dims=())
    if track.count % count == 0:
        length = track.count // count
        return window(track, length, length, 0, 1)
    starts = [i * track.count // count for i in range(count)]
    ends = [ceil(Fraction((i + 1) * track.count, count)) for i in range(count)]
    longest = max(end - start for start, end in zip(starts, ends, strict=True))
    step = Fraction(track.count, count)
    return resampled(track, longest - 1, step, irregular=True)


def mixed(track: Track) -> Track:
    """Let every position see what all positions see together."""
    if track.whole:
        return track
    if track.start is None and track.hull is not None:
        return replace(track, start=track.hull[0], size=track.hull[1], whole=True)
    reach = track.size + (track.count - 1) * track.jump
    if track.start is None:
        return replace(track, size=min(reach, track.extent), start=None, whole=True)
    first = max(track.start, 0)
    last = min(track.start + reach, track.extent)
    return replace(track, size=max(last - first, 0), start=first, whole=True)


def _mixed_in_part(track: Track, dims: Iterable[int]) -> bool:
    """Tell whether some of the track's axes are among `dims`, and some are not."""
    along = set(track.dims) & set(dims)
    return bool(along) and len(track.dims) > len(along)


def mix(tracks: Tracks, dims: Iterable[int], *, keep: bool = False) -> Tracks:
    """Mix all values along some axes of the tensor: a sum, a product with weights.

    With `keep` the axes stay (softmax): each position now sees what all of them saw.
    Without it the axes are gone.
    """
    dims = set(dims)
    result: Tracks = {}
    for label, track in tracks.items():
        if track is None or _mixed_in_part(track, dims):
            result[label] = None
        elif dims.isdisjoint(track.dims):
            result[label] = track
        else:
            result[label] = mixed(track) if keep else replace(mixed(track), dims=())
    return result


def moved(tracks: Tracks, new: dict[int, int]) -> Tracks:
    """Give the axes of the tensor new numbers."""
    return {
        label: track and replace(track, dims=tuple(new[dim] for dim in track.dims))
        for label, track in tracks.items()
    }


def lost(several: list[Tracks]) -> Tracks:
    """Give up all tracks of some tensors."""
    return {label: None for tracks in several for label in tracks}


def union(one: Tracks, other: Tracks) -> Tracks:
    """Join what two tensors saw, where an operation puts them together."""
    result = dict(one)
    for label, track in other.items():
        result[label] = _joined(one[label], track) if label in one else track
    return result


def _joined(one: Track | None, other: Track | None) -> Track | None:
    if one is None or other is None:
        return None
    if not one.dims or not other.dims:
        return _with_mixed(one, other) if one.dims else _with_mixed(other, one)
    if (one.dims, one.alone, one.count) != (other.dims, other.alone, other.count):
        return None
    if one.whole or other.whole:
        return _with_mixed(one, mixed(other))
    if one.jump != other.jump:
        return None
    if one.pattern or other.pattern:
        return _joined_patterns(one, other)
    if one.start is None or other.start is None:
        return replace(one, size=max(one.size, other.size), start=None)
    first = min(one.start, other.start)
    last = max(one.start + one.size, other.start + other.size)
    return replace(one, size=last - first, start=first)


def _joined_patterns(one: Track, other: Track) -> Track | None:
    """Join position by position; None where it is not known which sees what."""
    tracks = []
    for track in (one, other):
        if track.pattern is None and track.start is not None and not track.irregular:
            track = replace(track, pattern=((track.start, track.size),))
        if track.pattern is None:
            return None
        tracks.append(track)
    lengths = [len(track.pattern or ()) for track in tracks]
    places = range(lcm(*lengths))
    seen = tuple(_together(track.seen(place) for track in tracks) for place in places)
    return _patterned(one, seen, one.jump)


def _with_mixed(one: Track, other: Track) -> Track:
    """Join a track with one that sees the same stretch everywhere."""
    all_of_one = mixed(one)
    if all_of_one.start is None or other.start is None:
        size = max(all_of_one.size, other.size)
        return replace(all_of_one, size=size, start=None)
    first = min(all_of_one.start, other.start)
    last = max(all_of_one.start + all_of_one.size, other.start + other.size)
    return replace(all_of_one, size=last - first, start=first)


# -- changes of shape -----------------------------------------------------------------

AxisGroup: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""Axes before a change of shape, and those after it that hold the same values."""


def regrouped(tracks: Tracks, before: Shape, after: Shape) -> Tracks:
    """Follow the axes of the input through a change of shape.

    Axes that stay keep their tracks. Where axes are joined into one (flattening) their
    tracks share it; where one is cut into several a track runs along all of them.
    """
    groups = list(_groups(before, after))
    return {
        label: track and _regrouped(track, groups) for label, track in tracks.items()
    }


def _regrouped(track: Track, groups: list[AxisGroup]) -> Track | None:
    touched = [group for group in groups if set(group[0]) & set(track.dims)]
    if not touched:  # no axis, or only one of length 1
        return replace(mixed(track), dims=()) if track.dims else track
    dims = tuple(dim for _, new in touched for dim in new)
    if all(len(old) == len(new) == 1 for old, new in touched):
        return replace(track, dims=dims)
    joined = all(len(new) == 1 for _, new in touched)
    cut = all(len(old) == 1 for old, _ in touched)
    return replace(track, dims=dims, alone=False) if joined or cut else None


def _groups(before: Shape, after: Shape) -> Iterator[AxisGroup]:
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
