// The keyboard. Single-letter keys work on the whole page unless switched off in the help sheet (WCAG 2.1.4); inside the
// player they always work.

import { keep, recall } from "../memory.js";

const KEY = "semma.keys";
const TYPING = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]";

// Whether a key is meant for the player and what belongs to it: pressed `inside` of them, or anywhere but in a form.
export function hears(event, inside) {
  const sheet = document.querySelector("[data-keys]");
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || sheet?.open) return false;
  const everywhere = sheet?.querySelector("[data-keys-everywhere]").checked; // there is no sheet without a player
  return inside || (everywhere === true && !event.target.closest(TYPING));
}

export function startKeyboard(root, act) {
  const sheet = document.querySelector("[data-keys]");
  const everywhere = sheet.querySelector("[data-keys-everywhere]");
  everywhere.checked = recall(KEY) !== "player";
  everywhere.addEventListener("change", () => keep(KEY, everywhere.checked ? "page" : "player"));
  sheet.querySelector("[data-keys-close]").addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());

  document.addEventListener("keydown", (event) => {
    const inside = root.contains(event.target);
    if (!hears(event, inside)) return;
    const done = react(event, inside, act, () => sheet.showModal());
    if (done) event.preventDefault();
  });
  return () => sheet.showModal();
}

function react(event, inside, act, help) {
  const onControl = event.target.closest("button, a, summary, input");
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (/^[0-9]$/.test(key)) return act.toShare(Number(key) / 10), true;
  switch (key) {
    case " ":
      if (onControl && !event.target.matches("[data-seek-input]")) return false;
      return act.toggle(), true;
    case "k":
      return act.toggle(), true;
    case "j":
      return act.by(-10), true;
    case "l":
      return act.by(10), true;
    case "f":
      return act.full(), true;
    case "m":
      return act.mute(), true;
    case "c":
      return act.captions(), true;
    case "<":
      return act.speed(-1), true;
    case ">":
      return act.speed(1), true;
    case "?":
      return help(), true;
  }
  return inside && reactToArrows(event, act);
}

function reactToArrows(event, act) {
  if (event.target.matches("[data-volume]")) return false;
  switch (event.key) {
    case "ArrowLeft":
      return act.by(-5), true;
    case "ArrowRight":
      return act.by(5), true;
    case "ArrowUp":
      return act.louder(0.1), true;
    case "ArrowDown":
      return act.louder(-0.1), true;
    case "Home":
      return act.toShare(0), true;
    case "End":
      return act.toEnd(), true;
  }
  return false;
}
