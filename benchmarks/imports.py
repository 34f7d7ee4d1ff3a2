"""``import cnnlib`` against ``import torch``: fresh interpreters, taken in turn.

``cnnlib`` loads its parts when they are first used, so what all of them cost together
(Matplotlib, mostly) is measured as well.
"""

import statistics
import subprocess
import sys

SCRIPT = """
import time
start = time.perf_counter()
import torch
middle = time.perf_counter()
import cnnlib
end = time.perf_counter()
for name in cnnlib.__all__:
    getattr(cnnlib, name)
print(middle - start, end - middle, time.perf_counter() - end)
"""


def once() -> tuple[float, ...]:
    """Return the seconds for torch, for cnnlib after it, and for all its parts."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    return tuple(map(float, done.stdout.split()))


def main(rounds: int = 9) -> None:
    """Print the median of several rounds and the share that cnnlib adds."""
    once()  # warms the file cache for both
    runs = [once() for _ in range(rounds)]
    torch, cnnlib, parts = map(statistics.median, zip(*runs, strict=True))
    print(f"import torch         {torch * 1000:8.1f} ms (median of {rounds})")
    print(f"import cnnlib        {cnnlib * 1000:8.1f} ms more, {cnnlib / torch:.2%}")
    print(f"every part of it     {parts * 1000:8.1f} ms more, {parts / torch:.0%}")


if __name__ == "__main__":
    main()
