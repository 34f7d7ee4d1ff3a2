// The fields of a kernel, and what can be done with it.
import { button, choice, fill, h } from "../shared/page.js";
import { plain } from "../shared/numbers.js";
import { nameOf, normalised, preset, PRESETS, sumOf, turned, WIDE } from "./kernels.js";

const MODES = [["zeros", "zeros"], ["reflect", "reflect"], ["replicate", "replicate"],
  ["circular", "circular"], ["none", "no padding"]];

/** A field for every weight; weight(row, column, value) hears a change. */
export function buildEditor(weight) {
  const el = h("div", { class: "editor", role: "group", "aria-label": "kernel" });
  const field = (r, q, w) => {
    const input = h("input", { type: "number", step: "any", value: Number(w.toFixed(4)),
      "aria-label": `weight, row ${r}, column ${q}` });
    input.addEventListener("input", () => {
      const known = Number.isFinite(input.valueAsNumber);
      input.setAttribute("aria-invalid", String(!known));
      if (known) weight(r, q, input.valueAsNumber);
    });
    return input;
  };
  const show = (kernel) => {
    el.style.setProperty("--columns", kernel.length);
    fill(el, h("div", { class: "caption" }, `kernel, ${kernel.length} × ${kernel.length}`),
      kernel.map((row, r) => row.map((w, q) => field(r, q, w))));
  };
  return { el, show };
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
