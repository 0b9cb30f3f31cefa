/* The maps of the page Map: one selection and one hovered product in all of them. See pages/map.py. */
(function () {
  "use strict";
  const { Data, Draw, Part, Pick, Colour, Pointer, Tray } = window.aislemap;
  const PANELS = 4;
  const set = (id, property, value) => window.dash_clientside.set_props(id, { [property]: value });
  const panels = new Map();
  let state = null, turn = 0, hovered = -1, mask = null, selected = 0, rule = "";

  /* ---- what the address says ---- */
  const readView = (text) => {
    const [x, y, span] = (text || "").split(",").map(Number);
    return span > 0 && Number.isFinite(x + y) ? { centre: [x, y], span } : null;
  };
  const writeView = (view) => (view ? [...view.centre, view.span].map((part) => part.toPrecision(6) / 1).join(",") : "");
  function readLasso(text) {
    const [where, corners] = (text || "").split(":"), [method, reducer] = (where || "").split(".");
    const polygon = (corners || "").split(";").map((corner) => corner.split(",").map(Number));
    return polygon.length > 2 && polygon.flat().every(Number.isFinite) ? { method, reducer, polygon } : null;
  }

  /* ---- the selection: 1 for each product that is in all of what was chosen; null if nothing was ---- */
  async function select(made) {
    const { spec, lasso, focus, text, where } = state, names = focus.filter((name) => made && made.names.includes(name));
    rule = "";
    if (!lasso && !names.length && !text && !where.length) return null;
    const chosen = new Uint8Array(spec.products).fill(1);
    const keep = (bits) => {
      for (let i = 0; i < chosen.length; i++) chosen[i] &= bits[i >> 3] >> (i & 7);
    };
    const part = spec.every > 1; // the server has the products that the browser has not
    if (part || where.length) {
      const asked = part ? query() : new URLSearchParams(where.map((one) => ["where", one]));
      asked.set("number", spec.number);
      const found = await Data.where(asked).catch((error) => ({ words: error.message, bits: [] }));
      rule = found.words;
      keep(found.bits);
    }
    if (part) return chosen;
    if (names.length) {
      const codes = new Set(names.map((name) => made.names.indexOf(name) + 1));
      for (let i = 0; i < chosen.length; i++) chosen[i] &= codes.has(made.codes[i]);
    }
    if (text) keep(await Data.search(spec.token, text));
    if (lasso) {
      const map = await Data.map(spec.token, lasso.method, lasso.reducer, 1).catch(() => null);
      if (map) Pick.keepInside(map, lasso.polygon, chosen);
    }
    return chosen;
  }

  /* ---- drawing ---- */
  function panelAt(index) {
    const holder = document.getElementById(`map-${index}`);
    let panel = panels.get(index);
    if (!holder) return null;
    if (panel && panel.holder === holder) return panel;
    panel = { index, holder, canvas: Colour.node("canvas", "map-points"), over: Colour.node("canvas", "map-over"), map: null, view: null };
    holder.append(panel.canvas, panel.over);
    new ResizeObserver(() => fit(panel) && paint(panel)).observe(holder);
    fit(panel);
    Pointer.listen(panel, { paint: () => paint(panel), over: () => hover(panel), settled: (view) => settled(panel, view), point, open, drag: () => state.drag });
    panels.set(index, panel);
    return panel;
  }
  function fit(panel) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [panel.holder.clientWidth, panel.holder.clientHeight].map((side) => Math.round(side * ratio));
    if (!width || (panel.canvas.width === width && panel.canvas.height === height)) return false;
    for (const canvas of [panel.canvas, panel.over]) [canvas.width, canvas.height] = [width, height];
    return true;
  }
  function paint(panel) {
    if (!panel.map || !panel.made || !panel.canvas.width) return;
    const { map, codes, lit } = Part.layer(panel, mask);
    Object.assign(panel, { palette: Colour.palette(panel.made), grey: Draw.variable("context"), ink: Draw.variable("ink") });
    Object.assign(panel, { map, paint: codes, lit });
    panel.inView = Draw.inView(panel);
    Draw.points(panel);
    hover(panel);
    Object.assign(panel.holder.dataset, { drawn: `${panel.map.shown} ${selected}`, points: panel.map.x.length });
  }
  function hover(panel) {
    const { lasso } = state, own = lasso && panel.name === `${lasso.method}.${lasso.reducer}`;
    Draw.over(panel, Draw.placed(panel), spot(panel), own ? lasso.polygon : [], panel.draft);
  }
  /* where the hovered product is in a panel's grid; null if it is not there, or not known yet */
  function spot(panel) {
    if (hovered < 0) return null;
    const place = Part.find(panel.map, hovered), { elsewhere } = panel;
    if (place >= 0) return [panel.map.x[place], panel.map.y[place]];
    return elsewhere && elsewhere.number === hovered ? elsewhere.place : null;
  }

  async function refresh() {
    const mine = ++turn, { spec } = state, places = Array.from({ length: state.panels }, (_, index) => index);
    const asked = places.filter((index) => panelAt(index)).map(async (index) => {
      const panel = panelAt(index), [method, reducer] = [state.methods[index], state.reducers[index]];
      const [map, made] = await Promise.all([
        Data.map(spec.token, method, reducer, spec.every).catch(() => null),
        Colour.coloured(spec, state.colour, method, state.grouping).catch(() => null),
      ]);
      return { panel, method, reducer, map, made };
    });
    const shown = await Promise.all(asked);
    const first = shown.length ? shown[0].made : null, found = await select(first);
    const count = found ? found.reduce((sum, one) => sum + one, 0) : 0;
    const few = found && spec.every > 1 && count <= spec.few;
    const chosen = await Promise.all(shown.map(({ method, reducer, map }) => (few && map ? selectedOf(method, reducer) : null)));
    if (mine !== turn) return;
    [mask, selected] = [found, count];
    for (const [place, { panel, method, reducer, map, made }] of shown.entries()) {
      const name = `${method}.${reducer}`;
      const kept = panel.viewText === state.viewText[panel.index];
      if (panel.name !== undefined && panel.name !== name && kept && panel.viewText) {
        [state.views[panel.index], state.viewText[panel.index]] = [null, ""]; // other points are shown whole
        set(`map-view-${panel.index}`, "data", "");
      }
      Object.assign(panel, { name, method, reducer, map, made, view: state.views[panel.index], viewText: state.viewText[panel.index] });
      panel.whole = map && made && Part.whole(map, made, spec.every, mask, chosen[place]);
      if (panel.near && panel.near.of !== drawnOf(panel)) panel.near = null;
      fit(panel);
      paint(panel);
      closer(panel, mine);
      summary(panel, method, name, map, made);
    }
    const holder = document.getElementById("map-legend");
    if (holder && first) Colour.legend(holder, first, state.focus, toggle);
    await Tray.show(spec, mask, selected, rule, query(), () => mine === turn);
  }
  /* of a part of the products: the selected ones, and all that are in view once they are few */
  const colouring = (method) => ({ colour: state.colour, of: method, grouping: state.grouping || "none" });
  function selectedOf(method, reducer) {
    const asked = query();
    Object.entries({ ...colouring(method), number: state.spec.number }).forEach(([name, value]) => asked.set(name, value));
    return Data.selected(method, reducer, asked).catch(() => null);
  }
  async function closer(panel, mine) {
    if (!panel.whole || state.spec.every === 1 || !panel.canvas.width) return;
    const near = await Part.region(panel, state.spec, panel.method, panel.reducer, colouring(panel.method)).catch(() => null);
    if (mine !== turn) return;
    panel.near = near && { ...near, of: drawnOf(panel) };
    paint(panel);
    panel.holder.dataset.looked = panel.viewText;
  }
  const drawnOf = (panel) => [state.spec.token, panel.name, state.colour, state.grouping].join(" ");

  function summary(panel, method, name, map, made) {
    const holder = document.getElementById(`map-summary-${panel.index}`);
    if (!holder) return;
    const parts = map ? [Tray.counted(map.shown, "product")] : ["there is no such map"], trust = state.spec.trust[name];
    if (map && trust !== undefined) parts.push(`trustworthiness ${trust}`);
    if (map && made && state.colour === "match") {
      const [right, wrong] = made.counts;
      if (right + wrong) parts.push(`${Math.round((100 * right) / (right + wrong))}\u00a0% right`);
    }
    if (state.spec.models[method]) parts.push(state.spec.models[method]);
    holder.textContent = parts.join(" · ");
  }

  /* the selection as an address has it, see dashboard/selecting/map_selection.py */
  function query() {
    const { text, focus, colour, grouping, methods, where } = state, made = new URLSearchParams();
    if (text) made.set("q", text);
    if (state.lassoText) made.set("lasso", state.lassoText);
    focus.forEach((name) => made.append("focus", name));
    where.forEach((one) => made.append("where", one));
    if (focus.length) Object.entries({ colour, grouping, m0: methods[0] }).forEach(([name, value]) => value && made.set(name, value));
    return made;
  }
  const toggle = (name) =>
    set("map-focus", "data", state.focus.includes(name) ? state.focus.filter((one) => one !== name) : [...state.focus, name]);

  /* ---- the pointer: see maps-pointer.js ---- */
  function settled(panel, view) {
    if (!state) return;
    [state.views[panel.index], panel.viewText] = [view, writeView(view)];
    set(`map-view-${panel.index}`, "data", panel.viewText);
  }
  async function open(number) {
    if (number < 0) return;
    const [[id]] = await Data.products(state.spec.token, [number]);
    set("go", "href", Tray.link(id));
  }
  async function point(panel, number, event) {
    const card = document.getElementById("map-card");
    if (event && card) {
      const left = event.clientX > window.innerWidth - 230;
      Object.assign(card.style, { left: `${event.clientX + (left ? -200 : 18)}px`, top: `${Math.max(8, Math.min(event.clientY - 90, window.innerHeight - 240))}px` });
    }
    if (number === hovered) return;
    hovered = number;
    panel.over.style.cursor = number < 0 ? "" : "pointer";
    for (const other of panels.values()) if (other.map && other.holder.isConnected) mark(other);
    if (!card) return;
    card.hidden = true;
    if (number < 0) return;
    const found = await Data.products(state.spec.token, [number]);
    if (number !== hovered || !found.length) return;
    const [id, name, category, hasImage] = found[0];
    card.replaceChildren(Tray.image(state.spec, id, name, hasImage, "hover-image"), Colour.node("div", "hover-name", name || id), Colour.node("div", "sub", category || "no category"));
    card.hidden = false;
  }

  /* the hovered product in a panel; the server knows where it is if the browser does not have it there */
  async function mark(panel) {
    hover(panel);
    if (hovered < 0 || state.spec.every === 1 || Part.find(panel.map, hovered) >= 0) return;
    const number = hovered, place = await Data.place(state.spec.token, panel.method, panel.reducer, number).catch(() => null);
    panel.elsewhere = { number, place };
    if (number === hovered) hover(panel);
  }

  window.addEventListener("theme", () => panels.forEach((panel) => panel.holder.isConnected && paint(panel)));
  Object.assign(window.aislemap, {
    /* for tests: where the product of that number is in the window, and what is shown of the map */
    maps: {
      place(index, number) {
        const panel = panels.get(index), at = Draw.placed(panel), box = panel.over.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
        const place = Part.find(panel.map, number);
        return [box.left + (at.left + panel.map.x[place] * at.k) / ratio, box.top + (at.top - panel.map.y[place] * at.k) / ratio];
      },
      view: (index) => writeView(Draw.placed(panels.get(index))),
      painted(index) {
        const { paint, lit } = panels.get(index);
        return new Set(Array.from(paint).filter((code, i) => code && (!lit || lit[i]))).size;
      },
    },
  });
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    maps: {
      show: function (spec, count, colour, grouping, focus, lasso, where, text, drag, ...rest) {
        if (!spec) return window.dash_clientside.no_update;
        const [methods, reducers, views] = [0, 1, 2].map((part) => rest.slice(part * PANELS, (part + 1) * PANELS));
        const wanted = Math.max(1, Math.min(PANELS, Number(count) || 2));
        state = { spec, panels: wanted, colour, grouping, focus: focus || [], lasso: readLasso(lasso), lassoText: lasso || "", where: where || [], text: text || "", drag, methods, reducers, views: views.map(readView), viewText: views.map((text) => text || "") };
        refresh();
        return `maps maps-${wanted}`;
      },
    },
  });
})();
