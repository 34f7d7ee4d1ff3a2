"""A picture with a live face: what all visuals are made of."""

from __future__ import annotations

import hashlib
import html
import json
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib.picture import Picture

from .bundle import bundle, page_script

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 16px; font-family: system-ui, sans-serif; }}
h1 {{ font-size: 1.2rem; font-weight: 600; margin: 0 0 4px; }}
.live .title {{ display: none; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{visual}
</main>
</body>
</html>
"""

ALIVE = "Run the cell, and this picture comes alive."


class Visual(Picture):
    """A Picture that can be operated where scripts run.

    Its HTML holds the still picture with the sentence as alt text, the numbers in
    words, and a script that puts the live visual in their place. The script asks for
    nothing: no kernel, no network. The same input gives the same bytes; two visuals on
    one page, equal ones too, do not disturb each other.

    ``data`` is what the page works with: whole numbers, floats, text, lists.
    """

    title = "Visual"
    module = ""

    def __init__(
        self,
        still: Picture,
        sentence: str,
        caption: str,
        data: dict[str, Any],
        words: str = "",
    ) -> None:
        super().__init__(still.figure or still.png, sentence, caption=caption)
        self.data = data
        self._words = words

    @property
    def key(self) -> str:
        """The name of the visual in a page, from its content."""
        content = json.dumps(self.data, sort_keys=True) + bundle(self.module)
        name = self.module.rpartition("/")[2]
        return f"{name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"

    @property
    def sharp(self) -> bytes:
        """The still picture as it is: where scripts run, nobody sees it."""
        return self.png

    def save(self, path: str | Path) -> None:
        """Write a page that works by itself (``.html``), or the still picture."""
        path = Path(path)
        if path.suffix.lower() not in (".html", ".png"):
            raise ValueError(
                "A visual is saved as a page or as a still picture, so the file name "
                f"must end in .html or .png; got {path.name!r}."
            )
        if path.suffix.lower() == ".png":
            super().save(path)
        else:
            title = html.escape(self.title)
            page = _PAGE.format(title=title, visual=self._repr_html_())
            path.write_text(page, encoding="utf-8")

    def _repr_html_(self) -> str:
        """Return the still picture and the script that takes its place."""
        key = self.key
        return (
            f'<div class="cnnlib-visual" data-cnnlib="{key}">'
            f'<div class="still">{super()._repr_html_()}{self._words}'
            f'<p class="alive" style="font-size:90%">{ALIVE}</p></div>'
            f"<script>{page_script(self.module, key, self.data)}</script></div>"
        )


def numbers(array: np.ndarray) -> Any:
    """Return an array as nested lists; whole numbers lose their ``.0``."""
    if array.ndim:
        return [numbers(part) for part in array]
    value = float(array)
    return int(value) if value.is_integer() else value
