// Two settings of a convolution side by side: sizes, formula, skipped cells, coverage.
import { begin, fill, h, scroller, slider, speaker, timed } from "../shared/page.js";
import { plain } from "../shared/numbers.js";
import { s } from "../shared/svg.js";
import { axis, coverage, formula, skipped } from "./sizes.js";
import { coverageMap, outputMap, strip } from "./picture.js";

const NAMES = ["size", "kernel", "stride", "padding", "dilation"];
const WORDS = Object.fromEntries(NAMES.map((name) => [name, name === "size" ? "input" : name]));

export function render({ model, el }) {
  const ranges = model.get("ranges");
  const state = { settings: model.get("settings").map((setting) => ({ ...setting })) };
  const voice = speaker();
  const verdict = h("div", { class: "verdicts" });
  const cards = ["A", "B"].map((name, k) => buildCard(name, ranges, (field, value) => {
    state.settings[k] = { ...state.settings[k], [field]: value };
    draw([k]);
    voice.say(spoken(name, state.settings[k]));
  }));

  function draw(which = [0, 1]) {
    for (const k of which) cards[k].show(state.settings[k]);
    verdict.textContent = compare(state.settings);
  }

  begin(el, model.get("title"), model.get("facts"));
  el.append(legend(), h("div", { class: "pair" }, cards.map((card) => card.el)), verdict, voice.el);
  draw();
  return { state, redraw: () => timed(() => draw()) };
}

/** What the marks mean. */
function legend() {
  const room = { width: 18, height: 16, viewBox: "0 0 18 16", "aria-hidden": "true" };
  const entry = (shape, words) => h("span", {}, s("svg", room, shape), words);
  const rect = (kind, y, height) => s("rect", { class: kind, x: 1, y, width: 14, height });
  return h("div", { class: "legend" },
    entry(rect("tapped", 4, 8), "a cell that a window uses"),
    entry(rect("around", 1, 14), "padding"),
    entry(s("path", { class: "cross", d: "M4 4l8 8m0 -8l-8 8" }), "used by no window"));
}

/** The sliders, formula and pictures of one setting. */
function buildCard(name, ranges, change) {
  const sliders = Object.fromEntries(NAMES.map((field) => {
    const [min, max] = ranges[field];
    const label = `${name}: ${WORDS[field]}`;
    return [field, slider(WORDS[field], { min, max, label, oninput: (value) => change(field, value) })];
  }));
  const parts = { formula: h("div", { class: "formula" }), strip: h("div", { class: "strip" }),
    maps: h("div"), notes: h("div", { class: "notes" }) };
  const show = (setting) => {
    for (const field of NAMES) sliders[field].set(setting[field]);
    const { fits, windows } = axis(setting);
    fill(parts.formula, fits ? written(setting) : h("span", { class: "unfit" }, unfit(setting)));
    fill(parts.strip, strip(setting));
    fill(parts.maps, fits ? maps(setting, windows) : "");
    fill(parts.notes, fits ? `${skipped(setting)} ${coverage(setting)}` : "");
  };
  const el = h("div", { class: "setting", role: "group", "aria-label": `Setting ${name}` },
    h("div", { class: "name" }, name), NAMES.map((field) => sliders[field].el), parts.formula,
    h("div", { class: "caption" }, "along one axis: a line for every window"),
    scroller(`Windows of ${name}`, parts.strip), parts.maps, parts.notes);
  return { el, show };
}

function written(setting) {
  const [first, then, result] = formula(setting);
  return [h("span", { class: "how" }, `${first} ${then} `), h("strong", {}, result)];
}

function unfit({ size, padding, ...setting }) {
  const { span } = axis({ size, padding, ...setting });
  return `The kernel spans ${span} cells, but the padded input has only ${size + 2 * padding}: no window fits.`;
}

function maps(setting, windows) {
  const side = setting.size;
  const part = (words, picture) =>
    h("div", {}, h("div", { class: "caption" }, words), scroller(words, picture));
  return h("div", { class: "maps" },
    part(`input ${side} × ${side}: times seen`, coverageMap(setting)),
    part(`output ${windows} × ${windows}`, outputMap(setting)));
}

/** One sentence that sets A against B. */
function compare(settings) {
  const [a, b] = settings.map((setting) => axis(setting).windows);
  if (!a || !b) return "";
  const sizes = `A makes ${a} × ${a} = ${a * a} values, B ${b} × ${b} = ${b * b}`;
  if (a === b) return `${sizes}: as many.`;
  const share = Math.round((1000 * Math.min(a, b) ** 2) / Math.max(a, b) ** 2) / 10;
  return `${sizes}: ${a < b ? "A" : "B"} has ${plain(share)} % as many as ${a < b ? "B" : "A"}.`;
}

function spoken(name, setting) {
  const { fits, windows } = axis(setting);
  if (!fits) return `${name}: ${unfit(setting)}`;
  return `${name}: output ${windows} by ${windows}. ${skipped(setting)} ${coverage(setting)}`;
}

export default { render };
