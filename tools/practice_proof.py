"""Prove the items of practice: ``python -m tools.practice_proof``.

For each kind of item, seed and level: exactly one option is right, and the options
differ; every wrong answer is computed anew by its mistake, from the facts alone, and
where the checker of a task knows that mistake by its own wrong implementation, by that,
too; the right answer is found by a second road; the words are short and simple. The
figures are a section of docs/proof.md, of which nothing else is changed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from cnnjudge.tasks import task
from cnnlib.arithmetic import output_size
from cnnlib.checks.registry import every_question
from cnnlib.practice.compute import plain
from cnnlib.practice.items import Item, Option, shown
from cnnlib.practice.kind import Facts, Kind, Slip
from cnnlib.practice.registry import LEVELS, draw, kinds
from cnnlib.text import an
from cnnlib.visuals.sizes.explore_sizes import RANGES
from cnnlib.visuals.step.steps import conv_steps, pool_steps
from tools.build.build import ROOT

TABLE = Path("docs", "proof.md")
HEADING = "## Practice items"
"""The section is the last one of the page."""
FEWEST_OPTIONS, MOST_OPTIONS = 3, 4
MOST_WORDS = {"question": 60, "sentence": 36, "step": 40}
"""The most words of a question, of what is said of a wrong answer, of a step."""
MOST_IN_A_SENTENCE = 22
MOST_STEPS = 6
LONG = 10
"""Letters from which on a word is long; a long word must be one of `TERMS`."""
TERMS = frozenset(
    [
        "activation",
        "arithmetic",
        "bottleneck",
        "brightness",
        "convolution",
        "convolutions",
        "correlation",
        "cross-entropy",
        "difference",
        "evaluation",
        "everything",
        "exponential",
        "exponentials",
        "flattening",
        "horizontal",
        "implementation",
        "logarithms",
        "mathematics",
        "multiplications",
        "multiplied",
        "multiplies",
        "neighbours",
        "parameters",
        "photograph",
        "prediction",
        "predictions",
        "probabilities",
        "probability",
        "recognized",
        "subtracted",
        "temperature",
        "transposed",
        "validation",
    ]
)
"""Long words that a learner knows: the field's terms, as the lessons introduce them,
and a few words of everyday English."""
COUNTED = frozenset(
    [
        "batches",
        "biases",
        "channels",
        "classes",
        "epochs",
        "groups",
        "images",
        "kernels",
        "layers",
        "maps",
        "numbers",
        "outputs",
        "pictures",
        "pixels",
        "rows",
        "slices",
        "steps",
        "units",
        "weights",
        "windows",
    ]
)
"""What there is one of, or several: none of these follows a 1."""
SEEDS = 1000
IN_A_ROW = 20
FEWEST_DIFFERENT = 8
"""Of `IN_A_ROW` seeds one after the other, how many different items there must be."""


# ---- one item ---------------------------------------------------------------------


def faults(item: Item, kind: Kind) -> list[str]:
    """Return what is wrong with an item; an empty list if nothing is."""
    facts = Facts(**json.loads(json.dumps(dict(item.facts))))
    found = [
        *_right_answer(item, kind, facts),
        *_options(item),
        *_wrong_answers(item, kind, facts),
        *_words(item),
        *_what_is_seen(item),
        *_picture(item),
    ]
    return found


def _right_answer(item: Item, kind: Kind, facts: Facts) -> Iterator[str]:
    answer = shown(item.answer, item.form)
    if shown(kind.right(facts), item.form) != answer:
        yield f"the right answer is not {answer} when it is computed again"
    other = shown(kind.again(facts), item.form)
    if other != answer:
        yield f"the second road gives {other}, not {answer}"
    if not item.steps or answer not in item.steps[-1]:
        yield f"the last step does not say {answer}"
    if item.form == "number" and not isinstance(item.answer, int | float):
        yield f"the answer {item.answer!r} is no number"


def _options(item: Item) -> Iterator[str]:
    if sum(option.right for option in item.options) != 1:
        yield "not exactly one option is right"
    texts = [option.text for option in item.options]
    if len(set(texts)) != len(texts):
        yield f"two options are the same: {texts}"
    if not FEWEST_OPTIONS <= len(texts) <= MOST_OPTIONS:
        yield f"there are {len(texts)} options"
    for option in item.options:
        if option.text != shown(option.value, item.form):
            yield f"option {option.text} is not what its value says"
        if option.right and option.text != shown(item.answer, item.form):
            yield f"the right option is {option.text}, not the answer"
        if not option.right and option not in item.wrong:
            yield f"the wrong option {option.text} is no known wrong answer"


def _wrong_answers(item: Item, kind: Kind, facts: Facts) -> Iterator[str]:
    slips = {slip.name: slip for slip in kind.slips}
    given = {
        name: shown(value, item.form)
        for name, slip in slips.items()
        if (value := slip.answer(facts)) is not None
    }
    right = shown(item.answer, item.form)
    if {option.text for option in item.wrong} != set(given.values()) - {right}:
        yield "the wrong answers are not those that the mistakes give"
    for option in item.wrong:
        if given.get(option.mistake) != option.text:
            yield f"{option.text} is not what {option.mistake!r} gives"
        causes = [name for name, text in given.items() if text == option.text]
        if option.sentence.startswith("Perhaps") != (len(causes) > 1):
            yield f"{option.text} has the causes {causes}: {option.sentence}"
        if option.mistake in slips:
            yield from _as_the_checker(item, slips[option.mistake], facts, option)


def _as_the_checker(
    item: Item, slip: Slip, facts: Facts, option: Option
) -> Iterator[str]:
    """Compute a wrong answer by the wrong implementation that proves the checker."""
    value = by_the_checker(item.kind, slip, facts)
    if value is not None and shown(value, item.form) != option.text:
        yield (
            f"{slip.of}'s {slip.name!r} gives {shown(value, item.form)} there, and "
            f"{option.text} here"
        )


def _what_is_seen(item: Item) -> Iterator[str]:
    """Every number that the item is made of can be read in the question."""
    cells = [cell for block in item.blocks for row in block.rows for cell in row]
    heads = [word for block in item.blocks for word in block.head]
    text = " ".join(map(str, [item.text, *cells, *heads])).replace(",", "")
    visible = set(re.findall(r"\d+(?:\.\d+)?", text))
    for name, value in item.facts.items():
        for number in _numbers_in(value):
            if f"{abs(number):g}" not in {f"{float(word):g}" for word in visible}:
                yield f"the question does not show {name}: {number}"


def _numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, list | tuple):
        for entry in value:
            yield from _numbers_in(entry)
    elif isinstance(value, int | float) and not isinstance(value, bool) and value:
        yield value


def _picture(item: Item) -> Iterator[str]:
    """Draw the picture's numbers: the answer must stand at its place."""
    if item.show is None:
        return
    given = dict(item.show.arguments)
    if item.show.call == "explore_sizes":
        for name, value in given["left"].items():
            low, high = RANGES[name]
            if not low <= value <= high:
                yield f"explore_sizes does not draw {name}={value}"
        output_size(**given["left"])
        return
    rest: dict[str, Any] = {"bias": 0, "stride": 1, "padding": 0, "dilation": 1}
    if item.show.call == "step_conv":
        output = conv_steps(**(rest | given)).output[0]
    else:
        rest = {"mode": "max", "stride": None, "padding": 0, "dilation": 1}
        output = pool_steps(**(rest | given)).output[0]
    if item.form == "grid":
        drawn: Any = plain(torch.tensor(output))
    else:
        drawn = plain(torch.tensor(output)[item.show.place or (0, 0)])
    if shown(drawn, item.form) != shown(item.answer, item.form):
        yield f"the picture shows {drawn}"


# ---- words ------------------------------------------------------------------------


def _words(item: Item) -> Iterator[str]:
    texts = [("question", item.text)]
    texts += [("sentence", option.sentence) for option in item.wrong]
    texts += [("step", step) for step in item.steps]
    for what, text in texts:
        for fault in reading_faults(text, MOST_WORDS[what]):
            yield f"{what}: {fault}: {text}"
    if len(item.steps) > MOST_STEPS:
        yield f"{len(item.steps)} steps"


def reading_faults(text: str, most: int) -> list[str]:
    """Return what makes a text hard to read; code in backticks is one word.

    Counted are words (what has a letter), words of the longest sentence, and words of
    ten letters or more that are no `TERMS`.
    """
    found = []
    plain_text = re.sub(r"`[^`]*`", "x", text)
    words = _letters(plain_text)
    if len(words) > most:
        found.append(f"{len(words)} words")
    for part in re.split(r"[.?!:;](?:\s|$)", plain_text):
        if len(_letters(part)) > MOST_IN_A_SENTENCE:
            found.append(f"a sentence of {len(_letters(part))} words")
    long = {word for word in words if len(word) >= LONG and word.lower() not in TERMS}
    if long:
        found.append(f"long words: {', '.join(sorted(long))}")
    for article, number in re.findall(r"\b([Aa]n?) (\d+x\d+)\b", plain_text):
        if an(number) != f"{article.lower()} {number}":
            found.append(f"{article} {number}")
    for word in re.findall(r"(?:^|[a-z:,] )1 ([a-z]+)\b", plain_text):
        if word in COUNTED:
            found.append(f"1 {word}")
    if re.search(r"[<>&{}]|None\b", plain_text):
        found.append("a sign that does not belong in a sentence")
    return found


def _letters(text: str) -> list[str]:
    words = re.findall(r"[A-Za-z][A-Za-z'-]*", text)
    return [word.strip("'-") for word in words]


# ---- the checkers' own wrong implementations --------------------------------------


def _grid(rows: Any) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def _work(f: Facts) -> Sequence[Any]:
    if f.s != 1:
        raise ValueError("such a call does not say how large the input was")
    return f.cin, f.cout, f.k, *(int(output_size(f.n, f.k, f.s, f.p)),) * 2


Call = Callable[[Facts], Sequence[Any]]
Taken = Callable[[Any, Facts], Any]


def _same(result: Any, facts: Facts) -> Any:
    return plain(result) if isinstance(result, torch.Tensor) else result


def _place(result: Any, facts: Facts) -> Any:
    i, j = facts.i, facts.j
    rows = plain(result)
    inside = 0 <= i < len(rows) and 0 <= j < len(rows[0])
    return rows[i][j] if inside else None


def _four_axes(rows: Any) -> torch.Tensor:
    x = _grid(rows)
    return x[None, None] if x.dim() == 2 else x[None]


CALLS: dict[str, tuple[str, Call, Taken]] = {
    "output-size": ("output_size", lambda f: (f.n, f.k, f.s, f.p), _same),
    "dilated-size": ("output_size", lambda f: (f.n, f.k, f.s, f.p, f.d), _same),
    "same-padding": ("same_padding", lambda f: (f.k, f.d), lambda r, f: tuple(r)),
    "full-convolution": (
        "full_convolve1d",
        lambda f: (_grid(f.a), _grid(f.b)),
        _same,
    ),
    "window-sum": (
        "correlate2d",
        lambda f: (_grid(f.image), _grid(f.kernel), float(f.bias)),
        _place,
    ),
    "whole-map": (
        "correlate2d",
        lambda f: (_grid(f.image), _grid(f.kernel)),
        _same,
    ),
    "true-convolution": (
        "convolve2d",
        lambda f: (_grid(f.image), _grid(f.kernel)),
        lambda r, f: plain(r)[0][0],
    ),
    "colour-window": (
        "conv2d_channels",
        lambda f: (_grid([f.image]), _grid([f.kernel]), _grid([f.bias])),
        lambda r, f: plain(r)[0][0][0][0],
    ),
    "padded-number": (
        "conv2d",
        lambda f: (
            _four_axes(f.image),
            _four_axes(f.kernel),
            _grid([f.bias]),
            1,
            1,
        ),
        lambda r, f: _place(r[0, 0], f),
    ),
    "strided-number": (
        "conv2d",
        lambda f: (_four_axes(f.image), _four_axes(f.kernel), None, f.s),
        lambda r, f: _place(r[0, 0], f),
    ),
    "max-pool": (
        "max_pool2d",
        lambda f: (_four_axes(f.image), f.f),
        lambda r, f: plain(r[0, 0]),
    ),
    "overlapping-pool": (
        "max_pool2d",
        lambda f: (_four_axes(f.image), f.f, f.s),
        lambda r, f: _place(r[0, 0], f),
    ),
    "average-pool": (
        "avg_pool2d",
        lambda f: (_four_axes(f.image), f.f),
        lambda r, f: _place(r[0, 0], f),
    ),
    "global-average": (
        "global_avg_pool",
        lambda f: (_grid([f.maps]),),
        lambda r, f: plain(r.flatten()),
    ),
    "flatten-shape": (
        "flatten",
        lambda f: (torch.zeros(f.n, f.c, f.h, f.w), f.start),
        lambda r, f: tuple(r.shape),
    ),
    "conv-params": (
        "conv_params",
        lambda f: (f.cin, f.cout, (f.kh, f.kw), f.bias),
        _same,
    ),
    "grouped-params": (
        "conv_params",
        lambda f: (f.cin, f.cout, f.k, True, f.groups),
        _same,
    ),
    "linear-params": ("linear_params", lambda f: (f.a, f.b, f.bias), _same),
    "mult-adds": (
        "conv_macs",
        lambda f: _work(f),
        _same,
    ),
    "receptive-field": (
        "receptive_field",
        lambda f: ([tuple(layer) for layer in f.layers],),
        _same,
    ),
    "confusion-matrix": (
        "confusion_matrix",
        lambda f: (torch.tensor(f.truth), torch.tensor(f.said), f.classes),
        _same,
    ),
    "batch-norm": (
        "batch_norm",
        lambda f: (
            _grid(f.values)[:, None, None, None],
            _grid([f.weight]),
            _grid([f.bias]),
            0.0,
        ),
        lambda r, f: plain(r.flatten())[f.values.index(f.value)],
    ),
    "bottleneck-work": (
        "bottleneck_macs",
        lambda f: (f.c, f.m, f.h, f.w),
        lambda r, f: r[1],
    ),
    "transposed-size": (
        "transposed_size",
        lambda f: (f.n, f.k, f.s, f.p, f.o),
        _same,
    ),
    "backward-number": (
        "conv_backward",
        lambda f: (_grid(f.x), _grid(f.w), _grid(f.g)),
        lambda r, f: plain(r[0 if f.asks_x else 1])[f.place[0]][f.place[1]],
    ),
    "early-stopping": (
        "stop_epoch",
        lambda f: (f.losses, f.patience),
        lambda r, f: r[0 if f.asks_best else 1] + 1,
    ),
    "class-weight": (
        "class_weights",
        lambda f: (
            torch.arange(len(f.counts)).repeat_interleave(torch.tensor(f.counts)),
            len(f.counts),
        ),
        lambda r, f: plain(round(r[f.asked].item(), 2)),
    ),
}
"""Kinds whose items are calls of a task: the task, its arguments, what is asked for."""


def by_the_checker(kind: str, slip: Slip, facts: Facts) -> Any:
    """Return what a task's own wrong implementation gives on an item, or None.

    None: the kind is no call of that task, or that answer cannot be made of this call.
    """
    if kind not in CALLS or slip.of != CALLS[kind][0]:
        return None
    _, arguments, taken = CALLS[kind]
    known = {mistake.name: mistake.answer for mistake in task(slip.of).key.mistakes}
    try:
        return taken(known[slip.name](*arguments(facts)), facts)
    except (RuntimeError, IndexError, ValueError, TypeError):
        return None


def unknown_mistakes() -> list[str]:
    """Return the mistakes that are said to be a task's, and are not."""
    names = {
        name: {mistake.name for mistake in task(name).key.mistakes}
        for name in every_question()
    }
    return [
        f"{kind.name}: {slip.of} has no mistake {slip.name!r}"
        for kind in kinds().values()
        for slip in kind.slips
        if slip.of and slip.name not in names.get(slip.of, set())
    ]


# ---- all items --------------------------------------------------------------------


@dataclass
class Proof:
    """What came of the items of one kind.

    Attributes:
        wrong: how many wrong answers were computed again.
        perhaps: of how many of them more than one cause is known.
        by_checker: how many of them a task's own wrong implementation gave, too.
        fewest: the fewest different items among `IN_A_ROW` seeds.
        mistakes: on how many items each mistake gives a wrong answer.
    """

    kind: str
    items: int = 0
    wrong: int = 0
    perhaps: int = 0
    by_checker: int = 0
    fewest: int = IN_A_ROW
    failures: list[str] = field(default_factory=list)
    mistakes: Counter[str] = field(default_factory=Counter)

    def take(self, item: Item, kind: Kind) -> None:
        """Put one item to the proof."""
        self.items += 1
        where = f"{item.kind}, level {item.level}"
        self.failures += [f"{where}: {fault}" for fault in faults(item, kind)]
        slips = {slip.name: slip for slip in kind.slips}
        facts = Facts(**item.facts)
        texts = {option.text for option in item.wrong}
        for slip in kind.slips:
            value = slip.answer(facts)
            if value is not None and shown(value, item.form) in texts:
                self.mistakes[slip.name] += 1
        for option in item.wrong:
            self.wrong += 1
            self.perhaps += option.sentence.startswith("Perhaps")
            by_checker = by_the_checker(item.kind, slips[option.mistake], facts)
            self.by_checker += by_checker is not None


def prove(name: str, seeds: range) -> Proof:
    """Prove a kind: every seed at every level."""
    proof, kind = Proof(name), kinds()[name]
    for level in LEVELS:
        asked: list[str] = []
        for seed in seeds:
            try:
                item = draw(name, seed, level)
            except Exception as error:  # a kind that cannot be drawn is a failure
                proof.failures.append(f"{name}, level {level}, seed {seed}: {error!r}")
                continue
            proof.take(item, kind)
            asked.append(repr((item.text, item.blocks)))
        for first in range(0, len(asked) - IN_A_ROW + 1, IN_A_ROW):
            different = len(set(asked[first : first + IN_A_ROW]))
            proof.fewest = min(proof.fewest, different)
            if different < FEWEST_DIFFERENT:
                proof.failures.append(
                    f"{name}, level {level}: {different} different items in "
                    f"{IN_A_ROW} seeds from {first} on"
                )
    return proof


def markdown(proofs: Sequence[Proof], seeds: int) -> str:
    """Return the figures as a section of the page."""
    slips = [(k.name, s) for k in kinds().values() for s in k.slips]
    shared = {(s.of, s.name) for _, s in slips if s.of}
    named = sum(len(task(name).key.mistakes) for name in every_question())
    met = sum(len(proof.mistakes) for proof in proofs)
    failures = sum(len(proof.failures) for proof in proofs)
    lines = [
        HEADING,
        "",
        "This part alone: `python -m tools.practice_proof`. Each kind of item is drawn "
        f"for {seeds:,} seeds at each of {len(LEVELS)} levels. Of every item it is "
        "tested that exactly one option is right and no two are the same; that each "
        "wrong answer comes out again when its mistake is made on the item's facts "
        "alone; that a second road gives the right answer; that the question shows "
        "every number the item is made of; that the picture shows the answer; and that "
        "the words are short.",
        "",
        f"- Kinds: {len(proofs)}; items: {sum(p.items for p in proofs):,}; failures: "
        f"{failures:,}.",
        f"- Wrong answers computed again: {sum(p.wrong for p in proofs):,}; of these "
        f"also by the wrong implementation that proves a checker: "
        f"{sum(p.by_checker for p in proofs):,}; with more than one known cause, so "
        f'that the sentence says "perhaps": {sum(p.perhaps for p in proofs):,}.',
        f"- Mistakes of the items: {len(slips)}; met: {met}. They are {len(shared)} of "
        f"the mistakes that the checkers know ({named} when this was written), and "
        f"{sum(not s.of for _, s in slips)} slips of reading and of arithmetic.",
        "- Reading: a question has at most "
        f"{MOST_WORDS['question']} words, what is said of a wrong answer "
        f"{MOST_WORDS['sentence']}, a step {MOST_WORDS['step']}; no sentence has more "
        f"than {MOST_IN_A_SENTENCE}. A word of {LONG} letters or more must be one of "
        f"the {len(TERMS)} in the tool's list.",
        f"- Repeats: of {IN_A_ROW} seeds one after the other at least "
        f"{min(p.fewest for p in proofs)} give different items "
        f"(asked for: {FEWEST_DIFFERENT}).",
        "",
        "| kind | lesson | items | wrong answers | mistakes met | different of "
        f"{IN_A_ROW} | failures |",
        "|---|---|---|---|---|---|---|",
    ]
    for proof in proofs:
        kind = kinds()[proof.kind]
        lines.append(
            f"| `{proof.kind}` | {kind.lesson} | {proof.items:,} | {proof.wrong:,} | "
            f"{len(proof.mistakes)} of {len(kind.slips)} | {proof.fewest} | "
            f"{len(proof.failures)} |"
        )
    return "\n".join(lines) + "\n"


def without_section(page: str) -> str:
    """Return a page up to the section on practice items, or all of it."""
    return page.partition(HEADING)[0].rstrip("\n") + "\n"


def prove_all(seeds: int, names: Sequence[str] = ()) -> list[Proof]:
    """Prove all kinds, or those named."""
    chosen = tqdm(list(names or kinds()), unit="kind", disable=None)
    return [prove(name, range(seeds)) for name in chosen]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if nothing fails."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.practice_proof", description=__doc__
    )
    parser.add_argument("kinds", nargs="*", help="names of kinds; default: all")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="default: %(default)s")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    proofs = prove_all(options.seeds, options.kinds)
    failures = unknown_mistakes()
    for proof in proofs:
        failures += proof.failures
    for failure, many in Counter(failures).most_common(60):
        print(f"{many}x {failure}")
    if not options.kinds:
        path = ROOT / TABLE
        page = without_section(path.read_text(encoding="utf-8"))
        section = markdown(proofs, options.seeds)
        path.write_text(f"{page}\n{section}", encoding="utf-8")
    print(
        f"{len(proofs)} kinds, {options.seeds} seeds, {sum(p.items for p in proofs):,} "
        f"items, {sum(p.wrong for p in proofs):,} wrong answers, {len(failures)} "
        f"failures; {time.perf_counter() - started:.0f} s"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
