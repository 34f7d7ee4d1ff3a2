"""Grading a class: ours beside nbgrader and nbval, one after the other in one run.

    python -m benchmarks.grading             40 submissions of lesson 02, all three
    python -m benchmarks.grading --short     8 of them, beside nbgrader alone: a minute
    python -m benchmarks.grading --short --count 40   so many, beside nbgrader alone
    python -m benchmarks.grading --class 1000   ours alone, with memory

Every fourth submission is unsolved, solved, or has one of the known mistakes in one
task. Each side is started as an instructor would start it, start-up included; ours
shuts every submission away, which the others do not. It runs before, between and after
the others, and the median counts: they take minutes, over which machines change. nbval
runs with one process and, beside it, with one to each core. Ours gives points for parts
(partial credit); so does nbgrader, from the number that a check cell returns. Each time
is printed when it is known, and what its processes computed: that hangs less on what
else the machine does.
"""

import argparse
import copy
import csv
import itertools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat

from cnngrade.files.exercise import handed_out
from tools import nbgrader_course
from tools.build.build import ROOT
from tools.build.course import Course

NAME = "02_padding_and_stride"
WRONG = {
    "output_size": "def output_size(n, kernel, stride=1, padding=0, dilation=1):\n"
    "    return (n + 2 * padding - kernel) // stride + 1",
    "zero_pad": "def zero_pad(image, padding):\n    return image",
    "same_padding": "def same_padding(kernel_size, dilation=1):\n"
    "    return kernel_size // 2, kernel_size // 2",
}


def submissions(folder: Path, count: int, release: Path) -> dict[str, Path]:
    """Write so many notebooks, of four kinds in turn; return them by student."""
    solved = nbformat.read(ROOT / "solutions" / f"{NAME}.ipynb", as_version=4)
    right = {cell.id: cell.source for cell in solved.cells}
    tasks = handed_out()["02"].tasks
    blank = nbformat.read(release, as_version=4)
    mistakes = itertools.cycle(WRONG.items())
    made = {}
    for number in range(count):
        book = copy.deepcopy(blank)
        answers = {} if number % 4 == 0 else {task: right[task] for task in tasks}
        if number % 4 > 1:
            answers |= [next(mistakes)]
        for cell in book.cells:
            cell.source = answers.get(cell.id, cell.source)
        made[f"s{number:04}"] = folder / f"s{number:04}.ipynb"
        nbformat.write(book, made[f"s{number:04}"])
    return made


def run(command: Sequence[str], folder: Path, *, fails: bool = False) -> float:
    """Run a command; return its seconds. `fails`: wrong answers make it say 1."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = os.environ | {"PATH": path, "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    if done.returncode not in ((0, 1) if fails else (0,)):
        sys.exit(f"{command} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


class OneExercise(Course):
    """The course with the exercise of one lesson."""

    def exercises(self) -> list[Path]:
        """Return its one source."""
        return [path for path in super().exercises() if path.stem.startswith(NAME)]


def compare(count: int, *, short: bool = False) -> None:
    """Grade the same class with each tool and print the seconds of all.

    `short`: beside nbgrader alone, which has the most to be compared with.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        course = folder / "course"
        say(f"{count} submissions of lesson 02, seconds, start-up included")
        say("  (the course folder for nbgrader is made, which does not count)")
        nbgrader_course.write(course, OneExercise(ROOT))
        run(["nbgrader", "generate_assignment", NAME, "--create"], course)
        release = course / "release" / NAME / f"{NAME}.ipynb"
        (folder / "class").mkdir()
        made = submissions(folder / "class", count, release)
        for student, path in made.items():
            place = course / "submitted" / student / NAME
            place.mkdir(parents=True)
            shutil.copy(path, place / f"{NAME}.ipynb")
        nbval = ["pytest", "--nbval-lax", "--nbval-current-env", "-q"]
        nbval += ["--nbval-cell-timeout=60", "-p", "no:cacheprovider", "class"]
        ours = ["cnnlib", "grade", "class", "--out", "report", "--seed", "1"]
        both = ["-n", "2", "--dist", "loadfile"]
        others = {
            "nbval": lambda: run(nbval, folder, fails=True),
            "nbval, two at a time": lambda: run([*nbval, *both], folder, fails=True),
            "nbgrader autograde": lambda: run(["nbgrader", "autograde", NAME], course),
        }
        if short:
            others = {"nbgrader autograde": others["nbgrader autograde"]}
        seconds, own = {}, [told("cnnlib grade", lambda: run(ours, folder))]
        for name, other in others.items():
            seconds[name] = told(name, other)
            if not short:
                shutil.rmtree(folder / "report")
                own.append(told("cnnlib grade", lambda: run(ours, folder)))
        seconds = {"cnnlib grade": statistics.median(own)} | seconds
        say("  the median of ours, and the others beside it:")
        for name, spent in seconds.items():
            ratio = spent / seconds["cnnlib grade"]
            say(f"  {name:22} {spent:8.1f}   {ratio:6.1f} times ours")
        say(f"  points earned: {points(folder / 'report'):g}, parts of tasks counted")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def told(name: str, measured: Callable[[], float]) -> float:
    """Do a run, print how long it took and what it computed, and return the first."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = measured()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    computed = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    say(f"  {name:22} {spent:8.1f}   computed {computed:6.1f}")
    return spent


def points(report: Path) -> float:
    """Return all points of a report, to see that something was graded."""
    with (report / "summary.csv").open(encoding="utf-8-sig", newline="") as file:
        return sum(float(row["earned"]) for row in csv.DictReader(file))


def large(count: int) -> None:
    """Grade a large class; print the seconds, and the memory at its peak."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "class").mkdir()
        release = ROOT / "exercises" / f"{NAME}.ipynb"
        submissions(folder / "class", count, release)
        peak, over = [0.0], threading.Event()
        watcher = threading.Thread(target=watch, args=(peak, over))
        watcher.start()
        ours = ["cnnlib", "grade", "class", "--out", "report", "--seed", "1"]
        spent = run(ours, folder)
        over.set()
        watcher.join()
        tasks = count * len(handed_out()["02"].tasks)
        print(
            f"{count} submissions of lesson 02: {spent:.1f} s, {spent / tasks:.3f} s a "
            f"task; {peak[0]:.2f} GB at the peak, all its processes together; points "
            f"earned: {points(folder / 'report')}"
        )


def watch(peak: list[float], over: threading.Event) -> None:
    """Keep the largest sum of what this process's descendants hold of memory."""
    while not over.wait(0.5):
        total = sum(share(pid) for pid in descendants(os.getpid()))
        peak[0] = max(peak[0], total / 1e9)


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, and that those started."""
    found, left = [], [pid]
    while left:
        parent = left.pop()
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                text = Path(f"/proc/{parent}/task/{task}/children").read_text()
                left += [int(child) for child in text.split()]
        except OSError:
            continue
        found.append(parent)
    return found[1:]


def share(pid: int) -> int:
    """Return a process's memory in bytes; what several share is divided."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    line = next((line for line in text.splitlines() if line.startswith("Pss:")), "")
    return int(line.split()[1]) * 1024 if line else 0


def main(arguments: Sequence[str] = ()) -> None:
    """Run the comparison, or the large class."""
    parser = argparse.ArgumentParser(prog="benchmarks.grading", description=__doc__)
    parser.add_argument("--count", type=int, help="else 40, or 8 with --short")
    parser.add_argument("--short", action="store_true", help="8 submissions, quickly")
    parser.add_argument("--class", type=int, default=0, dest="large")
    options = parser.parse_args(arguments)
    if options.large:
        large(options.large)
    else:
        count = options.count or (8 if options.short else 40)
        compare(count, short=options.short)


if __name__ == "__main__":
    main(sys.argv[1:])
