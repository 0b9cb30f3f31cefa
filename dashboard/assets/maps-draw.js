/* Draws a map on a canvas: few points as symbols, many as the density of each colour. */
(function () {
  "use strict";
  const SYMBOLS_TO = 20000; // points: more are drawn as density
  const LIT_TO = 2000; // selected points: more are drawn as density
  const GREY_SIZE = 0.7;
  const shapes = {
    circle: (p, r) => p.arc(0, 0, r, 0, 2 * Math.PI),
    square: (p, r) => p.rect(-0.85 * r, -0.85 * r, 1.7 * r, 1.7 * r),
    diamond: (p, r) => polygon(p, [0, -1.3, 1.3, 0, 0, 1.3, -1.3, 0], r),
    "triangle-up": (p, r) => polygon(p, [0, -1.25, 1.15, 0.85, -1.15, 0.85], r),
    cross: (p, r) => polygon(p, [-0.4, -1.1, 0.4, -1.1, 0.4, -0.4, 1.1, -0.4, 1.1, 0.4, 0.4, 0.4, 0.4, 1.1, -0.4, 1.1, -0.4, 0.4, -1.1, 0.4, -1.1, -0.4, -0.4, -0.4], r),
  };
  function polygon(path, corners, r) {
    for (let i = 0; i < corners.length; i += 2) path.lineTo(corners[i] * r, corners[i + 1] * r);
    path.closePath();
  }

  const sprites = new Map();
  function sprite(colour, symbol, radius) {
    const key = `${colour} ${symbol} ${radius}`;
    if (!sprites.has(key)) {
      const side = Math.ceil(radius * 3.2), canvas = document.createElement("canvas");
      canvas.width = canvas.height = side;
      const pen = canvas.getContext("2d");
      pen.translate(side / 2, side / 2);
      pen.beginPath();
      shapes[symbol](pen, radius);
      pen.fillStyle = colour;
      pen.fill();
      sprites.set(key, canvas);
      if (sprites.size > 500) sprites.delete(sprites.keys().next().value);
    }
    return sprites.get(key);
  }

  const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  function rgb(colour) {
    return [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  }

  /* view: the number of device pixels of one step of the map's grid, and where its origin is */
  function placed(panel) {
    const { map, canvas } = panel, side = Math.min(canvas.width, canvas.height);
    const whole = { centre: map.centre, span: 65534 * map.scale * 1.06 };
    const { centre, span } = panel.view || whole, k = (side / span) * map.scale;
    return {
      k,
      left: canvas.width / 2 - ((centre[0] - map.centre[0]) / map.scale) * k,
      top: canvas.height / 2 + ((centre[1] - map.centre[1]) / map.scale) * k, // y goes up
      centre,
      span,
    };
  }

  /* the points as symbols, the larger the fewer they are: first the grey ones, then the others, or one of the two */
  function symbols(panel, at, count, layers = [true, false]) {
    const { map, paint, lit } = panel, { width, height } = panel.canvas;
    const pen = panel.canvas.getContext("2d"), ratio = window.devicePixelRatio || 1;
    const radius = (count < 2000 ? 3.5 : count < 6000 ? 2.6 : 1.8) * ratio;
    const images = panel.palette.map((look) => sprite(look.colour, look.symbol, radius));
    const grey = sprite(panel.grey, "circle", radius * GREY_SIZE);
    for (const greyed of layers) {
      for (let i = 0; i < map.x.length; i++) {
        if (map.x[i] === -32768 || greyed !== (paint[i] === 0 || (lit !== null && !lit[i]))) continue;
        const x = at.left + map.x[i] * at.k, y = at.top - map.y[i] * at.k;
        if (x < -20 || y < -20 || x > width + 20 || y > height + 20) continue;
        const image = greyed ? grey : images[paint[i] - 1];
        pen.drawImage(image, x - image.width / 2, y - image.height / 2);
      }
    }
  }

  /* the points as density, all of them or the grey ones only */
  function density(panel, at, greyOnly) {
    const { map, paint, lit } = panel, { canvas } = panel, size = Math.max(2, Math.round(2 * (window.devicePixelRatio || 1)));
    const width = Math.ceil(canvas.width / size), height = Math.ceil(canvas.height / size), cells = width * height;
    const [count, greyed] = [new Uint32Array(cells), new Uint32Array(cells)];
    const sums = new Float32Array(3 * cells), colours = panel.palette.map((look) => rgb(look.colour));
    const k = at.k / size, left = at.left / size, top = at.top / size;
    let most = 1, mostGrey = 1;
    for (let i = 0; i < map.x.length; i++) {
      if (map.x[i] === -32768) continue;
      const x = Math.floor(left + map.x[i] * k), y = Math.floor(top - map.y[i] * k);
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const cell = y * width + x;
      if (paint[i] === 0 || (lit !== null && !lit[i])) {
        if (++greyed[cell] > mostGrey) mostGrey = greyed[cell];
      } else if (!greyOnly) {
        const colour = colours[paint[i] - 1];
        for (let part = 0; part < 3; part++) sums[3 * cell + part] += colour[part];
        if (++count[cell] > most) most = count[cell];
      }
    }
    const image = new ImageData(width, height), pixels = image.data, grey = rgb(panel.grey);
    for (let cell = 0; cell < cells; cell++) {
      const n = count[cell], of = n ? most : mostGrey;
      if (!n && !greyed[cell]) continue;
      for (let part = 0; part < 3; part++) pixels[4 * cell + part] = n ? sums[3 * cell + part] / n : grey[part];
      const dense = of > 1 ? Math.log1p(n || greyed[cell]) / Math.log1p(of) : 1;
      pixels[4 * cell + 3] = 255 * (n ? 0.35 + 0.65 * dense : 0.12 + 0.28 * dense);
    }
    const small = document.createElement("canvas");
    [small.width, small.height] = [width, height];
    small.getContext("2d").putImageData(image, 0, 0);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, width * size, height * size);
  }

  /* the ring around the hovered product, where it is (`spot`, in the map's grid), and the polygon of the selection */
  function over(panel, at, spot, corners, draft) {
    const pen = panel.over.getContext("2d"), ratio = window.devicePixelRatio || 1;
    pen.clearRect(0, 0, panel.over.width, panel.over.height);
    const path = draft || corners.map(([x, y]) => [
      at.left + ((x - panel.map.centre[0]) / panel.map.scale) * at.k,
      at.top - ((y - panel.map.centre[1]) / panel.map.scale) * at.k,
    ]);
    if (path.length > 1) {
      pen.beginPath();
      path.forEach(([x, y]) => pen.lineTo(x, y));
      pen.closePath();
      pen.lineWidth = 1.5 * ratio;
      pen.setLineDash([5 * ratio, 4 * ratio]);
      pen.strokeStyle = panel.ink;
      pen.stroke();
      pen.setLineDash([]);
    }
    if (spot) {
      pen.beginPath();
      pen.arc(at.left + spot[0] * at.k, at.top - spot[1] * at.k, 8 * ratio, 0, 2 * Math.PI);
      pen.lineWidth = 2.5 * ratio;
      pen.strokeStyle = panel.ink;
      pen.stroke();
    }
  }

  window.aislemap = Object.assign(window.aislemap || {}, {
    Draw: {
      placed,
      variable,
      rgb,
      over,
      points(panel) {
        const at = placed(panel);
        panel.canvas.getContext("2d").clearRect(0, 0, panel.canvas.width, panel.canvas.height);
        const inView = panel.inView * (panel.map.every || 1); // of every n-th product there are n times as many
        if (panel.map.shown <= SYMBOLS_TO || inView <= SYMBOLS_TO) symbols(panel, at, panel.map.shown);
        else {
          const lit = panel.lit === null ? Infinity : panel.lit.reduce((sum, one) => sum + one, 0);
          density(panel, at, lit <= LIT_TO);
          if (lit <= LIT_TO) symbols(panel, at, lit, [false]); // a few cells would not be seen
        }
        return at;
      },
      /* how many points of the map are inside the canvas, which decides how they are drawn */
      inView(panel) {
        const at = placed(panel), { map, canvas } = panel;
        if (map.shown <= SYMBOLS_TO) return map.shown;
        let count = 0;
        for (let i = 0; i < map.x.length; i++) {
          const x = at.left + map.x[i] * at.k, y = at.top - map.y[i] * at.k;
          count += map.x[i] !== -32768 && x >= 0 && y >= 0 && x < canvas.width && y < canvas.height;
        }
        return count;
      },
    },
  });
})();
