// What stands between the convolutions: batch norm, activations, pooling, dropout.
import { parameter } from "./convolution.js";

/** Batch norm over the batch and the map of each channel, as in PyTorch: eps 1e-5, momentum 0.1. */
export function batchNorm(name, [channels, height, width]) {
  const places = height * width;
  const weight = parameter(`${name}.weight`, [channels], 0);
  const bias = parameter(`${name}.bias`, [channels], 0);
  weight.value.fill(1);
  const running = { mean: new Float64Array(channels), var: new Float64Array(channels).fill(1) };
  const roots = new Float64Array(channels);
  let normal;

  const cells = (count, c, see) => {
    for (let n = 0; n < count; n++) {
      const first = (n * channels + c) * places;
      for (let k = first; k < first + places; k++) see(k);
    }
  };

  function moments(x, count, c) {
    let [sum, squares] = [0, 0];
    cells(count, c, (k) => { sum += x[k]; });
    const mean = sum / (count * places);
    cells(count, c, (k) => { squares += (x[k] - mean) ** 2; });
    return [mean, squares / (count * places)];
  }

  function forward(x, count, training) {
    const out = new Float64Array(x.length);
    normal = new Float64Array(x.length);
    const all = count * places;
    for (let c = 0; c < channels; c++) {
      const [mean, variance] = training ? moments(x, count, c) : [running.mean[c], running.var[c]];
      if (training) {
        running.mean[c] += 0.1 * (mean - running.mean[c]);
        running.var[c] += 0.1 * ((variance * all) / (all - 1) - running.var[c]);
      }
      roots[c] = Math.sqrt(variance + 1e-5);
      cells(count, c, (k) => {
        normal[k] = (x[k] - mean) / roots[c];
        out[k] = weight.value[c] * normal[k] + bias.value[c];
      });
    }
    return out;
  }

  function backward(grad, count) {
    const back = new Float64Array(grad.length);
    for (let c = 0; c < channels; c++) {
      let [sum, product] = [0, 0];
      cells(count, c, (k) => { sum += grad[k]; product += grad[k] * normal[k]; });
      bias.grad[c] += sum;
      weight.grad[c] += product;
      const [mean, slope] = [sum / (count * places), product / (count * places)];
      const factor = weight.value[c] / roots[c];
      cells(count, c, (k) => { back[k] = factor * (grad[k] - mean - normal[k] * slope); });
    }
    return back;
  }

  return { name, kind: "norm", shape: [channels, height, width], parameters: [weight, bias], running,
    forward, backward };
}

/** ReLU, tanh or sigmoid of every number. */
export function activation(kind, shape) {
  let out;
  const value = { relu: (x) => (x > 0 ? x : 0), tanh: Math.tanh, sigmoid: (x) => 1 / (1 + Math.exp(-x)) }[kind];
  const slope = { relu: (y) => (y > 0 ? 1 : 0), tanh: (y) => 1 - y * y, sigmoid: (y) => y * (1 - y) }[kind];
  return {
    name: kind, kind, shape, parameters: [],
    forward: (x) => (out = x.map(value)),
    backward: (grad) => grad.map((g, k) => g * slope(out[k])),
  };
}

/** Max or average pooling, windows of 2 x 2 side by side; what does not fill one is left out. */
export function pooling(kind, [channels, height, width]) {
  const [high, wide] = [Math.floor(height / 2), Math.floor(width / 2)];
  let best; // where each maximum stood

  function forward(x, count) {
    const out = new Float64Array(count * channels * high * wide);
    best = new Int32Array(out.length);
    for (let map = 0, k = 0; map < count * channels; map++) {
      for (let i = 0; i < high; i++) {
        for (let j = 0; j < wide; j++, k++) {
          const at = (map * height + 2 * i) * width + 2 * j;
          const window = [at, at + 1, at + width, at + width + 1];
          if (kind === "max") {
            let most = at;
            for (const cell of window) if (x[cell] > x[most]) most = cell;
            best[k] = most;
            out[k] = x[most];
          } else {
            best[k] = at;
            out[k] = (x[window[0]] + x[window[1]] + x[window[2]] + x[window[3]]) / 4;
          }
        }
      }
    }
    return out;
  }

  function backward(grad, count) {
    const back = new Float64Array(count * channels * height * width);
    for (let k = 0; k < grad.length; k++) {
      if (kind === "max") back[best[k]] += grad[k];
      else for (const step of [0, 1, width, width + 1]) back[best[k] + step] += grad[k] / 4;
    }
    return back;
  }

  return { name: "pool", kind: "pool", shape: [channels, high, wide], parameters: [], forward, backward };
}

/** Dropout: each number is left out with probability p while training, the rest grow by 1/(1-p). */
export function dropout(p, shape, random) {
  let mask;
  return {
    name: "dropout", kind: "dropout", shape, parameters: [],
    forward: (x, count, training) => {
      mask = training ? Float64Array.from(x, () => (random() < p ? 0 : 1 / (1 - p))) : undefined;
      return mask ? x.map((value, k) => value * mask[k]) : x;
    },
    backward: (grad) => grad.map((g, k) => g * mask[k]),
    mask: () => mask,
  };
}
