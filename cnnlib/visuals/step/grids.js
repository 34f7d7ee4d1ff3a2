// The grids of a stepper: padded input with its window, kernel, and the output so far.
import { h, scroller } from "../shared/page.js";
import { fixed, largestOf, numberGrid, plain, tint } from "../shared/numbers.js";

/** Build input and kernel for every channel, and the output; pick(o, i, j) hears clicks and drags. */
export function buildGrids(data, pick) {
  const drag = (c) => (cell) => pick(data.kernel ? 0 : c, ...placeUnder(data, cell));
  const [above, below, left, right] = data.margins;
  const many = data.input.length > 1;
  const name = (word, c) => (many ? `${word}, channel ${c}` : word);
  const padded = above + below + left + right ? "padded input" : "input";
  const inputs = data.input.map((map, c) => numberGrid(name(padded, c), map.length + above + below,
    map[0].length + left + right, { longest: longest(data, "input"), ondrag: drag(c) }));
  const kernels = (data.kernel ?? []).map((map, c) => numberGrid(name("kernel", c), map.length,
    map[0].length, { longest: longest(data, "kernel") }));
  const outputs = data.output.map((map, o) => numberGrid(
    data.output.length > 1 ? `output, channel ${o}` : "output", map.length, map[0].length,
    { kind: "grid", longest: longest(data, "output"), onpick: (i, j) => pick(o, i, j) }));
  kernels.forEach((grid, c) => writeKernel(grid, data, c));
  inputs.forEach((grid, c) => {
    grid.top = largestOf(data.input);
    grid.el.classList.toggle("holes", data.dilation.some((d) => d > 1));
    grid.cells.forEach((line, row) => line.forEach((_, column) => writeInput(grid, data, c, row, column)));
  });
  return { inputs, kernels, outputs, rows: arrange(inputs, kernels, outputs) };
}

/** The place [i, j] of the output whose window has a cell of the input nearest to its middle. */
function placeUnder({ output, stride, window, dilation }, cell) {
  return cell.map((at, axis) => {
    const reach = dilation[axis] * (window[axis] - 1);
    const last = (axis ? output[0][0].length : output[0].length) - 1;
    return Math.max(0, Math.min(last, Math.round((at - reach / 2) / stride[axis])));
  });
}

/** Input ∗ kernel = output, a line for every channel; a sign stays with what follows it. */
function arrange(inputs, kernels, outputs) {
  const part = (grid) => scroller(grid.caption, grid.el);
  const after = (sign, grid) => h("div", { class: "after" },
    h("div", { class: "sign", "aria-hidden": "true" }, sign), part(grid));
  const line = (...parts) => h("div", { class: "channel" }, parts);
  if (!kernels.length) return inputs.map((grid, c) => line(part(grid), after("→", outputs[c])));
  const lines = inputs.map((grid, c) => [part(grid), after("∗", kernels[c])]);
  if (lines.length === 1) return [...lines[0], after("=", outputs[0])];
  return [h("div", { class: "channels" }, lines.map((parts) => line(parts))), after("=", outputs[0])];
}

/** The longest text in the cells of a grid, in characters. */
function longest(data, name) {
  return Math.max(...data[name].flat(2).map((value) => fixed(value, data.decimals[name]).length));
}

function writeKernel(grid, data, c) {
  const top = largestOf(data.kernel);
  data.kernel[c].forEach((row, r) => row.forEach((value, q) =>
    grid.write(grid.cells[r][q], fixed(value, data.decimals.kernel), tint(value, top))));
}

/** Draw the window at a place of the output, and what is known of the output. */
export function drawGrids({ inputs, outputs }, data, [o, i, j], isKnown) {
  const corner = [i * data.stride[0], j * data.stride[1]];
  const winner = data.mode === "max" && isKnown(o, i, j) ? data.output[o][i][j] : undefined;
  inputs.forEach((grid, c) => {
    if (data.kernel || c === o) drawWindow(grid, data, c, corner, winner);
    else drawWindow(grid, data, c);
  });
  outputs.forEach((grid, channel) => {
    const here = channel === o ? [i, j] : undefined;
    drawOutput(grid, data, channel, here, (r, q) => isKnown(channel, r, q));
  });
}

/** Bring the cells of the output to what is known now; only those that change. */
function drawOutput(grid, data, channel, here, isKnown) {
  const top = largestOf(data.output);
  data.output[channel].forEach((row, r) => row.forEach((value, q) => {
    const cell = grid.cells[r][q];
    const current = Boolean(here) && here[0] === r && here[1] === q;
    const known = isKnown(r, q);
    const state = [known, current, !here && r + q === 0].join();
    if (cell.state === state) return;
    cell.state = state;
    const text = known ? fixed(value, data.decimals.output) : current ? "?" : "";
    grid.write(cell, text, known ? tint(value, top) : undefined);
    cell.classList.toggle("empty", !known);
    cell.setAttribute("aria-selected", String(current));
    cell.tabIndex = current || (!here && r + q === 0) ? 0 : -1;
    if (text) cell.removeAttribute("aria-label");
    else cell.setAttribute("aria-label", "not known yet");
  }));
  grid.frame(here && [...here, 1, 1]);
}

/** Write one channel of the padded input; small: its weight, or who is the largest. */
function writeInput(grid, data, c, row, column, small = "") {
  const value = data.input[c][row - data.margins[0]]?.[column - data.margins[2]];
  const cell = grid.cells[row][column];
  const padding = value === undefined;
  const text = padding ? (data.mode === "max" ? "−∞" : "0") : fixed(value, data.decimals.input);
  grid.write(cell, text, padding ? undefined : tint(value, grid.top), small);
  cell.classList.toggle("padding", padding);
}

/** Move the window of one channel to a corner; without one there is none. */
function drawWindow(grid, data, c, corner, winner) {
  for (const [row, column] of grid.taps ?? []) {
    writeInput(grid, data, c, row, column);
    grid.cells[row][column].classList.remove("tap");
  }
  grid.taps = corner ? tapsOf(data, corner) : [];
  for (const [row, column, r, q] of grid.taps) {
    const value = data.input[c][row - data.margins[0]]?.[column - data.margins[2]];
    const wins = value !== undefined && value === winner;
    const weight = data.kernel ? weightText(data.kernel[c][r][q]) : "";
    writeInput(grid, data, c, row, column, wins ? "max" : weight);
    grid.cells[row][column].classList.add("tap");
  }
  const reach = data.window.map((n, axis) => data.dilation[axis] * (n - 1) + 1);
  grid.frame(corner && [...corner, ...reach]);
}

/** A weight for the corner of a cell: two decimals at most, nothing if that is not enough. */
function weightText(weight) {
  const short = Number(weight.toFixed(2));
  const text = `×${plain(short)}`;
  return text.length <= 6 && (short || !weight) ? text : "";
}

/** The cells under the window: [row, column] of the padded input, [r, q] of the window. */
function tapsOf({ window, dilation }, [top, left]) {
  const rows = Array.from({ length: window[0] }, (_, r) => r);
  const columns = Array.from({ length: window[1] }, (_, q) => q);
  return rows.flatMap((r) => columns.map((q) => [top + r * dilation[0], left + q * dilation[1], r, q]));
}

/** The cells under the window with their weights, [cell, row, column of the window, channel]. */
export function tapCells({ inputs }) {
  return inputs.flatMap((grid, c) => (grid.taps ?? []).map(([row, column, r, q]) =>
    ({ cell: grid.cells[row][column], r, q, c, row, column })));
}
