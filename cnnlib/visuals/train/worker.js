// Learning beside the page: in a Web Worker, or, where none is allowed, in turns with it.
import { addBack, convolution, dense, eachTap, parameter, toColumns } from "./convolution.js";
import { addProduct, addProductTurned, addRows, addTurnedProduct } from "./matmul.js";
import { activation, batchNorm, dropout, pooling } from "./layers.js";
import { backward, buildLayers, crossEntropy, forward, generator, optimizer, shuffle } from "./net.js";
import { chosen, moved, unpackDigits, withPixels } from "./digits.js";
import { createRun, evaluate, imageOf, lookInside, partsFor, stateOf } from "./learning.js";

/** All that a worker needs, as the functions of this page: their text is its program. */
const PROGRAM = [addBack, convolution, dense, eachTap, parameter, toColumns, addProduct, addProductTurned,
  addRows, addTurnedProduct, activation, batchNorm, dropout, pooling, backward, buildLayers, crossEntropy,
  forward, generator, optimizer, shuffle, chosen, moved, unpackDigits, withPixels, createRun,
  evaluate, imageOf, lookInside, partsFor, stateOf, serve];

/**
 * Learn as the messages say, and tell: start, pause, go, step, pace, look, read, weights.
 * A frame is told at most thirty times a second. The test digits are judged twice a second,
 * or more seldom where that would take more than a seventh of the time.
 */
export function serve(tell, later) {
  let [digits, run, going, pace, news, shown, image] = [undefined, undefined, false, 0, [], 0, undefined];
  let [judged, rest, told, diverged, until] = [0, 0, 0, false, 0];

  const frame = (evaluated) => {
    const inside = lookInside(run.layers, image ?? imageOf(run.test, shown));
    const kernels = run.layers.find(({ kind }) => kind === "conv").parameters[0];
    tell({
      kind: "frame", number: run.number, losses: news, ...run.state, evaluated, diverged,
      kernels: { shape: kernels.shape, values: kernels.value.slice() },
      maps: inside.seen.map(({ name, shape, values }) => ({ name, shape, values: Float32Array.from(values) })),
      shares: [...inside.shares], label: image ? undefined : run.test.labels[shown],
    });
    news = [];
    told = performance.now();
  };

  const judge = () => {
    const began = performance.now();
    const [train, test] = [evaluate(run.layers, run.train, going ? 100 : 360), evaluate(run.layers, run.test)];
    const wrong = [...test.said.keys()].filter((n) => test.said[n] !== run.test.labels[n]);
    const mistakes = wrong.slice(0, 12).map((n) => ({ label: run.test.labels[n], said: test.said[n],
      levels: imageOf(run.test, n).map((ink) => Math.round(255 * ink)) }));
    judged = performance.now();
    rest = Math.max(500, 6 * (judged - began));
    return { train: train.share, test: test.share, confusion: test.confusion, mistakes };
  };

  const learn = () => {
    const loss = run.step();
    news.push(loss);
    if (!Number.isFinite(loss)) [diverged, going] = [true, false];
  };

  /** Learn for as long as a frame lasts, tell it, and go on in the next turn. */
  const work = () => {
    if (!going) return;
    const end = performance.now() + 25;
    do learn(); while (going && !pace && run.state.steps < until && performance.now() < end);
    if (run.state.steps >= until) going = false;
    const due = performance.now() - judged > rest || !going;
    if (due || pace || performance.now() - told > 33) frame(due ? judge() : undefined);
    later(work, pace);
  };

  const hear = {
    digits: (message) => { digits = { train: unpackDigits(message.train), test: unpackDigits(message.test) }; },
    start: ({ settings, number }) => {
      run = { ...createRun(settings, digits), number };
      [news, going, diverged, judged] = [[], false, false, 0];
      frame(judge());
    },
    go: ({ steps }) => {
      if (going || diverged) return;
      [going, until] = [true, steps];
      later(work, 0);
    },
    pause: () => {
      if (!going) return;
      going = false;
      frame(judge());
    },
    step: () => {
      going = false;
      if (diverged) return;
      learn();
      frame(judge());
    },
    pace: ({ wait }) => { pace = wait; },
    look: ({ digit }) => { [shown, image] = [digit, undefined]; if (run) frame(); },
    read: ({ levels }) => {
      image = levels && Float64Array.from(levels, (level) => level / 255);
      if (run) frame();
    },
    weights: () => tell({ kind: "weights", parameters: stateOf(run.layers) }),
  };
  return (message) => hear[message.kind](message);
}

/** A learner { send, end }; `onmessage` hears what it tells. */
export function startLearner(onmessage) {
  const program = `${PROGRAM.map(String).join("\n")}
    const hear = serve((message) => postMessage(message), (work, wait) => setTimeout(work, wait));
    onmessage = ({ data }) => hear(data);`;
  try {
    const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    const worker = new Worker(url);
    const waiting = [];
    let own = (message) => { waiting.push(message); worker.postMessage(message); };
    let heard = false;
    worker.onmessage = ({ data }) => { [heard, waiting.length] = [true, 0]; onmessage(data); };
    worker.onerror = () => { // not allowed here: learn in turns with the page
      if (heard) return;
      const inPage = serve(onmessage, (work, wait) => setTimeout(work, wait));
      own = inPage;
      waiting.splice(0).forEach(inPage);
    };
    return { send: (message) => own(message), end: () => { worker.terminate(); URL.revokeObjectURL(url); } };
  } catch {
    const inPage = serve(onmessage, (work, wait) => setTimeout(work, wait));
    return { send: inPage, end: () => inPage({ kind: "pause" }) };
  }
}
