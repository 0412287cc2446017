// Chapters as a menu: where each begins, the present one marked.

import { say } from "../texts.js";
import { clockText } from "./moment.js";

export class Chapters {
  // `now()` and `seek(moment)` in seconds
  constructor(root, menus, { now, seek }) {
    this.button = root.querySelector("[data-chapters]");
    this.list = [];
    if (!this.button) return; // a live player has none
    menus.attach(this.button, say("chapters"), () => {
      const at = this.list.findLast((chapter) => chapter.start_ms <= now() * 1000 + 1);
      return this.list.map((chapter) => ({
        label: chapter.title,
        aside: clockText(chapter.start_ms / 1000),
        chosen: chapter === at,
        choose: () => seek(chapter.start_ms / 1000),
      }));
    });
  }

  // [{start_ms, title}]
  set(chapters) {
    this.list = chapters;
    if (this.button) this.button.hidden = chapters.length < 2;
  }
}
