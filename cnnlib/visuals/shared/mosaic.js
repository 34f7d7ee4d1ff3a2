// A mosaic with its caption and colours, for numbers that change from epoch to epoch.
import { fill, h } from "./page.js";
import { drawMosaic, drawScale } from "./maps.js";
import { brief } from "./numbers.js";

/** A mosaic; show(maps, words) draws other numbers. */
export function buildMaps() {
  const canvas = h("canvas", { role: "img", "aria-label": "no maps yet" });
  const bar = h("canvas", { class: "colours", "aria-hidden": "true" });
  const ends = h("div", { class: "ends", "aria-hidden": "true" });
  const caption = h("div", { class: "caption" });
  const box = h("div", { class: "picture" }, canvas);
  const show = (maps, words) => {
    drawMosaic(canvas, maps);
    box.style.width = `${Math.round(Math.min(300, canvas.width * 30))}px`;
    drawScale(bar, maps);
    const values = maps.signed ? [-maps.top, 0, maps.top] : [0, maps.top / 2, maps.top];
    fill(ends, values.map((value) => h("span", {}, brief(value))));
    caption.textContent = `${maps.count} ${words}`;
    canvas.setAttribute("aria-label", caption.textContent);
  };
  return { el: h("div", { class: "changing" }, caption, box, bar, ends), show };
}
