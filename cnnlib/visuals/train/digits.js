// The bundled digits: 8 x 8 counts of ink as they came, made 28 x 28 as the course does.

/**
 * Unpack { cells, labels, shifts, spread }: a letter for each count (A is 0), for each label,
 * and two for each shift (H is 0); `spread` are the 20 x 8 weights of bicubic interpolation.
 * Gives { count, images (count x 784, 0 to 1), labels }.
 */
export function unpackDigits({ cells, labels, shifts, spread }) {
  const count = labels.length;
  const code = (text, k) => text.charCodeAt(k) - 65;
  const images = new Float64Array(count * 784);
  for (let n = 0; n < count; n++) {
    const rows = Array.from({ length: 20 }, (_, i) => Array.from({ length: 8 }, (_, c) =>
      spread[i].reduce((sum, w, r) => sum + (w * code(cells, n * 64 + r * 8 + c)) / 16, 0)));
    const [down, right] = [code(shifts, 2 * n) - 7, code(shifts, 2 * n + 1) - 7];
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 20; j++) {
        const smooth = spread[j].reduce((sum, w, c) => sum + w * rows[i][c], 0);
        const ink = Math.min(1, Math.max(0, (smooth - 0.3) / 0.5));
        images[n * 784 + (((i + 4 + down + 28) % 28) * 28) + ((j + 4 + right + 28) % 28)] = ink;
      }
    }
  }
  return { count, images, labels: Uint8Array.from(labels, (_, k) => code(labels, k)) };
}

/** Some of the digits, in the order of `which`. */
export function chosen({ images, labels }, which) {
  const part = { count: which.length, images: new Float64Array(which.length * 784),
    labels: Uint8Array.from(which, (n) => labels[n]) };
  which.forEach((n, k) => part.images.set(images.subarray(n * 784, (n + 1) * 784), k * 784));
  return part;
}

/** Every image with its pixels in another order, the same order for all. */
export function withPixels(digits, order) {
  const images = digits.images.map((_, k) => digits.images[k - (k % 784) + order[k % 784]]);
  return { ...digits, images };
}

/** Every image moved down and right by whole pixels, or turned by a quarter, clockwise. */
export function moved(digits, { down = 0, right = 0, turned = false }) {
  const images = new Float64Array(digits.images.length);
  for (let n = 0; n < digits.count; n++) {
    for (let r = 0; r < 28; r++) {
      for (let c = 0; c < 28; c++) {
        const [i, j] = turned ? [27 - c, r] : [r - down, c - right];
        if (i < 0 || i > 27 || j < 0 || j > 27) continue;
        images[n * 784 + r * 28 + c] = digits.images[n * 784 + i * 28 + j];
      }
    }
  }
  return { ...digits, images };
}
