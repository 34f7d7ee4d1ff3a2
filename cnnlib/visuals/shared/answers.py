"""Python answers a page: the bridge to Python, and a way back.

The page writes a question into the hidden text field of the `Bridge`; the answer comes
in a second hidden field below it, as text that the page reads when it changes. Both
are plain ipywidgets, 7.7 or 8.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

from .bridge import Bridge


class Answers(Bridge):
    """Hears questions, dicts with a number ``n``; ``answer(question)`` returns a dict.

    What goes wrong in ``answer`` goes to the page as a sentence, ``{"error": ...}``.
    """

    def __init__(
        self, name: str, answer: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> None:
        super().__init__(name, self._reply)
        self._answer = answer
        self._back: Any = None
        self.last = ""

    def _reply(self, state: dict[str, Any]) -> None:
        question = state.get("ask")
        if not isinstance(question, dict):
            return
        try:
            answer = self._answer(question)
        except Exception as error:  # the page says it; a cell that asked is long done
            answer = {"error": " ".join(str(error).split()) or type(error).__name__}
        self.last = json.dumps({"n": question.get("n"), **answer}, allow_nan=False)
        if self._back is not None:
            self._back.value = html.escape(self.last)

    def _make(self) -> Any:
        field = super()._make()
        if field is None:
            return None
        from ipywidgets import HTML, Layout, VBox

        self._back = HTML()
        self._back.add_class(f"cnnlib-from-python-{self.name}")
        return VBox([field, self._back], layout=Layout(display="none"))
