// How a visual gets onto the page, and the controls that all visuals share.

/**
 * The root class of all visuals of a kind: "cnnlib-draw_digit" for the key "draw_digit-1a2b3c".
 * With it .V in the rules becomes two classes, which outweigh the page's own rules; and the
 * rules for one kind of visual leave all others on the page alone.
 */
const rootClass = (key) => `cnnlib-${key.split("-")[0]}`;

/** Bring every visual called `key` on this page to life, in place of its still picture. */
export function mount(key, data, style, render) {
  const root = rootClass(key);
  for (const host of hosts(key)) {
    host.cnnlib = {};
    host.querySelectorAll(":scope > .live, :scope > style").forEach((old) => old.remove());
    const el = h("div", { class: "live" });
    try {
      host.cnnlib = { el, ...render({ model: localModel(data, host), el }) };
    } catch (error) {
      console.error(error); // the still picture stays
      continue;
    }
    host.querySelector(":scope > .still").classList.add("replaced");
    host.classList.add(root);
    host.prepend(h("style", {}, style.replaceAll(".V", `.cnnlib-visual.${root}`)), el);
    host.addEventListener("focusin", keepKeys);
    followTheme(host);
  }
}

/** The element that this script stands in; else all of that name without a life. */
function hosts(key) {
  const selector = `[data-cnnlib="${key}"]`;
  const own = document.currentScript?.closest(selector);
  if (own && !own.cnnlib) return [own];
  return [...document.querySelectorAll(selector)].filter((host) => !host.cnnlib);
}

/** What has the focus keeps its keys: JupyterLab would take letters and arrows as commands. */
function keepKeys(event) {
  event.target.setAttribute("data-lm-suppress-shortcuts", "true");
}

/** What anywidget calls a model, for a page: get and set; what is saved goes to Python. */
function localModel(data, host) {
  const state = { ...data };
  return {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: () => tellPython(host, state, true),
    listening: () => tellPython(host, state, false),
  };
}

/** Write what `told` lists into Python's text field below; say whether there is one. */
function tellPython(host, state, write) {
  const fields = document.querySelectorAll(`.cnnlib-to-python-${state.bridge} input`);
  const next = [...fields].find(
    (field) => host.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  if (!next || !write) return Boolean(next);
  next.value = JSON.stringify(Object.fromEntries(state.told.map((name) => [name, state[name]])));
  for (const kind of ["input", "change"]) next.dispatchEvent(new Event(kind, { bubbles: true }));
  return true;
}

/** Keep `data-theme` at light or dark, whichever the page is now. */
function followTheme(host) {
  const look = () => {
    if (!host.isConnected) return;
    host.removeAttribute("data-theme");
    const [r, g, b] = getComputedStyle(host).backgroundColor.match(/[\d.]+/g).map(Number);
    host.dataset.theme = 0.299 * r + 0.587 * g + 0.114 * b < 128 ? "dark" : "light";
  };
  look();
  const watched = { attributes: true, attributeFilter: ["class", "style", "data-jp-theme-light",
    "data-vscode-theme-kind", "theme", "data-theme"] };
  const observer = new MutationObserver(look);
  for (const el of [document.documentElement, document.body]) observer.observe(el, watched);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);
  new IntersectionObserver(look).observe(host); // it may be put into the page later, or again
}

/** Name a visual, for the eye and for the ear, and say what it is about. */
export function begin(el, title, facts) {
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", title);
  el.append(h("div", { class: "head" }, h("div", { class: "title" }, title),
    h("div", { class: "facts" }, facts)));
}

/** Make an element: h("button", { class: "x", onclick: f }, "text", child, ...). */
export function h(tag, attributes = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (value === true) el.setAttribute(name, "");
    else if (value !== false && value !== undefined) el.setAttribute(name, value);
  }
  el.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== ""));
  return el;
}

/** A button; `icon` stands before the words and is not read out. */
export function button(words, onclick, { icon = "", kind = "", label } = {}) {
  const sign = icon && h("span", { "aria-hidden": "true", class: "icon" }, icon);
  const text = h("span", { class: "words" }, words);
  return h("button", { type: "button", class: kind, onclick, "aria-label": label }, sign, text);
}

/** A labelled slider: `oninput(value)` hears it; set(value, shown, spoken) moves it. */
export function slider(words, { min = 0, max, value = min, label = words, oninput }) {
  const input = h("input", { type: "range", min, max, step: 1, value, "aria-label": label });
  const output = h("span", { class: "value", "aria-hidden": "true" }, String(value));
  input.addEventListener("input", () => oninput(Number(input.value)));
  const set = (next, shown = String(next), spoken = shown) => {
    input.value = next;
    output.textContent = shown;
    input.setAttribute("aria-valuetext", spoken);
  };
  const name = h("span", { class: "name", "aria-hidden": "true" }, words);
  return { el: h("div", { class: "slider" }, name, input, output), input, set };
}

/** A labelled choice; `options` are [value, words] pairs. */
export function choice(words, options, value, onchange) {
  const select = h("select", { "aria-label": words }, options.map(([name, text]) =>
    h("option", { value: name, selected: name === value }, text)));
  select.addEventListener("change", () => onchange(select.value));
  return { el: h("label", { class: "field" }, h("span", {}, words), select), select };
}

/** A region that is read out when its text changes, and seen by nobody. */
export function speaker() {
  const el = h("div", { class: "spoken", role: "status", "aria-live": "polite" });
  return { el, say: (text) => { if (el.textContent !== text) el.textContent = text; } };
}

/** A part that scrolls by itself when it is too wide; then the keyboard reaches it. */
export function scroller(label, ...children) {
  const el = h("div", { class: "scroll" }, ...children);
  new ResizeObserver(() => {
    const wide = el.scrollWidth > el.clientWidth + 1;
    for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", label]]) {
      if (wide) el.setAttribute(name, value);
      else el.removeAttribute(name);
    }
  }).observe(el);
  return el;
}

/** Lines of code under a caption; `rows` are their elements. */
export function codeBlock(caption, lines) {
  const rows = lines.map((line) => h("div", { class: "line" }, line));
  const el = h("div", { class: "codebox" }, h("div", { class: "caption" }, caption),
    scroller(caption, h("div", { class: "code" }, rows)));
  return { el, rows };
}

/** A line of arithmetic: a name, what is added, and what it makes. */
export function sumLine(name, terms, result, kind = "") {
  return h("div", { class: `sum ${kind}` }, h("span", { class: "name" }, name),
    h("span", { class: "terms" }, terms), h("span", { class: "result" }, result));
}

/** How many milliseconds some work takes. */
export function timed(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Hear a press on `el` and each move until it is let go; `moved` has the class dragged meanwhile. */
export function onDrag(el, moved, hear) {
  let down = false;
  const stop = () => { down = false; moved.classList.remove("dragged"); };
  el.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    down = true;
    try { el.setPointerCapture(event.pointerId); } catch { /* the pointer is gone already */ }
    hear(event);
  });
  el.addEventListener("pointermove", (event) => {
    if (!down) return;
    moved.classList.add("dragged");
    hear(event);
  });
  for (const name of ["pointerup", "pointercancel"]) el.addEventListener(name, stop);
}

/** Whether movement is welcome. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Replace what an element holds. */
export function fill(el, ...children) {
  el.replaceChildren(...children.flat(Infinity).filter((child) => child !== undefined && child !== ""));
}
