// The chapters: the guessed list or a person's own, renamed, added to, thinned out; saved as a whole.

import { say } from "../../texts.js";
import { make } from "./names.js";
import { clock } from "./scale.js";

export class Chapters {
  // `call` as in api.js; `on`: now() in ms, seek(ms), saved(), trouble(error), tell(text).
  constructor(root, session, call, on) {
    const find = (name) => root.querySelector(`[data-${name}]`);
    this.path = `/api/v1/sessions/${encodeURIComponent(session)}/chapters`;
    this.fold = find("chapters-fold");
    this.list = find("chapters");
    this.count = find("chapters-count");
    this.about = find("chapters-about");
    this.saveButton = find("chapters-save");
    this.guessButton = find("chapters-guess");
    this.call = call;
    this.on = on;
    this.chapters = [];
    this.isDirty = false;
    find("chapter-add").addEventListener("click", () => this.add());
    this.saveButton.addEventListener("click", () => this.save());
    this.guessButton.addEventListener("click", () => this.guess());
    this.list.addEventListener("input", (event) => this.rename(event.target));
    this.list.addEventListener("keydown", (event) => event.key === "Enter" && this.isDirty && this.save());
    this.list.addEventListener("click", (event) => this.click(event.target.closest("button")));
    addEventListener("beforeunload", (event) => this.isDirty && event.preventDefault());
  }

  // The server's list; what somebody is changing here is left alone.
  show(chapters) {
    if (this.isDirty) return;
    const mark = JSON.stringify(chapters);
    if (mark === this.mark) return;
    this.mark = mark;
    this.chapters = chapters.map((one) => ({ ...one }));
    this.draw();
  }

  draw() {
    const isGuess = !this.chapters.some((one) => one.edited);
    this.count.textContent = String(this.chapters.length);
    this.about.textContent = say(this.isDirty ? "chapters_unsaved" : isGuess ? "chapters_guessed" : "chapters_own");
    this.guessButton.hidden = isGuess && !this.isDirty;
    this.saveButton.disabled = !this.isDirty;
    this.list.replaceChildren(...this.chapters.map((one, at) => this.row(one, at)));
  }

  row(chapter, at) {
    const time = clock(chapter.start_ms, false);
    const jump = make("button", { type: "button", className: "button figures", dataset: { jump: at }, attributes: { "aria-label": say("chapter_go", { time }) } }, time);
    const name = make("input", { value: chapter.title, maxLength: 300, dataset: { at }, attributes: { "aria-label": say("chapter_at", { time }) } });
    const remove = make("button", { type: "button", className: "button plain grave", dataset: { remove: at }, attributes: { "aria-label": say("chapter_delete", { title: chapter.title || time }) } }, "×");
    return make("li", { className: "chapter" }, jump, name, remove);
  }

  change() {
    this.isDirty = true;
    this.saveButton.disabled = false;
    this.guessButton.hidden = false;
    this.about.textContent = say("chapters_unsaved");
  }

  rename(input) {
    this.chapters[Number(input.dataset.at)].title = input.value;
    this.change();
  }

  click(button) {
    if (button?.dataset.jump !== undefined) this.on.seek(this.chapters[Number(button.dataset.jump)].start_ms);
    if (button?.dataset.remove === undefined) return;
    const at = Number(button.dataset.remove);
    this.chapters.splice(at, 1);
    this.change();
    this.draw();
    (this.list.children[Math.min(at, this.chapters.length - 1)] ?? this.fold).querySelector("input, summary").focus();
  }

  add() {
    const start = Math.round(this.on.now());
    let at = this.chapters.findIndex((one) => one.start_ms >= start);
    if (at < 0) at = this.chapters.length;
    if (this.chapters[at]?.start_ms !== start) this.chapters.splice(at, 0, { start_ms: start, title: "", edited: true });
    this.change();
    this.draw();
    this.list.children[at].querySelector("input").focus();
  }

  async save() {
    const nameless = this.chapters.findIndex((one) => !one.title.trim());
    if (nameless >= 0) {
      this.list.children[nameless].querySelector("input").focus();
      this.on.tell(say("chapter_nameless"));
      return;
    }
    const body = this.chapters.map((one) => ({ start_ms: one.start_ms, title: one.title.trim() }));
    await this.send("PUT", body, say("chapters_saved"));
  }

  async guess() {
    await this.send("DELETE", undefined, say("chapters_guess_shown"));
  }

  async send(method, body, words) {
    this.saveButton.disabled = this.guessButton.disabled = true;
    try {
      await this.call(method, this.path, { body });
      this.isDirty = false;
      this.mark = "";
      this.on.tell(words);
      await this.on.saved();
    } catch (error) {
      this.on.trouble(error); // nothing is lost: the list stays as it was typed
    } finally {
      this.guessButton.disabled = false;
      this.saveButton.disabled = !this.isDirty;
    }
  }
}
