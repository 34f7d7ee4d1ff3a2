// What is kept of the practice: in the browser, and as a file to take along.
import { h } from "../shared/page.js";

const KEY = "cnnlib-practice";
const FORMAT = "cnnlib practice 1";
const empty = () => ({ format: FORMAT, kinds: {}, forgotten: {}, chosen: null, typed: null, begin: null });

/** Open what this browser keeps; `blocked` says that it keeps nothing. */
export function openMemory() {
  const memory = { kept: empty(), blocked: false, passing: passes() };

  /** Take in what another page of the course has kept meanwhile. */
  memory.refresh = () => {
    try {
      const text = localStorage.getItem(KEY);
      if (text) memory.kept = merged(memory.kept, readKept(text));
    } catch {
      memory.blocked = !storageWorks();
    }
  };

  const write = () => {
    try {
      localStorage.setItem(KEY, JSON.stringify(memory.kept));
    } catch {
      memory.blocked = true;
    }
  };

  memory.save = () => {
    memory.refresh();
    write();
  };

  /** Forget these kinds, and, with all of them, what was chosen. */
  memory.forget = (names, all, now) => {
    memory.refresh();
    const { kinds, forgotten } = memory.kept;
    for (const name of names) {
      delete kinds[name];
      forgotten[name] = now;
    }
    if (all) memory.kept = { ...empty(), forgotten };
    write();
  };

  /** Take in the text of a file; throws an Error with a sentence if it is not ours. */
  memory.load = (text) => {
    memory.kept = merged({ ...memory.kept, forgotten: {} }, { ...readKept(text), forgotten: {} });
    write();
  };

  memory.blocked = !storageWorks();
  memory.refresh();
  return memory;
}

/** Whether this page has a storage of its own, which is gone when the notebook is opened again. */
function passes() {
  return location.protocol === "vscode-webview:" || /googleusercontent\.com$/.test(location.hostname);
}

function storageWorks() {
  try {
    localStorage.setItem(`${KEY}-try`, "1");
    localStorage.removeItem(`${KEY}-try`);
    return true;
  } catch {
    return false;
  }
}

/** Read what was kept; throws an Error with a sentence if it is something else. */
export function readKept(text) {
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error("This file holds no JSON: choose one that was saved here.");
  }
  if (found?.format !== FORMAT) {
    throw new Error(`This file is not one of practice: its format should be "${FORMAT}".`);
  }
  const kinds = Object.entries(found.kinds ?? {}).filter(([, entry]) => isEntry(entry));
  const forgotten = Object.entries(Object(found.forgotten)).filter(([, at]) => Number.isFinite(at));
  return { ...empty(), ...found, kinds: Object.fromEntries(kinds), forgotten: Object.fromEntries(forgotten) };
}

function isEntry(entry) {
  const numbers = [entry?.level, entry?.turn, entry?.card?.due, entry?.card?.stability,
    entry?.card?.difficulty, entry?.card?.last_review];
  return numbers.every(Number.isFinite);
}

/** Two memories as one: of each kind what was answered last, unless it was forgotten since. */
function merged(own, other) {
  const forgotten = { ...other.forgotten };
  for (const [name, at] of Object.entries(own.forgotten)) forgotten[name] = Math.max(at, forgotten[name] ?? 0);
  const kinds = {};
  for (const [name, entry] of [...Object.entries(other.kinds), ...Object.entries(own.kinds)]) {
    const before = kinds[name]?.card.last_review ?? forgotten[name] ?? 0;
    if (entry.card.last_review >= before) kinds[name] = entry;
  }
  const settings = ["chosen", "typed", "begin"].map((name) => [name, own[name] ?? other[name]]);
  return { ...own, forgotten, kinds, ...Object.fromEntries(settings) };
}

/** Offer a memory as a file. */
export function saveFile(kept) {
  const file = URL.createObjectURL(new Blob([JSON.stringify(kept)], { type: "application/json" }));
  h("a", { download: "cnn-practice.json", href: file }).click();
  setTimeout(() => URL.revokeObjectURL(file), 1000);
}
