"""`Picture`: one figure with three faces, and the PNG it is stored as."""

from .picture import DPI, Picture

__all__ = ["DPI", "Picture"]
