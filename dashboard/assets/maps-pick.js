/* Which points are where: the nearest one to a place, and those inside a polygon. */
(function () {
  "use strict";
  const CELLS = 128; // a side of the grid that points are sorted into
  const cell = (value) => (value + 32768) >> 9;

  function grid(map) {
    if (map.grid) return map.grid;
    const start = new Uint32Array(CELLS * CELLS + 1), { x, y } = map;
    for (let i = 0; i < x.length; i++) if (x[i] !== -32768) start[cell(y[i]) * CELLS + cell(x[i]) + 1]++;
    for (let c = 0; c < CELLS * CELLS; c++) start[c + 1] += start[c];
    const next = start.slice(), order = new Uint32Array(start[CELLS * CELLS]);
    for (let i = 0; i < x.length; i++) if (x[i] !== -32768) order[next[cell(y[i]) * CELLS + cell(x[i])]++] = i;
    map.grid = { start, order };
    return map.grid;
  }

  window.aislemap = Object.assign(window.aislemap || {}, {
    Pick: {
      /* the number of the point nearest to (x, y) and nearer than `radius`, in the map's grid; -1 if there is none */
      nearest(map, x, y, radius) {
        const { start, order } = grid(map);
        const side = (value) => Math.max(0, Math.min(CELLS - 1, cell(value)));
        let best = -1, least = radius * radius;
        for (let row = side(y - radius); row <= side(y + radius); row++) {
          const from = start[row * CELLS + side(x - radius)], to = start[row * CELLS + side(x + radius) + 1];
          for (let k = from; k < to; k++) {
            const i = order[k], dx = map.x[i] - x, dy = map.y[i] - y, distance = dx * dx + dy * dy;
            if (distance < least) [best, least] = [i, distance];
          }
        }
        return best;
      },
      /* clears the chosen of the points that are not inside the polygon: places in the coordinates of the map */
      keepInside(map, polygon, chosen) {
        const corners = polygon.map(([x, y]) => [(x - map.centre[0]) / map.scale, (y - map.centre[1]) / map.scale]);
        const [xs, ys] = [corners.map((c) => c[0]), corners.map((c) => c[1])];
        const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
        for (let i = 0; i < chosen.length; i++) {
          if (!chosen[i]) continue;
          const x = map.x[i], y = map.y[i];
          let inside = false;
          if (x !== -32768 && x >= left && x <= right && y >= low && y <= high) {
            for (let a = 0, b = corners.length - 1; a < corners.length; b = a++) {
              if (ys[a] > y !== ys[b] > y && x < ((xs[b] - xs[a]) * (y - ys[a])) / (ys[b] - ys[a]) + xs[a]) inside = !inside;
            }
          }
          if (!inside) chosen[i] = 0;
        }
      },
    },
  });
})();
