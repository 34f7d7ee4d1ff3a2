// The pad to draw on, by pointer or by keys, and grey images on a canvas.
import { h } from "./page.js";
import { CELLS, SIDE } from "./ink.js";

/** Paint levels (0 to 255, or ink from 0 to 1 times `top`) as grey on a square canvas. */
export function paintGrey(canvas, side, values, top = 1) {
  if (canvas.width !== side) [canvas.width, canvas.height] = [side, side];
  const picture = new ImageData(side, side);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let k = 0; k < pixels.length; k++) {
    const level = Math.min(255, Math.round(values[k] * top));
    pixels[k] = (255 << 24) | (level * 0x010101);
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

/**
 * The drawing pad. `pen.down(point)`, `pen.move(points)` and `pen.up()` hear strokes, points
 * being [x, y] in pixels; `pen.undo()` hears Ctrl+Z, `pen.at(point, drawing)` the keys' pen.
 */
export function buildPad(pen) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const cursor = h("div", { class: "pen", "aria-hidden": "true" });
  const hint = h("div", { class: "hint", "aria-hidden": "true" }, "Draw a digit here");
  const el = h("div", { class: "pad", tabindex: 0, role: "application",
    "aria-roledescription": "drawing pad",
    "aria-label": "Drawing pad of 28 rows and 28 columns. Arrow keys move the pen, with Shift by "
      + "four; Space puts it down or lifts it; Control Z takes a stroke back." },
  canvas, hint, cursor);
  followPointer(el, canvas, pen);
  const keys = followKeys(el, pen, (at, drawing) => {
    cursor.style.left = `${(100 * at[0]) / SIDE}%`;
    cursor.style.top = `${(100 * at[1]) / SIDE}%`;
    cursor.classList.toggle("drawing", drawing);
  });
  const show = (ink, thickness, empty) => {
    paintGrey(canvas, CELLS, ink, 255);
    hint.hidden = !empty;
    cursor.style.setProperty("--thick", `${(100 * thickness) / SIDE}%`);
  };
  return { el, show, lift: keys.lift };
}

/** Strokes by mouse, finger or stylus; what was passed between two events counts, too. */
function followPointer(el, canvas, pen) {
  let drawing;
  const point = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(SIDE * (clientX - left)) / width, (SIDE * (clientY - top)) / height];
  };
  el.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || drawing !== undefined) return;
    drawing = event.pointerId;
    el.setPointerCapture(drawing);
    pen.down(point(event));
  });
  el.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    pen.move((passed.length ? passed : [event]).map(point));
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    el.addEventListener(end, (event) => {
      if (event.pointerId !== drawing) return;
      drawing = undefined;
      pen.up();
    });
  }
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** A pen moved by arrow keys over the middles of pixels; Space puts it down and lifts it. */
function followKeys(el, pen, show) {
  let at = [SIDE / 2 + 0.5, SIDE / 2 + 0.5];
  let drawing = false;
  const set = (down) => {
    if (down === drawing) return;
    drawing = down;
    if (down) pen.down(at);
    else pen.up();
  };
  const move = ([dx, dy], far) => {
    at = [at[0] + dx * far, at[1] + dy * far].map((x) => Math.min(SIDE - 0.5, Math.max(0.5, x)));
    if (drawing) pen.move([at]);
  };
  el.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    const undo = event.key === "Backspace" || (event.key === "z" && (event.ctrlKey || event.metaKey));
    if (undo) {
      set(false);
      pen.undo();
    } else if (event.ctrlKey || event.altKey || event.metaKey) return;
    else if (arrow) move(arrow, event.shiftKey ? 4 : 1);
    else if (event.key === " " && !event.repeat) set(!drawing);
    else if (event.key === "Escape" && drawing) set(false);
    else if (event.key !== " ") return;
    event.preventDefault();
    show(at, drawing);
    if (!undo) pen.at(at, drawing);
  });
  const lift = () => {
    set(false);
    show(at, false);
  };
  el.addEventListener("blur", lift);
  show(at, false);
  return { lift };
}
