/* What colours the points of a map: a code for each product (0: grey), and the look and name of each code. */
(function () {
  "use strict";
  const { Data, Draw } = window.aislemap;
  const HUES = 8, SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross"];
  const STEPS = 64; // colours of a continuous scale
  const LISTED = 40; // names in the legend at most

  const look = (place) => ({ hue: place % HUES, symbol: SYMBOLS[Math.floor(place / HUES) % SYMBOLS.length] });
  const named = (names, codes) => ({ codes, names, looks: names.map((_, place) => look(place)) });

  function continuous(numbers) {
    const sorted = numbers.filter((value) => !Number.isNaN(value)).sort();
    const at = (fraction) => sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))];
    const [low, high] = [at(0.02), at(0.98)], log = low > 0 && high / low > 20;
    const scaled = log ? Math.log : (value) => value, room = scaled(high) - scaled(low) || 1;
    const codes = new Uint16Array(numbers.length);
    numbers.forEach((value, i) => {
      if (Number.isNaN(value)) return;
      codes[i] = 1 + Math.max(0, Math.min(STEPS - 1, Math.floor(((scaled(value) - scaled(low)) / room) * STEPS)));
    });
    return { codes, names: [], scale: sorted.length ? { low, high, log } : null };
  }

  const kept = new Map();
  function coloured(spec, column, method, grouping) {
    const key = [spec.token, column, method, grouping].join(" ");
    if (!kept.has(key)) {
      const made = make(spec.token, column, method, grouping);
      made.catch(() => kept.delete(key));
      kept.set(key, made);
      if (kept.size > 16) kept.delete(kept.keys().next().value);
    }
    return kept.get(key);
  }

  async function make(token, column, method, grouping) {
    if (!["category", "cluster", "match"].includes(column)) {
      const found = await Data.values(token, column, column === "confidence" ? method : "");
      return found.numbers ? continuous(found.numbers) : named(found.names, found.codes);
    }
    const categories = await Data.categories(token);
    if (column === "category") return named(categories.names, categories.codes);
    const groups = await Data.groups(token, method, grouping || "none");
    const code = new Map(categories.names.map((name, i) => [name, i + 1]));
    const matched = new Uint16Array(groups.groups + 2);
    Object.entries(groups.matched).forEach(([group, name]) => (matched[Number(group) + 1] = code.get(name) || 0));
    if (column === "match") {
      // as the metric `matched_accuracy` counts them
      const codes = groups.codes.map((group, i) => (!group || !categories.codes[i] ? 0 : matched[group] === categories.codes[i] ? 1 : 2));
      return { codes, names: ["right", "wrong"], looks: [{ hue: 0, symbol: "circle" }, { hue: 5, symbol: "diamond" }] };
    }
    if (categories.names.length) return named(categories.names, groups.codes.map((group) => matched[group]));
    return named(Array.from({ length: groups.groups }, (_, i) => `group ${i}`), groups.codes);
  }

  /* the looks with their colours in the present theme */
  function palette(made) {
    if (made.looks) return made.looks.map(({ hue, symbol }) => ({ colour: Draw.variable(`hue-${hue}`), symbol }));
    const stops = ["hue-1", "hue-4", "hue-6"].map((name) => Draw.rgb(Draw.variable(name)));
    return Array.from({ length: STEPS }, (_, i) => {
      const at = (2 * i) / (STEPS - 1), low = Math.min(1, Math.floor(at));
      const parts = stops[low].map((from, part) => Math.round(from + (stops[low + 1][part] - from) * (at - low)));
      return { colour: "#" + parts.map((part) => part.toString(16).padStart(2, "0")).join(""), symbol: "circle" };
    });
  }

  const short = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
  function node(tag, className, ...children) {
    const made = document.createElement(tag);
    made.className = className;
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  /* fills the legend: a button for each name, those in `focus` pressed, or the ends of a scale */
  function legend(holder, made, focus, toggle) {
    if (made.scale) {
      const { low, high, log } = made.scale;
      holder.replaceChildren(
        node("span", "scale", node("span", "", short(low)), node("span", "scale-bar"), node("span", "", short(high)),
          node("small", "", `${log ? "logarithmic, " : ""}the middle 96\u00a0% of the products`)),
      );
      return;
    }
    const counts = new Uint32Array(made.names.length + 1);
    made.codes.forEach((code) => counts[code]++);
    const places = made.names.map((_, place) => place);
    const shown = places.length <= LISTED ? places : places.slice().sort((a, b) => counts[b + 1] - counts[a + 1]).slice(0, LISTED);
    made.names.forEach((name, place) => focus.includes(name) && !shown.includes(place) && shown.push(place));
    const chips = shown.map((place) => {
      const name = made.names[place], { hue, symbol } = made.looks[place], dot = node("span", `dot dot-${symbol}`);
      dot.style.backgroundColor = `var(--hue-${hue})`;
      const count = `${counts[place + 1].toLocaleString("en")} product${counts[place + 1] === 1 ? "" : "s"}`;
      const chip = node("button", "chip", dot, node("span", "chip-name", name), node("small", "", count));
      chip.type = "button";
      chip.setAttribute("aria-pressed", focus.includes(name));
      chip.classList.toggle("chip-on", focus.includes(name));
      chip.addEventListener("click", () => toggle(name));
      return chip;
    });
    const rest = places.length - shown.length;
    holder.replaceChildren(...chips, ...(rest > 0 ? [node("span", "count", `and ${rest.toLocaleString("en")} more`)] : []));
  }

  Object.assign(window.aislemap, { Colour: { coloured, palette, legend, node } });
})();
