// Slides on the player's bar: a tick where each begins, and the page beside the storyboard's picture under the pointer.

import { pageAt, slideChanges } from "./cues.js";

const CLOSEST = 0.004; // of the whole: ticks nearer than that would be a smear

export class SlideTicks {
  // `pageOf({deck, page})`: the page with its pictures, or null
  constructor(seekBar, pageOf) {
    this.seekBar = seekBar;
    this.pageOf = pageOf;
    this.cues = [];
    this.total = 0;
    this.box = document.createElement("div");
    this.box.className = "slide-ticks";
    this.box.setAttribute("aria-hidden", "true");
    seekBar.box.querySelector(".rail").after(this.box);
    this.picture = Object.assign(document.createElement("img"), { className: "peek-slide", alt: "", hidden: true });
    seekBar.peek.querySelector("canvas").after(this.picture);
    seekBar.beside = (moment) => this.peek(moment);
  }

  set(cues, total) {
    if (cues === this.cues && total === this.total) return;
    Object.assign(this, { cues, total });
    let before = -Infinity;
    const ticks = [];
    for (const { start_ms: start } of slideChanges(cues).slice(1)) {
      const share = start / 1000 / total;
      if (!(share < 1) || share - before < CLOSEST) continue;
      const tick = document.createElement("i");
      tick.style.left = `${(share * 100).toFixed(3)}%`;
      ticks.push(tick);
      before = share;
    }
    this.box.replaceChildren(...ticks);
  }

  // Called with the moment (s) under the pointer.
  peek(moment) {
    const page = this.pageOf(pageAt(this.cues, Math.round(moment * 1000)));
    this.picture.hidden = !page;
    if (!page) return;
    this.picture.width = page.width_px;
    this.picture.height = page.height_px;
    if (this.picture.getAttribute("src") !== page.small) this.picture.src = page.small;
  }
}
