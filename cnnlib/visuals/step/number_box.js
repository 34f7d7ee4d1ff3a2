// One number to predict: a field, and what probably went wrong.
import { begin, h } from "../shared/page.js";
import { agrees, parseNumber, plain, roundedTooFar } from "../shared/numbers.js";
import { nameSlips } from "./slips.js";
import { ASK, buildField, MORE, sayWrong } from "./quiz.js";

export function render({ model, el }) {
  const [title, question, answer, steps, place, slips] =
    ["title", "question", "answer", "steps", "place", "slips"].map((name) => model.get(name));
  const { name, give, parts, say, focus } = buildField({ check, reveal });
  let tries = 0;

  function check(text) {
    const typed = parseNumber(text);
    if (Number.isNaN(typed)) return say("ask", ASK);
    tries += 1;
    if (agrees(typed, answer)) {
      give.hidden = true;
      return say("right", `${plain(answer)} is right.`, tries === 1 ? "" : `At try ${tries}.`);
    }
    if (roundedTooFar(typed, answer)) return say("ask", MORE);
    const own = slips.filter(([value]) => agrees(typed, value)).map(([, words]) => words);
    const named = steps ? nameSlips(steps, typed, place) : own;
    const again = steps ? "Go through the window once more, cell by cell." : "Count once more.";
    return sayWrong(say, typed, named, again);
  }

  function reveal() {
    give.hidden = true;
    say("shown", `It is ${plain(answer)}.`);
    focus();
  }

  begin(el, title, question);
  name.textContent = "Your number";
  el.append(h("div", { class: "quiz" }, parts));
  return { check };
}

export default { render };
