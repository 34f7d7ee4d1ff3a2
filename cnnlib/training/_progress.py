"""Progress while a net trains: one live display in a notebook, tqdm in a terminal."""

from __future__ import annotations

import sys
import time
from typing import Any

from ._history import History

_SECONDS_BETWEEN_UPDATES = 0.2


class Silent:
    """Shows nothing; also the list of what the other two must answer to."""

    def step(self, done: int) -> None:
        """Say that `done` steps of all are made."""

    def epoch(self, history: History) -> None:
        """Say that one more epoch is finished."""

    def close(self, history: History) -> None:
        """Say that training is over: finished, stopped by hand, or failed."""


class Terminal(Silent):
    """A tqdm bar; silent where standard error is not a terminal."""

    def __init__(self, steps: int) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=steps, unit="step", disable=None)

    def step(self, done: int) -> None:
        """Move the bar."""
        self._bar.update(done - self._bar.n)

    def epoch(self, history: History) -> None:
        """Write the newest loss behind the bar."""
        self._bar.set_postfix_str(_newest(history))

    def close(self, history: History) -> None:
        """Leave the bar as it is."""
        self._bar.close()


class Notebook(Silent):
    """A bar and the curve in one display, which in the end is the curve alone."""

    def __init__(self, steps: int, epochs: int) -> None:
        from IPython.display import display

        self._steps, self._epochs = steps, epochs
        self._done, self._curve, self._text = 0, "", "the first epoch"
        self._shown = time.monotonic()
        self._handle = display(self._face(), display_id=True)

    def step(self, done: int) -> None:
        """Move the bar, but not more often than an eye can follow."""
        self._done = done
        if time.monotonic() - self._shown >= _SECONDS_BETWEEN_UPDATES:
            self._update(self._face())

    def epoch(self, history: History) -> None:
        """Redraw the curve; the last one is drawn by ``close``."""
        self._text = f"{history.epochs} of {self._epochs} epochs, {_newest(history)}"
        if history.epochs < self._epochs:
            self._curve = _html(history)
            self._update(self._face())

    def close(self, history: History) -> None:
        """Leave the curve, or a sentence where there is none."""
        self._update(history)

    def _update(self, face: Any) -> None:
        self._handle.update(face)
        self._shown = time.monotonic()

    def _face(self) -> _Face:
        bar = (
            f'<progress value="{self._done}" max="{self._steps}" '
            f'aria-label="Training"></progress> {self._text}'
        )
        return _Face(f"<div>{bar}</div>{self._curve}", f"Training: {self._text}")


class _Face:
    """One state of the live display."""

    def __init__(self, html: str, text: str) -> None:
        self._bundle = {"text/html": html, "text/plain": text}

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return self._bundle


def progress(show: bool, steps: int, epochs: int) -> Silent:
    """Return what fits the place: notebook, terminal, or nothing where not wanted."""
    if not show:
        return Silent()
    if in_notebook():
        return Notebook(steps, epochs)
    return Terminal(steps)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _newest(history: History) -> str:
    text = f"training loss {history.train_loss[-1]:.4f}"
    if history.validation_accuracy:
        text += f", validation accuracy {history.validation_accuracy[-1]:.2%}"
    return text


def _html(history: History) -> str:
    return history._repr_mimebundle_().get("text/html", "")
