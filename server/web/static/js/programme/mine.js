// "My programme": talks a viewer marks are remembered in this browser, shown alone, and make a calendar of their own.

import { keep, recall } from "../memory.js";
import { say } from "../texts.js";

const MOST = 300; // more do not fit into a calendar's address

export function idsIn(text) {
  try {
    const found = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((id) => typeof id === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function toggled(ids, id) {
  return ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id].slice(-MOST);
}

export function calendarOf(address, ids) {
  const url = new URL(address, "http://here.invalid");
  url.searchParams.set("sessions", ids.join(","));
  return url.pathname + url.search;
}

export function startMine(bar) {
  const key = `semma-mine|${bar.dataset.mine}`;
  const only = bar.querySelector("[data-only]");
  const calendar = bar.querySelector("[data-calendar]");
  const address = calendar.getAttribute("href");
  let ids = idsIn(recall(key));

  function star(card) {
    let button = card.querySelector("[data-star]");
    if (!button) {
      button = Object.assign(document.createElement("button"), { type: "button", className: "star" });
      button.dataset.star = "";
      const title = card.querySelector("h3").textContent.trim();
      button.setAttribute("aria-label", say("mine_mark", { title }));
      card.querySelector(".foot-line").append(button);
    }
    const marked = ids.includes(card.dataset.session);
    button.setAttribute("aria-pressed", String(marked));
    button.textContent = marked ? "★" : "☆";
    card.classList.toggle("mine", marked);
  }

  function draw() {
    for (const card of document.querySelectorAll("[data-session]")) star(card);
    bar.hidden = ids.length === 0;
    only.textContent = say("mine_only", { count: ids.length });
    calendar.href = calendarOf(address, ids);
    if (ids.length === 0) showOnly(false);
  }

  function showOnly(yes) {
    only.setAttribute("aria-pressed", String(yes));
    document.body.classList.toggle("only-mine", yes);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-star]");
    if (!button) return;
    ids = toggled(idsIn(recall(key)), button.closest("[data-session]").dataset.session);
    keep(key, JSON.stringify(ids));
    draw();
  });
  only.addEventListener("click", () => showOnly(only.getAttribute("aria-pressed") !== "true"));
  // The same programme may be open in another tab.
  addEventListener("storage", (event) => {
    if (event.key === key) {
      ids = idsIn(event.newValue);
      draw();
    }
  });
  draw();
  return draw;
}
