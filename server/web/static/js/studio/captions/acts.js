// What keys and buttons do to the cues. Every act is a step that can be undone; what it was is said aloud.

import { say } from "../../texts.js";
import * as made from "./cues.js";

export class Acts {
  // `desk`: {steps, saving, preview, list, at, now(), tell(text), complain(text), draw(), save(), remarks}
  constructor(desk) {
    this.desk = desk;
  }

  get cues() {
    return this.desk.steps.cues;
  }

  get cue() {
    return this.cues[this.desk.at] ?? null;
  }

  // A step: other cues, with this one in hand.
  take({ cues, at }, { words = "", kind = "", focus = false } = {}) {
    if (cues === this.cues) return;
    this.desk.steps.take(cues, { at: Math.max(0, at), kind, moment: performance.now() });
    this.desk.changed(at, { focus });
    if (words) this.desk.tell(words);
  }

  type(text) {
    if (this.cue) this.take(made.setText(this.cues, this.desk.at, text), { kind: `text ${this.desk.at}` });
  }

  setTime(side, ms) {
    if (this.cue) this.take(made.setTimes(this.cues, this.desk.at, { [side]: ms }), { kind: `${side} ${this.desk.at}` });
  }

  nudge(side, by) {
    if (!this.cue) return;
    this.setTime(side, this.cue[side] + by);
    this.desk.seek(this.cue[side]);
  }

  setHere(side) {
    this.setTime(side, this.desk.now());
  }

  // Where the recording stands; without one, after the cue in hand.
  insert() {
    const ms = this.desk.hasRecording ? this.desk.now() : (this.cue?.end_ms ?? 0);
    this.take(made.insert(this.cues, ms), { words: say("was_added"), focus: true });
  }

  remove() {
    if (this.cue) this.take(made.remove(this.cues, this.desk.at), { words: say("was_deleted") });
  }

  // At the cursor of the text, else where the recording stands in it, else in its middle.
  split(place) {
    if (!this.cue) return;
    const ms = this.desk.now();
    this.take(made.split(this.cues, this.desk.at, { ms, place }), { words: say("was_split"), focus: place !== null });
  }

  splitAtCursor() {
    this.split(this.desk.list.cursor());
  }

  merge() {
    if (!this.cue) return;
    if (this.desk.at + 1 >= this.cues.length) return this.complain(say("nothing_after"));
    this.take(made.merge(this.cues, this.desk.at), { words: say("was_merged") });
  }

  shift(by, { rest = false } = {}) {
    const { cues, by: moved } = made.shift(this.cues, by, rest ? Math.max(0, this.desk.at) : 0);
    if (moved) this.take({ cues, at: this.desk.at }, { words: say("was_shifted", { seconds: moved / 1000 }) });
  }

  replace(words, by, options) {
    const { cues, count } = made.replaced(this.cues, words, by, options);
    if (count) this.take({ cues, at: this.desk.at }, { words: say("replaced_count", { count }) });
    else this.desk.tell(say("found_none"));
    return count;
  }

  undo() {
    const at = this.desk.steps.undo();
    if (at === null) return;
    this.desk.changed(at);
    this.desk.tell(say("undone_now"));
  }

  redo() {
    const at = this.desk.steps.redo();
    if (at === null) return;
    this.desk.changed(at);
    this.desk.tell(say("redone_now"));
  }

  save() {
    this.desk.save();
  }

  complain(text) {
    this.desk.complain(text);
  }

  // Where the recording stands, and which cue is in hand

  toggle() {
    this.desk.preview.toggle();
  }

  by(ms) {
    this.desk.seek(this.desk.now() + ms);
  }

  faster(step) {
    this.desk.preview.faster(step);
  }

  step(by) {
    const to = Math.min(this.cues.length - 1, Math.max(0, this.desk.at + by));
    if (this.cues[to]) this.go(to);
  }

  go(at) {
    this.desk.choose(at);
    this.desk.seek(this.cues[at].start_ms);
  }

  edit(at = this.desk.at) {
    if (!this.cues[at]) return;
    this.desk.choose(at, { focus: true });
    if (made.shownAt(this.cues, this.desk.now()) !== at) this.desk.seek(this.cues[at].start_ms);
  }

  playCue() {
    if (this.cue) this.desk.playSpan(this.cue);
  }

  nextRemark() {
    const { remarks, at } = this.desk;
    const places = [...remarks.keys()].filter((index) => remarks[index].length);
    const to = places.find((index) => index > at) ?? places[0];
    if (to !== undefined) this.go(to);
    else this.desk.tell(say("remarks_none"));
  }

  openFind() {
    this.desk.find.open();
  }
}
