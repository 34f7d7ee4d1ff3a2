// One axis of a convolution: how many windows fit, and what they see.

/** Windows along one axis; `fits` is false where not even one does. */
export function axis({ size, kernel, stride, padding, dilation }) {
  const span = dilation * (kernel - 1) + 1;
  const room = size + 2 * padding - span;
  const windows = room < 0 ? 0 : Math.floor(room / stride) + 1;
  const seen = new Array(size + 2 * padding).fill(0);
  for (let i = 0; i < windows; i++) {
    for (let k = 0; k < kernel; k++) seen[i * stride + k * dilation] += 1;
  }
  const rest = windows ? room % stride : 0;
  return { span, room, windows, seen, rest, fits: room >= 0, real: seen.slice(padding, padding + size) };
}

/** The formula with its numbers, as lines: what is left, how often the stride goes into it. */
export function formula(setting) {
  const { size, kernel, stride, padding, dilation } = setting;
  const { room, windows } = axis(setting);
  const less = dilation === 1 ? `${kernel}` : `${dilation}·(${kernel} − 1) − 1`;
  const share = Math.round((100 * room) / stride) / 100;
  const floor = Number.isInteger(share) ? "" : `⌊${share}⌋ + 1 = `;
  return [
    `⌊(${size} + 2·${padding} − ${less}) / ${stride}⌋ + 1`,
    `= ⌊${room} / ${stride}⌋ + 1 = ${floor}${Math.floor(room / stride)} + 1`,
    `= ${windows}`,
  ];
}

/** What no window sees, in words: pixels between windows, and the end that is left over. */
export function skipped(setting) {
  const { real, rest, seen } = axis(setting);
  const blind = real.flatMap((times, i) => (times ? [] : [i]));
  const words = [];
  if (blind.length) words.push(`Rows and columns ${listed(blind)} of the input are seen by no window.`);
  const end = seen.length - 1 - seen.findLastIndex((times) => times > 0);
  const padding = Math.min(end, setting.padding);
  if (rest && padding) {
    const which = padding === 1 ? "row and column" : `${padding} rows and columns`;
    words.push(`The last ${which} of padding are never reached.`);
  }
  if (rest) words.push(`The division leaves a rest of ${rest}, and the floor drops it.`);
  return words.length ? words.join(" ") : "Every cell is seen.";
}

/** How often the corner and the centre of the input are seen. */
export function coverage(setting) {
  const { real } = axis(setting);
  const middle = real[Math.floor(real.length / 2)];
  return `The top left corner lies in ${times(real[0] ** 2)}, the centre in ${times(middle ** 2)}.`;
}

const times = (n) => (n === 1 ? "1 window" : n === 0 ? "no window" : `${n} windows`);

function listed(numbers) {
  const [last, ...others] = [...numbers].reverse();
  return others.length ? `${others.reverse().join(", ")} and ${last}` : String(last);
}
