// A net as the reader built it: its layers, its loss, and how a step changes its weights.
import { convolution, dense } from "./convolution.js";
import { activation, batchNorm, dropout, pooling } from "./layers.js";

/** Numbers from 0 to 1, the same for the same seed (Mulberry32). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 1831565813) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Shuffle an array in place (Fisher-Yates). */
export function shuffle(array, random) {
  for (let k = array.length - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1));
    [array[k], array[other]] = [array[other], array[k]];
  }
  return array;
}

/**
 * The layers of a net for images of 28 x 28. `blocks` are { kernels, size, stride, padding,
 * norm, activation, pool, dropout } each; that all fit is seen to before (plan.js).
 */
export function buildLayers(blocks, classes, random) {
  const layers = [];
  let shape = [1, 28, 28];
  const put = (layer) => {
    layers.push(layer);
    shape = layer.shape;
  };
  blocks.forEach((block, k) => {
    put(convolution(`conv${k + 1}`, shape, block));
    if (block.norm) put(batchNorm(`norm${k + 1}`, shape));
    const named = (name, layer) => put({ ...layer, name: `${name}${k + 1}` });
    if (block.activation !== "none") named(block.activation, activation(block.activation, shape));
    if (block.pool !== "none") named("pool", pooling(block.pool, shape));
    if (block.dropout) named("dropout", dropout(block.dropout, shape, random));
  });
  put(dense("fc", shape.reduce((a, b) => a * b, 1), classes));
  for (const { value, fan } of layers.flatMap(({ parameters }) => parameters)) {
    if (fan) for (let k = 0; k < value.length; k++) value[k] = (2 * random() - 1) / Math.sqrt(fan);
  }
  return layers;
}

/** The scores (count x classes) that the layers give. */
export function forward(layers, x, count, training) {
  return layers.reduce((values, layer) => layer.forward(values, count, training), x);
}

/** Cross-entropy from scores: the mean loss, its gradient, the probabilities. */
export function crossEntropy(scores, labels, classes) {
  const count = labels.length;
  const [grad, shares] = [new Float64Array(scores.length), new Float64Array(scores.length)];
  let loss = 0;
  for (let n = 0; n < count; n++) {
    const row = scores.subarray(n * classes, (n + 1) * classes);
    const top = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((a, b) => a + Math.exp(b - top), 0);
    loss += Math.log(sum) + top - row[labels[n]];
    for (let c = 0; c < classes; c++) {
      const k = n * classes + c;
      shares[k] = Math.exp(scores[k] - top) / sum;
      grad[k] = (shares[k] - (c === labels[n] ? 1 : 0)) / count;
    }
  }
  return { loss: loss / count, grad, shares };
}

/** Send a gradient back through all layers; each adds to the gradients of its weights. */
export function backward(layers, grad, count) {
  for (let k = layers.length - 1; k >= 0; k--) grad = layers[k].backward(grad, count, k > 0);
}

/** What changes the weights: SGD, SGD with momentum 0.9, or Adam, each as in PyTorch. */
export function optimizer(kind, parameters, rate) {
  const memory = parameters.map(({ value }) => [0, 1].map(() => new Float64Array(value.length)));
  let steps = 0;
  const zero = () => parameters.forEach(({ grad }) => grad.fill(0));
  const move = {
    sgd: ({ value, grad }) => { for (let k = 0; k < value.length; k++) value[k] -= rate * grad[k]; },
    momentum: ({ value, grad }, [speed]) => {
      for (let k = 0; k < value.length; k++) {
        speed[k] = 0.9 * speed[k] + grad[k];
        value[k] -= rate * speed[k];
      }
    },
    adam: ({ value, grad }, [first, second]) => {
      const [one, two] = [1 - 0.9 ** steps, 1 - 0.999 ** steps];
      for (let k = 0; k < value.length; k++) {
        const g = grad[k];
        first[k] += 0.1 * (g - first[k]);
        second[k] = 0.999 * second[k] + 0.001 * g * g;
        value[k] -= (rate / one) * (first[k] / (Math.sqrt(second[k]) / Math.sqrt(two) + 1e-8));
      }
    },
  }[kind];
  const step = () => {
    steps += 1;
    parameters.forEach((one, k) => move(one, memory[k]));
  };
  return { zero, step };
}
