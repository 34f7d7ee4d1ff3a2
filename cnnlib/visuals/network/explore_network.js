// Look inside a net: its layers, their maps, and where one number comes from.
import { begin, button, choice, fill, h, speaker, timed } from "../shared/page.js";
import { bytesOf } from "../shared/bytes.js";
import { decodeMaps } from "../shared/maps.js";
import { equals } from "../shared/numbers.js";
import { oneMap, openStore, seenBy } from "./data.js";
import { explain } from "./sums.js";
import { buildImage, buildMap, buildMosaic, buildTabs } from "./panes.js";
import { arithmetic, buildPlace, gradientWords, layerFacts, unitName } from "./words.js";
import { connect } from "./python.js";

export function render({ model, el }) {
  const layers = model.get("layers");
  const store = openStore(model.get("values"));
  const state = { layer: 0, unit: layers[0].start, own: false };
  const known = { probes: new Map(), maps: new Map(), full: new Set() };
  const voice = speaker();
  const python = connect(model, el, hear);
  let waiting = 0;

  const tabs = buildTabs(layers, pickLayer);
  const mosaic = buildMosaic((unit) => pickUnit(unit));
  const map = buildMap((spot) => pickUnit([state.unit[0], ...spot]));
  const image = buildImage(model.get("image"), model.get("height"), model.get("width"));
  const where = buildPlace((unit) => pickUnit(unit));
  const facts = h("div", { class: "layer-facts" });
  const sum = h("div", { class: "why", role: "group", "aria-label": "where this number comes from" });
  const scale = choice("Colours", [["common", "one scale for all maps"], ["own", "each map its own"]], "common",
    (name) => { state.own = name === "own"; draw(); });
  const strongest = button("Strongest unit", () => pickUnit(layer().start));

  const layer = () => layers[state.layer];
  const key = (unit) => `${state.layer}:${unit.join()}`;
  const stored = (unit) => layer().probes.find((one) => String(one.unit) === String(unit));

  function pickLayer(k) {
    state.layer = k;
    state.unit = layer().start;
    tabs.show(k);
    draw();
    ask();
    voice.say(`Layer ${layer().name}. ${layerFacts(layer())} ${said()}`);
  }

  function pickUnit(unit) {
    state.unit = unit.map((at, axis) => Math.max(0, Math.min(layer().maps[axis] - 1, at)));
    mosaic.select(state.unit);
    unitChanged();
    ask();
    voice.say(said());
  }

  const said = () => {
    const found = explained();
    return `${unitName(layer(), state.unit)}${found ? ` ${equals(found.value)}` : ""}.`;
  };

  /** What is known of the unit: from Python, from the page's numbers, or in advance. */
  function explained() {
    const unit = state.unit;
    const held = stored(unit);
    return known.probes.get(key(unit)) ?? explain(layer(), unit, store)
      ?? (held?.value === undefined ? undefined : held);
  }

  function draw() {
    facts.textContent = layerFacts(layer());
    const maps = store.values(layer().key);
    mosaic.show(maps, layer(), state.own);
    mosaic.select(state.unit);
    unitChanged();
  }

  function unitChanged() {
    const unit = state.unit;
    const found = explained();
    const gradient = (known.probes.get(key(unit)) ?? stored(unit))?.gradient;
    const seen = seenBy(layer().field, unit);
    const large = known.maps.get(`${state.layer}:${unit[0]}`) ?? oneMap(store.values(layer().key), unit[0]);
    where.show(unit, layer().maps);
    map.show(large, layer(), unit, state.own);
    image.show(seen, gradient && { ...gradient, data: bytesOf(gradient.data) },
      gradientWords(layer(), unit, gradient, seen));
    fill(sum, found ? arithmetic(layer(), found) : "", missing(found, gradient));
  }

  /** Say what this page cannot say of the unit. */
  function missing(found, gradient) {
    if (waiting) return h("p", { class: "note" }, "Asking Python …");
    if (state.trouble) return h("p", { class: "note unfit" }, state.trouble);
    if (found && gradient) return "";
    const what = found ? "The gradient of this unit is" : "The arithmetic and the gradient of this unit are";
    const best = stored(layer().start);
    const held = best?.gradient ? " The page has that of the strongest unit." : "";
    return h("p", { class: "note" }, `${what} not on this page: open the notebook with Python running.${held}`);
  }

  function ask() {
    state.trouble = "";
    const maps = store.values(layer().key);
    const partial = (maps.count < layer().maps[0] || maps.step > 1) && !known.full.has(state.layer);
    const single = `${state.layer}:${state.unit[0]}`;
    const reduced = maps.step > 1 && !known.maps.has(single);
    const probe = known.probes.get(key(state.unit)) ?? (stored(state.unit)?.gradient && explained());
    if (!partial && !reduced && probe) { waiting = 0; return; }
    waiting = python.ask({ layer: state.layer, unit: state.unit, maps: partial, map: reduced });
    asked = { layer: state.layer, unit: state.unit };
    const own = waiting;
    if (own) setTimeout(() => { if (waiting === own) late(); }, 30000);
    unitChanged();
  }
  let asked;

  function late() {
    waiting = 0;
    state.trouble = "Python has not answered. Is the kernel running and idle?";
    unitChanged();
  }

  function hear({ n, error, probe, maps, map: single }) {
    if (n !== waiting) return;
    waiting = 0;
    if (error) state.trouble = error;
    if (probe) known.probes.set(`${asked.layer}:${asked.unit.join()}`, probe);
    if (maps) {
      store.replace(layers[asked.layer].key, maps);
      known.full.add(asked.layer);
    }
    if (single) {
      const one = { ...decodeMaps(single), numbers: [asked.unit[0]] };
      known.maps.set(`${asked.layer}:${asked.unit[0]}`, one);
    }
    draw();
    voice.say(error ?? said());
  }

  begin(el, model.get("title"), model.get("facts"));
  el.append(tabs.el, facts,
    h("div", { class: "views" }, mosaic.el, h("div", { class: "closer" }, map.el, image.el)),
    h("div", { class: "tools" }, h("span", { class: "one" }, "One number:"), where.el, strongest, scale.el),
    sum, voice.el);
  tabs.show(0);
  draw();
  return {
    state, python, explained, pickLayer, pickUnit,
    mosaic: () => timed(() => mosaic.draw(state.own)),
  };
}

export default { render };
