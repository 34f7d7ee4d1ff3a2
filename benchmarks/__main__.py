"""``make bench``: every benchmark, or those named: python -m benchmarks summary."""

import importlib
import sys

NAMES = [
    "imports",
    "summary",
    "mosaic",
    "visuals",
    "network",
    "train_here",
    "lessons",
    "training",
    "rankings",
    "after_vgg",
    "own_pictures",
    "checks",
    "grading",
    "binder",
]


def main() -> None:
    """Run the benchmarks named on the command line, or all of them."""
    wanted = sys.argv[1:] or NAMES
    if unknown := sorted(set(wanted) - set(NAMES)):
        sys.exit(f"No benchmark is called {unknown}. There are: {', '.join(NAMES)}.")
    for name in wanted:
        print(f"\n## {name}\n", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
