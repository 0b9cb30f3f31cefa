/* What colours the points of a map: a code for each product (0: grey), and the look and name of each code. */
(function () {
  "use strict";
  const { Data, Draw } = window.aislemap;
  const HUES = 8, SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross"];
  const STEPS = 64; // colours of a continuous scale: see store/questions/colours.py
  const LISTED = 40; // names in the legend at most

  const look = (place) => ({ hue: place % HUES, symbol: SYMBOLS[Math.floor(place / HUES) % SYMBOLS.length] });
  const RIGHT_WRONG = [{ hue: 0, symbol: "circle" }, { hue: 5, symbol: "diamond" }];
  const BY = { cluster: ["method", "grouping"], match: ["method", "grouping"], confidence: ["method"] };

  /* what a column depends on beside the snapshot, as the server asks for it */
  function dependsOn(column, method, grouping) {
    const known = { method, grouping: grouping || "none" };
    return Object.fromEntries((BY[column] || []).map((name) => [name, known[name]]));
  }
  async function coloured(spec, column, method, grouping) {
    const made = await Data.colours(spec.token, column, dependsOn(column, method, grouping), spec.every);
    if (!made.looks && made.names.length) made.looks = column === "match" ? RIGHT_WRONG : made.names.map((_, place) => look(place));
    return made;
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
    const { counts } = made;
    const places = made.names.map((_, place) => place);
    const shown = places.length <= LISTED ? places : places.slice().sort((a, b) => counts[b] - counts[a]).slice(0, LISTED);
    made.names.forEach((name, place) => focus.includes(name) && !shown.includes(place) && shown.push(place));
    const chips = shown.map((place) => {
      const name = made.names[place], { hue, symbol } = made.looks[place], dot = node("span", `dot dot-${symbol}`);
      dot.style.backgroundColor = `var(--hue-${hue})`;
      const count = `${counts[place].toLocaleString("en")} product${counts[place] === 1 ? "" : "s"}`;
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
