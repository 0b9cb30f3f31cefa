/* The maps of the page Projections: one selection and one hovered product in all of them. See pages/projections.py. */
(function () {
  "use strict";
  const { Data, Draw, Pick, Colour } = window.aislemap;
  const PANELS = 4, TRAY = 24, NEAR = 12, SETTLED = 250;
  const set = (id, property, value) => window.dash_clientside.set_props(id, { [property]: value });
  const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
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
    if (names.length) {
      const codes = new Set(names.map((name) => made.names.indexOf(name) + 1));
      for (let i = 0; i < chosen.length; i++) chosen[i] = codes.has(made.codes[i]);
    }
    if (text) {
      const bits = await Data.search(spec.token, text);
      for (let i = 0; i < chosen.length; i++) chosen[i] &= bits[i >> 3] >> (i & 7);
    }
    if (where.length) {
      const found = await Data.where(spec.number, where).catch((error) => ({ words: error.message, bits: [] }));
      rule = found.words;
      for (let i = 0; i < chosen.length; i++) chosen[i] &= found.bits[i >> 3] >> (i & 7);
    }
    if (lasso) {
      const map = await Data.map(spec.token, lasso.method, lasso.reducer).catch(() => null);
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
    listen(panel);
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
    Object.assign(panel, { palette: Colour.palette(panel.made), grey: Draw.variable("context"), ink: Draw.variable("ink") });
    Object.assign(panel, { paint: panel.made.codes, lit: mask, inView: Draw.inView(panel) });
    Draw.points(panel);
    hover(panel);
    panel.holder.dataset.drawn = `${panel.map.shown} ${selected}`;
  }
  function hover(panel) {
    const { lasso } = state, own = lasso && panel.name === `${lasso.method}.${lasso.reducer}`;
    Draw.over(panel, Draw.placed(panel), hovered, own ? lasso.polygon : [], panel.draft);
  }

  async function refresh() {
    const mine = ++turn, { spec } = state, shown = [];
    for (let index = 0; index < state.panels; index++) {
      const panel = panelAt(index), [method, reducer] = [state.methods[index], state.reducers[index]];
      if (!panel) continue;
      const [map, made] = await Promise.all([
        Data.map(spec.token, method, reducer).catch(() => null),
        Colour.coloured(spec, state.colour, method, state.grouping).catch(() => null),
      ]);
      shown.push([panel, `${method}.${reducer}`, method, map, made]);
    }
    const first = shown.length ? shown[0][4] : null, chosen = await select(first);
    if (mine !== turn) return;
    mask = chosen;
    selected = mask ? mask.reduce((sum, one) => sum + one, 0) : 0;
    for (const [panel, name, method, map, made] of shown) {
      const kept = panel.viewText === state.viewText[panel.index];
      if (panel.name !== undefined && panel.name !== name && kept && panel.viewText) {
        [state.views[panel.index], state.viewText[panel.index]] = [null, ""]; // other points are shown whole
        set(`map-view-${panel.index}`, "data", "");
      }
      Object.assign(panel, { name, map, made, view: state.views[panel.index], viewText: state.viewText[panel.index] });
      fit(panel);
      paint(panel);
      summary(panel, method, name, map, made);
    }
    const holder = document.getElementById("map-legend");
    if (holder && first) Colour.legend(holder, first, state.focus, toggle);
    await tray();
  }

  function summary(panel, method, name, map, made) {
    const holder = document.getElementById(`map-summary-${panel.index}`);
    if (!holder) return;
    const parts = map ? [counted(map.shown, "product")] : ["there is no such map"], trust = state.spec.trust[name];
    if (map && trust !== undefined) parts.push(`trustworthiness ${trust}`);
    if (map && made && state.colour === "match") {
      let right = 0, all = 0;
      made.codes.forEach((code, i) => map.x[i] !== -32768 && code && (all++, (right += code === 1)));
      if (all) parts.push(`${Math.round((100 * right) / all)}\u00a0% right`);
    }
    if (state.spec.models[method]) parts.push(state.spec.models[method]);
    holder.textContent = parts.join(" · ");
  }

  /* ---- the tray: what is selected ---- */
  async function tray() {
    const holder = document.getElementById("map-tray");
    if (!holder) return;
    holder.hidden = mask === null;
    if (mask === null) return;
    const numbers = [];
    for (let i = 0; i < mask.length && numbers.length < TRAY; i++) if (mask[i]) numbers.push(i);
    const mine = turn, products = numbers.length ? await Data.products(state.spec.token, numbers) : [];
    if (mine !== turn) return;
    document.getElementById("map-tray-count").textContent = counted(selected, "product") + " selected";
    document.getElementById("map-tray-rule").textContent = rule;
    document.getElementById("map-tray-tiles").replaceChildren(...products.map((product) => tile(product)));
    const rest = selected - products.length;
    document.getElementById("map-tray-rest").textContent = rest > 0 ? `and ${rest.toLocaleString("en")} more` : "";
    links();
  }
  /* the same selection as a list and as files: the rule, see dashboard/map_selection.py */
  function links() {
    const { spec, text, focus, colour, grouping, methods, where } = state, query = new URLSearchParams();
    if (text) query.set("q", text);
    if (state.lassoText) query.set("lasso", state.lassoText);
    focus.forEach((name) => query.append("focus", name));
    where.forEach((one) => query.append("where", one));
    if (focus.length) Object.entries({ colour, grouping, m0: methods[0] }).forEach(([name, value]) => value && query.set(name, value));
    document.getElementById("map-tray-products").href = `/products?${query}`;
    query.set("number", spec.number);
    for (const form of ["csv", "parquet"]) document.getElementById(`map-tray-${form}`).href = `/selection/${form}?${query}`;
  }
  const productLink = (id) => "/products/product?id=" + encodeURIComponent(id);
  function imageOf(id, name, hasImage, className) {
    if (!hasImage) return Colour.node("div", `${className} no-image`, "no image");
    const image = Colour.node("img", className);
    image.src = `/thumbnail/${state.spec.images}?id=${encodeURIComponent(id)}`;
    image.alt = name || id;
    return image;
  }
  function tile([id, name, category, hasImage]) {
    const link = Colour.node("a", "tile", imageOf(id, name, hasImage, "thumb"), Colour.node("div", "tile-name", name || id),
      Colour.node("div", "tile-under", category || "no category"));
    link.href = productLink(id);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      set("go", "href", link.getAttribute("href"));
    });
    return link;
  }
  const toggle = (name) =>
    set("map-focus", "data", state.focus.includes(name) ? state.focus.filter((one) => one !== name) : [...state.focus, name]);

  /* ---- the pointer ---- */
  function listen(panel) {
    const ratio = () => window.devicePixelRatio || 1;
    const at = (event) => {
      const box = panel.over.getBoundingClientRect();
      return [(event.clientX - box.left) * ratio(), (event.clientY - box.top) * ratio()];
    };
    const inGrid = ([x, y]) => {
      const where = Draw.placed(panel);
      return [(x - where.left) / where.k, (where.top - y) / where.k];
    };
    const inMap = (place) => inGrid(place).map((part, axis) => panel.map.centre[axis] + part * panel.map.scale);
    const near = (event) => (panel.map ? Pick.nearest(panel.map, ...inGrid(at(event)), (NEAR * ratio()) / Draw.placed(panel).k) : -1);
    let start = null, moved = false, settle = 0;

    function look(view) {
      panel.view = view;
      paint(panel);
      window.clearTimeout(settle);
      settle = window.setTimeout(() => {
        if (!state) return;
        [state.views[panel.index], panel.viewText] = [view, writeView(view)];
        set(`map-view-${panel.index}`, "data", panel.viewText);
      }, SETTLED);
    }
    function zoom(factor, place) {
      const { centre, span } = Draw.placed(panel), [x, y] = inMap(place);
      look({ span: span * factor, centre: [x + (centre[0] - x) * factor, y + (centre[1] - y) * factor] });
    }
    function shift(dx, dy, from) {
      const { centre, span, k } = from || Draw.placed(panel), unit = panel.map.scale / k;
      look({ span, centre: [centre[0] - dx * unit, centre[1] + dy * unit] });
    }
    panel.over.addEventListener("wheel", (event) => {
      if (!panel.map) return;
      event.preventDefault();
      zoom(Math.exp(Math.max(-200, Math.min(200, event.deltaY)) / 400), at(event));
    });
    panel.over.addEventListener("dblclick", () => panel.map && look(null));
    panel.over.addEventListener("pointerdown", (event) => {
      if (!panel.map || event.button) return;
      panel.over.setPointerCapture(event.pointerId);
      const way = event.shiftKey ? "lasso" : state.drag;
      [start, moved] = [{ place: at(event), way, from: { ...Draw.placed(panel) }, path: [at(event)] }, false];
    });
    panel.over.addEventListener("pointermove", (event) => {
      if (!start) return point(panel, near(event), event);
      const place = at(event), [dx, dy] = [place[0] - start.place[0], place[1] - start.place[1]];
      if (!moved && Math.hypot(dx, dy) < 4 * ratio()) return;
      moved = true;
      if (start.way === "move") return shift(dx, dy, start.from);
      const [[x0, y0], [x1, y1]] = [start.place, place];
      if (start.way === "box") panel.draft = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
      else panel.draft = start.path = [...start.path, place];
      hover(panel);
    });
    panel.over.addEventListener("pointerup", (event) => {
      const [was, dragged, draft] = [start, moved, panel.draft];
      [start, moved, panel.draft] = [null, false, null];
      if (!was) return;
      if (!dragged) return open(near(event));
      if (!draft || draft.length < 3) return;
      const corners = (was.way === "box" ? draft : thinned(draft)).map((place) => inMap(place).map((part) => part.toPrecision(5) / 1));
      set("map-lasso", "data", `${panel.name}:${corners.map((corner) => corner.join(",")).join(";")}`);
    });
    panel.over.addEventListener("pointercancel", () => ([start, panel.draft] = [null, null]));
    panel.over.addEventListener("pointerleave", () => !start && point(panel, -1, null));
    panel.holder.addEventListener("keydown", (event) => {
      const middle = [panel.canvas.width / 2, panel.canvas.height / 2], step = panel.canvas.width / 8;
      const keys = {
        "+": () => zoom(0.7, middle), "=": () => zoom(0.7, middle), "-": () => zoom(1 / 0.7, middle), 0: () => look(null),
        ArrowLeft: () => shift(step, 0), ArrowRight: () => shift(-step, 0), ArrowUp: () => shift(0, step), ArrowDown: () => shift(0, -step),
      };
      if (!panel.map || !keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
  }
  /* the corners of a path without those that lie within a pixel or two of the rest (Douglas and Peucker 1973) */
  function thinned(path) {
    const [[x0, y0], [x1, y1]] = [path[0], path[path.length - 1]], length = Math.hypot(x1 - x0, y1 - y0);
    let [far, most] = [0, 2 * (window.devicePixelRatio || 1)];
    path.forEach(([x, y], i) => {
      const away = length ? Math.abs((x1 - x0) * (y0 - y) - (x0 - x) * (y1 - y0)) / length : Math.hypot(x - x0, y - y0);
      if (i && i < path.length - 1 && away > most) [far, most] = [i, away];
    });
    if (!far) return [path[0], path[path.length - 1]];
    return [...thinned(path.slice(0, far + 1)).slice(0, -1), ...thinned(path.slice(far))];
  }
  async function open(number) {
    if (number < 0) return;
    const [[id]] = await Data.products(state.spec.token, [number]);
    set("go", "href", productLink(id));
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
    for (const other of panels.values()) if (other.map && other.holder.isConnected) hover(other);
    if (!card) return;
    card.hidden = true;
    if (number < 0) return;
    const found = await Data.products(state.spec.token, [number]);
    if (number !== hovered || !found.length) return;
    const [id, name, category, hasImage] = found[0];
    card.replaceChildren(imageOf(id, name, hasImage, "hover-image"), Colour.node("div", "hover-name", name || id), Colour.node("div", "sub", category || "no category"));
    card.hidden = false;
  }

  window.addEventListener("theme", () => panels.forEach((panel) => panel.holder.isConnected && paint(panel)));
  document.addEventListener("click", (event) => {
    const list = event.target.closest("#map-tray-products");
    if (list && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      set("go", "href", list.getAttribute("href"));
    }
    if (!event.target.closest("#map-clear")) return;
    set("map-focus", "data", []);
    set("map-lasso", "data", "");
    set("map-where", "data", []);
    set("map-search", "value", "");
  });

  Object.assign(window.aislemap, {
    /* for tests: where the product of that number is in the window, and what is shown of the map */
    maps: {
      place(index, number) {
        const panel = panels.get(index), at = Draw.placed(panel), box = panel.over.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
        return [box.left + (at.left + panel.map.x[number] * at.k) / ratio, box.top + (at.top - panel.map.y[number] * at.k) / ratio];
      },
      view: (index) => writeView(Draw.placed(panels.get(index))),
      painted: (index) => [...new Set(Array.from(panels.get(index).made.codes).filter((code, i) => code && (!mask || mask[i])))].length,
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
