// How things stand: what is still being made, what is saved, who was quicker, and what to do about it.

import { say } from "../../texts.js";
import { UNSETTLED } from "../../slides/cues.js";
import { editText, whoText } from "./history.js";

export class Notices {
  constructor(root, edits, tell) {
    const find = (name) => root.querySelector(`[data-${name}]`);
    this.edits = edits;
    this.tell = tell;
    this.notice = find("notice");
    this.noticeText = find("notice-text");
    this.button = find("notice-act");
    this.place = find("standing");
    this.placeText = find("standing-text");
    this.bar = find("standing-progress");
    this.saveState = find("save-state");
    this.button.addEventListener("click", () => this.act?.());
  }

  // What is still to come, in a sentence.
  show(data, { hasRecording, hasPages }) {
    if (data.state === "failed") return this.standing(data.error?.detail ?? say("match_failed"), { bad: true });
    if (UNSETTLED.has(data.state)) {
      this.standing(say(`state_${data.state}`));
      this.progress(data.progress);
    } else if (!hasPages) this.standing(say("no_pages"));
    else if (!hasRecording) this.standing(say("no_recording"));
    else this.place.hidden = true;
  }

  standing(text, { bad = false } = {}) {
    this.place.hidden = false;
    this.place.classList.toggle("bad", bad);
    this.placeText.textContent = text;
    this.bar.hidden = true;
  }

  progress(share) {
    this.bar.hidden = typeof share !== "number";
    if (!this.bar.hidden) this.bar.value = share;
  }

  saving(edits) {
    const { state } = edits;
    this.saveState.dataset.state = state;
    this.saveState.textContent = say(`is_${state}`, { count: edits.queue.length });
    if (state === "saved" && this.kind === "unsaved") this.clear();
  }

  trouble(kind, { error, count, dropped, newest }) {
    this.kind = kind;
    if (kind === "unsaved") {
      // A page that lost its server says so in words of its own; the browser's are not for people.
      const why = error.status ? error.message : say("no_connection");
      this.say(say("unsaved", { count, why }), say("try_now"), () => this.edits.run());
    } else if (kind === "conflict") {
      const text = newest
        ? say("conflict_by", { who: whoText(newest), what: editText(newest, this.edits.decks) })
        : say("conflict");
      this.say(text, say("do_mine"), () => {
        this.clear();
        for (const one of dropped) this.edits.add(one);
      });
    } else this.say(say("refused", { why: error.message }), say("close"), () => this.clear());
  }

  say(text, label, act) {
    this.notice.hidden = false;
    this.noticeText.textContent = text;
    this.button.hidden = false;
    this.button.textContent = label;
    this.act = act;
    this.tell(text);
  }

  clear() {
    this.notice.hidden = true;
    this.kind = "";
  }
}
