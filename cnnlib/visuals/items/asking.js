// How an answer is given: typed into a field, or chosen among options.
import { button, h } from "../shared/page.js";
import { shownAnswer } from "./question.js";
import { HOW, judged } from "./reading.js";

/** A field, for a grid one of several lines; `hear(judge, text)` gets what was typed. */
export function buildTyped(item, form, hear) {
  const many = form === "grid";
  const kind = { autocomplete: "off", spellcheck: "false", autocapitalize: "off", class: "typed" };
  const field = many ? h("textarea", { ...kind, rows: 4 }) : h("input", { ...kind, type: "text" });
  const written = () => field.value.trim().replace(/\s*\n\s*/g, "; ");
  const check = () => hear(() => judged(item, form, field.value), written());
  const main = button("Check", check, { kind: "main" });
  const buttons = h("div", { class: "buttons" }, main);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || (many && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    check();
  });
  const how = `${HOW[form]}${many ? " Ctrl+Enter checks it." : ""}`;
  const el = h("div", { class: "ask-for" }, h("label", {}, h("span", {}, "Your answer"), field,
    h("span", { class: "how" }, how)), buttons);
  return {
    el,
    buttons,
    focus: () => field.focus(),
    mark: (said) => {
      const again = said === "wrong" || said === "ask";
      field.setAttribute("aria-invalid", String(again));
      if (again) field.select();
    },
    close: () => {
      field.readOnly = true;
      main.hidden = true;
    },
  };
}

/** Options as buttons; those that were wrong are marked and stay. */
export function buildChoice(item, hear) {
  const options = item.options.map((place) => {
    const words = place < 0 ? item.right : item.wrong[place][1];
    const one = h("button", { type: "button", class: "option", onclick: () => choose(one, place, words) },
      h("span", { class: "mark", "aria-hidden": "true" }), h("span", {}, shownAnswer(words)));
    return one;
  });
  let last;
  let open = true;

  function choose(one, place, words) {
    if (!open || one.getAttribute("aria-disabled")) return;
    last = one;
    hear(() => (place < 0 ? { kind: "right" } : { kind: "wrong", wrong: place }), words);
  }

  const buttons = h("div", { class: "buttons" });
  const el = h("div", { class: "ask-for" },
    h("div", { class: "options", role: "group", "aria-label": "Answers" }, options), buttons);
  const mark = (said) => {
    if (!last || said === "shown") return;
    last.classList.add(said);
    last.querySelector(".mark").textContent = said === "right" ? "✓" : "✗";
    last.setAttribute("aria-disabled", "true");
  };
  const close = () => {
    open = false;
    options.forEach((one) => one.setAttribute("aria-disabled", "true"));
  };
  return { el, buttons, focus: () => options[0].focus(), mark, close };
}
