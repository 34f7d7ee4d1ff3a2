// The numbers that slips give, and their names: for the predict mode of the steppers.
import { addUp, agrees } from "../shared/numbers.js";

/** The cells of the padded input under a window: { c, r, q, x, w, real } each. */
export function windowCells(data, channels, top, left, dilation = data.dilation) {
  const [above, , before] = data.margins;
  const cells = [];
  for (const c of channels) {
    for (let r = 0; r < data.window[0]; r++) {
      for (let q = 0; q < data.window[1]; q++) {
        const row = top + r * dilation[0] - above;
        const column = left + q * dilation[1] - before;
        const x = data.input[c][row]?.[column];
        const w = data.kernel ? data.kernel[c][r][q] : 1;
        const empty = data.mode === "max" ? -Infinity : 0;
        cells.push({ c, r, q, w, x: x ?? empty, real: x !== undefined });
      }
    }
  }
  return cells;
}

/** What a slip would have made of output[o][i][j]: [value, words] pairs, likely ones first. */
export function slips(data, o, i, j) {
  return data.mode === "conv" ? convSlips(data, i, j) : poolSlips(data, o, i, j);
}

/** Name the slips that give this answer and not the right value; at most two. */
export function nameSlips(data, answer, [o, i, j]) {
  const right = data.output[o][i][j];
  const found = slips(data, o, i, j).filter(
    ([value]) => Number.isFinite(value) && !agrees(value, right) && agrees(answer, value));
  return [...new Set(found.map(([, words]) => words))].slice(0, 2);
}

const products = (cells) => addUp(cells.map(({ x, w }) => x * w));

function convSlips(data, i, j) {
  const { bias, kernel, input } = data;
  const all = input.map((_, c) => c);
  const cells = windowCells(data, all, i * data.stride[0], j * data.stride[1]);
  const sum = products(cells);
  const [kh, kw] = data.window;
  const turned = (turn) => addUp(cells.map(({ c, r, q, x }) => {
    const [row, column] = turn(r, q);
    return x * (kernel[c][row]?.[column] ?? NaN);
  }));
  const list = [
    [sum, "the bias was forgotten"],
    [turned((r, q) => [kh - 1 - r, kw - 1 - q]) + bias,
      "the kernel was turned by 180 degrees, which a convolution layer does not do"],
    ...misplaced(data, i, j,
      (moved, dilation) => products(windowCells(data, all, ...moved, dilation)) + bias),
    ...channelSlips(cells, all, sum, bias),
    ...(kh > 1 ? [[products(cells.filter(({ r }) => r === 0)) + bias,
      "only the first row of the window was added"]] : []),
    [sum - bias, "the bias was subtracted instead of added"],
    [sum + cells.length * bias, "the bias was added to every product; it comes once per output"],
    [sum + all.length * bias, "the bias was added for every channel; it comes once per output"],
    [addUp(cells.map(({ x, w }) => Math.abs(x * w))) + bias, "the minus signs were lost"],
    [addUp(cells.map(({ x, w }) => x * Math.abs(w))) + bias, "the minus signs of the kernel were lost"],
    [-(sum + bias), "the sign of the result is the wrong way round"],
    [Math.max(0, sum + bias), "a negative result was set to 0; that is ReLU, and it comes later"],
    [turned((r, q) => [r, kw - 1 - q]) + bias, "the kernel was mirrored left to right"],
    [turned((r, q) => [kh - 1 - r, q]) + bias, "the kernel was mirrored top to bottom"],
    [turned((r, q) => [q, r]) + bias, "rows and columns of the kernel were swapped"],
    [addUp(cells.map(({ x }) => x)) + bias, "the cells were added without the kernel"],
    [addUp(cells.map(({ x, w }) => x + w)) + bias, "cells and weights were added instead of multiplied"],
    [sum / cells.length + bias, "the sum was divided by the number of cells; a convolution only adds"],
  ];
  for (const { r, q, x, w } of cells.filter(({ x, w }) => x * w)) {
    const where = `at row ${r}, column ${q} of the window`;
    list.push([sum - x * w + bias, `the product ${where} was left out`]);
    list.push([sum - 2 * x * w + bias, `the product ${where} has the wrong sign`]);
  }
  if (!bias) return list;
  const others = list.filter(([, words]) => !words.includes("bias"));
  return [...list, ...others.map(alsoWithoutBias(bias))];
}

const alsoWithoutBias = (bias) => ([value, words]) =>
  [value - bias, `${words}, and the bias was forgotten`];

function channelSlips(cells, all, sum, bias) {
  if (all.length === 1) return [];
  return all.flatMap((channel) => {
    const own = products(cells.filter(({ c }) => c === channel));
    return [
      [sum - own + bias, `channel ${channel} was dropped`],
      [own + bias, `only channel ${channel} was counted`],
    ];
  });
}

/** The window in a wrong place: `result([top, left], dilation)` is what it gives there. */
function misplaced(data, i, j, result) {
  const [down, across] = data.stride;
  const [above, , before] = data.margins;
  const [top, left] = [i * down, j * across];
  const list = [];
  const seen = new Set();
  const put = (words, moved, dilation) => {
    const other = dilation || moved[0] !== top || moved[1] !== left;
    if (!other || !fits(data, moved, dilation)) return;
    const place = `${moved} ${dilation ?? ""}`;
    if (!seen.has(place)) list.push([result(moved, dilation), words]);
    seen.add(place);
  };
  put("the padding was forgotten: the window starts in the padding, not in the image",
    [top + above, left + before]);
  put(
    down === across
      ? `the stride was forgotten: the window moves ${down} cells at a time`
      : `the stride is (${down}, ${across}): how far the window moves down, and to the right`,
    [i, j],
  );
  put("row and column of the output were swapped", [j * down, i * across]);
  if (data.dilation.some((d) => d > 1)) {
    put("the gaps of the dilation were forgotten", [top, left], [1, 1]);
  }
  for (const [r, q, words] of WAYS) {
    put(`the window was ${words}`, [top + r, left + q]);
    const next = data.output[0][i + r]?.[j + q] !== undefined;
    if (next) {
      put(`this is the number for output[${i + r}, ${j + q}]`, [top + r * down, left + q * across]);
    }
  }
  return list;
}

/** Whether a window lies in the (padded) input as a whole: else nobody can put it there. */
function fits(data, [top, left], dilation = data.dilation) {
  const [above, below, before, after] = data.margins;
  const high = data.input[0].length + above + below;
  const wide = data.input[0][0].length + before + after;
  const [kh, kw] = data.window;
  const bottom = top + (kh - 1) * dilation[0], right = left + (kw - 1) * dilation[1];
  return top >= 0 && left >= 0 && bottom < high && right < wide;
}

const WAYS = [
  [0, -1, "one column too far left"], [0, 1, "one column too far right"],
  [-1, 0, "one row too high"], [1, 0, "one row too low"],
  [-1, -1, "one row too high and one column too far left"],
  [-1, 1, "one row too high and one column too far right"],
  [1, -1, "one row too low and one column too far left"],
  [1, 1, "one row too low and one column too far right"],
];

function poolSlips(data, o, i, j) {
  const at = ([top, left], dilation) => windowCells(data, [o], top, left, dilation);
  const cells = at([i * data.stride[0], j * data.stride[1]]);
  const real = cells.filter((cell) => cell.real).map(({ x }) => x);
  const counted = data.mode === "max" ? real : cells.map(({ x }) => x);
  const result = data.mode === "max" ? (xs) => Math.max(...xs) : (xs) => addUp(xs) / cells.length;
  const right = data.output[o][i][j];
  const others = data.input.map((_, c) => c).filter((c) => c !== o);
  const mixed = "this is the number of another channel; each channel is pooled alone";
  const channels = others.map((c) => [data.output[c][i][j], mixed]);
  const places = misplaced(data, i, j,
    (moved, dilation) => result(at(moved, dilation).map(({ x }) => x)));
  const own = data.mode === "max" ? [
    [Math.min(...real), "this is the smallest number of the window, not the largest"],
    [addUp(real) / real.length, "this is the mean of the window, not its largest number"],
    [real.length < cells.length ? Math.max(0, ...real) : NaN,
      "the padding was taken for zeros; a maximum is padded with −∞"],
    ...places, ...channels,
    [Math.max(...real.map(Math.abs)), "the sign was lost: the largest number, not the largest size"],
    [real.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0),
      "this is the number of the largest size, not the largest number"],
    [addUp(real), "the numbers were added; max pooling keeps the largest"],
    [cells[0].x,
      "this is the first cell of the window; a stride keeps that one, max pooling the largest"],
  ] : [
    [addUp(real), `the sum was not divided by ${cells.length}`],
    [addUp(real) / real.length,
      `the padding was left out of the count; PyTorch divides by all ${cells.length} cells`],
    [Math.max(...counted), "this is the largest number of the window, not the mean"],
    [Math.min(...counted), "this is the smallest number of the window, not the mean"],
    ...places, ...channels,
    [Math.floor(right), "the mean was rounded down to a whole number"],
    [Math.trunc(right), "the decimals of the mean were cut off"],
    [Math.round(right), "the mean was rounded to a whole number"],
    [cells[0].x, "this is the first cell of the window"],
    [addUp(real.map(Math.abs)) / cells.length, "the minus signs were lost"],
    [-right, "the sign of the result is the wrong way round"],
  ];
  return own;
}
