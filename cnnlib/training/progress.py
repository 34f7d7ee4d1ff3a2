"""Progress while a net trains: one live display in a notebook, tqdm in a terminal."""

from __future__ import annotations

import sys
import time

import torch
from torch import Tensor

from cnnlib.text import percent

from ._history import History

# An update comes at most five times a second, and not before the time so far has
# grown by a fiftieth: an hour makes some 340. A reader of the kernel's messages that
# waits for the end (nbval) holds 2,000 of them and then loses the last ones.
_SECONDS_BETWEEN_UPDATES = 0.2
_SHARE_BETWEEN_UPDATES = 0.02
_WIDTH, _HEIGHT, _POINTS = 420, 120, 210


class NoProgress:
    """Shows nothing; also the list of what the other two must answer to."""

    def step(self, loss: Tensor) -> None:
        """Say that one more step is made; `loss` is that of its batch."""

    def epoch(self, history: History) -> None:
        """Say that one more epoch is finished."""

    def close(self, history: History) -> None:
        """Say that training is over: finished, stopped by hand, or failed."""


class TerminalBar(NoProgress):
    """A tqdm bar; nothing where standard error is not a terminal."""

    def __init__(self, steps: int) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=steps, unit=" steps", disable=None)

    def step(self, loss: Tensor) -> None:
        """Move the bar."""
        self._bar.update()

    def epoch(self, history: History) -> None:
        """Write the newest numbers behind the bar."""
        self._bar.set_postfix_str(_newest(history))

    def close(self, history: History) -> None:
        """Leave the bar as it is."""
        self._bar.close()


class NotebookDisplay(NoProgress):
    """A bar and the growing curve in one display; in the end the finished curve.

    While it runs, the curve is a line of SVG, which costs next to nothing; the
    finished one is the Picture of ``plot_curves``, with its sentence.
    """

    def __init__(self, steps: int, epochs: int) -> None:
        from IPython.display import display

        self._steps, self._epochs = steps, epochs
        self._losses: list[Tensor] = []
        self._text = f"epoch 1 of {epochs}"
        self._handle = display(self._face(), display_id=True)
        self._started = self._shown = time.monotonic()

    def step(self, loss: Tensor) -> None:
        """Move the bar, but not more often than an eye can follow."""
        self._losses.append(loss)
        now = time.monotonic()
        pause = (now - self._started) * _SHARE_BETWEEN_UPDATES
        if now - self._shown >= max(_SECONDS_BETWEEN_UPDATES, pause):
            self._handle.update(self._face())
            self._shown = time.monotonic()

    def epoch(self, history: History) -> None:
        """Write the newest numbers beside the bar, at the next update."""
        now = min(history.epochs + 1, self._epochs)
        self._text = f"epoch {now} of {self._epochs}; {_newest(history)}"

    def close(self, history: History) -> None:
        """Leave the finished curve, or a sentence where there is none."""
        self._handle.update(history)

    def _face(self) -> DisplayState:
        bar = (
            f'<progress value="{len(self._losses)}" max="{self._steps}" '
            f'aria-label="Training"></progress> {self._text}'
        )
        curve = live_curve(self._losses, self._steps)
        return DisplayState(f"<div>{bar}</div>{curve}", f"Training: {self._text}.")


class DisplayState:
    """One state of the live display."""

    def __init__(self, html: str, text: str) -> None:
        self._html, self._text = html, text

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return self._html


def live_curve(losses: list[Tensor], steps: int) -> str:
    """Draw the losses of the first of `steps` steps as a small line of SVG."""
    if len(losses) < 2:
        return ""
    every = -(-steps // _POINTS)
    means = [part.mean() for part in torch.stack(losses).float().split(every)]
    heights = torch.stack(means).cpu().nan_to_num(0.0, 0.0, 0.0)
    top = max(float(heights.max()), 1e-9)
    points = " ".join(
        f"{_WIDTH * (i + 1) * every / steps:.0f},{_HEIGHT * (1 - h / top):.0f}"
        for i, h in enumerate(heights.tolist())
    )
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        f'aria-label="Training loss per step: {heights[-1]:.3f} now" style="background:'
        'white;border:solid #999;border-width:0 0 1px 1px">'
        f'<polyline points="{points}" fill="none" stroke="#0072b2" stroke-width="2"/>'
        f'<text x="{_WIDTH - 6}" y="16" text-anchor="end" font-size="13">training loss '
        f"{heights[-1]:.3f}</text></svg>"
    )


def progress(show: bool, steps: int, epochs: int) -> NoProgress:
    """Return what fits the place: notebook, terminal, or nothing where not wanted."""
    if not show:
        return NoProgress()
    return NotebookDisplay(steps, epochs) if in_notebook() else TerminalBar(steps)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _newest(history: History) -> str:
    text = f"training loss {history.train_loss[-1]:.4f}"
    if history.validation_accuracy:
        accuracy = percent(history.validation_accuracy[-1], decimals=2)
        text += f", validation accuracy {accuracy}"
    elif history.validation_loss:
        text += f", validation loss {history.validation_loss[-1]:.4f}"
    return text
