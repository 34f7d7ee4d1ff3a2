"""A link that hands out the course on a JupyterHub: ``python -m tools.hub_link HUB``.

The hub needs nbgitpuller and `cnnlib`. Who follows the link logs in, gets a copy of the
course in a folder of their own, or what is new in it, and lands in the notebook.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tools.build.course import Course
from tools.build.launch_links import BRANCH

_PAGES = ("hub", "user", "services")
"""How the paths of a hub's own pages begin."""
FIRST = "notebooks/00_images_as_tensors.ipynb"


def pull_link(hub: str, file: str, course: Course) -> str:
    """Return the link that opens a file of the course on the hub at an address.

    Raises ``ValueError`` where the address is none, or the course has no such file.
    """
    parts = urlsplit(hub)
    base, is_page = _without_page(parts.path)
    extra = parts.query and not is_page
    if parts.scheme not in ("http", "https") or not parts.netloc or extra:
        raise ValueError(f"the hub must be like https://hub.example.org, not {hub!r}")
    if not (course.root / file).is_file():
        raise ValueError(f"the course has no file {file!r}")
    _, name = course.owner_and_name  # nbgitpuller's folder, if none is named
    query = {
        "repo": course.address,
        "branch": BRANCH,
        "urlpath": f"lab/tree/{name}/{file}",
    }
    start = f"{parts.scheme}://{parts.netloc}{base}"
    return f"{start}/hub/user-redirect/git-pull?{urlencode(query)}"


def _without_page(path: str) -> tuple[str, bool]:
    """Cut off the page of a hub that a browser shows: ``/hub/home``, ``/user/anna``.

    A hub may lie below a path of its own. Also tells whether there was such a page.
    """
    words = path.strip("/").split("/")
    for number, word in enumerate(words):
        if word in _PAGES:
            return "".join(f"/{word}" for word in words[:number]), True
    return path.rstrip("/"), False


def main() -> None:
    """Print the link for a hub, to lesson 00 or to the files that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hub", help="its address, like https://hub.example.org")
    parser.add_argument("files", nargs="*", default=[FIRST])
    options = parser.parse_args()
    course = Course(Path(__file__).resolve().parents[1])
    try:
        for file in options.files:
            print(pull_link(options.hub, file, course))
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
