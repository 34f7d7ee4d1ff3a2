// Windows along one axis, and the coverage of the whole input, as SVG.
import { css, inkOn, palette, place } from "./numbers.js";
import { axis } from "./sizes.js";

const HEAT = palette("HEAT_COLOURS");
const CELL = 26;

/** An SVG element: s("rect", { x: 1 }, child). */
export function s(tag, attributes = {}, ...children) {
  const el = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, value);
  el.append(...children.flat(Infinity).filter((child) => child !== ""));
  return el;
}

const picture = (width, height, label, children) => s("svg",
  { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label }, children);

const number = (x, y, value, attributes) => s("text", { x, y, ...attributes }, String(value));

const box = (x, y, width, height, attributes) => s("rect", { x, y, width, height, ...attributes });

function cross(x, y, size) {
  const [edge, arm] = [0.28 * size, 0.44 * size];
  const d = `M${x + edge} ${y + edge}l${arm} ${arm}m0 ${-arm}l${-arm} ${arm}`;
  return s("path", { class: "cross", d });
}

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
      times ? "" : real ? cross(x + 5, 12, 16) : cross(x, 1, CELL)];
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
  const { seen, span, fits } = axis(setting);
  const { real: along } = axis(setting);
  const top = Math.max(...along) ** 2 || 1;
  const cells = seen.flatMap((down, r) => seen.map((across, c) => {
    const [x, y, times] = [c * CELL + 3, r * CELL + 3, down * across];
    const real = [r, c].every((at) => at >= padding && at < padding + size);
    if (!real) return [box(x, y, CELL, CELL, { class: "around" }), times ? "" : cross(x, y, CELL)];
    const colour = HEAT[place(times / top)];
    return [box(x, y, CELL, CELL, { fill: css(colour), stroke: "#8a8a8a", "stroke-width": 0.5 }),
      number(x + CELL / 2, y + CELL / 2, times, { "font-size": times > 99 ? 10 : 12, fill: inkOn(colour) })];
  }));
  const side = seen.length * CELL + 6;
  const label = `How many windows see each cell of the ${size} by ${size} input: `
    + `along an axis ${along.join(", ")}; multiply row and column.`;
  return picture(side, side, label, [cells, fits ? frame(3, 3, span * CELL) : ""]);
}

/** The output as empty cells of the same size; the first belongs to the framed window. */
export function outputMap(setting) {
  const { windows } = axis(setting);
  const cells = Array.from({ length: windows ** 2 }, (_, k) =>
    box((k % windows) * CELL + 3, Math.floor(k / windows) * CELL + 3, CELL, CELL, { class: "real" }));
  const side = windows * CELL + 6;
  return picture(side, side, `The output: ${windows} by ${windows} cells.`, [cells, frame(3, 3, CELL)]);
}

const frame = (x, y, side) => [
  box(x, y, side, side, { fill: "none", stroke: "#000", "stroke-width": 6 }),
  box(x, y, side, side, { fill: "none", stroke: "#fff", "stroke-width": 2 }),
];
