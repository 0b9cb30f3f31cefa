/* The selected products of the maps: some of them with their images, and the ways to all of them. */
(function () {
  "use strict";
  const { Data, Colour } = window.aislemap;
  const TRAY = 24;
  const set = (id, property, value) => window.dash_clientside.set_props(id, { [property]: value });
  const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

  const link = (id) => "/products/product?id=" + encodeURIComponent(id);
  function image(spec, id, name, hasImage, className) {
    if (!hasImage) return Colour.node("div", `${className} no-image`, "no image");
    const made = Colour.node("img", className);
    made.src = `/thumbnail/${spec.images}?id=${encodeURIComponent(id)}`;
    made.alt = name || id;
    return made;
  }
  function tile(spec, [id, name, category, hasImage]) {
    const made = Colour.node("a", "tile", image(spec, id, name, hasImage, "thumb"), Colour.node("div", "tile-name", name || id),
      Colour.node("div", "tile-under", category || "no category"));
    made.href = link(id);
    made.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      set("go", "href", made.getAttribute("href"));
    });
    return made;
  }

  /* shows the first of the products that `mask` has; `words` say by which rule, `query` is that rule in an address */
  async function show(spec, mask, selected, words, query, current) {
    const holder = document.getElementById("map-tray");
    if (!holder) return;
    if (mask === null) {
      holder.hidden = true;
      return;
    }
    const numbers = [];
    for (let i = 0; i < mask.length && numbers.length < TRAY; i++) if (mask[i]) numbers.push(i);
    const products = numbers.length ? await Data.products(spec.token, numbers) : [];
    if (!current()) return;
    holder.hidden = false; // not before, as it has the products and links of the last selection
    document.getElementById("map-tray-count").textContent = counted(selected, "product") + " selected";
    document.getElementById("map-tray-rule").textContent = words;
    document.getElementById("map-tray-tiles").replaceChildren(...products.map((product) => tile(spec, product)));
    const rest = selected - products.length;
    document.getElementById("map-tray-rest").textContent = rest > 0 ? `and ${rest.toLocaleString("en")} more` : "";
    document.getElementById("map-tray-products").href = `/products?${query}`;
    query.set("number", spec.number);
    for (const form of ["csv", "parquet"]) document.getElementById(`map-tray-${form}`).href = `/selection/${form}?${query}`;
  }

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

  Object.assign(window.aislemap, { Tray: { show, link, image, counted } });
})();
