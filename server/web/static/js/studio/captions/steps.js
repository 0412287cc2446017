// Steps that can be undone: every state of the cues with what led to it. Pure.

const MOST = 500;
const PAUSE_MS = 1500; // what is typed without such a pause is one step

export class Steps {
  constructor(cues) {
    this.states = [{ cues, at: 0, label: "" }];
    this.now = 0;
  }

  get cues() {
    return this.states[this.now].cues;
  }

  get canUndo() {
    return this.now > 0;
  }

  get canRedo() {
    return this.now < this.states.length - 1;
  }

  // `kind`: steps of one kind that follow each other at once (typing in one cue) are one.
  take(cues, { at, kind = "", moment = 0 }) {
    const last = this.states[this.now];
    const goesOn = kind !== "" && last.kind === kind && moment - last.moment < PAUSE_MS && !this.canRedo && this.now > 0;
    const state = { cues, at, kind, moment };
    this.states = [...this.states.slice(0, goesOn ? this.now : this.now + 1), state].slice(-MOST);
    this.now = this.states.length - 1;
  }

  // The present state, written otherwise: no step of its own.
  settle(cues) {
    this.states[this.now] = { ...this.states[this.now], cues, kind: "" };
  }

  // Answers the place of the cue the step was about.
  undo() {
    if (!this.canUndo) return null;
    const { at } = this.states[this.now];
    this.now -= 1;
    return Math.min(at, this.cues.length - 1);
  }

  redo() {
    if (!this.canRedo) return null;
    this.now += 1;
    return this.states[this.now].at;
  }
}
