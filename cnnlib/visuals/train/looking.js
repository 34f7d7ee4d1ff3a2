// The net at this moment: its kernels, the maps of one digit, how it reads it, its mistakes.
import { button, fill, h } from "../shared/page.js";
import { buildBars } from "../shared/bars.js";
import { buildConfusion } from "../shared/confusion.js";
import { inkOf } from "../shared/ink.js";
import { buildMaps } from "../shared/mosaic.js";
import { buildPad, paintGrey } from "../shared/pad.js";
import { levelsOf } from "../shared/seen.js";

const PEN = { thickness: 3, turn: 0, right: 0, down: 0 };

/** `onread(levels)` hears the reader's own digit, or nothing; `onlook(n)` the number of a test digit. */
export function buildLooking({ onread, onlook, count }) {
  const strokes = [];
  const image = h("canvas", { role: "img", "aria-label": "The image: none yet" });
  const what = h("div", { class: "caption" });
  const bars = buildBars([""]);
  const kernels = buildMaps();
  const inside = h("div", { class: "inside" });
  const mosaics = new Map();
  let looked = 0;
  const pad = buildPad({
    down: (point) => { strokes.push([point]); read(); },
    move: (points) => { strokes.at(-1)?.push(...points); read(); },
    up: () => read(),
    undo: () => { strokes.pop(); read(); },
    at: () => {},
  });

  function drawn() {
    const ink = inkOf({ strokes, base: undefined }, PEN);
    pad.show(ink, PEN.thickness, !strokes.length);
    return ink;
  }

  function read() {
    const ink = drawn();
    onread(strokes.length ? levelsOf(ink, true) : undefined);
  }

  const clear = button("Clear", () => { strokes.length = 0; read(); });
  const other = button("Another test digit", () => {
    strokes.length = 0;
    drawn();
    looked = (looked + 37) % count; // of another class than the one before
    onlook(looked);
  });

  /** Draw what the learner told. */
  function show(frame) {
    const [kernelCount, channels, height, width] = frame.kernels.shape;
    kernels.show(mapsOf(frame.kernels.values, kernelCount * channels, height, width), "kernels of conv1");
    const layers = lastOfEach(frame.maps.slice(1).filter(({ shape }) => shape.length === 3));
    for (const one of mosaics.values()) one.el.hidden = true;
    for (const { name, shape, values } of layers) {
      if (!mosaics.has(name)) {
        mosaics.set(name, buildMaps());
        inside.append(mosaics.get(name).el);
      }
      mosaics.get(name).el.hidden = false;
      mosaics.get(name).show(mapsOf(values, ...shape), `maps of ${name}, ${shape[1]} × ${shape[2]}`);
    }
    paintGrey(image, 28, frame.maps[0].values, 255);
    const truth = frame.label === undefined ? "your digit" : `a test digit, a ${frame.label}`;
    fill(what, truth);
    image.setAttribute("aria-label", `The image: ${truth}`);
    bars.show([frame.shares]);
  }

  drawn();
  const el = h("div", {}, h("div", { class: "stage looking" },
    h("div", { class: "pane" }, h("div", { class: "caption" }, "draw a digit for the net as it is now"), pad.el,
      h("div", { class: "buttons" }, clear, other)),
    h("div", { class: "pane" }, what, h("div", { class: "picture small" }, image), kernels.el),
    bars.el), inside);
  return { el, show };
}

/** The confusion matrix of the test digits, and some that are read wrongly. */
export function buildJudged(classes) {
  const confusion = buildConfusion(classes, () => {});
  const mistakes = h("div", { class: "examples" });
  const show = (judged) => {
    confusion.show(judged.confusion);
    fill(mistakes, judged.mistakes.map(({ label, said, levels }) => {
      const canvas = h("canvas", { role: "img", "aria-label": `a ${label}, read as ${said}` });
      paintGrey(canvas, 28, levels);
      return h("figure", {}, canvas, h("figcaption", {}, `${label}, read as ${said}`));
    }));
  };
  const el = h("div", { class: "stage judged" }, confusion.el,
    h("div", { class: "pane wide" }, h("div", { class: "caption" }, "some of the mistakes"), mistakes));
  return { el, show };
}

/** Of the layers of each convolution the last: "conv1", "relu1", "pool1" give "pool1". */
function lastOfEach(layers) {
  return layers.filter(({ name }, k) => name.slice(-1) !== layers[k + 1]?.name.slice(-1));
}

function mapsOf(values, count, height, width) {
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [0, 0]);
  return { count, height, width, data: values, signed: low < 0, top: Math.max(-low, high) || 1 };
}
