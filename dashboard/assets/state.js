/* Keeps a page's address and its controls equal; see dashboard/state.py. */
(function () {
  "use strict";
  const tell = () => window.dash_clientside.set_props("history", { data: window.location.search });
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
        if (!same(read(spec), rest)) {
          window.history.pushState({}, "", window.location.pathname + write(spec, rest));
        }
        return keep;
      },
      title: function (title) {
        document.title = title ? title + " · aislemap" : "aislemap";
        return window.dash_clientside.no_update;
      },
    },
  });
})();
