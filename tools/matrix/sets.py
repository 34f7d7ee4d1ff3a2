"""The sets of packages that the course is run with: Colab's, the lowest, the newest."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

COLAB_LIST = Path(__file__).with_name("colab_packages.txt")
# Not on Colab, and not wanted there: what serves notebooks, and what tests them.
NOT_ON_COLAB = frozenset({"jupyterlab", "nbval"})
# IPython asks for it, and Colab's image lacks it all the same.
LEFT_OUT = ("jedi",)
# What a reader looks for in the table.
SHOWN = (
    "torch",
    "torchvision",
    "numpy",
    "matplotlib",
    "scikit-learn",
    "ipywidgets",
    "ipykernel",
    "ipython",
    "jupyterlab",
)


@dataclass(frozen=True)
class PackageSet:
    """Packages to run the course with.

    Attributes:
        name: what the command line and the folder call it.
        python: the version of Python, as `uv` finds it.
        title: what the table calls it.
        options: for `uv pip install`, which chooses the versions.
        more: what is asked for besides, as lines of a requirements file.
    """

    name: str
    python: str
    title: str
    options: tuple[str, ...]
    more: tuple[str, ...] = ()

    @property
    def colab(self) -> bool:
        """Whether the course comes here by its first cell, and by nothing else."""
        return self.name == "colab"


SETS = (
    PackageSet("colab", "3.13", "Colab's image", ("--exact", "--only-binary", ":all:")),
    PackageSet(
        "lowest",
        "3.11",
        "lowest",
        ("--exact", "--resolution=lowest-direct"),
        # ipywidgets 7 takes any, and JupyterLab then shows none of its widgets.
        more=("jupyterlab-widgets>=1.1,<2",),
    ),
    PackageSet("newest", "3.13", "newest", ("--exact", "--upgrade")),
)


def normal(name: str) -> str:
    """Return a distribution's name in the one form in which names can be compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    """Return name and version of each line ``name==version``; others are left out."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    parts = [line.split("==") for line in lines if "==" in line and "@" not in line]
    return {normal(name): version for name, version in parts}


def bounds(root: Path) -> dict[str, str]:
    """Return name and lowest version of what pyproject.toml asks for."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    lines = tomllib.loads(text)["project"]["dependencies"]
    parts = [line.split(">=") for line in lines]
    return {normal(name): version for name, version in parts}


def requirements(chosen: PackageSet, root: Path) -> str:
    """Return what is installed before the course itself, as a requirements file."""
    if chosen.colab:
        return COLAB_LIST.read_text(encoding="utf-8")
    lines = [f"{name}>={bound}" for name, bound in bounds(root).items()]
    return "\n".join([*lines, *chosen.more, ""])
