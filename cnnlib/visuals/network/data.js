// The numbers of a net as they came with the page, or from Python: decoded when needed.

/** Bytes from base64. */
export function bytesOf(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** 32-bit floats from base64. */
export const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);

/** Maps { count, height, width, data, numbers, step, low, high, top, signed, exact }. */
export function decodeMaps(packed) {
  const [count, height, width] = packed.size;
  const data = packed.exact ? floatsOf(packed.data) : fromLevels(packed);
  const numbers = packed.maps ?? Array.from({ length: count }, (_, k) => k);
  return { ...packed, count, height, width, data, numbers };
}

function fromLevels({ data, top, signed }) {
  const [zero, unit] = signed ? [128, top / 127] : [0, top / 255];
  return Float32Array.from(bytesOf(data), (level) => (level - zero) * unit);
}

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
