// What was typed: read as a number, a size, a shape, a row or a grid, and judged.
import { parseNumber } from "../shared/numbers.js";
import { computed } from "./sums.js";

/** How an answer of each form is typed, in words. */
export const HOW = {
  number: "A number, or what gives it: 12, −1.5, 3/4, (5*5 + 1)*8.",
  size: "Height and width, such as 14x12.",
  shape: "The numbers of the shape, such as 8, 3, 14, 14.",
  row: "The numbers in their order, such as 1, 0, −2.",
  grid: "A line for each row, such as 1 0 −2.",
};

/** Everything that a text can mean in a form, the likely meaning first; [] if nothing. */
export function readings(text, form) {
  const plain = text.replace(/[\u2212\u2013]/g, "-").replace(/^\s*\w+\s*=\s*/, "").trim();
  if (form === "number") return numbersOf(plain);
  if (form === "grid") return gridsOf(plain);
  if (form === "row") return rowsOf(plain);
  const whole = plain.match(/-?\d+(?:\.\d+)?/g)?.map(Number) ?? [];
  return whole.length ? [whole] : [];
}

/** One number: 20,087 may be twenty thousand or twenty; 50 % a half, or 50 where percent are asked for. */
function numbersOf(text) {
  const bare = text.replace(/(?<=\d)\s*[a-z]+\.?$/i, "").replace(/(?<=\d)[ _'](?=\d{3}\b)/g, "");
  if (/[*()^·×]|\d\s*[-+]/.test(bare)) return [computed(bare)].filter(Number.isFinite);
  if (/%$/.test(bare)) return numbersOf(bare.slice(0, -1)).flatMap((value) => [value / 100, value]);
  const found = [parseNumber(bare)];
  if (/^-?\d{1,3}([,.]\d{3})+$/.test(bare)) found.push(Number(bare.replace(/[,.]/g, "")));
  else if (bare.includes(",")) found.push(Number(bare.replace(/,(?=\d{3})/g, "")));
  return found.filter(Number.isFinite);
}

/** One row of numbers, in brackets or not; a comma is a decimal point where blanks part them. */
function rowsOf(text) {
  const bare = text.replace(/[[\](){}]/g, " ").trim();
  const parts = /\d,\d/.test(bare) && /\d[\s;]+-?\d/.test(bare) && !/,\s/.test(bare)
    ? bare.split(/[\s;]+/) : bare.split(/[\s;,|]+/);
  const row = parts.filter(Boolean).map(parseNumber);
  return row.length && row.every(Number.isFinite) ? [row] : [];
}

function gridsOf(text) {
  const lines = text.includes("\n") ? text.split("\n") : text.split(/;|\]\s*,?\s*\[/);
  const rows = lines.filter((line) => /\d/.test(line)).map((line) => rowsOf(line)[0]);
  return rows.length && rows.every(Boolean) ? [rows] : [];
}

/** Whether two answers are the same, number by number. */
export function same(typed, value, near = close) {
  if (!Array.isArray(value)) return near(typed, value);
  return Array.isArray(typed) && typed.length === value.length
    && value.every((part, k) => same(typed[k], part, near));
}

const exact = (typed, value) => Math.abs(typed - value) <= 1e-9;

/** Near enough: exact for whole numbers, else right to the decimals that the answer has. */
function close(typed, value) {
  if (Number.isInteger(value)) return exact(typed, value);
  return Math.abs(typed - value) <= 0.5 / 10 ** Math.max(2, decimalsOf(value)) + 1e-9;
}

const decimalsOf = (value) => String(value).split(".")[1]?.length ?? 0;

/** Whether a number is the answer with too few decimals. */
const tooFar = (typed, value) => !Number.isInteger(value) && decimalsOf(typed) > 0
  && decimalsOf(typed) < decimalsOf(value) && Number(value.toFixed(decimalsOf(typed))) === typed;

/** The place of the one wrong answer that, rounded, is what was typed; -1 where there is none, or more. */
function rounded(wrong, meant) {
  const places = wrong.map(([value], place) => (meant.some((typed) => tooFar(typed, value)) ? place : -1))
    .filter((place) => place >= 0);
  return places.length === 1 ? places[0] : -1;
}

/**
 * What a typed answer is: {kind: "right"}, {kind: "wrong", wrong: place in item.wrong or -1},
 * or {kind: "ask"}, where it cannot be read or has too few decimals.
 */
export function judged(item, form, text) {
  const meant = readings(text, form);
  if (!meant.length) return { kind: "ask", words: HOW[form] };
  const wrong = item.wrong.findIndex(([value]) => meant.some((one) => same(one, value, exact)));
  if (meant.some((one) => same(one, item.answer, exact))) return { kind: "right" };
  if (wrong < 0 && meant.some((one) => same(one, item.answer))) return { kind: "right" };
  if (form === "number" && wrong < 0 && meant.some((one) => tooFar(one, item.answer))) {
    return { kind: "ask", words: "Nearly: give more decimals, or a fraction such as 11/6." };
  }
  return { kind: "wrong", wrong: wrong < 0 && form === "number" ? rounded(item.wrong, meant) : wrong };
}
