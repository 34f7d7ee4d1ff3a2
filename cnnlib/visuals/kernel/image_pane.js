// An image on a canvas with its colour bar, and the arithmetic of one number of it.
import { fill, h, onDrag, sumLine } from "../shared/page.js";
import { addUp, equals, inSum, joined, plain } from "../shared/numbers.js";
import { paint } from "./filter.js";

/** A canvas with a caption, a colour bar and a frame; onpick([row, column]) hears clicks. */
export function buildPane(name, onpick) {
  const canvas = h("canvas", { role: "img" });
  const frame = h("div", { class: "window", "aria-hidden": "true" });
  const caption = h("div", { class: "caption" });
  const bar = h("canvas", { class: "colours", "aria-hidden": "true" });
  const ends = h("div", { class: "ends", "aria-hidden": "true" });
  const box = h("div", { class: "picture" }, canvas, frame);
  onDrag(canvas, box, (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const share = [(event.clientY - top) / height, (event.clientX - left) / width];
    onpick([Math.floor(share[0] * canvas.height), Math.floor(share[1] * canvas.width)]);
  });
  /** Paint an image; it is as wide, against `whole`, as it has columns. */
  const show = (image, scale, whole) => {
    paint(canvas, image, scale);
    box.style.width = percent(image.width, whole.width);
    const range = scale.least === undefined ? "" : `, from ${plain(scale.least)} to ${plain(scale.most)}`;
    caption.textContent = `${name}, ${image.height} × ${image.width}${range}`;
    canvas.setAttribute("aria-label", caption.textContent);
    showColours(bar, ends, scale);
  };
  const mark = ([row, column, height, width], image) => Object.assign(frame.style, {
    top: percent(row, image.height), left: percent(column, image.width),
    height: percent(height, image.height), width: percent(width, image.width) });
  return { el: h("div", { class: "pane" }, caption, box, bar, ends), canvas, show, mark };
}

const percent = (part, whole) => `${(100 * part) / whole}%`;

/** Paint a scale from its low to its high end, and write three of its numbers. */
function showColours(bar, ends, scale) {
  const span = scale.high - scale.low;
  const steps = Float32Array.from({ length: 256 }, (_, i) => scale.low + (span * i) / 255);
  paint(bar, { height: 1, width: 256, pixels: steps }, scale);
  const values = [scale.low, scale.low + span / 2, scale.high];
  fill(ends, values.map((value) => h("span", {}, plain(Number(value.toPrecision(3))))));
}

/** One number of the response: fields for its place, and how it comes about. */
export function buildProbe(move) {
  const fields = ["row", "column"].map((name) => {
    const input = h("input", { type: "number", min: 0, step: 1, "aria-label": `${name} of the response` });
    input.addEventListener("input", () => {
      const spot = fields.map((field) => field.valueAsNumber);
      if (spot.every(Number.isInteger)) move(spot);
    });
    input.addEventListener("change", () => { input.value = input.defaultValue; }); // 1.5 is no place
    return input;
  });
  const sums = h("div", { class: "sums" });
  const show = (spot, ends, rows) => {
    fields.forEach((input, axis) => {
      input.max = ends[axis];
      if (input.valueAsNumber !== spot[axis]) input.value = spot[axis];
      input.defaultValue = spot[axis];
    });
    const values = rows.map((row) => addUp(row.map(({ w, x }) => w * x)));
    const parts = (row) => row.flatMap(({ w, x }) => [x, w]);
    const terms = (row) => row.map(({ w, x }) => `${inSum(x)}·${inSum(w)}`).join(" + ");
    fill(sums, rows.map((row, r) => sumLine(`row ${r}`, terms(row), equals(values[r], ...parts(row)))),
      sumLine(`response[${spot.join(", ")}]`, joined(values), equals(addUp(values), ...values), "total"));
  };
  const named = (word, field) => h("label", { class: "field" }, h("span", {}, word), field);
  const el = h("div", { class: "probe" },
    h("div", { class: "where" }, h("span", {}, "One number of the response:"),
      named("row", fields[0]), named("column", fields[1])), sums);
  return { el, show };
}
