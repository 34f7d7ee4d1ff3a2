// Numbers as text, as colours, and in grids of cells.
import { calm, h, onDrag } from "./page.js";

export const SIGNED = palette("SIGNED_COLOURS");

/** The 256 colours [r, g, b] of a scale, from hexadecimal digits. */
export function palette(digits) {
  const byte = (place) => parseInt(digits.slice(place, place + 2), 16);
  return Array.from({ length: digits.length / 6 }, (_, i) => [0, 2, 4].map((k) => byte(6 * i + k)));
}

/** The colour of a value on a scale that has zero in its middle and ends at +-top. */
export const signedColour = (value, top) => SIGNED[place((value + top) / (2 * top))];

/** The place of a share (0 to 1) among 256 colours. */
export const place = (share) => Math.round(255 * Math.min(1, Math.max(0, share)));

/** A pale tint for a number in a cell: red above zero, blue below, none for infinity. */
export function tint(value, top) {
  return Number.isFinite(value) ? signedColour(value, 2.2 * (top || 1)) : [255, 255, 255];
}

/** The largest size among the numbers of nested lists. */
export function largestOf(values) {
  const flat = values.flat(3).filter(Number.isFinite).map(Math.abs);
  return flat.reduce((a, b) => Math.max(a, b), 0);
}

/** The sum of numbers. */
export const addUp = (values) => values.reduce((a, b) => a + b, 0);

export const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

/** Black or white, whichever stands out more on the colour (WCAG 2 luminance). */
export function inkOn(rgb) {
  const [r, g, b] = rgb.map((byte) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  return light / 0.05 >= 1.05 / light ? "#000" : "#fff";
}

/** A number with so many decimals, a real minus sign and no minus zero. */
export function fixed(value, decimals) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = value.toFixed(decimals);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

/** A number with at most four decimals and no needless zeros; a tiny one is not 0. */
export function plain(value) {
  if (value && Math.abs(value) < 5e-5) return tiny(value);
  const text = fixed(value, 4);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

const tiny = (value) => value.toExponential(1).replace(".0e", "e").replaceAll("-", "−");

/** A number with three digits. */
export const brief = (value) => plain(Number(value.toPrecision(3)));

/** A number as it stands in a sum: a negative one in parentheses. */
export const inSum = (value) => (value < 0 ? `(${plain(value)})` : plain(value));

/** Numbers joined to a sum: 7 − 2 + 5. */
export function joined(values) {
  return values.map((value, k) => (k === 0 ? plain(value)
    : `${value < 0 ? "−" : "+"} ${plain(Math.abs(value))}`)).join(" ");
}

/** Whether four decimals say a number in full. */
const told = (value) => !Number.isFinite(value)
  || Math.abs(Number(value.toFixed(4)) - value) <= 1e-6 * Math.max(1, Math.abs(value));

/** "= 12" or "≈ 1.8333": whether four decimals say it all, and all of what it is made of. */
export function equals(value, ...parts) {
  return `${[value, ...parts].every(told) ? "=" : "≈"} ${plain(value)}`;
}

/** What a person typed as a number: 4.25, 4,25, −3 or 17/4; NaN if it is none. */
export function parseNumber(text) {
  const parts = text.replace(/\s/g, "").replace(/\u2212/g, "-").replace(/,/g, ".").split("/");
  const [above, below] = parts.map((part) => (part ? Number(part) : NaN));
  return parts.length === 1 ? above : parts.length === 2 && below ? above / below : NaN;
}

/** Whether an answer is the value with too few decimals, and no whole number. */
export function roundedTooFar(answer, value) {
  const decimals = String(answer).split(".")[1]?.length ?? 0;
  return decimals > 0 && !agrees(answer, value) && Number(value.toFixed(decimals)) === answer;
}

/** Whether an answer counts as the value: exact, or near if it has many decimals. */
export function agrees(answer, value) {
  const few = Math.abs(value - Number(value.toFixed(2))) <= 1e-6 * Math.max(1, Math.abs(value));
  const slack = few ? 1e-6 * Math.max(1, Math.abs(value)) : Math.min(0.005, 0.01 * Math.abs(value));
  return Math.abs(answer - value) <= slack + 1e-12;
}

/**
 * A grid of cells with numbered rows and columns. `kind` is "table" or "grid" (its cells
 * take the focus). Returns the cells, `write` for one of them, `frame` for the window.
 */
export function numberGrid(caption, rows, columns, { kind = "table", longest = 1, onpick, ondrag } = {}) {
  const cellRole = kind === "grid" ? "gridcell" : "cell";
  const head = Array.from({ length: columns }, (_, c) => index("columnheader", c, 1, c + 2));
  const corner = h("span", { role: kind === "grid" ? "gridcell" : "cell", class: "index" });
  const cells = [];
  const lines = [h("div", { role: "row", class: "row" }, corner, head)];
  for (let r = 0; r < rows; r++) {
    cells.push(Array.from({ length: columns }, (_, c) =>
      h("div", { role: cellRole, class: "cell", style: `grid-area:${r + 2}/${c + 2}` })));
    lines.push(h("div", { role: "row", class: "row" }, index("rowheader", r, r + 2, 1), cells[r]));
  }
  const frame = h("div", { class: "window", "aria-hidden": "true", hidden: true });
  const cellGrid = h("div", { class: "cells", role: kind, "aria-label": caption,
    style: `--columns:${columns};--longest:${longest}` }, lines, frame);
  if (onpick) listen(cells, onpick);
  if (ondrag) {
    cellGrid.classList.add("moves");
    onDrag(cellGrid, cellGrid, (event) => ondrag(cellAt(cells, event)));
  }
  const el = h("div", { class: "grid" },
    h("div", { class: "caption", "aria-hidden": "true" }, caption),
    h("div", { class: "inner" }, cellGrid));
  return { el, caption, cells, frame: (area) => moveFrame(frame, area), write };
}

/** The [row, column] under a pointer, counted on beyond the grid's edges. */
function cellAt(cells, { clientX, clientY }) {
  const { left, top, width, height } = cells[0][0].getBoundingClientRect();
  return [Math.floor((clientY - top) / height), Math.floor((clientX - left) / width)];
}

const index = (role, number, row, column) =>
  h("span", { role, class: "index", style: `grid-area:${row}/${column}` }, String(number));

/** Write a number into a cell on its colour; `small` stands in the corner. */
function write(cell, text, rgb, small = "") {
  cell.replaceChildren(text);
  cell.style.background = rgb ? css(rgb) : "";
  cell.style.color = rgb ? inkOn(rgb) : "";
  cell.classList.toggle("weighed", Boolean(small));
  if (small) cell.append(h("small", {}, small));
}

/** Put the frame on [row, column, height, width], or nowhere; it glides if that is welcome. */
function moveFrame(frame, area) {
  const before = frame.hidden ? undefined : frame.area;
  frame.hidden = !area;
  frame.area = area;
  if (!area || String(area) === String(before)) return;
  const [row, column, height, width] = area;
  frame.style.gridArea = `${row + 2}/${column + 2}/span ${height}/span ${width}`;
  requestAnimationFrame(() => keepInView(frame));
  if (!before || calm() || !frame.animate) return;
  const by = `calc(var(--wide)*${before[1] - column}),calc(var(--cell)*${before[0] - row})`;
  const path = [{ transform: `translate(${by})` }, { transform: "none" }];
  frame.animate(path, { duration: 160, easing: "ease-out" });
}

/** Scroll the part that holds an element sideways, until the element is seen. */
function keepInView(el) {
  const part = el.closest(".scroll");
  if (!part || part.scrollWidth <= part.clientWidth) return;
  const [own, seen] = [el.getBoundingClientRect(), part.getBoundingClientRect()];
  if (own.left < seen.left + 24) part.scrollLeft += own.left - seen.left - 24;
  else if (own.right > seen.right - 6) part.scrollLeft += own.right - seen.right + 6;
}

/** Let clicks and arrow keys choose a cell: onpick(row, column). */
function listen(cells, onpick) {
  const [rows, columns] = [cells.length, cells[0].length];
  const moves = {
    ArrowUp: (r, c) => [r - 1, c], ArrowDown: (r, c) => [r + 1, c],
    ArrowLeft: (r, c) => [r, c - 1], ArrowRight: (r, c) => [r, c + 1],
    Home: (r) => [r, 0], End: (r) => [r, columns - 1],
    PageUp: (_, c) => [0, c], PageDown: (_, c) => [rows - 1, c],
  };
  cells.forEach((line, r) => line.forEach((cell, c) => {
    cell.addEventListener("click", () => onpick(r, c));
    cell.addEventListener("keydown", (event) => {
      const move = event.ctrlKey || event.altKey || event.metaKey ? undefined : moves[event.key];
      if (!move) return;
      event.preventDefault();
      const [row, column] = move(r, c);
      if (row < 0 || column < 0 || row >= rows || column >= columns) return;
      onpick(row, column);
      cells[row][column].focus();
    });
  }));
}
