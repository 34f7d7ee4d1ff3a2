// One step in words: the arithmetic row by row, as it is spoken, and as Python.
import { codeBlock, h, sumLine } from "../shared/page.js";
import { addUp, equals, inSum, joined, plain } from "../shared/numbers.js";
import { windowCells } from "./slips.js";

/** The cells under the window of a step, in rows: [{ c, r, cells }]. */
function rowsOf(data, [o, i, j]) {
  const channels = data.kernel ? data.input.map((_, c) => c) : [o];
  const cells = windowCells(data, channels, i * data.stride[0], j * data.stride[1]);
  return channels.flatMap((c) => Array.from({ length: data.window[0] }, (_, r) => (
    { c, r, cells: cells.filter((cell) => cell.c === c && cell.r === r) })));
}

/** What a row of the window gives: [how it is written, its value]. */
function rowSum(data, cells) {
  const numbers = cells.map(({ x }) => x);
  if (data.mode === "max") return [`max(${numbers.map(plain).join(", ")})`, Math.max(...numbers)];
  if (data.mode === "avg") return [joined(numbers), addUp(numbers)];
  const products = cells.map(({ x, w }) => `${inSum(x)}·${inSum(w)}`);
  return [products.join(" + "), addUp(cells.map(({ x, w }) => x * w))];
}

/** The name of the number that a step makes, as it is indexed. */
export function outputName(data, [o, i, j]) {
  return data.output.length > 1 ? `output[${o}, ${i}, ${j}]` : `output[${i}, ${j}]`;
}

/** The arithmetic of a step: a line for every row of the window, then the result. */
export function arithmetic(data, place) {
  const many = data.kernel && data.input.length > 1;
  const rows = rowsOf(data, place).map(({ c, r, cells }) => ({ c, r, cells, sum: rowSum(data, cells) }));
  const lines = rows.map(({ c, r, cells, sum: [text, value] }) => {
    const parts = cells.flatMap(({ x, w }) => [x, w]);
    const made = Number.isFinite(value) ? equals(value, ...parts) : "= −∞";
    return sumLine(many ? `channel ${c}, row ${r}` : `row ${r}`, text, made);
  });
  if (data.kernel) lines.push(sumLine("bias", "", `= ${plain(data.bias)}`));
  return [...lines, total(data, place, rows)];
}

function total(data, place, rows) {
  const [o, i, j] = place;
  const values = rows.map(({ sum }) => sum[1]);
  const count = data.window[0] * data.window[1];
  let text;
  if (data.mode === "max") text = `max(${values.map(plain).join(", ")})`;
  else if (data.mode === "avg") text = `(${joined(values)}) / ${count}`;
  else text = grouped(rows, data.bias);
  return sumLine(outputName(data, place), text, equals(data.output[o][i][j], ...values), "total");
}

/** The row sums and the bias; those of one channel in parentheses if there are several. */
function grouped(rows, bias) {
  const channels = [...new Set(rows.map(({ c }) => c))];
  const sums = (channel) => rows.filter(({ c }) => c === channel).map(({ sum }) => sum[1]);
  if (channels.length === 1) return joined([...sums(channels[0]), bias]);
  const parts = channels.map((channel) => `(${joined(sums(channel))})`);
  return `${parts.join(" + ")} ${bias < 0 ? "−" : "+"} ${plain(Math.abs(bias))}`;
}

/** What there is to do while the number is hidden. */
export function task(data) {
  const cells = data.window[0] * data.window[1] * (data.kernel ? data.input.length : 1);
  const words = {
    conv: `Multiply each of the ${cells} cells in the window by its weight and add the products, `
      + `then add the bias ${plain(data.bias)}.`,
    max: `Find the largest of the ${cells} numbers in the window.`,
    avg: `Add the ${cells} numbers in the window and divide by ${cells}.`,
  };
  return [h("div", { class: "task" }, words[data.mode])];
}

/** A step as it is read out; while the number is hidden, only where it is. */
export function spoken(data, place, hidden) {
  const [o, i, j] = place;
  const where = `${data.output.length > 1 ? `Channel ${o}, row` : "Row"} ${i}, column ${j}`;
  if (hidden) return `${where}: which number comes out?`;
  const rows = rowsOf(data, place);
  const cells = rows.flatMap((row) => row.cells);
  const say = (value) => plain(value).replaceAll("−", "minus ").replace("∞", "infinity");
  const sums = rows.map((row) => say(rowSum(data, row.cells)[1])).join(", ");
  const few = cells.length <= 9;
  const numbers = cells.map(({ x }) => say(x)).join(", ");
  const products = cells.map(({ x, w }) => `${say(x)} times ${say(w)}`).join(", plus ");
  const text = {
    max: few ? `the largest of ${numbers}` : `the largest of the rows' largest, ${sums},`,
    avg: few ? `the mean of ${numbers}` : `the row sums ${sums}, divided by ${cells.length},`,
    conv: `${few ? products : `the row sums ${sums} together`}, plus bias ${say(data.bias)},`,
  }[data.mode];
  return `${where}: ${text} is ${say(data.output[o][i][j])}.`;
}

/** The loop, the line of this step, and the call of PyTorch. */
export function buildCode(data) {
  const loop = codeBlock("our own loop", data.loop);
  const now = codeBlock("this step", [""]);
  const call = codeBlock("PyTorch", [...data.call, ""]);
  loop.rows.at(-1).classList.add("now");
  const show = (place, hidden) => {
    const [o, i, j] = place;
    const index = data.output.length > 1 ? `${o}, ${i}, ${j}` : `${i}, ${j}`;
    const value = hidden ? "?" : plain(data.output[o][i][j]).replaceAll("−", "-");
    now.rows[0].textContent = `out[${index}] = ${stepInPython(data, place)}`;
    call.rows.at(-1).textContent = `out[${index}]  # ${value}`;
  };
  return { el: h("div", { class: "codes" }, loop.el, now.el, call.el), show };
}

/** The right side of the loop's last line with the numbers of this step put in. */
function stepInPython(data, [o, i, j]) {
  const axes = [i, j].map((k, axis) => {
    const [start, gap] = [k * data.stride[axis], data.dilation[axis]];
    const stop = start + gap * (data.window[axis] - 1) + 1;
    return `${start}:${stop}${gap > 1 ? `:${gap}` : ""}`;
  });
  if (data.input.length > 1) axes.unshift(data.kernel ? ":" : String(o));
  const window = `${data.source}[${axes.join(", ")}]`;
  if (!data.kernel) return `${window}.${data.mode === "max" ? "max" : "mean"}()`;
  const bias = data.bias ? ` + ${plain(data.bias).replaceAll("−", "-")}` : "";
  return `(${window} * kernel).sum()${bias}`;
}
