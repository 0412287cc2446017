// The list of cues: a line each, the one in hand with its fields. It draws and hears; what is done the editor decides.

import { say } from "../../texts.js";
import { make } from "../slides/names.js";
import { longestLine, speedOf } from "./remarks.js";
import { linesOf, timeIn, timeText } from "./words.js";

export class CueList {
  // `act`: the editor's acts
  constructor(root, act) {
    this.place = root.querySelector("[data-cues]");
    this.template = document.querySelector("[data-cue-template]");
    this.act = act;
    this.cues = [];
    this.remarks = [];
    this.at = -1;
    this.now = -1;
    this.place.addEventListener("click", (event) => this.click(event));
  }

  get field() {
    return this.place.querySelector("[data-cue-text]");
  }

  // Lines that are the same stay as they are, so that nothing jumps and the cursor stays in its field.
  show({ cues, remarks, at }) {
    const kept = new Map(this.cues.map((cue, index) => [cue, this.place.children[index]]));
    const wasEdited = this.cues[this.at];
    const edited = this.place.children[this.at];
    const rows = cues.map((cue, index) => {
      const isEdited = index === at;
      const mark = (remarks[index] ?? []).join();
      const old = kept.get(cue);
      if (old && old.dataset.mark === mark && Boolean(old.editing) === isEdited) return old;
      if (isEdited && edited?.editing && (this.stays || wasEdited === cue)) return this.refill(edited, cue, remarks[index]);
      return this.row(cue, remarks[index] ?? [], isEdited);
    });
    this.cues = cues;
    this.remarks = remarks;
    this.at = at;
    rows.forEach((row, index) => (row.dataset.at = index));
    this.lay(rows);
    this.field?.setAttribute("aria-label", say("cue_text", { number: at + 1 }));
    this.mark(this.now);
  }

  // Puts rows in their places without touching those that are there already.
  lay(rows) {
    const wanted = new Set(rows);
    for (const row of [...this.place.children]) if (!wanted.has(row)) row.remove();
    rows.forEach((row, index) => {
      if (this.place.children[index] !== row) this.place.insertBefore(row, this.place.children[index] ?? null);
    });
  }

  row(cue, remarks, isEdited) {
    const row = make("li", { className: "cue" });
    row.editing = isEdited;
    row.dataset.mark = remarks.join();
    const time = make("button", { type: "button", className: "cue-at figures", dataset: { go: "" }, attributes: { "aria-label": say("cue_go", { time: timeText(cue.start_ms) }) } }, timeText(cue.start_ms));
    row.append(time, isEdited ? this.editor(row, cue) : this.words(cue), this.notes(cue, remarks));
    if (isEdited) row.setAttribute("aria-current", "true");
    return row;
  }

  words(cue) {
    const text = linesOf(cue.text).join("\n") || say("cue_empty");
    return make("button", { type: "button", className: "cue-words", dataset: { take: "" } }, text);
  }

  notes(cue, remarks) {
    const notes = remarks.map((code) => {
      const about = { speed: Math.round(speedOf(cue)), letters: longestLine(cue) };
      return make("li", { dataset: { code } }, say(`remark_${code}`, about));
    });
    return make("ul", { className: "cue-notes small", attributes: { role: "list" } }, ...notes);
  }

  editor(row, cue) {
    const box = this.template.content.cloneNode(true).firstElementChild;
    const field = box.querySelector("[data-cue-text]");
    field.addEventListener("input", () => this.act.type(field.value));
    for (const side of box.querySelectorAll("[data-side]")) this.listenToTime(side);
    this.fill(box, cue);
    return box;
  }

  listenToTime(box) {
    const { side } = box.dataset;
    const name = say(side === "start_ms" ? "cue_begins" : "cue_ends");
    box.setAttribute("aria-label", name);
    box.querySelector("[data-cue-label]").textContent = name;
    box.querySelector("[data-here]").setAttribute("aria-label", say(side === "start_ms" ? "cue_now_in" : "cue_now_out"));
    for (const button of box.querySelectorAll("[data-nudge]")) {
      const by = Number(button.dataset.nudge);
      button.setAttribute("aria-label", say(by < 0 ? "cue_back" : "cue_on", { seconds: Math.abs(by) / 1000 }));
      button.addEventListener("click", () => this.act.nudge(side, by));
    }
    box.querySelector("[data-here]").addEventListener("click", () => this.act.setHere(side));
    const field = box.querySelector("[data-cue-time]");
    field.addEventListener("change", () => {
      const ms = timeIn(field.value);
      if (ms === null) this.act.complain(say("not_a_time"));
      else this.act.setTime(side, ms);
      this.fill(field.closest(".cue-edit"), this.cues[this.at]);
    });
  }

  // Values into the fields; a field somebody types in is left alone where it says the same.
  fill(box, cue) {
    const field = box.querySelector("[data-cue-text]");
    if (field.value !== cue.text) field.value = cue.text;
    field.rows = Math.max(2, cue.text.split("\n").length);
    for (const side of box.querySelectorAll("[data-side]")) {
      const time = side.querySelector("[data-cue-time]");
      const text = timeText(cue[side.dataset.side]);
      if (time.value !== text) time.value = text;
    }
    const about = { seconds: ((cue.end_ms - cue.start_ms) / 1000).toFixed(1), speed: Math.round(speedOf(cue)) };
    box.querySelector("[data-cue-about]").textContent = say("cue_about", about);
  }

  refill(row, cue, remarks) {
    row.dataset.mark = remarks.join();
    row.querySelector(".cue-at").textContent = timeText(cue.start_ms);
    row.querySelector(".cue-at").setAttribute("aria-label", say("cue_go", { time: timeText(cue.start_ms) }));
    this.fill(row.querySelector(".cue-edit"), cue);
    row.querySelector(".cue-notes").replaceWith(this.notes(cue, remarks));
    return row;
  }

  click(event) {
    const row = event.target.closest("li.cue");
    if (!row) return;
    const at = Number(row.dataset.at);
    const hit = (name) => event.target.closest(`[data-${name}]`);
    if (hit("go")) this.act.go(at);
    else if (hit("take")) this.act.edit(at);
    else if (hit("cue-play")) this.act.playCue();
    else if (hit("cue-split")) this.act.split(this.cursor());
    else if (hit("cue-merge")) this.act.merge();
    else if (hit("cue-delete")) this.act.remove();
  }

  // Where in the text the cursor stands, when it is inside of it; else null.
  cursor() {
    const { field } = this;
    const place = field?.selectionStart ?? 0;
    return field && place > 0 && place < field.value.length ? place : null;
  }

  // The line of what is shown in the video now.
  mark(now) {
    this.place.children[this.now]?.removeAttribute("data-now");
    this.now = now;
    this.place.children[now]?.setAttribute("data-now", "");
  }

  bring(at) {
    this.place.children[at]?.scrollIntoView({ block: "nearest" });
  }
}
