/* What is drawn of a map: a layer {map, codes, lit}. Of few products it is the whole map. Of very many the browser has
   every n-th product, all that are selected if they are few, and all of the region in view once that has few: see
   dashboard/server/points.py. */
(function () {
  "use strict";
  const { Data, Draw } = window.aislemap;
  const ABSENT = -32768, MOST = 32767;
  const MARGIN = 0.25; // of the view's sides, around it

  const joined = (type, ...arrays) => {
    const made = new type(arrays.reduce((sum, array) => sum + array.length, 0));
    arrays.reduce((from, array) => (made.set(array, from), from + array.length), 0);
    return made;
  };
  const number = (map, place) => (map.numbers ? map.numbers[place] : place * map.every);

  function litOf(map, mask) {
    if (!mask || (!map.numbers && map.every === 1)) return mask;
    const lit = new Uint8Array(map.x.length);
    for (let i = 0; i < lit.length; i++) lit[i] = mask[number(map, i)];
    return lit;
  }

  /* the layer of the whole map; of a part of the products with all of the selected ones (`chosen`), if there are few */
  function whole(map, made, every, mask, chosen) {
    map.every = every;
    if (every === 1 || !chosen || chosen.count !== chosen.numbers.length) return { map, codes: made.codes, lit: litOf(map, mask) };
    const own = Uint32Array.from(map.x, (_, i) => i * every), lit = new Uint8Array(own.length + chosen.count).fill(1, own.length);
    const both = {
      ...map,
      x: joined(Int16Array, map.x, chosen.x),
      y: joined(Int16Array, map.y, chosen.y),
      numbers: joined(Uint32Array, own, chosen.numbers),
      own: own.length,
      grid: undefined,
    };
    return { map: both, codes: joined(Uint16Array, made.codes, chosen.codes), lit };
  }

  /* left, low, right and high of what a panel shows, in the map's grid */
  function view(panel) {
    const at = Draw.placed(panel), { width, height } = panel.canvas;
    return [-at.left / at.k, (at.top - height) / at.k, (width - at.left) / at.k, at.top / at.k].map((end) => Math.max(-MOST, Math.min(MOST, end)));
  }
  /* the view with a margin, its ends rounded so that a small move asks for the same; null where it has too many products */
  function box(panel, few) {
    const [left, low, right, high] = view(panel), room = MARGIN * Math.max(right - left, high - low), { map } = panel.whole;
    const step = 2 ** Math.max(0, Math.floor(Math.log2(room || 1)));
    const ends = [...[left, low].map((end) => Math.floor((end - room) / step)), ...[right, high].map((end) => Math.ceil((end + room) / step))];
    const [x0, y0, x1, y1] = ends.map((end) => Math.max(-MOST, Math.min(MOST, end * step)));
    let count = 0;
    for (let i = 0; i < (map.own || map.x.length); i++) count += map.x[i] !== ABSENT && map.x[i] >= x0 && map.x[i] <= x1 && map.y[i] >= y0 && map.y[i] <= y1;
    return count * map.every > 1.5 * few ? null : [x0, y0, x1, y1];
  }

  /* asks for all products in view; null where they are too many, or all there are anyway */
  async function region(panel, { token, every, few }, method, reducer, query) {
    const ends = every > 1 ? box(panel, few) : null;
    if (!ends) return null;
    const found = await Data.region(token, method, reducer, { ...query, box: ends.join(",") });
    if (found.count !== found.numbers.length) return null;
    const { centre, scale, shown } = panel.whole.map;
    found.map = found.map || { x: found.x, y: found.y, numbers: found.numbers, own: 0, every: 1, centre, scale, shown };
    return { map: found.map, codes: found.codes, box: ends };
  }

  /* the layer to draw now: the region if it holds all that is in view, else the whole */
  function layer(panel, mask) {
    if (!panel.near) return panel.whole;
    const [left, low, right, high] = view(panel), [x0, y0, x1, y1] = panel.near.box;
    if (left < x0 || low < y0 || right > x1 || high > y1) return panel.whole;
    return { ...panel.near, lit: litOf(panel.near.map, mask) };
  }

  /* the place among a map's points of the product of that number; -1 if it is not there */
  function find(map, wanted) {
    if (!map.numbers || (map.own && wanted % map.every === 0)) {
      const place = wanted / map.every;
      return Number.isInteger(place) && place < map.x.length && map.x[place] !== ABSENT ? place : -1;
    }
    let [low, high] = [map.own, map.numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (map.numbers[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return map.numbers[low] === wanted ? low : -1;
  }

  Object.assign(window.aislemap, { Part: { whole, region, layer, find, number } });
})();
