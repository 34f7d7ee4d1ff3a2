"""From the page back to Python, where a kernel runs: a text field that nobody sees.

A visual stands in its output as plain HTML and works without Python. In a notebook with
a running kernel an ipywidgets ``Text`` follows it, empty and not displayed; the page
writes into it what Python wants to know. Plain ipywidgets, 7.7 or 8: nothing is needed
in the front end that Colab, VS Code and JupyterLab do not have.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"


class Bridge:
    """Hears what the page says under a name: ``heard(state)`` gets it as a dict."""

    def __init__(self, name: str, heard: Callable[[dict[str, Any]], None]) -> None:
        self.name = name
        self._heard = heard
        self._field: Any = None

    def show(self) -> None:
        """Put the field into the output of the running cell, if a kernel runs."""
        if self._field is None and _in_notebook():
            self._field = self._make()
        if self._field is not None:
            from IPython.display import display

            model = self._field.model_id
            view = {"version_major": 2, "version_minor": 0, "model_id": model}
            display({VIEW: view}, raw=True)

    def receive(self, text: str) -> None:
        """Read one message of the page; what is no JSON object is not for us."""
        try:
            state = json.loads(text)
        except ValueError:
            return
        if isinstance(state, dict):
            self._heard(state)

    def _make(self) -> Any:
        """Return the field, or None where ipywidgets is missing or broken."""
        try:
            from ipywidgets import Layout, Text

            field = Text(layout=Layout(display="none"))
            field.add_class(f"cnnlib-to-python-{self.name}")
            field.observe(lambda change: self.receive(change["new"]), "value")
        except Exception:  # the page works without; a broken install must not stop it
            return None
        return field


def _in_notebook() -> bool:
    """Tell whether a Jupyter kernel runs this code."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")
