// What to do when a live picture stands still, and when: an ever stronger remedy, and never the last one.
// A viewer who waits through an encoder's, a server's or a network's absence shall never have to reload.

// After so many ms without movement: look for the newest part, repair the decoder, load anew, begin anew.
const STEPS = [
  [4000, "edge"],
  [8000, "media"],
  [12_000, "reload"],
  [20_000, "renew"],
];
const AGAIN_MS = 10_000; // then one of the last two every so often
const SPEAK_MS = 10_000; // before this nothing is said about it
const PATIENCE_MS = 30_000; // so long a slow line is waited for, as long as something comes

export class Recovery {
  constructor() {
    this.reset(0);
  }

  reset(at) {
    this.since = at;
    this.lookedAt = at;
    this.stood = 0; // ms in which nothing moved and nothing came
    this.step = 0;
    this.position = null;
  }

  // Called about once a second; `moves`: false while nobody expects movement (paused, before the start, at the end);
  // `arriving`: bytes came since the last look, and were missing. Answers the remedy to try now, or null.
  look({ at, position, moves, arriving = false }) {
    if (!moves || position !== this.position) {
      this.reset(at);
      this.position = position;
      return null;
    }
    if (!arriving || at - this.since > PATIENCE_MS) this.stood += at - this.lookedAt;
    this.lookedAt = at;
    const [due, remedy] = STEPS[this.step] ?? this.later();
    if (this.stood < due) return null;
    this.step += 1;
    return remedy;
  }

  later() {
    const further = this.step - STEPS.length;
    return [STEPS[STEPS.length - 1][0] + AGAIN_MS * (further + 1), further % 2 ? "renew" : "reload"];
  }

  // Whether it has stood so long that the viewer should be told.
  isLong(at) {
    return at - this.since >= SPEAK_MS;
  }
}

// Waits between attempts to reach the server, in ms: soon at first, never longer than five seconds, and everybody a
// little apart, so that a server that comes back is not met by all its viewers at once.
export function backoff(attempt, random = Math.random()) {
  const full = Math.min(5000, 400 * 2 ** Math.min(attempt, 6));
  return Math.round(full * (0.6 + 0.4 * random));
}
