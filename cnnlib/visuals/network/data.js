// The numbers of a net as they came with the page, or from Python: decoded when needed.
import { floatsOf } from "../shared/bytes.js";
import { decodeMaps } from "../shared/maps.js";

/** A store that decodes each tensor once: values(key), weights(layer), biases(layer). */
export function openStore(packed) {
  const [maps, kernels] = [new Map(), new Map()];
  const once = (cache, key, make) => {
    if (!cache.has(key)) cache.set(key, make());
    return cache.get(key);
  };
  return {
    values: (key) => (packed[key] ? once(maps, key, () => decodeMaps(packed[key])) : undefined),
    replace: (key, value) => maps.set(key, decodeMaps(value)),
    weights: (layer) => layer.weights && once(kernels, layer, () => floatsOf(layer.weights)),
    biases: (layer) => layer.bias && once(kernels, layer.bias, () => floatsOf(layer.bias)),
  };
}

/** One map of a layer, { height, width, step, exact, data }, or nothing. */
export function oneMap(values, number) {
  const at = values.numbers.indexOf(number);
  if (at < 0) return undefined;
  const size = values.height * values.width;
  return { ...values, count: 1, data: values.data.subarray(at * size, (at + 1) * size) };
}

/** The pixels [row, column, height, width] that a unit can see, or nothing. */
export function seenBy(field, [, row, column]) {
  if (!field?.start) return undefined;
  const from = [row, column].map((at, axis) => Math.floor(field.start[axis] + at * field.jump[axis]));
  return [...from, ...field.size];
}
