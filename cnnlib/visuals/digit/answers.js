// Who answers: the model in Python, where a kernel runs, else the net in the page itself.
import { loadNet, softmaxOf } from "./net_run.js";

const PATIENCE = 1500;
const BUSY = "Python is busy: computed in the page, with the weights of when this was shown.";
const SILENT = "Python does not answer: it is busy, or its kernel has ended.";

/** What the nets of the page make of 784 levels: rows of ten, or undefined and why. */
export function pageNets(nets) {
  const runs = nets.map(({ net, gives }) => {
    const run = net && loadNet(net);
    return run && ((levels) => (gives === "scores" ? [...softmaxOf(run(levels))] : run(levels)));
  });
  const missing = nets.find(({ net }) => !net);
  const why = missing && `Without a running Python there is no answer here. ${missing.why}`;
  return { why, ask: (levels) => (missing ? undefined : runs.map((run) => run(levels))) };
}

/**
 * Ask about 784 levels; onanswer(rows, words) hears what comes back. While Python has not
 * answered, only the newest question waits.
 */
export function answerer(model, el, own, onanswer) {
  let [waiting, next, timer, late] = [undefined, undefined, undefined, undefined];
  let heard = new MutationObserver(() => {});

  function ask(levels) {
    if (waiting) { next = levels; return; }
    if (!model.listening()) { alone(levels, ""); return; }
    waiting = `${performance.now()}-${Math.random()}`;
    listenFor(waiting);
    model.set("ask", { n: waiting, image: btoa(String.fromCharCode(...levels)) });
    model.save_changes();
    timer = setTimeout(() => {
      late = waiting;
      done(() => alone(levels, own.why ? SILENT : BUSY));
    }, PATIENCE);
  }

  /** Watch Python's text for the answer to a question. */
  function listenFor(number) {
    const said = document.querySelectorAll(`.cnnlib-from-python-${model.get("bridge")}`);
    heard.disconnect();
    heard = new MutationObserver(() => said.forEach((field) => {
      const answer = parsed(field.textContent);
      const tell = () => onanswer(answer.answers, answer.error ?? "Answered by the model in Python.");
      if (answer?.n !== number) return;
      if (waiting === number) done(tell);
      else if (late === number && !waiting) {
        late = undefined; // Python was busy, and is not any more
        tell();
      }
    }));
    said.forEach((field) => heard.observe(field, { childList: true, characterData: true, subtree: true }));
  }

  /** The question is over: pass the answer on, and ask what came up meanwhile. */
  function done(tell) {
    clearTimeout(timer);
    waiting = undefined;
    tell();
    const levels = next;
    next = undefined;
    if (levels) ask(levels);
  }

  function alone(levels, words) {
    const rows = own.ask(levels);
    onanswer(rows, words || own.why || "Computed in the page, with the weights stored in it.");
  }

  return { ask, forget: () => { next = undefined; } };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not written yet
  }
}
