// Cuts the slides to size, then hands them to reveal.js.
//
// Every sheet is 1280 x 720. Units go onto a sheet one after the other; one that does not fit
// begins the next sheet. What fills more than a sheet by itself is shrunk a little, or taken apart.

const LEAST = 0.62; // smaller than this nobody can read it from the last row

/** Make an empty sheet with the heading of a section. */
function newSheet(section) {
  const sheet = document.createElement("div");
  sheet.className = `sheet ${section.className}`;
  const body = document.createElement("div");
  body.className = "body";
  sheet.append(section.querySelector("header").cloneNode(true), body);
  document.querySelector("#uncut").append(sheet);
  return body;
}

/** How much of the room a body's content takes: more than 1 does not fit. */
function fullness(body) {
  const room = body.getBoundingClientRect();
  let low = 0;
  let wide = 0;
  for (const child of body.children) {
    const box = child.getBoundingClientRect();
    low = Math.max(low, box.bottom - room.top);
    wide = Math.max(wide, widest(child) - room.left);
  }
  const height = body.parentElement.classList.contains("title") ? 300 : room.height;
  const spread = wide / room.width; // most blocks are exactly as wide as the room
  return Math.max(low / height, spread > 1.002 ? spread : 0);
}

/** The right edge of what an element holds, what it would hide included. */
function widest(el) {
  let right = el.getBoundingClientRect().right;
  for (const part of el.querySelectorAll("pre, table, img, math")) {
    const box = part.getBoundingClientRect();
    if (!box.width) continue; // not shown
    const zoom = box.width / (part.offsetWidth || box.width || 1);
    right = Math.max(right, box.left + Math.max(box.width, part.scrollWidth * zoom));
  }
  return right;
}

/** Put the units of a section on as many sheets as they need. */
function cut(section) {
  const bodies = [newSheet(section)];
  const last = () => bodies[bodies.length - 1];
  const place = (el) => {
    last().append(el);
    if (fullness(last()) <= 1) return;
    if (last().children.length > 1 && squeezed(el, last())) return;
    if (last().children.length > 1) {
      const lead = leadOf(el, last());
      bodies.push(newSheet(section));
      last().append(...lead, el);
      if (fullness(last()) > 1) bodies[bodies.length - 2].append(...lead);
    }
    if (fullness(last()) <= 1) return;
    if (shrink(el, last())) return;
    el.remove();
    pieces(el).forEach(place);
  };
  section.querySelectorAll(":scope > .unit").forEach((unit) => place(unit));
  bodies.forEach(grow);
  bodies.forEach(told);
  return bodies;
}

/** What is said after an answer waits for a key only where the answer does. */
function told(body) {
  if (body.querySelector(".output.fragment, .fold.fragment")) return;
  body.querySelectorAll(".then.fragment").forEach((el) => el.classList.remove("fragment"));
}

/** Shrink a picture a little so that it stays with the words before it; say whether that is enough. */
function squeezed(el, body) {
  const least = el.querySelector("img, .cnnlib-visual") ? 0.7 : 0.88;
  for (let zoom = 0.96; zoom >= least; zoom -= 0.04) {
    el.style.zoom = zoom;
    if (fullness(body) <= (least < 0.8 ? 0.99 : 1)) return true;
  }
  el.style.zoom = "";
  return false;
}

/** The text that leads up to code goes where the code goes, unless it would leave nothing behind. */
function leadOf(el, body) {
  const lead = el.previousElementSibling;
  const alone = !lead || body.children.length < 3 || lead.matches(".runs");
  return !el.matches(".runs") || alone ? [] : [lead];
}

/** Let pictures use the room that a sheet has left. */
function grow(body) {
  for (const figure of body.querySelectorAll("figure")) {
    if (figure.closest(".cnnlib-visual")) continue;
    for (const zoom of [1.6, 1.4, 1.25, 1.1, ""]) {
      figure.style.zoom = zoom;
      if (fullness(body) <= 1) break;
    }
  }
}

/** Shrink an element until it fits; say whether it does, or has to as it has no parts. */
function shrink(el, body) {
  const alive = el.matches(".piece") && el.querySelector(".cnnlib-visual");
  const picture = el.matches(".piece") && el.querySelector("img") && !el.querySelector("table");
  const least = alive ? 0.3 : picture ? 0.2 : LEAST;
  for (let zoom = 0.96; zoom >= least; zoom -= 0.04) {
    el.style.zoom = zoom;
    if (fullness(body) <= (alive ? 0.97 : 1)) return true;
  }
  el.style.zoom = splits(el) ? "" : least;
  return !splits(el);
}

/** Whether an element can be taken apart: a unit of several parts, long tables and long text. */
function splits(el) {
  if (partsOf(el).length > 1) return true;
  if (el.querySelector(".cnnlib-visual")) return false;
  return longTable(el) || longText(el);
}

const partsOf = (el) => [...el.children].filter((child) => !child.matches(".speaker-note"));
const longTable = (el) => el.querySelectorAll("table tbody tr").length > 6;
const longText = (el) => (el.querySelector("pre")?.textContent.trim().split("\n").length ?? 0) > 6;

/** Take apart an element that splits. */
function pieces(el) {
  const parts = partsOf(el);
  if (parts.length > 1) return wrapped(el, parts);
  return longTable(el) ? halves(el, el.querySelector("table")) : textHalves(el, el.querySelector("pre"));
}

/** Give each part of a unit a piece of its own; the notes go with the first. */
function wrapped(unit, parts) {
  const notes = [...unit.querySelectorAll(":scope > .speaker-note")];
  return parts.map((part, index) => {
    const el = document.createElement("div");
    el.className = "unit piece";
    el.append(part, ...(index ? [] : notes));
    return el;
  });
}

/** Cut a table into two with the same head. */
function halves(el, table) {
  const again = el.cloneNode(true);
  const keep = (root, from, to) => [...root.querySelectorAll("table tbody tr")].forEach((row, index) => {
    if (index < from || index >= to) row.remove();
  });
  const count = table.querySelectorAll("tbody tr").length;
  const middle = Math.ceil(count / 2);
  keep(el, 0, middle);
  keep(again, middle, count);
  el.querySelectorAll("tfoot, dl").forEach((foot) => foot.remove());
  again.querySelectorAll(".speaker-note").forEach((note) => note.remove());
  return [el, again];
}

/** Cut lines of code or of output into two. */
function textHalves(el, pre) {
  const again = el.cloneNode(true);
  const lines = pre.innerHTML.split("\n");
  const middle = Math.ceil(lines.length / 2);
  pre.innerHTML = lines.slice(0, middle).join("\n");
  again.querySelector("pre").innerHTML = lines.slice(middle).join("\n");
  again.querySelectorAll(".speaker-note").forEach((note) => note.remove());
  return [el, again];
}

/** Make a slide of reveal.js from a sheet, with the notes of what stands on it. */
function toSlide(body, section, index) {
  const slide = document.createElement("section");
  const sheet = body.parentElement;
  const notes = document.createElement("aside");
  notes.className = "notes";
  notes.append(section.querySelector(".speaker-minute").cloneNode(true));
  notes.append(...sheet.querySelectorAll(".speaker-note"));
  notes.querySelectorAll("p").forEach((note) => note.removeAttribute("class"));
  if (index) sheet.querySelectorAll(".lead").forEach((el) => el.remove());
  if (index) sheet.querySelectorAll("h1").forEach((title) => title.replaceWith(asSecond(title)));
  slide.append(sheet, notes);
  return slide;
}

/** The title again, as the heading of a later slide. */
function asSecond(title) {
  const heading = document.createElement("h2");
  heading.append(...title.childNodes);
  return heading;
}

function start() {
  const slides = document.querySelector(".reveal .slides");
  const all = [...document.querySelectorAll("#uncut > section")].flatMap((section) =>
    cut(section).map((body, index) => toSlide(body, section, index)));
  slides.append(...all);
  document.querySelector("#uncut").remove();
  Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0.02,
    minScale: 0.1,
    center: false,
    hash: true,
    history: false,
    transition: "none",
    slideNumber: "c/t",
    plugins: [RevealNotes],
    // What is alive on a slide keeps its own keys.
    keyboardCondition: () => !document.activeElement?.closest(".cnnlib-visual, pre[tabindex]"),
  });
}

document.fonts.ready.then(start);
