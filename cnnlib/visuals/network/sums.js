// Where one number of a layer comes from, worked out from the numbers in the page.
import { addUp } from "../shared/numbers.js";

const SHOWN = 4;
const EACH = {
  relu: "ReLU", tanh: "tanh", sigmoid: "sigmoid", leaky_relu: "leaky ReLU", gelu: "GELU",
  elu: "ELU", silu: "SiLU", hardswish: "hard swish", relu6: "ReLU6",
};

export const nameOfFunction = (name) => EACH[name] ?? name;

/** What Python's `probe` says of a unit, from the store; undefined if that lacks numbers. */
export function explain(layer, unit, store) {
  const own = store.values(layer.key);
  if (!own?.exact || own.step > 1) return undefined;
  const value = at(own, unit);
  const found = { unit, value };
  if (!layer.how) return found;
  const { kind, input, other } = layer.how;
  const sources = [input, other].filter((key) => key !== undefined).map((key) => store.values(key));
  if (!sources.every((source) => source?.exact)) return undefined;
  if (kind === "each" || kind === "add") return { ...found, inputs: sources.map((one) => at(one, unit)) };
  if (kind !== "sum") return { ...found, window: cells(sources[0], layer.how, unit[0], unit) };
  const weights = store.weights(layer);
  return weights && { ...found, ...summed(layer, unit, sources[0], weights, store.biases(layer)) };
}

/** The number of a unit in maps that are as large as the layer's own. */
export const at = ({ height, width, data }, [map, row, column]) => data[(map * height + row) * width + column];

/** The window of one map under a unit, as rows; null in the padding. */
function cells({ height, width, data }, { kernel, stride, padding, dilation }, map, [, row, column]) {
  const top = row * stride[0] - padding[0];
  const left = column * stride[1] - padding[1];
  return Array.from({ length: kernel[0] }, (_, r) => Array.from({ length: kernel[1] }, (_, q) => {
    const [i, j] = [top + r * dilation[0], left + q * dilation[1]];
    const inside = i >= 0 && j >= 0 && i < height && j < width;
    return inside ? data[(map * height + i) * width + j] : null;
  }));
}

/** The products by input map: the largest sums, the sum of the others, the bias. */
function summed(layer, unit, source, weights, biases) {
  const { kernel, groups } = layer.how;
  const [rows, columns] = kernel;
  const maps = weights.length / (layer.maps[0] * rows * columns);
  const first = Math.floor((unit[0] * groups) / layer.maps[0]) * maps;
  const terms = Array.from({ length: maps }, (_, k) => {
    const from = (unit[0] * maps + k) * rows * columns;
    const slice = Array.from({ length: rows }, (_, r) =>
      Array.from(weights.subarray(from + r * columns, from + (r + 1) * columns)));
    const window = cells(source, layer.how, first + k, unit).map((row) => row.map((x) => x ?? 0));
    const sum = addUp(window.flatMap((row, r) => row.map((x, q) => x * slice[r][q])));
    return { map: first + k, window, kernel: slice, sum };
  });
  const order = [...terms].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const shown = order.slice(0, SHOWN).sort((a, b) => a.map - b.map);
  const rest = order.slice(SHOWN);
  return { terms: shown, others: { count: rest.length, sum: addUp(rest.map((one) => one.sum)) },
    bias: biases?.[unit[0]] };
}
