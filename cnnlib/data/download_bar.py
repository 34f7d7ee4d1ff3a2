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

    def __init__(self, name: str, total: int, *, show: bool = True) -> None:
        self._name, self._total = name, total
        self._shown = time.monotonic()
        self._handle = None
        if show and _in_notebook():
            from IPython.display import display

            self._handle = display(_line(name, "started"), raw=True, display_id=True)
            show = False
        from tqdm import tqdm

        self._bar = tqdm(
            total=total,
            desc=f"Downloading {name}",
            unit="B",
            unit_scale=True,
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
            state = f"{arrived / 1e6:.1f} of {self._total / 1e6:.1f} MB"
            bar = f'<progress value="{arrived}" max="{self._total}"></progress>'
            self._handle.update(_line(self._name, state, bar), raw=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()
        if self._handle is not None:
            state = "finished." if kind is None else "given up."
            self._handle.update(_line(self._name, state), raw=True)


def _line(name: str, state: str, bar: str = "") -> dict[str, str]:
    text = f"Download of {name}: {state}"
    return {"text/plain": text, "text/html": f"<div>{text} {bar}</div>"}


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None
