// Convolution of an image in typed arrays: decode, pad, correlate, colour.
import { bytesOf } from "../shared/bytes.js";
import { SIGNED } from "../shared/numbers.js";

/** The pixels of an image whose 256 levels came as base64: level 0 is `low`, 255 `high`. */
export function decodeImage({ height, width, levels, low, high }) {
  const bytes = bytesOf(levels);
  const pixels = new Float32Array(height * width);
  for (let i = 0; i < pixels.length; i++) pixels[i] = low + ((high - low) * bytes[i]) / 255;
  return { height, width, pixels };
}

const PLACES = {
  zeros: () => -1,
  reflect: (i, n) => (i < 0 ? -i : 2 * n - 2 - i),
  replicate: (i, n) => (i < 0 ? 0 : n - 1),
  circular: (i, n) => (i + n) % n,
};

/** The image with `p` cells around it, filled as PyTorch's padding modes do. */
export function padImage({ height, width, pixels }, p, mode) {
  if (p === 0) return { height, width, pixels };
  const [high, wide] = [height + 2 * p, width + 2 * p];
  const padded = new Float32Array(high * wide);
  const from = (n) => Int32Array.from({ length: n + 2 * p }, (_, k) =>
    (k < p || k >= n + p ? PLACES[mode](k - p, n) : k - p));
  const [rows, columns] = [from(height), from(width)];
  for (let r = 0; r < high; r++) {
    if (rows[r] < 0) continue;
    for (let c = 0; c < wide; c++) {
      if (columns[c] >= 0) padded[r * wide + c] = pixels[rows[r] * width + columns[c]];
    }
  }
  return { height: high, width: wide, pixels: padded };
}

/** Slide a kernel (rows of numbers) over a padded image: multiply and add. */
export function correlate({ height, width, pixels }, kernel, stride) {
  const taps = kernel.flatMap((row, r) => row.map((w, q) => [r * width + q, w])).filter(([, w]) => w);
  const [offsets, weights] = [Int32Array.from(taps, ([at]) => at), Float64Array.from(taps, ([, w]) => w)];
  const rows = Math.floor((height - kernel.length) / stride) + 1;
  const columns = Math.floor((width - kernel[0].length) / stride) + 1;
  const result = new Float32Array(rows * columns);
  for (let i = 0, k = 0; i < rows; i++) {
    for (let j = 0, at = i * stride * width; j < columns; j++, at += stride, k++) {
      let sum = 0;
      for (let t = 0; t < offsets.length; t++) sum += weights[t] * pixels[at + offsets[t]];
      result[k] = sum;
    }
  }
  return { height: rows, width: columns, pixels: result };
}

/**
 * The scale of a response, as cnnlib.plots chooses it: grey without negative values (that of
 * the image if it fits there), else centred on zero. Where a few extremes would leave all
 * else pale the ends are at the 99th percentile of the sizes.
 */
export function scaleFor(pixels, imageScale) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of pixels) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const top = Math.max(Math.abs(low), Math.abs(high)) || 1;
  if (low < -1e-6 * top) {
    const usual = percentile(pixels, top);
    const end = usual === 0 || usual > top / 2 ? top : usual;
    return { low: -end, high: end, signed: true, least: low, most: high };
  }
  const end = high <= 1 ? 1 : high;
  const own = { low: Math.min(0, low), high: end, signed: false, least: low, most: high };
  if (imageScale.signed || end > imageScale.high) return own;
  return { ...own, low: imageScale.low, high: imageScale.high };
}

/** About the 99th percentile of the sizes, from a histogram up to `top`. */
function percentile(pixels, top) {
  const bins = new Uint32Array(4097);
  const factor = 4096 / top;
  for (const value of pixels) bins[Math.abs(value) * factor | 0]++;
  let [bin, left] = [4096, 0.01 * pixels.length];
  while (bin > 0 && (left -= bins[bin]) >= 0) bin--;
  return (bin + 0.5) / factor;
}

const DIVERGING = packed(SIGNED);
const GREYS = packed(Array.from({ length: 256 }, (_, level) => [level, level, level]));

/** Colours as the machine's own 32-bit numbers, to be written at once. */
function packed(colours) {
  return new Uint32Array(Uint8Array.from(colours.flatMap((rgb) => [...rgb, 255])).buffer);
}

/** Draw an image on a canvas of its size, in the colours of a scale. */
export function paint(canvas, { height, width, pixels }, { low, high, signed }) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const data = new ImageData(width, height);
  const colours = new Uint32Array(data.data.buffer);
  const table = signed ? DIVERGING : GREYS;
  const factor = 255 / (high - low);
  for (let i = 0; i < pixels.length; i++) {
    const level = (pixels[i] - low) * factor + 0.5;
    colours[i] = table[level < 0 ? 0 : level > 255 ? 255 : level | 0];
  }
  canvas.getContext("2d").putImageData(data, 0, 0);
}
