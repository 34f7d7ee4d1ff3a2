// What the net sees of a drawing: 28 x 28 pixels of 256 levels, as they lie or centred.
// The same as `cnnlib.visuals.centre_digit` in Python, to the last level.
import { CELLS, SIDE } from "./ink.js";

const BOX = 20;
const MIDDLE = 14;

/** The 784 levels for the ink of a drawing (side x side cells); zeros if it is empty. */
export function levelsOf(ink, centred, side = CELLS) {
  if (!centred) return reduced(ink, side, ...[0, 1].map(() => cover(side, 0, side / SIDE, 0)));
  const ends = extent(ink, side);
  if (!ends) return new Uint8Array(SIDE * SIDE);
  const step = Math.max(...ends.map(([first, end]) => end - first)) / BOX;
  const sums = profiles(ink, side);
  const [rows, columns] = ends.map(([first, end], axis) => {
    const room = SIDE - (end - first) / step;
    const start = MIDDLE + 0.5 - (centreOf(sums[axis]) - first) / step;
    return cover(side, first, step, Math.min(Math.max(start, 0), room));
  });
  return reduced(ink, side, rows, columns);
}

/** The centre of mass [row, column] of 784 levels, counted in pixels from 0. */
export function massOf(levels) {
  return profiles(levels, SIDE).map((sums) => centreOf(sums) - 0.5);
}

/** First and end of the rows, and of the columns, that have more than a tenth of the most ink. */
function extent(ink, side) {
  const least = 0.1 * ink.reduce((a, b) => Math.max(a, b), 0);
  let [top, bottom, left, right] = [side, 0, side, 0];
  for (let r = 0, at = 0; r < side; r++) {
    for (let c = 0; c < side; c++, at++) {
      if (ink[at] <= least) continue;
      [top, bottom] = [Math.min(top, r), r + 1];
      [left, right] = [Math.min(left, c), Math.max(right, c + 1)];
    }
  }
  return bottom ? [[top, bottom], [left, right]] : undefined;
}

/** The ink of each row and of each column. */
function profiles(ink, side) {
  const [rows, columns] = [new Float64Array(side), new Float64Array(side)];
  for (let r = 0, at = 0; r < side; r++) {
    for (let c = 0; c < side; c++, at++) {
      rows[r] += ink[at];
      columns[c] += ink[at];
    }
  }
  return [rows, columns];
}

/** The centre of mass along an axis, counted from the edge. */
function centreOf(sums) {
  let [mass, moment] = [0, 0];
  sums.forEach((ink, k) => { mass += ink; moment += ink * (k + 0.5); });
  return moment / mass;
}

/** For each of 28 new pixels, the old ones that it covers: [place, share] pairs. */
function cover(side, first, step, start) {
  return Array.from({ length: SIDE }, (_, k) => {
    const [low, high] = [first + step * (k - start), first + step * (k + 1 - start)];
    const parts = [];
    for (let at = Math.max(0, Math.floor(low)); at < Math.min(side, high); at++) {
      const share = (Math.min(high, at + 1) - Math.max(low, at)) / step;
      if (share > 0) parts.push([at, share]);
    }
    return parts;
  });
}

/** Average along both axes, and round to 256 levels. */
function reduced(ink, side, rows, columns) {
  const levels = new Uint8Array(SIDE * SIDE);
  rows.forEach((parts, i) => {
    const line = new Float64Array(side);
    for (const [r, share] of parts) {
      for (let c = 0; c < side; c++) line[c] += share * ink[r * side + c];
    }
    columns.forEach((across, j) => {
      const value = across.reduce((sum, [c, share]) => sum + share * line[c], 0);
      levels[i * SIDE + j] = Math.min(255, Math.floor(255 * value + 0.5 + 1e-9));
    });
  });
  return levels;
}
