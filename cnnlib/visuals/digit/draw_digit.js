// Draw a digit; see the pixels that the net sees, and how it reads them.
import { bytesOf } from "../shared/bytes.js";
import { begin, button, h, slider, speaker, timed } from "../shared/page.js";
import { inkOf, SIDE, unplaced } from "../shared/ink.js";
import { levelsOf, massOf } from "../shared/seen.js";
import { buildPad, paintGrey } from "../shared/pad.js";
import { buildBars, spokenBars } from "../shared/bars.js";
import { answerer, pageNets } from "./answers.js";

const STILL = { thickness: 2.5, turn: 0, right: 0, down: 0 };
const EMPTY = "The pad is empty: draw a digit, or load an example.";
const RANGES = {
  thickness: ["Pen", 2, 10, (n) => [n / 2, `${n / 2} pixels`]],
  turn: ["Turn", -36, 36, (n) => [5 * n, `${5 * n}°`]],
  right: ["Right", -10, 10, (n) => [n, `${n} pixels`]],
  down: ["Down", -10, 10, (n) => [n, `${n} pixels`]],
};

const LABELS = { thickness: "Thickness of the pen", turn: "Turn clockwise", right: "Move to the right",
  down: "Move down" };

export function render({ model, el }) {
  const nets = model.get("nets");
  const names = nets.map(({ name }) => name);
  const examples = model.get("examples").map(bytesOf);
  const start = model.get("start");
  const state = { strokes: [], base: start && bytesOf(start), centre: model.get("centre"), ...STILL };
  const past = [];
  const voice = speaker();
  const pad = buildPad({ down, move, up: () => settle(), undo, at: follow });
  const seen = buildSeen();
  const bars = buildBars(names);
  const source = h("div", { class: "source" });
  const answers = answerer(model, el, pageNets(nets), answered);
  const sliders = buildSliders((name, value) => change({ [name]: value }));
  const centring = button("Centre as MNIST does", () => change({ centre: !state.centre }));
  let [ink, levels, rows, later, frame] = [undefined, undefined, undefined, 0, 0];

  /** Draw the ink and the 28x28, and ask. */
  function redraw() {
    frame = 0;
    ink = inkOf(state, state);
    levels = levelsOf(ink, state.centre);
    const empty = !levels.some(Boolean);
    pad.show(ink, state.thickness, empty && !state.strokes.length);
    seen.show(levels, empty);
    if (!empty) answers.ask(levels);
    else {
      answers.forget();
      answered(undefined, EMPTY);
    }
  }

  const soon = () => { frame ||= requestAnimationFrame(redraw); };

  function answered(found, words) {
    const blank = !levels.some(Boolean);
    rows = blank ? undefined : found;
    bars.show(rows, blank ? EMPTY : words);
    source.textContent = rows ? words : "";
  }

  /** Say how the drawing is read, once it has been left alone for a moment. */
  function settle(words = "") {
    soon();
    clearTimeout(later);
    if (words) voice.say(words);
    later = setTimeout(() => voice.say(`${words} ${rows ? spokenBars(names, rows) : EMPTY}`.trim()), 800);
  }

  function keep() {
    past.push({ strokes: state.strokes, base: state.base });
    undoing.removeAttribute("aria-disabled");
  }

  function down(point) {
    keep();
    state.strokes = [...state.strokes, [unplaced(point, state)]];
    soon();
  }

  function move(points) {
    if (!state.strokes.length) return; // taken back while it was drawn
    const own = points.map((point) => unplaced(point, state));
    state.strokes = [...state.strokes.slice(0, -1), [...state.strokes.at(-1), ...own]];
    soon();
  }

  function undo() {
    if (!past.length) return;
    Object.assign(state, past.pop());
    if (!past.length) undoing.setAttribute("aria-disabled", "true");
    settle("Taken back.");
  }

  function load(base, words) {
    pad.lift();
    keep();
    Object.assign(state, { strokes: [], base });
    settle(words);
  }

  function change(values) {
    Object.assign(state, values);
    for (const [name, show] of Object.entries(sliders.shows)) show(state[name]);
    centring.setAttribute("aria-pressed", String(state.centre));
    settle("centre" in values ? `Centring is ${state.centre ? "on" : "off"}.` : "");
  }

  /** Where the pen of the keys is. */
  function follow([x, y], drawing) {
    const [row, column] = [Math.floor(y), Math.floor(x)];
    settle(`Row ${row}, column ${column}, pen ${drawing ? "down" : "up"}.`);
  }

  const undoing = button("Undo", undo, { icon: "↶" });
  undoing.setAttribute("aria-disabled", "true");
  const clearing = button("Clear", () => load(undefined, "Cleared."));
  const straight = button("Reset turn and move", () => change({ ...STILL, thickness: state.thickness }));
  begin(el, model.get("title"), model.get("facts"));
  el.append(exampleRow(examples, (digit) => load(examples[digit], `Example ${digit}.`)),
    h("div", { class: "stage digit-stage" }, h("div", { class: "work" },
      h("div", { class: "pane" }, h("div", { class: "caption" }, "your drawing"), pad.el,
        h("div", { class: "mass" }, "By keys: arrows move the pen, Space puts it down and lifts it."),
        h("div", { class: "buttons" }, undoing, clearing)),
      h("div", { class: "pane seen" }, seen.el, h("div", { class: "buttons" }, centring)),
      h("div", { class: "poses" }, sliders.el, straight)), bars.el),
    h("div", { class: "notes-of" }, h("div", {}, "Keys on the pad: with Shift the arrows go four "
      + "pixels, Ctrl+Z takes a stroke back, Escape lifts the pen. The pen's thickness holds for all "
      + "strokes, but not for an example."),
    h("div", {}, model.get("rule")), source), voice.el);
  change({});
  redraw();
  clearTimeout(later);
  for (const wait of [300, 1000, 3000]) setTimeout(() => model.listening() && soon(), wait);
  return { state, ink: () => ink, levels: () => levels, probabilities: () => rows,
    redraw: () => timed(redraw) };
}

/** The 28 x 28 pixels, the box that MNIST's digits fill, and where the ink has its centre. */
function buildSeen() {
  const canvas = h("canvas", { role: "img" });
  const mass = h("div", { class: "mass" });
  const el = h("div", {}, h("div", { class: "caption" }, "what the net sees, 28 × 28"),
    h("div", { class: "picture" }, canvas, h("div", { class: "box", "aria-hidden": "true" })), mass);
  const show = (levels, empty) => {
    paintGrey(canvas, SIDE, levels);
    const [row, column] = empty ? [] : massOf(levels).map((at) => at.toFixed(1));
    mass.textContent = empty ? "No ink yet."
      : `Centre of the ink: row ${row}, column ${column} (MNIST: 14, 14).`;
    canvas.setAttribute("aria-label", `What the net sees, 28 by 28 pixels. ${mass.textContent}`);
  };
  return { el, show };
}

/** A button with its picture for each example. */
function exampleRow(examples, load) {
  const one = (levels, digit) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    paintGrey(canvas, SIDE, levels);
    return h("button", { type: "button", class: "example", "aria-label": `Example ${digit}`,
      onclick: () => load(digit) }, canvas);
  };
  return h("div", { class: "examples", role: "group", "aria-label": "Examples" }, examples.map(one));
}

/** Sliders for the pen, the turn and the move; change(name, value) hears them. */
function buildSliders(change) {
  const shows = {};
  const all = Object.entries(RANGES).map(([name, [words, min, max, read]]) => {
    const oninput = (n) => change(name, read(n)[0]);
    const one = slider(words, { min, max, value: 0, label: LABELS[name], oninput });
    const unit = read(2)[0] / 2;
    shows[name] = (value) => one.set(value / unit, read(value / unit)[1]);
    return one.el;
  });
  return { el: h("div", { class: "sliders" }, all), shows };
}

export default { render };
