// The controls that build the net and set how it learns, and what will come of it.
import { button, choice, fill, h, scroller } from "../shared/page.js";
import { planOf, total } from "./plan.js";

const grouped = (count) => count.toLocaleString("en");
const pairs = (values) => values.map((value) => [String(value), String(value)]);
const FIELDS = {
  kernels: ["Kernels", pairs([2, 4, 8, 12, 16]), Number],
  size: ["Kernel size", [1, 3, 5, 7, 9].map((n) => [String(n), `${n} × ${n}`]), Number],
  stride: ["Stride", pairs([1, 2, 3]), Number],
  padding: ["Padding", pairs([0, 1, 2, 3]), Number],
  norm: ["Batch norm", [["", "no"], ["yes", "yes"]], Boolean],
  activation: ["Activation", [["relu", "ReLU"], ["tanh", "tanh"], ["sigmoid", "sigmoid"], ["none", "none"]],
    String],
  pool: ["Pool 2 × 2", [["max", "max"], ["avg", "average"], ["none", "none"]], String],
  dropout: ["Dropout", [["0", "none"], ["0.25", "25 %"], ["0.5", "50 %"]], Number],
};
const LEARNING = {
  optimizer: ["Optimizer", [["adam", "Adam"], ["sgd", "SGD"], ["momentum", "SGD, momentum"]], String],
  rate: ["Rate", pairs([0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1]), Number],
  batch: ["Batch", pairs([8, 16, 32, 64, 128]), Number],
  seed: ["Seed", pairs([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), Number],
};

/** The net and how it learns, in a line. */
const wordsOf = ({ blocks, optimizer, rate }, parameters) =>
  `${blocks.map(({ kernels, size }) => `${kernels} of ${size} × ${size}`).join(", then ")}; `
  + `${grouped(parameters)} parameters; ${optimizer === "adam" ? "Adam" : "SGD"}, rate ${rate}`;

/** The controls of `settings`; `onchange()` hears that they are others now. */
export function buildControls(settings, onchange) {
  const rows = h("div", { class: "blocks" });
  const table = h("table", { class: "plan" });
  const misfit = h("div", { class: "misfit", role: "alert" });
  const sum = h("div", { class: "plan-sum" });

  const field = (fields, target, name, suffix = "") => {
    const [label, options, read] = fields[name];
    const value = target[name] === false ? "" : target[name] === true ? "yes" : String(target[name]);
    const one = choice(label, options, value, (text) => {
      target[name] = read(text);
      change();
    });
    if (suffix) one.select.setAttribute("aria-label", `${label}${suffix}`);
    return one.el;
  };

  function draw() {
    fill(rows, settings.blocks.map((block, k) => h("fieldset", {}, h("legend", {}, `Convolution ${k + 1}`),
      Object.keys(FIELDS).map((name) => field(FIELDS, block, name, ` of convolution ${k + 1}`)))),
    h("div", { class: "buttons" }, settings.blocks.length < 2
      ? button("Add a second convolution", () => blocksAre([...settings.blocks, { ...settings.blocks[0] }]))
      : button("Take the second away", () => blocksAre(settings.blocks.slice(0, 1)))));
  }

  function blocksAre(blocks) {
    settings.blocks = blocks;
    draw();
    change();
  }

  function change() {
    showPlan();
    onchange();
  }

  /** Shapes and counts of the net as it is, or why it does not fit. */
  function showPlan() {
    const plan = planOf(settings.blocks);
    const cells = ({ name, shape, parameters, work }) =>
      [name, shape.join(" × "), grouped(parameters), grouped(work)];
    fill(table, h("thead", {}, h("tr", {}, ["layer", "output", "parameters", "mult-adds"].map((name) =>
      h("th", { scope: "col" }, name)))), h("tbody", {}, plan.rows.map((row) =>
      h("tr", {}, cells(row).map((text, k) => h(k ? "td" : "th", k ? {} : { scope: "row" }, text))))));
    fill(misfit, plan.misfit);
    misfit.hidden = !plan.misfit;
    fill(inWords, plan.misfit ? "the net does not fit" : wordsOf(settings, total(plan.rows, "parameters")));
    fill(sum, plan.misfit ? "" : `${grouped(total(plan.rows, "parameters"))} parameters, `
      + `${grouped(total(plan.rows, "work"))} mult-adds for one image`);
  }

  const inWords = h("span");
  const learning = h("fieldset", {}, h("legend", {}, "Learning"),
    Object.keys(LEARNING).map((name) => field(LEARNING, settings, name)));
  draw();
  showPlan();
  const head = h("summary", {}, h("strong", {}, "Build the net: "), inWords);
  const planned = h("div", { class: "planned" }, scroller("layers of the net", table), sum, misfit);
  const el = h("details", { class: "fold", open: settings.open }, head,
    h("div", { class: "builder" }, h("div", { class: "settings" }, rows, learning), planned));
  const inputs = () => planOf(settings.blocks).rows.at(-2).shape.reduce((a, b) => a * b, 1);
  return { el, fits: () => !planOf(settings.blocks).misfit, inputs };
}
