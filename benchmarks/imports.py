"""``import cnnlib`` against ``import torch``: fresh interpreters, taken in turn."""

import statistics
import subprocess
import sys

SCRIPT = """
import time
start = time.perf_counter()
import torch
middle = time.perf_counter()
import cnnlib
print(middle - start, time.perf_counter() - middle)
"""


def once() -> tuple[float, float]:
    """Return the seconds for ``import torch`` and for ``import cnnlib`` after it."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    torch, cnnlib = map(float, done.stdout.split())
    return torch, cnnlib


def main(rounds: int = 9) -> None:
    """Print the median of several rounds and the share that cnnlib adds."""
    once()  # warms the file cache for both
    pairs = [once() for _ in range(rounds)]
    torch = statistics.median(pair[0] for pair in pairs)
    cnnlib = statistics.median(pair[1] for pair in pairs)
    print(f"import torch   {torch * 1000:8.1f} ms (median of {rounds})")
    print(f"import cnnlib  {cnnlib * 1000:8.1f} ms more")
    print(f"cnnlib adds    {cnnlib / torch:8.2%}")


if __name__ == "__main__":
    main()
