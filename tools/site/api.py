"""The pages of the API: one to the package, one to each of its public modules.

What stands on them is written by Sphinx from the docstrings.
"""

from __future__ import annotations

from types import ModuleType

import cnnlib


def pages() -> dict[str, str]:
    """Return the pages as reStructuredText, by their file names."""
    names = {name: getattr(cnnlib, name) for name in cnnlib.__all__}
    modules = {n: value for n, value in names.items() if isinstance(value, ModuleType)}
    files = {f"api/{n}.rst": _module(n, value) for n, value in modules.items()}
    others = {n: value for n, value in names.items() if n not in modules}
    files["api/index.rst"] = _package(modules, others)
    return files


def _package(modules: dict[str, ModuleType], others: dict[str, object]) -> str:
    entries = "".join(f"   {name}\n" for name in modules)
    links = "".join(f"- :doc:`{n}`: {_first_line(m)}\n" for n, m in modules.items())
    return (
        f"{_title('The package cnnlib')}.. automodule:: cnnlib\n\n"
        f".. toctree::\n   :hidden:\n\n{entries}\n{links}\n"
        + "\n".join(_entry(name, value) for name, value in others.items())
    )


def _module(name: str, module: ModuleType) -> str:
    title = _title(f"cnnlib.{name}")
    text = f"{title}.. automodule:: cnnlib.{name}\n   :members:\n"
    if hasattr(module, "__all__"):  # a package: its parts stand in other files
        text += "   :imported-members:\n"
    return text


def _entry(name: str, value: object) -> str:
    if isinstance(value, type):
        return f".. autoclass:: cnnlib.{name}\n   :members:\n"
    return f".. autofunction:: cnnlib.{name}\n"


def _title(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n\n"


def _first_line(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().partition("\n")[0]
