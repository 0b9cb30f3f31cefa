/* The keys and buttons of the page Review: each sends a decision to /reviews, or goes to another item. */
(function () {
  "use strict";
  const KEYS = { a: "accept", r: "reject", s: "skip", n: "note", u: "reopen", ArrowLeft: "back", ArrowRight: "forward" };
  const shown = () => document.getElementById("review");
  const set = (id, data) => window.dash_clientside.set_props(id, { data });
  let left = null; // what was drawn when an item was left: until the next is drawn, keys are not meant for it

  const unsaved = {}; // notes that are being written, by item: a new snapshot draws the item anew

  function go(key) {
    left = shown().dataset.drawn;
    if (key === shown().dataset.item) set("review-saved", Date.now());
    else set("review-item", key);
  }

  function tell(text) {
    document.getElementById("review-trouble").textContent = text;
  }

  async function send(decision) {
    const item = shown();
    const box = document.getElementById("review-note");
    const note = box && (decision === "note" || box.value.trim() !== item.dataset.note) ? box.value : null;
    left = item.dataset.drawn;
    try {
      const answer = await fetch("/reviews", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...JSON.parse(item.dataset.post), decision, note }),
      });
      if (!answer.ok) throw new Error((await answer.text()).trim());
    } catch (error) {
      left = null;
      tell(`Not saved: ${error.message}`);
      return;
    }
    tell("");
    delete unsaved[item.dataset.item];
    document.activeElement.blur(); // so that the keys are meant for the next item
    const stays = decision === "note" || decision === "reopen";
    go(stays ? item.dataset.item : item.dataset.next);
  }

  function act(name) {
    const item = shown();
    if (!item || item.dataset.drawn === left) return;
    if (name === "note") document.getElementById("review-note").focus();
    else if (name === "save") send("note");
    else if (name === "skip") go(item.dataset.next || item.dataset.forward || item.dataset.item);
    else if (name === "back" || name === "forward") go(item.dataset[name] || item.dataset.item);
    else send(name);
  }

  document.addEventListener("input", (event) => {
    if (event.target.id === "review-note") unsaved[shown().dataset.item] = event.target.value;
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#review [data-act]");
    if (button) act(button.dataset.act);
  });

  document.addEventListener("keydown", (event) => {
    if (!shown() || event.repeat || event.altKey || event.metaKey) return;
    if (event.target.id === "review-note") {
      if (event.key === "Escape") event.target.blur();
      if (event.key === "Enter" && event.ctrlKey) act("save");
      return;
    }
    if (event.ctrlKey || event.target.closest("input, textarea, select")) return;
    if (event.key.startsWith("Arrow") && event.target.closest("[tabindex='0']")) return; // it scrolls
    const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!name || !document.querySelector(`#review [data-act=${name}]`)) return;
    event.preventDefault();
    act(name);
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    review: {
      // the address names the item that is shown, also where it asked for the next open one
      drawn: function () {
        const keep = window.dash_clientside.no_update;
        window.requestAnimationFrame(() => {
          const item = shown();
          const box = document.getElementById("review-note");
          if (item && box && item.dataset.item in unsaved) box.value = unsaved[item.dataset.item];
          const address = new URL(window.location);
          if (!item || address.searchParams.get("item") === item.dataset.item) return;
          address.searchParams.set("item", item.dataset.item);
          window.history.replaceState(window.history.state, "", address);
        });
        return keep;
      },
    },
  });
})();
