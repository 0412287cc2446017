// The slides of what is on in a room: to be leafed through beside the stream, others with the next talk.

import { Beside } from "./beside.js";
import { SlidesSource } from "./cues.js";

export class LiveSlides {
  // `stage` is null in another site's frame, which shows the stream alone.
  constructor(stage) {
    this.address = null;
    this.beside = stage && new Beside(stage, new SlidesSource(""));
    // A link to a page is one to the talk, and this page is the room's.
    if (stage) stage.querySelector("[data-deck-link]").hidden = true;
  }

  // Where the slides of the talk that is on are asked for; null when it has none.
  show(address) {
    if (!this.beside || address === this.address) return;
    const source = new SlidesSource(address ?? "");
    const isDrawn = this.address === null && address === this.beside.deck.dataset.deck;
    this.address = address;
    if (isDrawn) this.beside.source = source; // what the server has drawn stays
    else this.beside.open(source);
    this.refresh();
  }

  changed(session) {
    if (this.address?.includes(session)) this.refresh();
  }

  async refresh() {
    const { beside } = this;
    const { source } = beside;
    if (this.address && (await source.refresh()) && source === beside.source) beside.take();
  }
}
