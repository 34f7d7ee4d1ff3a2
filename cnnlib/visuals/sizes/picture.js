// Windows along one axis, and the coverage of the whole input, as SVG.
import { css, inkOn, palette, place } from "../shared/numbers.js";
import { s } from "../shared/svg.js";
import { axis } from "./sizes.js";

const HEAT = palette("HEAT_COLOURS");
const CELL = 26;

const picture = (width, height, label, children) => s("svg",
  { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label }, children);

const number = (x, y, value, attributes) => s("text", { x, y, ...attributes }, String(value));

const box = (x, y, width, height, attributes) => s("rect", { x, y, width, height, ...attributes });

/** The path of a cross in a cell, and of the cell's edge. */
function cross(x, y, size) {
  const [edge, arm] = [0.28 * size, 0.44 * size];
  return `M${x + edge} ${y + edge}l${arm} ${arm}m0 ${-arm}l${-arm} ${arm}`;
}

const edges = (x, y) => `M${x} ${y}h${CELL}v${CELL}h${-CELL}z`;

/** The input along one axis, and below it a line for every window. */
export function strip(setting) {
  const { size, kernel, stride, padding, dilation } = setting;
  const { seen, windows, span } = axis(setting);
  const line = 12;
  const cells = seen.map((times, at) => {
    const real = at >= padding && at < padding + size;
    const x = at * CELL + 1;
    const [middle, small] = times ? [14, 12] : [9, 10];
    return [box(x, 1, CELL, CELL, { class: real ? "real" : "around" }),
      real ? number(x + CELL / 2, middle, at - padding, { class: "index", "font-size": small }) : "",
      times ? "" : s("path", { class: "cross", d: real ? cross(x + 5, 12, 16) : cross(x, 1, CELL) })];
  });
  const rows = Array.from({ length: windows }, (_, i) => {
    const [x, y] = [i * stride * CELL + 1, CELL + 6 + i * line];
    const taps = Array.from({ length: kernel }, (_, k) =>
      box(x + k * dilation * CELL + 2, y, CELL - 4, line - 4, { class: "tapped", rx: 2 }));
    return [box(0, y - 1, seen.length * CELL + 2, line - 2, { class: "room" }),
      dilation > 1 ? box(x + 1, y - 1, span * CELL - 2, line - 2, { class: "gap", rx: 2 }) : "", taps];
  });
  const label = `Along one axis: ${size} cells, ${padding} of padding on each side, `
    + `${windows} windows of ${kernel} cells.`;
  return picture(seen.length * CELL + 2, CELL + 8 + windows * line, label, [rows, cells]);
}

/** The input with its padding; in every cell how many windows see it. */
export function coverageMap(setting) {
  const { size, padding } = setting;
  const { seen, real, span } = axis(setting);
  const top = Math.max(...real) ** 2 || 1;
  const cells = [];
  let [around, crosses] = ["", ""];
  seen.forEach((down, r) => seen.forEach((across, c) => {
    const [x, y, times] = [c * CELL + 3, r * CELL + 3, down * across];
    if ([r, c].every((at) => at >= padding && at < padding + size)) {
      const colour = HEAT[place(times / top)];
      cells.push(box(x, y, CELL, CELL, { fill: css(colour), stroke: "#8a8a8a", "stroke-width": 0.5 }),
        number(x + CELL / 2, y + CELL / 2, times, { "font-size": times > 99 ? 10 : 12, fill: inkOn(colour) }));
    } else {
      around += edges(x, y);
      if (!times) crosses += cross(x, y, CELL);
    }
  }));
  const side = seen.length * CELL + 6;
  const label = `How many windows see each cell of the ${size} by ${size} input: `
    + `along an axis ${real.join(", ")}; multiply row and column.`;
  return picture(side, side, label, [s("path", { class: "around", d: around }),
    s("path", { class: "cross", d: crosses }), cells, frame(3, 3, span * CELL)]);
}

/** The output as empty cells of the same size; the first belongs to the framed window. */
export function outputMap(setting) {
  const { windows } = axis(setting);
  const cells = Array.from({ length: windows ** 2 }, (_, k) =>
    edges((k % windows) * CELL + 3, Math.floor(k / windows) * CELL + 3)).join("");
  const side = windows * CELL + 6;
  return picture(side, side, `The output: ${windows} by ${windows} cells.`,
    [s("path", { class: "real", d: cells }), frame(3, 3, CELL)]);
}

const frame = (x, y, side) => [
  box(x, y, side, side, { fill: "none", stroke: "#000", "stroke-width": 6 }),
  box(x, y, side, side, { fill: "none", stroke: "#fff", "stroke-width": 2 }),
];
