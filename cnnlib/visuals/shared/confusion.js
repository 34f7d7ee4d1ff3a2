// A confusion matrix whose cells can be chosen.
import { h, scroller } from "./page.js";
import { numberGrid, tint } from "./numbers.js";

/** Rows are labels, columns are what the net says; pick(row, column) hears a choice. */
export function buildConfusion(classes, pick) {
  const caption = "rows: what it is; columns: what the net says";
  const grid = numberGrid(caption, classes.length, classes.length, { kind: "grid", onpick: pick });
  const names = [...grid.el.querySelectorAll(".index")].filter((one) => one.textContent);
  names.forEach((one, k) => { one.textContent = classes[k < classes.length ? k : k - classes.length]; });
  const show = (counts, cell) => {
    counts.forEach((row, r) => {
      const total = row.reduce((a, b) => a + b, 0) || 1;
      row.forEach((count, c) => {
        const part = count / total;
        const colour = count === 0 ? undefined : tint(r === c ? -part : Math.min(1, 0.15 + 2 * part), 0.7);
        const one = grid.cells[r][c];
        grid.write(one, count ? String(count) : "·", colour ?? [255, 255, 255]);
        one.setAttribute("aria-label", `${classes[r]} read as ${classes[c]}: ${count}`);
        one.tabIndex = (cell ? r === cell[0] && c === cell[1] : r + c === 0) ? 0 : -1;
      });
    });
    grid.frame(cell && [...cell, 1, 1]);
  };
  return { el: h("div", { class: "confusion" }, scroller("confusion matrix", grid.el)), show };
}
