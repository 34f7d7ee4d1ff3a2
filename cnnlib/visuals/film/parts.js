// Curve, scores, and the images behind the cells of the confusion matrix.
import { fill, h } from "../shared/page.js";
import { fixed } from "../shared/numbers.js";
import { bytesOf } from "../shared/bytes.js";
import { s } from "../shared/svg.js";

const [WIDE, HIGH] = [640, 110];

/** A share as percent: 97.5 %. */
export const share = (part) => `${Number((100 * part).toFixed(2))} %`;

/** The loss from the first step to the last, with a line at the epoch of now. */
export function buildCurve(losses, last) {
  const top = Math.max(...losses, 1e-9);
  const points = losses.map((loss, k) =>
    `${((WIDE * (k + 0.5)) / losses.length).toFixed(1)},${(HIGH * (1 - loss / top)).toFixed(1)}`);
  const mark = s("line", { class: "now", y1: 0, y2: HIGH });
  const ends = [losses[0] ?? 0, losses.at(-1) ?? 0].map((loss) => fixed(loss, 2)).join(" to ");
  const picture = s("svg", { viewBox: `0 -4 ${WIDE} ${HIGH + 8}`, role: "img", class: "curve",
    "aria-label": `training loss by step, from ${ends}` },
  s("path", { class: "axis", d: `M0 0V${HIGH}H${WIDE}` }),
  s("polyline", { points: points.join(" "), class: "loss" }), mark);
  const show = (epoch) => {
    const x = last ? (WIDE * epoch) / last : 0;
    mark.setAttribute("x1", x);
    mark.setAttribute("x2", x);
  };
  const caption = h("div", { class: "caption" }, `training loss, step by step, from 0 to ${fixed(top, 2)}`);
  return { el: h("div", { class: "course", hidden: losses.length === 0 }, caption, picture), show };
}

/** The probabilities that the scores of one image make, as bars. */
export function buildScores(classes) {
  const rows = classes.map((name) => ({
    name, bar: h("span", { class: "bar-of" }), value: h("span", { class: "value" }) }));
  const el = h("div", { class: "scores" }, rows.map(({ name, bar, value }) => h("div", { class: "score-row" },
    h("span", { class: "who" }, name), h("span", { class: "track" }, bar), value)));
  const show = (scores, label) => {
    const top = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    rows.forEach(({ bar, value }, k) => {
      bar.style.width = `${(100 * powers[k]) / sum}%`;
      bar.classList.toggle("right", k === label);
      value.textContent = `${((100 * powers[k]) / sum).toFixed(0)} %`;
    });
  };
  return { el, show };
}

/** The images behind a cell. */
export function buildExamples({ size, data }, numbers) {
  const [count, height, width] = size;
  const pairs = bytesOf(data);
  const level = (at) => (at % 2 ? pairs[at >> 1] & 15 : pairs[at >> 1] >> 4);
  const words = h("div", { class: "caption" });
  const row = h("div", { class: "examples" });
  const picture = (k, label) => {
    const canvas = h("canvas", { role: "img", width, height, "aria-label": label });
    const image = new ImageData(width, height);
    for (let i = 0; i < height * width; i++) {
      image.data.set([...Array(3).fill(17 * level(k * height * width + i)), 255], 4 * i);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    return h("figure", {}, canvas, h("figcaption", {}, `image ${numbers[k]}`));
  };
  const clear = (text) => {
    words.textContent = text;
    fill(row);
    return text;
  };
  const show = (truth, said, all, images) => {
    const kind = truth === said ? `${truth}, read as ${said}` : `${truth}, wrongly read as ${said}`;
    const less = images.length < all ? `, ${images.length} of them here` : "";
    const text = all ? `${kind}: ${all} ${all === 1 ? "image" : "images"}${less}` : `${kind}: none`;
    clear(text);
    if (count) fill(row, images.map((k) => picture(k, `a ${truth}, read as ${said}, image ${numbers[k]}`)));
    return text;
  };
  return { el: h("div", {}, words, row), show, clear };
}
