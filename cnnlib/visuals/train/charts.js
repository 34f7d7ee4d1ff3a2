// Loss and accuracy over the steps, of this run and of those that are kept beside it.
import { fill, h } from "../shared/page.js";
import { s } from "../shared/svg.js";

const [ACROSS, DOWN, LEFT, FOOT] = [320, 150, 42, 20];
const MOST = 300; // points of a line
const LINES = ["now", "kept1", "kept2"];

/** A chart of lines over the steps from 0 to `top`; show(lines, steps) draws { kind, points }. */
function chart(title, top, marks) {
  const room = s("g");
  const axis = s("g", { class: "ticks" });
  const viewBox = `0 0 ${ACROSS + LEFT + 6} ${DOWN + FOOT + 6}`;
  const picture = s("svg", { viewBox, role: "img", "aria-label": title }, axis, room);
  const y = (value) => 4 + DOWN * (1 - Math.min(1, Math.max(0, value / top)));
  const show = (lines, steps, words) => {
    const x = (step) => LEFT + (ACROSS * step) / steps;
    axis.replaceChildren(...marks.map(([value, text]) => s("g", {},
      s("line", { x1: LEFT, x2: LEFT + ACROSS, y1: y(value), y2: y(value) }),
      s("text", { x: LEFT - 5, y: y(value) + 4, "text-anchor": "end" }, text))),
    ...[0, steps].map((step) => s("text", { x: x(step), y: DOWN + FOOT, "text-anchor": step ? "end" : "start" },
      step ? `step ${step}` : "0")));
    room.replaceChildren(...lines.filter(({ points }) => points.length).map(({ kind, points }) => {
      const stride = Math.ceil(points.length / MOST);
      const kept = points.filter((_, k) => k % stride === 0 || k === points.length - 1);
      return s("polyline", { class: `line ${kind}`, points: kept.map(([at, value]) =>
        `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ") });
    }));
    picture.setAttribute("aria-label", words);
  };
  return { el: h("figure", { class: "chart" }, h("figcaption", { class: "caption" }, title), picture), show };
}

/** The loss of each step with its neighbours: a mean over the nine before it. */
const smooth = (losses) => losses.map((_, k) => {
  const part = losses.slice(Math.max(0, k - 9), k + 1).filter(Number.isFinite);
  return [k + 1, part.reduce((a, b) => a + b, 0) / (part.length || 1)];
});

/** Both charts; show(runs) takes { name, losses, judged: [{ steps, train, test }] }, the present one first. */
export function buildCharts() {
  const loss = chart("training loss, a mean over ten steps", 2.5, [[0, "0"], [1, "1"], [2, "2"], [2.303, ""]]);
  const accuracy = chart("read right: test digits (line), training digits (dots)", 1,
    [[0, "0"], [0.5, "50 %"], [0.9, "90 %"], [1, ""]]);
  const names = h("ul", { class: "legend" });
  const show = (runs, least) => {
    const steps = Math.max(least, ...runs.map(({ losses }) => losses.length));
    loss.show(runs.map(({ losses }, k) => ({ kind: LINES[k], points: smooth(losses) })).reverse(), steps,
      runs.map(({ name, losses }) => `${name}: loss ${losses.at(-1)?.toFixed(2) ?? "unknown"}`).join("; "));
    const lines = runs.flatMap(({ judged }, k) => ["train", "test"].map((part) => ({
      kind: `${LINES[k]} ${part}`, points: judged.map((one) => [one.steps, one[part]]) })));
    const reached = ({ name, judged }) => {
      const last = judged.at(-1);
      return last ? `${name}: ${(100 * last.test).toFixed(1)} % after step ${last.steps}` : name;
    };
    accuracy.show(lines.reverse(), steps, `test digits read right, ${runs.map(reached).join("; ")}`);
    fill(names, runs.map((one, k) => h("li", {},
      h("span", { class: `swatch ${LINES[k]}`, "aria-hidden": "true" }), reached(one))));
  };
  return { el: h("div", { class: "charts" }, loss.el, accuracy.el, names), show };
}
