// What is tried, and the prediction that comes first.
import { choice, fill, h } from "../shared/page.js";
import { percentOf } from "../shared/bars.js";
import { outcomeOf, TRIALS } from "./trials.js";

/** The choice of a trial and its question; `onchange()` hears that either is another now. */
export function buildPrediction(onchange) {
  const state = { trial: TRIALS[0], guess: undefined, fixed: false };
  const el = h("div", { class: "guess", hidden: true });
  const select = choice("Try", TRIALS.map(({ name, words }) => [name, words]), "plain", pick);

  function pick(name) {
    Object.assign(state, { trial: TRIALS.find((one) => one.name === name), guess: undefined, fixed: false });
    const { question, options } = state.trial;
    el.hidden = !question;
    if (question) {
      const buttons = options.map(([words], place) => h("button", { type: "button", "aria-pressed": "false",
        onclick: () => guess(place) }, words));
      fill(el, h("p", {}, h("strong", {}, "Predict. "), question),
        h("div", { class: "buttons", role: "group", "aria-label": "Your prediction" }, buttons));
    }
    onchange();
  }

  /** Take a prediction; once the run has begun it stands. */
  function guess(place) {
    if (state.fixed) return;
    state.guess = place;
    el.querySelectorAll("button").forEach((one, k) => one.setAttribute("aria-pressed", String(k === place)));
    onchange(true);
  }

  /** What came of it, in words: `figures`, and where something was predicted whether it came true. */
  function verdict(result, figures) {
    if (!state.trial.question) return figures;
    const { place, words, usual } = outcomeOf(state.trial, result);
    const met = place === state.guess ? "Your prediction came true." : `It came otherwise: ${words}.`;
    const why = usual ? state.trial.why : "With the settings of the start it comes otherwise.";
    return `${met} ${figures} ${why}`;
  }

  return { el, select: select.el, trial: () => state.trial, verdict,
    fix: (on) => { state.fixed = on; }, made: () => !state.trial.question || state.guess !== undefined };
}

/** The figures of a run so far, as a sentence. */
export function figuresOf({ losses, judged }, diverged) {
  const { train, test } = judged.at(-1);
  const loss = diverged ? "no number any more" : lastOf(losses).toFixed(3);
  return `After ${losses.length} steps ${percentOf(test)} of the test digits are right, and `
    + `${percentOf(train)} of the training digits; the loss is ${loss}.`;
}

/** The mean of the last ten losses. */
export const lastOf = (losses) => {
  const last = losses.slice(-10);
  return last.reduce((a, b) => a + b, 0) / last.length;
};
