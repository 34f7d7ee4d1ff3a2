// Ten items that say where to begin.
import { h } from "../shared/page.js";

/**
 * The lesson to begin with, and the kinds that were missed on the way. One miss alone may be a
 * slip: a lesson counts as missed if the item after it, or the one after that, is missed, too.
 */
export function whereToBegin(names, kinds, missed) {
  const bad = names.map((name) => missed.includes(name));
  const first = bad.findIndex((one, k) => one && (bad[k + 1] || bad[k + 2] || k === names.length - 1));
  return { lesson: first < 0 ? undefined : kinds[names[first]][0],
    before: names.filter((_, k) => bad[k] && (first < 0 || k < first)) };
}

/** What the ten items said, for a person. */
export function placed({ names, kinds, missed, lessons, linkTo }) {
  const { lesson, before } = whereToBegin(names, kinds, missed);
  const right = names.length - missed.length;
  const titled = (number) => lessons.find(([one]) => one === number).slice(0, 2).join(" ");
  const address = lessons.find(([one]) => one === lesson)?.[2];
  const count = `${right} of ${names.length} items were right.`;
  const where = lesson ? ["Begin with lesson ", h("a", { href: address }, titled(lesson)), "."]
    : [before.length ? "You know most of it: read what is listed here." : "You know it all: practise."];
  const after = missed.filter((name) => !before.includes(name));
  const goal = (name) => `${kinds[name][0]} ${kinds[name][1]}`;
  const why = lesson ? `From there on these were missed: ${after.map(goal).join("; ")}.` : "";
  const list = before.length ? [h("p", {}, "One item alone was missed here; read it on the way:"),
    h("ul", {}, before.map((name) => h("li", {}, linkTo(name, goal(name)))))] : "";
  const words = h("p", {}, count, " ", h("strong", {}, where), " ", why);
  return { lesson, el: h("div", { class: "placed" }, words, list) };
}
