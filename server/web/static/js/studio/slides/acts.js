// What keys, buttons and the timeline do to the cues. Every act is one edit; what it was is said aloud.

import { say } from "../../texts.js";
import { applyEdit, bordersOf, restOf } from "./edit.js";
import { pageName, pageOf, spanText } from "./names.js";
import { nextNeed } from "./needs.js";
import { clock } from "./scale.js";

const NUDGED_MS = 700; // a border that is nudged again and again is moved once, after this rest
const AGAIN_MS = 1000; // further into a cue than this, "before" means its own beginning

export class Acts {
  // `desk`: {edits, preview, now(), tell(text), draw(), zoomBy(step), fit(), typePage(), typing(text), pages}.
  constructor(desk) {
    this.desk = desk;
    this.need = null; // the unsure stretch in hand
    this.chosenPage = null; // the page in hand, when somebody chose one
    this.nudging = null; // {from, to}: a border on its way, not sent yet
    this.timer = null;
  }

  // What is shown now

  get cues() {
    const { edits } = this.desk;
    const { nudging } = this;
    return nudging ? applyEdit(edits.cues, { op: "move", from_ms: nudging.from, to_ms: nudging.to }, edits.decks) : edits.cues;
  }

  get chosen() {
    return this.desk.chosenIn(this.cues);
  }

  // The page "from here" would set: the chosen one, else the one after what is shown.
  get pageInHand() {
    if (this.chosenPage) return this.chosenPage;
    const { pages } = this.desk;
    const shown = this.cues.findLast((cue) => cue.start_ms <= this.desk.now() && cue.page !== null);
    return shown ? pages.beside({ deck: shown.deck, number: shown.page }, 1) : (pages.all[0] ?? null);
  }

  hasNeed() {
    return this.need !== null;
  }

  // Where the recording stands

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
    this.flush();
    const { cues, chosen } = this;
    const at = cues.findIndex((cue) => cue.start_ms === chosen.start_ms);
    const again = by < 0 && this.desk.now() > chosen.start_ms + AGAIN_MS;
    const to = again ? chosen : cues[at + by];
    if (to) this.choose(to);
  }

  choose(cue) {
    this.flush();
    this.desk.seek(cue.start_ms);
    this.desk.tell(this.desk.cueText(cue));
  }

  // Unsure stretches

  next() {
    this.flush();
    const needs = this.desk.needs();
    const need = nextNeed(needs, this.need);
    if (need) this.take(need);
    else this.desk.tell(say("nothing_unsure"));
  }

  take(need) {
    this.need = need;
    this.desk.seek(need.start_ms);
    this.desk.tell(say("need_taken", { span: spanText(need) }));
    this.desk.draw();
  }

  pickAt(index) {
    const page = this.desk.candidates()[index];
    if (page) this.pick(page);
    else this.desk.tell(say("no_candidate", { key: index + 1 }));
  }

  pick({ deck, page }) {
    this.settle(() => this.set(this.need, deck, page));
  }

  // Every page in the stretch is what it should be: a person says so.
  right() {
    const { need } = this;
    if (!need) return;
    this.settle(() => {
      for (const cue of this.cues.filter((one) => one.start_ms < need.end_ms && one.end_ms > need.start_ms)) {
        const span = { start_ms: Math.max(cue.start_ms, need.start_ms), end_ms: Math.min(cue.end_ms, need.end_ms) };
        this.set(span, cue.deck, cue.page);
      }
    });
  }

  // Does it, then takes up the stretch that is now the most urgent.
  settle(act) {
    const { need } = this;
    act();
    this.need = null;
    const left = this.desk.needs().filter((one) => one.start_ms !== need.start_ms);
    if (left.length) this.take(left[0]);
    else {
      this.desk.tell(say("nothing_unsure"));
      this.desk.draw();
    }
  }

  // Pages

  inHand(step) {
    this.takePage(this.desk.pages.beside(this.pageInHand, step));
  }

  takePage(page) {
    if (!page) return;
    this.chosenPage = { deck: page.deck, number: page.number };
    this.desk.tell(say("in_hand", { page: pageName(this.desk.edits.decks, page.deck, page.number) }));
    this.desk.draw({ scroll: true });
  }

  here() {
    this.flush();
    const page = this.pageInHand;
    if (!page) return;
    const span = restOf(this.cues, this.desk.now());
    if (span.end_ms <= span.start_ms) return;
    this.chosenPage = null;
    this.set(span, page.deck, page.number);
  }

  // The page of the stretch or of the cue in hand; 0: no slide.
  setPage(number, deck = null) {
    if (number === 0) return this.noSlide();
    const { decks } = this.desk.edits;
    const home = deck ?? this.chosen.deck ?? this.pageInHand?.deck ?? decks[0]?.id;
    if (!pageOf(decks, home, number)) {
      const most = decks.find((one) => one.id === home)?.pages.length ?? 0;
      return this.complain(say("no_such_page", { page: number, pages: most }));
    }
    this.put(home, number);
  }

  noSlide() {
    this.put(null, null);
  }

  put(deck, page) {
    this.flush();
    if (this.need) this.settle(() => this.set(this.need, deck, page));
    else this.set(this.chosen, deck, page);
  }

  set({ start_ms, end_ms }, deck, page) {
    const name = pageName(this.desk.edits.decks, deck, page);
    this.make({ op: "set", start_ms, end_ms, deck, page }, say("was_set", { page: name, span: spanText({ start_ms, end_ms }) }));
  }

  // Borders

  moveBorder(border, to) {
    this.make({ op: "move", from_ms: border.ms, to_ms: to }, say("was_moved", { from: clock(border.ms), to: clock(to) }));
    this.desk.seek(to);
  }

  // The beginning of the cue in hand, or a given border, by so much; sent when it rests.
  nudge(by, border = null) {
    const from = border?.ms ?? this.chosen.start_ms;
    const known = bordersOf(this.cues).find((one) => one.ms === from);
    if (!known) return this.complain(say("first_stays"));
    const to = Math.min(known.max, Math.max(known.min, from + by));
    this.nudging = { from: this.nudging && this.nudging.to === from ? this.nudging.from : from, to };
    this.desk.seek(to);
    this.desk.tell(clock(to));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), NUDGED_MS);
    this.desk.draw();
  }

  // Sends the border that was nudged.
  flush() {
    clearTimeout(this.timer);
    const { nudging } = this;
    this.nudging = null;
    if (!nudging || nudging.from === nudging.to) return;
    const { from, to } = nudging;
    this.make({ op: "move", from_ms: from, to_ms: to }, say("was_moved", { from: clock(from), to: clock(to) }));
  }

  startAt(ms) {
    this.flush();
    const border = bordersOf(this.cues).find((one) => one.ms === this.chosen.start_ms);
    if (!border) return this.complain(say("first_stays"));
    if (ms < border.min || ms > border.max) return this.complain(say("border_between", { from: clock(border.min), to: clock(border.max) }));
    if (ms !== border.ms) this.moveBorder(border, ms);
  }

  // The border nearest to where the recording stands, of the two of the cue in hand, comes to it.
  startHere() {
    this.flush();
    const { chosen } = this;
    const now = Math.round(this.desk.now());
    const near = bordersOf(this.cues)
      .filter((one) => one.ms === chosen.start_ms || one.ms === chosen.end_ms)
      .sort((a, b) => Math.abs(a.ms - now) - Math.abs(b.ms - now))[0];
    if (!near) return this.complain(say("first_stays"));
    if (near.ms !== now && now >= near.min && now <= near.max) this.moveBorder(near, now);
    else this.complain(say("border_is_here"));
  }

  // All or much of it

  join() {
    this.flush();
    const { chosen } = this;
    if (this.cues.length < 2) return this.complain(say("only_one"));
    this.make({ op: "delete", start_ms: chosen.start_ms }, say("was_joined"));
  }

  shift(by) {
    this.flush();
    this.make({ op: "shift", by_ms: by }, say("was_shifted", { seconds: by / 1000 }));
  }

  renumber(by) {
    this.flush();
    this.make({ op: "renumber", from_ms: this.chosen.start_ms, by }, say(by > 0 ? "was_later" : "was_earlier"));
  }

  undo() {
    this.flush();
    this.desk.edits.undo();
    this.desk.tell(say("undone_now"));
  }

  redo() {
    this.flush();
    this.desk.edits.redo();
    this.desk.tell(say("redone_now"));
  }

  make(edit, words) {
    this.desk.tell(words);
    this.desk.edits.edit(edit);
  }

  complain(text) {
    this.desk.tell(text, { bad: true });
  }

  // What the page does

  zoom(step) {
    this.desk.zoomBy(step);
  }

  fit() {
    this.desk.fit();
  }

  typePage() {
    this.desk.typePage();
  }

  typing(text) {
    this.desk.typing(text);
  }

  nudged() {
    if (this.nudging) this.flush();
  }
}
