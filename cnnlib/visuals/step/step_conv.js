// Step through a convolution or a pooling: grids, arithmetic, code, prediction.
import { begin, fill, h, speaker, timed } from "../shared/page.js";
import { agrees, parseNumber, plain, roundedTooFar } from "../shared/numbers.js";
import { nameSlips } from "./slips.js";
import { buildGrids, drawGrids } from "./grids.js";
import { fly } from "./fly.js";
import { ASK, buildBar, buildQuiz, MORE, sayWrong } from "./quiz.js";
import { arithmetic, buildCode, spoken, task } from "./words.js";

const FIELDS = ["title", "facts", "mode", "input", "kernel", "output", "decimals", "window",
  "bias", "stride", "dilation", "margins", "loop", "source", "call"];
const PACE = 1400; // milliseconds from step to step while playing

export function render({ model, el }) {
  const data = Object.fromEntries(FIELDS.map((name) => [name, model.get(name)]));
  const steps = data.output.flatMap((map, o) => map.flatMap((row, i) => row.map((_, j) => [o, i, j])));
  const [rows, columns] = [data.output[0].length, data.output[0][0].length];
  const indexOf = (o, i, j) => (o * rows + i) * columns + j;
  const state = { step: 0, predict: false, known: new Set(), missed: new Set(), score: [0, 0] };
  const grids = buildGrids(data, (o, i, j) => move(indexOf(o, i, j)));
  const room = h("div", { class: "grids" }, grids.rows);
  const bar = buildBar(data, steps.length, { go: move, move: (by) => move(state.step + by), play, predict });
  const quiz = buildQuiz(data, { check, reveal });
  const code = buildCode(data);
  const sums = h("div", { class: "sums" });
  const voice = speaker();
  let clock;

  const hidden = () => state.predict && !state.known.has(state.step);

  function go(step) {
    state.step = Math.max(0, Math.min(steps.length - 1, step));
    const place = steps[state.step];
    const isKnown = (k) => (state.predict ? state.known.has(k) : k <= state.step);
    drawGrids(grids, data, place, (o, i, j) => isKnown(indexOf(o, i, j)));
    bar.show(state, place);
    quiz.show(state, place, hidden());
    fill(sums, hidden() ? task(data) : arithmetic(data, place));
    code.show(place, hidden());
  }

  /** Go there because a person wants to: that ends the play and is read out. */
  function move(step) {
    play(false);
    go(step);
    voice.say(spoken(data, steps[state.step], hidden()));
  }

  function play(on = !clock) {
    clearInterval(clock);
    clock = on ? setInterval(tick, PACE) : undefined;
    if (on && state.step === steps.length - 1) go(0);
    bar.playing(on);
  }

  function tick() {
    if (!el.isConnected) return clearInterval(clock);
    go(state.step + 1);
    if (!hidden()) fly(room, grids, data, steps[state.step]);
    if (state.step === steps.length - 1) move(state.step);
  }

  /** Switch the predict mode: this number and all after it are to be found. */
  function predict() {
    state.predict = !state.predict;
    state.known = new Set(Array(state.step).keys());
    state.missed = new Set();
    state.score = [0, 0];
    quiz.clear();
    move(state.step);
    if (state.predict) quiz.focus();
  }

  function check(text) {
    if (!hidden()) return state.step < steps.length - 1 ? next() : undefined;
    const [o, i, j] = steps[state.step];
    const [answer, right] = [parseNumber(text), data.output[o][i][j]];
    if (Number.isNaN(answer)) return quiz.say("ask", ASK);
    if (agrees(answer, right)) {
      return settle("right", `${plain(right)} is right.`, !state.missed.has(state.step));
    }
    if (roundedTooFar(answer, right)) return quiz.say("ask", MORE);
    state.missed.add(state.step);
    const named = nameSlips(data, answer, [o, i, j]);
    return sayWrong(quiz.say, answer, named, "Go through the window once more, cell by cell.");
  }

  function next() {
    move(state.step + 1);
    quiz.focus();
  }

  function reveal() {
    const [o, i, j] = steps[state.step];
    settle("shown", `It is ${plain(data.output[o][i][j])}.`, false);
  }

  function settle(kind, words, first) {
    state.known.add(state.step);
    state.score = [state.score[0] + Number(first), state.score[1] + 1];
    go(state.step);
    quiz.say(kind, words, state.known.size === steps.length ? "That was the last one." : "");
    quiz.focus();
  }

  begin(el, data.title, data.facts);
  el.append(room, bar.el, quiz.el,
    h("div", { class: "below" }, sums, code.el), voice.el);
  go(0);
  return { state, go, redraw: () => timed(() => go((state.step + 1) % steps.length)) };
}

export default { render };
