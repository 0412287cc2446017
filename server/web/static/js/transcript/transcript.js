// The transcript beside a recording: it follows the video until the reader scrolls, a click seeks, words are found in it.
// What is drawn is the server's; another language is fetched from there, too.

import { say } from "../texts.js";
import { Finder } from "./find.js";

const SCROLL_KEYS = new Set(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", " "]);

// The last line that has begun at a moment (ms), or −1.
export function lineAt(starts, ms) {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

class Transcript {
  // `time`: {video, now(), seek(seconds)} in seconds of the talk
  constructor(root, time) {
    this.root = root;
    this.time = time;
    this.box = this.find("box");
    this.lines = [...this.box.querySelectorAll("span[data-at]")];
    this.starts = this.lines.map((line) => Number(line.dataset.at));
    this.shown = -1;
    this.following = true;
    this.step = -1; // the match in hand
    this.finder = new Finder(this.box);
    this.stop = new AbortController();
    this.listen(this.stop.signal);
    this.find("tools").hidden = false;
    this.follow(true);
  }

  find(name) {
    return this.root.querySelector(`[data-transcript-${name}]`);
  }

  get words() {
    return this.find("find").value;
  }

  listen(signal) {
    const { box, time } = this;
    for (const name of ["timeupdate", "seeked"]) time.video.addEventListener(name, () => this.tick(), { signal });
    box.addEventListener("click", (event) => this.click(event), { signal });
    // The reader looks elsewhere: the box stands still until they want it to follow again.
    const leave = () => this.follow(false);
    for (const name of ["wheel", "touchmove"]) box.addEventListener(name, leave, { signal, passive: true });
    box.addEventListener("keydown", (event) => SCROLL_KEYS.has(event.key) && event.target === box && leave(), { signal });
    box.addEventListener("pointerdown", (event) => event.target === box && event.offsetX > box.clientWidth && leave(), { signal });
    this.find("follow").addEventListener("click", () => this.follow(!this.following), { signal });
    const field = this.find("find");
    field.addEventListener("input", () => this.look(), { signal });
    field.addEventListener("keydown", (event) => this.key(event), { signal });
    for (const button of this.root.querySelectorAll("[data-transcript-step]")) {
      button.addEventListener("click", () => this.go(Number(button.dataset.transcriptStep)), { signal });
    }
    this.root.addEventListener("click", (event) => this.turn(event), { signal });
  }

  // A word or a time was clicked; a text that is being selected is left alone.
  click(event) {
    const place = event.target.closest("[data-at]");
    if (!place || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if (place.matches("span") && !getSelection().isCollapsed) return;
    event.preventDefault();
    this.time.seek(Number(place.dataset.at) / 1000 + 0.01);
    this.tick();
    if (!this.words) this.follow(true);
  }

  tick() {
    const at = lineAt(this.starts, Math.round(this.time.now() * 1000) + 20);
    if (at === this.shown) return;
    this.lines[this.shown]?.removeAttribute("aria-current");
    this.lines[at]?.setAttribute("aria-current", "true");
    this.shown = at;
    if (this.following) this.bring(this.lines[at]);
  }

  follow(is) {
    this.following = is;
    this.find("follow").setAttribute("aria-pressed", String(is));
    if (is) this.bring(this.lines[this.shown]);
  }

  // Scrolls the box alone: the page stays where the reader has it.
  bring(element) {
    if (!element || element.closest("p").hidden) return;
    const { box } = this;
    const [place, frame] = [element.getBoundingClientRect(), box.getBoundingClientRect()];
    const top = box.scrollTop + place.top - frame.top - (box.clientHeight - place.height) / 3;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const far = Math.abs(top - box.scrollTop) > box.clientHeight * 2;
    box.scrollTo({ top, behavior: calm || far ? "instant" : "smooth" });
  }

  // Finding

  look() {
    const count = this.finder.find(this.words);
    const isAsked = this.words.trim() !== "";
    this.step = -1;
    this.find("steps").hidden = count === 0;
    this.find("count").textContent = isAsked ? say(count === 1 ? "found_one" : "found_many", { count }) : "";
    if (count) this.go(1);
    else if (!isAsked && this.following) this.bring(this.lines[this.shown]);
    if (isAsked) this.follow(false);
  }

  key(event) {
    if (event.key === "Enter") {
      event.preventDefault();
      this.go(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && this.words) {
      event.preventDefault();
      this.find("find").value = "";
      this.look();
    }
  }

  go(step) {
    const { matches } = this.finder;
    if (!matches.length) return;
    matches[this.step]?.removeAttribute("data-chosen");
    this.step = (this.step + step + matches.length) % matches.length;
    matches[this.step].dataset.chosen = "";
    this.bring(matches[this.step]);
    this.find("count").textContent = say("found_at", { at: this.step + 1, count: matches.length });
  }

  // Another language

  async turn(event) {
    const link = event.target.closest("[data-transcript-language]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } }).catch(() => null);
    const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-transcript]");
    if (!fresh) return void location.assign(link.href);
    this.stop.abort();
    this.root.replaceWith(fresh);
    startTranscript(this.time).root.querySelector("[data-transcript-language][aria-current]")?.focus();
  }
}

// Opens the page's transcript, if it has one.
export function startTranscript(time) {
  const root = document.querySelector("[data-transcript]");
  if (!root) return null;
  const transcript = new Transcript(root, time);
  transcript.tick();
  window.semmaTranscript = transcript; // for tests and for the curious
  return transcript;
}
