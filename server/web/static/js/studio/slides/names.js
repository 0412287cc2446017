// Pages by name, and small makers of elements.

import { say } from "../../texts.js";
import { clock } from "./scale.js";
import { kindOf } from "./needs.js";

// "5", or "B 5" for a page of the second of several decks.
export function shortName(decks, deck, page) {
  if (page === null) return "–";
  const at = decks.findIndex((one) => one.id === deck);
  return decks.length > 1 && at >= 0 ? `${letter(at)} ${page}` : String(page);
}

export function letter(index) {
  return String.fromCharCode(65 + (index % 26));
}

export function pageName(decks, deck, page) {
  return page === null ? say("no_slide") : say("page_is", { page: shortName(decks, deck, page) });
}

export function pageOf(decks, deck, page) {
  return decks.find((one) => one.id === deck)?.pages.find((one) => one.number === page) ?? null;
}

export function spanText(one) {
  return say("from_to", { from: clock(one.start_ms), to: clock(one.end_ms) });
}

const SURENESS = { hand: "sure_hand", none: "sure_percent", sure: "sure_percent", fair: "sure_percent", unsure: "sure_percent", unknown: "sure_unknown" };

export function sureText(cue) {
  return say(SURENESS[kindOf(cue)], { percent: Math.round(cue.confidence * 100) });
}

// "Page 5, 1:20.0 to 2:05.4, 97 % sure"
export function cueText(decks, cue) {
  return `${pageName(decks, cue.deck, cue.page)}, ${spanText(cue)}, ${sureText(cue)}`;
}

// What tells whether decks, or a cue, look other than before.
export function decksMark(decks) {
  return decks.map((deck) => `${deck.id}:${deck.pages.length}:${deck.pages[0]?.small ?? ""}`).join();
}

export function cueMark(cue) {
  return `${cue.start_ms}/${cue.end_ms}/${cue.deck}/${cue.page}/${cue.confidence}/${cue.method}/${cue.edited}`;
}

export function make(tag, values = {}, ...children) {
  const { dataset, attributes, ...rest } = values;
  const element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(dataset ?? {})) element.dataset[name] = value;
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

// A page's small picture; its number stands beside it in words.
export function picture(page, size = "small") {
  if (!page) return make("span", { className: "blank", attributes: { "aria-hidden": "true" } });
  const image = make("img", { src: page[size], alt: "", loading: "lazy", decoding: "async", draggable: false });
  image.width = page.width_px;
  image.height = page.height_px;
  return image;
}
