/* The keys and buttons of the page Review: each sends a decision to /reviews, or goes to another item. */
(function () {
  "use strict";
  const SPOKEN = { accept: "Accepted", reject: "Rejected", reopen: "Open again", note: "Note saved" };
  const KEYS = { a: "accept", r: "reject", s: "skip", n: "note", u: "reopen", ArrowLeft: "back", ArrowRight: "forward" };
  const shown = () => document.getElementById("review");
  const set = (id, data) => window.dash_clientside.set_props(id, { data });
  const CHANGED_MS = 1000; // to see that another thing is asked of the item, before a key answers that
  let left = null; // what was drawn when an item was left: until the next is drawn, keys are not meant for it
  let sending = false;
  let asked = null; // the item that was drawn, and what it asks
  let changed = 0; // when that changed, of an item that stays
  let focused = null; // what has the focus in the page's body, as a selector; "" for what is found by none
  let spoken = ""; // what was decided, to be read aloud with the item that is drawn next
  const unsaved = {}; // notes that are being written, by item: a new snapshot draws the item anew

  function go(key) {
    hold();
    left = shown().dataset.drawn;
    if (key === shown().dataset.item) set("review-saved", Date.now());
    else set("review-item", key);
  }

  function tell(text) {
    const trouble = document.getElementById("review-trouble");
    if (trouble) trouble.textContent = text;
  }

  // the element is read aloud when its text changes
  function say(text) {
    if (spoken || text) document.getElementById("review-spoken").textContent = spoken + text;
    spoken = "";
  }

  const inside = (node) => document.getElementById("review-body")?.contains(node);
  const give = (node) => node.focus({ preventScroll: true });

  // Before an item is left: letters are meant for the next one, not for this one's note.
  function hold() {
    const active = document.activeElement;
    if (!inside(active) || active.id === "review-note") give(shown().querySelector("h2"));
  }

  // Once it is drawn: the focus is where it was, or at the heading, from which Tab leads to the buttons.
  function restore() {
    const body = document.getElementById("review-body");
    if (focused === null || !body || inside(document.activeElement)) return;
    const node = (focused && body.querySelector(focused)) || body.querySelector("h2");
    if (!node) return;
    if (node.tagName === "H2") node.tabIndex = -1;
    give(node);
  }

  // whether letters act: the choice is on the page, and kept by the browser
  const lettersOn = () => document.getElementById("review-keys").checked;

  function showKeys() {
    document.querySelectorAll("#review [data-key]").forEach((button) => {
      const on = button.dataset.key.length > 1 || lettersOn();
      if (on) button.setAttribute("aria-keyshortcuts", button.dataset.key);
      else button.removeAttribute("aria-keyshortcuts");
      button.querySelector("kbd").hidden = !on;
    });
  }

  async function send(decision) {
    const item = shown();
    const { item: key, post } = item.dataset; // the element stays while what it shows changes
    const box = document.getElementById("review-note");
    const note = box && (decision === "note" || box.value.trim() !== item.dataset.note) ? box.value : null;
    sending = true;
    try {
      const answer = await fetch("/reviews", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...JSON.parse(post), decision, note }),
      });
      if (!answer.ok) throw new Error((await answer.text()).trim());
    } catch (error) {
      tell(`Not saved: ${error.message}`);
      return;
    } finally {
      sending = false;
    }
    tell("");
    delete unsaved[key];
    if (!shown() || shown().dataset.item !== key) return; // the reviewer went elsewhere meanwhile
    spoken = `${SPOKEN[decision]}: ${shown().querySelector("h2").textContent}. `;
    const stays = decision === "note" || decision === "reopen";
    go(stays ? key : shown().dataset.next);
  }

  function act(name) {
    const item = shown();
    if (!item || sending || item.dataset.drawn === left || Date.now() - changed < CHANGED_MS) return;
    if (name === "note") document.getElementById("review-note").focus();
    else if (name === "save") send("note");
    else if (name === "skip") go(item.dataset.next || item.dataset.forward || item.dataset.item);
    else if (name === "back" || name === "forward") go(item.dataset[name] || item.dataset.item);
    else send(name);
  }

  document.addEventListener("input", (event) => {
    if (event.target.id === "review-note") unsaved[shown().dataset.item] = event.target.value;
  });

  document.addEventListener("change", (event) => event.target.id === "review-keys" && showKeys());

  document.addEventListener("focusin", ({ target }) => {
    if (!inside(target)) focused = null;
    else if (target.dataset.act) focused = `[data-act=${target.dataset.act}]`;
    else focused = target.id ? `#${target.id}` : "";
  });

  // it was given away, and not lost with what is drawn anew
  document.addEventListener("focusout", ({ target }) =>
    setTimeout(() => {
      if (target.isConnected && document.activeElement === document.body) focused = null;
    }));

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
    if (event.ctrlKey || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    if (event.key.startsWith("Arrow") && event.target.closest("[tabindex='0']")) return; // it scrolls
    const letter = event.key.length === 1;
    if (letter && !lettersOn()) return;
    const name = KEYS[letter ? event.key.toLowerCase() : event.key];
    if (!name || !document.querySelector(`#review [data-act=${name}]`)) return;
    event.preventDefault();
    act(name);
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    review: {
      // The address and the page's state name the item that is shown, also where the next open one was asked for: so it
      // stays when another person decides it or a snapshot is published. The address comes first, and then has nothing
      // to add to the history.
      drawn: function (_, wanted) {
        const keep = window.dash_clientside.no_update;
        window.requestAnimationFrame(() => {
          const item = shown();
          restore();
          if (!item) return say("");
          showKeys();
          const box = document.getElementById("review-note");
          if (box && item.dataset.item in unsaved) box.value = unsaved[item.dataset.item];
          const title = item.querySelector("h2").textContent;
          const now = { item: item.dataset.item, title };
          if (asked && asked.item === now.item && asked.title !== now.title) {
            changed = Date.now();
            tell("Another thing is asked of this item since a snapshot was published.");
          } else if (asked && asked.item !== now.item) {
            tell("");
            say(`Now ${item.querySelector(".sub").textContent}: ${title}`);
          } else {
            say("");
          }
          asked = now;
          const address = new URL(window.location);
          if (address.searchParams.get("item") !== item.dataset.item) {
            address.searchParams.set("item", item.dataset.item);
            window.history.replaceState(window.history.state, "", address);
          }
          if (wanted !== item.dataset.item) set("review-item", item.dataset.item);
        });
        return keep;
      },
    },
  });
})();
