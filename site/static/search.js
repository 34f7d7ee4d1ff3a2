// Search: lessons before all else, with the sentence around the first word that was found.

const FIRST = ["notebooks/", "exercises/", "docs/", "train", "api/"];
const AROUND = 110; // characters on each side

/** Where in the list a result belongs, by the folder of its page. */
function rank(item) {
  const link = item.querySelector("a")?.getAttribute("href") ?? "";
  const place = FIRST.findIndex((folder) => link.startsWith(folder));
  return place < 0 ? FIRST.length : place;
}

/** The text around the first of the words, marked; null where none occurs. */
function excerpt(text, words) {
  const low = text.toLowerCase();
  const places = words.map((word) => low.indexOf(word)).filter((at) => at >= 0);
  if (!places.length) return null;
  const at = Math.min(...places);
  const word = words.find((one) => low.startsWith(one, at));
  const p = document.createElement("p");
  p.className = "context";
  const mark = document.createElement("mark");
  mark.textContent = text.slice(at, at + word.length);
  const before = text.slice(Math.max(0, at - AROUND), at).replace(/^\S*\s/, "");
  const after = text.slice(at + word.length, at + word.length + AROUND).replace(/\s\S*$/, "");
  p.append(at > AROUND ? "… " : "", before, mark, after, " …");
  return p;
}

/** Put the results in order, and give each its excerpt. */
function arrange(list, words) {
  const items = [...list.children];
  const sorted = items.map((item, at) => [rank(item), at, item]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (sorted.some(([, at], place) => at !== place)) list.append(...sorted.map(([, , item]) => item));
  for (const item of items) {
    const page = item.querySelector("a")?.getAttribute("href").replace(/\.html.*$/, "");
    const text = globalThis.courseTexts?.[page];
    if (item.querySelector(".context") || !text) continue;
    const found = excerpt(text, words);
    if (found) item.append(found);
  }
}

addEventListener("DOMContentLoaded", () => {
  const results = document.querySelector("#search-results");
  const asked = new URLSearchParams(location.search).get("q");
  if (!results || !asked) return;
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const watch = new MutationObserver(() => {
    const list = results.querySelector("ul.search");
    watch.disconnect();
    if (list) arrange(list, [asked.toLowerCase(), ...words]);
    watch.observe(results, { childList: true, subtree: true });
  });
  watch.observe(results, { childList: true, subtree: true });
});
