// The caption editor: cues as a list beside the recording. This file loads, wires and draws; what can be done is in acts.js
// and, without a page around it, in cues.js; how it reaches the server in save.js.

import { call } from "../../api.js";
import { language, say } from "../../texts.js";
import { Preview } from "../slides/preview.js";
import { toast } from "../toasts.js";
import { Acts } from "./acts.js";
import { nearest, shownAt } from "./cues.js";
import { Find } from "./find.js";
import { Keys } from "./keys.js";
import { CueList } from "./list.js";
import { Notice } from "./notice.js";
import { remarksOn, UNSAVEABLE } from "./remarks.js";
import { Saving } from "./save.js";
import { Steps } from "./steps.js";
import { linesOf, timeText } from "./words.js";

class Editor {
  constructor(root) {
    this.root = root;
    this.at = -1; // the cue in hand
    this.remarks = [];
    this.steps = new Steps([]);
    this.saving = new Saving(root.dataset.captions, call);
    this.acts = new Acts(this);
    this.preview = new Preview(this.part("video"), {
      time: () => this.moved(),
      playing: (is) => (this.part("play").dataset.on = String(is)),
      speed: (speed) => (this.part("speed").textContent = `${speed}×`),
      trouble: (kind) => toast(say(`error_${kind}`), { bad: true }),
    });
    this.list = new CueList(root, this.acts);
    this.find = new Find(root, this.acts, () => this.at);
    this.notice = new Notice(root);
    this.keys = new Keys(root, this.acts);
    this.listen();
  }

  part(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  listen() {
    const on = (name, act) => this.part(name).addEventListener("click", act);
    on("play", () => this.acts.toggle());
    on("glass", () => this.acts.toggle());
    on("speed", () => this.preview.faster(this.preview.video.playbackRate >= 4 ? -9 : 1));
    on("insert", () => this.acts.insert());
    on("undo", () => this.acts.undo());
    on("redo", () => this.acts.redo());
    on("save", () => this.save());
    on("next-remark", () => this.acts.nextRemark());
    for (const button of this.root.querySelectorAll("[data-by]")) button.addEventListener("click", () => this.acts.by(Number(button.dataset.by)));
    for (const button of this.root.querySelectorAll("[data-shift]")) button.addEventListener("click", () => this.shift(button.dataset.shift === "rest"));
    this.part("about-form").addEventListener("submit", (event) => (event.preventDefault(), this.describe()));
    addEventListener("beforeunload", (event) => this.saving.isDirty(this.steps.cues) && event.preventDefault());
    addEventListener("pagehide", () => this.root.dataset.state === "there" && this.saving.keep(this.steps.cues));
  }

  // Loading

  async start() {
    try {
      const [playback, cues] = await Promise.all([this.playback(), this.saving.load()]);
      this.steps = new Steps(cues);
      this.hasRecording = Boolean(playback);
      if (playback) await this.open(playback);
      else this.part("no-recording").textContent = say("no_recording");
      this.part("no-recording").hidden = Boolean(playback);
      this.part("glass").hidden = !playback;
    } catch (error) {
      this.notice.say(say("load_failed", { why: error.message }));
      this.root.dataset.state = "failed";
      return;
    }
    this.root.dataset.state = "there";
    this.takeDraft();
    this.changed(nearest(this.steps.cues, this.now()), { isFirst: true });
  }

  async playback() {
    if (this.root.dataset.watchable !== "true") return null;
    try {
      return (await call("GET", `/api/v1/sessions/${encodeURIComponent(this.root.dataset.session)}/playback`)).data;
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  async open(playback) {
    await this.preview.open(playback).catch(() => toast(say("error_unsupported"), { bad: true }));
  }

  // What was not saved the last time is back at once; where somebody else saved meanwhile, it is asked for.
  takeDraft() {
    const draft = this.saving.kept();
    if (!draft) return;
    const form = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
    const when = form.format(draft.when);
    const take = () => {
      this.steps.take(draft.cues, { at: 0 });
      this.notice.clear();
    };
    const drop = { label: say("draft_drop"), run: () => this.dropDraft() };
    if (!draft.isStale) {
      take();
      this.notice.say(say("draft_back", { when }), drop);
    } else {
      this.notice.say(say("draft_stale", { when }), { label: say("draft_take"), run: () => (take(), this.changed(0)) }, drop);
    }
  }

  dropDraft() {
    this.saving.forget();
    this.notice.clear();
    if (this.saving.isDirty(this.steps.cues)) this.steps.take(this.saving.base, { at: 0 });
    this.changed(nearest(this.steps.cues, this.now()));
  }

  // What the acts need

  now() {
    return this.preview.now;
  }

  seek(ms) {
    this.until = null;
    this.preview.seek(Math.max(0, ms));
  }

  tell(text) {
    this.part("voice").textContent = text;
  }

  complain(text) {
    toast(text, { bad: true });
  }

  playSpan({ start_ms: start, end_ms: end }) {
    this.seek(start);
    this.until = end;
    if (this.preview.video.paused) this.preview.toggle();
  }

  shift(rest) {
    const seconds = Number(this.part("shift-by").value.replace(",", ".").replace("−", "-"));
    if (Number.isFinite(seconds) && seconds) this.acts.shift(Math.round(seconds * 1000), { rest });
  }

  // Drawing

  // Other cues than before.
  changed(at, { focus = false, isFirst = false } = {}) {
    const { cues } = this.steps;
    this.at = Math.min(at, cues.length - 1);
    this.remarks = remarksOn(cues, this.saving.total);
    if (!isFirst) this.saving.keepSoon(() => this.steps.cues);
    this.draw({ focus, bring: !isFirst });
  }

  choose(at, { focus = false } = {}) {
    this.at = at;
    this.draw({ focus });
  }

  draw({ focus = false, bring = true } = {}) {
    const { cues } = this.steps;
    const kept = this.list.place.contains(document.activeElement) && document.activeElement.matches("[data-cue-text]");
    this.list.stays = this.list.at === this.at && cues.length === this.list.cues.length;
    this.list.show({ cues, remarks: this.remarks, at: this.at });
    if (focus || (kept && !this.list.place.contains(document.activeElement))) this.list.field?.focus({ preventScroll: true });
    if (bring) this.list.bring(this.at);
    this.part("cue-count").textContent = say("cue_count", { count: cues.length });
    this.part("no-cues").hidden = cues.length > 0;
    this.part("no-cues").textContent = say("no_cues");
    this.drawState();
    this.moved();
  }

  drawState() {
    const isDirty = this.saving.isDirty(this.steps.cues);
    const state = this.saving.isSaving ? "saving" : isDirty ? "unsaved" : "saved";
    this.part("save-state").dataset.state = state;
    this.part("save-state").textContent = say({ saving: "is_saving", unsaved: "not_saved", saved: "all_saved" }[state]);
    this.part("save").disabled = state !== "unsaved";
    this.part("undo").disabled = !this.steps.canUndo;
    this.part("redo").disabled = !this.steps.canRedo;
    const count = this.remarks.filter((one) => one.length).length;
    this.part("next-remark").hidden = count === 0;
    this.part("remark-count").textContent = say("remarks_count", { count });
  }

  // The recording stands elsewhere.
  moved() {
    const ms = this.now();
    const { cues } = this.steps;
    this.part("clock-now").textContent = timeText(ms);
    const { video } = this.preview;
    if (this.until !== null && this.until !== undefined && ms >= this.until && !video.paused) {
      this.until = null;
      video.pause();
    }
    const shown = shownAt(cues, ms);
    this.part("over").textContent = shown >= 0 ? linesOf(cues[shown].text).join("\n") : "";
    if (shown !== this.list.now) this.list.mark(shown);
    // While it plays the cue in hand is the one that is heard, unless somebody is at work on another.
    const isAtWork = this.list.place.contains(document.activeElement) && document.activeElement.matches("textarea, input");
    if (!video.paused && shown >= 0 && shown !== this.at && !isAtWork) this.choose(shown);
  }

  // Saving

  async save() {
    const { cues } = this.steps;
    if (this.saving.isSaving || !this.saving.isDirty(cues)) return;
    const wrong = this.remarks.findIndex((codes) => codes.some((code) => UNSAVEABLE.has(code)));
    if (wrong >= 0) {
      this.acts.edit(wrong);
      const code = this.remarks[wrong].find((one) => UNSAVEABLE.has(one));
      return this.complain(say("must_mend", { number: wrong + 1, what: say(`remark_${code}`) }));
    }
    const saving = this.saving.save(cues);
    this.drawState();
    try {
      this.saved(await saving, cues);
    } catch (error) {
      this.notice.say(say("save_failed", { why: error.status ? error.message : say("no_connection") }));
    }
    this.drawState();
  }

  saved({ kind, cues, theirs }, sent) {
    if (kind === "conflict") return this.conflict(theirs);
    const isSame = this.steps.cues === sent; // nobody went on typing meanwhile
    if (isSame && kind === "together") this.steps.take(cues, { at: this.at });
    else if (isSame) this.steps.settle(cues); // as the server writes it
    this.changed(this.at);
    this.notice.clear();
    const text = say(kind === "together" ? "put_together" : "saved_now");
    toast(text);
  }

  conflict(theirs) {
    this.saving.keep(this.steps.cues);
    this.notice.say(
      say("conflict"),
      { label: say("conflict_mine"), run: () => (this.notice.clear(), this.save()) },
      {
        label: say("conflict_theirs"),
        run: () => {
          this.steps.take(theirs, { at: 0 });
          this.changed(nearest(theirs, this.now()));
          this.notice.say(say("theirs_shown"));
        },
      },
    );
  }

  async describe() {
    const about = { language: this.part("about-language").value.trim(), label: this.part("about-label").value.trim() };
    try {
      await this.saving.describe(about);
      toast(say("described"));
    } catch (error) {
      toast(error.message, { bad: true });
    }
  }
}

const editor = new Editor(document.querySelector("[data-captions]"));
window.semmaCaptions = editor; // for tests and for the curious
editor.start();
