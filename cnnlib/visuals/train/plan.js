// What a net as it is being built will be: shapes, parameters, mult-adds, or why it does not fit.

const KINDS = { conv: "Conv2d", norm: "BatchNorm2d", relu: "ReLU", tanh: "Tanh", sigmoid: "Sigmoid",
  max: "MaxPool2d", avg: "AvgPool2d", dropout: "Dropout" };

/**
 * The layers of `blocks`: { rows: [{ name, shape, parameters, work }], misfit }. `misfit` is
 * what `summary` says of the layer that does not fit, and the rows end before it.
 */
export function planOf(blocks, classes = 10) {
  const rows = [{ name: "image", shape: [1, 28, 28], parameters: 0, work: 0 }];
  let last = "";
  const put = (name, kind, shape, parameters = 0, work = 0) => {
    rows.push({ name, shape, parameters, work });
    last = `from ${name} (${KINDS[kind]})`;
  };
  for (const [k, block] of blocks.entries()) {
    const { kernels, size, stride, padding, pool } = block;
    const number = k + 1;
    const [channels, side] = rows.at(-1).shape;
    const room = side + 2 * padding;
    const name = `conv${number} (Conv2d)`;
    if (size > room) return { rows, misfit: misfit("kernel", size, name, side, room, last) };
    const high = Math.floor((room - size) / stride) + 1;
    const weights = kernels * channels * size * size;
    put(`conv${number}`, "conv", [kernels, high, high], weights + kernels, weights * high * high);
    const { shape } = rows.at(-1);
    if (block.norm) put(`norm${number}`, "norm", shape, 2 * kernels);
    if (block.activation !== "none") put(`${block.activation}${number}`, block.activation, shape);
    if (pool !== "none") {
      const window = `pool${number} (${KINDS[pool]})`;
      if (high < 2) return { rows, misfit: misfit("window", 2, window, high, high, last) };
      const half = Math.floor(high / 2);
      put(`pool${number}`, pool, [kernels, half, half]);
    }
    if (block.dropout) put(`dropout${number}`, "dropout", rows.at(-1).shape);
  }
  const inputs = rows.at(-1).shape.reduce((a, b) => a * b, 1);
  put("fc", "dense", [classes], (inputs + 1) * classes, inputs * classes);
  return { rows, misfit: "" };
}

function misfit(what, size, name, side, room, origin) {
  const padded = room > side ? ` (${room} x ${room} with its padding)` : "";
  return `The ${size} x ${size} ${what} of ${name} does not fit into its input of ${side} x ${side}${padded}, `
    + `${origin || "the input"}. Use a larger image, more padding, a smaller ${what}, or fewer poolings and `
    + "strides before it.";
}

/** The sum of a column of the rows. */
export const total = (rows, column) => rows.reduce((sum, row) => sum + row[column], 0);
