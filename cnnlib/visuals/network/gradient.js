// The gradient of a unit as colours over the image.
import { resize } from "../shared/maps.js";
import { SIGNED } from "../shared/numbers.js";

/** Lay a gradient over the image: the stronger, the less transparent. */
export function drawGradient(canvas, { box, data }, height, width) {
  resize(canvas, height, width);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  const [top, left, high, wide] = box;
  if (!high) return;
  const image = new ImageData(wide, high);
  data.forEach((level, i) => {
    const strength = Math.abs(level - 128) / 127;
    const [r, g, b] = SIGNED[Math.round(127.5 + 127.5 * Math.sign(level - 128) * (0.35 + 0.65 * strength))];
    image.data.set([r, g, b, 255 * 0.95 * Math.sqrt(strength)], 4 * i);
  });
  context.putImageData(image, left, top);
}
