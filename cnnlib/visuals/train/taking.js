// What can be taken along: the weights as a file.
import { h } from "../shared/page.js";

/** Save the weights of a net as a file for `cnnlib.models.load_net`. */
export function saveWeights(blocks, parameters) {
  const weights = Object.fromEntries(parameters.map(({ name, shape, values }) => [name,
    { shape, values: base64Of(Float64Array.from(values)) }]));
  const text = JSON.stringify({ format: "cnnlib net 1", blocks, classes: 10, weights });
  const file = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  h("a", { download: "my_net.json", href: file }).click();
  setTimeout(() => URL.revokeObjectURL(file), 1000);
}

/** Little-endian 64-bit floats as base64. */
function base64Of(numbers) {
  const bytes = new Uint8Array(numbers.buffer);
  let text = "";
  for (let k = 0; k < bytes.length; k += 4096) text += String.fromCharCode(...bytes.subarray(k, k + 4096));
  return btoa(text);
}
