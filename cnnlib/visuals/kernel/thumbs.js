// The presets as small pictures of what they make of the image.
import { h } from "../shared/page.js";
import { correlate, padImage, paint, scaleFor } from "./filter.js";
import { PRESETS } from "./kernels.js";

const THUMB = 56; // pixels of the image that a thumbnail filters

/** Every so-manieth pixel of an image, so that about THUMB columns are left. */
function smaller({ height, width, pixels }) {
  const step = Math.max(1, Math.floor(width / THUMB));
  const [rows, columns] = [Math.floor(height / step), Math.floor(width / step)];
  const kept = Float32Array.from({ length: rows * columns }, (_, i) =>
    pixels[Math.floor(i / columns) * step * width + (i % columns) * step]);
  return { height: rows, width: columns, pixels: kept };
}

/** A button with its picture for each preset; pick(name) hears them, show(image, scale, name) draws. */
export function buildThumbs(pick) {
  const one = ([name]) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const el = h("button", { type: "button", class: "thumb", title: name, "aria-label": name,
      onclick: () => pick(name) }, canvas);
    return { name, el, canvas };
  };
  const all = PRESETS.map(one);
  let drawn;
  const show = (image, imageScale, current) => {
    if (drawn !== image) {
      const padded = padImage(smaller(image), 1, "replicate");
      PRESETS.forEach(([, kernel], k) => {
        const result = correlate(padded, kernel, 1);
        paint(all[k].canvas, result, scaleFor(result.pixels, imageScale));
      });
      drawn = image;
    }
    all.forEach(({ name, el }) => el.setAttribute("aria-pressed", String(name === current)));
  };
  const row = h("div", { class: "thumbs", role: "group", "aria-label": "Kernels" }, all.map(({ el }) => el));
  return { el: row, show };
}
