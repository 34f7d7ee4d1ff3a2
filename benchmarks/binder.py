"""Each lesson as on Binder: one core, the bundled digits; its memory, its seconds.

The kernel is bound to one core (`sched_setaffinity`) and has one thread. Memory is the
peak of what the kernel had resident (`VmHWM`, which Linux keeps: nothing is sampled).
No limit is enforced: the table says which lesson takes more than it may. JupyterLab's
server runs beside the kernel on Binder, and is not in these figures.
"""

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from itertools import pairwise

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tools.build import build, execute
from tools.build.course import Course

MEMORY = 1_000_000_000  # bytes: what Binder promises a session is 1 GB
CELL = 60.0  # seconds that the longest cell, a training, may take
_ASK = """import time
print(*[line.split()[1] for line in open("/proc/self/status") if "VmHWM" in line])
print(time.process_time())"""


@dataclass
class Run:
    """What a lesson took: bytes at the peak, and seconds.

    Attributes:
        memory: bytes that were resident at the peak.
        seconds: from the start of the kernel to its end.
        longest: of the cell that took longest.
        processor: of the core, which others on this machine do not lengthen much.
    """

    memory: int
    seconds: float
    longest: float
    processor: float

    @property
    def fits(self) -> bool:
        """Whether Binder, and the patience of a class, allow it."""
        return self.memory < MEMORY and self.longest < CELL


def main() -> None:
    """Print a table, and leave with 1 where a lesson takes too much."""
    if not sys.platform.startswith("linux"):
        sys.exit(
            "This benchmark reads /proc and binds processes to a core: Linux only."
        )
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    course = Course(build.ROOT)
    print(f"{'lesson':28}{'memory':>10}{'longest cell':>16}{'all':>10}{'core':>10}")
    fits = True
    for path in course.sources():
        run = asyncio.run(measure(build.load_draft(path, course).notebook))
        fits = fits and run.fits
        print(
            f"{path.stem:28}{run.memory / 1e6:7.0f} MB{run.longest:14.1f} s"
            f"{run.seconds:8.1f} s{run.processor:8.1f} s"
            f"{'' if run.fits else '  too much'}",
            flush=True,
        )
    if not fits:
        sys.exit(1)


async def measure(notebook: NotebookNode) -> Run:
    """Run a notebook in a kernel on this core, and ask the kernel what it took."""
    notebook.cells.append(new_code_cell(_ASK))
    ends = [time.perf_counter()]
    seconds = await execute.execute_async(
        notebook,
        timeout=600,
        environment={"CNNLIB_DATA": "bundled"},
        on_cell=lambda: ends.append(time.perf_counter()),
    )
    # The first cell waits for the kernel to start; no lesson computes in it.
    longest = max(b - a for a, b in pairwise(ends[1:]))
    kilobytes, processor = notebook.cells[-1].outputs[0]["text"].split()
    return Run(int(kilobytes) * 1024, seconds, longest, float(processor))


if __name__ == "__main__":
    main()
