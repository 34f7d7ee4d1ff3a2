"""Settings of a convolution: in words, and in ``explore_sizes``."""

from __future__ import annotations

from .items import Show
from .kind import Facts

_LARGEST = {"size": 16, "kernel_size": 9, "stride": 8, "padding": 4, "dilation": 4}
"""What ``explore_sizes`` can draw."""


def sizes_picture(**setting: int) -> Show | None:
    """Show a setting in ``explore_sizes``, where it is small enough to be drawn."""
    if any(value > _LARGEST[name] for name, value in setting.items()):
        return None
    return Show("explore_sizes", {"left": setting})


def frame(f: Facts) -> str:
    """Say what padding, stride and dilation a layer has."""
    words = [f"padding {f.p}", f"stride {f.s}"]
    if getattr(f, "d", 1) != 1:
        words.append(f"dilation {f.d}")
    return ", ".join(words[:-1]) + f" and {words[-1]}"
