// Kernels to start from, and what can be done with one.

const BLUR = [[1, 2, 1], [2, 4, 2], [1, 2, 1]];

/** Names and 3x3 kernels, in the order of the menu. */
export const PRESETS = [
  ["identity", [[0, 0, 0], [0, 1, 0], [0, 0, 0]]],
  ["blur", scaled(BLUR, 1 / 16)],
  ["mean", scaled([[1, 1, 1], [1, 1, 1], [1, 1, 1]], 1 / 9)],
  ["sharpen", [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]],
  ["outline", [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]],
  ["vertical edges", [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]]],
  ["horizontal edges", [[-1, -1, -1], [0, 0, 0], [1, 1, 1]]],
  ["Sobel, vertical edges", [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]],
  ["emboss", [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]],
  ["shift by one column", [[0, 0, 0], [1, 0, 0], [0, 0, 0]]],
];

/** More for 5x5, where there is room for a wider blur. */
export const WIDE = [
  ["wide blur", product([1, 4, 6, 4, 1], 1 / 256)],
  ["wide mean", product([1, 1, 1, 1, 1], 1 / 25)],
];

/** The kernel of a name in a size: a smaller one gets zeros around it. */
export function preset(name, size) {
  const found = [...PRESETS, ...WIDE].find(([known]) => known === name);
  return found && resized(found[1], size);
}

/** The name of a kernel, or "" if it has none. */
export function nameOf(kernel) {
  const same = ([, known]) => known.length <= kernel.length
    && resized(known, kernel.length).every((row, r) => row.every((w, q) => Math.abs(w - kernel[r][q]) < 1e-9));
  return [...PRESETS, ...WIDE].find(same)?.[0] ?? "";
}

/** The same kernel larger, with zeros around it, or its middle. */
export function resized(kernel, size) {
  const off = (size - kernel.length) / 2;
  return Array.from({ length: size }, (_, r) =>
    Array.from({ length: size }, (_, q) => kernel[r - off]?.[q - off] ?? 0));
}

export const turned = (kernel) => kernel.map((row) => [...row].reverse()).reverse();

export function scaled(kernel, factor) {
  return kernel.map((row) => row.map((weight) => weight * factor || 0));
}

/** Divide by the sum; if that is 0, by half the sum of the sizes. Returns kernel and words. */
export function normalised(kernel) {
  const sum = sumOf(kernel);
  const sizes = kernel.flat().reduce((a, w) => a + Math.abs(w), 0);
  if (sizes === 0) return [kernel, "All weights are 0: there is nothing to divide by."];
  if (Math.abs(sum) > 1e-9 * sizes) return [scaled(kernel, 1 / sum), "Divided by the sum."];
  return [scaled(kernel, 2 / sizes), "The sum is 0: divided by the sum of the positive weights."];
}

/** The sum of the weights; rounding noise counts as 0. */
export function sumOf(kernel) {
  const sum = kernel.flat().reduce((a, b) => a + b, 0);
  return Math.abs(sum) < 1e-12 ? 0 : sum;
}

function product(line, factor) {
  return scaled(line.map((a) => line.map((b) => a * b)), factor);
}

/** The lines of Python that make this response of an image (1, H, W). */
export function inPython({ kernel, stride, mode }) {
  const p = (kernel.length - 1) / 2;
  const rows = kernel.map((row) => `[${row.map(asFloat).join(", ")}]`);
  const given = [mode === "none" || mode === "zeros" ? "image[None]" : "padded", "kernel[None, None]"];
  if (stride > 1) given.push(`stride=${stride}`);
  if (mode === "zeros") given.push(`padding=${p}`);
  const around = `padded = F.pad(image[None], (${p}, ${p}, ${p}, ${p}), mode="${mode}")`;
  const pad = given[0] === "padded" ? [around] : [];
  const call = ["response = F.conv2d(", `    ${given.join(", ")},`, ")[0, 0]"];
  return ["kernel = torch.tensor([", ...rows.map((row) => `    ${row},`), "])", ...pad, ...call];
}

/** A number as a float in Python, to nine digits: 1.0, 0.0625. */
function asFloat(value) {
  const text = String(Number(value.toPrecision(9)));
  return /[.e]/.test(text) ? text : `${text}.0`;
}
