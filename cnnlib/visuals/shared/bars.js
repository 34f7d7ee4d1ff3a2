// Ten bars that say how probable each digit is, for one net or a few side by side.
import { fill, h } from "./page.js";

const DIGITS = [...Array(10).keys()];

/** Bars for nets of these names; show(rows of ten probabilities, or nothing and why). */
export function buildBars(names) {
  const several = names.length > 1;
  const verdict = h("div", { class: "reads" });
  const bars = DIGITS.map(() => names.map((name, net) => (
    { name, bar: h("span", { class: `bar net${net}` }), share: h("span", { class: "share" }) })));
  const line = (digit) => h("li", { class: "digit" }, h("span", { class: "name" }, String(digit)),
    h("div", { class: "tracks" }, bars[digit].map(({ bar, share, name }) => h("div", { class: "track" },
      several ? h("span", { class: "spoken-name" }, `${name}: `) : "",
      h("span", { class: "room", "aria-hidden": "true" }, bar), share))));
  const el = h("div", { class: "pane bars" }, h("div", { class: "caption" }, "how it is read"),
    verdict, h("ul", { class: "digits", "aria-label": "Probability of each digit" }, DIGITS.map(line)));
  const show = (rows, why) => {
    const bests = rows?.map(bestOf) ?? [];
    fill(verdict, rows ? names.map((name, net) => reading(name, net, bests[net], rows[net])) : why);
    bars.forEach((group, digit) => group.forEach(({ bar, share }, net) => {
      const p = rows?.[net][digit];
      bar.style.width = `${100 * (p ?? 0)}%`;
      share.textContent = p === undefined ? "–" : percentOf(p);
      share.classList.toggle("best", bests[net] === digit);
    }));
  };
  return { el, show };
}

export const bestOf = (row) => row.indexOf(Math.max(...row));

/** A share of 1 as percent; what is not none or all does not look like it. */
export function percentOf(share) {
  const text = (100 * share).toFixed(1);
  if (text === "100.0" && share < 1) return "> 99.9 %";
  if (text === "0.0" && share > 0) return "< 0.1 %";
  return `${text} %`;
}

function reading(name, net, digit, row) {
  const who = name ? [h("span", { class: `key net${net}`, "aria-hidden": "true" }), `${name}: `] : ["read as "];
  return h("div", {}, who, h("strong", {}, String(digit)), ` (${percentOf(row[digit])})`);
}

/** The two most probable digits of each net, to be read out. */
export function spokenBars(names, rows) {
  return rows.map((row, net) => {
    const [first, second] = [...DIGITS].sort((a, b) => row[b] - row[a]);
    const [one, two] = [first, second].map((digit) => `${digit}, ${percentOf(row[digit])}`);
    return `${names[net] || "The net"} reads ${one}; then ${two}.`;
  }).join(" ");
}
