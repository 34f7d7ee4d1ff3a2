"""Progress of a download: one live line in a notebook, tqdm in a terminal."""

import sys
import time
from types import TracebackType

_SECONDS_BETWEEN_UPDATES = 0.2


class DownloadBar:
    """Shows how much of `total` bytes is here, while the `with` block runs.

    In a notebook the line ends as "Download of MNIST: finished." or "... given up.";
    in a terminal the bar disappears; anywhere else there is none.
    """

    task, doing, unit, scaled = "Download of", "Downloading", "B", True

    def __init__(self, name: str, total: int, *, show: bool = True) -> None:
        self._title, self._total = f"{self.task} {name}", total
        self._shown = time.monotonic()
        self._handle = None
        if show and _in_notebook():
            from IPython.display import display

            line = _line(self._title, "started")
            self._handle = display(line, raw=True, display_id=True)
            show = False
        from tqdm import tqdm

        self._bar = tqdm(
            total=total,
            desc=f"{self.doing} {name}",
            unit=self.unit,
            unit_scale=self.scaled,
            leave=False,
            mininterval=0,  # `update` sees to that
            disable=None if show else True,  # None: silent unless in a terminal
        )

    def __enter__(self) -> "DownloadBar":
        return self

    def update(self, arrived: int) -> None:
        """Say that `arrived` bytes are here."""
        if time.monotonic() - self._shown < _SECONDS_BETWEEN_UPDATES:
            return
        self._shown = time.monotonic()
        self._bar.update(arrived - self._bar.n)
        if self._handle is not None:
            bar = f'<progress value="{arrived}" max="{self._total}"></progress>'
            self._handle.update(_line(self._title, self._state(arrived), bar), raw=True)

    def _state(self, arrived: int) -> str:
        return f"{arrived / 1e6:.1f} of {self._total / 1e6:.1f} MB"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()
        if self._handle is not None:
            state = "finished." if kind is None else "given up."
            self._handle.update(_line(self._title, state), raw=True)


class ReadingBar(DownloadBar):
    """The same for `total` files that are read; ``update`` takes how many are done."""

    task, doing, unit, scaled = "Reading of", "Reading", " files", False

    def _state(self, arrived: int) -> str:
        return f"{arrived:,} of {self._total:,} files"


def _line(title: str, state: str, bar: str = "") -> dict[str, str]:
    text = f"{title}: {state}"
    return {"text/plain": text, "text/html": f"<div>{text} {bar}</div>"}


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None
