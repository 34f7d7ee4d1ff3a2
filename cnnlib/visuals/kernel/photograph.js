// A photograph of the visitor's own: from a file, pasted or dropped. It never leaves the page.
import { h } from "../shared/page.js";

const SIDES = [5, 256]; // rows or columns: the fewest, and the most; a larger photograph is reduced

/** The grey pixels, 0 to 1, of an image file; throws where it is none. */
async function readPhotograph(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, SIDES[1] / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(SIDES[0], Math.round(n * scale)));
  const canvas = h("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff"; // what is transparent lies on white
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = Float32Array.from({ length: width * height }, (_, i) =>
    (data[4 * i] + data[4 * i + 1] + data[4 * i + 2]) / 765);
  return { height, width, pixels };
}

/** The image file among what was dropped or pasted, if any. */
const imageIn = (transfer) => [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/"));

/** Files dropped on `area` or pasted in `root` go to use(image); problem(words) hears what went wrong. */
export function takePhotographs(root, area, use, problem) {
  const input = h("input", { type: "file", accept: "image/*", hidden: true, "aria-label": "Your photograph" });
  const load = async (file) => {
    try {
      use(await readPhotograph(file));
    } catch {
      problem("This file is no picture that the page can read.");
    }
  };
  input.addEventListener("change", () => {
    if (input.files[0]) load(input.files[0]);
    input.value = "";
  });
  const taken = (event, transfer) => {
    const file = imageIn(transfer);
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    load(file);
  };
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("drop", (event) => taken(event, event.dataTransfer));
  root.addEventListener("paste", (event) => taken(event, event.clipboardData));
  return { input, choose: () => input.click() };
}
