// The picture of an item: the same that a lesson shows, at the place that was asked for.
import { h } from "../shared/page.js";
import { render as renderStep } from "../step/step_conv.js";
import { render as renderSizes } from "../sizes/explore_sizes.js";

const RENDERS = { step_conv: renderStep, step_pool: renderStep, explore_sizes: renderSizes };

export function pictureOf({ call, data, place }) {
  const el = h("div");
  const model = { get: (name) => data[name], set() {}, save_changes() {} };
  const { go } = RENDERS[call]({ model, el });
  if (place && go) go(place[0] * data.output[0][0].length + place[1]);
  const two = "A is this item. Change B, and compare.";
  const note = call === "explore_sizes" ? h("p", { class: "how" }, two) : "";
  return h("div", {}, note, el);
}
