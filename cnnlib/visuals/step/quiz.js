// What moves a stepper: the bar with its buttons and slider, and the quiz.
import { button, fill, h, slider } from "../shared/page.js";
import { plain } from "../shared/numbers.js";
import { outputName } from "./words.js";

/** Back, play, forward, the slider, and the switch of the predict mode. */
export function buildBar(data, count, { go, move, play, predict }) {
  const back = button("Back", () => move(-1), { icon: "←" });
  const run = button("Play", () => play(), { icon: "▶", kind: "run" });
  const forward = button("Forward", () => move(1), { icon: "→", kind: "after" });
  const toggle = button("Predict", () => predict(), { kind: "toggle" });
  const walk = slider("Step", { max: Math.max(1, count - 1), oninput: go });
  const show = ({ step, predict: predicting }, [o, i, j]) => {
    const channel = data.output.length > 1 ? `channel ${o}, ` : "";
    walk.set(step, `${step + 1} of ${count}`, `${step + 1} of ${count}: ${channel}row ${i}, column ${j}`);
    back.setAttribute("aria-disabled", String(step === 0));
    forward.setAttribute("aria-disabled", String(step === count - 1));
    toggle.setAttribute("aria-pressed", String(predicting));
  };
  const playing = (on) => {
    fill(run.querySelector(".words"), on ? "Pause" : "Play");
    fill(run.querySelector(".icon"), on ? "❚❚" : "▶");
  };
  const el = h("div", { class: "bar" },
    h("div", { class: "buttons" }, back, run, forward), walk.el, toggle);
  return { el, show, playing };
}

const SIGNS = { right: "✓", wrong: "✗", shown: "→", ask: "?" };

/** A field for a number, its two buttons, and what is said of the number. */
export function buildField({ check, reveal }) {
  const name = h("span", { class: "name" });
  const field = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false" });
  const main = button("Check", () => check(field.value), { kind: "main" });
  const give = button("Show it", () => reveal());
  const verdict = h("div", { class: "verdict", role: "status" });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    check(field.value);
  });
  const clear = () => {
    field.value = "";
    field.removeAttribute("aria-invalid");
    fill(verdict);
    verdict.className = "verdict";
  };
  const say = (kind, words, more = "") => {
    verdict.className = `verdict ${kind}`;
    field.setAttribute("aria-invalid", String(kind === "wrong" || kind === "ask"));
    fill(verdict, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[kind]),
      h("span", {}, h("strong", {}, words), ` ${more}`));
  };
  const buttons = h("div", { class: "buttons" }, main, give);
  const parts = [h("label", { class: "ask" }, name, field), buttons, verdict];
  return { name, main, give, parts, clear, say, focus: () => { field.focus(); field.select(); } };
}

/** Say what is wrong with a number; `named` are the slips that give it. */
export function sayWrong(say, answer, named, otherwise) {
  say("wrong", `${plain(answer)} is not it.`, named.length ? `Likely: ${named.join("; or ")}.` : otherwise);
}

export const MORE = "Nearly: give more decimals, or a fraction such as 11/6.";
export const ASK = "Type a number, such as 4, −1.5 or 11/6.";

/** The quiz: the field for the number of each step, and the score. */
export function buildQuiz(data, { check, reveal }) {
  const { name, main, give, parts, clear, say, focus } = buildField({ check, reveal });
  const score = h("div", { class: "score" });
  let last;
  const show = (state, place, hidden) => {
    el.hidden = !state.predict;
    if (last !== state.step) clear();
    last = state.step;
    name.textContent = `Your number for ${outputName(data, place)}`;
    main.querySelector(".words").textContent = hidden ? "Check" : "Next";
    give.hidden = !hidden;
    const [right, asked] = state.score;
    score.textContent = asked ? `${right} of ${asked} right at the first try` : "";
  };
  const el = h("div", { class: "quiz", hidden: true }, parts, score);
  return { el, show, clear, say, focus };
}
