"""Seconds that a check takes, as a student waits for it; nothing is compared.

Each known answer to each task is checked as in a notebook: right ones, and the named
mistakes, for which the checker must look further. Tasks that train stand apart.
"""

import statistics
from collections import defaultdict

from cnnlib.checks.question import Question
from cnnlib.checks.registry import questions
from tools.proof import rows


def main() -> None:
    """Print the median and the longest check of each task, and each lesson's sum."""
    sums: dict[str, float] = defaultdict(float)
    for name, question in questions().items():
        found = [row for row in rows(name, seed=0) if row.answer != "the reference"]
        right = statistics.median(row.seconds for row in found if row.right)
        wrong = [row.seconds for row in found if not row.right]
        trains = question.seconds > Question.seconds
        sums[question.lesson] += 0 if trains else right
        print(
            f"{question.lesson} {name:22} right {right:6.3f} s   wrong, median "
            f"{statistics.median(wrong):6.3f} s, longest {max(wrong):6.3f} s"
            f"{'   (trains)' if trains else ''}",
            flush=True,
        )
    for lesson, seconds in sums.items():
        print(f"lesson {lesson}, all tasks right, without training: {seconds:.2f} s")


if __name__ == "__main__":
    main()
