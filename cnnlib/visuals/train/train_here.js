// A net that learns in the page: build it, predict, watch it learn, draw for it, take it along.
import { begin, button, choice, fill, h, speaker } from "../shared/page.js";
import { percentOf } from "../shared/bars.js";
import { buildControls } from "./build.js";
import { buildCharts } from "./charts.js";
import { codeOf } from "./code.js";
import { buildJudged, buildLooking } from "./looking.js";
import { buildPrediction, figuresOf, lastOf } from "./predict.js";
import { saveWeights } from "./taking.js";
import { TRIAL_STEPS, under } from "./trials.js";
import { startLearner } from "./worker.js";

const CLASSES = [...Array(10).keys()].map(String);
const PACES = [["0", "as fast as it can"], ["120", "slowly"], ["700", "step by step"]];
const READY = "Ready to learn from 1,437 handwritten digits; 360 others are kept for the test.";

export function render({ model, el }) {
  const settings = structuredClone(model.get("settings"));
  const data = model.get("digits");
  const state = { going: false, started: false, until: 0, number: 0, drawing: 0 };
  const kept = [];
  let run = { name: "this run", losses: [], judged: [] };
  const voice = speaker();
  const learner = startLearner(hear);
  learner.send({ kind: "digits", train: data.train, test: data.test });

  const controls = buildControls(settings, anew);
  const prediction = buildPrediction((guessed) => (guessed ? showButtons() : anew()));
  const charts = buildCharts();
  const judged = buildJudged(CLASSES);
  const looking = buildLooking({
    onread: (levels) => learner.send({ kind: "read", levels }),
    onlook: (digit) => learner.send({ kind: "look", digit }),
    count: data.test.labels.length,
  });
  const verdict = h("div", { class: "outcome", role: "status" });
  const moment = h("div", { class: "moment" });
  const program = h("pre", { class: "code", tabindex: 0, "aria-label": "PyTorch code", hidden: true });

  const main = button("Start", () => (state.going ? pause() : go()), { icon: "▶", kind: "run main" });
  const step = button("One step", oneStep);
  const again = button("Start over", startOver);
  const keep = button("Keep this run to compare", keepRun);
  const code = button("Show the PyTorch code", showCode);
  const save = button("Save the weights", () => learner.send({ kind: "weights" }));
  const pace = choice("Pace", PACES, "0", (wait) => learner.send({ kind: "pace", wait: Number(wait) }));

  const ready = () => controls.fits() && prediction.made();

  /** Something was set: the next step begins a new run. */
  function anew() {
    pause();
    state.started = false;
    prediction.fix(false);
    fill(verdict);
    drawCode();
    showButtons();
  }

  function showButtons() {
    const word = state.going ? "Pause" : state.started && run.losses.length ? "Go on" : "Start";
    fill(main.querySelector(".words"), word);
    fill(main.querySelector(".icon"), state.going ? "❚❚" : "▶");
    for (const one of [main, step]) one.setAttribute("aria-disabled", String(!ready()));
    for (const one of [again, keep]) one.setAttribute("aria-disabled", String(!run.losses.length));
    if (!controls.fits()) fill(moment, "The net does not fit: see above.");
    else if (!ready()) fill(moment, "Make your prediction, then start.");
    else if (!state.started) fill(moment, READY);
  }

  /** Make the net, if this is a new run. */
  function begun() {
    if (state.started) return;
    const trial = prediction.trial();
    const name = trial.question ? trial.words : nameOf(settings);
    run = { name, blocks: structuredClone(settings.blocks), losses: [], judged: [] };
    fill(verdict);
    Object.assign(state, { started: true, until: TRIAL_STEPS });
    prediction.fix(true);
    state.number += 1;
    learner.send({ kind: "start", settings: under(settings, trial), number: state.number });
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

  function oneStep() {
    if (!ready()) return;
    begun();
    state.going = false;
    learner.send({ kind: "step" });
  }

  function startOver() {
    if (!run.losses.length) return;
    anew();
    go();
  }

  /** What the learner tells: a frame, or the weights. */
  function hear(message) {
    if (message.kind === "weights") {
      saveWeights(run.blocks, message.parameters);
      fill(verdict, 'Saved as my_net.json. In Python: models.load_net("my_net.json").');
      return;
    }
    if (message.number !== state.number) return; // of the run before
    run.losses.push(...message.losses);
    if (message.evaluated) run.judged.push({ steps: message.steps, ...message.evaluated });
    state.frame = message;
    if (state.going && (message.diverged || message.steps >= state.until)) ended(message);
    state.drawing ||= requestAnimationFrame(show);
  }

  /** The steps are done, or the loss is no number any more. */
  function ended({ diverged }) {
    state.going = false;
    const { train, test } = run.judged.at(-1);
    const words = prediction.verdict({ train, test, last: lastOf(run.losses) }, figuresOf(run, diverged));
    fill(verdict, words);
    voice.say(words);
    showButtons();
  }

  function show() {
    state.drawing = 0;
    const { frame } = state;
    const last = run.judged.at(-1);
    if (run.losses.length && last) {
      fill(moment, `Step ${frame.steps}, epoch ${frame.epoch}: loss ${run.losses.at(-1).toFixed(3)}, `
        + `${percentOf(last.test)} of the test digits right.`);
    }
    charts.show([run, ...kept], TRIAL_STEPS);
    looking.show(frame);
    if (last && last !== state.judged) judged.show(last);
    state.judged = last;
    showButtons();
  }

  /** Put this run aside: the next is drawn on the same axes. */
  function keepRun() {
    if (!run.losses.length) return;
    kept.unshift(run);
    kept.length = Math.min(2, kept.length);
    run = { name: "the next run", blocks: run.blocks, losses: [], judged: [] };
    anew();
    charts.show([run, ...kept], TRIAL_STEPS);
    voice.say("Kept. The next run is drawn beside it.");
  }

  function showCode() {
    program.hidden = !program.hidden;
    fill(code.querySelector(".words"), `${program.hidden ? "Show" : "Hide"} the PyTorch code`);
    drawCode();
    if (!program.hidden) program.focus();
  }

  /** Write the code of the net and the trial as they are set now. */
  function drawCode() {
    if (program.hidden || !controls.fits()) return;
    fill(program, codeOf(under(settings, prediction.trial()), controls.inputs(), state.frame?.epoch || 5));
  }

  begin(el, model.get("title"), model.get("facts"));
  el.append(controls.el, h("div", { class: "bar ends-down" }, h("div", { class: "buttons" }, main, step, again),
    prediction.select, pace.el), prediction.el, moment, verdict, charts.el,
  h("div", { class: "buttons" }, keep, code, save), program, looking.el, judged.el, voice.el);
  begun(); // so that there is a net to look at, and to draw for
  anew();
  return { state, learner, runs: () => [run, ...kept] };
}

/** A name for a run, by what it is made of. */
function nameOf({ blocks, optimizer, rate }) {
  const net = blocks.map(({ kernels, size }) => `${kernels} of ${size}×${size}`).join(", ");
  return `${net}; ${optimizer} ${rate}`;
}

export default { render };
