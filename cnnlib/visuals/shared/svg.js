// Elements of SVG pictures.

/** An SVG element: s("rect", { x: 1 }, child). */
export function s(tag, attributes = {}, ...children) {
  const el = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, value);
  el.append(...children.flat(Infinity).filter((child) => child !== ""));
  return el;
}
