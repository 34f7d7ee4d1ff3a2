"""``train_here`` in Chromium: how fast it learns, how often each trial ends as told.

Nothing of this is asserted. The seconds are those of a page on an otherwise idle
machine; the trials take minutes: ten seeds each.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from cnnlib import train_here
from cnnlib.visuals.shared.bundle import bundle
from cnnlib.visuals.train.digits import packed
from tools.handout import chromium_path

SEEDS = range(10)
_ENGINE = """<!doctype html><title>engine</title><script>
window.engine = (() => {{ {code}
return {{ TRIALS, TRIAL_STEPS, under, outcomeOf, createRun, evaluate, unpackDigits }};
}})();
const packed = {digits};
window.digits = {{ train: engine.unpackDigits(packed.train),
  test: engine.unpackDigits(packed.test) }};
</script>"""
_TRIAL = """([settings, name]) => {
    const { TRIALS, TRIAL_STEPS, under, outcomeOf, createRun, evaluate } = engine;
    const trial = TRIALS.find((one) => one.name === name);
    const run = createRun(under(settings, trial), digits);
    const losses = [];
    for (let k = 0; k < TRIAL_STEPS; k++) losses.push(run.step());
    const last = losses.slice(-10).reduce((a, b) => a + b, 0) / 10;
    const [train, test] = [run.train, run.test].map((part) =>
        evaluate(run.layers, part, 360).share);
    const usual = trial.question ? outcomeOf(trial, { train, test, last }).usual : null;
    return { train, test, last, usual };
}"""
_TRIALS = "() => engine.TRIALS.map(({ name }) => name)"


def main() -> None:
    """Print the seconds of a run in the page, then each trial over the seeds."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=["--headless", "--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_context(offline=True).new_page()
        _run_in_the_page(page, Path(folder))
        _trials(page, Path(folder))
        browser.close()


def _run_in_the_page(page: Page, folder: Path) -> None:
    """Open the page, start, and tell when the loss fell and 95 % were reached."""
    path = folder / "train.html"
    train_here().save(path)
    print(f"page: {path.stat().st_size / 1000:.0f} kB")
    began = time.perf_counter()
    page.goto(path.as_uri())
    page.get_by_role("button", name="Start", exact=True).click()
    fell, reached = 0.0, 0.0
    frames, counted = 0, 0.0
    page.evaluate(
        "() => { window.frames_ = 0; const count = () => { window.frames_ += 1;"
        " requestAnimationFrame(count); }; count(); }"
    )
    counted = time.perf_counter()
    while not reached and time.perf_counter() - began < 60:
        words = page.locator(".moment").inner_text()
        if words.startswith("Step"):
            loss = float(words.split("loss ")[1].split(",")[0])
            fell = fell or (time.perf_counter() - began if loss < 2 else 0.0)
            share = float(words.split(", ")[-1].split(" %")[0].lstrip("> "))
            reached = time.perf_counter() - began if share >= 95 else 0.0
        time.sleep(0.02)
    frames = page.evaluate("() => window.frames_")
    seconds = time.perf_counter() - counted
    print(f"from opening the page to a loss below 2: {fell:.1f} s")
    print(f"to 95 % of the test digits: {reached:.1f} s")
    print(f"frames a second while it learns: {frames / seconds:.0f}")


def _trials(page: Page, folder: Path) -> None:
    """Print how often each trial ends as its sentence says, and its figures."""
    path = folder / "engine.html"
    code = bundle("train/trials") + bundle("train/learning")
    path.write_text(_ENGINE.format(code=code, digits=json.dumps(packed())), "utf-8")
    page.goto(path.as_uri())
    settings: dict[str, Any] = train_here().data["settings"]
    print(f"\n{'trial':9} {'as told':>8} {'train':>13} {'test':>13} {'last loss':>15}")
    for name in page.evaluate(_TRIALS):
        ends = [
            page.evaluate(_TRIAL, [{**settings, "seed": seed}, name]) for seed in SEEDS
        ]
        told = sum(end["usual"] is not False for end in ends)
        spans = [
            f"{min(values):.2f} to {max(values):.2f}"
            for key in ("train", "test", "last")
            for values in [[end[key] for end in ends]]
        ]
        print(
            f"{name:9} {told:3} of {len(ends)} {spans[0]:>13} {spans[1]:>13} "
            f"{spans[2]:>15}",
            flush=True,
        )


if __name__ == "__main__":
    main()
