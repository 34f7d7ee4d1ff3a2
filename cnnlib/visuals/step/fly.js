// The products of a window on their way to the number that they make.
import { calm, h } from "../shared/page.js";
import { plain } from "../shared/numbers.js";
import { tapCells } from "./grids.js";

const FLIGHT = 620; // milliseconds

/** What a cell of the window gives to the sum: its product with the weight, or itself in a pooling. */
function givenBy(data, { r, q, c, row, column }) {
  const value = data.input[c][row - data.margins[0]]?.[column - data.margins[2]];
  if (value === undefined) return data.kernel ? 0 : undefined; // padding
  return data.kernel ? value * data.kernel[c][r][q] : value;
}

/** Let the products of the present window fly into a cell of the output, where movement is welcome. */
export function fly(room, grids, data, [o, i, j]) {
  if (calm() || !room.animate || room.querySelectorAll(".flying").length) return;
  const home = room.getBoundingClientRect();
  const target = grids.outputs[o].cells[i][j].getBoundingClientRect();
  const zoom = home.width / (room.offsetWidth || home.width) || 1;
  const at = ({ left, top, width, height }) =>
    [(left + width / 2 - home.left) / zoom, (top + height / 2 - home.top) / zoom];
  const [endX, endY] = at(target);
  for (const tap of tapCells(grids)) {
    const value = givenBy(data, tap);
    if (value === undefined) continue;
    const [x, y] = at(tap.cell.getBoundingClientRect());
    const el = h("span", { class: "flying", "aria-hidden": "true" }, plain(Number(value.toPrecision(3))));
    Object.assign(el.style, { left: `${x}px`, top: `${y}px` });
    room.append(el);
    const by = `calc(-50% + ${endX - x}px), calc(-50% + ${endY - y}px)`;
    const path = [{ transform: "translate(-50%, -50%)", opacity: 1 },
      { transform: `translate(${by}) scale(0.7)`, opacity: 0.2 }];
    const flight = el.animate(path, { duration: FLIGHT, easing: "ease-in" });
    flight.onfinish = flight.oncancel = () => el.remove();
  }
}
