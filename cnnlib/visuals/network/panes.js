// What is seen of a net: the layers in a row, the mosaic, the image, one map.
import { fill, h } from "../shared/page.js";
import { drawMosaic, drawScale } from "../shared/maps.js";
import { brief } from "../shared/numbers.js";
import { drawGradient } from "./gradient.js";

const percent = (part, whole) => `${(100 * part) / whole}%`;

/** The layers as tabs; pick(index) hears which. Arrow keys, Home and End move. */
export function buildTabs(layers, pick) {
  const tabs = layers.map((layer, k) => h("button", { type: "button", role: "tab", tabindex: -1,
    "aria-selected": "false", onclick: () => pick(k) },
  h("span", { class: "tab-name" }, layer.name),
  h("span", { class: "tab-size" }, layer.shape.join(" × "))));
  const moves = { ArrowLeft: (k) => k - 1, ArrowRight: (k) => k + 1,
    Home: () => 0, End: () => tabs.length - 1 };
  const strip = h("div", { class: "tabs", role: "tablist", "aria-label": "layers" }, tabs);
  let now = 0;
  strip.addEventListener("keydown", (event) => {
    const next = moves[event.key]?.(now);
    if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    if (!tabs[next]) return;
    pick(next);
    tabs[next].focus();
  });
  const show = (k) => {
    now = k;
    tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === k));
      tab.tabIndex = i === k ? 0 : -1;
    });
    const [own, seen] = [tabs[k].getBoundingClientRect(), strip.getBoundingClientRect()];
    if (own.left < seen.left + 40) strip.scrollLeft += own.left - seen.left - 40;
    else if (own.right > seen.right - 40) strip.scrollLeft += own.right - seen.right + 40;
  };
  return { el: strip, show };
}

/** A canvas in a frame that says where it was clicked, as shares of its sides. */
function stage(onpick, ...over) {
  const canvas = h("canvas", { role: "img" });
  const box = h("div", { class: "picture" }, canvas, over);
  box.addEventListener("click", (event) => {
    const { left, top, width, height } = box.getBoundingClientRect();
    onpick?.([(event.clientY - top) / height, (event.clientX - left) / width]);
  });
  return { box, canvas };
}

const frame = () => h("div", { class: "window", "aria-hidden": "true" });

function lay(el, [row, column, height, width], [high, wide]) {
  Object.assign(el.style, { top: percent(row, high), left: percent(column, wide),
    height: percent(height, high), width: percent(width, wide) });
}

/** The mosaic of a layer's maps; pick([map, row, column]) hears clicks. */
export function buildMosaic(pick) {
  const mark = frame();
  const caption = h("div", { class: "caption" });
  let [maps, drawn, wanted] = [undefined, undefined, [0, 0, 0]];
  const { box, canvas } = stage(([down, across]) => {
    const [row, column] = [down * canvas.height, across * canvas.width];
    const cell = [Math.floor(row / drawn.pitch[0]), Math.floor(column / drawn.pitch[1])];
    const k = cell[0] * drawn.columns + Math.min(drawn.columns - 1, cell[1]);
    if (k >= maps.count) return;
    const inside = (at, pitch, size) =>
      Math.min(size - 1, Math.floor(at % pitch)) * maps.step + (maps.step >> 1);
    pick([maps.numbers[k], inside(row, drawn.pitch[0], drawn.height),
      inside(column, drawn.pitch[1], drawn.width)]);
  }, mark);
  const bar = h("canvas", { class: "colours", "aria-hidden": "true" });
  const ends = h("div", { class: "ends", "aria-hidden": "true" });
  const draw = (own) => { drawn = drawMosaic(canvas, maps, own); };
  const show = (next, layer, own) => {
    maps = next;
    draw(own);
    const shown = maps.count < layer.maps[0] ? `${maps.count} of ${layer.maps[0]}` : `all ${maps.count}`;
    const small = maps.step > 1 ? `, reduced to ${maps.height} × ${maps.width}` : "";
    caption.textContent = layer.shape.length === 1 ? `${shown} numbers` : `${shown} maps${small}`;
    const range = `${caption.textContent} of ${layer.name}, from ${brief(maps.low)} to ${brief(maps.high)}`;
    canvas.setAttribute("aria-label", range);
    const zoom = Math.max(1, Math.min(360 / canvas.height, 40));
    box.style.width = `${Math.round(canvas.width * zoom)}px`;
    drawScale(bar, maps);
    const values = maps.signed ? [-maps.top, 0, maps.top] : [0, maps.top / 2, maps.top];
    fill(ends, values.map((value) => h("span", {}, own ? "" : brief(value))));
    select(wanted);
  };
  const select = (unit) => {
    wanted = unit;
    const k = maps.numbers.indexOf(unit[0]);
    mark.hidden = k < 0;
    if (k < 0) return;
    const [row, column] = [Math.floor(k / drawn.columns), k % drawn.columns];
    lay(mark, [row * drawn.pitch[0], column * drawn.pitch[1], drawn.height, drawn.width],
      [canvas.height, canvas.width]);
  };
  return { el: h("div", { class: "mosaic" }, caption, box, bar, ends), show, select, draw, canvas };
}

/** The image, what a unit can see of it, and its gradient. */
export function buildImage({ source, range }, height, width) {
  const mark = frame();
  const heat = h("canvas", { class: "heat", "aria-hidden": "true" });
  const image = h("img", { src: source, alt: `the image, ${height} × ${width}${range}` });
  const box = h("div", { class: "picture" }, image, heat, mark);
  const caption = h("div", { class: "caption" }, `image, ${height} × ${width}${range}`);
  const note = h("div", { class: "note" });
  heat.width = width;
  heat.height = height;
  const show = (seen, gradient, words) => {
    mark.hidden = !seen;
    if (seen) lay(mark, seen, [height, width]);
    if (gradient) drawGradient(heat, gradient, height, width);
    else heat.getContext("2d").clearRect(0, 0, width, height);
    image.classList.toggle("dim", Boolean(gradient));
    note.textContent = words;
  };
  return { el: h("div", { class: "pane" }, caption, box, note), show };
}

/** One map, large; pick([row, column]) hears clicks. */
export function buildMap(pick) {
  const mark = frame();
  const caption = h("div", { class: "caption" });
  let maps;
  const { box, canvas } = stage(([down, across]) => pick([down * maps.height, across * maps.width]
    .map((at) => Math.floor(at) * maps.step + (maps.step >> 1))), mark);
  const el = h("div", { class: "pane" }, caption, box);
  const show = (next, layer, [map, row, column], own) => {
    maps = next;
    el.hidden = !maps || layer.maps[1] * layer.maps[2] === 1;
    if (el.hidden) return;
    drawMosaic(canvas, maps, own);
    caption.textContent = `map ${map} of ${layer.name}, ${layer.maps[1]} × ${layer.maps[2]}`;
    canvas.setAttribute("aria-label", caption.textContent);
    const cell = [row, column].map((at) => Math.floor(at / maps.step));
    lay(mark, [...cell, 1, 1], [maps.height, maps.width]);
  };
  return { el, show };
}
