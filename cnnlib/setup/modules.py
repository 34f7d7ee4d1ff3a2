"""The modules that a hand-in may import: one list, for the guide and the set-up check.

All come with the course, so they are wherever it is installed and a class is graded.
"""

from __future__ import annotations

MAY_IMPORT = {
    "torch": "torch",
    "torchvision": "torchvision",
    "numpy": "numpy",
    "matplotlib": "matplotlib",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "tqdm": "tqdm",
    "cnnlib": "cnnlib",
}
"""Modules, and the packages that bring them."""


def sentence() -> str:
    """Return the list as prose, the modules in Markdown's way."""
    names = ", ".join(f"`{name}`" for name in MAY_IMPORT)
    return f"A hand-in may import {names}, and Python's own modules."
