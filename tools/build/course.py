"""Where the course's parts lie, and the two facts that pyproject holds about it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_GITHUB = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")


@dataclass(frozen=True)
class Course:
    """A checkout of the course: ``lessons/``, ``notebooks/`` and ``pyproject.toml``."""

    root: Path

    @cached_property
    def _project(self) -> dict:
        text = (self.root / "pyproject.toml").read_text(encoding="utf-8")
        return tomllib.loads(text)["project"]

    @property
    def version(self) -> str:
        """The version of the course and of ``cnnlib``."""
        return self._project["version"]

    @property
    def address(self) -> str:
        """The published address of the repository, without a slash at its end."""
        owner, name = self.owner_and_name
        return f"https://github.com/{owner}/{name}"

    @property
    def pages(self) -> str:
        """Where the site is published: GitHub's pages of the repository."""
        owner, name = self.owner_and_name
        return f"https://{owner.lower()}.github.io/{name}/"

    @property
    def owner_and_name(self) -> tuple[str, str]:
        """The two parts of the address on GitHub, which Colab and Binder ask for."""
        address = self._project.get("urls", {}).get("Repository", "")
        match = _GITHUB.fullmatch(address)
        if not match:
            raise ValueError(
                "[project.urls] Repository in pyproject.toml must be "
                f"https://github.com/OWNER/NAME, the form that Colab and Binder "
                f"open notebooks from; it is {address!r}"
            )
        return match[1], match[2]

    def sources(self) -> list[Path]:
        """Return the text of all lessons, in order; exercises have their own files."""
        found = sorted((self.root / "lessons").glob("*.py"))
        return [path for path in found if not path.stem.endswith("_exercise")]

    def exercises(self) -> list[Path]:
        """Return the text of all exercises, in order."""
        return sorted((self.root / "lessons").glob("*_exercise.py"))

    def notebook(self, source: Path, folder: str = "notebooks") -> Path:
        """Return where the notebook lies that is built from a text."""
        return self.root / folder / f"{source.stem.removesuffix('_exercise')}.ipynb"
