"""Seconds to run each lesson: a fresh kernel, the bundled digits, one at a time.

PyTorch gets a thread to each core, as it does for a student.
"""

import os

from tools.build import build, execute
from tools.build.course import Course


def main() -> None:
    """Print the seconds of every lesson, from the kernel's start to the last cell."""
    course = Course(build.ROOT)
    threads = str(len(os.sched_getaffinity(0)))
    seconds = {}
    for path in course.sources():
        print(f"{path.stem:28}", end="", flush=True)
        notebook = build.load_draft(path, course).notebook
        environment = {"CNNLIB_DATA": "bundled", "OMP_NUM_THREADS": threads}
        seconds[path.stem] = execute.execute(notebook, environment=environment)
        print(f"{seconds[path.stem]:8.1f} s", flush=True)
    print(f"{'together':28}{sum(seconds.values()):8.1f} s")


if __name__ == "__main__":
    main()
