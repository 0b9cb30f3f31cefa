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
  // the snapshot of the address: links inside the app keep it, and so do those that are copied or opened elsewhere
  let pinned = new URLSearchParams(window.location.search).get("snapshot") || "";
  function withSnapshot(search) {
    const query = new URLSearchParams(search);
    if (pinned && !query.has("snapshot")) query.set("snapshot", pinned);
    return query.toString() ? "?" + query : "";
  }
  function pin(number) {
    const query = new URLSearchParams(window.location.search);
    query.delete("snapshot");
    pinned = number;
    window.history.pushState({}, "", window.location.pathname + withSnapshot(query));
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  }
  const here = () => new URLSearchParams(window.location.search).get("snapshot") || "";
  window.addEventListener("popstate", () => (pinned = here())); // back and forward
  window.addEventListener("_dashprivate_pushstate", () => {
    const search = withSnapshot(window.location.search);
    if (pinned && !here()) window.history.replaceState({}, "", window.location.pathname + search + window.location.hash);
    pinned = here();
  });
  window.addEventListener("popstate", tell);
  window.addEventListener("_dashprivate_pushstate", tell); // a link inside the app
  document.addEventListener("change", ({ target }) => {
    if (target.id === "snapshot-choice") pin(target.value === "newest" ? "" : target.value);
  });
  document.addEventListener("click", (event) => event.target.closest(".snapshot-newest") && pin(""));
  ["pointerdown", "contextmenu", "focusin"].forEach((event) =>
    document.addEventListener(event, ({ target }) => {
      const link = target.closest && target.closest("a[href^='/']");
      if (!link || link.hasAttribute("download")) return;
      const [path, search] = link.getAttribute("href").split("?"), query = new URLSearchParams(search);
      if (query.has("snapshot") && !link.dataset.pinned) return; // it names one itself
      query.delete("snapshot");
      link.dataset.pinned = pinned;
      link.setAttribute("href", path + withSnapshot(query));
    }, true));

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
        const address = window.location.pathname + withSnapshot(write(spec, now));
        window.history[replaces ? "replaceState" : "pushState"]({}, "", address);
        return now.map((value, i) => (same(value, rest[i]) ? keep[i] : value));
      },
      pinned: function (search, before) {
        const number = new URLSearchParams(search).get("snapshot");
        return number === before ? window.dash_clientside.no_update : number;
      },
      title: function (title) {
        document.title = title ? title + " · aislemap" : "aislemap";
        return window.dash_clientside.no_update;
      },
    },
  });
})();
