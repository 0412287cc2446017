// The keyboard of the caption editor. Letters do nothing while somebody types, but with Alt; they work on the whole page
// unless switched off in the help sheet (WCAG 2.1.4), as those of the player.

import { keep, recall } from "../../memory.js";

const KEY = "semma.keys";
const TYPING = "input:not([type=range]), textarea, select, dialog";

export class Keys {
  constructor(root, act) {
    this.root = root;
    this.act = act;
    this.sheet = document.querySelector("[data-keys-sheet]");
    root.querySelector("[data-help]").addEventListener("click", () => this.sheet.showModal());
    this.sheet.querySelector("[data-keys-close]").addEventListener("click", () => this.sheet.close());
    this.sheet.addEventListener("click", (event) => event.target === this.sheet && this.sheet.close());
    this.everywhere = this.sheet.querySelector("[data-keys-everywhere]");
    this.everywhere.checked = recall(KEY) !== "player";
    this.everywhere.addEventListener("change", () => keep(KEY, this.everywhere.checked ? "page" : "player"));
    document.addEventListener("keydown", (event) => this.hear(event));
  }

  hear(event) {
    if (event.defaultPrevented || this.sheet.open) return;
    const isTyping = Boolean(event.target.closest?.(TYPING));
    const done = event.ctrlKey || event.metaKey ? this.withControl(event) : this.plain(event, isTyping);
    if (done) event.preventDefault();
  }

  withControl(event) {
    const { act } = this;
    const key = event.key.toLowerCase();
    if (key === "s") return act.save(), true;
    if (!this.root.contains(event.target) && event.target !== document.body) return false;
    if (event.key === "Enter" && event.target.matches("[data-cue-text]")) return act.splitAtCursor(), true;
    // In other fields undo is the field's own.
    if (key !== "z" || event.target.matches("input")) return false;
    return event.shiftKey ? act.redo() : act.undo(), true;
  }

  plain(event, isTyping) {
    if (isTyping && event.key === "Escape" && event.target.matches("[data-cue-text]")) return event.target.blur(), true;
    if (isTyping && !event.altKey) return false;
    if (event.altKey && !isTyping) return false;
    if (!this.everywhere.checked && !this.root.contains(event.target)) return false;
    // With Alt some keyboards write other signs: the place of the key says which letter it is.
    const letter = /^Key([A-Z])$/.exec(event.code)?.[1].toLowerCase();
    return this.react(event, event.altKey && letter ? letter : event.key.length === 1 ? event.key.toLowerCase() : event.key);
  }

  react(event, key) {
    const { act } = this;
    const onControl = !event.altKey && event.target.closest?.("button, a, summary");
    switch (key) {
      case " ":
        return !onControl && (act.toggle(), true);
      case "Enter":
        return !onControl && (act.edit(), true);
      case "ArrowUp":
        return act.step(-1), true;
      case "ArrowDown":
        return act.step(1), true;
      case "k":
        return act.toggle(), true;
      case "j":
        return act.by(-5000), true;
      case "l":
        return act.by(5000), true;
      case ",":
        return act.by(-100), true;
      case ".":
        return act.by(100), true;
      case "<":
        return act.faster(-1), true;
      case ">":
        return act.faster(1), true;
      case "i":
        return act.setHere("start_ms"), true;
      case "o":
        return act.setHere("end_ms"), true;
      case "[":
        return act.nudge("start_ms", -100), true;
      case "]":
        return act.nudge("start_ms", 100), true;
      case "{":
        return act.nudge("end_ms", -100), true;
      case "}":
        return act.nudge("end_ms", 100), true;
      case "p":
        return act.playCue(), true;
      case "n":
        return act.insert(), true;
      case "s":
        return act.split(null), true;
      case "m":
        return act.merge(), true;
      case "r":
        return act.nextRemark(), true;
      case "f":
        return act.openFind(), true;
      case "z":
        return event.shiftKey ? act.redo() : act.undo(), true;
      case "Delete":
        return !event.altKey && (act.remove(), true);
      case "?":
        return this.sheet.showModal(), true;
    }
    return false;
  }
}
