// Saving: all cues at once, on the version they were made on. What is not saved is kept in this browser.

import { keep, recall } from "../../memory.js";
import { inOrder, markOf, together } from "./cues.js";
import { typed } from "./words.js";

// As they come from the server, as they are edited.
export function fromServer(cues) {
  return inOrder(cues.map((cue) => ({ ...cue, text: typed(cue.text) })));
}

const RESTED_MS = 300;

export class Saving {
  // `call` as in api.js
  constructor(track, call) {
    this.path = `/api/v1/captions/${encodeURIComponent(track)}`;
    this.key = `semma.captions.${track}`;
    this.call = call;
    this.version = "";
    this.base = []; // what the server has
    this.total = null;
    this.isSaving = false;
    this.marks = new WeakMap();
  }

  async load() {
    const { data } = await this.call("GET", `${this.path}/cues`);
    this.take(data);
    return this.base;
  }

  take(data) {
    this.version = String(data.version);
    this.base = fromServer(data.cues);
    this.total = data.duration_ms;
  }

  isDirty(cues) {
    return cues !== this.base && this.markOf(cues) !== this.markOf(this.base);
  }

  // Marks of long lists take a moment; the same list is never looked at twice.
  markOf(cues) {
    if (!this.marks.has(cues)) this.marks.set(cues, markOf(cues));
    return this.marks.get(cues);
  }

  // Answers {cues, kind}: saved; together: saved with what somebody else did; conflict: not saved, `theirs` is what is there.
  async save(cues) {
    this.isSaving = true;
    try {
      return { kind: "saved", cues: await this.put(cues) };
    } catch (error) {
      if (error.status !== 412) throw error;
      return await this.meet(cues);
    } finally {
      this.isSaving = false;
    }
  }

  async put(cues) {
    const { data } = await this.call("PUT", `${this.path}/cues`, { body: { cues }, version: this.version });
    this.take(data);
    this.forget();
    return this.base;
  }

  // Somebody else was faster.
  async meet(mine) {
    const before = this.base;
    const theirs = await this.load();
    const both = together(before, mine, theirs);
    if (both === null) return { kind: "conflict", theirs };
    return { kind: "together", cues: await this.put(both) };
  }

  async describe(about) {
    const { data, version } = await this.call("PATCH", this.path, { body: about, version: this.version });
    this.version = version;
    return data;
  }

  // What is not saved yet

  keep(cues) {
    if (!this.isDirty(cues)) return this.forget();
    keep(this.key, JSON.stringify({ version: this.version, when: Date.now(), cues }));
  }

  // The same, once somebody rests.
  keepSoon(cues) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(cues()), RESTED_MS);
  }

  forget() {
    keep(this.key, null);
  }

  // {cues, when, isStale}: what was not saved the last time; null when there is nothing.
  kept() {
    try {
      const found = JSON.parse(recall(this.key) ?? "null");
      if (!Array.isArray(found?.cues) || !this.isDirty(found.cues)) return null;
      return { cues: found.cues, when: found.when, isStale: found.version !== this.version };
    } catch {
      return null;
    }
  }
}
