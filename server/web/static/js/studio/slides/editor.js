// The timing editor: a deck's pages and a recording on one line, checked and corrected. This file loads, wires and draws;
// what is done is in acts.js, how it reaches the server in edits.js.

import { call } from "../../api.js";
import { say } from "../../texts.js";
import { cueAt, UNSETTLED } from "../../slides/cues.js";
import { toast } from "../toasts.js";
import { Acts } from "./acts.js";
import { Chapters } from "./chapters.js";
import { Edits } from "./edits.js";
import { History } from "./history.js";
import { Keys } from "./keys.js";
import { CueList } from "./list.js";
import { cueText, make } from "./names.js";
import { candidatesFor, needsIn } from "./needs.js";
import { Notices } from "./notices.js";
import { Pages } from "./pages.js";
import { Panel } from "./panel.js";
import { differencesOf, Preview } from "./preview.js";
import { clock, scenesIn } from "./scale.js";
import { Timeline } from "./timeline.js";
import { Unsure } from "./unsure.js";

const SLACK_MS = 1500; // the unsure stretch stays in hand this far beside it
const PARTS = ["bench", "timeline", "workshop", "list-fold", "chapters-fold", "history-fold"];

class Editor {
  constructor(root) {
    this.root = root;
    this.session = root.dataset.editor;
    this.total = 0;
    this.heard = new Map(); // the last news of each thing by id
    this.mayWatch = root.dataset.watchable === "true"; // else there is nothing to ask for yet
    this.voice = this.find("voice");
    this.edits = new Edits(this.session, call, {
      changed: () => this.draw(),
      trouble: (kind, about) => this.notices.trouble(kind, about),
    });
    this.acts = new Acts(this);
    this.notices = new Notices(root, this.edits, (text) => this.tell(text));
    this.preview = new Preview(this.find("video"), {
      time: (ms) => this.moved(ms),
      playing: (is) => (this.find("play").dataset.on = String(is)),
      speed: (speed) => (this.find("speed").textContent = `${speed}×`),
      trouble: (kind) => toast(say(`error_${kind}`), { bad: true }),
    });
    this.timeline = new Timeline(this.find("timeline"), this.timelineActs());
    this.panel = new Panel(root, this.acts);
    this.pages = new Pages(root, (page) => this.acts.takePage(page));
    this.unsure = new Unsure(root, this.acts);
    this.list = new CueList(root, (cue) => this.acts.choose(cue));
    this.chapters = new Chapters(root, this.session, call, {
      now: () => this.now(),
      seek: (ms) => this.seek(ms),
      saved: () => this.edits.refresh(),
      trouble: (error) => this.tell(error.message, { bad: true }),
      tell: (text) => toast(text),
    });
    this.history = new History(root, () => this.edits.history(), () => this.edits.decks);
    this.keys = new Keys(root, this.acts);
    this.listen();
  }

  find(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  timelineActs() {
    return {
      seek: (ms) => (this.acts.flush(), this.seek(ms)),
      choose: (cue) => this.acts.choose(cue),
      move: (border, to) => this.acts.moveBorder(border, to),
      nudge: (border, by) => this.acts.nudge(by, border),
      dragging: (ms) => this.preview.show(ms),
      zoomed: () => (this.find("zoom").value = String(this.timeline.scale.share)),
    };
  }

  listen() {
    const on = (name, act) => this.find(name).addEventListener("click", act);
    on("play", () => this.acts.toggle());
    on("video", () => this.acts.toggle());
    on("speed", () => this.nextSpeed());
    on("here", () => this.acts.here());
    on("fit", () => this.fit());
    on("undo", () => this.acts.undo());
    on("redo", () => this.acts.redo());
    for (const button of this.root.querySelectorAll("[data-by]")) button.addEventListener("click", () => this.acts.by(Number(button.dataset.by)));
    for (const button of this.root.querySelectorAll("[data-cue]")) button.addEventListener("click", () => this.acts.step(Number(button.dataset.cue)));
    this.find("zoom").addEventListener("input", (event) => this.timeline.zoomTo(Number(event.target.value)));
    addEventListener("online", () => this.edits.run());
    addEventListener("beforeunload", (event) => (this.acts.nudged(), this.edits.state !== "saved" && event.preventDefault()));
    document.addEventListener("semma:change", ({ detail }) => this.hear(detail));
    document.addEventListener("semma:resync", () => this.reload());
  }

  nextSpeed() {
    const { playbackRate } = this.preview.video;
    if (playbackRate >= 4) this.preview.faster(-9);
    else this.preview.faster(1);
  }

  // Loading

  async start() {
    try {
      const [playback] = await Promise.all([this.playback(), this.edits.load()]);
      if (playback) await this.open(playback);
    } catch (error) {
      this.notices.standing(say("load_failed", { why: error.message }), { bad: true });
      this.root.dataset.state = "failed";
      return;
    }
    this.root.dataset.state = "there";
    this.draw();
  }

  // null while there is nothing to watch
  async playback() {
    if (!this.mayWatch) return null;
    try {
      return (await call("GET", `/api/v1/sessions/${encodeURIComponent(this.session)}/playback`)).data;
    } catch (error) {
      if (error.status === 404 || error.status === 409) return null;
      throw error;
    }
  }

  async open(playback) {
    this.hasRecording = true;
    const opening = this.preview.open(playback);
    this.total = this.edits.total = playback.duration_ms ?? 0;
    const { storyboard } = this.preview;
    this.list.open(storyboard);
    this.timeline.strip.open(storyboard);
    this.findScenes(storyboard);
    await opening.catch(() => toast(say("error_unsupported"), { bad: true }));
  }

  async findScenes(storyboard) {
    const differences = await differencesOf(storyboard).catch(() => []);
    const tiles = (storyboard.tiles ?? []).map((tile) => Math.round(tile.from * 1000));
    this.timeline.snaps = { scenes: scenesIn(tiles, differences), tiles };
  }

  // A change somebody announced. Progress moves in place; a new state is fetched.
  hear(change) {
    if (change.session !== this.session || !["slides", "recording"].includes(change.kind)) return;
    if (change.kind === "recording" && (change.playable || change.state === "ready")) this.mayWatch = true;
    const mark = `${change.state}|${change.version}|${change.playable}`;
    const isNews = this.heard.get(change.id) !== mark;
    this.heard.set(change.id, mark);
    const { data } = this.edits;
    const isOurs = change.state === data?.state && change.version <= data.version; // an answer brought it already
    if (isNews && !isOurs) this.reload();
    else if (change.kind === "slides" && UNSETTLED.has(change.state)) this.notices.progress(change.progress);
  }

  // Asked often at once, it asks again once.
  reload() {
    clearTimeout(this.reloading);
    this.reloading = setTimeout(() => this.fetchAgain().catch(() => {}), 150);
  }

  async fetchAgain() {
    await this.edits.refresh();
    if (this.hasRecording) return;
    const playback = await this.playback();
    if (!playback) return;
    await this.open(playback);
    this.draw();
  }

  // What the acts need of the page

  now() {
    return this.preview.now;
  }

  seek(ms) {
    this.preview.seek(Math.min(Math.max(0, ms), this.total));
    this.timeline.setNow(this.now(), { follow: true });
  }

  chosenIn(cues) {
    return cueAt(cues, Math.min(this.now(), this.total - 1)) ?? cues.at(-1);
  }

  needs() {
    return needsIn(this.edits.unsure, this.edits.cues);
  }

  candidates() {
    return this.acts.need ? candidatesFor(this.acts.need, this.acts.cues, this.edits.decks) : [];
  }

  cueText(cue) {
    return cueText(this.edits.decks, cue);
  }

  tell(text, { bad = false } = {}) {
    if (bad) toast(text, { bad: true });
    else this.voice.textContent = text;
  }

  zoomBy(step) {
    this.timeline.zoomTo(this.timeline.scale.share + step);
  }

  fit() {
    this.timeline.zoomTo(0);
  }

  typePage() {
    this.panel.typePage();
  }

  typing(text) {
    this.find("typed").hidden = !text;
    this.find("typed").textContent = say("typing", { page: text });
  }

  // Drawing

  moved(ms) {
    const { cues } = this.acts;
    if (!cues.length) return;
    this.find("clock-now").textContent = clock(ms);
    this.timeline.setNow(ms, { follow: !this.preview.video.paused });
    const { need } = this.acts;
    if (need && (ms < need.start_ms - SLACK_MS || ms > need.end_ms + SLACK_MS)) this.acts.need = null;
    const chosen = this.chosenIn(cues);
    const mark = `${chosen.start_ms}/${chosen.deck}/${chosen.page}/${Boolean(this.acts.need)}`;
    if (mark !== this.mark) this.draw();
  }

  draw({ scroll = false } = {}) {
    const { edits, acts } = this;
    if (!edits.data || this.root.dataset.state !== "there") return;
    const { cues } = acts;
    const decks = this.decksOf(edits.decks);
    this.total = cues.at(-1)?.end_ms ?? this.total;
    const isThere = Boolean(this.hasRecording && decks.length && this.total);
    for (const name of PARTS) this.find(name).hidden = !isThere;
    this.notices.show(edits.data, { hasRecording: this.hasRecording, hasPages: decks.length > 0 });
    this.notices.saving(edits);
    if (!isThere) return;
    if (this.timeline.scale.total !== this.total || !this.timeline.scale.width) this.timeline.setTotal(this.total);
    this.pages.setDecks(decks);
    const needs = this.needs();
    if (acts.need && !needs.some((one) => one.start_ms < acts.need.end_ms && one.end_ms > acts.need.start_ms)) acts.need = null;
    const chosen = this.chosenIn(cues);
    this.mark = `${chosen.start_ms}/${chosen.deck}/${chosen.page}/${Boolean(acts.need)}`;
    this.drawParts({ cues, decks, needs, chosen, scroll });
  }

  // Decks that have pages; the same list while the server's is the same.
  decksOf(all) {
    if (this.known?.all !== all) this.known = { all, drawn: all.filter((deck) => deck.pages.length) };
    return this.known.drawn;
  }

  drawParts({ cues, decks, needs, chosen, scroll }) {
    const { acts, edits } = this;
    const shown = { cues, unsure: needs, decks, chosen, need: acts.need };
    this.timeline.show(shown);
    this.panel.show({ cue: chosen, decks, isFirst: chosen.start_ms === 0, isOnly: cues.length < 2 });
    this.pages.showNow(chosen);
    this.pages.showInHand(acts.pageInHand, { scroll });
    this.unsure.show({ needs, inHand: acts.need, cues, decks, shown: chosen });
    this.list.show({ cues, decks, chosen });
    this.chapters.show(edits.data.chapters ?? []);
    this.history.show(edits.data.version);
    for (const name of ["undo", "redo"]) this.find(name).disabled = false;
  }
}

const root = document.querySelector("[data-editor]");
const editor = new Editor(root);
window.semmaEditor = editor; // for tests and for the curious
// On a phone the list takes the timeline's place.
if (matchMedia("(max-width: 48rem)").matches) {
  const list = root.querySelector("[data-list-fold]");
  root.querySelector("[data-workshop]").before(list);
  list.open = true;
}
editor.start();
