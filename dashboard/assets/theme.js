/* Light or dark: as the system says, until the visitor chooses. Colours are in theme.css and style.css. */
(function () {
  "use strict";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = window.localStorage.getItem("theme");
  } catch {
    // no storage is allowed: the choice lasts until the page is left
  }
  function show() {
    const dark = chosen ? chosen === "dark" : system.matches;
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    window.dispatchEvent(new Event("theme"));
  }
  system.addEventListener("change", show);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#theme")) return;
    chosen = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    try {
      window.localStorage.setItem("theme", chosen);
    } catch {
      // see above
    }
    show();
  });
  show();
})();
