"""A visual's modules as one script that stands in the page and asks for nothing.

Each file is an ES module that a browser, or anywidget, could load as it is. In a page
they stand one after the other inside one function: what is imported comes first,
``import`` and ``export`` fall away, and so do comments, the indentation, and the line
breaks that nothing depends on: in a notebook file each line costs 15 bytes more.

Two kinds of import stand in a function of their own, so that their names meet no
others: a whole picture (``import { render as renderStep } from
"../step/step_conv.js";``) and a library as it was published (``import * as fsrs from
"./vendor/ts-fsrs/index.mjs";``).
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from posixpath import normpath
from typing import Any

import numpy as np

from cnnlib.plots.style import HEAT, SIGNED, Scale

_IMPORT = re.compile(r'^import \{[^}]*\} from "([./\w]+)\.js";$', re.M)
_PICTURE = re.compile(r'^import \{ render as (\w+) \} from "([./\w]+)\.js";$', re.M)
_LIBRARY = re.compile(r'^import \* as (\w+) from "([./\w-]+\.mjs)";$', re.M)
_HINT = re.compile(r"/\* (?:@__PURE__|istanbul ignore next -- @preserve) \*/\s?")
"""What a library says to tools that pack and measure code; none reads it in a page."""
_EXPORTS = re.compile(r"^export (\{[^}]*\});$", re.M)
_EXPORT = re.compile(r"^export (?=function|const)", re.M)
DEFAULT = "export default { render };"
_COMMENT = re.compile(r"^[ ]*(?://[^\n]*|/\*\*.*?\*/)$\n?", re.M | re.S)
_TRAILING = re.compile(r"(?<=[;{},]) // [^\n]*$", re.M)
_INDENT = re.compile(r"^\s+", re.M)
_BREAK = re.compile(r"(?<=[;{,(\[])\n")


def page_script(name: str, key: str, data: dict[str, Any]) -> str:
    """Return the script that brings the visual ``key`` to life, without its tag."""
    call = f"mount({_text(key)}, {_text(data)}, {_text(style(name))}, render);"
    return f'(() => {{\n"use strict";\n{bundle(name)}{call}\n}})();'


@cache
def bundle(name: str) -> str:
    """Return ``<name>.js`` and all it imports, each module once, imports first.

    ``name`` is a path from the folder of the visuals: "step/step_conv".
    """
    order = _in_order(name, [])
    code = "".join(_scopes(part, order) + _plain(part) for part in order)
    for without in (_COMMENT, _TRAILING, _INDENT, _BREAK):
        code = without.sub("", code)
    return code.replace("</", "<\\/")


def _in_order(name: str, before: list[str]) -> list[str]:
    for path in _IMPORT.findall(_PICTURE.sub("", _read(f"{name}.js"))):
        needed = normpath(f"{name}/../{path}")
        if needed not in before:
            before = _in_order(needed, before)
    return [*before, name]


def _pictures(name: str) -> list[tuple[str, str]]:
    """Return the pictures that a module shows: (the name of its render, its module)."""
    found = _PICTURE.findall(_read(f"{name}.js"))
    return [(word, normpath(f"{name}/../{path}")) for word, path in found]


def _scopes(name: str, order: list[str]) -> str:
    """Return what a module imports that keeps its names to itself.

    ``order`` are the modules that stand in the page anyway: a picture shares them.
    """
    code = ""
    for word, path in _LIBRARY.findall(_read(f"{name}.js")):
        library = _EXPORTS.sub(r"return \1;", _read(normpath(f"{name}/../{path}")))
        code += f"const {word} = (() => {{\n{_HINT.sub('', library)}\n}})();\n"
    for word, picture in _pictures(name):
        lacking = [part for part in _in_order(picture, []) if part not in order]
        inside = "".join(map(_plain, lacking))
        code += f"const {word} = (() => {{\n{inside}\nreturn render;\n}})();\n"
    return code


def _plain(name: str) -> str:
    code = _read(f"{name}.js").replace(DEFAULT, "")
    for line in (_PICTURE, _LIBRARY, _IMPORT, _EXPORT):
        code = line.sub("", code)
    return code.replace('"SIGNED_COLOURS"', _text(_colours(SIGNED))).replace(
        '"HEAT_COLOURS"', _text(_colours(HEAT))
    )


@cache
def style(name: str) -> str:
    """Return the common rules, and those beside ``<name>.js`` and what it imports."""
    order = _in_order(name, [])
    for _, picture in [pair for part in order for pair in _pictures(part)]:
        order = [*_in_order(picture, []), *order]
    files = ["shared/look.css", *(f"{part}.css" for part in dict.fromkeys(order))]
    all_rules = "".join(_read(file) for file in files if _file(file).is_file())
    rules = re.sub(r"/\*.*?\*/", "", all_rules, flags=re.S)
    return re.sub(r"\s*([{};,])\s*|\s+", lambda gap: gap[1] or " ", rules).strip()


def _read(file: str) -> str:
    return _file(file).read_text("utf-8")


def _file(path: str) -> Traversable:
    return files("cnnlib.visuals").joinpath(path)


def _colours(scale: str) -> str:
    """Write the 256 colours of a scale as hexadecimal digits, six for each."""
    return Scale(0, 1, scale).colours(np.linspace(0, 1, 256)).tobytes().hex()


def _text(value: Any) -> str:
    """Write a value as JavaScript that may stand inside a script tag."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "").replace("\u2029", "")
