/* The points of the maps and their columns, asked of the server once: see dashboard/points.py. */
(function () {
  "use strict";
  const asked = new Map();
  const KEPT = 40;

  function ask(url, read) {
    if (!asked.has(url)) {
      const answer = fetch(url).then((response) => {
        if (response.status === 400) return response.text().then((text) => Promise.reject(new Error(text.trim())));
        if (!response.ok) throw new Error(`${url}: ${response.status}`);
        return read(response);
      });
      answer.catch(() => asked.delete(url));
      asked.set(url, answer);
      if (asked.size > KEPT) asked.delete(asked.keys().next().value);
    }
    return asked.get(url);
  }

  async function packed(response) {
    const body = await response.arrayBuffer();
    const length = new DataView(body).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length)));
    return { header, body, from: 4 + length };
  }

  const part = encodeURIComponent;
  const Data = {
    /* x and y of each product in a grid of 16 bits (-32768: not on the map), and the grid's place and scale */
    map: (token, method, reducer) =>
      ask(`/points/${token}/map/${part(method)}/${part(reducer)}`, async (response) => {
        const { header, body, from } = await packed(response);
        const count = (body.byteLength - from) / 4;
        const x = new Int16Array(body, from, count), y = new Int16Array(body, from + 2 * count, count);
        return { ...header, x, y, shown: x.reduce((sum, value) => sum + (value !== -32768), 0) };
      }),
    categories: (token) => ask(`/points/${token}/categories`, codes),
    groups: (token, method, grouping) => ask(`/points/${token}/groups/${part(method)}/${part(grouping)}`, codes),
    values: (token, name, method) =>
      ask(`/points/${token}/values/${part(name)}?method=${part(method)}`, async (response) => {
        const { header, body, from } = await packed(response);
        if (header.names.length) return { ...header, codes: new Uint16Array(body, from) };
        return { ...header, numbers: new Float32Array(body, from) };
      }),
    /* one bit for each product that a search finds */
    search: (token, text) =>
      ask(`/points/${token}/search?q=${part(text)}`, async (response) => {
        const { body, from } = await packed(response);
        return new Uint8Array(body, from);
      }),
    /* the same for rules of a selection, with their sentence; an Error with the server's if they mean nothing */
    where: (number, rules) => {
      const query = new URLSearchParams([["number", number], ...rules.map((rule) => ["where", rule])]);
      return ask(`/selection/bits?${query}`, async (response) => {
        const { header, body, from } = await packed(response);
        return { words: header.words, bits: new Uint8Array(body, from) };
      });
    },
    products: (token, numbers) => ask(`/points/${token}/products?i=${numbers.join(",")}`, (response) => response.json()),
  };

  async function codes(response) {
    const { header, body, from } = await packed(response);
    return { ...header, codes: new Uint16Array(body, from) };
  }

  window.aislemap = Object.assign(window.aislemap || {}, { Data });
})();
