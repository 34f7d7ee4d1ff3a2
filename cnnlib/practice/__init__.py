"""Practice without end: questions drawn from a seed, made of known mistakes.

Each wrong option is what a named mistake computes on that very item, so a wrong choice
is a diagnosis. ``tools.practice_proof`` proves every kind.
"""

from .items import Item
from .registry import draw, items

__all__ = ["Item", "draw", "items"]


def __dir__() -> list[str]:
    """Offer the Tab key the public names alone, not the modules they stand in."""
    return __all__
