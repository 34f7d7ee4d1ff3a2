"""Drawings of a net, made from a real ``nn.Module`` and the size of its input."""

from ._blocks import draw_blocks
from ._volumes import draw_volumes

__all__ = ["draw_blocks", "draw_volumes"]


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
