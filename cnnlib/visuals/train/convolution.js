// A convolution and a dense layer: forward, and backward by the chain rule.
import { addProduct, addProductTurned, addTurnedProduct } from "./matmul.js";

/** A number to learn: its values, their gradient, and how many inputs each one sees. */
export function parameter(name, shape, fan) {
  const length = shape.reduce((a, b) => a * b, 1);
  return { name, shape, fan, value: new Float64Array(length), grad: new Float64Array(length) };
}

/** A convolution of maps (C, H, W): square kernels, the same stride and padding both ways. */
export function convolution(name, [channels, height, width], { kernels, size, stride, padding }) {
  const [high, wide] = [height, width].map((n) => Math.floor((n + 2 * padding - size) / stride) + 1);
  const [taps, places] = [channels * size * size, high * wide];
  const weight = parameter(`${name}.weight`, [kernels, channels, size, size], taps);
  const bias = parameter(`${name}.bias`, [kernels], taps);
  const columns = new Float64Array(taps * places);
  const seen = { channels, height, width, size, stride, padding, high, wide };
  let input;

  function forward(x, count) {
    input = x;
    const out = new Float64Array(count * kernels * places);
    for (let n = 0; n < count; n++) {
      toColumns(seen, x, n * channels * height * width, columns);
      for (let o = 0; o < kernels; o++) {
        out.fill(bias.value[o], (n * kernels + o) * places, (n * kernels + o + 1) * places);
      }
      addProduct(weight.value, 0, columns, 0, out, n * kernels * places, kernels, taps, places);
    }
    return out;
  }

  function backward(grad, count, wanted) {
    const back = new Float64Array(wanted ? input.length : 0);
    const turned = new Float64Array(wanted ? columns.length : 0);
    for (let n = 0; n < count; n++) {
      const at = n * kernels * places;
      toColumns(seen, input, n * channels * height * width, columns);
      addProductTurned(grad, at, columns, 0, weight.grad, 0, kernels, places, taps);
      for (let o = 0, k = at; o < kernels; o++) {
        for (let end = k + places; k < end; k++) bias.grad[o] += grad[k];
      }
      if (!wanted) continue;
      turned.fill(0);
      addTurnedProduct(weight.value, 0, grad, at, turned, 0, taps, kernels, places);
      addBack(seen, turned, back, n * channels * height * width);
    }
    return back;
  }

  return { name, kind: "conv", shape: [kernels, high, wide], parameters: [weight, bias], forward, backward };
}

/** Visit each weight's row of the columns: see(row, first cell in the map, rows, columns). */
export function eachTap({ channels, height, width, size, stride, padding, high, wide }, see) {
  for (let c = 0, row = 0; c < channels; c++) {
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++, row++) {
        const fit = (offset, length, most) => [
          Math.max(0, Math.ceil((padding - offset) / stride)),
          Math.min(most - 1, Math.floor((length - 1 + padding - offset) / stride))];
        const [top, bottom] = fit(a, height, high);
        const [left, right] = fit(b, width, wide);
        see(row, (c * height + a - padding) * width + b - padding, top, bottom, left, right);
      }
    }
  }
}

/** What lies under each weight, for all windows: taps x places, zero in the padding. */
export function toColumns(seen, x, start, columns) {
  const { width, stride, high, wide, padding } = seen;
  if (padding) columns.fill(0);
  eachTap(seen, (row, first, top, bottom, left, right) => {
    for (let i = top; i <= bottom; i++) {
      const to = row * high * wide + i * wide;
      const from = start + first + i * stride * width;
      if (stride === 1) for (let j = left; j <= right; j++) columns[to + j] = x[from + j];
      else for (let j = left; j <= right; j++) columns[to + j] = x[from + j * stride];
    }
  });
}

/** The way back: each cell of the map collects what its windows say. */
export function addBack(seen, columns, x, start) {
  const { width, stride, high, wide } = seen;
  eachTap(seen, (row, first, top, bottom, left, right) => {
    for (let i = top; i <= bottom; i++) {
      const from = row * high * wide + i * wide;
      const to = start + first + i * stride * width;
      for (let j = left; j <= right; j++) x[to + j * stride] += columns[from + j];
    }
  });
}

/** A dense layer: every output sees every input. */
export function dense(name, inputs, outputs) {
  const weight = parameter(`${name}.weight`, [outputs, inputs], inputs);
  const bias = parameter(`${name}.bias`, [outputs], inputs);
  let input;

  function forward(x, count) {
    input = x;
    const out = new Float64Array(count * outputs);
    for (let n = 0; n < count; n++) out.set(bias.value, n * outputs);
    addProductTurned(x, 0, weight.value, 0, out, 0, count, inputs, outputs);
    return out;
  }

  function backward(grad, count, wanted) {
    addTurnedProduct(grad, 0, input, 0, weight.grad, 0, outputs, count, inputs);
    for (let k = 0; k < grad.length; k++) bias.grad[k % outputs] += grad[k];
    const back = new Float64Array(wanted ? input.length : 0);
    if (wanted) addProduct(grad, 0, weight.value, 0, back, 0, count, outputs, inputs);
    return back;
  }

  return { name, kind: "dense", shape: [outputs], parameters: [weight, bias], forward, backward };
}
