// One page as it is shown: its picture in the size that is needed, its text over it, its text for screen readers.

import { say } from "../texts.js";
import { needsLarge, Pictures } from "./pictures.js";
import { linkAreas, textLines } from "./text_layer.js";

const SETTLED_MS = 180; // words are fetched for a page that stays, not for one that is leafed over

export function pageName(page) {
  const key = page.title ? "slide_named" : "slide_number";
  return say(key, { page: page.number, title: page.title });
}

export class Paper {
  // `leaf(page number)`: somebody followed a link to a page; `lost`: a picture is not there any more.
  constructor(root, { leaf, lost }) {
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.screen = part("deck-screen");
    this.size = this.screen.querySelector("canvas");
    this.sheet = part("paper");
    this.picture = part("paper-picture");
    this.words = part("paper-words");
    this.links = part("paper-links");
    this.text = part("paper-text");
    this.leaf = leaf;
    this.pictures = new Pictures(lost);
    this.parts = new Map();
    this.page = null;
    new ResizeObserver(() => this.page && this.draw()).observe(this.screen);
  }

  addressOf(page) {
    const width = this.sheet.clientWidth || this.screen.clientWidth;
    return needsLarge(page, width, devicePixelRatio) ? page.large : page.small;
  }

  // The place takes a page's form: before anything is seen of it, since everything below would move.
  form(page) {
    Object.assign(this.size, { width: page.width_px, height: page.height_px });
  }

  show(page) {
    if (page === this.page) return;
    const same = this.page && this.page.deck === page.deck && this.page.number === page.number;
    this.page = page;
    this.sheet.style.setProperty("--ratio", (page.width_px / page.height_px).toFixed(5));
    this.picture.alt = pageName(page);
    this.text.textContent = page.text ?? "";
    this.draw();
    if (same) return;
    this.words.replaceChildren();
    this.links.replaceChildren();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.layText(page), SETTLED_MS);
  }

  // The small picture at once, which the strip has already; the large one as soon as it is there.
  async draw() {
    const { page } = this;
    const wanted = this.addressOf(page);
    if (!this.pictures.has(wanted)) this.put(page.small);
    if (await this.pictures.load(wanted)) {
      if (page === this.page) this.put(wanted);
    }
  }

  put(address) {
    if (this.picture.getAttribute("src") !== address) this.picture.src = address;
    this.picture.hidden = false;
  }

  // What will be shown next, so that it is there when its time comes.
  prepare(pages) {
    for (const page of pages) if (page) this.pictures.load(this.addressOf(page));
  }

  // Where the words and links of a page are.
  async layText(page) {
    const name = `${page.deck}/${page.number}`;
    if (!this.parts.has(name)) this.parts.set(name, this.ask(page));
    const found = await this.parts.get(name);
    if (found === null) this.parts.delete(name); // asked again the next time
    if (found === null || this.page?.deck !== page.deck || this.page.number !== page.number) return;
    this.words.replaceChildren(...textLines(page, found.words ?? []));
    this.links.replaceChildren(...linkAreas(found.links ?? [], this.leaf));
  }

  async ask(page) {
    const address = `/api/v1/decks/${encodeURIComponent(page.deck)}/pages/${page.number}`;
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
    return answer?.ok ? answer.json().catch(() => null) : null;
  }
}
