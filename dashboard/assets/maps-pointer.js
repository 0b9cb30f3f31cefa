/* The pointer and the keys on a map: what moves and zooms it, draws a polygon, hovers and opens a product. */
(function () {
  "use strict";
  const { Draw, Part, Pick } = window.aislemap;
  const NEAR = 12, SETTLED = 250;
  const set = (id, property, value) => window.dash_clientside.set_props(id, { [property]: value });
  const between = ([x0, y0], [x1, y1]) => [(x0 + x1) / 2, (y0 + y1) / 2];
  const distance = ([x0, y0], [x1, y1]) => Math.max(1, Math.hypot(x1 - x0, y1 - y0));

  /* tells `on` of what happens over a panel: a view to paint and one that has settled, a product pointed at or opened */
  function listen(panel, on) {
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
    const near = (event) => {
      const place = panel.map ? Pick.nearest(panel.map, ...inGrid(at(event)), (NEAR * ratio()) / Draw.placed(panel).k) : -1;
      return place < 0 ? -1 : Part.number(panel.map, place);
    };
    const fingers = new Map(); // where each finger or the mouse is that is pressed
    let start = null, moved = false, pinch = null, settle = 0;

    function look(view) {
      panel.view = view;
      on.paint();
      window.clearTimeout(settle);
      settle = window.setTimeout(() => on.settled(view), SETTLED);
    }
    function zoom(factor, place) {
      const { centre, span } = Draw.placed(panel), [x, y] = inMap(place);
      look({ span: span * factor, centre: [x + (centre[0] - x) * factor, y + (centre[1] - y) * factor] });
    }
    function shift(dx, dy, from) {
      const { centre, span, k } = from || Draw.placed(panel), unit = panel.map.scale / k;
      look({ span, centre: [centre[0] - dx * unit, centre[1] + dy * unit] });
    }
    /* two fingers: what was between them stays between them */
    function spread() {
      const places = [...fingers.values()], factor = pinch.distance / distance(...places), [x, y] = between(...places);
      const unit = (panel.map.scale / pinch.from.k) * factor, { width, height } = panel.canvas;
      look({ span: pinch.from.span * factor, centre: [pinch.middle[0] - (x - width / 2) * unit, pinch.middle[1] + (y - height / 2) * unit] });
    }
    function stop() {
      [start, moved, panel.draft] = [null, false, null];
    }

    panel.over.addEventListener("wheel", (event) => {
      if (!panel.map) return;
      event.preventDefault();
      zoom(Math.exp(Math.max(-200, Math.min(200, event.deltaY)) / 400), at(event));
    });
    for (const touched of ["touchstart", "touchmove"]) {
      panel.over.addEventListener(touched, (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
    }
    panel.over.addEventListener("dblclick", () => panel.map && look(null));
    panel.over.addEventListener("pointerdown", (event) => {
      if (!panel.map || event.button) return;
      panel.over.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, at(event));
      stop();
      const places = [...fingers.values()];
      if (places.length === 2) {
        pinch = { distance: distance(...places), middle: inMap(between(...places)), from: { ...Draw.placed(panel) } };
        on.over();
      } else if (!pinch) {
        start = { place: at(event), way: event.shiftKey ? "lasso" : on.drag(), from: { ...Draw.placed(panel) }, path: [at(event)] };
      }
    });
    panel.over.addEventListener("pointermove", (event) => {
      if (fingers.has(event.pointerId)) fingers.set(event.pointerId, at(event));
      if (pinch) return fingers.size === 2 && spread();
      if (!start) return on.point(panel, near(event), event);
      const place = at(event), [dx, dy] = [place[0] - start.place[0], place[1] - start.place[1]];
      if (!moved && Math.hypot(dx, dy) < 4 * ratio()) return;
      moved = true;
      if (start.way === "move") return shift(dx, dy, start.from);
      const [[x0, y0], [x1, y1]] = [start.place, place];
      if (start.way === "box") panel.draft = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
      else panel.draft = start.path = [...start.path, place];
      on.over();
    });
    panel.over.addEventListener("pointerup", (event) => {
      const [was, dragged, draft] = [start, moved, panel.draft];
      lift(event);
      if (!was) return;
      if (!dragged) return on.open(near(event));
      if (!draft || draft.length < 3) return;
      const corners = (was.way === "box" ? draft : thinned(draft)).map((place) => inMap(place).map((part) => part.toPrecision(5) / 1));
      set("map-lasso", "data", `${panel.name}:${corners.map((corner) => corner.join(",")).join(";")}`);
    });
    function lift(event) {
      fingers.delete(event.pointerId);
      stop();
      if (!fingers.size) pinch = null; // a finger that is left over from two moves nothing
    }
    panel.over.addEventListener("pointercancel", lift);
    panel.over.addEventListener("pointerleave", () => !start && !pinch && on.point(panel, -1, null));
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

  Object.assign(window.aislemap, { Pointer: { listen } });
})();
