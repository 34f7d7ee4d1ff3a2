// One item: the question, the answer, what is said of it, the steps, and its picture.
import { button, fill, h, timed } from "../shared/page.js";
import { buildChoice, buildTyped } from "./asking.js";
import { blocksOf, marked, shownAnswer } from "./question.js";
import { HELPED, RIGHT, WRONG } from "./schedule.js";
import { pictureOf } from "./showing.js";

const UNKNOWN = "No mistake that we know gives this. Go through it once more, or take a hint.";
const LONG = 40; // letters: an answer that is a sentence is not repeated
const SIGNS = { right: "✓", wrong: "✗", shown: "→", ask: "?" };

const lowered = (text) => text[0].toLowerCase() + text.slice(1);

/**
 * The card of an item. `heard(rating)` is told what an answer is worth, more than once if it is
 * put right, and returns when the item comes again, in words. `once`: there is one try, no help.
 */
export function buildCard(item, { form, typed, meta, link, once, heard, next }) {
  const state = { wrong: 0, helped: false, settled: false, shown: 0, last: "", sentence: "" };
  const text = h("p", { class: "question" }, marked(item.text));
  const asked = typed ? buildTyped(item, form, hear) : buildChoice(item, hear);
  const verdict = h("div", { class: "said", role: "status" });
  const steps = h("ol", { class: "worked", "aria-label": "Solution, step by step" });
  const hint = button("A hint", oneStep);
  const give = button(once ? "I do not know" : "Show the solution", giveUp);
  const on = button("Next", () => next(), { kind: "main" });
  const picture = button("Show the picture", showPicture);
  const place = h("div", { class: "shown-picture", hidden: true });
  const further = h("div", { class: "buttons next" }, on, picture);
  const read = h("p", { class: "read" }, "Read again: ", link);

  /** Hear an answer: what judges it, and the text that the reader sees of it. */
  function hear(judge, answer) {
    if (answer === state.last) return; // Enter was pressed twice
    state.last = answer;
    state.took = timed(() => take(judge(), answer));
  }

  function take({ kind, wrong, words }, answer) {
    if (state.settled) return;
    if (kind === "ask") return say("ask", words);
    if (kind === "right") return settle("right", rightWords(), worth());
    state.wrong += 1;
    const [, , sentence] = item.wrong[wrong] ?? [];
    const opening = answer.length > LONG ? "That is not it." : [shownAnswer(answer), " is not it."];
    if (once) return settle("wrong", [opening, " ", solution()], WRONG, sentence);
    if (state.wrong === 1) heard(WRONG);
    state.sentence = sentence && typed ? `Your ${answer}: ${lowered(sentence)}` : sentence ?? "";
    say("wrong", opening, sentence ?? UNKNOWN);
  }

  const long = item.right.length > LONG;
  const rightWords = () => (long ? "That is right." : [shownAnswer(item.right), " is right."]);
  const solution = () => (long ? item.right : ["It is ", shownAnswer(item.right), "."]);

  /** What a right answer is worth: a second choice among options is worth nothing. */
  function worth() {
    if (!state.wrong) return state.helped ? HELPED : RIGHT;
    return state.wrong === 1 && typed ? HELPED : WRONG;
  }

  function say(kind, words, more = "") {
    verdict.className = `said ${kind}`;
    asked.mark(kind);
    fill(verdict, h("span", { class: "mark", "aria-hidden": "true" }, SIGNS[kind]),
      h("span", {}, h("strong", {}, words), " ", marked(more)));
  }

  function settle(kind, words, rating, more = "") {
    state.settled = true;
    const again = heard(rating);
    say(kind, words, more || (state.wrong && kind === "right" ? `At try ${state.wrong + 1}.` : ""));
    if (again) verdict.append(h("span", { class: "again" }, `Comes again ${again}.`));
    asked.close();
    give.hidden = true;
    on.after(hint);
    showButtons();
    on.focus();
  }

  function oneStep() {
    if (!state.settled) state.helped = true;
    state.shown += 1;
    drawSteps();
  }

  function giveUp() {
    if (!once) state.shown = item.steps.length;
    drawSteps();
    settle("shown", solution(), WRONG, state.sentence);
  }

  function drawSteps() {
    steps.hidden = !state.shown;
    for (const step of item.steps.slice(steps.children.length, state.shown)) {
      steps.append(h("li", {}, marked(step)));
    }
    showButtons();
  }

  /** The last step holds the answer: it is no hint. */
  function showButtons() {
    const left = item.steps.length - state.shown - (state.settled ? 0 : 1);
    hint.hidden = left <= 0 || (once && !state.settled);
    const count = `${state.shown + 1} of ${item.steps.length}`;
    const word = state.settled ? `Step ${count}` : state.shown ? "One more hint" : "A hint";
    fill(hint.querySelector(".words"), word);
    further.hidden = read.hidden = !state.settled;
    picture.hidden = !item.show;
  }

  function showPicture() {
    place.hidden = !place.hidden;
    if (!place.children.length) place.append(pictureOf(item.show));
    fill(picture.querySelector(".words"), place.hidden ? "Show the picture" : "Hide the picture");
  }

  asked.buttons.append(hint, give);
  const name = item.text.replaceAll("`", ""); // read out when the focus comes in
  const el = h("div", { class: "card", role: "group", "aria-label": name },
    h("p", { class: "meta" }, meta), text, blocksOf(item.blocks),
    asked.el, verdict, further, steps, read, place);
  drawSteps();
  return { el, item, focus: asked.focus, state };
}
