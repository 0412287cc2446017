// The cue in hand as a form: everything that dragging and keys do, for who uses neither.

import { parseMoment } from "../../player/moment.js";
import { say } from "../../texts.js";
import { letter, make, pageName, spanText, sureText } from "./names.js";
import { clock } from "./scale.js";

export class Panel {
  // `act`: the editor's acts.
  constructor(root, act) {
    const find = (name) => root.querySelector(`[data-${name}]`);
    this.form = find("cue-form");
    this.title = find("cue-title");
    this.about = find("cue-about");
    this.start = find("cue-start");
    this.page = find("cue-page");
    this.deck = find("cue-deck");
    this.shiftBy = find("shift-by");
    this.joinButton = find("join");
    this.startParts = [this.start, find("start-here"), ...root.querySelectorAll("[data-nudge]")];
    this.act = act;
    this.cue = null;
    this.listen(find);
  }

  listen(find) {
    const { act } = this;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.setPage();
    });
    this.start.addEventListener("change", () => this.setStart());
    this.start.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // the form's button sets the page
      this.setStart();
    });
    find("start-here").addEventListener("click", () => act.startHere());
    for (const button of this.form.querySelectorAll("[data-nudge]")) {
      button.addEventListener("click", () => act.nudge(Number(button.dataset.nudge)));
    }
    this.joinButton.addEventListener("click", () => act.join());
    find("no-slide").addEventListener("click", () => act.noSlide());
    for (const button of this.form.querySelectorAll("[data-renumber]")) {
      button.addEventListener("click", () => act.renumber(Number(button.dataset.renumber)));
    }
    find("shift").addEventListener("click", () => this.shift());
    this.shiftBy.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.shift();
    });
  }

  shift() {
    const seconds = Number(this.shiftBy.value.replace(",", ".").replace("−", "-"));
    if (!seconds) return this.act.complain(say("not_seconds"));
    this.shiftBy.value = "";
    this.act.shift(Math.round(seconds * 1000));
  }

  setStart() {
    const seconds = parseMoment(this.start.value.trim().replace(",", "."));
    if (seconds === null) return this.act.complain(say("not_a_time"));
    if (this.start.value !== clock(this.cue.start_ms)) this.act.startAt(Math.round(seconds * 1000));
  }

  setPage() {
    const page = Number(this.page.value);
    if (this.page.value !== "") this.act.setPage(page, this.deck.value || null);
  }

  // `isFirst`: nothing is before it, so its beginning does not move.
  show({ cue, decks, isFirst, isOnly }) {
    const other = this.cue?.start_ms !== cue.start_ms || this.cue?.page !== cue.page || this.cue?.deck !== cue.deck;
    this.cue = cue;
    this.title.textContent = pageName(decks, cue.deck, cue.page);
    this.about.textContent = `${spanText(cue)}, ${sureText(cue)}`;
    for (const part of this.startParts) part.disabled = isFirst;
    this.joinButton.disabled = isOnly;
    if (this.form.contains(document.activeElement) && !other) return; // somebody is typing here
    this.start.value = clock(cue.start_ms);
    this.page.value = cue.page ?? 0;
    this.deck.hidden = decks.length < 2;
    this.deck.replaceChildren(
      ...decks.map((deck, at) => make("option", { value: deck.id, textContent: `${letter(at)} ${deck.filename}` })),
    );
    this.deck.value = cue.deck ?? this.deck.options[0]?.value ?? "";
  }

  typePage() {
    this.page.focus();
    this.page.select();
  }
}
