// A net that learns in the page: build it, predict, watch it learn, draw for it, take it along.
import { begin, button, choice, fill, h, speaker } from "../shared/page.js";
import { buildMaps } from "../film/maps.js";
import { buildConfusion } from "../film/parts.js";
import { inkOf } from "../digit/ink.js";
import { levelsOf } from "../digit/seen.js";
import { buildPad, paintGrey } from "../digit/pad.js";
import { buildBars, percentOf } from "../digit/bars.js";
import { buildControls } from "./build.js";
import { buildCharts } from "./charts.js";
import { codeOf } from "./code.js";
import { outcomeOf, TRIALS, TRIAL_STEPS, under } from "./trials.js";
import { startLearner } from "./worker.js";

const CLASSES = [...Array(10).keys()].map(String);
const PACES = [["0", "as fast as it can"], ["120", "slowly"], ["700", "step by step"]];
const PEN = { thickness: 3, turn: 0, right: 0, down: 0 };

export function render({ model, el }) {
  const settings = structuredClone(model.get("settings"));
  const state = { trial: TRIALS[0], guess: undefined, going: false, started: false, until: 0 };
  let run = { name: "this run", losses: [], judged: [] };
  let kept = [];
  let [frame, drawn] = [undefined, 0];
  const voice = speaker();
  const learner = startLearner(hear);
  const data = model.get("digits");
  learner.send({ kind: "digits", train: data.train, test: data.test });

  const controls = buildControls(settings, () => { state.started = false; pause(); showButtons(); });
  const charts = buildCharts();
  const kernels = buildMaps();
  const inside = h("div", { class: "inside" });
  const mosaics = new Map();
  const bars = buildBars([""]);
  const confusion = buildConfusion(CLASSES, () => {});
  const mistakes = h("div", { class: "examples" });
  const ask = h("div", { class: "guess" });
  const verdict = h("div", { class: "outcome", role: "status" });
  const moment = h("div", { class: "moment" });
  const program = h("pre", { class: "code", tabindex: 0, hidden: true });

  const main = button("Start", () => (state.going ? pause() : go()), { icon: "▶", kind: "run main" });
  const step = button("One step", () => { begun(); learner.send({ kind: "step" }); });
  const again = button("Start over", () => {
    if (!run.losses.length) return;
    pause();
    state.started = false;
    go();
  });
  const keep = button("Keep this run to compare", keepRun);
  const code = button("Show the PyTorch code", showCode);
  const save = button("Save the weights", () => learner.send({ kind: "weights" }));
  const pace = choice("Pace", PACES, "0", (wait) => learner.send({ kind: "pace", wait: Number(wait) }));
  const trial = choice("Try", TRIALS.map(({ name, words }) => [name, words]), "plain", pick);

  /** Choose what is tried: the question comes first. */
  function pick(name) {
    pause();
    state.trial = TRIALS.find((one) => one.name === name);
    Object.assign(state, { guess: undefined, started: false });
    const { question, options } = state.trial;
    fill(verdict);
    fill(ask, question ? [h("p", {}, h("strong", {}, "Predict. "), question), h("div", { class: "buttons", role: "group",
      "aria-label": "Your prediction" }, options.map(([words], place) => h("button", { type: "button",
      "aria-pressed": "false", onclick: (event) => guess(place, event.currentTarget) }, words)))] : "");
    ask.hidden = !question;
    showButtons();
  }

  function guess(place, chosen) {
    if (state.started) return;
    state.guess = place;
    for (const one of ask.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === chosen));
    showButtons();
  }

  const ready = () => controls.fits() && (!state.trial.question || state.guess !== undefined);

  function showButtons() {
    fill(main.querySelector(".words"), state.going ? "Pause" : run.losses.length && state.started ? "Go on" : "Start");
    fill(main.querySelector(".icon"), state.going ? "❚❚" : "▶");
    for (const one of [main, step]) one.setAttribute("aria-disabled", String(!ready()));
    for (const one of [again, keep]) one.setAttribute("aria-disabled", String(!run.losses.length));
    if (!controls.fits()) fill(moment, "The net does not fit: see above.");
    else if (!ready()) fill(moment, "Make your prediction, then start.");
    else if (!state.started) fill(moment, "Ready to learn from 1,437 handwritten digits; 360 others are kept for the test.");
  }

  /** Make the net anew if what it is built of has changed. */
  function begun() {
    if (state.started || !ready()) return;
    run = { name: state.trial.words === TRIALS[0].words ? nameOf(settings) : state.trial.words, losses: [], judged: [] };
    fill(verdict);
    Object.assign(state, { started: true, until: TRIAL_STEPS });
    learner.send({ kind: "start", settings: under(settings, state.trial) });
  }

  function go() {
    if (!ready()) return;
    begun();
    if (run.losses.length >= state.until) state.until = run.losses.length + TRIAL_STEPS;
    state.going = true;
    learner.send({ kind: "go", steps: state.until });
    showButtons();
    voice.say("It learns.");
  }

  function pause() {
    if (!state.going) return;
    state.going = false;
    learner.send({ kind: "pause" });
    showButtons();
  }

  /** What the learner tells: a frame, or the weights. */
  function hear(message) {
    if (message.kind === "weights") return download(message.parameters);
    run.losses.push(...message.losses);
    if (message.evaluated) run.judged.push({ steps: message.steps, ...message.evaluated });
    frame = message;
    if (state.going && (message.diverged || message.steps >= state.until)) ended(message);
    return draw();
  }

  /** The steps are done, or the loss is no number any more. */
  function ended({ diverged }) {
    state.going = false;
    const { train, test } = run.judged.at(-1);
    const last = run.losses.slice(-10).reduce((a, b) => a + b, 0) / Math.min(10, run.losses.length);
    const figures = `After ${run.losses.length} steps ${percentOf(test)} of the test digits are right, and ${percentOf(train)} of `
      + `the training digits; the loss is ${diverged ? "no number any more" : last.toFixed(3)}.`;
    let words = figures;
    if (state.trial.question && state.guess !== undefined) {
      const { place, words: came, usual } = outcomeOf(state.trial, { train, test, last });
      const met = place === state.guess ? "Your prediction came true" : `It came otherwise: ${came}`;
      words = `${met}. ${figures} ${usual ? state.trial.why : "With the settings of the start it comes otherwise."}`;
    }
    fill(verdict, words);
    voice.say(words);
    showButtons();
  }

  function draw() {
    if (drawn) return;
    drawn = requestAnimationFrame(() => {
      drawn = 0;
      show();
    });
  }

  function show() {
    const judged = run.judged.at(-1);
    fill(moment, `Step ${frame.steps}, epoch ${frame.epoch}: loss ${run.losses.length ? run.losses.at(-1).toFixed(3) : "not yet known"}, `
      + `${judged ? percentOf(judged.test) : "none"} of the test digits right.`);
    charts.show([run, ...kept], TRIAL_STEPS);
    const [count, channels, height, width] = frame.kernels.shape;
    kernels.show(mapsOf(frame.kernels.values, count * channels, height, width), "kernels of conv1");
    const layers = lastOfEach(frame.maps.slice(1).filter(({ shape }) => shape.length === 3));
    for (const one of mosaics.values()) one.el.hidden = true;
    for (const { name, shape, values } of layers) {
      if (!mosaics.has(name)) {
        mosaics.set(name, buildMaps());
        inside.append(mosaics.get(name).el);
      }
      const mosaic = mosaics.get(name);
      mosaic.el.hidden = false;
      mosaic.show(mapsOf(values, ...shape), `maps of ${name}, ${shape[1]} × ${shape[2]}`);
    }
    paintGrey(image, 28, frame.maps[0].values, 255);
    const truth = frame.label === undefined ? "your digit" : `a test digit, a ${frame.label}`;
    fill(what, truth);
    image.setAttribute("aria-label", `The image: ${truth}`);
    bars.show([frame.shares]);
    if (judged && judged !== show.judged) showJudged(judged);
  }

  function showJudged(judged) {
    show.judged = judged;
    confusion.show(judged.confusion);
    fill(mistakes, judged.mistakes.map(({ label, said, levels }) => {
      const canvas = h("canvas", { role: "img", "aria-label": `a ${label}, read as ${said}` });
      paintGrey(canvas, 28, levels);
      return h("figure", {}, canvas, h("figcaption", {}, `${label}, read as ${said}`));
    }));
  }

  function keepRun() {
    if (!run.losses.length) return;
    kept = [run, ...kept].slice(0, 2);
    run = { ...run, losses: [], judged: [] };
    state.started = false;
    charts.show([run, ...kept], TRIAL_STEPS);
    voice.say("Kept. The next run is drawn beside it.");
    showButtons();
  }

  function showCode() {
    program.hidden = !program.hidden;
    const inputs = controls.inputs().reduce((a, b) => a * b, 1);
    fill(program, codeOf(under(settings, state.trial), inputs, frame?.epoch ?? 5));
    fill(code.querySelector(".words"), program.hidden ? "Show the PyTorch code" : "Hide the PyTorch code");
    if (!program.hidden) program.focus();
  }

  /** Save the weights as a file for cnnlib.models.load_net. */
  function download(parameters) {
    const weights = Object.fromEntries(parameters.map(({ name, shape, values }) => [name,
      { shape, values: base64Of(Float64Array.from(values)) }]));
    const text = JSON.stringify({ format: "cnnlib net 1", blocks: settings.blocks, classes: 10, weights });
    const link = h("a", { download: "my_net.json", href: URL.createObjectURL(new Blob([text], { type: "application/json" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    fill(verdict, "Saved as my_net.json. In Python: models.load_net(\"my_net.json\").");
  }

  // The digit that is looked at: one of the test digits, or the reader's own.
  const strokes = [];
  const image = h("canvas", { role: "img" });
  const what = h("div", { class: "caption" });
  const pad = buildPad({
    down: (point) => { strokes.push([point]); read(); },
    move: (points) => { strokes.at(-1)?.push(...points); read(); },
    up: () => read(),
    undo: () => { strokes.pop(); read(); },
    at: () => {},
  });

  function read() {
    if (!state.started && ready()) begun();
    const ink = inkOf({ strokes, base: undefined }, PEN);
    const empty = !strokes.length;
    pad.show(ink, PEN.thickness, empty);
    learner.send({ kind: "read", levels: empty ? undefined : levelsOf(ink, true) });
  }

  const other = button("Another test digit", () => {
    strokes.length = 0;
    pad.show(inkOf({ strokes, base: undefined }, PEN), PEN.thickness, true);
    learner.send({ kind: "look", digit: Math.floor(Math.random() * 360) });
  });
  const clear = button("Clear", () => { strokes.length = 0; read(); });

  begin(el, model.get("title"), model.get("facts"));
  el.append(controls.el,
    h("div", { class: "bar" }, trial.el, pace.el), ask,
    h("div", { class: "bar" }, h("div", { class: "buttons" }, main, step, again)),
    moment, verdict, charts.el,
    h("div", { class: "buttons" }, keep, code, save), program,
    h("div", { class: "stage looking" },
      h("div", { class: "pane" }, h("div", { class: "caption" }, "draw a digit for the net as it is now"), pad.el,
        h("div", { class: "buttons" }, clear, other)),
      h("div", { class: "pane" }, what, h("div", { class: "picture small" }, image), kernels.el),
      bars.el),
    inside,
    h("div", { class: "stage judged" }, confusion.el,
      h("div", { class: "pane wide" }, h("div", { class: "caption" }, "some of the mistakes"), mistakes)),
    voice.el);
  pad.show(inkOf({ strokes, base: undefined }, PEN), PEN.thickness, true);
  pick("plain");
  begun();
  state.started = false;
  return { state, learner, runs: () => [run, ...kept], frame: () => frame };
}

/** Of the layers of each convolution the last: "conv1", "relu1", "pool1" give "pool1". */
function lastOfEach(layers) {
  return layers.filter(({ name }, k) => name.slice(-1) !== layers[k + 1]?.name.slice(-1));
}

function mapsOf(values, count, height, width) {
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 0]);
  return { count, height, width, data: values, signed: low < 0, top: Math.max(-low, high) || 1 };
}

/** A name for a run, by what it is made of. */
const nameOf = ({ blocks, optimizer, rate }) =>
  `${blocks.map(({ kernels, size }) => `${kernels} of ${size}×${size}`).join(", ")}; ${optimizer} ${rate}`;

/** Little-endian 64-bit floats as base64. */
function base64Of(numbers) {
  const bytes = new Uint8Array(numbers.buffer);
  let text = "";
  for (let k = 0; k < bytes.length; k += 4096) text += String.fromCharCode(...bytes.subarray(k, k + 4096));
  return btoa(text);
}

export default { render };
