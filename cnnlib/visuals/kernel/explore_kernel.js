// Change a kernel and see what it makes of an image.
import { begin, button, codeBlock, fill, h, speaker, timed } from "../shared/page.js";
import { plain } from "../shared/numbers.js";
import { correlate, decodeImage, padImage, scaleFor } from "./filter.js";
import { buildPane, buildProbe } from "./image_pane.js";
import { inPython, nameOf, preset, resized } from "./kernels.js";
import { takePhotographs } from "./photograph.js";
import { buildThumbs } from "./thumbs.js";
import { brightness, buildEditor, buildTools } from "./tools.js";

export function render({ model, el }) {
  const own = [decodeImage(model.get("image")), model.get("scale")];
  let [image, imageScale] = own;
  const first = model.get("kernel");
  const state = { kernel: first, stride: model.get("stride"), mode: model.get("padding_mode"),
    spot: [Math.floor(image.height / 2), Math.floor(image.width / 2)] };
  const voice = speaker();
  const before = buildPane("image", (spot) => look(spot.map((at) => Math.floor(at / state.stride))));
  const after = buildPane("response", (spot) => look(spot));
  const editor = buildEditor(weight);
  const tools = buildTools(state, { all, size, set, again });
  const thumbs = buildThumbs((name) => all(preset(name, state.kernel.length), `Kernel: ${name}.`));
  const photograph = takePhotographs(el, before.el, (found) => show(found, { low: 0, high: 1, signed: false },
    "Your photograph. It stays in this page: nothing is sent."), (words) => voice.say(words));
  const choose = button("Your photograph", photograph.choose);
  const note = h("div", { class: "photograph" }, choose, h("span", { class: "stays" },
    "from a file, dropped or pasted. It stays in this page: nothing is sent."), photograph.input);
  const probe = buildProbe((spot) => look(spot));
  const code = h("div");
  const told = h("div", { class: "told", hidden: true }, "Python has this kernel, too: it is the ",
    h("code", {}, ".kernel"), " of what ", h("code", {}, "explore_kernel"), " returned.");
  let padded;
  let result;

  const margin = () => (state.mode === "none" ? 0 : (state.kernel.length - 1) / 2);

  /** Compute and paint: all that a changed number needs. */
  function redraw() {
    padded = padImage(image, margin(), state.mode);
    result = correlate(padded, state.kernel, state.stride);
    state.scale = scaleFor(result.pixels, imageScale);
    after.show(result, state.scale, image);
  }

  /** Redraw, and tell: the tools, the person, Python. */
  function change(words = "") {
    redraw();
    tools.show(state);
    thumbs.show(image, imageScale, nameOf(state.kernel));
    fill(code, codeBlock("the same in Python", inPython(state)).el);
    look(state.spot);
    model.set("kernel", state.kernel);
    model.set("stride", state.stride);
    model.set("padding_mode", state.mode);
    told.hidden = !model.save_changes();
    const range = `Response from ${plain(state.scale.least)} to ${plain(state.scale.most)}.`;
    if (words) voice.say(`${words} ${brightness(state.kernel)} ${range}`);
  }

  function weight(r, q, value) {
    state.kernel = state.kernel.map((row, i) => row.map((w, j) => (i === r && j === q ? value : w)));
    change(`Weight in row ${r}, column ${q}: ${plain(value)}.`);
  }

  function all(kernel, words) {
    state.kernel = kernel;
    editor.show(kernel);
    change(words);
  }

  /** Take another image, and begin in its middle. */
  function show(found, scale, words) {
    [image, imageScale] = [found, scale];
    state.spot = [Math.floor(image.height / 2), Math.floor(image.width / 2)];
    before.show(image, imageScale, image);
    change(words);
  }

  function again() {
    state.kernel = first;
    editor.show(first);
    show(...own, "The first kernel and the first picture again.");
  }

  function size(n) {
    all(resized(state.kernel, n), `The kernel is ${n} by ${n}.`);
  }

  function set(name, value, words) {
    state[name] = value;
    change(words);
  }

  /** Show the window of one number of the response, and its arithmetic. */
  function look(spot) {
    const ends = [result.height - 1, result.width - 1];
    state.spot = spot.map((at, axis) => Math.max(0, Math.min(ends[axis], at)));
    const [n, p] = [state.kernel.length, margin()];
    const [top, left] = state.spot.map((at) => at * state.stride);
    before.mark([top - p, left - p, n, n], image);
    after.mark([...state.spot, 1, 1], result);
    probe.show(state.spot, ends, state.kernel.map((row, r) => row.map((w, q) => (
      { w, x: padded.pixels[(top + r) * padded.width + left + q] }))));
  }

  const joined = (sign, part) => h("div", { class: "after" },
    h("div", { class: "sign", "aria-hidden": "true" }, sign), part);
  begin(el, model.get("title"), model.get("facts"));
  el.append(tools.el,
    h("div", { class: "stage" }, before.el, joined("∗", editor.el), joined("=", after.el)),
    thumbs.el, note,
    h("div", { class: "below" }, probe.el, h("div", { class: "codes" }, told, code)), voice.el);
  before.show(image, imageScale, image);
  editor.show(first);
  change();
  for (const wait of [300, 1000, 3000]) setTimeout(() => { told.hidden = !model.listening(); }, wait);
  return { state, response: () => result, redraw: () => timed(redraw) };
}

export default { render };
