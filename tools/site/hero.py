"""The moving picture at the head of the README: ``python -m tools.site.hero``.

A kernel for upright strokes glides over a handwritten digit, and the response appears
number by number. It is an SVG that moves by its own style sheet: it asks for nothing,
and stands still, finished, for those who want no movement.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from cnnlib.data import bundled_digits
from cnnlib.plots.style import scale_for
from cnnlib.text import number, size

TARGET = Path(__file__).resolve().parents[2] / "docs" / "hero.svg"
DIGIT = 7  # which of the digits as they came
KERNEL = ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
CELL, PICTURE, WEIGHT, RESPONSE = 18, (10, 34), (246, 78), (400, 52)
WIDE, HIGH = 560, 244
STEP_SECONDS, REST_SECONDS = 0.14, 3.0

_STYLE = """text{font:13px system-ui,sans-serif;fill:#555}
.sign{font-size:24px}
.w{font-size:15px;text-anchor:middle;fill:#000}
.frame{fill:none;stroke:#fff;stroke-width:2;paint-order:stroke}
.edge{fill:none;stroke:#000;stroke-width:5}
@media (prefers-color-scheme:dark){text{fill:#bbb}}
@media (prefers-reduced-motion:reduce){*{animation:none!important}}
"""


def picture() -> str:
    """Return the SVG; the same text on every machine."""
    cells, labels, _ = bundled_digits.read()
    digit = np.pad(cells[DIGIT].numpy().astype(float) / 16, 1)
    response = correlate(digit)
    steps = list(np.ndindex(*response.shape))
    seconds = len(steps) * STEP_SECONDS + REST_SECONDS
    shades = scale_for(response).colours(response)
    greys = np.repeat((digit[..., None] * 255).round().astype(int), 3, axis=-1)
    parts = [
        _grid(PICTURE, greys),
        _kernel(),
        _grid(RESPONSE, shades, seconds),
        _window(steps, seconds),
        _caption(PICTURE, f"a digit, {size(*digit.shape)}"),
        f'<text x="{WEIGHT[0] - 34}" y="{HIGH / 2}" class="sign">×</text>',
        f'<text x="{RESPONSE[0] - 34}" y="{HIGH / 2}" class="sign">=</text>',
        _caption(WEIGHT, "a kernel, 3x3"),
        _caption(RESPONSE, f"its response, {size(*response.shape)}"),
    ]
    words = (
        f"A 3x3 kernel glides over a {size(*digit.shape)} picture of a handwritten "
        f"{int(labels[DIGIT])}. At each place nine products are added to one number of "
        "the response: orange where dark turns bright from left to right, blue where "
        "bright turns dark."
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" '
        f'role="img" aria-label="{words}"><title>{words}</title>'
        f"<style>{_STYLE}{_frames(steps, seconds)}</style>{''.join(parts)}</svg>\n"
    )


def correlate(digit: np.ndarray) -> np.ndarray:
    """Return the response of the kernel, as ``F.conv2d`` gives it."""
    kernel = torch.tensor(KERNEL, dtype=torch.float64)
    return F.conv2d(torch.tensor(digit)[None, None], kernel[None, None])[0, 0].numpy()


def _grid(corner: tuple[int, int], colours: np.ndarray, seconds: float = 0) -> str:
    """Draw cells; with ``seconds`` they appear one after the other."""
    cells = []
    for step, (i, j) in enumerate(np.ndindex(*colours.shape[:2])):
        x, y = corner[0] + j * CELL, corner[1] + i * CELL
        colour = "#" + bytes(colours[i, j].astype(np.uint8)).hex()
        moves = f' style="animation:c{step} {seconds:g}s infinite"' if seconds else ""
        cells.append(
            f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="{colour}"'
            f' stroke="#888" stroke-width=".5"{moves}/>'
        )
    return "".join(cells)


def _kernel() -> str:
    weights = np.array(KERNEL, dtype=float)
    colours = scale_for(2 * weights).colours(weights)
    cells = []
    for i, j in np.ndindex(*weights.shape):
        x, y = WEIGHT[0] + 30 * j, WEIGHT[1] + 30 * i
        colour = "#" + bytes(colours[i, j]).hex()
        text = number(float(weights[i, j])).replace("-", "−")
        cells.append(
            f'<rect x="{x}" y="{y}" width="30" height="30" fill="{colour}" '
            f'stroke="#888" stroke-width=".5"/>'
            f'<text class="w" x="{x + 15}" y="{y + 20}">{text}</text>'
        )
    return "".join(cells)


def _window(steps: list[tuple[int, ...]], seconds: float) -> str:
    x, y = PICTURE
    box = f'x="{x}" y="{y}" width="{3 * CELL}" height="{3 * CELL}"'
    return (
        f'<g style="animation:window {seconds:g}s infinite">'
        f'<rect class="edge" {box}/><rect class="frame" {box}/></g>'
    )


def _caption(corner: tuple[int, int], words: str) -> str:
    return f'<text x="{corner[0]}" y="{corner[1] - 10}">{words}</text>'


def _frames(steps: list[tuple[int, ...]], seconds: float) -> str:
    """Return the keyframes: where the window is, and when each number appears."""
    share = 100 * STEP_SECONDS / seconds
    moves = []
    for step, (i, j) in enumerate(steps):
        at = f"translate({j * CELL}px,{i * CELL}px)"
        arrives, leaves = share * step, share * (step + 0.55)
        moves.append(f"{arrives:.2f}%,{leaves:.2f}%{{transform:{at}}}")
    moves.append(f"100%{{transform:{at}}}")
    appear = "".join(
        f"@keyframes c{step}{{0%,{share * (step + 0.3):.2f}%{{opacity:0}}"
        f"{share * (step + 0.31):.2f}%,100%{{opacity:1}}}}"
        for step in range(len(steps))
    )
    return f"@keyframes window{{{''.join(moves)}}}{appear}"


def main() -> None:
    """Write the picture where the README takes it from."""
    TARGET.write_text(picture(), encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
