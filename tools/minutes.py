"""How long a lesson takes to study: ``python -m tools.minutes lessons/NN_topic.py``.

By what there is to do: 100 words of text a minute (technical text, read by somebody
whose first language is another one), half a minute for each cell of code that is run
and looked at, a minute for each prediction. A beginner who worked through lessons 00 to
03 as they first were put them at 30, 97, 60 and 90 minutes; by this measure they had
35, 70, 50 and 85.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.build import source
from tools.build.held import PREDICT

WORDS_A_MINUTE = 100
CELLS_A_MINUTE = 2
PREDICTIONS_A_MINUTE = 1
STEP = 5  # minutes are stated to five

_STATED = re.compile(r"\*\*Time:\*\* (\d+) minutes")
_TAG = re.compile(r"<[^>]+>|\]\([^)]*\)")  # and where a link leads
_WORD = re.compile(r"[\w']+")


@dataclass(frozen=True)
class Workload:
    """What a lesson asks of its reader."""

    words: int
    cells: int
    predictions: int

    @property
    def minutes(self) -> int:
        """The time it takes, to five minutes.

        >>> Workload(words=1000, cells=40, predictions=7).minutes
        35
        """
        exact = self.words / WORDS_A_MINUTE + self.cells / CELLS_A_MINUTE
        exact += self.predictions / PREDICTIONS_A_MINUTE
        return STEP * round(exact / STEP)


def workload(path: Path) -> Workload:
    """Count the words, code cells and predictions of a lesson's text."""
    return of_cells(source.read(path).cells)


def of_cells(cells: Sequence[source.Cell]) -> Workload:
    """Do so for cells of it."""
    texts = [cell.text for cell in cells if cell.kind == "markdown"]
    return Workload(
        words=sum(len(_WORD.findall(_TAG.sub("", text))) for text in texts),
        cells=sum(cell.kind == "code" for cell in cells),
        predictions=sum(text.count(PREDICT) for text in texts),
    )


def stated(path: Path) -> int:
    """Return the minutes that a lesson's first cell states; ValueError without."""
    found = _STATED.search(source.read(path).cells[0].text)
    if not found:
        raise ValueError(f"{path.name} does not say '**Time:** N minutes' at its head.")
    return int(found[1])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what each lesson asks, and its minutes beside the stated ones."""
    parser = argparse.ArgumentParser(prog="tools.minutes", description=__doc__)
    parser.add_argument("lessons", nargs="+", type=Path, metavar="lessons/NN_topic.py")
    print(f"{'lesson':32} {'words':>6} {'cells':>6} {'predict':>8} {'min':>4} stated")
    for path in parser.parse_args(arguments).lessons:
        work = workload(path)
        print(
            f"{path.stem:32} {work.words:6} {work.cells:6} {work.predictions:8} "
            f"{work.minutes:4} {stated(path):6}"
        )


if __name__ == "__main__":
    main()
