// A drawing as ink on a fine grid: strokes of a round pen, or an image, turned and moved.

/** Pixels of a digit's image along a side, fine cells in a pixel, and along a side. */
export const SIDE = 28;
const FINE = 8;
export const CELLS = SIDE * FINE;

/** Where a point [x, y] of the drawing (in pixels) comes to lie when it is turned and moved. */
export function placed([x, y], { turn, right, down }) {
  const [c, s] = direction(turn);
  const [dx, dy] = [x - SIDE / 2, y - SIDE / 2];
  return [c * dx - s * dy + SIDE / 2 + right, s * dx + c * dy + SIDE / 2 + down];
}

/** Which point of the drawing lies there: the way back. */
export function unplaced([x, y], { turn, right, down }) {
  const [c, s] = direction(turn);
  const [dx, dy] = [x - right - SIDE / 2, y - down - SIDE / 2];
  return [c * dx + s * dy + SIDE / 2, -s * dx + c * dy + SIDE / 2];
}

/** Cosine and sine of degrees; exact for quarter turns. */
function direction(degrees) {
  if (degrees % 90 === 0) return [[1, 0], [0, 1], [-1, 0], [0, -1]][((degrees / 90) % 4 + 4) % 4];
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}

/** The ink (0 to 1) of every fine cell: strokes [[x, y], ...] and the pixels of an image. */
export function inkOf({ strokes, base }, { thickness, ...pose }) {
  const ink = new Float64Array(CELLS * CELLS);
  if (base) printImage(ink, base, pose);
  for (const stroke of strokes) {
    const points = stroke.map((point) => placed(point, pose));
    points.forEach((point, k) => drawLine(ink, points[Math.max(0, k - 1)], point, thickness / 2));
  }
  return ink;
}

/** Ink between two points: full up to `radius` from the line, soft over one fine cell. */
function drawLine(ink, [ax, ay], [bx, by], radius) {
  const reach = radius + 1 / FINE;
  const first = (low) => Math.max(0, Math.floor((low - reach) * FINE));
  const last = (high) => Math.min(CELLS - 1, Math.ceil((high + reach) * FINE));
  const [left, end] = [first(Math.min(ax, bx)), last(Math.max(ax, bx))];
  const bottom = last(Math.max(ay, by));
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy || 1;
  for (let r = first(Math.min(ay, by)); r <= bottom; r++) {
    const py = (r + 0.5) / FINE - ay;
    for (let c = left, at = r * CELLS + left; c <= end; c++, at++) {
      if (ink[at] === 1) continue;
      const px = (c + 0.5) / FINE - ax;
      const along = Math.min(1, Math.max(0, (px * dx + py * dy) / square));
      const [x, y] = [px - along * dx, py - along * dy];
      const value = Math.min(1, (radius - Math.sqrt(x * x + y * y)) * FINE + 0.5);
      if (value > ink[at]) ink[at] = value;
    }
  }
}

/** Print an image of 784 levels: every fine cell takes the pixel that lies under it. */
function printImage(ink, image, pose) {
  for (let r = 0, at = 0; r < CELLS; r++) {
    for (let c = 0; c < CELLS; c++, at++) {
      const [x, y] = unplaced([(c + 0.5) / FINE, (r + 0.5) / FINE], pose).map(Math.floor);
      if (x >= 0 && y >= 0 && x < SIDE && y < SIDE) ink[at] = image[y * SIDE + x] / 255;
    }
  }
}
