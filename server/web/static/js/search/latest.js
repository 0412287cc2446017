// Asks while somebody types: a moment after the last key, one question at a time, and only the newest answer counts.

export const PAUSE_MS = 140;

// `ask(text, signal)` answers a promise; `take(answer, text)` gets the newest one. An aborted or failed question is silent.
export class Latest {
  constructor(ask, take, { pause = PAUSE_MS, later = (act, ms) => setTimeout(act, ms), never = clearTimeout } = {}) {
    // Browsers refuse timers of their own that are called as somebody's method.
    Object.assign(this, { ask, take, pause, later, never: (timer) => never(timer) });
    this.timer = null;
    this.running = null;
  }

  // Ask soon; the same question as before is not asked again.
  type(text) {
    this.never(this.timer);
    this.timer = this.later(() => this.now(text), this.pause);
  }

  async now(text) {
    this.never(this.timer);
    this.running?.abort();
    const mine = new AbortController();
    this.running = mine;
    let answer;
    try {
      answer = await this.ask(text, mine.signal);
    } catch {
      return;
    }
    if (!mine.signal.aborted) this.take(answer, text);
  }

  stop() {
    this.never(this.timer);
    this.running?.abort();
  }
}

// Which of `count` places is next when an arrow is pressed: -1 is the field itself.
export function step(at, count, key) {
  if (key === "ArrowDown") return at + 1 >= count ? -1 : at + 1;
  if (key === "ArrowUp") return at < 0 ? count - 1 : at - 1;
  return at;
}

// A text cut at its marks: [[text, isMatch], …]. Marks count characters as the server does, not UTF-16 units.
export function cut(text, marks) {
  const letters = [...text];
  const pieces = [];
  let at = 0;
  for (const [start, end] of marks) {
    pieces.push([letters.slice(at, start).join(""), false], [letters.slice(start, end).join(""), true]);
    at = end;
  }
  pieces.push([letters.slice(at).join(""), false]);
  return pieces.filter(([piece]) => piece);
}
