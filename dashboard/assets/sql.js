/* The SQL page: Ctrl+Enter runs the query, and the head of its result sorts. See dashboard/pages/sql/page.py. */
(function () {
  "use strict";
  let sorted = null;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.target.id !== "sql-text") return;
    event.preventDefault();
    document.getElementById("sql-run").click();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#sql-run")) sorted = null;
    const button = event.target.closest(".sql-table .sort");
    if (!button) return;
    const column = Number(button.dataset.column);
    sorted = { column, down: Boolean(sorted) && sorted.column === column && !sorted.down };
    window.dash_clientside.set_props("sql-sort", { data: sorted });
  });
})();
