// Find and replace in cues.

import { say } from "../../texts.js";
import { finding } from "./cues.js";

export class Find {
  // `act`: the editor's acts; `at()`: the place in hand
  constructor(root, act, at) {
    const find = (name) => root.querySelector(`[data-find-${name}]`);
    this.form = find("form");
    this.words = find("words");
    this.by = find("by");
    this.exact = find("exact");
    this.count = find("count");
    this.act = act;
    this.at = at;
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.next()));
    find("one").addEventListener("click", () => this.one());
    find("all").addEventListener("click", () => act.replace(this.words.value, this.by.value, this.options) !== null && this.tell());
    for (const field of [this.words, this.exact]) field.addEventListener("input", () => this.tell());
  }

  get options() {
    return { exact: this.exact.checked };
  }

  get places() {
    return finding(this.act.cues, this.words.value, this.options);
  }

  open() {
    this.form.closest("details").open = true;
    this.words.focus();
    this.words.select();
  }

  tell() {
    const { length: count } = this.places;
    this.count.textContent = this.words.value ? (count ? say("found_in", { count }) : say("found_none")) : "";
  }

  next() {
    const { places } = this;
    this.tell();
    const to = places.find((place) => place > this.at()) ?? places[0];
    if (to !== undefined) this.act.go(to);
  }

  // In the caption in hand, when it has the words; then on to the next.
  one() {
    const at = this.at();
    if (this.places.includes(at)) this.act.replace(this.words.value, this.by.value, { ...this.options, at });
    this.next();
  }
}
