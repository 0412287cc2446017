// What stands around the page: its number and title, the buttons, the way back to now, short words. Draws and listens.

import { say } from "../texts.js";
import { isFull } from "./full.js";

const SWIPE_PX = 40;
const TOLD_MS = 2200;

export class DeckBar {
  // `act`: {leaf(step), backToNow(), watchFrom(), swap(), copyLink(), fullSlide(), fullBoth()}
  constructor(deck, act) {
    this.deck = deck;
    this.part = (name) => deck.querySelector(`[data-deck-${name}]`);
    for (const [name, todo] of [
      ["back", () => act.leaf(-1)],
      ["next", () => act.leaf(1)],
      ["now", () => act.backToNow()],
      ["watch", () => act.watchFrom()],
      ["swap", () => act.swap()],
      ["link", () => act.copyLink()],
      ["full", () => act.fullSlide()],
      ["both", () => act.fullBoth()],
    ]) {
      this.part(name).addEventListener("click", todo);
    }
    for (const name of ["fullscreenchange", "fillchange"]) document.addEventListener(name, () => this.paintFull());
    listenToSwipes(this.part("screen"), act.leaf);
  }

  paintPage(page, pages, isFirst, isLast) {
    this.part("count").textContent = `${page.number} / ${pages}`;
    this.part("title").textContent = page.title ?? "";
    this.part("back").disabled = isFirst;
    this.part("next").disabled = isLast;
  }

  // `away`: the viewer leafs; `from`: the moment to watch the page from in words, or ""; `note`: words over the dimmed page.
  paintPlace({ away, from, note }) {
    const hadFocus = this.part("away").contains(document.activeElement);
    this.part("away").hidden = !away;
    this.part("watch").hidden = from === "";
    if (from) this.part("watch-text").textContent = say("watch_from", { time: from });
    if (hadFocus && !away) this.part("next").focus();
    this.deck.toggleAttribute("data-dim", note !== "");
    this.part("note").hidden = note === "";
    this.part("note").textContent = note;
  }

  paintLarge(large) {
    const text = large === "slide" ? say("video_large") : say("slide_large");
    this.part("swap").setAttribute("aria-label", text);
    this.part("swap").title = text;
  }

  paintFull() {
    const button = this.part("full");
    const full = isFull(this.deck);
    button.toggleAttribute("data-on", full);
    button.setAttribute("aria-label", full ? say("unfull") : say("slide_full"));
  }

  // For who cannot see the page: only by the viewer's own act, not at every change.
  announce(text) {
    this.part("voice").textContent = text;
  }

  tell(text) {
    const bubble = this.part("bubble");
    bubble.textContent = text;
    bubble.hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (bubble.hidden = true), TOLD_MS);
    this.announce(text);
  }
}

// A finger leafs; one that selects text or scrolls does not.
function listenToSwipes(screen, leaf) {
  let start = null;
  screen.addEventListener("pointerdown", (event) => {
    start = event.pointerType !== "mouse" && event.isPrimary ? { x: event.clientX, y: event.clientY } : null;
  });
  screen.addEventListener("pointercancel", () => (start = null));
  screen.addEventListener("pointerup", (event) => {
    if (!start || !getSelection().isCollapsed) return;
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    start = null;
    if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 1.5 * Math.abs(y)) leaf(x < 0 ? 1 : -1);
  });
}
