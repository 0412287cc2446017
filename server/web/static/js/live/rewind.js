// The rewind bar: the whole broadcast, with the talks' borders on it; its right end is now.

import { clockText } from "../player/moment.js";
import { SeekBar } from "../player/seekbar.js";
import { language, say } from "../texts.js";
import { talkAt } from "./timeline.js";

const NO_PICTURES = { draw: async () => false };

export function timeOfDay(wall) {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(wall);
}

export class RewindBar extends SeekBar {
  // `wallAt`: when a position was, ms since 1970 or null.
  constructor(root, seek, wallAt) {
    super(root, NO_PICTURES, (position) => seek(position + this.start));
    this.borders = root.querySelector("[data-marks]");
    this.wallAt = wallAt;
    this.start = 0;
    this.talks = [];
    this.drawn = "";
    this.input.addEventListener("blur", () => (this.peek.hidden = true));
  }

  // What is at a place of the bar, in words: the talk, the time of day, how far behind.
  wordsAt(place) {
    const position = place + this.start;
    const wall = this.wallAt(position);
    const behind = this.total - place;
    const parts = [talkAt(this.talks, position)?.title, wall !== null && timeOfDay(wall)];
    parts.push(behind < 3 ? say("live") : say("behind", { time: clockText(behind) }));
    return parts.filter(Boolean);
  }

  showPeek(place) {
    if (!this.total) return;
    this.picture.hidden = true;
    this.peekTime.textContent = this.wordsAt(place).join(" · ");
    this.peek.hidden = false;
    this.placePeek(place);
  }

  paintPlayed(place) {
    this.played.style.transform = `scaleX(${this.total ? Math.min(1, place / this.total) : 0})`;
    if (this.wallAt) this.input.setAttribute("aria-valuetext", this.wordsAt(place).join(", "));
  }

  // Positions of the media; the bar itself counts from the broadcast's start.
  paintLive({ now, loaded, start, edge, talks }) {
    this.start = start;
    this.talks = talks;
    const total = Math.max(0, edge - start);
    this.paint({ now: now - start, loaded: loaded - start, edge: total, total });
    this.paintTalks(talks, total);
    // With the keyboard there is no pointer to ask with: what is said is also shown.
    if (!this.isHeld && this.input.matches(":focus-visible")) this.showPeek(now - start);
  }

  paintTalks(talks, total) {
    const places = total ? talks.map((talk) => ((talk.from - this.start) / total) * 100) : [];
    const mark = places.map((place) => place.toFixed(1)).join(" ");
    if (mark === this.drawn) return;
    this.drawn = mark;
    this.borders.replaceChildren(
      ...places.map((place) => {
        const border = document.createElement("span");
        border.style.left = `${place}%`;
        return border;
      }),
    );
  }
}
