// What can be tried on a run: each changes one setting, and asks first what will come of it.

/** How many steps a trial takes: five times through the digits, in batches of 32. */
export const TRIAL_STEPS = 225;

/**
 * The trials: { name, words, change, question, options, expected, why }. `change` is laid over
 * the settings. An option is [words, whether it came true]; of a result { train, test, last }
 * (shares of right digits, the loss at the end) the first that did counts. `expected` is the
 * place of the one that comes true with the settings of the start, and `why` explains it.
 */
export const TRIALS = [
  { name: "plain", words: "Nothing: learn as it is", change: {} },
  {
    name: "labels", words: "Labels shuffled", change: { labels: "shuffled" },
    question: "Every training digit gets the label of some other one. How many of the test digits will be "
      + "right?",
    options: [["about 1 in 10", ({ test }) => test < 0.25], ["about half", ({ test }) => test < 0.75],
      ["nearly as many as with the true labels", () => true]],
    expected: 0, why: "That is as good as guessing: these labels say nothing about the images.",
  },
  {
    name: "pixels", words: "Pixels shuffled", change: { pixels: "shuffled" },
    question: "The pixels of all images change places, in the same way for all. To you they are noise. "
      + "How many of the test digits will be right?",
    options: [["about 1 in 10", ({ test }) => test < 0.25], ["about half", ({ test }) => test < 0.75],
      ["more than 3 in 4", () => true]],
    expected: 2, why: "Each pixel still says the same about the label. Only its neighbours are lost, and with "
      + "them the strokes.",
  },
  {
    name: "few", words: "Only 40 training images", change: { few: 40 },
    question: "The net learns from 40 images. How will it read these 40, and how the test digits?",
    options: [
      ["its 40 nearly all right, the test digits much worse",
        ({ train, test }) => train > 0.95 && test < train - 0.1],
      ["both about equally well", ({ train, test }) => Math.abs(train - test) <= 0.1],
      ["neither of the two", () => true]],
    expected: 0, why: "It has learned these images better than it has learned digits: over-fitting.",
  },
  {
    name: "zero", words: "No zero_grad", change: { zero: false },
    question: "The old gradients are never cleared, so each step goes the way of all gradients so far. What "
      + "will the loss do?",
    options: [["it falls faster", ({ last }) => last < 0.05], ["it falls as before", ({ last }) => last < 1],
      ["it ends high", () => true]],
    expected: 2, why: "The sum of all gradients turns only slowly, so the weights run past every goal.",
  },
  {
    name: "rate", words: "Rate 30 times as high",
    change: ({ rate }) => ({ rate: Number((30 * rate).toPrecision(3)) }),
    question: "Each step is 30 times as long. What will come of it?",
    options: [["it learns nothing", ({ test }) => test < 0.4],
      ["it learns, but worse", ({ test }) => test < 0.9], ["it learns as well, only faster", () => true]],
    expected: 0, why: "The very first steps throw the weights so far that no gradient leads back.",
  },
  {
    name: "shifted", words: "Test digits shifted", change: { test: "shifted" },
    question: "The net learns as before, but the test digits lie 4 pixels lower and further right. How many "
      + "will be right?",
    options: [["as many: a convolution does not mind where something is", ({ test }) => test > 0.9],
      ["about 2 in 3", ({ test }) => test > 1 / 3], ["fewer than 1 in 3", () => true]],
    expected: 2, why: "The maps move with the digit, but the dense layer has its own weight for each place in "
      + "them.",
  },
  {
    name: "turned", words: "Test digits turned", change: { test: "turned" },
    question: "The test digits are turned by a quarter. How many will be right?",
    options: [["as many", ({ test }) => test > 0.9], ["about half", ({ test }) => test > 1 / 3],
      ["fewer than 1 in 3", () => true]],
    expected: 2, why: "No digit that it learned from lay on its side.",
  },
];

/** The settings under a trial. */
export const under = (settings, { change }) => ({
  ...settings, ...(typeof change === "function" ? change(settings) : change) });

/** Which option came true, and whether that is what mostly comes. */
export function outcomeOf({ options, expected }, result) {
  const place = options.findIndex(([, came]) => came(result));
  return { place, words: options[place][0], usual: place === expected };
}
