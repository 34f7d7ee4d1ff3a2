"""Prove the checkers: ``make proof`` puts every known answer to its own check.

The reference and the other right answers must pass; each named mistake must fail with a
message that names that mistake and no other. The table is written to docs/proof.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from cnnjudge.judge import Known, Verdict
from cnnjudge.key import Task
from cnnjudge.tasks import task
from cnnlib import checks
from cnnlib.checks.registry import questions
from tools.build.build import ROOT

TABLE = Path("docs", "proof.md")


@dataclass(frozen=True)
class Row:
    """What became of one known answer on one seed."""

    task: str
    answer: str
    seed: int
    right: bool
    passed: bool
    named: bool
    case: str
    text: str
    seconds: float

    @property
    def as_it_should(self) -> bool:
        """Whether the verdict is the one that was expected."""
        return self.passed if self.right else (not self.passed and self.named)


def rows(name: str, seed: int, *, fresh: bool = True) -> Iterator[Row]:
    """Yield a row for each right answer and each mistake of a task.

    Unless `fresh`, what the reference and the mistakes give is worked out once for all
    rows, as in grading a class: the verdicts are the same and the seconds are not.
    """
    found = task(name)
    known = None if fresh else Known(found, found.question.draw(seed))
    right = [("the reference", found.key.reference)]
    right += [(f"another right answer, {i}", a) for i, a in _others(found)]
    for label, answer in right:
        watched = label != "the reference"  # it makes the call that is forbidden
        yield _row(found, label, answer, seed, known, right=True, watched=watched)
    for mistake in found.key.mistakes:
        yield _row(found, mistake.name, mistake.answer, seed, known, right=False)


def _others(found: Task) -> Iterator[tuple[int, object]]:
    return iter(enumerate(found.key.also_right, 1))


def _row(
    found: Task,
    label: str,
    answer: object,
    seed: int,
    known: Known | None,
    *,
    right: bool,
    watched: bool = True,
) -> Row:
    name = found.question.name
    started = time.perf_counter()
    verdict = checks.Check(name).verdict(answer, seed, watched=watched, known=known)
    seconds = time.perf_counter() - started
    named = not right and _named(found, label, verdict)
    return Row(
        name,
        label,
        seed,
        right,
        verdict.passed,
        named,
        verdict.case,
        verdict.text,
        seconds,
    )


def _named(found: Task, label: str, verdict: Verdict) -> bool:
    """Whether the message holds the hint of this mistake and of no other."""
    said = [m.name for m in found.key.mistakes if m.hint in verdict.text]
    return said == [label]


def markdown(found: Sequence[Row]) -> str:
    """Return the kill table of one seed as a page."""
    wrong = [row for row in found if not row.right]
    right = [row for row in found if row.right]
    lines = [
        "# The proof of the checkers",
        "",
        "Written by `make proof`; a test compares it with what the checkers do now.",
        "Each named mistake is a wrong answer that is put to the check of its task;",
        "the case is the one that the message shows.",
        "",
        f"- Named mistakes: {len(wrong)}; caught: {sum(not r.passed for r in wrong)}; "
        f"named, and no other: {sum(r.named for r in wrong)}.",
        f"- Right answers: {len(right)}; refused: {sum(not r.passed for r in right)}.",
        "",
        "| task | mistake | caught | named | by the case |",
        "|---|---|---|---|---|",
    ]
    for row in wrong:
        caught, named = "no" if row.passed else "yes", "yes" if row.named else "no"
        lines.append(
            f"| `{row.task}` | {row.answer} | {caught} | {named} | {row.case or '–'} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if every verdict is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tools.proof", description=__doc__)
    parser.add_argument("tasks", nargs="*", help="names of tasks; default: all")
    parser.add_argument("--seeds", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    given = parser.parse_args(arguments)
    names = given.tasks or list(questions())
    seeds = range(given.first, given.first + given.seeds)
    jobs = [(name, seed) for seed in seeds for name in names]
    found: list[Row] = []
    for name, seed in tqdm(jobs, unit="check", disable=None):
        found += rows(name, seed, fresh=given.seeds == 1)
    bad = [row for row in found if not row.as_it_should]
    for row in bad:
        print(f"{row.task}, {row.answer}, seed {row.seed}:\n{row.text}\n")
    first = [row for row in found if row.seed == 0]
    if first and not given.tasks:
        (ROOT / TABLE).write_text(markdown(first), encoding="utf-8")
    wrong = [row for row in found if not row.right]
    slowest = max(found, key=lambda row: row.seconds)
    print(
        f"{len(names)} tasks, {given.seeds} seeds: {len(wrong)} wrong answers, "
        f"{sum(not r.passed for r in wrong)} caught, {sum(r.named for r in wrong)} "
        "named; "
        f"{len(found) - len(wrong)} right ones, "
        f"{sum(r.right and not r.passed for r in found)} refused; slowest check "
        f"{slowest.seconds:.2f} s ({slowest.task}, {slowest.answer})"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
