// Maps of numbers: as they came with the page, and as a mosaic of colours.
import { bytesOf, floatsOf } from "./bytes.js";
import { palette, SIGNED } from "./numbers.js";

const HEAT = palette("HEAT_COLOURS");
const GAP = 1;

/** Colours as the machine's own 32-bit numbers, to be written at once. */
const packed = (colours) =>
  new Uint32Array(Uint8Array.from(colours.flatMap((rgb) => [...rgb, 255])).buffer);

const TABLES = { signed: packed(SIGNED), heat: packed(HEAT) };

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

/** How many maps stand in a row. */
export function columnsFor({ count, height, width }) {
  if (height * width === 1) return count <= 16 ? count : Math.ceil(1.6 * Math.sqrt(count));
  if (count <= 16) return Math.min(count, 4);
  return count <= 64 ? 8 : count <= 256 ? 16 : 32;
}

/**
 * Draw all maps on a canvas, one pixel for each number, with a gap between maps.
 * `own` gives each map a scale of its own. Returns { columns, pitch: [rows, columns] }.
 */
export function drawMosaic(canvas, maps, own = false) {
  const { count, height, width, data, signed } = maps;
  const columns = columnsFor(maps);
  const gap = height * width === 1 && count > 16 ? 0 : GAP;
  const pitch = [height + gap, width + gap];
  const wide = columns * pitch[1] - gap;
  resize(canvas, Math.ceil(count / columns) * pitch[0] - gap, wide);
  const image = new ImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const table = signed ? TABLES.signed : TABLES.heat;
  for (let k = 0, from = 0; k < count; k++) {
    const top = own ? largest(data, from, from + height * width) : maps.top;
    const [zero, factor] = signed ? [127.5, 127.5 / top] : [0, 255 / top];
    let place = Math.floor(k / columns) * pitch[0] * wide + (k % columns) * pitch[1];
    for (let r = 0; r < height; r++, place += wide) {
      for (let q = 0; q < width; q++) {
        const level = data[from++] * factor + zero + 0.5;
        pixels[place + q] = table[level < 0 ? 0 : level > 255 ? 255 : level | 0];
      }
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return { columns, pitch, height, width };
}

function largest(data, from, to) {
  let top = 0;
  for (let i = from; i < to; i++) top = Math.max(top, Math.abs(data[i]));
  return top || 1;
}

/** Give a canvas another size, if it has not that already: a new size also clears it. */
export function resize(canvas, height, width) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** Draw the colours of a scale from one end to the other. */
export function drawScale(canvas, { signed }) {
  resize(canvas, 1, 256);
  const image = new ImageData(256, 1);
  new Uint32Array(image.data.buffer).set(signed ? TABLES.signed : TABLES.heat);
  canvas.getContext("2d").putImageData(image, 0, 0);
}
