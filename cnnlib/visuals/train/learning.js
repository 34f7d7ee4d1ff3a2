// One run: a net, the digits as the switches want them, and a step at a time.
import { backward, buildLayers, crossEntropy, forward, generator, optimizer, shuffle } from "./net.js";
import { chosen, moved, withPixels } from "./digits.js";

/**
 * A run of `settings` { blocks, batch, rate, optimizer, seed, few, labels, pixels, zero, test }
 * on { train, test } digits. `step()` learns from one batch and returns its loss.
 */
export function createRun(settings, digits) {
  const random = generator(settings.seed);
  const layers = buildLayers(settings.blocks, 10, random);
  const parameters = layers.flatMap((layer) => layer.parameters);
  const [train, test] = partsFor(settings, digits, generator(settings.seed + 1));
  const order = [...Array(train.count).keys()];
  const { zero, step: move } = optimizer(settings.optimizer, parameters, settings.rate);
  const state = { steps: 0, place: train.count, epoch: 0 };
  const used = []; // the batches, for those who want to follow

  function step() {
    if (state.place >= train.count) {
      shuffle(order, random);
      state.place = 0;
      state.epoch += 1;
    }
    const which = order.slice(state.place, state.place + settings.batch);
    state.place += settings.batch;
    state.steps += 1;
    if (used.length < 200) used.push(which);
    const batch = chosen(train, which);
    const { loss, grad } = crossEntropy(forward(layers, batch.images, batch.count, true), batch.labels, 10);
    if (settings.zero) zero();
    backward(layers, grad, batch.count);
    move();
    return loss;
  }

  return { layers, parameters, train, test, state, used, step };
}

/** The training and the test digits, changed as the switches say. */
export function partsFor({ few, labels, pixels, test: change }, digits, random) {
  let { train, test } = digits;
  if (few) train = chosen(train, shuffle([...Array(train.count).keys()], random).slice(0, few));
  if (labels === "shuffled") train = { ...train, labels: shuffle(train.labels.slice(), random) };
  if (pixels === "shuffled") {
    const order = shuffle([...Array(784).keys()], random);
    [train, test] = [withPixels(train, order), withPixels(test, order)];
  }
  if (change === "shifted") test = moved(test, { down: 4, right: 4 });
  if (change === "turned") test = moved(test, { turned: true });
  return [train, test];
}

/** How many of these digits are right, the mean loss, the confusion table, what each is read as. */
export function evaluate(layers, digits, most = digits.count) {
  const count = Math.min(most, digits.count);
  const confusion = Array.from({ length: 10 }, () => new Array(10).fill(0));
  const said = new Uint8Array(count);
  let [right, loss] = [0, 0];
  for (let first = 0; first < count; first += 60) {
    const size = Math.min(60, count - first);
    const images = digits.images.subarray(first * 784, (first + size) * 784);
    const labels = digits.labels.subarray(first, first + size);
    const result = crossEntropy(forward(layers, images, size, false), labels, 10);
    loss += result.loss * size;
    for (let n = 0; n < size; n++) {
      const row = result.shares.subarray(10 * n, 10 * n + 10);
      const best = row.indexOf(row.reduce((a, b) => Math.max(a, b)));
      said[first + n] = Math.max(0, best);
      confusion[labels[n]][said[first + n]] += 1;
      if (best === labels[n]) right += 1;
    }
  }
  return { right, count, share: right / count, loss: loss / count, confusion, said };
}

/** What each layer makes of one image: { name, shape, values } from the image on, and the shares. */
export function lookInside(layers, image) {
  const seen = [{ name: "image", shape: [1, 28, 28], values: image }];
  let values = image;
  for (const layer of layers) {
    values = layer.forward(values, 1, false);
    seen.push({ name: layer.name, kind: layer.kind, shape: layer.shape, values });
  }
  return { seen, shares: crossEntropy(values, [0], 10).shares };
}

/** The pixels of one digit. */
export function imageOf({ images }, n) {
  return images.subarray(784 * n, 784 * n + 784);
}

/** All numbers of a net by the names of PyTorch, the running averages of batch norm too. */
export function stateOf(layers) {
  return layers.flatMap(({ name, parameters, running }) => [
    ...parameters.map((one) => ({ name: one.name, shape: one.shape, values: [...one.value] })),
    ...Object.entries(running ?? {}).map(([of, values]) => ({
      name: `${name}.running_${of}`, shape: [values.length], values: [...values] })),
  ]);
}
