// Practice without end: items one after the other, and when each is due again.
import { begin, button, fill, h } from "../shared/page.js";
import { buildCard } from "./card.js";
import { countsOf, lineOf } from "./goals.js";
import { buildKeeping } from "./keeping.js";
import { openMemory } from "./memory.js";
import { placed } from "./placement.js";
import { marked } from "./question.js";
import { answered, inWords, nextKind, RIGHT } from "./schedule.js";
import { unpacked } from "./unpacking.js";

export function render({ model, el }) {
  const [lessons, kinds, placement] = ["lessons", "kinds", "placement"].map((name) => model.get(name));
  const names = Object.keys(kinds);
  const memory = openMemory();
  const state = { card: undefined, kind: undefined, ahead: false, trial: undefined };
  const now = () => Number(new Date());
  const room = h("div", { class: "room" });
  const line = h("p", { class: "counts" });
  const offer = h("div", { class: "offer", hidden: !placement.length });
  const keeping = buildKeeping(memory, { lessons, kinds, names, linkTo, now, changed: () => {
    state.trial = undefined;
    showAll();
    next(false);
  } });
  const chips = lessons.length < 2 ? [] : lessons.map(([number, title]) =>
    button(number, () => choose(number), { label: `Lesson ${number} ${title}`, kind: "chip" }));
  const way = button("", () => {
    memory.kept.typed = !typing();
    memory.save();
    showAll();
    if (!state.trial) next(false); // an item of the ten is not passed over
  });

  const typing = () => memory.kept.typed ?? true;
  const chosen = () => lessons.map(([number]) => number).filter((number) =>
    !memory.kept.chosen || memory.kept.chosen.includes(number));
  const asked = () => names.filter((name) => chosen().includes(kinds[name][0]));

  /** A link to the heading of a kind; in a notebook it opens beside it. */
  function linkTo(name, words) {
    const [lesson, , anchor] = kinds[name];
    const [, , page] = lessons.find(([number]) => number === lesson);
    const beside = page.startsWith("http") && !location.href.startsWith(page.replace(/[^/]*$/, ""));
    const opened = beside ? { target: "_blank", rel: "noopener" } : {};
    return h("a", { href: `${page}#${anchor}`, ...opened }, marked(words));
  }

  /** Practise a lesson, or not; at least one stays. */
  function choose(number) {
    const before = chosen();
    const wanted = before.includes(number) ? before.filter((one) => one !== number) : [...before, number];
    if (!wanted.length) return;
    memory.kept.chosen = wanted;
    memory.save();
    showAll();
    if (!state.trial && !state.card?.state.wrong && !wanted.includes(kinds[state.kind]?.[0])) next(false);
  }

  function showAll() {
    fill(line, lineOf(countsOf(asked(), memory.kept.kinds, now())));
    chips.forEach((chip, k) => chip.setAttribute("aria-pressed", String(chosen().includes(lessons[k][0]))));
    fill(way.querySelector(".words"), typing() ? "Choose answers instead" : "Type answers instead");
    keeping.show();
    showOffer();
  }

  function showOffer() {
    offer.hidden = !placement.length || Boolean(state.trial) || Boolean(Object.keys(memory.kept.kinds).length);
    if (offer.hidden) return;
    fill(offer, h("p", {}, h("strong", {}, "Where to begin? "), "Ten items, one after the other, say with "
      + "which lesson. Or practise the lessons that you have read: choose them below."),
    h("div", { class: "buttons" }, button("Find where to begin", startTrial)));
  }

  /** An item of a kind at a level; each turn is another. */
  function itemOf(kind, level, turn) {
    const items = state.items[kind][level - 1];
    return items[turn % items.length];
  }

  function next(focus = true) {
    if (!state.items) return;
    if (state.trial) return nextOfTrial();
    memory.refresh();
    const last = state.kind;
    const kind = nextKind({ kinds, names: asked(), kept: memory.kept.kinds, now: now(), last,
      ahead: state.ahead, random: Math.random });
    if (!kind) return rest(focus);
    ask(kind, memory.kept.kinds[kind] ?? { level: 1, turn: Math.floor(Math.random() * 1000) }, focus);
  }

  /** Ask an item of a kind, of which `before` is kept. */
  function ask(kind, before, focus) {
    show(kind, before.level, before.turn, { typed: typing(), meta: before.card ? "seen before" : "new",
      heard: (rating) => keep(kind, before, rating) }, focus);
  }

  function show(kind, level, turn, options, focus) {
    const [lesson, heading, , form] = kinds[kind];
    const [, title] = lessons.find(([number]) => number === lesson);
    const card = buildCard(itemOf(kind, level, turn), { ...options, form, next,
      typed: options.typed && form !== "choice",
      meta: `${lesson} ${title} · level ${level} of 3 · ${options.meta}`,
      link: linkTo(kind, `${lesson} ${title}: ${heading}`) });
    Object.assign(state, { card, kind });
    fill(room, card.el);
    if (focus) card.focus();
  }

  /** Keep what an answer is worth; an answer put right replaces the one before. */
  function keep(kind, before, rating) {
    const at = now();
    const entry = answered(before, rating, at);
    memory.kept.kinds[kind] = entry;
    memory.save();
    showAll();
    return inWords(entry.card.due - at);
  }

  /** Nothing is due, and nothing is new. */
  function rest(focus) {
    const dues = asked().map((name) => memory.kept.kinds[name].card.due);
    const more = button("Practise all the same", () => {
      state.ahead = true;
      next();
    }, { kind: "main" });
    Object.assign(state, { card: undefined, kind: undefined });
    fill(room, h("div", { class: "card" }, h("p", { class: "question" }, h("strong", {}, "Done for now. "),
      `Nothing is due; the next item comes ${inWords(Math.min(...dues) - now())}.`), more));
    if (focus) more.focus();
  }

  function startTrial() {
    state.trial = { place: 0, missed: [] };
    showAll();
    next();
  }

  /** The next of the ten items, each with one try; a right one counts as practised. */
  function nextOfTrial() {
    const { place, missed } = state.trial;
    if (place === placement.length) return endTrial();
    const kind = placement[place];
    state.trial.place += 1;
    show(kind, 2, place, { typed: true, once: true, meta: `item ${place + 1} of ${placement.length}`,
      heard: (rating) => {
        if (rating === RIGHT) keep(kind, memory.kept.kinds[kind] ?? { level: 2, turn: place + 1 }, rating);
        else missed.push(kind);
      } }, true);
  }

  function endTrial() {
    const told = placed({ names: placement, kinds, missed: state.trial.missed, lessons, linkTo });
    const known = lessons.map(([number]) => number).filter((number) => !told.lesson || number < told.lesson);
    Object.assign(state, { trial: undefined, card: undefined });
    memory.kept.begin = told.lesson ?? "all";
    if (known.length) memory.kept.chosen = known;
    memory.save();
    const words = told.lesson && known.length ? `Practise ${known.length === 1 ? "lesson" : "lessons"} `
      + `${known.length === 1 ? known[0] : `${known[0]} to ${known.at(-1)}`}` : "Practise";
    const on = button(words, () => next(), { kind: "main" });
    showAll();
    fill(room, h("div", { class: "card" }, told.el, on));
    on.focus();
  }

  begin(el, model.get("title"), model.get("facts"));
  const choice = chips.length ? h("div", { class: "chips", role: "group", "aria-label": "Lessons to practise" },
    h("span", {}, "Lessons"), chips) : "";
  el.append(offer, h("div", { class: "bar" }, choice, way), line, room, keeping.el);
  fill(room, h("p", {}, "The items are being unpacked."));
  showAll();
  const ready = unpacked(model.get("items")).then((items) => {
    state.items = items;
    next(false);
  }, () => fill(room, h("p", {}, "This browser cannot unpack the items: it is older than 2023.")));
  return { state, memory, ready, next, ask };
}

export default { render };
