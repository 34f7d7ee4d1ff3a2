// One unit of a layer in numbers: fields for its place, and how its number comes about.
import { h, scroller, sumLine } from "../shared/page.js";
import { brief, equals, fixed, inSum, joined, largestOf, numberGrid, plain, tint } from "../shared/numbers.js";
import { nameOfFunction } from "./sums.js";

const MOST = 5;

/** Fields for map, row and column; move(unit) hears them. */
export function buildPlace(move) {
  const fields = ["map", "row", "column"].map((name) => {
    const input = h("input", { type: "number", min: 0, step: 1, "aria-label": name });
    input.addEventListener("input", () => {
      const unit = fields.map((field) => field.valueAsNumber);
      if (unit.every(Number.isInteger)) move(unit);
    });
    input.addEventListener("change", () => { input.value = input.defaultValue; }); // 1.5 is no place
    return input;
  });
  const labels = fields.map((field) =>
    h("label", { class: "field" }, h("span", {}, field.getAttribute("aria-label")), field));
  const show = (unit, sizes) => fields.forEach((input, axis) => {
    input.max = sizes[axis] - 1;
    labels[axis].hidden = axis > 0 && sizes[axis] === 1 && sizes[1] * sizes[2] === 1;
    if (input.valueAsNumber !== unit[axis]) input.value = unit[axis];
    input.defaultValue = unit[axis];
  });
  return { el: h("div", { class: "where" }, labels), show };
}

/** What a unit is called: conv1[3, 4, 5], in a vector fc[3]. */
export const unitName = (layer, unit) =>
  `${layer.name}[${(layer.shape.length === 1 ? unit.slice(0, 1) : unit).join(", ")}]`;

/** The arithmetic of a unit, as elements. */
export function arithmetic(layer, found) {
  const name = unitName(layer, found.unit);
  if (found.terms) return sumOf(layer, found, name);
  if (found.window) return windowOf(layer, found, name);
  if (found.inputs) return [sums(sumLine(name, applied(layer, found), equals(found.value), "total"))];
  return [h("p", {}, `${name} ${equals(found.value)}. How ${layer.kind} makes it is not written out here.`)];
}

const sums = (...lines) => h("div", { class: "sums" }, lines);

function applied(layer, { inputs }) {
  if (layer.how.kind === "add") return joined(inputs);
  return `${nameOfFunction(layer.how.name)}(${plain(inputs[0])})`;
}

function windowOf(layer, { window, value }, name) {
  const real = window.flat().filter((x) => x !== null);
  const listed = real.slice(0, 16).map(plain).join(", ") + (real.length > 16 ? ", …" : "");
  const words = layer.how.kind === "max" ? `max(${listed})` : `mean of ${listed}`;
  return [sums(sumLine(name, words, equals(value), "total"))];
}

/** A convolution: windows and kernels of the maps that weigh most, then the sum. */
function sumOf(layer, { terms, others, bias, value }, name) {
  const [rows, columns] = [terms[0].kernel.length, terms[0].kernel[0].length];
  const drawn = rows * columns > 1 && rows <= MOST && columns <= MOST;
  const tops = ["window", "kernel"].map((part) => largestOf(terms.map((term) => term[part])));
  const blocks = drawn ? [h("div", { class: "terms" }, terms.map((term) => block(term, tops)))] : [];
  const lines = drawn ? [] : terms.map((term) => sumLine(`map ${term.map}`, products(term), equals(term.sum)));
  if (others.count) {
    const many = others.count === 1 ? "1 other map" : `${others.count} other maps`;
    lines.push(sumLine(many, "the same way", equals(others.sum)));
  }
  if (bias !== undefined) lines.push(sumLine("bias", "", equals(bias)));
  const parts = [...terms.map((term) => term.sum), ...(others.count ? [others.sum] : []),
    ...(bias === undefined ? [] : [bias])];
  return [...blocks, sums(lines, sumLine(name, joined(parts), equals(value), "total"))];
}

function products({ window, kernel }) {
  if (window.length * window[0].length > 1) return `${window.length} × ${window[0].length} products, added up`;
  return `${inSum(window[0][0])} · ${inSum(kernel[0][0])}`;
}

/** The window of one input map, the slice of the kernel that lies on it, and their sum. */
function block({ map, window, kernel, sum }, tops) {
  const sign = (text) => h("span", { class: "sign" }, text);
  const parts = [grid(`window in map ${map}`, window, tops[0]), sign("·"),
    grid("kernel", kernel, tops[1])];
  const pair = scroller(`window and kernel, map ${map}`, h("div", { class: "after" }, parts));
  return h("div", { class: "term" }, pair, h("span", { class: "makes" }, equals(sum)));
}

function grid(caption, rows, top) {
  const made = numberGrid(caption, rows.length, rows[0].length, { longest: 5 });
  rows.forEach((row, r) => row.forEach((value, q) =>
    made.write(made.cells[r][q], fixed(value, 2), tint(value, top))));
  return made.el;
}

/** What a layer is, in one line. */
export function layerFacts(layer) {
  const size = layer.field?.size;
  const seen = size ? ` A unit sees ${size.join(" × ")} pixels.` : "";
  return `${layer.kind}${layer.settings ? `: ${layer.settings}` : ""}.${seen}`;
}

/** What the gradient says, in one line. */
export function gradientWords(layer, unit, gradient, seen) {
  const theory = seen ? "Box: the pixels that the unit can see. " : "";
  if (!gradient) return theory;
  if (!gradient.pixels) return `${theory}The gradient is zero: no small change of a pixel changes this unit.`;
  const pixels = `not zero at ${gradient.pixels} pixels`;
  return `${theory}Colours: the gradient, at most ${brief(gradient.top)}, ${pixels}. `
    + "Red: a brighter pixel raises the number; blue: it lowers it.";
}
