"""Drawings of nets: of a real ``nn.Module`` with its sizes, and of who sees whom."""

from ._blocks import draw_blocks
from ._connections import draw_connections
from ._reach import draw_reach
from ._scale import draw_to_scale
from ._volumes import draw_volumes

__all__ = [
    "draw_blocks",
    "draw_connections",
    "draw_reach",
    "draw_to_scale",
    "draw_volumes",
]


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
