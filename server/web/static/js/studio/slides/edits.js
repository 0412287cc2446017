// Edits on their way to the server: shown at once, sent one after the other, each with the version it was made on. What
// cannot be sent is kept and sent later; what somebody else was quicker with is said, and never lost silently.

import { applyEdit, covering, stillUnsure } from "./edit.js";

// Conflicts with how things stand, not with somebody else.
const STANDING = /^cues\.(nothing_to|no_recording|too_many)/;
const AGAIN_MS = [2000, 5000, 10_000, 20_000];

export class Edits {
  // `call(method, path, {body, version})` answers {data}; `on`: changed(), trouble(kind, details).
  constructor(session, call, on) {
    this.root = `/api/v1/sessions/${encodeURIComponent(session)}`;
    this.call = call;
    this.on = on;
    this.data = null; // the last answer of …/slides
    this.total = 0; // ms of the recording, when it is known
    this.queue = [];
    this.running = null;
    this.timer = null;
    this.attempts = 0;
  }

  // saved | saving | unsaved
  get state() {
    if (!this.queue.length) return "saved";
    return this.timer === null ? "saving" : "unsaved";
  }

  // The cues as they will be when all is sent.
  get cues() {
    return this.made.reduce((cues, edit) => applyEdit(cues, edit, this.decks), covering(this.data?.cues ?? [], this.total));
  }

  get unsure() {
    return this.made.reduce(stillUnsure, this.data?.unsure ?? []);
  }

  get decks() {
    return this.data?.decks ?? [];
  }

  // Edits that wait; what undo and redo do is known to the server only.
  get made() {
    return this.queue.map((one) => one.edit).filter(Boolean);
  }

  async load() {
    const { data } = await this.call("GET", `${this.root}/slides`);
    this.take(data);
  }

  // The state as somebody else's change left it; while edits wait, their answers will bring it.
  async refresh() {
    if (this.queue.length) return;
    const { data } = await this.call("GET", `${this.root}/slides`);
    if (!this.queue.length) this.take(data);
  }

  take(data) {
    if (this.data && data.version < this.data.version) return;
    this.data = data;
    this.on.changed();
  }

  edit(edit) {
    return this.add({ path: "/cues", edit });
  }

  undo() {
    return this.add({ path: "/cues/undo" });
  }

  redo() {
    return this.add({ path: "/cues/redo" });
  }

  add(one) {
    this.queue.push(one);
    this.on.changed();
    return this.run();
  }

  // Sends what waits; also called when the network is back.
  run() {
    clearTimeout(this.timer);
    this.timer = null;
    this.running ??= this.send().finally(() => (this.running = null));
    return this.running;
  }

  async send() {
    while (this.queue.length && this.timer === null) {
      const [one] = this.queue;
      try {
        const { data } = await this.call("POST", this.root + one.path, { body: one.edit, version: this.data.version });
        this.queue.shift();
        this.attempts = 0;
        this.take(data);
      } catch (error) {
        await this.fail(error);
      }
    }
  }

  async fail(error) {
    const status = error.status ?? 0;
    if (status === 412 || (status === 409 && !STANDING.test(error.code))) await this.giveWay(error);
    else if (status >= 400 && status < 500 && status !== 429 && status !== 401) await this.drop(error);
    else this.wait(error);
  }

  // Nothing reached the server, or it is away: keep it all, and try again by itself.
  wait(error) {
    const wait = AGAIN_MS[Math.min(this.attempts, AGAIN_MS.length - 1)];
    this.attempts += 1;
    this.timer = setTimeout(() => this.run(), wait);
    this.on.trouble("unsaved", { error, count: this.queue.length });
    this.on.changed();
  }

  // Somebody else was quicker: show what they did, and keep what was not done, to be done again when wanted.
  async giveWay(error) {
    const dropped = this.queue.splice(0);
    const newest = await this.newest();
    await this.again();
    this.on.trouble("conflict", { error, dropped, newest });
  }

  async drop(error) {
    const dropped = this.queue.splice(0);
    await this.again();
    this.on.trouble("refused", { error, dropped });
  }

  async again() {
    try {
      await this.load();
    } catch {
      this.on.changed(); // the next edit's answer brings it
    }
  }

  async newest() {
    try {
      return (await this.history())[0] ?? null;
    } catch {
      return null;
    }
  }

  async history() {
    const { data } = await this.call("GET", `${this.root}/cues/history`);
    return data.items ?? data;
  }
}
