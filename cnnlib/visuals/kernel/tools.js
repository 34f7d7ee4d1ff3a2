// The fields of a kernel, and what can be done with it.
import { button, choice, fill, h } from "../shared/page.js";
import { css, inkOn, largestOf, plain, tint } from "../shared/numbers.js";
import { nameOf, normalised, preset, PRESETS, sumOf, turned, WIDE } from "./kernels.js";

const MODES = [["zeros", "zeros"], ["reflect", "reflect"], ["replicate", "replicate"],
  ["circular", "circular"], ["none", "no padding"]];

const FEEL = { start: 4, pixels: 4, step: 0.1 };

/** A field for every weight, to type in or to drag; weight(row, column, value) hears a change. */
export function buildEditor(weight) {
  const el = h("div", { class: "editor", role: "group", "aria-label": "kernel" });
  let fields = [];
  const colour = () => {
    const values = fields.map((input) => input.valueAsNumber || 0);
    const top = largestOf(values);
    fields.forEach((input, i) => {
      const rgb = tint(values[i], top);
      Object.assign(input.style, { background: css(rgb), color: inkOn(rgb) });
    });
  };
  const field = (r, q, w) => {
    const input = h("input", { type: "number", step: "any", value: Number(w.toFixed(4)),
      "aria-label": `weight, row ${r}, column ${q}` });
    const heard = () => {
      const known = Number.isFinite(input.valueAsNumber);
      input.setAttribute("aria-invalid", String(!known));
      colour();
      if (known) weight(r, q, input.valueAsNumber);
    };
    input.addEventListener("input", heard);
    dragUpAndDown(input, heard);
    return input;
  };
  const show = (kernel) => {
    el.style.setProperty("--columns", kernel.length);
    fields = kernel.flatMap((row, r) => row.map((w, q) => field(r, q, w)));
    fill(el, h("div", { class: "caption" }, `kernel, ${kernel.length} × ${kernel.length}`), fields,
      h("div", { class: "caption hint" }, "Type a weight, or drag it up and down."));
    colour();
  };
  return { el, show };
}

/** Let a field's number follow a press that moves up (more) or down; a short one is a click. */
function dragUpAndDown(input, heard) {
  let from;
  input.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = { y: event.clientY, value: input.valueAsNumber || 0, moved: false };
    try { input.setPointerCapture(event.pointerId); } catch { /* the pointer is gone already */ }
  });
  input.addEventListener("pointermove", (event) => {
    if (!from) return;
    const up = from.y - event.clientY;
    from.moved ||= Math.abs(up) >= FEEL.start;
    if (!from.moved) return;
    event.preventDefault();
    input.value = Number((from.value + Math.round(up / FEEL.pixels) * FEEL.step).toFixed(4));
    heard();
  });
  for (const name of ["pointerup", "pointercancel"]) input.addEventListener(name, () => { from = undefined; });
}

/** Presets, size, padding and stride; turn, normalise, start over. */
export function buildTools(state, { all, size, set, again }) {
  const names = [["", "your own"], ...PRESETS.map(([name]) => [name, name])];
  const wide = WIDE.map(([name]) => h("option", { value: name }, name));
  const presets = choice("Kernel", names, "", (name) =>
    name && all(preset(name, state.kernel.length), `Kernel: ${name}.`));
  const sizes = choice("Size", [["3", "3 × 3"], ["5", "5 × 5"]], "", (n) => size(Number(n)));
  const modes = choice("Padding", MODES, state.mode, (name) => set("mode", name, `Padding: ${name}.`));
  const strides = choice("Stride", ["1", "2", "3", "4"].map((n) => [n, n]), String(state.stride),
    (n) => set("stride", Number(n), `Stride ${n}.`));
  const turn = button("Turn by 180°", () => all(turned(state.kernel), "Turned by 180 degrees."));
  const divide = button("Normalise", () => all(...normalised(state.kernel)));
  const restart = button("Start over", again);
  const sum = h("div", { class: "sum-of" });
  const show = ({ kernel }) => {
    if (kernel.length === 5) presets.select.append(...wide);
    else wide.forEach((option) => option.remove());
    presets.select.value = nameOf(kernel);
    sizes.select.value = String(kernel.length);
    sum.textContent = brightness(kernel);
  };
  const el = h("div", { class: "tools" }, presets.el, sizes.el, modes.el, strides.el,
    h("div", { class: "buttons" }, turn, divide, restart), sum);
  return { el, show };
}

/** What the sum of the weights does to the brightness. */
export function brightness(kernel) {
  const sum = sumOf(kernel);
  const words = Math.abs(sum - 1) < 1e-6 ? "flat areas keep their brightness"
    : sum === 0 ? "flat areas become 0" : `flat areas become ${plain(sum)} times as bright`;
  return `The weights add up to ${plain(sum)}: ${words}.`;
}
