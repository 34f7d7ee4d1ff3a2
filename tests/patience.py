"""Waiting for other processes, however busy the machine is."""

import os
import time
from collections.abc import Callable
from pathlib import Path

TOO_LONG = 900
"""Seconds that only a program would reach that never ends."""


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until it is true."""
    end = time.monotonic() + TOO_LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    """Whether it runs: one that ended may be listed until its parent asks after it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/status")
    return not (status.exists() and "State:\tZ" in status.read_text())
