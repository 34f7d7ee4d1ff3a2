// A training run to go through: kernels, maps and mistakes of its epochs.
import { begin, button, calm, choice, h, slider, speaker, timed } from "../shared/page.js";
import { decodeMaps } from "../shared/maps.js";
import { buildConfusion } from "../shared/confusion.js";
import { buildCurve, buildExamples, buildScores, share } from "./parts.js";
import { buildMaps } from "../shared/mosaic.js";

export function render({ model, el }) {
  const [epochs, classes] = [model.get("epochs"), model.get("classes")];
  const decoded = new Map();
  const once = (key, packed) => {
    if (!decoded.has(key)) decoded.set(key, decodeMaps(packed));
    return decoded.get(key);
  };
  const state = { at: epochs.length - 1, layer: 0, cell: undefined, timer: 0 };
  const voice = speaker();
  const curve = buildCurve(model.get("loss"), model.get("last"));
  const kernels = buildMaps();
  const maps = buildMaps();
  const scores = buildScores(classes);
  const confusion = buildConfusion(classes, pickCell);
  const examples = buildExamples(model.get("examples"), model.get("numbers"));
  const time = slider("Epoch", { max: epochs.length - 1, value: state.at,
    oninput: (at) => { stop(); go(at); } });
  const play = button("Play", () => (state.timer ? stop() : start()), { icon: "▶", kind: "run" });
  const layers = choice("Maps of", model.get("layers").map((name, k) => [String(k), name]), "0",
    (k) => { state.layer = Number(k); draw(); });

  function go(at) {
    state.at = at;
    draw();
    voice.say(told());
  }

  const told = () => {
    const when = epochs[state.at] === 0 ? "Before training:" : `After epoch ${epochs[state.at]}:`;
    return `${when} ${share(model.get("accuracy")[state.at])} of the test images are right.`;
  };
  const line = h("div", { class: "moment" });

  function draw() {
    const at = state.at;
    const name = model.get("layers")[state.layer];
    time.set(at, epochs[at] === 0 ? "0, before" : `${epochs[at]}`, told());
    line.textContent = told();
    curve.show(epochs[at]);
    kernels.show(once(`k${at}`, model.get("kernels")[at]), "kernels of the first convolution");
    maps.show(once(`m${at},${state.layer}`, model.get("maps")[at][state.layer]), `maps of ${name}`);
    scores.show(model.get("scores")[at], model.get("label"));
    confusion.show(model.get("confusion")[at], state.cell);
    showExamples();
  }

  function pickCell(row, column) {
    state.cell = [row, column];
    confusion.show(model.get("confusion")[state.at], state.cell);
    voice.say(showExamples());
  }

  function showExamples() {
    if (!state.cell) return examples.clear("Choose a cell: its images appear here.");
    const [row, column] = state.cell;
    const count = model.get("confusion")[state.at][row][column];
    const images = model.get("cells")[state.at][`${row},${column}`] ?? [];
    return examples.show(classes[row], classes[column], count, images);
  }

  function start() {
    if (state.at === epochs.length - 1) go(0);
    state.timer = setInterval(() => {
      go(state.at + 1);
      if (state.at >= epochs.length - 1) stop();
    }, calm() ? 1500 : 800);
    play.querySelector(".words").textContent = "Pause";
  }

  function stop() {
    clearInterval(state.timer);
    state.timer = 0;
    play.querySelector(".words").textContent = "Play";
  }

  const { source, range } = model.get("image");
  const shown = h("img", { src: source, class: "shown",
    alt: `the first test image, a ${classes[model.get("label")]}${range}` });
  begin(el, model.get("title"), model.get("facts"));
  el.append(h("div", { class: "bar" }, h("div", { class: "buttons" }, play), time.el), line, curve.el,
    h("div", { class: "film" },
      h("div", { class: "part" }, kernels.el),
      h("div", { class: "part" }, layers.el, h("div", { class: "of" }, maps.el)),
      h("div", { class: "part" },
        h("div", { class: "caption" }, "the image, and what the net says"), shown, scores.el)),
    h("div", { class: "film" },
      h("div", { class: "part" }, confusion.el),
      h("div", { class: "part wide" }, examples.el)),
    voice.el);
  draw();
  return { state, go, pickCell, redraw: () => timed(draw) };
}

export default { render };
