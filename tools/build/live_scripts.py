"""The scripts of live pictures, as a notebook file holds them.

In a session a picture carries its script as plain text. In a built notebook the script
is compressed, which makes it a third to a half as long, and a few lines around it bring
it back when the page shows it. Each picture keeps a script of its own: Colab puts every
output into a frame of its own, JupyterLab takes cells that are out of sight out of the
page, and people delete cells, so a script that two share would often be missing.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from functools import cache
from pathlib import Path

from cnnlib.visuals.shared import bundle

_LOADER = """(async () => {
const host = document.currentScript?.closest("[data-cnnlib]");
const bytes = Uint8Array.from(atob("PACKED"), (sign) => sign.charCodeAt(0));
const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
const script = document.createElement("script");
script.textContent = await new Response(text).text();
(host ?? document.body).append(script);
})();"""
"""Unpacks in the page. `document.currentScript` is null in VS Code; the script then
finds its place by the picture's name. A browser without DecompressionStream (made
before 2023) keeps the still picture."""

_BEFORE, _AFTER = (f"<script>{_LOADER}</script>").split("PACKED")
_PLAIN = re.compile(r'<script>(\(\(\) => \{\n"use strict";\n.*?)</script>', re.S)
_PACKED = re.compile(f"{re.escape(_BEFORE)}([A-Za-z0-9+/=]+){re.escape(_AFTER)}")
_HOST = re.compile(r'<div class="cnnlib-visual" data-cnnlib="(\w+)-')
_PARTS = re.compile(
    r'"use strict";\n(?P<code>.*?)^mount\("(?P<name>\w+)-\w+", '
    r'.*?(?P<style>"(?:[^"\\]|\\.)*"), render\);$',
    re.S | re.M,
)
"""The code before the call, and the style, which is its last text."""


def packed(html: str) -> str:
    """Return the HTML of an output with the script of a live picture compressed."""

    def pack(match: re.Match[str]) -> str:
        data = zlib.compress(match[1].encode("utf-8"), level=9)
        return f"{_BEFORE}{base64.b64encode(data).decode('ascii')}{_AFTER}"

    return _PLAIN.sub(pack, html)


def unpacked(html: str) -> str:
    """Return the HTML as it was before `packed`; any other HTML as it is."""

    def unpack(match: re.Match[str]) -> str:
        data = base64.b64decode(match[1])
        return f"<script>{zlib.decompress(data).decode('utf-8')}</script>"

    return _PACKED.sub(unpack, html)


def code_and_styles(html: str) -> list[tuple[str, str, str]]:
    """Return (kind of picture, code, style) of each live picture, without its data."""
    found = _PARTS.finditer(unpacked(html))
    return [(one["name"], one["code"], json.loads(one["style"])) for one in found]


def stale(html: str) -> list[str]:
    """Return the kinds of picture whose script or style is not that of the package."""
    return [name for name in _HOST.findall(html) if name not in _fresh(html)]


def _fresh(html: str) -> set[str]:
    """Return the kinds of picture of which every script is that of the package."""
    fresh: set[str] = set()
    old: set[str] = set()
    for name, *parts in code_and_styles(html):
        module = modules().get(name)
        today = module and [bundle.bundle(module), bundle.style(module)]
        (fresh if parts == today else old).add(name)
    return fresh - old


@cache
def modules() -> dict[str, str]:
    """Return the module of each kind of picture: "step_conv" is "step/step_conv"."""
    folder = Path(bundle.__file__).parents[1]
    return {
        path.stem: f"{path.parent.name}/{path.stem}"
        for path in folder.glob("*/*.js")
        if bundle.DEFAULT in path.read_text("utf-8")
    }
