// What a reader has predicted and read, kept in this browser alone.

const KEY = "cnn-course";
const LESSON = /\/notebooks\/(\d\d_\w+)\.html$/;
const ENOUGH = 0.97; // of a lesson's length counts as read

/** Everything that is kept: lesson -> {read 0..1, at, title, of, predicted: {question: answer}}. */
function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // no storage, or not ours
  }
}

/** Change what is kept of a lesson. */
function keep(name, change) {
  const all = kept();
  all[name] = { read: 0, predicted: {}, ...all[name], ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch { /* a browser that keeps nothing */ }
}

const ofLesson = (name) => ({ read: 0, predicted: {}, ...kept()[name] });

function make(tag, words, attributes = {}) {
  const el = document.createElement(tag);
  if (words) el.textContent = words;
  for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, value);
  return el;
}

/** What answers a card: the cells and folds after it, up to the next text. */
function answersOf(card) {
  const found = [];
  for (let el = card.nextElementSibling; el; el = el.nextElementSibling) {
    if (el.matches("div.cell, details")) found.push(el);
    else if (found.length) break;
  }
  return found;
}

/** A name for a question that stays when others are added: its first words. */
const nameOf = (card) => card.textContent.trim().replace(/\s+/g, " ").slice(0, 90);

/** Give a Predict card a place for the reader's answer, which opens the right one. */
function arm(card, lesson, changed) {
  const name = nameOf(card);
  const answers = answersOf(card);
  const box = answers.map((el) => el.querySelector(".cnnlib-visual")).find((el) => el?.matches(
    "[data-cnnlib^=number_box], [data-cnnlib^=step_]"));
  const said = (words) => {
    const { predicted } = ofLesson(lesson);
    keep(lesson, { predicted: { ...predicted, [name]: words } });
    changed();
  };
  if (box) {
    const heard = (event) => {
      if (event.target.closest(".quiz") && (event.type === "click" || event.key === "Enter")) said("typed");
    };
    box.addEventListener("click", heard);
    box.addEventListener("keydown", heard);
    return;
  }
  const form = make("form", "", { class: "say" });
  const field = make("input", "", { type: "text", "aria-label": "Your prediction", autocomplete: "off",
    placeholder: "Your prediction" });
  const show = make("p", "", { class: "said", "aria-live": "polite" });
  form.append(field, make("button", "Keep it and look", { type: "submit" }));
  const tell = (words) => { show.textContent = words ? `You said: ${words}` : ""; };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = field.value.trim();
    if (!words) return field.focus();
    said(words);
    tell(words);
    form.hidden = true;
    answers.flatMap((el) => [el, ...el.querySelectorAll("details")]).filter((el) => el.matches("details"))
      .filter((el) => !el.matches(".above-input")).forEach((el) => { el.open = true; });
  });
  const before = ofLesson(lesson).predicted[name];
  tell(before);
  form.hidden = Boolean(before);
  card.firstElementChild.append(form, show);
}

/** Say how many questions of a lesson are predicted. */
function count(lesson, total, line) {
  const made = Math.min(Object.keys(ofLesson(lesson).predicted).length, total);
  line.querySelector(".count").textContent = `Predicted ${made} of ${total}.`;
}

/** Lead to where the reader stopped, if that was on the way. */
function goOn(lesson, line) {
  const { read, at } = ofLesson(lesson);
  const target = at && document.getElementById(at);
  const place = line.querySelector("a");
  place.hidden = !(target && read > 0.05 && read < ENOUGH);
  if (place.hidden) return;
  place.href = `#${at}`;
  place.textContent = `Go on where you stopped: ${target.querySelector("h2, h3")?.firstChild.textContent}`;
}

/** Follow how far the reader has come. */
function follow(lesson, article, bar) {
  let waiting = 0;
  const look = () => {
    waiting = 0;
    const box = article.getBoundingClientRect();
    const now = Math.min(1, Math.max(0, (innerHeight - box.top) / box.height));
    bar.style.transform = `scaleX(${now})`;
    const { read } = ofLesson(lesson);
    const passed = [...article.querySelectorAll("section[id]:has(> h2, > h3)")]
      .filter((el) => el.getBoundingClientRect().top < innerHeight / 2).pop();
    if (scrollY > 0) keep(lesson, { read: Math.max(read, now), at: passed?.id });
  };
  const soon = () => { waiting = waiting || setTimeout(look, 250); };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  look();
}

function startLesson(lesson) {
  const article = document.querySelector("article");
  const cards = [...article.querySelectorAll("blockquote.predict")];
  const line = make("p", "", { class: "progress" });
  line.append(make("span", "", { class: "count", "aria-live": "polite" }), " ", make("a", ""));
  article.querySelector("p.launch")?.after(line);
  const update = () => count(lesson, cards.length, line);
  keep(lesson, { of: cards.length });
  cards.forEach((card) => arm(card, lesson, update));
  update();
  goOn(lesson, line);
  const bar = make("div", "", { class: "reading", "aria-hidden": "true" });
  document.body.append(bar);
  follow(lesson, article, bar);
}

/** Say on a lesson's card, on the first page, what is kept of it. */
function mark(card) {
  const name = card.querySelector("a[href*=notebooks]")?.getAttribute("href").match(/(\d\d_\w+)\.html/)?.[1];
  const { read, of, predicted } = ofLesson(name);
  if (!of || read < 0.02) return false;
  const done = read >= ENOUGH;
  card.classList.toggle("read", done);
  const words = `${done ? "✓ Read" : `Read ${Math.round(100 * read)} %`}, predicted `
    + `${Math.min(Object.keys(predicted).length, of)} of ${of}`;
  card.append(make("p", words, { class: "kept" }));
  return true;
}

function startHome(lessons) {
  const any = [...lessons.querySelectorAll(".lesson")].map(mark).some(Boolean);
  if (!any) return;
  const line = make("p", "Kept in this browser alone. ", { class: "progress" });
  const forget = make("button", "Forget it", { type: "button" });
  forget.addEventListener("click", () => {
    localStorage.removeItem(KEY);
    lessons.querySelectorAll(".kept").forEach((el) => el.remove());
    line.textContent = "Forgotten.";
  });
  line.append(forget);
  lessons.after(line);
}

addEventListener("DOMContentLoaded", () => {
  const lesson = location.pathname.match(LESSON)?.[1];
  const lessons = document.querySelector("div.lessons");
  if (lesson) startLesson(lesson);
  else if (lessons) startHome(lessons);
});
