// The seek bar: a range input does the work (keyboard, screen readers, touch); drawn layers show the state.

import { say } from "../texts.js";
import { clockText } from "./moment.js";

export class SeekBar {
  constructor(root, storyboard, seek) {
    this.box = root.querySelector("[data-seek]");
    this.input = root.querySelector("[data-seek-input]");
    this.played = root.querySelector("[data-played]");
    this.loaded = root.querySelector("[data-loaded]");
    this.unmade = root.querySelector("[data-unmade]");
    this.peek = root.querySelector("[data-peek]");
    this.picture = root.querySelector("[data-peek-picture]");
    this.peekTime = root.querySelector("[data-peek-time]");
    this.storyboard = storyboard;
    this.chapters = [];
    this.marks = [];
    this.total = 0;
    this.isHeld = false;
    this.beside = () => {}; // draws what is shown beside the storyboard's picture of a moment
    this.listen(seek);
  }

  listen(seek) {
    this.input.addEventListener("pointerdown", () => (this.isHeld = true));
    for (const name of ["pointerup", "pointercancel", "change", "blur"]) {
      this.input.addEventListener(name, () => (this.isHeld = false));
    }
    this.input.addEventListener("input", () => {
      const moment = Number(this.input.value);
      this.paintPlayed(moment);
      if (this.isHeld) this.showPeek(moment);
      seek(moment);
    });
    this.box.addEventListener("pointermove", (event) => {
      const place = this.box.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - place.left) / place.width));
      this.showPeek(share * this.total);
    });
    for (const name of ["pointerleave", "pointercancel"]) {
      this.box.addEventListener(name, () => (this.peek.hidden = true));
    }
  }

  // Chapters: [{start_ms, title}], a gap in the rail where each begins, its title over the pointer.
  setChapters(chapters) {
    for (const mark of this.marks) mark.remove();
    this.chapters = chapters ?? [];
    this.marks = this.chapters.slice(1).map(() => document.createElement("i"));
    for (const mark of this.marks) mark.className = "mark";
    this.played.parentElement.append(...this.marks);
  }

  chapterAt(moment) {
    return this.chapters.findLast((chapter) => chapter.start_ms <= moment * 1000)?.title ?? "";
  }

  async showPeek(moment) {
    if (!this.total) return;
    const title = this.chapterAt(moment);
    this.peekTime.textContent = title ? `${clockText(moment)} · ${title}` : clockText(moment);
    this.beside(moment);
    this.peek.hidden = false;
    this.placePeek(moment);
    const wanted = (this.wanted = moment);
    try {
      const drawn = await this.storyboard.draw(this.picture, moment);
      if (wanted !== this.wanted) return;
      this.picture.hidden = !drawn;
      this.placePeek(moment);
    } catch {
      this.picture.hidden = true; // no picture is no trouble: the time is shown
    }
  }

  placePeek(moment) {
    const width = this.box.clientWidth;
    const half = this.peek.offsetWidth / 2;
    const middle = (moment / this.total) * width;
    this.peek.style.transform = `translateX(${Math.max(-4, Math.min(width - 2 * half + 4, middle - half))}px)`;
  }

  paintPlayed(moment) {
    this.played.style.transform = `scaleX(${this.total ? Math.min(1, moment / this.total) : 0})`;
    this.input.setAttribute("aria-valuetext", say("position", { now: clockText(moment), total: clockText(this.total) }));
  }

  // Shows the present state: seconds played, buffered up to, made (encoded) up to, in all.
  paint({ now, loaded, edge, total }) {
    this.total = total;
    this.input.max = String(total || 1);
    if (!this.isHeld) {
      this.input.value = String(now);
      this.paintPlayed(now);
    }
    this.marks.forEach((mark, index) => {
      mark.style.left = `${total ? (this.chapters[index + 1].start_ms / 10 / total).toFixed(3) : 0}%`;
    });
    this.loaded.style.transform = `scaleX(${total ? Math.min(1, loaded / total) : 0})`;
    this.unmade.style.transform = `scaleX(${total && edge < total - 0.5 ? 1 - edge / total : 0})`;
  }
}
