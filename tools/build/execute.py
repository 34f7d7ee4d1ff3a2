"""Run a notebook from top to bottom in a kernel of this very interpreter."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import ipykernel.kernelspec
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from tools.build.problems import Finding

CELL_SECONDS = 120
# What a person's shell may hold that would change what a lesson prints.
_UNWANTED = {"PYTHONWARNINGS", "PYTHONSTARTUP", "MPLBACKEND", "COLUMNS", "LINES"}
_UNWANTED |= {"FORCE_COLOR", "NO_COLOR", "PYTHON_COLORS", "PYTEST_CURRENT_TEST"}
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class CellFailedError(Exception):
    """A cell failed, ran too long or killed its kernel; ``finding`` says which."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


class _ThisPython(KernelSpecManager):
    """Know one kernel: the interpreter that runs the build, installed or not."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(**ipykernel.kernelspec.get_kernel_dict())


def execute(
    notebook: NotebookNode,
    *,
    timeout: int = CELL_SECONDS,
    environment: dict[str, str] | None = None,
) -> float:
    """Run all cells in place; return the seconds from the kernel's start to the end.

    The end of the last cell: a student does not wait for the kernel to shut down.

    Raises ``CellFailedError`` for the first cell that fails without being tagged
    ``raises-exception``, or that takes longer than ``timeout`` seconds.
    """
    run = execute_async(notebook, timeout=timeout, environment=environment)
    return asyncio.run(run)


async def execute_async(
    notebook: NotebookNode,
    *,
    timeout: int = CELL_SECONDS,
    environment: dict[str, str] | None = None,
    on_cell: Callable[[], None] = lambda: None,
) -> float:
    """Do the same in an event loop, calling ``on_cell`` after every code cell."""
    current, ended = 0, 0.0

    def starts(cell: NotebookNode, cell_index: int) -> None:
        nonlocal current
        current = cell_index

    def completes(**_: Any) -> None:
        nonlocal ended
        ended = time.perf_counter()
        on_cell()

    loop: Any = asyncio.get_running_loop()
    loop.add_signal_handler = _refuse_handler
    with tempfile.TemporaryDirectory(prefix="lesson-") as folder:
        started = ended = time.perf_counter()
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(kernel_spec_manager=_ThisPython()),
            timeout=timeout,
            store_widget_state=False,
            record_timing=False,
            on_cell_start=starts,
            on_cell_executed=completes,
        )
        home = Path(folder, "run")
        home.mkdir()
        try:
            env = kernel_environment(folder, environment)
            with open(os.devnull, "w") as nowhere:
                await client.async_execute(
                    cleanup_kc=True, cwd=str(home), env=env, stderr=nowhere
                )
        except CellExecutionError as error:
            raise CellFailedError(_failure(notebook, current, error)) from None
        except CellTimeoutError:
            message = f"this cell took longer than {timeout} s"
            raise CellFailedError(Finding(current, message)) from None
        except DeadKernelError:
            message = "the kernel died in this cell (out of memory, or a crash)"
            raise CellFailedError(Finding(current, message)) from None
        left = sorted(path.name for path in home.iterdir())
        if left:
            message = (
                f"the lesson leaves files behind: {', '.join(left)}; "
                "write into a tempfile.TemporaryDirectory"
            )
            raise CellFailedError(Finding(0, message))
    return ended - started


def _refuse_handler(*_: Any) -> None:
    """Keep nbclient from catching Ctrl-C: it would end one kernel and go on.

    Where handlers cannot be set, nbclient does without and expects this error.
    """
    raise RuntimeError("signals are left to asyncio.run")


def kernel_environment(folder: str, extra: dict[str, str] | None) -> dict[str, str]:
    """Return our environment without what would change a lesson's output.

    PyTorch gets one thread, so that sums come out alike however many cores there are,
    and kernels that run side by side do not wait for one another.
    """
    env = {k: v for k, v in os.environ.items() if k not in _UNWANTED}
    data = env.get("CNNLIB_DATA", "bundled")
    if data != "bundled":
        env["CNNLIB_DATA"] = str(Path(data).expanduser().resolve())
    return env | {"IPYTHONDIR": folder, "OMP_NUM_THREADS": "1"} | (extra or {})


def _failure(nb: NotebookNode, index: int, error: CellExecutionError) -> Finding:
    """Return the failing line of the cell, where the traceback tells it."""
    message = f"{error.ename}: {_COLOURS.sub('', error.evalue)}".removesuffix(": ")
    offset = 0
    for output in nb.cells[index].outputs:
        if output.output_type == "error":
            text = _COLOURS.sub("", "\n".join(output.traceback))
            with suppress(AttributeError):
                offset = int(re.search(r"^Cell In\[\d+\], line (\d+)", text, re.M)[1])  # type: ignore[index]
                offset -= 1
    return Finding(index, message, offset)
