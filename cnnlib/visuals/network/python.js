// Questions to Python, where it runs, and its answers.

/** Ask Python through the hidden fields that follow the host; hear(answer) gets answers. */
export function connect(model, el, hear) {
  let [count, watched] = [0, undefined];
  const read = () => {
    const text = watched?.textContent.trim();
    if (text) hear(JSON.parse(text));
  };
  const observer = new MutationObserver(read);
  const watch = () => {
    const host = el.closest(".cnnlib-visual");
    const fields = [...document.querySelectorAll(`.cnnlib-from-python-${model.get("bridge")}`)];
    const next = fields.find((field) => host.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (!next || next === watched) return;
    watched = next;
    observer.observe(next, { childList: true, subtree: true, characterData: true });
  };
  return {
    listening: () => model.listening(),
    /** Send a question; returns its number, or 0 where nobody listens. */
    ask: (question) => {
      watch();
      if (!watched) return 0;
      model.set("ask", { n: ++count, ...question });
      return model.save_changes() ? count : 0;
    },
  };
}
