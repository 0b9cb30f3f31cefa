/* The points of the maps and their columns, asked of the server once: see dashboard/server/points.py. */
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
  const codes = ({ bytes }, body, from, count) => (bytes === 1 ? new Uint8Array(body, from, count) : new Uint16Array(body, from, count));
  /* the products of a part of a map, at most so many as the server sends; `count` is how many they are */
  async function points(response) {
    const { header, body, from } = await packed(response), sent = (body.byteLength - from) / (8 + header.bytes);
    return {
      count: header.count,
      numbers: new Uint32Array(body, from, sent),
      x: new Int16Array(body, from + 4 * sent, sent),
      y: new Int16Array(body, from + 6 * sent, sent),
      codes: codes(header, body, from + 8 * sent, sent),
    };
  }
  const Data = {
    /* x and y of every n-th product in a grid of 16 bits (-32768: not on the map), the grid's place and scale, and how
       many products are on the map */
    map: (token, method, reducer, every) =>
      ask(`/points/${token}/map/${part(method)}/${part(reducer)}?every=${every}`, async (response) => {
        const { header, body, from } = await packed(response), count = (body.byteLength - from) / 4;
        return { ...header, x: new Int16Array(body, from, count), y: new Int16Array(body, from + 2 * count, count) };
      }),
    /* a code for every n-th product (0: none), what the codes stand for, and how many products have each */
    colours: (token, column, query, every) =>
      ask(`/points/${token}/colours/${part(column)}?${new URLSearchParams({ ...query, every })}`, async (response) => {
        const { header, body, from } = await packed(response);
        return { ...header, codes: codes(header, body, from) };
      }),
    region: (token, method, reducer, query) =>
      ask(`/points/${token}/region/${part(method)}/${part(reducer)}?${new URLSearchParams(query)}`, points),
    selected: (method, reducer, query) => ask(`/selection/points/${part(method)}/${part(reducer)}?${query}`, points),
    place: (token, method, reducer, number) =>
      ask(`/points/${token}/place/${part(method)}/${part(reducer)}?i=${number}`, (response) => response.json()),
    /* one bit for each product that a search finds */
    search: (token, text) =>
      ask(`/points/${token}/search?q=${part(text)}`, async (response) => {
        const { body, from } = await packed(response);
        return new Uint8Array(body, from);
      }),
    /* the same for the rule of a selection, with the sentence of its `where`; an Error if that means nothing */
    where: (query) =>
      ask(`/selection/bits?${query}`, async (response) => {
        const { header, body, from } = await packed(response);
        return { words: header.words, bits: new Uint8Array(body, from) };
      }),
    products: (token, numbers) => ask(`/points/${token}/products?i=${numbers.join(",")}`, (response) => response.json()),
  };

  window.aislemap = Object.assign(window.aislemap || {}, { Data });
})();
