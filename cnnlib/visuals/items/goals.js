// What is mastered of each goal, and what is due.
import { h, scroller } from "../shared/page.js";
import { inWords, isDue, mastered } from "./schedule.js";

/** How many kinds are due now, are begun and are mastered. */
export function countsOf(names, kept, now) {
  const begun = names.filter((name) => kept[name]);
  return { all: names.length, begun: begun.length,
    due: begun.filter((name) => isDue(kept[name], now)).length,
    mastered: begun.filter((name) => mastered(kept[name].card)).length };
}

/** The counts in a line. */
export function lineOf({ all, begun, due, mastered: known }) {
  if (!begun) return `${all} kinds of item, all new.`;
  return `Mastered ${known} of ${all}, begun ${begun}, due now ${due}.`;
}

/** A table for each lesson: its headings, how much of them is mastered, when they come again. */
export function tablesOf({ lessons, kinds, names, kept, now, linkTo }) {
  return lessons.map(([lesson, title]) => {
    const own = names.filter((name) => kinds[name][0] === lesson);
    const headings = [...new Set(own.map((name) => kinds[name][1]))];
    const rows = headings.map((heading) => {
      const here = own.filter((name) => kinds[name][1] === heading);
      return h("tr", {}, h("th", { scope: "row" }, linkTo(here[0], heading)), stateOf(here, kept),
        h("td", {}, dueOf(here, kept, now)));
    });
    const head = ["Goal", "Mastered", "Comes"].map((word) => h("th", { scope: "col" }, word));
    const name = `${lesson} ${title}`;
    return scroller(name, h("table", { class: "goals" }, h("caption", {}, name),
      h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
  });
}

/** A sign for each kind of a goal, and in words how many are mastered. */
function stateOf(names, kept) {
  const cards = names.map((name) => kept[name]?.card);
  const known = cards.filter(mastered).length;
  const signs = cards.map((card) => (mastered(card) ? "●" : card ? "◐" : "○")).join("");
  const sign = h("span", { class: "signs", "aria-hidden": "true" }, signs);
  return h("td", {}, sign, ` ${known} of ${cards.length}`);
}

function dueOf(names, kept, now) {
  const begun = names.filter((name) => kept[name]);
  if (begun.some((name) => isDue(kept[name], now))) return "now";
  const dues = begun.map((name) => kept[name].card.due);
  return dues.length ? inWords(Math.min(...dues) - now) : "new";
}
