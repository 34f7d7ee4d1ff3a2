// When each kind of item is due again: FSRS, computed by ts-fsrs; and which one comes next.
import * as fsrs from "./vendor/ts-fsrs/index.mjs";

export const WRONG = 1; // FSRS calls it Again
export const HELPED = 2; // Hard: right after a hint, or at the second try
export const RIGHT = 3; // Good
const REVIEW = 2; // the state of a card that is through its first steps
const DAY = 86400000;
const KNOWN = 7; // days that a mastered kind is likely to be remembered
const SOON = 20 * 60000; // what is due by then may come now, if nothing else is there
const scheduler = fsrs.fsrs({ enable_fuzz: false });

/** The card of a kind after an answer at `now`; cards are plain numbers, times in milliseconds. */
export function rated(card, rating, now) {
  const at = new Date(now);
  const before = card ? { ...card, due: new Date(card.due), last_review: new Date(card.last_review) }
    : fsrs.createEmptyCard(at);
  const after = scheduler.next(before, at, rating).card;
  return { ...after, due: Number(after.due), last_review: Number(after.last_review) };
}

/** Whether a card is likely to be remembered for a week or more. */
export const mastered = (card) => Boolean(card) && card.state === REVIEW && card.stability >= KNOWN;

/** Whether a card is due: by days, at any time of its day; in its first steps, by the minute. */
export function isDue({ card }, now) {
  return card.due <= (card.state === REVIEW ? new Date(now).setHours(23, 59, 59) : now);
}

/** What is kept of a kind after an answer: its card, its level, and whose turn it is. */
export function answered(entry, rating, now) {
  const step = { [WRONG]: -1, [HELPED]: 0, [RIGHT]: 1 }[rating];
  const level = Math.min(3, Math.max(1, entry.level + step));
  return { card: rated(entry.card, rating, now), level, turn: entry.turn + 1 };
}

/**
 * The kind that comes next: what is due, else a new one, else what is due soon; undefined if
 * nothing is. Another lesson and another kind than `last` go first. `ahead`: whether to take
 * what is not due, too.
 */
export function nextKind({ kinds, names, kept, now, last, ahead, random }) {
  const dueOf = (name) => kept[name].card.due;
  const known = names.filter((name) => kept[name]).sort((a, b) => dueOf(a) - dueOf(b));
  const due = known.filter((name) => isDue(kept[name], now));
  if (due.length && !(due.length === 1 && due[0] === last)) return other(due, kinds, last);
  const fresh = firstOfEach(names.filter((name) => !kept[name]), kinds);
  const elsewhere = fresh.filter((name) => kinds[name][0] !== kinds[last]?.[0]);
  const choice = elsewhere.length ? elsewhere : fresh;
  if (choice.length) return choice[Math.floor(random() * choice.length)];
  const soon = known.filter((name) => ahead || dueOf(name) <= now + SOON);
  return other(soon, kinds, last);
}

/** The first that is of another lesson, else of another kind, else the first. */
function other(names, kinds, last) {
  return names.find((name) => kinds[name][0] !== kinds[last]?.[0]) ?? names.find((name) => name !== last)
    ?? names[0];
}

/** The first name of each lesson. */
function firstOfEach(names, kinds) {
  return names.filter((name, k) => names.findIndex((one) => kinds[one][0] === kinds[name][0]) === k);
}

/** A span of time in words: "in 8 minutes", "in 3 days". */
export function inWords(span) {
  const units = [["minute", 60000, 60], ["hour", 3600000, 24], ["day", DAY, 14], ["week", 7 * DAY, 9],
    ["month", 30.4 * DAY, 24], ["year", 365 * DAY, Infinity]];
  if (span < 30000) return "now";
  const [word, length] = units.find(([, one, most]) => Math.round(span / one) < most);
  const count = Math.max(1, Math.round(span / length));
  return `in ${count} ${word}${count === 1 ? "" : "s"}`;
}
