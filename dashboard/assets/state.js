/* Keeps a page's address and its controls equal; see dashboard/state.py. */
(function () {
  "use strict";
  // whether the visitor did something since the address came; the server also corrects values that an address has
  let acted = false;
  ["pointerdown", "keydown", "input"].forEach((event) => window.addEventListener(event, () => (acted = true), true));
  const tell = () => {
    acted = false;
    window.dash_clientside.set_props("history", { data: window.location.search });
  };
  window.addEventListener("popstate", tell); // back and forward
  window.addEventListener("_dashprivate_pushstate", tell); // a link inside the app

  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  function read(spec) {
    const query = new URLSearchParams(window.location.search);
    return spec.names.map((name, i) => {
      const fallback = spec.defaults[i];
      if (!query.has(name)) return fallback;
      if (Array.isArray(fallback)) return query.getAll(name);
      return typeof fallback === "number" ? Number(query.get(name)) || fallback : query.get(name);
    });
  }

  function write(spec, values) {
    // all or nothing: an address that says one thing says everything, so that it shows the same on another day
    if (same(values, spec.defaults)) return "";
    const query = new URLSearchParams();
    spec.names.forEach((name, i) => {
      const value = values[i];
      if (same(value, spec.defaults[i]) && (value === "" || same(value, []))) return;
      if (Array.isArray(value)) value.forEach((one) => query.append(name, one));
      else query.append(name, value ?? "");
    });
    return "?" + query.toString();
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    state: {
      sync: function (_, ...rest) {
        const spec = rest.pop();
        const keep = rest.map(() => window.dash_clientside.no_update);
        const triggered = window.dash_clientside.callback_context.triggered.map((t) => t.prop_id);
        if (!triggered.length || !spec || window.location.pathname !== spec.path) return keep;
        if (triggered.includes("history.data")) {
          return read(spec).map((value, i) => (same(value, rest[i]) ? keep[i] : value));
        }
        const before = read(spec);
        const changed = rest.map((_, i) => i).filter((i) => !same(before[i], rest[i]));
        if (!changed.length) return keep;
        const over = changed.some((i) => !spec.restarts[i]);
        const now = rest.map((value, i) => (over && spec.restarts[i] ? spec.defaults[i] : value));
        const replaces = !acted || changed.every((i) => spec.typed[i]);
        const address = window.location.pathname + write(spec, now);
        window.history[replaces ? "replaceState" : "pushState"]({}, "", address);
        return now.map((value, i) => (same(value, rest[i]) ? keep[i] : value));
      },
      // Dash writes the ranges of a zoomed map into its figure, so that plotly takes them for the server's, and its
      // own way of keeping a zoom ends there. So the ranges are carried over to the next figure of the same view.
      keepView: function (made, shown) {
        if (!made || !shown || made.layout.uirevision !== shown.layout.uirevision) return made;
        const { xaxis, yaxis } = shown.layout;
        return { ...made, layout: { ...made.layout, xaxis, yaxis } };
      },
      title: function (title) {
        document.title = title ? title + " · aislemap" : "aislemap";
        return window.dash_clientside.no_update;
      },
    },
  });
})();
