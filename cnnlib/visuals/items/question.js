// A question on the page: its text with code in it, its grids, tables and lines of code.
import { h, scroller } from "../shared/page.js";
import { numberGrid, plain } from "../shared/numbers.js";

/** Text with `code` in backticks; elsewhere a minus is a minus, and a star a dot. */
export function marked(text) {
  return text.split("`").map((part, k) => (k % 2 ? h("code", {}, part) : typeset(part)));
}

const typeset = (text) => text.replace(/(^|[\s([=])-(?=[\d.a-z])/g, "$1−").replaceAll(" - ", " − ")
  .replace(/\((\d+)-(\d+)\)/g, "($1 − $2)").replace(/(?<=[\w)])( ?)\*\1(?=[\w(])/g, "·");

const isCode = (text) => /^[\w.]+( [+*]?= [\w.]+)?\(.*\)$/.test(text);

/** An answer as it is shown: a line of code as code. */
export const shownAnswer = (text) => (isCode(text) ? h("code", {}, text) : typeset(text));

/** What stands below the text. */
export function blocksOf(blocks) {
  const grids = blocks.filter(({ kind }) => kind === "grid").map(gridOf);
  const others = blocks.filter(({ kind }) => kind !== "grid").map((block) =>
    (block.kind === "code" ? codeOf(block) : tableOf(block)));
  return [...others, grids.length ? h("div", { class: "given" }, grids) : ""];
}

function gridOf({ caption, rows }) {
  const words = rows.map((row) => row.map((value) => plain(value)));
  const longest = Math.max(...words.flat().map((word) => word.length));
  const grid = numberGrid(caption, rows.length, rows[0].length, { longest });
  words.forEach((row, i) => row.forEach((word, j) => grid.write(grid.cells[i][j], word)));
  return scroller(caption, grid.el);
}

function tableOf({ caption, head, rows }) {
  const cell = (value) => h("td", {}, typeof value === "number" ? plain(value) : marked(String(value)));
  return scroller(caption, h("table", { class: "block" }, h("caption", {}, caption),
    h("thead", {}, h("tr", {}, head.map((word) => h("th", { scope: "col" }, word)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell))))));
}

function codeOf({ rows }) {
  return h("div", { class: "codebox" }, scroller("code", h("pre", { class: "code" },
    rows.map(([line]) => line).join("\n"))));
}
