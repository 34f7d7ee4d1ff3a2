"""The line at a notebook's top that opens it on Colab and on Binder."""

from __future__ import annotations

from cnnlib.settings import settings
from tools.build.course import Course

BRANCH = settings().release
"""What links open: ``release`` in ``cnnlib/course.toml``."""


def launch_line(file: str, course: Course) -> str:
    """Return text links that open a notebook on Colab and on Binder.

    Links and no badges: a badge is a picture that the page loads by itself.
    """
    owner, name = course.owner_and_name
    hub = f"{owner}/{name}"
    colab = f"https://colab.research.google.com/github/{hub}/blob/{BRANCH}/{file}"
    binder = f"https://mybinder.org/v2/gh/{hub}/{BRANCH}?urlpath=lab/tree/{file}"
    return f"**Open in** [Colab]({colab}) · [Binder]({binder})"
