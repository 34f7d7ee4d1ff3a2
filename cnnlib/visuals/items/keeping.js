// What is kept can be saved as a file, loaded, and forgotten; and what each goal has come to.
import { button, fill, h } from "../shared/page.js";
import { saveFile } from "./memory.js";
import { tablesOf } from "./goals.js";

const BLOCKED = "This browser keeps nothing here: save your practice as a file before you close the page.";
const PASSING = "Colab and VS Code may forget it when the notebook is closed: save your practice as a file.";
const KEPT = "Kept in this browser alone. A file takes it to another one.";

/** The part below the items; `changed()` is told when something was loaded or forgotten. */
export function buildKeeping(memory, { lessons, kinds, names, linkTo, changed, now }) {
  const all = lessons.length > 1;
  const note = h("p", { class: "kept", role: "status" });
  const tables = h("div", { class: "tables" });
  const file = h("input", { type: "file", accept: ".json,application/json", "aria-label": "File of practice" });
  const choose = h("label", { class: "load" }, h("span", {}, "Load a file"), file);
  const forget = button(all ? "Forget everything" : "Forget this lesson", ask);
  const sure = button("Yes, forget it", forgetNow);
  const not = button("No, keep it", () => confirm(false, forget));
  const save = button("Save as a file", () => {
    memory.refresh();
    saveFile(memory.kept);
    fill(note, "Saved as cnn-practice.json.");
  });
  const goals = h("details", { class: "goals-fold" }, h("summary", {}, "What you know"), tables);
  goals.addEventListener("toggle", show);

  file.addEventListener("change", async () => {
    const [one] = file.files;
    if (!one) return;
    try {
      memory.load(await one.text());
      changed();
      fill(note, "Loaded: of each kind the later answer counts.");
    } catch (error) {
      fill(note, error.message);
    }
    file.value = "";
  });

  function confirm(open, focused) {
    sure.hidden = not.hidden = !open;
    forget.hidden = open;
    focused?.focus();
  }

  function ask() {
    confirm(true, sure);
    fill(note, all ? "All answers of all lessons are forgotten, for good." : "All answers of this lesson are "
      + "forgotten, for good.");
  }

  function forgetNow() {
    memory.forget(names, all, now());
    confirm(false, forget);
    changed();
    fill(note, "Forgotten.");
  }

  function show() {
    const kept = memory.kept.kinds;
    if (goals.open) fill(tables, tablesOf({ lessons, kinds, names, kept, now: now(), linkTo }));
  }

  confirm(false);
  const buttons = h("div", { class: "buttons" }, save, choose, forget, sure, not);
  const el = h("div", { class: "keeping" }, goals, buttons, note);
  return { el, show: () => {
    fill(note, memory.blocked ? BLOCKED : memory.passing ? PASSING : KEPT);
    show();
  } };
}
