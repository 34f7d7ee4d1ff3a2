// The grids of a stepper: padded input with its window, kernel, and the output so far.
import { h, scroller } from "./page.js";
import { fixed, largestOf, numberGrid, plain, tint } from "./numbers.js";

/** Build input and kernel for every channel, and the output; pick(o, i, j) hears clicks. */
export function buildGrids(data, pick) {
  const [above, below, left, right] = data.margins;
  const many = data.input.length > 1;
  const name = (word, c) => (many ? `${word}, channel ${c}` : word);
  const padded = above + below + left + right ? "padded input" : "input";
  const inputs = data.input.map((map, c) => numberGrid(name(padded, c), map.length + above + below,
    map[0].length + left + right, { longest: longest(data, "input") }));
  const kernels = (data.kernel ?? []).map((map, c) => numberGrid(name("kernel", c), map.length,
    map[0].length, { longest: longest(data, "kernel") }));
  const outputs = data.output.map((map, o) => numberGrid(
    data.output.length > 1 ? `output, channel ${o}` : "output", map.length, map[0].length,
    { kind: "grid", longest: longest(data, "output"), onpick: (i, j) => pick(o, i, j) }));
  kernels.forEach((grid, c) => writeKernel(grid, data, c));
  return { inputs, kernels, outputs, rows: arrange(inputs, kernels, outputs) };
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
  const largest = data.mode === "max" && isKnown(o, i, j) ? data.output[o][i][j] : undefined;
  inputs.forEach((grid, c) => {
    if (data.kernel || c === o) drawInput(grid, data, c, corner, largest);
    else drawInput(grid, data, c);
  });
  outputs.forEach((grid, channel) => {
    const here = channel === o ? [i, j] : undefined;
    drawOutput(grid, data, channel, here, (r, q) => isKnown(channel, r, q));
  });
}

function drawOutput(grid, data, channel, here, isKnown) {
  const top = largestOf(data.output);
  data.output[channel].forEach((row, r) => row.forEach((value, q) => {
    const cell = grid.cells[r][q];
    const current = Boolean(here) && here[0] === r && here[1] === q;
    const known = isKnown(r, q);
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

/** Draw one channel of the padded input; small, in the window, the weights or who wins. */
function drawInput(grid, data, c, corner, winner) {
  const [above, , left] = data.margins;
  const top = largestOf(data.input);
  grid.cells.forEach((line, row) => line.forEach((cell, column) => {
    const value = data.input[c][row - above]?.[column - left];
    const padding = value === undefined;
    const [r, q] = corner ? tapOf(data, corner, row, column) : [-1, -1];
    const tapped = r >= 0 && q >= 0;
    const text = padding ? (data.mode === "max" ? "−∞" : "0") : fixed(value, data.decimals.input);
    const weight = tapped && data.kernel ? weightText(data.kernel[c][r][q]) : "";
    const small = tapped && value === winner && !padding ? "max" : weight;
    grid.write(cell, text, padding ? undefined : tint(value, top), small);
    cell.classList.toggle("padding", padding);
    cell.classList.toggle("tap", tapped);
  }));
  const reach = data.window.map((n, axis) => data.dilation[axis] * (n - 1) + 1);
  grid.el.classList.toggle("holes", data.dilation.some((d) => d > 1));
  grid.frame(corner && [...corner, ...reach]);
}

/** A weight for the corner of a cell: two decimals at most, nothing if it is too long. */
function weightText(weight) {
  const text = `×${plain(Number(weight.toFixed(2)))}`;
  return text.length <= 6 ? text : "";
}

/** Which cell [r, q] of the window lies on a cell of the input; -1 for none. */
function tapOf({ window, dilation }, corner, row, column) {
  return [row, column].map((at, axis) => {
    const off = (at - corner[axis]) / dilation[axis];
    return Number.isInteger(off) && off < window[axis] ? off : -1;
  });
}
