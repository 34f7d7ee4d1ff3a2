"""The steppers in Chromium: every step's numbers are torch's, every slip is named."""

import itertools
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from cnnlib import step_conv, step_pool
from cnnlib.plots.style import Scale, ink_on

from .test_visuals_page import button, grid, opened

pytestmark = pytest.mark.browser


@dataclass
class Case:
    """What goes in, and what torch makes of it without cnnlib."""

    image: torch.Tensor
    kernel: torch.Tensor | None = None
    mode: str = "conv"
    window: Any = None
    options: dict = field(default_factory=dict)

    def stepper(self):
        if self.mode == "conv":
            return step_conv(self.image, self.kernel, **self.options)
        return step_pool(self.image, self.window, self.mode, **self.options)

    def with_(self, image=None, kernel=None, **options):
        """The output under other arguments: what a slip gives."""
        image = self.image if image is None else image
        kernel = self.kernel if kernel is None else kernel
        options = {**self.options, **options}
        if self.mode == "conv":
            bias = torch.tensor([float(options.pop("bias", 0))], dtype=torch.float64)
            return F.conv2d(image[None], kernel[None], bias, **options)[0]
        pool = F.max_pool2d if self.mode == "max" else F.avg_pool2d
        return pool(image[None], self.window, **options)[0]

    @cached_property
    def output(self):
        return self.with_()

    def pair(self, name, usual):
        value = self.options.get(name, usual)
        return value if isinstance(value, tuple) else (value, value)

    @property
    def size(self):
        if self.kernel is not None:
            return tuple(self.kernel.shape[1:])
        return self.window if isinstance(self.window, tuple) else (self.window,) * 2

    @cached_property
    def padded(self):
        down, across = self.pair("padding", 0)
        fill = -torch.inf if self.mode == "max" else 0
        return F.pad(self.image, (across, across, down, down), value=fill)

    def cells(self, i, j):
        """The rows and columns of the padded image under a window."""
        usual = 1 if self.mode == "conv" else self.size
        stride = self.options.get("stride", usual)
        stride = stride if isinstance(stride, tuple) else (stride, stride)
        dilation = self.pair("dilation", 1)
        axes = zip((i, j), stride, dilation, self.size, strict=True)
        return [[n * s + d * k for k in range(size)] for n, s, d, size in axes]


CASES = {
    "plain": Case(grid(1, 5, 5), grid(1, 3, 3, seed=1)),
    "bias, padding": Case(
        grid(1, 4, 4), grid(1, 3, 3, seed=1), options={"bias": -3, "padding": 1}
    ),
    "channels": Case(grid(3, 4, 4), grid(3, 2, 3, seed=2), options={"bias": 5}),
    "all": Case(
        torch.randn(2, 6, 7, dtype=torch.float64),
        torch.randn(2, 2, 3, dtype=torch.float64),
        options={
            "bias": 0.25,
            "stride": (2, 3),
            "padding": (1, 2),
            "dilation": (2, 1),
        },
    ),
    "one": Case(grid(1, 1, 1), grid(1, 1, 1, seed=1)),
    "max": Case(
        -grid(2, 4, 5).abs() - 1,
        mode="max",
        window=(2, 3),
        options={"stride": 1, "padding": 1},
    ),
    "max, dilation": Case(
        grid(1, 6, 6), mode="max", window=2, options={"stride": 1, "dilation": 2}
    ),
    "avg": Case(grid(1, 5, 6), mode="avg", window=(2, 3), options={"padding": (1, 1)}),
}
cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of a case; each case is drawn once."""
    folder, known = tmp_path_factory.mktemp("steppers"), {}

    def page_of(case):
        if id(case) not in known:  # the case is kept, so that its id stays its own
            known[id(case)] = case, folder / f"{len(known)}.html"
            case.stepper().save(known[id(case)][1])
        return known[id(case)][1]

    return page_of


@pytest.fixture
def shown(browser, pages):
    """Open a case as a page of its own: ``with shown(case) as page``."""
    return lambda case, **options: opened(browser, pages(case), **options)


def number(text):
    return float(text.replace("−", "-").replace("∞", "inf"))


def near(value):
    """Equal to what four decimals can show."""
    return pytest.approx(float(value), abs=5.1e-5)


def read(page):
    """What stands on the page, or in one visual of it, cell by cell."""
    return page.locator(".live").first.evaluate(
        """(root) => {
            const text = (cell) => cell.firstChild ? cell.firstChild.textContent : '';
            const small = (cell) => cell.querySelector('small')?.textContent ?? '';
            const grids = [...root.querySelectorAll('.grid')].map((grid) => ({
                name: grid.querySelector('.caption').textContent,
                cells: [...grid.querySelectorAll('.row')].slice(1).map((row) =>
                    [...row.querySelectorAll('.cell')].map((cell) => ({
                        text: text(cell), small: small(cell),
                        tap: cell.classList.contains('tap'),
                        padding: cell.classList.contains('padding'),
                        current: cell.getAttribute('aria-selected') === 'true',
                    }))),
            }));
            const lines = [...root.querySelectorAll('.sums .sum')].map((line) =>
                ['name', 'terms', 'result'].map((part) =>
                    line.querySelector('.' + part).textContent));
            const code = [...root.querySelectorAll('.codebox')].map((box) =>
                [...box.querySelectorAll('.line')].map((line) => line.textContent));
            return { grids, lines, code,
                step: root.querySelector('.slider .value').textContent,
                spoken: root.querySelector('.spoken').textContent };
        }"""
    )


def check_step(page, case, k, *, spoken=True):
    """Everything the page says at step k, against torch."""
    places = list(itertools.product(*map(range, case.output.shape)))
    o, i, j = places[k]
    value = float(case.output[o, i, j])
    now = read(page)
    assert now["step"] == f"{k + 1} of {len(places)}"
    check_grids(now["grids"], case, places, k)
    check_sums(now["lines"], case, (o, i, j))
    check_code(now["code"], case, (o, i, j))
    if spoken:
        assert f"row {i}, column {j}: " in now["spoken"].lower()
        check_speech(now["spoken"], case, value)


def check_speech(spoken, case, value):
    """The sum as it is read out gives the number that is read out."""
    for word, sign in (("minus ", "-"), (" times ", "*"), (", plus bias", "+")):
        spoken = spoken.replace(word, sign)
    terms, _, said = spoken.rstrip(".").partition(": ")[2].rpartition(" is ")
    assert number(said) == near(value)
    cells = [float(x) for x in re.findall(r"-?[\d.]+", terms)]
    if "row" in terms:
        return  # too many products to be listened to: the sums of the rows
    if case.mode == "conv":
        assert terms.count("*") == case.kernel.numel()
        total = eval(terms.replace(", plus ", "+").rstrip(", "))
        assert total == pytest.approx(value, abs=1e-3)
    elif case.mode == "max":
        assert max(cells) == near(value)
    else:
        assert sum(cells) / len(cells) == near(value)


def check_grids(grids, case, places, k):
    o, i, j = places[k]
    inputs = [g["cells"] for g in grids if "input" in g["name"]]
    outputs = [g["cells"] for g in grids if "output" in g["name"]]
    rows, columns = case.cells(i, j)
    for c, cells in enumerate(inputs):
        on = case.mode == "conv" or c == o
        for r, q in itertools.product(range(len(cells)), range(len(cells[0]))):
            cell, true = cells[r][q], case.padded[c, r, q]
            assert number(cell["text"]) == pytest.approx(float(true), abs=0.0051)
            assert cell["tap"] == (on and r in rows and q in columns)
            if cell["tap"] and case.mode == "conv":
                weight = case.kernel[c, rows.index(r), columns.index(q)]
                shown = number(cell["small"].removeprefix("×"))
                assert shown == pytest.approx(float(weight), abs=0.0051)
            elif case.mode == "max" and cell["tap"]:
                assert (cell["small"] == "max") == (true == case.output[o, i, j])
            else:
                assert cell["small"] == ""
    for at, place in enumerate(places):
        cell = outputs[place[0]][place[1]][place[2]]
        assert cell["current"] == (at == k)
        if at <= k:
            true = float(case.output[place])
            assert number(cell["text"]) == pytest.approx(true, abs=5.1e-5)
        else:
            assert cell["text"] == ""


def evaluate(terms):
    text = terms.replace("·", "*").replace("−", "-").replace("∞", "inf")
    return eval(text, {"inf": torch.inf, "max": max})


def check_sums(lines, case, place):
    o, i, j = place
    rows, columns = case.cells(i, j)
    *parts, total = lines
    channels = range(len(case.image)) if case.mode == "conv" else [o]
    for line, (c, r) in zip(
        parts, itertools.product(channels, range(len(rows))), strict=False
    ):
        cells = case.padded[c, rows[r]][columns]
        if case.mode == "conv":
            true = float((cells * case.kernel[c, r]).sum())
        else:
            true = float(cells.max() if case.mode == "max" else cells.sum())
        assert number(line[2][2:]) == near(true)
        count = 4 if case.image.frac().any() else 1e-9
        assert evaluate(line[1]) == pytest.approx(
            true, abs=2e-3 if count == 4 else count
        )
        name = f"channel {c}, row {r}" if len(channels) > 1 else f"row {r}"
        assert line[0] == name
    if case.mode == "conv":
        assert parts[-1] == [
            "bias",
            "",
            f"= {case.options.get('bias', 0)}".replace("-", "−"),
        ]
    index = place if len(case.output) > 1 else place[1:]
    assert total[0] == f"output[{', '.join(map(str, index))}]"
    value = float(case.output[place])
    assert number(total[2][2:]) == near(value)
    assert evaluate(total[1]) == pytest.approx(value, abs=1e-3)
    exact = abs(number(total[2][2:]) - value) < 1e-6 * max(1, abs(value))
    assert total[2][0] == ("=" if exact else "≈")


def check_code(code, case, place):
    loop, step, call = code
    one = len(case.image) == 1
    names = {"torch": torch, "F": F, "image": case.image, "kernel": case.kernel}
    names["bias"] = torch.tensor(float(case.options.get("bias", 0)))
    if one:
        names["image"] = case.image[0]
        names["kernel"] = None if case.kernel is None else case.kernel[0]
    names["padded"] = case.padded[0] if one else case.padded
    index = place if len(case.output) > 1 else place[1:]
    value = float(case.output[place])
    names["out"] = (
        torch.zeros_like(case.output).squeeze(0)
        if len(case.output) == 1
        else torch.zeros_like(case.output)
    )
    exec("\n".join(step), names)
    assert float(names["out"][index]) == near(value)
    assert call[-1].startswith(f"out[{', '.join(map(str, index))}]  # ")
    assert number(call[-1].partition("# ")[2]) == near(value)
    assert "".join(loop)


@cases
def test_every_step_forward_and_back_by_keyboard_is_torchs(shown, case):
    with shown(case) as page:
        last = case.output.numel() - 1
        check_step(page, case, 0, spoken=False)
        button(page, "Forward").focus()
        for k in range(1, last + 1):
            page.keyboard.press("Enter")
            check_step(page, case, k)
        page.keyboard.press("Enter")  # at the end it stays
        check_step(page, case, last)
        button(page, "Back").focus()
        for k in reversed(range(last)):
            page.keyboard.press("Space")
            check_step(page, case, k)
        page.keyboard.press("Space")
        check_step(page, case, 0)


@cases
def test_slider_and_arrow_keys_go_where_they_say(shown, case):
    with shown(case) as page:
        last = case.output.numel() - 1
        channels, rows, columns = case.output.shape
        page.get_by_role("slider", name="Step").focus()
        page.keyboard.press("End")
        check_step(page, case, last)
        said = page.get_by_role("slider", name="Step").get_attribute("aria-valuetext")
        place = f"row {rows - 1}, column {columns - 1}"
        place = f"channel {channels - 1}, {place}" if channels > 1 else place
        assert said == f"{last + 1} of {last + 1}: {place}"
        page.keyboard.press("ArrowLeft")
        check_step(page, case, max(0, last - 1))
        page.keyboard.press("Home")
        check_step(page, case, 0, spoken=last > 0)
        for c in range(channels):
            page.get_by_role("grid").nth(c).locator(".cell").first.focus()
            walk = [("ArrowDown", rows - 1, 0), ("ArrowRight", rows - 1, columns - 1)]
            walk += [("ArrowUp", 0, columns - 1), ("ArrowLeft", 0, 0)]
            walk += [("End", 0, columns - 1), ("PageDown", rows - 1, columns - 1)]
            walk += [("Home", rows - 1, 0), ("PageUp", 0, 0)]
            i = j = 0
            if c:
                page.keyboard.press("PageUp")
            for key, to_i, to_j in walk:
                for _ in range(max(rows, columns) if "Arrow" in key else 1):
                    page.keyboard.press(key)
                i, j = to_i, to_j
                if rows * columns > 1:
                    check_step(page, case, (c * rows + i) * columns + j)
                    focused = page.evaluate("document.activeElement.ariaSelected")
                    assert focused == "true"


@cases
def test_the_frame_lies_on_the_window(shown, case):
    with shown(case) as page:
        for k in {0, case.output.numel() // 2, case.output.numel() - 1}:
            page.evaluate(
                "k => document.querySelector('.cnnlib-visual').cnnlib.go(k)", k
            )
            off = page.evaluate(
                """() => [...document.querySelectorAll('.grid')].flatMap((grid) => {
                    const frame = grid.querySelector('.window');
                    const cells = [...grid.querySelectorAll(
                        '.cell.tap, .cell[aria-selected=true]')];
                    if (frame.hidden !== (cells.length === 0)) return [999];
                    if (frame.hidden) return [];
                    const boxes = cells.map((cell) => cell.getBoundingClientRect());
                    const box = frame.getBoundingClientRect();
                    return [
                        Math.min(...boxes.map((b) => b.left)) - box.left,
                        Math.min(...boxes.map((b) => b.top)) - box.top,
                        box.right - Math.max(...boxes.map((b) => b.right)),
                        box.bottom - Math.max(...boxes.map((b) => b.bottom)),
                    ];
                })"""
            )
            assert len(off) >= 8
            assert all(abs(distance) <= 2 for distance in off)


def test_the_window_is_scrolled_into_view_on_a_phone(shown):
    case = Case(grid(1, 14, 14), grid(1, 3, 3, seed=1), options={"padding": 1})
    with shown(case, width=375) as page:
        page.get_by_role("slider", name="Step").focus()
        for key in ("End", "Home", "End"):
            page.keyboard.press(key)
            page.wait_for_timeout(100)
            outside = page.evaluate(
                """() => [...document.querySelectorAll('.window')].map((frame) => {
                    const own = frame.getBoundingClientRect();
                    const seen = frame.closest('.scroll').getBoundingClientRect();
                    return own.left < seen.left - 1 || own.right > seen.right + 1;
                })"""
            )
            assert outside[0] is False
            assert outside[-1] is False


def test_colours_are_those_of_plots_and_numbers_stand_out(shown):
    case = CASES["plain"]
    with shown(case) as page:
        found = page.eval_on_selector_all(
            ".grid:first-child .cell, .scroll .grid .cell",
            """all => all.slice(0, 25).map((cell) => {
                const style = getComputedStyle(cell);
                return [style.backgroundColor, style.color];
            })""",
        )
    top = 2.2 * case.image.abs().max().item()
    colours = Scale(-top, top, "RdBu_r").colours(case.image[0].numpy()).reshape(-1, 3)
    for (paper, ink), colour in zip(found, colours, strict=True):
        assert [int(c) for c in re.findall(r"\d+", paper)] == colour.tolist()
        dark = ink_on(colour / 255) == "black"
        assert ink == ("rgb(0, 0, 0)" if dark else "rgb(255, 255, 255)")


def test_play_runs_to_the_end_and_can_be_stopped(shown):
    case = CASES["plain"]
    with shown(case) as page:
        page.clock.install()
        page.reload()
        button(page, "Play").press("Enter")
        page.clock.run_for(1500)
        check_step(page, case, 1, spoken=False)
        assert read(page)["spoken"] == ""  # nobody can follow that by ear
        page.clock.run_for(1400)
        check_step(page, case, 2, spoken=False)
        button(page, "Pause").press("Enter")
        page.clock.run_for(5000)
        check_step(page, case, 2, spoken=False)
        button(page, "Play").press("Enter")
        page.clock.run_for(60_000)
        check_step(page, case, 8)
        assert button(page, "Play").is_visible()
        button(page, "Play").press("Enter")  # at the end it starts anew
        check_step(page, case, 0, spoken=False)
        button(page, "Forward").press("Enter")  # a person's step ends the play
        page.clock.run_for(5000)
        check_step(page, case, 1)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_frame_glides_only_where_movement_is_welcome(shown, motion):
    with shown(CASES["plain"], reduced_motion=motion) as page:
        moving = page.evaluate(
            """() => {
                document.querySelector('.cnnlib-visual').cnnlib.go(1);
                return document.getAnimations().length;
            }"""
        )
        assert (moving > 0) == (motion == "no-preference")


def test_the_window_is_dragged_over_the_input(shown):
    case = CASES["plain"]
    with shown(case) as page:
        cells = page.locator(".grid").first.locator(".cell")
        high, wide = case.image.shape[1:]
        rows, columns = case.size

        def middle(row, column):
            box = cells.nth(row * wide + column).bounding_box()
            return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        page.mouse.move(*middle(rows // 2, columns // 2))
        page.mouse.down()
        assert page.evaluate(STEP) == 0
        page.mouse.move(*middle(high - 1, wide - 1), steps=6)
        last = case.output[0].numel() - 1
        assert page.evaluate(STEP) == last
        page.mouse.up()
        page.mouse.move(*middle(0, 0), steps=6)
        assert page.evaluate(STEP) == last


STEP = "document.querySelector('.cnnlib-visual').cnnlib.state.step"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_products_fly_while_it_plays_where_movement_is_welcome(shown, motion):
    with shown(CASES["plain"], reduced_motion=motion) as page:
        button(page, "Play").click()
        page.wait_for_function(f"{STEP} === 1")
        flying = page.locator(".flying").count()
        assert flying == (0 if motion == "reduce" else 9)
        button(page, "Pause").click()
        page.wait_for_function("!document.querySelector('.flying')")
        button(page, "Predict").click()
        button(page, "Play").click()  # what is to be found does not fly past
        page.wait_for_function(f"{STEP} === 2")
        assert page.locator(".flying").count() == 0


# --- predict ---------------------------------------------------------------------

CONV = Case(
    grid(1, 6, 6, low=-40, high=41, seed=3),
    grid(1, 3, 3, low=-9, high=10, seed=4),
    options={"bias": 7, "padding": 1},
)
STRIDED = Case(
    grid(1, 9, 9, low=-40, high=41, seed=5),
    grid(1, 2, 2, low=-9, high=10, seed=6),
    options={"stride": 2, "dilation": 2, "bias": 3},
)
CHANNELS = Case(
    grid(3, 4, 4, low=-40, high=41, seed=7),
    grid(3, 2, 2, low=-9, high=10, seed=8),
    options={"bias": 4},
)
MAX = Case(
    -grid(2, 6, 6, low=3, high=90, seed=9),
    mode="max",
    window=2,
    options={"stride": 2, "padding": 1},
)
MIXED = Case(grid(1, 6, 6, low=-90, high=91, seed=10), mode="max", window=3)
AVG = Case(
    grid(1, 6, 6, low=-90, high=91, seed=11),
    mode="avg",
    window=2,
    options={"stride": 2, "padding": 1},
)


def only(tensor, channel):
    kept = torch.zeros_like(tensor)
    kept[channel] = tensor[channel]
    return kept


def without(tensor, channel):
    return tensor - only(tensor, channel)


def off(case, down, right):
    """The output where each window lies some cells further down and right."""
    p = case.pair("padding", 0)[0] + 3
    image = F.pad(case.image, (p, p, p, p))
    image = image[:, 3 + down :, 3 + right :]
    return case.with_(image, padding=0)


def window(case, i, j, channel=0):
    rows, columns = case.cells(i, j)
    return case.padded[channel][rows][:, columns]


def real(case, i, j):
    cells = window(case, i, j)
    if case.mode == "max":
        return cells[cells.isfinite()]
    inside = F.pad(torch.ones_like(case.image), (1, 1, 1, 1))
    rows, columns = case.cells(i, j)
    return cells[inside[0][rows][:, columns] == 1]


def one_less(case, i, j, factor):
    products = window(case, i, j) * case.kernel[0]
    return case.output[0, i, j] - factor * products[0, 1]


P = (2, 3)
SLIPS = [
    ("the bias was forgotten", CONV, P, CONV.with_(bias=0)),
    ("turned by 180 degrees", CONV, P, CONV.with_(kernel=CONV.kernel.flip(1, 2))),
    ("mirrored left to right", CONV, P, CONV.with_(kernel=CONV.kernel.flip(2))),
    ("mirrored top to bottom", CONV, P, CONV.with_(kernel=CONV.kernel.flip(1))),
    ("rows and columns of the kernel", CONV, P, CONV.with_(kernel=CONV.kernel.mT)),
    ("one column too far left", CONV, P, off(CONV, 0, -1)),
    ("one column too far right", CONV, P, off(CONV, 0, 1)),
    ("one row too high", CONV, P, off(CONV, -1, 0)),
    ("one row too low", CONV, P, off(CONV, 1, 0)),
    ("one row too low and one column too far left", CONV, (2, 2), off(CONV, 1, -1)),
    ("one row too high and one column too far left", CONV, (3, 1), off(CONV, -1, -1)),
    ("the padding was forgotten", CONV, (1, 2), off(CONV, 1, 1)),
    ("row and column of the output were swapped", CONV, P, CONV.output.mT),
    ("subtracted instead of added", CONV, P, CONV.with_(bias=-7)),
    ("added to every product", CONV, P, CONV.with_(bias=63)),
    (
        "the minus signs were lost",
        CONV,
        P,
        CONV.with_(CONV.image.abs(), CONV.kernel.abs()),
    ),
    ("minus signs of the kernel", CONV, P, CONV.with_(kernel=CONV.kernel.abs())),
    ("the wrong way round", CONV, P, -CONV.output),
    ("without the kernel", CONV, P, CONV.with_(kernel=torch.ones_like(CONV.kernel))),
    ("row 0, column 1 of the window was left out", CONV, P, one_less(CONV, *P, 1)),
    ("row 0, column 1 of the window has the wrong", CONV, P, one_less(CONV, *P, 2)),
    (
        "added instead of multiplied",
        CONV,
        P,
        (window(CONV, *P) + CONV.kernel[0]).sum() + 7,
    ),
    ("divided by the number of cells", CONV, P, CONV.with_(bias=0)[0][P] / 9 + 7),
    (
        "which a convolution layer does not do, and the bias was forgotten",
        CONV,
        P,
        CONV.with_(kernel=CONV.kernel.flip(1, 2), bias=0),
    ),
    ("the stride was forgotten", STRIDED, (1, 2), STRIDED.with_(stride=1)),
    ("the gaps of the dilation", STRIDED, (1, 2), STRIDED.with_(dilation=1)),
    ("this is the number for output[1, 3]", STRIDED, (1, 2), STRIDED.output[0, 1, 3]),
    ("this is the number for output[0, 2]", STRIDED, (1, 2), STRIDED.output[0, 0, 2]),
    *[
        (
            f"channel {c} was dropped",
            CHANNELS,
            (1, 2),
            CHANNELS.with_(without(CHANNELS.image, c)),
        )
        for c in range(3)
    ],
    *[
        (
            f"only channel {c} was counted",
            CHANNELS,
            (1, 2),
            CHANNELS.with_(only(CHANNELS.image, c)),
        )
        for c in range(3)
    ],
    ("added for every channel", CHANNELS, (1, 2), CHANNELS.with_(bias=12)),
    (
        "channel 1 was dropped, and the bias was forgotten",
        CHANNELS,
        (0, 1),
        CHANNELS.with_(without(CHANNELS.image, 1), bias=0),
    ),
    ("the smallest number of the window", MAX, (1, 2), real(MAX, 1, 2).min()),
    ("the mean of the window", MAX, (1, 2), real(MAX, 1, 2).mean()),
    ("the padding was taken for zeros", MAX, (0, 1), torch.tensor(0.0)),
    ("the padding was forgotten", MAX, (1, 2), MAX.with_(padding=0)),
    ("the stride was forgotten", MAX, (1, 2), MAX.with_(stride=1)),
    ("the number of another channel", MAX, (1, 2), MAX.output[1, 1, 2]),
    ("the sign was lost", MAX, (2, 2), real(MAX, 2, 2).abs().max()),
    ("the numbers were added", MAX, (1, 2), real(MAX, 1, 2).sum()),
    ("the first cell of the window", MAX, (2, 1), window(MAX, 2, 1)[0, 0]),
    ("of the largest size", MIXED, (0, 0), -window(MIXED, 0, 0).abs().max()),
    ("the sum was not divided by 4", AVG, (1, 2), real(AVG, 1, 2).sum()),
    ("left out of the count", AVG, (0, 1), real(AVG, 0, 1).mean()),
    ("this is the largest number", AVG, (1, 2), real(AVG, 1, 2).max()),
    ("this is the smallest number", AVG, (1, 2), real(AVG, 1, 2).min()),
    ("the mean was rounded", AVG, (1, 1), AVG.output.floor()),
    ("the minus signs were lost", AVG, (1, 2), real(AVG, 1, 2).abs().mean()),
    ("the wrong way round", AVG, (1, 2), -AVG.output),
]


@pytest.mark.parametrize(
    ("words", "case", "place", "wrong"), SLIPS, ids=[words for words, *_ in SLIPS]
)
def test_predict_names_the_slip(shown, words, case, place, wrong):
    i, j = place
    wrong = float(wrong[(0, i, j)] if wrong.ndim else wrong)
    assert abs(wrong - float(case.output[0, i, j])) > 0.1, "the case cannot tell"
    columns = case.output.shape[2]
    with shown(case) as page:
        page.get_by_role("slider", name="Step").focus()
        for _ in range(i * columns + j):
            page.keyboard.press("ArrowRight")
        button(page, "Predict").press("Enter")
        assert page.evaluate("document.activeElement.type") == "text"
        page.keyboard.type(f"{wrong:.6f}".rstrip("0").rstrip("."))
        page.keyboard.press("Enter")
        said = page.locator(".verdict").inner_text()
        assert "is not it." in said
        assert words in said
        assert page.locator(".sums .total").count() == 0


@cases
def test_what_is_to_be_predicted_stands_nowhere(shown, case):
    """Hidden in grid, sums, code and speech; and shown when it was found."""
    with shown(case) as page:
        button(page, "Predict").press("Enter")
        place = (0, 0, 0)
        value = float(case.output[place])
        hidden = read(page)
        outputs = [g["cells"] for g in hidden["grids"] if "output" in g["name"]]
        texts = [cell["text"] for grid_ in outputs for row in grid_ for cell in row]
        assert texts[0] == "?"
        assert set(texts[1:]) <= {""}
        assert hidden["lines"] == []
        assert hidden["code"][2][-1].endswith("# ?")
        assert hidden["spoken"].endswith("which number comes out?")
        weights = [g["cells"] for g in hidden["grids"] if "input" in g["name"]]
        assert not any(c["small"] == "max" for g in weights for row in g for c in row)
        page.keyboard.type(repr(value))
        page.keyboard.press("Enter")
        assert "is right." in page.locator(".verdict.right").inner_text()
        check_step(page, case, 0, spoken=False)


def test_a_whole_round_by_keyboard_alone(shown):
    case = Case(grid(1, 3, 4), grid(1, 2, 2, seed=1), options={"bias": 1})
    values = case.output.flatten().tolist()
    with shown(case) as page:
        button(page, "Predict").press("Enter")
        for k, value in enumerate(values):
            asked = page.locator(".quiz .name").inner_text()
            assert asked == f"Your number for output[{k // 3}, {k % 3}]"
            if k == 2:  # one wrong try
                page.keyboard.type(str(value + 1000))
                page.keyboard.press("Enter")
                assert page.locator(".verdict.wrong").is_visible()
                assert (
                    page.locator(".quiz input").get_attribute("aria-invalid") == "true"
                )
                page.keyboard.press("Control+a")
            if k == 4:  # one given up
                page.keyboard.press("Tab")
                page.keyboard.press("Tab")
                page.keyboard.press("Enter")
                said = page.locator(".verdict.shown").inner_text()
                assert number(said.rpartition(" ")[2].rstrip(".")) == value
            else:
                page.keyboard.type(f"{value:g}".replace("-", "−"))
                page.keyboard.press("Enter")
                assert page.locator(".verdict.right").is_visible()
            check_step_predicted(page, case, k)
            page.keyboard.press("Enter")  # the next one
        score = page.locator(".score").inner_text()
        assert score == f"{len(values) - 2} of {len(values)} right at the first try"
        button(page, "Predict").press("Enter")
        check_step(page, case, len(values) - 1)


def check_step_predicted(page, case, k):
    places = list(itertools.product(*map(range, case.output.shape)))
    check_grids(read(page)["grids"], case, places, k)


@pytest.mark.parametrize(
    ("typed", "counts"),
    [
        ("1.8333", True),
        ("1.83", True),
        ("1,83", True),
        ("11/6", True),
        (" 1.833 ", True),
        ("2", False),
        ("1.84", False),
        ("-11/6", False),
        ("−1.83", False),
    ],
)
def test_how_exact_an_answer_must_be(shown, typed, counts):
    case = Case(
        torch.tensor([[[3.0, 1], [2, 4], [1, 0]]]).double(), mode="avg", window=(3, 2)
    )
    with shown(case) as page:
        button(page, "Predict").press("Enter")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        kind = "right" if counts else "wrong"
        assert page.locator(f".verdict.{kind}").is_visible()


def test_an_answer_that_is_rounded_too_far_is_asked_for_more(shown):
    case = Case(
        torch.tensor([[[3.0, 1], [2, 4], [1, 0]]]).double(), mode="avg", window=(3, 2)
    )
    with shown(case) as page:
        button(page, "Predict").press("Enter")
        page.keyboard.type("1.8")
        page.keyboard.press("Enter")
        assert "give more decimals" in page.locator(".verdict.ask").inner_text()


@pytest.mark.parametrize("typed", ["", "abc", "1/0", "1/2/3", "--1", "/"])
def test_what_is_no_number_is_not_counted_as_wrong(shown, typed):
    with shown(CASES["plain"]) as page:
        button(page, "Predict").press("Enter")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        assert "Type a number" in page.locator(".verdict.ask").inner_text()
        value = float(CASES["plain"].output[0, 0, 0])
        page.keyboard.press("Control+a")
        page.keyboard.type(f"{value:g}")
        page.keyboard.press("Enter")
        score = page.locator(".score").inner_text()
        assert score == "1 of 1 right at the first try"


def test_many_steps_of_the_largest_stepper_are_torchs(shown, record_property):
    """The largest stepper: 16x16 cells, 3 channels."""
    case = Case(grid(3, 14, 14), grid(3, 3, 3, seed=1), options={"padding": 1})
    with shown(case) as page:
        check_step(page, case, 0, spoken=False)
        times = page.evaluate(
            """() => {
                const one = document.querySelector('.cnnlib-visual').cnnlib;
                return Array.from({ length: 60 }, () => {
                    const time = one.redraw();
                    document.body.offsetHeight;
                    return time;
                }).slice(10).sort((a, b) => a - b);
            }"""
        )
        check_step(page, case, 60, spoken=False)
    median = times[len(times) // 2]
    record_property("step_ms", round(median, 2))
    print(f"a step of 3 x 16 x 16 cells: {median:.2f} ms (worst {times[-1]:.2f})")
