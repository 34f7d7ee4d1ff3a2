// What scrolls sideways can be reached by keyboard; what does not is passed over.

const SCROLLING = "pre, .table-wrapper, .cell_output > .output, div.math";

/** Put an element into the tab order while it is wider than its frame. */
function reachable(el) {
  const wide = el.scrollWidth > el.clientWidth + 1;
  if (wide) el.setAttribute("tabindex", "0");
  else el.removeAttribute("tabindex");
  el.classList.toggle("scrolls", wide);
}

addEventListener("DOMContentLoaded", () => {
  const watch = new ResizeObserver((entries) => entries.forEach((entry) => reachable(entry.target)));
  for (const el of document.querySelectorAll(SCROLLING)) {
    reachable(el);
    watch.observe(el);
  }
});

// Paper shows what the screen folds.
addEventListener("beforeprint", () => {
  document.querySelectorAll("article details").forEach((el) => { el.open = true; });
});
