"""Prove the checkers: ``make proof`` puts every known answer to its own check.

The reference and the other right answers must pass; each named mistake must fail with a
message that names that mistake and no other. The table is written to docs/proof.md,
with what became of mutants (`tools.mutants`), of answers that look alike
(`tools.lookalikes`) and of the practice items (`tools.practice_proof`), which takes
minutes: ``--quick`` leaves those as they are.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from cnnjudge.judge import KnownOutcomes
from cnnjudge.key import Mistake
from cnnjudge.tasks import task
from cnnjudge.verdict import Verdict
from cnnlib import checks
from cnnlib.checks.registry import questions
from tools import lookalikes, mutants, practice_proof
from tools.build.build import ROOT

TABLE = Path("docs", "proof.md")
MUTANTS = "## Mutants"
"""The heading of the second part of the page."""


@dataclass(frozen=True)
class ProofRow:
    """What became of one known answer on one seed.

    Attributes:
        task: the name of the task.
        answer: which answer: the name of a mistake, or which of the right ones.
        right: whether it is a right answer; else it is a mistake.
        named: whether the verdict names this mistake.
        seconds: that the check took.
    """

    task: str
    answer: str
    seed: int
    right: bool
    named: bool
    verdict: Verdict
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the answer passed its check."""
        return self.verdict.passed

    @property
    def as_it_should(self) -> bool:
        """Whether the verdict is the one that was expected."""
        return self.passed if self.right else (not self.passed and self.named)


def rows(name: str, seed: int, *, fresh: bool = True) -> Iterator[ProofRow]:
    """Yield a row for each right answer and each mistake of a task.

    Unless `fresh`, what the reference and the mistakes give is worked out once for all
    rows, as in grading a class: the verdicts are the same and the seconds are not.
    """
    key = task(name).key
    known = None if fresh else KnownOutcomes(task(name), questions()[name].draw(seed))
    right = [("the reference", key.reference)]
    for number, answer in enumerate(key.also_right, 1):
        right.append((f"another right answer, {number}", answer))
    for label, answer in right:
        watched = label != "the reference"  # it makes the call that is forbidden
        verdict, seconds = _checked(name, answer, seed, known, watched=watched)
        yield ProofRow(name, label, seed, True, False, verdict, seconds)
    for mistake in key.mistakes:
        verdict, seconds = _checked(name, mistake.answer, seed, known)
        named = _is_named(mistake, verdict)
        yield ProofRow(name, mistake.name, seed, False, named, verdict, seconds)


def _checked(
    name: str,
    answer: object,
    seed: int,
    known: KnownOutcomes | None,
    *,
    watched: bool = True,
) -> tuple[Verdict, float]:
    """Return the verdict on an answer, and the seconds that the check took."""
    started = time.perf_counter()
    verdict = checks.Check(name).verdict(answer, seed, watched=watched, known=known)
    return verdict, time.perf_counter() - started


def _is_named(mistake: Mistake, verdict: Verdict) -> bool:
    """Tell whether a verdict names this mistake, with its hint or by its remark."""
    if mistake.remark:
        return verdict.remark == mistake.remark
    told = verdict.hint == mistake.hint
    if mistake.tells:  # it says more, with a number of this answer
        told = verdict.hint.startswith(mistake.hint)
    return verdict.mistake == mistake.name and told and mistake.hint != ""


def markdown(rows: Sequence[ProofRow]) -> str:
    """Return the table of one seed as a page."""
    wrong = [row for row in rows if not row.right]
    right = [row for row in rows if row.right]
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
        caught = "no" if row.passed else "yes"
        named, case = "yes" if row.named else "no", row.verdict.case or "–"
        lines.append(f"| `{row.task}` | {row.answer} | {caught} | {named} | {case} |")
    return "\n".join(lines) + "\n"


def _second_part(names: Sequence[str]) -> str:
    """Return what became of mutants and of answers that look alike."""
    tallies, hints, false = [], 0, 0
    for name in tqdm(names, unit="task", disable=None):
        if name not in mutants.TRAINED:
            tallies.append(mutants.tally(name, list(mutants.rows(name))))
        alike = list(lookalikes.rows(name))
        hints += len(alike)
        false += sum(bool(row.false) for row in alike)
    return mutants.markdown(tallies) + lookalikes.markdown(hints, false)


def _third_part() -> tuple[str, list[str]]:
    """Return what came of the practice items, and what failed."""
    proofs = practice_proof.prove_all(practice_proof.SEEDS)
    failures = [failure for proof in proofs for failure in proof.failures]
    section = practice_proof.markdown(proofs, practice_proof.SEEDS)
    return f"\n{section}", failures + practice_proof.unknown_mistakes()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if every verdict is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tools.proof", description=__doc__)
    parser.add_argument("tasks", nargs="*", help="names of tasks; default: all")
    parser.add_argument("--seeds", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="no mutants, no practice")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    options = parser.parse_args(arguments)
    names = options.tasks or list(questions())
    seeds = range(options.first, options.first + options.seeds)
    jobs = [(name, seed) for seed in seeds for name in names]
    proved: list[ProofRow] = []
    for name, seed in tqdm(jobs, unit="check", disable=None):
        proved += rows(name, seed, fresh=options.seeds == 1)
    bad = [row for row in proved if not row.as_it_should]
    failures: list[str] = []
    for row in bad:
        print(f"{row.task}, {row.answer}, seed {row.seed}:\n{row.verdict.text}\n")
    first = [row for row in proved if row.seed == 0]
    if first and not options.tasks:
        path = ROOT / TABLE
        page = path.read_text(encoding="utf-8") if path.is_file() else ""
        rest = MUTANTS + page.partition(MUTANTS)[2]
        if not options.quick:
            last, failures = _third_part()
            rest = _second_part(names) + last
        path.write_text(f"{markdown(first)}\n{rest}", encoding="utf-8")
    wrong = [row for row in proved if not row.right]
    slowest = max(proved, key=lambda row: row.seconds)
    print(
        f"{len(names)} tasks, {options.seeds} seeds: {len(wrong)} wrong answers, "
        f"{sum(not r.passed for r in wrong)} caught, {sum(r.named for r in wrong)} "
        "named; "
        f"{len(proved) - len(wrong)} right ones, "
        f"{sum(r.right and not r.passed for r in proved)} refused; slowest check "
        f"{slowest.seconds:.2f} s ({slowest.task}, {slowest.answer})"
    )
    for failure in failures[:60]:
        print(f"practice: {failure}")
    return 1 if bad or failures else 0


if __name__ == "__main__":
    sys.exit(main())
