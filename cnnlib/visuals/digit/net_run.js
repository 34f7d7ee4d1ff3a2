// A trained net in the page: its steps, one after the other, on one image.
import { bytesOf, floatsOf } from "../shared/bytes.js";

/** The net of `net_export.py`, ready to run: (levels of 784 pixels) -> its numbers. */
export function loadNet({ steps, bits, weights, floats }) {
  const whole = bitReader(bytesOf(weights), bits);
  const reals = floatsOf(floats);
  let at = 0;
  const take = (count) => reals.subarray(at, (at += count));
  const ready = steps.map((step) => ({ ...step, ...numbersOf(step, whole, take) }));
  return (levels) => {
    const values = [{ shape: [1, 28, 28], data: Float32Array.from(levels, (level) => level / 255) }];
    for (const step of ready) values.push(RUN[step.kind](step, ...step.reads.map((k) => values[k])));
    return [...values[values.length - 1].data];
  };
}

/** The numbers of a step, in the order in which they were written. */
function numbersOf({ rows, columns, ...step }, whole, take) {
  const found = {};
  if (rows) {
    const worth = take(rows);
    found.weight = Float32Array.from({ length: rows * columns }, (_, k) =>
      whole() * worth[Math.floor(k / columns)]);
    Object.assign(found, { rows, columns });
  }
  for (const name of ["bias", "factor", "shift"]) if (step[name]) found[name] = take(step[name]);
  return found;
}

/** Read whole numbers of so many bits, one after the other; half the range is zero. */
function bitReader(bytes, bits) {
  let [at, held, have] = [0, 0, 0];
  return () => {
    while (have < bits) {
      held = (held << 8) | bytes[at++];
      have += 8;
    }
    have -= bits;
    const value = held >> have;
    held &= (1 << have) - 1;
    return value - 2 ** (bits - 1);
  };
}

const RUN = {
  conv, dense, affine, adaptive,
  max: (step, x) => pooled(step, x, largest),
  average: (step, x) => pooled(step, x, mean),
  shape: ({ shape }, { data }) => ({ shape, data }),
  same: (_, x) => x,
  add: (_, x, y) => ({ shape: x.shape, data: x.data.map((value, k) => value + y.data[k]) }),
  relu: each((value) => (value > 0 ? value : 0)),
  tanh: each(Math.tanh),
  sigmoid: each((value) => 1 / (1 + Math.exp(-value))),
  softmax: (_, x) => ({ shape: x.shape, data: softmaxOf(x.data) }),
  logsoftmax: (_, x) => ({ shape: x.shape, data: softmaxOf(x.data).map(Math.log) }),
};

function each(change) {
  return (_, { shape, data }) => ({ shape, data: data.map(change) });
}

/** Exponentials divided by their sum; the largest is taken off first. */
export function softmaxOf(values) {
  const top = values.reduce((a, b) => Math.max(a, b));
  const powers = Float64Array.from(values, (value) => Math.exp(value - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** How many windows fit along each axis. */
function fitting([, height, width], { kernel, stride, padding, dilation = [1, 1] }) {
  return [height, width].map((size, axis) => Math.floor(
    (size + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) / stride[axis]) + 1);
}

/** Add up weight by weight: each goes over the whole map before the next. */
function conv(step, x) {
  const { rows, columns, weight, bias, kernel, stride, padding, dilation, groups } = step;
  const [channels, height, width] = x.shape;
  const [high, wide] = fitting(x.shape, step);
  const out = new Float64Array(rows * high * wide);
  const taps = kernel[0] * kernel[1];
  for (let o = 0; o < rows; o++) {
    const map = out.subarray(o * high * wide, (o + 1) * high * wide);
    if (bias) map.fill(bias[o]);
    const group = Math.floor((o * groups) / rows) * (channels / groups);
    for (let k = 0; k < columns; k++) {
      const w = weight[o * columns + k];
      if (w === 0) continue;
      const plane = x.data.subarray((group + Math.floor(k / taps)) * height * width);
      const top = (Math.floor(k / kernel[1]) % kernel[0]) * dilation[0] - padding[0];
      const left = (k % kernel[1]) * dilation[1] - padding[1];
      const from = Math.max(0, Math.ceil(-left / stride[1]));
      const to = Math.min(wide - 1, Math.floor((width - 1 - left) / stride[1]));
      for (let i = 0; i < high; i++) {
        const r = i * stride[0] + top;
        if (r < 0 || r >= height) continue;
        let at = r * width + from * stride[1] + left;
        for (let j = from; j <= to; j++, at += stride[1]) map[i * wide + j] += w * plane[at];
      }
    }
  }
  return { shape: [rows, high, wide], data: out };
}

function dense({ rows, columns, weight, bias }, { data }) {
  const out = Float64Array.from({ length: rows }, (_, o) => {
    let sum = bias ? bias[o] : 0;
    for (let k = 0; k < columns; k++) sum += weight[o * columns + k] * data[k];
    return sum;
  });
  return { shape: [rows], data: out };
}

/** A factor and a shift for each channel, or one for all. */
function affine({ factor, shift }, { shape, data }) {
  const each = data.length / shape[0];
  const of = (numbers, k) => numbers[numbers.length === 1 ? 0 : Math.floor(k / each)];
  return { shape, data: data.map((value, k) => value * of(factor, k) + of(shift, k)) };
}

/** One number for each window [channel, top, left] of a map. */
function pooled(step, x, number) {
  const [high, wide] = fitting(x.shape, step);
  const out = new Float64Array(x.shape[0] * high * wide);
  for (let c = 0, k = 0; c < x.shape[0]; c++) {
    for (let i = 0; i < high; i++) {
      for (let j = 0; j < wide; j++, k++) {
        const corner = [i * step.stride[0] - step.padding[0], j * step.stride[1] - step.padding[1]];
        out[k] = number(step, x, c, corner);
      }
    }
  }
  return { shape: [x.shape[0], high, wide], data: out };
}

/** Visit the cells of a window that lie in the map. */
function visit({ kernel, dilation = [1, 1] }, { shape, data }, channel, [top, left], see) {
  const [, height, width] = shape;
  for (let a = 0; a < kernel[0]; a++) {
    const r = top + a * dilation[0];
    if (r < 0 || r >= height) continue;
    for (let b = 0; b < kernel[1]; b++) {
      const c = left + b * dilation[1];
      if (c >= 0 && c < width) see(data[(channel * height + r) * width + c]);
    }
  }
}

function largest(step, x, channel, corner) {
  let most = -Infinity;
  visit(step, x, channel, corner, (value) => { if (value > most) most = value; });
  return most;
}

/** The mean of a window; cells of the padding are counted if `counts` says so. */
function mean(step, x, channel, corner) {
  let [sum, inside] = [0, 0];
  visit(step, x, channel, corner, (value) => { sum += value; inside++; });
  const lengths = step.kernel.map((length, axis) => {
    const end = x.shape[axis + 1] + step.padding[axis];
    return Math.min(corner[axis] + length, end) - corner[axis];
  });
  return sum / (step.counts ? lengths[0] * lengths[1] : inside);
}

/** Means over parts that share the map among them, as adaptive average pooling does. */
function adaptive({ size, shape }, x) {
  const [channels, height, width] = x.shape;
  const edges = (length, parts) => Array.from({ length: parts }, (_, k) =>
    [Math.floor((k * length) / parts), Math.ceil(((k + 1) * length) / parts)]);
  const [rows, columns] = [edges(height, size[0]), edges(width, size[1])];
  const out = [];
  for (let c = 0; c < channels; c++) {
    for (const [top, bottom] of rows) {
      for (const [left, right] of columns) {
        const window = { kernel: [bottom - top, right - left], counts: false, padding: [0, 0] };
        out.push(mean(window, x, c, [top, left]));
      }
    }
  }
  return { shape: shape ?? [channels, ...size], data: Float64Array.from(out) };
}
