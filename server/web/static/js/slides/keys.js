// Keys for the slides. Letters work wherever the player's do; the arrows within the slides, and while they fill the screen.

import { hears } from "../player/keyboard.js";
import { isFull } from "./full.js";

export function startSlideKeys(beside) {
  document.addEventListener("keydown", (event) => {
    if (beside.isHidden || !beside.shown || !hears(event, beside.stage.contains(event.target))) return;
    if (reactToLetters(event, beside) || reactToArrows(event, beside)) event.preventDefault();
  });
}

function reactToLetters(event, beside) {
  switch (event.key.length === 1 ? event.key.toLowerCase() : "") {
    case "n":
      return beside.leaf(1), true;
    case "p":
      return beside.leaf(-1), true;
    case "b":
      return beside.backToNow(), true;
    case "s":
      return beside.swap(), true;
    case "g":
      return beside.fullSlide(), true;
    case "w":
      return beside.fullBoth(), true;
  }
  return false;
}

function reactToArrows(event, beside) {
  const { deck } = beside;
  if (!deck.contains(event.target) && !(isFull(deck) && !event.target.closest("input, [role=menu]"))) return false;
  switch (event.key) {
    case "ArrowLeft":
    case "PageUp":
      return beside.leaf(-1), true;
    case "ArrowRight":
    case "PageDown":
      return beside.leaf(1), true;
    case "Home":
      return beside.leafTo(beside.pages[0]), true;
    case "End":
      return beside.leafTo(beside.pages.at(-1)), true;
  }
  return false;
}
