// The keyboard of the timing editor. Keys do nothing while somebody types, nor with Ctrl, Alt or Meta (but for one); they
// work on the whole page unless switched off in the help sheet (WCAG 2.1.4), as those of the player.

import { keep, recall } from "../../memory.js";

const KEY = "semma.keys";
const TYPING = "input:not([type=range]), textarea, select, dialog";
const TYPED_MS = 1200; // after this a typed page number counts as it is

export class Keys {
  // `act`: the editor's acts; `act.hasNeed()` says whether digits pick a candidate.
  constructor(root, act) {
    this.root = root;
    this.act = act;
    this.typed = "";
    this.timer = null;
    this.sheet = document.querySelector("[data-keys-sheet]");
    root.querySelector("[data-help]").addEventListener("click", () => this.sheet.showModal());
    this.sheet.querySelector("[data-keys-close]").addEventListener("click", () => this.sheet.close());
    this.sheet.addEventListener("click", (event) => event.target === this.sheet && this.sheet.close());
    this.everywhere = this.sheet.querySelector("[data-keys-everywhere]");
    this.everywhere.checked = recall(KEY) !== "player";
    this.everywhere.addEventListener("change", () => keep(KEY, this.everywhere.checked ? "page" : "player"));
    document.addEventListener("keydown", (event) => this.hear(event));
    document.addEventListener("keyup", (event) => event.key === "Shift" && act.nudged());
  }

  hear(event) {
    if (event.defaultPrevented || event.altKey || event.metaKey || event.target.closest?.(TYPING)) return;
    if (!this.everywhere.checked && !this.root.contains(event.target)) return;
    const arrow = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (arrow && event.shiftKey) {
      event.preventDefault();
      this.act.nudge(arrow * (event.ctrlKey ? 1000 : 100));
      return;
    }
    if (event.ctrlKey) return;
    if (this.react(event, arrow)) event.preventDefault();
  }

  react(event, arrow) {
    const { act } = this;
    const onControl = event.target.closest?.("button, a, summary");
    if (/^[0-9]$/.test(event.key)) return this.digit(event.key), true;
    if (event.key === "Enter" && this.typed) return this.take(), true;
    if (this.typed && event.key === "Backspace") return this.type(this.typed.slice(0, -1)), true;
    if (this.typed && event.key === "Escape") return this.type(""), true;
    if (event.target.closest?.("input[type=range]") && (arrow || event.key.startsWith("Arrow"))) return false;
    if (arrow) return act.step(arrow), true;
    switch (event.key.length === 1 ? event.key.toLowerCase() : event.key) {
      case " ":
        return !onControl && (act.toggle(), true);
      case "Enter":
        return !onControl && act.hasNeed() && (act.right(), true);
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
      case "n":
        return act.next(), true;
      case "p":
        return act.here(), true;
      case "[":
        return act.inHand(-1), true;
      case "]":
        return act.inHand(1), true;
      case "g":
        return act.typePage(), true;
      case "z":
        return event.shiftKey ? act.redo() : act.undo(), true;
      case "Delete":
        return act.join(), true;
      case "+":
      case "=":
        return act.zoom(0.1), true;
      case "-":
        return act.zoom(-0.1), true;
      case "f":
        return act.fit(), true;
      case "?":
        return this.sheet.showModal(), true;
    }
    return false;
  }

  // With an unsure stretch in hand one of its candidates, else the beginning or the rest of a page number.
  digit(digit) {
    if (!this.typed && this.act.hasNeed() && digit !== "0") this.act.pickAt(Number(digit) - 1);
    else if (!this.typed && digit === "0") this.act.noSlide();
    else this.type(this.typed + digit);
  }

  type(text) {
    this.typed = text.slice(0, 4);
    clearTimeout(this.timer);
    this.act.typing(this.typed);
    if (this.typed) this.timer = setTimeout(() => this.take(), TYPED_MS);
  }

  take() {
    const page = Number(this.typed);
    clearTimeout(this.timer);
    this.typed = "";
    this.act.typing("");
    if (page) this.act.setPage(page);
  }
}
