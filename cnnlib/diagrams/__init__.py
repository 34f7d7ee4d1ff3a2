"""Drawings of a net, made from a real ``nn.Module`` and the size of its input."""

from ._blocks import draw_blocks
from ._volumes import draw_volumes

__all__ = ["draw_blocks", "draw_volumes"]
